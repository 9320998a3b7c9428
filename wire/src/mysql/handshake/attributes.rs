//! Connection attributes: what drivers say about themselves.
//!
//! Invariant: the pairs are bounded and were checked once, so iterating them cannot fail.

use super::bad;
use crate::mysql::primitive::{self, Input};
use crate::{Result, limits};

/// Connection attributes: pairs of names and values that drivers send about themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConnectAttributes<'a> {
    /// The encoded pairs, checked.
    pairs: &'a [u8],
}

impl<'a> ConnectAttributes<'a> {
    pub(super) fn parse(input: &mut Input<'a>) -> Result<ConnectAttributes<'a>> {
        if input.is_empty() {
            return Ok(ConnectAttributes::default());
        }
        let pairs = input.lenenc_bytes().ok_or(bad("connection attributes"))?;
        ConnectAttributes::from_encoded(pairs)
    }

    /// The encoded pairs.
    pub fn as_encoded(&self) -> &'a [u8] {
        self.pairs
    }

    /// Checks encoded pairs: length-encoded names and values in turn, as [`put_attribute`] makes them.
    pub fn from_encoded(pairs: &'a [u8]) -> Result<ConnectAttributes<'a>> {
        if pairs.len() > limits::CONNECT_ATTRIBUTES_BYTES_MAX {
            return Err(bad("connection attributes are too long"));
        }
        let mut input = Input::new(pairs);
        let mut count = 0;
        while !input.is_empty() {
            input.lenenc_bytes().and_then(|_| input.lenenc_bytes()).ok_or(bad("connection attribute"))?;
            count += 1;
            if count > limits::CONNECT_ATTRIBUTES_COUNT_MAX {
                return Err(bad("too many connection attributes"));
            }
        }
        Ok(ConnectAttributes { pairs })
    }

    /// The names and values, in the order they were sent.
    pub fn iter(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        let mut input = Input::new(self.pairs);
        std::iter::from_fn(move || Some((input.lenenc_bytes()?, input.lenenc_bytes()?)))
    }

    /// The value of the first attribute of this name.
    pub fn get(&self, name: &[u8]) -> Option<&'a [u8]> {
        self.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }
}

/// Appends an attribute to the encoded pairs a client sends.
pub fn put_attribute(pairs: &mut Vec<u8>, name: &str, value: &str) {
    primitive::put_lenenc_bytes(pairs, name.as_bytes());
    primitive::put_lenenc_bytes(pairs, value.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_bounded() {
        let mut pairs = Vec::new();
        put_attribute(&mut pairs, "_client_name", "quorate");
        put_attribute(&mut pairs, "_pid", "7");
        let attributes = ConnectAttributes::from_encoded(&pairs).unwrap();
        assert_eq!(attributes.get(b"_pid"), Some(&b"7"[..]));
        assert_eq!(attributes.iter().count(), 2);
        assert!(ConnectAttributes::from_encoded(&pairs[..pairs.len() - 1]).is_err());
        let many = [0u8, 0].repeat(limits::CONNECT_ATTRIBUTES_COUNT_MAX + 1);
        assert!(ConnectAttributes::from_encoded(&many).is_err());
    }
}
