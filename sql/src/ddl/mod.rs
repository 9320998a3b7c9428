//! Schema changes: CREATE, DROP, RENAME, TRUNCATE, CREATE INDEX, and ANALYZE TABLE.
//!
//! A schema change is a [`Job`]: it may need several entries of the log (an index is built in many), and it waits for the
//! statements that use its tables.
//!
//! # What the server does
//!
//! 1. It commits the session's open transaction, as MySQL does (implicit commit).
//! 2. It makes a [`Job`], giving it a `guard`: a transaction of its own that only holds metadata locks, with an id of its
//!    own. Dropping the job releases them, so the job is kept until its last entry is applied and the new catalog
//!    is published to sessions.
//! 3. It calls [`Job::step`] with a fresh transaction and the *newest published* catalog, until it gives
//!    [`Step::Done`]. After each step it commits the context's transaction, if it has writes, as an entry of its own, of
//!    kind `SchemaChange` if [`Job::is_schema_change`], else `Transaction`; and waits until it is applied. A
//!    suspended step is waited for as a statement would be (with `lock_wait_timeout`, not the row locks' timeout), and
//!    called again. An error of a step ends the job; the step's transaction is rolled back.
//! 4. Statements take [`metadata_lock_key`] in an intention mode, for each table of their plan, in the session's transaction (so until
//!    its end); then they check that the catalog's version is still their plan's, and plan again if not.
//!
//! # Why it is right
//!
//! The exclusive metadata lock is granted when no transaction that used the table is left, and the step after that sees
//! the newest catalog, because each job publishes before it drops its locks. Ids and the schema version are read and
//! written under row locks on their keys, so jobs on different tables may run at the same time. The entry
//! that makes a change visible holds all of it: a change is in the log whole or not at all. What an
//! index build wrote before that entry is under an index id that nothing refers to but its `b` key.
//!
//! [`definition`] turns CREATE TABLE into a [`Table`], with all checks; [`key`] does so for keys;
//! [`database`], [`table`], [`alter`] and [`account`] are the statements; [`analyze`] is ANALYZE TABLE, which is no job, [`partition`] is PARTITION BY.
//!
//! An index may be built while its table is written ([`alter::online`]); what else needs rows written anew is done under the table's lock.

pub mod account;
pub mod alter;
pub mod analyze;
mod comment;
pub mod create_select;
pub mod database;
pub mod definition;
pub mod foreign_key;
pub mod gtid_purged;
pub mod key;
mod member;
pub mod partition;
pub mod table;
pub mod temporary;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use bytes::Bytes;
use storage::limits::TEMPORARY_INDEX_ID_MIN;
use storage::txn::{LockMode, LockOutcome, Transaction, View, WaitPolicy};

use crate::ast::{self, AlterAction, PartitionAction, Statement, TableName, ViewStatement};
use crate::authorization::denied;
use crate::catalog::store::CatalogKey;
use crate::catalog::{Catalog, Table, is_system_database};
use crate::dml::write::lock_exclusive;
use crate::execute::{Context, Interrupt, Outcome, Run, Suspend};
use crate::limits::{FIRST_FREE_ID, ONLINE_MET_WAIT};
use crate::session::{LockedTables, SessionState};
use crate::{Error, Result};

/// What the server does after a step.
#[derive(Debug)]
pub enum Step {
    /// Commit what the transaction holds, if anything, and call again.
    Commit,
    /// Commit what the transaction holds, if anything: then the statement is done.
    Done(Outcome),
    /// Commit what the transaction holds: then indexes are to be built while the table is written, with the [locks](Job::give_online_locks) that the job
    /// keeps for that, and the statement is done when they are.
    Online(Box<alter::online::Begun>, Outcome),
}

/// The key of a table's metadata lock: taken in an intention mode by statements, shared and exclusive by LOCK TABLES, exclusive for changes
/// of its definition.
#[must_use]
pub fn metadata_lock_key(database: &str, table: &str) -> Bytes {
    lock_key(b't', &[database, table])
}

