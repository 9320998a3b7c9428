//! The versioned store: every committed key at any snapshot that is still needed, and the pending versions above
//! the watermark.
//!
//! # What is where
//!
//! A *version* is the value of a key, or its deletion, as of a log index. Per key, from new to old:
//!
//! * *pending* versions, above the watermark, in memory. [`Store::drop_pending_from`] takes them away again when
//!   the log is truncated;
//! * *committed* versions that the engine does not have yet, in memory;
//! * the newest version that write-behind has brought to the engine, there with its index as a stamp;
//! * *history*: versions below that, in memory, only while a registered snapshot needs them.
//!
//! # Who moves what
//!
//! `install` adds versions, `advance` moves the watermark once everything up to it is installed, `flush` (one
//! thread at a time) copies the newest version at or below its target F to the engine and only then takes
//! it out of memory. Reads happen at any time in between.
//!
//! # Why a snapshot at `s` sees exactly the newest version at or below `s`
//!
//! Let *v* be that version of a key *k*. All versions at or below `s` were installed before the watermark reached
//! `s`, thus before the snapshot was registered, so *v* is fixed.
//!
//! 1. *Where v is.* Claim: while the snapshot is registered, *v* is in memory or is the engine's version of *k*.
//!    Pruning takes only versions that no registered snapshot and no later one needs (see [`Snapshot`]'s module), so not *v*.
//!    Write-behind takes *v* from memory only after it, or a newer version at or below F, is in the engine.
//!    Without memory pressure F is at most the oldest snapshot's index, so such a newer version would be at or below
//!    `s`, against the choice of *v*. With memory pressure F may be above `s`; then, before the engine's version of
//!    *k* is overwritten, it is *captured*: put back into memory as history if a registered snapshot needs it.
//! 2. *Point read.* The reader looks in memory at time t1, under the shard's lock. If it finds *v*, done; a version
//!    below the chain's `flushed` mark is passed over when the mark is at or below `s`, because then the engine
//!    has a newer one. If it finds nothing, *v* was the engine's at t1 (claim 1), or there is no *v*. It reads the
//!    engine at t2. If nothing was captured between, the engine has *v* still: only a write above `s` could have
//!    replaced it, and that would have captured it first. If the stamp is above `s`, there is no *v*: absent.
//!    If something was captured between t1 and t2, the reader begins again. `captures` counts captures *after*
//!    they are in memory and *before* the engine is written: a reader that saw such a write sees the new count at
//!    t2, and one that had the new count before t1 found the captured version in memory.
//! 3. *Scan.* The same, chunk by chunk: a piece of memory is read first, then the engine over exactly the same
//!    keys, and the two are merged, memory first. The engine's scan is opened after the piece of memory was read
//!    because an engine may read ahead: a leaf read before t1 could lack a version that has left memory at t1.
//!    When `captures` has changed, everything after the last key given out is read again.
//!
//! An unregistered read of one key ([`Store::read_committed`]) loads the watermark *w* under the shard's lock.
//! Whatever was pruned before had a successor at or below the watermark of that time, which is at most *w*, so the
//! newest version at or below *w* is in memory or was the engine's at t1. The engine may have moved on by t2, but
//! only to a version that is committed by then: the read is that of some instant between its start and its end.
//!
//! A read of the *latest* version, pending or not, means something only to who holds the row's lock: then no version
//! can be installed meanwhile, and claim 1 holds for the newest version with F at most the watermark.
//!
//! # After a crash
//!
//! Write-behind works in steps; only the last step of a pass moves the engine's applied index to F. A crash between
//! leaves some versions above the applied index in the engine. Replaying the log from there writes the same
//! newest versions again, so nothing is lost or doubled, but up to the engine's
//! [`reach`](crate::engine::Engine::reach) the engine may hold some writes of an entry and not others. So
//! snapshots below the reach are refused ([`Error::SnapshotTooOld`]) until replay has
//! brought the watermark there: [`Store::is_ready`].
//!
//! # Memory
//!
//! Everything in memory is counted. Past half of the bound, write-behind is urgent and no longer waits for old
//! snapshots. When history takes half of the bound, the oldest snapshot is given up, one a pass. At the bound,
//! [`Store::admit`] tells new transactions to wait. What is already in the log is always installed. A version is a
//! slice of its log entry and keeps the whole entry's buffer alive; that a small history version may hold a large
//! entry is not counted.
//!
//! # Exports and replacements
//!
//! [`Store::export`] reads all of the store at one index, for a peer; [`Store::replace`] puts such a snapshot in the
//! place of everything here. The modules `export` and `replace` say how long the one may take, and how nobody sees
//! anything half replaced. An export reads ascending keys and each only once, so claim 1 holds for it above the last
//! key that it has passed, which is where it reads.
//!
//! # Transactions in parts
//!
//! A transaction larger than one log entry is committed by one small entry, while its rows are in the engine under other keys
//! (see [`crate::staging`]). The modules `overlay` and `merge` show them at once, and move them to their places.
//!
//! Left out: a cache of what the engine has (a version leaves memory once it is written behind; the engine has a
//! page cache of its own).

