//! The grant tables of the database `mysql`, as views of the catalog.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::mysql_columns as columns;
use super::timestamp;
use crate::account::{Account, PasswordLock, Privilege, PrivilegeSet, RequireCurrent, TlsRequirement};
use crate::ddl::account::attribute::printed;
use crate::execute::{Context, Run};
use crate::show::spec::{ColumnSpec, Row, fixed, optional, string};
use crate::show::system_table::SystemTable;
use crate::types::Value;

/// The tables, by name.
pub(crate) const TABLES: &[SystemTable] = &[
    SystemTable { name: "columns_priv", columns: columns::COLUMNS_PRIV, rows: columns_priv },
    SystemTable { name: "db", columns: columns::DB, rows: db },
    SystemTable { name: "default_roles", columns: columns::DEFAULT_ROLES, rows: default_roles },
    SystemTable { name: "general_log", columns: columns::GENERAL_LOG, rows: none },
    SystemTable { name: "global_grants", columns: columns::GLOBAL_GRANTS, rows: global_grants },
    SystemTable { name: "password_history", columns: columns::PASSWORD_HISTORY, rows: password_history },
    SystemTable { name: "procs_priv", columns: columns::PROCS_PRIV, rows: procs_priv },
    SystemTable { name: "proxies_priv", columns: columns::PROXIES_PRIV, rows: none },
    SystemTable { name: "role_edges", columns: columns::ROLE_EDGES, rows: role_edges },
    SystemTable { name: "slow_log", columns: columns::SLOW_LOG, rows: none },
    SystemTable { name: "tables_priv", columns: columns::TABLES_PRIV, rows: tables_priv },
    SystemTable { name: "user", columns: columns::USER, rows: user },
];

/// There are no proxy users, and statements are logged to no table.
fn none(_: &mut Context<'_>) -> Run<Vec<Row>> {
    Ok(Vec::new())
}

fn accounts(ctx: &Context<'_>) -> Vec<Arc<Account>> {
    // By host and user, as the tables' primary keys are.
    let mut accounts: Vec<_> = ctx.catalog.accounts.iter().cloned().collect();
    accounts.sort_by(|one, other| (&one.id.host, &one.id.user).cmp(&(&other.id.host, &other.id.user)));
    accounts
}

fn y_or_n(yes: bool) -> Value {
    fixed(if yes { "Y" } else { "N" })
}

fn number(value: impl Into<u64>) -> Value {
    Value::UInt(value.into())
}

fn maybe(value: Option<u16>) -> Value {
    value.map_or(Value::Null, number)
}

/// The privileges of mysql.user in the order of its columns, but for the two of roles, which stand further behind.
const USER_ORDER: &[Privilege] = &[
    Privilege::Select,
    Privilege::Insert,
    Privilege::Update,
    Privilege::Delete,
    Privilege::Create,
    Privilege::Drop,
    Privilege::Reload,
    Privilege::Shutdown,
    Privilege::Process,
    Privilege::File,
    Privilege::GrantOption,
    Privilege::References,
    Privilege::Index,
    Privilege::Alter,
    Privilege::ShowDatabases,
    Privilege::Super,
    Privilege::CreateTemporaryTables,
    Privilege::LockTables,
    Privilege::Execute,
    Privilege::ReplicationSlave,
    Privilege::ReplicationClient,
    Privilege::CreateView,
    Privilege::ShowView,
    Privilege::CreateRoutine,
    Privilege::AlterRoutine,
    Privilege::CreateUser,
    Privilege::Event,
    Privilege::Trigger,
    Privilege::CreateTablespace,
];

/// Those of mysql.db.
const DB_ORDER: &[Privilege] = &[
    Privilege::Select,
    Privilege::Insert,
    Privilege::Update,
    Privilege::Delete,
    Privilege::Create,
    Privilege::Drop,
    Privilege::GrantOption,
    Privilege::References,
    Privilege::Index,
    Privilege::Alter,
    Privilege::CreateTemporaryTables,
    Privilege::LockTables,
    Privilege::CreateView,
    Privilege::ShowView,
    Privilege::CreateRoutine,
    Privilege::AlterRoutine,
    Privilege::Execute,
    Privilege::Event,
    Privilege::Trigger,
];

/// The columns of mysql.user that are privileges.
pub(crate) fn user_privileges() -> Vec<(&'static str, Privilege)> {
    let of_roles = [("Create_role_priv", Privilege::CreateRole), ("Drop_role_priv", Privilege::DropRole)];
    of_order(columns::USER, USER_ORDER).chain(of_roles).collect()
}

