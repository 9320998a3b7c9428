//! UPDATE and DELETE of one table.
//!
//! The rows are found by a locking scan (see [`super::scan`]) that reads whole rows. Where the change could move a row to a
//! place that the scan has not passed yet (an UPDATE of a column of the index that is scanned), or where ORDER BY asks for an
//! order, all targets are collected first; else each row is changed as it is found. DELETE changes rows as it finds them:
//! a deleted row does not come again.

use bytes::Bytes;

use crate::ast::{TriggerEvent, TriggerTime};
use crate::catalog::partition::place::is_without_place;
use crate::catalog::{ColumnDefault, Table, TableLinks};
use crate::constraint::rules::CHECK_VIOLATED;
use crate::dml::sequence::{self, Sequence};
use crate::dml::{default, foreign_key, trigger, write};
use crate::error::{Error, Result};
use crate::execute::context::Interrupt;
use crate::execute::group_key::value_bytes;
use crate::execute::memory::Bounded;
use crate::execute::operator::all_true;
use crate::execute::scan::ScanOperator;
use crate::execute::{Context, Outcome, Run, limit};
use crate::expression::Expression;
use crate::limits::TARGET_BYTES_MAX;
use crate::plan::ChangePlan;
use crate::plan::change::{Assigned, Assignment};
use crate::plan::through_view::ThroughView;
use crate::program::within::TablePrograms;
use crate::session::WarningLevel;
use crate::types::store::{copied, of_table};
use crate::types::{Value, convert};
use crate::variables::SqlMode;

/// A row to be changed.
struct Target {
    key: Bytes,
    row: Vec<Value>,
}

/// Runs an UPDATE.
///
/// # Errors
/// Those of conditions, assignments and writing; suspends for locks.
pub fn update(plan: &ChangePlan, ctx: &mut Context) -> Run<Outcome> {
    let strict = ctx.session.variables.sql_mode.has(SqlMode::STRICT) && !plan.ignore;
    let before = std::mem::replace(&mut ctx.strict, strict);
    let result = run_update(plan, ctx);
    ctx.strict = before;
    let (matched, changed) = result?;
    let last_insert_id = if ctx.gave_last_insert_id { ctx.session.last_insert_id } else { 0 };
    let affected = if ctx.session.client_found_rows { matched } else { changed };
    let info =
        format!("Rows matched: {matched}  Changed: {changed}  Warnings: {}", ctx.session.warning_count);
    let is_idle = matched == 0 && super::partition::reads_nothing(&plan.scan, ctx)?;
    // MySQL does not begin to look for rows then.
    let info = if is_idle { String::new() } else { info };
    Ok(Outcome { affected, last_insert_id, info, ..Outcome::default() })
}

fn run_update(plan: &ChangePlan, ctx: &mut Context) -> Run<(u64, u64)> {
    let (mut matched, mut changed) = (0, 0);
    let links = foreign_key::links_of(ctx, plan.table());
    let links = links.as_deref();
    each_target(plan, ctx, &mut |target, ctx| {
        let Some(target) = current(plan, target, links, ctx)? else { return Ok(()) };
        matched += 1;
        changed += u64::from(update_row(plan, links, target, matched, ctx)?);
        Ok(())
    })?;
    Ok((matched, changed))
}

/// Runs a DELETE.
///
/// # Errors
/// Those of conditions and writing; suspends for locks.
pub fn delete(plan: &ChangePlan, ctx: &mut Context) -> Run<Outcome> {
    let strict = ctx.session.variables.sql_mode.has(SqlMode::STRICT) && !plan.ignore;
    let before = std::mem::replace(&mut ctx.strict, strict);
    let mut affected = 0;
    let links = foreign_key::links_of(ctx, plan.table());
    let links = links.as_deref();
    let result = each_target(plan, ctx, &mut |target, ctx| {
        let Some(target) = current(plan, target, links, ctx)? else { return Ok(()) };
        let fired = (links, plan.programs.as_deref());
        affected += u64::from(delete_row(plan.table(), fired, (&target.key, &target.row), plan.ignore, ctx)?);
        Ok(())
    });
    ctx.strict = before;
    result?;
    Ok(Outcome { affected, ..Outcome::default() })
}

