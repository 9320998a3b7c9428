//! Character sets: which characters each has, and its bytes for them.
//!
//! Text is held as UTF-8 whatever its character set ([`crate::types::Value::Text`]); the set says which characters may be in
//! it, and what its bytes are where bytes are seen: on the wire, for `HEX()`, `LENGTH()`, casts to `BINARY`. Of a character that
//! a set has not, the bytes are those of `?`, as in MySQL. The sets of one byte a character are recorded tables
//! (module `eight_bit`). Left out, refused with 1235: the sets of Asian languages (`gbk`, `sjis`, …), and three in which two
//! bytes stand for one character or ASCII does not stand for itself (`armscii8`, `tis620`, `swe7`), since going through UTF-8
//! would lose which it was.

use std::borrow::Cow;

use crate::collation::{Collation, eight_bit};

macro_rules! character_sets {
    ($($variant:ident $name:literal $description:literal $default:ident $binary:ident $least:literal..$most:literal $table:expr;)*) => {
        /// A character set.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum CharacterSet {
            $(#[doc = concat!("`", $name, "`: ", $description)] $variant,)*
        }

        /// In the order of the variants.
        static SETS: &[Facts] = &[$(Facts {
            set: CharacterSet::$variant,
            name: $name,
            description: $description,
            default_collation: Collation::$default,
            binary_collation: Collation::$binary,
            bytes_min: $least,
            bytes_max: $most,
            table: $table,
        }),*];
    };
}

/// What is known of a character set.
struct Facts {
    set: CharacterSet,
    name: &'static str,
    description: &'static str,
    default_collation: Collation,
    binary_collation: Collation,
    bytes_min: u8,
    bytes_max: u8,
    /// Its table, of those of one byte a character.
    table: Option<usize>,
}

character_sets! {
    Utf8mb4 "utf8mb4" "UTF-8 Unicode" Utf8mb4_0900AiCi Utf8mb4Bin 1..4 None;
    Utf8mb3 "utf8mb3" "UTF-8 Unicode" Utf8mb3GeneralCi Utf8mb3Bin 1..3 None;
    Binary "binary" "Binary pseudo charset" Binary Binary 1..1 None;
    Ascii "ascii" "US ASCII" AsciiGeneralCi AsciiBin 1..1 None;
    Ucs2 "ucs2" "UCS-2 Unicode" Ucs2GeneralCi Ucs2Bin 2..2 None;
    Utf16 "utf16" "UTF-16 Unicode" Utf16GeneralCi Utf16Bin 2..4 None;
    Utf16le "utf16le" "UTF-16LE Unicode" Utf16leGeneralCi Utf16leBin 2..4 None;
    Utf32 "utf32" "UTF-32 Unicode" Utf32GeneralCi Utf32Bin 4..4 None;
    Cp1250 "cp1250" "Windows Central European" Cp1250GeneralCi Cp1250Bin 1..1 Some(0);
    Cp1251 "cp1251" "Windows Cyrillic" Cp1251GeneralCi Cp1251Bin 1..1 Some(1);
    Cp1256 "cp1256" "Windows Arabic" Cp1256GeneralCi Cp1256Bin 1..1 Some(2);
    Cp1257 "cp1257" "Windows Baltic" Cp1257GeneralCi Cp1257Bin 1..1 Some(3);
    Cp850 "cp850" "DOS West European" Cp850GeneralCi Cp850Bin 1..1 Some(4);
    Cp852 "cp852" "DOS Central European" Cp852GeneralCi Cp852Bin 1..1 Some(5);
    Cp866 "cp866" "DOS Russian" Cp866GeneralCi Cp866Bin 1..1 Some(6);
    Dec8 "dec8" "DEC West European" Dec8SwedishCi Dec8Bin 1..1 Some(7);
    Geostd8 "geostd8" "GEOSTD8 Georgian" Geostd8GeneralCi Geostd8Bin 1..1 Some(8);
    Greek "greek" "ISO 8859-7 Greek" GreekGeneralCi GreekBin 1..1 Some(9);
    Hebrew "hebrew" "ISO 8859-8 Hebrew" HebrewGeneralCi HebrewBin 1..1 Some(10);
    Hp8 "hp8" "HP West European" Hp8EnglishCi Hp8Bin 1..1 Some(11);
    Keybcs2 "keybcs2" "DOS Kamenicky Czech-Slovak" Keybcs2GeneralCi Keybcs2Bin 1..1 Some(12);
    Koi8r "koi8r" "KOI8-R Relcom Russian" Koi8rGeneralCi Koi8rBin 1..1 Some(13);
    Koi8u "koi8u" "KOI8-U Ukrainian" Koi8uGeneralCi Koi8uBin 1..1 Some(14);
    Latin1 "latin1" "cp1252 West European" Latin1SwedishCi Latin1Bin 1..1 Some(15);
    Latin2 "latin2" "ISO 8859-2 Central European" Latin2GeneralCi Latin2Bin 1..1 Some(16);
    Latin5 "latin5" "ISO 8859-9 Turkish" Latin5TurkishCi Latin5Bin 1..1 Some(17);
    Latin7 "latin7" "ISO 8859-13 Baltic" Latin7GeneralCi Latin7Bin 1..1 Some(18);
    Macce "macce" "Mac Central European" MacceGeneralCi MacceBin 1..1 Some(19);
    Macroman "macroman" "Mac West European" MacromanGeneralCi MacromanBin 1..1 Some(20);
}

