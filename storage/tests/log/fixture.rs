//! A log folder of each format version that was ever released must stay readable.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use storage::disk::RealDisk;
use storage::log::{HardState, Log, Record};

use crate::cases::{all, options, record};

const CLUSTER_ID: u128 = 0x5175_6f72_6174_6520_6c6f_6720_7631_0001;

fn folder(version: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/log_v{version}"))
}

fn records() -> Vec<Record> {
    let sizes = [0, 1, 300, 40, 700];
    (1..=5).map(|index| record(index, if index < 4 { 1 } else { 3 }, sizes[index as usize - 1])).collect()
}

/// Opens the fixture of a version. Opening writes to the folder, so it is done on a copy.
fn open_copy(version: u32) -> storage::log::Opened {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(folder(version)).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    let options = storage::log::Options { cluster_id: CLUSTER_ID, ..options() };
    Log::open(Arc::new(RealDisk), copy.path(), options).unwrap()
}

#[test]
fn version_1_is_read() {
    let opened = open_copy(1);
    assert_eq!(opened.hard_state, HardState { term: 3, vote: 2 });
    assert_eq!(opened.term_runs, [(1, 1), (4, 3)]);
    assert_eq!(opened.cut_bytes, 0);
    assert_eq!(all(&opened), records());
}

/// Version 2 has resets.
#[test]
fn version_2_is_read() {
    let opened = open_copy(2);
    assert_eq!(opened.hard_state, HardState { term: 3, vote: 2 });
    assert_eq!((opened.first, opened.base_term), (21, 2));
    assert_eq!(opened.term_runs, [(21, 3)]);
    assert_eq!(opened.cut_bytes, 0);
    assert_eq!(all(&opened), [record(21, 3, 60), record(22, 3, 7)]);
}

/// Writes the fixture of the current version: `cargo test -p storage --test log -- --ignored
/// write_the_fixture`.
#[test]
#[ignore = "run by hand when the format version changes"]
fn write_the_fixture() {
    let options = storage::log::Options { cluster_id: CLUSTER_ID, ..options() };
    let mut log = Log::open(Arc::new(RealDisk), &folder(2), options).unwrap().log;
    let records = records();
    log.append(&records[..3]).unwrap();
    log.append(&[record(4, 1, 50)]).unwrap();
    log.sync().unwrap();
    log.truncate(4).unwrap();
    log.append(&records[3..]).unwrap();
    log.save_hard_state(HardState { term: 3, vote: 2 }).unwrap();
    log.reset(20, 2).unwrap();
    log.append(&[record(21, 3, 60), record(22, 3, 7)]).unwrap();
    log.sync().unwrap();
}
