//! One thing that is done to the cluster: as data, as it stands in a history, and carried out.

use std::time::Duration;

use super::JoinAs;
use crate::disk::Fault;
use crate::edn::Value;
use crate::hosts::{Cluster, End, Error, Skew};

/// See the module.
#[derive(Clone, PartialEq, Debug)]
pub enum Action {
    /// Nothing.
    Nothing,
    /// Nothing gets from the first end of each pair to the second.
    StartPartition {
        /// What the cuts are together.
        shape: &'static str,
        /// Sender and receiver.
        cut: Vec<(End, End)>,
    },
    /// All cuts are mended.
    StopPartition,
    /// Lines are bad.
    StartLink {
        /// How.
        shape: &'static str,
        /// Between which ends packets are lost.
        pairs: Vec<(End, End)>,
        /// How many, in thousandths.
        loss_per_mille: u32,
        /// How long packets take between regions.
        delay: Option<Duration>,
    },
    /// All lines are good.
    StopLink,
    /// SIGKILL to all of these at once; with a disk layer a loss of power.
    Kill {
        /// Whom.
        ids: Vec<u64>,
        /// Of what was not synced nothing survives, or, by this seed, some.
        torn: Option<u64>,
    },
    /// Those that do not run are started.
    Start(Vec<u64>),
    /// SIGSTOP.
    Pause(Vec<u64>),
    /// SIGCONT.
    Resume(Vec<u64>),
    /// Clocks are set wrong.
    StartClock(Vec<(u64, Skew)>),
    /// Clocks that are wrong are set to something else.
    BumpClock(Vec<(u64, Skew)>),
    /// All clocks are right.
    StopClock,
    /// Disks fail.
    StartDisk(Vec<(u64, Fault)>),
    /// All disks are well, and nodes that ended are started.
    StopDisk,
    /// The leadership moves, by way of a node, to another one.
    Transfer {
        /// Who is asked.
        through: u64,
        /// Who is to lead.
        to: u64,
    },
    /// A new node joins.
    AddMember(JoinAs),
    /// A member leaves.
    RemoveMember {
        /// Who is asked.
        through: u64,
        /// Who leaves.
        id: u64,
    },
    /// A learner gets a vote.
    Promote {
        /// Who is asked.
        through: u64,
        /// Who gets it.
        id: u64,
    },
    /// A voter loses its vote.
    Demote {
        /// Who is asked.
        through: u64,
        /// Who loses it.
        id: u64,
    },
    /// A voter's weight, and whether commits wait for it.
    Configure {
        /// Who is asked.
        through: u64,
        /// Which voter.
        id: u64,
        /// From 1; 0 never leads.
        weight: u8,
        /// Commits wait for it.
        is_strong: bool,
    },
    /// A node is stopped by SIGTERM, and started.
    Restart(u64),
    /// Everything is mended and started, but nothing waited for.
    Heal,
}

