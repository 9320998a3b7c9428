//! The names that a body declares, as they are seen where the parser stands.
//!
//! A name that stands alone in an expression is a variable before it is a column, as in MySQL: the statement gets a parameter for it.

use crate::ast::{ConditionValue, RowColumn, TriggerEvent, TriggerTime};
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
    /// Of which trigger the body is.
    pub(super) trigger: Option<(TriggerTime, TriggerEvent)>,
    /// The body is a function's.
    pub(super) is_function: bool,
    /// The columns of its row that it names.
    pub(super) row_columns: Vec<RowColumn>,
}

/// Whether a name is the one of a trigger's row, and of the new one.
pub(super) fn is_row(name: &str) -> Option<bool> {
    match (name.eq_ignore_ascii_case("new"), name.eq_ignore_ascii_case("old")) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    }
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

    /// The parameter that stands for `NEW.column` or `OLD.column`; none for another table, or outside of a trigger.
    ///
    /// # Errors
    /// 1363.
    pub(crate) fn row_parameter(&mut self, row: &str, column: &str) -> crate::Result<Option<usize>> {
        let (Some(_), Some(is_new)) = (self.trigger, is_row(row)) else { return Ok(None) };
        let slot = self.row_slot(is_new, column, false)?;
        Ok(Some(self.input(slot)))
    }

    /// The slot of a column of the trigger's row.
    ///
    /// # Errors
    /// 1362, 1363.
    pub(super) fn row_slot(&mut self, is_new: bool, column: &str, is_assigned: bool) -> crate::Result<usize> {
        let Some((time, event)) = self.trigger else {
            return Err(Error::internal("no trigger has a row here"));
        };
        let row = if is_new { "NEW" } else { "OLD" };
        if is_assigned && !is_new {
            return Err(Error::mysql(1362, *b"HY000", "Updating of OLD row is not allowed in trigger"));
        }
        let is_missing = match event {
            TriggerEvent::Insert => !is_new,
            TriggerEvent::Update => false,
            TriggerEvent::Delete => is_new,
        };
        if is_missing {
            let message = format!("There is no {row} row in on {} trigger", event.word());
            return Err(Error::mysql(1363, *b"HY000", message));
        }
        if is_assigned && time == TriggerTime::After {
            let message = "Updating of NEW row is not allowed in after trigger";
            return Err(Error::mysql(1362, *b"HY000", message));
        }
        let known =
            self.row_columns.iter().find(|known| known.is_new == is_new && same_name(&known.name, column));
        if let Some(known) = known {
            return Ok(known.slot);
        }
        let slot = self.unnamed();
        self.row_columns.push(RowColumn { is_new, name: column.to_owned(), slot });
        Ok(slot)
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
