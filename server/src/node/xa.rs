//! XA: transactions whose end a transaction manager decides, in two phases.
//!
//! The states and errors are MySQL's (`sql_xa.cc` and the manual's section on XA transaction states): a session has at most one branch,
//! ACTIVE after XA START, IDLE after XA END; XA PREPARE detaches it from the session, and from then on any session may finish it. While it
//! is ACTIVE nothing may be said that commits; while it is IDLE no table may be used at all.
//!
//! XA PREPARE commits one row that holds the write set ([`super::prepared`]); XA COMMIT is a transaction that deletes this row and writes
//! what it holds; XA ROLLBACK deletes it. Each has its place in the log like any other transaction, so each has one outcome, and the
//! answer waits for the quorum. A client that lost the answer asks again: of XA PREPARE by XA RECOVER, of XA COMMIT and XA ROLLBACK by
//! saying them again, to which 1397 says that it went through.
//!
//! Left out, as in MySQL: joining and suspending branches.

use sql::Error;
use sql::ast::{Maintenance, MaintenanceKind, StartMode, Statement, Xa, Xid};
use sql::execute::{Outcome, ResultColumn};
use sql::types::{Collation, DataType, Value};
use storage::format::{EntryHeader, EntryKind};
use storage::txn::{Sealed, Transaction, View, decode_mutations, encode_mutations, encoded_bytes};

use super::plan_cache::reads_catalog;
use super::prepared::{self, Finishing, Reserved, Taken};
use super::result::Answer;
use super::session::{Session, lost_leadership, now_us};
use crate::limits::ENTRY_BYTES_MAX;

/// Room in an entry for what is not part of the writes, and what each write takes beside its key and value.
const ENTRY_ROOM_BYTES: usize = 1 << 20;
/// What an entry takes for a write beside its key and value, at most.
const WRITE_ROOM_BYTES: usize = 10;

/// A session's branch of a global transaction.
pub struct Branch {
    xid: Xid,
    state: State,
    /// The transaction that is the branch: if the session has another one, or none, it was rolled back.
    txn_id: u64,
    /// What XA END says when it was rolled back.
    failure: Option<Error>,
    _reserved: Reserved,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Active,
    Idle,
    RollbackOnly,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            State::Active => "ACTIVE",
            State::Idle => "IDLE",
            State::RollbackOnly => "ROLLBACK ONLY",
        }
    }
}

/// The error for what cannot be done in a state.
fn wrong_state(branch: Option<&Branch>) -> Error {
    Error::xa_wrong_state(branch.map_or("NON-EXISTING", |branch| branch.state.name()))
}

/// Whether a statement commits the transaction that is open, or ends it.
fn ends_transaction(statement: &Statement) -> bool {
    sql::ddl::is_job(statement)
        || matches!(
            statement,
            Statement::Commit
                | Statement::Rollback
                | Statement::CommitAndChain
                | Statement::RollbackAndChain
                | Statement::Begin { .. }
                | Statement::LockTables(_)
                | Statement::FlushTables { .. }
                | Statement::Flush(_)
                | Statement::AnalyzeTable(_)
                | Statement::Maintenance(Maintenance {
                    kind: MaintenanceKind::Check | MaintenanceKind::Optimize | MaintenanceKind::Repair,
                    ..
                })
        )
}

impl Session {
    /// That a statement may be run in the state of the session's branch, as far as its kind tells.
    ///
    /// # Errors
    /// 1399.
    pub(super) fn check_branch(&self, statement: &Statement) -> Result<(), Error> {
        let Some(branch) = &self.branch else { return Ok(()) };
        let is_idle = branch.state != State::Active;
        let uses_tables = match statement {
            Statement::Savepoint(_) | Statement::RollbackTo(_) | Statement::ReleaseSavepoint(_) => true,
            Statement::Query(_)
            | Statement::Insert(_)
            | Statement::Update(_)
            | Statement::Delete(_)
            | Statement::Show(_) => reads_catalog(statement),
            _ => false,
        };
        if ends_transaction(statement) || (is_idle && uses_tables) {
            return Err(wrong_state(Some(branch)));
        }
        Ok(())
    }

