//! Plans: what the executor runs.
//!
//! A [`Plan`] is made once and run many times, from many threads (a prepared statement keeps it). It holds no constant's
//! value that could differ between runs: parameters, variables and NOW() are expressions in it, and even literals are
//! converted to an index's column type only when the plan runs, because whether a conversion is exact decides whether the
//! index may be used (see [`crate::execute::key_value`]).
//!
//! A query block's plan is a tree of [`Node`]s that fill the slots of one flat row, then grouping, HAVING, window functions, the select
//! list, DISTINCT, ORDER BY and LIMIT, in this order ([`SelectPlan`]).
//!
//! * [`query`] plans query blocks, [`set`] what is made of several, [`join`] plans joins in the order that `join_order` finds with the shares of `selectivity`, [`access`] chooses the index of a table, [`predicate`]
//!   finds what conditions say about columns, [`slots`] which slots an expression reads;
//! * [`decorrelate`] makes correlated EXISTS and IN look-ups;
//! * [`change`] plans UPDATE and DELETE of one table, [`joined`] of the rows of a join;
//! * [`explain`] describes a plan as EXPLAIN does.
//!
//! Left out: statistics of columns without index, merging of several indexes of a table, semi-join rewriting of IN (an
//! uncorrelated IN is a hash look-up), and streaming GROUP BY.

pub mod access;
pub mod change;
pub mod decorrelate;
pub mod dependence;
pub mod explain;
pub mod join;
mod join_order;
pub mod joined;
pub mod node;
pub mod predicate;
pub mod query;
mod selectivity;
pub mod set;
pub mod slots;
pub mod template;
pub mod through_view;
pub mod window;

use std::cell::Cell;
use std::sync::Arc;

use storage::txn::LockMode;

use crate::ast;
use crate::authorization::{Findings, Needs, Requirements, tables};
use crate::bind::{Binder, walk};
use crate::catalog::statistics::Moment;
use crate::catalog::{Catalog, Table, TableId};
use crate::error::{Error, Result};
use crate::execute::ResultColumn;
use crate::expression::Expression;
use crate::program::within::function::FunctionPlan;
use crate::program::within::{self, Chain};
use crate::session::{SessionState, Warning};
use crate::variables::SqlMode;

pub use change::ChangePlan;
pub use joined::JoinedChange;
pub use node::{
    Access, AggregatePlan, Body, IndexEnds, JoinMethod, JoinPlan, Node, QueryPlan, RowLock, RowsPlan,
    ScanPlan, SelectPlan, SortKey,
};
pub use set::{RecursivePlan, SetPlan, ValuesPlan};

/// The plan of a statement.
#[derive(Debug)]
pub struct Plan {
    /// What to run.
    pub statement: Planned,
    columns: Vec<ResultColumn>,
    tables: Vec<Arc<Table>>,
    /// Whether it may read for long (a scan of a whole table or index, a join without index): the server then runs it
    /// where it does not hold others up.
    pub reads_long: bool,
    /// Whether it reads rows as of the transaction's snapshot at all: false for single-table UPDATE, DELETE and locking reads
    /// without subqueries, which need no snapshot taken first.
    pub reads_snapshot: bool,
    /// Whether it is a SELECT that reads at most one row of one table, by its whole primary key: such a read needs no snapshot
    /// (outside of a transaction), since one version of one key is always consistent.
    pub reads_one_row: bool,
    /// Whether it uses temporary tables, which [`Plan::tables`] does not have.
    pub uses_temporary: bool,
    /// Whether the types of its columns may depend on those of its parameters: it is then made again for parameters of other types.
    pub typed_by_parameters: bool,
    /// The schema version it was made with.
    pub catalog_version: u64,
    /// Whether it joins tables, so that what is known of their values decides how it runs.
    joins: bool,
    /// No statistics that it was made with are older.
    made_at: Moment,
    /// The tables among [`Plan::tables`] whose rows change along with their parents'.
    cascades: Vec<TableId>,
    /// What it needs of the account that runs it. Whether that has it is for the caller to look at, each time.
    pub requirements: Requirements,
    /// What it is warned of whenever it runs, rows or none: constants that the dates and times next to them cannot be.
    pub findings: Findings,
    /// How many triggers it is within.
    pub(crate) depth: usize,
    /// Whether it calls stored functions.
    pub calls_functions: bool,
    /// Whether these change stored rows, or lock them.
    pub writes_within: bool,
}

