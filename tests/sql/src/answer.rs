//! A server's answer to one statement as text: what is recorded, and what is compared.
//!
//! ```text
//! # t.id LONG unsigned, n NEWDECIMAL(2)
//! 1|2.50
//! \N|text\|with a bar
//! warning 1365 Division by 0
//! ```
//! or `ok affected=1 insert_id=7 info=…`, or `error 1062 23000 Duplicate entry …`.
//!
//! Of a column, what clients decide by is always compared: name, table, type, sign, digits after the point, text or bytes. Widths and
//! key flags are compared where the file asks for it ([`Detail::Full`]), since MySQL changes them with the plan it takes: a sort
//! through a temporary table loses the key flags. A NULL in a column that was announced as NOT NULL is always a line of its own.

use client::blocking::{Column, QueryResult, ServerError};
use wire::mysql::constant::{charset, column_flag, column_type};

/// How much of the columns is recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// Names and kinds: SHOW and DESCRIBE, whose columns are MySQL's own internal tables.
    Names,
    /// What clients decide by.
    #[default]
    Usual,
    /// Everything that is sent.
    Full,
}

/// An answer, a line an element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Columns; `None` when there is no result set.
    pub columns: Option<String>,
    /// Rows, in the order they came.
    pub rows: Vec<String>,
    /// The OK or the error.
    pub outcome: Option<String>,
    /// Warnings and notes.
    pub warnings: Vec<String>,
    /// Results before this one, of a CALL.
    pub earlier: Vec<Answer>,
}

impl Answer {
    /// The answer that a result is; `masked` columns show `*` for any value but NULL.
    #[must_use]
    pub fn from_result(result: &QueryResult, masked: &[String], detail: Detail) -> Answer {
        if result.columns.is_empty() {
            return Answer { outcome: Some(ok_line(result)), ..Answer::default() };
        }
        let columns: Vec<String> = result.columns.iter().map(|column| describe(column, detail)).collect();
        let is_masked: Vec<bool> =
            result.columns.iter().map(|column| masked.contains(&column.name)).collect();
        let row = |row: &Vec<Option<Vec<u8>>>| -> String {
            let values = row.iter().zip(&is_masked).map(|(value, masked)| match value {
                Some(_) if *masked => "*".to_owned(),
                Some(bytes) => escape(bytes),
                None => "\\N".to_owned(),
            });
            values.collect::<Vec<_>>().join("|")
        };
        Answer {
            columns: Some(format!("# {}", columns.join(", "))),
            rows: result.rows.iter().map(row).collect(),
            outcome: if detail == Detail::Names { None } else { null_in_not_null(result) },
            ..Answer::default()
        }
    }

    /// The answer that a server's error is. Accounts in it are of interest where the file says which account sends the statement.
    #[must_use]
    pub fn from_error(error: &ServerError, shows_account: bool) -> Answer {
        let message = escape(error.message.as_bytes());
        // A server that looks no names up calls this machine by its address.
        let message = if shows_account {
            message.replace("'@'127.0.0.1'", "'@'localhost'")
        } else {
            without_account(&message)
        };
        let line = format!("error {} {} {message}", error.code, error.sqlstate);
        Answer { outcome: Some(line), ..Answer::default() }
    }

    /// Adds the rows of SHOW WARNINGS.
    pub fn add_warnings(&mut self, result: &QueryResult) {
        for row in 0..result.rows.len() {
            let text = |column| result.text(row, column).unwrap_or_default();
            let message = escape(text(2).as_bytes());
            if text(1).parse().is_ok_and(|code| DEPRECATIONS.contains(&code)) {
                continue;
            }
            self.warnings.push(format!("{} {} {message}", text(0).to_lowercase(), text(1)));
        }
    }

    /// Its lines, the rows sorted unless their order matters.
    #[must_use]
    pub fn lines(&self, is_ordered: bool) -> Vec<String> {
        let mut rows = self.rows.clone();
        if !is_ordered {
            rows.sort();
        }
        let mut lines: Vec<String> = Vec::new();
        for earlier in &self.earlier {
            lines.append(&mut earlier.lines(is_ordered));
        }
        lines.extend(self.columns.iter().cloned());
        lines.append(&mut rows);
        lines.extend(self.outcome.iter().cloned());
        lines.extend(self.warnings.iter().cloned());
        lines
    }
}

/// Warnings that MySQL sends about its own future (and EXPLAIN's note with the rewritten statement): never sent by us, never recorded.
/// They differ from version to version.
const DEPRECATIONS: [u16; 8] = [1003, 1287, 1681, 3135, 3719, 3720, 3778, 4095];

