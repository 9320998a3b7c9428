//! [`FjallEngine`]: the engine on fjall's trees (the crate lsm-tree 3.1), a log-structured merge tree.
//!
//! # How lsm-tree is used, and why so
//!
//! * **The tree alone, without fjall's journal.** The consensus log is the journal of everything, so nothing is
//!   written twice.
//! * **A large batch becomes a table at once.** It is sorted already, and the store's versions were its memtable: a second
//!   one would be a search and an allocation a row for nothing. It is durable when [`write`](Engine::write) returns.
//! * **Small batches gather in the tree's memtable**, which is written out as a table once it has [`FJALL_MEMTABLE_BYTES`],
//!   before the next large batch, and at a [`checkpoint`](Engine::checkpoint).
//! * **Prefixes.** Both ways the notes go with the rows, and the tree takes a table in as a whole, in the order of the batches: a
//!   crash leaves a prefix of the batches, with the notes of its end.
//! * **Compaction is done by who writes**, after a table was written: the write-behind thread has nobody waiting
//!   for it, and the store's memory bound tells sessions to wait should it fall behind.
//! * **Readers see the newest of everything** (sequence number `MAX`): versions for snapshots are the store's business, and
//!   compaction may drop all but the newest.
//! * **Damage.** Each block has a checksum that is checked when it is read from disk. Damage is an [`Error::Engine`] that
//!   says that the folder can be removed, and is remembered in the folder; a panic of the tree's counts as such.
//!
//! A row is stored as its stamp (8 bytes, big endian) and the value; the notes are a row with a key shorter than any other.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use lsm_tree::compaction::Leveled;
use lsm_tree::{AbstractTree, AnyTree, Cache, Config, Guard, IterGuardImpl, SequenceNumberCounter};
use parking_lot::Mutex;

use super::notes::{
    NOTES_KEY, Notes, Progress, STAMP_BYTES, check_undamaged, deletions, mark_damaged, unusable,
};
use super::{Direction, Engine, EngineScan, EngineWrite, KeyRange, Slice};
use crate::limits::{
    ENGINE_CACHE_BYTES_DEFAULT, ENGINE_DELETE_KEYS_MAX, FJALL_KEY_BYTES_MAX, FJALL_MEMTABLE_BYTES,
    FJALL_MERGES_MAX, FJALL_SORTED_BYTES_MIN, FJALL_TABLE_BYTES, FJALL_UNSORTED_TABLES_MAX,
};
use crate::{Error, Result};

/// Readers see everything below this sequence number.
const NEWEST: u64 = u64::MAX;

/// What can be chosen about a [`FjallEngine`].
#[derive(Clone, Copy, Debug)]
pub struct FjallOptions {
    /// Bound of the cache of blocks, in bytes. Memtables and the tables' indexes come on top.
    pub cache_bytes: u64,
}

impl Default for FjallOptions {
    fn default() -> FjallOptions {
        FjallOptions { cache_bytes: ENGINE_CACHE_BYTES_DEFAULT }
    }
}

/// The engine on fjall's trees. The module's documentation says how they are used.
pub struct FjallEngine {
    tree: AnyTree,
    /// Of the next batch; shared with the tree, which takes numbers for its own purposes.
    sequence: SequenceNumberCounter,
    visible: SequenceNumberCounter,
    folder: PathBuf,
    cache_bytes: u64,
    /// Moved under `writing`.
    progress: Progress,
    writing: Mutex<()>,
}

impl FjallEngine {
    /// Opens the engine in `folder`, which is made if it does not exist.
    pub fn open(folder: &Path, options: FjallOptions) -> Result<FjallEngine> {
        std::fs::create_dir_all(folder).map_err(|error| Error::io("make the folder", folder, error))?;
        check_undamaged(folder)?;
        let (sequence, visible) = (SequenceNumberCounter::default(), SequenceNumberCounter::default());
        let cache = Arc::new(Cache::with_capacity_bytes(options.cache_bytes));
        let opened = catch_unwind(AssertUnwindSafe(|| {
            let tree = Config::new(folder.join("tree"), sequence.clone(), visible.clone())
                .use_cache(cache)
                .open()?;
            let notes = tree.get(NOTES_KEY, NEWEST)?;
            Ok::<_, lsm_tree::Error>((tree, notes))
        }));
        let (tree, stored) = match opened {
            Ok(Ok(opened)) => opened,
            // The operating system refused: that says nothing about what is in the folder.
            Ok(Err(lsm_tree::Error::Io(source))) if !is_damage(&source) => {
                return Err(Error::io("open", folder, source));
            }
            Ok(Err(error)) => return Err(unusable(folder, &error.to_string())),
            Err(_) => return Err(unusable(folder, "the tree panicked while it read the files")),
        };
        let next = tree.get_highest_seqno().map_or(1, |highest| highest + 1);
        sequence.fetch_max(next);
        visible.fetch_max(next);
        let notes = Notes::decode(stored.as_deref(), folder)?;
        Ok(FjallEngine {
            tree,
            sequence,
            visible,
            folder: folder.to_owned(),
            cache_bytes: options.cache_bytes,
            progress: Progress::new(notes),
            writing: Mutex::new(()),
        })
    }

