//! From a scan's index conditions to ranges of keys.
//!
//! Evaluated when the scan is opened: only then the values are known, and whether they can be compared in the index's order
//! (see [`super::key_value`]). Where one cannot, the conditions before it still narrow the scan; the result is
//! *degraded*: it holds more rows than asked for, in an order that may not be the one planned, and the scan checks all its
//! conditions itself.

use std::ops::Bound;

use bytes::Bytes;
use storage::engine::KeyRange;

use crate::catalog::IndexId;
use crate::codec::key::INDEX_ID_BYTES;
use crate::codec::{self, Zone};
use crate::execute::key_value::{KeyValue, key_value};
use crate::execute::{Context, Run};
use crate::expression::Expression;
use crate::limits::INDEX_RANGES_MAX;
use crate::plan::ScanPlan;
use crate::plan::predicate::{Interval, Term, TermKind, like_prefix};
use crate::types::Value;

/// The keys of a scan.
#[derive(Debug)]
pub enum Ranges {
    /// No row can match.
    Empty,
    /// Single keys, ascending: rows of the primary index, or entries of a unique one.
    Points(Vec<Bytes>),
    /// One key.
    Point(Bytes),
    /// One range.
    One(KeyRange),
    /// Ranges, ascending and apart from each other.
    Many(Vec<KeyRange>),
}

impl Ranges {
    /// The same of another index with the same columns: that of a partition.
    #[must_use]
    pub fn moved(&self, from: IndexId, to: IndexId) -> Ranges {
        let key = |key: &Bytes| {
            // The end of an index's keys does not begin with its id.
            if !key.starts_with(&from.0.to_be_bytes()) {
                return codec::key::index_range(to).end;
            }
            let mut moved = Vec::with_capacity(key.len());
            moved.extend_from_slice(&to.0.to_be_bytes());
            moved.extend_from_slice(key.get(INDEX_ID_BYTES..).unwrap_or_default());
            Bytes::from(moved)
        };
        let range = |range: &KeyRange| KeyRange { start: key(&range.start), end: key(&range.end) };
        match self {
            Ranges::Empty => Ranges::Empty,
            Ranges::Points(keys) => Ranges::Points(keys.iter().map(key).collect()),
            Ranges::Point(point) => Ranges::Point(key(point)),
            Ranges::One(one) => Ranges::One(range(one)),
            Ranges::Many(ranges) => Ranges::Many(ranges.iter().map(range).collect()),
        }
    }
}

/// The outcome of [`resolve`].
#[derive(Debug)]
pub struct Resolved {
    /// The keys.
    pub ranges: Ranges,
    /// More rows than the conditions ask for may be in the ranges.
    pub degraded: bool,
}

/// Evaluates the conditions of a scan over `row`, which has the slots of the tables before it.
///
/// # Errors
/// Those of evaluating the values.
pub fn resolve(plan: &ScanPlan, row: &[Value], ctx: &mut Context) -> Run<Resolved> {
    let index = &plan.table.indexes[plan.access.index];
    if plan.access.terms.is_empty() {
        let ranges = Ranges::One(codec::key::index_range(index.id));
        return Ok(Resolved { ranges, degraded: false });
    }
    if let ([Term { column, kind: TermKind::Equal(value) }], true) =
        (plan.access.terms.as_slice(), plan.access.point)
    {
        let value = value.eval(row, ctx)?;
        match key_value(value, &plan.table.columns[*column], ctx.session) {
            KeyValue::Exact(value) => {
                let zone = Zone::of(ctx.session);
                let key = codec::key::prefix(&plan.table, index, std::slice::from_ref(&value), zone)?;
                return Ok(Resolved { ranges: key.map_or(Ranges::Empty, Ranges::Point), degraded: false });
            }
            KeyValue::Never | KeyValue::Floor(_) => {
                return Ok(Resolved { ranges: Ranges::Empty, degraded: false });
            }
            KeyValue::Unusable => {
                let ranges = Ranges::One(codec::key::index_range(index.id));
                return Ok(Resolved { ranges, degraded: true });
            }
        }
    }
    Resolver { plan, row, zone: Zone::of(ctx.session), prefixes: vec![Vec::new()], has_null: false }.run(ctx)
}

struct Resolver<'r> {
    plan: &'r ScanPlan,
    row: &'r [Value],
    zone: Zone,
    /// Values of the index's first columns: several where IN lists multiply them.
    prefixes: Vec<Vec<Value>>,
    has_null: bool,
}

