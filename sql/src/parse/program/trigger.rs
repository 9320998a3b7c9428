//! CREATE TRIGGER, and what the body of a trigger may not do.

use std::cell::RefCell;
use std::sync::Arc;

use super::Locals;
use super::body::Body;
use crate::ast::{
    AssignmentTarget, CreateTrigger, ProgramStatement, Statement, TableName, TriggerEvent, TriggerTime,
    UserName,
};
use crate::error::Error;
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

/// Error 1422.
fn commits() -> Error {
    Error::mysql(1422, *b"HY000", "Explicit or implicit commit is not allowed in stored function or trigger.")
}

/// Error 1415.
fn gives_rows() -> Error {
    Error::mysql(1415, *b"0A000", "Not allowed to return a result set from a trigger")
}

/// What is refused by its first two words.
///
/// # Errors
/// 1336, 1422.
pub(super) fn check_words(first: &dyn Fn(&str) -> bool, second: &dyn Fn(&str) -> bool) -> crate::Result<()> {
    let is_dynamic = first("PREPARE") || first("EXECUTE") || first("DEALLOCATE");
    if is_dynamic {
        return Err(Error::mysql(
            1336,
            *b"0A000",
            "Dynamic SQL is not allowed in stored function or trigger",
        ));
    }
    if first("FLUSH") {
        return Err(Error::mysql(1336, *b"0A000", "FLUSH is not allowed in stored function or trigger"));
    }
    if first("DROP") && (second("TRIGGER") || second("EVENT")) {
        return Err(commits());
    }
    Ok(())
}

/// What a trigger may not do, or not yet.
///
/// # Errors
/// 1235, 1415, 1422.
pub(super) fn check(statement: &Statement) -> crate::Result<()> {
    match statement {
        Statement::Insert(_)
        | Statement::Update(_)
        | Statement::Delete(_)
        | Statement::Do(_)
        | Statement::Set(_)
        | Statement::Signal(_)
        | Statement::GetDiagnostics(_) => Ok(()),
        Statement::SelectInto(into) => match into.target {
            crate::ast::IntoTarget::Variables(_) | crate::ast::IntoTarget::Program(_) => Ok(()),
            _ => Err(Error::not_supported("SELECT … INTO OUTFILE in a trigger")),
        },
        Statement::Query(_) | Statement::Show(_) | Statement::Explain(_) | Statement::Maintenance(_) => {
            Err(gives_rows())
        }
        Statement::AnalyzeTable(_) => Err(gives_rows()),
        Statement::Begin { .. }
        | Statement::Commit
        | Statement::Rollback
        | Statement::CommitAndChain
        | Statement::RollbackAndChain
        | Statement::CreateDatabase { .. }
        | Statement::AlterDatabase { .. }
        | Statement::DropDatabase { .. }
        | Statement::CreateTable(_)
        | Statement::View(_)
        | Statement::Program(_)
        | Statement::DropTable { .. }
        | Statement::TruncateTable(_)
        | Statement::AlterTable(_)
        | Statement::CreateIndex(_)
        | Statement::DropIndex(_)
        | Statement::RenameTable(_)
        | Statement::Account(_)
        | Statement::Xa(_) => Err(commits()),
        Statement::Call(_) => Err(Error::not_supported("CALL in a trigger")),
        Statement::DropTemporary { .. } => Err(Error::not_supported("DROP TEMPORARY TABLE in a trigger")),
        Statement::Savepoint(_) | Statement::RollbackTo(_) | Statement::ReleaseSavepoint(_) => {
            Err(Error::not_supported("savepoints in a trigger"))
        }
        _ => Err(Error::not_supported("this statement in a trigger")),
    }
}

/// What SET may assign in a trigger: a statement that meets a lock runs again, and its variables must be as before then.
///
/// # Errors
/// 1235, 1445.
pub(super) fn check_assignment(target: &AssignmentTarget) -> crate::Result<()> {
    match target {
        AssignmentTarget::User(_) => Ok(()),
        AssignmentTarget::System(_, name) if name.eq_ignore_ascii_case("autocommit") => {
            let message = "Not allowed to set autocommit from a stored function or trigger";
            Err(Error::mysql(1445, *b"HY000", message))
        }
        AssignmentTarget::System(..) | AssignmentTarget::NextTransaction(_) => {
            Err(Error::not_supported("SET of a system variable in a trigger"))
        }
    }
}
