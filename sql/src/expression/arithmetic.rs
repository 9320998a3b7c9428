//! `+ - * / DIV %` and the bit operators on two values.
//!
//! Integers stay integers and refuse to overflow (1690); a decimal on either side makes both decimals, a double (or text)
//! both doubles. Division is decimal unless a double is involved, with `div_precision_increment` more digits than the
//! dividend. Bit operators work on 64 bits without sign.

use crate::ast::BinaryOp;
use crate::error::{Error, Result};
use crate::expression::Expression;
use crate::session::{SessionState, WarningLevel};
use crate::types::convert::{Number, to_decimal, to_i64, to_integer, to_number};
use crate::types::text::to_text;
use crate::types::{DataType, Decimal, Value};
use crate::variables::SqlMode;

/// An operation whose operands are known; `expression` is for messages.
pub(super) struct Operation<'a> {
    pub op: BinaryOp,
    pub data_type: &'a DataType,
    pub expression: &'a Expression,
    /// Division by zero is an error here, not a warning.
    pub strict: bool,
}

/// Two values under an operator. NULL on either side gives NULL.
pub(super) fn apply(
    operation: &Operation<'_>,
    left: &Value,
    right: &Value,
    session: &mut SessionState,
) -> Result<Value> {
    if let (Value::Int(a), Value::Int(b)) = (left, right)
        && !operation.data_type.unsigned
    {
        let result = match operation.op {
            BinaryOp::Add => a.checked_add(*b),
            BinaryOp::Subtract => a.checked_sub(*b),
            BinaryOp::Multiply => a.checked_mul(*b),
            _ => None,
        };
        if let Some(value) = result {
            return Ok(Value::Int(value));
        }
    }
    if matches!(left, Value::Null) || matches!(right, Value::Null) {
        if !is_bit_operator(operation.op) {
            // The other one is a number nevertheless, or is warned of.
            for text in
                [left, right].into_iter().filter(|side| matches!(side, Value::Text(_) | Value::Blob(_)))
            {
                to_number(text, session);
            }
        }
        return Ok(Value::Null);
    }
    if is_bit_operator(operation.op) {
        return Ok(bits(operation.op, left, right, session));
    }
    // DIV has texts as decimals.
    let sides = match operation.expression {
        Expression::Arithmetic { op: BinaryOp::IntDivide, left, right, .. } => Some((left, right)),
        _ => None,
    };
    let mut number_of = |operand: &Value, source: Option<&Expression>| match source {
        Some(source) => decimal_of(operand, source, session).map(Number::Decimal),
        None => to_number(operand, session),
    };
    let left_source = sides.map(|(left, _)| left.as_ref()).filter(|_| is_string(left));
    let right_source = sides.map(|(_, right)| right.as_ref()).filter(|_| is_string(right));
    let (Some(a), Some(b)) = (number_of(left, left_source), number_of(right, right_source)) else {
        return Ok(Value::Null);
    };
    match operation.op {
        BinaryOp::Divide => divide(operation, &a, &b, session),
        BinaryOp::IntDivide => divide_integer(operation, &a, &b, session),
        BinaryOp::Modulo => modulo(operation, &a, &b, session),
        _ => add_or_multiply(operation, &a, &b, session),
    }
}

impl Expression {
    /// Its value as a column of texts or bytes gets it: in MySQL a zero that `*`, `/` or `%` gives has no digits after its point, which
    /// only those who write it by its type add.
    ///
    /// A time that is chosen gets into a column of numbers as its text.
    pub(crate) fn as_stored(&self, value: Value, to: &DataType) -> Value {
        if matches!(value, Value::Time(_) | Value::Date(_) | Value::DateTime(_))
            && to.is_numeric()
            && self.is_chosen()
        {
            // What is chosen among times is copied as a text.
            return to_text(&value, &self.data_type()).map_or(Value::Null, Value::Text);
        }
        if !matches!(&value, Value::Decimal(decimal) if decimal.is_zero()) || !to.is_string() {
            return value;
        }
        let mut whole = self;
        while let Expression::Negate { operand, .. } = whole {
            whole = operand;
        }
        match whole {
            Expression::Arithmetic {
                op: BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo, ..
            } => Value::Int(0),
            _ => value,
        }
    }
}

