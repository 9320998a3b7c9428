//! [`SledEngine`]: the engine on sled 0.34.
//!
//! # How sled is used, and why so
//!
//! * **Single inserts, no `apply_batch`.** A batch of sled's excludes every reader of the process for as long as
//!   it is applied, and the first one puts a lock in the way of all reads for good. The engine contract asks
//!   only that a crash keeps a prefix of the writes, and sled's log gives that: recovery ends at the first
//!   message that is missing. The note of the applied index is simply the last write of a batch.
//! * **Stamps before values.** A value is stored as its stamp (8 bytes, big endian) and then the bytes; reading
//!   takes a sub-slice and copies nothing.
//! * **Escaped keys.** sled's backward iteration looks for the leaf before `…b` at the key `…(b-1) ff ff ff ff`,
//!   and runs in a circle (and then panics) when a whole leaf lies between the two: a thousand rows of an
//!   index on the largest INT are enough. So no key with four `ff` in a row is ever given to sled: after each third
//!   `ff` in a row an `80` is inserted ([`escape_key`]), which keeps the order and costs nothing for other keys.
//! * **`flush_every_ms(None)`**: sled's own flush is not an fsync (it is `sync_file_range`), so it buys nothing. A
//!   [`checkpoint`](Engine::checkpoint) writes sled's buffers and then fsyncs every file and folder itself.
//! * **Damage.** A store that does not open, or whose notes do not parse, is an [`Error::Engine`] that says that
//!   the folder can be removed: all it holds is rebuilt from the log, or from a peer. The server decides.
//!
//! The notes are kept among the rows, under a key that is shorter than any row's.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sled::IVec;

use super::notes::{NOTES_KEY, Notes, Progress, STAMP_BYTES, unusable};
use super::{Direction, Engine, EngineScan, EngineWrite, KeyRange, Slice};
use crate::disk::{Disk, RealDisk};
use crate::limits::{SLED_CACHE_BYTES_DEFAULT, SLED_LOCK_WAIT, SLED_SEGMENT_BYTES};
use crate::{Error, Result};

/// How often a store that is locked is tried again.
const SLED_LOCK_PAUSE: Duration = Duration::from_millis(5);

/// Whether a store does not open because another has it open. sled keeps nothing of the kernel's error but its text.
fn is_locked(error: &sled::Error) -> bool {
    matches!(error, sled::Error::Io(source) if source.to_string().starts_with("could not acquire lock"))
}

/// What can be chosen about a [`SledEngine`].
#[derive(Clone, Copy, Debug)]
pub struct SledOptions {
    /// Bound of sled's page cache, in bytes as sled counts them. Its real use of memory is a multiple of it.
    pub cache_bytes: u64,
}

impl Default for SledOptions {
    fn default() -> SledOptions {
        SledOptions { cache_bytes: SLED_CACHE_BYTES_DEFAULT }
    }
}

/// The engine on sled. The module's documentation says how sled is used.
pub struct SledEngine {
    db: sled::Db,
    tree: sled::Tree,
    folder: PathBuf,
    cache_bytes: u64,
    /// Moved under `writing`.
    progress: Progress,
    writing: Mutex<()>,
}

impl SledEngine {
    /// Opens the engine in `folder`, which is made if it does not exist.
    pub fn open(folder: &Path, options: SledOptions) -> Result<SledEngine> {
        let config = sled::Config::new()
            .path(folder)
            .cache_capacity(options.cache_bytes)
            .segment_size(SLED_SEGMENT_BYTES)
            .mode(sled::Mode::HighThroughput)
            .flush_every_ms(None);
        // sled panics on some kinds of damage; it has handed out nothing yet, so the panic leaves nothing broken.
        let until = Instant::now() + SLED_LOCK_WAIT;
        let opened = loop {
            let opened = catch_unwind(AssertUnwindSafe(|| config.open()));
            // Threads of sled's own may hold a store that was closed a little longer.
            if !matches!(&opened, Ok(Err(error)) if is_locked(error)) || Instant::now() >= until {
                break opened;
            }
            std::thread::sleep(SLED_LOCK_PAUSE);
        };
        let db = match opened {
            Ok(Ok(db)) => db,
            Ok(Err(error)) if is_locked(&error) => {
                let owner = "which one is not known".to_owned();
                return Err(Error::FolderInUse { folder: folder.to_owned(), owner });
            }
            // The operating system refused: that says nothing about what is in the folder.
            Ok(Err(sled::Error::Io(source))) if source.raw_os_error().is_some() => {
                return Err(Error::io("open", folder, source));
            }
            Ok(Err(error)) => return Err(unusable(folder, &error.to_string())),
            Err(_) => return Err(unusable(folder, "sled panicked while it read the files")),
        };
        let tree: sled::Tree = (*db).clone();
        let stored = tree.get(NOTES_KEY).map_err(|error| unusable(folder, &error.to_string()))?;
        let notes = Notes::decode(stored.as_deref(), folder)?;
        Ok(SledEngine {
            db,
            tree,
            folder: folder.to_owned(),
            cache_bytes: options.cache_bytes,
            progress: Progress::new(notes),
            writing: Mutex::new(()),
        })
    }

