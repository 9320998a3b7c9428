//! Stored routines: what the catalog keeps of them, and what a running one needs of SQL.
//!
//! The catalog has a routine's text with the `sql_mode` and the character sets that it was written under ([`encode`]); the steps are made of it when it
//! is first called ([`Routine::compiled`]). [`statement`] is CREATE, ALTER and DROP. Running the steps is the server's: each statement of a body is
//! one of the session.
//!
//! A [`trigger`] is kept with its table ([`trigger_statement`]); it and a function run [`within`] a statement. An [`event`] is a procedure with a schedule
//! ([`event_schedule`], [`event_statement`]).

pub mod condition;
pub mod encode;
pub mod event;
pub mod event_schedule;
pub mod event_statement;
pub mod statement;
pub mod trigger;
pub mod trigger_statement;
pub mod within;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crate::account::AccountId;
use crate::ast::{DataAccess, Program, ProgramStatement, RoutineKind, Statement};
use crate::catalog::Column;
use crate::codec::damaged;
use crate::execute::Context;
use crate::session::SessionState;
use crate::types::{Collation, DataType, Value, convert};
use crate::variables::SqlMode;
use crate::{Error, Result};

/// A routine.
#[derive(Clone, Debug)]
pub struct Routine {
    /// Its kind.
    pub kind: RoutineKind,
    /// Its database.
    pub database: String,
    /// Its name as written.
    pub name: String,
    /// The text between the parentheses.
    pub parameters: String,
    /// The type that a function returns; empty for a procedure.
    pub returns: String,
    /// The text of the body.
    pub body: String,
    /// Whose rights count with SQL SECURITY DEFINER.
    pub definer: AccountId,
    /// SQL SECURITY INVOKER.
    pub invoker: bool,
    /// DETERMINISTIC.
    pub deterministic: bool,
    /// What it says of the data that it uses.
    pub access: DataAccess,
    /// COMMENT.
    pub comment: String,
    /// The mode that it is read and run by.
    pub sql_mode: SqlMode,
    /// `character_set_client` when it was made.
    pub character_set: String,
    /// `collation_connection` when it was made.
    pub collation: Collation,
    /// The collation of its database when it was made: that of its variables.
    pub database_collation: Collation,
    /// When it was made, microseconds since the epoch.
    pub created_us: u64,
    /// When it was made or altered last.
    pub altered_us: u64,
    compiled: CompiledCell,
}

/// The steps of a routine, once they were needed.
#[derive(Clone, Debug, Default)]
pub struct CompiledCell(OnceLock<Arc<Compiled>>);

/// A routine that can run.
#[derive(Debug)]
pub struct Compiled {
    /// A number that no other one of this process has.
    pub number: u64,
    /// Its steps.
    pub program: Arc<Program>,
    /// Its variables; none for one that takes whatever type it is given.
    pub variables: Vec<Option<Column>>,
    /// What a function returns.
    pub returns: Option<Column>,
}

/// The number of the next compiled program.
static NEXT_NUMBER: AtomicU64 = AtomicU64::new(1);

impl Compiled {
    /// Makes out the types of the variables.
    ///
    /// # Errors
    /// Those of columns: 1074, 1425 to 1427 and their like, of a column without a name.
    pub fn new(program: Arc<Program>, collation: Collation, session: &mut SessionState) -> Result<Compiled> {
        let mut variables = Vec::with_capacity(program.variables.len());
        for definition in &program.variables {
            variables.push(match definition {
                Some(definition) => {
                    Some(crate::ddl::definition::build_variable(definition, collation, session)?)
                }
                None => None,
            });
        }
        let number = NEXT_NUMBER.fetch_add(1, Ordering::Relaxed);
        Ok(Compiled { number, program, variables, returns: None })
    }
}

impl Routine {
    /// CREATE … as a text that the parser reads.
    #[must_use]
    pub fn text(&self) -> String {
        let kind = self.kind.word();
        let returns = match self.kind {
            RoutineKind::Procedure => String::new(),
            RoutineKind::Function => format!(" RETURNS {}", self.returns),
        };
        format!(
            "CREATE {kind} `{}`({}){returns}\n{}",
            self.name.replace('`', "``"),
            self.parameters,
            self.body
        )
    }

    /// Its steps.
    ///
    /// # Errors
    /// 1105 for a text that cannot be read, and those of [`Compiled::new`].
    pub fn compiled(&self, ctx: &mut Context<'_>) -> Result<Arc<Compiled>> {
        self.compiled_in(ctx.session)
    }

    /// Its steps, for a session.
    ///
    /// # Errors
    /// As [`Routine::compiled`].
    pub fn compiled_in(&self, session: &mut SessionState) -> Result<Arc<Compiled>> {
        if let Some(compiled) = self.compiled.0.get() {
            return Ok(Arc::clone(compiled));
        }
        let parsed = crate::parse::parse_statement(self.text().as_bytes(), self.sql_mode)?;
        let Statement::Program(statement) = parsed.statement else {
            return Err(damaged("a routine is no program"));
        };
        let ProgramStatement::CreateRoutine(create) = *statement else {
            return Err(damaged("a routine is no definition"));
        };
        let mark = session.warnings_mark();
        let mut compiled = Compiled::new(create.program, self.database_collation, session)?;
        if let Some(returns) = &create.returns {
            let column = crate::ddl::definition::build_variable(returns, self.database_collation, session)?;
            compiled.returns = Some(column);
        }
        session.forget_warnings(mark);
        Ok(Arc::clone(self.compiled.0.get_or_init(|| Arc::new(compiled))))
    }
}

/// A value as a variable holds it; `from` is the type that it has.
///
/// # Errors
/// Those of columns in the mode of the context.
pub fn assign(variable: &Column, value: Value, from: &DataType, ctx: &mut Context<'_>) -> Result<Value> {
    if value == Value::Null {
        return Ok(value);
    }
    convert::store_from(value, || *from, &variable.data_type, &variable.name, 1, ctx)
}

/// Whether a variable takes a value as it is.
#[must_use]
pub fn fits(variable: &Column, value: &Value) -> bool {
    crate::types::store::fits_unchanged(value, &variable.data_type)
}

/// Whether a value is a true condition.
pub fn is_true(value: &Value, session: &mut SessionState) -> bool {
    convert::to_bool(value, session).unwrap_or(false)
}

/// The SQLSTATE of a warning.
#[must_use]
pub fn warning_state(code: u16) -> [u8; 5] {
    match code {
        1329 => *b"02000",
        1007 | 1008 => *b"HY000",
        1050 => *b"42S01",
        1051 | 1146 => *b"42S02",
        1060 => *b"42S21",
        1062 | 1048 | 1452 => *b"23000",
        1091 | 1304 | 1305 => *b"42000",
        1642 => *b"01000",
        1643 => *b"02000",
        1644 => *b"45000",
        code => crate::execute::strict_state(code).unwrap_or(*b"HY000"),
    }
}

/// Error 1305.
#[must_use]
pub fn missing(kind: RoutineKind, database: &str, name: &str) -> Error {
    let name = if database.is_empty() { name.to_owned() } else { format!("{database}.{name}") };
    Error::mysql(1305, *b"42000", format!("{} {name} does not exist", kind.word()))
}