impl CharacterSet {
    fn facts(self) -> &'static Facts {
        &SETS[self as usize]
    }

    /// All of them.
    pub fn all() -> impl Iterator<Item = CharacterSet> {
        SETS.iter().map(|facts| facts.set)
    }

    /// The set of a name, in any case; `utf8` is `utf8mb3`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<CharacterSet> {
        if name.eq_ignore_ascii_case("utf8") {
            return Some(CharacterSet::Utf8mb3);
        }
        SETS.iter().find(|facts| facts.name.eq_ignore_ascii_case(name)).map(|facts| facts.set)
    }

    /// MySQL's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// MySQL's description.
    #[must_use]
    pub fn description(self) -> &'static str {
        self.facts().description
    }

    /// The collation of texts of which none was named.
    #[must_use]
    pub fn default_collation(self) -> Collation {
        self.facts().default_collation
    }

    /// The collation that tells all characters apart.
    #[must_use]
    pub fn binary_collation(self) -> Collation {
        self.facts().binary_collation
    }

    /// Bytes of the shortest character.
    #[must_use]
    pub fn bytes_min(self) -> u32 {
        u32::from(self.facts().bytes_min)
    }

    /// Bytes of the longest character.
    #[must_use]
    pub fn bytes_max(self) -> u32 {
        u32::from(self.facts().bytes_max)
    }

    /// Whether a client can speak it: ASCII is ASCII in it.
    #[must_use]
    pub fn is_for_clients(self) -> bool {
        self.bytes_min() == 1
    }

    /// Whether its characters are Unicode's, perhaps of the basic plane only.
    #[must_use]
    pub fn is_unicode(self) -> bool {
        matches!(
            self,
            CharacterSet::Utf8mb4
                | CharacterSet::Utf8mb3
                | CharacterSet::Ucs2
                | CharacterSet::Utf16
                | CharacterSet::Utf16le
                | CharacterSet::Utf32
        )
    }

    /// Whether it has the characters beyond the basic plane.
    #[must_use]
    pub fn is_full_unicode(self) -> bool {
        self.is_unicode() && !matches!(self, CharacterSet::Utf8mb3 | CharacterSet::Ucs2)
    }

    /// Whether its bytes are those that text is held in.
    #[must_use]
    pub fn is_held_as_is(self) -> bool {
        matches!(
            self,
            CharacterSet::Utf8mb4 | CharacterSet::Utf8mb3 | CharacterSet::Ascii | CharacterSet::Binary
        )
    }

    /// Whether any text can be in it.
    #[must_use]
    pub fn holds_everything(self) -> bool {
        self.is_full_unicode() || self == CharacterSet::Binary
    }

    /// Whether it has a character.
    #[must_use]
    pub fn has(self, character: char) -> bool {
        match self {
            CharacterSet::Utf8mb3 | CharacterSet::Ucs2 => u32::from(character) <= 0xffff,
            CharacterSet::Ascii => character.is_ascii(),
            _ => match self.facts().table {
                Some(table) => eight_bit::byte_of(table, character).is_some(),
                None => true,
            },
        }
    }

    /// Where the first character begins that the set has not.
    #[must_use]
    pub fn first_lost(self, text: &[u8]) -> Option<usize> {
        if self.holds_everything() || text.is_ascii() {
            return None;
        }
        let text = crate::types::text::as_str(text);
        text.char_indices().find(|(_, character)| !self.has(*character)).map(|(at, _)| at)
    }

    /// The text with `?` for each character that the set has not.
    #[must_use]
    pub fn replace_lost(self, text: &[u8]) -> Cow<'_, [u8]> {
        if self.first_lost(text).is_none() {
            return Cow::Borrowed(text);
        }
        let text = crate::types::text::as_str(text);
        let kept: String = text.chars().map(|each| if self.has(each) { each } else { '?' }).collect();
        Cow::Owned(kept.into_bytes())
    }

    /// The set's bytes for a text.
    #[must_use]
    pub fn encode(self, text: &[u8]) -> Cow<'_, [u8]> {
        if self.is_held_as_is() {
            return if self == CharacterSet::Binary { Cow::Borrowed(text) } else { self.replace_lost(text) };
        }
        if text.is_ascii() && self.bytes_min() == 1 {
            return Cow::Borrowed(text);
        }
        let mut out = Vec::with_capacity(text.len() * self.bytes_min() as usize);
        for character in crate::types::text::as_str(text).chars() {
            self.encode_character(if self.has(character) { character } else { '?' }, &mut out);
        }
        Cow::Owned(out)
    }

    fn encode_character(self, character: char, out: &mut Vec<u8>) {
        let mut units = [0; 2];
        match self {
            CharacterSet::Ucs2 | CharacterSet::Utf16 => {
                for unit in character.encode_utf16(&mut units) {
                    out.extend_from_slice(&unit.to_be_bytes());
                }
            }
            CharacterSet::Utf16le => {
                for unit in character.encode_utf16(&mut units) {
                    out.extend_from_slice(&unit.to_le_bytes());
                }
            }
            CharacterSet::Utf32 => out.extend_from_slice(&u32::from(character).to_be_bytes()),
            _ => match self.facts().table.and_then(|table| eight_bit::byte_of(table, character)) {
                Some(byte) => out.push(byte),
                None => {
                    let mut bytes = [0; 4];
                    out.extend_from_slice(character.encode_utf8(&mut bytes).as_bytes());
                }
            },
        }
    }

    /// How many bytes the set has for a text.
    #[must_use]
    pub fn byte_length(self, text: &[u8]) -> usize {
        if self.is_held_as_is() { text.len() } else { self.encode(text).len() }
    }

    /// The text that bytes of the set are.
    ///
    /// # Errors
    /// Where the first byte is that is none.
    pub fn decode(self, bytes: &[u8]) -> Result<Cow<'_, [u8]>, usize> {
        match self {
            CharacterSet::Binary => Ok(Cow::Borrowed(bytes)),
            CharacterSet::Utf8mb4 => match std::str::from_utf8(bytes) {
                Ok(_) => Ok(Cow::Borrowed(bytes)),
                Err(error) => Err(error.valid_up_to()),
            },
            CharacterSet::Utf8mb3 | CharacterSet::Ascii => {
                let valid = std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
                match self.first_lost(&bytes[..valid]) {
                    None if valid == bytes.len() => Ok(Cow::Borrowed(bytes)),
                    None => Err(valid),
                    Some(at) => Err(at),
                }
            }
            CharacterSet::Ucs2 => decode_units(bytes, u16::from_be_bytes, false),
            CharacterSet::Utf16 => decode_units(bytes, u16::from_be_bytes, true),
            CharacterSet::Utf16le => decode_units(bytes, u16::from_le_bytes, true),
            CharacterSet::Utf32 => decode_utf32(bytes),
            _ => match self.facts().table {
                Some(table) if !bytes.is_ascii() => eight_bit::decode(table, bytes).map(Cow::Owned),
                _ => Ok(Cow::Borrowed(bytes)),
            },
        }
    }

    /// [`CharacterSet::decode`] of a literal's bytes, which get zeros in front up to a whole character.
    ///
    /// # Errors
    /// As [`CharacterSet::decode`].
    pub fn decode_literal(self, bytes: &[u8]) -> Result<Cow<'_, [u8]>, usize> {
        let least = self.bytes_min() as usize;
        if bytes.len().is_multiple_of(least) {
            return self.decode(bytes);
        }
        let mut padded = vec![0; least - bytes.len() % least];
        padded.extend_from_slice(bytes);
        self.decode(&padded).map(|text| Cow::Owned(text.into_owned()))
    }

    /// The text that bytes of the set are, with U+FFFD (or `?`, where the set has no such) for what is none.
    #[must_use]
    pub fn decode_lossily(self, bytes: &[u8]) -> Cow<'_, [u8]> {
        match self.decode(bytes) {
            Ok(text) => text,
            Err(_) => {
                let mut out = Vec::with_capacity(bytes.len());
                let mut rest = bytes;
                while let Err(at) = self.decode(rest) {
                    if let Ok(valid) = self.decode(&rest[..at]) {
                        out.extend_from_slice(&valid);
                    }
                    out.push(b'?');
                    rest = &rest[(at + self.bytes_min() as usize).min(rest.len())..];
                }
                if let Ok(valid) = self.decode(rest) {
                    out.extend_from_slice(&valid);
                }
                Cow::Owned(out)
            }
        }
    }

    /// A character of the set in capitals or small letters; those of Unicode's sets as Unicode has them.
    #[must_use]
    pub(crate) fn changed_case(self, character: char, upper: bool) -> Option<char> {
        self.facts().table.map(|table| eight_bit::changed_case(table, character, upper))
    }
}

