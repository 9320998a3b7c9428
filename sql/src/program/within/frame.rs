//! One running program: its variables, cursors and handlers, and where it is.

use std::collections::VecDeque;

use super::plan::ProgramPlan;
use crate::ast::{Action, Step};
use crate::catalog::Column;
use crate::error::Error;
use crate::execute::memory::{Bounded, value_bytes};
use crate::execute::{Context, ResultColumn, Run, Sink};
use crate::limits::INSERT_QUERY_BYTES_MAX;
use crate::program::condition::{find, raises};
use crate::program::{assign, fits, warning_state};
use crate::session::{ConditionItems, SessionState, Warning, WarningLevel};
use crate::types::{DataType, Value, convert};

/// What a row of a cursor takes besides its values.
const ROW_BYTES: usize = 48;

/// Errors that are for no handler: the statement was killed, or its transaction is over.
const FOR_NO_HANDLER: [u16; 6] = [1053, 1205, 1213, 1290, 1317, 3024];

/// A running program.
pub(super) struct Frame<'p> {
    pub plan: &'p ProgramPlan,
    /// Values by slot.
    pub values: Vec<Value>,
    /// Slots that were assigned.
    pub assigned: Vec<bool>,
    /// Open cursors by their number.
    pub cursors: Vec<Option<OpenCursor>>,
    /// The next step.
    pub at: usize,
    /// Handlers that are running, the innermost last: which, where CONTINUE goes on, and the conditions that it is for.
    pub handling: Vec<(usize, usize, Vec<Warning>)>,
    /// What SIGNAL has set of the error under way.
    pub raised: Option<Box<ConditionItems>>,
    /// The statement has left the conditions of the one before it.
    pub keeps_conditions: bool,
    /// What RETURN gives its value to, and what errors call that.
    pub returns: Option<(&'p Column, &'p str)>,
    /// What a function has returned.
    pub returned: Option<Value>,
}

/// The rows of an open cursor.
pub(super) struct OpenCursor {
    pub types: Vec<DataType>,
    pub rows: VecDeque<Vec<Value>>,
    memory: Bounded,
}

impl OpenCursor {
    pub(super) fn new(session: &SessionState) -> OpenCursor {
        let memory = Bounded::new(session, INSERT_QUERY_BYTES_MAX, "rows of a cursor");
        OpenCursor { types: Vec::new(), rows: VecDeque::new(), memory }
    }
}

impl Sink for OpenCursor {
    fn columns(&mut self, columns: &[ResultColumn]) -> crate::Result<()> {
        self.types = columns.iter().map(|column| column.data_type).collect();
        Ok(())
    }

    fn row(&mut self, row: &[Value]) -> crate::Result<()> {
        let bytes: usize = row.iter().map(value_bytes).sum();
        self.memory.add(bytes + ROW_BYTES)?;
        self.rows.push_back(row.to_vec());
        Ok(())
    }
}

