//! What a stopped node's folder says of its log: read, not changed.
//!
//! Invariants of a [`NodeLog`]: `runs` ascend, begin at `first` and cover everything up to `last`; entries at or below
//! `committed_at_least` are committed for certain; `memberships` ascend by index, the first is the one in force at the log's
//! base.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use consensus::{EntryKind, Member, Membership, NodeId};
use storage::disk::{FolderLock, lock_folder};
use storage::format::EntryView;
use storage::log::{Log, LogReader, Options, Record};

use super::read_only_disk::ReadOnlyDisk;
use crate::identity::{self, Identity};
use crate::members_file::{self, MembersFile};

/// In a folder while a new cluster is formed of it.
pub(super) const RECOVERY_FILE: &str = "recovery.json";
/// Bytes of entries read at once.
pub(super) const READ_BYTES: usize = 8 << 20;
/// Entries looked at from the end for the newest transaction: behind it are at most empty entries and changes of the members.
const NEWEST_ENTRIES_MAX: u64 = 1_000;
/// Cache for a look into a store.
const ENGINE_CACHE_BYTES: u64 = 16 << 20;

/// One node's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NodeLog {
    pub(super) folder: PathBuf,
    pub(super) node_id: u64,
    /// Differs from the log's once a recovery has given the node another cluster.
    pub(super) cluster_id: u128,
    pub(super) log_cluster_id: u128,
    /// A recovery was begun with it, and not ended.
    pub(super) is_interrupted: bool,
    pub(super) cluster_name: String,
    /// It has no tables.
    pub(super) is_log_only: bool,
    /// The highest term it has taken part in, and whom it voted for in it; 0 for nobody.
    pub(super) term: u64,
    pub(super) vote: u64,
    /// The first index held, or one past `last`.
    pub(super) first: u64,
    pub(super) last: u64,
    /// Term of the entry before `first`.
    pub(super) base_term: u64,
    /// First index and term of each run of entries of one term.
    pub(super) runs: Vec<(u64, u64)>,
    pub(super) memberships: Vec<(u64, Membership)>,
    pub(super) committed_at_least: u64,
    /// When the newest transaction in the log was made, in microseconds since 1970 UTC.
    pub(super) newest_us: Option<u64>,
}

/// A folder that was opened, and is locked for as long as this lives: the node cannot start meanwhile.
pub(super) struct OpenFolder {
    pub(super) log: NodeLog,
    /// Reads the log's entries.
    pub(super) reader: LogReader,
    _lock: FolderLock,
}

impl NodeLog {
    /// Term of the last entry.
    pub(super) fn last_term(&self) -> u64 {
        self.runs.last().map_or(self.base_term, |(_, term)| *term)
    }

    /// Term of an entry, or of the one before the first.
    pub(super) fn term_at(&self, index: u64) -> Option<u64> {
        if index + 1 == self.first {
            return Some(self.base_term);
        }
        if index < self.first || index > self.last {
            return None;
        }
        self.runs.iter().rev().find(|(first, _)| *first <= index).map(|(_, term)| *term)
    }

    /// The members as of its newest entry.
    pub(super) fn members(&self) -> Option<&Membership> {
        self.memberships.last().map(|(_, membership)| membership)
    }

    /// Itself, as its newest membership has it.
    pub(super) fn own_member(&self) -> Option<&Member> {
        self.members()?.members.iter().find(|member| member.id.get() == self.node_id)
    }
}

