//! Whether two bound expressions are one.

use std::sync::Arc;

use crate::expression::Expression;
use crate::plan::slots::subquery_of;

/// Whether two expressions compute the same from the same row. Assignments of variables are nobody's like; subqueries only
/// their own.
#[must_use]
pub fn same(left: &Expression, right: &Expression) -> bool {
    if !same_kind(left, right) {
        return false;
    }
    let (mut mine, mut others) = (Vec::new(), Vec::new());
    left.for_each_operand(&mut |operand| mine.push(operand));
    right.for_each_operand(&mut |operand| others.push(operand));
    mine.len() == others.len() && mine.into_iter().zip(others).all(|(left, right)| same(left, right))
}

/// Whether two nodes are alike, their operands aside.
fn same_kind(left: &Expression, right: &Expression) -> bool {
    use Expression as E;
    if std::mem::discriminant(left) != std::mem::discriminant(right) {
        return false;
    }
    if let (Some(left), Some(right)) = (subquery_of(left), subquery_of(right)) {
        return Arc::ptr_eq(left, right);
    }
    match (left, right) {
        (E::Constant { value, data_type }, E::Constant { value: other, data_type: of }) => {
            value == other && data_type == of
        }
        (E::Parameter { index, .. }, E::Parameter { index: other, .. })
        | (E::Column { index, .. }, E::Column { index: other, .. }) => index == other,
        (E::Outer { depth, index, .. }, E::Outer { depth: out, index: other, .. }) => {
            depth == out && index == other
        }
        (E::Arithmetic { op, .. }, E::Arithmetic { op: other, .. }) => op == other,
        (E::Compare { op, collation, .. }, E::Compare { op: other, collation: by, .. }) => {
            op == other && collation == by
        }
        (E::IsNull { negated, .. }, E::IsNull { negated: other, .. }) => negated == other,
        (E::IsTruth { value, negated, .. }, E::IsTruth { value: other, negated: not, .. }) => {
            value == other && negated == not
        }
        (E::Between { negated, collation, .. }, E::Between { negated: other, collation: by, .. })
        | (E::InList { negated, collation, .. }, E::InList { negated: other, collation: by, .. })
        | (E::Regexp { negated, collation, .. }, E::Regexp { negated: other, collation: by, .. }) => {
            negated == other && collation == by
        }
        (
            E::Like { negated, collation, escape, .. },
            E::Like { negated: other, collation: by, escape: with, .. },
        ) => negated == other && collation == by && escape == with,
        (E::Cast { to, .. }, E::Cast { to: other, .. }) => to == other,
        (E::Collate { data_type, .. }, E::Collate { data_type: other, .. }) => data_type == other,
        (
            E::Call { function, data_type, collation, .. },
            E::Call { function: other, data_type: of, collation: by, .. },
        ) => std::ptr::eq(*function, *other) && data_type == of && collation == by && !function.is_volatile(),
        (E::Stored { function, .. }, E::Stored { function: other, .. }) => Arc::ptr_eq(function, other),
        (E::UserVariable { name, .. }, E::UserVariable { name: other, .. }) => name == other,
        (E::SystemVariable { scope, name, .. }, E::SystemVariable { scope: of, name: other, .. }) => {
            scope == of && name == other
        }
        (E::AssignVariable { .. }, _) => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ast::BinaryOp;
    use crate::types::DataType;

    fn sum(slot: usize, number: i64) -> Expression {
        let left = Box::new(Expression::column(slot, DataType::BIGINT, true, "a"));
        let right = Box::new(Expression::integer(number));
        Expression::Arithmetic { op: BinaryOp::Add, left, right, data_type: DataType::BIGINT }
    }

    #[test]
    fn expressions_are_the_same_by_their_parts() {
        assert!(same(&sum(1, 2), &sum(1, 2)));
        assert!(!same(&sum(1, 2), &sum(0, 2)));
        assert!(!same(&sum(1, 2), &sum(1, 3)));
        assert!(!same(&sum(1, 2), &Expression::integer(2)));
    }
}
