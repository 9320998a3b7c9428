//! DATE, TIME and DATETIME as packed numbers, and the calendar behind them.
//!
//! A date is proleptic Gregorian, years 0 to 9999. Zero dates (`0000-00-00`) and dates with a zero month or day are
//! representable, as in MySQL; whether they may be stored is the business of `store` and `sql_mode`. The packing orders
//! values as their text does, so comparison is a comparison of integers. Nothing here reads text (see
//! [`crate::types::temporal_text`]).

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use crate::limits::TIME_MICROSECONDS_MAX;
use crate::types::TimeZone;

/// What the machine's clock says: microseconds since the epoch, UTC.
#[must_use]
pub fn clock_us() -> i64 {
    std::time::UNIX_EPOCH.elapsed().map_or(0, |elapsed| elapsed.as_micros() as i64)
}

/// Microseconds of a second.
pub const MICROSECONDS: i64 = 1_000_000;
/// Seconds of a day.
pub const DAY_SECONDS: i64 = 86_400;
/// Days from 0000-01-01 (day 1 of TO_DAYS) to the epoch, 1970-01-01.
pub const EPOCH_DAYS: i64 = 719_528;

/// DATE: `year << 9 | month << 5 | day`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(u32);

/// TIME: signed microseconds, at most 838:59:59.999999 either way when it came through [`Time::clamped`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

/// DATETIME: date (23 bits), hour (5), minute (6), second (6), microsecond (20), and [`SECOND`].
#[derive(Clone, Copy, Debug)]
pub struct DateTime(u64);

/// The bit of [`DateTime::is_second`], which comparisons do not see.
const SECOND: u64 = 1 << 63;

impl PartialEq for DateTime {
    fn eq(&self, other: &DateTime) -> bool {
        self.packed() == other.packed()
    }
}

impl Eq for DateTime {}

impl PartialOrd for DateTime {
    fn partial_cmp(&self, other: &DateTime) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for DateTime {
    fn cmp(&self, other: &DateTime) -> Ordering {
        self.packed().cmp(&other.packed())
    }
}

impl Hash for DateTime {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.packed().hash(state);
    }
}

/// Days in a month of a year (31 for a zero month, so that 2020-00-31 is representable).
#[must_use]
pub fn days_in_month(year: u32, month: u32) -> u32 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Whether a year has 366 days.
#[must_use]
pub fn is_leap(year: u32) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

impl Date {
    /// `0000-00-00`.
    pub const ZERO: Date = Date(0);

    /// From its parts; None when one is out of its range. Zero month and day are taken.
    #[must_use]
    pub fn new(year: u32, month: u32, day: u32) -> Option<Date> {
        (year <= 9999 && month <= 12 && day <= days_in_month(year, month))
            .then(|| Date::pack(year, month, day))
    }

    /// Like [`Date::new`], but days up to 31 pass in every month (sql_mode ALLOW_INVALID_DATES).
    #[must_use]
    pub fn new_lenient(year: u32, month: u32, day: u32) -> Option<Date> {
        (year <= 9999 && month <= 12 && day <= 31).then(|| Date::pack(year, month, day))
    }

    fn pack(year: u32, month: u32, day: u32) -> Date {
        Date(year << 9 | month << 5 | day)
    }

    /// The packed number, which orders as dates do (23 bits).
    #[must_use]
    pub fn packed(self) -> u32 {
        self.0
    }

    /// From [`Date::packed`]; None when no date is packed like that.
    #[must_use]
    pub fn from_packed(packed: u32) -> Option<Date> {
        Date::new_lenient(packed >> 9, packed >> 5 & 15, packed & 31)
    }

    /// Year, 0 to 9999.
    #[must_use]
    pub fn year(self) -> u32 {
        self.0 >> 9
    }

    /// Month, 0 to 12.
    #[must_use]
    pub fn month(self) -> u32 {
        self.0 >> 5 & 15
    }

    /// Day, 0 to 31.
    #[must_use]
    pub fn day(self) -> u32 {
        self.0 & 31
    }

    /// `0000-00-00`.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether the month or the day is zero.
    #[must_use]
    pub fn has_zero_part(self) -> bool {
        self.month() == 0 || self.day() == 0
    }

    /// Day number as TO_DAYS counts it (0000-01-01 is 1). For a date with zero parts this is MySQL's own arithmetic.
    #[must_use]
    pub fn day_number(self) -> i64 {
        if self.year() == 0 && self.month() == 0 {
            return 0;
        }
        let (year, month, day) = (i64::from(self.year()), i64::from(self.month()), i64::from(self.day()));
        let mut days = 365 * year + 31 * (month - 1) + day;
        let counted = if month <= 2 { year - 1 } else { year };
        if month > 2 {
            days -= (month * 4 + 23) / 10;
        }
        days + counted.div_euclid(4) - (counted.div_euclid(100) + 1) * 3 / 4
    }

