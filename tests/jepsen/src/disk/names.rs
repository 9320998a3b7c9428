//! Folders and names: as they are seen, and as a crash would leave them.
//!
//! Invariants: [`Folder::entries`] is [`Folder::synced`] with the [`Names::pending`] changes made, in their order; the backing folder's tree
//! shows what is synced, one hard link to an object a name; an inode is kept while anything refers to it: a name, a synced name, a pending
//! change or the kernel.
//!
//! Left out: symbolic links, special files, extended attributes, and the durability of permissions and times.

mod durable;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rustix::io::Errno;

use super::content::Content;
use super::mirror::Mirror;

/// The inode of the mount point.
pub(super) const ROOT: u64 = 1;

/// Unsynced changes of names past which all are made durable unasked, as a kernel does every few seconds.
const PENDING_MAX: usize = 10_000;

/// A file that several threads work on.
pub(super) type SharedContent = Arc<Mutex<Content>>;

/// What an inode is.
pub(super) enum Kind {
    /// A file.
    File(SharedContent),
    /// A folder.
    Folder(Folder),
}

/// A folder.
pub(super) struct Folder {
    entries: BTreeMap<OsString, u64>,
    synced: BTreeMap<OsString, u64>,
    parent: u64,
    /// Where a crash would leave it; `None` while that is nowhere, and for the root.
    synced_place: Option<(u64, OsString)>,
    modified: SystemTime,
}

/// A file or folder, whatever its names.
pub(super) struct Inode {
    pub(super) kind: Kind,
    /// Permissions, without the type.
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// Names that it has.
    links: u32,
    /// Names that a crash would leave it.
    synced_links: u32,
    /// Pending changes that would give it a name.
    pending_links: u32,
    /// How often the kernel was told of it and has not forgotten it.
    lookups: u64,
}

/// A change of names that is not durable yet.
enum Change {
    Add { folder: u64, name: OsString, inode: u64 },
    Remove { folder: u64, name: OsString, inode: u64 },
    Rename { from: (u64, OsString), to: (u64, OsString), replaced: Option<u64> },
}

/// Who makes a file or folder, and how.
#[derive(Clone, Copy)]
pub(super) struct Owner {
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
}

/// All names of a mounted disk.
pub(super) struct Names {
    inodes: BTreeMap<u64, Inode>,
    pending: Vec<Change>,
    next_inode: u64,
    mirror: Mirror,
}

/// The result of a change of names.
pub(super) type Answer<T> = Result<T, Errno>;

impl Folder {
    fn new(parent: u64) -> Folder {
        Folder {
            entries: BTreeMap::new(),
            synced: BTreeMap::new(),
            parent,
            synced_place: None,
            modified: SystemTime::now(),
        }
    }

    /// The names in it.
    pub(super) fn entries(&self) -> &BTreeMap<OsString, u64> {
        &self.entries
    }

    /// The folder that it is in.
    pub(super) fn parent(&self) -> u64 {
        self.parent
    }

    /// When a name in it was changed last.
    pub(super) fn modified(&self) -> SystemTime {
        self.modified
    }
}

impl Inode {
    fn new(kind: Kind, owner: Owner) -> Inode {
        let Owner { mode, uid, gid } = owner;
        Inode { kind, mode, uid, gid, links: 0, synced_links: 0, pending_links: 0, lookups: 0 }
    }

    /// How many names it has.
    pub(super) fn links(&self) -> u32 {
        self.links
    }
}

impl Change {
    /// The folders whose sync makes it durable: a rename is in both or in neither, and the end of a folder is no sooner durable than what
    /// emptied it.
    fn folders(&self) -> [u64; 3] {
        match self {
            Change::Add { folder, .. } => [*folder; 3],
            Change::Remove { folder, inode, .. } => [*folder, *inode, *inode],
            Change::Rename { from, to, replaced } => [from.0, to.0, replaced.unwrap_or(to.0)],
        }
    }
}

impl Names {
    /// The names that a backing folder shows, all of them synced.
    pub(super) fn open(mirror: Mirror, owner: Owner) -> io::Result<Names> {
        let mut root = Inode::new(Kind::Folder(Folder::new(ROOT)), owner);
        (root.links, root.synced_links) = (1, 1);
        let mut names = Names {
            inodes: BTreeMap::from([(ROOT, root)]),
            pending: Vec::new(),
            next_inode: ROOT + 1,
            mirror,
        };
        let found = names.mirror.scan()?;
        // The scan names each folder before what is in it, and each inode by a number of its own from 2 on.
        for entry in found {
            let owner = Owner { mode: entry.mode, uid: entry.uid, gid: entry.gid };
            let kind = match entry.object {
                Some(object) => Kind::File(Arc::new(Mutex::new(Content::new(object, entry.path)?))),
                None => Kind::Folder(Folder::new(entry.folder)),
            };
            let inode = names.inodes.entry(entry.inode).or_insert_with(|| Inode::new(kind, owner));
            inode.links += 1;
            inode.synced_links += 1;
            if let Kind::Folder(folder) = &mut inode.kind {
                folder.synced_place = Some((entry.folder, entry.name.clone()));
            }
            names.next_inode = names.next_inode.max(entry.inode + 1);
            let folder = names.folder_mut(entry.folder).map_err(io::Error::from)?;
            folder.entries.insert(entry.name.clone(), entry.inode);
            folder.synced.insert(entry.name, entry.inode);
        }
        Ok(names)
    }

