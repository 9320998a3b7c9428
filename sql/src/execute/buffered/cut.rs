//! A join whose sides are both cut into parts by their keys: rows that are equal are in parts of the same number.
//!
//! Of each pair of parts the inner one is kept in memory while the outer one is read. An inner part that is too large is cut again, with
//! its outer one, unless that would not make it smaller.

use super::kept::Kept;
use crate::error::Error;
use crate::execute::spill::parts::{Part, PartReader, Parts};
use crate::execute::spill::{Reader, Spilled};
use crate::execute::{Context, Run};
use crate::types::Value;

/// The join's state.
pub(super) struct Cut {
    pairs: Vec<Pair>,
    current: Option<(Kept, PartReader)>,
    /// Outer rows that are equal to nothing and are wanted all the same.
    alone: Reader,
    is_left: bool,
    /// Values of an inner row.
    width: usize,
    /// An outer row as it was read.
    read: Vec<Value>,
}

/// The rows of both sides that have some keys.
struct Pair {
    inner: Part,
    outer: Part,
    /// Cutting the inner one has left it as it was: its rows have one key, or nearly so.
    is_whole: bool,
}

impl Cut {
    pub(super) fn new(pairs: Vec<(Part, Part)>, alone: Spilled, is_left: bool, width: usize) -> Cut {
        let pairs = pairs.into_iter().map(|(inner, outer)| Pair { inner, outer, is_whole: false }).collect();
        Cut { pairs, current: None, alone: alone.reader(), is_left, width, read: Vec::new() }
    }

    /// The inner rows that the outer row may be equal to.
    pub(super) fn kept(&self) -> Option<&Kept> {
        self.current.as_ref().map(|(kept, _)| kept)
    }

    /// The next outer row, and its key; false at the end.
    pub(super) fn next(&mut self, row: &mut [Value], key: &mut Vec<u8>, ctx: &Context) -> Run<bool> {
        loop {
            if let Some((_, reader)) = &mut self.current {
                if reader.next(&mut self.read, key, ctx)? {
                    break;
                }
                self.current = None;
            }
            let Some(pair) = self.pairs.pop() else {
                if !self.alone.next(&mut self.read, ctx)? {
                    return Ok(false);
                }
                break;
            };
            if pair.outer.rows() > 0 && (self.is_left || pair.inner.rows() > 0) {
                self.begin(&pair, ctx)?;
            }
        }
        if self.read.len() != row.len() {
            return Err(Error::internal("a row of a temporary file has another length").into());
        }
        row.swap_with_slice(&mut self.read);
        Ok(true)
    }

    /// Makes a pair the current one, or cuts it.
    fn begin(&mut self, pair: &Pair, ctx: &Context) -> Run<()> {
        let bytes_max = ctx.session.variables.operation_memory_bytes;
        let mut kept = Kept::new(ctx.session);
        let (mut reader, mut row, mut key) =
            (pair.inner.reader(), Vec::with_capacity(self.width), Vec::new());
        while reader.next(&mut row, &mut key, ctx)? {
            if kept.bytes() > bytes_max && !pair.is_whole {
                drop(kept);
                return self.cut_again(pair, ctx);
            }
            kept.push(&key, &mut row, true)?;
        }
        self.current = Some((kept, pair.outer.reader()));
        Ok(())
    }

    fn cut_again(&mut self, pair: &Pair, ctx: &Context) -> Run<()> {
        let inner = cut(&pair.inner, ctx)?;
        let outer = cut(&pair.outer, ctx)?;
        for (inner, outer) in inner.into_iter().zip(outer) {
            let is_whole = inner.rows() == pair.inner.rows();
            self.pairs.push(Pair { inner, outer, is_whole });
        }
        Ok(())
    }
}

fn cut(part: &Part, ctx: &Context) -> Run<Vec<Part>> {
    let mut parts = Parts::new(part.depth, ctx)?;
    let (mut reader, mut row, mut key) = (part.reader(), Vec::new(), Vec::new());
    while reader.next(&mut row, &mut key, ctx)? {
        parts.push(&key, &row, ctx)?;
    }
    parts.finish_all()
}
