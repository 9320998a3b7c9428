//! `jepsen check --model M FILE…`: histories in files, whoever wrote them.
//!
//! A model is a checker's name, for some with what it needs behind a colon: `list-append:snapshot-isolation`, `bank:100`, `sessions:monotonic-reads,real-time`.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::edn::Value;
use crate::history::{self, History};
use crate::verdict::{Valid, Verdict};

use super::{Guarantee, Model, Staleness};

/// Keys of one group in Jepsen's own long-fork workload.
const LONG_FORK_GROUP: i64 = 2;

/// Why files were not judged.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A model that is none.
    #[error("no model {name}; there are: {}", NAMES.join(", "))]
    Model {
        /// What was asked for.
        name: String,
    },
    /// A file that cannot be read, or an output that cannot be written.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which one.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file that is no history.
    #[error("{}: {error}", path.display())]
    History {
        /// Which one.
        path: PathBuf,
        /// Why.
        error: history::Error,
    },
}

/// The names of models, as they are shown.
const NAMES: [&str; 14] = [
    "registers",
    "register",
    "counter",
    "set[:stale]",
    "unique-ids",
    "bank[:TOTAL]",
    "list-append[:MODEL]",
    "rw-register[:MODEL]",
    "long-fork[:GROUP]",
    "predicate",
    "monotonic",
    "sessions:GUARANTEE,…",
    "mutex",
    "outcomes",
];

/// A checker with all that it needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Checker {
    /// [`super::linearizable_registers()`]
    Registers,
    /// [`super::linearizable_register()`]
    Register,
    /// [`super::counter()`]
    Counter,
    /// [`super::set()`]
    Set(Staleness),
    /// [`super::unique_ids()`]
    UniqueIds,
    /// [`super::bank()`]: accounts are those of the first read; the total is given, or that read's.
    Bank(Option<i64>),
    /// [`super::list_append()`]
    ListAppend(Model),
    /// [`super::rw_register()`]
    RwRegister(Model),
    /// [`super::long_fork()`]
    LongFork(i64),
    /// [`super::predicate()`]
    Predicate,
    /// [`super::monotonic()`]
    Monotonic,
    /// [`super::sessions()`]
    Sessions(Vec<Guarantee>),
    /// [`super::mutex()`]
    Mutex,
    /// [`super::outcomes()`]
    Outcomes,
}

impl FromStr for Checker {
    type Err = Error;

    fn from_str(text: &str) -> Result<Checker, Error> {
        let wrong = || Error::Model { name: text.to_owned() };
        let (name, argument) = text.split_once(':').map_or((text, None), |(name, rest)| (name, Some(rest)));
        let model = || match argument {
            None => Ok(Model::StrictSerializable),
            Some(argument) => Model::of_name(argument).ok_or_else(wrong),
        };
        let number = || argument.map(|argument| argument.parse().map_err(|_| wrong())).transpose();
        Ok(match (name, argument) {
            ("list-append", _) => Checker::ListAppend(model()?),
            ("rw-register", _) => Checker::RwRegister(model()?),
            ("bank", _) => Checker::Bank(number()?),
            ("long-fork", _) => {
                Checker::LongFork(number()?.filter(|group| *group > 0).unwrap_or(LONG_FORK_GROUP))
            }
            ("set", None) => Checker::Set(Staleness::Forbidden),
            ("set", Some("stale")) => Checker::Set(Staleness::Allowed),
            ("sessions", Some(guarantees)) => {
                let guarantees = guarantees.split(',').map(|name| Guarantee::of_name(name).ok_or_else(wrong));
                Checker::Sessions(guarantees.collect::<Result<_, _>>()?)
            }
            ("registers", None) => Checker::Registers,
            ("register", None) => Checker::Register,
            ("counter", None) => Checker::Counter,
            ("unique-ids", None) => Checker::UniqueIds,
            ("predicate", None) => Checker::Predicate,
            ("monotonic", None) => Checker::Monotonic,
            ("mutex", None) => Checker::Mutex,
            ("outcomes", None) => Checker::Outcomes,
            (_, _) => return Err(wrong()),
        })
    }
}

