//! The collations that are built: names, MySQL's ids, character sets, rules of comparison.
//!
//! One line a collation: variant, id, name, character set, MySQL's `SORTLEN`, rule. The numbers in the rules count the
//! recorded tables (`tailored.rs`, `eight_bit.rs`). A name of MySQL that is not here is refused with 1235.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::collation::CharacterSet;

/// How a collation's weights are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Bytes, no padding.
    Bytes,
    /// Code points, padded with spaces.
    CodePoints,
    /// One 16-bit weight a character (module `general`), padded with spaces.
    General,
    /// Weights of the Unicode Collation Algorithm (module `weights`).
    Unicode {
        /// Of which version; those before 9.0 are padded with spaces.
        version: Version,
        /// 1: letters, 2: and accents, 3: and case.
        levels: u8,
        /// The language's table, if it has one.
        tailoring: Option<u8>,
    },
    /// One byte of a recorded table a character (module `eight_bit`), padded with spaces.
    EightBit(u8),
}

/// Versions of the Unicode Collation Algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// 4.0.0: `_unicode_ci` and the languages built on it.
    V4,
    /// 5.2.0: `_unicode_520_ci`.
    V5,
    /// 9.0.0: `_0900_…`.
    V9,
}

use Rule::{Bytes, CodePoints, EightBit, General};
use Version::{V4, V5, V9};

const fn uca9(levels: u8) -> Rule {
    Rule::Unicode { version: V9, levels, tailoring: None }
}

const fn tailored9(levels: u8, tailoring: u8) -> Rule {
    Rule::Unicode { version: V9, levels, tailoring: Some(tailoring) }
}

const fn legacy(version: Version) -> Rule {
    Rule::Unicode { version, levels: 1, tailoring: None }
}

const fn tailored(version: Version, tailoring: u8) -> Rule {
    Rule::Unicode { version, levels: 1, tailoring: Some(tailoring) }
}

/// What is known of a collation.
struct Entry {
    collation: Collation,
    id: u16,
    name: &'static str,
    character_set: CharacterSet,
    sort_length: u8,
    rule: Rule,
}

macro_rules! collations {
    ($($variant:ident = $id:literal $name:literal $set:ident $sort:literal $rule:expr;)*) => {
        /// A collation: the rules by which texts of a character set compare.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Collation {
            $(#[doc = concat!("`", $name, "`")] $variant,)*
        }

        /// In the order of the variants.
        static ENTRIES: &[Entry] = &[$(Entry {
            collation: Collation::$variant,
            id: $id,
            name: $name,
            character_set: CharacterSet::$set,
            sort_length: $sort,
            rule: $rule,
        }),*];
    };
}

impl Default for Collation {
    /// MySQL 8's: accents and case do not count, no padding.
    fn default() -> Collation {
        Collation::Utf8mb4_0900AiCi
    }
}

impl Collation {
    fn entry(self) -> &'static Entry {
        &ENTRIES[self as usize]
    }

    /// MySQL's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.entry().name
    }

    /// MySQL's id, as the protocol and the catalog carry it.
    #[must_use]
    pub fn id(self) -> u16 {
        self.entry().id
    }

    /// The collation of MySQL's id.
    #[must_use]
    pub fn from_id(id: u16) -> Option<Collation> {
        ENTRIES.iter().find(|entry| entry.id == id).map(|entry| entry.collation)
    }

    /// The character set whose texts it compares.
    #[must_use]
    pub fn set(self) -> CharacterSet {
        self.entry().character_set
    }

    /// Its character set's name.
    #[must_use]
    pub fn character_set(self) -> &'static str {
        self.set().name()
    }

    /// MySQL's `SORTLEN`.
    #[must_use]
    pub fn sort_length(self) -> u8 {
        self.entry().sort_length
    }

    pub(super) fn rule(self) -> Rule {
        self.entry().rule
    }

    /// Trailing spaces do not count in comparisons.
    #[must_use]
    pub fn pads_space(self) -> bool {
        match self.rule() {
            Bytes => false,
            CodePoints | General | EightBit(_) => true,
            Rule::Unicode { version, .. } => version != V9,
        }
    }

    /// Whether equal texts are equal bytes (but for trailing spaces where it pads).
    #[must_use]
    pub fn is_binary(self) -> bool {
        self.rule() == Bytes || self.set().binary_collation() == self
    }

    /// Whether it is its character set's default.
    #[must_use]
    pub fn is_default(self) -> bool {
        self.set().default_collation() == self
    }

    /// All collations.
    pub fn all() -> impl Iterator<Item = Collation> {
        ENTRIES.iter().map(|entry| entry.collation)
    }
}

