//! Transactions over the store: cursors against a model, a bank under many threads, and what is sealed.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use bytes::Bytes;
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use storage::Error;
use storage::engine::{Direction, KeyRange, MemoryEngine};
use storage::format::{EntryHeader, EntryKind, EntryView, Mutation};
use storage::txn::{LockMode, LockOutcome, LockTable, Transaction, View, WaitPolicy};
use storage::version::{Store, StoreOptions};

const HEADER: EntryHeader =
    EntryHeader { kind: EntryKind::Transaction, txn_id: 1, commit_time_us: 0, schema_version: 0, flags: 0 };

fn new_store() -> Store {
    Store::open(Box::new(MemoryEngine::new()), StoreOptions::default()).unwrap()
}

fn key(number: u8) -> Bytes {
    vec![0, 0, 0, 1, number].into()
}

fn mutation(number: u8, value: Option<&[u8]>) -> Mutation {
    Mutation { key: key(number), value: value.map(Bytes::copy_from_slice) }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs a future to its end on this thread; `None` if that takes longer than the bound.
fn block_on<F: Future>(future: F, bound: Duration) -> Option<F::Output> {
    let mut future = std::pin::pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let begun = Instant::now();
    while begun.elapsed() < bound {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(output);
        }
        thread::park_timeout(Duration::from_millis(50));
    }
    None
}

#[derive(Clone, Debug)]
enum Step {
    /// Another transaction commits writes.
    Commit(Vec<(u8, Option<u8>)>),
    /// Write-behind makes a step.
    Flush(usize),
    /// The cursor gives a row.
    Next,
    /// The transaction writes.
    Write(u8, Option<u8>),
    /// The transaction takes a savepoint or rolls back to it.
    Savepoint,
    Rollback,
}

fn step() -> impl Strategy<Value = Step> {
    let value = prop::option::weighted(0.7, any::<u8>());
    let write = (0..60_u8, value);
    prop_oneof![
        2 => prop::collection::vec(write.clone(), 1..20).prop_map(Step::Commit),
        2 => (1..40_usize).prop_map(Step::Flush),
        6 => Just(Step::Next),
        3 => write.prop_map(|(number, value)| Step::Write(number, value)),
        1 => Just(Step::Savepoint),
        1 => Just(Step::Rollback),
    ]
}

fn commit(store: &Store, writes: &[(u8, Option<u8>)]) {
    let writes: BTreeMap<u8, Option<u8>> = writes.iter().copied().collect();
    let mutations: Vec<_> =
        writes.iter().map(|(key, value)| mutation(*key, value.as_ref().map(std::slice::from_ref))).collect();
    let index = store.watermark() + 1;
    store.install(index, &mutations);
    store.advance(index);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// A cursor at a snapshot, with the transaction's writes laid over it as they are when it gets there.
    #[test]
    fn cursors_see_the_snapshot_and_own_writes(
        before in prop::collection::vec((0..60_u8, prop::option::of(any::<u8>())), 0..80),
        steps in prop::collection::vec(step(), 0..120),
        start in 0..40_u8,
        length in 0..60_u8,
        forward in any::<bool>(),
        flush_first in any::<bool>(),
    ) {
        let store = new_store();
        let locks = LockTable::new();
        for writes in before.chunks(7) {
            commit(&store, writes);
        }
        if flush_first {
            store.flush_all(10).unwrap();
        }
        let mut snapshot: BTreeMap<u8, u8> = BTreeMap::new();
        for (number, value) in &before {
            match value {
                Some(value) => snapshot.insert(*number, *value),
                None => snapshot.remove(number),
            };
        }
        let mut txn = Transaction::begin(&store, &locks, 1);
        txn.take_snapshot();
        let end = start.saturating_add(length);
        let direction = if forward { Direction::Forward } else { Direction::Backward };
        let mut cursor = txn.scan(KeyRange::new(key(start), key(end)), direction, View::Snapshot);
        let mut own: BTreeMap<u8, Option<u8>> = BTreeMap::new();
        let mut saved = (txn.savepoint(), own.clone());
        let mut last: Option<u8> = None;
        for step in steps.into_iter().chain(std::iter::repeat_n(Step::Next, 61)) {
            match step {
                Step::Commit(writes) => commit(&store, &writes),
                Step::Flush(keys) => {
                    store.flush(keys).unwrap();
                }
                Step::Write(number, value) => {
                    match value {
                        Some(value) => txn.put(key(number), vec![value].into()),
                        None => txn.delete(key(number)),
                    }
                    own.insert(number, value);
                }
                Step::Savepoint => saved = (txn.savepoint(), own.clone()),
                Step::Rollback => {
                    txn.rollback_to(saved.0);
                    own = saved.1.clone();
                }
                Step::Next => {
                    let mut seen = snapshot.clone();
                    for (number, value) in &own {
                        match value {
                            Some(value) => seen.insert(*number, *value),
                            None => seen.remove(number),
                        };
                    }
                    let mut rows = seen.into_iter().filter(|(number, _)| (start..end).contains(number));
                    let expected = match direction {
                        Direction::Forward => rows.find(|(number, _)| last.is_none_or(|last| *number > last)),
                        Direction::Backward => {
                            rows.rfind(|(number, _)| last.is_none_or(|last| *number < last))
                        }
                    };
                    let found = cursor.next(&mut txn).unwrap();
                    prop_assert_eq!(found.map(|(key, value)| (key[4], value[0])), expected);
                    // At the end everything was passed, and what is written then may be behind the cursor.
                    let Some((number, value)) = expected else { break };
                    last = Some(number);
                    let got = txn.get(&key(number), View::Snapshot).unwrap();
                    prop_assert_eq!(got.as_deref(), Some(&[value][..]));
                }
            }
        }
        let write_bytes: usize = own.values().map(|value| 5 + usize::from(value.is_some())).sum();
        prop_assert_eq!(txn.write_bytes(), write_bytes);
    }
}

