//! The forms of dates and times in keys and rows. All are big endian and order as the values do.
//!
//! | type | bytes |
//! |---|---|
//! | DATE | 3: year (14 bits), month (4), day (5) |
//! | DATETIME(f) | 5: year (14), month (4), day (5), hour (5), minute (6), second (6); then the fraction |
//! | TIMESTAMP(f) | 4: seconds since the epoch, UTC, 0 for the zero timestamp; then the fraction |
//! | TIME(f) | 3 plus those of the fraction: signed count of the fraction's units, sign bit flipped |
//!
//! The fraction takes no byte for f = 0, one for 1 and 2 (hundredths), two for 3 and 4, three for 5 and 6 (microseconds).

use super::comparable::Fit;
use super::{Input, Zone, damaged, write_big_endian};
use crate::Result;
use crate::types::datetime::{MICROSECONDS, Time};
use crate::types::time_zone::Moment;
use crate::types::{Date, DateTime};

/// Bytes of a DATE.
pub const DATE_BYTES: usize = 3;

/// Bytes of a fraction of a second with `fraction` digits, 0 to 6.
fn fraction_width(fraction: u8) -> usize {
    usize::from(fraction.min(6)).div_ceil(2)
}

/// Microseconds of the smallest step that the bytes of a fraction tell apart.
fn fraction_unit(fraction: u8) -> i64 {
    match fraction_width(fraction) {
        0 => MICROSECONDS,
        1 => 10_000,
        2 => 100,
        _ => 1,
    }
}

/// Bytes of a TIME.
#[must_use]
pub fn time_width(fraction: u8) -> usize {
    3 + fraction_width(fraction)
}

/// Bytes of a DATETIME.
#[must_use]
pub fn datetime_width(fraction: u8) -> usize {
    5 + fraction_width(fraction)
}

/// Bytes of a TIMESTAMP.
#[must_use]
pub fn timestamp_width(fraction: u8) -> usize {
    4 + fraction_width(fraction)
}

/// Appends a DATE.
pub fn write_date(date: Date, out: &mut Vec<u8>) {
    write_big_endian(u64::from(date.packed()), DATE_BYTES, out);
}

/// Takes a DATE off the front.
///
/// # Errors
/// 1105 when the bytes are no date.
pub(super) fn read_date(input: &mut Input<'_>) -> Result<Date> {
    let packed = input.big_endian(DATE_BYTES)? as u32;
    Date::from_packed(packed).ok_or_else(|| damaged("no such date"))
}

/// Appends a TIME, cut down to what the column holds.
pub fn write_time(time: Time, fraction: u8, out: &mut Vec<u8>) -> Fit {
    let unit = fraction_unit(fraction);
    let microseconds = time.microseconds();
    let width = time_width(fraction);
    let flipped = (microseconds.div_euclid(unit) as u64) ^ 1 << (8 * width - 1);
    write_big_endian(flipped, width, out);
    if microseconds.rem_euclid(unit) == 0 { Fit::Exact } else { Fit::Floor }
}

/// Takes a TIME off the front.
///
/// # Errors
/// 1105 when the bytes are no time.
pub(super) fn read_time(fraction: u8, input: &mut Input<'_>) -> Result<Time> {
    let width = time_width(fraction);
    let flipped = input.big_endian(width)? ^ 1 << (8 * width - 1);
    let shift = 64 - 8 * width as u32;
    let units = (flipped << shift) as i64 >> shift;
    Time::from_microseconds(units * fraction_unit(fraction)).ok_or_else(|| damaged("no such time"))
}

fn write_fraction(microsecond: u64, fraction: u8, out: &mut Vec<u8>) -> Fit {
    let unit = fraction_unit(fraction) as u64;
    write_big_endian(microsecond / unit, fraction_width(fraction), out);
    if microsecond.is_multiple_of(unit) { Fit::Exact } else { Fit::Floor }
}

fn read_fraction(fraction: u8, input: &mut Input<'_>) -> Result<u64> {
    let microsecond =
        input.big_endian(fraction_width(fraction))?.saturating_mul(fraction_unit(fraction) as u64);
    if microsecond < MICROSECONDS as u64 {
        Ok(microsecond)
    } else {
        Err(damaged("no such fraction of a second"))
    }
}

/// Appends a DATETIME, cut down to what the column holds.
pub fn write_datetime(time: DateTime, fraction: u8, out: &mut Vec<u8>) -> Fit {
    write_big_endian(time.packed() >> 20, 5, out);
    write_fraction(time.packed() & 0xF_FFFF, fraction, out)
}

/// Takes a DATETIME off the front.
///
/// # Errors
/// 1105 when the bytes are no date and time.
pub(super) fn read_datetime(fraction: u8, input: &mut Input<'_>) -> Result<DateTime> {
    let seconds = input.big_endian(5)?;
    let microsecond = read_fraction(fraction, input)?;
    DateTime::from_packed(seconds << 20 | microsecond).ok_or_else(|| damaged("no such date and time"))
}

/// Appends a TIMESTAMP given in `zone`, cut down to what the column holds.
pub fn write_timestamp(time: DateTime, fraction: u8, zone: Zone, out: &mut Vec<u8>) -> Fit {
    let width = timestamp_width(fraction);
    if time == DateTime::ZERO {
        out.resize(out.len() + width, 0);
        return Fit::Exact;
    }
    // Where the clock skips the time, the last moment before that.
    let (microseconds, fit) = match zone.moment(time) {
        Moment::At(moment) => (moment, Fit::Exact),
        Moment::Skipped(moment) => (moment - 1, Fit::Floor),
    };
    let seconds = microseconds.div_euclid(MICROSECONDS);
    if seconds < 1 {
        // Above the zero timestamp and below every other one.
        out.resize(out.len() + width, 0);
        return Fit::Floor;
    }
    if seconds > i64::from(u32::MAX) {
        return Fit::Above;
    }
    write_big_endian(seconds as u64, 4, out);
    match write_fraction(microseconds.rem_euclid(MICROSECONDS) as u64, fraction, out) {
        Fit::Exact => fit,
        cut => cut,
    }
}

/// Takes a TIMESTAMP off the front and gives it in `zone`.
///
/// # Errors
/// 1105 when the bytes are no timestamp.
pub(super) fn read_timestamp(fraction: u8, zone: Zone, input: &mut Input<'_>) -> Result<DateTime> {
    let seconds = input.big_endian(4)?;
    let microsecond = read_fraction(fraction, input)?;
    if seconds == 0 {
        return Ok(DateTime::ZERO);
    }
    let microseconds = seconds as i64 * MICROSECONDS + microsecond as i64;
    DateTime::from_epoch(microseconds, zone).ok_or_else(|| damaged("no such timestamp"))
}