/// The row as it is now: one that was found before may have been changed since, with its parent or by a trigger's statement.
fn current(
    plan: &ChangePlan,
    target: Target,
    links: Option<&TableLinks>,
    ctx: &mut Context,
) -> Run<Option<Target>> {
    if !foreign_key::may_cascade(links) && plan.programs.is_none() {
        return Ok(Some(target));
    }
    let row = foreign_key::cascade::newest(ctx, plan.table(), &target.key)?;
    Ok(row.map(|row| Target { row, ..target }))
}

/// Deletes a row; false when its children keep it there, of which IGNORE makes a warning.
pub(super) fn delete_row(
    table: &Table,
    (links, programs): (Option<&TableLinks>, Option<&TablePrograms>),
    (key, row): (&Bytes, &[Value]),
    ignore: bool,
    ctx: &mut Context,
) -> Run<bool> {
    let Some(programs) = programs else { return delete_alone(table, links, (key, row), ignore, ctx) };
    trigger::around_delete(Some(programs), TriggerTime::Before, row, ctx)?;
    let is_deleted = delete_alone(table, links, (key, row), ignore, ctx)?;
    if is_deleted {
        trigger::around_delete(Some(programs), TriggerTime::After, row, ctx)?;
    }
    Ok(is_deleted)
}

/// The same without triggers.
fn delete_alone(
    table: &Table,
    links: Option<&TableLinks>,
    (key, row): (&Bytes, &[Value]),
    ignore: bool,
    ctx: &mut Context,
) -> Run<bool> {
    let Some(links) = links else {
        write::delete_row(ctx, table, key, row)?;
        return Ok(true);
    };
    let savepoint = ignore.then(|| ctx.txn.savepoint());
    let result = foreign_key::delete_row(ctx, Some(links), table, key, row);
    let result = match (result, savepoint) {
        (Err(Interrupt::Error(error)), Some(savepoint)) if foreign_key::is_violation(&error) => {
            ctx.txn.rollback_to(savepoint);
            ctx.session.warn(WarningLevel::Warning, error.code, error.message);
            Ok(false)
        }
        (result, _) => result.map(|()| true),
    };
    if let Some(savepoint) = savepoint {
        ctx.txn.release_savepoint(savepoint);
    }
    result
}

/// Calls `change` with every row that the statement is about, locked.
fn each_target(
    plan: &ChangePlan,
    ctx: &mut Context,
    change: &mut dyn FnMut(Target, &mut Context) -> Run<()>,
) -> Run<()> {
    let limit = limit::evaluate(plan.limit.as_ref(), ctx)?.unwrap_or(u64::MAX);
    let width = plan.table().columns.len();
    let mut row = vec![Value::Null; width];
    // What reads no row is evaluated also for LIMIT 0, for what is wrong with it.
    if !all_true(&plan.constant_conditions, &row, ctx)? || limit == 0 {
        return Ok(());
    }
    let mut scan = ScanOperator::new(&plan.scan);
    scan.open(ctx, &row)?;
    let sorted = !plan.order.is_empty() && (!plan.ordered || scan.degraded());
    if !sorted && !plan.collect {
        let mut count = 0;
        while count < limit && scan.next(ctx, &mut row)? {
            let target = take_target(&mut scan, &mut row, width)?;
            if let Err(interrupt) = change(target, ctx) {
                return Err(after_all_conditions(plan, interrupt, &mut scan, ctx));
            }
            count += 1;
        }
        scan.stop(ctx);
        return Ok(());
    }
    let mut targets = Vec::new();
    let mut memory = Bounded::new(ctx.session, TARGET_BYTES_MAX, "rows to change in one statement");
    while scan.next(ctx, &mut row)? {
        let mut keys = Vec::with_capacity(plan.order.len());
        if sorted {
            for (key, _) in &plan.order {
                keys.push(key.eval(&row, ctx)?);
            }
        }
        let target = take_target(&mut scan, &mut row, width)?;
        memory.add(target.key.len() + target.row.iter().chain(&keys).map(value_bytes).sum::<usize>())?;
        targets.push((keys, target));
        if !sorted && targets.len() as u64 >= limit {
            break;
        }
    }
    scan.stop(ctx);
    drop(scan);
    if sorted {
        targets.sort_by(|(left, _), (right, _)| compare(plan, left, right));
    }
    let count = usize::try_from(limit).unwrap_or(usize::MAX);
    for (_, target) in targets.into_iter().take(count) {
        change(target, ctx)?;
    }
    Ok(())
}