#[test]
fn latest_reads_see_pending_versions_and_say_so() {
    let store = new_store();
    let locks = LockTable::new();
    store.install(1, &[mutation(1, Some(b"a")), mutation(2, Some(b"b"))]);
    store.advance(1);
    store.install(2, &[mutation(1, Some(b"new")), mutation(2, None)]);
    let mut txn = Transaction::begin(&store, &locks, 1);
    assert_eq!(txn.take_snapshot(), 1);
    assert_eq!(txn.get(&key(1), View::Snapshot).unwrap().as_deref(), Some(&b"a"[..]));
    assert_eq!(txn.seen(), 0);
    assert_eq!(txn.get(&key(1), View::Latest).unwrap().as_deref(), Some(&b"new"[..]));
    assert_eq!(txn.seen(), 2);
    assert!(txn.changed_since_snapshot(&key(1)).unwrap());
    assert!(!txn.changed_since_snapshot(&key(3)).unwrap());

    let mut other = Transaction::begin(&store, &locks, 2);
    assert_eq!(other.get(&key(2), View::Snapshot).unwrap().as_deref(), Some(&b"b"[..]));
    let mut cursor = other.scan(KeyRange::prefix(&[0, 0, 0, 1]), Direction::Forward, View::Latest);
    assert_eq!(&cursor.next(&mut other).unwrap().unwrap().1[..], b"new");
    assert!(cursor.next(&mut other).unwrap().is_none());
    assert_eq!(other.seen(), 2, "the deletion was seen too");

    // What it computed from is cut off: neither its answer nor its commit may go out, even when the index is
    // used again.
    let wait = txn.wait_for_seen();
    let sealed = txn.seal(HEADER).unwrap();
    sealed.check().unwrap();
    store.drop_pending_from(2);
    store.install(2, &[mutation(1, Some(b"other"))]);
    store.advance(2);
    assert_eq!(block_on(wait, Duration::from_secs(1)).unwrap().unwrap_err().index, 2);
    assert!(txn.wait_for_seen().outcome().unwrap().is_err());
    assert!(matches!(sealed.check(), Err(Error::WriteConflict)));
    assert!(matches!(txn.seal(HEADER).unwrap().check(), Err(Error::WriteConflict)));
    // A transaction that begins now is not concerned.
    let mut later = Transaction::begin(&store, &locks, 3);
    assert_eq!(later.get(&key(1), View::Latest).unwrap().as_deref(), Some(&b"other"[..]));
    later.seal(HEADER).unwrap().check().unwrap();
    assert_eq!(block_on(later.wait_for_seen(), Duration::from_secs(1)), Some(Ok(())));
}

