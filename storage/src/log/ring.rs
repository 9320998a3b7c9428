//! The ring of recent records: one copy in memory that serves every peer and the apply.
//!
//! Invariants: the records are contiguous and end at the log's last one. What is not on disk yet is always
//! here, whatever the bounds; beyond that the oldest records leave first.
//!
//! A record's payload is the caller's own buffer, not a copy. A caller who cuts records out of a larger
//! buffer keeps that buffer alive as long as one of them is here.

use std::collections::VecDeque;

use super::Record;

/// Recent records, bounded by payload bytes and by count.
#[derive(Debug)]
pub(super) struct Ring {
    records: VecDeque<Record>,
    payload_bytes: usize,
    payload_bytes_max: usize,
    entries_max: usize,
}

impl Ring {
    pub(super) fn new(payload_bytes_max: usize, entries_max: usize) -> Ring {
        Ring { records: VecDeque::new(), payload_bytes: 0, payload_bytes_max, entries_max }
    }

    /// The first index here, if any.
    pub(super) fn first(&self) -> Option<u64> {
        self.records.front().map(|record| record.index)
    }

    pub(super) fn push(&mut self, record: Record) {
        let follows = self.records.back().is_none_or(|last| last.index + 1 == record.index);
        assert!(follows, "record {} leaves a gap in the ring", record.index);
        self.payload_bytes += record.payload.len();
        self.records.push_back(record);
    }

    /// Drops the records from `from` on.
    pub(super) fn truncate(&mut self, from: u64) {
        while let Some(record) = self.records.pop_back_if(|record| record.index >= from) {
            self.payload_bytes -= record.payload.len();
        }
    }

    /// Drops the oldest records down to the bounds, but none above `last_on_disk`.
    pub(super) fn evict(&mut self, last_on_disk: u64) {
        while self.payload_bytes > self.payload_bytes_max || self.records.len() > self.entries_max {
            let Some(record) = self.records.pop_front_if(|record| record.index <= last_on_disk) else {
                break;
            };
            self.payload_bytes -= record.payload.len();
        }
    }

    /// Drops everything: the log starts anew, and what is pushed next need not follow.
    pub(super) fn clear(&mut self) {
        self.records.clear();
        self.payload_bytes = 0;
    }

    /// Drops the records below `first`, purged from the log.
    pub(super) fn forget_below(&mut self, first: u64) {
        while let Some(record) = self.records.pop_front_if(|record| record.index < first) {
            self.payload_bytes -= record.payload.len();
        }
    }

    /// The records `first..=last`, which must start here, up to `bytes_max` of payload but at least one.
    pub(super) fn read(&self, first: u64, last: u64, bytes_max: usize) -> Vec<Record> {
        let start = self.first().map_or(0, |here| (first - here) as usize);
        let wanted = self.records.range(start..).take_while(|record| record.index <= last);
        let mut bytes = 0;
        let mut count = 0;
        for record in wanted {
            bytes += record.payload.len();
            if count > 0 && bytes > bytes_max {
                break;
            }
            count += 1;
        }
        self.records.range(start..start + count).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn ring(entries_max: usize) -> Ring {
        let mut ring = Ring::new(1000, entries_max);
        for index in 5..=14 {
            ring.push(Record { index, term: 1, kind: 0, payload: Bytes::from(vec![0; 100]) });
        }
        ring
    }

    #[test]
    fn only_what_is_on_disk_leaves() {
        let mut ring = ring(4);
        ring.evict(7);
        assert_eq!(ring.first(), Some(8));
        ring.evict(14);
        assert_eq!(ring.first(), Some(11));
        ring.truncate(12);
        assert_eq!(ring.read(11, 20, 0).len(), 1);
        ring.forget_below(12);
        assert_eq!((ring.first(), ring.payload_bytes), (None, 0));
    }

    #[test]
    fn a_read_stops_at_the_bound_but_gives_one_record() {
        let ring = ring(100);
        let indexes = |records: Vec<Record>| records.iter().map(|record| record.index).collect::<Vec<_>>();
        assert_eq!(indexes(ring.read(6, 8, 1000)), [6, 7, 8]);
        assert_eq!(indexes(ring.read(6, 14, 250)), [6, 7]);
        assert_eq!(indexes(ring.read(6, 14, 1)), [6]);
    }
}
