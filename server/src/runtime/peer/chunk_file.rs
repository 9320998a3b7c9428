//! A snapshot's chunks in a file, one after the other.
//!
//! Each is length u32, CRC-32 u32, both little endian, and the bytes. The file has no head: what the chunks belong to is known
//! elsewhere ([`spool`](super::spool) keeps it in memory, [`staged`](super::staged) in a file of its own).
//!
//! Invariants: what is read was checked against its CRC; a length is checked against the bound before memory is taken; the
//! checksum of the whole is that of all bytes one after the other ([`wire::peer::SnapshotEnd`]).

use std::fs::{File, OpenOptions};
use std::io::{BufReader, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use wire::limits::PEER_SNAPSHOT_CHUNK_BYTES_MAX;

/// Bytes before a chunk.
const HEADER_BYTES: usize = 8;

/// Appends chunks.
#[derive(Debug)]
pub struct ChunkWriter {
    file: File,
    chunk_count: u64,
    checksum: crc32fast::Hasher,
}

impl ChunkWriter {
    /// A new file; one that is there is emptied.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn create(path: &Path) -> std::io::Result<ChunkWriter> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(path)?;
        Ok(ChunkWriter { file, chunk_count: 0, checksum: crc32fast::Hasher::new() })
    }

    /// Goes on with a file: what is not whole at its end, after a crash, is cut off.
    ///
    /// # Errors
    /// The file cannot be read or cut.
    pub fn resume(path: &Path) -> std::io::Result<ChunkWriter> {
        let mut reader = ChunkReader::open(path)?;
        let (mut chunk_count, mut end) = (0, 0);
        let mut checksum = crc32fast::Hasher::new();
        while let Ok(Some(bytes)) = reader.next() {
            chunk_count += 1;
            end += (HEADER_BYTES + bytes.len()) as u64;
            checksum.update(&bytes);
        }
        let mut file = OpenOptions::new().write(true).open(path)?;
        file.set_len(end)?;
        file.seek(SeekFrom::End(0))?;
        Ok(ChunkWriter { file, chunk_count, checksum })
    }

    /// Chunks in the file.
    #[must_use]
    pub fn chunk_count(&self) -> u64 {
        self.chunk_count
    }

    /// CRC-32 of all chunks' bytes.
    #[must_use]
    pub fn checksum(&self) -> u32 {
        self.checksum.clone().finalize()
    }

    /// Adds a chunk. It can be read by others when this returns; after an error the file is good for nothing but
    /// [`ChunkWriter::resume`].
    ///
    /// # Errors
    /// The disk; a chunk past [`PEER_SNAPSHOT_CHUNK_BYTES_MAX`].
    pub fn append(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        if bytes.len() > PEER_SNAPSHOT_CHUNK_BYTES_MAX {
            let message = format!("a snapshot's chunk of {} bytes", bytes.len());
            return Err(std::io::Error::new(ErrorKind::InvalidInput, message));
        }
        let mut header = [0; HEADER_BYTES];
        header[..4].copy_from_slice(&(bytes.len() as u32).to_le_bytes());
        header[4..].copy_from_slice(&crc32fast::hash(bytes).to_le_bytes());
        self.file.write_all(&header)?;
        self.file.write_all(bytes)?;
        self.chunk_count += 1;
        self.checksum.update(bytes);
        Ok(())
    }

    /// Makes all chunks durable.
    ///
    /// # Errors
    /// The disk.
    pub fn sync(&self) -> std::io::Result<()> {
        self.file.sync_all()
    }
}

/// Reads chunks in order.
#[derive(Debug)]
pub struct ChunkReader {
    file: BufReader<File>,
    path: PathBuf,
    number: u64,
}