impl<'p> Frame<'p> {
    pub(super) fn new(plan: &'p ProgramPlan) -> Frame<'p> {
        let count = plan.variables.len();
        Frame {
            plan,
            values: vec![Value::Null; count],
            assigned: vec![false; count],
            cursors: plan.cursors.iter().map(|_| None).collect(),
            at: 0,
            handling: Vec::new(),
            raised: None,
            keeps_conditions: false,
            returns: None,
            returned: None,
        }
    }

    /// What a statement reads of variables.
    pub(super) fn inputs(&self, slots: &[usize]) -> Vec<Value> {
        slots.iter().map(|slot| self.values.get(*slot).cloned().unwrap_or(Value::Null)).collect()
    }

    /// Gives a variable a value.
    ///
    /// # Errors
    /// Those of columns.
    pub(super) fn assign(
        &mut self,
        slot: usize,
        value: Value,
        from: &DataType,
        ctx: &mut Context<'_>,
    ) -> Run<()> {
        let plan = self.plan;
        let stored = match plan.variables.get(slot) {
            Some(Some(variable)) if !fits(variable, &value) => {
                let strict = ctx.session.variables.sql_mode.is_strict();
                let before = std::mem::replace(&mut ctx.strict, strict);
                let stored = assign(variable, value, from, ctx);
                ctx.strict = before;
                stored?
            }
            Some(_) => value,
            None => return Err(Error::internal("no such variable").into()),
        };
        self.values[slot] = stored;
        self.assigned[slot] = true;
        Ok(())
    }

    /// RETURN of a value.
    ///
    /// # Errors
    /// Those of columns.
    pub(super) fn give_back(&mut self, value: Value, from: &DataType, ctx: &mut Context<'_>) -> Run<()> {
        let Some((column, label)) = self.returns else {
            return Err(Error::internal("RETURN of nothing that returns").into());
        };
        let stored = if value == Value::Null || fits(column, &value) {
            value
        } else {
            let strict = ctx.session.variables.sql_mode.is_strict();
            let before = std::mem::replace(&mut ctx.strict, strict);
            let stored = convert::store_from(value, || *from, &column.data_type, label, 1, ctx);
            ctx.strict = before;
            stored?
        };
        self.returned = Some(stored);
        Ok(())
    }

    /// Goes on with the handler of an error, if there is one.
    ///
    /// # Errors
    /// The error, if there is none.
    pub(super) fn handle_error(
        &mut self,
        error: Error,
        step: &Step,
        at: usize,
        ctx: &mut Context<'_>,
    ) -> Run<()> {
        ctx.check()?;
        let is_raised = error.code == Error::deadlock().code && !error.is_deadlock();
        let found = match FOR_NO_HANDLER.contains(&error.code) && !is_raised {
            true => None,
            false => find(&self.plan.program, step.scope, error.code, error.state, WarningLevel::Error),
        };
        let Some(handler) = found else { return Err(error.into()) };
        ctx.session.warn(WarningLevel::Error, error.code, error.message);
        if let Some(last) = ctx.session.warnings.last_mut() {
            last.state = Some(error.state);
            last.items = self.raised.take().or_else(|| ctx.session.raised.take());
        }
        self.activate(handler, step, at, ctx);
        Ok(())
    }

    /// Goes on with the handler of a warning, if there is one.
    pub(super) fn handle_warnings(&mut self, step: &Step, at: usize, ctx: &mut Context<'_>) {
        if ctx.session.warnings.is_empty()
            || self.keeps_conditions
            || step.scope == 0
            || !raises(&step.action)
        {
            return;
        }
        let found = ctx.session.warnings.iter().rev().find_map(|warning| {
            let state = warning.state.unwrap_or_else(|| warning_state(warning.code));
            find(&self.plan.program, step.scope, warning.code, state, warning.level)
        });
        if let Some(handler) = found {
            self.activate(handler, step, at, ctx);
        }
    }

    fn activate(&mut self, handler: usize, step: &Step, at: usize, ctx: &mut Context<'_>) {
        let resume = match &step.action {
            Action::Set { on_error, .. } | Action::JumpUnless { on_error, .. } => *on_error,
            _ => at + 1,
        };
        self.handling.push((handler, resume, ctx.session.warnings.clone()));
        if let Some(handler) = self.plan.program.handlers.get(handler) {
            self.at = handler.first;
        }
    }

    /// A handler's body is through.
    pub(super) fn end_handler(&mut self, number: usize, ctx: &mut Context<'_>) {
        ctx.session.warnings.clear();
        ctx.session.warning_count = 0;
        let resume = self.handling.pop().map(|(_, resume, _)| resume);
        let Some(handler) = self.plan.program.handlers.get(number) else { return };
        self.at = match (handler.goes_on, resume) {
            (true, Some(resume)) => resume,
            _ => handler.block_end,
        };
        // Handlers whose bodies were left are over.
        while let Some((top, ..)) = self.handling.last() {
            let handler = self.plan.program.handlers.get(*top);
            if handler.is_some_and(|handler| handler.first <= self.at && self.at <= handler.last) {
                return;
            }
            self.handling.pop();
        }
    }
}
