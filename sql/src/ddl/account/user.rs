//! CREATE, ALTER, DROP and RENAME USER, SET PASSWORD.

use super::{IS_NOT_THERE, IS_THERE, Work, attribute, failed, not_there, role};
use crate::account::{Account, AccountId, PasswordLock, Privilege};
use crate::ast::{Expire, UserName, UserOptions, UserSpec};
use crate::session::WarningLevel;
use crate::{Error, Result};

/// CREATE USER.
///
/// # Errors
/// 1227, 1396, 3162 for an unknown default role, and those of secrets and attributes.
pub(super) fn create(
    work: &mut Work,
    users: &[UserSpec],
    if_not_exists: bool,
    default_roles: &[AccountId],
    options: &UserOptions,
) -> Result<()> {
    work.actor.demand(Privilege::CreateUser)?;
    for role in default_roles {
        if work.get(role).is_none() {
            let message = format!("Authorization ID {role} does not exist.");
            return Err(Error { code: 3162, state: *b"HY000", message });
        }
        // The role is granted with it.
        role::demand(work, role)?;
    }
    let mut there = Vec::new();
    for spec in users {
        let id = work.id(&spec.user);
        if work.get(&id).is_some() {
            there.push(id);
            continue;
        }
        let mut account = Account::new(id);
        account.password_changed_unix_seconds = work.now_seconds();
        set_options(&mut account, options)?;
        let expires = account.password_expired;
        work.set_secret(&mut account, spec, true)?;
        account.password_expired = expires;
        account.default_roles = default_roles.to_vec();
        account.grants.roles = default_roles.iter().map(|role| (role.clone(), false)).collect();
        work.put(account);
    }
    note_existing(work, there, if_not_exists, "CREATE USER")
}

/// Accounts that were to be made and are there: a note each, or the error of them all.
pub(super) fn note_existing(
    work: &mut Work,
    there: Vec<AccountId>,
    if_not_exists: bool,
    operation: &str,
) -> Result<()> {
    if !if_not_exists && !there.is_empty() {
        return Err(failed(operation, &there, IS_THERE));
    }
    for id in there {
        work.warn(WarningLevel::Note, 3163, format!("Authorization ID {} already exists.", id.quoted()));
    }
    Ok(())
}

/// Accounts that are not there: a note each, or the error of them all.
pub(super) fn note_missing(
    work: &mut Work,
    missing: Vec<AccountId>,
    if_exists: bool,
    operation: &str,
) -> Result<()> {
    if !if_exists && !missing.is_empty() {
        return Err(failed(operation, &missing, IS_NOT_THERE));
    }
    work.warnings.extend(missing.iter().map(not_there));
    Ok(())
}

/// ALTER USER. The own password may be changed without a privilege.
///
/// # Errors
/// 1227, 1396, and those of secrets and attributes.
pub(super) fn alter(
    work: &mut Work,
    users: &[UserSpec],
    if_exists: bool,
    options: &UserOptions,
) -> Result<()> {
    let mut missing = Vec::new();
    let changes_options = *options != UserOptions::default();
    for spec in users {
        let id = work.id(&spec.user);
        let is_own_password = id == work.actor.id && !changes_options;
        if !is_own_password {
            work.actor.demand(Privilege::CreateUser)?;
            work.demand_target(&id)?;
        } else if spec.retain || spec.discard {
            demand_dual(work)?;
        }
        let Some(mut account) = work.get(&id).cloned() else {
            missing.push(id);
            continue;
        };
        work.set_secret(&mut account, spec, false)?;
        set_options(&mut account, options)?;
        work.put(account);
    }
    note_missing(work, missing, if_exists, "ALTER USER")
}

/// A second password of the own account.
fn demand_dual(work: &Work) -> Result<()> {
    let may = work.actor.has(Privilege::CreateUser)
        || work.actor.privileges.has_dynamic("APPLICATION_PASSWORD_ADMIN");
    if may { Ok(()) } else { Err(super::authorize::needs("CREATE USER or APPLICATION_PASSWORD_ADMIN")) }
}

