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

impl Answer {
    /// The number of an error.
    #[must_use]
    pub fn error(&self) -> Option<u16> {
        match self {
            Answer::Error(code, _) => Some(*code),
            Answer::Rows(..) | Answer::Count(_) => None,
        }
    }
}

/// What a statement came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Its answer.
    pub answer: Answer,
    /// What it warned of, if that was asked for: level, number, text.
    pub warnings: Vec<String>,
}

/// Deprecations that are not told here.
const IGNORED_WARNINGS: [&str; 3] = ["4095", "4096", "1287"];

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

    /// What the last statement warned of. The number of a row is left out: which it is depends on the plan.
    ///
    /// # Errors
    /// When there was no answer.
    pub fn warnings(&mut self) -> Result<Vec<String>, String> {
        let result = self.connection.query("SHOW WARNINGS").map_err(|error| error.to_string())?;
        let told = (0..result.rows.len())
            .map(|row| (0..3).filter_map(|column| result.text(row, column)).collect::<Vec<_>>())
            .filter(|warning| !IGNORED_WARNINGS.contains(&warning[1].as_str()))
            .map(|warning| {
                let text = warning[2].split(" at row ").next().unwrap_or_default().to_owned();
                format!("{} {} {text}", warning[0], warning[1])
            });
        Ok(told.collect())
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
    /// Warnings have to be the same.
    pub has_warnings: bool,
}

/// Compares ours with theirs.
#[must_use]
pub fn verdict(ours: &Answer, theirs: &Answer, rules: Rules) -> Verdict {
    let is_open = |answer: &Answer| matches!(answer, Answer::Error(code, _) if OPEN_ERRORS.contains(code));
    match (ours, theirs) {
        (Answer::Error(left, _), Answer::Error(right, _)) if left == right => Verdict::Same,
        _ if is_open(ours) || is_open(theirs) => Verdict::Open,
        (Answer::Rows(left_types, left), Answer::Rows(right_types, right)) => {
            let is_same = (!rules.has_types || left_types == right_types) && same_rows(left, right, rules);
            if is_same { Verdict::Same } else { Verdict::Different }
        }
        (left, right) if left == right => Verdict::Same,
        _ => Verdict::Different,
    }
}

/// Whether these are the same rows, as far as MySQL promises anything.
#[must_use]
pub fn same_rows(ours: &[Vec<Option<Vec<u8>>>], theirs: &[Vec<Option<Vec<u8>>>], rules: Rules) -> bool {
    ours == theirs || (rules.is_loose && folded(ours) == folded(theirs))
}

/// Compares ours with theirs, warnings too where both went well and the rules ask for it.
#[must_use]
pub fn verdict_of(ours: &Outcome, theirs: &Outcome, rules: Rules) -> Verdict {
    match verdict(&ours.answer, &theirs.answer, rules) {
        Verdict::Same if rules.has_warnings && ours.answer.error().is_none() => {
            if ours.warnings == theirs.warnings { Verdict::Same } else { Verdict::Different }
        }
        verdict => verdict,
    }
}

/// Two outcomes without the rows that they share.
#[must_use]
pub fn unlike(ours: &Outcome, theirs: &Outcome) -> (Outcome, Outcome) {
    let (mut left, mut right) = (ours.clone(), theirs.clone());
    if let (Answer::Rows(_, ours), Answer::Rows(_, theirs)) = (&mut left.answer, &mut right.answer) {
        let shared = ours.clone();
        ours.retain(|row| !theirs.contains(row));
        theirs.retain(|row| !shared.contains(row));
    }
    (left, right)
}

/// An outcome for a reader, cut.
#[must_use]
pub fn shown_outcome(outcome: &Outcome) -> String {
    let warnings: Vec<String> =
        outcome.warnings.iter().take(6).map(|warning| format!("\n  {warning}")).collect();
    let count = match outcome.warnings.len() {
        0 => String::new(),
        count => format!("\n  {count} warnings"),
    };
    format!("{}{count}{}", shown(&outcome.answer), warnings.concat())
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
