//! A transaction whose write set is staged reads, scans, rolls back and commits as one that fits into memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use storage::Error;
use storage::engine::{Direction, KeyRange, MemoryEngine};
use storage::format::{EntryHeader, EntryKind};
use storage::staging::StagedId;
use storage::txn::{LockTable, PartSink, Savepoint, Sealed, Transaction, View};
use storage::version::{Store, StoreOptions};

type Rows = BTreeMap<Bytes, Bytes>;

/// The log: gives each entry the next index, and commits it at once.
#[derive(Clone)]
struct Log {
    store: Store,
    next: Arc<Mutex<u64>>,
    abandoned: Arc<Mutex<Vec<StagedId>>>,
    /// The part that fails.
    fails_at: Option<u64>,
    sent: u64,
}

impl Log {
    fn new() -> Log {
        let store = Store::open(Box::new(MemoryEngine::new()), StoreOptions::default()).unwrap();
        Log { store, next: Arc::new(Mutex::new(1)), abandoned: Arc::default(), fails_at: None, sent: 0 }
    }

    fn append(&self, sealed: Sealed) -> u64 {
        let mut next = self.next.lock();
        let index = *next;
        *next += 1;
        let (_, mutations) = sealed.finish();
        self.store.install(index, &mutations);
        self.store.advance(index);
        index
    }

    fn commit(&self, mut txn: Transaction) -> u64 {
        let sealed = txn.seal(header()).unwrap();
        let index = self.append(sealed);
        txn.sequenced();
        index
    }

    /// Everything of the tables, as of now.
    fn rows(&self) -> Rows {
        let mut scan = self.store.snapshot().scan(tables(), Direction::Forward);
        let mut rows = Rows::new();
        while let Some((key, _, value)) = scan.next().unwrap() {
            rows.insert(key.into_bytes(), value.into_bytes());
        }
        rows
    }

    fn work(&self, random: &mut StdRng) {
        for _ in 0..random.random_range(0..4) {
            self.store.flush(random.random_range(1..200)).unwrap();
            self.store.merge(random.random_range(1..200)).unwrap();
        }
    }
}

impl PartSink for Log {
    fn id(&self) -> StagedId {
        StagedId { term: 1, number: *self.next.lock() }
    }

    fn header(&self) -> EntryHeader {
        header()
    }

    fn send(&mut self, part: Sealed) -> storage::Result<()> {
        self.sent += 1;
        if self.fails_at == Some(self.sent) {
            return Err(Error::Closed("the log"));
        }
        self.append(part);
        Ok(())
    }

    fn abandon(&mut self, id: StagedId) {
        self.abandoned.lock().push(id);
    }
}

fn header() -> EntryHeader {
    EntryHeader { kind: EntryKind::Transaction, txn_id: 1, commit_time_us: 0, schema_version: 0, flags: 0 }
}

fn tables() -> KeyRange {
    KeyRange::new(Bytes::new(), 1000_u32.to_be_bytes().to_vec())
}

fn key(random: &mut StdRng) -> Bytes {
    let id: u32 = random.random_range(1..4);
    let number: u32 = random.random_range(0..60);
    [id.to_be_bytes(), number.to_be_bytes()].concat().into()
}

fn range(random: &mut StdRng) -> KeyRange {
    match random.random_range(0..3) {
        0 => tables(),
        1 => KeyRange::prefix(&random.random_range(1_u32..4).to_be_bytes()),
        _ => KeyRange::new(key(random), key(random)),
    }
}

