//! INSERT, REPLACE, UPDATE, DELETE.

use sqlparser::tokenizer::{Token, Word};

use crate::ast::{Delete, Expr, Insert, InsertSource, Statement, TableExpr, Update};
use crate::error::Error;
use crate::parse::cursor::Cursor;
use crate::parse::hint;

/// Parses INSERT or REPLACE.
pub(crate) fn insert(cursor: &mut Cursor<'_, '_>) -> crate::Result<Statement> {
    let verb = cursor.span();
    let replace = cursor.word("REPLACE");
    if !replace {
        cursor.expect_word("INSERT")?;
    }
    let hints = hint::inventory(cursor, verb)?;
    // Priorities mean nothing to InnoDB, and DELAYED has been plain INSERT since MySQL 5.7.
    cursor.one_of(&["LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY"]);
    let ignore = !replace && cursor.word("IGNORE");
    cursor.word("INTO");
    let table = cursor.table_name()?;
    if cursor.peek_word(0, "PARTITION") {
        return Err(Error::not_supported("PARTITION selection"));
    }
    let mut insert = Insert {
        table,
        columns: Vec::new(),
        source: InsertSource::Values(Vec::new()),
        replace,
        ignore,
        on_duplicate: Vec::new(),
        row_alias: None,
        hints,
    };
    if *cursor.peek() == Token::LParen && !query_follows(cursor) {
        insert.columns = columns(cursor)?;
    }
    if cursor.word("SET") {
        let (columns, row) = cursor.list(assignment)?.into_iter().unzip();
        insert.columns = columns;
        insert.source = InsertSource::Values(vec![row]);
        row_alias(cursor, &mut insert)?;
    } else if cursor.one_of(&["VALUES", "VALUE"]).is_some() {
        insert.source = InsertSource::Values(cursor.list(row)?);
        row_alias(cursor, &mut insert)?;
    } else {
        insert.source = InsertSource::Query(Box::new(cursor.query()?));
    }
    if !replace && cursor.words(&["ON", "DUPLICATE", "KEY", "UPDATE"]) {
        insert.on_duplicate = cursor.list(assignment)?;
    }
    Ok(Statement::Insert(Box::new(insert)))
}

/// Whether the parenthesis that is next holds a query.
fn query_follows(cursor: &Cursor<'_, '_>) -> bool {
    let mut ahead = 1;
    while *cursor.peek_at(ahead) == Token::LParen {
        ahead += 1;
    }
    ["SELECT", "WITH", "TABLE", "VALUES"].iter().any(|word| cursor.peek_word(ahead, word))
}

/// `()`, `(a, t.b)`.
fn columns(cursor: &mut Cursor<'_, '_>) -> crate::Result<Vec<String>> {
    if *cursor.peek_at(1) == Token::RParen {
        cursor.skip();
        cursor.skip();
        return Ok(Vec::new());
    }
    cursor.parenthesized(column)
}

/// A column, of whose qualifiers only the last name counts: the table is known.
pub(crate) fn column(cursor: &mut Cursor<'_, '_>) -> crate::Result<String> {
    let mut name = cursor.name()?;
    for _ in 0..2 {
        if cursor.eat(&Token::Period) {
            name = cursor.name()?;
        }
    }
    Ok(name)
}

pub(crate) fn assignment(cursor: &mut Cursor<'_, '_>) -> crate::Result<(String, Expr)> {
    let column = column(cursor)?;
    if !cursor.eat(&Token::Eq) {
        cursor.expect(&Token::Assignment)?;
    }
    Ok((column, cursor.expr()?))
}

/// `(a, b)`, `()`, `ROW(a, b)`.
fn row(cursor: &mut Cursor<'_, '_>) -> crate::Result<Vec<Expr>> {
    cursor.word("ROW");
    if *cursor.peek() == Token::LParen && *cursor.peek_at(1) == Token::RParen {
        cursor.skip();
        cursor.skip();
        return Ok(Vec::new());
    }
    cursor.parenthesized(Cursor::expr)
}

/// `[AS alias [(columns)]]` after VALUES.
fn row_alias(cursor: &mut Cursor<'_, '_>, insert: &mut Insert) -> crate::Result<()> {
    if cursor.word("AS") {
        insert.row_alias = Some(cursor.name()?);
        if *cursor.peek() == Token::LParen {
            return Err(Error::not_supported("column aliases after VALUES … AS alias"));
        }
    }
    Ok(())
}

/// Parses UPDATE.
pub(crate) fn update(cursor: &mut Cursor<'_, '_>) -> crate::Result<Statement> {
    let verb = cursor.span();
    cursor.expect_word("UPDATE")?;
    let hints = hint::inventory(cursor, verb)?;
    cursor.word("LOW_PRIORITY");
    let ignore = cursor.word("IGNORE");
    let start = cursor.unexpected();
    let from = cursor.tables()?.ok_or(start)?;
    cursor.expect_word("SET")?;
    let assignments = cursor.list(update_assignment)?;
    let filter = filter(cursor)?;
    let order_by = cursor.order_by()?;
    let limit = cursor.limit()?;
    Ok(Statement::Update(Box::new(Update { from, assignments, filter, order_by, limit, ignore, hints })))
}

/// `column = value`, the column perhaps with its table.
fn update_assignment(cursor: &mut Cursor<'_, '_>) -> crate::Result<(Expr, Expr)> {
    let mut names = vec![cursor.name()?];
    while names.len() < 3 && cursor.eat(&Token::Period) {
        names.push(cursor.name()?);
    }
    if !cursor.eat(&Token::Eq) {
        cursor.expect(&Token::Assignment)?;
    }
    let column = names.pop().unwrap_or_default();
    let table = names.pop();
    Ok((Expr::Column { database: names.pop(), table, column }, cursor.expr()?))
}

fn filter(cursor: &mut Cursor<'_, '_>) -> crate::Result<Option<Expr>> {
    if cursor.word("WHERE") { cursor.expr().map(Some) } else { Ok(None) }
}

/// Parses DELETE of one table.
pub(crate) fn delete(cursor: &mut Cursor<'_, '_>) -> crate::Result<Statement> {
    let verb = cursor.span();
    cursor.expect_word("DELETE")?;
    let hints = hint::inventory(cursor, verb)?;
    let mut ignore = false;
    while let Some(word) = cursor.one_of(&["LOW_PRIORITY", "QUICK", "IGNORE"]) {
        ignore |= word == "IGNORE";
    }
    if !cursor.word("FROM") {
        // DELETE t FROM …
        return match cursor.peek() {
            Token::Word(Word { quote_style: None | Some('`'), .. }) => {
                cursor.table_name()?;
                Err(Error::not_supported("DELETE from several tables"))
            }
            _ => Err(cursor.unexpected()),
        };
    }
    let start = cursor.unexpected();
    let from = cursor.tables()?.ok_or(start)?;
    if cursor.peek_word(0, "USING") || *cursor.peek() == Token::Period {
        return Err(Error::not_supported("DELETE from several tables"));
    }
    match &from {
        TableExpr::Table { .. } => {}
        TableExpr::Join { .. } => return Err(Error::not_supported("DELETE from several tables")),
        TableExpr::Derived { .. } => return Err(cursor.unexpected()),
    }
    let filter = filter(cursor)?;
    let order_by = cursor.order_by()?;
    let limit = cursor.limit()?;
    Ok(Statement::Delete(Box::new(Delete { from, filter, order_by, limit, ignore, hints })))
}