#[test]
fn a_sealed_entry_has_the_writes_in_key_order_and_late_counters() {
    let store = new_store();
    let mut txn = Transaction::begin(&store, &LockTable::new(), 9);
    let counter = Arc::new(AtomicU64::new(5));
    txn.put(key(3), Bytes::from_static(b"c"));
    txn.put_counter(key(1), Arc::clone(&counter));
    txn.delete(key(2));
    txn.put(key(3), Bytes::from_static(b"cc"));
    assert_eq!(txn.get(&key(1), View::Latest).unwrap().as_deref(), Some(&5_u64.to_be_bytes()[..]));
    let sealed = txn.seal(EntryHeader { txn_id: 9, ..HEADER }).unwrap();
    let payload_bytes = sealed.payload_bytes();
    counter.store(77, Ordering::SeqCst);
    let (payload, mutations) = sealed.finish();
    assert_eq!(payload.len(), payload_bytes);
    let expected = [mutation(1, Some(&77_u64.to_be_bytes())), mutation(2, None), mutation(3, Some(b"cc"))];
    assert_eq!(mutations, expected);
    let inside = payload.as_ptr_range();
    assert!(mutations.iter().all(|mutation| inside.contains(&mutation.key.as_ptr())), "slices, not copies");
    let view = EntryView::parse(payload.clone()).unwrap();
    assert_eq!(view.header().txn_id, 9);
    assert_eq!(view.mutations().collect::<Result<Vec<_>, _>>().unwrap(), expected);
}

#[test]
fn what_sessions_keep_can_move_between_threads() {
    fn is_send<T: Send>() {}
    is_send::<Transaction>();
    is_send::<storage::txn::Cursor>();
    is_send::<storage::txn::LockWait>();
    is_send::<storage::txn::Sealed>();
    is_send::<storage::version::WatermarkWait>();
    is_send::<storage::version::AdmissionWait>();
    is_send::<storage::version::Snapshot>();
}

#[test]
fn savepoints_nest() {
    let store = new_store();
    let mut txn = Transaction::begin(&store, &LockTable::new(), 1);
    txn.put(key(1), Bytes::from_static(b"1"));
    let outer = txn.savepoint();
    txn.put(key(1), Bytes::from_static(b"22"));
    let inner = txn.savepoint();
    txn.delete(key(1));
    txn.put(key(2), Bytes::from_static(b"x"));
    txn.rollback_to(inner);
    assert_eq!(txn.get(&key(1), View::Latest).unwrap().as_deref(), Some(&b"22"[..]));
    assert_eq!(txn.get(&key(2), View::Latest).unwrap(), None);
    txn.rollback_to(outer);
    assert_eq!(txn.get(&key(1), View::Latest).unwrap().as_deref(), Some(&b"1"[..]));
    assert_eq!((txn.write_count(), txn.write_bytes()), (1, 6));
    txn.rollback();
    assert!(!txn.has_writes());
    assert_eq!(txn.write_bytes(), 0);
}

#[test]
fn a_transaction_too_large_for_an_entry_is_refused() {
    let store = new_store();
    let mut txn = Transaction::begin(&store, &LockTable::new(), 1);
    let value = Bytes::from(vec![0; storage::limits::ENTRY_BYTES_MAX / 4]);
    for number in 0..4 {
        txn.put(key(number), value.clone());
    }
    assert!(matches!(txn.seal(HEADER), Err(Error::TooLarge { .. })));
}

#[test]
fn admission_waits_for_write_behind() {
    use storage::version::{Admission, FlushUrgency};
    let options = StoreOptions { memory_bytes_max: 64 << 10 };
    let store = Store::open(Box::new(MemoryEngine::new()), options).unwrap();
    assert_eq!(store.wait_flush_wanted(Duration::from_millis(1)), FlushUrgency::Idle);
    let mut index = 0;
    while matches!(store.admit(), Admission::Go) {
        index += 1;
        store.install(index, &[mutation((index % 200) as u8, Some(&[0; 500]))]);
    }
    assert!(index > 100);
    assert_eq!(store.wait_flush_wanted(Duration::from_secs(5)), FlushUrgency::Urgent);
    // Pending versions cannot be written behind.
    store.flush_all(100).unwrap();
    let Admission::Wait(wait) = store.admit() else { panic!("there is no room yet") };
    store.advance(index);
    let flusher = {
        let store = store.clone();
        thread::spawn(move || store.flush_all(10).unwrap())
    };
    assert!(block_on(wait, Duration::from_secs(5)).is_some());
    flusher.join().unwrap();
    assert_eq!(store.memory_bytes(), 0);
    assert_eq!(store.flush_urgency(), FlushUrgency::Idle);
}