fn decode_units(bytes: &[u8], unit: fn([u8; 2]) -> u16, pairs: bool) -> Result<Cow<'static, [u8]>, usize> {
    let (units, rest) = bytes.as_chunks::<2>();
    let mut out = String::with_capacity(bytes.len());
    let mut at = 0;
    for decoded in char::decode_utf16(units.iter().map(|pair| unit(*pair))) {
        match decoded {
            Ok(character) if pairs || u32::from(character) <= 0xffff => {
                out.push(character);
                at += 2 * character.len_utf16();
            }
            Ok(_) | Err(_) => return Err(at),
        }
    }
    if rest.is_empty() { Ok(Cow::Owned(out.into_bytes())) } else { Err(at) }
}

fn decode_utf32(bytes: &[u8]) -> Result<Cow<'static, [u8]>, usize> {
    let (units, rest) = bytes.as_chunks::<4>();
    let mut out = String::with_capacity(bytes.len());
    for (place, unit) in units.iter().enumerate() {
        out.push(char::from_u32(u32::from_be_bytes(*unit)).ok_or(place * 4)?);
    }
    if rest.is_empty() { Ok(Cow::Owned(out.into_bytes())) } else { Err(units.len() * 4) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encoded(set: CharacterSet, text: &str) -> Vec<u8> {
        set.encode(text.as_bytes()).into_owned()
    }

    #[test]
    fn bytes_are_those_of_the_set() {
        assert_eq!(encoded(CharacterSet::Latin1, "aé€"), b"a\xe9\x80");
        assert_eq!(encoded(CharacterSet::Latin1, "aжb"), b"a?b");
        assert_eq!(encoded(CharacterSet::Cp1251, "жé"), b"\xe6?");
        assert_eq!(encoded(CharacterSet::Ucs2, "a😀"), b"\0a\0?");
        assert_eq!(encoded(CharacterSet::Utf16, "a😀"), b"\0a\xd8\x3d\xde\0");
        assert_eq!(encoded(CharacterSet::Utf16le, "aé"), b"a\0\xe9\0");
        assert_eq!(encoded(CharacterSet::Utf32, "é"), b"\0\0\0\xe9");
        assert_eq!(encoded(CharacterSet::Utf8mb3, "é😀"), "é?".as_bytes());
        assert_eq!(encoded(CharacterSet::Ascii, "aé"), b"a?");
        assert_eq!(CharacterSet::Latin1.first_lost("éж".as_bytes()), Some(2));
        assert_eq!(CharacterSet::from_name("UTF8"), Some(CharacterSet::Utf8mb3));
        assert_eq!(CharacterSet::from_name("gbk"), None);
    }

    #[test]
    fn bytes_that_are_no_text_are_refused_where_they_are() {
        assert_eq!(CharacterSet::Utf8mb4.decode(b"ab\xff"), Err(2));
        assert_eq!(CharacterSet::Utf8mb3.decode("a😀".as_bytes()), Err(1));
        assert_eq!(CharacterSet::Ascii.decode(b"a\x80"), Err(1));
        assert_eq!(CharacterSet::Cp1251.decode(b"a\x98"), Err(1));
        assert_eq!(CharacterSet::Utf16.decode(b"\0a\xd8\0"), Err(2));
        assert_eq!(CharacterSet::Ucs2.decode(b"\0a\xd8\x3d\xde\0"), Err(2));
        assert_eq!(CharacterSet::Utf32.decode(b"\0\0\0a\0\x11\0\0"), Err(4));
        assert_eq!(CharacterSet::Utf16.decode_literal(b"A").as_deref(), Ok(&b"A"[..]));
        assert_eq!(&*CharacterSet::Utf8mb4.decode_lossily(b"a\xffb"), b"a?b");
    }

    proptest! {
        /// What a set has comes back as it was.
        #[test]
        fn characters_go_there_and_back(text in "[a-cA-C €éßжñü\u{f0}中😀]{0,8}") {
            for set in CharacterSet::all() {
                let kept = set.replace_lost(text.as_bytes()).into_owned();
                let bytes = set.encode(text.as_bytes()).into_owned();
                let decoded = set.decode(&bytes).map(Cow::into_owned);
                prop_assert_eq!(decoded, Ok(kept), "{}", set.name());
                prop_assert_eq!(set.byte_length(&set.replace_lost(text.as_bytes())), bytes.len());
            }
        }

        /// Whatever bytes come, nothing ends in a panic, and what is made is UTF-8.
        #[test]
        fn any_bytes_are_decoded_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..16)) {
            for set in CharacterSet::all().filter(|set| *set != CharacterSet::Binary) {
                let lossy = set.decode_lossily(&bytes);
                prop_assert!(std::str::from_utf8(&lossy).is_ok(), "{}", set.name());
                if let Err(at) = set.decode(&bytes) {
                    prop_assert!(set.decode(&bytes[..at]).is_ok(), "{}", set.name());
                }
            }
        }
    }
}
