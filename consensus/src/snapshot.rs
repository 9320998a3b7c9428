//! A node that needs what nobody's log holds any more: who tells it, and how it goes on behind a snapshot.
//!
//! Invariants: a snapshot never takes the place of anything decided, only of a log that ends before it or differs from it there. A log
//! that holds the snapshot's last entry is kept: what lies behind that entry may have been acknowledged. After a reset nothing is
//! acknowledged before the snapshot is in place ([`crate::writes::Writes::reset`]).
//!
//! Left out: the snapshot itself, which the driver fetches on a connection of its own.

use crate::effect::{Effect, Effects};
use crate::membership::Membership;
use crate::message::Message;
use crate::progress::Progress;
use crate::replica::Replica;
use crate::types::{LogIndex, NodeId, Role, Term};

impl Replica {
    /// One tick passes on a leader: voters that its log cannot serve are told.
    pub(crate) fn tick_snapshots(&mut self, effects: &mut Effects) {
        assert!(self.role == Role::Leader, "only a leader serves voters");
        if !self.peers.iter().any(|peer| peer.behind_log) {
            return;
        }
        let mut peers = core::mem::take(&mut self.peers);
        for place in 0..peers.len() {
            let peer = &mut peers[place];
            if !peer.behind_log || !peer.is_voter {
                continue;
            }
            let is_due = peer.snapshot_elapsed_ticks == 0;
            peer.snapshot_elapsed_ticks = (peer.snapshot_elapsed_ticks + 1) % self.config.election_ticks;
            let to = peer.id;
            let from = self.snapshot_holder(to, &peers);
            if let (true, Some(from)) = (is_due, from) {
                let (term, at_least) = (self.term, self.log.base_index());
                effects.send(to, Message::SnapshotNeeded { term, from, at_least }, None);
            }
        }
        self.peers = peers;
    }

    /// Who has a snapshot for `to`: a follower by preference, so that the leader has its hands free.
    fn snapshot_holder(&self, to: NodeId, peers: &[Progress]) -> Option<NodeId> {
        let at_least = self.log.base_index();
        let is_able = |peer: &&Progress| {
            peer.id != to
                && peer.is_voter
                && !peer.is_log_only
                && self.is_heard(peer)
                && peer.applied >= at_least
        };
        let follower =
            peers.iter().filter(is_able).max_by_key(|peer| (peer.applied, core::cmp::Reverse(peer.id)));
        let own = (!self.part.is_log_only).then_some(self.config.id);
        follower.map(|peer| peer.id).or(own)
    }

    /// Who has a snapshot for a subscriber that this node's log cannot serve.
    pub(crate) fn snapshot_holder_for_subscriber(&self, to: NodeId) -> Option<NodeId> {
        if self.role == Role::Leader {
            return self.snapshot_holder(to, &self.peers);
        }
        if !self.part.is_log_only {
            return Some(self.config.id);
        }
        let membership = self.members.in_force();
        let has_tables = |id: &NodeId| membership.get(*id).is_some_and(|member| !member.is_log_only);
        let others = membership.voters().map(|member| member.id);
        self.leader.into_iter().chain(others).find(|id| *id != to && has_tables(id))
    }

    /// The leader or the source cannot serve this node from its log.
    pub(crate) fn on_snapshot_needed(
        &mut self,
        from: NodeId,
        term: Term,
        holder: NodeId,
        at_least: LogIndex,
        effects: &mut Effects,
    ) {
        if term > self.term {
            self.become_follower(term, None, effects);
        }
        let is_passive = matches!(self.role, Role::Follower | Role::Learner);
        if !is_passive || at_least <= self.commit {
            self.ignored.stale += 1;
            return;
        }
        self.hear_source(from, LogIndex::ZERO, effects);
        let holder = if holder == self.config.id { from } else { holder };
        let leader = self.leader.unwrap_or(from);
        effects.push(Effect::FetchSnapshot { from: holder, leader, at_least });
    }

    /// The driver has a whole snapshot on disk.
    pub(crate) fn on_snapshot_staged(
        &mut self,
        base: (LogIndex, Term),
        membership: (LogIndex, Membership),
        effects: &mut Effects,
    ) {
        let is_sound = membership.0 <= base.0
            && base.1 != Term::ZERO
            && base.0.get() <= crate::limits::SNAPSHOT_INDEX_MAX
            && base.1.get() <= crate::limits::TERM_HEARD_MAX
            && membership.1.check().is_ok();
        let is_passive = matches!(self.role, Role::Follower | Role::Learner);
        if !is_sound || !is_passive {
            self.ignored.impossible += u64::from(!is_sound);
            return;
        }
        if base.0 <= self.commit {
            // The log has got past it meanwhile.
            return;
        }
        if self.log.term_at(base.0) == Some(base.1) {
            // The log holds all that the snapshot holds, and perhaps more that was acknowledged. It is only news that it is decided.
            self.commit_to(base.0, effects);
            return;
        }
        if base.1 > self.term {
            self.become_follower(base.1, None, effects);
        }
        self.reset(base, membership, effects);
    }

    fn reset(&mut self, base: (LogIndex, Term), membership: (LogIndex, Membership), effects: &mut Effects) {
        assert!(base.0 > self.commit && base.1 <= self.term, "a snapshot leads forward, within the terms");
        let seq = self.writes.reset(base.0, self.commit);
        self.log.reset(base);
        self.commit = base.0;
        effects.push(Effect::Reset { base, membership: membership.clone(), seq });
        self.reset_memberships(membership.0, membership.1, effects);
    }
}
