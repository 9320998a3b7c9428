//! Which partitions a scan reads: those that can have rows for its conditions on their columns.
//!
//! It is worked out each time that a scan is opened, from values that are known then: constants, parameters, and columns of the
//! tables before it in a join. What cannot be used leaves all partitions; the scan checks its conditions in any case.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::Bound;

use crate::catalog::Table;
use crate::catalog::partition::place::{Order, Rule, limit_number, number_of};
use crate::catalog::partition::{Limit, Method, Partitioned, Values};
use crate::execute::key_value::{KeyValue, key_value};
use crate::execute::{Context, Interrupt, Run};
use crate::expression::Expression;
use crate::plan::ScanPlan;
use crate::plan::explain::{PARTITIONS_COLUMN, Pruned};
use crate::plan::predicate::{Interval, Term, TermKind};
use crate::types::{Collation, Value, convert};

/// Combinations of values that are looked at one by one.
const COMBINATIONS_MAX: usize = 256;
/// Integers of a range that are looked at one by one, as in MySQL.
const WALKED_MAX: i128 = 32;

type Ends = (Bound<Value>, Bound<Value>);

/// What the conditions say of a column.
#[derive(Clone, Debug)]
enum Known {
    /// It is one of these; NULL is one of them for IS NULL.
    Values(Vec<Value>),
    /// It is in one of these; NULL is in none.
    Intervals(Vec<Ends>),
}

/// The positions of the leaves that a scan with these conditions has to read, in their order.
///
/// # Errors
/// Those of evaluating the values; suspends.
pub fn kept(
    table: &Table,
    partitioned: &Partitioned,
    terms: &[Term],
    row: &[Value],
    ctx: &mut Context,
) -> Run<Vec<usize>> {
    // The scan converts the values once more, and warns then.
    let mark = ctx.session.warnings_mark();
    let known = terms_known(table, terms, row, ctx);
    let places = match known {
        Ok(known) => Pruner { table, known }.places(partitioned, ctx),
        Err(interrupt) => Err(interrupt),
    };
    ctx.session.forget_warnings(mark);
    let (rule, sub) = places?;
    let mut kept = Vec::new();
    for (place, _) in rule.iter().enumerate().filter(|(_, is_kept)| **is_kept) {
        for (within, _) in sub.iter().enumerate().filter(|(_, is_kept)| **is_kept) {
            let leaf = place * sub.len() + within;
            if partitioned.is_selected(leaf) {
                kept.push(leaf);
            }
        }
    }
    Ok(kept)
}

/// The rows of EXPLAIN with the partitions that are read.
///
/// # Errors
/// Those of evaluating the conditions.
pub fn explained<'r>(
    rows: &'r [Vec<Value>],
    pruned: &[Pruned],
    ctx: &mut Context,
) -> Run<Cow<'r, [Vec<Value>]>> {
    if pruned.is_empty() {
        return Ok(Cow::Borrowed(rows));
    }
    let mut rows = rows.to_vec();
    for Pruned { row, table, terms } in pruned {
        let Some(partitioned) = &table.partitioned else { continue };
        let kept = kept(table, partitioned, terms, &[], ctx)?;
        let definition = &partitioned.definition;
        let each = definition.leaves_each();
        let name = |at: &usize| {
            let partition = definition.partitions.get(at / each)?;
            let leaf = partition.leaves.get(at % each).filter(|_| definition.sub.is_some());
            Some(leaf.map_or(partition.name.clone(), |leaf| format!("{}_{}", partition.name, leaf.name)))
        };
        let names: Vec<String> = kept.iter().filter_map(name).collect();
        if let Some(cell) = rows.get_mut(*row).and_then(|row| row.get_mut(PARTITIONS_COLUMN))
            && !names.is_empty()
        {
            *cell = Value::text(names.join(","));
        }
    }
    Ok(Cow::Owned(rows))
}

