//! Numbers from and to text, the way MySQL reads and prints them.
//!
//! Reading takes the longest prefix that is a number and tells how far it came; the caller decides whether the rest
//! deserves a warning. Printing of DOUBLE is the shortest text that reads back to the same double, in positional form
//! for decimal exponents from -15 to 14 and with an exponent beyond.

use std::io::Write as _;

/// A double rounded to an integer; none if it is far from any.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "it is in range")]
pub fn rounded(number: f64) -> Option<i128> {
    (number.abs() < 1e18).then(|| number.round_ties_even() as i128)
}

/// The longest prefix of `text` that is a floating-point number, and the bytes taken (0 when there is none).
#[must_use]
pub fn double_prefix(text: &[u8]) -> (f64, usize) {
    let start = text.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let mut at = start + usize::from(matches!(text.get(start), Some(b'+' | b'-')));
    let digits =
        |from: usize| text[from.min(text.len())..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut count = digits(at);
    at += count;
    if text.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if count + fraction > 0 {
            at += 1 + fraction;
            count += fraction;
        }
    }
    if count == 0 {
        return (0.0, 0);
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(at + 1 + sign);
        if exponent > 0 {
            at += 1 + sign + exponent;
        }
    }
    let value =
        std::str::from_utf8(&text[start..at]).ok().and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
    (if value.is_infinite() { f64::MAX.copysign(value) } else { value }, at)
}

/// Whether what [`double_prefix`] took is more than a double can hold.
#[must_use]
pub fn exceeds_double(taken: &[u8]) -> bool {
    let read = std::str::from_utf8(taken).ok().and_then(|text| text.trim_start().parse::<f64>().ok());
    read.is_some_and(f64::is_infinite)
}

/// The longest prefix of `text` that is an integer, as wide as it may be (saturating), and the bytes taken.
#[must_use]
pub fn integer_prefix(text: &[u8]) -> (i128, usize) {
    let start = text.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let negative = text.get(start) == Some(&b'-');
    let first = start + usize::from(matches!(text.get(start), Some(b'+' | b'-')));
    let mut value: i128 = 0;
    let mut at = first;
    while let Some(digit) = text.get(at).filter(|byte| byte.is_ascii_digit()) {
        value = value.saturating_mul(10).saturating_add(i128::from(digit - b'0'));
        at += 1;
    }
    if at == first { (0, 0) } else { (if negative { -value } else { value }, at) }
}

/// Whether nothing but white space is left.
#[must_use]
pub fn only_space(rest: &[u8]) -> bool {
    rest.iter().all(u8::is_ascii_whitespace)
}

/// Appends an integer.
pub fn write_integer(value: i64, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    write_unsigned(value.unsigned_abs(), out);
}