/// SET PASSWORD.
///
/// # Errors
/// 1133 for an unknown account, 1044 without UPDATE on mysql for another's, and those of secrets.
pub(super) fn set_password(work: &mut Work, spec: &UserSpec) -> Result<()> {
    let id = work.id(&spec.user);
    if id != work.actor.id {
        if !work.actor.privileges.has_database(Privilege::Update, "mysql") {
            return Err(work.actor.denied_database("mysql"));
        }
        work.demand_target(&id)?;
    } else if spec.retain {
        demand_dual(work)?;
    }
    let Some(mut account) = work.get(&id).cloned() else {
        let message = "Can't find any matching row in the user table".into();
        return Err(Error { code: 1133, state: *b"42000", message });
    };
    work.set_secret(&mut account, spec, false)?;
    work.put(account);
    Ok(())
}

fn set_options(account: &mut Account, options: &UserOptions) -> Result<()> {
    if let Some(require) = &options.require {
        account.require = require.clone();
    }
    let limits = &mut account.limits;
    for (limit, option) in [
        (&mut limits.max_queries_per_hour, options.max_queries_per_hour),
        (&mut limits.max_updates_per_hour, options.max_updates_per_hour),
        (&mut limits.max_connections_per_hour, options.max_connections_per_hour),
        (&mut limits.max_user_connections, options.max_user_connections),
    ] {
        *limit = option.unwrap_or(*limit);
    }
    account.is_locked = options.lock.unwrap_or(account.is_locked);
    match options.expire {
        Some(Expire::Now) => account.password_expired = true,
        Some(Expire::Never) => account.password_lifetime_days = Some(0),
        Some(Expire::Default) => account.password_lifetime_days = None,
        Some(Expire::Days(days)) => account.password_lifetime_days = Some(days),
        None => {}
    }
    account.password_history = options.history.unwrap_or(account.password_history);
    account.password_reuse_days = options.reuse_days.unwrap_or(account.password_reuse_days);
    account.require_current = options.require_current.unwrap_or(account.require_current);
    account.failed_login_attempts = options.failed_login_attempts.unwrap_or(account.failed_login_attempts);
    account.password_lock = options.lock_time.unwrap_or(account.password_lock);
    if account.failed_login_attempts == 0 && account.password_lock == PasswordLock::Days(0) {
        account.password_lock = PasswordLock::Off;
    }
    if let Some(change) = &options.attribute {
        account.attribute = Some(attribute::merged(account.attribute.as_deref(), change)?);
    }
    Ok(())
}

/// DROP USER.
///
/// # Errors
/// 1227, 1396.
pub(super) fn drop(work: &mut Work, users: &[UserName], if_exists: bool) -> Result<()> {
    work.actor.demand(Privilege::CreateUser)?;
    let ids: Vec<AccountId> = users.iter().map(|user| work.id(user)).collect();
    drop_ids(work, &ids, if_exists, "DROP USER")
}

/// Drops accounts, and takes them as roles from everybody.
pub(super) fn drop_ids(work: &mut Work, ids: &[AccountId], if_exists: bool, operation: &str) -> Result<()> {
    let mut missing = Vec::new();
    for id in ids {
        work.demand_target(id)?;
        if work.get(id).is_none() {
            missing.push(id.clone());
            continue;
        }
        work.remove(id);
        for holder in work.ids() {
            let holds = |account: &Account| {
                account.grants.roles.contains_key(id) || account.default_roles.contains(id)
            };
            if work.get(&holder).is_some_and(holds)
                && let Some(account) = work.edit(&holder)
            {
                account.grants.roles.remove(id);
                account.default_roles.retain(|role| role != id);
            }
        }
    }
    note_missing(work, missing, if_exists, operation)
}

/// RENAME USER, pair after pair.
///
/// # Errors
/// 1227, 1396, 3532 for an account that is granted as a role.
pub(super) fn rename(work: &mut Work, pairs: &[(UserName, UserName)]) -> Result<()> {
    work.actor.demand(Privilege::CreateUser)?;
    let mut wrong = Vec::new();
    for (from, to) in pairs {
        let (from, to) = (work.id(from), work.id(to));
        work.demand_target(&from)?;
        let is_role = work
            .ids()
            .iter()
            .any(|id| work.get(id).is_some_and(|account| account.grants.roles.contains_key(&from)));
        if is_role {
            let message = "Renaming of a role identifier is forbidden".into();
            return Err(Error { code: 3532, state: *b"HY000", message });
        }
        match work.get(&from).cloned() {
            Some(account) if work.get(&to).is_none() => {
                work.remove(&from);
                work.put(Account { id: to, ..account });
            }
            _ => wrong.push(from),
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(failed("RENAME USER", &wrong, "")) }
}
