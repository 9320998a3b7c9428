//! LOCK TABLES, UNLOCK TABLES and FLUSH TABLES WITH READ LOCK.
//!
//! The locks of LOCK TABLES are the tables' metadata locks, shared or exclusive, held by a transaction of the session that does nothing
//! else (`guard`). While a session has any, its statements take no metadata locks of their own, and may use the locked tables only
//! ([`sql::session::LockedTables`]). They are all taken in the order of their keys, so that sessions that lock tables do not wait for each
//! other in a circle. They stop plain SELECTs outside of transactions as well, which otherwise take no locks at all
//! ([`WriteLockedTables`] says when they have to).
//!
//! FLUSH TABLES WITH READ LOCK stops the sequencer: nobody's transaction gets a place in the log until it is released, so nothing
//! changes in the whole cluster. Transactions that are open may go on up to their COMMIT.
//!
//! Both are the leader's and belong to its term. A leader that loses its leadership loses them, and the next statement of the session says
//! so (1053): nobody acts under a lock that is not held. That the leadership still holds once the locks are there is confirmed before the
//! statement answers. What a session reads under its locks is up to date: everything that has a place in the log by then is waited for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use sql::Error;
use sql::ast::{AlterAction, Statement, TableLock, TableName};
use sql::ddl;
use sql::session::{LockedTable, LockedTables};
use storage::txn::{LockMode, LockOutcome, Transaction, WaitPolicy};

use super::Node;
use super::instance_lock::InstanceLock;
use super::session::{Session, lost_leadership};

/// How many sessions have tables locked for writing, or wait for that.
#[derive(Debug, Default)]
pub struct WriteLockedTables(AtomicUsize);

