//! The catalog as keys of the store: how it is read at start, changed by a schema change, and brought up to date by
//! applied entries.
//!
//! All keys are of index 0: four zero bytes, then a letter and what it is about (ids are four bytes big endian).
//!
//! | key | value | moved by |
//! |---|---|---|
//! | `v` | schema version, u64 big endian | every schema change, by one |
//! | `n` | next free id, u32 big endian | whatever takes ids; never down |
//! | `d` name | database (see [`encode`]) | CREATE, DROP DATABASE |
//! | `t` table id | table (see [`encode`]) | schema changes of the table; RENAME keeps the id |
//! | `w` database, 0, name | view (see [`crate::view::encode`]) | CREATE, ALTER, DROP VIEW, DROP DATABASE |
//! | `f` kind, database, 0, name in lower case | routine (see [`crate::program::encode`]) | CREATE, ALTER, DROP PROCEDURE, DROP DATABASE |
//! | `e` database, 0, name in lower case | event (see [`crate::program::event`]) | CREATE, ALTER, DROP EVENT, DROP DATABASE, its last run |
//! | `l` database, 0, name in lower case | when an event began last (see [`crate::program::event`]) | each of its runs; gone with the event |
//! | `a` table id | next AUTO_INCREMENT value, u64 big endian | each transaction that takes values; never down |
//! | `r` table id | next hidden row id, u64 big endian | likewise |
//! | `x` index id | empty: the index is dropped, its keys can be deleted | DROP, TRUNCATE, a failed index build |
//! | `j` index id | how far the job with that first index is (see [`super::online`]) | each batch of the job; gone with it |
//! | `f` index id | the error that the job failed with | a writer, a batch or KILL; gone with the job |
//! | `p` identifier | writes of a prepared transaction (see [`storage::txn::encode_mutations`]) | XA PREPARE; gone with XA COMMIT and ROLLBACK |
//! | `b` index id | empty: the index is being built | CREATE INDEX, for as long as it runs |
//! | `g` | text of a set of GTIDs: `gtid_purged` | SET GLOBAL gtid_purged |
//! | `u` | a byte, 1: accounts are stored, the built-in one is no more | the first account statement, or the formation of the cluster |
//! | `u` length of user, u16 big endian, user, host | account (see [`crate::account::encode`]) | account statements |
//!
//! Invariants: an id below `n` that is in no table, `x` or `b` has no keys. A `b` key belongs to a running job of the
//! leader; a new leader turns the ones that it finds into `x` (see [`abandon_builds`]). Keys of counters whose table is
//! gone are ignored.
//!
//! Left out: `x` keys are kept for ever (nine bytes each): each node deletes its own copy of the keys at its own
//! time, and does so again after a restart, when there is nothing left to delete.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use rustc_hash::FxHashMap;
use storage::engine::{Direction, KeyRange};
use storage::format::Mutation;
use storage::txn::{LockTable, Transaction, View};
use storage::version::Store;

use super::encode;
use super::{Catalog, Database, IndexId, Table, TableId};
use crate::account::encode::read_account;
use crate::account::{AccountId, Accounts};
use crate::ast::RoutineKind;
use crate::codec::damaged;
use crate::gtid_set::GtidSet;
use crate::limits::FIRST_FREE_ID;
use crate::program::encode::{kind_byte, kind_of, read_routine};
use crate::program::event::read_event;
use crate::{Error, Result};

/// What every key of the catalog begins with: index id 0.
pub const CATALOG_PREFIX: [u8; 4] = [0; 4];

