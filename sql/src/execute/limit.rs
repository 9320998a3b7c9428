//! LIMIT and OFFSET.

use crate::error::Error;
use crate::execute::{Context, Run};
use crate::expression::Expression;
use crate::types::Value;

/// A number of rows; none for what is not one.
#[must_use]
pub fn as_rows(value: &Value) -> Option<u64> {
    match value {
        Value::Int(number) => u64::try_from(*number).ok(),
        Value::UInt(number) => Some(*number),
        _ => None,
    }
}

/// Evaluates a LIMIT or OFFSET; a parameter may come as text, as drivers send it.
///
/// # Errors
/// 1210 for what is no number of rows.
pub fn evaluate(expression: Option<&Expression>, ctx: &mut Context) -> Run<Option<u64>> {
    let Some(expression) = expression else {
        return Ok(None);
    };
    let value = expression.eval(&[], ctx)?;
    if let Value::Text(text) = &value
        && let Some(rows) = std::str::from_utf8(text).ok().and_then(|text| text.trim().parse().ok())
    {
        return Ok(Some(rows));
    }
    let is_parameter = matches!(expression, Expression::Parameter { .. });
    let of = if is_parameter { "EXECUTE" } else { "LIMIT" };
    as_rows(&value).map(Some).ok_or_else(|| Error::wrong_arguments(of).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_that_are_not_negative_are_row_counts() {
        assert_eq!(as_rows(&Value::Int(3)), Some(3));
        assert_eq!(as_rows(&Value::UInt(u64::MAX)), Some(u64::MAX));
        assert_eq!(as_rows(&Value::Int(-1)), None);
        assert_eq!(as_rows(&Value::Null), None);
    }
}