    /// That no branch keeps the session from using tables: what is done once it was rolled back would be no part of it.
    ///
    /// # Errors
    /// 1399; 1402 and 1614.
    pub(super) fn check_branch_is_active(&self) -> Result<(), Error> {
        match &self.branch {
            Some(branch) if branch.state != State::Active => Err(wrong_state(Some(branch))),
            Some(Branch { failure: Some(failure), .. }) => Err(failure.clone()),
            Some(_) | None => Ok(()),
        }
    }

    /// That no branch keeps the session from committing.
    ///
    /// # Errors
    /// 1399.
    pub(super) fn check_branch_is_over(&self) -> Result<(), Error> {
        self.branch.as_ref().map_or(Ok(()), |branch| Err(wrong_state(Some(branch))))
    }

    /// Whether the branch's transaction is the one that is open.
    fn branch_is_open(&self, branch: &Branch) -> bool {
        self.open.as_ref().is_some_and(|open| open.txn.id() == branch.txn_id && !self.is_doomed(open))
    }

    /// After a statement: remembers why the branch was rolled back, if it was.
    pub(super) fn note_branch_failure(&mut self, result: &Result<Outcome, Error>) {
        let Some(branch) = &self.branch else { return };
        if let Err(error) = result
            && branch.failure.is_none()
            && !self.branch_is_open(branch)
            && let Some(branch) = &mut self.branch
        {
            let is_deadlock = error.is_deadlock();
            branch.failure = Some(if is_deadlock { Error::xa_deadlock() } else { Error::xa_rolled_back() });
        }
    }

    /// A statement of XA.
    ///
    /// # Errors
    /// 1397 to 1402, 1440, 1614; those of committing.
    pub(super) async fn xa(&mut self, statement: &Xa, reply: &mut dyn Answer) -> Result<Outcome, Error> {
        match statement {
            Xa::Start { xid, mode } => self.xa_start(xid, *mode).await?,
            Xa::End { xid, suspend } => self.xa_end(xid, *suspend)?,
            Xa::Prepare(xid) => self.xa_prepare(xid).await?,
            Xa::Commit { xid, one_phase } => self.xa_commit(xid, *one_phase).await?,
            Xa::Rollback(xid) => self.xa_rollback(xid).await?,
            Xa::Recover { convert } => return self.xa_recover(*convert, reply).await,
        }
        Ok(Outcome::default())
    }

    async fn xa_start(&mut self, xid: &Xid, mode: StartMode) -> Result<(), Error> {
        if mode == StartMode::Resume
            && let Some(branch) = &mut self.branch
            && branch.state == State::Idle
        {
            if branch.xid != *xid {
                return Err(Error::xa_unknown());
            }
            branch.state = State::Active;
            return Ok(());
        }
        if mode != StartMode::New {
            return Err(Error::xa_invalid());
        }
        if self.branch.is_some() {
            return Err(wrong_state(self.branch.as_ref()));
        }
        if self.tables.is_some() || self.open.as_ref().is_some_and(|open| open.explicit) {
            return Err(Error::xa_outside());
        }
        let term = self.node.sequencer.term().ok_or_else(|| self.refuse_write())?;
        let node = std::sync::Arc::clone(&self.node);
        let reserved = node.prepared.reserve(&node, xid).ok_or_else(Error::xa_duplicate)?;
        self.begin(false, None).await?;
        // Its name is reserved under this leadership only: also one that locks and writes nothing ends with it.
        let txn_id = self.open.as_mut().map_or(0, |open| {
            open.term = Some(term);
            open.txn.id()
        });
        self.branch = Some(Branch {
            xid: xid.clone(),
            state: State::Active,
            txn_id,
            failure: None,
            _reserved: reserved,
        });
        Ok(())
    }

