//! The folder of a run, for people: what was run, what came out and what an engineer needs who has to find out why.
//!
//! `store/WORKLOAD/TIME-SEED/` has
//!
//! | file | |
//! |---|---|
//! | `index.html` | all at a glance, the verdict first |
//! | `command.txt` | the command that repeats the run |
//! | `history.edn` | the history, one operation a line |
//! | `results.edn`, `results.json` | verdicts, counts and what was run |
//! | `latency-raw.svg`, `latency-quantiles.svg`, `rate.svg` | plots, with the times shaded in which the cluster was hurt |
//! | `timeline.html` | every operation as a bar ([`timeline`]) |
//! | `n1.log`, … | the log of each node |
//! | others | drawings of what is wrong, as the checkers name them |
//!
//! and `store/latest` is a link to the last one. [`serve()`] shows them in a browser; the pages can also be opened as files.

pub mod date;
pub mod faults;
pub mod markup;
pub mod page;
pub mod plots;
pub mod results;
pub mod serve;
pub mod spans;
pub mod svg;
pub mod timeline;

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::history::{History, to_json};
use crate::verdict::Verdict;

pub use serve::serve;

/// What keeps a report from being written or shown.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder could not be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// A drawing or log has a name that is no name of a file in the run's folder.
    #[error("{0:?} is no name for a file of a run")]
    Name(String),
    /// The address to serve at cannot be had.
    #[error("cannot listen at {address}: {error}")]
    Listen {
        /// Where.
        address: std::net::SocketAddr,
        /// Why.
        #[source]
        error: io::Error,
    },
}

/// What was run.
#[derive(Clone, Debug)]
pub struct Summary {
    /// What clients did: `append`.
    pub workload: String,
    /// What was done to the cluster: `partition`.
    pub nemesis: String,
    /// What all choices came from.
    pub seed: u64,
    /// How many nodes there were at first.
    pub nodes: usize,
    /// In how many regions.
    pub regions: usize,
    /// How many clients worked at a time: process numbers modulo this are workers.
    pub workers: usize,
    /// The isolation level of transactions: `serializable`.
    pub isolation: String,
    /// `quorate_read_consistency`: `strong`.
    pub consistency: String,
    /// What is claimed and was checked, in words: `strict serializability`.
    pub model: String,
    /// When it began.
    pub start: SystemTime,
    /// How long it took.
    pub duration: Duration,
    /// What the server says of its version.
    pub version: String,
    /// The command that repeats it, one line for a shell.
    pub command: String,
    /// Name of each node (`n1`) and the log that it has written.
    pub logs: Vec<(String, PathBuf)>,
}

/// Where a run's folder is in a store.
#[must_use]
pub fn folder(store: &Path, run: &Summary) -> PathBuf {
    store.join(&run.workload).join(format!("{}-{}", date::compact(run.start), run.seed))
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |error| Error::File { path, error }
}

/// Writes all files of a run into its folder, which is made if it is not there, and has `latest` of the store point to it.
///
/// # Errors
/// When a file cannot be written. A log that is not there is left out.
pub fn write(folder: &Path, run: &Summary, history: &History, verdicts: &[Verdict]) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(at(folder))?;
    let put = |name: &str, content: &str| -> Result<(), Error> {
        let path = folder.join(file_name(name)?);
        fs::write(&path, content).map_err(at(&path))
    };
    // The history first: whatever fails after it, it is there to be judged again.
    let path = folder.join("history.edn");
    let mut file = BufWriter::new(fs::File::create(&path).map_err(at(&path))?);
    history.write_edn(&mut file).and_then(|()| file.flush()).map_err(at(&path))?;
    put("command.txt", &format!("{}\n", run.command))?;
    let hash = history.hash();
    let results = results::of(run, history, &hash, verdicts);
    put("results.edn", &format!("{results}\n"))?;
    put("results.json", &format!("{:#}\n", to_json(&results)))?;
    for (name, drawing) in verdicts.iter().flat_map(|verdict| &verdict.drawings) {
        put(name, drawing)?;
    }
    let plots = plots::Plots::of(history);
    put("latency-raw.svg", &plots.latency_raw())?;
    put("latency-quantiles.svg", &plots.latency_quantiles())?;
    put("rate.svg", &plots.rate())?;
    for (name, content) in timeline::pages(history, run.workers) {
        put(&name, &content)?;
    }
    let mut files: Vec<String> =
        ["history.edn", "timeline.html", "results.edn", "results.json", "command.txt"]
            .map(String::from)
            .into();
    for (node, log) in &run.logs {
        let name = format!("{node}.log");
        let copy = folder.join(file_name(&name)?);
        if log.exists() {
            fs::copy(log, &copy).map_err(at(log))?;
            files.push(name);
        }
    }
    let index = page::Index {
        run,
        results: &results,
        hash: &hash,
        verdicts,
        plots: &["latency-raw.svg", "latency-quantiles.svg", "rate.svg"],
        files: &files,
    };
    put("index.html", &index.html())?;
    point_latest_to(folder)
}