    pub(super) fn inode(&self, inode: u64) -> Answer<&Inode> {
        self.inodes.get(&inode).ok_or(Errno::NOENT)
    }

    pub(super) fn inode_mut(&mut self, inode: u64) -> Answer<&mut Inode> {
        self.inodes.get_mut(&inode).ok_or(Errno::NOENT)
    }

    pub(super) fn folder(&self, inode: u64) -> Answer<&Folder> {
        match &self.inode(inode)?.kind {
            Kind::Folder(folder) => Ok(folder),
            Kind::File(_) => Err(Errno::NOTDIR),
        }
    }

    fn folder_mut(&mut self, inode: u64) -> Answer<&mut Folder> {
        match &mut self.inode_mut(inode)?.kind {
            Kind::Folder(folder) => Ok(folder),
            Kind::File(_) => Err(Errno::NOTDIR),
        }
    }

    pub(super) fn content(&self, inode: u64) -> Answer<SharedContent> {
        match &self.inode(inode)?.kind {
            Kind::File(content) => Ok(Arc::clone(content)),
            Kind::Folder(_) => Err(Errno::ISDIR),
        }
    }

    /// All files, for counting.
    pub(super) fn files(&self) -> impl Iterator<Item = (u64, &SharedContent)> {
        self.inodes.iter().filter_map(|(number, inode)| match &inode.kind {
            Kind::File(content) => Some((*number, content)),
            Kind::Folder(_) => None,
        })
    }

    pub(super) fn find(&self, folder: u64, name: &OsStr) -> Answer<u64> {
        self.folder(folder)?.entries.get(name).copied().ok_or(Errno::NOENT)
    }

    /// The kernel was told of an inode.
    pub(super) fn remember(&mut self, inode: u64) {
        if let Some(inode) = self.inodes.get_mut(&inode) {
            inode.lookups += 1;
        }
    }

    /// The kernel has forgotten so many tellings.
    pub(super) fn forget(&mut self, inode: u64, count: u64) {
        if let Some(known) = self.inodes.get_mut(&inode) {
            known.lookups = known.lookups.saturating_sub(count);
        }
        self.drop_unused(inode);
    }

    pub(super) fn create_file(&mut self, folder: u64, name: &OsStr, owner: Owner) -> Answer<u64> {
        self.must_be_free(folder, name)?;
        let number = self.next_inode;
        let object = self.mirror.create_object(number).map_err(|error| errno(&error))?;
        let content = Content::new(object, self.path(folder, name)).map_err(|error| errno(&error))?;
        self.add(folder, name, Inode::new(Kind::File(Arc::new(Mutex::new(content))), owner));
        Ok(number)
    }

    pub(super) fn create_folder(&mut self, folder: u64, name: &OsStr, owner: Owner) -> Answer<u64> {
        self.must_be_free(folder, name)?;
        let number = self.next_inode;
        self.add(folder, name, Inode::new(Kind::Folder(Folder::new(folder)), owner));
        Ok(number)
    }

    fn add(&mut self, folder: u64, name: &OsStr, inode: Inode) {
        let number = self.next_inode;
        self.next_inode += 1;
        self.inodes.insert(number, inode);
        self.add_link(folder, name, number);
    }

    fn add_link(&mut self, folder: u64, name: &OsStr, inode: u64) {
        if let Some(inode) = self.inodes.get_mut(&inode) {
            inode.links += 1;
            inode.pending_links += 1;
        }
        self.enter(folder, name, Some(inode));
        self.change(Change::Add { folder, name: name.to_owned(), inode });
    }

    /// Gives a file another name.
    pub(super) fn link(&mut self, inode: u64, folder: u64, name: &OsStr) -> Answer<()> {
        self.content(inode)?;
        self.must_be_free(folder, name)?;
        self.add_link(folder, name, inode);
        Ok(())
    }

