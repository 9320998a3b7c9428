//! LOAD DATA: a file's records become rows, batch by batch.
//!
//! The file is the client's (LOCAL), and comes through [`LocalFile`], or one of this machine ([`super::secure_files`]). It is never held as
//! a whole: some records are read, their rows are written, and so on. The statement is one change of its transaction: when any batch
//! fails, all of them are taken back.
//!
//! A statement that meets a lock runs again from its start, which this one cannot: what a client has sent is gone. So it is a batch
//! that runs again, from the savepoint before it; the records of that batch are still there. What earlier batches wrote stays, with its
//! locks. Write sets past their bound leave memory as ever ([`super::large`]).
//!
//! Left out: reading on while a batch is written.

use std::fs::File;
use std::future::Future;
use std::io::Read as _;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sql::Error;
use sql::ast;
use sql::data_file::batch::Batch;
use sql::data_file::read::{Reader, Step};
use sql::dml::load::{LoadPlan, Progress, finish, run_batch};
use sql::execute::{Interrupt, Outcome};
use sql::limits::{LOAD_BATCH_BYTES, LOAD_BATCH_RECORDS_MAX};
use sql::types::Value;
use storage::txn::Savepoint;

use super::plan_cache::CachedPlan;
use super::result::Answer;
use super::run_plan::{Carried, Parts, Runs, make_context, statement_time_us};
use super::secure_files::{of_file, open_to_read};
use super::session::Session;
use crate::limits::{LOAD_READ_BYTES, NET_READ_TIMEOUT_SECONDS};

/// What waits for a client's next piece, or for its readiness.
pub type FileWait<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// A file that a client sends.
pub trait LocalFile: Send {
    /// Asks for the file of this name.
    fn request<'a>(&'a mut self, name: &'a str) -> FileWait<'a, ()>;
    /// The next piece; none at its end. Fails when the client is gone or the statement was killed.
    fn next(&mut self) -> FileWait<'_, Option<Bytes>>;
}

/// Where the file comes from.
enum Source<'a> {
    Client(&'a mut dyn LocalFile),
    Server { file: File, name: &'a str },
}

impl Source<'_> {
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        match self {
            Source::Client(file) => file.next().await,
            Source::Server { file, name } => tokio::task::block_in_place(|| {
                let mut piece = vec![0; LOAD_READ_BYTES];
                let count =
                    file.read(&mut piece).map_err(|error| of_file(2, "Error reading file", name, &error))?;
                piece.truncate(count);
                Ok((count > 0).then(|| Bytes::from(piece)))
            }),
        }
    }
}

/// A LOAD DATA under way.
struct Loading<'p> {
    planned: &'p CachedPlan,
    load: &'p LoadPlan,
    progress: Progress,
    started_us: i64,
}

impl Session {
    /// That a client may send a file.
    ///
    /// # Errors
    /// 3948 when `local_infile` is off, or the client cannot.
    pub(super) fn check_local(&self, load: &ast::Load, reply: &mut dyn Answer) -> Result<(), Error> {
        if !load.local {
            return Ok(());
        }
        let scope = Some(ast::VariableScope::Global);
        let is_on = sql::variables::get(&self.state, &*self.node, scope, "local_infile")?;
        if is_on == Value::Int(1) && reply.local_file().is_some() {
            return Ok(());
        }
        let message =
            "Loading local data is disabled; this must be enabled on both the client and server sides";
        Err(Error { code: 3948, state: *b"42000", message: message.to_owned() })
    }

    /// How long a client that sends a file may say nothing: `net_read_timeout`.
    #[must_use]
    pub fn read_patience(&self) -> Duration {
        let seconds = sql::variables::get(&self.state, &*self.node, None, "net_read_timeout");
        Duration::from_secs(match seconds {
            Ok(Value::UInt(seconds)) => seconds,
            Ok(_) | Err(_) => NET_READ_TIMEOUT_SECONDS,
        })
    }