impl Expression {
    /// Whether it is one of several values of its own type.
    fn is_chosen(&self) -> bool {
        match self {
            Expression::Case { .. } => true,
            Expression::Call { function, .. } => matches!(function.name, "GREATEST" | "LEAST"),
            _ => false,
        }
    }
}

fn is_string(value: &Value) -> bool {
    matches!(value, Value::Text(_) | Value::Blob(_))
}

/// A text as a decimal. One that is not written in the statement is warned of twice if it is no number at all.
pub(crate) fn decimal_of(value: &Value, source: &Expression, session: &mut SessionState) -> Option<Decimal> {
    if let Value::Text(text) | Value::Blob(text) = value
        && source.as_constant().is_none()
        && Decimal::parse_prefix(text).is_none_or(|(_, taken)| taken == 0)
    {
        let error = Error::incorrect_value("DECIMAL", "0", "", -1);
        session.warn(WarningLevel::Warning, error.code, error.message);
    }
    to_decimal(value, session)
}

fn is_bit_operator(op: BinaryOp) -> bool {
    matches!(
        op,
        BinaryOp::BitAnd | BinaryOp::BitOr | BinaryOp::BitXor | BinaryOp::ShiftLeft | BinaryOp::ShiftRight
    )
}

fn out_of_range(kind: &str, expression: &Expression) -> Error {
    Error::data_out_of_range(kind, expression)
}

fn is_double(number: &Number) -> bool {
    matches!(number, Number::Double(_))
}

fn is_decimal(number: &Number) -> bool {
    matches!(number, Number::Decimal(_))
}

fn is_unsigned(number: &Number) -> bool {
    matches!(number, Number::UInt(_))
}

/// An integer result in the range of its signedness.
fn integer(value: i128, unsigned: bool, expression: &Expression) -> Result<Value> {
    if unsigned {
        return u64::try_from(value)
            .map(Value::UInt)
            .map_err(|_| out_of_range("BIGINT UNSIGNED", expression));
    }
    i64::try_from(value).map(Value::Int).map_err(|_| out_of_range("BIGINT", expression))
}

fn double(value: f64, expression: &Expression) -> Result<Value> {
    if value.is_finite() { Ok(Value::Double(value)) } else { Err(out_of_range("DOUBLE", expression)) }
}

fn decimal(value: Decimal, expression: &Expression) -> Result<Value> {
    if value.fits_arithmetic() { Ok(Value::Decimal(value)) } else { Err(out_of_range("DECIMAL", expression)) }
}

fn add_or_multiply(
    operation: &Operation<'_>,
    a: &Number,
    b: &Number,
    session: &SessionState,
) -> Result<Value> {
    let expression = operation.expression;
    if is_double(a) || is_double(b) {
        let (a, b) = (a.to_f64(), b.to_f64());
        return double(
            match operation.op {
                BinaryOp::Add => a + b,
                BinaryOp::Subtract => a - b,
                _ => a * b,
            },
            expression,
        );
    }
    if is_decimal(a) || is_decimal(b) {
        let (a, b) = (a.to_decimal(), b.to_decimal());
        return decimal(
            match operation.op {
                BinaryOp::Add => a.add(&b),
                BinaryOp::Subtract => a.subtract(&b),
                _ => a.multiply(&b),
            },
            expression,
        );
    }
    let signed_subtraction = operation.op == BinaryOp::Subtract
        && session.variables.sql_mode.has(SqlMode::NO_UNSIGNED_SUBTRACTION);
    let unsigned = (is_unsigned(a) || is_unsigned(b)) && !signed_subtraction;
    let (a, b) = (a.to_i128(), b.to_i128());
    let result = match operation.op {
        BinaryOp::Add => a + b,
        BinaryOp::Subtract => a - b,
        // Both are below 2^64, so the product may pass 2^127 only far outside of any result's range.
        _ => a.saturating_mul(b),
    };
    integer(result, unsigned, expression)
}

/// NULL with warning 1365, or the error, as the sql_mode says.
fn by_zero(operation: &Operation<'_>, session: &mut SessionState) -> Result<Value> {
    let error = Error::division_by_zero();
    if session.variables.sql_mode.has(SqlMode::ERROR_FOR_DIVISION_BY_ZERO) {
        if operation.strict {
            return Err(error);
        }
        session.warn(WarningLevel::Warning, error.code, error.message);
    }
    Ok(Value::Null)
}

