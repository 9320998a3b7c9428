//! CREATE VIEW, ALTER VIEW, DROP VIEW.

use sqlparser::tokenizer::Token;

use crate::ast::{CreateView, Statement, ViewAlgorithm, ViewCheck, ViewMode, ViewStatement};
use crate::parse::account::user_name;
use crate::parse::cursor::Cursor;

/// Words that may stand between CREATE or ALTER and VIEW, with what is among them, come to no more tokens.
const PREFIX_TOKENS_MAX: usize = 20;

/// A statement about views; None when it is another.
pub(crate) fn statement(cursor: &mut Cursor<'_, '_>) -> crate::Result<Option<Statement>> {
    if cursor.peek_word(0, "DROP") && cursor.peek_word(1, "VIEW") {
        cursor.skip();
        cursor.skip();
        let if_exists = cursor.words(&["IF", "EXISTS"]);
        let names = cursor.list(Cursor::table_name)?;
        // They do nothing in MySQL.
        cursor.one_of(&["RESTRICT", "CASCADE"]);
        return Ok(Some(Statement::View(ViewStatement::Drop { names, if_exists })));
    }
    let is_alter = cursor.peek_word(0, "ALTER");
    if !(is_alter || cursor.peek_word(0, "CREATE")) || !is_view(cursor) {
        return Ok(None);
    }
    cursor.skip();
    create(cursor, is_alter).map(|view| Some(Statement::View(ViewStatement::Create(Box::new(view)))))
}

/// Whether VIEW follows what may stand before it.
fn is_view(cursor: &Cursor<'_, '_>) -> bool {
    let begins = ["VIEW", "OR", "ALGORITHM", "DEFINER", "SQL"];
    if !begins.iter().any(|word| cursor.peek_word(1, word)) {
        return false;
    }
    let others = ["TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "AGGREGATE", "SPATIAL", "TABLE"];
    for ahead in 1..PREFIX_TOKENS_MAX {
        if cursor.peek_word(ahead, "VIEW") {
            return true;
        }
        if others.iter().any(|word| cursor.peek_word(ahead, word)) || *cursor.peek_at(ahead) == Token::EOF {
            return false;
        }
    }
    false
}

fn create(cursor: &mut Cursor<'_, '_>, is_alter: bool) -> crate::Result<CreateView> {
    let mut mode = if is_alter { ViewMode::Alter } else { ViewMode::Create };
    if !is_alter && cursor.words(&["OR", "REPLACE"]) {
        mode = ViewMode::Replace;
    }
    let mut algorithm = ViewAlgorithm::Undefined;
    if cursor.word("ALGORITHM") {
        cursor.expect(&Token::Eq)?;
        algorithm = match cursor.one_of(&["UNDEFINED", "MERGE", "TEMPTABLE"]) {
            Some("MERGE") => ViewAlgorithm::Merge,
            Some("TEMPTABLE") => ViewAlgorithm::TempTable,
            Some(_) => ViewAlgorithm::Undefined,
            None => return Err(cursor.unexpected()),
        };
    }
    let mut definer = None;
    if cursor.word("DEFINER") {
        cursor.expect(&Token::Eq)?;
        definer = Some(user_name(cursor)?);
    }
    let mut invoker = false;
    if cursor.words(&["SQL", "SECURITY"]) {
        invoker = match cursor.one_of(&["DEFINER", "INVOKER"]) {
            Some(word) => word == "INVOKER",
            None => return Err(cursor.unexpected()),
        };
    }
    cursor.expect_word("VIEW")?;
    if mode == ViewMode::Create && cursor.words(&["IF", "NOT", "EXISTS"]) {
        mode = ViewMode::CreateIfNotExists;
    }
    let name = cursor.table_name()?;
    let columns =
        if *cursor.peek() == Token::LParen { cursor.parenthesized(Cursor::name)? } else { Vec::new() };
    cursor.expect_word("AS")?;
    let query = cursor.query()?;
    let mut check = ViewCheck::None;
    if cursor.word("WITH") {
        check = match cursor.one_of(&["LOCAL", "CASCADED"]) {
            Some("LOCAL") => ViewCheck::Local,
            _ => ViewCheck::Cascaded,
        };
        cursor.expect_word("CHECK")?;
        cursor.expect_word("OPTION")?;
    }
    Ok(CreateView { name, mode, algorithm, definer, invoker, columns, query, check })
}
