//! Dates and times from text and from numbers, in MySQL's relaxed forms.
//!
//! Source: MySQL 8.4 Reference Manual, "Date and Time Literals", and behaviour recorded from a server. Any punctuation
//! separates parts; two-digit years are 1970 to 2069; strings of digits alone are split by their length; a fraction is
//! rounded to microseconds. The functions say whether text was left over; warnings are the caller's.
//!
//! Left out: deprecation warning 4095 for delimiters other than the standard ones.

use crate::types::TimeZone;
use crate::types::datetime::{Date, DateTime, MICROSECONDS, Time};

/// Which incomplete dates pass, from `sql_mode` and the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct DateRules {
    /// Month or day zero is refused (NO_ZERO_IN_DATE).
    pub no_zero_in_date: bool,
    /// `0000-00-00` is refused (NO_ZERO_DATE).
    pub no_zero_date: bool,
    /// Days up to 31 pass in every month (ALLOW_INVALID_DATES).
    pub allow_invalid: bool,
}

/// What was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parsed<T> {
    /// Value.
    pub value: T,
    /// Text was left over, or the value was cut to its range.
    pub truncated: bool,
    /// For datetimes: there was a time part.
    pub has_time: bool,
}

impl DateRules {
    fn check(self, year: u32, month: u32, day: u32) -> Option<Date> {
        let date = if self.allow_invalid {
            Date::new_lenient(year, month, day)
        } else {
            Date::new(year, month, day)
        }?;
        let refused =
            if date.is_zero() { self.no_zero_date } else { self.no_zero_in_date && date.has_zero_part() };
        (!refused).then_some(date)
    }
}

/// A position in the text being read.
struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn digit_at(&self, at: usize) -> bool {
        self.text.get(at).is_some_and(u8::is_ascii_digit)
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// Up to `most` digits, and how many there were.
    fn digits(&mut self, most: usize) -> (u64, usize) {
        let start = self.at;
        let mut value: u64 = 0;
        while self.at - start < most && self.digit_at(self.at) {
            value = value.saturating_mul(10).saturating_add(u64::from(self.text[self.at] - b'0'));
            self.at += 1;
        }
        (value, self.at - start)
    }

    /// The digits of a fraction as microseconds, rounded by the seventh; by the last one that there is in a time, as in MySQL.
    fn fraction(&mut self, is_time: bool) -> i64 {
        let (value, count) = self.digits(6);
        let micros = i64::try_from(value).unwrap_or(0) * 10_i64.pow(6 - u32::try_from(count).unwrap_or(6));
        let seventh = self.at;
        while self.digit_at(self.at) {
            self.at += 1;
        }
        let decides = if is_time && self.at > seventh { self.at - 1 } else { seventh };
        micros + i64::from(self.text.get(decides).is_some_and(|byte| (b'5'..=b'9').contains(byte)))
    }

    /// Whether `e10` or `e-10` comes: MySQL takes no number with an exponent for a time.
    fn at_exponent(&self) -> bool {
        let signed = matches!(self.text.get(self.at + 1), Some(b'+' | b'-'));
        matches!(self.peek(), Some(b'e' | b'E')) && self.digit_at(self.at + 1 + usize::from(signed))
    }

    fn rest_is_space(&self) -> bool {
        self.text[self.at..].iter().all(u8::is_ascii_whitespace)
    }
}

/// Reads a date with or without a time. `zone` is the session's time zone, to which a value that names its
/// own offset (`+02:00`) is brought.
#[must_use]
pub fn parse_datetime(text: &[u8], rules: DateRules, zone: TimeZone) -> Option<Parsed<DateTime>> {
    read_datetime(text, rules, zone, false).ok()
}

/// Why a text is no date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Misread {
    /// It does not look like one: it may be a time.
    Unlike,
    /// It looks like one, and is wrong.
    Wrong,
}

