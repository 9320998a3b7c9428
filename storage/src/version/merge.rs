//! [`Store::merge`]: moves the staged rows of committed transactions to their places, and removes those of others.
//!
//! [`overlay`](super::overlay) says why readers see nothing of it. A step takes a bounded number of staged rows in the order
//! of their keys. For each it writes the version to the engine, unless a newer one is there, and then removes the staged
//! row. What the engine had before is captured for the snapshots that need it, as write-behind does.
//!
//! A merge waits while a snapshot or an export is below the transaction's index, since what it overwrites would have to be
//! kept in memory. Only when more than [`OVERLAYS_WAITING_MAX`] transactions wait does it go on past snapshots, which are then
//! given up when history grows over its bound, as ever. Past an export it never goes: that reads the staged rows.
//!
//! Only what is in the engine completely is merged. Nothing of it is in the log: each node merges at its own pace.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;

use super::chain::{Chain, Needed, Version};
use super::memory::{Memory, chain_cost_bytes};
use super::overlay::Overlay;
use super::{Inner, Store};
use crate::Result;
use crate::engine::{Direction, EngineWrite};
use crate::limits::{FLUSH_STEP_BYTES_MAX, OVERLAYS_WAITING_MAX};
use crate::staging;

/// What one step of a merge did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MergeReport {
    /// Staged rows that are gone.
    pub keys_merged: usize,
    /// Versions put into history for old snapshots.
    pub captured: usize,
    /// True if there is nothing to do now: no transaction is to be merged, or it has to wait.
    pub is_idle: bool,
}

impl Store {
    /// Makes one step of at most `keys_max` staged rows. To be called by the thread that runs write-behind, again while
    /// the report does not say that it is idle.
    pub fn merge(&self, keys_max: usize) -> Result<MergeReport> {
        assert!(keys_max > 0);
        let inner = &*self.inner;
        let idle = MergeReport { is_idle: true, ..MergeReport::default() };
        if inner.overlays.is_empty() {
            return Ok(idle);
        }
        let _flush = inner.flush.lock();
        if inner.snapshots.is_replacing() || !self.is_ready() {
            return Ok(idle);
        }
        let all = inner.overlays.all();
        let applied = inner.engine.applied();
        let settled = |overlay: &&Arc<Overlay>| overlay.index <= applied;
        let rolled_back = all.iter().filter(settled).find(|overlay| !overlay.is_committed());
        let committed = || all.iter().find(|overlay| overlay.is_committed()).filter(settled);
        let Some(overlay) = rolled_back.or_else(committed) else { return Ok(idle) };
        if overlay.is_committed() {
            let is_below = inner.snapshots.oldest().is_some_and(|oldest| oldest < overlay.index);
            let crowded = all.len() > OVERLAYS_WAITING_MAX;
            if inner.snapshots.has_export_below(overlay.index) || (is_below && !crowded) {
                return Ok(idle);
            }
        }
        self.merge_step(overlay, keys_max)
    }

    fn merge_step(&self, overlay: &Overlay, keys_max: usize) -> Result<MergeReport> {
        let inner = &*self.inner;
        let readers = inner.snapshots.below(overlay.index);
        let staged_range = overlay.id.staged_range(&overlay.left());
        let mut rows = inner.engine.scan(staged_range, Direction::Forward);
        let (mut places, mut removals): (Vec<EngineWrite>, Vec<EngineWrite>) = (Vec::new(), Vec::new());
        let mut report = MergeReport::default();
        let mut bytes = 0;
        let mut last = None;
        while report.keys_merged < keys_max && bytes < FLUSH_STEP_BYTES_MAX {
            let Some((staged_key, _, value)) = rows.next()? else { break };
            let staged_key = staged_key.into_bytes();
            bytes += staged_key.len() + value.len();
            if overlay.is_committed()
                && let Some(current) = staging::current(&value.into_bytes(), overlay.discarded())?
            {
                let key = staging::key_of(&staged_key);
                let version = Version { index: overlay.index, value: current.value };
                report.captured += inner.put_in_place(key, version, &readers, &mut places)?;
            }
            last = Some(staging::key_of(&staged_key));
            removals.push((staged_key, None));
            report.keys_merged += 1;
        }
        let is_last = report.keys_merged < keys_max && bytes < FLUSH_STEP_BYTES_MAX;
        // After the captures and before the engine is written.
        inner.captures.fetch_add(1, Ordering::AcqRel);
        // Two writes: the first is over, and can be read everywhere, before any of the second can. Within one write a reader may find
        // one key as it was and another as it will be, in whatever order: a cache in front of the engine may know less than the engine.
        for batch in [&mut places, &mut removals] {
            batch.sort_by(|a, b| a.0.cmp(&b.0));
            if !batch.is_empty() {
                inner.engine.write(batch, inner.engine.applied())?;
            }
        }
        if let Some(last) = last {
            overlay.merged_to(last);
        }
        if is_last {
            // After its last staged row: until this is gone too, a restart goes on with what is left.
            inner.engine.write(&[(overlay.id.outcome_key(), None)], inner.engine.applied())?;
            inner.overlays.remove(overlay.id);
        }
        Ok(report)
    }
}

