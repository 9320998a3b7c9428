//! Comparisons: rows taken apart, collations agreed on, literals converted to the other side's type once.

use std::sync::Arc;

use bytes::Bytes;

use crate::ast::Expr;
use crate::error::{Error, Result};
use crate::expression::bind::call::as_bytes;
use crate::expression::bind::kinds::{self, Invalid, Reading};
use crate::expression::bind::{Binder, number_operand, text};
use crate::expression::bind::{members, misfit, stored};
use crate::expression::collate::{Wanted, agree};
use crate::expression::{CompareOp, Expression, Subquery, SubqueryKind};
use crate::plan::node::{Body, QueryPlan};
use crate::session::{SessionState, Warning, WarningLevel};
use crate::types::convert::{Temporal, as_datetime, as_time, date_rules, message_text};
use crate::types::text::printable;
use crate::types::{Collation, DataType, Decimal, TimeZone, TypeKind, Value, number};

/// `left op right` with the connection's collation as the default one.
pub(in crate::expression) fn comparison(
    op: CompareOp,
    left: Expression,
    right: Expression,
) -> Result<Expression> {
    compare(op, left, right, Collation::default(), (Invalid::Refused, Reading::default()))
}

fn compare(
    op: CompareOp,
    left: Expression,
    right: Expression,
    connection: Collation,
    (invalid, reading): (Invalid, Reading),
) -> Result<Expression> {
    if invalid == Invalid::Refused
        && let Some(constant) = stored::calculated(&left, &right)
    {
        return stored::compare((left, right), constant, |left, right| {
            compare_plainly(op, left, right, connection, (invalid, reading))
        });
    }
    compare_plainly(op, left, right, connection, (invalid, reading))
}

fn compare_plainly(
    op: CompareOp,
    left: Expression,
    right: Expression,
    connection: Collation,
    (invalid, reading): (Invalid, Reading),
) -> Result<Expression> {
    let left = numbered_or_stored(left, &right);
    let right = numbered_or_stored(right, &left);
    // Numbers and times next to a year are for `kinds`; CASE takes numbers as they are.
    let is_taken = |side: &Expression| {
        let is_text = side.data_type().is_string() && side.as_constant().is_none();
        invalid == Invalid::Zero || kinds::is_fixed_number(side) || is_text
    };
    let left = if is_taken(&left) { left } else { year_next_to(&right, left) };
    let right = if is_taken(&right) { right } else { year_next_to(&left, right) };
    let (left, right) = kinds::pair(left, right, connection, invalid, reading)?;
    let collation = agree([&left, &right], connection, &op.to_string(), Wanted::Comparison)?;
    let is_number = |side: &Expression| invalid == Invalid::Zero && side.data_type().kind == TypeKind::Year;
    let right = if is_number(&left) { right } else { adapt(right, &left, reading)? };
    let left = if is_number(&right) { left } else { adapt(left, &right, reading)? };
    let (left, right) = (kinds::in_collation(left, collation), kinds::in_collation(right, collation));
    Ok(Expression::Compare { op, left: Box::new(left), right: Box::new(right), collation })
}

/// The year that one or two digits next to a YEAR mean.
fn two_digit_year(value: &Value) -> Option<i64> {
    let number = match value {
        Value::Int(number) => *number,
        Value::UInt(number) => i64::try_from(*number).ok()?,
        Value::Double(number) if (1.0..=99.0).contains(number) && number.fract() == 0.0 => {
            number::integer_prefix(number.to_string().as_bytes()).0.try_into().ok()?
        }
        Value::Text(text) => match number::integer_prefix(text) {
            (number, taken) if taken > 0 && taken == text.len() => i64::try_from(number).ok()?,
            _ => return None,
        },
        _ => return None,
    };
    match number {
        0 if matches!(value, Value::Text(text) if text.len() < 4) => Some(2000),
        1..=69 => Some(2000 + number),
        70..=99 => Some(1900 + number),
        _ => None,
    }
}

