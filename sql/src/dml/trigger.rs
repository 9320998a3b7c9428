//! What the triggers of a table add to the writing of its rows.
//!
//! A table with BEFORE triggers takes NULL everywhere until they have run: then it is looked for, once a row, and warned of once a statement.

use super::insert::InsertPlan;
use super::run::{Insertion, null_refused};
use super::{default, sequence, through_view};
use crate::Error;
use crate::ast::{TriggerEvent, TriggerTime};
use crate::catalog::{ColumnDefault, Table};
use crate::execute::{Context, Run};
use crate::program::within::{TablePrograms, fire, fire_before};
use crate::session::WarningLevel;
use crate::types::Value;

/// Whether a table has triggers for this.
#[must_use]
pub fn has(programs: Option<&TablePrograms>, event: TriggerEvent, time: TriggerTime) -> bool {
    programs.is_some_and(|programs| programs.has(event, time))
}

impl InsertPlan {
    /// What it may do to rows.
    #[must_use]
    pub fn events(&self) -> &'static [TriggerEvent] {
        match &self.on_duplicate {
            super::insert::OnDuplicate::Refuse => &[TriggerEvent::Insert],
            super::insert::OnDuplicate::Replace => &[TriggerEvent::Insert, TriggerEvent::Delete],
            super::insert::OnDuplicate::Update(_) => &[TriggerEvent::Insert, TriggerEvent::Update],
        }
    }

    /// Whether BEFORE INSERT triggers see the row before it is looked for NULL.
    pub(super) fn fires_before(&self) -> bool {
        has(self.programs.as_deref(), TriggerEvent::Insert, TriggerTime::Before)
    }
}

impl Insertion<'_> {
    /// BEFORE INSERT: the triggers, then no NULL where none may be.
    pub(super) fn before_insert(&mut self, ctx: &mut Context<'_>, values: &mut [Value]) -> Run<()> {
        let plan = self.plan;
        let Some(programs) = plan.programs.as_deref().filter(|_| plan.fires_before()) else { return Ok(()) };
        if let Some(rules) = self.rules {
            // Generated columns see 0 and its like where no value was given: only NEW has NULL there.
            let is_missing = |column: usize, value: &Value| {
                let of = &plan.table.columns[column];
                *value == Value::Null
                    && !of.nullable
                    && plan.absent.contains(&column)
                    && of.generated.is_none()
            };
            let mut seen = values.to_vec();
            for (column, value) in seen.iter_mut().enumerate() {
                if is_missing(column, value) {
                    *value = default::implicit(&plan.table.columns[column].data_type);
                }
            }
            rules.compute(&plan.table, &mut seen, self.tally.records, plan.is_single_row(), ctx)?;
            for ((place, value), column) in values.iter_mut().zip(seen).zip(&plan.table.columns) {
                if column.generated.is_some() {
                    *place = value;
                }
            }
        }
        let number = plan.table.auto_increment_column.filter(|column| values[*column] == Value::Null);
        fire_before(programs, TriggerEvent::Insert, None, values, ctx)?;
        if let Some(column) = number
            && sequence::number(&values[column]) == 0
        {
            // It saw 0 there, and left it.
            values[column] = Value::Null;
        }
        for (position, column) in plan.table.columns.iter().enumerate() {
            let Some(value) = values.get_mut(position) else { continue };
            let may_be_null = column.nullable || column.auto_increment || column.generated.is_some();
            if may_be_null || *value != Value::Null {
                continue;
            }
            let is_told = self.warned_nulls.contains(&position);
            let mark = ctx.session.warnings_mark();
            *value = if plan.absent.contains(&position) && column.default == ColumnDefault::None {
                match &plan.through {
                    Some(through) => through_view::missing(through, column, ctx)?,
                    None => default::missing(column, ctx)?,
                }
            } else {
                null_refused(ctx, column, plan.is_single_row())?
            };
            if is_told {
                ctx.session.forget_warnings(mark);
            } else {
                self.warned_nulls.push(position);
            }
        }
        Ok(())
    }

    /// AFTER INSERT.
    pub(super) fn after_insert(&mut self, ctx: &mut Context<'_>, values: &[Value]) -> Run<()> {
        match self.plan.programs.as_deref() {
            Some(programs) => {
                fire(programs, (TriggerEvent::Insert, TriggerTime::After), (None, Some(values)), ctx)
            }
            None => Ok(()),
        }
    }
}

/// BEFORE UPDATE: the triggers, then no NULL where none may be. Generated columns are as the row was assigned.
///
/// # Errors
/// What triggers fail with, 1048; suspends for locks.
pub fn before_update(
    programs: Option<&TablePrograms>,
    table: &Table,
    old: &[Value],
    (new, number): (&mut [Value], u64),
    ctx: &mut Context<'_>,
) -> Run<()> {
    let Some(programs) = programs.filter(|found| found.has(TriggerEvent::Update, TriggerTime::Before)) else {
        return Ok(());
    };
    if let Some(rules) = table.rules()?
        && *new != *old
    {
        rules.compute(table, new, number, false, ctx)?;
    }
    fire_before(programs, TriggerEvent::Update, Some(old), new, ctx)?;
    for (column, value) in table.columns.iter().zip(new) {
        if column.nullable || column.generated.is_some() || *value != Value::Null {
            continue;
        }
        let error = Error::column_cannot_be_null(&column.name);
        if ctx.strict {
            return Err(error.into());
        }
        let is_told = ctx.session.warnings.iter().any(|told| told.message == error.message);
        if !is_told {
            ctx.session.warn(WarningLevel::Warning, error.code, error.message);
        }
        *value = default::implicit(&column.data_type);
    }
    Ok(())
}

/// AFTER UPDATE, also of a row that is as it was.
///
/// # Errors
/// What triggers fail with; suspends for locks.
pub fn after_update(
    programs: Option<&TablePrograms>,
    old: &[Value],
    new: &[Value],
    ctx: &mut Context<'_>,
) -> Run<()> {
    match programs {
        Some(programs) => {
            fire(programs, (TriggerEvent::Update, TriggerTime::After), (Some(old), Some(new)), ctx)
        }
        None => Ok(()),
    }
}

/// BEFORE DELETE and AFTER DELETE.
///
/// # Errors
/// What triggers fail with; suspends for locks.
pub fn around_delete(
    programs: Option<&TablePrograms>,
    time: TriggerTime,
    old: &[Value],
    ctx: &mut Context<'_>,
) -> Run<()> {
    match programs {
        Some(programs) => fire(programs, (TriggerEvent::Delete, time), (Some(old), None), ctx),
        None => Ok(()),
    }
}
