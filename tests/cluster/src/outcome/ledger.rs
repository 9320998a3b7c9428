//! What the clients know of all their transactions.
//!
//! Each transaction has a tag, a number of its own. A workload that leaves the tag in the data is judged tag by tag
//! ([`Ledger::judge_tags`]); one that only counts, by counts ([`Ledger::judge_counts`]). Judging is done while no client does anything.
//!
//! Invariants: a transaction whose outcome its client does not know is *open*; once it was seen it is done for good. One that was not seen
//! may still come, since the session that a client left alone may still run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Outcome;

/// Transactions named in a failure's message.
const SHOWN_MAX: usize = 20;

/// What is known of one transaction.
#[derive(Clone, Debug)]
enum Fact {
    /// It is under way.
    Sent,
    Done,
    RolledBack(String),
    Unknown,
}

/// What is known of the transactions under one key.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    /// That happened.
    done: u64,
    /// That may or may not have.
    open: u64,
}

#[derive(Default)]
struct Inner {
    /// Those that were not judged yet, and those that are open.
    facts: BTreeMap<u64, Fact>,
    counts: BTreeMap<u64, Count>,
    /// Transactions that are there, and were judged.
    committed: u64,
}

/// How many transactions ended in which way.
#[derive(Clone, Copy, Debug, Default)]
pub struct Totals {
    /// Acknowledged.
    pub done: u64,
    /// Certainly rolled back.
    pub rolled_back: u64,
    /// Not known.
    pub unknown: u64,
}

/// See the module.
#[derive(Default)]
pub struct Ledger {
    inner: Mutex<Inner>,
    next: AtomicU64,
    done: AtomicU64,
    rolled_back: AtomicU64,
    unknown: AtomicU64,
}

impl Ledger {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        // A judge that panicked has judged: the clients go on to their end.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A transaction begins; its tag.
    #[must_use]
    pub fn begin(&self) -> u64 {
        let tag = self.next.fetch_add(1, Ordering::Relaxed) + 1;
        self.inner().facts.insert(tag, Fact::Sent);
        tag
    }

    /// The outcome of a transaction that is counted under `key`.
    pub fn end(&self, tag: u64, key: u64, outcome: &Outcome) {
        let mut inner = self.inner();
        let count = inner.counts.entry(key).or_default();
        let (fact, total) = match outcome {
            Outcome::Done => {
                count.done += 1;
                (Fact::Done, &self.done)
            }
            Outcome::RolledBack(why) => (Fact::RolledBack(why.clone()), &self.rolled_back),
            Outcome::Unknown(_) => {
                count.open += 1;
                (Fact::Unknown, &self.unknown)
            }
        };
        inner.facts.insert(tag, fact);
        total.fetch_add(1, Ordering::Relaxed);
    }