    /// Writes the notes, which are true from then on.
    fn write_notes(&self, notes: Notes) -> Result<()> {
        self.tree.insert(NOTES_KEY, &notes.encode()).map_err(|error| self.failed(&error))?;
        self.progress.set(notes);
        Ok(())
    }

    fn failed(&self, error: &sled::Error) -> Error {
        engine_error(&self.folder, error)
    }
}

impl Engine for SledEngine {
    fn get(&self, key: &[u8]) -> Result<Option<(u64, Slice)>> {
        match self.tree.get(escape_key(key)).map_err(|error| self.failed(&error))? {
            Some(stored) => split_stamp(&stored, &self.folder).map(Some),
            None => Ok(None),
        }
    }

    fn scan(&self, range: KeyRange, direction: Direction) -> Box<dyn EngineScan> {
        if range.is_empty() {
            return Box::new(Finished);
        }
        // The engine's notes have a shorter key than any row, and must not be seen.
        let start = if range.start.len() < 4 { first_row_key(&range.start) } else { range.start };
        let start = escape_key(&start).into_owned();
        let rows = if range.end.is_empty() {
            self.tree.range(start..)
        } else {
            let end = escape_key(&range.end).into_owned();
            if start >= end {
                return Box::new(Finished);
            }
            self.tree.range(start..end)
        };
        Box::new(Scan { rows, direction, folder: self.folder.clone(), ended: false })
    }

    fn raise_reach(&self, index: u64) -> Result<()> {
        let _writing = self.writing.lock();
        if index > self.reach() {
            self.write_notes(Notes { reach: index, ..self.progress.notes() })?;
        }
        Ok(())
    }

    fn write(&self, batch: &[EngineWrite], applied: u64) -> Result<()> {
        let _writing = self.writing.lock();
        let reach = self.reach();
        assert!(applied <= reach, "applied {applied} is above the reach {reach}");
        let mut stored = Vec::new();
        for (key, write) in batch {
            match write {
                Some((stamp, value)) => {
                    assert!(*stamp <= reach, "stamp {stamp} is above the reach {reach}");
                    stored.clear();
                    stored.extend_from_slice(&stamp.to_be_bytes());
                    stored.extend_from_slice(value);
                    self.tree.insert(escape_key(key), &stored[..])
                }
                None => self.tree.remove(escape_key(key)),
            }
            .map_err(|error| self.failed(&error))?;
        }
        if applied > self.applied() {
            self.write_notes(Notes { applied, ..self.progress.notes() })?;
        }
        Ok(())
    }

    fn applied(&self) -> u64 {
        self.progress.applied()
    }

    fn reach(&self) -> u64 {
        self.progress.reach()
    }

    fn delete_range(&self, range: KeyRange, keys_max: usize) -> Result<usize> {
        let mut scan = self.scan(range, Direction::Forward);
        let mut count = 0;
        while count < keys_max {
            let Some((key, _, _)) = scan.next()? else { break };
            let _writing = self.writing.lock();
            self.tree.remove(escape_key(&key)).map_err(|error| self.failed(&error))?;
            count += 1;
        }
        Ok(count)
    }

    fn checkpoint(&self) -> Result<u64> {
        let applied = self.applied();
        self.db.flush().map_err(|error| self.failed(&error))?;
        RealDisk.sync_tree(&self.folder)?;
        Ok(applied)
    }

    fn begin_replace(&self, index: u64) -> Result<()> {
        {
            let _writing = self.writing.lock();
            self.write_notes(Notes { applied: 0, reach: index, is_replacing: true })?;
        }
        self.checkpoint()?;
        Ok(())
    }

    fn end_replace(&self) -> Result<()> {
        assert!(self.is_replacing(), "no replacement was begun");
        // Durable before the note says so, whatever the order in which sled's own files reach the disk.
        self.checkpoint()?;
        {
            let _writing = self.writing.lock();
            let reach = self.reach();
            self.write_notes(Notes { applied: reach, reach, is_replacing: false })?;
        }
        self.checkpoint()?;
        Ok(())
    }

    fn is_replacing(&self) -> bool {
        self.progress.is_replacing()
    }

    fn memory_bytes(&self) -> u64 {
        self.cache_bytes
    }

