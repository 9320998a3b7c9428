//! Collations: how texts compare, and keys whose byte order is that order.
//!
//! Which there are says module `registry`. Text is valid UTF-8, whatever its character set (see [`CharacterSet`]); of bytes that
//! are not, each stray byte counts as the replacement character. No function here allocates but into `out`.
//!
//! * `utf8mb4_0900_ai_ci`: primary weights of the Unicode Collation Algorithm 9.0 (module `uca`), no padding.
//! * The other `_0900_` ones, `_unicode_ci`, `_unicode_520_ci`, the languages: module `weights`.
//! * `…_general_ci` of Unicode's sets: one weight a character (module `general`), trailing spaces do not count.
//! * `…_bin` of Unicode's sets: code points, trailing spaces do not count. `utf8mb4_0900_bin`, `binary`: bytes, no padding.
//! * Sets of one byte a character, `ascii` too: module `eight_bit`, trailing spaces do not count.
//!
//! Left out (1235): `utf8mb4_ja_0900_as_cs`, `…_ks`, `utf8mb4_zh_0900_as_cs`, `…_general_mysql500_ci`, `utf8mb3_tolower_ci`,
//! `latin1_german2_ci`, `latin2_czech_cs`, `cp1250_czech_cs`, and what [`CharacterSet`] leaves out.
//!
//! **PAD SPACE keys.** "Trailing spaces do not count" means that the shorter text is continued with spaces for ever, so a
//! text that goes on with a tab sorts *before* its own prefix. A key says so with a marker after each space: 1 when the
//! next character that is no space sorts before a space, 3 when after; and it ends with a space and marker 2. (MyRocks'
//! encoding, reduced to one character a segment.)

pub mod ascii;
mod character_set;
mod eight_bit;
mod general;
#[cfg(test)]
mod recorded;
mod registry;
mod tailored;
mod uca;
mod weights;

use std::cmp::Ordering;

pub use character_set::CharacterSet;
pub use registry::{Collation, from_name};

use registry::Rule;

/// Order of two texts.
#[must_use]
pub fn compare(collation: Collation, left: &[u8], right: &[u8]) -> Ordering {
    if collation == Collation::Utf8mb4_0900AiCi {
        return uca::compare(left, right);
    }
    match collation.rule() {
        Rule::Bytes => left.cmp(right),
        Rule::CodePoints => compare_padded(left, right),
        Rule::General => general::compare(left, right),
        Rule::Unicode { version, levels, tailoring } => {
            weights::Order::new(version, levels, tailoring).compare(left, right)
        }
        Rule::EightBit(number) => eight_bit::Order::new(collation, number).compare(left, right),
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
    if collation == Collation::Utf8mb4_0900AiCi {
        return uca::sort_key(text, out);
    }
    match collation.rule() {
        Rule::Bytes => out.extend_from_slice(text),
        Rule::CodePoints => padded_bytes(trim_spaces(text), true, out),
        Rule::General => general::sort_key(trim_spaces(text), true, out),
        Rule::Unicode { version, levels, tailoring } => {
            weights::Order::new(version, levels, tailoring).sort_key(text, out);
        }
        Rule::EightBit(number) => eight_bit::Order::new(collation, number).sort_key(text, true, out),
    }
}

/// Appends MySQL's `WEIGHT_STRING()` of a text.
pub fn weight_string(collation: Collation, text: &[u8], out: &mut Vec<u8>) {
    match collation.rule() {
        Rule::Bytes => out.extend_from_slice(text),
        Rule::CodePoints => {
            // Two bytes each where there are no more, else three.
            let basic = matches!(collation.set(), CharacterSet::Ucs2 | CharacterSet::Utf8mb3);
            let skipped = if basic { 2 } else { 1 };
            for character in crate::types::text::as_str(text).chars() {
                out.extend_from_slice(&u32::from(character).to_be_bytes()[skipped..]);
            }
        }
        Rule::General => general::weights(text, out),
        Rule::Unicode { version, levels, tailoring } => {
            weights::Order::new(version, levels, tailoring).mysql_weights(text, out);
        }
        Rule::EightBit(number) => eight_bit::Order::new(collation, number).weights(text, out),
    }
}

/// The first eight bytes of a text's [`sort_key`], with zeros behind a shorter one, as a number: where they differ, their order is
/// the order of the texts.
#[must_use]
pub fn sort_key_begin(collation: Collation, text: &[u8]) -> u64 {
    if collation == Collation::Utf8mb4_0900AiCi {
        return uca::sort_key_begin(text);
    }
    if collation.rule() == Rule::Bytes {
        return first_eight(text);
    }
    // The marker after a space depends on what follows, however far that is.
    let mut key = Vec::with_capacity(text.len() * 2 + 4);
    sort_key(collation, text, &mut key);
    first_eight(&key)
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
    match collation.rule() {
        Rule::Bytes => out.extend_from_slice(text),
        Rule::CodePoints => padded_bytes(trim_spaces(text), false, out),
        Rule::General => general::sort_key(trim_spaces(text), false, out),
        Rule::Unicode { version, levels, tailoring } => {
            weights::Order::new(version, levels, tailoring).sort_key_prefix(text, out);
        }
        Rule::EightBit(number) => eight_bit::Order::new(collation, number).sort_key(text, false, out),
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
    let code = text[1..length].iter().fold(initial, |code, byte| code << 6 | u32::from(byte & 0x3f));
    // The weights end with the last character there is.
    if code > u32::from(char::MAX) { (0xfffd, 1) } else { (code, length) }
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
        assert_eq!(from_name("latin1_swedish_ci"), Some(Collation::Latin1SwedishCi));
        assert_eq!(from_name("latin1_german2_ci"), None);
        for collation in Collation::all() {
            assert_eq!(from_name(collation.name()), Some(collation));
        }
    }

    /// Four bytes that would be a character behind the last one.
    #[test]
    fn what_is_behind_the_last_character_is_stray_bytes() {
        for collation in Collation::all() {
            assert_ne!(
                compare(collation, &[244, 154, 128, 128], b""),
                Ordering::Equal,
                "{}",
                collation.name()
            );
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
