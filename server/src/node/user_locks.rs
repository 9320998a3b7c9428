//! GET_LOCK() and its like: locks by name that applications agree on, one owner in the whole cluster.
//!
//! They are held on the leader, in its lock table, in the name of a transaction that a session keeps for nothing else: it outlives the
//! session's other transactions and ends with the session. Another node refuses them (1290). When the leadership moves they are
//! gone: the new leader knows of none, and what a session holds of an earlier leadership counts as nothing, which is why the term is part
//! of a lock's key. Deadlocks among user locks are found (3058); one by way of a user lock and a row lock ends by a timeout.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use sql::Error;
use storage::txn::{LockMode, LockOutcome, LockWait, Transaction, WaitPolicy};

use super::Node;
use super::process::count;
use super::session::Session;

/// The user locks of all sessions of a node.
#[derive(Default)]
pub struct UserLocks {
    /// By connection.
    sessions: Mutex<HashMap<u64, Held>>,
}

/// The user locks of one session.
struct Held {
    /// The leadership they belong to.
    term: u64,
    /// In whose name they are held.
    txn: Transaction,
    /// How often each is held; none is zero.
    counts: BTreeMap<String, u64>,
    /// What a statement waits for.
    awaited: Option<String>,
}

impl Held {
    fn new(node: &Node, term: u64) -> Held {
        let txn = Transaction::begin(&node.store, &node.locks, node.take_txn_id());
        Held { term, txn, counts: BTreeMap::new(), awaited: None }
    }
}

/// The key of a lock: behind those of metadata locks, which end in other letters.
fn lock_key(term: u64, name: &str) -> Bytes {
    let mut key = vec![0xFF, 0xFF, 0xFF, 0xFF, b'u'];
    key.extend_from_slice(&term.to_be_bytes());
    key.extend_from_slice(name.as_bytes());
    Bytes::from(key)
}

impl UserLocks {
    /// Takes a lock, once more if the connection has it.
    ///
    /// # Errors
    /// 1290 on a node that does not lead, 3058 for a deadlock.
    pub fn acquire(
        &self,
        node: &Node,
        connection_id: u64,
        name: &str,
        policy: WaitPolicy,
    ) -> Result<LockOutcome, Error> {
        let term = node.sequencer.term().ok_or_else(|| node.refuse_write())?;
        let mut sessions = self.sessions.lock();
        let held = sessions.entry(connection_id).or_insert_with(|| Held::new(node, term));
        if held.term != term {
            *held = Held::new(node, term);
        }
        if let Some(count) = held.counts.get_mut(name) {
            *count += 1;
            return Ok(LockOutcome::Granted);
        }
        let outcome = match held.txn.lock(&lock_key(term, name), LockMode::Exclusive, policy) {
            Err(storage::Error::LockDeadlock) => return Err(Error::user_lock_deadlock()),
            other => other?,
        };
        held.awaited = None;
        match &outcome {
            LockOutcome::Granted => drop(held.counts.insert(name.to_owned(), 1)),
            LockOutcome::Wait(_) => held.awaited = Some(name.to_owned()),
            LockOutcome::Skipped => {}
        }
        Ok(outcome)
    }

    /// Gives up what a statement waited for: it was stopped. The lock may have been granted meanwhile.
    pub fn give_up(&self, connection_id: u64) {
        if let Some(held) = self.sessions.lock().get_mut(&connection_id)
            && let Some(name) = held.awaited.take()
        {
            held.txn.release(&lock_key(held.term, &name));
        }
    }

    /// Releases a lock once: true when the connection had it, false when another has it, none when nobody does.
    pub fn release(&self, node: &Node, connection_id: u64, name: &str) -> Option<bool> {
        let term = node.sequencer.term()?;
        if let Some(held) = self.sessions.lock().get_mut(&connection_id)
            && held.term == term
            && let Some(count) = held.counts.get_mut(name)
        {
            *count -= 1;
            if *count == 0 {
                held.counts.remove(name);
                held.txn.release(&lock_key(term, name));
            }
            return Some(true);
        }
        (!node.locks.holders(&lock_key(term, name)).is_empty()).then_some(false)
    }

    /// Releases all locks of a connection: how often it had them.
    pub fn release_all(&self, node: &Node, connection_id: u64) -> u64 {
        let Some(held) = self.sessions.lock().remove(&connection_id) else { return 0 };
        if node.sequencer.term() == Some(held.term) { held.counts.values().sum() } else { 0 }
    }

    /// The connection that holds a lock.
    ///
    /// # Errors
    /// 1290 on a node that does not lead.
    pub fn owner(&self, node: &Node, name: &str) -> Result<Option<u64>, Error> {
        let term = node.sequencer.term().ok_or_else(|| node.refuse_write())?;
        let holders = node.locks.holders(&lock_key(term, name));
        let sessions = self.sessions.lock();
        Ok(sessions.iter().find(|(_, held)| holders.contains(&held.txn.id())).map(|(id, _)| *id))
    }

    /// The leadership that a connection's locks belong to, if it has any.
    pub fn term(&self, connection_id: u64) -> Option<u64> {
        self.sessions.lock().get(&connection_id).filter(|held| !held.counts.is_empty()).map(|held| held.term)
    }
}

/// A session's user locks, which end with it.
pub struct OwnUserLocks {
    node: Arc<Node>,
    connection_id: u64,
}

impl OwnUserLocks {
    /// Those of a session that begins.
    #[must_use]
    pub fn new(node: Arc<Node>, connection_id: u64) -> OwnUserLocks {
        OwnUserLocks { node, connection_id }
    }
}

impl OwnUserLocks {
    /// Releases them: the session begins anew.
    pub fn release(&self) {
        let held = self.node.user_locks.sessions.lock().remove(&self.connection_id);
        // Not under the lock: releasing wakes others.
        drop(held);
    }
}

impl Drop for OwnUserLocks {
    fn drop(&mut self) {
        self.release();
    }
}

impl Session {
    /// Waits for a user lock; true when that took too long.
    ///
    /// # Errors
    /// 1317 when it is killed.
    pub(super) async fn wait_for_user_lock(
        &self,
        wait: LockWait,
        patience: Option<Duration>,
    ) -> Result<bool, Error> {
        count(&self.node.processes.counters.lock_waits);
        self.connection.state("User lock");
        let _shown = self.connection.transaction.waits(&wait);
        let timeout = async {
            match patience {
                Some(patience) => tokio::time::sleep(patience).await,
                None => std::future::pending().await,
            }
        };
        let outcome = tokio::select! {
            granted = wait => granted.map(|()| false).map_err(Error::from),
            () = timeout => Ok(true),
            () = self.connection.until_killed() => Err(self.interrupted()),
        };
        self.connection.state("executing");
        if outcome.is_err() {
            self.node.user_locks.give_up(self.connection.id);
        }
        outcome
    }
}
