//! Comparisons: rows taken apart, collations agreed on, literals converted to the other side's type once.

use crate::ast::Expr;
use crate::error::{Error, Result};
use crate::expression::bind::Binder;
use crate::expression::collate::agree;
use crate::expression::{CompareOp, Expression};
use crate::types::convert::{Temporal, as_datetime, as_time, message_text};
use crate::types::temporal_text::DateRules;
use crate::types::{Collation, DataType, TypeKind, Value, number};

/// `left op right` with the connection's collation as the default one.
pub(in crate::expression) fn comparison(
    op: CompareOp,
    left: Expression,
    right: Expression,
) -> Result<Expression> {
    compare(op, left, right, Collation::default(), 0)
}

fn compare(
    op: CompareOp,
    left: Expression,
    right: Expression,
    connection: Collation,
    offset_seconds: i32,
) -> Result<Expression> {
    let collation = agree([&left, &right], connection, &op.to_string())?;
    let right = adapt(right, &left, offset_seconds)?;
    let left = adapt(left, &right, offset_seconds)?;
    Ok(Expression::Compare { op, left: Box::new(left), right: Box::new(right), collation })
}

/// A text literal next to a date, time or integer becomes one, where that changes no answer: it saves the conversion of
/// each row, and compares long integers exactly.
fn adapt(literal: Expression, other: &Expression, offset_seconds: i32) -> Result<Expression> {
    if other.data_type().is_numeric()
        && let Some(number) = literal.as_hex_number()
    {
        return Ok(number);
    }
    let Expression::Constant { value: Value::Text(text), .. } = &literal else { return Ok(literal) };
    let to = other.data_type();
    if to.has_date() {
        return match as_datetime(&Value::Text(text.clone()), DateRules::default(), offset_seconds, 0) {
            Temporal::Valid(parsed) if parsed.has_time || to.kind != TypeKind::Date => {
                let value = Value::DateTime(parsed.value);
                let data_type = DataType::of_value(&value, Collation::Binary);
                Ok(Expression::Constant { value, data_type })
            }
            Temporal::Valid(parsed) => {
                Ok(Expression::constant(Value::Date(parsed.value.date()), DataType::DATE))
            }
            Temporal::Null | Temporal::Invalid => {
                let kind = match to.kind {
                    TypeKind::Date => "DATE",
                    TypeKind::Timestamp(_) => "TIMESTAMP",
                    _ => "DATETIME",
                };
                Err(Error {
                    code: 1525,
                    state: *b"HY000",
                    message: format!(
                        "Incorrect {kind} value: '{}'",
                        message_text(&Value::Text(text.clone()))
                    ),
                })
            }
        };
    }
    if matches!(to.kind, TypeKind::Time(_))
        && let Temporal::Valid(parsed) = as_time(&Value::Text(text.clone()))
    {
        let value = Value::Time(parsed.value);
        let data_type = DataType::of_value(&value, Collation::Binary);
        return Ok(Expression::Constant { value, data_type });
    }
    if to.is_integer() && other.as_constant().is_none() {
        let (integer, taken) = number::integer_prefix(text);
        if taken > 0 && taken == text.len() {
            if let Ok(value) = i64::try_from(integer) {
                return Ok(Expression::integer(value));
            }
            if let Ok(value) = u64::try_from(integer) {
                return Ok(Expression::constant(Value::UInt(value), DataType::BIGINT_UNSIGNED));
            }
        }
    }
    if to.is_numeric() && other.as_constant().is_none() {
        let (double, taken) = number::double_prefix(text);
        if taken > 0 && taken == text.len() {
            return Ok(Expression::constant(Value::Double(double), DataType::DOUBLE));
        }
    }
    Ok(literal)
}

