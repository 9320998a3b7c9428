//! Connections to one node, kept for the next who needs one.
//!
//! Invariants: no more than [`super::ClusterOptions::connections_max`] connections to a node are open, in use or not; who waits for one
//! gets it in the order in which they asked; a connection that is handed out has no transaction open and its session is as when it
//! was new. One whose future was dropped in the middle, or that has a transaction open, is closed, which ends its statement and
//! rolls back.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wire::mysql::constant::StatusFlags;

use crate::link::Tracked;
use crate::{Connection, Error, Options, Param, QueryResult, Result, Statement, limits};

/// What a connection is set up for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Anything, on the leader.
    Write,
    /// Reads that see everything that was acknowledged.
    StrongRead,
    /// Reads of what the node has.
    LocalRead,
}

/// See the module.
#[derive(Debug)]
pub(super) struct NodePool {
    pub address: String,
    options: Options,
    connections_max: usize,
    idle_timeout: Duration,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Idle>>,
    /// How long a read takes, in µs; 0: not known.
    latency_us: AtomicU64,
    /// The node is known to have applied the log to here.
    pub applied: AtomicU64,
    /// Not to be read from until then: it failed.
    failed_until: Mutex<Option<Instant>>,
}

#[derive(Debug)]
struct Idle {
    session: Session,
    purpose: Purpose,
    since: Instant,
}

/// A connection and what is known of its session.
#[derive(Debug)]
struct Session {
    connection: Connection,
    /// Prepared statements by their text.
    statements: HashMap<String, Statement>,
    /// Something was done that leaves traces.
    is_dirty: bool,
    /// The server says the name of each transaction that is committed.
    reports_gtids: bool,
}

/// A connection of a pool. It goes back there when it is dropped.
#[derive(Debug)]
pub struct PooledConnection {
    /// Taken in `drop` alone.
    session: Option<Session>,
    purpose: Purpose,
    pub(super) pool: Arc<NodePool>,
    _permit: OwnedSemaphorePermit,
}

impl NodePool {
    pub(super) fn new(
        address: &str,
        options: Options,
        connections_max: usize,
        idle_timeout: Duration,
    ) -> NodePool {
        NodePool {
            address: address.to_owned(),
            options,
            connections_max,
            idle_timeout,
            permits: Arc::new(Semaphore::new(connections_max)),
            idle: Mutex::new(Vec::new()),
            latency_us: AtomicU64::new(0),
            applied: AtomicU64::new(0),
            failed_until: Mutex::new(None),
        }
    }

    /// A connection for this purpose, waiting for one if all are in use.
    pub(super) async fn take(
        self: &Arc<Self>,
        purpose: Purpose,
        deadline: Instant,
    ) -> Result<PooledConnection> {
        let asked = Instant::now();
        let permit =
            tokio::time::timeout_at(deadline.into(), Arc::clone(&self.permits).acquire_owned()).await;
        let Ok(Ok(permit)) = permit else {
            return Err(Error::Busy {
                address: self.address.clone(),
                waited_ms: asked.elapsed().as_millis(),
            });
        };
        let session = loop {
            let Some(idle) = self.pop(purpose) else { break self.connect(purpose, deadline).await? };
            if let Some(session) = freshen(idle, self.options.database.as_deref(), deadline).await {
                break session;
            }
        };
        Ok(PooledConnection { session: Some(session), purpose, pool: Arc::clone(self), _permit: permit })
    }

    fn pop(&self, purpose: Purpose) -> Option<Idle> {
        let mut idle = self.idle.lock();
        // The one that was used last: the others may become old and go.
        let position = idle.iter().rposition(|idle| idle.purpose == purpose)?;
        Some(idle.remove(position))
    }

    async fn connect(&self, purpose: Purpose, deadline: Instant) -> Result<Session> {
        self.make_room();
        let timeout = left(deadline).min(limits::CONNECT_TIMEOUT);
        let mut connection =
            Connection::connect(&self.address, &Options { timeout, ..self.options.clone() }).await?;
        let reports_gtids = set_up(&mut connection, purpose).await?;
        Ok(Session { connection, statements: HashMap::new(), is_dirty: false, reports_gtids })
    }

