//! Binding: from names as written to slots, types and bound query blocks.
//!
//! A query block (one SELECT) is bound in the order FROM, select list, WHERE, GROUP BY, HAVING, ORDER BY, which is also the
//! order in which MySQL finds errors. The result, [`BoundSelect`], is what [`crate::plan`] turns into a physical plan;
//! subqueries and derived tables are planned while they are bound, since their types depend on it.
//!
//! The executing row of a block has three parts: the slots of the tables of FROM (see [`scope`]), then one slot for each
//! aggregate call, then (added by the planner) one for each computed item of the select list. Grouping keeps the first
//! row of each group and appends the aggregates, so a column reference means the same slot before and after grouping.
//!
//! WITH is in [`common_table`], what recurses in [`recursion`].
//!
//! Left out: aggregates of an enclosing block's columns inside a subquery (refused here).

pub mod block;
pub mod common_table;
pub mod dependence;
pub mod frame;
pub mod from;
pub mod full_group_by;
mod json_table;
pub mod merge;
pub(crate) mod not_built;
pub mod order;
pub(crate) mod origin;
pub mod recursion;
pub mod rollup;
pub mod same;
pub mod scope;
pub mod select;
mod temporary;
pub mod virtual_table;
pub mod walk;
pub mod window;

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use crate::account::Privilege;
use crate::authorization::{Needs, Requirement};
use crate::catalog::{Catalog, Table, TableId};
use crate::error::{Error, Result};
use crate::session::SessionState;

pub use block::{Aggregate, BlockScope, Clause};
pub use dependence::Dependence;
pub use frame::{BoundFrame, BoundFrameBound, BoundOffset};
pub use from::{BoundFrom, BoundJoin};
pub use scope::{BoundTable, FromScope, Names, TableSource};
pub use select::{Aggregation, BoundSelect, Item, OrderKey};
pub use window::WindowFunctionCall;

/// What binding a statement needs, and what it finds on the way.
pub struct Binder<'a> {
    /// The schema.
    pub catalog: &'a Arc<Catalog>,
    /// The connection.
    pub session: &'a SessionState,
    /// Where is written down what the columns that are used need.
    needs: &'a Needs,
    /// The select list that is bound next is that of an EXISTS: its `*` reads no column.
    star_is_nothing: Cell<bool>,
    /// The statement changes rows.
    keeps_derived: Cell<bool>,
    /// Common table expressions in sight.
    pub common: common_table::CommonTables,
    /// The query that is bound next is a derived table: what its columns say of each other is wanted.
    wants_dependence: Cell<bool>,
    /// What the columns of the derived table that was bound last say of each other.
    dependence: RefCell<Option<Arc<Dependence>>>,
    /// Base tables met so far, each once: the statement's metadata locks.
    tables: RefCell<Vec<Arc<Table>>>,
    /// How often a base table was met.
    uses: Cell<usize>,
    /// Base tables that were met under their own names, not in a derived table, or in a view.
    unaliased: RefCell<Vec<TableId>>,
    /// How many derived tables are around what is bound.
    derived_depth: Cell<usize>,
    /// The views whose query this is, outermost first, by database and name.
    pub(crate) views: Vec<(String, String)>,
    /// Temporary tables met so far.
    temporary: RefCell<Vec<(TableId, String)>>,
    /// What has to be evaluated before the first row, for its errors.
    checks: RefCell<Vec<crate::expression::Expression>>,
}

impl<'a> Binder<'a> {
    /// A binder for one statement, or a part of one.
    #[must_use]
    pub fn new(catalog: &'a Arc<Catalog>, session: &'a SessionState, needs: &'a Needs) -> Binder<'a> {
        Binder {
            catalog,
            session,
            needs,
            star_is_nothing: Cell::new(false),
            keeps_derived: Cell::new(false),
            common: common_table::CommonTables::default(),
            wants_dependence: Cell::new(false),
            dependence: RefCell::default(),
            tables: RefCell::default(),
            uses: Cell::new(0),
            unaliased: RefCell::default(),
            derived_depth: Cell::new(0),
            views: Vec::new(),
            temporary: RefCell::default(),
            checks: RefCell::default(),
        }
    }

    /// Notes what has to be evaluated before the first row, for its errors.
    pub(crate) fn check_at_start(&self, expression: &crate::expression::Expression) {
        self.checks.borrow_mut().push(expression.clone());
    }

    /// Notes what a condition of WHERE, ON or HAVING refuses before the first row.
    ///
    /// # Errors
    /// 1525.
    pub(crate) fn check_condition(&self, condition: &crate::expression::Expression) -> crate::Result<()> {
        let days = crate::expression::days_of_members(condition, self.session)?;
        days.iter().for_each(|day| self.check_at_start(day));
        Ok(())
    }

    /// What was noted to be evaluated before the first row.
    pub(crate) fn take_checks(&self) -> Vec<crate::expression::Expression> {
        self.checks.take()
    }

    /// Where is written down what the statement needs.
    #[must_use]
    pub fn needs(&self) -> &'a Needs {
        self.needs
    }

    /// Notes that a column is used.
    pub fn use_column(&self, privilege: Privilege, table: &BoundTable, column: usize) {
        if let Some(source) = table.guarded() {
            self.needs.add(Requirement::Column { privilege, source, column });
        }
    }

    /// Notes that all columns are used.
    pub fn use_all_columns(&self, privilege: Privilege, table: &BoundTable) {
        if let Some(source) = table.guarded() {
            self.needs.add(Requirement::AllColumns { privilege, source });
        }
    }