/// Those of mysql.db.
pub(crate) fn db_privileges() -> Vec<(&'static str, Privilege)> {
    of_order(columns::DB, DB_ORDER).collect()
}

fn of_order<'c>(
    columns: &'c [ColumnSpec],
    order: &'c [Privilege],
) -> impl Iterator<Item = (&'static str, Privilege)> {
    let names = columns.iter().map(|column| column.name).filter(|name| name.ends_with("_priv"));
    names.zip(order.iter().copied())
}

/// The privilege that a word of a SET column means.
pub(crate) fn privilege_of_word(word: &str) -> Option<Privilege> {
    let is_it = |privilege: &&Privilege| word_of(**privilege).eq_ignore_ascii_case(word);
    DB_ORDER.iter().find(is_it).copied()
}

fn user(ctx: &mut Context<'_>) -> Run<Vec<Row>> {
    Ok(accounts(ctx).iter().map(|account| user_row(account, ctx)).collect())
}

fn user_row(account: &Account, ctx: &Context<'_>) -> Row {
    let global = account.grants.global;
    let mut row = vec![string(&account.id.host), string(&account.id.user)];
    row.extend(USER_ORDER.iter().map(|privilege| y_or_n(global.has(*privilege))));
    let (kind, cipher, issuer, subject) = match &account.require {
        TlsRequirement::None => ("", None, None, None),
        TlsRequirement::Ssl => ("ANY", None, None, None),
        TlsRequirement::X509 => ("X509", None, None, None),
        TlsRequirement::Specified { cipher, issuer, subject } => {
            ("SPECIFIED", cipher.as_deref(), issuer.as_deref(), subject.as_deref())
        }
    };
    row.push(fixed(kind));
    let blob =
        |text: Option<&str>| Value::Blob(bytes::Bytes::copy_from_slice(text.unwrap_or_default().as_bytes()));
    row.extend([blob(cipher), blob(issuer), blob(subject)]);
    let limits = &account.limits;
    row.extend([
        number(limits.max_queries_per_hour),
        number(limits.max_updates_per_hour),
        number(limits.max_connections_per_hour),
        number(limits.max_user_connections),
        fixed(account.authentication.plugin.name()),
        string(&String::from_utf8_lossy(&account.authentication.authentication_string)),
        y_or_n(account.password_expired),
        match account.password_changed_unix_seconds {
            // Of the built-in root.
            0 => Value::Null,
            seconds => timestamp(seconds.saturating_mul(1_000_000), ctx),
        },
        maybe(account.password_lifetime_days),
        y_or_n(account.is_locked),
        y_or_n(global.has(Privilege::CreateRole)),
        y_or_n(global.has(Privilege::DropRole)),
        maybe(account.password_history),
        maybe(account.password_reuse_days),
        match account.require_current {
            RequireCurrent::Default => Value::Null,
            RequireCurrent::Required => fixed("Y"),
            RequireCurrent::Optional => fixed("N"),
        },
        optional(user_attributes(account).as_deref()),
    ]);
    row
}

/// User_attributes: what the account has no other column for.
fn user_attributes(account: &Account) -> Option<String> {
    let mut all = Map::new();
    if let Some(attribute) = &account.attribute
        && let Ok(metadata) = serde_json::from_str(attribute)
    {
        all.insert("metadata".into(), metadata);
    }
    if account.failed_login_attempts > 0 || account.password_lock != PasswordLock::Off {
        let days: i32 = match account.password_lock {
            PasswordLock::Off => 0,
            PasswordLock::Days(days) => days.into(),
            PasswordLock::Unbounded => -1,
        };
        let locking = Map::from_iter([
            ("failed_login_attempts".to_owned(), Json::from(account.failed_login_attempts)),
            ("password_lock_time_days".to_owned(), Json::from(days)),
        ]);
        all.insert("Password_locking".into(), Json::Object(locking));
    }
    if let Some(retained) = &account.retained {
        let text = String::from_utf8_lossy(retained).into_owned();
        all.insert("additional_password".into(), Json::String(text));
    }
    (!all.is_empty()).then(|| printed(&Json::Object(all)))
}

fn db(ctx: &mut Context<'_>) -> Run<Vec<Row>> {
    let mut rows = Vec::new();
    for account in accounts(ctx) {
        for (database, set) in &account.grants.databases {
            let mut row = vec![string(&account.id.host), string(database), string(&account.id.user)];
            row.extend(DB_ORDER.iter().map(|privilege| y_or_n(set.has(*privilege))));
            rows.push(row);
        }
    }
    Ok(rows)
}

