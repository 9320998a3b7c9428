//! Brings committed entries into the store, in order, and moves the watermark.
//!
//! On the leader the versions are installed already (see [`super::sequencer`]) and only the watermark moves; on a follower,
//! and for what a new leader finds in its log, they are installed here. A schema change replaces the shared catalog before the
//! watermark passes it, so a session that was told OK sees it. A log-only node has nothing to install: it only follows the commit index.
//!
//! When the log was replaced by the end of a snapshot, what is still to be applied is in the snapshot: the apply waits for the order to
//! load it ([`ApplyOrder::Replace`]), which comes before any commit behind it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use consensus::{Entry, EntryKind};
use sql::catalog::Catalog;
use storage::format::{EntryView, Mutation};

use super::Node;
use super::entry_cache::EntryCache;
use crate::limits::{APPLY_BATCH_BYTES_MAX, APPLY_BATCH_ENTRIES_MAX};

/// What the consensus thread tells the apply, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplyOrder {
    /// Apply up to here.
    Commit(u64),
    /// Load the staged snapshot, which ends with this entry.
    Replace {
        /// Its index.
        index: u64,
        /// Its term.
        term: u64,
    },
}

/// The apply's own state; one a node, on one thread.
pub struct Applier {
    node: Arc<Node>,
    cache: Arc<EntryCache>,
    /// Applied up to here; equals the store's watermark between calls.
    applied: u64,
    /// Whether the catalog was read from the store; until then the replay has not reached what the engine holds.
    catalog_loaded: bool,
    /// Term of the last applied entry; 0 before the first.
    term: u64,
}

impl Applier {
    /// Goes on where the store stands.
    #[must_use]
    pub fn new(node: Arc<Node>, cache: Arc<EntryCache>) -> Applier {
        let applied = node.store.watermark();
        Applier { node, cache, applied, catalog_loaded: false, term: 0 }
    }

    /// Applied up to here.
    #[must_use]
    pub fn applied(&self) -> u64 {
        self.applied
    }

    /// Reads the catalog once the store can be read: at the start, or after a crash when the replay is far enough.
    ///
    /// # Errors
    /// When the catalog cannot be read or decoded.
    pub fn load_catalog(&mut self) -> Result<(), storage::Error> {
        if !self.catalog_loaded
            && self.node.store.is_ready()
            && !self.node.store_is_lost.load(Ordering::Acquire)
        {
            let catalog = Catalog::load(&self.node.store)
                .map_err(|error| storage::Error::Engine(format!("the catalog cannot be read: {error}")))?;
            sql::catalog::estimate::refresh(&catalog, &self.node.store)
                .map_err(|error| storage::Error::Engine(format!("a table cannot be read: {error}")))?;
            *self.node.catalog.write() = Arc::new(catalog);
            self.catalog_loaded = true;
            self.node.catalog_known.store(true, Ordering::Release);
        }
        Ok(())
    }

    /// Applies one batch of entries towards `commit`; true when something is left.
    ///
    /// # Errors
    /// When an entry cannot be read or decoded: the node must stop, for it cannot skip it.
    pub fn apply_batch(&mut self, commit: u64) -> Result<bool, storage::Error> {
        if self.applied >= commit || self.node.store_is_lost.load(Ordering::Acquire) {
            return Ok(false);
        }
        if self.node.config.log_only {
            self.applied = commit;
            self.node.store.advance(commit);
            self.node.stages.applied(commit);
            return Ok(false);
        }
        let last = commit.min(self.applied + APPLY_BATCH_ENTRIES_MAX);
        let entries = match self.cache.read(self.applied + 1, last, APPLY_BATCH_BYTES_MAX) {
            // The log was replaced meanwhile: the snapshot has them.
            Err(storage::Error::NotInLog { .. }) if self.cache.base() > self.applied => return Ok(false),
            read => read?,
        };
        for entry in &entries {
            self.apply(entry)?;
        }
        self.node.store.advance(self.applied);
        self.node.stages.applied(self.applied);
        self.load_catalog()?;
        Ok(self.applied < commit)
    }

    /// Loads a snapshot that ends with this entry in place of all there is.
    ///
    /// # Errors
    /// When the chunks cannot be read, or the store cannot be written: the node must stop, and loads it again when it starts.
    pub fn replace(
        &mut self,
        index: u64,
        term: u64,
        chunks: &mut dyn Iterator<Item = Result<bytes::Bytes, storage::Error>>,
    ) -> Result<(), storage::Error> {
        assert!(index >= self.applied || !self.catalog_loaded, "a snapshot does not go back");
        self.node.decided.jumps(self.applied, index, term);
        if self.node.config.log_only {
            self.node.store.advance(index.max(self.node.store.watermark()));
        } else {
            self.node.catalog_known.store(false, Ordering::Release);
            self.node.store.replace(index, chunks)?;
            self.node.store_replacements.fetch_add(1, Ordering::AcqRel);
        }
        self.node.sequencer.replaced();
        self.node.sequencer.claim_install(index);
        self.applied = index;
        self.node.stages.applied(index);
        self.term = term;
        self.catalog_loaded = false;
        self.node.store_is_lost.store(false, Ordering::Release);
        self.load_catalog()
    }

    fn apply(&mut self, entry: &Entry) -> Result<(), storage::Error> {
        let index = entry.index.get();
        assert!(index == self.applied + 1, "entries are applied in order");
        if entry.term.get() != self.term {
            self.term = entry.term.get();
            self.node.decided.begins(index, self.term);
        }
        let install = self.node.sequencer.claim_install(index);
        if entry.kind == EntryKind::Data {
            let view = EntryView::parse(entry.payload.clone())?;
            let schema_change = view.header().kind == storage::format::EntryKind::SchemaChange;
            if install || schema_change {
                let mutations = view.mutations().collect::<Result<Vec<Mutation>, _>>()?;
                if install {
                    self.node.store.install(index, &mutations);
                }
                if self.catalog_loaded {
                    self.apply_catalog(&mutations, index)?;
                }
            }
        }
        self.applied = index;
        Ok(())
    }

    fn apply_catalog(&self, mutations: &[Mutation], index: u64) -> Result<(), storage::Error> {
        let current = self.node.catalog();
        let changed = current.apply(mutations).map_err(|error| storage::Error::Corrupt {
            file: "log".into(),
            offset: 0,
            what: format!("entry {index}: {error}"),
        })?;
        if let Some(catalog) = changed {
            // Whoever plans with the new schema must find in his snapshot what it refers to: the entries of an index are in
            // the log before it, and may be in this batch.
            self.node.store.advance(index - 1);
            *self.node.catalog.write() = Arc::new(catalog);
        }
        Ok(())
    }
}