/// [`parse_datetime`]; `as_time` where a time is wanted, which is a datetime only if there is a space between date and time, or no
/// delimiter at all.
fn read_datetime(
    text: &[u8],
    rules: DateRules,
    zone: TimeZone,
    as_time: bool,
) -> Result<Parsed<DateTime>, Misread> {
    let mut cursor = Cursor { text, at: 0 };
    cursor.skip_space();
    if !cursor.digit_at(cursor.at) {
        return Err(Misread::Unlike);
    }
    let run = text[cursor.at..].iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'T').count();
    let undelimited = matches!(text.get(cursor.at + run), None | Some(b'.'));
    let year_digits = if undelimited && !matches!(run, 4 | 8) && run < 14 { 2 } else { 4 };
    let mut parts = [0_u64; 6];
    let mut micros = 0;
    let mut count = 0;
    let mut year_length = 0;
    let (mut has_space, mut has_delimiter) = (false, false);
    while count < 6 && cursor.digit_at(cursor.at) {
        let width = if !undelimited {
            usize::MAX
        } else if count == 0 {
            year_digits
        } else {
            2
        };
        let (value, length) = cursor.digits(width);
        if value > 999_999 {
            return Err(Misread::Unlike);
        }
        parts[count] = value;
        if count == 0 {
            // Two digits are read where a text has no delimiter before its point, even if there is one digit only.
            year_length = if undelimited { year_digits } else { length };
        }
        count += 1;
        if count == 6 {
            if cursor.peek() == Some(b'.') {
                cursor.at += 1;
                micros = cursor.fraction(false);
            }
            break;
        }
        for byte in text[cursor.at..].iter().take_while(|byte| is_delimiter(**byte)) {
            // Only after the day there may be space.
            if byte.is_ascii_whitespace() && count != 3 {
                return Err(Misread::Unlike);
            }
            has_space |= byte.is_ascii_whitespace();
            has_delimiter = true;
        }
        skip_delimiters(&mut cursor, count);
    }
    if as_time && has_delimiter && !has_space {
        return Err(Misread::Unlike);
    }
    let zero = parts.iter().all(|part| *part == 0) && micros == 0;
    if year_length == 2 && !zero {
        parts[0] += if parts[0] < 70 { 2000 } else { 1900 };
    }
    let has_sign = count == 6 && matches!(cursor.peek(), Some(b'+' | b'-'));
    let offset = parse_offset(&mut cursor);
    // After the seconds a sign begins an offset, which has to be one.
    if has_sign && offset.is_none() {
        return Err(Misread::Unlike);
    }
    if count < 3 || parts[3] > 23 || parts[4] > 59 || parts[5] > 59 {
        return Err(Misread::Wrong);
    }
    let small = |part: u64| u32::try_from(part).unwrap_or(u32::MAX);
    let date = rules.check(small(parts[0]), small(parts[1]), small(parts[2])).ok_or(Misread::Wrong)?;
    let seconds = i64::try_from(parts[3] * 3600 + parts[4] * 60 + parts[5]).unwrap_or(0);
    let time = seconds * MICROSECONDS;
    let base = DateTime::new(date, time);
    let mut value = if micros == 0 {
        base
    } else if micros < MICROSECONDS {
        DateTime::new(date, time + micros)
    } else {
        DateTime::from_linear_microseconds(base.linear_microseconds() + micros).ok_or(Misread::Wrong)?
    };
    if let Some(offset) = offset.filter(|_| count > 3) {
        value = DateTime::from_epoch(value.to_epoch(offset), zone).ok_or(Misread::Wrong)?;
    }
    Ok(Parsed { value, truncated: !cursor.rest_is_space(), has_time: count > 3 })
}

fn is_delimiter(byte: u8) -> bool {
    byte.is_ascii_punctuation() || byte.is_ascii_whitespace()
}

fn skip_delimiters(cursor: &mut Cursor, count: usize) {
    if count == 3 && cursor.peek() == Some(b'T') {
        cursor.at += 1;
        return;
    }
    let start = cursor.at;
    while let Some(byte) = cursor.peek() {
        let space = byte.is_ascii_whitespace() && count == 3;
        if !(byte.is_ascii_punctuation() || space) {
            break;
        }
        cursor.at += 1;
    }
    // Delimiters that no digit follows belong to the rest.
    if !cursor.digit_at(cursor.at) {
        cursor.at = start;
    }
}

