//! What a test asks of the nodes of its cluster, and waiting for an answer.

use std::time::{Duration, Instant};

use client::blocking::{Connection, Error, QueryResult, ServerError};

use crate::{TestCluster, connect};

/// How long a node that runs may take to answer a question.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a procedure of the administration may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(75);
/// How long a procedure that may be tried again is tried, and a value waited for.
const RETRY_TIMEOUT: Duration = Duration::from_secs(30);
/// Pause between two tries.
const PAUSE: Duration = Duration::from_millis(50);

impl TestCluster {
    /// Waits until a condition holds.
    ///
    /// # Panics
    /// When it does not in time, with what the nodes have logged.
    pub fn wait_until(&self, what: &str, timeout: Duration, mut condition: impl FnMut() -> bool) {
        let started = Instant::now();
        while !condition() {
            assert!(started.elapsed() < timeout, "not within {timeout:?}: {what}\n{}", self.logs());
            std::thread::sleep(PAUSE);
        }
    }

    /// Watches that a condition holds all the time.
    ///
    /// # Panics
    /// When it does not.
    pub fn always(&self, what: &str, time: Duration, mut condition: impl FnMut() -> bool) {
        let started = Instant::now();
        while started.elapsed() < time {
            assert!(condition(), "no longer after {:?}: {what}\n{}", started.elapsed(), self.logs());
            std::thread::sleep(PAUSE);
        }
    }

    /// The first value of the first row, on a connection of its own; none when the node does not answer, there is no row, or the
    /// value is NULL.
    #[must_use]
    pub fn value(&self, id: u64, sql: &str) -> Option<String> {
        connect(&self.node(id).client_address, ANSWER_TIMEOUT).ok()?.query(sql).ok()?.scalar()
    }

    /// As [`TestCluster::value`], a number.
    #[must_use]
    pub fn number(&self, id: u64, sql: &str) -> Option<u64> {
        self.value(id, sql)?.parse().ok()
    }

    /// A value of SHOW STATUS.
    #[must_use]
    pub fn status(&self, id: u64, name: &str) -> Option<String> {
        let mut connection = connect(&self.node(id).client_address, ANSWER_TIMEOUT).ok()?;
        connection.query(&format!("SHOW GLOBAL STATUS LIKE '{name}'")).ok()?.text(0, 1)
    }

    /// Whom a node takes for the leader.
    #[must_use]
    pub fn known_leader(&self, id: u64) -> Option<u64> {
        self.number(id, "SELECT @@quorate_leader_id").filter(|leader| *leader > 0)
    }

    /// A node's term.
    #[must_use]
    pub fn term(&self, id: u64) -> Option<u64> {
        self.number(id, "SELECT @@quorate_term")
    }

    /// The last index that a node knows to be committed and has applied.
    #[must_use]
    pub fn commit_index(&self, id: u64) -> Option<u64> {
        self.number(id, "SELECT @@quorate_commit_index")
    }

    /// What a node remembers of the cluster's events, a line each.
    #[must_use]
    pub fn events(&self, id: u64) -> String {
        let events = "SELECT EVENT FROM information_schema.QUORATE_CLUSTER_EVENTS";
        let rows =
            connect(&self.node(id).client_address, ANSWER_TIMEOUT).and_then(|mut node| node.query(events));
        rows.map(|rows| lines(&rows)).unwrap_or_default()
    }

    /// Waits for an event whose text has this in it.
    pub fn wait_for_event(&self, id: u64, text: &str, timeout: Duration) {
        self.wait_until(&format!("event '{text}' on node {id}"), timeout, || self.events(id).contains(text));
    }

    /// `CALL dbms_consensus.…` on a node; its first value.
    ///
    /// # Errors
    /// Those of the server, and of the connection.
    pub fn call(&self, id: u64, procedure: &str) -> Result<Option<String>, Error> {
        let mut connection = connect(&self.node(id).client_address, CALL_TIMEOUT)?;
        connection.query(&format!("CALL dbms_consensus.{procedure}")).map(|result| result.scalar())
    }

    /// As [`TestCluster::call`], again while it fails for a reason that passes (not ready, lagging, another change, no leader).
    ///
    /// # Panics
    /// When it does not work in time, or is refused for good.
    pub fn must_call(&self, id: u64, procedure: &str) -> Option<String> {
        let started = Instant::now();
        loop {
            match self.call(id, procedure) {
                Ok(value) => return value,
                Err(error)
                    if matches!(error.code(), Some(1105 | 1290)) && started.elapsed() < RETRY_TIMEOUT =>
                {
                    std::thread::sleep(PAUSE);
                }
                Err(error) => panic!("node {id}: CALL {procedure}: {error}\n{}", self.logs()),
            }
        }
    }

    /// The error that a call is refused with.
    ///
    /// # Panics
    /// When it is not.
    #[must_use]
    pub fn refused(&self, id: u64, procedure: &str) -> ServerError {
        match self.call(id, procedure) {
            Err(Error::Server(error)) => error,
            other => panic!("node {id}: CALL {procedure} was not refused: {other:?}\n{}", self.logs()),
        }
    }
}

/// The rows of a result, a line each, columns separated by tabs.
#[must_use]
pub fn lines(rows: &QueryResult) -> String {
    let cell = |row, column| rows.text(row, column).unwrap_or_else(|| "NULL".into());
    let line =
        |row| (0..rows.columns.len()).map(|column| cell(row, column)).collect::<Vec<_>>().join("\t") + "\n";
    (0..rows.rows.len()).map(line).collect()
}

/// The code of the error that a statement ends with; none when it succeeds.
pub fn code(connection: &mut Connection, sql: &str) -> Option<u16> {
    connection.query(sql).err().and_then(|error| error.code())
}

/// The first value of a query's first row; empty when it is NULL or there is no row.
///
/// # Panics
/// When the query fails.
pub fn scalar(connection: &mut Connection, sql: &str) -> String {
    connection.query(sql).unwrap().scalar().unwrap_or_default()
}

/// Waits until the first value of a query's first row is this one.
///
/// # Panics
/// When the query fails, or does not give it in time.
pub fn wait_for(connection: &mut Connection, sql: &str, wanted: &str) {
    let until = Instant::now() + RETRY_TIMEOUT;
    while scalar(connection, sql) != wanted {
        assert!(Instant::now() < until, "{sql} is not {wanted}");
        std::thread::sleep(PAUSE);
    }
}

/// Makes a session's reads strong: each sees every write that was acknowledged before it began.
///
/// # Errors
/// Those of the server, and of the connection.
pub fn read_strongly(connection: &mut Connection, timeout_seconds: u64) -> client::blocking::Result<()> {
    connection.query("SET quorate_read_consistency = STRONG")?;
    connection.query(&format!("SET quorate_read_timeout = {timeout_seconds}"))?;
    Ok(())
}
