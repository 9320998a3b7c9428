//! The upkeep of the log: lets go of segments that nobody needs, and sees to a store that was lost.
//!
//! A segment may go once its entries are in the engine here, durably, and every member holds them (the *floor*); at least
//! `log_keep_bytes` stay for nodes that lag a little. Past `log_max_bytes` segments go although a member may still need them: it will
//! get a snapshot, and the log says so. Sums are looked at every [`PURGE_INTERVAL`].
//!
//! Invariant: nothing goes that the node's own engine does not have on disk; a log-only node keeps what the slowest member needs, however
//! much that is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use consensus::NodeId;
use storage::log::LogReader;

use super::log_thread::LogWrite;
use super::queue::Sender;
use super::snapshot::Snapshots;
use crate::limits::{FORCED_PURGE_TOLD_EVERY, PURGE_FLUSH_WAIT, PURGE_INTERVAL};
use crate::node::Node;
use crate::terms_file::TermsFile;

/// How soon the thread notices that it is to stop.
const STOP_POLL: Duration = Duration::from_millis(50);

/// What the thread needs.
pub struct Upkeep {
    /// The node.
    pub node: Arc<Node>,
    /// Its log.
    pub log: LogReader,
    /// To the log's thread.
    pub writes: Sender<LogWrite>,
    /// For a store that was lost.
    pub snapshots: Arc<Snapshots>,
    /// Set when the node stops.
    pub stop: Arc<AtomicBool>,
    /// When a forced purge was last an event.
    pub last_told: Option<Instant>,
    /// Written before the log lets go of what it tells.
    pub terms: TermsFile,
}

impl Upkeep {
    /// Starts the thread.
    ///
    /// # Errors
    /// When no thread can be made.
    pub fn spawn(mut self) -> std::io::Result<JoinHandle<()>> {
        std::thread::Builder::new().name("upkeep".into()).spawn(move || {
            let _vital = super::Vital::thread("upkeep");
            while self.pause() {
                self.fetch_lost_store();
                self.write_terms(false);
                self.purge();
            }
        })
    }

    /// Waits for the next look; false to stop.
    fn pause(&self) -> bool {
        let until = Instant::now() + PURGE_INTERVAL;
        while Instant::now() < until {
            if self.stop.load(Ordering::Acquire) {
                return false;
            }
            if self.node.purge_wanted.load(Ordering::Acquire) != 0 {
                return true;
            }
            std::thread::sleep(STOP_POLL);
        }
        true
    }

    fn fetch_lost_store(&self) {
        if !self.node.store_is_lost.load(Ordering::Acquire) {
            return;
        }
        let own = NodeId::new(self.node.config.node_id);
        let role = self.node.role.get();
        if role.role == "leader" {
            // It can serve nobody until it has the tables, and another voter may have them. Nobody waits for the answer.
            drop(self.node.steering.begin_transfer(None));
        }
        let leader = role.leader.and_then(NodeId::try_new).unwrap_or(own);
        self.snapshots.fetch(&self.node, leader, leader, self.log.first() - 1);
    }

    /// Writes down which terms the committed entries are of.
    fn write_terms(&mut self, always: bool) {
        let node = &self.node;
        if !node.config.log_only
            && let Err(error) = self.terms.write(&node.decided, node.store.watermark(), always)
        {
            super::fatal("the terms of committed entries could not be written down", &error);
        }
    }

    fn purge(&mut self) {
        let node = Arc::clone(&self.node);
        let config = &node.config;
        let asked = self.node.purge_wanted.swap(0, Ordering::AcqRel);
        let bytes = self.log.bytes();
        if asked == 0 && bytes <= config.log_keep_bytes {
            return;
        }
        let Some(floor) = self.floor() else { return };
        // Past the bound what others need goes too, but never more than the bound asks for: whole segments, oldest first.
        // A log-only node has no tables to make a snapshot of: what it lets go of may be gone for good, so only a person forces that.
        let is_over = bytes > config.log_max_bytes && !config.log_only;
        let is_forced = self.node.purge_forced.swap(false, Ordering::AcqRel) || is_over;
        let needed = if is_forced { u64::MAX } else { floor };
        let upto = if asked > 0 { asked.min(needed) } else { self.upto(bytes, is_forced).min(needed) };
        if upto < self.log.first() {
            return;
        }
        let applied = match self.applied_durably(upto) {
            Ok(applied) => applied,
            Err(error) => super::fatal("the store could not be written", &error),
        };
        let upto = upto.min(applied);
        if upto < self.log.first() {
            return;
        }
        if upto > floor && self.last_told.is_none_or(|told| told.elapsed() >= FORCED_PURGE_TOLD_EVERY) {
            self.last_told = Some(Instant::now());
            self.node.cluster.event(format!(
                "the log is at its bound of {} MiB: letting go of entries up to {upto}, although a member holds them only up to \
                 {floor}; it will get a snapshot",
                config.log_max_bytes >> 20
            ));
        }
        self.write_terms(true);
        // The log thread is gone only when the process ends.
        let _ = self.writes.send(LogWrite::Purge(upto));
    }

    /// How far to purge so that the bound that was passed is kept.
    fn upto(&self, bytes: u64, is_forced: bool) -> u64 {
        let config = &self.node.config;
        let keep = if is_forced { config.log_max_bytes / 2 } else { config.log_keep_bytes };
        let (first, last) = (self.log.first(), self.log.last());
        // Entries are of similar size, over a whole log; whole segments round it.
        let share = (bytes.saturating_sub(keep)) as f64 / bytes.max(1) as f64;
        first + ((last + 1).saturating_sub(first) as f64 * share) as u64
    }

    /// What is in the engine, on disk: brought up to `upto` before, unless that takes long.
    fn applied_durably(&self, upto: u64) -> Result<u64, storage::Error> {
        if self.node.config.log_only {
            return Ok(self.node.store.watermark());
        }
        if self.node.store_is_lost.load(Ordering::Acquire) {
            return Ok(0);
        }
        let store = &self.node.store;
        let upto = upto.min(store.watermark());
        self.node.flush_wanted.fetch_max(upto, Ordering::AcqRel);
        let until = Instant::now() + PURGE_FLUSH_WAIT;
        while store.engine_index() < upto && Instant::now() < until && !self.stop.load(Ordering::Acquire) {
            std::thread::sleep(STOP_POLL);
        }
        store.checkpoint()
    }

    /// What every member is known to hold.
    fn floor(&self) -> Option<u64> {
        self.node.steering.status().map(|status| status.floor.get())
    }
}
