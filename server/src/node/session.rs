//! A client's session: its transaction, its prepared statements, and how its commits end.
//!
//! A session runs statements on an async worker (see [`super::statement`]) and holds no thread while it waits for a lock or
//! for the quorum. The rule that keeps early lock release invisible is kept here: nothing computed from versions above the
//! watermark is answered before the watermark has passed them ([`Session::hold`]).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sql::Error;
use sql::account::AccountId;
use sql::catalog::{Catalog, Table};
use sql::execute::UserLockCalls;
use sql::session::{SessionState, WarningLevel};
use sql::types::Value;
use sql::variables::{Isolation, ReadConsistency};
use storage::format::{EntryHeader, EntryKind};
use storage::seeded_bugs::SeededBug;
use storage::txn::{Savepoint, Sealed, Transaction};
use storage::version::{Admission, WatermarkWait};
use tokio::sync::mpsc;

use super::Node;
use super::decided::Fate;
use super::instance_lock::InstanceLock;
use super::login::Standing;
use super::plan_cache::Prepared;
use super::process::{Connection, count};
use super::reads::NoAnswer;
use super::sequencer::Refused;
use super::table_locks::{GlobalReadLock, HeldTables};
use super::temporary::TemporaryRows;
use super::user_locks::OwnUserLocks;
use super::xa::Branch;
use crate::forward::message::Placed;
use crate::limits::{ENTRY_BYTES_MAX, IN_DOUBT_POLL, IN_DOUBT_WAIT};

/// An open transaction.
pub struct Open {
    /// Its reads, writes and locks.
    pub txn: Transaction,
    /// Begun by BEGIN, or by a statement under autocommit=0: it goes on after the statement.
    pub explicit: bool,
    /// READ ONLY.
    pub read_only: bool,
    /// Its isolation level.
    pub isolation: Isolation,
    /// The leadership its locks and latest reads belong to; taken at its first statement that locks or writes.
    pub term: Option<u64>,
    /// Its savepoints, oldest first.
    pub savepoints: Vec<(String, Savepoint)>,
    /// The schema when its snapshot was taken: what came later may not be readable in the snapshot.
    pub schema: Option<Arc<Catalog>>,
}

impl Open {
    /// Takes a snapshot, in place of the one before.
    pub fn take_snapshot(&mut self, node: &Node) {
        // Before the snapshot, which then has all that this schema refers to.
        self.schema = Some(node.catalog());
        self.txn.take_snapshot();
    }

    /// Whether the snapshot, if one was taken, can be read by way of these definitions: an index that was built since has no
    /// entries in it.
    #[must_use]
    pub fn can_read(&self, tables: &[Arc<Table>]) -> bool {
        let (Some(schema), Some(_)) = (&self.schema, self.txn.snapshot_index()) else { return true };
        tables.iter().all(|table| {
            schema
                .by_id
                .get(&table.id)
                .is_some_and(|then| Arc::ptr_eq(then, table) || differs_in_job(then, table))
        })
    }
}

/// Whether two definitions of a table differ in nothing but the job that builds indexes: nobody reads those.
fn differs_in_job(one: &Table, other: &Table) -> bool {
    (one.job.is_some() || other.job.is_some())
        && one.columns == other.columns
        && one.layout == other.layout
        && one.indexes == other.indexes
        && one.foreign_keys == other.foreign_keys
        && (&one.database, &one.name) == (&other.database, &other.name)
}

/// What SET TRANSACTION (without scope) said of the next transaction.
#[derive(Clone, Copy, Debug, Default)]
pub struct NextTransaction {
    /// Isolation level.
    pub isolation: Option<Isolation>,
    /// READ ONLY or READ WRITE.
    pub read_only: Option<bool>,
}

