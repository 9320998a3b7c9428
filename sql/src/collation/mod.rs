//! Collations: how texts compare, and keys whose byte order is that order.
//!
//! Five are built ([`Collation`]'s variants); names of utf8mb3 stand for the same ones. Text is valid UTF-8; of bytes that
//! are not, each stray byte counts as the replacement character. No function here allocates but into `out`.
//!
//! * `utf8mb4_0900_ai_ci`: primary weights of the Unicode Collation Algorithm 9.0 (module `uca`), no padding.
//! * `utf8mb4_general_ci`: one weight a character (module `general`), trailing spaces do not count.
//! * `utf8mb4_bin`: code points, trailing spaces do not count. `utf8mb4_0900_bin`, `binary`: bytes, no padding.
//!
//! **PAD SPACE keys.** "Trailing spaces do not count" means that the shorter text is continued with spaces for ever, so a
//! text that goes on with a tab sorts *before* its own prefix. A key says so with a marker after each space: 1 when the
//! next character that is no space sorts before a space, 3 when after; and it ends with a space and marker 2. (MyRocks'
//! encoding, reduced to one character a segment.)

mod general;
mod uca;

use std::cmp::Ordering;

use crate::types::Collation;

/// A collation's name, character set and MySQL id.
struct Entry {
    collation: Collation,
    name: &'static str,
    character_set: &'static str,
    id: u16,
}

const ENTRIES: [Entry; 5] = [
    Entry {
        collation: Collation::Utf8mb4_0900AiCi,
        name: "utf8mb4_0900_ai_ci",
        character_set: "utf8mb4",
        id: 255,
    },
    Entry {
        collation: Collation::Utf8mb4GeneralCi,
        name: "utf8mb4_general_ci",
        character_set: "utf8mb4",
        id: 45,
    },
    Entry { collation: Collation::Utf8mb4Bin, name: "utf8mb4_bin", character_set: "utf8mb4", id: 46 },
    Entry {
        collation: Collation::Utf8mb4_0900Bin,
        name: "utf8mb4_0900_bin",
        character_set: "utf8mb4",
        id: 309,
    },
    Entry { collation: Collation::Binary, name: "binary", character_set: "binary", id: 63 },
];

/// Names that stand for one of the five.
const ALIASES: [(&str, Collation); 6] = [
    ("utf8mb3_general_ci", Collation::Utf8mb4GeneralCi),
    ("utf8_general_ci", Collation::Utf8mb4GeneralCi),
    ("utf8mb3_bin", Collation::Utf8mb4Bin),
    ("utf8_bin", Collation::Utf8mb4Bin),
    ("ascii_general_ci", Collation::Utf8mb4GeneralCi),
    ("ascii_bin", Collation::Utf8mb4Bin),
];

impl Collation {
    fn entry(self) -> &'static Entry {
        match self {
            Collation::Utf8mb4_0900AiCi => &ENTRIES[0],
            Collation::Utf8mb4GeneralCi => &ENTRIES[1],
            Collation::Utf8mb4Bin => &ENTRIES[2],
            Collation::Utf8mb4_0900Bin => &ENTRIES[3],
            Collation::Binary => &ENTRIES[4],
        }
    }

    /// MySQL's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.entry().name
    }

    /// MySQL's id, as the protocol carries it.
    #[must_use]
    pub fn id(self) -> u16 {
        self.entry().id
    }

    /// Its character set's name.
    #[must_use]
    pub fn character_set(self) -> &'static str {
        self.entry().character_set
    }

    /// Trailing spaces do not count in comparisons.
    #[must_use]
    pub fn pads_space(self) -> bool {
        matches!(self, Collation::Utf8mb4GeneralCi | Collation::Utf8mb4Bin)
    }

    /// Whether equal texts are equal bytes (but for trailing spaces where it pads).
    #[must_use]
    pub fn is_binary(self) -> bool {
        matches!(self, Collation::Utf8mb4Bin | Collation::Utf8mb4_0900Bin | Collation::Binary)
    }

    /// All collations.
    pub fn all() -> impl Iterator<Item = Collation> {
        ENTRIES.iter().map(|entry| entry.collation)
    }
}

/// The collation of a name, in any case.
#[must_use]
pub fn from_name(name: &str) -> Option<Collation> {
    let known = ENTRIES.iter().map(|entry| (entry.name, entry.collation)).chain(ALIASES);
    known.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, collation)| collation)
}

