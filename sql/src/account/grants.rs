//! What was granted to an account, as it is stored.

use std::collections::BTreeMap;

use super::pattern;
use super::privilege::PrivilegeSet;
use super::{AccountId, Privilege};
use crate::ast::RoutineKind;
use crate::catalog::same_name;

/// What was granted to an account or a role, at every level. Levels do not include each other here (see
/// [`Privileges`](super::Privileges) for that).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// ON *.*, of mysql.user.
    pub global: PrivilegeSet,
    /// Dynamic privileges in upper case, and whether WITH GRANT OPTION; of mysql.global_grants.
    pub dynamic: BTreeMap<String, bool>,
    /// ON database.*, by the database's pattern as written; of mysql.db. No set is empty.
    pub databases: BTreeMap<String, PrivilegeSet>,
    /// ON database.table, by database and table; of mysql.tables_priv and columns_priv. None is empty.
    pub tables: BTreeMap<(String, String), TableGrant>,
    /// ON PROCEDURE and FUNCTION, by kind, database and name in lower case; of mysql.procs_priv. None is empty.
    pub routines: BTreeMap<(RoutineKind, String, String), RoutineGrant>,
    /// Roles, and whether WITH ADMIN OPTION; of mysql.role_edges.
    pub roles: BTreeMap<AccountId, bool>,
}

/// What was granted on a table and its columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableGrant {
    /// On the table.
    pub privileges: PrivilegeSet,
    /// On columns, by name as written (compared without case). No set is empty.
    pub columns: BTreeMap<String, PrivilegeSet>,
    /// Who granted last, as `user@host`.
    pub grantor: String,
    /// When, in seconds since the epoch.
    pub granted_unix_seconds: u64,
}

/// What was granted on a stored routine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoutineGrant {
    /// EXECUTE, ALTER ROUTINE, GRANT OPTION.
    pub privileges: PrivilegeSet,
    /// Who granted last, as `user@host`.
    pub grantor: String,
    /// When, in seconds since the epoch.
    pub granted_unix_seconds: u64,
}

impl TableGrant {
    /// What was granted on any column.
    #[must_use]
    pub fn any_column(&self) -> PrivilegeSet {
        self.columns.values().fold(PrivilegeSet::NONE, |all, set| all.with(*set))
    }

    /// What was granted on this column alone.
    #[must_use]
    pub fn column(&self, name: &str) -> PrivilegeSet {
        let of_name = self.columns.iter().filter(|(column, _)| same_name(column, name));
        of_name.fold(PrivilegeSet::NONE, |all, (_, set)| all.with(*set))
    }

    /// Whether nothing is left of it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.privileges.is_empty() && self.columns.is_empty()
    }
}

impl Grants {
    /// Every privilege there is, with GRANT OPTION.
    #[must_use]
    pub fn all() -> Grants {
        let dynamic = super::privilege::DYNAMIC_PRIVILEGES.iter().map(|name| ((*name).to_owned(), true));
        Grants { global: PrivilegeSet::GLOBAL, dynamic: dynamic.collect(), ..Grants::default() }
    }

    /// Granted on the database: by its own name if there is such a grant, else by the most specific pattern that stands for
    /// it, and by no other.
    #[must_use]
    pub fn on_database(&self, database: &str) -> PrivilegeSet {
        if let Some(set) = self.databases.get(database) {
            return *set;
        }
        let fitting = self.databases.iter().filter(|(name, _)| pattern::matches(name, database));
        let best = fitting.max_by_key(|(name, _)| (pattern::specificity(name), name.len()));
        best.map_or(PrivilegeSet::NONE, |(_, set)| *set)
    }

    /// Granted on the table.
    #[must_use]
    pub fn on_table(&self, database: &str, table: &str) -> Option<&TableGrant> {
        // A key of two texts cannot be looked up by borrowed ones; grants on single tables are few.
        self.in_database(database).find(|((_, name), _)| name == table).map(|(_, grant)| grant)
    }

    /// Granted on tables of the database.
    pub fn in_database(&self, database: &str) -> impl Iterator<Item = (&(String, String), &TableGrant)> {
        self.tables
            .range((database.to_owned(), String::new())..)
            .take_while(move |((of, _), _)| of == database)
    }

    /// Granted on the routine; its name in any case.
    #[must_use]
    pub fn on_routine(&self, kind: RoutineKind, database: &str, name: &str) -> PrivilegeSet {
        if self.routines.is_empty() {
            return PrivilegeSet::NONE;
        }
        let key = (kind, database.to_owned(), name.to_lowercase());
        self.routines.get(&key).map_or(PrivilegeSet::NONE, |grant| grant.privileges)
    }

    /// Whether nothing was granted, roles apart.
    #[must_use]
    pub fn has_no_privileges(&self) -> bool {
        self.global.is_empty()
            && self.dynamic.is_empty()
            && self.databases.is_empty()
            && self.tables.is_empty()
            && self.routines.is_empty()
    }

    /// Whether the account is SYSTEM_USER: others may change it only if they are too.
    #[must_use]
    pub fn is_system_user(&self) -> bool {
        self.dynamic.contains_key("SYSTEM_USER")
    }

    /// Whether anything allows to hand on privileges.
    #[must_use]
    pub fn has_grant_option(&self) -> bool {
        self.global.has(Privilege::GrantOption)
    }
}
