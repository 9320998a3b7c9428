//! The rows of INNODB_TRX, data_locks, data_lock_waits and metadata_locks.

use std::collections::{BTreeMap, BTreeSet};

use super::object::ObjectKind;
use super::{
    Conflict, Side, metadata_mode, number, owned, row_mode, row_of, see, string, text_or_null, time,
};
use crate::account::Privilege;
use crate::authorization::{Grant, denied};
use crate::execute::{Context, Run};
use crate::show::server;
use crate::show::spec::{ColumnSpec, Row, fixed, integer, of, optional, text, unsigned};
use crate::types::{TypeKind, Value};
use crate::variables::Isolation;
use storage::txn::LockMode;

const fn count(name: &'static str) -> ColumnSpec {
    unsigned(name, TypeKind::BigInt)
}

/// `information_schema.INNODB_TRX`.
pub(in crate::show) const INNODB_TRX: &[ColumnSpec] = &[
    count("trx_id"),
    text("trx_state", 13),
    of("trx_started", TypeKind::DateTime(0)),
    text("trx_requested_lock_id", 126).or_null(),
    of("trx_wait_started", TypeKind::DateTime(0)).or_null(),
    count("trx_weight"),
    count("trx_mysql_thread_id"),
    text("trx_query", 1024).or_null(),
    text("trx_operation_state", 64).or_null(),
    count("trx_tables_in_use"),
    count("trx_tables_locked"),
    count("trx_lock_structs"),
    count("trx_lock_memory_bytes"),
    count("trx_rows_locked"),
    count("trx_rows_modified"),
    count("trx_concurrency_tickets"),
    text("trx_isolation_level", 16),
    integer("trx_unique_checks", TypeKind::Int),
    integer("trx_foreign_key_checks", TypeKind::Int),
    text("trx_last_foreign_key_error", 256).or_null(),
    integer("trx_adaptive_hash_latched", TypeKind::Int),
    count("trx_adaptive_hash_timeout"),
    integer("trx_is_read_only", TypeKind::Int),
    integer("trx_autocommit_non_locking", TypeKind::Int),
    count("trx_schedule_weight").or_null(),
];

/// The longest text of a statement in INNODB_TRX, in characters.
const QUERY_CHARACTERS: usize = 1024;

/// Rows of INNODB_TRX: what transactions lock and have changed is as of the end of their last statement.
///
/// # Errors
/// 1227 without PROCESS.
pub(in crate::show) fn innodb_trx(ctx: &mut Context) -> Run<Vec<Row>> {
    if !ctx.session.authorization.has_global(Grant::Static(Privilege::Process)) {
        return Err(denied::operation("PROCESS").into());
    }
    let seen = see(ctx);
    let processes: BTreeMap<u64, _> =
        server::processes(ctx).into_iter().map(|process| (process.id, process)).collect();
    let mut rows = Vec::new();
    for transaction in &seen.transactions {
        let Some(id) = transaction.id else { continue };
        // The statement that asks is none, as in MySQL.
        if transaction.connection_id == ctx.session.connection_id && !transaction.explicit {
            continue;
        }
        let requested = seen.conflicts.iter().find(|conflict| conflict.waiting.txn_id == id);
        let process = processes.get(&transaction.connection_id);
        let query = process.and_then(|process| process.info.as_deref());
        let query = query.map(|query| query.chars().take(QUERY_CHARACTERS).collect::<String>());
        rows.push(vec![
            Value::UInt(id),
            fixed(if transaction.awaited.is_some() { "LOCK WAIT" } else { "RUNNING" }),
            time(transaction.began_us, ctx),
            requested.map_or(Value::Null, |conflict| owned(conflict.lock_id(&conflict.waiting))),
            requested.map_or(Value::Null, |conflict| time(conflict.since_us, ctx)),
            Value::UInt(transaction.locks + transaction.changes),
            Value::UInt(transaction.connection_id),
            optional(query.as_deref()),
            Value::Null,
            Value::UInt(0),
            Value::UInt(0),
            Value::UInt(transaction.locks),
            Value::UInt(0),
            Value::UInt(transaction.locks),
            Value::UInt(transaction.changes),
            Value::UInt(0),
            fixed(match transaction.isolation {
                Isolation::ReadCommitted => "READ COMMITTED",
                Isolation::RepeatableRead => "REPEATABLE READ",
                Isolation::Serializable => "SERIALIZABLE",
            }),
            Value::Int(1),
            Value::Int(1),
            Value::Null,
            Value::Int(0),
            Value::UInt(0),
            Value::Int(i64::from(transaction.read_only)),
            Value::Int(0),
            Value::Null,
        ]);
    }
    Ok(rows)
}