/// The default collation of a character set, in any case.
#[must_use]
pub fn of_character_set(name: &str) -> Option<Collation> {
    Some(match name.to_ascii_lowercase().as_str() {
        "utf8mb4" => Collation::Utf8mb4_0900AiCi,
        "utf8mb3" | "utf8" => Collation::Utf8mb4GeneralCi,
        "binary" => Collation::Binary,
        _ => return None,
    })
}

/// Order of two texts.
#[must_use]
pub fn compare(collation: Collation, left: &[u8], right: &[u8]) -> Ordering {
    match collation {
        Collation::Utf8mb4_0900AiCi => uca::compare(left, right),
        Collation::Utf8mb4GeneralCi => general::compare(left, right),
        Collation::Utf8mb4Bin => compare_padded(left, right),
        Collation::Utf8mb4_0900Bin | Collation::Binary => left.cmp(right),
    }
}

/// Whether two texts are equal.
#[must_use]
pub fn equal(collation: Collation, left: &[u8], right: &[u8]) -> bool {
    left == right || compare(collation, left, right).is_eq()
}

/// Byte order, the shorter one continued with spaces. (UTF-8's byte order is code point order.)
fn compare_padded(left: &[u8], right: &[u8]) -> Ordering {
    let common = left.len().min(right.len());
    left[..common].cmp(&right[..common]).then_with(|| {
        let padding = |rest: &[u8]| {
            rest.iter().find(|byte| **byte != b' ').map_or(Ordering::Equal, |byte| byte.cmp(&b' '))
        };
        if left.len() > common { padding(&left[common..]) } else { padding(&right[common..]).reverse() }
    })
}

/// Appends a key of the text: keys compare by bytes as the texts compare by the collation. A key is not a prefix-free
/// code; whoever puts something behind it terminates it.
pub fn sort_key(collation: Collation, text: &[u8], out: &mut Vec<u8>) {
    match collation {
        Collation::Utf8mb4_0900AiCi => uca::sort_key(text, out),
        Collation::Utf8mb4GeneralCi => general::sort_key(trim_spaces(text), true, out),
        Collation::Utf8mb4Bin => padded_bytes(trim_spaces(text), true, out),
        Collation::Utf8mb4_0900Bin | Collation::Binary => out.extend_from_slice(text),
    }
}

/// The first eight bytes of a text's [`sort_key`], with zeros behind a shorter one, as a number: where they differ, their order is
/// the order of the texts.
#[must_use]
pub fn sort_key_begin(collation: Collation, text: &[u8]) -> u64 {
    match collation {
        Collation::Utf8mb4_0900AiCi => uca::sort_key_begin(text),
        Collation::Utf8mb4_0900Bin | Collation::Binary => first_eight(text),
        Collation::Utf8mb4GeneralCi | Collation::Utf8mb4Bin => {
            // The marker after a space depends on what follows, however far that is.
            let mut key = Vec::with_capacity(text.len() * 2 + 4);
            sort_key(collation, text, &mut key);
            first_eight(&key)
        }
    }
}

fn first_eight(bytes: &[u8]) -> u64 {
    let mut first = [0; 8];
    let length = bytes.len().min(8);
    first[..length].copy_from_slice(&bytes[..length]);
    u64::from_be_bytes(first)
}

/// Appends what the keys of all texts that begin with `text` begin with (perhaps of more texts than those): the low end
/// of a range for `LIKE 'text%'`.
pub fn sort_key_prefix(collation: Collation, text: &[u8], out: &mut Vec<u8>) {
    match collation {
        Collation::Utf8mb4GeneralCi => general::sort_key(trim_spaces(text), false, out),
        Collation::Utf8mb4Bin => padded_bytes(trim_spaces(text), false, out),
        Collation::Utf8mb4_0900AiCi | Collation::Utf8mb4_0900Bin | Collation::Binary => {
            sort_key(collation, text, out);
        }
    }
}

fn trim_spaces(text: &[u8]) -> &[u8] {
    let kept = text.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
    &text[..kept]
}

/// The marker after a space in a PAD SPACE key: how the next character that is no space sorts against a space.
fn space_marker(following: Ordering) -> u8 {
    match following {
        Ordering::Less => 1,
        Ordering::Equal => 2,
        Ordering::Greater => 3,
    }
}

fn padded_bytes(text: &[u8], end: bool, out: &mut Vec<u8>) {
    for (at, byte) in text.iter().enumerate() {
        out.push(*byte);
        if *byte == b' ' {
            let next = text[at..].iter().find(|byte| **byte != b' ').unwrap_or(&b' ');
            out.push(space_marker(next.cmp(&b' ')));
        }
    }
    if end {
        out.extend_from_slice(&[b' ', space_marker(Ordering::Equal)]);
    }
}

