//! [`OnlineJobs`]: ALTER TABLEs that build indexes while their tables are written ([`sql::ddl::alter::online`]), each a task of the leader.
//!
//! The session that ran the ALTER TABLE hands its locks to the task and only waits. A job whose leader is lost is in the definition of its table
//! still: the next leader begins a task for it ([`watch()`]), which goes on from the place in the log. Nobody waits for that one. There is
//! one way for both, with an internal session and a line of the process list; KILL of that line cancels the job.
//!
//! The task holds the table's [`alter_lock_key`](ddl::alter_lock_key) and its database's lock, so that other changes of the definition wait; it
//! does not hold the metadata lock but at the end. A batch waits for no lock while it holds any, so that it is never part of a deadlock; it
//! ends at a lock that is held, and that one is waited for alone. Between batches the task rests, `quorate_alter_throttle_percent` of the time;
//! at 100 it stands still.
//!
//! Invariants: a job has one task at most in a term. What it writes it writes in that term, or not at all. A job that is cancelled or fails is marked so in the log
//! before anybody hears of it, so that no later leader goes on with it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_lot::Mutex;
use sql::Error;
use sql::catalog::{IndexId, OnlineJob, Table, TableId};
use sql::ddl;
use sql::ddl::alter::online::{self, Batch, Blocked};
use sql::execute::{Context, Interrupt, Run, Suspend};
use storage::format::EntryKind;
use storage::txn::{LockMode, LockOutcome, LockWait, Transaction, WaitPolicy};
use tokio::sync::watch;

use super::Node;
use super::process::Connection;
use super::run_plan::{Parts, make_context};
use super::session::{Open, Session, new_state};
use crate::limits::{
    ONLINE_END_PATIENCE, ONLINE_END_PATIENCE_MAX, ONLINE_PAUSE_POLL, ONLINE_REST_MAX, ONLINE_RETRY,
    ONLINE_TERM_POLL, ONLINE_WATCH_INTERVAL,
};

/// What a job came to, once that is known: the rows that the client is told of.
pub type Outcome = watch::Receiver<Option<Result<u64, Error>>>;

/// The jobs that this node, as the leader, is at.
#[derive(Default)]
pub struct OnlineJobs {
    running: Mutex<HashMap<IndexId, Running>>,
    /// How many tasks have ended, for [`watch()`].
    ended: AtomicU64,
}

struct Running {
    term: u64,
    connection: Arc<Connection>,
    outcome: Outcome,
}

/// A job that a session waits for.
pub struct Started {
    connection: Arc<Connection>,
    outcome: Outcome,
}

impl OnlineJobs {
    /// Begins a task for the job, unless there is one in this term. `guard` has its locks, or it takes them itself.
    pub fn start(
        node: &Arc<Node>,
        table: &Table,
        job: &Arc<OnlineJob>,
        term: u64,
        guard: Option<Transaction>,
    ) -> Started {
        let mut running = node.online.running.lock();
        if let Some(other) = running.get(&job.id())
            && other.term == term
        {
            return Started { connection: Arc::clone(&other.connection), outcome: other.outcome.clone() };
        }
        let connection = node.processes.add_internal(&job.user, &table.database);
        connection.begin("Daemon", Some(Bytes::from(job.text.clone())));
        connection.state("altering table");
        let state = new_state(node, &job.user, "", connection.id);
        let session = Session::new(Arc::clone(node), Arc::clone(&connection), state);
        let (sender, outcome) = watch::channel(None);
        let (table, job) = (table.id, Arc::clone(job));
        let id = job.id();
        let task = Task { session, table, job, term, guard, sender };
        running.insert(id, Running { term, connection: Arc::clone(&connection), outcome: outcome.clone() });
        drop(running);
        tokio::spawn(task.run());
        Started { connection, outcome }
    }

    fn is_running(&self, id: IndexId, term: u64) -> bool {
        self.running.lock().get(&id).is_some_and(|running| running.term == term)
    }
}

/// Begins the tasks of jobs that an earlier leader has left, for as long as the node runs.
pub async fn watch(node: Arc<Node>) {
    let mut looked = None;
    loop {
        tokio::time::sleep(ONLINE_WATCH_INTERVAL).await;
        let Some(term) = node.sequencer.term() else { continue };
        let ended = node.online.ended.load(Ordering::Acquire);
        let catalog = node.catalog();
        let now = (term, ended, catalog.version);
        if looked == Some(now) {
            continue;
        }
        looked = Some(now);
        for table in catalog.tables() {
            let Some(job) = &table.job else { continue };
            if !node.online.is_running(job.id(), term) {
                OnlineJobs::start(&node, table, job, term, None);
            }
        }
    }
}

