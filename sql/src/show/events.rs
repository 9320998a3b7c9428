//! Events as they are shown: SHOW EVENTS, SHOW CREATE EVENT, information_schema.EVENTS.
//!
//! Their times are in the time zone that each of them was made under.

use std::sync::Arc;

use storage::txn::View;

use crate::account::Privilege;
use crate::ast::{EventStatus, TableName};
use crate::error::Error;
use crate::execute::{Context, Run};
use crate::program::event::{Event, Schedule};
use crate::program::event_schedule::shown_value;
use crate::program::event_statement::unknown;
use crate::show::information_schema::CATALOG;
use crate::show::spec::{ColumnSpec, Row, exact, exact_long, fixed, string, text};
use crate::types::{DateTime, TypeKind, Value};
use crate::variables::SqlMode;

pub(super) const CREATE_EVENT: &[ColumnSpec] = &[
    text("Event", 64),
    exact("sql_mode", 546),
    exact("time_zone", 64),
    exact_long("Create Event", TypeKind::LongText),
    text("character_set_client", 64),
    text("collation_connection", 64),
    text("Database Collation", 64),
];

/// The events of the databases whose events the account may see.
fn seen(database: Option<&str>, ctx: &Context) -> Vec<Arc<Event>> {
    let mut found = Vec::new();
    for (name, one) in &ctx.catalog.databases {
        let is_asked = database.is_none_or(|database| database == name);
        if is_asked && ctx.session.authorization.has_database(Privilege::Event, name) {
            found.extend(one.events.values().cloned());
        }
    }
    found
}

fn local(event: &Event, seconds: Option<i64>) -> Value {
    seconds.and_then(|seconds| event.local(seconds)).map_or(Value::Null, Value::DateTime)
}

fn definer(event: &Event) -> Value {
    string(&format!("{}@{}", event.definer.user, event.definer.host))
}

fn status(event: &Event) -> Value {
    fixed(match event.status {
        EventStatus::Enabled => "ENABLED",
        EventStatus::Disabled => "DISABLED",
        EventStatus::ReplicaSide => "REPLICA_SIDE_DISABLED",
    })
}

/// Type, time, value and unit of the interval, STARTS, ENDS.
fn schedule(event: &Event) -> [Value; 6] {
    match event.schedule {
        Schedule::At(at) => {
            [fixed("ONE TIME"), local(event, Some(at)), Value::Null, Value::Null, Value::Null, Value::Null]
        }
        Schedule::Every { value, unit, starts, ends } => [
            fixed("RECURRING"),
            Value::Null,
            string(&shown_value(value, unit)),
            fixed(unit.word()),
            local(event, Some(starts)),
            local(event, ends),
        ],
    }
}

fn character_sets(event: &Event) -> [Value; 3] {
    [string(&event.character_set), string(event.collation.name()), string(event.database_collation.name())]
}

/// The rows of SHOW EVENTS.
pub(super) fn events(database: &str, ctx: &Context) -> Vec<Row> {
    let row = |event: &Arc<Event>| {
        let mut row =
            vec![string(&event.database), string(&event.name), definer(event), string(&event.time_zone)];
        row.extend(schedule(event));
        row.extend([status(event), Value::UInt(event.originator)]);
        row.extend(character_sets(event));
        row
    };
    seen(Some(database), ctx).iter().map(row).collect()
}

/// SHOW CREATE EVENT.
///
/// # Errors
/// 1046, 1539.
pub(super) fn create(name: &TableName, ctx: &Context) -> Run<Vec<Row>> {
    let current = ctx.session.database.as_deref();
    let database = name.database.as_deref().or(current).ok_or_else(Error::no_database)?;
    let found = ctx.catalog.databases.get(database).and_then(|found| found.event(&name.table));
    let event = found.ok_or_else(|| unknown(&name.table))?;
    let mut row = vec![
        string(&event.name),
        string(&event.sql_mode.to_string()),
        string(&event.time_zone),
        string(&create_text(event, ctx.session.variables.sql_mode)),
    ];
    row.extend(character_sets(event));
    Ok(vec![row])
}

fn time_text(event: &Event, seconds: i64) -> String {
    let mut out = Vec::new();
    if let Some(time) = event.local(seconds) {
        time.write(0, &mut out);
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A name as the mode quotes it.
fn write_name(name: &str, mode: SqlMode, out: &mut String) {
    let quote = if mode.has(SqlMode::ANSI_QUOTES) { '"' } else { '`' };
    out.push(quote);
    for letter in name.chars() {
        out.push(letter);
        if letter == quote {
            out.push(quote);
        }
    }
    out.push(quote);
}

fn create_text(event: &Event, mode: SqlMode) -> String {
    let mut out = "CREATE DEFINER=".to_owned();
    write_name(&event.definer.user, mode, &mut out);
    out.push('@');
    write_name(&event.definer.host, mode, &mut out);
    out.push_str(" EVENT ");
    write_name(&event.name, mode, &mut out);
    match event.schedule {
        Schedule::At(at) => out.push_str(&format!(" ON SCHEDULE AT '{}'", time_text(event, at))),
        Schedule::Every { value, unit, starts, ends } => {
            let value = shown_value(value, unit);
            let starts = time_text(event, starts);
            out.push_str(&format!(" ON SCHEDULE EVERY {value} {} STARTS '{starts}'", unit.word()));
            if let Some(ends) = ends {
                out.push_str(&format!(" ENDS '{}'", time_text(event, ends)));
            }
        }
    }
    let not = if event.preserve { "" } else { "NOT " };
    out.push_str(&format!(" ON COMPLETION {not}PRESERVE "));
    out.push_str(match event.status {
        EventStatus::Enabled => "ENABLE",
        EventStatus::Disabled => "DISABLE",
        EventStatus::ReplicaSide => "DISABLE ON REPLICA",
    });
    if !event.comment.is_empty() {
        out.push_str(" COMMENT ");
        out.push_str(&super::definition::quoted(&event.comment));
    }
    out.push_str(" DO ");
    out.push_str(&event.body);
    out
}

/// The rows of EVENTS.
///
/// # Errors
/// 1105 when the store cannot be read.
pub(super) fn rows(ctx: &mut Context) -> Run<Vec<Row>> {
    let zone = ctx.session.variables.time_zone;
    let made = |us: u64| {
        let whole = i64::try_from(us - us % 1_000_000).unwrap_or(0);
        DateTime::from_epoch(whole, zone).map_or(Value::Null, Value::DateTime)
    };
    let mut rows = Vec::new();
    for event in seen(None, ctx) {
        let last = event.last_run(ctx.txn, View::Snapshot)?;
        let mut row = vec![
            fixed(CATALOG),
            string(&event.database),
            string(&event.name),
            definer(&event),
            string(&event.time_zone),
            fixed("SQL"),
            string(&event.body),
        ];
        let [kind, at, value, unit, starts, ends] = schedule(&event);
        row.extend([kind, at, value, unit, string(&event.sql_mode.to_string()), starts, ends]);
        row.extend([
            status(&event),
            fixed(if event.preserve { "PRESERVE" } else { "NOT PRESERVE" }),
            made(event.created_us),
            made(event.altered_us),
            local(&event, last.map(|(at, _)| at)),
            string(&event.comment),
            Value::UInt(event.originator),
        ]);
        row.extend(character_sets(&event));
        rows.push(row);
    }
    Ok(rows)
}
