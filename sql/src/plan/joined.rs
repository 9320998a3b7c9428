//! Planning UPDATE and DELETE of the rows of a join.
//!
//! The join is planned as that of a SELECT whose tables to be changed are locked FOR UPDATE and the others FOR SHARE, as InnoDB
//! does. Behind the slots of its tables the executing row has one slot for each table that is changed: the primary key of its
//! row, or NULL where an outer join found none. The key goes through the join as any value does, also where a side of it is kept.

use std::sync::Arc;

use storage::txn::{LockMode, WaitPolicy};

use crate::ast::{self, Expr, TableExpr, TableName, ViewCheck};
use crate::bind::merge::{self, Merged};
use crate::bind::{Binder, BlockScope, BoundTable, Clause, FromScope, Names, TableSource, from};
use crate::catalog::Table;
use crate::error::{Error, Result};
use crate::expression::Expression;
use crate::plan::change::{self, Assignment};
use crate::plan::join::{Condition, JoinPlanner};
use crate::plan::node::{JoinMethod, Node, RowLock, ScanPlan};
use crate::plan::slots;
use crate::plan::through_view::{self, ThroughView};
use crate::program::within::TablePrograms;

/// The plan of an UPDATE or DELETE of a join.
#[derive(Debug)]
pub struct JoinedChange {
    /// Slots of the executing row.
    pub width: usize,
    /// Finds and locks the rows.
    pub source: Node,
    /// Conditions that read no column: checked once.
    pub constant_conditions: Vec<Expression>,
    /// The tables that are changed, in the order of FROM (UPDATE) or as written (DELETE).
    pub targets: Vec<JoinedTarget>,
    /// IGNORE.
    pub ignore: bool,
    /// UPDATE rather than DELETE.
    pub is_update: bool,
    /// Whether there are subqueries or derived tables, which read the snapshot.
    pub reads_snapshot: bool,
    /// Whether it locks rows of stored tables that it only reads.
    pub locks_others: bool,
}

/// A table that is changed.
#[derive(Debug)]
pub struct JoinedTarget {
    /// The table.
    pub table: Arc<Table>,
    /// Its name in the statement.
    pub alias: String,
    /// Its first slot.
    pub base: usize,
    /// The slot of its row's key.
    pub key_slot: usize,
    /// SET of its columns; empty for DELETE.
    pub assignments: Vec<Assignment>,
    /// Columns that get the time of a change.
    pub on_update_now: Vec<usize>,
    /// The view through which its rows are changed.
    pub through: Option<Box<ThroughView>>,
    /// It leads the join: those assigned to the right see what was assigned before, as MySQL changes this table on the way.
    pub leads: bool,
    /// Its triggers that the statement may fire.
    pub programs: Option<Arc<TablePrograms>>,
}

impl JoinedChange {
    /// Whether it may read for long.
    #[must_use]
    pub fn reads_long(&self) -> bool {
        self.source.reads_long() || self.reads_snapshot
    }
}

/// A table of FROM that is to be changed: where it stands there, and what is assigned to it.
struct Chosen {
    position: usize,
    assignments: Vec<Assignment>,
}

/// The parts that both statements share.
struct Change<'c> {
    from: &'c TableExpr,
    filter: Option<&'c Expr>,
    ignore: bool,
    verb: &'static str,
}

/// Plans an UPDATE of several tables.
///
/// # Errors
/// Those of names and typing; 1093, 1175, 1221, 1288, 1706.
pub fn plan_update(binder: &Binder, update: &ast::Update) -> Result<JoinedChange> {
    if !update.order_by.is_empty() {
        return Err(wrong_usage("ORDER BY"));
    }
    if update.limit.is_some() {
        return Err(wrong_usage("LIMIT"));
    }
    let filter = update.filter.as_ref();
    let change = Change { from: &update.from, filter, ignore: update.ignore, verb: "UPDATE" };
    let before = binder.common.enter(update.with.as_deref(), None)?;
    let planned = plan(binder, &change, &|binder, names| assigned_tables(binder, names, &update.assignments));
    binder.common.leave(before);
    planned
}

