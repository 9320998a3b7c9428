//! How long the text of an expression may be, as MySQL reckons it: what BIT_AND, BIT_OR and BIT_XOR of no binary string at all are as long as.
//!
//! Columns and written types have the lengths of their types, integers their digits and a sign, and each function its own rule. Where MySQL
//! counts bytes it counts four for a character of text, and one for a digit of a number or a date.
//!
//! Left out: functions that give neither a number nor a text of their arguments have the length of their type.

use crate::ast::BinaryOp;
use crate::expression::Expression;
use crate::types::convert::message_text;
use crate::types::{DataType, TypeKind, Value};

/// Characters of a BIGINT that a function gives.
const WHOLE: u32 = 21;
/// Characters of a floating-point number without fixed digits.
const DOUBLE: u32 = 23;
/// The least of a floating-point number with fixed digits.
const FIXED_DOUBLE: u32 = 17;

/// Bytes that the text may have.
pub(super) fn bytes(expression: &Expression) -> u32 {
    let own = expression.data_type();
    let is_written_number = match expression {
        Expression::Cast { operand, to } => is_written(to) && !operand.data_type().is_string(),
        Expression::Call { function, arguments, .. } if matches!(function.name, "LPAD" | "RPAD") => {
            matches!(arguments.first(), Some(text) if text.data_type().kind == TypeKind::Null)
        }
        // What ELT does not choose.
        Expression::Case { branches, .. } => {
            matches!(branches.as_slice(), [(Expression::Constant { .. }, Expression::Cast { operand, to })]
                if is_written(to) && !operand.data_type().is_string())
        }
        Expression::Call { function, arguments, .. } if function.name == "QUOTE" => {
            matches!(arguments.as_slice(), [Expression::Cast { to, .. }] if is_written(to))
        }
        _ => false,
    };
    let of_each = if own.is_text() && !is_written_number { own.collation.set().bytes_max() } else { 1 };
    characters(expression).saturating_mul(of_each)
}

/// Whether a type is that of a number that is text where it stands.
fn is_written(to: &DataType) -> bool {
    to.has_weak_collation()
}

/// Characters that the text may have.
fn characters(expression: &Expression) -> u32 {
    let own = expression.data_type();
    match expression {
        Expression::Constant { value, data_type } => of_constant(value, data_type),
        condition if condition.is_condition() => 1,
        Expression::Arithmetic { op, left, right, data_type } => of_arithmetic(*op, left, right, data_type),
        Expression::BitNot(_) => WHOLE,
        Expression::Negate { operand, .. } => match own {
            _ if operand.data_type().kind == TypeKind::Null || is_hex(operand) => FIXED_DOUBLE,
            own if own.is_integer() => precision(operand) + 1,
            own if own.is_float() => of_double(&own),
            own => own.characters(),
        },
        Expression::Case { branches, otherwise, data_type } => {
            let results: Vec<&Expression> =
                branches.iter().map(|(_, result)| result).chain([otherwise.as_ref()]).collect();
            of_choice(&results, data_type)
        }
        Expression::Cast { operand, to } => of_cast(operand, to),
        Expression::Collate { operand, .. } => characters(operand),
        Expression::Call { function, arguments, data_type, .. } => {
            of_call(function.name, arguments, data_type)
        }
        Expression::ScalarSubquery(subquery) => match subquery.plan.items().first() {
            // COUNT, which is never NULL.
            Some(Expression::Column { data_type: DataType::BIGINT, nullable: false, .. })
                if subquery.plan.is_grouped() =>
            {
                WHOLE
            }
            Some(item) if item.data_type() == own => characters(item),
            _ => own.characters(),
        },
        _ => own.characters(),
    }
}

fn of_constant(value: &Value, data_type: &DataType) -> u32 {
    match value {
        // TRUE and FALSE.
        Value::Int(_) if data_type.display_width == 1 => 1,
        Value::Int(number) => number.unsigned_abs().checked_ilog10().map_or(2, |digits| digits + 2),
        Value::UInt(number) => number.checked_ilog10().map_or(1, |digits| digits + 1).max(3),
        Value::Null => 0,
        Value::Text(_) | Value::Blob(_) | Value::Double(_) => data_type.characters(),
        other => data_type.characters().max(u32::try_from(message_text(other).len()).unwrap_or(0)),
    }
}

/// Whether it is a hexadecimal literal where a number is wanted.
fn is_hex(operand: &Expression) -> bool {
    matches!(operand.as_constant(), Some(Value::UInt(number)) if i64::try_from(*number).is_ok())
}

fn of_double(data_type: &DataType) -> u32 {
    data_type.attributes.decimals().map_or(DOUBLE, |decimals| FIXED_DOUBLE + u32::from(decimals))
}

