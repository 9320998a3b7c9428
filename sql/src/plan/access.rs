//! The choice of a table's index.
//!
//! For each index the conditions on its first columns become [`Term`]s: equalities (also with an IN list) as long as they
//! last, then one range. The indexes are compared by a rough cost: rows expected, times what a row costs (an entry of a
//! secondary index that does not hold all wanted columns costs a look-up of the row as well), plus a sort where the
//! order is not the one asked for. The number of rows comes from the table's [`Statistics`](crate::catalog::Statistics), and
//! where there are none from its row estimate and fixed guesses of selectivity; equalities on a whole unique index are always first.
//!
//! A plan may be kept for long, so a table never counts for fewer than [`ROWS_MIN`] rows: a plan made while the table was
//! empty must not be a scan. Joins of tables with statistics are made anew when a table has grown
//! ([`Plan::wants_statistics`](crate::plan::Plan::wants_statistics)), so there tables count for what they have.

use std::ops::Bound;
use std::sync::Arc;

use storage::engine::Direction;

use crate::ast::{IndexHint, IndexHintKind};
use crate::catalog::partition::Partitioned;
use crate::catalog::{Index, IndexColumn, Table};
use crate::codec::{ColumnSet, Zone};
use crate::error::{Error, Result};
use crate::expression::Expression;
use crate::plan::node::Access;
use crate::plan::predicate::{Interval, Predicate, Term, TermKind};
use crate::plan::selectivity::known_value;
use crate::types::Value;

/// Rows that a table is taken to have at least.
pub const ROWS_MIN: f64 = 1000.0;

/// The fewest rows that conditions are taken to let through of one outer row.
const ROWS_SHARE_MIN: f64 = 1e-4;
/// Cost of reading a row through an entry of a secondary index, relative to the next row of a scan.
const LOOKUP_COST: f64 = 3.0;
/// Cost of positioning at the start of a range.
const RANGE_COST: f64 = 1.0;
/// Cost of sorting a row.
const SORT_COST: f64 = 0.6;
/// Share of rows in a range with two ends, or of a string prefix.
const CLOSED_RANGE_SHARE: f64 = 0.05;
/// Share of rows in a range with one end.
const OPEN_RANGE_SHARE: f64 = 0.2;
/// Share of rows that a condition without index lets through.
pub const FILTER_SHARE: f64 = 0.25;

/// A condition on a table that may serve an index.
#[derive(Clone, Debug)]
pub struct Usable {
    /// Position of its conjunct in the list of conditions.
    pub conjunct: usize,
    /// What it says.
    pub predicate: Predicate,
}

/// The order that the rows are wanted in.
#[derive(Clone, Copy, Debug)]
pub struct OrderWish<'w> {
    /// Columns of the table, and DESC.
    pub keys: &'w [(usize, bool)],
    /// LIMIT, if there is one (a guess where it is a parameter).
    pub limit: Option<f64>,
}

/// A way to read a table.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The access (covering not decided).
    pub access: Access,
    /// Conjuncts that the terms imply.
    pub implied: Vec<usize>,
    /// Conjuncts that the terms come from.
    pub used: Vec<usize>,
    /// Rows expected.
    pub rows: f64,
    /// Cost, sort included.
    pub cost: f64,
    /// In the order wished for.
    pub ordered: bool,
}

/// A table whose access is to be chosen.
pub struct Chooser<'c> {
    /// The table.
    pub table: &'c Arc<Table>,
    /// USE, FORCE, IGNORE INDEX.
    pub hints: &'c [IndexHint],
    /// Conditions whose values are known when the table is read.
    pub usable: &'c [Usable],
    /// Columns that are wanted whatever the index.
    pub needed: &'c ColumnSet,
    /// For each conjunct, the columns of this table that it reads.
    pub conjunct_columns: &'c dyn Fn(usize) -> ColumnSet,
    /// Conjuncts that are checked on this table's rows.
    pub conjuncts: &'c [usize],
    /// For each conjunct, the share of rows that it lets through.
    pub shares: &'c [f64],
    /// Rows that the table counts for at least.
    pub rows_min: f64,
    /// Order.
    pub order: Option<OrderWish<'c>>,
    /// `use_invisible_indexes` of `optimizer_switch`.
    pub use_invisible: bool,
}

