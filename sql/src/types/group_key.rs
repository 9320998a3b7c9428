//! Keys for GROUP BY, DISTINCT and hash joins: two values are equal under a collation exactly if their keys are the same
//! bytes. The keys of one column must be made of values of one type; the order of keys means nothing.

use crate::collation;
use crate::types::{Collation, Value};

/// Appends the key of a value. Self-delimiting: keys of several columns may follow each other.
pub fn write_group_key(value: &Value, collation: Collation, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(0),
        Value::Int(number) => {
            out.push(1);
            out.extend_from_slice(&i128::from(*number).to_le_bytes()[..9]);
        }
        Value::UInt(number) => {
            out.push(1);
            out.extend_from_slice(&i128::from(*number).to_le_bytes()[..9]);
        }
        Value::Double(number) => {
            out.push(2);
            // -0 equals 0.
            out.extend_from_slice(&(number + 0.0).to_bits().to_le_bytes());
        }
        Value::Decimal(decimal) => {
            out.push(3);
            // 1.0 equals 1.00: the digits without trailing zeros.
            let text = decimal.to_string();
            let text = if text.contains('.') {
                text.trim_end_matches('0').trim_end_matches('.')
            } else {
                text.as_str()
            };
            write_delimited(if text == "-0" { b"0" } else { text.as_bytes() }, out);
        }
        Value::Text(text) => {
            out.push(4);
            let start = out.len();
            out.extend_from_slice(&[0; 4]);
            collation::sort_key(collation, text, out);
            let length = u32::try_from(out.len() - start - 4).unwrap_or(u32::MAX);
            out[start..start + 4].copy_from_slice(&length.to_le_bytes());
        }
        Value::Blob(bytes) => {
            out.push(5);
            write_delimited(bytes, out);
        }
        Value::Date(date) => {
            out.push(6);
            out.extend_from_slice(&date.midnight().packed().to_le_bytes());
        }
        Value::DateTime(datetime) => {
            out.push(6);
            out.extend_from_slice(&datetime.packed().to_le_bytes());
        }
        Value::Time(time) => {
            out.push(7);
            out.extend_from_slice(&time.microseconds().to_le_bytes());
        }
        Value::Json(document) => {
            out.push(8);
            crate::json::compare::write_group_key(crate::json::View::of_document(document), out);
        }
    }
}

fn write_delimited(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(bytes);
}
