//! Integers and strings as MySQL spells them: little endian, length-encoded, NUL-terminated.
//!
//! [`Input`] reads from received bytes and never panics: each read is checked and returns `None` past the end.
//! [`put_lenenc_int`] and [`put_lenenc_bytes`] append to a buffer.

/// First byte of a 2-byte length-encoded integer.
const LENENC_2_BYTES: u8 = 0xfc;
/// First byte of a 3-byte length-encoded integer.
const LENENC_3_BYTES: u8 = 0xfd;
/// First byte of an 8-byte length-encoded integer.
const LENENC_8_BYTES: u8 = 0xfe;
/// The byte that stands for NULL in a text row.
pub const NULL_MARKER: u8 = 0xfb;

/// A cursor over received bytes.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    /// Reads from the start of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Input { rest: bytes }
    }

    /// The bytes not read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether all bytes were read.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next byte, left in place.
    pub fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The next `count` bytes.
    pub fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.rest.split_at_checked(count)?;
        self.rest = tail;
        Some(head)
    }

    /// The next `N` bytes as an array.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, tail) = self.rest.split_first_chunk::<N>()?;
        self.rest = tail;
        Some(*head)
    }

    /// One byte.
    pub fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// Two bytes.
    pub fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    /// Three bytes.
    pub fn u24(&mut self) -> Option<u32> {
        self.array::<3>().map(|[a, b, c]| u32::from_le_bytes([a, b, c, 0]))
    }

    /// Four bytes.
    pub fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// Eight bytes.
    pub fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// A length-encoded integer. The NULL marker (0xfb) and the ERR marker (0xff) are not integers.
    pub fn lenenc_int(&mut self) -> Option<u64> {
        let mut ahead = *self;
        let value = match ahead.u8()? {
            small @ 0..=0xfa => u64::from(small),
            LENENC_2_BYTES => u64::from(ahead.u16()?),
            LENENC_3_BYTES => u64::from(ahead.u24()?),
            LENENC_8_BYTES => ahead.u64()?,
            _ => return None,
        };
        *self = ahead;
        Some(value)
    }

    /// A string that starts with its length-encoded length.
    pub fn lenenc_bytes(&mut self) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let length = usize::try_from(ahead.lenenc_int()?).ok()?;
        let bytes = ahead.bytes(length)?;
        *self = ahead;
        Some(bytes)
    }

    /// A string that ends with a NUL, which is read and not returned.
    pub fn nul_terminated(&mut self) -> Option<&'a [u8]> {
        let end = self.rest.iter().position(|byte| *byte == 0)?;
        let bytes = &self.rest[..end];
        self.rest = &self.rest[end + 1..];
        Some(bytes)
    }

    /// A string that ends with a NUL or with the packet: some clients leave the last NUL out.
    pub fn nul_terminated_or_rest(&mut self) -> &'a [u8] {
        self.nul_terminated().unwrap_or_else(|| self.take_rest())
    }

    /// All remaining bytes.
    pub fn take_rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }
}

/// Appends a length-encoded integer.
#[inline]
pub fn put_lenenc_int(out: &mut Vec<u8>, value: u64) {
    let bytes = value.to_le_bytes();
    match value {
        0..=0xfa => out.push(bytes[0]),
        0xfb..=0xffff => out.extend_from_slice(&[LENENC_2_BYTES, bytes[0], bytes[1]]),
        0x1_0000..=0xff_ffff => out.extend_from_slice(&[LENENC_3_BYTES, bytes[0], bytes[1], bytes[2]]),
        _ => {
            out.push(LENENC_8_BYTES);
            out.extend_from_slice(&bytes);
        }
    }
}

/// Appends a string after its length-encoded length.
#[inline]
pub fn put_lenenc_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_lenenc_int(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lenenc_golden() {
        let cases: [(u64, &[u8]); 9] = [
            (0, &[0]),
            (250, &[0xfa]),
            (251, &[0xfc, 0xfb, 0]),
            (65_535, &[0xfc, 0xff, 0xff]),
            (65_536, &[0xfd, 0, 0, 1]),
            (0xff_ffff, &[0xfd, 0xff, 0xff, 0xff]),
            (0x100_0000, &[0xfe, 0, 0, 0, 1, 0, 0, 0, 0]),
            (u64::from(u32::MAX), &[0xfe, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]),
            (u64::MAX, &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        ];
        for (value, expected) in cases {
            let mut out = Vec::new();
            put_lenenc_int(&mut out, value);
            assert_eq!(out, expected, "{value}");
            let mut input = Input::new(&out);
            assert_eq!(input.lenenc_int(), Some(value));
            assert!(input.is_empty());
        }
    }

    #[test]
    fn a_failed_read_takes_nothing() {
        for bytes in [&[0xfcu8, 1][..], &[0xfe, 1, 2, 3, 4, 5, 6, 7], &[0xfb], &[0xff], &[]] {
            let mut input = Input::new(bytes);
            assert_eq!(input.lenenc_int(), None);
            assert_eq!(input.rest(), bytes);
        }
        let mut input = Input::new(&[5, b'a', b'b']);
        assert_eq!(input.lenenc_bytes(), None);
        assert_eq!(input.rest().len(), 3);
        assert_eq!(input.nul_terminated(), None);
        assert_eq!(input.u64(), None);
        assert_eq!(input.u24(), Some(0x62_61_05));
    }

    proptest! {
        #[test]
        fn lenenc_round_trip(value: u64, text in proptest::collection::vec(any::<u8>(), 0..600)) {
            let mut out = Vec::new();
            put_lenenc_int(&mut out, value);
            put_lenenc_bytes(&mut out, &text);
            let mut input = Input::new(&out);
            prop_assert_eq!(input.lenenc_int(), Some(value));
            prop_assert_eq!(input.lenenc_bytes(), Some(&text[..]));
            prop_assert!(input.is_empty());
        }
    }
}
