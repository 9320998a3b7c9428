//! A run against a server process: warming up, inputs in rounds from several threads, a look at the server after each round.

use std::fmt;
use std::path::PathBuf;

use client::blocking::{Connection, Options};
use cluster_tests::TestCluster;
use cluster_tests::process::memory_bytes;

use crate::answer::Answers;
use crate::corpus::{self, Session};
use crate::drive::{self, Drive, Fault};
use crate::watch::Watch;
use crate::way::{PASSWORD, USER, USERS_WITH_PASSWORD};

/// Inputs before memory is looked at for the first time, at most.
const WARM_UP_INPUTS: u64 = 200_000;
/// Inputs between two looks at the server.
const ROUND_INPUTS: u64 = 500_000;
/// Databases that are not the fuzzing's.
const KEPT: [&str; 5] = ["information_schema", "mysql", "performance_schema", "sys", "kept"];

/// What a run is to be.
#[derive(Clone, Debug, clap::Args)]
pub struct Settings {
    /// How many inputs, after warming up.
    #[arg(long, default_value_t = 10_000_000)]
    pub inputs: u64,
    /// Where the randomness begins.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How many connections at once.
    #[arg(long, default_value_t = 4)]
    pub threads: u64,
    /// Only connections that go this way: plain, zlib, zstd, caching_sha2_password, mysql_native_password.
    #[arg(long)]
    pub way: Option<String>,
    /// Say after each round how much memory the server holds.
    #[arg(long)]
    pub verbose: bool,
    /// Where to write what was sent to a connection whose answers were not well formed.
    #[arg(long)]
    pub keep: Option<PathBuf>,
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Report {
    /// Inputs sent, those of warming up not counted.
    pub inputs: u64,
    /// What the server answered.
    pub answers: Answers,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Answers { count, errors, internal, logins } = &self.answers;
        write!(f, "{} inputs, {count} answers, {errors} of them errors; logins {logins:?}", self.inputs)?;
        internal.iter().try_for_each(|(message, count)| write!(f, "\n1105 {count} times: {message}"))
    }
}

/// Fuzzes a server of its own.
///
/// # Errors
/// With what was found.
pub fn run(settings: &Settings) -> Result<Report, String> {
    let sessions = corpus::load(&corpus::folder());
    let mut cluster = TestCluster::start(1);
    let kept = prepare(&cluster);
    let warm_up = WARM_UP_INPUTS.min(settings.inputs / 4);
    round(&cluster, settings, &sessions, u64::MAX, warm_up)?;
    clean(&cluster);
    let watch = Watch::begin(&cluster);
    let mut report = Report { inputs: 0, answers: Answers::default() };
    let mut number = 0;
    while report.inputs < settings.inputs {
        let inputs = ROUND_INPUTS.min(settings.inputs - report.inputs);
        report.answers.add(round(&cluster, settings, &sessions, number, inputs)?);
        report.inputs += inputs;
        number += 1;
        clean(&cluster);
        if settings.verbose {
            eprintln!("{} inputs, {} MiB", report.inputs, memory_bytes(cluster.process_id(1)) >> 20);
        }
        let faults = watch.faults(&mut cluster);
        if !faults.is_empty() {
            return Err(format!("after {} inputs: {}", report.inputs, faults.join("\n")));
        }
        if kept != checksum(&cluster) {
            return Err(format!(
                "after {} inputs: rows or accounts have changed that the account may not change",
                report.inputs
            ));
        }
    }
    Ok(report)
}

/// What those who fuzz may do anything in: the databases that the corpus uses, as in GRANT. They may do nothing elsewhere.
const DATABASES: [&str; 5] = ["check\\_%", "d", "prepared", "sbtest", "test"];

/// Rows and accounts that have to be there at the end; their checksum.
fn prepare(cluster: &TestCluster) -> String {
    let mut connection = cluster.connect(1);
    connection.query(&format!("CREATE USER {USER}@'%' IDENTIFIED BY ''")).unwrap();
    for (user, plugin) in USERS_WITH_PASSWORD {
        let identified = format!("IDENTIFIED WITH {} BY '{PASSWORD}'", plugin.name());
        connection.query(&format!("CREATE USER {user}@'%' {identified}")).unwrap();
    }
    for user in USERS_WITH_PASSWORD.map(|(user, _)| user).into_iter().chain([USER]) {
        for database in DATABASES {
            connection.query(&format!("GRANT ALL ON `{database}`.* TO {user}@'%'")).unwrap();
        }
    }
    for (user, _) in USERS_WITH_PASSWORD {
        // The first login of `caching_sha2_password` is a long one; those that follow need not be.
        let (user, password) = (user.to_owned(), PASSWORD.to_owned());
        let options = Options { user, password, ..Options::default() };
        Connection::connect_with(&cluster.node(1).client_address, &options).unwrap();
    }
    connection.query("CREATE DATABASE kept").unwrap();
    connection.query("CREATE TABLE kept.t (id INT PRIMARY KEY, v VARCHAR(100))").unwrap();
    connection.query("INSERT INTO kept.t VALUES (1, 'one'), (2, 'two'), (3, 'three')").unwrap();
    checksum(cluster)
}

fn checksum(cluster: &TestCluster) -> String {
    let mut connection = cluster.connect(1);
    let rows = connection.query("SELECT COUNT(*), SUM(id), SUM(CRC32(v)) FROM kept.t").unwrap();
    let facts = (0..3).map(|column| rows.text(0, column).unwrap_or_default()).collect::<Vec<_>>().join(" ");
    let grants = connection.query(&format!("SHOW GRANTS FOR {USER}@'%'")).unwrap();
    let accounts = connection.query("SELECT COUNT(*), MAX(user) FROM mysql.user").unwrap();
    format!("{facts} {:?} {:?}", grants.rows, accounts.rows)
}

/// Takes away what the inputs have made, so that rows are not taken for a leak.
fn clean(cluster: &TestCluster) {
    let mut connection = cluster.connect(1);
    let databases = connection.query("SHOW DATABASES").unwrap();
    for row in 0..databases.rows.len() {
        let name = databases.text(row, 0).unwrap();
        if !KEPT.contains(&name.as_str()) {
            connection.query(&format!("DROP DATABASE `{}`", name.replace('`', "``"))).unwrap();
        }
    }
}

/// Inputs from all threads.
fn round(
    cluster: &TestCluster,
    settings: &Settings,
    sessions: &[Session],
    number: u64,
    inputs: u64,
) -> Result<Answers, String> {
    let address = &cluster.node(1).client_address;
    let results: Vec<Result<Answers, Box<Fault>>> = std::thread::scope(|scope| {
        let start = |thread: u64| {
            // A seed for every thread of every round.
            let seed =
                settings.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number.wrapping_mul(1 << 16) ^ thread;
            let inputs = inputs / settings.threads;
            scope.spawn(move || {
                drive::run(&Drive { address, sessions, seed, inputs, way: settings.way.as_deref() })
            })
        };
        let threads: Vec<_> = (0..settings.threads).map(start).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut answers = Answers::default();
    for result in results {
        match result {
            Ok(found) => answers.add(found),
            Err(fault) => {
                let panics = crate::watch::panics(&cluster.log(1)).join("\n");
                if let Some(path) = &settings.keep {
                    std::fs::write(path, &fault.sent).map_err(|error| error.to_string())?;
                }
                return Err(format!("round {number}: {}\n{panics}", fault.what));
            }
        }
    }
    Ok(answers)
}