impl Session {
    /// Waits for a job that this session's ALTER TABLE began. KILL of the statement cancels it; a client that only goes away does not.
    ///
    /// # Errors
    /// The job's; 1317; 1053 when the leadership is lost: the job goes on elsewhere.
    pub(super) async fn await_online(&mut self, started: Started) -> Result<u64, Error> {
        let Started { connection, mut outcome } = started;
        self.connection.state("altering table");
        let mut has_cancelled = false;
        loop {
            tokio::select! {
                ended = outcome.wait_for(Option::is_some) => {
                    return ended.ok().and_then(|ended| ended.clone()).unwrap_or_else(|| Err(goes_on()));
                }
                () = self.connection.until_killed(), if !has_cancelled => {
                    if self.connection.is_abandoned() || self.connection.server_stops() {
                        return Err(self.interrupted());
                    }
                    connection.kill(true);
                    has_cancelled = true;
                }
            }
        }
    }
}

/// Why a task ends before its job does.
struct Left;

/// A job's task.
struct Task {
    session: Session,
    table: TableId,
    job: Arc<OnlineJob>,
    term: u64,
    guard: Option<Transaction>,
    sender: watch::Sender<Option<Result<u64, Error>>>,
}

impl Task {
    async fn run(mut self) {
        let outcome = match self.drive().await {
            Ok(outcome) => outcome,
            Err(Left) => Err(goes_on()),
        };
        let node = Arc::clone(&self.session.node);
        let id = self.session.connection.id;
        match &outcome {
            Ok(_) => tracing::info!("online: {} is done", self.job.text),
            Err(error) => tracing::info!("online: {} ended: {}", self.job.text, error.message),
        }
        // First the locks: whoever hears of the outcome can change the table at once.
        self.guard = None;
        node.processes.remove(id);
        {
            let mut running = node.online.running.lock();
            if running.get(&self.job.id()).is_some_and(|running| running.connection.id == id) {
                running.remove(&self.job.id());
            }
        }
        node.online.ended.fetch_add(1, Ordering::AcqRel);
        self.tell(outcome);
    }

    /// Tells whoever waits; what was told first holds.
    fn tell(&self, outcome: Result<u64, Error>) {
        self.sender.send_if_modified(|told| {
            let is_first = told.is_none();
            if is_first {
                *told = Some(outcome);
            }
            is_first
        });
    }

    async fn drive(&mut self) -> Result<Result<u64, Error>, Left> {
        if self.guard.is_none() && !self.take_locks().await? {
            return Ok(Err(Error::query_interrupted()));
        }
        let mut kept = None;
        loop {
            self.check()?;
            if self.is_killed() {
                self.cancel(&Error::query_interrupted()).await?;
                break;
            }
            if self.throttle_percent() >= 100 {
                self.session.connection.progress("altering table: paused".to_owned());
                self.rest(ONLINE_PAUSE_POLL).await;
                continue;
            }
            let began = Instant::now();
            match self.batch(kept.take()).await? {
                Batched::Done => break,
                Batched::Again => self.rest(ONLINE_RETRY).await,
                Batched::Failed(error) => {
                    self.mark(&error).await?;
                    break;
                }
                Batched::More(None) => self.rest(self.resting_time(began.elapsed())).await,
                Batched::More(Some(blocked)) => {
                    self.rest(self.resting_time(began.elapsed())).await;
                    kept = self.outwait(blocked).await?;
                }
            }
        }
        self.conclude().await
    }

    /// That the leadership is still the one that the task is of, and the server goes on.
    fn check(&self) -> Result<(), Left> {
        let is_over = self.session.node.sequencer.term() != Some(self.term);
        if is_over || self.session.connection.server_stops() { Err(Left) } else { Ok(()) }
    }

    fn is_killed(&self) -> bool {
        self.session.connection.statement_killed.load(Ordering::Acquire)
    }

    /// The table as of now, if it still has the job.
    fn current(&self) -> Option<Arc<Table>> {
        let catalog = self.session.node.catalog();
        let table = catalog.by_id.get(&self.table)?;
        table.job.as_ref().is_some_and(|job| job.id() == self.job.id()).then(|| Arc::clone(table))
    }

