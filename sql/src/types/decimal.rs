//! Exact decimals, up to 65 digits with up to 30 after the point.
//!
//! A [`Decimal`] is an integer and a scale: `value = unscaled / 10^scale`. An integer that fits `i64` is held in line
//! (every value of up to 18 digits, so nearly all in practice) and worked on with machine arithmetic; a longer one is a
//! boxed big integer. The in-line form is always taken when it fits, so two decimals of one scale and value are equal
//! structurally. `==` therefore tells 1.0 from 1.00; use [`Decimal::compare`] for the order of numbers.
//!
//! Rounding is half away from zero, as MySQL's. Left out: MySQL's exact order of digit loss when a product has more
//! than 30 digits after the point (it is rounded here, truncated there).

use std::cmp::Ordering;

use num_bigint::{BigInt, Sign};

use crate::limits::{DECIMAL_ARITHMETIC_DIGITS_MAX, DECIMAL_DIGITS_MAX, DECIMAL_SCALE_MAX};

/// An exact decimal number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    /// The number without its point.
    unscaled: Unscaled,
    /// Digits after the point, at most [`DECIMAL_SCALE_MAX`].
    scale: u8,
}

/// An integer; `Big` only when it does not fit `i64`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Unscaled {
    Small(i64),
    Big(Box<BigInt>),
}

/// Decimal digits in one word of MySQL's decimals.
const DIGITS_PER_WORD: u8 = 9;

/// `10^exponent` for exponents that an `i128` holds.
const POWERS: [i128; 39] = {
    let mut powers = [1_i128; 39];
    let mut index = 1;
    while index < powers.len() {
        powers[index] = powers[index - 1] * 10;
        index += 1;
    }
    powers
};

fn big_power(exponent: u32) -> BigInt {
    BigInt::from(10_u8).pow(exponent)
}

/// Quotient rounded half away from zero.
fn divide_rounded(numerator: i128, divisor: i128) -> i128 {
    let (quotient, remainder) = (numerator / divisor, numerator % divisor);
    if remainder.unsigned_abs() * 2 >= divisor.unsigned_abs() {
        quotient + if (numerator < 0) == (divisor < 0) { 1 } else { -1 }
    } else {
        quotient
    }
}

fn divide_rounded_big(numerator: &BigInt, divisor: &BigInt) -> BigInt {
    let (quotient, remainder) = (numerator / divisor, numerator % divisor);
    if remainder.magnitude() * 2_u8 >= *divisor.magnitude() {
        if (numerator.sign() == Sign::Minus) == (divisor.sign() == Sign::Minus) {
            quotient + 1
        } else {
            quotient - 1
        }
    } else {
        quotient
    }
}

impl Decimal {
    /// Zero, without digits after the point.
    pub const ZERO: Decimal = Decimal { unscaled: Unscaled::Small(0), scale: 0 };

    /// `unscaled / 10^scale`.
    ///
    /// # Panics
    /// When `scale` is past [`DECIMAL_SCALE_MAX`].
    #[must_use]
    pub fn new(unscaled: i64, scale: u8) -> Decimal {
        assert!(scale <= DECIMAL_SCALE_MAX, "scale {scale} is past the limit");
        Decimal { unscaled: Unscaled::Small(unscaled), scale }
    }

    /// `unscaled / 10^scale` of a wider integer.
    #[must_use]
    pub fn from_i128(unscaled: i128, scale: u8) -> Decimal {
        match i64::try_from(unscaled) {
            Ok(small) => Decimal { unscaled: Unscaled::Small(small), scale },
            Err(_) => Decimal { unscaled: Unscaled::Big(Box::new(BigInt::from(unscaled))), scale },
        }
    }

    fn from_big(unscaled: BigInt, scale: u8) -> Decimal {
        match i64::try_from(&unscaled) {
            Ok(small) => Decimal { unscaled: Unscaled::Small(small), scale },
            Err(_) => Decimal { unscaled: Unscaled::Big(Box::new(unscaled)), scale },
        }
    }

