//! When an event runs: what ON SCHEDULE says as times, and the time that comes next.
//!
//! A recurring event runs at STARTS and so many units after it, by the clock of its time zone, as MySQL does it: days are days of the clock and months end
//! with their last day. What was missed is not made up for: the next time is the first one behind now. An hour that a clock shows twice counts for its
//! first pass. An event that is to run once and has not, runs as soon as it can.

use super::event::{Event, Schedule};
use crate::ast::{EventStatus, EventTiming, EventUnit};
use crate::session::SessionState;
use crate::types::convert::{date_rules, message_text, to_datetime, to_decimal, to_i64};
use crate::types::datetime::{Date, DateTime, days_in_month};
use crate::types::temporal_text::DateRules;
use crate::types::{TimeZone, Value};
use crate::{Error, Result};

const SECOND_US: i64 = 1_000_000;
/// The most units of EVERY.
const VALUE_MAX: i64 = 1_000_000_000;
/// The last second of 3001-01-18, which is MySQL's last.
const LAST_SECOND: i64 = 32_536_771_199;
/// How often a time is looked for behind one that a clock shows twice; a zone never stands still for longer.
const ATTEMPTS_MAX: usize = 100_000;

/// When an event runs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Not as it is.
    Never,
    /// At this second since the epoch, which may be past.
    At(i64),
    /// Its last time is past.
    Over,
}

impl Event {
    /// When it runs next, now being `now` (seconds since the epoch) and the last time `last`.
    #[must_use]
    pub fn next(&self, now: i64, last: Option<i64>) -> Next {
        if self.status != EventStatus::Enabled {
            return Next::Never;
        }
        let (value, unit, starts, ends) = match self.schedule {
            Schedule::At(at) => return Next::At(at),
            Schedule::Every { value, unit, starts, ends } => (value, unit, starts, ends),
        };
        // Another leader's clock may have been ahead.
        let now = now.max(last.unwrap_or(now));
        if ends.is_some_and(|ends| ends < now) {
            return Next::Over;
        }
        if now <= starts && last != Some(starts) {
            return Next::At(starts);
        }
        match following(self.zone(), starts, now, value, unit) {
            Some(next) if ends.is_none_or(|ends| next <= ends) => Next::At(next),
            Some(_) | None => Next::Over,
        }
    }
}

/// Seconds or months of an interval.
enum Step {
    Seconds(i64),
    Months(i64),
}

fn step(value: i64, unit: EventUnit) -> Option<Step> {
    Some(match unit {
        EventUnit::Year => Step::Months(value.checked_mul(12)?),
        EventUnit::Quarter => Step::Months(value.checked_mul(3)?),
        EventUnit::Month | EventUnit::YearMonth => Step::Months(value),
        EventUnit::Week => Step::Seconds(value.checked_mul(7 * 86_400)?),
        EventUnit::Day => Step::Seconds(value.checked_mul(86_400)?),
        EventUnit::Hour | EventUnit::DayHour => Step::Seconds(value.checked_mul(3600)?),
        EventUnit::Minute | EventUnit::DayMinute | EventUnit::HourMinute => {
            Step::Seconds(value.checked_mul(60)?)
        }
        EventUnit::Second | EventUnit::DaySecond | EventUnit::HourSecond | EventUnit::MinuteSecond => {
            Step::Seconds(value)
        }
    })
}