/// One client's session.
pub struct Session {
    /// The node it is connected to.
    pub node: Arc<Node>,
    /// Its line in the process list.
    pub connection: Arc<Connection>,
    /// Variables, warnings, counters.
    pub state: SessionState,
    /// The statement being answered shows the diagnostics of the one before it: its own packets count no warnings.
    pub(crate) shows_diagnostics: bool,
    /// The open transaction.
    pub open: Option<Open>,
    /// SET TRANSACTION.
    pub next: NextTransaction,
    /// The running statement's transaction is committed right after it (see [`super::hinted`]).
    pub(super) commits_next: bool,
    /// The running statement's hint MAX_EXECUTION_TIME, milliseconds.
    pub time_hint_ms: Option<u64>,
    /// COM_STMT_PREPARE.
    pub prepared: HashMap<u32, Prepared>,
    /// PREPARE … FROM.
    pub named: HashMap<String, Prepared>,
    /// The id of the next prepared statement.
    pub next_statement_id: u32,
    /// LOCK TABLES.
    pub tables: Option<HeldTables>,
    /// Rows of its temporary tables.
    pub temporary: TemporaryRows,
    /// FLUSH TABLES WITH READ LOCK.
    pub global_read_lock: Option<GlobalReadLock>,
    /// LOCK INSTANCE FOR BACKUP.
    pub instance_lock: Option<InstanceLock>,
    /// GET_LOCK(): released when the session ends.
    pub user_locks: OwnUserLocks,
    /// The statement under way has waited for one.
    pub(super) awaits_user_lock: bool,
    /// What the statement that comes next has done of user locks in a run before.
    pub(super) user_lock_calls: UserLockCalls,
    /// XA START.
    pub branch: Option<Branch>,
    /// What its login lets it do.
    pub standing: Standing,
    /// Its transaction is open on the leader (see [`crate::forward`]).
    pub transaction_elsewhere: bool,
    /// What it has seen or written on the leader is at or below this index.
    pub seen_elsewhere: u64,
    /// Where it is told that a transaction of its own waits for the quorum: it is another node's client's.
    pub placed: Option<mpsc::UnboundedSender<Placed>>,
    /// The answer of the statement that commits next.
    pub next_answer: Placed,
    /// Buffers for looking up texts among those that have a plan.
    pub(super) text_lookup: super::text_plans::TextLookup,
    /// What it keeps for stored procedures.
    pub programs: super::program::Programs,
    /// Plans that the account may run.
    pub(super) permitted: super::authorize::Permitted,
}

impl Session {
    /// A session of a client that has authenticated.
    #[must_use]
    pub fn new(node: Arc<Node>, connection: Arc<Connection>, state: SessionState) -> Session {
        Session {
            user_locks: OwnUserLocks::new(Arc::clone(&node), connection.id),
            awaits_user_lock: false,
            user_lock_calls: UserLockCalls::default(),
            tables: None,
            temporary: TemporaryRows::default(),
            global_read_lock: None,
            instance_lock: None,
            branch: None,
            transaction_elsewhere: false,
            seen_elsewhere: 0,
            placed: None,
            next_answer: Placed::default(),
            node,
            connection,
            state,
            open: None,
            next: NextTransaction::default(),
            shows_diagnostics: false,
            commits_next: false,
            time_hint_ms: None,
            prepared: HashMap::new(),
            named: HashMap::new(),
            next_statement_id: 1,
            standing: Standing::internal(),
            text_lookup: super::text_plans::TextLookup::default(),
            programs: super::program::Programs::default(),
            permitted: super::authorize::Permitted::default(),
        }
    }

    /// Opens a transaction unless one is open.
    pub fn ensure_open(&mut self, explicit: bool) -> &mut Open {
        let node = &self.node;
        let next = &mut self.next;
        let variables = &self.state.variables;
        let connection = &self.connection;
        self.open.get_or_insert_with(|| {
            let taken = std::mem::take(next);
            let open = Open {
                txn: Transaction::begin(&node.store, &node.locks, node.take_txn_id()),
                explicit,
                read_only: taken.read_only.unwrap_or(variables.transaction_read_only),
                isolation: taken.isolation.unwrap_or(variables.isolation),
                term: None,
                savepoints: Vec::new(),
                schema: None,
            };
            connection.transaction.begin(&open);
            open
        })
    }

