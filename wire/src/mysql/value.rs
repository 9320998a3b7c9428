//! Values in the binary protocol: dates and times, and the parameters of COM_STMT_EXECUTE.
//!
//! A date or time here is checked for form only (month at most 12, second at most 59 …), so that nothing after it
//! can overflow. Zero dates, 31 February and TIME past 838 hours are left to SQL, whose mode decides about them.

use crate::mysql::constant::column_type;
use crate::mysql::number;
use crate::mysql::primitive::Input;

/// A DATE, DATETIME or TIMESTAMP. All zero is MySQL's zero date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime {
    /// 0 to 65535 on the wire; MySQL has 0 to 9999.
    pub year: u16,
    /// 0 to 12.
    pub month: u8,
    /// 0 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
    /// 0 to 999999.
    pub microsecond: u32,
}

/// A TIME: a signed span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Time {
    /// Whether the span is below zero.
    pub negative: bool,
    /// Whole hours, days included; MySQL has 0 to 838.
    pub hours: u32,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
    /// 0 to 999999.
    pub microsecond: u32,
}

/// Why a date or time was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemporalError {
    /// The bytes end early, or their count is none of those the protocol has.
    Malformed,
    /// A part is past its range.
    OutOfRange,
}

impl DateTime {
    /// A date at midnight.
    pub fn date(year: u16, month: u8, day: u8) -> Self {
        DateTime { year, month, day, ..DateTime::default() }
    }

    /// Reads the binary form: a length of 0, 4, 7 or 11, then as many bytes.
    pub fn parse(input: &mut Input<'_>) -> Result<DateTime, TemporalError> {
        let value = DateTime::parse_form(input).ok_or(TemporalError::Malformed)?;
        let in_range = value.month <= 12
            && value.day <= 31
            && value.hour <= 23
            && value.minute <= 59
            && value.second <= 59
            && value.microsecond <= 999_999;
        if in_range { Ok(value) } else { Err(TemporalError::OutOfRange) }
    }

    fn parse_form(input: &mut Input<'_>) -> Option<DateTime> {
        let mut value = DateTime::default();
        let length = input.u8()?;
        if !matches!(length, 0 | 4 | 7 | 11) {
            return None;
        }
        if length >= 4 {
            (value.year, value.month, value.day) = (input.u16()?, input.u8()?, input.u8()?);
        }
        if length >= 7 {
            (value.hour, value.minute, value.second) = (input.u8()?, input.u8()?, input.u8()?);
        }
        if length == 11 {
            value.microsecond = input.u32()?;
        }
        Some(value)
    }

    /// Appends the binary form, as short as the value allows.
    pub fn put_binary(&self, out: &mut Vec<u8>) {
        let length = match self {
            _ if *self == DateTime::default() => 0,
            DateTime { hour: 0, minute: 0, second: 0, microsecond: 0, .. } => 4,
            DateTime { microsecond: 0, .. } => 7,
            _ => 11,
        };
        let [year_low, year_high] = self.year.to_le_bytes();
        let [m0, m1, m2, m3] = self.microsecond.to_le_bytes();
        let bytes = [
            length,
            year_low,
            year_high,
            self.month,
            self.day,
            self.hour,
            self.minute,
            self.second,
            m0,
            m1,
            m2,
            m3,
        ];
        out.extend_from_slice(&bytes[..=usize::from(length)]);
    }

    /// Appends `YYYY-MM-DD`.
    pub fn put_date_text(&self, out: &mut Vec<u8>) {
        number::put_padded(out, u64::from(self.year), 4);
        out.push(b'-');
        number::put_padded(out, u64::from(self.month), 2);
        out.push(b'-');
        number::put_padded(out, u64::from(self.day), 2);
    }

    /// Appends `YYYY-MM-DD HH:MM:SS`, with a fraction of `decimals` digits if that is not 0.
    pub fn put_text(&self, out: &mut Vec<u8>, decimals: u8) {
        self.put_date_text(out);
        out.push(b' ');
        put_clock(out, u64::from(self.hour), self.minute, self.second, self.microsecond, decimals);
    }
}

