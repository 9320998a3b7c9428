//! What a node does: it decides, and touches no socket, file or clock itself.
//!
//! The life of a COMMIT runs through these files in this order: [`session`] executes the statement and seals the
//! transaction's write set; [`sequencer`] gives it the next log index, installs its versions as pending and releases its
//! locks; the consensus thread (`runtime/driver.rs`) proposes it; [`apply`] moves the watermark when the quorum has it, which
//! wakes the session; [`session`] answers. [`role`] says who leads; [`entry_cache`] holds the recent entries that the
//! peers and the apply read.

mod account_statement;
pub mod administration;
pub mod apply;
pub mod assignment;
pub mod authorize;
pub mod capabilities;
pub mod cluster;
mod cluster_view;
pub mod decided;
pub mod entry_cache;
pub mod errno;
pub mod event;
pub mod flush;
pub mod freshness;
pub mod health;
mod hinted;
pub mod host;
pub mod instance_lock;
mod isolation;
pub mod large;
pub mod load;
pub mod logger;
pub mod login;
mod maintenance;
pub mod members;
pub mod metadata;
pub mod online;
pub mod outcome;
pub mod parameters;
pub mod plan_cache;
pub mod prepared;
pub mod process;
pub mod program;
pub mod reads;
pub mod result;
pub mod role;
pub mod run_plan;
pub mod schema_change;
pub mod scratch;
mod secure_files;
mod select_into;
pub mod sequencer;
pub mod session;
pub mod stages;
pub mod statement;
pub mod statement_counts;
pub mod steering;
pub mod table_locks;
pub mod temporary;
pub mod text_plans;
pub mod tracker;
mod transactions;
pub mod user_locks;
pub mod vitals;
pub mod xa;

use std::sync::Arc;

use parking_lot::RwLock;
use sql::catalog::Catalog;
use storage::txn::LockTable;
use storage::version::Store;

use crate::config::Config;

/// What all sessions of a node share.
pub struct Node {
    /// How it was started.
    pub config: Config,
    /// The versioned store.
    pub store: Store,
    /// Row and metadata locks.
    pub locks: LockTable,
    /// The schema at the watermark; empty until the store is ready. Replaced by [`apply`] before the watermark passes a
    /// change.
    pub catalog: RwLock<Arc<Catalog>>,
    /// Gives transactions their place in the log.
    pub sequencer: sequencer::Sequencer,
    /// How far commits have come, and how long that takes.
    pub stages: Arc<stages::CommitStages>,
    /// What became of transactions in doubt.
    pub decided: decided::DecidedTerms,
    /// Whether the catalog was read: until the replay after a restart is far enough, nothing is known of any table.
    pub catalog_known: std::sync::atomic::AtomicBool,
    /// Who leads.
    pub role: role::RoleBoard,
    /// Who belongs to the cluster.
    pub members: members::MemberBoard,
    /// Linearizable reads.
    pub reads: reads::ReadGate,
    /// Counters and events of the cluster.
    pub cluster: cluster::ClusterBoard,
    /// The tables are lost or were never here, and the log does not reach back to their beginning: a snapshot is on its way. Nothing
    /// is applied until then.
    pub store_is_lost: std::sync::atomic::AtomicBool,
    /// The recent entries, once the node has started.
    pub entry_cache: std::sync::OnceLock<Arc<entry_cache::EntryCache>>,
    /// What went through the links to other nodes.
    pub peer_counters: Arc<crate::runtime::peer::PeerCounters>,
    /// What the statements of all connections keep in memory.
    pub memory: Arc<sql::execute::memory::TotalMemory>,
    /// How often the tables were replaced by a snapshot since the start.
    pub store_replacements: std::sync::atomic::AtomicU64,
    /// This node was told that it was removed from the cluster.
    pub removed: std::sync::atomic::AtomicBool,
    /// Somebody wants the log to be purged up to here; zero: nobody.
    pub purge_wanted: std::sync::atomic::AtomicU64,
    /// And also of what members still need.
    pub purge_forced: std::sync::atomic::AtomicBool,
    /// Somebody waits for everything up to this index to be in the engine.
    pub flush_wanted: std::sync::atomic::AtomicU64,
    /// Asks the consensus thread for what changes the cluster.
    pub steering: steering::Steering,
    /// Transactions that wait for the second phase of a commit.
    pub prepared: prepared::PreparedTransactions,
    /// GET_LOCK().
    pub user_locks: user_locks::UserLocks,
    /// Whether LOCK TABLES … WRITE is in force anywhere on this node.
    pub write_locked_tables: table_locks::WriteLockedTables,
    /// What the temporary tables of all sessions take.
    pub temporary_budget: Arc<storage::txn::TemporaryBudget>,
    /// Transactions in parts that ended without commit.
    pub large: large::LargeBoard,
    /// Whether its threads run, for the health checks.
    pub vitals: vitals::Vitals,
    /// Statements for the leader, and from other nodes.
    pub forwarding: crate::forward::Forwarding,
    /// How old the data here may be, for the health checks.
    pub freshness: freshness::Freshness,
    /// What clients' connections are encrypted with, once the node has started; none: they cannot be.
    pub client_tls: std::sync::OnceLock<crate::runtime::client_tls::ClientTls>,
    /// What decrypts clients' passwords, once the node has started.
    pub password_key: std::sync::OnceLock<crate::runtime::login::key::PasswordKey>,
    /// Who is let in.
    pub logins: login::Logins,
    /// Bytes of the disk that the rows of cursors take.
    pub cursor_spill_bytes: Arc<std::sync::atomic::AtomicU64>,
    /// Temporary files of statements.
    pub scratch: Arc<scratch::ScratchSpace>,
    /// Connections and counters.
    pub processes: process::ProcessList,
    /// Global values of system variables changed with SET GLOBAL on this node.
    pub globals: host::Globals,
    /// The last term in which index builds that an earlier leader left unfinished were given up; held while that is done.
    pub builds_abandoned_term: tokio::sync::Mutex<u64>,
    /// What is known of events that run.
    pub events: event::EventBoard,
    /// ALTER TABLEs that let others go on.
    pub online: online::OnlineJobs,
    /// Plans of statements that come as text.
    pub text_plans: text_plans::TextPlans,
    /// Ids of transactions, from 1 at each start.
    next_txn_id: std::sync::atomic::AtomicU64,
}