/// A privilege as the SET columns have it.
fn word_of(privilege: Privilege) -> &'static str {
    match privilege {
        Privilege::Select => "Select",
        Privilege::Insert => "Insert",
        Privilege::Update => "Update",
        Privilege::Delete => "Delete",
        Privilege::Create => "Create",
        Privilege::Drop => "Drop",
        Privilege::GrantOption => "Grant",
        Privilege::References => "References",
        Privilege::Index => "Index",
        Privilege::Alter => "Alter",
        Privilege::CreateView => "Create View",
        Privilege::ShowView => "Show view",
        Privilege::Trigger => "Trigger",
        other => other.name(),
    }
}

/// A set as the SET columns have it.
fn set_of(set: PrivilegeSet) -> Value {
    let of_table = DB_ORDER.iter().filter(|privilege| set.has(**privilege));
    let words: Vec<&str> = of_table.map(|privilege| word_of(*privilege)).collect();
    Value::text(words.join(","))
}

fn tables_priv(ctx: &mut Context<'_>) -> Run<Vec<Row>> {
    let mut rows = Vec::new();
    for account in accounts(ctx) {
        for ((database, table), grant) in &account.grants.tables {
            rows.push(vec![
                string(&account.id.host),
                string(database),
                string(&account.id.user),
                string(table),
                string(&grant.grantor),
                timestamp(grant.granted_unix_seconds.saturating_mul(1_000_000), ctx),
                set_of(grant.privileges),
                set_of(grant.any_column()),
            ]);
        }
    }
    Ok(rows)
}

fn procs_priv(ctx: &mut Context<'_>) -> Run<Vec<Row>> {
    const WORDS: [(Privilege, &str); 3] = [
        (Privilege::Execute, "Execute"),
        (Privilege::AlterRoutine, "Alter Routine"),
        (Privilege::GrantOption, "Grant"),
    ];
    let mut rows = Vec::new();
    for account in accounts(ctx) {
        for ((kind, database, name), grant) in &account.grants.routines {
            let words: Vec<&str> =
                WORDS.iter().filter(|(of, _)| grant.privileges.has(*of)).map(|(_, word)| *word).collect();
            rows.push(vec![
                string(&account.id.host),
                string(database),
                string(&account.id.user),
                string(name),
                string(kind.word()),
                string(&grant.grantor),
                Value::text(words.join(",")),
                timestamp(grant.granted_unix_seconds.saturating_mul(1_000_000), ctx),
            ]);
        }
    }
    Ok(rows)
}

fn columns_priv(ctx: &mut Context<'_>) -> Run<Vec<Row>> {
    let mut rows = Vec::new();
    for account in accounts(ctx) {
        for ((database, table), grant) in &account.grants.tables {
            for (column, set) in &grant.columns {
                rows.push(vec![
                    string(&account.id.host),
                    string(database),
                    string(&account.id.user),
                    string(table),
                    string(column),
                    timestamp(grant.granted_unix_seconds.saturating_mul(1_000_000), ctx),
                    set_of(*set),
                ]);
            }
        }
    }
    Ok(rows)
}

fn role_edges(ctx: &mut Context<'_>) -> Run<Vec<Row>> {
    let mut rows = Vec::new();
    for account in accounts(ctx) {
        for (role, with_admin) in &account.grants.roles {
            rows.push(vec![
                string(&role.host),
                string(&role.user),
                string(&account.id.host),
                string(&account.id.user),
                y_or_n(*with_admin),
            ]);
        }
    }
    Ok(rows)
}

fn default_roles(ctx: &mut Context<'_>) -> Run<Vec<Row>> {
    let mut rows = Vec::new();
    for account in accounts(ctx) {
        for role in &account.default_roles {
            rows.push(vec![
                string(&account.id.host),
                string(&account.id.user),
                string(&role.host),
                string(&role.user),
            ]);
        }
    }
    Ok(rows)
}

fn global_grants(ctx: &mut Context<'_>) -> Run<Vec<Row>> {
    let mut rows = Vec::new();
    for account in ctx.catalog.accounts.iter() {
        for (name, with_grant) in &account.grants.dynamic {
            rows.push(vec![
                string(&account.id.user),
                string(&account.id.host),
                string(name),
                y_or_n(*with_grant),
            ]);
        }
    }
    Ok(rows)
}

fn password_history(ctx: &mut Context<'_>) -> Run<Vec<Row>> {
    let mut rows = Vec::new();
    for account in accounts(ctx) {
        for former in &account.former_secrets {
            rows.push(vec![
                string(&account.id.host),
                string(&account.id.user),
                timestamp(former.set_us, ctx),
                string(&String::from_utf8_lossy(&former.authentication_string)),
            ]);
        }
    }
    Ok(rows)
}
