//! The write-behind thread: brings committed versions into the engine and rows of large transactions to their places, and reclaims dropped
//! tables.
//!
//! It never writes what is not yet on this node's own log disk: after a crash the engine must not be ahead of the log.
//!
//! It is in no hurry: a row that changes again before it is written is written once. A pass begins once the store wants it (by memory, or
//! by entries, which bound the replay), [`FLUSH_AGE_MAX`] after the last one, when somebody waits for an index to be in the engine, or while rows
//! of a large transaction wait for their places, which begins with a pass. It rests as long as each step took, unless memory presses: sessions come first.
//!
//! Every so many entries or bytes it makes what the engine has durable, which bounds what a node that crashed reads again from its
//! log; and once more when it stops, so that a start in order reads nothing again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use storage::version::FlushUrgency;

use super::fatal;
use crate::limits::{
    CHECKPOINT_BYTES, CHECKPOINT_ENTRIES, FLUSH_AGE_MAX, FLUSH_INTERVAL, FLUSH_KEYS_PER_STEP_MAX,
    FLUSH_KEYS_PER_STEP_MIN, FLUSH_STORE_BYTES_PER_KEY, MERGE_KEYS_PER_STEP_MAX,
};
use crate::node::Node;

/// How soon the thread notices that it is to stop.
const STOP_POLL: Duration = Duration::from_millis(50);

/// Starts the thread; it flushes once more when `stop` is set, and ends.
///
/// # Errors
/// When no thread can be made.
pub fn spawn(
    node: Arc<Node>,
    durable: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name("flush".into()).spawn(move || {
        let _vital = super::Vital::thread("flush");
        let mut reclaimer = super::reclaim::Reclaimer::default();
        let mut unsaved = Unsaved { index: node.store.engine_index(), bytes: 0 };
        let mut passes = Passes::new(&node);
        loop {
            let stopping = stop.load(Ordering::Acquire);
            let started = Instant::now();
            let more = match passes.step(&node, &durable, stopping) {
                Ok(step) => {
                    unsaved.bytes += step.bytes_written as u64;
                    step.is_more
                }
                Err(error) => fatal("the store could not be written", &error),
            };
            let worked = started.elapsed();
            let stops = stopping && !more;
            if stops || unsaved.is_much(&node) {
                match node.store.checkpoint() {
                    Ok(index) => unsaved = Unsaved { index, bytes: 0 },
                    Err(error) => fatal("the store could not be written", &error),
                }
            }
            if stops {
                return;
            }
            let more = match merge(&node) {
                Ok(merges) => more || merges,
                Err(error) => fatal("a large transaction could not be brought to its place", &error),
            };
            if let Err(error) = reclaimer.step(&node) {
                fatal("dropped tables could not be reclaimed", &error);
            }
            if !more {
                pause(&node, &stop, FLUSH_INTERVAL.saturating_sub(started.elapsed()));
            } else if !stopping && node.store.flush_urgency() != FlushUrgency::Urgent {
                std::thread::sleep(worked.min(FLUSH_INTERVAL));
            }
        }
    })
}

/// Passes of write-behind, one after the other.
struct Passes {
    /// A pass has begun and is not complete.
    is_under_way: bool,
    /// When the last one was complete.
    completed: Instant,
    keys_per_step: usize,
}

/// What one step did.
#[derive(Default)]
struct Step {
    bytes_written: usize,
    /// There is more to do at once.
    is_more: bool,
}

impl Passes {
    fn new(node: &Node) -> Passes {
        let keys = node.store.memory_bytes_max() / FLUSH_STORE_BYTES_PER_KEY;
        Passes {
            is_under_way: false,
            completed: Instant::now(),
            keys_per_step: keys.clamp(FLUSH_KEYS_PER_STEP_MIN, FLUSH_KEYS_PER_STEP_MAX),
        }
    }

    /// Makes one step, if there is reason to.
    fn step(&mut self, node: &Node, durable: &AtomicU64, stopping: bool) -> Result<Step, storage::Error> {
        let is_due = self.is_under_way
            || stopping
            || self.completed.elapsed() >= FLUSH_AGE_MAX
            || node.store.flush_wanted()
            || node.flush_wanted.load(Ordering::Acquire) > node.store.engine_index()
            || node.store.overlay_count() > 0;
        if !is_due {
            return Ok(Step::default());
        }
        node.store.limit_flush(durable.load(Ordering::Acquire));
        let report = node.store.flush(self.keys_per_step)?;
        self.is_under_way = !report.pass_complete;
        if report.pass_complete {
            self.completed = Instant::now();
        }
        let is_more = self.is_under_way || node.store.flush_wanted() && report.keys_written > 0;
        Ok(Step { bytes_written: report.bytes_written, is_more })
    }
}

/// What would have to be read again from the log after a crash.
struct Unsaved {
    /// The engine was made durable at this index.
    index: u64,
    /// Bytes written to it since.
    bytes: u64,
}

impl Unsaved {
    fn is_much(&self, node: &Node) -> bool {
        self.bytes >= CHECKPOINT_BYTES
            || node.store.engine_index().saturating_sub(self.index) >= CHECKPOINT_ENTRIES
    }
}

/// Brings rows of large transactions to their places, unless write-behind is urgent; true when there are more. Pauses as long as it
/// worked: nobody waits for this.
fn merge(node: &Node) -> Result<bool, storage::Error> {
    match node.large.clean(node) {
        Ok(()) | Err(storage::Error::NotReady) => {}
        Err(error) => return Err(error),
    }
    if node.store.flush_urgency() == FlushUrgency::Urgent {
        return Ok(false);
    }
    let started = Instant::now();
    let report = node.store.merge(MERGE_KEYS_PER_STEP_MAX)?;
    if !report.is_idle {
        std::thread::sleep(started.elapsed().min(FLUSH_INTERVAL));
    }
    Ok(!report.is_idle)
}

fn pause(node: &Node, stop: &AtomicBool, length: Duration) {
    let until = Instant::now() + length;
    while Instant::now() < until && !stop.load(Ordering::Acquire) {
        let left = until.saturating_duration_since(Instant::now());
        if node.store.wait_flush_wanted(left.min(STOP_POLL)) != FlushUrgency::Idle {
            return;
        }
    }
}