    /// Takes the locks of a job that an earlier leader has left. False when there is no such job any more.
    async fn take_locks(&mut self) -> Result<bool, Left> {
        loop {
            let Some(table) = self.current() else { return Ok(false) };
            let node = &self.session.node;
            let mut guard = Transaction::begin(&node.store, &node.locks, node.take_txn_id());
            let keys = [
                (ddl::alter_lock_key(&table.database, &table.name), LockMode::Exclusive),
                (ddl::backup_lock_key(), LockMode::IntentExclusive),
                (ddl::database_lock_key(&table.database), LockMode::Shared),
            ];
            for (key, mode) in &keys {
                self.lock(&mut guard, key, *mode, None).await?;
            }
            let is_same = |now: &Arc<Table>| now.database == table.database && now.name == table.name;
            if self.current().as_ref().is_some_and(is_same) {
                self.guard = Some(guard);
                return Ok(true);
            }
        }
    }

    /// Waits for a lock, for ever or for a time; whether it is had. Not stopped by KILL but when there is a time.
    async fn lock(
        &self,
        txn: &mut Transaction,
        key: &[u8],
        mode: LockMode,
        patience: Option<Duration>,
    ) -> Result<bool, Left> {
        let deadline = patience.map(|patience| Instant::now() + patience);
        loop {
            self.check()?;
            match txn.lock(key, mode, WaitPolicy::Wait) {
                Ok(LockOutcome::Granted) => return Ok(true),
                Ok(LockOutcome::Wait(wait)) => {
                    if !self.await_lock(wait, deadline).await? {
                        txn.release(key);
                        return Ok(false);
                    }
                }
                // It would never end as things are.
                Ok(LockOutcome::Skipped) | Err(_) if patience.is_some() => return Ok(false),
                Ok(LockOutcome::Skipped) | Err(_) => tokio::time::sleep(ONLINE_RETRY).await,
            }
        }
    }

