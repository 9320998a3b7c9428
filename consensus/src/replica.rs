//! One replica: its state, and which part of it an input goes to.
//!
//! The rules are with the roles (`follower`, `candidate`, `leader`); here is what all roles share: the
//! change of term and role, the commit index, and the check that inputs are such as can be.
//!
//! Invariants, checked in every step: terms and the commit index never go down; the commit index lies within the log;
//! applied lies at or below commit; a leader knows itself as the leader.
//!
//! Left out: membership (the voters are those of the configuration), transfer, reads, snapshots: each will be a module beside
//! the roles with its own arm in [`Replica::step`].

use alloc::vec::Vec;

use bytes::Bytes;

use crate::config::Config;
use crate::effect::{Effect, Effects, Input};
use crate::election::ElectionTimer;
use crate::error::Error;
use crate::log::{Log, LogState};
use crate::message::Message;
use crate::progress::{Pace, Progress};
use crate::quorum::Ballot;
use crate::status::{IgnoredCount, PeerPace, PeerStatus, Status};
use crate::types::{Entry, HardState, LogIndex, NodeId, Role, Term, WriteSeq};
use crate::writes::Writes;

/// One member of the cluster: a function from inputs to effects.
#[derive(Debug)]
pub struct Replica {
    pub(crate) config: Config,
    /// The highest term seen; moved by [`Replica::become_follower`] and by standing. Never goes down.
    pub(crate) term: Term,
    /// Whom this node voted for in `term`; set once a term.
    pub(crate) vote: Option<NodeId>,
    pub(crate) role: Role,
    /// The leader of `term`, once heard. At most one node for a term.
    pub(crate) leader: Option<NodeId>,
    pub(crate) log: Log,
    /// Everything up to here is decided. Never goes down; moved by [`Replica::commit_to`] alone.
    pub(crate) commit: LogIndex,
    /// What the driver reported as applied.
    applied: LogIndex,
    pub(crate) writes: Writes,
    pub(crate) timer: ElectionTimer,
    /// Who granted, in the pre-election or election that is going on.
    pub(crate) ballot: Ballot,
    /// A candidate's own vote, until it is durable and may be counted.
    pub(crate) own_vote: Option<WriteSeq>,
    /// The other voters. Up to date only while leading, except for `connected`.
    pub(crate) peers: Vec<Progress>,
    /// A leader's empty entry, until it is committed.
    pub(crate) ready_index: Option<LogIndex>,
    pub(crate) heartbeat_elapsed_ticks: u32,
    pub(crate) heartbeat_seq: u64,
    /// What the last [`Effect::Role`] said.
    announced: (Role, Term, Option<NodeId>),
    batch: u64,
    pub(crate) ignored: IgnoredCount,
}

impl Replica {
    /// A replica as it is after a start, from what its disk holds. `commit` is a lower bound of the commit index, for example
    /// what the state machine has applied. It starts as a follower and says nothing until its first input.
    ///
    /// # Errors
    /// The configuration makes no sense, or the state on disk contradicts itself.
    pub fn new(
        config: Config,
        hard_state: HardState,
        log: LogState,
        commit: LogIndex,
    ) -> Result<Replica, Error> {
        let config = config.check()?;
        let log = Log::open(log)?;
        if hard_state.term < log.last_term() {
            return Err(Error::TermBehindLog { log_term: log.last_term(), term: hard_state.term });
        }
        if hard_state.term.get() > crate::limits::TERM_MAX {
            return Err(Error::LogState("the term of the hard state is impossibly large"));
        }
        // What is purged was applied, so it is committed.
        let commit = commit.max(log.base_index());
        if commit > log.last_index() {
            return Err(Error::CommitBeyondLog { commit, last: log.last_index() });
        }
        let peers =
            config.voters.iter().filter(|id| **id != config.id).map(|id| Progress::new(*id)).collect();
        Ok(Replica {
            term: hard_state.term,
            vote: hard_state.vote,
            role: Role::Follower,
            leader: None,
            commit,
            applied: LogIndex::ZERO,
            writes: Writes::new(log.last_index()),
            timer: ElectionTimer::new(&config),
            ballot: Ballot::default(),
            own_vote: None,
            peers,
            ready_index: None,
            heartbeat_elapsed_ticks: 0,
            heartbeat_seq: 0,
            announced: (Role::Follower, hard_state.term, None),
            batch: 0,
            ignored: IgnoredCount::default(),
            log,
            config,
        })
    }

    /// Takes one input and adds what is to be done to `effects`, behind what is there already.
    ///
    /// # Panics
    /// When the driver breaks the contract of [`crate::effect`], or an invariant of the protocol is broken. Never because of
    /// what a message says.
    pub fn step(&mut self, input: Input, effects: &mut Effects) {
        self.batch += 1;
        effects.batch = self.batch;
        let before = (self.term, self.commit);
        match input {
            Input::Tick => self.on_tick(effects),
            Input::Message { from, message } => self.on_message(from, message, effects),
            Input::Propose { term, first, payloads } => self.on_propose(term, first, payloads, effects),
            Input::Durable { seq } => self.on_durable(seq, effects),
            Input::Applied { index } => self.on_applied(index),
            Input::PeerConnected { peer } => self.on_connected(peer, effects),
            Input::PeerDisconnected { peer } => self.on_disconnected(peer),
            Input::Purged { upto } => self.on_purged(upto),
        }
        if self.role == Role::Leader {
            self.advance_commit(effects);
            self.replicate(effects);
        }
        self.check(before);
    }

