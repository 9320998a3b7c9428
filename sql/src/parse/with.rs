//! WITH before a statement.
//!
//! Within expressions and derived tables sqlparser reads it; before a statement it is read here, since what follows may be an UPDATE or a
//! DELETE, which have parsers of their own.

use sqlparser::tokenizer::Token;

use std::sync::Arc;

use crate::ast::{CommonTable, Statement, With};
use crate::parse::cursor::Cursor;
use crate::parse::dml;

/// Parses `WITH … SELECT`, `UPDATE` or `DELETE`.
pub(crate) fn with(cursor: &mut Cursor<'_, '_>) -> crate::Result<Statement> {
    cursor.expect_word("WITH")?;
    let recursive = cursor.word("RECURSIVE");
    let tables = cursor.list(common_table)?;
    let with = Some(Box::new(With { recursive, tables }));
    if cursor.peek_word(0, "UPDATE") {
        let mut statement = dml::update(cursor)?;
        if let Statement::Update(update) = &mut statement {
            update.with = with;
        }
        return Ok(statement);
    }
    if cursor.peek_word(0, "DELETE") {
        let mut statement = dml::delete(cursor)?;
        if let Statement::Delete(delete) = &mut statement {
            delete.with = with;
        }
        return Ok(statement);
    }
    let begins =
        *cursor.peek() == Token::LParen || ["SELECT", "VALUES"].iter().any(|word| cursor.peek_word(0, word));
    if !begins {
        return Err(cursor.unexpected());
    }
    let mut query = cursor.query()?;
    query.add_with(with);
    Ok(Statement::Query(Box::new(query)))
}

/// `name [(columns)] AS (query)`.
fn common_table(cursor: &mut Cursor<'_, '_>) -> crate::Result<Arc<CommonTable>> {
    let name = cursor.name()?;
    let columns =
        if *cursor.peek() == Token::LParen { cursor.parenthesized(Cursor::name)? } else { Vec::new() };
    cursor.expect_word("AS")?;
    cursor.expect(&Token::LParen)?;
    let query = cursor.query()?;
    cursor.expect(&Token::RParen)?;
    Ok(Arc::new(CommonTable { name, columns, query }))
}