    /// Closes the connection that was unused longest, if one more would be too many.
    fn make_room(&self) {
        let in_use = self.connections_max - self.permits.available_permits();
        let mut idle = self.idle.lock();
        if !idle.is_empty() && in_use + idle.len() > self.connections_max {
            idle.remove(0);
        }
    }

    /// Closes what has been unused for too long.
    pub(super) fn reap(&self) {
        self.idle.lock().retain(|idle| idle.since.elapsed() < self.idle_timeout);
    }

    /// Closes all that is unused: the node failed, or is no longer a member.
    pub(super) fn clear(&self) {
        self.idle.lock().clear();
    }

    /// Whether the node lets somebody in, or says why not.
    pub(super) async fn is_alive(&self) -> bool {
        let options = Options { timeout: limits::PROBE_TIMEOUT, ..self.options.clone() };
        match Connection::connect(&self.address, &options).await {
            Ok(_) | Err(Error::LoginRefused { .. }) => true,
            Err(_) => false,
        }
    }

    /// Waits for a call's answer as long as the node lives: from time to time it is asked on a connection of its own, and a node that
    /// has answered nobody for `silence` is given up.
    pub(super) async fn attended<T>(
        &self,
        silence: Duration,
        call: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let mut call = std::pin::pin!(call);
        let mut silent_since = None;
        loop {
            tokio::select! {
                biased;
                result = &mut call => return result,
                () = tokio::time::sleep(limits::PROBE_AFTER) => {}
            }
            let asked = Instant::now();
            let is_alive = tokio::select! {
                biased;
                result = &mut call => return result,
                is_alive = self.is_alive() => is_alive,
            };
            if is_alive {
                silent_since = None;
            } else if silent_since.get_or_insert(asked).elapsed() >= silence {
                let what = "the node has stopped answering";
                return Err(Error::Lost { source: std::io::Error::new(std::io::ErrorKind::TimedOut, what) });
            }
        }
    }

    /// How long a read took.
    pub(super) fn note_latency(&self, took: Duration) {
        let took_us = took.as_micros().clamp(1, 60_000_000) as u64;
        let before = self.latency_us.load(Ordering::Relaxed);
        let now = if before == 0 { took_us } else { (before * 7 + took_us) / 8 };
        self.latency_us.store(now.max(1), Ordering::Relaxed);
        *self.failed_until.lock() = None;
    }

    /// How long a read takes, or a guess that makes it worth a try.
    pub(super) fn latency_us(&self) -> u64 {
        match self.latency_us.load(Ordering::Relaxed) {
            0 => limits::LATENCY_GUESS.as_micros() as u64,
            known => known,
        }
    }

    /// The node failed a read: others first, for a while.
    pub(super) fn note_failure(&self) {
        *self.failed_until.lock() = Some(Instant::now() + limits::FAILED_NODE_REST);
    }

    pub(super) fn is_resting(&self) -> bool {
        self.failed_until.lock().is_some_and(|until| until > Instant::now())
    }
}

fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1))
}

/// Makes a session what its purpose asks for; whether it reports what it commits.
async fn set_up(connection: &mut Connection, purpose: Purpose) -> Result<bool> {
    if !connection.status().contains(StatusFlags::AUTOCOMMIT) {
        // What a server may have as its default: a statement by itself would not be committed.
        connection.query("SET SESSION autocommit = 1").await?;
    }
    let statement = match purpose {
        Purpose::Write if !connection.is_tracked() => return Ok(false),
        Purpose::Write => "SET SESSION session_track_gtids = OWN_GTID",
        Purpose::StrongRead => "SET SESSION transaction_read_only = ON, quorate_read_consistency = 'STRONG'",
        Purpose::LocalRead => "SET SESSION transaction_read_only = ON, quorate_read_consistency = 'EVENTUAL'",
    };
    match connection.query(statement).await {
        Ok(_) => Ok(purpose == Purpose::Write),
        // A server that tracks other things.
        Err(Error::Server(_)) if purpose == Purpose::Write => Ok(false),
        Err(error) => Err(error),
    }
}