/// Reads all of a range as the transaction sees it, while it writes one key now and then.
fn check_scan(txn: &mut Transaction, model: &Rows, random: &mut StdRng) {
    let range = range(random);
    let direction = if random.random_bool(0.5) { Direction::Forward } else { Direction::Backward };
    let mut cursor = txn.scan(range.clone(), direction, View::Latest);
    let mut rows = Vec::new();
    while let Some((key, value)) = cursor.next(txn).unwrap() {
        rows.push((key.into_bytes(), value.into_bytes()));
    }
    let mut expected: Vec<_> = model
        .iter()
        .filter(|(key, _)| range.contains(key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    if direction == Direction::Backward {
        expected.reverse();
    }
    assert_eq!(rows, expected, "{range:?} {direction:?}");
}

struct Run {
    log: Log,
    random: StdRng,
    /// What the transaction is to see.
    model: Rows,
    savepoints: Vec<(Savepoint, Rows)>,
    rolled_back: usize,
}

impl Run {
    fn write(&mut self, txn: &mut Transaction) {
        let key = key(&mut self.random);
        if self.random.random_bool(0.75) {
            let mut value = self.random.random::<u64>().to_be_bytes().to_vec();
            value.resize(self.random.random_range(8..80), 1);
            self.model.insert(key.clone(), value.clone().into());
            txn.put(key, value.into());
        } else {
            self.model.remove(&key);
            txn.delete(key);
        }
    }

    /// A statement: some writes, which may be taken back.
    fn statement(&mut self, txn: &mut Transaction) {
        let before = (txn.savepoint(), self.model.clone());
        for _ in 0..self.random.random_range(0..80) {
            self.write(txn);
        }
        if self.random.random_bool(0.3) {
            txn.rollback_to(before.0);
            self.model = before.1;
            self.rolled_back += 1;
        }
        txn.release_savepoint(before.0);
    }

    fn step(&mut self, txn: &mut Transaction) {
        match self.random.random_range(0..10) {
            0 => self.savepoints.push((txn.savepoint(), self.model.clone())),
            1 if !self.savepoints.is_empty() => {
                let at = self.random.random_range(0..self.savepoints.len());
                self.savepoints.truncate(at + 1);
                txn.rollback_to(self.savepoints[at].0);
                self.model = self.savepoints[at].1.clone();
                self.rolled_back += 1;
            }
            2 if !self.savepoints.is_empty() => {
                let at = self.random.random_range(0..self.savepoints.len());
                for (savepoint, _) in self.savepoints.drain(at..) {
                    txn.release_savepoint(savepoint);
                }
            }
            3..7 => self.statement(txn),
            7 => check_scan(txn, &self.model, &mut self.random),
            _ => {
                for _ in 0..20 {
                    let key = key(&mut self.random);
                    let found = txn.get(&key, View::Latest).unwrap().map(|value| value.into_bytes());
                    assert_eq!(found.as_ref(), self.model.get(&key), "{key:?}");
                }
            }
        }
        self.log.work(&mut self.random);
    }

    /// Statements of one transaction up to its end; what is committed is what it saw.
    fn transaction(&mut self, locks: &LockTable, bytes_max: usize) -> bool {
        let before = self.log.rows();
        self.model = before.clone();
        self.savepoints.clear();
        let mut txn = Transaction::begin(&self.log.store, locks, 1);
        txn.stream_to(Box::new(self.log.clone()), bytes_max);
        for _ in 0..self.random.random_range(1..60) {
            self.step(&mut txn);
            assert_eq!(self.log.rows(), before, "nobody else sees anything of it");
        }
        let is_staged = txn.is_staged();
        if self.random.random_bool(0.8) {
            self.log.commit(txn);
            assert!(self.log.abandoned.lock().is_empty());
            assert_eq!(self.log.rows(), self.model);
        } else {
            drop(txn);
            assert_eq!(self.log.abandoned.lock().drain(..).count(), usize::from(is_staged));
            assert_eq!(self.log.rows(), before);
        }
        is_staged
    }
}

#[test]
fn a_staged_transaction_is_like_any_other() {
    let mut staged = 0;
    let mut rolled_back = 0;
    for seed in 0..40 {
        let mut run = Run {
            log: Log::new(),
            random: StdRng::seed_from_u64(seed),
            model: Rows::new(),
            savepoints: Vec::new(),
            rolled_back: 0,
        };
        let locks = LockTable::new();
        let bytes_max = [1 << 10, 4 << 10, 16 << 10][seed as usize % 3];
        for _ in 0..6 {
            staged += usize::from(run.transaction(&locks, bytes_max));
        }
        rolled_back += run.rolled_back;
    }
    assert!(staged > 100, "only {staged} transactions were staged");
    assert!(rolled_back > 300, "only {rolled_back} times something was taken back");
}

/// The statement fails, what it wrote can be taken back, and the transaction goes on.
#[test]
fn a_part_that_cannot_be_sent_fails_the_statement() {
    for fails_at in 1..6 {
        let mut log = Log::new();
        log.fails_at = Some(fails_at);
        let locks = LockTable::new();
        let mut txn = Transaction::begin(&log.store, &locks, 1);
        txn.stream_to(Box::new(log.clone()), 4 << 10);
        let put = |txn: &mut Transaction, number: u32| {
            let key = [1_u32.to_be_bytes(), number.to_be_bytes()].concat();
            txn.put(key.into(), Bytes::from(vec![7; 200]));
            txn.get(b"none", View::Latest).map(|_| ())
        };
        let mut number = 0;
        let mut savepoint = txn.savepoint();
        let mut kept = 0;
        let error = loop {
            number += 1;
            if let Err(error) = put(&mut txn, number) {
                break error;
            }
            if number % 7 == 0 {
                txn.release_savepoint(savepoint);
                savepoint = txn.savepoint();
                kept = number;
            }
        };
        assert!(matches!(error, Error::Closed(_)), "{error}");
        txn.rollback_to(savepoint);
        put(&mut txn, 1000).unwrap();
        log.commit(txn);
        let rows = log.rows();
        assert_eq!(rows.len() as u32, kept + 1, "what the statement wrote is gone, and nothing else");
    }
}

/// What is in the log cannot become the value of one row: the transaction is refused, and not half prepared.
#[test]
fn a_staged_transaction_is_not_prepared() {
    let log = Log::new();
    let locks = LockTable::new();
    let mut txn = Transaction::begin(&log.store, &locks, 1);
    txn.stream_to(Box::new(log.clone()), 1 << 10);
    for number in 0..100_u32 {
        txn.put([1_u32.to_be_bytes(), number.to_be_bytes()].concat().into(), Bytes::from(vec![7; 100]));
    }
    assert!(txn.is_staged());
    txn.take_writes();
    txn.put(Bytes::from_static(b"\0\0\0\x01prepared"), Bytes::from_static(b"the rest"));
    assert!(matches!(txn.seal(header()), Err(Error::TooLarge { .. })));
    drop(txn);
    assert_eq!(log.rows(), Rows::new());
    assert_eq!(log.abandoned.lock().len(), 1);
}

/// A transaction that reads from an old snapshot writes its rows again and again: what it staged before is not kept for that snapshot.
#[test]
fn what_is_staged_again_is_not_kept_for_snapshots() {
    let engine = MemoryEngine::new();
    let store = Store::open(Box::new(engine), StoreOptions { memory_bytes_max: 256 << 10 }).unwrap();
    let log = Log { store, ..Log::new() };
    let locks = LockTable::new();
    let mut txn = Transaction::begin(&log.store, &locks, 1);
    txn.stream_to(Box::new(log.clone()), 16 << 10);
    for round in 0..10 {
        if round == 1 {
            txn.take_snapshot();
        }
        for number in 0..300_u32 {
            let key = [1_u32.to_be_bytes(), number.to_be_bytes()].concat();
            txn.put(key.into(), Bytes::from(vec![round; 1000]));
            log.store.flush(50).unwrap();
        }
        assert!(
            txn.get(b"\0\0\0\x01none", View::Snapshot).unwrap().is_none(),
            "the snapshot is still served"
        );
    }
    txn.release_snapshot();
    log.commit(txn);
    assert_eq!(log.rows().len(), 300);
}