    fn disk_bytes(&self) -> u64 {
        self.db.size_on_disk().unwrap_or(0)
    }
}

/// A scan over nothing.
struct Finished;

impl EngineScan for Finished {
    fn next(&mut self) -> Result<Option<(Slice, u64, Slice)>> {
        Ok(None)
    }
}

struct Scan {
    rows: sled::Iter,
    direction: Direction,
    folder: PathBuf,
    ended: bool,
}

impl EngineScan for Scan {
    fn next(&mut self) -> Result<Option<(Slice, u64, Slice)>> {
        if self.ended {
            return Ok(None);
        }
        let row = match self.direction {
            Direction::Forward => self.rows.next(),
            Direction::Backward => self.rows.next_back(),
        };
        match row {
            Some(Ok((key, stored))) => {
                let (stamp, value) = split_stamp(&stored, &self.folder)?;
                Ok(Some((unescape_key(key), stamp, value)))
            }
            Some(Err(error)) => {
                self.ended = true;
                Err(engine_error(&self.folder, &error))
            }
            None => {
                self.ended = true;
                Ok(None)
            }
        }
    }
}

/// The smallest key of at least four bytes at or above `start`, which is shorter.
fn first_row_key(start: &[u8]) -> bytes::Bytes {
    let mut key = start.to_vec();
    key.resize(4, 0);
    key.into()
}

/// Inserts `80` after each third `ff` in a row, so that four never follow each other. Order is kept, since what is
/// inserted depends only on the bytes before it.
fn escape_key(key: &[u8]) -> Cow<'_, [u8]> {
    if !key.windows(3).any(|three| three == [0xff; 3]) {
        return Cow::Borrowed(key);
    }
    let mut escaped = Vec::with_capacity(key.len() + key.len() / 3);
    let mut run = 0;
    for &byte in key {
        escaped.push(byte);
        run = if byte == 0xff { run + 1 } else { 0 };
        if run == 3 {
            escaped.push(0x80);
            run = 0;
        }
    }
    Cow::Owned(escaped)
}

/// Undoes [`escape_key`].
fn unescape_key(escaped: IVec) -> Slice {
    if !escaped.windows(3).any(|three| three == [0xff; 3]) {
        return Slice::from_sled(escaped);
    }
    let mut key = Vec::with_capacity(escaped.len());
    let mut run = 0;
    for &byte in escaped.iter() {
        if run == 3 {
            run = 0;
            continue;
        }
        key.push(byte);
        run = if byte == 0xff { run + 1 } else { 0 };
    }
    Slice::from(key)
}

/// Splits what is stored into stamp and value.
fn split_stamp(stored: &IVec, folder: &Path) -> Result<(u64, Slice)> {
    match stored.first_chunk::<STAMP_BYTES>() {
        Some(stamp) => {
            let value = stored.subslice(STAMP_BYTES, stored.len() - STAMP_BYTES);
            Ok((u64::from_be_bytes(*stamp), Slice::from_sled(value)))
        }
        None => Err(unusable(folder, "a value is shorter than its stamp")),
    }
}

fn engine_error(folder: &Path, error: &sled::Error) -> Error {
    match error {
        sled::Error::Corruption { .. } => unusable(folder, &error.to_string()),
        sled::Error::Io(io) if io.kind() == std::io::ErrorKind::StorageFull => {
            Error::DiskFull { context: format!("cannot write to {}", folder.display()) }
        }
        other => Error::Engine(format!("{}: {other}", folder.display())),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![Just(0xff_u8), Just(0), Just(0x80), Just(0x7f), Just(0x81), any::<u8>()];
        prop::collection::vec(byte, 0..24)
    }

    #[test]
    fn a_store_that_is_open_elsewhere_is_waited_for_and_never_called_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let first = SledEngine::open(folder.path(), SledOptions::default()).unwrap();
        let refused = SledEngine::open(folder.path(), SledOptions::default()).map(|_| ()).unwrap_err();
        assert!(matches!(refused, Error::FolderInUse { .. }), "{refused}");
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(SLED_LOCK_WAIT / 4);
                drop(first);
            });
            SledEngine::open(folder.path(), SledOptions::default()).unwrap();
        });
    }

    proptest! {
        #[test]
        fn escaping_keeps_order_and_comes_back(a in key(), b in key()) {
            let (escaped_a, escaped_b) = (escape_key(&a).into_owned(), escape_key(&b).into_owned());
            prop_assert_eq!(a.cmp(&b), escaped_a.cmp(&escaped_b));
            prop_assert_eq!(&unescape_key(IVec::from(&escaped_a[..]))[..], &a[..]);
            prop_assert!(!escaped_a.windows(4).any(|four| four == [0xff; 4]));
        }
    }
}
