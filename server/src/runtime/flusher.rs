//! The write-behind thread: brings committed versions into the engine and rows of large transactions to their places, and reclaims dropped
//! tables.
//!
//! It never writes what is not yet on this node's own log disk: after a crash the engine must not be ahead of the log.
//!
//! Every so many entries or bytes it makes what the engine has durable, which bounds what a node that crashed reads again from its
//! log; and once more when it stops, so that a start in order reads nothing again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use storage::version::{FlushReport, FlushUrgency};

use super::fatal;
use crate::limits::{
    CHECKPOINT_BYTES, CHECKPOINT_ENTRIES, FLUSH_INTERVAL, FLUSH_KEYS_PER_STEP_MAX, MERGE_KEYS_PER_STEP_MAX,
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
        loop {
            let stopping = stop.load(Ordering::Acquire);
            let started = Instant::now();
            let more = match flush(&node, &durable) {
                Ok(report) => {
                    unsaved.bytes += report.bytes_written as u64;
                    !report.pass_complete || node.store.flush_wanted() && report.keys_written > 0
                }
                Err(error) => fatal("the store could not be written", &error),
            };
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
            }
        }
    })
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

fn flush(node: &Node, durable: &AtomicU64) -> Result<FlushReport, storage::Error> {
    node.store.limit_flush(durable.load(Ordering::Acquire));
    node.store.flush(FLUSH_KEYS_PER_STEP_MAX)
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
