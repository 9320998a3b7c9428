//! `sql_mode`: names, their combinations, and which of them are built.

use crate::error::Error;
use crate::variables::SqlMode;

/// A mode's name, its bit in MySQL's number, and the flags it stands for here. In the order MySQL prints them.
const MODES: &[(&str, u64, u64)] = &[
    ("REAL_AS_FLOAT", 1, SqlMode::REAL_AS_FLOAT),
    ("PIPES_AS_CONCAT", 1 << 1, SqlMode::PIPES_AS_CONCAT),
    ("ANSI_QUOTES", 1 << 2, SqlMode::ANSI_QUOTES),
    ("IGNORE_SPACE", 1 << 3, SqlMode::IGNORE_SPACE),
    ("ONLY_FULL_GROUP_BY", 1 << 5, SqlMode::ONLY_FULL_GROUP_BY),
    ("NO_UNSIGNED_SUBTRACTION", 1 << 6, SqlMode::NO_UNSIGNED_SUBTRACTION),
    ("NO_DIR_IN_CREATE", 1 << 7, SqlMode::NO_DIR_IN_CREATE),
    ("ANSI", 1 << 18, SqlMode::ANSI),
    ("NO_AUTO_VALUE_ON_ZERO", 1 << 19, SqlMode::NO_AUTO_VALUE_ON_ZERO),
    ("NO_BACKSLASH_ESCAPES", 1 << 20, SqlMode::NO_BACKSLASH_ESCAPES),
    ("STRICT_TRANS_TABLES", 1 << 21, SqlMode::STRICT_TRANS_TABLES),
    ("STRICT_ALL_TABLES", 1 << 22, SqlMode::STRICT_ALL_TABLES),
    ("NO_ZERO_IN_DATE", 1 << 23, SqlMode::NO_ZERO_IN_DATE),
    ("NO_ZERO_DATE", 1 << 24, SqlMode::NO_ZERO_DATE),
    ("ALLOW_INVALID_DATES", 1 << 25, SqlMode::ALLOW_INVALID_DATES),
    ("ERROR_FOR_DIVISION_BY_ZERO", 1 << 26, SqlMode::ERROR_FOR_DIVISION_BY_ZERO),
    ("TRADITIONAL", 1 << 27, SqlMode::TRADITIONAL),
    ("HIGH_NOT_PRECEDENCE", 1 << 29, SqlMode::HIGH_NOT_PRECEDENCE),
    ("NO_ENGINE_SUBSTITUTION", 1 << 30, SqlMode::NO_ENGINE_SUBSTITUTION),
    ("PAD_CHAR_TO_FULL_LENGTH", 1 << 31, SqlMode::PAD_CHAR_TO_FULL_LENGTH),
    ("TIME_TRUNCATE_FRACTIONAL", 1 << 32, SqlMode::TIME_TRUNCATE_FRACTIONAL),
];

/// What ANSI turns on.
const ANSI: u64 = SqlMode::REAL_AS_FLOAT
    | SqlMode::PIPES_AS_CONCAT
    | SqlMode::ANSI_QUOTES
    | SqlMode::IGNORE_SPACE
    | SqlMode::ONLY_FULL_GROUP_BY;

/// What TRADITIONAL turns on.
const TRADITIONAL: u64 = SqlMode::STRICT_TRANS_TABLES
    | SqlMode::STRICT_ALL_TABLES
    | SqlMode::NO_ZERO_IN_DATE
    | SqlMode::NO_ZERO_DATE
    | SqlMode::ERROR_FOR_DIVISION_BY_ZERO
    | SqlMode::NO_ENGINE_SUBSTITUTION;

impl SqlMode {
    /// Whether values that do not fit are refused: STRICT_TRANS_TABLES or STRICT_ALL_TABLES.
    #[must_use]
    pub fn is_strict(self) -> bool {
        self.has(SqlMode::STRICT_TRANS_TABLES) || self.has(SqlMode::STRICT_ALL_TABLES)
    }