    /// What must hold after every step.
    fn check(&self, before: (Term, LogIndex)) {
        assert!(self.term >= before.0, "terms never go down");
        assert!(self.commit >= before.1, "the commit index never goes down");
        assert!(self.commit <= self.log.last_index(), "only entries that are held are committed here");
        assert!(self.log.last_term() <= self.term, "no entry is of a term that was not entered");
        assert!(
            (self.role == Role::Leader) == (self.leader == Some(self.config.id)),
            "the leader, and nobody else, knows itself as the leader"
        );
    }

    fn on_tick(&mut self, effects: &mut Effects) {
        match self.role {
            Role::Leader => self.tick_leader(effects),
            Role::Follower | Role::PreCandidate | Role::Candidate => {
                if !self.timer.tick() {
                    return;
                }
                if self.own_vote.is_some() {
                    // The disk has not even let the questions out. Standing anew would only give it more to write.
                    self.timer.stand();
                } else {
                    self.stand_for_pre_election(effects);
                }
            }
        }
    }

    fn on_message(&mut self, from: NodeId, message: Message, effects: &mut Effects) {
        if from == self.config.id || self.config.position(from).is_none() {
            self.ignored.unknown_sender += 1;
            return;
        }
        if !message.is_well_formed() {
            self.ignored.malformed += 1;
            return;
        }
        match message {
            Message::PreVote { term, last_index, last_term } => {
                self.on_pre_vote(from, term, (last_index, last_term), effects);
            }
            Message::PreVoteReply { term, granted } => self.on_pre_vote_reply(from, term, granted, effects),
            Message::Vote { term, last_index, last_term } => {
                self.on_vote(from, term, (last_index, last_term), effects);
            }
            Message::VoteReply { term, granted } => self.on_vote_reply(from, term, granted, effects),
            Message::Append { term, prev_index, prev_term, entries, commit } => {
                self.on_append(from, term, (prev_index, prev_term), entries, commit, effects);
            }
            Message::AppendAck { term, match_index } => self.on_append_ack(from, term, match_index, effects),
            Message::AppendReject { term, prev_index, conflict_term, conflict_first, last_index } => {
                let conflict = (conflict_term, conflict_first);
                self.on_append_reject(from, term, prev_index, conflict, last_index, effects);
            }
            Message::Heartbeat { term, commit, seq } => self.on_heartbeat(from, term, commit, seq, effects),
            Message::HeartbeatAck { term, seq: _ } => self.on_heartbeat_ack(from, term, effects),
            Message::Commit { term, commit } => self.on_commit_notice(from, term, commit, effects),
        }
    }

    fn on_durable(&mut self, seq: WriteSeq, effects: &mut Effects) {
        if self.writes.durable(seq) {
            self.count_own_vote(effects);
        }
    }

    fn on_applied(&mut self, index: LogIndex) {
        assert!(index <= self.commit, "only what is committed is applied");
        self.applied = self.applied.max(index);
    }

    fn on_purged(&mut self, upto: LogIndex) {
        assert!(upto <= self.commit, "only what is committed is purged");
        if upto > self.log.base_index() {
            self.log.purge(upto);
        }
    }

    fn on_connected(&mut self, peer: NodeId, effects: &mut Effects) {
        let Some(progress) = self.peers.iter_mut().find(|progress| progress.id == peer) else {
            self.ignored.unknown_sender += 1;
            return;
        };
        progress.connect();
        // A leader's question leaves with this step. A node that stands asks the peer that could not hear it.
        self.ask_for_vote(peer, effects);
    }

    fn on_disconnected(&mut self, peer: NodeId) {
        match self.peers.iter_mut().find(|progress| progress.id == peer) {
            Some(progress) => progress.disconnect(),
            None => self.ignored.unknown_sender += 1,
        }
    }

    /// Follows in `term`, which is this node's or a later one; `leader` when it is known.
    pub(crate) fn become_follower(&mut self, term: Term, leader: Option<NodeId>, effects: &mut Effects) {
        let vote = if term > self.term { None } else { self.vote };
        self.follow(term, leader, vote, effects);
    }

    /// Follows in `term`, having voted for `vote` in it.
    pub(crate) fn follow(
        &mut self,
        term: Term,
        leader: Option<NodeId>,
        vote: Option<NodeId>,
        effects: &mut Effects,
    ) {
        assert!(term > self.term || self.vote.is_none() || self.vote == vote, "a vote is not taken back");
        assert!(term >= self.term, "terms never go down");
        assert!(leader != Some(self.config.id), "a follower follows another");
        if self.role == Role::Leader {
            // The others have heard this node until now; let them go first.
            self.timer.reset();
        }
        self.role = Role::Follower;
        self.leader = leader;
        self.own_vote = None;
        self.ready_index = None;
        if (term, vote) != (self.term, self.vote) {
            self.term = term;
            self.vote = vote;
            self.persist(effects);
        }
        self.announce(effects);
    }

