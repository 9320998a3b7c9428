//! Expressions as text, for messages such as "BIGINT value is out of range in '(…)'".
//!
//! Close to what MySQL prints; names are columns' own, without database and table.

use std::fmt::{Display, Formatter, Result};

use crate::ast::BinaryOp;
use crate::expression::{CompareOp, Expression};
use crate::types::{DataType, TypeKind, Value};

fn operator(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Subtract => "-",
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
        BinaryOp::IntDivide => "DIV",
        BinaryOp::Modulo => "%",
        BinaryOp::Eq => "=",
        BinaryOp::NullSafeEq => "<=>",
        BinaryOp::NotEq => "<>",
        BinaryOp::Less => "<",
        BinaryOp::LessEq => "<=",
        BinaryOp::Greater => ">",
        BinaryOp::GreaterEq => ">=",
        BinaryOp::And => "and",
        BinaryOp::Or => "or",
        BinaryOp::Xor => "xor",
        BinaryOp::BitAnd => "&",
        BinaryOp::BitOr => "|",
        BinaryOp::BitXor => "^",
        BinaryOp::ShiftLeft => "<<",
        BinaryOp::ShiftRight => ">>",
    }
}

impl Display for CompareOp {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            CompareOp::Eq => "=",
            CompareOp::NullSafeEq => "<=>",
            CompareOp::NotEq => "<>",
            CompareOp::Less => "<",
            CompareOp::LessEq => "<=",
            CompareOp::Greater => ">",
            CompareOp::GreaterEq => ">=",
        })
    }
}

fn write_constant(value: &Value, f: &mut Formatter<'_>) -> Result {
    let text = crate::types::convert::message_text(value);
    match value {
        Value::Null | Value::Int(_) | Value::UInt(_) | Value::Double(_) | Value::Decimal(_) => {
            f.write_str(&text)
        }
        Value::Text(_) => write!(f, "'{}'", text.replace('\'', "\\'")),
        Value::Blob(bytes) => write!(f, "0x{}", crate::types::convert::hex_upper(bytes, 64)),
        Value::Date(_) => write!(f, "DATE'{text}'"),
        Value::Time(_) => write!(f, "TIME'{text}'"),
        Value::DateTime(_) => write!(f, "TIMESTAMP'{text}'"),
        Value::Json(_) => write!(f, "json'{text}'"),
    }
}

fn write_list(items: &[Expression], separator: &str, f: &mut Formatter<'_>) -> Result {
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            f.write_str(separator)?;
        }
        write!(f, "{item}")?;
    }
    Ok(())
}

fn cast_name(to: &DataType) -> String {
    match to.kind {
        TypeKind::BigInt if to.unsigned => "unsigned".to_string(),
        TypeKind::BigInt => "signed".to_string(),
        TypeKind::Decimal { precision, scale } => format!("decimal({precision},{scale})"),
        TypeKind::Double => "double".to_string(),
        TypeKind::Float => "float".to_string(),
        TypeKind::Date => "date".to_string(),
        TypeKind::Time(_) => "time".to_string(),
        TypeKind::DateTime(_) => "datetime".to_string(),
        TypeKind::Year => "year".to_string(),
        _ if to.is_binary() => "binary".to_string(),
        _ => "char".to_string(),
    }
}

impl Display for Expression {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let not = |negated: bool| if negated { "not " } else { "" };
        match self {
            Expression::Constant { value, .. } => write_constant(value, f),
            Expression::Parameter { .. } => f.write_str("?"),
            Expression::Column { name, .. } | Expression::Outer { name, .. } => write!(f, "`{name}`"),
            Expression::Arithmetic { op, left, right, .. } => write!(f, "({left} {} {right})", operator(*op)),
            Expression::Negate { operand, .. } => match operand.as_ref() {
                Expression::Constant { .. } => write!(f, "-({operand})"),
                _ => write!(f, "-{operand}"),
            },
            Expression::BitNot(operand) => write!(f, "~({operand})"),
            Expression::Not(operand) => write!(f, "(not {operand})"),
            Expression::And(parts) => {
                f.write_str("(")?;
                write_list(parts, " and ", f)?;
                f.write_str(")")
            }
            Expression::Or(parts) => {
                f.write_str("(")?;
                write_list(parts, " or ", f)?;
                f.write_str(")")
            }
            Expression::Xor(left, right) => write!(f, "({left} xor {right})"),
            Expression::Compare { op, left, right, .. } => write!(f, "({left} {op} {right})"),
            Expression::IsNull { operand, negated } => write!(f, "({operand} is {}null)", not(*negated)),
            Expression::IsTruth { operand, value, negated } => {
                write!(f, "({operand} is {}{value})", not(*negated))
            }
            Expression::Between { operand, low, high, negated, .. } => {
                write!(f, "({operand} {}between {low} and {high})", not(*negated))
            }
            Expression::InList { operand, list, negated, .. } => {
                write!(f, "({operand} {}in (", not(*negated))?;
                write_list(list, ",", f)?;
                f.write_str("))")
            }
            Expression::InSubquery { operands, negated, .. } => {
                write_list(operands, ",", f)?;
                write!(f, " {}in (subquery)", not(*negated))
            }
            Expression::Exists { negated, .. } => write!(f, "{}exists(subquery)", not(*negated)),
            Expression::Quantified { operand, op, all, .. } => {
                let quantifier = if *all { "all" } else { "any" };
                write!(f, "({operand} {op} {quantifier} (subquery))")
            }
            Expression::ScalarSubquery(_) | Expression::SubqueryColumn { .. } => f.write_str("(subquery)"),
            Expression::Like { operand, pattern, negated, .. } => {
                write!(f, "({operand} {}like {pattern})", not(*negated))
            }
            Expression::Regexp { operand, pattern, negated, .. } => {
                write!(f, "({operand} {}regexp {pattern})", not(*negated))
            }
            Expression::Case { branches, otherwise, .. } => {
                f.write_str("(case")?;
                for (condition, result) in branches {
                    write!(f, " when {condition} then {result}")?;
                }
                write!(f, " else {otherwise} end)")
            }
            Expression::Cast { operand, to } => write!(f, "cast({operand} as {})", cast_name(to)),
            Expression::Collate { operand, data_type } => {
                write!(f, "({operand} collate {})", data_type.collation.name())
            }
            Expression::Call { function, arguments, .. } => {
                write!(f, "{}(", function.name.to_ascii_lowercase())?;
                write_list(arguments, ",", f)?;
                f.write_str(")")
            }
            Expression::Stored { function, arguments, .. } => {
                write!(f, "{}(", function.name())?;
                write_list(arguments, ",", f)?;
                f.write_str(")")
            }
            Expression::UserVariable { name, .. } => write!(f, "@`{name}`"),
            Expression::AssignVariable { name, operand } => write!(f, "(@`{name}`:={operand})"),
            Expression::SystemVariable { name, .. } => write!(f, "@@{name}"),
        }
    }
}
