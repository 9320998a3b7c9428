//! Files of this machine that statements read and write: those below `--secure-file-priv`, and no others.
//!
//! A name is resolved from that folder down, folder by folder, without following a symbolic link anywhere: whoever can put links there
//! reaches nothing outside. What is written is a new file; one whose statement fails is removed.
//!
//! Errors have MySQL's numbers and words, those of its file functions (13, 29, 1, 2, 3) among them. Left out: names relative to the data
//! folder (MySQL's default), pipes, and an empty `--secure-file-priv`, by which MySQL reads every file.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Component, Path};

use rustix::fs::{AtFlags, Mode, OFlags, fchmod, openat, unlinkat};
use sql::Error;
use sql::account::Privilege;
use sql::authorization::{Grant, denied};

use super::Node;
use super::session::Session;
use crate::config::SecureFolder;

/// Mode of the files that are written: MySQL's.
const FILE_MODE: Mode = Mode::from_raw_mode(0o640);

/// How a folder on the way is opened.
const ON_THE_WAY: OFlags =
    OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

impl Session {
    /// That the session's account may read and write files of this machine: the privilege FILE. **Called before every such access**.
    ///
    /// # Errors
    /// 1227 for an account without it.
    pub(super) fn requires_file(&mut self) -> Result<(), Error> {
        self.authorize();
        let has = self.state.authorization.has_global(Grant::Static(Privilege::File));
        if has { Ok(()) } else { Err(denied::operation("FILE")) }
    }
}

/// Opens a file to read.
///
/// # Errors
/// 1290 outside of the folder, 13 when it is not there, 29 when it cannot be opened, 1085 when it is no file.
pub(super) fn open_to_read(node: &Node, name: &str) -> Result<File, Error> {
    let place = Place::of(node.config.secure_file_priv.as_ref(), name)?;
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = place.folder().and_then(|folder| openat(&folder, &place.name, flags, Mode::empty()));
    let file = File::from(opened.map_err(|error| match error {
        rustix::io::Errno::LOOP | rustix::io::Errno::NOTDIR => outside(),
        rustix::io::Errno::NOENT => of_file(13, "Can't get stat of", name, &error.into()),
        _ => {
            let why = os_error(&error.into());
            Error { code: 29, state: *b"HY000", message: format!("File '{name}' not found ({why})") }
        }
    })?);
    let is_file = file.metadata().is_ok_and(|metadata| metadata.is_file());
    if !is_file {
        let message = format!("The file '{name}' must be in the database directory or be readable by all");
        return Err(Error { code: 1085, state: *b"HY000", message });
    }
    Ok(file)
}

/// Makes a new file to write.
///
/// # Errors
/// 1290 outside of the folder, 1086 when it is there, 1 when it cannot be made.
pub(super) fn create(node: &Node, name: &str) -> Result<NewFile, Error> {
    let place = Place::of(node.config.secure_file_priv.as_ref(), name)?;
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let made = place.folder().and_then(|folder| {
        let file = openat(&folder, &place.name, flags, FILE_MODE)?;
        // Whatever the process's umask is.
        fchmod(&file, FILE_MODE)?;
        Ok((folder, file))
    });
    let (folder, file) = made.map_err(|error| match error {
        rustix::io::Errno::LOOP | rustix::io::Errno::NOTDIR => outside(),
        rustix::io::Errno::EXIST => {
            Error { code: 1086, state: *b"HY000", message: format!("File '{name}' already exists") }
        }
        _ => of_file(1, "Can't create/write to file", name, &error.into()),
    })?;
    Ok(NewFile { file: File::from(file), folder, name: place.name, is_kept: false })
}

/// Where a name is below the folder.
struct Place<'c> {
    root: &'c Path,
    folders: Vec<OsString>,
    name: OsString,
}

