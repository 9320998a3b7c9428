//! Planning UPDATE and DELETE of one table. Those of several are in [`joined`](super::joined).

use std::sync::Arc;

use storage::txn::{LockMode, WaitPolicy};

use crate::account::Privilege;
use crate::ast::{self, Expr, OrderItem, TableExpr, ViewCheck};
use crate::bind::block::{AggregateList, Aliases};
use crate::bind::merge;
use crate::bind::scope::Lookup;
use crate::bind::{
    Binder, BlockScope, BoundFrom, Clause, FromScope, Names, OrderKey, TableSource, from, order, select,
};
use crate::catalog::Table;
use crate::dml::insert::{check_default_call, not_for_generated};
use crate::error::{Error, Result};
use crate::expression::Expression;
use crate::plan::join::{Condition, JoinPlanner};
use crate::plan::node::{Body, Node, QueryPlan, RowLock, ScanPlan};
use crate::plan::slots;
use crate::plan::through_view::{self, ThroughView};
use crate::program::within::TablePrograms;
use crate::types::{Collation, DataType, Value};

/// The plan of an UPDATE or DELETE.
#[derive(Debug)]
pub struct ChangePlan {
    /// Finds and locks the rows.
    pub scan: ScanPlan,
    /// Conditions that read no column: checked once.
    pub constant_conditions: Vec<Expression>,
    /// SET; empty for DELETE.
    pub assignments: Vec<Assignment>,
    /// Columns that get the time of a change, unless they are assigned.
    pub on_update_now: Vec<usize>,
    /// ORDER BY, with DESC.
    pub order: Vec<(Expression, bool)>,
    /// Whether the scan gives the rows in that order, as long as its index conditions hold as planned.
    pub ordered: bool,
    /// LIMIT.
    pub limit: Option<Expression>,
    /// All rows are found before the first is changed: changes could move rows ahead of the scan.
    pub collect: bool,
    /// IGNORE.
    pub ignore: bool,
    /// Whether there are subqueries, which read the snapshot.
    pub has_subquery: bool,
    /// The table's triggers that it may fire.
    pub programs: Option<Arc<TablePrograms>>,
    /// The view through which the rows are changed.
    pub through: Option<Box<ThroughView>>,
}

/// One assignment of SET.
#[derive(Debug)]
pub struct Assignment {
    /// Column of the table.
    pub column: usize,
    /// What it gets.
    pub value: Assigned,
}

/// What a column gets.
#[derive(Debug)]
pub enum Assigned {
    /// A value, over the row with the assignments to its left.
    Expression(Expression),
    /// The default of a column.
    Default(usize),
}

impl Assignment {
    /// The expression, if it is one.
    #[must_use]
    pub fn expression(&self) -> Option<&Expression> {
        match &self.value {
            Assigned::Expression(expression) => Some(expression),
            Assigned::Default(_) => None,
        }
    }
}

impl ChangePlan {
    /// The table.
    #[must_use]
    pub fn table(&self) -> &Arc<Table> {
        &self.scan.table
    }

    /// Whether it may read for long.
    #[must_use]
    pub fn reads_long(&self) -> bool {
        self.scan.access.terms.is_empty() || self.has_subquery
    }
}

/// The parts that UPDATE and DELETE share.
struct Change<'c> {
    from: &'c TableExpr,
    filter: Option<&'c Expr>,
    order_by: &'c [OrderItem],
    limit: Option<&'c Expr>,
    ignore: bool,
    /// UPDATE or DELETE, for messages.
    verb: &'static str,
}

/// Plans an UPDATE.
///
/// # Errors
/// Those of names and typing; 1093, 1175.
pub fn plan_update(binder: &Binder, update: &ast::Update) -> Result<ChangePlan> {
    let change = Change {
        from: &update.from,
        filter: update.filter.as_ref(),
        order_by: &update.order_by,
        limit: update.limit.as_ref(),
        ignore: update.ignore,
        verb: "UPDATE",
    };
    let before = binder.common.enter(update.with.as_deref(), None)?;
    let planned = plan_change(binder, &change, &update.assignments);
    binder.common.leave(before);
    planned
}

