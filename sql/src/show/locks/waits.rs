//! `sys.innodb_lock_waits` and `sys.schema_table_lock_waits`: who waits for whom, with the statements of both, and what would end it.

use std::collections::BTreeMap;

use super::object::ObjectKind;
use super::{
    Conflict, Side, metadata_mode, number, optional, owned, row_mode, row_of, see, text_or_null, time,
};
use crate::account::Privilege;
use crate::authorization::Grant;
use crate::error::Error;
use crate::execute::{Context, Process, Run, TransactionView};
use crate::show::server;
use crate::show::spec::{ColumnSpec, Row, fixed, integer, long, of, text, unsigned};
use crate::types::datetime::{MICROSECONDS, Time, clock_us};
use crate::types::{TypeKind, Value};

const fn count(name: &'static str) -> ColumnSpec {
    unsigned(name, TypeKind::BigInt)
}

const fn statement(name: &'static str) -> ColumnSpec {
    long(name, TypeKind::LongText).or_null()
}

/// `sys.innodb_lock_waits`, and `sys.x$innodb_lock_waits`.
pub(in crate::show) const INNODB_LOCK_WAITS: &[ColumnSpec] = &[
    of("wait_started", TypeKind::DateTime(0)).or_null(),
    of("wait_age", TypeKind::Time(0)).or_null(),
    integer("wait_age_secs", TypeKind::BigInt).or_null(),
    long("locked_table", TypeKind::MediumText).or_null(),
    text("locked_table_schema", 64).or_null(),
    text("locked_table_name", 64).or_null(),
    text("locked_table_partition", 64).or_null(),
    text("locked_table_subpartition", 64).or_null(),
    text("locked_index", 64).or_null(),
    text("locked_type", 32),
    count("waiting_trx_id"),
    of("waiting_trx_started", TypeKind::DateTime(0)),
    of("waiting_trx_age", TypeKind::Time(0)).or_null(),
    count("waiting_trx_rows_locked"),
    count("waiting_trx_rows_modified"),
    count("waiting_pid"),
    statement("waiting_query"),
    text("waiting_lock_id", 128),
    text("waiting_lock_mode", 32),
    count("blocking_trx_id"),
    count("blocking_pid").or_null(),
    statement("blocking_query"),
    text("blocking_lock_id", 128),
    text("blocking_lock_mode", 32),
    of("blocking_trx_started", TypeKind::DateTime(0)).or_null(),
    of("blocking_trx_age", TypeKind::Time(0)).or_null(),
    count("blocking_trx_rows_locked"),
    count("blocking_trx_rows_modified"),
    text("sql_kill_blocking_query", 33).or_null(),
    text("sql_kill_blocking_connection", 27).or_null(),
];

/// `sys.schema_table_lock_waits`, and `sys.x$schema_table_lock_waits`.
pub(in crate::show) const TABLE_LOCK_WAITS: &[ColumnSpec] = &[
    text("object_schema", 64).or_null(),
    text("object_name", 64).or_null(),
    count("waiting_thread_id"),
    count("waiting_pid").or_null(),
    long("waiting_account", TypeKind::Text).or_null(),
    text("waiting_lock_type", 32),
    text("waiting_lock_duration", 32),
    statement("waiting_query"),
    integer("waiting_query_secs", TypeKind::BigInt).or_null(),
    count("waiting_query_rows_affected").or_null(),
    count("waiting_query_rows_examined").or_null(),
    count("blocking_thread_id").or_null(),
    count("blocking_pid").or_null(),
    long("blocking_account", TypeKind::Text).or_null(),
    text("blocking_lock_type", 32),
    text("blocking_lock_duration", 32),
    text("sql_kill_blocking_query", 31).or_null(),
    text("sql_kill_blocking_connection", 25).or_null(),
];

/// What is known of the sides of a conflict.
struct Known {
    processes: BTreeMap<u64, Process>,
    transactions: BTreeMap<u64, TransactionView>,
    now_us: i64,
}

impl Known {
    fn process(&self, side: &Side) -> Option<&Process> {
        self.processes.get(&side.connection_id?)
    }

    fn statement(&self, side: &Side) -> Value {
        optional(self.process(side).and_then(|process| process.info.as_deref()))
    }

    fn account(&self, side: &Side) -> Value {
        let account = |process: &Process| {
            let host = process.host.rsplit_once(':').map_or(&*process.host, |(host, _)| host);
            owned(format!("{}@{host}", process.user))
        };
        self.process(side).map_or(Value::Null, account)
    }

    fn transaction(&self, side: &Side) -> Option<&TransactionView> {
        self.transactions.get(&side.connection_id?)
    }

    fn seconds_since(&self, us: i64) -> i64 {
        (self.now_us - us).max(0) / 1_000_000
    }

    fn age(&self, us: i64) -> Value {
        Value::Time(Time::clamped(self.seconds_since(us).saturating_mul(MICROSECONDS)).0)
    }