impl Checker {
    /// Judges a history.
    #[must_use]
    pub fn judge(&self, history: &History) -> Verdict {
        match self {
            Checker::Registers => super::linearizable_registers(history),
            Checker::Register => super::linearizable_register(history),
            Checker::Counter => super::counter(history),
            Checker::Set(staleness) => super::set(history, *staleness),
            Checker::UniqueIds => super::unique_ids(history),
            Checker::Bank(total) => {
                let (accounts, first_total) = first_balances(history);
                super::bank(history, &accounts, total.unwrap_or(first_total))
            }
            Checker::ListAppend(model) => super::list_append(history, *model),
            Checker::RwRegister(model) => super::rw_register(history, *model),
            Checker::LongFork(group) => super::long_fork(history, *group),
            Checker::Predicate => super::predicate(history),
            Checker::Monotonic => super::monotonic(history),
            Checker::Sessions(guarantees) => super::sessions(history, guarantees),
            Checker::Mutex => super::mutex(history),
            Checker::Outcomes => super::outcomes(history),
        }
    }
}

/// Accounts and total of the first read that shows any.
fn first_balances(history: &History) -> (Vec<i64>, i64) {
    let reads = history.operations.iter().filter(|operation| operation.function == "read");
    let balances =
        reads.filter_map(|read| if let Value::Map(pairs) = &read.value { Some(pairs) } else { None });
    balances.take(1).flatten().fold((Vec::new(), 0), |(mut accounts, total), (account, balance)| {
        accounts.extend(account.as_integer());
        (accounts, total + balance.as_integer().unwrap_or(0))
    })
}

/// Reads a history: JSON by the name `*.json` or `*.jsonl`, else EDN.
///
/// # Errors
///
/// It cannot be read, or is no history.
pub fn read_file(path: &Path) -> Result<History, Error> {
    let text = fs::read_to_string(path).map_err(|error| Error::Io { path: path.to_owned(), error })?;
    let is_json = path.extension().is_some_and(|extension| extension == "json" || extension == "jsonl");
    let history = if is_json { History::read_json(&text) } else { History::read_edn(&text) };
    history.map_err(|error| Error::History { path: path.to_owned(), error })
}

/// Judges files, one after the other, and prints a line of verdict for each, with its findings below it.
///
/// # Errors
///
/// There is no such model, a file cannot be read or is no history, or nobody takes the output.
pub fn command(model: &str, files: &[PathBuf]) -> Result<Valid, Error> {
    let checker: Checker = model.parse()?;
    let mut all = Vec::new();
    for path in files {
        let verdict = checker.judge(&read_file(path)?);
        let mut text = format!("{} {}\n", path.display(), verdict.valid.name());
        for finding in &verdict.findings {
            for line in finding.lines() {
                // Writing to a String cannot fail.
                let _ = writeln!(text, "  {line}");
            }
        }
        io::stdout()
            .write_all(text.as_bytes())
            .map_err(|error| Error::Io { path: "standard output".into(), error })?;
        all.push(verdict.valid);
    }
    Ok(Valid::of_all(all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_have_names() {
        assert_eq!("bank:-5".parse::<Checker>().unwrap(), Checker::Bank(Some(-5)));
        assert_eq!("list-append".parse::<Checker>().unwrap(), Checker::ListAppend(Model::StrictSerializable));
        for model in Model::ALL {
            let name = format!("rw-register:{}", model.name());
            assert_eq!(name.parse::<Checker>().unwrap(), Checker::RwRegister(model));
        }
        let both = vec![Guarantee::MonotonicReads, Guarantee::RealTime];
        assert_eq!("sessions:monotonic-reads,real-time".parse::<Checker>().unwrap(), Checker::Sessions(both));
        for wrong in ["", "bank:x", "list-append:acid", "sessions", "sessions:x", "counter:1", "set:fresh"] {
            assert!(wrong.parse::<Checker>().is_err(), "{wrong}");
        }
    }
}