    /// A command is over, and the next one is waited for.
    pub fn rest(&self) {
        self.connection.idle();
        let guard = self.tables.as_ref().map(|tables| tables.guard.id());
        self.connection.transaction.rest(self.open.as_ref(), guard);
    }

    /// BEGIN. What the statement itself says of `read_only` goes before SET TRANSACTION and `transaction_read_only`.
    ///
    /// # Errors
    /// When committing the transaction before it fails.
    pub async fn begin(&mut self, consistent_snapshot: bool, read_only: Option<bool>) -> Result<(), Error> {
        self.commit().await?;
        self.release_tables();
        if consistent_snapshot {
            // What it reads later is as of now.
            self.freshen().await?;
        }
        let node = Arc::clone(&self.node);
        let open = self.ensure_open(true);
        open.read_only = read_only.unwrap_or(open.read_only);
        let keeps_snapshot = match open.isolation {
            Isolation::ReadCommitted => false,
            Isolation::RepeatableRead => true,
            Isolation::Serializable => open.read_only,
        };
        if consistent_snapshot && keeps_snapshot {
            open.take_snapshot(&node);
        }
        if consistent_snapshot && !keeps_snapshot {
            let message = "InnoDB: WITH CONSISTENT SNAPSHOT was ignored because this phrase can only be used with \
                           REPEATABLE READ isolation level.";
            self.state.warn(WarningLevel::Warning, 138, message);
        }
        self.state.in_transaction = true;
        Ok(())
    }

    /// COMMIT AND CHAIN (`commits`), ROLLBACK AND CHAIN.
    ///
    /// # Errors
    /// Those of the commit; the next transaction is not begun then.
    pub(super) async fn chain(&mut self, commits: bool) -> Result<(), Error> {
        let like = self
            .open
            .as_ref()
            .map(|open| NextTransaction { isolation: Some(open.isolation), read_only: Some(open.read_only) });
        if commits {
            self.commit().await?;
        } else {
            self.rollback();
            self.warn_of_temporary();
        }
        self.next = like.unwrap_or_else(|| std::mem::take(&mut self.next));
        self.begin(false, None).await
    }

    /// ROLLBACK. Locks are released; a session without transaction is left as it is.
    pub fn rollback(&mut self) {
        self.open = None;
        self.connection.transaction.over();
        self.tidy_temporary();
        self.state.in_transaction = false;
    }

    /// COMMIT: returns when the quorum has the transaction.
    ///
    /// # Errors
    /// 1053 when this node lost its leadership before the transaction had a place in the log (it is rolled back), or when
    /// the entry did not survive the change of leader; 1105 with the GTID when the outcome is not known yet.
    pub async fn commit(&mut self) -> Result<(), Error> {
        self.temporary.end_transaction();
        let Some(open) = self.open.take() else { return Ok(()) };
        self.tidy_temporary();
        self.state.in_transaction = false;
        self.commit_open(open, EntryKind::Transaction).await
    }

    /// Commits a transaction that is no longer (or never was) the session's.
    ///
    /// # Errors
    /// As [`Session::commit`].
    pub async fn commit_open(&mut self, mut open: Open, kind: EntryKind) -> Result<(), Error> {
        if !open.txn.has_writes() {
            if self.is_doomed(&open) {
                // Its locks promised that nobody else changes these rows until now. Another leader may have.
                return Err(lost_leadership());
            }
            let held = self.held(&open);
            let term = open.term;
            open.txn.keep_temporary();
            drop(open);
            return match held {
                Some(wait) => self.wait_for_seen(wait, term).await,
                None => Ok(()),
            };
        }
        let bytes = open.txn.write_bytes();
        if bytes > ENTRY_BYTES_MAX - (1 << 20) {
            return Err(Error::too_large(format_args!(
                "a transaction of {bytes} bytes; commit in smaller parts"
            )));
        }
        self.admit().await?;
        let term = open.term.ok_or_else(lost_leadership)?;
        let header = EntryHeader {
            kind,
            txn_id: open.txn.id(),
            commit_time_us: now_us().cast_unsigned(),
            schema_version: self.node.catalog().version,
            flags: 0,
        };
        let sealed = open.txn.seal(header)?;
        // What is around many small writes counts too: a larger entry would fit the log, but no frame to a peer.
        let bytes = sealed.payload_bytes();
        if bytes > ENTRY_BYTES_MAX {
            return Err(Error::too_large(format_args!(
                "a transaction of {bytes} bytes; commit in smaller parts"
            )));
        }
        if SeededBug::LockReleasedBeforeSequencing.is_made() {
            open.txn.release_locks();
            tokio::task::yield_now().await;
        }
        let (index, wait) = self.sequence(term, sealed).await?;
        open.txn.sequenced();
        open.txn.keep_temporary();
        open.txn.release_locks();
        drop(open);
        if kind == EntryKind::Transaction && SeededBug::AckBeforeQuorum.is_made() {
            self.state.last_gtid = Some(self.node.gtid(term, index));
            return Ok(());
        }
        self.outcome(wait, term, index).await
    }

