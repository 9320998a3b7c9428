//! [`Leaf`]: all rows of a range of keys, in one buffer.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use bytes::Bytes;

use super::super::{EngineWrite, KeyRange, RowBuffer, Slice};
use crate::limits::{LEAF_BYTES_MAX, LEAF_OVERHEAD_BYTES, LEAF_ROWS_MAX};

/// Where a row lies in the buffer: its key from `key_at`, its value from `value_at` up to the next row.
#[derive(Clone, Copy)]
struct Row {
    key_at: u32,
    value_at: u32,
    stamp: u64,
}

/// See the module. Immutable but for the notes about its use.
pub(super) struct Leaf {
    /// Every row that the engine has of this range is in the leaf.
    pub(super) range: KeyRange,
    buffer: Bytes,
    /// Ascending by key.
    rows: Box<[Row]>,
    /// Read since the clock's hand was here.
    is_used: AtomicBool,
    /// How often it was made anew by the writer since it was read, as far as 255.
    idle_writes: AtomicU8,
}

impl Clone for Leaf {
    fn clone(&self) -> Leaf {
        Leaf {
            range: self.range.clone(),
            buffer: self.buffer.clone(),
            rows: self.rows.clone(),
            is_used: AtomicBool::new(self.is_used.load(Ordering::Relaxed)),
            idle_writes: AtomicU8::new(self.idle_writes.load(Ordering::Relaxed)),
        }
    }
}

/// Collects rows.
#[derive(Default)]
struct Builder {
    buffer: Vec<u8>,
    rows: Vec<Row>,
}

impl Builder {
    fn with_capacity(bytes: usize, rows: usize) -> Builder {
        Builder { buffer: Vec::with_capacity(bytes), rows: Vec::with_capacity(rows) }
    }

    fn push(&mut self, key: &[u8], stamp: u64, value: &[u8]) {
        let offset = |at: usize| u32::try_from(at).expect("a leaf's rows are few or one");
        let key_at = offset(self.buffer.len());
        self.buffer.extend_from_slice(key);
        self.rows.push(Row { key_at, value_at: offset(self.buffer.len()), stamp });
        self.buffer.extend_from_slice(value);
    }

    fn finish(self, range: KeyRange, is_used: bool, idle_writes: u8) -> Leaf {
        Leaf {
            range,
            buffer: Bytes::from(self.buffer.into_boxed_slice()),
            rows: self.rows.into_boxed_slice(),
            is_used: AtomicBool::new(is_used),
            idle_writes: AtomicU8::new(idle_writes),
        }
    }
}

