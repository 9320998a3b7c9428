//! Rows whose values are taken: REPLACE takes the other row away, ON DUPLICATE KEY UPDATE changes it.

use bytes::Bytes;
use storage::txn::{View, WriteKind};

use super::default;
use super::foreign_key;
use super::insert::{Cell, InsertPlan};
use super::run::{Tally, evaluate, null_refused};
use super::sequence::{self, Sequence};
use super::write::{self, Duplicate};
use crate::Error;
use crate::catalog::partition::place::is_without_place;
use crate::catalog::{Table, TableLinks};
use crate::codec::{ColumnSet, Zone, row};
use crate::constraint::rules::CHECK_VIOLATED;
use crate::execute::{Context, Interrupt, Run};
use crate::session::WarningLevel;
use crate::types::store::of_table;
use crate::types::{DataType, Value, convert};

/// Locks the other row and reads its newest version, which must be one that the transaction may write.
fn read_locked(ctx: &mut Context<'_>, table: &Table, found: &Duplicate) -> Run<Vec<Value>> {
    let row_key: &Bytes = &found.row_key;
    write::meet_ranges(ctx, row_key, WriteKind::Change)?;
    write::lock_exclusive(ctx, row_key)?;
    write::check_snapshot(ctx, row_key)?;
    let Some(value) = ctx.txn.get(row_key, View::Latest)? else {
        return Err(Error::internal("an index entry leads to no row").into());
    };
    let mut values = Vec::new();
    let wanted = ColumnSet::all(table.columns.len());
    row::decode(table, row_key, &value, &wanted, Zone::of(ctx.session), &mut values)?;
    Ok(values)
}

/// Takes the other row away for REPLACE; true when the new row is to be tried again. False when the other row is the
/// same and stands in the way only in the last unique index: then, as in MySQL, it counts as inserted and nothing changes.
pub(super) fn replace(
    ctx: &mut Context<'_>,
    (table, links): (&Table, Option<&TableLinks>),
    found: &Duplicate,
    values: &[Value],
    tally: &mut Tally,
) -> Run<bool> {
    let old = read_locked(ctx, table, found)?;
    let last_unique = table.indexes.iter().rposition(|index| index.unique);
    if last_unique == Some(found.index) && old == values {
        return Ok(false);
    }
    foreign_key::replace_row(ctx, links, table, &found.row_key, &old, values)?;
    tally.deleted += 1;
    Ok(true)
}

/// ON DUPLICATE KEY UPDATE for one row.
pub(super) struct Update<'a> {
    pub plan: &'a InsertPlan,
    pub assignments: &'a [(usize, Cell)],
    pub sequence: &'a mut Sequence,
    pub links: Option<&'a TableLinks>,
}

impl Update<'_> {
    /// Changes the row that was found. `new` is the row that was to be inserted.
    pub(super) fn run(
        &mut self,
        ctx: &mut Context<'_>,
        found: &Duplicate,
        new: Vec<Value>,
        tally: &mut Tally,
    ) -> Run<()> {
        let table = &self.plan.table;
        let old = read_locked(ctx, table, found)?;
        // Slots of the row that is there, then of the row that was to come; assigned values are seen by those that follow.
        let mut slots = old.clone();
        slots.extend(new);
        for (target, cell) in self.assignments {
            let column = &table.columns[*target];
            let value = match evaluate(ctx, self.plan, cell, *target, &slots)? {
                Value::Null if !column.nullable => null_refused(ctx, column, false)?,
                value => {
                    let from = || match cell {
                        Cell::Expression(expression) => expression.data_type(),
                        Cell::Constant(_) | Cell::Parameter(_) | Cell::Default(_) => DataType::NULL,
                    };
                    convert::store_from(value, from, &column.data_type, &column.name, tally.records, ctx)
                        .map_err(|error| of_table(error, &table.name))?
                }
            };
            slots[*target] = value;
        }
        slots.truncate(old.len());
        if slots != old {
            for (position, column) in table.columns.iter().enumerate() {
                if column.on_update_now && self.assignments.iter().all(|(target, _)| *target != position) {
                    slots[position] = default::now(&column.data_type, ctx);
                }
            }
        }
        if let Some(rules) = table.rules()?
            && slots != old
        {
            rules.compute(table, &mut slots, tally.records, false, ctx)?;
            match rules.check(table, &slots, ctx) {
                Ok(()) => {}
                Err(Interrupt::Error(error)) if self.plan.ignore && error.code == CHECK_VIOLATED => {
                    ctx.session.warn(WarningLevel::Warning, error.code, error.message);
                    return Ok(());
                }
                Err(interrupt) => return Err(interrupt),
            }
        }
        if let Some(column) = table.auto_increment_column {
            tally.last_value = sequence::number(&slots[column]);
            if slots[column] != old[column] {
                self.sequence.observe(ctx, table, column, tally.last_value);
            }
        }
        // Children may have been changed before another one refuses.
        let savepoint = (self.plan.ignore && self.links.is_some()).then(|| ctx.txn.savepoint());
        let result = foreign_key::update_row(ctx, self.links, table, &found.row_key, &old, slots);
        if let Some(savepoint) = savepoint {
            if result.is_err() {
                ctx.txn.rollback_to(savepoint);
            }
            ctx.txn.release_savepoint(savepoint);
        }
        match result {
            Ok(true) => {
                tally.copied += 1;
                tally.updated += 1;
                tally.touched += 1;
            }
            Ok(false) => tally.touched += 1,
            Err(Interrupt::Error(error))
                if self.plan.ignore
                    && (error.code == 1062
                        || foreign_key::is_violation(&error)
                        || is_without_place(&error)) =>
            {
                ctx.session.warn(WarningLevel::Warning, error.code, error.message);
            }
            Err(interrupt) => return Err(interrupt),
        }
        Ok(())
    }
}
