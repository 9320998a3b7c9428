//! Running an expression over a row.
//!
//! Columns and constants are borrowed by whoever only looks at them ([`Expression::look`]); a value is cloned only when
//! it is the result. Three-valued logic: an unknown truth is NULL.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::ast::BinaryOp;
use crate::error::Error;
use crate::execute::{Context, Run, subquery};
use crate::expression::arithmetic::{self, Operation};
use crate::expression::{CompareOp, Expression, LikePattern, RegexpPattern, infer};
use crate::function::Call;
use crate::types::compare::compare_warning;
use crate::types::convert::{cast, to_bool};
use crate::types::datetime::{Date, DateTime};
use crate::types::{Collation, DataType, Decimal, TypeKind, Value};

impl Expression {
    /// The value over a row.
    ///
    /// # Errors
    /// Arithmetic out of range, wrong arguments, whatever a subquery raises; or SLEEP's suspension.
    pub fn eval(&self, row: &[Value], ctx: &mut Context<'_>) -> Run<Value> {
        match self {
            Expression::Constant { value, .. } => Ok(value.clone()),
            Expression::Column { index, name, .. } => {
                row.get(*index).cloned().ok_or_else(|| missing_slot(name).into())
            }
            Expression::Parameter { index, .. } => parameter(*index, ctx),
            Expression::Outer { depth, index, name, .. } => outer(*depth, *index, name, ctx),
            Expression::Arithmetic { op, left, right, data_type } => {
                let left = left.look(row, ctx)?;
                let right = right.look(row, ctx)?;
                let operation = Operation { op: *op, data_type, expression: self, strict: ctx.strict };
                Ok(arithmetic::apply(&operation, &left, &right, ctx.session)?)
            }
            Expression::Negate { operand, .. } => {
                let operand = operand.look(row, ctx)?;
                Ok(arithmetic::negate(&operand, self, ctx.session)?)
            }
            Expression::BitNot(operand) => {
                let operand = operand.look(row, ctx)?;
                Ok(arithmetic::as_bits(&operand, ctx.session).map_or(Value::Null, |bits| Value::UInt(!bits)))
            }
            Expression::Case { branches, otherwise, data_type } => {
                let (result, value) = chosen_value(branches, otherwise, row, ctx)?;
                if data_type.is_decimal() && data_type.display_width == DataType::OWN_SCALE {
                    return Ok(value);
                }
                // What is chosen is calculated with all its digits.
                let data_type = if data_type.kind == TypeKind::Float { &DataType::DOUBLE } else { data_type };
                Ok(convert(value, result, data_type, ctx))
            }
            Expression::Cast { operand, to } => {
                let value = operand.eval(row, ctx)?;
                if to.is_decimal()
                    && let Some(number) = whole_seconds(&value)
                    && *to == infer::number_of(&operand.data_type())
                {
                    return Ok(number);
                }
                Ok(convert(value, operand, to, ctx))
            }
            Expression::Collate { operand, data_type } => {
                let value = operand.eval(row, ctx)?;
                Ok(match value {
                    Value::Text(text) if data_type.collation == Collation::Binary => {
                        let from = operand.data_type();
                        let value = Value::Text(text.clone());
                        Value::Blob(crate::types::convert::bytes_in_set(text, &value, &from))
                    }
                    other => other,
                })
            }
            Expression::Call { function, arguments, data_type, collation } => {
                let call =
                    Call { name: function.name, data_type: *data_type, collation: *collation, arguments };
                function.eval(&call, row, ctx)
            }
            Expression::Stored { function, arguments, label } => {
                crate::program::within::function::call(function, arguments, label, row, ctx)
            }
            Expression::ScalarSubquery(plan) => subquery::evaluate(plan, None, row, ctx),
            Expression::SubqueryColumn { subquery: plan, position } => {
                subquery::column(plan, *position, row, ctx)
            }
            Expression::UserVariable { name, .. } => {
                Ok(ctx.session.user_variables.get(name.as_ref()).cloned().unwrap_or(Value::Null))
            }
            Expression::AssignVariable { name, operand } => {
                let value = crate::json::convert::in_variable(operand.eval(row, ctx)?);
                ctx.session.user_variables.insert(name.to_string(), value.clone());
                Ok(value)
            }
            Expression::SystemVariable { scope, name, .. } => {
                Ok(crate::variables::get(ctx.session, ctx.host, *scope, name)?)
            }
            Expression::Not(_)
            | Expression::And(_)
            | Expression::Or(_)
            | Expression::Xor(..)
            | Expression::Compare { .. }
            | Expression::IsNull { .. }
            | Expression::IsTruth { .. }
            | Expression::Between { .. }
            | Expression::InList { .. }
            | Expression::InSubquery { .. }
            | Expression::Quantified { .. }
            | Expression::Exists { .. }
            | Expression::Like { .. }
            | Expression::Regexp { .. } => Ok(self.truth(row, ctx)?.map_or(Value::Null, Value::bool)),
        }
    }

