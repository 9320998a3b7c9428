//! Measurements of the whole server, as `cargo xtask bench WHAT`.
//!
//! * `peers` ([`peers`]): the table of the project's aims, this server beside MariaDB, MySQL, Galera and Group Replication on hosts of
//!   network namespaces; stored, and compared with the last time. See `docs/performance.md`.
//! * `curves` ([`curves`]): what a transaction costs over clients, rows, nodes and distance.
//! * `failover` ([`failover`]): how long no commit succeeds when the leader is killed.
//! * anything else ([`manual`]): servers that were started by hand, one beside the other.
//!
//! Machines drift, by half within minutes where others share them: only ratios of runs side by side mean anything.

mod curves;
mod failover;
mod history;
mod hosts;
mod leader_proxy;
mod limits;
mod line;
mod manual;
mod measure;
mod peers;
mod plot;
mod record;
mod report;
mod sandbox;
mod sysbench;
mod system;
mod usage;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).peekable();
    let done = match arguments.peek().map(String::as_str) {
        Some("peers") => peers::Arguments::parse_from(arguments).run(),
        Some("curves") => curves::Arguments::parse_from(arguments).run(),
        Some("failover") => {
            failover::Plan::parse(arguments.skip(1)).and_then(|plan| plan.run()).map(|()| ExitCode::SUCCESS)
        }
        _ => manual::Plan::parse(arguments).and_then(|plan| plan.run()).map(|()| ExitCode::SUCCESS),
    };
    match done {
        Ok(code) => code,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
