//! Whether the threads of a node run: each says so again and again, and what is long ago is a thread that hangs.
//!
//! A thread that panics takes the process with it ([`crate::runtime::Vital`]), so silence means one that waits for what does not come, or a
//! machine that gives the process no time. The clock goes on while the process is stopped.
//!
//! Left out: the threads of the log, the apply and write-behind. They sleep while there is nothing to do, and a disk that does not answer
//! is not the process' death: other nodes go on without it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use super::reads::now_ns;
use crate::limits::THREAD_SILENCE_MAX;

/// When one kind of thread ran last.
#[derive(Debug)]
pub struct Pulse {
    name: &'static str,
    /// By [`now_ns`]; zero: it has not begun.
    last_ns: AtomicU64,
}

impl Pulse {
    fn new(name: &'static str) -> Pulse {
        Pulse { name, last_ns: AtomicU64::new(0) }
    }

    /// It runs.
    pub fn beat(&self) {
        self.last_ns.store(now_ns(), Ordering::Relaxed);
    }

    fn silence(&self, now_ns: u64) -> Duration {
        match self.last_ns.load(Ordering::Relaxed) {
            0 => Duration::ZERO,
            last_ns => Duration::from_nanos(now_ns.saturating_sub(last_ns)),
        }
    }
}

/// See the module.
#[derive(Debug)]
pub struct Vitals {
    /// By the consensus thread, every tick.
    pub consensus: Pulse,
    /// By the async workers that run sessions.
    pub sessions: Pulse,
    is_stopping: AtomicBool,
}

impl Default for Vitals {
    fn default() -> Self {
        Vitals {
            consensus: Pulse::new("consensus"),
            sessions: Pulse::new("sessions"),
            is_stopping: AtomicBool::new(false),
        }
    }
}

impl Vitals {
    /// The node stops: it takes no new clients.
    pub fn stop(&self) {
        self.is_stopping.store(true, Ordering::Release);
    }

    /// Whether it does.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Acquire)
    }

    /// A thread that has not run for too long, and for how long.
    #[must_use]
    pub fn hanging(&self) -> Option<(&'static str, Duration)> {
        // The threads of a node that stops end one after the other.
        if self.is_stopping() { None } else { self.hanging_at(now_ns()) }
    }

    fn hanging_at(&self, now_ns: u64) -> Option<(&'static str, Duration)> {
        [&self.consensus, &self.sessions]
            .map(|pulse| (pulse.name, pulse.silence(now_ns)))
            .into_iter()
            .find(|(_, silence)| *silence > THREAD_SILENCE_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_hangs_once_it_was_silent_for_too_long() {
        let vitals = Vitals::default();
        assert_eq!(vitals.hanging_at(u64::MAX), None, "none has begun");
        vitals.consensus.beat();
        assert_eq!(vitals.hanging(), None);
        let later = now_ns() + THREAD_SILENCE_MAX.as_nanos() as u64 + 1_000_000_000;
        let (name, silence) = vitals.hanging_at(later).expect("it hangs by then");
        assert!(name == "consensus" && silence > THREAD_SILENCE_MAX);
        vitals.sessions.beat();
        vitals.consensus.beat();
        assert_eq!(vitals.hanging(), None);
    }
}
