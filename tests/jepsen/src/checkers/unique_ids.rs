//! Unique ids: no id is given out twice.
//!
//! What an operation of unknown outcome was given is not known, and not asked for.

use std::collections::HashMap;

use crate::edn::Value;
use crate::history::{History, Pair};
use crate::verdict::Verdict;

use super::judge::{Error, Judge, integers, judge_pairs};

/// Judges `:generate`.
#[must_use]
pub fn unique_ids(history: &History) -> Verdict {
    judge_pairs("unique-ids", history, check)
}

fn check(pairs: &[Pair<'_>], judge: &mut Judge) -> Result<(), Error> {
    let mut given: HashMap<i64, u64> = HashMap::new();
    let generated = pairs.iter().filter(|pair| pair.invoke.function == "generate");
    for ok in generated.filter_map(Pair::ok) {
        let ids = match &ok.value {
            Value::Integer(id) => vec![*id],
            several => integers(ok, several)?,
        };
        for id in ids {
            if let Some(first) = given.insert(id, ok.index) {
                judge.wrong("duplicated", format!("{id} was given by {first} and by {}", ok.index));
            }
        }
    }
    judge.count("id-count", given.len());
    judge.detail("least", given.keys().min().map_or(Value::Nil, |id| Value::Integer(*id)));
    judge.detail("greatest", given.keys().max().map_or(Value::Nil, |id| Value::Integer(*id)));
    if given.is_empty() {
        judge.unknown("none", "no id was given");
    }
    Ok(())
}
