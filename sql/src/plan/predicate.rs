//! What conditions say about columns.
//!
//! A conjunct such as `k BETWEEN ? AND ?` is a [`Predicate`] on column `k`: something that an index can answer. The other
//! side may be anything that does not read the table itself: constants, parameters, columns of tables joined before. Only
//! comparisons under the column's own collation count, since that is the order of its indexes.

use std::ops::Range;
use std::sync::Arc;

use crate::catalog::Table;
use crate::expression::{CompareOp, Expression, Subquery};
use crate::plan::node::KeyClass;
use crate::plan::slots::{self, slots_of};
use crate::types::{Collation, DataType, TypeKind, Value};

/// A condition on one column of an index.
#[derive(Clone, Debug)]
pub struct Term {
    /// Column of the table.
    pub column: usize,
    /// The condition.
    pub kind: TermKind,
}

/// Forms of conditions that an index answers. The expressions do not read the table.
#[derive(Clone, Debug)]
pub enum TermKind {
    /// `column = value`.
    Equal(Expression),
    /// `column <=> value`.
    NullSafeEqual(Expression),
    /// `column IS NULL`.
    IsNull,
    /// `column IN (…)`.
    In(Vec<Expression>),
    /// `column IN (SELECT …)`, not correlated.
    InSubquery(Arc<Subquery>),
    /// In one of these intervals.
    Intervals(Vec<Interval>),
    /// `column LIKE 'abc%'`.
    LikePrefix {
        /// The pattern.
        pattern: Expression,
        /// Escape character.
        escape: Option<char>,
    },
}

/// An interval: ends with whether they are included; NULL is in none.
#[derive(Clone, Debug)]
pub struct Interval {
    /// Low end.
    pub low: Option<(Expression, bool)>,
    /// High end.
    pub high: Option<(Expression, bool)>,
}

/// A condition on a column of a table.
#[derive(Clone, Debug)]
pub struct Predicate {
    /// Column of the table.
    pub column: usize,
    /// The condition.
    pub kind: TermKind,
    /// Slots of other tables that its values read.
    pub value_slots: Vec<usize>,
    /// Whether the term says all that the conjunct says.
    pub implied: bool,
}

impl TermKind {
    /// Whether it gives the column one value.
    #[must_use]
    pub fn is_single(&self) -> bool {
        match self {
            TermKind::Equal(_) | TermKind::NullSafeEqual(_) | TermKind::IsNull => true,
            TermKind::In(_)
            | TermKind::InSubquery(_)
            | TermKind::Intervals(_)
            | TermKind::LikePrefix { .. } => false,
        }
    }

    /// Calls `visit` with every value expression.
    pub fn each_value(&self, visit: &mut dyn FnMut(&Expression)) {
        match self {
            TermKind::Equal(value) | TermKind::NullSafeEqual(value) => visit(value),
            TermKind::IsNull | TermKind::InSubquery(_) => {}
            TermKind::In(list) => list.iter().for_each(visit),
            TermKind::Intervals(intervals) => {
                for (value, _) in
                    intervals.iter().flat_map(|interval| interval.low.iter().chain(&interval.high))
                {
                    visit(value);
                }
            }
            TermKind::LikePrefix { pattern, .. } => visit(pattern),
        }
    }
}

/// The table whose columns predicates are looked for.
struct Target<'t> {
    slots: Range<usize>,
    table: &'t Table,
}

/// The predicates of a conjunct on a table whose slots are `slots`: none or one, or two for `a = b` over one table's columns
/// (which is none, since the values read the table).
#[must_use]
pub fn predicates(conjunct: &Expression, slots: Range<usize>, table: &Table) -> Vec<Predicate> {
    let target = Target { slots, table };
    let mut found = Vec::new();
    if !slots::is_steady(conjunct) {
        return found;
    }
    if let Some((column, kind, implied)) = target.condition(conjunct)
        && follows_members(&table.columns[column].data_type, &kind)
    {
        let mut value_slots = Vec::new();
        let mut usable = true;
        let data_type = table.columns[column].data_type;
        kind.each_value(&mut |value| {
            value_slots.extend(slots_of(value));
            usable &= can_compare(&data_type, value);
            // A correlated subquery is run for each row anyway; one that is not has one value.
            value.visit(&mut |part| {
                usable &= slots::subquery_of(part).is_none_or(|subquery| !subquery.correlated)
            });
        });
        if usable && !value_slots.iter().any(|slot| target.slots.contains(slot)) {
            found.push(Predicate { column, kind, value_slots, implied });
        }
    }
    found
}

