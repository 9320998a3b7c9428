//! One running routine: its variables, cursors and handlers, and where it is.

use std::sync::Arc;

use sql::ast::Bound;
use sql::program::Compiled;
use sql::types::{DataType, Value};

use super::cursor::OpenCursor;
use crate::node::plan_cache::CachedPlan;

/// A running routine.
pub(super) struct Frame {
    pub compiled: Arc<Compiled>,
    /// Values by slot.
    pub values: Vec<Value>,
    /// Types by slot: those of the declarations, or of the value where none was declared.
    pub types: Vec<DataType>,
    /// Open cursors by their number.
    pub cursors: Vec<Option<OpenCursor>>,
    /// Handlers that are running, the innermost last.
    pub handling: Vec<Handling>,
    /// The next step.
    pub at: usize,
    /// Plans by step, and after those of the cursors.
    pub plans: Vec<Option<Arc<CachedPlan>>>,
}

/// A handler that is running.
pub(super) struct Handling {
    /// Which.
    pub handler: usize,
    /// Where CONTINUE goes on.
    pub resume: usize,
}

impl Frame {
    pub(super) fn new(compiled: Arc<Compiled>) -> Frame {
        let declared = |variable: &Option<sql::catalog::Column>| {
            variable.as_ref().map_or(DataType::NULL, |variable| variable.data_type)
        };
        let (steps, cursors) = (compiled.program.steps.len(), compiled.program.cursors.len());
        Frame {
            values: vec![Value::Null; compiled.variables.len()],
            types: compiled.variables.iter().map(declared).collect(),
            cursors: (0..cursors).map(|_| None).collect(),
            handling: Vec::new(),
            at: 0,
            plans: vec![None; steps + cursors],
            compiled,
        }
    }

    /// A variable's value and type.
    pub(super) fn get(&self, slot: usize) -> (Value, DataType) {
        let value = self.values.get(slot).cloned().unwrap_or(Value::Null);
        (value, self.types.get(slot).copied().unwrap_or(DataType::NULL))
    }

    /// What a statement reads.
    pub(super) fn inputs(&self, bound: &Bound) -> (Vec<Value>, Vec<DataType>) {
        bound.inputs.iter().map(|slot| self.get(*slot)).unzip()
    }

    /// After a jump: handlers whose bodies were left are over.
    pub(super) fn forget_left_handlers(&mut self) {
        while let Some(top) = self.handling.last() {
            let handler = self.compiled.program.handlers.get(top.handler);
            if handler.is_some_and(|handler| handler.first <= self.at && self.at <= handler.last) {
                return;
            }
            self.handling.pop();
        }
    }
}
