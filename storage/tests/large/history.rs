//! A made-up log of small transactions and of ones in parts, and what every key is at every index of it.

use std::collections::BTreeMap;

use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use storage::Error;
use storage::engine::{Direction, KeyRange};
use storage::format::Mutation;
use storage::staging::{Outcome, StagedId, StagedVersion, encode_versions};
use storage::version::{Snapshot, Store};

/// Keys per index id.
const KEYS: u32 = 150;
/// Two of them share a shard.
const IDS: [u32; 4] = [1, 2, 3, 65];
/// Behind the last key of any table.
const TABLES_END: u32 = 1000;

/// The log, and the right answers.
pub struct History {
    /// By index; the first is not used.
    pub entries: Vec<Vec<Mutation>>,
    versions: BTreeMap<Bytes, Vec<(u64, Option<Bytes>)>>,
    /// How many transactions in parts were committed, and rolled back.
    pub committed: usize,
    pub rolled_back: usize,
}

/// A transaction in parts that has no outcome yet.
struct Running {
    id: StagedId,
    parts: u32,
    rows: BTreeMap<Bytes, Vec<StagedVersion>>,
    discarded: Vec<(u32, u32)>,
}

fn key(id: u32, number: u32) -> Bytes {
    [id.to_be_bytes(), number.to_be_bytes()].concat().into()
}

fn random_key(random: &mut StdRng) -> Bytes {
    let id = IDS[random.random_range(0..IDS.len())];
    let bound = if random.random_bool(0.3) { 3 } else { KEYS };
    key(id, random.random_range(0..bound))
}

fn random_value(random: &mut StdRng, mark: u64) -> Option<Bytes> {
    random.random_bool(0.7).then(|| {
        let mut value = mark.to_be_bytes().to_vec();
        value.resize(8 + random.random_range(0..40), 7);
        Bytes::from(value)
    })
}

impl Running {
    /// Another part, of a few random keys.
    fn part(&mut self, random: &mut StdRng) -> Vec<Mutation> {
        let part = self.parts;
        self.parts += 1;
        let mut mutations = BTreeMap::new();
        for _ in 0..random.random_range(1..60) {
            let key = random_key(random);
            let value = random_value(random, u64::from(part) << 32 | self.id.number);
            let versions = self.rows.entry(key.clone()).or_default();
            versions.retain(|version| version.part != part);
            versions.insert(0, StagedVersion { part, value });
            versions.truncate(6);
            mutations.insert(self.id.staged_key(&key), encode_versions(versions));
        }
        mutations.into_iter().map(|(key, value)| Mutation { key, value: Some(value) }).collect()
    }

    fn current(&self) -> impl Iterator<Item = (&Bytes, &StagedVersion)> {
        let counts = |part: u32| !self.discarded.iter().any(|(first, end)| (*first..*end).contains(&part));
        self.rows
            .iter()
            .filter_map(move |(key, versions)| Some((key, versions.iter().find(|v| counts(v.part))?)))
    }
}

impl History {
    /// The history of a seed, up to the index `last`.
    pub fn new(seed: u64, last: u64) -> History {
        let mut random = StdRng::seed_from_u64(seed);
        let mut history =
            History { entries: vec![Vec::new()], versions: BTreeMap::new(), committed: 0, rolled_back: 0 };
        let mut running: Vec<Running> = Vec::new();
        let mut count = 0;
        for index in 1..=last {
            if running.len() < 3 && random.random_bool(0.02) {
                count += 1;
                let id = StagedId { term: 1 + count / 5, number: count };
                running.push(Running { id, parts: 0, rows: BTreeMap::new(), discarded: Vec::new() });
            }
            let choice = random.random_range(0..100);
            let entry = if running.is_empty() || choice < 60 {
                history.small(index, &mut random)
            } else if choice < 94 {
                let at = random.random_range(0..running.len());
                let running = &mut running[at];
                if running.parts > 2 && random.random_bool(0.1) {
                    let first = random.random_range(0..running.parts);
                    running.discarded.push((first, running.parts));
                }
                running.part(&mut random)
            } else {
                let ended = running.swap_remove(random.random_range(0..running.len()));
                history.end(&ended, index, random.random_bool(0.75))
            };
            history.entries.push(entry);
        }
        history
    }

    fn small(&mut self, index: u64, random: &mut StdRng) -> Vec<Mutation> {
        let mut writes = BTreeMap::new();
        for _ in 0..random.random_range(0..8) {
            writes.insert(random_key(random), random_value(random, index));
        }
        for (key, value) in &writes {
            self.versions.entry(key.clone()).or_default().push((index, value.clone()));
        }
        writes.into_iter().map(|(key, value)| Mutation { key, value }).collect()
    }

    fn end(&mut self, ended: &Running, index: u64, commit: bool) -> Vec<Mutation> {
        let outcome = if commit {
            self.committed += 1;
            for (key, version) in ended.current() {
                self.versions.entry(key.clone()).or_default().push((index, version.value.clone()));
            }
            Outcome::Committed { discarded: ended.discarded.clone(), index_ids: IDS.to_vec() }
        } else {
            self.rolled_back += 1;
            Outcome::RolledBack
        };
        vec![Mutation { key: ended.id.outcome_key(), value: Some(outcome.encode()) }]
    }

