//! The actions of ALTER TABLE.
//!
//! Left out, and refused by name: tablespaces.

use sqlparser::tokenizer::Token;

use crate::ast::{AlterAction, AlterTable, ColumnPlace, ForeignKeyDefinition, PartitionAction};
use crate::error::Error;
use crate::parse::alter::algorithm_or_lock;
use crate::parse::column;
use crate::parse::constraint;
use crate::parse::create_table::{engine, index_name, key_definition};
use crate::parse::cursor::Cursor;
use crate::parse::foreign_key;
use crate::parse::partition;
use crate::parse::table_option::table_option;
use crate::variables::character_set;

/// All actions of an ALTER TABLE.
pub(crate) fn actions(cursor: &mut Cursor<'_, '_>, alter: &mut AlterTable) -> crate::Result<()> {
    loop {
        // ORDER BY is the end of it: what follows a comma is another name.
        if cursor.words(&["ORDER", "BY"]) {
            let names = cursor.list(|cursor| {
                let name = cursor.name()?;
                cursor.one_of(&["ASC", "DESC"]);
                Ok(name)
            })?;
            alter.actions.push(AlterAction::OrderBy(names));
            return Ok(());
        }
        if !algorithm_or_lock(cursor, alter)? && !validation(cursor, alter)? {
            if option(cursor, alter)? {
                // Options may stand one after another without a comma.
                while option(cursor, alter)? {}
            } else {
                action(cursor, alter)?;
            }
        }
        if !cursor.eat(&Token::Comma) {
            // PARTITION BY needs no comma before it.
            if let Some(by) = partition::partition_by(cursor)? {
                alter.actions.push(AlterAction::Partition(PartitionAction::By(by)));
            }
            return Ok(());
        }
    }
}

/// WITH and WITHOUT VALIDATION, of generated columns.
fn validation(cursor: &mut Cursor<'_, '_>, alter: &AlterTable) -> crate::Result<bool> {
    if !cursor.words(&["WITH", "VALIDATION"]) && !cursor.words(&["WITHOUT", "VALIDATION"]) {
        return Ok(false);
    }
    let adds = |action: &AlterAction| {
        matches!(action, AlterAction::AddColumn { .. } | AlterAction::ChangeColumn { .. })
    };
    if alter.actions.iter().any(adds) {
        return Ok(true);
    }
    let message = "Incorrect usage of ALTER and WITH VALIDATION".to_owned();
    Err(Error { code: 1221, state: *b"HY000", message })
}

fn action(cursor: &mut Cursor<'_, '_>, alter: &mut AlterTable) -> crate::Result<()> {
    let start = cursor.unexpected();
    let word = cursor.one_of(&[
        "ADD", "ALTER", "CHANGE", "CONVERT", "DISABLE", "DROP", "ENABLE", "FORCE", "MODIFY", "RENAME",
    ]);
    let action = match word {
        Some("ADD") => return add(cursor, alter),
        Some("ALTER") => set_default(cursor)?,
        Some("CHANGE") => {
            cursor.word("COLUMN");
            let from = cursor.name()?;
            return change(cursor, Some(from), alter);
        }
        Some("MODIFY") => {
            cursor.word("COLUMN");
            return change(cursor, None, alter);
        }
        Some("CONVERT") => convert(cursor)?,
        Some("DISABLE" | "ENABLE") => {
            cursor.expect_word("KEYS")?;
            AlterAction::SwitchKeys
        }
        Some("DROP") => drop(cursor)?,
        Some("FORCE") => AlterAction::Rebuild,
        Some("RENAME") => rename(cursor)?,
        _ => return rare(cursor, start, alter),
    };
    alter.actions.push(action);
    Ok(())
}

/// Actions on partitions, and those that are not built.
fn rare(cursor: &mut Cursor<'_, '_>, start: Error, alter: &mut AlterTable) -> crate::Result<()> {
    if let Some(action) = partition::action(cursor)? {
        alter.actions.push(AlterAction::Partition(action));
        return Ok(());
    }
    for word in ["DISCARD", "IMPORT", "SECONDARY_LOAD", "SECONDARY_UNLOAD", "TABLESPACE"] {
        if cursor.peek_word(0, word) {
            return Err(Error::not_supported(format_args!("ALTER TABLE … {word}")));
        }
    }
    Err(start)
}

