//! Planning query blocks.

use storage::txn::{LockMode, WaitPolicy};

use crate::ast::{self, AggregateFunction, QueryBody};
use crate::bind::from::Space;
use crate::bind::rollup::RollupKey;
use crate::bind::select::{Tail, bind_select, plain_column};
use crate::bind::{
    Aggregation, Binder, BlockScope, BoundSelect, Clause, FromScope, Names, OrderKey, TableSource,
};
use crate::error::Result;
use crate::execute::ResultColumn;
use crate::expression::Expression;
use crate::plan::join::{Condition, JoinPlanner, fill_scan};
use crate::plan::node::{AggregatePlan, Body, IndexEnds, Node, QueryPlan, RowLock, SelectPlan, SortKey};
use crate::plan::{decorrelate, set, slots, window};

/// Rows that a LIMIT whose value is not known yet is taken to ask for.
const UNKNOWN_LIMIT_ROWS: f64 = 100.0;

/// Plans a query; `parent` are the names of the block it stands in.
///
/// # Errors
/// MySQL's errors of name resolution, grouping and typing.
pub fn plan_query(binder: &Binder, query: &ast::Query, parent: Option<&Names>) -> Result<QueryPlan> {
    let before = binder.common.enter(query.with.as_deref(), parent)?;
    let planned = plan_body(binder, query, parent);
    binder.common.leave(before);
    planned
}

fn plan_body(binder: &Binder, query: &ast::Query, parent: Option<&Names>) -> Result<QueryPlan> {
    match &query.body {
        QueryBody::Select(select) => {
            let tail = Tail {
                order_by: &query.order_by,
                limit: query.limit.as_ref(),
                offset: query.offset.as_ref(),
                locking: query.locking.as_ref(),
                space: Space::default(),
            };
            plan_bound(binder, bind_select(binder, select, tail, parent)?)
        }
        QueryBody::SetOperation { operator, left, right, all } => {
            set::plan_operation(binder, query, (*operator, *all), (left, right), parent)
        }
        QueryBody::Values(rows) => set::plan_values(binder, query, rows, parent),
        QueryBody::Nested(inner) => set::plan_nested(binder, query, inner, parent),
    }
}

/// Binds expressions that may name no column.
///
/// # Errors
/// Those of binding.
pub fn bind_without_tables(binder: &Binder, expressions: &[ast::Expr]) -> Result<Vec<Expression>> {
    let scope = FromScope::default();
    let names = Names::new(&scope, None);
    let mut scope = BlockScope::new(binder, &names, Clause::FieldList);
    expressions.iter().map(|expression| scope.bind(expression)).collect()
}

/// Plans a bound block.
///
/// # Errors
/// 1099 and those of planning.
pub fn plan_bound(binder: &Binder, bound: BoundSelect) -> Result<QueryPlan> {
    check_locked(binder, &bound)?;
    plan_select(bound)
}

