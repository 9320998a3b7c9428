//! LOCK TABLES, UNLOCK TABLES, FLUSH TABLES.

use crate::ast::{Statement, TableLock};
use crate::error::Error;
use crate::parse::cursor::Cursor;

/// Parses a statement that begins with LOCK or UNLOCK.
pub(crate) fn lock(cursor: &mut Cursor<'_, '_>) -> crate::Result<Statement> {
    let locks = cursor.word("LOCK");
    if !locks {
        cursor.expect_word("UNLOCK")?;
    }
    if cursor.one_of(&["TABLES", "TABLE"]).is_none() {
        return Err(cursor.unexpected());
    }
    Ok(if locks { Statement::LockTables(cursor.list(table_lock)?) } else { Statement::UnlockTables })
}

/// `t [[AS] alias] READ [LOCAL]`, `t [[AS] alias] [LOW_PRIORITY] WRITE`. LOCAL lets others append to MyISAM tables, which there are none
/// of; LOW_PRIORITY has had no effect in MySQL since 8.0.
fn table_lock(cursor: &mut Cursor<'_, '_>) -> crate::Result<TableLock> {
    let name = cursor.table_name()?;
    let is_mode = |cursor: &Cursor<'_, '_>| {
        ["READ", "WRITE", "LOW_PRIORITY"].iter().any(|word| cursor.peek_word(0, word))
    };
    let says_as = cursor.word("AS");
    let alias = match (is_mode(cursor), says_as) {
        (true, true) => return Err(cursor.unexpected()),
        (true, false) => None,
        (false, _) if cursor.at_end() => return Err(cursor.unexpected()),
        (false, _) => Some(cursor.name()?),
    };
    if cursor.word("READ") {
        cursor.word("LOCAL");
        return Ok(TableLock { name, alias, write: false });
    }
    cursor.word("LOW_PRIORITY");
    cursor.expect_word("WRITE")?;
    Ok(TableLock { name, alias, write: true })
}

/// Parses a statement that begins with FLUSH: only FLUSH TABLES and FLUSH PRIVILEGES are there.
pub(crate) fn flush(cursor: &mut Cursor<'_, '_>) -> crate::Result<Statement> {
    cursor.skip();
    cursor.one_of(&["NO_WRITE_TO_BINLOG", "LOCAL"]);
    if cursor.word("PRIVILEGES") {
        return Ok(Statement::FlushPrivileges);
    }
    if cursor.one_of(&["TABLES", "TABLE"]).is_none() {
        return Err(Error::not_supported("FLUSH of anything but tables and privileges"));
    }
    if cursor.words(&["WITH", "READ", "LOCK"]) {
        return Ok(Statement::FlushTables { names: Vec::new(), with_read_lock: true });
    }
    let names = if cursor.at_end() { Vec::new() } else { cursor.list(Cursor::table_name)? };
    if cursor.peek_word(0, "WITH") {
        return Err(Error::not_supported("FLUSH TABLES … WITH READ LOCK of single tables; use LOCK TABLES"));
    }
    if cursor.peek_word(0, "FOR") {
        return Err(Error::not_supported("FLUSH TABLES … FOR EXPORT"));
    }
    Ok(Statement::FlushTables { names, with_read_lock: false })
}
