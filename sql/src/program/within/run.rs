//! Running the triggers of a row, and the steps of any program within a statement.

use super::frame::{Frame, OpenCursor};
use super::plan::{ProgramPlan, TablePrograms};
use super::session;
use crate::ast::{Action, TriggerEvent, TriggerTime};
use crate::dml::default;
use crate::error::Error;
use crate::execute::{Context, Interrupt, Run};
use crate::types::Value;

/// The row that triggers are for.
#[derive(Clone, Copy)]
struct Row<'r> {
    old: Option<&'r [Value]>,
    new: Option<&'r [Value]>,
    /// The new row is not numbered yet.
    is_unnumbered: bool,
}

/// Runs triggers that change no row of theirs.
///
/// # Errors
/// What no handler takes; suspends for locks.
pub fn fire(
    programs: &TablePrograms,
    (event, time): (TriggerEvent, TriggerTime),
    (old, new): (Option<&[Value]>, Option<&[Value]>),
    ctx: &mut Context<'_>,
) -> Run<()> {
    for plan in programs.of(event, time) {
        run(plan, Row { old, new, is_unnumbered: false }, ctx)?;
    }
    Ok(())
}

/// Runs BEFORE INSERT and BEFORE UPDATE triggers, which may change the new row.
///
/// # Errors
/// What no handler takes; suspends for locks.
pub fn fire_before(
    programs: &TablePrograms,
    event: TriggerEvent,
    old: Option<&[Value]>,
    new: &mut [Value],
    ctx: &mut Context<'_>,
) -> Run<()> {
    for plan in programs.of(event, TriggerTime::Before) {
        let is_unnumbered = event == TriggerEvent::Insert;
        for (column, value) in run(plan, Row { old, new: Some(new), is_unnumbered }, ctx)? {
            if let Some(place) = new.get_mut(column) {
                *place = value;
            }
        }
    }
    Ok(())
}

/// Runs one trigger; the columns of NEW that it assigned, with their values.
fn run(plan: &ProgramPlan, row: Row<'_>, ctx: &mut Context<'_>) -> Run<Vec<(usize, Value)>> {
    if let Some(refused) = &plan.refused {
        return Err(refused.clone().into());
    }
    let mut frame = Frame::new(plan);
    for (slot, is_new, column) in &plan.row {
        let values = if *is_new { row.new } else { row.old };
        let mut value = values.and_then(|values| values.get(*column)).cloned().unwrap_or(Value::Null);
        if let Some(Some(of)) = plan.variables.get(*slot)
            && of.auto_increment
            && row.is_unnumbered
            && value == Value::Null
        {
            // A number that is still to come is 0, as in MySQL.
            value = default::implicit(&of.data_type);
        }
        frame.values[*slot] = value;
    }
    let strict = ctx.strict;
    let outside = session::enter(ctx.session, &plan.settings);
    let result = frame.run(ctx);
    session::leave(ctx.session, outside);
    ctx.strict = strict;
    if result.is_err() {
        ctx.session.raised = frame.raised.take();
    }
    result?;
    let assigned = |(slot, is_new, column): &(usize, bool, usize)| {
        let value =
            (*is_new && frame.assigned.get(*slot) == Some(&true)).then(|| frame.values[*slot].clone());
        value.map(|value| (*column, value))
    };
    Ok(plan.row.iter().filter_map(assigned).collect())
}

