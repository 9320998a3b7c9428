//! CALL: a procedure's name and its arguments.
//!
//! Whether there is such a procedure is not asked here, so that a statement can be prepared and its error is the one of its
//! execution, as in MySQL.

use sqlparser::tokenizer::Token;

use crate::ast::{Call, Statement};
use crate::parse::cursor::Cursor;

/// Parses `CALL [schema.]name [([argument, …])]`.
pub(crate) fn call(cursor: &mut Cursor<'_, '_>) -> crate::Result<Statement> {
    cursor.expect_word("CALL")?;
    let procedure = cursor.table_name()?;
    let mut arguments = Vec::new();
    if cursor.eat(&Token::LParen) && !cursor.eat(&Token::RParen) {
        arguments = cursor.list(Cursor::expr)?;
        cursor.expect(&Token::RParen)?;
    }
    Ok(Statement::Call(Call {
        schema: procedure.database.unwrap_or_default(),
        name: procedure.table,
        arguments,
    }))
}
