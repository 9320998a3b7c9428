//! GROUP BY … WITH ROLLUP.
//!
//! The groups of all keys are found by hash; each has a group above it that leaves the last key out, and so on to the one that has no
//! key. A row goes into its group and all above. The groups come out sorted by their keys, each behind those that it sums up. Groups that do
//! not fit into memory: [`rollup_spilled`].

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::bind::rollup::{Rollup, RollupKey};
use crate::execute::aggregate::{Group, Offer, accumulators};
use crate::execute::group_key::{group_key, value_bytes};
use crate::execute::memory::Bounded;
use crate::execute::operator::Operator;
use crate::execute::rollup_spilled::{self, Waiting};
use crate::execute::{Context, Run};
use crate::expression::aggregate::Accumulator;
use crate::limits::GROUP_BYTES_MAX;
use crate::plan::{AggregatePlan, SortKey};
use crate::session::SessionState;
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
/// Those of the source, of the expressions and of a temporary file; 1038 when what single groups collect takes too much memory.
pub fn run(
    plan: &AggregatePlan,
    rollup: &Rollup,
    source: Option<&mut Operator>,
    row: &mut [Value],
    ctx: &mut Context,
    offer: Offer,
) -> Run<()> {
    let sort_keys = rollup_spilled::sort_keys(plan, row.len());
    let mut read = Read::new(&sort_keys, ctx.session);
    if let Some(source) = source {
        source.open(ctx, row)?;
        read.all(plan, source, row, ctx)?;
    }
    row.fill(Value::Null);
    let Read { mut levels, waiting, memory: _memory, .. } = read;
    let is_empty = levels.is_empty();
    if is_empty {
        let empty = accumulators(plan);
        levels.push(Level { group: Group::new(plan, row, &empty), keys: Vec::new(), above: None });
    }
    ctx.check()?;
    levels.sort_by(|left, right| compare(plan, &left.keys, &right.keys));
    let mut levels = levels.into_iter().peekable();
    let width = row.len();
    let mut give = |group: &mut Group, keys: &[Value], ctx: &mut Context| {
        row.fill(Value::Null);
        group.give(plan, row, ctx)?;
        place(rollup, keys, row);
        if is_empty {
            // As MySQL: without rows nothing is summed up.
            rollup.groupings.iter().for_each(|(_, slot)| row[*slot] = Value::Int(0));
        }
        offer(row, ctx)
    };
    if let Some(waiting) = waiting {
        let wants = waiting.finish(plan, width, ctx, &mut |group, keys, ctx| {
            while let Some(mut level) =
                levels.next_if(|level| compare(plan, &level.keys, keys) == Ordering::Less)
            {
                if !give(&mut level.group, &level.keys, ctx)? {
                    return Ok(false);
                }
            }
            give(group, keys, ctx)
        })?;
        if !wants {
            return Ok(());
        }
    }
    for mut level in levels {
        if !give(&mut level.group, &level.keys, ctx)? {
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

/// What was read of the source.
struct Read<'s> {
    levels: Vec<Level>,
    /// By the bytes of the keys that a group has.
    positions: HashMap<Box<[u8]>, usize, rustc_hash::FxBuildHasher>,
    memory: Bounded,
    bytes_max: usize,
    sort_keys: &'s [SortKey],
    /// Rows of groups that no memory is left for.
    waiting: Option<Waiting<'s>>,
}

impl<'s> Read<'s> {
    fn new(sort_keys: &'s [SortKey], session: &SessionState) -> Read<'s> {
        let bytes_max = session.variables.operation_memory_bytes;
        Read {
            levels: Vec::new(),
            positions: HashMap::default(),
            memory: Bounded::new(session, bytes_max.max(GROUP_BYTES_MAX), "groups of GROUP BY"),
            bytes_max,
            sort_keys,
            waiting: None,
        }
    }

    fn all(
        &mut self,
        plan: &AggregatePlan,
        source: &mut Operator,
        row: &mut [Value],
        ctx: &mut Context,
    ) -> Run<()> {
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
            let mut next = match self.positions.get(key.as_slice()).copied() {
                Some(position) => Some(position),
                None => {
                    let (above, count) = self.levels_of(plan, row, (&key, &ends, &keys), &empty)?;
                    if count <= keys.len() {
                        let waiting = match &mut self.waiting {
                            Some(waiting) => waiting,
                            None => self.waiting.insert(Waiting::new(self.sort_keys, ctx)),
                        };
                        waiting.push(row, &keys, count, ctx)?;
                    }
                    above
                }
            };
            while let Some(position) = next {
                let level = &mut self.levels[position];
                self.memory.add(level.group.grow(plan, row, &mut values, ctx)?)?;
                next = level.above;
            }
        }
        Ok(())
    }

    /// The group of the most keys that is in memory, of a row's; and how many keys the least of those has that are not.
    fn levels_of(
        &mut self,
        plan: &AggregatePlan,
        row: &[Value],
        (key, ends, keys): (&[u8], &[usize], &[Value]),
        empty: &[Accumulator],
    ) -> Run<(Option<usize>, usize)> {
        let mut above = None;
        for count in 0..=keys.len() {
            let prefix = &key[..count.checked_sub(1).map_or(0, |last| ends[last])];
            let known = self.positions.get(prefix).copied();
            above = Some(match known.filter(|at| self.levels[*at].keys.len() == count) {
                Some(position) => position,
                // Half of the memory is for what the groups that there are may grow by.
                None if self.waiting.is_some()
                    || (self.memory.bytes() > self.bytes_max / 2 && !self.levels.is_empty()) =>
                {
                    return Ok((above, count));
                }
                None => {
                    let group = Group::new(plan, row, empty);
                    let own: Vec<Value> = keys[..count].to_vec();
                    let bytes = own.iter().map(value_bytes).sum::<usize>();
                    self.memory.add(bytes + group.bytes() + prefix.len() + size_of::<Level>())?;
                    self.levels.push(Level { group, keys: own, above });
                    self.positions.insert(prefix.into(), self.levels.len() - 1);
                    self.levels.len() - 1
                }
            });
        }
        Ok((above, keys.len() + 1))
    }
}
