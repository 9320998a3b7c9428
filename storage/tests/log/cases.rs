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

/// What one batch of a [`Small`] log does.
pub enum Step {
    /// Appends records with payloads of these sizes.
    Append(&'static [usize]),
    /// Starts the log anew behind this index and term.
    Reset(u64, u64),
}

/// What a log holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Held {
    pub base_index: u64,
    pub base_term: u64,
    pub records: Vec<Record>,
}

impl Held {
    /// What an opened log holds.
    pub fn found(opened: &Opened) -> Held {
        Held { base_index: opened.first - 1, base_term: opened.base_term, records: all(opened) }
    }

    pub fn last(&self) -> u64 {
        self.base_index + self.records.len() as u64
    }

    /// The same with one more record.
    pub fn and(mut self, record: Record) -> Held {
        self.records.push(record);
        self
    }
}

/// A log of one segment and a few synced batches.
pub struct Small {
    pub path: PathBuf,
    /// The bytes of the segment.
    pub bytes: Vec<u8>,
    /// Where each batch ends.
    pub ends: Vec<usize>,
    /// What the log holds before the first batch, and after each.
    held: Vec<Held>,
}

impl Small {
    /// Builds it, with one batch for each step.
    pub fn new(steps: &[Step]) -> Small {
        let disk = SimDisk::new(0);
        let mut log = open(&disk).unwrap().log;
        let path = segment(&disk, 1);
        let mut now = Held::default();
        let (mut ends, mut held) = (Vec::new(), vec![now.clone()]);
        for step in steps {
            match step {
                Step::Append(payloads) => {
                    let next = now.last() + 1..;
                    let records = next
                        .zip(*payloads)
                        .map(|(index, bytes)| record(index, now.base_term.max(1) + index / 4, *bytes));
                    let records: Vec<Record> = records.collect();
                    log.append(&records).unwrap();
                    log.sync().unwrap();
                    now.records.extend(records);
                }
                Step::Reset(base_index, base_term) => {
                    log.reset(*base_index, *base_term).unwrap();
                    now = Held { base_index: *base_index, base_term: *base_term, records: Vec::new() };
                }
            }
            ends.push(nonzero_end(&disk.read_file(&path).unwrap()));
            held.push(now.clone());
        }
        Small { bytes: disk.read_file(&path).unwrap(), path, ends, held }
    }

    /// Where the last batch starts.
    pub fn last_start(&self) -> usize {
        self.ends[self.ends.len() - 2]
    }

    /// Where the last batch ends.
    pub fn end(&self) -> usize {
        self.ends[self.ends.len() - 1]
    }

    /// A disk that holds these bytes instead of the segment's.
    pub fn disk(&self, bytes: &[u8]) -> SimDisk {
        let disk = SimDisk::new(0);
        disk.write_file(&self.path, bytes);
        disk
    }

    /// What the log holds after so many batches.
    pub fn held(&self, batch_count: usize) -> Held {
        self.held[batch_count].clone()
    }

    /// What the log holds after all batches but so many.
    pub fn held_but(&self, batch_count: usize) -> Held {
        self.held(self.ends.len() - batch_count)
    }
}
