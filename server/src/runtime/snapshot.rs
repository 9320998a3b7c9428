//! Snapshots of the tables: given to other nodes, and fetched from them.
//!
//! A node whose log cannot be continued (what it needs was purged everywhere) fetches a snapshot: the bytes are staged in a folder of
//! its own, whole and synced, before the consensus thread hears of them. The core then replaces the log
//! ([`consensus::Effect::Reset`]); once that is durable the apply loads the staged rows. A crash in between is made good at the next
//! start: a staged snapshot at the log's base, with a store behind it, is loaded again; any other is thrown away.
//!
//! Left out: how the bytes travel ([`super::peer`]).

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use consensus::{LogIndex, NodeId, Term};
use parking_lot::Mutex;
use storage::log::LogReader;

use super::driver::Event;
use super::peer::{LinkContext, SnapshotReader, SnapshotSource, StagedSnapshot, spawn_fetch};
use crate::limits::SNAPSHOT_CHUNK_BYTES;
use crate::node::Node;

/// Name of the folder, in the data folder, that fetched snapshots are staged in.
const STAGED_FOLDER: &str = "snapshot-in";
/// Name of the folder that snapshots for others pass through.
pub const OUT_FOLDER: &str = "snapshot-out";

/// What this node fetches.
pub struct Snapshots {
    folder: PathBuf,
    context: OnceLock<LinkContext>,
    is_fetching: AtomicBool,
    staged: Mutex<Option<StagedSnapshot>>,
}

impl Snapshots {
    /// Nothing is fetched yet.
    #[must_use]
    pub fn new(data: &std::path::Path) -> Snapshots {
        Snapshots {
            folder: data.join(STAGED_FOLDER),
            context: OnceLock::new(),
            is_fetching: AtomicBool::new(false),
            staged: Mutex::new(None),
        }
    }

    /// How other nodes are reached. To be said before anything is fetched.
    pub fn connect(&self, context: LinkContext) {
        let _ = self.context.set(context);
    }

    /// A snapshot that was whole on disk when the process ended, if it is one that ends with `base`; any other is removed, unless it
    /// can be continued.
    pub fn found(&self, base: u64) -> Option<StagedSnapshot> {
        let found = StagedSnapshot::open(&self.folder)?;
        if found.index == base {
            return Some(found);
        }
        found.remove();
        None
    }

    /// Keeps a snapshot that was found at the start for the apply. Until it is loaded none is fetched: that would be staged in the same
    /// folder.
    pub fn keep_found(&self, snapshot: StagedSnapshot) {
        self.is_fetching.store(true, Ordering::Release);
        self.keep(snapshot);
    }

    /// Keeps a staged snapshot for the apply.
    fn keep(&self, snapshot: StagedSnapshot) {
        *self.staged.lock() = Some(snapshot);
    }

    /// The staged snapshot, for loading it.
    pub fn take(&self) -> Option<StagedSnapshot> {
        self.staged.lock().take()
    }

    /// Fetches a snapshot from `from`, else from `leader`, unless one is being fetched.
    pub fn fetch(self: &Arc<Self>, node: &Node, from: NodeId, leader: NodeId, at_least: u64) {
        let Some(context) = self.context.get() else { return };
        if self.is_fetching.swap(true, Ordering::AcqRel) {
            return;
        }
        let mut sources: Vec<(NodeId, String)> = Vec::new();
        // After the two that the core names, any other that keeps tables.
        let members = node.members.in_force();
        for id in [from, leader].into_iter().chain(members.members.iter().map(|member| member.id)) {
            let member = members.members.iter().find(|member| member.id == id);
            if let Some(member) = member.filter(|member| !member.is_log_only || node.config.log_only)
                && id.get() != node.config.node_id
                && sources.iter().all(|(known, _)| *known != id)
            {
                sources.push((id, node.config.route(id.get(), &member.peer_address)));
            }
        }
        if sources.is_empty() {
            self.is_fetching.store(false, Ordering::Release);
            return;
        }
        node.cluster.event(format!(
            "fetching a snapshot from node {} (at least index {at_least})",
            sources[0].0.get()
        ));
        let this = Arc::clone(self);
        let done = Box::new(move |result| this.fetched(result));
        let spawned =
            spawn_fetch(context, sources, self.folder.clone(), at_least, node.config.log_only, done);
        if let Err(error) = spawned {
            self.is_fetching.store(false, Ordering::Release);
            tracing::warn!("cannot fetch a snapshot: {error}");
        }
    }

