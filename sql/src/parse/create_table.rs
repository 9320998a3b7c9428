//! CREATE TABLE and CREATE INDEX: keys and table options. Columns are in `column.rs`.
//!
//! Options that InnoDB takes without effect on anything a client can read back (AVG_ROW_LENGTH, MAX_ROWS, STATS_…, ROW_FORMAT,
//! …) are taken here likewise; options that would have to do something (DATA DIRECTORY, ENCRYPTION, COMPRESSION, …) are refused.

use sqlparser::tokenizer::Token;

use crate::ast::{
    Algorithm, AlterAction, AlterLock, AlterTable, CreateSelect, CreateTable, KeyDefinition, KeyKind,
    KeyOptions, KeyPart, Statement, TableName,
};
use crate::error::Error;
use crate::parse::column;
use crate::parse::constraint;
use crate::parse::cursor::Cursor;
use crate::parse::foreign_key;
use crate::parse::partition;
use crate::parse::table_option::table_option;
use crate::variables::{SqlMode, character_set};

/// Parses what follows `CREATE [TEMPORARY] TABLE`.
pub(crate) fn create_table(cursor: &mut Cursor<'_, '_>, temporary: bool) -> crate::Result<Statement> {
    let if_not_exists = cursor.words(&["IF", "NOT", "EXISTS"]);
    let mut table = CreateTable {
        name: cursor.table_name()?,
        temporary,
        if_not_exists,
        columns: Vec::new(),
        keys: Vec::new(),
        checks: Vec::new(),
        foreign_keys: Vec::new(),
        collation: None,
        auto_increment: None,
        substituted_engine: None,
        comment: String::new(),
        options: crate::catalog::TableOptions::default(),
        like: None,
        select: None,
        partition_by: None,
    };
    let in_parens = *cursor.peek() == Token::LParen && cursor.peek_word(1, "LIKE");
    if in_parens {
        cursor.skip();
    }
    if cursor.word("LIKE") {
        table.like = Some(cursor.table_name()?);
        if in_parens {
            cursor.expect(&Token::RParen)?;
        }
        return Ok(Statement::CreateTable(Box::new(table)));
    }
    if begins_query(cursor) {
        table.select = Some(select(cursor)?);
        return Ok(Statement::CreateTable(Box::new(table)));
    }
    if matches!(cursor.peek(), Token::EOF | Token::SemiColon) {
        let message = "A table must have at least one visible column.".to_owned();
        return Err(Error { code: 4028, state: *b"HY000", message });
    }
    let has_definitions = cursor.eat(&Token::LParen);
    if has_definitions {
        definition(cursor, &mut table)?;
        while cursor.eat(&Token::Comma) {
            definition(cursor, &mut table)?;
        }
        cursor.expect(&Token::RParen)?;
    }
    let before = cursor.span();
    options(cursor, &mut table)?;
    if !has_definitions && cursor.span() == before {
        return Err(cursor.unexpected());
    }
    table.partition_by = partition::partition_by(cursor)?;
    if temporary && table.partition_by.is_some() {
        let message = "Cannot create temporary table with partitions".to_owned();
        return Err(Error { code: 1562, state: *b"HY000", message });
    }
    if begins_query(cursor) {
        table.select = Some(select(cursor)?);
    } else if !has_definitions {
        let message = "A table must have at least one visible column.".to_owned();
        return Err(Error { code: 4028, state: *b"HY000", message });
    }
    Ok(Statement::CreateTable(Box::new(table)))
}

/// Whether what is next can only be the query of CREATE TABLE … SELECT: in a parenthesis these words are reserved, so that no column
/// begins with one.
fn begins_query(cursor: &Cursor<'_, '_>) -> bool {
    let mut ahead = 0;
    while *cursor.peek_at(ahead) == Token::LParen {
        ahead += 1;
    }
    let begins = |words: &[&str]| words.iter().any(|word| cursor.peek_word(ahead, word));
    begins(&["SELECT", "WITH", "VALUES", "TABLE"]) || (ahead == 0 && begins(&["AS", "IGNORE", "REPLACE"]))
}