impl ChunkReader {
    /// At the first chunk.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn open(path: &Path) -> std::io::Result<ChunkReader> {
        Ok(ChunkReader { file: BufReader::new(File::open(path)?), path: path.to_owned(), number: 0 })
    }

    /// Goes over a chunk without reading it; false at the end of the file.
    ///
    /// # Errors
    /// The disk, or a header that is damaged.
    pub fn skip(&mut self) -> Result<bool, String> {
        let Some((length, _)) = self.header()? else { return Ok(false) };
        self.file.seek_relative(length as i64).map_err(|error| self.wrong(&error))?;
        self.number += 1;
        Ok(true)
    }

    /// The next chunk; none at the end of the file.
    ///
    /// # Errors
    /// The disk, or a chunk that is damaged or not whole.
    pub fn next(&mut self) -> Result<Option<Bytes>, String> {
        let Some((length, checksum)) = self.header()? else { return Ok(None) };
        let mut bytes = Vec::new();
        let read = (&mut self.file).take(length as u64).read_to_end(&mut bytes);
        read.map_err(|error| self.wrong(&error))?;
        if bytes.len() != length {
            return Err(self.wrong(&"it is cut off"));
        }
        if crc32fast::hash(&bytes) != checksum {
            return Err(self.wrong(&"its checksum is wrong"));
        }
        self.number += 1;
        Ok(Some(bytes.into()))
    }

    fn header(&mut self) -> Result<Option<(usize, u32)>, String> {
        let mut header = [0; HEADER_BYTES];
        let mut filled = 0;
        while filled < HEADER_BYTES {
            match self.file.read(&mut header[filled..]) {
                Ok(0) if filled == 0 => return Ok(None),
                Ok(0) => return Err(self.wrong(&"it is cut off")),
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.wrong(&error)),
            }
        }
        let [a, b, c, d, e, f, g, h] = header;
        let length = u32::from_le_bytes([a, b, c, d]) as usize;
        if length > PEER_SNAPSHOT_CHUNK_BYTES_MAX {
            return Err(self.wrong(&format_args!("{length} bytes are more than a chunk may have")));
        }
        Ok(Some((length, u32::from_le_bytes([e, f, g, h]))))
    }

    fn wrong(&self, what: &dyn std::fmt::Display) -> String {
        format!("chunk {} of the snapshot in {}: {what}", self.number, self.path.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(path: &Path) -> ChunkWriter {
        let mut writer = ChunkWriter::create(path).unwrap();
        for chunk in [&b"first"[..], b"", b"third"] {
            writer.append(chunk).unwrap();
        }
        writer
    }

    fn all(path: &Path) -> Result<Vec<Bytes>, String> {
        let mut reader = ChunkReader::open(path).unwrap();
        let mut chunks = Vec::new();
        while let Some(chunk) = reader.next()? {
            chunks.push(chunk);
        }
        Ok(chunks)
    }

    #[test]
    fn golden_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chunks");
        let writer = written(&path);
        assert_eq!((writer.chunk_count(), writer.checksum()), (3, crc32fast::hash(b"firstthird")));
        let mut expected = b"\x05\0\0\0".to_vec();
        expected.extend_from_slice(&crc32fast::hash(b"first").to_le_bytes());
        expected.extend_from_slice(b"first\0\0\0\0\0\0\0\0\x05\0\0\0");
        expected.extend_from_slice(&crc32fast::hash(b"third").to_le_bytes());
        expected.extend_from_slice(b"third");
        assert_eq!(std::fs::read(&path).unwrap(), expected);
        assert_eq!(all(&path).unwrap(), [&b"first"[..], b"", b"third"]);
        let mut reader = ChunkReader::open(&path).unwrap();
        assert!(reader.skip().unwrap() && reader.skip().unwrap());
        assert_eq!(reader.next().unwrap().unwrap(), b"third"[..]);
        assert!(!reader.skip().unwrap());
    }

    #[test]
    fn a_torn_tail_is_cut_off_and_the_file_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chunks");
        drop(written(&path));
        let whole = std::fs::read(&path).unwrap();
        let third_start = whole.len() - 13;
        for end in third_start..whole.len() {
            std::fs::write(&path, &whole[..end]).unwrap();
            assert!(end == third_start || all(&path).unwrap_err().contains("cut off"));
            let mut writer = ChunkWriter::resume(&path).unwrap();
            assert_eq!(writer.chunk_count(), 2, "cut to {end}");
            writer.append(b"third").unwrap();
            assert_eq!(writer.checksum(), crc32fast::hash(b"firstthird"));
            assert_eq!(std::fs::read(&path).unwrap(), whole);
        }
    }

    #[test]
    fn damage_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chunks");
        drop(written(&path));
        let whole = std::fs::read(&path).unwrap();
        for bit in 0..whole.len() * 8 {
            let mut damaged = whole.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&path, &damaged).unwrap();
            assert!(all(&path).is_err(), "bit {bit}");
        }
    }
}
