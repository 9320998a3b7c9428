//! [`RowBuffer`]: room for one row, used for row after row.
//!
//! What a scan gives is looked at and forgotten, hundreds of times a statement. Copying a row into room that is there already costs less
//! than counting references to where it lies, which processors have to agree on.

/// A row: its key, its value and the index that wrote it. Empty until a scan has filled it.
#[derive(Clone, Debug, Default)]
pub struct RowBuffer {
    /// The key, then the value.
    bytes: Vec<u8>,
    key_len: usize,
    stamp: u64,
}

impl RowBuffer {
    /// An empty one.
    #[must_use]
    pub const fn new() -> RowBuffer {
        RowBuffer { bytes: Vec::new(), key_len: 0, stamp: 0 }
    }

    /// The key.
    #[inline]
    #[must_use]
    pub fn key(&self) -> &[u8] {
        &self.bytes[..self.key_len]
    }

    /// The value.
    #[inline]
    #[must_use]
    pub fn value(&self) -> &[u8] {
        &self.bytes[self.key_len..]
    }

    /// The index that wrote it.
    #[must_use]
    pub fn stamp(&self) -> u64 {
        self.stamp
    }

    /// Makes it a row.
    pub fn set(&mut self, key: &[u8], stamp: u64, value: &[u8]) {
        self.bytes.clear();
        self.bytes.reserve(key.len() + value.len());
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(value);
        (self.key_len, self.stamp) = (key.len(), stamp);
    }

    /// Makes it a row whose key and value lie behind each other.
    pub(super) fn set_joined(&mut self, key_and_value: &[u8], key_len: usize, stamp: u64) {
        assert!(key_len <= key_and_value.len());
        self.bytes.clear();
        self.bytes.extend_from_slice(key_and_value);
        (self.key_len, self.stamp) = (key_len, stamp);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_takes_the_place_of_a_longer_one() {
        let mut row = RowBuffer::new();
        assert_eq!((row.key(), row.value()), (&b""[..], &b""[..]));
        row.set(b"a long key", 7, b"a long value");
        row.set(b"k", 8, b"");
        assert_eq!((row.key(), row.stamp(), row.value()), (&b"k"[..], 8, &b""[..]));
        row.set_joined(b"keyvalue", 3, 9);
        assert_eq!((row.key(), row.stamp(), row.value()), (&b"key"[..], 9, &b"value"[..]));
    }
}
