//! [`RedbEngine`]: the engine on redb 4.5, a copy-on-write B-tree in one file.
//!
//! # How redb is used, and why so
//!
//! * **Commits that are not durable.** Each [`write`](Engine::write) is one redb transaction, rows and notes together,
//!   committed with `Durability::None`: its pages stay in redb's write buffer or go to the file unsynced, and the
//!   durable root does not point to them. A crash therefore leaves the tree exactly as the last
//!   [`checkpoint`](Engine::checkpoint) left it, with the notes of that moment: the simplest prefix there is. Pages that such
//!   commits allocate and free again are used again before any checkpoint; those of the durable tree only after one.
//!   So the file holds the tree twice at worst, and the write-behind thread makes a checkpoint every so often.
//! * **The reach is only noted with the next write.** It has to be in the file before anything above it is, and a
//!   transaction brings both.
//! * **Checkpoints are commits with quick repair**: redb writes down which pages are free, so that opening after a crash does
//!   not read the whole file.
//! * **One read transaction, shared.** After each commit the newest state is opened once for all readers
//!   ([`Rows`]); a point read is one B-tree descent, with no transaction of its own. It keeps the pages of the state before
//!   the newest from being used again, nothing more.
//! * **Scans let go.** A scan holds on to the state it began in, whose pages cannot be used again meanwhile; after
//!   [`REDB_SCAN_ROWS_MAX`] rows it goes on in the newest one, so that a long scan does not make the file grow.
//! * **Values are copied out.** redb's page guards are several times larger than a row's handle; rows are small.
//! * **Damage.** redb checks its pages' checksums only when it repairs, so each row has a checksum of its own, over key,
//!   stamp and value, that is checked whenever the row is read. redb panics on some kinds of damage; reads and writes
//!   catch that. Damage is an [`Error::Engine`] that says that the folder can be removed, and is remembered in the
//!   folder. Not found: rows missing because an inner page was changed in a way that is still a page.
//!
//! A row is stored as its stamp (8 bytes, big endian), the checksum (4 bytes, big endian), and the value.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use parking_lot::{Mutex, RwLock};
use redb::{Database, Durability, ReadOnlyTable, ReadableDatabase, TableDefinition};

use super::notes::{
    NOTES_KEY, Notes, Progress, STAMP_BYTES, check_undamaged, deletions, mark_damaged, unusable,
};
use super::{Direction, Engine, EngineScan, EngineWrite, KeyRange, Slice, key_after};
use crate::disk::{Disk, RealDisk};
use crate::limits::{ENGINE_CACHE_BYTES_DEFAULT, ENGINE_DELETE_KEYS_MAX, REDB_SCAN_ROWS_MAX};
use crate::{Error, Result};

/// The database file in the engine's folder.
const FILE_NAME: &str = "rows.redb";
const ROWS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("rows");
const NOTES: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("notes");
/// Stamp and checksum before each value.
const HEAD_BYTES: usize = STAMP_BYTES + 4;

type Rows = ReadOnlyTable<&'static [u8], &'static [u8]>;

/// What can be chosen about a [`RedbEngine`].
#[derive(Clone, Copy, Debug)]
pub struct RedbOptions {
    /// Bound of redb's page cache, dirty pages included, in bytes.
    pub cache_bytes: u64,
}

impl Default for RedbOptions {
    fn default() -> RedbOptions {
        RedbOptions { cache_bytes: ENGINE_CACHE_BYTES_DEFAULT }
    }
}

/// The engine on redb. The module's documentation says how redb is used.
pub struct RedbEngine {
    newest: Arc<Newest>,
    // After the readers' state: a database that is closed first has to wait for nobody.
    db: Database,
    cache_bytes: u64,
    /// Moved under `writing`.
    progress: Progress,
    /// What `write` has brought is not on disk yet.
    is_dirty: AtomicBool,
    writing: Mutex<()>,
}

/// The state that readers see.
struct Newest {
    /// Replaced after each commit.
    rows: RwLock<Arc<Rows>>,
    folder: PathBuf,
}

impl Newest {
    fn rows(&self) -> Arc<Rows> {
        Arc::clone(&self.rows.read())
    }

    /// Runs what calls redb; a panic of redb's is damage.
    fn guarded<T>(&self, call: impl FnOnce() -> Result<T, redb::Error>) -> Result<T> {
        // redb's own state may be broken after a panic: the error that comes of it stops the node.
        match catch_unwind(AssertUnwindSafe(call)) {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(engine_error(&self.folder, error)),
            Err(_) => Err(mark_damaged(&self.folder, "redb panicked")),
        }
    }

    /// What [`split`] gave, or the error that there is damage.
    fn whole(&self, row: Option<(u64, Slice)>) -> Result<(u64, Slice)> {
        row.ok_or_else(|| mark_damaged(&self.folder, "a row is not what was written"))
    }
}