/// `+hh:mm` or `-hh:mm` at the end, in seconds.
fn parse_offset(cursor: &mut Cursor) -> Option<i32> {
    let rest = &cursor.text[cursor.at..];
    let trimmed = rest.trim_ascii_end();
    let seconds = parse_offset_text(trimmed)?;
    cursor.at += rest.len();
    Some(seconds)
}

/// A time zone offset `+hh:mm`, from -13:59 to +14:00, in seconds.
#[must_use]
pub fn parse_offset_text(text: &[u8]) -> Option<i32> {
    let (sign, rest) = match text.split_first()? {
        (b'+', rest) => (1, rest),
        (b'-', rest) => (-1, rest),
        _ => return None,
    };
    let colon = rest.iter().position(|byte| *byte == b':')?;
    let (hours, minutes) = (&rest[..colon], &rest[colon + 1..]);
    if !(1..=2).contains(&hours.len())
        || minutes.len() != 2
        || !hours.iter().chain(minutes).all(u8::is_ascii_digit)
    {
        return None;
    }
    let number = |digits: &[u8]| digits.iter().fold(0_i32, |sum, digit| sum * 10 + i32::from(digit - b'0'));
    let seconds = number(hours) * 3600 + number(minutes) * 60;
    let in_range = number(minutes) < 60 && if sign > 0 { seconds <= 14 * 3600 } else { seconds < 14 * 3600 };
    in_range.then_some(sign * seconds)
}

/// Reads a time, `[-][d ]hh:mm:ss.ffffff`, a run of digits `hhmmss`, or the time of a full datetime.
#[must_use]
pub fn parse_time(text: &[u8]) -> Option<Parsed<Time>> {
    let mut cursor = Cursor { text, at: 0 };
    cursor.skip_space();
    let negative = cursor.peek() == Some(b'-');
    if negative {
        cursor.at += 1;
    }
    if text.len() - cursor.at >= 12 {
        // Of a date that no month has, the time is one.
        let rules = DateRules { allow_invalid: true, ..DateRules::default() };
        match read_datetime(&text[cursor.at..], rules, TimeZone::UTC, true) {
            Ok(parsed) if parsed.has_time && !negative => {
                return Some(Parsed {
                    value: parsed.value.time(),
                    truncated: parsed.truncated,
                    has_time: true,
                });
            }
            Ok(_) | Err(Misread::Wrong) => return None,
            Err(Misread::Unlike) => {}
        }
    }
    if !cursor.digit_at(cursor.at) && cursor.peek() != Some(b':') && cursor.peek() != Some(b'.') {
        return None;
    }
    let (first, _) = cursor.digits(usize::MAX);
    if first > u64::from(u32::MAX) {
        return None;
    }
    let after = cursor.at;
    cursor.skip_space();
    // Days, hours, minutes, seconds.
    let mut parts = [0_u64; 4];
    if cursor.at != after && cursor.digit_at(cursor.at) {
        parts[0] = first;
        read_colon_parts(&mut cursor, &mut parts, 1);
    } else if cursor.peek() == Some(b':') && cursor.digit_at(cursor.at + 1) {
        parts[1] = first;
        cursor.at += 1;
        read_colon_parts(&mut cursor, &mut parts, 2);
    } else {
        cursor.at = after;
        parts = [0, first / 10_000, first / 100 % 100, first % 100];
    }
    let mut micros = 0;
    if cursor.peek() == Some(b'.') {
        cursor.at += 1;
        micros = cursor.fraction(true);
    }
    if cursor.at_exponent() {
        return None;
    }
    if parts[2] > 59 || parts[3] > 59 {
        return None;
    }
    let hours =
        i64::try_from(parts[0].saturating_mul(24).saturating_add(parts[1])).unwrap_or(i64::MAX).min(100_000);
    let minutes = i64::try_from(parts[2] * 60 + parts[3]).unwrap_or(0);
    let total = (hours * 3600 + minutes) * MICROSECONDS + micros;
    let (value, clamped) = Time::clamped(if negative { -total } else { total });
    Some(Parsed { value, truncated: clamped || !cursor.rest_is_space(), has_time: true })
}

