//! Brings committed entries into the store, in order, and moves the watermark.
//!
//! On the leader the versions are installed already (see [`super::sequencer`]) and only the watermark moves; on a follower,
//! and for what a new leader finds in its log, they are installed here. A schema change replaces the shared catalog before the
//! watermark passes it, so a session that was told OK sees it. A log-only node has nothing to install: it only follows the commit index.
//!
//! A batch of entries is taken apart, sorted by the parts of the store that its versions go to, installed by several threads
//! (`replica_parallel_workers`), and then the watermark moves once: readers see one point in the log, and no conflict has to be looked
//! for. A schema change is a barrier in the batch.
//!
//! When the log was replaced by the end of a snapshot, what is still to be applied is in the snapshot: the apply waits for the order to
//! load it ([`ApplyOrder::Replace`]), which comes before any commit behind it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use consensus::{Entry, EntryKind};
use sql::catalog::Catalog;
use storage::format::{EntryView, Mutation};
use storage::seeded_bugs::SeededBug;
use storage::version::InstallBatch;

use super::Node;
use super::entry_cache::EntryCache;
use crate::limits::{
    APPLY_BATCH_BYTES_MAX, APPLY_BATCH_ENTRIES_MAX, APPLY_INLINE_ENTRIES_MAX, APPLY_ROOM_WAIT,
    PART_ROOM_PAUSE,
};

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

/// Installs a batch in the store, with as many threads as there are for it; returns when all of it is installed.
pub type Install = Box<dyn FnMut(InstallBatch) + Send>;

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
    install: Install,
}

impl Applier {
    /// Goes on where the store stands.
    #[must_use]
    pub fn new(node: Arc<Node>, cache: Arc<EntryCache>, install: Install) -> Applier {
        let applied = node.store.watermark();
        Applier { node, cache, applied, catalog_loaded: false, term: 0, install }
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
            let mut catalog = Catalog::load(&self.node.store)
                .map_err(|error| storage::Error::Engine(format!("the catalog cannot be read: {error}")))?;
            sql::catalog::estimate::refresh(&catalog, &self.node.store)
                .map_err(|error| storage::Error::Engine(format!("a table cannot be read: {error}")))?;
            if self.node.config.log_only {
                // It has no tables: the accounts are its own.
                catalog.accounts = Arc::clone(&self.node.catalog().accounts);
            }
            self.node.logins.accounts_are(&catalog.accounts, self.node.store.watermark());
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
        self.wait_for_room();
        let last = commit.min(self.applied + APPLY_BATCH_ENTRIES_MAX);
        let entries = match self.cache.read(self.applied + 1, last, APPLY_BATCH_BYTES_MAX) {
            // The log was replaced meanwhile: the snapshot has them.
            Err(storage::Error::NotInLog { .. }) if self.cache.base() > self.applied => return Ok(false),
            read => read?,
        };
        if let Some(last) = entries.last() {
            let first_new = self.node.sequencer.claim_install(last.index.get());
            let mut batch = InstallBatch::default();
            for entry in &entries {
                self.apply(entry, first_new, &mut batch)?;
            }
            self.install(batch);
        }
        self.node.store.advance(self.applied);
        self.node.stages.applied(self.applied);
        self.load_catalog()?;
        Ok(self.applied < commit)
    }

    /// Moves the watermark to `commit` if that is all there is to do for a few entries: those of transactions that this node, leading, has
    /// installed when they took their places. For the consensus thread, which spares the sessions that wait the way through the apply's;
    /// more than a few are left to that, because waking their sessions takes time.
    pub fn advance_leading(&mut self, commit: u64) -> bool {
        let count = commit.saturating_sub(self.applied);
        if count == 0
            || count > APPLY_INLINE_ENTRIES_MAX
            || !self.catalog_loaded
            || !self.node.sequencer.needs_no_apply(self.applied, commit, self.term)
        {
            return false;
        }
        self.applied = commit;
        self.node.store.advance(commit);
        self.node.stages.applied(commit);
        true
    }

    /// What is in the log is always installed, but a follower whose write-behind is slower than its leader's must not fill its memory:
    /// it waits a while, for which the log holds the entries. A leader's versions are in memory already.
    fn wait_for_room(&self) {
        let deadline = std::time::Instant::now() + APPLY_ROOM_WAIT;
        while self.node.sequencer.term().is_none()
            && self.node.store.memory_bytes() >= self.node.store.memory_bytes_max()
            && std::time::Instant::now() < deadline
        {
            std::thread::sleep(PART_ROOM_PAUSE);
        }
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

    /// Adds what an entry changes to `batch`, unless it is installed already. A schema change is a barrier: everything up to it is
    /// installed before the schema is replaced.
    fn apply(
        &mut self,
        entry: &Entry,
        first_new: u64,
        batch: &mut InstallBatch,
    ) -> Result<(), storage::Error> {
        let index = entry.index.get();
        assert!(index == self.applied + 1, "entries are applied in order");
        if entry.term.get() != self.term {
            self.term = entry.term.get();
            self.node.decided.begins(index, self.term);
        }
        let is_new = index >= first_new;
        if entry.kind == EntryKind::Data {
            let view = EntryView::parse(entry.payload.clone())?;
            let is_schema_change = view.header().kind == storage::format::EntryKind::SchemaChange;
            if is_new || is_schema_change {
                let mutations = view.mutations().collect::<Result<Vec<Mutation>, _>>()?;
                if is_new {
                    mutations.iter().for_each(|mutation| batch.add(index, mutation.clone()));
                }
                // Also of transactions: the counters of AUTO_INCREMENT and of hidden rows are among their mutations.
                if self.catalog_loaded && (is_schema_change || !SeededBug::AutoIncrementReused.is_made()) {
                    self.apply_catalog(&mutations, index, batch)?;
                }
            }
        }
        self.applied = index;
        Ok(())
    }

    fn install(&mut self, batch: InstallBatch) {
        if batch.count() > 0 {
            (self.install)(batch);
        }
    }

    /// Takes in what an entry changes of the schema and its counters.
    fn apply_catalog(
        &mut self,
        mutations: &[Mutation],
        index: u64,
        batch: &mut InstallBatch,
    ) -> Result<(), storage::Error> {
        let current = self.node.catalog();
        let changed = current.apply(mutations).map_err(|error| storage::Error::Corrupt {
            file: "log".into(),
            offset: 0,
            what: format!("entry {index}: {error}"),
        })?;
        if let Some(catalog) = changed {
            self.install(std::mem::take(batch));
            // Whoever plans with the new schema must find in his snapshot what it refers to: the entries of an index are in
            // the log before it, and may be in this batch.
            self.node.store.advance(index - 1);
            self.node.logins.accounts_are(&catalog.accounts, index);
            *self.node.catalog.write() = Arc::new(catalog);
            self.node.events.wake();
        }
        Ok(())
    }
}
