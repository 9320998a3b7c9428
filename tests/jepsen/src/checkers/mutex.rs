//! Locks of which each has one holder.
//!
//! A session holds a lock for certain from the end of the `:acquire` that got it to the beginning of the last `:hold` or `:release` that was answered with yes: so said
//! the server, which then knew of no other holder. Where it promises a lease, the lock is held for that long from the beginning of what was answered, whatever happens.
//! Two sessions that hold a lock at the same time for certain are wrong. What happened to a lock whose session was lost is not asked: user locks end with the leadership.

use std::collections::BTreeMap;

use crate::edn::Value;
use crate::history::{History, Kind, Operation, Pair};
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

/// A lock and a process.
type Place = (String, u64);

/// What is known of all locks.
#[derive(Default)]
struct Locks {
    /// By lock: what is over.
    held: BTreeMap<String, Vec<Held>>,
    /// What was got and not yet given back.
    open: BTreeMap<Place, Held>,
    /// How often a process has got a lock, less what it has released.
    got_counts: BTreeMap<Place, u64>,
}

fn check(pairs: &[Pair<'_>], judge: &mut Judge) -> Result<(), Error> {
    let mut locks = Locks::default();
    let mut acquired_count = 0;
    for both in pairs {
        let function = both.invoke.function.as_str();
        if !matches!(function, "acquire" | "hold" | "release") {
            continue;
        }
        let place = (keyed(both.invoke)?.0, process(both.invoke));
        match (function, both.ok()) {
            ("acquire", Some(ok)) => {
                acquired_count += 1;
                locks.got(place, both, ok)?;
            }
            (_, Some(_)) => locks.confirmed(place, both, function == "release", judge),
            // Of a release that may have happened nobody knows when; what was certain before it stays so, but for the lease.
            ("release", None) => {
                let end_ns = if both.outcome() == Kind::Info { both.invoke.time_ns } else { u64::MAX };
                locks.over(&place, end_ns);
            }
            ("hold", None) if both.outcome() == Kind::Fail => locks.over(&place, u64::MAX),
            (_, None) => {}
        }
    }
    let open: Vec<Place> = locks.open.keys().cloned().collect();
    for place in open {
        locks.over(&place, u64::MAX);
    }
    for (name, all) in &mut locks.held {
        overlaps(name, all, judge);
    }
    judge.count("lock-count", locks.held.len());
    judge.count("acquired-count", acquired_count);
    if acquired_count == 0 {
        judge.unknown("none", "no lock was got");
    }
    Ok(())
}

impl Locks {
    fn got(&mut self, place: Place, both: &Pair<'_>, ok: &Operation) -> Result<(), Error> {
        let lease_ms = match keyed(ok)?.1 {
            Value::Nil => 0,
            lease => lease.as_integer().ok_or_else(|| form(ok, "[name lease_ms]"))?,
        };
        let lease_ns = u64::try_from(lease_ms).unwrap_or(0) * NS_PER_MS;
        let to_ns = ok.time_ns.max(both.invoke.time_ns + lease_ns);
        let one = Held { process: place.1, acquired: ok.index, from_ns: ok.time_ns, to_ns, lease_ns };
        *self.got_counts.entry(place.clone()).or_default() += 1;
        // Where it was lost with a leadership, the session finds out by getting it again; else GET_LOCK gives it once more.
        self.over(&place, u64::MAX);
        self.open.insert(place, one);
        Ok(())
    }

    /// The server said that the process holds it: when it was asked, it did.
    fn confirmed(&mut self, place: Place, both: &Pair<'_>, is_release: bool, judge: &mut Judge) {
        let asked_ns = both.invoke.time_ns;
        let got_count = self.got_counts.entry(place.clone()).or_default();
        if *got_count == 0 {
            let (index, (name, process)) = (both.invoke.index, &place);
            judge.wrong("not-held", format!("{index} of {name} by process {process}, which had not got it"));
        }
        if is_release {
            *got_count = got_count.saturating_sub(1);
        }
        let Some(one) = self.open.get_mut(&place) else { return };
        if is_release {
            one.to_ns = asked_ns;
            self.over(&place, u64::MAX);
        } else {
            one.to_ns = one.to_ns.max(asked_ns + one.lease_ns);
        }
    }

    /// The process does not hold it any more, at least after `end_ns`.
    fn over(&mut self, place: &Place, end_ns: u64) {
        if let Some(mut one) = self.open.remove(place) {
            one.to_ns = one.to_ns.min(end_ns);
            self.held.entry(place.0.clone()).or_default().push(one);
        }
    }
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
