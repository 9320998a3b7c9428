//! The disk: names, contents and faults, as the requests of a kernel use them.
//!
//! Locks are taken in this order and none is held while a sync is slow: names, one content, faults.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::SystemTime;

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rustix::fs::FallocateFlags;
use rustix::io::Errno;

use super::content::{Content, PAGE_BYTES, pages_of};
use super::faults::{Fault, Faults};
use super::mirror::Mirror;
use super::names::{Answer, Kind, Names, Owner, SharedContent, errno};

/// A file system whose unsynced part can be lost.
pub(super) struct Store {
    names: Mutex<Names>,
    faults: Mutex<Faults>,
    backing: PathBuf,
}

/// What a loss took, or what is there to lose.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Lost {
    /// Unsynced pages of 4096 bytes.
    pub pages: u64,
    /// Unsynced changes of names.
    pub names: u64,
}

/// What `stat` says of an inode.
pub(super) struct Attributes {
    pub(super) is_folder: bool,
    pub(super) size_bytes: u64,
    pub(super) allocated_bytes: u64,
    pub(super) modified: SystemTime,
    pub(super) mode: u32,
    pub(super) links: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
}

/// Changes that `setattr` may ask for at once.
#[derive(Default)]
pub(super) struct NewAttributes {
    pub(super) mode: Option<u32>,
    pub(super) uid: Option<u32>,
    pub(super) gid: Option<u32>,
    pub(super) size_bytes: Option<u64>,
    pub(super) modified: Option<SystemTime>,
}

/// A name in a folder.
pub(super) struct Entry {
    pub(super) inode: u64,
    pub(super) is_folder: bool,
    pub(super) name: OsString,
}

/// How much room there is, in pages.
pub(super) struct Room {
    pub(super) pages: u64,
    pub(super) free_pages: u64,
}

impl Store {
    /// The disk whose synced state a backing folder holds.
    pub(super) fn open(backing: &Path, owner: Owner, seed: u64) -> io::Result<Store> {
        let names = Names::open(Mirror::open(backing)?, owner)?;
        Ok(Store {
            names: Mutex::new(names),
            faults: Mutex::new(Faults::none(seed)),
            backing: backing.to_owned(),
        })
    }

