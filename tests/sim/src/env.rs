//! What surrounds the nodes of a run: time, what is going to happen, the network, the checker, and the record of it all.

use std::collections::VecDeque;
use std::fmt::{Debug, Write as _};

use consensus::{Effects, Message, NodeId};

use crate::checker::Checker;
use crate::clock::RealUs;
use crate::kinds::Kinds;
use crate::network::Network;
use crate::queue::{Boot, Event, Local, Parcel, Queue};
use crate::random::Random;
use crate::world::place;

/// What a run was like, to see that the storms are storms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Runs added up.
    pub runs: u64,
    /// Inputs given to nodes, in the storm.
    pub storm_steps: u64,
    /// Inputs given to nodes in the calm.
    pub calm_steps: u64,
    /// Simulated time, storm and calm.
    pub simulated_ms: u64,
    /// Entries committed.
    pub committed: u64,
    /// Writes acknowledged to clients.
    pub acknowledged: u64,
    /// Reads answered from a lease.
    pub lease_reads: u64,
    /// Reads answered after a round.
    pub index_reads: u64,
    /// Terms that had a leader.
    pub leaders: u64,
    /// Processes that ended, however.
    pub crashes: u64,
    /// Processes that stood still.
    pub pauses: u64,
    /// Truncations.
    pub truncations: u64,
    /// Snapshots put in place of a log.
    pub resets: u64,
    /// Purges that removed something.
    pub purges: u64,
    /// Membership entries made.
    pub changes: u64,
    /// Transfers ordered.
    pub transfers: u64,
    /// Entries sent by others than the leader, in batches.
    pub feeds: u64,
    /// Strong-sync voters that were no longer waited for.
    pub degraded: u64,
    /// Bytes of logs that were changed and found.
    pub rot_found: u64,
    /// Longest calm until everything was settled.
    pub calm_ms_max: u64,
}

impl Tally {
    /// Adds another run's.
    pub fn add(&mut self, other: &Tally) {
        self.runs += other.runs;
        self.storm_steps += other.storm_steps;
        self.calm_steps += other.calm_steps;
        self.simulated_ms += other.simulated_ms;
        self.committed += other.committed;
        self.acknowledged += other.acknowledged;
        self.lease_reads += other.lease_reads;
        self.index_reads += other.index_reads;
        self.leaders += other.leaders;
        self.crashes += other.crashes;
        self.pauses += other.pauses;
        self.truncations += other.truncations;
        self.resets += other.resets;
        self.purges += other.purges;
        self.changes += other.changes;
        self.transfers += other.transfers;
        self.feeds += other.feeds;
        self.degraded += other.degraded;
        self.rot_found += other.rot_found;
        self.calm_ms_max = self.calm_ms_max.max(other.calm_ms_max);
    }
}

/// What happened, as lines of text: none, the last ones, or all.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    lines_max: usize,
    lines: VecDeque<String>,
}

impl Trace {
    /// Keeps the last so many lines.
    #[must_use]
    pub fn keeping(lines_max: usize) -> Trace {
        Trace { lines_max, lines: VecDeque::new() }
    }

    /// Whether anything is kept at all.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.lines_max > 0
    }

    /// The lines kept.
    #[must_use]
    pub fn lines(&self) -> &VecDeque<String> {
        &self.lines
    }

    fn push(&mut self, line: String) {
        if self.lines.len() >= self.lines_max {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }
}

/// See the module.
pub struct Env {
    /// Real time since the run began.
    pub now_us: RealUs,
    /// Inputs given to nodes.
    pub steps: u64,
    /// What is going to happen.
    pub queue: Queue,
    /// The links.
    pub network: Network,
    /// How many times each node started.
    pub boots: Vec<Boot>,
    /// What must hold.
    pub checker: Checker,
    /// What happens to disks and processes.
    pub random: Random,
    /// What may go wrong.
    pub kinds: Kinds,
    /// Nothing breaks any more.
    pub is_calm: bool,
    /// Somebody has just begun to stand, or won.
    pub challenger: Option<NodeId>,
    /// Counts.
    pub tally: Tally,
    /// The record.
    pub trace: Trace,
    /// Memory for effects, used again and again.
    pub effects: Effects,
}

impl Env {
    /// A line of the record about a node.
    pub fn note(&mut self, node: NodeId, what: &str, detail: &dyn Debug) {
        if self.trace.is_on() {
            let mut line = String::new();
            let (ms, us) = (self.now_us / 1_000, self.now_us % 1_000);
            // Writing to a string cannot fail.
            let _ = write!(line, "{:>6} {ms:>6}.{us:03} {node} {what} {detail:?}", self.steps);
            self.trace.push(line);
        }
    }

    /// Something will happen to a process after a while.
    pub fn after(&mut self, delay_us: u64, node: NodeId, boot: Boot, local: Local) {
        self.queue.push(self.now_us + delay_us, Event::Local { node, boot: Some(boot), local });
    }

    /// A message leaves a node.
    pub fn send(&mut self, from: NodeId, to: NodeId, message: Message) {
        self.checker.speaks(from, to, &message);
        let [first, second] = self.network.deliver(self.now_us, from, to);
        let Some(first) = first else {
            if self.trace.is_on() {
                self.note(from, "lost", &(to, &message));
            }
            return;
        };
        if let Some(second) = second {
            self.push_message(second, from, to, message.clone());
        }
        self.push_message(first, from, to, message);
    }

    fn push_message(&mut self, at_us: RealUs, from: NodeId, to: NodeId, message: Message) {
        let parcel = if self.network.encodes {
            let mut bytes = Vec::new();
            consensus::encode(&message, &mut bytes);
            Parcel::Encoded(bytes.into())
        } else {
            Parcel::Value(message)
        };
        // It reaches the process that was there when it was sent, or none: a connection ends with the process.
        let boot = self.boots.get(place(to)).copied();
        let local = Local::Message { from, parcel };
        self.queue.push(at_us, Event::Local { node: to, boot, local });
    }
}
