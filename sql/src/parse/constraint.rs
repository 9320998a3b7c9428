//! CHECK constraints, generated columns and expressions as defaults.

use sqlparser::tokenizer::Token;

use crate::ast::{CheckDefinition, Expr, GeneratedDefinition};
use crate::error::Error;
use crate::parse::cursor::Cursor;

/// `(expression)`.
pub(crate) fn in_parentheses(cursor: &mut Cursor<'_, '_>) -> crate::Result<Expr> {
    cursor.expect(&Token::LParen)?;
    let expression = cursor.expr()?;
    cursor.expect(&Token::RParen)?;
    Ok(expression)
}

/// `[CONSTRAINT [name]] CHECK (…) [[NOT] ENFORCED]`; None when something else is next. `column` is the one that it stands with.
pub(crate) fn check(
    cursor: &mut Cursor<'_, '_>,
    column: Option<&str>,
) -> crate::Result<Option<CheckDefinition>> {
    let mut name = None;
    let is_named = cursor.peek_word(0, "CONSTRAINT") && cursor.peek_word(2, "CHECK");
    if is_named && !cursor.peek_word(1, "CHECK") {
        cursor.skip();
        name = Some(cursor.name()?);
    } else if cursor.peek_word(0, "CONSTRAINT") && cursor.peek_word(1, "CHECK") {
        cursor.skip();
    }
    if !cursor.word("CHECK") {
        return Ok(None);
    }
    let expression = in_parentheses(cursor)?;
    let enforced = enforcement(cursor).unwrap_or(true);
    Ok(Some(CheckDefinition { name, expression, enforced, column: column.map(str::to_owned) }))
}

/// `[NOT] ENFORCED`; None when something else is next.
pub(crate) fn enforcement(cursor: &mut Cursor<'_, '_>) -> Option<bool> {
    if cursor.words(&["NOT", "ENFORCED"]) {
        Some(false)
    } else if cursor.word("ENFORCED") {
        Some(true)
    } else {
        None
    }
}

/// `[GENERATED ALWAYS] AS (…) [VIRTUAL | STORED]`; None when something else is next.
pub(crate) fn generated(cursor: &mut Cursor<'_, '_>) -> crate::Result<Option<GeneratedDefinition>> {
    if cursor.word("GENERATED") {
        cursor.expect_word("ALWAYS")?;
        cursor.expect_word("AS")?;
    } else if !cursor.word("AS") {
        return Ok(None);
    }
    let expression = in_parentheses(cursor)?;
    let stored = cursor.one_of(&["VIRTUAL", "STORED"]) == Some("STORED");
    Ok(Some(GeneratedDefinition { expression, stored }))
}

/// Error 1221 for an attribute that a generated column cannot have.
pub(crate) fn not_of_generated(attribute: &str) -> Error {
    let message = format!("Incorrect usage of {attribute} and generated column");
    Error { code: 1221, state: *b"HY000", message }
}