    /// Removes a name of a file; `of_folder`: of an empty folder. Returns the inode.
    pub(super) fn remove(&mut self, folder: u64, name: &OsStr, of_folder: bool) -> Answer<u64> {
        let inode = self.find(folder, name)?;
        match (&self.inode(inode)?.kind, of_folder) {
            (Kind::Folder(_), false) => return Err(Errno::ISDIR),
            (Kind::File(_), true) => return Err(Errno::NOTDIR),
            (Kind::Folder(removed), true) if !removed.entries.is_empty() => return Err(Errno::NOTEMPTY),
            (Kind::Folder(_), true) | (Kind::File(_), false) => {}
        }
        self.enter(folder, name, None);
        self.inode_mut(inode)?.links -= 1;
        self.change(Change::Remove { folder, name: name.to_owned(), inode });
        self.drop_unused(inode);
        Ok(inode)
    }

    /// Renames; `replace`: what has the name loses it. Returns the inode that did.
    pub(super) fn rename(
        &mut self,
        from: (u64, &OsStr),
        to: (u64, &OsStr),
        replace: bool,
    ) -> Answer<Option<u64>> {
        let inode = self.find(from.0, from.1)?;
        let replaced = self.folder(to.0)?.entries.get(to.1).copied();
        if replaced == Some(inode) {
            return if replace { Ok(None) } else { Err(Errno::EXIST) };
        }
        if let Some(replaced) = replaced {
            match (&self.inode(inode)?.kind, &self.inode(replaced)?.kind) {
                (Kind::File(_) | Kind::Folder(_), _) if !replace => return Err(Errno::EXIST),
                (Kind::Folder(_), Kind::Folder(replaced)) if !replaced.entries.is_empty() => {
                    return Err(Errno::NOTEMPTY);
                }
                (Kind::Folder(_), Kind::File(_)) => return Err(Errno::NOTDIR),
                (Kind::File(_), Kind::Folder(_)) => return Err(Errno::ISDIR),
                (Kind::File(_), Kind::File(_)) | (Kind::Folder(_), Kind::Folder(_)) => {}
            }
            self.inode_mut(replaced)?.links -= 1;
        }
        self.enter(from.0, from.1, None);
        self.enter(to.0, to.1, Some(inode));
        let path = self.path(to.0, to.1);
        match &mut self.inode_mut(inode)?.kind {
            Kind::Folder(folder) => folder.parent = to.0,
            Kind::File(content) => content.lock().unwrap_or_else(PoisonError::into_inner).path = path,
        }
        self.change(Change::Rename {
            from: (from.0, from.1.to_owned()),
            to: (to.0, to.1.to_owned()),
            replaced,
        });
        if let Some(replaced) = replaced {
            self.drop_unused(replaced);
        }
        Ok(replaced)
    }

    fn change(&mut self, change: Change) {
        self.pending.push(change);
        if self.pending.len() > PENDING_MAX {
            let all = mem::take(&mut self.pending);
            if let Err(error) = self.make_durable(all) {
                eprintln!("the backing folder is behind: {error}");
            }
        }
    }

    /// The path from the mount point, for faults and messages.
    fn path(&self, folder: u64, name: &OsStr) -> String {
        let mut parts = vec![name.to_string_lossy().into_owned()];
        let mut at = folder;
        while at != ROOT {
            let Ok(inside) = self.folder(at) else { break };
            let Ok(parent) = self.folder(inside.parent) else { break };
            let Some((name, _)) = parent.entries.iter().find(|(_, inode)| **inode == at) else { break };
            parts.push(name.to_string_lossy().into_owned());
            at = inside.parent;
        }
        parts.reverse();
        parts.join("/")
    }

    fn must_be_free(&self, folder: u64, name: &OsStr) -> Answer<()> {
        let inside = self.inode(folder)?;
        if inside.links == 0 {
            return Err(Errno::NOENT);
        }
        if self.folder(folder)?.entries.contains_key(name) { Err(Errno::EXIST) } else { Ok(()) }
    }

    fn enter(&mut self, folder: u64, name: &OsStr, inode: Option<u64>) {
        if let Ok(folder) = self.folder_mut(folder) {
            match inode {
                Some(inode) => folder.entries.insert(name.to_owned(), inode),
                None => folder.entries.remove(name),
            };
            folder.modified = SystemTime::now();
        }
    }

    fn drop_unused(&mut self, number: u64) {
        let unused = self.inodes.get(&number).is_some_and(|inode| {
            number != ROOT
                && inode.links == 0
                && inode.synced_links == 0
                && inode.pending_links == 0
                && inode.lookups == 0
        });
        // Pending changes inside a removed folder still name it.
        if unused
            && !self.pending.iter().any(|change| change.folders().contains(&number))
            && let Some(Inode { kind: Kind::File(_), .. }) = self.inodes.remove(&number)
        {
            self.mirror.remove_object(number);
        }
    }
}

/// The error number of an error of the backing folder.
pub(super) fn errno(error: &io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}
