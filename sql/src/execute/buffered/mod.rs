//! Joins that read their inner side once and keep it: by hash of the equalities' values, or as a list when there are none.
//!
//! An inner side of more than `quorate_operation_memory` goes to a temporary file. A list is read from there for each outer row. With
//! equalities both sides are cut into parts by their keys, and joined part by part ([`cut`]): then the pairs do not come in the order of
//! the outer side any more, which [`BufferedJoin::is_cut`] tells.

mod cut;
mod kept;

use crate::execute::group_key::class_key;
use crate::execute::join::clear;
use crate::execute::operator::{Operator, all_true};
use crate::execute::spill::parts::{Part, Parts};
use crate::execute::spill::{Reader, Scratch, Spilled, Stream};
use crate::execute::{Context, Run};
use crate::limits::ROWS_BETWEEN_CHECKS;
use crate::plan::JoinPlan;
use crate::plan::node::HashKey;
use crate::types::Value;

use cut::Cut;
pub(in crate::execute) use kept::Kept;

/// See the module.
pub struct BufferedJoin<'p> {
    plan: &'p JoinPlan,
    keys: &'p [HashKey],
    keep: &'p [usize],
    /// The outer side.
    pub outer: Operator<'p>,
    inner: Operator<'p>,
    inner_rows: Inner,
    /// With an inner side in parts: the parts of the outer side.
    cut: Option<Cut>,
    /// There is an outer row that no partner was looked for yet.
    is_primed: bool,
    active: bool,
    matched: bool,
    /// The next candidate.
    candidate: Candidate,
    key: Vec<u8>,
    until_check: u32,
}

/// What was read of the inner side.
enum Inner {
    Unread,
    Memory(Kept),
    List(Spilled),
    Parts(Vec<Part>),
}

/// Inner rows on their way into one of them.
enum Building {
    Memory(Kept),
    List(Stream),
    Parts(Parts),
}

