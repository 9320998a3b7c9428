//! What a leader does: make entries, send them ahead, count acks, commit, and notice when nobody listens any more.
//!
//! Invariants: a leader only adds to its log; its own disk counts like any other voter's, so its share in a commit is what
//! it has durable; only an entry of its own term is committed by counting, and what lies before with it.
//!
//! Sending is decided once, at the end of every step ([`Replica::replicate`]), so that whatever one input caused leaves in
//! one message a peer: entries with the commit index, or the commit index alone when nothing else will carry it soon.
//!
//! A leader counts as ready when it has committed an entry of its term: from then on its commit index covers everything that was ever
//! acknowledged.
//!
//! Left out: what a leader does besides, each in a module of its own: rounds of heartbeats (`rounds`), reads, strong-sync voters,
//! transfer and hand-over, snapshots, feeds.

use alloc::vec;
use alloc::vec::Vec;

use bytes::Bytes;

use crate::effect::{Effect, Effects};
use crate::fault::Fault;
use crate::hand_over::HandOver;
use crate::limits::COUNTED_MAX;
use crate::message::Message;
use crate::progress::{Pace, Progress};
use crate::quorum::{majority, majority_value};
use crate::replica::Replica;
use crate::strong_sync::StrongSync;
use crate::types::{Entry, EntryKind, LogIndex, NodeId, Proposal, Role, Term};

impl Replica {
    /// The election is won.
    pub(crate) fn become_leader(&mut self, effects: &mut Effects) {
        assert!(self.role == Role::Candidate, "only a candidate wins");
        self.role = Role::Leader;
        self.leader = Some(self.config.id);
        self.own_vote = None;
        let index = self.log.last_index().next();
        for peer in &mut self.peers {
            peer.reset(index);
        }
        self.heartbeat_elapsed_ticks = 0;
        // What was asked in an earlier leadership proves nothing in this one.
        self.first_seq = self.heartbeat_seq;
        self.answered_seq = self.heartbeat_seq;
        self.own_sync = StrongSync::default();
        // Whom the leader itself has chosen is not to hand over again to a heavier one: somebody wanted it so.
        self.hand_over = HandOver::new(self.is_transfer_election);
        self.is_ready = false;
        self.drop_feeds_of_voters();
        self.announce(effects);
        if self.config.has(Fault::NoEmptyEntry) {
            self.become_ready(index.prev(), effects);
            return;
        }
        self.ready_index = Some(index);
        let empty = Entry { index, term: self.term, kind: EntryKind::Empty, payload: Bytes::new() };
        self.append(vec![empty], effects);
    }

    /// An entry of the own term is committed, at `index`, and with it everything before.
    fn become_ready(&mut self, index: LogIndex, effects: &mut Effects) {
        self.ready_index = None;
        self.is_ready = true;
        if !self.part.is_log_only {
            effects.push(Effect::LeaderReady { term: self.term, index });
        }
        self.grant_lease(effects);
    }

    pub(crate) fn tick_leader(&mut self, effects: &mut Effects) {
        let patience_ticks = self.config.election_ticks;
        let counts_learners = self.config.has(Fault::LearnerCounted);
        let mut heard = usize::from(self.part.is_voter);
        for peer in &mut self.peers {
            let is_overdue = peer.tick(patience_ticks);
            if is_overdue && peer.is_voter {
                peer.ask_again();
            }
            heard += usize::from((peer.is_voter || counts_learners) && peer.contact_ticks < patience_ticks);
        }
        if heard < majority(self.voters.len()) {
            // Nobody could tell whether there is another leader by now (CheckQuorum).
            self.become_follower(self.term, None, effects);
            return;
        }
        self.tick_strong_sync(effects);
        self.tick_snapshots(effects);
        self.tick_stalled_learners();
        self.heartbeat_elapsed_ticks += 1;
        if self.heartbeat_elapsed_ticks >= self.config.heartbeat_ticks {
            self.begin_round(effects);
        }
        // Behind the heartbeat: an order that goes before one would be void when the two change places on the way.
        self.tick_transfer(effects);
        self.tick_hand_over(effects);
    }

