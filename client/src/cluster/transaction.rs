//! Transactions on the leader, run again where that is safe, and statements that commit by themselves.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::pool::{PooledConnection, Purpose};
use super::retry::{self, Backoff, Fate, Kind, Verdict};
use super::topology::{ROLE_QUERY, RoleAnswer};
use super::{Cluster, Shared};
use crate::{Error, Param, QueryResult, Result, limits};

/// A transaction that [`Cluster::transaction`] has begun and will end. Clones are the same transaction; once it is over, their
/// statements are refused.
#[derive(Clone, Debug)]
pub struct Transaction {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    /// None when the transaction is over.
    connection: Option<PooledConnection>,
    timeout: Duration,
    retries_lock_waits: bool,
    /// What ended the transaction before its COMMIT, if something did.
    ended_by: Option<Verdict>,
    /// Something other than a read was sent.
    has_written: bool,
}

impl Transaction {
    /// Runs a statement in the transaction.
    ///
    /// # Errors
    /// The server's and the connection's: hand them on (`?`), and the transaction is run again if that is safe. A statement that
    /// could end the transaction (COMMIT, DDL, `CALL`, …) is refused before it is sent.
    pub async fn query(&self, sql: &str) -> Result<QueryResult> {
        self.run(sql, None).await
    }

