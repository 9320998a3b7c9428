//! Joins: nested loops with an index on the inner side, and joins that keep their inner side.

use std::collections::HashMap;

use crate::execute::group_key::{class_key, value_bytes};
use crate::execute::memory::Bounded;
use crate::execute::operator::{Operator, all_true};
use crate::execute::{Context, Run};
use crate::limits::{JOIN_BUFFER_BYTES_MAX, ROWS_BETWEEN_CHECKS};
use crate::plan::JoinPlan;
use crate::plan::node::HashKey;
use crate::types::Value;

/// A join that opens its inner side for each outer row, whose slots the inner side's index conditions read.
pub struct LoopJoin<'p> {
    plan: &'p JoinPlan,
    /// The outer side.
    pub outer: Operator<'p>,
    inner: Operator<'p>,
    /// There is an outer row, and the inner side is open for it.
    active: bool,
    /// The outer row had a partner.
    matched: bool,
}

impl<'p> LoopJoin<'p> {
    /// A join, not open yet.
    #[must_use]
    pub fn new(plan: &'p JoinPlan) -> LoopJoin<'p> {
        let (outer, inner) = (Operator::new(&plan.outer), Operator::new(&plan.inner));
        LoopJoin { plan, outer, inner, active: false, matched: false }
    }

    /// Starts over.
    ///
    /// # Errors
    /// Those of opening the outer side.
    pub fn open(&mut self, ctx: &mut Context, row: &mut [Value]) -> Run<()> {
        self.active = false;
        self.outer.open(ctx, row)
    }

    /// Ends it before its last pair.
    pub fn stop(&mut self, ctx: &mut Context) {
        self.outer.stop(ctx);
        self.inner.stop(ctx);
    }

    /// The next pair.
    ///
    /// # Errors
    /// Those of both sides and of the conditions.
    pub fn next(&mut self, ctx: &mut Context, row: &mut [Value]) -> Run<bool> {
        loop {
            if !self.active {
                if !self.outer.next(ctx, row)? {
                    return Ok(false);
                }
                self.inner.open(ctx, row)?;
                (self.active, self.matched) = (true, false);
            }
            while self.inner.next(ctx, row)? {
                if all_true(&self.plan.on, row, ctx)? {
                    self.matched = true;
                    return Ok(true);
                }
            }
            self.active = false;
            if self.plan.left && !self.matched {
                clear(&self.plan.inner_slots, row);
                return Ok(true);
            }
        }
    }
}

/// A join that reads its inner side once and keeps the slots that are read later: by hash of the equalities' values, or as a
/// list when there is none.
pub struct BufferedJoin<'p> {
    plan: &'p JoinPlan,
    keys: &'p [HashKey],
    keep: &'p [usize],
    /// The outer side.
    pub outer: Operator<'p>,
    inner: Operator<'p>,
    kept: Option<Kept>,
    active: bool,
    matched: bool,
    /// The next kept row to try, plus one; 0 for none.
    candidate: usize,
    key: Vec<u8>,
    until_check: u32,
}

/// The kept rows.
struct Kept {
    /// Values of the kept slots, row after row.
    values: Vec<Value>,
    /// Number of rows.
    count: usize,
    /// With keys: first and last row of a key, plus one.
    chains: HashMap<Box<[u8]>, (usize, usize), rustc_hash::FxBuildHasher>,
    /// With keys: the row after this one in its chain, plus one; 0 at its end.
    next: Vec<usize>,
    memory: Bounded,
}

