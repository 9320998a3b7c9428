//! GROUP BY and aggregates, by hash.
//!
//! A group is its first row (the slots that are read later) and its accumulators. Groups come out in the order in which
//! they were met. Without GROUP BY there is exactly one group, also over no rows, whose columns are NULL then.
//!
//! When the groups take more than `quorate_operation_memory`, no more are begun: the rows of others go to a temporary file, cut into parts by
//! their keys, and each part is grouped when the groups before it have been given out.

use std::collections::HashMap;

use smallvec::SmallVec;

use crate::ast::AggregateFunction;
use crate::bind::Aggregate;
use crate::error::Error;
use crate::execute::group_key::{group_key, value_bytes};
use crate::execute::memory::Bounded;
use crate::execute::operator::Operator;
use crate::execute::scan::ScanOperator;
use crate::execute::spill::parts::{Part, PartReader, Parts};
use crate::execute::{Context, Run, rollup};
use crate::expression::Expression;
use crate::expression::aggregate::Accumulator;
use crate::function::json_document_type;
use crate::limits::GROUP_BYTES_MAX;
use crate::plan::AggregatePlan;
use crate::types::{DataType, Value};

/// The key of a group. Most are short enough to be found without a look elsewhere.
type Key = SmallVec<[u8; 24]>;

/// Takes a grouped row; false ends it.
pub(super) type Offer<'o> = &'o mut dyn FnMut(&[Value], &mut Context) -> Run<bool>;

/// One group.
pub(super) struct Group {
    kept: Box<[Value]>,
    accumulators: Box<[Accumulator]>,
}

/// Groups the rows of `source` (none when no row can match) and offers each group in `row`.
///
/// # Errors
/// Those of the source, of the expressions and of a temporary file; 1038 when what single groups collect takes too much memory.
pub fn run(
    plan: &AggregatePlan,
    source: Option<&mut Operator>,
    is_bare: bool,
    row: &mut [Value],
    ctx: &mut Context,
    offer: Offer,
) -> Run<()> {
    if let Some(rollup) = plan.rollup.as_ref().filter(|rollup| rollup.is_rollup) {
        return rollup::run(plan, rollup, source, row, ctx, offer);
    }
    if source.is_some() && !plan.index_ends.is_empty() && index_ends(plan, row, ctx)? {
        offer(row, ctx)?;
        return Ok(());
    }
    match source {
        Some(source) if !plan.keys.is_empty() => {
            source.open(ctx, row)?;
            grouped(plan, source, row, ctx, offer)
        }
        source => {
            let mut group = match source {
                // Without FROM there is one row, of no columns.
                None if is_bare => {
                    let mut group = Group::alone(plan, row);
                    group.grow(plan, row, &mut Vec::new(), ctx)?;
                    Some(group)
                }
                None => None,
                Some(source) => {
                    source.open(ctx, row)?;
                    single(plan, source, row, ctx)?
                }
            };
            row.fill(Value::Null);
            if group.is_none() && plan.keys.is_empty() {
                group = Some(Group::alone(plan, row));
            }
            if let Some(group) = &mut group {
                group.give(plan, row, ctx)?;
                offer(row, ctx)?;
            }
            Ok(())
        }
    }
}

impl Group {
    /// A group that begins with this row, which it does not have yet. `empty` is [`accumulators`] of the plan.
    pub(super) fn new(plan: &AggregatePlan, row: &[Value], empty: &[Accumulator]) -> Group {
        let kept = plan.keep.iter().map(|slot| row[*slot].clone()).collect();
        Group { kept, accumulators: empty.into() }
    }

    /// The only group.
    fn alone(plan: &AggregatePlan, row: &[Value]) -> Group {
        let kept = plan.keep.iter().map(|slot| row[*slot].clone()).collect();
        Group { kept, accumulators: accumulators(plan).into_boxed_slice() }
    }

