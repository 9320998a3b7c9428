//! Which of the writes that the core ordered have reached the disk.
//!
//! Invariants: sequence numbers are handed out without gaps; `durable_index` is the last entry of the *present* log that is
//! on disk with all before it, and only a truncation moves it back; pending appends ascend strictly in sequence number. What a snapshot
//! holds counts as on disk when the write that puts it in place is.
//!
//! Left out: any idea of time. A disk that never answers shows as writes that stay pending; bounding them is the driver's.

use alloc::collections::VecDeque;

use crate::types::{LogIndex, WriteSeq};

#[derive(Debug)]
pub(crate) struct Writes {
    /// The last number handed out.
    issued: WriteSeq,
    /// The last number reported durable.
    durable: WriteSeq,
    /// The last entry of the present log that is durable.
    durable_index: LogIndex,
    /// Appends not yet durable: their number, and the last entry of each that is still part of the log.
    appends: VecDeque<(WriteSeq, LogIndex)>,
    /// The last term-and-vote write.
    persist: WriteSeq,
}

impl Writes {
    /// At start everything in the log is on disk.
    pub(crate) fn new(last_index: LogIndex) -> Writes {
        Writes {
            issued: WriteSeq::ZERO,
            durable: WriteSeq::ZERO,
            durable_index: last_index,
            appends: VecDeque::new(),
            persist: WriteSeq::ZERO,
        }
    }

    pub(crate) fn durable_index(&self) -> LogIndex {
        self.durable_index
    }

    pub(crate) fn is_durable(&self, seq: WriteSeq) -> bool {
        seq <= self.durable
    }

    fn issue(&mut self) -> WriteSeq {
        self.issued = self.issued.next();
        self.issued
    }

    /// An append whose last entry is `last`.
    pub(crate) fn append(&mut self, last: LogIndex) -> WriteSeq {
        assert!(last > self.durable_index, "what is appended is new");
        let seq = self.issue();
        self.appends.push_back((seq, last));
        seq
    }

    /// A truncation from `from` on: what lies there no longer counts, written or not.
    pub(crate) fn truncate(&mut self, from: LogIndex) -> WriteSeq {
        let last = from.prev();
        self.durable_index = self.durable_index.min(last);
        for append in &mut self.appends {
            append.1 = append.1.min(last);
        }
        self.issue()
    }

    /// The log is replaced by nothing after `base`. Up to `agreed` the old log holds the same as the snapshot, so that stays on disk
    /// whatever happens; what lies between is there with this write.
    pub(crate) fn reset(&mut self, base: LogIndex, agreed: LogIndex) -> WriteSeq {
        assert!(agreed < base, "a snapshot leads forward");
        self.durable_index = self.durable_index.min(agreed);
        self.appends.clear();
        let seq = self.issue();
        self.appends.push_back((seq, base));
        seq
    }

    /// A write of term and vote.
    pub(crate) fn persist(&mut self) -> WriteSeq {
        self.persist = self.issue();
        self.persist
    }

    /// Everything up to `seq` is on disk. Returns whether that is news.
    pub(crate) fn durable(&mut self, seq: WriteSeq) -> bool {
        assert!(seq <= self.issued, "the driver reports a write that was never ordered");
        if seq <= self.durable {
            return false;
        }
        self.durable = seq;
        while let Some(&(append, last)) = self.appends.front() {
            if append > seq {
                break;
            }
            self.durable_index = self.durable_index.max(last);
            self.appends.pop_front();
        }
        true
    }

    /// What a message must wait for that speaks for this node's term and vote.
    pub(crate) fn after_hard_state(&self) -> Option<WriteSeq> {
        (self.persist > self.durable).then_some(self.persist)
    }

    /// What a message must wait for that promises every entry up to `index`, and this node's term.
    pub(crate) fn after_entries(&self, index: LogIndex) -> Option<WriteSeq> {
        if index <= self.durable_index {
            return self.after_hard_state();
        }
        // The write that brings this index to disk: the newest append starts most answers, so look from the back.
        let mut covering = None;
        for &(seq, last) in self.appends.iter().rev() {
            if last < index {
                break;
            }
            covering = Some(seq);
        }
        assert!(covering.is_some(), "an entry that is not durable has a pending write");
        covering.max(self.after_hard_state())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(number: u64) -> LogIndex {
        LogIndex::new(number)
    }

    fn seq(number: u64) -> Option<WriteSeq> {
        Some(WriteSeq::new(number))
    }

    #[test]
    fn an_entry_waits_for_the_write_that_covers_it() {
        let mut writes = Writes::new(index(5));
        writes.append(index(7));
        writes.append(index(9));
        assert_eq!(writes.after_entries(index(5)), None);
        assert_eq!(writes.after_entries(index(6)), seq(1));
        assert_eq!(writes.after_entries(index(8)), seq(2));
        writes.persist();
        assert_eq!(writes.after_entries(index(5)), seq(3));
        assert_eq!(writes.after_entries(index(8)), seq(3));
        assert!(writes.durable(WriteSeq::new(1)));
        assert_eq!(writes.durable_index(), index(7));
        assert!(!writes.durable(WriteSeq::new(1)));
    }

    #[test]
    fn a_truncated_write_brings_only_what_is_left_of_it() {
        let mut writes = Writes::new(index(5));
        writes.append(index(9));
        writes.truncate(index(7));
        writes.append(index(8));
        // Index 8 is in the third write, although the first one reached that far when it was ordered.
        assert_eq!(writes.after_entries(index(8)), seq(3));
        assert_eq!(writes.after_entries(index(6)), seq(1));
        writes.durable(WriteSeq::new(2));
        assert_eq!(writes.durable_index(), index(6));
        writes.durable(WriteSeq::new(3));
        assert_eq!(writes.durable_index(), index(8));
        writes.truncate(index(3));
        assert_eq!(writes.durable_index(), index(2));
    }

    #[test]
    fn a_snapshot_is_on_disk_when_it_is_in_place_and_not_before() {
        let mut writes = Writes::new(index(5));
        writes.append(index(9));
        // The old log agrees up to 4, and its entry 9 is not the snapshot's.
        assert_eq!(writes.reset(index(20), index(4)), WriteSeq::new(2));
        assert_eq!((writes.durable_index(), writes.after_entries(index(4))), (index(4), None));
        assert_eq!((writes.after_entries(index(5)), writes.after_entries(index(20))), (seq(2), seq(2)));
        writes.durable(WriteSeq::new(1));
        assert_eq!(writes.durable_index(), index(4), "the write before the reset brings nothing");
        writes.append(index(21));
        writes.durable(WriteSeq::new(2));
        assert_eq!((writes.durable_index(), writes.after_entries(index(21))), (index(20), seq(3)));
    }

    #[test]
    #[should_panic(expected = "never ordered")]
    fn a_write_that_was_never_ordered_cannot_be_durable() {
        Writes::new(index(0)).durable(WriteSeq::new(1));
    }
}
