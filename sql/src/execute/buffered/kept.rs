//! Inner rows in memory, and the chains of those that have one key.

use std::collections::HashMap;

use crate::error::Result;
use crate::execute::Run;
use crate::execute::group_key::value_bytes;
use crate::execute::memory::Bounded;
use crate::limits::JOIN_BUFFER_BYTES_MAX;
use crate::session::SessionState;
use crate::types::Value;

/// Bytes that a row takes beside its values and its key.
const ENTRY_BYTES: usize = 32;

/// The rows.
pub(in crate::execute) struct Kept {
    /// Values of the kept slots, row after row.
    values: Vec<Value>,
    count: usize,
    /// First and last row of a key, plus one.
    chains: HashMap<Box<[u8]>, (usize, usize), rustc_hash::FxBuildHasher>,
    /// The row after this one in its chain, plus one; 0 at its end.
    next: Vec<usize>,
    memory: Bounded,
}

impl Kept {
    pub(in crate::execute) fn new(session: &SessionState) -> Kept {
        let bytes_max = session.variables.operation_memory_bytes;
        // Whoever keeps it takes care of what it may take; rows of one key cannot be told apart, and end here.
        let bytes_max = bytes_max.saturating_add(bytes_max.max(JOIN_BUFFER_BYTES_MAX));
        let memory = Bounded::new(session, bytes_max, "rows of a join that have one key");
        Kept { values: Vec::new(), count: 0, chains: HashMap::default(), next: Vec::new(), memory }
    }

    /// Adds a row, whose values it takes.
    pub(in crate::execute) fn push(
        &mut self,
        key: &[u8],
        row: &mut Vec<Value>,
        has_keys: bool,
    ) -> Result<()> {
        self.memory.add(key.len() + ENTRY_BYTES + row.iter().map(value_bytes).sum::<usize>())?;
        self.values.append(row);
        self.count += 1;
        if !has_keys {
            return Ok(());
        }
        self.next.push(0);
        match self.chains.get_mut(key) {
            Some((_, last)) => {
                self.next[*last - 1] = self.count;
                *last = self.count;
            }
            None => {
                self.chains.insert(key.into(), (self.count, self.count));
            }
        }
        Ok(())
    }

    pub(in crate::execute) fn bytes(&self) -> usize {
        self.memory.bytes()
    }

    pub(in crate::execute) fn count(&self) -> usize {
        self.count
    }

    /// Number of the first row of a key, plus one; 0 for none.
    pub(in crate::execute) fn first(&self, key: &[u8]) -> usize {
        self.chains.get(key).map_or(0, |(first, _)| *first)
    }

    /// The next row of the same key.
    pub(in crate::execute) fn next(&self, position: usize) -> Option<usize> {
        self.next[position].checked_sub(1)
    }

    /// The row that was added after this one.
    pub(in crate::execute) fn after(&self, position: usize) -> Option<usize> {
        (position + 1 < self.count).then_some(position + 1)
    }

    pub(in crate::execute) fn row(&self, position: usize, width: usize) -> &[Value] {
        &self.values[position * width..(position + 1) * width]
    }

    /// Gives each row with its key.
    pub(in crate::execute) fn each(
        &self,
        width: usize,
        mut take: impl FnMut(&[u8], &[Value]) -> Run<()>,
    ) -> Run<()> {
        for (key, (first, _)) in &self.chains {
            let mut position = first.checked_sub(1);
            while let Some(at) = position {
                take(key, self.row(at, width))?;
                position = self.next(at);
            }
        }
        Ok(())
    }
}
