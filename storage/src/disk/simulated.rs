//! A disk in memory that crashes, tears and fails on demand, the same way each time for one seed.
//!
//! It keeps, for each file, what a reader sees and what would be left after a power cut: the bytes as of the
//! last sync, and which sectors were written since. [`SimDisk::crash`] decides for every such sector whether
//! its new bytes reached the device, as far as the assumptions in [`disk`](super) allow, and for the changes
//! of names how many of them, in order, were kept. Handles opened before a crash fail afterwards: their
//! process is gone.
//!
//! What else can be asked of it: that operations fail from some point on ([`SimDisk::fail_after`]), that one sync fails
//! ([`SimDisk::fail_sync_after`]), that it is full ([`SimDisk::set_capacity_bytes`]), that bytes rot
//! ([`SimDisk::flip`], [`SimDisk::rot`]). Everything that is left to chance is drawn from the seed, in the order of
//! the calls; there is no clock and no hash map. So a run of one thread is the same each time.
//!
//! Left out: time, a sync takes none; and bytes that rot only after they were cached: a reader sees them at once.

mod faults;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use super::{Disk, DiskFile, SECTOR_BYTES};
use crate::error::{Error, Result};

/// A simulated disk; clones are the same disk.
#[derive(Clone)]
pub struct SimDisk {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// The files by number; a number is never used twice.
    files: BTreeMap<u64, Content>,
    /// The names as a process sees them.
    names: BTreeMap<PathBuf, u64>,
    /// The names as of the last sync of their folders.
    names_durable: BTreeMap<PathBuf, u64>,
    /// The changes of names since then, oldest first.
    names_pending: Vec<NameChange>,
    next_file: u64,
    /// Counts crashes; a handle of an earlier count is dead.
    boot: u64,
    random: u64,
    /// How many more operations that change the disk succeed; `None`: all.
    operations_left: Option<u64>,
    /// What the operations after these fail with.
    failure: Option<io::ErrorKind>,
    /// How many more syncs of files succeed before one fails; `None`: all.
    syncs_left: Option<u64>,
    /// How many bytes the files that have a name may have together; `None`: any number.
    capacity_bytes: Option<u64>,
    operation_count: u64,
    sync_count: u64,
}

#[derive(Default)]
struct Content {
    /// What a reader sees.
    current: Vec<u8>,
    /// What was on the device at the last sync.
    durable: Vec<u8>,
    /// Sectors written since then.
    dirty: BTreeSet<usize>,
}

#[derive(Clone)]
enum NameChange {
    Set(PathBuf, u64),
    Remove(PathBuf),
}

struct SimFile {
    state: Arc<Mutex<State>>,
    file: u64,
    boot: u64,
    path: PathBuf,
}

