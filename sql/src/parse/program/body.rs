//! A body: its statements as steps, with jumps to their indexes.

use std::cell::RefCell;
use std::sync::Arc;

use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::Locals;
use super::within::Place;
use crate::ast::{
    AccountStatement, Action, AssignmentTarget, Bound, ColumnDefinition, HandlerScope, IntoTarget,
    MaintenanceKind, ParameterMode, Program, ProgramStatement, RoutineKind, Statement, Step, UserName,
    ViewMode, ViewStatement, select_of,
};
use crate::error::Error;
use crate::limits::PROGRAM_DEPTH_MAX;
use crate::parse::cursor::Cursor;
use crate::parse::keyword::is_reserved;
use crate::parse::source::{Source, too_deep};
use crate::parse::tokens::Tokens;
use crate::parse::{set, statement_of};

/// Words after SET that are no names of variables.
const SET_FORMS: [&str; 8] =
    ["TRANSACTION", "NAMES", "CHARACTER", "CHARSET", "PASSWORD", "ROLE", "DEFAULT", "RESOURCE"];

/// The reader of a body.
pub(super) struct Body<'s, 'a> {
    pub(super) source: &'s Source<'a>,
    pub(super) locals: &'s RefCell<Locals>,
    tokens: &'s [TokenWithSpan],
    at: usize,
    pub(super) program: Program,
    /// Labels of the blocks and loops around, the innermost last.
    pub(super) labels: Vec<Label>,
    /// The scope of the steps that are being written.
    pub(super) scope: usize,
    depth: usize,
}

/// A block or a loop that LEAVE and ITERATE can name.
pub(super) struct Label {
    /// Its name; none for one that has none.
    pub name: Option<String>,
    /// Where ITERATE goes; none for a block.
    pub start: Option<usize>,
    /// The jumps to its end.
    pub leaves: Vec<usize>,
    /// How many cursors there were before it.
    pub cursors: usize,
}

impl<'s, 'a> Body<'s, 'a> {
    pub(super) fn new(
        source: &'s Source<'a>,
        locals: &'s RefCell<Locals>,
        tokens: &'s [TokenWithSpan],
        at: usize,
    ) -> Body<'s, 'a> {
        let program = Program { scopes: vec![HandlerScope::default()], ..Program::default() };
        locals.borrow_mut().enter();
        Body { source, locals, tokens, at, program, labels: Vec::new(), scope: 0, depth: 0 }
    }

    /// Declares a parameter.
    ///
    /// # Errors
    /// 1330.
    pub(super) fn parameter(
        &mut self,
        mode: ParameterMode,
        definition: ColumnDefinition,
    ) -> crate::Result<()> {
        if self.locals.borrow().has_own(&definition.name) {
            let message = format!("Duplicate parameter: {}", definition.name);
            return Err(Error::mysql(1330, *b"42000", message));
        }
        self.program.parameters.push(mode);
        self.variable(definition);
        Ok(())
    }

    /// Declares a variable; its slot.
    pub(super) fn variable(&mut self, definition: ColumnDefinition) -> usize {
        let slot = self.locals.borrow_mut().declare(&definition.name);
        self.program.names.resize(slot, String::new());
        self.program.names.push(definition.name.clone());
        self.program.variables.resize(slot, None);
        self.program.variables.push(Some(definition));
        slot
    }

    /// A variable that no statement can name, of whatever type it is given; its slot.
    pub(super) fn unnamed(&mut self) -> usize {
        let slot = self.locals.borrow_mut().unnamed();
        self.program.names.resize(slot + 1, String::new());
        self.program.variables.resize(slot + 1, None);
        slot
    }

    /// The program, and the place of the token after it.
    pub(super) fn end(mut self) -> (Program, usize) {
        let row_columns = std::mem::take(&mut self.locals.borrow_mut().row_columns);
        // What was named last may have no place among the variables yet.
        if let Some(last) = row_columns.iter().map(|column| column.slot).max()
            && last >= self.program.variables.len()
        {
            self.program.names.resize(last + 1, String::new());
            self.program.variables.resize(last + 1, None);
        }
        self.program.row_columns = row_columns;
        (self.program, self.at)
    }

    // ---- tokens

    pub(super) fn peek(&self, ahead: usize) -> &Token {
        self.tokens.get(self.at + ahead).map_or(&Token::EOF, |token| &token.token)
    }

    pub(super) fn is_word(&self, ahead: usize, text: &str) -> bool {
        Cursor::is_word(self.peek(ahead), text)
    }

    pub(super) fn skip(&mut self, count: usize) {
        self.at += count;
    }