/// Plans a DELETE.
///
/// # Errors
/// As [`plan_update`].
pub fn plan_delete(binder: &Binder, delete: &ast::Delete) -> Result<ChangePlan> {
    let change = Change {
        from: &delete.from,
        filter: delete.filter.as_ref(),
        order_by: &delete.order_by,
        limit: delete.limit.as_ref(),
        ignore: delete.ignore,
        verb: "DELETE",
    };
    let before = binder.common.enter(delete.with.as_deref(), None)?;
    let planned = plan_change(binder, &change, &[]);
    binder.common.leave(before);
    planned
}

fn plan_change(binder: &Binder, change: &Change, written: &[(Expr, Expr)]) -> Result<ChangePlan> {
    binder.keep_derived();
    let (draft, scope) = target_scope(binder, change)?;
    let (position, table) = target_table(binder, &scope, change)?;
    if let Some(locked) = &binder.session.locked_tables
        && !table.is_temporary()
        && scope.merged.is_empty()
    {
        locked.check_use(&table.database, &table.name, &scope.tables[0].alias, true)?;
    }
    let names = Names::new(&scope, None);
    // In MySQL's order: WHERE, the columns, their values.
    let filter = match change.filter {
        Some(filter) => BlockScope::new(binder, &names, Clause::Where)
            .bind(filter)?
            .settled(&mut |warning| binder.needs().warn(warning))
            .into_conjuncts(),
        None => Vec::new(),
    };
    let (_, mut conditions) = draft.bind_conditions(binder, &names)?;
    conditions.extend(filter);
    let mut filter = conditions;
    filter.iter_mut().for_each(|condition| merge::settle(condition, &scope));
    crate::constraint::substitute::substitute(&mut filter, &scope)?;
    let assignments = bind_assignments(binder, &names, (position, &table), written)?;
    let mut list = AggregateList::new(scope.width);
    let aliases = Aliases { items: &[], group_slots: &[] };
    let mut order = order::bind_order_by(binder, &names, change.order_by, &mut list, aliases)?;
    order.iter_mut().for_each(|key| merge::settle(&mut key.expression, &scope));
    if order.is_empty() && change.limit.is_some() {
        order.extend_from_slice(scope.order_handed_on());
    }
    if let Some(window) = list.windows.calls.first() {
        return Err(crate::bind::window::misplaced(window.call.function));
    }
    if !list.calls.is_empty() || !list.groupings.is_empty() {
        return Err(Error::invalid_group_function());
    }
    let limit = select::bind_limit(binder, &names, change.limit)?;
    let values = assignments.iter().filter_map(Assignment::expression);
    let order_values = order.iter().map(|key| &key.expression);
    let name = &scope.tables[0].alias;
    let has_subquery = check_subqueries(&table, name, filter.iter().chain(values).chain(order_values))
        .map_err(|error| {
            through_view::prevented(binder, &scope, &table, (change.expressions(written), change.verb), error)
        })?;
    let (scan, constant_conditions, ordered) = plan_scan(&scope, position, filter, &order, limit.is_some())?;
    check_safe_updates(binder, &scan, limit.is_some())?;
    let on_update_now = on_update_now(&table, &assignments);
    let computed = table.columns.iter().enumerate().filter(|(_, column)| column.generated.is_some());
    let changed = assignments.iter().map(|assignment| assignment.column).chain(on_update_now.iter().copied());
    let changed = changed.chain(computed.map(|(position, _)| position).filter(|_| !written.is_empty()));
    let collect = !scan.access.point && changed.into_iter().any(|column| moves_in_scan(&scan, column));
    let through = match scope.merged_at(0) {
        Some(face) => {
            let is_update = !written.is_empty();
            let is_changed = |_| is_update;
            let through = through_view::checked(&scope, face, position, &is_changed, ViewCheck::None)?;
            let is_asked = is_update && !through.conditions.is_empty();
            is_asked.then(|| Box::new(through))
        }
        None => None,
    };
    Ok(ChangePlan {
        scan,
        constant_conditions,
        assignments,
        on_update_now,
        order: order.into_iter().map(|key| (key.expression, key.descending)).collect(),
        ordered,
        limit,
        collect,
        ignore: change.ignore,
        has_subquery,
        programs: None,
        through,
    })
}

