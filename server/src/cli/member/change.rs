//! `quorate member add`, `promote`, `demote`, `remove`.

use std::process::ExitCode;

use client::blocking::QueryResult;
use serde_json::json;

use super::{MemberRow, Target, read_members};
use crate::cli::nodes::{Addresses, NodeName, Nodes, quoted};
use crate::cli::outcome::{Done, finish};

/// As what a node is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum AddAs {
    /// Without a vote
    Learner,
    /// With a vote, once it has caught up
    Voter,
    /// With a vote, once it has caught up, and without tables
    Logger,
}

impl AddAs {
    fn procedure(self) -> &'static str {
        match self {
            AddAs::Learner => "add_learner",
            AddAs::Voter => "add_follower",
            AddAs::Logger => "add_logger",
        }
    }

    /// As `quorate start --as` takes it.
    fn word(self) -> &'static str {
        match self {
            AddAs::Learner => "learner",
            AddAs::Voter => "voter",
            AddAs::Logger => "logger",
        }
    }
}

/// Add a node
#[derive(Debug, clap::Args)]
pub(super) struct Add {
    /// Where the node will be, as PEER_HOST:PORT/CLIENT_HOST:PORT
    #[arg(value_parser = Addresses::parse)]
    addresses: Addresses,
    /// As what
    #[arg(long = "as", value_enum, default_value = "learner")]
    add_as: AddAs,
    /// Its id, one that was never used [default: the lowest such]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    node_id: Option<u64>,
    #[command(flatten)]
    target: Target,
}

/// Give a learner a vote
#[derive(Debug, clap::Args)]
pub(super) struct Promote {
    /// The learner, by its id or an address
    #[arg(value_parser = NodeName::parse)]
    node: NodeName,
    #[command(flatten)]
    target: Target,
}

/// Take a voter's vote
#[derive(Debug, clap::Args)]
pub(super) struct Demote {
    /// The voter, by its id or an address
    #[arg(value_parser = NodeName::parse)]
    node: NodeName,
    #[command(flatten)]
    target: Target,
}

/// Remove a node
#[derive(Debug, clap::Args)]
pub(super) struct Remove {
    /// The node, by its id or an address
    #[arg(value_parser = NodeName::parse)]
    node: NodeName,
    #[command(flatten)]
    target: Target,
}

impl Add {
    pub(super) fn run(self) -> Result<ExitCode, String> {
        finish(self.target.json, self.add())
    }

    fn statement(&self) -> String {
        let mut arguments = vec![quoted(&self.addresses.peer), quoted(&self.addresses.client)];
        arguments.extend(self.node_id.map(|id| id.to_string()));
        format!("CALL dbms_consensus.{}({})", self.add_as.procedure(), arguments.join(", "))
    }

    fn add(&self) -> Result<Done, String> {
        let nodes = &self.target.nodes;
        let answer = nodes.call(&self.statement()).map_err(|failed| failed.message)?;
        let members = nodes.leader().and_then(|(_, mut leader)| read_members(&mut leader));
        let id = self
            .id(&answer, members.as_deref().unwrap_or(&[]))
            .ok_or("it was added, but its id is not known yet; see `quorate member list`".to_owned())?;
        let command = self.start_command(&join_addresses(nodes, members.as_deref().unwrap_or(&[]), id));
        Ok(Done {
            text: format!(
                "n{id} was added as a {}. Start it there, with an empty data folder:\n\n  {command}",
                self.add_as.word()
            ),
            value: json!({
                "node": id,
                "as": self.add_as.word(),
                "peer_address": self.addresses.peer,
                "client_address": self.addresses.client,
                "start": command,
            }),
        })
    }

    /// The id that the procedure answered with, else the one that the members say.
    fn id(&self, answer: &QueryResult, members: &[MemberRow]) -> Option<u64> {
        let answered = answer.scalar().and_then(|id| id.parse().ok()).filter(|id| *id > 0);
        let listed = || members.iter().find(|member| member.peer_address == self.addresses.peer);
        answered.or_else(|| listed().map(|member| member.id))
    }