/// The key of the lock that stands for the right to change a table's definition: taken before its metadata lock, and held from the beginning to the end of an ALTER
/// TABLE that lets others go on; exclusive only. LOCK TABLES … WRITE takes it too, so that an ALTER TABLE under it meets nobody.
#[must_use]
pub fn alter_lock_key(database: &str, table: &str) -> Bytes {
    lock_key(ALTER_LOCK, &[database, table])
}

/// The key of a database's metadata lock: shared for changes of its tables, exclusive for DROP DATABASE.
#[must_use]
pub fn database_lock_key(database: &str) -> Bytes {
    lock_key(b'd', &[database])
}

/// The key of the lock of LOCK INSTANCE FOR BACKUP, which holds it shared; schema changes and account statements take it in an intention mode.
#[must_use]
pub fn backup_lock_key() -> Bytes {
    lock_key(BACKUP_LOCK, &[])
}

/// The key of the lock of all accounts: exclusive for account statements, shared for LOCK TABLES of the tables that show them.
#[must_use]
pub fn accounts_lock_key() -> Bytes {
    lock_key(b'u', &[])
}

/// Where the kind stands in the key of a lock: behind an index id that no index has.
const KIND_AT: usize = 4;
/// The kind of [`alter_lock_key`]: before all others in the order in which they are taken.
const ALTER_LOCK: u8 = b'a';
/// The kind of [`backup_lock_key`]: who waits for it holds no lock yet that readers and writers of a table wait for.
pub(crate) const BACKUP_LOCK: u8 = b'b';

fn lock_key(kind: u8, names: &[&str]) -> Bytes {
    let mut key = vec![0xFF; KIND_AT];
    key.push(kind);
    for name in names {
        // Names hold no zero byte, so that no two pairs of names give one key.
        key.extend_from_slice(name.as_bytes());
        key.push(0);
    }
    Bytes::from(key)
}

/// The kind of a lock that guards no row, and what its key says behind that; none of the key of a row. `t` and `a` are those of tables, `d` of databases, with names
/// that end in zero bytes, and `u` of GET_LOCK(), with a name behind the term.
pub(crate) fn lock_of(key: &[u8]) -> Option<(u8, &[u8])> {
    let (start, rest) = key.split_at_checked(KIND_AT)?;
    let (kind, names) = rest.split_first()?;
    start.iter().all(|byte| *byte == 0xFF).then_some((*kind, names))
}

/// A schema change that is under way.
pub struct Job {
    statement: Statement,
    /// Holds the metadata locks, and nothing else.
    guard: Transaction,
    locks: Vec<(Bytes, LockMode)>,
    stage: Stage,
    is_schema_change: bool,
    /// The locks are those of LOCK TABLES.
    is_under_lock_tables: bool,
}

enum Stage {
    /// Metadata locks are being taken.
    Lock,
    /// A table is to be made that was there when the locks were taken, which keep only changes of it away then.
    Refuse,
    /// They are held and the catalog is current.
    Change,
    /// Indexes or rows of an altered table are being written.
    Build(Box<alter::build::Build>),
    /// What was begun is undone; this is the statement's error.
    Failed(Error),
}

/// Whether a statement is a schema change, to be run as a [`Job`].
#[must_use]
pub fn is_job(statement: &Statement) -> bool {
    matches!(
        statement,
        Statement::CreateDatabase { .. }
            | Statement::AlterDatabase { .. }
            | Statement::DropDatabase { .. }
            | Statement::CreateTable(_)
            | Statement::DropTable { .. }
            | Statement::View(_)
            | Statement::Program(_)
            | Statement::TruncateTable(_)
            | Statement::AlterTable(_)
            | Statement::CreateIndex(_)
            | Statement::DropIndex(_)
            | Statement::RenameTable(_)
            | Statement::Account(_)
            | Statement::GtidPurged(_)
    )
}

