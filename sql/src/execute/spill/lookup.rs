//! Sets of keys that can be looked up, also where they do not fit into memory: then they are in a file, sorted, and the first key of each
//! block is in memory.

use std::collections::HashSet;

use crate::error::Error;
use crate::execute::memory::Bounded;
use crate::execute::sort::Sorter;
use crate::execute::spill::{Reader, Scratch, Spilled};
use crate::execute::{Context, Run};
use crate::limits::LOOKUP_BLOCK_BYTES;
use crate::plan::SortKey;
use crate::session::SessionState;
use crate::types::{Collation, Value};

/// Bytes that a set takes for an entry, beside its key.
const ENTRY_BYTES: usize = 64;

static BY_KEY: [SortKey; 1] = [SortKey { position: 0, descending: false, collation: Collation::Binary }];

/// Keys on their way into [`Keys`].
pub struct KeySet {
    memory: HashSet<Box<[u8]>, rustc_hash::FxBuildHasher>,
    bounded: Bounded,
    bytes_max: usize,
    /// All of them, once they are too many.
    sorter: Option<Sorter<'static>>,
}

impl KeySet {
    /// None yet.
    #[must_use]
    pub fn new(session: &SessionState) -> KeySet {
        let bytes_max = session.variables.operation_memory_bytes;
        let bounded = Bounded::new(session, usize::MAX, "keys of a subquery");
        KeySet { memory: HashSet::default(), bounded, bytes_max, sorter: None }
    }

    /// Adds a key.
    ///
    /// # Errors
    /// Those of [`Bounded`] and of the file.
    pub fn insert(&mut self, key: &[u8], ctx: &Context) -> Run<()> {
        if let Some(sorter) = &mut self.sorter {
            return push(sorter, key, ctx);
        }
        if self.memory.contains(key) {
            return Ok(());
        }
        self.bounded.add(key.len() + ENTRY_BYTES)?;
        self.memory.insert(key.into());
        if self.bounded.bytes() > self.bytes_max {
            let mut sorter = Sorter::new(ctx.session, &BY_KEY, None, true);
            for key in self.memory.drain() {
                push(&mut sorter, &key, ctx)?;
            }
            self.memory = HashSet::default();
            self.bounded.set(0)?;
            self.sorter = Some(sorter);
        }
        Ok(())
    }

    /// All keys are there.
    ///
    /// # Errors
    /// Those of the file.
    pub fn finish(self, ctx: &mut Context) -> Run<Keys> {
        let Some(sorter) = self.sorter else {
            return Ok(Keys::Memory { keys: self.memory, _bounded: self.bounded });
        };
        let mut file = Scratch::new(ctx)?.stream();
        let mut firsts = Vec::new();
        sorter.finish(ctx, &mut |row, ctx| {
            if file.is_at_block() {
                firsts.push(key_of(row)?.into());
            }
            file.push(row, ctx)?;
            file.end_block(LOOKUP_BLOCK_BYTES)?;
            Ok(true)
        })?;
        Ok(Keys::File { rows: file.finish()?, firsts })
    }
}

fn push(sorter: &mut Sorter, key: &[u8], ctx: &Context) -> Run<()> {
    sorter.push(&mut vec![Value::Blob(bytes::Bytes::copy_from_slice(key))], ctx)
}

fn key_of(row: &[Value]) -> Run<&[u8]> {
    match row {
        [Value::Blob(key)] => Ok(key),
        _ => Err(Error::internal("a row of a temporary file has no key").into()),
    }
}

/// A set of keys.
pub enum Keys {
    /// In memory.
    Memory {
        /// The keys.
        keys: HashSet<Box<[u8]>, rustc_hash::FxBuildHasher>,
        /// What they take.
        _bounded: Bounded,
    },
    /// In a file.
    File {
        /// The keys, ascending.
        rows: Spilled,
        /// The first one of each block.
        firsts: Vec<Box<[u8]>>,
    },
}

impl Keys {
    /// Whether a key is in the set.
    ///
    /// # Errors
    /// Those of the file.
    pub fn contains(&self, key: &[u8], ctx: &Context) -> Run<bool> {
        let (rows, firsts) = match self {
            Keys::Memory { keys, .. } => return Ok(keys.contains(key)),
            Keys::File { rows, firsts } => (rows, firsts),
        };
        let Some(block) = firsts.partition_point(|first| **first <= *key).checked_sub(1) else {
            return Ok(false);
        };
        let (mut reader, mut row): (Reader, _) = (rows.reader_at(block), Vec::new());
        while reader.next(&mut row, ctx)? {
            let found = key_of(&row)?;
            if found >= key {
                return Ok(found == key);
            }
        }
        Ok(false)
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Keys::Memory { keys, .. } => write!(f, "Keys({})", keys.len()),
            Keys::File { rows, .. } => write!(f, "Keys({rows:?})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::execute::test_support::Harness;

    #[test]
    fn keys_are_found_in_memory_and_in_a_file() {
        Harness::new().with_context(|ctx| {
            let key = |number: u32| (number.wrapping_mul(2_654_435_761) % 100_003).to_be_bytes();
            for bytes_max in [1 << 20, 10_000, 0] {
                ctx.session.variables.operation_memory_bytes = bytes_max;
                let mut set = KeySet::new(ctx.session);
                assert!(!KeySet::new(ctx.session).finish(ctx).unwrap().contains(&key(1), ctx).unwrap());
                for number in 0..2_000 {
                    set.insert(&key(number / 2 * 2), ctx).unwrap();
                }
                let keys = set.finish(ctx).unwrap();
                assert_eq!(matches!(keys, Keys::File { .. }), bytes_max < 1 << 20);
                let known: HashSet<[u8; 4]> = (0..1_000).map(|number| key(number * 2)).collect();
                for number in 0..2_000 {
                    let key = key(number);
                    assert_eq!(keys.contains(&key, ctx).unwrap(), known.contains(&key), "{number}");
                }
                assert!(!keys.contains(&[], ctx).unwrap());
                assert!(!keys.contains(&[255; 9], ctx).unwrap());
            }
        });
    }
}