    pub(crate) fn on_propose(
        &mut self,
        term: Term,
        first: LogIndex,
        proposals: Vec<Proposal>,
        effects: &mut Effects,
    ) {
        let accepted = self.role == Role::Leader
            && term == self.term
            && first == self.log.last_index().next()
            && self.may_propose(&proposals);
        if !accepted {
            effects.push(Effect::ProposalRefused { first });
            return;
        }
        if !proposals.is_empty() {
            let entries = self.make_entries(proposals);
            self.append(entries, effects);
        }
    }

    /// Makes entries of this term out of proposals, for the end of the log.
    fn make_entries(&self, proposals: Vec<Proposal>) -> Vec<Entry> {
        let first = self.log.last_index().next();
        let entry = |(Proposal { kind, payload }, index): (Proposal, u64)| {
            assert!(payload.len() <= crate::limits::PAYLOAD_BYTES_MAX, "a payload fits an entry");
            Entry { index: LogIndex::new(index), term: self.term, kind, payload }
        };
        proposals.into_iter().zip(first.get()..).map(entry).collect()
    }

    /// Takes note that a peer answered in `term`. Returns its progress if this node leads in that term.
    pub(crate) fn answer_from(
        &mut self,
        from: NodeId,
        term: Term,
        effects: &mut Effects,
    ) -> Option<&mut Progress> {
        if !self.observe_term(term, effects) || self.role != Role::Leader {
            return None;
        }
        let Some(peer) = self.peers.iter_mut().find(|peer| peer.id == from) else {
            self.ignored.unknown_sender += 1;
            return None;
        };
        peer.hear();
        Some(peer)
    }

    pub(crate) fn on_append_ack(
        &mut self,
        from: NodeId,
        term: Term,
        match_index: LogIndex,
        effects: &mut Effects,
    ) {
        let last_index = self.log.last_index();
        let Some(peer) = self.answer_from(from, term, effects) else { return };
        if match_index > last_index {
            // It cannot hold what was never made.
            self.ignored.impossible += 1;
        } else if peer.is_voter {
            peer.ack(match_index);
        }
    }

    pub(crate) fn on_append_reject(
        &mut self,
        from: NodeId,
        term: Term,
        prev_index: LogIndex,
        conflict: (Term, LogIndex),
        last_index: LogIndex,
        effects: &mut Effects,
    ) {
        let Some(peer) = self.answer_from(from, term, effects) else { return };
        if !peer.is_voter || !peer.is_current_refusal(prev_index) {
            self.ignored.stale += 1;
            return;
        }
        let match_index = peer.match_index;
        if prev_index <= match_index {
            // It has said since that it has this entry on disk, so the refusal is an old one that came late. (A node whose disk
            // was wiped says the same; asked again at once it would refuse for ever, so the question rests for a while.)
            self.ignored.stale += 1;
            return;
        }
        let base = self.log.base_index();
        let agreed = self.guess_agreement(prev_index, conflict, last_index).max(match_index).max(base);
        let Some(peer) = self.peers.iter_mut().find(|peer| peer.id == from) else { return };
        if prev_index > base {
            peer.probe(agreed.next());
        } else {
            // There is no earlier entry to ask about. The question stays open, so that it is repeated only in a while; meanwhile
            // the peer is told to get a snapshot.
            if !peer.behind_log {
                peer.snapshot_elapsed_ticks = 0;
            }
            peer.behind_log = true;
        }
    }

    /// The highest entry at which the logs can agree, given a refusal. Every refusal passes over at least one term of the
    /// follower's log or of this one.
    fn guess_agreement(
        &self,
        prev_index: LogIndex,
        (conflict_term, conflict_first): (Term, LogIndex),
        last_index: LogIndex,
    ) -> LogIndex {
        let upto = prev_index.prev().min(last_index);
        // Past the first entry of the conflicting term the follower has nothing older, so only entries of at most that
        // term can agree.
        let candidate = self.log.last_at_most(conflict_term, upto);
        let agreed = if self.log.term_at(candidate) == Some(conflict_term) {
            candidate
        } else {
            // The whole run of that term is unknown here.
            candidate.min(conflict_first.prev())
        };
        assert!(agreed <= upto, "a refusal leads backwards");
        agreed
    }

