//! BEGIN, START TRANSACTION, COMMIT, ROLLBACK, SAVEPOINT, RELEASE.

use sqlparser::tokenizer::Token;

use crate::ast::Statement;
use crate::error::Error;
use crate::parse::cursor::Cursor;

/// Parses a statement of transaction control.
pub(crate) fn transaction(cursor: &mut Cursor<'_, '_>) -> crate::Result<Statement> {
    if cursor.word("BEGIN") {
        cursor.word("WORK");
        return Ok(Statement::Begin { consistent_snapshot: false, read_only: None });
    }
    if cursor.word("START") {
        cursor.expect_word("TRANSACTION")?;
        return start(cursor);
    }
    if cursor.word("SAVEPOINT") {
        return Ok(Statement::Savepoint(cursor.name()?));
    }
    if cursor.word("RELEASE") {
        cursor.expect_word("SAVEPOINT")?;
        return Ok(Statement::ReleaseSavepoint(cursor.name()?));
    }
    let commits = cursor.word("COMMIT");
    if !commits {
        cursor.expect_word("ROLLBACK")?;
    }
    cursor.word("WORK");
    if !commits && cursor.word("TO") {
        cursor.word("SAVEPOINT");
        return Ok(Statement::RollbackTo(cursor.name()?));
    }
    completion(cursor)?;
    Ok(if commits { Statement::Commit } else { Statement::Rollback })
}

fn start(cursor: &mut Cursor<'_, '_>) -> crate::Result<Statement> {
    let mut consistent_snapshot = false;
    let mut read_only = None;
    while !cursor.at_end() {
        if cursor.words(&["WITH", "CONSISTENT", "SNAPSHOT"]) {
            consistent_snapshot = true;
        } else if read_only.is_none() && cursor.words(&["READ", "ONLY"]) {
            read_only = Some(true);
        } else if read_only.is_none() && cursor.words(&["READ", "WRITE"]) {
            read_only = Some(false);
        } else {
            return Err(cursor.unexpected());
        }
        if !cursor.eat(&Token::Comma) {
            break;
        }
    }
    Ok(Statement::Begin { consistent_snapshot, read_only })
}

/// `[AND [NO] CHAIN] [[NO] RELEASE]`: the negative forms say what happens anyway.
fn completion(cursor: &mut Cursor<'_, '_>) -> crate::Result<()> {
    if cursor.word("AND") {
        let no = cursor.word("NO");
        cursor.expect_word("CHAIN")?;
        if !no {
            return Err(Error::not_supported("COMMIT and ROLLBACK AND CHAIN"));
        }
    }
    if cursor.words(&["NO", "RELEASE"]) {
        return Ok(());
    }
    if cursor.word("RELEASE") {
        return Err(Error::not_supported("COMMIT and ROLLBACK RELEASE"));
    }
    Ok(())
}