/// A key of the catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CatalogKey<'a> {
    /// The schema version.
    Version,
    /// The next free id.
    NextId,
    /// A database.
    Database(&'a str),
    /// A table's definition.
    Table(TableId),
    /// A view.
    View {
        /// Its database.
        database: &'a str,
        /// Its name.
        name: &'a str,
    },
    /// A routine.
    Routine {
        /// Its kind.
        kind: RoutineKind,
        /// Its database.
        database: &'a str,
        /// Its name in lower case.
        name: &'a str,
    },
    /// An event.
    Event {
        /// Its database.
        database: &'a str,
        /// Its name in lower case.
        name: &'a str,
    },
    /// When an event began last.
    EventRun {
        /// Its database.
        database: &'a str,
        /// Its name in lower case.
        name: &'a str,
    },
    /// A table's next AUTO_INCREMENT value.
    AutoIncrement(TableId),
    /// A table's next hidden row id.
    RowId(TableId),
    /// A dropped index whose keys are to be deleted.
    Dropped(IndexId),
    /// An index that is being built.
    Building(IndexId),
    /// How far a job is, by [its id](crate::catalog::OnlineJob::id).
    JobPlace(IndexId),
    /// That a job failed.
    JobFailed(IndexId),
    /// A prepared transaction, by its identifier (see [`Xid`](crate::ast::Xid)).
    Prepared(&'a [u8]),
    /// `gtid_purged`.
    GtidPurged,
    /// That accounts are stored.
    AccountsStored,
    /// An account.
    Account {
        /// Its user.
        user: &'a str,
        /// Its host.
        host: &'a str,
    },
}

impl<'a> CatalogKey<'a> {
    /// The key's bytes.
    #[must_use]
    pub fn to_bytes(self) -> Bytes {
        let mut key = Vec::with_capacity(16);
        key.extend_from_slice(&CATALOG_PREFIX);
        match self {
            CatalogKey::Version => key.push(b'v'),
            CatalogKey::NextId => key.push(b'n'),
            CatalogKey::Database(name) => {
                key.push(b'd');
                key.extend_from_slice(name.as_bytes());
            }
            CatalogKey::Table(TableId(id)) => push_id(b't', id, &mut key),
            CatalogKey::View { database, name } => {
                key.push(b'w');
                key.extend_from_slice(database.as_bytes());
                // No name has a zero byte.
                key.push(0);
                key.extend_from_slice(name.as_bytes());
            }
            CatalogKey::Routine { kind, database, name } => {
                key.extend_from_slice(&[b'f', kind_byte(kind)]);
                key.extend_from_slice(database.as_bytes());
                key.push(0);
                key.extend_from_slice(name.as_bytes());
            }
            CatalogKey::Event { database, name } => push_names(b'e', database, name, &mut key),
            CatalogKey::EventRun { database, name } => push_names(b'l', database, name, &mut key),
            CatalogKey::AutoIncrement(TableId(id)) => push_id(b'a', id, &mut key),
            CatalogKey::RowId(TableId(id)) => push_id(b'r', id, &mut key),
            CatalogKey::Dropped(IndexId(id)) => push_id(b'x', id, &mut key),
            CatalogKey::Building(IndexId(id)) => push_id(b'b', id, &mut key),
            CatalogKey::JobPlace(IndexId(id)) => push_id(b'j', id, &mut key),
            CatalogKey::JobFailed(IndexId(id)) => push_id(b'k', id, &mut key),
            CatalogKey::Prepared(xid) => {
                key.push(b'p');
                key.extend_from_slice(xid);
            }
            CatalogKey::GtidPurged => key.push(b'g'),
            CatalogKey::AccountsStored => key.push(b'u'),
            CatalogKey::Account { user, host } => {
                key.push(b'u');
                // Names of accounts are short (ER_WRONG_STRING_LENGTH), so that no length is cut here.
                key.extend_from_slice(&(user.len() as u16).to_be_bytes());
                key.extend_from_slice(user.as_bytes());
                key.extend_from_slice(host.as_bytes());
            }
        }
        Bytes::from(key)
    }

    /// What a key of the store says, if it is one of the catalog.
    ///
    /// # Errors
    /// 1105 for a key of the catalog that this program does not know.
    pub fn parse(key: &'a [u8]) -> Result<Option<CatalogKey<'a>>> {
        let Some(rest) = key.strip_prefix(&CATALOG_PREFIX) else { return Ok(None) };
        let Some((kind, subject)) = rest.split_first() else { return Err(damaged("an empty catalog key")) };
        let id = || match <[u8; 4]>::try_from(subject) {
            Ok(bytes) => Ok(u32::from_be_bytes(bytes)),
            Err(_) => Err(damaged("a catalog key has a bad id")),
        };
        Ok(Some(match kind {
            b'v' if subject.is_empty() => CatalogKey::Version,
            b'n' if subject.is_empty() => CatalogKey::NextId,
            b'd' => match std::str::from_utf8(subject) {
                Ok(name) => CatalogKey::Database(name),
                Err(_) => return Err(damaged("a database's name is not UTF-8")),
            },
            b't' => CatalogKey::Table(TableId(id()?)),
            b'w' => match std::str::from_utf8(subject).ok().and_then(|names| names.split_once('\0')) {
                Some((database, name)) => CatalogKey::View { database, name },
                None => return Err(damaged("the key of a view has a bad name")),
            },
            b'f' => parse_routine(subject)?,
            b'e' => {
                let (database, name) = parse_names(subject)?;
                CatalogKey::Event { database, name }
            }
            b'l' => {
                let (database, name) = parse_names(subject)?;
                CatalogKey::EventRun { database, name }
            }
            b'a' => CatalogKey::AutoIncrement(TableId(id()?)),
            b'r' => CatalogKey::RowId(TableId(id()?)),
            b'x' => CatalogKey::Dropped(IndexId(id()?)),
            b'b' => CatalogKey::Building(IndexId(id()?)),
            b'j' => CatalogKey::JobPlace(IndexId(id()?)),
            b'k' => CatalogKey::JobFailed(IndexId(id()?)),
            b'p' => CatalogKey::Prepared(subject),
            b'g' if subject.is_empty() => CatalogKey::GtidPurged,
            b'u' if subject.is_empty() => CatalogKey::AccountsStored,
            b'u' => parse_account(subject)?,
            _ => return Err(damaged("a catalog key of an unknown kind")),
        }))
    }
}

/// The names in the key of an event.
fn parse_names(subject: &[u8]) -> Result<(&str, &str)> {
    let names = std::str::from_utf8(subject).ok().and_then(|names| names.split_once('\0'));
    names.ok_or_else(|| damaged("the key of an event has a bad name"))
}

fn push_names(kind: u8, database: &str, name: &str, key: &mut Vec<u8>) {
    key.push(kind);
    key.extend_from_slice(database.as_bytes());
    key.push(0);
    key.extend_from_slice(name.as_bytes());
}

/// The name in the key of a routine.
fn parse_routine(subject: &[u8]) -> Result<CatalogKey<'_>> {
    let bad = || damaged("the key of a routine has a bad name");
    let (kind, names) = subject.split_first().ok_or_else(bad)?;
    let kind = kind_of(*kind).ok_or_else(bad)?;
    let names = std::str::from_utf8(names).ok().and_then(|names| names.split_once('\0'));
    names.map(|(database, name)| CatalogKey::Routine { kind, database, name }).ok_or_else(bad)
}

/// The name in the key of an account.
fn parse_account(subject: &[u8]) -> Result<CatalogKey<'_>> {
    let bad = || damaged("the key of an account has a bad name");
    let (length, names) = subject.split_first_chunk::<2>().ok_or_else(bad)?;
    let (user, host) = names.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or_else(bad)?;
    match (std::str::from_utf8(user), std::str::from_utf8(host)) {
        (Ok(user), Ok(host)) => Ok(CatalogKey::Account { user, host }),
        _ => Err(bad()),
    }
}