impl Job {
    /// A job for the statement. `guard` is a new transaction for the job's metadata locks alone.
    ///
    /// # Errors
    /// 1046 without a database, 1044 and 3552 for system databases; 1105 when the statement [is no job](is_job).
    pub fn new(
        statement: &Statement,
        catalog: &Arc<Catalog>,
        session: &SessionState,
        guard: Transaction,
    ) -> Result<Job> {
        let mut statement = statement.clone();
        let mut locks = Vec::new();
        let is_there = match &statement {
            Statement::CreateDatabase { name, if_not_exists, .. } => {
                name == "sys" || name == "mysql" && *if_not_exists
            }
            _ => false,
        };
        match &mut statement {
            Statement::CreateDatabase { name, .. } | Statement::DropDatabase { name, .. } => {
                if session.locked_tables.is_some() {
                    return Err(Error::active_locked_tables());
                }
                // Dumps of all databases begin with a CREATE DATABASE IF NOT EXISTS of `mysql`, which notes that it is there.
                if !is_there {
                    refuse_system(name, session)?;
                }
                locks.push((database_lock_key(name), LockMode::Exclusive));
            }
            Statement::AlterDatabase { name, .. } => {
                if session.locked_tables.is_some() {
                    return Err(Error::active_locked_tables());
                }
                let name = match name {
                    Some(name) => name,
                    None => name.insert(session.database.clone().ok_or_else(Error::no_database)?),
                };
                refuse_system(name, session)?;
                locks.push((database_lock_key(name), LockMode::Exclusive));
            }
            Statement::CreateTable(create) => {
                let is_new = is_new_of_mysql(&create.name, session);
                let name = &mut create.name;
                add_name(name, LockMode::Exclusive, session, &mut locks, |_, _| is_new)?;
                if is_new && !catalog.databases.contains_key(crate::show::MYSQL) {
                    // The first of its tables brings others.
                    locks.push((database_lock_key(crate::show::MYSQL), LockMode::Exclusive));
                }
                if let Some(like) = &mut create.like {
                    // A table cannot be made like itself: the exclusive lock on its name is enough then.
                    if *like != create.name {
                        add_table(like, LockMode::IntentShared, (catalog, session), &mut locks)?;
                    }
                }
            }
            Statement::DropTable { names, if_exists } => {
                for name in names {
                    // Dumps of `mysql` drop what they are going to make.
                    let is_dropped = |database: &str, table: &str| {
                        let is_made_up = crate::show::is_system_table(database, table);
                        catalog.is_stored(database, table)
                            || database == crate::show::MYSQL && (*if_exists || !is_made_up)
                    };
                    add_name(name, LockMode::Exclusive, session, &mut locks, is_dropped)?;
                }
            }
            Statement::View(ViewStatement::Create(view)) => {
                add_table(&mut view.name, LockMode::Exclusive, (catalog, session), &mut locks)?;
            }
            Statement::View(ViewStatement::Drop { names, .. }) => {
                for name in names {
                    add_table(name, LockMode::Exclusive, (catalog, session), &mut locks)?;
                }
            }
            Statement::Program(program) => match &mut **program {
                ast::ProgramStatement::CreateTrigger(create) => {
                    add_trigger(&mut create.name, session, &mut locks)?;
                    let database = create.name.database.clone();
                    create.table.database.get_or_insert_with(|| database.unwrap_or_default());
                    crate::program::trigger_statement::check_place(create)?;
                    add_table(&mut create.table, LockMode::Exclusive, (catalog, session), &mut locks)?;
                }
                ast::ProgramStatement::DropTrigger { name, .. } => add_trigger(name, session, &mut locks)?,
                ast::ProgramStatement::Event(event) => add_event(event, session, &mut locks)?,
                program => add_routine(program, session, &mut locks)?,
            },
            Statement::TruncateTable(name) => {
                add_table(name, LockMode::Exclusive, (catalog, session), &mut locks)?
            }
            Statement::AlterTable(alter) | Statement::CreateIndex(alter) | Statement::DropIndex(alter) => {
                add_table(&mut alter.table, LockMode::Exclusive, (catalog, session), &mut locks)?;
                for action in &mut alter.actions {
                    if let AlterAction::Rename(to)
                    | AlterAction::Partition(PartitionAction::Exchange { table: to, .. }) = action
                    {
                        add_table(to, LockMode::Exclusive, (catalog, session), &mut locks)?;
                    }
                }
            }
            Statement::RenameTable(pairs) => {
                for (from, to) in pairs {
                    add_table(from, LockMode::Exclusive, (catalog, session), &mut locks)?;
                    add_table(to, LockMode::Exclusive, (catalog, session), &mut locks)?;
                }
            }
            // One lock for all account statements: each sees the accounts of the one before.
            Statement::Account(account) => {
                if session.locked_tables.is_some() {
                    return Err(Error::active_locked_tables());
                }
                locks.push((accounts_lock_key(), LockMode::Exclusive));
                if matches!(&**account, ast::AccountStatement::Reload) {
                    for table in account::reload::pending(catalog) {
                        let database = Some(table.database.clone());
                        let mut name = TableName { database, table: table.name.clone() };
                        add_table(&mut name, LockMode::Exclusive, (catalog, session), &mut locks)?;
                    }
                }
            }
            Statement::GtidPurged(_) => locks.push((lock_key(b'g', &[]), LockMode::Exclusive)),
            _ => return Err(Error::internal("this statement is no schema change")),
        }
        locks.push((backup_lock_key(), LockMode::IntentExclusive));
        // In one order in all jobs, so that two of them do not wait for each other; the stronger of two locks on a key.
        locks.sort_by(|one, other| one.0.cmp(&other.0));
        locks.dedup_by(|one, kept| {
            let is_same = one.0 == kept.0;
            if is_same {
                kept.1 = kept.1.join(one.1);
            }
            is_same
        });
        if let Some(locked) = &session.locked_tables {
            check_locked(&statement, locked)?;
        }
        let is_under_lock_tables = session.locked_tables.is_some();
        Ok(Job { statement, guard, locks, stage: Stage::Lock, is_schema_change: false, is_under_lock_tables })
    }