    fn fetched(&self, result: Result<StagedSnapshot, String>) {
        let offered = result.and_then(|snapshot| {
            let membership = consensus::decode_membership(&snapshot.membership).map_err(|error| {
                // Else it would be found here the next time, and the time after that.
                snapshot.remove();
                format!("its members cannot be read: {error}")
            })?;
            let event = Event::SnapshotStaged {
                base: (LogIndex::new(snapshot.index), Term::new(snapshot.term)),
                membership: (LogIndex::new(snapshot.membership_index), membership),
            };
            self.keep(snapshot);
            Ok(event)
        });
        match (offered, self.context.get()) {
            // The consensus thread is gone only while the node stops.
            (Ok(event), Some(context)) => drop(context.events.send(event)),
            (Ok(_), None) => {}
            (Err(error), _) => {
                tracing::warn!("a snapshot could not be fetched: {error}");
                self.is_fetching.store(false, Ordering::Release);
            }
        }
    }

    /// The core has been told of the staged snapshot, and takes it or does not.
    pub fn staged_was_offered(&self, is_taken: bool) {
        if !is_taken && let Some(snapshot) = self.take() {
            tracing::info!(index = snapshot.index, "a fetched snapshot was no longer needed");
            snapshot.remove();
            self.is_fetching.store(false, Ordering::Release);
        }
    }

    /// The staged snapshot is loaded.
    pub fn loaded(&self, snapshot: StagedSnapshot) {
        snapshot.remove();
        self.is_fetching.store(false, Ordering::Release);
    }
}

/// What this node gives.
pub struct Source {
    node: Arc<Node>,
    log: LogReader,
}

impl Source {
    /// Of this node's store and log.
    #[must_use]
    pub fn new(node: Arc<Node>, log: LogReader) -> Source {
        Source { node, log }
    }
}

impl SnapshotSource for Source {
    fn open(&self, at_least: u64, is_log_only: bool) -> Result<SnapshotReader, String> {
        let node = &self.node;
        if node.store_is_lost.load(Ordering::Acquire) {
            return Err("this node's tables are being fetched themselves".into());
        }
        if node.config.log_only && !is_log_only {
            return Err("this node keeps no tables".into());
        }
        let export =
            if is_log_only { None } else { Some(node.store.export().map_err(|error| error.to_string())?) };
        let index = export.as_ref().map_or_else(|| node.store.watermark(), |export| export.index());
        if index < at_least {
            return Err(format!("this node has applied entries up to {index} only, not {at_least}"));
        }
        let term = self.log.term(index).ok_or("this node's log does not reach back to its own snapshot")?;
        let (membership_index, membership) =
            node.members.at(index).ok_or("the members at that index are not known here")?;
        let mut encoded = Vec::new();
        consensus::encode_membership(&membership, &mut encoded);
        let mut export = export;
        let next = move || -> Result<Option<Bytes>, String> {
            match &mut export {
                Some(export) => export.next(SNAPSHOT_CHUNK_BYTES).map_err(|error| error.to_string()),
                None => Ok(None),
            }
        };
        Ok(SnapshotReader {
            snapshot_id: rand::random::<u128>().max(1),
            index,
            term,
            membership_index,
            membership: encoded.into(),
            next: Box::new(next),
        })
    }
}
