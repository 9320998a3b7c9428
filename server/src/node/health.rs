//! What a node says of itself to load balancers: whether it is what they ask for, and if not, why not.
//!
//! Nothing here waits: it reads what other threads have written down. Nobody but the leader that may answer strong reads by its
//! lease is a primary: of several nodes that believe to lead, at most one holds a lease ([`super::reads`]).
//!
//! Left out: the words in which it is asked and answered ([`crate::runtime::health`]).

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde::Serialize;

use super::Node;
use super::role::RoleState;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Is it the one to write to?
    Primary,
    /// Does it follow, with data no older than this (none: of any age)?
    Replica(Option<Duration>),
    /// Is it the one or the other?
    Read(Option<Duration>),
    /// Does the process work?
    Health,
    /// Does it serve statements?
    Ready,
}

/// A node's answer.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether it is what is asked for.
    pub ok: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// This node.
    pub node_id: u64,
    /// As `@@quorate_role`.
    pub role: &'static str,
    /// The term it is in.
    pub term: u64,
    /// Who leads, as far as it knows.
    pub leader: Option<u64>,
    /// Where clients reach the leader.
    pub leader_address: Option<String>,
    /// Applied up to this index of the log.
    pub applied_index: u64,
    /// How old the data here may be, at most, in milliseconds; none: not known. Zero on the primary.
    pub lag_ms: Option<u64>,
}

impl Node {
    /// See the module.
    #[must_use]
    pub fn health(&self, check: Check) -> Report {
        let role = self.role.get();
        // Before the lease and the watermark are looked at: what is told then is no newer than them.
        let lease = role.serving && self.reads.has_lease();
        let applied_index = self.store.watermark();
        let lag = if lease { Some(Duration::ZERO) } else { self.freshness.lag(applied_index) };
        let refusal = match check {
            Check::Primary => self.no_primary(&role, lease),
            Check::Replica(bound) => self.no_replica(&role, lag, bound),
            Check::Read(bound) => match self.no_primary(&role, lease) {
                None => None,
                Some(_) if role.role != "leader" => self.no_replica(&role, lag, bound),
                not_primary => not_primary,
            },
            Check::Health => self.hangs(),
            Check::Ready => self.not_ready(),
        };
        Report {
            ok: refusal.is_none(),
            reason: refusal,
            node_id: self.config.node_id,
            role: self.shown_role(&role),
            term: role.term,
            leader: role.leader,
            leader_address: role.leader.and_then(|id| self.members.sql_address(id)),
            applied_index,
            lag_ms: lag.map(|lag| lag.as_millis() as u64),
        }
    }

    fn no_primary(&self, role: &RoleState, has_lease: bool) -> Option<String> {
        if self.vitals.is_stopping() {
            Some("this node stops".into())
        } else if role.role != "leader" {
            Some("this node does not lead".into())
        } else if !role.serving {
            Some("this node is becoming the leader".into())
        } else if !has_lease {
            Some("this node leads without a lease: no majority has answered it lately".into())
        } else {
            None
        }
    }

    fn no_replica(&self, role: &RoleState, lag: Option<Duration>, bound: Option<Duration>) -> Option<String> {
        if let Some(reason) = self.not_ready() {
            return Some(reason);
        }
        match role.role {
            "follower" | "learner" if role.leader.is_some() => {}
            "follower" | "learner" => return Some("no leader is known".into()),
            "leader" => return Some("this node leads".into()),
            _ => return Some("an election is running".into()),
        }
        let bound = bound?;
        match lag {
            None => Some("it is not known how old the data here are: no leader has answered yet".into()),
            Some(lag) if lag > bound => Some(format!(
                "the data here may be {} ms old; {} ms are allowed",
                lag.as_millis(),
                bound.as_millis()
            )),
            Some(_) => None,
        }
    }

    fn not_ready(&self) -> Option<String> {
        if self.vitals.is_stopping() {
            Some("this node stops".into())
        } else if self.part() == "removed node" {
            Some("this node was removed from the cluster".into())
        } else if self.config.log_only {
            Some("this node keeps the log and no tables".into())
        } else if self.store_is_lost.load(Ordering::Acquire) {
            Some("this node fetches its tables from another one".into())
        } else if !self.store.is_ready() || !self.catalog_known.load(Ordering::Acquire) {
            Some("this node reads its log".into())
        } else {
            None
        }
    }

    fn hangs(&self) -> Option<String> {
        let (thread, silence) = self.vitals.hanging()?;
        Some(format!("the thread {thread} has not run for {} ms", silence.as_millis()))
    }
}
