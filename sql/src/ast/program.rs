//! Stored programs: their statements, and their bodies as a flat list of steps.
//!
//! The parser writes the steps at once: jumps are to indexes of the list. A variable is a slot, the parameters first. What a statement of
//! the body reads of variables are its parameters (`?`): its inputs say which slot each of them is.

use std::sync::Arc;

use crate::account::AccountId;
use crate::ast::{
    ColumnDefinition, Expr, Query, QueryBody, Select, SelectItem, Statement, TableName, UserName,
};

/// What kind of routine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RoutineKind {
    /// PROCEDURE.
    Procedure,
    /// FUNCTION.
    Function,
}

impl RoutineKind {
    /// The word of statements and messages.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            RoutineKind::Procedure => "PROCEDURE",
            RoutineKind::Function => "FUNCTION",
        }
    }
}

/// When a trigger runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each variant is the word of its name")]
pub enum TriggerTime {
    Before,
    After,
}

impl TriggerTime {
    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            TriggerTime::Before => "BEFORE",
            TriggerTime::After => "AFTER",
        }
    }
}

/// What a trigger is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each variant is the word of its name")]
pub enum TriggerEvent {
    Insert,
    Update,
    Delete,
}

impl TriggerEvent {
    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            TriggerEvent::Insert => "INSERT",
            TriggerEvent::Update => "UPDATE",
            TriggerEvent::Delete => "DELETE",
        }
    }
}

/// CREATE TRIGGER.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateTrigger {
    /// Name.
    pub name: TableName,
    /// IF NOT EXISTS.
    pub if_not_exists: bool,
    /// DEFINER.
    pub definer: Option<UserName>,
    /// When it runs.
    pub time: TriggerTime,
    /// What for.
    pub event: TriggerEvent,
    /// Of which table.
    pub table: TableName,
    /// FOLLOWS (true) or PRECEDES (false) another one.
    pub order: Option<(bool, String)>,
    /// The text of the body.
    pub body: String,
    /// The body.
    pub program: Arc<Program>,
}

/// Statements about stored programs.
#[derive(Clone, Debug, PartialEq)]
pub enum ProgramStatement {
    /// CREATE TRIGGER.
    CreateTrigger(Box<CreateTrigger>),
    /// DROP TRIGGER.
    DropTrigger {
        /// Name.
        name: TableName,
        /// IF EXISTS.
        if_exists: bool,
    },
    /// CREATE EVENT, ALTER EVENT, DROP EVENT.
    Event(Box<crate::ast::EventStatement>),
    /// CREATE PROCEDURE, CREATE FUNCTION.
    CreateRoutine(Box<CreateRoutine>),
    /// ALTER PROCEDURE, ALTER FUNCTION.
    AlterRoutine {
        /// Which kind.
        kind: RoutineKind,
        /// Name.
        name: TableName,
        /// What is changed.
        characteristics: Characteristics,
    },
    /// DROP PROCEDURE, DROP FUNCTION.
    DropRoutine {
        /// Which kind.
        kind: RoutineKind,
        /// Name.
        name: TableName,
        /// IF EXISTS.
        if_exists: bool,
    },
}

/// CREATE PROCEDURE and CREATE FUNCTION.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateRoutine {
    /// Which kind.
    pub kind: RoutineKind,
    /// Name.
    pub name: TableName,
    /// IF NOT EXISTS.
    pub if_not_exists: bool,
    /// DEFINER.
    pub definer: Option<UserName>,
    /// The text between the parentheses.
    pub parameters_text: String,
    /// RETURNS, of a function.
    pub returns: Option<ColumnDefinition>,
    /// Characteristics as written.
    pub characteristics: Characteristics,
    /// The text of the body.
    pub body: String,
    /// The body.
    pub program: Arc<Program>,
}

/// What stands before a body, or in ALTER: none where nothing was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Characteristics {
    /// COMMENT.
    pub comment: Option<String>,
    /// DETERMINISTIC, with or without NOT.
    pub deterministic: Option<bool>,
    /// CONTAINS SQL and its like.
    pub access: Option<DataAccess>,
    /// SQL SECURITY INVOKER (true), DEFINER (false).
    pub invoker: Option<bool>,
}

/// What a routine says of what it does; nothing is made of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is the words of its name")]
pub enum DataAccess {
    #[default]
    ContainsSql,
    NoSql,
    ReadsSqlData,
    ModifiesSqlData,
}

impl DataAccess {
    /// The words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            DataAccess::ContainsSql => "CONTAINS SQL",
            DataAccess::NoSql => "NO SQL",
            DataAccess::ReadsSqlData => "READS SQL DATA",
            DataAccess::ModifiesSqlData => "MODIFIES SQL DATA",
        }
    }
}

/// How a parameter goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is the word of its name")]
pub enum ParameterMode {
    In,
    Out,
    InOut,
}

impl ParameterMode {
    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            ParameterMode::In => "IN",
            ParameterMode::Out => "OUT",
            ParameterMode::InOut => "INOUT",
        }
    }
}

