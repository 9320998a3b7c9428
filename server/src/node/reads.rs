//! Linearizable reads: what a session must know before it takes its snapshot.
//!
//! A read that must see every write acknowledged before it began asks here first. On a leader that holds its lease the answer is a
//! look at a clock; else the leader asks a majority whether it still leads (ReadIndex, Raft section 6.4 of Ongaro's dissertation),
//! and any other node asks the leader; questions that come at the same time share a round. The snapshot is taken *after* the answer, at
//! or past the index in it.
//!
//! Why the lease is enough: until it ends nobody else can have been elected ([`consensus::Lease`]), so everything that anybody has
//! seen committed until the clock was read was committed by this node. It may not be *applied* here yet: a follower whose apply is
//! faster may have shown it to a strong read. So a read from the lease waits until the watermark is at the commit index of its beginning,
//! which the consensus thread publishes before anybody else can hear of it. The clock goes on while the process is stopped or
//! the machine sleeps, so a node that was paused finds its lease over.
//!
//! Left out: what a session does about it ([`super::session`]), and the rounds (the core's).

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use storage::seeded_bugs::SeededBug;
use tokio::sync::mpsc;

use crate::limits::{READ_ASK_AGAIN, READ_REFUSED_PAUSE};

/// Hands a ticket to the consensus thread.
pub type Ask = Box<dyn Fn(u64) + Send + Sync>;

/// See the module.
pub struct ReadGate {
    /// End of the lease in nanoseconds of [`now_ns`]; zero: none. Written by the consensus thread.
    lease_until_ns: AtomicU64,
    /// The commit index of this node. Written by the consensus thread before any message of the same step leaves.
    commit: AtomicU64,
    waiting: Mutex<HashMap<u64, mpsc::UnboundedSender<Option<u64>>>>,
    next_ticket: AtomicU64,
    ask: Ask,
}

/// No answer in time: there is no leader, or it is cut off.
#[derive(Debug, PartialEq, Eq)]
pub struct NoAnswer;

/// Nanoseconds of a clock that never goes back and goes on in a pause or a sleep of the machine.
#[must_use]
pub fn now_ns() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    time.tv_sec.cast_unsigned().wrapping_mul(1_000_000_000).wrapping_add(time.tv_nsec.cast_unsigned())
}

impl ReadGate {
    /// A gate without a lease.
    #[must_use]
    pub fn new(ask: Ask) -> ReadGate {
        ReadGate {
            lease_until_ns: AtomicU64::new(0),
            commit: AtomicU64::new(0),
            waiting: Mutex::new(HashMap::new()),
            // An answer to a question of before a restart must not be taken for one to a question of after it.
            next_ticket: AtomicU64::new(rand::random::<u64>() >> 1),
            ask,
        }
    }

    /// The lease ends then; zero: it is over.
    pub fn set_lease(&self, until_ns: u64) {
        self.lease_until_ns.store(until_ns, Ordering::SeqCst);
    }

    /// Everything up to here is committed.
    pub fn set_commit(&self, commit: u64) {
        self.commit.store(commit, Ordering::SeqCst);
    }

    /// Whether this node holds a lease now.
    #[must_use]
    pub fn has_lease(&self) -> bool {
        let until_ns = self.lease_until_ns.load(Ordering::SeqCst);
        until_ns != 0 && now_ns() < until_ns
    }

    /// The index at which a read that began before this call may read by the lease; none without a lease.
    #[must_use]
    pub fn lease_index(&self) -> Option<u64> {
        // In this order: what is committed after the clock was read is no concern of a read that began before.
        let commit = self.commit.load(Ordering::SeqCst);
        (self.has_lease() || SeededBug::ReadWithoutLease.is_made()).then_some(commit)
    }

    /// The index at which a read that begins now may read. Asks again while there is no answer, for at most `patience`; an answer to any of
    /// its questions will do, or one that is farther away than [`READ_ASK_AGAIN`] could never be had.
    ///
    /// # Errors
    /// When there is none in time.
    pub async fn index(&self, patience: Duration) -> Result<u64, NoAnswer> {
        let deadline = Instant::now() + patience;
        let (answer, mut answered) = mpsc::unbounded_channel();
        let mut asked = Asked { gate: self, tickets: Vec::new() };
        loop {
            let ticket = self.next_ticket.fetch_add(1, Ordering::Relaxed);
            self.waiting.lock().insert(ticket, answer.clone());
            asked.tickets.push(ticket);
            (self.ask)(ticket);
            let left = deadline.saturating_duration_since(Instant::now());
            match tokio::time::timeout(left.min(READ_ASK_AGAIN), answered.recv()).await {
                Ok(Some(Some(index))) => return Ok(index),
                // Refused: an election is running.
                Ok(Some(None) | None) => tokio::time::sleep(READ_REFUSED_PAUSE).await,
                // The question, or its answer, may be lost.
                Err(_elapsed) => {}
            }
            if Instant::now() >= deadline {
                return Err(NoAnswer);
            }
        }
    }