    /// The number without its point, if it fits: what key and row codecs store.
    #[must_use]
    pub fn unscaled(&self) -> Option<i128> {
        match &self.unscaled {
            Unscaled::Small(value) => Some(i128::from(*value)),
            Unscaled::Big(value) => i128::try_from(value.as_ref()).ok(),
        }
    }

    /// The number without its point, as two's complement bytes, most significant first.
    #[must_use]
    pub fn unscaled_bytes(&self) -> Vec<u8> {
        self.to_big().to_signed_bytes_be()
    }

    /// Of [`Decimal::unscaled_bytes`]; None when there are more than 65 digits or the scale is too large.
    #[must_use]
    pub fn from_unscaled_bytes(bytes: &[u8], scale: u8) -> Option<Decimal> {
        if bytes.len() > 32 || scale > DECIMAL_SCALE_MAX {
            return None;
        }
        let value = Decimal::from_big(BigInt::from_signed_bytes_be(bytes), scale);
        value.fits().then_some(value)
    }

    /// Of [`Decimal::unscaled_bytes`] of any number, also one between two steps of a computation, which may have more digits than a column
    /// takes.
    pub(crate) fn from_kept_bytes(bytes: &[u8], scale: u8) -> Option<Decimal> {
        (scale <= DECIMAL_SCALE_MAX).then(|| Decimal::from_big(BigInt::from_signed_bytes_be(bytes), scale))
    }

    /// The magnitude's decimal digits without its point, no leading zeros ("0" for zero).
    #[must_use]
    pub fn digits(&self) -> String {
        match &self.unscaled {
            Unscaled::Small(value) => value.unsigned_abs().to_string(),
            Unscaled::Big(value) => value.magnitude().to_string(),
        }
    }

    fn to_big(&self) -> BigInt {
        match &self.unscaled {
            Unscaled::Small(value) => BigInt::from(*value),
            Unscaled::Big(value) => value.as_ref().clone(),
        }
    }

    /// Digits after the point.
    #[must_use]
    pub fn scale(&self) -> u8 {
        self.scale
    }

    /// Digits before the point (0 for numbers below 1).
    #[must_use]
    pub fn integer_digits(&self) -> u32 {
        let digits = if self.is_zero() { 0 } else { u32::try_from(self.digits().len()).unwrap_or(u32::MAX) };
        digits.saturating_sub(u32::from(self.scale))
    }

    /// Whether it has at most 65 digits.
    #[must_use]
    pub fn fits(&self) -> bool {
        match &self.unscaled {
            Unscaled::Small(_) => true,
            Unscaled::Big(value) => value.magnitude() < big_power(u32::from(DECIMAL_DIGITS_MAX)).magnitude(),
        }
    }

    /// Whether it has at most 81 digits: what MySQL's arithmetic lets through.
    #[must_use]
    pub fn fits_arithmetic(&self) -> bool {
        match &self.unscaled {
            Unscaled::Small(_) => true,
            Unscaled::Big(value) => value.magnitude() < big_power(DECIMAL_ARITHMETIC_DIGITS_MAX).magnitude(),
        }
    }

