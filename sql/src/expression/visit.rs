//! Walking over expressions: what the planner asks of them.

use std::collections::BTreeSet;

use crate::expression::Expression;

impl Expression {
    /// Calls `visit` on each direct operand, in order. Operands inside a subquery's plan are not among them.
    pub fn for_each_operand<'a>(&'a self, visit: &mut dyn FnMut(&'a Expression)) {
        match self {
            Expression::Constant { .. }
            | Expression::Parameter { .. }
            | Expression::Column { .. }
            | Expression::Outer { .. }
            | Expression::Exists { .. }
            | Expression::ScalarSubquery(_)
            | Expression::SubqueryColumn { .. }
            | Expression::UserVariable { .. }
            | Expression::SystemVariable { .. } => {}
            Expression::Negate { operand, .. }
            | Expression::BitNot(operand)
            | Expression::Not(operand)
            | Expression::IsNull { operand, .. }
            | Expression::IsTruth { operand, .. }
            | Expression::Cast { operand, .. }
            | Expression::Collate { operand, .. }
            | Expression::Quantified { operand, .. }
            | Expression::AssignVariable { operand, .. } => visit(operand),
            Expression::Arithmetic { left, right, .. }
            | Expression::Xor(left, right)
            | Expression::Compare { left, right, .. } => {
                visit(left);
                visit(right);
            }
            Expression::Like { operand, pattern, .. } | Expression::Regexp { operand, pattern, .. } => {
                visit(operand);
                visit(pattern);
            }
            Expression::And(parts) | Expression::Or(parts) => parts.iter().for_each(visit),
            Expression::InSubquery { operands, .. } => operands.iter().for_each(visit),
            Expression::Call { arguments, .. } | Expression::Stored { arguments, .. } => {
                arguments.iter().for_each(visit);
            }
            Expression::Between { operand, low, high, .. } => {
                visit(operand);
                visit(low);
                visit(high);
            }
            Expression::InList { operand, list, .. } => {
                visit(operand);
                list.iter().for_each(visit);
            }
            Expression::Case { branches, otherwise, .. } => {
                for (condition, result) in branches {
                    visit(condition);
                    visit(result);
                }
                visit(otherwise);
            }
        }
    }

    /// Calls `visit` on each direct operand, to change it.
    pub fn for_each_operand_mut(&mut self, visit: &mut dyn FnMut(&mut Expression)) {
        match self {
            Expression::Constant { .. }
            | Expression::Parameter { .. }
            | Expression::Column { .. }
            | Expression::Outer { .. }
            | Expression::Exists { .. }
            | Expression::ScalarSubquery(_)
            | Expression::SubqueryColumn { .. }
            | Expression::UserVariable { .. }
            | Expression::SystemVariable { .. } => {}
            Expression::Negate { operand, .. }
            | Expression::BitNot(operand)
            | Expression::Not(operand)
            | Expression::IsNull { operand, .. }
            | Expression::IsTruth { operand, .. }
            | Expression::Cast { operand, .. }
            | Expression::Collate { operand, .. }
            | Expression::Quantified { operand, .. }
            | Expression::AssignVariable { operand, .. } => visit(operand),
            Expression::Arithmetic { left, right, .. }
            | Expression::Xor(left, right)
            | Expression::Compare { left, right, .. } => {
                visit(left);
                visit(right);
            }
            Expression::Like { operand, pattern, .. } | Expression::Regexp { operand, pattern, .. } => {
                visit(operand);
                visit(pattern);
            }
            Expression::And(parts) | Expression::Or(parts) => parts.iter_mut().for_each(visit),
            Expression::InSubquery { operands, .. } => operands.iter_mut().for_each(visit),
            Expression::Call { arguments, .. } | Expression::Stored { arguments, .. } => {
                arguments.iter_mut().for_each(visit);
            }
            Expression::Between { operand, low, high, .. } => {
                visit(operand);
                visit(low);
                visit(high);
            }
            Expression::InList { operand, list, .. } => {
                visit(operand);
                list.iter_mut().for_each(visit);
            }
            Expression::Case { branches, otherwise, .. } => {
                for (condition, result) in branches {
                    visit(condition);
                    visit(result);
                }
                visit(otherwise);
            }
        }
    }

    /// Calls `visit` on this expression and everything below it, parents first.
    pub fn visit<'a>(&'a self, visit: &mut dyn FnMut(&'a Expression)) {
        visit(self);
        self.for_each_operand(&mut |operand| operand.visit(visit));
    }

    /// The slots of the executing row that it reads. A correlated subquery reads slots too that are not seen here: look
    /// for [`Expression::has_subquery`].
    #[must_use]
    pub fn columns_used(&self) -> BTreeSet<usize> {
        let mut used = BTreeSet::new();
        self.visit(&mut |part| {
            if let Expression::Column { index, .. } = part {
                used.insert(*index);
            }
        });
        used
    }

    /// Gives every slot another number.
    pub fn remap_columns(&mut self, map: &dyn Fn(usize) -> usize) {
        if let Expression::Column { index, .. } = self {
            *index = map(*index);
        }
        self.for_each_operand_mut(&mut |operand| operand.remap_columns(map));
    }

    /// Whether there is a subquery in it.
    #[must_use]
    pub fn has_subquery(&self) -> bool {
        let mut found = false;
        self.visit(&mut |part| {
            found |= matches!(
                part,
                Expression::InSubquery { .. }
                    | Expression::Quantified { .. }
                    | Expression::Exists { .. }
                    | Expression::ScalarSubquery(_)
                    | Expression::SubqueryColumn { .. }
            );
        });
        found
    }

    /// Whether it has one value during an execution: it reads no row of this query, and calls nothing that changes from
    /// row to row. Parameters, NOW(), and slots of enclosing queries are constant; an uncorrelated subquery is not
    /// counted as one, since it is run by the executor.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        let mut constant = true;
        self.visit(&mut |part| {
            constant &= match part {
                Expression::Column { .. }
                | Expression::InSubquery { .. }
                | Expression::Quantified { .. }
                | Expression::Exists { .. }
                | Expression::ScalarSubquery(_)
                | Expression::SubqueryColumn { .. }
                | Expression::Stored { .. }
                | Expression::UserVariable { .. }
                | Expression::AssignVariable { .. } => false,
                Expression::Call { function, .. } => !function.is_volatile(),
                _ => true,
            };
        });
        constant
    }

    /// The parts that must all be true for it to be true.
    #[must_use]
    pub fn conjuncts(&self) -> Vec<&Expression> {
        match self {
            Expression::And(parts) => parts.iter().flat_map(Expression::conjuncts).collect(),
            _ => vec![self],
        }
    }

    /// [`Expression::conjuncts`], taken apart.
    #[must_use]
    pub fn into_conjuncts(self) -> Vec<Expression> {
        match self {
            Expression::And(parts) => parts.into_iter().flat_map(Expression::into_conjuncts).collect(),
            other => vec![other.into_condition()],
        }
    }
}
