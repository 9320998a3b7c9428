//! How a result column is announced beyond its type: how many digits an integer has, and whether it is an expression's.
//!
//! MySQL gives every expression a length, by which it chooses the type of a column of a temporary table: an INT for a number of less than
//! [`INT_WIDTH`] digits, a BIGINT for others. So DISTINCT and derived tables show other types than the expressions they are made of.
//! Left out: the lengths of texts and of doubles, which are those of their types.

use crate::ast::{AggregateFunction, BinaryOp, Expr};
use crate::expression::Expression;
use crate::types::{DataType, TypeKind, Value};

/// What MySQL lets a temporary table's INT hold: numbers announced shorter than this.
pub const INT_WIDTH: u32 = 10;
/// Characters up to which an expression's text is a VARCHAR in a temporary table.
pub const VARCHAR_MAX: u32 = 512;
/// Digits and sign of an integer of which nothing else is known.
const BIGINT_WIDTH: u32 = 21;
/// MySQL's lengths of the results of functions, the sign included.
const WIDTHS: &[(u32, &[&str])] = &[
    (1, &["IS_IPV4", "IS_IPV6", "IS_IPV4_COMPAT", "IS_IPV4_MAPPED", "REGEXP_LIKE"]),
    (2, &["STRCMP", "QUARTER", "DAYOFWEEK", "WEEKDAY", "INTERVAL", "EXTRACT_QUARTER"]),
    (
        3,
        &[
            "MONTH",
            "DAY",
            "DAYOFMONTH",
            "MINUTE",
            "SECOND",
            "WEEK",
            "WEEKOFYEAR",
            "EXTRACT_SECOND",
            "EXTRACT_MINUTE",
            "EXTRACT_DAY",
            "EXTRACT_WEEK",
            "EXTRACT_MONTH",
        ],
    ),
    (4, &["ASCII", "HOUR", "DAYOFYEAR", "EXTRACT_HOUR"]),
    (5, &["EXTRACT_YEAR", "EXTRACT_MINUTE_SECOND"]),
    (6, &["EXTRACT_HOUR_MINUTE"]),
    (7, &["YEARWEEK", "EXTRACT_MICROSECOND", "EXTRACT_YEAR_MONTH"]),
    (8, &["TO_DAYS", "EXTRACT_HOUR_SECOND"]),
    (9, &["DATEDIFF", "EXTRACT_SECOND_MICROSECOND", "EXTRACT_DAY_HOUR"]),
    (10, &["TIME_TO_SEC", "CRC32", "COERCIBILITY"]),
    (
        11,
        &[
            "LENGTH",
            "OCTET_LENGTH",
            "CHAR_LENGTH",
            "CHARACTER_LENGTH",
            "BIT_LENGTH",
            "INSTR",
            "LOCATE",
            "POSITION",
            "FIELD",
            "FIND_IN_SET",
            "UNCOMPRESSED_LENGTH",
            "EXTRACT_MINUTE_MICROSECOND",
            "EXTRACT_DAY_MINUTE",
        ],
    ),
    (13, &["EXTRACT_DAY_SECOND"]),
    (14, &["EXTRACT_HOUR_MICROSECOND"]),
    (20, &["EXTRACT_DAY_MICROSECOND"]),
];

/// Whose a result column is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// A column of a table.
    #[default]
    Column,
    /// A column of a temporary table, made of an expression.
    Temporary,
    /// An expression: its long texts are told by their size.
    Expression,
    /// GROUP_CONCAT(): a text that may be long.
    Longest,
}

/// What a result column says of itself beside its type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Announced {
    /// Whose it is.
    pub form: Form,
    /// Digits and sign of an integer; 0 for those of its type.
    pub width: u32,
}

impl Announced {
    /// What the expression of a select list says, as written and as bound; of an aggregate, with its argument.
    #[must_use]
    pub fn of(written: &Expr, expression: &Expression, argument: Option<&Expression>) -> Announced {
        let data_type = expression.data_type();
        let form = match written {
            Expr::Aggregate(call) if call.function == AggregateFunction::GroupConcat => Form::Longest,
            _ if data_type.is_null() => Form::Expression,
            Expr::Aggregate(call) if is_one_value(call.function) && !data_type.is_json() => {
                match argument.is_some_and(makes_own) {
                    true => Form::Expression,
                    false => Form::Column,
                }
            }
            Expr::Aggregate(_) => Form::Expression,
            _ if makes_own(expression) => Form::Expression,
            _ => Form::Column,
        };
        let width = match written {
            Expr::Aggregate(call) if call.function == AggregateFunction::Count => BIGINT_WIDTH,
            Expr::Aggregate(call) if is_one_value(call.function) => match argument {
                Some(argument) if data_type.is_integer() && !argument.is_column() => width(argument),
                _ => 0,
            },
            Expr::Aggregate(_) | Expr::Column { .. } | Expr::Window(_) => 0,
            _ if matches!(expression, Expression::Stored { .. }) => 0,
            _ if data_type.is_integer() => width(expression),
            _ => 0,
        };
        Announced { form, width }
    }
}

/// Whether an aggregate gives one of the values that it takes.
fn is_one_value(function: AggregateFunction) -> bool {
    matches!(function, AggregateFunction::Min | AggregateFunction::Max | AggregateFunction::AnyValue)
}

