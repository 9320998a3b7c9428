//! Write-behind: bringing committed versions to the engine.
//!
//! A *pass* fixes a target index F, walks all of memory once, and writes the newest version at or below F of each
//! key that the engine does not have, however often the key changed. It is made of *steps* of a bounded
//! number of keys ([`Store::flush`]), each one engine batch sorted by key; the last one moves the engine's applied
//! index to F. Versions installed meanwhile are above F and wait for the next pass.
//!
//! Until the pass is complete, what is current at F is kept in memory as if there were a snapshot.
//!
//! F is the watermark, or the oldest registered snapshot if that is lower, so that nothing a snapshot can see is
//! overwritten. Under memory pressure F is the watermark in any case, and a step first *captures*: what the engine
//! holds of each key it is about to write goes into history if a snapshot needs it.
//!
//! While all data is being replaced there is nothing to write behind: a step does nothing then. A replacement waits for
//! the step under way and holds off others.
//!
//! Order within a step, which the argument in [`super`] rests on: capture; count the capture; write the engine; take
//! out of memory. An engine error leaves memory as it was, and the same step is made again by the next call.

use std::collections::btree_map::Entry;
use std::ops::Bound;
use std::sync::atomic::Ordering;

use bytes::Bytes;

use super::chain::{Needed, Version};
use super::memory::{Chains, Memory, bounds, chain_cost_bytes};
use super::{Inner, Store};
use crate::engine::{EngineWrite, KeyRange};
use crate::limits::{
    FLUSH_REMOVE_KEYS_MAX, FLUSH_STEP_BYTES_MAX, FLUSH_URGENT_DIVISOR, FLUSH_WALK_KEYS_MAX, HISTORY_DIVISOR,
    STORE_SHARD_COUNT,
};
use crate::{Error, Result};

/// How much write-behind is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FlushUrgency {
    /// There is little to write.
    Idle,
    /// There is enough to write, or the engine is far behind.
    Wanted,
    /// Memory is filling up: write without pause.
    Urgent,
}

/// What one step of write-behind did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FlushReport {
    /// Keys written to the engine, deletions included.
    pub keys_written: usize,
    /// Keys and values written, in bytes.
    pub bytes_written: usize,
    /// Versions put into history for old snapshots.
    pub captured: usize,
    /// The index that the engine is brought to.
    pub engine_index: u64,
    /// What the versions in memory take afterwards, in bytes.
    pub memory_bytes: usize,
    /// True if this step ended a pass, or there was nothing to do: a caller that is in no hurry may pause.
    pub pass_complete: bool,
    /// The index of a snapshot that was given up to keep memory within its bound.
    pub snapshot_given_up: Option<u64>,
}

/// Where write-behind is.
#[derive(Default)]
pub(super) struct FlushState {
    pass: Option<Pass>,
    /// The oldest index still needed when the last pass began: history is looked at again when it moves.
    last_floor: u64,
}

/// A pass in progress.
#[derive(Clone)]
struct Pass {
    /// F: at most the watermark.
    target: u64,
    /// Whether F may be above snapshots.
    capture: bool,
    shard: usize,
    /// The last key walked over in the shard.
    after: Option<Bytes>,
    /// History met so far, in bytes.
    history_bytes: usize,
}

/// A version on its way to the engine.
struct Dirty {
    key: Bytes,
    version: Version,
    /// The chain's flushed mark, and whether the chain has older versions, when it was looked at.
    flushed: u64,
    has_older: bool,
}

/// What a walk over a part of memory has found.
#[derive(Default)]
struct Found {
    dirty: Vec<Dirty>,
    bytes: usize,
    /// Keys with nothing to write but with versions that may no longer be needed.
    stale: Vec<Bytes>,
}

impl Found {
    fn is_full(&self, keys_max: usize) -> bool {
        self.dirty.len() + self.stale.len() >= keys_max || self.bytes >= FLUSH_STEP_BYTES_MAX
    }
}

impl Store {
    /// Bounds how far write-behind may bring the engine from now on: nothing above `index` is written. For the index up to
    /// which the node's own log is on disk, which the engine must not pass: a commit can be decided by other nodes
    /// before that, and after a crash the log would not hold what the engine has. Never below what the engine has.
    pub fn limit_flush(&self, index: u64) {
        self.inner.flush_limit.store(index.max(self.inner.engine.applied()), Ordering::Release);
    }

