//! One run of sysbench, and what it says.

use std::process::Command;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::hosts::Hosts;
use crate::limits::{LOAD_OVERTIME, PREPARE_THREADS, PREPARE_TIMEOUT};

/// Errors that a client of any of the systems answers by trying again: deadlock, changed row, lock wait, refused by certification, and
/// commit refused.
pub const IGNORED_ERRORS: &str = "1213,1020,1205,3101,1180";
/// The test that is not sysbench's own.
const HOT_ROW: &str = "oltp_update_hot";
/// Exit code of `timeout` when it had to end a program.
const TIMED_OUT: i32 = 124;

/// Where a server is reached, on host 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Port on loopback.
    pub port: u16,
    /// Account; it has no password.
    pub user: String,
}

/// Tables that tests run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// Tables.
    pub tables: u32,
    /// Rows of each when it is made.
    pub rows: u64,
}

impl Size {
    /// Rows of all tables.
    #[must_use]
    pub fn total_rows(self) -> u64 {
        u64::from(self.tables) * self.rows
    }
}

/// One run.
#[derive(Clone, Debug)]
pub struct Load<'a> {
    /// Name of the test.
    pub test: &'a str,
    /// Database with its tables.
    pub database: &'a str,
    /// Its tables.
    pub size: Size,
    /// Clients.
    pub threads: u32,
    /// It ends after this time …
    pub seconds: u32,
    /// … or after this many transactions, whichever is first.
    pub transactions_max: Option<u64>,
}

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Transactions a second.
    pub tps: f64,
    /// Transactions.
    pub transactions: u64,
    /// Mean time of a transaction, milliseconds.
    pub average_ms: f64,
    /// 99 of 100 were at least as fast, milliseconds.
    pub p99_ms: f64,
    /// Errors that were tried again, a second.
    pub errors_per_second: f64,
}

impl Load<'_> {
    /// Makes the tables; the database must be there and empty.
    ///
    /// # Errors
    /// What sysbench says.
    pub fn prepare(&self, hosts: &Hosts, address: &Address) -> Result<(), String> {
        let mut command = self.command(hosts, address, PREPARE_TIMEOUT);
        command.arg(format!("--threads={PREPARE_THREADS}")).arg("prepare");
        output(&mut command).map(drop)
    }

    /// Runs the test.
    ///
    /// # Errors
    /// What sysbench says.
    pub fn run(&self, hosts: &Hosts, address: &Address) -> Result<Outcome, String> {
        let limit = Duration::from_secs(u64::from(self.seconds)) + LOAD_OVERTIME;
        let mut command = self.command(hosts, address, limit);
        command.arg(format!("--threads={}", self.threads)).arg(format!("--time={}", self.seconds));
        command.arg(format!("--events={}", self.transactions_max.unwrap_or(0)));
        command.arg(format!("--mysql-ignore-errors={IGNORED_ERRORS}")).arg("run");
        let text = output(&mut command)?;
        Outcome::parse(&text).ok_or_else(|| format!("sysbench {}: not understood: {text}", self.test))
    }

    fn command(&self, hosts: &Hosts, address: &Address, limit: Duration) -> Command {
        let mut command = hosts.command(1, "timeout");
        command.args(["-k", "5", &limit.as_secs().to_string(), "sysbench"]);
        if self.test == HOT_ROW {
            command.arg(hosts.script(&format!("{HOT_ROW}.lua")));
        } else {
            command.arg(self.test);
        }
        command.args([
            "--db-driver=mysql",
            "--mysql-host=127.0.0.1",
            "--rand-type=uniform",
            "--percentile=99",
        ]);
        command.arg(format!("--mysql-port={}", address.port)).arg(format!("--mysql-user={}", address.user));
        command.arg(format!("--mysql-db={}", self.database));
        command.arg(format!("--tables={}", self.size.tables)).arg(format!("--table-size={}", self.size.rows));
        command
    }
}

/// Runs a program that must succeed; what it printed.
fn output(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("cannot run {command:?}: {error}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    if output.status.code() == Some(TIMED_OUT) {
        return Err("sysbench did not end and was killed".into());
    }
    let said = text(&output.stdout) + &text(&output.stderr);
    let fatal = said.lines().find(|line| line.contains("FATAL"));
    let last = fatal.or_else(|| said.lines().rfind(|line| !line.is_empty())).unwrap_or("nothing was printed");
    Err(format!("sysbench failed ({}): {last}", output.status))
}

impl Outcome {
    /// Reads what sysbench prints.
    #[must_use]
    pub fn parse(text: &str) -> Option<Outcome> {
        let value =
            |label: &str| text.lines().find_map(|line| line.trim_start().strip_prefix(label)).map(str::trim);
        // transactions:        1234   (123.40 per sec.)
        let rated = |label: &str| -> Option<(u64, f64)> {
            let (count, rate) = value(label)?.split_once('(')?;
            Some((count.trim().parse().ok()?, rate.split(' ').next()?.parse().ok()?))
        };
        let (transactions, tps) = rated("transactions:")?;
        Some(Outcome {
            tps,
            transactions,
            average_ms: value("avg:")?.parse().ok()?,
            p99_ms: value("99th percentile:")?.parse().ok()?,
            errors_per_second: rated("ignored errors:")?.1,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = "\
SQL statistics:
    queries performed:
        read:                            70014
        total:                           100020
    transactions:                        5001   (1665.84 per sec.)
    queries:                             100020 (33316.77 per sec.)
    ignored errors:                      3      (1.00 per sec.)
    reconnects:                          0      (0.00 per sec.)

General statistics:
    total time:                          3.0008s
    total number of events:              5001

Latency (ms):
         min:                                    1.02
         avg:                                    2.40
         max:                                   16.61
         99th percentile:                        5.18
         sum:                                11990.93
";

    #[test]
    fn what_sysbench_prints_is_read() {
        let expected = Outcome {
            tps: 1665.84,
            transactions: 5001,
            average_ms: 2.4,
            p99_ms: 5.18,
            errors_per_second: 1.0,
        };
        assert_eq!(Outcome::parse(PRINTED), Some(expected));
        assert_eq!(Outcome::parse("FATAL: unable to connect"), None);
    }
}
