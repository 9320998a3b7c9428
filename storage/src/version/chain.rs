//! [`Chain`]: the versions of one key that are in memory.
//!
//! Invariants:
//!
//! * Versions have distinct indexes; `newest` has the largest, `older` the rest in ascending order.
//! * `flushed` is the stamp of the version that write-behind last took out of this chain, or 0. A version below
//!   `flushed` is *history*: it is valid from its own index up to the next version's, be that in memory or
//!   `flushed`. So a reader at `s` must go to the engine when the newest version in memory at or below `s` is below
//!   a `flushed` that is itself at or below `s`.
//! * The mark is kept only while there is history: without any, a reader that finds nothing in memory goes to the
//!   engine in any case.

use bytes::Bytes;

use crate::limits::VERSION_OVERHEAD_BYTES;
use crate::staging;

/// One version of a key: the value, or `None` if it was deleted, as of a log index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) index: u64,
    pub(super) value: Option<Bytes>,
}

impl Version {
    /// What the version costs, for the memory bound.
    pub(super) fn memory_bytes(&self) -> usize {
        VERSION_OVERHEAD_BYTES + self.value.as_ref().map_or(0, Bytes::len)
    }
}

/// All versions of one key in memory; there is at least one.
#[derive(Debug)]
pub(super) struct Chain {
    newest: Version,
    /// Absent for a key with one version, which is nearly every key.
    history: Option<Box<History>>,
}

#[derive(Debug, Default)]
struct History {
    /// Ascending by index, all below the chain's newest.
    older: Vec<Version>,
    /// See the module's documentation.
    flushed: u64,
}

/// Where a reader finds what it is looking for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    /// This version is the one.
    Memory(&'a Version),
    /// Memory does not have it; the engine has, if it exists.
    Engine,
}

/// What must be kept for readers: the registered snapshots in ascending order, the exports, and the watermark, at or
/// above which every later snapshot will be.
#[derive(Debug, Default)]
pub(super) struct Needed {
    pub(super) snapshots: Vec<u64>,
    pub(super) exports: Vec<Exporting>,
    pub(super) watermark: u64,
    /// The target of the pass of write-behind that is under way: among the snapshots too.
    pub(super) flushing: Option<u64>,
    /// Whether an export is under way, also where it is among the snapshots.
    pub(super) is_exporting: bool,
}

/// An export under way: it reads at an index, and only keys that it has not passed.
#[derive(Clone, Debug)]
pub(super) struct Exporting {
    pub(super) index: u64,
    /// The last key that was given out; empty at first.
    pub(super) passed: Bytes,
}

impl Needed {
    /// True if some reader of `key`, now or later, is at an index from `from` up to, not including, `until`.
    fn any_within(&self, key: &[u8], from: u64, until: u64) -> bool {
        until > self.watermark || self.any_registered(key, from, until)
    }

    /// True if a reader of `key` that is registered now is at an index from `from` up to, not including, `until`.
    pub(super) fn any_registered(&self, key: &[u8], from: u64, until: u64) -> bool {
        if !self.is_exporting && staging::is_staged(key) {
            // No snapshot is asked for staged rows. A large transaction that writes rows again, and has a snapshot, would
            // else have all that it wrote kept in memory.
            return self.flushing.is_some_and(|index| (from..until).contains(&index));
        }
        let first = self.snapshots.partition_point(|&snapshot| snapshot < from);
        let any_snapshot = self.snapshots.get(first).is_some_and(|&snapshot| snapshot < until);
        let within = |export: &Exporting| (from..until).contains(&export.index) && key > &export.passed[..];
        any_snapshot || self.exports.iter().any(within)
    }
}

