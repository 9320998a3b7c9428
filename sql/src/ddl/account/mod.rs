//! Account statements: CREATE, ALTER, DROP and RENAME USER, roles, GRANT, REVOKE, SET PASSWORD, SET ROLE.
//!
//! All but SET ROLE are schema changes, run as a [`Job`](crate::ddl::Job) under one lock that all account statements share,
//! so that each sees the accounts of the one before. A statement changes all of its accounts in one entry of the log, or none.
//!
//! The server calls [`prepare`] first: it hashes new passwords, which takes long and is done once, outside of the lock, and
//! makes random ones. So what is written is the hash; the password is in the client's text only.
//!
//! [`authorize`] has who may say what, [`user`] accounts and their options, [`grant`] privileges, [`role`] roles, [`attribute`]
//! COMMENT and ATTRIBUTE, [`secret`] new passwords, [`reload`] restored tables of grants. Warnings are given only when the statement has succeeded, because a step that
//! waits for a lock is run again.
//!
//! Left out: PROXY, partial revokes, `mandatory_roles`, the component `validate_password`.

pub(crate) mod attribute;
pub(crate) mod authorize;
mod grant;
pub mod reload;
mod role;
mod secret;
#[cfg(test)]
mod tests;
mod user;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::bump_version;
use crate::account::encode::{ACCOUNT_VERSION, write_account};
use crate::account::{Account, AccountId, Accounts, Authentication, Grants};
use crate::ast::{AccountStatement, UserName};
use crate::catalog::store::CatalogKey;
use crate::execute::{Context, Outcome, Run};
use crate::session::{SessionState, WarningLevel};
use crate::{Error, Result};
use authorize::Actor;
pub(crate) use grant::no_such_account;
pub use role::set_role;
pub use secret::{Prepared, prepare};

/// Runs an account statement in a step of its job: the lock of all accounts is held.
///
/// # Errors
/// The statement's (see each); suspends.
pub(super) fn run(ctx: &mut Context<'_>, statement: &AccountStatement) -> Run<Outcome> {
    let mut work = Work::new(ctx);
    match statement {
        AccountStatement::Reload => {
            reload::run(&mut work, ctx)?;
        }
        AccountStatement::CreateUser { if_not_exists, users, default_roles, options } => {
            user::create(&mut work, users, *if_not_exists, default_roles, options)?;
        }
        AccountStatement::AlterUser { if_exists, users, options } => {
            user::alter(&mut work, users, *if_exists, options)?;
        }
        AccountStatement::SetPassword(user) => user::set_password(&mut work, user)?,
        AccountStatement::Form(authentication) => work.form(authentication),
        AccountStatement::DropUser { if_exists, users } => user::drop(&mut work, users, *if_exists)?,
        AccountStatement::RenameUser(pairs) => user::rename(&mut work, pairs)?,
        AccountStatement::CreateRole { if_not_exists, roles } => {
            role::create(&mut work, roles, *if_not_exists)?;
        }
        AccountStatement::DropRole { if_exists, roles } => role::drop(&mut work, roles, *if_exists)?,
        AccountStatement::Grant(change) => grant::grant(&mut work, change, ctx)?,
        AccountStatement::Revoke(change) => grant::revoke(&mut work, change, ctx)?,
        AccountStatement::GrantRoles { roles, users, with_admin } => {
            role::grant(&mut work, roles, users, *with_admin)?;
        }
        AccountStatement::RevokeRoles { roles, users, leniency } => {
            role::revoke(&mut work, roles, users, *leniency)?;
        }
        AccountStatement::RevokeAll { users, leniency } => grant::revoke_all(&mut work, users, *leniency)?,
        AccountStatement::SetDefaultRole { roles, users } => role::set_default(&mut work, roles, users)?,
    }
    if !matches!(statement, AccountStatement::Reload) {
        // Behind the looks at who may say it.
        reload::check_none(ctx.catalog)?;
    }
    work.finish(ctx)
}

/// An account statement under way: the accounts as it has changed them so far.
struct Work {
    accounts: Arc<Accounts>,
    changed: BTreeMap<AccountId, Option<Account>>,
    /// Whether something else of the catalog was changed too.
    changes_catalog: bool,
    warnings: Vec<(WarningLevel, u16, String)>,
    actor: Actor,
    /// Microseconds since the epoch.
    now_us: u64,
    /// `password_history`, `password_reuse_interval` (days), `password_require_current`.
    password_history: u64,
    password_reuse_days: u64,
    password_require_current: bool,
}

impl Work {
    fn new(ctx: &Context<'_>) -> Work {
        let number = |name| crate::variables::global_number(ctx.host, name);
        Work {
            accounts: Arc::clone(&ctx.catalog.accounts),
            changed: BTreeMap::new(),
            changes_catalog: false,
            warnings: Vec::new(),
            actor: Actor::of(ctx.session, &ctx.catalog.accounts),
            now_us: ctx.now_us.max(0).unsigned_abs(),
            password_history: number("password_history"),
            password_reuse_days: number("password_reuse_interval"),
            password_require_current: number("password_require_current") != 0,
        }
    }

    fn now_seconds(&self) -> u64 {
        self.now_us / 1_000_000
    }