/// The error of a change. With ORDER BY and no LIMIT, MySQL has all rows before it changes one: in strict mode what it finds wrong with a
/// condition there comes first, as a warning that [`strictly`](crate::execute::strictly) makes the error.
fn after_all_conditions(
    plan: &ChangePlan,
    interrupt: Interrupt,
    scan: &mut ScanOperator,
    ctx: &mut Context,
) -> Interrupt {
    let is_error = matches!(interrupt, Interrupt::Error(_));
    if is_error && ctx.strict && !plan.order.is_empty() && plan.limit.is_none() {
        let mut row = vec![Value::Null; plan.table().columns.len()];
        while let Ok(true) = scan.next(ctx, &mut row) {
            scan.take_locked_key();
        }
    }
    interrupt
}

fn take_target(scan: &mut ScanOperator, row: &mut Vec<Value>, width: usize) -> Result<Target> {
    let key = scan.take_locked_key().ok_or_else(|| Error::internal("a row to change without lock"))?;
    Ok(Target { key, row: std::mem::replace(row, vec![Value::Null; width]) })
}

fn compare(plan: &ChangePlan, left: &[Value], right: &[Value]) -> std::cmp::Ordering {
    for ((expression, descending), (left, right)) in plan.order.iter().zip(left.iter().zip(right)) {
        let order = left.compare(right, expression.data_type().collation);
        let order = if *descending { order.reverse() } else { order };
        if order.is_ne() {
            return order;
        }
    }
    std::cmp::Ordering::Equal
}

/// Computes and writes the new row; whether it differs from the old one.
fn update_row(
    plan: &ChangePlan,
    links: Option<&TableLinks>,
    target: Target,
    number: u64,
    ctx: &mut Context,
) -> Run<bool> {
    let table = plan.table();
    let programs = plan.programs.as_deref();
    let fires = trigger::has(programs, TriggerEvent::Update, TriggerTime::Before);
    let mut new = target.row.clone();
    for assignment in &plan.assignments {
        let value = assigned_value(table, assignment, (&new, &new), (number, fires), ctx)?;
        new[assignment.column] = value;
    }
    let through = plan.through.as_deref();
    let on_update_now = &plan.on_update_now;
    let change = Change { table, on_update_now, ignore: plan.ignore, links, programs, through };
    write_changed(&change, (&target.key, &target.row), new, number, ctx)
}

/// What the writing of a changed row has to know of its statement.
pub(super) struct Change<'c> {
    pub table: &'c Table,
    /// Columns that get the time of a change.
    pub on_update_now: &'c [usize],
    /// IGNORE.
    pub ignore: bool,
    /// The table's foreign keys and children, if there are any to be looked at.
    pub links: Option<&'c TableLinks>,
    /// The table's triggers that the statement may fire.
    pub programs: Option<&'c TablePrograms>,
    /// The view through which it is changed.
    pub through: Option<&'c ThroughView>,
}