    /// Makes one step of write-behind of at most `keys_max` keys. To be called again while the report says that the
    /// pass is not complete, or while [`flush_urgency`](Store::flush_urgency) asks for it.
    pub fn flush(&self, keys_max: usize) -> Result<FlushReport> {
        assert!(keys_max > 0);
        let inner = &*self.inner;
        if inner.snapshots.is_replacing() {
            return Ok(inner.report(true));
        }
        let mut state = inner.flush.lock();
        if inner.snapshots.is_replacing() {
            return Ok(inner.report(true));
        }
        let Some(mut pass) = state.pass.take().or_else(|| inner.begin_pass(&mut state)) else {
            inner.pressure.pass_complete(inner.pressure.history_bytes());
            inner.pressure.held_up(self.flush_wanted());
            return Ok(inner.report(true));
        };
        // Put back at once: an error must leave the pass where it was.
        state.pass = Some(pass.clone());
        inner.engine.raise_reach(pass.target)?;
        let found = inner.walk(&mut pass, keys_max);
        let complete = pass.shard == STORE_SHARD_COUNT;
        let captured = if pass.capture { inner.capture(&found.dirty, pass.target)? } else { 0 };

        let mut batch: Vec<EngineWrite> = found
            .dirty
            .iter()
            .map(|dirty| {
                let value = dirty.version.value.clone();
                (dirty.key.clone(), value.map(|value| (dirty.version.index, value)))
            })
            .collect();
        let written = found.dirty.iter().map(|dirty| (&dirty.key, dirty.version.index));
        let uncovered = inner.uncover(written, pass.target, &mut batch)?;
        // Sorted within each shard already, which is what a stable sort is quick with.
        batch.sort_by(|a, b| a.0.cmp(&b.0));
        let applied = if complete { pass.target } else { inner.engine.applied() };
        inner.engine.write(&batch, applied)?;
        drop(batch);
        pass.history_bytes += inner.take_out(&found);
        inner.pressure.held_up(complete && found.dirty.is_empty() && self.flush_wanted());

        let mut report = FlushReport {
            keys_written: found.dirty.len(),
            bytes_written: found.bytes,
            captured: captured + uncovered,
            ..inner.report(complete)
        };
        if complete {
            state.pass = None;
            inner.snapshots.end_flush();
            inner.pressure.pass_complete(pass.history_bytes);
            if pass.history_bytes >= inner.memory_bytes_max / HISTORY_DIVISOR {
                report.snapshot_given_up = inner.snapshots.give_up_oldest(inner.watermark.committed());
            }
        } else {
            state.pass = Some(pass);
        }
        inner.pressure.relieve(report.memory_bytes, inner.memory_bytes_max);
        Ok(report)
    }

    /// Runs write-behind until the engine is brought to the watermark of now, or as far as snapshots let it.
    pub fn flush_all(&self, keys_max: usize) -> Result<FlushReport> {
        let target = self.watermark();
        // The first pass to end may have begun long ago; one that ends where the one before did is at its limit.
        let mut before = None;
        loop {
            let report = self.flush(keys_max)?;
            if report.pass_complete {
                if report.engine_index >= target || before == Some(report.engine_index) {
                    return Ok(report);
                }
                before = Some(report.engine_index);
            }
        }
    }

    /// Physically removes up to `keys_max` keys of `range` from memory and from the engine, and returns how many
    /// there were; fewer than `keys_max` means that nothing is left. For dropped tables and indexes: nobody may read
    /// the range any more, and nothing in it may be pending. Not recorded in the log: replay writes what is removed
    /// again, so it is to be called again after a restart; and after a [`replace`](Store::replace), since the data may
    /// come from a node that has not removed it yet. [`Error::NotReady`] while data is being replaced.
    pub fn delete_range(&self, range: &KeyRange, keys_max: usize) -> Result<usize> {
        let inner = &*self.inner;
        if inner.snapshots.is_replacing() {
            return Err(Error::NotReady);
        }
        // Write-behind must not be holding versions of the range that it is about to write.
        let _state = inner.flush.lock();
        if inner.snapshots.is_replacing() {
            return Err(Error::NotReady);
        }
        let mut count = 0;
        let watermark = inner.watermark.committed();
        for shard in 0..STORE_SHARD_COUNT {
            if Memory::shard_of_range(range).is_some_and(|only| only != shard) {
                continue;
            }
            let mut chains = inner.memory.write(shard);
            let Some(bounds) = bounds(range) else { break };
            let committed = chains.range(bounds).filter(|(_, chain)| chain.newest().index <= watermark);
            let keys: Vec<Bytes> = committed.take(keys_max - count).map(|(key, _)| key.clone()).collect();
            for key in &keys {
                if let Some(chain) = chains.remove(key) {
                    inner.memory.account(-(chain.memory_bytes() + chain_cost_bytes(key)).cast_signed());
                }
            }
            count += keys.len();
        }
        inner.pressure.relieve(inner.memory.bytes(), inner.memory_bytes_max);
        if count < keys_max {
            count += inner.engine.delete_range(range.clone(), keys_max - count)?;
        }
        Ok(count)
    }
}

impl Inner {
    fn report(&self, pass_complete: bool) -> FlushReport {
        FlushReport {
            engine_index: self.engine.applied(),
            memory_bytes: self.memory.bytes(),
            pass_complete,
            ..FlushReport::default()
        }
    }

    /// Begins a pass, unless it would find nothing.
    fn begin_pass(&self, state: &mut FlushState) -> Option<Pass> {
        let pressed = self.memory.bytes() >= self.memory_bytes_max / FLUSH_URGENT_DIVISOR;
        let limit = self.flush_limit.load(Ordering::Acquire);
        let overlay_limit = || self.overlays.flush_limit(self.engine.applied()).min(limit);
        let target = self.snapshots.begin_flush(&self.watermark, pressed, overlay_limit);
        let floor = self.snapshots.oldest().unwrap_or(self.watermark.committed());
        let history = self.pressure.history_bytes() > 0 && floor > state.last_floor;
        if target <= self.engine.applied() && !history {
            self.snapshots.end_flush();
            return None;
        }
        state.last_floor = floor;
        Some(Pass { target, capture: pressed, shard: 0, after: None, history_bytes: 0 })
    }