    /// For a session that has said LOCK INSTANCE FOR BACKUP: it is not held up by its own lock.
    pub fn spare_backup_lock(&mut self) {
        self.locks.retain(|(key, _)| *key != backup_lock_key());
    }

    /// Exchanges the guard: under LOCK TABLES the job works with the locks that are held already, and hands them back at its end.
    pub fn swap_guard(&mut self, guard: &mut Transaction) {
        std::mem::swap(&mut self.guard, guard);
    }

    /// The locks that an ALTER TABLE keeps while it builds indexes of a table that others use: its right to change that, its database's lock, and that of backups.
    pub fn give_online_locks(&mut self, table: &Table, replacement: Transaction) -> Transaction {
        let kept = [
            alter_lock_key(&table.database, &table.name),
            database_lock_key(&table.database),
            backup_lock_key(),
        ];
        for (key, _) in self.locks.iter().filter(|(key, _)| !kept.contains(key)) {
            self.guard.release(key);
        }
        std::mem::replace(&mut self.guard, replacement)
    }

    /// Whether a table that is to be changed has a job that nobody is at.
    fn meets_online(&self, catalog: &Catalog) -> bool {
        let has_job = |table: &&Arc<Table>| table.job.is_some();
        catalog.tables().filter(has_job).any(|table| {
            let key = alter_lock_key(&table.database, &table.name);
            let database = database_lock_key(&table.database);
            self.locks
                .iter()
                .any(|(held, mode)| *held == key || *held == database && *mode == LockMode::Exclusive)
        })
    }

    /// Whether what the last step wrote changes the catalog.
    #[must_use]
    pub fn is_schema_change(&self) -> bool {
        self.is_schema_change
    }

