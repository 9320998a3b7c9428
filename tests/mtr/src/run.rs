//! Running scripts.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::package::{Package, Script};
use crate::server::Server;

/// What a script may take.
const TIME_MAX: Duration = Duration::from_secs(30);
/// `mysqltest`'s exit code for a script that says that it does not suit the server.
const EXIT_SKIPPED: i32 = 62;

/// What became of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All is as expected.
    Passed,
    /// It says that it does not suit this server.
    Skipped,
    /// The last lines of what `mysqltest` says.
    Failed(String),
}

/// What became of a list of scripts, in its order.
pub type Outcomes = Vec<(String, Outcome)>;

/// Runs scripts on so many servers, each started here.
#[must_use]
pub fn all(package: &Package, scripts: &[Script], servers: usize) -> Outcomes {
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..servers {
            scope.spawn(|| {
                let mut server = Server::start();
                while let Some(script) = scripts.get(next.fetch_add(1, Ordering::Relaxed)) {
                    server.reset();
                    let outcome = one(package, script, &server);
                    found.lock().unwrap().push((script.name.clone(), outcome));
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap();
    found.sort_by(|left, right| left.0.cmp(&right.0));
    found
}

fn one(package: &Package, script: &Script, server: &Server) -> Outcome {
    let scratch = Scratch::new();
    let mut command = Command::new(&package.program);
    command
        .args(["--no-defaults", "--host=127.0.0.1", "--user=root", "--database=test", "--protocol=tcp"])
        .arg(format!("--port={}", server.port()))
        .arg(format!("--basedir={}/", package.folder.display()))
        .arg(format!("--tmpdir={}", scratch.path("tmp").display()))
        .arg(format!("--logdir={}", scratch.path("log").display()))
        .arg(format!("--test-file={}", package.folder.join(&script.test).display()))
        .arg(format!("--result-file={}", package.folder.join(&script.result).display()))
        .current_dir(&package.folder)
        .env("MYSQL_TEST_DIR", &package.folder)
        .env("MYSQLTEST_VARDIR", scratch.path(""))
        .env("MYSQL_TMP_DIR", scratch.path("tmp"))
        .env("MASTER_MYPORT", server.port())
        .stdin(Stdio::null())
        .stdout(std::fs::File::create(scratch.path("out")).unwrap())
        .stderr(std::fs::File::create(scratch.path("err")).unwrap());
    let mut process = command.spawn().unwrap();
    let started = Instant::now();
    let status = loop {
        if let Some(status) = process.try_wait().unwrap() {
            break status;
        }
        if started.elapsed() > TIME_MAX {
            process.kill().unwrap();
            process.wait().unwrap();
            return Outcome::Failed(format!("did not end within {TIME_MAX:?}"));
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    if status.success() {
        return Outcome::Passed;
    }
    if status.code() == Some(EXIT_SKIPPED) {
        return Outcome::Skipped;
    }
    let said = [read(&scratch.path("out")), read(&scratch.path("err"))].concat();
    let place = format!("{}/", package.folder.display());
    Outcome::Failed(said.replace(&place, ""))
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned()
}

/// The list of scripts that passed before.
///
/// # Panics
/// When it cannot be read.
#[must_use]
pub fn passing() -> BTreeSet<String> {
    let text = std::fs::read_to_string(passing_path()).unwrap();
    text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

/// Where it is.
#[must_use]
pub fn passing_path() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("passing.txt")
}

/// A folder for one script's files, gone with it.
struct Scratch(std::path::PathBuf);

impl Scratch {
    fn new() -> Scratch {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("quorate-mtr-{}-{number}", std::process::id()));
        for inner in ["tmp", "log"] {
            std::fs::create_dir_all(folder.join(inner)).unwrap();
        }
        Scratch(folder)
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
