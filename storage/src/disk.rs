//! The disk: the only module that makes bytes durable.
//!
//! [`Disk`] and [`DiskFile`] are what the log needs of a file system, and no more: files written at given
//! positions, names changed atomically, and a call that returns once the bytes are on the device.
//! [`RealDisk`] is the operating system's; [`SimDisk`] is in memory, and crashes, tears and fails on demand.
//!
//! What is assumed of a disk (and what [`SimDisk`] does at its worst):
//!
//! * **D1.** What was written before a successful [`DiskFile::sync_data`] is read back as it was written.
//! * **D2.** After a crash, each aligned sector of [`SECTOR_BYTES`] that was written since the last sync
//!   holds either its old or its new bytes, each sector on its own.
//! * **D3.** Bytes of a file that were never written are zero, also after the file was made longer.
//! * **D4.** A sector written again with the same leading bytes keeps these bytes even if the power fails
//!   during the write ("powersafe overwrite").
//! * **D5.** A name created, renamed or removed is durable after [`Disk::sync_dir`]; until then it may be
//!   either way after a crash.
//! * **D6.** A failed sync is never repaired by a second one: the kernel may have dropped the dirty pages.
//!   The callers give up.
//!
//! Left out: direct I/O and asynchronous I/O. One writer thread with a few large writes and one `fdatasync` a
//! batch is within a few microseconds of what the device can do.

mod simulated;

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use simulated::SimDisk;

use crate::error::{Error, Result};
use crate::limits::LOCK_FILE_BYTES_MAX;

/// The unit in which a device writes: all of it or nothing (assumption D2).
pub const SECTOR_BYTES: usize = 512;

/// The name of the lock file that [`lock_folder`] makes.
pub const LOCK_FILE: &str = "LOCK";

/// A file system.
pub trait Disk: Send + Sync + 'static {
    /// Creates a file that does not exist yet, open for reading and writing.
    fn create(&self, path: &Path) -> Result<Arc<dyn DiskFile>>;
    /// Opens an existing file for reading and writing.
    fn open(&self, path: &Path) -> Result<Arc<dyn DiskFile>>;
    /// Gives a file another name, replacing what had it. Durable after [`Disk::sync_dir`].
    fn rename(&self, from: &Path, to: &Path) -> Result<()>;
    /// Removes a file. Durable after [`Disk::sync_dir`].
    fn remove(&self, path: &Path) -> Result<()>;
    /// The names of the files in a folder, sorted; folders and names that are not UTF-8 are left out.
    fn list(&self, folder: &Path) -> Result<Vec<String>>;
    /// Creates a folder and those above it that are missing, and makes them durable.
    fn create_folder(&self, folder: &Path) -> Result<()>;
    /// Makes the names in a folder durable.
    fn sync_dir(&self, folder: &Path) -> Result<()>;
    /// Makes every file and every name below a folder durable, whoever wrote them. For an engine that does
    /// not sync its own files: slow, to be called once a checkpoint.
    fn sync_tree(&self, folder: &Path) -> Result<()>;
}

/// An open file. Positions and sizes are in bytes.
pub trait DiskFile: Send + Sync + 'static {
    /// The path that the file was opened by, for messages.
    fn path(&self) -> &Path;
    /// Reads from `offset` until `buffer` is full or the file ends; returns how much was read.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize>;
    /// Writes all of `bytes` at `offset`. Not durable before a sync.
    fn write_at(&self, bytes: &[u8], offset: u64) -> Result<()>;
    /// The size of the file.
    fn size_bytes(&self) -> Result<u64>;
    /// Cuts the file, or makes it longer with zeros.
    fn set_size_bytes(&self, bytes: u64) -> Result<()>;
    /// Makes the contents durable, and of the metadata what is needed to read them (`fdatasync`).
    fn sync_data(&self) -> Result<()>;
    /// Makes the contents and all metadata durable (`fsync`).
    fn sync_all(&self) -> Result<()>;
}

