//! Servers that were started by hand, one beside the other: `NAME=HOST:PORT:USER[:PID] …`.
//!
//! Every test runs on every server within the same minute, several rounds in changing order, and the median counts. The tables are made
//! when they are missing. With a server's process id, the processor time that it takes for a transaction is measured too. A test `NAME:THREADS:tls`
//! runs on encrypted connections.

use std::collections::BTreeMap;
use std::process::Command;

use crate::record::median;
use crate::sysbench::{IGNORED_ERRORS, Outcome};
use crate::usage::process_seconds;

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
    pid: Option<u32>,
}

/// A test of sysbench.
struct Test {
    name: String,
    threads: u32,
    is_encrypted: bool,
}

impl Test {
    fn parse(text: &str) -> Option<Test> {
        let mut parts = text.split(':');
        let (name, threads) = (parts.next()?.to_owned(), parts.next()?.parse().ok()?);
        let is_encrypted = match (parts.next(), parts.next()) {
            (None, None) => false,
            (Some("tls"), None) => true,
            _ => return None,
        };
        Some(Test { name, threads, is_encrypted })
    }
}

/// What a run came to.
struct Measured {
    /// Transactions a second.
    rate: f64,
    /// Processor time of the server for a transaction, microseconds.
    processor_us: Option<f64>,
}

/// What is to be measured.
pub struct Plan {
    servers: Vec<Server>,
    tests: Vec<Test>,
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
                    let test = arguments.next().as_deref().and_then(Test::parse);
                    plan.tests.push(test.ok_or("--test needs NAME:THREADS or NAME:THREADS:tls")?);
                }
                server => plan.servers.push(Server::parse(server)?),
            }
        }
        if plan.servers.is_empty() {
            return Err("name servers as NAME=HOST:PORT:USER[:PID], or say peers, curves or failover".into());
        }
        if plan.tests.is_empty() {
            let plain = |(name, threads): &(&str, u32)| Test {
                name: (*name).to_owned(),
                threads: *threads,
                is_encrypted: false,
            };
            plan.tests = TESTS.iter().map(plain).collect();
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
        self.tests.iter().try_for_each(|test| self.measure(test))
    }

    fn measure(&self, test: &Test) -> Result<(), String> {
        let mut runs: BTreeMap<usize, Vec<Measured>> = BTreeMap::new();
        for round in 0..self.rounds {
            for place in 0..self.servers.len() {
                let server = (place + round) % self.servers.len();
                runs.entry(server).or_default().push(self.servers[server].measure(test, self.seconds)?);
            }
        }
        let name = if test.is_encrypted { format!("{} tls", test.name) } else { test.name.clone() };
        let rates: Vec<f64> =
            runs.values().filter_map(|runs| median(runs.iter().map(|run| run.rate).collect())).collect();
        print!("{name:<24}{:>8}", test.threads);
        for rate in &rates {
            print!("{:>20}", format!("{rate:.0} ({:.2})", rate / rates[0]));
        }
        println!();
        let processor =
            |runs: &Vec<Measured>| median(runs.iter().filter_map(|run| run.processor_us).collect());
        if let Some(times) = runs.values().map(processor).collect::<Option<Vec<f64>>>() {
            print!("{:<32}", "  processor time, µs");
            for time in &times {
                print!("{:>20}", format!("{time:.1} ({:.2})", time / times[0]));
            }
            println!();
        }
        Ok(())
    }
}

impl Server {
    fn parse(text: &str) -> Result<Server, String> {
        let form = || format!("'{text}' is not of the form NAME=HOST:PORT:USER[:PID]");
        let (name, address) = text.split_once('=').ok_or_else(form)?;
        let mut parts = address.split(':');
        let mut part = || parts.next().map(str::to_owned).ok_or_else(form);
        let (host, port, user) = (part()?, part()?, part()?);
        let pid = parts.next().map(|pid| pid.parse().map_err(|_| form())).transpose()?;
        Ok(Server { name: name.into(), host, port, user, pid })
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

    fn measure(&self, test: &Test, seconds: u32) -> Result<Measured, String> {
        let mut command = self.sysbench(&test.name);
        command.arg(format!("--threads={}", test.threads)).arg(format!("--time={seconds}"));
        if test.is_encrypted {
            command.arg("--mysql-ssl=on");
        }
        command.args([&format!("--mysql-ignore-errors={IGNORED_ERRORS}"), "run"]);
        let before = self.pid.and_then(process_seconds);
        let output = command.output().map_err(|error| format!("cannot run sysbench: {error}"))?;
        let after = self.pid.and_then(process_seconds);
        let text = String::from_utf8_lossy(&output.stdout);
        let outcome = Outcome::parse(&text).ok_or_else(|| format!("{} {}: {text}", self.name, test.name))?;
        let per_transaction = |seconds: f64| seconds * 1e6 / outcome.transactions as f64;
        let processor_us = before.zip(after).map(|(before, after)| per_transaction(after - before));
        Ok(Measured { rate: outcome.tps, processor_us })
    }
}
