//! A snapshot for another node while transactions in parts run, end and are merged.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use storage::engine::MemoryEngine;
use storage::version::{Store, StoreOptions};

use super::history::History;

#[test]
fn a_node_that_is_seeded_goes_on_with_transactions_that_are_open() {
    let mut seeded = 0;
    for seed in 40..60 {
        let history = History::new(seed, 900);
        let mut random = StdRng::seed_from_u64(seed);
        // Little memory for some: write-behind goes on past the export then.
        let memory_bytes_max = if seed % 2 == 0 { 64 << 10 } else { 64 << 20 };
        let store = Store::open(Box::new(MemoryEngine::new()), StoreOptions { memory_bytes_max }).unwrap();
        let work = |index: u64, random: &mut StdRng| {
            store.install(index, history.entry(index));
            store.advance(index);
            store.flush(random.random_range(1..50)).unwrap();
            store.merge(random.random_range(1..30)).unwrap();
        };
        let begin = random.random_range(50..600);
        for index in 1..=begin {
            work(index, &mut random);
        }
        let mut export = store.export().unwrap();
        assert_eq!(export.index(), begin);
        let mut chunks = Vec::new();
        let mut index = begin;
        while let Some(chunk) = export.next(300).unwrap() {
            chunks.push(Ok(chunk));
            if index < history.last() && random.random_bool(0.8) {
                index += 1;
                work(index, &mut random);
            }
        }
        drop(export);

        let other = Store::open(Box::new(MemoryEngine::new()), StoreOptions::default()).unwrap();
        // Something of its own that goes.
        for index in 1..begin.min(40) {
            other.install(index, history.entry(index));
            other.advance(index);
        }
        other.flush_all(100).unwrap();
        other.replace(begin, &mut chunks.into_iter()).unwrap();
        assert_eq!(other.overlay_count(), 0, "what is committed is exported in its place");
        history.check_all(&other, begin);
        for index in begin + 1..=history.last() {
            other.install(index, history.entry(index));
            other.advance(index);
            if random.random_bool(0.3) {
                other.flush(50).unwrap();
                other.merge(50).unwrap();
            }
        }
        history.check_all(&other, history.last());
        seeded += 1;
    }
    assert_eq!(seeded, 20);
}

/// While an export below its index reads, nothing of a transaction is merged; the export would miss staged rows.
#[test]
fn a_merge_waits_for_an_export_that_began_before_the_outcome() {
    let history = History::new(71, 900);
    let store = Store::open(Box::new(MemoryEngine::new()), StoreOptions::default()).unwrap();
    let mut index = 0;
    let mut advance = |store: &Store| {
        index += 1;
        store.install(index, history.entry(index));
        store.advance(index);
    };
    while store.open_staged().unwrap().is_empty() {
        advance(&store);
    }
    let export = store.export().unwrap();
    while store.overlay_count() == 0 {
        advance(&store);
    }
    for _ in 0..100 {
        store.flush(100).unwrap();
        assert!(store.merge(100).unwrap().is_idle);
    }
    drop(export);
    for _ in 0..100 {
        store.flush(100).unwrap();
        store.merge(100).unwrap();
    }
    assert_eq!(store.overlay_count(), 0);
}
