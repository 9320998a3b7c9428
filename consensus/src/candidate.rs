//! Standing and voting.
//!
//! A node whose election timer runs out first asks whether it could win (pre-vote), which binds nobody and moves no term. Only
//! with a majority of yes does it enter a new term, vote for itself, and ask for real.
//!
//! A voter whom the leader has ordered to take over stands at once and says so.
//!
//! A voter of weight 0 does not stand, with one exception: one that could lead has asked for its vote with a log that is older than its
//! own, so that without it nobody might win. It leads until another has what it has (`hand_over`).
//!
//! Invariants: one vote a term, and it is on disk before anybody hears of it, the node's own included: requests for votes
//! wait for it, and it is not counted before. While it is being written the node does not stand again. A vote goes only to a
//! log that covers the voter's. Neither vote nor pre-vote is given within the common stage of the election timeout of
//! hearing a leader or of starting, or by a leader, also not in a term that was learned meanwhile; but for a vote that the leader itself
//! ordered. Only a voter of its own membership stands, and it counts only those; anybody is answered, because whoever does not know
//! yet that it was promoted may be the vote that is missing.
//!
//! Left out: how long a node waits before it stands (`election`).

use crate::effect::Effects;
use crate::fault::Fault;
use crate::membership::Member;
use crate::message::Message;
use crate::quorum::Ballot;
use crate::replica::Replica;
use crate::types::{LogIndex, NodeId, Role, Term};

impl Replica {
    /// The election timer ran out.
    pub(crate) fn on_election_timeout(&mut self, effects: &mut Effects) {
        if self.own_vote.is_some() {
            // The disk has not even let the questions out. Standing anew would only give it more to write.
            self.timer.stand();
        } else if self.may_stand() {
            self.stand_for_pre_election(effects);
        } else {
            // The leader is lost, and it is for others to find another.
            self.timer.reset();
            self.become_follower(self.term, None, effects);
        }
    }

    fn may_stand(&self) -> bool {
        self.part.may_stand() || self.is_needed
    }

    /// A vote was asked for. Remembers if it cannot be given because only this node has what is newest.
    fn note_need(&mut self, from: NodeId, last: (LogIndex, Term)) {
        let is_behind = !self.log.is_covered_by(last.0, last.1);
        let could_lead = self.members.in_force().get(from).is_some_and(Member::is_electable);
        self.is_needed |= is_behind && could_lead && self.part.stands_in_need() && !self.has_recent_leader();
    }

    fn stand_for_pre_election(&mut self, effects: &mut Effects) {
        assert!(self.role != Role::Leader && self.may_stand(), "a leader does not stand");
        self.role = Role::PreCandidate;
        self.leader = None;
        self.own_vote = None;
        self.ballot = Ballot::default();
        self.timer.stand();
        self.announce(effects);
        self.ask_all(effects);
        self.grant(self.config.id, effects);
    }

    /// A majority would vote for this node, or the leader wants it to.
    pub(crate) fn stand_for_election(&mut self, is_transfer: bool, effects: &mut Effects) {
        assert!(self.may_stand(), "only a voter stands");
        assert!(self.role == Role::PreCandidate || is_transfer, "nobody stands without having asked");
        self.role = Role::Candidate;
        self.is_transfer_election = is_transfer;
        self.term = self.term.next();
        self.vote = Some(self.config.id);
        self.leader = None;
        self.ballot = Ballot::default();
        self.timer.stand();
        self.own_vote = Some(self.persist(effects));
        self.announce(effects);
        self.ask_all(effects);
    }

    fn ask_all(&self, effects: &mut Effects) {
        for voter in &self.voters {
            self.ask_for_vote(*voter, effects);
        }
    }

    /// Asks one node for what this node is collecting, if anything.
    pub(crate) fn ask_for_vote(&self, to: NodeId, effects: &mut Effects) {
        if to == self.config.id || self.voter_place(to).is_none() {
            return;
        }
        let (last_index, last_term) = (self.log.last_index(), self.log.last_term());
        match self.role {
            Role::PreCandidate => {
                effects.send(to, Message::PreVote { term: self.term.next(), last_index, last_term }, None);
            }
            Role::Candidate => {
                let after = self.writes.after_hard_state();
                let (term, is_transfer) = (self.term, self.is_transfer_election);
                effects.send(to, Message::Vote { term, last_index, last_term, is_transfer }, after);
            }
            Role::Follower | Role::Learner | Role::Leader => {}
        }
    }