/// Whether no partition of the table can have a row for a scan, by what is known before any row is read.
///
/// # Errors
/// Those of evaluating the conditions.
pub fn reads_nothing(scan: &ScanPlan, ctx: &mut Context) -> Run<bool> {
    let Some(partitioned) = &scan.table.partitioned else { return Ok(false) };
    Ok(kept(&scan.table, partitioned, &scan.access.pruning, &[], ctx)?.is_empty())
}

/// What the conditions say of each column that they are of.
fn terms_known(table: &Table, terms: &[Term], row: &[Value], ctx: &mut Context) -> Run<Vec<(usize, Known)>> {
    let mut known: Vec<(usize, Known)> = Vec::new();
    for term in terms {
        let Some(found) = known_of(table, term, row, ctx)? else { continue };
        match known.iter_mut().find(|(column, _)| *column == term.column) {
            Some((column, before)) => {
                let collation = table.columns[*column].data_type.collation;
                *before = both(before.clone(), found, collation);
            }
            None => known.push((term.column, found)),
        }
    }
    Ok(known)
}

fn known_of(table: &Table, term: &Term, row: &[Value], ctx: &mut Context) -> Run<Option<Known>> {
    let column = &table.columns[term.column];
    let list = |values: Vec<Value>, ctx: &mut Context| {
        let mut found = Vec::with_capacity(values.len());
        for value in values {
            match key_value(value, column, ctx.session) {
                KeyValue::Exact(value) => {
                    found.push(convert::coerce(&value, &column.data_type).unwrap_or(value))
                }
                KeyValue::Floor(_) | KeyValue::Never => {}
                KeyValue::Unusable => return None,
            }
        }
        Some(Known::Values(found))
    };
    Ok(match &term.kind {
        TermKind::Equal(value) => {
            let value = value.eval(row, ctx)?;
            list(vec![value], ctx)
        }
        TermKind::NullSafeEqual(value) => match value.eval(row, ctx)? {
            Value::Null => Some(Known::Values(vec![Value::Null])),
            value => list(vec![value], ctx),
        },
        TermKind::IsNull => Some(Known::Values(vec![Value::Null])),
        TermKind::In(items) => {
            let mut values = Vec::with_capacity(items.len());
            for item in items {
                values.push(item.eval(row, ctx)?);
            }
            list(values, ctx)
        }
        TermKind::Intervals(intervals) => {
            let mut found = Vec::with_capacity(intervals.len());
            for Interval { low, high } in intervals {
                match (end(table, term.column, low.as_ref(), true, row, ctx)?, high) {
                    (End::Nothing, _) => {}
                    (End::Unusable, _) => return Ok(None),
                    (End::Bound(low), high) => {
                        match end(table, term.column, high.as_ref(), false, row, ctx)? {
                            End::Nothing => {}
                            End::Unusable => return Ok(None),
                            End::Bound(high) => found.push((low, high)),
                        }
                    }
                }
            }
            Some(Known::Intervals(found))
        }
        TermKind::InSubquery(_) | TermKind::LikePrefix { .. } => None,
    })
}

/// One end of an interval.
enum End {
    Bound(Bound<Value>),
    Nothing,
    Unusable,
}

fn end(
    table: &Table,
    column: usize,
    end: Option<&(Expression, bool)>,
    is_low: bool,
    row: &[Value],
    ctx: &mut Context,
) -> Run<End> {
    let Some((value, included)) = end else { return Ok(End::Bound(Bound::Unbounded)) };
    let value = value.eval(row, ctx)?;
    Ok(match key_value(value, &table.columns[column], ctx.session) {
        KeyValue::Exact(value) if *included => End::Bound(Bound::Included(value)),
        KeyValue::Exact(value) => End::Bound(Bound::Excluded(value)),
        KeyValue::Floor(value) if is_low => End::Bound(Bound::Excluded(value)),
        KeyValue::Floor(value) => End::Bound(Bound::Included(value)),
        KeyValue::Never => End::Nothing,
        KeyValue::Unusable => End::Unusable,
    })
}