/// The statements that are planned.
#[derive(Debug)]
pub enum Planned {
    /// SELECT.
    Query(QueryPlan),
    /// UPDATE.
    Update(Box<ChangePlan>),
    /// DELETE.
    Delete(Box<ChangePlan>),
    /// UPDATE or DELETE of the rows of a join.
    Joined(Box<JoinedChange>),
    /// INSERT, REPLACE.
    Insert(Box<crate::dml::insert::InsertPlan>),
    /// LOAD DATA.
    Load(Box<crate::dml::load::LoadPlan>),
    /// EXPLAIN.
    Explain(explain::Explanation),
    /// DO.
    Do(Vec<Expression>),
}

impl Plan {
    /// The columns of the result set; empty when the statement has none.
    #[must_use]
    pub fn result_columns(&self) -> &[ResultColumn] {
        &self.columns
    }

    /// Whether it changes rows, or locks them for that (a locking read must run on the leader).
    #[must_use]
    pub fn is_write(&self) -> bool {
        match &self.statement {
            Planned::Query(query) => query.locks_rows(),
            Planned::Update(_)
            | Planned::Delete(_)
            | Planned::Joined(_)
            | Planned::Insert(_)
            | Planned::Load(_) => true,
            Planned::Explain(_) | Planned::Do(_) => false,
        }
    }

    /// Whether only the leader can run it: it changes stored rows, or locks them.
    #[must_use]
    pub fn needs_leader(&self) -> bool {
        if self.writes_within {
            return true;
        }
        match &self.statement {
            Planned::Query(query) => query.locks_rows(),
            Planned::Update(change) | Planned::Delete(change) => !change.table().is_temporary(),
            Planned::Joined(change) => {
                change.locks_others || change.targets.iter().any(|target| !target.table.is_temporary())
            }
            Planned::Insert(insert) => !insert.table.is_temporary() || insert.locks_rows(),
            Planned::Load(load) => !load.insert.table.is_temporary(),
            Planned::Explain(_) | Planned::Do(_) => false,
        }
    }

    /// Whether it changes the rows of a temporary table, and of no other.
    #[must_use]
    pub fn changes_temporary(&self) -> bool {
        match &self.statement {
            Planned::Update(change) | Planned::Delete(change) => change.table().is_temporary(),
            Planned::Joined(change) => change.targets.iter().all(|target| target.table.is_temporary()),
            Planned::Insert(insert) => insert.table.is_temporary(),
            Planned::Load(load) => load.insert.table.is_temporary(),
            Planned::Query(_) | Planned::Explain(_) | Planned::Do(_) => false,
        }
    }

    /// How it locks the definition of a table that it uses.
    #[must_use]
    pub fn metadata_lock_mode(&self, table: &Table) -> LockMode {
        let changes = match &self.statement {
            Planned::Query(query) => query.locks_rows_exclusively(),
            Planned::Update(change) | Planned::Delete(change) => change.table().id == table.id,
            Planned::Joined(change) => change.targets.iter().any(|target| target.table.id == table.id),
            Planned::Insert(insert) => insert.table.id == table.id,
            Planned::Load(load) => load.insert.table.id == table.id,
            Planned::Explain(_) | Planned::Do(_) => false,
        };
        if changes || self.cascades.contains(&table.id) {
            LockMode::IntentExclusive
        } else {
            LockMode::IntentShared
        }
    }

    /// The tables whose rows it changes itself.
    pub(crate) fn changed_tables(&self) -> Vec<&Arc<Table>> {
        match &self.statement {
            Planned::Update(change) | Planned::Delete(change) => vec![change.table()],
            Planned::Joined(change) => change.targets.iter().map(|target| &target.table).collect(),
            Planned::Insert(insert) => vec![&insert.table],
            Planned::Load(load) => vec![&load.insert.table],
            Planned::Query(_) | Planned::Explain(_) | Planned::Do(_) => Vec::new(),
        }
    }

