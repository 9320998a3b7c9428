//! Golden scripts for the lock table: `tests/scripts/locks`. The first line of a script is what it claims.
//! `UPDATE_GOLDENFILES=1` rewrites them.
//!
//! Commands, for transactions named by number:
//!
//! * `lock TXN KEY [shared|intent_shared|intent_exclusive] [nowait|skip]`: asks for a lock and says how that came out;
//! * `seize TXN KEY [MODE]`: takes a lock from whoever has it;
//! * `release_one TXN KEY`: releases one of its locks;
//! * `forget`: all locks are forgotten, as when a leadership begins;
//! * `cancel TXN`: drops the transaction's wait, as a timeout does;
//! * `release TXN`: releases all its locks;
//! * `show KEY`: holders and queue;
//! * `look_away`, `look`: stops and resumes taking note of granted waits.
//!
//! After each command, waits that have been granted by it are printed in the order of the transactions.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::future::Future as _;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use goldenscript::{Command, Runner};
use storage::engine::MemoryEngine;
use storage::txn::{LockMode, LockOutcome, LockTable, LockWait, Transaction, WaitPolicy};
use storage::version::{Store, StoreOptions};

#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

struct Scripts {
    store: Store,
    locks: LockTable,
    txns: BTreeMap<u64, Transaction>,
    waits: BTreeMap<u64, (LockWait, Arc<Woken>)>,
    looks_away: bool,
}

impl Scripts {
    fn new() -> Scripts {
        let store = Store::open(Box::new(MemoryEngine::new()), StoreOptions::default()).unwrap();
        Scripts {
            store,
            locks: LockTable::new(),
            txns: BTreeMap::new(),
            waits: BTreeMap::new(),
            looks_away: false,
        }
    }

    fn txn(&mut self, id: u64) -> &mut Transaction {
        self.txns.entry(id).or_insert_with(|| Transaction::begin(&self.store, &self.locks, id))
    }

    fn lock(&mut self, command: &Command) -> Result<String, Box<dyn Error>> {
        let mut args = command.consume_args();
        let id: u64 = args.next_pos().ok_or("which transaction")?.parse()?;
        let key = args.next_pos().ok_or("which key")?.value.clone();
        let mut mode = LockMode::Exclusive;
        let mut policy = WaitPolicy::Wait;
        while let Some(word) = args.next_pos() {
            match word.value.as_str() {
                "shared" => mode = LockMode::Shared,
                "intent_shared" => mode = LockMode::IntentShared,
                "intent_exclusive" => mode = LockMode::IntentExclusive,
                "nowait" => policy = WaitPolicy::NoWait,
                "skip" => policy = WaitPolicy::SkipLocked,
                other => return Err(format!("unknown word {other}").into()),
            }
        }
        Ok(match self.txn(id).lock(key.as_bytes(), mode, policy) {
            Ok(LockOutcome::Granted) => "granted\n".to_owned(),
            Ok(LockOutcome::Skipped) => "skipped\n".to_owned(),
            Ok(LockOutcome::Wait(wait)) => {
                let mut holders = wait.waiting_for();
                holders.sort_unstable();
                let woken = Arc::new(Woken::default());
                self.waits.insert(id, (wait, Arc::clone(&woken)));
                assert!(poll(&mut self.waits.get_mut(&id).unwrap().0, &woken).is_pending());
                format!("waits for {holders:?}\n")
            }
            Err(error) => format!("error: {error}\n"),
        })
    }
}

fn poll(wait: &mut LockWait, woken: &Arc<Woken>) -> Poll<Result<(), storage::Error>> {
    let waker = Waker::from(Arc::clone(woken));
    pin!(wait).poll(&mut Context::from_waker(&waker))
}

impl Runner for Scripts {
    fn run(&mut self, command: &Command) -> Result<String, Box<dyn Error>> {
        let mut args = command.consume_args();
        match command.name.as_str() {
            "lock" => return self.lock(command),
            "look_away" => self.looks_away = true,
            "look" => self.looks_away = false,
            "cancel" => {
                let id: u64 = args.next_pos().ok_or("which transaction")?.parse()?;
                drop(self.waits.remove(&id).ok_or("it does not wait")?);
            }
            "release" => {
                let id: u64 = args.next_pos().ok_or("which transaction")?.parse()?;
                self.txn(id).release_locks();
            }
            "release_one" => {
                let id: u64 = args.next_pos().ok_or("which transaction")?.parse()?;
                let key = args.next_pos().ok_or("which key")?.value.clone();
                self.txn(id).release(key.as_bytes());
            }
            "seize" => {
                let id: u64 = args.next_pos().ok_or("which transaction")?.parse()?;
                let key = args.next_pos().ok_or("which key")?.value.clone();
                let mode = match args.next_pos().map(|word| word.value.as_str()) {
                    Some("intent_exclusive") => LockMode::IntentExclusive,
                    _ => LockMode::Exclusive,
                };
                self.txn(id).seize(key.as_bytes(), mode);
            }
            "forget" => self.locks.forget_all(),
            "show" => {
                let key = args.next_pos().ok_or("which key")?.value.clone();
                let mut holders = self.locks.holders(key.as_bytes());
                holders.sort_unstable();
                return Ok(format!("held by {holders:?} queue {:?}\n", self.locks.waiters(key.as_bytes())));
            }
            other => return Err(format!("unknown command {other}").into()),
        }
        Ok(String::new())
    }

    fn end_command(&mut self, _: &Command) -> Result<String, Box<dyn Error>> {
        let mut output = String::new();
        if self.looks_away {
            return Ok(output);
        }
        self.waits.retain(|id, (wait, woken)| {
            // Who is granted must have been woken, and only they.
            assert_eq!(wait.is_granted(), woken.0.load(Ordering::SeqCst) == 1, "wait of {id}");
            let is_granted = poll(wait, woken).is_ready();
            if is_granted {
                writeln!(output, "{id} is granted").unwrap();
            }
            !is_granted
        });
        Ok(output)
    }

    fn end_script(&mut self) -> Result<(), Box<dyn Error>> {
        self.waits.clear();
        self.txns.clear();
        let stats = self.locks.stats();
        assert_eq!((stats.lock_count, stats.waiting_count), (0, 0), "nothing is left");
        Ok(())
    }
}

#[test]
fn scripts() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scripts/locks");
    let mut count = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        goldenscript::run(&mut Scripts::new(), file.unwrap().path()).unwrap();
        count += 1;
    }
    assert!(count >= 10, "only {count} scripts were found");
}
