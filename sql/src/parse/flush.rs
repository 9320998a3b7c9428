//! FLUSH.

use crate::ast::{FlushOption, Statement};
use crate::error::Error;
use crate::parse::cursor::Cursor;

/// Parses a statement that begins with FLUSH: tables, or a list of other things.
pub(crate) fn flush(cursor: &mut Cursor<'_, '_>) -> crate::Result<Statement> {
    cursor.skip();
    cursor.one_of(&["NO_WRITE_TO_BINLOG", "LOCAL"]);
    if cursor.one_of(&["TABLES", "TABLE"]).is_none() {
        return Ok(Statement::Flush(cursor.list(option)?));
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

fn option(cursor: &mut Cursor<'_, '_>) -> crate::Result<FlushOption> {
    if cursor.word("PRIVILEGES") {
        return Ok(FlushOption::Privileges);
    }
    if cursor.word("STATUS") {
        return Ok(FlushOption::Status);
    }
    if cursor.word("USER_RESOURCES") {
        return Ok(FlushOption::UserResources);
    }
    if cursor.word("OPTIMIZER_COSTS") {
        return Err(Error::not_supported("FLUSH OPTIMIZER_COSTS"));
    }
    let is_relay = cursor.peek_word(0, "RELAY");
    if cursor.one_of(&["BINARY", "ENGINE", "ERROR", "GENERAL", "RELAY", "SLOW"]).is_some() {
        cursor.expect_word("LOGS")?;
    } else if !cursor.word("LOGS") {
        return Err(cursor.unexpected());
    }
    if is_relay && cursor.words(&["FOR", "CHANNEL"]) {
        return Err(Error::mysql(
            3074,
            *b"HY000",
            format!("Replica channel '{}' does not exist.", cursor.name_or_string()?),
        ));
    }
    Ok(FlushOption::Logs)
}
