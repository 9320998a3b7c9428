//! Statements as written.

use crate::account::AccountId;
use crate::ast::{
    AccountStatement, ActiveRoles, AlterTable, CreateTable, Expr, Load, Maintenance, Query, SelectInto,
    TableExpr, TableName, UserName, VariableScope, With, Xa,
};
use crate::types::Collation;

/// One statement of a client.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// SELECT.
    Query(Box<Query>),
    /// INSERT, REPLACE.
    Insert(Box<Insert>),
    /// UPDATE.
    Update(Box<Update>),
    /// DELETE.
    Delete(Box<Delete>),
    /// EXPLAIN of a statement.
    Explain(Box<Explain>),
    /// ALTER DATABASE.
    AlterDatabase {
        /// Name; the current database without one.
        name: Option<String>,
        /// New default collation.
        collation: Option<Collation>,
    },
    /// CREATE DATABASE.
    CreateDatabase {
        /// Name.
        name: String,
        /// IF NOT EXISTS.
        if_not_exists: bool,
        /// Default collation.
        collation: Option<Collation>,
    },
    /// DROP DATABASE.
    DropDatabase {
        /// Name.
        name: String,
        /// IF EXISTS.
        if_exists: bool,
    },
    /// CREATE TABLE.
    CreateTable(Box<CreateTable>),
    /// DROP TABLE.
    DropTable {
        /// Names.
        names: Vec<TableName>,
        /// IF EXISTS.
        if_exists: bool,
    },
    /// DROP TEMPORARY TABLE.
    DropTemporary {
        /// Names.
        names: Vec<TableName>,
        /// IF EXISTS.
        if_exists: bool,
    },
    /// CREATE VIEW, ALTER VIEW, DROP VIEW.
    View(crate::ast::ViewStatement),
    /// TRUNCATE TABLE.
    TruncateTable(TableName),
    /// ALTER TABLE.
    AlterTable(Box<AlterTable>),
    /// CREATE INDEX: an ALTER TABLE that adds it, with another privilege.
    CreateIndex(Box<AlterTable>),
    /// DROP INDEX: an ALTER TABLE that drops it, with another privilege.
    DropIndex(Box<AlterTable>),
    /// RENAME TABLE a TO b.
    RenameTable(Vec<(TableName, TableName)>),
    /// SET GLOBAL gtid_purged, when its value is known: a text that [`crate::ddl::gtid_purged`] has checked.
    GtidPurged(String),
    /// ANALYZE TABLE: refreshes the planner's estimates and answers MySQL's result set.
    AnalyzeTable(Vec<TableName>),
    /// CHECK, CHECKSUM, OPTIMIZE, REPAIR TABLE.
    Maintenance(Maintenance),
    /// USE.
    Use(String),
    /// SHOW, DESCRIBE.
    Show(Box<Show>),
    /// SET of variables, in order.
    Set(Vec<Assignment>),
    /// SET NAMES / SET CHARACTER SET.
    SetNames {
        /// Character set name in lower case; "default" for DEFAULT.
        character_set: String,
        /// COLLATE.
        collation: Option<String>,
        /// NAMES, not CHARACTER SET: the connection's collation is set too.
        is_names: bool,
    },
    /// SET [SESSION|GLOBAL] TRANSACTION …
    SetTransaction {
        /// None: the next transaction only.
        scope: Option<VariableScope>,
        /// READ ONLY (true), READ WRITE (false).
        read_only: Option<bool>,
        /// Isolation level, as the variable's value: "READ-COMMITTED" …
        isolation: Option<String>,
    },
    /// BEGIN, START TRANSACTION.
    Begin {
        /// WITH CONSISTENT SNAPSHOT.
        consistent_snapshot: bool,
        /// READ ONLY (true), READ WRITE (false); none: as SET TRANSACTION and `transaction_read_only` say.
        read_only: Option<bool>,
    },
    /// COMMIT.
    Commit,
    /// ROLLBACK.
    Rollback,
    /// SAVEPOINT.
    Savepoint(String),
    /// ROLLBACK TO.
    RollbackTo(String),
    /// RELEASE SAVEPOINT.
    ReleaseSavepoint(String),
    /// KILL [CONNECTION | QUERY] id.
    Kill {
        /// QUERY rather than CONNECTION.
        query_only: bool,
        /// Connection id.
        id: Box<Expr>,
    },
    /// DO expr, …; of none: a text of comments alone.
    Do(Vec<Expr>),
    /// CALL.
    Call(Call),
    /// PREPARE name FROM text or @variable.
    PrepareText {
        /// Name.
        name: String,
        /// Text (literal) or user variable.
        from: Box<Expr>,
    },
    /// EXECUTE name USING @a, …
    ExecutePrepared {
        /// Name.
        name: String,
        /// User variables.
        using: Vec<String>,
    },
    /// DEALLOCATE PREPARE, DROP PREPARE.
    Deallocate(String),
    /// LOCK TABLES.
    LockTables(Vec<TableLock>),
    /// UNLOCK TABLES.
    UnlockTables,
    /// FLUSH TABLES.
    FlushTables {
        /// Which; all when empty.
        names: Vec<TableName>,
        /// WITH READ LOCK (of all tables).
        with_read_lock: bool,
    },
    /// XA.
    Xa(Xa),
    /// ALTER INSTANCE RELOAD TLS.
    ReloadTls,
    /// LOAD DATA.
    Load(Box<Load>),
    /// SELECT … INTO.
    SelectInto(Box<SelectInto>),
    /// CREATE USER, GRANT and their like.
    Account(Box<AccountStatement>),
    /// SET ROLE.
    SetRole(ActiveRoles),
    /// CREATE PROCEDURE and its like.
    Program(Box<crate::ast::ProgramStatement>),
    /// SIGNAL, RESIGNAL.
    Signal(Box<crate::ast::Signal>),
    /// GET DIAGNOSTICS.
    GetDiagnostics(Box<crate::ast::GetDiagnostics>),
    /// FLUSH of anything but tables; not empty.
    Flush(Vec<FlushOption>),
    /// COMMIT AND CHAIN: the next transaction begins at once, with the isolation level and access mode of this one.
    CommitAndChain,
    /// ROLLBACK AND CHAIN.
    RollbackAndChain,
    /// LOCK INSTANCE FOR BACKUP.
    LockInstance,
    /// UNLOCK INSTANCE.
    UnlockInstance,
}

