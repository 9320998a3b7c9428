//! A disk that finishes writes late and loses unfinished ones in a crash, as far as the contract of `consensus::effect` allows:
//! what survives is some prefix of the writes, the last append perhaps in part, and perhaps a later write of term and vote.

use std::collections::VecDeque;

use consensus::{Entry, HardState, LogIndex, LogState, Term, WriteSeq};

use crate::random::Random;

/// A write on its way to the disk.
#[derive(Debug)]
pub enum Write {
    /// Entries at the end of the log.
    Append(Vec<Entry>),
    /// The log ends before this index.
    Truncate(LogIndex),
    /// Term and vote.
    Persist(HardState),
}

/// One node's disk: `entries` and `hard_state` survive a crash, `pending` does not.
#[derive(Debug, Default)]
pub struct Disk {
    /// The entry before the first one held.
    pub base: (LogIndex, Term),
    /// The log on disk.
    pub entries: Vec<Entry>,
    /// Term and vote on disk.
    pub hard_state: HardState,
    pending: VecDeque<(WriteSeq, Write)>,
}

impl Disk {
    /// A write is ordered.
    pub fn order(&mut self, seq: WriteSeq, write: Write) {
        self.pending.push_back((seq, write));
    }

    /// Whether writes are waiting.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Finishes the first `count` writes. Returns the last one finished.
    pub fn finish(&mut self, count: usize) -> Option<WriteSeq> {
        let mut last = None;
        for _ in 0..count {
            let Some((seq, write)) = self.pending.pop_front() else { break };
            self.apply(write);
            last = Some(seq);
        }
        last
    }

    /// How many writes are waiting.
    #[must_use]
    pub fn pending_count(&self) -> usize {
        self.pending.len()
    }

    fn apply(&mut self, write: Write) {
        match write {
            Write::Append(entries) => self.entries.extend(entries),
            Write::Truncate(from) => self.entries.retain(|entry| entry.index < from),
            Write::Persist(hard_state) => self.hard_state = hard_state,
        }
    }

    /// The power fails in the middle of things.
    pub fn crash(&mut self, random: &mut Random) {
        let survive = random.below(self.pending.len() as u64 + 1) as usize;
        self.finish(survive);
        if let Some((_, Write::Append(entries))) = self.pending.front_mut()
            && random.once_in(2)
        {
            let part = random.below(entries.len() as u64 + 1) as usize;
            let part: Vec<Entry> = entries.drain(..part).collect();
            self.apply(Write::Append(part));
        }
        if random.once_in(2) {
            // Term and vote live in a file of their own, which may be ahead of the log.
            for (_, write) in std::mem::take(&mut self.pending) {
                if let Write::Persist(hard_state) = write {
                    self.hard_state = hard_state;
                }
            }
        }
        self.pending.clear();
    }

    /// The last entry on disk.
    #[must_use]
    pub fn last(&self) -> LogIndex {
        self.entries.last().map_or(self.base.0, |entry| entry.index)
    }

    /// The term of an entry on disk.
    #[must_use]
    pub fn term_at(&self, index: LogIndex) -> Option<Term> {
        if index == self.base.0 {
            return Some(self.base.1);
        }
        self.entries.get(index.get().checked_sub(self.base.0.get() + 1)? as usize).map(|entry| entry.term)
    }

    /// Drops entries up to `upto` from the front.
    pub fn purge(&mut self, upto: LogIndex) {
        if let Some(term) = self.term_at(upto)
            && upto > self.base.0
        {
            self.entries.drain(..upto.since(self.base.0) as usize);
            self.base = (upto, term);
        }
    }

    /// What a node finds when it starts.
    #[must_use]
    pub fn open(&self) -> LogState {
        let mut term_runs: Vec<(LogIndex, Term)> = Vec::new();
        for entry in &self.entries {
            if term_runs.last().is_none_or(|run| run.1 != entry.term) {
                term_runs.push((entry.index, entry.term));
            }
        }
        LogState { first: self.base.0.next(), last: self.last(), term_runs, base: self.base }
    }
}
