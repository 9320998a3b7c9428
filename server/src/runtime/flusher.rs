//! The write-behind thread: brings committed versions into the engine, and reclaims dropped tables.
//!
//! It never writes what is not yet on this node's own log disk: after a crash the engine must not be ahead of the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use storage::version::{FlushReport, FlushUrgency};

use super::fatal;
use crate::limits::{FLUSH_INTERVAL, FLUSH_KEYS_PER_STEP_MAX};
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
        loop {
            let stopping = stop.load(Ordering::Acquire);
            let started = Instant::now();
            let more = match flush(&node, &durable) {
                Ok(report) => !report.pass_complete || node.store.flush_wanted() && report.keys_written > 0,
                Err(error) => fatal("the store could not be written", &error),
            };
            if stopping && !more {
                return;
            }
            if let Err(error) = reclaimer.step(&node) {
                fatal("dropped tables could not be reclaimed", &error);
            }
            if !more {
                pause(&node, &stop, FLUSH_INTERVAL.saturating_sub(started.elapsed()));
            }
        }
    })
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
