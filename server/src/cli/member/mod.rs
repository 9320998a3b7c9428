//! `quorate member`: who belongs to the cluster, and changes of that, by way of any node.
//!
//! Every change is a `CALL dbms_consensus.…` that the node hands to the leader, and one entry in the log. Asked for again when it
//! is done already, nothing happens.

mod change;
mod configure;
mod list;

use std::process::ExitCode;

pub(super) use self::list::{MemberRow, read_members};
use super::nodes::Nodes;

/// Say who belongs to a cluster, or change it
#[derive(Debug, clap::Args)]
pub struct Member {
    #[command(subcommand)]
    action: Action,
}

/// Which cluster, and how to answer.
#[derive(Debug, clap::Args)]
struct Target {
    #[command(flatten)]
    nodes: Nodes,
    /// As JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Say who the members are and how far each one is, as the leader knows it
    List(list::List),
    /// Add a node; it is then started with `quorate start --join`
    Add(change::Add),
    /// Give a learner a vote; refused while it is far behind
    Promote(change::Promote),
    /// Take a voter's vote: it becomes a learner
    Demote(change::Demote),
    /// Remove a node for good; its id is never used again
    Remove(change::Remove),
    /// Change a node's weight, sync, source or addresses
    Configure(configure::Configure),
}

impl Member {
    /// Carries it out.
    ///
    /// # Errors
    /// Why it was refused or failed.
    pub fn run(self) -> Result<ExitCode, String> {
        match self.action {
            Action::List(list) => list.run(),
            Action::Add(add) => add.run(),
            Action::Promote(promote) => promote.run(),
            Action::Demote(demote) => demote.run(),
            Action::Remove(remove) => remove.run(),
            Action::Configure(configure) => configure.run(),
        }
    }
}
