//! Constants that are calculated, where what is made of them depends on their value: the digits of a time, and what a column next to them
//! would hold.

use crate::expression::Expression;
use crate::expression::bind::Binder;
use crate::types::text::to_text;
use crate::types::{DataType, TypeKind, Value, number};

/// Numbers up to this are exact in a DOUBLE.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

impl Binder<'_> {
    /// The arguments, with texts that are calculated from constants as the constants that they are.
    pub(super) fn known_texts(&self, arguments: &[Expression]) -> Vec<Expression> {
        arguments
            .iter()
            .map(|argument| self.known_text(argument).unwrap_or_else(|| argument.clone()))
            .collect()
    }

    fn known_text(&self, argument: &Expression) -> Option<Expression> {
        let own = argument.data_type();
        // A text that is made of a date has a fraction of six digits or none.
        let is_date_of_text = own.has_date() && own.display_width == DataType::DATE_OF_TEXT;
        let is_text =
            own.is_string() || own.kind == TypeKind::Null && own != DataType::BARE_NUMBER || is_date_of_text;
        if !is_text || argument.as_constant().is_some() {
            return None;
        }
        let value = argument.known_value(self.scope.session())?;
        let text = match value {
            Value::Text(_) | Value::Blob(_) => value,
            Value::Int(_) | Value::UInt(_) | Value::Decimal(_) | Value::Double(_) => {
                Value::Text(to_text(&value, &DataType::NULL)?)
            }
            Value::Date(_) if is_date_of_text => Value::Text("00:00:00".into()),
            Value::DateTime(date) if is_date_of_text && date.microsecond() == 0 => {
                Value::Text("00:00:00".into())
            }
            Value::Null | Value::Date(_) | Value::Time(_) | Value::DateTime(_) | Value::Json(_) => {
                return None;
            }
        };
        Some(Expression::constant(text, own))
    }

    /// What is calculated from constants, next to a column of integers, years or times that STRCMP compares it with, as the constant that
    /// it is.
    pub(super) fn known_beside(&self, operand: Expression, column: &Expression) -> Expression {
        let kind = column.data_type().kind;
        let is_known_kind =
            matches!(kind, TypeKind::BigInt | TypeKind::Date | TypeKind::Year | TypeKind::Time(_));
        if !column.is_column() || !is_known_kind || operand.gives_date() {
            return operand;
        }
        // What year a time is of is not known yet.
        if operand.as_constant().is_some() || operand.data_type().is_temporal() {
            return operand;
        }
        match operand.known_value(self.scope.session()) {
            Some(value) if !value.is_null() => Expression::constant(value, operand.data_type()),
            _ => operand,
        }
    }

    /// A constant next to a BIGINT column, which it becomes an integer by: a text that begins with one, bytes, a date. What is no integer
    /// stays what it is.
    pub(super) fn whole_beside(&self, operand: Expression, column: &Expression) -> Expression {
        if !operand.is_fixed() || operand.gives_date() {
            return operand;
        }
        let known = match operand.as_hex_number() {
            Some(number) => number.as_constant().cloned(),
            None => operand.known_value(self.scope.session()),
        };
        let whole = match known {
            Some(Value::Text(text) | Value::Blob(text)) => match number::double_prefix(&text).0 {
                number if number.fract() != 0.0 => None,
                #[expect(clippy::cast_possible_truncation, reason = "it is within the bounds")]
                number if number.abs() < EXACT_MAX => Some(number as i128),
                _ => Some(number::integer_prefix(&text).0),
            },
            #[expect(clippy::cast_possible_truncation, reason = "it is within the bounds")]
            Some(Value::Double(number)) if number.fract() == 0.0 && number.abs() < EXACT_MAX => {
                Some(number as i128)
            }
            Some(Value::UInt(number)) if operand.data_type().is_binary() => Some(i128::from(number)),
            Some(Value::Date(date)) => Some(i128::from(date.as_number())),
            Some(Value::Time(time)) if time.microseconds() % 1_000_000 == 0 => {
                let seconds = time.microseconds() / 1_000_000;
                let digits = seconds / 3600 * 10_000 + seconds / 60 % 60 * 100 + seconds % 60;
                Some(i128::from(digits))
            }
            Some(Value::DateTime(datetime)) if datetime.microsecond() == 0 => {
                Some(i128::from(datetime.as_number()))
            }
            _ => None,
        };
        let is_unsigned = column.data_type().unsigned;
        let value = whole.and_then(|whole| match is_unsigned {
            true => u64::try_from(whole).ok().map(Value::UInt),
            false => i64::try_from(whole).ok().map(Value::Int),
        });
        match value {
            Some(value) => Expression::constant(value, DataType::BIGINT.with_unsigned(is_unsigned)),
            None => operand,
        }
    }
}
