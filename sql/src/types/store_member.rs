//! Storing into BIT, ENUM and SET.
//!
//! ENUM and SET take the text of a member under the column's collation, or its number, also as text when no member is so
//! called (`Field_enum::store`, `Field_set::store`). BIT takes bytes as they are and numbers in binary.

use bytes::Bytes;

use crate::error::{Error, Result};
use crate::types::store::Target;
use crate::types::text::to_text;
use crate::types::{DataType, MemberSet, TypeKind, Value, convert};

/// Text shorter than this may be the number of an ENUM's member.
const ENUM_NUMBER_BYTES: usize = 6;
/// Text shorter than this may be the number of a SET.
const SET_NUMBER_BYTES: usize = 22;

impl Target<'_> {
    /// Into ENUM or SET.
    pub(super) fn member(&mut self, value: &Value, from: &DataType) -> Result<Value> {
        let kind = self.to.kind;
        let Some(members) = MemberSet::of_kind(kind) else {
            return Err(Error::internal("a column of ENUM or SET has no members"));
        };
        let is_set = matches!(kind, TypeKind::Set(_));
        let (number, fits) = match value {
            Value::Int(_) | Value::UInt(_) | Value::Double(_) | Value::Decimal(_) => {
                let number = match value {
                    // Fractions are cut, not rounded.
                    #[expect(clippy::cast_possible_truncation, reason = "`as` saturates")]
                    Value::Double(double) => *double as i128,
                    Value::Decimal(decimal) => {
                        let cut = decimal.to_integer_towards(decimal.is_negative());
                        cut.to_i128().unwrap_or(i128::MAX)
                    }
                    _ => convert::to_integer(value, self.session).unwrap_or(0),
                };
                if is_set { set_of_number(&members, number) } else { enum_of_number(&members, number) }
            }
            _ => {
                let text = to_text(value, from).unwrap_or_default();
                if is_set { self.set_of_text(&members, &text) } else { self.enum_of_text(&members, &text) }
            }
        };
        let stored = Value::Text(members.text(kind, number).unwrap_or_default());
        if fits { Ok(stored) } else { self.refuse(Error::truncated(self.column, self.row), stored) }
    }

    fn enum_of_text(&self, members: &MemberSet, text: &[u8]) -> (u64, bool) {
        let text = trim_spaces(text);
        if let Some(position) = members.position(text, self.to.collation) {
            return (u64::from(position), true);
        }
        let number = if text.len() < ENUM_NUMBER_BYTES { whole_number(text) } else { None };
        match number {
            Some(number) if number <= members.members().len() as u64 => (number, true),
            _ => (0, false),
        }
    }

    fn set_of_text(&self, members: &MemberSet, text: &[u8]) -> (u64, bool) {
        let (bits, all) = members.set_bits(trim_spaces(text), self.to.collation);
        // Blanks alone are neither nothing nor a number.
        if bits != 0 || text.is_empty() || text.len() >= SET_NUMBER_BYTES {
            return (bits, all);
        }
        match whole_number(text) {
            Some(number) if number & !members.all_bits() == 0 => (number, true),
            _ => (0, false),
        }
    }

    /// Into BIT. What does not fit becomes all ones.
    pub(super) fn bit(&mut self, value: &Value, from: &DataType, bits: u8) -> Result<Value> {
        let largest = u64::MAX >> (64 - u32::from(bits.clamp(1, 64)));
        let number = match value {
            Value::Text(_) | Value::Blob(_) | Value::Date(_) | Value::Time(_) | Value::DateTime(_) => {
                bit_number(&to_text(value, from).unwrap_or_default())
            }
            Value::Double(double) => {
                #[expect(clippy::cast_possible_truncation, reason = "`as` saturates")]
                let integer = *double as i64;
                Some(integer.cast_unsigned())
            }
            Value::Decimal(decimal) => {
                let integer = decimal.to_i128().unwrap_or(i128::MAX);
                let number = u64::try_from(integer)
                    .ok()
                    .or_else(|| i64::try_from(integer).ok().map(i64::cast_unsigned));
                if number.is_none() {
                    return self.refuse(Error::out_of_range(self.column, self.row), Value::UInt(largest));
                }
                number
            }
            _ => convert::to_integer(value, self.session).map(|integer| {
                u64::try_from(integer).unwrap_or_else(|_| convert::clamp_i64(integer).cast_unsigned())
            }),
        };
        match number {
            Some(number) if number <= largest => Ok(Value::UInt(number)),
            _ => {
                // IGNORE warns with the words of the strict mode.
                let error = if self.session.variables.sql_mode.is_strict() {
                    Error::too_long(self.column, self.row)
                } else {
                    Error::out_of_range(self.column, self.row)
                };
                self.refuse(error, Value::UInt(largest))
            }
        }
    }
}

fn enum_of_number(members: &MemberSet, number: i128) -> (u64, bool) {
    match u64::try_from(number) {
        Ok(number) if (1..=members.members().len() as u64).contains(&number) => (number, true),
        _ => (0, false),
    }
}

fn set_of_number(members: &MemberSet, number: i128) -> (u64, bool) {
    let bits = u64::try_from(number).unwrap_or_else(|_| convert::clamp_i64(number).cast_unsigned());
    let known = bits & members.all_bits();
    (known, known == bits)
}

/// Bytes as a number, the first one the highest; None above 64 bits.
fn bit_number(bytes: &Bytes) -> Option<u64> {
    let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    let bytes = &bytes[first..];
    if bytes.len() > size_of::<u64>() {
        return None;
    }
    Some(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

fn trim_spaces(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
    &text[..end]
}

/// Text that is a number from its first byte to its last.
fn whole_number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.trim_start().parse().ok()
}
