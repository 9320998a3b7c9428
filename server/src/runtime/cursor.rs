//! Cursors of prepared statements: the rows of an execution, kept for COM_STMT_FETCH.
//!
//! As in MySQL a cursor is a materialised result: the statement has run to its end when the cursor opens, so it holds no lock,
//! no snapshot and no plan, and outlives the transaction. It is dropped by the next execution, COM_STMT_RESET and
//! COM_STMT_CLOSE, and when its end was sent.
//!
//! What a cursor holds in memory is bounded ([`crate::limits::RESULT_FLUSH_BYTES`]): rows past that go to a file in the data folder, which
//! has no name as soon as it is there, so that nothing of it outlives the process. All cursors of a node together have a bound on the disk
//! ([`crate::limits::CURSOR_SPILL_BYTES_MAX`]). The rows of a locking read, which wait for the quorum, are held in memory as those of any
//! such read ([`crate::limits::RESULT_HELD_BYTES_MAX`]).
//!
//! Left out: scrolling and updating, which the protocol names and MySQL does not do.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use wire::mysql::constant::{Capabilities, StatusFlags};
use wire::mysql::packet::{Packet, PacketReader, PacketWriter};
use wire::mysql::primitive::Input;
use wire::mysql::resultset::put_end;

use crate::limits::{CURSOR_READ_BYTES, CURSOR_SPILL_BYTES_MAX, RESULT_FLUSH_BYTES, RESULT_HELD_BYTES_MAX};

/// Rows on their way to a file.
pub struct Spill {
    path: PathBuf,
    /// What the rows of all cursors take of the disk.
    taken: Arc<AtomicU64>,
    file: Option<SpillFile>,
    /// Why the last write failed.
    pub failure: Option<sql::Error>,
}

/// A file without a name, and its part of what all cursors may take of the disk.
struct SpillFile {
    file: Arc<File>,
    bytes: u64,
    taken: Arc<AtomicU64>,
}

impl Drop for SpillFile {
    fn drop(&mut self) {
        self.taken.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

impl Spill {
    /// For an execution of statement `id` of a connection.
    #[must_use]
    pub fn new(folder: &Path, taken: &Arc<AtomicU64>, connection_id: u64, id: u32) -> Spill {
        let path = folder.join(format!("cursor-{connection_id}-{id}.tmp"));
        Spill { path, taken: Arc::clone(taken), file: None, failure: None }
    }

    /// Appends packets.
    ///
    /// # Errors
    /// When the disk does not take them, or the bound is met; [`Spill::failure`] says which.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = tokio::task::block_in_place(|| self.try_write(bytes));
        written.map_err(|error| {
            self.failure = Some(error);
            io::ErrorKind::Other.into()
        })
    }

    fn try_write(&mut self, bytes: &[u8]) -> Result<(), sql::Error> {
        let failed = |error: io::Error| sql::Error {
            code: 1026,
            state: *b"HY000",
            message: format!(
                "Error writing file '{}' (OS errno {})",
                "cursor",
                error.raw_os_error().unwrap_or(0)
            ),
        };
        let taken = &self.taken;
        let more = bytes.len() as u64;
        let fits = |now: u64| (now + more <= CURSOR_SPILL_BYTES_MAX).then_some(now + more);
        if taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, fits).is_err() {
            let bound = CURSOR_SPILL_BYTES_MAX >> 20;
            return Err(sql::Error::too_large(format_args!(
                "rows of all cursors beyond {bound} MiB; close some, or use LIMIT"
            )));
        }
        let file = match &mut self.file {
            Some(file) => {
                file.bytes += more;
                file
            }
            None => {
                let made =
                    File::options().read(true).write(true).create(true).truncate(true).open(&self.path);
                let made = made.and_then(|file| std::fs::remove_file(&self.path).map(|()| file));
                let file = made.map_err(|error| {
                    taken.fetch_sub(more, Ordering::AcqRel);
                    failed(error)
                })?;
                self.file.insert(SpillFile { file: Arc::new(file), bytes: more, taken: Arc::clone(taken) })
            }
        };
        (&*file.file).write_all(bytes).map_err(failed)
    }
}

/// What a part of a fetch ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// So much was written that it should leave before more is.
    Full,
    /// All rows that were asked for.
    Done,
    /// The last row: the cursor is of no more use.
    End,
}

/// An open cursor.
pub struct Cursor {
    /// The rows that were read back and are left, as the packets of a result.
    rows: PacketReader,
    /// Rows before those in memory.
    file: Option<SpillFile>,
    /// Where reading goes on in the file.
    offset: u64,
    /// What a read of the file fills. Kept from read to read.
    part: Vec<u8>,
    /// Rows in memory, and where reading goes on in them.
    held: Vec<u8>,
    held_offset: usize,
}

