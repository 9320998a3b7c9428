//! The names that a body declares, as they are seen where the parser stands.
//!
//! A name that stands alone in an expression is a variable before it is a column, as in MySQL: the statement gets a parameter for it.

use crate::ast::{ConditionValue, RowColumn};
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
    /// Whether NEW and OLD stand for rows; none outside of triggers.
    rows: Option<Rows>,
    /// The columns of NEW and OLD met so far.
    pub(super) row_columns: Vec<RowColumn>,
    /// The next slot.
    next_slot: usize,
}

/// Which rows a trigger's event has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rows {
    pub has_new: bool,
    pub has_old: bool,
    /// The event's name in messages.
    pub event: &'static str,
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
    pub(super) fn condition(&self, name: &str) -> Option<ConditionValue> {
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

    /// NEW and OLD stand for rows.
    pub(super) fn set_rows(&mut self, rows: Rows) {
        self.rows = Some(rows);
    }

    /// Whether a name is NEW or OLD of a trigger.
    pub(crate) fn is_row(&self, name: &str) -> bool {
        self.rows.is_some() && (name.eq_ignore_ascii_case("NEW") || name.eq_ignore_ascii_case("OLD"))
    }

    /// The slot of a column of NEW or OLD.
    ///
    /// # Errors
    /// 1363.
    pub(super) fn row_slot(&mut self, row: &str, column: &str, is_set: bool) -> crate::Result<usize> {
        let is_new = row.eq_ignore_ascii_case("NEW");
        if let Some(rows) = self.rows
            && !(if is_new { rows.has_new } else { rows.has_old })
        {
            let (row, event) = (if is_new { "NEW" } else { "OLD" }, rows.event);
            let message = format!("There is no {row} row in on {event} trigger");
            return Err(Error::mysql(1363, *b"HY000", message));
        }
        let known = self
            .row_columns
            .iter_mut()
            .find(|known| known.is_new == is_new && same_name(&known.column, column));
        if let Some(known) = known {
            known.is_set |= is_set;
            return Ok(known.slot);
        }
        let slot = self.unnamed();
        self.row_columns.push(RowColumn { is_new, column: column.to_owned(), slot, is_set });
        Ok(slot)
    }

    /// The parameter that stands for a column of NEW or OLD.
    ///
    /// # Errors
    /// 1363.
    pub(crate) fn row_parameter(&mut self, row: &str, column: &str) -> crate::Result<usize> {
        let slot = self.row_slot(row, column, false)?;
        Ok(self.input(slot))
    }
}
