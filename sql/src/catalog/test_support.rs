//! A node without server, log or network, for the tests of schema changes and row writing: a store over the engine in
//! memory, commits that are applied at once, and sessions.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use storage::engine::MemoryEngine;
use storage::format::{EntryHeader, EntryKind, Mutation};
use storage::txn::{LockTable, Transaction, View};
use storage::version::{Store, StoreOptions};

use super::Catalog;
use crate::ast::Statement;
use crate::ddl::{Job, Step};
use crate::error::{Error, Result};
use crate::execute::spill::ScratchFile;
use crate::execute::{Context, Host, Interrupt, Outcome, Process, Run, SubqueryCache};
use crate::session::SessionState;
use crate::types::Value;
use crate::variables::SessionVariables;

/// The node.
pub struct TestNode {
    pub store: Store,
    pub locks: LockTable,
    pub catalog: Arc<Catalog>,
    /// Mutations of every entry, in order: what a follower gets.
    pub entries: Vec<Vec<Mutation>>,
    index: u64,
    txn_id: u64,
}

struct NoHost;

impl Host for NoHost {
    fn processes(&self) -> Vec<Process> {
        Vec::new()
    }
    fn status(&self, _session: bool, _connection_id: u64) -> Vec<(String, String)> {
        Vec::new()
    }
    fn variable(&self, _name: &str) -> Option<Value> {
        None
    }
    fn variables(&self) -> Vec<(String, Value)> {
        Vec::new()
    }
    fn global_override(&self, _name: &str) -> Option<Value> {
        None
    }
    fn set_global(&self, _name: &str, _value: Value) {}
    fn kill(&self, _connection_id: u64, _query_only: bool) -> bool {
        false
    }
    fn scratch_file(&self) -> Result<Box<dyn ScratchFile>> {
        Ok(Box::new(InMemory(Vec::new())))
    }
}

/// A temporary file that is none.
struct InMemory(Vec<u8>);

impl ScratchFile for InMemory {
    fn append(&mut self, bytes: &[u8]) -> Result<u64> {
        let offset = self.0.len() as u64;
        self.0.extend_from_slice(bytes);
        Ok(offset)
    }
    fn read(&self, offset: u64, bytes: &mut [u8]) -> Result<()> {
        bytes.copy_from_slice(&self.0[offset as usize..][..bytes.len()]);
        Ok(())
    }
}

/// A session of user root, current database `d`.
pub fn session() -> SessionState {
    SessionState {
        parameter_types: Vec::new(),
        parameters_are_variables: false,
        connection_id: 1,
        user: "root".into(),
        host: "localhost".into(),
        database: Some("d".into()),
        variables: SessionVariables::default(),
        user_variables: std::collections::HashMap::new(),
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
        account: crate::account::AccountId::root(),
        active_roles: Vec::new(),
        authorization: std::sync::Arc::new(crate::authorization::Authorization::exempt()),
        memory: std::sync::Arc::default(),
        temporary: None,
        tracked: None,
        raised: None,
    }
}

impl TestNode {
    /// A node with the empty database `d`.
    pub fn new() -> TestNode {
        let store = Store::open(Box::new(MemoryEngine::new()), StoreOptions::default()).unwrap();
        let catalog = Arc::new(Catalog::load(&store).unwrap());
        let locks = LockTable::new();
        let mut node = TestNode { store, locks, catalog, entries: Vec::new(), index: 0, txn_id: 0 };
        let create = Statement::CreateDatabase { name: "d".into(), if_not_exists: false, collation: None };
        node.job(&create, &mut session()).unwrap();
        node
    }

    pub fn begin(&mut self) -> Transaction {
        self.txn_id += 1;
        Transaction::begin(&self.store, &self.locks, self.txn_id)
    }

    /// Sequences and applies a transaction at once, as a log of one node would.
    pub fn commit(&mut self, mut txn: Transaction, is_schema_change: bool) {
        if !txn.has_writes() {
            return;
        }
        let kind = if is_schema_change { EntryKind::SchemaChange } else { EntryKind::Transaction };
        let header = EntryHeader {
            kind,
            txn_id: txn.id(),
            commit_time_us: 0,
            schema_version: self.catalog.version,
            flags: 0,
        };
        let (_, mutations) = txn.seal(header).unwrap().finish();
        self.index += 1;
        self.store.install(self.index, &mutations);
        txn.release_locks();
        self.store.advance(self.index);
        if let Some(next) = self.catalog.apply(&mutations).unwrap() {
            assert!(is_schema_change, "an entry of rows changed the schema");
            self.catalog = Arc::new(next);
        }
        self.entries.push(mutations);
    }

    /// Runs `body` as a statement of `session` in `txn`.
    pub fn with_context<T>(
        &self,
        txn: &mut Transaction,
        session: &mut SessionState,
        parameters: &[Value],
        body: impl FnOnce(&mut Context<'_>) -> T,
    ) -> T {
        let catalog = Arc::clone(&self.catalog);
        let killed = AtomicBool::new(false);
        let mut ctx = Context {
            session,
            catalog: &catalog,
            txn,
            view: View::Snapshot,
            locking: crate::execute::Locking::default(),
            parameters,
            now_us: 1_700_000_000_123_456,
            host: &NoHost,
            killed: &killed,
            sleeps_done: 0,
            freshness: crate::execute::Freshness::NotAsked,
            sleeps_met: 0,
            gave_last_insert_id: false,
            user_locks: crate::execute::UserLockCalls::default(),
            strict: true,
            outer_rows: Vec::new(),
            subqueries: SubqueryCache::default(),
        };
        body(&mut ctx)
    }

    /// Runs a schema change to its end. A lock that is held is an error: nobody would release it.
    pub fn job(&mut self, statement: &Statement, session: &mut SessionState) -> Result<Outcome> {
        let guard = self.begin();
        let mut job = Job::new(statement, &self.catalog, session, guard)?;
        loop {
            let mut txn = self.begin();
            let step = self.with_context(&mut txn, session, &[], |ctx| job.step(ctx));
            let step = ended(step)?;
            self.commit(txn, job.is_schema_change());
            if let Step::Done(outcome) = step {
                return Ok(outcome);
            }
        }
    }

    /// Every key of the catalog and of rows, at the watermark.
    pub fn all_keys(&mut self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut txn = self.begin();
        let range = storage::engine::KeyRange::all();
        let mut cursor = txn.scan(range, storage::engine::Direction::Forward, View::Snapshot);
        let mut keys = Vec::new();
        while let Some((key, value)) = cursor.next(&mut txn).unwrap() {
            keys.push((key.to_vec(), value.to_vec()));
        }
        keys
    }
}

/// The statement's error; a wait is one here.
pub fn ended<T>(run: Run<T>) -> Result<T> {
    match run {
        Ok(value) => Ok(value),
        Err(Interrupt::Error(error)) => Err(error),
        Err(Interrupt::Suspend(_)) => Err(Error::internal("suspended")),
    }
}