impl RedbEngine {
    /// Opens the engine in `folder`, which is made if it does not exist.
    pub fn open(folder: &Path, options: RedbOptions) -> Result<RedbEngine> {
        std::fs::create_dir_all(folder).map_err(|error| Error::io("make the folder", folder, error))?;
        check_undamaged(folder)?;
        let path = folder.join(FILE_NAME);
        let is_new = !path.exists();
        let opened = catch_unwind(AssertUnwindSafe(|| {
            let cache_bytes = usize::try_from(options.cache_bytes).unwrap_or(usize::MAX);
            let db = Database::builder().set_cache_size(cache_bytes).create(&path)?;
            let (notes, rows) = prepare(&db)?;
            Ok::<_, redb::Error>((db, notes, rows))
        }));
        let (db, stored, rows) = match opened {
            Ok(Ok(opened)) => opened,
            Ok(Err(error)) => return Err(open_error(folder, error)),
            Err(_) => return Err(unusable(folder, "redb panicked while it read the file")),
        };
        let notes = Notes::decode(stored.as_deref(), folder)?;
        if is_new {
            RealDisk.sync_tree(folder)?;
        }
        Ok(RedbEngine {
            newest: Arc::new(Newest { rows: RwLock::new(Arc::new(rows)), folder: folder.to_owned() }),
            db,
            cache_bytes: options.cache_bytes,
            progress: Progress::new(notes),
            is_dirty: AtomicBool::new(false),
            writing: Mutex::new(()),
        })
    }

    /// Makes the writes and notes `notes`, in one transaction; readers see it when this returns.
    fn commit(&self, batch: &[EngineWrite], notes: Notes, durability: Durability) -> Result<()> {
        self.newest.guarded(|| {
            let mut txn = self.db.begin_write()?;
            txn.set_durability(durability)?;
            txn.set_quick_repair(matches!(durability, Durability::Immediate));
            if !batch.is_empty() {
                write_rows(&txn, batch)?;
            }
            txn.open_table(NOTES)?.insert(NOTES_KEY, &notes.encode()[..])?;
            txn.commit()?;
            let rows = self.db.begin_read()?.open_table(ROWS)?;
            *self.newest.rows.write() = Arc::new(rows);
            Ok(())
        })?;
        self.progress.set(notes);
        self.is_dirty.store(!matches!(durability, Durability::Immediate), Ordering::Release);
        Ok(())
    }
}

/// Makes the tables of a new database; the notes, and the rows as readers see them.
fn prepare(db: &Database) -> Result<(Option<Vec<u8>>, Rows), redb::Error> {
    let exist = match db.begin_read()?.open_table(NOTES) {
        Ok(_) => true,
        Err(redb::TableError::TableDoesNotExist(_)) => false,
        Err(error) => return Err(error.into()),
    };
    if !exist {
        let txn = db.begin_write()?;
        txn.open_table(ROWS)?;
        txn.open_table(NOTES)?;
        txn.commit()?;
    }
    let txn = db.begin_read()?;
    let notes = txn.open_table(NOTES)?.get(NOTES_KEY)?.map(|notes| notes.value().to_vec());
    Ok((notes, txn.open_table(ROWS)?))
}

/// Makes the writes of a batch, in their order.
fn write_rows(txn: &redb::WriteTransaction, batch: &[EngineWrite]) -> Result<(), redb::Error> {
    let mut rows = txn.open_table(ROWS)?;
    let mut stored = Vec::new();
    for (key, write) in batch {
        match write {
            Some((stamp, value)) => {
                join(&mut stored, key, *stamp, value);
                rows.insert(&key[..], &stored[..])?;
            }
            None => {
                rows.remove(&key[..])?;
            }
        }
    }
    Ok(())
}

impl Engine for RedbEngine {
    fn get(&self, key: &[u8]) -> Result<Option<(u64, Slice)>> {
        let rows = self.newest.rows();
        // A guard's value is a part of a page that redb looks up only now: it may not be there.
        match self.newest.guarded(|| Ok(rows.get(key)?.map(|stored| split(key, stored.value()))))? {
            Some(row) => self.newest.whole(row).map(Some),
            None => Ok(None),
        }
    }

    fn scan(&self, range: KeyRange, direction: Direction) -> Box<dyn EngineScan> {
        Box::new(Scan { newest: Arc::clone(&self.newest), range, direction, rows: None, rows_left: 0 })
    }

    fn raise_reach(&self, index: u64) -> Result<()> {
        // A checkpoint of another thread's puts the notes as it found them.
        let _writing = self.writing.lock();
        self.progress.raise_reach(index);
        Ok(())
    }