    /// The next step. See the [module](self) for what is done between steps.
    ///
    /// # Errors
    /// The statement's; suspends for locks.
    pub fn step(&mut self, ctx: &mut Context<'_>) -> Run<Step> {
        self.is_schema_change = false;
        match std::mem::replace(&mut self.stage, Stage::Change) {
            Stage::Lock => {
                self.stage = Stage::Lock;
                // A table that is there already is not changed: to say so need not wait for those who use it.
                let is_refused = self.makes_what_is_there(ctx.catalog);
                // And whoever alters it goes on.
                let is_needed = |key: &Bytes| !is_refused || key.get(KIND_AT) != Some(&ALTER_LOCK);
                for (key, mode) in self.locks.iter().filter(|(key, _)| is_needed(key)) {
                    let mode = if is_refused { LockMode::IntentShared } else { *mode };
                    lock_metadata(&mut self.guard, key, mode)?;
                }
                self.stage = if is_refused { Stage::Refuse } else { Stage::Change };
                // The catalog of this step may be older than the locks.
                Ok(Step::Commit)
            }
            Stage::Refuse if !self.makes_what_is_there(ctx.catalog) => {
                // It was dropped before the locks were had.
                self.stage = Stage::Lock;
                Ok(Step::Commit)
            }
            Stage::Refuse | Stage::Change => self.change(ctx),
            Stage::Build(mut build) => {
                let savepoint = ctx.txn.savepoint();
                let result = build.step(ctx);
                let failed = match result {
                    Ok(Some(outcome)) => {
                        self.is_schema_change = true;
                        return Ok(Step::Done(outcome));
                    }
                    Ok(None) => {
                        self.stage = Stage::Build(build);
                        return Ok(Step::Commit);
                    }
                    Err(Interrupt::Suspend(suspend)) => {
                        self.stage = Stage::Build(build);
                        return Err(Interrupt::Suspend(suspend));
                    }
                    Err(Interrupt::Error(error)) => error,
                };
                ctx.txn.rollback_to(savepoint);
                build.undo(ctx);
                self.is_schema_change = true;
                self.stage = Stage::Failed(failed);
                Ok(Step::Commit)
            }
            Stage::Failed(error) => Err(error.into()),
        }
    }

    /// Whether the statement is CREATE TABLE of a table that is in `catalog`.
    fn makes_what_is_there(&self, catalog: &Catalog) -> bool {
        let Statement::CreateTable(create) = &self.statement else { return false };
        let (database, name) = qualified(&create.name);
        catalog
            .databases
            .get(database)
            .is_some_and(|database| database.tables.contains_key(name) || database.views.contains_key(name))
    }

    /// The locks of the tables that CREATE TABLE … SELECT reads, as far as they are not held.
    fn lock_selected(&mut self, ctx: &Context<'_>) -> Result<bool> {
        let Statement::CreateTable(create) = &self.statement else { return Ok(false) };
        let Some(select) = create.select.as_ref().filter(|_| !self.makes_what_is_there(ctx.catalog)) else {
            return Ok(false);
        };
        let before = self.locks.len();
        for key in select.select(ctx.catalog, ctx.session)?.lock_keys() {
            if self.locks.iter().all(|(held, _)| *held != key) {
                self.locks.push((key, LockMode::IntentShared));
            }
        }
        Ok(self.locks.len() > before)
    }

    /// The locks of the tables that foreign keys tie to those of the statement, as far as they are not held.
    fn lock_related(&mut self, catalog: &Catalog) -> bool {
        let mut is_more = false;
        for (key, mode) in foreign_key::related::locks(&self.statement, catalog) {
            match self.locks.iter_mut().find(|(held, _)| *held == key) {
                Some((_, held)) if held.join(mode) == *held => {}
                Some((_, held)) => {
                    *held = held.join(mode);
                    is_more = true;
                }
                None => {
                    self.locks.push((key, mode));
                    is_more = true;
                }
            }
        }
        is_more
    }

    /// The locks of the table whose trigger is to be dropped, as far as they are not held.
    fn lock_table_of_trigger(&mut self, catalog: &Catalog) -> bool {
        let Statement::Program(program) = &self.statement else { return false };
        let ast::ProgramStatement::DropTrigger { name, .. } = &**program else { return false };
        let Some(table) = crate::program::trigger_statement::table_of(catalog, name) else { return false };
        let keys =
            [alter_lock_key(&table.database, &table.name), metadata_lock_key(&table.database, &table.name)];
        let before = self.locks.len();
        for key in keys {
            if self.locks.iter().all(|(held, _)| *held != key) {
                self.locks.push((key, LockMode::Exclusive));
            }
        }
        self.locks.len() > before
    }

