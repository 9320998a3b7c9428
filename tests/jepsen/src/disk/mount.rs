//! The requests of the kernel, answered by the [`Store`].
//!
//! Nothing that a loss could make wrong is cached by the kernel beyond what an `open` or a lookup refreshes: names and attributes for no time
//! at all, pages until the file is opened again. Locks of files are the kernel's own.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use fuser::{
    BackgroundSession, BsdFileFlags, Config, FileAttr, FileHandle, FileType, Filesystem, FopenFlags,
    Generation, INodeNo, LockOwner, MountOption, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData,
    ReplyDirectory, ReplyEmpty, ReplyEntry, ReplyOpen, ReplyStatfs, ReplyWrite, Request, Session, TimeOrNow,
    WriteFlags,
};
use rustix::fs::FallocateFlags;
use rustix::io::Errno;

use super::content::PAGE_BYTES;
use super::names::{Answer, Owner};
use super::store::{Attributes, Entry, NewAttributes, Store};

/// Threads that answer: more than the threads of a node that sync at once, as a slow sync keeps one busy.
const THREADS: usize = 8;

/// How long the kernel may believe a name or an attribute.
const UNCACHED: Duration = Duration::ZERO;

/// The longest name, as in ext4.
const NAME_BYTES_MAX: u32 = 255;

/// A mounted [`Store`].
struct Mounted {
    store: Arc<Store>,
    /// What open folders held when they were opened: entries that come and go meanwhile do not shift the others.
    listings: Mutex<HashMap<u64, Vec<Entry>>>,
    next_listing: AtomicU64,
}

/// Mounts a store, served by threads of their own.
pub(super) fn mount(store: Arc<Store>, mount_point: &Path) -> io::Result<BackgroundSession> {
    let mut config = Config::default();
    config.mount_options = vec![
        MountOption::FSName("jepsen-disk".to_owned()),
        MountOption::DefaultPermissions,
        MountOption::NoDev,
        MountOption::NoSuid,
    ];
    config.n_threads = Some(THREADS);
    config.clone_fd = true;
    let mounted = Mounted { store, listings: Mutex::new(HashMap::new()), next_listing: AtomicU64::new(1) };
    Session::new(mounted, mount_point, &config)?.spawn()
}

fn attr(inode: u64, attributes: &Attributes) -> FileAttr {
    FileAttr {
        ino: INodeNo(inode),
        size: attributes.size_bytes,
        blocks: attributes.allocated_bytes / 512,
        atime: attributes.modified,
        mtime: attributes.modified,
        ctime: attributes.modified,
        crtime: attributes.modified,
        kind: file_type(attributes.is_folder),
        perm: (attributes.mode & 0o7777) as u16,
        nlink: attributes.links,
        uid: attributes.uid,
        gid: attributes.gid,
        rdev: 0,
        blksize: PAGE_BYTES as u32,
        flags: 0,
    }
}

fn file_type(is_folder: bool) -> FileType {
    if is_folder { FileType::Directory } else { FileType::RegularFile }
}

fn owner(request: &Request, mode: u32) -> Owner {
    Owner { mode: mode & 0o7777, uid: request.uid(), gid: request.gid() }
}

fn code(error: Errno) -> fuser::Errno {
    fuser::Errno::from_i32(error.raw_os_error())
}

fn answer_entry(reply: ReplyEntry, found: Answer<(u64, Attributes)>) {
    match found {
        Ok((inode, attributes)) => reply.entry(&UNCACHED, &attr(inode, &attributes), Generation(0)),
        Err(error) => reply.error(code(error)),
    }
}

fn answer_empty(reply: ReplyEmpty, done: Answer<()>) {
    match done {
        Ok(()) => reply.ok(),
        Err(error) => reply.error(code(error)),
    }
}

fn answer_attr(reply: ReplyAttr, inode: INodeNo, attributes: Answer<Attributes>) {
    match attributes {
        Ok(attributes) => reply.attr(&UNCACHED, &attr(inode.0, &attributes)),
        Err(error) => reply.error(code(error)),
    }
}

impl Filesystem for Mounted {
    fn lookup(&self, _request: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        answer_entry(reply, self.store.look_up(parent.0, name));
    }

    fn forget(&self, _request: &Request, inode: INodeNo, count: u64) {
        self.store.forget(inode.0, count);
    }

    fn getattr(&self, _request: &Request, inode: INodeNo, _handle: Option<FileHandle>, reply: ReplyAttr) {
        answer_attr(reply, inode, self.store.attributes(inode.0));
    }

    fn setattr(
        &self,
        _request: &Request,
        inode: INodeNo,
        mode: Option<u32>,
        uid: Option<u32>,
        gid: Option<u32>,
        size_bytes: Option<u64>,
        _accessed: Option<TimeOrNow>,
        modified: Option<TimeOrNow>,
        _changed: Option<SystemTime>,
        _handle: Option<FileHandle>,
        _created: Option<SystemTime>,
        _flags_changed: Option<SystemTime>,
        _backed_up: Option<SystemTime>,
        _flags: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let modified = modified.map(|time| match time {
            TimeOrNow::SpecificTime(time) => time,
            TimeOrNow::Now => SystemTime::now(),
        });
        let new = NewAttributes { mode, uid, gid, size_bytes, modified };
        answer_attr(reply, inode, self.store.set_attributes(inode.0, &new));
    }

    fn mkdir(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        _umask: u32,
        reply: ReplyEntry,
    ) {
        answer_entry(reply, self.store.create(parent.0, name, owner(request, mode), true));
    }