    /// Waits for what becomes of a transaction that has its place in the log.
    ///
    /// # Errors
    /// As [`Session::commit`].
    pub(super) async fn outcome(&mut self, wait: WatermarkWait, term: u64, index: u64) -> Result<(), Error> {
        count(&self.node.processes.counters.sequenced);
        if let Some(placed) = &self.placed {
            let answer = std::mem::take(&mut self.next_answer);
            // Nobody listens any more when the client's node is gone.
            let _ = placed.send(Placed { term, index, ..answer });
        }
        self.connection.state("waiting for quorum");
        match self.settle(wait, Some(term)).await {
            Settled::Committed => {}
            Settled::Truncated => self.decide(term, index).await?,
            Settled::InDoubt => return Err(self.in_doubt(term, index)),
        }
        self.state.last_gtid = Some(self.node.gtid(term, index));
        Ok(())
    }

    /// Gives a sealed transaction its place in the log, after the handover that may be going on.
    ///
    /// # Errors
    /// 1053 when this node does not lead any more, 1317 when it is killed while it waits: it has no place in the log.
    pub(super) async fn sequence(
        &self,
        term: u64,
        mut sealed: Sealed,
    ) -> Result<(u64, WatermarkWait), Error> {
        let node = &self.node;
        loop {
            match node.sequencer.sequence(&node.store, term, sealed) {
                Ok(placed) => return Ok(placed),
                Err(Refused::NotLeading | Refused::ReadTruncated) => return Err(lost_leadership()),
                Err(Refused::Full(turned_away, wait)) => {
                    sealed = *turned_away;
                    self.connection.state("waiting for room in the commit queue");
                    tokio::select! {
                        () = node.sequencer.until_room(wait, term) => {}
                        () = self.connection.until_killed() => return Err(Error::query_interrupted()),
                    }
                    continue;
                }
                Err(Refused::Held(turned_away)) => sealed = *turned_away,
            }
            if node.sequencer.is_read_locked() {
                self.outlast_read_lock().await?;
                continue;
            }
            self.connection.state("waiting for a handover of leadership");
            tokio::select! {
                () = node.sequencer.until_released() => {}
                () = self.connection.until_killed() => return Err(Error::query_interrupted()),
            }
        }
    }

    /// Waits until another session's FLUSH TABLES WITH READ LOCK is over.
    ///
    /// # Errors
    /// 1205 after `lock_wait_timeout`, 1317 when it is killed: the transaction has no place in the log.
    pub(super) async fn outlast_read_lock(&self) -> Result<(), Error> {
        self.connection.state("Waiting for global read lock");
        let timeout = Duration::from_secs(self.state.variables.lock_wait_timeout);
        tokio::select! {
            () = self.node.sequencer.until_released() => Ok(()),
            () = tokio::time::sleep(timeout) => Err(Error::lock_wait_timeout()),
            () = self.connection.until_killed() => Err(self.interrupted()),
        }
    }

    /// Whether `open` belongs to a leadership that is over: it can never commit.
    pub(super) fn is_doomed(&self, open: &Open) -> bool {
        open.term.is_some() && open.term != self.node.sequencer.term()
    }

