//! Counters that many clients raise, by single statements that commit themselves. A client's own counter tells how many of its statements
//! have happened; what all share is the sum of those.

use std::collections::BTreeMap;

use client::blocking::Connection;
use rand::Rng;

use super::ledger::Ledger;
use super::session::Session;
use super::{Choice, Ending, Workload, number};

const CLIENTS: u64 = 24;
/// Counters that all share, with the ids from 1.
const SHARED: i64 = 4;
/// The counter of a client has this and its number as its id.
const OWN: i64 = 1_000;
/// The counters of rows that are raised alone are under this and their id.
const ALONE: u64 = 1_000_000;

const PAIR: &str = "UPDATE soak.counter SET n = n + 1 WHERE id IN (?, ?)";
const UPSERT: &str =
    "INSERT INTO soak.counter (id, n) VALUES (?, 1), (?, 1) ON DUPLICATE KEY UPDATE n = n + 1";
const POINT: &str = "UPDATE soak.alone SET n = n + 1 WHERE id = ?";

/// See the module.
#[derive(Default)]
pub struct Counter;

/// The kinds of statement, as [`Choice::kind`] numbers them.
const KINDS: [Kind; 3] = [Kind::Pair, Kind::Upsert, Kind::Point];

#[derive(Clone, Copy)]
enum Kind {
    /// A shared counter and its own with one UPDATE.
    Pair,
    /// The same with INSERT … ON DUPLICATE KEY UPDATE.
    Upsert,
    /// One row by its key.
    Point,
}

impl Workload for Counter {
    fn clients(&self) -> u64 {
        CLIENTS
    }

    fn prepare(&self, connection: &mut Connection) -> client::blocking::Result<()> {
        for table in ["counter", "alone"] {
            connection.query(&format!(
                "CREATE TABLE soak.{table} (id INT PRIMARY KEY, n BIGINT NOT NULL, KEY (n))"
            ))?;
        }
        for id in (1..=SHARED).chain((0..CLIENTS).map(|client| OWN + client.cast_signed())) {
            connection.query(&format!("INSERT INTO soak.counter VALUES ({id}, 0)"))?;
        }
        for id in 1..=SHARED {
            connection.query(&format!("INSERT INTO soak.alone VALUES ({id}, 0)"))?;
        }
        Ok(())
    }

    fn choose(&self, session: &mut Session) -> Choice {
        let kind = session.random.random_range(0..KINDS.len() as u32);
        let key = match KINDS[kind as usize] {
            Kind::Pair | Kind::Upsert => session.client,
            Kind::Point => ALONE + session.random.random_range(1..=SHARED).cast_unsigned(),
        };
        Choice { kind, key, is_single: true }
    }

    fn body(&self, session: &mut Session, choice: &Choice, _tag: u64) -> client::blocking::Result<Ending> {
        let shared = session.random.random_range(1..=SHARED);
        let own = OWN + session.client.cast_signed();
        match KINDS[choice.kind as usize] {
            Kind::Pair => session.run(PAIR, &[shared, own])?,
            Kind::Upsert => session.run(UPSERT, &[shared, own])?,
            Kind::Point => session.run(POINT, &[(choice.key - ALONE).cast_signed()])?,
        };
        Ok(Ending::Commit)
    }

    fn presence(&self, _tag: u64) -> Option<String> {
        None
    }

    fn observation(&self) -> &'static str {
        "SELECT (SELECT SUM(n) FROM soak.counter WHERE id < 1000) - (SELECT SUM(n) FROM soak.counter WHERE id >= 1000),
                (SELECT SUM(n) FROM soak.counter) + (SELECT SUM(n) FROM soak.alone)"
    }

    fn check(&self, connection: &mut Connection, ledger: &Ledger) -> client::blocking::Result<u64> {
        connection.query("START TRANSACTION WITH CONSISTENT SNAPSHOT")?;
        let counters = connection.query("SELECT id, n FROM soak.counter")?;
        let alone = connection.query("SELECT id, n FROM soak.alone")?;
        connection.query("COMMIT")?;
        let mut found = BTreeMap::new();
        let mut shared = 0;
        for row in 0..counters.rows.len() {
            let (id, n) = (number(&counters, row, 0), number(&counters, row, 1));
            if id < OWN {
                shared += n;
            } else {
                found.insert((id - OWN).cast_unsigned(), n.cast_unsigned());
            }
        }
        assert_eq!(shared.cast_unsigned(), found.values().sum::<u64>(), "half of a statement happened");
        for row in 0..alone.rows.len() {
            let (id, n) = (number(&alone, row, 0), number(&alone, row, 1));
            found.insert(ALONE + id.cast_unsigned(), n.cast_unsigned());
        }
        Ok(ledger.judge_counts(&found))
    }

    fn compact(&self, _connection: &mut Connection) -> client::blocking::Result<()> {
        Ok(())
    }
}
