//! Runs the programs, some at a time, and takes what they print.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use cluster_tests::TestCluster;

use crate::CELLS;
use crate::connector::{Connector, Language};
use crate::environment::{Environment, Server};
use crate::results::{Outcome, Results, Row};

/// How long one program may take for all its cells.
const PROGRAM_TIMEOUT: Duration = Duration::from_secs(40);

/// How many programs run at a time.
const AT_A_TIME: usize = 2;

/// The name of the last cell, which is not run here.
pub const FAILOVER: &str = "failover";

/// Why a connector is not run.
pub const ABSENT: &str = "not installed here";

/// A cluster of three nodes for the matrix.
#[must_use]
pub fn cluster() -> TestCluster {
    TestCluster::start(3)
}

/// The connectors of `wanted` whose program can run, and why each other cannot.
#[must_use]
pub fn prepare(wanted: &[Connector]) -> (Vec<Connector>, Vec<(Connector, String)>) {
    let mut built: BTreeMap<String, Result<(), String>> = BTreeMap::new();
    let (mut ready, mut absent) = (Vec::new(), Vec::new());
    for connector in wanted {
        let outcome =
            built.entry(format!("{:?}", connector.language)).or_insert_with(|| connector.language.build());
        match outcome.clone().and_then(|()| starts(*connector)) {
            Ok(()) => ready.push(*connector),
            Err(why) => absent.push((*connector, why)),
        }
    }
    (ready, absent)
}

/// Whether the program finds its connector: asked with the mode `version`.
fn starts(connector: Connector) -> Result<(), String> {
    if connector.language == Language::Rust {
        return Ok(());
    }
    let mut command = connector.command();
    match command.arg("version").output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Runs all cells but the failover; `only` are names of cells, all when there are none.
#[must_use]
pub fn run(server: &Server, connectors: &[Connector], only: &[String], folder: &Path) -> Results {
    let waiting = Mutex::new(connectors.iter().rev().copied().collect::<Vec<_>>());
    let results = Mutex::new(Results::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().unwrap().pop();
                    let Some(connector) = next else { break };
                    let row = run_one(server, connector, only, folder);
                    results.lock().unwrap().insert(connector.name, row);
                }
            });
        }
    });
    results.into_inner().unwrap()
}

fn run_one(server: &Server, connector: Connector, only: &[String], folder: &Path) -> Row {
    let started = Instant::now();
    let environment = Environment::make(server, &connector, folder);
    let mut command = connector.command();
    command.arg("cells").args(only).envs(environment.variables());
    let (printed, complaint) = finish(&mut command, PROGRAM_TIMEOUT);
    environment.drop();
    let mut row = Row::default();
    row.read(&printed);
    // A program that ended early has failed in the first cell that it says nothing of.
    for (cell, _) in CELLS {
        let is_wanted = cell != FAILOVER && (only.is_empty() || only.iter().any(|name| name == cell));
        if is_wanted && !row.cells.contains_key(cell) {
            row.cells.insert(cell, Outcome::Fail(format!("the program ended before: {complaint}")));
        }
    }
    eprintln!("connectors: {} took {:.1} s", connector.name, started.elapsed().as_secs_f64());
    row
}

/// What a program printed, and the last line of its complaints; it is killed when it takes too long.
fn finish(command: &mut Command, timeout: Duration) -> (String, String) {
    let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut process = match spawned {
        Ok(process) => process,
        Err(error) => return (String::new(), error.to_string()),
    };
    let (stdout, stderr) = (process.stdout.take().unwrap(), process.stderr.take().unwrap());
    let (printed, complaint) = (read(stdout), read(stderr));
    let started = Instant::now();
    let mut is_late = false;
    while matches!(process.try_wait(), Ok(None)) {
        if started.elapsed() > timeout {
            is_late = true;
            let _ = process.kill();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let complaint = complaint.join().unwrap();
    let last = complaint.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default().to_owned();
    (printed.join().unwrap(), if is_late { format!("killed after {timeout:?}") } else { last })
}

fn read(mut pipe: impl Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // What came until the pipe broke is all there is.
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