/// Whether an expression's value is its own, rather than one of a column's or of a subquery's.
fn makes_own(expression: &Expression) -> bool {
    match expression {
        Expression::Column { .. }
        | Expression::Outer { .. }
        | Expression::ScalarSubquery(_)
        | Expression::SubqueryColumn { .. } => false,
        Expression::Case { data_type, .. } if data_type.is_string() => expression.branches().any(makes_long),
        Expression::Call { function, arguments, data_type, .. }
            if data_type.is_string() && matches!(function.name, "GREATEST" | "LEAST") =>
        {
            arguments.iter().any(makes_long)
        }
        _ => true,
    }
}

/// Whether it makes a long text, or is a document.
fn makes_long(expression: &Expression) -> bool {
    let data_type = expression.data_type();
    data_type.is_json() || data_type.is_long_string() && makes_own(expression)
}

/// Digits and sign of the integer that an expression is.
#[must_use]
pub fn width(expression: &Expression) -> u32 {
    let data_type = expression.data_type();
    match expression {
        Expression::Constant { value: value @ (Value::Int(_) | Value::UInt(_)), .. } => of_value(value),
        Expression::Constant { value: Value::Null, .. } => 0,
        Expression::Constant { .. } => of_type(&data_type),
        Expression::Column { .. } | Expression::Outer { .. } => of_type(&data_type),
        Expression::Negate { operand, .. } if operand.as_constant().is_some() => width(operand),
        Expression::Negate { operand, .. } => precision(operand) + 1,
        Expression::Arithmetic { op, left, right, .. } => calculated(*op, left, right, &data_type),
        Expression::Case { .. } => expression.branches().map(width).max().unwrap_or(0),
        Expression::ScalarSubquery(subquery) => match subquery.plan.columns.first() {
            Some(column) if column.announced.width > 0 => column.announced.width,
            _ => of_type(&data_type),
        },
        Expression::Call { function, arguments, .. } => match function.name {
            "ABS" => arguments.first().map_or(0, width),
            "GREATEST" | "LEAST" => arguments.iter().map(width).max().unwrap_or(0),
            name => {
                let known = WIDTHS.iter().find(|(_, names)| names.contains(&name));
                known.map_or_else(|| function_width(&data_type), |(width, _)| *width)
            }
        },
        condition if condition.is_condition() || matches!(condition, Expression::Exists { .. }) => 1,
        _ => function_width(&data_type),
    }
}

fn of_value(value: &Value) -> u32 {
    match value {
        Value::Int(number) => digits(number.unsigned_abs()) + 1,
        Value::UInt(number) => digits(*number) + 1,
        _ => BIGINT_WIDTH,
    }
}

fn digits(number: u64) -> u32 {
    number.checked_ilog10().map_or(1, |log| log + 1)
}

/// Of a function of which nothing else is known.
fn function_width(data_type: &DataType) -> u32 {
    if data_type.kind == TypeKind::BigInt { BIGINT_WIDTH } else { of_type(data_type) }
}

fn of_type(data_type: &DataType) -> u32 {
    match data_type.kind {
        TypeKind::TinyInt if data_type.display_width == 1 => 1,
        TypeKind::Bit(bits) => bits.into(),
        TypeKind::MediumInt => 9 - u32::from(data_type.unsigned),
        _ if data_type.is_integer() => data_type.characters(),
        TypeKind::Date => 9,
        TypeKind::Time(0) => 8,
        TypeKind::DateTime(0) | TypeKind::Timestamp(0) => 15,
        _ => BIGINT_WIDTH,
    }
}

/// Digits without the sign.
fn precision(operand: &Expression) -> u32 {
    let data_type = operand.data_type();
    // A date as the number that it is calculated with.
    let width = match operand {
        Expression::Cast { operand, .. } if operand.data_type().is_temporal() => {
            of_type(&operand.data_type())
        }
        operand => width(operand),
    };
    let has_sign = !data_type.unsigned && data_type.kind != TypeKind::Year;
    width.saturating_sub(u32::from(has_sign))
}

fn calculated(op: BinaryOp, left: &Expression, right: &Expression, data_type: &DataType) -> u32 {
    let (own, other) = (precision(left), precision(right));
    let sign = u32::from(!data_type.unsigned);
    match op {
        BinaryOp::Add | BinaryOp::Subtract => own.max(other) + 1 + sign,
        BinaryOp::Multiply => own + other + sign,
        BinaryOp::Modulo => own.max(other) + 1,
        BinaryOp::IntDivide => match left.data_type().kind {
            TypeKind::Decimal { precision, scale } => u32::from(precision - scale) + sign,
            _ => own + sign,
        },
        _ => BIGINT_WIDTH,
    }
    .min(BIGINT_WIDTH)
}

/// The type that a column of a temporary table has for an expression.
#[must_use]
pub fn stored_type(data_type: DataType, width: u32) -> DataType {
    let unsigned = data_type.unsigned || data_type.kind == TypeKind::Year;
    match data_type.kind {
        TypeKind::Bit(_) => data_type,
        TypeKind::Char(length) => DataType { kind: TypeKind::VarChar(length), ..data_type },
        TypeKind::VarChar(length) if length > VARCHAR_MAX => DataType { kind: TypeKind::Text, ..data_type },
        TypeKind::VarBinary(length) if length > VARCHAR_MAX => DataType { kind: TypeKind::Blob, ..data_type },
        _ if data_type.is_integer() => {
            let width = if width == 0 { of_type(&data_type) } else { width };
            if width < INT_WIDTH { DataType::INT } else { DataType::BIGINT }.with_unsigned(unsigned)
        }
        _ => data_type,
    }
}
