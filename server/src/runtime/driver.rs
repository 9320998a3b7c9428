//! The consensus thread: feeds the core and carries out its effects.
//!
//! One thread owns the [`Replica`]. It waits for events with a bound of one tick, steps the core through what has queued
//! up, and hands the effects on: disk effects to the log thread, messages to the peers' senders, commits to the apply.
//! Messages that promise durability wait here for their write (`after`).

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use consensus::{Effect, Effects, Input, LogIndex, Message, NodeId, Replica, Role, Term, WriteSeq};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};

use super::log_thread::LogWrite;
use super::peer_link::{Outbound, PeerSenders};
use crate::limits::{DRIVER_BATCH_EVENTS_MAX, TICK};
use crate::node::Node;
use crate::node::entry_cache::{EntryCache, record_from_entry};

/// What wakes the consensus thread.
#[derive(Debug)]
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
    /// The apply got this far.
    Applied(u64),
    /// Stop.
    Shutdown,
}

/// What the thread shares with the rest.
pub struct Links {
    /// To the log thread.
    pub log: Sender<LogWrite>,
    /// To the peers.
    pub peers: PeerSenders,
    /// To the apply: commit index.
    pub commits: Sender<u64>,
    /// Highest index on this node's disk; the write-behind never passes it.
    pub durable: Arc<AtomicU64>,
    /// Recent entries.
    pub cache: Arc<EntryCache>,
}

/// The thread's state.
pub struct Driver {
    replica: Replica,
    effects: Effects,
    node: Arc<Node>,
    links: Links,
    /// Messages that wait for a write, ascending by it.
    held: VecDeque<(WriteSeq, NodeId, Message)>,
    /// Highest index of each append that is not durable yet, ascending by write.
    appends: VecDeque<(WriteSeq, u64)>,
    /// The term and empty entry of a leadership that opens once the apply is there.
    ready: Option<(Term, LogIndex)>,
    /// What the apply reported last.
    applied: u64,
}

impl Driver {
    /// Around a replica that has not stepped yet.
    #[must_use]
    pub fn new(replica: Replica, node: Arc<Node>, links: Links) -> Driver {
        let applied = node.store.watermark();
        Driver {
            replica,
            effects: Effects::default(),
            node,
            links,
            held: VecDeque::new(),
            appends: VecDeque::new(),
            ready: None,
            applied,
        }
    }

    /// Runs until [`Event::Shutdown`].
    pub fn run(mut self, events: &Receiver<Event>) {
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
            Event::Message(from, message) => self.step(Input::Message { from, message }),
            Event::Connected(peer) => self.step(Input::PeerConnected { peer }),
            Event::Disconnected(peer) => self.step(Input::PeerDisconnected { peer }),
            Event::Durable(seq) => {
                self.durable(seq);
                self.step(Input::Durable { seq });
            }
            Event::Applied(index) => {
                self.applied = index;
                self.step(Input::Applied { index: LogIndex::new(index) });
                self.open_if_applied();
            }
            Event::Shutdown => return false,
        }
        true
    }

    fn propose(&mut self) {
        if let Some(taken) = self.node.sequencer.take() {
            self.step(Input::Propose {
                term: Term::new(taken.term),
                first: LogIndex::new(taken.first),
                payloads: taken.payloads,
            });
        }
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
        }
        while let Some((write, _, _)) = self.held.front()
            && *write <= seq
        {
            if let Some((_, to, message)) = self.held.pop_front() {
                self.links.peers.send(to, Outbound::Message(message));
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
                if let Some(last) = entries.last() {
                    self.appends.push_back((seq, last.index.get()));
                }
                let records = entries.iter().map(record_from_entry).collect();
                self.write(LogWrite::Append(records, seq));
            }
            Effect::Truncate { from, seq } => self.truncate(from, seq),
            Effect::Persist { hard_state, seq } => self.write(LogWrite::Persist(hard_state, seq)),
            Effect::Send { to, message, after: None } => {
                self.links.peers.send(to, Outbound::Message(message))
            }
            Effect::Send { to, message, after: Some(seq) } => self.held.push_back((seq, to, message)),
            Effect::SendEntries { to, term, prev_index, prev_term, first, last, commit } => {
                let epoch = self.links.cache.epoch();
                let order = Outbound::Entries { epoch, term, prev_index, prev_term, first, last, commit };
                self.links.peers.send(to, order);
            }
            Effect::Commit { index } => {
                // The apply is gone only while the node stops.
                let _ = self.links.commits.send(index.get());
            }
            Effect::Role { role, term, leader } => self.role(role, term, leader),
            Effect::LeaderReady { term, index } => {
                self.ready = Some((term, index));
                self.open_if_applied();
            }
            Effect::ProposalRefused { first } => self.node.sequencer.truncated(&self.node.store, first.get()),
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
        // Uncommitted, so above the watermark; lowered before anything can be written at these indexes again.
        self.links.durable.fetch_min(from.prev().get(), Ordering::AcqRel);
        self.node.sequencer.truncated(&self.node.store, from.get());
        self.write(LogWrite::Truncate(from.get(), seq));
    }

    fn write(&self, write: LogWrite) {
        // The log thread is gone only when the process ends.
        let _ = self.links.log.send(write);
    }

    fn role(&mut self, role: Role, term: Term, leader: Option<NodeId>) {
        if role != Role::Leader {
            self.ready = None;
            self.node.sequencer.close(&self.node.store);
        }
        let name = match role {
            Role::Leader => "leader",
            Role::Follower => "follower",
            Role::Candidate => "candidate",
            Role::PreCandidate => "pre-candidate",
        };
        let before = self.node.role.get();
        self.node.role.set(name, term.get(), leader.map(NodeId::get));
        if before.role != name || before.leader != leader.map(NodeId::get) {
            tracing::info!(role = name, term = term.get(), leader = leader.map(NodeId::get), "role");
        }
    }

    fn open_if_applied(&mut self) {
        if let Some((term, index)) = self.ready
            && self.applied >= index.get()
        {
            self.ready = None;
            let next = self.replica.last_index().get() + 1;
            assert!(next == index.get() + 1, "nothing was appended before the sequencer opened");
            self.node.sequencer.open(term.get(), next);
            self.node.role.serve(term.get());
            tracing::info!(term = term.get(), next, "leading: open for writes");
        }
    }
}