    /// Brings the writes and `notes` into the tree.
    fn put(&self, batch: &[EngineWrite], notes: Notes) -> Result<()> {
        let bytes: usize = batch.iter().map(|(key, write)| key.len() + write_bytes(write.as_ref())).sum();
        if bytes >= FJALL_SORTED_BYTES_MIN {
            self.put_table(batch, notes)
        } else {
            self.put_rows(batch, notes)
        }
    }

    /// Makes the writes and `notes` a table, which is durable then, and merges tables if there are many.
    fn put_table(&self, batch: &[EngineWrite], notes: Notes) -> Result<()> {
        guarded(&self.folder, || {
            let mut table = self.tree.ingestion()?;
            // The first of all keys.
            table.write(NOTES_KEY, &notes.encode()[..])?;
            let mut stored = Vec::new();
            for (key, write) in batch {
                match write {
                    Some((stamp, value)) => {
                        join(&mut stored, *stamp, value);
                        table.write(&key[..], &stored[..])?;
                    }
                    None => table.write_tombstone(&key[..])?,
                }
            }
            table.finish()
        })?;
        self.progress.set(notes);
        self.merge_tables()
    }

    /// Puts the writes and `notes` into the memtable, and writes it out when it is large.
    fn put_rows(&self, batch: &[EngineWrite], notes: Notes) -> Result<()> {
        guarded(&self.folder, || {
            let sequence = self.sequence.next();
            let mut stored = Vec::new();
            for (key, write) in batch {
                match write {
                    Some((stamp, value)) => {
                        join(&mut stored, *stamp, value);
                        self.tree.insert(&key[..], &stored[..], sequence)
                    }
                    None => self.tree.remove(&key[..], sequence),
                };
            }
            self.tree.insert(NOTES_KEY, &notes.encode()[..], sequence);
            self.visible.fetch_max(sequence + 1);
            Ok(())
        })?;
        self.progress.set(notes);
        if self.tree.active_memtable().size() >= FJALL_MEMTABLE_BYTES {
            self.write_out()?;
        }
        Ok(())
    }

    /// Writes the memtable out, durably, and merges tables if there are many.
    fn write_out(&self) -> Result<()> {
        guarded(&self.folder, || self.tree.flush_active_memtable(self.visible.get()))?;
        self.merge_tables()
    }

    fn merge_tables(&self) -> Result<()> {
        guarded(&self.folder, || {
            let newest = self.visible.get();
            // Each call does what presses most, which may be a deeper level that has grown too large.
            for _ in 0..FJALL_MERGES_MAX {
                if self.tree.l0_run_count() < usize::from(FJALL_UNSORTED_TABLES_MAX) {
                    break;
                }
                let strategy = Leveled::default()
                    .with_l0_threshold(FJALL_UNSORTED_TABLES_MAX)
                    .with_table_target_size(FJALL_TABLE_BYTES);
                self.tree.compact(Arc::new(strategy), newest)?;
            }
            Ok(())
        })
    }
}

/// Runs what calls the tree; a panic of the tree's is damage.
fn guarded<T>(folder: &Path, call: impl FnOnce() -> Result<T, lsm_tree::Error>) -> Result<T> {
    // The tree's own state may be broken after a panic: the error that comes of it stops the node.
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(lsm_tree::Error::Io(source))) if !is_damage(&source) => Err(Error::io("use", folder, source)),
        Ok(Err(error)) => Err(mark_damaged(folder, &error.to_string())),
        Err(_) => Err(mark_damaged(folder, "the tree panicked")),
    }
}

/// True for what comes of a damaged file: one that ends too early, a table that is not there, a place before a file's beginning.
/// Anything else that the operating system says is no judgement of what is in the folder.
fn is_damage(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{InvalidInput, NotFound};
    error.raw_os_error().is_none() || matches!(error.kind(), NotFound | InvalidInput)
}

fn write_bytes(write: Option<&(u64, Bytes)>) -> usize {
    write.map_or(0, |(_, value)| STAMP_BYTES + value.len())
}

/// Puts together what is stored of a row.
fn join(stored: &mut Vec<u8>, stamp: u64, value: &[u8]) {
    stored.clear();
    stored.extend_from_slice(&stamp.to_be_bytes());
    stored.extend_from_slice(value);
}

/// Takes a stored row apart.
fn split(folder: &Path, stored: lsm_tree::Slice) -> Result<(u64, Slice)> {
    match stored.first_chunk::<STAMP_BYTES>() {
        Some(stamp) => Ok((u64::from_be_bytes(*stamp), Slice::from_fjall(stored, STAMP_BYTES as u32))),
        None => Err(mark_damaged(folder, "a value is shorter than its stamp")),
    }
}