    fn xa_end(&mut self, xid: &Xid, suspend: bool) -> Result<(), Error> {
        if suspend {
            return Err(Error::xa_invalid());
        }
        let Some(branch) = self.branch.as_ref().filter(|branch| branch.state == State::Active) else {
            return Err(wrong_state(self.branch.as_ref()));
        };
        if branch.xid != *xid {
            return Err(Error::xa_unknown());
        }
        let is_open = self.branch_is_open(branch);
        let Some(branch) = &mut self.branch else { return Err(Error::internal("the branch is gone")) };
        if is_open && branch.failure.is_none() {
            branch.state = State::Idle;
            return Ok(());
        }
        branch.state = State::RollbackOnly;
        Err(branch.failure.clone().unwrap_or_else(Error::xa_rolled_back))
    }

    async fn xa_prepare(&mut self, xid: &Xid) -> Result<(), Error> {
        let Some(branch) = self.branch.as_ref().filter(|branch| branch.state == State::Idle) else {
            return Err(wrong_state(self.branch.as_ref()));
        };
        if branch.xid != *xid {
            return Err(Error::xa_unknown());
        }
        if self.global_read_lock.is_some() {
            return Err(Error::conflicting_read_lock());
        }
        let is_open = self.branch_is_open(branch);
        let Some(open) = &mut self.open else { return Err(self.end_branch_lost()) };
        if !is_open {
            return Err(self.end_branch_lost());
        }
        let writes = (open.txn.write_count(), open.txn.write_bytes());
        let room = encoded_bytes(writes.0, writes.1) + writes.0 * WRITE_ROOM_BYTES;
        if room > ENTRY_BYTES_MAX - ENTRY_ROOM_BYTES {
            return Err(Error::too_large(format_args!(
                "a transaction of {} bytes cannot be prepared; roll it back, or commit it in one phase",
                writes.1
            )));
        }
        let (Some(mut open), Some(branch)) = (self.open.take(), self.branch.take()) else {
            return Err(Error::internal("the branch is gone"));
        };
        self.state.in_transaction = false;
        let term = match open.term {
            Some(term) => term,
            // It has locked and written nothing.
            None => self.node.sequencer.term().ok_or_else(lost_leadership)?,
        };
        self.admit().await?;
        open.txn.release_snapshot();
        open.txn.stop_streaming();
        let value = encode_mutations(&open.txn.take_writes());
        open.txn.put(prepared::key_of(xid), value);
        let sealed = self.seal_entry(&mut open.txn)?;
        let (index, wait) = self.sequence(term, sealed).await?;
        open.txn.sequenced();
        drop(open.txn.take_writes());
        // Before the quorum has it: who finishes it now has a later place in the log.
        self.node.prepared.insert(term, branch.xid.clone(), open.txn);
        drop(branch);
        self.outcome(wait, term, index).await
    }

    /// The branch is over because its transaction is.
    fn end_branch_lost(&mut self) -> Error {
        self.branch = None;
        self.rollback();
        lost_leadership()
    }

    fn seal_entry(&self, txn: &mut Transaction) -> Result<Sealed, Error> {
        let header = EntryHeader {
            kind: EntryKind::Transaction,
            txn_id: txn.id(),
            commit_time_us: now_us().cast_unsigned(),
            schema_version: self.node.catalog().version,
            flags: 0,
        };
        Ok(txn.seal(header)?)
    }

    async fn xa_commit(&mut self, xid: &Xid, one_phase: bool) -> Result<(), Error> {
        let Some(branch) = &self.branch else {
            return self.finish_prepared(xid, true).await;
        };
        match branch.state {
            State::Idle if branch.xid == *xid && one_phase => {
                let is_open = self.branch_is_open(branch);
                if !is_open {
                    return Err(self.end_branch_lost());
                }
                // Its name is free once it is decided.
                let branch = self.branch.take();
                let committed = self.commit().await;
                drop(branch);
                committed
            }
            State::RollbackOnly if branch.xid == *xid => {
                let failure = branch.failure.clone().unwrap_or_else(Error::xa_rolled_back);
                self.branch = None;
                self.rollback();
                Err(failure)
            }
            State::Active | State::Idle | State::RollbackOnly => Err(wrong_state(Some(branch))),
        }
    }

