//! A snapshot on its way in: in a folder of this node's, so that neither a broken link nor a crash makes it begin anew.
//!
//! `staged.json` says which snapshot it is, and once it is whole how many chunks it has; `staged.chunks` holds them
//! ([`chunk_file`](super::chunk_file)).
//!
//! Invariants: `staged.json` says that it is whole only after all chunks are durable; the chunks' file never holds chunks of another
//! snapshot than `staged.json` names: it is removed before that is written.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use wire::peer::{SnapshotEnd, SnapshotHead};

use super::chunk_file::{ChunkReader, ChunkWriter};
use crate::identity::write_durably;

const HEAD_FILE_NAME: &str = "staged.json";
const CHUNKS_FILE_NAME: &str = "staged.chunks";
/// Version of the form of both files. Others are taken for nothing: the snapshot is fetched again.
const FILE_FORMAT: u32 = 1;

/// Content of `staged.json`.
#[derive(Debug, Serialize, Deserialize)]
struct Content {
    format: u32,
    /// 32 hexadecimal digits.
    snapshot_id: String,
    index: u64,
    term: u64,
    membership_index: u64,
    /// Hexadecimal digits.
    membership: String,
    /// Number of chunks and their checksum, when it is whole.
    whole: Option<(u64, u32)>,
}

impl Content {
    fn new(head: &SnapshotHead, end: Option<&SnapshotEnd>) -> Content {
        Content {
            format: FILE_FORMAT,
            snapshot_id: format!("{:032x}", head.snapshot_id),
            index: head.index,
            term: head.term,
            membership_index: head.membership_index,
            membership: head.membership.iter().map(|byte| format!("{byte:02x}")).collect(),
            whole: end.map(|end| (end.chunk_count, end.checksum)),
        }
    }

    fn head(&self) -> Option<SnapshotHead> {
        let digits = self.membership.as_bytes().chunks(2);
        let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        Some(SnapshotHead {
            snapshot_id: u128::from_str_radix(&self.snapshot_id, 16).ok()?,
            index: self.index,
            term: self.term,
            membership_index: self.membership_index,
            membership: digits.map(byte).collect::<Option<Vec<u8>>>()?.into(),
        })
    }

    fn write(&self, folder: &Path) -> Result<(), String> {
        let path = folder.join(HEAD_FILE_NAME);
        let text = serde_json::to_vec_pretty(self).map_err(|error| error.to_string())?;
        write_durably(folder, &path, &text)
            .map_err(|error| format!("cannot write {}: {error}", path.display()))
    }

    /// None: there is nothing, or nothing that can be used.
    fn read(folder: &Path) -> Option<Content> {
        let path = folder.join(HEAD_FILE_NAME);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!("cannot read {}: {error}", path.display());
                return None;
            }
        };
        match serde_json::from_slice::<Content>(&bytes) {
            Ok(content) if content.format == FILE_FORMAT => Some(content),
            Ok(_) | Err(_) => {
                tracing::warn!(
                    "{} is of another version, or damaged: the snapshot is not used",
                    path.display()
                );
                None
            }
        }
    }
}