/// `[IGNORE | REPLACE] [AS] query`.
fn select(cursor: &mut Cursor<'_, '_>) -> crate::Result<Box<CreateSelect>> {
    let word = cursor.one_of(&["IGNORE", "REPLACE"]);
    let (ignore, replace) = (word == Some("IGNORE"), word == Some("REPLACE"));
    cursor.word("AS");
    if !begins_query(cursor) {
        return Err(cursor.unexpected());
    }
    Ok(Box::new(CreateSelect { query: cursor.query()?, ignore, replace }))
}

/// A column or a key.
fn definition(cursor: &mut Cursor<'_, '_>, table: &mut CreateTable) -> crate::Result<()> {
    if let Some(check) = constraint::check(cursor, None)? {
        table.checks.push(check);
        return Ok(());
    }
    if let Some(foreign_key) = foreign_key::foreign_key(cursor)? {
        table.keys.push(foreign_key.index());
        table.foreign_keys.push(foreign_key);
        return Ok(());
    }
    if let Some(key) = key_definition(cursor)? {
        table.keys.push(key);
        return Ok(());
    }
    let (mut column, keys) = column::definition(cursor)?;
    table.checks.append(&mut column.checks);
    table.keys.extend(keys);
    if let Some(foreign_key) = foreign_key::references(cursor, &column.name)? {
        table.keys.push(foreign_key.index());
        table.foreign_keys.push(foreign_key);
    }
    table.columns.push(column);
    Ok(())
}

/// A key as CREATE TABLE and ALTER TABLE ADD write it; None when something else is next.
pub(crate) fn key_definition(cursor: &mut Cursor<'_, '_>) -> crate::Result<Option<KeyDefinition>> {
    let mut symbol = None;
    let constrained = cursor.word("CONSTRAINT");
    if constrained && !["PRIMARY", "UNIQUE", "CHECK"].iter().any(|word| cursor.peek_word(0, word)) {
        symbol = Some(cursor.name()?);
    }
    let kind = if cursor.word("PRIMARY") {
        cursor.expect_word("KEY")?;
        KeyKind::Primary
    } else if cursor.word("UNIQUE") {
        cursor.one_of(&["INDEX", "KEY"]);
        KeyKind::Unique
    } else if constrained {
        return Err(cursor.unexpected());
    } else if cursor.one_of(&["INDEX", "KEY"]).is_some() {
        KeyKind::Index
    } else if let Some(word) = cursor.one_of(&["FULLTEXT", "SPATIAL"]) {
        return Err(Error::not_supported(format_args!("{word} indexes")));
    } else {
        return Ok(None);
    };
    let mut name = None;
    if kind != KeyKind::Primary && *cursor.peek() != Token::LParen && !cursor.peek_word(0, "USING") {
        name = Some(cursor.name()?);
    }
    let mut options = KeyOptions { using_btree: index_type(cursor)?, ..KeyOptions::default() };
    let columns = cursor.parenthesized(key_part)?;
    let invisible = key_options(cursor, &mut options)?;
    let name = if kind == KeyKind::Primary { None } else { name.or(symbol) };
    check_comment(&options, name.as_deref(), &columns)?;
    Ok(Some(KeyDefinition { kind, name, columns, invisible, generated: false, options }))
}

/// `[USING BTREE | HASH]`: InnoDB makes a B-tree of both, and keeps the word BTREE. Whether that is what was said.
fn index_type(cursor: &mut Cursor<'_, '_>) -> crate::Result<bool> {
    if !cursor.word("USING") {
        return Ok(false);
    }
    let word = cursor.one_of(&["BTREE", "HASH"]).ok_or_else(|| cursor.unexpected())?;
    Ok(word == "BTREE")
}

/// That a key's comment is not too long.
fn check_comment(options: &KeyOptions, name: Option<&str>, columns: &[KeyPart]) -> crate::Result<()> {
    const CHARACTERS_MAX: usize = 1024;
    if options.comment.chars().count() <= CHARACTERS_MAX {
        return Ok(());
    }
    let name = name.or_else(|| columns.first().map(|part| part.column.as_str())).unwrap_or_default();
    let message = format!("Comment for index '{name}' is too long (max = {CHARACTERS_MAX})");
    Err(Error { code: 1688, state: *b"HY000", message })
}