impl Chooser<'_> {
    /// The cheapest way, the names of all indexes that have conditions, and the rows that pass all conditions.
    ///
    /// # Errors
    /// 1176 for a hint that names no index.
    pub fn choose(&self) -> Result<(Candidate, Vec<String>, f64)> {
        let allowed = self.allowed()?;
        let scan = self.full_scan();
        let mut passing = scan.rows * self.share_left(&scan);
        let mut best: Option<Candidate> = None;
        let mut possible = Vec::new();
        for (position, index) in self.table.indexes.iter().enumerate() {
            if !allowed.indexes[position] {
                continue;
            }
            let candidate = self.candidate(position, index);
            if !candidate.access.terms.is_empty() {
                possible.push(index.name.clone());
                passing = passing.min(candidate.rows * self.share_left(&candidate));
            } else if position > 0 && !candidate.ordered && !self.covers(position, &candidate) {
                continue;
            }
            let better = best.as_ref().is_none_or(|best| candidate.cost < best.cost);
            if better {
                best = Some(candidate);
            }
        }
        let mut best = match best {
            Some(best) if allowed.forced || best.cost <= scan.cost => best,
            Some(_) | None => scan,
        };
        if let Some(partitioned) = &self.table.partitioned {
            best.access.pruning = self.pruning(partitioned)?;
        }
        Ok((best, possible, passing.max(ROWS_SHARE_MIN)))
    }

    /// The conditions that say which partitions can have rows.
    fn pruning(&self, partitioned: &Partitioned) -> Result<Vec<Term>> {
        let rule = partitioned.rule(self.table)?;
        let sub = partitioned.sub_rule(self.table)?;
        let reads =
            |column| rule.columns.contains(&column) || sub.is_some_and(|sub| sub.columns.contains(&column));
        let terms = self.usable.iter().map(|usable| &usable.predicate);
        let terms = terms.filter(|predicate| reads(predicate.column));
        Ok(terms.map(|found| Term { column: found.column, kind: found.kind.clone() }).collect())
    }

    /// The share of a candidate's rows that the conditions besides its terms let through.
    fn share_left(&self, candidate: &Candidate) -> f64 {
        let left = self.conjuncts.iter().filter(|conjunct| !candidate.used.contains(conjunct));
        left.map(|conjunct| self.shares.get(*conjunct).copied().unwrap_or(FILTER_SHARE)).product()
    }

    fn table_rows(&self) -> f64 {
        let rows = self.table.row_estimate.load(std::sync::atomic::Ordering::Relaxed) as f64;
        rows.max(self.rows_min)
    }

    fn full_scan(&self) -> Candidate {
        let mut candidate = Candidate {
            access: Access::full(),
            implied: Vec::new(),
            used: Vec::new(),
            rows: self.table_rows(),
            cost: 0.0,
            ordered: false,
        };
        self.price(&mut candidate, 1.0);
        candidate
    }

    fn candidate(&self, position: usize, index: &Index) -> Candidate {
        let matched = self.match_terms(index);
        let rows = self.expected_rows(index, &matched);
        let point = index.unique
            && matched.fixed == index.columns.len()
            && !index.columns.is_empty()
            && matched.terms.iter().all(|term| matches!(term.kind, TermKind::Equal(_)))
            && index.columns.iter().all(|part| part.prefix.is_none());
        let access = Access { index: position, terms: matched.terms, point, ..Access::full() };
        let (implied, used) = (matched.implied, matched.used);
        let mut candidate = Candidate { access, implied, used, rows, cost: 0.0, ordered: false };
        if let Some(wish) = self.order
            && let Some(direction) = self.order_direction(index, &candidate.access.terms, wish.keys)
        {
            candidate.ordered = true;
            candidate.access.ordered = true;
            candidate.access.direction = direction;
        }
        self.price(&mut candidate, matched.ranges);
        candidate
    }

    fn price(&self, candidate: &mut Candidate, ranges: f64) {
        let position = candidate.access.index;
        // An index without the row's other columns is a little shorter to read than the rows.
        let row_cost = match (position, self.covers(position, candidate)) {
            (0, _) => 1.0,
            (_, true) => 0.8,
            (_, false) => LOOKUP_COST,
        };
        let read = if candidate.access.point { 0.5 * row_cost } else { candidate.rows * row_cost };
        let cost = read + RANGE_COST * ranges.max(1.0).min(candidate.rows.max(1.0));
        candidate.cost = match self.order {
            None => cost,
            Some(OrderWish { limit: None, .. }) if candidate.ordered => cost,
            Some(OrderWish { limit: Some(limit), .. }) if candidate.ordered => {
                let found = (candidate.rows * self.share_left(candidate)).max(1.0);
                cost * (limit / found).min(1.0)
            }
            Some(_) => cost + SORT_COST * candidate.rows,
        };
    }

    /// Whether the index alone has everything that is wanted, as long as its conditions hold as planned.
    fn covers(&self, position: usize, candidate: &Candidate) -> bool {
        if position == 0 {
            return false;
        }
        let mut wanted = self.needed.clone();
        for conjunct in self.conjuncts.iter().filter(|conjunct| !candidate.implied.contains(conjunct)) {
            let columns = (self.conjunct_columns)(*conjunct);
            (0..columns.end()).filter(|column| columns.contains(*column)).for_each(|c| wanted.insert(c));
        }
        crate::codec::key::covers(self.table, &self.table.indexes[position], &wanted)
    }

    fn expected_rows(&self, index: &Index, matched: &Matched) -> f64 {
        let table_rows = self.table_rows();
        if matched.terms.is_empty() {
            return table_rows;
        }
        let columns = index.columns.len();
        let known = self.table.statistics.get();
        let per_value = known.and_then(|known| known.rows_per_value(index, matched.equal));
        let mut rows = if index.unique && matched.equal == columns {
            1.0
        } else if let Some(rows) = per_value {
            rows
        } else {
            // A full key of an index that is not unique is taken to have the square root of the table's rows, and each
            // column to contribute alike.
            let share = matched.equal as f64 / columns as f64;
            table_rows.powf(1.0 - share * if index.unique { 1.0 } else { 0.5 })
        };
        rows *= matched.ranges;
        rows *= matched.range_share;
        rows.clamp(1.0, table_rows)
    }

    /// The terms that the conditions give for an index.
    fn match_terms(&self, index: &Index) -> Matched {
        let mut matched = Matched {
            terms: Vec::new(),
            implied: Vec::new(),
            equal: 0,
            used: Vec::new(),
            fixed: 0,
            ranges: 1.0,
            range_share: 1.0,
        };
        for part in &index.columns {
            let on_column = || self.usable.iter().filter(|usable| usable.predicate.column == part.column);
            if let Some(found) = on_column().find(|usable| usable.predicate.kind.is_single()) {
                matched.add(found, part.prefix.is_some());
                matched.equal += 1;
                matched.fixed += 1;
            } else if let Some((found, count)) = on_column().find_map(|usable| match &usable.predicate.kind {
                TermKind::In(list) => Some((usable, list.len())),
                TermKind::InSubquery(_) => Some((usable, 10)),
                _ => None,
            }) {
                if matched.ranges * count as f64 > crate::limits::INDEX_RANGES_MAX as f64 {
                    break;
                }
                matched.ranges *= count.max(1) as f64;
                matched.add(found, part.prefix.is_some());
                matched.equal += 1;
            } else {
                self.add_range(&mut matched, index, part);
                break;
            }
            if part.prefix.is_some() {
                break;
            }
        }
        matched
    }

    /// Adds the range on one column, made of all its one-sided conditions, if there is any.
    fn add_range(&self, matched: &mut Matched, index: &Index, part: &IndexColumn) {
        let on_column = || self.usable.iter().filter(|usable| usable.predicate.column == part.column);
        let mut interval = Interval { low: None, high: None };
        let mut used = Vec::new();
        for usable in on_column() {
            let TermKind::Intervals(intervals) = &usable.predicate.kind else { continue };
            let [Interval { low, high }] = intervals.as_slice() else { continue };
            // A condition is used as a whole or not at all.
            if (low.is_some() && interval.low.is_some()) || (high.is_some() && interval.high.is_some()) {
                continue;
            }
            interval.low = interval.low.or_else(|| low.clone());
            interval.high = interval.high.or_else(|| high.clone());
            used.push(usable);
        }
        if !used.is_empty() {
            let closed = interval.low.is_some() && interval.high.is_some();
            let guess = if closed { CLOSED_RANGE_SHARE } else { OPEN_RANGE_SHARE };
            let known = if matched.equal == 0 { self.histogram_share(index, &interval) } else { None };
            matched.range_share = known.unwrap_or(guess);
            matched.used.extend(used.iter().map(|usable| usable.conjunct));
            matched.terms.push(Term { column: part.column, kind: TermKind::Intervals(vec![interval]) });
            let implied = used.iter().filter(|u| part.prefix.is_none() && u.predicate.implied);
            matched.implied.extend(implied.map(|usable| usable.conjunct));
            return;
        }
        let union = on_column().find(|usable| match &usable.predicate.kind {
            TermKind::Intervals(_) => true,
            TermKind::LikePrefix { .. } => !part.descending,
            _ => false,
        });
        if let Some(usable) = union {
            matched.range_share = match &usable.predicate.kind {
                TermKind::Intervals(list) => (CLOSED_RANGE_SHARE * list.len() as f64).min(0.5),
                _ => CLOSED_RANGE_SHARE,
            };
            matched.add(usable, part.prefix.is_some());
        }
    }

    /// The share of an index's entries that an interval of its first column holds, where the ends are literals and the index has a
    /// histogram.
    fn histogram_share(&self, index: &Index, interval: &Interval) -> Option<f64> {
        let known = self.table.statistics.get()?;
        let end = |end: &'_ Option<(Expression, bool)>| -> Option<Bound<Value>> {
            Some(match end {
                None => Bound::Unbounded,
                Some((value, true)) => Bound::Included(known_value(value)?),
                Some((value, false)) => Bound::Excluded(known_value(value)?),
            })
        };
        let (low, high) = (end(&interval.low)?, end(&interval.high)?);
        let range =
            crate::codec::range::range(self.table, index, &[], low.as_ref(), high.as_ref(), Zone::UTC);
        // A value of another type than the column says nothing.
        match range.ok()? {
            Some(range) => known.index(index)?.share(&range),
            None => Some(0.0),
        }
    }

    /// The direction in which the index gives the order, if it does.
    fn order_direction(&self, index: &Index, terms: &[Term], keys: &[(usize, bool)]) -> Option<Direction> {
        if self.table.partitioned.is_some() {
            // Each partition is in the order, one after the other.
            return None;
        }
        let fixed: Vec<usize> =
            terms.iter().filter(|term| term.kind.is_single()).map(|term| term.column).collect();
        let primary = &self.table.indexes[0];
        let tail: &[_] = if index.id == primary.id { &[] } else { &primary.columns };
        let mut parts = index.columns.iter().chain(tail);
        let mut direction = None;
        'keys: for (column, descending) in keys {
            if fixed.contains(column) {
                continue;
            }
            loop {
                let Some(part) = parts.next() else {
                    // All columns of a unique key are in use: no two rows are left to order.
                    let not_null = |part: &IndexColumn| !self.table.columns[part.column].nullable;
                    let whole =
                        index.unique && !index.columns.is_empty() && index.columns.iter().all(not_null);
                    let total = whole || !primary.columns.is_empty();
                    if total { break 'keys } else { return None }
                };
                if part.column != *column && fixed.contains(&part.column) {
                    continue;
                }
                if part.column != *column || part.prefix.is_some() {
                    return None;
                }
                let wanted =
                    if part.descending == *descending { Direction::Forward } else { Direction::Backward };
                if direction.is_some_and(|direction| direction != wanted) {
                    return None;
                }
                direction = Some(wanted);
                break;
            }
        }
        Some(direction.unwrap_or(Direction::Forward))
    }

    /// What the hints leave.
    fn allowed(&self) -> Result<Allowed> {
        let count = self.table.indexes.len();
        let named = |kind: IndexHintKind| -> Result<Option<Vec<usize>>> {
            let hints: Vec<&IndexHint> = self.hints.iter().filter(|hint| hint.kind == kind).collect();
            if hints.is_empty() {
                return Ok(None);
            }
            let names = hints.iter().flat_map(|hint| &hint.indexes);
            names.map(|name| self.index_by_name(name)).collect::<Result<Vec<_>>>().map(Some)
        };
        let (used, forced) = (named(IndexHintKind::Use)?, named(IndexHintKind::Force)?);
        let ignored = named(IndexHintKind::Ignore)?.unwrap_or_default();
        let is_forced = forced.is_some();
        let mut indexes = vec![used.is_none() && forced.is_none(); count];
        for (allowed, index) in indexes.iter_mut().zip(&self.table.indexes) {
            *allowed &= self.use_invisible || !index.invisible;
        }
        used.into_iter().chain(forced).flatten().for_each(|position| indexes[position] = true);
        ignored.into_iter().for_each(|position| indexes[position] = false);
        Ok(Allowed { indexes, forced: is_forced })
    }
}

