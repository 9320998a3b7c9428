//! A cluster: its leader, its members, and connections to them.
//!
//! Given some addresses, it learns the rest, and goes on learning: the leader pushes changes with its answers (where the server can), and
//! is asked in the background, at reconnects, and when a node fails. Statements go to the leader; reads may go to any node.
//!
//! What is repeated, and what never is:
//!
//! * A statement of [`Cluster::query`] when nothing of it was sent, when the node refused it because it does not lead, or when the
//!   server says that it was rolled back. When its answer was lost it is repeated only if it reads; else it is [`Error::Unknown`].
//! * A transaction of [`Cluster::transaction`] as a whole, until its COMMIT was sent; and after it when it is certain that it did not
//!   happen.
//! * A commit that the server calls in doubt has a name, by which any node is asked until it knows.
//! * Nothing that writes is ever sent twice at the same time.
//!
//! Left out: reads that are monotonic over several nodes (ask for [`Consistency::Strong`]), results as streams (take a
//! [`Cluster::leader`] connection), and certificates of clients.

mod pool;
mod read;
mod retry;
mod search;
mod topology;
mod transaction;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::watch;

pub use self::pool::PooledConnection;
use self::pool::{NodePool, Purpose};
pub use self::read::{Consistency, Reader};
pub use self::topology::{Member, Topology};
pub use self::transaction::Transaction;
use crate::{Error, Options, Param, QueryResult, Result, limits};

/// How a [`Cluster`] works.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    /// How to connect to each node. `timeout` bounds each statement. Several statements in one query are not possible here.
    pub connection: Options,
    /// Time that one call may take with all its repetitions. An outcome that is in doubt may be asked for longer.
    pub deadline: Duration,
    /// Connections to one node, in use and idle; at least 1.
    pub connections_max: usize,
    /// A connection that was unused for so long is closed.
    pub idle_timeout: Duration,
    /// How often the members are asked for when nothing happens.
    pub refresh_every: Duration,
    /// Run a transaction again also when it waited for a lock for too long (1205).
    pub retry_lock_waits: bool,
    /// How much of the reads the leader gets for each that another node gets, if both are as fast; 0: only when there is no other.
    pub leader_read_weight: u32,
    /// The same for nodes by address; 1 for those that are not here.
    pub read_weights: HashMap<String, u32>,
}

impl Default for ClusterOptions {
    fn default() -> Self {
        ClusterOptions {
            connection: Options::default(),
            deadline: limits::TIMEOUT_DEFAULT,
            connections_max: limits::CONNECTIONS_MAX_DEFAULT,
            idle_timeout: limits::IDLE_TIMEOUT_DEFAULT,
            refresh_every: limits::REFRESH_DEFAULT,
            retry_lock_waits: false,
            leader_read_weight: 1,
            read_weights: HashMap::new(),
        }
    }
}

impl ClusterOptions {
    fn read_weight(&self, address: &str, is_leader: bool) -> u32 {
        match self.read_weights.get(address) {
            Some(weight) => *weight,
            None if is_leader => self.leader_read_weight,
            None => 1,
        }
    }
}

/// A cluster. Clones share everything; its background task ends with the last of them. See the [crate's](crate) page.
#[derive(Clone, Debug)]
pub struct Cluster {
    shared: Arc<Shared>,
}

/// What the clones share.
#[derive(Debug)]
struct Shared {
    seeds: Vec<String>,
    options: ClusterOptions,
    topology: watch::Sender<Topology>,
    pools: Mutex<HashMap<String, Arc<NodePool>>>,
    /// Held while the leader is looked for.
    searching: tokio::sync::Mutex<()>,
    /// The highest place in the log of what was committed through this cluster, as far as the server names it.
    written: AtomicU64,
    /// Something was committed whose place in the log is not known.
    has_unnamed_writes: AtomicBool,
}

