//! Stores to test with.

use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use storage::Result;
use storage::engine::{Direction, Engine, EngineKind, KeyRange, MemoryEngine};
use storage::format::Mutation;
use storage::limits::ENGINE_CACHE_BYTES_DEFAULT;
use storage::version::{Checksum, Snapshot, Store, StoreOptions};
use tempfile::TempDir;

/// A key of one of a few indexes; some numbers are of the indexes with the lowest and the highest id.
pub fn key(number: u32) -> Bytes {
    let id: u32 = [0, 1, 7, 65, u32::MAX][number as usize % 5];
    [id.to_be_bytes(), number.to_be_bytes()].concat().into()
}

/// Sets a key.
pub fn put(number: u32, value: impl AsRef<[u8]>) -> Mutation {
    Mutation { key: key(number), value: Some(Bytes::copy_from_slice(value.as_ref())) }
}

/// Removes a key.
pub fn delete(number: u32) -> Mutation {
    Mutation { key: key(number), value: None }
}

/// Installs an entry and commits it.
pub fn commit(store: &Store, index: u64, mutations: &[Mutation]) {
    store.install(index, mutations);
    store.advance(index);
}

/// A store over a memory engine, and the engine.
pub fn memory_store() -> (Store, MemoryEngine) {
    let engine = MemoryEngine::new();
    (open(engine.clone()), engine)
}

/// A store over an engine on disk. One that was just dropped gives its lock back a little later.
pub fn disk_store(kind: EngineKind, folder: &TempDir) -> Store {
    let begun = Instant::now();
    loop {
        match kind.open(folder.path(), ENGINE_CACHE_BYTES_DEFAULT) {
            Ok(engine) => return Store::open(engine, StoreOptions::default()).unwrap(),
            Err(error) if begun.elapsed() < Duration::from_secs(10) && error.to_string().contains("lock") => {
                thread::yield_now();
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// A store over an engine.
pub fn open(engine: impl Engine) -> Store {
    Store::open(Box::new(engine), StoreOptions::default()).unwrap()
}

/// Rows in the engine, in memory, overwritten, deleted, and pending ones above the watermark, which is 400.
pub fn fill(store: &Store) {
    for index in 1..=400 {
        let first = index as u32 * 5;
        let mut mutations: Vec<Mutation> =
            (first..first + 5).map(|number| put(number, format!("value {number} at {index}"))).collect();
        mutations.push(put(index as u32 % 30, vec![index as u8; 40 + index as usize * 7]));
        if index % 3 == 0 {
            mutations.push(delete(index as u32 * 4));
        }
        commit(store, index, &mutations);
        if index == 250 {
            store.flush_all(100).unwrap();
        }
    }
    store.install(401, &[put(1, "pending"), delete(3)]);
}

/// All chunks of an export.
pub fn chunks(store: &Store, bytes_max: usize) -> (u64, Vec<Bytes>) {
    let mut export = store.export().unwrap();
    let mut chunks = Vec::new();
    while let Some(chunk) = export.next(bytes_max).unwrap() {
        chunks.push(chunk);
    }
    (export.index(), chunks)
}

/// Chunks as `replace` takes them.
pub fn given(chunks: &[Bytes]) -> impl Iterator<Item = Result<Bytes>> {
    chunks.iter().cloned().map(Ok)
}

/// The sum over all rows.
pub fn sum(store: &Store) -> Checksum {
    store.checksum(&[KeyRange::all()], store.watermark()).unwrap()
}

/// All rows of a snapshot.
pub fn rows(snapshot: &Snapshot) -> Result<Vec<(Bytes, Bytes)>> {
    let mut scan = snapshot.scan(KeyRange::all(), Direction::Forward);
    let mut rows = Vec::new();
    while let Some((key, _, value)) = scan.next()? {
        rows.push((key.into_bytes(), value.into_bytes()));
    }
    Ok(rows)
}
