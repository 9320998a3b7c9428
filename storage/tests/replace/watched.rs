//! An engine that lets a test look at the store, or fail, at each call that replaces something.

use std::sync::{Arc, Mutex, OnceLock};

use bytes::Bytes;
use storage::engine::{Direction, Engine, EngineScan, EngineWrite, KeyRange, MemoryEngine, Slice};
use storage::version::Store;
use storage::{Error, Result};

use crate::cases::{chunks, commit, fill, given, key, memory_store, open, put, rows, sum};

/// What the test does at a call; it is given the name of the call.
type Look = Box<dyn FnMut(&'static str) -> Result<()> + Send>;

#[derive(Clone, Default)]
struct Watched {
    engine: MemoryEngine,
    look: Arc<OnceLock<Mutex<Look>>>,
}

impl Watched {
    fn look(&self, call: &'static str) -> Result<()> {
        self.look.get().map_or(Ok(()), |look| (look.lock().unwrap())(call))
    }
}

impl Engine for Watched {
    fn get(&self, key: &[u8]) -> Result<Option<(u64, Slice)>> {
        self.engine.get(key)
    }
    fn scan(&self, range: KeyRange, direction: Direction) -> Box<dyn EngineScan> {
        self.engine.scan(range, direction)
    }
    fn raise_reach(&self, index: u64) -> Result<()> {
        self.engine.raise_reach(index)
    }
    fn write(&self, batch: &[EngineWrite], applied: u64) -> Result<()> {
        self.look("write")?;
        self.engine.write(batch, applied)
    }
    fn applied(&self) -> u64 {
        self.engine.applied()
    }
    fn reach(&self) -> u64 {
        self.engine.reach()
    }
    fn delete_range(&self, range: KeyRange, keys_max: usize) -> Result<usize> {
        self.look("delete_range")?;
        self.engine.delete_range(range, keys_max)
    }
    fn checkpoint(&self) -> Result<u64> {
        self.engine.checkpoint()
    }
    fn begin_replace(&self, index: u64) -> Result<()> {
        self.look("begin_replace")?;
        self.engine.begin_replace(index)
    }
    fn end_replace(&self) -> Result<()> {
        self.look("end_replace")?;
        self.engine.end_replace()
    }
    fn is_replacing(&self) -> bool {
        self.engine.is_replacing()
    }
    fn memory_bytes(&self) -> u64 {
        self.engine.memory_bytes()
    }
    fn disk_bytes(&self) -> u64 {
        self.engine.disk_bytes()
    }
}

fn store() -> (Store, Watched, Vec<Bytes>) {
    let (source, _) = memory_store();
    commit(&source, 500, &(0..900).map(|number| put(number, "new")).collect::<Vec<_>>());
    let engine = Watched::default();
    let store = open(engine.clone());
    fill(&store);
    (store, engine, chunks(&source, 2000).1)
}

#[test]
fn readers_fail_before_anything_is_touched_and_until_all_is_done() {
    let (store, engine, chunks) = store();
    let old = store.snapshot();
    let looked = store.clone();
    let version_count = store.stats().version_count;
    let mut calls = Vec::new();
    let (sender, receiver) = std::sync::mpsc::channel();
    let look: Look = Box::new(move |call| {
        assert!(matches!(old.get(&key(1)), Err(Error::NotReady)), "{call}");
        assert!(matches!(looked.read_latest(&key(1)), Err(Error::NotReady)), "{call}");
        assert!(matches!(looked.snapshot().get(&key(1)), Err(Error::NotReady)), "{call}");
        if call == "begin_replace" {
            assert_eq!(looked.stats().version_count, version_count, "memory went before the note was made");
        }
        sender.send(call).unwrap();
        Ok(())
    });
    assert!(engine.look.set(Mutex::new(look)).is_ok());
    store.replace(500, &mut given(&chunks)).unwrap();
    calls.extend(receiver.try_iter());
    assert_eq!((calls.first(), calls.last()), (Some(&"begin_replace"), Some(&"end_replace")));
    assert!(calls.len() > 5);
    assert_eq!(rows(&store.snapshot()).unwrap().len(), 900);
}

#[test]
fn an_engine_that_fails_at_any_call_leaves_a_store_to_be_replaced_again() {
    for fails_at in 0.. {
        let (store, engine, chunks) = store();
        let mut count = 0;
        let look: Look = Box::new(move |_| {
            count += 1;
            if count == fails_at + 1 { Err(Error::Engine("simulated".to_owned())) } else { Ok(()) }
        });
        assert!(engine.look.set(Mutex::new(look)).is_ok());
        if store.replace(500, &mut given(&chunks)).is_ok() {
            assert!(fails_at > 5, "{fails_at}");
            return;
        }
        assert!(store.needs_replace() && !store.is_ready());
        assert!(matches!(store.read_committed(&key(1)), Err(Error::NotReady)));
        store.replace(500, &mut given(&chunks)).unwrap();
        assert_eq!(sum(&store).row_count, 900);
    }
}