/// What two conditions on a column say together.
fn both(one: Known, other: Known, collation: Collation) -> Known {
    match (one, other) {
        (Known::Values(one), Known::Values(other)) => {
            let is_other = |value: &Value| other.iter().any(|other| other.compare(value, collation).is_eq());
            Known::Values(one.into_iter().filter(is_other).collect())
        }
        (Known::Values(values), Known::Intervals(within))
        | (Known::Intervals(within), Known::Values(values)) => {
            let is_within = |value: &Value| {
                *value != Value::Null && within.iter().any(|ends| is_inside(value, ends, collation))
            };
            Known::Values(values.into_iter().filter(is_within).collect())
        }
        (Known::Intervals(one), Known::Intervals(other)) => {
            let mut found = Vec::new();
            for (low, high) in &one {
                for (other_low, other_high) in &other {
                    let low = narrower(low, other_low, collation, Ordering::Greater);
                    let high = narrower(high, other_high, collation, Ordering::Less);
                    found.push((low, high));
                }
            }
            Known::Intervals(found)
        }
    }
}

/// The one of two ends that lets fewer values in: the greater of two low ends, the less of two high ones.
fn narrower(one: &Bound<Value>, other: &Bound<Value>, collation: Collation, wins: Ordering) -> Bound<Value> {
    let (Bound::Included(left) | Bound::Excluded(left)) = one else { return other.clone() };
    let (Bound::Included(right) | Bound::Excluded(right)) = other else { return one.clone() };
    match left.compare(right, collation) {
        Ordering::Equal if matches!(other, Bound::Excluded(_)) => other.clone(),
        Ordering::Equal => one.clone(),
        order if order == wins => one.clone(),
        _ => other.clone(),
    }
}

fn is_inside(value: &Value, (low, high): &Ends, collation: Collation) -> bool {
    let is_above = match low {
        Bound::Unbounded => true,
        Bound::Included(low) => value.compare(low, collation).is_ge(),
        Bound::Excluded(low) => value.compare(low, collation).is_gt(),
    };
    is_above
        && match high {
            Bound::Unbounded => true,
            Bound::Included(high) => value.compare(high, collation).is_le(),
            Bound::Excluded(high) => value.compare(high, collation).is_lt(),
        }
}

/// Finds the places of rows of which some columns are known.
struct Pruner<'p> {
    table: &'p Table,
    known: Vec<(usize, Known)>,
}

