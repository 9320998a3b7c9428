//! The names that a body declares, as they are seen where the parser stands.
//!
//! A name that stands alone in an expression is a variable before it is a column, as in MySQL: the statement gets a parameter for it.

use crate::ast::ConditionValue;
use crate::catalog::same_name;
use crate::error::Error;

/// What the blocks around declare, and what the statement being parsed reads of it.
#[derive(Default)]
pub(crate) struct Locals {
    /// Names and slots; the innermost last.
    variables: Vec<(String, usize)>,
    conditions: Vec<(String, ConditionValue)>,
    cursors: Vec<(String, usize)>,
    /// How many of each there were where the blocks around begin.
    blocks: Vec<[usize; 3]>,
    /// The slots of the statement's parameters.
    inputs: Vec<usize>,
    /// The next slot.
    next_slot: usize,
}

impl Locals {
    /// A block begins.
    pub(super) fn enter(&mut self) {
        self.blocks.push([self.variables.len(), self.conditions.len(), self.cursors.len()]);
    }

    /// A block ends: its names are gone.
    pub(super) fn leave(&mut self) {
        if let Some([variables, conditions, cursors]) = self.blocks.pop() {
            self.variables.truncate(variables);
            self.conditions.truncate(conditions);
            self.cursors.truncate(cursors);
        }
    }

    fn block(&self) -> [usize; 3] {
        self.blocks.last().copied().unwrap_or_default()
    }

    /// A slot that has no name.
    pub(super) fn unnamed(&mut self) -> usize {
        self.next_slot += 1;
        self.next_slot - 1
    }

    /// Whether the innermost block has this variable.
    pub(super) fn has_own(&self, name: &str) -> bool {
        self.variables[self.block()[0]..].iter().any(|(known, _)| same_name(known, name))
    }

    /// Declares a variable.
    pub(super) fn declare(&mut self, name: &str) -> usize {
        let slot = self.unnamed();
        self.variables.push((name.to_owned(), slot));
        slot
    }

    /// Declares a condition.
    ///
    /// # Errors
    /// 1332.
    pub(super) fn declare_condition(&mut self, name: &str, value: ConditionValue) -> crate::Result<()> {
        if self.conditions[self.block()[1]..].iter().any(|(known, _)| same_name(known, name)) {
            return Err(Error::mysql(1332, *b"42000", format!("Duplicate condition: {name}")));
        }
        self.conditions.push((name.to_owned(), value));
        Ok(())
    }

    /// A condition.
    pub(crate) fn condition(&self, name: &str) -> Option<ConditionValue> {
        self.conditions.iter().rev().find(|(known, _)| same_name(known, name)).map(|(_, value)| *value)
    }

    /// Declares a cursor.
    ///
    /// # Errors
    /// 1333.
    pub(super) fn declare_cursor(&mut self, name: &str, number: usize) -> crate::Result<()> {
        if self.cursors[self.block()[2]..].iter().any(|(known, _)| same_name(known, name)) {
            return Err(Error::mysql(1333, *b"42000", format!("Duplicate cursor: {name}")));
        }
        self.cursors.push((name.to_owned(), number));
        Ok(())
    }

    /// A cursor's number.
    ///
    /// # Errors
    /// 1324.
    pub(super) fn cursor(&self, name: &str) -> crate::Result<usize> {
        let found = self.cursors.iter().rev().find(|(known, _)| same_name(known, name));
        found
            .map(|(_, number)| *number)
            .ok_or_else(|| Error::mysql(1324, *b"42000", format!("Undefined CURSOR: {name}")))
    }

    /// A variable's slot.
    pub(crate) fn slot(&self, name: &str) -> Option<usize> {
        self.variables.iter().rev().find(|(known, _)| same_name(known, name)).map(|(_, slot)| *slot)
    }

    /// The parameter that stands for a variable in the statement being parsed.
    pub(crate) fn parameter(&mut self, name: &str) -> Option<usize> {
        let slot = self.slot(name)?;
        Some(self.input(slot))
    }

    /// The parameter that stands for a slot.
    pub(super) fn input(&mut self, slot: usize) -> usize {
        if let Some(known) = self.inputs.iter().position(|input| *input == slot) {
            return known;
        }
        self.inputs.push(slot);
        self.inputs.len() - 1
    }

    /// The slots that the statement reads, which ends here.
    pub(super) fn take_inputs(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.inputs)
    }
}
