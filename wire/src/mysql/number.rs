//! Numbers as MySQL prints them in text rows, without allocation.
//!
//! Source: `my_gcvt` and `my_fcvt` of MySQL's `strings/dtoa.cc`. A double has the fewest digits that read back as
//! the same double, a float at most six; the exponent form is used outside 1e-15 … 1e15 (exclusive), without a
//! plus sign or leading zeros. `tests::mysql_prints_doubles_so` has values taken from a server.

use std::fmt::{self, Write as _};

/// Two decimal digits for each number below 100.
const DIGIT_PAIRS: &[u8; 200] = b"0001020304050607080910111213141516171819\
2021222324252627282930313233343536373839\
4041424344454647484950515253545556575859\
6061626364656667686970717273747576777879\
8081828384858687888990919293949596979899";
/// Digits of the largest u64.
const U64_DIGITS_MAX: usize = 20;
/// The exponent form is used past this many digits before the point, or zeros after it.
const PLAIN_EXPONENT_MAX: i32 = 15;
/// Digits of a float (FLT_DIG).
const FLOAT_DIGITS: usize = 6;
/// Room for the longest fixed form: f64::MAX with a sign and 30 decimals.
const FIXED_BYTES_MAX: usize = 352;

/// Appends an unsigned integer.
#[inline]
pub fn put_u64(out: &mut Vec<u8>, value: u64) {
    let mut digits = [0u8; U64_DIGITS_MAX];
    let mut start = U64_DIGITS_MAX;
    let mut rest = value;
    while rest >= 100 {
        let pair = (rest % 100) as usize * 2;
        rest /= 100;
        start -= 2;
        digits[start..start + 2].copy_from_slice(&DIGIT_PAIRS[pair..pair + 2]);
    }
    if rest >= 10 {
        let pair = rest as usize * 2;
        start -= 2;
        digits[start..start + 2].copy_from_slice(&DIGIT_PAIRS[pair..pair + 2]);
    } else {
        start -= 1;
        digits[start] = b'0' + rest as u8;
    }
    out.extend_from_slice(&digits[start..]);
}

/// Appends a signed integer.
#[inline]
pub fn put_i64(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    put_u64(out, value.unsigned_abs());
}

/// Appends `value` with at least `width` digits, zeros in front: parts of dates and ZEROFILL columns.
pub fn put_padded(out: &mut Vec<u8>, value: u64, width: usize) {
    let start = out.len();
    put_u64(out, value);
    let digits = out.len() - start;
    if digits < width {
        out.resize(start + width, b'0');
        out.copy_within(start..start + digits, start + width - digits);
        out[start..start + width - digits].fill(b'0');
    }
}

/// Appends a DOUBLE whose number of decimals is not fixed.
pub fn put_double(out: &mut Vec<u8>, value: f64) {
    let mut text = Text::<32>::new();
    // The shortest digits that read back as the same double.
    if value.is_finite() && write!(text, "{value:e}").is_ok() {
        put_scientific(out, text.as_bytes());
    } else {
        // MySQL has neither infinities nor NaN; its printer gives 0 for them.
        out.push(b'0');
    }
}

/// Appends a FLOAT whose number of decimals is not fixed: six significant digits.
pub fn put_float(out: &mut Vec<u8>, value: f32) {
    let mut text = Text::<32>::new();
    if value.is_finite() && write!(text, "{:.*e}", FLOAT_DIGITS - 1, f64::from(value)).is_ok() {
        put_scientific(out, text.as_bytes());
    } else {
        out.push(b'0');
    }
}

/// Appends a FLOAT or DOUBLE of a column with a fixed number of decimals.
pub fn put_double_fixed(out: &mut Vec<u8>, value: f64, decimals: u8) {
    let mut text = Text::<FIXED_BYTES_MAX>::new();
    let decimals = usize::from(decimals.min(30));
    if value.is_finite() && write!(text, "{value:.decimals$}").is_ok() {
        out.extend_from_slice(text.as_bytes());
    } else {
        out.push(b'0');
    }
}

