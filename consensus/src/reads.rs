//! Linearizable reads without a lease: ReadIndex (Ongaro's dissertation, section 6.4), batched.
//!
//! The leader notes its commit index when the question arrives, and answers with it once a round of heartbeats that *began after* has
//! been answered by a majority: until then nobody else had been elected, so nothing later can have been acknowledged by another. While
//! one round is out, further questions wait for the next, which serves all of them.
//!
//! A node that does not lead asks the leader. The answer counts whatever has become of that leader since: the index holds
//! everything that was acknowledged before the question.
//!
//! Invariants: an index is given only by a leader that has committed an entry of its own term, and not before such a round; every
//! question in memory is answered, refused, or out of time within an election timeout; their number is bounded.
//!
//! Left out: waiting until the state machine has applied that far, which is the driver's.

use alloc::collections::VecDeque;

use crate::effect::{Effect, Effects};
use crate::fault::Fault;
use crate::limits::READS_PENDING_MAX;
use crate::message::Message;
use crate::replica::Replica;
use crate::types::{LogIndex, NodeId, Role, Term};

#[derive(Clone, Copy, Debug)]
enum Asker {
    /// This node's own driver.
    Here,
    There(NodeId),
}

/// A question that the leader has.
#[derive(Clone, Copy, Debug)]
struct Pending {
    asker: Asker,
    ticket: u64,
    /// The commit index when it arrived.
    index: LogIndex,
    /// The round it waits for; none: the next one.
    round: Option<u64>,
}

/// All questions on one node.
#[derive(Debug, Default)]
pub(crate) struct Reads {
    /// On the leader; those that wait for an earlier round come first. Bounded by [`READS_PENDING_MAX`].
    pending: VecDeque<Pending>,
    /// On the others: the tickets that the leader was asked about, and the tick at which each is out of time. As bounded.
    asked: VecDeque<(u64, u64)>,
    ticks: u64,
}

impl Reads {
    /// A round begins: all that wait, wait for this one.
    pub(crate) fn round_began(&mut self, seq: u64) {
        for read in self.pending.iter_mut().rev().take_while(|read| read.round.is_none()) {
            read.round = Some(seq);
        }
    }

    /// The connection to a node is lost: it asks again, and may not even know its old questions any more.
    pub(crate) fn forget(&mut self, node: NodeId) {
        self.pending.retain(|read| !matches!(read.asker, Asker::There(asker) if asker == node));
    }

    fn is_round_out(&self) -> bool {
        self.pending.front().is_some_and(|read| read.round.is_some())
    }
}

impl Replica {
    /// The driver wants to read.
    pub(crate) fn on_read(&mut self, ticket: u64, effects: &mut Effects) {
        match self.leader {
            Some(leader) if leader == self.config.id => self.take_read(Asker::Here, ticket, effects),
            Some(leader) if self.reads.asked.len() < READS_PENDING_MAX => {
                let until = self.reads.ticks + u64::from(self.config.election_ticks);
                self.reads.asked.push_back((ticket, until));
                let after = self.writes.after_hard_state();
                effects.send(leader, Message::ReadIndex { term: self.term, ticket }, after);
            }
            Some(_) | None => effects.push(Effect::ReadRefused { ticket }),
        }
    }

    pub(crate) fn on_read_index(&mut self, from: NodeId, term: Term, ticket: u64, effects: &mut Effects) {
        if term > self.term {
            self.become_follower(term, None, effects);
        }
        self.take_read(Asker::There(from), ticket, effects);
    }

    /// A question to this node as the leader, if it is.
    fn take_read(&mut self, asker: Asker, ticket: u64, effects: &mut Effects) {
        let is_able = self.role == Role::Leader && self.is_ready;
        if !is_able || self.reads.pending.len() >= READS_PENDING_MAX {
            self.answer_read(asker, ticket, None, effects);
            return;
        }
        if self.is_lone_voter() || self.config.has(Fault::ReadWithoutRound) {
            // Nobody else can have been elected.
            self.answer_read(asker, ticket, Some(self.commit), effects);
            return;
        }
        let is_round_out = self.reads.is_round_out();
        self.reads.pending.push_back(Pending { asker, ticket, index: self.commit, round: None });
        if !is_round_out {
            self.begin_round(effects);
        }
    }

    fn answer_read(&self, asker: Asker, ticket: u64, index: Option<LogIndex>, effects: &mut Effects) {
        match (asker, index) {
            (Asker::Here, Some(index)) => effects.push(Effect::ReadReady { ticket, index }),
            (Asker::Here, None) => effects.push(Effect::ReadRefused { ticket }),
            (Asker::There(to), index) => {
                let reply = Message::ReadIndexReply { term: self.term, ticket, index };
                effects.send(to, reply, self.writes.after_hard_state());
            }
        }
    }

    /// A majority has answered round `answered`.
    pub(crate) fn answer_reads(&mut self, answered: u64, effects: &mut Effects) {
        assert!(self.role == Role::Leader, "only a leader answers");
        while let Some(read) = self.reads.pending.front().copied()
            && read.round.is_some_and(|round| round <= answered)
        {
            self.reads.pending.pop_front();
            assert!(read.index <= self.commit, "the commit index never goes down");
            self.answer_read(read.asker, read.ticket, Some(read.index), effects);
        }
        if !self.reads.pending.is_empty() && !self.reads.is_round_out() {
            self.begin_round(effects);
        }
    }

    pub(crate) fn on_read_index_reply(
        &mut self,
        term: Term,
        ticket: u64,
        index: Option<LogIndex>,
        effects: &mut Effects,
    ) {
        match self.reads.asked.iter().position(|asked| asked.0 == ticket) {
            Some(place) => {
                self.reads.asked.remove(place);
                effects.push(match index {
                    Some(index) => Effect::ReadReady { ticket, index },
                    None => Effect::ReadRefused { ticket },
                });
            }
            None => self.ignored.stale += 1,
        }
        if term > self.term {
            self.become_follower(term, None, effects);
        }
    }

    /// One tick passes: questions that the leader has not answered for so long are lost.
    pub(crate) fn tick_reads(&mut self, effects: &mut Effects) {
        self.reads.ticks += 1;
        while let Some(&(ticket, until)) = self.reads.asked.front()
            && until <= self.reads.ticks
        {
            self.reads.asked.pop_front();
            effects.push(Effect::ReadRefused { ticket });
        }
    }

    /// The leader is another one than before, or none: nobody will answer.
    pub(crate) fn refuse_reads(&mut self, effects: &mut Effects) {
        for (ticket, _) in core::mem::take(&mut self.reads.asked) {
            effects.push(Effect::ReadRefused { ticket });
        }
        if self.role != Role::Leader {
            for read in core::mem::take(&mut self.reads.pending) {
                self.answer_read(read.asker, read.ticket, None, effects);
            }
        }
    }
}
