//! One measured run: tables as the test needs them, idle processors, the load, and what the servers used meanwhile.
//!
//! Runs are comparable because each starts from the same: what a test does to its tables is undone before the next run where it matters
//! ([`Upkeep`]). Updates, and transactions that delete a row and insert it again, leave the tables as they were.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::hosts::Hosts;
use crate::sysbench::{Load, Outcome, Size};
use crate::system::{Running, System};
use crate::usage::{MachineTime, own_seconds, process_seconds, resident_bytes, settle};

/// What a test does to its tables.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Upkeep {
    /// They stay as they are.
    Lasting,
    /// They grow: a database of its own, made anew once they have doubled.
    Growing,
    /// They shrink: a database of its own, made anew for each run, and no more deletes than half the rows, so that every system does
    /// the same work.
    Shrinking,
}

fn upkeep(test: &str) -> Upkeep {
    match test {
        "oltp_insert" => Upkeep::Growing,
        "oltp_delete" => Upkeep::Shrinking,
        _ => Upkeep::Lasting,
    }
}

impl Upkeep {
    fn database(self) -> &'static str {
        match self {
            Upkeep::Lasting => "sbtest",
            Upkeep::Growing => "sbinsert",
            Upkeep::Shrinking => "sbdelete",
        }
    }
}

/// A run and what it cost.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Run {
    /// What the clients saw.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Processor time of the node that is written to, microseconds a transaction.
    pub leader_cpu_us: f64,
    /// The same of another node, the mean of all; 0 without others.
    pub follower_cpu_us: f64,
    /// Processors that the node that is written to had in use.
    pub leader_cores: f64,
    /// Share of the machine's processors that was in use, by whatever.
    pub machine_busy: f64,
    /// Share of them that programs had that are none of this benchmark.
    pub others_busy: f64,
    /// Resident memory of the node that is written to, MiB, at the end.
    pub leader_mib: f64,
    /// The same of another node, the most of all.
    pub follower_mib: f64,
    /// Bytes that our leader sent to each of the other nodes, a transaction: the log's entry and its frame.
    pub sent_bytes: f64,
    /// Allocations of our leader, a transaction; 0 of a build that does not count them.
    pub allocations: f64,
}

/// A system and the state of its tables.
pub struct Subject {
    /// The system.
    pub running: Running,
    size: Size,
    /// Program to run before each load.
    gate: Option<PathBuf>,
    /// Rows that a test added since its database was made, by database.
    grown: BTreeMap<&'static str, u64>,
}

impl Subject {
    /// A system without tables yet.
    #[must_use]
    pub fn new(running: Running, size: Size, gate: Option<PathBuf>) -> Subject {
        Subject { running, size, gate, grown: BTreeMap::new() }
    }

    /// Makes tables anew of another size.
    pub fn resize(&mut self, size: Size) {
        self.size = size;
        self.grown.clear();
    }

    /// Runs a test once.
    ///
    /// # Errors
    /// When the tables cannot be made or the load fails.
    pub fn run(&mut self, hosts: &Hosts, test: &str, threads: u32, seconds: u32) -> Result<Run, String> {
        let kind = upkeep(test);
        let mut load = Load {
            test,
            database: kind.database(),
            size: self.size,
            threads,
            seconds,
            transactions_max: (kind == Upkeep::Shrinking).then(|| self.size.total_rows() / 2),
        };
        self.running.wait_until_led(hosts)?;
        self.make_tables(hosts, kind, &mut load)?;
        self.pass_gate(seconds)?;
        settle();
        let before = Usage::now(&self.running, hosts);
        let outcome = load.run(hosts, &self.running.address)?;
        let after = Usage::now(&self.running, hosts);
        if kind == Upkeep::Growing {
            *self.grown.entry(kind.database()).or_default() += outcome.transactions;
        }
        Ok(before.until(&after, outcome))
    }

    /// Runs the gate, which may take its time: it ends when the machine is this benchmark's for so many seconds.
    fn pass_gate(&self, seconds: u32) -> Result<(), String> {
        let Some(gate) = &self.gate else { return Ok(()) };
        let status = Command::new(gate).arg(seconds.to_string()).stdin(Stdio::null()).status();
        let status = status.map_err(|error| format!("cannot run {}: {error}", gate.display()))?;
        if status.success() { Ok(()) } else { Err(format!("{}: {status}", gate.display())) }
    }