/// Whether a comparison with the value can follow the order of the column's index, as far as types tell: numbers compare
/// with text as doubles. What a parameter is, is known only when the plan runs.
fn can_compare(column: &DataType, value: &Expression) -> bool {
    let unknown = matches!(
        value,
        Expression::Parameter { .. } | Expression::UserVariable { .. } | Expression::SystemVariable { .. }
    );
    let value = value.data_type();
    unknown
        || !column.is_string()
        || value.is_string()
        || value.kind == TypeKind::Null
        || (column.has_members() && value.is_numeric())
}

/// Whether the index of an ENUM or SET, which is sorted by number, answers a condition: an equality does, and what compares
/// numbers. The order of texts is another one.
fn follows_members(column: &DataType, kind: &TermKind) -> bool {
    if !column.has_members() {
        return true;
    }
    let mut numbers = true;
    kind.each_value(&mut |value| numbers &= value.data_type().is_numeric());
    match kind {
        TermKind::Equal(_) | TermKind::NullSafeEqual(_) | TermKind::IsNull | TermKind::In(_) => true,
        TermKind::Intervals(_) => numbers,
        TermKind::InSubquery(_) | TermKind::LikePrefix { .. } => false,
    }
}

impl Target<'_> {
    /// The column of the table that an expression is, if it is compared by the column's own collation.
    fn column(&self, expression: &Expression, collation: Option<Collation>) -> Option<usize> {
        let plain = expression.numbered_column().unwrap_or(expression);
        let slot = slots::plain_slot(plain).filter(|slot| self.slots.contains(slot))?;
        let column = slot - self.slots.start;
        let data_type = self.table.columns[column].data_type;
        let ordered =
            !data_type.is_text() || collation.is_none_or(|collation| collation == data_type.collation);
        ordered.then_some(column)
    }

    fn condition(&self, conjunct: &Expression) -> Option<(usize, TermKind, bool)> {
        match conjunct {
            Expression::Compare { op, left, right, collation } => {
                let (column, op, value) = self.sides(*op, left, right, *collation)?;
                Some((column, compared(op, value.clone())?, true))
            }
            Expression::IsNull { operand, negated: false } => {
                Some((self.column(operand, None)?, TermKind::IsNull, true))
            }
            Expression::Between { operand, low, high, negated: false, collation } => {
                let column = self.column(operand, Some(*collation))?;
                let interval = Interval {
                    low: Some((low.as_ref().clone(), true)),
                    high: Some((high.as_ref().clone(), true)),
                };
                Some((column, TermKind::Intervals(vec![interval]), true))
            }
            Expression::InList { operand, list, negated: false, collation } => {
                let column = self.column(operand, Some(*collation))?;
                Some((column, TermKind::In(list.clone()), true))
            }
            Expression::InSubquery { operands, subquery, negated: false } if !subquery.correlated => {
                let ([operand], [member]) = (operands.as_slice(), subquery.columns.as_slice()) else {
                    return None;
                };
                let collation = member.is_text().then_some(member.collation);
                let column = self.column(operand, collation)?;
                Some((column, TermKind::InSubquery(Arc::clone(subquery)), false))
            }
            Expression::Like { operand, pattern, escape, negated: false, collation, .. } => {
                let column = self.column(operand, Some(*collation))?;
                let literal = match pattern.as_ref() {
                    Expression::Constant { value: Value::Text(text), .. } => {
                        like_prefix(text, *escape).is_empty()
                    }
                    _ => false,
                };
                if literal || !self.table.columns[column].data_type.is_text() {
                    return None;
                }
                let pattern = pattern.as_ref().clone();
                Some((column, TermKind::LikePrefix { pattern, escape: *escape }, false))
            }
            Expression::Or(parts) => self.union(parts),
            _ => None,
        }
    }

    /// The column's side and the other side of a comparison, the column on the left.
    fn sides<'e>(
        &self,
        op: CompareOp,
        left: &'e Expression,
        right: &'e Expression,
        collation: Collation,
    ) -> Option<(usize, CompareOp, &'e Expression)> {
        // `a.x = a.y` has a column of the table on both sides: neither is a value.
        let own = |side: &Expression| slots_of(side).iter().any(|slot| self.slots.contains(slot));
        if let Some(column) = self.column(left, Some(collation))
            && !own(right)
        {
            return Some((column, op, right));
        }
        let column = self.column(right, Some(collation)).filter(|_| !own(left))?;
        Some((column, op.mirrored(), left))
    }

    /// `k BETWEEN 1 AND 2 OR k = 5`: intervals of one column.
    fn union(&self, parts: &[Expression]) -> Option<(usize, TermKind, bool)> {
        let mut column = None;
        let mut intervals = Vec::with_capacity(parts.len());
        for part in parts {
            let (own, kind, implied) = self.condition(part)?;
            if !implied || column.is_some_and(|column| column != own) {
                return None;
            }
            column = Some(own);
            match kind {
                TermKind::Equal(value) => intervals.push(point(value)),
                TermKind::In(list) => intervals.extend(list.into_iter().map(point)),
                TermKind::Intervals(mut more) => intervals.append(&mut more),
                TermKind::NullSafeEqual(_)
                | TermKind::IsNull
                | TermKind::InSubquery(_)
                | TermKind::LikePrefix { .. } => return None,
            }
        }
        Some((column?, TermKind::Intervals(intervals), true))
    }
}