/// Removes what is there of a snapshot, the head last: it never stands for chunks that it does not name.
fn clear(folder: &Path) -> Result<(), String> {
    for name in [CHUNKS_FILE_NAME, HEAD_FILE_NAME] {
        let path = folder.join(name);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(format!("cannot remove {}: {error}", path.display()));
            }
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// A snapshot that is not whole yet.
#[derive(Debug)]
pub struct Staging {
    folder: PathBuf,
    head: SnapshotHead,
    chunks: ChunkWriter,
}

impl Staging {
    /// What an earlier try left in `folder`, if it can be gone on with.
    #[must_use]
    pub fn resume(folder: &Path) -> Option<Staging> {
        let head = Content::read(folder)?.head()?;
        match ChunkWriter::resume(&folder.join(CHUNKS_FILE_NAME)) {
            Ok(chunks) => Some(Staging { folder: folder.to_owned(), head, chunks }),
            Err(error) => {
                tracing::debug!("no chunks to go on with: {error}");
                None
            }
        }
    }

    /// A new one, in place of whatever is in `folder`.
    ///
    /// # Errors
    /// The disk.
    pub fn begin(folder: &Path, head: SnapshotHead) -> Result<Staging, String> {
        std::fs::create_dir_all(folder)
            .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
        clear(folder)?;
        Content::new(&head, None).write(folder)?;
        let path = folder.join(CHUNKS_FILE_NAME);
        let chunks = ChunkWriter::create(&path)
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        Ok(Staging { folder: folder.to_owned(), head, chunks })
    }

    /// Which snapshot.
    #[must_use]
    pub fn head(&self) -> &SnapshotHead {
        &self.head
    }

    /// Chunks that are here.
    #[must_use]
    pub fn chunk_count(&self) -> u64 {
        self.chunks.chunk_count()
    }

    /// Adds the next chunk.
    ///
    /// # Errors
    /// The disk.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.chunks.append(bytes).map_err(|error| {
            format!("cannot write {}: {error}", self.folder.join(CHUNKS_FILE_NAME).display())
        })
    }

    /// It is whole. Durable when this returns.
    ///
    /// # Errors
    /// The disk, or `end` does not fit what is here; the folder is emptied then.
    pub fn finish(self, end: &SnapshotEnd) -> Result<StagedSnapshot, String> {
        let here = SnapshotEnd { chunk_count: self.chunks.chunk_count(), checksum: self.chunks.checksum() };
        if here != *end {
            clear(&self.folder)?;
            return Err(format!("the snapshot does not fit its checksum ({here:?}, not {end:?})"));
        }
        let path = self.folder.join(CHUNKS_FILE_NAME);
        self.chunks.sync().map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        Content::new(&self.head, Some(end)).write(&self.folder)?;
        Ok(StagedSnapshot::new(&self.folder, self.head, *end))
    }
}

/// A whole snapshot in a folder of this node's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StagedSnapshot {
    /// The last log entry in it.
    pub index: u64,
    /// That entry's term.
    pub term: u64,
    /// The log entry that made the membership at `index`.
    pub membership_index: u64,
    /// The membership at `index`, as [`consensus::encode_membership`] writes it.
    pub membership: Bytes,
    /// The folder.
    pub path: PathBuf,
    /// How many chunks it has.
    pub chunk_count: u64,
    checksum: u32,
}

impl StagedSnapshot {
    fn new(folder: &Path, head: SnapshotHead, end: SnapshotEnd) -> StagedSnapshot {
        StagedSnapshot {
            index: head.index,
            term: head.term,
            membership_index: head.membership_index,
            membership: head.membership,
            path: folder.to_owned(),
            chunk_count: end.chunk_count,
            checksum: end.checksum,
        }
    }

    /// The one in `folder`, if there is one and it is whole: after a crash.
    #[must_use]
    pub fn open(folder: &Path) -> Option<StagedSnapshot> {
        let content = Content::read(folder)?;
        let (chunk_count, checksum) = content.whole?;
        Some(StagedSnapshot::new(folder, content.head()?, SnapshotEnd { chunk_count, checksum }))
    }

    /// All chunks, each checked; after the last the whole is checked too. Ends at the first error.
    pub fn chunks(&self) -> impl Iterator<Item = Result<Bytes, String>> + Send + use<> {
        let end = SnapshotEnd { chunk_count: self.chunk_count, checksum: self.checksum };
        StagedChunks {
            path: self.path.join(CHUNKS_FILE_NAME),
            reader: None,
            end,
            count: 0,
            checksum: crc32fast::Hasher::new(),
            is_over: false,
        }
    }

    /// Removes it: it is in the tables now, or not wanted. What cannot be removed is only in the way of the disk's space: whoever
    /// finds it looks at its index first.
    pub fn remove(&self) {
        if let Err(error) = clear(&self.path) {
            tracing::warn!("a snapshot that is not needed any more stays: {error}");
        }
    }
}

struct StagedChunks {
    path: PathBuf,
    reader: Option<ChunkReader>,
    end: SnapshotEnd,
    count: u64,
    checksum: crc32fast::Hasher,
    is_over: bool,
}

