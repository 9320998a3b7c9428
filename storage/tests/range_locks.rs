//! Range locks: golden scripts (`tests/scripts/ranges`), and the race of writers and lockers on many threads.
//!
//! The first line of a script is what it claims. `UPDATE_GOLDENFILES=1` rewrites them. Commands, for transactions named by number:
//!
//! * `store KEY`: a row that is there before;
//! * `range TXN START END [writes] [nowait|skip]`: locks a range against insertions, or every write;
//! * `insert TXN KEY`, `change TXN KEY`: writes a key and asks whether it meets a range; one that does is taken back;
//! * `lock TXN KEY`: locks a row;
//! * `seize TXN KEY`: locks a row as a new leader does for a prepared transaction, which has written there;
//! * `shrink TXN START END`: makes the range that the transaction locked last smaller;
//! * `restart TXN`: gives up the ranges, as a statement does that runs again;
//! * `cancel TXN`: drops the transaction's wait;
//! * `commit TXN`: installs its writes and ends it;
//! * `end TXN`: rolls it back.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use goldenscript::{Command, Runner};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use storage::engine::{Direction, KeyRange, MemoryEngine};
use storage::format::Mutation;
use storage::txn::{
    LockMode, LockOutcome, LockTable, LockWait, RangeKind, RangeMark, Transaction, View, WaitPolicy,
    WriteKind,
};
use storage::version::{Store, StoreOptions};

fn new_store() -> Store {
    Store::open(Box::new(MemoryEngine::new()), StoreOptions::default()).unwrap()
}

/// A key of the one index there is.
fn key(name: &str) -> Bytes {
    Bytes::from(format!("indx{name}"))
}

struct Scripts {
    store: Store,
    locks: LockTable,
    txns: BTreeMap<u64, (Transaction, Vec<Bytes>)>,
    start: RangeMark,
    waits: BTreeMap<u64, LockWait>,
}

impl Scripts {
    fn new() -> Scripts {
        let (store, locks) = (new_store(), LockTable::new());
        let start = Transaction::begin(&store, &locks, 0).range_mark();
        Scripts { store, locks, txns: BTreeMap::new(), start, waits: BTreeMap::new() }
    }

    fn install(&self, keys: &[Bytes]) {
        let index = self.store.watermark() + 1;
        let put = |key: &Bytes| Mutation { key: key.clone(), value: Some(Bytes::from_static(b"v")) };
        self.store.install(index, &keys.iter().map(put).collect::<Vec<_>>());
        self.store.advance(index);
    }

    fn answer(&mut self, id: u64, outcome: storage::Result<LockOutcome>) -> String {
        match outcome {
            Ok(LockOutcome::Granted) => "granted\n".to_owned(),
            Ok(LockOutcome::Skipped) => "skipped\n".to_owned(),
            Ok(LockOutcome::Wait(wait)) => {
                let holders = wait.waiting_for();
                self.waits.insert(id, wait);
                format!("waits for {holders:?}\n")
            }
            Err(error) => format!("error: {error}\n"),
        }
    }
}

