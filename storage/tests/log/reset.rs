//! A log that starts anew behind a snapshot: what a crash at any point leaves, and what is found again.

use std::io;
use std::path::Path;
use std::sync::Arc;

use storage::Error;
use storage::disk::{Disk as _, SimDisk};
use storage::log::{HardState, Log, Opened, Options};

use crate::cases::{FOLDER, Held, all, open, options, record};

/// A log of several segments, with two records that are not synced. Returns what is durable too.
fn several_segments(disk: &SimDisk) -> (Opened, Held) {
    let mut opened = open(disk).unwrap();
    opened.log.save_hard_state(HardState { term: 4, vote: 3 }).unwrap();
    for index in 1..=12 {
        opened.log.append(&[record(index, 1 + index / 5, 3000)]).unwrap();
        opened.log.sync().unwrap();
    }
    assert!(opened.log.segment_count() >= 3);
    let records = (1..=12).map(|index| record(index, 1 + index / 5, 3000)).collect();
    opened.log.append(&[record(13, 3, 10), record(14, 3, 10)]).unwrap();
    (opened, Held { base_index: 0, base_term: 0, records })
}

fn anew(base_index: u64, base_term: u64) -> Held {
    Held { base_index, base_term, records: Vec::new() }
}

#[test]
fn a_reset_log_holds_nothing_and_goes_on_behind_its_base() {
    let disk = SimDisk::new(5);
    let (mut opened, _) = several_segments(&disk);
    let reader = opened.log.reader();
    let bytes_before = opened.log.bytes();
    assert_eq!(reader.read(13, 14, 100).unwrap().len(), 2);
    opened.log.reset(50, 4).unwrap();
    assert_eq!((reader.first(), reader.last(), reader.term(50), reader.term(12)), (51, 50, Some(4), None));
    for (first, last) in [(1, 3), (13, 14), (50, 50), (51, 51)] {
        let error = reader.read(first, last, 100).unwrap_err();
        assert!(matches!(error, Error::NotInLog { .. }), "{first}..={last}: {error}");
    }
    assert_eq!(opened.log.segment_count(), 1, "the segments before are removed");
    assert_eq!(disk.list(Path::new(FOLDER)).unwrap().len(), 1);
    assert!(opened.log.bytes() < bytes_before);
    opened.log.append(&[record(51, 4, 100), record(52, 6, 100)]).unwrap();
    opened.log.sync().unwrap();
    assert_eq!(reader.read(51, 52, 1000).unwrap(), [record(51, 4, 100), record(52, 6, 100)]);
    drop(opened);
    disk.crash();
    let opened = open(&disk).unwrap();
    assert_eq!((opened.first, opened.last, opened.base_term), (51, 52, 4));
    assert_eq!(opened.term_runs, [(51, 4), (52, 6)]);
    assert_eq!(opened.hard_state, HardState { term: 4, vote: 3 }, "the hard state is kept");
    assert_eq!(all(&opened), [record(51, 4, 100), record(52, 6, 100)]);
}

/// The disk fails at each of its operations in turn, and then the power; several times, as the crash has several
/// outcomes.
#[test]
fn a_crash_at_any_point_of_a_reset_leaves_the_old_log_or_the_new_one() {
    let (mut old_count, mut new_count, mut half_removed) = (0, 0, 0);
    for operation in 0.. {
        let mut is_done = false;
        for seed in 0..12 {
            let disk = SimDisk::new(seed);
            let (mut opened, held) = several_segments(&disk);
            disk.fail_after(operation, io::ErrorKind::Other);
            is_done = opened.log.reset(40, 6).is_ok();
            disk.crash();
            let mut opened = open(&disk).unwrap_or_else(|error| panic!("operation {operation}: {error}"));
            assert_eq!(opened.hard_state, HardState { term: 4, vote: 3 });
            let found = Held::found(&opened);
            if found == held {
                assert!(!is_done, "a reset that returned is gone");
                old_count += 1;
                continue;
            }
            assert_eq!(found, anew(40, 6), "operation {operation}, seed {seed}");
            new_count += 1;
            half_removed += usize::from(opened.log.segment_count() > 2);
            // What is left of the old segments is in nobody's way, and goes with the next purge.
            opened.log.append(&[record(41, 6, 500)]).unwrap();
            opened.log.purge(40).unwrap();
            assert_eq!(opened.log.segment_count(), 1);
            assert_eq!(all(&open(&disk).unwrap()), [record(41, 6, 500)]);
        }
        if is_done {
            break;
        }
    }
    assert!(old_count > 10 && new_count > 10 && half_removed > 5, "{old_count} {new_count} {half_removed}");
}

