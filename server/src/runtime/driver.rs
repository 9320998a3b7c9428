//! The consensus thread: feeds the core and carries out its effects.
//!
//! One thread owns the [`Replica`]. It waits for events with a bound of one tick, steps the core through what has queued
//! up, and hands the effects on: disk effects to the log thread, messages to the peers' senders, commits to the apply, answers to
//! the sessions that read. Messages that promise durability wait here for their write (`after`).
//!
//! Invariants: effects are carried out in order; a heartbeat round's time is taken before its heartbeats are handed on; the apply hears
//! of a replaced log only when the replacement is durable, and of no commit behind it before that.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use bytes::Bytes;
use consensus::{
    Change, ChangeRefused, Effect, Effects, Entry, EntryKind, Input, Lease, LogIndex, Membership, Message,
    NodeId, Notice, Replica, Role, Term, TransferEnd, WriteSeq,
};
use crossbeam_channel::RecvTimeoutError;
use parking_lot::Mutex;

use super::log_thread::LogWrite;
use super::peer::{Outbound, PeerLinks};
use super::queue::{Receiver, Sender};
use super::snapshot::Snapshots;
use crate::limits::{DRIVER_BATCH_EVENTS_MAX, TICK};
use crate::node::Node;
use crate::node::apply::{Applier, ApplyOrder};
use crate::node::entry_cache::{EntryCache, record_from_entry};
use crate::node::reads::now_ns;
use crate::node::steering::{Placed, Request};

/// What wakes the consensus thread.
pub enum Event {
    /// The sequencer's queue is no longer empty.
    Proposals,
    /// A peer sent a message.
    Message(NodeId, Message),
    /// A peer can be reached again.
    Connected(NodeId),
    /// A peer cannot be reached.
    Disconnected(NodeId),
    /// The log thread has everything up to here on disk.
    Durable(WriteSeq),
    /// The log holds nothing up to here any more.
    Purged(u64),
    /// Somebody on this node asks something.
    Request(Request),
    /// A snapshot is on disk.
    SnapshotStaged {
        /// Its last entry, and the term.
        base: (LogIndex, Term),
        /// The members then.
        membership: (LogIndex, Membership),
    },
    /// Stop.
    Shutdown,
}

/// What the thread shares with the rest.
pub struct Links {
    /// To the log thread.
    pub log: Sender<LogWrite>,
    /// To the peers.
    pub peers: PeerLinks,
    /// To the apply.
    pub apply: Sender<ApplyOrder>,
    /// Highest index on this node's disk; the write-behind never passes it.
    pub durable: Arc<AtomicU64>,
    /// Recent entries.
    pub cache: Arc<EntryCache>,
    /// Fetches snapshots.
    pub snapshots: Arc<Snapshots>,
    /// How far the apply has come; moved by who holds the applier.
    pub applied: Arc<AtomicU64>,
    /// The apply, which its thread holds while it works.
    pub applier: Arc<Mutex<Applier>>,
}

/// A replacement of the log that is not durable yet.
struct Replacing {
    write: WriteSeq,
    base: (u64, u64),
    /// The commit index to be applied up to once it is done.
    commit: Option<u64>,
}

/// The thread's state.
pub struct Driver {
    replica: Replica,
    effects: Effects,
    node: Arc<Node>,
    links: Links,
    lease: Lease,
    /// Messages that wait for a write, ascending by it.
    held: VecDeque<(WriteSeq, NodeId, Message)>,
    /// Highest index of each append that is not durable yet, ascending by write.
    appends: VecDeque<(WriteSeq, u64)>,
    replacing: Option<Replacing>,
    /// Who waits to hear that a transfer did not happen.
    transfer: Option<tokio::sync::oneshot::Sender<TransferEnd>>,
    /// The term and empty entry of a leadership that opens once the apply is there.
    ready: Option<(Term, LogIndex)>,
    /// This node leads, and its sequencer is open.
    is_open: bool,
    /// The last commit index that the core told.
    committed: u64,
    /// What the apply reported last.
    applied: u64,
}

impl Driver {
    /// Around a replica that has not stepped yet; each lease lasts `lease_ns`.
    #[must_use]
    pub fn new(replica: Replica, node: Arc<Node>, links: Links, lease_ns: u64) -> Driver {
        let (applied, committed) = (node.store.watermark(), replica.commit().get());
        node.reads.set_commit(committed);
        Driver {
            replica,
            effects: Effects::default(),
            node,
            links,
            lease: Lease::new(lease_ns),
            held: VecDeque::new(),
            appends: VecDeque::new(),
            replacing: None,
            transfer: None,
            ready: None,
            is_open: false,
            committed,
            applied,
        }
    }

