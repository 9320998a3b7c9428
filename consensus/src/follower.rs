//! What a node does with what its leader sends: take entries, commit, answer.
//!
//! Invariants: an entry is dropped only when the leader of a term at least as high sends another in its place, and never
//! at or below the commit index; an ack leaves only when every entry it speaks for, and the term it is given in, are
//! on disk.
//!
//! A node without a vote does the same with what a leader sends it: it may have been promoted without knowing it yet.
//!
//! Left out: what comes from a source that is not the leader (`learner`).

use alloc::vec::Vec;

use crate::effect::{Effect, Effects};
use crate::fault::Fault;
use crate::members_in_force::memberships_are_sound;
use crate::message::Message;
use crate::replica::Replica;
use crate::types::{Entry, LogIndex, NodeId, Role, Term};

impl Replica {
    /// A message that only the leader of `term` sends has come from `from`. Returns whether to act on it.
    fn hear_leader(&mut self, from: NodeId, term: Term, effects: &mut Effects) -> bool {
        if term < self.term {
            self.ignored.stale += 1;
            return false;
        }
        let known = if term == self.term { self.leader } else { None };
        if known.is_some_and(|leader| leader != from) {
            // Two leaders in one term. One of the two is broken, and it is not known which: believe the first.
            self.ignored.impossible += 1;
            return false;
        }
        if known.is_none() || !matches!(self.role, Role::Follower | Role::Learner) {
            self.become_follower(term, Some(from), effects);
        }
        self.timer.hear_leader();
        self.is_needed = false;
        assert!(self.leader == Some(from) && self.term == term);
        true
    }

    pub(crate) fn on_heartbeat(
        &mut self,
        from: NodeId,
        term: Term,
        seq: u64,
        known: (LogIndex, LogIndex),
        is_learner: bool,
        effects: &mut Effects,
    ) {
        if self.hear_leader(from, term, effects) {
            let (commit, floor) = known;
            self.follow_commit(commit, effects);
            self.floor = self.floor.max(floor);
            if self.heard_seq.is_none_or(|heard| heard <= seq) {
                self.heard_seq = Some(seq);
                self.told_learner = Some(is_learner);
            }
        } else if term == self.term {
            return;
        }
        // With a higher term the answer tells a leader of the past that it is one.
        let after = self.writes.after_hard_state();
        let (commit, applied) = (self.commit.min(self.writes.durable_index()), self.applied());
        effects.send(from, Message::HeartbeatAck { term: self.term, seq, commit, applied }, after);
    }

    pub(crate) fn on_commit_notice(
        &mut self,
        from: NodeId,
        term: Term,
        commit: LogIndex,
        effects: &mut Effects,
    ) {
        if self.hear_leader(from, term, effects) {
            self.follow_commit(commit, effects);
        }
    }

    /// Commits up to what the leader has committed and this log is known to share with it.
    fn follow_commit(&mut self, commit: LogIndex, effects: &mut Effects) {
        let index = commit.min(self.log.last_index());
        if index > self.commit {
            self.commit_to(index, effects);
        }
    }

    pub(crate) fn on_append(
        &mut self,
        from: NodeId,
        term: Term,
        prev: (LogIndex, Term),
        entries: Vec<Entry>,
        commit: LogIndex,
        effects: &mut Effects,
    ) {
        if !self.hear_leader(from, term, effects) {
            if term < self.term {
                self.reject_append(from, prev.0, effects);
            }
            return;
        }
        // What is purged here is committed, and a leader holds all that is committed: it agrees.
        let agrees = prev.0 < self.log.base_index() || self.log.term_at(prev.0) == Some(prev.1);
        if !agrees {
            if prev.0 <= self.commit {
                self.ignored.impossible += 1;
            } else {
                self.reject_append(from, prev.0, effects);
            }
            return;
        }
        if !memberships_are_sound(&entries) {
            self.ignored.impossible += 1;
            return;
        }
        let match_index = prev.0.plus(entries.len() as u64);
        if !self.take_entries(entries, effects) {
            return;
        }
        if self.config.has(Fault::TruncateCommitted) && match_index < self.log.last_index() {
            self.truncate(match_index.next(), effects);
            self.commit = self.commit.min(match_index);
        }
        self.follow_commit(commit.min(match_index), effects);
        let after = match self.config.has(Fault::AckBeforeSync) {
            true => None,
            false => self.writes.after_entries(match_index),
        };
        effects.send(from, Message::AppendAck { term: self.term, match_index }, after);
    }

    /// Adds those of `entries` that the log lacks, dropping what contradicts them. Returns false, having done nothing, when
    /// they contradict what is committed.
    pub(crate) fn take_entries(&mut self, mut entries: Vec<Entry>, effects: &mut Effects) -> bool {
        let Some(start) = self.first_missing(&entries) else { return true };
        let first = entries[start].index;
        // Behind what is purged here, whose terms are not known any more, terms could still go down.
        let continues = self.log.term_at(first.prev()).is_some_and(|term| term <= entries[start].term);
        if first <= self.commit || !continues {
            self.ignored.impossible += 1;
            return false;
        }
        if first <= self.log.last_index() {
            self.truncate(first, effects);
        }
        entries.drain(..start);
        self.append(entries, effects);
        true
    }

    /// The first of `entries` that this log does not hold.
    fn first_missing(&self, entries: &[Entry]) -> Option<usize> {
        let holds = |entry: &Entry| {
            entry.index <= self.log.base_index() || self.log.term_at(entry.index) == Some(entry.term)
        };
        // The two usual cases: all are new, or (sent twice) none is; logs that agree at an entry agree before it.
        if entries.first()?.index > self.log.last_index() {
            return Some(0);
        }
        if entries.last().is_some_and(holds) {
            return None;
        }
        entries.iter().position(|entry| !holds(entry))
    }

    /// Drops the log from `from` on.
    fn truncate(&mut self, from: LogIndex, effects: &mut Effects) {
        let is_faulty = self.config.has(Fault::TruncateCommitted);
        assert!(from > self.commit || is_faulty, "what is committed is never dropped");
        assert!(matches!(self.role, Role::Follower | Role::Learner), "only a follower drops entries");
        self.log.truncate(from);
        let seq = self.writes.truncate(from);
        effects.push(Effect::Truncate { from, seq });
        self.drop_memberships(from, effects);
    }

    /// Tells the sender that the logs do not agree at `prev_index` (or that its term is over), and where they may.
    fn reject_append(&mut self, to: NodeId, prev_index: LogIndex, effects: &mut Effects) {
        let last_index = self.log.last_index();
        let at = prev_index.min(last_index).max(self.log.base_index());
        let conflict_term =
            self.log.term_at(at).expect("between the base and the last entry all terms are known");
        let conflict_first = self.log.first_of_term_at(at);
        let reject =
            Message::AppendReject { term: self.term, prev_index, conflict_term, conflict_first, last_index };
        effects.send(to, reject, self.writes.after_hard_state());
    }
}