impl Time {
    /// Reads the binary form: a length of 0, 8 or 12, then as many bytes.
    pub fn parse(input: &mut Input<'_>) -> Result<Time, TemporalError> {
        let value = Time::parse_form(input).ok_or(TemporalError::Malformed)?;
        let in_range = value.minute <= 59 && value.second <= 59 && value.microsecond <= 999_999;
        if in_range { Ok(value) } else { Err(TemporalError::OutOfRange) }
    }

    fn parse_form(input: &mut Input<'_>) -> Option<Time> {
        let mut value = Time::default();
        let length = input.u8()?;
        if !matches!(length, 0 | 8 | 12) {
            return None;
        }
        if length >= 8 {
            value.negative = input.u8()? != 0;
            let days = input.u32()?;
            value.hours = days.saturating_mul(24).saturating_add(u32::from(input.u8()?));
            (value.minute, value.second) = (input.u8()?, input.u8()?);
        }
        if length == 12 {
            value.microsecond = input.u32()?;
        }
        Some(value)
    }

    /// Appends the binary form, as short as the value allows.
    pub fn put_binary(&self, out: &mut Vec<u8>) {
        let length = match self {
            Time { hours: 0, minute: 0, second: 0, microsecond: 0, .. } => 0,
            Time { microsecond: 0, .. } => 8,
            _ => 12,
        };
        let [d0, d1, d2, d3] = (self.hours / 24).to_le_bytes();
        let [m0, m1, m2, m3] = self.microsecond.to_le_bytes();
        let hour = (self.hours % 24) as u8;
        let sign = u8::from(self.negative);
        let bytes = [length, sign, d0, d1, d2, d3, hour, self.minute, self.second, m0, m1, m2, m3];
        out.extend_from_slice(&bytes[..=usize::from(length)]);
    }

    /// Appends `[-]HH:MM:SS`, with a fraction of `decimals` digits if that is not 0.
    pub fn put_text(&self, out: &mut Vec<u8>, decimals: u8) {
        if self.negative {
            out.push(b'-');
        }
        put_clock(out, u64::from(self.hours), self.minute, self.second, self.microsecond, decimals);
    }
}

fn put_clock(out: &mut Vec<u8>, hours: u64, minute: u8, second: u8, microsecond: u32, decimals: u8) {
    number::put_padded(out, hours, 2);
    out.push(b':');
    number::put_padded(out, u64::from(minute), 2);
    out.push(b':');
    number::put_padded(out, u64::from(second), 2);
    if decimals > 0 {
        let decimals = u32::from(decimals.min(6));
        out.push(b'.');
        number::put_padded(out, u64::from(microsecond / 10u32.pow(6 - decimals)), decimals as usize);
    }
}

/// One parameter of COM_STMT_EXECUTE. Bytes are slices of the packet or of the long data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Param<'a> {
    /// NULL.
    Null,
    /// A signed integer of any width.
    Int(i64),
    /// An integer bound as unsigned, and YEAR.
    UInt(u64),
    /// FLOAT.
    Float(f32),
    /// DOUBLE.
    Double(f64),
    /// Strings, blobs, DECIMAL as text, BIT, ENUM, SET, JSON, GEOMETRY, and all long data.
    Bytes {
        /// The value as sent.
        value: &'a [u8],
        /// The type it was bound with ([`crate::mysql::constant::column_type`]).
        column_type: u8,
    },
    /// DATE. A client may send a time of day with it, which is kept.
    Date(DateTime),
    /// DATETIME and TIMESTAMP.
    DateTime(DateTime),
    /// TIME.
    Time(Time),
}

