//! Connections as `performance_schema.threads` and `sys.processlist` show them. A connection is a thread here, of the same number.

use std::collections::BTreeMap;

use crate::execute::{Context, Process, Run};
use crate::show::server;
use crate::show::spec::{ColumnSpec, Row, fixed, integer, long, of, optional, string, text, unsigned};
use crate::types::{TypeKind, Value};

/// What runs a task of the server itself.
const TASK: &str = "Daemon";

fn seconds(process: &Process) -> Value {
    Value::Int(i64::try_from(process.seconds).unwrap_or(i64::MAX))
}

fn host(process: &Process) -> &str {
    process.host.rsplit_once(':').map_or(&process.host, |(host, _)| host)
}

fn text_or_null(text: &str) -> Value {
    optional(Some(text).filter(|text| !text.is_empty()))
}

/// Rows of `performance_schema.threads`: the connections that the account sees, and the server's own tasks among them.
pub(super) fn threads(ctx: &mut Context) -> Run<Vec<Row>> {
    let row = |process: Process| {
        let is_task = process.command == TASK;
        vec![
            Value::UInt(process.id),
            fixed(if is_task { "thread/sql/background" } else { "thread/sql/one_connection" }),
            fixed(if is_task { "BACKGROUND" } else { "FOREGROUND" }),
            Value::UInt(process.id),
            string(&process.user),
            string(host(&process)),
            optional(process.database.as_deref()),
            string(&process.command),
            seconds(&process),
            text_or_null(&process.state),
            optional(process.info.as_deref()),
            Value::Null,
            Value::Null,
            fixed("NO"),
            fixed("NO"),
            Value::Null,
            Value::Null,
            Value::Null,
            fixed("PRIMARY"),
            Value::UInt(0),
            Value::UInt(0),
            Value::UInt(0),
            Value::UInt(0),
            fixed("NO"),
        ]
    };
    Ok(server::processes(ctx).into_iter().map(row).collect())
}

const fn shown(name: &'static str) -> ColumnSpec {
    text(name, 11).or_null()
}

const fn count(name: &'static str) -> ColumnSpec {
    unsigned(name, TypeKind::BigInt).or_null()
}

/// `sys.processlist`, `sys.session` and their twins with numbers.
pub(super) const PROCESS_LIST: &[ColumnSpec] = &[
    unsigned("thd_id", TypeKind::BigInt),
    count("conn_id"),
    text("user", 288).or_null(),
    text("db", 64).or_null(),
    text("command", 16).or_null(),
    text("state", 64).or_null(),
    integer("time", TypeKind::BigInt).or_null(),
    long("current_statement", TypeKind::LongText).or_null(),
    text("execution_engine", 9).or_null(),
    shown("statement_latency"),
    of("progress", TypeKind::Decimal { precision: 26, scale: 2 }).or_null(),
    shown("lock_latency"),
    shown("cpu_latency"),
    count("rows_examined"),
    count("rows_sent"),
    count("rows_affected"),
    count("tmp_tables"),
    count("tmp_disk_tables"),
    text("full_scan", 3),
    long("last_statement", TypeKind::LongText).or_null(),
    shown("last_statement_latency"),
    shown("current_memory"),
    text("last_wait", 128).or_null(),
    text("last_wait_latency", 13).or_null(),
    text("source", 64).or_null(),
    shown("trx_latency"),
    text("trx_state", 11).or_null(),
    text("trx_autocommit", 3).or_null(),
    text("pid", 1024).or_null(),
    text("program_name", 1024).or_null(),
];

/// Rows of `sys.processlist`.
pub(super) fn process_list(ctx: &mut Context) -> Run<Vec<Row>> {
    Ok(rows(ctx, true))
}

/// Rows of `sys.session`: without the server's own tasks.
pub(super) fn sessions(ctx: &mut Context) -> Run<Vec<Row>> {
    Ok(rows(ctx, false))
}

/// What is measured in MySQL, and not here, is NULL.
fn rows(ctx: &Context, with_tasks: bool) -> Vec<Row> {
    let attributes = ctx.host.connect_attributes();
    let attribute = |id: u64, name: &str| {
        let found = attributes.iter().find(|one| one.connection_id == id && one.name == name);
        optional(found.map(|one| one.value.as_str()))
    };
    let transactions = ctx.host.transactions();
    let open: BTreeMap<u64, bool> =
        transactions.iter().filter(|one| one.id.is_some()).map(|one| (one.connection_id, true)).collect();
    let row = |process: Process| {
        let mut row = vec![Value::Null; PROCESS_LIST.len()];
        let mut set = |name: &str, value: Value| {
            if let Some(place) = PROCESS_LIST.iter().position(|column| column.name == name) {
                row[place] = value;
            }
        };
        set("thd_id", Value::UInt(process.id));
        set("conn_id", Value::UInt(process.id));
        set("user", string(&format!("{}@{}", process.user, host(&process))));
        set("db", optional(process.database.as_deref()));
        set("command", string(&process.command));
        set("state", text_or_null(&process.state));
        set("time", seconds(&process));
        set("current_statement", optional(process.info.as_deref()));
        set("execution_engine", fixed("PRIMARY"));
        set("full_scan", fixed("NO"));
        set("trx_state", optional(open.contains_key(&process.id).then_some("ACTIVE")));
        set("pid", attribute(process.id, "_pid"));
        set("program_name", attribute(process.id, "program_name"));
        row
    };
    let processes = server::processes(ctx).into_iter();
    processes.filter(|process| with_tasks || process.command != TASK).map(row).collect()
}