    /// Whether the expression is true over a row: what WHERE, ON and HAVING ask. NULL is not true.
    ///
    /// # Errors
    /// As [`Expression::eval`].
    pub fn is_true(&self, row: &[Value], ctx: &mut Context<'_>) -> Run<bool> {
        Ok(self.truth(row, ctx)? == Some(true))
    }

    /// The value, borrowed where it already is somewhere.
    ///
    /// # Errors
    /// As [`Expression::eval`].
    pub fn look<'a>(&'a self, row: &'a [Value], ctx: &mut Context<'_>) -> Run<Cow<'a, Value>> {
        match self {
            Expression::Constant { value, .. } => Ok(Cow::Borrowed(value)),
            Expression::Column { index, name, .. } => {
                row.get(*index).map(Cow::Borrowed).ok_or_else(|| missing_slot(name).into())
            }
            _ => self.eval(row, ctx).map(Cow::Owned),
        }
    }

    /// Truth, falsehood, or None for NULL.
    ///
    /// # Errors
    /// As [`Expression::eval`].
    pub fn truth(&self, row: &[Value], ctx: &mut Context<'_>) -> Run<Option<bool>> {
        match self {
            Expression::And(parts) => logical(parts, false, row, ctx),
            Expression::Or(parts) => logical(parts, true, row, ctx),
            Expression::Not(operand) => Ok(operand.truth(row, ctx)?.map(|truth| !truth)),
            Expression::Xor(left, right) => {
                // Beside NULL the other side is not looked at, and can warn of nothing.
                let Some(left) = left.truth(row, ctx)? else { return Ok(None) };
                Ok(right.truth(row, ctx)?.map(|right| left != right))
            }
            Expression::Compare { op, left, right, collation } => {
                let left = left.look(row, ctx)?;
                if left.is_null() && *op != CompareOp::NullSafeEq {
                    // The other side is not looked at, and can warn of nothing.
                    return Ok(None);
                }
                let other = right.look(row, ctx)?;
                if other.is_null() && *op != CompareOp::NullSafeEq {
                    converted_in_vain(&left, &right.data_type(), ctx);
                    return Ok(None);
                }
                Ok(compare(*op, &left, &other, *collation, ctx))
            }
            Expression::IsNull { operand, negated } => Ok(Some(is_null(operand, row, ctx)? != *negated)),
            Expression::IsTruth { operand, value, negated } => {
                Ok(Some((operand.truth(row, ctx)? == Some(*value)) != *negated))
            }
            Expression::Between { operand, low, high, negated, collation } => {
                let operand = operand.look(row, ctx)?;
                if operand.is_null() {
                    return Ok(None);
                }
                let low = low.look(row, ctx)?;
                let high = high.look(row, ctx)?;
                let above = compare(CompareOp::GreaterEq, &operand, &low, *collation, ctx);
                let below = compare(CompareOp::LessEq, &operand, &high, *collation, ctx);
                Ok(negate(and(above, below), *negated))
            }
            Expression::InList { operand, list, negated, collation } => {
                let value = operand.look(row, ctx)?;
                if value.is_null() {
                    for member in list {
                        let member = member.look(row, ctx)?;
                        converted_in_vain(&member, &operand.data_type(), ctx);
                    }
                    return Ok(None);
                }
                Ok(negate(in_list(&value, list, *collation, row, ctx)?, *negated))
            }
            Expression::InSubquery { operands, subquery: plan, negated } => {
                let values: Vec<Value> =
                    operands.iter().map(|operand| operand.eval(row, ctx)).collect::<Run<_>>()?;
                let found = subquery::evaluate(plan, Some(&values), row, ctx)?;
                Ok(negate(to_bool(&found, ctx.session), *negated))
            }
            Expression::Quantified { operand, op, all, subquery: plan, collation } => {
                let value = operand.eval(row, ctx)?;
                subquery::quantified(plan, (*op, *all), &value, *collation, row, ctx)
            }
            Expression::Exists { subquery: plan, negated } => {
                let found = subquery::evaluate(plan, None, row, ctx)?;
                Ok(negate(to_bool(&found, ctx.session), *negated))
            }
            Expression::Like { operand, pattern, escape, negated, collation, compiled } => {
                let operand = operand.look(row, ctx)?;
                let Some(text) = bytes_of(&operand) else { return Ok(None) };
                let matched = if let Some(compiled) = compiled {
                    compiled.matches(text)
                } else {
                    let pattern = pattern.look(row, ctx)?;
                    let Some(pattern) = bytes_of(&pattern) else { return Ok(None) };
                    LikePattern::new(pattern, *escape, *collation).matches(text)
                };
                Ok(Some(matched != *negated))
            }
            Expression::Regexp { operand, pattern, negated, collation, compiled } => {
                let operand = operand.look(row, ctx)?;
                let Some(text) = bytes_of(&operand) else { return Ok(None) };
                let matched = if let Some(compiled) = compiled {
                    compiled.matches(text)
                } else {
                    let pattern = pattern.look(row, ctx)?;
                    let Some(pattern) = bytes_of(&pattern) else { return Ok(None) };
                    RegexpPattern::cached(pattern, *collation)?.matches(text)
                };
                Ok(Some(matched != *negated))
            }
            _ => {
                let value = self.look(row, ctx)?;
                Ok(to_bool(&value, ctx.session))
            }
        }
    }
}

