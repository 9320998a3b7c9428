//! [`Admission`]: how the store pushes back, and how it asks for write-behind.
//!
//! Thresholds are parts of the one memory bound (see [`limits`](crate::limits)). Nothing here is exact: memory is
//! counted without a lock, so a transaction may be let in that goes over the bound by its own size.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::flush::FlushUrgency;
use super::{Inner, Store};
use crate::limits::{FLUSH_LAG_ENTRIES_MAX, FLUSH_URGENT_DIVISOR, FLUSH_WANTED_DIVISOR};

/// Whether a new transaction may go on to commit.
pub enum Admission {
    /// There is room.
    Go,
    /// Memory is at its bound; wait for write-behind.
    Wait(AdmissionWait),
}

/// Waits until there is room for new transactions. Dropping it ends the wait.
#[must_use = "a wait does nothing unless it is awaited"]
pub struct AdmissionWait {
    inner: Arc<Inner>,
}

/// Who waits for room, and who waits for work.
#[derive(Default)]
pub(super) struct Pressure {
    /// Tasks that wait for room. One may be in here several times; waking it once too often is harmless.
    waiting: Mutex<Vec<Waker>>,
    /// True from the moment that write-behind is wanted until a pass of it is complete.
    wanted: AtomicBool,
    wanted_lock: Mutex<()>,
    wanted_changed: Condvar,
    /// True if the last step of write-behind had nothing it could do although it is wanted: a snapshot holds it up.
    is_held_up: AtomicBool,
    /// Bytes of history found by the last complete pass.
    history_bytes: AtomicUsize,
}

impl Pressure {
    /// Takes note of the memory in use after more was taken.
    #[inline]
    pub(super) fn note(&self, bytes: usize, bytes_max: usize) {
        if bytes >= bytes_max / FLUSH_WANTED_DIVISOR {
            self.want();
        }
    }

    /// Takes note of how far the engine is behind the watermark.
    #[inline]
    pub(super) fn note_lag(&self, lag_entries: u64) {
        if lag_entries >= FLUSH_LAG_ENTRIES_MAX {
            self.want();
        }
    }

    fn want(&self) {
        if !self.wanted.load(Ordering::Relaxed) {
            // Under the lock, so that it cannot fall between a waiter's look at the flag and its sleep.
            let _lock = self.wanted_lock.lock();
            self.wanted.store(true, Ordering::Release);
            self.wanted_changed.notify_all();
        }
    }

    /// Lets waiting transactions go on if there is room.
    pub(super) fn relieve(&self, bytes: usize, bytes_max: usize) {
        if bytes < bytes_max {
            let woken = std::mem::take(&mut *self.waiting.lock());
            woken.into_iter().for_each(Waker::wake);
        }
    }

    /// Takes note that a pass is complete and found this much history.
    pub(super) fn pass_complete(&self, history_bytes: usize) {
        self.history_bytes.store(history_bytes, Ordering::Relaxed);
        self.wanted.store(false, Ordering::Release);
    }

    /// Takes note whether write-behind is wanted but could do nothing.
    pub(super) fn held_up(&self, is_held_up: bool) {
        self.is_held_up.store(is_held_up, Ordering::Relaxed);
    }

    pub(super) fn history_bytes(&self) -> usize {
        self.history_bytes.load(Ordering::Relaxed)
    }
}

impl Store {
    /// Whether a new transaction may be installed now. To be asked before it is sequenced; not for entries that
    /// are already in the log.
    #[inline]
    pub fn admit(&self) -> Admission {
        if self.has_room() {
            Admission::Go
        } else {
            Admission::Wait(AdmissionWait { inner: Arc::clone(&self.inner) })
        }
    }

    #[inline]
    fn has_room(&self) -> bool {
        self.inner.has_room()
    }

    /// How much write-behind is wanted now. None while the data is being replaced.
    pub fn flush_urgency(&self) -> FlushUrgency {
        if self.inner.snapshots.is_replacing() {
            return FlushUrgency::Idle;
        }
        let bytes = self.memory_bytes();
        let bytes_max = self.inner.memory_bytes_max;
        let lag = self.watermark().saturating_sub(self.engine_index());
        if bytes >= bytes_max / FLUSH_URGENT_DIVISOR {
            FlushUrgency::Urgent
        } else if bytes >= bytes_max / FLUSH_WANTED_DIVISOR || lag >= FLUSH_LAG_ENTRIES_MAX {
            FlushUrgency::Wanted
        } else {
            FlushUrgency::Idle
        }
    }

    /// True if write-behind should run now.
    pub fn flush_wanted(&self) -> bool {
        self.flush_urgency() != FlushUrgency::Idle
    }

    /// Blocks the calling thread, which is the one that runs write-behind, until it is wanted or `timeout` is
    /// over, and says how much it is. When the last step could do nothing because a snapshot holds it up, only the
    /// timeout ends the wait.
    pub fn wait_flush_wanted(&self, timeout: Duration) -> FlushUrgency {
        let pressure = &self.inner.pressure;
        let mut lock = pressure.wanted_lock.lock();
        let is_held_up = pressure.is_held_up.load(Ordering::Relaxed);
        let sleeps_on =
            |_: &mut ()| is_held_up || (!pressure.wanted.load(Ordering::Acquire) && !self.flush_wanted());
        pressure.wanted_changed.wait_while_for(&mut lock, sleeps_on, timeout);
        self.flush_urgency()
    }
}

impl Inner {
    fn has_room(&self) -> bool {
        self.memory.bytes() < self.memory_bytes_max
    }
}

impl Future for AdmissionWait {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.inner.has_room() {
            return Poll::Ready(());
        }
        self.inner.pressure.waiting.lock().push(context.waker().clone());
        // Room made before the push may have woken nobody.
        if self.inner.has_room() { Poll::Ready(()) } else { Poll::Pending }
    }
}
