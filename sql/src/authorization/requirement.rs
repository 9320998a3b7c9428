//! Requirements: what a statement needs, and the check of it.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::denied;
use crate::account::{AccountId, Privilege, PrivilegeSet};
use crate::ast::{RoutineKind, TableName};
use crate::bind::virtual_table::VirtualTable;
use crate::catalog::{Table, TableId};
use crate::error::Result;
use crate::expression::Expression;
use crate::program::within::function::{Calls, FunctionPlan};
use crate::session::{SessionState, Warning};

/// A privilege that is granted ON *.*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// A static one.
    Static(Privilege),
    /// A dynamic one, its name in upper case.
    Dynamic(&'static str),
}

/// What a column is of.
#[derive(Clone, Debug)]
pub enum Source {
    /// A stored table.
    Stored(Arc<Table>),
    /// A table of `mysql` and its like.
    System(Arc<VirtualTable>),
}

impl Source {
    fn database(&self) -> &str {
        match self {
            Source::Stored(table) => &table.database,
            Source::System(table) => &table.database,
        }
    }

    fn table(&self) -> &str {
        match self {
            Source::Stored(table) => &table.name,
            Source::System(table) => &table.name,
        }
    }

    fn column(&self, position: usize) -> Option<&str> {
        match self {
            Source::Stored(table) => table.columns.get(position).map(|column| column.name.as_str()),
            Source::System(table) => table.columns.get(position).map(|column| column.name.as_str()),
        }
    }

    /// The positions of the columns that `*` stands for.
    fn in_star(&self) -> impl Iterator<Item = usize> {
        let width = match self {
            Source::Stored(table) => table.columns.len(),
            Source::System(table) => table.columns.len(),
        };
        (0..width).filter(|position| match self {
            Source::Stored(table) => {
                !table.columns.get(*position).is_some_and(|column| column.hidden || column.invisible)
            }
            Source::System(_) => true,
        })
    }
}

impl PartialEq for Source {
    fn eq(&self, other: &Source) -> bool {
        match (self, other) {
            (Source::Stored(one), Source::Stored(other)) => Arc::ptr_eq(one, other),
            (Source::System(one), Source::System(other)) => Arc::ptr_eq(one, other),
            (Source::Stored(_), Source::System(_)) | (Source::System(_), Source::Stored(_)) => false,
        }
    }
}

/// One thing that a statement needs.
#[derive(Clone, Debug, PartialEq)]
pub enum Requirement {
    /// One of these ON *.* (1227). `listed` is how MySQL names them.
    Global {
        /// Any of these will do.
        any_of: &'static [Grant],
        /// The names in the message.
        listed: &'static str,
    },
    /// To read a file of the server: FILE, of which LOAD DATA says nothing but that access is denied (1045).
    LoadFile,
    /// XA RECOVER, which has an error of its own (1401).
    XaRecover,
    /// On the database or wider (1044).
    Database {
        /// The privilege.
        privilege: Privilege,
        /// The database.
        database: String,
    },
    /// Anything in the database, or everywhere (1044).
    AnyInDatabase {
        /// The database.
        database: String,
        /// MySQL names the client's host rather than the account's.
        names_client: bool,
    },
    /// All of these on the table or wider; on some column, for those that can be granted on columns (1142).
    Table {
        /// The privileges.
        privileges: PrivilegeSet,
        /// The table; its database is always there.
        table: TableName,
    },
    /// SELECT … FOR UPDATE: one of UPDATE, DELETE and LOCK TABLES (1142).
    LockingRead(TableName),
    /// To stand in the FROM of an UPDATE of several tables: SELECT or UPDATE, on some column at least (1142).
    ReadOrUpdate(TableName),
    /// REFERENCES on the whole table, to refer to it by a foreign key (1142).
    Parent(TableName),
    /// To be shown a table's columns and indexes: SELECT, or anything on the table itself (1142).
    ShowColumns(TableName),
    /// To be shown a table's definition: anything on the table or wider, columns apart (1142).
    ShowTable(TableName),
    /// On a column (1143).
    Column {
        /// SELECT, INSERT or UPDATE.
        privilege: Privilege,
        /// The table.
        source: Source,
        /// Position of the column.
        column: usize,
    },
    /// On every column (1142 when some are granted, 1143 when none is).
    AllColumns {
        /// SELECT or INSERT.
        privilege: Privilege,
        /// The table.
        source: Source,
    },
    /// SELECT on the whole table, to hear that it has no such column (1143).
    NoSuchColumn {
        /// The table.
        source: Source,
        /// The name as written.
        column: String,
    },
    /// EXECUTE or ALTER ROUTINE on the routine or wider (1370); whoever defined it needs neither.
    Routine {
        /// The privilege.
        privilege: Privilege,
        /// The routine's kind.
        kind: RoutineKind,
        /// The database.
        database: String,
        /// Its name.
        name: String,
    },
}