    /// Puts the group into the row.
    pub(super) fn give(&mut self, plan: &AggregatePlan, row: &mut [Value], ctx: &mut Context) -> Run<()> {
        for (slot, value) in plan.keep.iter().zip(&self.kept) {
            row[*slot].clone_from(value);
        }
        for (position, accumulator) in self.accumulators.iter_mut().enumerate() {
            row[plan.base + position] = accumulator.finish(ctx)?;
        }
        if let Some(rollup) = &plan.rollup {
            for (_, slot) in &rollup.groupings {
                row[*slot] = Value::Int(0);
            }
        }
        Ok(())
    }

    /// Takes a row in, and gives by how much the group grew; `values` is a buffer.
    pub(super) fn grow(
        &mut self,
        plan: &AggregatePlan,
        row: &[Value],
        values: &mut Vec<Value>,
        ctx: &mut Context,
    ) -> Run<usize> {
        let mut more = 0;
        for (aggregate, accumulator) in plan.aggregates.iter().zip(&mut self.accumulators) {
            values.clear();
            for argument in aggregate.arguments.iter().chain(aggregate.order_by.iter().map(|(key, _)| key)) {
                values.push(argument.eval(row, ctx)?);
            }
            let before = accumulator.memory_bytes();
            accumulator.update(values, ctx)?;
            more += accumulator.memory_bytes().saturating_sub(before);
        }
        Ok(more)
    }

    /// About how many bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        self.kept.iter().map(value_bytes).sum::<usize>()
            + self.accumulators.len() * size_of::<Accumulator>()
            + self.accumulators.iter().map(Accumulator::memory_bytes).sum::<usize>()
    }
}

/// The accumulators that each group begins with.
pub(super) fn accumulators(plan: &AggregatePlan) -> Vec<Accumulator> {
    plan.aggregates.iter().map(accumulator).collect()
}

fn accumulator(aggregate: &Aggregate) -> Accumulator {
    let is_json =
        matches!(aggregate.call.function, AggregateFunction::JsonArrayAgg | AggregateFunction::JsonObjectAgg);
    let type_of = |argument: &Expression| match is_json {
        true => json_document_type(argument),
        false => argument.data_type(),
    };
    let arguments: SmallVec<[DataType; 2]> = aggregate.arguments.iter().map(type_of).collect();
    let order: Vec<(DataType, bool)> =
        aggregate.order_by.iter().map(|(key, descending)| (key.data_type(), *descending)).collect();
    let call = &aggregate.call;
    Accumulator::new(call.function, &arguments, call.distinct, &order, call.separator.as_deref())
}

/// One group over all rows.
fn single(
    plan: &AggregatePlan,
    source: &mut Operator,
    row: &mut [Value],
    ctx: &mut Context,
) -> Run<Option<Group>> {
    let mut memory = Bounded::new(ctx.session, GROUP_BYTES_MAX, "groups of GROUP BY");
    let mut group: Option<Group> = None;
    let mut values = Vec::new();
    while source.next(ctx, row)? {
        // One without DISTINCT and the like has the size that it began with.
        let group = group.get_or_insert_with(|| Group::alone(plan, row));
        memory.add(group.grow(plan, row, &mut values, ctx)?)?;
    }
    Ok(group)
}

/// Where rows to be grouped come from.
enum Source<'s, 'p> {
    Operator(&'s mut Operator<'p>),
    /// A part of those that did not fit, and a row of it.
    Part(PartReader, Vec<Value>),
}

impl Source<'_, '_> {
    /// The next row, and the bytes of its key; false at the end.
    fn next(
        &mut self,
        plan: &AggregatePlan,
        row: &mut [Value],
        key: &mut Vec<u8>,
        ctx: &mut Context,
    ) -> Run<bool> {
        match self {
            Source::Operator(operator) => {
                if !operator.next(ctx, row)? {
                    return Ok(false);
                }
                key.clear();
                for expression in &plan.keys {
                    let value = expression.eval(row, ctx)?;
                    group_key(&value, expression.data_type().collation, key);
                }
            }
            Source::Part(reader, read) => {
                if !reader.next(read, key, ctx)? {
                    return Ok(false);
                }
                if read.len() != row.len() {
                    return Err(Error::internal("a row of a temporary file has another length").into());
                }
                row.swap_with_slice(read);
            }
        }
        Ok(true)
    }
}