    /// The names. What a panicking thread left is still used: the layer must go on answering.
    pub(super) fn names(&self) -> MutexGuard<'_, Names> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn attributes(&self, inode: u64) -> Answer<Attributes> {
        attributes(&self.names(), inode)
    }

    /// Finds a name, and counts that the kernel was told.
    pub(super) fn look_up(&self, folder: u64, name: &OsStr) -> Answer<(u64, Attributes)> {
        let mut names = self.names();
        let inode = names.find(folder, name)?;
        tell(&mut names, inode)
    }

    /// Makes a file or folder, and counts that the kernel was told.
    pub(super) fn create(
        &self,
        folder: u64,
        name: &OsStr,
        owner: Owner,
        of_folder: bool,
    ) -> Answer<(u64, Attributes)> {
        self.must_have_room()?;
        let mut names = self.names();
        let inode = if of_folder {
            names.create_folder(folder, name, owner)?
        } else {
            names.create_file(folder, name, owner)?
        };
        tell(&mut names, inode)
    }

    /// Gives a file another name, and counts that the kernel was told.
    pub(super) fn link(&self, inode: u64, folder: u64, name: &OsStr) -> Answer<(u64, Attributes)> {
        self.must_have_room()?;
        let mut names = self.names();
        names.link(inode, folder, name)?;
        tell(&mut names, inode)
    }

    pub(super) fn remove(&self, folder: u64, name: &OsStr, of_folder: bool) -> Answer<()> {
        let freed = {
            let mut names = self.names();
            let content = names.find(folder, name).and_then(|inode| names.content(inode)).ok();
            let inode = names.remove(folder, name, of_folder)?;
            freed_pages(&names, inode, content.as_ref())
        };
        self.faults().give_back_pages(freed);
        Ok(())
    }

    pub(super) fn rename(&self, from: (u64, &OsStr), to: (u64, &OsStr), replace: bool) -> Answer<()> {
        let freed = {
            let mut names = self.names();
            let content = names.find(to.0, to.1).and_then(|inode| names.content(inode)).ok();
            names
                .rename(from, to, replace)?
                .map_or(0, |replaced| freed_pages(&names, replaced, content.as_ref()))
        };
        self.faults().give_back_pages(freed);
        Ok(())
    }

    pub(super) fn entries(&self, folder: u64) -> Answer<Vec<Entry>> {
        let names = self.names();
        let inside = names.folder(folder)?;
        let mut entries = vec![
            Entry { inode: folder, is_folder: true, name: ".".into() },
            Entry { inode: inside.parent(), is_folder: true, name: "..".into() },
        ];
        for (name, inode) in inside.entries() {
            let is_folder = matches!(names.inode(*inode)?.kind, Kind::Folder(_));
            entries.push(Entry { inode: *inode, is_folder, name: name.clone() });
        }
        Ok(entries)
    }

    pub(super) fn forget(&self, inode: u64, count: u64) {
        self.names().forget(inode, count);
    }

    pub(super) fn set_attributes(&self, inode: u64, new: &NewAttributes) -> Answer<Attributes> {
        if let Some(size_bytes) = new.size_bytes {
            let content = self.names().content(inode)?;
            let freed = lock(&content).resize(size_bytes);
            self.faults().give_back_pages(freed);
        }
        let mut names = self.names();
        let known = names.inode_mut(inode)?;
        known.mode = new.mode.map_or(known.mode, |mode| mode & 0o7777);
        known.uid = new.uid.unwrap_or(known.uid);
        known.gid = new.gid.unwrap_or(known.gid);
        if let (Kind::File(content), Some(modified)) = (&known.kind, new.modified) {
            lock(content).modified = modified;
        }
        attributes(&names, inode)
    }

    pub(super) fn read(&self, inode: u64, offset: u64, count: usize) -> Answer<Vec<u8>> {
        let content = self.names().content(inode)?;
        let content = lock(&content);
        if self.faults().read_fails(&content.path) {
            return Err(Errno::IO);
        }
        content.read(offset, count).map_err(|error| errno(&error))
    }

    /// Writes, and says how much was written.
    pub(super) fn write(&self, inode: u64, offset: u64, bytes: &[u8]) -> Answer<usize> {
        let content = self.names().content(inode)?;
        let mut content = lock(&content);
        let count = {
            let mut faults = self.faults();
            if faults.write_fails(&content.path) {
                return Err(Errno::IO);
            }
            let count = faults.written_of(&content.path, bytes.len());
            take_room(&mut faults, &content, offset, count)?
        };
        content.write(offset, &bytes[..count]).map_err(|error| errno(&error))?;
        Ok(count)
    }

    /// `fallocate`: takes room, makes a range zeros, or punches a hole.
    pub(super) fn allocate(&self, inode: u64, offset: u64, count: u64, flags: FallocateFlags) -> Answer<()> {
        let content = self.names().content(inode)?;
        let mut content = lock(&content);
        let kept_size = flags.contains(FallocateFlags::KEEP_SIZE);
        let what = flags - FallocateFlags::KEEP_SIZE;
        let end = offset.saturating_add(count);
        if what == FallocateFlags::PUNCH_HOLE && kept_size {
            let freed = content.zero(offset, count).map_err(|error| errno(&error))?;
            self.faults().give_back_pages(freed);
            return Ok(());
        }
        if what != FallocateFlags::ZERO_RANGE && !what.is_empty() {
            return Err(Errno::OPNOTSUPP);
        }
        if !self.faults().take_pages(content.missing_pages(offset, count)) {
            return Err(Errno::NOSPC);
        }
        if what == FallocateFlags::ZERO_RANGE {
            content.zero(offset, count).map_err(|error| errno(&error))?;
        }
        if !kept_size && end > content.size_bytes() {
            content.resize(end);
        }
        content.allocate(offset, count);
        Ok(())
    }

    pub(super) fn sync_file(&self, inode: u64) -> Answer<()> {
        let content = self.names().content(inode)?;
        let delay = self.faults().sync_delay();
        thread::sleep(delay);
        let mut content = lock(&content);
        if self.faults().sync_fails(&content.path) {
            content.give_up();
            return Err(Errno::IO);
        }
        content.sync().map_err(|error| {
            eprintln!("{}: {error}", content.path);
            Errno::IO
        })
    }

    pub(super) fn sync_folder(&self, inode: u64) -> Answer<()> {
        let delay = self.faults().sync_delay();
        thread::sleep(delay);
        if self.faults().sync_fails("/") {
            return Err(Errno::IO);
        }
        self.names().sync_folder(inode)
    }

    pub(super) fn room(&self) -> Answer<Room> {
        let real = rustix::fs::statvfs(&self.backing)?;
        let page_bytes = PAGE_BYTES as u64;
        let free_pages = self.faults().free_pages().unwrap_or(real.f_bavail * real.f_frsize / page_bytes);
        Ok(Room { pages: real.f_blocks * real.f_frsize / page_bytes, free_pages })
    }

    pub(super) fn set_fault(&self, fault: Fault) {
        self.faults().set(fault);
    }

    pub(super) fn clear(&self) {
        self.faults().clear();
    }

    /// What a crash would lose now.
    pub(super) fn unsynced(&self) -> Lost {
        let names = self.names();
        let pages = names.files().map(|(_, content)| lock(content).unsynced_pages() as u64).sum();
        Lost { pages, names: names.unsynced() as u64 }
    }

    /// What a crash does. With a seed some of what is unsynced survives, else nothing.
    pub(super) fn lose(&self, seed: Option<u64>) -> io::Result<Lost> {
        let lost = self.unsynced();
        let mut random = seed.map(StdRng::seed_from_u64);
        let mut names = self.names();
        let files: Vec<SharedContent> =
            names.files().map(|(_, content)| SharedContent::clone(content)).collect();
        for content in files {
            lock(&content).lose(random.as_mut())?;
        }
        names.lose(random.as_mut())?;
        Ok(lost)
    }

    /// The inodes of all files: whose caches the kernel must drop.
    pub(super) fn files(&self) -> Vec<u64> {
        self.names().files().map(|(inode, _)| inode).collect()
    }

    fn must_have_room(&self) -> Answer<()> {
        if self.faults().free_pages() == Some(0) { Err(Errno::NOSPC) } else { Ok(()) }
    }
}

