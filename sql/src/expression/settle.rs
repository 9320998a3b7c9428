//! Conditions whose literals settle them: `a OR 1` is true and reads nothing, `a AND 0` is false, and `number = 'x'` is warned of once.
//!
//! MySQL does the same before it reads a row, so that what is left out can neither fail nor warn, and what is found wrong is told even if
//! there are no rows.
//!
//! Left out: constants that are computed, and what stands under NOT.

use crate::error::Error;
use crate::expression::{CompareOp, Expression};
use crate::session::{Warning, WarningLevel};
use crate::types::compare::compare_sql;
use crate::types::text::printable;
use crate::types::{DataType, Decimal, Value, number};

impl Expression {
    /// A condition of WHERE, of which NULL is as good as false, without the parts that its literals settle; and what is to be warned of.
    #[must_use]
    pub fn settled(self, warn: &mut dyn FnMut(Warning)) -> Expression {
        self.with_truths(warn).reduced().with_numbers(warn)
    }

    /// A condition of ON, whose literals are read as those of WHERE.
    #[must_use]
    pub fn with_literals_read(self, warn: &mut dyn FnMut(Warning)) -> Expression {
        self.with_truths(warn).with_numbers(warn)
    }

    /// With the truth in place of the text literals that are conditions, and no numbers.
    fn with_truths(self, warn: &mut dyn FnMut(Warning)) -> Expression {
        match self {
            Expression::And(parts) => Expression::And(truths(parts, false, warn)),
            Expression::Or(parts) => Expression::Or(truths(parts, true, warn)),
            Expression::Not(operand) => Expression::Not(Box::new(operand.with_truths(warn))),
            Expression::Constant { value: Value::Text(ref text), .. } => {
                let (number, taken) = number::double_prefix(text);
                if number::only_space(&text[taken..]) {
                    return self;
                }
                let error = Error::truncated_wrong_value("DOUBLE", printable(text));
                warn(Warning::new(WarningLevel::Warning, error.code, error.message));
                Expression::integer(i64::from(number != 0.0))
            }
            other => other,
        }
    }

    fn reduced(self) -> Expression {
        match self {
            Expression::And(parts) => join(parts, false),
            Expression::Or(parts) => join(parts, true),
            // No value is less than itself.
            Expression::Compare {
                op: CompareOp::Less | CompareOp::Greater | CompareOp::NotEq,
                left,
                right,
                ..
            } if is_same_column(&left, &right) => Expression::integer(0),
            other => other,
        }
    }

    /// With numbers in place of the text literals that columns of numbers are compared with, wherever that is.
    fn with_numbers(mut self, warn: &mut dyn FnMut(Warning)) -> Expression {
        self.put_numbers(warn);
        self
    }

    fn put_numbers(&mut self, warn: &mut dyn FnMut(Warning)) {
        if let Expression::Compare { left, right, .. } = self {
            let right_number = number_next_to(left, right, warn);
            if let Some(number) = number_next_to(right, left, warn) {
                **left = number;
            }
            if let Some(number) = right_number {
                **right = number;
            }
        }
        if matches!(self, Expression::IsNull { operand, .. } if operand.is_never_null()) {
            return;
        }
        let is_case = matches!(self, Expression::Case { .. });
        self.for_each_operand_mut(&mut |operand| {
            // The operand of a CASE and of NULLIF is compared row by row.
            if !is_case || !matches!(operand, Expression::Compare { op: CompareOp::Eq, .. }) {
                operand.put_numbers(warn);
            }
        });
    }

    /// What is known of a literal as a condition; a time next to a date is of the day on which the statement runs.
    fn literal_truth(&self) -> Option<bool> {
        if let Expression::Compare { op, left, right, collation } = self
            && let (Some(left), Some(right)) = (left.as_constant(), right.as_constant())
            && [left, right].iter().all(|side| !matches!(side, Value::Text(_) | Value::Blob(_) | Value::Null))
            && matches!(left, Value::Time(_)) == matches!(right, Value::Time(_))
        {
            return Some(compare_sql(left, right, *collation).is_some_and(|order| op.accepts(order)));
        }
        match self.as_constant()? {
            Value::Null => Some(false),
            Value::Int(number) => Some(*number != 0),
            Value::UInt(number) => Some(*number != 0),
            Value::Double(number) => Some(*number != 0.0),
            Value::Decimal(number) => Some(!number.is_zero()),
            // One that is warned of is left to be.
            Value::Text(text) => {
                let (number, taken) = number::double_prefix(text);
                (taken == text.len()).then_some(number != 0.0)
            }
            Value::Blob(_) | Value::Date(_) | Value::Time(_) | Value::DateTime(_) | Value::Json(_) => None,
        }
    }
}

fn is_same_column(left: &Expression, right: &Expression) -> bool {
    match (left, right) {
        (Expression::Column { index: left, .. }, Expression::Column { index: right, .. }) => left == right,
        _ => false,
    }
}

/// The number that a text literal next to a column of numbers begins with.
fn number_next_to(
    column: &Expression,
    literal: &Expression,
    warn: &mut dyn FnMut(Warning),
) -> Option<Expression> {
    let data_type = column.data_type();
    let is_column = matches!(column, Expression::Column { .. });
    if !is_column || !data_type.is_numeric() {
        return None;
    }
    let (text, is_decimal) = match literal {
        Expression::Constant { value: Value::Text(text), .. } => (text, false),
        // What the comparison with a DECIMAL has made of it.
        Expression::Cast { operand, to } if to.is_decimal() => match operand.as_ref() {
            Expression::Constant { value: Value::Text(text), .. } => (text, true),
            _ => return None,
        },
        _ => return None,
    };
    if is_decimal {
        let (decimal, taken) = Decimal::parse_prefix(text).unwrap_or((Decimal::ZERO, 0));
        if taken == 0 || !number::only_space(&text[taken..]) {
            let error = Error::truncated_wrong_value("DECIMAL", printable(text));
            warn(Warning::new(WarningLevel::Warning, error.code, error.message));
        }
        return Some(Expression::constant(Value::Decimal(decimal), literal.data_type()));
    }
    let (number, taken) = number::double_prefix(text);
    if !number::only_space(&text[taken..]) {
        let error = Error::truncated_wrong_value("DOUBLE", printable(text));
        warn(Warning::new(WarningLevel::Warning, error.code, error.message));
    }
    Some(Expression::constant(Value::Double(number), DataType::DOUBLE))
}

/// The parts of AND (`decides` false) or OR (`decides` true): what comes after the one that decides is not read.
fn truths(parts: Vec<Expression>, decides: bool, warn: &mut dyn FnMut(Warning)) -> Vec<Expression> {
    let mut is_decided = false;
    let part = |part: Expression| {
        let part = if is_decided { part } else { part.with_truths(warn) };
        is_decided |= part.literal_truth() == Some(decides);
        part
    };
    parts.into_iter().map(part).collect()
}

/// AND (`decides` false) or OR (`decides` true).
fn join(parts: Vec<Expression>, decides: bool) -> Expression {
    let parts: Vec<Expression> = parts.into_iter().map(Expression::reduced).collect();
    if parts.iter().any(|part| part.literal_truth() == Some(decides)) {
        return Expression::integer(i64::from(decides));
    }
    let mut open: Vec<Expression> = parts.into_iter().filter(|part| part.literal_truth().is_none()).collect();
    match open.len() {
        0 => Expression::integer(i64::from(!decides)),
        1 => open.remove(0),
        _ if decides => Expression::Or(open),
        _ => Expression::And(open),
    }
}