/// The year that a computed constant next to a column of years means; anything else as it is.
fn year_next_to(other: &Expression, fixed: Expression) -> Expression {
    let is_year = other.data_type().kind == TypeKind::Year && other.is_column();
    if !is_year || fixed.as_constant().is_some() || !fixed.is_fixed() {
        return fixed;
    }
    if fixed.data_type().has_date() {
        // A date that is calculated of constants is stored into the column; what depends on the clock is compared as a date.
        return if reads_clock(&fixed) { fixed } else { kinds::as_year(fixed) };
    }
    let data_type = if fixed.data_type().is_float() { DataType::DOUBLE } else { DataType::BIGINT };
    let number = Expression::Cast { operand: Box::new(fixed), to: data_type };
    let century = |low, high, years| {
        let within = Expression::Between {
            operand: Box::new(number.clone()),
            low: Box::new(Expression::integer(low)),
            high: Box::new(Expression::integer(high)),
            negated: false,
            collation: Collation::Binary,
        };
        let year = Expression::Arithmetic {
            op: crate::ast::BinaryOp::Add,
            left: Box::new(number.clone()),
            right: Box::new(Expression::integer(years)),
            data_type,
        };
        (within, year)
    };
    let branches = vec![century(1, 69, 2000), century(70, 99, 1900)];
    Expression::Case { branches, otherwise: Box::new(number), data_type }
}

/// Whether an expression calls NOW() or its like.
fn reads_clock(expression: &Expression) -> bool {
    const NAMES: [&str; 6] = ["NOW", "CURDATE", "CURTIME", "SYSDATE", "UTC_DATE", "UTC_TIMESTAMP"];
    let mut reads = false;
    expression.visit(&mut |part| {
        reads |= matches!(part, Expression::Call { function, .. } if NAMES.contains(&function.name));
    });
    reads
}

/// As [`numbered`], but what is stored into a YEAR column stays the text that it is.
fn numbered_or_stored(operand: Expression, other: &Expression) -> Expression {
    let is_year = other.is_column() && other.data_type().kind == TypeKind::Year;
    match is_year && operand.data_type().is_string() && operand.is_fixed() {
        true => operand,
        false => numbered(operand, other),
    }
}

/// A member next to a number is its number.
fn numbered(operand: Expression, other: &Expression) -> Expression {
    if other.data_type().is_numeric() {
        match operand.data_type().is_temporal() {
            true if operand.is_mixed_choice() => operand.chosen_number(),
            true => operand,
            false => operand.member_number(DataType::DOUBLE).chosen_number().quiet_number(),
        }
    } else {
        operand
    }
}

/// A text literal next to a date, time or integer becomes one, where that changes no answer: it saves the conversion of
/// each row, and compares long integers exactly.
fn adapt(mut literal: Expression, other: &Expression, reading: Reading) -> Result<Expression> {
    if other.data_type().is_binary() {
        as_bytes(&mut literal);
    }
    if other.data_type().is_numeric()
        && let Some(number) = literal.as_hex_number()
    {
        return Ok(number);
    }
    if other.data_type().is_json()
        && let Expression::Constant { value: Value::Int(truth), data_type } = &literal
        && data_type.display_width == 1
    {
        let document = crate::json::Tree::Bool(*truth == 1).into_value()?;
        return Ok(Expression::constant(document, DataType::JSON));
    }
    let to = other.data_type();
    if to.kind == TypeKind::Year
        && other.is_column()
        && let Some(year) = literal.as_constant().and_then(two_digit_year)
    {
        return Ok(Expression::integer(year));
    }
    let Expression::Constant { value: Value::Text(text), .. } = &literal else { return Ok(literal) };
    if to.has_date() {
        return Ok(date_of_text(text, &to, reading).unwrap_or(literal));
    }
    let number = if other.as_constant().is_none() { number_of_text(text, &to) } else { None };
    Ok(number.unwrap_or(literal))
}