impl Pruner<'_> {
    /// Which partitions are kept, and which subpartitions of each.
    fn places(&self, partitioned: &Partitioned, ctx: &mut Context) -> Run<(Vec<bool>, Vec<bool>)> {
        let rule = partitioned.rule(self.table)?;
        let of_rule = match self.rule(rule, ctx)? {
            Some(places) => places,
            None => vec![true; rule.count],
        };
        let of_sub = match partitioned.sub_rule(self.table)? {
            None => vec![true],
            Some(sub) => self.rule(sub, ctx)?.unwrap_or_else(|| vec![true; sub.count]),
        };
        Ok((of_rule, of_sub))
    }

    fn column(&self, column: usize) -> Option<&Known> {
        self.known.iter().find(|(known, _)| *known == column).map(|(_, known)| known)
    }

    /// The partitions that can have rows; None for all.
    fn rule(&self, rule: &Rule, ctx: &mut Context) -> Run<Option<Vec<bool>>> {
        if rule.columns.is_empty() || self.known.is_empty() {
            return Ok(None);
        }
        // Nothing is in no partition.
        let is_nothing = |column: &usize| match self.column(*column) {
            Some(Known::Values(values)) => values.is_empty(),
            Some(Known::Intervals(intervals)) => intervals.is_empty(),
            None => false,
        };
        if rule.columns.iter().any(is_nothing) {
            return Ok(Some(vec![false; rule.count]));
        }
        match rule.method {
            Method::RangeColumns => return Ok(self.range_columns(rule)),
            Method::ListColumns => return Ok(Some(self.list_columns(rule))),
            Method::Range | Method::List | Method::Hash { .. } | Method::Key { .. } => {}
        }
        if let Some(rows) = self.combinations(rule) {
            return self.each(rule, &rows, ctx);
        }
        match (rule.columns.as_slice(), rule.method) {
            ([column], Method::Range | Method::List | Method::Hash { .. }) => match self.column(*column) {
                Some(Known::Intervals(intervals)) => self.intervals(rule, *column, intervals, ctx),
                Some(Known::Values(_)) | None => Ok(None),
            },
            _ => Ok(None),
        }
    }

    /// All combinations of the values of the rule's columns; None when one of them is not known by values, or there are many.
    fn combinations(&self, rule: &Rule) -> Option<Vec<Vec<Value>>> {
        let mut rows = vec![Vec::with_capacity(rule.columns.len())];
        for column in &rule.columns {
            let Some(Known::Values(values)) = self.column(*column) else { return None };
            if rows.len() * values.len() > COMBINATIONS_MAX {
                return None;
            }
            let extend = |row: &Vec<Value>| {
                let extended = |value: &Value| row.iter().chain(std::iter::once(value)).cloned().collect();
                values.iter().map(extended).collect::<Vec<Vec<Value>>>()
            };
            rows = rows.iter().flat_map(extend).collect();
        }
        Some(rows)
    }

    /// The partitions of rows that have these values; None when one cannot be told.
    fn each(&self, rule: &Rule, rows: &[Vec<Value>], ctx: &mut Context) -> Run<Option<Vec<bool>>> {
        let mut places = vec![false; rule.count];
        let mut row = vec![Value::Null; self.table.columns.len()];
        for values in rows {
            for (column, value) in rule.columns.iter().zip(values) {
                // Zero has two signs, which a hash tells apart.
                if matches!(value, Value::Double(_)) {
                    return Ok(None);
                }
                row[*column] = value.clone();
            }
            match rule.place(self.table, &row, ctx) {
                Ok(Some(place)) => places[place] = true,
                Ok(None) => {}
                Err(Interrupt::Error(_)) => return Ok(None),
                Err(interrupt) => return Err(interrupt),
            }
        }
        Ok(Some(places))
    }

    /// The partitions by an expression of one column that is in one of these intervals.
    fn intervals(
        &self,
        rule: &Rule,
        column: usize,
        intervals: &[Ends],
        ctx: &mut Context,
    ) -> Run<Option<Vec<bool>>> {
        let mut places = vec![false; rule.count];
        for (low, high) in intervals {
            let is_low_excluded = matches!(low, Bound::Excluded(_));
            let is_high_excluded = matches!(high, Bound::Excluded(_));
            if let (
                Bound::Included(low) | Bound::Excluded(low),
                Bound::Included(high) | Bound::Excluded(high),
            ) = (low, high)
                && let (Some(low), Some(high)) = (number_of(low), number_of(high))
                && (rule.order == Order::Unknown || matches!(rule.method, Method::Hash { .. }))
            {
                let low = low + i128::from(is_low_excluded);
                let high = high - i128::from(is_high_excluded);
                let count = high.saturating_sub(low).saturating_add(1);
                if count > WALKED_MAX || count >= rule.count as i128 {
                    return Ok(None);
                }
                let data_type = &self.table.columns[column].data_type;
                let value = |number: i128| {
                    let number = i64::try_from(number).map(Value::Int);
                    number.ok().and_then(|number| convert::coerce(&number, data_type))
                };
                let rows: Vec<Vec<Value>> = (low..=high).filter_map(value).map(|value| vec![value]).collect();
                let Some(found) = self.each(rule, &rows, ctx)? else { return Ok(None) };
                places.iter_mut().zip(found).for_each(|(place, found)| *place |= found);
                continue;
            }
            if rule.order == Order::Unknown || matches!(rule.method, Method::Hash { .. }) {
                return Ok(None);
            }
            let (Some(low), Some(high)) =
                (self.low_end(rule, column, low, ctx)?, self.high_end(rule, column, high, ctx)?)
            else {
                return Ok(None);
            };
            between(rule, low, high, &mut places);
        }
        // Dates that are none give NULL, wherever they are in the column's order.
        if rule.order == Order::Days
            && let Some(place) = rule.place_number(None)
        {
            places[place] = true;
        }
        Ok(Some(places))
    }

    /// What the expression is at least; the outer None: it cannot be told.
    fn low_end(
        &self,
        rule: &Rule,
        column: usize,
        low: &Bound<Value>,
        ctx: &mut Context,
    ) -> Run<Option<Option<i128>>> {
        Ok(match low {
            Bound::Unbounded => Some(None),
            Bound::Included(value) => self.number(rule, column, value, ctx)?.map(Some),
            Bound::Excluded(value) => {
                let number = self.number(rule, column, value, ctx)?;
                let next = i128::from(rule.order == Order::Same);
                number.map(|number| Some(number + next))
            }
        })
    }

    /// What the expression is at most.
    fn high_end(
        &self,
        rule: &Rule,
        column: usize,
        high: &Bound<Value>,
        ctx: &mut Context,
    ) -> Run<Option<Option<i128>>> {
        Ok(match high {
            Bound::Unbounded => Some(None),
            Bound::Included(value) => self.number(rule, column, value, ctx)?.map(Some),
            Bound::Excluded(value) => {
                let number = self.number(rule, column, value, ctx)?;
                let before = i128::from(begins(rule.order, value));
                number.map(|number| Some(number - before))
            }
        })
    }

    /// What the expression is for a value of its column; None when that is NULL or fails.
    fn number(&self, rule: &Rule, column: usize, value: &Value, ctx: &mut Context) -> Run<Option<i128>> {
        let mut row = vec![Value::Null; self.table.columns.len()];
        row[column] = match rule.order {
            Order::Same => return Ok(number_of(value)),
            _ => value.clone(),
        };
        match rule.number(&row, ctx) {
            Ok(number) => Ok(number),
            Err(Interrupt::Error(_)) => Ok(None),
            Err(interrupt) => Err(interrupt),
        }
    }

    /// The partitions by RANGE COLUMNS, of rows whose first columns are known.
    fn range_columns(&self, rule: &Rule) -> Option<Vec<bool>> {
        let mut prefixes: Vec<Vec<Value>> = vec![Vec::new()];
        let mut last: Option<&[Ends]> = None;
        for column in &rule.columns {
            match self.column(*column) {
                Some(Known::Values(values)) if prefixes.len() * values.len() <= COMBINATIONS_MAX => {
                    let extend = |prefix: &Vec<Value>| {
                        let extended =
                            |value: &Value| prefix.iter().chain(std::iter::once(value)).cloned().collect();
                        values.iter().map(extended).collect::<Vec<Vec<Value>>>()
                    };
                    prefixes = prefixes.iter().flat_map(extend).collect();
                }
                Some(Known::Intervals(intervals)) => {
                    last = Some(intervals);
                    break;
                }
                Some(Known::Values(_)) | None => break,
            }
        }
        if last.is_none() && prefixes.first().is_none_or(Vec::is_empty) {
            return None;
        }
        let everything = [(Bound::Unbounded, Bound::Unbounded)];
        let mut places = vec![false; rule.count];
        for prefix in &prefixes {
            for (low, high) in last.unwrap_or(&everything) {
                let mut start: Vec<Edge> = prefix.iter().map(Edge::Value).collect();
                let mut end = start.clone();
                let (mut after, mut before) = (Edge::Lowest, Edge::Highest);
                match low {
                    Bound::Unbounded => {}
                    Bound::Included(value) => start.push(Edge::Value(value)),
                    Bound::Excluded(value) => {
                        start.push(Edge::Value(value));
                        after = Edge::Past;
                    }
                }
                match high {
                    Bound::Unbounded => {}
                    Bound::Included(value) => end.push(Edge::Value(value)),
                    Bound::Excluded(value) => {
                        end.push(Edge::Value(value));
                        before = Edge::Lowest;
                    }
                }
                let first = self.first_above(rule, &start, after, false);
                let is_outside = matches!(high, Bound::Excluded(_));
                let last = self.first_above(rule, &end, before, is_outside);
                (first..=last.min(rule.count.saturating_sub(1))).for_each(|place| places[place] = true);
            }
        }
        Some(places)
    }

    /// The first partition whose limit is above the tuple, or with `or_equal` at it; the tuple goes on with `rest`.
    fn first_above(&self, rule: &Rule, tuple: &[Edge<'_>], rest: Edge<'_>, or_equal: bool) -> usize {
        let is_below = |values: &Values| {
            let Values::LessThan(limits) = values else { return false };
            for (at, limit) in limits.iter().enumerate() {
                let collation = self.table.columns[rule.columns[at]].data_type.collation;
                let edge = tuple.get(at).unwrap_or(&rest);
                let order = match (edge, limit) {
                    (Edge::Past, _) | (Edge::Highest, Limit::Value(..)) => Ordering::Greater,
                    (Edge::Lowest, _) | (_, Limit::Max) => Ordering::Less,
                    (Edge::Value(value), Limit::Value(limit, _)) => value.compare(limit, collation),
                };
                match order {
                    Ordering::Less => return true,
                    Ordering::Equal => {}
                    Ordering::Greater => return false,
                }
            }
            or_equal
        };
        rule.values.partition_point(|values| !is_below(values))
    }

    /// The partitions by LIST COLUMNS of which a listed row agrees with what is known.
    fn list_columns(&self, rule: &Rule) -> Vec<bool> {
        let agrees = |(at, limit): (usize, &Limit)| {
            let (column, Limit::Value(value, _)) = (rule.columns[at], limit) else { return true };
            let collation = self.table.columns[column].data_type.collation;
            match self.column(column) {
                None => true,
                Some(Known::Values(values)) => {
                    values.iter().any(|known| known.compare(value, collation).is_eq())
                }
                Some(Known::Intervals(intervals)) => {
                    *value != Value::Null && intervals.iter().any(|ends| is_inside(value, ends, collation))
                }
            }
        };
        let of = |values: &Values| match values {
            Values::In(tuples) => tuples.iter().any(|tuple| tuple.iter().enumerate().all(agrees)),
            Values::None | Values::LessThan(_) => true,
        };
        rule.values.iter().map(of).collect()
    }
}

