//! Blocks with their declarations; OPEN, FETCH and CLOSE.

use sqlparser::tokenizer::Token;

use super::body::{Body, Label};
use crate::ast::{Action, ConditionValue, CursorDefinition, Handler, HandlerScope, Statement};
use crate::error::Error;
use crate::parse::cursor::Cursor;
use crate::parse::tokens::Tokens;
use crate::parse::{column, statement_of};

/// What a block has declared so far, which must come in this order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Variables,
    Cursors,
    Handlers,
}

impl Body<'_, '_> {
    /// A block, behind its BEGIN.
    pub(super) fn block(&mut self) -> crate::Result<()> {
        if self.is_word(0, "WORK") && *self.peek(1) == Token::SemiColon {
            // BEGIN WORK, which begins no transaction here.
            self.skip(1);
            return Err(self.unexpected());
        }
        self.locals.borrow_mut().enter();
        let outer = self.scope;
        let cursors = self.program.cursors.len();
        let (mut part, mut own) = (Part::Variables, None);
        let first_handler = self.program.handlers.len();
        let mut handlers = Vec::new();
        while self.is_word(0, "DECLARE") {
            self.skip(1);
            self.declaration(&mut part, &mut own, &mut handlers)?;
            self.expect(&Token::SemiColon)?;
        }
        debug_assert!(first_handler <= self.program.handlers.len(), "handlers are only added");
        if let Some(own) = own {
            self.scope = own;
        }
        self.statements(&["END"], true)?;
        self.scope = outer;
        let end = self.next_step();
        for handler in handlers {
            self.program.handlers[handler].block_end = end;
        }
        self.close_cursors_from(cursors);
        self.locals.borrow_mut().leave();
        self.expect_word("END")
    }

    fn declaration(
        &mut self,
        part: &mut Part,
        own: &mut Option<usize>,
        handlers: &mut Vec<usize>,
    ) -> crate::Result<()> {
        let is_handler = ["CONTINUE", "EXIT", "UNDO"].iter().any(|word| self.is_word(0, word))
            && self.is_word(1, "HANDLER");
        if is_handler {
            *part = Part::Handlers;
            return self.handler(own, handlers);
        }
        if self.is_word(1, "CURSOR") {
            if *part == Part::Handlers {
                let message = "Cursor declaration after handler declaration";
                return Err(Error::mysql(1338, *b"42000", message));
            }
            *part = Part::Cursors;
            return self.cursor_declaration();
        }
        if *part != Part::Variables {
            // MySQL reads the whole declaration first; what it says is the same.
            let message = "Variable or condition declaration after cursor or handler declaration";
            return Err(Error::mysql(1337, *b"42000", message));
        }
        if self.is_word(1, "CONDITION") {
            let name = self.name()?;
            self.skip(1);
            self.expect_word("FOR")?;
            let value = self.condition_value(false)?;
            return self.locals.borrow_mut().declare_condition(&name, value);
        }
        self.variables()
    }

    fn variables(&mut self) -> crate::Result<()> {
        let names = self.read(|cursor| cursor.list(Cursor::name))?;
        let definition = self.read(|cursor| column::variable(cursor, ""))?;
        let value = if self.word("DEFAULT") { Some(self.expression()?) } else { None };
        for name in names {
            if self.locals.borrow().has_own(&name) {
                return Err(Error::mysql(1331, *b"42000", format!("Duplicate variable: {name}")));
            }
            let slot = self.variable(crate::ast::ColumnDefinition { name, ..definition.clone() });
            let on_error = self.next_step() + 1;
            self.emit(Action::Set { slot, value: value.clone(), on_error });
        }
        Ok(())
    }

    fn cursor_declaration(&mut self) -> crate::Result<()> {
        let name = self.name()?;
        self.skip(1);
        self.expect_word("FOR")?;
        let begins = ["SELECT", "WITH", "TABLE", "VALUES"].iter().any(|word| self.is_word(0, word));
        if !begins && *self.peek(0) != Token::LParen {
            return Err(self.unexpected());
        }
        let tokens = self.up_to_semicolon();
        let count = tokens.tokens.iter().filter(|token| token.token != Token::SemiColon).count();
        let parsed = statement_of(self.source, Tokens { tokens: tokens.tokens, parameter_count: 0 })?;
        match parsed.statement {
            Statement::Query(_) => {}
            Statement::SelectInto(_) => {
                return Err(Error::mysql(1323, *b"42000", "Cursor SELECT must not have INTO"));
            }
            _ => return Err(self.unexpected()),
        }
        self.skip(count);
        let query = self.bound(parsed.statement);
        let number = self.program.cursors.len();
        self.locals.borrow_mut().declare_cursor(&name, number)?;
        self.program.cursors.push(CursorDefinition { name, query });
        Ok(())
    }

