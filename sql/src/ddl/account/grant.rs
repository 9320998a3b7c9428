//! GRANT and REVOKE of privileges.

use super::{Work, not_there};
use crate::account::{Account, AccountId, DYNAMIC_PRIVILEGES, Grants, Privilege, PrivilegeSet, TableGrant};
use crate::ast::{GrantLevel, Leniency, PrivilegeChange, RoutineKind, UserName};
use crate::bind::virtual_table;
use crate::catalog::same_name;
use crate::execute::Context;
use crate::parse::unknown_privilege;
use crate::session::WarningLevel;
use crate::{Error, Result};

/// What is granted or revoked, checked against the level and resolved.
struct Change {
    level: Level,
    /// On the level itself; of ALL, all that the level has but GRANT OPTION.
    privileges: PrivilegeSet,
    /// On columns, by their names in the table's definition.
    columns: Vec<(PrivilegeSet, String)>,
    dynamic: Vec<String>,
    is_all: bool,
}

/// The level with its names.
enum Level {
    Global,
    Database(String),
    Table { database: String, table: String },
    Routine { kind: RoutineKind, database: String, name: String },
}

/// GRANT … ON.
///
/// # Errors
/// 1045, 1044, 1142 and 1227 for what the grantor has not; 1046, 1054, 1144, 1146, 1149, 1221 and 3619 for what cannot be
/// granted; 1410 for an unknown account.
pub(super) fn grant(work: &mut Work, change: &PrivilegeChange, ctx: &Context<'_>) -> Result<()> {
    let resolved = resolve(work, change, ctx, false)?;
    let has_static = resolved.is_all || resolved.dynamic.is_empty() || !resolved.privileges.is_empty();
    for user in &change.users {
        let id = work.id(user);
        if work.get(&id).is_none() {
            let message = "You are not allowed to create a user with GRANT".into();
            return Err(Error { code: 1410, state: *b"42000", message });
        }
        work.demand_target(&id)?;
        let grantor = format!("{}@{}", work.actor.user, work.actor.host);
        let now = work.now_seconds();
        let Some(account) = work.edit(&id) else { continue };
        let mut privileges = resolved.privileges;
        if change.with_grant_option && has_static {
            privileges = privileges.with(Privilege::GrantOption.into());
        }
        add(&mut account.grants, &resolved, privileges, &grantor, now);
        for name in &resolved.dynamic {
            *account.grants.dynamic.entry(name.clone()).or_default() |= change.with_grant_option;
        }
    }
    Ok(())
}

fn add(grants: &mut Grants, change: &Change, privileges: PrivilegeSet, grantor: &str, now: u64) {
    match &change.level {
        Level::Global => grants.global = grants.global.with(privileges),
        Level::Database(database) => {
            if !privileges.is_empty() {
                let set = grants.databases.entry(database.clone()).or_default();
                *set = set.with(privileges);
            }
        }
        Level::Table { database, table } => {
            if privileges.is_empty() && change.columns.is_empty() {
                return;
            }
            let grant = grants.tables.entry((database.clone(), table.clone())).or_default();
            grant.privileges = grant.privileges.with(privileges);
            for (set, name) in &change.columns {
                let known = grant.columns.keys().find(|known| same_name(known, name)).cloned();
                let column = grant.columns.entry(known.unwrap_or_else(|| name.clone())).or_default();
                *column = column.with(*set);
            }
            grant.grantor = grantor.to_owned();
            grant.granted_unix_seconds = now;
        }
        Level::Routine { kind, database, name } => {
            if privileges.is_empty() {
                return;
            }
            let key = (*kind, database.clone(), name.to_lowercase());
            let grant = grants.routines.entry(key).or_default();
            grant.privileges = grant.privileges.with(privileges);
            grant.grantor = grantor.to_owned();
            grant.granted_unix_seconds = now;
        }
    }
}