#[test]
fn a_reset_back_to_used_indexes_brings_no_old_record_back() {
    let disk = SimDisk::new(6);
    let (mut opened, _) = several_segments(&disk);
    opened.log.reset(10, 3).unwrap();
    opened.log.append(&[record(11, 9, 40)]).unwrap();
    opened.log.sync().unwrap();
    opened.log.truncate(11).unwrap();
    opened.log.append(&[record(11, 10, 41)]).unwrap();
    opened.log.sync().unwrap();
    assert_eq!(opened.log.reader().read(11, 11, 100).unwrap(), [record(11, 10, 41)]);
    let error = opened.log.reader().read(11, 12, 100).unwrap_err();
    assert!(matches!(error, Error::NotInLog { held_first: 11, held_last: 11, .. }), "{error}");
    drop(opened);
    let opened = open(&disk).unwrap();
    assert_eq!(Held::found(&opened), anew(10, 3).and(record(11, 10, 41)));
}

#[test]
fn marked_records_are_those_that_the_log_holds() {
    let disk = SimDisk::new(7);
    let marked = |disk: &SimDisk| {
        let options = Options { marked_kind: Some(3), ..options() };
        let opened = Log::open(Arc::new(disk.clone()), Path::new(FOLDER), options).unwrap();
        (opened.marked.iter().map(|record| record.index).collect::<Vec<_>>(), opened)
    };
    // The kind of a record here is its index modulo 5.
    let (found, mut opened) = marked(&disk);
    assert!(found.is_empty());
    for index in 1..=24 {
        opened.log.append(&[record(index, 1, 1500)]).unwrap();
        opened.log.sync().unwrap();
    }
    let (found, opened) = marked(&disk);
    assert_eq!(found, [3, 8, 13, 18, 23]);
    assert_eq!(opened.marked[1], record(8, 1, 1500));
    let mut log = opened.log;
    log.truncate(18).unwrap();
    log.append(&[record(18, 2, 9), record(19, 2, 9)]).unwrap();
    log.sync().unwrap();
    let (found, opened) = marked(&disk);
    assert_eq!(found, [3, 8, 13, 18]);
    assert_eq!(opened.marked[3], record(18, 2, 9), "the one that was truncated is not handed out");
    let mut log = opened.log;
    log.purge(12).unwrap();
    let first = log.reader().first();
    assert!(first > 3, "{first}");
    let (found, opened) = marked(&disk);
    assert_eq!(found, [3, 8, 13, 18].into_iter().filter(|index| *index >= first).collect::<Vec<_>>());
    let mut log = opened.log;
    // In the segment that stays.
    log.append(&(20..=23).map(|index| record(index, 2, 9)).collect::<Vec<_>>()).unwrap();
    log.sync().unwrap();
    log.reset(100, 2).unwrap();
    log.append(&[record(101, 2, 9), record(102, 2, 9), record(103, 2, 9)]).unwrap();
    log.sync().unwrap();
    assert_eq!(marked(&disk).0, [103]);
    assert!(open(&disk).unwrap().marked.is_empty(), "nothing is marked unless it is asked for");
}

#[test]
fn the_size_on_disk_is_that_of_the_files() {
    let disk = SimDisk::new(8);
    let on_disk = || {
        let names = disk.list(Path::new(FOLDER)).unwrap();
        let bytes = names.iter().map(|name| disk.read_file(&Path::new(FOLDER).join(name)).unwrap().len());
        bytes.sum::<usize>() as u64
    };
    let mut log = open(&disk).unwrap().log;
    let reader = log.reader();
    for index in 1..=20u64 {
        // The largest does not fit into a segment of the usual size.
        log.append(&[record(index, 1, if index == 7 { 30_000 } else { 2000 })]).unwrap();
        log.sync().unwrap();
        if index % 5 == 0 {
            log.purge(index - 5).unwrap();
        }
        if index == 14 {
            log.reset(14, 1).unwrap();
        }
        assert_eq!((log.bytes(), reader.bytes()), (on_disk(), on_disk()), "after {index}");
    }
    drop(log);
    let opened = open(&disk).unwrap();
    assert_eq!(opened.log.bytes(), on_disk());
    assert!(opened.log.reader().clone().bytes() > 0);
}
