//! The text being parsed, and the errors that point into it.

use std::cell::RefCell;

use sqlparser::parser::ParserError;
use sqlparser::tokenizer::Span;

use crate::ast::Expr;
use crate::error::Error;
use crate::limits::{PARSE_DEPTH_MAX, SYNTAX_NEAR_BYTES_MAX};
use crate::parse::program::Locals;
use crate::variables::SqlMode;

/// The statement's text with its mode and the places of its select items.
pub(crate) struct Source<'a> {
    /// The text.
    pub text: &'a [u8],
    /// `sql_mode` while parsing.
    pub mode: SqlMode,
    /// The select lists, ascending by the offset of their SELECT.
    pub selects: Vec<SelectText>,
    /// The variables of the program whose body this is.
    pub locals: Option<&'a RefCell<Locals>>,
}

/// Where the items of one select list stand.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SelectText {
    /// Offset of the word SELECT.
    pub offset: usize,
    /// Start and end of each item, an alias included.
    pub items: Vec<(usize, usize)>,
}

impl Source<'_> {
    /// What a name means that stands alone in an expression, if it is that of a variable of the program: a parameter of the statement.
    pub(crate) fn local(&self, name: &str) -> Option<Expr> {
        self.locals?.borrow_mut().parameter(name).map(Expr::Parameter)
    }

    /// What `NEW.column` and `OLD.column` mean in a trigger.
    ///
    /// # Errors
    /// 1363.
    pub(crate) fn row_column(&self, row: &str, column: &str) -> crate::Result<Option<Expr>> {
        let Some(locals) = self.locals else { return Ok(None) };
        Ok(locals.borrow_mut().row_parameter(row, column)?.map(Expr::Parameter))
    }

    /// The slot of a program's variable.
    pub(crate) fn local_slot(&self, name: &str) -> Option<usize> {
        self.locals?.borrow().slot(name)
    }

    /// Error 1064 at a byte offset.
    pub(crate) fn syntax_at(&self, offset: usize) -> Error {
        let offset = offset.min(self.text.len());
        let line = 1 + self.text[..offset].iter().filter(|byte| **byte == b'\n').count();
        let rest = &self.text[offset..];
        let mut near = String::from_utf8_lossy(&rest[..rest.len().min(SYNTAX_NEAR_BYTES_MAX)]).into_owned();
        if rest.len() > SYNTAX_NEAR_BYTES_MAX {
            // The cut may have split a character.
            while near.ends_with('\u{fffd}') {
                near.pop();
            }
        }
        Error::syntax(near, line)
    }

    /// Error 1064 at the start of a span.
    pub(crate) fn syntax_span(&self, span: Span) -> Error {
        self.syntax_at(self.offset(span))
    }

    /// The byte offset that a span starts at; the end of the text for a span without place.
    pub(crate) fn offset(&self, span: Span) -> usize {
        if span.start.line == 0 { self.text.len() } else { (span.start.column as usize).saturating_sub(1) }
    }

    /// What sqlparser's error says, in MySQL's words.
    pub(crate) fn parser_error(&self, error: ParserError) -> Error {
        let message = match error {
            ParserError::RecursionLimitExceeded => return too_deep(),
            ParserError::ParserError(message) | ParserError::TokenizerError(message) => message,
        };
        let column =
            message.rsplit_once("Column: ").and_then(|(_, column)| column.trim().parse::<usize>().ok());
        self.syntax_at(column.map_or(self.text.len(), |column| column.saturating_sub(1)))
    }

    /// The text of item `index` of the select list whose SELECT stands at `offset`.
    pub(crate) fn item_text(&self, offset: usize, index: usize) -> String {
        let Ok(select) = self.selects.binary_search_by_key(&offset, |select| select.offset) else {
            return String::new();
        };
        match self.selects[select].items.get(index) {
            Some(&(start, end)) => String::from_utf8_lossy(&self.text[start..end]).into_owned(),
            None => String::new(),
        }
    }
}

/// Error 1436: the statement nests too deep to be parsed on this stack.
pub(crate) fn too_deep() -> Error {
    Error {
        code: 1436,
        state: *b"HY000",
        message: format!(
            "Thread stack overrun: the statement nests deeper than the parser's bound of {PARSE_DEPTH_MAX}"
        ),
    }
}

/// Error 1436 for a chain of operators, each a level of the tree.
pub(crate) fn chain_too_long(bound: usize) -> Error {
    Error {
        code: 1436,
        state: *b"HY000",
        message: format!("Thread stack overrun: more than {bound} operators in one expression"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source<'_> {
        Source { text: text.as_bytes(), mode: SqlMode(0), selects: Vec::new(), locals: None }
    }

    #[test]
    fn syntax_errors_repeat_the_rest_and_count_lines() {
        let error = source("a\nb c").syntax_at(2);
        assert!(error.message.ends_with("near 'b c' at line 2"), "{error}");
        let long = "x".repeat(200);
        let error = source(&long).syntax_at(0);
        assert!(error.message.contains(&format!("'{}'", "x".repeat(80))), "{error}");
        assert!(source("a").syntax_at(9).message.ends_with("near '' at line 1"));
    }
}