impl Node {
    /// Puts a node together.
    #[must_use]
    pub fn new(
        config: Config,
        store: Store,
        sequencer: sequencer::Sequencer,
        members: members::MemberBoard,
        steering: steering::Steering,
    ) -> Node {
        Node {
            role: role::RoleBoard::new(config.node_id),
            members,
            reads: reads::ReadGate::new(steering.ask_to_read()),
            cluster: cluster::ClusterBoard::default(),
            store_is_lost: std::sync::atomic::AtomicBool::new(false),
            entry_cache: std::sync::OnceLock::new(),
            peer_counters: Arc::default(),
            memory: Arc::default(),
            store_replacements: std::sync::atomic::AtomicU64::new(0),
            removed: std::sync::atomic::AtomicBool::new(false),
            purge_wanted: std::sync::atomic::AtomicU64::new(0),
            purge_forced: std::sync::atomic::AtomicBool::new(false),
            flush_wanted: std::sync::atomic::AtomicU64::new(0),
            steering,
            config,
            store,
            locks: LockTable::new(),
            catalog: RwLock::new(Arc::new(Catalog::default())),
            sequencer,
            stages: Arc::default(),
            decided: decided::DecidedTerms::default(),
            catalog_known: std::sync::atomic::AtomicBool::new(false),
            prepared: prepared::PreparedTransactions::default(),
            user_locks: user_locks::UserLocks::default(),
            write_locked_tables: table_locks::WriteLockedTables::default(),
            temporary_budget: Arc::default(),
            large: large::LargeBoard::default(),
            vitals: vitals::Vitals::default(),
            forwarding: crate::forward::Forwarding::default(),
            freshness: freshness::Freshness::default(),
            client_tls: std::sync::OnceLock::new(),
            password_key: std::sync::OnceLock::new(),
            logins: login::Logins::default(),
            cursor_spill_bytes: Arc::default(),
            scratch: Arc::default(),
            processes: process::ProcessList::new(),
            globals: host::Globals::default(),
            builds_abandoned_term: tokio::sync::Mutex::new(0),
            events: event::EventBoard::default(),
            online: online::OnlineJobs::default(),
            text_plans: text_plans::TextPlans::default(),
            next_txn_id: std::sync::atomic::AtomicU64::new(1),
        }
    }

    /// What this node is among the members: `voter`, `logger`, `learner`, or `removed node`.
    #[must_use]
    pub fn part(&self) -> &'static str {
        let own = self.members.member(self.config.node_id);
        match own {
            _ if self.removed.load(std::sync::atomic::Ordering::Acquire) => "removed node",
            None if self.members.is_removed(self.config.node_id) => "removed node",
            _ if self.config.log_only => "logger",
            Some(member) if member.is_voter => "follower",
            Some(_) | None => "learner",
        }
    }

    /// The timing of the consensus core.
    #[must_use]
    pub fn timing(&self) -> consensus::Config {
        self.config.timing.consensus(consensus::NodeId::new(self.config.node_id), 0)
    }

    /// The schema as of now.
    #[must_use]
    pub fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.catalog.read())
    }

    /// The error for a statement that only the leader can run.
    #[must_use]
    pub fn refuse_write(&self) -> sql::Error {
        if self.part() == "removed node" {
            return sql::Error::read_only("this node was removed from the cluster; connect to another one");
        }
        let role = self.role.get();
        let leader =
            role.leader.filter(|id| *id != self.config.node_id).and_then(|id| self.members.sql_address(id));
        match leader {
            Some(address) => {
                let part = self.part();
                sql::Error::read_only(format_args!("this node is a {part}; the leader is {address}"))
            }
            None if role.leader.is_some() => {
                sql::Error::read_only("this node is becoming the leader; try again")
            }
            None => sql::Error::read_only(
                "no leader is known: there is no majority, or an election is running; try again",
            ),
        }
    }

    /// The version of the schema as of now.
    #[must_use]
    pub fn catalog_version(&self) -> u64 {
        self.catalog.read().version
    }

    /// A new transaction's id.
    pub fn take_txn_id(&self) -> u64 {
        self.next_txn_id.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
    }
}