    /// The name of an account that the statement names.
    fn id(&self, name: &UserName) -> AccountId {
        match name {
            UserName::Current => self.actor.id.clone(),
            UserName::Named(id) => id.clone(),
        }
    }

    fn get(&self, id: &AccountId) -> Option<&Account> {
        match self.changed.get(id) {
            Some(changed) => changed.as_ref(),
            None => self.accounts.get(id).map(|account| &**account),
        }
    }

    /// An account to be changed.
    fn edit(&mut self, id: &AccountId) -> Option<&mut Account> {
        let stored = self.accounts.get(id).map(|account| (**account).clone());
        self.changed.entry(id.clone()).or_insert(stored).as_mut()
    }

    fn put(&mut self, account: Account) {
        self.changed.insert(account.id.clone(), Some(account));
    }

    fn remove(&mut self, id: &AccountId) {
        self.changed.insert(id.clone(), None);
    }

    /// The names of all accounts, as changed.
    fn ids(&self) -> Vec<AccountId> {
        let mut ids: Vec<AccountId> = self
            .accounts
            .iter()
            .map(|account| account.id.clone())
            .chain(self.changed.keys().cloned())
            .collect();
        ids.sort();
        ids.dedup();
        ids.retain(|id| self.get(id).is_some());
        ids
    }

    fn warn(&mut self, level: WarningLevel, code: u16, message: String) {
        self.warnings.push((level, code, message));
    }

    /// The accounts as they would be now.
    fn as_changed(&self) -> Accounts {
        self.accounts.changed_of(&self.changed)
    }

    fn form(&mut self, authentication: &Authentication) {
        if self.accounts.is_stored() {
            return;
        }
        for host in ["localhost", "%"] {
            self.put(Account {
                authentication: authentication.clone(),
                password_changed_unix_seconds: self.now_seconds(),
                grants: Grants::all(),
                ..Account::new(AccountId::new("root", host))
            });
        }
    }

    /// Writes what was changed, and gives the warnings.
    fn finish(mut self, ctx: &mut Context<'_>) -> Run<Outcome> {
        self.changed.retain(|id, account| {
            let before = self.accounts.get(id).map(|account| &**account);
            // One whose wrong passwords are counted is written as it was, too: that ends a block, on every node.
            account.as_ref() != before
                || account.as_ref().is_some_and(|account| account.failed_login_attempts > 0)
        });
        if self.changes_catalog || !self.changed.is_empty() {
            bump_version(ctx)?;
        }
        if !self.changed.is_empty() {
            if !self.accounts.is_stored() {
                let marker = Bytes::copy_from_slice(&[ACCOUNT_VERSION]);
                ctx.txn.put(CatalogKey::AccountsStored.to_bytes(), marker);
                for account in self.accounts.iter().filter(|account| !self.changed.contains_key(&account.id))
                {
                    ctx.txn.put(key(&account.id), write_account(account));
                }
            }
            for (id, account) in &self.changed {
                match account {
                    Some(account) => ctx.txn.put(key(id), write_account(account)),
                    None => ctx.txn.delete(key(id)),
                }
            }
        }
        for (level, code, message) in self.warnings {
            ctx.session.warn(level, code, message);
        }
        Ok(Outcome::default())
    }
}

fn key(id: &AccountId) -> Bytes {
    CatalogKey::Account { user: &id.user, host: &id.host }.to_bytes()
}

/// Error 1396, which names all accounts that the statement failed for. Those of some operations say why.
fn failed(operation: &str, ids: &[AccountId], reason: &str) -> Error {
    let name = |id: &AccountId| match id.user.is_empty() && id.host == "%" {
        true => "anonymous user".to_owned(),
        false => id.quoted() + reason,
    };
    let names: Vec<String> = ids.iter().map(name).collect();
    let message = format!("Operation {operation} failed for {}", names.join(","));
    Error { code: 1396, state: *b"HY000", message }
}

const IS_THERE: &str = " (User account already exists)";
const IS_NOT_THERE: &str = " (User account does not exist)";

/// Error 3523 of a role or its holder.
fn unknown_id(id: &AccountId) -> Error {
    Error { code: 3523, state: *b"HY000", message: format!("Unknown authorization ID {id}") }
}

/// Error 3530.
pub(crate) fn role_not_granted(role: &AccountId, to: &AccountId) -> Error {
    Error { code: 3530, state: *b"HY000", message: format!("{role} is not granted to {to}") }
}

/// The note of IF EXISTS.
fn not_there(id: &AccountId) -> (WarningLevel, u16, String) {
    (WarningLevel::Note, 3162, format!("Authorization ID {} does not exist.", id.quoted()))
}

/// FLUSH PRIVILEGES, as far as who may say it: only restored tables are read again ([`reload`]), because nobody writes to the others.
///
/// # Errors
/// 1227.
pub fn flush_privileges(session: &SessionState, accounts: &Accounts) -> Result<()> {
    use crate::account::Privilege;
    let actor = Actor::of(session, accounts);
    if !actor.has(Privilege::Reload) && !actor.privileges.has_dynamic("FLUSH_PRIVILEGES") {
        return Err(authorize::needs("RELOAD or FLUSH_PRIVILEGES"));
    }
    Ok(())
}