/// Turns Rust's `-d.ddde-x` into MySQL's form.
fn put_scientific(out: &mut Vec<u8>, text: &[u8]) {
    let text = match text {
        [b'-', magnitude @ ..] => {
            out.push(b'-');
            magnitude
        }
        magnitude => magnitude,
    };
    let mark = text.iter().position(|byte| *byte == b'e').unwrap_or(text.len());
    let exponent = parse_exponent(&text[(mark + 1).min(text.len())..]);
    let mut digits = Text::<32>::new();
    for byte in text[..mark].iter().filter(|byte| **byte != b'.') {
        digits.push(*byte);
    }
    let digits = digits.as_bytes();
    let count = digits.iter().rposition(|digit| *digit != b'0').map_or(1, |last| last + 1);
    let digits = &digits[..count.min(digits.len())];
    let point = exponent + 1;
    if digits == b"0" {
        out.push(b'0');
    } else if !(1 - PLAIN_EXPONENT_MAX..=PLAIN_EXPONENT_MAX).contains(&point) {
        put_exponent_form(out, digits, exponent);
    } else if point <= 0 {
        out.extend_from_slice(b"0.");
        out.resize(out.len() + point.unsigned_abs() as usize, b'0');
        out.extend_from_slice(digits);
    } else if digits.len() <= point as usize {
        out.extend_from_slice(digits);
        out.resize(out.len() + point as usize - digits.len(), b'0');
    } else {
        let (whole, fraction) = digits.split_at(point as usize);
        out.extend_from_slice(whole);
        out.push(b'.');
        out.extend_from_slice(fraction);
    }
}

fn put_exponent_form(out: &mut Vec<u8>, digits: &[u8], exponent: i32) {
    let (first, rest) = digits.split_at(1);
    out.extend_from_slice(first);
    if !rest.is_empty() {
        out.push(b'.');
        out.extend_from_slice(rest);
    }
    out.push(b'e');
    put_i64(out, i64::from(exponent));
}

fn parse_exponent(text: &[u8]) -> i32 {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    let magnitude = digits.iter().fold(0, |sum, digit| sum * 10 + i32::from(digit - b'0'));
    if negative { -magnitude } else { magnitude }
}

/// A string on the stack for `write!`.
struct Text<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> Text<N> {
    fn new() -> Self {
        Text { bytes: [0; N], length: 0 }
    }

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.length) {
            *place = byte;
            self.length += 1;
        }
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl<const N: usize> fmt::Write for Text<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        let place = self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(put: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        put(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn mysql_prints_doubles_so() {
        let cases = [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (-1.5, "-1.5"),
            (0.1, "0.1"),
            (100.0, "100"),
            (1e14, "100000000000000"),
            (1e15, "1e15"),
            (123_456_789_012_345.0, "123456789012345"),
            (1_234_567_890_123_456.0, "1.234567890123456e15"),
            (1e-5, "0.00001"),
            (1e-15, "0.000000000000001"),
            (1e-16, "1e-16"),
            (1.5e-20, "1.5e-20"),
            (3.25159, "3.25159"),
            (1e100, "1e100"),
            (f64::MAX, "1.7976931348623157e308"),
            (f64::MIN_POSITIVE, "2.2250738585072014e-308"),
            (2.0 / 3.0, "0.6666666666666666"),
            (f64::INFINITY, "0"),
        ];
        for (value, expected) in cases {
            assert_eq!(text(|out| put_double(out, value)), expected);
        }
    }

    #[test]
    fn mysql_prints_floats_so() {
        let cases = [
            (0.1f32, "0.1"),
            (123_456_789.0, "123457000"),
            (1.0 / 3.0, "0.333333"),
            (16_777_216.0, "16777200"),
            (1e20, "1e20"),
            (-2.5, "-2.5"),
            (999_999.96, "1000000"),
        ];
        for (value, expected) in cases {
            assert_eq!(text(|out| put_float(out, value)), expected);
        }
        assert_eq!(text(|out| put_double_fixed(out, 2.5, 2)), "2.50");
        assert_eq!(text(|out| put_double_fixed(out, f64::MAX, 30)).len(), 309 + 31);
        assert_eq!(text(|out| put_double_fixed(out, -0.004, 2)), "-0.00");
    }

    #[test]
    fn padding() {
        assert_eq!(text(|out| put_padded(out, 7, 4)), "0007");
        assert_eq!(text(|out| put_padded(out, 12_345, 4)), "12345");
        assert_eq!(text(|out| put_padded(out, 0, 2)), "00");
    }

    proptest! {
        #[test]
        fn integers(signed: i64, unsigned: u64, shift in 0u32..64) {
            prop_assert_eq!(text(|out| put_i64(out, signed >> shift)), (signed >> shift).to_string());
            prop_assert_eq!(text(|out| put_u64(out, unsigned >> shift)), (unsigned >> shift).to_string());
        }

        #[test]
        fn doubles_read_back(bits: u64) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            prop_assert_eq!(text(|out| put_double(out, value)).parse::<f64>().unwrap().to_bits(), bits);
        }

        #[test]
        fn floats_are_within_six_digits(value: f32) {
            prop_assume!(value.is_normal());
            let printed = text(|out| put_float(out, value)).parse::<f64>().unwrap();
            prop_assert!(((printed - f64::from(value)) / f64::from(value)).abs() < 5.1e-6);
        }
    }
}