    /// Waits until the store has room for another commit.
    ///
    /// # Errors
    /// 1317 when it is killed: the transaction has no place in the log yet.
    pub(super) async fn admit(&self) -> Result<(), Error> {
        while let Admission::Wait(wait) = self.node.store.admit() {
            self.connection.state("waiting for write-behind");
            tokio::select! {
                () = wait => {}
                () = self.connection.until_killed() => return Err(Error::query_interrupted()),
            }
        }
        Ok(())
    }

    /// The wait that the answer of `open`'s statements needs: for the newest version above the watermark that it saw.
    pub(super) fn held(&self, open: &Open) -> Option<WatermarkWait> {
        let seen = open.txn.seen();
        (seen > 0 && (seen > self.node.store.watermark() || self.node.sequencer.term() != open.term))
            .then(|| open.txn.wait_for_seen())
    }

    /// Waits until everything that the open transaction saw is committed by the quorum.
    ///
    /// # Errors
    /// 1053 when it was not to be: the transaction is rolled back.
    pub async fn hold(&mut self) -> Result<(), Error> {
        let Some(open) = &self.open else { return Ok(()) };
        let term = open.term;
        let Some(wait) = self.held(open) else { return Ok(()) };
        let outcome = self.wait_for_seen(wait, term).await;
        if outcome.is_err() {
            self.rollback();
        }
        outcome
    }

    /// Ends the statement, and what must end with it, that failed with `error`. Gives the error that the client hears, which
    /// waits for what it was computed from: a duplicate of a row that is never committed is none.
    pub async fn fail(&mut self, error: Error) -> Error {
        let held = self.open.as_ref().and_then(|open| Some((self.held(open)?, open.term)));
        self.end_failed(&error);
        if let Some((wait, term)) = held
            && tells_of_rows(&error)
            && let Err(lost) = self.wait_for_seen(wait, term).await
        {
            self.rollback();
            return lost;
        }
        error
    }

    /// Waits until what a transaction that has no place in the log saw is committed.
    ///
    /// # Errors
    /// 1053 when it was not to be, or is not known in time: the transaction is to be rolled back.
    pub(super) async fn wait_for_seen(&self, wait: WatermarkWait, term: Option<u64>) -> Result<(), Error> {
        match self.settle(wait, term).await {
            Settled::Committed => Ok(()),
            Settled::Truncated | Settled::InDoubt => Err(lost_leadership()),
        }
    }

    /// Waits for the outcome of an entry.
    async fn settle(&self, mut wait: WatermarkWait, term: Option<u64>) -> Settled {
        loop {
            let waited = tokio::select! {
                waited = tokio::time::timeout(IN_DOUBT_WAIT, &mut wait) => waited,
                // Nobody hears of it: what is in the log stays there, and is committed or not.
                () = self.connection.until_abandoned() => return Settled::InDoubt,
            };
            match waited {
                Ok(Ok(())) => return Settled::Committed,
                Ok(Err(_truncated)) => return Settled::Truncated,
                // A leader that still leads goes on waiting: its followers are slow, not gone (CheckQuorum).
                Err(_) if self.node.sequencer.term() == term => {}
                Err(_) => return Settled::InDoubt,
            }
        }
    }

    /// Waits until the fate of the entry that `term` had at `index`, and that is gone from this node's log, is decided: the
    /// leader that replaced it may fail, and the next one may hold it.
    pub(crate) async fn decide(&self, term: u64, index: u64) -> Result<(), Error> {
        let deadline = tokio::time::Instant::now() + IN_DOUBT_WAIT;
        loop {
            match self.node.decided.fate(index, term, self.node.store.watermark()) {
                Fate::Committed => return Ok(()),
                Fate::Gone => return Err(lost_leadership()),
                Fate::Open | Fate::Forgotten if tokio::time::Instant::now() >= deadline => {
                    return Err(self.in_doubt(term, index));
                }
                Fate::Open | Fate::Forgotten => tokio::time::sleep(IN_DOUBT_POLL).await,
            }
        }
    }

