//! Result types of operators, as MySQL infers them.

use crate::ast::BinaryOp;
use crate::expression::Expression;
use crate::types::{Attributes, Collation, DataType, TypeKind, Value};

/// What a type counts for in arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Integer,
    Decimal,
    Double,
}

/// An operand as arithmetic sees it.
struct Shape {
    class: Class,
    /// Digits before the point.
    digits: u32,
    /// Digits after it.
    scale: u32,
    unsigned: bool,
    parameter: bool,
}

fn shape(operand: &Expression) -> Shape {
    let data_type = operand.data_type();
    let fsp = u32::from(data_type.fsp());
    let (class, digits, scale) = match data_type.kind {
        TypeKind::Decimal { precision, scale } => {
            (Class::Decimal, u32::from(precision - scale), u32::from(scale))
        }
        _ if data_type.is_temporal() => {
            (if fsp > 0 { Class::Decimal } else { Class::Integer }, data_type.digits() - fsp, fsp)
        }
        _ if data_type.is_integer() => {
            let digits = match operand.as_constant() {
                Some(Value::Int(value)) => decimal_digits(value.unsigned_abs()),
                Some(Value::UInt(value)) => decimal_digits(*value),
                _ => data_type.digits(),
            };
            (Class::Integer, digits, 0)
        }
        _ => (Class::Double, 0, 0),
    };
    let parameter = matches!(operand, Expression::Parameter { guessed: true, .. });
    let unsigned = data_type.unsigned || data_type.kind == TypeKind::Year;
    Shape { class, digits, scale, unsigned, parameter }
}

fn decimal_digits(value: u64) -> u32 {
    value.checked_ilog10().map_or(1, |log| log + 1)
}

/// Type of `left op right`.
pub(super) fn arithmetic(
    op: BinaryOp,
    left: &Expression,
    right: &Expression,
    division_increment: u8,
) -> DataType {
    let (mut a, mut b) = (shape(left), shape(right));
    // A parameter next to a number is guessed to be one of its kind.
    if a.parameter && !b.parameter {
        a = Shape { parameter: true, ..shape(right) };
    } else if b.parameter && !a.parameter {
        b = Shape { parameter: true, ..shape(left) };
    }
    let double = a.class == Class::Double || b.class == Class::Double;
    let integers = a.class == Class::Integer && b.class == Class::Integer;
    let scale = a.scale.max(b.scale);
    // FLOAT(M,D) keeps its digits after the point through arithmetic with numbers that have fixed ones.
    let (left_scale, right_scale) = (fixed_scale(&left.data_type()), fixed_scale(&right.data_type()));
    let unsigned = a.unsigned && b.unsigned;
    let fixed = |scale: u32| match left_scale <= 30 && right_scale <= 30 {
        true => with_decimals(DataType::DOUBLE, scale),
        false => DataType::DOUBLE,
    };
    match op {
        BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply if double => {
            fixed(left_scale.max(right_scale))
        }
        BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply if integers => {
            DataType::BIGINT.with_unsigned(a.unsigned || b.unsigned)
        }
        BinaryOp::Add | BinaryOp::Subtract => {
            DataType::decimal(a.digits.max(b.digits) + 1 + scale, scale).with_unsigned(unsigned)
        }
        BinaryOp::Multiply => DataType::decimal(a.digits + b.digits + a.scale + b.scale, a.scale + b.scale)
            .with_unsigned(unsigned),
        BinaryOp::Divide if double => fixed(left_scale.max(right_scale) + u32::from(division_increment)),
        BinaryOp::Divide => {
            let increment = u32::from(division_increment);
            let scale = (a.scale + increment).min(30);
            DataType::decimal(a.digits + a.scale + b.scale + increment, scale).with_unsigned(unsigned)
        }
        BinaryOp::IntDivide => DataType::BIGINT.with_unsigned(a.unsigned || b.unsigned),
        BinaryOp::Modulo if double => fixed(left_scale.max(right_scale)).with_unsigned(a.unsigned),
        BinaryOp::Modulo if integers => DataType::BIGINT.with_unsigned(a.unsigned),
        BinaryOp::Modulo => {
            DataType::decimal(a.digits.max(b.digits) + scale, scale).with_unsigned(a.unsigned)
        }
        BinaryOp::BitAnd
        | BinaryOp::BitOr
        | BinaryOp::BitXor
        | BinaryOp::ShiftLeft
        | BinaryOp::ShiftRight => DataType::BIGINT_UNSIGNED,
        BinaryOp::Eq
        | BinaryOp::NullSafeEq
        | BinaryOp::NotEq
        | BinaryOp::Less
        | BinaryOp::LessEq
        | BinaryOp::Greater
        | BinaryOp::GreaterEq
        | BinaryOp::And
        | BinaryOp::Or
        | BinaryOp::Xor => DataType::BIGINT,
    }
}

/// The number that a value of a type is in arithmetic.
pub(super) fn number_of(data_type: &DataType) -> DataType {
    let fsp = u32::from(data_type.fsp());
    match (data_type.is_temporal(), fsp) {
        (true, 0) => DataType::BIGINT,
        (true, _) => DataType::decimal(data_type.digits(), fsp),
        (false, _) => DataType::DOUBLE,
    }
}

