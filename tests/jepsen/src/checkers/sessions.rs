//! What a session may count on, wherever it reads: rows that only grow, and reads that may not go back.
//!
//! Each key is a row that `:add` increments and answers the new value of, so the values of a key are its versions in their order, and every read says how far it saw. Terry's session
//! guarantees become comparisons of numbers.
//!
//! Two findings need no guarantee: two additions with the same answer (one was lost), and a read of more than was added.

use std::collections::{BTreeMap, HashMap};

use crate::edn::Value;
use crate::history::{History, Kind, Operation, Pair};
use crate::verdict::Verdict;

use super::judge::{Error, Judge, extra, form, judge_pairs, keyed, pair, process};

/// What is promised.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Guarantee {
    /// A read sees at least what the session's reads before it saw.
    MonotonicReads,
    /// A read sees at least what the session has added.
    ReadYourWrites,
    /// Who sees an addition by one statement of several keys sees what its session had added before.
    MonotonicWrites,
    /// Who sees an addition by one statement of several keys sees what its session had read before.
    WritesFollowReads,
    /// Of two statements that read the same keys one saw all that the other saw: there is one order, and each sees a place in it.
    ConsistentPrefix,
    /// A read sees at least what anybody had been told, by an addition or a read, before it began.
    RealTime,
}

impl Guarantee {
    /// All.
    pub const ALL: [Guarantee; 6] = [
        Guarantee::MonotonicReads,
        Guarantee::ReadYourWrites,
        Guarantee::MonotonicWrites,
        Guarantee::WritesFollowReads,
        Guarantee::ConsistentPrefix,
        Guarantee::RealTime,
    ];

    /// As it stands in findings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Guarantee::MonotonicReads => "monotonic-reads",
            Guarantee::ReadYourWrites => "read-your-writes",
            Guarantee::MonotonicWrites => "monotonic-writes",
            Guarantee::WritesFollowReads => "writes-follow-reads",
            Guarantee::ConsistentPrefix => "consistent-prefix",
            Guarantee::RealTime => "real-time",
        }
    }

    /// The guarantee of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Guarantee> {
        Guarantee::ALL.into_iter().find(|guarantee| guarantee.name() == name)
    }
}

/// Keys with versions.
type Versions = BTreeMap<String, i64>;

/// A session: its process, and its number there.
type Session = (u64, i64);

/// Of a key and another one, by versions of the first: (version, the version of the other that who sees it must see, the addition's place).
type Dependencies<'w> = BTreeMap<(&'w str, &'w str), Vec<(i64, i64, u64)>>;

/// One read: what it saw, and where it stands.
struct Read {
    session: Session,
    began: u64,
    ended: u64,
    seen: Versions,
    is_snapshot: bool,
}

/// One acknowledged addition.
struct Addition {
    session: Session,
    began: u64,
    ended: u64,
    key: String,
    version: i64,
}

/// The operations that count, and when additions began.
#[derive(Default)]
struct Work {
    reads: Vec<Read>,
    additions: Vec<Addition>,
    /// By key, ascending: where additions began that may have taken place.
    asked: HashMap<String, Vec<u64>>,
}

/// Judges `:read` and `:snapshot` beside `:add` by [`Guarantee::MonotonicReads`] alone.
#[must_use]
pub fn monotonic(history: &History) -> Verdict {
    judge_pairs("monotonic", history, |pairs, judge| check(pairs, &[Guarantee::MonotonicReads], judge))
}

/// Judges `:read`, `:snapshot` and `:add` by these guarantees.
#[must_use]
pub fn sessions(history: &History, guarantees: &[Guarantee]) -> Verdict {
    judge_pairs("sessions", history, |pairs, judge| check(pairs, guarantees, judge))
}

