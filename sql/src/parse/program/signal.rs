//! SIGNAL, RESIGNAL and GET DIAGNOSTICS, in programs and outside.

use sqlparser::tokenizer::Token;

use crate::ast::{ConditionItem, ConditionValue, GetDiagnostics, Signal, Statement};
use crate::error::Error;
use crate::parse::cursor::Cursor;
use crate::parse::load::variable_target;

/// The items of a condition, by their words. SIGNAL sets all but the first.
const ITEMS: [(&str, ConditionItem); 13] = [
    ("RETURNED_SQLSTATE", ConditionItem::ReturnedSqlstate),
    ("CLASS_ORIGIN", ConditionItem::ClassOrigin),
    ("SUBCLASS_ORIGIN", ConditionItem::SubclassOrigin),
    ("MESSAGE_TEXT", ConditionItem::MessageText),
    ("MYSQL_ERRNO", ConditionItem::MysqlErrno),
    ("CONSTRAINT_CATALOG", ConditionItem::ConstraintCatalog),
    ("CONSTRAINT_SCHEMA", ConditionItem::ConstraintSchema),
    ("CONSTRAINT_NAME", ConditionItem::ConstraintName),
    ("CATALOG_NAME", ConditionItem::CatalogName),
    ("SCHEMA_NAME", ConditionItem::SchemaName),
    ("TABLE_NAME", ConditionItem::TableName),
    ("COLUMN_NAME", ConditionItem::ColumnName),
    ("CURSOR_NAME", ConditionItem::CursorName),
];

impl ConditionItem {
    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        ITEMS.iter().find(|(_, item)| *item == self).map_or("", |(word, _)| *word)
    }
}

/// One of these statements; none when it is another.
///
/// # Errors
/// 1064, 1319, 1327, 1407, 1641, 1646.
pub(crate) fn statement(cursor: &mut Cursor<'_, '_>) -> crate::Result<Option<Statement>> {
    if cursor.word("GET") {
        return get_diagnostics(cursor).map(|get| Some(Statement::GetDiagnostics(Box::new(get))));
    }
    let again = match cursor.one_of(&["SIGNAL", "RESIGNAL"]) {
        Some(word) => word == "RESIGNAL",
        None => return Ok(None),
    };
    let has_value = !(again && (cursor.at_end() || cursor.peek_word(0, "SET")));
    let state = if has_value { Some(state(cursor)?) } else { None };
    let mut items = Vec::new();
    if cursor.word("SET") {
        items = cursor.list(assigned_item)?;
        for (position, (item, _)) in items.iter().enumerate() {
            if items[..position].iter().any(|(earlier, _)| earlier == item) {
                let message = format!("Duplicate condition information item '{}'", item.word());
                return Err(Error::mysql(1641, *b"42000", message));
            }
        }
    }
    Ok(Some(Statement::Signal(Box::new(Signal { again, state, items }))))
}

/// `SQLSTATE [VALUE] 'state'` or the name of a condition.
fn state(cursor: &mut Cursor<'_, '_>) -> crate::Result<[u8; 5]> {
    if cursor.word("SQLSTATE") {
        cursor.word("VALUE");
        return sqlstate(&cursor.string()?);
    }
    let name = cursor.name()?;
    let known = cursor.source().locals.and_then(|locals| locals.borrow().condition(&name));
    match known {
        Some(ConditionValue::State(state)) => Ok(state),
        Some(_) => {
            let message = "SIGNAL/RESIGNAL can only use a CONDITION defined with SQLSTATE";
            Err(Error::mysql(1646, *b"HY000", message))
        }
        None => Err(Error::mysql(1319, *b"42000", format!("Undefined CONDITION: {name}"))),
    }
}

/// Five digits and capitals, not of the class of success.
///
/// # Errors
/// 1407.
pub(super) fn sqlstate(text: &str) -> crate::Result<[u8; 5]> {
    let is_right = |byte: &u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
    match <[u8; 5]>::try_from(text.as_bytes()) {
        Ok(state) if state.iter().all(is_right) && !state.starts_with(b"00") => Ok(state),
        _ => Err(Error::mysql(1407, *b"42000", format!("Bad SQLSTATE: '{text}'"))),
    }
}

fn item(
    cursor: &mut Cursor<'_, '_>,
    items: &[(&'static str, ConditionItem)],
) -> crate::Result<ConditionItem> {
    match items.iter().find(|(word, _)| cursor.peek_word(0, word)) {
        Some((_, item)) => {
            cursor.skip();
            Ok(*item)
        }
        None => Err(cursor.unexpected()),
    }
}

/// `item = literal or variable`.
fn assigned_item(cursor: &mut Cursor<'_, '_>) -> crate::Result<(ConditionItem, crate::ast::Expr)> {
    let item = item(cursor, &ITEMS[1..])?;
    cursor.expect(&Token::Eq)?;
    if matches!(cursor.peek_at(1), Token::LParen) || *cursor.peek() == Token::LParen {
        return Err(cursor.unexpected());
    }
    Ok((item, cursor.operand()?))
}

fn get_diagnostics(cursor: &mut Cursor<'_, '_>) -> crate::Result<GetDiagnostics> {
    let stacked = cursor.one_of(&["CURRENT", "STACKED"]) == Some("STACKED");
    cursor.expect_word("DIAGNOSTICS")?;
    if cursor.word("CONDITION") {
        let number = cursor.operand()?;
        let items = cursor.list(|cursor| {
            let target = variable_target(cursor)?;
            cursor.expect(&Token::Eq)?;
            Ok((target, item(cursor, &ITEMS)?))
        })?;
        return Ok(GetDiagnostics { stacked, condition: Some((number, items)), statement: Vec::new() });
    }
    let statement = cursor.list(|cursor| {
        let target = variable_target(cursor)?;
        cursor.expect(&Token::Eq)?;
        match cursor.one_of(&["NUMBER", "ROW_COUNT"]) {
            Some(word) => Ok((target, word == "NUMBER")),
            None => Err(cursor.unexpected()),
        }
    })?;
    Ok(GetDiagnostics { stacked, condition: None, statement })
}
