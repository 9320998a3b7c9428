//! Sessions that write a row a statement while the leader is lost, for statements that do more than they say (triggers, stored functions): what was
//! acknowledged is there afterwards, and how often it was done can be counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use client::blocking::Connection;

use crate::question::scalar;
use crate::{LEADER_TIMEOUT, TestCluster, connect};

/// How many sessions write.
const WRITERS: usize = 4;
/// Rows that each has had acknowledged before the leader is lost.
const ROWS_BEFORE: usize = 20;
/// How long it may take until that is so, and until one of them goes on.
const PROGRESS_TIMEOUT: Duration = Duration::from_secs(30);
/// Pause before another node is asked.
const PAUSE: Duration = Duration::from_millis(20);

/// What the sessions had been told when they ended.
pub struct Written {
    /// Who leads now.
    pub leader: u64,
    /// The ids of the rows that were acknowledged.
    pub acknowledged: Vec<usize>,
}

/// Kills the leader under sessions that each write rows by `statement(id)`, and stops them when one of them has gone on with the next leader.
///
/// # Panics
/// When they do not come so far.
pub fn write_through_the_loss_of(
    cluster: &mut TestCluster,
    leader: u64,
    statement: fn(usize) -> String,
) -> Written {
    let stop = Arc::new(AtomicBool::new(false));
    let (writers, progress) = start(&cluster.addresses(), &stop, statement);
    for _ in 0..WRITERS {
        progress.recv_timeout(PROGRESS_TIMEOUT).unwrap();
    }
    cluster.kill(leader);
    let next = cluster.wait_for_leader(LEADER_TIMEOUT);
    while progress.recv_timeout(PROGRESS_TIMEOUT).unwrap() < 2 * ROWS_BEFORE {}
    stop.store(true, Ordering::Relaxed);
    let acknowledged = writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect();
    Written { leader: next, acknowledged }
}

impl Written {
    /// The number of rows of a table whose key is `id`, among which everything is that was acknowledged.
    ///
    /// # Panics
    /// When something is not.
    #[must_use]
    pub fn count_in(&self, connection: &mut Connection, table: &str) -> usize {
        let ids = connection.query(&format!("SELECT id FROM {table} ORDER BY id")).unwrap();
        let count = scalar(connection, &format!("SELECT COUNT(*) FROM {table}")).parse::<usize>().unwrap();
        let id = |row| ids.text(row, 0).and_then(|id| id.parse::<usize>().ok()).unwrap();
        let present: Vec<usize> = (0..count).map(id).collect();
        let lost = self.acknowledged.iter().filter(|id| present.binary_search(id).is_err()).count();
        assert_eq!(lost, 0, "of {} acknowledged rows", self.acknowledged.len());
        count
    }
}

/// Starts the sessions; each says when it has as many rows as it needs before the leader may be lost, and when it has twice as many.
fn start(
    addresses: &[String],
    stop: &Arc<AtomicBool>,
    statement: fn(usize) -> String,
) -> (Vec<JoinHandle<Vec<usize>>>, Receiver<usize>) {
    let (sender, progress) = channel();
    let writer = |number: usize| {
        let (stop, sender, addresses) = (Arc::clone(stop), sender.clone(), addresses.to_vec());
        thread::spawn(move || {
            let told = |count: usize| {
                if count == ROWS_BEFORE || count == 2 * ROWS_BEFORE {
                    let _ = sender.send(count);
                }
            };
            write(&addresses, number + 1, &stop, statement, &told)
        })
    };
    ((0..WRITERS).map(writer).collect(), progress)
}

/// Writes rows of its own until it is told to stop; the ids that were acknowledged.
fn write(
    addresses: &[String],
    first: usize,
    stop: &AtomicBool,
    statement: fn(usize) -> String,
    told: &dyn Fn(usize),
) -> Vec<usize> {
    let mut acknowledged = Vec::new();
    let mut id = first;
    let mut at = 0;
    while !stop.load(Ordering::Relaxed) {
        let Ok(mut connection) = connect(&addresses[at % addresses.len()], PROGRESS_TIMEOUT) else {
            at += 1;
            thread::sleep(PAUSE);
            continue;
        };
        while !stop.load(Ordering::Relaxed) {
            // An id is tried once: whether one without an answer is there is not known.
            let result = connection.query(&statement(id));
            id += WRITERS;
            match result {
                Ok(_) => {
                    acknowledged.push(id - WRITERS);
                    told(acknowledged.len());
                }
                Err(error) if error.code() == Some(1213) => {}
                Err(_) => break,
            }
        }
        at += 1;
    }
    acknowledged
}