impl Change<'_> {
    /// The expressions that may have subqueries.
    fn expressions<'e>(&'e self, written: &'e [(Expr, Expr)]) -> Vec<&'e Expr> {
        let order = self.order_by.iter().map(|item| &item.expr);
        self.filter.iter().copied().chain(written.iter().map(|(_, value)| value)).chain(order).collect()
    }
}

/// The place and the definition of the table whose rows are changed.
fn target_table(binder: &Binder, scope: &FromScope, change: &Change) -> Result<(usize, Arc<Table>)> {
    let target = &scope.tables[0];
    match &target.source {
        TableSource::Base(table) => Ok((0, Arc::clone(table))),
        TableSource::Virtual(_) => {
            Err(Error::not_supported(format_args!("{} of a system table", change.verb)))
        }
        TableSource::Derived(_) | TableSource::Dependent(_) => {
            Err(Error::not_updatable(&target.alias, change.verb))
        }
        TableSource::Merged(_) => {
            let face = scope.merged_at(0).ok_or_else(|| Error::internal("a face without inside"))?;
            let found = through_view::stored_inside(scope, face, binder.catalog);
            let (Some(view), Some(position)) = (&face.view, found.first()) else {
                return Err(Error::not_updatable(&target.alias, change.verb));
            };
            let TableSource::Base(table) = &scope.tables[*position].source else {
                return Err(Error::not_updatable(&target.alias, change.verb));
            };
            if through_view::is_join(view, binder.catalog) {
                return Err(through_view::cannot_delete(view));
            }
            if change.verb == "DELETE" {
                through_view::delete_rows(binder, view)?;
            }
            if scope.tables[*position].base != 0 {
                return Err(Error::internal("a view's table behind another"));
            }
            if let Some(locked) = &binder.session.locked_tables {
                locked.check_use(&view.table.database, &view.table.name, &target.alias, true)?;
            }
            Ok((*position, Arc::clone(table)))
        }
    }
}

/// The one table that is changed.
fn target_scope<'c>(binder: &Binder, change: &Change<'c>) -> Result<(from::Draft<'c>, FromScope)> {
    match change.from {
        TableExpr::Table { .. } => {}
        // Those are planned by `joined`.
        TableExpr::Join { .. } | TableExpr::Derived { .. } => {
            return Err(Error::internal(format_args!("{} of several tables", change.verb)));
        }
    }
    let space = from::Space { start: 0, merges: from::Merges::Targets };
    let (draft, mut scope) = from::draft(binder, change.from, None, space)?;
    let table = &scope.tables[0];
    scope.visible = table
        .columns
        .iter()
        .zip(table.slots())
        .enumerate()
        .filter_map(|(position, (column, slot))| table.visible(position, column, slot))
        .collect();
    Ok((draft, scope))
}

fn bind_assignments(
    binder: &Binder,
    names: &Names,
    (position, table): (usize, &Table),
    written: &[(Expr, Expr)],
) -> Result<Vec<Assignment>> {
    let mut columns = Vec::with_capacity(written.len());
    for (target, _) in written {
        columns.push(bind_target(binder, names, target)?);
    }
    let mut assignments = Vec::with_capacity(written.len());
    for ((_, value), column) in written.iter().zip(columns) {
        assignments.push(bind_assignment(binder, names, (position, table), column, value)?);
    }
    debug_assert!(assignments.iter().all(|assignment| assignment.column < table.columns.len()));
    Ok(assignments)
}

