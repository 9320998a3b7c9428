//! Compares our answers with MySQL's.

use std::collections::BTreeMap;
use std::path::Path;

use crate::case::{Case, Statement};
use crate::run::{Recorded, Target, parse_recorded, render_recorded, run_case};
use crate::{expected_path, ours_path, read, topic, write};

/// A statement whose answer is not the one that is expected.
#[derive(Debug)]
pub struct Difference {
    /// `topic.sql:line`.
    pub place: String,
    /// The statement.
    pub sql: String,
    /// Lines that were expected.
    pub expected: Vec<String>,
    /// Lines that came.
    pub found: Vec<String>,
    /// What is wrong besides, such as a deviation that is none.
    pub note: Option<String>,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}: {}", self.place, self.sql)?;
        if let Some(note) = &self.note {
            writeln!(f, "  {note}")?;
        }
        for line in self.expected.iter().filter(|line| !self.found.contains(line)) {
            writeln!(f, "  - {line}")?;
        }
        for line in self.found.iter().filter(|line| !self.expected.contains(line)) {
            writeln!(f, "  + {line}")?;
        }
        if self.expected.len() == self.found.len()
            && self.expected.iter().all(|line| self.found.contains(line))
        {
            writeln!(f, "  the same lines in another order")?;
        }
        Ok(())
    }
}

/// What came of one file.
#[derive(Debug, Default)]
pub struct Report {
    /// Statements that were run.
    pub statement_count: usize,
    /// Of these, those that deviate on purpose.
    pub deviation_count: usize,
    /// Those that differ.
    pub differences: Vec<Difference>,
}

/// Runs a case file against a server and compares with what MySQL said. With `bless`, our answers to the statements that deviate are
/// written down rather than compared.
///
/// # Errors
/// Files that cannot be read, a recording that is not of this file, a connection that fails.
pub fn compare_file(target: &Target, path: &Path, bless: bool) -> Result<Report, String> {
    let topic = topic(path);
    let case = Case::parse(&topic, &read(path)?)?;
    let expected = parse_recorded(&read(&expected_path(&topic))?);
    check_recording(&case, &expected)?;
    let answers = run_case(target, &case)?;
    let found: Vec<Vec<String>> = case
        .statements
        .iter()
        .zip(&answers)
        .map(|(statement, answer)| answer.lines(statement.is_ordered()))
        .collect();
    let deviating =
        || case.statements.iter().zip(&found).filter(|(statement, _)| statement.deviation.is_some());
    if bless {
        let ours: Vec<Recorded> = deviating()
            .map(|(statement, lines)| Recorded { sql: statement.sql.clone(), lines: lines.clone() })
            .collect();
        write_ours(&topic, &ours)?;
    }
    let ours = ours_path(&topic);
    let ours = if ours.exists() { parse_recorded(&read(&ours)?) } else { Vec::new() };
    let mut ours = OursByStatement::new(ours);
    let mut report = Report { statement_count: case.statements.len(), ..Report::default() };
    for ((statement, mysql), found) in case.statements.iter().zip(expected).zip(found) {
        let (expected, note) = match &statement.deviation {
            None => (mysql.lines, None),
            Some((name, _)) => {
                report.deviation_count += 1;
                let is_none = mysql.lines == found;
                let note = is_none.then(|| format!("the deviation {name} is none: MySQL answers the same"));
                (ours.next(&statement.sql), note)
            }
        };
        if expected != found || note.is_some() {
            report.differences.push(difference(&topic, statement, expected, found, note));
        }
    }
    Ok(report)
}

fn difference(
    topic: &str,
    statement: &Statement,
    expected: Vec<String>,
    found: Vec<String>,
    note: Option<String>,
) -> Difference {
    let place = format!("{topic}.sql:{}", statement.line);
    Difference { place, sql: statement.sql.clone(), expected, found, note }
}

/// The recording must be of these very statements.
fn check_recording(case: &Case, expected: &[Recorded]) -> Result<(), String> {
    let again = "run `cargo run -p sql-tests --bin record -- ADDRESS USER` with a MySQL's address";
    for (statement, recorded) in case.statements.iter().zip(expected) {
        if statement.sql != recorded.sql {
            let (line, sql) = (statement.line, &statement.sql);
            return Err(format!("{}.sql:{line} is not what was recorded; {again}: {sql}", case.topic));
        }
    }
    if case.statements.len() == expected.len() {
        return Ok(());
    }
    let (has, recorded) = (case.statements.len(), expected.len());
    Err(format!("{}.sql has {has} statements, {recorded} were recorded; {again}", case.topic))
}

fn write_ours(topic: &str, ours: &[Recorded]) -> Result<(), String> {
    let path = ours_path(topic);
    match (ours.is_empty(), path.exists()) {
        (true, false) => Ok(()),
        (true, true) => std::fs::remove_file(&path).map_err(|error| format!("{}: {error}", path.display())),
        (false, _) => write(&path, &render_recorded(ours)),
    }
}

/// Our recorded answers; a statement that is there several times has several.
struct OursByStatement {
    by_sql: BTreeMap<String, std::collections::VecDeque<Vec<String>>>,
}

impl OursByStatement {
    fn new(ours: Vec<Recorded>) -> Self {
        let mut by_sql: BTreeMap<String, std::collections::VecDeque<Vec<String>>> = BTreeMap::new();
        for Recorded { sql, lines } in ours {
            by_sql.entry(sql).or_default().push_back(lines);
        }
        OursByStatement { by_sql }
    }

    fn next(&mut self, sql: &str) -> Vec<String> {
        let lines = self.by_sql.get_mut(sql).and_then(std::collections::VecDeque::pop_front);
        lines.unwrap_or_else(|| {
            vec!["(nothing recorded: run `cargo xtask bless` and read the diff)".to_owned()]
        })
    }
}