/// A part of a tuple that is compared with limits.
#[derive(Clone, Copy)]
enum Edge<'v> {
    Lowest,
    Highest,
    /// Behind all that begins with what is before it.
    Past,
    Value(&'v Value),
}

/// Whether the expression is less for all values below this one.
fn begins(order: Order, value: &Value) -> bool {
    let is_midnight = match value {
        Value::DateTime(time) => time.time_microseconds() == 0,
        _ => true,
    };
    match order {
        Order::Same | Order::Timestamp => true,
        Order::Days => is_midnight,
        Order::Year => {
            let date = match value {
                Value::DateTime(time) => time.date(),
                Value::Date(date) => *date,
                _ => return false,
            };
            is_midnight && date.month() <= 1 && date.day() <= 1
        }
        Order::Unknown => false,
    }
}

/// Marks the partitions of numbers between two, of RANGE and LIST; None is without end.
fn between(rule: &Rule, low: Option<i128>, high: Option<i128>, places: &mut [bool]) {
    if let (Some(low), Some(high)) = (low, high)
        && low > high
    {
        return;
    }
    let mut start: Option<i128> = None;
    for (place, values) in rule.values.iter().enumerate() {
        places[place] |= match values {
            Values::LessThan(_) => {
                let limit = limit_number(values);
                let is_low = low.is_none_or(|low| limit.is_none_or(|limit| low < limit));
                let is_high = high.is_none_or(|high| start.is_none_or(|start| start <= high));
                start = limit;
                is_low && is_high
            }
            Values::In(tuples) => tuples.iter().any(|tuple| match tuple.as_slice() {
                [Limit::Value(value, _)] => number_of(value).is_some_and(|number| {
                    low.is_none_or(|low| low <= number) && high.is_none_or(|high| number <= high)
                }),
                _ => false,
            }),
            Values::None => true,
        };
    }
}
