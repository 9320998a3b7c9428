//! CREATE EVENT, ALTER EVENT and DROP EVENT.

use std::cell::RefCell;
use std::sync::Arc;

use sqlparser::tokenizer::Token;

use super::Locals;
use super::body::Body;
use crate::ast::{
    DefineEvent, EventStatement, EventStatus, EventTiming, EventUnit, ProgramStatement, Statement, UserName,
};
use crate::error::Error;
use crate::parse::cursor::Cursor;
use crate::parse::source::Source;
use crate::parse::tokens::Tokens;

/// Units that MySQL reads here and does not have for events.
const MICROSECONDS: [&str; 5] =
    ["MICROSECOND", "SECOND_MICROSECOND", "MINUTE_MICROSECOND", "HOUR_MICROSECOND", "DAY_MICROSECOND"];

/// What stands before DO, behind `CREATE [DEFINER = …] EVENT` or `ALTER [DEFINER = …] EVENT`.
///
/// # Errors
/// 1064, 1235, 1458.
pub(super) fn header(
    cursor: &mut Cursor<'_, '_>,
    definer: Option<UserName>,
    is_alter: bool,
) -> crate::Result<DefineEvent> {
    let if_not_exists = !is_alter && cursor.words(&["IF", "NOT", "EXISTS"]);
    let name = cursor.table_name()?;
    if !is_alter {
        super::check_name(&name.table)?;
    }
    let mut define = DefineEvent {
        name,
        if_not_exists,
        definer,
        timing: None,
        times: None,
        preserve: None,
        rename: None,
        status: None,
        says_slave: false,
        comment: None,
        body: None,
    };
    let start = cursor.taken();
    if cursor.words(&["ON", "SCHEDULE"]) {
        define.timing = Some(timing(cursor)?);
    } else if !is_alter {
        return Err(cursor.unexpected());
    }
    if cursor.words(&["ON", "COMPLETION"]) {
        let not = cursor.word("NOT");
        cursor.expect_word("PRESERVE")?;
        define.preserve = Some(!not);
    }
    if is_alter && cursor.words(&["RENAME", "TO"]) {
        let to = cursor.table_name()?;
        super::check_name(&to.table)?;
        define.rename = Some(to);
    }
    status(cursor, &mut define)?;
    if cursor.word("COMMENT") {
        define.comment = Some(cursor.string()?);
    }
    if cursor.peek_word(0, "DO") {
        return Ok(define);
    }
    if !is_alter || cursor.taken() == start { Err(cursor.unexpected()) } else { Ok(define) }
}

fn status(cursor: &mut Cursor<'_, '_>, define: &mut DefineEvent) -> crate::Result<()> {
    if cursor.word("ENABLE") {
        define.status = Some(EventStatus::Enabled);
    } else if cursor.word("DISABLE") {
        define.status = Some(EventStatus::Disabled);
        if cursor.word("ON") {
            define.status = Some(EventStatus::ReplicaSide);
            match cursor.one_of(&["SLAVE", "REPLICA"]) {
                Some(word) => define.says_slave = word == "SLAVE",
                None => return Err(cursor.unexpected()),
            }
        }
    }
    Ok(())
}

fn timing(cursor: &mut Cursor<'_, '_>) -> crate::Result<EventTiming> {
    if cursor.word("AT") {
        return Ok(EventTiming::At(cursor.expr()?));
    }
    cursor.expect_word("EVERY")?;
    let value = cursor.expr()?;
    let unit = unit(cursor)?;
    let starts = if cursor.word("STARTS") { Some(cursor.expr()?) } else { None };
    let ends = if cursor.word("ENDS") { Some(cursor.expr()?) } else { None };
    Ok(EventTiming::Every { value, unit, starts, ends })
}

fn unit(cursor: &mut Cursor<'_, '_>) -> crate::Result<EventUnit> {
    if MICROSECONDS.iter().any(|word| cursor.peek_word(0, word)) {
        return Err(Error::mysql(1235, *b"42000", "This version of MySQL doesn't yet support 'MICROSECOND'"));
    }
    EventUnit::ALL.into_iter().find(|unit| cursor.word(unit.word())).ok_or_else(|| cursor.unexpected())
}

/// The definition, and how many tokens it takes; the header takes so many of them.
///
/// # Errors
/// Those of bodies.
pub(super) fn compile(
    source: &Source<'_>,
    locals: &RefCell<Locals>,
    tokens: &Tokens,
    (mut define, taken, is_alter): (DefineEvent, usize, bool),
) -> crate::Result<(Statement, usize)> {
    let mut end = taken;
    if tokens.tokens.get(taken).is_some_and(|token| Cursor::is_word(&token.token, "DO")) {
        let mut body = Body::new(source, locals, &tokens.tokens, taken + 1);
        let start = tokens.tokens.get(taken + 1).map_or(source.text.len(), |token| source.offset(token.span));
        body.whole()?;
        let (program, at) = body.end();
        let last = tokens.tokens.get(at.saturating_sub(1));
        let stop = last.map_or(source.text.len(), |token| (token.span.end.column as usize).saturating_sub(1));
        let text = source.text.get(start..stop).unwrap_or_default();
        define.body = Some((String::from_utf8_lossy(text).into_owned(), Arc::new(program)));
        end = at;
    }
    Ok((
        statement_of(if is_alter { EventStatement::Alter(define) } else { EventStatement::Create(define) }),
        end,
    ))
}

fn statement_of(statement: EventStatement) -> Statement {
    Statement::Program(Box::new(ProgramStatement::Event(Box::new(statement))))
}

/// Error 1576.
pub(super) fn recursive() -> Error {
    Error::mysql(1576, *b"HY000", "Recursion of EVENT DDL statements is forbidden when body is present")
}

/// DROP EVENT, and ALTER EVENT without a body; none when the statement is another.
///
/// # Errors
/// 1064, 1576.
pub(super) fn statement(cursor: &mut Cursor<'_, '_>) -> crate::Result<Option<Statement>> {
    if cursor.words(&["DROP", "EVENT"]) {
        let if_exists = cursor.words(&["IF", "EXISTS"]);
        return Ok(Some(statement_of(EventStatement::Drop { name: cursor.table_name()?, if_exists })));
    }
    // Where it stands alone it is a definition: this is within a body.
    if cursor.words(&["ALTER", "EVENT"]) {
        let define = header(cursor, None, true)?;
        if *cursor.peek() != Token::EOF && cursor.peek_word(0, "DO") {
            return Err(recursive());
        }
        return Ok(Some(statement_of(EventStatement::Alter(define))));
    }
    Ok(None)
}
