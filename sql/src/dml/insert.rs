//! The plan of INSERT and REPLACE.
//!
//! A plan is made once and run many times. Literals, parameters and DEFAULT are cells of their own, not expressions: the
//! rows of a bulk load are neither bound nor evaluated, only converted.
//!
//! Left out: DELAYED and HIGH_PRIORITY (refused by the parser), columns of an INSERT … SELECT's query in ON
//! DUPLICATE KEY UPDATE other than through VALUES().

use std::sync::Arc;

use super::scope::{InsertScope, from_scope};
use super::through_view::{self, Target};
use crate::account::Privilege;
use crate::ast::{self, Expr, InsertSource};
use crate::authorization::{Needs, Requirement, Source};
use crate::bind::{Binder, Names};
use crate::catalog::{Catalog, ColumnDefault, Table};
use crate::expression::{Expression, Scope};
use crate::plan::QueryPlan;
use crate::plan::through_view::{ThroughView, write_column};
use crate::program::within::TablePrograms;
use crate::session::SessionState;
use crate::types::Value;
use crate::{Error, Result};

pub use super::run::run;

/// The plan of an INSERT or REPLACE.
#[derive(Debug)]
pub struct InsertPlan {
    /// Where the rows go.
    pub table: Arc<Table>,
    /// All tables that are used, each once: for their metadata locks.
    pub tables: Vec<Arc<Table>>,
    /// Whether it uses temporary tables, which `tables` does not have.
    pub uses_temporary: bool,
    /// Whether a query of it may read for long.
    pub reads_long: bool,
    /// Whether it reads rows as of the transaction's snapshot.
    pub reads_snapshot: bool,
    /// The column that each value of a row goes to.
    pub(super) targets: Vec<usize>,
    /// Columns that no value goes to.
    pub(super) absent: Vec<usize>,
    pub(super) rows: Rows,
    pub(super) on_duplicate: OnDuplicate,
    /// IGNORE: what would be an error of a row is a warning.
    pub(crate) ignore: bool,
    /// The table's triggers that it may fire.
    pub(crate) programs: Option<Arc<TablePrograms>>,
    /// The view through which the rows are written.
    pub(super) through: Option<Box<ThroughView>>,
}

/// Where the rows come from.
#[derive(Debug)]
pub(super) enum Rows {
    Values(Vec<Vec<Cell>>),
    Query(Box<QueryPlan>),
    /// Those of LOAD DATA, which come batch by batch.
    File,
}

/// One value of VALUES.
#[derive(Debug)]
pub(super) enum Cell {
    Constant(Value),
    Parameter(usize),
    /// The default of a column, by position.
    Default(usize),
    Expression(Box<Expression>),
}

/// What happens to a row whose values are taken in a unique index.
#[derive(Debug)]
pub(super) enum OnDuplicate {
    /// Error 1062, or its warning under IGNORE.
    Refuse,
    /// REPLACE.
    Replace,
    /// ON DUPLICATE KEY UPDATE: columns and their values, left to right.
    Update(Vec<(usize, Cell)>),
}

impl InsertPlan {
    /// The query of INSERT … SELECT.
    pub(crate) fn query(&self) -> Option<&QueryPlan> {
        match &self.rows {
            Rows::Query(query) => Some(query),
            Rows::Values(_) | Rows::File => None,
        }
    }

    /// An INSERT of one row, without IGNORE: NULL where there may be none is refused in every mode.
    pub(super) fn is_single_row(&self) -> bool {
        match &self.rows {
            Rows::Values(rows) => rows.len() == 1 && !self.ignore,
            Rows::Query(_) | Rows::File => false,
        }
    }

    /// Whether it only adds rows, and changes none that is there.
    #[must_use]
    pub fn only_adds(&self) -> bool {
        match &self.on_duplicate {
            OnDuplicate::Refuse => true,
            OnDuplicate::Replace | OnDuplicate::Update(_) => false,
        }
    }

    /// Whether its query is a locking read.
    #[must_use]
    pub fn locks_rows(&self) -> bool {
        match &self.rows {
            Rows::Query(query) => query.locks_rows(),
            Rows::Values(_) | Rows::File => false,
        }
    }