/// Whether a text is like a time with an exponent, `1e1`: a TIME column takes it for 00:00:00 without a word.
#[must_use]
pub fn has_exponent(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let end = text.iter().position(|byte| !byte.is_ascii_digit() && !b":. ".contains(byte));
    let at = end.unwrap_or(text.len());
    text.first().is_some_and(u8::is_ascii_digit) && Cursor { text, at }.at_exponent()
}

fn read_colon_parts(cursor: &mut Cursor, parts: &mut [u64; 4], from: usize) {
    for (position, part) in parts.iter_mut().enumerate().skip(from) {
        (*part, _) = cursor.digits(usize::MAX);
        if position == 3 || cursor.peek() != Some(b':') || !cursor.digit_at(cursor.at + 1) {
            return;
        }
        cursor.at += 1;
    }
}

/// A number as a day: as [`datetime_from_number`], and below 101 a month and a day of the year 2000; both may be zero everywhere.
#[must_use]
pub fn date_from_number(number: i64, rules: DateRules) -> Option<Date> {
    // The time of day is not looked at: `TO_DAYS(20200131995959)` is that of the day.
    date_of_digits(day_digits(number)? * 1_000_000, rules)
}

/// The digits `YYYYMMDDHHMMSS` of a number that is a date, and whether it has a time.
fn with_century(number: i64) -> Option<(i64, bool)> {
    Some(match number {
        101..=691_231 => ((number + 20_000_000) * 1_000_000, false),
        700_101..=991_231 => ((number + 19_000_000) * 1_000_000, false),
        // A year of two or three digits is one, if the month and the day are.
        991_232..=99_991_231 => (number * 1_000_000, false),
        101_000_000..=691_231_235_959 => (number + 20_000_000_000_000, true),
        700_101_000_000..=991_231_235_959 => (number + 19_000_000_000_000, true),
        991_231_235_960..=99_999_999_999_999 => (number, true),
        _ => return None,
    })
}

/// The digits `YYYYMMDD` of a number that is a day, whatever its time of day: its month and its day may be zero.
fn day_digits(number: i64) -> Option<i64> {
    const SECONDS: i64 = 1_000_000;
    Some(match number {
        0..=699_999 => number + 20_000_000,
        700_000..=999_999 => number + 19_000_000,
        1_000_000..=99_999_999 => number,
        100_000_000..=699_999_999_999 => number / SECONDS + 20_000_000,
        700_000_000_000..=999_999_999_999 => number / SECONDS + 19_000_000,
        1_000_000_000_000..=99_999_999_999_999 => number / SECONDS,
        _ => return None,
    })
}

fn part_of(full: i64, divisor: i64, modulus: i64) -> u32 {
    u32::try_from(full / divisor % modulus).unwrap_or(0)
}

fn date_of_digits(full: i64, rules: DateRules) -> Option<Date> {
    rules.check(
        part_of(full, 10_000_000_000, 10_000),
        part_of(full, 100_000_000, 100),
        part_of(full, 1_000_000, 100),
    )
}

/// A number as a datetime: `YYMMDD`, `YYYYMMDD`, `YYMMDDHHMMSS`, `YYYYMMDDHHMMSS`; true when it has a time.
#[must_use]
pub fn datetime_from_number(number: i64, micros: i64, rules: DateRules) -> Option<(DateTime, bool)> {
    if number == 0 {
        return rules.check(0, 0, 0).map(|date| (DateTime::new(date, micros), false));
    }
    let (full, has_time) = with_century(number)?;
    let date = date_of_digits(full, rules)?;
    let base = DateTime::from_parts(
        date,
        part_of(full, 10_000, 100),
        part_of(full, 100, 100),
        part_of(full, 1, 100),
        0,
    )?;
    // A number without a time of day has no fraction of a second either.
    let value = if micros == 0 || !has_time {
        base
    } else {
        DateTime::from_linear_microseconds(base.linear_microseconds() + micros)?
    };
    Some((value, has_time))
}

