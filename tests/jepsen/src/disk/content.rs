//! What is in one file: what is synced is in an object of the backing folder, what is not is here, in memory.
//!
//! Invariants: the object holds exactly what a crash leaves behind; a page in [`Content::pages`] hides the object's; bytes of the object at and
//! behind [`Content::kept_bytes`] are no longer part of the file, as it was cut below them since the last sync.
//!
//! Left out: all versions but the newest of an unsynced page. A real disk may also hold an older one.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::time::SystemTime;

use rand::Rng as _;
use rand::rngs::StdRng;

use super::allocated::Allocated;

/// The unit in which unsynced bytes are kept.
pub(super) const PAGE_BYTES: usize = 4096;

/// What a device writes whole or not at all: the unit of a torn write.
const SECTOR_BYTES: usize = 512;

/// Unsynced pages of one file past which the file is written back unasked, as a kernel does, so that memory is bounded: 128 MiB.
const UNSYNCED_PAGES_MAX: usize = 32_768;

/// Pages that go to the object with one write.
const RUN_PAGES_MAX: usize = 256;

/// An unsynced page.
struct Page {
    bytes: Box<[u8; PAGE_BYTES]>,
    /// A sync that should have written it has failed. The kernel calls such a page clean: a later sync does not write it and succeeds.
    given_up: bool,
}

/// The content of a file.
pub(super) struct Content {
    object: File,
    /// Pages that are not synced, by number.
    pages: BTreeMap<u64, Page>,
    size_bytes: u64,
    synced_size_bytes: u64,
    /// The smallest size that the file had since the last sync; at most [`Content::synced_size_bytes`].
    kept_bytes: u64,
    allocated: Allocated,
    /// When it was written last.
    pub(super) modified: SystemTime,
    /// The name that it was given last, as a path from the mount point: what a fault's aim is compared with.
    pub(super) path: String,
}

impl Content {
    /// The content that an object holds.
    pub(super) fn new(object: File, path: String) -> io::Result<Content> {
        let metadata = object.metadata()?;
        let size_bytes = metadata.len();
        Ok(Content {
            object,
            pages: BTreeMap::new(),
            size_bytes,
            synced_size_bytes: size_bytes,
            kept_bytes: size_bytes,
            allocated: Allocated::up_to(pages_of(size_bytes)),
            modified: metadata.modified()?,
            path,
        })
    }

    pub(super) fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// How many pages have room on the disk.
    pub(super) fn allocated_pages(&self) -> u64 {
        self.allocated.count()
    }

    /// How many pages are unsynced.
    pub(super) fn unsynced_pages(&self) -> usize {
        self.pages.len()
    }

    /// Reads up to `count` bytes; fewer at the end of the file.
    pub(super) fn read(&self, offset: u64, count: usize) -> io::Result<Vec<u8>> {
        let end = self.size_bytes.min(offset.saturating_add(count as u64));
        if offset >= end {
            return Ok(Vec::new());
        }
        let mut bytes = vec![0; (end - offset) as usize];
        if offset < self.kept_bytes {
            let kept = ((self.kept_bytes - offset) as usize).min(bytes.len());
            read_full(&self.object, &mut bytes[..kept], offset)?;
        }
        let page_bytes = PAGE_BYTES as u64;
        for (number, page) in self.pages.range(offset / page_bytes..end.div_ceil(page_bytes)) {
            let start = number * page_bytes;
            let (from, to) = (start.max(offset), (start + page_bytes).min(end));
            bytes[(from - offset) as usize..(to - offset) as usize]
                .copy_from_slice(&page.bytes[(from - start) as usize..(to - start) as usize]);
        }
        Ok(bytes)
    }

    /// How many of the pages of a range have no room yet.
    pub(super) fn missing_pages(&self, offset: u64, count: u64) -> u64 {
        self.allocated.missing(offset / PAGE_BYTES as u64, pages_of(offset + count))
    }

    /// Takes room for a range.
    pub(super) fn allocate(&mut self, offset: u64, count: u64) {
        self.allocated.take(offset / PAGE_BYTES as u64, pages_of(offset + count));
    }

    /// Writes, in memory only.
    pub(super) fn write(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut at = offset;
        let mut rest = bytes;
        while !rest.is_empty() {
            let number = at / PAGE_BYTES as u64;
            let within = (at % PAGE_BYTES as u64) as usize;
            let count = rest.len().min(PAGE_BYTES - within);
            let page = self.page_to_write(number, count == PAGE_BYTES)?;
            page.bytes[within..within + count].copy_from_slice(&rest[..count]);
            page.given_up = false;
            rest = &rest[count..];
            at += count as u64;
        }
        self.size_bytes = self.size_bytes.max(at);
        self.allocate(offset, bytes.len() as u64);
        self.modified = SystemTime::now();
        if self.pages.len() > UNSYNCED_PAGES_MAX {
            self.sync()?;
        }
        Ok(())
    }

