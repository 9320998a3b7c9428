//! The order of inner joins.
//!
//! Each member's cost and fan-out behind a set of placed tables is estimated once ([`Estimate`]; only the placed tables that
//! its conditions read matter), and reused for all orders. Up to [`JOIN_ORDER_SEARCH_TABLES_MAX`] members the cheapest order
//! of every subset is kept, built from that of the subsets with one member less; above, the [`JOIN_ORDER_KEPT_MAX`] cheapest
//! beginnings are followed. Trees are left-deep.

use rustc_hash::FxHashMap;

use crate::bind::TableSource;
use crate::catalog::Table;
use crate::error::Result;
use crate::limits::{JOIN_BUFFER_BYTES_MAX, JOIN_ORDER_KEPT_MAX, JOIN_ORDER_SEARCH_TABLES_MAX};
use crate::plan::join::{Condition, Group, JoinPlanner, TableSet};

/// Cost of keeping a row in a hash table, relative to the next row of a scan.
const BUILD_COST: f64 = 1.2;
/// Cost of looking a row up in a hash table.
const PROBE_COST: f64 = 0.5;
/// Bytes that a kept row is taken to have: one with an index is kept only where its rows are sure to have room.
const KEPT_ROW_BYTES: f64 = 200.0;
/// A text that may be longer counts with all its length.
const WIDE_BYTES: f64 = 255.0;
/// Cost of comparing a pair of rows.
const PAIR_COST: f64 = 0.3;

/// What joining a table to placed ones costs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Estimate {
    /// Cost of reading it for one outer row, where its index conditions read outer columns (or it is read for each for another
    /// reason).
    pub lookup: Option<f64>,
    /// Cost of keeping its rows, and of each outer row then.
    pub kept: Option<(f64, f64)>,
    /// Partners of an outer row.
    pub rows: f64,
}

impl Estimate {
    /// Whether it is read for each of so many outer rows rather than kept, and what that costs.
    pub fn method(&self, outer_rows: f64) -> (bool, f64) {
        let lookup = self.lookup.map(|cost| outer_rows * cost);
        let kept = self.kept.map(|(build, probe)| build + outer_rows * probe);
        match (lookup, kept) {
            (Some(lookup), Some(kept)) if lookup <= kept => (true, lookup),
            (Some(lookup), None) => (true, lookup),
            (_, Some(kept)) => (false, kept),
            (None, None) => (true, outer_rows),
        }
    }
}

/// The best beginning known with a set of members.
#[derive(Clone, Debug)]
struct Beginning {
    cost: f64,
    rows: f64,
    placed: TableSet,
    order: Vec<usize>,
}

/// The search for an order of a group's inner members.
pub(super) struct Search<'s, 'j> {
    planner: &'s JoinPlanner<'j>,
    group: &'s Group,
    /// For each member: its unit, its tables, and the tables that its conditions read.
    members: Vec<(usize, TableSet, TableSet)>,
    known: FxHashMap<(usize, TableSet), Estimate>,
}

impl<'s, 'j> Search<'s, 'j> {
    /// A search among these units of the group.
    pub fn new(planner: &'s JoinPlanner<'j>, group: &'s Group, inner: &[usize]) -> Search<'s, 'j> {
        let members = inner.iter().map(|unit| {
            let tables = group.unit_tables(*unit);
            let near = group.conditions().iter().filter(|condition| condition.tables & tables != 0);
            (*unit, tables, near.fold(0, |set, condition| set | condition.tables))
        });
        Search { planner, group, members: members.collect(), known: FxHashMap::default() }
    }

    /// The cheapest order.
    ///
    /// # Errors
    /// 1176 for an unknown index in a hint.
    pub fn run(mut self, available: TableSet) -> Result<Vec<usize>> {
        let begin = Beginning { cost: 0.0, rows: 1.0, placed: available, order: Vec::new() };
        let kept_max = match self.members.len() <= JOIN_ORDER_SEARCH_TABLES_MAX {
            true => usize::MAX,
            false => JOIN_ORDER_KEPT_MAX,
        };
        let mut beginnings = vec![begin];
        for _ in 0..self.members.len() {
            let mut next: FxHashMap<TableSet, Beginning> = FxHashMap::default();
            for beginning in &beginnings {
                for member in 0..self.members.len() {
                    let Some(longer) = self.extend(beginning, member)? else { continue };
                    match next.get_mut(&longer.placed) {
                        Some(known) if is_before(known, &longer) => {}
                        Some(known) => *known = longer,
                        None => drop(next.insert(longer.placed, longer)),
                    }
                }
            }
            beginnings = next.into_values().collect();
            beginnings.sort_by(|left, right| match is_before(left, right) {
                true => std::cmp::Ordering::Less,
                false => std::cmp::Ordering::Greater,
            });
            beginnings.truncate(kept_max);
        }
        Ok(beginnings.into_iter().next().map_or_else(Vec::new, |best| best.order))
    }