/// The disk of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

struct RealFile {
    file: File,
    path: PathBuf,
}

impl RealDisk {
    fn open_with(&self, path: &Path, options: &OpenOptions, action: &str) -> Result<Arc<dyn DiskFile>> {
        let file = options.open(path).map_err(|source| Error::io(action, path, source))?;
        Ok(Arc::new(RealFile { file, path: path.to_owned() }))
    }
}

impl Disk for RealDisk {
    fn create(&self, path: &Path) -> Result<Arc<dyn DiskFile>> {
        self.open_with(path, OpenOptions::new().read(true).write(true).create_new(true), "create")
    }

    fn open(&self, path: &Path) -> Result<Arc<dyn DiskFile>> {
        self.open_with(path, OpenOptions::new().read(true).write(true), "open")
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        fs::rename(from, to).map_err(|source| Error::io("rename", from, source))
    }

    fn remove(&self, path: &Path) -> Result<()> {
        fs::remove_file(path).map_err(|source| Error::io("remove", path, source))
    }

    fn list(&self, folder: &Path) -> Result<Vec<String>> {
        let failed = |source| Error::io("list", folder, source);
        let mut names = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if entry.file_type().map_err(failed)?.is_file()
                && let Ok(name) = entry.file_name().into_string()
            {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    fn create_folder(&self, folder: &Path) -> Result<()> {
        if folder.is_dir() {
            return Ok(());
        }
        // A relative path of one part has the empty path as its parent: that is the current folder.
        let parent = match folder.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            Some(_) | None => Path::new("."),
        };
        self.create_folder(parent)?;
        match fs::create_dir(folder) {
            Ok(()) => self.sync_dir(parent),
            Err(source) if source.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(source) => Err(Error::io("create the folder", folder, source)),
        }
    }

    fn sync_dir(&self, folder: &Path) -> Result<()> {
        let synced = File::open(folder).and_then(|file| file.sync_all());
        synced.map_err(|source| Error::io("sync the folder", folder, source))
    }

    fn sync_tree(&self, folder: &Path) -> Result<()> {
        // A list of folders still to do, not recursion: the depth is not ours to bound.
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            let failed = |source| Error::io("sync the folder", &folder, source);
            for entry in fs::read_dir(&folder).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                let path = entry.path();
                if entry.file_type().map_err(failed)?.is_dir() {
                    folders.push(path);
                    continue;
                }
                match File::open(&path).and_then(|file| file.sync_all()) {
                    // The owner of the files may have removed one since it was listed.
                    Err(source) if source.kind() == io::ErrorKind::NotFound => {}
                    synced => synced.map_err(|source| Error::io("sync", &path, source))?,
                }
            }
            self.sync_dir(&folder)?;
        }
        Ok(())
    }
}

impl DiskFile for RealFile {
    fn path(&self) -> &Path {
        &self.path
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.file.read_at(&mut buffer[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(source) if source.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(Error::io("read", &self.path, source)),
            }
        }
        Ok(filled)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> Result<()> {
        self.file.write_all_at(bytes, offset).map_err(|source| Error::io("write", &self.path, source))
    }

    fn size_bytes(&self) -> Result<u64> {
        let metadata = self.file.metadata().map_err(|source| Error::io("size", &self.path, source))?;
        Ok(metadata.len())
    }

    fn set_size_bytes(&self, bytes: u64) -> Result<()> {
        self.file.set_len(bytes).map_err(|source| Error::io("resize", &self.path, source))
    }

    fn sync_data(&self) -> Result<()> {
        self.file.sync_data().map_err(|source| Error::io("sync", &self.path, source))
    }

    fn sync_all(&self) -> Result<()> {
        self.file.sync_all().map_err(|source| Error::io("sync", &self.path, source))
    }
}

/// The exclusive use of a folder, until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct FolderLock {
    /// Holds the operating system's lock; closing it gives the lock back.
    _file: File,
}

