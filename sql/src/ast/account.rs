//! Account statements as written.

use std::fmt;

use crate::account::{
    AccountId, AuthPlugin, Authentication, PasswordLock, PrivilegeSet, RequireCurrent, TlsRequirement,
};

/// An account that a statement names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserName {
    /// CURRENT_USER.
    Current,
    /// By its name.
    Named(AccountId),
}

/// A statement about accounts.
#[derive(Clone, Debug, PartialEq)]
pub enum AccountStatement {
    /// CREATE USER.
    CreateUser {
        /// IF NOT EXISTS.
        if_not_exists: bool,
        /// Whom.
        users: Vec<UserSpec>,
        /// DEFAULT ROLE, which are granted too.
        default_roles: Vec<AccountId>,
        /// All other options.
        options: UserOptions,
    },
    /// ALTER USER.
    AlterUser {
        /// IF EXISTS.
        if_exists: bool,
        /// Whom.
        users: Vec<UserSpec>,
        /// Options.
        options: UserOptions,
    },
    /// SET PASSWORD.
    SetPassword(UserSpec),
    /// What no text says: `root`, from this machine and from anywhere, gets every privilege and this secret, unless
    /// accounts are stored already. For the formation of a cluster.
    Form(Authentication),
    /// FLUSH PRIVILEGES where restored tables of grants wait to be read.
    Reload,
    /// DROP USER.
    DropUser {
        /// IF EXISTS.
        if_exists: bool,
        /// Whom.
        users: Vec<UserName>,
    },
    /// RENAME USER.
    RenameUser(Vec<(UserName, UserName)>),
    /// CREATE ROLE.
    CreateRole {
        /// IF NOT EXISTS.
        if_not_exists: bool,
        /// Which.
        roles: Vec<AccountId>,
    },
    /// DROP ROLE.
    DropRole {
        /// IF EXISTS.
        if_exists: bool,
        /// Which.
        roles: Vec<AccountId>,
    },
    /// GRANT … ON.
    Grant(Box<PrivilegeChange>),
    /// REVOKE … ON.
    Revoke(Box<PrivilegeChange>),
    /// GRANT role TO.
    GrantRoles {
        /// Which.
        roles: Vec<AccountId>,
        /// To whom.
        users: Vec<UserName>,
        /// WITH ADMIN OPTION.
        with_admin: bool,
    },
    /// REVOKE role FROM.
    RevokeRoles {
        /// Which.
        roles: Vec<AccountId>,
        /// From whom.
        users: Vec<UserName>,
        /// What does not end the statement.
        leniency: Leniency,
    },
    /// REVOKE ALL, GRANT OPTION FROM.
    RevokeAll {
        /// From whom.
        users: Vec<UserName>,
        /// What does not end the statement.
        leniency: Leniency,
    },
    /// SET DEFAULT ROLE, ALTER USER … DEFAULT ROLE.
    SetDefaultRole {
        /// Which.
        roles: DefaultRoles,
        /// For whom.
        users: Vec<UserName>,
    },
}

/// One account of CREATE USER, ALTER USER or SET PASSWORD.
#[derive(Clone, Debug, PartialEq)]
pub struct UserSpec {
    /// Who.
    pub user: UserName,
    /// IDENTIFIED WITH, as written.
    pub plugin: Option<String>,
    /// The new secret.
    pub secret: NewSecret,
    /// REPLACE: the password before.
    pub replace: Option<Secret>,
    /// RETAIN CURRENT PASSWORD.
    pub retain: bool,
    /// DISCARD OLD PASSWORD.
    pub discard: bool,
}

/// What is to become of a secret.
#[derive(Clone, Debug, PartialEq)]
pub enum NewSecret {
    /// Nothing is said of it.
    None,
    /// BY 'password'.
    Password(Secret),
    /// BY RANDOM PASSWORD.
    Random,
    /// AS 'authentication string'.
    Hash(Secret),
    /// What became of one of the others (see [`crate::ddl::account::prepare`]); no text has it.
    Made {
        /// Of this plugin.
        plugin: AuthPlugin,
        /// The authentication string.
        authentication_string: Secret,
        /// The password, if it is known.
        password: Option<Secret>,
    },
}

/// A password or what it is kept as; it is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub Vec<u8>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<secret>")
    }
}

/// Options of CREATE USER and ALTER USER; `None` where nothing is said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UserOptions {
    /// REQUIRE.
    pub require: Option<TlsRequirement>,
    /// MAX_QUERIES_PER_HOUR.
    pub max_queries_per_hour: Option<u32>,
    /// MAX_UPDATES_PER_HOUR.
    pub max_updates_per_hour: Option<u32>,
    /// MAX_CONNECTIONS_PER_HOUR.
    pub max_connections_per_hour: Option<u32>,
    /// MAX_USER_CONNECTIONS.
    pub max_user_connections: Option<u32>,
    /// ACCOUNT LOCK, UNLOCK.
    pub lock: Option<bool>,
    /// PASSWORD EXPIRE.
    pub expire: Option<Expire>,
    /// PASSWORD HISTORY; the inner `None` is DEFAULT.
    pub history: Option<Option<u16>>,
    /// PASSWORD REUSE INTERVAL, days; the inner `None` is DEFAULT.
    pub reuse_days: Option<Option<u16>>,
    /// PASSWORD REQUIRE CURRENT.
    pub require_current: Option<RequireCurrent>,
    /// FAILED_LOGIN_ATTEMPTS.
    pub failed_login_attempts: Option<u16>,
    /// PASSWORD_LOCK_TIME.
    pub lock_time: Option<PasswordLock>,
    /// COMMENT, ATTRIBUTE.
    pub attribute: Option<UserAttribute>,
}

