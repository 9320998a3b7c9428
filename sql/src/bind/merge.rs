//! Merging: a derived table or a view whose rows are rows of its own FROM gives its tables to the block that uses it.
//!
//! The merged table, the *face*, keeps its place among the names of the block and a run of slots that nobody ever fills: whatever is bound
//! speaks of those, so that names, errors and metadata are what they would be without merging. Its tables stand behind it in
//! [`FromScope::tables`], where no name finds them. Once the block is bound, [`settle`] puts the face's items in the place of its slots, and
//! its WHERE becomes a part of the conditions around it. Subqueries, which are planned while the block is bound, get the items at once
//! ([`FromScope::behind`]).
//!
//! Left out: LATERAL, common table expressions, and blocks with WITH ROLLUP around.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use crate::ast::{Expr, Query, QueryBody, Select, SelectItem, TableExpr, ViewAlgorithm};
use crate::bind::scope::{FromScope, TableSource};
use crate::bind::select::{BoundSelect, OrderKey};
use crate::bind::{Binder, BoundFrom, walk};
use crate::expression::Expression;
use crate::plan::slots;
use crate::view::View;

/// A merged table of a scope.
#[derive(Clone, Debug)]
pub struct Merged {
    /// The place of its face among the tables.
    pub position: usize,
    /// The places of what is in it.
    pub tables: Range<usize>,
    /// The slots of its face.
    pub slots: Range<usize>,
    /// Its columns, over slots that are filled.
    pub items: Vec<Expression>,
    /// Its own conditions, for CHECK OPTION: those of its WHERE and of its joins.
    pub conditions: Vec<Expression>,
    /// Its ORDER BY, which counts where the block has neither its own nor another table.
    pub order: Vec<OrderKey>,
    /// The view that it is of.
    pub view: Option<Arc<View>>,
}

/// Whether the words of a query let it be merged; what only binding can tell is asked by [`is_plain`].
#[must_use]
pub fn may_merge(query: &Query, is_target: bool) -> bool {
    let QueryBody::Select(select) = &query.body else { return false };
    query.with.is_none()
        && query.limit.is_none()
        && query.offset.is_none()
        && query.locking.is_none()
        && is_flat(select, is_target)
}

/// Whether a block gives the rows of its FROM, each once; `with_subqueries` says whether subqueries may be in its select list.
#[must_use]
pub fn is_flat(select: &Select, with_subqueries: bool) -> bool {
    let is_value = |item: &SelectItem| match item {
        SelectItem::Expression { expr, .. } => is_value(expr, with_subqueries),
        SelectItem::Wildcard | SelectItem::TableWildcard { .. } => true,
    };
    !select.distinct
        && !select.calc_found_rows
        && select.from.is_some()
        && select.group_by.is_empty()
        && !select.rollup
        && select.having.is_none()
        && select.windows.is_empty()
        && select.items.iter().all(is_value)
}

fn is_value(expr: &Expr, with_subqueries: bool) -> bool {
    let mut value = match expr {
        Expr::Aggregate(_) | Expr::Window(_) | Expr::UserVariable(_) | Expr::AssignVariable(..) => false,
        Expr::Exists { .. } | Expr::Subquery(_) | Expr::InSubquery { .. } | Expr::Quantified { .. } => {
            with_subqueries
        }
        _ => true,
    };
    walk::operands(expr, &mut |operand| value &= is_value(operand, with_subqueries));
    value
}

/// How many tables a FROM names.
#[must_use]
pub fn leaves(from: &TableExpr) -> usize {
    match from {
        TableExpr::Table { .. } | TableExpr::Derived { .. } => 1,
        TableExpr::Join { left, right, .. } => leaves(left) + leaves(right),
    }
}

/// Whether the session lets it be merged.
#[must_use]
pub fn is_wanted(binder: &Binder, algorithm: Option<ViewAlgorithm>) -> bool {
    match algorithm {
        Some(ViewAlgorithm::Merge) => true,
        Some(ViewAlgorithm::TempTable) => false,
        Some(ViewAlgorithm::Undefined) | None => {
            let switch = binder.session.variables.others.get("optimizer_switch");
            let is_off = |text: &[u8]| {
                String::from_utf8_lossy(text).to_ascii_lowercase().contains("derived_merge=off")
            };
            !matches!(switch, Some(crate::types::Value::Text(text)) if is_off(text))
        }
    }
}

/// Whether a bound block can be merged into FROM, where `room` more tables are allowed. On the inner side of an outer join its columns must
/// be columns: what is computed of NULL is not always NULL.
#[must_use]
pub fn is_plain(inner: &BoundSelect, outer_joined: bool, is_target: bool, room: usize) -> bool {
    let fits = |item: &Expression| match (outer_joined, is_target) {
        (true, _) => slots::plain_slot(item).is_some(),
        (false, true) => !reads_row_inside(item),
        (false, false) => slots::is_steady_but_for_functions(item) && !slots::has_subquery(item),
    };
    let stands = |source: &TableSource| match source {
        TableSource::Base(_) | TableSource::Virtual(_) | TableSource::Merged(_) => true,
        TableSource::Derived(plan) => !plan.correlated,
        TableSource::Dependent(_) => false,
    };
    !inner.correlated
        && inner.from.is_some()
        && inner.aggregation.is_none()
        && inner.scope.tables.len() <= room
        && inner.scope.tables.iter().all(|table| stands(&table.source))
        && inner.items.iter().all(|item| fits(&item.expression))
}