    /// The date of a TO_DAYS number; None outside of 0000-01-01 (in MySQL's arithmetic 1) to 9999-12-31.
    #[must_use]
    pub fn from_day_number(days: i64) -> Option<Date> {
        if !(1..=3_652_424).contains(&days) {
            return None;
        }
        // Civil-from-days (H. Hinnant), with the era beginning on 0000-03-01.
        let shifted = days - 61 + 1;
        let era = shifted.div_euclid(146_097);
        let of_era = shifted.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_shifted = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_shifted + 2) / 5 + 1;
        let month = if month_shifted < 10 { month_shifted + 3 } else { month_shifted - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Date::new(u32::try_from(year).ok()?, u32::try_from(month).ok()?, u32::try_from(day).ok()?)
    }

    /// 0 for Monday to 6 for Sunday.
    #[must_use]
    pub fn weekday(self) -> u32 {
        u32::try_from((self.day_number() + 5).rem_euclid(7)).unwrap_or(0)
    }

    /// 1 for January 1st.
    #[must_use]
    pub fn day_of_year(self) -> i64 {
        self.day_number() - Date::pack(self.year(), 1, 1).day_number() + 1
    }

    /// The date as the number `YYYYMMDD`.
    #[must_use]
    pub fn as_number(self) -> i64 {
        i64::from(self.year() * 10_000 + self.month() * 100 + self.day())
    }

    /// Midnight of the date.
    #[must_use]
    pub fn midnight(self) -> DateTime {
        DateTime(u64::from(self.0) << 37)
    }

    /// Appends `YYYY-MM-DD`.
    pub fn write(self, out: &mut Vec<u8>) {
        write_padded(self.year(), 4, out);
        out.push(b'-');
        write_padded(self.month(), 2, out);
        out.push(b'-');
        write_padded(self.day(), 2, out);
    }
}

