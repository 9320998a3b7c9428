//! A scan from leaf to leaf.

use std::sync::Arc;

use super::super::{Direction, EngineScan, KeyRange, RowBuffer, Slice};
use super::leaf::Leaf;
use super::{Place, Shared};
use crate::Result;

/// A scan within one index.
pub(super) struct Scan {
    shared: Arc<Shared>,
    shard: usize,
    /// What no leaf was opened for yet.
    rest: KeyRange,
    direction: Direction,
    leaf: Option<Arc<Leaf>>,
    /// The rows of the leaf that are still to be given: from `from` on, before `to`.
    from: usize,
    to: usize,
}

impl Scan {
    pub(super) fn new(shared: Arc<Shared>, shard: usize, range: KeyRange, direction: Direction) -> Scan {
        Scan { shared, shard, rest: range, direction, leaf: None, from: 0, to: 0 }
    }

    /// Opens the next leaf. False at the end of the range.
    fn open(&mut self) -> Result<bool> {
        if self.rest.is_empty() {
            self.leaf = None;
            (self.from, self.to) = (0, 0);
            return Ok(false);
        }
        let place = {
            let shard = self.shared.leaves.shards[self.shard].read();
            match self.direction {
                Direction::Forward => shard.first(&self.rest),
                Direction::Backward => shard.last(&self.rest),
            }
        };
        let leaf = match place {
            Place::Leaf(leaf) => {
                leaf.use_it();
                leaf
            }
            Place::Gap(gap) => self.shared.load(self.shard, gap, self.direction)?,
        };
        // A leaf's end is a key above its start, so each one brings the scan on.
        self.from = if self.rest.start > leaf.range.start { leaf.lower_bound(&self.rest.start) } else { 0 };
        self.to = if self.rest.end < leaf.range.end { leaf.lower_bound(&self.rest.end) } else { leaf.len() };
        match self.direction {
            Direction::Forward => self.rest.start = leaf.range.end.clone(),
            Direction::Backward => self.rest.end = leaf.range.start.clone(),
        }
        self.leaf = Some(leaf);
        Ok(true)
    }
}

impl Scan {
    /// The leaf of the next row and its place there.
    fn step(&mut self) -> Result<Option<(&Leaf, usize)>> {
        while self.from == self.to || self.leaf.is_none() {
            if !self.open()? {
                return Ok(None);
            }
        }
        let at = match self.direction {
            Direction::Forward => {
                self.from += 1;
                self.from - 1
            }
            Direction::Backward => {
                self.to -= 1;
                self.to
            }
        };
        Ok(self.leaf.as_deref().map(|leaf| (leaf, at)))
    }
}

impl EngineScan for Scan {
    fn next(&mut self) -> Result<Option<(Slice, u64, Slice)>> {
        Ok(self.step()?.map(|(leaf, at)| leaf.row(at)))
    }

    fn next_into(&mut self, row: &mut RowBuffer) -> Result<bool> {
        let Some((leaf, at)) = self.step()? else { return Ok(false) };
        leaf.copy_row(at, row);
        Ok(true)
    }
}