/// REVOKE … ON.
///
/// # Errors
/// As [`grant`]; 1141 and 1147 for what was not granted, which `leniency` may make warnings.
pub(super) fn revoke(work: &mut Work, change: &PrivilegeChange, ctx: &Context<'_>) -> Result<()> {
    let resolved = resolve(work, change, ctx, true)?;
    for user in &change.users {
        let id = work.id(user);
        if work.get(&id).is_none() {
            if change.leniency.ignore_unknown_user {
                let message = format!("Authorization ID {} does not exist.", id.user);
                work.warn(WarningLevel::Warning, 3162, message);
                continue;
            }
            return Err(no_such_grant(&id, &resolved.level));
        }
        work.demand_target(&id)?;
        let Some(account) = work.edit(&id) else { continue };
        if !remove(account, &resolved) {
            let error = no_such_grant(&id, &resolved.level);
            if !change.leniency.if_exists {
                return Err(error);
            }
            work.warn(WarningLevel::Warning, error.code, error.message);
        }
    }
    Ok(())
}

/// Takes away; false when there was nothing of it.
fn remove(account: &mut Account, change: &Change) -> bool {
    let grants = &mut account.grants;
    for name in &change.dynamic {
        grants.dynamic.remove(name);
    }
    match &change.level {
        Level::Global => {
            grants.global = grants.global.without(change.privileges);
            true
        }
        Level::Database(database) => {
            let Some(set) = grants.databases.get_mut(database) else { return false };
            *set = set.without(change.privileges);
            if set.is_empty() {
                grants.databases.remove(database);
            }
            true
        }
        Level::Table { database, table } => {
            let key = (database.clone(), table.clone());
            let Some(grant) = grants.tables.get_mut(&key) else { return false };
            let found = remove_of_table(grant, change);
            if grant.is_empty() {
                grants.tables.remove(&key);
            }
            found
        }
        Level::Routine { kind, database, name } => {
            let key = (*kind, database.clone(), name.to_lowercase());
            let Some(grant) = grants.routines.get_mut(&key) else { return false };
            let found = change.is_all || !grant.privileges.and(change.privileges).is_empty();
            grant.privileges = grant.privileges.without(change.privileges);
            if grant.privileges.is_empty() {
                grants.routines.remove(&key);
            }
            found
        }
    }
}

/// What is revoked on a table is revoked on its columns too.
fn remove_of_table(grant: &mut TableGrant, change: &Change) -> bool {
    let mut found = change.is_all || !grant.privileges.and(change.privileges).is_empty();
    grant.privileges = grant.privileges.without(change.privileges);
    for (name, set) in &mut grant.columns {
        let named = change.columns.iter().filter(|(_, column)| same_name(column, name));
        let taken = named.fold(change.privileges, |all, (set, _)| all.with(*set));
        found |= !set.and(taken).is_empty();
        *set = set.without(taken);
    }
    grant.columns.retain(|_, set| !set.is_empty());
    found
}

fn no_such_grant(id: &AccountId, level: &Level) -> Error {
    let AccountId { user, host } = id;
    match level {
        Level::Global | Level::Database(_) => no_such_account(id),
        Level::Table { table, .. } => Error {
            code: 1147,
            state: *b"42000",
            message: format!(
                "There is no such grant defined for user '{user}' on host '{host}' on table '{table}'"
            ),
        },
        Level::Routine { name, .. } => Error {
            code: 1403,
            state: *b"42000",
            message: format!(
                "There is no such grant defined for user '{user}' on host '{host}' on routine '{name}'"
            ),
        },
    }
}

/// Error 1141.
pub(crate) fn no_such_account(id: &AccountId) -> Error {
    let message = format!("There is no such grant defined for user '{}' on host '{}'", id.user, id.host);
    Error { code: 1141, state: *b"42000", message }
}

/// REVOKE ALL, GRANT OPTION FROM: everything but roles.
///
/// # Errors
/// 1227, 1269 for an unknown account.
pub(super) fn revoke_all(work: &mut Work, users: &[UserName], leniency: Leniency) -> Result<()> {
    work.actor.demand(Privilege::CreateUser)?;
    for user in users {
        let id = work.id(user);
        work.demand_target(&id)?;
        let Some(account) = work.edit(&id) else {
            if !leniency.ignore_unknown_user {
                let message = "Can't revoke all privileges for one or more of the requested users".into();
                return Err(Error { code: 1269, state: *b"HY000", message });
            }
            let (_, code, _) = not_there(&id);
            work.warn(WarningLevel::Warning, code, format!("Authorization ID {} does not exist.", id.user));
            continue;
        };
        let roles = std::mem::take(&mut account.grants.roles);
        account.grants = Grants { roles, ..Grants::default() };
    }
    Ok(())
}

