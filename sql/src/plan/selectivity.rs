//! Which share of rows a condition lets through.
//!
//! Equalities of columns that lead an index follow its [`Statistics`](crate::catalog::Statistics); for all else there are guesses by
//! the condition's form, much as MySQL's (`COND_FILTER_…`).

use crate::bind::TableSource;
use crate::catalog::Table;
use crate::expression::{CompareOp, Expression};
use crate::plan::access::{FILTER_SHARE, ROWS_MIN};
use crate::plan::join::{Condition, JoinPlanner};
use crate::plan::slots;
use crate::types::Value;
use crate::types::datetime::Date;

/// Share of rows that are equal to a value, where nothing is known of the column.
const EQUAL_SHARE: f64 = 0.1;
/// Share of pairs of rows whose columns are equal, where nothing is known of either.
const JOINED_SHARE: f64 = 0.005;
/// Share of rows on one side of a value.
const OPEN_SHARE: f64 = 0.3333;
/// Share of rows between two values, or like a pattern.
const CLOSED_SHARE: f64 = 0.1111;

impl JoinPlanner<'_> {
    /// The share of rows (of pairs of rows, for a condition on several tables) that a condition lets through.
    pub(super) fn selectivity(&self, condition: &Condition) -> f64 {
        self.share(&condition.expression).clamp(1e-9, 1.0)
    }

    /// The fewest rows that a table counts for: see [`access`](crate::plan::access).
    pub(super) fn rows_min(&self, table: &Table) -> f64 {
        if self.scope.tables_with_rows() > 1 && table.statistics.get().is_some() { 2.0 } else { ROWS_MIN }
    }

    fn share(&self, expression: &Expression) -> f64 {
        let negate = |negated: &bool, share: f64| if *negated { 1.0 - share } else { share };
        match expression {
            Expression::Compare { op, left, right, .. } => match op {
                CompareOp::Eq | CompareOp::NullSafeEq => self.share_of_equal(left, right),
                CompareOp::NotEq => 1.0 - self.share_of_equal(left, right),
                CompareOp::Less | CompareOp::LessEq | CompareOp::Greater | CompareOp::GreaterEq => OPEN_SHARE,
            },
            Expression::IsNull { negated, .. } => negate(negated, EQUAL_SHARE),
            Expression::Between { negated, .. } | Expression::Like { negated, .. } => {
                negate(negated, CLOSED_SHARE)
            }
            Expression::InList { operand, list, negated, .. } => {
                let one = self.share_of_value(operand).unwrap_or(EQUAL_SHARE);
                negate(negated, (one * list.len() as f64).min(0.5))
            }
            Expression::And(parts) => parts.iter().map(|part| self.share(part)).product(),
            Expression::Or(parts) => 1.0 - parts.iter().map(|part| 1.0 - self.share(part)).product::<f64>(),
            Expression::Not(operand) => 1.0 - self.share(operand),
            Expression::InSubquery { negated, .. } | Expression::Exists { negated, .. } => {
                negate(negated, FILTER_SHARE)
            }
            _ => FILTER_SHARE,
        }
    }

    fn share_of_equal(&self, left: &Expression, right: &Expression) -> f64 {
        match (self.share_of_value(left), self.share_of_value(right)) {
            (Some(left), Some(right)) => left.min(right),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => {
                let is_column = |side: &Expression| !slots::slots_of(side).is_empty();
                if is_column(left) && is_column(right) { JOINED_SHARE } else { EQUAL_SHARE }
            }
        }
    }

    /// The share of a table's rows that have one value in a column, if that leads an index that something is known of.
    fn share_of_value(&self, expression: &Expression) -> Option<f64> {
        let (table, column) = self.scope.table_of(slots::plain_slot(expression)?)?;
        let TableSource::Base(table) = &self.scope.tables.get(table)?.source else { return None };
        let rows = table.row_estimate.load(std::sync::atomic::Ordering::Relaxed) as f64;
        let rows = rows.max(self.rows_min(table));
        let statistics = table.statistics.get();
        let leads = table.indexes.iter().filter(|index| {
            index.columns.first().is_some_and(|part| part.column == column && part.prefix.is_none())
        });
        let of_index = |index: &crate::catalog::Index| {
            if index.unique && index.columns.len() == 1 {
                return Some(1.0 / rows);
            }
            Some(statistics.as_ref()?.rows_per_value(index, 1)? / rows)
        };
        leads.filter_map(of_index).min_by(f64::total_cmp)
    }
}

/// The value of a literal, and about that of a date so many days, months or years from a literal one: for estimates only.
pub(super) fn known_value(expression: &Expression) -> Option<Value> {
    let Expression::Call { function, arguments, .. } = expression else {
        return expression.as_constant().cloned();
    };
    let (unit, sign) = match function.name.strip_prefix("DATE_ADD_") {
        Some(unit) => (unit, 1),
        None => (function.name.strip_prefix("DATE_SUB_")?, -1),
    };
    let days = match unit {
        "DAY" => 1.0,
        "WEEK" => 7.0,
        "MONTH" => 30.436_875,
        "QUARTER" => 91.310_625,
        "YEAR" => 365.242_5,
        _ => return None,
    };
    let [start, count] = arguments.as_slice() else { return None };
    let (Value::Date(start), count) = (start.as_constant()?, count.as_constant()?) else { return None };
    let count: f64 = crate::types::convert::message_text(count).parse().ok()?;
    let moved = start.day_number().checked_add((count * days) as i64 * sign)?;
    Date::from_day_number(moved).map(Value::Date)
}