fn plan_select(mut bound: BoundSelect) -> Result<QueryPlan> {
    bound.filter = decorrelate::take_common(bound.filter);
    let (project, sort) = projection(&bound);
    let visible = bound.items.len();
    let aggregate =
        bound.aggregation.as_ref().map(|aggregation| aggregate_plan(&bound, aggregation, &project));
    let results = result_slots(&bound);
    let window = window::plan(&bound, &project, results);
    let needed = needed_by_stages(&bound, &project, aggregate.as_ref());
    let order = order_wish(&bound);
    let planner = JoinPlanner {
        scope: &bound.scope,
        needed: &needed,
        order: &order,
        limit: early_limit(&bound),
        locks: locks(&bound),
        // As in MySQL, whose hash joins lock what they read.
        keeps_locked: true,
    };
    let (constant, conditions): (Vec<Condition>, Vec<Condition>) = bound
        .filter
        .iter()
        .map(|expression| planner.condition(expression.clone()))
        .partition(|condition| slots::is_steady(&condition.expression) && condition.tables == 0);
    let has_subquery = uses_subqueries(&bound, &project);
    let mut plan = SelectPlan {
        width: results + bound.windows.len(),
        source: None,
        checks: Vec::new(),
        constant_conditions: constant.into_iter().map(|condition| condition.expression).collect(),
        aggregate,
        having: bound.having.clone(),
        window,
        project,
        visible,
        distinct: bound.distinct,
        sort,
        source_ordered: false,
        limit: bound.limit.clone(),
        offset: bound.offset.clone(),
        calc_found_rows: bound.calc_found_rows,
        tables: bound.scope.tables.iter().map(|table| table.alias.clone()).collect(),
        has_subquery,
        direct: None,
        decorrelated: None,
    };
    if let Some(from) = &bound.from {
        let group = planner.group(from, conditions.clone());
        let joins = planner.plan(&group)?;
        plan.source = Some(joins.node);
        plan.source_ordered = joins.ordered && !order.is_empty();
        if let Some(aggregate) = &mut plan.aggregate
            && bound.scope.tables_with_rows() == 1
        {
            aggregate.index_ends = index_ends(&bound, aggregate, &planner.locks, conditions)?;
        }
        plan.decorrelated = decorrelate::decorrelate(&bound, &plan)?.map(Box::new);
    } else {
        // Without tables every condition is checked once.
        plan.constant_conditions = bound.filter;
    }
    plan.direct = direct_columns(&plan);
    let columns: Vec<ResultColumn> = bound.items.into_iter().map(|item| item.column).collect();
    Ok(QueryPlan { body: Body::Select(Box::new(plan)), columns, correlated: bound.correlated })
}

/// Where each column of the table stands in the result, if the result is nothing but columns of one table's rows as they come.
fn direct_columns(plan: &SelectPlan) -> Option<Vec<Option<usize>>> {
    let Some(Node::Scan(scan)) = &plan.source else { return None };
    let is_plain = plan.constant_conditions.is_empty()
        && plan.aggregate.is_none()
        && plan.having.is_empty()
        && plan.window.is_none()
        && !plan.distinct
        && (plan.sort.is_empty() || plan.source_ordered)
        && !plan.calc_found_rows
        && plan.project.len() == plan.visible;
    if !is_plain || !scan.gives_stored_rows() {
        return None;
    }
    let mut places = vec![None; scan.table.columns.len()];
    for (position, expression) in plan.project.iter().enumerate() {
        let column = slots::plain_slot(expression)?.checked_sub(scan.base)?;
        let place = places.get_mut(column)?;
        if place.replace(position).is_some() {
            return None;
        }
    }
    Some(places)
}

/// The projected expressions and the sort keys as positions in them.
fn projection(bound: &BoundSelect) -> (Vec<Expression>, Vec<SortKey>) {
    let mut project: Vec<Expression> = bound.items.iter().map(|item| item.expression.clone()).collect();
    let mut sort = Vec::with_capacity(bound.order.len());
    for OrderKey { expression, descending, item } in &bound.order {
        if item.is_none() && expression.is_constant() {
            continue;
        }
        if expression.data_type().has_members() {
            // Members are sorted by number, which no client asked to see.
            sort.push(SortKey {
                position: project.len(),
                descending: *descending,
                collation: crate::types::Collation::Binary,
            });
            project.push(expression.clone().sort_key());
            continue;
        }
        let slot = plain_column(expression);
        let same = || slot.and_then(|_| project.iter().position(|known| plain_column(known) == slot));
        let position = item.or_else(same).unwrap_or_else(|| {
            project.push(expression.clone());
            project.len() - 1
        });
        let collation = expression.data_type().collation;
        if !sort.iter().any(|key: &SortKey| key.position == position) {
            sort.push(SortKey { position, descending: *descending, collation });
        }
    }
    (project, sort)
}

fn aggregate_plan(bound: &BoundSelect, aggregation: &Aggregation, project: &[Expression]) -> AggregatePlan {
    let base = bound.scope.width;
    let mut keep: Vec<usize> = project
        .iter()
        .chain(&bound.having)
        .chain(bound.windows.iter().flat_map(window::inputs_of))
        .flat_map(slots::slots_of)
        .chain(bound.read_from_inside.iter().copied())
        .filter(|slot| *slot < base)
        .collect();
    keep.sort_unstable();
    keep.dedup();
    AggregatePlan {
        keys: aggregation.keys.clone(),
        aggregates: aggregation.aggregates.clone(),
        base,
        keep,
        rollup: aggregation.rollup.clone(),
        index_ends: Vec::new(),
    }
}

