//! Who may do what: what a statement needs, and whether the account of a session has it.
//!
//! What is needed is a list of [`Requirement`]s in the order in which MySQL looks at them, since the first that is not met is the error
//! that the client hears. It comes from two places. Names of tables are known from the syntax tree alone ([`tables`] for what is planned,
//! [`statement`] for everything else), so an account that may not use a table does not hear whether it exists. Columns are known when
//! names are resolved: the binder writes them down as it meets them ([`Needs`]), and a plan keeps the list ([`crate::plan::Plan::requirements`]).
//! When binding fails, what was written down so far is looked at first: the error is about a table only for those who may know it.
//!
//! What the account has is an [`Authorization`]: its privileges and those of the active roles, at one version of the catalog. The server
//! makes it anew before the next statement when the catalog has another version, so what REVOKE takes is gone at once, also in sessions
//! that go on. (In MySQL privileges ON *.* and those on the current database stay until the client connects again.)
//!
//! What is not refused but left out (rows of information_schema, of SHOW DATABASES and of the process list) is in [`visible`].
//!
//! Left out: what account statements themselves need (`ddl::account`), stored routines and views, partial revokes.

pub mod denied;
pub mod requirement;
pub mod show;
pub mod statement;
pub mod tables;
pub mod visible;

#[cfg(test)]
mod tests;

use crate::account::{AccountId, Privilege, PrivilegeSet, Privileges};
use crate::ast::RoutineKind;
use crate::catalog::Catalog;

pub use requirement::{Findings, Grant, Needs, Requirement, Requirements, Source};

/// What the account of a session may do, with the roles that are active.
#[derive(Clone, Debug)]
pub struct Authorization {
    /// [`Catalog::version`] of the grants.
    version: u64,
    account: AccountId,
    /// Those that are active.
    roles: Vec<AccountId>,
    privileges: Privileges,
    /// The server itself.
    is_exempt: bool,
    is_unlimited: bool,
}

impl Authorization {
    /// What this version of the catalog says.
    #[must_use]
    pub fn of(catalog: &Catalog, account: &AccountId, roles: &[AccountId]) -> Authorization {
        let privileges = catalog.accounts.privileges(account, roles);
        Authorization {
            version: catalog.version,
            account: account.clone(),
            roles: roles.to_vec(),
            is_exempt: false,
            is_unlimited: privileges.has_all_global(),
            privileges,
        }
    }

    /// Everything, for what the server does by itself.
    #[must_use]
    pub fn exempt() -> Authorization {
        Authorization {
            version: 0,
            account: AccountId::default(),
            roles: Vec::new(),
            privileges: Privileges::default(),
            is_exempt: true,
            is_unlimited: true,
        }
    }

    /// Nothing, and of no version of the catalog: to be found out before the first statement.
    #[must_use]
    pub fn unknown() -> Authorization {
        Authorization {
            version: u64::MAX,
            account: AccountId::default(),
            roles: Vec::new(),
            privileges: Privileges::default(),
            is_exempt: false,
            is_unlimited: false,
        }
    }

    /// Whether it is what a catalog of this version says of the account with these roles.
    #[must_use]
    pub fn is_of(&self, version: u64, account: &AccountId, roles: &[AccountId]) -> bool {
        self.version == version && self.account == *account && self.roles == roles
    }

    /// The version of the catalog that it is of.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Whether everything that can be needed of databases, tables and columns is granted globally.
    #[must_use]
    pub fn is_unlimited(&self) -> bool {
        self.is_unlimited
    }

    /// Whether it is granted ON *.*.
    #[must_use]
    pub fn has_global(&self, grant: Grant) -> bool {
        self.is_exempt
            || match grant {
                Grant::Static(privilege) => self.privileges.has_global(privilege),
                Grant::Dynamic(name) => self.privileges.has_dynamic(name),
            }
    }

    /// Whether it is granted on the database or wider.
    #[must_use]
    pub fn has_database(&self, privilege: Privilege, database: &str) -> bool {
        self.is_unlimited || self.privileges.has_database(privilege, database)
    }

    /// Whether it is granted on the table or wider.
    #[must_use]
    pub fn has_table(&self, privilege: Privilege, database: &str, table: &str) -> bool {
        self.is_unlimited || self.privileges.has_table(privilege, database, table)
    }

    /// Whether it is granted on the column or wider.
    #[must_use]
    pub fn has_column(&self, privilege: Privilege, database: &str, table: &str, column: &str) -> bool {
        self.is_unlimited || self.privileges.has_column(privilege, database, table, column)
    }

    /// Whether it is granted on the stored routine or wider.
    #[must_use]
    pub fn has_routine(&self, privilege: Privilege, kind: RoutineKind, database: &str, name: &str) -> bool {
        self.has_database(privilege, database)
            || self.privileges.on_routine(kind, database, name).has(privilege)
    }

    /// Whether anything is granted in the database, or everywhere.
    #[must_use]
    pub fn has_any_in_database(&self, database: &str) -> bool {
        self.is_unlimited || self.privileges.has_any_in_database(database)
    }

    /// Which of these are granted neither on the table, nor wider, nor on any column of it.
    #[must_use]
    pub fn missing_on_table(&self, wanted: PrivilegeSet, database: &str, table: &str) -> PrivilegeSet {
        if self.is_unlimited {
            return PrivilegeSet::NONE;
        }
        let missing = wanted
            .without(self.privileges.global())
            .without(self.privileges.on_database(database))
            .without(self.privileges.on_table(database, table));
        let on_columns = missing
            .and(PrivilegeSet::COLUMN)
            .iter()
            .filter(|privilege| self.privileges.has_any_column(*privilege, database, table));
        on_columns.fold(missing, |missing, privilege| missing.without(privilege.into()))
    }
}