    fn change(&mut self, ctx: &mut Context<'_>) -> Run<Step> {
        if self.lock_table_of_trigger(ctx.catalog) {
            self.stage = Stage::Lock;
            return Ok(Step::Commit);
        }
        if self.lock_selected(ctx)? || self.lock_related(ctx.catalog) {
            self.stage = Stage::Lock;
            return Ok(Step::Commit);
        }
        let looks_at_jobs = !self.is_under_lock_tables && !self.makes_what_is_there(ctx.catalog);
        if looks_at_jobs && self.meets_online(ctx.catalog) {
            // A new leader has not gone on with it yet, or it is just ending: it takes the lock that this has now.
            self.guard.release_locks();
            self.stage = Stage::Lock;
            return Err(Interrupt::Suspend(Suspend::Sleep(ctx.sleeps_done, ONLINE_MET_WAIT)));
        }
        let outcome = match &self.statement {
            Statement::CreateDatabase { name, if_not_exists, collation } => {
                database::create(ctx, name, *if_not_exists, *collation)?
            }
            Statement::AlterDatabase { name, collation } => {
                database::alter(ctx, name.as_deref().unwrap_or_default(), *collation)?
            }
            Statement::DropDatabase { name, if_exists } => {
                database::drop(ctx, &mut self.guard, name, *if_exists)?
            }
            Statement::CreateTable(create) => table::create(ctx, create)?,
            Statement::DropTable { names, if_exists } => table::drop(ctx, names, *if_exists)?,
            Statement::View(statement) => run_view(ctx, statement)?,
            Statement::Program(statement) if let ast::ProgramStatement::Event(event) = &**statement => {
                let event = event.clone();
                return self.change_event(ctx, &event);
            }
            Statement::Program(statement) => {
                if crate::program::statement::run(ctx, statement)? {
                    bump_version(ctx)?;
                }
                Outcome::default()
            }
            Statement::TruncateTable(name) => table::truncate(ctx, name)?,
            Statement::RenameTable(pairs) => table::rename(ctx, pairs)?,
            Statement::Account(statement) => {
                if matches!(**statement, ast::AccountStatement::Reload) {
                    self.check_pending(ctx.catalog)?;
                }
                account::run(ctx, statement)?
            }
            Statement::GtidPurged(text) => gtid_purged::run(ctx, text)?,
            Statement::AlterTable(alter) | Statement::CreateIndex(alter) | Statement::DropIndex(alter) => {
                match alter::begin(ctx, alter)? {
                    alter::Begun::Done(outcome) => outcome,
                    alter::Begun::Online(begun, outcome) => {
                        self.is_schema_change = true;
                        return Ok(Step::Online(begun, outcome));
                    }
                    alter::Begun::Build(build) => {
                        self.stage = Stage::Build(build);
                        self.is_schema_change = true;
                        return Ok(Step::Commit);
                    }
                }
            }
            _ => return Err(Error::internal("this statement is no schema change").into()),
        };
        self.is_schema_change = ctx.txn.has_writes();
        Ok(Step::Done(outcome))
    }
}

impl Job {
    /// That the restored tables of grants are those that were there when the locks were chosen.
    fn check_pending(&self, catalog: &Catalog) -> Result<()> {
        let is_locked = |table: &Arc<Table>| {
            let key = metadata_lock_key(&table.database, &table.name);
            self.locks.iter().any(|(held, _)| *held == key)
        };
        if account::reload::pending(catalog).iter().all(is_locked) { Ok(()) } else { Err(Error::deadlock()) }
    }

    /// A statement about events. What the scheduler notes with every run is no schema change.
    fn change_event(&mut self, ctx: &mut Context<'_>, event: &ast::EventStatement) -> Run<Step> {
        let done = crate::program::event_statement::run(ctx, event)?;
        if done.is_changed {
            bump_version(ctx)?;
        }
        self.is_schema_change = done.is_schema_change;
        Ok(Step::Done(done.outcome))
    }
}

/// CREATE, ALTER and DROP VIEW.
fn run_view(ctx: &mut Context<'_>, statement: &ViewStatement) -> Run<Outcome> {
    let (is_changed, outcome) = match statement {
        ViewStatement::Create(view) => (crate::view::statement::create(ctx, view)?, Outcome::default()),
        ViewStatement::Drop { names, if_exists } => crate::view::statement::drop(ctx, names, *if_exists)?,
    };
    if is_changed {
        bump_version(ctx)?;
    }
    Ok(outcome)
}

/// Puts the database into the name, and the table's and its database's locks on the list.
fn add_table(
    name: &mut TableName,
    mode: LockMode,
    (catalog, session): (&Catalog, &SessionState),
    locks: &mut Vec<(Bytes, LockMode)>,
) -> Result<()> {
    add_name(name, mode, session, locks, |database, table| catalog.is_stored(database, table))
}