/// A text next to a date; 1525 if it is none.
pub(super) fn date_of_text(text: &Bytes, to: &DataType, reading: Reading) -> Result<Expression> {
    match as_datetime(&Value::Text(text.clone()), reading.rules, reading.zone, 0) {
        Temporal::Valid(parsed) if parsed.has_time || to.kind != TypeKind::Date => {
            let value = Value::DateTime(parsed.value);
            let data_type = DataType::of_value(&value, Collation::Binary);
            Ok(Expression::Constant { value, data_type })
        }
        Temporal::Valid(parsed) => Ok(Expression::constant(Value::Date(parsed.value.date()), DataType::DATE)),
        Temporal::Null | Temporal::Invalid => {
            let shown = message_text(&Value::Text(text.clone()));
            Err(kinds::no_date(kinds::date_kind(to), &shown))
        }
    }
}

/// The number that the whole of a text next to a number is.
fn number_of_text(text: &[u8], to: &DataType) -> Option<Expression> {
    if to.is_integer() {
        let (integer, taken) = number::integer_prefix(text);
        if taken > 0 && taken == text.len() {
            if let Ok(value) = i64::try_from(integer) {
                return Some(Expression::integer(value));
            }
            if let Ok(value) = u64::try_from(integer) {
                return Some(Expression::constant(Value::UInt(value), DataType::BIGINT_UNSIGNED));
            }
        }
    }
    let (double, taken) = number::double_prefix(text);
    let is_number = to.is_numeric() && taken > 0 && taken == text.len();
    is_number.then(|| Expression::constant(Value::Double(double), DataType::DOUBLE))
}

/// Integers of IN as MySQL compares them where not all members are constant integers: by their 64 bits, whatever their signs.
fn as_words(operand: Expression, list: Vec<Expression>) -> (Expression, Vec<Expression>) {
    let own = operand.data_type();
    let is_plain = |member: &Expression| {
        let other = member.data_type();
        member.as_constant().is_some() && (other.is_integer() || other.kind == TypeKind::Null)
    };
    if list.len() < 2 || list.iter().all(is_plain) || !own.is_integer() {
        return (operand, list);
    }
    let to = if own.unsigned { DataType::BIGINT_UNSIGNED } else { DataType::BIGINT };
    let word = |member: Expression| {
        let other = member.data_type();
        match other.is_integer() && other.unsigned != own.unsigned {
            true => Expression::Cast { operand: Box::new(member), to },
            false => member,
        }
    };
    let list = list.into_iter().map(word).collect();
    (operand, list)
}

/// Integers of different signs, of which CASE compares the 64 bits.
fn same_words(left: Expression, right: Expression) -> (Expression, Expression) {
    let (own, other) = (left.data_type(), right.data_type());
    if !own.is_integer() || !other.is_integer() || own.unsigned == other.unsigned {
        return (left, right);
    }
    let word = |part: Expression| Expression::Cast { operand: Box::new(part), to: DataType::BIGINT };
    if own.unsigned { (word(left), right) } else { (left, word(right)) }
}

/// What is to be evaluated before the first row: texts that are calculated of constants, in front of `IN (SELECT date)` where
/// NULL is as good as false. What is no date is refused there.
pub(crate) fn days_of_members(condition: &Expression, session: &SessionState) -> Result<Vec<Expression>> {
    let mut days = Vec::new();
    let mut pending = vec![condition];
    while let Some(condition) = pending.pop() {
        match condition {
            Expression::And(parts) | Expression::Or(parts) => pending.extend(parts),
            Expression::IsTruth { operand, value: true, negated: false } => pending.push(operand),
            Expression::Case { branches, .. } => pending.extend(branches.iter().map(|(when, _)| when)),
            Expression::InSubquery { operands, subquery, negated: false } => {
                if let ([operand], [column]) = (operands.as_slice(), subquery.columns.as_slice()) {
                    days.extend(day_of_member(operand, column, &subquery.plan, session)?);
                }
            }
            Expression::Compare { op: CompareOp::Eq, left, right, .. } => {
                days.extend(kinds::refused_before_rows(left, right));
                days.extend(kinds::refused_before_rows(right, left));
            }
            Expression::Quantified { operand, op: CompareOp::Eq, all: false, subquery, .. } => {
                if let [column] = subquery.columns.as_slice() {
                    days.extend(day_of_member(operand, column, &subquery.plan, session)?);
                }
            }
            _ => {}
        }
    }
    Ok(days)
}