impl Requirement {
    /// That the session's account has it.
    ///
    /// # Errors
    /// 1044, 1142, 1143, 1227, 1370, 1401: what MySQL says.
    fn check(&self, session: &SessionState) -> Result<()> {
        let authorization = &*session.authorization;
        match self {
            Requirement::Global { any_of, listed } => {
                let has = any_of.iter().any(|grant| authorization.has_global(*grant));
                if has { Ok(()) } else { Err(denied::operation(listed)) }
            }
            Requirement::LoadFile => {
                let has = authorization.has_global(Grant::Static(Privilege::File));
                if has { Ok(()) } else { Err(denied::file(session)) }
            }
            Requirement::XaRecover => {
                let has = authorization.has_global(Grant::Dynamic("XA_RECOVER_ADMIN"));
                if has { Ok(()) } else { Err(denied::xa_recover()) }
            }
            Requirement::Database { privilege, database } => {
                let has = authorization.has_database(*privilege, database);
                if has { Ok(()) } else { Err(denied::database(session, database)) }
            }
            Requirement::AnyInDatabase { database, names_client } => {
                if authorization.has_any_in_database(database) {
                    Ok(())
                } else if *names_client {
                    Err(denied::database_to_client(session, database))
                } else {
                    Err(denied::database(session, database))
                }
            }
            Requirement::Table { privileges, table } => check_table(*privileges, table, session),
            Requirement::LockingRead(table) => {
                let any = [Privilege::Update, Privilege::Delete, Privilege::LockTables];
                let has = any.into_iter().any(|privilege| {
                    authorization
                        .missing_on_table(privilege.into(), database_of(table), &table.table)
                        .is_empty()
                });
                if has {
                    Ok(())
                } else {
                    Err(denied::table(session, "SELECT with locking clause", &table.table))
                }
            }
            Requirement::ReadOrUpdate(table) => {
                let has = [Privilege::Update, Privilege::Select].into_iter().any(|privilege| {
                    authorization
                        .missing_on_table(privilege.into(), database_of(table), &table.table)
                        .is_empty()
                });
                if has { Ok(()) } else { Err(denied::table(session, "SELECT", &table.table)) }
            }
            Requirement::Parent(table) => {
                let database = database_of(table);
                if authorization.has_table(Privilege::References, database, &table.table) {
                    return Ok(());
                }
                // Here MySQL names the database, too.
                Err(denied::table(session, "REFERENCES", &format!("{database}.{}", table.table)))
            }
            Requirement::ShowColumns(table) => {
                let may = super::visible::shows_columns(authorization, database_of(table), &table.table);
                if may { Ok(()) } else { Err(denied::table(session, "SELECT", &table.table)) }
            }
            Requirement::ShowTable(table) => {
                let may = super::visible::shows_definition(authorization, database_of(table), &table.table);
                if may { Ok(()) } else { Err(denied::table(session, "SHOW", &table.table)) }
            }
            Requirement::Column { privilege, source, column } => {
                let name = source.column(*column).unwrap_or_default();
                check_column(*privilege, source, name, session)
            }
            Requirement::AllColumns { privilege, source } => check_all_columns(*privilege, source, session),
            Requirement::NoSuchColumn { source, column } => {
                let has = authorization.has_table(Privilege::Select, source.database(), source.table());
                if has {
                    Ok(())
                } else {
                    Err(denied::column(session, Privilege::Select, column, source.table()))
                }
            }
            Requirement::Routine { privilege, kind, database, name } => {
                let has = authorization.has_routine(*privilege, *kind, database, name);
                if has { Ok(()) } else { Err(denied::routine(*privilege, session, database, name)) }
            }
        }
    }
}