mod admission;
mod chain;
mod checksum;
mod export;
mod flush;
mod install;
mod memory;
mod merge;
mod overlay;
mod read;
mod replace;
mod scan;
mod snapshot;
mod watermark;

use std::collections::btree_map::Entry;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use parking_lot::Mutex;

pub use self::admission::{Admission, AdmissionWait};
pub use self::checksum::Checksum;
pub use self::export::Export;
pub use self::flush::{FlushReport, FlushUrgency};
pub use self::install::InstallBatch;
pub use self::merge::MergeReport;
pub use self::read::Latest;
pub use self::scan::{ScanRow, StoreScan};
pub use self::snapshot::Snapshot;
pub use self::watermark::{Truncated, WatermarkWait};

use self::admission::Pressure;
use self::chain::{Chain, Version};
use self::flush::FlushState;
use self::memory::{Chains, Memory, chain_cost_bytes};
use self::overlay::Overlays;
use self::snapshot::Registry;
use self::watermark::Watermark;
use crate::engine::Engine;
use crate::format::Mutation;
use crate::limits::{CHAIN_PRUNE_VERSIONS_MIN, STORE_MEMORY_BYTES_MAX_DEFAULT, STORE_MEMORY_BYTES_MAX_LEAST};
use crate::seeded_bugs::SeededBug;
use crate::{Error, Result};

/// What can be chosen about a [`Store`].
#[derive(Clone, Copy, Debug)]
pub struct StoreOptions {
    /// Bound of the memory that versions take, in bytes.
    pub memory_bytes_max: usize,
}

impl Default for StoreOptions {
    fn default() -> StoreOptions {
        StoreOptions { memory_bytes_max: STORE_MEMORY_BYTES_MAX_DEFAULT }
    }
}

/// The versioned store. Cloning gives another handle.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Box<dyn Engine>,
    memory: Memory,
    watermark: Watermark,
    snapshots: Registry,
    /// Number of times that engine versions were put into history, counted as the module's documentation says.
    captures: AtomicU64,
    /// The transactions in parts that are not merged yet.
    overlays: Overlays,
    pressure: Pressure,
    /// Write-behind goes no further than this; moved by [`Store::limit_flush`].
    flush_limit: AtomicU64,
    /// Held for the whole of a step of write-behind.
    flush: Mutex<FlushState>,
    memory_bytes_max: usize,
}

/// Figures about a store, for monitoring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Keys that have a version in memory.
    pub key_count: u64,
    /// Versions in memory.
    pub version_count: u64,
    /// What they take, in bytes.
    pub memory_bytes: u64,
    /// Bytes of history found by the last complete pass of write-behind.
    pub history_bytes: u64,
    /// Registered snapshots.
    pub snapshot_count: u64,
    /// The oldest registered snapshot's index; the watermark if there is none.
    pub oldest_snapshot: u64,
    /// Waits for the watermark.
    pub waiting_count: u64,
    /// The watermark.
    pub watermark: u64,
    /// The index the engine is brought to.
    pub engine_index: u64,
    /// Memory of the engine, in bytes, about.
    pub engine_memory_bytes: u64,
    /// Room of the engine on disk, in bytes.
    pub engine_disk_bytes: u64,
}