    /// What a majority of the voters has on disk.
    pub(crate) fn majority_held(&self) -> LogIndex {
        let mut held = [LogIndex::ZERO; COUNTED_MAX];
        let mut count = 0;
        if self.part.is_voter {
            // This node's own share is what its own disk has.
            held[0] = self.writes.durable_index();
            count = 1;
        }
        let counts_learners = self.config.has(Fault::LearnerCounted);
        for peer in self.peers.iter().filter(|peer| peer.is_voter || counts_learners) {
            held[count] = peer.known_index();
            count += 1;
        }
        majority_value(&mut held[..count], self.voters.len())
    }

    /// Commits what a majority and every armed strong-sync voter has on disk, if it is of this term.
    pub(crate) fn advance_commit(&mut self, effects: &mut Effects) {
        assert!(self.role == Role::Leader, "only a leader counts");
        let majority = self.majority_held();
        let index = self.strong_sync_bound().map_or(majority, |bound| bound.min(majority));
        let is_own = self.log.term_at(index) == Some(self.term) || self.config.has(Fault::CommitOldTerm);
        if index <= self.commit || !is_own {
            return;
        }
        self.commit_to(index, effects);
        if let Some(ready) = self.ready_index
            && index >= ready
        {
            self.become_ready(ready, effects);
        }
    }

    /// Sends every peer what it can be sent now. Runs last in every step of a leader.
    pub(crate) fn replicate(&mut self, effects: &mut Effects) {
        assert!(self.role == Role::Leader, "only a leader sends entries");
        // A peer's progress changes while the rest of the replica is only read.
        let mut peers = core::mem::take(&mut self.peers);
        for peer in peers.iter_mut().filter(|peer| peer.is_voter && peer.connected) {
            match peer.pace {
                Pace::Probe { asked: false } => self.send_probe(peer, effects),
                Pace::Probe { asked: true } => {}
                Pace::Pipeline => self.send_pipeline(peer, effects),
            }
        }
        self.peers = peers;
    }

    fn send_probe(&self, peer: &mut Progress, effects: &mut Effects) {
        // What lies before the base cannot be sent; the peer may well have it by now.
        peer.next = peer.next.max(self.log.base_index().next());
        let prev_index = peer.next.prev();
        let prev_term = self.log.term_at(prev_index).expect("from the base on all terms are known");
        peer.pace = Pace::Probe { asked: true };
        peer.owed_ticks = 0;
        match peer.sendable(self.log.last_index(), &self.config) {
            Some(last) if !peer.probe_empty => {
                self.send_entries(peer, last, effects);
                peer.probe_last = last;
            }
            _ => {
                let (term, commit) = (self.term, self.commit);
                let append = Message::Append { term, prev_index, prev_term, entries: Vec::new(), commit };
                effects.send(peer.id, append, None);
            }
        }
    }

    fn send_pipeline(&self, peer: &mut Progress, effects: &mut Effects) {
        while let Some(last) = peer.sendable(self.log.last_index(), &self.config) {
            if peer.next <= self.log.base_index() {
                // Purged before it was sent.
                peer.probe(self.log.base_index().next());
                self.send_probe(peer, effects);
                return;
            }
            if peer.inflight.is_empty() {
                peer.owed_ticks = 0;
            }
            self.send_entries(peer, last, effects);
            peer.inflight.push_back(last);
            peer.next = last.next();
        }
        // While a batch is on the way its ack will come soon, and then the next batch or this notice leaves.
        let commit = self.commit.min(peer.match_index);
        if peer.inflight.is_empty() && commit > peer.commit_sent {
            peer.commit_sent = commit;
            effects.send(peer.id, Message::Commit { term: self.term, commit }, None);
        }
    }

    fn send_entries(&self, peer: &mut Progress, last: LogIndex, effects: &mut Effects) {
        let (first, prev_index) = (peer.next, peer.next.prev());
        assert!(first <= last && last <= self.log.last_index(), "only what is held is sent");
        let prev_term = self.log.term_at(prev_index).expect("the sender looked");
        peer.commit_sent = peer.commit_sent.max(self.commit.min(last));
        effects.push(Effect::SendEntries {
            to: peer.id,
            term: self.term,
            prev_index,
            prev_term,
            first,
            last,
            commit: self.commit,
            is_feed: false,
        });
    }
}
