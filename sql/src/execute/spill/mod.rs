//! Rows that a statement cannot keep in memory, in a temporary file.
//!
//! A [`Scratch`] is one file of the host, and in it any number of [`Stream`]s: rows that are appended, and read back in the order in which
//! they came. A stream is a list of blocks, so that many can grow at once; of each stream that is read one block is in memory.
//!
//! The host bounds what all files take of the disk. A file is gone with its statement.

pub mod lookup;
pub mod parts;
mod value;

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;

use crate::error::{Error, Result};
use crate::execute::{Context, Run};
use crate::limits::SPILL_BLOCK_BYTES;
use crate::types::Value;

pub(in crate::execute) use value::write_row;

/// A temporary file of the host.
pub trait ScratchFile: Send + Sync {
    /// Appends bytes; where they begin.
    ///
    /// # Errors
    /// 1878 when the disk does not take them, or should not.
    fn append(&mut self, bytes: &[u8]) -> Result<u64>;

    /// Reads what was appended at `offset`.
    ///
    /// # Errors
    /// 1024 when the disk does not give it.
    fn read(&self, offset: u64, bytes: &mut [u8]) -> Result<()>;
}

/// The temporary file of one operation, shared by its streams.
#[derive(Clone)]
pub struct Scratch {
    file: Arc<Mutex<Box<dyn ScratchFile>>>,
}

impl Scratch {
    /// A new file.
    ///
    /// # Errors
    /// 1878.
    pub fn new(ctx: &Context) -> Result<Scratch> {
        Ok(Scratch { file: Arc::new(Mutex::new(ctx.host.scratch_file()?)) })
    }

    /// A stream without rows.
    #[must_use]
    pub fn stream(&self) -> Stream {
        Stream { scratch: self.clone(), blocks: Vec::new(), buffer: Vec::new(), rows: 0 }
    }
}

/// Where a block is.
#[derive(Clone, Copy)]
struct Block {
    offset: u64,
    bytes: usize,
}

/// Rows in a file.
pub struct Stream {
    scratch: Scratch,
    blocks: Vec<Block>,
    /// Rows that are not in a block yet.
    buffer: Vec<u8>,
    rows: u64,
}

impl Stream {
    /// Appends a row.
    ///
    /// # Errors
    /// Those of the file; 1317.
    pub fn push(&mut self, row: &[Value], ctx: &Context) -> Run<()> {
        value::write_row(row, None, &mut self.buffer);
        self.written(ctx)
    }

    /// Appends a row with one more value at its end.
    fn push_with(&mut self, row: &[Value], last: &Value, ctx: &Context) -> Run<()> {
        value::write_row(row, Some(last), &mut self.buffer);
        self.written(ctx)
    }

    fn written(&mut self, ctx: &Context) -> Run<()> {
        self.rows += 1;
        if self.buffer.len() >= SPILL_BLOCK_BYTES {
            ctx.check()?;
            self.flush()?;
        }
        Ok(())
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Whether the next row begins a block.
    fn is_at_block(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Ends the block if it has so many bytes.
    fn end_block(&mut self, bytes: usize) -> Result<()> {
        if self.buffer.len() >= bytes { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let offset = self.scratch.file.lock().append(&self.buffer)?;
        self.blocks.push(Block { offset, bytes: self.buffer.len() });
        // A single large row is no reason to hold as much from now on.
        self.buffer =
            Vec::with_capacity(if self.buffer.len() > 2 * SPILL_BLOCK_BYTES { 0 } else { SPILL_BLOCK_BYTES });
        Ok(())
    }

    /// Ends it: it can be read.
    ///
    /// # Errors
    /// Those of the file.
    pub fn finish(mut self) -> Result<Spilled> {
        self.flush()?;
        Ok(Spilled { scratch: self.scratch, blocks: self.blocks.into(), rows: self.rows })
    }
}

/// A stream that has all its rows.
#[derive(Clone)]
pub struct Spilled {
    scratch: Scratch,
    blocks: Arc<[Block]>,
    rows: u64,
}

impl Spilled {
    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Reads it from its beginning. It can be read any number of times, also at once.
    #[must_use]
    pub fn reader(&self) -> Reader {
        self.reader_at(0)
    }

    /// Reads it from the beginning of a block.
    fn reader_at(&self, block: usize) -> Reader {
        Reader { rows: self.clone(), next: block, block: Bytes::new() }
    }
}

impl std::fmt::Debug for Spilled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Spilled({} rows)", self.rows)
    }
}

/// A place in a [`Spilled`].
pub struct Reader {
    rows: Spilled,
    next: usize,
    /// What is left of the block that is being read.
    block: Bytes,
}

impl Reader {
    /// The next row, into `row`; false at the end.
    ///
    /// # Errors
    /// Those of the file; 1317.
    pub fn next(&mut self, row: &mut Vec<Value>, ctx: &Context) -> Run<bool> {
        if self.block.is_empty() {
            let Some(block) = self.rows.blocks.get(self.next) else { return Ok(false) };
            ctx.check()?;
            let mut bytes = vec![0; block.bytes];
            self.rows.scratch.file.lock().read(block.offset, &mut bytes)?;
            self.block = bytes.into();
            self.next += 1;
        }
        match value::read_row(&mut self.block, row) {
            Some(()) => Ok(true),
            None => Err(Error::internal("a temporary file does not hold what was written to it").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::execute::test_support::Harness;

    #[test]
    fn streams_of_one_file_give_their_rows_back_each_in_its_order() {
        Harness::new().with_context(|ctx| {
            let scratch = Scratch::new(ctx).unwrap();
            let mut streams: Vec<Stream> = (0..3).map(|_| scratch.stream()).collect();
            for number in 0..30_000_i64 {
                let text = Value::Text("x".repeat((number % 200) as usize).into());
                streams[(number % 3) as usize].push(&[Value::Int(number), text, Value::Null], ctx).unwrap();
            }
            // One that is larger than a block.
            streams[1].push(&[Value::Blob(vec![7; 3 * SPILL_BLOCK_BYTES].into())], ctx).unwrap();
            let spilled: Vec<Spilled> = streams.into_iter().map(|stream| stream.finish().unwrap()).collect();
            for (at, rows) in spilled.iter().enumerate() {
                assert_eq!(rows.rows(), 10_000 + u64::from(at == 1));
                for _ in 0..2 {
                    let (mut reader, mut row) = (rows.reader(), Vec::new());
                    for number in 0..10_000 {
                        assert!(reader.next(&mut row, ctx).unwrap());
                        assert_eq!(row[0], Value::Int(number * 3 + at as i64));
                    }
                    if at == 1 {
                        assert!(reader.next(&mut row, ctx).unwrap());
                        assert_eq!(row, [Value::Blob(vec![7; 3 * SPILL_BLOCK_BYTES].into())]);
                    }
                    assert!(!reader.next(&mut row, ctx).unwrap());
                }
            }
        });
    }
}