fn check(pairs: &[Pair<'_>], guarantees: &[Guarantee], judge: &mut Judge) -> Result<(), Error> {
    let work = Work::of(pairs)?;
    work.check_additions(judge);
    work.check_asked(judge);
    for guarantee in guarantees {
        let kind = guarantee.name();
        match guarantee {
            Guarantee::MonotonicReads => work.check_session(true, kind, judge),
            Guarantee::ReadYourWrites => work.check_session(false, kind, judge),
            Guarantee::MonotonicWrites => work.check_dependencies(false, kind, judge),
            Guarantee::WritesFollowReads => work.check_dependencies(true, kind, judge),
            Guarantee::ConsistentPrefix => work.check_prefix(kind, judge),
            Guarantee::RealTime => work.check_real_time(kind, judge),
        }
    }
    let names = guarantees.iter().map(|guarantee| Value::keyword(guarantee.name()));
    judge.detail("guarantees", Value::Vector(names.collect()));
    judge.count("read-count", work.reads.len());
    judge.count("added-count", work.additions.len());
    if work.reads.is_empty() {
        judge.unknown("never-read", "no read succeeded");
    }
    Ok(())
}

fn version(operation: &Operation, value: &Value) -> Result<i64, Error> {
    match value {
        Value::Nil => Ok(0),
        number => number.as_integer().ok_or_else(|| form(operation, "[key version]")),
    }
}

fn session(operation: &Operation) -> Session {
    (process(operation), extra(operation, "session").and_then(Value::as_integer).unwrap_or_default())
}

impl Work {
    fn of(pairs: &[Pair<'_>]) -> Result<Work, Error> {
        let mut work = Work::default();
        for both in pairs {
            let (began, session) = (both.invoke.index, session(both.invoke));
            match (both.invoke.function.as_str(), both.ok()) {
                ("add", ok) => {
                    let (key, _) = keyed(both.invoke)?;
                    if both.outcome() != Kind::Fail {
                        work.asked.entry(key.clone()).or_default().push(began);
                    }
                    let Some(ok) = ok else { continue };
                    let version = version(ok, keyed(ok)?.1)?;
                    work.additions.push(Addition { session, began, ended: ok.index, key, version });
                }
                ("read", Some(ok)) => {
                    let (key, value) = keyed(ok)?;
                    let seen = Versions::from([(key, version(ok, value)?)]);
                    work.reads.push(Read { session, began, ended: ok.index, seen, is_snapshot: false });
                }
                ("snapshot", Some(ok)) => {
                    let rows = ok.value.elements().ok_or_else(|| form(ok, "[[key version] …]"))?;
                    let row = |row| {
                        let (key, value) = pair(ok, row)?;
                        Ok((key.to_string(), version(ok, value)?))
                    };
                    let seen = rows.iter().map(row).collect::<Result<Versions, Error>>()?;
                    work.reads.push(Read { session, began, ended: ok.index, seen, is_snapshot: true });
                }
                (_, _) => {}
            }
        }
        Ok(work)
    }

    /// No two additions have the same answer.
    fn check_additions(&self, judge: &mut Judge) {
        let mut given: HashMap<(&str, i64), u64> = HashMap::new();
        for one in &self.additions {
            if let Some(first) = given.insert((&one.key, one.version), one.ended) {
                let (key, version) = (&one.key, one.version);
                let text = format!("{first} and {} both made {key} {version}", one.ended);
                judge.wrong("lost-update", text);
            }
        }
    }

    /// No read sees more than was asked for before it ended.
    fn check_asked(&self, judge: &mut Judge) {
        let additions = self.additions.iter().map(|one| (&one.key, one.version, one.ended));
        let reads = self.reads.iter();
        let reads = reads.flat_map(|read| read.seen.iter().map(|(key, version)| (key, *version, read.ended)));
        for (key, version, ended) in reads.chain(additions) {
            let asked = self.asked.get(key).map_or(0, |asked| asked.partition_point(|began| *began < ended));
            if version > i64::try_from(asked).unwrap_or(i64::MAX) || version < 0 {
                let text = format!("{ended} shows {key} as {version}, after {asked} additions at most");
                judge.wrong("unexpected", text);
            }
        }
    }

    /// What a session did, in its order: its reads, or its additions, then its reads.
    fn check_session(&self, by_reads: bool, kind: &str, judge: &mut Judge) {
        // By session and key: the greatest version, and where it was seen.
        let mut known: HashMap<(Session, &str), (i64, u64)> = HashMap::new();
        let mut events: Vec<(u64, Result<&Read, &Addition>)> =
            self.reads.iter().map(|read| (read.began, Ok(read))).collect();
        if !by_reads {
            events.extend(self.additions.iter().map(|one| (one.began, Err(one))));
        }
        events.sort_by_key(|(began, _)| *began);
        for (_, event) in events {
            match event {
                Err(one) => {
                    let known = known.entry((one.session, &one.key)).or_default();
                    *known = (*known).max((one.version, one.ended));
                }
                Ok(read) => {
                    for (key, version) in &read.seen {
                        let known = known.entry((read.session, key)).or_default();
                        if *version < known.0 {
                            let (ended, (before, at)) = (read.ended, *known);
                            let text =
                                format!("{ended} shows {key} as {version}; {at} of its session had {before}");
                            judge.wrong(kind, text);
                        }
                        if by_reads {
                            *known = (*known).max((*version, read.ended));
                        }
                    }
                }
            }
        }
    }

    /// What each addition comes after.
    fn dependencies(&self, by_reads: bool) -> Dependencies<'_> {
        let mut known: HashMap<Session, BTreeMap<&str, i64>> = HashMap::new();
        let mut dependencies = Dependencies::new();
        let mut events: Vec<(u64, Result<&Read, &Addition>)> =
            self.additions.iter().map(|one| (one.began, Err(one))).collect();
        if by_reads {
            events.extend(self.reads.iter().map(|read| (read.began, Ok(read))));
        }
        events.sort_by_key(|(began, _)| *began);
        for (_, event) in events {
            match event {
                Ok(read) => {
                    let known = known.entry(read.session).or_default();
                    for (key, version) in &read.seen {
                        let known = known.entry(key).or_default();
                        *known = (*known).max(*version);
                    }
                }
                Err(one) => {
                    let known = known.entry(one.session).or_default();
                    for (other, version) in known.iter().filter(|(other, _)| **other != one.key) {
                        let of_both = dependencies.entry((&one.key, other)).or_default();
                        of_both.push((one.version, *version, one.ended));
                    }
                    if !by_reads {
                        known.insert(&one.key, one.version);
                    }
                }
            }
        }
        for of_both in dependencies.values_mut() {
            of_both.sort_unstable();
            let mut most = (0, 0);
            for (_, version, at) in of_both {
                most = most.max((*version, *at));
                (*version, *at) = most;
            }
        }
        dependencies
    }

    fn check_dependencies(&self, by_reads: bool, kind: &str, judge: &mut Judge) {
        let dependencies = self.dependencies(by_reads);
        for read in self.reads.iter().filter(|read| read.is_snapshot) {
            for (key, version) in &read.seen {
                for (other, other_version) in &read.seen {
                    let Some(of_both) = dependencies.get(&(key.as_str(), other.as_str())) else { continue };
                    let seen = of_both.partition_point(|(made, _, _)| made <= version);
                    let Some((_, needed, at)) = seen.checked_sub(1).map(|last| of_both[last]) else {
                        continue;
                    };
                    if *other_version < needed {
                        let ended = read.ended;
                        let text = format!(
                            "{ended} shows {key} as {version} and {other} as {other_version}; by {at} it must be {needed}"
                        );
                        judge.wrong(kind, text);
                    }
                }
            }
        }
    }

    /// Statements that read the same keys form a chain.
    fn check_prefix(&self, kind: &str, judge: &mut Judge) {
        let mut groups: BTreeMap<Vec<&String>, BTreeMap<Vec<i64>, u64>> = BTreeMap::new();
        for read in self.reads.iter().filter(|read| read.is_snapshot) {
            let of_keys = groups.entry(read.seen.keys().collect()).or_default();
            of_keys.entry(read.seen.values().copied().collect()).or_insert(read.ended);
        }
        for reads in groups.values() {
            let mut by_sum: Vec<(&Vec<i64>, &u64)> = reads.iter().collect();
            by_sum.sort_by_key(|(versions, _)| versions.iter().sum::<i64>());
            for two in by_sum.windows(2) {
                let [(one, at), (other, later)] = [two[0], two[1]];
                if one.iter().zip(other).any(|(one, other)| one > other) {
                    let text = format!("{at} shows {one:?}, {later} shows {other:?}: neither came first");
                    judge.wrong(kind, text);
                }
            }
        }
    }

    /// Nobody goes behind what anybody was told before.
    fn check_real_time(&self, kind: &str, judge: &mut Judge) {
        // By key, ascending by place: the greatest version told by then.
        let mut told: HashMap<&str, Vec<(u64, i64)>> = HashMap::new();
        for one in &self.additions {
            told.entry(&one.key).or_default().push((one.ended, one.version));
        }
        for read in &self.reads {
            for (key, version) in &read.seen {
                told.entry(key).or_default().push((read.ended, *version));
            }
        }
        for of_key in told.values_mut() {
            of_key.sort_unstable();
            let mut most = 0;
            for (_, version) in of_key {
                most = most.max(*version);
                *version = most;
            }
        }
        let additions =
            self.additions.iter().map(|one| (one.began, one.ended, one.key.as_str(), one.version - 1));
        let reads = self.reads.iter().flat_map(|read| {
            read.seen.iter().map(|(key, version)| (read.began, read.ended, key.as_str(), *version))
        });
        for (began, ended, key, saw) in reads.chain(additions) {
            let Some(of_key) = told.get(key) else { continue };
            let before = of_key.partition_point(|(at, _)| *at < began);
            let Some((_, least)) = before.checked_sub(1).map(|last| of_key[last]) else { continue };
            if saw < least {
                let text = format!("{ended} saw {key} as {saw}, when {least} had been told before it began");
                judge.wrong(kind, text);
            }
        }
    }
}
