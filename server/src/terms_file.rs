//! The terms of committed entries: what the log itself cannot tell once its first entries are purged.
//!
//! `terms.json` holds the runs of [`crate::node::decided`]. It is written before the log lets go of entries, and soon after a new
//! leader's first entry was applied, so file and log together know every term but for what a snapshot jumped over. A file that is lost
//! costs answers about old transactions (they become UNKNOWN), nothing else.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::identity::write_durably;
use crate::node::decided::{DecidedTerms, Run};

/// Name of the file in the data folder.
pub const FILE_NAME: &str = "terms.json";

/// Version of the file's form. A newer one is refused.
const FILE_FORMAT: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
struct Content {
    format: u32,
    /// First index, last index, term.
    runs: Vec<(u64, u64, u64)>,
}

/// The file, written when there is news.
#[derive(Debug)]
pub struct TermsFile {
    folder: PathBuf,
    /// [`DecidedTerms::changes`] at the last writing; none before the first.
    written: Option<u64>,
}

impl TermsFile {
    /// The file of a data folder.
    #[must_use]
    pub fn new(folder: &Path) -> TermsFile {
        TermsFile { folder: folder.to_owned(), written: None }
    }

    /// What it holds; nothing when there is none.
    ///
    /// # Errors
    /// A message that says what is wrong with it.
    pub fn read(&self) -> Result<Vec<Run>, String> {
        let path = self.folder.join(FILE_NAME);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(format!("cannot read {}: {error}", path.display())),
        };
        let damaged = |what: String| format!("{} cannot be read: {what}", path.display());
        let content: Content = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        if content.format > FILE_FORMAT {
            return Err(damaged(format!("it is of the newer format {}", content.format)));
        }
        let runs: Vec<Run> =
            content.runs.into_iter().map(|(first, last, term)| Run { first, last, term }).collect();
        let is_sound = runs.iter().all(|run| 0 < run.first && run.first <= run.last)
            && runs.windows(2).all(|pair| pair[0].last < pair[1].first && pair[0].term < pair[1].term);
        if is_sound { Ok(runs) } else { Err(damaged("its terms do not ascend".into())) }
    }

    /// Writes down what is known, if terms came in since the last time. What the last run has grown by since is in the log; `always` writes
    /// it too, which is to be done before the log lets go of it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, decided: &DecidedTerms, watermark: u64, always: bool) -> std::io::Result<()> {
        // Before the runs are read: what comes in meanwhile is written the next time.
        let changes = decided.changes();
        if !always && self.written == Some(changes) {
            return Ok(());
        }
        let runs = decided.runs(watermark).into_iter().map(|run| (run.first, run.last, run.term)).collect();
        let text = serde_json::to_vec_pretty(&Content { format: FILE_FORMAT, runs })?;
        write_durably(&self.folder, &self.folder.join(FILE_NAME), &text)?;
        self.written = Some(changes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = TermsFile::new(folder.path());
        assert_eq!(file.read(), Ok(Vec::new()));
        let decided = DecidedTerms::default();
        decided.begins(1, 1);
        decided.begins(7, 4);
        file.write(&decided, 9, false).unwrap();
        let first = [Run { first: 1, last: 6, term: 1 }, Run { first: 7, last: 9, term: 4 }];
        assert_eq!(TermsFile::new(folder.path()).read().unwrap(), first);
        // No new term: only when asked for.
        file.write(&decided, 20, false).unwrap();
        assert_eq!(file.read().unwrap()[1].last, 9);
        file.write(&decided, 20, true).unwrap();
        assert_eq!(file.read().unwrap()[1].last, 20);
        decided.begins(21, 5);
        file.write(&decided, 22, false).unwrap();
        assert_eq!(file.read().unwrap().len(), 3);
    }

    #[test]
    fn nonsense_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = TermsFile::new(folder.path());
        let bad = [
            "",
            "{}",
            r#"{"format": 2, "runs": []}"#,
            r#"{"format": 1, "runs": [[5, 4, 1]]}"#,
            r#"{"format": 1, "runs": [[0, 4, 1]]}"#,
            r#"{"format": 1, "runs": [[1, 4, 2], [4, 9, 3]]}"#,
            r#"{"format": 1, "runs": [[1, 4, 2], [5, 9, 2]]}"#,
        ];
        for text in bad {
            std::fs::write(folder.path().join(FILE_NAME), text).unwrap();
            assert!(file.read().is_err(), "{text}");
        }
    }
}