/// Decimal digits that a number counts for.
fn precision(operand: &Expression) -> u32 {
    let own = operand.data_type();
    match operand {
        _ if is_hex(operand) => characters(operand),
        // A date or a time as a number.
        Expression::Cast { operand, to }
            if operand.data_type().is_temporal() && (to.is_integer() || to.is_decimal()) =>
        {
            operand.data_type().digits()
        }
        Expression::Cast { operand, to } if to.is_float() => precision(operand),
        _ if own.is_temporal() => own.digits(),
        _ if own.is_integer() || own.is_decimal() => {
            let sign = u32::from(!own.unsigned && own.kind != TypeKind::Year);
            let point = u32::from(own.scale() > 0);
            characters(operand).saturating_sub(sign + point).clamp(1, 65)
        }
        _ => characters(operand).min(65),
    }
}

fn scale(operand: &Expression) -> u32 {
    match operand.data_type() {
        own if own.is_float() => own.attributes.decimals().map_or(0, u32::from),
        own => u32::from(own.scale()),
    }
}

fn of_arithmetic(op: BinaryOp, left: &Expression, right: &Expression, data_type: &DataType) -> u32 {
    let sign = u32::from(!data_type.unsigned);
    let whole = |side: &Expression| precision(side).saturating_sub(scale(side));
    let is_null = |side: &Expression| side.data_type().kind == TypeKind::Null;
    let has_null = is_null(left) || is_null(right);
    match op {
        BinaryOp::BitAnd
        | BinaryOp::BitOr
        | BinaryOp::BitXor
        | BinaryOp::ShiftLeft
        | BinaryOp::ShiftRight => WHOLE,
        BinaryOp::IntDivide => whole(left).min(WHOLE) + sign,
        BinaryOp::Divide if has_null && data_type.is_float() => 4,
        BinaryOp::Modulo if !data_type.is_float() || has_null => {
            let scale = scale(left).max(scale(right));
            whole(left).max(whole(right)) + scale + u32::from(scale > 0) + 1
        }
        _ if has_null && data_type.is_float() => 2,
        _ if data_type.is_float() => of_double(data_type),
        BinaryOp::Divide => {
            // The digits that the type adds to those of the dividend.
            let more = u32::from(data_type.scale()).saturating_sub(scale(left));
            let digits = (precision(left) + scale(right) + more).min(65);
            digits + u32::from(data_type.scale() > 0) + 1
        }
        BinaryOp::Multiply if data_type.is_integer() => precision(left) + precision(right) + sign,
        _ if data_type.is_integer() => precision(left).max(precision(right)) + 1 + sign,
        _ => data_type.characters(),
    }
}

/// What is chosen among results, in the type of the choice.
fn of_choice(results: &[&Expression], data_type: &DataType) -> u32 {
    let longest =
        |length: fn(&Expression) -> u32| results.iter().map(|result| length(result)).max().unwrap_or(0);
    match data_type {
        own if own.is_integer() => longest(characters),
        own if own.is_decimal() => {
            let numbers = || results.iter().filter(|result| result.data_type().kind != TypeKind::Null);
            let whole = numbers().map(|result| precision(result).saturating_sub(scale(result))).max();
            let scale = u32::from(own.scale());
            let sign = u32::from(!own.unsigned);
            (whole.unwrap_or(0) + scale).min(65) + u32::from(scale > 0) + sign
        }
        own if own.is_float() => {
            let mut known = results.iter().filter(|result| result.data_type().kind != TypeKind::Null);
            match (known.next(), known.next()) {
                (Some(only), None) => characters(only),
                _ => of_double(own),
            }
        }
        own if own.is_binary() => longest(bytes),
        own if own.is_text() => longest(characters),
        own => own.characters(),
    }
}

fn of_cast(operand: &Expression, to: &DataType) -> u32 {
    match to.kind {
        TypeKind::BigInt => WHOLE,
        TypeKind::Double => of_double(to),
        TypeKind::LongText | TypeKind::MediumText => characters(operand),
        TypeKind::LongBlob => match operand.as_constant() {
            // As it is written.
            Some(Value::Double(number)) => u32::try_from(format!("{number:e}").len()).unwrap_or(DOUBLE),
            _ => bytes(operand),
        },
        _ if is_written(to) => characters(operand),
        _ => to.characters(),
    }
}

fn literal(argument: Option<&Expression>) -> Option<u32> {
    match argument?.as_constant()? {
        Value::Int(number) => u32::try_from(*number).ok(),
        _ => None,
    }
}

