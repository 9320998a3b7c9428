//! What came of the cells, as it is kept and as it is shown.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use crate::connector::CONNECTORS;
use crate::{CELLS, package};

/// What came of one cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It works.
    Ok,
    /// It does not, and why.
    Fail(String),
    /// The connector itself cannot do it, and why.
    Skip(String),
}

/// What came of one connector.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Its version, as it says itself.
    pub version: String,
    /// By cell.
    pub cells: BTreeMap<&'static str, Outcome>,
}

/// What came of all connectors that were run, by name.
pub type Results = BTreeMap<&'static str, Row>;

/// Where what is expected is kept: lines of `CONNECTOR TAB CELL TAB OUTCOME`, and of `CONNECTOR TAB version TAB VERSION`.
#[must_use]
pub fn file() -> PathBuf {
    package().join("results.txt")
}

impl Outcome {
    /// From `ok`, `fail: why` or `skip: why`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Outcome> {
        match text.split_once(": ") {
            // Where in a program of this machine it was, is not kept.
            Some(("fail", why)) => Some(Outcome::Fail(why.split(" at /").next().unwrap_or(why).to_owned())),
            Some(("skip", why)) => Some(Outcome::Skip(why.to_owned())),
            Some(_) => None,
            None => (text == "ok").then_some(Outcome::Ok),
        }
    }

    /// What [`Outcome::parse`] reads.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Outcome::Ok => "ok".to_owned(),
            Outcome::Fail(why) => format!("fail: {why}"),
            Outcome::Skip(why) => format!("skip: {why}"),
        }
    }

    /// Whether the test takes the one for the other: why something fails may have changing numbers in it.
    #[must_use]
    pub fn is_like(&self, other: &Outcome) -> bool {
        matches!((self, other), (Outcome::Fail(_), Outcome::Fail(_))) || self == other
    }
}

impl Row {
    /// Takes what a program printed.
    pub fn read(&mut self, printed: &str) {
        for line in printed.lines() {
            let Some((name, outcome)) = line.split_once(' ') else { continue };
            if name == "version" {
                outcome.clone_into(&mut self.version);
            }
            if let (Some(cell), Some(outcome)) = (cell(name), Outcome::parse(outcome)) {
                self.cells.insert(cell, outcome);
            }
        }
    }
}

fn cell(name: &str) -> Option<&'static str> {
    CELLS.into_iter().map(|(cell, _)| cell).find(|cell| *cell == name)
}

/// What is kept.
///
/// # Panics
/// When the file cannot be read or has a line that is none.
#[must_use]
pub fn load() -> Results {
    let mut results = Results::new();
    for line in std::fs::read_to_string(file()).unwrap_or_default().lines() {
        let parts: Vec<&str> = line.split('\t').collect();
        let [connector, what, outcome] = parts[..] else { panic!("no result: {line}") };
        let connector = CONNECTORS.iter().find(|known| known.name == connector);
        let row =
            results.entry(connector.unwrap_or_else(|| panic!("no connector: {line}")).name).or_default();
        row.read(&format!("{what} {outcome}"));
    }
    results
}

/// The file's text.
#[must_use]
pub fn text(results: &Results) -> String {
    let mut text = String::new();
    for connector in &CONNECTORS {
        let Some(row) = results.get(connector.name) else { continue };
        let _ = writeln!(text, "{}\tversion\t{}", connector.name, row.version);
        for (cell, _) in CELLS {
            if let Some(outcome) = row.cells.get(cell) {
                let _ = writeln!(text, "{}\t{cell}\t{}", connector.name, outcome.text());
            }
        }
    }
    text
}

/// How `found` differs from `kept`, of the connectors that were run: one line a cell.
#[must_use]
pub fn differences(kept: &Results, found: &Results) -> Vec<String> {
    let mut differences = Vec::new();
    let nothing = Row::default();
    for (connector, row) in found {
        let before = kept.get(connector).unwrap_or(&nothing);
        for (cell, _) in CELLS {
            let is_like = match (before.cells.get(cell), row.cells.get(cell)) {
                (Some(before), Some(now)) => before.is_like(now),
                (before, now) => before.is_none() && now.is_none(),
            };
            if !is_like {
                let shown = |outcome: Option<&Outcome>| outcome.map_or("nothing".to_owned(), Outcome::text);
                let (before, now) = (shown(before.cells.get(cell)), shown(row.cells.get(cell)));
                differences.push(format!("{connector}: {cell}: {now} (kept: {before})"));
            }
        }
    }
    differences
}

