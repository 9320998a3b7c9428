//! What readers see while the log is written.

use std::sync::atomic::{AtomicBool, Ordering};

use storage::Error;
use storage::disk::SimDisk;

use crate::cases::{open, record, segment};

#[test]
fn a_record_is_read_before_it_is_synced_and_after_it_left_the_ring() {
    let disk = SimDisk::new(0);
    let mut log = open(&disk).unwrap().log;
    let reader = log.reader();
    let records: Vec<_> = (1..=40).map(|index| record(index, 1 + index / 15, 200)).collect();
    for batch in records.chunks(5) {
        log.append(batch).unwrap();
        assert_eq!(reader.read(batch[0].index, batch[4].index, 1 << 20).unwrap(), batch);
        log.sync().unwrap();
    }
    for first in 1..=40u64 {
        let read = reader.read(first, 40, 700).unwrap();
        assert!(!read.is_empty() && read.len() <= 3);
        assert_eq!(read, records[first as usize - 1..][..read.len()]);
        assert_eq!(reader.clone().read(first, first, 0).unwrap(), records[first as usize - 1..][..1]);
        assert_eq!(reader.term(first), Some(1 + first / 15));
    }
    for (first, last) in [(0, 1), (3, 2), (39, 41), (41, 41)] {
        assert!(matches!(reader.read(first, last, 9), Err(Error::NotInLog { .. })), "{first}..={last}");
    }
}

#[test]
fn a_byte_that_flips_while_the_log_is_open_is_named_when_read() {
    let disk = SimDisk::new(0);
    let mut log = open(&disk).unwrap().log;
    for index in 1..=30 {
        log.append(&[record(index, 1, 100)]).unwrap();
        log.sync().unwrap();
    }
    let path = segment(&disk, 1);
    let whole = disk.read_file(&path).unwrap();
    let mut bytes = whole.clone();
    bytes[4096 + 500] ^= 1;
    disk.write_file(&path, &bytes);
    let error = log.reader().read(1, 20, 10_000).unwrap_err();
    let Error::Corrupt { file, offset, what } = error else { panic!("{error}") };
    assert_eq!(file, path);
    assert!(offset > 4096 && offset <= 4096 + 500, "{offset} {what}");
}

#[test]
fn readers_see_one_log_while_it_is_truncated_reset_and_written_again() {
    let disk = SimDisk::new(0);
    let mut log = open(&disk).unwrap().log;
    let reader = log.reader();
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for step in [1u64, 3] {
            let reader = reader.clone();
            let is_done = &is_done;
            scope.spawn(move || {
                let mut next = 1;
                let mut read_count = 0;
                while !is_done.load(Ordering::Relaxed) || read_count == 0 {
                    let last = reader.last();
                    next = if next > last { last.saturating_sub(30).max(reader.first()) } else { next };
                    let records = match reader.read(next, last, 2000) {
                        Ok(records) => records,
                        Err(Error::NotInLog { .. }) => {
                            next = reader.first();
                            continue;
                        }
                        Err(error) => panic!("{error}"),
                    };
                    read_count += 1;
                    for (at, found) in records.iter().enumerate() {
                        assert_eq!(*found, record(next + at as u64, found.term, found.payload.len()));
                    }
                    assert!(
                        records.windows(2).all(|pair| pair[0].term <= pair[1].term),
                        "two logs in one read"
                    );
                    next += step;
                }
            });
        }
        let mut last = 0u64;
        for round in 1..=300u64 {
            if round % 20 == 0 {
                // Forth, or back over indexes that are written again.
                last = if round % 40 == 0 { last + 5 } else { last.saturating_sub(15) };
                log.reset(last, round).unwrap();
            }
            let from = if round % 3 == 0 { last - last % 7 } else { last + 1 };
            let from = from.max(log.reader().first());
            log.truncate(from).unwrap();
            let records: Vec<_> = (from..from + 9).map(|index| record(index, round, 150)).collect();
            last = from + 8;
            log.append(&records).unwrap();
            if round % 2 == 0 {
                log.sync().unwrap();
            }
        }
        is_done.store(true, Ordering::Relaxed);
    });
}
