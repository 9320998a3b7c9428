//! Times of the clock on the wall as text, in UTC.
//!
//! Left out: time zones, leap seconds and years before 1970.

use std::time::{SystemTime, UNIX_EPOCH};

const SECONDS_IN_DAY: u64 = 86_400;

/// Year, month and day of a number of days since 1970-01-01; the era is one of 400 years that begin in March
/// (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

/// `20261122T093015Z`: sorts by time, and no file system minds it.
#[must_use]
pub fn compact(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (year, month, day) = civil(seconds / SECONDS_IN_DAY);
    let of_day = seconds % SECONDS_IN_DAY;
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

/// `2026-11-22 09:30:15 UTC`, of a time as [`compact`] writes it; anything else as it is.
#[must_use]
pub fn readable(compact: &str) -> String {
    let is_digits =
        |text: Option<&str>| text.is_some_and(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let has_form = compact.len() == 16
        && compact.get(8..9) == Some("T")
        && compact.ends_with('Z')
        && is_digits(compact.get(..8))
        && is_digits(compact.get(9..15));
    if !has_form {
        return compact.to_owned();
    }
    let part = |from: usize, to: usize| compact.get(from..to).unwrap_or_default();
    format!(
        "{}-{}-{} {}:{}:{} UTC",
        part(0, 4),
        part(4, 6),
        part(6, 8),
        part(9, 11),
        part(11, 13),
        part(13, 15)
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(11_016), (2000, 2, 29));
        assert_eq!(civil(11_017), (2000, 3, 1));
        assert_eq!(civil(20_779), (2026, 11, 22));
        assert_eq!(civil(47_540), (2100, 2, 28));
        assert_eq!(civil(47_541), (2100, 3, 1));
    }

    #[test]
    fn a_time_is_written_and_read() {
        let time = UNIX_EPOCH + Duration::from_secs(20_779 * SECONDS_IN_DAY + 9 * 3_600 + 5 * 60 + 7);
        assert_eq!(compact(time), "20261122T090507Z");
        assert_eq!(readable(&compact(time)), "2026-11-22 09:05:07 UTC");
        assert_eq!(readable("2026x122T090507Z"), "2026x122T090507Z");
        assert_eq!(readable("é"), "é");
    }
}
