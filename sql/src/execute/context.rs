//! What a running statement has at hand, and how it stops early.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use storage::txn::{LockMode, LockOutcome, LockWait, RangeKind, Transaction, View, WaitPolicy, Waiting};

use crate::catalog::Catalog;
use crate::codec::Cell;
use crate::error::Error;
use crate::execute::cluster::ClusterView;
use crate::execute::spill::ScratchFile;
use crate::execute::subquery::SubqueryCache;
use crate::expression::announce::{Announced, Form, stored_type};
use crate::function::UserLockCalls;
use crate::gtid::Gtid;
use crate::session::SessionState;
use crate::types::{DataType, Value};
use crate::variables::Isolation;

/// Why a statement did not run to its end.
#[derive(Debug)]
pub enum Interrupt {
    /// It failed.
    Error(Error),
    /// It must wait. The session rolls back to the statement's savepoint (locks stay), waits, and runs the statement again
    /// from its start: by then it holds the lock.
    Suspend(Suspend),
}

/// What a suspended statement waits for.
pub enum Suspend {
    /// A lock that another transaction holds.
    Lock(LockWait),
    /// SLEEP(): the n-th call of the statement (from 0), for this long.
    Sleep(u32, Duration),
    /// That the node has everything that was acknowledged before, as `quorate_read_consistency` says.
    Freshness,
    /// GET_LOCK(): the lock, and for how long; none: for ever.
    UserLock(LockWait, Option<Duration>),
}

/// Whether this statement asked for freshness in the middle of it (see [`Suspend::Freshness`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Not yet.
    NotAsked,
    /// The node was as fresh as the session wants it.
    Asked,
    /// It could not be made so; why.
    Failed(String),
}

/// What became of a transaction, as far as a node knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransactionOutcome {
    /// The quorum has it.
    Committed,
    /// It did not happen, and never will.
    NotCommitted,
    /// This node cannot tell.
    Unknown {
        /// Why.
        reason: String,
        /// Whether the node may be able to once it has applied more of the log.
        may_change: bool,
    },
}

impl std::fmt::Debug for Suspend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Suspend::Lock(wait) => write!(f, "Lock(held by {:?})", wait.waiting_for()),
            Suspend::Sleep(call, time) => write!(f, "Sleep({call}, {time:?})"),
            Suspend::Freshness => write!(f, "Freshness"),
            Suspend::UserLock(wait, time) => write!(f, "UserLock({:?}, {time:?})", wait.waiting_for()),
        }
    }
}

impl From<Error> for Interrupt {
    fn from(error: Error) -> Self {
        Interrupt::Error(error)
    }
}

impl From<storage::Error> for Interrupt {
    fn from(error: storage::Error) -> Self {
        Interrupt::Error(error.into())
    }
}

/// Result of running something that may have to wait.
pub type Run<T> = std::result::Result<T, Interrupt>;

/// What the statement's transaction asks of its reads, beside what the plan says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Locking {
    /// The transaction's isolation level, which SET TRANSACTION can make another one than the session's.
    pub isolation: Isolation,
    /// What the ranges that a locking read scans are kept from; None where only rows are locked.
    pub ranges: Option<RangeKind>,
    /// Reads that lock nothing by their plan see the newest versions and keep what they saw as it is: SERIALIZABLE.
    pub reads: bool,
}

/// Everything a running statement reads and writes.
pub struct Context<'a> {
    /// The connection's state.
    pub session: &'a mut SessionState,
    /// The schema the statement was planned with.
    pub catalog: &'a Arc<Catalog>,
    /// The transaction.
    pub txn: &'a mut Transaction,
    /// What plain reads see: [`View::Snapshot`]. Reads under a row lock use [`View::Latest`] themselves.
    pub view: View,
    /// What is locked.
    pub locking: Locking,
    /// Values of `?`.
    pub parameters: &'a [Value],
    /// When the statement began: microseconds since the epoch, UTC. NOW() and its like are this, in the session's time zone.
    pub now_us: i64,
    /// The server around the session.
    pub host: &'a dyn Host,
    /// Set by KILL, a timeout or a vanished client; looked at by [`Context::check`].
    pub killed: &'a AtomicBool,
    /// SLEEP() calls of this statement that are already over (see [`Suspend::Sleep`]).
    pub sleeps_done: u32,
    /// SLEEP() calls met in this run.
    pub sleeps_met: u32,
    /// Whether freshness was asked for in an earlier run of this statement.
    pub freshness: Freshness,
    /// LAST_INSERT_ID(n) was called in this run: the client is told n.
    pub gave_last_insert_id: bool,
    /// What GET_LOCK() and its like have done in this statement.
    pub user_locks: UserLockCalls,
    /// True in INSERT/UPDATE/DELETE under a strict sql_mode: conversion problems are errors, not warnings.
    pub strict: bool,
    /// The rows of enclosing queries while a correlated subquery runs, outermost first.
    pub outer_rows: Vec<Vec<Value>>,
    /// Results of this statement's uncorrelated subqueries; starts as `SubqueryCache::default()`.
    pub subqueries: SubqueryCache,
}

