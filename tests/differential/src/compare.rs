//! One statement on two servers.

use std::time::Duration;

use client::blocking::{Connection, Options};
use wire::mysql::constant::column_flag;

/// Error numbers that depend on which expressions a plan evaluates, and for which rows.
const OPEN_ERRORS: [u16; 5] = [1690, 1242, 3024, 3513, 3854];
/// What a statement may take.
const TIME_MAX: Duration = Duration::from_secs(20);

/// What a server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Types of the columns (code, UNSIGNED) and rows, sorted.
    Rows(Vec<(u8, bool)>, Vec<Vec<Option<Vec<u8>>>>),
    /// Rows changed.
    Count(u64),
    /// Error number and message.
    Error(u16, String),
}

/// What is to be made of two answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Equal, as far as MySQL promises anything.
    Same,
    /// An error that one plan meets and another does not.
    Open,
    /// Different.
    Different,
}

/// A connection to one of the servers.
pub struct Side {
    connection: Connection,
}

impl Side {
    /// Connects as root.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub fn connect(address: &str) -> Result<Side, String> {
        let options = Options { timeout: TIME_MAX, ..Options::unencrypted() };
        let connection = Connection::connect_with(address, &options).map_err(|error| error.to_string())?;
        Ok(Side { connection })
    }

    /// Runs a statement.
    ///
    /// # Errors
    /// When there was no answer.
    pub fn ask(&mut self, sql: &str) -> Result<Answer, String> {
        match self.connection.query(sql) {
            Ok(result) if result.columns.is_empty() => Ok(Answer::Count(result.affected)),
            Ok(mut result) => {
                result.rows.sort();
                let types = result.columns.iter();
                let types = types
                    .map(|column| (column.column_type, column.flags & column_flag::UNSIGNED != 0))
                    .collect();
                Ok(Answer::Rows(types, result.rows))
            }
            Err(error) => match error.server() {
                Some(server) => Ok(Answer::Error(server.code, server.message.clone())),
                None => Err(format!("{error}: {sql}")),
            },
        }
    }

    /// Runs a statement that must succeed.
    ///
    /// # Errors
    /// When it does not.
    pub fn run(&mut self, sql: &str) -> Result<(), String> {
        match self.ask(sql)? {
            Answer::Error(code, message) => Err(format!("{code} {message}: {sql}")),
            Answer::Rows(..) | Answer::Count(_) => Ok(()),
        }
    }
}

/// How strictly answers are compared.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules {
    /// A string may stand for another that its collation holds for equal.
    pub is_loose: bool,
    /// Types of columns have to be the same.
    pub has_types: bool,
}

/// Compares ours with theirs.
#[must_use]
pub fn verdict(ours: &Answer, theirs: &Answer, rules: Rules) -> Verdict {
    let is_open = |answer: &Answer| matches!(answer, Answer::Error(code, _) if OPEN_ERRORS.contains(code));
    match (ours, theirs) {
        (Answer::Error(left, _), Answer::Error(right, _)) if left == right => Verdict::Same,
        _ if is_open(ours) || is_open(theirs) => Verdict::Open,
        (Answer::Rows(left_types, left), Answer::Rows(right_types, right)) => {
            let is_same = (!rules.has_types || left_types == right_types)
                && (left == right || (rules.is_loose && folded(left) == folded(right)));
            if is_same { Verdict::Same } else { Verdict::Different }
        }
        (left, right) if left == right => Verdict::Same,
        _ => Verdict::Different,
    }
}

fn folded(rows: &[Vec<Option<Vec<u8>>>]) -> Vec<Vec<Option<String>>> {
    let fold =
        |value: &Option<Vec<u8>>| value.as_ref().map(|bytes| String::from_utf8_lossy(bytes).to_lowercase());
    let mut rows: Vec<Vec<Option<String>>> = rows.iter().map(|row| row.iter().map(fold).collect()).collect();
    rows.sort();
    rows
}

/// An answer for a reader, cut.
#[must_use]
pub fn shown(answer: &Answer) -> String {
    match answer {
        Answer::Count(count) => format!("{count} rows changed"),
        Answer::Error(code, message) => format!("error {code}: {message}"),
        Answer::Rows(types, rows) => {
            let cell = |value: &Option<Vec<u8>>| match value {
                Some(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                None => "NULL".to_owned(),
            };
            let line = |row: &Vec<Option<Vec<u8>>>| row.iter().map(cell).collect::<Vec<_>>().join("|");
            let lines: Vec<String> = rows.iter().take(12).map(line).collect();
            format!("{types:?} {} rows\n  {}", rows.len(), lines.join("\n  "))
        }
    }
}
