//! LOCK TABLES, UNLOCK TABLES, LOCK INSTANCE, UNLOCK INSTANCE.

use crate::ast::{Statement, TableLock};
use crate::parse::cursor::Cursor;

/// Parses a statement that begins with LOCK or UNLOCK.
pub(crate) fn lock(cursor: &mut Cursor<'_, '_>) -> crate::Result<Statement> {
    let locks = cursor.word("LOCK");
    if !locks {
        cursor.expect_word("UNLOCK")?;
    }
    if cursor.word("INSTANCE") {
        if !locks {
            return Ok(Statement::UnlockInstance);
        }
        cursor.expect_word("FOR")?;
        cursor.expect_word("BACKUP")?;
        return Ok(Statement::LockInstance);
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
