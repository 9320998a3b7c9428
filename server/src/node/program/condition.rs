//! Conditions and their handlers.
//!
//! A step has the handlers of the blocks around it. Within a block a number goes before an SQLSTATE, and that before SQLWARNING, NOT FOUND and
//! SQLEXCEPTION; a block goes before the one around it. After a statement that ended well it is the last of its warnings that has a handler.

use std::sync::atomic::Ordering;

use sql::Error;
use sql::ast::{Action, Step};
use sql::program::condition::{find, raises};
use sql::session::WarningLevel;

use super::frame::{Frame, Handling};
use crate::node::session::Session;

/// Errors that are for no handler: the statement was killed, or timed out, or its fate is not known.
const FOR_NO_HANDLER: [u16; 3] = [1053, 1317, 3024];

impl Session {
    /// Goes on with the handler of an error, if there is one.
    ///
    /// # Errors
    /// The error, if there is none.
    pub(super) fn handle_error(
        &mut self,
        error: Error,
        frame: &mut Frame,
        step: &Step,
        at: usize,
    ) -> Result<(), Error> {
        let is_killed = self.connection.statement_killed.load(Ordering::Acquire);
        let found = match is_killed || FOR_NO_HANDLER.contains(&error.code) {
            true => None,
            false => find(&frame.compiled.program, step.scope, error.code, error.state, WarningLevel::Error),
        };
        let Some(handler) = found else { return Err(error) };
        self.tell(&error);
        self.programs.is_told = false;
        self.activate(handler, frame, step, at);
        Ok(())
    }

    /// Goes on with the handler of a warning, if there is one.
    pub(super) fn handle_warnings(&mut self, frame: &mut Frame, step: &Step, at: usize) {
        if self.state.warnings.is_empty()
            || self.shows_diagnostics
            || step.scope == 0
            || !raises(&step.action)
        {
            return;
        }
        let found = self.state.warnings.iter().rev().find_map(|warning| {
            let state = warning.state.unwrap_or_else(|| sql::program::warning_state(warning.code));
            find(&frame.compiled.program, step.scope, warning.code, state, warning.level)
        });
        if let Some(handler) = found {
            self.activate(handler, frame, step, at);
        }
    }

    fn activate(&mut self, handler: usize, frame: &mut Frame, step: &Step, at: usize) {
        let resume = match &step.action {
            Action::Set { on_error, .. } | Action::JumpUnless { on_error, .. } => *on_error,
            _ => at + 1,
        };
        frame.handling.push(Handling { handler, resume });
        self.programs.handled.push(self.state.warnings.clone());
        if let Some(handler) = frame.compiled.program.handlers.get(handler) {
            frame.at = handler.first;
        }
    }

    /// A handler's body is through.
    pub(super) fn end_handler(&mut self, number: usize, frame: &mut Frame) {
        self.state.warnings.clear();
        self.state.warning_count = 0;
        let resume = frame.handling.pop().map(|handling| handling.resume);
        let Some(handler) = frame.compiled.program.handlers.get(number) else { return };
        frame.at = match (handler.goes_on, resume) {
            (true, Some(resume)) => resume,
            _ => handler.block_end,
        };
        frame.forget_left_handlers();
        let running = self.programs.handled_outside + frame.handling.len();
        self.programs.handled.truncate(running);
    }
}