/// Groups the rows, and those that did not fit part by part; gives each group.
fn grouped(
    plan: &AggregatePlan,
    source: &mut Operator,
    row: &mut [Value],
    ctx: &mut Context,
    offer: Offer,
) -> Run<()> {
    let Some(mut waiting) = group_once(plan, Source::Operator(source), 0, row, ctx, offer)? else {
        return Ok(());
    };
    while let Some(part) = waiting.pop() {
        let source = Source::Part(part.reader(), Vec::new());
        match group_once(plan, source, part.depth, row, ctx, offer)? {
            Some(parts) => waiting.extend(parts),
            None => return Ok(()),
        }
    }
    Ok(())
}

/// Groups the rows as far as they fit, and gives the groups; the parts of those that did not. None when no more is wanted.
fn group_once(
    plan: &AggregatePlan,
    mut source: Source,
    depth: u32,
    row: &mut [Value],
    ctx: &mut Context,
    offer: &mut dyn FnMut(&[Value], &mut Context) -> Run<bool>,
) -> Run<Option<Vec<Part>>> {
    let bytes_max = ctx.session.variables.operation_memory_bytes;
    let mut memory = Bounded::new(ctx.session, bytes_max.max(GROUP_BYTES_MAX), "groups of GROUP BY");
    let empty = accumulators(plan);
    let mut positions: HashMap<Key, usize, rustc_hash::FxBuildHasher> = HashMap::default();
    let mut groups: Vec<Group> = Vec::new();
    let mut overflow: Option<Parts> = None;
    let (mut key, mut values) = (Vec::new(), Vec::new());
    while source.next(plan, row, &mut key, ctx)? {
        let position = match positions.get(key.as_slice()) {
            Some(position) => *position,
            // Half of the memory is for what the groups that there are may grow by.
            None if overflow.is_some() || (memory.bytes() > bytes_max / 2 && !groups.is_empty()) => {
                let parts = match &mut overflow {
                    Some(parts) => parts,
                    None => overflow.insert(Parts::new(depth, ctx)?),
                };
                parts.push(&key, row, ctx)?;
                continue;
            }
            None => {
                let group = Group::new(plan, row, &empty);
                memory.add(group.bytes() + key.len() + size_of::<usize>() * 4)?;
                groups.push(group);
                positions.insert(Key::from_slice(&key), groups.len() - 1);
                groups.len() - 1
            }
        };
        memory.add(groups[position].grow(plan, row, &mut values, ctx)?)?;
    }
    drop(positions);
    row.fill(Value::Null);
    for mut group in groups {
        group.give(plan, row, ctx)?;
        if !offer(row, ctx)? {
            return Ok(None);
        }
    }
    Ok(Some(overflow.map(Parts::finish).transpose()?.unwrap_or_default()))
}

/// MIN and MAX off the ends of indexes; false when one of the scans cannot run as planned.
fn index_ends(plan: &AggregatePlan, row: &mut [Value], ctx: &mut Context) -> Run<bool> {
    let mut results = Vec::with_capacity(plan.index_ends.len());
    for end in &plan.index_ends {
        let mut scan = ScanOperator::new(&end.scan);
        scan.open(ctx, row)?;
        if scan.degraded() {
            return Ok(false);
        }
        let mut result = Value::Null;
        while result == Value::Null && scan.next(ctx, row)? {
            result = row[end.slot].clone();
        }
        scan.stop(ctx);
        results.push(result);
    }
    row.fill(Value::Null);
    for (position, result) in results.into_iter().enumerate() {
        row[plan.base + position] = result;
    }
    Ok(true)
}