/// Checks what is granted against its level, the catalog, and what the grantor has.
fn resolve(work: &mut Work, change: &PrivilegeChange, ctx: &Context<'_>, revokes: bool) -> Result<Change> {
    let level = level(change, ctx)?;
    if partial_revokes(ctx) {
        return Err(Error::not_supported("partial_revokes"));
    }
    let illegal = || Error {
        code: 1144,
        state: *b"42000",
        message:
            "Illegal GRANT/REVOKE command; please consult the manual to see which privileges can be used"
                .into(),
    };
    let allowed = match &level {
        Level::Global => PrivilegeSet::GLOBAL,
        Level::Database(_) => PrivilegeSet::DATABASE,
        Level::Table { .. } => PrivilegeSet::TABLE,
        Level::Routine { .. } => {
            PrivilegeSet::of(&[Privilege::Execute, Privilege::AlterRoutine, Privilege::GrantOption])
        }
    };
    let dynamic = dynamic(work, change, &level, revokes)?;
    let is_table = matches!(level, Level::Table { .. });
    if !change.columns.is_empty() && !is_table {
        return Err(illegal());
    }
    if !allowed.has_all(change.privileges) {
        if is_table || matches!(level, Level::Routine { .. }) {
            return Err(illegal());
        }
        let message = "Incorrect usage of DB GRANT and GLOBAL PRIVILEGES".into();
        return Err(Error { code: 1221, state: *b"HY000", message });
    }
    let privileges = match change.all {
        true => allowed.without(Privilege::GrantOption.into()),
        false => change.privileges,
    };
    let has_static = change.all || dynamic.is_empty() || !privileges.is_empty();
    let resolved = Change { level, privileges, columns: change.columns.clone(), dynamic, is_all: change.all };
    if has_static {
        demand(work, &resolved)?;
    }
    match &resolved.level {
        Level::Table { database, table } if !revokes => {
            let columns = columns(&resolved, database, table, ctx)?;
            Ok(Change { columns, ..resolved })
        }
        Level::Routine { kind, database, name } if !revokes => {
            let found = ctx.catalog.databases.get(database).and_then(|found| found.routine(*kind, name));
            match found {
                Some(_) => Ok(resolved),
                None => Err(crate::program::missing(*kind, "", name)),
            }
        }
        Level::Global | Level::Database(_) | Level::Table { .. } | Level::Routine { .. } => Ok(resolved),
    }
}

fn partial_revokes(ctx: &Context<'_>) -> bool {
    crate::variables::global_number(ctx.host, "partial_revokes") != 0
}

/// The level with its names; information_schema has no grants.
fn level(change: &PrivilegeChange, ctx: &Context<'_>) -> Result<Level> {
    let named = |name: &Option<String>| match name.as_ref().or(ctx.session.database.as_ref()) {
        Some(database) => Ok(database.clone()),
        None => Err(Error::no_database()),
    };
    let level = match &change.level {
        GrantLevel::Global => return Ok(Level::Global),
        GrantLevel::Database(database) => Level::Database(named(database)?),
        GrantLevel::Table { database, table } => {
            Level::Table { database: named(database)?, table: table.clone() }
        }
        GrantLevel::Routine { kind, database, name } => {
            Level::Routine { kind: *kind, database: named(database)?, name: name.clone() }
        }
    };
    match &level {
        Level::Database(database) | Level::Table { database, .. }
            if database.eq_ignore_ascii_case("information_schema") =>
        {
            let message = format!(
                "Access denied for user {} to database '{}'",
                ctx.session.account.quoted(),
                database.to_ascii_lowercase()
            );
            Err(Error { code: 1044, state: *b"42000", message })
        }
        Level::Global | Level::Database(_) | Level::Table { .. } | Level::Routine { .. } => Ok(level),
    }
}