#[test]
fn write_behind_that_a_snapshot_holds_up_does_not_spin() {
    let store =
        Store::open(Box::new(MemoryEngine::new()), StoreOptions { memory_bytes_max: 64 << 10 }).unwrap();
    let held = store.snapshot();
    for index in 1..=30 {
        store.install(index, &[mutation(index as u8, Some(&[0; 500]))]);
        store.advance(index);
    }
    assert!(store.flush_wanted());
    assert_eq!(store.flush(10).unwrap().keys_written, 0);
    let begun = Instant::now();
    store.wait_flush_wanted(Duration::from_millis(30));
    assert!(begun.elapsed() >= Duration::from_millis(30), "there was nothing that it could do");
    drop(held);
    store.flush_all(10).unwrap();
    assert_eq!(store.memory_bytes(), 0);
}

#[test]
fn dropped_tables_leave_memory_and_engine() {
    let store = new_store();
    for number in 0..100 {
        store.install(u64::from(number) + 1, &[mutation(number, Some(b"x"))]);
    }
    store.advance(50);
    store.flush_all(100).unwrap();
    store.advance(100);
    let range = KeyRange::new(key(20), key(80));
    let mut removed = 0;
    loop {
        let count = store.delete_range(&range, 17).unwrap();
        removed += count;
        if count < 17 {
            break;
        }
    }
    assert_eq!(removed, 60);
    assert_eq!(store.snapshot().checksum(&[KeyRange::all()]).unwrap().row_count, 40);
    store.flush_all(100).unwrap();
    assert_eq!(store.snapshot().checksum(&[KeyRange::all()]).unwrap().row_count, 40);
    assert_eq!(store.memory_bytes(), 0);
}

#[test]
fn a_reserved_snapshot_keeps_its_index_readable() {
    let store = new_store();
    let reserved = store.snapshot_at(3).unwrap();
    for index in 1..=6 {
        store.install(index, &[mutation(1, Some(&[index as u8]))]);
        store.advance(index);
        store.flush_all(10).unwrap();
    }
    assert_eq!(reserved.get(&key(1)).unwrap().as_deref(), Some(&[3][..]));
    let again = store.checksum(&[KeyRange::all()], 3).unwrap();
    drop(reserved);
    assert_eq!((again.index, again.row_count), (3, 1));
    store.flush_all(10).unwrap();
    assert!(matches!(store.snapshot_at(3), Err(Error::SnapshotTooOld)));
}

/// What the sequencer of a node does, with a quorum that is one step behind.
struct Node {
    store: Store,
    locks: LockTable,
    sequencer: std::sync::Mutex<u64>,
    stop: AtomicBool,
}

const ACCOUNTS: u8 = 12;
const BALANCE: u64 = 100;

fn balance(txn: &mut Transaction, account: u8, view: View) -> Result<u64, Error> {
    let value = txn.get(&key(account), view)?.expect("accounts are never deleted");
    Ok(u64::from_be_bytes(value[..].try_into().unwrap()))
}

fn lock(txn: &mut Transaction, account: u8) -> Result<(), Error> {
    loop {
        match txn.lock(&key(account), LockMode::Exclusive, WaitPolicy::Wait)? {
            LockOutcome::Granted => return Ok(()),
            LockOutcome::Skipped => unreachable!("not asked for"),
            LockOutcome::Wait(wait) => block_on(wait, Duration::from_secs(20)).expect("no lock is lost")?,
        }
    }
}