    pub fn last(&self) -> u64 {
        self.entries.len() as u64 - 1
    }

    pub fn entry(&self, index: u64) -> &[Mutation] {
        &self.entries[index as usize]
    }

    pub fn version(&self, key: &[u8], index: u64) -> Option<&(u64, Option<Bytes>)> {
        let versions = self.versions.get(key)?;
        versions[..versions.partition_point(|(at, _)| *at <= index)].last()
    }

    pub fn get(&self, key: &[u8], index: u64) -> Option<&Bytes> {
        self.version(key, index)?.1.as_ref()
    }

    pub fn rows(&self, range: &KeyRange, index: u64) -> Vec<(Bytes, Bytes)> {
        let keys = self.versions.keys().filter(|key| range.contains(key));
        keys.filter_map(|key| Some((key.clone(), self.get(key, index)?.clone()))).collect()
    }

    /// Everything of all tables at `index`, as the store has it.
    pub fn check_all(&self, store: &Store, index: u64) {
        let snapshot = store.snapshot_at(index).unwrap();
        let range = tables();
        let found = scan(&snapshot, &range, Direction::Forward).unwrap();
        assert_same(&found, &self.rows(&range, index), format_args!("at {index}"));
    }
}

/// The keys of all tables.
pub fn tables() -> KeyRange {
    KeyRange::new(Bytes::new(), TABLES_END.to_be_bytes().to_vec())
}

/// The rows of `range`, ascending whatever the direction.
pub fn scan(
    snapshot: &Snapshot,
    range: &KeyRange,
    direction: Direction,
) -> Result<Vec<(Bytes, Bytes)>, Error> {
    let mut scan = snapshot.scan(range.clone(), direction);
    let mut rows = Vec::new();
    while let Some((key, stamp, value)) = scan.next()? {
        assert!(stamp <= snapshot.index());
        rows.push((key.into_bytes(), value.into_bytes()));
    }
    if direction == Direction::Backward {
        rows.reverse();
    }
    Ok(rows)
}

/// Compares rows, and names only what differs.
fn assert_same(found: &[(Bytes, Bytes)], expected: &[(Bytes, Bytes)], what: std::fmt::Arguments) {
    let extra: Vec<_> = found.iter().filter(|row| !expected.contains(row)).collect();
    let missing: Vec<_> = expected.iter().filter(|row| !found.contains(row)).collect();
    assert!(found == expected, "{what}: {extra:?} instead of {missing:?}");
}

fn random_range(random: &mut StdRng) -> KeyRange {
    let id = IDS[random.random_range(0..IDS.len())];
    match random.random_range(0..4) {
        0 => KeyRange::prefix(&id.to_be_bytes()),
        1 => tables(),
        2 => KeyRange::new(random_key(random), random_key(random)),
        _ => {
            let start = random.random_range(0..KEYS);
            KeyRange::new(key(id, start), key(id, start + random.random_range(0..20)))
        }
    }
}

/// Reads something at a snapshot and compares it.
pub fn check_snapshot(snapshot: &Snapshot, history: &History, random: &mut StdRng) -> Result<(), Error> {
    let index = snapshot.index();
    if random.random_bool(0.7) {
        for _ in 0..20 {
            let key = random_key(random);
            let found = snapshot.get(&key)?;
            assert_eq!(found.as_deref(), history.get(&key, index).map(|v| &v[..]), "{key:?} at {index}");
        }
        return Ok(());
    }
    let range = random_range(random);
    let direction = if random.random_bool(0.5) { Direction::Forward } else { Direction::Backward };
    let rows = scan(snapshot, &range, direction)?;
    assert_same(&rows, &history.rows(&range, index), format_args!("{range:?} {direction:?} at {index}"));
    Ok(())
}

/// A read of a random key without a snapshot is that of some index during the read.
pub fn check_committed(store: &Store, history: &History, random: &mut StdRng) {
    let key = random_key(random);
    let before = store.watermark();
    let found = store.read_committed(&key).unwrap().map(|(_, value)| value.into_bytes());
    let after = store.watermark();
    let possible = (before..=after).any(|index| history.get(&key, index) == found.as_ref());
    assert!(possible, "{key:?} is {found:?} between {before} and {after}");
}

/// The newest version of a random key, with everything up to `installed` installed.
pub fn check_latest(store: &Store, history: &History, installed: u64, random: &mut StdRng) {
    let key = random_key(random);
    let latest = store.read_latest(&key).unwrap();
    let expected = history.version(&key, installed);
    let value = expected.and_then(|(_, value)| value.as_ref());
    assert_eq!(latest.value.as_deref(), value.map(|value| &value[..]), "{key:?}, newest up to {installed}");
    if let (Some((index, _)), Some(_)) = (expected, value) {
        assert_eq!(latest.index, *index, "{key:?}");
    }
}