    fn page_to_write(&mut self, number: u64, all_of_it: bool) -> io::Result<&mut Page> {
        if !self.pages.contains_key(&number) {
            let mut bytes = Box::new([0; PAGE_BYTES]);
            let start = number * PAGE_BYTES as u64;
            if !all_of_it && start < self.kept_bytes {
                let kept = ((self.kept_bytes - start) as usize).min(PAGE_BYTES);
                read_full(&self.object, &mut bytes[..kept], start)?;
            }
            self.pages.insert(number, Page { bytes, given_up: false });
        }
        Ok(self.pages.get_mut(&number).expect("it was there or was just put there"))
    }

    /// Cuts the file or makes it longer with zeros; returns how many pages that freed.
    pub(super) fn resize(&mut self, size_bytes: u64) -> u64 {
        if size_bytes < self.size_bytes {
            self.kept_bytes = self.kept_bytes.min(size_bytes);
            drop(self.pages.split_off(&pages_of(size_bytes)));
            let within = (size_bytes % PAGE_BYTES as u64) as usize;
            if within > 0
                && let Some(page) = self.pages.get_mut(&(size_bytes / PAGE_BYTES as u64))
            {
                page.bytes[within..].fill(0);
                page.given_up = false;
            }
        }
        self.size_bytes = size_bytes;
        self.modified = SystemTime::now();
        self.allocated.cut(pages_of(size_bytes))
    }

    /// Makes a range zeros, as far as the file goes; returns how many whole pages that freed.
    pub(super) fn zero(&mut self, offset: u64, count: u64) -> io::Result<u64> {
        let end = offset.saturating_add(count).min(self.size_bytes);
        let mut at = offset;
        while at < end {
            let part = ((end - at) as usize).min(PAGE_BYTES - (at % PAGE_BYTES as u64) as usize);
            self.write(at, &[0; PAGE_BYTES][..part])?;
            at += part as u64;
        }
        Ok(self.allocated.give_back(offset.div_ceil(PAGE_BYTES as u64), end / PAGE_BYTES as u64))
    }

    /// Brings everything to the object, except what an earlier failed sync gave up.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.sync_size(self.size_bytes)?;
        let mut run: Vec<u8> = Vec::new();
        let mut run_start = 0;
        for (number, page) in self.pages.iter().filter(|(_, page)| !page.given_up) {
            let start = number * PAGE_BYTES as u64;
            if run_start + run.len() as u64 != start || run.len() >= RUN_PAGES_MAX * PAGE_BYTES {
                self.object.write_all_at(&run, run_start)?;
                run.clear();
                run_start = start;
            }
            let count = (self.size_bytes - start).min(PAGE_BYTES as u64) as usize;
            run.extend_from_slice(&page.bytes[..count]);
        }
        self.object.write_all_at(&run, run_start)?;
        self.pages.retain(|_, page| page.given_up);
        Ok(())
    }

    fn sync_size(&mut self, size_bytes: u64) -> io::Result<()> {
        if self.kept_bytes < self.synced_size_bytes {
            self.object.set_len(self.kept_bytes)?;
            self.synced_size_bytes = self.kept_bytes;
        }
        if self.synced_size_bytes != size_bytes {
            self.object.set_len(size_bytes)?;
        }
        self.synced_size_bytes = size_bytes;
        self.kept_bytes = size_bytes;
        Ok(())
    }

    /// What a failed sync leaves behind: the pages are still read as they were written, and are never written by a later sync.
    pub(super) fn give_up(&mut self) {
        for page in self.pages.values_mut() {
            page.given_up = true;
        }
    }

    /// What a crash does: everything unsynced is gone. With `survivors`, some of it is not: whole pages or sectors of them, and the size or
    /// not. Bytes that did not survive are as they were, or zeros where the file had none.
    pub(super) fn lose(&mut self, survivors: Option<&mut StdRng>) -> io::Result<()> {
        let pages = std::mem::take(&mut self.pages);
        if let Some(random) = survivors {
            self.keep_some(pages, random)?;
        }
        self.size_bytes = self.synced_size_bytes;
        self.kept_bytes = self.synced_size_bytes;
        self.allocated.cut(pages_of(self.size_bytes));
        Ok(())
    }

    fn keep_some(&mut self, pages: BTreeMap<u64, Page>, random: &mut StdRng) -> io::Result<()> {
        let cut = self.kept_bytes < self.synced_size_bytes;
        let size_bytes = if cut && random.random_bool(0.5) {
            // Cut, and made longer again or not.
            if random.random_bool(0.5) { self.kept_bytes } else { self.size_bytes }
        } else if !cut && random.random_bool(0.5) {
            self.size_bytes
        } else {
            self.kept_bytes = self.synced_size_bytes;
            self.synced_size_bytes
        };
        self.sync_size(size_bytes)?;
        // One file loses all or little, another by the page, a third is torn within its pages.
        let survival = [0.0, 0.5, 0.9, 1.0][random.random_range(0..4)];
        let torn = random.random_bool(0.5);
        for (number, page) in pages.iter().filter(|(_, page)| !page.given_up) {
            let whole_page = random.random_bool(survival);
            for (sector, bytes) in page.bytes.chunks(SECTOR_BYTES).enumerate() {
                let offset = number * PAGE_BYTES as u64 + (sector * SECTOR_BYTES) as u64;
                let survives = if torn { random.random_bool(survival) } else { whole_page };
                if survives && offset < size_bytes {
                    let count = (size_bytes - offset).min(SECTOR_BYTES as u64) as usize;
                    self.object.write_all_at(&bytes[..count], offset)?;
                }
            }
        }
        Ok(())
    }
}

