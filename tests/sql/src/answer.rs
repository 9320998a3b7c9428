//! A server's answer to one statement as text: what is recorded, and what is compared.
//!
//! ```text
//! # t.id LONG(11) not_null primary, n LONGLONG(21) not_null
//! 1|2
//! \N|text\|with a bar
//! warning 1365 Division by 0
//! ```
//! or `ok affected=1 insert_id=7 info=…`, or `error 1062 23000 Duplicate entry …`.

use client::{Column, QueryResult, ServerError};
use wire::mysql::constant::{column_flag, column_type};

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
}

impl Answer {
    /// The answer that a result is; `masked` columns show `*` for any value but NULL.
    #[must_use]
    pub fn from_result(result: &QueryResult, masked: &[String]) -> Answer {
        if result.columns.is_empty() {
            return Answer { outcome: Some(ok_line(result)), ..Answer::default() };
        }
        let columns: Vec<String> = result.columns.iter().map(describe).collect();
        let is_masked: Vec<bool> = result.columns.iter().map(|column| masked.contains(&column.name)).collect();
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
            ..Answer::default()
        }
    }

    /// The answer that a server's error is.
    #[must_use]
    pub fn from_error(error: &ServerError) -> Answer {
        let line = format!("error {} {} {}", error.code, error.sqlstate, escape(error.message.as_bytes()));
        Answer { outcome: Some(line), ..Answer::default() }
    }

    /// Adds the rows of SHOW WARNINGS.
    pub fn add_warnings(&mut self, result: &QueryResult) {
        for row in 0..result.rows.len() {
            let text = |column| result.text(row, column).unwrap_or_default();
            let message = escape(text(2).as_bytes());
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
        let mut lines: Vec<String> = self.columns.iter().cloned().collect();
        lines.append(&mut rows);
        lines.extend(self.outcome.iter().cloned());
        lines.extend(self.warnings.iter().cloned());
        lines
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

/// A column: `table.name TYPE(length,decimals) flags`.
fn describe(column: &Column) -> String {
    let mut text = String::new();
    if !column.table.is_empty() {
        text.push_str(&column.table);
        text.push('.');
    }
    text.push_str(&escape(column.name.as_bytes()));
    text.push_str(&format!(" {}({}", type_name(column.column_type), column.length));
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
    text
}

const FLAGS: [(u16, &str); 13] = [
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
        let column = Column { name: "a".into(), column_type: column_type::LONG, length: 11, ..Column::default() };
        let rows = vec![vec![Some(b"a|b\n\xff".to_vec())], vec![None], vec![Some(b"NULL".to_vec())]];
        let result = QueryResult { columns: vec![column], rows, ..QueryResult::default() };
        let answer = Answer::from_result(&result, &[]);
        assert_eq!(answer.lines(true), ["# a LONG(11)", "a\\|b\\n\\xFF", "\\N", "NULL"]);
        assert_eq!(answer.lines(false), ["# a LONG(11)", "NULL", "\\N", "a\\|b\\n\\xFF"]);
        let masked = Answer::from_result(&result, &["a".to_owned()]);
        assert_eq!(masked.rows, ["*", "\\N", "*"]);
    }

    #[test]
    fn what_is_not_a_result_set_is_one_line() {
        let result = QueryResult { affected: 2, last_insert_id: 7, info: "Records: 2".into(), ..QueryResult::default() };
        assert_eq!(Answer::from_result(&result, &[]).lines(true), ["ok affected=2 insert_id=7 info=Records: 2"]);
        let error = ServerError { code: 1062, sqlstate: "23000".into(), message: "no".into() };
        assert_eq!(Answer::from_error(&error).lines(true), ["error 1062 23000 no"]);
    }
}
