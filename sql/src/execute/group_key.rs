//! Values as bytes that are equal exactly when SQL takes the values for equal: keys of GROUP BY, DISTINCT and hash joins.
//!
//! The form is that of [`write_group_key`]; on top of it integers and decimals meet in one form, and the two sides of a
//! join are brought to the form in which MySQL compares them.

use crate::plan::node::KeyClass;
use crate::types::group_key::write_group_key;
use crate::types::{Collation, Decimal, Value};

/// Appends the key of a value; NULL is equal to NULL. Numbers of one column may be integers and decimals in turn.
pub fn group_key(value: &Value, collation: Collation, out: &mut Vec<u8>) {
    if let Value::Decimal(number) = value {
        let whole = number.to_integer_towards(false);
        if whole.compare(number).is_eq()
            && let Some(number) = whole.to_i128().and_then(integer)
        {
            return write_group_key(&number, collation, out);
        }
    }
    write_group_key(value, collation, out);
}

fn integer(number: i128) -> Option<Value> {
    i64::try_from(number).map(Value::Int).or_else(|_| u64::try_from(number).map(Value::UInt)).ok()
}

/// Appends the key of one side of a join's equality; false when it is equal to nothing.
pub fn class_key(value: &Value, class: KeyClass, null_safe: bool, out: &mut Vec<u8>) -> bool {
    match (class, value) {
        (_, Value::Null) => {
            if !null_safe {
                return false;
            }
            write_group_key(value, Collation::Binary, out);
        }
        (KeyClass::Double, Value::Int(number)) => {
            #[expect(clippy::cast_precision_loss, reason = "such sides compare as doubles")]
            double(*number as f64, out);
        }
        (KeyClass::Double, Value::UInt(number)) => {
            #[expect(clippy::cast_precision_loss, reason = "such sides compare as doubles")]
            double(*number as f64, out);
        }
        (KeyClass::Double, Value::Decimal(number)) => double(number.to_f64(), out),
        (KeyClass::Exact, Value::Double(number)) => match Decimal::from_f64(*number) {
            Some(number) => group_key(&Value::Decimal(number), Collation::Binary, out),
            None => return false,
        },
        (KeyClass::Binary, Value::Text(bytes)) => {
            write_group_key(&Value::Blob(bytes.clone()), Collation::Binary, out);
        }
        (KeyClass::Text(collation), value) => group_key(value, collation, out),
        (
            KeyClass::Exact | KeyClass::Double | KeyClass::Binary | KeyClass::DateTime | KeyClass::Time,
            value,
        ) => {
            group_key(value, Collation::Binary, out);
        }
    }
    true
}

/// About how many bytes of memory a value takes.
#[must_use]
pub fn value_bytes(value: &Value) -> usize {
    size_of::<Value>()
        + match value {
            Value::Text(bytes) | Value::Blob(bytes) => bytes.len(),
            Value::Json(document) => document.len(),
            _ => 0,
        }
}

fn double(number: f64, out: &mut Vec<u8>) {
    write_group_key(&Value::Double(number), Collation::Binary, out);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(value: &Value) -> Vec<u8> {
        let mut out = Vec::new();
        group_key(value, Collation::Utf8mb4_0900AiCi, &mut out);
        out
    }

    #[test]
    fn equal_values_of_different_forms_have_one_key() {
        assert_eq!(key(&Value::Int(5)), key(&Value::UInt(5)));
        assert_eq!(key(&Value::Int(5)), key(&Value::Decimal(Decimal::new(500, 2))));
        assert_eq!(key(&Value::Decimal(Decimal::new(15, 1))), key(&Value::Decimal(Decimal::new(1500, 3))));
        assert_eq!(key(&Value::Double(0.0)), key(&Value::Double(-0.0)));
        assert_eq!(key(&Value::Text("Abc".into())), key(&Value::Text("aBC".into())));
    }

    #[test]
    fn different_values_have_different_keys() {
        assert_ne!(key(&Value::Int(5)), key(&Value::Int(-5)));
        assert_ne!(key(&Value::Decimal(Decimal::new(15, 1))), key(&Value::Decimal(Decimal::new(151, 2))));
        assert_ne!(key(&Value::Text("ab".into())), key(&Value::Text("a".into())));
        assert_ne!(key(&Value::Null), key(&Value::Int(0)));
    }
}
