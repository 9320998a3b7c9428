//! Names of character sets and collations, as statements spell them.
//!
//! Those of [`Collation`] and [`CharacterSet`] are known; MySQL's others are refused by name (1235), and names that MySQL does not
//! have either get its own errors, 1115 and 1273.

use crate::error::Error;
use crate::types::{CharacterSet, Collation};

/// Character sets of MySQL 8.4 that are not built.
const REFUSED_SETS: &[&str] = &[
    "armscii8", "big5", "cp932", "eucjpms", "euckr", "gb18030", "gb2312", "gbk", "sjis", "swe7", "tis620",
    "ujis",
];

/// Collations of MySQL 8.4 that are not built, of sets that are.
const REFUSED_COLLATIONS: &[&str] = &[
    "cp1250_czech_cs",
    "latin1_german2_ci",
    "latin2_czech_cs",
    "ucs2_general_mysql500_ci",
    "utf8mb3_general_mysql500_ci",
    "utf8mb3_tolower_ci",
    "utf8mb4_ja_0900_as_cs",
    "utf8mb4_ja_0900_as_cs_ks",
    "utf8mb4_zh_0900_as_cs",
];

/// A character set.
///
/// # Errors
/// 1235 for a set of MySQL that is not built, 1115 for an unknown one.
pub(crate) fn character_set(name: &str) -> crate::Result<CharacterSet> {
    CharacterSet::from_name(name).ok_or_else(|| {
        let lower = name.to_ascii_lowercase();
        if REFUSED_SETS.contains(&lower.as_str()) {
            return Error::not_supported(format_args!("the character set {lower}"));
        }
        Error::unknown_character_set(name)
    })
}

/// The default collation of a character set, as for a column or table.
///
/// # Errors
/// As [`character_set`].
pub(crate) fn default_collation(name: &str) -> crate::Result<Collation> {
    character_set(name).map(CharacterSet::default_collation)
}

/// A collation by name.
///
/// # Errors
/// 1235 for a collation of MySQL that is not built, 1273 for an unknown one.
pub(crate) fn collation(name: &str) -> crate::Result<Collation> {
    if let Some(found) = crate::collation::from_name(name) {
        return Ok(found);
    }
    let lower = name.to_ascii_lowercase();
    let of_refused_set = lower
        .split_once('_')
        .is_some_and(|(set, rest)| REFUSED_SETS.contains(&set) && is_collation_tail(rest));
    if of_refused_set || REFUSED_COLLATIONS.contains(&lower.as_str()) {
        return Err(Error::not_supported(format_args!("the collation {lower}")));
    }
    Err(Error::unknown_collation(name))
}

/// MySQL's numbers of the collations that are not built.
const REFUSED_IDS: &[u16] = &[
    1, 2, 10, 12, 13, 18, 19, 24, 28, 31, 32, 34, 64, 76, 82, 84, 85, 86, 87, 88, 89, 91, 95, 96, 97, 98,
    159, 223, 248, 249, 250, 303, 304, 308,
];

/// That a number, of which no collation is here, is none of MySQL's.
///
/// # Errors
/// 1235 if it is.
pub(crate) fn check_refused_id(id: u16) -> crate::Result<()> {
    if REFUSED_IDS.contains(&id) {
        return Err(Error::not_supported(format_args!("the collation with the number {id}")));
    }
    Ok(())
}

/// Whether what follows the character set is how the collations of the refused sets end.
fn is_collation_tail(rest: &str) -> bool {
    rest == "bin" || rest.ends_with("_ci")
}

/// A collation of a character set that was named with it.
///
/// # Errors
/// 1253 when it is another's.
pub(crate) fn collation_of(set: CharacterSet, collation: Collation) -> crate::Result<Collation> {
    if collation.set() == set { Ok(collation) } else { Err(mismatch(collation, set)) }
}

/// Error 1253.
pub(crate) fn mismatch(collation: Collation, set: CharacterSet) -> Error {
    Error {
        code: 1253,
        state: *b"42000",
        message: format!("COLLATION '{}' is not valid for CHARACTER SET '{}'", collation.name(), set.name()),
    }
}

/// What the options of a database or a table say of character set and collation.
#[derive(Debug, Default)]
pub(crate) struct Choice {
    set: Option<CharacterSet>,
    collation: Option<Collation>,
}

impl Choice {
    /// CHARACTER SET.
    ///
    /// # Errors
    /// 1302 for another than before.
    pub(crate) fn name_set(&mut self, set: CharacterSet) -> crate::Result<()> {
        match self.set.or_else(|| self.collation.map(Collation::set)) {
            Some(other) if other != set => Err(Error {
                code: 1302,
                state: *b"HY000",
                message: format!(
                    "Conflicting declarations: 'CHARACTER SET {}' and 'CHARACTER SET {}'",
                    other.name(),
                    set.name()
                ),
            }),
            _ => {
                self.set = Some(set);
                Ok(())
            }
        }
    }

    /// COLLATE; the last one counts.
    ///
    /// # Errors
    /// 1253 for one of another character set.
    pub(crate) fn name_collation(&mut self, collation: Collation) -> crate::Result<()> {
        if let Some(set) = self.set {
            collation_of(set, collation)?;
        }
        self.collation = Some(collation);
        Ok(())
    }

    /// The collation that was chosen, if any.
    pub(crate) fn collation(&self) -> Option<Collation> {
        self.collation.or_else(|| self.set.map(CharacterSet::default_collation))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_refused_or_unknown() {
        assert_eq!(default_collation("UTF8MB4").unwrap(), Collation::Utf8mb4_0900AiCi);
        assert_eq!(default_collation("utf8").unwrap(), Collation::Utf8mb3GeneralCi);
        assert_eq!(default_collation("latin1").unwrap(), Collation::Latin1SwedishCi);
        assert_eq!(default_collation("gbk").unwrap_err().code, 1235);
        assert_eq!(default_collation("klingon").unwrap_err().code, 1115);
        assert_eq!(collation("UTF8_unicode_ci").unwrap(), Collation::Utf8mb3UnicodeCi);
        assert_eq!(collation("gbk_chinese_ci").unwrap_err().code, 1235);
        assert_eq!(collation("utf8mb4_zh_0900_as_cs").unwrap_err().code, 1235);
        assert_eq!(collation("utf8mb4_klingon").unwrap_err().code, 1273);
        assert_eq!(collation("gbk_klingon").unwrap_err().code, 1273);
        assert_eq!(check_refused_id(28).unwrap_err().code, 1235);
        assert!(check_refused_id(2000).is_ok());
        assert!(REFUSED_IDS.iter().all(|id| Collation::from_id(*id).is_none()));
        assert_eq!(Collation::all().count() + REFUSED_IDS.len(), 286);
        let wrong = collation_of(CharacterSet::Latin1, Collation::Utf8mb4Bin).unwrap_err();
        assert_eq!(wrong.code, 1253);
    }
}