    /// Takes note of a term heard in an answer. Returns whether the answer is for the present term.
    pub(crate) fn observe_term(&mut self, term: Term, effects: &mut Effects) -> bool {
        if term > self.term {
            self.become_follower(term, None, effects);
            return false;
        }
        if term < self.term {
            self.ignored.stale += 1;
        }
        term == self.term
    }

    /// Writes term and vote.
    pub(crate) fn persist(&mut self, effects: &mut Effects) -> WriteSeq {
        let seq = self.writes.persist();
        let hard_state = HardState { term: self.term, vote: self.vote };
        effects.push(Effect::Persist { hard_state, seq });
        seq
    }

    /// Tells the driver role, term and leader if one of them changed.
    pub(crate) fn announce(&mut self, effects: &mut Effects) {
        let now = (self.role, self.term, self.leader);
        if now != self.announced {
            self.announced = now;
            effects.push(Effect::Role { role: self.role, term: self.term, leader: self.leader });
        }
    }

    /// Adds entries to the end of the log.
    pub(crate) fn append(&mut self, entries: Vec<Entry>, effects: &mut Effects) {
        assert!(entries.first().is_some_and(|entry| entry.index == self.log.last_index().next()), "no gaps");
        for run in entries.chunk_by(|left, right| left.term == right.term) {
            self.log.append(run[0].term, run.len() as u64);
        }
        let seq = self.writes.append(self.log.last_index());
        effects.push(Effect::Append { entries, seq });
    }

    /// Moves the commit index forward.
    pub(crate) fn commit_to(&mut self, index: LogIndex, effects: &mut Effects) {
        assert!(index > self.commit, "the commit index only moves forward");
        assert!(index <= self.log.last_index(), "only entries that are held are committed here");
        self.commit = index;
        effects.push(Effect::Commit { index });
    }

    /// The role played now.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// The term now.
    #[must_use]
    pub fn term(&self) -> Term {
        self.term
    }

    /// The leader of the present term, if known; this node itself when it leads.
    #[must_use]
    pub fn leader(&self) -> Option<NodeId> {
        self.leader
    }

    /// Everything up to here is decided for ever.
    #[must_use]
    pub fn commit(&self) -> LogIndex {
        self.commit
    }

    /// The last entry of the log, durable or not.
    #[must_use]
    pub fn last_index(&self) -> LogIndex {
        self.log.last_index()
    }

    /// The last entry that is on this node's disk with all before it. The state machine's own durable state must not go past
    /// it, see [`crate::effect`].
    #[must_use]
    pub fn durable_index(&self) -> LogIndex {
        self.writes.durable_index()
    }

    /// What the driver last reported as applied.
    #[must_use]
    pub fn applied(&self) -> LogIndex {
        self.applied
    }

    /// At how many payload bytes the driver cuts a [`Effect::SendEntries`] into frames.
    #[must_use]
    pub fn batch_bytes_max(&self) -> usize {
        self.config.batch_bytes_max
    }

    /// Everything there is to see, for `status` and metrics.
    #[must_use]
    pub fn status(&self) -> Status {
        let leading = self.role == Role::Leader;
        let peers = self.peers.iter().map(|peer| PeerStatus {
            id: peer.id,
            connected: peer.connected,
            match_index: peer.match_index,
            next: peer.next,
            pace: match peer.pace {
                Pace::Probe { .. } => PeerPace::Probe,
                Pace::Pipeline => PeerPace::Pipeline,
            },
            inflight_batches: peer.inflight.len(),
            contact_ticks: peer.contact_ticks,
            behind_log: peer.behind_log,
        });
        Status {
            id: self.config.id,
            role: self.role,
            term: self.term,
            leader: self.leader,
            commit: self.commit,
            applied: self.applied,
            first_index: self.log.base_index().next(),
            last_index: self.log.last_index(),
            durable_index: self.writes.durable_index(),
            leader_contact_ticks: if leading { 0 } else { self.timer.contact_ticks() },
            peers: if leading { peers.collect() } else { Vec::new() },
            ignored: self.ignored,
        }
    }

    /// Makes entries of this term out of payloads, for the end of the log.
    pub(crate) fn make_entries(&self, payloads: Vec<Bytes>) -> Vec<Entry> {
        let first = self.log.last_index().next();
        payloads
            .into_iter()
            .zip(first.get()..)
            .map(|(payload, index)| {
                assert!(payload.len() <= crate::limits::PAYLOAD_BYTES_MAX, "a payload fits an entry");
                let index = LogIndex::new(index);
                Entry { index, term: self.term, kind: crate::types::EntryKind::Data, payload }
            })
            .collect()
    }
}