    /// Makes the tables of the plans of its triggers its own.
    pub(crate) fn take_programs<'p>(&mut self, plans: impl Iterator<Item = &'p Plan>) {
        for plan in plans {
            // What reads no table needs none, nor the conflicts that come with it.
            self.reads_snapshot |= plan.reads_snapshot && !plan.tables.is_empty();
            self.uses_temporary |= plan.uses_temporary;
            self.joins |= plan.joins;
            let changed = plan.changed_tables().into_iter().map(|table| table.id);
            for id in changed.chain(plan.cascades.iter().copied()) {
                if !self.cascades.contains(&id) {
                    self.cascades.push(id);
                }
            }
            for table in &plan.tables {
                if self.tables.iter().all(|other| other.id != table.id) {
                    self.tables.push(Arc::clone(table));
                }
            }
        }
        // Its loops may run for long.
        self.reads_long = true;
    }

    /// Makes the tables of the plans of its functions its own.
    fn take_functions(&mut self, functions: &[Arc<FunctionPlan>]) {
        self.take_programs(functions.iter().flat_map(|function| function.plans()));
        self.calls_functions = true;
        let is_explained = matches!(self.statement, Planned::Explain(explain::Explanation::Rows(..)));
        self.writes_within = !is_explained && functions.iter().any(|function| function.writes());
        // One row of one table is not all that it reads.
        self.reads_one_row = false;
    }

    /// With the tables that foreign keys tie to those that it changes.
    fn with_foreign_keys(mut self, catalog: &Catalog) -> Plan {
        let changed: Vec<(TableId, bool)> = match &self.statement {
            Planned::Update(change) | Planned::Delete(change) => vec![(change.table().id, false)],
            Planned::Joined(change) => change.targets.iter().map(|target| (target.table.id, false)).collect(),
            Planned::Insert(insert) => vec![(insert.table.id, insert.only_adds())],
            Planned::Load(load) => vec![(load.insert.table.id, load.insert.only_adds())],
            Planned::Query(_) | Planned::Explain(_) | Planned::Do(_) => return self,
        };
        for (table, only_adds) in changed {
            for (related, changes) in catalog.links.closure(table, only_adds) {
                if changes && !self.cascades.contains(&related.id) {
                    self.cascades.push(related.id);
                }
                if self.tables.iter().all(|other| other.id != related.id) {
                    self.tables.push(related);
                }
            }
        }
        self
    }

    /// Whether it joins tables of which one should be looked at first: how they are joined hangs on what is known of their values.
    #[must_use]
    pub fn wants_statistics(&self) -> bool {
        self.joins && self.tables.iter().any(|table| table.wants_statistics())
    }

    /// Whether more is known by now of the values of the tables that it joins.
    #[must_use]
    pub fn is_outdated(&self) -> bool {
        self.joins && self.tables.iter().any(|table| table.statistics.is_newer_than(self.made_at))
    }

    /// The tables it uses, each once: for their metadata locks.
    #[must_use]
    pub fn tables(&self) -> &[Arc<Table>] {
        &self.tables
    }
}

/// Whether [`plan_statement`] is for this statement.
#[must_use]
pub fn is_planned(statement: &ast::Statement) -> bool {
    matches!(
        statement,
        ast::Statement::Query(_)
            | ast::Statement::Insert(_)
            | ast::Statement::Update(_)
            | ast::Statement::Delete(_)
            | ast::Statement::Explain(_)
            | ast::Statement::Do(_)
    )
}

/// Plans a statement.
///
/// # Errors
/// MySQL's errors of name resolution and typing; 1235 for what is not built; 1105 for a statement that is not planned
/// (see [`is_planned`]). Before them comes what the session's account may not do: who may not use a table hears nothing else of it.
pub fn plan_statement(
    statement: &ast::Statement,
    catalog: &Arc<Catalog>,
    session: &SessionState,
) -> Result<Plan> {
    plan_within(statement, catalog, session, Chain::outermost(&Cell::new(0)))
}

