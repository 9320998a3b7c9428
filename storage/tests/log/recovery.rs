//! Every cut, every torn sector and every flipped byte of a small log.

use std::ops::Range;
use std::path::Path;

use storage::Error;
use storage::disk::{Disk as _, SECTOR_BYTES};

use crate::cases::{FOLDER, Held, Small, Step, all, open, record};

const FIRST: Step = Step::Append(&[40, 0, 300]);
const SECOND: Step = Step::Append(&[700, 5]);
const LAST: Step = Step::Append(&[10, 1200, 80, 900, 3]);

/// Logs with and without a reset: in the middle, as the last batch, back to lower indexes, and two in a row.
fn logs() -> Vec<Small> {
    let steps: [&[Step]; 4] = [
        &[FIRST, SECOND, LAST],
        &[FIRST, Step::Reset(40, 9), LAST],
        &[FIRST, SECOND, Step::Reset(7, 3)],
        &[FIRST, Step::Reset(9, 3), Step::Reset(2, 1), SECOND],
    ];
    steps.into_iter().map(Small::new).collect()
}

/// How many batches of a small log are whole when it ends at `cut`.
fn whole_batches(small: &Small, cut: usize) -> usize {
    small.ends.iter().filter(|end| **end <= cut).count()
}

#[test]
fn a_log_cut_at_any_byte_opens_with_its_whole_batches_and_goes_on() {
    for small in logs() {
        for cut in 4096..=small.end() {
            let count = whole_batches(&small, cut);
            let mut zeroed = small.bytes.clone();
            zeroed[cut..].fill(0);
            for bytes in [&small.bytes[..cut], &zeroed] {
                opens_and_goes_on(&small, bytes, count, cut);
            }
        }
    }
}

fn opens_and_goes_on(small: &Small, bytes: &[u8], count: usize, cut: usize) {
    let disk = small.disk(bytes);
    let mut opened = open(&disk).unwrap_or_else(|error| panic!("cut at {cut}: {error}"));
    assert_eq!(Held::found(&opened), small.held(count), "cut at {cut}");
    let next = record(opened.last + 1, 1 << 40, 33);
    opened.log.append(std::slice::from_ref(&next)).unwrap();
    opened.log.sync().unwrap();
    disk.crash();
    let again = open(&disk).unwrap_or_else(|error| panic!("cut at {cut}, again: {error}"));
    assert_eq!(again.cut_bytes, 0);
    assert_eq!(Held::found(&again), small.held(count).and(next), "cut at {cut}");
}

#[test]
fn any_subset_of_torn_sectors_of_the_last_batch_is_cut() {
    let mut large_count = 0;
    for small in logs() {
        large_count += usize::from(torn_sectors_are_cut(&small) >= 5);
    }
    assert!(large_count >= 2);
}

/// Returns how many sectors the last batch is in.
fn torn_sectors_are_cut(small: &Small) -> usize {
    let (start, end) = (small.last_start(), small.end());
    let sectors: Vec<usize> = (start / SECTOR_BYTES..end.div_ceil(SECTOR_BYTES)).collect();
    assert!(sectors.len() <= 8, "{}", sectors.len());
    for subset in 1u32..1 << sectors.len() {
        let mut bytes = small.bytes.clone();
        for (position, sector) in sectors.iter().enumerate() {
            if subset & (1 << position) != 0 {
                bytes[(sector * SECTOR_BYTES).max(start)..(sector + 1) * SECTOR_BYTES].fill(0);
            }
        }
        let opened = open(&small.disk(&bytes)).unwrap_or_else(|error| panic!("subset {subset:b}: {error}"));
        assert_eq!(Held::found(&opened), small.held_but(1), "subset {subset:b}");
        assert_eq!(opened.cut_bytes > 0, subset + 1 != 1 << sectors.len(), "subset {subset:b}");
    }
    sectors.len()
}

#[test]
fn lost_sectors_of_an_earlier_batch_are_damage() {
    for small in logs() {
        for sector in 4096 / SECTOR_BYTES..small.last_start().div_ceil(SECTOR_BYTES) {
            let mut bytes = small.bytes.clone();
            let to = ((sector + 1) * SECTOR_BYTES).min(small.last_start());
            bytes[sector * SECTOR_BYTES..to].fill(0);
            let error =
                open(&small.disk(&bytes)).err().unwrap_or_else(|| panic!("sector {sector} was not missed"));
            assert!(matches!(error, Error::Corrupt { .. }), "sector {sector}: {error}");
        }
    }
}