    fn make_tables(&mut self, hosts: &Hosts, kind: Upkeep, load: &mut Load<'_>) -> Result<(), String> {
        let total = self.size.total_rows();
        let is_fresh = self.grown.get(kind.database()).is_some_and(|rows| *rows < total);
        if is_fresh && kind != Upkeep::Shrinking {
            return Ok(());
        }
        let database = kind.database();
        self.running
            .sql(hosts, &format!("DROP DATABASE IF EXISTS {database}; CREATE DATABASE {database}"))?;
        let test = load.test;
        load.test = "oltp_read_write";
        load.prepare(hosts, &self.running.address)?;
        load.test = test;
        self.grown.insert(database, 0);
        Ok(())
    }
}

/// What has been used so far.
struct Usage {
    at: Instant,
    machine: MachineTime,
    own: f64,
    nodes: Vec<f64>,
    resident: Vec<u64>,
    sent_bytes: f64,
    allocations: f64,
}

impl Usage {
    fn now(running: &Running, hosts: &Hosts) -> Usage {
        // Asked before the clock is read: asking costs something.
        let sent_bytes = leader_status(running, hosts, "Quorate_peer_bytes_sent");
        let allocations = leader_status(running, hosts, "Quorate_allocations");
        Usage {
            at: Instant::now(),
            machine: MachineTime::now(),
            own: own_seconds(),
            nodes: running.pids.iter().map(|pid| process_seconds(*pid).unwrap_or(0.0)).collect(),
            resident: running.pids.iter().map(|pid| resident_bytes(*pid).unwrap_or(0)).collect(),
            sent_bytes,
            allocations,
        }
    }

    fn until(&self, end: &Usage, outcome: Outcome) -> Run {
        let seconds = (end.at - self.at).as_secs_f64();
        let transactions = outcome.transactions.max(1) as f64;
        let machine = (end.machine.total - self.machine.total).max(f64::MIN_POSITIVE);
        let in_processes = end.machine.busy_in_processes - self.machine.busy_in_processes;
        let others = in_processes - (end.own - self.own);
        let cpu: Vec<f64> =
            end.nodes.iter().zip(&self.nodes).map(|(end, start)| (end - start).max(0.0)).collect();
        let leader_cpu = cpu.first().copied().unwrap_or_default();
        let followers = cpu.len().saturating_sub(1).max(1) as f64;
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        Run {
            outcome,
            leader_cpu_us: leader_cpu * 1e6 / transactions,
            follower_cpu_us: cpu.iter().skip(1).fold(0.0, |sum, cpu| sum + cpu) / followers * 1e6
                / transactions,
            leader_cores: leader_cpu / seconds,
            machine_busy: (end.machine.busy - self.machine.busy) / machine,
            others_busy: (others / machine).max(0.0),
            leader_mib: mib(end.resident.first().copied().unwrap_or_default()),
            follower_mib: mib(end.resident.iter().skip(1).max().copied().unwrap_or_default()),
            sent_bytes: (end.sent_bytes - self.sent_bytes).max(0.0) / followers / transactions,
            allocations: (end.allocations - self.allocations).max(0.0) / transactions,
        }
    }
}

/// A number that our leader counts; 0 of other systems, and of builds that do not count it.
fn leader_status(running: &Running, hosts: &Hosts, name: &str) -> f64 {
    if running.system != System::Quorate || running.pids.len() < 2 {
        return 0.0;
    }
    let answer = running.sql(hosts, &format!("SHOW GLOBAL STATUS LIKE '{name}'")).unwrap_or_default();
    answer.split_whitespace().last().and_then(|text| text.parse().ok()).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(at: Instant, total: f64, busy: f64, own: f64, nodes: &[f64]) -> Usage {
        let machine = MachineTime { busy, busy_in_processes: busy, total };
        let resident = nodes.iter().map(|_| 3 << 20).collect();
        Usage {
            at,
            machine,
            own,
            nodes: nodes.to_vec(),
            resident,
            sent_bytes: 100.0 * total,
            allocations: 700.0 * total,
        }
    }

    #[test]
    fn what_a_run_cost_is_the_difference_over_it() {
        let start = Instant::now();
        let before = usage(start, 0.0, 0.0, 0.0, &[1.0, 0.0, 0.0]);
        let after = usage(start + std::time::Duration::from_secs(10), 20.0, 15.0, 11.0, &[9.0, 2.0, 4.0]);
        let run = before.until(&after, Outcome { transactions: 1000, ..Outcome::default() });
        assert_eq!((run.leader_cpu_us, run.follower_cpu_us), (8000.0, 3000.0));
        assert_eq!((run.leader_cores, run.machine_busy, run.others_busy), (0.8, 0.75, 0.2));
        assert_eq!((run.leader_mib, run.follower_mib), (3.0, 3.0));
        assert_eq!((run.sent_bytes, run.allocations), (1.0, 14.0));
    }
}