/// Appends a number in at least `width` digits.
pub fn write_padded(number: u32, width: usize, out: &mut Vec<u8>) {
    let mut digits = [b'0'; 10];
    let (mut rest, mut at) = (number, digits.len());
    while rest > 0 {
        at -= 1;
        digits[at] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
    out.extend_from_slice(&digits[at.min(digits.len() - width)..]);
}

fn write_fraction(microsecond: u32, fsp: u8, out: &mut Vec<u8>) {
    if fsp > 0 {
        let start = out.len() + 1;
        out.push(b'.');
        write_padded(microsecond, 6, out);
        out.truncate(start + usize::from(fsp.min(6)));
    }
}

/// The unit of the last digit kept at a fractional precision, in microseconds.
#[must_use]
pub fn fraction_unit(fsp: u8) -> i64 {
    10_i64.pow(6 - u32::from(fsp.min(6)))
}

impl Time {
    /// Midnight.
    pub const ZERO: Time = Time(0);

    /// From signed microseconds, within 838:59:59.999999: beyond it the nearest bound, and true.
    #[must_use]
    pub fn clamped(microseconds: i64) -> (Time, bool) {
        let bounded = microseconds.clamp(-TIME_MICROSECONDS_MAX, TIME_MICROSECONDS_MAX);
        (Time(bounded), bounded != microseconds)
    }

    /// From signed microseconds; None past 838:59:59.999999.
    #[must_use]
    pub fn from_microseconds(microseconds: i64) -> Option<Time> {
        (microseconds.unsigned_abs() < TIME_MICROSECONDS_MAX.unsigned_abs() + 1_000_000)
            .then_some(Time(microseconds))
    }

    /// Of [`Time::microseconds`] of any value, also one that no column takes.
    pub(crate) fn from_kept(microseconds: i64) -> Time {
        Time(microseconds)
    }

    /// Signed microseconds.
    #[must_use]
    pub fn microseconds(self) -> i64 {
        self.0
    }

    /// Below zero.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Hours of the magnitude, 0 to 838.
    #[must_use]
    pub fn hour(self) -> u32 {
        u32::try_from(self.0.unsigned_abs() / 3_600_000_000).unwrap_or(u32::MAX)
    }

    /// Minutes, 0 to 59.
    #[must_use]
    pub fn minute(self) -> u32 {
        u32::try_from(self.0.unsigned_abs() / 60_000_000 % 60).unwrap_or(0)
    }

    /// Seconds, 0 to 59.
    #[must_use]
    pub fn second(self) -> u32 {
        u32::try_from(self.0.unsigned_abs() / 1_000_000 % 60).unwrap_or(0)
    }

    /// Microseconds of the second.
    #[must_use]
    pub fn microsecond(self) -> u32 {
        u32::try_from(self.0.unsigned_abs() % 1_000_000).unwrap_or(0)
    }

    /// Rounded (or cut) to a fractional precision.
    #[must_use]
    pub fn round(self, fsp: u8, truncate: bool) -> Time {
        let unit = fraction_unit(fsp);
        let half = if truncate { 0 } else { unit / 2 };
        let magnitude = (i64::try_from(self.0.unsigned_abs()).unwrap_or(i64::MAX) + half) / unit * unit;
        Time::clamped(if self.0 < 0 { -magnitude } else { magnitude }).0
    }

    /// The time as the number `HHMMSS`, without fraction.
    #[must_use]
    pub fn as_number(self) -> i64 {
        let number = i64::from(self.hour()) * 10_000 + i64::from(self.minute() * 100 + self.second());
        if self.0 < 0 { -number } else { number }
    }

    /// Appends `[-]HH:MM:SS[.ffffff]`.
    pub fn write(self, fsp: u8, out: &mut Vec<u8>) {
        if self.0 < 0 {
            out.push(b'-');
        }
        write_padded(self.hour(), 2, out);
        out.push(b':');
        write_padded(self.minute(), 2, out);
        out.push(b':');
        write_padded(self.second(), 2, out);
        write_fraction(self.microsecond(), fsp, out);
    }
}

impl DateTime {
    /// `0000-00-00 00:00:00`.
    pub const ZERO: DateTime = DateTime(0);

    /// Beyond the year 9999, where no value is: what is to be equal to none.
    pub(crate) const BEYOND: DateTime = DateTime(0x7F_0000 << 37);

    /// Another one, for what is not to be equal to [`DateTime::BEYOND`] either.
    pub(crate) const FAR_BEYOND: DateTime = DateTime(0x7F_0001 << 37);

    /// From a date and a time of day in microseconds (below 24 hours).
    ///
    /// # Panics
    /// When `microseconds` is not within a day.
    #[must_use]
    pub fn new(date: Date, microseconds: i64) -> DateTime {
        assert!(
            (0..DAY_SECONDS * MICROSECONDS).contains(&microseconds),
            "{microseconds} is not within a day"
        );
        let seconds = microseconds.unsigned_abs() / 1_000_000;
        DateTime(
            u64::from(date.0) << 37
                | (seconds / 3600) << 32
                | (seconds / 60 % 60) << 26
                | (seconds % 60) << 20
                | (microseconds.unsigned_abs() % 1_000_000),
        )
    }

    /// From its parts; None when the time is no time of day.
    #[must_use]
    pub fn from_parts(date: Date, hour: u32, minute: u32, second: u32, microsecond: u32) -> Option<DateTime> {
        (hour < 24 && minute < 60 && second < 60 && microsecond < 1_000_000).then(|| {
            let seconds = i64::from(hour * 3600 + minute * 60 + second);
            DateTime::new(date, seconds * MICROSECONDS + i64::from(microsecond))
        })
    }

    /// The packed number, which orders as the values do (60 bits).
    #[must_use]
    pub fn packed(self) -> u64 {
        self.0 & !SECOND
    }

    /// From [`DateTime::packed`]; None when nothing is packed like that.
    #[must_use]
    pub fn from_packed(packed: u64) -> Option<DateTime> {
        let date = Date::from_packed(u32::try_from(packed >> 37).ok()?)?;
        let value = DateTime(packed);
        DateTime::from_parts(date, value.hour(), value.minute(), value.second(), value.microsecond())
    }

    /// The date.
    #[must_use]
    pub fn date(self) -> Date {
        Date(u32::try_from(self.packed() >> 37).unwrap_or(0))
    }

    /// Hour.
    #[must_use]
    pub fn hour(self) -> u32 {
        u32::try_from(self.0 >> 32 & 31).unwrap_or(0)
    }

    /// Minute.
    #[must_use]
    pub fn minute(self) -> u32 {
        u32::try_from(self.0 >> 26 & 63).unwrap_or(0)
    }

    /// Second.
    #[must_use]
    pub fn second(self) -> u32 {
        u32::try_from(self.0 >> 20 & 63).unwrap_or(0)
    }

    /// Microsecond.
    #[must_use]
    pub fn microsecond(self) -> u32 {
        u32::try_from(self.0 & 0xf_ffff).unwrap_or(0)
    }

    /// Time of day in microseconds.
    #[must_use]
    pub fn time_microseconds(self) -> i64 {
        i64::from(self.hour() * 3600 + self.minute() * 60 + self.second()) * MICROSECONDS
            + i64::from(self.microsecond())
    }

    /// Time of day.
    #[must_use]
    pub fn time(self) -> Time {
        Time(self.time_microseconds())
    }

    /// Microseconds since day 0 of TO_DAYS: the number that intervals are added to.
    #[must_use]
    pub fn linear_microseconds(self) -> i64 {
        self.date().day_number() * DAY_SECONDS * MICROSECONDS + self.time_microseconds()
    }

    /// From [`DateTime::linear_microseconds`]; None outside of the years 0 to 9999.
    #[must_use]
    pub fn from_linear_microseconds(microseconds: i64) -> Option<DateTime> {
        let day = DAY_SECONDS * MICROSECONDS;
        let date = Date::from_day_number(microseconds.div_euclid(day))?;
        Some(DateTime::new(date, microseconds.rem_euclid(day)))
    }

    /// From microseconds since the epoch, in a zone; None outside of the years 0 to 9999.
    #[must_use]
    pub fn from_epoch(microseconds: i64, zone: impl Into<TimeZone>) -> Option<DateTime> {
        let (offset, is_second) = zone.into().at(microseconds);
        let shift = (EPOCH_DAYS * DAY_SECONDS + i64::from(offset)) * MICROSECONDS;
        let local = DateTime::from_linear_microseconds(microseconds.checked_add(shift)?)?;
        Some(if is_second { DateTime(local.0 | SECOND) } else { local })
    }

    /// Microseconds since the epoch, for a value in a zone; of a time that the clock skips, those of the transition.
    #[must_use]
    pub fn to_epoch(self, zone: impl Into<TimeZone>) -> i64 {
        zone.into().moment(self).microseconds()
    }

    /// The value alone, whatever it came from.
    #[must_use]
    pub fn plain(self) -> DateTime {
        DateTime(self.packed())
    }

    /// The value as the later of two moments: see [`DateTime::is_second`].
    pub(crate) fn as_second(self) -> DateTime {
        DateTime(self.0 | SECOND)
    }

    /// Whether it came from a moment whose time the clock of a zone shows twice, and is the later of the two. It is no part of the value:
    /// both are equal.
    #[must_use]
    pub fn is_second(self) -> bool {
        self.0 & SECOND != 0
    }

    /// Rounded (or cut) to a fractional precision; None when rounding leaves the year 9999.
    #[must_use]
    pub fn round(self, fsp: u8, truncate: bool) -> Option<DateTime> {
        let unit = fraction_unit(fsp);
        let micros = i64::from(self.microsecond());
        if micros % unit == 0 {
            return Some(self);
        }
        let down = DateTime(self.0 - (micros % unit).unsigned_abs());
        if truncate || micros % unit < unit / 2 || self.date().has_zero_part() {
            return Some(down);
        }
        DateTime::from_linear_microseconds(down.linear_microseconds() + unit)
    }

    /// The value as the number `YYYYMMDDHHMMSS`, without fraction.
    #[must_use]
    pub fn as_number(self) -> i64 {
        self.date().as_number() * 1_000_000 + self.time().as_number()
    }

    /// Appends `YYYY-MM-DD HH:MM:SS[.ffffff]`.
    pub fn write(self, fsp: u8, out: &mut Vec<u8>) {
        self.date().write(out);
        out.push(b' ');
        self.time().write(fsp, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datetime_day_numbers_run_both_ways() {
        assert_eq!(Date::new(1970, 1, 1).unwrap().day_number(), EPOCH_DAYS);
        assert_eq!(Date::new(2000, 2, 29).unwrap().day_number(), 730_544);
        for days in [1, 59, 60, 61, 365, 366, 367, 730_485, 738_000, 3_652_424] {
            let date = Date::from_day_number(days).unwrap();
            assert_eq!(date.day_number(), days, "{date:?}");
        }
        assert_eq!(Date::from_day_number(3_652_424), Date::new(9999, 12, 31));
        assert_eq!(Date::from_day_number(3_652_425), None);
        assert_eq!(Date::new(2024, 11, 22).unwrap().weekday(), 4);
    }

    #[test]
    fn datetime_packs_in_order() {
        let early = DateTime::from_parts(Date::new(2020, 12, 31).unwrap(), 23, 59, 59, 999_999).unwrap();
        let late = DateTime::from_parts(Date::new(2021, 1, 1).unwrap(), 0, 0, 0, 0).unwrap();
        assert!(early < late);
        assert_eq!(early.round(0, false), Some(late));
        assert_eq!(DateTime::from_packed(early.packed()), Some(early));
        assert_eq!(DateTime::from_packed(u64::MAX), None);
        assert_eq!(DateTime::from_epoch(0, 3600).unwrap().hour(), 1);
        assert_eq!(DateTime::from_epoch(0, 0).unwrap().to_epoch(0), 0);
        let mut text = Vec::new();
        early.write(3, &mut text);
        assert_eq!(text, b"2020-12-31 23:59:59.999");
    }
}