fn day_of_member(
    operand: &Expression,
    column: &DataType,
    plan: &QueryPlan,
    session: &SessionState,
) -> Result<Option<Expression>> {
    let is_known = operand.as_constant().is_some() || !operand.is_fixed();
    if !column.has_date() || !operand.data_type().is_string() || is_known || gives_nothing(plan) {
        return Ok(None);
    }
    let reading = Reading { zone: session.variables.time_zone, rules: date_rules(session) };
    kinds::as_day(operand.clone(), column, Invalid::Refused, reading).map(Some)
}

/// Whether the operand of IN is a choice that shows a text, with texts and numbers among the members: each asks it for its own.
fn is_choice_among_numbers(operand: &Expression, list: &[Expression]) -> bool {
    operand.data_type().is_string()
        && operand.is_mixed_choice()
        && list.len() > 1
        && list.iter().any(|member| member.data_type().is_numeric())
}

/// Whether both bounds of BETWEEN are written as the same text: MySQL makes `=` of it, which refuses what is no date.
fn is_same_constant(low: &Expression, high: &Expression) -> bool {
    let (Some(left), Some(right)) = (low.as_constant(), high.as_constant()) else { return false };
    low.data_type().is_string() && high.data_type().is_string() && left == right
}

/// Whether a query has a condition that is written as NULL or false: MySQL looks no further.
pub(super) fn gives_nothing(plan: &QueryPlan) -> bool {
    let Body::Select(select) = &plan.body else { return false };
    let is_false =
        |condition: &Expression| matches!(condition.as_constant(), Some(Value::Null | Value::Int(0)));
    select.constant_conditions.iter().any(is_false)
}

