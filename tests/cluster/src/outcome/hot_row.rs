//! One row that all clients increment. Each increment also inserts a row with its tag and the number it has made, so every single one is
//! accounted for, and their order has no gap.

use std::collections::BTreeSet;

use client::blocking::Connection;
use rand::Rng;

use super::ledger::Ledger;
use super::session::Session;
use super::{Choice, Ending, Workload, number};

const CLIENTS: u64 = 64;
/// One transaction in this many is rolled back by its client.
const ROLLED_BACK_EVERY: u32 = 40;

const INCREMENT: &str = "UPDATE soak.hot SET n = n + 1 WHERE id = 1";
const INCREMENT_AND_TELL: &str = "UPDATE soak.hot SET n = LAST_INSERT_ID(n + 1) WHERE id = 1";
const SET: &str = "UPDATE soak.hot SET n = ? WHERE id = 1";
const READ: &str = "SELECT n FROM soak.hot WHERE id = 1";
const READ_EXCLUSIVE: &str = "SELECT n FROM soak.hot WHERE id = 1 FOR UPDATE";
const INSERT: &str = "INSERT INTO soak.done (tag, place) VALUES (?, ?)";
const INSERT_READ: &str = "INSERT INTO soak.done (tag, place) SELECT ?, n FROM soak.hot WHERE id = 1";

/// The kinds of transaction, as [`Choice::kind`] numbers them.
const KINDS: [Kind; 4] = [Kind::ReadAfter, Kind::Told, Kind::InsertSelect, Kind::ReadBefore];

#[derive(Clone, Copy)]
enum Kind {
    /// Reads what it has made.
    ReadAfter,
    /// Is told it with the OK.
    Told,
    /// The insert reads it.
    InsertSelect,
    /// Reads under the lock, inserts, and sets the row last.
    ReadBefore,
}

/// See the module.
#[derive(Default)]
pub struct HotRow;

impl Workload for HotRow {
    fn clients(&self) -> u64 {
        CLIENTS
    }

    fn prepare(&self, connection: &mut Connection) -> client::blocking::Result<()> {
        connection.query("CREATE TABLE soak.hot (id INT PRIMARY KEY, n BIGINT NOT NULL)")?;
        connection.query("INSERT INTO soak.hot VALUES (1, 0)")?;
        connection.query(
            "CREATE TABLE soak.done (tag BIGINT PRIMARY KEY, place BIGINT NOT NULL, UNIQUE KEY (place))",
        )?;
        Ok(())
    }

    fn choose(&self, session: &mut Session) -> Choice {
        let kind = session.random.random_range(0..KINDS.len() as u32);
        Choice { kind, key: session.client, is_single: false }
    }

    fn body(&self, session: &mut Session, choice: &Choice, tag: u64) -> client::blocking::Result<Ending> {
        let tag = tag.cast_signed();
        match KINDS[choice.kind as usize] {
            Kind::ReadAfter => {
                session.run(INCREMENT, &[])?;
                let place = number(&session.run(READ, &[])?, 0, 0);
                session.run(INSERT, &[tag, place])?;
            }
            Kind::Told => {
                let place = session.run(INCREMENT_AND_TELL, &[])?.last_insert_id;
                session.run(INSERT, &[tag, place.cast_signed()])?;
            }
            Kind::InsertSelect => {
                session.run(INCREMENT, &[])?;
                session.run(INSERT_READ, &[tag])?;
            }
            Kind::ReadBefore => {
                let place = number(&session.run(READ_EXCLUSIVE, &[])?, 0, 0) + 1;
                session.run(INSERT, &[tag, place])?;
                session.run(SET, &[place])?;
            }
        }
        let is_rolled_back = session.random.random_range(0..ROLLED_BACK_EVERY) == 0;
        Ok(if is_rolled_back { Ending::Rollback } else { Ending::Commit })
    }

    fn presence(&self, tag: u64) -> Option<String> {
        Some(format!("SELECT COUNT(*) FROM soak.done WHERE tag = {tag}"))
    }

    fn observation(&self) -> &'static str {
        "SELECT n - (SELECT n FROM soak.base WHERE id = 1) - (SELECT COUNT(*) FROM soak.done), n
           FROM soak.hot WHERE id = 1"
    }

    fn check(&self, connection: &mut Connection, ledger: &Ledger) -> client::blocking::Result<u64> {
        connection.query("START TRANSACTION WITH CONSISTENT SNAPSHOT")?;
        let done = connection.query("SELECT tag, place FROM soak.done")?;
        let places = connection.query("SELECT place FROM soak.done ORDER BY place")?;
        let hot = connection.query(READ)?;
        let base = connection.query("SELECT n FROM soak.base WHERE id = 1")?;
        connection.query("COMMIT")?;
        let count = done.rows.len();
        let tags: BTreeSet<u64> = (0..count).map(|row| number(&done, row, 0).cast_unsigned()).collect();
        assert_eq!(tags.len(), count, "a tag is there twice");
        let committed = ledger.judge_tags(&tags);
        let (hot, base) = (number(&hot, 0, 0), number(&base, 0, 0));
        assert_eq!(hot as u64, committed, "the row counts other increments than there are");
        let found: Vec<i64> = (0..count).map(|row| number(&places, row, 0)).collect();
        assert_eq!(found, (base + 1..=hot).collect::<Vec<_>>(), "the numbers of the increments have a gap");
        Ok(committed)
    }

    fn compact(&self, connection: &mut Connection) -> client::blocking::Result<()> {
        super::compact_done(connection)
    }
}
