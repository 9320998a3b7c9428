//! How far commits have come and how long each stage takes: `SHOW GLOBAL STATUS LIKE 'Quorate_commit_%'`.
//!
//! | stage | from | to |
//! |---|---|---|
//! | `sequenced` | the first entry of a batch has its place in the log | the consensus thread takes the batch |
//! | `sync` | the batch is taken | this node has it on disk |
//! | `quorum` | the batch is taken | a majority has it on disk |
//! | `apply` | the commit index moves | the watermark is there, and the sessions are woken |
//!
//! Everything is counted by the batch: one look at the clock when a batch enters a stage and one when it leaves, whatever the number
//! of its entries. Times are those of a batch's first entry, which waits longest. A follower has `apply` alone, and its log's syncs.
//!
//! Invariant: only the thread named with a field changes it; readers may see a batch in one figure and not yet in another.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use parking_lot::Mutex;

use crate::limits::STAGE_BATCHES_REMEMBERED_MAX;

/// Number, sum and longest of times.
#[derive(Debug, Default)]
pub struct Times {
    count: AtomicU64,
    sum_us: AtomicU64,
    longest_us: AtomicU64,
}

impl Times {
    /// Takes note of what began at `since` and is over.
    pub fn note(&self, since: Instant, now: Instant) {
        let us = now.saturating_duration_since(since).as_micros() as u64;
        self.count.fetch_add(1, Ordering::Relaxed);
        self.sum_us.fetch_add(us, Ordering::Relaxed);
        self.longest_us.fetch_max(us, Ordering::Relaxed);
    }

    fn show(&self, name: &str, out: &mut Vec<(String, String)>) {
        let mut line = |what: &str, value: &AtomicU64| {
            out.push((format!("Quorate_commit_{name}_{what}"), value.load(Ordering::Relaxed).to_string()));
        };
        line("count", &self.count);
        line("us_sum", &self.sum_us);
        line("us_max", &self.longest_us);
    }
}

/// Batches on their way through a stage: the last index of each, and when it entered. Bounded: past the bound a batch is not timed.
#[derive(Debug, Default)]
struct OnTheWay(VecDeque<(u64, Instant)>);

impl OnTheWay {
    fn enter(&mut self, last: u64, now: Instant) {
        if self.0.len() < STAGE_BATCHES_REMEMBERED_MAX {
            self.0.push_back((last, now));
        }
    }

    /// The batches up to `index` are through.
    fn leave(&mut self, index: u64, times: &Times) {
        if self.0.front().is_none_or(|(last, _)| *last > index) {
            return;
        }
        let now = Instant::now();
        while let Some((last, since)) = self.0.front()
            && *last <= index
        {
            times.note(*since, now);
            self.0.pop_front();
        }
    }
}

/// The figures of a node since it started.
#[derive(Debug, Default)]
pub struct CommitStages {
    sequenced: Times,
    sync: Times,
    quorum: Times,
    apply: Times,
    /// Syncs of the log, by the log thread.
    log_sync: Times,
    /// By the consensus thread.
    batches: AtomicU64,
    entries: AtomicU64,
    bytes: AtomicU64,
    largest_batch: AtomicU64,
    /// Last index that this leader has taken, that is on its disk, and that is committed. By the consensus thread.
    taken: AtomicU64,
    durable: AtomicU64,
    committed: AtomicU64,
    /// Only the consensus thread takes these.
    syncing: Mutex<OnTheWay>,
    in_quorum: Mutex<OnTheWay>,
    /// The consensus thread puts batches in, the apply takes them out.
    applying: Mutex<OnTheWay>,
}

