//! [`MemoryEngine`]: an engine in memory, for tests and for the simulator.
//!
//! Cloning gives another handle on the same data, so that a test can drop a store and open a new one on what
//! the "disk" held. Scans read ahead on purpose, as an engine of pages does. Nothing survives the process.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::ops::Bound;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::RwLock;

use super::{Direction, Engine, EngineScan, EngineWrite, KeyRange, Slice, key_after};
use crate::Result;

/// How many keys a scan reads ahead: about a leaf of sled's.
const SCAN_AHEAD_COUNT: usize = 12;

/// An engine in memory. A clone shares the data.
#[derive(Clone, Default)]
pub struct MemoryEngine(Arc<RwLock<State>>);

#[derive(Default)]
struct State {
    rows: BTreeMap<Bytes, (u64, Bytes)>,
    /// Moved by `write`; never above `reach`.
    applied: u64,
    /// Moved by `raise_reach`; at or above every stamp.
    reach: u64,
    /// Between `begin_replace` and `end_replace`.
    is_replacing: bool,
}

impl MemoryEngine {
    /// An empty engine.
    pub fn new() -> MemoryEngine {
        MemoryEngine::default()
    }

    /// An engine with a copy of the data as it is now, sharing nothing with this one: what a crash at this
    /// moment would leave.
    pub fn fork(&self) -> MemoryEngine {
        let state = self.0.read();
        MemoryEngine(Arc::new(RwLock::new(State {
            rows: state.rows.clone(),
            applied: state.applied,
            reach: state.reach,
            is_replacing: state.is_replacing,
        })))
    }
}

impl Engine for MemoryEngine {
    fn get(&self, key: &[u8]) -> Result<Option<(u64, Slice)>> {
        Ok(self.0.read().rows.get(key).map(|(stamp, value)| (*stamp, Slice::from(value.clone()))))
    }

    fn scan(&self, range: KeyRange, direction: Direction) -> Box<dyn EngineScan> {
        Box::new(Scan { engine: self.clone(), range, direction, ahead: VecDeque::new() })
    }

    fn raise_reach(&self, index: u64) -> Result<()> {
        let mut state = self.0.write();
        state.reach = state.reach.max(index);
        Ok(())
    }

    fn write(&self, batch: &[EngineWrite], applied: u64) -> Result<()> {
        let mut state = self.0.write();
        for (key, write) in batch {
            match write {
                Some((stamp, value)) => {
                    assert!(*stamp <= state.reach, "stamp {stamp} is above the reach {}", state.reach);
                    state.rows.insert(key.clone(), (*stamp, value.clone()));
                }
                None => {
                    state.rows.remove(key);
                }
            }
        }
        assert!(applied <= state.reach, "applied {applied} is above the reach {}", state.reach);
        state.applied = state.applied.max(applied);
        Ok(())
    }

    fn applied(&self) -> u64 {
        self.0.read().applied
    }

    fn reach(&self) -> u64 {
        self.0.read().reach
    }

    fn delete_range(&self, range: KeyRange, keys_max: usize) -> Result<usize> {
        let mut state = self.0.write();
        let keys: Vec<Bytes> =
            in_range(&state.rows, &range).take(keys_max).map(|(key, _)| key.clone()).collect();
        for key in &keys {
            state.rows.remove(key);
        }
        Ok(keys.len())
    }

    fn checkpoint(&self) -> Result<u64> {
        Ok(self.applied())
    }

    fn begin_replace(&self, index: u64) -> Result<()> {
        let mut state = self.0.write();
        state.is_replacing = true;
        state.applied = 0;
        state.reach = index;
        Ok(())
    }

    fn end_replace(&self) -> Result<()> {
        let mut state = self.0.write();
        assert!(state.is_replacing, "no replacement was begun");
        state.applied = state.reach;
        state.is_replacing = false;
        Ok(())
    }

    fn is_replacing(&self) -> bool {
        self.0.read().is_replacing
    }

    fn memory_bytes(&self) -> u64 {
        let state = self.0.read();
        state.rows.iter().map(|(key, (_, value))| (key.len() + value.len()) as u64).sum()
    }

    fn disk_bytes(&self) -> u64 {
        0
    }
}

/// The rows of `range`, in order.
fn in_range<'a>(
    rows: &'a BTreeMap<Bytes, (u64, Bytes)>,
    range: &KeyRange,
) -> impl DoubleEndedIterator<Item = (&'a Bytes, &'a (u64, Bytes))> + use<'a> {
    let empty = range.is_empty();
    let end = match (empty, range.end.is_empty()) {
        // An inverted range would make `BTreeMap::range` panic.
        (true, _) => Bound::Included(range.start.clone()),
        (false, true) => Bound::Unbounded,
        (false, false) => Bound::Excluded(range.end.clone()),
    };
    rows.range((Bound::Included(range.start.clone()), end)).filter(move |_| !empty)
}

struct Scan {
    engine: MemoryEngine,
    /// What is left to read ahead.
    range: KeyRange,
    direction: Direction,
    ahead: VecDeque<(Bytes, u64, Bytes)>,
}

impl Scan {
    fn read_ahead(&mut self) {
        let state = self.engine.0.read();
        let rows = in_range(&state.rows, &self.range);
        let copy = |(key, (stamp, value)): (&Bytes, &(u64, Bytes))| (key.clone(), *stamp, value.clone());
        match self.direction {
            Direction::Forward => self.ahead.extend(rows.take(SCAN_AHEAD_COUNT).map(copy)),
            Direction::Backward => self.ahead.extend(rows.rev().take(SCAN_AHEAD_COUNT).map(copy)),
        }
        if let Some((last, _, _)) = self.ahead.back() {
            match self.direction {
                Direction::Forward => self.range.start = key_after(last),
                Direction::Backward => self.range.end = last.clone(),
            }
        }
    }
}

impl EngineScan for Scan {
    fn next(&mut self) -> Result<Option<(Slice, u64, Slice)>> {
        if self.ahead.is_empty() && !self.range.is_empty() {
            self.read_ahead();
        }
        Ok(self.ahead.pop_front().map(|(key, stamp, value)| (Slice::from(key), stamp, Slice::from(value))))
    }
}
