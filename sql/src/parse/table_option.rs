//! The options that CREATE TABLE and ALTER TABLE have in common and that are kept to be shown.

use crate::catalog::{RowFormat, TableOption};
use crate::error::Error;
use crate::parse::cursor::Cursor;
use sqlparser::tokenizer::Token;

/// Reads an option, if one of these is next.
pub(crate) fn table_option(cursor: &mut Cursor<'_, '_>) -> crate::Result<Option<TableOption>> {
    const NAMES: &[&str] = &[
        "AVG_ROW_LENGTH",
        "CHECKSUM",
        "DELAY_KEY_WRITE",
        "INSERT_METHOD",
        "KEY_BLOCK_SIZE",
        "MAX_ROWS",
        "MIN_ROWS",
        "PACK_KEYS",
        "ROW_FORMAT",
        "STATS_AUTO_RECALC",
        "STATS_PERSISTENT",
        "STATS_SAMPLE_PAGES",
        "TABLE_CHECKSUM",
    ];
    let Some(name) = cursor.one_of(NAMES) else { return compression(cursor) };
    cursor.eat(&Token::Eq);
    Ok(Some(match name {
        "PACK_KEYS" => TableOption::PackKeys(on_off(cursor)?),
        "STATS_AUTO_RECALC" => TableOption::StatsAutoRecalc(on_off(cursor)?),
        "STATS_PERSISTENT" => TableOption::StatsPersistent(on_off(cursor)?),
        "STATS_SAMPLE_PAGES" if cursor.word("DEFAULT") => TableOption::StatsSamplePages(0),
        "STATS_SAMPLE_PAGES" => match u16::try_from(number(cursor)?) {
            Ok(pages) if pages > 0 => TableOption::StatsSamplePages(pages),
            _ => return Err(out_of_range(name, "[1, 65535]")),
        },
        "AVG_ROW_LENGTH" => match u32::try_from(number(cursor)?) {
            Ok(bytes) => TableOption::AvgRowLength(bytes),
            Err(_) => return Err(out_of_range(name, "[0,4294967295]")),
        },
        "CHECKSUM" | "TABLE_CHECKSUM" => TableOption::Checksum(number(cursor)? != 0),
        "DELAY_KEY_WRITE" => TableOption::DelayKeyWrite(number(cursor)? != 0),
        "KEY_BLOCK_SIZE" => TableOption::KeyBlockSize(u32::try_from(number(cursor)?).unwrap_or(u32::MAX)),
        "MAX_ROWS" => TableOption::MaxRows(number(cursor)?),
        "MIN_ROWS" => TableOption::MinRows(number(cursor)?),
        "ROW_FORMAT" if cursor.word("DEFAULT") => TableOption::RowFormat(None),
        "ROW_FORMAT" => {
            let format = RowFormat::ALL.into_iter().find(|(_, word)| cursor.word(word));
            TableOption::RowFormat(Some(format.ok_or_else(|| cursor.unexpected())?.0))
        }
        _ => {
            cursor.one_of(&["NO", "FIRST", "LAST"]).ok_or_else(|| cursor.unexpected())?;
            TableOption::NotShown
        }
    }))
}

/// COMPRESSION and ENCRYPTION that ask for none.
fn compression(cursor: &mut Cursor<'_, '_>) -> crate::Result<Option<TableOption>> {
    let Some(word) = cursor.one_of(&["COMPRESSION", "ENCRYPTION"]) else { return Ok(None) };
    cursor.eat(&Token::Eq);
    match cursor.string()?.to_ascii_lowercase().as_str() {
        "" | "none" | "n" => Ok(Some(TableOption::NotShown)),
        _ => Err(Error::not_supported(format_args!("the table option {word}"))),
    }
}

fn number(cursor: &mut Cursor<'_, '_>) -> crate::Result<u64> {
    cursor.unsigned()
}

/// 0, 1 or DEFAULT.
fn on_off(cursor: &mut Cursor<'_, '_>) -> crate::Result<Option<bool>> {
    if cursor.word("DEFAULT") {
        return Ok(None);
    }
    let wrong = cursor.unexpected();
    match cursor.unsigned()? {
        0 => Ok(Some(false)),
        1 => Ok(Some(true)),
        _ => Err(wrong),
    }
}

fn out_of_range(name: &str, range: &str) -> Error {
    let message = format!("The valid range for {} is {range}", name.to_lowercase());
    Error { code: 1064, state: *b"42000", message }
}