/// True if a reader may need `version`, which is valid until the `next` version in memory or until the `flushed` one in the
/// engine, whichever comes first. A captured version has the flushed index itself until what the engine is to have
/// next is written: that one is valid until the next in memory.
fn needed_by(key: &[u8], version: &Version, next: Option<u64>, flushed: u64, needed: &Needed) -> bool {
    let until = match next {
        Some(next) if version.index < flushed => next.min(flushed),
        None if version.index < flushed => flushed,
        Some(next) => next,
        // Neither the engine nor memory has a newer one.
        None => return true,
    };
    needed.any_within(key, version.index, until)
}

impl Chain {
    pub(super) fn new(version: Version) -> Chain {
        Chain { newest: version, history: None }
    }

    fn older(&self) -> &[Version] {
        self.history.as_ref().map_or(&[], |history| &history.older)
    }

    /// The stamp of the version last taken out by write-behind, as far as it matters; else 0.
    pub(super) fn flushed(&self) -> u64 {
        self.history.as_ref().map_or(0, |history| history.flushed)
    }

    pub(super) fn newest(&self) -> &Version {
        &self.newest
    }

    /// How many versions there are beside the newest.
    pub(super) fn older_count(&self) -> usize {
        self.older().len()
    }

    /// The newest version in memory at or below `index`.
    fn at(&self, index: u64) -> Option<&Version> {
        if self.newest.index <= index {
            return Some(&self.newest);
        }
        let older = self.older();
        let above = older.partition_point(|version| version.index <= index);
        above.checked_sub(1).map(|last| &older[last])
    }