    /// When the side's transaction began, and how long ago.
    fn began(&self, side: &Side, ctx: &Context) -> [Value; 2] {
        self.transaction(side).map_or([Value::Null, Value::Null], |transaction| {
            [time(transaction.began_us, ctx), self.age(transaction.began_us)]
        })
    }

    /// Rows that it has locked, and changed.
    fn rows(&self, side: &Side) -> [Value; 2] {
        let of = |count: fn(&TransactionView) -> u64| Value::UInt(self.transaction(side).map_or(0, count));
        [of(|transaction| transaction.locks), of(|transaction| transaction.changes)]
    }
}

/// The conflicts about rows, or about anything else.
///
/// # Errors
/// 1356 without PROCESS: in MySQL they are views with the rights of who reads them.
fn conflicts(ctx: &mut Context, of_rows: bool) -> Run<(Vec<Conflict>, Known)> {
    if !ctx.session.authorization.has_global(Grant::Static(Privilege::Process)) {
        let view = if of_rows { "innodb_lock_waits" } else { "schema_table_lock_waits" };
        let message = format!(
            "View 'sys.{view}' references invalid table(s) or column(s) or function(s) or definer/invoker of view lack rights to use them"
        );
        return Err(Error { code: 1356, state: *b"HY000", message }.into());
    }
    let mut seen = see(ctx);
    seen.conflicts.retain(|conflict| (conflict.object.kind == ObjectKind::Row) == of_rows);
    let processes = server::processes(ctx).into_iter().map(|process| (process.id, process)).collect();
    let transactions = seen.transactions.into_iter().map(|one| (one.connection_id, one)).collect();
    let known = Known { processes, transactions, now_us: clock_us() };
    Ok((seen.conflicts, known))
}

/// The statements that end the one in the way: they are none where it has no connection.
fn kills(side: &Side) -> [Value; 2] {
    let kill = |what: &str| side.connection_id.map_or(Value::Null, |id| owned(format!("{what} {id}")));
    [kill("KILL QUERY"), kill("KILL")]
}

/// Rows of `sys.innodb_lock_waits`.
pub(in crate::show) fn innodb_lock_waits(ctx: &mut Context) -> Run<Vec<Row>> {
    let (conflicts, known) = conflicts(ctx, true)?;
    let row = |conflict: &Conflict| {
        let (object, waiting, blocking) = (&conflict.object, &conflict.waiting, &conflict.blocking);
        let started = time(conflict.since_us, ctx);
        let seconds = known.seconds_since(conflict.since_us);
        let age = known.age(conflict.since_us);
        let table = match object.name.is_empty() {
            true => Value::Null,
            false => owned(format!("`{}`.`{}`", object.database, object.name)),
        };
        let mut row = vec![started, age, Value::Int(seconds), table];
        row.extend([&object.database, &object.name, &object.partition].map(|name| text_or_null(name)));
        row.extend([Value::Null, text_or_null(&object.index), fixed("RECORD"), Value::UInt(waiting.txn_id)]);
        row.extend(known.began(waiting, ctx));
        row.extend(known.rows(waiting));
        row.extend([number(waiting.connection_id), known.statement(waiting)]);
        row.extend([owned(conflict.lock_id(waiting)), row_mode(waiting.mode), Value::UInt(blocking.txn_id)]);
        row.extend([number(blocking.connection_id), known.statement(blocking)]);
        row.extend([owned(conflict.lock_id(blocking)), row_mode(blocking.mode)]);
        row.extend(known.began(blocking, ctx));
        row.extend(known.rows(blocking));
        row.extend(kills(blocking));
        row
    };
    Ok(conflicts.iter().map(row).collect())
}

/// Rows of `sys.schema_table_lock_waits`.
pub(in crate::show) fn table_lock_waits(ctx: &mut Context) -> Run<Vec<Row>> {
    let (conflicts, known) = conflicts(ctx, false)?;
    let of_tables = conflicts.iter().filter(|conflict| conflict.object.kind == ObjectKind::Table);
    let row = |conflict: &Conflict| {
        let (object, waiting, blocking) = (&conflict.object, &conflict.waiting, &conflict.blocking);
        let seconds = known.process(waiting).and_then(|process| i64::try_from(process.seconds).ok());
        row_of(
            [
                text_or_null(&object.database),
                text_or_null(&object.name),
                number(waiting.connection_id),
                number(waiting.connection_id),
                known.account(waiting),
                metadata_mode(waiting.mode),
                fixed("TRANSACTION"),
                known.statement(waiting),
                seconds.map_or(Value::Null, Value::Int),
                Value::Null,
                Value::Null,
                number(blocking.connection_id),
                number(blocking.connection_id),
                known.account(blocking),
                metadata_mode(blocking.mode),
                fixed("TRANSACTION"),
            ]
            .into_iter()
            .chain(kills(blocking)),
        )
    };
    Ok(of_tables.map(row).collect())
}
