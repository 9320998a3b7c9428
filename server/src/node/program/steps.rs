//! The loop over the steps of a program.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use sql::Error;
use sql::ast::{Action, Bound, Statement};
use sql::session::WarningLevel;

use super::frame::Frame;
use crate::limits::PROGRAM_STEPS_BETWEEN_YIELDS;
use crate::node::result::Answer;
use crate::node::session::Session;

impl Session {
    /// Runs a program to its end.
    ///
    /// # Errors
    /// What no handler takes.
    pub(super) async fn run_frame(&mut self, frame: &mut Frame, reply: &mut dyn Answer) -> Result<(), Error> {
        let compiled = Arc::clone(&frame.compiled);
        let mut count: u32 = 0;
        while let Some(step) = compiled.program.steps.get(frame.at) {
            if self.connection.statement_killed.load(Ordering::Acquire) {
                return Err(self.interrupted());
            }
            count = count.wrapping_add(1);
            if count.is_multiple_of(PROGRAM_STEPS_BETWEEN_YIELDS) {
                tokio::task::yield_now().await;
            }
            let at = frame.at;
            frame.at += 1;
            let result = self.step(&step.action, at, frame, reply).await;
            match result {
                Ok(()) => self.handle_warnings(frame, step, at),
                Err(error) => self.handle_error(error, frame, step, at)?,
            }
        }
        Ok(())
    }

    async fn step(
        &mut self,
        action: &Action,
        at: usize,
        frame: &mut Frame,
        reply: &mut dyn Answer,
    ) -> Result<(), Error> {
        match action {
            Action::Run(bound) => self.run_statement(bound, at, frame, reply).await,
            Action::Set { slot, value, .. } => {
                let Some(bound) = value else {
                    frame.values[*slot] = sql::types::Value::Null;
                    return Ok(());
                };
                self.programs.is_assigning = true;
                let evaluated = self.bound_value(bound, at, frame).await;
                self.programs.is_assigning = false;
                let result = match evaluated {
                    Ok((value, from)) => self.assign_slot(frame, *slot, value, &from),
                    Err(error) => Err(error),
                };
                // As in MySQL: not when it could not begin.
                if result.as_ref().is_err_and(|error| !matches!(error.code, 1046 | 1049 | 1054 | 1146)) {
                    frame.values[*slot] = sql::types::Value::Null;
                }
                result
            }
            Action::Jump(to) => {
                frame.at = *to;
                Ok(())
            }
            Action::JumpUnless { condition, to, .. } => {
                let (value, _) = self.bound_value(condition, at, frame).await?;
                if !self.is_true(&value) {
                    frame.at = *to;
                }
                Ok(())
            }
            Action::CaseNotFound => Err(Error::mysql(1339, *b"20000", "Case not found for CASE statement")),
            Action::Return(_) => Err(Error::internal("RETURN in a procedure")),
            Action::Open(number) => self.open_cursor(*number, frame).await,
            Action::Fetch { cursor, into } => self.fetch_cursor(*cursor, into, frame),
            Action::Close(number) => Self::close_cursor(*number, frame),
            Action::CloseBetween { from, to } => {
                frame.cursors.iter_mut().take(*to).skip(*from).for_each(|cursor| *cursor = None);
                Ok(())
            }
            Action::EndHandler(number) => {
                self.end_handler(*number, frame);
                Ok(())
            }
        }
    }

    /// A statement as if the client had sent it.
    async fn run_statement(
        &mut self,
        bound: &Bound,
        at: usize,
        frame: &mut Frame,
        reply: &mut dyn Answer,
    ) -> Result<(), Error> {
        let (values, types) = frame.inputs(bound);
        self.programs.types = Some(types);
        self.programs.outputs = Some(Vec::new());
        let mut plan = frame.plans.get_mut(at).and_then(Option::take);
        let is_call = matches!(*bound.statement, Statement::Call(_));
        let result = self.run_inner(&bound.statement, &values, &mut plan, reply).await;
        self.programs.types = None;
        let outputs = self.programs.outputs.take().unwrap_or_default();
        if let Some(place) = frame.plans.get_mut(at) {
            *place = plan;
        }
        let outcome = match result {
            Ok(outcome) => outcome,
            Err(error) => {
                self.programs.is_told = true;
                return Err(error);
            }
        };
        if outcome.rows {
            self.end_rows(reply)?;
        }
        for (index, value, from) in outputs {
            let slot = if is_call { bound.inputs.get(index).copied() } else { Some(index) };
            let Some(slot) = slot else { return Err(Error::internal("an output of no variable")) };
            self.assign_slot(frame, slot, value, &from)?;
        }
        Ok(())
    }

    /// Rows were written: their result ends, and another answer follows.
    fn end_rows(&mut self, reply: &mut dyn Answer) -> Result<(), Error> {
        // MySQL counts no warnings within a routine.
        reply.end_result(self.status_flags(), 0)
    }

    /// Notes an error that no statement has noted.
    pub(super) fn tell(&mut self, error: &Error) {
        if !std::mem::replace(&mut self.programs.is_told, true) {
            self.state.warn(WarningLevel::Error, error.code, error.message.clone());
        }
    }
}