impl Expression {
    /// Whether it surely has a value, so that nobody has to look: of numbers only what is made of constants and columns that are NOT NULL.
    pub(super) fn is_never_null(&self) -> bool {
        match self {
            Expression::Constant { value, .. } => !value.is_null(),
            Expression::Column { nullable, .. } => !nullable,
            Expression::Arithmetic {
                op: BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply,
                left,
                right,
                data_type,
            } => data_type.is_numeric() && left.is_never_null() && right.is_never_null(),
            Expression::Negate { operand, data_type } => data_type.is_numeric() && operand.is_never_null(),
            Expression::Cast { operand, to } => to.is_numeric() && operand.is_never_null(),
            Expression::Compare { left, right, .. } => left.is_never_null() && right.is_never_null(),
            _ => false,
        }
    }

    /// Whether one of its columns is NULL after all, as in a row that an outer join has made up.
    fn reads_null(&self, row: &[Value]) -> bool {
        if let Expression::Column { index, .. } = self {
            return row.get(*index).is_some_and(Value::is_null);
        }
        let mut is_null = false;
        self.for_each_operand(&mut |operand| is_null |= operand.reads_null(row));
        is_null
    }
}

/// Whether it is NULL. As in MySQL a comparison is not made for that: it is NULL if one of its sides is.
fn is_null(operand: &Expression, row: &[Value], ctx: &mut Context<'_>) -> Run<bool> {
    match operand {
        operand if operand.is_never_null() => Ok(operand.reads_null(row)),
        Expression::Compare { op: CompareOp::NullSafeEq, .. } => Ok(false),
        Expression::Compare { left, right, .. } => Ok(is_null(left, row, ctx)? || is_null(right, row, ctx)?),
        operand => Ok(operand.look(row, ctx)?.is_null()),
    }
}

/// The number that a time without a fraction is in arithmetic: one without digits after its point.
fn whole_seconds(value: &Value) -> Option<Value> {
    let number = match value {
        Value::Time(time) if time.microsecond() == 0 => time.as_number(),
        Value::DateTime(datetime) if datetime.microsecond() == 0 => datetime.as_number(),
        _ => return None,
    };
    Some(Value::Decimal(Decimal::from(number)))
}

fn missing_slot(name: &str) -> Error {
    Error::internal(format!("column '{name}' has no slot in the row"))
}

fn parameter(index: usize, ctx: &Context<'_>) -> Run<Value> {
    ctx.parameters.get(index).cloned().ok_or_else(|| Error::wrong_arguments("EXECUTE").into())
}

fn outer(depth: usize, index: usize, name: &str, ctx: &Context<'_>) -> Run<Value> {
    let rows = &ctx.outer_rows;
    let value = rows.len().checked_sub(depth).and_then(|position| rows[position].get(index));
    value.cloned().ok_or_else(|| missing_slot(name).into())
}

/// The bytes of a string; None for NULL. The binder has made everything else text.
fn bytes_of(value: &Value) -> Option<&[u8]> {
    match value {
        Value::Text(text) | Value::Blob(text) => Some(text),
        _ => None,
    }
}

