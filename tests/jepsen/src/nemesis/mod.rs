//! What hurts the cluster.
//!
//! A [`Nemesis`] says what happens next; a [`Step`] is that, as data that stands in the history, and carries it out. Steps come
//! from a seed and from how the cluster is at the time ([`View`]), so that a run is repeated as far as the cluster's own behaviour is.
//! A nemesis makes *scripts* ([`script`]): a fault, for how long, and its end. Faults of one nemesis do not overlap; those of `all` do.
//!
//! Names of steps are those of Jepsen's `nemesis.combined`: `kill`/`start`, `pause`/`resume`, `start-X`/`stop-X`; anything else is a moment.
//!
//! Left out: faults of memory and processor time, and damage to what is on disk and synced.

mod action;
mod all;
mod clock;
mod crash;
mod disk;
mod membership;
mod partition;
mod script;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::edn::Value;
use crate::hosts::{Cluster, Error, JoinAs, Member};

pub use action::Action;
use all::All;
use clock::Clock;
use crash::{Kill, Pause};
use disk::Disk;
use membership::Membership;
use partition::Partition;
use script::Scripted;

/// The names that [`by_name`] takes.
pub const NAMES: [&str; 8] = ["none", "partition", "kill", "pause", "clock", "disk", "membership", "all"];

/// Something that hurts the cluster, again and again.
pub trait Nemesis: Send {
    /// What happens next, to a cluster that is like this.
    fn next(&mut self, view: &View) -> Step;

    /// At the end: nothing is broken any more, as far as it can be mended at once. What came of it. (Then [`Cluster::heal`] waits.)
    fn heal(&mut self, cluster: &Cluster) -> Value {
        Action::Heal.perform(cluster)
    }
}

/// What happens, and how long it is until the next step.
#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    /// What happens.
    pub action: Action,
    /// From then until the next step.
    pub pause: Duration,
}

impl Step {
    /// The step's `:f`.
    #[must_use]
    pub fn function(&self) -> &'static str {
        self.action.function()
    }

    /// The step's `:value` as it begins.
    #[must_use]
    pub fn value(&self) -> Value {
        self.action.value()
    }

    /// Whether it stands in a history: nothing happening does not.
    #[must_use]
    pub fn is_recorded(&self) -> bool {
        self.action != Action::Nothing
    }

    /// Does it; what came of it, the `:value` of its end. Where it failed, `{:error "why"}`.
    #[must_use]
    pub fn perform(&self, cluster: &Cluster) -> Value {
        self.action.perform(cluster)
    }
}

/// A cluster as a nemesis sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct View {
    /// Ids of the nodes, ascending, those included that do not run.
    pub nodes: Vec<u64>,
    /// Who leads, if anybody does.
    pub leader: Option<u64>,
    /// The members as the cluster shows them; empty when nobody answers.
    pub members: Vec<Member>,
    /// The region of each node.
    pub regions: BTreeMap<u64, u8>,
    /// The data folders are on the layer that fails.
    pub has_disk: bool,
    /// Nodes have clocks of their own.
    pub has_clock: bool,
}

impl View {
    /// As it is now.
    #[must_use]
    pub fn of(cluster: &Cluster) -> View {
        let nodes = cluster.nodes();
        View {
            leader: cluster.leader(),
            members: cluster.members().unwrap_or_default(),
            regions: nodes.iter().filter_map(|id| Some((*id, cluster.region(*id)?))).collect(),
            has_disk: cluster.plan().disk.is_some(),
            has_clock: cluster.plan().clock,
            nodes,
        }
    }

    /// The voters as the cluster shows them.
    fn voters(&self) -> Vec<u64> {
        self.members.iter().filter(|member| member.is_voter).map(|member| member.id).collect()
    }

    /// The learners as the cluster shows them.
    fn learners(&self) -> Vec<u64> {
        self.members.iter().filter(|member| !member.is_voter).map(|member| member.id).collect()
    }
}

/// Nothing happens.
struct Quiet;

impl Nemesis for Quiet {
    fn next(&mut self, _view: &View) -> Step {
        Step { action: Action::Nothing, pause: Duration::from_secs(1) }
    }
}

/// The nemesis of a name.
///
/// # Errors
/// When there is none, with the names that there are.
pub fn by_name(name: &str, seed: u64) -> Result<Box<dyn Nemesis>, Error> {
    match name {
        "none" => Ok(Box::new(Quiet)),
        "partition" => Ok(Box::new(Scripted::new(Partition, seed))),
        "kill" => Ok(Box::new(Scripted::new(Kill, seed))),
        "pause" => Ok(Box::new(Scripted::new(Pause, seed))),
        "clock" => Ok(Box::new(Scripted::new(Clock, seed))),
        "disk" => Ok(Box::new(Scripted::new(Disk, seed))),
        "membership" => Ok(Box::new(Scripted::new(Membership, seed))),
        "all" => Ok(Box::new(All::new(seed))),
        other => Err(Error::Plan(format!("there is no nemesis {other}; there are {}", NAMES.join(", ")))),
    }
}

/// What a plan must have for a nemesis: a disk layer, clocks.
#[must_use]
pub fn needs(name: &str) -> (bool, bool) {
    (matches!(name, "disk" | "all"), matches!(name, "clock" | "all"))
}