/// What FLUSH is said of, tables aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlushOption {
    /// PRIVILEGES, which has nothing to do: grants are never read from tables that could be written to.
    Privileges,
    /// STATUS: the session's counters begin anew.
    Status,
    /// USER_RESOURCES: what accounts have used in the hour is forgotten.
    UserResources,
    /// LOGS, or one kind of them. No file of these is held open: messages go to standard error, and what is committed is on disk.
    Logs,
}

/// One table of LOCK TABLES.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableLock {
    /// Table.
    pub name: TableName,
    /// The name by which statements will use it.
    pub alias: Option<String>,
    /// WRITE rather than READ.
    pub write: bool,
}

/// CALL of a procedure. Which there are, and what they take, is known to [`crate::execute::procedure`].
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Database before the point as written; empty when none is.
    pub schema: String,
    /// The procedure's name as written.
    pub name: String,
    /// What stands in the parentheses; empty without them.
    pub arguments: Vec<Expr>,
}

/// INSERT or REPLACE.
#[derive(Clone, Debug, PartialEq)]
pub struct Insert {
    /// Table.
    pub table: TableName,
    /// Columns; empty when not written.
    pub columns: Vec<String>,
    /// Rows or query.
    pub source: InsertSource,
    /// REPLACE.
    pub replace: bool,
    /// IGNORE.
    pub ignore: bool,
    /// ON DUPLICATE KEY UPDATE.
    pub on_duplicate: Vec<(String, Expr)>,
    /// `AS new` after VALUES: the new row's name in ON DUPLICATE KEY UPDATE.
    pub row_alias: Option<String>,
    /// PARTITION (…).
    pub partitions: Vec<String>,
    /// Hints.
    pub hints: InventoryHints,
}

/// AliSQL's inventory hints: what is to happen to the transaction when the statement has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InventoryHints {
    /// COMMIT_ON_SUCCESS.
    pub commit_on_success: bool,
    /// ROLLBACK_ON_FAIL.
    pub rollback_on_fail: bool,
    /// TARGET_AFFECT_ROW(n): it fails unless it affects so many rows.
    pub target_rows: Option<u64>,
}

impl InventoryHints {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == InventoryHints::default()
    }
}

impl Statement {
    /// The inventory hints of a statement that changes rows.
    #[must_use]
    pub fn inventory_hints(&self) -> InventoryHints {
        match self {
            Statement::Insert(insert) => insert.hints,
            Statement::Update(update) => update.hints,
            Statement::Delete(delete) => delete.hints,
            _ => InventoryHints::default(),
        }
    }
}

/// Where INSERT's rows come from. INSERT … SET comes as Values.
#[derive(Clone, Debug, PartialEq)]
pub enum InsertSource {
    /// VALUES.
    Values(Vec<Vec<Expr>>),
    /// SELECT.
    Query(Box<Query>),
}