/// The dynamic privileges: they exist, the level is theirs, and the grantor may hand them on.
fn dynamic(work: &mut Work, change: &PrivilegeChange, level: &Level, revokes: bool) -> Result<Vec<String>> {
    if change.all {
        let is_global = matches!(level, Level::Global);
        let may = |name: &&&str| is_global && work.actor.privileges.has_dynamic_with_grant(name);
        return Ok(DYNAMIC_PRIVILEGES.iter().filter(may).map(|name| (*name).to_owned()).collect());
    }
    let mut names = Vec::new();
    for name in &change.dynamic {
        let is_known = DYNAMIC_PRIVILEGES.contains(&name.as_str());
        if !matches!(level, Level::Global) {
            let message = format!("Illegal privilege level specified for {name}");
            let error = Error { code: 3619, state: *b"HY000", message };
            return Err(if is_known { error } else { unknown_privilege() });
        }
        match (is_known, revokes) {
            (true, _) => {}
            (false, false) => return Err(unknown_privilege()),
            (false, true) => {
                let message = format!("Dynamic privilege '{name}' is not registered with the server.");
                work.warn(WarningLevel::Warning, 3929, message);
                continue;
            }
        }
        if !work.actor.privileges.has_dynamic_with_grant(name) {
            return Err(super::authorize::needs("GRANT OPTION"));
        }
        names.push(name.clone());
    }
    Ok(names)
}

/// Demands GRANT OPTION and each privilege, at the level or wider.
fn demand(work: &Work, change: &Change) -> Result<()> {
    let privileges = &work.actor.privileges;
    let wanted = change
        .columns
        .iter()
        .fold(change.privileges, |all, (set, _)| all.with(*set))
        .with(Privilege::GrantOption.into());
    match &change.level {
        Level::Global if privileges.global().has_all(wanted) => Ok(()),
        Level::Global => Err(work.actor.denied()),
        Level::Database(database) => {
            let held = privileges.global().with(privileges.on_database(database));
            if held.has_all(wanted) { Ok(()) } else { Err(work.actor.denied_database(database)) }
        }
        Level::Table { database, table } => {
            let held = privileges
                .global()
                .with(privileges.on_database(database))
                .with(privileges.on_table(database, table));
            let on_columns = |privilege: Privilege| {
                let mut named = change.columns.iter().filter(|(set, _)| set.has(privilege));
                !change.privileges.has(privilege)
                    && privilege != Privilege::GrantOption
                    && named.all(|(_, column)| privileges.has_column(privilege, database, table, column))
            };
            let mut missing = wanted.without(held);
            for privilege in wanted.iter().filter(|privilege| on_columns(*privilege)) {
                missing = missing.without(privilege.into());
            }
            if missing.is_empty() { Ok(()) } else { Err(work.actor.denied_table(missing, table)) }
        }
        Level::Routine { kind, database, name } => {
            let held = privileges
                .global()
                .with(privileges.on_database(database))
                .with(privileges.on_routine(*kind, database, name));
            let missing = wanted.without(held);
            let Some(first) = missing.iter().last() else { return Ok(()) };
            Err(work.actor.denied_routine(first, database, name))
        }
    }
}

/// The columns by their names in the table. A table that is not there can be granted CREATE on.
fn columns(
    change: &Change,
    database: &str,
    table: &str,
    ctx: &Context<'_>,
) -> Result<Vec<(PrivilegeSet, String)>> {
    let names: Vec<String> = match virtual_table::lookup(ctx.catalog, database, table) {
        Ok(Some(found)) => found.columns.iter().map(|column| column.name.clone()).collect(),
        Ok(None) => match ctx.catalog.databases.get(database).and_then(|found| {
            found.tables.get(table).or_else(|| found.views.get(table).map(|view| &view.table))
        }) {
            Some(found) => found.columns.iter().map(|column| column.name.clone()).collect(),
            None if change.privileges.has(Privilege::Create) => return Ok(change.columns.clone()),
            None => return Err(Error::no_such_table(database, table)),
        },
        Err(_) => return Err(Error::no_such_table(database, table)),
    };
    let resolve =
        |(set, wanted): &(PrivilegeSet, String)| match names.iter().find(|name| same_name(name, wanted)) {
            Some(name) => Ok((*set, name.clone())),
            None => Err(Error::unknown_column(wanted, table)),
        };
    change.columns.iter().map(resolve).collect()
}
