//! A set of elements, each added once: nothing that was acknowledged is lost, nothing is there that was not added.
//!
//! As Jepsen's `set-full`: an element is *known* from its acknowledgement, or from the end of the first read that shows it. Reads that begin after that should show it. If
//! the last of them do not, it is lost; if only earlier ones do not, those were stale, which is wrong only if [`Staleness::Forbidden`].

use std::collections::{HashMap, HashSet};

use crate::history::{History, Kind, Pair};
use crate::verdict::Verdict;

use super::judge::{Error, Judge, integer, integers, judge_pairs};

/// Whether a read may miss what was acknowledged before it began.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Staleness {
    /// It may, as long as later reads show it.
    Allowed,
    /// It may not.
    Forbidden,
}

/// An element that was added.
struct Element {
    asked: u64,
    outcome: Kind,
    /// The index from which on it is known to be there.
    known: u64,
    /// The last read that began since and shows it, and the last that does not, by their beginning.
    present: Option<u64>,
    absent: Option<u64>,
}

struct Read {
    began: u64,
    ended: u64,
    elements: HashSet<i64>,
}

/// Judges `:add` and `:read`.
#[must_use]
pub fn set(history: &History, staleness: Staleness) -> Verdict {
    judge_pairs("set", history, |pairs, judge| check(pairs, staleness, judge))
}

fn check(pairs: &[Pair<'_>], staleness: Staleness, judge: &mut Judge) -> Result<(), Error> {
    let mut elements: HashMap<i64, Element> = HashMap::new();
    let mut reads = Vec::new();
    for pair in pairs {
        match (pair.invoke.function.as_str(), pair.ok()) {
            ("add", ok) => {
                let number = integer(pair.invoke)?;
                let known = ok.map_or(u64::MAX, |ok| ok.index);
                let (asked, outcome) = (pair.invoke.index, pair.outcome());
                let element = Element { asked, outcome, known, present: None, absent: None };
                if elements.insert(number, element).is_some() {
                    judge.unknown("added-twice", format!("{number}: operation {asked}"));
                }
            }
            ("read", Some(ok)) => {
                let numbers = integers(ok, &ok.value)?;
                let (began, ended) = (pair.invoke.index, ok.index);
                reads.push(Read { began, ended, elements: read(&numbers, ended, judge) });
            }
            (_, _) => {}
        }
    }
    for read in &reads {
        for number in &read.elements {
            let Some(element) = elements.get_mut(number).filter(|element| element.asked < read.ended) else {
                judge.wrong("unexpected", format!("read {} shows {number}, which nobody added", read.ended));
                continue;
            };
            if element.outcome == Kind::Fail {
                let text = format!("read {} shows {number}, whose addition failed", read.ended);
                judge.wrong("unexpected", text);
            }
            element.known = element.known.min(read.ended);
        }
    }
    for (number, element) in &mut elements {
        for read in reads.iter().filter(|read| read.began > element.known) {
            let last =
                if read.elements.contains(number) { &mut element.present } else { &mut element.absent };
            *last = (*last).max(Some(read.began));
        }
    }
    conclude(&elements, reads.len(), staleness, judge);
    Ok(())
}

/// What a read shows, each element once.
fn read(numbers: &[i64], index: u64, judge: &mut Judge) -> HashSet<i64> {
    let mut elements = HashSet::new();
    for number in numbers {
        if !elements.insert(*number) {
            judge.wrong("duplicated", format!("read {index} shows {number} more than once"));
        }
    }
    elements
}

fn conclude(elements: &HashMap<i64, Element>, read_count: usize, staleness: Staleness, judge: &mut Judge) {
    let mut sorted: Vec<(&i64, &Element)> = elements.iter().collect();
    sorted.sort_by_key(|(number, _)| **number);
    let mut never_read_count = 0;
    let mut stale_count = 0;
    for (number, element) in sorted {
        match (element.present, element.absent) {
            (None, None) if element.outcome == Kind::Ok => never_read_count += 1,
            (_, None) => {}
            (present, Some(absent)) if present.is_none_or(|present| present < absent) => {
                judge.wrong(
                    "lost",
                    format!("{number} was there at {}, and is not in read {absent}", element.known),
                );
            }
            (_, Some(absent)) => {
                stale_count += 1;
                if staleness == Staleness::Forbidden {
                    judge.wrong(
                        "stale",
                        format!("{number} was there at {}, and is not in read {absent}", element.known),
                    );
                }
            }
        }
    }
    let outcomes = |outcome| elements.values().filter(|element| element.outcome == outcome).count();
    judge.count("attempt-count", elements.len());
    judge.count("acknowledged-count", outcomes(Kind::Ok));
    judge.count("unknown-count", outcomes(Kind::Info));
    judge.count("missed-for-a-while-count", stale_count);
    judge.count("never-read-count", never_read_count);
    judge.count("read-count", read_count);
    if read_count == 0 {
        judge.unknown("never-read", "no read succeeded");
    } else if never_read_count > 0 {
        judge.unknown("never-read", format!("no read began after {never_read_count} of the additions"));
    }
}
