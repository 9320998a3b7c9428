//! Removes the keys of dropped tables and indexes from the engine, in bounded steps, once no snapshot can read them.

use std::sync::atomic::Ordering;

use sql::catalog::store::dropped_indexes;
use storage::engine::KeyRange;

use crate::limits::RECLAIM_KEYS_PER_STEP_MAX;
use crate::node::Node;

/// The reclaim's own state. It starts from the replicated list of dropped ids, so it goes on after a restart.
#[derive(Debug, Default)]
pub struct Reclaimer {
    /// Schema version whose dropped ids were looked for, and the watermark then. The version is published just before the
    /// watermark passes its entry, so they are looked for once more when the watermark has moved.
    version: Option<(u64, u64)>,
    /// Whether that was done.
    is_settled: bool,
    /// Ids with the watermark at which they were found: reclaimed once the engine and every snapshot are past it.
    queue: Vec<(u32, u64)>,
    /// Ids that are done; the list is kept in the catalog for ever, so they are remembered.
    done: std::collections::BTreeSet<u32>,
    /// How often the tables had been replaced when this state was new.
    replacements: u64,
}

impl Reclaimer {
    /// One bounded step.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn step(&mut self, node: &Node) -> Result<(), storage::Error> {
        match self.try_step(node) {
            // The tables are being replaced by those of another node, which may not have reclaimed yet what this one has.
            Err(storage::Error::NotReady) => {
                *self = Reclaimer::default();
                Ok(())
            }
            other => other,
        }
    }

    fn try_step(&mut self, node: &Node) -> Result<(), storage::Error> {
        let replacements = node.store_replacements.load(std::sync::atomic::Ordering::Acquire);
        if replacements != self.replacements {
            *self = Reclaimer { replacements, ..Reclaimer::default() };
        }
        let catalog = node.catalog();
        if !node.store.is_ready() {
            return Ok(());
        }
        let before = node.store.watermark();
        let is_new = self.version.is_none_or(|(version, _)| version != catalog.version);
        let is_due = !self.is_settled && self.version.is_some_and(|(_, watermark)| watermark < before);
        if is_new || is_due {
            self.version = Some((catalog.version, before));
            self.is_settled = !is_new;
            let Ok(dropped) = dropped_indexes(&node.store) else {
                // Only a store that is being replaced cannot be read; a damaged one has ended the apply.
                return Err(storage::Error::NotReady);
            };
            // Not before: a snapshot between the two still sees the rows of what was dropped meanwhile.
            let watermark = node.store.watermark();
            for id in dropped {
                if !self.done.contains(&id.0) && !self.queue.iter().any(|(queued, _)| *queued == id.0) {
                    self.queue.push((id.0, watermark));
                }
            }
        }
        let Some(&(id, found_at)) = self.queue.first() else { return Ok(()) };
        if node.store.overlay_count() > 0 {
            // It may have rows of the table, that would come to their places after these were removed.
            return Ok(());
        }
        let oldest = node.store.stats().oldest_snapshot;
        if node.store.engine_index() < found_at || oldest < found_at {
            node.flush_wanted.fetch_max(found_at, Ordering::AcqRel);
            return Ok(());
        }
        let removed =
            node.store.delete_range(&KeyRange::prefix(&id.to_be_bytes()), RECLAIM_KEYS_PER_STEP_MAX)?;
        if removed < RECLAIM_KEYS_PER_STEP_MAX {
            self.queue.remove(0);
            self.done.insert(id);
        }
        Ok(())
    }
}
