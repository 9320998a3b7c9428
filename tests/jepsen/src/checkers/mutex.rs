//! Locks of which each has one holder.
//!
//! A session holds a lock for certain from the end of the `:acquire` that got it to the beginning of the last `:hold` or `:release` that was answered with yes: so said
//! the server, which then knew of no other holder. Where it promises a lease, the lock is held for that long from the beginning of what was answered, whatever happens.
//! Two sessions that hold a lock at the same time for certain are wrong. What happened to a lock whose session was lost is not asked: user locks end with the leadership.

use std::collections::BTreeMap;

use crate::edn::Value;
use crate::history::{History, Kind, Pair};
use crate::verdict::Verdict;

use super::judge::{Error, Judge, form, judge_pairs, keyed, process};

const NS_PER_MS: u64 = 1_000_000;

/// That a process held a lock.
#[derive(Clone, Debug)]
struct Held {
    process: u64,
    /// Operation that got it.
    acquired: u64,
    from_ns: u64,
    to_ns: u64,
    lease_ns: u64,
}

/// Judges `:acquire`, `:hold` and `:release`.
#[must_use]
pub fn mutex(history: &History) -> Verdict {
    judge_pairs("mutex", history, check)
}

fn check(pairs: &[Pair<'_>], judge: &mut Judge) -> Result<(), Error> {
    let mut held: BTreeMap<String, Vec<Held>> = BTreeMap::new();
    let mut open: BTreeMap<(String, u64), Held> = BTreeMap::new();
    // How often a process has got a lock, less what it has released.
    let mut got_counts: BTreeMap<(String, u64), u64> = BTreeMap::new();
    let mut acquired_count = 0;
    for both in pairs {
        let function = both.invoke.function.as_str();
        if !matches!(function, "acquire" | "hold" | "release") {
            continue;
        }
        let (name, _) = keyed(both.invoke)?;
        let process = process(both.invoke);
        let place = (name.clone(), process);
        match (function, both.ok()) {
            ("acquire", Some(ok)) => {
                acquired_count += 1;
                let lease_ms = match keyed(ok)?.1 {
                    Value::Nil => 0,
                    lease => lease.as_integer().ok_or_else(|| form(ok, "[name lease_ms]"))?,
                };
                let lease_ns = u64::try_from(lease_ms).unwrap_or(0) * NS_PER_MS;
                let to_ns = ok.time_ns.max(both.invoke.time_ns + lease_ns);
                let one = Held { process, acquired: ok.index, from_ns: ok.time_ns, to_ns, lease_ns };
                *got_counts.entry(place.clone()).or_default() += 1_u64;
                // Where it was lost with a leadership, the session finds out by getting it again; else GET_LOCK gives it once more.
                let before = open.insert(place, one);
                held.entry(name).or_default().extend(before);
            }
            (_, Some(_)) => {
                let got = got_counts.entry(place.clone()).or_default();
                if *got == 0 {
                    let index = both.invoke.index;
                    judge.wrong(
                        "not-held",
                        format!("{index} of {name} by process {process}, which had not got it"),
                    );
                }
                let Some(one) = open.get_mut(&place) else { continue };
                if function == "hold" {
                    one.to_ns = one.to_ns.max(both.invoke.time_ns + one.lease_ns);
                } else {
                    *got = got.saturating_sub(1);
                    one.to_ns = both.invoke.time_ns;
                    held.entry(name).or_default().extend(open.remove(&place));
                }
            }
            // Of a release that may have happened nobody knows when; what was certain before it stays so, but for the lease.
            ("release", None) => {
                if let Some(mut one) = open.remove(&place) {
                    if both.outcome() == Kind::Info {
                        one.to_ns = one.to_ns.min(both.invoke.time_ns);
                    }
                    held.entry(name).or_default().push(one);
                }
            }
            ("hold", None) if both.outcome() == Kind::Fail => {
                held.entry(name).or_default().extend(open.remove(&place));
            }
            (_, None) => {}
        }
    }
    for ((name, _), one) in open {
        held.entry(name).or_default().push(one);
    }
    for (name, all) in &mut held {
        overlaps(name, all, judge);
    }
    judge.count("lock-count", held.len());
    judge.count("acquired-count", acquired_count);
    if acquired_count == 0 {
        judge.unknown("none", "no lock was got");
    }
    Ok(())
}

/// Of what was held one after the other, two of different processes at once.
fn overlaps(name: &str, all: &mut [Held], judge: &mut Judge) {
    all.sort_by_key(|one| one.from_ns);
    let mut longest: Option<&Held> = None;
    for one in all.iter() {
        if let Some(other) = longest.filter(|other| one.from_ns < other.to_ns && one.process != other.process)
        {
            let overlap_ms = (other.to_ns.min(one.to_ns) - one.from_ns) / NS_PER_MS;
            judge.wrong(
                "two-holders",
                format!(
                    "{name} was got by process {} at {} while process {} held it since {}, for {overlap_ms} ms",
                    one.process, one.acquired, other.process, other.acquired
                ),
            );
        }
        if longest.is_none_or(|other| other.to_ns < one.to_ns) {
            longest = Some(one);
        }
    }
}
