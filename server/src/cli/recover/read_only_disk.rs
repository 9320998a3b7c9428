//! A disk that reads what is there and changes nothing: to look into a stopped node's log without touching it.
//!
//! Opening a log cuts a torn tail, writes the last batch again and starts a new segment file. On this disk all that succeeds and has no
//! effect, so the log that is opened can be read, and must not be written.
//!
//! Left out: reading back what was "written". Opening a log does not.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use storage::disk::{Disk, DiskFile, RealDisk};
use storage::{Error, Result};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct ReadOnlyDisk {
    /// Files that were made here and exist nowhere.
    made: Mutex<BTreeSet<PathBuf>>,
}

/// A file of the real disk, or none at all.
struct ReadOnlyFile {
    path: PathBuf,
    file: Option<File>,
}

fn failed(action: &str, path: &Path, source: io::Error) -> Error {
    Error::Io { context: format!("cannot {action} {}", path.display()), source }
}

impl Disk for ReadOnlyDisk {
    fn create(&self, path: &Path) -> Result<Arc<dyn DiskFile>> {
        self.made.lock().insert(path.to_owned());
        Ok(Arc::new(ReadOnlyFile { path: path.to_owned(), file: None }))
    }

    fn open(&self, path: &Path) -> Result<Arc<dyn DiskFile>> {
        let file = if self.made.lock().contains(path) {
            None
        } else {
            Some(File::open(path).map_err(|source| failed("open", path, source))?)
        };
        Ok(Arc::new(ReadOnlyFile { path: path.to_owned(), file }))
    }

    fn rename(&self, _from: &Path, to: &Path) -> Result<()> {
        self.made.lock().insert(to.to_owned());
        Ok(())
    }

    fn remove(&self, _path: &Path) -> Result<()> {
        Ok(())
    }

    fn list(&self, folder: &Path) -> Result<Vec<String>> {
        RealDisk.list(folder)
    }

    fn create_folder(&self, folder: &Path) -> Result<()> {
        if folder.is_dir() {
            return Ok(());
        }
        Err(failed("open", folder, io::ErrorKind::NotFound.into()))
    }

    fn sync_dir(&self, _folder: &Path) -> Result<()> {
        Ok(())
    }

    fn sync_tree(&self, _folder: &Path) -> Result<()> {
        Ok(())
    }
}

impl DiskFile for ReadOnlyFile {
    fn path(&self) -> &Path {
        &self.path
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        let Some(file) = &self.file else { return Ok(0) };
        let mut filled = 0;
        while filled < buffer.len() {
            match file.read_at(&mut buffer[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(failed("read", &self.path, error)),
            }
        }
        Ok(filled)
    }

    fn write_at(&self, _bytes: &[u8], _offset: u64) -> Result<()> {
        Ok(())
    }

    fn size_bytes(&self) -> Result<u64> {
        match &self.file {
            Some(file) => {
                let metadata = file.metadata().map_err(|source| failed("read", &self.path, source))?;
                Ok(metadata.len())
            }
            None => Ok(0),
        }
    }

    fn set_size_bytes(&self, _bytes: u64) -> Result<()> {
        Ok(())
    }

    fn sync_data(&self) -> Result<()> {
        Ok(())
    }

    fn sync_all(&self) -> Result<()> {
        Ok(())
    }
}
