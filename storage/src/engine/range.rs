//! [`KeyRange`] and [`Direction`]: what a scan covers, and from which side.

use bytes::{Bytes, BytesMut};

/// A half-open range of keys in byte order.
///
/// An empty `end` means that there is no upper bound (no key is smaller than the empty key, so it could mean
/// nothing else).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRange {
    /// The first key of the range, inclusive.
    pub start: Bytes,
    /// The end of the range, exclusive; empty for no bound.
    pub end: Bytes,
}

/// The order in which a scan gives the keys of its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Smallest key first.
    Forward,
    /// Largest key first.
    Backward,
}

impl KeyRange {
    /// The keys from `start` up to but not including `end`.
    pub fn new(start: impl Into<Bytes>, end: impl Into<Bytes>) -> KeyRange {
        KeyRange { start: start.into(), end: end.into() }
    }

    /// Every key.
    pub fn all() -> KeyRange {
        KeyRange { start: Bytes::new(), end: Bytes::new() }
    }

    /// Every key that begins with `prefix`.
    pub fn prefix(prefix: &[u8]) -> KeyRange {
        KeyRange { start: Bytes::copy_from_slice(prefix), end: prefix_end(prefix) }
    }

    /// Only `key` itself.
    pub fn point(key: &[u8]) -> KeyRange {
        KeyRange { start: Bytes::copy_from_slice(key), end: key_after(key) }
    }

    /// Every key from `start` on, up to the last one that begins with `prefix`.
    pub fn from_within_prefix(start: &[u8], prefix: &[u8]) -> KeyRange {
        KeyRange { start: Bytes::copy_from_slice(start), end: prefix_end(prefix) }
    }

    /// The id of the index (the first four bytes of a key) that every key of the range is of; none if there may be several.
    pub fn index_id(&self) -> Option<u32> {
        let id = self.start.first_chunk::<4>()?;
        // The common case first, which makes no end of the prefix.
        let is_within = self.end.first_chunk::<4>() == Some(id) || self.end == prefix_end(id);
        is_within.then(|| u32::from_be_bytes(*id))
    }

    /// True when no key can be in the range.
    pub fn is_empty(&self) -> bool {
        !self.end.is_empty() && self.start >= self.end
    }

    /// True when `key` is in the range.
    pub fn contains(&self, key: &[u8]) -> bool {
        key >= &self.start[..] && (self.end.is_empty() || key < &self.end[..])
    }
}

/// The smallest key that is larger than every key beginning with `prefix`; empty if there is none.
pub fn prefix_end(prefix: &[u8]) -> Bytes {
    match prefix.iter().rposition(|&byte| byte != 0xff) {
        Some(last) => {
            let mut end = BytesMut::from(&prefix[..=last]);
            end[last] += 1;
            end.freeze()
        }
        None => Bytes::new(),
    }
}

/// The smallest key larger than `key`.
pub fn key_after(key: &[u8]) -> Bytes {
    let mut after = BytesMut::with_capacity(key.len() + 1);
    after.extend_from_slice(key);
    after.extend_from_slice(&[0]);
    after.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefix_ends_after_the_last_key_of_the_prefix() {
        assert_eq!(&prefix_end(&[1, 2])[..], &[1, 3]);
        assert_eq!(&prefix_end(&[1, 0xff, 0xff])[..], &[2]);
        assert!(prefix_end(&[0xff, 0xff]).is_empty());
        assert!(KeyRange::prefix(&[0xff]).contains(&[0xff, 0xff, 0xff]));
        assert!(!KeyRange::prefix(&[1]).contains(&[2]));
    }

    #[test]
    fn a_point_holds_one_key() {
        let range = KeyRange::point(b"abcd");
        assert!(range.contains(b"abcd"));
        assert!(!range.contains(b"abcd\0"));
        assert!(!range.contains(b"abcc\xff"));
        assert!(!range.is_empty());
        assert!(KeyRange::new(&b"b"[..], &b"b"[..]).is_empty());
    }
}