/// The slot of a column that is assigned.
pub(super) fn bind_target(binder: &Binder, names: &Names, target: &Expr) -> Result<usize> {
    let mut scope = BlockScope::new(binder, names, Clause::FieldList);
    scope.privilege = Privilege::Update;
    match scope.bind(target)? {
        Expression::Column { index, .. } => written_slot(binder, names, index),
        _ => Err(Error::not_supported("an assignment to something else than a column")),
    }
}

/// The slot that is filled for one that is assigned: through a view, that of the column behind it.
fn written_slot(binder: &Binder, names: &Names, slot: usize) -> Result<usize> {
    let from = names.from;
    let Some(face) = from.merged.iter().find(|merged| merged.slots.contains(&slot)) else {
        return Ok(slot);
    };
    let bound = &from.tables[face.position];
    let Some(view) = &face.view else {
        return Err(Error::not_updatable(&bound.alias, "UPDATE"));
    };
    if through_view::stored_inside(from, face, binder.catalog).is_empty() {
        return Err(Error::not_updatable(&bound.alias, "UPDATE"));
    }
    let column = slot - bound.base;
    let name = bound.columns.get(column).map(|column| column.name.as_str()).unwrap_or_default();
    let filled = from.filled(slot).ok_or_else(|| through_view::column_not_updatable(name))?;
    through_view::write_column(binder, view, column, Privilege::Update)?;
    Ok(filled)
}

/// One assignment to a column of a table, which stands at this position of FROM.
pub(super) fn bind_assignment(
    binder: &Binder,
    names: &Names,
    (position, table): (usize, &Table),
    column: usize,
    value: &Expr,
) -> Result<Assignment> {
    let data_type = table.columns.get(column).map_or(DataType::NULL, |column| column.data_type);
    let is_generated = table.columns.get(column).is_some_and(|column| column.generated.is_some());
    if is_generated && !matches!(value, Expr::Default(_)) {
        return Err(not_for_generated(table, column));
    }
    let value = match value {
        literal @ Expr::HexLiteral(_) => {
            let value = literal.literal_for(&data_type).unwrap_or(Value::Null);
            let data_type = DataType::of_value(&value, Collation::Binary);
            Assigned::Expression(Expression::Constant { value, data_type })
        }
        Expr::Default(None) => Assigned::Default(column),
        Expr::Default(Some(name)) => match names.from.lookup(None, None, None, name) {
            Lookup::Found(slot) => {
                let bound = &names.from.tables[position];
                let filled = names.from.filled(slot).filter(|filled| bound.slots().contains(filled));
                let Some(filled) = filled else {
                    return Err(Error::not_supported("DEFAULT(column) of another table"));
                };
                let of = filled - bound.base;
                check_default_call(table, of)?;
                if let Some((place, column)) = names.from.table_of(slot) {
                    binder.use_column(Privilege::Select, &names.from.tables[place], column);
                }
                Assigned::Default(of)
            }
            Lookup::Ambiguous => return Err(Error::ambiguous_column(name, "field list")),
            Lookup::Missing => return Err(Error::unknown_column(name, "field list")),
        },
        value => {
            let mut bound = BlockScope::new(binder, names, Clause::FieldList).bind(value)?;
            merge::settle(&mut bound, names.from);
            Assigned::Expression(bound)
        }
    };
    Ok(Assignment { column, value })
}

