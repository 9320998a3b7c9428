//! INSERT, REPLACE, UPDATE, DELETE.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

use crate::ast::{Delete, Expr, Insert, InsertSource, Statement, TableExpr, TableName, Update};
use crate::error::Error;
use crate::parse::cursor::Cursor;
use crate::parse::hint;
use crate::parse::partition;

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
    let partitions = partition::selection(cursor)?;
    let mut insert = Insert {
        table,
        columns: Vec::new(),
        source: InsertSource::Values(Vec::new()),
        replace,
        ignore,
        on_duplicate: Vec::new(),
        row_alias: None,
        hints,
        partitions,
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
    let update = Update { with: None, from, assignments, filter, order_by, limit, ignore, hints };
    Ok(Statement::Update(Box::new(update)))
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

/// Parses DELETE, of one table or of several.
pub(crate) fn delete(cursor: &mut Cursor<'_, '_>) -> crate::Result<Statement> {
    let verb = cursor.span();
    cursor.expect_word("DELETE")?;
    let hints = hint::inventory(cursor, verb)?;
    let mut ignore = false;
    while let Some(word) = cursor.one_of(&["LOW_PRIORITY", "QUICK", "IGNORE"]) {
        ignore |= word == "IGNORE";
    }
    let mut delete = Delete {
        with: None,
        targets: Vec::new(),
        from: TableExpr::Table {
            database: None,
            table: String::new(),
            alias: None,
            hints: Vec::new(),
            partitions: Vec::new(),
        },
        filter: None,
        order_by: Vec::new(),
        limit: None,
        ignore,
        hints,
    };
    if !cursor.word("FROM") {
        delete.targets = cursor.list(target)?;
        cursor.expect_word("FROM")?;
        return delete_joined(cursor, delete);
    }
    if is_target_list(cursor) {
        delete.targets = cursor.list(target)?;
        cursor.expect_word("USING")?;
        return delete_joined(cursor, delete);
    }
    let start = cursor.unexpected();
    delete.from = cursor.tables()?.ok_or(start)?;
    if !matches!(delete.from, TableExpr::Table { .. }) {
        return Err(cursor.unexpected());
    }
    delete.filter = filter(cursor)?;
    delete.order_by = cursor.order_by()?;
    delete.limit = cursor.limit()?;
    Ok(Statement::Delete(Box::new(delete)))
}

/// The join and the condition of a DELETE from several tables, which has neither ORDER BY nor LIMIT.
fn delete_joined(cursor: &mut Cursor<'_, '_>, mut delete: Delete) -> crate::Result<Statement> {
    let start = cursor.unexpected();
    delete.from = cursor.tables()?.ok_or(start)?;
    delete.filter = filter(cursor)?;
    Ok(Statement::Delete(Box::new(delete)))
}

/// `t`, `db.t`, and either with `.*`, which means nothing.
fn target(cursor: &mut Cursor<'_, '_>) -> crate::Result<TableName> {
    let mut names = vec![cursor.name()?];
    while cursor.eat(&Token::Period) {
        if cursor.eat(&Token::Mul) {
            break;
        }
        if names.len() == 2 {
            return Err(cursor.unexpected());
        }
        names.push(cursor.name()?);
    }
    let table = names.pop().unwrap_or_default();
    Ok(TableName { database: names.pop(), table })
}

/// Whether what stands after FROM is a list of tables to delete from: USING comes after it.
fn is_target_list(cursor: &Cursor<'_, '_>) -> bool {
    let mut ahead = 0;
    loop {
        match cursor.peek_at(ahead) {
            token if Cursor::is_word(token, "USING") => return true,
            Token::Word(word) if word.quote_style.is_some() || word.keyword != Keyword::JOIN => {}
            Token::Period | Token::Comma | Token::Mul => {}
            _ => return false,
        }
        ahead += 1;
    }
}