/// Appends an unsigned integer.
pub fn write_unsigned(value: u64, out: &mut Vec<u8>) {
    let mut digits = [0_u8; 20];
    let (mut rest, mut at) = (value, digits.len());
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Appends a DOUBLE: the shortest text that reads back as the same number.
pub fn write_double(value: f64, out: &mut Vec<u8>) {
    write_scientific(&format!("{value:e}"), out);
}

/// Characters of a DOUBLE that becomes a text within an expression.
pub const DOUBLE_CHARACTERS: usize = 22;

/// The text of a DOUBLE where an expression makes one of it: of [`DOUBLE_CHARACTERS`] at most, with an exponent or fewer digits if it
/// takes that, as in MySQL.
#[must_use]
pub fn double_text(value: f64) -> Vec<u8> {
    double_text_within(value, DOUBLE_CHARACTERS)
}

/// The same, of as many characters at most.
#[must_use]
pub fn double_text_within(value: f64, most: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(DOUBLE_CHARACTERS);
    write_double(value, &mut out);
    if out.len() <= most {
        return out;
    }
    for digits in (0..17).rev() {
        let shown = match digits {
            16 => format!("{value:e}"),
            digits => format!("{value:.digits$e}"),
        };
        let (mantissa, exponent) = shown.split_once('e').unwrap_or((shown.as_str(), "0"));
        let mantissa = if mantissa.contains('.') {
            mantissa.trim_end_matches('0').trim_end_matches('.')
        } else {
            mantissa
        };
        if mantissa.len() + 1 + exponent.len() <= most {
            return format!("{mantissa}e{exponent}").into_bytes();
        }
    }
    out
}

/// Appends a FLOAT: six significant digits.
pub fn write_float(value: f64, out: &mut Vec<u8>) {
    write_scientific(&format!("{value:.5e}"), out);
}

/// Appends a number with a fixed count of digits after the point, rounded.
pub fn write_fixed(value: f64, scale: usize, out: &mut Vec<u8>) {
    // As in MySQL, zeros stand behind the digits that tell the number from its neighbours.
    let shortest = value.to_string();
    let (whole, fraction) = shortest.split_once('.').unwrap_or((shortest.as_str(), ""));
    // A write to a Vec cannot fail.
    let _ = if value.is_finite() && fraction.len() <= scale {
        let point = if scale > 0 { "." } else { "" };
        write!(out, "{whole}{point}{fraction:0<scale$}")
    } else {
        write!(out, "{value:.scale$}")
    };
}

/// Turns Rust's `d.ddde±x` into MySQL's form.
fn write_scientific(text: &str, out: &mut Vec<u8>) {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let (first, rest) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let rest = rest.trim_end_matches('0');
    if first == "0" {
        out.extend_from_slice(if sign.is_empty() { b"0" } else { b"-0" });
        return;
    }
    out.extend_from_slice(sign.as_bytes());
    // Digits after the point are not given up for an exponent.
    let has_fraction = usize::try_from(exponent).is_ok_and(|whole| rest.len() > whole);
    if (-15..15).contains(&exponent) || has_fraction {
        if exponent < 0 {
            out.extend_from_slice(b"0.");
            out.extend(std::iter::repeat_n(b'0', (-exponent - 1).unsigned_abs() as usize));
            out.extend_from_slice(first.as_bytes());
            out.extend_from_slice(rest.as_bytes());
            return;
        }
        let whole = exponent.unsigned_abs() as usize;
        out.extend_from_slice(first.as_bytes());
        if rest.len() <= whole {
            out.extend_from_slice(rest.as_bytes());
            out.extend(std::iter::repeat_n(b'0', whole - rest.len()));
        } else {
            out.extend_from_slice(&rest.as_bytes()[..whole]);
            out.push(b'.');
            out.extend_from_slice(&rest.as_bytes()[whole..]);
        }
        return;
    }
    out.extend_from_slice(first.as_bytes());
    if !rest.is_empty() {
        out.push(b'.');
        out.extend_from_slice(rest.as_bytes());
    }
    out.push(b'e');
    out.extend_from_slice(exponent.to_string().as_bytes());
}

/// Rounds to `places` digits after the point (before it when negative), half away from zero, as ROUND does on doubles.
#[must_use]
pub fn round_double(value: f64, places: i64, cut: bool) -> f64 {
    let magnitude = i32::try_from(places.unsigned_abs().min(400)).unwrap_or(400);
    let power = 10_f64.powi(magnitude);
    let scaled = if places < 0 { value / power } else { value * power };
    if places >= 0 && !scaled.is_finite() {
        return value;
    }
    if places < 0 && !power.is_finite() {
        return 0.0;
    }
    let whole = if cut { scaled.trunc() } else { scaled.round_ties_even() };
    if places < 0 { whole * power } else { whole / power }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_prefixes() {
        assert_eq!(double_prefix(b" 12.5e2x"), (1250.0, 7));
        assert_eq!(double_prefix(b"1e"), (1.0, 1));
        assert_eq!(double_prefix(b"abc"), (0.0, 0));
        assert_eq!(double_prefix(b"."), (0.0, 0));
        assert_eq!(integer_prefix(b"-12a"), (-12, 3));
        assert_eq!(integer_prefix(b"-"), (0, 0));
    }

    #[test]
    fn the_largest_double_is_none_too_many() {
        for (text, exceeds) in [
            ("1.7976931348623157E+308", false),
            (" -1.7976931348623157e308", false),
            ("1.8e308", true),
            ("-1e999", true),
            ("1e-999", false),
        ] {
            let (_, taken) = double_prefix(text.as_bytes());
            assert_eq!(taken, text.len());
            assert_eq!(exceeds_double(&text.as_bytes()[..taken]), exceeds, "{text}");
        }
    }

    #[test]
    fn number_doubles_print_as_mysql_does() {
        let print = |value: f64| {
            let mut out = Vec::new();
            write_double(value, &mut out);
            String::from_utf8(out).unwrap()
        };
        for (value, text) in [
            (1e15, "1e15"),
            (1e14, "100000000000000"),
            (1.234_567_890_123_456_8e17, "1.2345678901234568e17"),
            (1e-15, "0.000000000000001"),
            (1e-16, "1e-16"),
            (1.234567e-15, "0.000000000000001234567"),
            (-1.5, "-1.5"),
            (0.0, "0"),
            (123_456_789_012_345.0, "123456789012345"),
        ] {
            assert_eq!(print(value), text);
        }
        let mut out = Vec::new();
        write_float(f64::from(123_456_789_f32), &mut out);
        assert_eq!(out, b"123457000");
    }
}
