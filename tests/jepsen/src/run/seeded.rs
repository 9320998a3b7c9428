//! The harness is checked: a server with a bug on purpose has to be caught, by the workload and under the nemesis that are meant to find it.
//!
//! The bugs are the server's (`storage/src/seeded_bugs.rs`), in a build with its feature `seeded-bugs`. Each run is a process of its own, because
//! which bug a server makes is in its environment. A bug is caught when a run's verdict is *invalid*; one that is *unknown* proves
//! nothing and the next run follows, as long as the bug's time lasts. Before that, the same build without any bug has to be valid.
//!
//! Left out: bugs of the protocol's core, which the simulator finds (`consensus`' feature `faults`).

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use rustix::process::{Pid, Signal, kill_process};

use super::Error;

/// Seconds that clients work in one run.
const RUN_SECONDS: u64 = 60;
/// Seconds of such work within which a bug has to be caught.
const CATCH_SECONDS_MAX: u64 = 600;
/// How much longer than its clients work a run may take: to start, to heal, to judge.
const OVERHEAD_MAX: Duration = Duration::from_secs(600);
/// How long a run that is told to end may take to clean up.
const END_MAX: Duration = Duration::from_secs(60);
/// Between two looks whether a run is over.
const POLL: Duration = Duration::from_millis(200);
/// What the version of such a build says.
const CONFESSION: &str = "SEEDED BUGS";

/// One bug and what has to find it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seeded {
    /// Its name, the value of `QUORATE_SEEDED_BUG`.
    pub bug: &'static str,
    /// By name.
    pub workload: &'static str,
    /// By name.
    pub nemesis: &'static str,
    /// Further arguments of `jepsen test`.
    pub arguments: &'static [&'static str],
}

/// All bugs.
pub const ALL: [Seeded; 8] = [
    Seeded { bug: "ack-before-quorum", workload: "register", nemesis: "partition", arguments: &[] },
    Seeded { bug: "read-without-lease", workload: "register", nemesis: "partition", arguments: &[] },
    Seeded { bug: "vote-forgotten", workload: "register", nemesis: "kill", arguments: &[] },
    Seeded { bug: "fsync-skipped", workload: "set", nemesis: "kill", arguments: &["--disk"] },
    Seeded { bug: "lock-released-before-sequencing", workload: "append", nemesis: "none", arguments: &[] },
    Seeded {
        bug: "stale-snapshot",
        workload: "append",
        nemesis: "none",
        arguments: &["--isolation", "repeatable-read"],
    },
    Seeded { bug: "lost-undo-after-truncation", workload: "append", nemesis: "partition", arguments: &[] },
    Seeded { bug: "auto-increment-reused", workload: "unique-ids", nemesis: "kill", arguments: &[] },
];

/// `jepsen seeded-bugs`.
#[derive(Args, Clone, Debug)]
pub struct Check {
    /// The server, built with the feature `seeded-bugs`.
    #[arg(long, env = "QUORATE_BIN")]
    pub binary: PathBuf,
    /// Only these bugs, by name, with commas between them.
    #[arg(long, value_delimiter = ',')]
    pub only: Vec<String>,
    /// The seed of the first run; each one after it has the next. Random unless given.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Folder of all runs.
    #[arg(long, default_value = "store")]
    pub store: PathBuf,
}

/// What came of one run.
enum Ended {
    Valid,
    Invalid,
    Unknown,
}

/// Runs all, prints a table, and says whether each bug was caught and the build without one was not.
///
/// # Errors
/// When the server is no such build, or a run cannot be begun.
pub fn check(check: &Check) -> Result<bool, Error> {
    let refused = |message: String| Err(Error::Options(message));
    if let Some(unknown) = check.only.iter().find(|name| ALL.iter().all(|seeded| seeded.bug != **name)) {
        return refused(format!("no seeded bug is called {unknown}"));
    }
    let version = Command::new(&check.binary).arg("--version").output().map_err(Error::Process)?;
    if !String::from_utf8_lossy(&version.stdout).contains(CONFESSION) {
        return refused(format!("{} was built without seeded bugs", check.binary.display()));
    }
    let mut seed = check.seed.unwrap_or_else(rand::random::<u64>) >> 1;
    let mut lines = vec![
        "| bug | workload | nemesis | caught | runs | last seed |".to_owned(),
        "|---|---|---|---|---|---|".to_owned(),
    ];
    let mut all_well = true;
    if check.only.is_empty() {
        let control = Seeded { bug: "", workload: "append", nemesis: "kill", arguments: &["--disk"] };
        let is_clean = matches!(run(check, &control, seed)?, Ended::Valid);
        all_well &= is_clean;
        let said = if is_clean { "clean, as it must be" } else { "**not clean**" };
        lines.push(format!("| none | append | kill | {said} | 1 | {seed} |"));
    }
    for seeded in
        ALL.iter().filter(|seeded| check.only.is_empty() || check.only.iter().any(|name| name == seeded.bug))
    {
        let mut runs = 0;
        let mut is_caught = false;
        while !is_caught && runs < CATCH_SECONDS_MAX / RUN_SECONDS {
            seed += 1;
            runs += 1;
            is_caught = matches!(run(check, seeded, seed)?, Ended::Invalid);
        }
        all_well &= is_caught;
        let Seeded { bug, workload, nemesis, .. } = seeded;
        let said =
            if is_caught { format!("within {} s", runs * RUN_SECONDS) } else { "**never**".to_owned() };
        lines.push(format!("| {bug} | {workload} | {nemesis} | {said} | {runs} | {seed} |"));
    }
    println!("{}", lines.join("\n"));
    Ok(all_well)
}