impl Cluster {
    /// Finds the leader by some addresses of the cluster, and the members.
    ///
    /// # Errors
    /// [`Error::NoLeader`] when none is found within the deadline; [`Error::LoginRefused`] for a wrong user or password.
    pub async fn connect<A: Into<String>>(
        addresses: impl IntoIterator<Item = A>,
        options: ClusterOptions,
    ) -> Result<Cluster> {
        let mut options = options;
        options.connections_max = options.connections_max.max(1);
        options.connection.track_session = true;
        // A text with a second statement in it could end a transaction.
        options.connection.multi_statements = false;
        let deadline = Instant::now() + options.deadline;
        let shared = Arc::new(Shared {
            seeds: addresses.into_iter().map(Into::into).collect(),
            options,
            topology: watch::Sender::new(Topology::default()),
            pools: Mutex::default(),
            searching: tokio::sync::Mutex::new(()),
            written: AtomicU64::new(0),
            has_unnamed_writes: AtomicBool::new(false),
        });
        shared.leader(deadline).await?;
        tokio::spawn(search::keep_fresh(Arc::downgrade(&shared)));
        Ok(Cluster { shared })
    }

    /// Runs a statement on the leader that commits by itself, again where it cannot have run. See the module for what is
    /// repeated.
    ///
    /// # Errors
    /// The server's; [`Error::Unknown`] when it may have run, [`Error::AnswerLost`] when it has; the last reason when the time was up.
    pub async fn query(&self, sql: &str) -> Result<QueryResult> {
        self.shared.autocommit(sql, None).await
    }

    /// Runs it with values in place of its `?`; it is prepared once a connection.
    ///
    /// # Errors
    /// As [`Cluster::query`].
    pub async fn execute(&self, sql: &str, parameters: &[Param<'_>]) -> Result<QueryResult> {
        self.shared.autocommit(sql, Some(parameters)).await
    }

    /// Reads on any node, chosen by weight and by how soon it answers, that see at least what `consistency` says.
    pub fn read(&self, consistency: Consistency) -> Reader<'_> {
        Reader { cluster: self, consistency }
    }

    /// A connection to the leader. Whoever uses it directly does its own repetitions.
    ///
    /// # Errors
    /// [`Error::NoLeader`], [`Error::Busy`], or why the leader cannot be connected to.
    pub async fn leader(&self) -> Result<PooledConnection> {
        let deadline = Instant::now() + self.shared.options.deadline;
        loop {
            let pool = self.shared.leader(deadline).await?;
            match pool.take(Purpose::Write, deadline).await {
                Err(error @ (Error::Connect { .. } | Error::Stale | Error::Lost { .. })) => {
                    self.shared.leader_failed(&pool.address);
                    if Instant::now() >= deadline {
                        return Err(error);
                    }
                }
                Ok(mut connection) => {
                    connection.set_deadline(
                        Instant::now() + self.shared.options.connection.timeout,
                        self.shared.options.connection.timeout,
                    );
                    return Ok(connection);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// What is known of the cluster now.
    pub fn topology(&self) -> Topology {
        self.shared.topology.borrow().clone()
    }
}

impl Shared {
    fn pool(&self, address: &str) -> Arc<NodePool> {
        let mut pools = self.pools.lock();
        if let Some(pool) = pools.get(address) {
            return Arc::clone(pool);
        }
        let ClusterOptions { connection, connections_max, idle_timeout, .. } = &self.options;
        let pool = Arc::new(NodePool::new(address, connection.clone(), *connections_max, *idle_timeout));
        pools.insert(address.to_owned(), Arc::clone(&pool));
        pool
    }

    /// Closes what has been unused for too long, and forgets nodes that are no members any more.
    fn reap(&self) {
        let topology = self.topology.borrow().clone();
        self.pools.lock().retain(|address, pool| {
            pool.reap();
            let is_member = topology.members.iter().any(|member| member.address == *address);
            is_member || self.seeds.contains(address) || topology.leader.as_ref() == Some(address)
        });
    }

    /// A statement or transaction on the leader was answered: takes what the server said with it.
    fn note_done(&self, connection: &mut PooledConnection, has_written: bool) {
        let tracked = connection.take_tracked();
        if let Some(text) = tracked.topology {
            self.topology.send_if_modified(|topology| topology.take_pushed(&text));
        }
        match tracked.gtid {
            Some(gtid) => self.note_gtid(&gtid),
            None if has_written && !connection.reports_gtids() => {
                self.has_unnamed_writes.store(true, Ordering::Release);
            }
            None => {}
        }
    }

    /// A transaction of this name is committed.
    fn note_gtid(&self, gtid: &str) {
        match retry::gtid_index(gtid) {
            Some(index) => drop(self.written.fetch_max(index, Ordering::AcqRel)),
            None => self.has_unnamed_writes.store(true, Ordering::Release),
        }
    }
}
