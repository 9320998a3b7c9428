//! A load whose result can be judged: money that moves between accounts, and a ledger of numbered rows.
//!
//! Each worker follows the leader by itself. What was acknowledged is remembered; what ended without an answer may or may not
//! be there, and is never tried again under the same number.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use client::blocking::{Cluster, Connection, Options};

use crate::TestCluster;

/// Accounts of the bank.
pub const ACCOUNTS: u64 = 10;
/// Money in each account at the start.
pub const BALANCE: u64 = 1_000;
/// Failures of one worker that are remembered.
const FAILURES_KEPT_MAX: usize = 20;
/// How long a running load may take for what [`Load::progress`] waits for.
const PROGRESS_TIMEOUT: Duration = Duration::from_secs(30);

/// What one worker did.
#[derive(Debug, Default)]
pub struct Record {
    /// Ledger numbers that were acknowledged.
    pub acknowledged: BTreeSet<u64>,
    /// Ledger numbers that were sent.
    pub attempted: BTreeSet<u64>,
    /// Transfers that were acknowledged.
    pub transfers: u64,
    /// How often an operation failed for a reason that a client tries again for: it must look for the leader, or has lost a deadlock.
    pub retried: u64,
    /// Every other failure.
    pub failures: Vec<String>,
}

/// A running load.
pub struct Load {
    stop: Arc<AtomicBool>,
    acknowledged: Arc<AtomicU64>,
    workers: Vec<JoinHandle<Record>>,
}

/// Makes the tables.
pub fn prepare(connection: &mut Connection) -> client::blocking::Result<()> {
    connection.query("CREATE DATABASE IF NOT EXISTS bank")?;
    connection
        .query("CREATE TABLE bank.account (id INT PRIMARY KEY, balance INT NOT NULL, KEY (balance))")?;
    connection.query(
        "CREATE TABLE bank.ledger (worker INT, number INT, note VARCHAR(30), PRIMARY KEY (worker, number), KEY (note))",
    )?;
    for id in 1..=ACCOUNTS {
        connection.query(&format!("INSERT INTO bank.account VALUES ({id}, {BALANCE})"))?;
    }
    Ok(())
}

impl Load {
    /// Starts workers against a prepared cluster.
    #[must_use]
    pub fn start(addresses: &[String], workers: u64) -> Load {
        let stop = Arc::new(AtomicBool::new(false));
        let acknowledged = Arc::new(AtomicU64::new(0));
        let workers = (0..workers)
            .map(|worker| {
                let (addresses, stop, acknowledged) =
                    (addresses.to_vec(), Arc::clone(&stop), Arc::clone(&acknowledged));
                std::thread::spawn(move || work(worker, addresses, &stop, &acknowledged))
            })
            .collect();
        Load { stop, acknowledged, workers }
    }

