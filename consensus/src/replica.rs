//! One replica: its state, and which part of it an input goes to.
//!
//! The rules are with the roles (`follower`, `candidate`, `leader`); here is what all roles share: the
//! change of term and role, the commit index, and the check that inputs are such as can be.
//!
//! Invariants, checked in every step: terms and the commit index never go down; the commit index lies within the log;
//! applied lies at or below commit; a leader knows itself as the leader.
//!
//! Left out: what each input means; every concern is a module beside the roles with its own arm in [`Replica::step`].

use alloc::vec::Vec;

use bytes::Bytes;

use crate::config::Config;
use crate::effect::{Effect, Effects, Input};
use crate::election::ElectionTimer;
use crate::error::Error;
use crate::fault::Fault;
use crate::feed::Feed;
use crate::hand_over::HandOver;
use crate::learner::Subscription;
use crate::log::{Log, LogState};
use crate::members_in_force::{MembersInForce, OwnPart};
use crate::membership::Membership;
use crate::message::Message;
use crate::progress::{Pace, Progress};
use crate::quorum::Ballot;
use crate::reads::Reads;
use crate::status::{IgnoredCount, PeerPace, PeerStatus, Status};
use crate::strong_sync::StrongSync;
use crate::transfer::Transfer;
use crate::types::{Entry, EntryKind, HardState, LogIndex, NodeId, Role, Term, WriteSeq};
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
    /// The last leader that was known, also after it is lost: it is not waited for in an election.
    pub(crate) lost_leader: Option<NodeId>,
    /// The memberships of the log; moved with the log alone.
    pub(crate) members: MembersInForce,
    /// What this node is in the membership in force.
    pub(crate) part: OwnPart,
    /// The voters of the membership in force, ascending.
    pub(crate) voters: Vec<NodeId>,
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
    /// The leader ordered this candidate to stand.
    pub(crate) is_transfer_election: bool,
    /// This voter of weight 0 was asked for its vote, since a leader was heard last, by a voter that could lead but for its older log.
    pub(crate) is_needed: bool,
    /// The other members. Up to date only while leading, except for `connected`.
    pub(crate) peers: Vec<Progress>,
    /// A leader's empty entry, until it is committed.
    pub(crate) ready_index: Option<LogIndex>,
    /// A leader has committed an entry of its term.
    pub(crate) is_ready: bool,
    pub(crate) heartbeat_elapsed_ticks: u32,
    /// The last round of heartbeats. Never goes down while the process lives.
    pub(crate) heartbeat_seq: u64,
    /// The last round before this leadership.
    pub(crate) first_seq: u64,
    /// The last round of this leadership that a majority has answered.
    pub(crate) answered_seq: u64,
    pub(crate) reads: Reads,
    pub(crate) transfer: Option<Transfer>,
    /// The last order to take over that each node got, and the round before it, while it may still be obeyed. No lease is granted
    /// meanwhile.
    pub(crate) orders_given: Vec<(NodeId, u64)>,
    pub(crate) hand_over: HandOver,
    /// Whether commits wait for this node's own disk, if it is a strong-sync voter and leads.
    pub(crate) own_sync: StrongSync,
    /// The last heartbeat heard from the leader of this term.
    pub(crate) heard_seq: Option<u64>,
    /// What that heartbeat said: this node has no vote.
    pub(crate) told_learner: Option<bool>,
    pub(crate) subscription: Subscription,
    /// Those that this node feeds.
    pub(crate) feeds: Vec<Feed>,
    /// Every member is known to hold everything up to here. Never goes down.
    pub(crate) floor: LogIndex,
    /// What the last [`Effect::Role`] said.
    announced: (Role, Term, Option<NodeId>),
    batch: u64,
    pub(crate) ignored: IgnoredCount,
}