/// Opens a stopped node's folder.
///
/// # Errors
/// A message that names the folder: the node runs, the folder is none of a node, or something in it cannot be read.
pub(super) fn open(folder: &Path, with_store: bool) -> Result<OpenFolder, String> {
    let named = |error: storage::Error| format!("{}: {error}", folder.display());
    let no_folder =
        || format!("{} is no data folder of a node: it has no {}", folder.display(), identity::FILE_NAME);
    if !folder.is_dir() {
        return Err(format!("{} is no folder", folder.display()));
    }
    // Before the lock, which would make a file in a folder that is none of ours.
    let found = identity::read(folder)?.ok_or_else(no_folder)?;
    let lock = lock_folder(folder).map_err(|error| match error {
        storage::Error::FolderInUse { .. } => {
            format!("{error}: a node runs there; recovery is for nodes that are stopped")
        }
        other => named(other),
    })?;
    let log_cluster_id = identity::parse_id("log_cluster_id", &found.log_cluster_id)?;
    let disk = Arc::new(ReadOnlyDisk::default());
    let options = Options { marked_kind: Some(EntryKind::Membership.code()), ..Options::new(log_cluster_id) };
    let opened = Log::open(disk, &folder.join("log"), options).map_err(named)?;
    let reader = opened.log.reader();
    let applied = if with_store { store_state(folder)?.applied } else { 0 };
    let log = NodeLog {
        folder: folder.to_owned(),
        node_id: found.node_id,
        cluster_id: identity::parse_id("cluster_id", &found.cluster_id)?,
        log_cluster_id,
        is_interrupted: folder.join(RECOVERY_FILE).exists(),
        cluster_name: found.cluster_name.clone(),
        is_log_only: found.log_only,
        term: opened.hard_state.term,
        vote: opened.hard_state.vote,
        first: opened.first,
        last: opened.last,
        base_term: opened.base_term,
        runs: opened.term_runs,
        memberships: memberships(folder, &found, opened.first - 1, &opened.marked)?,
        // Only committed entries are ever purged, or written to the store.
        committed_at_least: (opened.first - 1).max(applied),
        newest_us: newest_us(&reader).map_err(named)?,
    };
    Ok(OpenFolder { log, reader, _lock: lock })
}

/// What a store is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StoreState {
    /// Every committed entry up to here is in it.
    pub(super) applied: u64,
    /// A snapshot is only half in it.
    pub(super) is_replacing: bool,
}

/// Looks into a node's store. Opening it may tidy its files up, as a start does.
///
/// # Errors
/// When it cannot be opened.
pub(super) fn store_state(folder: &Path) -> Result<StoreState, String> {
    let path = folder.join("store");
    if !path.is_dir() {
        return Ok(StoreState { applied: 0, is_replacing: false });
    }
    let Some(found) = identity::read(folder)? else {
        return Err(format!("{} holds a store but no {}", folder.display(), identity::FILE_NAME));
    };
    let engine = found
        .engine
        .kind()
        .open(&path, ENGINE_CACHE_BYTES)
        .map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(StoreState { applied: engine.applied(), is_replacing: engine.is_replacing() })
}

/// The membership at the log's base, and those in the log.
fn memberships(
    folder: &Path,
    found: &Identity,
    base: u64,
    marked: &[Record],
) -> Result<Vec<(u64, Membership)>, String> {
    let at_base = match MembersFile::open(folder)?.at(base) {
        Some((index, membership)) => (index.get(), membership),
        None if base == 0 => (0, founding(found)?),
        None => {
            return Err(format!(
                "{} has no members for the log's beginning at index {base}: restore that file",
                folder.join(members_file::FILE_NAME).display()
            ));
        }
    };
    let mut memberships = vec![at_base];
    for record in marked {
        let membership = consensus::decode_membership(&record.payload)
            .map_err(|error| format!("{}: log entry {}: {error}", folder.display(), record.index))?;
        memberships.push((record.index, membership));
    }
    Ok(memberships)
}

/// The members that the cluster was formed with.
fn founding(found: &Identity) -> Result<Membership, String> {
    let mut membership = Membership::default();
    for peer in &found.peers {
        let id = NodeId::try_new(peer.id).ok_or("a node id is 0 in the identity file")?;
        let voter = Member::voter(id, peer.peer_address.clone(), peer.sql_address.clone());
        membership.members.push(Member {
            is_log_only: peer.log_only,
            weight: peer.weight.unwrap_or(voter.weight),
            is_strong_sync: peer.strong_sync,
            ..voter
        });
    }
    membership.members.sort_by_key(|member| member.id);
    Ok(membership)
}

/// When the newest transaction of the log was made.
fn newest_us(reader: &LogReader) -> storage::Result<Option<u64>> {
    let last = reader.last();
    let from = reader.first().max((last + 1).saturating_sub(NEWEST_ENTRIES_MAX));
    for index in (from..=last).rev() {
        let Some(record) = reader.read(index, index, READ_BYTES)?.pop() else { continue };
        if record.kind == EntryKind::Data.code() {
            return Ok(Some(EntryView::parse(record.payload)?.header().commit_time_us));
        }
    }
    Ok(None)
}
