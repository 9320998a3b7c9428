//! The scripts of a folder under each isolation level, and what is expected of them.
//!
//! `cases/NAME` is a script; `expected/NAME.quorate` and `expected/NAME.mysql` hold its transcripts, one for each group
//! of levels with the same one:
//!
//! ```text
//! == READ UNCOMMITTED, READ COMMITTED
//! T1: BEGIN
//!     ok
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use client::blocking::Connection;

use crate::script::{Dialect, Script, run};

/// The name of a level, and how a session comes to it. The last is REPEATABLE READ without the refusal to write what
/// changed since the snapshot, which MySQL does not know.
pub const LEVELS: [(&str, &[&str]); 5] = [
    ("READ UNCOMMITTED", &["SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED"]),
    ("READ COMMITTED", &["SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"]),
    ("REPEATABLE READ", &["SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ"]),
    ("SERIALIZABLE", &["SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE"]),
    (
        "REPEATABLE READ, quorate_snapshot_conflict=off",
        &["SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ", "SET quorate_snapshot_conflict = off"],
    ),
];

/// Transcripts of a script by the number of the level.
pub type Transcripts = BTreeMap<usize, String>;

/// A folder of this crate.
#[must_use]
pub fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The names of all scripts, ascending.
///
/// # Panics
/// When there are none.
#[must_use]
pub fn cases() -> Vec<String> {
    let files = std::fs::read_dir(folder("cases")).expect("the folder of the scripts");
    let mut names: Vec<String> =
        files.map(|file| file.expect("a script").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    assert!(!names.is_empty(), "no script was found");
    names
}

/// Runs a script under each level, all at once. `connect` makes a connection without database.
///
/// # Panics
/// When the server cannot be reached or a script cannot be run.
#[must_use]
pub fn run_case(name: &str, dialect: Dialect, connect: &(dyn Fn() -> Connection + Sync)) -> Transcripts {
    let text = std::fs::read_to_string(folder("cases").join(name)).expect("the script");
    let script = Script::parse(&text);
    let levels = match dialect {
        Dialect::Quorate => LEVELS.len(),
        Dialect::MySql => LEVELS.len() - 1,
    };
    let of_level = |level: usize| {
        let database = format!("isolation_{name}_{level}");
        let mut connection = connect();
        for sql in [format!("DROP DATABASE IF EXISTS {database}"), format!("CREATE DATABASE {database}")] {
            connection.query(&sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        }
        let in_database = || {
            let mut connection = connect();
            connection.use_database(&database).expect("the database was just made");
            connection
        };
        let transcript = run(&script, dialect, LEVELS[level].1, &in_database);
        let transcript = transcript.replace(&format!("{database}."), "");
        connection.query(&format!("DROP DATABASE {database}")).expect("nobody uses the database");
        transcript
    };
    std::thread::scope(|scope| {
        let started: Vec<_> = (0..levels).map(|level| scope.spawn(move || of_level(level))).collect();
        let ended = started.into_iter().map(|thread| thread.join().expect("the script runs"));
        ended.enumerate().collect()
    })
}

/// The file of these transcripts.
#[must_use]
pub fn write(transcripts: &Transcripts) -> String {
    let mut groups: Vec<(Vec<usize>, &String)> = Vec::new();
    for (level, transcript) in transcripts {
        match groups.iter_mut().find(|(_, other)| *other == transcript) {
            Some((levels, _)) => levels.push(*level),
            None => groups.push((vec![*level], transcript)),
        }
    }
    let group = |(levels, transcript): &(Vec<usize>, &String)| {
        let names: Vec<&str> = levels.iter().map(|level| LEVELS[*level].0).collect();
        format!("== {}\n{transcript}", names.join("; "))
    };
    groups.iter().map(group).collect::<Vec<_>>().join("\n")
}

/// The transcripts of a file.
///
/// # Panics
/// On a file that [`write()`] did not write.
#[must_use]
pub fn read(text: &str) -> Transcripts {
    let mut transcripts = Transcripts::new();
    for group in text.split("== ").skip(1) {
        let (names, transcript) = group.split_once('\n').expect("a group has a line of levels");
        for name in names.split("; ") {
            let level = LEVELS.iter().position(|(level, _)| *level == name).expect("the name of a level");
            transcripts.insert(level, transcript.trim_end().to_owned());
        }
    }
    transcripts
}

/// The file of a script's transcripts.
#[must_use]
pub fn expected_file(name: &str, dialect: Dialect) -> PathBuf {
    let server = match dialect {
        Dialect::Quorate => "quorate",
        Dialect::MySql => "mysql",
    };
    folder("expected").join(format!("{name}.{server}"))
}
