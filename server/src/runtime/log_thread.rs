//! The thread that owns the log: takes what has queued up, writes it, syncs once, reports.
//!
//! Group commit falls out of the queue: while one sync runs, the next batch collects. A failed write or sync ends the
//! process; it is never retried (the kernel may have dropped the dirty pages).

use std::thread::JoinHandle;

use consensus::{HardState, WriteSeq};
use crossbeam_channel::{Receiver, Sender};
use storage::log::{Log, Record};

use super::driver::Event;
use super::fatal;

/// What the consensus thread asks of the disk, in order.
#[derive(Debug)]
pub enum LogWrite {
    /// Append records.
    Append(Vec<Record>, WriteSeq),
    /// Drop records from an index on.
    Truncate(u64, WriteSeq),
    /// Remember term and vote.
    Persist(HardState, WriteSeq),
}

/// Starts the thread. It ends when `writes` is closed.
///
/// # Errors
/// When no thread can be made.
pub fn spawn(
    mut log: Log,
    writes: Receiver<LogWrite>,
    events: Sender<Event>,
) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name("log".into()).spawn(move || {
        let _vital = super::Vital::thread("log");
        while let Ok(first) = writes.recv() {
            let mut done = write(&mut log, first);
            // Only what is queued already: the next sync takes the rest.
            for next in writes.try_iter().take(writes.len()) {
                done = write(&mut log, next);
            }
            if let Err(error) = log.sync() {
                fatal("the log could not be written", &error);
            }
            if events.send(Event::Durable(done)).is_err() {
                break;
            }
        }
    })
}

fn write(log: &mut Log, write: LogWrite) -> WriteSeq {
    let (result, seq) = match write {
        LogWrite::Append(records, seq) => (log.append(&records), seq),
        LogWrite::Truncate(from, seq) => (log.truncate(from), seq),
        LogWrite::Persist(hard_state, seq) => {
            let vote = hard_state.vote.map_or(0, consensus::NodeId::get);
            (log.save_hard_state(storage::log::HardState { term: hard_state.term.get(), vote }), seq)
        }
    };
    if let Err(error) = result {
        fatal("the log could not be written", &error);
    }
    seq
}
