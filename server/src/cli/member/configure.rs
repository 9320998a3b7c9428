//! `quorate member configure`: weight, sync, source and addresses of a member.
//!
//! Each kind of setting is a change of its own, made in the order addresses, vote, source; the first one refused ends the command, and the
//! message says what was done before it.

use std::process::ExitCode;

use serde_json::json;

use super::{MemberRow, Target, read_members};
use crate::cli::nodes::{Addresses, NodeName, quoted};
use crate::cli::outcome::{Done, finish};

/// Where a learner is fed from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    Leader,
    Node(NodeName),
}

fn parse_source(text: &str) -> Result<Source, String> {
    if text.eq_ignore_ascii_case("leader") {
        return Ok(Source::Leader);
    }
    NodeName::parse(text).map(Source::Node).map_err(|error| format!("{error}; or the word leader"))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Switch {
    On,
    Off,
}

/// Change a node's settings
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("setting").required(true).multiple(true)))]
pub(super) struct Configure {
    /// The node, by its id or an address
    #[arg(value_parser = NodeName::parse)]
    node: NodeName,
    /// Election weight of a voter, 0 to 9: the highest leads first, 0 never
    #[arg(long, group = "setting", value_parser = clap::value_parser!(u8).range(0..=9))]
    weight: Option<u8>,
    /// Whether commits wait for this voter
    #[arg(long, group = "setting", value_enum)]
    strong_sync: Option<Switch>,
    /// Which node feeds this learner: a node, or the word leader
    #[arg(long, group = "setting", value_parser = parse_source)]
    source: Option<Source>,
    /// Nodes that this learner turns to when its source is silent, separated by commas; an empty text for none
    #[arg(long, group = "setting", value_delimiter = ',', num_args = 1, value_parser = parse_group_member)]
    source_group: Option<Vec<Option<NodeName>>>,
    /// Where the node is from now on, as PEER_HOST:PORT/CLIENT_HOST:PORT
    #[arg(long, group = "setting", value_parser = Addresses::parse)]
    address: Option<Addresses>,
    #[command(flatten)]
    target: Target,
}

/// A node of a group; nothing for the empty text.
fn parse_group_member(text: &str) -> Result<Option<NodeName>, String> {
    if text.is_empty() { Ok(None) } else { NodeName::parse(text).map(Some) }
}

impl Configure {
    pub(super) fn run(self) -> Result<ExitCode, String> {
        finish(self.target.json, self.configure())
    }

    fn configure(&self) -> Result<Done, String> {
        let current = if self.needs_current() { Some(self.current()?) } else { None };
        let statements = self.statements(current.as_ref());
        for (done, (what, statement)) in statements.iter().enumerate() {
            self.target.nodes.call(statement).map_err(|failed| {
                let before: Vec<&str> = statements[..done].iter().map(|(what, _)| *what).collect();
                if before.is_empty() {
                    failed.message
                } else {
                    format!(
                        "{what} was refused: {}; changed before that: {}",
                        failed.message,
                        before.join(", ")
                    )
                }
            })?;
        }
        let changed: Vec<&str> = statements.iter().map(|(what, _)| *what).collect();
        Ok(Done {
            text: format!("{} has a new {}.", self.node, changed.join(" and ")),
            value: json!({ "node": self.node.to_string(), "changed": changed }),
        })
    }

    /// One half of a pair that is set together was left out.
    fn needs_current(&self) -> bool {
        (self.strong_sync.is_some() && self.weight.is_none())
            || (self.source.is_some() != self.source_group.is_some())
    }

    /// The member as it is, for what is to stay.
    fn current(&self) -> Result<MemberRow, String> {
        let (_, mut leader) = self.target.nodes.leader()?;
        // After a change of address the old one is not known any more.
        let members = read_members(&mut leader)?;
        let found = members.into_iter().find(|member| member.is(&self.node));
        found.ok_or_else(|| format!("there is no member {}; see `quorate member list`", self.node))
    }