#[test]
fn every_flipped_byte_is_named_or_is_in_the_unproven_last_batch() {
    for (position, small) in logs().iter().enumerate() {
        // The header and the room behind the log are the same in all of them.
        let from = if position == 0 { 0 } else { 4096 };
        let to = if position == 0 { small.bytes.len() } else { small.end() + 600 };
        let (named, cut) = flipped_bytes_are_found(small, from..to);
        // The payloads here have no zeros, so next to nothing passes for torn.
        assert!(named + cut >= 3 * (small.end() - from), "{named} named, {cut} cut");
        assert!(cut <= 3, "{named} named, {cut} cut");
    }
}

/// Returns how often damage was named, and how often the last batch was cut instead.
fn flipped_bytes_are_found(small: &Small, places: Range<usize>) -> (usize, usize) {
    let (mut named, mut cut) = (0, 0);
    for at in places {
        for flip in [0x01, 0x80, 0xff] {
            let mut bytes = small.bytes.clone();
            bytes[at] ^= flip;
            match open(&small.disk(&bytes)) {
                Err(Error::Corrupt { file, offset, what }) => {
                    named += 1;
                    assert_eq!(file, small.path);
                    let start = small.ends.iter().rfind(|end| **end <= at).copied().unwrap_or(4096);
                    let in_header = at < 4096 && offset < 4096;
                    let in_batch = at >= 4096 && offset as usize >= start && offset as usize <= at;
                    assert!(in_header || in_batch, "byte {at} was named as {offset}: {what}");
                    let last = small.held(whole_batches(small, at)).last();
                    let named = what.contains(&format!("after record {last}"));
                    assert!(at < 4096 || named, "byte {at}: {what}");
                }
                Err(error) => panic!("byte {at}: {error}"),
                Ok(opened) if at >= small.end() => {
                    assert_eq!(Held::found(&opened), small.held_but(0), "byte {at}, behind the log");
                }
                Ok(opened) => {
                    assert!(at >= small.last_start(), "byte {at} of a closed batch was not found");
                    assert_eq!(Held::found(&opened), small.held_but(1), "byte {at}");
                    assert!(opened.cut_bytes > 0);
                    cut += 1;
                }
            }
        }
    }
    (named, cut)
}

#[test]
fn a_batch_with_zeros_in_it_may_be_taken_for_torn_only_while_it_is_the_last() {
    let small = Small::new(&[FIRST, SECOND, LAST]);
    let zeros = |batch: usize| {
        let disk = small.disk(&small.bytes);
        let mut opened = open(&disk).unwrap();
        let mut next = record(opened.last + 1, 9, 3000);
        next.payload = vec![0; 3000].into();
        opened.log.append(&[next]).unwrap();
        opened.log.sync().unwrap();
        if batch == 0 {
            opened.log.append(&[record(opened.last + 2, 9, 1)]).unwrap();
            opened.log.sync().unwrap();
        }
        let path = crate::cases::segment(&disk, 2);
        let mut bytes = disk.read_file(&path).unwrap();
        bytes[4096 + 1000] ^= 4;
        disk.write_file(&path, &bytes);
        open(&disk)
    };
    let opened = zeros(1).unwrap();
    assert_eq!(Held::found(&opened), small.held_but(0));
    let error = zeros(0).err().unwrap();
    assert!(matches!(error, Error::Corrupt { .. }), "{error}");
}

#[test]
fn damage_in_any_segment_but_the_last_is_never_cut() {
    let disk = storage::disk::SimDisk::new(0);
    let mut log = open(&disk).unwrap().log;
    for index in 1..=12 {
        log.append(&[record(index, 1, 3000)]).unwrap();
        log.sync().unwrap();
    }
    let names = disk.list(Path::new(FOLDER)).unwrap();
    assert!(names.len() >= 3, "{names:?}");
    for name in &names[..names.len() - 1] {
        let path = Path::new(FOLDER).join(name);
        let whole = disk.read_file(&path).unwrap();
        for cut in [whole.len() - 1, whole.len() - 600, 4096, 100] {
            disk.write_file(&path, &whole[..cut]);
            let error = open(&disk).err().unwrap();
            assert!(matches!(error, Error::Corrupt { .. }), "{name} cut at {cut}: {error}");
        }
        let longer = [&whole[..], &[0; 100], &[1]].concat();
        disk.write_file(&path, &longer);
        assert!(matches!(open(&disk).err().unwrap(), Error::Corrupt { .. }), "{name} grew");
        disk.write_file(&path, &whole);
    }
    assert_eq!(all(&open(&disk).unwrap()).len(), 12);
    disk.remove(&Path::new(FOLDER).join(&names[1])).unwrap();
    let error = open(&disk).err().unwrap();
    assert!(error.to_string().contains("missing"), "{error}");
}