struct Allowed {
    indexes: Vec<bool>,
    forced: bool,
}

/// Terms found for an index.
struct Matched {
    terms: Vec<Term>,
    implied: Vec<usize>,
    used: Vec<usize>,
    /// Columns with an equality or IN.
    equal: usize,
    /// Columns with one value.
    fixed: usize,
    /// Number of ranges that IN lists make.
    ranges: f64,
    /// Share of the rows that the range lets through.
    range_share: f64,
}

impl Matched {
    fn add(&mut self, usable: &Usable, prefix: bool) {
        self.terms.push(Term { column: usable.predicate.column, kind: usable.predicate.kind.clone() });
        self.used.push(usable.conjunct);
        if usable.predicate.implied && !prefix {
            self.implied.push(usable.conjunct);
        }
    }
}

impl Chooser<'_> {
    /// An index by the name in a hint.
    fn index_by_name(&self, name: &str) -> Result<usize> {
        let table = self.table;
        let is_named = |index: &Index| !(table.hidden_row_id && index.id == table.indexes[0].id);
        let is_seen = |index: &Index| is_named(index) && (self.use_invisible || !index.invisible);
        let found = |index: &Index| is_seen(index) && index.name.eq_ignore_ascii_case(name);
        table.indexes.iter().position(found).ok_or_else(|| Error {
            code: 1176,
            state: *b"42000",
            message: format!("Key '{name}' doesn't exist in table '{}'", table.name),
        })
    }
}