    /// Reads a list of mode names.
    ///
    /// # Errors
    /// 1231 naming the unknown mode, 1235 for a mode that is not built.
    pub fn parse(text: &str) -> crate::Result<SqlMode> {
        let mut flags = 0;
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            match MODES.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name)) {
                Some((_, _, flag)) => flags |= flag,
                None => return Err(Error::wrong_value_for_variable("sql_mode", name)),
            }
        }
        SqlMode::complete(flags)
    }

    /// Reads MySQL's number of a mode.
    ///
    /// # Errors
    /// As [`SqlMode::parse`].
    pub fn from_number(number: u64) -> crate::Result<SqlMode> {
        let known = MODES.iter().fold(0, |known, (_, bit, _)| known | bit);
        if number & !known != 0 {
            return Err(Error::wrong_value_for_variable("sql_mode", number));
        }
        let flags =
            MODES.iter().filter(|(_, bit, _)| number & bit != 0).fold(0, |flags, (_, _, flag)| flags | flag);
        SqlMode::complete(flags)
    }

    /// Expands the combinations and refuses what is not built.
    fn complete(mut flags: u64) -> crate::Result<SqlMode> {
        if flags & SqlMode::ANSI != 0 {
            flags |= ANSI;
        }
        if flags & SqlMode::TRADITIONAL != 0 {
            flags |= TRADITIONAL;
        }
        if flags & (SqlMode::STRICT_TRANS_TABLES | SqlMode::STRICT_ALL_TABLES) != 0 {
            flags |= SqlMode::STRICT;
        }
        for (flag, name) in [
            (SqlMode::HIGH_NOT_PRECEDENCE, "sql_mode HIGH_NOT_PRECEDENCE"),
            (SqlMode::PAD_CHAR_TO_FULL_LENGTH, "sql_mode PAD_CHAR_TO_FULL_LENGTH"),
        ] {
            if flags & flag != 0 {
                return Err(Error::not_supported(name));
            }
        }
        Ok(SqlMode(flags))
    }
}

impl Default for SqlMode {
    fn default() -> SqlMode {
        SqlMode(
            SqlMode::ONLY_FULL_GROUP_BY
                | SqlMode::STRICT
                | SqlMode::STRICT_TRANS_TABLES
                | SqlMode::NO_ZERO_IN_DATE
                | SqlMode::NO_ZERO_DATE
                | SqlMode::ERROR_FOR_DIVISION_BY_ZERO
                | SqlMode::NO_ENGINE_SUBSTITUTION,
        )
    }
}

impl std::fmt::Display for SqlMode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut separator = "";
        for (name, _, flag) in MODES {
            // A bare STRICT, as code may set it, is STRICT_TRANS_TABLES.
            let is_bare = *flag == SqlMode::STRICT_TRANS_TABLES
                && self.has(SqlMode::STRICT)
                && !self.has(SqlMode::STRICT_ALL_TABLES);
            if self.has(*flag) || is_bare {
                write!(f, "{separator}{name}")?;
                separator = ",";
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_expand_and_print_as_in_mysql() {
        let printed = |text: &str| SqlMode::parse(text).unwrap().to_string();
        assert_eq!(
            printed("ansi"),
            "REAL_AS_FLOAT,PIPES_AS_CONCAT,ANSI_QUOTES,IGNORE_SPACE,ONLY_FULL_GROUP_BY,ANSI"
        );
        assert_eq!(
            printed("TRADITIONAL"),
            "STRICT_TRANS_TABLES,STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,TRADITIONAL,NO_ENGINE_SUBSTITUTION"
        );
        assert_eq!(printed("STRICT_ALL_TABLES,ansi_quotes,,"), "ANSI_QUOTES,STRICT_ALL_TABLES");
        assert_eq!(printed(""), "");
        assert_eq!(SqlMode::from_number(4_194_304).unwrap().to_string(), "STRICT_ALL_TABLES");
        assert_eq!(SqlMode::default().to_string(), crate::variables::registry::SQL_MODE);
        assert_eq!(SqlMode::parse(crate::variables::registry::SQL_MODE).unwrap(), SqlMode::default());
        assert_eq!(SqlMode::parse("FOO").unwrap_err().code, 1231);
        assert_eq!(SqlMode::parse("HIGH_NOT_PRECEDENCE").unwrap_err().code, 1235);
        assert_eq!(SqlMode::from_number(1 << 40).unwrap_err().code, 1231);
    }
}
