//! Names of character sets and collations, as statements spell them.
//!
//! Text is UTF-8 throughout. `utf8mb4` and `utf8mb3` (also spelled `utf8`) are it; `ascii` is a subset whose names are taken for
//! connections; `binary` is bytes. The collations of [`Collation`] are known; MySQL's others are refused by name (1235), and
//! names that MySQL does not have either get its own errors, 1115 and 1273.

use crate::error::Error;
use crate::types::Collation;

/// Character sets of MySQL 8.4 that are not built.
const REFUSED_SETS: &[&str] = &[
    "armscii8", "big5", "cp1250", "cp1251", "cp1256", "cp1257", "cp850", "cp852", "cp866", "cp932", "dec8",
    "eucjpms", "euckr", "gb18030", "gb2312", "gbk", "geostd8", "greek", "hebrew", "hp8", "keybcs2", "koi8r",
    "koi8u", "latin1", "latin2", "latin5", "latin7", "macce", "macroman", "sjis", "swe7", "tis620", "ucs2",
    "ujis", "utf16", "utf16le", "utf32",
];

/// The default collation of a character set, as for a column or table.
///
/// # Errors
/// 1235 for a set of MySQL that is not built, 1115 for an unknown one.
pub(crate) fn default_collation(name: &str) -> crate::Result<Collation> {
    match name.to_ascii_lowercase().as_str() {
        "utf8mb4" => Ok(Collation::Utf8mb4_0900AiCi),
        "utf8mb3" | "utf8" => Ok(Collation::Utf8mb4GeneralCi),
        "binary" => Ok(Collation::Binary),
        "ascii" => Err(Error::not_supported("the character set ascii for columns")),
        lower if REFUSED_SETS.contains(&lower) => {
            Err(Error::not_supported(format_args!("the character set {lower}")))
        }
        _ => Err(Error::unknown_character_set(name)),
    }
}

/// A collation by name.
///
/// # Errors
/// 1235 for a collation of MySQL that is not built, 1273 for an unknown one.
pub(crate) fn collation(name: &str) -> crate::Result<Collation> {
    let lower = name.to_ascii_lowercase();
    match lower.as_str() {
        "utf8mb4_0900_ai_ci" => return Ok(Collation::Utf8mb4_0900AiCi),
        "utf8mb4_general_ci" | "utf8mb3_general_ci" | "utf8_general_ci" => {
            return Ok(Collation::Utf8mb4GeneralCi);
        }
        "utf8mb4_bin" | "utf8mb3_bin" | "utf8_bin" => return Ok(Collation::Utf8mb4Bin),
        "utf8mb4_0900_bin" => return Ok(Collation::Utf8mb4_0900Bin),
        "binary" => return Ok(Collation::Binary),
        _ => {}
    }
    let is_set =
        |set: &str| matches!(set, "utf8mb4" | "utf8mb3" | "utf8" | "ascii") || REFUSED_SETS.contains(&set);
    match lower.split_once('_') {
        Some((set, rest)) if is_set(set) && is_collation_tail(rest) => {
            Err(Error::not_supported(format_args!("the collation {lower}")))
        }
        _ => Err(Error::unknown_collation(name)),
    }
}

/// Whether what follows the character set is how MySQL's collation names end.
fn is_collation_tail(rest: &str) -> bool {
    ["_ci", "_cs", "_ai", "_as", "_ks", "_tolower"].iter().any(|tail| rest.ends_with(tail))
        || matches!(rest, "ci" | "bin" | "as" | "cs" | "0900_bin")
}

/// The name of a collation.
#[must_use]
pub fn collation_name(collation: Collation) -> &'static str {
    match collation {
        Collation::Utf8mb4_0900AiCi => "utf8mb4_0900_ai_ci",
        Collation::Utf8mb4GeneralCi => "utf8mb4_general_ci",
        Collation::Utf8mb4Bin => "utf8mb4_bin",
        Collation::Utf8mb4_0900Bin => "utf8mb4_0900_bin",
        Collation::Binary => "binary",
    }
}

/// The name of a collation's character set.
#[must_use]
pub fn character_set_name(collation: Collation) -> &'static str {
    if collation == Collation::Binary { "binary" } else { "utf8mb4" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_refused_or_unknown() {
        assert_eq!(default_collation("UTF8MB4").unwrap(), Collation::Utf8mb4_0900AiCi);
        assert_eq!(default_collation("latin1").unwrap_err().code, 1235);
        assert_eq!(default_collation("klingon").unwrap_err().code, 1115);
        assert_eq!(collation("utf8mb4_unicode_ci").unwrap_err().code, 1235);
        assert_eq!(collation("latin1_swedish_ci").unwrap_err().code, 1235);
        assert_eq!(collation("utf8mb4_klingon").unwrap_err().code, 1273);
        for known in ["utf8mb4_0900_ai_ci", "utf8mb4_general_ci", "utf8mb4_bin", "utf8mb4_0900_bin", "binary"]
        {
            assert_eq!(collation_name(collation(known).unwrap()), known);
        }
    }
}