/// The first time of the schedule behind `now`; none when there is none before the end of time.
fn following(zone: TimeZone, starts: i64, now: i64, value: i64, unit: EventUnit) -> Option<i64> {
    let local = |seconds: i64| DateTime::from_epoch(seconds.checked_mul(SECOND_US)?, zone);
    let (start, local_now) = (local(starts)?.plain(), local(now)?.plain());
    let moment = |time: DateTime| time.to_epoch(zone).div_euclid(SECOND_US);
    match step(value, unit)? {
        Step::Seconds(seconds) if seconds > 0 => {
            let (from, to) = (start.linear_microseconds(), local_now.linear_microseconds());
            let passed = (to - from).div_euclid(SECOND_US).max(0);
            let mut after = passed - passed % seconds + seconds;
            for _ in 0..ATTEMPTS_MAX {
                let linear = from.checked_add(after.checked_mul(SECOND_US)?)?;
                let next = moment(DateTime::from_linear_microseconds(linear)?);
                if next > now {
                    return in_range(next);
                }
                after = after.checked_add(seconds)?;
            }
            None
        }
        Step::Months(months) if months > 0 => {
            let index = |time: DateTime| i64::from(time.date().year()) * 12 + i64::from(time.date().month());
            let passed = (index(local_now) - index(start)).max(0);
            let mut after = passed - passed % months;
            for _ in 0..2 {
                let next = moment(add_months(start, after)?);
                if next > now {
                    return in_range(next);
                }
                after = after.checked_add(months)?;
            }
            in_range(moment(add_months(start, after)?)).filter(|next| *next > now)
        }
        Step::Seconds(_) | Step::Months(_) => None,
    }
}

fn in_range(seconds: i64) -> Option<i64> {
    (1..=LAST_SECOND).contains(&seconds).then_some(seconds)
}

fn add_months(start: DateTime, months: i64) -> Option<DateTime> {
    let date = start.date();
    let total = (i64::from(date.year()) * 12 + i64::from(date.month()) - 1).checked_add(months)?;
    let year = u32::try_from(total.div_euclid(12)).ok().filter(|year| *year <= 9999)?;
    let month = u32::try_from(total.rem_euclid(12)).ok()? + 1;
    let day = date.day().min(days_in_month(year, month));
    Some(DateTime::new(Date::new(year, month, day)?, start.time_microseconds()))
}

// ---- what a statement says

/// ON SCHEDULE as times, of the values of its expressions in the order in which they are written.
///
/// # Errors
/// 1525, 1542, 1543.
pub fn resolve(
    timing: &EventTiming,
    values: &[Value],
    session: &mut SessionState,
    now_us: i64,
) -> Result<Schedule> {
    let mut values = values.iter();
    let mut value = || values.next().cloned().unwrap_or(Value::Null);
    match timing {
        EventTiming::At(_) => {
            let at = value();
            let found = seconds(&at, session, now_us);
            Ok(Schedule::At(found.ok_or_else(|| wrong_value("AT", &at))?))
        }
        EventTiming::Every { unit, starts, ends, .. } => {
            let count = interval(&value(), *unit, session)?;
            let starts = match starts {
                Some(_) => {
                    let starts = value();
                    seconds(&starts, session, now_us).ok_or_else(|| wrong_value("STARTS", &starts))?
                }
                None => now_us.div_euclid(SECOND_US),
            };
            let ends = match ends {
                Some(_) => {
                    let found = seconds(&value(), session, now_us).filter(|ends| *ends > starts);
                    Some(found.ok_or_else(wrong_ends)?)
                }
                None => None,
            };
            Ok(Schedule::Every { value: count, unit: *unit, starts, ends })
        }
    }
}

/// Error 1525.
fn wrong_value(what: &str, value: &Value) -> Error {
    Error::mysql(1525, *b"HY000", format!("Incorrect {what} value: '{}'", message_text(value)))
}

/// Error 1543.
fn wrong_ends() -> Error {
    Error::mysql(1543, *b"HY000", "ENDS is either invalid or before STARTS")
}

/// A time as seconds since the epoch; none for one that MySQL's events cannot have.
fn seconds(value: &Value, session: &mut SessionState, now_us: i64) -> Option<i64> {
    if *value == Value::Null {
        return None;
    }
    let rules = DateRules { no_zero_in_date: true, no_zero_date: true, ..date_rules(session) };
    let local = to_datetime(value, rules, session, now_us)?;
    in_range(local.to_epoch(session.variables.time_zone).div_euclid(SECOND_US))
}

