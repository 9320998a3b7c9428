//! A file system below the data folders that forgets, fails and is slow as disks are.
//!
//! A [`DiskLayer`] is a FUSE mount served by a process of its own (`jepsen disk`). What is written is in that process' memory until it is
//! synced, and then in a backing folder; [`DiskLayer::lose_unsynced`] after a SIGKILL of a node is what a power cut is to a machine.
//!
//! # What is durable
//!
//! As little as POSIX promises, and no less:
//!
//! * **The bytes and the size of a file** once `fsync` or `fdatasync` of it has succeeded (a size is needed to read the bytes, so both do the
//!   same). `sync_file_range`, `close`, a rename over another file and the passing of time make nothing durable. (Of a file opened with
//!   `O_SYNC` the kernel syncs each write.)
//! * **A name** (created, removed, renamed, linked) once `fsync` of the folder that it is in has succeeded. The sync of a new file does not
//!   make its name durable, although ext4 does that.
//! * **A rename** is atomic: after a loss the file has the old name or the new one, whatever had the new name is there in the first case, and
//!   the sync of one of its two folders makes both ends durable. POSIX promises that for the running system only, but each file
//!   system with a journal, ext4 among them, does it after a crash too, and all databases rely on it. So changes of names
//!   become durable in the order in which they were made.
//! * **Preallocated room** (`ftruncate` to a larger size, `fallocate`) reads as zeros wherever nothing synced was written, after a loss too:
//!   ext4 shows no old content of a disk. That assumption is D3 of `storage`'s `disk.rs`; its D2 and D4 (sectors are written whole) are
//!   kept as well.
//! * After a **failed sync** the pages that it was for are never durable, also when a later sync succeeds, unless they are written again.
//! * What nobody syncs becomes durable by itself only past a bound of memory (128 MiB of a file, 10,000 names), as in any kernel.
//!
//! [`DiskLayer::lose_some_unsynced`] lets a seeded part of the unsynced survive, in pages or in sectors of 512 bytes, in any order between
//! files, as a disk does that was writing back when the power went.
//!
//! # Left out
//!
//! Symbolic links, devices, extended attributes, `RENAME_EXCHANGE`; the durability of permissions and times (they always survive);
//! writable shared mappings (the kernel brings their pages when it likes); older versions of unsynced pages; corruption of what is synced.

mod allocated;
mod content;
mod faults;
mod layer;
mod mirror;
mod mount;
mod names;
mod program;
mod store;

pub use faults::{Aim, Fault};
pub use layer::{DiskLayer, Error};
pub use program::{Arguments, serve};
pub use store::Lost;
