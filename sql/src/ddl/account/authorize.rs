//! Who may say an account statement.

use super::Work;
use crate::account::{AccountId, Accounts, Privilege, PrivilegeSet, Privileges};
use crate::session::SessionState;
use crate::{Error, Result};

/// Who runs the statement.
pub(crate) struct Actor {
    /// The account.
    pub(crate) id: AccountId,
    /// What it may do, with the roles that are active.
    pub(crate) privileges: Privileges,
    /// The user and the host as the client gave and has them.
    pub(crate) user: String,
    pub(crate) host: String,
    has_password: bool,
}

impl Actor {
    pub(crate) fn of(session: &SessionState, accounts: &Accounts) -> Actor {
        let account = accounts.get(&session.account);
        Actor {
            id: session.account.clone(),
            privileges: accounts.privileges(&session.account, &session.active_roles),
            user: session.user.clone(),
            host: session.host.clone(),
            has_password: account.is_some_and(|found| !found.authentication.authentication_string.is_empty()),
        }
    }

    pub(crate) fn has(&self, privilege: Privilege) -> bool {
        self.privileges.has_global(privilege)
    }

    /// Demands a global privilege.
    pub(super) fn demand(&self, privilege: Privilege) -> Result<()> {
        if self.has(privilege) { Ok(()) } else { Err(needs(privilege.name())) }
    }

    /// Demands CREATE USER, or the privilege for roles.
    pub(super) fn demand_for_roles(&self, privilege: Privilege) -> Result<()> {
        if self.has(Privilege::CreateUser) || self.has(privilege) {
            return Ok(());
        }
        Err(needs(&format!("CREATE USER, {}", privilege.name())))
    }

    /// Whether the role may be granted and revoked.
    pub(super) fn demand_role(&self, role: &AccountId) -> Result<()> {
        let may = self.has(Privilege::Super)
            || self.privileges.has_dynamic("ROLE_ADMIN")
            || self.privileges.has_admin_option(role);
        if may { Ok(()) } else { Err(needs("WITH ADMIN, ROLE_ADMIN, SUPER")) }
    }

    /// Error 1045: what may not be granted globally.
    pub(super) fn denied(&self) -> Error {
        let password = if self.has_password { "YES" } else { "NO" };
        let message = format!("Access denied for user {} (using password: {password})", self.id.quoted());
        Error { code: 1045, state: *b"28000", message }
    }

    /// Error 1044: what may not be done in a database.
    pub(crate) fn denied_database(&self, database: &str) -> Error {
        let message = format!("Access denied for user {} to database '{database}'", self.id.quoted());
        Error { code: 1044, state: *b"42000", message }
    }

    /// Error 1370: what may not be done with a routine.
    pub(crate) fn denied_routine(&self, missing: Privilege, database: &str, name: &str) -> Error {
        let word = match missing {
            Privilege::GrantOption => "grant".to_owned(),
            other => other.name().to_lowercase(),
        };
        let message = format!(
            "{word} command denied to user '{}'@'{}' for routine '{database}.{name}'",
            self.id.user, self.id.host
        );
        Error { code: 1370, state: *b"42000", message }
    }

    /// Error 1142: what may not be done with a table.
    pub(crate) fn denied_table(&self, missing: PrivilegeSet, table: &str) -> Error {
        let word = |privilege: Privilege| match privilege {
            Privilege::GrantOption => "GRANT",
            other => other.name(),
        };
        let words: Vec<&str> = missing.iter().map(word).collect();
        let message = format!(
            "{} command denied to user '{}'@'{}' for table '{table}'",
            words.join(", "),
            self.user,
            self.host
        );
        Error { code: 1142, state: *b"42000", message }
    }
}

/// Error 1227.
pub(crate) fn needs(privileges: &str) -> Error {
    let message =
        format!("Access denied; you need (at least one of) the {privileges} privilege(s) for this operation");
    Error { code: 1227, state: *b"42000", message }
}

impl Work {
    /// Whether the account is SYSTEM_USER by itself or by a role it was granted.
    fn is_system_user(&self, id: &AccountId) -> bool {
        let Some(account) = self.get(id) else { return false };
        if account.grants.is_system_user() {
            return true;
        }
        let is_role_of = |role: &&std::sync::Arc<crate::account::Account>| {
            role.grants.is_system_user() && self.accounts.reaches(id, &role.id)
        };
        self.accounts.iter().find(is_role_of).is_some()
    }

    /// Demands SYSTEM_USER for changes of an account that has it.
    pub(super) fn demand_target(&self, id: &AccountId) -> Result<()> {
        if self.is_system_user(id) && !self.actor.privileges.has_dynamic("SYSTEM_USER") {
            return Err(needs("SYSTEM_USER"));
        }
        Ok(())
    }
}