fn push_id(kind: u8, id: u32, key: &mut Vec<u8>) {
    key.push(kind);
    key.extend_from_slice(&id.to_be_bytes());
}

/// A counter's value from its eight bytes.
fn read_u64(value: &[u8]) -> Result<u64> {
    match <[u8; 8]>::try_from(value) {
        Ok(bytes) => Ok(u64::from_be_bytes(bytes)),
        Err(_) => Err(damaged("a counter of the catalog is not eight bytes")),
    }
}

fn read_u32(value: &[u8]) -> Result<u32> {
    match <[u8; 4]>::try_from(value) {
        Ok(bytes) => Ok(u32::from_be_bytes(bytes)),
        Err(_) => Err(damaged("the catalog's next id is not four bytes")),
    }
}

impl Catalog {
    /// The catalog at the store's watermark, with [`estimate::refresh`](super::estimate::refresh)ed tables.
    ///
    /// # Errors
    /// 1105 when the store cannot be read or holds what this program does not know.
    pub fn load(store: &Store) -> Result<Catalog> {
        let locks = LockTable::new();
        let mut txn = Transaction::begin(store, &locks, 0);
        txn.take_snapshot();
        let mut cursor = txn.scan(KeyRange::prefix(&CATALOG_PREFIX), Direction::Forward, View::Snapshot);
        let mut catalog = Catalog { next_id: FIRST_FREE_ID, ..Catalog::default() };
        let mut tables = Vec::new();
        let mut counters = Vec::new();
        let (mut accounts, mut accounts_stored) = (Vec::new(), false);
        while let Some((key, value)) = cursor.next(&mut txn)? {
            match CatalogKey::parse(&key)? {
                Some(CatalogKey::Version) => catalog.version = read_u64(&value)?,
                Some(CatalogKey::NextId) => catalog.next_id = read_u32(&value)?,
                Some(CatalogKey::Database(name)) => {
                    catalog.databases.insert(name.to_owned(), encode::read_database(&value)?);
                }
                Some(CatalogKey::Table(id)) => tables.push(encode::read_table(id, &value)?),
                // Databases come before views in the order of keys.
                Some(CatalogKey::View { database, name }) => {
                    catalog.put_view(database, name, Some(&value))?
                }
                Some(CatalogKey::Routine { kind, database, name }) => {
                    catalog.put_routine(kind, database, name, Some(&value))?;
                }
                Some(CatalogKey::Event { database, name }) => {
                    catalog.put_event(database, name, Some(&value))?;
                }
                Some(CatalogKey::AutoIncrement(id)) => counters.push((id, true, read_u64(&value)?)),
                Some(CatalogKey::RowId(id)) => counters.push((id, false, read_u64(&value)?)),
                Some(CatalogKey::GtidPurged) => catalog.gtid_purged = Arc::new(GtidSet::parse(&value)?),
                Some(CatalogKey::AccountsStored) => accounts_stored = true,
                Some(CatalogKey::Account { .. }) => accounts.push(read_account(&value)?),
                Some(
                    CatalogKey::EventRun { .. }
                    | CatalogKey::Dropped(_)
                    | CatalogKey::Building(_)
                    | CatalogKey::JobPlace(_)
                    | CatalogKey::JobFailed(_)
                    | CatalogKey::Prepared(_),
                )
                | None => {}
            }
        }
        for table in tables {
            catalog.insert_table(table)?;
        }
        for (id, is_auto_increment, value) in counters {
            if let Some(table) = catalog.by_id.get(&id) {
                let counter = if is_auto_increment { &table.auto_increment } else { &table.row_id };
                counter.fetch_max(value, Ordering::Relaxed);
            }
        }
        if accounts_stored {
            catalog.accounts = Arc::new(Accounts::of(accounts, true));
        }
        catalog.links = super::Links::of(&catalog);
        super::estimate::refresh(&catalog, store)?;
        Ok(catalog)
    }

