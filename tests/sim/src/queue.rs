//! What is going to happen, in the order of real time. What is due at the same time happens in the order in which it was
//! scheduled, so that a run depends on its seed alone.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use bytes::Bytes;
use consensus::{LogIndex, Message, NodeId, Term};

use crate::clock::RealUs;
use crate::snapshot::Snapshot;

/// Number of a start of a node: what was scheduled by an earlier process does not happen to a later one.
pub type Boot = u64;

/// A message on its way: as a value, or as bytes in those runs that test the encoding too.
#[derive(Debug)]
pub enum Parcel {
    /// As a value.
    Value(Message),
    /// Encoded.
    Encoded(Bytes),
}

/// An order to send entries, not yet carried out. See [`consensus::Effect::SendEntries`] for its fields.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// Truncations and resets of the sender's log when the order was given.
    pub epoch: u64,
    /// To whom.
    pub to: NodeId,
    /// For the message.
    pub term: Term,
    /// Entry before the first.
    pub prev_index: LogIndex,
    /// Its term.
    pub prev_term: Term,
    /// First entry.
    pub first: LogIndex,
    /// Last entry.
    pub last: LogIndex,
    /// Commit index.
    pub commit: LogIndex,
    /// A feed.
    pub is_feed: bool,
}

/// Something that happens inside of one process.
#[derive(Debug)]
pub enum Local {
    /// The clock may have got to the next tick.
    Tick,
    /// A message is here.
    Message {
        /// Its sender.
        from: NodeId,
        /// What it says.
        parcel: Parcel,
    },
    /// The log thread takes what has queued.
    LogBegin,
    /// The log thread syncs what it took.
    LogSync,
    /// The apply goes on.
    Apply,
    /// The log thread has purged up to here.
    Purged(u64),
    /// The driver takes what is sequenced.
    Propose,
    /// A sender gets to an order.
    Order(Order),
    /// A link broke, or works again.
    Link {
        /// To whom.
        peer: NodeId,
        /// It works.
        is_up: bool,
    },
    /// A snapshot is here; none: it could not be had.
    Snapshot(Option<Box<Snapshot>>),
}

/// Something that happens.
#[derive(Debug)]
pub enum Event {
    /// To one process.
    Local {
        /// The node.
        node: NodeId,
        /// The process; none: whichever runs.
        boot: Option<Boot>,
        /// What.
        local: Local,
    },
    /// A node starts.
    Start(NodeId),
    /// A process goes on after a pause.
    Resume(NodeId, Boot),
    /// A node asks another for a snapshot.
    AskSnapshot {
        /// Who wants it.
        node: NodeId,
        /// Its process.
        boot: Boot,
        /// Whom it asks.
        source: NodeId,
        /// How far it must reach.
        at_least: LogIndex,
    },
    /// Clients do something.
    Clients,
    /// Something may break.
    Misfortune,
    /// The operators do something.
    Operators,
}

/// So many events wait at once only when something goes round and round.
const EVENTS_MAX: usize = 100_000;

/// The events to come.
#[derive(Debug, Default)]
pub struct Queue {
    heap: BinaryHeap<Reverse<(RealUs, u64, u32)>>,
    events: Vec<Option<Event>>,
    free: Vec<u32>,
    scheduled: u64,
}

impl Queue {
    /// Something will happen at `at_us`.
    pub fn push(&mut self, at_us: RealUs, event: Event) {
        let slot = match self.free.pop() {
            Some(slot) => {
                self.events[slot as usize] = Some(event);
                slot
            }
            None => {
                self.events.push(Some(event));
                assert!(self.events.len() <= EVENTS_MAX, "a flood: {EVENTS_MAX} events are waiting");
                u32::try_from(self.events.len() - 1).expect("not that many events are waiting")
            }
        };
        self.scheduled += 1;
        self.heap.push(Reverse((at_us, self.scheduled, slot)));
    }

    /// What happens next, and when.
    pub fn pop(&mut self) -> Option<(RealUs, Event)> {
        let Reverse((at_us, _, slot)) = self.heap.pop()?;
        self.free.push(slot);
        let event = self.events[slot as usize].take().expect("an event that is scheduled is kept");
        Some((at_us, event))
    }
}