    fn start_command(&self, join: &[String]) -> String {
        format!(
            "quorate start --join {} --as {} --listen {} --peer-listen {} --data FOLDER",
            join.join(","),
            self.add_as.word(),
            self.addresses.client,
            self.addresses.peer
        )
    }
}

/// Where the new node asks: the client addresses of all others, or else those given here.
fn join_addresses(nodes: &Nodes, members: &[MemberRow], new: u64) -> Vec<String> {
    let others = members.iter().filter(|member| member.id != new);
    let known: Vec<String> = others.filter_map(|member| member.client_address.clone()).collect();
    if known.is_empty() { nodes.nodes.clone() } else { known }
}

impl Promote {
    pub(super) fn run(self) -> Result<ExitCode, String> {
        let said = format!("{} has a vote now.", self.node);
        call_for_node(&self.target, "promote", "upgrade_learner", &self.node, said)
    }
}

impl Demote {
    pub(super) fn run(self) -> Result<ExitCode, String> {
        let said = format!("{} is a learner now: it has no vote.", self.node);
        call_for_node(&self.target, "demote", "downgrade_follower", &self.node, said)
    }
}

impl Remove {
    pub(super) fn run(self) -> Result<ExitCode, String> {
        let said = format!(
            "{} was removed. Stop it, if it runs; should its machine come back, then as a new node with an empty data folder.",
            self.node
        );
        call_for_node(&self.target, "remove", "remove_node", &self.node, said)
    }
}

/// Calls a procedure that takes a node and nothing else.
fn call_for_node(
    target: &Target,
    action: &str,
    procedure: &str,
    node: &NodeName,
    said: String,
) -> Result<ExitCode, String> {
    let called = target.nodes.call(&format!("CALL dbms_consensus.{procedure}({})", node.literal()));
    let outcome = called
        .map_err(|failed| failed.message)
        .map(|_| Done { text: said, value: json!({ "action": action, "node": node.to_string() }) });
    finish(target.json, outcome)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::list::tests::four;
    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        add: Add,
    }

    fn add(line: &str) -> Add {
        Line::try_parse_from(std::iter::once("add").chain(line.split(' '))).unwrap().add
    }

    #[test]
    fn statements_of_add() {
        assert_eq!(add("h:4105/h:4005").statement(), "CALL dbms_consensus.add_learner('h:4105', 'h:4005')");
        assert_eq!(
            add("h:4105/h:4005 --as logger --node-id 7").statement(),
            "CALL dbms_consensus.add_logger('h:4105', 'h:4005', 7)"
        );
        assert!(add("h:1/h:2 --as voter").statement().starts_with("CALL dbms_consensus.add_follower("));
    }

    #[test]
    fn nonsense_is_a_usage_error() {
        for line in ["add", "add h:1", "add h:1/h:2 --as king", "add h:1/h:2 --node-id 0"] {
            let error = Line::try_parse_from(line.split(' ')).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{line}");
        }
    }

    #[test]
    fn the_command_to_start_the_new_node_names_the_others() {
        let add = add("h:4104/h:4004 --as voter --nodes h:4001");
        let join = join_addresses(&add.target.nodes, &four(), 4);
        assert_eq!(
            add.start_command(&join),
            "quorate start --join h:4001,h:4002 --as voter --listen h:4004 --peer-listen h:4104 --data FOLDER"
        );
        assert_eq!(join_addresses(&add.target.nodes, &[], 4), ["h:4001"]);
    }

    #[test]
    fn the_new_id_is_what_the_procedure_says_or_the_members() {
        let add = add("h:4104/h:4004");
        let answer = QueryResult { rows: vec![vec![Some(b"9".to_vec())]], ..QueryResult::default() };
        assert_eq!(add.id(&answer, &four()), Some(9));
        assert_eq!(add.id(&QueryResult::default(), &four()), Some(4));
        assert_eq!(add.id(&QueryResult::default(), &four()[..2]), None);
    }
}