fn wrong_usage(of: &str) -> Error {
    Error { code: 1221, state: *b"HY000", message: format!("Incorrect usage of UPDATE and {of}") }
}

/// Plans a DELETE from the rows of a join.
///
/// # Errors
/// 1046 without a database; those of names and typing; 1066, 1093, 1109, 1175, 1288.
pub fn plan_delete(binder: &Binder, delete: &ast::Delete) -> Result<JoinedChange> {
    if delete.targets.iter().any(|target| target.database.is_none()) {
        binder.database(None)?;
    }
    let filter = delete.filter.as_ref();
    let change = Change { from: &delete.from, filter, ignore: delete.ignore, verb: "DELETE" };
    let before = binder.common.enter(delete.with.as_deref(), None)?;
    let planned = plan(binder, &change, &|binder, names| named_tables(binder, names.from, &delete.targets));
    binder.common.leave(before);
    planned
}

/// What a view asks of the rows of a table in it.
fn through(
    scope: &FromScope,
    face: &Merged,
    position: usize,
    (assignments, on_update_now): (&[Assignment], &[usize]),
) -> Result<Option<Box<ThroughView>>> {
    let bound = &scope.tables[position];
    let is_changed = |slot: usize| {
        let column = slot - bound.base;
        let is_generated = bound.stored_column(column).is_some_and(|own| own.generated.is_some());
        is_generated
            || on_update_now.contains(&column)
            || assignments.iter().any(|assignment| assignment.column == column)
    };
    let through = through_view::checked(scope, face, position, &is_changed, ViewCheck::None)?;
    Ok((!through.conditions.is_empty()).then(|| Box::new(through)))
}

type Choose<'c> = dyn Fn(&Binder, &Names) -> Result<Vec<Chosen>> + 'c;

fn plan(binder: &Binder, change: &Change, choose: &Choose) -> Result<JoinedChange> {
    binder.keep_derived();
    let space = from::Space { start: 0, merges: from::Merges::Targets };
    let (draft, scope) = from::draft(binder, change.from, None, space)?;
    let names = Names::new(&scope, None);
    let is_update = change.verb == "UPDATE";
    // DELETE looks for its tables before anything else.
    let mut chosen = if is_update { Vec::new() } else { choose(binder, &names)? };
    let (mut from, mut filter) = draft.bind_conditions(binder, &names)?;
    let written = match change.filter {
        Some(filter) => BlockScope::new(binder, &names, Clause::Where)
            .bind(filter)?
            .settled(&mut |warning| binder.needs().warn(warning))
            .into_conjuncts(),
        None => Vec::new(),
    };
    filter.extend(written);
    filter.iter_mut().for_each(|condition| merge::settle(condition, &scope));
    merge::settle_from(&mut from, &scope);
    crate::constraint::substitute::substitute(&mut filter, &scope)?;
    if is_update {
        chosen = choose(binder, &names)?;
        check_assignable(&scope, &chosen)?;
    }
    let mut targets = Vec::with_capacity(chosen.len());
    for (number, Chosen { position, assignments }) in chosen.into_iter().enumerate() {
        let bound = &scope.tables[position];
        let table = changeable(binder, (&scope, position), change.verb)?;
        let on_update_now = change::on_update_now(&table, &assignments);
        let key_slot = scope.width + number;
        let (alias, base) = (bound.alias.clone(), bound.base);
        let through = match scope.around(position).filter(|_| is_update) {
            Some(face) => through(&scope, face, position, (&assignments, &on_update_now))?,
            None => None,
        };
        let (leads, programs) = (false, None);
        targets.push(JoinedTarget {
            table,
            alias,
            base,
            key_slot,
            assignments,
            on_update_now,
            leads,
            programs,
            through,
        });
    }
    let mut on = Vec::new();
    from.each_condition(&mut |condition| on.push(condition));
    let values = targets.iter().flat_map(|target| &target.assignments).filter_map(Assignment::expression);
    let read: Vec<&Expression> = filter.iter().chain(on).chain(values).collect();
    let mut has_subquery = false;
    for target in &targets {
        // UPDATE names the first table of FROM, whichever is read.
        let name = if is_update { &scope.tables[0].alias } else { &target.alias };
        has_subquery |= change::check_subqueries(&target.table, name, read.iter().copied())?;
    }
    let locks = locks(&scope, &targets);
    let locks_others = scope.tables.iter().zip(&locks).any(|(table, lock)| {
        lock.is_some_and(|lock| !lock.for_change) && matches!(table.source, TableSource::Base(_))
    });
    let needed = needed(&scope, &targets);
    let planner =
        JoinPlanner { scope: &scope, needed: &needed, order: &[], limit: None, locks, keeps_locked: true };
    let (constant, conditions): (Vec<Condition>, Vec<Condition>) = filter
        .iter()
        .map(|expression| planner.condition(expression.clone()))
        .partition(|condition| slots::is_steady(&condition.expression) && condition.tables == 0);
    let mut source = planner.plan(&planner.group(&from, conditions))?.node;
    carry_keys(&mut source, &targets);
    if let Some(leader) = source.leading_scan() {
        for target in targets.iter_mut().filter(|target| target.base == leader.base) {
            target.leads = is_changed_on_the_way(&scope, leader, &target.assignments);
        }
    }
    check_safe_updates(binder, &mut source, &targets)?;
    let stored_only = scope
        .tables
        .iter()
        .all(|table| matches!(table.source, TableSource::Base(_) | TableSource::Merged(_)));
    Ok(JoinedChange {
        width: scope.width + targets.len(),
        source,
        constant_conditions: constant.into_iter().map(|condition| condition.expression).collect(),
        targets,
        ignore: change.ignore,
        is_update,
        reads_snapshot: has_subquery || !stored_only,
        locks_others,
    })
}