/// A number as a time, `HHMMSS`; past 838:59:59 the nearest bound, and true.
#[must_use]
pub fn time_from_number(number: i64, micros: i64) -> Option<(Time, bool)> {
    let magnitude = i64::try_from(number.unsigned_abs()).ok()?;
    if magnitude > 8_385_959 {
        if magnitude >= 10_000_000_000
            && number > 0
            && let Some((datetime, _)) = datetime_from_number(number, micros, DateRules::default())
        {
            return Some((datetime.time(), false));
        }
        return Some(Time::clamped(if number < 0 { i64::MIN } else { i64::MAX }));
    }
    if magnitude % 100 > 59 || magnitude / 100 % 100 > 59 {
        return None;
    }
    let seconds = magnitude / 10_000 * 3600 + magnitude / 100 % 100 * 60 + magnitude % 100;
    let total = seconds * MICROSECONDS + micros.abs();
    Some(Time::clamped(if number < 0 || micros < 0 { -total } else { total }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn datetime(text: &str) -> Option<(String, bool)> {
        parse_datetime(text.as_bytes(), DateRules::default(), TimeZone::UTC).map(|parsed| {
            let mut out = Vec::new();
            parsed.value.write(6, &mut out);
            (String::from_utf8(out).unwrap(), parsed.truncated)
        })
    }

    fn time(text: &str) -> Option<(String, bool)> {
        parse_time(text.as_bytes()).map(|parsed| {
            let mut out = Vec::new();
            parsed.value.write(6, &mut out);
            (String::from_utf8(out).unwrap(), parsed.truncated)
        })
    }

    #[test]
    fn temporal_text_reads_relaxed_datetimes() {
        let whole = |text: &str| Some((text.to_string(), false));
        assert_eq!(datetime("2020-1-2"), whole("2020-01-02 00:00:00.000000"));
        assert_eq!(datetime("20200102101112"), whole("2020-01-02 10:11:12.000000"));
        assert_eq!(datetime("200102101112"), whole("2020-01-02 10:11:12.000000"));
        assert_eq!(datetime("70-1-1"), whole("1970-01-01 00:00:00.000000"));
        assert_eq!(datetime("2020-12-31 23:59:59.9999999"), whole("2021-01-01 00:00:00.000000"));
        assert_eq!(datetime("2020-01-01T10:11:12.5"), whole("2020-01-01 10:11:12.500000"));
        assert_eq!(datetime("2020-01-01 10:11:12+02:00"), whole("2020-01-01 08:11:12.000000"));
        assert_eq!(datetime("2020-01-01abc"), Some(("2020-01-01 00:00:00.000000".to_string(), true)));
        assert_eq!(datetime("2020-02-30"), None);
        assert_eq!(datetime("12:30"), None);
        assert_eq!(datetime("2020-01-01 25:00:00"), None);
    }

    #[test]
    fn temporal_text_reads_relaxed_times() {
        let whole = |text: &str| Some((text.to_string(), false));
        assert_eq!(time("1:2:3"), whole("01:02:03.000000"));
        assert_eq!(time("10"), whole("00:00:10.000000"));
        assert_eq!(time("1 10"), whole("34:00:00.000000"));
        assert_eq!(time("-10:11:12.5"), whole("-10:11:12.500000"));
        assert_eq!(time("2020-01-01 10:11:12"), whole("10:11:12.000000"));
        assert_eq!(time("839:00:00"), Some(("838:59:59.000000".to_string(), true)));
        assert_eq!(time("10:61:00"), None);
        assert_eq!(time("abc"), None);
    }
}
