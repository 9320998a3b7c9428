//! information_schema's tables of roles, which are about the session's own account: APPLICABLE_ROLES, ENABLED_ROLES,
//! ADMINISTRABLE_ROLE_AUTHORIZATIONS, ROLE_TABLE_GRANTS, ROLE_COLUMN_GRANTS, ROLE_ROUTINE_GRANTS.
//!
//! In MySQL the last three show what was granted to the roles that are active. So they do here, the grantor aside, which is
//! the one who granted last.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Reader;
use crate::account::{Account, AccountId, Privilege};
use crate::execute::{Context, Run};
use crate::show::spec::{ColumnSpec, Row, exact, fixed, string, text, yes_or};
use crate::types::Value;

pub(crate) const APPLICABLE_ROLES: &[ColumnSpec] = &[
    text("USER", 97).or_null(),
    text("HOST", 256).or_null(),
    text("GRANTEE", 97).or_null(),
    text("GRANTEE_HOST", 256).or_null(),
    text("ROLE_NAME", 255).or_null(),
    text("ROLE_HOST", 256).or_null(),
    text("IS_GRANTABLE", 3),
    text("IS_DEFAULT", 3).or_null(),
    text("IS_MANDATORY", 3),
];
pub(crate) const ENABLED_ROLES: &[ColumnSpec] = &[
    text("ROLE_NAME", 255).or_null(),
    text("ROLE_HOST", 255).or_null(),
    text("IS_DEFAULT", 3).or_null(),
    text("IS_MANDATORY", 3),
];
pub(crate) const ROLE_COLUMN_GRANTS: &[ColumnSpec] = &[
    text("GRANTOR", 97).or_null(),
    text("GRANTOR_HOST", 256).or_null(),
    exact("GRANTEE", 32),
    text("GRANTEE_HOST", 255),
    text("TABLE_CATALOG", 3),
    exact("TABLE_SCHEMA", 64),
    exact("TABLE_NAME", 64),
    exact("COLUMN_NAME", 64),
    text("PRIVILEGE_TYPE", 31),
    text("IS_GRANTABLE", 3),
];
pub(crate) const ROLE_TABLE_GRANTS: &[ColumnSpec] = &[
    text("GRANTOR", 97).or_null(),
    text("GRANTOR_HOST", 256).or_null(),
    exact("GRANTEE", 32),
    text("GRANTEE_HOST", 255),
    text("TABLE_CATALOG", 3),
    exact("TABLE_SCHEMA", 64),
    exact("TABLE_NAME", 64),
    text("PRIVILEGE_TYPE", 98),
    text("IS_GRANTABLE", 3),
];
pub(crate) const ROLE_ROUTINE_GRANTS: &[ColumnSpec] = &[
    text("GRANTOR", 97).or_null(),
    text("GRANTOR_HOST", 256).or_null(),
    exact("GRANTEE", 32),
    text("GRANTEE_HOST", 255),
    text("SPECIFIC_CATALOG", 3),
    exact("SPECIFIC_SCHEMA", 64),
    text("SPECIFIC_NAME", 64),
    text("ROUTINE_CATALOG", 3),
    exact("ROUTINE_SCHEMA", 64),
    text("ROUTINE_NAME", 64),
    text("PRIVILEGE_TYPE", 27),
    text("IS_GRANTABLE", 3),
];

/// Every grant of a role on the way from the session's account: who has it, which, and whether with ADMIN OPTION.
fn edges(reader: &Reader) -> Vec<(AccountId, AccountId, bool)> {
    let mut seen = BTreeSet::new();
    let mut next = vec![reader.actor.id.clone()];
    let mut edges = Vec::new();
    while let Some(id) = next.pop() {
        let Some(account) = reader.accounts.get(&id) else { continue };
        if !seen.insert(id.clone()) {
            continue;
        }
        for (role, with_admin) in &account.grants.roles {
            edges.push((id.clone(), role.clone(), *with_admin));
            next.push(role.clone());
        }
    }
    edges
}

