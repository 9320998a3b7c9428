//! Who holds what up: open transactions, and the locks that somebody waits for.
//!
//! | table | what it has |
//! |---|---|
//! | `information_schema.INNODB_TRX` | the open transactions of connections |
//! | `performance_schema.data_locks` | locks of rows that are waited for: a line for who waits, and one for each that holds it |
//! | `performance_schema.data_lock_waits` | the pairs of them |
//! | `performance_schema.metadata_locks` | the same of tables, databases and names of GET_LOCK() |
//! | `sys.innodb_lock_waits`, `sys.schema_table_lock_waits` | the same with both statements, and what to KILL ([`waits`]) |
//!
//! The lock table knows its locks by hashes of their keys ([`storage::txn`]), and so only a lock that is waited for has a name: the one that the waiter
//! asked for. One that nobody waits for is not shown. A transaction that was prepared (XA) blocks as one without a connection.

mod object;
mod tables;
pub(super) mod waits;

use std::collections::BTreeMap;

use storage::txn::LockMode;

use self::object::Object;
use crate::execute::{AwaitedLock, Context, TransactionView};
use crate::show::spec::{Row, fixed, optional, string};
use crate::show::system_table::SystemTable;
use crate::types::{DateTime, Value};

pub(super) use self::tables::{data_lock_waits, data_locks, metadata_locks};

/// The tables of information_schema.
pub(super) const TABLES: &[SystemTable] =
    &[SystemTable { name: "INNODB_TRX", columns: tables::INNODB_TRX, rows: tables::innodb_trx }];

/// One side of a wait.
#[derive(Clone)]
struct Side {
    /// The transaction, as the lock table knows it.
    txn_id: u64,
    /// Whose it is; none of one that is prepared.
    connection_id: Option<u64>,
    mode: LockMode,
}

/// One that waits and one that is in its way.
struct Conflict {
    waiting: Side,
    blocking: Side,
    object: Object,
    since_us: i64,
}

impl Conflict {
    /// The name of the lock as one of its sides has it.
    fn lock_id(&self, side: &Side) -> String {
        format!("{}:{:016x}", side.txn_id, self.object.number)
    }
}

/// Everything at one moment.
struct Seen {
    transactions: Vec<TransactionView>,
    conflicts: Vec<Conflict>,
}

fn see(ctx: &Context) -> Seen {
    let transactions = ctx.host.transactions();
    let mut owners = BTreeMap::new();
    let mut awaited: BTreeMap<u64, &AwaitedLock> = BTreeMap::new();
    for transaction in &transactions {
        let waits = transaction.awaited.as_ref();
        for id in transaction.id.into_iter().chain(transaction.guard).chain(waits.map(|wait| wait.txn_id)) {
            owners.insert(id, transaction.connection_id);
        }
        awaited.extend(waits.map(|wait| (wait.txn_id, wait)));
    }
    let side = |txn_id: u64, mode| Side { txn_id, mode, connection_id: owners.get(&txn_id).copied() };
    let conflict = |wait: storage::txn::Waiting| {
        // One whose session has not noted it yet, or no longer, is not shown.
        let lock = awaited.get(&wait.waiting)?;
        Some(Conflict {
            waiting: side(wait.waiting, wait.wanted),
            blocking: side(wait.blocking, wait.held),
            object: Object::of(&lock.key, ctx),
            since_us: lock.since_us,
        })
    };
    let mut conflicts: Vec<Conflict> = ctx.host.lock_waits().into_iter().filter_map(conflict).collect();
    conflicts.sort_by_key(|conflict| (conflict.since_us, conflict.waiting.txn_id, conflict.blocking.txn_id));
    Seen { transactions, conflicts }
}

/// A moment in the session's time zone.
fn time(us: i64, ctx: &Context) -> Value {
    let us = us.div_euclid(1_000_000) * 1_000_000;
    DateTime::from_epoch(us, ctx.session.variables.time_zone).map_or(Value::Null, Value::DateTime)
}

/// The mode of a row's lock.
fn row_mode(mode: LockMode) -> Value {
    match mode {
        LockMode::IntentShared => fixed("IS"),
        LockMode::IntentExclusive => fixed("IX"),
        LockMode::Shared => fixed("S,REC_NOT_GAP"),
        LockMode::Exclusive => fixed("X,REC_NOT_GAP"),
    }
}

/// The mode of a metadata lock.
fn metadata_mode(mode: LockMode) -> Value {
    match mode {
        LockMode::IntentShared => fixed("SHARED_READ"),
        LockMode::IntentExclusive => fixed("SHARED_WRITE"),
        LockMode::Shared => fixed("SHARED_READ_ONLY"),
        LockMode::Exclusive => fixed("EXCLUSIVE"),
    }
}

fn number(of: Option<u64>) -> Value {
    of.map_or(Value::Null, Value::UInt)
}

fn text_or_null(text: &str) -> Value {
    optional(Some(text).filter(|text| !text.is_empty()))
}

fn row_of(values: impl IntoIterator<Item = Value>) -> Row {
    values.into_iter().collect()
}

fn owned(text: String) -> Value {
    string(&text)
}
