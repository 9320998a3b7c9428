//! Our SQL held to a real MySQL.
//!
//! `cases/**/*.sql` is what clients send, a topic a file, a chapter a folder. `expected/**/*.txt` is what MySQL 9.7 answered, recorded from a real server by
//! `cargo run -p sql-tests --bin record -- ADDRESS USER` and never from ours: columns with their types and flags, rows, counts,
//! messages, warnings, error numbers. The test runs the same files against one node of ours and compares.
//!
//! The server that is recorded from needs the named time zones: `mysql_tzinfo_to_sql /usr/share/zoneinfo | mariadb … mysql` (ours are built in).
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

/// All case files whose topic contains `filter`, in the order of their topics.
///
/// # Errors
/// When a folder cannot be read.
pub fn case_files(filter: &str) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    let mut folders = vec![cases_folder()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for path in entries.filter_map(|entry| entry.ok().map(|entry| entry.path())) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "sql")
                && topic(&path).contains(filter)
            {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn cases_folder() -> PathBuf {
    folder().join("cases")
}

/// The topic of a case file: its place below `cases` without the extension, `types/enum`; a folder is a chapter.
#[must_use]
pub fn topic(path: &Path) -> String {
    let below = path.strip_prefix(cases_folder()).unwrap_or(path).with_extension("");
    let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
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

/// Writes a file, and makes its folder.
///
/// # Errors
/// When it cannot be written.
pub fn write(path: &Path, text: &str) -> Result<(), String> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}