/// The first slot of the results of window functions: behind those of grouping.
fn result_slots(bound: &BoundSelect) -> usize {
    let grouped = bound.aggregation.as_ref().map_or(0, |aggregation| {
        let rollup = aggregation.rollup.as_ref().map_or(0, |rollup| {
            let own = rollup.keys.iter().filter(|key| matches!(key, RollupKey::Own(_))).count();
            own + rollup.groupings.len()
        });
        aggregation.aggregates.len() + rollup
    });
    bound.scope.width + grouped
}

/// By slot: read after the joins.
fn needed_by_stages(
    bound: &BoundSelect,
    project: &[Expression],
    aggregate: Option<&AggregatePlan>,
) -> Vec<bool> {
    let mut needed = vec![false; bound.scope.width];
    let mut mark = |slot: usize| {
        if let Some(slot) = needed.get_mut(slot) {
            *slot = true;
        }
    };
    match aggregate {
        None => {
            let windows = bound.windows.iter().flat_map(window::inputs_of);
            project.iter().chain(&bound.having).chain(windows).flat_map(slots::slots_of).for_each(&mut mark);
            // Conditions with subqueries note what those read themselves; the select list's do so above.
        }
        Some(aggregate) => {
            aggregate.keep.iter().copied().for_each(&mut mark);
            aggregate.keys.iter().flat_map(slots::slots_of).for_each(&mut mark);
            for call in &aggregate.aggregates {
                let order = call.order_by.iter().map(|(key, _)| key);
                call.arguments.iter().chain(order).flat_map(slots::slots_of).for_each(&mut mark);
            }
        }
    }
    needed
}

/// ORDER BY as columns of FROM, where an index could give it.
fn order_wish(bound: &BoundSelect) -> Vec<(usize, bool)> {
    if bound.aggregation.is_some() || !bound.windows.is_empty() {
        return Vec::new();
    }
    let mut keys = Vec::with_capacity(bound.order.len());
    for key in &bound.order {
        if key.item.is_none() && key.expression.is_constant() {
            continue;
        }
        match plain_column(&key.expression) {
            Some(slot) => keys.push((slot, key.descending)),
            None => return Vec::new(),
        }
    }
    keys
}

/// The rows that LIMIT and OFFSET let the source give at most.
fn early_limit(bound: &BoundSelect) -> Option<f64> {
    let sorts = order_wish(bound).is_empty() && bound.order.iter().any(|key| !key.expression.is_constant());
    if bound.calc_found_rows || bound.distinct || !bound.windows.is_empty() || sorts {
        return None;
    }
    if bound.aggregation.is_some() {
        return None;
    }
    let number = |expression: &Expression| {
        expression
            .as_constant()
            .and_then(crate::execute::limit::as_rows)
            .map_or(UNKNOWN_LIMIT_ROWS, |n| n as f64)
    };
    let offset = bound.offset.as_ref().map_or(0.0, number);
    bound.limit.as_ref().map(|limit| number(limit) + offset)
}

/// Under LOCK TABLES: rows are locked FOR UPDATE only in tables that were locked for writing.
///
/// # Errors
/// 1099.
fn check_locked(binder: &Binder, bound: &BoundSelect) -> Result<()> {
    let Some(locked) = &binder.session.locked_tables else { return Ok(()) };
    for (position, lock) in locks(bound).into_iter().enumerate() {
        // Of a view it is the view that was locked.
        let place = bound.scope.around(position).map_or(position, |face| face.position);
        let (table, name) = (&bound.scope.tables[position], &bound.scope.tables[place]);
        if lock.is_some_and(|lock| lock.mode == LockMode::Exclusive)
            && let TableSource::Base(base) = &table.source
            && !base.is_temporary()
        {
            let base = match &name.source {
                TableSource::Merged(Some(view)) => view,
                _ => base,
            };
            locked.check_use(&base.database, &base.name, &name.alias, true)?;
        }
    }
    Ok(())
}

