//! Small logs to test with.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use storage::Result;
use storage::disk::SimDisk;
use storage::log::{Log, Opened, Options, Record};

/// Where the logs are on a simulated disk.
pub const FOLDER: &str = "/data/log";

/// The options of all logs here: small segments, a small ring, the same salt each time.
pub fn options() -> Options {
    Options {
        segment_bytes: 16 << 10,
        ring_bytes: 4 << 10,
        ring_entries: 8,
        salt: Some(77),
        ..Options::new(42)
    }
}

/// Opens the log on a simulated disk.
pub fn open(disk: &SimDisk) -> Result<Opened> {
    Log::open(Arc::new(disk.clone()), Path::new(FOLDER), options())
}

/// A record with a payload that can be told from others.
pub fn record(index: u64, term: u64, payload_bytes: usize) -> Record {
    let payload: Vec<u8> =
        (0..payload_bytes).map(|at| (at as u64 * 7 + index * 13 + term) as u8 | 1).collect();
    Record { index, term, kind: (index % 5) as u8, payload: Bytes::from(payload) }
}

/// All records that a log holds.
pub fn all(opened: &Opened) -> Vec<Record> {
    let reader = opened.log.reader();
    let mut records: Vec<Record> = Vec::new();
    let mut next = reader.first();
    while next <= reader.last() {
        let read = reader.read(next, reader.last(), 1000).unwrap();
        next += read.len() as u64;
        records.extend(read);
    }
    records
}

/// The path of the segment with that number.
pub fn segment(disk: &SimDisk, number: u64) -> PathBuf {
    use storage::disk::Disk as _;
    let names = disk.list(Path::new(FOLDER)).unwrap();
    let name = names.iter().find(|name| name.starts_with(&format!("{number:012}-"))).unwrap();
    Path::new(FOLDER).join(name)
}

/// The end of what is not zero.
pub fn nonzero_end(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1)
}

/// A log of one segment and three synced batches.
pub struct Small {
    pub path: PathBuf,
    /// The bytes of the segment.
    pub bytes: Vec<u8>,
    /// Where each batch ends.
    pub ends: Vec<usize>,
    /// The records of each batch.
    pub batches: Vec<Vec<Record>>,
}

impl Small {
    /// Builds it; the payloads have these sizes, batch by batch.
    pub fn new(payloads: &[&[usize]]) -> Small {
        let disk = SimDisk::new(0);
        let mut log = open(&disk).unwrap().log;
        let path = segment(&disk, 1);
        let (mut ends, mut batches, mut index) = (Vec::new(), Vec::new(), 0);
        for payloads in payloads {
            let records: Vec<Record> = payloads
                .iter()
                .map(|bytes| {
                    index += 1;
                    record(index, 1 + index / 4, *bytes)
                })
                .collect();
            log.append(&records).unwrap();
            log.sync().unwrap();
            ends.push(nonzero_end(&disk.read_file(&path).unwrap()));
            batches.push(records);
        }
        Small { bytes: disk.read_file(&path).unwrap(), path, ends, batches }
    }

    /// A disk that holds these bytes instead of the segment's.
    pub fn disk(&self, bytes: &[u8]) -> SimDisk {
        let disk = SimDisk::new(0);
        disk.write_file(&self.path, bytes);
        disk
    }

    /// The records of the first batches.
    pub fn records(&self, batch_count: usize) -> Vec<Record> {
        self.batches[..batch_count].concat()
    }
}
