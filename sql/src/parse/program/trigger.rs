//! CREATE TRIGGER.

use std::cell::RefCell;
use std::sync::Arc;

use super::Locals;
use super::body::Body;
use crate::ast::{
    CreateTrigger, ProgramStatement, Statement, TableName, TriggerEvent, TriggerTime, UserName,
};
use crate::parse::cursor::Cursor;
use crate::parse::source::Source;
use crate::parse::tokens::Tokens;

/// What stands before the body.
pub(super) struct Header {
    name: TableName,
    if_not_exists: bool,
    definer: Option<UserName>,
    time: TriggerTime,
    event: TriggerEvent,
    table: TableName,
    order: Option<(bool, String)>,
}

/// The header, behind `CREATE [DEFINER = …] TRIGGER`.
///
/// # Errors
/// 1064, 1458.
pub(super) fn header(cursor: &mut Cursor<'_, '_>, definer: Option<UserName>) -> crate::Result<Header> {
    let if_not_exists = cursor.words(&["IF", "NOT", "EXISTS"]);
    let name = cursor.table_name()?;
    super::check_name(&name.table)?;
    let time = match cursor.one_of(&["BEFORE", "AFTER"]) {
        Some("BEFORE") => TriggerTime::Before,
        Some(_) => TriggerTime::After,
        None => return Err(cursor.unexpected()),
    };
    let event = match cursor.one_of(&["INSERT", "UPDATE", "DELETE"]) {
        Some("INSERT") => TriggerEvent::Insert,
        Some("UPDATE") => TriggerEvent::Update,
        Some(_) => TriggerEvent::Delete,
        None => return Err(cursor.unexpected()),
    };
    cursor.expect_word("ON")?;
    let table = cursor.table_name()?;
    for word in ["FOR", "EACH", "ROW"] {
        cursor.expect_word(word)?;
    }
    let order = match cursor.one_of(&["FOLLOWS", "PRECEDES"]) {
        Some(word) => Some((word == "FOLLOWS", cursor.name()?)),
        None => None,
    };
    Ok(Header { name, if_not_exists, definer, time, event, table, order })
}

/// The definition, and how many tokens it takes; the header takes so many of them.
///
/// # Errors
/// Those of bodies.
pub(super) fn compile(
    source: &Source<'_>,
    locals: &RefCell<Locals>,
    tokens: &Tokens,
    (header, taken): (Header, usize),
) -> crate::Result<(Statement, usize)> {
    locals.borrow_mut().trigger = Some((header.time, header.event));
    let mut body = Body::new(source, locals, &tokens.tokens, taken);
    let start = tokens.tokens.get(taken).map_or(source.text.len(), |token| source.offset(token.span));
    body.whole()?;
    let (program, at) = body.end();
    let last = tokens.tokens.get(at.saturating_sub(1));
    let end = last.map_or(source.text.len(), |token| (token.span.end.column as usize).saturating_sub(1));
    let text = source.text.get(start..end).unwrap_or_default();
    let create = CreateTrigger {
        name: header.name,
        if_not_exists: header.if_not_exists,
        definer: header.definer,
        time: header.time,
        event: header.event,
        table: header.table,
        order: header.order,
        body: String::from_utf8_lossy(text).into_owned(),
        program: Arc::new(program),
    };
    Ok((Statement::Program(Box::new(ProgramStatement::CreateTrigger(Box::new(create)))), at))
}
