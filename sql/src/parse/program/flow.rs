//! Blocks, loops, IF, CASE, LEAVE and ITERATE.

use super::body::{Body, Label};
use crate::ast::{Action, BinaryOp, Expr, select_of};
use crate::catalog::same_name;
use crate::error::Error;
use crate::parse::cursor::Cursor;

impl Body<'_, '_> {
    /// A block or a loop.
    ///
    /// # Errors
    /// 1309, 1310, and those of what is in it.
    pub(super) fn labelled(&mut self, name: Option<String>) -> crate::Result<()> {
        if let Some(name) = &name
            && self.label(name).is_some()
        {
            return Err(Error::mysql(1309, *b"42000", format!("Redefining label {name}")));
        }
        let is_block = self.is_word(0, "BEGIN");
        let start = (!is_block).then(|| self.next_step());
        let cursors = self.program.cursors.len();
        self.labels.push(Label { name, start, leaves: Vec::new(), cursors });
        if self.word("BEGIN") {
            self.block()?;
        } else if self.word("LOOP") {
            self.statements(&["END"], false)?;
            self.emit(Action::Jump(start.unwrap_or_default()));
            self.expect_word("END")?;
            self.expect_word("LOOP")?;
        } else if self.word("WHILE") {
            self.while_loop(start.unwrap_or_default())?;
        } else if self.word("REPEAT") {
            self.repeat_loop(start.unwrap_or_default())?;
        } else {
            return Err(self.unexpected());
        }
        self.end_label()
    }

    /// The name after END, and the jumps of LEAVE.
    fn end_label(&mut self) -> crate::Result<()> {
        let is_named = matches!(self.peek(0), sqlparser::tokenizer::Token::Word(word)
            if word.quote_style.is_some() || !crate::parse::keyword::is_reserved(word.value.as_bytes()));
        let Some(label) = self.labels.pop() else { return Err(Error::internal("a label is missing")) };
        if is_named {
            let end = self.name()?;
            if !label.name.as_ref().is_some_and(|name| same_name(name, &end)) {
                return Err(Error::mysql(1310, *b"42000", format!("End-label {end} without match")));
            }
        }
        for leave in label.leaves {
            self.patch(leave);
        }
        Ok(())
    }

    /// A label that is seen from here.
    fn label(&self, name: &str) -> Option<usize> {
        // A handler's body begins with a label that no name can be, and sees none behind it.
        for (at, label) in self.labels.iter().enumerate().rev() {
            match &label.name {
                Some(known) if known.is_empty() => return None,
                Some(known) if same_name(known, name) => return Some(at),
                _ => {}
            }
        }
        None
    }

    fn while_loop(&mut self, start: usize) -> crate::Result<()> {
        let condition = self.expression()?;
        self.expect_word("DO")?;
        let jump = self.emit(Action::JumpUnless { condition, to: 0, on_error: 0 });
        self.statements(&["END"], false)?;
        self.emit(Action::Jump(start));
        self.patch(jump);
        self.patch_errors(start, &[jump]);
        self.expect_word("END")?;
        self.expect_word("WHILE")
    }

    fn repeat_loop(&mut self, start: usize) -> crate::Result<()> {
        self.statements(&["UNTIL"], false)?;
        self.expect_word("UNTIL")?;
        let condition = self.expression()?;
        let on_error = self.next_step() + 1;
        self.emit(Action::JumpUnless { condition, to: start, on_error });
        self.expect_word("END")?;
        self.expect_word("REPEAT")
    }

    /// IF.
    pub(super) fn if_statement(&mut self) -> crate::Result<()> {
        let first = self.next_step();
        let (mut ends, mut conditions) = (Vec::new(), Vec::new());
        self.skip(1);
        loop {
            let condition = self.expression()?;
            self.expect_word("THEN")?;
            let jump = self.emit(Action::JumpUnless { condition, to: 0, on_error: 0 });
            conditions.push(jump);
            self.statements(&["ELSEIF", "ELSE", "END"], false)?;
            if self.word("ELSEIF") {
                ends.push(self.emit(Action::Jump(0)));
                self.patch(jump);
                continue;
            }
            if self.word("ELSE") {
                ends.push(self.emit(Action::Jump(0)));
                self.patch(jump);
                self.statements(&["END"], false)?;
            } else {
                self.patch(jump);
            }
            break;
        }
        self.expect_word("END")?;
        self.expect_word("IF")?;
        for end in ends {
            self.patch(end);
        }
        self.patch_errors(first, &conditions);
        Ok(())
    }

    /// CASE, with a value or with conditions.
    pub(super) fn case_statement(&mut self) -> crate::Result<()> {
        let first = self.next_step();
        self.skip(1);
        let (mut ends, mut conditions) = (Vec::new(), Vec::new());
        let mut value = None;
        if !self.is_word(0, "WHEN") {
            let bound = self.expression()?;
            let slot = self.unnamed();
            conditions.push(self.emit(Action::Set { slot, value: Some(bound), on_error: 0 }));
            value = Some(slot);
        }
        if !self.is_word(0, "WHEN") {
            return Err(self.unexpected());
        }
        while self.word("WHEN") {
            let expr = self.read(Cursor::expr)?;
            let expr = match value {
                None => expr,
                Some(slot) => {
                    let value = Expr::Parameter(self.locals.borrow_mut().input(slot));
                    Expr::Binary(BinaryOp::Eq, Box::new(value), Box::new(expr))
                }
            };
            let condition = self.bound(select_of(expr));
            self.expect_word("THEN")?;
            let jump = self.emit(Action::JumpUnless { condition, to: 0, on_error: 0 });
            conditions.push(jump);
            self.statements(&["WHEN", "ELSE", "END"], false)?;
            ends.push(self.emit(Action::Jump(0)));
            self.patch(jump);
        }
        if self.word("ELSE") {
            self.statements(&["END"], false)?;
        } else {
            self.emit(Action::CaseNotFound);
        }
        self.expect_word("END")?;
        self.expect_word("CASE")?;
        for end in ends {
            self.patch(end);
        }
        self.patch_errors(first, &conditions);
        Ok(())
    }

    /// LEAVE.
    ///
    /// # Errors
    /// 1308.
    pub(super) fn leave(&mut self) -> crate::Result<()> {
        self.skip(1);
        let name = self.name()?;
        let Some(at) = self.label(&name) else { return Err(no_label("LEAVE", &name)) };
        self.close_cursors_from(self.labels[at].cursors);
        let jump = self.emit(Action::Jump(0));
        self.labels[at].leaves.push(jump);
        Ok(())
    }

    /// ITERATE.
    ///
    /// # Errors
    /// 1308.
    pub(super) fn iterate(&mut self) -> crate::Result<()> {
        self.skip(1);
        let name = self.name()?;
        let found = self.label(&name).map(|at| (self.labels[at].start, self.labels[at].cursors));
        let Some((Some(start), cursors)) = found else { return Err(no_label("ITERATE", &name)) };
        self.close_cursors_from(cursors);
        self.emit(Action::Jump(start));
        Ok(())
    }

    /// Closes the cursors that were declared since there were so many.
    pub(super) fn close_cursors_from(&mut self, from: usize) {
        let to = self.program.cursors.len();
        if to > from {
            self.emit(Action::CloseBetween { from, to });
        }
    }
}

fn no_label(word: &str, name: &str) -> Error {
    Error::mysql(1308, *b"42000", format!("{word} with no matching label: {name}"))
}
