//! GROUP BY and aggregates, by hash.
//!
//! A group is its first row (the slots that are read later) and its accumulators. Groups come out in the order in which
//! they were met. Without GROUP BY there is exactly one group, also over no rows, whose columns are NULL then.

use std::collections::HashMap;

use crate::ast::AggregateFunction;
use crate::bind::Aggregate;
use crate::execute::group_key::{group_key, value_bytes};
use crate::execute::memory::Bounded;
use crate::execute::operator::Operator;
use crate::execute::scan::ScanOperator;
use crate::execute::{Context, Run, rollup};
use crate::expression::Expression;
use crate::expression::aggregate::Accumulator;
use crate::function::json_document_type;
use crate::limits::GROUP_BYTES_MAX;
use crate::plan::AggregatePlan;
use crate::types::{DataType, Value};

/// Takes a grouped row; false ends it.
pub(super) type Offer<'o> = &'o mut dyn FnMut(&[Value], &mut Context) -> Run<bool>;

/// One group.
pub(super) struct Group {
    kept: Box<[Value]>,
    accumulators: Vec<Accumulator>,
}

/// Groups the rows of `source` (none when no row can match) and offers each group in `row`.
///
/// # Errors
/// Those of the source and of the expressions; 1038 when the groups take too much memory.
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
    let mut memory = Bounded::new(ctx.session, GROUP_BYTES_MAX, "groups of GROUP BY");
    let groups = match source {
        // Without FROM there is one row, of no columns.
        None if is_bare => {
            let mut group = Group::new(plan, row);
            memory.add(group.grow(plan, row, &mut Vec::new(), ctx)?)?;
            vec![group]
        }
        None => Vec::new(),
        Some(source) => {
            source.open(ctx, row)?;
            if plan.keys.is_empty() {
                single(plan, source, row, ctx, &mut memory)?
            } else {
                grouped(plan, source, row, ctx, &mut memory)?
            }
        }
    };
    row.fill(Value::Null);
    if groups.is_empty() && plan.keys.is_empty() {
        let mut group = Group::new(plan, row);
        group.give(plan, row, ctx)?;
        offer(row, ctx)?;
        return Ok(());
    }
    for mut group in groups {
        group.give(plan, row, ctx)?;
        if !offer(row, ctx)? {
            break;
        }
    }
    Ok(())
}

impl Group {
    /// A group that begins with this row, which it does not have yet.
    pub(super) fn new(plan: &AggregatePlan, row: &[Value]) -> Group {
        let kept = plan.keep.iter().map(|slot| row[*slot].clone()).collect();
        Group { kept, accumulators: plan.aggregates.iter().map(accumulator).collect() }
    }

    /// Takes a row in; `values` is a buffer.
    fn update(
        &mut self,
        plan: &AggregatePlan,
        row: &[Value],
        values: &mut Vec<Value>,
        ctx: &mut Context,
    ) -> Run<()> {
        for (aggregate, accumulator) in plan.aggregates.iter().zip(&mut self.accumulators) {
            values.clear();
            for argument in aggregate.arguments.iter().chain(aggregate.order_by.iter().map(|(key, _)| key)) {
                values.push(argument.eval(row, ctx)?);
            }
            accumulator.update(values, ctx)?;
        }
        Ok(())
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

    /// Takes a row in, as [`Group::update`], and gives by how much it grew.
    pub(super) fn grow(
        &mut self,
        plan: &AggregatePlan,
        row: &[Value],
        values: &mut Vec<Value>,
        ctx: &mut Context,
    ) -> Run<usize> {
        let before: usize = self.accumulators.iter().map(Accumulator::memory_bytes).sum();
        self.update(plan, row, values, ctx)?;
        let after: usize = self.accumulators.iter().map(Accumulator::memory_bytes).sum();
        Ok(after.saturating_sub(before))
    }

    /// About how many bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        self.kept.iter().map(value_bytes).sum::<usize>()
            + self.accumulators.len() * size_of::<Accumulator>()
            + self.accumulators.iter().map(Accumulator::memory_bytes).sum::<usize>()
    }
}

fn accumulator(aggregate: &Aggregate) -> Accumulator {
    let is_json =
        matches!(aggregate.call.function, AggregateFunction::JsonArrayAgg | AggregateFunction::JsonObjectAgg);
    let type_of = |argument: &Expression| match is_json {
        true => json_document_type(argument),
        false => argument.data_type(),
    };
    let arguments: Vec<DataType> = aggregate.arguments.iter().map(type_of).collect();
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
    memory: &mut Bounded,
) -> Run<Vec<Group>> {
    let mut group: Option<Group> = None;
    let mut values = Vec::new();
    while source.next(ctx, row)? {
        // One without DISTINCT and the like has the size that it began with.
        let group = group.get_or_insert_with(|| Group::new(plan, row));
        memory.add(group.grow(plan, row, &mut values, ctx)?)?;
    }
    Ok(group.into_iter().collect())
}

fn grouped(
    plan: &AggregatePlan,
    source: &mut Operator,
    row: &mut [Value],
    ctx: &mut Context,
    memory: &mut Bounded,
) -> Run<Vec<Group>> {
    let mut positions: HashMap<Box<[u8]>, usize, rustc_hash::FxBuildHasher> = HashMap::default();
    let mut groups: Vec<Group> = Vec::new();
    let (mut key, mut values) = (Vec::new(), Vec::new());
    while source.next(ctx, row)? {
        key.clear();
        for expression in &plan.keys {
            let value = expression.eval(row, ctx)?;
            group_key(&value, expression.data_type().collation, &mut key);
        }
        let position = match positions.get(key.as_slice()) {
            Some(position) => *position,
            None => {
                let group = Group::new(plan, row);
                memory.add(group.bytes() + key.len() + size_of::<usize>() * 4)?;
                groups.push(group);
                positions.insert(key.as_slice().into(), groups.len() - 1);
                groups.len() - 1
            }
        };
        memory.add(groups[position].grow(plan, row, &mut values, ctx)?)?;
    }
    Ok(groups)
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