    /// False when the deadline is over before the wait is.
    async fn await_lock(&self, mut wait: LockWait, deadline: Option<Instant>) -> Result<bool, Left> {
        loop {
            self.check()?;
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Ok(false);
            }
            let slice = left.map_or(ONLINE_TERM_POLL, |left| left.min(ONLINE_TERM_POLL));
            if tokio::time::timeout(slice, &mut wait).await.is_ok() {
                return Ok(true);
            }
        }
    }

    /// One batch of rows, in a transaction that may hold the first row's lock.
    async fn batch(&mut self, kept: Option<Open>) -> Result<Batched, Left> {
        let Some(table) = self.current() else { return Ok(Batched::Done) };
        let mut open = kept.unwrap_or_else(|| self.session.internal_transaction(self.term));
        match online::failure(&mut open.txn, &self.job) {
            Ok(None) => {}
            Ok(Some(_)) => return Ok(Batched::Done),
            Err(_) => return Ok(Batched::Again),
        }
        let job = Arc::clone(&self.job);
        let result = self.with_context(&mut open, |ctx| online::fill(ctx, &table, &job));
        let Batch { is_last, rows, blocked } = match result {
            Ok(batch) => batch,
            Err(Interrupt::Suspend(_)) => return Ok(Batched::Again),
            // KILL, or a table that is being replaced.
            Err(Interrupt::Error(error)) if is_passing(&error) => return Ok(Batched::Again),
            Err(Interrupt::Error(error)) => return Ok(Batched::Failed(error)),
        };
        if self.session.commit_open(open, EntryKind::Transaction).await.is_err() {
            self.check()?;
            return Ok(Batched::Again);
        }
        let all = table.row_estimate.load(Ordering::Relaxed).max(rows).max(1);
        self.session.connection.progress(format!("altering table: {} %", (rows * 100 / all).min(99)));
        Ok(if is_last { Batched::Done } else { Batched::More(blocked) })
    }

    fn with_context<T>(&mut self, open: &mut Open, run: impl FnOnce(&mut Context<'_>) -> Run<T>) -> Run<T> {
        let catalog = self.session.node.catalog();
        let mut context = make_context(Parts {
            session: &mut self.session.state,
            catalog: &catalog,
            txn: &mut open.txn,
            parameters: &[],
            host: &self.session.node,
            killed: &self.session.connection.statement_killed,
            strict: true,
        });
        tokio::task::block_in_place(|| run(&mut context))
    }

    /// How long to rest after a batch that took so long.
    fn resting_time(&self, took: Duration) -> Duration {
        let percent = self.throttle_percent().min(99);
        let rest = took.as_micros() as u64 * percent / (100 - percent);
        Duration::from_micros(rest).min(ONLINE_REST_MAX)
    }

    /// What part of the time the job is to rest; 100: it is paused.
    fn throttle_percent(&self) -> u64 {
        sql::variables::global_number(&*self.session.node, "quorate_alter_throttle_percent")
    }

    async fn rest(&self, time: Duration) {
        tokio::select! {
            () = tokio::time::sleep(time) => {}
            () = self.session.connection.until_killed() => {}
        }
    }

    /// Waits for a lock that a batch ended at, with nothing else held. A row's lock is kept for the next batch, whose first row it is.
    async fn outwait(&mut self, blocked: Blocked) -> Result<Option<Open>, Left> {
        let mut open = self.session.internal_transaction(self.term);
        while !self.is_killed() {
            if self.lock(&mut open.txn, &blocked.key, blocked.mode, Some(ONLINE_TERM_POLL)).await? {
                return Ok(blocked.is_row.then_some(open));
            }
        }
        Ok(None)
    }

    /// KILL: the job fails, and who waits hears of it as soon as that is sure.
    async fn cancel(&mut self, error: &Error) -> Result<(), Left> {
        self.session.connection.withstand();
        self.mark(error).await?;
        self.tell(Err(error.clone()));
        Ok(())
    }

    /// Writes that the job failed.
    async fn mark(&mut self, error: &Error) -> Result<(), Left> {
        loop {
            self.check()?;
            let mut open = self.session.internal_transaction(self.term);
            online::fail(&mut open.txn, &self.job, error);
            if self.session.commit_open(open, EntryKind::Transaction).await.is_ok() {
                return Ok(());
            }
            self.session.connection.withstand();
            tokio::time::sleep(ONLINE_RETRY).await;
        }
    }

    /// Puts the indexes into the definition, or takes the job out of it, under the table's metadata lock. That is asked for a short time first, and for a longer one
    /// each time, with a pause between, because everybody who comes queues behind it.
    async fn conclude(&mut self) -> Result<Result<u64, Error>, Left> {
        let mut patience = ONLINE_END_PATIENCE;
        loop {
            self.check()?;
            if self.is_killed() {
                self.cancel(&Error::query_interrupted()).await?;
            }
            let Some(table) = self.current() else { return Ok(Err(Error::query_interrupted())) };
            let key = ddl::metadata_lock_key(&table.database, &table.name);
            let Some(mut guard) = self.guard.take() else { return Err(Left) };
            self.session.connection.progress("altering table: waiting for table metadata lock".to_owned());
            let is_locked = self.lock(&mut guard, &key, LockMode::Exclusive, Some(patience)).await;
            let ended = match is_locked {
                Ok(true) => self.end().await,
                Ok(false) => Ok(None),
                Err(Left) => Err(Left),
            };
            guard.release(&key);
            self.guard = Some(guard);
            if let Some(outcome) = ended? {
                return Ok(outcome);
            }
            self.rest(patience).await;
            patience = (patience * 2).min(ONLINE_END_PATIENCE_MAX);
        }
    }

    /// The last entry, with the metadata lock held. None when it is to be tried again.
    async fn end(&mut self) -> Result<Option<Result<u64, Error>>, Left> {
        let Some(table) = self.current() else { return Ok(Some(Err(Error::query_interrupted()))) };
        let job = Arc::clone(&self.job);
        let mut open = self.session.internal_transaction(self.term);
        let outcome = loop {
            let before = open.txn.savepoint();
            let result = self.with_context(&mut open, |ctx| match online::failure(ctx.txn, &job)? {
                Some(failure) => online::give_up(ctx, &table, &job).map(|()| Err(failure)),
                None => online::finish(ctx, &table, &job).map(Ok),
            });
            match result {
                Ok(outcome) => break outcome,
                Err(Interrupt::Suspend(Suspend::Lock(wait))) => {
                    open.txn.rollback_to(before);
                    self.await_lock(wait, None).await?;
                }
                Err(_) => return Ok(None),
            }
        };
        if self.session.commit_open(open, EntryKind::SchemaChange).await.is_err() {
            self.check()?;
            return Ok(None);
        }
        Ok(Some(outcome))
    }
}

/// How a batch came out.
enum Batched {
    /// There are no more rows, or the job has failed.
    Done,
    /// There are; the batch ended at a lock.
    More(Option<Blocked>),
    /// It did not happen.
    Again,
    /// The job cannot be done.
    Failed(Error),
}

/// Whether the same may go well a little later.
fn is_passing(error: &Error) -> bool {
    matches!(error.code, 1205 | 1213 | 1317 | 3024 | 1053)
}

/// What a session hears whose job goes on without it.
fn goes_on() -> Error {
    let message = "Server shutdown in progress (leadership moved; the ALTER TABLE is not lost: the next leader goes on with it, and SHOW PROCESSLIST there \
                   shows how far it is)";
    Error { code: 1053, state: *b"08S01", message: message.to_owned() }
}