    /// A beginning with one member more; none where that is in it already.
    fn extend(&mut self, beginning: &Beginning, member: usize) -> Result<Option<Beginning>> {
        let (unit, tables, near) = self.members[member];
        if beginning.placed & tables != 0 {
            return Ok(None);
        }
        let key = (member, beginning.placed & near);
        let estimate = match self.known.get(&key) {
            Some(known) => *known,
            None => {
                let estimate = self.planner.estimate_unit(self.group, unit, beginning.placed)?;
                self.known.insert(key, estimate);
                estimate
            }
        };
        let cost = match beginning.order.is_empty() {
            // The first one is read once, whatever it is read for.
            true => estimate.lookup.or(estimate.kept.map(|(build, _)| build)).unwrap_or(1.0),
            false => estimate.method(beginning.rows).1,
        };
        let rows = (beginning.rows * estimate.rows).max(1.0);
        let mut order = beginning.order.clone();
        order.push(unit);
        // Rows that come out are work for whatever follows.
        let cost = beginning.cost + cost + rows * 0.1;
        Ok(Some(Beginning { cost, rows, placed: beginning.placed | tables, order }))
    }
}

/// Whether one is cheaper, or as cheap and earlier in the order written.
fn is_before(left: &Beginning, right: &Beginning) -> bool {
    match left.cost.total_cmp(&right.cost) {
        std::cmp::Ordering::Less => true,
        std::cmp::Ordering::Greater => false,
        std::cmp::Ordering::Equal => left.order <= right.order,
    }
}

/// Bytes that a kept row of a table may have, about: texts with all that their columns take.
fn kept_row_bytes(table: &Table) -> f64 {
    let wide = table.columns.iter().map(|column| f64::from(column.data_type.characters()));
    KEPT_ROW_BYTES + wide.filter(|bytes| *bytes > WIDE_BYTES).sum::<f64>()
}

impl JoinPlanner<'_> {
    /// What a table costs behind placed ones, under these conditions.
    ///
    /// # Errors
    /// 1176 for an unknown index in a hint.
    pub(super) fn estimate(
        &self,
        table: usize,
        conditions: &[&Condition],
        placed: TableSet,
    ) -> Result<Estimate> {
        let choice = self.choose(table, conditions, placed, None)?;
        let rows = choice.rows;
        // Rows that are kept are locked, all of them.
        let is_locked = self.locks[table].is_some() && (choice.dependent || !self.keeps_locked);
        let source = &self.scope.tables[table].source;
        if is_locked || !self.scope.tables[table].lateral_slots().is_empty() {
            return Ok(Estimate { lookup: Some(choice.cost), kept: None, rows });
        }
        if !choice.dependent && placed == 0 {
            return Ok(Estimate { lookup: Some(choice.cost), kept: None, rows });
        }
        let unit = 1 << table;
        let own: Vec<&Condition> =
            conditions.iter().copied().filter(|c| c.tables & !unit == 0 && c.tables != 0).collect();
        let alone = match matches!(source, TableSource::Base(_)) {
            true => self.choose(table, &own, placed, None)?,
            false => self.choose(table, &own, 0, None)?,
        };
        let hashes = conditions.iter().any(|condition| self.has_hash_key(condition, unit));
        let build = alone.cost + alone.rows * BUILD_COST;
        let probe = match hashes {
            true => PROBE_COST + rows * PAIR_COST,
            false => alone.rows * PAIR_COST,
        };
        let lookup = choice.dependent.then_some(choice.cost);
        // A table that nothing is known of may be larger than it seems.
        let row_bytes = match source {
            TableSource::Base(base) if base.statistics.get().is_some() => kept_row_bytes(base),
            _ => f64::INFINITY,
        };
        let fits = alone.rows * row_bytes < JOIN_BUFFER_BYTES_MAX as f64 / 2.0;
        let kept = (fits || lookup.is_none()).then_some((build, probe));
        Ok(Estimate { lookup, kept, rows })
    }
}