/// A message without the account that the file was run with.
fn without_account(message: &str) -> String {
    match (message.find("for user '"), message.find("' to database")) {
        (Some(from), Some(to)) if from < to => {
            format!("{}for user 'USER'@'HOST{}", &message[..from], &message[to..])
        }
        _ => message.to_owned(),
    }
}

fn ok_line(result: &QueryResult) -> String {
    let mut line = format!("ok affected={}", result.affected);
    if result.last_insert_id != 0 {
        line.push_str(&format!(" insert_id={}", result.last_insert_id));
    }
    if !result.info.is_empty() {
        line.push_str(&format!(" info={}", result.info));
    }
    line
}

/// A column that was announced as NOT NULL and has a NULL.
fn null_in_not_null(result: &QueryResult) -> Option<String> {
    let is_wrong = |index: usize, column: &Column| {
        column.flags & column_flag::NOT_NULL != 0
            && result.rows.iter().any(|row| row.get(index).is_some_and(Option::is_none))
    };
    let (_, column) = result.columns.iter().enumerate().find(|(index, column)| is_wrong(*index, column))?;
    Some(format!("wrong: NULL in {}, which is NOT NULL", column.name))
}

fn describe(column: &Column, detail: Detail) -> String {
    let mut text = String::new();
    if !column.table.is_empty() && detail != Detail::Names {
        text.push_str(&column.table);
        text.push('.');
    }
    text.push_str(&escape(column.name.as_bytes()));
    text.push(' ');
    match detail {
        Detail::Full => describe_fully(column, &mut text),
        Detail::Names if is_string(column.column_type) => text.push_str("text"),
        Detail::Names => text.push_str("number"),
        Detail::Usual => describe_usually(column, &mut text),
    }
    text
}

/// `TYPE(length,decimals) flags`.
fn describe_fully(column: &Column, text: &mut String) {
    text.push_str(&format!("{}({}", type_name(column.column_type), column.length));
    if column.decimals != 0 {
        text.push_str(&format!(",{}", column.decimals));
    }
    text.push(')');
    if is_string(column.column_type) {
        text.push_str(&format!(" charset={}", column.charset));
    }
    for (bit, name) in FLAGS {
        if column.flags & bit != 0 {
            text.push(' ');
            text.push_str(name);
        }
    }
}

/// `TYPE(decimals) unsigned`; the several types that an expression's text can have are one.
fn describe_usually(column: &Column, text: &mut String) {
    if is_string(column.column_type) {
        let is_expression = column.table.is_empty();
        let is_bytes = column.charset == charset::BINARY;
        let kind = if is_bytes { "bytes" } else { "text" };
        match is_expression {
            true => text.push_str(kind),
            false => text.push_str(&format!("{} {kind}", type_name(column.column_type))),
        }
        return;
    }
    text.push_str(&type_name(column.column_type));
    let has_digits = !matches!(column.column_type, column_type::NULL | column_type::JSON);
    if column.decimals != 0 && has_digits {
        text.push_str(&format!("({})", column.decimals));
    }
    if column.flags & column_flag::UNSIGNED != 0 {
        text.push_str(" unsigned");
    }
}

const FLAGS: [(u16, &str); 14] = [
    (column_flag::NOT_NULL, "not_null"),
    (column_flag::PRI_KEY, "primary"),
    (column_flag::UNIQUE_KEY, "unique"),
    (column_flag::MULTIPLE_KEY, "key"),
    (column_flag::UNSIGNED, "unsigned"),
    (column_flag::ZEROFILL, "zerofill"),
    (column_flag::BINARY, "binary"),
    (column_flag::ENUM, "enum"),
    (column_flag::SET, "set"),
    (column_flag::AUTO_INCREMENT, "auto_increment"),
    (column_flag::TIMESTAMP, "timestamp"),
    (column_flag::ON_UPDATE_NOW, "on_update"),
    (column_flag::NO_DEFAULT_VALUE, "no_default"),
    // Clients set it for themselves; MySQL does not send it.
    (column_flag::NUM, "num"),
];

const TYPES: [(u8, &str); 24] = [
    (column_type::TINY, "TINY"),
    (column_type::SHORT, "SHORT"),
    (column_type::INT24, "INT24"),
    (column_type::LONG, "LONG"),
    (column_type::LONGLONG, "LONGLONG"),
    (column_type::FLOAT, "FLOAT"),
    (column_type::DOUBLE, "DOUBLE"),
    (column_type::NEWDECIMAL, "NEWDECIMAL"),
    (column_type::NULL, "NULL"),
    (column_type::TIMESTAMP, "TIMESTAMP"),
    (column_type::DATE, "DATE"),
    (column_type::TIME, "TIME"),
    (column_type::DATETIME, "DATETIME"),
    (column_type::YEAR, "YEAR"),
    (column_type::VARCHAR, "VARCHAR"),
    (column_type::BIT, "BIT"),
    (column_type::JSON, "JSON"),
    (column_type::ENUM, "ENUM"),
    (column_type::SET, "SET"),
    (column_type::TINY_BLOB, "TINY_BLOB"),
    (column_type::MEDIUM_BLOB, "MEDIUM_BLOB"),
    (column_type::LONG_BLOB, "LONG_BLOB"),
    (column_type::BLOB, "BLOB"),
    (column_type::VAR_STRING, "VAR_STRING"),
];

