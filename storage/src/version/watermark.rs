//! [`Watermark`]: the log index up to which everything is committed, and those who wait for it.
//!
//! The watermark only moves up. A waiter asks for an index and is woken once the watermark has reached it, or once
//! the entry of that index was cut off the log, which it learns as [`Truncated`]. An index can be used again
//! after that by another entry, so each wait remembers the *epoch* in which the index meant what it asks for:
//! the number of truncations up to then. What was cut off in each later epoch is kept, for a bounded number of
//! them.
//!
//! A waiter looks at the truncations before it looks at the watermark. That order is right in both directions: an
//! entry that was committed is never cut off, and one that was cut off must not be taken for its successor.
//!
//! No runtime is assumed: waits are futures over [`std::task::Waker`]. Wakers are called outside the lock.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;

use super::Inner;
use crate::limits::TRUNCATIONS_REMEMBERED_MAX;

/// The entry that was waited for was cut off the log: it did not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Truncated {
    /// The index that the entry had.
    pub index: u64,
}

impl fmt::Display for Truncated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "log entry {} was cut off the log before it was committed", self.index)
    }
}

impl std::error::Error for Truncated {}

/// The committed index and its waiters.
#[derive(Default)]
pub(super) struct Watermark {
    /// Moved up by `advance` and `set` only.
    committed: AtomicU64,
    /// Number of truncations so far. Moved by `truncate`, under `waiters`.
    epoch: AtomicU64,
    waiters: Mutex<Waiters>,
}

#[derive(Default)]
struct Waiters {
    /// Ascending by index, and by ticket within an index. Tasks mostly wait in the order of their indexes, so
    /// nearly every push is at the end.
    queue: VecDeque<Waiter>,
    tickets: u64,
    /// For each of the last epochs, the epoch and the first index that was cut off at its start.
    truncations: VecDeque<(u64, u64)>,
}

struct Waiter {
    index: u64,
    ticket: u64,
    waker: Waker,
}

impl Watermark {
    pub(super) fn new(committed: u64) -> Watermark {
        Watermark { committed: AtomicU64::new(committed), ..Watermark::default() }
    }

    #[inline]
    pub(super) fn committed(&self) -> u64 {
        self.committed.load(Ordering::Acquire)
    }

    pub(super) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Moves the watermark up to `index`, and wakes those who waited for that.
    pub(super) fn advance(&self, index: u64) {
        self.set(index);
        let woken: Vec<Waker> = {
            let mut waiters = self.waiters.lock();
            let count = waiters.queue.partition_point(|waiter| waiter.index <= index);
            waiters.queue.drain(..count).map(|waiter| waiter.waker).collect()
        };
        woken.into_iter().for_each(Waker::wake);
    }

    /// Moves the watermark up to `index` without waking anybody: `advance` to the same index follows.
    pub(super) fn set(&self, index: u64) {
        let before = self.committed();
        assert!(before <= index, "the watermark is to go down from {before} to {index}");
        self.committed.store(index, Ordering::Release);
    }

    /// Starts a new epoch in which the entries from `from` on are gone, and tells those who waited for them.
    pub(super) fn truncate(&self, from: u64) {
        let woken: Vec<Waker> = {
            let mut waiters = self.waiters.lock();
            let epoch = self.epoch.fetch_add(1, Ordering::AcqRel) + 1;
            waiters.truncations.push_back((epoch, from));
            if waiters.truncations.len() > TRUNCATIONS_REMEMBERED_MAX {
                waiters.truncations.pop_front();
            }
            let kept = waiters.queue.partition_point(|waiter| waiter.index < from);
            waiters.queue.drain(kept..).map(|waiter| waiter.waker).collect()
        };
        woken.into_iter().for_each(Waker::wake);
    }

    /// True if the entry that had `index` in `epoch` was cut off since.
    pub(super) fn is_truncated(&self, index: u64, epoch: u64) -> bool {
        epoch != self.epoch() && self.waiters.lock().is_truncated(index, epoch)
    }

    pub(super) fn waiting_count(&self) -> usize {
        self.waiters.lock().queue.len()
    }
}

impl Waiters {
    fn is_truncated(&self, index: u64, epoch: u64) -> bool {
        let mut later = self.truncations.iter().filter(|(of, _)| *of > epoch);
        // An epoch so old that its truncations are forgotten: the safe answer is that the entry is gone.
        let forgotten = self.truncations.front().is_some_and(|(first, _)| *first > epoch + 1);
        forgotten || later.any(|(_, from)| *from <= index)
    }

    fn place_of(&self, index: u64, ticket: u64) -> Result<usize, usize> {
        self.queue.binary_search_by(|waiter| (waiter.index, waiter.ticket).cmp(&(index, ticket)))
    }

    fn add(&mut self, index: u64, waker: Waker) -> u64 {
        self.tickets += 1;
        let waiter = Waiter { index, ticket: self.tickets, waker };
        match self.queue.back() {
            Some(last) if last.index > index => {
                let place = self.queue.partition_point(|other| other.index <= index);
                self.queue.insert(place, waiter);
            }
            _ => self.queue.push_back(waiter),
        }
        self.tickets
    }
}

/// Waits until the watermark has reached an index. Dropping it ends the wait.
#[must_use = "a wait does nothing unless it is awaited"]
pub struct WatermarkWait {
    inner: Arc<Inner>,
    index: u64,
    epoch: u64,
    /// The place in the queue, while there is one.
    ticket: Option<u64>,
}

impl WatermarkWait {
    pub(super) fn new(inner: Arc<Inner>, index: u64, epoch: u64) -> WatermarkWait {
        WatermarkWait { inner, index, epoch, ticket: None }
    }

    /// The index that is waited for.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The outcome if it is known already, without waiting.
    pub fn outcome(&self) -> Option<Result<(), Truncated>> {
        let watermark = &self.inner.watermark;
        if watermark.is_truncated(self.index, self.epoch) {
            return Some(Err(Truncated { index: self.index }));
        }
        (watermark.committed() >= self.index).then_some(Ok(()))
    }
}

impl Future for WatermarkWait {
    type Output = Result<(), Truncated>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(outcome) = self.outcome() {
            return Poll::Ready(outcome);
        }
        let wait = &mut *self;
        let watermark = &wait.inner.watermark;
        let mut waiters = watermark.waiters.lock();
        // Both moves happen before their mover takes this lock, so either they are seen here, or the mover will
        // find this waiter in the queue.
        if wait.epoch != watermark.epoch() && waiters.is_truncated(wait.index, wait.epoch) {
            return Poll::Ready(Err(Truncated { index: wait.index }));
        }
        if watermark.committed() >= wait.index {
            return Poll::Ready(Ok(()));
        }
        let mut waker = context.waker().clone();
        match wait.ticket.and_then(|ticket| waiters.place_of(wait.index, ticket).ok()) {
            Some(place) => std::mem::swap(&mut waiters.queue[place].waker, &mut waker),
            None => {
                wait.ticket = Some(waiters.add(wait.index, waker));
                return Poll::Pending;
            }
        }
        // Dropping a waker may drop a task, and with it other waits: not under the lock.
        drop(waiters);
        drop(waker);
        Poll::Pending
    }
}

impl Drop for WatermarkWait {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket else { return };
        let removed = {
            let mut waiters = self.inner.watermark.waiters.lock();
            waiters.place_of(self.index, ticket).ok().and_then(|place| waiters.queue.remove(place))
        };
        // Not under the lock: dropping a waker may drop a task, and with it other waits.
        drop(removed);
    }
}
