//! Predicates: of two transactions that each insert a row if there is none, one does; and a transaction that reads a predicate twice sees the same.
//!
//! The insertions are those of Jepsen's `adya/g2`: both of two transactions look for rows of a key in two tables and insert one, the one into the first, the
//! other into the second table. Each alone is right. That both succeed is a cycle of two anti-dependencies over predicates (G2), which no level below SERIALIZABLE forbids.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::edn::Value;
use crate::history::{History, Kind, Pair};
use crate::verdict::Verdict;

use super::judge::{Error, Judge, form, integers, judge_pairs, keyed, pair};

/// What an insertion that found a row says.
const TOO_LATE: &str = "too-late";

struct Insertion {
    id: i64,
    asked: u64,
    ended: u64,
    outcome: Kind,
    is_too_late: bool,
}

struct Read {
    began: u64,
    ended: u64,
    ids: BTreeSet<i64>,
}

/// What is known of a key.
#[derive(Default)]
struct Key {
    insertions: Vec<Insertion>,
    reads: Vec<Read>,
}

/// Judges `:insert` and `:read`.
#[must_use]
pub fn predicate(history: &History) -> Verdict {
    judge_pairs("predicate", history, check)
}

fn check(pairs: &[Pair<'_>], judge: &mut Judge) -> Result<(), Error> {
    let mut keys: BTreeMap<String, Key> = BTreeMap::new();
    for both in pairs {
        match (both.invoke.function.as_str(), both.ok()) {
            ("insert", _) => {
                let (key, ids) = keyed(both.invoke)?;
                let id = match pair(both.invoke, ids)? {
                    (Value::Integer(id), Value::Nil) | (Value::Nil, Value::Integer(id)) => *id,
                    (_, _) => return Err(form(both.invoke, "[k [id nil]] or [k [nil id]]")),
                };
                let error = both.completion.and_then(|completion| completion.error.as_ref());
                keys.entry(key).or_default().insertions.push(Insertion {
                    id,
                    asked: both.invoke.index,
                    ended: both.end(),
                    outcome: both.outcome(),
                    is_too_late: error.and_then(Value::name) == Some(TOO_LATE),
                });
            }
            ("read", Some(ok)) => {
                let (key, seen) = keyed(ok)?;
                let (first, second) = pair(ok, seen)?;
                let (first, second) = (integers(ok, first)?, integers(ok, second)?);
                let ids = BTreeSet::from_iter(first.iter().copied());
                if ids.len() < first.len() {
                    judge.wrong("duplicated", format!("read {} of {key} shows a row twice", ok.index));
                }
                if ids != BTreeSet::from_iter(second.iter().copied()) {
                    let text = format!("read {} of {key} saw {first:?}, then {second:?}", ok.index);
                    judge.wrong("phantom", text);
                }
                let read = Read { began: both.invoke.index, ended: ok.index, ids };
                keys.entry(key).or_default().reads.push(read);
            }
            (_, _) => {}
        }
    }
    let mut ok_count = 0;
    for (name, key) in &keys {
        ok_count += key.insertions.iter().filter(|insertion| insertion.outcome == Kind::Ok).count();
        check_insertions(name, key, judge);
        check_reads(name, key, judge);
    }
    judge.count("key-count", keys.len());
    judge.count("inserted-count", ok_count);
    if ok_count == 0 {
        judge.unknown("none", "no insertion succeeded");
    }
    Ok(())
}

/// At most one succeeds; and who found a row, found one that was there.
fn check_insertions(name: &str, key: &Key, judge: &mut Judge) {
    let ok: Vec<u64> = key
        .insertions
        .iter()
        .filter(|insertion| insertion.outcome == Kind::Ok)
        .map(|one| one.asked)
        .collect();
    if ok.len() > 1 {
        judge.wrong("both", format!("insertions {ok:?} of {name} all found nothing and succeeded"));
    }
    for late in key.insertions.iter().filter(|insertion| insertion.is_too_late) {
        let mut others = key.insertions.iter().filter(|other| other.outcome != Kind::Fail);
        if !others.any(|other| other.asked < late.ended) {
            judge.wrong("dirty", format!("insertion {} of {name} found a row of nobody", late.asked));
        }
    }
}

/// Rows that are shown were inserted, there is one, and it stays.
fn check_reads(name: &str, key: &Key, judge: &mut Judge) {
    let insertions: HashMap<i64, &Insertion> =
        key.insertions.iter().map(|insertion| (insertion.id, insertion)).collect();
    for read in &key.reads {
        if read.ids.len() > 1 {
            judge.wrong("both", format!("read {} of {name} shows the rows {:?}", read.ended, read.ids));
        }
        for id in &read.ids {
            let inserted = insertions.get(id).filter(|insertion| insertion.asked < read.ended);
            if inserted.is_none_or(|insertion| insertion.outcome == Kind::Fail) {
                judge.wrong("unexpected", format!("read {} of {name} shows {id}", read.ended));
            }
        }
    }
    for insertion in key.insertions.iter().filter(|insertion| insertion.outcome == Kind::Ok) {
        let last = key.reads.iter().filter(|read| read.began > insertion.ended).max_by_key(|read| read.began);
        if let Some(last) = last.filter(|read| !read.ids.contains(&insertion.id)) {
            let text = format!("{} of {name} is not in the last read {}", insertion.id, last.ended);
            judge.wrong("lost", text);
        }
    }
}