/// Type of `-operand`.
pub(super) fn negation(operand: &Expression) -> DataType {
    let a = shape(operand);
    match a.class {
        // -(-1), which might not fit.
        Class::Integer if is_below_zero(operand) => DataType::decimal(a.digits, 0),
        Class::Integer => DataType::BIGINT,
        Class::Decimal => DataType::decimal(a.digits + a.scale, a.scale),
        Class::Double => with_decimals(DataType::DOUBLE, fixed_scale(&operand.data_type())),
    }
}

/// Whether it is a negative number as written.
fn is_below_zero(operand: &Expression) -> bool {
    match operand {
        Expression::Negate { operand, .. } => {
            matches!(operand.as_constant(), Some(Value::Int(number)) if *number > 0)
        }
        other => matches!(other.as_constant(), Some(Value::Int(number)) if *number < 0),
    }
}

/// The type that holds the values of all `types`: of CASE's branches, COALESCE's arguments, a UNION's columns. Text takes
/// `collation`.
#[must_use]
pub fn common_type(types: &[DataType], collation: Collation) -> DataType {
    types
        .iter()
        .filter(|data_type| data_type.kind != TypeKind::Null)
        .copied()
        .reduce(|left, right| merge(left, right, collation))
        .map_or(DataType::NULL, DataType::without_fill)
}

/// The same of operands that agree on `collation` as the texts of a choice: where a text is stronger than the bytes among them, these are
/// text too.
#[must_use]
pub fn chosen_type(types: &[DataType], collation: Collation) -> DataType {
    if collation == Collation::Binary || !types.iter().any(DataType::is_text) {
        return common_type(types, collation);
    }
    let as_text = |own: &DataType| match own.is_binary() {
        true => DataType::varchar(own.characters(), collation),
        false => *own,
    };
    let types: Vec<DataType> = types.iter().map(as_text).collect();
    common_type(&types, collation)
}

fn merge(left: DataType, right: DataType, collation: Collation) -> DataType {
    if left == right && !left.has_members() {
        // What is announced as UNSIGNED of a literal's bytes is about it as a number.
        return DataType { unsigned: left.unsigned && left.is_numeric(), ..left };
    }
    if left.is_numeric() && right.is_numeric() {
        return merge_numbers(left, right);
    }
    if left.is_temporal() && right.is_temporal() {
        let fsp = left.fsp().max(right.fsp());
        return match (left.kind, right.kind) {
            (TypeKind::Time(_), TypeKind::Time(_)) => DataType::time(fsp),
            (TypeKind::Timestamp(_), TypeKind::Timestamp(_)) => DataType::of(TypeKind::Timestamp(fsp)),
            _ => DataType::datetime(fsp),
        };
    }
    if left.is_json() || right.is_json() {
        let binary = left.is_binary() || right.is_binary();
        return if binary {
            DataType::LONGBLOB
        } else {
            DataType::varchar(u32::MAX / 4, Collation::Utf8mb4Bin)
        };
    }
    merge_strings(left, right, collation)
}

fn merge_strings(left: DataType, right: DataType, collation: Collation) -> DataType {
    let is_bits = |data_type: DataType| matches!(data_type.kind, TypeKind::Bit(_));
    let either = |is: &dyn Fn(DataType) -> bool| is(left) || is(right);
    // The bytes of a literal may have agreed on a text's collation.
    let is_text = either(&|own| own.is_text()) && collation != Collation::Binary;
    let binary = either(&is_bits) || either(&|own| own.is_binary()) && !is_text;
    if let Some(size) = long_size(left).max(long_size(right)) {
        let kind = match (binary, size) {
            (false, 0) => TypeKind::Text,
            (false, 1) => TypeKind::MediumText,
            (false, _) => TypeKind::LongText,
            (true, 0) => TypeKind::Blob,
            (true, 1) => TypeKind::MediumBlob,
            (true, _) => TypeKind::LongBlob,
        };
        let own = if binary { Collation::Binary } else { text_collation(left, right, collation) };
        return DataType::of(kind).with_collation(own);
    }
    let characters = |data_type: DataType| {
        let characters = data_type.characters();
        if binary && data_type.is_text() { characters.saturating_mul(4) } else { characters }
    };
    let longest = characters(left).max(characters(right));
    match (binary, stays_char(left, right)) {
        (true, _) => DataType::varbinary(longest),
        (false, true) => {
            DataType::of(TypeKind::Char(longest)).with_collation(text_collation(left, right, collation))
        }
        (false, false) => DataType::varchar(longest, text_collation(left, right, collation)),
    }
}

/// How large a TEXT or BLOB is, in three sizes; none for other types.
fn long_size(data_type: DataType) -> Option<u8> {
    match data_type.kind {
        TypeKind::TinyText | TypeKind::TinyBlob | TypeKind::Text | TypeKind::Blob => Some(0),
        TypeKind::MediumText | TypeKind::MediumBlob => Some(1),
        TypeKind::LongText | TypeKind::LongBlob => Some(2),
        _ => None,
    }
}

