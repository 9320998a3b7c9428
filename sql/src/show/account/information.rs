//! information_schema's tables of privileges: USER_PRIVILEGES, SCHEMA_PRIVILEGES, TABLE_PRIVILEGES, COLUMN_PRIVILEGES,
//! USER_ATTRIBUTES.

use super::{Reader, grants};
use crate::account::{Account, Privilege, PrivilegeSet, Privileges};
use crate::execute::{Context, Run};
use crate::show::spec::{ColumnSpec, Row, exact, exact_long, fixed, optional, string, text, yes_or};
use crate::types::{TypeKind, Value};

pub(crate) const USER_ATTRIBUTES: &[ColumnSpec] =
    &[exact("USER", 32), text("HOST", 255), exact_long("ATTRIBUTE", TypeKind::LongText).or_null()];

const CATALOG: &str = "def";

fn grantee(account: &Account) -> Value {
    string(&account.id.quoted())
}

/// The privileges of a set, one a row; USAGE for none.
fn words(set: PrivilegeSet) -> Vec<&'static str> {
    let words: Vec<&str> = set.without(Privilege::GrantOption.into()).iter().map(Privilege::name).collect();
    if words.is_empty() { vec!["USAGE"] } else { words }
}

/// USER_PRIVILEGES: static ones, then dynamic ones.
pub(crate) fn user_privileges(ctx: &mut Context<'_>) -> Run<Vec<Row>> {
    let reader = Reader::of(ctx);
    let mut rows = Vec::new();
    for account in reader.shown() {
        let global = account.grants.global;
        let mut say = |word: &str, grantable| {
            rows.push(vec![grantee(account), fixed(CATALOG), string(word), yes_or("NO", grantable)]);
        };
        for word in words(global) {
            say(word, global.has(Privilege::GrantOption));
        }
        let own = Privileges::of_one(account);
        for with_grant in [false, true] {
            for name in grants::dynamic(&own, with_grant) {
                say(&name, with_grant);
            }
        }
    }
    Ok(rows)
}

/// SCHEMA_PRIVILEGES.
pub(crate) fn schema_privileges(ctx: &mut Context<'_>) -> Run<Vec<Row>> {
    let reader = Reader::of(ctx);
    let mut rows = Vec::new();
    for account in reader.shown() {
        for (database, set) in &account.grants.databases {
            for word in words(*set) {
                rows.push(vec![
                    grantee(account),
                    fixed(CATALOG),
                    string(database),
                    fixed(word),
                    yes_or("NO", set.has(Privilege::GrantOption)),
                ]);
            }
        }
    }
    Ok(rows)
}

/// TABLE_PRIVILEGES.
pub(crate) fn table_privileges(ctx: &mut Context<'_>) -> Run<Vec<Row>> {
    let reader = Reader::of(ctx);
    let mut rows = Vec::new();
    for account in reader.shown() {
        for ((database, table), grant) in &account.grants.tables {
            if grant.privileges.is_empty() {
                continue;
            }
            for word in words(grant.privileges) {
                rows.push(vec![
                    grantee(account),
                    fixed(CATALOG),
                    string(database),
                    string(table),
                    fixed(word),
                    yes_or("NO", grant.privileges.has(Privilege::GrantOption)),
                ]);
            }
        }
    }
    Ok(rows)
}

/// COLUMN_PRIVILEGES.
pub(crate) fn column_privileges(ctx: &mut Context<'_>) -> Run<Vec<Row>> {
    let reader = Reader::of(ctx);
    let mut rows = Vec::new();
    for account in reader.shown() {
        for ((database, table), grant) in &account.grants.tables {
            for (column, set) in &grant.columns {
                for privilege in set.iter() {
                    rows.push(vec![
                        grantee(account),
                        fixed(CATALOG),
                        string(database),
                        string(table),
                        string(column),
                        fixed(privilege.name()),
                        yes_or("NO", grant.privileges.has(Privilege::GrantOption)),
                    ]);
                }
            }
        }
    }
    Ok(rows)
}

/// USER_ATTRIBUTES.
pub(crate) fn user_attributes(ctx: &mut Context<'_>) -> Run<Vec<Row>> {
    let reader = Reader::of(ctx);
    let row = |account: &std::sync::Arc<Account>| {
        vec![string(&account.id.user), string(&account.id.host), optional(account.attribute.as_deref())]
    };
    Ok(reader.shown().map(row).collect())
}