impl Runner for Scripts {
    fn run(&mut self, command: &Command) -> Result<String, Box<dyn Error>> {
        let mut args = command.consume_args();
        let mut next = || args.next_pos().map(|arg| arg.value.clone());
        if command.name == "store" {
            let key = key(&next().ok_or("which key")?);
            self.install(&[key]);
            return Ok(String::new());
        }
        let id: u64 = next().ok_or("which transaction")?.parse()?;
        let words: Vec<String> = std::iter::from_fn(next).collect();
        let (store, locks) = (self.store.clone(), self.locks.clone());
        let (txn, written) =
            self.txns.entry(id).or_insert_with(|| (Transaction::begin(&store, &locks, id), Vec::new()));
        let outcome = match command.name.as_str() {
            "range" => {
                let range = KeyRange::new(key(&words[0]), key(&words[1]));
                let has = |word: &str| words.iter().any(|other| other == word);
                let kind = if has("writes") { RangeKind::Writes } else { RangeKind::Insertions };
                let policy = match (has("nowait"), has("skip")) {
                    (true, _) => WaitPolicy::NoWait,
                    (_, true) => WaitPolicy::SkipLocked,
                    (false, false) => WaitPolicy::Wait,
                };
                txn.lock_range(&range, kind, policy)
            }
            "insert" | "change" => {
                let kind = if command.name == "insert" { WriteKind::Insertion } else { WriteKind::Change };
                let (key, before) = (key(&words[0]), txn.savepoint());
                txn.put(key.clone(), Bytes::from_static(b"v"));
                let outcome = txn.meet_ranges(&key, kind);
                match &outcome {
                    Ok(LockOutcome::Granted) => written.push(key),
                    Ok(LockOutcome::Skipped | LockOutcome::Wait(_)) | Err(_) => txn.rollback_to(before),
                }
                outcome
            }
            "lock" => txn.lock(&key(&words[0]), LockMode::Exclusive, WaitPolicy::Wait),
            "seize" => {
                txn.seize(&key(&words[0]), LockMode::Exclusive);
                return Ok(String::new());
            }
            "shrink" => {
                txn.shrink_range(self.start, &KeyRange::new(key(&words[0]), key(&words[1])));
                return Ok(String::new());
            }
            "restart" => {
                txn.drop_ranges_since(self.start);
                return Ok(String::new());
            }
            "cancel" => {
                drop(self.waits.remove(&id).ok_or("it does not wait")?);
                return Ok(String::new());
            }
            "commit" | "end" => {
                let (mut txn, written) = self.txns.remove(&id).ok_or("it is over")?;
                if command.name == "commit" {
                    self.install(&written);
                }
                txn.release_locks();
                return Ok(String::new());
            }
            other => return Err(format!("unknown command {other}").into()),
        };
        Ok(self.answer(id, outcome))
    }

    fn end_command(&mut self, _: &Command) -> Result<String, Box<dyn Error>> {
        let mut output = String::new();
        self.waits.retain(|id, wait| {
            if wait.is_granted() {
                writeln!(output, "{id} goes on").unwrap();
            }
            !wait.is_granted()
        });
        Ok(output)
    }

    fn end_script(&mut self) -> Result<(), Box<dyn Error>> {
        self.waits.clear();
        self.txns.clear();
        let stats = self.locks.stats();
        let left = (stats.lock_count, stats.waiting_count, stats.range_count, stats.writer_count);
        assert_eq!(left, (0, 0, 0, 0), "nothing is left");
        Ok(())
    }
}

#[test]
fn scripts() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scripts/ranges");
    let mut count = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        goldenscript::run(&mut Scripts::new(), file.unwrap().path()).unwrap();
        count += 1;
    }
    assert!(count >= 10, "only {count} scripts were found");
}

// ---- The race

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on(wait: LockWait) {
    let mut wait = std::pin::pin!(wait);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(20) {
        if let Poll::Ready(outcome) = wait.as_mut().poll(&mut Context::from_waker(&waker)) {
            return outcome.unwrap();
        }
        std::thread::park_timeout(Duration::from_millis(50));
    }
    panic!("a wait does not end");
}

struct Race {
    store: Store,
    locks: LockTable,
    ids: AtomicU64,
    /// The next log index; held while versions are installed, as the sequencer does.
    sequencer: Mutex<u64>,
    is_over: AtomicBool,
    committed: AtomicU64,
    read: AtomicU64,
    waited: AtomicU64,
}

impl Race {
    fn begin(&self) -> Transaction {
        Transaction::begin(&self.store, &self.locks, self.ids.fetch_add(1, Ordering::Relaxed))
    }