/// PASSWORD EXPIRE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expire {
    /// Now.
    Now,
    /// NEVER.
    Never,
    /// DEFAULT.
    Default,
    /// INTERVAL n DAY.
    Days(u16),
}

/// COMMENT or ATTRIBUTE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserAttribute {
    /// COMMENT 'text'.
    Comment(String),
    /// ATTRIBUTE 'JSON object'.
    Json(String),
}

/// GRANT or REVOKE of privileges.
#[derive(Clone, Debug, PartialEq)]
pub struct PrivilegeChange {
    /// `ALL [PRIVILEGES]`; the other fields of privileges are empty then.
    pub all: bool,
    /// Static privileges, GRANT OPTION among them.
    pub privileges: PrivilegeSet,
    /// Privileges on columns.
    pub columns: Vec<(PrivilegeSet, String)>,
    /// Dynamic privileges in upper case.
    pub dynamic: Vec<String>,
    /// Where.
    pub level: GrantLevel,
    /// To or from whom.
    pub users: Vec<UserName>,
    /// GRANT … WITH GRANT OPTION.
    pub with_grant_option: bool,
    /// REVOKE: what does not end the statement.
    pub leniency: Leniency,
}

/// Where privileges are granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GrantLevel {
    /// `*.*`
    Global,
    /// `db.*` as a pattern; `None` for `*`: the current database.
    Database(Option<String>),
    /// `[db.]t`
    Table {
        /// The database; `None`: the current one.
        database: Option<String>,
        /// The table.
        table: String,
    },
    /// `PROCEDURE [db.]p`, `FUNCTION [db.]f`
    Routine {
        /// Which kind.
        kind: crate::ast::RoutineKind,
        /// The database; `None`: the current one.
        database: Option<String>,
        /// Its name.
        name: String,
    },
}

/// REVOKE's IF EXISTS and IGNORE UNKNOWN USER: a warning each, no error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leniency {
    /// IF EXISTS: what was not granted.
    pub if_exists: bool,
    /// IGNORE UNKNOWN USER: who is not there.
    pub ignore_unknown_user: bool,
}

/// The roles of SET DEFAULT ROLE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DefaultRoles {
    /// NONE.
    None,
    /// ALL.
    All,
    /// These.
    These(Vec<AccountId>),
}

/// The roles of SET ROLE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActiveRoles {
    /// NONE.
    None,
    /// DEFAULT.
    Default,
    /// ALL, or ALL EXCEPT these.
    AllExcept(Vec<AccountId>),
    /// These.
    These(Vec<AccountId>),
}

impl AccountStatement {
    /// What the process list shows of a statement whose text may have a password in it; `None` for one whose text may be
    /// shown.
    #[must_use]
    pub fn shown_as(&self) -> Option<&'static str> {
        match self {
            AccountStatement::CreateUser { .. } => Some("CREATE USER <secret>"),
            AccountStatement::AlterUser { .. } => Some("ALTER USER <secret>"),
            AccountStatement::SetPassword(_) => Some("SET PASSWORD <secret>"),
            AccountStatement::Form(_)
            | AccountStatement::Reload
            | AccountStatement::DropUser { .. }
            | AccountStatement::RenameUser(_)
            | AccountStatement::CreateRole { .. }
            | AccountStatement::DropRole { .. }
            | AccountStatement::Grant(_)
            | AccountStatement::Revoke(_)
            | AccountStatement::GrantRoles { .. }
            | AccountStatement::RevokeRoles { .. }
            | AccountStatement::RevokeAll { .. }
            | AccountStatement::SetDefaultRole { .. } => None,
        }
    }

    /// The secrets that it brings.
    pub fn specs_mut(&mut self) -> &mut [UserSpec] {
        match self {
            AccountStatement::CreateUser { users, .. } | AccountStatement::AlterUser { users, .. } => users,
            AccountStatement::SetPassword(user) => std::slice::from_mut(user),
            AccountStatement::Form(_)
            | AccountStatement::Reload
            | AccountStatement::DropUser { .. }
            | AccountStatement::RenameUser(_)
            | AccountStatement::CreateRole { .. }
            | AccountStatement::DropRole { .. }
            | AccountStatement::Grant(_)
            | AccountStatement::Revoke(_)
            | AccountStatement::GrantRoles { .. }
            | AccountStatement::RevokeRoles { .. }
            | AccountStatement::RevokeAll { .. }
            | AccountStatement::SetDefaultRole { .. } => &mut [],
        }
    }
}
