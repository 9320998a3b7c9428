//! What all checkers do alike: read values, collect findings, make a [`Verdict`] of them.

use std::collections::BTreeMap;

use crate::edn::Value;
use crate::history::{History, Operation, Pair, Process, ShapeError};
use crate::verdict::{Valid, Verdict};

/// Findings of one kind that are written out; further ones are only counted.
const FINDINGS_OF_A_KIND_MAX: u64 = 8;

/// Why a checker cannot judge.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum Error {
    /// It is no history.
    #[error("the history is not well formed: {0}")]
    Shape(#[from] ShapeError),
    /// An operation's value is not of its form.
    #[error("operation {index}: {value} is not {expected}")]
    Form { index: u64, value: String, expected: &'static str },
}

/// A verdict that is being made.
pub(super) struct Judge {
    checker: String,
    valid: Valid,
    counts: BTreeMap<String, u64>,
    findings: Vec<String>,
    details: Vec<(Value, Value)>,
    drawings: Vec<(String, String)>,
}

/// The verdict of a checker that looks at pairs of an invocation and its completion.
pub(super) fn judge_pairs(
    checker: &str,
    history: &History,
    check: impl FnOnce(&[Pair<'_>], &mut Judge) -> Result<(), Error>,
) -> Verdict {
    let mut judge = Judge::new(checker);
    let checked = history.pairs().map_err(Error::from).and_then(|pairs| check(&pairs, &mut judge));
    if let Err(error) = checked {
        judge.unknown("malformed", error.to_string());
    }
    judge.verdict()
}

impl Judge {
    pub(super) fn new(checker: &str) -> Judge {
        Judge {
            checker: checker.to_owned(),
            valid: Valid::Yes,
            counts: BTreeMap::new(),
            findings: Vec::new(),
            details: Vec::new(),
            drawings: Vec::new(),
        }
    }

    fn find(&mut self, valid: Valid, kind: &str, finding: impl Into<String>) {
        self.valid = Valid::of_all([self.valid, valid]);
        let count = self.counts.entry(kind.to_owned()).or_default();
        *count += 1;
        if *count <= FINDINGS_OF_A_KIND_MAX {
            self.findings.push(format!("{kind}: {}", finding.into()));
        }
    }

    /// The history is wrong.
    pub(super) fn wrong(&mut self, kind: &str, finding: impl Into<String>) {
        self.find(Valid::No, kind, finding);
    }

    /// There is too little to say.
    pub(super) fn unknown(&mut self, kind: &str, finding: impl Into<String>) {
        self.find(Valid::Unknown, kind, finding);
    }

    /// Something for `results.edn`.
    pub(super) fn detail(&mut self, name: &str, value: impl Into<Value>) {
        self.details.push((Value::keyword(name), value.into()));
    }

    /// A count for `results.edn`.
    pub(super) fn count(&mut self, name: &str, count: usize) {
        self.detail(name, i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// A drawing of what is wrong.
    pub(super) fn drawing(&mut self, file: String, content: String) {
        self.drawings.push((file, content));
    }

    pub(super) fn verdict(mut self) -> Verdict {
        for (kind, count) in &self.counts {
            if *count > FINDINGS_OF_A_KIND_MAX {
                self.findings.push(format!("{kind}: {} more", count - FINDINGS_OF_A_KIND_MAX));
            }
            let count = i64::try_from(*count).unwrap_or(i64::MAX);
            self.details.push((Value::keyword(&format!("{kind}-count")), Value::Integer(count)));
        }
        Verdict {
            checker: self.checker,
            valid: self.valid,
            findings: self.findings,
            details: Value::Map(self.details),
            drawings: self.drawings,
        }
    }
}

/// That an operation's value is not of its form.
pub(super) fn form(operation: &Operation, expected: &'static str) -> Error {
    Error::Form { index: operation.index, value: operation.value.to_string(), expected }
}

/// An operation's value as an integer.
pub(super) fn integer(operation: &Operation) -> Result<i64, Error> {
    operation.value.as_integer().ok_or_else(|| form(operation, "an integer"))
}

/// A value as integers, `nil` as none.
pub(super) fn integers(operation: &Operation, value: &Value) -> Result<Vec<i64>, Error> {
    if *value == Value::Nil {
        return Ok(Vec::new());
    }
    let all = value.elements().map(|values| values.iter().map(Value::as_integer).collect::<Option<_>>());
    all.flatten().ok_or_else(|| form(operation, "a vector of integers"))
}

/// An operation's value `[key value]`, the key as text.
pub(super) fn keyed(operation: &Operation) -> Result<(String, &Value), Error> {
    pair(operation, &operation.value).map(|(key, value)| (key.to_string(), value))
}

/// A value of two.
pub(super) fn pair<'o>(operation: &Operation, value: &'o Value) -> Result<(&'o Value, &'o Value), Error> {
    match value.elements() {
        Some([key, value]) => Ok((key, value)),
        Some(_) | None => Err(form(operation, "[key value]")),
    }
}

/// The process of a client's operation.
pub(super) fn process(operation: &Operation) -> u64 {
    match operation.process {
        Process::Client(process) => process,
        Process::Nemesis => u64::MAX,
    }
}

/// A value of [`Operation::extra`].
pub(super) fn extra<'o>(operation: &'o Operation, name: &str) -> Option<&'o Value> {
    operation.extra.iter().find(|(key, _)| key == name).map(|(_, value)| value)
}