impl CommitStages {
    /// The consensus thread has taken a batch that ends with `last`, and whose first entry was sequenced at `since`.
    pub fn taken(&self, last: u64, entries: u64, bytes: u64, since: Instant) {
        let now = Instant::now();
        self.sequenced.note(since, now);
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.entries.fetch_add(entries, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.largest_batch.fetch_max(entries, Ordering::Relaxed);
        self.taken.store(last, Ordering::Relaxed);
        self.syncing.lock().enter(last, now);
        self.in_quorum.lock().enter(last, now);
    }

    /// The log is on disk up to `index`.
    pub fn durable(&self, index: u64) {
        self.durable.store(index, Ordering::Relaxed);
        self.syncing.lock().leave(index, &self.sync);
    }

    /// The commit index is `index` now.
    pub fn committed(&self, index: u64) {
        self.committed.store(index, Ordering::Relaxed);
        self.in_quorum.lock().leave(index, &self.quorum);
        self.applying.lock().enter(index, Instant::now());
    }

    /// The watermark is at `index` now.
    pub fn applied(&self, index: u64) {
        self.applying.lock().leave(index, &self.apply);
    }

    /// How long the oldest commit that this node knows of and has not applied has been waiting, in milliseconds.
    pub fn apply_lag_ms(&self) -> u64 {
        let oldest = self.applying.lock().0.front().map(|(_, since)| *since);
        oldest.map_or(0, |since| since.elapsed().as_millis() as u64)
    }

    /// One sync of the log is over.
    pub fn log_synced(&self, since: Instant) {
        self.log_sync.note(since, Instant::now());
    }

    /// The log was cut: what was on its way behind `last` is timed no more.
    pub fn truncated(&self, last: u64) {
        for batches in [&self.syncing, &self.in_quorum] {
            batches.lock().0.retain(|(of, _)| *of <= last);
        }
        self.taken.fetch_min(last, Ordering::Relaxed);
        self.durable.fetch_min(last, Ordering::Relaxed);
    }

    /// Names and values for SHOW STATUS. `queued` is the number of entries that the consensus thread has not taken.
    pub fn show(&self, queued: u64, watermark: u64, out: &mut Vec<(String, String)>) {
        let load = |value: &AtomicU64| value.load(Ordering::Relaxed);
        let (taken, committed) = (load(&self.taken), load(&self.committed));
        let figures = [
            ("batches", load(&self.batches)),
            ("batch_entries_max", load(&self.largest_batch)),
            ("bytes", load(&self.bytes)),
            ("entries", load(&self.entries)),
            ("sequenced_depth", queued),
            ("sync_depth", taken.saturating_sub(load(&self.durable))),
            ("quorum_depth", taken.saturating_sub(committed)),
            ("apply_depth", committed.saturating_sub(watermark)),
        ];
        out.extend(figures.map(|(name, value)| (format!("Quorate_commit_{name}"), value.to_string())));
        self.sequenced.show("sequenced", out);
        self.sync.show("sync", out);
        self.quorum.show("quorum", out);
        self.apply.show("apply", out);
        self.log_sync.show("log_sync", out);
        out.push(("Quorate_apply_lag_ms".into(), self.apply_lag_ms().to_string()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(stages: &CommitStages, name: &str) -> u64 {
        let mut shown = Vec::new();
        stages.show(3, 4, &mut shown);
        shown.iter().find(|(of, _)| of == name).unwrap().1.parse().unwrap()
    }

    #[test]
    fn a_batch_is_counted_once_in_each_stage() {
        let stages = CommitStages::default();
        let since = Instant::now();
        stages.taken(4, 4, 400, since);
        stages.taken(9, 5, 500, since);
        let depth = |stage: &str| value(&stages, &format!("Quorate_commit_{stage}_depth"));
        let count = |stage: &str| value(&stages, &format!("Quorate_commit_{stage}_count"));
        assert_eq!((depth("sequenced"), depth("sync"), depth("quorum"), depth("apply")), (3, 9, 9, 0));
        stages.durable(4);
        // Half a batch is none.
        stages.committed(8);
        assert_eq!((depth("sync"), depth("quorum"), depth("apply")), (5, 1, 4));
        assert_eq!((count("sequenced"), count("sync"), count("quorum"), count("apply")), (2, 1, 1, 0));
        stages.durable(9);
        stages.committed(9);
        stages.applied(9);
        assert_eq!((count("sync"), count("quorum"), count("apply")), (2, 2, 2));
        assert_eq!(value(&stages, "Quorate_commit_entries"), 9);
        assert_eq!(value(&stages, "Quorate_commit_bytes"), 900);
        assert_eq!(value(&stages, "Quorate_commit_batch_entries_max"), 5);
        assert_eq!(value(&stages, "Quorate_apply_lag_ms"), 0);
    }

    #[test]
    fn what_is_cut_off_is_on_the_way_no_more() {
        let stages = CommitStages::default();
        stages.taken(4, 4, 400, Instant::now());
        stages.taken(9, 5, 500, Instant::now());
        stages.truncated(6);
        stages.durable(20);
        stages.committed(20);
        assert_eq!(value(&stages, "Quorate_commit_sync_count"), 1);
        assert_eq!(value(&stages, "Quorate_commit_quorum_count"), 1);
    }

    #[test]
    fn lag_is_the_age_of_the_oldest_commit_that_is_not_applied() {
        let stages = CommitStages::default();
        stages.committed(5);
        let begun = Instant::now();
        while begun.elapsed().as_millis() < 5 {
            std::hint::spin_loop();
        }
        stages.committed(6);
        assert!(stages.apply_lag_ms() >= 5);
        stages.applied(5);
        assert!(stages.apply_lag_ms() < 5);
        stages.applied(6);
        assert_eq!(stages.apply_lag_ms(), 0);
    }
}