    /// Puts a view into its database, or takes it away.
    fn put_view(&mut self, database: &str, name: &str, value: Option<&[u8]>) -> Result<()> {
        match (self.databases.get_mut(database), value) {
            (Some(found), Some(value)) => {
                found.views.insert(name.to_owned(), Arc::new(crate::view::encode::read_view(value)?));
                Ok(())
            }
            (Some(found), None) => {
                found.views.remove(name);
                Ok(())
            }
            // It goes with its database.
            (None, None) => Ok(()),
            (None, Some(_)) => Err(damaged(&format!("view {name} is in no database"))),
        }
    }

    /// Puts an event into its database, or takes it away.
    fn put_event(&mut self, database: &str, name: &str, value: Option<&[u8]>) -> Result<()> {
        match (self.databases.get_mut(database), value) {
            (Some(found), Some(value)) => {
                found.events.insert(name.to_owned(), Arc::new(read_event(value)?));
                Ok(())
            }
            (Some(found), None) => {
                found.events.remove(name);
                Ok(())
            }
            // It goes with its database.
            (None, None) => Ok(()),
            (None, Some(_)) => Err(damaged(&format!("event {name} is in no database"))),
        }
    }

    /// Puts a routine into its database, or takes it away.
    fn put_routine(
        &mut self,
        kind: RoutineKind,
        database: &str,
        name: &str,
        value: Option<&[u8]>,
    ) -> Result<()> {
        match (self.databases.get_mut(database), value) {
            (Some(found), Some(value)) => {
                found.routines.insert((kind, name.to_owned()), Arc::new(read_routine(value)?));
                Ok(())
            }
            (Some(found), None) => {
                found.routines.remove(&(kind, name.to_owned()));
                Ok(())
            }
            // It goes with its database.
            (None, None) => Ok(()),
            (None, Some(_)) => Err(damaged(&format!("routine {name} is in no database"))),
        }
    }