fn of_call(name: &str, arguments: &[Expression], data_type: &DataType) -> u32 {
    let is_binary = data_type.is_binary();
    let length = |argument: &Expression| if is_binary { bytes(argument) } else { characters(argument) };
    let first = arguments.first().map_or(0, length);
    let count = literal(arguments.get(1));
    match (name, arguments) {
        ("ABS", _) => of_absolute(arguments, data_type),
        ("SIGN" | "BIT_COUNT", _) => WHOLE,
        ("FLOOR" | "CEILING" | "CEIL" | "ROUND" | "TRUNCATE", _) if data_type.is_integer() => WHOLE,
        ("FLOOR" | "CEILING" | "CEIL", [number])
            if number.data_type().is_decimal() && number.data_type().scale() == 0 =>
        {
            characters(number)
        }
        ("ROUND" | "TRUNCATE", [number, places @ ..]) if data_type.is_decimal() => {
            of_rounded(number, literal(places.first()).unwrap_or(0), name == "ROUND")
        }
        (
            "LENGTH" | "OCTET_LENGTH" | "BIT_LENGTH" | "CHAR_LENGTH" | "CHARACTER_LENGTH" | "INSTR"
            | "LOCATE" | "POSITION" | "FIELD" | "FIND_IN_SET",
            _,
        ) => 11,
        ("ASCII" | "YEAR" | "HOUR", _) => 4,
        ("MONTH" | "DAY" | "DAYOFMONTH" | "MINUTE" | "SECOND" | "EXTRACT_DAY", _) => 3,
        ("STRCMP" | "INTERVAL" | "DAYOFWEEK", _) => 2,
        ("TIME_TO_SEC" | "CRC32", _) => 10,
        ("TO_DAYS", _) => 8,
        ("DATEDIFF", _) => 9,
        ("LEFT" | "RIGHT", _) => count.map_or(first, |count| first.min(count)),
        ("SUBSTRING" | "SUBSTR" | "MID", _) => {
            let rest = first.saturating_sub(count.map_or(0, |start| start.saturating_sub(1)));
            literal(arguments.get(2)).map_or(rest, |most| rest.min(most))
        }
        ("REVERSE" | "TRIM" | "LTRIM" | "RTRIM" | "UPPER" | "UCASE" | "LOWER" | "LCASE", _) => first,
        ("TRIM_BOTH" | "TRIM_LEADING" | "TRIM_TRAILING", _) => first,
        ("REPEAT", _) => count.map_or(data_type.characters(), |count| first.saturating_mul(count)),
        ("REPLACE", [_, from, to]) => of_replaced(first, (bytes(from), bytes(to)), is_binary),
        ("CONCAT", _) => arguments.iter().map(length).fold(0, u32::saturating_add),
        ("CONCAT_WS", [between, texts @ ..]) => {
            let gaps = u32::try_from(texts.len().saturating_sub(1)).unwrap_or(u32::MAX);
            let start = length(between).saturating_mul(gaps);
            texts.iter().map(length).fold(start, u32::saturating_add)
        }
        ("HEX", [number]) if number.data_type().is_numeric() => 16,
        ("HEX", [text]) => bytes(text).saturating_mul(2),
        ("UNHEX", [text]) => bytes(text).div_ceil(2),
        ("ELT", [_, texts @ ..]) => texts.iter().map(length).max().unwrap_or(0),
        ("QUOTE", [text]) => characters(text).max(1).saturating_mul(2).saturating_add(2),
        ("GREATEST" | "LEAST", _) if data_type.is_string() => {
            let digits = arguments.iter().map(crate::function::fraction_of).max().unwrap_or(0);
            let longest = |argument: &Expression| match argument.data_type().kind {
                TypeKind::Time(_) => DataType::time(digits).characters(),
                TypeKind::DateTime(_) | TypeKind::Timestamp(_) => DataType::datetime(digits).characters(),
                _ => length(argument),
            };
            arguments.iter().map(longest).max().unwrap_or(0)
        }
        ("GREATEST" | "LEAST", _) => of_choice(&arguments.iter().collect::<Vec<_>>(), data_type),
        _ if data_type.is_float() => of_double(data_type),
        _ => data_type.characters(),
    }
}

fn of_absolute(arguments: &[Expression], data_type: &DataType) -> u32 {
    match arguments.first() {
        Some(number) if number.data_type().kind == TypeKind::Null => FIXED_DOUBLE,
        Some(number) if data_type.is_integer() || data_type.is_decimal() => characters(number),
        _ => of_double(data_type),
    }
}

/// A decimal that is rounded or cut to so many digits after its point.
fn of_rounded(number: &Expression, places: u32, is_round: bool) -> u32 {
    let (digits, scale) = (precision(number), scale(number));
    // Rounded, it may have a digit more.
    let digits = match scale.checked_sub(places) {
        Some(0) if scale > 0 => digits,
        Some(gone) => (digits + u32::from(is_round)).saturating_sub(gone).max(1),
        None => digits,
    };
    let places = places.min(scale);
    digits + u32::from(places > 0) + 1
}

/// REPLACE: in text the gain is reckoned by characters, and bytes are all taken for what is replaced.
fn of_replaced(whole: u32, (from, to): (u32, u32), is_binary: bool) -> u32 {
    match is_binary && from > 0 {
        true => whole.saturating_add((whole / from.div_ceil(4)).saturating_mul(to.saturating_sub(from / 2))),
        false => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_have_their_digits_and_a_sign() {
        assert_eq!(bytes(&Expression::integer(1)), 2);
        assert_eq!(bytes(&Expression::integer(-255)), 4);
        let sum = Expression::Arithmetic {
            op: BinaryOp::Add,
            left: Box::new(Expression::integer(1)),
            right: Box::new(Expression::integer(10)),
            data_type: DataType::BIGINT,
        };
        assert_eq!(bytes(&sum), 4);
    }
}