impl Cursor {
    /// Opens a cursor over a result set, from its column count to its last row: what is in `spill` and then in `result`. Answers the
    /// execution with its columns.
    ///
    /// # Errors
    /// When it is no such result set, or the file cannot be read.
    pub async fn open(
        spill: Spill,
        result: &PacketWriter,
        capabilities: Capabilities,
        status: StatusFlags,
        warnings: u16,
        writer: &mut PacketWriter,
    ) -> Result<Cursor, sql::Error> {
        let mut cursor = Cursor {
            rows: PacketReader::new(RESULT_HELD_BYTES_MAX),
            file: spill.file,
            offset: 0,
            part: Vec::new(),
            held: result.as_slice().to_vec(),
            held_offset: 0,
        };
        let header = cursor.next().await?.ok_or_else(malformed)?;
        let mut head = Input::new(&header.payload);
        let columns = head.lenenc_int().ok_or_else(malformed)?;
        let is_optional = capabilities.contains(Capabilities::OPTIONAL_RESULTSET_METADATA);
        let columns = if is_optional && head.u8() == Some(0) { 0 } else { columns };
        writer.put_packet(&header.payload);
        for _ in 0..columns {
            writer.put_packet(&cursor.next().await?.ok_or_else(malformed)?.payload);
        }
        if !capabilities.contains(Capabilities::DEPRECATE_EOF) {
            cursor.next().await?.ok_or_else(malformed)?;
        }
        put_end(writer, capabilities, status.with(StatusFlags::CURSOR_EXISTS), warnings);
        Ok(cursor)
    }

    /// Writes rows of what is left of `row_count`, which goes down with each; and the end, unless the part is [`Part::Full`].
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn fetch(
        &mut self,
        row_count: &mut u32,
        capabilities: Capabilities,
        status: StatusFlags,
        writer: &mut PacketWriter,
    ) -> Result<Part, sql::Error> {
        while *row_count > 0 {
            if writer.len() >= RESULT_FLUSH_BYTES {
                return Ok(Part::Full);
            }
            let Some(row) = self.next().await? else {
                put_end(writer, capabilities, status.with(StatusFlags::LAST_ROW_SENT), 0);
                return Ok(Part::End);
            };
            writer.put_packet(&row.payload);
            *row_count -= 1;
        }
        put_end(writer, capabilities, status.with(StatusFlags::CURSOR_EXISTS), 0);
        Ok(Part::Done)
    }

    async fn next(&mut self) -> Result<Option<Packet>, sql::Error> {
        loop {
            if let Some(packet) = self.rows.next().map_err(sql::Error::internal)? {
                return Ok(Some(packet));
            }
            if !self.read_more().await? {
                return Ok(None);
            }
        }
    }

    /// Brings more to the reader; false at the end.
    ///
    /// The file is read on a thread for that, into a buffer of ours. Were this thread to leave the async workers for each read, every read
    /// would end on another one, and what one thread has allocated and another given back piles up in the allocator.
    async fn read_more(&mut self) -> Result<bool, sql::Error> {
        if let Some(file) = &self.file {
            let left = file.bytes - self.offset;
            if left > 0 {
                let count = CURSOR_READ_BYTES.min(usize::try_from(left).unwrap_or(CURSOR_READ_BYTES));
                let failed = |reason: &dyn std::fmt::Display| {
                    sql::Error::internal(format_args!("a cursor's rows cannot be read: {reason}"))
                };
                let (handle, offset, mut part) =
                    (Arc::clone(&file.file), self.offset, std::mem::take(&mut self.part));
                part.resize(count, 0);
                let reading = tokio::task::spawn_blocking(move || {
                    let read = handle.read_exact_at(&mut part, offset);
                    // The file ends with the last handle, here before the statement is answered.
                    drop(handle);
                    read.map(|()| part)
                });
                let read = reading.await.map_err(|error| failed(&error))?;
                self.part = read.map_err(|error| failed(&error))?;
                self.rows.buffer_mut().extend_from_slice(&self.part);
                self.offset += count as u64;
                return Ok(true);
            }
            self.file = None;
            self.part = Vec::new();
        }
        let end = self.held.len().min(self.held_offset + CURSOR_READ_BYTES);
        let part = &self.held[self.held_offset..end];
        if part.is_empty() {
            self.held = Vec::new();
            self.held_offset = 0;
            return Ok(false);
        }
        self.rows.buffer_mut().extend_from_slice(part);
        self.held_offset = end;
        Ok(true)
    }
}