/// Plans a statement that is one of the client's, or of a trigger's body with what is around that.
///
/// # Errors
/// As [`plan_statement`].
pub fn plan_within(
    statement: &ast::Statement,
    catalog: &Arc<Catalog>,
    session: &SessionState,
    chain: Chain<'_>,
) -> Result<Plan> {
    let needs = || Needs::within(tables::of_planned(statement, session), chain.functions(), chain.used());
    let made_at = Moment::now();
    let first = needs();
    let planned = plan_with(statement, catalog, session, &first);
    let (planned, needs) = match planned {
        // What they may not change are the tables that it uses, which are known only now.
        Ok(plan) if first.has_writing_function() && !plan.tables.is_empty() => {
            let again = needs();
            let count = again.calls().use_tables(plan.tables.iter().map(|table| table.id));
            let planned = plan_with(statement, catalog, session, &again);
            again.calls().leave_tables(count);
            (planned, again)
        }
        planned => (planned, first),
    };
    let requirements = needs.take();
    match planned {
        Ok(plan) => {
            let findings = needs.take_findings();
            let mut plan = Plan { depth: chain.depth(), ..plan };
            // What functions use, a trigger may change: they are not run at once.
            let used: Vec<TableId> = plan.tables().iter().map(|table| table.id).collect();
            let functions = needs.take_functions();
            if !functions.is_empty() {
                plan.take_functions(&functions);
            }
            if plan.writes_within && matches!(plan.statement, Planned::Explain(_)) {
                return Err(Error::not_supported("EXPLAIN ANALYZE of a query whose functions change rows"));
            }
            within::for_plan(&mut plan, &used, catalog, session, chain)?;
            Ok(Plan { requirements, made_at, findings, ..plan.with_foreign_keys(catalog) })
        }
        Err(error) => {
            requirements.check(session)?;
            let is_strict = changes_strictly(statement, session);
            Err(needs
                .take_findings()
                .warnings
                .into_iter()
                .find_map(Warning::into_strict)
                .filter(|_| is_strict)
                .unwrap_or(error))
        }
    }
}

/// Whether what is warned of while it is planned is its error.
fn changes_strictly(statement: &ast::Statement, session: &SessionState) -> bool {
    let takes_all = match statement {
        ast::Statement::Insert(insert) => insert.ignore,
        ast::Statement::Update(update) => update.ignore,
        ast::Statement::Delete(delete) => delete.ignore,
        _ => true,
    };
    !takes_all && session.variables.sql_mode.has(SqlMode::STRICT)
}

fn plan_with(
    statement: &ast::Statement,
    catalog: &Arc<Catalog>,
    session: &SessionState,
    needs: &Needs,
) -> Result<Plan> {
    let binder = Binder::new(catalog, session, needs);
    let mut plan = Plan {
        statement: Planned::Do(Vec::new()),
        columns: Vec::new(),
        tables: Vec::new(),
        reads_long: false,
        reads_snapshot: true,
        reads_one_row: false,
        uses_temporary: false,
        typed_by_parameters: false,
        catalog_version: catalog.version,
        joins: false,
        made_at: Moment::default(),
        cascades: Vec::new(),
        requirements: Requirements::none(),
        findings: Findings::default(),
        depth: 0,
        calls_functions: false,
        writes_within: false,
    };
    match statement {
        ast::Statement::Query(query) => {
            plan.typed_by_parameters = walk::has_parameters_in_columns(query);
            let mut query = query::plan_query(&binder, query, None)?;
            query.settle(binder.take_checks());
            plan.columns.clone_from(&query.columns);
            plan.reads_long = query.reads_long();
            plan.reads_snapshot = query.reads_snapshot();
            plan.reads_one_row = query.reads_one_row();
            plan.statement = Planned::Query(query);
        }
        ast::Statement::Update(update) if is_of_join(&binder, update) => {
            let change = joined::plan_update(&binder, update)?;
            (plan.reads_long, plan.reads_snapshot) = (change.reads_long(), change.reads_snapshot);
            plan.statement = Planned::Joined(Box::new(change));
        }
        ast::Statement::Delete(delete) if !delete.targets.is_empty() => {
            let change = joined::plan_delete(&binder, delete)?;
            (plan.reads_long, plan.reads_snapshot) = (change.reads_long(), change.reads_snapshot);
            plan.statement = Planned::Joined(Box::new(change));
        }
        ast::Statement::Update(update) => {
            let change = change::plan_update(&binder, update)?;
            (plan.reads_long, plan.reads_snapshot) = (change.reads_long(), change.has_subquery);
            plan.statement = Planned::Update(Box::new(change));
        }
        ast::Statement::Delete(delete) => {
            let change = change::plan_delete(&binder, delete)?;
            (plan.reads_long, plan.reads_snapshot) = (change.reads_long(), change.has_subquery);
            plan.statement = Planned::Delete(Box::new(change));
        }
        ast::Statement::Insert(insert) => {
            return plan_insert(insert, catalog, session, needs);
        }
        ast::Statement::Load(load) => {
            let load = crate::dml::load::plan(load, catalog, session, needs)?;
            plan.tables.clone_from(&load.insert.tables);
            (plan.reads_long, plan.reads_snapshot) = (load.insert.reads_long, load.insert.reads_snapshot);
            plan.uses_temporary = load.insert.uses_temporary;
            plan.statement = Planned::Load(Box::new(load));
            return Ok(plan);
        }
        ast::Statement::Explain(explained) => {
            return plan_explain(explained, &binder, (catalog, session, needs), plan);
        }
        ast::Statement::Do(expressions) => {
            plan.statement = Planned::Do(query::bind_without_tables(&binder, expressions)?);
        }
        other => return Err(Error::internal(format_args!("a statement without plan: {other:?}"))),
    }
    plan.uses_temporary = binder.uses_temporary();
    plan.joins = binder.uses_several_tables();
    plan.tables = binder.into_tables();
    if matches!(plan.statement, Planned::Do(_)) {
        // `DO GET_LOCK(…)` must not fix what is read once the lock is had.
        plan.reads_snapshot = !plan.tables.is_empty();
    }
    Ok(plan)
}