/// The places of a compound unit: how many of the next one each is.
fn places(unit: EventUnit) -> &'static [i64] {
    match unit {
        EventUnit::YearMonth => &[12],
        EventUnit::DayHour => &[24],
        EventUnit::DayMinute => &[24, 60],
        EventUnit::DaySecond => &[24, 60, 60],
        EventUnit::HourMinute | EventUnit::MinuteSecond => &[60],
        EventUnit::HourSecond => &[60, 60],
        EventUnit::Year
        | EventUnit::Quarter
        | EventUnit::Month
        | EventUnit::Week
        | EventUnit::Day
        | EventUnit::Hour
        | EventUnit::Minute
        | EventUnit::Second => &[],
    }
}

/// The value of EVERY.
///
/// # Errors
/// 1525, 1542.
fn interval(value: &Value, unit: EventUnit, session: &mut SessionState) -> Result<i64> {
    if *value == Value::Null {
        return Err(wrong_value("INTERVAL", value));
    }
    let places = places(unit);
    let count = if !places.is_empty() {
        compound(&message_text(value), places)
    } else if unit == EventUnit::Second {
        let exact = to_decimal(value, session).and_then(|seconds| seconds.rescale(6).unscaled());
        exact.and_then(|micros| i64::try_from(micros / i128::from(SECOND_US)).ok())
    } else {
        to_i64(value, session)
    };
    count
        .filter(|count| (1..=VALUE_MAX).contains(count))
        .ok_or_else(|| Error::mysql(1542, *b"HY000", "INTERVAL is either not positive or too big"))
}

