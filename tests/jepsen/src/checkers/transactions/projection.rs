//! Registers of transactions, each for itself, under models with real time.
//!
//! What a transaction reads of a register before it writes it, and what it writes last, both happen between its beginning and its end, where each transaction sees what was
//! acknowledged before it began. So each register by itself is linearizable. That finds stale reads, of which the versions of registers, which hide their order, show nothing else.

use std::collections::{BTreeMap, HashMap, HashSet};

use adya::History;
use adya::history::{Id, Mop, OpType, ReadValue, Scalar};

use super::super::linearizable::{Action, Call};

/// The calls of each register: reads of what is known to have been read, and writes that may have taken place.
pub(super) fn calls(history: &History) -> BTreeMap<String, Vec<Call>> {
    let mut calls: BTreeMap<String, Vec<Call>> = BTreeMap::new();
    for (at, op) in history.ops.iter().enumerate() {
        let Some(completion) = history.pair[at].filter(|_| op.kind == OpType::Invoke) else { continue };
        let completion = &history.ops[completion];
        let is_ok = completion.kind == OpType::Ok;
        if completion.kind == OpType::Fail {
            continue;
        }
        let ended = if is_ok { completion.index } else { u64::MAX };
        let process = op.process.and_then(|process| u64::try_from(process).ok()).unwrap_or(u64::MAX);
        let call = |action| Call { action, invoked: op.index, ended, process };
        let mut known: HashSet<Id> = HashSet::new();
        let mut written: HashMap<Id, Id> = HashMap::new();
        for mop in &completion.value {
            match mop {
                Mop::Write { key, value } => {
                    known.insert(*key);
                    written.insert(*key, *value);
                }
                Mop::Read { key, value } if is_ok && known.insert(*key) => {
                    let seen = match value {
                        ReadValue::Scalar(seen) => Some(number(history, *seen)),
                        ReadValue::Nil | ReadValue::List(_) => None,
                    };
                    let name = history.show(*key).to_string();
                    calls.entry(name).or_default().push(call(Action::Read(seen)));
                }
                Mop::Read { .. } | Mop::Append { .. } => {}
            }
        }
        for (key, value) in written {
            let name = history.show(key).to_string();
            calls.entry(name).or_default().push(call(Action::Write(Some(number(history, value)))));
        }
    }
    calls
}

/// A value as a number; text has numbers that no history uses.
fn number(history: &History, value: Id) -> i64 {
    match history.show(value) {
        Scalar::Int(number) => *number,
        Scalar::Str(_) => i64::MIN + i64::from(value),
    }
}