impl<'p> BufferedJoin<'p> {
    /// A join, not open yet.
    #[must_use]
    pub fn new(plan: &'p JoinPlan, keys: &'p [HashKey], keep: &'p [usize]) -> BufferedJoin<'p> {
        BufferedJoin {
            plan,
            keys,
            keep,
            outer: Operator::new(&plan.outer),
            inner: Operator::new(&plan.inner),
            kept: None,
            active: false,
            matched: false,
            candidate: 0,
            key: Vec::new(),
            until_check: ROWS_BETWEEN_CHECKS,
        }
    }

    /// Starts over; what was kept stays, since it depends on no outer row.
    ///
    /// # Errors
    /// Those of opening the outer side.
    pub fn open(&mut self, ctx: &mut Context, row: &mut [Value]) -> Run<()> {
        self.active = false;
        self.outer.open(ctx, row)
    }

    /// The next pair.
    ///
    /// # Errors
    /// Those of both sides and of the conditions; 1038 when the inner side is too large to keep.
    pub fn next(&mut self, ctx: &mut Context, row: &mut [Value]) -> Run<bool> {
        loop {
            if !self.active {
                if !self.outer.next(ctx, row)? {
                    return Ok(false);
                }
                if self.kept.is_none() {
                    self.kept = Some(self.build(ctx, row)?);
                }
                self.candidate = self.first_candidate(ctx, row)?;
                (self.active, self.matched) = (true, false);
            }
            while let Some(position) = self.candidate.checked_sub(1) {
                self.until_check -= 1;
                if self.until_check == 0 {
                    self.until_check = ROWS_BETWEEN_CHECKS;
                    ctx.check()?;
                }
                self.take(position, row);
                if all_true(&self.plan.on, row, ctx)? {
                    self.matched = true;
                    return Ok(true);
                }
            }
            self.active = false;
            if self.plan.left && !self.matched {
                clear(&self.plan.inner_slots, row);
                return Ok(true);
            }
        }
    }

    /// Puts a kept row into its slots and moves to the next candidate.
    fn take(&mut self, position: usize, row: &mut [Value]) {
        let Some(kept) = &self.kept else { return };
        let width = self.keep.len();
        let values = &kept.values[position * width..(position + 1) * width];
        for (slot, value) in self.keep.iter().zip(values) {
            row[*slot].clone_from(value);
        }
        self.candidate = if self.keys.is_empty() {
            if position + 1 < kept.count { position + 2 } else { 0 }
        } else {
            kept.next[position]
        };
    }

    fn first_candidate(&mut self, ctx: &mut Context, row: &[Value]) -> Run<usize> {
        let Some(kept) = &self.kept else { return Ok(0) };
        if self.keys.is_empty() {
            return Ok(usize::from(kept.count > 0));
        }
        self.key.clear();
        for key in self.keys {
            let value = key.outer.eval(row, ctx)?;
            if !class_key(&value, key.class, key.null_safe, &mut self.key) {
                return Ok(0);
            }
        }
        Ok(kept.chains.get(self.key.as_slice()).map_or(0, |(first, _)| *first))
    }

    /// Reads the inner side.
    fn build(&mut self, ctx: &mut Context, row: &mut [Value]) -> Run<Kept> {
        let mut kept = Kept {
            values: Vec::new(),
            count: 0,
            chains: HashMap::default(),
            next: Vec::new(),
            memory: Bounded::new(ctx.session, JOIN_BUFFER_BYTES_MAX, "rows of a join without index"),
        };
        self.inner.open(ctx, row)?;
        'rows: while self.inner.next(ctx, row)? {
            self.key.clear();
            for key in self.keys {
                let value = key.inner.eval(row, ctx)?;
                if !class_key(&value, key.class, key.null_safe, &mut self.key) {
                    continue 'rows;
                }
            }
            let mut bytes = self.key.len() + size_of::<usize>() * 4;
            for slot in self.keep {
                bytes += value_bytes(&row[*slot]);
                kept.values.push(row[*slot].clone());
            }
            kept.count += 1;
            kept.memory.add(bytes)?;
            if self.keys.is_empty() {
                continue;
            }
            kept.next.push(0);
            match kept.chains.get_mut(self.key.as_slice()) {
                Some((_, last)) => {
                    kept.next[*last - 1] = kept.count;
                    *last = kept.count;
                }
                None => {
                    kept.chains.insert(self.key.as_slice().into(), (kept.count, kept.count));
                }
            }
        }
        Ok(kept)
    }
}

fn clear(slots: &[usize], row: &mut [Value]) {
    for slot in slots {
        row[*slot] = Value::Null;
    }
}