    /// What a reader at snapshot `index` sees.
    pub(super) fn visible_at(&self, index: u64) -> Found<'_> {
        let flushed = self.flushed();
        match self.at(index) {
            Some(version) if version.index >= flushed || flushed > index => Found::Memory(version),
            _ => Found::Engine,
        }
    }

    /// What a reader of the newest version, pending or not, sees.
    pub(super) fn latest(&self) -> Found<'_> {
        if self.newest.index >= self.flushed() { Found::Memory(&self.newest) } else { Found::Engine }
    }

    /// The version that write-behind up to `target` has to write, if it has not.
    pub(super) fn unflushed(&self, target: u64) -> Option<&Version> {
        self.at(target).filter(|version| version.index > self.flushed())
    }

    /// Adds the version of a newer entry and returns how much memory it costs beyond what was counted. A second
    /// version of the same entry takes the place of the first.
    pub(super) fn install(&mut self, version: Version) -> isize {
        assert!(
            version.index >= self.newest.index,
            "version {} is installed over {}",
            version.index,
            self.newest.index
        );
        let added = version.memory_bytes().cast_signed();
        if version.index == self.newest.index {
            let replaced = std::mem::replace(&mut self.newest, version);
            return added - replaced.memory_bytes().cast_signed();
        }
        let replaced = std::mem::replace(&mut self.newest, version);
        self.history.get_or_insert_default().older.push(replaced);
        added
    }

    /// Keeps a version that the engine holds until now, for snapshots older than the version about to be written
    /// behind. Returns what it costs; 0 if it is here already.
    pub(super) fn capture(&mut self, version: Version) -> usize {
        assert!(version.index < self.newest.index, "the version about to be written behind is still here");
        let older = &mut self.history.get_or_insert_default().older;
        match older.binary_search_by_key(&version.index, |other| other.index) {
            Ok(_) => 0,
            Err(place) => {
                let cost = version.memory_bytes();
                older.insert(place, version);
                cost
            }
        }
    }

    /// The chain of a key that has nothing in memory but what the engine held until the version at `flushed` takes its place.
    pub(super) fn superseded(version: Version, flushed: u64) -> Chain {
        assert!(version.index < flushed, "version {} is followed by {flushed}", version.index);
        Chain { newest: version, history: Some(Box::new(History { older: Vec::new(), flushed })) }
    }

    /// Notes that the engine is about to get the version at `index`, which is not in memory, and keeps what it held until
    /// then for older snapshots. Returns what that costs; 0 if it is here already.
    pub(super) fn supersede(&mut self, version: Option<Version>, index: u64) -> usize {
        let mut cost = 0;
        if let Some(version) = version {
            assert!(version.index < index, "version {} is followed by {index}", version.index);
            if version.index > self.newest.index {
                cost = version.memory_bytes();
                let older = std::mem::replace(&mut self.newest, version);
                self.history.get_or_insert_default().older.push(older);
            } else if version.index < self.newest.index {
                cost = self.capture(version);
            }
        }
        // Without anything older than `index` there is no history for the mark to end.
        if self.versions().any(|version| version.index < index) {
            let history = self.history.get_or_insert_default();
            history.flushed = history.flushed.max(index);
        }
        cost
    }

    /// Notes that the version at `index` is in the engine, and takes it and what no reader needs out of memory.
    /// Returns the memory freed, and whether the chain is now empty and must be removed.
    pub(super) fn written_behind(&mut self, key: &[u8], index: u64, needed: &Needed) -> (usize, bool) {
        let history = self.history.get_or_insert_default();
        assert!(index > history.flushed, "version {index} was written behind a second time");
        history.flushed = index;
        self.take_out(|version, next| version.index != index && needed_by(key, version, next, index, needed))
    }

    /// Takes out what no reader needs. Returns the memory freed, and whether the chain is now empty and must be
    /// removed.
    pub(super) fn prune(&mut self, key: &[u8], needed: &Needed) -> (usize, bool) {
        let flushed = self.flushed();
        self.take_out(|version, next| needed_by(key, version, next, flushed, needed))
    }

    /// Takes out the versions that are not to be kept, given each with the index of the next one in memory. Returns
    /// the memory freed, and whether nothing is left.
    fn take_out(&mut self, keep: impl Fn(&Version, Option<u64>) -> bool) -> (usize, bool) {
        let Some(history) = &mut self.history else { return (0, false) };
        let mut freed = 0;
        let mut place = 0;
        for at in 0..history.older.len() {
            let next = history.older.get(at + 1).unwrap_or(&self.newest).index;
            if keep(&history.older[at], Some(next)) {
                history.older.swap(place, at);
                place += 1;
            } else {
                freed += history.older[at].memory_bytes();
            }
        }
        history.older.truncate(place);
        if !keep(&self.newest, None) {
            freed += self.newest.memory_bytes();
            match history.older.pop() {
                Some(version) => self.newest = version,
                None => return (freed, true),
            }
        }
        if history.older.is_empty() && self.newest.index > history.flushed {
            self.history = None;
        } else if history.older.capacity() > 4 * history.older.len().max(4) {
            history.older.shrink_to_fit();
        }
        (freed, false)
    }

    /// Takes out every version at or above `index`. Returns the memory freed, and whether the chain is now empty
    /// and must be removed.
    pub(super) fn drop_from(&mut self, index: u64) -> (usize, bool) {
        let mut freed = 0;
        while self.newest.index >= index {
            freed += self.newest.memory_bytes();
            match self.history.as_mut().and_then(|history| history.older.pop()) {
                Some(version) => self.newest = version,
                None => return (freed, true),
            }
        }
        (freed, false)
    }

    /// Memory of all versions, in bytes.
    pub(super) fn memory_bytes(&self) -> usize {
        self.newest.memory_bytes() + self.older().iter().map(Version::memory_bytes).sum::<usize>()
    }

    /// Memory of the versions that are there only for old snapshots: those with a committed successor.
    pub(super) fn history_bytes(&self, watermark: u64) -> usize {
        let flushed = self.flushed();
        let versions = self.older().iter().chain([&self.newest]);
        let newest_committed = self.at(watermark).map_or(0, |version| version.index).max(flushed);
        versions.filter(|version| version.index < newest_committed).map(Version::memory_bytes).sum()
    }

    /// The versions in ascending order, for scripts and tests.
    pub(super) fn versions(&self) -> impl Iterator<Item = &Version> {
        self.older().iter().chain([&self.newest])
    }
}
