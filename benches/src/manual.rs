//! Servers that were started by hand, one beside the other: `NAME=HOST:PORT:USER …`.
//!
//! Every test runs on every server within the same minute, several rounds in changing order, and the median counts. The tables are made
//! when they are missing.

use std::collections::BTreeMap;
use std::process::Command;

use crate::record::median;
use crate::sysbench::{IGNORED_ERRORS, Outcome};

/// sysbench's tables and rows.
const TABLES: &str = "--tables=4";
const ROWS: &str = "--table-size=50000";

/// The tests of the founding design's table, with their threads.
const TESTS: [(&str, u32); 5] = [
    ("oltp_point_select", 16),
    ("oltp_insert", 1),
    ("oltp_insert", 64),
    ("oltp_read_write", 32),
    ("oltp_update_non_index", 64),
];

struct Server {
    name: String,
    host: String,
    port: String,
    user: String,
}

/// What is to be measured.
pub struct Plan {
    servers: Vec<Server>,
    tests: Vec<(String, u32)>,
    seconds: u32,
    rounds: usize,
}

impl Plan {
    /// Reads the command line.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Plan, String> {
        let mut plan = Plan { servers: Vec::new(), tests: Vec::new(), seconds: 10, rounds: 3 };
        while let Some(argument) = arguments.next() {
            let mut number = |what: &str| {
                let text = arguments.next().ok_or_else(|| format!("{what} needs a number"))?;
                text.parse::<u32>().map_err(|_| format!("{what}: '{text}' is no number"))
            };
            match argument.as_str() {
                "--seconds" => plan.seconds = number("--seconds")?,
                "--rounds" => plan.rounds = number("--rounds")?.max(1) as usize,
                "--test" => {
                    let text = arguments.next().ok_or("--test needs NAME:THREADS")?;
                    let (name, threads) = text.split_once(':').ok_or("--test needs NAME:THREADS")?;
                    plan.tests.push((name.into(), threads.parse().map_err(|_| "THREADS is no number")?));
                }
                server => plan.servers.push(Server::parse(server)?),
            }
        }
        if plan.servers.is_empty() {
            return Err("name servers as NAME=HOST:PORT:USER, or say peers, curves or failover".into());
        }
        if plan.tests.is_empty() {
            plan.tests = TESTS.iter().map(|(name, threads)| ((*name).to_owned(), *threads)).collect();
        }
        Ok(plan)
    }

    /// Measures and prints.
    ///
    /// # Errors
    /// When sysbench fails.
    pub fn run(&self) -> Result<(), String> {
        for server in &self.servers {
            server.prepare()?;
        }
        print!("{:<24}{:>8}", "test", "threads");
        for server in &self.servers {
            print!("{:>20}", server.name);
        }
        println!();
        for (test, threads) in &self.tests {
            self.measure(test, *threads)?;
        }
        Ok(())
    }

    fn measure(&self, test: &str, threads: u32) -> Result<(), String> {
        let mut rates: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
        for round in 0..self.rounds {
            for place in 0..self.servers.len() {
                let server = (place + round) % self.servers.len();
                let rate = self.servers[server].measure(test, threads, self.seconds)?;
                rates.entry(server).or_default().push(rate);
            }
        }
        let medians: Vec<f64> = rates.into_values().filter_map(median).collect();
        print!("{test:<24}{threads:>8}");
        for rate in &medians {
            print!("{:>20}", format!("{rate:.0} ({:.2})", rate / medians[0]));
        }
        println!();
        Ok(())
    }
}

impl Server {
    fn parse(text: &str) -> Result<Server, String> {
        let form = || format!("'{text}' is not of the form NAME=HOST:PORT:USER");
        let (name, address) = text.split_once('=').ok_or_else(form)?;
        let mut parts = address.split(':');
        let mut part = || parts.next().map(str::to_owned).ok_or_else(form);
        Ok(Server { name: name.into(), host: part()?, port: part()?, user: part()? })
    }

    fn sysbench(&self, test: &str) -> Command {
        let mut command = Command::new("sysbench");
        command.arg(test).args([
            "--db-driver=mysql",
            "--mysql-db=sbtest",
            TABLES,
            ROWS,
            "--rand-type=uniform",
        ]);
        command.arg(format!("--mysql-host={}", self.host)).arg(format!("--mysql-port={}", self.port));
        command.arg(format!("--mysql-user={}", self.user)).arg("--percentile=99");
        command
    }

    /// Makes the tables unless they are there.
    fn prepare(&self) -> Result<(), String> {
        let mut probe = self.sysbench("oltp_point_select");
        probe.args(["--threads=1", "--events=1", "--time=5", "run"]);
        if probe.output().map_err(|error| format!("cannot run sysbench: {error}"))?.status.success() {
            return Ok(());
        }
        let output = self.sysbench("oltp_read_write").args(["--threads=2", "prepare"]).output();
        let output = output.map_err(|error| format!("cannot run sysbench: {error}"))?;
        if output.status.success() {
            Ok(())
        } else {
            Err(format!("{}: {}", self.name, String::from_utf8_lossy(&output.stdout)))
        }
    }

    /// Transactions a second.
    fn measure(&self, test: &str, threads: u32, seconds: u32) -> Result<f64, String> {
        let mut command = self.sysbench(test);
        command.arg(format!("--threads={threads}")).arg(format!("--time={seconds}"));
        command.args([&format!("--mysql-ignore-errors={IGNORED_ERRORS}"), "run"]);
        let output = command.output().map_err(|error| format!("cannot run sysbench: {error}"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let outcome = Outcome::parse(&text);
        outcome.map(|outcome| outcome.tps).ok_or_else(|| format!("{} {test}: {text}", self.name))
    }
}
