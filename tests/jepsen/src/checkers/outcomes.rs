//! What became of transactions is what clients were told: by the answer to COMMIT, and by `quorate_transaction_outcome()` where there was none.

use std::collections::{BTreeMap, HashSet};

use crate::history::{History, Kind, Pair};
use crate::verdict::Verdict;

use super::judge::{Error, Judge, form, integer, integers, judge_pairs, pair};

/// What was said of a transaction.
#[derive(Default)]
struct Said {
    /// Where an answer said that it is committed, or where it was seen.
    committed: Option<u64>,
    /// Where an answer said that it is not and will not be.
    not_committed: Option<u64>,
    is_asked: bool,
}

/// Judges `:insert`, `:outcome` and `:read`.
#[must_use]
pub fn outcomes(history: &History) -> Verdict {
    judge_pairs("outcomes", history, check)
}

fn check(pairs: &[Pair<'_>], judge: &mut Judge) -> Result<(), Error> {
    let mut said: BTreeMap<i64, Said> = BTreeMap::new();
    let mut reads: Vec<(u64, u64, HashSet<i64>)> = Vec::new();
    let (mut told_count, mut unknown_count) = (0, 0);
    for both in pairs {
        match (both.invoke.function.as_str(), both.ok()) {
            ("insert", _) => {
                let said = said.entry(integer(both.invoke)?).or_default();
                said.is_asked = true;
                match (both.outcome(), both.completion) {
                    (Kind::Ok, Some(ok)) => said.committed = said.committed.or(Some(ok.index)),
                    (Kind::Fail, Some(fail)) => said.not_committed = said.not_committed.or(Some(fail.index)),
                    (Kind::Ok | Kind::Fail | Kind::Info | Kind::Invoke, _) => {}
                }
            }
            ("outcome", Some(ok)) => {
                let (id, answer) = pair(ok, &ok.value)?;
                let id = id.as_integer().ok_or_else(|| form(ok, "[id outcome]"))?;
                let said = said.entry(id).or_default();
                match answer.name() {
                    Some("committed") => said.committed = said.committed.or(Some(ok.index)),
                    Some("not-committed") => said.not_committed = said.not_committed.or(Some(ok.index)),
                    Some("unknown") => unknown_count += 1,
                    Some(_) | None => {
                        return Err(form(ok, "[id :committed], [id :not-committed] or [id :unknown]"));
                    }
                }
                told_count += 1;
            }
            ("read", Some(ok)) => {
                let all = integers(ok, &ok.value)?;
                let seen = HashSet::from_iter(all.iter().copied());
                if seen.len() < all.len() {
                    judge.wrong("duplicated", format!("read {} shows a row twice", ok.index));
                }
                reads.push((both.invoke.index, ok.index, seen));
            }
            (_, _) => {}
        }
    }
    for (_, ended, seen) in &reads {
        for id in seen {
            let said = said.entry(*id).or_default();
            said.committed = said.committed.or(Some(*ended));
        }
    }
    conclude(&said, &reads, judge);
    judge.count("insert-count", said.len());
    judge.count("outcome-count", told_count);
    judge.count("outcome-unknown-count", unknown_count);
    if reads.is_empty() {
        judge.unknown("never-read", "no read succeeded");
    }
    Ok(())
}

fn conclude(said: &BTreeMap<i64, Said>, reads: &[(u64, u64, HashSet<i64>)], judge: &mut Judge) {
    for (id, said) in said {
        if !said.is_asked {
            judge.wrong("unexpected", format!("{id} is there, and nobody inserted it"));
        }
        if let (Some(committed), Some(not)) = (said.committed, said.not_committed) {
            judge.wrong("contradiction", format!("{id} is committed by {committed}, and is not by {not}"));
        }
        let Some(committed) = said.committed else { continue };
        let after = reads.iter().filter(|(began, _, _)| *began > committed);
        if let Some((_, ended, seen)) = after.max_by_key(|(began, _, _)| *began)
            && !seen.contains(id)
        {
            judge.wrong(
                "lost",
                format!("{id} is committed by {committed}, and is not in the last read {ended}"),
            );
        }
    }
}