/// Takes room for as much of a write as there is room for, and returns how much that is.
fn take_room(faults: &mut Faults, content: &Content, offset: u64, count: usize) -> Answer<usize> {
    let mut count = count;
    loop {
        if faults.take_pages(content.missing_pages(offset, count as u64)) {
            return Ok(count);
        }
        // Up to the start of the last page.
        let end = (pages_of(offset + count as u64) - 1) * PAGE_BYTES as u64;
        if end <= offset {
            return Err(Errno::NOSPC);
        }
        count = (end - offset) as usize;
    }
}

/// How many pages the end of an inode's last name gives back.
fn freed_pages(names: &Names, inode: u64, content: Option<&SharedContent>) -> u64 {
    let gone = names.inode(inode).map_or(true, |inode| inode.links() == 0);
    content.filter(|_| gone).map_or(0, |content| lock(content).allocated_pages())
}

fn tell(names: &mut Names, inode: u64) -> Answer<(u64, Attributes)> {
    names.remember(inode);
    Ok((inode, attributes(names, inode)?))
}

fn attributes(names: &Names, inode: u64) -> Answer<Attributes> {
    let known = names.inode(inode)?;
    let page_bytes = PAGE_BYTES as u64;
    let (is_folder, size_bytes, allocated_bytes, modified) = match &known.kind {
        Kind::File(content) => {
            let content = lock(content);
            (false, content.size_bytes(), content.allocated_pages() * page_bytes, content.modified)
        }
        Kind::Folder(folder) => (true, page_bytes, page_bytes, folder.modified()),
    };
    let links = if is_folder { 2 } else { known.links() };
    Ok(Attributes {
        is_folder,
        size_bytes,
        allocated_bytes,
        modified,
        mode: known.mode,
        links,
        uid: known.uid,
        gid: known.gid,
    })
}

fn lock(content: &SharedContent) -> MutexGuard<'_, Content> {
    content.lock().unwrap_or_else(PoisonError::into_inner)
}