/// `column [(length)] [ASC | DESC]`.
fn key_part(cursor: &mut Cursor<'_, '_>) -> crate::Result<KeyPart> {
    if *cursor.peek() == Token::LParen {
        let expression = Some(constraint::in_parentheses(cursor)?);
        let descending = cursor.one_of(&["ASC", "DESC"]) == Some("DESC");
        return Ok(KeyPart { column: String::new(), expression, prefix: None, descending });
    }
    let column = cursor.name()?;
    let mut prefix = None;
    if cursor.eat(&Token::LParen) {
        let length = cursor.unsigned()?;
        cursor.expect(&Token::RParen)?;
        if length == 0 {
            return Err(Error {
                code: 1391,
                state: *b"HY000",
                message: format!("Key part '{column}' length cannot be 0"),
            });
        }
        prefix = Some(u32::try_from(length).unwrap_or(u32::MAX));
    }
    let descending = cursor.one_of(&["ASC", "DESC"]) == Some("DESC");
    Ok(KeyPart { column, expression: None, prefix, descending })
}

/// What follows a key's columns; whether it is INVISIBLE.
fn key_options(cursor: &mut Cursor<'_, '_>, options: &mut KeyOptions) -> crate::Result<bool> {
    let mut invisible = false;
    loop {
        if cursor.peek_word(0, "USING") {
            options.using_btree = index_type(cursor)?;
        } else if cursor.word("KEY_BLOCK_SIZE") {
            cursor.eat(&Token::Eq);
            options.block_size = u32::try_from(cursor.unsigned()?).unwrap_or(u32::MAX);
        } else if cursor.word("COMMENT") {
            options.comment = cursor.string()?;
        } else if cursor.word("VISIBLE") {
            invisible = false;
        } else if cursor.word("INVISIBLE") {
            invisible = true;
        } else if cursor.peek_word(0, "WITH") {
            return Err(Error::not_supported("full-text parsers"));
        } else if cursor.peek_word(0, "ENGINE_ATTRIBUTE") || cursor.peek_word(0, "SECONDARY_ENGINE_ATTRIBUTE")
        {
            return Err(Error::not_supported("ENGINE_ATTRIBUTE"));
        } else {
            return Ok(invisible);
        }
    }
}

/// The name of an index in DROP INDEX and its like, where PRIMARY may stand in backticks.
pub(crate) fn index_name(cursor: &mut Cursor<'_, '_>) -> crate::Result<String> {
    let name = cursor.name()?;
    Ok(if name.eq_ignore_ascii_case("primary") { "PRIMARY".to_owned() } else { name })
}

/// Parses what follows CREATE, from `[UNIQUE] INDEX` on.
pub(crate) fn create_index(cursor: &mut Cursor<'_, '_>) -> crate::Result<Statement> {
    let kind = if cursor.word("UNIQUE") { KeyKind::Unique } else { KeyKind::Index };
    cursor.expect_word("INDEX")?;
    let name = Some(cursor.name()?);
    let mut options = KeyOptions { using_btree: index_type(cursor)?, ..KeyOptions::default() };
    cursor.expect_word("ON")?;
    let table = cursor.table_name()?;
    let columns = cursor.parenthesized(key_part)?;
    let invisible = key_options(cursor, &mut options)?;
    check_comment(&options, name.as_deref(), &columns)?;
    let key = KeyDefinition { kind, name, columns, invisible, generated: false, options };
    let mut alter = AlterTable {
        table,
        actions: vec![AlterAction::AddKey(key)],
        algorithm: Algorithm::Default,
        lock: AlterLock::Default,
    };
    while crate::parse::alter::algorithm_or_lock(cursor, &mut alter)? {}
    Ok(Statement::CreateIndex(Box::new(alter)))
}

/// Options that would have to do something.
const REFUSED_OPTIONS: &[&str] = &[
    "AUTOEXTEND_SIZE",
    "CONNECTION",
    "DATA",
    "ENGINE_ATTRIBUTE",
    "INDEX",
    "PASSWORD",
    "SECONDARY_ENGINE",
    "SECONDARY_ENGINE_ATTRIBUTE",
    "START",
    "STORAGE",
    "UNION",
];