fn divide(operation: &Operation<'_>, a: &Number, b: &Number, session: &mut SessionState) -> Result<Value> {
    if is_double(a) || is_double(b) {
        let (a, b) = (a.to_f64(), b.to_f64());
        return if b == 0.0 { by_zero(operation, session) } else { double(a / b, operation.expression) };
    }
    let (a, b) = (a.to_decimal(), b.to_decimal());
    match a.divide_by_words(&b, session.variables.div_precision_increment) {
        Some(quotient) => decimal(quotient, operation.expression),
        None => by_zero(operation, session),
    }
}

fn divide_integer(
    operation: &Operation<'_>,
    a: &Number,
    b: &Number,
    session: &mut SessionState,
) -> Result<Value> {
    let unsigned = is_unsigned(a) || is_unsigned(b);
    let quotient = match (a, b) {
        (Number::Int(_) | Number::UInt(_), Number::Int(_) | Number::UInt(_)) => {
            let (a, b) = (a.to_i128(), b.to_i128());
            if b == 0 {
                return by_zero(operation, session);
            }
            a / b
        }
        _ => match a.to_decimal().divide_integer(&b.to_decimal()) {
            Some((quotient, _)) => quotient.to_i128().unwrap_or(i128::MAX),
            None => return by_zero(operation, session),
        },
    };
    integer(quotient, unsigned, operation.expression)
}

fn modulo(operation: &Operation<'_>, a: &Number, b: &Number, session: &mut SessionState) -> Result<Value> {
    if is_double(a) || is_double(b) {
        let (a, b) = (a.to_f64(), b.to_f64());
        return if b == 0.0 { by_zero(operation, session) } else { double(a % b, operation.expression) };
    }
    if is_decimal(a) || is_decimal(b) {
        return match a.to_decimal().divide_integer(&b.to_decimal()) {
            Some((_, remainder)) => Ok(Value::Decimal(remainder)),
            None => by_zero(operation, session),
        };
    }
    let unsigned = is_unsigned(a);
    let (a, b) = (a.to_i128(), b.to_i128());
    if b == 0 {
        return by_zero(operation, session);
    }
    integer(a % b, unsigned, operation.expression)
}

/// A value as 64 bits: negative numbers in two's complement, larger ones stop at the bounds.
pub(super) fn as_bits(value: &Value, session: &mut SessionState) -> Option<u64> {
    match value {
        Value::Int(number) => Some(number.cast_unsigned()),
        Value::UInt(number) => Some(*number),
        // Exact and approximate numbers are BIGINTs first, which stop at their bounds.
        Value::Decimal(_) | Value::Double(_) => {
            if matches!(value, Value::Double(number) if number.abs() > 9.3e18) {
                crate::types::convert::warn_truncated_value(session, "INTEGER", value);
            }
            to_i64(value, session).map(i64::cast_unsigned)
        }
        _ => to_integer(value, session).map(|wide| {
            u64::try_from(wide).unwrap_or_else(|_| {
                if wide > 0 { u64::MAX } else { i64::try_from(wide).unwrap_or(i64::MIN).cast_unsigned() }
            })
        }),
    }
}

fn bits(op: BinaryOp, left: &Value, right: &Value, session: &mut SessionState) -> Value {
    let (Some(a), Some(b)) = (as_bits(left, session), as_bits(right, session)) else { return Value::Null };
    let shift = u32::try_from(b).unwrap_or(u32::MAX);
    Value::UInt(match op {
        BinaryOp::BitAnd => a & b,
        BinaryOp::BitOr => a | b,
        BinaryOp::BitXor => a ^ b,
        BinaryOp::ShiftLeft => a.checked_shl(shift).unwrap_or(0),
        _ => a.checked_shr(shift).unwrap_or(0),
    })
}

/// `-value`.
pub(super) fn negate(value: &Value, expression: &Expression, session: &mut SessionState) -> Result<Value> {
    Ok(match to_number(value, session) {
        None => Value::Null,
        Some(Number::Int(number)) => {
            Value::Int(number.checked_neg().ok_or_else(|| out_of_range("BIGINT", expression))?)
        }
        Some(Number::UInt(number)) => integer(-i128::from(number), false, expression)?,
        Some(Number::Decimal(number)) => Value::Decimal(number.negate()),
        Some(Number::Double(number)) => Value::Double(-number),
    })
}
