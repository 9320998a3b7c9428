//! How names become durable, and how they are lost.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io;
use std::mem;
use std::path::PathBuf;

use rand::Rng as _;
use rand::rngs::StdRng;

use super::{Answer, Change, Kind, Names, ROOT, errno};

impl Names {
    /// Makes the names in a folder durable, and what depends on them: the other end of a rename, and before a folder's end what emptied it.
    pub(in crate::disk) fn sync_folder(&mut self, folder: u64) -> Answer<()> {
        self.folder(folder)?;
        let mut folders = BTreeSet::from([folder]);
        loop {
            let before = folders.len();
            for change in &self.pending {
                let touched = change.folders();
                if touched.iter().any(|folder| folders.contains(folder)) {
                    folders.extend(touched);
                }
            }
            if folders.len() == before {
                break;
            }
        }
        let (synced, pending): (Vec<_>, Vec<_>) = mem::take(&mut self.pending)
            .into_iter()
            .partition(|change| change.folders().iter().any(|folder| folders.contains(folder)));
        self.pending = pending;
        self.make_durable(synced).map_err(|error| errno(&error))
    }

    /// How many changes of names are not synced.
    pub(in crate::disk) fn unsynced(&self) -> usize {
        self.pending.len()
    }

    /// What a crash does: names are as they were synced. With `survivors`, the first few of the changes since then survive: a journal keeps
    /// their order.
    pub(in crate::disk) fn lose(&mut self, survivors: Option<&mut StdRng>) -> io::Result<()> {
        let mut pending = mem::take(&mut self.pending);
        let kept = survivors.map_or(0, |random| random.random_range(0..=pending.len()));
        let lost = pending.split_off(kept);
        self.make_durable(pending)?;
        for change in lost {
            self.settle(&change);
        }
        let numbers: Vec<u64> = self.inodes.keys().copied().collect();
        for inode in self.inodes.values_mut() {
            inode.links = inode.synced_links;
            if let Kind::Folder(folder) = &mut inode.kind {
                folder.entries = folder.synced.clone();
                folder.parent = folder.synced_place.as_ref().map_or(ROOT, |place| place.0);
            }
        }
        for number in numbers {
            self.drop_unused(number);
        }
        Ok(())
    }

    pub(super) fn make_durable(&mut self, changes: Vec<Change>) -> io::Result<()> {
        for change in changes {
            match &change {
                Change::Add { folder, name, inode } => self.attach(*folder, name, *inode)?,
                Change::Remove { folder, name, .. } => {
                    self.detach(*folder, name)?;
                }
                Change::Rename { from, to, .. } => {
                    if let Some(inode) = self.detach(from.0, &from.1)? {
                        let replaced = self.detach(to.0, &to.1)?;
                        self.attach(to.0, &to.1, inode)?;
                        replaced.into_iter().for_each(|replaced| self.drop_unused(replaced));
                    }
                }
            }
            self.settle(&change);
        }
        Ok(())
    }

    /// A change is pending no longer: what only it referred to can go.
    fn settle(&mut self, change: &Change) {
        match change {
            Change::Add { inode, .. } => {
                if let Some(added) = self.inodes.get_mut(inode) {
                    added.pending_links -= 1;
                }
                self.drop_unused(*inode);
            }
            Change::Remove { inode, .. } => self.drop_unused(*inode),
            Change::Rename { replaced, .. } => {
                replaced.iter().for_each(|replaced| self.drop_unused(*replaced))
            }
        }
    }

    /// A synced name more.
    fn attach(&mut self, folder: u64, name: &OsStr, inode: u64) -> io::Result<()> {
        let Ok(parent) = self.folder_mut(folder) else { return Ok(()) };
        parent.synced.insert(name.to_owned(), inode);
        if let Some(added) = self.inodes.get_mut(&inode) {
            added.synced_links += 1;
            if let Kind::Folder(added) = &mut added.kind {
                added.synced_place = Some((folder, name.to_owned()));
            }
        }
        self.show(folder, name, inode)
    }

    /// Shows a synced name in the backing folder, if the folder that it is in is shown there, and all that is in it.
    fn show(&self, folder: u64, name: &OsStr, inode: u64) -> io::Result<()> {
        let Some(path) = self.synced_path(folder) else { return Ok(()) };
        let mut left = vec![(path, name.to_owned(), inode)];
        while let Some((mut path, name, number)) = left.pop() {
            path.push(name);
            match self.inodes.get(&number).map(|inode| &inode.kind) {
                None => {}
                Some(Kind::File(_)) => self.mirror.show_file(number, &path)?,
                Some(Kind::Folder(folder)) => {
                    self.mirror.show_folder(&path)?;
                    left.extend(
                        folder.synced.iter().map(|(name, inode)| (path.clone(), name.clone(), *inode)),
                    );
                }
            }
        }
        Ok(())
    }

    /// A synced name fewer; returns what had it.
    fn detach(&mut self, folder: u64, name: &OsStr) -> io::Result<Option<u64>> {
        let path = self.synced_path(folder);
        let Ok(parent) = self.folder_mut(folder) else { return Ok(None) };
        let Some(number) = parent.synced.remove(name) else { return Ok(None) };
        if let Some(removed) = self.inodes.get_mut(&number) {
            removed.synced_links -= 1;
            if let Kind::Folder(removed) = &mut removed.kind {
                removed.synced_place = None;
            }
        }
        if let Some(path) = path {
            self.mirror.hide(&path.join(name))?;
        }
        Ok(Some(number))
    }

    /// The path in the backing folder's tree that a folder has there.
    fn synced_path(&self, folder: u64) -> Option<PathBuf> {
        let mut parts = Vec::new();
        let mut at = folder;
        while at != ROOT {
            let (parent, name) = self.folder(at).ok()?.synced_place.as_ref()?;
            parts.push(name.clone());
            at = *parent;
        }
        Some(parts.into_iter().rev().fold(self.mirror.tree().to_owned(), |path, part| path.join(part)))
    }
}