    fn unlink(&self, _request: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        answer_empty(reply, self.store.remove(parent.0, name, false));
    }

    fn rmdir(&self, _request: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        answer_empty(reply, self.store.remove(parent.0, name, true));
    }

    fn rename(
        &self,
        _request: &Request,
        parent: INodeNo,
        name: &OsStr,
        new_parent: INodeNo,
        new_name: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        if flags.intersects(RenameFlags::RENAME_EXCHANGE | RenameFlags::RENAME_WHITEOUT) {
            return reply.error(fuser::Errno::EINVAL);
        }
        let replace = !flags.contains(RenameFlags::RENAME_NOREPLACE);
        answer_empty(reply, self.store.rename((parent.0, name), (new_parent.0, new_name), replace));
    }

    fn link(
        &self,
        _request: &Request,
        inode: INodeNo,
        new_parent: INodeNo,
        new_name: &OsStr,
        reply: ReplyEntry,
    ) {
        answer_entry(reply, self.store.link(inode.0, new_parent.0, new_name));
    }

    fn create(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        _umask: u32,
        _flags: i32,
        reply: ReplyCreate,
    ) {
        match self.store.create(parent.0, name, owner(request, mode), false) {
            Ok((inode, attributes)) => {
                reply.created(
                    &UNCACHED,
                    &attr(inode, &attributes),
                    Generation(0),
                    FileHandle(0),
                    FopenFlags::empty(),
                );
            }
            Err(error) => reply.error(code(error)),
        }
    }

    fn read(
        &self,
        _request: &Request,
        inode: INodeNo,
        _handle: FileHandle,
        offset: u64,
        size: u32,
        _flags: OpenFlags,
        _owner: Option<LockOwner>,
        reply: ReplyData,
    ) {
        match self.store.read(inode.0, offset, size as usize) {
            Ok(bytes) => reply.data(&bytes),
            Err(error) => reply.error(code(error)),
        }
    }

    fn write(
        &self,
        _request: &Request,
        inode: INodeNo,
        _handle: FileHandle,
        offset: u64,
        bytes: &[u8],
        _write_flags: WriteFlags,
        _flags: OpenFlags,
        _owner: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        match self.store.write(inode.0, offset, bytes) {
            // A request is at most 16 MiB.
            Ok(count) => reply.written(count as u32),
            Err(error) => reply.error(code(error)),
        }
    }

    fn fsync(
        &self,
        _request: &Request,
        inode: INodeNo,
        _handle: FileHandle,
        _data_only: bool,
        reply: ReplyEmpty,
    ) {
        answer_empty(reply, self.store.sync_file(inode.0));
    }

    fn fsyncdir(
        &self,
        _request: &Request,
        inode: INodeNo,
        _handle: FileHandle,
        _data_only: bool,
        reply: ReplyEmpty,
    ) {
        answer_empty(reply, self.store.sync_folder(inode.0));
    }

    fn opendir(&self, _request: &Request, inode: INodeNo, _flags: OpenFlags, reply: ReplyOpen) {
        match self.store.entries(inode.0) {
            Ok(entries) => {
                let listing = self.next_listing.fetch_add(1, Ordering::Relaxed);
                self.listings.lock().unwrap_or_else(PoisonError::into_inner).insert(listing, entries);
                reply.opened(FileHandle(listing), FopenFlags::empty());
            }
            Err(error) => reply.error(code(error)),
        }
    }

    fn readdir(
        &self,
        _request: &Request,
        inode: INodeNo,
        handle: FileHandle,
        offset: u64,
        mut reply: ReplyDirectory,
    ) {
        let mut listings = self.listings.lock().unwrap_or_else(PoisonError::into_inner);
        if offset == 0 {
            // The first call after opening, or after rewinding: what is there now.
            match self.store.entries(inode.0) {
                Ok(entries) => listings.insert(handle.0, entries),
                Err(error) => return reply.error(code(error)),
            };
        }
        let entries = listings.get(&handle.0).map(Vec::as_slice).unwrap_or_default();
        for (at, entry) in entries.iter().enumerate().skip(offset as usize) {
            if reply.add(INodeNo(entry.inode), at as u64 + 1, file_type(entry.is_folder), &entry.name) {
                break;
            }
        }
        reply.ok();
    }

    fn releasedir(
        &self,
        _request: &Request,
        _inode: INodeNo,
        handle: FileHandle,
        _flags: OpenFlags,
        reply: ReplyEmpty,
    ) {
        self.listings.lock().unwrap_or_else(PoisonError::into_inner).remove(&handle.0);
        reply.ok();
    }

    fn statfs(&self, _request: &Request, _inode: INodeNo, reply: ReplyStatfs) {
        match self.store.room() {
            Ok(room) => {
                let page_bytes = PAGE_BYTES as u32;
                reply.statfs(
                    room.pages,
                    room.free_pages,
                    room.free_pages,
                    1 << 20,
                    1 << 20,
                    page_bytes,
                    NAME_BYTES_MAX,
                    page_bytes,
                );
            }
            Err(error) => reply.error(code(error)),
        }
    }

    fn fallocate(
        &self,
        _request: &Request,
        inode: INodeNo,
        _handle: FileHandle,
        offset: u64,
        count: u64,
        mode: i32,
        reply: ReplyEmpty,
    ) {
        let flags = FallocateFlags::from_bits_retain(mode as u32);
        answer_empty(reply, self.store.allocate(inode.0, offset, count, flags));
    }
}