impl<'c> Place<'c> {
    fn of(folder: Option<&'c SecureFolder>, name: &str) -> Result<Place<'c>, Error> {
        let folder = folder.ok_or_else(outside)?;
        let path = Path::new(name);
        let below = path.strip_prefix(&folder.path).or_else(|_| path.strip_prefix(&folder.written));
        let mut parts = Vec::new();
        for component in below.map_err(|_| outside())?.components() {
            match component {
                Component::Normal(part) => parts.push(part.to_owned()),
                Component::CurDir => {}
                Component::Prefix(_) | Component::RootDir | Component::ParentDir => return Err(outside()),
            }
        }
        // The folder itself is no file; asking for it finds that out.
        let name = parts.pop().unwrap_or_else(|| OsStr::new(".").to_owned());
        Ok(Place { root: &folder.path, folders: parts, name })
    }

    /// The folder that the file is in.
    fn folder(&self) -> rustix::io::Result<OwnedFd> {
        let mut folder = rustix::fs::open(self.root, ON_THE_WAY, Mode::empty())?;
        for part in &self.folders {
            folder = openat(&folder, part, ON_THE_WAY, Mode::empty())?;
        }
        Ok(folder)
    }
}

/// A file that was made for a statement; gone again with this, unless the statement succeeds.
pub(super) struct NewFile {
    /// The file.
    pub(super) file: File,
    folder: OwnedFd,
    name: OsString,
    is_kept: bool,
}

impl NewFile {
    /// The statement succeeded.
    pub(super) fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.is_kept
            && let Err(error) = unlinkat(&self.folder, &self.name, AtFlags::empty())
        {
            tracing::warn!("the file {} of a failed statement is left: {error}", self.name.display());
        }
    }
}

/// Error 1290.
fn outside() -> Error {
    let message =
        "The MySQL server is running with the --secure-file-priv option so it cannot execute this statement";
    Error { code: 1290, state: *b"HY000", message: message.to_owned() }
}

/// An error of MySQL's file functions.
pub(super) fn of_file(code: u16, what: &str, name: &str, error: &io::Error) -> Error {
    Error { code, state: *b"HY000", message: format!("{what} '{name}' ({})", os_error(error)) }
}

/// `OS errno 2 - No such file or directory`.
fn os_error(error: &io::Error) -> String {
    let text = error.to_string();
    let words = text.rsplit_once(" (os error").map_or(text.as_str(), |(words, _)| words);
    format!("OS errno {} - {words}", error.raw_os_error().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_nowhere_but_below_the_folder() {
        let folder = SecureFolder { written: "/link".into(), path: "/files".into() };
        let place = |name| Place::of(Some(&folder), name).map(|place| (place.folders.len(), place.name));
        assert_eq!(place("/files/a").unwrap(), (0, "a".into()));
        assert_eq!(place("/link//b/./a").unwrap(), (1, "a".into()));
        assert_eq!(place("/files").unwrap(), (0, ".".into()));
        for name in ["a", "/etc/passwd", "/files/../etc/passwd", "/files2/a", "../files/a", "", "/"] {
            assert_eq!(place(name).unwrap_err().code, 1290, "{name}");
        }
        assert_eq!(Place::of(None, "/files/a").err().unwrap().code, 1290);
    }

    #[test]
    fn a_link_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let secure = root.join("secure");
        std::fs::create_dir_all(secure.join("real")).unwrap();
        std::fs::create_dir(root.join("other")).unwrap();
        std::os::unix::fs::symlink(root.join("other"), secure.join("linked")).unwrap();
        let folder = SecureFolder { written: secure.clone(), path: secure.clone() };
        let opened = |name: &str| {
            let name = secure.join(name);
            Place::of(Some(&folder), name.to_str().unwrap()).unwrap().folder().map(|_| ())
        };
        assert_eq!(opened("real/a"), Ok(()));
        assert_eq!(opened("linked/a"), Err(rustix::io::Errno::NOTDIR));
        assert_eq!(opened("missing/a"), Err(rustix::io::Errno::NOENT));
    }
}