impl Inner {
    /// Adds the write of a staged version to the batch, unless the engine has it, and captures what it overwrites. Returns how many
    /// versions were captured.
    fn put_in_place(
        &self,
        key: Bytes,
        version: Version,
        readers: &Needed,
        batch: &mut Vec<EngineWrite>,
    ) -> Result<usize> {
        let before = self.engine.get(&key)?;
        // At it: merged before a crash took the removal of the staged row away. Above: so was a newer version, which replay
        // has brought back to memory.
        if before.as_ref().is_some_and(|(stamp, _)| *stamp >= version.index) {
            return Ok(0);
        }
        let before = before.map(|(stamp, value)| Version { index: stamp, value: Some(value.into_bytes()) });
        let captured = self.supersede(&key, before, version.index, readers);
        let index = version.index;
        batch.push((key, version.value.map(|value| (index, value))));
        Ok(captured)
    }

    /// The engine's version of `key`, which is `before`, is about to be overwritten at `index` by one that is not in memory:
    /// keeps it for the readers that need it.
    fn supersede(&self, key: &Bytes, before: Option<Version>, index: u64, readers: &Needed) -> usize {
        let mut chains = self.memory.write(Memory::shard_of(key));
        let chain = chains.get_mut(key);
        // Below a deletion there may be history, which must not be taken for what comes after it.
        let deleted = || chain.as_ref().map(|chain| chain.flushed()).filter(|flushed| *flushed > 0);
        let before = before.or_else(|| Some(Version { index: deleted()?, value: None }));
        let before = before.filter(|before| readers.any_registered(key, before.index, index));
        let cost = match (chain, before) {
            (Some(chain), before) => chain.supersede(before, index),
            (None, Some(before)) => {
                let cost = before.memory_bytes() + chain_cost_bytes(key);
                chains.insert(key.clone(), Chain::superseded(before, index));
                cost
            }
            (None, None) => 0,
        };
        drop(chains);
        self.memory.account(cost.cast_signed());
        usize::from(cost > 0)
    }

    /// Before versions above overlays are written to the engine: adds the removal of the staged rows that they pass to the
    /// batch, and captures those for the snapshots in between. Returns how many versions were captured.
    pub(super) fn uncover<'a>(
        &self,
        dirty: impl Iterator<Item = (&'a Bytes, u64)>,
        target: u64,
        batch: &mut Vec<EngineWrite>,
    ) -> Result<usize> {
        if self.overlays.is_empty() {
            return Ok(0);
        }
        let overlays = self.overlays.all();
        let readers = self.snapshots.below(target);
        let (mut captured, removed_before) = (0, batch.len());
        for (key, index) in dirty {
            for overlay in overlays.iter().filter(|overlay| overlay.index < index) {
                if !overlay.may_have(key) {
                    continue;
                }
                let staged_key = overlay.id.staged_key(key);
                let Some((stamp, value)) = self.engine.get(&staged_key)? else { continue };
                let value = value.into_bytes();
                if self.snapshots.has_export_below(overlay.index) {
                    let raw = Version { index: stamp, value: Some(value.clone()) };
                    captured += self.supersede(&staged_key, Some(raw), overlay.index, &readers);
                }
                batch.push((staged_key, None));
                let Some(current) = staging::current(&value, overlay.discarded())? else { continue };
                if readers.any_registered(key, overlay.index, index) {
                    let mut chains = self.memory.write(Memory::shard_of(key));
                    if let Some(chain) = chains.get_mut(key) {
                        let cost = chain.capture(Version { index: overlay.index, value: current.value });
                        captured += usize::from(cost > 0);
                        self.memory.account(cost.cast_signed());
                    }
                }
            }
        }
        if batch.len() > removed_before {
            // After the captures and before the engine is written: see `overlay`.
            self.captures.fetch_add(1, Ordering::AcqRel);
        }
        Ok(captured)
    }
}
