//! What SQL asks of the server around it: processes, status, variables that only the server knows.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use consensus::NodeId;
use parking_lot::RwLock;
use sql::execute::{ClusterView, Host, Process, TransactionOutcome};
use sql::gtid::Gtid;
use sql::gtid_set::GtidSet;
use sql::types::Value;
use storage::engine::KeyRange;
use storage::txn::{LockOutcome, WaitPolicy};

use super::Node;
use super::capabilities::{Algorithms, COMPRESSION_ALGORITHMS};
use super::process::Connection;

/// Values of settable variables changed with SET GLOBAL. They hold for this node until it stops.
#[derive(Debug, Default)]
pub struct Globals {
    values: RwLock<BTreeMap<String, Value>>,
}

fn text(value: impl Into<String>) -> Value {
    Value::Text(bytes::Bytes::from(value.into()))
}

/// The variable that keeps clients out that do not encrypt.
pub const REQUIRE_SECURE_TRANSPORT: &str = "require_secure_transport";

/// `replica_parallel_workers` until it is set: as in the table of variables, which is MySQL's.
const APPLY_WORKERS_DEFAULT: u64 = 4;

impl Node {
    /// The UUID that GTIDs of this cluster carry.
    #[must_use]
    pub fn cluster_uuid(&self) -> String {
        uuid_text(self.config.cluster_id)
    }

    /// The UUID of a node as a server: the cluster's, and the node's id.
    #[must_use]
    pub fn server_uuid(&self, node_id: u64) -> String {
        uuid_text(self.config.cluster_id ^ u128::from(node_id))
    }

    /// How many threads apply a batch (`replica_parallel_workers`); 0 and 1: one.
    #[must_use]
    pub fn apply_workers(&self) -> u64 {
        let set = self.globals.values.read().get("replica_parallel_workers").cloned();
        if let Some(Value::UInt(workers)) = set { workers } else { APPLY_WORKERS_DEFAULT }
    }

    /// `require_secure_transport`: whether clients that do not encrypt are refused.
    #[must_use]
    pub fn requires_secure_transport(&self) -> bool {
        self.globals.values.read().get(REQUIRE_SECURE_TRANSPORT) == Some(&Value::Int(1))
    }

    /// `secure_file_priv`, which MySQL shows with a slash at its end.
    fn secure_file_priv(&self) -> String {
        let folder = self.config.secure_file_priv.as_ref();
        folder.map_or_else(|| "NULL".to_owned(), |folder| format!("{}/", folder.path.display()))
    }

    /// `socket`: where clients of this machine connect.
    fn socket(&self) -> String {
        self.config.socket.as_ref().map(|socket| socket.path.display().to_string()).unwrap_or_default()
    }

    /// `ssl_ca`, `ssl_cert`, `ssl_key`, `tls_version`, in this order; empty where clients cannot encrypt.
    fn tls_settings(&self) -> [String; 4] {
        let Some(tls) = self.client_tls.get() else { return Default::default() };
        let shown = |path: &std::path::Path| path.display().to_string();
        let versions: Vec<&str> = tls.versions.iter().map(|version| version.name()).collect();
        [
            tls.ca.as_deref().map(shown).unwrap_or_default(),
            shown(&tls.cert),
            shown(&tls.key),
            versions.join(","),
        ]
    }

    /// Name and value of every variable that only the server knows, ascending.
    fn host_variables(&self) -> Vec<(String, Value)> {
        let role = self.role.get();
        let leader = role.leader.and_then(|id| self.members.sql_address(id));
        let port = self.config.listen.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or(0);
        let watermark = self.store.watermark();
        let mut variables = vec![
            ("datadir".into(), text(format!("{}/", self.config.data.display()))),
            ("group_replication_group_name".into(), text(self.cluster_uuid())),
            ("gtid_executed".into(), text(self.gtid_executed(watermark))),
            ("gtid_purged".into(), text(self.catalog().gtid_purged.to_string())),
            ("hostname".into(), text(hostname())),
            ("max_connections".into(), Value::UInt(self.processes.connections_max() as u64)),
            ("port".into(), Value::Int(port)),
            ("quorate_cluster_id".into(), text(self.cluster_uuid())),
            ("quorate_commit_index".into(), Value::UInt(watermark)),
            ("consensus_election_timeout".into(), Value::UInt(self.ticks_ms(|timing| timing.election_ticks))),
            (
                "consensus_heartbeat_interval".into(),
                Value::UInt(self.ticks_ms(|timing| timing.heartbeat_ticks)),
            ),
            ("quorate_engine".into(), text(self.engine_name())),
            ("quorate_cluster_identity".into(), text(self.cluster_identity())),
            ("quorate_leader".into(), text(leader.unwrap_or_default())),
            ("quorate_membership".into(), text(self.membership_text())),
            ("quorate_node_role".into(), text(self.kind())),
            ("quorate_leader_id".into(), Value::UInt(role.leader.unwrap_or(0))),
            ("quorate_role".into(), text(self.shown_role(&role))),
            ("quorate_serving".into(), Value::Int(i64::from(role.serving))),
            ("quorate_term".into(), Value::UInt(role.term)),
            ("quorate_topology".into(), text(self.topology_text())),
            ("read_only".into(), Value::Int(i64::from(!role.serving))),
            ("secure_file_priv".into(), text(self.secure_file_priv())),
            ("server_id".into(), Value::UInt(self.config.node_id)),
            ("server_uuid".into(), text(self.server_uuid(self.config.node_id))),
            ("socket".into(), text(self.socket())),
            ("super_read_only".into(), Value::Int(i64::from(!role.serving))),
        ];
        let names = ["ssl_ca", "ssl_cert", "ssl_key", "tls_version"];
        variables.extend(
            names.into_iter().zip(self.tls_settings()).map(|(name, value)| (name.into(), text(value))),
        );
        variables.sort_by(|a: &(String, Value), b| a.0.cmp(&b.0));
        variables
    }