    /// Runs a statement with values in place of its `?`; it is prepared once a connection.
    ///
    /// # Errors
    /// As [`Transaction::query`].
    pub async fn execute(&self, sql: &str, parameters: &[Param<'_>]) -> Result<QueryResult> {
        self.run(sql, Some(parameters)).await
    }

    async fn run(&self, sql: &str, parameters: Option<&[Param<'_>]>) -> Result<QueryResult> {
        let mut inner = self.inner.lock().await;
        let Inner { connection, timeout, retries_lock_waits, ended_by, has_written } = &mut *inner;
        let Some(connection) = connection else {
            return Err(Error::NotSupported { what: "a statement of a transaction that is over" });
        };
        if ended_by.is_some() {
            return Err(Error::Stale);
        }
        let kind = Kind::of(sql);
        if !kind.may_be_in_transaction(sql) {
            let what =
                "a statement in a transaction that could end it; or that is not known to leave it open";
            return Err(Error::NotSupported { what });
        }
        *has_written |= kind != Kind::Read;
        if !kind.leaves_no_trace(sql) {
            connection.soil();
        }
        connection.set_deadline(Instant::now() + *timeout, *timeout);
        let pool = Arc::clone(&connection.pool);
        let result = match parameters {
            None => pool.attended(Duration::ZERO, connection.query(sql)).await,
            Some(parameters) => pool.attended(Duration::ZERO, connection.execute(sql, parameters)).await,
        };
        if let Err(error) = &result {
            *ended_by = match retry::before_commit(error, *retries_lock_waits) {
                // Whatever broke the connection, the transaction is gone with it.
                Verdict::Final if connection.is_broken() => Some(Verdict::Final),
                Verdict::Final => None,
                verdict => Some(verdict),
            };
        }
        result
    }
}

/// How one try ended.
enum Tried<T, E> {
    Done(T),
    Failed(E),
    Again(E),
}

impl Cluster {
    /// Runs `body` in a transaction on the leader and commits it. The whole of it is run again, on whichever node leads then, when it
    /// was rolled back because of a deadlock or a conflict (1213), because the leader was lost before COMMIT was sent, or because
    /// COMMIT is known not to have happened; so `body` must do nothing but what may be done more than once, apart from its
    /// statements. It ends by returning: `Ok` commits, `Err` rolls back.
    ///
    /// ```no_run
    /// # async fn f(cluster: client::Cluster) -> client::Result<()> {
    /// cluster
    ///     .transaction(|txn| async move {
    ///         txn.query("UPDATE account SET balance = balance - 10 WHERE id = 1").await?;
    ///         txn.query("UPDATE account SET balance = balance + 10 WHERE id = 2").await?;
    ///         client::Result::Ok(())
    ///     })
    ///     .await
    /// # }
    /// ```
    ///
    /// # Errors
    /// What `body` returns, the last reason when the time was up ([`super::ClusterOptions::deadline`]), and [`Error::Unknown`] when
    /// the answer to COMMIT was lost: the transaction may be committed.
    pub async fn transaction<T, E, F, Fut>(&self, mut body: F) -> std::result::Result<T, E>
    where
        F: FnMut(Transaction) -> Fut,
        Fut: Future<Output = std::result::Result<T, E>>,
        E: From<Error>,
    {
        let deadline = Instant::now() + self.shared.options.deadline;
        let mut backoff = Backoff::new();
        loop {
            match self.shared.try_transaction(&mut body, deadline).await {
                Tried::Done(value) => return Ok(value),
                Tried::Failed(error) => return Err(error),
                Tried::Again(error) if Instant::now() >= deadline => return Err(error),
                Tried::Again(_) => backoff.pause(deadline).await,
            }
        }
    }
}

impl Shared {
    async fn try_transaction<T, E, F, Fut>(self: &Arc<Self>, body: &mut F, deadline: Instant) -> Tried<T, E>
    where
        F: FnMut(Transaction) -> Fut,
        Fut: Future<Output = std::result::Result<T, E>>,
        E: From<Error>,
    {
        let mut connection = match self.begin(deadline).await {
            Ok(connection) => connection,
            Err(BeginError::Again(error)) => return Tried::Again(error.into()),
            Err(BeginError::Failed(error)) => return Tried::Failed(error.into()),
        };
        let address = connection.pool.address.clone();
        let timeout = self.options.connection.timeout;
        connection.set_deadline(deadline, timeout);
        let inner = Inner {
            connection: Some(connection),
            timeout,
            retries_lock_waits: self.options.retry_lock_waits,
            ended_by: None,
            has_written: false,
        };
        let transaction = Transaction { inner: Arc::new(Mutex::new(inner)) };
        let returned = body(transaction.clone()).await;
        // From here on no clone of it can do anything.
        let mut inner = transaction.inner.lock().await;
        let (ended_by, has_written) = (inner.ended_by, inner.has_written);
        let Some(mut connection) = inner.connection.take() else {
            return Tried::Failed(Error::Stale.into());
        };
        drop(inner);
        match (returned, ended_by) {
            (Ok(value), None) => self.commit(connection, value, has_written, deadline).await,
            (returned, Some(verdict)) => {
                let error = returned.err().unwrap_or_else(|| Error::Stale.into());
                let still_leads = verdict == Verdict::Conflict || self.still_leads(&mut connection).await;
                if !still_leads {
                    self.leader_failed(&address);
                }
                roll_back(&mut connection, timeout).await;
                match verdict {
                    Verdict::LeaderLost | Verdict::Conflict => Tried::Again(error),
                    Verdict::Refused if !still_leads => Tried::Again(error),
                    Verdict::Refused | Verdict::Final => Tried::Failed(error),
                }
            }
            (Err(error), None) => {
                roll_back(&mut connection, timeout).await;
                Tried::Failed(error)
            }
        }
    }

    async fn commit<T, E: From<Error>>(
        self: &Arc<Self>,
        mut connection: PooledConnection,
        value: T,
        has_written: bool,
        deadline: Instant,
    ) -> Tried<T, E> {
        let timeout = self.options.connection.timeout;
        let address = connection.pool.address.clone();
        if !connection.is_in_transaction() {
            // Never committed by this driver; the session's own doing, which is not undone.
            let what = "a transaction that something in it has ended";
            return Tried::Failed(Error::NotSupported { what }.into());
        }
        connection.set_deadline(Instant::now() + timeout, timeout);
        let pool = Arc::clone(&connection.pool);
        let error = match pool.attended(limits::COMMIT_SILENCE, connection.query("COMMIT")).await {
            Ok(_) => {
                self.note_done(&mut connection, has_written);
                return Tried::Done(value);
            }
            Err(error) => error,
        };
        let fate = match retry::after_commit(&error, self.options.retry_lock_waits) {
            // What wrote nothing has no outcome.
            Fate::Unknown if !has_written => Fate::NotCommitted(Verdict::LeaderLost),
            fate => fate,
        };
        let still_leads = matches!(fate, Fate::Failed) || self.still_leads(&mut connection).await;
        if !still_leads {
            self.leader_failed(&address);
        }
        drop(connection);
        match fate {
            Fate::NotCommitted(Verdict::Refused) if still_leads => Tried::Failed(error.into()),
            Fate::NotCommitted(_) => Tried::Again(error.into()),
            Fate::Failed => Tried::Failed(error.into()),
            Fate::Unknown => Tried::Failed(unknown(None, error).into()),
            Fate::InDoubt(gtid) => match self.outcome(&gtid, deadline).await {
                Some(true) => {
                    self.note_gtid(&gtid);
                    Tried::Done(value)
                }
                Some(false) => Tried::Again(error.into()),
                None => Tried::Failed(unknown(Some(gtid), error).into()),
            },
        }
    }

    /// A connection to the leader with a transaction begun.
    async fn begin(self: &Arc<Self>, deadline: Instant) -> std::result::Result<PooledConnection, BeginError> {
        let pool = self.leader(deadline).await.map_err(BeginError::Failed)?;
        let begun = async {
            let mut connection = pool.take(Purpose::Write, deadline).await?;
            connection.set_deadline(deadline, self.options.connection.timeout);
            pool.attended(Duration::ZERO, connection.query("START TRANSACTION")).await?;
            Ok(connection)
        };
        begun.await.map_err(|error| match retry::before_commit(&error, false) {
            Verdict::Final => BeginError::Failed(error),
            Verdict::LeaderLost | Verdict::Refused => {
                self.leader_failed(&pool.address);
                pool.clear();
                BeginError::Again(error)
            }
            Verdict::Conflict => BeginError::Again(error),
        })
    }

    /// Whether the node of this connection says that it leads: then a refusal has another reason.
    async fn still_leads(&self, connection: &mut PooledConnection) -> bool {
        if connection.is_broken() {
            return false;
        }
        connection.set_deadline(Instant::now() + limits::PROBE_TIMEOUT, limits::PROBE_TIMEOUT);
        let role = connection.query(ROLE_QUERY).await.map(|result| RoleAnswer::read(&result));
        role.is_ok_and(|role| role.is_serving)
    }

    /// Runs a statement on the leader that commits by itself, again where it cannot have run.
    pub(super) async fn autocommit(
        self: &Arc<Self>,
        sql: &str,
        parameters: Option<&[Param<'_>]>,
    ) -> Result<QueryResult> {
        let kind = Kind::of(sql);
        if kind == Kind::Control {
            let what = "BEGIN, COMMIT and their like as a statement of its own; use Cluster::transaction";
            return Err(Error::NotSupported { what });
        }
        let deadline = Instant::now() + self.options.deadline;
        let mut backoff = Backoff::new();
        loop {
            let error = match self.try_autocommit(sql, parameters, kind, deadline).await {
                Tried::Done(result) => return Ok(result),
                Tried::Failed(error) => return Err(error),
                Tried::Again(error) => error,
            };
            if Instant::now() >= deadline {
                return Err(error);
            }
            backoff.pause(deadline).await;
        }
    }

    async fn try_autocommit(
        self: &Arc<Self>,
        sql: &str,
        parameters: Option<&[Param<'_>]>,
        kind: Kind,
        deadline: Instant,
    ) -> Tried<QueryResult, Error> {
        let pool = match self.leader(deadline).await {
            Ok(pool) => pool,
            Err(error) => return Tried::Failed(error),
        };
        let mut connection = match pool.take(Purpose::Write, deadline).await {
            Ok(connection) => connection,
            Err(error) if retry::before_commit(&error, false) == Verdict::LeaderLost => {
                self.leader_failed(&pool.address);
                pool.clear();
                return Tried::Again(error);
            }
            Err(error) => return Tried::Failed(error),
        };
        if !kind.leaves_no_trace(sql) {
            connection.soil();
        }
        connection.set_deadline(deadline, self.options.connection.timeout);
        let silence = if kind == Kind::Read { Duration::ZERO } else { limits::COMMIT_SILENCE };
        let result = match parameters {
            None => pool.attended(silence, connection.query(sql)).await,
            Some(parameters) => pool.attended(silence, connection.execute(sql, parameters)).await,
        };
        let error = match result {
            Ok(result) => {
                self.note_done(&mut connection, kind != Kind::Read);
                return Tried::Done(result);
            }
            Err(error) => error,
        };
        let fate = match retry::after_commit(&error, self.options.retry_lock_waits) {
            Fate::Unknown if kind == Kind::Read && error.is_disconnect() => {
                Fate::NotCommitted(Verdict::LeaderLost)
            }
            fate => fate,
        };
        if matches!(fate, Fate::Failed) {
            return Tried::Failed(error);
        }
        let still_leads = self.still_leads(&mut connection).await;
        if !still_leads {
            self.leader_failed(&pool.address);
        }
        drop(connection);
        match fate {
            // A leader that refuses has another reason than its role: read_only, or an option.
            Fate::NotCommitted(Verdict::Refused) if still_leads => Tried::Failed(error),
            Fate::NotCommitted(_) | Fate::Failed => Tried::Again(error),
            Fate::Unknown => Tried::Failed(unknown(None, error)),
            Fate::InDoubt(gtid) => match self.outcome(&gtid, deadline).await {
                Some(true) => {
                    self.note_gtid(&gtid);
                    Tried::Failed(Error::AnswerLost { gtid })
                }
                Some(false) => Tried::Again(error),
                None => Tried::Failed(unknown(Some(gtid), error)),
            },
        }
    }

    /// What became of a transaction: committed or not; none when nobody knew in time.
    async fn outcome(self: &Arc<Self>, gtid: &str, deadline: Instant) -> Option<bool> {
        // The name was checked to hold nothing but letters, digits, `-`, `:` and `_`.
        let sql = format!("SELECT quorate_transaction_outcome('{gtid}')");
        let deadline = deadline.max(Instant::now() + limits::OUTCOME_TIMEOUT);
        let mut backoff = Backoff::new();
        loop {
            let answer = self.read(&sql, None, super::Consistency::Strong, deadline).await;
            match answer.ok().and_then(|answer| answer.scalar()).as_deref() {
                Some("COMMITTED") => return Some(true),
                Some("NOT COMMITTED") => return Some(false),
                Some(_) | None if Instant::now() >= deadline => return None,
                Some(_) | None => backoff.pause(deadline).await,
            }
        }
    }
}

enum BeginError {
    Again(Error),
    Failed(Error),
}

fn unknown(gtid: Option<String>, source: Error) -> Error {
    Error::Unknown { gtid, source: Box::new(source) }
}

/// Rolls back, if there is a connection to do it on. If it fails the connection is closed, which does it too.
async fn roll_back(connection: &mut PooledConnection, timeout: Duration) {
    if !connection.is_broken() {
        connection.set_deadline(Instant::now() + timeout.min(limits::CONNECT_TIMEOUT), timeout);
        let _ = connection.query("ROLLBACK").await;
    }
}