    /// Walks on over memory until `keys_max` keys are found or all of it is done.
    fn walk(&self, pass: &mut Pass, keys_max: usize) -> Found {
        let mut found = Found::default();
        while pass.shard < STORE_SHARD_COUNT && !found.is_full(keys_max) {
            let chains = self.memory.read(pass.shard);
            let start = pass.after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
            let mut rows = chains.range((start, Bound::Unbounded));
            let mut last = None;
            for (key, chain) in rows.by_ref().take(FLUSH_WALK_KEYS_MAX) {
                last = Some(key);
                let has_older = chain.older_count() > 0;
                if let Some(version) = chain.unflushed(pass.target) {
                    found.bytes += key.len() + version.value.as_ref().map_or(0, Bytes::len);
                    let flushed = chain.flushed();
                    found.dirty.push(Dirty {
                        key: key.clone(),
                        version: version.clone(),
                        flushed,
                        has_older,
                    });
                } else if has_older || chain.flushed() > 0 {
                    found.stale.push(key.clone());
                }
                if found.is_full(keys_max) {
                    break;
                }
            }
            match last {
                Some(key) => pass.after = Some(key.clone()),
                None => {
                    pass.after = None;
                    pass.shard += 1;
                }
            }
        }
        found
    }

    /// Puts what the engine holds of the keys about to be written into history, where a registered snapshot needs
    /// it. Returns how many versions that were.
    fn capture(&self, dirty: &[Dirty], target: u64) -> Result<usize> {
        // Snapshots registered from now on are at or above the watermark, and so at or above the target.
        let readers = self.snapshots.below(target);
        let mut captured = 0;
        let mut any_needed = false;
        for Dirty { key, version, flushed, has_older } in dirty {
            if !readers.any_registered(key, 0, version.index) {
                continue;
            }
            let before = match self.engine.get(key)? {
                Some((stamp, value)) => Version { index: stamp, value: Some(value.into_bytes()) },
                // Below the deletion there may be history, which must not be taken for what comes after it.
                None if *flushed > 0 && *has_older => Version { index: *flushed, value: None },
                None => continue,
            };
            // The stamp may be above only while replay goes over what was written before a crash; nobody can
            // read below it then.
            if before.index >= version.index || !readers.any_registered(key, before.index, version.index) {
                continue;
            }
            any_needed = true;
            let mut chains = self.memory.write(Memory::shard_of(key));
            if let Some(chain) = chains.get_mut(key) {
                let cost = chain.capture(before);
                captured += usize::from(cost > 0);
                self.memory.account(cost.cast_signed());
            }
        }
        // After the captures and before the engine is written. Also for versions that an attempt before this one,
        // which failed, has captured.
        if any_needed {
            self.captures.fetch_add(1, Ordering::AcqRel);
        }
        Ok(captured)
    }

    /// Takes what is in the engine now, and what nobody needs, out of memory. Returns the bytes of history that is left
    /// of these keys.
    fn take_out(&self, found: &Found) -> usize {
        let mut history_bytes = 0;
        let needed = self.snapshots.needed(&self.watermark);
        let written = found.dirty.iter().map(|dirty| (&dirty.key, Some(dirty.version.index)));
        let stale = found.stale.iter().map(|key| (key, None));
        let mut keys = written.chain(stale).peekable();
        while let Some((first, _)) = keys.peek() {
            let shard = Memory::shard_of(first);
            let mut chains = self.memory.write(shard);
            let mut freed = 0;
            let mut held_for = 0;
            while held_for < FLUSH_REMOVE_KEYS_MAX
                && let Some((key, index)) = keys.next_if(|(key, _)| Memory::shard_of(key) == shard)
            {
                let (freed_of_key, left) = take_out_key(&mut chains, key, index, &needed);
                freed += freed_of_key;
                history_bytes += left;
                held_for += 1;
            }
            drop(chains);
            self.memory.account(-freed.cast_signed());
        }
        history_bytes
    }
}

/// Takes versions of one key out of memory after its version at `index` was written. Returns the memory freed, and the bytes of
/// history that is left.
fn take_out_key(chains: &mut Chains, key: &Bytes, index: Option<u64>, needed: &Needed) -> (usize, usize) {
    // Gone if the range was deleted by a call between the steps of a pass: no step is under way then.
    let Entry::Occupied(mut entry) = chains.entry(key.clone()) else { return (0, 0) };
    let chain = entry.get_mut();
    let (freed, emptied) = match index {
        Some(index) => chain.written_behind(key, index, needed),
        None => chain.prune(key, needed),
    };
    if !emptied {
        return (freed, chain.history_bytes(needed.watermark));
    }
    entry.remove();
    (freed + chain_cost_bytes(key), 0)
}
