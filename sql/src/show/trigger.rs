//! Triggers as they are shown: SHOW TRIGGERS, SHOW CREATE TRIGGER, information_schema.TRIGGERS.

use std::sync::Arc;

use crate::account::Privilege;
use crate::ast::TableName;
use crate::ast::print::write_name;
use crate::catalog::Table;
use crate::error::Error;
use crate::execute::{Context, Run};
use crate::program::trigger::Trigger;
use crate::program::trigger_statement::table_of;
use crate::show::information_schema::CATALOG;
use crate::show::spec::{ColumnSpec, Row, exact, exact_long, fixed, of, string, text};
use crate::types::{DateTime, TypeKind, Value};

pub(super) const CREATE_TRIGGER: &[ColumnSpec] = &[
    text("Trigger", 64),
    exact("sql_mode", 546),
    exact_long("SQL Original Statement", TypeKind::LongText),
    text("character_set_client", 64),
    text("collation_connection", 64),
    text("Database Collation", 64),
    of("Created", TypeKind::Timestamp(2)),
];

/// Hundredths of a second, in microseconds.
const SHOWN_US: u64 = 10_000;

fn is_seen(table: &Table, ctx: &Context) -> bool {
    ctx.session.authorization.has_table(Privilege::Trigger, &table.database, &table.name)
}

/// The triggers of a database, or of all, that the account sees: by table, event and time, then in their order.
fn seen(database: Option<&str>, ctx: &Context) -> Vec<(Arc<Table>, Arc<Trigger>)> {
    let tables = ctx.catalog.tables().filter(|table| !table.triggers.is_empty());
    let tables = tables.filter(|table| database.is_none_or(|database| table.database == database));
    let mut found = Vec::new();
    for table in tables.filter(|table| is_seen(table, ctx)) {
        let mut own: Vec<_> = table.triggers.iter().map(|one| (Arc::clone(table), Arc::clone(one))).collect();
        own.sort_by_key(|(_, trigger)| (trigger.event, trigger.time));
        found.append(&mut own);
    }
    found
}

fn created(trigger: &Trigger, ctx: &Context) -> Value {
    let whole = i64::try_from(trigger.created_us - trigger.created_us % SHOWN_US).unwrap_or(0);
    DateTime::from_epoch(whole, ctx.session.variables.time_zone).map_or(Value::Null, Value::DateTime)
}

fn definer(trigger: &Trigger) -> Value {
    string(&format!("{}@{}", trigger.definer.user, trigger.definer.host))
}

fn character_sets(trigger: &Trigger) -> [Value; 3] {
    [
        string(&trigger.character_set),
        string(trigger.collation.name()),
        string(trigger.database_collation.name()),
    ]
}

/// The rows of SHOW TRIGGERS.
pub(super) fn triggers(database: &str, ctx: &Context) -> Vec<Row> {
    let row = |(table, trigger): &(Arc<Table>, Arc<Trigger>)| {
        let mut row = vec![
            string(&trigger.name),
            fixed(trigger.event.word()),
            string(&table.name),
            string(&trigger.body),
            fixed(trigger.time.word()),
            created(trigger, ctx),
            string(&trigger.sql_mode.to_string()),
            definer(trigger),
        ];
        row.extend(character_sets(trigger));
        row
    };
    seen(Some(database), ctx).iter().map(row).collect()
}

/// SHOW CREATE TRIGGER.
///
/// # Errors
/// 1046, 1142, 1360.
pub(super) fn create(name: &TableName, ctx: &Context) -> Run<Vec<Row>> {
    let current = ctx.session.database.as_deref();
    let database = name.database.as_deref().or(current).ok_or_else(Error::no_database)?;
    let name = TableName { database: Some(database.to_owned()), table: name.table.clone() };
    let missing = || Error::mysql(1360, *b"HY000", "Trigger does not exist");
    let table = table_of(ctx.catalog, &name).ok_or_else(missing)?;
    if !is_seen(table, ctx) {
        let message = "Access denied; you need (at least one of) the TRIGGER privilege(s) for this operation";
        return Err(Error::mysql(1227, *b"42000", message).into());
    }
    let trigger = table.triggers.iter().find(|trigger| trigger.name == name.table).ok_or_else(missing)?;
    let mut row = vec![
        string(&trigger.name),
        string(&trigger.sql_mode.to_string()),
        string(&create_text(table, trigger)),
    ];
    row.extend(character_sets(trigger));
    row.push(created(trigger, ctx));
    Ok(vec![row])
}

fn create_text(table: &Table, trigger: &Trigger) -> String {
    let mut out = "CREATE DEFINER=".to_owned();
    write_name(&trigger.definer.user, &mut out);
    out.push('@');
    write_name(&trigger.definer.host, &mut out);
    out.push_str(" TRIGGER ");
    write_name(&trigger.name, &mut out);
    out.push_str(&format!(" {} {} ON ", trigger.time.word(), trigger.event.word()));
    write_name(&table.name, &mut out);
    out.push_str(" FOR EACH ROW ");
    out.push_str(&trigger.body);
    out
}

/// The rows of TRIGGERS.
pub(super) fn rows(ctx: &mut Context) -> Run<Vec<Row>> {
    let mut order = 0;
    let mut before: Option<(Arc<Table>, Arc<Trigger>)> = None;
    let mut rows = Vec::new();
    for (table, trigger) in seen(None, ctx) {
        let is_next = before.as_ref().is_some_and(|(other_table, other)| {
            Arc::ptr_eq(other_table, &table) && (other.event, other.time) == (trigger.event, trigger.time)
        });
        order = if is_next { order + 1 } else { 1 };
        let mut row = vec![
            fixed(CATALOG),
            string(&table.database),
            string(&trigger.name),
            fixed(trigger.event.word()),
            fixed(CATALOG),
            string(&table.database),
            string(&table.name),
            Value::UInt(order),
            Value::Null,
            string(&trigger.body),
            fixed("ROW"),
            fixed(trigger.time.word()),
            Value::Null,
            Value::Null,
            fixed("OLD"),
            fixed("NEW"),
            created(&trigger, ctx),
            string(&trigger.sql_mode.to_string()),
            definer(&trigger),
        ];
        row.extend(character_sets(&trigger));
        rows.push(row);
        before = Some((table, trigger));
    }
    Ok(rows)
}