/// What is tried next for the outer row.
enum Candidate {
    None,
    /// A row of those in memory.
    Kept(usize),
    /// What is left of the list.
    Listed(Box<Reader>, Vec<Value>),
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
            inner_rows: Inner::Unread,
            cut: None,
            is_primed: false,
            active: false,
            matched: false,
            candidate: Candidate::None,
            key: Vec::new(),
            until_check: ROWS_BETWEEN_CHECKS,
        }
    }

    /// Starts over; what was kept stays, since it depends on no outer row.
    ///
    /// # Errors
    /// Those of opening the outer side.
    pub fn open(&mut self, ctx: &mut Context, row: &mut [Value]) -> Run<()> {
        (self.active, self.is_primed, self.cut) = (false, false, None);
        self.outer.open(ctx, row)
    }

    /// Reads what must be read before it is known whether the pairs will come in the order of the outer side.
    ///
    /// # Errors
    /// Those of both sides.
    pub fn settle(&mut self, ctx: &mut Context, row: &mut [Value]) -> Run<()> {
        self.outer.settle(ctx, row)?;
        if self.outer.next(ctx, row)? {
            self.is_primed = true;
            self.read_inner(ctx, row)?;
        }
        Ok(())
    }

    /// Whether the pairs come in another order than that of the outer side.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        matches!(self.inner_rows, Inner::Parts(_))
    }

    /// The next pair.
    ///
    /// # Errors
    /// Those of both sides, of the conditions and of a temporary file; 1038 when there are too many inner rows with one key.
    pub fn next(&mut self, ctx: &mut Context, row: &mut [Value]) -> Run<bool> {
        loop {
            if !self.active {
                if !self.next_outer(ctx, row)? {
                    return Ok(false);
                }
                (self.active, self.matched) = (true, false);
            }
            while self.take(ctx, row)? {
                self.until_check -= 1;
                if self.until_check == 0 {
                    self.until_check = ROWS_BETWEEN_CHECKS;
                    ctx.check()?;
                }
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

    /// The next outer row, and its first candidate.
    fn next_outer(&mut self, ctx: &mut Context, row: &mut [Value]) -> Run<bool> {
        if self.cut.is_none() {
            if !std::mem::take(&mut self.is_primed) && !self.outer.next(ctx, row)? {
                return Ok(false);
            }
            self.read_inner(ctx, row)?;
            if let Inner::Parts(parts) = &self.inner_rows {
                let parts = parts.clone();
                self.cut = Some(self.cut_outer(parts, ctx, row)?);
            }
        }
        match &mut self.cut {
            None => self.candidate = self.first_candidate(ctx, row)?,
            Some(cut) => {
                if !cut.next(row, &mut self.key, ctx)? {
                    return Ok(false);
                }
                let first = cut.kept().map_or(0, |kept| kept.first(&self.key));
                self.candidate = first.checked_sub(1).map_or(Candidate::None, Candidate::Kept);
            }
        }
        Ok(true)
    }

    fn kept(&self) -> Option<&Kept> {
        match (&self.cut, &self.inner_rows) {
            (Some(cut), _) => cut.kept(),
            (None, Inner::Memory(kept)) => Some(kept),
            (None, _) => None,
        }
    }

    /// Puts the candidate into its slots and moves to the next one; false when there is none.
    fn take(&mut self, ctx: &mut Context, row: &mut [Value]) -> Run<bool> {
        match &mut self.candidate {
            Candidate::None => Ok(false),
            Candidate::Kept(position) => {
                let position = *position;
                let Some(kept) = self.kept() else { return Ok(false) };
                for (slot, value) in self.keep.iter().zip(kept.row(position, self.keep.len())) {
                    row[*slot].clone_from(value);
                }
                let next = if self.keys.is_empty() { kept.after(position) } else { kept.next(position) };
                self.candidate = next.map_or(Candidate::None, Candidate::Kept);
                Ok(true)
            }
            Candidate::Listed(reader, read) => {
                let is_there = reader.next(read, ctx)?;
                if is_there {
                    for (slot, value) in self.keep.iter().zip(read) {
                        row[*slot].clone_from(value);
                    }
                }
                Ok(is_there)
            }
        }
    }

    fn first_candidate(&mut self, ctx: &mut Context, row: &[Value]) -> Run<Candidate> {
        if let Inner::List(rows) = &self.inner_rows {
            return Ok(Candidate::Listed(Box::new(rows.reader()), Vec::new()));
        }
        let has_key = self.keys.is_empty() || outer_key(self.keys, &mut self.key, ctx, row)?;
        let Some(kept) = self.kept().filter(|_| has_key) else { return Ok(Candidate::None) };
        let first = if self.keys.is_empty() { usize::from(kept.count() > 0) } else { kept.first(&self.key) };
        Ok(first.checked_sub(1).map_or(Candidate::None, Candidate::Kept))
    }

    /// Reads the inner side, if it was not read yet.
    fn read_inner(&mut self, ctx: &mut Context, row: &mut [Value]) -> Run<()> {
        if !matches!(self.inner_rows, Inner::Unread) {
            return Ok(());
        }
        let bytes_max = ctx.session.variables.operation_memory_bytes;
        let mut building = Building::Memory(Kept::new(ctx.session));
        self.inner.open(ctx, row)?;
        let mut values = Vec::with_capacity(self.keep.len());
        'rows: while self.inner.next(ctx, row)? {
            self.key.clear();
            for key in self.keys {
                let value = key.inner.eval(row, ctx)?;
                if !class_key(&value, key.class, key.null_safe, &mut self.key) {
                    continue 'rows;
                }
            }
            values.clear();
            values.extend(self.keep.iter().map(|slot| row[*slot].clone()));
            match &mut building {
                Building::Memory(kept) => {
                    kept.push(&self.key, &mut values, !self.keys.is_empty())?;
                    if kept.bytes() > bytes_max {
                        building = self.spill(kept, ctx)?;
                    }
                }
                Building::List(list) => list.push(&values, ctx)?,
                Building::Parts(parts) => parts.push(&self.key, &values, ctx)?,
            }
        }
        self.inner_rows = match building {
            Building::Memory(kept) => Inner::Memory(kept),
            Building::List(list) => Inner::List(list.finish()?),
            Building::Parts(parts) => Inner::Parts(parts.finish_all()?),
        };
        Ok(())
    }

    /// Writes the rows in memory to a file.
    fn spill(&self, kept: &Kept, ctx: &Context) -> Run<Building> {
        let width = self.keep.len();
        if self.keys.is_empty() {
            let mut list = Scratch::new(ctx)?.stream();
            for position in 0..kept.count() {
                list.push(kept.row(position, width), ctx)?;
            }
            return Ok(Building::List(list));
        }
        let mut parts = Parts::new(0, ctx)?;
        kept.each(width, |key, row| parts.push(key, row, ctx))?;
        Ok(Building::Parts(parts))
    }

    /// Reads the outer side to its end, beginning with the row that is there, and cuts it as the inner one.
    fn cut_outer(&mut self, inner: Vec<Part>, ctx: &mut Context, row: &mut [Value]) -> Run<Cut> {
        let mut parts = Parts::new(0, ctx)?;
        let mut alone = Scratch::new(ctx)?.stream();
        loop {
            clear(&self.plan.inner_slots, row);
            if outer_key(self.keys, &mut self.key, ctx, row)? {
                parts.push(&self.key, row, ctx)?;
            } else if self.plan.left {
                alone.push(row, ctx)?;
            }
            if !self.outer.next(ctx, row)? {
                break;
            }
        }
        let outer = parts.finish_all()?;
        Ok(Cut::new(inner.into_iter().zip(outer).collect(), alone.finish()?, self.plan.left, self.keep.len()))
    }
}

/// Writes the key of an outer row; false when it is equal to nothing.
fn outer_key(keys: &[HashKey], out: &mut Vec<u8>, ctx: &mut Context, row: &[Value]) -> Run<bool> {
    out.clear();
    for key in keys {
        let value = key.outer.eval(row, ctx)?;
        if !class_key(&value, key.class, key.null_safe, out) {
            return Ok(false);
        }
    }
    Ok(true)
}
