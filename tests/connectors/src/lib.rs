//! Real connectors against a cluster of three nodes: a matrix of what applications do with each of them.
//!
//! A [connector] is a program in `tests/connectors/programs`, in the connector's own language, written as its manual says. It goes
//! through the [`CELLS`] one by one and prints a line for each: `NAME ok`, `NAME fail: why` or `NAME skip: why`; a cell is skipped only
//! where the connector itself cannot do that. What tables, accounts and values there are for it says [`environment`]; the values of
//! all types are written and read in both protocols, compared by the program in its own types and by the server ([`values`]).
//!
//! The last cell, `failover`, is run of all connectors at once ([`failover`]): each writes rows, the leader is killed, each finds the
//! next one in its own way. Every acknowledged row has to be there, and none twice.
//!
//! What came of each cell is kept in `tests/connectors/results.txt` ([`results`]): the test fails when anything differs from it, the
//! command `cargo run -p connectors -- --bless` writes it and the table in `docs/compatibility.md` anew. The same command runs the
//! matrix against any server (`--address`): what fails on MySQL itself is a mistake of the program, not a finding.
//!
//! The connectors' own test-suites are run by `tests/connectors/suites.sh`.

#![expect(clippy::unwrap_used, reason = "a test harness: what fails here fails the test")]

pub mod connector;
pub mod environment;
pub mod failover;
pub mod matrix;
pub mod results;
pub mod values;

use std::path::{Path, PathBuf};

/// The cells of the matrix in their order, and what each is about, for the document.
pub const CELLS: [(&str, &str); 22] = [
    ("plain-native", "log in with `mysql_native_password`, not encrypted"),
    ("plain-sha2", "log in with `caching_sha2_password` for the first time, not encrypted: RSA"),
    ("plain-sha2-again", "the same account again: the short way"),
    ("tls-native", "log in with `mysql_native_password` through TLS"),
    ("tls-sha2", "log in with `caching_sha2_password` for the first time through TLS"),
    ("tls-sha2-again", "the same account again"),
    ("text", "every type written and read as text, extremes"),
    ("prepared", "every type written and read in the binary protocol"),
    ("nulls", "NULL of every type, in both"),
    ("zero-dates", "`0000-00-00`"),
    ("warnings", "count and texts"),
    ("errors", "number, SQLSTATE, message; text and prepared"),
    ("multi", "several statements, several results, an error among them"),
    ("big", "a parameter and a result of 17 MiB, text and prepared"),
    ("cursor", "server-side cursors"),
    ("transactions", "commit, rollback, autocommit off, savepoints, status flags"),
    ("pool", "a transaction left open is rolled back on the way through the pool"),
    ("counts", "affected and found rows, last insert id, info"),
    ("load-data", "`LOAD DATA LOCAL INFILE`"),
    ("compression", "the compressed protocol"),
    ("reset", "change user, reset connection"),
    ("failover", "goes on after the leader was killed; no acknowledged row is lost, none is there twice"),
];

/// The folder of this package.
#[must_use]
pub fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where `install.sh` puts connectors and where programs are built: `QUORATE_CONNECTORS`, or `target/connectors` of the repository.
#[must_use]
pub fn installed() -> PathBuf {
    match std::env::var_os("QUORATE_CONNECTORS") {
        Some(path) => path.into(),
        None => package().join("../../target/connectors"),
    }
}
