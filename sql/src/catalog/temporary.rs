//! The temporary tables of a session: definitions that no catalog has.
//!
//! A name of a temporary table hides the stored table of that name, for its session. Ids are taken from a range that stored tables never
//! come to, and are the session's own: the same id means another table in another session. The rows are in the session's
//! [`Temporary`](storage::txn::Temporary).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use storage::limits::{TEMPORARY_INDEX_ID_END, TEMPORARY_INDEX_ID_MIN};

use super::{IndexId, Table, TableId};
use crate::{Error, Result};

/// Versions are told apart in the whole process, so that no plan of one session is taken for one of another.
static NEXT_VERSION: AtomicU64 = AtomicU64::new(1);

/// The temporary tables of a session, at one version.
#[derive(Clone, Debug)]
pub struct TemporaryTables {
    version: u64,
    databases: BTreeMap<String, BTreeMap<String, Arc<Table>>>,
    next_id: u32,
}

impl Default for TemporaryTables {
    fn default() -> TemporaryTables {
        TemporaryTables { version: 0, databases: BTreeMap::new(), next_id: TEMPORARY_INDEX_ID_MIN }
    }
}

impl TemporaryTables {
    /// A number that no other set of temporary tables has had.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.databases.is_empty()
    }

    /// The temporary table of a name.
    #[must_use]
    pub fn find(&self, database: &str, name: &str) -> Option<&Arc<Table>> {
        self.databases.get(database)?.get(name)
    }

    /// All of them, by database and name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Table>> {
        self.databases.values().flat_map(BTreeMap::values)
    }

    /// Gives a table and its indexes ids that the session has not used.
    ///
    /// # Errors
    /// 1105 when they are used up.
    pub fn give_ids(&mut self, table: &mut Table) -> Result<()> {
        let count = u32::try_from(table.indexes.len() + 1).unwrap_or(u32::MAX);
        let end = self.next_id.checked_add(count).filter(|end| *end <= TEMPORARY_INDEX_ID_END);
        let Some(end) = end else {
            return Err(Error::internal("the session has used up its ids of temporary tables"));
        };
        table.id = TableId(self.next_id);
        for (index, id) in table.indexes.iter_mut().zip(self.next_id + 1..) {
            index.id = IndexId(id);
        }
        self.next_id = end;
        self.moved();
        Ok(())
    }

    /// Puts a table in, in place of one of its name.
    pub fn insert(&mut self, table: Arc<Table>) {
        let tables = self.databases.entry(table.database.clone()).or_default();
        tables.insert(table.name.clone(), table);
        self.moved();
    }

    /// Takes a table out.
    pub fn remove(&mut self, database: &str, name: &str) -> Option<Arc<Table>> {
        let tables = self.databases.get_mut(database)?;
        let removed = tables.remove(name);
        if tables.is_empty() {
            self.databases.remove(database);
        }
        self.moved();
        removed
    }

    fn moved(&mut self) {
        self.version = NEXT_VERSION.fetch_add(1, Ordering::Relaxed);
    }
}

impl Table {
    /// Whether it is a session's own.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        self.id.0 >= TEMPORARY_INDEX_ID_MIN
    }
}
