//! Temporary files of statements: rows that an operation cannot keep in memory ([`sql::execute::spill`]).
//!
//! They are in the data folder, under a name only for the moment in which they are made, so that nothing of them outlives the process. All of
//! a node together have a bound on the disk ([`SCRATCH_BYTES_MAX`]), and none takes what is left of a disk that is nearly full: the log is on it.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sql::execute::spill::ScratchFile;

use crate::limits::{SCRATCH_BYTES_MAX, SCRATCH_CHECK_BYTES, SCRATCH_DISK_LEFT_BYTES};

/// What the temporary files of a node take.
#[derive(Debug, Default)]
pub struct ScratchSpace {
    bytes: AtomicU64,
    /// Files that were made.
    files: AtomicU64,
}

impl ScratchSpace {
    /// How many files were made: `Created_tmp_files`.
    #[must_use]
    pub fn files(&self) -> u64 {
        self.files.load(Ordering::Relaxed)
    }

    /// Bytes that they take now.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// A new file in the folder.
    ///
    /// # Errors
    /// 1878.
    pub fn file(self: &Arc<Self>, folder: &Path) -> sql::Result<Box<dyn ScratchFile>> {
        let number = self.files.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("statement-{number}.tmp"));
        let made = tokio::task::block_in_place(|| {
            let file = File::options().read(true).write(true).create(true).truncate(true).open(&path)?;
            std::fs::remove_file(&path).map(|()| file)
        });
        let file = made.map_err(|error| write_failed(&error))?;
        Ok(Box::new(Scratch { file, bytes: 0, unchecked: SCRATCH_CHECK_BYTES, space: Arc::clone(self) }))
    }
}

/// A file without a name.
struct Scratch {
    file: File,
    bytes: u64,
    /// What was written since it was seen how much the disk has left.
    unchecked: u64,
    space: Arc<ScratchSpace>,
}

impl Scratch {
    fn check_space(&mut self, more: u64) -> sql::Result<()> {
        self.unchecked += more;
        if self.unchecked < SCRATCH_CHECK_BYTES {
            return Ok(());
        }
        self.unchecked = 0;
        let disk = rustix::fs::fstatvfs(&self.file).map_err(|error| write_failed(&error.into()))?;
        let left = disk.f_bavail.saturating_mul(disk.f_frsize);
        if left < SCRATCH_DISK_LEFT_BYTES + SCRATCH_CHECK_BYTES {
            return Err(refused(format_args!(
                "the disk of the data folder has only {} MiB left, and the log is on it",
                left >> 20
            )));
        }
        Ok(())
    }
}

impl ScratchFile for Scratch {
    fn append(&mut self, bytes: &[u8]) -> sql::Result<u64> {
        let more = bytes.len() as u64;
        tokio::task::block_in_place(|| {
            self.check_space(more)?;
            let fits = |now: u64| now.checked_add(more).filter(|sum| *sum <= SCRATCH_BYTES_MAX);
            if self.space.bytes.fetch_update(Ordering::AcqRel, Ordering::Acquire, fits).is_err() {
                return Err(refused(format_args!(
                    "the statements of this node may have {} MiB of temporary files in all",
                    SCRATCH_BYTES_MAX >> 20
                )));
            }
            let offset = self.bytes;
            // Counted whether it is written or not: part of it may be.
            self.bytes += more;
            self.file.write_all_at(bytes, offset).map_err(|error| write_failed(&error))?;
            Ok(offset)
        })
    }

    fn read(&self, offset: u64, bytes: &mut [u8]) -> sql::Result<()> {
        tokio::task::block_in_place(|| self.file.read_exact_at(bytes, offset)).map_err(|error| sql::Error {
            code: 1024,
            state: *b"HY000",
            message: format!("Error reading file 'temporary' (OS errno {})", os_error(&error)),
        })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.space.bytes.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

fn os_error(error: &io::Error) -> i32 {
    error.raw_os_error().unwrap_or(0)
}

fn write_failed(error: &io::Error) -> sql::Error {
    refused(format_args!("{error}"))
}

fn refused(why: std::fmt::Arguments) -> sql::Error {
    let message = format!("Temporary file write failure: {why}.");
    sql::Error { code: 1878, state: *b"HY000", message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn files_have_no_name_and_give_back_what_they_took() {
        let folder = tempfile::tempdir().unwrap();
        let space = Arc::new(ScratchSpace::default());
        let mut one = space.file(folder.path()).unwrap();
        let mut other = space.file(folder.path()).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        assert_eq!(one.append(b"abc").unwrap(), 0);
        assert_eq!(one.append(b"de").unwrap(), 3);
        assert_eq!(other.append(b"xyz").unwrap(), 0);
        let mut read = [0; 4];
        one.read(1, &mut read).unwrap();
        assert_eq!(&read, b"bcde");
        assert_eq!(one.read(3, &mut read).unwrap_err().code, 1024, "past the end");
        assert_eq!((space.bytes(), space.files()), (8, 2));
        drop(one);
        assert_eq!(space.bytes(), 3);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn all_together_are_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let space = Arc::new(ScratchSpace::default());
        space.bytes.store(SCRATCH_BYTES_MAX - 4, Ordering::Release);
        let mut file = space.file(folder.path()).unwrap();
        file.append(b"1234").unwrap();
        let error = file.append(b"5").unwrap_err();
        assert_eq!(error.code, 1878, "{error}");
        drop(file);
        assert_eq!(space.bytes(), SCRATCH_BYTES_MAX - 4);
        let error = space.file(&folder.path().join("nothing")).map(drop).unwrap_err();
        assert_eq!(error.code, 1878, "{error}");
    }
}
