//! Our SQL held to a real MySQL.
//!
//! `cases/*.sql` is what clients send, a topic a file. `expected/*.txt` is what MySQL 9.7 answered, recorded from a real server by
//! `cargo run -p sql-tests --bin record -- ADDRESS USER` and never from ours: columns with their types and flags, rows, counts,
//! messages, warnings, error numbers. The test runs the same files against one node of ours and compares.
//!
//! Where we mean to differ, the statement says so on the line above it, `-- deviation: name: why`, and our own answer is in
//! `expected/*.ours.txt` (rewritten by `cargo xtask bless`). Every name is in `docs/compatibility.md`; a deviation that is none any
//! more fails the test, and so does one that the page does not list.
//!
//! Rows are compared without their order unless the statement has ORDER BY, or is a SHOW.
//!
//! Left out: what depends on the machine or the moment (versions, host names, connection ids, the clock); such values are masked by
//! a `-- mask: column, …` line, or not asked for.

mod answer;
mod case;
mod compare;
mod run;

pub use answer::{Answer, Detail};
pub use case::{Case, Statement};
pub use compare::{Difference, Report, compare_file};
pub use run::{Recorded, Target, ask, parse_recorded, render_recorded, run_case, run_case_by};

use std::path::{Path, PathBuf};

/// The folder of this crate.
#[must_use]
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The page that lists every deviation.
#[must_use]
pub fn compatibility_page() -> PathBuf {
    folder().join("../../docs/compatibility.md")
}

/// All case files whose name contains `filter`, in the order of their names.
///
/// # Errors
/// When the folder cannot be read.
pub fn case_files(filter: &str) -> Result<Vec<PathBuf>, String> {
    let folder = folder().join("cases");
    let entries = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "sql"))
        .filter(|path| topic(path).contains(filter))
        .collect();
    files.sort();
    Ok(files)
}

/// The topic of a case file: its name without the extension.
#[must_use]
pub fn topic(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// Where MySQL's answers to a topic are.
#[must_use]
pub fn expected_path(topic: &str) -> PathBuf {
    folder().join("expected").join(format!("{topic}.txt"))
}

/// Where our answers to a topic's deviating statements are.
#[must_use]
pub fn ours_path(topic: &str) -> PathBuf {
    folder().join("expected").join(format!("{topic}.ours.txt"))
}

/// Reads a file.
///
/// # Errors
/// When it cannot be read.
pub fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
