//! What an engine on disk notes of itself, and what it says of damage: shared by all engines on disk.
//!
//! The note is kept under the one-byte key `00`: format version (1 byte), applied index and reach (8 bytes each, big
//! endian). Version 2 is the same as version 1 and says that the rows are being replaced: a program that does not know
//! of replacements refuses such a folder.
//!
//! An engine that meets damage while it runs leaves a file in its folder that says so ([`mark_damaged`]): it may well
//! open again and fail at the same place, and is to be rebuilt instead.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::{EngineScan, EngineWrite};
use crate::{Error, Result};

/// Where the engine's own notes are. Keys of the store are at least four bytes long.
pub(super) const NOTES_KEY: &[u8] = &[0];
/// The format of the notes, the keys and the values.
pub(super) const FORMAT_VERSION: u8 = 1;
/// The same while the rows are being replaced; the highest version that is known.
pub(super) const FORMAT_VERSION_REPLACING: u8 = 2;
/// Version, applied, reach.
pub(super) const NOTES_BYTES: usize = 17;
/// Bytes of the stamp before each value.
pub(super) const STAMP_BYTES: usize = 8;
/// Its presence says that the engine met damage.
const DAMAGED_FILE: &str = "damaged";

/// What an engine notes of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Notes {
    pub(super) applied: u64,
    pub(super) reach: u64,
    pub(super) is_replacing: bool,
}

impl Notes {
    /// As it is stored.
    pub(super) fn encode(self) -> [u8; NOTES_BYTES] {
        let version = if self.is_replacing { FORMAT_VERSION_REPLACING } else { FORMAT_VERSION };
        let mut notes = [version; NOTES_BYTES];
        notes[1..9].copy_from_slice(&self.applied.to_be_bytes());
        notes[9..].copy_from_slice(&self.reach.to_be_bytes());
        notes
    }

    /// Reads what is stored in `folder`'s engine; none: the engine is new.
    pub(super) fn decode(stored: Option<&[u8]>, folder: &Path) -> Result<Notes> {
        let Some(notes) = stored else { return Ok(Notes::default()) };
        let version = notes.first().copied().unwrap_or_default();
        if version > FORMAT_VERSION_REPLACING {
            return Err(Error::NewerFormat {
                file: folder.to_owned(),
                found: u32::from(version),
                supported: u32::from(FORMAT_VERSION_REPLACING),
            });
        }
        match (notes.len(), notes.get(1..9), notes.get(9..17)) {
            (NOTES_BYTES, Some(applied), Some(reach)) => {
                let number = |bytes: &[u8]| bytes.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte));
                let is_replacing = version == FORMAT_VERSION_REPLACING;
                Ok(Notes { applied: number(applied), reach: number(reach), is_replacing })
            }
            _ => Err(unusable(folder, "the note of the applied index does not parse")),
        }
    }
}

/// Deletions of the next keys of a scan, up to `keys_max` of them.
pub(super) fn deletions(scan: &mut dyn EngineScan, keys_max: usize) -> Result<Vec<EngineWrite>> {
    let mut batch = Vec::new();
    while batch.len() < keys_max
        && let Some((key, _, _)) = scan.next()?
    {
        batch.push((key.into_bytes(), None));
    }
    Ok(batch)
}

/// The notes as of now, for readers. Moved by the one thread that writes.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Moved by `write` and the replacement.
    applied: AtomicU64,
    /// Moved by `raise_reach` and the replacement; at or above `applied`.
    reach: AtomicU64,
    /// Moved by the replacement.
    is_replacing: AtomicBool,
}

impl Progress {
    pub(super) fn new(notes: Notes) -> Progress {
        Progress {
            applied: AtomicU64::new(notes.applied),
            reach: AtomicU64::new(notes.reach),
            is_replacing: AtomicBool::new(notes.is_replacing),
        }
    }

    pub(super) fn notes(&self) -> Notes {
        Notes { applied: self.applied(), reach: self.reach(), is_replacing: self.is_replacing() }
    }

