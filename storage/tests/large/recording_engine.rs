//! An engine that remembers what was written to it, batch by batch.

use std::sync::{Arc, Mutex};

use storage::Result;
use storage::engine::{Direction, Engine, EngineScan, EngineWrite, KeyRange, MemoryEngine, Slice};

/// The batches that were written, oldest first.
pub type Batches = Arc<Mutex<Vec<Vec<EngineWrite>>>>;

pub struct RecordingEngine(pub MemoryEngine, pub Batches);

impl Engine for RecordingEngine {
    fn get(&self, key: &[u8]) -> Result<Option<(u64, Slice)>> {
        self.0.get(key)
    }

    fn scan(&self, range: KeyRange, direction: Direction) -> Box<dyn EngineScan> {
        self.0.scan(range, direction)
    }

    fn raise_reach(&self, index: u64) -> Result<()> {
        self.0.raise_reach(index)
    }

    fn write(&self, batch: &[EngineWrite], applied: u64) -> Result<()> {
        self.1.lock().expect("no other test holds it").push(batch.to_vec());
        self.0.write(batch, applied)
    }

    fn applied(&self) -> u64 {
        self.0.applied()
    }

    fn reach(&self) -> u64 {
        self.0.reach()
    }

    fn delete_range(&self, range: KeyRange, keys_max: usize) -> Result<usize> {
        self.0.delete_range(range, keys_max)
    }

    fn checkpoint(&self) -> Result<u64> {
        self.0.checkpoint()
    }

    fn begin_replace(&self, index: u64) -> Result<()> {
        self.0.begin_replace(index)
    }

    fn end_replace(&self) -> Result<()> {
        self.0.end_replace()
    }

    fn is_replacing(&self) -> bool {
        self.0.is_replacing()
    }

    fn memory_bytes(&self) -> u64 {
        self.0.memory_bytes()
    }

    fn disk_bytes(&self) -> u64 {
        self.0.disk_bytes()
    }
}