fn type_name(code: u8) -> String {
    match TYPES.iter().find(|(known, _)| *known == code) {
        Some((_, name)) => (*name).to_owned(),
        None if code == column_type::STRING => "STRING".to_owned(),
        None => format!("TYPE{code}"),
    }
}

fn is_string(code: u8) -> bool {
    matches!(
        code,
        column_type::VARCHAR
            | column_type::VAR_STRING
            | column_type::STRING
            | column_type::BLOB
            | column_type::TINY_BLOB
            | column_type::MEDIUM_BLOB
            | column_type::LONG_BLOB
            | column_type::ENUM
            | column_type::SET
    )
}

/// Text on one line: what is not UTF-8 or not visible as `\xNN`.
fn escape(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\\' => out.push_str("\\\\"),
                '|' => out.push_str("\\|"),
                '\n' => out.push_str("\\n"),
                control if control.is_control() => out.push_str(&format!("\\x{:02X}", u32::from(control))),
                other => out.push(other),
            }
        }
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_on_one_line_and_null_is_told_from_its_name() {
        let column =
            Column { name: "a".into(), column_type: column_type::LONG, length: 11, ..Column::default() };
        let rows = vec![vec![Some(b"a|b\n\xff".to_vec())], vec![None], vec![Some(b"NULL".to_vec())]];
        let result = QueryResult { columns: vec![column], rows, ..QueryResult::default() };
        let answer = Answer::from_result(&result, &[], Detail::Full);
        assert_eq!(answer.lines(true), ["# a LONG(11)", "a\\|b\\n\\xFF", "\\N", "NULL"]);
        assert_eq!(answer.lines(false), ["# a LONG(11)", "NULL", "\\N", "a\\|b\\n\\xFF"]);
        let masked = Answer::from_result(&result, &["a".to_owned()], Detail::Usual);
        assert_eq!(masked.rows, ["*", "\\N", "*"]);
    }

    #[test]
    fn a_null_in_a_column_that_has_none_is_told() {
        let column = Column { name: "a".into(), flags: column_flag::NOT_NULL, ..Column::default() };
        let mut result =
            QueryResult { columns: vec![column], rows: vec![vec![None]], ..QueryResult::default() };
        let told = |result: &QueryResult| Answer::from_result(result, &[], Detail::Usual).outcome;
        assert_eq!(told(&result).as_deref(), Some("wrong: NULL in a, which is NOT NULL"));
        result.rows.clear();
        assert_eq!(told(&result), None);
    }

    #[test]
    fn a_column_is_told_by_what_clients_decide_by() {
        let shown = |column: &Column| describe(column, Detail::Usual);
        let text = |table: &str, column_type| Column {
            name: "a".into(),
            table: table.into(),
            column_type,
            charset: charset::UTF8MB4_0900_AI_CI,
            decimals: 31,
            ..Column::default()
        };
        assert_eq!(shown(&text("", column_type::VAR_STRING)), "a text");
        assert_eq!(shown(&text("", column_type::LONG_BLOB)), "a text");
        assert_eq!(shown(&text("t", column_type::STRING)), "t.a STRING text");
        let flags = column_flag::UNSIGNED | column_flag::PRI_KEY;
        let number = Column {
            name: "a".into(),
            column_type: column_type::NEWDECIMAL,
            decimals: 2,
            flags,
            ..Column::default()
        };
        assert_eq!(shown(&number), "a NEWDECIMAL(2) unsigned");
    }

    #[test]
    fn what_is_not_a_result_set_is_one_line() {
        let result = QueryResult {
            affected: 2,
            last_insert_id: 7,
            info: "Records: 2".into(),
            ..QueryResult::default()
        };
        assert_eq!(
            Answer::from_result(&result, &[], Detail::Usual).lines(true),
            ["ok affected=2 insert_id=7 info=Records: 2"]
        );
        let error = ServerError { code: 1062, sqlstate: "23000".into(), message: "no".into() };
        assert_eq!(Answer::from_error(&error, false).lines(true), ["error 1062 23000 no"]);
    }
}
