//! The backing folder: `objects/` has one file an inode, `tree/` has the synced names as hard links to them.
//!
//! So `tree/` is at any time what a crash would leave behind, and can be looked at, or mounted again, when the layer is gone.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::names::ROOT;

/// The backing folder.
pub(super) struct Mirror {
    objects: PathBuf,
    tree: PathBuf,
}

/// A name that was found in the tree.
pub(super) struct Found {
    /// The number of the inode of the folder that it is in.
    pub(super) folder: u64,
    pub(super) name: OsString,
    pub(super) inode: u64,
    /// The object of a file; `None` is a folder.
    pub(super) object: Option<File>,
    pub(super) path: String,
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl Mirror {
    /// The backing folder at this path, made if it is not there. Objects without a name are removed.
    pub(super) fn open(backing: &Path) -> io::Result<Mirror> {
        let mirror = Mirror { objects: backing.join("objects"), tree: backing.join("tree") };
        if mirror.objects.exists() {
            fs::remove_dir_all(&mirror.objects)?;
        }
        fs::create_dir_all(&mirror.objects)?;
        fs::create_dir_all(&mirror.tree)?;
        Ok(mirror)
    }

    /// The folder of the synced names.
    pub(super) fn tree(&self) -> &Path {
        &self.tree
    }

    /// Finds what the tree holds, a folder before what is in it, and makes its objects.
    pub(super) fn scan(&self) -> io::Result<Vec<Found>> {
        let mut found = Vec::new();
        let mut known = HashMap::new();
        let mut next = ROOT + 1;
        let mut folders = vec![(ROOT, self.tree.clone())];
        while let Some((folder, path)) = folders.pop() {
            for entry in fs::read_dir(&path)? {
                let entry = entry?;
                let metadata = entry.metadata()?;
                // Two names of one file are one inode.
                let inode = *known.entry(metadata.ino()).or_insert(next);
                let new = inode == next;
                next += u64::from(new);
                let object = if metadata.is_dir() {
                    folders.push((inode, entry.path()));
                    None
                } else if metadata.is_file() {
                    if new {
                        fs::hard_link(entry.path(), self.object(inode))?;
                    }
                    Some(OpenOptions::new().read(true).write(true).open(self.object(inode))?)
                } else {
                    return Err(io::Error::other(format!(
                        "{} is neither a file nor a folder",
                        entry.path().display()
                    )));
                };
                let path = entry
                    .path()
                    .strip_prefix(&self.tree)
                    .unwrap_or(Path::new(""))
                    .to_string_lossy()
                    .into_owned();
                let (mode, uid, gid) =
                    (metadata.permissions().mode() & 0o7777, metadata.uid(), metadata.gid());
                found.push(Found { folder, name: entry.file_name(), inode, object, path, mode, uid, gid });
            }
        }
        Ok(found)
    }

    pub(super) fn create_object(&self, inode: u64) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create_new(true).open(self.object(inode))
    }

    pub(super) fn remove_object(&self, inode: u64) {
        if let Err(error) = fs::remove_file(self.object(inode)) {
            eprintln!("an object stays behind: {error}");
        }
    }

    pub(super) fn show_file(&self, inode: u64, path: &Path) -> io::Result<()> {
        fs::hard_link(self.object(inode), path)
    }

    pub(super) fn show_folder(&self, path: &Path) -> io::Result<()> {
        fs::create_dir(path)
    }

    /// Removes a name, of a folder with all that is in it.
    pub(super) fn hide(&self, path: &Path) -> io::Result<()> {
        if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
    }

    fn object(&self, inode: u64) -> PathBuf {
        self.objects.join(inode.to_string())
    }
}