/// AND (`decides` false) or OR (`decides` true): the deciding truth ends it.
fn logical(parts: &[Expression], decides: bool, row: &[Value], ctx: &mut Context<'_>) -> Run<Option<bool>> {
    let mut unknown = false;
    for part in parts {
        match part.truth(row, ctx)? {
            Some(truth) if truth == decides => return Ok(Some(decides)),
            Some(_) => {}
            None => unknown = true,
        }
    }
    Ok(if unknown { None } else { Some(!decides) })
}

fn and(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (left, right) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

fn negate(truth: Option<bool>, negated: bool) -> Option<bool> {
    truth.map(|truth| truth != negated)
}

fn compare(
    op: CompareOp,
    left: &Value,
    right: &Value,
    collation: Collation,
    ctx: &mut Context<'_>,
) -> Option<bool> {
    if op == CompareOp::NullSafeEq && (left.is_null() || right.is_null()) {
        return Some(left.is_null() && right.is_null());
    }
    let ordering = compare_warning(left, right, collation, ctx.session, ctx.now_us)?;
    Some(op.accepts(ordering))
}

impl CompareOp {
    /// Whether operands in this order satisfy the operator.
    #[must_use]
    pub fn accepts(self, ordering: Ordering) -> bool {
        match self {
            CompareOp::Eq | CompareOp::NullSafeEq => ordering.is_eq(),
            CompareOp::NotEq => ordering.is_ne(),
            CompareOp::Less => ordering.is_lt(),
            CompareOp::LessEq => ordering.is_le(),
            CompareOp::Greater => ordering.is_gt(),
            CompareOp::GreaterEq => ordering.is_ge(),
        }
    }
}

/// What is warned of when a text is brought to the kind of a NULL that it is compared with.
fn converted_in_vain(value: &Value, to: &DataType, ctx: &mut Context<'_>) {
    if !matches!(value, Value::Text(_) | Value::Blob(_)) {
        return;
    }
    let standin = match to {
        to if to.is_numeric() => Value::Double(0.0),
        to if to.kind == TypeKind::Date => Value::Date(Date::ZERO),
        to if to.has_date() => Value::DateTime(DateTime::ZERO),
        _ => return,
    };
    compare_warning(value, &standin, Collation::Binary, ctx.session, ctx.now_us);
}

fn in_list(
    operand: &Value,
    list: &[Expression],
    collation: Collation,
    row: &[Value],
    ctx: &mut Context<'_>,
) -> Run<Option<bool>> {
    if operand.is_null() {
        return Ok(None);
    }
    let mut unknown = false;
    for member in list {
        let member = member.look(row, ctx)?;
        match compare(CompareOp::Eq, operand, &member, collation, ctx) {
            Some(true) => return Ok(Some(true)),
            Some(false) => {}
            None => unknown = true,
        }
    }
    Ok(if unknown { None } else { Some(false) })
}

/// The branch of a CASE that holds.
/// The result of a CASE and its value; where the condition is that the result is not NULL, it is evaluated once.
fn chosen_value<'a>(
    branches: &'a [(Expression, Expression)],
    otherwise: &'a Expression,
    row: &[Value],
    ctx: &mut Context<'_>,
) -> Run<(&'a Expression, Value)> {
    for (condition, result) in branches {
        if condition.asks_own_result() {
            let value = result.eval(row, ctx)?;
            if !value.is_null() {
                return Ok((result, value));
            }
        } else if condition.is_true(row, ctx)? {
            return Ok((result, result.eval(row, ctx)?));
        }
    }
    Ok((otherwise, otherwise.eval(row, ctx)?))
}

/// A result in a type; nothing to do in the common case that it has it already.
fn convert(value: Value, source: &Expression, to: &DataType, ctx: &mut Context<'_>) -> Value {
    let from = match source {
        // A parameter's declared type is a guess: its text is the natural one of its value.
        Expression::Parameter { is_variable: false, .. } => DataType::NULL,
        _ => source.data_type(),
    };
    if from == *to || value.is_null() {
        return value;
    }
    if let Value::Json(document) = &value {
        return crate::json::convert::cast(document, to, &source.json_name(), ctx.session, ctx.now_us);
    }
    if to.is_decimal() && !from.has_members() && matches!(value, Value::Text(_) | Value::Blob(_)) {
        let value = arithmetic::decimal_of(&value, source, ctx.session).map_or(Value::Null, Value::Decimal);
        return cast(value, &DataType::NULL, to, ctx.session, ctx.now_us);
    }
    cast(value, &from, to, ctx.session, ctx.now_us)
}