    /// Counts a yes, and acts on a majority.
    fn grant(&mut self, voter: NodeId, effects: &mut Effects) {
        let Some(place) = self.voter_place(voter) else {
            self.ignored.unknown_sender += 1;
            return;
        };
        self.ballot.grant(place);
        if !self.ballot.has_majority(self.voters.len()) {
            return;
        }
        match self.role {
            Role::PreCandidate => self.stand_for_election(false, effects),
            Role::Candidate => self.become_leader(effects),
            Role::Follower | Role::Learner | Role::Leader => {
                unreachable!("only a node that stands counts votes")
            }
        }
    }

    /// A write reached the disk: it may have been the candidate's own vote.
    pub(crate) fn count_own_vote(&mut self, effects: &mut Effects) {
        if self.role != Role::Candidate {
            return;
        }
        if self.own_vote.is_some_and(|seq| self.writes.is_durable(seq)) {
            self.own_vote = None;
            // Only now the requests leave: the answers get their time from here.
            self.timer.stand();
            self.grant(self.config.id, effects);
        }
    }

    /// Whether a leader was heard, or is this node, too recently to vote for another.
    fn has_recent_leader(&self) -> bool {
        if self.config.has(Fault::StickinessIgnored) {
            return false;
        }
        // A leader that hears no majority steps down within the same time, so a leader always has a majority.
        self.role == Role::Leader || self.timer.is_sticky()
    }

    pub(crate) fn on_pre_vote(
        &mut self,
        from: NodeId,
        term: Term,
        last: (LogIndex, Term),
        effects: &mut Effects,
    ) {
        let granted = term > self.term && !self.has_recent_leader() && self.log.is_covered_by(last.0, last.1);
        self.note_need(from, last);
        let term = if granted { term } else { self.term };
        // No promise is made, so nothing has to be durable; but a refusal speaks of this node's term.
        let after = if granted { None } else { self.writes.after_hard_state() };
        effects.send(from, Message::PreVoteReply { term, granted }, after);
    }

    pub(crate) fn on_pre_vote_reply(
        &mut self,
        from: NodeId,
        term: Term,
        granted: bool,
        effects: &mut Effects,
    ) {
        if !granted {
            self.observe_term(term, effects);
        } else if self.role == Role::PreCandidate && term == self.term.next() {
            self.grant(from, effects);
        } else {
            self.ignored.stale += 1;
        }
    }

    pub(crate) fn on_vote(
        &mut self,
        from: NodeId,
        term: Term,
        last: (LogIndex, Term),
        is_transfer: bool,
        effects: &mut Effects,
    ) {
        let covered = self.log.is_covered_by(last.0, last.1);
        self.note_need(from, last);
        // The leader that was heard wants to be succeeded, and has given its lease up.
        let may_vote = is_transfer || !self.has_recent_leader();
        let mut granted = false;
        if term > self.term && may_vote {
            // Term and vote go to disk in one write.
            granted = covered;
            self.follow(term, None, granted.then_some(from), effects);
        } else if term == self.term {
            // A node that votes twice for the same candidate only repeats itself: its first answer may be lost. Who learned of the
            // term from an answer may have heard the leader of an earlier one just before.
            let free = self.vote.is_none() && self.leader.is_none() && may_vote;
            granted = (free || self.vote == Some(from)) && covered;
            if granted && free {
                self.follow(term, None, Some(from), effects);
            }
        }
        if granted {
            assert!(self.vote == Some(from), "what is said is what is remembered");
            self.timer.reset();
        }
        let after = self.writes.after_hard_state();
        effects.send(from, Message::VoteReply { term: self.term, granted }, after);
    }

    pub(crate) fn on_vote_reply(&mut self, from: NodeId, term: Term, granted: bool, effects: &mut Effects) {
        if self.observe_term(term, effects) && granted && self.role == Role::Candidate {
            self.grant(from, effects);
        }
    }
}