impl Store {
    /// Opens the store over an engine. The watermark begins at the engine's applied index; the log is to be
    /// replayed from the next index on with [`install`](Store::install) and [`advance`](Store::advance). Unless the
    /// store [needs to be replaced](Store::needs_replace): then that comes first.
    pub fn open(engine: Box<dyn Engine>, options: StoreOptions) -> Result<Store> {
        if options.memory_bytes_max < STORE_MEMORY_BYTES_MAX_LEAST {
            return Err(Error::Engine(format!(
                "a store needs at least {STORE_MEMORY_BYTES_MAX_LEAST} bytes of memory, not {}",
                options.memory_bytes_max
            )));
        }
        let applied = engine.applied();
        let snapshots = Registry::new(applied, engine.reach(), engine.is_replacing());
        let inner = Inner {
            engine,
            memory: Memory::new(),
            watermark: Watermark::new(applied),
            snapshots,
            captures: AtomicU64::new(0),
            overlays: Overlays::default(),
            pressure: Pressure::default(),
            flush_limit: AtomicU64::new(u64::MAX),
            flush: Mutex::new(FlushState::default()),
            memory_bytes_max: options.memory_bytes_max,
        };
        if !inner.snapshots.is_replacing() {
            inner.load_overlays()?;
        }
        Ok(Store { inner: Arc::new(inner) })
    }

    /// The log index up to which everything is committed and can be read.
    #[inline]
    pub fn watermark(&self) -> u64 {
        self.inner.watermark.committed()
    }

    /// The log index that the engine is brought to; replay after a crash begins behind it.
    pub fn engine_index(&self) -> u64 {
        self.inner.engine.applied()
    }

    /// True once the log is replayed far enough that snapshots can be read. True for good from then on, but for the time
    /// that a [`replace`](Store::replace) takes.
    pub fn is_ready(&self) -> bool {
        self.watermark() >= self.ready_from() && !self.inner.snapshots.is_replacing()
    }

    /// The index that the watermark must reach before snapshots can be read.
    pub fn ready_from(&self) -> u64 {
        // Write-behind raises the reach only up to the watermark, so what was reached once stays reached.
        self.inner.engine.reach()
    }

    /// Adds the versions of the entry at `index`, pending until the watermark reaches it. Indexes ascend for each
    /// key; different keys may be installed by several threads at once.
    pub fn install(&self, index: u64, mutations: &[Mutation]) {
        assert!(index > self.watermark(), "index {index} is installed at watermark {}", self.watermark());
        let memory = &self.inner.memory;
        let mut change = 0_isize;
        let mut held = None;
        for mutation in mutations {
            let shard = Memory::shard_of(&mutation.key);
            // The mutations of one table follow each other, so the lock is often held already.
            let chains = match &mut held {
                Some((of, chains)) if *of == shard => chains,
                _ => {
                    drop(held.take());
                    &mut held.insert((shard, memory.write(shard))).1
                }
            };
            change += self.add_version(chains, index, mutation);
        }
        drop(held);
        let bytes = memory.account(change);
        self.inner.pressure.note(bytes, self.inner.memory_bytes_max);
    }

