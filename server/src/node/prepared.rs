//! [`PreparedTransactions`]: the branches of XA transactions on this node, and the locks of those that are prepared.
//!
//! A prepared transaction is a row of the store: its key is the identifier, its value the whole write set
//! ([`sql::catalog::store::CatalogKey::Prepared`]). It got there by an ordinary transaction of the log, so every node has it, also one that
//! was restarted or loaded a snapshot. What it wrote is in no table yet. Its row locks and metadata locks are held by the leader, here, in
//! the name of the transaction that took them, whatever becomes of the session.
//!
//! A node that begins to lead reads all these rows before it opens for writes, and takes an exclusive lock on every key that they will
//! write, and the metadata locks of their tables ([`PreparedTransactions::is_ready`]). Locks of rows that were only read are not taken
//! again, nor are range locks: as in InnoDB after a restart. Whoever is in the way began under an earlier leadership and cannot commit.
//! Since the keys stayed locked from the statement that wrote them up to the second phase, that can never find a conflict.
//!
//! Invariants: while this node is open for writes in a term, `transactions` has exactly the prepared rows of the store, pending ones
//! included, but for what a session is just finishing; and every one of them holds its locks.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use parking_lot::Mutex;
use sql::ast::Xid;
use sql::catalog::store::{CATALOG_PREFIX, CatalogKey};
use sql::catalog::{Catalog, IndexId};
use sql::codec::Zone;
use sql::ddl;
use storage::engine::{Direction, KeyRange};
use storage::format::Mutation;
use storage::txn::{LockMode, Transaction, View, decode_mutations};

use super::Node;

/// The branches that this node, as the leader, knows of.
#[derive(Default)]
pub struct PreparedTransactions {
    inner: Mutex<Inner>,
    /// Held while locks are taken, so that two leaderships do not do so at once.
    recovery: Mutex<()>,
}

#[derive(Default)]
struct Inner {
    /// The leadership whose locks are being taken, or that has them; zero: none.
    term: u64,
    /// They are all there.
    is_ready: bool,
    /// By identifier; none while a session is finishing the transaction.
    transactions: HashMap<Xid, Option<Transaction>>,
    /// Branches of sessions, which are not prepared yet.
    active: HashSet<Xid>,
}

/// What came of asking for a prepared transaction.
pub enum Taken {
    /// It is to be finished.
    Transaction(Box<Finishing>),
    /// Another session is finishing it.
    Busy,
    /// There is none of this name.
    Unknown,
}

/// A prepared transaction that a session finishes. Goes back, prepared as before, unless it is [`Finishing::done`].
pub struct Finishing {
    node: Arc<Node>,
    term: u64,
    xid: Xid,
    txn: Option<Transaction>,
}

impl Finishing {
    /// The transaction, with the locks it took when its statements ran.
    pub fn txn(&mut self) -> &mut Transaction {
        self.txn.as_mut().expect("it goes only with its holder")
    }

    /// The second phase has its place in the log: the transaction is prepared no longer, and its locks are released.
    pub fn done(mut self) {
        let mut txn = self.txn.take();
        if let Some(txn) = &mut txn {
            txn.sequenced();
        }
        {
            let mut inner = self.node.prepared.inner.lock();
            if inner.term == self.term {
                inner.transactions.remove(&self.xid);
            }
        }
        drop(txn);
    }
}

impl Drop for Finishing {
    fn drop(&mut self) {
        let Some(mut txn) = self.txn.take() else { return };
        drop(txn.take_writes());
        let mut inner = self.node.prepared.inner.lock();
        if inner.term == self.term
            && let Some(place) = inner.transactions.get_mut(&self.xid)
        {
            *place = Some(txn);
        }
    }
}

/// The name of a session's branch, which no other branch has meanwhile.
pub struct Reserved {
    node: Arc<Node>,
    xid: Xid,
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.node.prepared.inner.lock().active.remove(&self.xid);
    }
}