/// The tables of SET, in the order of FROM.
fn assigned_tables(binder: &Binder, names: &Names, written: &[(Expr, Expr)]) -> Result<Vec<Chosen>> {
    let mut columns = Vec::with_capacity(written.len());
    for (target, _) in written {
        let slot = change::bind_target(binder, names, target)?;
        let found = names.from.table_of(slot).ok_or_else(|| Error::internal("a column of no table"))?;
        let bound = &names.from.tables[found.0];
        match &bound.source {
            TableSource::Base(_) => check_one_table(names.from, &columns, found.0)?,
            TableSource::Virtual(_)
            | TableSource::Derived(_)
            | TableSource::Dependent(_)
            | TableSource::Merged(_) => {
                let face = names.from.around(found.0).map(|face| &names.from.tables[face.position].alias);
                return Err(Error::not_updatable(face.unwrap_or(&bound.alias), "UPDATE"));
            }
        }
        columns.push(found);
    }
    let mut chosen: Vec<Chosen> = Vec::new();
    for ((position, column), (_, value)) in columns.into_iter().zip(written) {
        let TableSource::Base(table) = &names.from.tables[position].source else { continue };
        let assignment = change::bind_assignment(binder, names, (position, table), column, value)?;
        match chosen.iter_mut().find(|chosen| chosen.position == position) {
            Some(chosen) => chosen.assignments.push(assignment),
            None => chosen.push(Chosen { position, assignments: vec![assignment] }),
        }
    }
    chosen.sort_by_key(|chosen| chosen.position);
    Ok(chosen)
}

/// Of a view of a join one table is changed at a time.
fn check_one_table(scope: &FromScope, before: &[(usize, usize)], position: usize) -> Result<()> {
    let Some(face) = scope.around(position) else { return Ok(()) };
    let is_other = |(other, _): &(usize, usize)| *other != position && face.tables.contains(other);
    match &face.view {
        Some(view) if before.iter().any(is_other) => Err(through_view::several_tables(view)),
        _ => Ok(()),
    }
}

