//! DISTINCT: which rows were there before.
//!
//! Rows pass as they come, until those that were seen take more than `quorate_operation_memory`: from then on, rows that are not known go to
//! a temporary file, cut into parts, which are looked through at the end.

use std::collections::HashSet;

use crate::execute::group_key::group_key;
use crate::execute::memory::Bounded;
use crate::execute::spill::parts::{Part, Parts};
use crate::execute::{Context, Run};
use crate::limits::SORT_BYTES_MAX;
use crate::session::SessionState;
use crate::types::{Collation, Value};

/// Bytes that a set takes for an entry, beside its key.
const ENTRY_BYTES: usize = 32;

/// The rows that were seen.
pub(super) struct Distinct {
    seen: HashSet<Box<[u8]>, rustc_hash::FxBuildHasher>,
    memory: Bounded,
    bytes_max: usize,
    key: Vec<u8>,
    /// How often the rows that are seen were cut into parts before.
    depth: u32,
    waiting: Option<Parts>,
}

impl Distinct {
    pub(super) fn new(session: &SessionState) -> Distinct {
        let memory = Bounded::new(session, usize::MAX, "rows kept for DISTINCT");
        let bytes_max = session.variables.operation_memory_bytes;
        Distinct { seen: HashSet::default(), memory, bytes_max, key: Vec::new(), depth: 0, waiting: None }
    }

    /// One that answers at once, and is refused more memory than is bounded by [`SORT_BYTES_MAX`].
    pub(super) fn in_memory(session: &SessionState) -> Distinct {
        let memory = Bounded::new(session, SORT_BYTES_MAX, "rows kept for DISTINCT");
        Distinct { memory, bytes_max: usize::MAX, ..Distinct::new(session) }
    }

    /// Whether the row is known not to have been seen before, by its first `visible` values; notes it. One of which that is not known waits until
    /// [`Distinct::finish`].
    pub(super) fn is_new(
        &mut self,
        row: &[Value],
        visible: usize,
        collation: impl Fn(usize) -> Collation,
        ctx: &Context,
    ) -> Run<bool> {
        self.key.clear();
        for (position, value) in row[..visible].iter().enumerate() {
            group_key(value, collation(position), &mut self.key);
        }
        self.note(row, ctx)
    }

    /// As [`Distinct::is_new`], of a row whose key is in `self.key`.
    fn note(&mut self, row: &[Value], ctx: &Context) -> Run<bool> {
        if self.seen.contains(self.key.as_slice()) {
            return Ok(false);
        }
        if self.waiting.is_some() || (self.memory.bytes() > self.bytes_max && !self.seen.is_empty()) {
            let parts = match &mut self.waiting {
                Some(parts) => parts,
                None => self.waiting.insert(Parts::new(self.depth, ctx)?),
            };
            parts.push(&self.key, row, ctx)?;
            return Ok(false);
        }
        self.memory.add(self.key.len() + ENTRY_BYTES)?;
        self.seen.insert(self.key.as_slice().into());
        Ok(true)
    }

    /// Gives the rows that waited and are new, until `take` says false.
    pub(super) fn finish(
        mut self,
        ctx: &mut Context,
        take: &mut dyn FnMut(&mut Vec<Value>, &mut Context) -> Run<bool>,
    ) -> Run<()> {
        let mut parts: Vec<Part> = self.waiting.take().map(Parts::finish).transpose()?.unwrap_or_default();
        let mut row = Vec::new();
        while let Some(part) = parts.pop() {
            self.seen = HashSet::default();
            self.memory.set(0)?;
            self.depth = part.depth;
            let mut reader = part.reader();
            while reader.next(&mut row, &mut self.key, ctx)? {
                if self.note(&row, ctx)? && !take(&mut row, ctx)? {
                    return Ok(());
                }
            }
            parts.extend(self.waiting.take().map(Parts::finish).transpose()?.unwrap_or_default());
        }
        Ok(())
    }
}