/// What a term did to the prefixes.
enum Step {
    Extended,
    Nothing,
    Unusable,
}

impl Resolver<'_> {
    fn run(mut self, ctx: &mut Context) -> Run<Resolved> {
        let plan = self.plan;
        for term in &plan.access.terms {
            let step = match &term.kind {
                TermKind::Equal(value) => self.equal(term.column, value, false, ctx)?,
                TermKind::NullSafeEqual(value) => self.equal(term.column, value, true, ctx)?,
                TermKind::IsNull => self.extend(&[Value::Null]),
                TermKind::In(list) => self.list(term.column, list, ctx)?,
                TermKind::InSubquery(subquery) => {
                    match crate::execute::subquery::first_column(subquery, ctx)? {
                        Some(values) => self.values(term.column, values, ctx),
                        None => Step::Unusable,
                    }
                }
                TermKind::Intervals(intervals) => return self.intervals(term.column, intervals, ctx),
                TermKind::LikePrefix { pattern, escape } => {
                    return self.like(pattern, *escape, ctx);
                }
            };
            match step {
                Step::Extended => {}
                Step::Nothing => return Ok(Resolved { ranges: Ranges::Empty, degraded: false }),
                Step::Unusable => return self.finish(true),
            }
        }
        self.finish(false)
    }

    /// The ranges of the prefixes as they are.
    fn finish(self, degraded: bool) -> Run<Resolved> {
        let index = &self.plan.table.indexes[self.plan.access.index];
        let whole = self.prefixes.first().is_some_and(|prefix| prefix.len() == index.columns.len())
            && index.columns.iter().all(|part| part.prefix.is_none());
        let points = whole && index.unique && !self.has_null;
        let mut keys = Vec::with_capacity(self.prefixes.len());
        for prefix in &self.prefixes {
            keys.extend(codec::key::prefix(&self.plan.table, index, prefix, self.zone)?);
        }
        if points {
            keys.sort_unstable();
            keys.dedup();
            let ranges = match keys.len() {
                0 => Ranges::Empty,
                1 => keys.pop().map_or(Ranges::Empty, Ranges::Point),
                _ => Ranges::Points(keys),
            };
            return Ok(Resolved { ranges, degraded });
        }
        let ranges = keys.iter().map(|key| KeyRange::prefix(key)).collect();
        Ok(Resolved { ranges: merge(ranges), degraded })
    }

    fn convert(&self, column: usize, value: Value, ctx: &mut Context) -> KeyValue {
        key_value(value, &self.plan.table.columns[column], ctx.session)
    }

    fn equal(&mut self, column: usize, value: &Expression, null_safe: bool, ctx: &mut Context) -> Run<Step> {
        let value = value.eval(self.row, ctx)?;
        if null_safe && value == Value::Null {
            if !self.plan.table.columns[column].nullable {
                return Ok(Step::Nothing);
            }
            return Ok(self.extend(&[Value::Null]));
        }
        Ok(match self.convert(column, value, ctx) {
            KeyValue::Exact(value) => self.extend(&[value]),
            KeyValue::Floor(_) | KeyValue::Never => Step::Nothing,
            KeyValue::Unusable => Step::Unusable,
        })
    }

    fn list(&mut self, column: usize, list: &[Expression], ctx: &mut Context) -> Run<Step> {
        let mut values = Vec::with_capacity(list.len());
        for value in list {
            values.push(value.eval(self.row, ctx)?);
        }
        Ok(self.values(column, values, ctx))
    }

    fn values(&mut self, column: usize, values: Vec<Value>, ctx: &mut Context) -> Step {
        let mut members = Vec::with_capacity(values.len());
        for value in values {
            match self.convert(column, value, ctx) {
                KeyValue::Exact(value) => members.push(value),
                KeyValue::Floor(_) | KeyValue::Never => {}
                KeyValue::Unusable => return Step::Unusable,
            }
        }
        if members.is_empty() {
            return Step::Nothing;
        }
        if members.len() * self.prefixes.len() > INDEX_RANGES_MAX {
            return Step::Unusable;
        }
        self.extend(&members)
    }

    /// Appends each of `values` to each prefix.
    fn extend(&mut self, values: &[Value]) -> Step {
        self.has_null |= values.contains(&Value::Null);
        if let [value] = values {
            self.prefixes.iter_mut().for_each(|prefix| prefix.push(value.clone()));
            return Step::Extended;
        }
        let mut extended = Vec::with_capacity(self.prefixes.len() * values.len());
        for prefix in &self.prefixes {
            for value in values {
                let mut longer = prefix.clone();
                longer.push(value.clone());
                extended.push(longer);
            }
        }
        self.prefixes = extended;
        Step::Extended
    }

    fn intervals(mut self, column: usize, intervals: &[Interval], ctx: &mut Context) -> Run<Resolved> {
        let mut ranges = Vec::with_capacity(intervals.len());
        let mut degraded = false;
        let index = &self.plan.table.indexes[self.plan.access.index];
        if intervals.len() * self.prefixes.len() > INDEX_RANGES_MAX {
            return self.finish(true);
        }
        for interval in intervals {
            let low = self.bound(column, interval.low.as_ref(), true, ctx)?;
            let high = self.bound(column, interval.high.as_ref(), false, ctx)?;
            let (low, high) = match (low, high) {
                (End::Nothing, _) | (_, End::Nothing) => continue,
                (End::Bound(low), End::Bound(high)) => (low, high),
                (End::Unusable, End::Bound(high)) => {
                    degraded = true;
                    (Bound::Unbounded, high)
                }
                (End::Bound(low), End::Unusable) => {
                    degraded = true;
                    (low, Bound::Unbounded)
                }
                (End::Unusable, End::Unusable) => return self.finish(true),
            };
            for prefix in &self.prefixes {
                let range = codec::range::range(
                    &self.plan.table,
                    index,
                    prefix,
                    low.as_ref(),
                    high.as_ref(),
                    self.zone,
                )?;
                ranges.extend(range);
            }
        }
        self.prefixes.clear();
        Ok(Resolved { ranges: merge(ranges), degraded })
    }

    fn bound(
        &self,
        column: usize,
        end: Option<&(Expression, bool)>,
        is_low: bool,
        ctx: &mut Context,
    ) -> Run<End> {
        let Some((value, included)) = end else {
            return Ok(End::Bound(Bound::Unbounded));
        };
        let value = value.eval(self.row, ctx)?;
        Ok(match self.convert(column, value, ctx) {
            KeyValue::Exact(value) if *included => End::Bound(Bound::Included(value)),
            KeyValue::Exact(value) => End::Bound(Bound::Excluded(value)),
            // Above the floor, or up to it.
            KeyValue::Floor(value) if is_low => End::Bound(Bound::Excluded(value)),
            KeyValue::Floor(value) => End::Bound(Bound::Included(value)),
            KeyValue::Never => End::Nothing,
            KeyValue::Unusable => End::Unusable,
        })
    }

    fn like(self, pattern: &Expression, escape: Option<char>, ctx: &mut Context) -> Run<Resolved> {
        let pattern = pattern.eval(self.row, ctx)?;
        let text = match &pattern {
            Value::Null => return Ok(Resolved { ranges: Ranges::Empty, degraded: false }),
            Value::Text(text) => text,
            _ => return self.finish(true),
        };
        let prefix = like_prefix(text, escape);
        if prefix.is_empty() {
            return self.finish(true);
        }
        let index = &self.plan.table.indexes[self.plan.access.index];
        let mut ranges = Vec::with_capacity(self.prefixes.len());
        for equal in &self.prefixes {
            let key = codec::key::string_prefix(&self.plan.table, index, equal, &prefix, self.zone)?;
            ranges.extend(key.map(|key| KeyRange::prefix(&key)));
        }
        Ok(Resolved { ranges: merge(ranges), degraded: false })
    }
}

/// One end of an interval.
enum End {
    Bound(Bound<Value>),
    Nothing,
    Unusable,
}

/// Sorts ranges and joins those that overlap, so that no row is read twice.
fn merge(mut ranges: Vec<KeyRange>) -> Ranges {
    if ranges.len() > 1 {
        ranges.sort_unstable_by(|left, right| left.start.cmp(&right.start));
        let mut merged: Vec<KeyRange> = Vec::with_capacity(ranges.len());
        for range in ranges {
            match merged.last_mut() {
                Some(last) if range.start <= last.end => {
                    if range.end > last.end {
                        last.end = range.end;
                    }
                }
                _ => merged.push(range),
            }
        }
        ranges = merged;
    }
    match ranges.len() {
        0 => Ranges::Empty,
        1 => ranges.pop().map_or(Ranges::Empty, Ranges::One),
        _ => Ranges::Many(ranges),
    }
}