/// Row locks by table.
fn locks(bound: &BoundSelect) -> Vec<Option<RowLock>> {
    let Some(locking) = &bound.locking else {
        return vec![None; bound.scope.tables.len()];
    };
    let lock = |locking: &crate::ast::Locking| RowLock {
        mode: if locking.exclusive { LockMode::Exclusive } else { LockMode::Shared },
        policy: if locking.nowait {
            WaitPolicy::NoWait
        } else if locking.skip_locked {
            WaitPolicy::SkipLocked
        } else {
            WaitPolicy::Wait
        },
        for_change: false,
    };
    let of_table = |(position, table): (usize, &crate::bind::BoundTable)| match table.source {
        // Nobody else can change those.
        TableSource::Base(ref base) if base.is_temporary() => None,
        TableSource::Base(_) => {
            let face = bound.scope.around(position);
            // The clause is about the tables of a view, and not about those of a derived table.
            let alias = match face {
                Some(face) if face.view.is_none() => return None,
                Some(face) => &bound.scope.tables[face.position].alias,
                None => &table.alias,
            };
            locking.clauses().find(|clause| clause.is_of(alias)).map(lock)
        }
        TableSource::Derived(_)
        | TableSource::Virtual(_)
        | TableSource::Dependent(_)
        | TableSource::Merged(_) => None,
    };
    bound.scope.tables.iter().enumerate().map(of_table).collect()
}

/// Whether the block has subqueries or derived tables.
fn uses_subqueries(bound: &BoundSelect, project: &[Expression]) -> bool {
    let mut on = Vec::new();
    if let Some(from) = &bound.from {
        collect_on(from, &mut on);
    }
    let aggregation = bound.aggregation.iter();
    let grouped = aggregation
        .flat_map(|a| a.keys.iter().chain(a.aggregates.iter().flat_map(|call| call.arguments.iter())));
    let windows = bound.windows.iter().flat_map(window::inputs_of);
    let rest = on.into_iter().chain(grouped).chain(windows);
    project.iter().chain(&bound.filter).chain(&bound.having).chain(rest).any(slots::has_subquery)
}

fn collect_on<'f>(from: &'f crate::bind::BoundFrom, on: &mut Vec<&'f Expression>) {
    if let crate::bind::BoundFrom::Join(join) = from {
        collect_on(&join.left, on);
        collect_on(&join.right, on);
        on.extend(&join.on);
    }
}

/// MIN and MAX of a single table as the first rows of index scans; empty unless all aggregates can be had so.
fn index_ends(
    bound: &BoundSelect,
    aggregate: &AggregatePlan,
    locks: &[Option<RowLock>],
    conditions: Vec<Condition>,
) -> Result<Vec<IndexEnds>> {
    if !aggregate.keys.is_empty()
        || !aggregate.keep.is_empty()
        || aggregate.rollup.is_some()
        || locks.iter().any(Option::is_some)
    {
        return Ok(Vec::new());
    }
    let mut ends = Vec::with_capacity(aggregate.aggregates.len());
    for call in &aggregate.aggregates {
        let descending = match call.call.function {
            AggregateFunction::Min => false,
            AggregateFunction::Max => true,
            _ => return Ok(Vec::new()),
        };
        let [argument] = call.arguments.as_slice() else {
            return Ok(Vec::new());
        };
        let (Some(slot), Some(from)) = (plain_column(argument), &bound.from) else {
            return Ok(Vec::new());
        };
        let mut needed = vec![false; bound.scope.width];
        needed[slot] = true;
        let planner = JoinPlanner {
            scope: &bound.scope,
            needed: &needed,
            order: &[(slot, descending)],
            limit: Some(1.0),
            locks: locks.to_vec(),
            keeps_locked: false,
        };
        let group = planner.group(from, conditions.clone());
        let planned = planner.plan(&group)?;
        match planned.node {
            Node::Scan(mut scan) if planned.ordered => {
                for slot in scan.filter.iter().flat_map(slots::slots_of) {
                    needed[slot] = true;
                }
                fill_scan(&mut scan, &needed);
                ends.push(IndexEnds { scan: *scan, slot });
            }
            _ => return Ok(Vec::new()),
        }
    }
    Ok(ends)
}