/// The stored table behind a view that DELETE names.
fn deleted_from(binder: &Binder, scope: &FromScope, position: usize) -> Result<usize> {
    let Some(face) = scope.merged_at(position) else { return Ok(position) };
    let alias = &scope.tables[position].alias;
    let found = through_view::stored_inside(scope, face, binder.catalog);
    match (&face.view, found.as_slice()) {
        (Some(view), [_, ..]) if through_view::is_join(view, binder.catalog) => {
            Err(through_view::cannot_delete(view))
        }
        (Some(view), [only]) => {
            through_view::delete_rows(binder, view)?;
            Ok(*only)
        }
        _ => Err(Error::not_updatable(alias, "DELETE")),
    }
}

/// The tables that DELETE names.
fn named_tables(binder: &Binder, scope: &FromScope, written: &[TableName]) -> Result<Vec<Chosen>> {
    let mut chosen: Vec<Chosen> = Vec::with_capacity(written.len());
    for name in written {
        let is_it = |place: usize, table| !scope.is_inside(place) && is_named(binder, table, name);
        let found = scope.tables.iter().enumerate().position(|(place, table)| is_it(place, table));
        let Some(position) = found else {
            let message = format!("Unknown table '{}' in MULTI DELETE", name.table);
            return Err(Error { code: 1109, state: *b"42S02", message });
        };
        let position = deleted_from(binder, scope, position)?;
        if chosen.iter().any(|other| other.position == position) {
            return Err(Error::nonunique_table(&name.table));
        }
        chosen.push(Chosen { position, assignments: Vec::new() });
    }
    Ok(chosen)
}

/// Whether DELETE means this table of FROM: one with an alias by that alone, which has no database.
fn is_named(binder: &Binder, table: &BoundTable, name: &TableName) -> bool {
    let has_alias = match &table.source {
        TableSource::Base(base) => base.name != table.alias,
        TableSource::Merged(Some(view)) => view.name != table.alias,
        TableSource::Virtual(_)
        | TableSource::Derived(_)
        | TableSource::Dependent(_)
        | TableSource::Merged(None) => table.database.is_empty(),
    };
    if table.alias != name.table {
        return false;
    }
    match (&name.database, has_alias) {
        (Some(_), true) => false,
        (Some(database), false) => *database == table.database,
        (None, true) => true,
        (None, false) => binder.session.database.as_ref() == Some(&table.database),
    }
}

/// The table behind a name, if its rows can be changed.
fn changeable(
    binder: &Binder,
    (scope, position): (&FromScope, usize),
    verb: &'static str,
) -> Result<Arc<Table>> {
    let bound = &scope.tables[position];
    let table = match &bound.source {
        TableSource::Base(table) => table,
        TableSource::Virtual(_) => {
            return Err(Error::not_supported(format_args!("{verb} of a system table")));
        }
        TableSource::Derived(_) | TableSource::Dependent(_) | TableSource::Merged(_) => {
            return Err(Error::not_updatable(&bound.alias, verb));
        }
    };
    if let Some(locked) = &binder.session.locked_tables
        && !table.is_temporary()
    {
        match scope.around(position).and_then(|face| Some((face, face.view.as_ref()?))) {
            Some((face, view)) => {
                let alias = &scope.tables[face.position].alias;
                locked.check_use(&view.table.database, &view.table.name, alias, true)?;
            }
            None => locked.check_use(&table.database, &table.name, &bound.alias, true)?,
        }
    }
    Ok(Arc::clone(table))
}

/// A table that is changed under two names must keep its rows where they are.
///
/// # Errors
/// 1706.
fn check_assignable(scope: &FromScope, chosen: &[Chosen]) -> Result<()> {
    let of = |chosen: &Chosen| match &scope.tables[chosen.position].source {
        TableSource::Base(table) => Some(Arc::clone(table)),
        TableSource::Virtual(_)
        | TableSource::Derived(_)
        | TableSource::Dependent(_)
        | TableSource::Merged(_) => None,
    };
    for (number, first) in chosen.iter().enumerate() {
        for second in &chosen[number + 1..] {
            let (Some(table), Some(other)) = (of(first), of(second)) else { continue };
            let moves = |chosen: &Chosen| {
                let is_key = |column| table.primary().columns.iter().any(|part| part.column == column);
                !table.hidden_row_id && chosen.assignments.iter().any(|assignment| is_key(assignment.column))
            };
            if table.id == other.id && (moves(first) || moves(second)) {
                let (first, second) =
                    (&scope.tables[first.position].alias, &scope.tables[second.position].alias);
                let message = format!(
                    "Primary key/partition key update is not allowed since the table is updated both as '{first}' and '{second}'."
                );
                return Err(Error { code: 1706, state: *b"HY000", message });
            }
        }
    }
    Ok(())
}