    /// Inserts or deletes up to three keys in a transaction.
    fn write(&self, random: &mut StdRng) {
        let mut txn = self.begin();
        let mut mutations: BTreeMap<Bytes, Option<Bytes>> = BTreeMap::new();
        let mut keys: Vec<u32> = (0..random.random_range(1..4)).map(|_| random.random_range(0..40)).collect();
        // In one order, so that two do not wait for each other.
        keys.sort_unstable();
        for number in keys {
            let key = key(&format!("{number:02}"));
            loop {
                if let LockOutcome::Wait(wait) =
                    txn.lock(&key, LockMode::Exclusive, WaitPolicy::Wait).unwrap()
                {
                    block_on(wait);
                    continue;
                }
                let before = txn.savepoint();
                let is_there = txn.get(&key, View::Latest).unwrap().is_some();
                let kind = if is_there { WriteKind::Change } else { WriteKind::Insertion };
                let value = (!is_there).then(|| Bytes::from(txn.id().to_string()));
                match &value {
                    Some(value) => txn.put(key.clone(), value.clone()),
                    None => txn.delete(key.clone()),
                }
                match txn.meet_ranges(&key, kind) {
                    Ok(LockOutcome::Granted) => {
                        mutations.insert(key.clone(), value);
                        break;
                    }
                    Ok(LockOutcome::Wait(wait)) => {
                        self.waited.fetch_add(1, Ordering::Relaxed);
                        txn.rollback_to(before);
                        block_on(wait);
                    }
                    Ok(LockOutcome::Skipped) => panic!("a range is not skipped"),
                    // Its locker waits for a row of this transaction.
                    Err(storage::Error::LockDeadlock) => return,
                    Err(error) => panic!("{error}"),
                }
            }
        }
        let mutations: Vec<Mutation> =
            mutations.into_iter().map(|(key, value)| Mutation { key, value }).collect();
        {
            let mut next = self.sequencer.lock().unwrap();
            self.store.install(*next, &mutations);
            self.store.advance(*next);
            *next += 1;
        }
        txn.release_locks();
        self.committed.fetch_add(1, Ordering::Relaxed);
    }

    /// Locks a range and reads it again and again: it must stay as it is, or keep at least all its keys from becoming more.
    fn lock(&self, random: &mut StdRng) {
        let mut txn = self.begin();
        let from = random.random_range(0..36);
        let to = from + random.random_range(1..10);
        let range = KeyRange::new(key(&format!("{from:02}")), key(&format!("{to:02}")));
        let kind = if random.random_bool(0.7) { RangeKind::Writes } else { RangeKind::Insertions };
        loop {
            match txn.lock_range(&range, kind, WaitPolicy::Wait) {
                Ok(LockOutcome::Granted) => break,
                Ok(LockOutcome::Wait(wait)) => {
                    self.waited.fetch_add(1, Ordering::Relaxed);
                    block_on(wait);
                }
                Ok(LockOutcome::Skipped) => panic!("a range is not skipped"),
                Err(storage::Error::LockDeadlock) => return,
                Err(error) => panic!("{error}"),
            }
        }
        let mut first: Option<BTreeMap<Vec<u8>, Vec<u8>>> = None;
        for _ in 0..5 {
            let mut rows = BTreeMap::new();
            let mut cursor = txn.scan(range.clone(), Direction::Forward, View::Latest);
            while let Some((key, value)) = cursor.next(&mut txn).unwrap() {
                rows.insert(key.to_vec(), value.to_vec());
            }
            let first = first.get_or_insert_with(|| rows.clone());
            match kind {
                RangeKind::Writes => assert_eq!(rows, *first, "{range:?} changed under its lock"),
                RangeKind::Insertions => {
                    assert!(rows.keys().all(|key| first.contains_key(key)), "{range:?} grew under its lock");
                    // A row that was deleted meanwhile may not come back.
                    first.retain(|key, _| rows.contains_key(key));
                }
            }
            std::thread::yield_now();
        }
        self.read.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn neither_misses_the_other() {
    let race = Race {
        store: new_store(),
        locks: LockTable::new(),
        ids: AtomicU64::new(1),
        sequencer: Mutex::new(1),
        is_over: AtomicBool::new(false),
        committed: AtomicU64::new(0),
        read: AtomicU64::new(0),
        waited: AtomicU64::new(0),
    };
    std::thread::scope(|scope| {
        for number in 0..8 {
            let race = &race;
            scope.spawn(move || {
                let mut random = StdRng::seed_from_u64(number);
                while !race.is_over.load(Ordering::Relaxed) {
                    if number % 2 == 0 { race.write(&mut random) } else { race.lock(&mut random) }
                }
            });
        }
        std::thread::sleep(Duration::from_millis(1500));
        race.is_over.store(true, Ordering::Relaxed);
    });
    let count = |number: &AtomicU64| number.load(Ordering::Relaxed);
    let (committed, read, waited) = (count(&race.committed), count(&race.read), count(&race.waited));
    assert!(
        committed > 500 && read > 500 && waited > 50,
        "{committed} committed, {read} read, {waited} waited"
    );
    let stats = race.locks.stats();
    assert_eq!((stats.lock_count, stats.range_count, stats.writer_count), (0, 0, 0), "nothing is left");
}