fn malformed() -> sql::Error {
    sql::Error::internal("the result of a cursor is none")
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::mysql::column::Column;
    use wire::mysql::resultset::put_columns;

    const STATUS: StatusFlags = StatusFlags::AUTOCOMMIT;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().build().unwrap()
    }

    /// Payloads written, each with its sequence id.
    fn packets(writer: &mut PacketWriter) -> Vec<Vec<u8>> {
        let mut reader = PacketReader::new(1 << 20);
        reader.buffer_mut().extend_from_slice(writer.as_slice());
        reader.set_sequence_next(1);
        let mut payloads = Vec::new();
        while let Some(packet) = reader.next().unwrap() {
            payloads.push(packet.payload.to_vec());
        }
        writer.clear();
        writer.set_sequence(1);
        payloads
    }

    #[test]
    fn rows_are_fetched_in_parts_until_the_end() {
        let runtime = runtime();
        let folder = tempfile::tempdir().unwrap();
        let taken = Arc::new(AtomicU64::new(0));
        for (capabilities, spills) in [
            (Capabilities::CLIENT, false),
            (Capabilities::CLIENT.without(Capabilities::DEPRECATE_EOF), false),
            (Capabilities::CLIENT, true),
        ] {
            let columns = [Column::parameter(), Column::parameter()];
            let mut result = PacketWriter::new();
            let mut spill = Spill::new(folder.path(), &taken, 1, 1);
            put_columns(&mut result, &columns, capabilities, STATUS);
            for row in 0..5_u8 {
                result.put_packet(&[0, row]);
                if spills && row < 4 {
                    spill.write(result.as_slice()).unwrap();
                    result.clear();
                }
            }
            assert_eq!(taken.load(Ordering::Acquire) > 0, spills);
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the file has no name");
            let mut writer = PacketWriter::new();
            writer.set_sequence(1);
            let opened = Cursor::open(spill, &result, capabilities, STATUS, 0, &mut writer);
            let mut cursor = runtime.block_on(opened).unwrap();
            // The count, two columns, and the one packet that says that there is a cursor.
            assert_eq!(packets(&mut writer).len(), 4);
            let mut fetch = |mut count| {
                let part = cursor.fetch(&mut count, capabilities, STATUS, &mut writer);
                let part = runtime.block_on(part).unwrap();
                let mut payloads = packets(&mut writer);
                payloads.pop();
                (part, payloads.into_iter().map(|payload| payload[1]).collect::<Vec<_>>())
            };
            assert_eq!(fetch(2), (Part::Done, vec![0, 1]));
            assert_eq!(fetch(0), (Part::Done, vec![]));
            assert_eq!(fetch(3), (Part::Done, vec![2, 3, 4]));
            assert_eq!(fetch(1), (Part::End, vec![]));
            drop(cursor);
            assert_eq!(taken.load(Ordering::Acquire), 0);
        }
    }

    #[test]
    fn a_fetch_makes_way_and_the_disk_is_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let taken = Arc::new(AtomicU64::new(0));
        let mut result = PacketWriter::new();
        put_columns(&mut result, &[Column::parameter()], Capabilities::CLIENT, STATUS);
        for _ in 0..5 {
            result.put_packet(&[7; RESULT_FLUSH_BYTES / 2]);
        }
        let mut writer = PacketWriter::new();
        let spill = Spill::new(folder.path(), &taken, 1, 1);
        let opened = Cursor::open(spill, &result, Capabilities::CLIENT, STATUS, 0, &mut writer);
        let mut cursor = runtime().block_on(opened).unwrap();
        writer.clear();
        let mut count = u32::MAX;
        let mut parts = Vec::new();
        while parts.last() != Some(&Part::End) {
            let part = cursor.fetch(&mut count, Capabilities::CLIENT, STATUS, &mut writer);
            parts.push(runtime().block_on(part).unwrap());
            assert!(writer.len() < 2 * RESULT_FLUSH_BYTES);
            writer.clear();
        }
        assert_eq!(parts, [Part::Full, Part::Full, Part::End]);
        taken.store(CURSOR_SPILL_BYTES_MAX - 10, Ordering::Release);
        let mut spill = Spill::new(folder.path(), &taken, 1, 2);
        spill.write(&[0; 10]).unwrap();
        assert!(spill.write(&[0; 1]).is_err());
        assert!(spill.failure.is_some_and(|error| error.message.contains("cursors")));
        let mut nowhere = Spill::new(Path::new("/nonexistent"), &Arc::default(), 1, 3);
        assert!(nowhere.write(&[0; 1]).is_err());
        assert_eq!(nowhere.failure.map(|error| error.code), Some(1026));
    }
}