/// One run, what it prints in a file of the store.
fn run(check: &Check, seeded: &Seeded, seed: u64) -> Result<Ended, Error> {
    let Seeded { bug, workload, nemesis, arguments } = seeded;
    fs::create_dir_all(&check.store).map_err(Error::Process)?;
    let name = if bug.is_empty() { "no-bug" } else { bug };
    let said_path = check.store.join(format!("{name}-{seed}.log"));
    let said = File::create(&said_path).map_err(Error::Process)?;
    let own = std::env::current_exe().map_err(Error::Process)?;
    let mut command = Command::new(own);
    command
        .args(["test", "--workload", workload, "--nemesis", nemesis])
        .args(["--time", &RUN_SECONDS.to_string(), "--seed", &seed.to_string()])
        .args(*arguments)
        .arg("--binary")
        .arg(&check.binary)
        .arg("--store")
        .arg(&check.store)
        .env_remove("QUORATE_SEEDED_BUG")
        .stdin(Stdio::null())
        .stderr(said.try_clone().map_err(Error::Process)?)
        .stdout(said);
    if !bug.is_empty() {
        command.env("QUORATE_SEEDED_BUG", bug);
    }
    let status = wait(command, Duration::from_secs(RUN_SECONDS) + OVERHEAD_MAX)?;
    let ended = match status.and_then(|status| status.code()) {
        Some(0) => Ended::Valid,
        Some(1) => Ended::Invalid,
        Some(_) | None => Ended::Unknown,
    };
    println!("{name}: {workload} under {nemesis}, seed {seed}: {}; {}", ended.name(), first_line(&said_path));
    Ok(ended)
}

/// Waits for a process, and ends it when it takes too long: then there is no status.
fn wait(mut command: Command, longest: Duration) -> Result<Option<ExitStatus>, Error> {
    let mut child = command.spawn().map_err(Error::Process)?;
    let id = Pid::from_child(&child);
    let began = Instant::now();
    let mut is_told = false;
    loop {
        if let Some(status) = child.try_wait().map_err(Error::Process)? {
            return Ok((!is_told).then_some(status));
        }
        if began.elapsed() > longest && !is_told {
            // It removes its test hosts before it ends.
            kill_process(id, Signal::TERM).ok();
            is_told = true;
        }
        if began.elapsed() > longest + END_MAX {
            child.kill().ok();
        }
        thread::sleep(POLL);
    }
}

/// What a run printed first: its verdict and where it is.
fn first_line(path: &Path) -> String {
    let said = fs::read_to_string(path).unwrap_or_default();
    let line = said.lines().find(|line| line.starts_with('#')).unwrap_or("nothing was judged");
    format!("{} ({})", line.trim_start_matches("# "), path.display())
}

impl Ended {
    fn name(&self) -> &'static str {
        match self {
            Ended::Valid => "valid",
            Ended::Invalid => "INVALID",
            Ended::Unknown => "unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The server's own table says the same.
    #[test]
    fn bugs_are_the_servers() {
        let server = include_str!("../../../../storage/src/seeded_bugs.rs");
        let rows: Vec<&str> = server.lines().filter(|line| line.starts_with("//! | `")).collect();
        assert_eq!(rows.len(), ALL.len());
        for (row, seeded) in rows.iter().zip(ALL) {
            let mut cells = row.split('|').map(|cell| cell.trim().trim_matches('`'));
            assert_eq!(cells.nth(1), Some(seeded.bug));
            assert_eq!(cells.next().and_then(|cell| cell.split('`').next()), Some(seeded.workload), "{row}");
            assert_eq!(cells.next().and_then(|cell| cell.split('`').next()), Some(seeded.nemesis), "{row}");
        }
    }

    #[test]
    fn workloads_and_nemeses_exist() {
        for seeded in ALL {
            assert!(
                crate::workloads::ALL.iter().any(|kindred| kindred.name == seeded.workload),
                "{seeded:?}"
            );
            assert!(crate::nemesis::NAMES.contains(&seeded.nemesis), "{seeded:?}");
        }
    }
}