    /// What this node has applied, and what was loaded of others.
    fn gtid_executed(&self, watermark: u64) -> String {
        let own = gtid_set(&self.cluster_uuid(), watermark);
        let purged = &self.catalog().gtid_purged;
        match GtidSet::parse(own.as_bytes()) {
            Ok(set) if !purged.is_empty() => purged.with(&set).to_string(),
            _ => own,
        }
    }

    fn ticks_ms(&self, ticks: fn(&consensus::Config) -> u32) -> u64 {
        u64::from(ticks(&self.timing())) * u64::from(consensus::limits::TICK_MS)
    }

    /// The role as clients see it: what a node that votes for others only does not lead, and one that was removed is nothing.
    pub(super) fn shown_role(&self, role: &super::role::RoleState) -> &'static str {
        match role.shown() {
            _ if self.part() == "removed node" => "removed",
            "follower" if self.config.log_only => "logger",
            shown => shown,
        }
    }

    /// The engine that keeps the tables; a node without tables has none.
    fn engine_name(&self) -> &'static str {
        if self.config.log_only { "none" } else { self.config.engine.name() }
    }

    /// `data`, `logger` or `learner`.
    fn kind(&self) -> &'static str {
        match self.members.member(self.config.node_id) {
            _ if self.config.log_only => "logger",
            Some(member) if member.is_voter => "data",
            Some(_) | None => "learner",
        }
    }

    /// What a node that joins is told, as JSON.
    fn cluster_identity(&self) -> String {
        let identity = crate::join::ClusterIdentity {
            cluster_id: format!("{:032x}", self.config.cluster_id),
            cluster_name: self.config.cluster_name.clone(),
            timing: self.config.timing,
            peers: self.config.peers.clone(),
        };
        serde_json::to_string(&identity).unwrap_or_default()
    }

    /// The members in X-Cluster's form: `1=host:port#5S`, weight and S for strong sync, `L` for log-only; a learner `4=host:port$source`.
    fn membership_text(&self) -> String {
        let members = self.members.in_force();
        let line = |member: &consensus::Member| {
            let (id, address) = (member.id.get(), &member.peer_address);
            let log_only = if member.is_log_only { "L" } else { "" };
            if member.is_voter {
                let strong = if member.is_strong_sync { "S" } else { "" };
                format!("{id}={address}#{}{strong}{log_only}", member.weight)
            } else {
                format!("{id}={address}${}{log_only}", member.source.map_or(0, NodeId::get))
            }
        };
        members.members.iter().map(line).collect::<Vec<_>>().join(";")
    }

    /// `INDEX CHECKSUM` over the schema, all rows and all index entries at the watermark: the same on every node at the same
    /// index. Empty while the store cannot be read.
    fn checksum(&self) -> String {
        let snapshot = self.store.snapshot();
        if !self.catalog_known.load(Ordering::Acquire) {
            // The tables were replaced by a snapshot just now: which there are is not known yet.
            return String::new();
        }
        let catalog = self.catalog();
        let mut ids: Vec<u32> = vec![0];
        for table in catalog.databases.values().flat_map(|database| database.tables.values()) {
            ids.extend(table.index_ids().map(|id| id.0));
        }
        ids.sort_unstable();
        let ranges: Vec<KeyRange> = ids.iter().map(|id| KeyRange::prefix(&id.to_be_bytes())).collect();
        match snapshot.checksum(&ranges) {
            Ok(checksum) => format!("{} {:016x}-{}", checksum.index, checksum.sum, checksum.row_count),
            Err(_) => String::new(),
        }
    }

    fn status_values(&self, of_session: bool, connection_id: u64) -> Vec<(String, String)> {
        let counters = &self.processes.counters;
        let load = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed).to_string();
        let processes = self.processes.processes();
        let running = processes.iter().filter(|process| process.command != "Sleep").count();
        let stats = self.store.stats();
        let mut status: Vec<(String, String)> = vec![
            ("Aborted_clients".into(), load(&counters.aborted_clients)),
            ("Aborted_connects".into(), load(&counters.aborted_connects)),
            ("Bytes_received".into(), load(&counters.bytes_received)),
            ("Bytes_sent".into(), load(&counters.bytes_sent)),
            ("Connections".into(), load(&counters.connections)),
            ("Innodb_row_lock_waits".into(), load(&counters.lock_waits)),
            ("Max_used_connections".into(), load(&counters.connections_most)),
            ("Prepared_stmt_count".into(), load(&counters.prepared_statements)),
            ("Queries".into(), load(&counters.questions)),
            ("Questions".into(), load(&counters.questions)),
            ("Quorate_engine_index".into(), self.store.engine_index().to_string()),
            ("Quorate_sequenced_transactions".into(), load(&counters.sequenced)),
            ("Quorate_store_memory_bytes".into(), self.store.memory_bytes().to_string()),
            ("Quorate_store_snapshots".into(), stats.snapshot_count.to_string()),
            ("Quorate_transactions_merging".into(), self.store.overlay_count().to_string()),
            (
                "Quorate_transactions_staged".into(),
                self.store.open_staged().map_or(0, |open| open.len()).to_string(),
            ),
            ("Quorate_watermark".into(), self.store.watermark().to_string()),
            ("Threads_connected".into(), processes.len().to_string()),
            ("Threads_running".into(), running.to_string()),
            ("Uptime".into(), self.processes.started.elapsed().as_secs().to_string()),
            (
                "group_replication_primary_member".into(),
                self.role.get().leader.map_or_else(String::new, |leader| self.server_uuid(leader)),
            ),
        ];
        status.extend(self.processes.statement_counts(of_session.then_some(connection_id)).shown());
        // As in MySQL these two are the connection's, whichever scope is asked for.
        let encryption = self.processes.find(connection_id).and_then(|found| found.encryption.get().copied());
        status.push(("Ssl_cipher".into(), encryption.map_or("", |tls| tls.cipher).into()));
        status.push(("Ssl_version".into(), encryption.map_or("", |tls| tls.version).into()));
        let key = self.password_key.get().map(|key| key.public_pem().to_string());
        status.push(("Caching_sha2_password_rsa_public_key".into(), key.unwrap_or_default()));
        let compression =
            self.processes.find(connection_id).and_then(|found| found.compression.get().copied());
        status.push(("Compression".into(), compression.map_or("OFF", |_| "ON").into()));
        status.push(("Compression_algorithm".into(), compression.map_or("", |used| used.name()).into()));
        status.push(("Compression_level".into(), compression.map_or(0, |used| used.level()).to_string()));
        status.push(("Ssl_accepts".into(), load(&counters.tls_accepts)));
        status.push(("Ssl_finished_accepts".into(), load(&counters.tls_finished_accepts)));
        let current = ["Current_tls_ca", "Current_tls_cert", "Current_tls_key", "Current_tls_version"];
        status.extend(current.into_iter().zip(self.tls_settings()).map(|(name, value)| (name.into(), value)));
        status
            .extend(crate::allocator::count().map(|count| ("Quorate_allocations".into(), count.to_string())));
        self.stages.show(self.sequencer.queued_count(), self.store.watermark(), &mut status);
        let (leaders, followers) = self.sequencer.group_counts();
        status.push(("Group_update_leader_count".into(), leaders.to_string()));
        status.push(("Group_update_follower_count".into(), followers.to_string()));
        let transfer = u8::from(self.sequencer.is_held());
        status.push(("Consensus_in_leader_transfer".into(), transfer.to_string()));
        status.push(("Created_tmp_files".into(), self.scratch.files().to_string()));
        status.push(("Quorate_tmp_file_bytes".into(), self.scratch.bytes().to_string()));
        status.push(("Global_connection_memory".into(), self.memory.bytes().to_string()));
        let plans = self.text_plans.figures();
        status.push(("Quorate_text_plan_entries".into(), plans.entries.to_string()));
        status.push(("Quorate_text_plan_hits".into(), plans.hits.to_string()));
        status.push(("Quorate_text_plan_misses".into(), plans.misses.to_string()));
        status.push(("Quorate_read_lease".into(), u8::from(self.reads.has_lease()).to_string()));
        status.extend(
            self.peer_counters.snapshot().into_iter().map(|(name, value)| (name.into(), value.to_string())),
        );
        status.sort();
        status
    }
}

