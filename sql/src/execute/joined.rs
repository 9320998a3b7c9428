//! UPDATE and DELETE of the rows of a join.
//!
//! The join is read to its end first, and what is to become of each row that it meets is written down: each row of a table
//! once, by the first row of the join that it is in, as MySQL has it. Then the rows are changed, table by table; they are locked by
//! then, and read again, since the statement itself may have changed them under another name.

use std::collections::HashSet;

use bytes::Bytes;
use storage::txn::View;

use crate::ast::{TriggerEvent, TriggerTime};
use crate::catalog::Table;
use crate::codec::{ColumnSet, Zone, row};
use crate::dml::{foreign_key, trigger};
use crate::execute::change::{Change, assigned_value, delete_row, write_changed};
use crate::execute::group_key::value_bytes;
use crate::execute::memory::Bounded;
use crate::execute::operator::{Operator, all_true};
use crate::execute::{Context, Outcome, Run};
use crate::limits::TARGET_BYTES_MAX;
use crate::plan::JoinedChange;
use crate::plan::joined::JoinedTarget;
use crate::types::Value;
use crate::variables::SqlMode;

/// What a row takes beside its key and values, in the set and in the list.
const ENTRY_BYTES: usize = 64;

/// The rows of one table that are to be changed.
#[derive(Default)]
struct Found {
    seen: HashSet<Bytes, rustc_hash::FxBuildHasher>,
    /// Keys in the order in which they were met, with the values for the columns that are assigned.
    rows: Vec<(Bytes, Vec<Value>)>,
}

/// Runs it.
///
/// # Errors
/// Those of conditions, assignments and writing; suspends for locks.
pub fn run(plan: &JoinedChange, ctx: &mut Context) -> Run<Outcome> {
    let strict = ctx.session.variables.sql_mode.has(SqlMode::STRICT) && !plan.ignore;
    let before = std::mem::replace(&mut ctx.strict, strict);
    let mut memory = Bounded::new(ctx.session, TARGET_BYTES_MAX, "rows to change in one statement");
    let result = find(plan, &mut memory, ctx).and_then(|found| match plan.is_update {
        true => update(plan, found, ctx),
        false => delete(plan, found, ctx),
    });
    ctx.strict = before;
    result
}

/// Reads the join.
fn find(plan: &JoinedChange, memory: &mut Bounded, ctx: &mut Context) -> Run<Vec<Found>> {
    let mut found: Vec<Found> = plan.targets.iter().map(|_| Found::default()).collect();
    let mut row = vec![Value::Null; plan.width];
    if !all_true(&plan.constant_conditions, &row, ctx)? {
        return Ok(found);
    }
    let mut source = Operator::new(&plan.source);
    source.open(ctx, &mut row)?;
    let mut number = 0;
    while source.next(ctx, &mut row)? {
        let mut changed = None;
        for (target, found) in plan.targets.iter().zip(&mut found) {
            let Some(Value::Blob(key)) = row.get(target.key_slot) else { continue };
            if !found.seen.insert(key.clone()) {
                continue;
            }
            let key = key.clone();
            number += 1;
            let values = assigned_values(target, &row, &mut changed, number, ctx)?;
            memory.add(key.len() + ENTRY_BYTES + values.iter().map(value_bytes).sum::<usize>())?;
            found.rows.push((key, values));
        }
    }
    Ok(found)
}

/// The values for the columns of one table's row. The table that leads the join is changed on the way: what comes after in SET, and
/// of the tables after it in FROM, sees its new values, which `changed` has then. Elsewhere all see what was found.
fn assigned_values(
    target: &JoinedTarget,
    row: &[Value],
    changed: &mut Option<Vec<Value>>,
    number: u64,
    ctx: &mut Context,
) -> Run<Vec<Value>> {
    let mut values = Vec::with_capacity(target.assignments.len());
    if target.leads && changed.is_none() {
        *changed = Some(row.to_vec());
    }
    let fires = trigger::has(target.programs.as_deref(), TriggerEvent::Update, TriggerTime::Before);
    for assignment in &target.assignments {
        let seen = changed.as_deref().unwrap_or(row);
        let own = seen.get(target.base..).unwrap_or_default();
        let value = assigned_value(&target.table, assignment, (seen, own), (number, fires), ctx)?;
        if target.leads
            && let Some(changed) = changed
        {
            changed[target.base + assignment.column] = value.clone();
        }
        values.push(value);
    }
    Ok(values)
}

/// The row as it is now; none when the statement has deleted it.
fn read(ctx: &mut Context, table: &Table, key: &Bytes) -> Run<Option<Vec<Value>>> {
    let Some(stored) = ctx.txn.get(key, View::Latest)? else { return Ok(None) };
    let mut values = Vec::new();
    let wanted = ColumnSet::all(table.columns.len());
    row::decode(table, key, &stored, &wanted, Zone::of(ctx.session), &mut values)?;
    Ok(Some(values))
}

fn update(plan: &JoinedChange, found: Vec<Found>, ctx: &mut Context) -> Run<Outcome> {
    let (mut matched, mut changed) = (0, 0);
    for (target, found) in plan.targets.iter().zip(found) {
        let table = &target.table;
        let links = foreign_key::links_of(ctx, table);
        let links = links.as_deref();
        let programs = target.programs.as_deref();
        let on_update_now = &target.on_update_now;
        let through = target.through.as_deref();
        let change = Change { table, on_update_now, ignore: plan.ignore, links, programs, through };
        for (key, values) in found.rows {
            matched += 1;
            if matched % crate::limits::KILL_CHECK_ROWS as u64 == 0 {
                ctx.check()?;
            }
            let Some(old) = read(ctx, table, &key)? else { continue };
            let mut new = old.clone();
            for (assignment, value) in target.assignments.iter().zip(values) {
                new[assignment.column] = value;
            }
            changed += u64::from(write_changed(&change, (&key, &old), new, matched, ctx)?);
        }
    }
    let last_insert_id = if ctx.gave_last_insert_id { ctx.session.last_insert_id } else { 0 };
    let affected = if ctx.session.client_found_rows { matched } else { changed };
    let info =
        format!("Rows matched: {matched}  Changed: {changed}  Warnings: {}", ctx.session.warning_count);
    Ok(Outcome { affected, last_insert_id, info, ..Outcome::default() })
}

fn delete(plan: &JoinedChange, found: Vec<Found>, ctx: &mut Context) -> Run<Outcome> {
    let mut affected = 0;
    let mut targets: Vec<(&JoinedTarget, Found)> = plan.targets.iter().zip(found).collect();
    // MySQL deletes the rows of the table that leads the join on the way, before those of the others.
    targets.sort_by_key(|(target, _)| !target.leads);
    for (target, found) in targets {
        let links = foreign_key::links_of(ctx, &target.table);
        for (key, _) in found.rows {
            let Some(old) = read(ctx, &target.table, &key)? else { continue };
            let fired = (links.as_deref(), target.programs.as_deref());
            affected += u64::from(delete_row(&target.table, fired, (&key, &old), plan.ignore, ctx)?);
            if affected % crate::limits::KILL_CHECK_ROWS as u64 == 0 {
                ctx.check()?;
            }
        }
    }
    Ok(Outcome { affected, ..Outcome::default() })
}