    /// The core's answer to a ticket; none: refused.
    pub fn answer(&self, ticket: u64, index: Option<u64>) {
        if let Some(waiting) = self.waiting.lock().remove(&ticket) {
            // The session may have given up.
            let _ = waiting.send(index);
        }
    }
}

/// The questions of one read: nobody waits for them once it goes, however it ends.
struct Asked<'a> {
    gate: &'a ReadGate,
    tickets: Vec<u64>,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        let mut waiting = self.gate.waiting.lock();
        for ticket in &self.tickets {
            waiting.remove(ticket);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
    }

    #[test]
    fn a_lease_ends_by_the_clock() {
        let gate = ReadGate::new(Box::new(|_| {}));
        assert!(!gate.has_lease(), "none yet");
        gate.set_lease(now_ns() + 3_600_000_000_000);
        gate.set_commit(7);
        assert!(gate.has_lease());
        assert_eq!(gate.lease_index(), Some(7), "applied or not");
        gate.set_lease(now_ns() - 1);
        assert!(!gate.has_lease());
        gate.set_lease(0);
        assert!(!gate.has_lease());
    }

    #[test]
    fn tickets_of_two_starts_differ() {
        let first = |gate: ReadGate| gate.next_ticket.load(Ordering::Relaxed);
        assert_ne!(first(ReadGate::new(Box::new(|_| {}))), first(ReadGate::new(Box::new(|_| {}))));
    }

    #[test]
    fn a_question_that_is_refused_or_lost_is_asked_again() {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let note = Arc::clone(&asked);
        let gate = Arc::new(ReadGate::new(Box::new(move |ticket| note.lock().push(ticket))));
        let answerer = Arc::clone(&gate);
        runtime().block_on(async {
            let answers = async {
                loop {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    match asked.lock()[..] {
                        [first] => answerer.answer(first, None),
                        // The second one is lost.
                        [_, _, third] => answerer.answer(third, Some(42)),
                        _ => {}
                    }
                }
            };
            tokio::select! {
                index = gate.index(Duration::from_secs(20)) => assert_eq!(index, Ok(42)),
                () = answers => {}
            }
        });
        let first = asked.lock()[0];
        assert_eq!(*asked.lock(), [first, first + 1, first + 2]);
        assert!(gate.waiting.lock().is_empty());
    }

    #[test]
    fn an_answer_that_comes_after_it_was_asked_again_is_one() {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let note = Arc::clone(&asked);
        let gate = Arc::new(ReadGate::new(Box::new(move |ticket| note.lock().push(ticket))));
        runtime().block_on(async {
            // Each answer is farther away than the next question.
            let answers = async {
                loop {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    let asked = asked.lock().clone();
                    if let [.., late, _] = asked[..] {
                        gate.answer(late, Some(42));
                    }
                }
            };
            tokio::select! {
                index = gate.index(READ_ASK_AGAIN * 3) => assert_eq!(index, Ok(42)),
                () = answers => {}
            }
        });
        assert_eq!(asked.lock().len(), 2);
        assert!(gate.waiting.lock().is_empty());
    }

    #[test]
    fn a_read_that_is_given_up_leaves_nothing() {
        let gate = ReadGate::new(Box::new(|_| {}));
        runtime().block_on(async {
            let index = gate.index(Duration::from_secs(20));
            assert!(tokio::time::timeout(Duration::from_millis(5), index).await.is_err());
        });
        assert!(gate.waiting.lock().is_empty());
    }

    #[test]
    fn without_an_answer_it_gives_up() {
        let gate = ReadGate::new(Box::new(|_| {}));
        let result = runtime().block_on(gate.index(Duration::from_millis(20)));
        assert_eq!(result, Err(NoAnswer));
        assert!(gate.waiting.lock().is_empty());
    }
}