impl StagedChunks {
    fn read(&mut self) -> Result<Option<Bytes>, String> {
        if self.reader.is_none() {
            let opened = ChunkReader::open(&self.path)
                .map_err(|error| format!("cannot read {}: {error}", self.path.display()))?;
            self.reader = Some(opened);
        }
        let Some(reader) = &mut self.reader else { return Ok(None) };
        if let Some(bytes) = reader.next()? {
            self.count += 1;
            self.checksum.update(&bytes);
            return Ok(Some(bytes));
        }
        let here = SnapshotEnd { chunk_count: self.count, checksum: self.checksum.clone().finalize() };
        if here == self.end {
            Ok(None)
        } else {
            Err(format!("the snapshot in {} is damaged ({here:?}, not {:?})", self.path.display(), self.end))
        }
    }
}

impl Iterator for StagedChunks {
    type Item = Result<Bytes, String>;

    fn next(&mut self) -> Option<Result<Bytes, String>> {
        if self.is_over {
            return None;
        }
        let next = self.read().transpose();
        self.is_over = !matches!(next, Some(Ok(_)));
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(snapshot_id: u128) -> SnapshotHead {
        let membership = Bytes::from_static(b"\x00\xffmembers");
        SnapshotHead { snapshot_id, index: 7, term: 3, membership_index: 2, membership }
    }

    fn end(chunks: &[&[u8]]) -> SnapshotEnd {
        SnapshotEnd { chunk_count: chunks.len() as u64, checksum: crc32fast::hash(&chunks.concat()) }
    }

    #[test]
    fn a_whole_snapshot_outlives_the_process_and_a_part_is_not_taken_for_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("staged");
        assert_eq!(StagedSnapshot::open(&path), None);
        let mut staging = Staging::begin(&path, head(9)).unwrap();
        staging.append(b"one").unwrap();
        assert_eq!(StagedSnapshot::open(&path), None, "not whole");
        drop(staging);
        let mut staging = Staging::resume(&path).unwrap();
        assert_eq!((staging.head(), staging.chunk_count()), (&head(9), 1));
        staging.append(b"two").unwrap();
        let staged = staging.finish(&end(&[b"one", b"two"])).unwrap();
        assert_eq!(StagedSnapshot::open(&path), Some(staged.clone()));
        assert_eq!((staged.index, staged.term, staged.membership_index), (7, 3, 2));
        assert_eq!(staged.membership, head(9).membership);
        let chunks: Vec<_> = staged.chunks().collect();
        assert_eq!(chunks, [Ok(Bytes::from_static(b"one")), Ok(Bytes::from_static(b"two"))]);
        staged.remove();
        assert_eq!(StagedSnapshot::open(&path), None);
        assert!(Staging::resume(&path).is_none());
    }

    #[test]
    fn what_does_not_fit_its_checksum_is_thrown_away() {
        let folder = tempfile::tempdir().unwrap();
        let mut staging = Staging::begin(folder.path(), head(9)).unwrap();
        staging.append(b"one").unwrap();
        assert!(staging.finish(&end(&[b"eno"])).unwrap_err().contains("does not fit"));
        assert!(Staging::resume(folder.path()).is_none());
    }

    #[test]
    fn another_snapshot_begins_with_no_chunks_of_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let mut staging = Staging::begin(folder.path(), head(9)).unwrap();
        staging.append(b"old").unwrap();
        drop(staging);
        drop(Staging::begin(folder.path(), head(10)).unwrap());
        let staging = Staging::resume(folder.path()).unwrap();
        assert_eq!((staging.head().snapshot_id, staging.chunk_count()), (10, 0));
    }

    #[test]
    fn damage_on_disk_is_found_while_reading() {
        let folder = tempfile::tempdir().unwrap();
        let mut staging = Staging::begin(folder.path(), head(9)).unwrap();
        staging.append(b"one").unwrap();
        staging.append(b"two").unwrap();
        let staged = staging.finish(&end(&[b"one", b"two"])).unwrap();
        let path = folder.path().join(CHUNKS_FILE_NAME);
        let whole = std::fs::read(&path).unwrap();
        let mut damaged = whole.clone();
        *damaged.last_mut().unwrap() ^= 1;
        std::fs::write(&path, &damaged).unwrap();
        let chunks: Vec<_> = staged.chunks().collect();
        assert!(chunks[0].is_ok() && chunks[1].is_err() && chunks.len() == 2);
        std::fs::write(&path, &whole[..11]).unwrap();
        let chunks: Vec<_> = staged.chunks().collect();
        assert!(chunks[0].is_ok() && chunks[1].is_err() && chunks.len() == 2, "a chunk is missing");
    }
}
