//! Keys of temporary tables: a session's own, in no write set, rolled back with the transaction, bounded.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use bytes::Bytes;
use storage::engine::{Direction, KeyRange, MemoryEngine};
use storage::limits::TEMPORARY_INDEX_ID_MIN;
use storage::txn::{
    LockMode, LockOutcome, LockTable, Temporary, TemporaryBudget, Transaction, View, WaitPolicy,
};
use storage::version::{Store, StoreOptions};

const INDEX: u32 = TEMPORARY_INDEX_ID_MIN + 7;

fn key(index_id: u32, name: &str) -> Bytes {
    Bytes::from([&index_id.to_be_bytes()[..], name.as_bytes()].concat())
}

struct Fixture {
    store: Store,
    locks: LockTable,
    space: Temporary,
    budget: Arc<TemporaryBudget>,
}

impl Fixture {
    fn new(bytes_max: usize) -> Fixture {
        let store = Store::open(Box::new(MemoryEngine::new()), StoreOptions::default()).unwrap();
        let budget = Arc::new(TemporaryBudget::default());
        let space = Temporary::new(bytes_max, Arc::clone(&budget), usize::MAX);
        space.add_index(INDEX);
        Fixture { store, locks: LockTable::new(), space, budget }
    }

    fn begin(&self, id: u64) -> Transaction {
        let mut txn = Transaction::begin(&self.store, &self.locks, id);
        txn.attach_temporary(&self.space);
        txn
    }
}

fn names(txn: &mut Transaction, index_id: u32, direction: Direction) -> String {
    let mut cursor = txn.scan(KeyRange::prefix(&index_id.to_be_bytes()), direction, View::Snapshot);
    let mut found = Vec::new();
    while let Some((key, value)) = cursor.next(txn).unwrap() {
        found.push(format!("{}={}", String::from_utf8_lossy(&key[4..]), String::from_utf8_lossy(&value)));
    }
    found.join(" ")
}

fn put(txn: &mut Transaction, name: &str, value: &'static str) {
    txn.put(key(INDEX, name), Bytes::from_static(value.as_bytes()));
}

#[test]
fn what_is_kept_is_there_for_the_next_transaction_and_what_is_not_is_not() {
    let fixture = Fixture::new(usize::MAX);
    let mut txn = fixture.begin(1);
    put(&mut txn, "a", "1");
    put(&mut txn, "b", "2");
    assert!(!txn.has_writes(), "nothing of it is for the log");
    assert!(txn.has_temporary_writes());
    txn.keep_temporary();
    drop(txn);
    let mut txn = fixture.begin(2);
    assert_eq!(names(&mut txn, INDEX, Direction::Forward), "a=1 b=2");
    put(&mut txn, "a", "9");
    txn.delete(key(INDEX, "b"));
    put(&mut txn, "c", "3");
    assert_eq!(names(&mut txn, INDEX, Direction::Backward), "c=3 a=9");
    drop(txn);
    let mut txn = fixture.begin(3);
    assert_eq!(names(&mut txn, INDEX, Direction::Forward), "a=1 b=2");
    put(&mut txn, "d", "4");
    txn.rollback();
    assert_eq!(names(&mut txn, INDEX, Direction::Forward), "a=1 b=2");
}

#[test]
fn savepoints_bring_back_both_kinds_of_keys() {
    let fixture = Fixture::new(usize::MAX);
    let mut txn = fixture.begin(1);
    put(&mut txn, "a", "1");
    txn.put(key(9, "stored"), Bytes::from_static(b"1"));
    let first = txn.savepoint();
    put(&mut txn, "a", "2");
    let second = txn.savepoint();
    txn.delete(key(INDEX, "a"));
    txn.put(key(9, "stored"), Bytes::from_static(b"2"));
    txn.rollback_to(second);
    assert_eq!(names(&mut txn, INDEX, Direction::Forward), "a=2");
    assert_eq!(names(&mut txn, 9, Direction::Forward), "stored=1");
    txn.rollback_to(first);
    txn.release_savepoint(first);
    assert_eq!(names(&mut txn, INDEX, Direction::Forward), "a=1");
}

#[test]
fn the_rows_of_a_dropped_index_do_not_come_back() {
    let fixture = Fixture::new(usize::MAX);
    let mut txn = fixture.begin(1);
    put(&mut txn, "a", "1");
    txn.keep_temporary();
    put(&mut txn, "a", "2");
    fixture.space.add_index(INDEX + 1);
    txn.put(key(INDEX + 1, "other"), Bytes::from_static(b"x"));
    fixture.space.drop_index(INDEX);
    assert_eq!(names(&mut txn, INDEX + 1, Direction::Forward), "other=x");
    txn.rollback();
    assert_eq!(names(&mut txn, INDEX, Direction::Forward), "");
    assert_eq!(fixture.space.bytes(), 0);
}

#[test]
fn nobody_waits_for_them() {
    let fixture = Fixture::new(usize::MAX);
    let (mut one, mut other) = (fixture.begin(1), Transaction::begin(&fixture.store, &fixture.locks, 2));
    let lock =
        |txn: &mut Transaction| txn.lock(&key(INDEX, "a"), LockMode::Exclusive, WaitPolicy::Wait).unwrap();
    assert!(matches!(lock(&mut one), LockOutcome::Granted));
    assert!(matches!(lock(&mut other), LockOutcome::Granted));
    // A session without the space has nothing there.
    put(&mut one, "a", "1");
    assert_eq!(other.get(&key(INDEX, "a"), View::Latest).unwrap(), None);
    assert_eq!(one.lock_count(), 0);
}

#[test]
fn a_space_says_when_it_is_full_and_gives_back_all_that_it_took() {
    let fixture = Fixture::new(10_000);
    let mut txn = fixture.begin(1);
    let mut rows = 0;
    while !txn.temporary_is_full() {
        put(&mut txn, &format!("{rows:04}"), "some value");
        rows += 1;
        assert!(rows < 1_000);
    }
    assert!(rows > 20, "{rows}");
    assert!(fixture.budget.bytes() > 0);
    txn.rollback();
    assert!(!txn.temporary_is_full());
    assert_eq!((fixture.space.bytes(), fixture.budget.bytes()), (0, 0));
    put(&mut txn, "a", "1");
    txn.keep_temporary();
    drop(txn);
    let Fixture { space, budget, .. } = fixture;
    drop(space);
    assert_eq!(budget.bytes(), 0, "a session's end");
}

#[test]
fn long_scans_go_on_where_they_were_in_both_directions() {
    let fixture = Fixture::new(usize::MAX);
    let mut txn = fixture.begin(1);
    for number in 0..2_000 {
        put(&mut txn, &format!("{number:04}"), "a value of some length, so that many batches are needed");
    }
    for direction in [Direction::Forward, Direction::Backward] {
        let mut cursor = txn.scan(KeyRange::prefix(&INDEX.to_be_bytes()), direction, View::Latest);
        let mut found = Vec::new();
        while let Some((key, _)) = cursor.next(&mut txn).unwrap() {
            found.push(String::from_utf8(key[4..].to_vec()).unwrap());
        }
        if direction == Direction::Backward {
            found.reverse();
        }
        let wanted: Vec<String> = (0..2_000).map(|number| format!("{number:04}")).collect();
        assert_eq!(found, wanted, "{direction:?}");
    }
}