fn point(value: Expression) -> Interval {
    Interval { low: Some((value.clone(), true)), high: Some((value, true)) }
}

fn compared(op: CompareOp, value: Expression) -> Option<TermKind> {
    let interval = |low, high| Some(TermKind::Intervals(vec![Interval { low, high }]));
    match op {
        CompareOp::Eq => Some(TermKind::Equal(value)),
        CompareOp::NullSafeEq => Some(TermKind::NullSafeEqual(value)),
        CompareOp::NotEq => None,
        CompareOp::Less => interval(None, Some((value, false))),
        CompareOp::LessEq => interval(None, Some((value, true))),
        CompareOp::Greater => interval(Some((value, false)), None),
        CompareOp::GreaterEq => interval(Some((value, true)), None),
    }
}

/// The literal characters that a LIKE pattern begins with.
#[must_use]
pub fn like_prefix(pattern: &[u8], escape: Option<char>) -> Vec<u8> {
    match std::str::from_utf8(pattern) {
        Ok(pattern) => crate::expression::like_prefix(pattern, escape).0.into_bytes(),
        Err(_) => Vec::new(),
    }
}

/// The sides of an equality, and whether it is `<=>`.
#[must_use]
pub fn equality(condition: &Expression) -> Option<(Expression, Expression, bool)> {
    match condition {
        Expression::Compare { op: CompareOp::Eq, left, right, .. } => {
            Some((left.as_ref().clone(), right.as_ref().clone(), false))
        }
        Expression::Compare { op: CompareOp::NullSafeEq, left, right, .. } => {
            Some((left.as_ref().clone(), right.as_ref().clone(), true))
        }
        _ => None,
    }
}

/// How the sides of an equality are compared, if that can be told from their types.
#[must_use]
pub fn key_class(condition: &Expression, left: &Expression, right: &Expression) -> Option<KeyClass> {
    let Expression::Compare { collation, .. } = condition else {
        return None;
    };
    type_class(&left.data_type(), &right.data_type(), *collation)
}

/// How values of two types are compared, if they can be brought to comparable bytes.
#[must_use]
pub fn type_class(left: &DataType, right: &DataType, collation: Collation) -> Option<KeyClass> {
    let exact = |data_type: &DataType| data_type.is_integer() || data_type.is_decimal();
    let date = |data_type: &DataType| data_type.has_date();
    if exact(left) && exact(right) {
        Some(KeyClass::Exact)
    } else if left.is_numeric() && right.is_numeric() {
        Some(KeyClass::Double)
    } else if left.is_text() && right.is_text() {
        Some(KeyClass::Text(collation))
    } else if left.is_string() && right.is_string() {
        Some(KeyClass::Binary)
    } else if date(left) && date(right) {
        Some(KeyClass::DateTime)
    } else if matches!((left.kind, right.kind), (TypeKind::Time(_), TypeKind::Time(_))) {
        Some(KeyClass::Time)
    } else {
        None
    }
}

/// Whether a condition cannot be true for a row whose columns in `of_table` are NULL. Only plain forms are recognized.
#[must_use]
pub fn refuses_null(condition: &Expression, of_table: &dyn Fn(usize) -> bool) -> bool {
    let column = |expression: &Expression| slots::plain_slot(expression).is_some_and(of_table);
    match condition {
        Expression::Compare { op, left, right, .. } => {
            *op != CompareOp::NullSafeEq && (column(left) || column(right))
        }
        Expression::IsNull { operand, negated: true }
        | Expression::Between { operand, .. }
        | Expression::InList { operand, .. }
        | Expression::Like { operand, .. } => column(operand),
        _ => false,
    }
}
