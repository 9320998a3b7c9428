//! A node's own clock: it runs a little faster or slower than real time, and may jump forward, as that of a machine that was
//! suspended does. It never goes back, which is what the driver is promised (`CLOCK_BOOTTIME`).

/// Real time since the run began, in microseconds.
pub type RealUs = u64;

/// Millionths in one.
const MILLION: i128 = 1_000_000;

/// See the module.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    /// Millionths by which it is faster than real time; negative: slower.
    drift_ppm: i64,
    /// Real time at which `local_ns` was shown.
    since_us: RealUs,
    local_ns: u64,
}

impl Clock {
    /// What the clock shows.
    #[must_use]
    pub fn read_ns(&self, now_us: RealUs) -> u64 {
        let passed_ns = i128::from(now_us - self.since_us) * 1_000;
        let local_ns = passed_ns * (MILLION + i128::from(self.drift_ppm)) / MILLION;
        self.local_ns + u64::try_from(local_ns).expect("a run is short, and no clock runs backwards")
    }

    /// From now on it runs at this rate.
    pub fn set_drift(&mut self, now_us: RealUs, drift_ppm: i64) {
        assert!(drift_ppm.abs() < 500_000, "a clock is a clock");
        self.local_ns = self.read_ns(now_us);
        self.since_us = now_us;
        self.drift_ppm = drift_ppm;
    }

    /// Jumps forward.
    pub fn jump(&mut self, jump_ns: u64) {
        self.local_ns += jump_ns;
    }

    /// The real time at which it will show `local_ns`, or `now_us` if it does already.
    #[must_use]
    pub fn when(&self, now_us: RealUs, local_ns: u64) -> RealUs {
        let missing_ns = i128::from(local_ns.saturating_sub(self.read_ns(now_us)));
        let real_ns = missing_ns * MILLION / (MILLION + i128::from(self.drift_ppm));
        // Rounded up, so that the clock does show it then.
        now_us + u64::try_from(real_ns / 1_000).expect("a run is short") + u64::from(missing_ns > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_drifts_and_jumps_but_never_goes_back() {
        let mut clock = Clock::default();
        clock.set_drift(1_000, 50_000);
        assert_eq!(clock.read_ns(101_000), 1_000_000 + 105_000_000);
        clock.set_drift(101_000, -50_000);
        assert_eq!(clock.read_ns(201_000), 1_000_000 + 105_000_000 + 95_000_000);
        let target_ns = clock.read_ns(201_000) + 10_000_000;
        let when_us = clock.when(201_000, target_ns);
        assert!(clock.read_ns(when_us) >= target_ns && clock.read_ns(when_us - 2) < target_ns);
        clock.jump(20_000_000);
        assert_eq!(clock.when(201_000, target_ns), 201_000);
    }
}