fn database_of(table: &TableName) -> &str {
    table.database.as_deref().unwrap_or_default()
}

fn check_table(privileges: PrivilegeSet, table: &TableName, session: &SessionState) -> Result<()> {
    let database = database_of(table);
    let missing = session.authorization.missing_on_table(privileges, database, &table.table);
    if missing.is_empty() {
        return Ok(());
    }
    if database == crate::show::system_table::INFORMATION_SCHEMA {
        return Err(denied::database(session, database));
    }
    let names: Vec<&str> = missing.iter().map(Privilege::name).collect();
    Err(denied::table(session, &names.join(", "), &table.table))
}

fn check_column(privilege: Privilege, source: &Source, column: &str, session: &SessionState) -> Result<()> {
    let authorization = &session.authorization;
    if authorization.has_column(privilege, source.database(), source.table(), column) {
        return Ok(());
    }
    Err(denied::column(session, privilege, column, source.table()))
}

/// Which column is not granted is not said to those who have some only.
fn check_all_columns(privilege: Privilege, source: &Source, session: &SessionState) -> Result<()> {
    let authorization = &session.authorization;
    let (database, table) = (source.database(), source.table());
    if authorization.has_table(privilege, database, table) {
        return Ok(());
    }
    let has = |position: &usize| {
        let name = source.column(*position).unwrap_or_default();
        authorization.has_column(privilege, database, table, name)
    };
    match source.in_star().find(|position| !has(position)) {
        None => Ok(()),
        Some(_) if source.in_star().any(|position| has(&position)) => {
            Err(denied::table(session, privilege.name(), table))
        }
        Some(first) => {
            Err(denied::column(session, privilege, source.column(first).unwrap_or_default(), table))
        }
    }
}

/// What a statement needs, in the order in which it is looked at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Requirements {
    list: Vec<Requirement>,
}

impl Requirements {
    /// Nothing.
    #[must_use]
    pub fn none() -> Requirements {
        Requirements::default()
    }

    /// One of these ON *.*.
    #[must_use]
    pub fn global(any_of: &'static [Grant], listed: &'static str) -> Requirements {
        Requirements { list: vec![Requirement::Global { any_of, listed }] }
    }

    /// Adds one, unless it is there.
    pub fn add(&mut self, requirement: Requirement) {
        if !self.list.contains(&requirement) {
            self.list.push(requirement);
        }
    }

    /// Adds all of another list.
    pub fn append(&mut self, other: Requirements) {
        for requirement in other.list {
            self.add(requirement);
        }
    }

    /// The requirements.
    #[must_use]
    pub fn as_slice(&self) -> &[Requirement] {
        &self.list
    }

    /// That the account of a session has all of them.
    ///
    /// # Errors
    /// MySQL's error about the first that it has not.
    pub fn check(&self, session: &SessionState) -> Result<()> {
        self.list.iter().try_for_each(|requirement| requirement.check(session))
    }
}

/// What is found wrong with a statement's constants before it reads a row.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// What it is to be warned of.
    pub warnings: Vec<Warning>,
    /// Dates and times, and constants next to them that may turn out to be none.
    pub constants: Vec<(Expression, Expression)>,
}