/// Writes a row whose columns were assigned; whether it differs from the old one.
pub(super) fn write_changed(
    change: &Change,
    (key, old): (&Bytes, &[Value]),
    mut new: Vec<Value>,
    number: u64,
    ctx: &mut Context,
) -> Run<bool> {
    let table = change.table;
    if new != old {
        for column in change.on_update_now.iter().copied() {
            new[column] = default::now(&table.columns[column].data_type, ctx);
        }
    }
    trigger::before_update(change.programs, table, old, (&mut new, number), ctx)?;
    let rules = table.rules()?.filter(|_| new != old);
    if let Some(rules) = rules {
        rules.compute(table, &mut new, number, false, ctx)?;
    }
    if let Some(through) = change.through
        && new != old
        && !through.admits(&new, change.ignore, ctx)?
    {
        return Ok(false);
    }
    if let Some(rules) = rules {
        match rules.check(table, &new, ctx) {
            Ok(()) => {}
            Err(Interrupt::Error(error)) if change.ignore && error.code == CHECK_VIOLATED => {
                ctx.session.warn(WarningLevel::Warning, error.code, error.message);
                return Ok(false);
            }
            Err(interrupt) => return Err(interrupt),
        }
    }
    let savepoint = change.ignore.then(|| ctx.txn.savepoint());
    // As after an INSERT with an explicit value: the next generated one is past it.
    let numbered = table.auto_increment_column.filter(|column| new[*column] != old[*column]);
    let written = change.programs.map(|_| new.clone());
    let mut is_refused = false;
    let reached = numbered.map(|column| (column, sequence::number(&new[column])));
    let result = match (foreign_key::update_row(ctx, change.links, table, key, old, new), savepoint) {
        (Ok(true), _) => {
            if let Some((column, value)) = reached {
                Sequence::default().observe(ctx, table, column, value);
            }
            Ok(true)
        }
        (Err(Interrupt::Error(error)), Some(savepoint)) if is_ignorable(&error) => {
            ctx.txn.rollback_to(savepoint);
            ctx.session.warn(WarningLevel::Warning, error.code, error.message);
            is_refused = true;
            Ok(false)
        }
        (result, _) => result,
    };
    if let Some(savepoint) = savepoint {
        ctx.txn.release_savepoint(savepoint);
    }
    if let (Some(new), Ok(_), false) = (written, &result, is_refused) {
        trigger::after_update(change.programs, old, &new, ctx)?;
    }
    result
}

/// What IGNORE turns into a warning: a duplicate key, a foreign key.
fn is_ignorable(error: &Error) -> bool {
    error.code == 1062 || foreign_key::is_violation(error) || is_without_place(error)
}

/// The value of one assignment, converted to the column. `seen` is what expressions read, `row` the table's columns, both with the
/// values of those to its left. `fires`: triggers come before NULL is refused.
pub(super) fn assigned_value(
    table: &Table,
    assignment: &Assignment,
    (seen, row): (&[Value], &[Value]),
    (number, fires): (u64, bool),
    ctx: &mut Context,
) -> Run<Value> {
    let column = &table.columns[assignment.column];
    let value = match &assignment.value {
        Assigned::Expression(expression) => {
            let is_column = matches!(expression, Expression::Column { .. });
            let value = expression.as_stored(expression.eval(seen, ctx)?, &column.data_type);
            let value = copied(value, is_column, &column.data_type);
            let from = || expression.data_type();
            convert::store_from(value, from, &column.data_type, &column.name, number, ctx)
                .map_err(|error| of_table(error, &table.name))?
        }
        // Computed when all other columns have their values.
        Assigned::Default(_) if column.generated.is_some() => return Ok(row[assignment.column].clone()),
        Assigned::Default(of) if matches!(table.columns[*of].default, ColumnDefault::Expression(_)) => {
            match table.rules()? {
                Some(rules) => rules.default_value(table, *of, row, number, ctx)?,
                None => return Err(Error::internal("a default without rules").into()),
            }
        }
        Assigned::Default(of) => match default::declared(&table.columns[*of], ctx) {
            Some(value) => convert::store(value, &column.data_type, &column.name, number, ctx)
                .map_err(|error| of_table(error, &table.name))?,
            None => default::missing(&table.columns[*of], ctx)?,
        },
    };
    if value != Value::Null || column.nullable || fires {
        return Ok(value);
    }
    if ctx.strict {
        return Err(Error::column_cannot_be_null(&column.name).into());
    }
    // MySQL's implicit default stands in for NULL outside of strict mode.
    let error = Error::column_cannot_be_null(&column.name);
    ctx.session.warn(WarningLevel::Warning, error.code, error.message);
    Ok(default::implicit(&column.data_type))
}
