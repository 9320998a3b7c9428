//! ALTER TABLE (keys and names), RENAME TABLE, and ALTER INSTANCE RELOAD TLS.
//!
//! Built are: adding keys, dropping one, renaming the table, and the options that change nothing for InnoDB (DISABLE KEYS,
//! ENABLE KEYS, ENGINE=InnoDB, FORCE), which come as a CREATE INDEX of no keys: the table must exist, and nothing else happens.

use sqlparser::tokenizer::Token;

use crate::ast::{KeyDefinition, Statement, TableName};
use crate::error::Error;
use crate::parse::create_table::{engine, index_name, key_definition};
use crate::parse::cursor::Cursor;

/// One action of ALTER TABLE.
enum Action {
    Add(KeyDefinition),
    DropKey(String),
    Rename(TableName),
    Nothing,
}

/// Parses ALTER TABLE and ALTER INSTANCE.
pub(crate) fn alter(cursor: &mut Cursor<'_, '_>) -> crate::Result<Statement> {
    cursor.expect_word("ALTER")?;
    if cursor.word("INSTANCE") {
        return instance(cursor);
    }
    cursor.expect_word("TABLE")?;
    let table = cursor.table_name()?;
    if cursor.at_end() {
        return Ok(Statement::CreateIndex { table, keys: Vec::new(), is_alter: true });
    }
    let mut actions = Vec::new();
    loop {
        actions.push(action(cursor)?);
        if !cursor.eat(&Token::Comma) {
            break;
        }
    }
    combine(table, actions)
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

/// One statement for all the actions, where there is one.
fn combine(table: TableName, actions: Vec<Action>) -> crate::Result<Statement> {
    let mut keys = Vec::new();
    let mut others = Vec::new();
    for action in actions {
        match action {
            Action::Add(key) => keys.push(key),
            Action::Nothing => {}
            other => others.push(other),
        }
    }
    match (others.pop(), others.is_empty(), keys.is_empty()) {
        (None, ..) => Ok(Statement::CreateIndex { table, keys, is_alter: true }),
        (Some(Action::DropKey(name)), true, true) => Ok(Statement::DropIndex { table, name, is_alter: true }),
        (Some(Action::Rename(to)), true, true) => Ok(Statement::RenameTable(vec![(table, to)])),
        _ => Err(Error::not_supported("several changes in one ALTER TABLE, other than adding keys")),
    }
}

fn action(cursor: &mut Cursor<'_, '_>) -> crate::Result<Action> {
    if cursor.peek_word(0, "ALGORITHM") || cursor.peek_word(0, "LOCK") {
        algorithm_and_lock(cursor)?;
        return Ok(Action::Nothing);
    }
    if cursor.word("ADD") {
        return match key_definition(cursor)? {
            Some(key) => Ok(Action::Add(key)),
            None if cursor.peek_word(0, "PARTITION") => Err(Error::not_supported("partitioned tables")),
            None => Err(Error::not_supported("ALTER TABLE … ADD COLUMN")),
        };
    }
    if cursor.word("DROP") {
        if cursor.one_of(&["INDEX", "KEY"]).is_some() {
            return Ok(Action::DropKey(index_name(cursor)?));
        }
        if cursor.words(&["PRIMARY", "KEY"]) {
            return Ok(Action::DropKey("PRIMARY".to_owned()));
        }
        return Err(match cursor.one_of(&["FOREIGN", "CHECK", "CONSTRAINT", "PARTITION"]) {
            Some("FOREIGN") => Error::not_supported("foreign keys"),
            Some("PARTITION") => Error::not_supported("partitioned tables"),
            Some(_) => Error::not_supported("ALTER TABLE … DROP CONSTRAINT"),
            None => Error::not_supported("ALTER TABLE … DROP COLUMN"),
        });
    }
    if cursor.word("RENAME") {
        if let Some(word) = cursor.one_of(&["COLUMN", "INDEX", "KEY"]) {
            return Err(Error::not_supported(format_args!("ALTER TABLE … RENAME {word}")));
        }
        if cursor.one_of(&["TO", "AS"]).is_none() {
            cursor.eat(&Token::Eq);
        }
        return Ok(Action::Rename(cursor.table_name()?));
    }
    if cursor.words(&["DISABLE", "KEYS"]) || cursor.words(&["ENABLE", "KEYS"]) || cursor.word("FORCE") {
        return Ok(Action::Nothing);
    }
    if cursor.word("ENGINE") {
        cursor.eat(&Token::Eq);
        engine(&cursor.name_or_string()?)?;
        return Ok(Action::Nothing);
    }
    let start = cursor.unexpected();
    match cursor.any_word() {
        Ok(word) => Err(Error::not_supported(format_args!("ALTER TABLE … {}", word.to_ascii_uppercase()))),
        Err(_) => Err(start),
    }
}

/// `[ALGORITHM [=] x] [LOCK [=] x]`: there is one way to do it, so the wish is read and changes nothing.
pub(crate) fn algorithm_and_lock(cursor: &mut Cursor<'_, '_>) -> crate::Result<()> {
    while let Some(word) = cursor.one_of(&["ALGORITHM", "LOCK"]) {
        cursor.eat(&Token::Eq);
        let choices: &[&'static str] = match word {
            "ALGORITHM" => &["DEFAULT", "INPLACE", "INSTANT", "COPY"],
            _ => &["DEFAULT", "NONE", "SHARED", "EXCLUSIVE"],
        };
        if cursor.one_of(choices).is_none() {
            return Err(cursor.unexpected());
        }
    }
    Ok(())
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