/// How many pages a file of that size has.
pub(super) fn pages_of(size_bytes: u64) -> u64 {
    size_bytes.div_ceil(PAGE_BYTES as u64)
}

fn read_full(file: &File, mut bytes: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.read_at(bytes, offset) {
            // The object is shorter only if somebody else wrote to it; the rest stays zeros.
            Ok(0) => return Ok(()),
            Ok(count) => {
                bytes = &mut bytes[count..];
                offset += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;

    fn content() -> Content {
        Content::new(tempfile::tempfile().unwrap(), String::new()).unwrap()
    }

    fn all(content: &Content) -> Vec<u8> {
        content.read(0, 1 << 24).unwrap()
    }

    /// Random writes, cuts, syncs and losses on a content and on two plain vectors: what it holds and what is synced.
    #[test]
    fn a_loss_leaves_what_was_synced_and_nothing_else() {
        let mut random = StdRng::seed_from_u64(1);
        for _ in 0..40 {
            let (mut content, mut now, mut synced) = (content(), Vec::new(), Vec::new());
            for _ in 0..60 {
                match random.random_range(0..10) {
                    0..4 => {
                        let (at, count) = (random.random_range(0..30_000), random.random_range(1..12_000));
                        let bytes = vec![random.random_range(1..=255_u8); count];
                        content.write(at as u64, &bytes).unwrap();
                        if now.len() < at + count {
                            now.resize(at + count, 0);
                        }
                        now[at..at + count].copy_from_slice(&bytes);
                    }
                    4..6 => {
                        let size = random.random_range(0..40_000);
                        content.resize(size as u64);
                        now.resize(size, 0);
                    }
                    6 => {
                        let (at, count) = (random.random_range(0..30_000), random.random_range(1..12_000));
                        content.zero(at as u64, count as u64).unwrap();
                        let end = now.len().min(at + count);
                        now[at.min(end)..end].fill(0);
                    }
                    7..9 => {
                        content.sync().unwrap();
                        synced.clone_from(&now);
                    }
                    _ => {
                        content.lose(None).unwrap();
                        now.clone_from(&synced);
                    }
                }
                assert_eq!(all(&content), now);
            }
        }
    }

    #[test]
    fn what_survives_some_loss_is_old_or_new_by_the_sector() {
        let (mut lost, mut kept, mut mixed) = (0, 0, 0);
        for seed in 0..200 {
            let mut content = content();
            content.write(0, &[1; 16_384]).unwrap();
            content.sync().unwrap();
            content.write(0, &[2; 20_480]).unwrap();
            content.lose(Some(&mut StdRng::seed_from_u64(seed))).unwrap();
            let bytes = all(&content);
            assert!(bytes.len() == 16_384 || bytes.len() == 20_480, "{}", bytes.len());
            let mut newer = 0;
            for (at, sector) in bytes.chunks(SECTOR_BYTES).enumerate() {
                assert!(sector.iter().all(|byte| *byte == sector[0]), "a sector is torn");
                let old = if at * SECTOR_BYTES < 16_384 { 1 } else { 0 };
                assert!(sector[0] == old || sector[0] == 2);
                newer += usize::from(sector[0] == 2);
            }
            match newer {
                0 => lost += 1,
                count if count * SECTOR_BYTES == bytes.len() => kept += 1,
                _ => mixed += 1,
            }
        }
        assert!(lost > 10 && kept > 10 && mixed > 10, "{lost} {kept} {mixed}");
    }

    #[test]
    fn a_page_given_up_by_a_failed_sync_is_not_repaired_by_a_second() {
        let mut content = content();
        content.write(0, b"old").unwrap();
        content.sync().unwrap();
        content.write(0, b"new").unwrap();
        content.give_up();
        content.sync().unwrap();
        assert_eq!(all(&content), b"new", "it is still read");
        content.lose(None).unwrap();
        assert_eq!(all(&content), b"old");
    }

    #[test]
    fn unsynced_bytes_are_bounded() {
        let mut content = content();
        let megabyte = vec![7; 1 << 20];
        for at in 0..140 {
            content.write(at << 20, &megabyte).unwrap();
            assert!(content.unsynced_pages() <= UNSYNCED_PAGES_MAX);
        }
    }
}