    fn write(&self, batch: &[EngineWrite], applied: u64) -> Result<()> {
        let _writing = self.writing.lock();
        match self.progress.after(batch, applied) {
            Some(notes) => self.commit(batch, notes, Durability::None),
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
        let mut count = 0;
        while count < keys_max {
            let step = (keys_max - count).min(ENGINE_DELETE_KEYS_MAX);
            let batch = deletions(&mut *self.scan(range.clone(), Direction::Forward), step)?;
            if !batch.is_empty() {
                let _writing = self.writing.lock();
                self.commit(&batch, self.progress.notes(), Durability::None)?;
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
        let notes = self.progress.notes();
        if self.is_dirty.load(Ordering::Acquire) {
            self.commit(&[], notes, Durability::Immediate)?;
        }
        Ok(notes.applied)
    }

    fn begin_replace(&self, index: u64) -> Result<()> {
        let _writing = self.writing.lock();
        let notes = Notes { applied: 0, reach: index, is_replacing: true };
        self.commit(&[], notes, Durability::Immediate)
    }

    fn end_replace(&self) -> Result<()> {
        assert!(self.is_replacing(), "no replacement was begun");
        let _writing = self.writing.lock();
        let reach = self.reach();
        // One commit makes the rows durable and takes the note back.
        self.commit(&[], Notes { applied: reach, reach, is_replacing: false }, Durability::Immediate)
    }

    fn is_replacing(&self) -> bool {
        self.progress.is_replacing()
    }

    fn memory_bytes(&self) -> u64 {
        self.cache_bytes
    }

    fn disk_bytes(&self) -> u64 {
        std::fs::metadata(self.newest.folder.join(FILE_NAME)).map_or(0, |file| file.len())
    }
}

struct Scan {
    newest: Arc<Newest>,
    /// What is still to be read.
    range: KeyRange,
    direction: Direction,
    /// None: to be opened, or at the end.
    rows: Option<redb::Range<'static, &'static [u8], &'static [u8]>>,
    /// Rows until it is opened anew.
    rows_left: usize,
}

impl Scan {
    fn open(&mut self) -> Result<()> {
        let rows = self.newest.rows();
        let start = &self.range.start[..];
        let opened = self.newest.guarded(|| {
            Ok(match &self.range.end[..] {
                [] => rows.range(start..)?,
                end => rows.range(start..end)?,
            })
        })?;
        self.rows = Some(opened);
        self.rows_left = REDB_SCAN_ROWS_MAX;
        Ok(())
    }

    fn end(&mut self) {
        self.rows = None;
        self.range = KeyRange::new(Bytes::from_static(&[1]), Bytes::from_static(&[0]));
    }
}

impl EngineScan for Scan {
    fn next(&mut self) -> Result<Option<(Slice, u64, Slice)>> {
        if self.rows.is_none() {
            if self.range.is_empty() {
                return Ok(None);
            }
            self.open()?;
        }
        let Some(rows) = &mut self.rows else { return Ok(None) };
        let direction = self.direction;
        let next = self.newest.guarded(|| {
            let row = match direction {
                Direction::Forward => rows.next(),
                Direction::Backward => rows.next_back(),
            };
            let Some((key, stored)) = row.transpose()? else { return Ok(None) };
            let key = key.value();
            Ok(Some((Slice::from(key), split(key, stored.value()))))
        });
        let (key, row) = match next {
            Ok(Some(row)) => row,
            Ok(None) => {
                self.end();
                return Ok(None);
            }
            Err(error) => {
                self.end();
                return Err(error);
            }
        };
        let (stamp, value) = self.newest.whole(row)?;
        self.rows_left -= 1;
        if self.rows_left == 0 {
            self.rows = None;
            match direction {
                Direction::Forward => self.range.start = key_after(&key),
                Direction::Backward => self.range.end = Bytes::copy_from_slice(&key),
            }
        }
        Ok(Some((key, stamp, value)))
    }
}

/// What is stored of a row, into `stored`.
fn join(stored: &mut Vec<u8>, key: &[u8], stamp: u64, value: &[u8]) {
    stored.clear();
    stored.extend_from_slice(&stamp.to_be_bytes());
    stored.extend_from_slice(&checksum(key, &stamp.to_be_bytes(), value).to_be_bytes());
    stored.extend_from_slice(value);
}

/// Undoes [`join`]; none if it is not what was stored under `key`.
fn split(key: &[u8], stored: &[u8]) -> Option<(u64, Slice)> {
    let (stamp, rest) = stored.split_first_chunk::<STAMP_BYTES>()?;
    let (sum, value) = rest.split_first_chunk::<{ HEAD_BYTES - STAMP_BYTES }>()?;
    (checksum(key, stamp, value) == u32::from_be_bytes(*sum))
        .then(|| (u64::from_be_bytes(*stamp), Slice::from(value)))
}

fn checksum(key: &[u8], stamp: &[u8], value: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key);
    hasher.update(stamp);
    hasher.update(value);
    hasher.finalize()
}

/// Why the database did not open.
fn open_error(folder: &Path, error: redb::Error) -> Error {
    match error {
        redb::Error::DatabaseAlreadyOpen => {
            Error::FolderInUse { folder: folder.to_owned(), owner: "its lock does not say which".into() }
        }
        // The operating system refused: that says nothing about what is in the file.
        redb::Error::Io(source) if source.raw_os_error().is_some() => Error::io("open", folder, source),
        error => unusable(folder, &error.to_string()),
    }
}

/// What became of a call while running.
fn engine_error(folder: &Path, error: redb::Error) -> Error {
    match error {
        redb::Error::Io(source) if source.raw_os_error().is_some() => Error::io("use", folder, source),
        // A file that ends too early.
        redb::Error::Corrupted(_) | redb::Error::Io(_) => mark_damaged(folder, &error.to_string()),
        error => Error::Engine(format!("{}: {error}", folder.display())),
    }
}