/// The table of the document: a row a connector, a column a cell; below it what the cells are, what fails and what is skipped.
#[must_use]
pub fn table(results: &Results) -> String {
    let mut text = String::from("| connector | version |");
    for number in 1..=CELLS.len() {
        let _ = write!(text, " {number} |");
    }
    let _ = writeln!(text, "\n|---|---|{}", "---|".repeat(CELLS.len()));
    for connector in &CONNECTORS {
        let Some(row) = results.get(connector.name) else { continue };
        let _ = write!(text, "| {} | {} |", connector.name, row.version);
        for (cell, _) in CELLS {
            let mark = match row.cells.get(cell) {
                Some(Outcome::Ok) => "✓",
                Some(Outcome::Fail(_)) => "✗",
                Some(Outcome::Skip(_)) => "–",
                None => " ",
            };
            let _ = write!(text, " {mark} |");
        }
        text.push('\n');
    }
    let _ = writeln!(text, "\n✓ works, ✗ does not (below), – the connector itself cannot do it.\n");
    for (number, (cell, about)) in (1..).zip(CELLS) {
        let _ = writeln!(text, "{number}. `{cell}`: {about}");
    }
    let failures = reasons(results, |outcome| match outcome {
        Outcome::Fail(why) => Some(why),
        Outcome::Ok | Outcome::Skip(_) => None,
    });
    if !failures.is_empty() {
        let _ = writeln!(text, "\nWhat does not work:\n\n{failures}");
    }
    text
}

/// `* CONNECTOR, CELL: why` of the outcomes that have a reason.
fn reasons(results: &Results, why: impl Fn(&Outcome) -> Option<&String>) -> String {
    let mut lines = String::new();
    for connector in &CONNECTORS {
        let Some(row) = results.get(connector.name) else { continue };
        for (cell, _) in CELLS {
            if let Some(why) = row.cells.get(cell).and_then(&why) {
                let _ = writeln!(lines, "* {}, `{cell}`: {why}", connector.name);
            }
        }
    }
    lines
}

/// Where the table is in the document.
const MARKS: (&str, &str) = ("<!-- connectors: begin (generated) -->\n", "<!-- connectors: end -->\n");

/// Writes the table into the document.
///
/// # Errors
/// When the document cannot be read or written, or has no place for it.
pub fn write_document(results: &Results) -> Result<(), String> {
    let path = package().join("../../docs/compatibility.md");
    let document = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
    let places =
        document.split_once(MARKS.0).and_then(|(before, rest)| Some((before, rest.split_once(MARKS.1)?.1)));
    let Some((before, after)) = places else { return Err(format!("no {} in {}", MARKS.0, path.display())) };
    let document = format!("{before}{}{}{}{after}", MARKS.0, table(results), MARKS.1);
    std::fs::write(&path, document).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_read_as_they_were_written_and_differences_are_found() {
        let mut results = Results::new();
        let row = results.entry("PyMySQL").or_default();
        row.read("version 1.2\ntext ok\nbig fail: too big: 17\ncursor skip: has none\nnonsense\nother ok\n");
        assert_eq!(row.cells.len(), 3);
        let lines = text(&results);
        assert_eq!(lines.lines().count(), 4, "{lines}");
        let mut now = results.clone();
        assert!(differences(&results, &now).is_empty());
        now.entry("PyMySQL").or_default().read("big fail: too big: 18");
        assert!(differences(&results, &now).is_empty());
        now.entry("PyMySQL").or_default().read("big ok\ntext skip: no");
        assert_eq!(
            differences(&results, &now),
            ["PyMySQL: text: skip: no (kept: ok)", "PyMySQL: big: ok (kept: fail: too big: 17)"]
        );
        assert!(table(&results).contains("| PyMySQL | 1.2 |"));
    }
}
