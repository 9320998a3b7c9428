//! What this node counts and remembers of the cluster, for those who look after it: counters of messages, the last events, the
//! last changes of the members.
//!
//! Written by the consensus thread and the peer links, read by `information_schema.ALISQL_CLUSTER_*`. Nothing here is read back by the
//! protocol. Events are lines of the log as well.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use sql::execute::cluster::{ChangeView, CounterView, EventView};

use super::session::now_us;
use crate::limits::CLUSTER_EVENTS_MAX;

/// See the module.
#[derive(Default)]
pub struct ClusterBoard {
    appends_sent: AtomicU64,
    vote_requests_sent: AtomicU64,
    heartbeats_sent: AtomicU64,
    appends_received: AtomicU64,
    vote_requests_received: AtomicU64,
    heartbeats_received: AtomicU64,
    proposals: AtomicU64,
    /// Term of the log's last entry.
    pub last_log_term: AtomicU64,
    /// Whom this node voted for in its term; zero: nobody.
    pub voted_for: AtomicU64,
    events: Mutex<VecDeque<EventView>>,
    changes: Mutex<VecDeque<ChangeView>>,
}

fn keep<T>(list: &Mutex<VecDeque<T>>, new: T) {
    let mut list = list.lock();
    if list.len() >= CLUSTER_EVENTS_MAX {
        list.pop_front();
    }
    list.push_back(new);
}

impl ClusterBoard {
    /// A message to a peer leaves.
    pub fn sent(&self, message: &consensus::Message) {
        use consensus::Message as M;
        let counter = match message {
            M::Append { .. } | M::Feed { .. } => &self.appends_sent,
            M::PreVote { .. } | M::Vote { .. } => &self.vote_requests_sent,
            M::Heartbeat { .. } => &self.heartbeats_sent,
            _ => return,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Entries for a peer leave.
    pub fn sent_entries(&self) {
        self.appends_sent.fetch_add(1, Ordering::Relaxed);
    }

    /// A message of a peer has come.
    pub fn received(&self, message: &consensus::Message) {
        use consensus::Message as M;
        let counter = match message {
            M::Append { .. } | M::Feed { .. } => &self.appends_received,
            M::PreVote { .. } | M::Vote { .. } => &self.vote_requests_received,
            M::Heartbeat { .. } => &self.heartbeats_received,
            _ => return,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Entries are proposed.
    pub fn proposed(&self, count: usize) {
        self.proposals.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// Something that people should know of.
    pub fn event(&self, event: String) {
        tracing::info!("{event}");
        keep(&self.events, EventView { time_us: now_us(), event });
    }

    /// Other members are in force.
    pub fn change(&self, command: String) {
        keep(&self.changes, ChangeView { time_us: now_us(), command });
    }

    /// The last events, oldest first.
    #[must_use]
    pub fn events(&self) -> Vec<EventView> {
        self.events.lock().iter().cloned().collect()
    }

    /// The last changes, oldest first.
    #[must_use]
    pub fn changes(&self) -> Vec<ChangeView> {
        self.changes.lock().iter().cloned().collect()
    }

    /// The counters; those of log reads are the entry cache's ([`super::entry_cache`]).
    #[must_use]
    pub fn counters(&self) -> CounterView {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        CounterView {
            appends_sent: load(&self.appends_sent),
            vote_requests_sent: load(&self.vote_requests_sent),
            heartbeats_sent: load(&self.heartbeats_sent),
            appends_received: load(&self.appends_received),
            vote_requests_received: load(&self.vote_requests_received),
            heartbeats_received: load(&self.heartbeats_received),
            proposals: load(&self.proposals),
            log_reads_in_memory: 0,
            log_reads: 0,
        }
    }
}