    /// The notes after a batch that moves the applied index to `applied`; none when there is nothing to write.
    pub(super) fn after(&self, batch: &[EngineWrite], applied: u64) -> Option<Notes> {
        let before = self.notes();
        assert!(applied <= before.reach, "applied {applied} is above the reach {}", before.reach);
        for (_, write) in batch {
            let stamp = write.as_ref().map_or(0, |(stamp, _)| *stamp);
            assert!(stamp <= before.reach, "stamp {stamp} is above the reach {}", before.reach);
        }
        let is_nothing = batch.is_empty() && applied <= before.applied;
        (!is_nothing).then(|| Notes { applied: applied.max(before.applied), ..before })
    }

    pub(super) fn set(&self, notes: Notes) {
        self.is_replacing.store(notes.is_replacing, Ordering::Release);
        self.reach.store(notes.reach, Ordering::Release);
        self.applied.store(notes.applied, Ordering::Release);
    }

    pub(super) fn raise_reach(&self, index: u64) {
        self.reach.fetch_max(index, Ordering::AcqRel);
    }

    pub(super) fn applied(&self) -> u64 {
        self.applied.load(Ordering::Acquire)
    }

    pub(super) fn reach(&self) -> u64 {
        self.reach.load(Ordering::Acquire)
    }

    pub(super) fn is_replacing(&self) -> bool {
        self.is_replacing.load(Ordering::Acquire)
    }
}

/// The store cannot be used as it is, but nothing is lost that the log and the peers do not have.
pub(super) fn unusable(folder: &Path, what: &str) -> Error {
    Error::Engine(format!(
        "{} cannot be read ({what}); the folder can be removed: it is rebuilt from the log or from a peer",
        folder.display()
    ))
}

/// Damage found while running: the folder is not to be used again. Best effort: the error itself stops the node, and
/// a disk that takes no file any more will say so again.
pub(super) fn mark_damaged(folder: &Path, what: &str) -> Error {
    let path = folder.join(DAMAGED_FILE);
    if let Err(error) = std::fs::write(&path, what).and_then(|()| std::fs::File::open(&path)?.sync_all()) {
        tracing::warn!("cannot write {}: {error}", path.display());
    }
    unusable(folder, what)
}

/// An error if damage was found in the folder before.
pub(super) fn check_undamaged(folder: &Path) -> Result<()> {
    match std::fs::read_to_string(folder.join(DAMAGED_FILE)) {
        Ok(what) => Err(unusable(folder, &what)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Error::io("read", &folder.join(DAMAGED_FILE), error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_come_back_and_others_are_refused() {
        let folder = Path::new("store");
        for is_replacing in [false, true] {
            let notes = Notes { applied: 7, reach: 1 << 40, is_replacing };
            assert_eq!(Notes::decode(Some(&notes.encode()), folder).unwrap(), notes);
        }
        assert_eq!(Notes::decode(None, folder).unwrap(), Notes::default());
        let newer = Notes::decode(Some(&[FORMAT_VERSION_REPLACING + 1; NOTES_BYTES]), folder).unwrap_err();
        assert!(matches!(newer, Error::NewerFormat { found: 3, supported: 2, .. }), "{newer}");
        for stored in [&[FORMAT_VERSION; 3][..], &[FORMAT_VERSION; 18], &[]] {
            let error = Notes::decode(Some(stored), folder).unwrap_err();
            assert!(error.to_string().contains("can be removed"), "{error}");
        }
    }

    #[test]
    fn damage_that_was_met_is_remembered() {
        let folder = tempfile::tempdir().unwrap();
        check_undamaged(folder.path()).unwrap();
        assert!(mark_damaged(folder.path(), "a page is odd").to_string().contains("can be removed"));
        let error = check_undamaged(folder.path()).unwrap_err().to_string();
        assert!(error.contains("a page is odd") && error.contains("can be removed"), "{error}");
    }
}