/// The first character of non-empty text and its length in bytes; a stray byte is the replacement character.
fn first_character(text: &[u8]) -> (u32, usize) {
    let lead = text[0];
    let (length, initial) = match lead {
        0x00..=0x7f => return (u32::from(lead), 1),
        0xc2..=0xdf => (2, u32::from(lead & 0x1f)),
        0xe0..=0xef => (3, u32::from(lead & 0x0f)),
        0xf0..=0xf4 => (4, u32::from(lead & 0x07)),
        _ => return (0xfffd, 1),
    };
    if text.len() < length || text[1..length].iter().any(|byte| byte & 0xc0 != 0x80) {
        return (0xfffd, 1);
    }
    (text[1..length].iter().fold(initial, |code, byte| code << 6 | u32::from(byte & 0x3f)), length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(collation: Collation, text: &str) -> Vec<u8> {
        let mut out = Vec::new();
        sort_key(collation, text.as_bytes(), &mut out);
        out
    }

    #[test]
    fn collation_names() {
        assert_eq!(from_name("UTF8MB4_general_ci"), Some(Collation::Utf8mb4GeneralCi));
        assert_eq!(from_name("latin1_swedish_ci"), None);
        for collation in Collation::all() {
            assert_eq!(from_name(collation.name()), Some(collation));
        }
    }

    #[test]
    fn collation_equalities() {
        let equals = |collation, left: &str, right: &str| equal(collation, left.as_bytes(), right.as_bytes());
        assert!(equals(Collation::Utf8mb4_0900AiCi, "Résumé", "resume"));
        assert!(equals(Collation::Utf8mb4_0900AiCi, "straße", "STRASSE"));
        assert!(!equals(Collation::Utf8mb4_0900AiCi, "a ", "a"));
        assert!(equals(Collation::Utf8mb4GeneralCi, "A  ", "á"));
        assert!(!equals(Collation::Utf8mb4GeneralCi, "ss", "ß"));
        assert!(equals(Collation::Utf8mb4Bin, "a ", "a"));
        assert!(!equals(Collation::Utf8mb4Bin, "A", "a"));
        assert_eq!(compare(Collation::Utf8mb4Bin, b"a\t", b"a"), Ordering::Less);
    }

    /// What MySQL's WEIGHT_STRING says, recorded from MySQL 9.7.
    #[test]
    fn collation_weights_are_mysqls() {
        let mut lines = 0;
        for line in include_str!("tables/weights_recorded.txt").lines().filter(|line| !line.starts_with('#'))
        {
            let fields: Vec<&str> = line.split(' ').collect();
            let code = u32::from_str_radix(fields[0], 16).unwrap();
            let text = char::from_u32(code).unwrap().to_string();
            let hex: String =
                key(Collation::Utf8mb4_0900AiCi, &text).iter().map(|byte| format!("{byte:02X}")).collect();
            assert_eq!(if hex.is_empty() { "-" } else { &hex }, fields[1], "U+{code:X}");
            if text != " " {
                let general = key(Collation::Utf8mb4GeneralCi, &text);
                assert_eq!(format!("{:02X}{:02X}", general[0], general[1]), fields[2], "U+{code:X}");
            }
            lines += 1;
        }
        assert!(lines > 300);
    }

    proptest! {
        /// The order of keys is the order of texts, in every collation.
        #[test]
        fn collation_keys_order_as_texts(left in "[a-cA-Cé \t\u{0}ß中가\u{301}😀]{0,6}", right in "[a-cA-Cé \t\u{0}ß中가\u{301}😀]{0,6}") {
            for collation in Collation::all() {
                let by_text = compare(collation, left.as_bytes(), right.as_bytes());
                prop_assert_eq!(key(collation, &left).cmp(&key(collation, &right)), by_text, "{}", collation.name());
                prop_assert_eq!(by_text.reverse(), compare(collation, right.as_bytes(), left.as_bytes()));
                prop_assert_eq!(sort_key_begin(collation, left.as_bytes()), first_eight(&key(collation, &left)));
                let mut prefix = Vec::new();
                sort_key_prefix(collation, left.as_bytes(), &mut prefix);
                prop_assert!(key(collation, &format!("{left}{right}")).starts_with(&prefix), "{}", collation.name());
            }
        }

        /// Bytes that are no UTF-8 do no harm.
        #[test]
        fn collation_takes_any_bytes(left in proptest::collection::vec(any::<u8>(), 0..12), right in proptest::collection::vec(any::<u8>(), 0..12)) {
            for collation in Collation::all() {
                prop_assert_eq!(compare(collation, &left, &right).reverse(), compare(collation, &right, &left));
            }
        }
    }
}
