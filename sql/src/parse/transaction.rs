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
    let chains = completion(cursor)?;
    Ok(match (commits, chains) {
        (true, false) => Statement::Commit,
        (true, true) => Statement::CommitAndChain,
        (false, false) => Statement::Rollback,
        (false, true) => Statement::RollbackAndChain,
    })
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

/// `[AND [NO] CHAIN] [[NO] RELEASE]`: whether it chains. Both together are no syntax.
fn completion(cursor: &mut Cursor<'_, '_>) -> crate::Result<bool> {
    let mut chains = false;
    if cursor.word("AND") {
        let no = cursor.word("NO");
        cursor.expect_word("CHAIN")?;
        chains = !no;
    }
    if cursor.words(&["NO", "RELEASE"]) {
        return Ok(chains);
    }
    if !chains && cursor.word("RELEASE") {
        return Err(Error::not_supported("COMMIT and ROLLBACK RELEASE"));
    }
    Ok(chains)
}