/// UPDATE.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// WITH.
    pub with: Option<Box<With>>,
    /// The table, or the join whose tables are changed.
    pub from: TableExpr,
    /// SET: column (with its table, if written) and value.
    pub assignments: Vec<(Expr, Expr)>,
    /// WHERE.
    pub filter: Option<Expr>,
    /// ORDER BY.
    pub order_by: Vec<crate::ast::OrderItem>,
    /// LIMIT.
    pub limit: Option<Expr>,
    /// IGNORE.
    pub ignore: bool,
    /// Hints.
    pub hints: InventoryHints,
}

/// DELETE.
#[derive(Clone, Debug, PartialEq)]
pub struct Delete {
    /// WITH.
    pub with: Option<Box<With>>,
    /// `DELETE t, u FROM …` and `DELETE FROM t, u USING …`: the tables that rows are deleted from, by alias or name. Empty in the form for
    /// one table.
    pub targets: Vec<TableName>,
    /// The table, or the join.
    pub from: TableExpr,
    /// WHERE.
    pub filter: Option<Expr>,
    /// ORDER BY.
    pub order_by: Vec<crate::ast::OrderItem>,
    /// LIMIT.
    pub limit: Option<Expr>,
    /// IGNORE.
    pub ignore: bool,
    /// Hints.
    pub hints: InventoryHints,
}

/// One assignment of SET.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// What is set.
    pub target: AssignmentTarget,
    /// Value; a bare word (`SET autocommit = ON`) comes as a text literal; DEFAULT as `Expr::Default(None)`.
    pub value: Expr,
}

/// What SET sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AssignmentTarget {
    /// `@name`.
    User(String),
    /// System variable: scope as written (None is SESSION), name in lower case.
    System(Option<VariableScope>, String),
    /// `@@transaction_isolation` or `@@transaction_read_only`, which without a scope is of the next transaction only.
    NextTransaction(String),
}

/// SHOW statements; `like`/`filter` where MySQL allows them.
#[derive(Clone, Debug, PartialEq)]
pub struct Show {
    /// Which.
    pub kind: ShowKind,
    /// LIKE 'pattern'.
    pub like: Option<String>,
    /// WHERE over the result's columns.
    pub filter: Option<Expr>,
}

/// Kinds of SHOW.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each variant is the SHOW statement of its name; `full` is the FULL keyword")]
pub enum ShowKind {
    Databases,
    Tables {
        database: Option<String>,
        full: bool,
    },
    /// SHOW COLUMNS, DESCRIBE, EXPLAIN table.
    Columns {
        table: TableName,
        full: bool,
    },
    Index {
        table: TableName,
    },
    CreateTable(TableName),
    CreateView(TableName),
    CreateProcedure(TableName),
    CreateFunction(TableName),
    CreateDatabase {
        name: String,
        if_not_exists: bool,
    },
    TableStatus {
        database: Option<String>,
    },
    Variables {
        global: bool,
    },
    Status {
        global: bool,
    },
    ProcessList {
        full: bool,
    },
    Warnings {
        limit: Option<u64>,
        offset: u64,
    },
    Errors {
        limit: Option<u64>,
        offset: u64,
    },
    CountWarnings,
    CountErrors,
    Engines,
    CharacterSet,
    Collation,
    Plugins,
    Privileges,
    Grants {
        /// None without FOR.
        user: Option<UserName>,
        /// USING.
        using: Vec<AccountId>,
    },
    CreateUser(UserName),
    CreateTrigger(TableName),
    CreateEvent(TableName),
    Triggers {
        database: Option<String>,
    },
    Events {
        database: Option<String>,
    },
    ProcedureStatus,
    FunctionStatus,
    OpenTables {
        database: Option<String>,
    },
    /// SHOW MASTER STATUS, SHOW BINARY LOG STATUS.
    BinaryLogStatus,
    BinaryLogs,
    ReplicaStatus,
    EngineStatus(String),
}

impl ShowKind {
    /// Whether the statement reads the diagnostics area of the one before it, which is then not cleared.
    #[must_use]
    pub fn reads_diagnostics(&self) -> bool {
        matches!(
            self,
            ShowKind::Warnings { .. }
                | ShowKind::Errors { .. }
                | ShowKind::CountWarnings
                | ShowKind::CountErrors
        )
    }
}

/// EXPLAIN.
#[derive(Clone, Debug, PartialEq)]
pub struct Explain {
    /// What is explained.
    pub statement: Statement,
    /// The form of the answer.
    pub format: ExplainFormat,
    /// ANALYZE: it is run, and measured.
    pub analyze: bool,
}

/// The form of EXPLAIN's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExplainFormat {
    /// A row for each table.
    Traditional,
    /// The steps as an indented text.
    Tree,
    /// A document.
    Json,
}