/// Where a statement's requirements are written down while its names are resolved. They are kept when that fails.
#[derive(Debug, Default)]
pub struct Needs(RefCell<Requirements>, RefCell<Findings>, Functions);

/// The stored functions that a statement calls.
#[derive(Debug, Default)]
struct Functions {
    /// All of them, with those that its statement is in; none if there is none.
    calls: RefCell<Option<Rc<Calls>>>,
    /// Those that it names itself, each once.
    named: RefCell<Vec<Arc<FunctionPlan>>>,
    /// Who calls them, if that is not the session's account: the definer of the view that this is.
    acting: Option<AccountId>,
}

impl Needs {
    /// With these at the beginning.
    #[must_use]
    pub fn new(first: Requirements) -> Needs {
        Needs(RefCell::new(first), RefCell::default(), Functions::default())
    }

    /// The same, for a statement that is within these functions.
    #[must_use]
    pub(crate) fn within(first: Requirements, calls: Option<&Rc<Calls>>, used: &[TableId]) -> Needs {
        let calls = match calls {
            Some(calls) => Some(Rc::clone(calls)),
            None if used.is_empty() => None,
            None => Some(Rc::new(Calls::of_trigger(used))),
        };
        let functions = Functions { calls: RefCell::new(calls), ..Functions::default() };
        Needs(RefCell::new(first), RefCell::default(), functions)
    }

    /// Those of a view within a statement; `acting` calls its functions.
    #[must_use]
    pub(crate) fn of_view(&self, first: Requirements, acting: Option<AccountId>) -> Needs {
        let mut needs = Needs::within(first, Some(&self.calls()), &[]);
        needs.2.acting = acting;
        needs
    }

    /// Who calls functions, if that is not the session's account.
    pub(crate) fn acting(&self) -> Option<AccountId> {
        self.2.acting.clone()
    }

    /// What is known of the functions that are called.
    pub(crate) fn calls(&self) -> Rc<Calls> {
        Rc::clone(self.2.calls.borrow_mut().get_or_insert_default())
    }

    /// Notes a function that is called.
    pub(crate) fn note_function(&self, function: &Arc<FunctionPlan>) {
        let mut named = self.2.named.borrow_mut();
        if !named.iter().any(|known| Arc::ptr_eq(known, function)) {
            named.push(Arc::clone(function));
        }
    }

    /// Whether a function that is called changes rows, or locks them.
    pub(crate) fn has_writing_function(&self) -> bool {
        self.2.named.borrow().iter().any(|function| function.writes())
    }

    /// The functions that are called.
    #[must_use]
    pub(crate) fn take_functions(&self) -> Vec<Arc<FunctionPlan>> {
        self.2.named.take()
    }

    /// Notes one.
    pub fn add(&self, requirement: Requirement) {
        // Whoever has made a temporary table may do everything with it.
        if let Requirement::Column { source, .. }
        | Requirement::AllColumns { source, .. }
        | Requirement::NoSuchColumn { source, .. } = &requirement
            && matches!(source, Source::Stored(table) if table.is_temporary())
        {
            return;
        }
        self.0.borrow_mut().add(requirement);
    }

    /// What was noted.
    #[must_use]
    pub fn take(&self) -> Requirements {
        self.0.take()
    }

    /// Notes what the statement is to be warned of whenever it runs: what MySQL finds wrong with a constant before the first row.
    pub fn warn(&self, warning: Warning) {
        self.1.borrow_mut().warnings.push(warning);
    }

    /// Notes that a constant stands next to a date or time.
    pub fn warn_of_constant(&self, beside: Expression, constant: Expression) {
        self.1.borrow_mut().constants.push((beside, constant));
    }

    /// What it is to be warned of.
    #[must_use]
    pub fn take_findings(&self) -> Findings {
        self.1.take()
    }
}
