//! Writers of numbered rows into a table that would show a row twice: whether what was acknowledged is there, and exactly once.
//!
//! Half of the rows are written under autocommit, half in a transaction. A row is sent once, whatever comes of it. What was refused with an
//! error that says that it did not happen must not be there; what ended otherwise may be.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use client::blocking::Connection;

use crate::{TestCluster, connect};

/// Writers.
const WORKERS: u64 = 8;
/// How long the writers may take for what [`Numbered::progress`] waits for.
const PROGRESS_MAX: Duration = Duration::from_secs(40);

/// What became of the rows of one writer.
#[derive(Debug, Default)]
pub struct Written {
    acknowledged: BTreeSet<u64>,
    refused: BTreeSet<u64>,
    unknown: BTreeSet<u64>,
}

/// Running writers.
pub struct Numbered {
    stop: Arc<AtomicBool>,
    count: Arc<AtomicU64>,
    workers: Vec<JoinHandle<Written>>,
}

impl Numbered {
    /// Makes the table, and starts writers by way of these addresses, each connection of which begins with `first`.
    ///
    /// # Panics
    /// When the table cannot be made.
    #[must_use]
    pub fn start(cluster: &TestCluster, addresses: &[String], first: &'static str) -> Numbered {
        let mut connection = cluster.connect_leader();
        connection.query("CREATE DATABASE IF NOT EXISTS numbered").expect("a database");
        // No unique key, which would hide a row that was written twice.
        let table = "CREATE TABLE numbered.w (worker INT, number INT, KEY (worker, number))";
        connection.query(table).expect("a table");
        let (stop, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let start = |worker: u64| {
            let address = addresses[worker as usize % addresses.len()].clone();
            let (stop, count) = (Arc::clone(&stop), Arc::clone(&count));
            std::thread::spawn(move || write(&address, first, worker, &stop, &count))
        };
        let workers = (0..WORKERS).map(start).collect();
        Numbered { stop, count, workers }
    }

    /// Rows acknowledged so far.
    #[must_use]
    pub fn acknowledged(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Waits until so many more rows are acknowledged.
    ///
    /// # Panics
    /// When they are not, with what the nodes have logged.
    pub fn progress(&self, by: u64, cluster: &TestCluster) {
        let (from, started) = (self.acknowledged(), Instant::now());
        while self.acknowledged() < from + by {
            assert!(started.elapsed() < PROGRESS_MAX, "the writers make no progress\n{}", cluster.logs());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Stops the writers; what each has seen.
    ///
    /// # Panics
    /// When one of them saw an error that no client should.
    #[must_use]
    pub fn stop(self) -> Vec<Written> {
        self.stop.store(true, Ordering::Relaxed);
        self.workers.into_iter().map(|worker| worker.join().expect("a writer")).collect()
    }
}

fn write(address: &str, first: &str, worker: u64, stop: &AtomicBool, count: &AtomicU64) -> Written {
    let mut written = Written::default();
    let mut connection: Option<Connection> = None;
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        let Some(open) = connection.as_mut().filter(|open| !open.is_broken()) else {
            connection = connect(address, Duration::from_secs(30)).ok().and_then(|mut fresh| {
                fresh.query(first).ok()?;
                Some(fresh)
            });
            std::thread::sleep(Duration::from_millis(5));
            continue;
        };
        number += 1;
        match insert(open, worker, number) {
            Ok(()) => {
                written.acknowledged.insert(number);
                count.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) if matches!(error.code(), Some(1290 | 1053)) => {
                let _ = open.query("ROLLBACK");
                written.refused.insert(number);
            }
            Err(error) => {
                assert!(error.code() == Some(1105) || error.is_disconnect(), "{error}");
                written.unknown.insert(number);
                connection = None;
            }
        }
    }
    written
}

fn insert(connection: &mut Connection, worker: u64, number: u64) -> client::Result<()> {
    let insert = format!("INSERT INTO numbered.w (worker, number) VALUES ({worker}, {number})");
    if number.is_multiple_of(2) {
        return connection.query(&insert).map(|_| ());
    }
    connection.query("BEGIN")?;
    connection.query(&insert)?;
    connection.query("COMMIT").map(|_| ())
}

/// That all acknowledged rows are there, none of the refused ones, and each once.
///
/// # Panics
/// When it is not so.
pub fn check(cluster: &TestCluster, written: Vec<Written>) {
    let mut connection = cluster.connect_leader();
    let counted = "SELECT worker, number, COUNT(*) FROM numbered.w GROUP BY worker, number";
    let rows = connection.query(counted).expect("the rows");
    let mut found = vec![BTreeSet::new(); written.len()];
    for row in 0..rows.rows.len() {
        let number =
            |column| rows.text(row, column).and_then(|text| text.parse::<u64>().ok()).expect("a number");
        assert_eq!(number(2), 1, "row {} of writer {} is there more than once", number(1), number(0));
        found[number(0) as usize].insert(number(1));
    }
    for (worker, written) in written.iter().enumerate() {
        let missing: Vec<_> = written.acknowledged.difference(&found[worker]).collect();
        assert!(missing.is_empty(), "acknowledged rows of writer {worker} are missing: {missing:?}");
        let refused: Vec<_> = written.refused.intersection(&found[worker]).collect();
        assert!(refused.is_empty(), "refused rows of writer {worker} are there: {refused:?}");
        let known = |number: &u64| written.acknowledged.contains(number) || written.unknown.contains(number);
        let unasked: Vec<_> = found[worker].iter().filter(|number| !known(number)).collect();
        assert!(unasked.is_empty(), "rows of writer {worker} that it did not send: {unasked:?}");
    }
    let sum = |count: fn(&Written) -> usize| written.iter().map(count).sum::<usize>();
    let [acknowledged, refused, unknown] =
        [sum(|one| one.acknowledged.len()), sum(|one| one.refused.len()), sum(|one| one.unknown.len())];
    println!("{acknowledged} rows acknowledged, {refused} refused, of {unknown} the writer does not know");
    assert!(acknowledged > 0, "nothing was written");
}
