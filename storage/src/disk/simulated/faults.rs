//! The faults that can be asked of a [`SimDisk`]: failing operations, a full disk, bytes that rot.
//!
//! Left out: reads that fail.

use std::io;
use std::path::{Path, PathBuf};

use super::{SimDisk, not_found};
use crate::error::{Error, Result};

impl SimDisk {
    /// Lets the next `count` operations that change the disk (write, resize, sync, create, rename, remove)
    /// succeed and fails all after them with `kind`, until [`SimDisk::heal`] or a crash.
    pub fn fail_after(&self, count: u64, kind: io::ErrorKind) {
        let state = &mut *self.state.lock();
        state.operations_left = Some(count);
        state.failure = Some(kind);
    }

    /// Lets the next `count` syncs of files succeed and fails the one after them; of what it should have made durable, a
    /// part chosen by the seed is lost, and no later sync brings it back.
    pub fn fail_sync_after(&self, count: u64) {
        self.state.lock().syncs_left = Some(count);
    }

    /// Forgets the failures that [`SimDisk::fail_after`] and [`SimDisk::fail_sync_after`] asked for.
    pub fn heal(&self) {
        let state = &mut *self.state.lock();
        state.operations_left = None;
        state.syncs_left = None;
    }

    /// Sets how many bytes all files together may have; `None` for any number. A write or a resize that needs more fails
    /// as on a full disk, a write after what still fits was written. Nothing that is there already is lost.
    pub fn set_capacity_bytes(&self, bytes: Option<u64>) {
        self.state.lock().capacity_bytes = bytes;
    }

    /// How many bytes the files with a name have.
    pub fn used_bytes(&self) -> u64 {
        let state = self.state.lock();
        let files = state.names.values().filter_map(|file| state.files.get(file));
        files.map(|content| content.current.len() as u64).sum()
    }

    /// Flips the bits of `mask` in one byte of a file, on the device and for readers, as if it had rotted. An error if the
    /// file does not exist or is not that long.
    pub fn flip(&self, path: &Path, offset: u64, mask: u8) -> Result<()> {
        let state = &mut *self.state.lock();
        let file = *state.names.get(path).ok_or_else(|| not_found("flip", path))?;
        let content = state.files.get_mut(&file).ok_or_else(|| not_found("flip", path))?;
        let at = usize::try_from(offset).unwrap_or(usize::MAX);
        let byte = content.current.get_mut(at);
        *byte.ok_or_else(|| Error::io("flip", path, io::Error::from(io::ErrorKind::UnexpectedEof)))? ^= mask;
        if let Some(byte) = content.durable.get_mut(at) {
            *byte ^= mask;
        }
        Ok(())
    }

    /// Flips one bit of one byte below a folder, chosen by the seed among the bytes of each file up to its last one that is
    /// not zero. Returns which byte it was; `None` if there is none.
    pub fn rot(&self, folder: &Path) -> Option<(PathBuf, u64)> {
        let (path, offset, mask) = {
            let state = &mut *self.state.lock();
            let mut files: Vec<(PathBuf, u64)> = Vec::new();
            for (path, file) in state.names.iter().filter(|(path, _)| path.starts_with(folder)) {
                let bytes = state.files.get(file).map(|content| &content.current);
                let last = bytes.and_then(|bytes| bytes.iter().rposition(|byte| *byte != 0));
                files.extend(last.map(|last| (path.clone(), last as u64 + 1)));
            }
            let total: u64 = files.iter().map(|(_, bytes)| bytes).sum();
            let mut place = state.random().checked_rem(total)?;
            let mask = 1 << (state.random() % 8);
            let (path, _) = files.into_iter().find(|(_, bytes)| match place.checked_sub(*bytes) {
                Some(rest) => {
                    place = rest;
                    false
                }
                None => true,
            })?;
            (path, place, mask)
        };
        self.flip(&path, offset, mask).ok()?;
        Some((path, offset))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::disk::{Disk as _, SECTOR_BYTES};

    #[test]
    fn a_full_disk_takes_what_fits_and_keeps_what_is_there() {
        let disk = SimDisk::new(1);
        let (a, b) = (disk.create(Path::new("/a")).unwrap(), disk.create(Path::new("/b")).unwrap());
        disk.set_capacity_bytes(Some(1000));
        a.write_at(&[1; 600], 0).unwrap();
        let error = b.write_at(&[2; 500], 0).unwrap_err();
        assert!(matches!(error, Error::DiskFull { .. }), "{error}");
        assert_eq!((disk.used_bytes(), b.size_bytes().unwrap()), (1000, 400));
        assert!(matches!(a.set_size_bytes(601), Err(Error::DiskFull { .. })));
        // Overwriting needs no room, and a crash gives none.
        a.write_at(&[3; 600], 0).unwrap();
        a.sync_data().unwrap();
        disk.sync_dir(Path::new("/")).unwrap();
        disk.crash();
        let a = disk.open(Path::new("/a")).unwrap();
        assert!(matches!(a.write_at(&[1; 2], 999), Err(Error::DiskFull { .. })));
        disk.remove(Path::new("/b")).unwrap();
        a.set_size_bytes(1000).unwrap();
        disk.set_capacity_bytes(None);
        a.set_size_bytes(5000).unwrap();
    }

    #[test]
    fn one_sync_fails_when_it_is_asked_to() {
        let mut lost = 0;
        for seed in 0..40 {
            let disk = SimDisk::new(seed);
            let file = disk.create(Path::new("/a")).unwrap();
            disk.sync_dir(Path::new("/")).unwrap();
            disk.fail_sync_after(1);
            file.write_at(&[1; 100], 0).unwrap();
            file.sync_data().unwrap();
            file.write_at(&[2; 100], SECTOR_BYTES as u64).unwrap();
            assert!(file.sync_data().is_err());
            // The kernel takes the pages for clean: this one does not bring back what is lost.
            file.sync_data().unwrap();
            disk.crash();
            let left = disk.read_file(Path::new("/a")).unwrap();
            assert_eq!(left[..100], [1; 100]);
            lost += usize::from(left.get(SECTOR_BYTES) != Some(&2));
        }
        assert!(lost > 5 && lost < 40, "{lost}");
    }

    #[test]
    fn a_byte_rots_for_readers_and_on_the_device_the_same_way_each_time() {
        let rot = |seed| {
            let disk = SimDisk::new(seed);
            let file = disk.create(Path::new("/x/a")).unwrap();
            file.write_at(&[7; 300], 0).unwrap();
            file.set_size_bytes(5000).unwrap();
            disk.create(Path::new("/y/b")).unwrap().write_at(&[7; 300], 0).unwrap();
            file.sync_all().unwrap();
            disk.sync_dir(Path::new("/x")).unwrap();
            let (path, offset) = disk.rot(Path::new("/x")).unwrap();
            assert_eq!(path, Path::new("/x/a"));
            assert!(offset < 300);
            let now = disk.read_file(&path).unwrap();
            assert_eq!((now[offset as usize] ^ 7).count_ones(), 1);
            disk.crash();
            assert_eq!(disk.read_file(&path).unwrap(), now);
            offset
        };
        let offsets: BTreeSet<u64> = (0..20).map(rot).collect();
        assert!(offsets.len() > 10);
        assert_eq!(rot(3), rot(3));
        assert!(SimDisk::new(1).rot(Path::new("/")).is_none());
        assert!(SimDisk::new(1).flip(Path::new("/a"), 0, 1).is_err());
    }
}
