//! The thread that owns the log, cut into what it does before and after a sync: in between time passes, and the machine may stop.
//!
//! As in the server: it takes what has queued up, writes it, syncs once, reports. A failed write or sync ends the process.

use std::collections::VecDeque;

use consensus::{HardState, WriteSeq};
use storage::log::{Log, Record};

use super::Node;
use crate::env::Env;
use crate::queue::Local;
use crate::snapshot::Snapshot;

/// What the driver asks of the disk, in order.
pub enum LogWrite {
    /// Append records.
    Append(Vec<Record>, WriteSeq),
    /// Drop records from an index on.
    Truncate(u64, WriteSeq),
    /// Remember term and vote.
    Persist(HardState, WriteSeq),
    /// Begin anew behind a snapshot, and put the snapshot in place.
    Reset(Box<Snapshot>, WriteSeq),
    /// Remove what lies at or below this index.
    Purge(u64),
}

/// The thread's state.
pub struct LogThread {
    /// The log.
    pub log: Log,
    /// Not yet taken.
    pub queue: VecDeque<LogWrite>,
    /// Taken and not synced yet: the last write of them, and how far the log is purged by them.
    taken: Option<(WriteSeq, Option<u64>)>,
}

impl LogThread {
    /// Nothing to do yet.
    #[must_use]
    pub fn new(log: Log) -> LogThread {
        LogThread { log, queue: VecDeque::new(), taken: None }
    }
}

impl Node {
    /// Orders a write.
    pub(super) fn order_write(&mut self, env: &mut Env, write: LogWrite) {
        let process = self.process.as_mut().expect("a driver orders it");
        let is_idle = process.log_thread.taken.is_none() && process.log_thread.queue.is_empty();
        process.log_thread.queue.push_back(write);
        if is_idle {
            // The thread wakes.
            let delay_us = env.random.between(1, 30);
            env.after(delay_us, self.id, self.boot, Local::LogBegin);
        }
    }

    /// The thread takes what has queued. False when the process must end.
    pub(super) fn log_begin(&mut self, env: &mut Env) -> bool {
        let process = self.process.as_mut().expect("it runs");
        if process.log_thread.taken.is_some() || process.log_thread.queue.is_empty() {
            return true;
        }
        let mut seq = WriteSeq::ZERO;
        let mut purged = None;
        for write in std::mem::take(&mut process.log_thread.queue) {
            match self.execute(env, write, &mut seq, &mut purged) {
                Ok(()) => {}
                Err(error) => {
                    env.note(self.id, "write failed", &error);
                    return false;
                }
            }
        }
        let pace_us = self.sync_us;
        let process = self.process.as_mut().expect("it runs");
        process.log_thread.taken = Some((seq, purged));
        let delay_us = env.random.between(pace_us / 2, pace_us);
        env.after(delay_us, self.id, self.boot, Local::LogSync);
        true
    }

    fn execute(
        &mut self,
        env: &mut Env,
        write: LogWrite,
        done: &mut WriteSeq,
        purged: &mut Option<u64>,
    ) -> storage::Result<()> {
        let process = self.process.as_mut().expect("it runs");
        let log = &mut process.log_thread.log;
        match write {
            LogWrite::Append(records, seq) => {
                log.append(&records)?;
                *done = seq;
            }
            LogWrite::Truncate(from, seq) => {
                log.truncate(from)?;
                *done = seq;
            }
            LogWrite::Persist(hard_state, seq) => {
                let vote = hard_state.vote.map_or(0, consensus::NodeId::get);
                log.save_hard_state(storage::log::HardState { term: hard_state.term.get(), vote })?;
                *done = seq;
            }
            LogWrite::Reset(snapshot, seq) => {
                // From here on a start finishes what a crash interrupts.
                self.installing = Some(snapshot.clone());
                log.reset(snapshot.state.index, snapshot.state.term)?;
                self.put_in_place(env, *snapshot);
                *done = seq;
            }
            LogWrite::Purge(upto) => {
                log.purge(upto)?;
                *purged = Some(log.reader().first() - 1);
            }
        }
        Ok(())
    }

    /// The sync is done, or fails: false then.
    pub(super) fn log_sync(&mut self, env: &mut Env) -> bool {
        let process = self.process.as_mut().expect("it runs");
        let Some((seq, purged)) = process.log_thread.taken.take() else { return true };
        if let Err(error) = process.log_thread.log.sync() {
            env.note(self.id, "sync failed", &error);
            return false;
        }
        let is_more = !process.log_thread.queue.is_empty();
        if seq > WriteSeq::ZERO {
            self.durable(env, seq);
        }
        if let Some(base) = purged {
            self.purged(env, base);
        }
        if is_more && self.process.is_some() {
            env.after(1, self.id, self.boot, Local::LogBegin);
        }
        true
    }
}