impl Replica {
    /// A replica as it is after a start, from what its disk holds. `commit` is a lower bound of the commit index, for example
    /// what the state machine has applied. `memberships`: the one in force at the log's base, with the index of its entry
    /// (zero: the founding members), and those in the log, ascending. A node that was told nothing yet has an empty one at index zero.
    /// It starts as a follower or learner and says nothing until its first input.
    ///
    /// # Errors
    /// The configuration makes no sense, or the state on disk contradicts itself.
    pub fn new(
        config: Config,
        hard_state: HardState,
        log: LogState,
        commit: LogIndex,
        memberships: Vec<(LogIndex, Membership)>,
    ) -> Result<Replica, Error> {
        config.check()?;
        let log = Log::open(log)?;
        let mut term = hard_state.term;
        if config.has(Fault::TermForgotten) {
            term = term.max(log.last_term());
        }
        if term < log.last_term() {
            return Err(Error::TermBehindLog { log_term: log.last_term(), term });
        }
        if term.get() > crate::limits::TERM_MAX {
            return Err(Error::LogState("the term of the hard state is impossibly large"));
        }
        // What is purged was applied, so it is committed.
        let commit = commit.max(log.base_index());
        if commit > log.last_index() {
            return Err(Error::CommitBeyondLog { commit, last: log.last_index() });
        }
        let mut members = MembersInForce::open(memberships, &log, config.has(Fault::MembershipLate))?;
        members.commit(commit);
        let vote = if term == hard_state.term { hard_state.vote } else { None };
        let timer = ElectionTimer::new(&config, term == Term::ZERO);
        Ok(Replica::started(config, (term, vote), log, commit, members, timer))
    }