/// A cluster's or node's 128 bits as a UUID.
fn uuid_text(id: u128) -> String {
    let hex = format!("{id:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// A GTID set of everything up to `index`.
fn gtid_set(uuid: &str, index: u64) -> String {
    match index {
        0 => String::new(),
        1 => format!("{uuid}:1"),
        last => format!("{uuid}:1-{last}"),
    }
}

fn hostname() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map_or_else(|_| "localhost".into(), |name| name.trim().into())
}

impl Host for Node {
    fn processes(&self) -> Vec<Process> {
        self.processes.processes()
    }

    fn compute(&self, run: &mut dyn FnMut()) {
        tokio::task::block_in_place(run);
    }

    fn transactions(&self) -> Vec<sql::execute::TransactionView> {
        self.processes.transactions()
    }

    fn lock_waits(&self) -> Vec<storage::txn::Waiting> {
        self.locks.waits()
    }

    fn connect_attributes(&self) -> Vec<sql::execute::ConnectAttribute> {
        self.processes.attributes()
    }

    fn status(&self, session: bool, connection_id: u64) -> Vec<(String, String)> {
        self.status_values(session, connection_id)
    }

    fn scratch_file(&self) -> sql::Result<Box<dyn sql::execute::spill::ScratchFile>> {
        self.scratch.file(&self.config.data)
    }

    fn read_file(&self, name: &str, most_bytes: u64) -> Option<bytes::Bytes> {
        use std::io::Read;
        let file = super::secure_files::open_to_read(self, name).ok()?;
        let mut text = Vec::new();
        file.take(most_bytes).read_to_end(&mut text).ok()?;
        Some(text.into())
    }

    fn variable(&self, name: &str) -> Option<Value> {
        if name == "quorate_checksum" {
            // Reads every row, so it is computed when it is asked for by name and not listed.
            return Some(text(self.checksum()));
        }
        self.host_variables().into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    fn variables(&self) -> Vec<(String, Value)> {
        self.host_variables()
    }

    fn global_override(&self, name: &str) -> Option<Value> {
        self.globals.values.read().get(name).cloned()
    }

    fn check_global(&self, name: &str, value: &Value) -> sql::Result<()> {
        if let (COMPRESSION_ALGORITHMS, Value::Text(list)) = (name, value) {
            let list = String::from_utf8_lossy(list);
            return match Algorithms::parse(&list) {
                Some(_) => Ok(()),
                None => Err(sql::Error::wrong_value_for_variable(name, list)),
            };
        }
        if name == REQUIRE_SECURE_TRANSPORT && *value == Value::Int(1) && self.client_tls.get().is_none() {
            return Err(sql::Error {
                code: 3160,
                state: *b"HY000",
                message: "No secure transports (SSL or Shared Memory) are configured, unable to set --require_secure_transport=ON"
                    .into(),
            });
        }
        Ok(())
    }

    fn set_global(&self, name: &str, value: Value) {
        if let ("global_connection_memory_limit", Value::UInt(bytes)) = (name, &value) {
            self.memory.set_limit(*bytes);
        }
        self.globals.values.write().insert(name.to_owned(), value);
        if name == super::event::SCHEDULER {
            self.events.wake();
        }
    }

    fn transaction_outcome(&self, gtid: &Gtid) -> TransactionOutcome {
        self.outcome(gtid)
    }

    fn cluster(&self) -> ClusterView {
        self.cluster_view()
    }

    fn acquire_user_lock(
        &self,
        connection_id: u64,
        name: &str,
        policy: WaitPolicy,
    ) -> sql::Result<LockOutcome> {
        self.user_locks.acquire(self, connection_id, name, policy)
    }

    fn release_user_lock(&self, connection_id: u64, name: &str) -> Option<bool> {
        self.user_locks.release(self, connection_id, name)
    }

    fn release_user_locks(&self, connection_id: u64) -> u64 {
        self.user_locks.release_all(self, connection_id)
    }

    fn user_lock_owner(&self, name: &str) -> sql::Result<Option<u64>> {
        self.user_locks.owner(self, name)
    }

    fn kill(&self, connection_id: u64, query_only: bool) -> bool {
        self.processes
            .find(connection_id)
            .as_deref()
            .map(|found: &Connection| found.kill(query_only))
            .is_some()
    }
}