fn options(cursor: &mut Cursor<'_, '_>, table: &mut CreateTable) -> crate::Result<()> {
    let mut choice = character_set::Choice::default();
    loop {
        cursor.eat(&Token::Comma);
        if let Some(option) = table_option(cursor)? {
            table.options.set(option);
        } else if cursor.one_of(&["ENGINE", "TYPE"]).is_some() {
            cursor.eat(&Token::Eq);
            let name = cursor.name_or_string()?;
            match engine(&name) {
                Ok(()) => table.substituted_engine = None,
                Err(error) if cursor.source().mode.has(SqlMode::NO_ENGINE_SUBSTITUTION) => return Err(error),
                Err(_) => table.substituted_engine = Some(name),
            }
        } else if cursor.word("TABLESPACE") {
            cursor.eat(&Token::Eq);
            tablespace(&cursor.name_or_string()?, &table.name)?;
        } else if cursor.word("AUTO_INCREMENT") {
            cursor.eat(&Token::Eq);
            table.auto_increment = Some(cursor.unsigned()?);
        } else if cursor.word("COMMENT") {
            cursor.eat(&Token::Eq);
            table.comment = cursor.string()?;
            if table.comment.chars().count() > 2048 {
                return Err(comment_too_long("table", &table.name.table, 2048));
            }
        } else if let Some(word) = cursor.one_of(REFUSED_OPTIONS) {
            return Err(Error::not_supported(format_args!("the table option {word}")));
        } else if !charset_option(cursor, table, &mut choice)? {
            return Ok(());
        }
    }
}

/// `[DEFAULT] CHARSET x`, `[DEFAULT] COLLATE x`; false when neither is next.
fn charset_option(
    cursor: &mut Cursor<'_, '_>,
    table: &mut CreateTable,
    choice: &mut character_set::Choice,
) -> crate::Result<bool> {
    let default = cursor.word("DEFAULT");
    if cursor.word("CHARSET") || cursor.words(&["CHARACTER", "SET"]) {
        cursor.eat(&Token::Eq);
        choice.name_set(character_set::character_set(&cursor.name_or_string()?)?)?;
        table.collation = choice.collation();
        return Ok(true);
    }
    if cursor.word("COLLATE") {
        cursor.eat(&Token::Eq);
        choice.name_collation(character_set::collation(&cursor.name_or_string()?)?)?;
        table.collation = choice.collation();
        return Ok(true);
    }
    if default { Err(cursor.unexpected()) } else { Ok(false) }
}

/// InnoDB's own tablespaces can be named, which says nothing here, where a table's rows are in the one store there is.
///
/// # Errors
/// 3510 for any other; 3723 for that of the tables of `mysql`.
fn tablespace(name: &str, table: &TableName) -> crate::Result<()> {
    let of_mysql = table.database.as_deref().is_none_or(|database| database == "mysql");
    match name {
        "innodb_system" | "innodb_file_per_table" => Ok(()),
        "mysql" if of_mysql => Ok(()),
        "mysql" => {
            let name = &table.table;
            let message =
                format!("The table '{name}' may not be created in the reserved tablespace 'mysql'.");
            Err(Error { code: 3723, state: *b"HY000", message })
        }
        _ => {
            Err(Error { code: 3510, state: *b"HY000", message: format!("Tablespace {name} doesn't exist.") })
        }
    }
}

/// There is one engine.
///
/// # Errors
/// 1286 for any other than InnoDB.
pub(crate) fn engine(name: &str) -> crate::Result<()> {
    if name.eq_ignore_ascii_case("innodb") {
        return Ok(());
    }
    Err(Error { code: 1286, state: *b"42000", message: format!("Unknown storage engine '{name}'") })
}

/// Error 1628, 1629.
pub(crate) fn comment_too_long(of: &str, name: &str, max: usize) -> Error {
    let code = if of == "table" { 1628 } else { 1629 };
    Error { code, state: *b"HY000", message: format!("Comment for {of} '{name}' is too long (max = {max})") }
}