    /// Operations acknowledged so far.
    #[must_use]
    pub fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::Relaxed)
    }

    /// Waits until the load has got on by `count` operations.
    ///
    /// # Panics
    /// When it does not, with what the nodes have logged.
    pub fn progress(&self, count: u64, cluster: &TestCluster) {
        let (from, started) = (self.acknowledged(), Instant::now());
        while self.acknowledged() < from + count {
            assert!(started.elapsed() < PROGRESS_TIMEOUT, "the load makes no progress\n{}", cluster.logs());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Stops the workers and returns what they did.
    #[must_use]
    pub fn stop(self) -> Vec<Record> {
        self.stop.store(true, Ordering::Relaxed);
        self.workers.into_iter().map(|worker| worker.join().expect("a worker of the load panicked")).collect()
    }
}

fn work(worker: u64, addresses: Vec<String>, stop: &AtomicBool, acknowledged: &AtomicU64) -> Record {
    let options = Options { timeout: Duration::from_secs(5), ..Options::unencrypted() };
    let mut cluster = Cluster::with_options(addresses, options);
    let mut record = Record::default();
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        number += 1;
        if number % 2 == 0 {
            match transfer(&mut cluster) {
                Ok(()) => {
                    record.transfers += 1;
                    acknowledged.fetch_add(1, Ordering::Relaxed);
                }
                Err(error) => recover(&mut cluster, &error, &mut record),
            }
            continue;
        }
        record.attempted.insert(number);
        let insert = format!("INSERT INTO bank.ledger VALUES ({worker}, {number}, 'n{}')", number % 7);
        match cluster.leader().and_then(|leader| leader.query(&insert)) {
            Ok(_) => {
                record.acknowledged.insert(number);
                acknowledged.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => recover(&mut cluster, &error, &mut record),
        }
    }
    record
}

/// After an error: look for the leader anew unless the server only asked for a retry.
fn recover(cluster: &mut Cluster, error: &client::blocking::Error, record: &mut Record) {
    if is_retryable(error) {
        record.retried += 1;
    } else if record.failures.len() < FAILURES_KEPT_MAX {
        record.failures.push(error.to_string());
    }
    if !matches!(error.code(), Some(1213 | 1205)) {
        cluster.forget_leader();
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Whether an error is one that a client of a replicated database has to expect and may try again after: not the leader (1290), rolled
/// back with the leadership (1053), a deadlock (1213), or no connection.
#[must_use]
pub fn is_retryable(error: &client::blocking::Error) -> bool {
    match error {
        client::blocking::Error::Server(error) => matches!(error.code, 1290 | 1053 | 1213),
        client::blocking::Error::Connect { .. }
        | client::blocking::Error::Stale
        | client::blocking::Error::Lost { .. }
        | client::blocking::Error::NoLeader { .. } => true,
        client::blocking::Error::LoginRefused { .. }
        | client::blocking::Error::Tls { .. }
        | client::blocking::Error::Protocol(_)
        | client::blocking::Error::NotSupported { .. }
        | client::blocking::Error::Busy { .. }
        | client::blocking::Error::Unknown { .. }
        | client::blocking::Error::AnswerLost { .. } => false,
    }
}

/// Checks that nothing failed but for reasons that a client tries again for.
///
/// # Panics
/// When something did.
pub fn assert_only_retryable(records: &[Record]) {
    let failures: Vec<&String> = records.iter().flat_map(|record| &record.failures).collect();
    assert!(failures.is_empty(), "operations failed: {failures:#?}");
    let retried: u64 = records.iter().map(|record| record.retried).sum();
    let done: usize = records.iter().map(|record| record.acknowledged.len()).sum();
    println!("{done} rows acknowledged, {retried} operations to be tried again");
}

fn transfer(cluster: &mut Cluster) -> client::blocking::Result<()> {
    let from = rand::random_range(1..=ACCOUNTS);
    let to = rand::random_range(1..=ACCOUNTS);
    let amount = rand::random_range(1..=20);
    let connection = cluster.leader()?;
    let result = transfer_on(connection, from, to, amount);
    if result.is_err() && !connection.is_broken() {
        let _ = connection.query("ROLLBACK");
    }
    result
}

fn transfer_on(connection: &mut Connection, from: u64, to: u64, amount: u64) -> client::blocking::Result<()> {
    connection.query("BEGIN")?;
    let balance =
        connection.query(&format!("SELECT balance FROM bank.account WHERE id = {from} FOR UPDATE"))?;
    let balance: u64 = balance.scalar().and_then(|text| text.parse().ok()).unwrap_or(0);
    if balance >= amount && from != to {
        connection
            .query(&format!("UPDATE bank.account SET balance = balance - {amount} WHERE id = {from}"))?;
        connection.query(&format!("UPDATE bank.account SET balance = balance + {amount} WHERE id = {to}"))?;
    }
    connection.query("COMMIT")?;
    Ok(())
}

/// Checks the end state: nothing acknowledged is missing, nothing unasked is there, no money appeared or was lost.
///
/// # Panics
/// When it does not hold.
pub fn check(connection: &mut Connection, records: &[Record]) {
    let rows = connection.query("SELECT worker, number FROM bank.ledger").expect("the ledger can be read");
    let mut found = vec![BTreeSet::new(); records.len()];
    for row in 0..rows.rows.len() {
        let number =
            |column| rows.text(row, column).and_then(|text| text.parse::<u64>().ok()).expect("a number");
        let fresh = found[number(0) as usize].insert(number(1));
        assert!(fresh, "row {row} of the ledger is there twice");
    }
    for (worker, record) in records.iter().enumerate() {
        let missing: Vec<_> = record.acknowledged.difference(&found[worker]).collect();
        assert!(missing.is_empty(), "acknowledged writes of worker {worker} are missing: {missing:?}");
        let unasked: Vec<_> = found[worker].difference(&record.attempted).collect();
        assert!(unasked.is_empty(), "rows of worker {worker} that nobody wrote: {unasked:?}");
    }
    let sum =
        connection.query("SELECT SUM(balance), MIN(balance), COUNT(*) FROM bank.account").expect("the sum");
    assert_eq!(sum.text(0, 0), Some((ACCOUNTS * BALANCE).to_string()), "money appeared or was lost");
    assert!(!sum.text(0, 1).unwrap_or_default().starts_with('-'), "an account is below zero");
    assert_eq!(sum.text(0, 2), Some(ACCOUNTS.to_string()));
    let by_index = connection
        .query("SELECT COUNT(*) FROM bank.ledger FORCE INDEX (note) WHERE note >= ''")
        .expect("a count");
    assert_eq!(
        by_index.scalar(),
        Some(rows.rows.len().to_string()),
        "the secondary index has other rows than the table"
    );
}