/// Whether the two of them are a CHAR: one is, and the other is no other string.
fn stays_char(left: DataType, right: DataType) -> bool {
    let is_char = |data_type: DataType| matches!(data_type.kind, TypeKind::Char(_));
    match (is_char(left), is_char(right)) {
        (true, true) => true,
        (true, false) => right.is_numeric() || right.is_temporal() || right.has_members(),
        (false, true) => left.is_numeric() || left.is_temporal() || left.has_members(),
        (false, false) => false,
    }
}

fn text_collation(left: DataType, right: DataType, collation: Collation) -> Collation {
    if collation != Collation::Binary {
        collation
    } else if left.is_text() {
        left.collation
    } else {
        right.collation
    }
}

/// Digits after the point, 31 where they are not fixed.
fn fixed_scale(data_type: &DataType) -> u32 {
    // A bare NULL has none.
    if data_type.is_numeric() || data_type.kind == TypeKind::Null { u32::from(data_type.scale()) } else { 31 }
}

/// A floating-point type that shows so many digits after the point, if they are fixed.
pub(super) fn with_decimals(data_type: DataType, scale: u32) -> DataType {
    match u8::try_from(scale) {
        Ok(decimals @ 0..=30) if data_type.is_float() => {
            DataType { attributes: Attributes::NONE.with_decimals(decimals), ..data_type }
        }
        _ => data_type,
    }
}

fn merge_numbers(left: DataType, right: DataType) -> DataType {
    let is_signed = |own: DataType| !own.unsigned && own.kind != TypeKind::Year;
    let unsigned = !is_signed(left) && !is_signed(right);
    let plain = |data_type: DataType| match data_type.kind {
        TypeKind::Year => DataType::of(TypeKind::SmallInt).with_unsigned(unsigned),
        TypeKind::Bit(_) => DataType::BIGINT_UNSIGNED,
        _ => data_type,
    };
    if let (TypeKind::Bit(left_bits), TypeKind::Bit(right_bits)) = (left.kind, right.kind) {
        return if left_bits >= right_bits { left } else { right };
    }
    // MySQL's table of merged types, which is not the same both ways.
    let float = |data_type: DataType| data_type.kind == TypeKind::Float;
    let suits_float = |data_type: DataType, is_second: bool| match data_type.kind {
        TypeKind::Float | TypeKind::TinyInt | TypeKind::SmallInt | TypeKind::MediumInt | TypeKind::Year => {
            true
        }
        TypeKind::BigInt => is_second,
        _ => false,
    };
    let is_float = (float(left) && suits_float(right, true)) || (float(right) && suits_float(left, false));
    let (left, right) = (plain(left), plain(right));
    if left.is_float() || right.is_float() {
        let result = if is_float { DataType::FLOAT } else { DataType::DOUBLE };
        return with_decimals(result, fixed_scale(&left).max(fixed_scale(&right)));
    }
    let scale = u32::from(left.scale().max(right.scale()));
    let whole = |data_type: DataType| data_type.digits() - u32::from(data_type.scale());
    if left.is_decimal() || right.is_decimal() {
        return DataType::decimal(whole(left).max(whole(right)) + scale, scale);
    }
    let rank = |data_type: DataType| match data_type.kind {
        TypeKind::TinyInt => 0,
        TypeKind::SmallInt | TypeKind::Year => 1,
        TypeKind::MediumInt => 2,
        TypeKind::Int => 3,
        _ => 4,
    };
    if left.unsigned == right.unsigned {
        let wider = if rank(left) >= rank(right) { left } else { right };
        return DataType::of(wider.kind).with_unsigned(left.unsigned);
    }
    let (unsigned, signed) = if left.unsigned { (left, right) } else { (right, left) };
    if rank(signed) > rank(unsigned) {
        return DataType::of(signed.kind);
    }
    match rank(unsigned) {
        0 => DataType::of(TypeKind::SmallInt),
        1 => DataType::of(TypeKind::MediumInt),
        2 => DataType::of(TypeKind::Int),
        3 => DataType::BIGINT,
        _ => DataType::decimal(20, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn infer_common_types() {
        let merged = |types: &[DataType]| common_type(types, Collation::Utf8mb4_0900AiCi);
        assert_eq!(merged(&[DataType::NULL, DataType::INT]), DataType::INT);
        assert_eq!(merged(&[DataType::BIGINT, DataType::BIGINT_UNSIGNED]), DataType::decimal(20, 0));
        assert_eq!(merged(&[DataType::INT.with_unsigned(true), DataType::INT]), DataType::BIGINT);
        assert_eq!(merged(&[DataType::INT, DataType::decimal(5, 2)]), DataType::decimal(12, 2));
        assert_eq!(merged(&[DataType::DATE, DataType::time(3)]), DataType::datetime(3));
        assert_eq!(
            merged(&[DataType::INT, DataType::varchar(3, Collation::Utf8mb4Bin)]),
            DataType::varchar(11, Collation::Utf8mb4_0900AiCi)
        );
        assert_eq!(merged(&[]), DataType::NULL);
    }
}