    /// Runs until [`Event::Shutdown`].
    pub fn run(mut self, events: &Receiver<Event>) {
        // What was committed just before the process ended may not have been written down, and may be purged without another commit.
        self.record_membership();
        // So that a leader knows, before anything new is committed, that this node's tables are as good as its own.
        let applied = self.applied.min(self.replica.commit().get());
        self.step(Input::Applied { index: LogIndex::new(applied) });
        self.reconcile_links();
        let mut next_tick = Instant::now() + TICK;
        loop {
            match events.recv_deadline(next_tick) {
                Ok(event) => {
                    if !self.take(event) {
                        return;
                    }
                    for _ in 1..DRIVER_BATCH_EVENTS_MAX {
                        let Ok(event) = events.try_recv() else { break };
                        if !self.take(event) {
                            return;
                        }
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let now = Instant::now();
            if now >= next_tick {
                self.node.vitals.consensus.beat();
                self.note_applied();
                self.step(Input::Tick);
                // After a pause of the process the missed ticks are not made up: the core must not believe that
                // it listened all the time.
                next_tick = (next_tick + TICK).max(now + TICK / 2);
            }
        }
    }

    /// Handles one event; false to stop.
    fn take(&mut self, event: Event) -> bool {
        match event {
            Event::Proposals => self.propose(),
            Event::Message(from, Message::ReadIndex { ticket, .. })
                if self.is_open && self.node.reads.has_lease() =>
            {
                // As a read of this node's own: the lease was looked at after the question came.
                let (term, index) = (self.replica.term(), Some(self.replica.commit()));
                self.send(from, Message::ReadIndexReply { term, ticket, index });
            }
            Event::Message(from, message) => {
                self.node.cluster.received(&message);
                self.step(Input::Message { from, message });
            }
            Event::Connected(peer) => self.step(Input::PeerConnected { peer }),
            Event::Disconnected(peer) => self.step(Input::PeerDisconnected { peer }),
            Event::Durable(seq) => {
                self.durable(seq);
                self.step(Input::Durable { seq });
            }
            Event::Purged(upto) => {
                self.step(Input::Purged { upto: LogIndex::new(upto) });
                self.node.members.forget_before(upto);
            }
            Event::Request(request) => self.request(request),
            Event::SnapshotStaged { base, membership } => self.staged(base, membership),
            Event::Shutdown => return false,
        }
        true
    }

    /// Looks how far the apply has come. It tells by a number and not by an event for each batch: only heartbeats say it to others, and
    /// the beginning of a leadership can wait for a tick.
    fn note_applied(&mut self) {
        let index = self.links.applied.load(Ordering::Acquire);
        if index == self.applied {
            return;
        }
        self.applied = index;
        // What was applied before the log was replaced says nothing of the log that is there now.
        if index <= self.replica.commit().get() {
            self.step(Input::Applied { index: LogIndex::new(index) });
        }
        self.open_if_applied();
    }

    fn request(&mut self, request: Request) {
        // Whoever asked may have given up waiting for the answer.
        match request {
            Request::Read(ticket) => self.step(Input::Read { ticket }),
            Request::Status(answer) => drop(answer.send(self.replica.status())),
            Request::Change(change, answer) => drop(answer.send(self.change(&change))),
            Request::Transfer(to, answer) => match &self.transfer {
                Some(_) => drop(answer.send(TransferEnd::Busy)),
                None => {
                    self.transfer = Some(answer);
                    self.step(Input::Transfer { to });
                }
            },
            Request::CancelTransfer => self.step(Input::CancelTransfer),
            Request::ReconcileLinks => self.reconcile_links(),
            Request::PreparedReady => self.open_if_applied(),
        }
    }

    /// A snapshot is on disk: it replaces log and store when the log cannot be continued, or only the store when that alone was lost.
    fn staged(&mut self, base: (LogIndex, Term), membership: (LogIndex, Membership)) {
        let is_lost = self.node.store_is_lost.load(Ordering::Acquire);
        if !is_lost || base.0 > self.replica.commit() {
            // A log that holds its last entry is kept, and learns that this is committed.
            self.step(Input::SnapshotStaged { base, membership });
        }
        if self.replacing.is_none() && is_lost && self.is_continued_by_log(base.0) {
            self.order(ApplyOrder::Replace { index: base.0.get(), term: base.1.get() });
            self.order(ApplyOrder::Commit(self.replica.commit().get()));
        } else {
            self.links.snapshots.staged_was_offered(self.replacing.is_some());
        }
    }

    /// Whether tables as of `index` can be continued from this node's log. That must have the entry on disk: after a crash the tables
    /// would be ahead of it.
    fn is_continued_by_log(&self, index: LogIndex) -> bool {
        index <= self.replica.commit()
            && index <= self.replica.durable_index()
            && index >= self.replica.status().first_index.prev()
    }

    fn propose(&mut self) {
        if let Some(taken) = self.node.sequencer.take(self.node.store.watermark()) {
            let count = taken.proposals.len() as u64;
            self.node.stages.taken(taken.first + count - 1, count, taken.bytes, taken.since);
            self.node.cluster.proposed(taken.proposals.len());
            self.step(Input::Propose {
                term: Term::new(taken.term),
                first: LogIndex::new(taken.first),
                proposals: taken.proposals,
            });
        }
    }

    /// Asks the core for a change and gives it its place in the log at once, so that the core has not moved in between.
    fn change(&mut self, change: &Change) -> Result<Option<Placed>, ChangeRefused> {
        // What is queued comes before it.
        self.propose();
        let Some(payload): Option<Bytes> = self.replica.prepare_change(change)? else { return Ok(None) };
        let term = self.replica.term().get();
        let placed = self.node.sequencer.sequence_membership(&self.node.store, term, payload);
        let (index, wait) = placed.ok_or(ChangeRefused::NotReady)?;
        self.propose();
        Ok(Some(Placed { term, index, wait }))
    }

    /// Releases what waited for this write.
    fn durable(&mut self, seq: WriteSeq) {
        let mut index = 0;
        while let Some(&(write, last)) = self.appends.front()
            && write <= seq
        {
            index = last;
            self.appends.pop_front();
        }
        if index > 0 {
            self.links.cache.set_durable(index);
            self.links.durable.fetch_max(index, Ordering::AcqRel);
            self.node.stages.durable(index);
        }
        if let Some(replacing) = self.replacing.take_if(|replacing| replacing.write <= seq) {
            let (index, term) = replacing.base;
            self.links.durable.fetch_max(index, Ordering::AcqRel);
            self.order(ApplyOrder::Replace { index, term });
            if let Some(commit) = replacing.commit {
                self.order(ApplyOrder::Commit(commit));
            }
        }
        while let Some((write, _, _)) = self.held.front()
            && *write <= seq
        {
            if let Some((_, to, message)) = self.held.pop_front() {
                self.send(to, message);
            }
        }
    }

    fn step(&mut self, input: Input) {
        self.effects.clear();
        self.replica.step(input, &mut self.effects);
        let mut effects = std::mem::take(&mut self.effects);
        for effect in effects.drain() {
            self.carry_out(effect);
        }
        self.effects = effects;
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Append { entries, seq } => {
                self.links.cache.push(&entries);
                self.note_memberships(&entries);
                if let Some(last) = entries.last() {
                    self.node.cluster.last_log_term.store(last.term.get(), Ordering::Relaxed);
                    self.appends.push_back((seq, last.index.get()));
                }
                let records = entries.iter().map(record_from_entry).collect();
                self.write(LogWrite::Append(records, seq));
            }
            Effect::Truncate { from, seq } => self.truncate(from, seq),
            Effect::Reset { base, membership, seq } => self.reset(base, membership, seq),
            Effect::Persist { hard_state, seq } => {
                let vote = hard_state.vote.map_or(0, NodeId::get);
                self.node.cluster.voted_for.store(vote, Ordering::Relaxed);
                self.write(LogWrite::Persist(hard_state, seq));
            }
            Effect::Send { to, message, after: None } => self.send(to, message),
            Effect::Send { to, message, after: Some(seq) } => self.held.push_back((seq, to, message)),
            Effect::SendEntries { to, term, prev_index, prev_term, first, last, commit, is_feed } => {
                self.node.cluster.sent_entries();
                let epoch = self.links.cache.epoch();
                let order =
                    Outbound::Entries { epoch, term, prev_index, prev_term, first, last, commit, is_feed };
                self.links.peers.send(to, order);
            }
            Effect::Commit { index } => self.commit(index.get()),
            Effect::Role { role, term, leader } => self.role(role, term, leader),
            Effect::LeaderReady { term, index } => {
                self.ready = Some((term, index));
                self.open_if_applied();
            }
            Effect::ProposalRefused { first } => self.node.sequencer.truncated(&self.node.store, first.get()),
            Effect::Membership { index, membership } => self.membership(index, membership),
            Effect::FetchSnapshot { from, leader, at_least } => {
                self.links.snapshots.fetch(&self.node, from, leader, at_least.get());
            }
            Effect::HeartbeatRound { term: _, seq } => self.lease.round_began(seq, now_ns()),
            Effect::LeaseRound { seq } => {
                self.lease.round_answered(seq);
                self.grant_lease();
            }
            Effect::LeaseRevoked => self.revoke_lease(),
            Effect::ReadReady { ticket, index } => self.node.reads.answer(ticket, Some(index.get())),
            Effect::ReadRefused { ticket } => self.node.reads.answer(ticket, None),
            Effect::HoldProposals { to } => {
                self.node.sequencer.hold();
                self.node.cluster.event(format!("handing the leadership over to node {}", to.get()));
            }
            Effect::TransferEnded { reason } => self.transfer_ended(reason),
            Effect::Notice(notice) => self.node.cluster.event(notice_text(notice)),
        }
    }

    fn send(&self, to: NodeId, message: Message) {
        self.node.cluster.sent(&message);
        self.links.peers.send(to, Outbound::Message(message));
    }

    fn order(&self, order: ApplyOrder) {
        // The apply is gone only while the node stops.
        let _ = self.links.apply.send(order);
    }

    fn commit(&mut self, index: u64) {
        self.node.reads.set_commit(index);
        self.committed = index;
        self.node.stages.committed(index);
        // Before the apply hears of it: what is applied may be purged.
        self.record_membership();
        if let Some(replacing) = &mut self.replacing {
            replacing.commit = Some(index);
        } else if !(self.is_open && self.advance_leading(index)) {
            self.order(ApplyOrder::Commit(index));
        }
    }

    /// Moves the watermark from here, if that is all that there is to do and the apply is not at work.
    fn advance_leading(&self, index: u64) -> bool {
        let Some(mut applier) = self.links.applier.try_lock() else { return false };
        let advanced = applier.advance_leading(index);
        self.links.applied.store(applier.applied(), Ordering::Release);
        advanced
    }

    /// Has memberships written down once they are committed.
    fn record_membership(&mut self) {
        let news = self.node.members.commit(self.replica.commit().get());
        if news.is_empty() {
            return;
        }
        for (index, membership) in news {
            self.write(LogWrite::Members(index, membership));
        }
        self.reconcile_links();
    }

    /// Entries were added to the log: the members among them are noted, each. (The core tells only of the last.)
    fn note_memberships(&self, entries: &[Entry]) {
        for entry in entries.iter().filter(|entry| entry.kind == EntryKind::Membership) {
            let membership = consensus::decode_membership(&entry.payload)
                .expect("the core appends none that cannot be read");
            self.node.members.append(entry.index.get(), membership);
        }
    }

    fn membership(&mut self, index: LogIndex, membership: Membership) {
        let before = self.node.members.in_force();
        for line in crate::node::administration::describe_change(&before, &membership) {
            self.node.cluster.change(line);
        }
        self.node.members.set(index.get(), membership);
        self.record_membership();
        self.reconcile_links();
    }

    /// Brings the links to those that are needed.
    fn reconcile_links(&mut self) {
        let own = self.node.config.node_id;
        let reachable = self.node.members.reachable();
        let others: Vec<(NodeId, String)> = reachable
            .into_iter()
            .filter(|(id, _)| *id != own)
            .map(|(id, address)| (NodeId::new(id), self.node.config.route(id, &address)))
            .collect();
        if let Err(error) = self.links.peers.reconcile(&others) {
            super::fatal("a thread for a link between nodes could not be started", &error);
        }
    }

    fn truncate(&mut self, from: LogIndex, seq: WriteSeq) {
        tracing::warn!(
            from = from.get(),
            "dropping log entries that a new leader replaces; they were never committed"
        );
        self.links.cache.truncate(from);
        self.appends.retain_mut(|(_, last)| {
            *last = (*last).min(from.prev().get());
            true
        });
        self.node.members.truncate(from.get());
        self.node.stages.truncated(from.prev().get());
        // Uncommitted, so above the watermark; lowered before anything can be written at these indexes again.
        self.links.durable.fetch_min(from.prev().get(), Ordering::AcqRel);
        self.node.sequencer.truncated(&self.node.store, from.get());
        self.write(LogWrite::Truncate(from.get(), seq));
    }

    /// The log is replaced by a snapshot's end. The apply may be anywhere before it: it finds out by the cache, and waits.
    fn reset(&mut self, base: (LogIndex, Term), membership: (LogIndex, Membership), seq: WriteSeq) {
        let (index, term) = (base.0.get(), base.1.get());
        self.node.cluster.event(format!("continuing from a snapshot at index {index}"));
        self.links.cache.reset(base.0);
        self.appends.clear();
        // The old log may have been longer: what comes in the place of its end is not on disk yet.
        self.links.durable.fetch_min(self.committed, Ordering::AcqRel);
        self.node.stages.truncated(self.committed);
        self.node.sequencer.reset(&self.node.store, self.committed);
        self.committed = index;
        self.node.members.reset(membership.clone());
        self.replacing = Some(Replacing { write: seq, base: (index, term), commit: None });
        self.write(LogWrite::Reset { base: (index, term), membership, seq });
        self.reconcile_links();
    }

    fn write(&self, write: LogWrite) {
        // The log thread is gone only when the process ends.
        let _ = self.links.log.send(write);
    }

    /// Lets sessions read from the lease, once everything that was committed before this leadership is applied.
    fn grant_lease(&self) {
        if self.is_open {
            self.node.reads.set_lease(self.lease.until_ns());
        }
    }

    fn revoke_lease(&mut self) {
        self.lease.revoke();
        self.node.reads.set_lease(0);
    }

    fn transfer_ended(&mut self, reason: TransferEnd) {
        if reason != TransferEnd::Busy {
            // Else the one that is going on still needs the hold.
            self.node.sequencer.release();
        }
        if let Some(waiting) = self.transfer.take() {
            let _ = waiting.send(reason);
        }
        match reason {
            TransferEnd::Busy
            | TransferEnd::NotLeading
            | TransferEnd::NotEligible
            | TransferEnd::NoTarget => {}
            TransferEnd::TimedOut | TransferEnd::Cancelled => {
                self.node.cluster.event(format!("the handover of the leadership was given up: {reason:?}"));
            }
        }
    }

    fn role(&mut self, role: Role, term: Term, leader: Option<NodeId>) {
        if role != Role::Leader {
            self.ready = None;
            self.is_open = false;
            self.revoke_lease();
            self.node.sequencer.close(&self.node.store);
            self.node.events.wake();
            self.node.prepared.end_term();
            // Whoever asked for it sees the change of role.
            self.transfer = None;
        }
        let name = match role {
            Role::Leader => "leader",
            Role::Follower => "follower",
            Role::Learner => "learner",
            Role::Candidate => "candidate",
            Role::PreCandidate => "pre-candidate",
        };
        let before = self.node.role.get();
        self.node.role.set(name, term.get(), leader.map(NodeId::get));
        if before.role != name || before.leader != leader.map(NodeId::get) {
            let leader =
                leader.map_or_else(|| "unknown".to_owned(), |leader| format!("node {}", leader.get()));
            self.node.cluster.event(format!("role {name}, term {}, leader {leader}", term.get()));
        }
    }

    /// Whether prepared transactions hold their locks, without which nobody may write.
    fn prepared_are_ready(&self, term: Term) -> bool {
        let steering = self.node.steering.clone();
        let done = move |taken: Result<(), storage::Error>| match taken {
            Ok(()) => steering.prepared_ready(),
            Err(error) => super::fatal("a prepared transaction cannot be read", &error),
        };
        match self.node.prepared.is_ready(&self.node, term.get(), done) {
            Ok(is_ready) => is_ready,
            Err(error) => super::fatal("prepared transactions cannot be read", &error),
        }
    }

    fn open_if_applied(&mut self) {
        if let Some((term, index)) = self.ready
            && self.applied >= index.get()
            && self.prepared_are_ready(term)
        {
            self.ready = None;
            let next = self.replica.last_index().get() + 1;
            assert!(next == index.get() + 1, "nothing was appended before the sequencer opened");
            self.node.sequencer.open(term.get(), next);
            self.node.role.serve(term.get());
            self.node.events.wake();
            self.is_open = true;
            self.grant_lease();
            self.node
                .cluster
                .event(format!("leading in term {}: open for writes at index {next}", term.get()));
        }
    }
}

fn notice_text(notice: Notice) -> String {
    match notice {
        Notice::StrongSyncDegraded { voter, match_index } => format!(
            "node {} is degraded: commits no longer wait for it (it holds entries up to {match_index})",
            voter.get()
        ),
        Notice::StrongSyncRearmed { voter } => {
            format!("node {} has caught up: commits wait for it again", voter.get())
        }
        Notice::HandingOver { to } => {
            format!(
                "node {} is to lead in place of this node (weight, or this node keeps no tables)",
                to.get()
            )
        }
        Notice::SourceChanged { source: Some(source) } => format!("fed by node {} now", source.get()),
        Notice::SourceChanged { source: None } => "no source is known to be fed by".to_owned(),
    }
}