/// Whether CREATE TABLE makes a table of the database `mysql`, which it may.
fn is_new_of_mysql(name: &TableName, session: &SessionState) -> bool {
    name.database.as_deref().or(session.database.as_deref()) == Some(crate::show::MYSQL)
}

/// As [`add_table`]; `is_allowed` says which tables of system databases may be changed.
fn add_name(
    name: &mut TableName,
    mode: LockMode,
    session: &SessionState,
    locks: &mut Vec<(Bytes, LockMode)>,
    is_allowed: impl Fn(&str, &str) -> bool,
) -> Result<()> {
    let database = match name.database.take() {
        Some(database) => database,
        None => session.database.clone().ok_or_else(Error::no_database)?,
    };
    if !is_allowed(&database, &name.table) {
        refuse_system(&database, session)?;
    }
    locks.push((database_lock_key(&database), LockMode::Shared));
    locks.push((metadata_lock_key(&database, &name.table), mode));
    if mode == LockMode::Exclusive {
        locks.push((alter_lock_key(&database, &name.table), mode));
    }
    name.database = Some(database);
    Ok(())
}

/// Puts the database into a trigger's name, and the locks of that and of its triggers' names on the list.
fn add_trigger(
    name: &mut TableName,
    session: &SessionState,
    locks: &mut Vec<(Bytes, LockMode)>,
) -> Result<()> {
    if session.locked_tables.is_some() {
        return Err(Error::active_locked_tables());
    }
    let database = match name.database.take() {
        Some(database) => database,
        None => session.database.clone().ok_or_else(Error::no_database)?,
    };
    locks.push((database_lock_key(&database), LockMode::Shared));
    locks.push((lock_key(b'f', &["TRIGGER", &database]), LockMode::Exclusive));
    name.database = Some(database);
    Ok(())
}

/// Puts the databases into the names of an event, and the locks of both on the list.
fn add_event(
    statement: &mut ast::EventStatement,
    session: &SessionState,
    locks: &mut Vec<(Bytes, LockMode)>,
) -> Result<()> {
    if session.locked_tables.is_some() {
        return Err(Error::active_locked_tables());
    }
    let mut add = |name: &mut TableName| {
        let database = match name.database.take() {
            Some(database) => database,
            None => session.database.clone().ok_or_else(Error::no_database)?,
        };
        refuse_system(&database, session)?;
        let lower = name.table.to_lowercase();
        locks.push((database_lock_key(&database), LockMode::Shared));
        locks.push((lock_key(b'f', &["EVENT", &database, &lower]), LockMode::Exclusive));
        name.database = Some(database.clone());
        Ok::<_, Error>((database, lower))
    };
    let own = add(statement.name_mut())?;
    if let ast::EventStatement::Alter(ast::DefineEvent { rename: Some(to), .. }) = statement
        && add(to)? == own
    {
        return Err(Error::mysql(1551, *b"HY000", "Same old and new event name"));
    }
    Ok(())
}

/// Puts the database into a routine's name, and the locks of both on the list.
fn add_routine(
    statement: &mut ast::ProgramStatement,
    session: &SessionState,
    locks: &mut Vec<(Bytes, LockMode)>,
) -> Result<()> {
    let (kind, name) = match statement {
        ast::ProgramStatement::CreateRoutine(create) => (create.kind, &mut create.name),
        ast::ProgramStatement::AlterRoutine { kind, name, .. }
        | ast::ProgramStatement::DropRoutine { kind, name, .. } => (*kind, name),
        ast::ProgramStatement::Event(_)
        | ast::ProgramStatement::CreateTrigger(_)
        | ast::ProgramStatement::DropTrigger { .. } => return Ok(()),
    };
    if session.locked_tables.is_some() {
        return Err(Error::active_locked_tables());
    }
    let database = match name.database.take() {
        Some(database) => database,
        None => session.database.clone().ok_or_else(Error::no_database)?,
    };
    refuse_system(&database, session)?;
    locks.push((database_lock_key(&database), LockMode::Shared));
    locks.push((lock_key(b'f', &[kind.word(), &database, &name.table.to_lowercase()]), LockMode::Exclusive));
    name.database = Some(database);
    Ok(())
}