/// A body.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Program {
    /// Modes of the parameters, which are the first variables.
    pub parameters: Vec<ParameterMode>,
    /// Names of the variables, by slot; empty for one that no statement can name.
    pub names: Vec<String>,
    /// Variables, by slot; none for one that takes whatever type it is given.
    pub variables: Vec<Option<ColumnDefinition>>,
    /// Cursors.
    pub cursors: Vec<CursorDefinition>,
    /// Handlers.
    pub handlers: Vec<Handler>,
    /// Which handlers stand for which steps. The first has none.
    pub scopes: Vec<HandlerScope>,
    /// What is done.
    pub steps: Vec<Step>,
    /// The variables that are columns of a trigger's row.
    pub row_columns: Vec<RowColumn>,
}

/// `NEW.column`, `OLD.column`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowColumn {
    /// NEW rather than OLD.
    pub is_new: bool,
    /// The column's name as written.
    pub name: String,
    /// The variable that stands for it.
    pub slot: usize,
}

/// A statement, and what it reads of variables.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// The statement, the variables being its parameters.
    pub statement: Arc<Statement>,
    /// The slots of its parameters.
    pub inputs: Vec<usize>,
}

/// A cursor.
#[derive(Clone, Debug, PartialEq)]
pub struct CursorDefinition {
    /// Its name.
    pub name: String,
    /// Its query.
    pub query: Bound,
}

/// A handler.
#[derive(Clone, Debug, PartialEq)]
pub struct Handler {
    /// CONTINUE rather than EXIT.
    pub goes_on: bool,
    /// What for.
    pub conditions: Vec<ConditionValue>,
    /// Its first step.
    pub first: usize,
    /// Its last step.
    pub last: usize,
    /// Where the block ends that it was declared in.
    pub block_end: usize,
}

/// What a handler is for, and what a named condition is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConditionValue {
    /// An error number.
    Code(u16),
    /// An SQLSTATE.
    State([u8; 5]),
    /// SQLWARNING.
    Warning,
    /// NOT FOUND.
    NotFound,
    /// SQLEXCEPTION.
    Exception,
}

/// The handlers of a block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HandlerScope {
    /// The scope around it.
    pub parent: Option<usize>,
    /// The block's own.
    pub handlers: Vec<usize>,
}

/// A step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What is done.
    pub action: Action,
    /// Whose handlers stand for it.
    pub scope: usize,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// A statement.
    Run(Bound),
    /// A variable gets a value; none is NULL.
    Set {
        /// Its slot.
        slot: usize,
        /// `SELECT value`.
        value: Option<Bound>,
        /// Where a CONTINUE handler goes on.
        on_error: usize,
    },
    /// Goes on elsewhere.
    Jump(usize),
    /// Goes on elsewhere unless a condition holds.
    JumpUnless {
        /// `SELECT condition`.
        condition: Bound,
        /// Where.
        to: usize,
        /// Where a CONTINUE handler goes on.
        on_error: usize,
    },
    /// Error 1339.
    CaseNotFound,
    /// OPEN.
    Open(usize),
    /// FETCH.
    Fetch {
        /// The cursor.
        cursor: usize,
        /// The slots.
        into: Vec<usize>,
    },
    /// CLOSE.
    Close(usize),
    /// A block ends: its cursors are closed.
    CloseBetween {
        /// The first.
        from: usize,
        /// One past the last.
        to: usize,
    },
    /// A handler's body ends.
    EndHandler(usize),
    /// RETURN: `SELECT value`.
    Return(Bound),
}

/// SIGNAL, RESIGNAL.
#[derive(Clone, Debug, PartialEq)]
pub struct Signal {
    /// RESIGNAL.
    pub again: bool,
    /// The SQLSTATE; only RESIGNAL can be without.
    pub state: Option<[u8; 5]>,
    /// SET.
    pub items: Vec<(ConditionItem, Expr)>,
}

/// Items of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is the word of its name")]
pub enum ConditionItem {
    ClassOrigin,
    SubclassOrigin,
    ReturnedSqlstate,
    MessageText,
    MysqlErrno,
    ConstraintCatalog,
    ConstraintSchema,
    ConstraintName,
    CatalogName,
    SchemaName,
    TableName,
    ColumnName,
    CursorName,
}

/// GET DIAGNOSTICS.
#[derive(Clone, Debug, PartialEq)]
pub struct GetDiagnostics {
    /// STACKED.
    pub stacked: bool,
    /// CONDITION n, and what goes where.
    pub condition: Option<(Expr, Vec<(DiagnosticTarget, ConditionItem)>)>,
    /// Of the statement: NUMBER (true), ROW_COUNT (false).
    pub statement: Vec<(DiagnosticTarget, bool)>,
}

/// Where a value goes: SELECT … INTO, FETCH and GET DIAGNOSTICS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiagnosticTarget {
    /// `@name`, in lower case.
    User(String),
    /// A variable of the program.
    Slot(usize),
}

/// Who a definer is: the account that says so unless another is named.
#[must_use]
pub fn definer_of(written: Option<&UserName>, current: &AccountId) -> AccountId {
    match written {
        None | Some(UserName::Current) => current.clone(),
        Some(UserName::Named(account)) => account.clone(),
    }
}

/// The query that gives an expression's value.
#[must_use]
pub fn select_of(expr: Expr) -> Statement {
    let select = Select {
        distinct: false,
        calc_found_rows: false,
        items: vec![SelectItem::Expression { expr, alias: None, text: String::new() }],
        from: None,
        filter: None,
        group_by: Vec::new(),
        rollup: false,
        having: None,
        windows: Vec::new(),
    };
    Statement::Query(Box::new(Query::of(QueryBody::Select(Box::new(select)))))
}