impl<'a> Param<'a> {
    /// A string.
    pub fn text(value: &'a str) -> Param<'a> {
        Param::Bytes { value: value.as_bytes(), column_type: column_type::VAR_STRING }
    }

    /// Bytes without a character set.
    pub fn blob(value: &'a [u8]) -> Param<'a> {
        Param::Bytes { value, column_type: column_type::BLOB }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn binary(put: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut out = Vec::new();
        put(&mut out);
        out
    }

    fn text(put: impl FnOnce(&mut Vec<u8>)) -> String {
        String::from_utf8(binary(put)).unwrap()
    }

    #[test]
    fn golden_binary_forms() {
        // Examples of the protocol documentation, "Binary Protocol Value".
        let full =
            DateTime { year: 2010, month: 10, day: 17, hour: 19, minute: 27, second: 30, microsecond: 1 };
        assert_eq!(
            binary(|out| full.put_binary(out)),
            [0x0b, 0xda, 0x07, 0x0a, 0x11, 0x13, 0x1b, 0x1e, 0x01, 0, 0, 0]
        );
        assert_eq!(binary(|out| DateTime::date(2010, 10, 17).put_binary(out)), [4, 0xda, 7, 10, 17]);
        assert_eq!(binary(|out| DateTime::default().put_binary(out)), [0]);
        let time = Time { negative: true, hours: 120 * 24 + 19, minute: 27, second: 30, microsecond: 1 };
        assert_eq!(
            binary(|out| time.put_binary(out)),
            [0x0c, 1, 0x78, 0, 0, 0, 0x13, 0x1b, 0x1e, 1, 0, 0, 0]
        );
        let whole = Time { microsecond: 0, ..time };
        assert_eq!(binary(|out| whole.put_binary(out)), [8, 1, 0x78, 0, 0, 0, 0x13, 0x1b, 0x1e]);
        assert_eq!(binary(|out| Time::default().put_binary(out)), [0]);
    }

    #[test]
    fn text_forms() {
        let value =
            DateTime { year: 99, month: 1, day: 2, hour: 3, minute: 4, second: 5, microsecond: 60_700 };
        assert_eq!(text(|out| value.put_text(out, 0)), "0099-01-02 03:04:05");
        assert_eq!(text(|out| value.put_text(out, 3)), "0099-01-02 03:04:05.060");
        assert_eq!(text(|out| value.put_text(out, 6)), "0099-01-02 03:04:05.060700");
        assert_eq!(text(|out| DateTime::default().put_date_text(out)), "0000-00-00");
        let time = Time { negative: true, hours: 838, minute: 59, second: 59, microsecond: 1 };
        assert_eq!(text(|out| time.put_text(out, 6)), "-838:59:59.000001");
        assert_eq!(text(|out| Time::default().put_text(out, 0)), "00:00:00");
    }

    #[test]
    fn parts_out_of_range_are_refused() {
        for bytes in [[4, 0xda, 7, 13, 1], [4, 0xda, 7, 12, 32]] {
            assert_eq!(DateTime::parse(&mut Input::new(&bytes)), Err(TemporalError::OutOfRange));
        }
        assert_eq!(DateTime::parse(&mut Input::new(&[5, 0, 0, 0, 0, 0])), Err(TemporalError::Malformed));
        assert_eq!(
            Time::parse(&mut Input::new(&[8, 0, 0, 0, 0, 0, 0, 60, 0])),
            Err(TemporalError::OutOfRange)
        );
        assert_eq!(Time::parse(&mut Input::new(&[12, 0, 0])), Err(TemporalError::Malformed));
        let huge = Time::parse(&mut Input::new(&[8, 0, 255, 255, 255, 255, 23, 0, 0])).unwrap();
        assert_eq!(huge.hours, u32::MAX);
    }

    proptest! {
        #[test]
        fn datetime_round_trip(year: u16, month in 0u8..=12, day in 0u8..=31, hour in 0u8..24,
                               minute in 0u8..60, second in 0u8..60, microsecond in 0u32..1_000_000, kind in 0..3) {
            let mut value = DateTime { year, month, day, hour, minute, second, microsecond };
            if kind > 0 { value.microsecond = 0; }
            if kind > 1 { value = DateTime::date(year, month, day); }
            let bytes = binary(|out| value.put_binary(out));
            let mut input = Input::new(&bytes);
            prop_assert_eq!(DateTime::parse(&mut input), Ok(value));
            prop_assert!(input.is_empty());
            prop_assert!(DateTime::parse(&mut Input::new(&bytes[..bytes.len() - 1])).is_err());
        }

        #[test]
        fn time_round_trip(negative: bool, hours in 1u32..839, minute in 0u8..60, second in 0u8..60,
                           microsecond in 0u32..1_000_000, whole: bool) {
            let microsecond = if whole { 0 } else { microsecond };
            let value = Time { negative, hours, minute, second, microsecond };
            let bytes = binary(|out| value.put_binary(out));
            prop_assert_eq!(Time::parse(&mut Input::new(&bytes)), Ok(value));
        }
    }
}
