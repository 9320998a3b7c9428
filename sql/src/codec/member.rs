//! ENUM and SET in keys and rows: the number, not the text.
//!
//! In a key it is big endian, in as many bytes as MySQL's column has, so that keys sort by number as MySQL does; in a row it
//! is LEB128. A number that the members do not have is damage.

use crate::Result;
use crate::catalog::Column;
use crate::types::{DataType, MemberSet, Value};

use super::comparable::Fit;
use super::{Input, damaged, unconverted, write_big_endian, write_varint};

/// The number of a value: of a member's text, or a number itself (the end of a range).
fn number_of(
    value: &Value,
    data_type: &DataType,
    members: &MemberSet,
) -> Result<std::result::Result<u64, Fit>> {
    Ok(match value {
        Value::Text(text) => Ok(members.number(data_type.kind, text)),
        Value::UInt(number) => Ok(*number),
        Value::Int(number) => u64::try_from(*number).map_err(|_| Fit::Below),
        _ => return Err(unconverted(data_type, value)),
    })
}

/// Appends the number to a key.
///
/// # Errors
/// 1105 when the value is neither text nor an integer.
pub(super) fn write_key(
    value: &Value,
    data_type: &DataType,
    members: &MemberSet,
    out: &mut Vec<u8>,
) -> Result<Fit> {
    let width = members.number_bytes(data_type.kind);
    match number_of(value, data_type, members)? {
        Ok(number) if width == 8 || number >> (8 * width) == 0 => {
            write_big_endian(number, width, out);
            Ok(Fit::Exact)
        }
        Ok(_) => Ok(Fit::Above),
        Err(fit) => Ok(fit),
    }
}

/// Takes a number off a key and gives its text.
///
/// # Errors
/// 1105 when it is no number of the column.
pub(super) fn read_key(column: &Column, input: &mut Input<'_>) -> Result<Value> {
    let members = column.members.as_deref().ok_or_else(|| damaged("an ENUM or SET has no members"))?;
    let number = input.big_endian(members.number_bytes(column.data_type.kind))?;
    text_of(number, &column.data_type, members)
}

/// Appends the number to a row.
///
/// # Errors
/// 1105 when the value is no text.
pub(super) fn write_row(
    value: &Value,
    data_type: &DataType,
    members: &MemberSet,
    out: &mut Vec<u8>,
) -> Result<()> {
    let Value::Text(text) = value else { return Err(unconverted(data_type, value)) };
    write_varint(members.number(data_type.kind, text), out);
    Ok(())
}

/// Takes a number off a row and gives its text.
///
/// # Errors
/// 1105 when it is no number of the column.
pub(super) fn read_row(data_type: &DataType, members: &MemberSet, input: &mut Input<'_>) -> Result<Value> {
    let number = input.varint()?;
    text_of(number, data_type, members)
}

fn text_of(number: u64, data_type: &DataType, members: &MemberSet) -> Result<Value> {
    let text = members.text(data_type.kind, number);
    text.map(Value::Text).ok_or_else(|| damaged("an ENUM or SET holds a number without a member"))
}