/// `'1:30'` and its like in the smallest unit: missing numbers are those of the left.
fn compound(text: &str, places: &[i64]) -> Option<i64> {
    if text.trim_start().starts_with('-') {
        return None;
    }
    let numbers: Vec<&str> = text
        .split(|letter: char| !letter.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .take(places.len() + 1)
        .collect();
    let skipped = places.len() + 1 - numbers.len();
    let mut total: i64 = 0;
    for (at, digits) in numbers.iter().enumerate() {
        let factor = if at == 0 { 1 } else { *places.get(skipped + at - 1)? };
        total = total.checked_mul(factor)?.checked_add(digits.parse().ok()?)?;
    }
    Some(total)
}

/// The value of EVERY as it is shown: a number, or a text in quotes of a compound unit.
#[must_use]
pub fn shown_value(value: i64, unit: EventUnit) -> String {
    let places = places(unit);
    if places.is_empty() {
        return value.to_string();
    }
    let mut rest = value;
    let mut numbers = Vec::with_capacity(places.len() + 1);
    for factor in places.iter().rev() {
        numbers.push(rest % factor);
        rest /= factor;
    }
    numbers.push(rest);
    let of_days = matches!(unit, EventUnit::DayHour | EventUnit::DayMinute | EventUnit::DaySecond);
    let mut out = "'".to_owned();
    for (at, number) in numbers.iter().rev().enumerate() {
        if at > 0 {
            out.push(match at {
                1 if of_days => ' ',
                _ if unit == EventUnit::YearMonth => '-',
                _ => ':',
            });
        }
        out.push_str(&number.to_string());
    }
    out.push('\'');
    out
}

/// Whether nothing of the schedule is to come.
#[must_use]
pub fn is_past(schedule: &Schedule, now_us: i64) -> bool {
    let now = now_us.div_euclid(SECOND_US);
    match schedule {
        Schedule::At(at) => *at < now,
        Schedule::Every { ends, .. } => ends.is_some_and(|ends| ends < now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::find(name.as_bytes()).unwrap()
    }

    fn moment(zone: TimeZone, year: u32, month: u32, day: u32, clock: (u32, u32, u32)) -> i64 {
        let date = Date::new(year, month, day).unwrap();
        DateTime::from_parts(date, clock.0, clock.1, clock.2, 0).unwrap().to_epoch(zone) / SECOND_US
    }

    #[test]
    fn months_end_with_their_last_day() {
        let utc = TimeZone::UTC;
        let start = moment(utc, 2024, 1, 31, (10, 0, 0));
        let next = |now| following(utc, start, now, 1, EventUnit::Month).unwrap();
        assert_eq!(next(start), moment(utc, 2024, 2, 29, (10, 0, 0)));
        assert_eq!(next(moment(utc, 2024, 2, 29, (10, 0, 0))), moment(utc, 2024, 3, 31, (10, 0, 0)));
        assert_eq!(next(moment(utc, 2024, 4, 30, (9, 59, 59))), moment(utc, 2024, 4, 30, (10, 0, 0)));
        // Of a leap day.
        let leap = moment(utc, 2024, 2, 29, (0, 0, 0));
        let yearly = |now| following(utc, leap, now, 1, EventUnit::Year).unwrap();
        assert_eq!(yearly(leap), moment(utc, 2025, 2, 28, (0, 0, 0)));
        assert_eq!(yearly(moment(utc, 2027, 12, 1, (0, 0, 0))), moment(utc, 2028, 2, 29, (0, 0, 0)));
        let quarter = following(utc, start, start, 2, EventUnit::Quarter).unwrap();
        assert_eq!(quarter, moment(utc, 2024, 7, 31, (10, 0, 0)));
    }

    #[test]
    fn days_are_those_of_the_clock() {
        let berlin = zone("Europe/Berlin");
        let start = moment(berlin, 2024, 3, 30, (2, 30, 0));
        let next = |now| following(berlin, start, now, 1, EventUnit::Day).unwrap();
        // 02:30 is skipped on the 31st: it runs when the clock is put forward.
        let skipped = next(start);
        assert_eq!(skipped, moment(berlin, 2024, 3, 31, (3, 0, 0)));
        assert_eq!(next(skipped), moment(berlin, 2024, 4, 1, (2, 30, 0)));
        // And once on the day that has it twice.
        let autumn = next(moment(berlin, 2024, 10, 27, (1, 0, 0)));
        assert_eq!(autumn, moment(berlin, 2024, 10, 27, (2, 30, 0)));
        assert_eq!(next(autumn), moment(berlin, 2024, 10, 28, (2, 30, 0)));
        assert_eq!(next(autumn + 3600), moment(berlin, 2024, 10, 28, (2, 30, 0)));
        // Half hours rest while the clock shows an hour again.
        let half = following(berlin, start, autumn, 30, EventUnit::Minute).unwrap();
        assert_eq!(half, moment(berlin, 2024, 10, 27, (3, 0, 0)));
    }

    #[test]
    fn times_that_were_missed_are_left_out() {
        let utc = TimeZone::UTC;
        assert_eq!(following(utc, 1000, 1000, 10, EventUnit::Second), Some(1010));
        assert_eq!(following(utc, 1000, 1009, 10, EventUnit::Second), Some(1010));
        assert_eq!(following(utc, 1000, 1010, 10, EventUnit::Second), Some(1020));
        assert_eq!(following(utc, 1000, 999_999, 90, EventUnit::HourMinute), Some(1000 + 185 * 5400));
        assert_eq!(following(utc, 1000, LAST_SECOND - 1, 5, EventUnit::Year), None);
    }

    #[test]
    fn compound_values_are_read_and_shown() {
        for (text, unit, value, shown) in [
            ("1:30", EventUnit::HourMinute, 90, "'1:30'"),
            ("90:90", EventUnit::MinuteSecond, 5490, "'91:30'"),
            ("1 2:3:4", EventUnit::DaySecond, 93_784, "'1 2:3:4'"),
            ("1", EventUnit::YearMonth, 1, "'0-1'"),
            ("2 3", EventUnit::DayHour, 51, "'2 3'"),
        ] {
            assert_eq!(compound(text, places(unit)), Some(value), "{text}");
            assert_eq!(shown_value(value, unit), shown);
        }
        assert_eq!(compound("-1:30", &[60]), None);
        assert_eq!(compound("99999999999999999999:1", &[60]), None);
        assert_eq!(shown_value(5, EventUnit::Week), "5");
    }
}