    async fn xa_rollback(&mut self, xid: &Xid) -> Result<(), Error> {
        let Some(branch) = &self.branch else {
            return self.finish_prepared(xid, false).await;
        };
        if branch.state == State::Active || branch.xid != *xid {
            return Err(wrong_state(Some(branch)));
        }
        self.rollback();
        self.branch = None;
        Ok(())
    }

    /// The second phase of a transaction that is prepared.
    async fn finish_prepared(&mut self, xid: &Xid, commits: bool) -> Result<(), Error> {
        if self.open.as_ref().is_some_and(|open| open.explicit) {
            return Err(wrong_state(None));
        }
        if self.global_read_lock.is_some() {
            return Err(Error::conflicting_read_lock());
        }
        let term = self.node.sequencer.term().ok_or_else(|| self.refuse_write())?;
        let mut finishing = match self.node.prepared.take(&self.node, term, xid) {
            Taken::Transaction(finishing) => finishing,
            Taken::Busy => return Err(Error::xa_wrong_state("PREPARED")),
            Taken::Unknown => return self.unknown_to_all(term).await,
        };
        self.admit().await?;
        let key = prepared::key_of(xid);
        if commits {
            write_prepared(&mut finishing, &key)?;
        }
        finishing.txn().delete(key);
        let sealed = self.seal_entry(finishing.txn())?;
        let (index, wait) = self.sequence(term, sealed).await?;
        finishing.done();
        self.outcome(wait, term, index).await
    }

    /// 1397, once it is sure that this node may say so: that there is no such branch is an answer that a manager acts on, and it may have
    /// been finished by an entry that the quorum does not have yet.
    async fn unknown_to_all(&self, term: u64) -> Result<(), Error> {
        let last = self.node.sequencer.last(term).ok_or_else(lost_leadership)?;
        self.reach(last, term).await?;
        Err(Error::xa_unknown())
    }

    /// XA RECOVER: on every node, as fresh as the session wants its reads.
    async fn xa_recover(&mut self, convert: bool, reply: &mut dyn Answer) -> Result<Outcome, Error> {
        self.know_catalog()?;
        self.freshen().await?;
        let mut txn = Transaction::begin(&self.node.store, &self.node.locks, self.node.take_txn_id());
        txn.take_snapshot();
        let found = tokio::task::block_in_place(|| prepared::list(&mut txn))?;
        let data = if convert {
            DataType::varchar(258, Collation::default())
        } else {
            DataType::varchar(128, Collation::default())
        };
        reply.columns(&[
            ResultColumn::computed("formatID", DataType::BIGINT, false),
            ResultColumn::computed("gtrid_length", DataType::BIGINT, false),
            ResultColumn::computed("bqual_length", DataType::BIGINT, false),
            ResultColumn::computed("data", data, false),
        ])?;
        for xid in found {
            let parts = [&xid.gtrid[..], &xid.bqual[..]].concat();
            let shown = if convert {
                let digits: String = parts.iter().map(|byte| format!("{byte:02X}")).collect();
                format!("0x{digits}").into_bytes()
            } else {
                parts
            };
            reply.row(&[
                Value::Int(i64::try_from(xid.format_id).unwrap_or(i64::MAX)),
                Value::Int(xid.gtrid.len() as i64),
                Value::Int(xid.bqual.len() as i64),
                Value::Text(shown.into()),
            ])?;
        }
        Ok(Outcome { rows: true, ..Outcome::default() })
    }
}

/// Puts what a prepared transaction wrote into its write set.
fn write_prepared(finishing: &mut Finishing, key: &[u8]) -> Result<(), Error> {
    let txn = finishing.txn();
    let value =
        txn.get(key, View::Latest)?.ok_or_else(|| Error::internal("a prepared transaction has no row"))?;
    for mutation in decode_mutations(bytes::Bytes::copy_from_slice(&value))? {
        match mutation.value {
            Some(value) => txn.put(mutation.key, value),
            None => txn.delete(mutation.key),
        }
    }
    Ok(())
}