fn add(cursor: &mut Cursor<'_, '_>, alter: &mut AlterTable) -> crate::Result<()> {
    if let Some(action) = partition::add(cursor)? {
        alter.actions.push(AlterAction::Partition(action));
        return Ok(());
    }
    if let Some(check) = constraint::check(cursor, None)? {
        alter.actions.push(AlterAction::AddCheck(check));
        return Ok(());
    }
    if let Some(foreign_key) = foreign_key::foreign_key(cursor)? {
        add_foreign_key(foreign_key, alter);
        return Ok(());
    }
    if let Some(key) = key_definition(cursor)? {
        alter.actions.push(AlterAction::AddKey(key));
        return Ok(());
    }
    cursor.word("COLUMN");
    if cursor.eat(&Token::LParen) {
        loop {
            if let Some(check) = constraint::check(cursor, None)? {
                alter.actions.push(AlterAction::AddCheck(check));
            } else if let Some(foreign_key) = foreign_key::foreign_key(cursor)? {
                add_foreign_key(foreign_key, alter);
            } else if let Some(key) = key_definition(cursor)? {
                alter.actions.push(AlterAction::AddKey(key));
            } else {
                add_column(cursor, false, alter)?;
            }
            if !cursor.eat(&Token::Comma) {
                break;
            }
        }
        return cursor.expect(&Token::RParen);
    }
    add_column(cursor, true, alter)
}

/// A column with its keys; `places`: FIRST or AFTER may follow.
fn add_column(cursor: &mut Cursor<'_, '_>, places: bool, alter: &mut AlterTable) -> crate::Result<()> {
    let (definition, keys) = column::definition(cursor)?;
    let foreign_key = foreign_key::references(cursor, &definition.name)?;
    let place = if places { place(cursor)? } else { ColumnPlace::Unsaid };
    alter.actions.push(AlterAction::AddColumn { definition, place });
    alter.actions.extend(keys.into_iter().map(AlterAction::AddKey));
    if let Some(foreign_key) = foreign_key {
        add_foreign_key(foreign_key, alter);
    }
    Ok(())
}

fn add_foreign_key(foreign_key: ForeignKeyDefinition, alter: &mut AlterTable) {
    alter.actions.push(AlterAction::AddKey(foreign_key.index()));
    alter.actions.push(AlterAction::AddForeignKey(foreign_key));
}

/// CHANGE, or MODIFY when `from` is not given: then the column keeps its name.
fn change(cursor: &mut Cursor<'_, '_>, from: Option<String>, alter: &mut AlterTable) -> crate::Result<()> {
    let (definition, keys) = column::definition(cursor)?;
    let place = place(cursor)?;
    let from = from.unwrap_or_else(|| definition.name.clone());
    alter.actions.push(AlterAction::ChangeColumn { from, definition, place });
    alter.actions.extend(keys.into_iter().map(AlterAction::AddKey));
    Ok(())
}

fn place(cursor: &mut Cursor<'_, '_>) -> crate::Result<ColumnPlace> {
    if cursor.word("FIRST") {
        return Ok(ColumnPlace::First);
    }
    if cursor.word("AFTER") {
        return Ok(ColumnPlace::After(cursor.name()?));
    }
    Ok(ColumnPlace::Unsaid)
}

fn set_default(cursor: &mut Cursor<'_, '_>) -> crate::Result<AlterAction> {
    if cursor.one_of(&["CHECK", "CONSTRAINT"]).is_some() {
        let name = cursor.name()?;
        let enforced = constraint::enforcement(cursor).ok_or_else(|| cursor.unexpected())?;
        return Ok(AlterAction::EnforceCheck { name, enforced });
    }
    if cursor.one_of(&["INDEX", "KEY"]).is_some() {
        return Err(Error::not_supported("invisible indexes"));
    }
    cursor.word("COLUMN");
    let column = cursor.name()?;
    if cursor.word("DROP") {
        cursor.expect_word("DEFAULT")?;
        return Ok(AlterAction::SetDefault { column, default: None });
    }
    cursor.expect_word("SET")?;
    if cursor.one_of(&["VISIBLE", "INVISIBLE"]).is_some() {
        return Err(Error::not_supported("invisible columns"));
    }
    cursor.expect_word("DEFAULT")?;
    if cursor.eat(&Token::LParen) {
        return Err(Error::not_supported("ALTER COLUMN … SET DEFAULT of an expression"));
    }
    Ok(AlterAction::SetDefault { column, default: Some(column::literal_default(cursor)?) })
}

fn convert(cursor: &mut Cursor<'_, '_>) -> crate::Result<AlterAction> {
    cursor.expect_word("TO")?;
    if !cursor.word("CHARSET") && !cursor.words(&["CHARACTER", "SET"]) && !cursor.words(&["CHAR", "SET"]) {
        return Err(cursor.unexpected());
    }
    cursor.eat(&Token::Eq);
    let mut collation = match cursor.word("DEFAULT") {
        true => None,
        false => Some(character_set::default_collation(&cursor.name_or_string()?)?),
    };
    if cursor.word("COLLATE") {
        cursor.eat(&Token::Eq);
        let named = character_set::collation(&cursor.name_or_string()?)?;
        if let Some(of_set) = collation
            && of_set.character_set() != named.character_set()
        {
            return Err(mismatch(named.name(), of_set.character_set()));
        }
        collation = Some(named);
    }
    Ok(AlterAction::Convert(collation))
}

