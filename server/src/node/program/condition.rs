//! Conditions and their handlers.
//!
//! A step has the handlers of the blocks around it. Within a block a number goes before an SQLSTATE, and that before SQLWARNING, NOT FOUND and
//! SQLEXCEPTION; a block goes before the one around it. After a statement that ended well it is the last of its warnings that has a handler.

use std::sync::atomic::Ordering;

use sql::Error;
use sql::ast::{Action, ConditionValue, Program, Step};
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

/// Whether a step raises conditions of its own, rather than leaving those of the one before.
fn raises(action: &Action) -> bool {
    match action {
        Action::Run(_)
        | Action::Set { value: Some(_), .. }
        | Action::JumpUnless { .. }
        | Action::Open(_)
        | Action::Fetch { .. } => true,
        Action::Set { value: None, .. }
        | Action::Jump(_)
        | Action::CaseNotFound
        | Action::Close(_)
        | Action::CloseBetween { .. }
        | Action::EndHandler(_) => false,
    }
}

/// The handler that stands for a condition in a scope.
fn find(program: &Program, scope: usize, code: u16, state: [u8; 5], level: WarningLevel) -> Option<usize> {
    let mut next = Some(scope);
    while let Some(scope) = next.and_then(|scope| program.scopes.get(scope)) {
        let best = scope
            .handlers
            .iter()
            .filter_map(|number| {
                let handler = program.handlers.get(*number)?;
                let ranks = handler.conditions.iter().filter_map(|value| rank(*value, code, state, level));
                ranks.min().map(|rank| (rank, *number))
            })
            .min();
        if let Some((_, number)) = best {
            return Some(number);
        }
        next = scope.parent;
    }
    None
}

/// How well a handler's condition fits, the less the better; none for not at all.
fn rank(value: ConditionValue, code: u16, state: [u8; 5], level: WarningLevel) -> Option<u8> {
    let fits = match value {
        ConditionValue::Code(of) => of == code,
        ConditionValue::State(of) => of == state,
        ConditionValue::Warning => state.starts_with(b"01") || level == WarningLevel::Warning,
        ConditionValue::NotFound => state.starts_with(b"02"),
        ConditionValue::Exception => {
            level == WarningLevel::Error && !state.starts_with(b"01") && !state.starts_with(b"02")
        }
    };
    let rank = match value {
        ConditionValue::Code(_) => 0,
        ConditionValue::State(_) => 1,
        ConditionValue::NotFound => 2,
        ConditionValue::Warning | ConditionValue::Exception => 3,
    };
    fits.then_some(rank)
}