    /// `CONTINUE | EXIT HANDLER FOR condition, … statement`.
    fn handler(&mut self, own: &mut Option<usize>, handlers: &mut Vec<usize>) -> crate::Result<()> {
        if self.is_word(0, "UNDO") {
            return Err(self.unexpected());
        }
        let goes_on = self.is_word(0, "CONTINUE");
        self.skip(2);
        self.expect_word("FOR")?;
        let mut conditions = Vec::new();
        loop {
            let condition = self.condition_value(true)?;
            let is_known =
                handlers.iter().any(|known| self.program.handlers[*known].conditions.contains(&condition));
            if is_known || conditions.contains(&condition) {
                let message = "Duplicate handler declared in the same block";
                return Err(Error::mysql(1413, *b"42000", message));
            }
            conditions.push(condition);
            if !self.eat(&Token::Comma) {
                break;
            }
        }
        let jump = self.emit(Action::Jump(0));
        let number = self.program.handlers.len();
        let first = self.next_step();
        self.program.handlers.push(Handler { goes_on, conditions, first, last: 0, block_end: 0 });
        // What stands outside is not seen in it.
        let cursors = self.program.cursors.len();
        self.labels.push(Label { name: Some(String::new()), start: None, leaves: Vec::new(), cursors });
        self.statement()?;
        self.labels.pop();
        let last = self.emit(Action::EndHandler(number));
        self.program.handlers[number].last = last;
        self.patch(jump);
        let scope = match *own {
            Some(scope) => scope,
            None => {
                self.program.scopes.push(HandlerScope { parent: Some(self.scope), handlers: Vec::new() });
                *own.insert(self.program.scopes.len() - 1)
            }
        };
        self.program.scopes[scope].handlers.push(number);
        handlers.push(number);
        Ok(())
    }

    /// A condition of a handler, or one that gets a name.
    ///
    /// # Errors
    /// 1319, 1407.
    fn condition_value(&mut self, is_handler: bool) -> crate::Result<ConditionValue> {
        if let Token::Number(number, _) = self.peek(0) {
            let Ok(code) = number.parse::<u16>() else { return Err(self.unexpected()) };
            if code == 0 {
                return Err(Error::mysql(1525, *b"HY000", "Incorrect CONDITION value: '0'"));
            }
            self.skip(1);
            return Ok(ConditionValue::Code(code));
        }
        if self.word("SQLSTATE") {
            return self.state().map(ConditionValue::State);
        }
        if !is_handler {
            return Err(self.unexpected());
        }
        if self.word("SQLWARNING") {
            return Ok(ConditionValue::Warning);
        }
        if self.word("SQLEXCEPTION") {
            return Ok(ConditionValue::Exception);
        }
        if self.is_word(0, "NOT") && self.is_word(1, "FOUND") {
            self.skip(2);
            return Ok(ConditionValue::NotFound);
        }
        let name = self.name()?;
        let found = self.locals.borrow().condition(&name);
        found.ok_or_else(|| Error::mysql(1319, *b"42000", format!("Undefined CONDITION: {name}")))
    }

    /// `[VALUE] 'state'`.
    ///
    /// # Errors
    /// 1407.
    pub(super) fn state(&mut self) -> crate::Result<[u8; 5]> {
        self.word("VALUE");
        let text = self.read(Cursor::string)?;
        super::signal::sqlstate(&text)
    }

    /// OPEN.
    pub(super) fn open(&mut self) -> crate::Result<()> {
        self.skip(1);
        let name = self.name()?;
        let cursor = self.locals.borrow().cursor(&name)?;
        self.emit(Action::Open(cursor));
        Ok(())
    }

    /// CLOSE.
    pub(super) fn close(&mut self) -> crate::Result<()> {
        self.skip(1);
        let name = self.name()?;
        let cursor = self.locals.borrow().cursor(&name)?;
        self.emit(Action::Close(cursor));
        Ok(())
    }

    /// FETCH.
    ///
    /// # Errors
    /// 1324, 1327.
    pub(super) fn fetch(&mut self) -> crate::Result<()> {
        self.skip(1);
        if self.is_word(0, "NEXT") && self.is_word(1, "FROM") {
            self.skip(2);
        } else {
            self.word("FROM");
        }
        let name = self.name()?;
        let cursor = self.locals.borrow().cursor(&name)?;
        self.expect_word("INTO")?;
        let names = self.read(|cursor| cursor.list(Cursor::name))?;
        let mut into = Vec::with_capacity(names.len());
        for name in names {
            match self.source.local_slot(&name) {
                Some(slot) => into.push(slot),
                None => {
                    let message = format!("Undeclared variable: {name}");
                    return Err(Error::mysql(1327, *b"42000", message));
                }
            }
        }
        self.emit(Action::Fetch { cursor, into });
        Ok(())
    }
}