/// The key of a prepared transaction.
#[must_use]
pub fn key_of(xid: &Xid) -> bytes::Bytes {
    CatalogKey::Prepared(&xid.to_bytes()).to_bytes()
}

/// The keys of all of them.
fn all_keys() -> KeyRange {
    let mut prefix = CATALOG_PREFIX.to_vec();
    prefix.push(b'p');
    KeyRange::prefix(&prefix)
}

/// The identifiers of all prepared transactions of a snapshot, in their order.
///
/// # Errors
/// When the store cannot be read.
pub fn list(txn: &mut Transaction) -> Result<Vec<Xid>, storage::Error> {
    let mut cursor = txn.scan(all_keys(), Direction::Forward, View::Snapshot);
    let mut found = Vec::new();
    while let Some((key, _)) = cursor.next(txn)? {
        found.push(xid_of(&key)?);
    }
    Ok(found)
}

fn xid_of(key: &[u8]) -> Result<Xid, storage::Error> {
    let parsed = match CatalogKey::parse(key) {
        Ok(Some(CatalogKey::Prepared(xid))) => Xid::parse(xid),
        _ => None,
    };
    parsed.ok_or_else(|| storage::Error::Corrupt {
        file: "store".into(),
        offset: 0,
        what: "a prepared transaction has a bad identifier".into(),
    })
}

impl PreparedTransactions {
    /// Reserves the name of a new branch.
    ///
    /// # Errors
    /// When there is a branch of this name.
    pub fn reserve(&self, node: &Arc<Node>, xid: &Xid) -> Option<Reserved> {
        let mut inner = self.inner.lock();
        let is_free = !inner.transactions.contains_key(xid) && inner.active.insert(xid.clone());
        is_free.then(|| Reserved { node: Arc::clone(node), xid: xid.clone() })
    }

    /// Takes in a transaction that has just been given its place in the log of `term` as a prepared one.
    pub fn insert(&self, term: u64, xid: Xid, txn: Transaction) {
        let mut inner = self.inner.lock();
        if inner.term == term && inner.is_ready {
            inner.transactions.insert(xid, Some(txn));
        }
    }

    /// A prepared transaction, to be finished in `term`.
    pub fn take(&self, node: &Arc<Node>, term: u64, xid: &Xid) -> Taken {
        let mut inner = self.inner.lock();
        if inner.term != term {
            return Taken::Unknown;
        }
        match inner.transactions.get_mut(xid).map(Option::take) {
            None => Taken::Unknown,
            Some(None) => Taken::Busy,
            Some(Some(txn)) => Taken::Transaction(Box::new(Finishing {
                node: Arc::clone(node),
                term,
                xid: xid.clone(),
                txn: Some(txn),
            })),
        }
    }

    /// The leadership is over: what is held here means nothing any more.
    pub fn end_term(&self) {
        let dropped = {
            let mut inner = self.inner.lock();
            (inner.term, inner.is_ready) = (0, false);
            std::mem::take(&mut inner.transactions)
        };
        drop(dropped);
    }

    /// Whether all prepared transactions hold their locks, so that the leadership of `term` may open for writes. The first call of a term
    /// forgets all locks of earlier ones and begins to take them; where that takes long, on a thread that ends with `ready`. Everything
    /// committed before the term must have been applied.
    ///
    /// # Errors
    /// When the store cannot be read: the node must stop.
    pub fn is_ready(
        &self,
        node: &Arc<Node>,
        term: u64,
        ready: impl FnOnce(Result<(), storage::Error>) + Send + 'static,
    ) -> Result<bool, storage::Error> {
        {
            let mut inner = self.inner.lock();
            if inner.term == term {
                return Ok(inner.is_ready);
            }
            inner.term = term;
            inner.is_ready = false;
        }
        if node.config.log_only {
            // It has no tables, and nobody writes here.
            self.inner.lock().is_ready = true;
            return Ok(true);
        }
        node.locks.forget_all();
        let mut reader = Transaction::begin(&node.store, &node.locks, node.take_txn_id());
        reader.take_snapshot();
        let mut cursor = reader.scan(all_keys(), Direction::Forward, View::Snapshot);
        if cursor.next(&mut reader)?.is_none() {
            self.inner.lock().is_ready = true;
            return Ok(true);
        }
        let shared = Arc::clone(node);
        let thread = std::thread::Builder::new().name("prepared".into());
        let spawned = thread.spawn(move || ready(shared.prepared.take_locks(&shared, term)));
        match spawned {
            Ok(_detached) => Ok(false),
            Err(source) => Err(storage::Error::Io {
                context: "starting a thread for prepared transactions".into(),
                source,
            }),
        }
    }