impl Action {
    /// Its name in a history.
    #[must_use]
    pub fn function(&self) -> &'static str {
        match self {
            Action::Nothing => "none",
            Action::StartPartition { .. } => "start-partition",
            Action::StopPartition => "stop-partition",
            Action::StartLink { .. } => "start-link",
            Action::StopLink => "stop-link",
            Action::Kill { .. } => "kill",
            Action::Start(_) => "start",
            Action::Pause(_) => "pause",
            Action::Resume(_) => "resume",
            Action::StartClock(_) => "start-clock",
            Action::BumpClock(_) => "bump-clock",
            Action::StopClock => "stop-clock",
            Action::StartDisk(_) => "start-disk",
            Action::StopDisk => "stop-disk",
            Action::Transfer { .. } => "transfer",
            Action::AddMember(_) => "add-member",
            Action::RemoveMember { .. } => "remove-member",
            Action::Promote { .. } => "promote-member",
            Action::Demote { .. } => "demote-member",
            Action::Configure { .. } => "configure-member",
            Action::Restart(_) => "restart",
            Action::Heal => "heal",
        }
    }

    /// Its arguments.
    #[must_use]
    pub fn value(&self) -> Value {
        match self {
            Action::Nothing | Action::StopPartition | Action::StopLink | Action::StopClock => Value::Nil,
            Action::StopDisk | Action::Heal => Value::Nil,
            Action::StartPartition { shape, cut } => {
                map([("shape", Value::keyword(shape)), ("cut", ends(cut))])
            }
            Action::StartLink { shape, pairs, loss_per_mille, delay } => map([
                ("shape", Value::keyword(shape)),
                ("loss-per-mille", i64::from(*loss_per_mille).into()),
                ("delay-ms", delay.map_or(Value::Nil, |delay| whole(delay.as_millis()))),
                ("pairs", ends(pairs)),
            ]),
            Action::Kill { ids, torn } => {
                let survives = torn.map_or("nothing".to_owned(), |seed| format!("some, by seed {seed}"));
                map([("nodes", nodes(ids)), ("unsynced-survives", Value::String(survives))])
            }
            Action::Start(ids) | Action::Pause(ids) | Action::Resume(ids) => nodes(ids),
            Action::StartClock(clocks) | Action::BumpClock(clocks) => by_node(clocks, Skew::to_string),
            Action::StartDisk(faults) => by_node(faults, Fault::to_string),
            Action::Transfer { through, to } => map([("through", node(*through)), ("to", node(*to))]),
            Action::AddMember(joins_as) => Value::keyword(joins_as.name()),
            Action::RemoveMember { through, id }
            | Action::Promote { through, id }
            | Action::Demote { through, id } => map([("through", node(*through)), ("node", node(*id))]),
            Action::Configure { through, id, weight, is_strong } => map([
                ("through", node(*through)),
                ("node", node(*id)),
                ("weight", i64::from(*weight).into()),
                ("strong-sync", Value::Bool(*is_strong)),
            ]),
            Action::Restart(id) => node(*id),
        }
    }

    /// Carries it out. `:done`, or what came of it, or `{:error "why not"}`; then a part may have happened.
    #[must_use]
    pub fn perform(&self, cluster: &Cluster) -> Value {
        match self.carry_out(cluster) {
            Ok(result) => result,
            Err(error) => map([("error", Value::String(error.to_string()))]),
        }
    }

    fn carry_out(&self, cluster: &Cluster) -> Result<Value, Error> {
        let done = Value::keyword("done");
        match self {
            Action::Nothing => Ok(Value::Nil),
            Action::StartPartition { cut, .. } => cluster.cut(cut).map(|()| done),
            Action::StopPartition => cluster.mend_cuts().map(|()| done),
            Action::StartLink { pairs, loss_per_mille, delay, .. } => {
                if let Some(delay) = delay {
                    cluster.set_delay(*delay);
                }
                cluster.lose(pairs, *loss_per_mille).map(|()| done)
            }
            Action::StopLink => cluster.mend_lines().map(|()| done),
            Action::Kill { ids, torn } => cluster.kill_together(ids, *torn).map(|()| done),
            Action::Start(ids) => each(ids, |id| cluster.start_node(id)),
            Action::Pause(ids) => each(ids, |id| cluster.pause(id)),
            Action::Resume(ids) => each(ids, |id| cluster.resume(id)),
            Action::StartClock(clocks) | Action::BumpClock(clocks) => {
                clocks.iter().try_for_each(|(id, skew)| cluster.set_clock(*id, *skew)).map(|()| done)
            }
            Action::StopClock => each(&cluster.nodes(), |id| cluster.set_clock(id, Skew::NONE)),
            Action::StartDisk(faults) => {
                faults.iter().try_for_each(|(id, fault)| cluster.set_fault(*id, fault)).map(|()| done)
            }
            Action::StopDisk => each(&cluster.nodes(), |id| {
                cluster.clear_disk(id)?;
                cluster.start_node(id)
            }),
            Action::Transfer { through, to } => {
                cluster.administer(*through, &format!("change_leader({to})")).map(|()| done)
            }
            Action::AddMember(joins_as) => cluster.add_node(*joins_as).map(node),
            Action::RemoveMember { through, id } => cluster.remove_node(*through, *id).map(|()| done),
            Action::Promote { through, id } => {
                cluster.administer(*through, &format!("upgrade_learner({id})")).map(|()| done)
            }
            Action::Demote { through, id } => {
                cluster.administer(*through, &format!("downgrade_follower({id})")).map(|()| done)
            }
            Action::Configure { through, id, weight, is_strong } => {
                let call = format!("configure_follower({id}, {weight}, {})", u8::from(*is_strong));
                cluster.administer(*through, &call).map(|()| done)
            }
            Action::Restart(id) => {
                let ended = cluster.stop(*id);
                cluster.start_node(*id)?;
                ended.map(Value::String)
            }
            Action::Heal => cluster.mend().map(|()| done),
        }
    }
}

/// Does something to all, also after one where it fails; the nodes where it did.
fn each(ids: &[u64], what: impl Fn(u64) -> Result<(), Error>) -> Result<Value, Error> {
    let result = |id: &u64| match what(*id) {
        Ok(()) => (node(*id), Value::keyword("done")),
        Err(error) => (node(*id), Value::String(error.to_string())),
    };
    Ok(Value::Map(ids.iter().map(result).collect()))
}

fn node(id: u64) -> Value {
    Value::String(format!("n{id}"))
}

fn nodes(ids: &[u64]) -> Value {
    Value::Vector(ids.iter().map(|id| node(*id)).collect())
}

fn whole(number: u128) -> Value {
    Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

fn ends(pairs: &[(End, End)]) -> Value {
    let end = |end: End| Value::String(end.to_string());
    Value::Vector(pairs.iter().map(|(from, to)| Value::Vector(vec![end(*from), end(*to)])).collect())
}

fn by_node<T>(what: &[(u64, T)], text: impl Fn(&T) -> String) -> Value {
    Value::Map(what.iter().map(|(id, what)| (node(*id), Value::String(text(what)))).collect())
}

fn map<const N: usize>(pairs: [(&str, Value); N]) -> Value {
    Value::Map(pairs.into_iter().map(|(key, value)| (Value::keyword(key), value)).collect())
}