/// The scan that finds the rows, the conditions that read no column, and whether the scan gives the order.
fn plan_scan(
    scope: &FromScope,
    position: usize,
    filter: Vec<Expression>,
    order: &[OrderKey],
    limited: bool,
) -> Result<(ScanPlan, Vec<Expression>, bool)> {
    let needed = vec![true; scope.width];
    let keys: Option<Vec<(usize, bool)>> = order
        .iter()
        .map(|key| slots::plain_slot(&key.expression).map(|slot| (slot, key.descending)))
        .collect();
    let keys = keys.unwrap_or_default();
    let lock = RowLock { mode: LockMode::Exclusive, policy: WaitPolicy::Wait, for_change: true };
    let limit = limited.then_some(100.0);
    let planner = JoinPlanner {
        scope,
        needed: &needed,
        order: &keys,
        limit,
        locks: vec![Some(lock); scope.tables.len()],
        keeps_locked: false,
    };
    let (constant, conditions): (Vec<Condition>, Vec<Condition>) = filter
        .into_iter()
        .map(|expression| planner.condition(expression))
        .partition(|condition| slots::is_steady(&condition.expression) && condition.tables == 0);
    let group = planner.group(&BoundFrom::Table(position), conditions);
    let planned = planner.plan(&group)?;
    let constant = constant.into_iter().map(|condition| condition.expression).collect();
    match planned.node {
        Node::Scan(scan) => Ok((*scan, constant, planned.ordered && !keys.is_empty())),
        Node::Rows(_) | Node::Join(_) | Node::Filter(_) => Err(Error::internal("a change without scan")),
    }
}

/// ON UPDATE CURRENT_TIMESTAMP applies to columns that are not assigned.
pub(super) fn on_update_now(table: &Table, assignments: &[Assignment]) -> Vec<usize> {
    if assignments.is_empty() {
        return Vec::new();
    }
    let assigned = |column: &usize| assignments.iter().any(|assignment| assignment.column == *column);
    (0..table.columns.len())
        .filter(|column| table.columns[*column].on_update_now && !assigned(column))
        .collect()
}

/// Whether changing a column moves the row in the index that is scanned. Entries of a secondary index end with the primary
/// key.
fn moves_in_scan(scan: &ScanPlan, column: usize) -> bool {
    let has = |index: &crate::catalog::Index| index.columns.iter().any(|part| part.column == column);
    // A row may come to a partition that is not read yet.
    let is_partitioned = scan.table.partitioned.is_some();
    is_partitioned || has(&scan.table.indexes[scan.access.index]) || has(&scan.table.indexes[0])
}

/// Whether there are subqueries. They may not read the table that is changed, except inside a derived table, whose rows are
/// made before. `name` is the one that error 1093 names.
pub(super) fn check_subqueries<'e>(
    table: &Table,
    name: &str,
    expressions: impl Iterator<Item = &'e Expression>,
) -> Result<bool> {
    let mut found = false;
    let mut reads_target = false;
    for expression in expressions {
        expression.visit(&mut |part| {
            if let Some(subquery) = slots::subquery_of(part) {
                found = true;
                reads_target |= query_reads(&subquery.plan, table);
            }
        });
    }
    if reads_target {
        let message = format!("You can't specify target table '{name}' for update in FROM clause");
        return Err(Error { code: 1093, state: *b"HY000", message });
    }
    Ok(found)
}

fn query_reads(query: &QueryPlan, table: &Table) -> bool {
    match &query.body {
        Body::Select(select) => select.source.as_ref().is_some_and(|node| node_reads(node, table)),
        Body::Set(_) | Body::Values(_) | Body::Recursive(_) => {
            query.operands().any(|operand| query_reads(operand, table))
        }
    }
}

fn node_reads(node: &Node, table: &Table) -> bool {
    match node {
        Node::Scan(scan) => scan.table.id == table.id,
        Node::Rows(_) => false,
        Node::Join(join) => node_reads(&join.outer, table) || node_reads(&join.inner, table),
        Node::Filter(filter) => node_reads(&filter.input, table),
    }
}

/// `sql_safe_updates`: a change must be bounded by a key or a LIMIT.
fn check_safe_updates(binder: &Binder, scan: &ScanPlan, limited: bool) -> Result<()> {
    if !binder.session.variables.sql_safe_updates || limited || !scan.access.terms.is_empty() {
        return Ok(());
    }
    Err(safe_update())
}

/// Error 1175.
pub(super) fn safe_update() -> Error {
    let message = "You are using safe update mode and you tried to update a table without a WHERE that uses a KEY column. ";
    Error { code: 1175, state: *b"HY000", message: message.to_owned() }
}