    fn insert_table(&mut self, table: Table) -> Result<()> {
        let Some(database) = self.databases.get_mut(&table.database) else {
            return Err(damaged(&format!("table {} is in no database", table.name)));
        };
        let table = Arc::new(table);
        self.by_id.insert(table.id, Arc::clone(&table));
        database.tables.insert(table.name.clone(), table);
        Ok(())
    }

    fn remove_table(&mut self, id: TableId) -> Option<Arc<Table>> {
        let table = self.by_id.remove(&id)?;
        if let Some(database) = self.databases.get_mut(&table.database)
            && database.tables.get(&table.name).is_some_and(|found| found.id == id)
        {
            database.tables.remove(&table.name);
        }
        Some(table)
    }

    /// Takes in a committed entry: moves the counters that all versions of the catalog share, and gives the next version
    /// when the entry changed the schema. To be called in the order of the log.
    ///
    /// # Errors
    /// 1105 when a mutation is one of the catalog that this program does not know.
    pub fn apply(&self, mutations: &[Mutation]) -> Result<Option<Catalog>> {
        let mut changes = Vec::new();
        for mutation in mutations {
            if !mutation.key.starts_with(&CATALOG_PREFIX) {
                continue;
            }
            let Some(key) = CatalogKey::parse(&mutation.key)? else { continue };
            let value = mutation.value.as_ref();
            match (key, value) {
                (CatalogKey::AutoIncrement(id), Some(value)) => {
                    self.move_counter(id, true, read_u64(value)?, mutations.len());
                }
                (CatalogKey::RowId(id), Some(value)) => {
                    self.move_counter(id, false, read_u64(value)?, mutations.len());
                }
                (CatalogKey::AutoIncrement(_) | CatalogKey::RowId(_), None) => {}
                (
                    CatalogKey::EventRun { .. }
                    | CatalogKey::Dropped(_)
                    | CatalogKey::Building(_)
                    | CatalogKey::JobPlace(_)
                    | CatalogKey::JobFailed(_)
                    | CatalogKey::Prepared(_),
                    _,
                ) => {}
                (
                    CatalogKey::Version
                    | CatalogKey::NextId
                    | CatalogKey::Database(_)
                    | CatalogKey::Table(_)
                    | CatalogKey::View { .. }
                    | CatalogKey::Routine { .. }
                    | CatalogKey::Event { .. }
                    | CatalogKey::GtidPurged
                    | CatalogKey::AccountsStored
                    | CatalogKey::Account { .. },
                    value,
                ) => changes.push((key, value)),
            }
        }
        if changes.is_empty() {
            return Ok(None);
        }
        let mut next = self.clone();
        next.change(&changes)?;
        // Counters of tables that this entry made.
        for mutation in mutations {
            match (CatalogKey::parse(&mutation.key)?, &mutation.value) {
                (Some(CatalogKey::AutoIncrement(id)), Some(value)) => {
                    next.move_counter(id, true, read_u64(value)?, 0);
                }
                (Some(CatalogKey::RowId(id)), Some(value)) => {
                    next.move_counter(id, false, read_u64(value)?, 0);
                }
                _ => {}
            }
        }
        Ok(Some(next))
    }