impl Engine for FjallEngine {
    fn get(&self, key: &[u8]) -> Result<Option<(u64, Slice)>> {
        match guarded(&self.folder, || self.tree.get(key, NEWEST))? {
            Some(stored) => split(&self.folder, stored).map(Some),
            None => Ok(None),
        }
    }

    fn scan(&self, range: KeyRange, direction: Direction) -> Box<dyn EngineScan> {
        let folder = self.folder.clone();
        // The notes have a shorter key than any row, and must not be seen.
        let start = if &range.start[..] <= NOTES_KEY { Bytes::from_static(&[0, 0]) } else { range.start };
        let rows = if range.end.is_empty() {
            guarded(&folder, || Ok(self.tree.range(start.., NEWEST, None)))
        } else if start < range.end {
            guarded(&folder, || Ok(self.tree.range(start..range.end, NEWEST, None)))
        } else {
            Ok(Box::new(std::iter::empty()) as Rows)
        };
        Box::new(Scan { rows: Some(rows), direction, folder })
    }

    fn raise_reach(&self, index: u64) -> Result<()> {
        // Noted with the next batch: it has to be on disk before anything above it is, and a table brings both. Under the lock:
        // a checkpoint of another thread's puts the notes as it found them.
        let _writing = self.writing.lock();
        self.progress.raise_reach(index);
        Ok(())
    }

    fn write(&self, batch: &[EngineWrite], applied: u64) -> Result<()> {
        let _writing = self.writing.lock();
        if let Some((key, _)) = batch.iter().find(|(key, _)| key.len() > FJALL_KEY_BYTES_MAX) {
            let bytes_max = FJALL_KEY_BYTES_MAX as u64;
            return Err(Error::TooLarge { what: "a key", bytes: key.len() as u64, bytes_max });
        }
        match self.progress.after(batch, applied) {
            Some(notes) => self.put(batch, notes),
            None => Ok(()),
        }
    }

    fn applied(&self) -> u64 {
        self.progress.applied()
    }

    fn reach(&self) -> u64 {
        self.progress.reach()
    }

    fn delete_range(&self, range: KeyRange, keys_max: usize) -> Result<usize> {
        // One scan for all of it: another would pass over what is deleted again.
        let mut scan = self.scan(range, Direction::Forward);
        let mut count = 0;
        while count < keys_max {
            let step = (keys_max - count).min(ENGINE_DELETE_KEYS_MAX);
            let batch = deletions(&mut *scan, step)?;
            if !batch.is_empty() {
                let _writing = self.writing.lock();
                self.put(&batch, self.progress.notes())?;
            }
            count += batch.len();
            if batch.len() < step {
                break;
            }
        }
        Ok(count)
    }

    fn checkpoint(&self) -> Result<u64> {
        let _writing = self.writing.lock();
        let applied = self.applied();
        if !self.tree.active_memtable().is_empty() {
            self.write_out()?;
        }
        Ok(applied)
    }

    fn begin_replace(&self, index: u64) -> Result<()> {
        let _writing = self.writing.lock();
        self.put(&[], Notes { applied: 0, reach: index, is_replacing: true })?;
        self.write_out()
    }

    fn end_replace(&self) -> Result<()> {
        assert!(self.is_replacing(), "no replacement was begun");
        let _writing = self.writing.lock();
        let reach = self.reach();
        // A table holds the rows before it and the note, or neither.
        self.put(&[], Notes { applied: reach, reach, is_replacing: false })?;
        self.write_out()
    }

    fn is_replacing(&self) -> bool {
        self.progress.is_replacing()
    }

    fn memory_bytes(&self) -> u64 {
        self.cache_bytes
            + self.tree.active_memtable().size()
            + self.tree.pinned_filter_size() as u64
            + self.tree.pinned_block_index_size() as u64
    }

    fn disk_bytes(&self) -> u64 {
        self.tree.disk_space()
    }
}

type Rows = Box<dyn DoubleEndedIterator<Item = IterGuardImpl> + Send + 'static>;

struct Scan {
    /// None at the end, and after an error.
    rows: Option<Result<Rows>>,
    direction: Direction,
    folder: PathBuf,
}

impl EngineScan for Scan {
    fn next(&mut self) -> Result<Option<(Slice, u64, Slice)>> {
        // Put back below, unless this is the end.
        let Some(rows) = self.rows.take() else { return Ok(None) };
        let mut rows = rows?;
        let direction = self.direction;
        let row = guarded(&self.folder, || {
            let row = match direction {
                Direction::Forward => rows.next(),
                Direction::Backward => rows.next_back(),
            };
            row.map(Guard::into_inner).transpose()
        })?;
        let Some((key, stored)) = row else { return Ok(None) };
        let (stamp, value) = split(&self.folder, stored)?;
        self.rows = Some(Ok(rows));
        Ok(Some((Slice::from_fjall(key, 0), stamp, value)))
    }
}
