//! `quorate member list`: the members as the leader knows them.

use std::process::ExitCode;

use client::blocking::{Connection, QueryResult};
use serde::Serialize;

use super::Target;
use crate::cli::nodes::NodeName;
use crate::cli::table;

/// The members, and how many entries each lacks of the leader's log.
const MEMBERS_QUERY: &str = "SELECT * FROM information_schema.QUORATE_CLUSTER_MEMBERS";
const HEALTH_QUERY: &str = "SELECT SERVER_ID, LOG_DELAY_NUM FROM information_schema.ALISQL_CLUSTER_HEALTH";

/// Say who the members are
#[derive(Debug, clap::Args)]
pub(super) struct List {
    #[command(flatten)]
    target: Target,
}

/// One member. What the leader does not know is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(in crate::cli) struct MemberRow {
    pub(in crate::cli) id: u64,
    /// leader, follower, candidate, logger or learner.
    pub(in crate::cli) role: String,
    /// Keeps the log and no tables.
    pub(in crate::cli) log_only: bool,
    pub(in crate::cli) weight: u64,
    pub(in crate::cli) strong_sync: bool,
    /// Commits do not wait for it at the moment, although it is strong.
    pub(in crate::cli) degraded: Option<bool>,
    /// Which node feeds it; none: the leader.
    pub(in crate::cli) source: Option<u64>,
    /// Where it turns when that one is silent.
    pub(in crate::cli) source_group: Vec<u64>,
    pub(in crate::cli) peer_address: String,
    pub(in crate::cli) client_address: Option<String>,
    /// Last entry that it has on disk.
    pub(in crate::cli) matched: Option<u64>,
    /// Last entry that its tables have.
    pub(in crate::cli) applied: Option<u64>,
    /// Entries of the leader's log that it does not have.
    pub(in crate::cli) lag: Option<u64>,
    pub(in crate::cli) connected: Option<bool>,
    /// Milliseconds since it was last heard.
    pub(in crate::cli) silent_ms: Option<u64>,
}

impl MemberRow {
    /// Whether this is the node that is meant.
    pub(in crate::cli) fn is(&self, name: &NodeName) -> bool {
        match name {
            NodeName::Id(id) => self.id == *id,
            NodeName::Address(address) => {
                self.peer_address == *address || self.client_address.as_ref() == Some(address)
            }
        }
    }

    /// Has a vote.
    pub(in crate::cli) fn is_voter(&self) -> bool {
        self.role != "learner"
    }
}

/// Asks the leader for the members.
///
/// # Errors
/// When it does not answer.
pub(in crate::cli) fn read_members(leader: &mut Connection) -> Result<Vec<MemberRow>, String> {
    let mut ask = |sql| leader.query(sql).map_err(|error| error.to_string());
    let members = ask(MEMBERS_QUERY)?;
    let health = ask(HEALTH_QUERY)?;
    Ok(member_rows(&members, &health))
}

/// The rows of both answers, by the names of their columns.
fn member_rows(members: &QueryResult, health: &QueryResult) -> Vec<MemberRow> {
    let lag = |id: u64| {
        let row = (0..health.rows.len()).find(|row| number(health, *row, "SERVER_ID") == Some(id))?;
        number(health, row, "LOG_DELAY_NUM")
    };
    let member = |row: usize| {
        let id = number(members, row, "SERVER_ID").unwrap_or(0);
        let is_yes = |column| flag(members, row, column);
        let group = text(members, row, "SOURCE_GROUP").unwrap_or_default();
        MemberRow {
            id,
            role: text(members, row, "ROLE").unwrap_or_default().to_lowercase(),
            log_only: is_yes("LOG_ONLY").unwrap_or(false),
            weight: number(members, row, "ELECTION_WEIGHT").unwrap_or(0),
            strong_sync: is_yes("STRONG_SYNC").unwrap_or(false),
            degraded: is_yes("DEGRADED"),
            source: number(members, row, "SOURCE").filter(|source| *source != 0),
            source_group: group.split(',').filter_map(|id| id.trim().parse().ok()).collect(),
            peer_address: text(members, row, "PEER_ADDRESS").unwrap_or_default(),
            client_address: text(members, row, "SQL_ADDRESS"),
            matched: number(members, row, "MATCH_INDEX"),
            applied: number(members, row, "APPLIED_INDEX"),
            lag: lag(id),
            connected: is_yes("CONNECTED"),
            silent_ms: number(members, row, "SILENT_MS"),
        }
    };
    (0..members.rows.len()).map(member).collect()
}

fn text(result: &QueryResult, row: usize, name: &str) -> Option<String> {
    let column = result.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name))?;
    result.text(row, column)
}

fn number(result: &QueryResult, row: usize, name: &str) -> Option<u64> {
    text(result, row, name)?.parse().ok()
}

fn flag(result: &QueryResult, row: usize, name: &str) -> Option<bool> {
    Some(text(result, row, name)?.eq_ignore_ascii_case("yes"))
}

