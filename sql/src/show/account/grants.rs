//! SHOW GRANTS, in MySQL's words and order, and SHOW PRIVILEGES' dynamic ones.

use std::collections::BTreeMap;

use super::{Reader, id_of};
use crate::account::{AccountId, Privilege, PrivilegeSet, Privileges, TableGrant};
use crate::ast::{RoutineKind, UserName};
use crate::ddl::account::{no_such_account, role_not_granted};
use crate::execute::{Context, Run};
use crate::show::spec::{Row, string};

/// SHOW GRANTS [FOR user [USING roles]]. The own ones are shown with the roles that are active.
///
/// # Errors
/// 1142 for another's without SELECT on mysql, 1141 for an unknown account, 3530 for a role it was not granted.
pub(crate) fn show_grants(user: Option<&UserName>, using: &[AccountId], ctx: &Context<'_>) -> Run<Vec<Row>> {
    let reader = Reader::of(ctx);
    let id = id_of(user, ctx.session);
    if id != reader.actor.id && !reader.sees_all {
        return Err(reader.actor.denied_table(Privilege::Select.into(), "user").into());
    }
    let Some(account) = reader.accounts.get(&id) else { return Err(no_such_account(&id).into()) };
    if let Some(role) = using.iter().find(|role| !account.grants.roles.contains_key(role)) {
        return Err(role_not_granted(role, &id).into());
    }
    let is_own = !matches!(user, Some(UserName::Named(_))) && using.is_empty();
    let active: &[AccountId] = if is_own { &ctx.session.active_roles } else { using };
    let privileges = reader.accounts.privileges(&id, active);
    Ok(lines(&id, &privileges).iter().map(|line| vec![string(line)]).collect())
}

fn lines(id: &AccountId, privileges: &Privileges) -> Vec<String> {
    let mut lines = Vec::new();
    let mut say = |what: String, on: &str, set: PrivilegeSet| {
        let option = if set.has(Privilege::GrantOption) { " WITH GRANT OPTION" } else { "" };
        lines.push(format!("GRANT {what} ON {on} TO {id}{option}"));
    };
    let global = privileges.global();
    say(names(global), "*.*", global);
    for (with_grant, set) in [(false, PrivilegeSet::NONE), (true, PrivilegeSet::from(Privilege::GrantOption))]
    {
        let names = dynamic(privileges, with_grant);
        if !names.is_empty() {
            say(names.join(","), "*.*", set);
        }
    }
    for (database, set) in databases(privileges) {
        let what = if is_all(set, PrivilegeSet::DATABASE) { "ALL PRIVILEGES".into() } else { names(set) };
        say(what, &format!("`{}`.*", database.replace('`', "``")), set);
    }
    for ((database, table), grant) in tables(privileges) {
        let on = format!("`{}`.`{}`", database.replace('`', "``"), table.replace('`', "``"));
        say(of_table(&grant), &on, grant.privileges);
    }
    for ((kind, database, name), set) in routines(privileges) {
        let on = format!("{} `{}`.`{}`", kind.word(), database.replace('`', "``"), name.replace('`', "``"));
        say(names(set), &on, set);
    }
    lines.extend(roles(id, privileges));
    lines
}

/// All of a level but GRANT OPTION, which is said at the end.
fn is_all(set: PrivilegeSet, level: PrivilegeSet) -> bool {
    set.has_all(level.without(Privilege::GrantOption.into()))
}

fn names(set: PrivilegeSet) -> String {
    let words: Vec<&str> = set.without(Privilege::GrantOption.into()).iter().map(Privilege::name).collect();
    if words.is_empty() { "USAGE".into() } else { words.join(", ") }
}

/// The dynamic privileges that may, or may not, be handed on.
pub(super) fn dynamic(privileges: &Privileges, with_grant: bool) -> Vec<String> {
    let mut merged: BTreeMap<&String, bool> = BTreeMap::new();
    for account in privileges.sources() {
        for (name, with_grant) in &account.grants.dynamic {
            *merged.entry(name).or_default() |= with_grant;
        }
    }
    merged.into_iter().filter(|(_, grant)| *grant == with_grant).map(|(name, _)| name.clone()).collect()
}

fn databases(privileges: &Privileges) -> BTreeMap<String, PrivilegeSet> {
    let mut merged: BTreeMap<String, PrivilegeSet> = BTreeMap::new();
    for (name, set) in privileges.sources().iter().flat_map(|account| &account.grants.databases) {
        let held = merged.entry(name.clone()).or_default();
        *held = held.with(*set);
    }
    merged
}

fn tables(privileges: &Privileges) -> BTreeMap<(String, String), TableGrant> {
    let mut merged: BTreeMap<(String, String), TableGrant> = BTreeMap::new();
    for (name, grant) in privileges.sources().iter().flat_map(|account| &account.grants.tables) {
        let held = merged.entry(name.clone()).or_default();
        held.privileges = held.privileges.with(grant.privileges);
        for (column, set) in &grant.columns {
            let column = held.columns.entry(column.clone()).or_default();
            *column = column.with(*set);
        }
    }
    merged
}

fn routines(privileges: &Privileges) -> BTreeMap<(RoutineKind, String, String), PrivilegeSet> {
    let mut merged: BTreeMap<_, PrivilegeSet> = BTreeMap::new();
    for (name, grant) in privileges.sources().iter().flat_map(|account| &account.grants.routines) {
        let held = merged.entry(name.clone()).or_default();
        *held = held.with(grant.privileges);
    }
    merged
}

fn of_table(grant: &TableGrant) -> String {
    if is_all(grant.privileges, PrivilegeSet::TABLE) {
        return "ALL PRIVILEGES".into();
    }
    let mut parts = Vec::new();
    for privilege in PrivilegeSet::TABLE.without(Privilege::GrantOption.into()).iter() {
        if grant.privileges.has(privilege) {
            parts.push(privilege.name().to_owned());
        }
        let of_privilege = grant.columns.iter().filter(|(_, set)| set.has(privilege));
        let columns: Vec<String> =
            of_privilege.map(|(name, _)| format!("`{}`", name.replace('`', "``"))).collect();
        if !columns.is_empty() {
            parts.push(format!("{} ({})", privilege.name(), columns.join(", ")));
        }
    }
    if parts.is_empty() { "USAGE".into() } else { parts.join(", ") }
}

fn roles(id: &AccountId, privileges: &Privileges) -> Vec<String> {
    let mut merged: BTreeMap<&AccountId, bool> = BTreeMap::new();
    for (role, with_admin) in privileges.sources().iter().flat_map(|account| &account.grants.roles) {
        *merged.entry(role).or_default() |= with_admin;
    }
    let mut lines = Vec::new();
    for (with_admin, option) in [(false, ""), (true, " WITH ADMIN OPTION")] {
        let of_kind = merged.iter().filter(|(_, admin)| **admin == with_admin);
        let names: Vec<String> = of_kind.map(|(role, _)| role.to_string()).collect();
        if !names.is_empty() {
            lines.push(format!("GRANT {} TO {id}{option}", names.join(",")));
        }
    }
    lines
}
