//! The engine: one ordered keyspace on disk that holds the newest committed version of each key, as far as
//! write-behind has brought it.
//!
//! # What an engine promises
//!
//! * A value is kept with its *stamp*, the log index of the entry that wrote it.
//! * [`Engine::applied`] is the log index up to which every committed write is in the engine. After a crash the
//!   log is replayed from there. The engine itself need not make a write durable when it returns; a crash may
//!   take the newest writes away, but only such that what remains is a *prefix* of the writes in the order they
//!   were made, and `applied` with them.
//! * [`Engine::reach`] is at or above every index whose effect (also a delete, which leaves no stamp) may
//!   be in the engine. It is raised, by [`Engine::raise_reach`], before the first write above it. Between
//!   `applied` and `reach` the engine may hold some writes of an index and not others: nothing may be read
//!   before the log is replayed up to `reach`. [`Store`](crate::version::Store) sees to that.
//! * Writes that replay makes a second time are harmless: the newest version of each key is written again.
//! * [`Engine::checkpoint`] is the only call that has to make anything survive a loss of power, beside the two that
//!   replace everything. An engine may make a batch durable at once.
//! * *Replacing.* [`Engine::begin_replace`] notes durably, before the first row is touched, that the rows are not to be
//!   used. Then [`Engine::write`], with an applied index of 0, and [`Engine::delete_range`] turn them into those
//!   of a snapshot, and [`Engine::end_replace`] makes that durable and takes the note back. A crash or an error
//!   between leaves an engine that says so ([`Engine::is_replacing`]); it is replaced again from the start. Only
//!   then may stamps be above the reach.
//! * One thread writes at a time (the store's write-behind); any number read.
//! * A scan sees every key that is there from its start to its end unchanged; of a key that is written meanwhile
//!   it may give the older or the newer value, or none if it is deleted. It may have read ahead.
//!
//! Keys are at least four bytes long (the index id); an engine may keep its own notes under shorter ones.
//!
//! Engines: [`RedbEngine`], [`FjallEngine`] and [`SledEngine`] on disk, [`MemoryEngine`] for tests. All pass the contract
//! suite in `tests/store_engine_contract.rs`. Each one on disk is used behind a cache of its rows, [`CachedEngine`]. Left out: an engine that can take a snapshot of itself; the store keeps what
//! readers need.

mod fjall;
mod kind;
mod leaves;
mod memory;
mod notes;
mod range;
mod redb;
mod row;
mod sled;
mod slice;

use bytes::Bytes;

pub use self::fjall::{FjallEngine, FjallOptions};
pub use self::kind::EngineKind;
pub use self::leaves::CachedEngine;
pub use self::memory::MemoryEngine;
pub use self::range::{Direction, KeyRange, key_after, prefix_end};
pub use self::redb::{RedbEngine, RedbOptions};
pub use self::row::RowBuffer;
pub use self::sled::{SledEngine, SledOptions};
pub use self::slice::Slice;
use crate::Result;

/// One write to an engine: a key, and its new value with its stamp, or `None` to delete it.
pub type EngineWrite = (Bytes, Option<(u64, Bytes)>);

/// A scan in progress. It borrows nothing and may be handed to another thread.
pub trait EngineScan: Send {
    /// The next key with its stamp and value, or `None` at the end of the range.
    fn next(&mut self) -> Result<Option<(Slice, u64, Slice)>>;

    /// The same, into `row`, which is as it was at the end of the range: false then.
    fn next_into(&mut self, row: &mut RowBuffer) -> Result<bool> {
        let Some((key, stamp, value)) = self.next()? else { return Ok(false) };
        row.set(&key, stamp, &value);
        Ok(true)
    }
}

/// An ordered keyspace on disk. The module's documentation has the contract.
pub trait Engine: Send + Sync + 'static {
    /// The stamp and value of `key`.
    fn get(&self, key: &[u8]) -> Result<Option<(u64, Slice)>>;

    /// Scans `range`.
    fn scan(&self, range: KeyRange, direction: Direction) -> Box<dyn EngineScan>;

    /// Declares that writes of indexes up to `index` are about to be made. Never lowers the reach.
    fn raise_reach(&self, index: u64) -> Result<()>;

    /// Makes the writes of `batch`, sorted by key with one write a key, then moves the applied index to
    /// `applied` (never down). No stamp may be above the reach.
    fn write(&self, batch: &[EngineWrite], applied: u64) -> Result<()>;

    /// The index the engine is brought to: every committed write at or below it is in.
    fn applied(&self) -> u64;

    /// No effect of an index above this one is in the engine.
    fn reach(&self) -> u64;

    /// Physically removes up to `keys_max` keys of `range` and returns how many there were; fewer than
    /// `keys_max` means that the range is now empty.
    fn delete_range(&self, range: KeyRange, keys_max: usize) -> Result<usize>;

    /// Makes everything up to the returned index survive a loss of power. The log may be purged up to there.
    fn checkpoint(&self) -> Result<u64>;

    /// Notes, durably when this returns, that the rows are being replaced by those of a snapshot at `index`: see the
    /// module's documentation. The rows stay as they are; the applied index is 0 and the reach `index` from now on, also
    /// if that is lower. The caller lets nobody use what is read meanwhile.
    fn begin_replace(&self, index: u64) -> Result<()>;

    /// Ends a replacement: everything loaded since [`begin_replace`](Engine::begin_replace) is durable, and the applied
    /// index is the `index` that was given there.
    fn end_replace(&self) -> Result<()>;

    /// True from `begin_replace` to `end_replace`, also after a crash between the two.
    fn is_replacing(&self) -> bool;

    /// About how much memory the engine uses, in bytes.
    fn memory_bytes(&self) -> u64;

    /// How much room the engine takes on disk, in bytes.
    fn disk_bytes(&self) -> u64;
}
