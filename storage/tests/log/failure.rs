//! Failing disks, foreign folders, and bounds.

use std::io;
use std::path::Path;
use std::sync::Arc;

use storage::disk::SimDisk;
use storage::limits::LOG_RECORD_BYTES_MAX;
use storage::log::{HardState, Log, Options};
use storage::{Class, Error};

use crate::cases::{FOLDER, all, open, options, record};

#[test]
fn after_a_failed_sync_nothing_more_is_written() {
    for (count, kind) in
        [(0, io::ErrorKind::Other), (1, io::ErrorKind::Other), (0, io::ErrorKind::StorageFull)]
    {
        let disk = SimDisk::new(3);
        let mut log = open(&disk).unwrap().log;
        log.append(&[record(1, 1, 10)]).unwrap();
        log.sync().unwrap();
        log.append(&[record(2, 1, 10)]).unwrap();
        disk.fail_after(count, kind);
        let error = log.sync().unwrap_err();
        assert_eq!(error.class(), Class::Fatal);
        assert!(error.to_string().contains(FOLDER), "the message names the file: {error}");
        assert_eq!(matches!(error, Error::DiskFull { .. }), kind == io::ErrorKind::StorageFull);
        disk.heal();
        let before = disk.operation_count();
        assert!(matches!(log.sync(), Err(Error::Closed(_))));
        assert!(matches!(log.append(&[record(3, 1, 10)]), Err(Error::Closed(_))));
        assert!(matches!(log.truncate(1), Err(Error::Closed(_))));
        assert!(matches!(log.save_hard_state(HardState { term: 9, vote: 1 }), Err(Error::Closed(_))));
        assert!(matches!(log.purge(1), Err(Error::Closed(_))));
        assert!(matches!(log.reset(9, 1), Err(Error::Closed(_))));
        assert_eq!(disk.operation_count(), before);
    }
}

#[test]
fn a_full_disk_stops_the_log_and_loses_nothing() {
    let mut stopped = 0;
    for room in (0..9000).step_by(500) {
        let disk = SimDisk::new(room);
        let mut log = open(&disk).unwrap().log;
        let mut synced = 0;
        for index in 1..=12 {
            log.append(&[record(index, 1, 3000)]).unwrap();
            if index == 3 {
                disk.set_capacity_bytes(Some(disk.used_bytes() + 20_000 + room));
            }
            match log.sync() {
                Ok(()) => synced = index,
                Err(error) => {
                    assert!(matches!(error, Error::DiskFull { .. }), "{error}");
                    assert!(matches!(log.sync(), Err(Error::Closed(_))));
                    stopped += 1;
                    break;
                }
            }
        }
        assert!(synced >= 3);
        drop(log);
        disk.crash();
        // As long as it is full the log may not open; then it has everything, and goes on.
        if let Ok(opened) = open(&disk) {
            assert!(opened.last >= synced);
        }
        disk.set_capacity_bytes(None);
        let mut opened = open(&disk).unwrap();
        assert!(opened.last >= synced && opened.last <= synced + 1, "{} {synced}", opened.last);
        let next = opened.last + 1;
        opened.log.append(&[record(next, 1, 3000)]).unwrap();
        opened.log.sync().unwrap();
        assert_eq!(all(&open(&disk).unwrap()).len() as u64, next);
    }
    assert!(stopped > 5, "{stopped}");
}

#[test]
fn one_sync_is_one_fdatasync_and_an_empty_one_is_none() {
    let disk = SimDisk::new(3);
    let mut log = open(&disk).unwrap().log;
    let before = disk.sync_count();
    log.append(&[record(1, 1, 10), record(2, 1, 10)]).unwrap();
    log.append(&[record(3, 1, 10)]).unwrap();
    log.save_hard_state(HardState { term: 1, vote: 2 }).unwrap();
    assert_eq!(disk.sync_count(), before + 1);
    log.sync().unwrap();
    log.save_hard_state(HardState { term: 1, vote: 2 }).unwrap();
    assert_eq!(disk.sync_count(), before + 1);
    drop(log);
    disk.crash();
    let opened = open(&disk).unwrap();
    assert_eq!(opened.hard_state, HardState { term: 1, vote: 2 });
    assert_eq!(opened.last, 3);
}

#[test]
fn a_folder_of_another_cluster_is_refused_untouched() {
    let disk = SimDisk::new(3);
    drop(open(&disk).unwrap());
    let before = disk.operation_count();
    let other = Options { cluster_id: 43, ..options() };
    let error = Log::open(Arc::new(disk.clone()), Path::new(FOLDER), other).err().unwrap();
    assert!(matches!(error, Error::ForeignCluster { expected: 43, found: 42, .. }), "{error}");
    assert_eq!(disk.operation_count(), before);
}

#[test]
fn a_record_that_is_too_large_is_refused_and_the_log_goes_on() {
    let disk = SimDisk::new(3);
    let mut opened = open(&disk).unwrap();
    let large = record(1, 1, LOG_RECORD_BYTES_MAX + 1);
    let error = opened.log.append(&[large]).unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }) && error.class() == Class::Refused, "{error}");
    assert_eq!(opened.log.reader().last(), 0);
    opened.log.append(&[record(1, 1, 9 << 20), record(2, 1, 1)]).unwrap();
    opened.log.sync().unwrap();
    drop(opened);
    disk.crash();
    assert_eq!(all(&open(&disk).unwrap()), [record(1, 1, 9 << 20), record(2, 1, 1)]);
}

#[test]
fn the_real_disk_keeps_a_log() {
    let folder = tempfile::tempdir().unwrap();
    let open =
        || Log::open(Arc::new(storage::disk::RealDisk), &folder.path().join("log"), options()).unwrap();
    let mut opened = open();
    let records: Vec<_> = (1..=50).map(|index| record(index, 1, 900)).collect();
    for records in records.chunks(3) {
        opened.log.append(records).unwrap();
        opened.log.sync().unwrap();
    }
    opened.log.truncate(41).unwrap();
    opened.log.append(&[record(41, 2, 10)]).unwrap();
    opened.log.sync().unwrap();
    opened.log.purge(20).unwrap();
    let first = opened.log.reader().first();
    assert!(first > 1 && first <= 21, "{first}");
    drop(opened);
    let opened = open();
    assert_eq!((opened.first, opened.last, opened.base_term), (first, 41, 1));
    assert_eq!(opened.term_runs, [(first, 1), (41, 2)]);
    let expected = [&records[first as usize - 1..40], &[record(41, 2, 10)]].concat();
    assert_eq!(all(&opened), expected);
}