impl Binder<'_> {
    pub(super) fn zone(&self) -> TimeZone {
        self.scope.session().variables.time_zone
    }

    /// How texts next to dates are read.
    pub(super) fn reading(&self) -> Reading {
        Reading { zone: self.zone(), rules: date_rules(self.scope.session()) }
    }

    pub(super) fn compare_bound(
        &self,
        op: CompareOp,
        left: Expression,
        right: Expression,
    ) -> Result<Expression> {
        self.warn_of_misfits(&left, &right);
        let (right, left) = (self.number_next_to(&left, right), left);
        let (left, right) = (self.number_next_to(&right, left), right);
        let bound = compare(op, left, right, self.connection(), (Invalid::Refused, self.reading()))?;
        bound.for_each_operand(&mut |operand| self.check_day(operand));
        Ok(bound)
    }

    /// A text that is the same in every row, next to a date: it is refused though there be no row.
    pub(super) fn check_day(&self, operand: &Expression) {
        if kinds::refuses_no_day(operand) {
            self.scope.check_at_start(operand);
        }
    }

    /// A text that is the same in every row, in front of ANY or ALL of dates: it is refused if it is no date.
    pub(super) fn check_quantified(
        &self,
        op: CompareOp,
        operand: &Expression,
        subquery: &Subquery,
    ) -> Result<()> {
        let Some(column) = subquery.columns.first().filter(|column| column.has_date()) else { return Ok(()) };
        let is_equality = matches!(op, CompareOp::Eq | CompareOp::NotEq) && operand.as_constant().is_none();
        if is_equality || !operand.is_fixed() {
            return Ok(());
        }
        let day = kinds::as_day(operand.clone(), column, Invalid::Refused, self.reading())?;
        self.check_day(&day);
        Ok(())
    }

    pub(super) fn warn_of_misfits(&self, left: &Expression, right: &Expression) {
        for (other, constant) in [(left, right), (right, left)] {
            if constant.as_constant().is_some() {
                self.scope.warn_all(misfit::misfit(other, constant, self.zone()));
            } else if misfit::is_beside(other)
                && (constant.data_type().is_string() || constant.data_type().is_numeric())
                && constant.is_fixed()
            {
                // Its value is known when the statement runs.
                self.scope.warn_of_constant(other, constant);
            }
        }
    }

    /// A text literal next to a BIGINT column is the number that it begins with; a constant text next to a decimal is a decimal.
    fn number_next_to(&self, other: &Expression, operand: Expression) -> Expression {
        let to = other.data_type();
        match &operand {
            Expression::Constant { value: Value::Text(text), .. }
                if to.kind == TypeKind::BigInt && other.is_column() =>
            {
                let (number, taken) = number::double_prefix(text);
                if number::only_space(&text[taken..]) {
                    return operand;
                }
                let error = Error::truncated_wrong_value("DOUBLE", printable(text));
                let warning = Warning::new(WarningLevel::Warning, error.code, error.message);
                self.scope.warn_all(Some(warning));
                Expression::constant(Value::Double(number), DataType::DOUBLE)
            }
            // Two constants are compared as doubles.
            fixed if to.is_decimal() && other.as_constant().is_some() && fixed.is_fixed() => operand,
            Expression::Constant { value: Value::Text(text), .. } if to.is_decimal() => {
                let (decimal, taken) = Decimal::parse_prefix(text).unwrap_or((Decimal::ZERO, 0));
                if taken > 0 && number::only_space(&text[taken..]) {
                    return operand;
                }
                let to = DataType::decimal(65, u32::from(decimal.scale()).min(30));
                Expression::Cast { operand: Box::new(operand), to }
            }
            Expression::Constant { .. } => operand,
            fixed if to.is_decimal() && fixed.data_type().is_text() && fixed.is_fixed() => {
                Expression::Cast { operand: Box::new(operand), to: DataType::decimal(65, 30) }
            }
            _ => operand,
        }
    }

    /// What BETWEEN warns of before the first row: a literal that the date or time before them cannot be.
    fn warn_of_members(&self, operand: &Expression, members: [&Expression; 2]) {
        if !operand.is_column() {
            return;
        }
        members.into_iter().for_each(|member| self.warn_of_misfit(operand, member));
    }

    fn warn_of_misfit(&self, beside: &Expression, constant: &Expression) {
        if constant.as_constant().is_some() {
            self.scope.warn_all(misfit::misfit(beside, constant, self.zone()));
        } else if misfit::is_beside(beside) && constant.data_type().is_string() && constant.is_fixed() {
            self.scope.warn_of_constant(beside, constant);
        }
    }

    /// What IN warns of before the first row, where all of its members are texts: no dates beside a date, no numbers beside a number.
    fn warn_of_texts(&self, operand: &Expression, list: &[Expression]) {
        let is_text =
            |member: &Expression| matches!(member.as_constant(), Some(Value::Text(_) | Value::Null));
        if list.len() < 2 || operand.as_constant().is_some() || !list.iter().all(is_text) {
            return;
        }
        let own = operand.data_type();
        for member in list {
            let Some(Value::Text(text)) = member.as_constant() else { continue };
            if own.has_date() && operand.is_column() {
                self.warn_of_misfit(operand, member);
            } else if matches!(own.kind, TypeKind::Time(_)) {
                let is_time =
                    matches!(as_time(&Value::Text(text.clone())), Temporal::Valid(time) if !time.truncated);
                self.warn_of_text("time", text, is_time || text.trim_ascii().is_empty());
            } else if own.is_numeric() && own.kind != TypeKind::Year {
                let (_, taken) = number::double_prefix(text);
                self.warn_of_text("DOUBLE", text, number::only_space(&text[taken..]));
            }
        }
    }

    fn warn_of_text(&self, kind: &str, text: &Bytes, is_whole: bool) {
        if !is_whole {
            let error = Error::truncated_wrong_value(kind, printable(text));
            self.scope.warn_all(Some(Warning::new(WarningLevel::Warning, error.code, error.message)));
        }
    }

    /// What CASE asks of its operand: a constant text that is no date is not refused.
    pub(super) fn compare_case(&self, left: Expression, right: Expression) -> Result<Expression> {
        let is_textual = |data_type: &DataType| data_type.is_json() || data_type.is_string();
        let (left, right) = match (left.data_type(), right.data_type()) {
            // As texts: unlike `=`, CASE does not compare documents.
            (own, other) if (own.is_json() || other.is_json()) && is_textual(&own) && is_textual(&other) => {
                (text(left, self.connection()), text(right, self.connection()))
            }
            (own, other) if own.is_string() && other.has_date() => (left, text(right, self.connection())),
            (own, other) if own.has_date() && other.is_string() => {
                let right = kinds::as_day(right, &own, Invalid::Zero, self.reading())?;
                (left, right)
            }
            (DataType { kind: TypeKind::Time(_), .. }, other) if other.is_string() || other.has_date() => {
                let right = text(right, self.connection());
                (left, Expression::Cast { operand: Box::new(right), to: DataType::time(6) })
            }
            _ => (left, right),
        };
        let (left, right) = same_words(left, right);
        compare(CompareOp::Eq, left, right, self.connection(), (Invalid::Zero, self.reading())).map_err(
            |mut error| {
                if error.code == 1267 {
                    error.message = error.message.replace("operation '='", "operation 'case'");
                }
                error
            },
        )
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
            (Expr::Row(_) | Expr::Subquery(_), Expr::Subquery(_)) | (Expr::Subquery(_), Expr::Row(_)) => {
                // One column each is a row of one.
                let (left, right) = (self.row_operand(left)?, self.row_operand(right)?);
                if left.len() != right.len() {
                    return Err(Error::operand_columns(left.len()));
                }
                self.compare_rows(op, &left, &right)
            }
            (Expr::Row(parts), _) => Err(Error::operand_columns(parts.len())),
            (_, Expr::Row(_)) => Err(Error::operand_columns(1)),
            _ => {
                let (left, right) = (self.bind(left)?, self.bind(right)?);
                self.compare_bound(op, left, right)
            }
        }
    }

    /// The values of a row: those written, or the columns of a subquery.
    fn row_operand(&mut self, operand: &Expr) -> Result<Vec<Expression>> {
        match operand {
            Expr::Row(parts) => self.bind_all(parts),
            Expr::Subquery(query) => {
                let subquery = self.scope.subquery(query, SubqueryKind::Row)?;
                let columns = 0..subquery.columns.len();
                let column =
                    |position| Expression::SubqueryColumn { subquery: Arc::clone(&subquery), position };
                Ok(columns.map(column).collect())
            }
            operand => Ok(vec![self.bind(operand)?]),
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
        if !negated && operand.data_type().has_date() && is_same_constant(&low, &high) {
            return self.compare_bound(CompareOp::Eq, operand, low);
        }
        self.warn_of_members(&operand, [&low, &high]);
        let plainly = || self.between_bound([operand.clone(), low.clone(), high.clone()], false);
        if let Some(between) = stored::between(&operand, &low, &high, self.reading(), &plainly)? {
            return Ok(if negated { Expression::Not(Box::new(between)) } else { between });
        }
        self.between_bound([operand, low, high], negated)
    }

    fn between_bound(&self, [operand, low, high]: [Expression; 3], negated: bool) -> Result<Expression> {
        let members = [&operand, &low, &high].iter().any(|part| part.data_type().has_members());
        let numbers = [&operand, &low, &high].iter().any(|part| part.data_type().is_numeric());
        let [operand, low, high] = [operand, low, high].map(|part| match members && numbers {
            true => part.member_number(DataType::DOUBLE),
            false => part,
        });
        let (low, high) = (year_next_to(&operand, low), year_next_to(&operand, high));
        let offset = self.reading();
        let parts = vec![operand, low, high];
        let texts = parts.iter().all(kinds::is_textual);
        let wanted = if texts { Wanted::Comparison } else { Wanted::Result };
        let collation = agree(&parts, self.connection(), "between", wanted)?;
        let parts = kinds::numbers(kinds::group(parts, self.connection(), offset)?);
        let parts: Vec<Expression> =
            parts.into_iter().map(|part| kinds::in_collation(part, collation)).collect();
        let Ok([operand, low, high]) = <[Expression; 3]>::try_from(parts) else {
            return Err(Error::internal("BETWEEN has three operands"));
        };
        let is_year = operand.data_type().kind == TypeKind::Year && operand.is_column();
        let [low, high] = [low, high].map(|bound| match bound.as_constant() {
            Some(Value::Decimal(_) | Value::Double(_) | Value::Text(_)) if is_year => {
                kinds::stored(bound, &operand, self.reading())
            }
            _ => bound,
        });
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
        if list.len() > 1 && !operand.data_type().is_numeric() {
            // Whatever they are compared as.
            let all = std::iter::once(&operand).chain(&list);
            agree(all, self.connection(), " IN ", Wanted::Comparison)?;
        }
        self.warn_of_texts(&operand, &list);
        if stored::is_compared(&operand, &list) {
            return self.in_mixed_list(operand, list, negated);
        }
        if is_choice_among_numbers(&operand, &list) {
            return self.in_mixed_list(operand, self.texts_of_dates(list), negated);
        }
        if operand.data_type().has_members() && list.iter().any(|member| member.data_type().is_numeric()) {
            // Texts are compared with its text, numbers with its number.
            return self.in_mixed_list(operand, list, negated);
        }
        if let Some(integers) = members::integers(&operand, &list) {
            return self.in_numbers(operand, integers, negated);
        }
        let is_beside_number = operand.data_type().is_numeric();
        let as_number = |member: Expression| match member.as_hex_number() {
            Some(number) if is_beside_number => number,
            _ => numbered(member, &operand),
        };
        let list: Vec<Expression> = list.into_iter().map(as_number).collect();
        let is_number = |member: &Expression| member.data_type().is_numeric();
        let is_null = |member: &Expression| member.data_type().kind == TypeKind::Null;
        let number = list.iter().find(|member| is_number(member));
        let operand = match number {
            Some(number)
                if operand.data_type().is_string()
                    && list.iter().all(|member| is_number(member) || is_null(member)) =>
            {
                numbered(operand, number).chosen_number()
            }
            _ => operand,
        };
        if let Some(number) = operand.as_hex_number()
            && list.len() > 1
            && list.iter().any(is_number)
        {
            // A number among numbers, and bytes among texts.
            if list.iter().any(|member| member.data_type().is_string() && member.as_hex_number().is_none()) {
                return self.in_mixed_list(operand, list, negated);
            }
            return self.in_numbers(number, list, negated);
        }
        if operand.data_type().is_long_string() && list.iter().any(is_number) {
            let list = if list.len() > 1 { self.texts_of_dates(list) } else { list };
            return self.in_mixed_list(operand, list, negated);
        }
        let (operand, list) = as_words(operand, list);
        let offset = self.reading();
        // Before dates are made of texts: their collations have to go together nevertheless.
        let is_text = kinds::is_textual(&operand) && list.iter().any(kinds::is_textual);
        let wanted = if is_text { Wanted::Comparison } else { Wanted::Result };
        let name = if list.len() == 1 { "=" } else { " IN " };
        let collation = agree(std::iter::once(&operand).chain(&list), self.connection(), name, wanted)?;
        let (operand, list) = self.members(operand, list)?;
        let operand = kinds::in_collation(operand, collation);
        let list = list.into_iter().map(|member| kinds::in_collation(member, collation));
        let list: Vec<Expression> = list.collect();
        // Unlike a comparison, IN takes a YEAR's members as the numbers they are.
        let years = operand.data_type().kind == TypeKind::Year;
        let adapted =
            |member: Expression| match years && member.as_constant().and_then(two_digit_year).is_some() {
                true => Ok(member),
                false => adapt(member, &operand, offset),
            };
        let list = list.into_iter().map(adapted).collect::<Result<_>>()?;
        Ok(Expression::InList { operand: Box::new(operand), list, negated, collation })
    }

    /// The operand and the members of IN, brought to one kind.
    fn members(
        &self,
        operand: Expression,
        mut list: Vec<Expression>,
    ) -> Result<(Expression, Vec<Expression>)> {
        let (connection, offset) = (self.connection(), self.reading());
        if list.len() == 1
            && let Some(member) = list.pop()
        {
            let (operand, member) = kinds::pair(operand, member, connection, Invalid::Refused, offset)?;
            self.check_day(&operand);
            self.check_day(&member);
            return Ok((operand, vec![member]));
        }
        list.insert(0, operand);
        if let Some(mut dated) = members::dated(&list, connection, offset)? {
            return Ok((dated.remove(0), dated));
        }
        let operand = list.remove(0);
        let to = operand.data_type();
        if to.has_date() && list.iter().all(|member| member.as_constant().is_some()) {
            // A constant that is no date is equal to none.
            list.retain(|member| match member.as_constant() {
                Some(Value::Text(text) | Value::Blob(text)) => date_of_text(text, &to, offset).is_ok(),
                _ => true,
            });
            if list.is_empty() {
                list.push(kinds::zero_day());
            }
        }
        let list = &mut stored::dates_as_times(&operand, list);
        list.insert(0, operand);
        let times = stored::members_as_times(list)
            .or_else(|| stored::numbers_as_times(list))
            .or_else(|| stored::numbers_as_dates(list, offset));
        let mut list = match times {
            Some(times) => times,
            None => {
                kinds::group(kinds::times_as_texts(std::mem::take(list), connection), connection, offset)?
            }
        };
        Ok((list.remove(0), list))
    }

    /// Brings the operand of IN and what the subquery selects to one kind, as `=` does, where they are of kinds that are not
    /// compared as they are: a text and a time, a number and bytes that were written as one.
    pub(super) fn pair_members(&self, operand: &mut Expression, subquery: &mut Subquery) -> Result<()> {
        if gives_nothing(&subquery.plan) {
            return Ok(());
        }
        let Body::Select(select) = &mut subquery.plan.body else { return Ok(()) };
        let [member] = select.project.as_slice() else { return Ok(()) };
        let (own, other) = (operand.data_type(), member.data_type());
        let is_time = |own: &DataType| matches!(own.kind, TypeKind::Time(_));
        let is_dated = own.is_string() && is_time(&other) || is_time(&own) && other.is_string();
        let is_hex = operand.as_hex_number().is_some() && other.is_numeric()
            || member.as_hex_number().is_some() && own.is_numeric();
        // What a column of dates, times or years would hold of a number.
        let is_stored = operand.as_constant().is_some_and(|value| !value.is_null())
            && member.is_column()
            && (own.is_numeric() && other.is_temporal() || other.kind == TypeKind::Year);
        if !is_dated && !is_hex && !is_stored || !select.sort.is_empty() {
            return Ok(());
        }
        let sides = (Invalid::Refused, self.reading());
        let pair = compare(CompareOp::Eq, operand.clone(), member.clone(), self.connection(), sides)?;
        let Expression::Compare { left, right, .. } = pair else { return Ok(()) };
        let data_type = right.data_type();
        *operand = *left;
        select.project = vec![*right];
        select.direct = None;
        select.decorrelated = None;
        if let ([known], [column]) = (subquery.columns.as_mut_slice(), subquery.plan.columns.as_mut_slice()) {
            *known = data_type;
            column.data_type = data_type;
        }
        Ok(())
    }

    /// The members of IN of a text, with numbers among them: dates and times are their texts.
    fn texts_of_dates(&self, list: Vec<Expression>) -> Vec<Expression> {
        let as_text = |member: Expression| match member.data_type().is_temporal() {
            true => text(member, self.connection()),
            false => member,
        };
        list.into_iter().map(as_text).collect()
    }

    /// IN of a number that was written as bytes.
    fn in_numbers(&self, operand: Expression, list: Vec<Expression>, negated: bool) -> Result<Expression> {
        let list = list.into_iter().map(number_operand).collect();
        let collation = self.connection();
        Ok(Expression::InList { operand: Box::new(operand), list, negated, collation })
    }

    fn in_mixed_list(&self, operand: Expression, list: Vec<Expression>, negated: bool) -> Result<Expression> {
        let mut choices = Vec::with_capacity(list.len());
        for member in list {
            choices.push(self.compare_bound(CompareOp::Eq, operand.clone(), member)?);
        }
        let any = if choices.len() == 1 { choices.remove(0) } else { Expression::Or(choices) };
        Ok(if negated { Expression::Not(Box::new(any)) } else { any })
    }
}
