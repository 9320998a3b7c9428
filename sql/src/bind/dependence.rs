//! What the columns of a block determine of each other, for ONLY_FULL_GROUP_BY of the block around it.
//!
//! The slots of the block's tables, its aggregates and its items are numbered in one row; a rule says that some of them
//! determine others. The rules are those of MySQL's manual, 14.19.4: keys of tables, equalities, GROUP BY, and that an item is
//! determined by what it is computed from.

use std::sync::Arc;

use crate::bind::rollup::RollupKey;
use crate::bind::same::same;
use crate::bind::scope::{FromScope, TableSource};
use crate::bind::select::{Aggregation, Item, plain_column};
use crate::expression::{CompareOp, Expression};
use crate::plan::slots;

/// The rules of a block.
#[derive(Debug)]
pub struct Dependence {
    /// Numbers in all.
    width: usize,
    /// The number of the first item.
    items: usize,
    /// These determine those.
    rules: Vec<(Vec<usize>, Vec<usize>)>,
    /// Derived tables inside, and the first slot of each.
    inside: Vec<(usize, Arc<Dependence>)>,
}

/// What a block's rules are made of.
pub struct Block<'b> {
    /// Its tables.
    pub scope: &'b FromScope,
    /// WHERE and the conditions of its inner joins.
    pub conditions: Vec<&'b Expression>,
    /// Its grouping.
    pub aggregation: Option<&'b Aggregation>,
    /// Its select list.
    pub items: &'b [Item],
}

impl Dependence {
    /// The rules of a block; none for one whose rows WITH ROLLUP adds to.
    #[must_use]
    pub fn of(block: &Block) -> Option<Dependence> {
        let is_rollup = |aggregation: &Aggregation| {
            let own = |key: &RollupKey| matches!(key, RollupKey::Own(_) | RollupKey::Column(_));
            aggregation.rollup.as_ref().is_some_and(|rollup| rollup.keys.iter().any(own))
        };
        if block.aggregation.is_some_and(is_rollup) {
            return None;
        }
        let aggregates = block.aggregation.map_or(0, |aggregation| aggregation.aggregates.len());
        let items = block.scope.width + aggregates;
        let mut rules = table_rules(block.scope);
        block.conditions.iter().for_each(|condition| condition_rule(condition, &mut rules));
        for (position, item) in block.items.iter().enumerate() {
            item_rules(&item.expression, items, items + position, &mut rules);
        }
        if let Some(aggregation) = block.aggregation {
            let key = |key: &Expression| match plain_column(key) {
                Some(slot) => Some(slot),
                None => block.items.iter().position(|item| same(&item.expression, key)).map(|at| items + at),
            };
            if let Some(keys) = aggregation.keys.iter().map(key).collect::<Option<Vec<usize>>>() {
                let all = (block.scope.width..items).chain(items..items + block.items.len()).collect();
                rules.push((keys, all));
            }
        }
        let inside = block.scope.dependences.clone();
        Some(Dependence { width: items + block.items.len(), items, rules, inside })
    }

    /// Adds the items that those of `determined` determine.
    pub fn close(&self, determined: &mut [bool]) {
        let mut known = vec![false; self.width];
        let count = determined.len().min(self.width - self.items);
        known[self.items..self.items + count].copy_from_slice(&determined[..count]);
        loop {
            let before = known.iter().filter(|known| **known).count();
            for (by, of) in &self.rules {
                if by.iter().all(|slot| known[*slot]) {
                    of.iter().for_each(|slot| known[*slot] = true);
                }
            }
            for (base, inside) in &self.inside {
                let end = (base + inside.width - inside.items).min(self.items);
                inside.close(&mut known[*base..end]);
            }
            if known.iter().filter(|known| **known).count() == before {
                break;
            }
        }
        determined[..count].copy_from_slice(&known[self.items..self.items + count]);
    }
}

/// Unique keys without NULLs determine their tables.
fn table_rules(scope: &FromScope) -> Vec<(Vec<usize>, Vec<usize>)> {
    let mut rules = Vec::new();
    for bound in &scope.tables {
        let TableSource::Base(table) = &bound.source else { continue };
        for index in table.indexes.iter().filter(|index| index.unique && !index.columns.is_empty()) {
            let is_key = |column: usize| !table.columns[column].nullable;
            if index.columns.iter().all(|part| part.prefix.is_none() && is_key(part.column)) {
                let by = index.columns.iter().map(|part| bound.base + part.column).collect();
                rules.push((by, bound.slots().collect()));
            }
        }
    }
    rules
}

/// `a = b` and `a = constant`.
fn condition_rule(condition: &Expression, rules: &mut Vec<(Vec<usize>, Vec<usize>)>) {
    let Expression::Compare { op: CompareOp::Eq, left, right, .. } = condition else { return };
    match (plain_column(left), plain_column(right)) {
        (Some(left), Some(right)) => {
            rules.push((vec![left], vec![right]));
            rules.push((vec![right], vec![left]));
        }
        (Some(slot), None) if right.is_constant() => rules.push((Vec::new(), vec![slot])),
        (None, Some(slot)) if left.is_constant() => rules.push((Vec::new(), vec![slot])),
        _ => {}
    }
}

/// An item is determined by what it is computed from, and a plain column by the item that it is.
fn item_rules(
    item: &Expression,
    first_item: usize,
    number: usize,
    rules: &mut Vec<(Vec<usize>, Vec<usize>)>,
) {
    let read = slots::slots_of(item);
    let is_computed = slots::is_steady(item) && !slots::has_subquery(item) && !slots::reads_outside(item);
    if is_computed && read.iter().all(|slot| *slot < first_item) {
        rules.push((read, vec![number]));
    }
    if let Some(slot) = plain_column(item).filter(|slot| *slot < first_item) {
        rules.push((vec![number], vec![slot]));
    }
}