    fn change(&mut self, changes: &[(CatalogKey<'_>, Option<&Bytes>)]) -> Result<()> {
        let mut removed = FxHashMap::default();
        let mut made = Vec::new();
        let mut accounts = Vec::new();
        for (key, value) in changes {
            match (key, value) {
                (CatalogKey::Version, Some(value)) => self.version = read_u64(value)?,
                (CatalogKey::NextId, Some(value)) => self.next_id = self.next_id.max(read_u32(value)?),
                (CatalogKey::Database(name), Some(value)) => {
                    let read = encode::read_database(value)?;
                    let Database { tables, views, routines, events, .. } =
                        self.databases.remove(*name).unwrap_or_default();
                    let database = Database { tables, views, routines, events, ..read };
                    self.databases.insert((*name).to_owned(), database);
                }
                (CatalogKey::Database(name), None) => {
                    self.databases.remove(*name);
                }
                (CatalogKey::View { database, name }, value) => {
                    self.put_view(database, name, value.map(|value| &value[..]))?;
                }
                (CatalogKey::Routine { kind, database, name }, value) => {
                    self.put_routine(*kind, database, name, value.map(|value| &value[..]))?;
                }
                (CatalogKey::Event { database, name }, value) => {
                    self.put_event(database, name, value.map(|value| &value[..]))?;
                }
                // All names go before any comes, so that RENAME can exchange two.
                (CatalogKey::Table(id), value) => {
                    if let Some(table) = self.remove_table(*id) {
                        removed.insert(*id, table);
                    }
                    if let Some(value) = value {
                        made.push(encode::read_table(*id, value)?);
                    }
                }
                (CatalogKey::GtidPurged, Some(value)) => {
                    self.gtid_purged = Arc::new(GtidSet::parse(value)?);
                }
                (CatalogKey::Account { user, host }, value) => {
                    let id = AccountId { user: (*user).to_owned(), host: (*host).to_owned() };
                    accounts.push((id, value.map(|value| read_account(value)).transpose()?));
                }
                (
                    CatalogKey::Version
                    | CatalogKey::NextId
                    | CatalogKey::GtidPurged
                    | CatalogKey::AccountsStored
                    | CatalogKey::EventRun { .. }
                    | CatalogKey::AutoIncrement(_)
                    | CatalogKey::RowId(_)
                    | CatalogKey::Dropped(_)
                    | CatalogKey::Building(_)
                    | CatalogKey::JobPlace(_)
                    | CatalogKey::JobFailed(_)
                    | CatalogKey::Prepared(_),
                    _,
                ) => {}
            }
        }
        for mut table in made {
            if let Some(earlier) = removed.get(&table.id) {
                table.auto_increment = Arc::clone(&earlier.auto_increment);
                table.row_id = Arc::clone(&earlier.row_id);
                table.row_estimate = Arc::clone(&earlier.row_estimate);
                table.statistics = earlier.statistics.clone();
            }
            self.insert_table(table)?;
        }
        if changes
            .iter()
            .any(|(key, _)| matches!(key, CatalogKey::AccountsStored | CatalogKey::Account { .. }))
        {
            self.accounts = Arc::new(self.accounts.changed(accounts));
        }
        self.links = super::Links::of(self);
        Ok(())
    }

    /// Moves a counter up. Where it was behind (on a follower) the values that it skips are rows that were inserted, as
    /// far as the entry has room for them.
    fn move_counter(&self, id: TableId, is_auto_increment: bool, value: u64, rows_max: usize) {
        let Some(table) = self.by_id.get(&id) else { return };
        let counter: &AtomicU64 = if is_auto_increment { &table.auto_increment } else { &table.row_id };
        let earlier = counter.fetch_max(value, Ordering::Relaxed);
        let rows = value.saturating_sub(earlier).min(rows_max as u64);
        if rows > 0 {
            table.row_estimate.fetch_add(rows, Ordering::Relaxed);
        }
    }

    /// The indexes that an entry dropped: their keys can be deleted from the engine once it has reached that entry.
    #[must_use]
    pub fn dropped(mutations: &[Mutation]) -> Vec<IndexId> {
        let mut dropped = Vec::new();
        for mutation in mutations {
            if mutation.value.is_some()
                && let Ok(Some(CatalogKey::Dropped(id))) = CatalogKey::parse(&mutation.key)
            {
                dropped.push(id);
            }
        }
        dropped
    }
}

/// All indexes that were ever dropped, for a node that starts and may have been stopped before it deleted their keys.
///
/// # Errors
/// 1105 when the store cannot be read.
pub fn dropped_indexes(store: &Store) -> Result<Vec<IndexId>> {
    let locks = LockTable::new();
    let mut txn = Transaction::begin(store, &locks, 0);
    txn.take_snapshot();
    let ids = indexes_marked(&mut txn, b'x', View::Snapshot)?;
    Ok(ids)
}

/// Marks the indexes whose build was cut short by a change of leader as dropped. A new leader runs this in a transaction
/// of its own, committed as a [`SchemaChange`](storage::format::EntryKind::SchemaChange), before it takes schema
/// changes. True when there was anything to do.
///
/// # Errors
/// 1105 when the store cannot be read.
pub fn abandon_builds(txn: &mut Transaction) -> Result<bool> {
    let ids = indexes_marked(txn, b'b', View::Latest)?;
    for id in &ids {
        txn.delete(CatalogKey::Building(*id).to_bytes());
        txn.put(CatalogKey::Dropped(*id).to_bytes(), Bytes::new());
    }
    Ok(!ids.is_empty())
}

fn indexes_marked(txn: &mut Transaction, kind: u8, view: View) -> Result<Vec<IndexId>> {
    let mut prefix = CATALOG_PREFIX.to_vec();
    prefix.push(kind);
    let mut cursor = txn.scan(KeyRange::prefix(&prefix), Direction::Forward, view);
    let mut ids = Vec::new();
    while let Some((key, _)) = cursor.next(txn)? {
        match CatalogKey::parse(&key)? {
            Some(CatalogKey::Dropped(id) | CatalogKey::Building(id)) => ids.push(id),
            Some(_) | None => return Err(Error::internal("a catalog scan left its prefix")),
        }
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_key_is_read_as_what_it_was_written_as() {
        let keys = [
            CatalogKey::Version,
            CatalogKey::NextId,
            CatalogKey::Database("d"),
            CatalogKey::Table(TableId(7)),
            CatalogKey::View { database: "d", name: "v" },
            CatalogKey::Routine { kind: RoutineKind::Procedure, database: "d", name: "p" },
            CatalogKey::Routine { kind: RoutineKind::Function, database: "d", name: "p" },
            CatalogKey::Event { database: "d", name: "e" },
            CatalogKey::EventRun { database: "d", name: "e" },
            CatalogKey::AutoIncrement(TableId(7)),
            CatalogKey::RowId(TableId(7)),
            CatalogKey::Dropped(IndexId(7)),
            CatalogKey::Building(IndexId(7)),
            CatalogKey::JobPlace(IndexId(7)),
            CatalogKey::JobFailed(IndexId(7)),
            CatalogKey::Prepared(b"xid"),
            CatalogKey::GtidPurged,
            CatalogKey::AccountsStored,
            CatalogKey::Account { user: "u", host: "h" },
        ];
        let written: std::collections::HashSet<Bytes> = keys.iter().map(|key| key.to_bytes()).collect();
        assert_eq!(written.len(), keys.len());
        for key in keys {
            assert_eq!(CatalogKey::parse(&key.to_bytes()).unwrap(), Some(key));
        }
        assert_eq!(CatalogKey::parse(b"\x01elsewhere").unwrap(), None);
        assert!(CatalogKey::parse(&[&CATALOG_PREFIX[..], b"?"].concat()).is_err());
    }
}
