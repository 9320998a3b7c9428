//! Accounts: who may log in, by which secret and under which rules, and what was granted to whom.
//!
//! [`Accounts`] is a part of the [`Catalog`](crate::catalog::Catalog): immutable, replaced as a whole by account statements
//! ([`crate::ddl::account`]), whose entries of the log carry it to every node. A role is an account that is locked and has
//! no secret, as in MySQL.
//!
//! | file | is |
//! |---|---|
//! | `host` | where a client comes from, and which hosts a pattern stands for |
//! | `pattern` | `%` and `_` in hosts and databases |
//! | `privilege` | the static privileges, sets of them, the names of the dynamic ones |
//! | `grants` | what was granted, as stored |
//! | `privileges` | what an account may do with its roles, all levels merged |
//! | `encode` | an account's bytes |
//! | `secret` | authentication strings: made, checked, verified |
//!
//! A store that no account statement has touched has one account, `root`@`localhost` with every privilege and no password
//! ([`Accounts::default`]). The first account statement stores it with its own changes, and from then on what is stored
//! is all there is: dropping the last account does not bring the built-in one back.
//!
//! Left out: proxy users, partial revokes, multi-factor authentication, privileges on routines (there are none).

pub mod encode;
mod grants;
mod host;
mod pattern;
pub mod privilege;
mod privileges;
pub mod secret;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

pub use grants::{Grants, RoutineGrant, TableGrant};
pub use host::ClientHost;
pub use privilege::{DYNAMIC_PRIVILEGES, Privilege, PrivilegeSet};
pub use privileges::Privileges;
pub use secret::AuthPlugin;

/// The name of an account or a role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId {
    /// The user; empty for the anonymous one. Letters count with their case.
    pub user: String,
    /// The host or its pattern, in lower case; `%` for roles and where none was written.
    pub host: String,
}

impl AccountId {
    /// An account's name; the host is put into lower case.
    #[must_use]
    pub fn new(user: impl Into<String>, host: &str) -> AccountId {
        AccountId { user: user.into(), host: host.to_lowercase() }
    }

    /// `root`@`localhost`.
    #[must_use]
    pub fn root() -> AccountId {
        AccountId::new("root", "localhost")
    }

    /// `'user'@'host'`: as most of MySQL's messages have it.
    #[must_use]
    pub fn quoted(&self) -> String {
        format!("'{}'@'{}'", self.user, self.host)
    }

    /// `user@host`: as `CURRENT_USER()` and some messages have it.
    #[must_use]
    pub fn plain(&self) -> String {
        format!("{}@{}", self.user, self.host)
    }
}

