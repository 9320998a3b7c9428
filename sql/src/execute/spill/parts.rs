//! Rows cut into parts by the hash of their key, so that those of one key are in one part, and a part is small enough to be worked on in
//! memory, or cut again.

use std::hash::Hasher as _;

use bytes::Bytes;
use rustc_hash::FxHasher;

use crate::error::Error;
use crate::execute::spill::{Reader, Scratch, Spilled, Stream};
use crate::execute::{Context, Run};
use crate::limits::SPILL_PARTS;
use crate::types::Value;

/// How often the bits of a hash are enough.
const DEPTHS: u32 = u64::BITS / SPILL_PARTS.trailing_zeros();

/// Rows that wait, by part.
pub struct Parts {
    streams: Vec<Stream>,
    depth: u32,
}

impl Parts {
    /// No rows yet. `depth` is how often these rows were cut before: each time by another hash.
    ///
    /// # Errors
    /// 1878.
    pub fn new(depth: u32, ctx: &Context) -> Run<Parts> {
        let scratch = Scratch::new(ctx)?;
        Ok(Parts { streams: (0..SPILL_PARTS).map(|_| scratch.stream()).collect(), depth })
    }

    /// Appends a row to the part of its key, and the key to the row: computing it again might give another.
    ///
    /// # Errors
    /// Those of the file; 1317.
    pub fn push(&mut self, key: &[u8], row: &[Value], ctx: &Context) -> Run<()> {
        let part = part_of(key, self.depth);
        self.streams[part].push_with(row, &Value::Blob(Bytes::copy_from_slice(key)), ctx)
    }

    /// The parts that have rows.
    ///
    /// # Errors
    /// Those of the file.
    pub fn finish(self) -> Run<Vec<Part>> {
        let mut parts = self.finish_all()?;
        parts.retain(|part| part.rows.rows() > 0);
        Ok(parts)
    }

    /// All parts, in the order of their numbers: those of two sides that were cut equally often have the same keys.
    ///
    /// # Errors
    /// Those of the file.
    pub fn finish_all(self) -> Run<Vec<Part>> {
        let depth = self.depth + 1;
        self.streams.into_iter().map(|rows| Ok(Part { rows: rows.finish()?, depth })).collect()
    }
}

/// The rows of some keys.
#[derive(Clone, Debug)]
pub struct Part {
    rows: Spilled,
    /// How often they were cut.
    pub depth: u32,
}

impl Part {
    /// Reads it from its beginning.
    #[must_use]
    pub fn reader(&self) -> PartReader {
        PartReader { reader: self.rows.reader() }
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows.rows()
    }
}

/// A place in a [`Part`].
pub struct PartReader {
    reader: Reader,
}

impl PartReader {
    /// The next row, into `row`, and its key, into `key`; false at the end.
    ///
    /// # Errors
    /// Those of the file; 1317.
    pub fn next(&mut self, row: &mut Vec<Value>, key: &mut Vec<u8>, ctx: &Context) -> Run<bool> {
        if !self.reader.next(row, ctx)? {
            return Ok(false);
        }
        let Some(Value::Blob(bytes)) = row.pop() else {
            return Err(Error::internal("a row of a temporary file has no key").into());
        };
        key.clear();
        key.extend_from_slice(&bytes);
        Ok(true)
    }
}

/// The part of a key.
#[must_use]
pub fn part_of(key: &[u8], depth: u32) -> usize {
    let mut hasher = FxHasher::default();
    hasher.write(key);
    // Each time by other bits of it: keys of one part have those before in common.
    let bits = SPILL_PARTS.trailing_zeros();
    (hasher.finish() >> (u64::BITS - bits - bits * (depth % DEPTHS))) as usize % SPILL_PARTS
}