    /// The calls, each with the name of what it sets.
    fn statements(&self, current: Option<&MemberRow>) -> Vec<(&'static str, String)> {
        let mut statements = Vec::new();
        let mut node = self.node.literal();
        if let Some(Addresses { peer, client }) = &self.address {
            let call =
                format!("CALL dbms_consensus.change_address({node}, {}, {})", quoted(peer), quoted(client));
            statements.push(("address", call));
            if matches!(self.node, NodeName::Address(_)) {
                // It is known by the new one from here on.
                node = quoted(peer);
            }
        }
        if self.weight.is_some() || self.strong_sync.is_some() {
            let weight = self.weight.map(u64::from).or(current.map(|member| member.weight)).unwrap_or(0);
            let sync = self.strong_sync.map_or(String::new(), |switch| match switch {
                Switch::On => ", 1".into(),
                Switch::Off => ", 0".into(),
            });
            let what = match (self.weight, self.strong_sync) {
                (Some(_), Some(_)) => "weight and sync",
                (None, _) => "sync",
                (Some(_), None) => "weight",
            };
            statements
                .push((what, format!("CALL dbms_consensus.configure_follower({node}, {weight}{sync})")));
        }
        if self.source.is_some() || self.source_group.is_some() {
            statements.push(("source", self.source_statement(&node, current)));
        }
        statements
    }

    fn source_statement(&self, node: &str, current: Option<&MemberRow>) -> String {
        let source = match &self.source {
            Some(Source::Leader) => "NULL".to_owned(),
            Some(Source::Node(name)) => name.literal(),
            None => match current.and_then(|member| member.source) {
                Some(id) => id.to_string(),
                None => "NULL".to_owned(),
            },
        };
        let group: Vec<String> = match &self.source_group {
            Some(names) => names.iter().flatten().map(plain).collect(),
            None => {
                current.map_or(Vec::new(), |member| member.source_group.iter().map(u64::to_string).collect())
            }
        };
        format!("CALL dbms_consensus.configure_learner({node}, {source}, {})", quoted(&group.join(",")))
    }
}

/// A node in the text of a group.
fn plain(name: &NodeName) -> String {
    match name {
        NodeName::Id(id) => id.to_string(),
        NodeName::Address(address) => address.clone(),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::list::tests::four;
    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        configure: Configure,
    }

    fn parse(line: &str) -> Result<Configure, clap::Error> {
        Line::try_parse_from(std::iter::once("configure").chain(line.split(' '))).map(|line| line.configure)
    }

    fn calls(line: &str, current: Option<&MemberRow>) -> Vec<String> {
        let calls = parse(line).unwrap().statements(current);
        calls.into_iter().map(|(_, call)| call.replace("CALL dbms_consensus.", "")).collect()
    }

    #[test]
    fn each_setting_has_its_procedure() {
        assert_eq!(calls("2 --weight 9", None), ["configure_follower(2, 9)"]);
        assert_eq!(calls("n2 --weight 0 --strong-sync on", None), ["configure_follower(2, 0, 1)"]);
        assert_eq!(
            calls("4 --source 2 --source-group n3,h:4101", None),
            ["configure_learner(4, 2, '3,h:4101')"]
        );
        assert_eq!(calls("4 --address h:1/h:2", None), ["change_address(4, 'h:1', 'h:2')"]);
    }

    #[test]
    fn what_is_not_named_stays() {
        let members = four();
        let sync = parse("2 --strong-sync off").unwrap();
        assert!(sync.needs_current());
        assert_eq!(calls("2 --strong-sync off", Some(&members[1])), ["configure_follower(2, 5, 0)"]);
        assert_eq!(calls("4 --source leader", Some(&members[3])), ["configure_learner(4, NULL, '3,1')"]);
        assert_eq!(calls("4 --source-group 1", Some(&members[3])), ["configure_learner(4, 2, '1')"]);
        assert!(!parse("2 --weight 3").unwrap().needs_current());
    }

    #[test]
    fn a_group_can_be_emptied() {
        let line = ["configure", "4", "--source", "leader", "--source-group", ""];
        let configure = Line::try_parse_from(line).unwrap().configure;
        assert_eq!(configure.statements(None)[0].1, "CALL dbms_consensus.configure_learner(4, NULL, '')");
    }

    #[test]
    fn after_a_new_address_the_node_is_called_by_it() {
        assert_eq!(
            calls("h:4102 --address h:1/h:2 --weight 7", None),
            ["change_address('h:4102', 'h:1', 'h:2')", "configure_follower('h:1', 7)"]
        );
    }

    #[test]
    fn nonsense_is_a_usage_error() {
        for line in
            ["2", "2 --weight 10", "2 --strong-sync maybe", "x --weight 1", "2 --address h:1", "2 --source x"]
        {
            assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
        }
    }
}