    /// Below zero.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        match &self.unscaled {
            Unscaled::Small(value) => *value < 0,
            Unscaled::Big(value) => value.sign() == Sign::Minus,
        }
    }

    /// Zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        matches!(self.unscaled, Unscaled::Small(0))
    }

    /// The same number with the sign turned.
    #[must_use]
    pub fn negate(&self) -> Decimal {
        match &self.unscaled {
            Unscaled::Small(value) => Decimal::from_i128(-i128::from(*value), self.scale),
            Unscaled::Big(value) => Decimal::from_big(-value.as_ref(), self.scale),
        }
    }

    /// The number at another scale, rounded half away from zero when digits go.
    #[must_use]
    pub fn rescale(&self, scale: u8) -> Decimal {
        let scale = scale.min(DECIMAL_SCALE_MAX);
        if scale == self.scale {
            return self.clone();
        }
        if scale > self.scale {
            let up = u32::from(scale - self.scale);
            return match &self.unscaled {
                Unscaled::Small(value) if up <= 18 => {
                    Decimal::from_i128(i128::from(*value) * POWERS[up as usize], scale)
                }
                _ => Decimal::from_big(self.to_big() * big_power(up), scale),
            };
        }
        let down = u32::from(self.scale - scale);
        match &self.unscaled {
            Unscaled::Small(value) => {
                Decimal::from_i128(divide_rounded(i128::from(*value), POWERS[down as usize]), scale)
            }
            Unscaled::Big(value) => Decimal::from_big(divide_rounded_big(value, &big_power(down)), scale),
        }
    }

    /// The number at another scale, digits cut off.
    #[must_use]
    pub fn truncate(&self, scale: u8) -> Decimal {
        if scale >= self.scale {
            return self.rescale(scale);
        }
        let down = u32::from(self.scale - scale);
        match &self.unscaled {
            Unscaled::Small(value) => Decimal::from_i128(i128::from(*value) / POWERS[down as usize], scale),
            Unscaled::Big(value) => Decimal::from_big(value.as_ref() / big_power(down), scale),
        }
    }

    /// Rounded (or cut) `places` digits before the point: ROUND(x, -places).
    #[must_use]
    pub fn round_integer(&self, places: u32, cut: bool) -> Decimal {
        let unit = big_power(u32::from(self.scale).saturating_add(places.min(100)));
        let value = self.to_big();
        let quotient = if cut { &value / &unit } else { divide_rounded_big(&value, &unit) };
        Decimal::from_big(quotient * big_power(places.min(100)), 0)
    }

    /// The largest integer at or below (`up` false) or the smallest at or above (`up` true).
    #[must_use]
    pub fn to_integer_towards(&self, up: bool) -> Decimal {
        let cut = self.truncate(0);
        match cut.compare(self) {
            Ordering::Equal => cut,
            Ordering::Less if up => cut.add(&Decimal::new(1, 0)),
            Ordering::Greater if !up => cut.subtract(&Decimal::new(1, 0)),
            Ordering::Less | Ordering::Greater => cut,
        }
    }

    /// Order of the numbers, whatever their scales.
    #[must_use]
    pub fn compare(&self, other: &Decimal) -> Ordering {
        if let (Unscaled::Small(left), Unscaled::Small(right)) = (&self.unscaled, &other.unscaled) {
            if self.scale == other.scale {
                return left.cmp(right);
            }
            let difference = self.scale.abs_diff(other.scale);
            if difference <= 18 {
                let power = POWERS[usize::from(difference)];
                let (left, right) = (i128::from(*left), i128::from(*right));
                return if self.scale < other.scale {
                    (left * power).cmp(&right)
                } else {
                    left.cmp(&(right * power))
                };
            }
        }
        let scale = self.scale.max(other.scale);
        let raise = |value: &Decimal| value.to_big() * big_power(u32::from(scale - value.scale));
        raise(self).cmp(&raise(other))
    }

    /// Sum, at the larger scale.
    #[must_use]
    pub fn add(&self, other: &Decimal) -> Decimal {
        self.add_signed(other, false)
    }

    /// Difference, at the larger scale.
    #[must_use]
    pub fn subtract(&self, other: &Decimal) -> Decimal {
        self.add_signed(other, true)
    }

    fn add_signed(&self, other: &Decimal, negate: bool) -> Decimal {
        let scale = self.scale.max(other.scale);
        if let (Unscaled::Small(left), Unscaled::Small(right)) = (&self.unscaled, &other.unscaled) {
            let (up_left, up_right) = (usize::from(scale - self.scale), usize::from(scale - other.scale));
            if up_left <= 18 && up_right <= 18 {
                let left = i128::from(*left) * POWERS[up_left];
                let right = i128::from(*right) * POWERS[up_right];
                return Decimal::from_i128(if negate { left - right } else { left + right }, scale);
            }
        }
        let left = self.to_big() * big_power(u32::from(scale - self.scale));
        let right = other.to_big() * big_power(u32::from(scale - other.scale));
        Decimal::from_big(if negate { left - right } else { left + right }, scale)
    }

    /// Product, at the sum of the scales, rounded to [`DECIMAL_SCALE_MAX`].
    #[must_use]
    pub fn multiply(&self, other: &Decimal) -> Decimal {
        let scale = self.scale + other.scale;
        if scale <= DECIMAL_SCALE_MAX
            && let (Unscaled::Small(left), Unscaled::Small(right)) = (&self.unscaled, &other.unscaled)
        {
            return Decimal::from_i128(i128::from(*left) * i128::from(*right), scale);
        }
        let product = self.to_big() * other.to_big();
        if scale <= DECIMAL_SCALE_MAX {
            return Decimal::from_big(product, scale);
        }
        let down = big_power(u32::from(scale - DECIMAL_SCALE_MAX));
        Decimal::from_big(divide_rounded_big(&product, &down), DECIMAL_SCALE_MAX)
    }

    /// The quotient as MySQL's `/` computes it, with `increment` more digits than this has; None when `other` is zero. The division
    /// is done in words of nine digits, and cut after the last one; only then is it rounded: 1.00000 / 7 is 0.142857142. Where nothing
    /// but zeros is left before that, they are not kept: the quotient is 0, and not 0.0000.
    #[must_use]
    pub fn divide_by_words(&self, other: &Decimal, increment: u8) -> Option<Decimal> {
        let words = |scale: u8| scale.div_ceil(DIGITS_PER_WORD) * DIGITS_PER_WORD;
        let scale = self.scale.saturating_add(increment).min(DECIMAL_SCALE_MAX);
        let (left, right) = (words(self.scale), words(other.scale));
        let more = increment.saturating_sub(left - self.scale + right - other.scale);
        let computed =
            words((left + right).saturating_add(more).min(DECIMAL_SCALE_MAX)).min(DECIMAL_SCALE_MAX);
        let whole = match computed > scale {
            true => self.quotient(other, computed, false)?,
            false => self.quotient(other, scale, computed < scale)?,
        };
        if whole.is_zero() {
            return Some(Decimal::ZERO);
        }
        Some(if computed > scale { whole.rescale(scale) } else { whole })
    }

    /// Quotient rounded to `scale`; None when `other` is zero.
    #[must_use]
    pub fn divide(&self, other: &Decimal, scale: u8) -> Option<Decimal> {
        self.quotient(other, scale, true)
    }

    fn quotient(&self, other: &Decimal, scale: u8, rounded: bool) -> Option<Decimal> {
        if other.is_zero() {
            return None;
        }
        let scale = scale.min(DECIMAL_SCALE_MAX);
        // self / other = (a / 10^s1) / (b / 10^s2); the result times 10^scale is a * 10^(scale + s2 - s1) / b.
        let shift = i32::from(scale) + i32::from(other.scale) - i32::from(self.scale);
        if let (Unscaled::Small(left), Unscaled::Small(right)) = (&self.unscaled, &other.unscaled)
            && (0..=18).contains(&shift)
        {
            let numerator = i128::from(*left) * POWERS[shift.unsigned_abs() as usize];
            let divisor = i128::from(*right);
            let quotient = if rounded { divide_rounded(numerator, divisor) } else { numerator / divisor };
            return Some(Decimal::from_i128(quotient, scale));
        }
        let (mut numerator, mut divisor) = (self.to_big(), other.to_big());
        if shift >= 0 {
            numerator *= big_power(shift.unsigned_abs());
        } else {
            divisor *= big_power(shift.unsigned_abs());
        }
        let quotient = if rounded { divide_rounded_big(&numerator, &divisor) } else { numerator / divisor };
        Some(Decimal::from_big(quotient, scale))
    }

    /// Whole quotient towards zero (DIV) and remainder (MOD, sign of the dividend); None when `other` is zero.
    #[must_use]
    pub fn divide_integer(&self, other: &Decimal) -> Option<(Decimal, Decimal)> {
        if other.is_zero() {
            return None;
        }
        let scale = self.scale.max(other.scale);
        let (left, right) = (self.rescale(scale), other.rescale(scale));
        if let (Unscaled::Small(left), Unscaled::Small(right)) = (&left.unscaled, &right.unscaled) {
            let (left, right) = (i128::from(*left), i128::from(*right));
            return Some((Decimal::from_i128(left / right, 0), Decimal::from_i128(left % right, scale)));
        }
        let (left, right) = (left.to_big(), right.to_big());
        Some((Decimal::from_big(&left / &right, 0), Decimal::from_big(&left % &right, scale)))
    }

    /// The nearest integer (half away from zero), if it fits.
    #[must_use]
    pub fn to_i128(&self) -> Option<i128> {
        self.rescale(0).unscaled()
    }

    /// The nearest double.
    #[must_use]
    pub fn to_f64(&self) -> f64 {
        if let Unscaled::Small(value) = self.unscaled {
            // Both exact: one correctly rounded division.
            if value.unsigned_abs() < 1 << 53 && self.scale <= 22 {
                #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
                return value as f64 / 10_f64.powi(i32::from(self.scale));
            }
        }
        self.to_string().parse().unwrap_or(0.0)
    }

    /// The decimal that a double's shortest decimal form denotes; None when it is not finite or has more than 65
    /// digits before the point.
    #[must_use]
    pub fn from_f64(value: f64) -> Option<Decimal> {
        if !value.is_finite() {
            return None;
        }
        Decimal::parse_prefix(format!("{value:e}").as_bytes())
            .and_then(|(decimal, _)| decimal.fits().then_some(decimal))
    }

    /// Reads the longest prefix of `text` (after white space) that is a decimal number, exponent allowed: the number
    /// and the bytes taken. None when there is no digit. Digits past the 30th after the point are rounded off; a number
    /// too large for 65 digits comes back with [`Decimal::fits`] false (or as 10^66 when the exponent is absurd).
    #[must_use]
    pub fn parse_prefix(text: &[u8]) -> Option<(Decimal, usize)> {
        let start = text.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let mut at = start;
        let negative = match text.get(at) {
            Some(b'-') => true,
            Some(b'+') => false,
            _ => {
                at = at.wrapping_sub(1);
                false
            }
        };
        at = at.wrapping_add(1);
        let integer_start = at;
        let digits_from = |from: usize| text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let integer_len = digits_from(at);
        at += integer_len;
        let mut fraction: &[u8] = &[];
        if text.get(at) == Some(&b'.') {
            let length = digits_from(at + 1);
            if length > 0 || integer_len > 0 {
                fraction = &text[at + 1..at + 1 + length];
                at += 1 + length;
            }
        }
        if integer_len == 0 && fraction.is_empty() {
            return None;
        }
        let integer = &text[integer_start..integer_start + integer_len];
        let mut exponent: i64 = 0;
        if matches!(text.get(at), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
            let length = text
                .get(at + 1 + sign..)
                .map_or(0, |rest| rest.iter().take_while(|b| b.is_ascii_digit()).count());
            if length > 0 {
                let digits = &text[at + 1 + sign..at + 1 + sign + length];
                let magnitude =
                    digits.iter().fold(0_i64, |sum, digit| (sum * 10 + i64::from(digit - b'0')).min(100_000));
                exponent = if text[at + 1] == b'-' { -magnitude } else { magnitude };
                at += 1 + sign + length;
            }
        }
        Some((Decimal::assemble(negative, integer, fraction, exponent), at))
    }

    fn assemble(negative: bool, integer: &[u8], fraction: &[u8], exponent: i64) -> Decimal {
        // The number is `digits * 10^(exponent - fraction.len())`.
        let shift = exponent - fraction.len() as i64;
        if integer.len() + fraction.len() <= 18 && (-18..=0).contains(&shift) {
            let value =
                integer.iter().chain(fraction).fold(0_i64, |sum, digit| sum * 10 + i64::from(digit - b'0'));
            let scale = u8::try_from(-shift).unwrap_or(0);
            return Decimal::new(if negative { -value } else { value }, scale);
        }
        let mut digits: Vec<u8> =
            integer.iter().chain(fraction).copied().skip_while(|byte| *byte == b'0').collect();
        if digits.is_empty() {
            return Decimal::new(
                0,
                u8::try_from((-shift).clamp(0, i64::from(DECIMAL_SCALE_MAX))).unwrap_or(0),
            );
        }
        // No more digits than can matter: 65 before the point and 31 after it.
        let magnitude = digits.len() as i64 + shift;
        if magnitude > i64::from(DECIMAL_DIGITS_MAX) {
            let huge = Decimal::from_big(big_power(u32::from(DECIMAL_DIGITS_MAX) + 1), 0);
            return if negative { huge.negate() } else { huge };
        }
        let mut shift = shift;
        let useful = usize::try_from(magnitude + i64::from(DECIMAL_SCALE_MAX) + 2).unwrap_or(0);
        if digits.len() > useful {
            shift += (digits.len() - useful) as i64;
            digits.truncate(useful);
        }
        if digits.is_empty() {
            return Decimal::new(0, DECIMAL_SCALE_MAX);
        }
        let mut value = BigInt::parse_bytes(&digits, 10).unwrap_or_default();
        if negative {
            value = -value;
        }
        let down = u32::try_from(-shift).unwrap_or(0);
        if shift >= 0 {
            Decimal::from_big(value * big_power(u32::try_from(shift).unwrap_or(0)), 0)
        } else if down <= u32::from(DECIMAL_SCALE_MAX) {
            Decimal::from_big(value, u8::try_from(down).unwrap_or(DECIMAL_SCALE_MAX))
        } else {
            let cut = big_power(down - u32::from(DECIMAL_SCALE_MAX));
            Decimal::from_big(divide_rounded_big(&value, &cut), DECIMAL_SCALE_MAX)
        }
    }

    /// The largest number of a DECIMAL(precision, scale).
    #[must_use]
    pub fn largest(precision: u8, scale: u8) -> Decimal {
        if precision <= 18 {
            return Decimal::from_i128(POWERS[usize::from(precision)] - 1, scale);
        }
        Decimal::from_big(big_power(u32::from(precision)) - 1, scale)
    }

    /// Appends the number as text, with exactly its scale's digits.
    pub fn write(&self, out: &mut Vec<u8>) {
        let digits = match &self.unscaled {
            Unscaled::Small(value) => {
                let mut buffer = [0_u8; 20];
                let mut at = buffer.len();
                let mut rest = value.unsigned_abs();
                loop {
                    at -= 1;
                    buffer[at] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
                    rest /= 10;
                    if rest == 0 {
                        break;
                    }
                }
                self.write_digits(&buffer[at..], out);
                return;
            }
            Unscaled::Big(value) => value.magnitude().to_string(),
        };
        self.write_digits(digits.as_bytes(), out);
    }

    fn write_digits(&self, digits: &[u8], out: &mut Vec<u8>) {
        if self.is_negative() {
            out.push(b'-');
        }
        let scale = usize::from(self.scale);
        if digits.len() > scale {
            out.extend_from_slice(&digits[..digits.len() - scale]);
        } else {
            out.push(b'0');
        }
        if scale > 0 {
            out.push(b'.');
            out.extend(std::iter::repeat_n(b'0', scale.saturating_sub(digits.len())));
            out.extend_from_slice(&digits[digits.len().saturating_sub(scale)..]);
        }
    }
}