    pub(super) fn word(&mut self, text: &str) -> bool {
        let found = self.is_word(0, text);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect_word(&mut self, text: &str) -> crate::Result<()> {
        if self.word(text) { Ok(()) } else { Err(self.unexpected()) }
    }

    pub(super) fn eat(&mut self, token: &Token) -> bool {
        let found = self.peek(0) == token;
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, token: &Token) -> crate::Result<()> {
        if self.eat(token) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// Error 1064 at the next token.
    pub(super) fn unexpected(&self) -> Error {
        match self.tokens.get(self.at) {
            Some(token) => self.source.syntax_span(token.span),
            None => self.source.syntax_at(self.source.text.len()),
        }
    }

    /// The tokens up to the next `;`, with it.
    pub(super) fn up_to_semicolon(&self) -> Tokens {
        let rest = self.tokens.get(self.at..).unwrap_or_default();
        let end =
            rest.iter().position(|token| token.token == Token::SemiColon).map_or(rest.len(), |at| at + 1);
        Tokens { tokens: rest[..end].to_vec(), parameter_count: 0 }
    }

    /// Has a cursor read from here on, and goes on behind what it took.
    pub(super) fn read<T>(
        &mut self,
        read: impl FnOnce(&mut Cursor<'s, 'a>) -> crate::Result<T>,
    ) -> crate::Result<T> {
        let mut cursor = Cursor::new(self.source, self.up_to_semicolon());
        let result = read(&mut cursor)?;
        self.at += cursor.taken();
        Ok(result)
    }

    pub(super) fn name(&mut self) -> crate::Result<String> {
        self.read(Cursor::name)
    }

    /// An expression, as a query of one value.
    pub(super) fn expression(&mut self) -> crate::Result<Bound> {
        let expr = self.read(Cursor::expr)?;
        Ok(self.bound(select_of(expr)))
    }

    pub(super) fn bound(&mut self, statement: Statement) -> Bound {
        Bound { statement: Arc::new(statement), inputs: self.locals.borrow_mut().take_inputs() }
    }

    // ---- steps

    pub(super) fn next_step(&self) -> usize {
        self.program.steps.len()
    }

    pub(super) fn emit(&mut self, action: Action) -> usize {
        self.program.steps.push(Step { action, scope: self.scope });
        self.program.steps.len() - 1
    }

    /// Says where a jump goes that was written before: to the step that comes next.
    pub(super) fn patch(&mut self, jump: usize) {
        let target = self.next_step();
        if let Some(Action::Jump(to) | Action::JumpUnless { to, .. }) =
            self.program.steps.get_mut(jump).map(|step| &mut step.action)
        {
            *to = target;
        }
    }

    /// Says where a CONTINUE handler goes on after the conditions written since `first`: behind all of it.
    pub(super) fn patch_errors(&mut self, first: usize, conditions: &[usize]) {
        let target = self.next_step();
        debug_assert!(first <= target, "steps are written in order");
        for condition in conditions {
            if let Some(Action::JumpUnless { on_error, .. } | Action::Set { on_error, .. }) =
                self.program.steps.get_mut(*condition).map(|step| &mut step.action)
            {
                *on_error = target;
            }
        }
    }

    // ---- statements

    /// The whole body.
    pub(super) fn whole(&mut self) -> crate::Result<()> {
        self.statement()?;
        self.locals.borrow_mut().leave();
        // Whoever runs off the end is done.
        Ok(())
    }

    /// Statements up to a word that ends them; there must be one unless `may_be_empty`.
    pub(super) fn statements(&mut self, ends: &[&str], may_be_empty: bool) -> crate::Result<()> {
        let ends_here = |body: &Self| ends.iter().any(|end| body.is_word(0, end));
        if !may_be_empty && ends_here(self) {
            return Err(self.unexpected());
        }
        while !ends_here(self) {
            self.statement()?;
            self.expect(&Token::SemiColon)?;
        }
        Ok(())
    }

    /// One statement, without the `;`.
    pub(super) fn statement(&mut self) -> crate::Result<()> {
        self.depth += 1;
        if self.depth > PROGRAM_DEPTH_MAX {
            return Err(too_deep());
        }
        let result = self.statement_inner();
        self.depth -= 1;
        result
    }

    fn statement_inner(&mut self) -> crate::Result<()> {
        if matches!(self.peek(0), Token::Word(_)) && *self.peek(1) == Token::Colon {
            let label = self.name()?;
            self.skip(1);
            return self.labelled(Some(label));
        }
        let Token::Word(word) = self.peek(0) else { return self.plain() };
        if word.quote_style.is_some() {
            return Err(self.unexpected());
        }
        match word.value.to_ascii_uppercase().as_str() {
            "BEGIN" | "LOOP" | "WHILE" | "REPEAT" => self.labelled(None),
            "IF" => self.if_statement(),
            "CASE" => self.case_statement(),
            "LEAVE" => self.leave(),
            "ITERATE" => self.iterate(),
            "OPEN" => self.open(),
            "FETCH" => self.fetch(),
            "CLOSE" => self.close(),
            "RETURN" => self.return_statement(),
            "SET" => self.set(),
            _ => self.plain(),
        }
    }

    /// SET: an assignment is a step.
    fn set(&mut self) -> crate::Result<()> {
        let is_assigned = matches!(self.peek(2), Token::Eq | Token::Assignment | Token::Period);
        let is_form = SET_FORMS.iter().any(|form| self.is_word(1, form));
        let is_scoped = ["GLOBAL", "SESSION", "LOCAL"].iter().any(|scope| self.is_word(1, scope))
            && self.is_word(2, "TRANSACTION");
        let is_password = self.is_word(1, "PASSWORD") && self.source.local_slot("password").is_none();
        if is_password || !is_assigned && (is_form || is_scoped) {
            return self.plain();
        }
        self.skip(1);
        let mut scope = None;
        loop {
            let slot = match (self.peek(0), self.peek(1)) {
                (Token::Word(word), Token::Eq | Token::Assignment) => {
                    self.source.local_slot(&word.value).map(|slot| (slot, 2))
                }
                _ => self.assigned_row_column()?.map(|slot| (slot, 4)),
            };
            match slot {
                Some((slot, tokens)) => {
                    self.skip(tokens);
                    let value = Some(self.expression()?);
                    let on_error = self.next_step() + 1;
                    self.emit(Action::Set { slot, value, on_error });
                }
                None => {
                    let assignment = self.read(|cursor| set::assignment(cursor, &mut scope))?;
                    check_target(&assignment.target)?;
                    if let Some(place) = self.place() {
                        place.check_assignment(&assignment.target)?;
                    }
                    let bound = self.bound(Statement::Set(vec![assignment]));
                    self.emit(Action::Run(bound));
                }
            }
            if !self.eat(&Token::Comma) {
                return Ok(());
            }
        }
    }

    /// Whether the body is a trigger's.
    pub(super) fn is_trigger(&self) -> bool {
        self.locals.borrow().trigger.is_some()
    }

    /// Within what the body runs, if it does not run by itself.
    fn place(&self) -> Option<Place> {
        let locals = self.locals.borrow();
        match (locals.trigger.is_some(), locals.is_function) {
            (true, _) => Some(Place::Trigger),
            (_, true) => Some(Place::Function),
            _ => None,
        }
    }

    /// RETURN.
    fn return_statement(&mut self) -> crate::Result<()> {
        if self.place() != Some(Place::Function) {
            return Err(Error::mysql(1313, *b"42000", "RETURN is only allowed in a FUNCTION"));
        }
        self.skip(1);
        let value = self.expression()?;
        self.emit(Action::Return(value));
        Ok(())
    }

    /// `NEW.column =` in a trigger: the slot.
    ///
    /// # Errors
    /// 1362, 1363.
    fn assigned_row_column(&mut self) -> crate::Result<Option<usize>> {
        if !self.is_trigger() || *self.peek(1) != Token::Period {
            return Ok(None);
        }
        let (Token::Word(row), Token::Word(column)) = (self.peek(0), self.peek(2)) else { return Ok(None) };
        let Some(is_new) = super::locals::is_row(&row.value) else { return Ok(None) };
        if !matches!(self.peek(3), Token::Eq | Token::Assignment) {
            return Ok(None);
        }
        let column = column.value.clone();
        self.locals.borrow_mut().row_slot(is_new, &column, true).map(Some)
    }

    /// A statement that is no part of the language of programs.
    fn plain(&mut self) -> crate::Result<()> {
        let tokens = self.up_to_semicolon();
        let ends = tokens.tokens.last().is_some_and(|token| token.token == Token::SemiColon);
        let count = tokens.tokens.len() - usize::from(ends);
        if count == 0 {
            return Err(self.unexpected());
        }
        self.refuse_early()?;
        let parsed = match statement_of(self.source, tokens) {
            Ok(parsed) => parsed,
            Err(error) => return Err(self.past_label(error)),
        };
        self.refuse(&parsed.statement)?;
        if let Some(place) = self.place() {
            place.check(&parsed.statement)?;
        }
        let bound = self.bound(parsed.statement);
        if !bound.inputs.is_empty() && !takes_parameters(&bound.statement) {
            return match &*bound.statement {
                Statement::View(_) => {
                    Err(Error::mysql(1351, *b"HY000", "View's SELECT contains a variable or parameter"))
                }
                _ => Err(Error::not_supported("variables of a program in this statement")),
            };
        }
        self.emit(Action::Run(bound));
        self.at += count;
        Ok(())
    }

    /// A word that begins no statement may be a label: what is wrong then is that no `:` follows.
    fn past_label(&mut self, error: Error) -> Error {
        let is_name = matches!(self.peek(0), Token::Word(word) if !is_reserved(word.value.as_bytes()));
        if !is_name || error != self.unexpected() {
            return error;
        }
        self.skip(1);
        self.unexpected()
    }

    /// What is refused by its first words, before it is looked at any further.
    fn refuse_early(&self) -> crate::Result<()> {
        let not_allowed = |what: &str| {
            Err(Error::mysql(1314, *b"0A000", format!("{what} is not allowed in stored procedures")))
        };
        let kinds = ["PROCEDURE", "FUNCTION", "TRIGGER"];
        let kind = kinds.into_iter().find(|kind| self.is_word(1, kind));
        if self.place().is_some() {
            super::within::check_words(&|text| self.is_word(0, text), &|text| self.is_word(1, text))?;
        }
        let creates_event = self.is_word(1, "EVENT")
            || self.is_word(1, "DEFINER") && (2..10).any(|at| self.is_word(at, "EVENT"));
        if self.is_word(0, "CREATE") && creates_event {
            return Err(super::event::recursive());
        }
        match (kind, self.is_word(0, "CREATE"), self.is_word(0, "DROP") || self.is_word(0, "ALTER")) {
            (Some(kind), true, _) => {
                let message = format!("Can't create a {kind} from within another stored routine");
                return Err(Error::mysql(1303, *b"2F003", message));
            }
            (Some(kind @ ("PROCEDURE" | "FUNCTION")), _, true) => {
                let message = format!("Can't drop or alter a {kind} from within another stored routine");
                return Err(Error::mysql(1357, *b"HY000", message));
            }
            _ => {}
        }
        if self.is_word(0, "LOCK") && !self.is_word(1, "INSTANCE") {
            return not_allowed("LOCK");
        }
        if self.is_word(0, "UNLOCK") && !self.is_word(1, "INSTANCE") {
            return not_allowed("UNLOCK");
        }
        if self.is_word(0, "LOAD") && self.is_word(1, "DATA") {
            return not_allowed("LOAD DATA");
        }
        Ok(())
    }

    /// What MySQL does not have in procedures.
    fn refuse(&self, statement: &Statement) -> crate::Result<()> {
        let what = match statement {
            Statement::Use(_) => "USE",
            // Under the definer's account it would be the definer's; in MySQL it is the caller's.
            Statement::Account(account) if matches!(&**account, AccountStatement::SetPassword(spec) if spec.user == UserName::Current) =>
            {
                return Err(Error::not_supported("SET PASSWORD without FOR in a stored program"));
            }
            Statement::View(ViewStatement::Create(view)) if view.mode == ViewMode::Alter => "ALTER VIEW",
            Statement::Maintenance(maintenance) if matches!(maintenance.kind, MaintenanceKind::Check) => {
                "CHECK"
            }
            Statement::Program(program) => {
                let kind = match **program {
                    ProgramStatement::CreateRoutine(_)
                    | ProgramStatement::AlterRoutine { .. }
                    | ProgramStatement::DropRoutine { .. } => RoutineKind::Procedure.word(),
                    // DROP TRIGGER is a statement like DROP TABLE.
                    ProgramStatement::DropTrigger { .. } | ProgramStatement::Event(_) => return Ok(()),
                    ProgramStatement::CreateTrigger(_) => "TRIGGER",
                };
                let message = format!("Can't drop or alter a {kind} from within another stored routine");
                return Err(Error::mysql(1357, *b"HY000", message));
            }
            _ => return Ok(()),
        };
        Err(Error::mysql(1314, *b"0A000", format!("{what} is not allowed in stored procedures")))
    }
}

/// Whether a statement is run with values for its parameters.
fn takes_parameters(statement: &Statement) -> bool {
    match statement {
        Statement::Query(_)
        | Statement::Insert(_)
        | Statement::Update(_)
        | Statement::Delete(_)
        | Statement::Explain(_)
        | Statement::Do(_)
        | Statement::Set(_)
        | Statement::Kill { .. }
        | Statement::Signal(_)
        | Statement::GetDiagnostics(_)
        | Statement::Call(_) => true,
        Statement::SelectInto(into) => {
            matches!(into.target, IntoTarget::Variables(_) | IntoTarget::Program(_))
        }
        _ => false,
    }
}

/// That SET names a system variable that there is, as MySQL looks at once.
///
/// # Errors
/// 1193.
fn check_target(target: &AssignmentTarget) -> crate::Result<()> {
    match target {
        AssignmentTarget::System(_, name) if !crate::variables::is_known(name) => {
            Err(Error::unknown_variable(name))
        }
        _ => Ok(()),
    }
}
