//! Long fork: two transactions that read the same keys may not disagree about which of two writes was first.
//!
//! Each key is written once, so what a read of a group shows is the set of keys that were written. Of two such sets one must hold the other: parallel snapshot
//! isolation allows other things, snapshot isolation does not.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::edn::Value;
use crate::history::{History, Kind, Operation, Pair};
use crate::verdict::Verdict;

use super::judge::{Error, Judge, form, judge_pairs};

/// A write, by key.
struct Write {
    value: i64,
    outcome: Kind,
}

/// Judges `:read` and `:write` of keys in groups of `group`.
#[must_use]
pub fn long_fork(history: &History, group: i64) -> Verdict {
    judge_pairs("long-fork", history, |pairs, judge| check(pairs, group, judge))
}

fn check(pairs: &[Pair<'_>], group: i64, judge: &mut Judge) -> Result<(), Error> {
    let mut writes: HashMap<i64, Write> = HashMap::new();
    for pair in pairs.iter().filter(|pair| pair.invoke.function == "write") {
        for (name, key, value) in steps(pair.invoke)? {
            let (true, Some(value)) = (name == "w", value) else {
                return Err(form(pair.invoke, "[[:w k 1]]"));
            };
            if writes.insert(key, Write { value, outcome: pair.outcome() }).is_some() {
                judge.unknown("written-twice", format!("key {key} by {}", pair.invoke.index));
            }
        }
    }
    // By group: what was seen, and where first.
    let mut seen: BTreeMap<i64, BTreeMap<BTreeSet<i64>, u64>> = BTreeMap::new();
    let mut read_count = 0;
    for ok in pairs.iter().filter(|pair| pair.invoke.function == "read").filter_map(Pair::ok) {
        let steps = steps(ok)?;
        let Some((_, first, _)) = steps.first() else { return Err(form(ok, "a read of a group")) };
        let number = first.div_euclid(group);
        let mut written = BTreeSet::new();
        for (name, key, value) in &steps {
            if name != "r" || key.div_euclid(group) != number {
                return Err(form(ok, "reads of the keys of one group"));
            }
            let Some(value) = value else { continue };
            written.insert(*key);
            match writes.get(key) {
                Some(write) if write.value == *value && write.outcome != Kind::Fail => {}
                Some(_) | None => {
                    judge.wrong("unexpected", format!("read {} shows {key} = {value}", ok.index));
                }
            }
        }
        read_count += 1;
        seen.entry(number).or_default().entry(written).or_insert(ok.index);
    }
    for (number, reads) in &seen {
        let mut by_size: Vec<(&BTreeSet<i64>, &u64)> = reads.iter().collect();
        by_size.sort_by_key(|(written, _)| written.len());
        for two in by_size.windows(2).filter(|two| !two[0].0.is_subset(two[1].0)) {
            let [(one, at), (other, later)] = [two[0], two[1]];
            let text = format!("group {number}: read {at} shows {one:?}, read {later} shows {other:?}");
            judge.wrong("fork", text);
        }
    }
    judge.count("read-count", read_count);
    judge.count("group-count", seen.len());
    if read_count == 0 {
        judge.unknown("never-read", "no read succeeded");
    }
    Ok(())
}

/// The steps of a transaction: name, key, value.
fn steps(operation: &Operation) -> Result<Vec<(String, i64, Option<i64>)>, Error> {
    let wrong = || form(operation, "[[:r k nil] …] or [[:w k 1]]");
    let step = |step: &Value| match step.elements() {
        Some([name, key, value]) => {
            let value = if *value == Value::Nil { None } else { Some(value.as_integer().ok_or_else(wrong)?) };
            let name = name.name().ok_or_else(wrong)?.to_owned();
            Ok((name, key.as_integer().ok_or_else(wrong)?, value))
        }
        Some(_) | None => Err(wrong()),
    };
    operation.value.elements().ok_or_else(wrong)?.iter().map(step).collect()
}