/// Makes sure that an idle connection can be used; none if it cannot.
async fn freshen(idle: Idle, database: Option<&str>, deadline: Instant) -> Option<Session> {
    let mut session = idle.session;
    session.connection.set_timeout(left(deadline).min(limits::CONNECT_TIMEOUT));
    if session.is_dirty {
        session.connection.reset().await.ok()?;
        restore_database(&mut session.connection, database).await?;
        session.statements.clear();
        session.reports_gtids = set_up(&mut session.connection, idle.purpose).await.ok()?;
        session.is_dirty = false;
    } else if idle.since.elapsed() >= limits::CHECK_IDLE_AFTER {
        session.connection.ping().await.ok()?;
    }
    Some(session)
}

/// A reset leaves the schema that is in use. None when it cannot be as it was: none cannot be used again.
async fn restore_database(connection: &mut Connection, database: Option<&str>) -> Option<()> {
    if let Some(name) = database {
        return connection.use_database(name).await.ok();
    }
    let used = connection.query("SELECT DATABASE()").await.ok()?;
    used.scalar().is_none().then_some(())
}

impl PooledConnection {
    /// The connection. What is done to its session is undone before it is handed out again.
    pub fn connection(&mut self) -> &mut Connection {
        let session = self.session_mut();
        session.is_dirty = true;
        &mut session.connection
    }

    fn session_mut(&mut self) -> &mut Session {
        match &mut self.session {
            Some(session) => session,
            None => unreachable!("the session is there until the drop"),
        }
    }

    /// The session is no longer as it was.
    pub(super) fn soil(&mut self) {
        self.session_mut().is_dirty = true;
    }

    /// Sets the time that the next calls may take.
    pub(super) fn set_deadline(&mut self, deadline: Instant, timeout: Duration) {
        self.session_mut().connection.set_timeout(left(deadline).min(timeout));
    }

    pub(super) fn is_broken(&mut self) -> bool {
        self.session_mut().connection.is_broken()
    }

    pub(super) fn is_in_transaction(&mut self) -> bool {
        self.session_mut().connection.is_in_transaction()
    }

    pub(super) fn reports_gtids(&mut self) -> bool {
        self.session_mut().reports_gtids
    }

    pub(super) fn take_tracked(&mut self) -> Tracked {
        self.session_mut().connection.take_tracked()
    }

    pub(super) async fn query(&mut self, sql: &str) -> Result<QueryResult> {
        self.session_mut().connection.query(sql).await
    }

    /// Runs a statement, prepared once a connection.
    pub(super) async fn execute(&mut self, sql: &str, parameters: &[Param<'_>]) -> Result<QueryResult> {
        let session = self.session_mut();
        if let Some(statement) = session.statements.get(sql) {
            return session.connection.execute(statement, parameters).await;
        }
        if session.statements.len() >= limits::STATEMENTS_KEPT_MAX
            && let Some(oldest) = session.statements.keys().next().cloned()
            && let Some(statement) = session.statements.remove(&oldest)
        {
            session.connection.close_statement(&statement).await?;
        }
        // Nothing has run when this fails, however it fails.
        let prepared = session.connection.prepare(sql).await;
        let statement = prepared.map_err(|error| match error {
            Error::Lost { .. } => Error::Stale,
            other => other,
        })?;
        let result = session.connection.execute(&statement, parameters).await;
        session.statements.insert(sql.to_owned(), statement);
        result
    }
}

impl Drop for PooledConnection {
    fn drop(&mut self) {
        let Some(session) = self.session.take() else { return };
        if session.connection.is_broken() || session.connection.is_in_transaction() {
            return;
        }
        let mut idle = self.pool.idle.lock();
        idle.push(Idle { session, purpose: self.purpose, since: Instant::now() });
    }
}