/// Whether the rows of a join are updated: one that is written, or that of a view.
fn is_of_join(binder: &Binder, update: &ast::Update) -> bool {
    let ast::TableExpr::Table { database, table, .. } = &update.from else { return true };
    let is_common = database.is_none()
        && update.with.iter().flat_map(|with| &with.tables).any(|common| common.name == *table);
    through_view::names_join(binder, &update.from, is_common)
}

/// Plans EXPLAIN: `plan` is one of nothing yet.
fn plan_explain(
    explained: &ast::Explain,
    binder: &Binder,
    (catalog, session, needs): (&Arc<Catalog>, &SessionState, &Needs),
    mut plan: Plan,
) -> Result<Plan> {
    let inner = plan_with(&explained.statement, catalog, session, needs)?;
    plan.tables.clone_from(&inner.tables);
    plan.uses_temporary = inner.uses_temporary;
    plan.joins = inner.joins;
    plan.reads_snapshot = false;
    plan.columns = match explained.format {
        ast::ExplainFormat::Traditional => explain::columns(),
        ast::ExplainFormat::Tree | ast::ExplainFormat::Json => explain::text_column(),
    };
    if explained.analyze {
        let Planned::Query(query) = inner.statement else {
            return Err(Error::not_supported("EXPLAIN ANALYZE of a statement that changes rows"));
        };
        if query.locks_rows() {
            return Err(Error::not_supported("EXPLAIN ANALYZE of a query that locks rows"));
        }
        (plan.reads_long, plan.reads_snapshot) = (true, inner.reads_snapshot);
        plan.statement = Planned::Explain(explain::Explanation::Analyze(query));
        return Ok(plan);
    }
    let inserted = match &explained.statement {
        ast::Statement::Insert(insert) => match &insert.source {
            ast::InsertSource::Query(query) => Some(query::plan_query(binder, query, None)?),
            ast::InsertSource::Values(_) => None,
        },
        _ => None,
    };
    let text = |text: String| vec![vec![crate::types::Value::Text(text.into())]];
    let rows = match explained.format {
        ast::ExplainFormat::Traditional => explain::rows(&inner, inserted.as_ref()),
        ast::ExplainFormat::Tree => (text(explain::as_tree(&inner, inserted.as_ref())), Vec::new()),
        ast::ExplainFormat::Json => (text(explain::as_json(&inner, inserted.as_ref())), Vec::new()),
    };
    plan.statement = Planned::Explain(explain::Explanation::Rows(rows.0, rows.1));
    Ok(plan)
}

fn plan_insert(
    insert: &ast::Insert,
    catalog: &Arc<Catalog>,
    session: &SessionState,
    needs: &Needs,
) -> Result<Plan> {
    let planned = crate::dml::insert::plan(insert, catalog, session, needs)?;
    Ok(Plan {
        columns: Vec::new(),
        tables: planned.tables.clone(),
        reads_long: planned.reads_long,
        reads_snapshot: planned.reads_snapshot,
        uses_temporary: planned.uses_temporary,
        reads_one_row: false,
        typed_by_parameters: false,
        catalog_version: catalog.version,
        joins: planned.reads_long && planned.tables.len() > 1,
        made_at: Moment::default(),
        cascades: Vec::new(),
        requirements: Requirements::none(),
        findings: Findings::default(),
        depth: 0,
        calls_functions: false,
        writes_within: false,
        statement: Planned::Insert(Box::new(planned)),
    })
}