    /// Whether the rows are given as a query.
    #[must_use]
    pub fn is_query(&self) -> bool {
        match self.rows {
            Rows::Query(_) => true,
            Rows::Values(_) | Rows::File => false,
        }
    }
}

/// Whether a table cannot be written to because the server makes it up. In `mysql` a name that it does not know is that of no table.
pub(super) fn is_made_up(catalog: &Catalog, database: &str, table: &str) -> bool {
    catalog.is_system_table(database, table)
        && (database != crate::show::MYSQL || crate::show::is_system_table(database, table))
}

/// Plans an INSERT or REPLACE.
///
/// # Errors
/// 1046, 1049, 1093, 1146; 1054 and 1110 for the column list; 1136; and those of binding expressions and queries.
pub fn plan(
    insert: &ast::Insert,
    catalog: &Arc<Catalog>,
    session: &SessionState,
    needs: &Needs,
) -> Result<InsertPlan> {
    let binder = Binder::new(catalog, session, needs);
    let database = binder.database(insert.table.database.as_deref())?;
    if is_made_up(catalog, database, &insert.table.table)
        && session.temporary_table(database, &insert.table.table).is_none()
    {
        return Err(Error::not_supported(format_args!("writing to the system database '{database}'")));
    }
    let name = &insert.table.table;
    if let Some(locked) = &session.locked_tables
        && session.temporary_table(database, name).is_none()
    {
        locked.check_use(database, name, name, true)?;
    }
    if catalog.view(database, name).is_some() {
        let columns: Vec<&str> = insert.columns.iter().map(String::as_str).collect();
        let world = (catalog, session, needs);
        if let Some(target) = through_view::target(world, (database, name), &columns, insert.replace)? {
            return plan_into_view(insert, target, binder);
        }
    }
    let table = Arc::clone(session.table(catalog, database, name)?);
    plan_into(insert, table, binder)
}

/// Plans an INSERT into a view.
fn plan_into_view(insert: &ast::Insert, target: Target, binder: Binder<'_>) -> Result<InsertPlan> {
    if !insert.partitions.is_empty() {
        let message = "PARTITION () clause on non partitioned table".to_owned();
        return Err(Error { code: 1747, state: *b"HY000", message });
    }
    for (name, _) in &insert.on_duplicate {
        if let Some(column) = target.view.table.column_position(name) {
            write_column(&binder, &target.view, column, Privilege::Update)?;
        }
    }
    let mut plan = plan_named(insert, (Arc::clone(&target.table), Some(&target)), binder)?;
    plan.reads_snapshot |= target.reads_snapshot();
    add_tables(&mut plan.tables, target.tables);
    plan.through = Some(target.through);
    Ok(plan)
}

/// Plans an INSERT into a table that need not be in the catalog yet.
///
/// # Errors
/// As [`plan`], but for the name of the table.
pub fn plan_into(insert: &ast::Insert, table: Arc<Table>, binder: Binder<'_>) -> Result<InsertPlan> {
    plan_named(insert, (table, None), binder)
}