impl State {
    /// SplitMix64: small, and good enough to choose sectors.
    fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Counts an operation that changes the disk, or fails it if a failure was asked for.
    fn operation(&mut self, action: &str, path: &Path) -> Result<()> {
        self.operation_count += 1;
        match &mut self.operations_left {
            Some(0) => {
                let kind = self.failure.unwrap_or(io::ErrorKind::Other);
                Err(Error::io(action, path, io::Error::new(kind, "simulated failure")))
            }
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// How much longer a file may become: to this size, given the one it has. All of it for a file without a name,
    /// which is soon gone.
    fn size_bytes_max(&self, file: u64, wanted: usize) -> usize {
        let Some(capacity_bytes) = self.capacity_bytes else { return wanted };
        let others = self.names.values().filter(|of| **of != file);
        let used: usize =
            others.filter_map(|of| self.files.get(of)).map(|content| content.current.len()).sum();
        let has_now = self.files.get(&file).map_or(0, |content| content.current.len());
        let free = usize::try_from(capacity_bytes).unwrap_or(usize::MAX).saturating_sub(used);
        wanted.min(free.max(has_now))
    }

    fn change_name(&mut self, change: NameChange) {
        apply(&mut self.names, &change);
        self.names_pending.push(change);
    }
}

fn apply(names: &mut BTreeMap<PathBuf, u64>, change: &NameChange) {
    match change {
        NameChange::Set(path, file) => {
            names.insert(path.clone(), *file);
        }
        NameChange::Remove(path) => {
            names.remove(path);
        }
    }
}

fn full(action: &str, path: &Path) -> Error {
    Error::io(action, path, io::Error::new(io::ErrorKind::StorageFull, "simulated full disk"))
}

fn not_found(action: &str, path: &Path) -> Error {
    Error::io(action, path, io::Error::from(io::ErrorKind::NotFound))
}

impl Content {
    fn mark(&mut self, from: usize, to: usize) {
        self.dirty.extend(from / SECTOR_BYTES..to.div_ceil(SECTOR_BYTES));
    }

    fn sync(&mut self) {
        // Only what changed is copied: a test syncs far more often than it crashes.
        self.durable.resize(self.current.len(), 0);
        for sector in std::mem::take(&mut self.dirty) {
            let from = (sector * SECTOR_BYTES).min(self.current.len());
            let to = (from + SECTOR_BYTES).min(self.current.len());
            self.durable[from..to].copy_from_slice(&self.current[from..to]);
        }
    }

    /// A sync that fails: either nothing was tried, or some sectors reached the device and all count as clean
    /// from now on, so that no later sync writes them. A kernel does it so.
    fn fail_sync(&mut self, is_untouched: bool, chosen: u64) {
        if is_untouched {
            return;
        }
        let is_lost = |position: usize| chosen & (1 << (position % 64)) != 0;
        let mut position = 0;
        self.dirty.retain(|_| {
            position += 1;
            !is_lost(position)
        });
        self.sync();
    }

    /// What is left after a power cut.
    fn crash(&mut self, mut random: impl FnMut() -> u64) {
        let mut left = std::mem::take(&mut self.durable);
        // The size is metadata: the old or the new one.
        if random() & 1 == 0 {
            left.resize(self.current.len(), 0);
        }
        let end = left.len().min(self.current.len());
        let way = random() % 4;
        // Where the write stopped, if it was done in order.
        let cut = random() as usize % (self.dirty.len() + 1);
        for (position, sector) in std::mem::take(&mut self.dirty).into_iter().enumerate() {
            let from = (sector * SECTOR_BYTES).min(end);
            let to = (from + SECTOR_BYTES).min(end);
            let is_kept = match way {
                0 => false,
                1 => true,
                2 => random() & 1 == 0,
                _ => position < cut,
            };
            if is_kept {
                left[from..to].copy_from_slice(&self.current[from..to]);
            }
        }
        self.current.clone_from(&left);
        self.durable = left;
    }
}

impl SimDisk {
    /// An empty disk; `seed` decides what later crashes leave.
    pub fn new(seed: u64) -> SimDisk {
        SimDisk { state: Arc::new(Mutex::new(State { random: seed, ..State::default() })) }
    }

    /// Cuts the power: of what was not synced, a part chosen by the seed is lost. Every open handle is dead
    /// afterwards, and failures that were asked for are forgotten. The capacity stays.
    pub fn crash(&self) {
        let state = &mut *self.state.lock();
        state.boot += 1;
        state.operations_left = None;
        state.syncs_left = None;
        let pending = std::mem::take(&mut state.names_pending);
        let kept = (state.random() % (pending.len() as u64 + 1)) as usize;
        for change in &pending[..kept] {
            apply(&mut state.names_durable, change);
        }
        state.names = state.names_durable.clone();
        let mut files = std::mem::take(&mut state.files);
        let named: BTreeSet<u64> = state.names.values().copied().collect();
        files.retain(|file, _| named.contains(file));
        for content in files.values_mut() {
            content.crash(|| state.random());
        }
        state.files = files;
    }

    /// How many operations that change the disk were tried so far.
    pub fn operation_count(&self) -> u64 {
        self.state.lock().operation_count
    }

    /// How many syncs of files and folders were done so far.
    pub fn sync_count(&self) -> u64 {
        self.state.lock().sync_count
    }

    /// The bytes of a file as a reader sees them.
    pub fn read_file(&self, path: &Path) -> Result<Vec<u8>> {
        let state = self.state.lock();
        let file = state.names.get(path).ok_or_else(|| not_found("read", path))?;
        Ok(state.files[file].current.clone())
    }

    /// Replaces or creates a file, durable at once, as if the device itself had changed.
    pub fn write_file(&self, path: &Path, bytes: &[u8]) {
        let state = &mut *self.state.lock();
        let file = match state.names_durable.get(path) {
            Some(file) => *file,
            None => {
                state.next_file += 1;
                state.next_file
            }
        };
        state.names.insert(path.to_owned(), file);
        state.names_durable.insert(path.to_owned(), file);
        let content = Content { current: bytes.to_vec(), durable: bytes.to_vec(), dirty: BTreeSet::new() };
        state.files.insert(file, content);
    }
}

impl Disk for SimDisk {
    fn create(&self, path: &Path) -> Result<Arc<dyn DiskFile>> {
        let state = &mut *self.state.lock();
        state.operation("create", path)?;
        if state.names.contains_key(path) {
            return Err(Error::io("create", path, io::Error::from(io::ErrorKind::AlreadyExists)));
        }
        state.next_file += 1;
        let file = state.next_file;
        state.files.insert(file, Content::default());
        state.change_name(NameChange::Set(path.to_owned(), file));
        let (boot, path) = (state.boot, path.to_owned());
        Ok(Arc::new(SimFile { state: self.state.clone(), file, boot, path }))
    }

    fn open(&self, path: &Path) -> Result<Arc<dyn DiskFile>> {
        let state = self.state.lock();
        let file = *state.names.get(path).ok_or_else(|| not_found("open", path))?;
        let (boot, path) = (state.boot, path.to_owned());
        Ok(Arc::new(SimFile { state: self.state.clone(), file, boot, path }))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        let state = &mut *self.state.lock();
        state.operation("rename", from)?;
        let file = *state.names.get(from).ok_or_else(|| not_found("rename", from))?;
        // The new name first: a crash may leave both, which is worse than a file system does, but never none.
        state.change_name(NameChange::Set(to.to_owned(), file));
        state.change_name(NameChange::Remove(from.to_owned()));
        Ok(())
    }

    fn remove(&self, path: &Path) -> Result<()> {
        let state = &mut *self.state.lock();
        state.operation("remove", path)?;
        if !state.names.contains_key(path) {
            return Err(not_found("remove", path));
        }
        state.change_name(NameChange::Remove(path.to_owned()));
        Ok(())
    }

    fn list(&self, folder: &Path) -> Result<Vec<String>> {
        let state = self.state.lock();
        let in_folder = state.names.keys().filter(|path| path.parent() == Some(folder));
        Ok(in_folder.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect())
    }

    fn create_folder(&self, _folder: &Path) -> Result<()> {
        // Folders are only prefixes of names here.
        Ok(())
    }

    fn sync_dir(&self, folder: &Path) -> Result<()> {
        let state = &mut *self.state.lock();
        state.operation("sync the folder", folder)?;
        state.sync_count += 1;
        // All folders at once, as a journalled file system does.
        state.names_pending.clear();
        state.names_durable = state.names.clone();
        Ok(())
    }

    fn sync_tree(&self, folder: &Path) -> Result<()> {
        let state = &mut *self.state.lock();
        state.operation("sync the folder", folder)?;
        state.sync_count += 1;
        let State { names, files, .. } = state;
        for (_, file) in names.iter().filter(|(path, _)| path.starts_with(folder)) {
            if let Some(content) = files.get_mut(file) {
                content.sync();
            }
        }
        state.names_pending.clear();
        state.names_durable = state.names.clone();
        Ok(())
    }
}

impl SimFile {
    fn with<T>(&self, action: &str, changes: bool, run: impl FnOnce(&mut Content) -> T) -> Result<T> {
        let state = &mut *self.state.lock();
        if state.boot != self.boot {
            return Err(Error::io(action, &self.path, io::Error::other("the machine was restarted")));
        }
        if changes {
            state.operation(action, &self.path)?;
        }
        let content = state.files.get_mut(&self.file).ok_or_else(|| not_found(action, &self.path))?;
        Ok(run(content))
    }

    /// Whether the sync that is about to be made is the one that was asked to fail.
    fn sync_fails(&self) -> bool {
        let state = &mut *self.state.lock();
        match &mut state.syncs_left {
            Some(0) => {
                state.syncs_left = None;
                true
            }
            Some(left) => {
                *left -= 1;
                false
            }
            None => false,
        }
    }

    fn sync(&self) -> Result<()> {
        let synced = if self.sync_fails() {
            Err(Error::io("sync", &self.path, io::Error::other("simulated failure")))
        } else {
            self.with("sync", true, Content::sync)
        };
        if synced.is_err() {
            let (way, chosen) = {
                let state = &mut *self.state.lock();
                (state.random() % 3, state.random())
            };
            self.with("sync", false, |content| content.fail_sync(way == 0, chosen))?;
        }
        self.state.lock().sync_count += 1;
        synced
    }
}

impl DiskFile for SimFile {
    fn path(&self) -> &Path {
        &self.path
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        self.with("read", false, |content| {
            let from = usize::try_from(offset).unwrap_or(usize::MAX).min(content.current.len());
            let count = buffer.len().min(content.current.len() - from);
            buffer[..count].copy_from_slice(&content.current[from..from + count]);
            count
        })
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> Result<()> {
        let from = offset as usize;
        let wanted = from + bytes.len();
        let to = self.state.lock().size_bytes_max(self.file, wanted);
        self.with("write", true, |content| {
            if from < to {
                if content.current.len() < to {
                    content.current.resize(to, 0);
                }
                content.current[from..to].copy_from_slice(&bytes[..to - from]);
                content.mark(from, to);
            }
        })?;
        if to < wanted { Err(full("write", &self.path)) } else { Ok(()) }
    }

    fn size_bytes(&self) -> Result<u64> {
        self.with("size", false, |content| content.current.len() as u64)
    }

    fn set_size_bytes(&self, bytes: u64) -> Result<()> {
        let bytes = bytes as usize;
        if self.state.lock().size_bytes_max(self.file, bytes) < bytes {
            return Err(full("resize", &self.path));
        }
        self.with("resize", true, |content| {
            let old = content.current.len();
            content.current.resize(bytes, 0);
            // What was cut off reads as zeros if the file grows again, also where it was durable before.
            content.mark(bytes.min(old), old.max(bytes));
        })
    }

    fn sync_data(&self) -> Result<()> {
        self.sync()
    }

    fn sync_all(&self) -> Result<()> {
        self.sync()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crash_leaves_each_unsynced_sector_old_or_new() {
        let path = Path::new("/f");
        let (mut lost, mut kept, mut torn) = (0, 0, 0);
        for seed in 0..200 {
            let disk = SimDisk::new(seed);
            let file = disk.create(path).unwrap();
            file.write_at(&[1; 4 * SECTOR_BYTES], 0).unwrap();
            file.sync_data().unwrap();
            disk.sync_dir(Path::new("/")).unwrap();
            file.write_at(&[2; 2 * SECTOR_BYTES], SECTOR_BYTES as u64).unwrap();
            disk.crash();
            assert!(file.sync_data().is_err(), "a handle outlived the crash");
            let left = disk.read_file(path).unwrap();
            assert_eq!(left.len(), 4 * SECTOR_BYTES);
            assert!(left[..SECTOR_BYTES].iter().chain(&left[3 * SECTOR_BYTES..]).all(|byte| *byte == 1));
            match left[SECTOR_BYTES..3 * SECTOR_BYTES].iter().filter(|byte| **byte == 2).count() {
                0 => lost += 1,
                count if count == 2 * SECTOR_BYTES => kept += 1,
                _ => torn += 1,
            }
        }
        assert!(lost > 20 && kept > 20 && torn > 20, "{lost} {kept} {torn}");
    }

    #[test]
    fn an_unsynced_name_may_be_lost() {
        let mut lost = 0;
        for seed in 0..50 {
            let disk = SimDisk::new(seed);
            disk.create(Path::new("/f")).unwrap().sync_data().unwrap();
            disk.crash();
            lost += usize::from(disk.list(Path::new("/")).unwrap().is_empty());
        }
        assert!(lost > 5 && lost < 45, "{lost}");
    }
}