    /// The error of a transaction whose outcome was not known in time.
    fn in_doubt(&self, term: u64, index: u64) -> Error {
        let gtid = self.node.gtid(term, index);
        Error::internal(format_args!(
            "leadership moved while the transaction {gtid} waited for the quorum, and whether it is committed is not known \
             here yet: before trying it again ask SELECT quorate_transaction_outcome('{gtid}') on any node"
        ))
    }

    /// Waits until what this node has is fresh enough for a read that begins now, as `quorate_read_consistency` says. The snapshot is to be
    /// taken after this.
    ///
    /// # Errors
    /// 1105 when no majority confirms who leads in time: what this node has may be old. 1317 when it is killed.
    pub async fn freshen(&self) -> Result<(), Error> {
        let node = &self.node;
        match self.state.variables.read_consistency {
            ReadConsistency::Eventual => return Ok(()),
            // A node's watermark never goes back, so what this session has seen here it sees again.
            ReadConsistency::Session => return self.see_own_writes().await,
            ReadConsistency::Strong | ReadConsistency::Auto => {}
        }
        let by_lease = node.reads.lease_index();
        match by_lease {
            Some(index) if index <= node.store.watermark() => return Ok(()),
            None if self.state.variables.read_consistency == ReadConsistency::Auto
                && node.role.get().role != "leader" =>
            {
                return self.see_own_writes().await;
            }
            Some(_) | None => {}
        }
        self.connection.state("waiting for a read index");
        let patience = Duration::from_secs(self.state.variables.read_timeout_seconds);
        let fresh = async {
            let index = match by_lease {
                Some(index) => index,
                None => node.reads.index(patience).await.map_err(|NoAnswer| not_fresh())?,
            };
            loop {
                match tokio::time::timeout(patience, node.store.wait_for(index)).await {
                    Ok(Ok(())) => return Ok(()),
                    // What had that place here was dropped; what is committed there comes.
                    Ok(Err(_truncated)) => tokio::task::yield_now().await,
                    Err(_elapsed) => return Err(not_fresh()),
                }
            }
        };
        tokio::select! {
            outcome = fresh => outcome,
            () = self.connection.until_killed() => Err(Error::query_interrupted()),
        }
    }

    /// Waits until this node has what the session saw or wrote on the leader.
    async fn see_own_writes(&self) -> Result<(), Error> {
        let store = &self.node.store;
        if self.seen_elsewhere <= store.watermark() {
            return Ok(());
        }
        self.connection.state("waiting for its own writes");
        let deadline =
            tokio::time::Instant::now() + Duration::from_secs(self.state.variables.read_timeout_seconds);
        let seen = async {
            loop {
                match tokio::time::timeout_at(deadline, store.wait_for(self.seen_elsewhere)).await {
                    Ok(Ok(())) => return Ok(()),
                    // What had that place here was dropped; what is committed there comes.
                    Ok(Err(_truncated)) if tokio::time::Instant::now() < deadline => {
                        tokio::task::yield_now().await
                    }
                    Ok(Err(_)) | Err(_) => return Err(not_caught_up()),
                }
            }
        };
        tokio::select! {
            outcome = seen => outcome,
            () = self.connection.until_killed() => Err(Error::query_interrupted()),
        }
    }

    /// The error for a statement that only the leader can run.
    #[must_use]
    pub fn refuse_write(&self) -> Error {
        self.node.refuse_write()
    }

    /// A named savepoint.
    pub fn savepoint(&mut self, name: String) {
        if let Some(open) = self.open.as_mut().filter(|open| open.explicit) {
            for (_, replaced) in
                open.savepoints.extract_if(.., |(other, _)| other.eq_ignore_ascii_case(&name))
            {
                open.txn.release_savepoint(replaced);
            }
            let point = open.txn.savepoint();
            open.savepoints.push((name, point));
        }
    }