/// Plans an INSERT into a table, or through a view, whose names count then.
fn plan_named(
    insert: &ast::Insert,
    (table, view): (Arc<Table>, Option<&Target>),
    binder: Binder<'_>,
) -> Result<InsertPlan> {
    let (catalog, session, needs) = (binder.catalog, binder.session, binder.needs());
    binder.keep_derived();
    if table.is_temporary() {
        binder.use_temporary(&table, &table.name)?;
    }
    let catalogued = Arc::clone(&table);
    let table = match insert.partitions.is_empty() {
        true => table,
        false => Arc::new(table.select_partitions(&insert.partitions)?),
    };
    let named = view.map_or_else(|| Arc::clone(&table), |view| Arc::clone(&view.named));
    let targets = target_columns(insert, &named, view.map(|view| view.order.as_slice()), needs)?;
    let updated = updated_columns(insert, &named, needs)?;
    let mut tables = Vec::new();
    if !table.is_temporary() {
        tables.push(catalogued);
    }
    let mut uses_temporary = false;
    let (rows, reads_long) = match &insert.source {
        InsertSource::Values(rows) => {
            let planned = plan_values(&binder, rows, &named, &targets);
            (planned.map_err(|error| of_stored(error, &named, &table))?, false)
        }
        InsertSource::Query(query) => {
            // Its own binder: unlike a subquery, it may read the table that is written.
            if let Some(target) = targets.iter().find(|target| table.columns[**target].generated.is_some()) {
                return Err(not_for_generated(&table, *target));
            }
            let binder = Binder::new(catalog, session, needs);
            if table.is_temporary() {
                binder.use_temporary(&table, &table.name)?;
            }
            let plan = crate::plan::query::plan_query(&binder, query, None)?;
            uses_temporary = binder.uses_temporary();
            if plan.columns.len() != targets.len() {
                return Err(Error::value_count(1));
            }
            let reads_long = plan.reads_long();
            add_tables(&mut tables, binder.into_tables());
            (Rows::Query(Box::new(plan)), reads_long)
        }
    };
    let on_duplicate = if insert.replace {
        OnDuplicate::Replace
    } else if insert.on_duplicate.is_empty() {
        OnDuplicate::Refuse
    } else {
        OnDuplicate::Update(plan_assignments(&binder, insert, &named, updated)?)
    };
    uses_temporary |= binder.uses_temporary();
    let prevented = through_view::prevented(&binder, insert, &table, view);
    let reads_itself = binder.reads_unaliased(table.id);
    let read_by_subqueries = binder.into_tables();
    if reads_itself {
        return Err(prevented.unwrap_or_else(|| Error {
            code: 1093,
            state: *b"HY000",
            message: format!("You can't specify target table '{}' for update in FROM clause", named.name),
        }));
    }
    let reads_snapshot = !read_by_subqueries.is_empty() || matches!(rows, Rows::Query(_));
    add_tables(&mut tables, read_by_subqueries);
    let absent = (0..table.columns.len()).filter(|column| !targets.contains(column)).collect();
    Ok(InsertPlan {
        table,
        tables,
        uses_temporary,
        reads_long,
        reads_snapshot,
        targets,
        absent,
        rows,
        on_duplicate,
        ignore: insert.ignore,
        programs: None,
        through: None,
    })
}

/// An error about the row, in which a view's table has its own name.
fn of_stored(mut error: Error, named: &Table, table: &Table) -> Error {
    if error.code == 3105 {
        let (view, own) = (format!("in table '{}'", named.name), format!("in table '{}'", table.name));
        error.message = error.message.replace(&view, &own);
    }
    error
}

fn add_tables(tables: &mut Vec<Arc<Table>>, more: Vec<Arc<Table>>) {
    for table in more {
        if tables.iter().all(|other| other.id != table.id) {
            tables.push(table);
        }
    }
}

/// The columns that the values go to: those listed, else all, else (rows without values) none.
fn target_columns(
    insert: &ast::Insert,
    table: &Arc<Table>,
    order: Option<&[usize]>,
    needs: &Needs,
) -> Result<Vec<usize>> {
    if insert.columns.is_empty() {
        let source = Source::Stored(Arc::clone(table));
        needs.add(Requirement::AllColumns { privilege: Privilege::Insert, source });
        let no_values = match &insert.source {
            InsertSource::Values(rows) => rows.iter().all(Vec::is_empty),
            InsertSource::Query(_) => false,
        };
        return Ok(match order {
            _ if no_values => Vec::new(),
            Some(order) => order.to_vec(),
            None => table.visible_columns().map(|(position, _)| position).collect(),
        });
    }
    let mut targets = Vec::with_capacity(insert.columns.len());
    for name in &insert.columns {
        let Some(position) = table.column_position(name) else {
            return Err(Error::unknown_column(name, "field list"));
        };
        needs.add(use_of(Privilege::Insert, table, position));
        if targets.contains(&position) {
            return Err(Error {
                code: 1110,
                state: *b"42000",
                message: format!("Column '{name}' specified twice"),
            });
        }
        targets.push(position);
    }
    Ok(targets)
}