/// Whether a subquery of an item reads its row.
fn reads_row_inside(item: &Expression) -> bool {
    let mut reads = false;
    item.visit(&mut |part| reads |= slots::subquery_of(part).is_some_and(|subquery| subquery.correlated));
    reads
}

impl FromScope {
    /// Whether a table is inside a merged one, where no name finds it.
    #[must_use]
    pub fn is_inside(&self, position: usize) -> bool {
        self.merged.iter().any(|merged| merged.tables.contains(&position))
    }

    /// The outermost merged table that a table is inside of.
    #[must_use]
    pub fn around(&self, position: usize) -> Option<&Merged> {
        let around = self.merged.iter().filter(|merged| merged.tables.contains(&position));
        around.min_by_key(|merged| merged.position)
    }

    /// The merged table whose face stands at a place.
    #[must_use]
    pub fn merged_at(&self, position: usize) -> Option<&Merged> {
        self.merged.iter().find(|merged| merged.position == position)
    }

    /// What a slot of a face stands for; none for a slot that is filled.
    #[must_use]
    pub fn behind(&self, slot: usize) -> Option<&Expression> {
        let merged = self.merged.iter().find(|merged| merged.slots.contains(&slot))?;
        merged.items.get(slot - merged.slots.start)
    }

    /// The slot that is filled for a slot; none for a face's that is computed.
    #[must_use]
    pub fn filled(&self, slot: usize) -> Option<usize> {
        match self.behind(slot) {
            Some(item) => slots::plain_slot(item),
            None => Some(slot),
        }
    }

    /// The filled slots that a slot is made of.
    #[must_use]
    pub fn filled_for(&self, slot: usize) -> BTreeSet<usize> {
        match self.behind(slot) {
            Some(item) => item.columns_used(),
            None => BTreeSet::from([slot]),
        }
    }

    /// The order that the only table of a block hands on to it.
    #[must_use]
    pub fn order_handed_on(&self) -> &[OrderKey] {
        match self.merged_at(0) {
            Some(only) if only.tables.end == self.tables.len() => &only.order,
            _ => &[],
        }
    }

    /// How many tables have rows: faces have none.
    #[must_use]
    pub fn tables_with_rows(&self) -> usize {
        self.tables.len() - self.merged.len()
    }

    /// Takes in what a merged block has, behind the face at `position`, which is there.
    pub(super) fn take_in(&mut self, position: usize, inner: FromScope) {
        let shift = position + 1;
        debug_assert_eq!(self.tables.len(), shift, "a face is the last table when its tables come");
        self.tables.extend(inner.tables);
        self.merged.extend(inner.merged.into_iter().map(|merged| Merged {
            position: merged.position + shift,
            tables: merged.tables.start + shift..merged.tables.end + shift,
            ..merged
        }));
    }
}

/// The tree of a merged block, with its tables where they are now.
#[must_use]
pub fn moved(from: BoundFrom, shift: usize) -> BoundFrom {
    match from {
        BoundFrom::Table(position) => BoundFrom::Table(position + shift),
        BoundFrom::Join(mut join) => {
            join.left = moved(join.left, shift);
            join.right = moved(join.right, shift);
            BoundFrom::Join(join)
        }
    }
}

/// All conditions of the joins of a tree.
#[must_use]
pub fn join_conditions(from: &BoundFrom) -> Vec<Expression> {
    let mut conditions = Vec::new();
    from.each_condition(&mut |condition| conditions.push(condition.clone()));
    conditions
}

/// Puts what they stand for in the place of the slots of faces.
pub fn settle(expression: &mut Expression, scope: &FromScope) {
    if let Expression::Column { index, .. } = expression {
        match scope.behind(*index) {
            // The face knows whether the column is NULL-extended.
            Some(Expression::Column { index: filled, .. }) => *index = *filled,
            Some(item) => *expression = item.clone(),
            None => {}
        }
        return;
    }
    expression.for_each_operand_mut(&mut |operand| settle(operand, scope));
}

/// [`settle`] for the conditions of joins.
pub fn settle_from(from: &mut BoundFrom, scope: &FromScope) {
    if let BoundFrom::Join(join) = from {
        settle_from(&mut join.left, scope);
        settle_from(&mut join.right, scope);
        join.on.iter_mut().for_each(|condition| settle(condition, scope));
    }
}

/// An item of a face as a subquery sees it, `depth` blocks further in.
#[must_use]
pub fn seen_from_inside(item: &Expression, depth: usize) -> Expression {
    let mut seen = item.clone();
    carry_inside(&mut seen, depth);
    seen
}

fn carry_inside(expression: &mut Expression, depth: usize) {
    if let Expression::Column { index, data_type, nullable, name } = expression {
        *expression = Expression::Outer {
            depth,
            index: *index,
            data_type: *data_type,
            nullable: *nullable,
            name: Arc::clone(name),
        };
        return;
    }
    expression.for_each_operand_mut(&mut |operand| carry_inside(operand, depth));
}
