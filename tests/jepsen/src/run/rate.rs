//! How fast workers may begin operations.
//!
//! Together they begin so many a second and no more, in bursts: several begin at the same moment, as operations have to meet to
//! find anything, and then there is a pause, as a history should not be longer than it is worth.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Bursts in a second.
const BURSTS_PER_S: f64 = 10.0;
/// How long a worker sleeps that has to wait, at most: it must hear that the run is over.
const NAP: Duration = Duration::from_millis(20);

/// Shared by all workers.
pub struct Rate {
    began: Instant,
    per_s: f64,
    begun: AtomicU64,
}

impl Rate {
    /// So many operations a second.
    #[must_use]
    pub fn new(per_s: f64) -> Rate {
        Rate { began: Instant::now(), per_s, begun: AtomicU64::new(0) }
    }

    /// How many may have begun by this time.
    fn allowed(&self, since: Duration) -> u64 {
        let bursts = (since.as_secs_f64() * BURSTS_PER_S).floor() + 1.0;
        (bursts * self.per_s / BURSTS_PER_S).ceil() as u64
    }

    /// Waits for a turn; false when `is_over` says so first. Turns that nobody took while the cluster stood still are not made up for.
    pub fn wait(&self, is_over: impl Fn() -> bool) -> bool {
        loop {
            if is_over() {
                return false;
            }
            let allowed = self.allowed(self.began.elapsed());
            let begun = self.begun.load(Ordering::Relaxed);
            let one_burst = (self.per_s / BURSTS_PER_S).ceil() as u64;
            let from = begun.max(allowed.saturating_sub(one_burst));
            let taken = from < allowed
                && self.begun.compare_exchange(begun, from + 1, Ordering::Relaxed, Ordering::Relaxed).is_ok();
            if taken {
                return true;
            }
            if begun >= allowed {
                std::thread::sleep(NAP);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bursts_add_up_to_the_rate() {
        let rate = Rate::new(50.0);
        assert_eq!(rate.allowed(Duration::ZERO), 5, "the first burst");
        assert_eq!(rate.allowed(Duration::from_millis(99)), 5);
        assert_eq!(rate.allowed(Duration::from_millis(100)), 10);
        assert_eq!(rate.allowed(Duration::from_secs(1)), 55);
        for _ in 0..5 {
            assert!(rate.wait(|| false));
        }
        assert!(!rate.wait(|| true), "it is over");
    }
}
