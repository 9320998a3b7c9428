//! ALTER TABLE and RENAME TABLE as statements; its actions are in [`alter_action`](super::alter_action). ALTER INSTANCE RELOAD TLS.

use sqlparser::tokenizer::Token;

use crate::ast::{Algorithm, AlterLock, AlterTable, Statement};
use crate::error::Error;
use crate::parse::alter_action::actions;
use crate::parse::cursor::Cursor;

/// Parses ALTER TABLE and ALTER INSTANCE.
pub(crate) fn alter(cursor: &mut Cursor<'_, '_>) -> crate::Result<Statement> {
    cursor.expect_word("ALTER")?;
    if cursor.word("INSTANCE") {
        return instance(cursor);
    }
    if cursor.one_of(&["DATABASE", "SCHEMA"]).is_some() {
        return super::router::alter_database(cursor);
    }
    cursor.expect_word("TABLE")?;
    let table = cursor.table_name()?;
    let mut alter =
        AlterTable { table, actions: Vec::new(), algorithm: Algorithm::Default, lock: AlterLock::Default };
    if !cursor.at_end() {
        actions(cursor, &mut alter)?;
    }
    Ok(Statement::AlterTable(Box::new(alter)))
}

/// RELOAD TLS is all of ALTER INSTANCE that there is; its only channel is that of clients.
fn instance(cursor: &mut Cursor<'_, '_>) -> crate::Result<Statement> {
    if !cursor.words(&["RELOAD", "TLS"]) {
        return Err(Error::not_supported("ALTER INSTANCE of anything but RELOAD TLS"));
    }
    if cursor.words(&["FOR", "CHANNEL"]) {
        let channel = cursor.name()?;
        if !channel.eq_ignore_ascii_case("mysql_main") {
            return Err(Error::not_supported(format_args!(
                "ALTER INSTANCE RELOAD TLS FOR CHANNEL {channel}"
            )));
        }
    }
    if cursor.peek_word(0, "NO") {
        return Err(Error::not_supported("ALTER INSTANCE RELOAD TLS … NO ROLLBACK ON ERROR"));
    }
    Ok(Statement::ReloadTls)
}

/// `ALGORITHM [=] x` or `LOCK [=] x`; false when neither is next. The last one of each counts.
///
/// # Errors
/// 1800, 1801.
pub(crate) fn algorithm_or_lock(cursor: &mut Cursor<'_, '_>, alter: &mut AlterTable) -> crate::Result<bool> {
    let Some(word) = cursor.one_of(&["ALGORITHM", "LOCK"]) else { return Ok(false) };
    cursor.eat(&Token::Eq);
    let value = if cursor.word("DEFAULT") { "DEFAULT".to_owned() } else { cursor.name()? };
    if word == "ALGORITHM" {
        alter.algorithm = match value.to_ascii_lowercase().as_str() {
            "default" => Algorithm::Default,
            "instant" => Algorithm::Instant,
            "inplace" => Algorithm::Inplace,
            "copy" => Algorithm::Copy,
            _ => {
                let message = format!("Unknown ALGORITHM '{value}'");
                return Err(Error { code: 1800, state: *b"HY000", message });
            }
        };
    } else {
        alter.lock = match value.to_ascii_lowercase().as_str() {
            "default" => AlterLock::Default,
            "none" => AlterLock::None,
            "shared" => AlterLock::Shared,
            "exclusive" => AlterLock::Exclusive,
            _ => {
                let message = format!("Unknown LOCK type '{value}'");
                return Err(Error { code: 1801, state: *b"HY000", message });
            }
        };
    }
    Ok(true)
}

/// Parses RENAME TABLE.
pub(crate) fn rename(cursor: &mut Cursor<'_, '_>) -> crate::Result<Statement> {
    cursor.expect_word("RENAME")?;
    if cursor.one_of(&["TABLE", "TABLES"]).is_none() {
        return Err(cursor.unexpected());
    }
    let pairs = cursor.list(|cursor| {
        let from = cursor.table_name()?;
        cursor.expect_word("TO")?;
        Ok((from, cursor.table_name()?))
    })?;
    Ok(Statement::RenameTable(pairs))
}
