//! So many bytes a second, and no more.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Shared by all that together may take so many bytes a second.
#[derive(Debug)]
pub struct Throttle {
    bytes_per_second: u64,
    /// When everything granted so far is paid for.
    paid_until: Mutex<Option<Instant>>,
}

/// What may be taken at once after a pause, as time.
const BURST: Duration = Duration::from_millis(100);

impl Throttle {
    /// At most `bytes_per_second`; 0: as many as there are.
    #[must_use]
    pub fn new(bytes_per_second: u64) -> Throttle {
        Throttle { bytes_per_second, paid_until: Mutex::new(None) }
    }

    /// Takes `bytes`, which may pass the bound; how long to wait before they are used.
    pub fn take(&self, bytes: usize, now: Instant) -> Duration {
        if self.bytes_per_second == 0 {
            return Duration::ZERO;
        }
        let cost = Duration::from_secs_f64(bytes as f64 / self.bytes_per_second as f64);
        let mut paid_until = self.paid_until.lock();
        let start = paid_until.unwrap_or(now).max(now.checked_sub(BURST).unwrap_or(now));
        let end = start + cost;
        *paid_until = Some(end);
        end.saturating_duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_a_while_it_is_the_rate_and_after_a_pause_no_more_than_a_burst() {
        let throttle = Throttle::new(1_000_000);
        let start = Instant::now();
        let mut now = start;
        for _ in 0..100 {
            now += throttle.take(50_000, now);
        }
        assert_eq!(now - start, Duration::from_secs(5));
        now += Duration::from_secs(60);
        assert_eq!(throttle.take(100_000, now), Duration::ZERO, "the burst");
        assert_eq!(throttle.take(100_000, now), Duration::from_millis(100));
        assert_eq!(Throttle::new(0).take(usize::MAX, now), Duration::ZERO);
    }
}