pub(super) fn use_of(privilege: Privilege, table: &Arc<Table>, column: usize) -> Requirement {
    Requirement::Column { privilege, source: Source::Stored(Arc::clone(table)), column }
}

/// The columns that ON DUPLICATE KEY UPDATE assigns to.
fn updated_columns(insert: &ast::Insert, table: &Arc<Table>, needs: &Needs) -> Result<Vec<usize>> {
    let mut updated = Vec::with_capacity(insert.on_duplicate.len());
    for (name, _) in &insert.on_duplicate {
        let Some(position) = table.column_position(name) else {
            return Err(Error::unknown_column(name, "field list"));
        };
        needs.add(use_of(Privilege::Update, table, position));
        updated.push(position);
    }
    Ok(updated)
}

fn plan_values(
    binder: &Binder<'_>,
    rows: &[Vec<Expr>],
    table: &Arc<Table>,
    targets: &[usize],
) -> Result<Rows> {
    let from = from_scope(table, None)?;
    let names = Names::new(&from, None);
    let mut scope = InsertScope::new(binder, &names, table, false);
    let mut planned = Vec::with_capacity(rows.len());
    for (number, row) in rows.iter().enumerate() {
        if row.len() != targets.len() {
            return Err(Error::value_count(number + 1));
        }
        let mut cells = Vec::with_capacity(row.len());
        for (expr, target) in row.iter().zip(targets) {
            cells.push(plan_cell(&mut scope, expr, table, *target)?);
        }
        planned.push(cells);
    }
    Ok(Rows::Values(planned))
}

fn plan_assignments(
    binder: &Binder<'_>,
    insert: &ast::Insert,
    table: &Arc<Table>,
    updated: Vec<usize>,
) -> Result<Vec<(usize, Cell)>> {
    let from = from_scope(table, insert.row_alias.as_deref())?;
    let names = Names::new(&from, None);
    let mut scope = InsertScope::new(binder, &names, table, true);
    let mut assignments = Vec::with_capacity(insert.on_duplicate.len());
    for ((_, value), target) in insert.on_duplicate.iter().zip(updated) {
        assignments.push((target, plan_cell(&mut scope, value, table, target)?));
    }
    Ok(assignments)
}

pub(super) fn plan_cell(
    scope: &mut InsertScope<'_>,
    expr: &Expr,
    table: &Table,
    target: usize,
) -> Result<Cell> {
    if table.columns[target].generated.is_some() && !matches!(expr, Expr::Default(_)) {
        return Err(not_for_generated(table, target));
    }
    if let Some(value) = expr.literal_for(&table.columns[target].data_type) {
        return Ok(Cell::Constant(value));
    }
    Ok(match expr {
        // A variable of a program has a type that what is stored depends on.
        Expr::Parameter(number) if !scope.session().parameters_are_variables => Cell::Parameter(*number),
        Expr::Default(None) => Cell::Default(target),
        Expr::Default(Some(name)) => match table.column_position(name) {
            Some(column) => {
                check_default_call(table, column)?;
                scope.use_column(column);
                Cell::Default(column)
            }
            None => return Err(Error::unknown_column(name, "field list")),
        },
        other => Cell::Expression(Box::new(scope.bind(other)?)),
    })
}

/// Error 3105: a generated column gets its value from nobody but its expression.
pub(crate) fn not_for_generated(table: &Table, column: usize) -> Error {
    let (column, table) = (&table.columns[column].name, &table.name);
    let message =
        format!("The value specified for generated column '{column}' in table '{table}' is not allowed.");
    Error { code: 3105, state: *b"HY000", message }
}

/// Whether `DEFAULT(column)` has a value that does not depend on a row.
///
/// # Errors
/// 1364 for a generated column, 3773 for a default that is an expression.
pub(crate) fn check_default_call(table: &Table, column: usize) -> Result<()> {
    let column = &table.columns[column];
    if column.generated.is_some() {
        return Err(Error::no_default(&column.name));
    }
    if let ColumnDefault::Expression(_) = column.default {
        let message = "DEFAULT function cannot be used with default value expressions".to_owned();
        return Err(Error { code: 3773, state: *b"HY000", message });
    }
    Ok(())
}
