//! FOREIGN KEY and REFERENCES.

use sqlparser::tokenizer::Token;

use crate::ast::ForeignKeyDefinition;
use crate::catalog::ReferenceAction;
use crate::parse::cursor::Cursor;

/// `[CONSTRAINT [name]] FOREIGN KEY [index] (columns) REFERENCES …`; None when something else is next.
pub(crate) fn foreign_key(cursor: &mut Cursor<'_, '_>) -> crate::Result<Option<ForeignKeyDefinition>> {
    let mut name = None;
    if cursor.peek_word(0, "CONSTRAINT") {
        if cursor.peek_word(1, "FOREIGN") {
            cursor.skip();
        } else if cursor.peek_word(2, "FOREIGN") {
            cursor.skip();
            name = Some(cursor.name()?);
        } else {
            return Ok(None);
        }
    }
    if !cursor.word("FOREIGN") {
        return Ok(None);
    }
    cursor.expect_word("KEY")?;
    let index_name = if *cursor.peek() == Token::LParen { None } else { Some(cursor.name()?) };
    let columns = cursor.parenthesized(column)?;
    cursor.expect_word("REFERENCES")?;
    Ok(Some(ForeignKeyDefinition { name, index_name, columns, ..parent(cursor)? }))
}

/// REFERENCES behind a column; None when something else is next.
pub(crate) fn references(
    cursor: &mut Cursor<'_, '_>,
    column: &str,
) -> crate::Result<Option<ForeignKeyDefinition>> {
    if !cursor.word("REFERENCES") {
        return Ok(None);
    }
    Ok(Some(ForeignKeyDefinition { columns: vec![column.to_owned()], ..parent(cursor)? }))
}

/// A column of a key, which is used whole, whatever length is written.
fn column(cursor: &mut Cursor<'_, '_>) -> crate::Result<String> {
    cursor.name()
}

/// What follows REFERENCES.
fn parent(cursor: &mut Cursor<'_, '_>) -> crate::Result<ForeignKeyDefinition> {
    let parent = cursor.table_name()?;
    let parent_columns =
        if *cursor.peek() == Token::LParen { cursor.parenthesized(column)? } else { Vec::new() };
    // Every MATCH is taken, and none means anything.
    if cursor.word("MATCH") && cursor.one_of(&["FULL", "PARTIAL", "SIMPLE"]).is_none() {
        return Err(cursor.unexpected());
    }
    let (mut on_delete, mut on_update) = (None, None);
    while cursor.peek_word(0, "ON") {
        cursor.skip();
        let slot = match cursor.peek_word(0, "DELETE") {
            true => &mut on_delete,
            false => &mut on_update,
        };
        if slot.is_some() || cursor.one_of(&["DELETE", "UPDATE"]).is_none() {
            return Err(cursor.unexpected());
        }
        *slot = Some(action(cursor)?);
    }
    Ok(ForeignKeyDefinition {
        name: None,
        index_name: None,
        columns: Vec::new(),
        parent,
        parent_columns,
        on_delete: on_delete.unwrap_or(ReferenceAction::NoAction),
        on_update: on_update.unwrap_or(ReferenceAction::NoAction),
    })
}

fn action(cursor: &mut Cursor<'_, '_>) -> crate::Result<ReferenceAction> {
    for (words, action) in [
        (&["NO", "ACTION"][..], ReferenceAction::NoAction),
        (&["RESTRICT"][..], ReferenceAction::Restrict),
        (&["CASCADE"][..], ReferenceAction::Cascade),
        (&["SET", "NULL"][..], ReferenceAction::SetNull),
        (&["SET", "DEFAULT"][..], ReferenceAction::SetDefault),
    ] {
        if cursor.words(words) {
            return Ok(action);
        }
    }
    Err(cursor.unexpected())
}