static BY_NAME: LazyLock<HashMap<&'static str, Collation>> =
    LazyLock::new(|| ENTRIES.iter().map(|entry| (entry.name, entry.collation)).collect());

/// The collation of a name, in any case; `utf8_…` is `utf8mb3_…`.
#[must_use]
pub fn from_name(name: &str) -> Option<Collation> {
    let mut lower = name.to_ascii_lowercase();
    if let Some(rest) = lower.strip_prefix("utf8_") {
        lower = format!("utf8mb3_{rest}");
    }
    BY_NAME.get(lower.as_str()).copied()
}

collations! {
    AsciiGeneralCi = 11 "ascii_general_ci" Ascii 1 EightBit(57);
    AsciiBin = 65 "ascii_bin" Ascii 1 EightBit(58);
    Binary = 63 "binary" Binary 1 Bytes;
    Cp1250GeneralCi = 26 "cp1250_general_ci" Cp1250 1 EightBit(0);
    Cp1250CroatianCi = 44 "cp1250_croatian_ci" Cp1250 1 EightBit(1);
    Cp1250Bin = 66 "cp1250_bin" Cp1250 1 EightBit(2);
    Cp1250PolishCi = 99 "cp1250_polish_ci" Cp1250 1 EightBit(3);
    Cp1251BulgarianCi = 14 "cp1251_bulgarian_ci" Cp1251 1 EightBit(4);
    Cp1251UkrainianCi = 23 "cp1251_ukrainian_ci" Cp1251 1 EightBit(5);
    Cp1251Bin = 50 "cp1251_bin" Cp1251 1 EightBit(6);
    Cp1251GeneralCi = 51 "cp1251_general_ci" Cp1251 1 EightBit(7);
    Cp1251GeneralCs = 52 "cp1251_general_cs" Cp1251 1 EightBit(8);
    Cp1256GeneralCi = 57 "cp1256_general_ci" Cp1256 1 EightBit(9);
    Cp1256Bin = 67 "cp1256_bin" Cp1256 1 EightBit(10);
    Cp1257LithuanianCi = 29 "cp1257_lithuanian_ci" Cp1257 1 EightBit(11);
    Cp1257Bin = 58 "cp1257_bin" Cp1257 1 EightBit(12);
    Cp1257GeneralCi = 59 "cp1257_general_ci" Cp1257 1 EightBit(13);
    Cp850GeneralCi = 4 "cp850_general_ci" Cp850 1 EightBit(14);
    Cp850Bin = 80 "cp850_bin" Cp850 1 EightBit(15);
    Cp852GeneralCi = 40 "cp852_general_ci" Cp852 1 EightBit(16);
    Cp852Bin = 81 "cp852_bin" Cp852 1 EightBit(17);
    Cp866GeneralCi = 36 "cp866_general_ci" Cp866 1 EightBit(18);
    Cp866Bin = 68 "cp866_bin" Cp866 1 EightBit(19);
    Dec8SwedishCi = 3 "dec8_swedish_ci" Dec8 1 EightBit(20);
    Dec8Bin = 69 "dec8_bin" Dec8 1 EightBit(21);
    Geostd8GeneralCi = 92 "geostd8_general_ci" Geostd8 1 EightBit(22);
    Geostd8Bin = 93 "geostd8_bin" Geostd8 1 EightBit(23);
    GreekGeneralCi = 25 "greek_general_ci" Greek 1 EightBit(24);
    GreekBin = 70 "greek_bin" Greek 1 EightBit(25);
    HebrewGeneralCi = 16 "hebrew_general_ci" Hebrew 1 EightBit(26);
    HebrewBin = 71 "hebrew_bin" Hebrew 1 EightBit(27);
    Hp8EnglishCi = 6 "hp8_english_ci" Hp8 1 EightBit(28);
    Hp8Bin = 72 "hp8_bin" Hp8 1 EightBit(29);
    Keybcs2GeneralCi = 37 "keybcs2_general_ci" Keybcs2 1 EightBit(30);
    Keybcs2Bin = 73 "keybcs2_bin" Keybcs2 1 EightBit(31);
    Koi8rGeneralCi = 7 "koi8r_general_ci" Koi8r 1 EightBit(32);
    Koi8rBin = 74 "koi8r_bin" Koi8r 1 EightBit(33);
    Koi8uGeneralCi = 22 "koi8u_general_ci" Koi8u 1 EightBit(34);
    Koi8uBin = 75 "koi8u_bin" Koi8u 1 EightBit(35);
    Latin1German1Ci = 5 "latin1_german1_ci" Latin1 1 EightBit(36);
    Latin1SwedishCi = 8 "latin1_swedish_ci" Latin1 1 EightBit(37);
    Latin1DanishCi = 15 "latin1_danish_ci" Latin1 1 EightBit(38);
    Latin1Bin = 47 "latin1_bin" Latin1 1 EightBit(39);
    Latin1GeneralCi = 48 "latin1_general_ci" Latin1 1 EightBit(40);
    Latin1GeneralCs = 49 "latin1_general_cs" Latin1 1 EightBit(41);
    Latin1SpanishCi = 94 "latin1_spanish_ci" Latin1 1 EightBit(42);
    Latin2GeneralCi = 9 "latin2_general_ci" Latin2 1 EightBit(43);
    Latin2HungarianCi = 21 "latin2_hungarian_ci" Latin2 1 EightBit(44);
    Latin2CroatianCi = 27 "latin2_croatian_ci" Latin2 1 EightBit(45);
    Latin2Bin = 77 "latin2_bin" Latin2 1 EightBit(46);
    Latin5TurkishCi = 30 "latin5_turkish_ci" Latin5 1 EightBit(47);
    Latin5Bin = 78 "latin5_bin" Latin5 1 EightBit(48);
    Latin7EstonianCs = 20 "latin7_estonian_cs" Latin7 1 EightBit(49);
    Latin7GeneralCi = 41 "latin7_general_ci" Latin7 1 EightBit(50);
    Latin7GeneralCs = 42 "latin7_general_cs" Latin7 1 EightBit(51);
    Latin7Bin = 79 "latin7_bin" Latin7 1 EightBit(52);
    MacceGeneralCi = 38 "macce_general_ci" Macce 1 EightBit(53);
    MacceBin = 43 "macce_bin" Macce 1 EightBit(54);
    MacromanGeneralCi = 39 "macroman_general_ci" Macroman 1 EightBit(55);
    MacromanBin = 53 "macroman_bin" Macroman 1 EightBit(56);
    Ucs2GeneralCi = 35 "ucs2_general_ci" Ucs2 1 General;
    Ucs2Bin = 90 "ucs2_bin" Ucs2 1 CodePoints;
    Ucs2UnicodeCi = 128 "ucs2_unicode_ci" Ucs2 8 legacy(V4);
    Ucs2IcelandicCi = 129 "ucs2_icelandic_ci" Ucs2 8 tailored(V4, 0);
    Ucs2LatvianCi = 130 "ucs2_latvian_ci" Ucs2 8 tailored(V4, 1);
    Ucs2RomanianCi = 131 "ucs2_romanian_ci" Ucs2 8 tailored(V4, 2);
    Ucs2SlovenianCi = 132 "ucs2_slovenian_ci" Ucs2 8 tailored(V4, 3);
    Ucs2PolishCi = 133 "ucs2_polish_ci" Ucs2 8 tailored(V4, 4);
    Ucs2EstonianCi = 134 "ucs2_estonian_ci" Ucs2 8 tailored(V4, 5);
    Ucs2SpanishCi = 135 "ucs2_spanish_ci" Ucs2 8 tailored(V4, 6);
    Ucs2SwedishCi = 136 "ucs2_swedish_ci" Ucs2 8 tailored(V4, 7);
    Ucs2TurkishCi = 137 "ucs2_turkish_ci" Ucs2 8 tailored(V4, 8);
    Ucs2CzechCi = 138 "ucs2_czech_ci" Ucs2 8 tailored(V4, 9);
    Ucs2DanishCi = 139 "ucs2_danish_ci" Ucs2 8 tailored(V4, 10);
    Ucs2LithuanianCi = 140 "ucs2_lithuanian_ci" Ucs2 8 tailored(V4, 11);
    Ucs2SlovakCi = 141 "ucs2_slovak_ci" Ucs2 8 tailored(V4, 12);
    Ucs2Spanish2Ci = 142 "ucs2_spanish2_ci" Ucs2 8 tailored(V4, 13);
    Ucs2RomanCi = 143 "ucs2_roman_ci" Ucs2 8 tailored(V4, 14);
    Ucs2PersianCi = 144 "ucs2_persian_ci" Ucs2 8 tailored(V4, 15);
    Ucs2EsperantoCi = 145 "ucs2_esperanto_ci" Ucs2 8 tailored(V4, 16);
    Ucs2HungarianCi = 146 "ucs2_hungarian_ci" Ucs2 8 tailored(V4, 17);
    Ucs2SinhalaCi = 147 "ucs2_sinhala_ci" Ucs2 8 tailored(V4, 18);
    Ucs2German2Ci = 148 "ucs2_german2_ci" Ucs2 8 tailored(V4, 19);
    Ucs2CroatianCi = 149 "ucs2_croatian_ci" Ucs2 8 tailored(V4, 20);
    Ucs2Unicode520Ci = 150 "ucs2_unicode_520_ci" Ucs2 8 legacy(V5);
    Ucs2VietnameseCi = 151 "ucs2_vietnamese_ci" Ucs2 8 tailored(V4, 21);
    Utf16GeneralCi = 54 "utf16_general_ci" Utf16 1 General;
    Utf16Bin = 55 "utf16_bin" Utf16 1 CodePoints;
    Utf16UnicodeCi = 101 "utf16_unicode_ci" Utf16 8 legacy(V4);
    Utf16IcelandicCi = 102 "utf16_icelandic_ci" Utf16 8 tailored(V4, 0);
    Utf16LatvianCi = 103 "utf16_latvian_ci" Utf16 8 tailored(V4, 1);
    Utf16RomanianCi = 104 "utf16_romanian_ci" Utf16 8 tailored(V4, 2);
    Utf16SlovenianCi = 105 "utf16_slovenian_ci" Utf16 8 tailored(V4, 3);
    Utf16PolishCi = 106 "utf16_polish_ci" Utf16 8 tailored(V4, 4);
    Utf16EstonianCi = 107 "utf16_estonian_ci" Utf16 8 tailored(V4, 5);
    Utf16SpanishCi = 108 "utf16_spanish_ci" Utf16 8 tailored(V4, 6);
    Utf16SwedishCi = 109 "utf16_swedish_ci" Utf16 8 tailored(V4, 7);
    Utf16TurkishCi = 110 "utf16_turkish_ci" Utf16 8 tailored(V4, 8);
    Utf16CzechCi = 111 "utf16_czech_ci" Utf16 8 tailored(V4, 9);
    Utf16DanishCi = 112 "utf16_danish_ci" Utf16 8 tailored(V4, 10);
    Utf16LithuanianCi = 113 "utf16_lithuanian_ci" Utf16 8 tailored(V4, 11);
    Utf16SlovakCi = 114 "utf16_slovak_ci" Utf16 8 tailored(V4, 12);
    Utf16Spanish2Ci = 115 "utf16_spanish2_ci" Utf16 8 tailored(V4, 13);
    Utf16RomanCi = 116 "utf16_roman_ci" Utf16 8 tailored(V4, 14);
    Utf16PersianCi = 117 "utf16_persian_ci" Utf16 8 tailored(V4, 15);
    Utf16EsperantoCi = 118 "utf16_esperanto_ci" Utf16 8 tailored(V4, 16);
    Utf16HungarianCi = 119 "utf16_hungarian_ci" Utf16 8 tailored(V4, 17);
    Utf16SinhalaCi = 120 "utf16_sinhala_ci" Utf16 8 tailored(V4, 18);
    Utf16German2Ci = 121 "utf16_german2_ci" Utf16 8 tailored(V4, 19);
    Utf16CroatianCi = 122 "utf16_croatian_ci" Utf16 8 tailored(V4, 20);
    Utf16Unicode520Ci = 123 "utf16_unicode_520_ci" Utf16 8 legacy(V5);
    Utf16VietnameseCi = 124 "utf16_vietnamese_ci" Utf16 8 tailored(V4, 21);
    Utf16leGeneralCi = 56 "utf16le_general_ci" Utf16le 1 General;
    Utf16leBin = 62 "utf16le_bin" Utf16le 1 CodePoints;
    Utf32GeneralCi = 60 "utf32_general_ci" Utf32 1 General;
    Utf32Bin = 61 "utf32_bin" Utf32 1 CodePoints;
    Utf32UnicodeCi = 160 "utf32_unicode_ci" Utf32 8 legacy(V4);
    Utf32IcelandicCi = 161 "utf32_icelandic_ci" Utf32 8 tailored(V4, 0);
    Utf32LatvianCi = 162 "utf32_latvian_ci" Utf32 8 tailored(V4, 1);
    Utf32RomanianCi = 163 "utf32_romanian_ci" Utf32 8 tailored(V4, 2);
    Utf32SlovenianCi = 164 "utf32_slovenian_ci" Utf32 8 tailored(V4, 3);
    Utf32PolishCi = 165 "utf32_polish_ci" Utf32 8 tailored(V4, 4);
    Utf32EstonianCi = 166 "utf32_estonian_ci" Utf32 8 tailored(V4, 5);
    Utf32SpanishCi = 167 "utf32_spanish_ci" Utf32 8 tailored(V4, 6);
    Utf32SwedishCi = 168 "utf32_swedish_ci" Utf32 8 tailored(V4, 7);
    Utf32TurkishCi = 169 "utf32_turkish_ci" Utf32 8 tailored(V4, 8);
    Utf32CzechCi = 170 "utf32_czech_ci" Utf32 8 tailored(V4, 9);
    Utf32DanishCi = 171 "utf32_danish_ci" Utf32 8 tailored(V4, 10);
    Utf32LithuanianCi = 172 "utf32_lithuanian_ci" Utf32 8 tailored(V4, 11);
    Utf32SlovakCi = 173 "utf32_slovak_ci" Utf32 8 tailored(V4, 12);
    Utf32Spanish2Ci = 174 "utf32_spanish2_ci" Utf32 8 tailored(V4, 13);
    Utf32RomanCi = 175 "utf32_roman_ci" Utf32 8 tailored(V4, 14);
    Utf32PersianCi = 176 "utf32_persian_ci" Utf32 8 tailored(V4, 15);
    Utf32EsperantoCi = 177 "utf32_esperanto_ci" Utf32 8 tailored(V4, 16);
    Utf32HungarianCi = 178 "utf32_hungarian_ci" Utf32 8 tailored(V4, 17);
    Utf32SinhalaCi = 179 "utf32_sinhala_ci" Utf32 8 tailored(V4, 18);
    Utf32German2Ci = 180 "utf32_german2_ci" Utf32 8 tailored(V4, 19);
    Utf32CroatianCi = 181 "utf32_croatian_ci" Utf32 8 tailored(V4, 20);
    Utf32Unicode520Ci = 182 "utf32_unicode_520_ci" Utf32 8 legacy(V5);
    Utf32VietnameseCi = 183 "utf32_vietnamese_ci" Utf32 8 tailored(V4, 21);
    Utf8mb3GeneralCi = 33 "utf8mb3_general_ci" Utf8mb3 1 General;
    Utf8mb3Bin = 83 "utf8mb3_bin" Utf8mb3 1 CodePoints;
    Utf8mb3UnicodeCi = 192 "utf8mb3_unicode_ci" Utf8mb3 8 legacy(V4);
    Utf8mb3IcelandicCi = 193 "utf8mb3_icelandic_ci" Utf8mb3 8 tailored(V4, 0);
    Utf8mb3LatvianCi = 194 "utf8mb3_latvian_ci" Utf8mb3 8 tailored(V4, 1);
    Utf8mb3RomanianCi = 195 "utf8mb3_romanian_ci" Utf8mb3 8 tailored(V4, 2);
    Utf8mb3SlovenianCi = 196 "utf8mb3_slovenian_ci" Utf8mb3 8 tailored(V4, 3);
    Utf8mb3PolishCi = 197 "utf8mb3_polish_ci" Utf8mb3 8 tailored(V4, 4);
    Utf8mb3EstonianCi = 198 "utf8mb3_estonian_ci" Utf8mb3 8 tailored(V4, 5);
    Utf8mb3SpanishCi = 199 "utf8mb3_spanish_ci" Utf8mb3 8 tailored(V4, 6);
    Utf8mb3SwedishCi = 200 "utf8mb3_swedish_ci" Utf8mb3 8 tailored(V4, 7);
    Utf8mb3TurkishCi = 201 "utf8mb3_turkish_ci" Utf8mb3 8 tailored(V4, 8);
    Utf8mb3CzechCi = 202 "utf8mb3_czech_ci" Utf8mb3 8 tailored(V4, 9);
    Utf8mb3DanishCi = 203 "utf8mb3_danish_ci" Utf8mb3 8 tailored(V4, 10);
    Utf8mb3LithuanianCi = 204 "utf8mb3_lithuanian_ci" Utf8mb3 8 tailored(V4, 11);
    Utf8mb3SlovakCi = 205 "utf8mb3_slovak_ci" Utf8mb3 8 tailored(V4, 12);
    Utf8mb3Spanish2Ci = 206 "utf8mb3_spanish2_ci" Utf8mb3 8 tailored(V4, 13);
    Utf8mb3RomanCi = 207 "utf8mb3_roman_ci" Utf8mb3 8 tailored(V4, 14);
    Utf8mb3PersianCi = 208 "utf8mb3_persian_ci" Utf8mb3 8 tailored(V4, 15);
    Utf8mb3EsperantoCi = 209 "utf8mb3_esperanto_ci" Utf8mb3 8 tailored(V4, 16);
    Utf8mb3HungarianCi = 210 "utf8mb3_hungarian_ci" Utf8mb3 8 tailored(V4, 17);
    Utf8mb3SinhalaCi = 211 "utf8mb3_sinhala_ci" Utf8mb3 8 tailored(V4, 18);
    Utf8mb3German2Ci = 212 "utf8mb3_german2_ci" Utf8mb3 8 tailored(V4, 19);
    Utf8mb3CroatianCi = 213 "utf8mb3_croatian_ci" Utf8mb3 8 tailored(V4, 20);
    Utf8mb3Unicode520Ci = 214 "utf8mb3_unicode_520_ci" Utf8mb3 8 legacy(V5);
    Utf8mb3VietnameseCi = 215 "utf8mb3_vietnamese_ci" Utf8mb3 8 tailored(V4, 21);
    Utf8mb4GeneralCi = 45 "utf8mb4_general_ci" Utf8mb4 1 General;
    Utf8mb4Bin = 46 "utf8mb4_bin" Utf8mb4 1 CodePoints;
    Utf8mb4UnicodeCi = 224 "utf8mb4_unicode_ci" Utf8mb4 8 legacy(V4);
    Utf8mb4IcelandicCi = 225 "utf8mb4_icelandic_ci" Utf8mb4 8 tailored(V4, 0);
    Utf8mb4LatvianCi = 226 "utf8mb4_latvian_ci" Utf8mb4 8 tailored(V4, 1);
    Utf8mb4RomanianCi = 227 "utf8mb4_romanian_ci" Utf8mb4 8 tailored(V4, 2);
    Utf8mb4SlovenianCi = 228 "utf8mb4_slovenian_ci" Utf8mb4 8 tailored(V4, 3);
    Utf8mb4PolishCi = 229 "utf8mb4_polish_ci" Utf8mb4 8 tailored(V4, 4);
    Utf8mb4EstonianCi = 230 "utf8mb4_estonian_ci" Utf8mb4 8 tailored(V4, 5);
    Utf8mb4SpanishCi = 231 "utf8mb4_spanish_ci" Utf8mb4 8 tailored(V4, 6);
    Utf8mb4SwedishCi = 232 "utf8mb4_swedish_ci" Utf8mb4 8 tailored(V4, 7);
    Utf8mb4TurkishCi = 233 "utf8mb4_turkish_ci" Utf8mb4 8 tailored(V4, 8);
    Utf8mb4CzechCi = 234 "utf8mb4_czech_ci" Utf8mb4 8 tailored(V4, 9);
    Utf8mb4DanishCi = 235 "utf8mb4_danish_ci" Utf8mb4 8 tailored(V4, 10);
    Utf8mb4LithuanianCi = 236 "utf8mb4_lithuanian_ci" Utf8mb4 8 tailored(V4, 11);
    Utf8mb4SlovakCi = 237 "utf8mb4_slovak_ci" Utf8mb4 8 tailored(V4, 12);
    Utf8mb4Spanish2Ci = 238 "utf8mb4_spanish2_ci" Utf8mb4 8 tailored(V4, 13);
    Utf8mb4RomanCi = 239 "utf8mb4_roman_ci" Utf8mb4 8 tailored(V4, 14);
    Utf8mb4PersianCi = 240 "utf8mb4_persian_ci" Utf8mb4 8 tailored(V4, 15);
    Utf8mb4EsperantoCi = 241 "utf8mb4_esperanto_ci" Utf8mb4 8 tailored(V4, 16);
    Utf8mb4HungarianCi = 242 "utf8mb4_hungarian_ci" Utf8mb4 8 tailored(V4, 17);
    Utf8mb4SinhalaCi = 243 "utf8mb4_sinhala_ci" Utf8mb4 8 tailored(V4, 18);
    Utf8mb4German2Ci = 244 "utf8mb4_german2_ci" Utf8mb4 8 tailored(V4, 19);
    Utf8mb4CroatianCi = 245 "utf8mb4_croatian_ci" Utf8mb4 8 tailored(V4, 20);
    Utf8mb4Unicode520Ci = 246 "utf8mb4_unicode_520_ci" Utf8mb4 8 legacy(V5);
    Utf8mb4VietnameseCi = 247 "utf8mb4_vietnamese_ci" Utf8mb4 8 tailored(V4, 21);
    Utf8mb4_0900AiCi = 255 "utf8mb4_0900_ai_ci" Utf8mb4 0 uca9(1);
    Utf8mb4DePb0900AiCi = 256 "utf8mb4_de_pb_0900_ai_ci" Utf8mb4 0 tailored9(1, 22);
    Utf8mb4Is0900AiCi = 257 "utf8mb4_is_0900_ai_ci" Utf8mb4 0 tailored9(1, 23);
    Utf8mb4Lv0900AiCi = 258 "utf8mb4_lv_0900_ai_ci" Utf8mb4 0 tailored9(1, 24);
    Utf8mb4Ro0900AiCi = 259 "utf8mb4_ro_0900_ai_ci" Utf8mb4 0 tailored9(1, 25);
    Utf8mb4Sl0900AiCi = 260 "utf8mb4_sl_0900_ai_ci" Utf8mb4 0 tailored9(1, 26);
    Utf8mb4Pl0900AiCi = 261 "utf8mb4_pl_0900_ai_ci" Utf8mb4 0 tailored9(1, 27);
    Utf8mb4Et0900AiCi = 262 "utf8mb4_et_0900_ai_ci" Utf8mb4 0 tailored9(1, 28);
    Utf8mb4Es0900AiCi = 263 "utf8mb4_es_0900_ai_ci" Utf8mb4 0 tailored9(1, 29);
    Utf8mb4Sv0900AiCi = 264 "utf8mb4_sv_0900_ai_ci" Utf8mb4 0 tailored9(1, 30);
    Utf8mb4Tr0900AiCi = 265 "utf8mb4_tr_0900_ai_ci" Utf8mb4 0 tailored9(1, 31);
    Utf8mb4Cs0900AiCi = 266 "utf8mb4_cs_0900_ai_ci" Utf8mb4 0 tailored9(1, 32);
    Utf8mb4Da0900AiCi = 267 "utf8mb4_da_0900_ai_ci" Utf8mb4 0 tailored9(1, 33);
    Utf8mb4Lt0900AiCi = 268 "utf8mb4_lt_0900_ai_ci" Utf8mb4 0 tailored9(1, 34);
    Utf8mb4Sk0900AiCi = 269 "utf8mb4_sk_0900_ai_ci" Utf8mb4 0 tailored9(1, 35);
    Utf8mb4EsTrad0900AiCi = 270 "utf8mb4_es_trad_0900_ai_ci" Utf8mb4 0 tailored9(1, 36);
    Utf8mb4La0900AiCi = 271 "utf8mb4_la_0900_ai_ci" Utf8mb4 0 tailored9(1, 37);
    Utf8mb4Eo0900AiCi = 273 "utf8mb4_eo_0900_ai_ci" Utf8mb4 0 tailored9(1, 38);
    Utf8mb4Hu0900AiCi = 274 "utf8mb4_hu_0900_ai_ci" Utf8mb4 0 tailored9(1, 39);
    Utf8mb4Hr0900AiCi = 275 "utf8mb4_hr_0900_ai_ci" Utf8mb4 0 tailored9(1, 40);
    Utf8mb4Vi0900AiCi = 277 "utf8mb4_vi_0900_ai_ci" Utf8mb4 0 tailored9(1, 41);
    Utf8mb4_0900AsCs = 278 "utf8mb4_0900_as_cs" Utf8mb4 0 uca9(3);
    Utf8mb4DePb0900AsCs = 279 "utf8mb4_de_pb_0900_as_cs" Utf8mb4 0 tailored9(3, 22);
    Utf8mb4Is0900AsCs = 280 "utf8mb4_is_0900_as_cs" Utf8mb4 0 tailored9(3, 23);
    Utf8mb4Lv0900AsCs = 281 "utf8mb4_lv_0900_as_cs" Utf8mb4 0 tailored9(3, 24);
    Utf8mb4Ro0900AsCs = 282 "utf8mb4_ro_0900_as_cs" Utf8mb4 0 tailored9(3, 25);
    Utf8mb4Sl0900AsCs = 283 "utf8mb4_sl_0900_as_cs" Utf8mb4 0 tailored9(3, 26);
    Utf8mb4Pl0900AsCs = 284 "utf8mb4_pl_0900_as_cs" Utf8mb4 0 tailored9(3, 27);
    Utf8mb4Et0900AsCs = 285 "utf8mb4_et_0900_as_cs" Utf8mb4 0 tailored9(3, 28);
    Utf8mb4Es0900AsCs = 286 "utf8mb4_es_0900_as_cs" Utf8mb4 0 tailored9(3, 29);
    Utf8mb4Sv0900AsCs = 287 "utf8mb4_sv_0900_as_cs" Utf8mb4 0 tailored9(3, 30);
    Utf8mb4Tr0900AsCs = 288 "utf8mb4_tr_0900_as_cs" Utf8mb4 0 tailored9(3, 31);
    Utf8mb4Cs0900AsCs = 289 "utf8mb4_cs_0900_as_cs" Utf8mb4 0 tailored9(3, 32);
    Utf8mb4Da0900AsCs = 290 "utf8mb4_da_0900_as_cs" Utf8mb4 0 tailored9(3, 33);
    Utf8mb4Lt0900AsCs = 291 "utf8mb4_lt_0900_as_cs" Utf8mb4 0 tailored9(3, 34);
    Utf8mb4Sk0900AsCs = 292 "utf8mb4_sk_0900_as_cs" Utf8mb4 0 tailored9(3, 35);
    Utf8mb4EsTrad0900AsCs = 293 "utf8mb4_es_trad_0900_as_cs" Utf8mb4 0 tailored9(3, 36);
    Utf8mb4La0900AsCs = 294 "utf8mb4_la_0900_as_cs" Utf8mb4 0 tailored9(3, 37);
    Utf8mb4Eo0900AsCs = 296 "utf8mb4_eo_0900_as_cs" Utf8mb4 0 tailored9(3, 38);
    Utf8mb4Hu0900AsCs = 297 "utf8mb4_hu_0900_as_cs" Utf8mb4 0 tailored9(3, 39);
    Utf8mb4Hr0900AsCs = 298 "utf8mb4_hr_0900_as_cs" Utf8mb4 0 tailored9(3, 40);
    Utf8mb4Vi0900AsCs = 300 "utf8mb4_vi_0900_as_cs" Utf8mb4 0 tailored9(3, 41);
    Utf8mb4_0900AsCi = 305 "utf8mb4_0900_as_ci" Utf8mb4 0 uca9(2);
    Utf8mb4Ru0900AiCi = 306 "utf8mb4_ru_0900_ai_ci" Utf8mb4 0 tailored9(1, 42);
    Utf8mb4Ru0900AsCs = 307 "utf8mb4_ru_0900_as_cs" Utf8mb4 0 tailored9(3, 42);
    Utf8mb4_0900Bin = 309 "utf8mb4_0900_bin" Utf8mb4 1 Bytes;
    Utf8mb4Nb0900AiCi = 310 "utf8mb4_nb_0900_ai_ci" Utf8mb4 0 tailored9(1, 43);
    Utf8mb4Nb0900AsCs = 311 "utf8mb4_nb_0900_as_cs" Utf8mb4 0 tailored9(3, 43);
    Utf8mb4Nn0900AiCi = 312 "utf8mb4_nn_0900_ai_ci" Utf8mb4 0 tailored9(1, 43);
    Utf8mb4Nn0900AsCs = 313 "utf8mb4_nn_0900_as_cs" Utf8mb4 0 tailored9(3, 43);
    Utf8mb4SrLatn0900AiCi = 314 "utf8mb4_sr_latn_0900_ai_ci" Utf8mb4 0 tailored9(1, 40);
    Utf8mb4SrLatn0900AsCs = 315 "utf8mb4_sr_latn_0900_as_cs" Utf8mb4 0 tailored9(3, 40);
    Utf8mb4Bs0900AiCi = 316 "utf8mb4_bs_0900_ai_ci" Utf8mb4 0 tailored9(1, 40);
    Utf8mb4Bs0900AsCs = 317 "utf8mb4_bs_0900_as_cs" Utf8mb4 0 tailored9(3, 40);
    Utf8mb4Bg0900AiCi = 318 "utf8mb4_bg_0900_ai_ci" Utf8mb4 0 tailored9(1, 42);
    Utf8mb4Bg0900AsCs = 319 "utf8mb4_bg_0900_as_cs" Utf8mb4 0 tailored9(3, 42);
    Utf8mb4Gl0900AiCi = 320 "utf8mb4_gl_0900_ai_ci" Utf8mb4 0 tailored9(1, 29);
    Utf8mb4Gl0900AsCs = 321 "utf8mb4_gl_0900_as_cs" Utf8mb4 0 tailored9(3, 29);
    Utf8mb4MnCyrl0900AiCi = 322 "utf8mb4_mn_cyrl_0900_ai_ci" Utf8mb4 0 tailored9(1, 42);
    Utf8mb4MnCyrl0900AsCs = 323 "utf8mb4_mn_cyrl_0900_as_cs" Utf8mb4 0 tailored9(3, 42);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_collation_is_found_by_name_and_by_id() {
        for (place, entry) in ENTRIES.iter().enumerate() {
            assert_eq!(entry.collation as usize, place);
            assert_eq!(from_name(&entry.name.to_uppercase()), Some(entry.collation));
            assert_eq!(Collation::from_id(entry.id), Some(entry.collation));
            assert!(
                entry.name == "binary" || entry.name.starts_with(&format!("{}_", entry.character_set.name()))
            );
        }
        assert_eq!(from_name("utf8_bin"), Some(Collation::Utf8mb3Bin));
        assert_eq!(from_name("utf8mb4_klingon_ci"), None);
        assert_eq!(size_of::<Collation>(), 1);
        assert_eq!(size_of::<crate::types::DataType>(), 12);
    }
}