/// `` `user`@`host` ``: as SHOW GRANTS and SHOW CREATE USER have it.
impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`@`{}`", self.user.replace('`', "``"), self.host.replace('`', "``"))
    }
}

/// How an account proves who it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Authentication {
    /// The method.
    pub plugin: AuthPlugin,
    /// What the method keeps of the password, exactly as mysql.user has it: `$A$005$` salt and digest, `*` and 40
    /// hexadecimal digits; empty for no password.
    pub authentication_string: Vec<u8>,
}

/// The secret itself is not shown.
impl fmt::Debug for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secret = if self.authentication_string.is_empty() { "none" } else { "<secret>" };
        write!(f, "{} {secret}", self.plugin.name())
    }
}

/// REQUIRE: what the connection must be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TlsRequirement {
    /// Anything.
    #[default]
    None,
    /// Encrypted.
    Ssl,
    /// Encrypted, with a valid certificate of the client.
    X509,
    /// Encrypted with this cipher, the client's certificate of this issuer and subject, as far as given.
    Specified {
        /// CIPHER.
        cipher: Option<String>,
        /// ISSUER, in OpenSSL's one-line form.
        issuer: Option<String>,
        /// SUBJECT, likewise.
        subject: Option<String>,
    },
}

/// WITH …: how much an account may use. 0 is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResourceLimits {
    /// MAX_QUERIES_PER_HOUR.
    pub max_queries_per_hour: u32,
    /// MAX_UPDATES_PER_HOUR.
    pub max_updates_per_hour: u32,
    /// MAX_CONNECTIONS_PER_HOUR.
    pub max_connections_per_hour: u32,
    /// MAX_USER_CONNECTIONS, at once. 0: as the variable of that name says.
    pub max_user_connections: u32,
}

/// PASSWORD_LOCK_TIME: for how long FAILED_LOGIN_ATTEMPTS locks the account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PasswordLock {
    /// Not at all (0).
    #[default]
    Off,
    /// So many days.
    Days(u16),
    /// Until it is unlocked.
    Unbounded,
}

/// PASSWORD REQUIRE CURRENT: whether a change of the own password must say the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequireCurrent {
    /// As `password_require_current` says.
    #[default]
    Default,
    /// Yes.
    Required,
    /// No.
    Optional,
}

/// A password that the account had, for PASSWORD HISTORY and REUSE INTERVAL.
#[derive(Clone, PartialEq, Eq)]
pub struct FormerSecret {
    /// When it was set, in microseconds since the epoch.
    pub set_us: u64,
    /// As [`Authentication::authentication_string`].
    pub authentication_string: Vec<u8>,
}

/// The secret itself is not shown.
impl fmt::Debug for FormerSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<secret of {}>", self.set_us)
    }
}

/// An account or a role. All fields are durable and change by account statements only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub id: AccountId,
    /// Its secret.
    pub authentication: Authentication,
    /// The secret before, which still holds too (RETAIN CURRENT PASSWORD), of the same plugin.
    pub retained: Option<Vec<u8>>,
    /// REQUIRE.
    pub require: TlsRequirement,
    /// WITH ….
    pub limits: ResourceLimits,
    /// ACCOUNT LOCK; roles are.
    pub is_locked: bool,
    /// PASSWORD EXPIRE; roles are.
    pub password_expired: bool,
    /// PASSWORD EXPIRE INTERVAL n DAY; 0 for NEVER, `None` for DEFAULT: as `default_password_lifetime` says.
    pub password_lifetime_days: Option<u16>,
    /// When the password was set, in seconds since the epoch.
    pub password_changed_unix_seconds: u64,
    /// FAILED_LOGIN_ATTEMPTS; 0: not counted.
    pub failed_login_attempts: u16,
    /// PASSWORD_LOCK_TIME.
    pub password_lock: PasswordLock,
    /// PASSWORD HISTORY n; `None` for DEFAULT.
    pub password_history: Option<u16>,
    /// PASSWORD REUSE INTERVAL n DAY; `None` for DEFAULT.
    pub password_reuse_days: Option<u16>,
    /// PASSWORD REQUIRE CURRENT.
    pub require_current: RequireCurrent,
    /// Passwords before, newest first, as far as history or reuse interval need them.
    pub former_secrets: Vec<FormerSecret>,
    /// DEFAULT ROLE, in order.
    pub default_roles: Vec<AccountId>,
    /// COMMENT or ATTRIBUTE: a JSON object, as MySQL prints it.
    pub attribute: Option<String>,
    /// What was granted.
    pub grants: Grants,
}

impl Account {
    /// An account as CREATE USER makes it, without secret and privileges.
    #[must_use]
    pub fn new(id: AccountId) -> Account {
        Account {
            id,
            authentication: Authentication {
                plugin: AuthPlugin::CachingSha2Password,
                authentication_string: Vec::new(),
            },
            retained: None,
            require: TlsRequirement::None,
            limits: ResourceLimits::default(),
            is_locked: false,
            password_expired: false,
            password_lifetime_days: None,
            password_changed_unix_seconds: 0,
            failed_login_attempts: 0,
            password_lock: PasswordLock::Off,
            password_history: None,
            password_reuse_days: None,
            require_current: RequireCurrent::Default,
            former_secrets: Vec::new(),
            default_roles: Vec::new(),
            attribute: None,
            grants: Grants::default(),
        }
    }

    /// `root`@`localhost` with every privilege and without password.
    #[must_use]
    pub fn built_in_root() -> Account {
        Account { grants: Grants::all(), ..Account::new(AccountId::root()) }
    }

    /// Whether the password must be changed before anything else is done: it was expired, or is older than its lifetime.
    /// `default_lifetime_days` is `default_password_lifetime`; 0 is for ever.
    #[must_use]
    pub fn is_password_expired(&self, now_unix_seconds: u64, default_lifetime_days: u64) -> bool {
        let days = self.password_lifetime_days.map_or(default_lifetime_days, u64::from);
        let expires = self.password_changed_unix_seconds.saturating_add(days.saturating_mul(86_400));
        self.password_expired || (days > 0 && expires < now_unix_seconds)
    }

    /// Whether it is a role as CREATE ROLE makes them. (Any account can be granted as a role, as in MySQL.)
    #[must_use]
    pub fn looks_like_role(&self) -> bool {
        self.is_locked && self.password_expired && self.authentication.authentication_string.is_empty()
    }
}

/// All accounts at one version of the catalog.
#[derive(Clone, Debug)]
pub struct Accounts {
    accounts: BTreeMap<AccountId, Arc<Account>>,
    /// The same, in the order in which they are tried for a client that logs in.
    by_specificity: Vec<Arc<Account>>,
    is_stored: bool,
}

/// Of a store that no account statement has touched: the built-in root.
impl Default for Accounts {
    fn default() -> Accounts {
        Accounts::of([Account::built_in_root()], false)
    }
}

impl Accounts {
    /// These accounts; `is_stored` as [`Accounts::is_stored`] says.
    #[must_use]
    pub fn of(accounts: impl IntoIterator<Item = Account>, is_stored: bool) -> Accounts {
        let accounts: BTreeMap<_, _> =
            accounts.into_iter().map(|account| (account.id.clone(), Arc::new(account))).collect();
        Accounts::from_map(accounts, is_stored)
    }

    fn from_map(accounts: BTreeMap<AccountId, Arc<Account>>, is_stored: bool) -> Accounts {
        let mut by_specificity: Vec<_> = accounts.values().cloned().collect();
        by_specificity.sort_by(|one, other| {
            host::by_specificity(&one.id.host, &other.id.host)
                .then_with(|| one.id.user.is_empty().cmp(&other.id.user.is_empty()))
        });
        Accounts { accounts, by_specificity, is_stored }
    }

    /// These accounts, all stored, after changes: an account in place of the one of its name, or none.
    pub(crate) fn changed(
        &self,
        changes: impl IntoIterator<Item = (AccountId, Option<Account>)>,
    ) -> Accounts {
        // What was built in is not part of what is stored, unless it was stored too.
        let mut accounts = if self.is_stored { self.accounts.clone() } else { BTreeMap::new() };
        for (id, account) in changes {
            match account {
                Some(account) => accounts.insert(id, Arc::new(account)),
                None => accounts.remove(&id),
            };
        }
        Accounts::from_map(accounts, true)
    }

    /// These accounts as a statement that is under way has changed them.
    pub(crate) fn changed_of(&self, changes: &BTreeMap<AccountId, Option<Account>>) -> Accounts {
        let stored = Accounts { is_stored: true, ..self.clone() };
        stored.changed(changes.iter().map(|(id, account)| (id.clone(), account.clone())))
    }

    /// Whether they come from the store; if not, they are the built-in ones.
    #[must_use]
    pub fn is_stored(&self) -> bool {
        self.is_stored
    }

    /// The account a client logs in as: MySQL's order (most specific host first, then named users before the anonymous one).
    /// Its rules (locked, expired, …) are for the caller to keep.
    #[must_use]
    pub fn find(&self, user: &str, host: &ClientHost) -> Option<&Arc<Account>> {
        self.by_specificity.iter().find(|account| {
            (account.id.user.is_empty() || account.id.user == user) && host.is_in(&account.id.host)
        })
    }

    /// An account by its name.
    #[must_use]
    pub fn get(&self, id: &AccountId) -> Option<&Arc<Account>> {
        self.accounts.get(id)
    }

    /// All accounts and roles, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Account>> {
        self.accounts.values()
    }

    /// What the account may do with these roles active (roles of roles included), merged. A role that the account was not
    /// granted (any more) adds nothing. To be kept by who uses it, for as long as
    /// [`Catalog::version`](crate::catalog::Catalog::version) does not move.
    #[must_use]
    pub fn privileges(&self, account: &AccountId, active_roles: &[AccountId]) -> Privileges {
        let Some(own) = self.accounts.get(account) else { return Privileges::default() };
        let mut sources = vec![Arc::clone(own)];
        let mut seen = BTreeSet::from([account]);
        let mut next: Vec<&AccountId> =
            active_roles.iter().filter(|role| own.grants.roles.contains_key(role)).collect();
        while let Some(role) = next.pop() {
            if !seen.insert(role) {
                continue;
            }
            if let Some(found) = self.accounts.get(role) {
                sources.push(Arc::clone(found));
                next.extend(found.grants.roles.keys());
            }
        }
        Privileges::new(sources)
    }

    /// Whether `role` is granted to `account` by itself or through other roles.
    #[must_use]
    pub fn reaches(&self, account: &AccountId, role: &AccountId) -> bool {
        let mut seen = BTreeSet::new();
        let mut next = vec![account];
        while let Some(id) = next.pop() {
            if !seen.insert(id) {
                continue;
            }
            let Some(found) = self.accounts.get(id) else { continue };
            if found.grants.roles.contains_key(role) {
                return true;
            }
            next.extend(found.grants.roles.keys());
        }
        false
    }

    /// The roles that are active when the account logs in: all that it was granted if `activate_all`, else its default ones.
    #[must_use]
    pub fn roles_at_login(&self, account: &AccountId, activate_all: bool) -> Vec<AccountId> {
        let Some(account) = self.accounts.get(account) else { return Vec::new() };
        if activate_all {
            return account.grants.roles.keys().cloned().collect();
        }
        let is_granted = |role: &&AccountId| account.grants.roles.contains_key(*role);
        account.default_roles.iter().filter(is_granted).cloned().collect()
    }
}