impl Context<'_> {
    /// Error 1317 once the statement was killed. Call it every few hundred rows.
    ///
    /// # Errors
    /// 1317 when killed.
    pub fn check(&self) -> Run<()> {
        if self.killed.load(Ordering::Relaxed) { Err(Error::query_interrupted().into()) } else { Ok(()) }
    }
}

/// A row of SHOW PROCESSLIST.
#[derive(Clone, Debug, Default)]
pub struct Process {
    /// Connection id.
    pub id: u64,
    /// User.
    pub user: String,
    /// `host:port`.
    pub host: String,
    /// Current database.
    pub database: Option<String>,
    /// Query, Sleep, Connect, …
    pub command: String,
    /// Seconds in this state.
    pub seconds: u64,
    /// State.
    pub state: String,
    /// Text of the running statement.
    pub info: Option<String>,
}

/// A connection attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectAttribute {
    /// The connection.
    pub connection_id: u64,
    /// Who logged in on it.
    pub user: String,
    /// The attribute's name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// What a connection's transaction is and waits for.
#[derive(Clone, Debug)]
pub struct TransactionView {
    /// The connection.
    pub connection_id: u64,
    /// Its id in the lock table; none when only the locks of a guard are held, or waited for.
    pub id: Option<u64>,
    /// In whose name the locks of a schema change or of LOCK TABLES are held.
    pub guard: Option<u64>,
    /// When it began, in microseconds of the epoch.
    pub began_us: i64,
    /// It outlives its statement.
    pub explicit: bool,
    /// Its isolation level.
    pub isolation: Isolation,
    /// READ ONLY.
    pub read_only: bool,
    /// Locks held, as of the end of its last statement.
    pub locks: u64,
    /// Keys written, as of then.
    pub changes: u64,
    /// What its statement waits for.
    pub awaited: Option<AwaitedLock>,
}

/// A lock that is waited for.
#[derive(Clone, Debug)]
pub struct AwaitedLock {
    /// In whose name.
    pub txn_id: u64,
    /// The lock's key; empty for a lock on a range that meets a writer.
    pub key: bytes::Bytes,
    /// The mode that is wanted.
    pub mode: LockMode,
    /// Since when, in microseconds of the epoch.
    pub since_us: i64,
}

/// What SQL asks of the server around it.
pub trait Host: Send + Sync {
    /// SHOW PROCESSLIST.
    fn processes(&self) -> Vec<Process>;
    /// The transactions of connections that are open, or wait for a lock.
    fn transactions(&self) -> Vec<TransactionView> {
        Vec::new()
    }
    /// Who waits for whom in the lock table.
    fn lock_waits(&self) -> Vec<Waiting> {
        Vec::new()
    }
    /// What clients said of themselves when they connected, by connection. Nothing without a server.
    fn connect_attributes(&self) -> Vec<ConnectAttribute> {
        Vec::new()
    }
    /// Runs what computes for long where it holds nobody up. Without a server: here.
    fn compute(&self, run: &mut dyn FnMut()) {
        run();
    }
    /// SHOW STATUS: name and value, ascending by name; session counters where `session`.
    fn status(&self, session: bool, connection_id: u64) -> Vec<(String, String)>;
    /// Value of a variable only the server knows (`quorate_role`, `quorate_leader`, `server_uuid`, `port`, `datadir`, `hostname`, `server_id`, `gtid_executed` …); None: not the host's.
    fn variable(&self, name: &str) -> Option<Value>;
    /// All variables of [`Host::variable`], for SHOW VARIABLES.
    fn variables(&self) -> Vec<(String, Value)>;
    /// Global values of settable variables live with the host: the value in force, if it was changed with SET GLOBAL.
    fn global_override(&self, name: &str) -> Option<Value>;
    /// Whether a global variable may have this value here: for what only the host can judge.
    ///
    /// # Errors
    /// The reason, in MySQL's words.
    fn check_global(&self, _name: &str, _value: &Value) -> crate::Result<()> {
        Ok(())
    }
    /// SET GLOBAL, after the value was checked.
    fn set_global(&self, name: &str, value: Value);
    /// KILL; false when there is no such connection.
    fn kill(&self, connection_id: u64, query_only: bool) -> bool;
    /// What became of the transaction of this name, as far as this node has applied the log. Without a cluster (in tests) nothing is
    /// known.
    fn transaction_outcome(&self, gtid: &Gtid) -> TransactionOutcome {
        TransactionOutcome::Unknown {
            reason: format!("there is no log to look for {gtid} in"),
            may_change: false,
        }
    }
    /// A new temporary file. Without a server there are none.
    ///
    /// # Errors
    /// 1878 when the disk does not take one, or should not.
    fn scratch_file(&self) -> crate::Result<Box<dyn ScratchFile>> {
        Err(Error::not_supported("temporary files without a server"))
    }
    /// LOAD_FILE(): the first `most_bytes` of a file that the server may read; none for any other.
    fn read_file(&self, _name: &str, _most_bytes: u64) -> Option<bytes::Bytes> {
        None
    }
    /// GET_LOCK(): takes a lock for a connection, once more if it has it.
    ///
    /// # Errors
    /// 1290 on a node that does not lead, 3058 for a deadlock.
    fn acquire_user_lock(
        &self,
        _connection_id: u64,
        _name: &str,
        _policy: WaitPolicy,
    ) -> crate::Result<LockOutcome> {
        Err(Error::not_supported("GET_LOCK() without a server"))
    }
    /// RELEASE_LOCK(): true when the connection had it, false when another has it, none when nobody does.
    fn release_user_lock(&self, _connection_id: u64, _name: &str) -> Option<bool> {
        None
    }
    /// RELEASE_ALL_LOCKS(): how many there were.
    fn release_user_locks(&self, _connection_id: u64) -> u64 {
        0
    }
    /// IS_USED_LOCK(): the connection that has the lock.
    ///
    /// # Errors
    /// 1290 on a node that does not lead, and so cannot know.
    fn user_lock_owner(&self, _name: &str) -> crate::Result<Option<u64>> {
        Ok(None)
    }
    /// The cluster as this node sees it now: rows of information_schema's ALISQL_CLUSTER_* and QUORATE_CLUSTER_* tables. Without a
    /// cluster (in tests) it is empty.
    fn cluster(&self) -> ClusterView {
        ClusterView::default()
    }
}