/// The name, if it is one of a file within a folder.
fn file_name(name: &str) -> Result<&str, Error> {
    let mut parts = Path::new(name).components();
    match (parts.next(), parts.next()) {
        (Some(Component::Normal(part)), None) if part == name => Ok(name),
        _ => Err(Error::Name(name.to_owned())),
    }
}

/// Sets the link `latest` in the store that the folder is in. It is replaced, not removed and made: others see the old one or the new one.
fn point_latest_to(folder: &Path) -> Result<(), Error> {
    let (Some(store), Some(name), Some(workload)) =
        (folder.ancestors().nth(2), folder.file_name(), folder.parent().and_then(Path::file_name))
    else {
        return Ok(());
    };
    let (link, new) = (store.join("latest"), store.join(format!(".latest-{}", std::process::id())));
    let _ = fs::remove_file(&new);
    std::os::unix::fs::symlink(Path::new(workload).join(name), &new).map_err(at(&new))?;
    fs::rename(&new, &link).map_err(at(&link))
}

#[cfg(test)]
mod tests {
    use super::spans::tests::{history, operation};
    use super::*;
    use crate::edn::Value;
    use crate::history::{Kind, Process};
    use crate::verdict::Valid;

    fn summary(logs: Vec<(String, PathBuf)>) -> Summary {
        Summary {
            workload: "register".into(),
            nemesis: "kill".into(),
            seed: u64::MAX,
            nodes: 3,
            regions: 1,
            workers: 2,
            isolation: "serializable".into(),
            consistency: "strong".into(),
            model: "bank, set".into(),
            start: SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_338_307),
            duration: Duration::from_millis(12_345),
            version: "quorate 0.1.0".into(),
            command: "jepsen test --workload register --value '<x>'".into(),
            logs,
        }
    }

    fn verdict(valid: Valid, drawing: &str) -> Verdict {
        Verdict {
            checker: "linearizable".into(),
            valid,
            findings: vec!["index 3 reads <nothing>".into()],
            details: Value::Map(vec![(Value::keyword("keys"), Value::Integer(4))]),
            drawings: vec![(drawing.to_owned(), "<svg xmlns=\"http://www.w3.org/2000/svg\"/>".to_owned())],
        }
    }

    fn two_operations() -> History {
        let process = Process::Client(0);
        history(vec![operation(process, Kind::Invoke, "read", 1), operation(process, Kind::Ok, "read", 5)])
    }

    #[test]
    fn a_folder_has_all_that_the_module_promises() {
        let store = tempfile::tempdir().expect("a folder");
        let log = store.path().join("some.log");
        fs::write(&log, "the node says").expect("a log");
        let run = summary(vec![("n1".into(), log), ("n2".into(), store.path().join("missing"))]);
        let folder = folder(store.path(), &run);
        let verdicts = [verdict(Valid::No, "window-0.svg"), verdict(Valid::Yes, "window-1.svg")];
        write(&folder, &run, &two_operations(), &verdicts).expect("it is written");
        assert_eq!(folder, store.path().join("register/20261122T090507Z-18446744073709551615"));
        let latest = fs::canonicalize(store.path().join("latest")).expect("a link");
        let read = |name: &str| {
            fs::read_to_string(latest.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
        };
        assert_eq!(read("command.txt"), "jepsen test --workload register --value '<x>'\n");
        assert_eq!(History::read_edn(&read("history.edn")).expect("a history"), two_operations());
        let json: serde_json::Value = serde_json::from_str(&read("results.json")).expect("JSON");
        assert_eq!(json["valid?"], false);
        assert_eq!(json["stats"]["by-f"]["read"]["ok-count"], 1);
        assert_eq!(json["run"]["seed"], "18446744073709551615", "not another seed");
        assert_eq!(json["linearizable"]["findings"][0], "index 3 reads <nothing>");
        assert_eq!(json["linearizable-2"]["valid?"], true);
        let edn = Value::parse(&read("results.edn")).expect("EDN");
        assert_eq!(edn.get("valid?"), Some(&Value::Bool(false)));
        assert_eq!(edn.get("run").and_then(|run| run.get("model")), Some(&Value::from("bank, set")));
        let index = read("index.html");
        for part in ["v invalid", "index 3 reads &lt;nothing&gt;", "window-0.svg", "n1.log", "timeline.html"]
        {
            assert!(index.contains(part), "{part} is not in {index}");
        }
        assert!(!index.contains("n2.log"), "it is not there");
        for name in [
            "latency-raw.svg",
            "latency-quantiles.svg",
            "rate.svg",
            "timeline.html",
            "n1.log",
            "window-1.svg",
        ] {
            assert!(!read(name).is_empty());
        }
        write(&folder, &run, &two_operations(), &verdicts).expect("it can be written again");
    }

    #[test]
    fn a_drawing_cannot_leave_the_folder() {
        let store = tempfile::tempdir().expect("a folder");
        let folder = store.path().join("a/b");
        for name in ["../x.svg", "/x.svg", "a/b.svg", "", ".", "x.svg/"] {
            let refused =
                write(&folder, &summary(Vec::new()), &two_operations(), &[verdict(Valid::No, name)]);
            assert!(matches!(refused, Err(Error::Name(_))), "{name:?}: {refused:?}");
        }
    }
}
