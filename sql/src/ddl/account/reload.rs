//! FLUSH PRIVILEGES behind a restored dump of `mysql`: its rows become the accounts.
//!
//! A dump drops and makes the tables of grants and inserts rows. Here those are views of the accounts ([`crate::show`]), so that what a dump
//! makes are stored tables of their names, which stand in front of the views and mean nothing yet, as in MySQL, where changed rows wait for
//! FLUSH PRIVILEGES too. That reads them and drops them, in one entry of the log. Tables that the dump did not have leave what they are about
//! as it is.
//!
//! | table | is |
//! |---|---|
//! | `user` | which accounts there are, their secrets and rules, privileges on `*.*` |
//! | `db`, `tables_priv`, `columns_priv`, `procs_priv`, `global_grants` | what was granted |
//! | `role_edges`, `default_roles` | roles |
//! | `password_history` | former secrets |
//! | `proxies_priv` | proxy users, which are not built: warning 1235 |
//!
//! Rows about accounts that are not in `user` are left out, as MySQL does. Partial revokes and further factors are refused (1235): without them an
//! account would be allowed more than it was.

mod record;
mod user;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use record::Record;

use super::Work;
use crate::account::privilege::DYNAMIC_PRIVILEGES;
use crate::account::{Account, AccountId, FormerSecret, Privilege, PrivilegeSet, RoutineGrant, TableGrant};
use crate::ast::RoutineKind;
use crate::catalog::{Catalog, Table};
use crate::ddl::foreign_key;
use crate::execute::{Context, Run};
use crate::session::WarningLevel;
use crate::show::{MYSQL, db_privileges, privilege_of_word};
use crate::{Error, Result};

/// The tables that are read, `user` first.
const TABLES: [&str; 10] = [
    "user",
    "db",
    "tables_priv",
    "columns_priv",
    "procs_priv",
    "global_grants",
    "role_edges",
    "default_roles",
    "password_history",
    "proxies_priv",
];

/// The columns that name an account in most of them.
const OWNER: (&str, &str) = ("Host", "User");

type Changed = BTreeMap<AccountId, Account>;

/// The stored tables of grants there are, in the order in which they are read.
#[must_use]
pub fn pending(catalog: &Catalog) -> Vec<Arc<Table>> {
    TABLES.iter().filter_map(|name| catalog.table(MYSQL, name).ok().cloned()).collect()
}

/// That no restored tables wait for FLUSH PRIVILEGES, which would undo what is changed now.
pub(super) fn check_none(catalog: &Catalog) -> Result<()> {
    let waiting: Vec<String> =
        pending(catalog).iter().map(|table| format!("{MYSQL}.{}", table.name)).collect();
    if waiting.is_empty() {
        return Ok(());
    }
    let message = format!(
        "Accounts cannot be changed while restored tables wait to be read ({}): FLUSH PRIVILEGES reads them, DROP TABLE gives them up",
        waiting.join(", ")
    );
    Err(Error { code: 1105, state: *b"HY000", message })
}

/// Reads the tables into the accounts, and drops them.
pub(super) fn run(work: &mut Work, ctx: &mut Context<'_>) -> Run<()> {
    let before: Changed =
        work.accounts.iter().map(|account| (account.id.clone(), Account::clone(account))).collect();
    let mut accounts = before.clone();
    let tables = pending(ctx.catalog);
    if ctx.session.variables.foreign_key_checks {
        foreign_key::related::check_drop(ctx.catalog, &tables)?;
    }
    for table in tables {
        let records = record::read(&table, ctx)?;
        apply(&table.name, &records, &mut accounts, work)?;
        crate::ddl::table::write_drop(ctx.txn, &table);
    }
    if !accounts.values().any(can_administer) {
        let message = "The restored tables of grants have no account that may create accounts and is not locked: nobody could set them right";
        return Err(Error { code: 1105, state: *b"HY000", message: message.to_owned() }.into());
    }
    for id in before.keys().filter(|id| !accounts.contains_key(id)) {
        work.remove(id);
    }
    accounts.into_values().for_each(|account| work.put(account));
    work.changes_catalog = true;
    Ok(())
}

/// Whether whoever logs in as this could change accounts.
fn can_administer(account: &Account) -> bool {
    account.grants.global.has(Privilege::CreateUser) && !account.is_locked
}

fn apply(table: &str, records: &[Record], accounts: &mut Changed, work: &mut Work) -> Result<()> {
    match table {
        "user" => {
            let made: Result<Changed> = records
                .iter()
                .map(|record| {
                    let id = record.account(OWNER)?;
                    let former = accounts.remove(&id).unwrap_or_else(|| Account::new(id.clone()));
                    Ok((id, user::account(record, former)?))
                })
                .collect();
            *accounts = made?;
            Ok(())
        }
        "db" => {
            accounts.values_mut().for_each(|account| account.grants.databases.clear());
            each(records, OWNER, accounts, |record, account| {
                let set = record.switches(&db_privileges())?;
                if !set.is_empty() {
                    account.grants.databases.insert(record.text("Db")?, set);
                }
                Ok(())
            })
        }
        "tables_priv" => on_tables(records, accounts),
        "columns_priv" => on_columns(records, accounts),
        "procs_priv" => routines(records, accounts),
        "global_grants" => dynamic(records, accounts, work),
        "role_edges" => {
            accounts.values_mut().for_each(|account| account.grants.roles.clear());
            let known = names(accounts);
            each(records, ("TO_HOST", "TO_USER"), accounts, |record, account| {
                let role = record.account(("FROM_HOST", "FROM_USER"))?;
                let with_admin = record.is_yes("WITH_ADMIN_OPTION")?;
                if known.contains(&role) {
                    account.grants.roles.insert(role, with_admin);
                }
                Ok(())
            })
        }
        "default_roles" => {
            accounts.values_mut().for_each(|account| account.default_roles.clear());
            let known = names(accounts);
            each(records, OWNER, accounts, |record, account| {
                let role = record.account(("DEFAULT_ROLE_HOST", "DEFAULT_ROLE_USER"))?;
                if known.contains(&role) {
                    account.default_roles.push(role);
                }
                Ok(())
            })
        }
        "password_history" => former_secrets(records, accounts),
        _ => proxies(records, work),
    }
}