    fn started(
        config: Config,
        (term, vote): (Term, Option<NodeId>),
        log: Log,
        commit: LogIndex,
        members: MembersInForce,
        timer: ElectionTimer,
    ) -> Replica {
        let mut replica = Replica {
            term,
            vote,
            role: Role::Learner,
            leader: None,
            lost_leader: None,
            members,
            part: OwnPart::default(),
            voters: Vec::new(),
            commit,
            applied: LogIndex::ZERO,
            writes: Writes::new(log.last_index()),
            timer,
            ballot: Ballot::default(),
            own_vote: None,
            is_transfer_election: false,
            is_needed: false,
            peers: Vec::new(),
            ready_index: None,
            is_ready: false,
            heartbeat_elapsed_ticks: 0,
            heartbeat_seq: 0,
            first_seq: 0,
            answered_seq: 0,
            reads: Reads::default(),
            transfer: None,
            orders_given: Vec::new(),
            hand_over: HandOver::default(),
            own_sync: StrongSync::default(),
            heard_seq: None,
            told_learner: None,
            subscription: Subscription::default(),
            feeds: Vec::new(),
            floor: LogIndex::ZERO,
            announced: (Role::Learner, term, None),
            batch: 0,
            ignored: IgnoredCount::default(),
            log,
            config,
        };
        replica.adopt_members();
        replica.role = replica.passive_role();
        replica.announced = (replica.role, term, None);
        if replica.is_lone_voter() {
            replica.timer.expire();
        }
        replica
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
            Input::Propose { term, first, proposals } => self.on_propose(term, first, proposals, effects),
            Input::Durable { seq } => self.on_durable(seq, effects),
            Input::Applied { index } => self.on_applied(index),
            Input::PeerConnected { peer } => self.on_connected(peer, effects),
            Input::PeerDisconnected { peer } => self.on_disconnected(peer),
            Input::Purged { upto } => self.on_purged(upto),
            Input::Transfer { to } => self.on_transfer(to, effects),
            Input::CancelTransfer => self.on_cancel_transfer(effects),
            Input::Read { ticket } => self.on_read(ticket, effects),
            Input::SnapshotStaged { base, membership } => self.on_snapshot_staged(base, membership, effects),
        }
        if self.role == Role::Leader {
            self.advance_commit(effects);
            self.advance_transfer(effects);
            self.replicate(effects);
        }
        if !self.feeds.is_empty() {
            self.serve_feeds(effects);
        }
        self.check(before);
    }

    /// What must hold after every step.
    fn check(&self, before: (Term, LogIndex)) {
        let may_drop = self.config.has(Fault::TruncateCommitted);
        assert!(self.term >= before.0, "terms never go down");
        assert!(self.commit >= before.1 || may_drop, "the commit index never goes down");
        assert!(self.commit <= self.log.last_index(), "only entries that are held are committed here");
        assert!(self.log.last_term() <= self.term, "no entry is of a term that was not entered");
        assert!(
            (self.role == Role::Leader) == (self.leader == Some(self.config.id)),
            "the leader, and nobody else, knows itself as the leader"
        );
        assert!(
            self.role != Role::Follower || self.part.is_voter,
            "a node without a vote is a learner, unless it stands or leads"
        );
    }

    fn on_tick(&mut self, effects: &mut Effects) {
        match self.role {
            Role::Leader => self.tick_leader(effects),
            Role::Follower | Role::Learner | Role::PreCandidate | Role::Candidate => {
                if self.timer.tick() {
                    self.on_election_timeout(effects);
                }
            }
        }
        self.tick_subscription(effects);
        self.tick_reads(effects);
        self.tick_feeds();
    }

    fn on_message(&mut self, from: NodeId, message: Message, effects: &mut Effects) {
        if from == self.config.id {
            self.ignored.unknown_sender += 1;
            return;
        }
        if self.members.committed().is_removed(from) {
            // Only when that is decided: otherwise it may be the leader that takes the removal back.
            self.ignored.removed_sender += 1;
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
            Message::Vote { term, last_index, last_term, is_transfer } => {
                self.on_vote(from, term, (last_index, last_term), is_transfer, effects);
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
            Message::Heartbeat { term, commit, seq, floor, is_learner } => {
                self.on_heartbeat(from, term, seq, (commit, floor), is_learner, effects);
            }
            Message::HeartbeatAck { term, seq, commit, applied } => {
                self.on_heartbeat_ack(from, term, seq, (commit, applied), effects);
            }
            Message::Commit { term, commit } => self.on_commit_notice(from, term, commit, effects),
            Message::TimeoutNow { term, seq } => self.on_timeout_now(from, term, seq, effects),
            Message::Subscribe { term, commit, applied } => {
                self.on_subscribe(from, term, (commit, applied), effects);
            }
            Message::Feed { term, prev_index, prev_term, entries, commit } => {
                self.on_feed(from, term, (prev_index, prev_term), entries, commit, effects);
            }
            Message::FeedAck { term, match_index, has_gap } => {
                self.on_feed_ack(from, term, match_index, has_gap, effects);
            }
            Message::ReadIndex { term, ticket } => self.on_read_index(from, term, ticket, effects),
            Message::ReadIndexReply { term, ticket, index } => {
                self.on_read_index_reply(term, ticket, index, effects);
            }
            Message::SnapshotNeeded { term, from: holder, at_least } => {
                self.on_snapshot_needed(from, term, holder, at_least, effects);
            }
        }
    }

    fn on_durable(&mut self, seq: WriteSeq, effects: &mut Effects) {
        if self.writes.durable(seq) {
            self.count_own_vote(effects);
        }
    }

    fn on_applied(&mut self, index: LogIndex) {
        let may_drop = self.config.has(Fault::TruncateCommitted);
        assert!(index <= self.commit || may_drop, "only what is committed is applied");
        self.applied = self.applied.max(index);
    }

    fn on_purged(&mut self, upto: LogIndex) {
        assert!(upto <= self.commit, "only what is committed is purged");
        if upto > self.log.base_index() {
            self.log.purge(upto);
        }
    }

    fn on_connected(&mut self, peer: NodeId, effects: &mut Effects) {
        self.restart_feed(peer);
        let Some(progress) = self.peers.iter_mut().find(|progress| progress.id == peer) else {
            self.ignored.unknown_sender += 1;
            return;
        };
        progress.connect();
        // A leader's question leaves with this step. A node that stands asks the peer that could not hear it.
        self.ask_for_vote(peer, effects);
    }

    fn on_disconnected(&mut self, peer: NodeId) {
        self.drop_feed(peer);
        self.reads.forget(peer);
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
            self.transfer = None;
            self.orders_given.clear();
            self.is_ready = false;
        }
        if term > self.term {
            // Not when the leader is only lost and heard again: what it said last is still what it said last.
            self.heard_seq = None;
            self.told_learner = None;
        }
        self.role = self.passive_role();
        self.leader = leader;
        self.own_vote = None;
        self.ready_index = None;
        if (term, vote) != (self.term, self.vote) {
            self.term = term;
            self.vote = vote;
            if vote.is_some() || !self.config.has(Fault::TermForgotten) {
                self.persist(effects);
            }
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
        let vote = if self.config.has(Fault::VoteNotPersisted) { None } else { self.vote };
        let hard_state = HardState { term: self.term, vote };
        effects.push(Effect::Persist { hard_state, seq });
        seq
    }

    /// Tells the driver role, term and leader if one of them changed.
    pub(crate) fn announce(&mut self, effects: &mut Effects) {
        let now = (self.role, self.term, self.leader);
        if now == self.announced {
            return;
        }
        let has_other_leader = (now.1, now.2) != (self.announced.1, self.announced.2);
        self.announced = now;
        effects.push(Effect::Role { role: self.role, term: self.term, leader: self.leader });
        if has_other_leader {
            self.refuse_reads(effects);
        }
        if self.leader.is_some() && self.leader != self.lost_leader {
            self.lost_leader = self.leader;
            let weight_ticks = self.second_stage_ticks(self.lost_leader);
            self.timer.set_weight_ticks(weight_ticks);
        }
    }

    /// Adds entries to the end of the log.
    pub(crate) fn append(&mut self, entries: Vec<Entry>, effects: &mut Effects) {
        assert!(entries.first().is_some_and(|entry| entry.index == self.log.last_index().next()), "no gaps");
        for run in entries.chunk_by(|left, right| left.term == right.term) {
            self.log.append(run[0].term, run.len() as u64);
        }
        let seq = self.writes.append(self.log.last_index());
        let is_membership = |entry: &&Entry| entry.kind == EntryKind::Membership;
        let memberships: Vec<(LogIndex, Bytes)> =
            entries.iter().filter(is_membership).map(|entry| (entry.index, entry.payload.clone())).collect();
        effects.push(Effect::Append { entries, seq });
        self.take_memberships(&memberships, effects);
    }

    /// Moves the commit index forward.
    pub(crate) fn commit_to(&mut self, index: LogIndex, effects: &mut Effects) {
        assert!(index > self.commit, "the commit index only moves forward");
        assert!(index <= self.log.last_index(), "only entries that are held are committed here");
        self.commit = index;
        effects.push(Effect::Commit { index });
        if self.members.commit(index) && self.config.has(Fault::MembershipLate) {
            self.members_changed(effects);
        }
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
            peers: if leading { self.peers.iter().map(peer_status).collect() } else { Vec::new() },
            membership: self.members.in_force().clone(),
            membership_index: self.members.index(),
            is_membership_committed: self.is_membership_committed(),
            is_degraded: leading && self.part.is_strong_sync && self.own_sync.is_degraded(),
            feeds: self.feed_statuses(),
            transfer: self.transfer.map(|transfer| transfer.to),
            source: self.source(),
            floor: self.floor(),
            ignored: self.ignored,
        }
    }
}

fn peer_status(peer: &Progress) -> PeerStatus {
    PeerStatus {
        id: peer.id,
        is_voter: peer.is_voter,
        is_log_only: peer.is_log_only,
        weight: peer.weight,
        is_strong_sync: peer.is_strong_sync,
        is_degraded: peer.is_strong_sync && peer.sync.is_degraded(),
        commit: peer.commit_heard,
        applied: peer.applied,
        connected: peer.connected,
        match_index: peer.known_index(),
        next: peer.next,
        pace: match peer.pace {
            Pace::Probe { .. } => PeerPace::Probe,
            Pace::Pipeline => PeerPace::Pipeline,
        },
        inflight_batches: peer.inflight.len(),
        contact_ticks: peer.contact_ticks,
        behind_log: peer.behind_log,
    }
}