/// Error 1253.
fn mismatch(collation: &str, set: &str) -> Error {
    let message = format!("COLLATION '{collation}' is not valid for CHARACTER SET '{set}'");
    Error { code: 1253, state: *b"42000", message }
}

fn drop(cursor: &mut Cursor<'_, '_>) -> crate::Result<AlterAction> {
    if cursor.word("PRIMARY") {
        cursor.expect_word("KEY")?;
        return Ok(AlterAction::DropKey("PRIMARY".to_owned()));
    }
    if let Some(action) = partition::drop(cursor)? {
        return Ok(AlterAction::Partition(action));
    }
    match cursor.one_of(&["INDEX", "KEY", "FOREIGN", "CHECK", "CONSTRAINT"]) {
        Some("INDEX" | "KEY") => return Ok(AlterAction::DropKey(index_name(cursor)?)),
        Some("FOREIGN") => {
            cursor.expect_word("KEY")?;
            return Ok(AlterAction::DropForeignKey(cursor.name()?));
        }
        Some("CONSTRAINT") => return Ok(AlterAction::DropConstraint(cursor.name()?)),
        Some(_) => return Ok(AlterAction::DropCheck(cursor.name()?)),
        None => {}
    }
    cursor.word("COLUMN");
    let column = cursor.name()?;
    // They do nothing in MySQL.
    cursor.one_of(&["RESTRICT", "CASCADE"]);
    Ok(AlterAction::DropColumn(column))
}

fn rename(cursor: &mut Cursor<'_, '_>) -> crate::Result<AlterAction> {
    if cursor.word("COLUMN") {
        let from = cursor.name()?;
        cursor.expect_word("TO")?;
        return Ok(AlterAction::RenameColumn { from, to: cursor.name()? });
    }
    if cursor.one_of(&["INDEX", "KEY"]).is_some() {
        let from = key_name(cursor)?;
        cursor.expect_word("TO")?;
        return Ok(AlterAction::RenameKey { from, to: key_name(cursor)? });
    }
    if cursor.one_of(&["TO", "AS"]).is_none() {
        cursor.eat(&Token::Eq);
    }
    Ok(AlterAction::Rename(cursor.table_name()?))
}

/// The name of a key that is not the primary one, which is a reserved word.
fn key_name(cursor: &mut Cursor<'_, '_>) -> crate::Result<String> {
    if cursor.peek_word(0, "PRIMARY") {
        return Err(cursor.unexpected());
    }
    cursor.name()
}

/// One option of the table; false when none is next.
fn option(cursor: &mut Cursor<'_, '_>, alter: &mut AlterTable) -> crate::Result<bool> {
    let action = if let Some(option) = table_option(cursor)? {
        AlterAction::Option(option)
    } else if cursor.word("ENGINE") {
        cursor.eat(&Token::Eq);
        engine(&cursor.name_or_string()?)?;
        AlterAction::Rebuild
    } else if cursor.word("AUTO_INCREMENT") {
        cursor.eat(&Token::Eq);
        AlterAction::AutoIncrement(cursor.unsigned()?)
    } else if cursor.word("COMMENT") {
        cursor.eat(&Token::Eq);
        AlterAction::Comment(cursor.string()?)
    } else {
        return character_set_option(cursor, alter);
    };
    alter.actions.push(action);
    Ok(true)
}

/// `[DEFAULT] CHARSET x`, `[DEFAULT] COLLATE x`; false when neither is next.
fn character_set_option(cursor: &mut Cursor<'_, '_>, alter: &mut AlterTable) -> crate::Result<bool> {
    let default = cursor.word("DEFAULT");
    if cursor.word("CHARSET") || cursor.words(&["CHARACTER", "SET"]) || cursor.words(&["CHAR", "SET"]) {
        cursor.eat(&Token::Eq);
        let mut collation = character_set::default_collation(&cursor.name_or_string()?)?;
        if cursor.peek_word(0, "COLLATE") || cursor.peek_word(0, "DEFAULT") && cursor.peek_word(1, "COLLATE")
        {
            cursor.word("DEFAULT");
            cursor.skip();
            cursor.eat(&Token::Eq);
            let named = character_set::collation(&cursor.name_or_string()?)?;
            if collation.character_set() != named.character_set() {
                return Err(mismatch(named.name(), collation.character_set()));
            }
            collation = named;
        }
        alter.actions.push(AlterAction::DefaultCollation(collation));
        return Ok(true);
    }
    if cursor.word("COLLATE") {
        cursor.eat(&Token::Eq);
        let collation = character_set::collation(&cursor.name_or_string()?)?;
        alter.actions.push(AlterAction::DefaultCollation(collation));
        return Ok(true);
    }
    if default { Err(cursor.unexpected()) } else { Ok(false) }
}