    /// ROLLBACK TO (`release` false) or RELEASE SAVEPOINT.
    ///
    /// # Errors
    /// 1305 when there is none of that name.
    pub fn end_savepoint(&mut self, name: &str, release: bool) -> Result<(), Error> {
        let open = self.open.as_mut().ok_or_else(|| Error::no_such_savepoint(name))?;
        let position = open
            .savepoints
            .iter()
            .position(|(other, _)| other.eq_ignore_ascii_case(name))
            .ok_or_else(|| Error::no_such_savepoint(name))?;
        if release {
            for (_, released) in open.savepoints.drain(position..) {
                open.txn.release_savepoint(released);
            }
        } else {
            open.txn.rollback_to(open.savepoints[position].1);
            open.savepoints.truncate(position + 1);
        }
        Ok(())
    }

    /// COM_RESET_CONNECTION: as if newly connected, user and database kept.
    pub fn reset(&mut self) {
        self.rollback();
        self.branch = None;
        self.forget_temporary();
        self.release_tables();
        self.global_read_lock = None;
        self.instance_lock = None;
        self.user_locks.release();
        self.prepared.clear();
        self.named.clear();
        self.next = NextTransaction::default();
        let fresh = new_state(&self.node, &self.state.user, &self.state.host, self.state.connection_id);
        let database = self.state.database.take();
        let client_found_rows = self.state.client_found_rows;
        let account = self.state.account.clone();
        let active_roles = self
            .node
            .catalog()
            .accounts
            .roles_at_login(&account, sql::variables::activates_all_roles(&*self.node));
        let tracked = self.state.tracked.take();
        let client_takes_no_metadata = self.state.client_takes_no_metadata;
        let is_forwarded = self.state.is_forwarded;
        self.state = SessionState {
            database,
            client_found_rows,
            is_forwarded,
            client_takes_no_metadata,
            tracked,
            account,
            active_roles,
            ..fresh
        };
    }
}

/// The state of a new session.
#[must_use]
pub fn new_state(node: &Node, user: &str, host: &str, connection_id: u64) -> SessionState {
    SessionState {
        parameter_types: Vec::new(),
        parameters_are_variables: false,
        connection_id,
        user: user.to_owned(),
        host: host.to_owned(),
        database: None,
        variables: sql::variables::new_session(node),
        user_variables: HashMap::<String, Value>::new(),
        warnings: Vec::new(),
        warning_count: 0,
        unkept: None,
        last_insert_id: 0,
        last_gtid: None,
        row_count: 0,
        found_rows: 0,
        in_transaction: false,
        client_found_rows: false,
        client_takes_no_metadata: false,
        is_forwarded: false,
        locked_tables: None,
        // Who else it is, is for whoever has seen it prove that: until then it may nothing.
        account: if user == "root" { AccountId::root() } else { AccountId::default() },
        active_roles: Vec::new(),
        authorization: Arc::new(sql::authorization::Authorization::unknown()),
        memory: Arc::new(sql::execute::memory::ConnectionMemory::new(&node.memory)),
        temporary: None,
        tracked: None,
        raised: None,
    }
}

/// How a wait for the quorum ended.
enum Settled {
    /// The quorum has it.
    Committed,
    /// This node's log lost it.
    Truncated,
    /// This node does not lead any more, and did not hear in time.
    InDoubt,
}

/// Whether an error says anything of rows that were read: one of waiting, or of being stopped, does not.
fn tells_of_rows(error: &Error) -> bool {
    !matches!(error.code, 1205 | 1213 | 1317 | 3024 | 3572)
}

/// The error of a read that must be fresh and cannot be.
pub(super) fn not_fresh() -> Error {
    Error::internal(
        "no majority of the voters confirmed in time who leads, so what this node has may be old; try again, or SET \
         quorate_read_consistency = EVENTUAL to read what it has",
    )
}

/// The error of a read on a node that does not have what its session wrote.
fn not_caught_up() -> Error {
    Error::internal(
        "this node does not have in time what this session wrote on the leader; try again, or SET quorate_read_consistency = EVENTUAL \
         to read what it has",
    )
}

/// The error of a transaction that ended with the leadership. It did not happen and may be tried again.
pub(crate) fn lost_leadership() -> Error {
    storage::Error::PartRefused.into()
}

/// Microseconds since the epoch.
#[must_use]
pub fn now_us() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_micros() as i64)
}