    /// How many were acknowledged so far.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// How many ended in which way so far.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let get = |total: &AtomicU64| total.load(Ordering::Relaxed);
        Totals { done: self.done(), rolled_back: get(&self.rolled_back), unknown: get(&self.unknown) }
    }

    /// Judges by the tags that were found, of all transactions that were not judged before. Gives the number of those that ever happened.
    ///
    /// # Panics
    /// When a client was told something else than what is.
    pub fn judge_tags(&self, found: &BTreeSet<u64>) -> u64 {
        let mut inner = self.inner();
        let mut wrong = Vec::new();
        let mut open = BTreeMap::new();
        let facts = std::mem::take(&mut inner.facts);
        for (tag, fact) in &facts {
            let is_there = found.contains(tag);
            match fact {
                Fact::Sent => wrong.push(format!("transaction {tag} is still under way")),
                Fact::Done if !is_there => {
                    wrong.push(format!("transaction {tag} was acknowledged and is not there"));
                }
                Fact::RolledBack(why) if is_there => {
                    wrong.push(format!("transaction {tag} is there; its client was told: {why}"));
                }
                Fact::Unknown if !is_there => {
                    open.insert(*tag, fact.clone());
                }
                Fact::Done | Fact::RolledBack(_) | Fact::Unknown => {}
            }
        }
        wrong.extend(
            found
                .iter()
                .filter(|tag| !facts.contains_key(tag))
                .map(|tag| format!("transaction {tag} is there again")),
        );
        assert_nothing(&wrong);
        inner.facts = open;
        inner.committed += found.len() as u64;
        inner.committed
    }

    /// Judges by how many transactions were found under each key, ever. Gives their sum.
    ///
    /// # Panics
    /// When it cannot be so.
    pub fn judge_counts(&self, found: &BTreeMap<u64, u64>) -> u64 {
        let mut inner = self.inner();
        let mut wrong = Vec::new();
        let keys: BTreeSet<u64> = inner.counts.keys().chain(found.keys()).copied().collect();
        for key in keys {
            let count = inner.counts.entry(key).or_default();
            let there = found.get(&key).copied().unwrap_or(0);
            if (count.done..=count.done + count.open).contains(&there) {
                // Of those that were open, this many have turned out to be done.
                count.open -= there - count.done;
                count.done = there;
            } else {
                wrong.push(format!("under {key} {there} transactions are there of {count:?}"));
            }
        }
        assert_nothing(&wrong);
        inner.facts.clear();
        inner.committed = found.values().sum();
        inner.committed
    }
}

fn assert_nothing(wrong: &[String]) {
    let shown = wrong.iter().take(SHOWN_MAX).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} wrong outcomes:\n{shown}", wrong.len());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(outcomes: &[Outcome]) -> Ledger {
        let ledger = Ledger::default();
        for outcome in outcomes {
            let tag = ledger.begin();
            ledger.end(tag, 7, outcome);
        }
        ledger
    }

    fn unknown() -> Outcome {
        Outcome::Unknown("lost".into())
    }

    fn rolled_back() -> Outcome {
        Outcome::RolledBack("1053".into())
    }

    fn is_wrong(judge: impl FnOnce() + std::panic::UnwindSafe) -> bool {
        std::panic::catch_unwind(judge).is_err()
    }

    #[test]
    fn what_was_told_is_held_against_what_is_there() {
        let told = [Outcome::Done, rolled_back(), unknown()];
        for (found, is_right) in
            [(vec![1], true), (vec![1, 3], true), (vec![3], false), (vec![1, 2], false), (vec![1, 9], false)]
        {
            let found: BTreeSet<u64> = found.into_iter().collect();
            let told = told.clone();
            assert_eq!(!is_wrong(|| assert!(ended(&told).judge_tags(&found) > 0)), is_right, "{found:?}");
        }
    }

    #[test]
    fn one_that_was_open_may_come_later_but_only_once() {
        let ledger = ended(&[unknown(), unknown()]);
        assert_eq!(ledger.judge_tags(&BTreeSet::new()), 0);
        assert_eq!(ledger.judge_tags(&BTreeSet::from([2])), 1);
        assert_eq!(ledger.judge_tags(&BTreeSet::new()), 1);
        assert!(is_wrong(|| {
            let ledger = ended(&[unknown()]);
            ledger.judge_tags(&BTreeSet::from([1]));
            ledger.judge_tags(&BTreeSet::from([1]));
        }));
    }

    #[test]
    fn counts_are_between_what_is_known_and_what_may_be() {
        let told = [Outcome::Done, Outcome::Done, rolled_back(), unknown()];
        for (there, is_right) in [(1, false), (2, true), (3, true), (4, false)] {
            let told = told.clone();
            let judge = move || assert!(ended(&told).judge_counts(&BTreeMap::from([(7, there)])) > 0);
            assert_eq!(!is_wrong(judge), is_right, "{there}");
        }
        // What was seen stays.
        assert!(is_wrong(|| {
            let ledger = ended(&[Outcome::Done, unknown()]);
            ledger.judge_counts(&BTreeMap::from([(7, 2)]));
            ledger.judge_counts(&BTreeMap::from([(7, 1)]));
        }));
    }
}
