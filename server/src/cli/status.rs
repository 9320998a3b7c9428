//! `quorate status` and `quorate leader`: ask every node what it knows.

use std::process::ExitCode;
use std::time::Duration;

use client::{Connection, Options};
use serde::Serialize;

/// How long a node may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// Which nodes to ask.
#[derive(Debug, clap::Args)]
struct Nodes {
    /// Client addresses of the nodes, separated by commas
    #[arg(
        long,
        value_delimiter = ',',
        env = "QUORATE_NODES",
        default_value = "127.0.0.1:4001,127.0.0.1:4002,127.0.0.1:4003"
    )]
    nodes: Vec<String>,
}

/// Say how each node of a cluster is; the exit code is 0 when a leader serves, 1 otherwise
#[derive(Debug, clap::Args)]
pub struct Status {
    #[command(flatten)]
    nodes: Nodes,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Print the client address of the leader; the exit code is 1 when there is none
#[derive(Debug, clap::Args)]
pub struct Leader {
    #[command(flatten)]
    nodes: Nodes,
}

/// What one node says of itself.
#[derive(Debug, Serialize)]
struct Report {
    address: String,
    /// Whether it answered.
    reachable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<State>,
}

#[derive(Debug, Serialize)]
struct State {
    node_id: u64,
    role: String,
    /// A leader that takes writes.
    serving: bool,
    term: u64,
    /// Client address of the leader it knows; empty for none.
    leader: String,
    /// Everything up to this log index is applied.
    commit_index: u64,
    cluster_id: String,
    uptime_seconds: u64,
}

fn ask(address: &str) -> Report {
    match ask_state(address) {
        Ok(state) => Report { address: address.into(), reachable: true, error: None, state: Some(state) },
        Err(error) => Report { address: address.into(), reachable: false, error: Some(error), state: None },
    }
}

fn ask_state(address: &str) -> Result<State, String> {
    let options = Options { timeout: ANSWER_TIMEOUT, ..Options::default() };
    let mut connection = Connection::connect_with(address, &options).map_err(|error| error.to_string())?;
    let result = connection
        .query(
            "SELECT @@server_id, @@quorate_role, @@quorate_serving, @@quorate_term, @@quorate_leader, \
             @@quorate_commit_index, @@quorate_cluster_id",
        )
        .map_err(|error| error.to_string())?;
    let uptime = connection.query("SHOW GLOBAL STATUS LIKE 'Uptime'").map_err(|error| error.to_string())?;
    let text = |column| result.text(0, column).unwrap_or_default();
    let number = |column| text(column).parse().unwrap_or(0);
    Ok(State {
        node_id: number(0),
        role: text(1),
        serving: number(2) != 0,
        term: number(3),
        leader: text(4),
        commit_index: number(5),
        cluster_id: text(6),
        uptime_seconds: uptime.text(0, 1).and_then(|seconds| seconds.parse().ok()).unwrap_or(0),
    })
}

impl Nodes {
    fn ask(&self) -> Vec<Report> {
        std::thread::scope(|scope| {
            let asked: Vec<_> = self.nodes.iter().map(|address| scope.spawn(|| ask(address))).collect();
            asked.into_iter().filter_map(|answer| answer.join().ok()).collect()
        })
    }
}

/// The serving leader of the highest term.
fn leader(reports: &[Report]) -> Option<&Report> {
    let serving = reports.iter().filter(|report| report.state.as_ref().is_some_and(|state| state.serving));
    serving.max_by_key(|report| report.state.as_ref().map_or(0, |state| state.term))
}

impl Status {
    /// Asks and prints.
    ///
    /// # Errors
    /// Never; unreachable nodes are part of the answer.
    pub fn run(self) -> Result<ExitCode, String> {
        let reports = self.nodes.ask();
        let leader = leader(&reports);
        let reachable = reports.iter().filter(|report| report.reachable).count();
        let majority = reports.len() / 2 + 1;
        let margin = reachable.checked_sub(majority);
        if self.json {
            let value = serde_json::json!({
                "healthy": leader.is_some(),
                "leader": leader.map(|report| report.address.clone()),
                "survives_failures": if leader.is_some() { margin } else { None },
                "nodes": reports,
            });
            println!("{}", serde_json::to_string_pretty(&value).map_err(|error| error.to_string())?);
        } else {
            let verdict = match (leader, margin) {
                (Some(report), Some(margin)) => {
                    let failures = if margin == 1 { "failure" } else { "failures" };
                    format!(
                        "The cluster serves; the leader is {}; it can tolerate {margin} more {failures}.",
                        report.address
                    )
                }
                (Some(report), None) => {
                    format!("{} says that it leads, but most nodes do not answer.", report.address)
                }
                (None, Some(_)) => "No leader serves: an election is running.".into(),
                (None, None) => format!(
                    "No leader serves: {reachable} of {} nodes answer, {majority} are needed.",
                    reports.len()
                ),
            };
            println!("{verdict}\n");
            println!(
                "{:<22} {:>4} {:<13} {:>6} {:>12} {:>9}",
                "ADDRESS", "NODE", "ROLE", "TERM", "APPLIED", "UPTIME"
            );
            for report in &reports {
                match &report.state {
                    Some(state) => println!(
                        "{:<22} {:>4} {:<13} {:>6} {:>12} {:>8}s",
                        report.address,
                        state.node_id,
                        state.role,
                        state.term,
                        state.commit_index,
                        state.uptime_seconds
                    ),
                    None => println!(
                        "{:<22}    - unreachable   {}",
                        report.address,
                        report.error.as_deref().unwrap_or("")
                    ),
                }
            }
        }
        Ok(if leader.is_some() { ExitCode::SUCCESS } else { ExitCode::from(1) })
    }
}

impl Leader {
    /// Asks and prints the address alone.
    ///
    /// # Errors
    /// When no node serves as leader.
    pub fn run(self) -> Result<ExitCode, String> {
        let reports = self.nodes.ask();
        let found = leader(&reports).ok_or("no leader serves; see `quorate status`")?;
        println!("{}", found.address);
        Ok(ExitCode::SUCCESS)
    }
}