    /// Takes the locks of all prepared transactions.
    fn take_locks(&self, node: &Arc<Node>, term: u64) -> Result<(), storage::Error> {
        let _alone = self.recovery.lock();
        let mut reader = Transaction::begin(&node.store, &node.locks, node.take_txn_id());
        reader.take_snapshot();
        let catalog = node.catalog();
        let mut cursor = reader.scan(all_keys(), Direction::Forward, View::Snapshot);
        let mut count = 0;
        while let Some((key, value)) = cursor.next(&mut reader)? {
            let xid = xid_of(&key)?;
            let mut txn = Transaction::begin(&node.store, &node.locks, node.take_txn_id());
            let mutations = decode_mutations(bytes::Bytes::copy_from_slice(&value))?;
            let mut inner = self.inner.lock();
            if inner.term != term {
                // Another leadership may have begun to take them: it must not lose its own to this one.
                return Ok(());
            }
            txn.seize_writes(&mutations);
            seize_tables(&mut txn, &catalog, &mutations);
            seize_parents(&mut txn, &catalog, &mutations);
            inner.transactions.insert(xid, Some(txn));
            count += 1;
        }
        tracing::info!(count, term, "the locks of prepared transactions are held");
        let mut inner = self.inner.lock();
        if inner.term == term {
            inner.is_ready = true;
        }
        Ok(())
    }
}

/// Locks the parents of the rows that a prepared transaction writes, shared, as their writer did: they must be there when it commits.
fn seize_parents(txn: &mut Transaction, catalog: &Catalog, mutations: &[Mutation]) {
    for mutation in mutations {
        let (Some(value), Some(index)) = (&mutation.value, mutation.key.first_chunk::<4>()) else { continue };
        let index = u32::from_be_bytes(*index);
        let Some(links) = catalog.links.of_rows(IndexId(index)) else { continue };
        // What cannot be read now cannot be committed either.
        if let Ok(keys) = sql::dml::foreign_key::parent_keys(links, &mutation.key, value, Zone::UTC) {
            keys.iter().for_each(|key| txn.seize(key, LockMode::Shared));
        }
    }
}

/// Locks the definitions of the tables that a prepared transaction writes.
fn seize_tables(txn: &mut Transaction, catalog: &Catalog, mutations: &[Mutation]) {
    let index_of =
        |mutation: &Mutation| mutation.key.first_chunk::<4>().map(|index| u32::from_be_bytes(*index));
    let indexes: HashSet<u32> = mutations.iter().filter_map(index_of).collect();
    let is_of = |table: &sql::catalog::Table| table.index_ids().any(|id| indexes.contains(&id.0));
    for table in catalog.databases.values().flat_map(|database| database.tables.values()) {
        if is_of(table) {
            txn.seize(&ddl::metadata_lock_key(&table.database, &table.name), LockMode::IntentExclusive);
            // The tables that its foreign keys looked at stay as they are, too.
            for (related, changes) in catalog.links.closure(table.id, false) {
                let mode = if changes { LockMode::IntentExclusive } else { LockMode::IntentShared };
                txn.seize(&ddl::metadata_lock_key(&related.database, &related.name), mode);
            }
        }
    }
}
