//! `quorate transfer`: hands the leadership over, waits until the new leader serves, and says how long writes had none.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::json;

use super::member::{MemberRow, read_members};
use super::nodes::{Leader, NodeName, Nodes};
use super::outcome::{Done, finish};

/// How long the new leader may take to serve, once the old one was told to hand over.
const SERVE_TIMEOUT: Duration = Duration::from_secs(15);

/// Hand the leadership over to another voter, without losing a transaction
#[derive(Debug, clap::Args)]
pub struct Transfer {
    /// The node that is to lead, by its id or an address [default: the heaviest that has caught up]
    #[arg(long, value_parser = NodeName::parse)]
    to: Option<NodeName>,
    #[command(flatten)]
    nodes: Nodes,
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl Transfer {
    /// Hands over and waits.
    ///
    /// # Errors
    /// Why it was refused, or that no new leader serves.
    pub fn run(self) -> Result<ExitCode, String> {
        finish(self.json, self.transfer())
    }

    fn transfer(&self) -> Result<Done, String> {
        let (before, mut connection) = self.nodes.leader()?;
        let members = read_members(&mut connection)?;
        drop(connection);
        let wanted = match &self.to {
            None => None,
            Some(name) => {
                let found = members.iter().find(|member| member.is(name)).map(|member| member.id);
                Some(found.ok_or_else(|| format!("there is no member {name}; see `quorate member list`"))?)
            }
        };
        if wanted == Some(before.id) {
            return Ok(done(&before, &before, Duration::ZERO, None));
        }
        // The new leader may not be among the nodes given.
        let mut everywhere = self.nodes.clone();
        everywhere.nodes.extend(members.iter().filter_map(|member| member.client_address.clone()));
        let started = Instant::now();
        let called = self.nodes.call(&statement(wanted));
        match &called {
            // The connection may be lost because it worked: look.
            Err(failed) if !failed.may_have_run => return Err(failed.message.clone()),
            Err(_) | Ok(_) => {}
        }
        let is_new = |leader: &Leader| wanted.map_or(leader.id != before.id, |wanted| leader.id == wanted);
        match (everywhere.leader_where(SERVE_TIMEOUT, is_new), called) {
            (Ok((after, _)), _) => {
                let took = started.elapsed();
                Ok(done(&before, &after, took, heavier(&members, after.id)))
            }
            (Err(_), Err(failed)) => Err(failed.message),
            (Err(error), Ok(_)) => Err(format!("the leadership was handed over, but {error}")),
        }
    }
}

fn statement(to: Option<u64>) -> String {
    let to = to.map_or_else(|| "NULL".to_owned(), |id| id.to_string());
    format!("CALL dbms_consensus.change_leader({to})")
}

/// The heaviest node that is there and weighs more than the new leader: the leadership goes on to it by itself.
fn heavier(members: &[MemberRow], leader: u64) -> Option<u64> {
    let weight = members.iter().find(|member| member.id == leader)?.weight;
    let may_lead = |member: &&MemberRow| {
        member.is_voter() && !member.log_only && member.connected == Some(true) && member.weight > weight
    };
    members.iter().filter(may_lead).max_by_key(|member| member.weight).map(|member| member.id)
}

fn done(before: &Leader, after: &Leader, took: Duration, heavier: Option<u64>) -> Done {
    let mut text = if before.id == after.id {
        format!("n{} leads already.", after.id)
    } else {
        format!(
            "n{} leads and serves at {}, {} ms after n{} was told to hand over.",
            after.id,
            after.address,
            took.as_millis(),
            before.id
        )
    };
    if let Some(id) = heavier {
        text.push_str(&format!(
            "\nn{id} weighs more and takes the leadership once it has caught up; to keep it here: \
             quorate member configure {} --weight 9",
            after.id
        ));
    }
    let value = json!({
        "from": before.id,
        "to": after.id,
        "client_address": after.address,
        "took_ms": took.as_millis() as u64,
        "heavier": heavier,
    });
    Done { text, value }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leader(id: u64) -> Leader {
        Leader { id, address: format!("h:{}", 4000 + id) }
    }

    #[test]
    fn statements() {
        assert_eq!(statement(Some(2)), "CALL dbms_consensus.change_leader(2)");
        assert_eq!(statement(None), "CALL dbms_consensus.change_leader(NULL)");
    }

    #[test]
    fn what_is_said() {
        let moved = done(&leader(1), &leader(2), Duration::from_millis(140), None);
        assert_eq!(moved.text, "n2 leads and serves at h:4002, 140 ms after n1 was told to hand over.");
        assert_eq!((&moved.value["took_ms"], &moved.value["to"]), (&140.into(), &2.into()));
        assert_eq!(done(&leader(1), &leader(1), Duration::ZERO, None).text, "n1 leads already.");
    }

    #[test]
    fn a_heavier_node_that_will_take_over_is_named() {
        let member = |id, role: &str, weight| MemberRow {
            id,
            role: role.into(),
            weight,
            log_only: role == "logger",
            connected: Some(true),
            ..MemberRow::default()
        };
        let members = [
            member(1, "leader", 5),
            member(2, "follower", 7),
            member(3, "logger", 9),
            member(4, "learner", 9),
        ];
        assert_eq!((heavier(&members, 1), heavier(&members, 2)), (Some(2), None));
        let told = done(&leader(2), &leader(1), Duration::ZERO, Some(2));
        assert!(told.text.contains("\nn2 weighs more") && told.value["heavier"] == 2, "{}", told.text);
    }
}