impl Leaf {
    /// A leaf of all the rows of `range`, ascending by key.
    pub(super) fn of<'a>(range: KeyRange, rows: impl Iterator<Item = (&'a [u8], u64, &'a [u8])>) -> Leaf {
        let mut builder = Builder::default();
        rows.for_each(|(key, stamp, value)| builder.push(key, stamp, value));
        builder.finish(range, false, 0)
    }

    /// The end of its range, which is never without a bound.
    pub(super) fn end(&self) -> &[u8] {
        &self.range.end
    }

    /// Number of rows.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Keys and values.
    pub(super) fn len_bytes(&self) -> usize {
        self.buffer.len()
    }

    /// What it takes in memory, about.
    pub(super) fn cost_bytes(&self) -> usize {
        self.buffer.len()
            + self.rows.len() * size_of::<Row>()
            + self.range.start.len()
            + self.range.end.len()
            + LEAF_OVERHEAD_BYTES
    }

    /// Notes that it was read.
    pub(super) fn use_it(&self) {
        // Most have been already: no writing to memory that all readers share.
        if !self.is_used.load(Ordering::Relaxed) {
            self.is_used.store(true, Ordering::Relaxed);
        }
        if self.idle_writes.load(Ordering::Relaxed) != 0 {
            self.idle_writes.store(0, Ordering::Relaxed);
        }
    }

    /// Whether it was read since the last call.
    pub(super) fn take_used(&self) -> bool {
        self.is_used.swap(false, Ordering::Relaxed)
    }

    /// How often the writer made it anew since it was read.
    pub(super) fn idle_writes(&self) -> u8 {
        self.idle_writes.load(Ordering::Relaxed)
    }

    fn key(&self, at: usize) -> &[u8] {
        let row = self.rows[at];
        &self.buffer[row.key_at as usize..row.value_at as usize]
    }

    fn end_of(&self, at: usize) -> usize {
        self.rows.get(at + 1).map_or(self.buffer.len(), |next| next.key_at as usize)
    }

    fn value(&self, at: usize) -> &[u8] {
        &self.buffer[self.rows[at].value_at as usize..self.end_of(at)]
    }

    /// The place of the first row whose key is not below `key`.
    pub(super) fn lower_bound(&self, key: &[u8]) -> usize {
        let (mut from, mut to) = (0, self.rows.len());
        while from < to {
            let middle = (from + to) / 2;
            if self.key(middle) < key { from = middle + 1 } else { to = middle }
        }
        from
    }

    /// A row by its place.
    pub(super) fn row(&self, at: usize) -> (Slice, u64, Slice) {
        let Row { key_at, value_at, stamp } = self.rows[at];
        let (key_at, value_at) = (key_at as usize, value_at as usize);
        let key = Slice::from_leaf(self.buffer.slice(key_at..value_at));
        (key, stamp, Slice::from_leaf(self.buffer.slice(value_at..self.end_of(at))))
    }

    /// A row by its place, copied.
    pub(super) fn copy_row(&self, at: usize, row: &mut RowBuffer) {
        let Row { key_at, value_at, stamp } = self.rows[at];
        let key_and_value = &self.buffer[key_at as usize..self.end_of(at)];
        row.set_joined(key_and_value, (value_at - key_at) as usize, stamp);
    }

    /// What it says of `key`, which is in its range.
    pub(super) fn get(&self, key: &[u8]) -> Option<(u64, Slice)> {
        let at = self.lower_bound(key);
        if at == self.rows.len() || self.key(at) != key {
            return None;
        }
        let Row { value_at, stamp, .. } = self.rows[at];
        Some((stamp, Slice::from_leaf(self.buffer.slice(value_at as usize..self.end_of(at)))))
    }

    /// Whether one leaf can have the rows of both.
    pub(super) fn is_small_with(&self, other: &Leaf) -> bool {
        self.buffer.len() + other.buffer.len() <= LEAF_BYTES_MAX && self.len() + other.len() <= LEAF_ROWS_MAX
    }

    /// This leaf and `next`, which begins where it ends, as one.
    pub(super) fn joined(&self, next: &Leaf) -> Leaf {
        assert!(self.range.end == next.range.start, "a gap between leaves");
        let bytes = self.buffer.len() + next.buffer.len();
        let mut builder = Builder::with_capacity(bytes, self.len() + next.len());
        for leaf in [self, next] {
            (0..leaf.len()).for_each(|at| builder.push(leaf.key(at), leaf.rows[at].stamp, leaf.value(at)));
        }
        let range = KeyRange { start: self.range.start.clone(), end: next.range.end.clone() };
        let is_used = self.is_used.load(Ordering::Relaxed) || next.is_used.load(Ordering::Relaxed);
        builder.finish(range, is_used, self.idle_writes().min(next.idle_writes()))
    }

    /// What it is after `batch`, whose keys ascend and are all in its range: as many leaves as are needed for that.
    pub(super) fn written(&self, batch: &[EngineWrite]) -> Vec<Leaf> {
        let rows = self.merged(batch);
        let bytes: usize = rows.iter().map(|(key, _, value)| key.len() + value.len()).sum();
        // Cut into equal pieces: one that is full would be cut again by the next row that comes into it, and leave splinters.
        let pieces = rows.len().div_ceil(LEAF_ROWS_MAX).max(bytes.div_ceil(LEAF_BYTES_MAX)).max(1);
        let rows_each = rows.len().div_ceil(pieces).max(1);
        let is_used = self.is_used.load(Ordering::Relaxed);
        let idle_writes = self.idle_writes().saturating_add(1);
        let mut leaves = Vec::with_capacity(pieces);
        let (mut start, mut rest) = (self.range.start.clone(), &rows[..]);
        loop {
            let (piece, after) = rest.split_at(rest.len().min(rows_each));
            let end =
                after.first().map_or_else(|| self.range.end.clone(), |(key, ..)| Bytes::copy_from_slice(key));
            let range = KeyRange { start: std::mem::replace(&mut start, end.clone()), end };
            let mut builder = Builder::with_capacity(bytes / pieces, piece.len());
            piece.iter().for_each(|(key, stamp, value)| builder.push(key, *stamp, value));
            leaves.push(builder.finish(range, is_used, idle_writes));
            if after.is_empty() {
                return leaves;
            }
            rest = after;
        }
    }

    /// Its rows with those of `batch` in their places, ascending.
    fn merged<'a>(&'a self, batch: &'a [EngineWrite]) -> Vec<(&'a [u8], u64, &'a [u8])> {
        let mut rows = Vec::with_capacity(self.len() + batch.len());
        let mut at = 0;
        for (key, write) in batch {
            let before = self.lower_bound(key);
            rows.extend((at..before).map(|at| (self.key(at), self.rows[at].stamp, self.value(at))));
            at = before + usize::from(before < self.len() && self.key(before) == &key[..]);
            rows.extend(write.as_ref().map(|(stamp, value)| (&key[..], *stamp, &value[..])));
        }
        rows.extend((at..self.len()).map(|at| (self.key(at), self.rows[at].stamp, self.value(at))));
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaf_that_overflows_is_cut_in_halves() {
        let key = |number: usize| Bytes::from(format!("0000{number:04}"));
        let keys: Vec<Bytes> = (0..LEAF_ROWS_MAX).map(|number| key(2 * number)).collect();
        let range = KeyRange::prefix(b"0000");
        let leaf = Leaf::of(range.clone(), keys.iter().map(|key| (&key[..], 1, &b"x"[..])));
        let pieces = leaf.written(&[(key(5), Some((2, Bytes::from_static(b"y")))), (key(6), None)]);
        assert_eq!(pieces.len(), 1, "one more, one less");
        let pieces = leaf.written(&[(key(5), Some((2, Bytes::from_static(b"y"))))]);
        assert_eq!(
            pieces.iter().map(Leaf::len).collect::<Vec<_>>(),
            [LEAF_ROWS_MAX / 2 + 1, LEAF_ROWS_MAX / 2]
        );
        assert_eq!(pieces[0].range.start, range.start);
        assert_eq!(pieces[0].range.end, pieces[1].range.start);
        assert_eq!(pieces[1].range.end, range.end);
        assert_eq!(pieces[0].get(b"00000005").map(|(stamp, _)| stamp), Some(2));
    }
}