    /// Notes that somebody asks for a column that is not there.
    pub fn miss_column(&self, table: &BoundTable, column: &str) {
        if let Some(source) = table.guarded() {
            self.needs.add(Requirement::NoSuchColumn { source, column: column.to_owned() });
        }
    }

    /// The select list of the subquery bound next is that of an EXISTS.
    pub(crate) fn bind_exists(&self) {
        self.star_is_nothing.set(true);
    }

    /// Whether the select list that is bound now is that of an EXISTS.
    pub(crate) fn take_exists(&self) -> bool {
        self.star_is_nothing.take()
    }

    /// Derived tables are not merged: their rows are made before a row is changed, also of the table that is changed.
    pub(crate) fn keep_derived(&self) {
        self.keeps_derived.set(true);
    }

    /// Whether derived tables are merged.
    pub(crate) fn merges_derived(&self) -> bool {
        !self.keeps_derived.get()
    }

    /// The query bound next is a derived table.
    pub(crate) fn bind_derived(&self) {
        self.wants_dependence.set(true);
        self.dependence.take();
    }

    /// Whether the query bound now is a derived table.
    pub(crate) fn takes_derived(&self) -> bool {
        self.wants_dependence.take()
    }

    /// Notes what the columns of a derived table say of each other.
    pub(crate) fn note_dependence(&self, dependence: Option<Dependence>) {
        *self.dependence.borrow_mut() = dependence.map(Arc::new);
    }

    /// Notes what the columns of a view say of each other.
    pub(crate) fn note_dependence_of(&self, dependence: Option<Arc<Dependence>>) {
        *self.dependence.borrow_mut() = dependence;
    }

    /// What the columns of the derived table that was bound last say of each other.
    pub(crate) fn take_dependence(&self) -> Option<Arc<Dependence>> {
        self.wants_dependence.set(false);
        self.dependence.take()
    }

    /// Finds a base table and notes it for the statement's metadata locks. A temporary table needs none, and can be used once only;
    /// `alias` is its name in the statement.
    ///
    /// # Errors
    /// 1046 without a database, 1146 or 1049 when it is not there; 1137.
    pub fn table(&self, database: Option<&str>, name: &str, alias: &str) -> Result<Arc<Table>> {
        let database = self.database(database)?;
        if let Some(table) = self.session.temporary_table(database, name) {
            self.use_temporary(table, alias)?;
            return Ok(Arc::clone(table));
        }
        let table = Arc::clone(self.catalog.table(database, name)?);
        self.uses.set(self.uses.get() + 1);
        let mut tables = self.tables.borrow_mut();
        if !tables.iter().any(|other| other.id == table.id) {
            tables.push(Arc::clone(&table));
        }
        Ok(table)
    }

    /// The database written, or the current one.
    ///
    /// # Errors
    /// 1046 when there is neither.
    pub fn database<'s>(&'s self, written: Option<&'s str>) -> Result<&'s str> {
        written.or(self.session.database.as_deref()).ok_or_else(Error::no_database)
    }

    /// Notes that a temporary table is used, which can be once in a statement.
    ///
    /// # Errors
    /// 1137 the second time.
    pub fn use_temporary(&self, table: &Table, alias: &str) -> Result<()> {
        let mut met = self.temporary.borrow_mut();
        if let Some((_, first)) = met.iter().find(|(id, _)| *id == table.id) {
            return Err(Error::cant_reopen_table(first));
        }
        met.push((table.id, alias.to_owned()));
        Ok(())
    }

    /// Whether any temporary table was met.
    #[must_use]
    pub fn uses_temporary(&self) -> bool {
        !self.temporary.borrow().is_empty()
    }

    /// Whether a base table was met twice, or two of them.
    #[must_use]
    pub fn uses_several_tables(&self) -> bool {
        self.uses.get() > 1
    }

    /// Notes tables that a view reads.
    pub(crate) fn add_tables(&self, inner: Binder<'_>, is_merged: bool) {
        self.uses.set(self.uses.get() + inner.uses.get());
        let more = inner.into_tables();
        if is_merged && self.derived_depth.get() == 0 {
            self.unaliased.borrow_mut().extend(more.iter().map(|table| table.id));
        }
        let mut tables = self.tables.borrow_mut();
        for table in more {
            if !tables.iter().any(|other| other.id == table.id) {
                tables.push(table);
            }
        }
    }

    /// Notes that a base table is read, with the name that it is given there.
    pub(crate) fn note_read(&self, table: TableId, name: &str, alias: Option<&str>) {
        if self.derived_depth.get() == 0 && alias.is_none_or(|alias| alias == name) {
            self.unaliased.borrow_mut().push(table);
        }
    }

    /// Binds what is in a derived table.
    pub(crate) fn in_derived<T>(&self, bind: impl FnOnce() -> T) -> T {
        self.derived_depth.set(self.derived_depth.get() + 1);
        let bound = bind();
        self.derived_depth.set(self.derived_depth.get() - 1);
        bound
    }

    /// Whether a base table was met under its own name, not in a derived table, or in a view: what INSERT … VALUES may not read of its own table.
    #[must_use]
    pub fn reads_unaliased(&self, table: TableId) -> bool {
        self.unaliased.borrow().contains(&table)
    }

    /// The base tables met, each once.
    #[must_use]
    pub fn into_tables(self) -> Vec<Arc<Table>> {
        self.tables.into_inner()
    }
}
