//! A counter: every read lies between what surely was and what possibly was added.
//!
//! Below it there is what was acknowledged before the read began, above it what was asked for before it ended; for negative numbers the other way round. What surely failed
//! counts for nothing.

use crate::history::{History, Kind, Operation, Pair};
use crate::verdict::Verdict;

use super::judge::{Error, Judge, form, integer, judge_pairs};

/// Sums of additions so far.
#[derive(Clone, Copy, Default)]
struct Sums {
    asked_positive: i64,
    asked_negative: i64,
    acknowledged_positive: i64,
    acknowledged_negative: i64,
}

/// What happens to the counter.
enum Event<'h> {
    Asked(i64),
    Acknowledged(i64),
    ReadBegins,
    ReadEnds { began: u64, operation: &'h Operation },
}

/// Judges `:add` and `:read`.
#[must_use]
pub fn counter(history: &History) -> Verdict {
    judge_pairs("counter", history, check)
}

fn check(pairs: &[Pair<'_>], judge: &mut Judge) -> Result<(), Error> {
    let mut events: Vec<(u64, Event<'_>)> = Vec::new();
    for pair in pairs.iter().filter(|pair| pair.outcome() != Kind::Fail) {
        match (pair.invoke.function.as_str(), pair.ok()) {
            ("add", ok) => {
                let amount = integer(pair.invoke)?;
                events.push((pair.invoke.index, Event::Asked(amount)));
                events.extend(ok.map(|ok| (ok.index, Event::Acknowledged(amount))));
            }
            ("read", Some(ok)) => {
                let began = pair.invoke.index;
                events.push((began, Event::ReadBegins));
                events.push((ok.index, Event::ReadEnds { began, operation: ok }));
            }
            (_, _) => {}
        }
    }
    events.sort_by_key(|(index, _)| *index);
    let mut sums = Sums::default();
    let mut at_begin = std::collections::HashMap::new();
    let mut read_count = 0;
    for (index, event) in events {
        match event {
            Event::Asked(amount) => {
                *(if amount < 0 { &mut sums.asked_negative } else { &mut sums.asked_positive }) += amount;
            }
            Event::Acknowledged(amount) => {
                *(if amount < 0 {
                    &mut sums.acknowledged_negative
                } else {
                    &mut sums.acknowledged_positive
                }) += amount;
            }
            Event::ReadBegins => {
                at_begin.insert(index, sums);
            }
            Event::ReadEnds { began, operation } => {
                let before = at_begin.remove(&began).ok_or_else(|| form(operation, "a read that began"))?;
                read_count += 1;
                let value = integer(operation)?;
                let low = before.acknowledged_positive + sums.asked_negative;
                let high = sums.asked_positive + before.acknowledged_negative;
                if value < low {
                    judge.wrong("too-low", format!("read {index} saw {value}, but at least {low} was there"));
                }
                if value > high {
                    judge.wrong("too-high", format!("read {index} saw {value}, of at most {high}"));
                }
            }
        }
    }
    judge.count("read-count", read_count);
    judge.detail("acknowledged", sums.acknowledged_positive + sums.acknowledged_negative);
    if read_count == 0 {
        judge.unknown("never-read", "no read succeeded");
    }
    Ok(())
}
