//! Registers, each linearizable: there is one order of its operations that explains every answer, and it agrees with real time.
//!
//! The [`search`] is our own, bounded in steps, memory and time: beyond them the key is *unknown*; tests compare it with `porcupine-rs`. What fails is cut down to the smallest window
//! that still fails ([`window`]) and drawn ([`drawing`]).
//!
//! Left out: operations on several keys, which are transactions.

mod drawing;
mod search;
mod window;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::edn::Value;
use crate::history::{History, Kind, Operation, Pair};
use crate::verdict::Verdict;

use super::judge::{Error, Judge, form, judge_pairs, keyed, pair, process};
use search::{Answer, Bounds};

/// What a failed `:cas` says that compared and found another value.
const PRECONDITION: &str = "precondition";

/// For the search of one key.
const SEARCH_STEPS_MAX: u64 = 50_000_000;
const SEARCH_KEPT_MAX: usize = 2_000_000;
/// For all keys together.
const TIME_MAX: Duration = Duration::from_secs(120);

/// What an operation does to a register, with what it was told.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Action {
    /// It saw this.
    Read(Option<i64>),
    /// It sets this.
    Write(Option<i64>),
    /// It found the first and set the second.
    Cas(Option<i64>, Option<i64>),
    /// It sets the second if it finds the first; nobody knows whether it did.
    MaybeCas(Option<i64>, Option<i64>),
    /// It did not find this.
    NotCas(Option<i64>),
}

/// An operation on a register.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) action: Action,
    /// Place of the invocation in the history.
    pub(super) invoked: u64,
    /// Place of the completion; [`u64::MAX`] for what may take place at any later time.
    pub(super) ended: u64,
    pub(super) process: u64,
}

/// Judges `:read`, `:write` and `:cas` of keys, each a register that begins as `nil`.
#[must_use]
pub fn linearizable_registers(history: &History) -> Verdict {
    judge_pairs("linearizable", history, |pairs, judge| {
        let mut keys: BTreeMap<String, Vec<Call>> = BTreeMap::new();
        for both in pairs {
            if !matches!(both.invoke.function.as_str(), "read" | "write" | "cas") {
                continue;
            }
            let (key, argument) = keyed(both.invoke)?;
            let answer = both.ok().map(keyed).transpose()?.map(|(_, answer)| answer);
            keys.entry(key).or_default().extend(call(both, argument, answer, false)?);
        }
        check(keys, judge);
        Ok(())
    })
}

/// Judges `:read`, `:write` and `:cas` of one register that begins as `nil`. Every failed `:cas` is judged as having found another value, as in the data of `porcupine`.
#[must_use]
pub fn linearizable_register(history: &History) -> Verdict {
    judge_pairs("linearizable", history, |pairs, judge| {
        let mut calls = Vec::new();
        for both in pairs {
            if matches!(both.invoke.function.as_str(), "read" | "write" | "cas") {
                let answer = both.ok().map(|ok| &ok.value);
                calls.extend(call(both, &both.invoke.value, answer, true)?);
            }
        }
        check(BTreeMap::from([("register".to_owned(), calls)]), judge);
        Ok(())
    })
}

/// The call that a pair is; none where it did nothing and learned nothing.
fn call(
    both: &Pair<'_>,
    argument: &Value,
    answer: Option<&Value>,
    failed_cas_compared: bool,
) -> Result<Option<Call>, Error> {
    let outcome = both.outcome();
    let action = match (both.invoke.function.as_str(), outcome, answer) {
        ("read", Kind::Ok, Some(answer)) => Action::Read(value(both.invoke, answer)?),
        ("write", Kind::Ok | Kind::Info, _) => Action::Write(value(both.invoke, argument)?),
        ("cas", _, _) => {
            let (from, to) = pair(both.invoke, argument)?;
            let (from, to) = (value(both.invoke, from)?, value(both.invoke, to)?);
            let error = both.completion.and_then(|completion| completion.error.as_ref());
            let compared = failed_cas_compared || error.and_then(Value::name) == Some(PRECONDITION);
            match outcome {
                Kind::Ok => Action::Cas(from, to),
                Kind::Info | Kind::Invoke => Action::MaybeCas(from, to),
                Kind::Fail if compared => Action::NotCas(from),
                Kind::Fail => return Ok(None),
            }
        }
        (_, _, _) => return Ok(None),
    };
    let (invoked, ended) = (both.invoke.index, both.end());
    Ok(Some(Call { action, invoked, ended, process: process(both.invoke) }))
}

fn value(operation: &Operation, value: &Value) -> Result<Option<i64>, Error> {
    match value {
        Value::Nil => Ok(None),
        number => number.as_integer().map(Some).ok_or_else(|| form(operation, "a register's value")),
    }
}

fn check(keys: BTreeMap<String, Vec<Call>>, judge: &mut Judge) {
    judge.count("operation-count", keys.values().map(Vec::len).sum());
    if !keys.values().flatten().any(|call| call.action.is_observation()) {
        judge.unknown("never-read", "no operation saw anything");
    }
    check_keys(keys, judge);
}

/// Searches an order for each key.
pub(super) fn check_keys(keys: BTreeMap<String, Vec<Call>>, judge: &mut Judge) {
    let deadline = Instant::now() + TIME_MAX;
    let bounds = Bounds { steps_max: SEARCH_STEPS_MAX, kept_max: SEARCH_KEPT_MAX, deadline };
    judge.count("key-count", keys.len());
    let mut wrong_keys = Vec::new();
    for (key, calls) in keys {
        match search::search(&calls, true, bounds) {
            Answer::Linearizable => {}
            Answer::Unknown => {
                judge.unknown(
                    "unknown",
                    format!("key {key}: {} operations, no answer in bounds", calls.len()),
                );
            }
            Answer::Not(_) => {
                let window = window::smallest(&calls, bounds);
                judge.wrong("nonlinearizable", format!("key {key}: no order explains\n{}", window.text()));
                judge.drawing(format!("linearizable-{}.svg", wrong_keys.len()), drawing::draw(&key, &window));
                wrong_keys.push(Value::String(key));
            }
        }
    }
    judge.detail("wrong-keys", Value::Vector(wrong_keys));
}

impl Action {
    /// Whether it says something of the state that it met.
    fn is_observation(self) -> bool {
        match self {
            Action::Read(_) | Action::Cas(..) | Action::NotCas(_) => true,
            Action::Write(_) | Action::MaybeCas(..) => false,
        }
    }

    /// In words as short as a drawing has room for.
    fn text(self) -> String {
        let value = |value: Option<i64>| value.map_or_else(|| "nil".to_owned(), |value| value.to_string());
        match self {
            Action::Read(seen) => format!("read {}", value(seen)),
            Action::Write(new) => format!("write {}", value(new)),
            Action::Cas(from, to) => format!("cas {}→{}", value(from), value(to)),
            Action::MaybeCas(from, to) => format!("cas {}→{}?", value(from), value(to)),
            Action::NotCas(from) => format!("cas {} failed", value(from)),
        }
    }
}
