//! The form of a DECIMAL in keys and rows.
//!
//! The number without its point at the column's scale, as a two's complement integer, big endian, in as many bytes as
//! the column's precision needs, with the sign bit flipped: so that bytes order as numbers do. DECIMAL(10,2) takes 5
//! bytes, DECIMAL(18,s) 8, DECIMAL(65,s) 28.

use super::comparable::Fit;
use super::{Input, damaged};
use crate::Result;
use crate::types::Decimal;

/// Digits that a 64-bit integer holds whatever they are.
const SMALL_DIGITS_MAX: u8 = 18;

/// Bytes of a DECIMAL of this precision.
#[must_use]
pub fn width(precision: u8, _scale: u8) -> usize {
    // ceil(precision * log2(10)) bits of magnitude, and one for the sign.
    let bits = (u64::from(precision) * 33_219_281).div_ceil(10_000_000) + 1;
    (bits as usize).div_ceil(8)
}

/// Appends a number. With more digits after the point than `scale` it is cut down to the next lower number, and says so.
///
/// # Errors
/// None today; the result leaves room for bounds of the number type.
pub fn write(number: &Decimal, precision: u8, scale: u8, out: &mut Vec<u8>) -> Result<Fit> {
    let width = width(precision, scale);
    if number.scale() == scale
        && precision <= SMALL_DIGITS_MAX
        && let Some(unscaled) = number.unscaled()
        && let Ok(unscaled) = i64::try_from(unscaled)
        && unscaled.unsigned_abs() < 10u64.pow(u32::from(precision))
    {
        let flipped = (unscaled as u64) ^ 1 << (8 * width - 1);
        super::write_big_endian(flipped, width, out);
        return Ok(Fit::Exact);
    }
    let mut cut = number.truncate(scale);
    let exact = cut.compare(number).is_eq();
    if !exact && number.is_negative() {
        // Cutting went towards zero, which is up.
        cut = cut.subtract(&Decimal::new(1, scale));
    }
    let largest = Decimal::largest(precision, scale);
    if cut.compare(&largest).is_gt() {
        return Ok(Fit::Above);
    }
    if cut.compare(&largest.negate()).is_lt() {
        return Ok(Fit::Below);
    }
    let bytes = cut.unscaled_bytes();
    let filler = if cut.is_negative() { 0xFF } else { 0 };
    let start = out.len();
    out.resize(start + width.saturating_sub(bytes.len()), filler);
    out.extend_from_slice(&bytes[bytes.len().saturating_sub(width)..]);
    out[start] ^= 0x80;
    Ok(if exact { Fit::Exact } else { Fit::Floor })
}

/// Takes a number off the front.
///
/// # Errors
/// 1105 when the bytes are no such number.
pub(super) fn read(precision: u8, scale: u8, input: &mut Input<'_>) -> Result<Decimal> {
    let width = width(precision, scale);
    if width <= 8 {
        let flipped = input.big_endian(width)? ^ 1 << (8 * width - 1);
        let shift = 64 - 8 * width as u32;
        return Ok(Decimal::new((flipped << shift) as i64 >> shift, scale));
    }
    let mask = input.mask;
    let mut bytes = [0u8; 32];
    let taken = input.take(width)?;
    let bytes = bytes.get_mut(..width).ok_or_else(|| damaged("a decimal is too wide"))?;
    for (to, from) in bytes.iter_mut().zip(taken) {
        *to = from ^ mask;
    }
    bytes[0] ^= 0x80;
    Decimal::from_unscaled_bytes(bytes, scale).ok_or_else(|| damaged("a decimal has too many digits"))
}