impl WriteLockedTables {
    /// Whether a statement that takes no locks has to ask for metadata locks.
    #[must_use]
    pub fn any(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}

/// One session that is counted in [`WriteLockedTables`].
struct CountedWriter(Arc<Node>);

impl CountedWriter {
    fn new(node: &Arc<Node>) -> CountedWriter {
        node.write_locked_tables.0.fetch_add(1, Ordering::Relaxed);
        CountedWriter(Arc::clone(node))
    }
}

impl Drop for CountedWriter {
    fn drop(&mut self) {
        self.0.write_locked_tables.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What LOCK TABLES holds.
pub struct HeldTables {
    /// Holds the metadata locks.
    pub(super) guard: Transaction,
    /// The leadership they belong to.
    term: u64,
    _writer: Option<CountedWriter>,
}

/// What FLUSH TABLES WITH READ LOCK holds.
pub struct GlobalReadLock {
    node: Arc<Node>,
    term: u64,
}

impl Drop for GlobalReadLock {
    fn drop(&mut self) {
        self.node.sequencer.unlock_reads(self.term);
    }
}

impl Session {
    /// That the locks of LOCK TABLES, FLUSH TABLES WITH READ LOCK and LOCK INSTANCE are still held, with this node leading in `term`.
    ///
    /// # Errors
    /// 1053 when they are not, once: they are given up then, and the open transaction with them.
    pub(super) fn check_table_locks(&mut self, term: Option<u64>) -> Result<(), Error> {
        if self.tables.is_none() && self.global_read_lock.is_none() && self.instance_lock.is_none() {
            return Ok(());
        }
        let tables = self.tables.as_ref().map(|held| held.term);
        let global = self.global_read_lock.as_ref().map(|held| held.term);
        let instance = self.instance_lock.as_ref().map(InstanceLock::term);
        if [tables, global, instance].into_iter().flatten().all(|held| Some(held) == term) {
            return Ok(());
        }
        self.rollback();
        self.release_tables();
        self.global_read_lock = None;
        self.instance_lock = None;
        Err(lost_leadership())
    }

    /// LOCK TABLES.
    ///
    /// # Errors
    /// 1066, 1146 and their like; 1205 and 1213 of waiting; 1290 on a node that does not lead.
    pub(super) async fn lock_tables(&mut self, locks: &[TableLock]) -> Result<(), Error> {
        self.commit().await?;
        self.release_tables();
        if self.global_read_lock.is_some() && locks.iter().any(|lock| lock.write) {
            return Err(Error::conflicting_read_lock());
        }
        let term = self.node.sequencer.term().ok_or_else(|| self.refuse_write())?;
        let (mut locked, reads_accounts) = self.resolve_locks(locks)?;
        self.look_up(&locked)?;
        // In the order of their keys; a table that is there twice is locked once.
        let mut keys: BTreeMap<Bytes, LockMode> = BTreeMap::new();
        for table in locked.tables.iter().chain(&locked.of_views) {
            let mode =
                keys.entry(ddl::metadata_lock_key(&table.database, &table.table)).or_insert(LockMode::Shared);
            if table.write {
                *mode = LockMode::Exclusive;
            }
        }
        if reads_accounts {
            keys.insert(ddl::accounts_lock_key(), LockMode::Shared);
        }
        // An ALTER TABLE under the lock is to meet no other.
        for table in locked.tables.iter().chain(&locked.of_views).filter(|table| table.write) {
            keys.insert(ddl::alter_lock_key(&table.database, &table.table), LockMode::Exclusive);
        }
        let related = self.foreign_tables(&locked);
        for table in &related {
            let mode = if table.write { LockMode::Exclusive } else { LockMode::Shared };
            let held = keys.entry(ddl::metadata_lock_key(&table.database, &table.table)).or_insert(mode);
            *held = held.join(mode);
        }
        let writer = locks.iter().any(|lock| lock.write).then(|| CountedWriter::new(&self.node));
        let mut guard = Transaction::begin(&self.node.store, &self.node.locks, self.node.take_txn_id());
        self.connection.transaction.guarded_by(guard.id());
        let timeout = Duration::from_secs(self.state.variables.lock_wait_timeout);
        for (key, mode) in &keys {
            while let LockOutcome::Wait(wait) = guard.lock(key, *mode, WaitPolicy::Wait)? {
                self.connection.state("Waiting for table metadata lock");
                self.wait_for_lock(wait, timeout).await?;
            }
        }
        if self.has_job(&locked) {
            // A new leader has not gone on with it yet.
            return Err(Error::deadlock());
        }
        let last = self.node.sequencer.last(term).ok_or_else(lost_leadership)?;
        self.reach(last, term).await?;
        // Waiting for the locks may have taken long: the tables may be others.
        self.look_up(&locked)?;
        if self.foreign_tables(&locked) != related {
            return Err(Error::deadlock());
        }
        // MySQL lets statements read them, too.
        for table in related {
            let is_known =
                |other: &LockedTable| other.database == table.database && other.alias == table.alias;
            if !locked.tables.iter().any(is_known) {
                locked.tables.push(table);
            }
        }
        self.tables = Some(HeldTables { guard, term, _writer: writer });
        self.state.locked_tables = Some(Arc::new(locked));
        Ok(())
    }

    /// The tables with their databases and aliases; and whether tables of `mysql` are among them that show the accounts, which dumps lock to read.
    fn resolve_locks(&self, locks: &[TableLock]) -> Result<(LockedTables, bool), Error> {
        self.know_catalog()?;
        let catalog = self.node.catalog();
        let mut reads_accounts = false;
        let mut tables: Vec<LockedTable> = Vec::with_capacity(locks.len());
        for lock in locks {
            let database = self.database_of(&lock.name)?;
            if sql::show::shows_accounts(&catalog, &database, &lock.name.table) && !lock.write {
                reads_accounts = true;
                continue;
            }
            if !catalog.is_stored(&database, &lock.name.table) {
                ddl::refuse_system(&database, &self.state)?;
            }
            if self.state.temporary_table(&database, &lock.name.table).is_some() {
                // Nobody else can come to it, and it can be used under LOCK TABLES without being named.
                continue;
            }
            let alias = lock.alias.clone().unwrap_or_else(|| lock.name.table.clone());
            if tables.iter().any(|other| other.database == database && other.alias == alias) {
                return Err(Error::nonunique_table(alias));
            }
            tables.push(LockedTable { database, table: lock.name.table.clone(), alias, write: lock.write });
        }
        let of_views = self.tables_of_views(&tables);
        Ok((LockedTables { tables, of_views }, reads_accounts))
    }

    /// The tables that views among these read, through other views too.
    fn tables_of_views(&self, tables: &[LockedTable]) -> Vec<LockedTable> {
        let catalog = self.node.catalog();
        let mut found: Vec<LockedTable> = Vec::new();
        let mut left: Vec<LockedTable> = tables.to_vec();
        while let Some(locked) = left.pop() {
            let Some(view) = catalog.view(&locked.database, &locked.table) else { continue };
            sql::view::statement::tables_of(&view.query, &mut |database, table, _| {
                let read = LockedTable {
                    database: database.unwrap_or(&locked.database).to_owned(),
                    table: table.to_owned(),
                    alias: table.to_owned(),
                    write: locked.write,
                };
                // A name that is no table is one of WITH, or gone: the view says so when it is read.
                let exists = catalog.table(&read.database, &read.table).is_ok()
                    || catalog.view(&read.database, &read.table).is_some();
                if exists && !found.contains(&read) {
                    left.push(read.clone());
                    found.push(read);
                }
            });
        }
        found
    }

    /// The tables that foreign keys tie to those that are locked for writing: statements take no locks of their own then.
    fn foreign_tables(&self, locked: &LockedTables) -> Vec<LockedTable> {
        let catalog = self.node.catalog();
        let mut found: Vec<LockedTable> = Vec::new();
        for locked in locked.tables.iter().chain(&locked.of_views).filter(|locked| locked.write) {
            let Ok(table) = catalog.table(&locked.database, &locked.table) else { continue };
            for (related, write) in catalog.links.closure(table.id, false) {
                let is_it = |other: &&mut LockedTable| {
                    other.database == related.database && other.table == related.name
                };
                match found.iter_mut().find(is_it) {
                    Some(other) => other.write |= write,
                    None => found.push(LockedTable {
                        database: related.database.clone(),
                        table: related.name.clone(),
                        alias: related.name.clone(),
                        write,
                    }),
                }
            }
        }
        found
    }

    /// Whether a table that is locked for writing has an ALTER TABLE that nobody is at.
    fn has_job(&self, locked: &LockedTables) -> bool {
        let catalog = self.node.catalog();
        let has_job = |locked: &LockedTable| {
            catalog.table(&locked.database, &locked.table).is_ok_and(|table| table.job.is_some())
        };
        locked.tables.iter().chain(&locked.of_views).filter(|locked| locked.write).any(has_job)
    }

    fn database_of(&self, name: &TableName) -> Result<String, Error> {
        name.database.clone().or_else(|| self.state.database.clone()).ok_or_else(Error::no_database)
    }

    /// That the tables are there.
    fn look_up(&self, locked: &LockedTables) -> Result<(), Error> {
        let catalog = self.node.catalog();
        let is_there = |locked: &LockedTable| match catalog.view(&locked.database, &locked.table) {
            Some(_) => Ok(()),
            None => catalog.table(&locked.database, &locked.table).map(|_| ()),
        };
        locked.tables.iter().try_for_each(is_there)?;
        // A view may have been made anew while its tables were waited for.
        match self.tables_of_views(&locked.tables) == locked.of_views {
            true => Ok(()),
            false => Err(Error::deadlock()),
        }
    }

    /// Waits until everything up to `last` is committed, and makes sure that this node still leads then.
    pub(super) async fn reach(&self, last: u64, term: u64) -> Result<(), Error> {
        self.wait_for_seen(self.node.store.wait_for(last), Some(term)).await?;
        self.confirm_leadership(term).await
    }

    /// That this node leads in `term` as of now: no other leader can have been elected before this was called.
    ///
    /// # Errors
    /// 1053 when it does not; 1105 when no majority says in time.
    pub(super) async fn confirm_leadership(&self, term: u64) -> Result<(), Error> {
        let reads = &self.node.reads;
        if !reads.has_lease() {
            let patience = Duration::from_secs(self.state.variables.read_timeout_seconds);
            tokio::select! {
                index = reads.index(patience) => drop(index.map_err(|_| super::session::not_fresh())?),
                () = self.connection.until_killed() => return Err(self.interrupted()),
            }
        }
        if self.node.sequencer.term() == Some(term) { Ok(()) } else { Err(lost_leadership()) }
    }

    /// Gives up what LOCK TABLES holds.
    pub(super) fn release_tables(&mut self) {
        self.tables = None;
        self.state.locked_tables = None;
    }

    /// UNLOCK TABLES: also what FLUSH TABLES WITH READ LOCK holds. Only LOCK TABLES makes it commit.
    ///
    /// # Errors
    /// Those of the commit; the locks are released all the same.
    pub(super) async fn unlock_tables(&mut self) -> Result<(), Error> {
        let committed = if self.tables.is_some() { self.commit().await } else { Ok(()) };
        self.release_tables();
        self.global_read_lock = None;
        committed
    }

    /// FLUSH TABLES [WITH READ LOCK]. There is no cache of tables: without the lock it commits, as every FLUSH does, and looks at names.
    ///
    /// # Errors
    /// 1192 and 1099 under LOCK TABLES; 1146; 1290 on a node that does not lead.
    pub(super) async fn flush_tables(
        &mut self,
        names: &[TableName],
        with_read_lock: bool,
    ) -> Result<(), Error> {
        if with_read_lock {
            return self.flush_with_read_lock().await;
        }
        if let Some(locked) = &self.state.locked_tables {
            if names.is_empty()
                && let Some(read) = locked.tables.iter().find(|table| !table.write)
            {
                return Err(Error::table_locked_for_read(&read.table));
            }
            for name in names {
                locked.check_definition(&self.database_of(name)?, &name.table, true)?;
            }
        }
        self.commit().await?;
        self.know_catalog()?;
        let catalog = self.node.catalog();
        for name in names {
            catalog.table(&self.database_of(name)?, &name.table)?;
        }
        Ok(())
    }

    async fn flush_with_read_lock(&mut self) -> Result<(), Error> {
        if self.tables.is_some() {
            return Err(Error::active_locked_tables());
        }
        self.commit().await?;
        if self.global_read_lock.is_some() {
            return Ok(());
        }
        let term = self.node.sequencer.term().ok_or_else(|| self.refuse_write())?;
        let last = self.node.sequencer.lock_reads(term).ok_or_else(lost_leadership)?;
        let lock = GlobalReadLock { node: Arc::clone(&self.node), term };
        self.reach(last, term).await?;
        self.global_read_lock = Some(lock);
        Ok(())
    }

    /// Brings the locked tables up to date after a schema change that was made under them.
    pub(super) fn locked_tables_changed(&mut self, statement: &Statement) {
        let Some(locked) = &self.state.locked_tables else { return };
        let (mut tables, of_views) = (locked.tables.clone(), locked.of_views.clone());
        let current = self.state.database.clone();
        let names_of =
            |name: &TableName| (name.database.clone().or_else(|| current.clone()), name.table.clone());
        let is_named = |locked: &LockedTable, name: &TableName| {
            let (database, table) = names_of(name);
            Some(&locked.database) == database.as_ref() && locked.table == table
        };
        match statement {
            Statement::DropTable { names, .. } => {
                for name in names {
                    tables.retain(|locked| !is_named(locked, name));
                    if let (Some(database), table) = names_of(name)
                        && let Some(held) = &mut self.tables
                    {
                        held.guard.release(&ddl::metadata_lock_key(&database, &table));
                        held.guard.release(&ddl::alter_lock_key(&database, &table));
                    }
                }
            }
            Statement::RenameTable(pairs) => {
                for (from, to) in pairs {
                    rename_locked(&mut tables, from, to, current.as_deref());
                }
            }
            Statement::AlterTable(alter) => {
                let renamed = alter.actions.iter().rev().find_map(|action| match action {
                    AlterAction::Rename(to) => Some(to),
                    _ => None,
                });
                let Some(to) = renamed else { return };
                rename_locked(&mut tables, &alter.table, to, current.as_deref());
            }
            _ => return,
        }
        if tables.is_empty() {
            self.release_tables();
        } else {
            self.state.locked_tables = Some(Arc::new(LockedTables { tables, of_views }));
        }
    }
}

/// A table that this session has locked has another name from now on.
fn rename_locked(tables: &mut [LockedTable], from: &TableName, to: &TableName, current: Option<&str>) {
    let database_of = |name: &TableName| name.database.clone().or_else(|| current.map(str::to_owned));
    let from_database = database_of(from);
    for locked in tables {
        if Some(&locked.database) != from_database.as_ref() || locked.table != from.table {
            continue;
        }
        if locked.alias == locked.table {
            locked.alias.clone_from(&to.table);
        }
        locked.database = database_of(to).unwrap_or_default();
        locked.table.clone_from(&to.table);
    }
}