impl Binder<'_> {
    fn offset_seconds(&self) -> i32 {
        self.scope.session().variables.time_zone_offset_seconds
    }

    pub(super) fn compare_bound(
        &self,
        op: CompareOp,
        left: Expression,
        right: Expression,
    ) -> Result<Expression> {
        compare(op, left, right, self.connection(), self.offset_seconds())
    }

    pub(super) fn compare(&mut self, op: CompareOp, left: &Expr, right: &Expr) -> Result<Expression> {
        match (left, right) {
            (Expr::Row(left), Expr::Row(right)) => {
                if left.len() != right.len() {
                    return Err(Error::operand_columns(left.len()));
                }
                let (left, right) = (self.bind_all(left)?, self.bind_all(right)?);
                self.compare_rows(op, &left, &right)
            }
            (Expr::Row(parts), Expr::Subquery(_)) | (Expr::Subquery(_), Expr::Row(parts)) => {
                let _ = parts;
                Err(Error::not_supported("comparing a row with a subquery other than by IN"))
            }
            (Expr::Row(parts), _) => Err(Error::operand_columns(parts.len())),
            (_, Expr::Row(_)) => Err(Error::operand_columns(1)),
            _ => {
                let (left, right) = (self.bind(left)?, self.bind(right)?);
                self.compare_bound(op, left, right)
            }
        }
    }

    /// `(a, b) op (c, d)` by its parts.
    fn compare_rows(&self, op: CompareOp, left: &[Expression], right: &[Expression]) -> Result<Expression> {
        let pair =
            |op, position: usize| self.compare_bound(op, left[position].clone(), right[position].clone());
        match op {
            CompareOp::Eq | CompareOp::NullSafeEq => Ok(Expression::all(
                (0..left.len()).map(|position| pair(op, position)).collect::<Result<_>>()?,
            )),
            CompareOp::NotEq => {
                Ok(Expression::Not(Box::new(self.compare_rows(CompareOp::Eq, left, right)?)))
            }
            CompareOp::Less | CompareOp::LessEq | CompareOp::Greater | CompareOp::GreaterEq => {
                let strict = match op {
                    CompareOp::LessEq => CompareOp::Less,
                    CompareOp::GreaterEq => CompareOp::Greater,
                    other => other,
                };
                let last = left.len() - 1;
                let mut result = pair(op, last)?;
                for position in (0..last).rev() {
                    let equal = pair(CompareOp::Eq, position)?;
                    let rest = Expression::And(vec![equal, result]);
                    result = Expression::Or(vec![pair(strict, position)?, rest]);
                }
                Ok(result)
            }
        }
    }

    pub(super) fn between(
        &mut self,
        operand: &Expr,
        low: &Expr,
        high: &Expr,
        negated: bool,
    ) -> Result<Expression> {
        let (operand, low, high) = (self.bind(operand)?, self.bind(low)?, self.bind(high)?);
        let collation = agree([&operand, &low, &high], self.connection(), "between")?;
        let offset = self.offset_seconds();
        let (low, high) = (adapt(low, &operand, offset)?, adapt(high, &operand, offset)?);
        let operand =
            if low.data_type() == high.data_type() { adapt(operand, &low, offset)? } else { operand };
        Ok(Expression::Between {
            operand: Box::new(operand),
            low: Box::new(low),
            high: Box::new(high),
            negated,
            collation,
        })
    }

    pub(super) fn in_list(&mut self, operand: &Expr, list: &[Expr], negated: bool) -> Result<Expression> {
        if let Expr::Row(parts) = operand {
            let left = self.bind_all(parts)?;
            let mut choices = Vec::with_capacity(list.len());
            for member in list {
                let Expr::Row(right) = member else { return Err(Error::operand_columns(left.len())) };
                if right.len() != left.len() {
                    return Err(Error::operand_columns(left.len()));
                }
                let right = self.bind_all(right)?;
                choices.push(self.compare_rows(CompareOp::Eq, &left, &right)?);
            }
            let any = if choices.len() == 1 { choices.remove(0) } else { Expression::Or(choices) };
            return Ok(if negated { Expression::Not(Box::new(any)) } else { any });
        }
        let operand = self.bind(operand)?;
        let list = self.bind_all(list)?;
        let collation = agree(std::iter::once(&operand).chain(&list), self.connection(), "in")?;
        let offset = self.offset_seconds();
        let list = list.into_iter().map(|member| adapt(member, &operand, offset)).collect::<Result<_>>()?;
        Ok(Expression::InList { operand: Box::new(operand), list, negated, collation })
    }
}
