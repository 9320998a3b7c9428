//! [`Slice`]: bytes that come from memory or from the engine, handed on without a copy.
//!
//! A key or value read by a transaction is either a piece of a log entry (`bytes::Bytes`) or a piece of a page
//! of the engine (`sled::IVec`, `lsm_tree::Slice`) or of the cache before it. All are reference counted; this type hides which one it is, so that
//! nothing above the engine names the engine's types.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use bytes::Bytes;

/// Reference-counted bytes. Cloning copies no data (what is short is kept inline: up to 22 bytes from sled, 20 from fjall).
///
/// Compares, orders and hashes as the bytes do, wherever they come from.
#[derive(Clone)]
pub struct Slice(Inner);

#[derive(Clone)]
enum Inner {
    Memory(Bytes),
    Sled(sled::IVec),
    /// From byte `.1` on.
    Fjall(lsm_tree::Slice, u32),
    /// A piece of a leaf of the cache, which is not to be kept for the sake of a row.
    Leaf(Bytes),
}

impl Slice {
    /// The empty slice.
    pub fn empty() -> Slice {
        Slice(Inner::Memory(Bytes::new()))
    }

    /// Wraps a buffer of sled.
    pub(super) fn from_sled(bytes: sled::IVec) -> Slice {
        Slice(Inner::Sled(bytes))
    }

    /// Wraps a buffer of fjall's, without its first `skipped` bytes, which it has.
    pub(super) fn from_fjall(bytes: lsm_tree::Slice, skipped: u32) -> Slice {
        assert!(bytes.len() >= skipped as usize);
        Slice(Inner::Fjall(bytes, skipped))
    }

    /// Wraps a piece of a leaf.
    pub(super) fn from_leaf(bytes: Bytes) -> Slice {
        Slice(Inner::Leaf(bytes))
    }

    /// The bytes as `Bytes`: free when they came from memory, one copy when they came from the engine.
    pub fn into_bytes(self) -> Bytes {
        match self.0 {
            Inner::Memory(bytes) => bytes,
            Inner::Sled(bytes) => Bytes::copy_from_slice(&bytes),
            Inner::Leaf(bytes) => Bytes::copy_from_slice(&bytes),
            Inner::Fjall(bytes, skipped) => Bytes::copy_from_slice(&bytes[skipped as usize..]),
        }
    }
}

impl Deref for Slice {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match &self.0 {
            Inner::Memory(bytes) | Inner::Leaf(bytes) => bytes,
            Inner::Sled(bytes) => bytes,
            Inner::Fjall(bytes, skipped) => &bytes[*skipped as usize..],
        }
    }
}

impl AsRef<[u8]> for Slice {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl From<Bytes> for Slice {
    fn from(bytes: Bytes) -> Slice {
        Slice(Inner::Memory(bytes))
    }
}

impl From<Vec<u8>> for Slice {
    fn from(bytes: Vec<u8>) -> Slice {
        Slice(Inner::Memory(bytes.into()))
    }
}

impl From<&[u8]> for Slice {
    fn from(bytes: &[u8]) -> Slice {
        Slice(Inner::Memory(Bytes::copy_from_slice(bytes)))
    }
}

impl PartialEq for Slice {
    fn eq(&self, other: &Slice) -> bool {
        **self == **other
    }
}

impl Eq for Slice {}

impl PartialOrd for Slice {
    fn partial_cmp(&self, other: &Slice) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Slice {
    fn cmp(&self, other: &Slice) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl Hash for Slice {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl fmt::Debug for Slice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_kinds_compare_as_bytes() {
        let memory = Slice::from(Bytes::from_static(b"abc"));
        let sled = Slice::from_sled(sled::IVec::from(&b"abc"[..]));
        let fjall = Slice::from_fjall(lsm_tree::Slice::from(&b"12abc"[..]), 2);
        assert_eq!(memory, sled);
        assert_eq!(memory, fjall);
        assert_eq!(fjall.into_bytes(), Bytes::from_static(b"abc"));
        assert!(Slice::from(&b"abb"[..]) < sled);
        assert!(Slice::from(b"abd".to_vec()) > sled);
        assert_eq!(sled.into_bytes(), Bytes::from_static(b"abc"));
    }
}