/// Moves money between two accounts. Returns the index.
fn transfer(node: &Node, id: u64, random: &mut StdRng) -> Result<u64, Error> {
    let mut txn = Transaction::begin(&node.store, &node.locks, id);
    let (from, to) = (random.random_range(0..ACCOUNTS), random.random_range(0..ACCOUNTS));
    if from == to {
        return Ok(0);
    }
    lock(&mut txn, from)?;
    lock(&mut txn, to)?;
    let (source, target) = (balance(&mut txn, from, View::Latest)?, balance(&mut txn, to, View::Latest)?);
    let amount = random.random_range(0..=source.min(10));
    txn.put(key(from), Bytes::copy_from_slice(&(source - amount).to_be_bytes()));
    txn.put(key(to), Bytes::copy_from_slice(&(target + amount).to_be_bytes()));
    let sealed = txn.seal(EntryHeader { txn_id: id, ..HEADER })?;
    let index = {
        let mut last = node.sequencer.lock().unwrap();
        sealed.check()?;
        let (_, mutations) = sealed.finish();
        *last += 1;
        node.store.install(*last, &mutations);
        *last
    };
    txn.release_locks();
    match block_on(node.store.wait_for(index), Duration::from_secs(20)).expect("the watermark moves") {
        Ok(()) => Ok(index),
        Err(_) => Err(Error::WriteConflict),
    }
}

#[test]
fn a_bank_loses_no_money() {
    let options = StoreOptions { memory_bytes_max: 128 << 10 };
    let store = Store::open(Box::new(MemoryEngine::new()), options).unwrap();
    let accounts: Vec<_> =
        (0..ACCOUNTS).map(|account| mutation(account, Some(&BALANCE.to_be_bytes()))).collect();
    store.install(1, &accounts);
    store.advance(1);
    let node = Node {
        store,
        locks: LockTable::new(),
        sequencer: std::sync::Mutex::new(1),
        stop: AtomicBool::new(false),
    };
    let (transfers, deadlocks) = (AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for number in 0..6 {
            let (node, transfers, deadlocks) = (&node, &transfers, &deadlocks);
            scope.spawn(move || {
                let mut random = StdRng::seed_from_u64(number);
                for id in (1..).map(|count| number + 6 * count) {
                    if node.stop.load(Ordering::Relaxed) {
                        break;
                    }
                    match transfer(node, id, &mut random) {
                        Ok(_) => transfers.fetch_add(1, Ordering::Relaxed),
                        Err(Error::LockDeadlock) => deadlocks.fetch_add(1, Ordering::Relaxed),
                        Err(Error::WriteConflict) => 0,
                        Err(error) => panic!("{error}"),
                    };
                }
            });
        }
        // The quorum, which now and then cuts off what it has not acknowledged; and write-behind.
        scope.spawn(|| {
            let mut random = StdRng::seed_from_u64(99);
            let begun = Instant::now();
            let is_enough =
                || transfers.load(Ordering::Relaxed) > 100 && deadlocks.load(Ordering::Relaxed) > 0;
            // On a busy machine threads may take a while to get into each other's way.
            while begun.elapsed() < Duration::from_millis(1500)
                || !is_enough() && begun.elapsed() < Duration::from_secs(20)
            {
                {
                    let mut last = node.sequencer.lock().unwrap();
                    let watermark = node.store.watermark();
                    if *last > watermark {
                        node.store.advance(random.random_range(watermark + 1..=*last));
                    }
                    if *last > node.store.watermark() && random.random_bool(0.02) {
                        *last = node.store.watermark();
                        node.store.drop_pending_from(*last + 1);
                    }
                }
                node.store.flush(50).unwrap();
                thread::yield_now();
            }
            node.stop.store(true, Ordering::Release);
            while node.locks.stats().lock_count > 0 || node.store.stats().waiting_count > 0 {
                let last = node.sequencer.lock().unwrap();
                node.store.advance(*last);
            }
            let last = node.sequencer.lock().unwrap();
            node.store.advance(*last);
        });
        scope.spawn(|| {
            let mut txn = Transaction::begin(&node.store, &node.locks, 0);
            while !node.stop.load(Ordering::Relaxed) {
                txn.take_snapshot();
                let sum: u64 =
                    (0..ACCOUNTS).map(|account| balance(&mut txn, account, View::Snapshot).unwrap()).sum();
                assert_eq!(sum, u64::from(ACCOUNTS) * BALANCE);
            }
        });
    });
    let mut txn = Transaction::begin(&node.store, &node.locks, 0);
    let sum: u64 = (0..ACCOUNTS).map(|account| balance(&mut txn, account, View::Latest).unwrap()).sum();
    assert_eq!(sum, u64::from(ACCOUNTS) * BALANCE);
    assert!(transfers.load(Ordering::Relaxed) > 100);
    assert!(deadlocks.load(Ordering::Relaxed) > 0, "two locks in any order meet");
    assert_eq!(node.locks.stats().lock_count, 0);
}
