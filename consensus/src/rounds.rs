//! Rounds of heartbeats: who answered, what that proves, and what everybody holds.
//!
//! A round that a majority of the voters has answered in the leader's term proves that when it *began* nobody else had been elected.
//! Reads wait for that (`reads`); and because those voters vote for nobody else for an election timeout, the leader's lease runs from
//! then ([`crate::Lease`]).
//!
//! Invariants: rounds are numbered in ascending order as long as the process lives; only answers of the present term and from voters of
//! the membership in force count. While an order to take over may still be obeyed (`orders_given`) no round brings a lease,
//! because the votes it leads to pass over stickiness.
//!
//! Left out: the clock; the driver notes it at [`Effect::HeartbeatRound`].

use crate::effect::{Effect, Effects};
use crate::fault::Fault;
use crate::limits::COUNTED_MAX;
use crate::message::Message;
use crate::quorum::majority_value;
use crate::replica::Replica;
use crate::types::{LogIndex, NodeId, Role, Term};

impl Replica {
    /// Everybody is told that this node still leads, and asked to say so.
    pub(crate) fn begin_round(&mut self, effects: &mut Effects) {
        assert!(self.role == Role::Leader, "only a leader has heartbeats");
        self.heartbeat_elapsed_ticks = 0;
        self.heartbeat_seq += 1;
        self.raise_floor();
        let (term, seq, floor) = (self.term, self.heartbeat_seq, self.floor);
        effects.push(Effect::HeartbeatRound { term, seq });
        self.reads.round_began(seq);
        for peer in &self.peers {
            // A learner commits by what it is fed; what it said it holds, it may have lost since, with its disk.
            let commit = if peer.is_voter { self.commit.min(peer.match_index) } else { LogIndex::ZERO };
            let is_learner = !peer.is_voter;
            effects.send(peer.id, Message::Heartbeat { term, commit, seq, floor, is_learner }, None);
        }
        if self.is_lone_voter() {
            self.count_round(effects);
        }
    }

    pub(crate) fn on_heartbeat_ack(
        &mut self,
        from: NodeId,
        term: Term,
        seq: u64,
        held: (LogIndex, LogIndex),
        effects: &mut Effects,
    ) {
        let (last_index, last_seq, base) = (self.log.last_index(), self.heartbeat_seq, self.log.base_index());
        let Some(peer) = self.answer_from(from, term, effects) else { return };
        let (commit, applied) = held;
        if seq > last_seq || commit > last_index {
            // It cannot answer what was not asked, or have what was never made.
            self.ignored.impossible += 1;
            return;
        }
        peer.acked_seq = peer.acked_seq.max(seq);
        peer.applied = applied;
        if commit > peer.commit_heard {
            peer.commit_heard = commit;
            peer.stalled_ticks = 0;
        }
        if peer.behind_log && commit >= base && peer.match_index < commit {
            // A snapshot has brought it here. Committed and on its disk: the logs agree there.
            peer.behind_log = false;
            peer.probe(commit.next());
        }
        self.count_round(effects);
    }

    /// The last round that a majority of the voters has answered.
    fn answered_round(&self) -> u64 {
        let mut acked = [0; COUNTED_MAX];
        let mut count = 0;
        if self.part.is_voter {
            acked[0] = self.heartbeat_seq;
            count = 1;
        }
        let counts_learners = self.config.has(Fault::LearnerCounted);
        for peer in self.peers.iter().filter(|peer| peer.is_voter || counts_learners) {
            acked[count] = peer.acked_seq;
            count += 1;
        }
        majority_value(&mut acked[..count], self.voters.len())
    }

    /// Acts on the answers so far.
    fn count_round(&mut self, effects: &mut Effects) {
        let answered = self.answered_round();
        let is_free = self.forget_orders();
        if answered <= self.answered_seq && !is_free {
            return;
        }
        self.answered_seq = self.answered_seq.max(answered);
        self.grant_lease(effects);
        self.answer_reads(answered, effects);
    }

    /// The lease runs from the last round that was answered, if this leader may have one.
    pub(crate) fn grant_lease(&mut self, effects: &mut Effects) {
        if self.is_ready && self.orders_given.is_empty() && self.answered_seq > self.first_seq {
            effects.push(Effect::LeaseRound { seq: self.answered_seq });
        }
    }

    /// What every member is known to hold.
    fn raise_floor(&mut self) {
        let own = self.writes.durable_index().min(self.commit);
        let known = self.peers.iter().map(|peer| peer.known_index().max(peer.commit_heard));
        self.floor = self.floor.max(known.fold(own, LogIndex::min));
    }

    /// Every member is known to hold everything up to here (as the leader of this or an earlier term knew it): nobody needs it from a
    /// log any more. Never past the commit index, never goes down.
    #[must_use]
    pub fn floor(&self) -> LogIndex {
        self.floor.min(self.commit)
    }
}