fn on_tables(records: &[Record], accounts: &mut Changed) -> Result<()> {
    grants(accounts).for_each(|grant| grant.privileges = PrivilegeSet::NONE);
    each(records, OWNER, accounts, |record, account| {
        let grant = table_grant(record, account)?;
        grant.privileges = words(&record.text("Table_priv")?)?;
        grant.grantor = record.text("Grantor")?;
        Ok(())
    })?;
    forget_empty(accounts);
    Ok(())
}

fn on_columns(records: &[Record], accounts: &mut Changed) -> Result<()> {
    grants(accounts).for_each(|grant| grant.columns.clear());
    each(records, OWNER, accounts, |record, account| {
        let set = words(&record.text("Column_priv")?)?;
        if !set.is_empty() {
            table_grant(record, account)?.columns.insert(record.text("Column_name")?, set);
        }
        Ok(())
    })?;
    forget_empty(accounts);
    Ok(())
}

fn former_secrets(records: &[Record], accounts: &mut Changed) -> Result<()> {
    accounts.values_mut().for_each(|account| account.former_secrets.clear());
    each(records, OWNER, accounts, |record, account| {
        account.former_secrets.push(FormerSecret {
            set_us: record.time_us("Password_timestamp")?,
            authentication_string: record.bytes("Password")?,
        });
        Ok(())
    })?;
    for account in accounts.values_mut() {
        account.former_secrets.sort_by_key(|former| std::cmp::Reverse(former.set_us));
    }
    Ok(())
}

fn names(accounts: &Changed) -> BTreeSet<AccountId> {
    accounts.keys().cloned().collect()
}

/// Each record with its account, if that is there.
fn each(
    records: &[Record],
    owner: (&str, &str),
    accounts: &mut Changed,
    mut take: impl FnMut(&Record, &mut Account) -> Result<()>,
) -> Result<()> {
    for record in records {
        if let Some(account) = accounts.get_mut(&record.account(owner)?) {
            take(record, account)?;
        }
    }
    Ok(())
}

fn grants(accounts: &mut Changed) -> impl Iterator<Item = &mut TableGrant> {
    accounts.values_mut().flat_map(|account| account.grants.tables.values_mut())
}

fn table_grant<'a>(record: &Record, account: &'a mut Account) -> Result<&'a mut TableGrant> {
    let name = (record.text("Db")?, record.text("Table_name")?);
    let grant = account.grants.tables.entry(name).or_default();
    grant.granted_unix_seconds = record.time_us("Timestamp")? / 1_000_000;
    Ok(grant)
}

fn forget_empty(accounts: &mut Changed) {
    accounts.values_mut().for_each(|account| account.grants.tables.retain(|_, grant| !grant.is_empty()));
}

/// A set of privileges as a SET column has it.
fn words(text: &str) -> Result<PrivilegeSet> {
    let mut set = PrivilegeSet::NONE;
    for word in text.split(',').filter(|word| !word.is_empty()) {
        let privilege = privilege_of_word(word).ok_or_else(|| record::odd("a privilege", word))?;
        set = set.with(privilege.into());
    }
    Ok(set)
}

fn routines(records: &[Record], accounts: &mut Changed) -> Result<()> {
    accounts.values_mut().for_each(|account| account.grants.routines.clear());
    each(records, OWNER, accounts, |record, account| {
        let kind = match record.text("Routine_type")?.as_str() {
            "PROCEDURE" => RoutineKind::Procedure,
            "FUNCTION" => RoutineKind::Function,
            other => return Err(Error::not_supported(format_args!("privileges on a {other}"))),
        };
        let grant = RoutineGrant {
            privileges: words(&record.text("Proc_priv")?)?,
            grantor: record.text("Grantor")?,
            granted_unix_seconds: record.time_us("Timestamp")? / 1_000_000,
        };
        if !grant.privileges.is_empty() {
            let name = record.text("Routine_name")?.to_lowercase();
            account.grants.routines.insert((kind, record.text("Db")?, name), grant);
        }
        Ok(())
    })
}

/// Dynamic privileges. Those that this server does not know are of no use here: a warning each.
fn dynamic(records: &[Record], accounts: &mut Changed, work: &mut Work) -> Result<()> {
    accounts.values_mut().for_each(|account| account.grants.dynamic.clear());
    each(records, ("HOST", "USER"), accounts, |record, account| {
        let name = record.text("PRIV")?.to_uppercase();
        if DYNAMIC_PRIVILEGES.contains(&name.as_str()) {
            account.grants.dynamic.insert(name, record.is_yes("WITH_GRANT_OPTION")?);
        } else {
            let message = format!("Dynamic privilege '{name}' is not registered with the server.");
            work.warn(WarningLevel::Warning, 3929, message);
        }
        Ok(())
    })
}

fn proxies(records: &[Record], work: &mut Work) -> Result<()> {
    for record in records {
        let proxy = record.account(OWNER)?;
        let error = Error::not_supported(format_args!("the proxy user {proxy}"));
        work.warn(WarningLevel::Warning, error.code, error.message);
    }
    Ok(())
}
