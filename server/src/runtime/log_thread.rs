//! The thread that owns the log: takes what has queued up, writes it, syncs once, reports.
//!
//! Group commit falls out of the queue: while one sync runs, the next batch collects. A failed write or sync ends the
//! process; it is never retried (the kernel may have dropped the dirty pages). The members at the log's base are written down here
//! too ([`MembersFile`]), always before the log lets go of their entry.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use consensus::{HardState, LogIndex, Membership, WriteSeq};
use storage::log::{Log, Record};
use storage::seeded_bugs::SeededBug;

use super::driver::Event;
use super::fatal;
use super::queue::{Receiver, Sender};
use crate::members_file::MembersFile;
use crate::node::stages::CommitStages;

/// What is asked of the disk, in order.
#[derive(Debug)]
pub enum LogWrite {
    /// Append records.
    Append(Vec<Record>, WriteSeq),
    /// Drop records from an index on.
    Truncate(u64, WriteSeq),
    /// Remember term and vote.
    Persist(HardState, WriteSeq),
    /// Begin anew behind a snapshot.
    Reset {
        /// Its last entry: index and term.
        base: (u64, u64),
        /// The members then.
        membership: (LogIndex, Membership),
        /// Comes back when it is durable.
        seq: WriteSeq,
    },
    /// Remember committed members.
    Members(u64, Arc<Membership>),
    /// Drop whole segments up to here.
    Purge(u64),
}

/// Starts the thread. It ends when `writes` is closed.
///
/// # Errors
/// When no thread can be made.
pub fn spawn(
    log: Log,
    members: MembersFile,
    writes: Receiver<LogWrite>,
    events: Sender<Event>,
    stages: Arc<CommitStages>,
) -> std::io::Result<JoinHandle<()>> {
    let mut writer = Writer { log, members, events };
    std::thread::Builder::new().name("log".into()).spawn(move || {
        let _vital = super::Vital::thread("log");
        while let Ok(first) = writes.recv() {
            let mut done = writer.write(first);
            // Only what is queued already: the next sync takes the rest.
            for next in writes.take_all() {
                done = writer.write(next).or(done);
            }
            let since = Instant::now();
            if let Err(error) = writer.log.sync() {
                fatal("the log could not be written", &error);
            }
            stages.log_synced(since);
            if let Some(done) = done
                && writer.events.send(Event::Durable(done)).is_err()
            {
                break;
            }
        }
    })
}

struct Writer {
    log: Log,
    members: MembersFile,
    events: Sender<Event>,
}

impl Writer {
    /// Carries out one write, which is durable after the next sync; its number, if it has one.
    fn write(&mut self, write: LogWrite) -> Option<WriteSeq> {
        let (result, seq) = match write {
            LogWrite::Append(records, seq) => (self.log.append(&records), seq),
            LogWrite::Truncate(from, seq) => (self.log.truncate(from), seq),
            LogWrite::Persist(_, seq) if SeededBug::VoteForgotten.is_made() => (Ok(()), seq),
            LogWrite::Persist(hard_state, seq) => {
                let vote = hard_state.vote.map_or(0, consensus::NodeId::get);
                let hard_state = storage::log::HardState { term: hard_state.term.get(), vote };
                (self.log.save_hard_state(hard_state), seq)
            }
            LogWrite::Reset { base, membership, seq } => {
                self.record(membership.0.get(), &membership.1);
                (self.log.reset(base.0, base.1), seq)
            }
            LogWrite::Members(index, membership) => {
                self.record(index, &membership);
                return None;
            }
            LogWrite::Purge(upto) => {
                self.purge(upto);
                return None;
            }
        };
        if let Err(error) = result {
            fatal("the log could not be written", &error);
        }
        Some(seq)
    }

    fn record(&mut self, index: u64, membership: &Membership) {
        if let Err(error) = self.members.record(index, membership) {
            fatal("the members could not be written down", &error);
        }
    }

    fn purge(&mut self, upto: u64) {
        if let Err(error) = self.log.purge(upto) {
            fatal("the log could not be purged", &error);
        }
        let base = self.log.reader().first() - 1;
        if let Err(error) = self.members.forget_before(base) {
            fatal("the members could not be written down", &error);
        }
        // The consensus thread is gone only while the node stops.
        let _ = self.events.send(Event::Purged(base));
    }
}
