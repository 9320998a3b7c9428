//! [`LockedTables`]: what LOCK TABLES has locked, as far as it restricts the session's own statements.
//!
//! The locks themselves are the server's. While a session has any, its statements may use the locked tables only, by the aliases they
//! were locked by, and may change only those locked for writing. The tables of information_schema are not restricted.

use crate::error::{Error, Result};

/// One table of LOCK TABLES.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedTable {
    /// Its database.
    pub database: String,
    /// Its name.
    pub table: String,
    /// The name by which statements must use it.
    pub alias: String,
    /// WRITE rather than READ.
    pub write: bool,
}

/// The tables of LOCK TABLES.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockedTables {
    /// They, views among them.
    pub tables: Vec<LockedTable>,
    /// Tables that the views read: locked with them, and of no use to statements that do not name the view.
    pub of_views: Vec<LockedTable>,
}

impl LockedTables {
    /// Whether a statement may use a table by this alias.
    ///
    /// # Errors
    /// 1100 when it was not locked; 1099 when it is to be written and was locked for reading.
    pub fn check_use(&self, database: &str, table: &str, alias: &str, write: bool) -> Result<()> {
        let is_it = |locked: &&LockedTable| {
            locked.database == database && locked.table == table && locked.alias == alias
        };
        match self.tables.iter().find(is_it) {
            None => Err(Error::table_not_locked(alias)),
            Some(locked) if write && !locked.write => Err(Error::table_locked_for_read(alias)),
            Some(_) => Ok(()),
        }
    }

    /// Whether the definition of a table may be changed, or (without `write`) read: by whatever alias it was locked.
    ///
    /// # Errors
    /// As [`LockedTables::check_use`].
    pub fn check_definition(&self, database: &str, table: &str, write: bool) -> Result<()> {
        let mut locked =
            self.tables.iter().filter(|it| it.database == database && it.table == table).peekable();
        if locked.peek().is_none() {
            return Err(Error::table_not_locked(table));
        }
        if write && !locked.any(|it| it.write) {
            return Err(Error::table_locked_for_read(table));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_locked_may_be_used_by_the_alias_it_was_locked_by() {
        let table = |alias: &str, write| LockedTable {
            database: "d".into(),
            table: "t".into(),
            alias: alias.into(),
            write,
        };
        let locked =
            LockedTables { tables: vec![table("t", false), table("a", true)], ..LockedTables::default() };
        let code = |result: Result<()>| result.err().map(|error| error.code);
        assert_eq!(code(locked.check_use("d", "t", "t", false)), None);
        assert_eq!(code(locked.check_use("d", "t", "t", true)), Some(1099));
        assert_eq!(code(locked.check_use("d", "t", "a", true)), None);
        assert_eq!(code(locked.check_use("d", "t", "b", false)), Some(1100));
        assert_eq!(code(locked.check_use("e", "t", "t", false)), Some(1100));
        assert_eq!(code(locked.check_use("d", "other", "a", false)), Some(1100));
        assert_eq!(code(locked.check_definition("d", "t", true)), None);
        assert_eq!(code(locked.check_definition("d", "u", false)), Some(1100));
        let read = LockedTables { tables: vec![table("a", false)], ..LockedTables::default() };
        assert_eq!(code(read.check_definition("d", "t", true)), Some(1099));
        assert_eq!(code(read.check_definition("d", "t", false)), None);
    }
}