impl Frame<'_> {
    /// Runs the steps to their end.
    pub(super) fn run(&mut self, ctx: &mut Context<'_>) -> Run<()> {
        let plan = self.plan;
        while let Some(step) = plan.program.steps.get(self.at) {
            ctx.check()?;
            let at = self.at;
            self.at += 1;
            self.keeps_conditions = false;
            match self.step(&step.action, at, ctx) {
                Ok(()) => self.handle_warnings(step, at, ctx),
                Err(Interrupt::Error(error)) => self.handle_error(error, step, at, ctx)?,
                Err(suspend @ Interrupt::Suspend(_)) => return Err(suspend),
            }
        }
        Ok(())
    }

    fn step(&mut self, action: &Action, at: usize, ctx: &mut Context<'_>) -> Run<()> {
        match action {
            Action::Run(bound) => self.statement(bound, at, ctx),
            Action::Set { slot, value, .. } => {
                let Some(bound) = value else {
                    self.values[*slot] = Value::Null;
                    return Ok(());
                };
                let result = match self.value(at, 0, &bound.inputs, true, ctx) {
                    Ok((value, from)) => self.assign(*slot, value, &from, ctx),
                    Err(interrupt) => Err(interrupt),
                };
                // As in MySQL: not when it could not begin.
                if let Err(Interrupt::Error(error)) = &result
                    && !matches!(error.code, 1046 | 1049 | 1054 | 1146)
                {
                    self.values[*slot] = Value::Null;
                }
                result
            }
            Action::Jump(to) => {
                self.at = *to;
                Ok(())
            }
            Action::JumpUnless { condition, to, .. } => {
                let (value, _) = self.value(at, 0, &condition.inputs, false, ctx)?;
                if !crate::program::is_true(&value, ctx.session) {
                    self.at = *to;
                }
                Ok(())
            }
            Action::Return(value) => {
                let (value, from) = self.value(at, 0, &value.inputs, true, ctx)?;
                self.give_back(value, &from, ctx)?;
                self.at = self.plan.program.steps.len();
                Ok(())
            }
            Action::CaseNotFound => {
                Err(Error::mysql(1339, *b"20000", "Case not found for CASE statement").into())
            }
            Action::Open(number) => self.open(*number, ctx),
            Action::Fetch { cursor, into } => self.fetch(*cursor, into, ctx),
            Action::Close(number) => match self.cursors.get_mut(*number).map(Option::take) {
                Some(Some(_)) => Ok(()),
                Some(None) | None => Err(not_open().into()),
            },
            Action::CloseBetween { from, to } => {
                self.cursors.iter_mut().take(*to).skip(*from).for_each(|cursor| *cursor = None);
                Ok(())
            }
            Action::EndHandler(number) => {
                self.end_handler(*number, ctx);
                Ok(())
            }
        }
    }

    /// OPEN.
    fn open(&mut self, number: usize, ctx: &mut Context<'_>) -> Run<()> {
        ctx.session.warnings.clear();
        ctx.session.warning_count = 0;
        if self.cursors.get(number).is_none_or(Option::is_some) {
            return Err(Error::mysql(1325, *b"24000", "Cursor is already open").into());
        }
        let plan = match self.plan.cursors.get(number) {
            Some(Ok(plan)) => plan,
            Some(Err(error)) => return Err(error.clone().into()),
            None => return Err(Error::internal("no such cursor").into()),
        };
        let Some(definition) = self.plan.program.cursors.get(number) else {
            return Err(Error::internal("no such cursor").into());
        };
        let parameters = self.inputs(&definition.query.inputs);
        let mut rows = OpenCursor::new(ctx.session);
        let is_change = self.returns.is_none();
        super::statement::run_plan(plan, &parameters, (false, is_change), &mut rows, ctx)?;
        self.cursors[number] = Some(rows);
        Ok(())
    }

    /// FETCH.
    fn fetch(&mut self, number: usize, into: &[usize], ctx: &mut Context<'_>) -> Run<()> {
        ctx.session.warnings.clear();
        ctx.session.warning_count = 0;
        let Some(Some(cursor)) = self.cursors.get_mut(number) else { return Err(not_open().into()) };
        if cursor.types.len() != into.len() {
            return Err(Error::mysql(1328, *b"HY000", "Incorrect number of FETCH variables").into());
        }
        let Some(row) = cursor.rows.pop_front() else {
            let message = "No data - zero rows fetched, selected, or processed";
            return Err(Error::mysql(1329, *b"02000", message).into());
        };
        let types = cursor.types.clone();
        for ((slot, value), of) in into.iter().zip(row).zip(&types) {
            self.assign(*slot, value, of, ctx)?;
        }
        Ok(())
    }
}

fn not_open() -> Error {
    Error::mysql(1326, *b"24000", "Cursor is not open")
}