impl From<i64> for Decimal {
    fn from(value: i64) -> Decimal {
        Decimal::new(value, 0)
    }
}

impl From<u64> for Decimal {
    fn from(value: u64) -> Decimal {
        Decimal::from_i128(i128::from(value), 0)
    }
}

impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = Vec::with_capacity(24);
        self.write(&mut text);
        f.write_str(&String::from_utf8_lossy(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        let (value, length) = Decimal::parse_prefix(text.as_bytes()).unwrap();
        assert_eq!(length, text.len());
        value
    }

    #[test]
    fn decimal_reads_and_writes() {
        for text in [
            "0",
            "-1",
            "1.50",
            "0.001",
            "-0.5",
            "99999999999999999999999999999999999.999999999999999999999999999999",
        ] {
            assert_eq!(decimal(text).to_string(), text);
        }
        assert_eq!(decimal("1e3").to_string(), "1000");
        assert_eq!(decimal("12.5e-3").to_string(), "0.0125");
        assert_eq!(decimal(".5").to_string(), "0.5");
        assert!(Decimal::parse_prefix(b"abc").is_none());
        assert_eq!(Decimal::parse_prefix(b" 12abc").unwrap().1, 3);
        assert!(!decimal("1e70").fits());
    }

    #[test]
    fn division_is_cut_after_a_word_before_it_is_rounded() {
        let divide = |left: &str, right: i64| {
            let (left, _) = Decimal::parse_prefix(left.as_bytes()).unwrap();
            left.divide_by_words(&Decimal::from(right), 4).map(|quotient| quotient.to_string())
        };
        // As MySQL 9.7 answers: the second has all nine digits of its word, the others are rounded within it.
        assert_eq!(divide("1", 7).as_deref(), Some("0.1429"));
        assert_eq!(divide("1.00000", 7).as_deref(), Some("0.142857142"));
        assert_eq!(divide("1.000000", 7).as_deref(), Some("0.1428571429"));
        assert_eq!(divide("-2", 3).as_deref(), Some("-0.6667"));
        assert_eq!(divide("1", 0), None);
    }

    #[test]
    fn decimal_arithmetic_is_exact() {
        let check = |value: Decimal, text: &str| assert_eq!(value.to_string(), text);
        check(decimal("0.1").add(&decimal("0.2")), "0.3");
        check(decimal("1").subtract(&decimal("0.001")), "0.999");
        check(
            decimal("99999999999999999999").multiply(&decimal("99999999999999999999")),
            "9999999999999999999800000000000000000001",
        );
        check(decimal("1").divide(&decimal("3"), 4).unwrap(), "0.3333");
        check(decimal("-2").divide(&decimal("3"), 4).unwrap(), "-0.6667");
        check(decimal("2.5").rescale(0), "3");
        check(decimal("-2.5").rescale(0), "-3");
        check(decimal("1299.5").round_integer(2, false), "1300");
        check(decimal("-1.1").to_integer_towards(false), "-2");
        check(decimal("-1.1").to_integer_towards(true), "-1");
        let (quotient, remainder) = decimal("-7.5").divide_integer(&decimal("2")).unwrap();
        check(quotient, "-3");
        check(remainder, "-1.5");
        assert_eq!(decimal("1.0").compare(&decimal("1.00")), Ordering::Equal);
        assert!(decimal("1").divide(&Decimal::ZERO, 4).is_none());
    }

    #[test]
    fn decimal_bytes_round_trip() {
        for text in [
            "0",
            "-12345678901234567890.5",
            "99999999999999999999999999999999999999999999999999999999999999999",
        ] {
            let value = decimal(text);
            assert_eq!(Decimal::from_unscaled_bytes(&value.unscaled_bytes(), value.scale()), Some(value));
        }
        assert_eq!(Decimal::from_unscaled_bytes(&[0x7f; 32], 0), None);
    }
}
