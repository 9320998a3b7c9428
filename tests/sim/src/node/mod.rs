//! One simulated node: a faithful copy of the rules of the server's driver, log thread, sequencer and apply
//! (`server/src/runtime` and `server/src/node`) around the shipped replica and the shipped log.
//!
//! What outlives a process is in [`Node`]: the disk of the log, the state machine's own storage, the small file with the members at
//! the log's base, the clock. What does not is in its process, which a crash drops. A process stands still while it is paused: what
//! happens to it meanwhile queues up and is taken at once when it goes on.
//!
//! * [`driver`]: steps the replica and carries out its effects.
//! * [`log_thread`]: writes and syncs.
//! * [`entry_cache`]: what senders and the apply read.
//! * [`apply`]: the state machine, its snapshots, reads and acknowledgements.
//! * [`start`]: a process begins and ends.
//!
//! Left out: sessions, SQL, locks, sockets.

pub mod apply;
pub mod driver;
pub mod entry_cache;
pub mod log_thread;
pub mod start;

use std::collections::{BTreeSet, VecDeque};

use consensus::{
    Config, Lease, LogIndex, Membership, Message, NodeId, Proposal, Replica, Role, Term, WriteSeq,
};
use storage::disk::SimDisk;

use crate::clock::Clock;
use crate::queue::{Boot, Local};
use crate::shadow::{Change, Shadow};
use crate::snapshot::{Snapshot, State};

use self::entry_cache::EntryCache;
use self::log_thread::LogThread;

/// The length of a tick, by the node's own clock.
pub const TICK_NS: u64 = 10_000_000;

/// See the module.
pub struct Node {
    /// Who it is.
    pub id: NodeId,
    /// It keeps no tables.
    pub is_log_only: bool,
    /// How it behaves.
    pub config: Config,
    /// The length of a lease, by its own clock.
    pub lease_ns: u64,
    /// Its clock.
    pub clock: Clock,
    /// How long a sync takes at most.
    pub sync_us: u64,
    /// How long the apply rests at most between two pieces of work.
    pub apply_us: u64,
    /// One in so many pieces of applied work is written behind.
    pub flush_one_in: u64,
    /// How many times it started.
    pub boot: Boot,
    /// What runs.
    pub process: Option<Process>,
    /// Its disk is full or broken until it is healed.
    pub is_disk_failing: bool,
    /// The log's disk.
    disk: SimDisk,
    log_options: storage::log::Options,
    cache_entries_max: usize,
    /// What the state machine's own storage holds.
    engine: State,
    /// The members at or before the log's base, and those of the entries that were about to be purged.
    members_file: Vec<(LogIndex, Membership)>,
    /// A snapshot that is being put in place.
    installing: Option<Box<Snapshot>>,
    /// Ordered and not reported durable, with what it does to the log. Outlives the process: any part of it may be on disk.
    unconfirmed: VecDeque<(WriteSeq, Change)>,
}

/// A proposal queue as the server's sequencer keeps it.
#[derive(Default)]
struct Sequencer {
    /// The term it is open in.
    term: Option<Term>,
    /// The next index to hand out.
    next: u64,
    queue: Vec<Proposal>,
    /// A transfer is going on: nothing new is sequenced.
    is_held: bool,
}

/// A read that waits.
#[derive(Clone, Copy, Debug)]
struct WaitingRead {
    /// Zero: answered from the lease.
    ticket: u64,
    /// What clients could count on when it began.
    began_frontier: u64,
    /// From where on it may be answered, once known.
    index: Option<u64>,
}

/// What a process keeps in memory.
pub struct Process {
    replica: Replica,
    log_thread: LogThread,
    cache: EntryCache,
    /// The log as ordered.
    ordered: Shadow,
    /// Messages that wait for a write, ascending by it.
    held: VecDeque<(WriteSeq, NodeId, Message)>,
    /// Highest index of each append that is not durable yet, ascending by write.
    appends: VecDeque<(WriteSeq, u64)>,
    /// Highest index on disk; the state machine's storage never passes it.
    durable: u64,
    role: Role,
    /// The term and empty entry of a leadership that opens once the apply is there.
    ready: Option<(Term, LogIndex)>,
    sequencer: Sequencer,
    lease: Lease,
    commit: u64,
    state: State,
    is_apply_scheduled: bool,
    /// Resets ordered and not done: nothing is applied meanwhile.
    resets_pending: u32,
    /// Every membership from the one at the log's base on.
    memberships: Vec<(LogIndex, Membership)>,
    /// Strong-sync voters that this leader no longer waits for.
    degraded: BTreeSet<NodeId>,
    /// Peers whose connection ended, until there is a new one.
    broken: BTreeSet<NodeId>,
    reads: Vec<WaitingRead>,
    next_ticket: u64,
    /// Sequenced here and not decided: index and term.
    writes: VecDeque<(u64, u64)>,
    is_fetching: bool,
    staged: Option<Box<Snapshot>>,
    /// The next tick, by the node's own clock.
    next_tick_ns: u64,
    /// What queued up while it stands still.
    pub paused: Option<VecDeque<Local>>,
}

impl Process {
    /// The role played now.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// The replica.
    #[must_use]
    pub fn replica(&self) -> &Replica {
        &self.replica
    }

    /// Writes are taken here.
    #[must_use]
    pub fn is_serving(&self) -> bool {
        self.sequencer.term.is_some() && !self.sequencer.is_held
    }

    /// What the state machine holds.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// No read waits.
    #[must_use]
    pub fn has_no_reads(&self) -> bool {
        self.reads.is_empty()
    }

    /// The members in force by this node's own log, and the entry that made them so.
    #[must_use]
    pub fn membership(&self) -> &(LogIndex, Membership) {
        self.memberships.last().expect("there always are members")
    }

    /// The members at an index that is applied.
    fn membership_at(&self, index: u64) -> &(LogIndex, Membership) {
        let upto = self.memberships.partition_point(|entry| entry.0.get() <= index);
        &self.memberships[upto.checked_sub(1).expect("the first is at the base or before")]
    }
}
