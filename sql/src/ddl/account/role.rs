//! Roles: CREATE and DROP ROLE, granting them, default ones, and SET ROLE.

use std::collections::BTreeMap;

use super::authorize::Actor;
use super::user::{drop_ids, note_existing};
use super::{Work, failed, role_not_granted, unknown_id};
use crate::account::{Account, AccountId, Accounts, Privilege};
use crate::ast::{ActiveRoles, DefaultRoles, Leniency, UserName};
use crate::session::{SessionState, WarningLevel};
use crate::{Error, Result};

/// CREATE ROLE.
///
/// # Errors
/// 1227, 1396.
pub(super) fn create(work: &mut Work, roles: &[AccountId], if_not_exists: bool) -> Result<()> {
    work.actor.demand_for_roles(Privilege::CreateRole)?;
    let nameless: Vec<AccountId> = roles.iter().filter(|role| role.user.is_empty()).cloned().collect();
    if !nameless.is_empty() {
        return Err(failed("CREATE ROLE", &nameless, ""));
    }
    let mut there = Vec::new();
    for role in roles {
        if work.get(role).is_some() {
            there.push(role.clone());
            continue;
        }
        work.put(Account {
            is_locked: true,
            password_expired: true,
            password_changed_unix_seconds: work.now_seconds(),
            ..Account::new(role.clone())
        });
    }
    note_existing(work, there, if_not_exists, "CREATE ROLE")
}

/// DROP ROLE. It drops any account, as in MySQL.
///
/// # Errors
/// 1227, 1396.
pub(super) fn drop(work: &mut Work, roles: &[AccountId], if_exists: bool) -> Result<()> {
    work.actor.demand_for_roles(Privilege::DropRole)?;
    drop_ids(work, roles, if_exists, "DROP ROLE")
}

/// Demands that the role may be handed on.
pub(super) fn demand(work: &Work, role: &AccountId) -> Result<()> {
    work.actor.demand_role(role)?;
    work.demand_target(role)
}

/// GRANT role TO.
///
/// # Errors
/// 1227, 3523, 4027 for a circle of roles.
pub(super) fn grant(
    work: &mut Work,
    roles: &[AccountId],
    users: &[UserName],
    with_admin: bool,
) -> Result<()> {
    for role in roles {
        work.actor.demand_role(role)?;
    }
    for user in users {
        let id = work.id(user);
        if work.get(&id).is_none() {
            return Err(unknown_id(&id));
        }
        work.demand_target(&id)?;
        for role in roles {
            if work.get(role).is_none() {
                return Err(unknown_id(role));
            }
            work.demand_target(role)?;
            if *role == id || work.as_changed().reaches(role, &id) {
                let message = format!(
                    "User account {id} is directly or indirectly granted to the role {role}. The GRANT would create a loop"
                );
                return Err(Error { code: 4027, state: *b"HY000", message });
            }
            if let Some(account) = work.edit(&id) {
                let admin = account.grants.roles.entry(role.clone()).or_default();
                *admin |= with_admin;
            }
        }
    }
    Ok(())
}

/// REVOKE role FROM.
///
/// # Errors
/// 1227, 3523; warnings for what `leniency` lets pass.
pub(super) fn revoke(
    work: &mut Work,
    roles: &[AccountId],
    users: &[UserName],
    leniency: Leniency,
) -> Result<()> {
    for role in roles {
        work.actor.demand_role(role)?;
    }
    for user in users {
        let id = work.id(user);
        if work.get(&id).is_none() {
            if !leniency.ignore_unknown_user {
                return Err(unknown_id(&id));
            }
            let message = format!("Authorization ID {} does not exist.", id.user);
            work.warn(WarningLevel::Warning, 3162, message);
            continue;
        }
        work.demand_target(&id)?;
        for role in roles {
            if work.get(role).is_none() {
                unknown(work, role, leniency.if_exists)?;
            } else if let Some(account) = work.edit(&id) {
                account.grants.roles.remove(role);
                account.default_roles.retain(|default| default != role);
            }
        }
    }
    Ok(())
}

fn unknown(work: &mut Work, id: &AccountId, is_warning: bool) -> Result<()> {
    let error = unknown_id(id);
    if !is_warning {
        return Err(error);
    }
    work.warn(WarningLevel::Warning, error.code, error.message);
    Ok(())
}

/// SET DEFAULT ROLE. NONE for an unknown account is no error, as in MySQL.
///
/// # Errors
/// 1227, 3523, 3530.
pub(super) fn set_default(work: &mut Work, roles: &DefaultRoles, users: &[UserName]) -> Result<()> {
    for user in users {
        let id = work.id(user);
        if id != work.actor.id {
            work.actor.demand(Privilege::CreateUser)?;
            work.demand_target(&id)?;
        }
        let account = work.get(&id);
        let none = BTreeMap::new();
        let granted = account.map_or(&none, |account| &account.grants.roles);
        let chosen = match roles {
            DefaultRoles::None => Vec::new(),
            DefaultRoles::All if account.is_none() => return Err(unknown_id(&id)),
            DefaultRoles::All => granted.keys().cloned().collect(),
            DefaultRoles::These(roles) => {
                if let Some(role) = roles.iter().find(|role| !granted.contains_key(role)) {
                    return Err(role_not_granted(role, &id));
                }
                let mut roles = roles.clone();
                roles.sort();
                roles.dedup();
                roles
            }
        };
        if let Some(account) = work.edit(&id) {
            account.default_roles = chosen;
        }
    }
    Ok(())
}

/// SET ROLE: the roles that are active in the session from now on.
///
/// # Errors
/// 3530.
pub fn set_role(roles: &ActiveRoles, session: &mut SessionState, accounts: &Accounts) -> Result<()> {
    let actor = Actor::of(session, accounts);
    let own = accounts.get(&actor.id);
    let granted = || own.iter().flat_map(|account| account.grants.roles.keys());
    session.active_roles = match roles {
        ActiveRoles::None => Vec::new(),
        ActiveRoles::Default => accounts.roles_at_login(&actor.id, false),
        ActiveRoles::AllExcept(except) => granted().filter(|role| !except.contains(role)).cloned().collect(),
        ActiveRoles::These(roles) => {
            if let Some(role) = roles.iter().find(|role| !granted().any(|one| one == *role)) {
                return Err(role_not_granted(role, &actor.id));
            }
            roles.clone()
        }
    };
    session.active_roles.sort();
    session.active_roles.dedup();
    Ok(())
}