    /// Runs a LOAD DATA in the transaction that is open.
    pub(super) async fn run_load(
        &mut self,
        planned: &CachedPlan,
        load: &LoadPlan,
        reply: &mut dyn Answer,
    ) -> Result<Outcome, Error> {
        let source = match (load.local, reply.local_file()) {
            (true, Some(file)) => {
                file.request(&load.file).await?;
                Source::Client(file)
            }
            (true, None) => return Err(Error::internal("a local file without a client")),
            (false, _) => {
                self.requires_file()?;
                let open = || open_to_read(&self.node, &load.file);
                Source::Server { file: tokio::task::block_in_place(open)?, name: &load.file }
            }
        };
        let before = self.prepare_load(planned)?;
        let progress = load.begin(&mut self.state);
        let loading = Loading { planned, load, progress, started_us: statement_time_us(&self.state) };
        let result = self.load_all(loading, source).await;
        if let Some(open) = self.open.as_mut() {
            if result.is_err() {
                open.txn.rollback_to(before);
            }
            open.txn.release_savepoint(before);
        }
        result
    }

    /// The place to roll back to when a batch fails.
    fn prepare_load(&mut self, planned: &CachedPlan) -> Result<Savepoint, Error> {
        let node = Arc::clone(&self.node);
        let open = self.open.as_mut().ok_or_else(|| Error::internal("no transaction is open"))?;
        let locking = open.locking(true);
        open.choose_snapshot(&node, &planned.plan, true, locking)?;
        Ok(open.txn.savepoint())
    }

    async fn load_all(&mut self, mut loading: Loading<'_>, mut source: Source<'_>) -> Result<Outcome, Error> {
        let mut reader: Reader = loading.load.reader();
        let mut batch = Batch::default();
        loop {
            let is_over = match reader.next(&mut batch)? {
                Step::Record => false,
                Step::Short => {
                    self.connection.state("reading the file");
                    match source.next().await? {
                        Some(piece) => reader.give(&piece),
                        None => reader.end(),
                    }
                    self.connection.state("executing");
                    continue;
                }
                Step::End => true,
            };
            let is_full = batch.len() >= LOAD_BATCH_RECORDS_MAX || batch.bytes() >= LOAD_BATCH_BYTES;
            if is_full || (is_over && !batch.is_empty()) {
                batch.freeze();
                self.write_batch(&mut loading, &batch).await?;
                batch = Batch::default();
            }
            if is_over {
                return Ok(finish(loading.load, &loading.progress, &mut self.state));
            }
        }
    }

    /// Writes the rows of a batch, waiting out its locks.
    async fn write_batch(&mut self, loading: &mut Loading<'_>, batch: &Batch) -> Result<(), Error> {
        let mut runs = Runs::default();
        let before = Carried::of(&self.state);
        let mark = self.state.warnings_mark();
        loop {
            // Else all the rest of the file would be read for nothing.
            self.check_not_doomed()?;
            let session = &mut *self;
            let Some(open) = session.open.as_mut() else {
                return Err(Error::internal("no transaction is open"));
            };
            let savepoint = open.txn.savepoint();
            let ranges_before = open.txn.range_mark();
            let locking = open.locking(true);
            let mut context = make_context(Parts {
                session: &mut session.state,
                catalog: loading.planned.catalog(),
                txn: &mut open.txn,
                parameters: &[],
                host: &session.node,
                killed: &session.connection.statement_killed,
                strict: false,
            });
            context.locking = locking;
            context.now_us = loading.started_us;
            runs.prepare(&mut context);
            let result = tokio::task::block_in_place(|| {
                run_batch(loading.load, &mut loading.progress, batch, &mut context)
            });
            runs.user_locks = std::mem::take(&mut context.user_locks);
            if result.is_err() {
                open.txn.rollback_to(savepoint);
            }
            open.txn.release_savepoint(savepoint);
            match result {
                Ok(()) => return self.confirm_user_locks(&runs.user_locks).await,
                Err(Interrupt::Error(error)) => return Err(error),
                Err(Interrupt::Suspend(suspend)) => {
                    open.txn.drop_ranges_since(ranges_before);
                    self.state.forget_warnings(mark);
                    before.restore(&mut self.state);
                    self.outlast(suspend, &mut runs, locking.reads).await?;
                }
            }
        }
    }
}