    /// Adds one version to the chains of its key's shard. Gives the memory that it takes, in bytes.
    fn add_version(&self, chains: &mut Chains, index: u64, mutation: &Mutation) -> isize {
        self.inner.overlays.note(index, mutation);
        let version = Version { index, value: mutation.value.clone() };
        let chain = match chains.entry(mutation.key.clone()) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let bytes = version.memory_bytes() + chain_cost_bytes(&mutation.key);
                entry.insert(Chain::new(version));
                return bytes.cast_signed();
            }
        };
        let mut change = chain.install(version);
        let older_count = chain.older_count();
        if older_count >= CHAIN_PRUNE_VERSIONS_MIN && older_count.is_power_of_two() {
            let needed = self.inner.snapshots.needed(&self.inner.watermark);
            let (freed, emptied) = chain.prune(&mutation.key, &needed);
            assert!(!emptied, "the version just installed is pending");
            change -= freed.cast_signed();
        }
        change
    }

    /// Takes away every version at or above `index`, which the log has truncated, and tells those who wait for
    /// such an index. Must not be called while one of these entries is being installed.
    pub fn drop_pending_from(&self, index: u64) {
        let watermark = self.watermark();
        assert!(index > watermark, "committed entry {index} is to be dropped at watermark {watermark}");
        let first_undone = index + u64::from(SeededBug::LostUndoAfterTruncation.is_made());
        for shard in 0..crate::limits::STORE_SHARD_COUNT {
            let mut freed = 0;
            self.inner.memory.write(shard).retain(|key, chain| {
                let (bytes, emptied) = chain.drop_from(first_undone);
                freed += bytes + if emptied { chain_cost_bytes(key) } else { 0 };
                !emptied
            });
            self.inner.memory.account(-freed.cast_signed());
        }
        self.inner.overlays.drop_from(index);
        self.inner.watermark.truncate(index);
        self.inner.pressure.relieve(self.memory_bytes(), self.inner.memory_bytes_max);
    }

    /// Moves the watermark to `index`: everything up to there is installed and committed. Wakes who waited.
    pub fn advance(&self, index: u64) {
        self.inner.watermark.advance(index);
        let lag = index.saturating_sub(self.inner.engine.applied());
        self.inner.pressure.note_lag(lag);
    }

    /// Waits until the watermark reaches `index`, or the entry that has this index now is truncated.
    pub fn wait_for(&self, index: u64) -> WatermarkWait {
        self.wait_for_since(index, self.epoch())
    }

    /// Like [`wait_for`](Store::wait_for), for the entry that had `index` in the given [`epoch`](Store::epoch).
    pub fn wait_for_since(&self, index: u64, epoch: u64) -> WatermarkWait {
        WatermarkWait::new(Arc::clone(&self.inner), index, epoch)
    }

    /// The number of truncations so far. What an index means can change only when this does.
    pub fn epoch(&self) -> u64 {
        self.inner.watermark.epoch()
    }

    /// True if the entry that had `index` in `epoch` was truncated since.
    pub fn is_truncated(&self, index: u64, epoch: u64) -> bool {
        self.inner.watermark.is_truncated(index, epoch)
    }

    /// A snapshot at the watermark.
    pub fn snapshot(&self) -> Snapshot {
        if SeededBug::StaleSnapshot.is_made()
            && let Ok(snapshot) = self.snapshot_at(self.watermark().saturating_sub(1))
        {
            return snapshot;
        }
        Snapshot::at_watermark(&self.inner)
    }

    /// A snapshot at `index`: one at or below the watermark if it is still readable, else
    /// [`Error::SnapshotTooOld`]; [`Error::NotReady`] while the data is being replaced. One above the watermark is a reservation: it keeps that index readable from
    /// the moment the watermark reaches it, and must not be read before.
    pub fn snapshot_at(&self, index: u64) -> Result<Snapshot> {
        Snapshot::at(&self.inner, index)
    }

    /// What the versions in memory take, in bytes.
    pub fn memory_bytes(&self) -> usize {
        self.inner.memory.bytes()
    }

    /// The bound of that.
    pub fn memory_bytes_max(&self) -> usize {
        self.inner.memory_bytes_max
    }

    /// The figures of the store. Goes through all of memory: not for hot paths.
    pub fn stats(&self) -> Stats {
        let inner = &self.inner;
        let mut stats = Stats {
            memory_bytes: inner.memory.bytes() as u64,
            history_bytes: inner.pressure.history_bytes() as u64,
            snapshot_count: inner.snapshots.count() as u64,
            oldest_snapshot: inner.snapshots.oldest().unwrap_or(self.watermark()),
            waiting_count: inner.watermark.waiting_count() as u64,
            watermark: self.watermark(),
            engine_index: inner.engine.applied(),
            engine_memory_bytes: inner.engine.memory_bytes(),
            engine_disk_bytes: inner.engine.disk_bytes(),
            ..Stats::default()
        };
        for shard in 0..crate::limits::STORE_SHARD_COUNT {
            let chains = inner.memory.read(shard);
            stats.key_count += chains.len() as u64;
            stats.version_count += chains.values().map(|chain| chain.older_count() as u64 + 1).sum::<u64>();
        }
        stats
    }

    /// Makes everything that write-behind has brought to the engine survive a loss of power; the log may be purged
    /// up to the returned index.
    pub fn checkpoint(&self) -> Result<u64> {
        self.inner.engine.checkpoint()
    }

    /// What `key` has in memory, oldest first, for scripts: index, and whether it is a value or a deletion.
    #[doc(hidden)]
    pub fn debug_versions(&self, key: &[u8]) -> Vec<(u64, Option<bytes::Bytes>)> {
        let chains = self.inner.memory.read(Memory::shard_of(key));
        let chain = chains.get(key);
        chain
            .into_iter()
            .flat_map(Chain::versions)
            .map(|version| (version.index, version.value.clone()))
            .collect()
    }

    /// The sum of what is in memory, counted anew; must equal [`memory_bytes`](Store::memory_bytes) at rest.
    #[doc(hidden)]
    pub fn debug_recount_bytes(&self) -> usize {
        (0..crate::limits::STORE_SHARD_COUNT)
            .map(|shard| {
                let chains = self.inner.memory.read(shard);
                chains.iter().map(|(key, chain)| chain_cost_bytes(key) + chain.memory_bytes()).sum::<usize>()
            })
            .sum()
    }
}
