//! `quorate status` and `quorate leader`: ask every node what it knows.

use std::collections::BTreeSet;
use std::process::ExitCode;

use client::blocking::{Connection, Options};
use serde::Serialize;

use super::member::{MemberRow, read_members};
use super::nodes::{ANSWER_TIMEOUT, Nodes};

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

fn ask(address: &str, options: &Options) -> Report {
    match ask_state(address, options) {
        Ok(state) => Report { address: address.into(), reachable: true, error: None, state: Some(state) },
        Err(error) => Report { address: address.into(), reachable: false, error: Some(error), state: None },
    }
}

fn ask_state(address: &str, options: &Options) -> Result<State, String> {
    let mut connection = Connection::connect_with(address, options).map_err(|error| error.to_string())?;
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

/// All nodes that were named, and a leader that they name and that was not.
fn ask_all(nodes: &Nodes, options: &Options) -> Vec<Report> {
    let mut reports = ask_named(nodes, options);
    let named: BTreeSet<String> =
        reports.iter().filter_map(|report| report.state.as_ref()).map(|state| state.leader.clone()).collect();
    for leader in named.iter().filter(|leader| !leader.is_empty() && !nodes.nodes.contains(leader)) {
        let report = ask(leader, options);
        let id = |report: &Report| report.state.as_ref().map(|state| state.node_id);
        // It may have been named by another name of its machine.
        if report.reachable && reports.iter().all(|known| id(known) != id(&report)) {
            reports.push(report);
        }
    }
    reports
}

fn ask_named(nodes: &Nodes, options: &Options) -> Vec<Report> {
    std::thread::scope(|scope| {
        let asked: Vec<_> = nodes.nodes.iter().map(|address| scope.spawn(|| ask(address, options))).collect();
        asked.into_iter().filter_map(|answer| answer.join().ok()).collect()
    })
}

/// The serving leader of the highest term.
fn leader(reports: &[Report]) -> Option<&Report> {
    let serving = reports.iter().filter(|report| report.state.as_ref().is_some_and(|state| state.serving));
    serving.max_by_key(|report| report.state.as_ref().map_or(0, |state| state.term))
}

/// The members, as the leader knows them.
fn members(leader: &str, options: &Options) -> Option<Vec<MemberRow>> {
    let mut connection = Connection::connect_with(leader, options).ok()?;
    read_members(&mut connection).ok().filter(|members| !members.is_empty())
}

/// Who can make up a majority.
#[derive(Debug, PartialEq, Eq)]
struct Votes {
    voters: usize,
    /// Voters that answer here, or are heard by the leader.
    reachable: usize,
}

/// Without a leader that says who has a vote, every node that was named counts.
fn votes(reports: &[Report], members: Option<&[MemberRow]>) -> Votes {
    let answered = reports.iter().filter(|report| report.reachable);
    let Some(members) = members else {
        return Votes { voters: reports.len(), reachable: answered.count() };
    };
    let answered: BTreeSet<u64> =
        answered.filter_map(|report| report.state.as_ref()).map(|state| state.node_id).collect();
    let named = |member: &MemberRow| {
        reports.iter().any(|report| member.client_address.as_ref() == Some(&report.address))
    };
    let is_reachable = |member: &&MemberRow| {
        answered.contains(&member.id) || (!named(member) && member.connected == Some(true))
    };
    let voters = || members.iter().filter(|member| member.is_voter());
    Votes { voters: voters().count(), reachable: voters().filter(is_reachable).count() }
}

impl Status {
    /// Asks and prints.
    ///
    /// # Errors
    /// Never; unreachable nodes are part of the answer.
    pub fn run(self) -> Result<ExitCode, String> {
        let options = self.nodes.login.options(ANSWER_TIMEOUT)?;
        let reports = ask_all(&self.nodes, &options);
        let leader = leader(&reports);
        let members = leader.and_then(|leader| members(&leader.address, &options));
        let Votes { voters, reachable } = votes(&reports, members.as_deref());
        let majority = voters / 2 + 1;
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
                (None, None) => {
                    format!("No leader serves: {reachable} of {voters} nodes answer, {majority} are needed.")
                }
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
        let options = self.nodes.login.options(ANSWER_TIMEOUT)?;
        let reports = ask_all(&self.nodes, &options);
        let found = leader(&reports).ok_or("no leader serves; see `quorate status`")?;
        println!("{}", found.address);
        Ok(ExitCode::SUCCESS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(id: u64, is_reachable: bool) -> Report {
        let state = State {
            node_id: id,
            role: "follower".into(),
            serving: false,
            term: 1,
            leader: String::new(),
            commit_index: 1,
            cluster_id: String::new(),
            uptime_seconds: 1,
        };
        Report {
            address: format!("h:{id}"),
            reachable: is_reachable,
            error: None,
            state: is_reachable.then_some(state),
        }
    }

    fn member(id: u64, role: &str, connected: bool) -> MemberRow {
        MemberRow {
            id,
            role: role.into(),
            client_address: Some(format!("h:{id}")),
            connected: Some(connected),
            ..MemberRow::default()
        }
    }

    #[test]
    fn only_voters_make_a_majority() {
        let members = [
            member(1, "leader", true),
            member(2, "follower", true),
            member(3, "logger", true),
            member(4, "learner", true),
        ];
        let all = [report(1, true), report(2, true), report(3, false), report(4, true)];
        assert_eq!(votes(&all, Some(&members)), Votes { voters: 3, reachable: 2 });
        // A voter that was not named is what the leader says.
        assert_eq!(votes(&all[..1], Some(&members)), Votes { voters: 3, reachable: 3 });
        assert_eq!(votes(&all, None), Votes { voters: 4, reachable: 3 });
    }
}