/// Row locks by table of FROM.
fn locks(scope: &FromScope, targets: &[JoinedTarget]) -> Vec<Option<RowLock>> {
    let of_table = |table: &BoundTable| {
        let TableSource::Base(base) = &table.source else { return None };
        let for_change = targets.iter().any(|target| target.base == table.base);
        // A table read under one name and changed under another: its rows are locked as they will be needed.
        let changed = targets.iter().any(|target| target.table.id == base.id);
        let mode = if changed { LockMode::Exclusive } else { LockMode::Shared };
        let lock = RowLock { mode, policy: WaitPolicy::Wait, for_change };
        // Nobody else can change the rows of a temporary table.
        (for_change || !base.is_temporary()).then_some(lock)
    };
    scope.tables.iter().map(of_table).collect()
}

/// By slot: read after the join.
fn needed(scope: &FromScope, targets: &[JoinedTarget]) -> Vec<bool> {
    let mut needed = vec![false; scope.width];
    let values = targets.iter().flat_map(|target| &target.assignments).filter_map(Assignment::expression);
    let of_targets = targets.iter().flat_map(|target| target.base..target.base + target.table.columns.len());
    for slot in values.flat_map(slots::slots_of).chain(of_targets) {
        if let Some(slot) = needed.get_mut(slot) {
            *slot = true;
        }
    }
    needed
}

/// Has the scans of the changed tables give the keys of their rows, and the joins keep and clear them. Gives the slots of the keys.
fn carry_keys(node: &mut Node, targets: &[JoinedTarget]) -> Vec<usize> {
    match node {
        Node::Scan(scan) => {
            scan.key_slot =
                targets.iter().find(|target| target.base == scan.base).map(|target| target.key_slot);
            scan.key_slot.into_iter().collect()
        }
        Node::Rows(_) => Vec::new(),
        Node::Filter(filter) => carry_keys(&mut filter.input, targets),
        Node::Join(join) => {
            let mut carried = carry_keys(&mut join.outer, targets);
            let inner = carry_keys(&mut join.inner, targets);
            join.inner_slots.extend(&inner);
            if let JoinMethod::Buffered { keep, .. } = &mut join.method {
                keep.extend(&inner);
            }
            carried.extend(inner);
            carried
        }
    }
}

/// Whether MySQL changes the rows of the table that leads the join as it comes to them: none of them comes again then, as it is read
/// under one name only and stays where it is.
fn is_changed_on_the_way(scope: &FromScope, leader: &ScanPlan, assignments: &[Assignment]) -> bool {
    let is_it =
        |table: &&BoundTable| matches!(&table.source, TableSource::Base(base) if base.id == leader.table.id);
    if scope.tables.iter().filter(is_it).count() > 1 {
        return false;
    }
    let indexes = [&leader.table.indexes[leader.access.index], leader.table.primary()];
    let moves = |assignment: &Assignment| {
        indexes.iter().any(|index| index.columns.iter().any(|part| part.column == assignment.column))
    };
    let is_partitioned = leader.table.partitioned.is_some();
    leader.access.point || !is_partitioned && !assignments.iter().any(moves)
}

/// `sql_safe_updates`: every table that is changed must be read by a key.
fn check_safe_updates(binder: &Binder, source: &mut Node, targets: &[JoinedTarget]) -> Result<()> {
    if !binder.session.variables.sql_safe_updates {
        return Ok(());
    }
    let mut bounded = true;
    source.each_scan(&mut |scan| {
        let is_target = targets.iter().any(|target| target.base == scan.base);
        bounded &= !is_target || !scan.access.terms.is_empty();
    });
    if bounded { Ok(()) } else { Err(change::safe_update()) }
}