/// Takes the exclusive use of a folder for this process, or says which process has it.
///
/// The lock is the operating system's, on a file named [`LOCK_FILE`] that holds the process id for the reader
/// of the message; a file left by a process that was killed does no harm.
pub fn lock_folder(folder: &Path) -> Result<FolderLock> {
    let path = folder.join(LOCK_FILE);
    let failed = |source| Error::io("lock", &path, source);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(|source| Error::io("open", &path, source))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut owner = String::new();
            let owner = match file.take(LOCK_FILE_BYTES_MAX).read_to_string(&mut owner) {
                Ok(_) if !owner.trim().is_empty() => owner.trim().to_owned(),
                Ok(_) | Err(_) => "of unknown pid".to_owned(),
            };
            return Err(Error::FolderInUse { folder: folder.to_owned(), owner });
        }
        Err(TryLockError::Error(source)) => return Err(failed(source)),
    }
    file.set_len(0).map_err(failed)?;
    file.rewind().map_err(failed)?;
    writeln!(file, "pid {}", std::process::id()).map_err(failed)?;
    Ok(FolderLock { _file: file })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locked_folder_is_refused_naming_the_pid() {
        let folder = tempfile::tempdir().unwrap();
        let lock = lock_folder(folder.path()).unwrap();
        let error = lock_folder(folder.path()).unwrap_err();
        assert!(error.to_string().contains(&format!("pid {}", std::process::id())), "{error}");
        drop(lock);
        lock_folder(folder.path()).unwrap();
    }

    /// The same contract for the real and the simulated disk.
    fn contract(disk: &dyn Disk, folder: &Path) {
        let folder = &folder.join("a/b");
        disk.create_folder(folder).unwrap();
        disk.create_folder(folder).unwrap();
        let path = folder.join("x");
        assert!(disk.open(&path).is_err());
        let file = disk.create(&path).unwrap();
        assert!(disk.create(&path).is_err(), "create takes only new names");
        file.write_at(b"hello", 3).unwrap();
        let mut buffer = [9; 16];
        assert_eq!(file.read_at(&mut buffer, 0).unwrap(), 8);
        assert_eq!(&buffer[..8], b"\0\0\0hello");
        assert_eq!(file.read_at(&mut buffer, 8).unwrap(), 0);
        assert_eq!(file.read_at(&mut buffer, 100).unwrap(), 0);
        file.set_size_bytes(5).unwrap();
        file.set_size_bytes(10).unwrap();
        assert_eq!(file.size_bytes().unwrap(), 10);
        assert_eq!(file.read_at(&mut buffer, 3).unwrap(), 7);
        assert_eq!(&buffer[..7], b"he\0\0\0\0\0");
        file.sync_data().unwrap();
        file.sync_all().unwrap();
        disk.create(&folder.join("y")).unwrap();
        disk.rename(&path, &folder.join("z")).unwrap();
        assert_eq!(disk.list(folder).unwrap(), ["y", "z"]);
        disk.rename(&folder.join("y"), &folder.join("z")).unwrap();
        assert_eq!(disk.list(folder).unwrap(), ["z"]);
        assert_eq!(file.read_at(&mut buffer, 3).unwrap(), 7, "a replaced file stays readable");
        disk.sync_dir(folder).unwrap();
        disk.sync_tree(folder).unwrap();
        disk.remove(&folder.join("z")).unwrap();
        assert!(disk.remove(&folder.join("z")).is_err());
        assert!(disk.list(folder).unwrap().is_empty());
    }

    #[test]
    fn the_real_disk_keeps_the_contract() {
        let folder = tempfile::tempdir().unwrap();
        contract(&RealDisk, folder.path());
    }

    #[test]
    fn the_simulated_disk_keeps_the_contract() {
        contract(&SimDisk::new(1), Path::new("/data"));
    }
}
