//! The catalog: which databases, tables, columns and indexes there are, at one schema version.
//!
//! An immutable [`Catalog`] value is shared by all sessions behind an `Arc` and replaced as a whole when a schema
//! change is applied. It is stored as ordinary keys of the versioned store (see [`store`]), so it is
//! replicated and snapshotted like rows. Ids are never used twice.
//!
//! [`schema`] has the types, [`encode`] their bytes, [`estimate`] how many rows the planner is to expect, [`statistics`] what values, [`partition`] how a table is cut. Views are in [`crate::view`],
//! routines and triggers in [`crate::program`]. Accounts are a part of it, see [`crate::account`]. The system databases ([`SYSTEM_DATABASES`]) are no entries of
//! [`Catalog::databases`], but for `mysql` when a restored dump has made tables in it.

pub mod encode;
pub mod estimate;
pub mod foreign_key;
pub mod layout;
pub mod online;
pub mod partition;
pub mod schema;
pub mod statistics;
pub mod store;
pub mod table_options;
pub mod temporary;
#[cfg(test)]
pub(crate) mod test_support;

pub use foreign_key::{ForeignKey, Links, ReferenceAction, TableLinks};
pub use layout::{Holds, Layout, Slot};
pub use online::OnlineJob;
pub use schema::{
    Catalog, Check, Column, ColumnDefault, Database, Generated, Index, IndexColumn, IndexId, Table, TableId,
};
pub use statistics::{Statistics, StatisticsCell};
pub use table_options::{RowFormat, TableOption, TableOptions};
pub use temporary::TemporaryTables;

use std::sync::Arc;

use crate::{Error, Result};

/// Databases that every server has, in SHOW DATABASES' order; they cannot be created or dropped, and only `mysql` can have stored tables.
pub const SYSTEM_DATABASES: [&str; 4] = ["information_schema", "mysql", "performance_schema", "sys"];

/// Whether this is one of [`SYSTEM_DATABASES`]; `information_schema` and `performance_schema` in any case of letters.
#[must_use]
pub fn is_system_database(name: &str) -> bool {
    name.eq_ignore_ascii_case("information_schema")
        || name.eq_ignore_ascii_case("performance_schema")
        || SYSTEM_DATABASES.contains(&name)
}

impl Catalog {
    /// A stored table.
    ///
    /// # Errors
    /// 1049 for an unknown database, 1146 for an unknown table, 1235 for a view.
    pub fn table(&self, database: &str, name: &str) -> Result<&Arc<Table>> {
        match self.databases.get(database) {
            Some(found) => found.tables.get(name).ok_or_else(|| match found.views.contains_key(name) {
                true => Error::not_supported(format_args!("this statement for the view '{database}.{name}'")),
                false => Error::no_such_table(database, name),
            }),
            None if is_system_database(database) => Err(Error::no_such_table(database, name)),
            None => Err(Error::unknown_database(database)),
        }
    }

    /// A view, if there is one of this name.
    #[must_use]
    pub fn view(&self, database: &str, name: &str) -> Option<&Arc<crate::view::View>> {
        self.databases.get(database).and_then(|found| found.views.get(name))
    }

    /// Whether there is such a database, system databases included.
    #[must_use]
    pub fn has_database(&self, name: &str) -> bool {
        self.databases.contains_key(name) || is_system_database(name)
    }

    /// Whether a table is one that the server makes up, or none: of a system database, and not stored.
    #[must_use]
    pub fn is_system_table(&self, database: &str, table: &str) -> bool {
        is_system_database(database) && !self.is_stored(database, table)
    }

    /// Whether there is a stored table of this name.
    #[must_use]
    pub fn is_stored(&self, database: &str, table: &str) -> bool {
        self.databases.get(database).is_some_and(|found| found.tables.contains_key(table))
    }

    /// The names of all databases, system databases included, in order.
    #[must_use]
    pub fn database_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> =
            self.databases.keys().map(String::as_str).chain(SYSTEM_DATABASES).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// A table by its id.
    #[must_use]
    pub fn table_by_id(&self, id: TableId) -> Option<&Arc<Table>> {
        self.tables().find(|table| table.id == id)
    }

    /// All tables, by database and name.
    pub fn tables(&self) -> impl Iterator<Item = &Arc<Table>> {
        self.databases.values().flat_map(|database| database.tables.values())
    }
}

impl Table {
    /// The index that holds the rows.
    #[must_use]
    pub fn primary(&self) -> &Index {
        &self.indexes[0]
    }

    /// The position of a column, its name in any case of letters.
    #[must_use]
    pub fn column_position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| !column.hidden && same_name(&column.name, name))
    }

    /// The columns that statements can name, with their positions: all but those of key expressions.
    pub fn named_columns(&self) -> impl Iterator<Item = (usize, &Column)> {
        self.columns.iter().enumerate().filter(|(_, column)| !column.hidden)
    }

    /// The columns that `*` stands for, with their positions.
    pub fn visible_columns(&self) -> impl Iterator<Item = (usize, &Column)> {
        self.named_columns().filter(|(_, column)| !column.invisible)
    }

    /// The position of an index, its name in any case of letters. A hidden primary index has no name to be found by.
    #[must_use]
    pub fn index_position(&self, name: &str) -> Option<usize> {
        let skipped = usize::from(self.hidden_row_id);
        self.indexes
            .iter()
            .skip(skipped)
            .position(|index| same_name(&index.name, name))
            .map(|found| found + skipped)
    }
}

impl Column {
    /// Whether a row without a value for it gets one that is computed from the row.
    #[must_use]
    pub fn is_computed(&self) -> bool {
        self.generated.is_some() || matches!(self.default, ColumnDefault::Expression(_))
    }
}

/// Whether two names of columns, indexes or aliases are the same: letters without case.
#[must_use]
pub fn same_name(one: &str, other: &str) -> bool {
    if one.is_ascii() && other.is_ascii() {
        return one.eq_ignore_ascii_case(other);
    }
    one.chars().flat_map(char::to_lowercase).eq(other.chars().flat_map(char::to_lowercase))
}
