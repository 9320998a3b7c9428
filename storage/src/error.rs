//! The one error type of this crate, and the class of each error: what the caller is to do about it.
//!
//! A *refused* error is the answer to a request that cannot be carried out as asked; the node is healthy. A
//! *retryable* one says that the same request may succeed when it is made again, usually as a new
//! transaction. A *fatal* one says that this node can no longer keep its promises: it is to log the error
//! once and stop. Nothing here knows MySQL's error numbers; the server maps them in one file.

use std::io;
use std::path::{Path, PathBuf};

/// What is to be done about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The request cannot be carried out; asking again changes nothing.
    Refused,
    /// The request may succeed when it is made again.
    Retryable,
    /// The node must stop: it can no longer keep what it promised.
    Fatal,
}

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong in this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused a disk operation. Never retried: after a failed fsync nobody knows what
    /// is on disk.
    #[error("{context}: {source}")]
    Io {
        /// What was being done, and to which file.
        context: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// Bytes on disk are not what was written there, and they are not the tail of an interrupted write.
    #[error("{} is damaged at byte {offset}: {what}", .file.display())]
    Corrupt {
        /// The damaged file.
        file: PathBuf,
        /// Where in the file, in bytes from its start.
        offset: u64,
        /// What was found there, naming the log index where there is one.
        what: String,
    },
    /// The disk has no room left.
    #[error("the disk is full: {context}")]
    DiskFull {
        /// What was being done, and to which file.
        context: String,
    },
    /// The folder holds the data of another cluster.
    #[error("{} belongs to cluster {found:032x}, but this node is of cluster {expected:032x}", .file.display())]
    ForeignCluster {
        /// The file that says so.
        file: PathBuf,
        /// The cluster this node was started for.
        expected: u128,
        /// The cluster the file names.
        found: u128,
    },
    /// The folder was written by a newer version of the program.
    #[error(
        "{} has format version {found}, but this program reads up to version {supported}: \
         start the newer program, or restore the folder from a backup", .file.display()
    )]
    NewerFormat {
        /// The file that says so.
        file: PathBuf,
        /// The version the file names.
        found: u32,
        /// The newest version this program reads.
        supported: u32,
    },
    /// Another process holds the folder.
    #[error("{} is in use by another process ({owner})", .folder.display())]
    FolderInUse {
        /// The folder.
        folder: PathBuf,
        /// What the lock file says of its owner, such as `pid 4711`.
        owner: String,
    },
    /// A log entry passed its checksum but is not an entry this program can read.
    #[error("the log entry cannot be read at byte {offset} of its payload: {what}")]
    BadEntry {
        /// Where in the payload, in bytes.
        offset: usize,
        /// What is wrong there.
        what: &'static str,
    },
    /// The log does not hold what was asked for.
    #[error("log entries {first}..={last} were asked for, but the log holds {held_first}..={held_last}")]
    NotInLog {
        /// First index asked for.
        first: u64,
        /// Last index asked for.
        last: u64,
        /// First index the log holds.
        held_first: u64,
        /// Last index the log holds.
        held_last: u64,
    },
    /// Something is larger than a named bound allows.
    #[error("{what} is {bytes} bytes, more than the {bytes_max} allowed")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Its size in bytes.
        bytes: u64,
        /// The bound in bytes.
        bytes_max: u64,
    },
    /// The transaction was chosen as the victim of a deadlock.
    #[error("deadlock found when trying to get a lock")]
    LockDeadlock,
    /// A lock was not granted in time.
    #[error("lock wait timeout exceeded")]
    LockWaitTimeout,
    /// NOWAIT was asked for and the lock is held.
    #[error("the lock is held by another transaction and NOWAIT was asked for")]
    LockNotAvailable,
    /// The transaction would hold more locks than one may.
    #[error("the transaction holds {lock_count} locks already")]
    TooManyLocks {
        /// How many it holds.
        lock_count: usize,
    },
    /// The log takes no more parts of the transaction: its leadership is over.
    #[error("the log takes no more of the transaction: another node leads")]
    PartRefused,
    /// The transaction was told to stop while a part of it waited for the log.
    #[error("the transaction was interrupted while a part of it waited for the log")]
    PartInterrupted,
    /// The row was changed by another transaction after this one's snapshot.
    #[error("the row was changed after this transaction's snapshot was taken")]
    WriteConflict,
    /// The versions that a snapshot needs are no longer kept.
    #[error("the snapshot is too old: the versions that it needs are no longer kept")]
    SnapshotTooOld,
    /// The store's data is being replaced by a snapshot of another node, or was since this read began, or must be
    /// before anything can be read.
    #[error("the store is not ready: its data is replaced by a snapshot of another node")]
    NotReady,
    /// An export took so long that the versions it needs would no longer fit into memory. It is to be begun again.
    #[error("the snapshot at {index} was given up: memory ran short before all of it was exported")]
    SnapshotGivenUp {
        /// The log index that the export was at.
        index: u64,
    },
    /// The chunks of a snapshot are not what an export gives.
    #[error("the snapshot cannot be used: {what}")]
    BadSnapshot {
        /// What is wrong with it.
        what: &'static str,
    },
    /// The embedded engine failed.
    #[error("the storage engine failed: {0}")]
    Engine(String),
    /// The part was shut down, or stopped after an earlier failure.
    #[error("{0} is closed")]
    Closed(&'static str),
}

impl Error {
    /// What the caller is to do about this error.
    pub fn class(&self) -> Class {
        match self {
            Error::Io { .. }
            | Error::Corrupt { .. }
            | Error::DiskFull { .. }
            | Error::ForeignCluster { .. }
            | Error::NewerFormat { .. }
            | Error::FolderInUse { .. }
            | Error::BadEntry { .. }
            | Error::Engine(_)
            | Error::Closed(_) => Class::Fatal,
            Error::NotInLog { .. }
            | Error::TooLarge { .. }
            | Error::LockNotAvailable
            | Error::TooManyLocks { .. }
            | Error::PartInterrupted
            | Error::BadSnapshot { .. } => Class::Refused,
            Error::LockDeadlock
            | Error::LockWaitTimeout
            | Error::WriteConflict
            | Error::PartRefused
            | Error::SnapshotTooOld
            | Error::NotReady
            | Error::SnapshotGivenUp { .. } => Class::Retryable,
        }
    }

    /// Wraps what the operating system said while `action` was done to `path`; a full disk gets its own
    /// variant.
    pub fn io(action: &str, path: &Path, source: io::Error) -> Error {
        let context = format!("cannot {action} {}", path.display());
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::DiskFull { context },
            _ => Error::Io { context, source },
        }
    }

    /// Names damage at `offset` of `file`.
    pub fn corrupt(file: &Path, offset: u64, what: impl Into<String>) -> Error {
        Error::Corrupt { file: file.to_owned(), offset, what: what.into() }
    }
}