/// A column of a result.
#[derive(Clone, Debug, PartialEq)]
pub struct ResultColumn {
    /// Name or alias.
    pub name: String,
    /// Column's own name; empty for expressions.
    pub original_name: String,
    /// Table alias; empty for expressions.
    pub table: String,
    /// Table's own name.
    pub original_table: String,
    /// Database of the table.
    pub database: String,
    /// Type.
    pub data_type: DataType,
    /// What it says of itself beside its type.
    pub announced: Announced,
    /// May be NULL.
    pub nullable: bool,
    /// Part of the primary key.
    pub primary_key: bool,
    /// First column of a unique key of one column.
    pub unique_key: bool,
    /// First column of another key.
    pub multiple_key: bool,
    /// AUTO_INCREMENT.
    pub auto_increment: bool,
    /// NOT NULL without a default.
    pub no_default: bool,
    /// DEFAULT or ON UPDATE CURRENT_TIMESTAMP.
    pub sets_now: bool,
    /// ON UPDATE CURRENT_TIMESTAMP.
    pub on_update_now: bool,
}

impl ResultColumn {
    /// A column that is no table's.
    #[must_use]
    pub fn computed(name: impl Into<String>, data_type: DataType, nullable: bool) -> ResultColumn {
        ResultColumn {
            name: name.into(),
            original_name: String::new(),
            table: String::new(),
            original_table: String::new(),
            database: String::new(),
            // A column holds on to its collation, whatever it was made of.
            data_type: if data_type.has_weak_collation() {
                DataType { display_width: 0, ..data_type }
            } else {
                data_type
            },
            announced: Announced::default(),
            nullable,
            primary_key: false,
            unique_key: false,
            multiple_key: false,
            auto_increment: false,
            no_default: false,
            sets_now: false,
            on_update_now: false,
        }
    }

    /// Whether it is made by an expression, and no column of a table.
    #[must_use]
    pub fn is_made(&self) -> bool {
        self.original_table.is_empty()
            && match self.announced.form {
                Form::Column => self.announced.width > 0,
                Form::Temporary => false,
                Form::Expression | Form::Longest => true,
            }
    }

    /// The column of a derived table that it becomes.
    #[must_use]
    pub fn stored(self) -> ResultColumn {
        if self.is_made() { self.into_temporary() } else { self }
    }

    /// The column of a temporary table that what makes it becomes.
    #[must_use]
    pub fn into_temporary(self) -> ResultColumn {
        let announced = Announced { form: Form::Temporary, ..self.announced };
        ResultColumn { data_type: stored_type(self.data_type, announced.width), announced, ..self }
    }
}

/// Where a statement's rows go: the server encodes them into the connection's buffer.
pub trait Sink {
    /// Called once, before the first row.
    ///
    /// # Errors
    /// When the client is gone.
    fn columns(&mut self, columns: &[ResultColumn]) -> crate::Result<()>;
    /// One row, as long as `columns`.
    ///
    /// # Errors
    /// When the client is gone or a bound is passed.
    fn row(&mut self, row: &[Value]) -> crate::Result<()>;
    /// One row, as long as `columns`, whose strings are in `stored`.
    ///
    /// # Errors
    /// As [`Sink::row`].
    fn stored_row(&mut self, row: &[Cell], stored: &[u8]) -> crate::Result<()> {
        let values: Vec<Value> = row.iter().map(|cell| cell.clone().into_value(stored)).collect();
        self.row(&values)
    }
}

/// How a statement ended well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// True when [`Sink::columns`] was called: a result set, else an OK.
    pub rows: bool,
    /// Affected rows.
    pub affected: u64,
    /// The first AUTO_INCREMENT value the statement took (or LAST_INSERT_ID(n)'s n), 0 if none.
    pub last_insert_id: u64,
    /// Info text: "Rows matched: 1  Changed: 1  Warnings: 0", "Records: 2  Duplicates: 0  Warnings: 0".
    pub info: String,
}