/// The table for people.
fn as_table(members: &[MemberRow]) -> String {
    let headings = [
        "NODE",
        "ROLE",
        "WEIGHT",
        "SYNC",
        "SOURCE",
        "PEER ADDRESS",
        "CLIENT ADDRESS",
        "MATCHED",
        "APPLIED",
        "LAG",
        "CONNECTED",
    ];
    let known = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
    let row = |member: &MemberRow| {
        vec![
            format!("n{}", member.id),
            member.role.clone(),
            member.weight.to_string(),
            match (member.strong_sync, member.degraded) {
                (true, Some(true)) => "strong (degraded)".to_owned(),
                (true, Some(false) | None) => "strong".to_owned(),
                (false, _) => "-".to_owned(),
            },
            source(member),
            member.peer_address.clone(),
            member.client_address.clone().unwrap_or_else(|| "-".into()),
            known(member.matched),
            known(member.applied),
            known(member.lag),
            match member.connected {
                Some(true) => "yes".to_owned(),
                Some(false) => {
                    member.silent_ms.map_or("no".into(), |silent_ms| format!("no, {} s", silent_ms / 1_000))
                }
                None => "-".to_owned(),
            },
        ]
    };
    table::render(&headings, &members.iter().map(row).collect::<Vec<_>>())
}

/// Only learners have one.
fn source(member: &MemberRow) -> String {
    if member.is_voter() {
        return "-".into();
    }
    let mut text = member.source.map_or_else(|| "leader".to_owned(), |source| format!("n{source}"));
    if !member.source_group.is_empty() {
        let others: Vec<String> = member.source_group.iter().map(|id| format!("n{id}")).collect();
        text.push_str(&format!(" (else {})", others.join(", ")));
    }
    text
}

impl List {
    pub(super) fn run(self) -> Result<ExitCode, String> {
        let read = self
            .target
            .nodes
            .leader()
            .and_then(|(leader, mut connection)| Ok((leader, read_members(&mut connection)?)));
        if !self.target.json {
            print!("{}", as_table(&read?.1));
            return Ok(ExitCode::SUCCESS);
        }
        let (value, code) = match read {
            Ok((leader, members)) => {
                let leader = serde_json::json!({ "id": leader.id, "client_address": leader.address });
                (serde_json::json!({ "leader": leader, "members": members }), 0)
            }
            Err(error) => (serde_json::json!({ "error": error }), 1),
        };
        println!("{value:#}");
        Ok(ExitCode::from(code))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use client::blocking::Column;

    use super::*;

    fn result(names: &[&str], rows: &[&[&str]]) -> QueryResult {
        let column = |name: &&str| Column { name: (*name).to_owned(), ..Column::default() };
        let cell = |text: &&str| (*text != "NULL").then(|| text.as_bytes().to_vec());
        QueryResult {
            columns: names.iter().map(column).collect(),
            rows: rows.iter().map(|row| row.iter().map(cell).collect()).collect(),
            ..QueryResult::default()
        }
    }

    #[rustfmt::skip]
    pub(in crate::cli::member) fn four() -> Vec<MemberRow> {
        let members = result(
            &["SERVER_ID", "PEER_ADDRESS", "SQL_ADDRESS", "ROLE", "LOG_ONLY", "ELECTION_WEIGHT", "STRONG_SYNC", "DEGRADED",
              "SOURCE", "SOURCE_GROUP", "MATCH_INDEX", "APPLIED_INDEX", "CONNECTED", "SILENT_MS"],
            &[
                &["1", "h:4101", "h:4001", "Leader", "No", "9", "No", "NULL", "NULL", "", "120", "119", "Yes", "0"],
                &["2", "h:4102", "h:4002", "Follower", "No", "5", "Yes", "Yes", "NULL", "", "100", "98", "No", "4500"],
                &["3", "h:4103", "NULL", "Logger", "Yes", "1", "No", "NULL", "NULL", "", "120", "NULL", "Yes", "12"],
                &["4", "h:4104", "h:4004", "Learner", "No", "5", "No", "NULL", "2", "3,1", "NULL", "NULL", "NULL", "NULL"],
            ],
        );
        let health = result(&["SERVER_ID", "LOG_DELAY_NUM"], &[&["2", "20"], &["1", "0"], &["4", "NULL"], &["3", "0"]]);
        member_rows(&members, &health)
    }

    #[test]
    fn the_table_shows_each_member_aligned() {
        assert_eq!(
            as_table(&four()),
            "\
NODE  ROLE      WEIGHT  SYNC               SOURCE            PEER ADDRESS  CLIENT ADDRESS  MATCHED  APPLIED  LAG  CONNECTED
n1    leader         9  -                  -                 h:4101        h:4001              120      119    0  yes
n2    follower       5  strong (degraded)  -                 h:4102        h:4002              100       98   20  no, 4 s
n3    logger         1  -                  -                 h:4103        -                   120        -    0  yes
n4    learner        5  -                  n2 (else n3, n1)  h:4104        h:4004                -        -    -  -
"
        );
    }

    #[test]
    fn programs_get_numbers_and_null() {
        let value = serde_json::to_value(four()).unwrap();
        assert_eq!(value[1]["lag"], 20);
        assert_eq!(value[1]["degraded"], true);
        assert_eq!(value[3]["source_group"], serde_json::json!([3, 1]));
        assert!(value[3]["matched"].is_null() && value[2]["client_address"].is_null(), "{value}");
    }

    #[test]
    fn a_node_is_found_by_id_and_by_either_address() {
        let is = |text: &str| {
            let name = NodeName::parse(text).unwrap();
            four().iter().filter(|member| member.is(&name)).map(|member| member.id).collect::<Vec<_>>()
        };
        assert_eq!((is("2"), is("h:4103"), is("h:4001"), is("h:9")), (vec![2], vec![3], vec![1], vec![]));
    }
}
