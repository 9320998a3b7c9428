//! The threads that help the apply with large batches.
//!
//! A batch is installed in as many parts as there are workers, of which the apply's own thread is one: with one worker there is no other
//! thread and nothing is handed over. Helpers are started when they are first needed and ended when `replica_parallel_workers` is lowered;
//! there are never more workers than cores, since installing never waits. Small batches are installed by the apply's thread alone: waking
//! another one takes longer.

use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};
use storage::version::{InstallBatch, Store};

use crate::limits::{PARALLEL_APPLY_MUTATIONS_MIN, PARALLEL_APPLY_WORKERS_MAX};

/// A part of a batch to be installed.
struct Part {
    batch: Arc<InstallBatch>,
    part: usize,
    part_count: usize,
    done: Sender<()>,
}

/// See the module.
pub struct ApplyPool {
    store: Store,
    helpers: Vec<Sender<Part>>,
    cores: usize,
}

impl ApplyPool {
    /// Without helpers yet.
    #[must_use]
    pub fn new(store: Store) -> ApplyPool {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        ApplyPool { store, helpers: Vec::new(), cores }
    }

    /// Installs a batch with up to `workers` threads; returns when all of it is installed.
    pub fn install(&mut self, batch: InstallBatch, workers: u64) {
        let wanted = usize::try_from(workers).unwrap_or(usize::MAX).clamp(1, PARALLEL_APPLY_WORKERS_MAX);
        let workers = wanted.min(self.cores);
        self.helpers.truncate(workers - 1);
        let part_count =
            if batch.count() < PARALLEL_APPLY_MUTATIONS_MIN { 1 } else { workers.min(batch.shard_count()) };
        if part_count <= 1 {
            return self.store.install_batch(&batch, 0, 1);
        }
        while self.helpers.len() < part_count - 1 {
            match self.helper() {
                Ok(helper) => self.helpers.push(helper),
                Err(error) => {
                    tracing::warn!("a thread for applying in parallel could not be started: {error}");
                    return self.store.install_batch(&batch, 0, 1);
                }
            }
        }
        let batch = Arc::new(batch);
        let (done, is_done) = crossbeam_channel::bounded(part_count);
        for (helper, part) in self.helpers.iter().zip(1..part_count) {
            let part = Part { batch: Arc::clone(&batch), part, part_count, done: done.clone() };
            assert!(helper.send(part).is_ok(), "a helper ends only when it is told to");
        }
        self.store.install_batch(&batch, 0, part_count);
        for _ in 1..part_count {
            assert!(is_done.recv().is_ok(), "this end of it is still open");
        }
    }

    fn helper(&self) -> std::io::Result<Sender<Part>> {
        let (sender, parts): (Sender<Part>, Receiver<Part>) = crossbeam_channel::bounded(1);
        let store = self.store.clone();
        std::thread::Builder::new().name("apply-helper".into()).spawn(move || {
            let _vital = super::Vital::thread("apply-helper");
            for Part { batch, part, part_count, done } in parts {
                store.install_batch(&batch, part, part_count);
                drop(batch);
                // The apply waits for it.
                let _ = done.send(());
            }
        })?;
        Ok(sender)
    }
}

#[cfg(test)]
mod tests {
    use storage::engine::MemoryEngine;
    use storage::format::Mutation;
    use storage::version::StoreOptions;

    use super::*;

    #[test]
    fn every_part_is_installed_when_it_returns() {
        let store = Store::open(Box::new(MemoryEngine::new()), StoreOptions::default()).unwrap();
        let mut pool = ApplyPool { store: store.clone(), helpers: Vec::new(), cores: 8 };
        let mut index = 0;
        for workers in [4, 0, 1, 8, 2] {
            let mut batch = InstallBatch::default();
            let keys = PARALLEL_APPLY_MUTATIONS_MIN as u32 + 10;
            for number in 0..keys {
                index += 1;
                let key = (u64::from(number % 40) << 32 | u64::from(number)).to_be_bytes();
                batch.add(index, Mutation { key: key.to_vec().into(), value: Some("value".into()) });
            }
            pool.install(batch, workers);
            assert_eq!(pool.helpers.len(), workers.saturating_sub(1) as usize);
            store.advance(index);
            assert_eq!(store.stats().key_count, u64::from(keys));
        }
        assert_eq!(store.stats().version_count, index);
    }
}