/// Under LOCK TABLES: what is changed must be locked for writing, what is looked at or made must be locked.
fn check_locked(statement: &Statement, locked: &LockedTables) -> Result<()> {
    let check = |name: &TableName, write| {
        let (database, table) = qualified(name);
        locked.check_definition(database, table, write)
    };
    match statement {
        Statement::CreateTable(create) => {
            check(&create.name, false)?;
            create.like.iter().try_for_each(|like| check(like, false))
        }
        Statement::DropTable { names, .. } => names.iter().try_for_each(|name| check(name, true)),
        Statement::View(_) => Err(Error::active_locked_tables()),
        Statement::TruncateTable(table) => check(table, true),
        Statement::AlterTable(alter) | Statement::CreateIndex(alter) | Statement::DropIndex(alter) => {
            check(&alter.table, true)?;
            alter.actions.iter().try_for_each(|action| match action {
                AlterAction::Partition(PartitionAction::Exchange { table, .. }) => check(table, true),
                _ => Ok(()),
            })
        }
        Statement::RenameTable(pairs) => pairs.iter().try_for_each(|(from, _)| check(from, true)),
        _ => Ok(()),
    }
}

/// A name with its database: every name of a job has one.
fn qualified(name: &ast::TableName) -> (&str, &str) {
    (name.database.as_deref().unwrap_or_default(), &name.table)
}

/// Refuses changes and locks of the tables of a system database.
///
/// # Errors
/// 1044, 3552.
pub fn refuse_system(database: &str, session: &SessionState) -> Result<()> {
    if !is_system_database(database) {
        return Ok(());
    }
    if database.eq_ignore_ascii_case("information_schema")
        || database.eq_ignore_ascii_case("performance_schema")
    {
        return Err(denied::database(session, &database.to_ascii_lowercase()));
    }
    Err(Error {
        code: 3552,
        state: *b"HY000",
        message: format!("Access to system schema '{database}' is rejected."),
    })
}

/// Takes a metadata lock in the guard, or suspends.
fn lock_metadata(guard: &mut Transaction, key: &[u8], mode: LockMode) -> Run<()> {
    match guard.lock(key, mode, WaitPolicy::Wait)? {
        LockOutcome::Granted => Ok(()),
        LockOutcome::Wait(wait) => Err(Interrupt::Suspend(Suspend::Lock(wait))),
        LockOutcome::Skipped => Err(Error::internal("a lock was skipped that was to be waited for").into()),
    }
}

/// Takes `count` ids that were never used, and gives the first.
fn take_ids(ctx: &mut Context<'_>, count: u32) -> Run<u32> {
    let key = CatalogKey::NextId.to_bytes();
    lock_exclusive(ctx, &key)?;
    let stored = match ctx.txn.get(&key, View::Latest)? {
        Some(value) => match <[u8; 4]>::try_from(&value[..]) {
            Ok(bytes) => u32::from_be_bytes(bytes),
            Err(_) => return Err(crate::codec::damaged("the catalog's next id is not four bytes").into()),
        },
        None => FIRST_FREE_ID,
    };
    let first = stored.max(FIRST_FREE_ID);
    // The last ids are those of temporary tables and of metadata locks.
    let Some(next) = first.checked_add(count).filter(|next| *next <= TEMPORARY_INDEX_ID_MIN) else {
        return Err(Error::internal("all table and index ids are used up").into());
    };
    ctx.txn.put(key, Bytes::copy_from_slice(&next.to_be_bytes()));
    Ok(first)
}

/// Moves the schema version on by one.
fn bump_version(ctx: &mut Context<'_>) -> Run<()> {
    let key = CatalogKey::Version.to_bytes();
    lock_exclusive(ctx, &key)?;
    let version = match ctx.txn.get(&key, View::Latest)? {
        Some(value) => match <[u8; 8]>::try_from(&value[..]) {
            Ok(bytes) => u64::from_be_bytes(bytes),
            Err(_) => return Err(crate::codec::damaged("the schema version is not eight bytes").into()),
        },
        None => 0,
    };
    ctx.txn.put(key, Bytes::copy_from_slice(&(version + 1).to_be_bytes()));
    Ok(())
}
