//! What an account may do with the roles that are active.

use std::sync::Arc;

use super::{Account, AccountId, Privilege, PrivilegeSet};
use crate::ast::RoutineKind;

/// The merged privileges of an account and of its active roles. A value of one version of the catalog: who keeps it looks at
/// [`Catalog::version`](crate::catalog::Catalog::version) before each use.
#[derive(Clone, Debug, Default)]
pub struct Privileges {
    global: PrivilegeSet,
    /// The account and every role that is active, by themselves or through another: each has its grants here.
    sources: Vec<Arc<Account>>,
}

impl Privileges {
    pub(super) fn new(sources: Vec<Arc<Account>>) -> Privileges {
        let global = sources.iter().fold(PrivilegeSet::NONE, |all, account| all.with(account.grants.global));
        Privileges { global, sources }
    }

    /// What was granted to one account or role itself.
    #[must_use]
    pub fn of_one(account: &Arc<Account>) -> Privileges {
        Privileges::new(vec![Arc::clone(account)])
    }

    /// The account, if it exists, and every role that is active; the account first.
    #[must_use]
    pub fn sources(&self) -> &[Arc<Account>] {
        &self.sources
    }

    /// The global privileges, roles' included.
    #[must_use]
    pub fn global(&self) -> PrivilegeSet {
        self.global
    }

    /// Whether every static privilege is granted globally: nothing below need be looked at then.
    #[must_use]
    pub fn has_all_global(&self) -> bool {
        self.global == PrivilegeSet::GLOBAL
    }

    /// Granted ON *.*.
    #[must_use]
    pub fn has_global(&self, privilege: Privilege) -> bool {
        self.global.has(privilege)
    }

    /// Granted on the database or wider.
    #[must_use]
    pub fn has_database(&self, privilege: Privilege, database: &str) -> bool {
        self.global.has(privilege) || self.on_database(database).has(privilege)
    }

    /// Granted on the table or wider.
    #[must_use]
    pub fn has_table(&self, privilege: Privilege, database: &str, table: &str) -> bool {
        self.has_database(privilege, database) || self.on_table(database, table).has(privilege)
    }

    /// Granted on the column or wider.
    #[must_use]
    pub fn has_column(&self, privilege: Privilege, database: &str, table: &str, column: &str) -> bool {
        self.has_table(privilege, database, table)
            || self.table_grants(database, table).any(|grant| grant.column(column).has(privilege))
    }

    /// Granted on one column of the table at least, or wider.
    #[must_use]
    pub fn has_any_column(&self, privilege: Privilege, database: &str, table: &str) -> bool {
        self.has_table(privilege, database, table)
            || self.table_grants(database, table).any(|grant| grant.any_column().has(privilege))
    }

    /// Whether a dynamic privilege is granted; its name in upper case.
    #[must_use]
    pub fn has_dynamic(&self, name: &str) -> bool {
        self.sources.iter().any(|account| account.grants.dynamic.contains_key(name))
    }

    /// Whether a dynamic privilege is granted and may be handed on.
    #[must_use]
    pub fn has_dynamic_with_grant(&self, name: &str) -> bool {
        self.sources.iter().any(|account| account.grants.dynamic.get(name) == Some(&true))
    }

    /// Whether anything is granted in the database: globally (what may be granted on databases), on it, on a table or a
    /// column of it. Then it may be seen and used.
    #[must_use]
    pub fn has_any_in_database(&self, database: &str) -> bool {
        !self.global.and(PrivilegeSet::DATABASE).is_empty()
            || !self.on_database(database).is_empty()
            || self.sources.iter().any(|account| account.grants.in_database(database).next().is_some())
            || self.sources.iter().any(|account| account.grants.routines.keys().any(|key| key.1 == database))
    }

    /// Whether anything that may be granted on tables is granted on the table, wider, or on a column of it. Then it may be
    /// seen.
    #[must_use]
    pub fn has_any_on_table(&self, database: &str, table: &str) -> bool {
        let wider = self.global.with(self.on_database(database));
        !wider.and(PrivilegeSet::TABLE).is_empty() || self.table_grants(database, table).next().is_some()
    }

    /// Granted on the database alone, roles' included.
    #[must_use]
    pub fn on_database(&self, database: &str) -> PrivilegeSet {
        let of = |account: &Arc<Account>| account.grants.on_database(database);
        self.sources.iter().map(of).fold(PrivilegeSet::NONE, PrivilegeSet::with)
    }

    /// Granted on the table alone, roles' included.
    #[must_use]
    pub fn on_table(&self, database: &str, table: &str) -> PrivilegeSet {
        self.table_grants(database, table).fold(PrivilegeSet::NONE, |all, grant| all.with(grant.privileges))
    }

    /// Granted on the routine alone, roles' included.
    #[must_use]
    pub fn on_routine(&self, kind: RoutineKind, database: &str, name: &str) -> PrivilegeSet {
        let of = |account: &Arc<Account>| account.grants.on_routine(kind, database, name);
        self.sources.iter().map(of).fold(PrivilegeSet::NONE, PrivilegeSet::with)
    }

    fn table_grants(&self, database: &str, table: &str) -> impl Iterator<Item = &super::TableGrant> {
        self.sources.iter().filter_map(move |account| account.grants.on_table(database, table))
    }

    /// Whether the role may be handed on to others: by ADMIN OPTION on it.
    #[must_use]
    pub fn has_admin_option(&self, role: &AccountId) -> bool {
        self.sources.iter().any(|account| account.grants.roles.get(role) == Some(&true))
    }
}
