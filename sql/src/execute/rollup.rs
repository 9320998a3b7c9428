//! GROUP BY … WITH ROLLUP.
//!
//! The groups of all keys are found by hash; each has a group above it that leaves the last key out, and so on to the one that has no
//! key. A row goes into its group and all above. The groups come out sorted by their keys, each behind those that it sums up.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::bind::rollup::{Rollup, RollupKey};
use crate::execute::aggregate::{Group, Offer, accumulators};
use crate::execute::group_key::{group_key, value_bytes};
use crate::execute::memory::Bounded;
use crate::execute::operator::Operator;
use crate::execute::{Context, Run};
use crate::limits::GROUP_BYTES_MAX;
use crate::plan::AggregatePlan;
use crate::types::Value;

/// A group of the first keys.
struct Level {
    group: Group,
    /// The values of its keys.
    keys: Vec<Value>,
    /// The group above; none for the sum of everything.
    above: Option<usize>,
}

/// Groups the rows of `source` and offers each group in `row`.
///
/// # Errors
/// Those of the source and of the expressions; 1038 when the groups take too much memory.
pub fn run(
    plan: &AggregatePlan,
    rollup: &Rollup,
    source: Option<&mut Operator>,
    row: &mut [Value],
    ctx: &mut Context,
    offer: Offer,
) -> Run<()> {
    let mut memory = Bounded::new(ctx.session, GROUP_BYTES_MAX, "groups of GROUP BY");
    let mut levels = match source {
        None => Vec::new(),
        Some(source) => {
            source.open(ctx, row)?;
            read(plan, source, row, ctx, &mut memory)?
        }
    };
    row.fill(Value::Null);
    let empty = accumulators(plan);
    let is_empty = levels.is_empty();
    if is_empty {
        levels.push(Level { group: Group::new(plan, row, &empty), keys: Vec::new(), above: None });
    }
    ctx.check()?;
    let mut order: Vec<usize> = (0..levels.len()).collect();
    order.sort_by(|left, right| compare(plan, &levels[*left].keys, &levels[*right].keys));
    for number in order {
        let level = &mut levels[number];
        row.fill(Value::Null);
        level.group.give(plan, row, ctx)?;
        place(rollup, &level.keys, row);
        if is_empty {
            // As MySQL: without rows nothing is summed up.
            rollup.groupings.iter().for_each(|(_, slot)| row[*slot] = Value::Int(0));
        }
        if !offer(row, ctx)? {
            break;
        }
    }
    Ok(())
}

/// The order of two groups by their keys; one that has fewer keys comes behind those that have them.
fn compare(plan: &AggregatePlan, left: &[Value], right: &[Value]) -> Ordering {
    for ((left, right), key) in left.iter().zip(right).zip(&plan.keys) {
        let order = left.compare(right, key.data_type().collation);
        if order.is_ne() {
            return order;
        }
    }
    right.len().cmp(&left.len())
}

/// Puts keys and GROUPING() into the row of a group that has these keys.
fn place(rollup: &Rollup, keys: &[Value], row: &mut [Value]) {
    for (position, key) in rollup.keys.iter().enumerate() {
        let value = keys.get(position);
        match key {
            RollupKey::Column(slot) if value.is_none() => row[*slot] = Value::Null,
            RollupKey::Own(slot) => row[*slot] = value.cloned().unwrap_or(Value::Null),
            RollupKey::Column(_) | RollupKey::Earlier => {}
        }
    }
    for (asked, slot) in &rollup.groupings {
        let bits = asked.iter().fold(0_u64, |bits, key| bits << 1 | u64::from(*key >= keys.len()));
        row[*slot] = Value::Int(bits as i64);
    }
}

fn read(
    plan: &AggregatePlan,
    source: &mut Operator,
    row: &mut [Value],
    ctx: &mut Context,
    memory: &mut Bounded,
) -> Run<Vec<Level>> {
    // By the bytes of the keys that a group has, and how many those are.
    let mut positions: HashMap<Box<[u8]>, usize, rustc_hash::FxBuildHasher> = HashMap::default();
    let mut levels: Vec<Level> = Vec::new();
    let empty = accumulators(plan);
    let (mut key, mut keys, mut ends, mut values) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    while source.next(ctx, row)? {
        key.clear();
        keys.clear();
        ends.clear();
        for expression in &plan.keys {
            let value = expression.eval(row, ctx)?;
            group_key(&value, expression.data_type().collation, &mut key);
            keys.push(value);
            ends.push(key.len());
        }
        let mut next = match positions.get(key.as_slice()) {
            Some(position) => Some(*position),
            None => {
                let mut above = None;
                for count in 0..=keys.len() {
                    let prefix = &key[..count.checked_sub(1).map_or(0, |last| ends[last])];
                    let known = positions.get(prefix).copied().filter(|at| levels[*at].keys.len() == count);
                    above = Some(match known {
                        Some(position) => position,
                        None => {
                            let group = Group::new(plan, row, &empty);
                            let own: Vec<Value> = keys[..count].to_vec();
                            let bytes = own.iter().map(value_bytes).sum::<usize>();
                            memory.add(bytes + group.bytes() + prefix.len() + size_of::<Level>())?;
                            levels.push(Level { group, keys: own, above });
                            positions.insert(prefix.into(), levels.len() - 1);
                            levels.len() - 1
                        }
                    });
                }
                above
            }
        };
        while let Some(position) = next {
            let level = &mut levels[position];
            memory.add(level.group.grow(plan, row, &mut values, ctx)?)?;
            next = level.above;
        }
    }
    Ok(levels)
}
