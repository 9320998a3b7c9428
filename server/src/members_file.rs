//! The members at the beginning of the log: what the log itself cannot tell once its first entries are purged.
//!
//! `members.json` holds committed memberships with the index of their entries. A membership is recorded before the log lets go of
//! its entry (by a purge) or begins anew behind it (by a snapshot); so the newest one at or before the log's base is always there,
//! but for a log that was never purged, whose founding members are in `identity.json`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use consensus::{LogIndex, Membership};
use serde::{Deserialize, Serialize};

use crate::identity::write_durably;

/// Name of the file in the data folder.
pub const FILE_NAME: &str = "members.json";

/// Version of the file's form. A newer one is refused.
const FILE_FORMAT: u32 = 1;

/// One membership in the file.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    index: u64,
    /// [`consensus::encode_membership`] as hexadecimal digits.
    membership: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Content {
    format: u32,
    memberships: Vec<Line>,
}

/// The file, read and kept.
#[derive(Debug)]
pub struct MembersFile {
    folder: PathBuf,
    memberships: BTreeMap<u64, Membership>,
}

impl MembersFile {
    /// Reads the file of a data folder; an absent one is empty.
    ///
    /// # Errors
    /// A message that says what is wrong with it.
    pub fn open(folder: &Path) -> Result<MembersFile, String> {
        let path = folder.join(FILE_NAME);
        let mut file = MembersFile { folder: folder.to_owned(), memberships: BTreeMap::new() };
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(file),
            Err(error) => return Err(format!("cannot read {}: {error}", path.display())),
        };
        let damaged = |what: String| format!("{} cannot be read: {what}", path.display());
        let content: Content = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        if content.format > FILE_FORMAT {
            return Err(damaged(format!("it is of the newer format {}", content.format)));
        }
        for line in content.memberships {
            let bytes = from_hex(&line.membership).ok_or_else(|| damaged("digits are wrong".into()))?;
            let membership =
                consensus::decode_membership(&bytes).map_err(|error| damaged(error.to_string()))?;
            file.memberships.insert(line.index, membership);
        }
        Ok(file)
    }

    /// The newest membership at or before `index`.
    #[must_use]
    pub fn at(&self, index: u64) -> Option<(LogIndex, Membership)> {
        let (found, membership) = self.memberships.range(..=index).next_back()?;
        Some((LogIndex::new(*found), membership.clone()))
    }

    /// Records a committed membership; returns when it is on disk.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn record(&mut self, index: u64, membership: &Membership) -> std::io::Result<()> {
        if self.memberships.get(&index) == Some(membership) {
            return Ok(());
        }
        self.memberships.insert(index, membership.clone());
        self.save()
    }

    /// Forgets what a log whose base is `base` never needs again.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn forget_before(&mut self, base: u64) -> std::io::Result<()> {
        let Some((&newest, _)) = self.memberships.range(..=base).next_back() else { return Ok(()) };
        let count = self.memberships.len();
        self.memberships = self.memberships.split_off(&newest);
        if self.memberships.len() < count { self.save() } else { Ok(()) }
    }

    fn save(&self) -> std::io::Result<()> {
        let line = |(index, membership): (&u64, &Membership)| {
            let mut bytes = Vec::new();
            consensus::encode_membership(membership, &mut bytes);
            Line { index: *index, membership: to_hex(&bytes) }
        };
        let memberships = self.memberships.iter().map(line).collect();
        let text = serde_json::to_vec_pretty(&Content { format: FILE_FORMAT, memberships })?;
        write_durably(&self.folder, &self.folder.join(FILE_NAME), &text)
    }
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use consensus::{Member, NodeId};

    use super::*;

    fn members(count: u64) -> Membership {
        let member = |id| Member::voter(NodeId::new(id), format!("h:{id}"), String::new());
        Membership { members: (1..=count).map(member).collect(), removed: Vec::new() }
    }

    #[test]
    fn the_newest_at_or_before_an_index_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = MembersFile::open(folder.path()).unwrap();
        assert_eq!(file.at(100), None);
        file.record(10, &members(3)).unwrap();
        file.record(20, &members(4)).unwrap();
        file.record(30, &members(5)).unwrap();
        let mut file = MembersFile::open(folder.path()).unwrap();
        assert_eq!(file.at(9), None);
        assert_eq!(file.at(29), Some((LogIndex::new(20), members(4))));
        file.forget_before(25).unwrap();
        let file = MembersFile::open(folder.path()).unwrap();
        assert_eq!(file.at(19), None);
        assert_eq!(file.at(20), Some((LogIndex::new(20), members(4))));
        assert_eq!(file.at(99), Some((LogIndex::new(30), members(5))));
    }

    #[test]
    fn a_damaged_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        MembersFile::open(folder.path()).unwrap().record(10, &members(3)).unwrap();
        let path = folder.path().join(FILE_NAME);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("\"membership\": \"", "\"membership\": \"ff")).unwrap();
        assert!(MembersFile::open(folder.path()).unwrap_err().contains("cannot be read"));
        std::fs::write(&path, text.replace("\"format\": 1", "\"format\": 2")).unwrap();
        assert!(MembersFile::open(folder.path()).unwrap_err().contains("newer"));
    }
}
