//! What an account sees of what there is: rows of information_schema, of SHOW, and of the process list.
//!
//! An account sees a database, a table or a column when anything is granted on it, in it or wider. Everybody sees information_schema, and
//! of performance_schema the tables that everybody may read.

use super::{Authorization, Grant};
use crate::account::{Privilege, PrivilegeSet};
use crate::show::system_table::{INFORMATION_SCHEMA, PERFORMANCE_SCHEMA};

/// Tables of performance_schema that everybody may read, as in MySQL.
const WORLD_READABLE: &[&str] = &[
    "global_status",
    "global_variables",
    "processlist",
    "session_account_connect_attrs",
    "session_connect_attrs",
    "session_status",
    "session_variables",
];

/// Whether everybody may read a table: those of information_schema, whose rows are left out instead, and some of performance_schema. The
/// database in lower case.
#[must_use]
pub fn is_world_readable(database: &str, table: &str) -> bool {
    match database {
        INFORMATION_SCHEMA => true,
        PERFORMANCE_SCHEMA => WORLD_READABLE.iter().any(|name| name.eq_ignore_ascii_case(table)),
        _ => false,
    }
}

impl Authorization {
    /// Whether it sees the database.
    #[must_use]
    pub fn sees_database(&self, database: &str) -> bool {
        self.is_unlimited()
            || database.eq_ignore_ascii_case(INFORMATION_SCHEMA)
            || database.eq_ignore_ascii_case(PERFORMANCE_SCHEMA)
            || self.has_global(Grant::Static(Privilege::ShowDatabases))
            || self.has_any_in_database(database)
    }

    /// Whether it sees the table.
    #[must_use]
    pub fn sees_table(&self, database: &str, table: &str) -> bool {
        self.is_unlimited()
            || is_world_readable(database, table)
            || self.privileges.has_any_on_table(database, table)
    }

    /// Whether it sees the column.
    #[must_use]
    pub fn sees_column(&self, database: &str, table: &str, column: &str) -> bool {
        self.is_unlimited()
            || is_world_readable(database, table)
            || self.on_column(database, table, column).next().is_some()
    }

    /// `PRIVILEGES` of information_schema.COLUMNS: `select,insert,update,references` as far as they are granted.
    #[must_use]
    pub fn column_privileges(&self, database: &str, table: &str, column: &str) -> String {
        let names: Vec<String> = self
            .on_column(database, table, column)
            .map(|privilege| privilege.name().to_ascii_lowercase())
            .collect();
        names.join(",")
    }

    fn on_column<'a>(
        &'a self,
        database: &'a str,
        table: &'a str,
        column: &'a str,
    ) -> impl Iterator<Item = Privilege> + 'a {
        let of_columns = [Privilege::Select, Privilege::Insert, Privilege::Update, Privilege::References];
        of_columns.into_iter().filter(move |privilege| self.has_column(*privilege, database, table, column))
    }

    /// Whether it sees the connections of a user: its own, and with PROCESS all. (`own_user` is the account's, which is empty for the anonymous
    /// one: that has a name of the client's choice, which may be somebody's.)
    #[must_use]
    pub fn sees_process(&self, own_user: &str, user: &str) -> bool {
        own_user == user || self.has_global(Grant::Static(Privilege::Process))
    }
}

/// Whether SHOW COLUMNS and SHOW INDEX answer: to those with SELECT in the database, or anything on the table itself or its columns.
pub(super) fn shows_columns(authorization: &Authorization, database: &str, table: &str) -> bool {
    let privileges = &authorization.privileges;
    authorization.is_unlimited()
        || database == INFORMATION_SCHEMA
        || database == PERFORMANCE_SCHEMA
        || privileges.has_database(Privilege::Select, database)
        || !privileges.on_table(database, table).is_empty()
        || PrivilegeSet::COLUMN.iter().any(|privilege| {
            // What is granted wider is no reason to show anything; what is granted on a column of it is.
            !privileges.has_database(privilege, database)
                && privileges.has_any_column(privilege, database, table)
        })
}

/// Whether SHOW CREATE TABLE answers: to those with anything on the table or wider; columns alone will not do.
pub(super) fn shows_definition(authorization: &Authorization, database: &str, table: &str) -> bool {
    let privileges = &authorization.privileges;
    let granted =
        privileges.global().with(privileges.on_database(database)).with(privileges.on_table(database, table));
    authorization.is_unlimited()
        || database == INFORMATION_SCHEMA
        || !granted.and(PrivilegeSet::TABLE).is_empty()
}