/// The two sides of every conflict about a row, or of every other, each once.
fn sides(conflicts: &[Conflict], of_rows: bool) -> Vec<(&Conflict, &Side, bool)> {
    let mut met = BTreeSet::new();
    let about = conflicts.iter().filter(|conflict| (conflict.object.kind == ObjectKind::Row) == of_rows);
    let both = about
        .flat_map(|conflict| [(conflict, &conflict.waiting, true), (conflict, &conflict.blocking, false)]);
    both.filter(|(conflict, side, waits)| met.insert((conflict.lock_id(side), *waits))).collect()
}

/// Rows of `performance_schema.data_locks`.
pub(in crate::show) fn data_locks(ctx: &mut Context) -> Run<Vec<Row>> {
    let seen = see(ctx);
    let row = |(conflict, side, waits): (&Conflict, &Side, bool)| {
        let object = &conflict.object;
        row_of([
            fixed("INNODB"),
            owned(conflict.lock_id(side)),
            Value::UInt(side.txn_id),
            number(side.connection_id),
            Value::Null,
            text_or_null(&object.database),
            text_or_null(&object.name),
            text_or_null(&object.partition),
            Value::Null,
            text_or_null(&object.index),
            Value::UInt(0),
            fixed("RECORD"),
            row_mode(side.mode),
            fixed(if waits { "WAITING" } else { "GRANTED" }),
            optional(object.data.as_deref()),
        ])
    };
    Ok(sides(&seen.conflicts, true).into_iter().map(row).collect())
}

/// Rows of `performance_schema.data_lock_waits`.
pub(in crate::show) fn data_lock_waits(ctx: &mut Context) -> Run<Vec<Row>> {
    let seen = see(ctx);
    let of_rows = seen.conflicts.iter().filter(|conflict| conflict.object.kind == ObjectKind::Row);
    let row = |conflict: &Conflict| {
        let side = |side: &Side| {
            [
                owned(conflict.lock_id(side)),
                Value::UInt(side.txn_id),
                number(side.connection_id),
                Value::Null,
                Value::UInt(0),
            ]
        };
        let both = side(&conflict.waiting).into_iter().chain(side(&conflict.blocking));
        row_of(std::iter::once(fixed("INNODB")).chain(both))
    };
    Ok(of_rows.map(row).collect())
}

/// Rows of `performance_schema.metadata_locks`.
pub(in crate::show) fn metadata_locks(ctx: &mut Context) -> Run<Vec<Row>> {
    let seen = see(ctx);
    let row = |(conflict, side, waits): (&Conflict, &Side, bool)| {
        let object = &conflict.object;
        let (kind, duration) = match object.kind {
            ObjectKind::Row | ObjectKind::Table => ("TABLE", "TRANSACTION"),
            ObjectKind::Schema => ("SCHEMA", "TRANSACTION"),
            ObjectKind::UserLock => ("USER LEVEL LOCK", "EXPLICIT"),
            // Who waits to change something, has it for a transaction.
            ObjectKind::Backup if side.mode == LockMode::Shared => ("BACKUP LOCK", "EXPLICIT"),
            ObjectKind::Backup => ("BACKUP LOCK", "TRANSACTION"),
        };
        row_of([
            fixed(kind),
            text_or_null(&object.database),
            text_or_null(&object.name),
            Value::Null,
            Value::UInt(0),
            match object.kind {
                ObjectKind::Backup if side.mode == LockMode::Shared => fixed("SHARED"),
                ObjectKind::Backup => fixed("INTENTION_EXCLUSIVE"),
                _ => metadata_mode(side.mode),
            },
            fixed(duration),
            fixed(if waits { "PENDING" } else { "GRANTED" }),
            string(""),
            number(side.connection_id),
            Value::Null,
        ])
    };
    Ok(sides(&seen.conflicts, false).into_iter().map(row).collect())
}