fn is_default(reader: &Reader, role: &AccountId) -> bool {
    reader.accounts.get(&reader.actor.id).is_some_and(|own| own.default_roles.contains(role))
}

fn applicable(reader: &Reader, grantable_only: bool) -> Vec<Row> {
    let shown = edges(reader).into_iter().filter(|(_, _, with_admin)| *with_admin || !grantable_only);
    shown
        .map(|(grantee, role, with_admin)| {
            vec![
                string(&reader.actor.id.user),
                string(&reader.actor.id.host),
                string(&grantee.user),
                string(&grantee.host),
                string(&role.user),
                string(&role.host),
                yes_or("NO", with_admin),
                yes_or("NO", is_default(reader, &role)),
                fixed("NO"),
            ]
        })
        .collect()
}

/// APPLICABLE_ROLES.
pub(crate) fn applicable_roles(ctx: &mut Context<'_>) -> Run<Vec<Row>> {
    Ok(applicable(&Reader::of(ctx), false))
}

/// ADMINISTRABLE_ROLE_AUTHORIZATIONS.
pub(crate) fn administrable(ctx: &mut Context<'_>) -> Run<Vec<Row>> {
    Ok(applicable(&Reader::of(ctx), true))
}

/// The roles that are active, those of roles included.
fn active(reader: &Reader) -> Vec<Arc<Account>> {
    reader.actor.privileges.sources().iter().skip(1).cloned().collect()
}

/// ENABLED_ROLES: without those that come with a role.
pub(crate) fn enabled_roles(ctx: &mut Context<'_>) -> Run<Vec<Row>> {
    let reader = Reader::of(ctx);
    let own = reader.accounts.get(&reader.actor.id);
    let is_granted = |role: &&AccountId| own.is_some_and(|own| own.grants.roles.contains_key(*role));
    let row = |role: &AccountId| {
        vec![string(&role.user), string(&role.host), yes_or("NO", is_default(&reader, role)), fixed("NO")]
    };
    Ok(ctx.session.active_roles.iter().filter(is_granted).map(row).collect())
}

/// `user@host` in two.
fn grantor(text: &str) -> [Value; 2] {
    let (user, host) = text.rsplit_once('@').unwrap_or((text, ""));
    [string(user), string(host)]
}

/// ROLE_TABLE_GRANTS.
pub(crate) fn role_table_grants(ctx: &mut Context<'_>) -> Run<Vec<Row>> {
    let mut rows = Vec::new();
    for role in active(&Reader::of(ctx)) {
        for ((database, table), grant) in &role.grants.tables {
            let words: Vec<&str> =
                grant.privileges.without(Privilege::GrantOption.into()).iter().map(Privilege::name).collect();
            if words.is_empty() {
                continue;
            }
            let [user, host] = grantor(&grant.grantor);
            rows.push(vec![
                user,
                host,
                string(&role.id.user),
                string(&role.id.host),
                fixed("def"),
                string(database),
                string(table),
                Value::text(words.join(",")),
                yes_or("NO", grant.privileges.has(Privilege::GrantOption)),
            ]);
        }
    }
    Ok(rows)
}

/// ROLE_COLUMN_GRANTS.
pub(crate) fn role_column_grants(ctx: &mut Context<'_>) -> Run<Vec<Row>> {
    let mut rows = Vec::new();
    for role in active(&Reader::of(ctx)) {
        for ((database, table), grant) in &role.grants.tables {
            for (column, set) in &grant.columns {
                let words: Vec<&str> = set.iter().map(Privilege::name).collect();
                let [user, host] = grantor(&grant.grantor);
                rows.push(vec![
                    user,
                    host,
                    string(&role.id.user),
                    string(&role.id.host),
                    fixed("def"),
                    string(database),
                    string(table),
                    string(column),
                    Value::text(words.join(",")),
                    yes_or("NO", grant.privileges.has(Privilege::GrantOption)),
                ]);
            }
        }
    }
    Ok(rows)
}
