//! How a node is started: flags over a TOML file over defaults, checked before anything is touched.
//!
//! The same file serves every node: it lists all voters, and a node knows which one it is by `--node-id` (or
//! `QUORATE_NODE_ID`), else by the one address of the list that is this machine's.

use std::collections::BTreeSet;
use std::net::{TcpListener, ToSocketAddrs};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::engine_name::EngineName;
use crate::limits::{CONNECTIONS_MAX, STREAM_TRANSACTION_MIB_DEFAULT, STREAM_TRANSACTION_MIB_MAX};
use crate::socket_path::SocketPath;

/// Highest node id.
pub const NODE_ID_MAX: u64 = 65_535;

/// One founding voter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Peer {
    /// Node id, 1 to 65535.
    pub id: u64,
    /// `host:port` for other nodes.
    pub peer_address: String,
    /// `host:port` for clients.
    pub sql_address: String,
    /// Keeps the log and no tables.
    #[serde(default, skip_serializing_if = "is_default")]
    pub log_only: bool,
    /// Election weight, 0 to 9; none: 5.
    #[serde(default, skip_serializing_if = "is_default")]
    pub weight: Option<u8>,
    /// Commits wait for it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub strong_sync: bool,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Peer {
    /// A voter with tables and nothing special.
    #[must_use]
    pub fn new(id: u64, peer_address: String, sql_address: String) -> Peer {
        Peer { id, peer_address, sql_address, log_only: false, weight: None, strong_sync: false }
    }
}

/// How long elections and heartbeats take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Timing {
    /// Nodes within some milliseconds of each other: a new leader within 2 s.
    #[default]
    Lan,
    /// Nodes up to some 300 ms apart: a new leader within 10 s.
    Wan,
}

impl Timing {
    /// The core's settings for a node.
    #[must_use]
    pub fn consensus(self, id: consensus::NodeId, seed: u64) -> consensus::Config {
        match self {
            Timing::Lan => consensus::Config::lan(id, seed),
            Timing::Wan => consensus::Config::wan(id, seed),
        }
    }

    /// As it is written on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Timing::Lan => "lan",
            Timing::Wan => "wan",
        }
    }
}

/// A version of TLS that clients may speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
pub enum TlsVersion {
    /// TLS 1.2.
    #[serde(rename = "TLSv1.2")]
    #[value(name = "TLSv1.2")]
    Tls12,
    /// TLS 1.3.
    #[serde(rename = "TLSv1.3")]
    #[value(name = "TLSv1.3")]
    Tls13,
}

impl TlsVersion {
    /// Both.
    pub const ALL: [TlsVersion; 2] = [TlsVersion::Tls12, TlsVersion::Tls13];

    /// As it is written, here and in MySQL.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            TlsVersion::Tls12 => "TLSv1.2",
            TlsVersion::Tls13 => "TLSv1.3",
        }
    }
}

/// Where this node reaches another one, in place of the address that the members know.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerRoute {
    /// The other node.
    pub id: u64,
    /// `host:port`.
    pub address: String,
}

/// The TOML file, and the flags in the same form. Every key is optional here; [`Settings::check`] says what is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, clap::Args)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Which of the peers this node is (1 to 99); default: the one whose peer address is this machine's
    #[arg(long, env = "QUORATE_NODE_ID")]
    pub node_id: Option<u64>,
    /// Name of the cluster; nodes of different names never talk to each other [default: quorate]
    #[arg(long)]
    pub cluster_name: Option<String>,
    /// Data folder of this node
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// Client addresses of a running cluster that this node is to join, in place of --peers; its data folder must be empty
    #[arg(long, value_delimiter = ',')]
    pub join: Vec<String>,
    /// As what it joins: learner, voter (a learner that gets a vote once it has caught up) or logger (a voter that keeps the log
    /// and no tables) [default: voter]
    #[arg(long = "as", value_enum)]
    pub join_as: Option<JoinAs>,
    /// host:port to serve MySQL clients on [default: this node's client address among the peers]
    #[arg(long)]
    pub listen: Option<String>,
    /// Unix socket to serve clients of this machine on; empty: none [default: mysql.sock in the data folder]
    #[arg(long)]
    pub socket: Option<PathBuf>,
    /// host:port to serve MySQL clients on through opensrv-mysql as well, for trials [default: none]
    #[cfg(feature = "opensrv")]
    #[arg(long)]
    pub opensrv_listen: Option<String>,
    /// host:port to listen on for the other nodes [default: this node's peer address]
    #[arg(long)]
    pub peer_listen: Option<String>,
    /// host:port to answer the health checks of load balancers on, over HTTP: /primary, /replica?lag=1s, /read, /health, /ready
    /// [default: none]
    #[arg(long)]
    pub http_listen: Option<String>,
    /// Networks of proxies, as ADDRESS/BITS or ADDRESS separated by commas, or * for any: they may say for whom a connection is, in a
    /// PROXY header (version 1 or 2) [default: none]
    #[arg(long, value_delimiter = ',')]
    pub proxy_protocol_networks: Vec<String>,
    /// All founding voters, as ID=PEER_HOST:PORT/CLIENT_HOST:PORT, separated by commas; used when the cluster is formed. After the
    /// addresses may follow, each behind a semicolon: log-only, strong-sync, weight=0 to 9
    #[arg(long, value_delimiter = ',', value_parser = parse_peer)]
    pub peers: Vec<Peer>,
    /// Where this node reaches others, as ID=HOST:PORT separated by commas, in place of the addresses that the members know
    #[arg(long, value_delimiter = ',', value_parser = parse_route)]
    pub peer_route: Vec<PeerRoute>,
    /// lan or wan: how long heartbeats and elections take; chosen when the cluster is formed, for all its nodes [default: lan]
    #[arg(long, value_enum)]
    pub timing: Option<Timing>,
    /// Certificates of the authority that signed the certificates of all nodes (PEM); with --peer-cert and --peer-key: links between
    /// nodes are encrypted and both ends are checked
    #[arg(long)]
    pub peer_ca: Option<PathBuf>,
    /// This node's certificate for other nodes (PEM)
    #[arg(long)]
    pub peer_cert: Option<PathBuf>,
    /// The key of that certificate (PEM)
    #[arg(long)]
    pub peer_key: Option<PathBuf>,
    /// Whether clients may encrypt their connections (TLS) [default: on]
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_parser = clap::builder::BoolishValueParser::new())]
    pub ssl: Option<bool>,
    /// This node's certificate for clients (PEM), followed by those between it and its authority [default: server-cert.pem in the data
    /// folder, which the node makes itself if it is not there]
    #[arg(long)]
    pub ssl_cert: Option<PathBuf>,
    /// The key of that certificate (PEM)
    #[arg(long)]
    pub ssl_key: Option<PathBuf>,
    /// Certificates of the authority that certificates of clients must be of (PEM) [default: clients are not asked for certificates]
    #[arg(long)]
    pub ssl_ca: Option<PathBuf>,
    /// Versions of TLS that clients may speak, separated by commas [default: TLSv1.2,TLSv1.3]
    #[arg(long, value_delimiter = ',', value_enum, ignore_case = true)]
    pub tls_version: Vec<TlsVersion>,
    /// Whether clients that do not encrypt are refused; SET GLOBAL changes it while the node runs [default: off]
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_parser = clap::builder::BoolishValueParser::new())]
    pub require_secure_transport: Option<bool>,
    /// Most connections of clients at once, 1 to 10000; one more is for accounts with CONNECTION_ADMIN [default: 10000, as far as the limit
    /// of open files allows]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=CONNECTIONS_MAX as u64))]
    pub max_connections: Option<u64>,
    /// File that holds root's password: given when the cluster is formed, to all its nodes, root has it from the start, and clients may
    /// connect from other machines. Later it is only what this node logs in to others with [default: root has no password, and clients
    /// are served on loopback only]
    #[arg(long, env = "QUORATE_ROOT_PASSWORD_FILE")]
    pub root_password_file: Option<PathBuf>,
    /// The folder that LOAD DATA may read files of this machine in, and SELECT … INTO OUTFILE write them; NULL for none [default: NULL]
    #[arg(long)]
    pub secure_file_priv: Option<PathBuf>,
    /// Whether clients may send files (LOAD DATA LOCAL); SET GLOBAL changes it while the node runs [default: off]
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_parser = clap::builder::BoolishValueParser::new())]
    pub local_infile: Option<bool>,
    /// Compress what is sent to other nodes, from this many bytes a frame on: for far nodes [default: no compression]
    #[arg(long)]
    pub peer_compress_bytes: Option<usize>,
    /// Log to keep for nodes that lag a little, in MiB; older segments go once every node has them [default: 256]
    #[arg(long)]
    pub log_keep_mib: Option<u64>,
    /// Most log on disk, in MiB: past it segments go even if a node still needs them, which then gets a snapshot [default: 8192]
    #[arg(long)]
    pub log_max_mib: Option<u64>,
    /// Size of one log segment, in MiB [default: 64]
    #[arg(long)]
    pub log_segment_mib: Option<u64>,
    /// Most bytes a second of a snapshot sent to another node, in MiB [default: 64]
    #[arg(long)]
    pub snapshot_mib_per_second: Option<u64>,
    /// Storage engine that keeps the tables of this node: sled, redb or fjall; chosen with the data folder [default: fjall]
    #[arg(long, value_enum)]
    pub engine: Option<EngineName>,
    /// Memory for caches of the storage engine's rows, in MiB [default: a sixteenth of the memory, 64 to 8192]
    #[arg(long)]
    pub engine_cache_mib: Option<u64>,
    /// Memory for row versions that are not in the engine yet, in MiB [default: a thirty-second of the memory, 64 to 1024]
    #[arg(long)]
    pub store_memory_mib: Option<u64>,
    /// Memory of a transaction's changes past which they are written to the log in parts while it runs, in MiB [default: 16]
    #[arg(long)]
    pub stream_transaction_mib: Option<u64>,
    /// Threads that run sessions [default: one a core, at least 2]
    #[arg(long)]
    pub worker_threads: Option<usize>,
    /// Log as JSON lines
    #[arg(long, num_args = 0..=1, default_missing_value = "true")]
    pub log_json: Option<bool>,
}

/// As what a node joins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum JoinAs {
    /// Without a vote, for good.
    Learner,
    /// With a vote once it has caught up.
    #[default]
    Voter,
    /// With a vote once it has caught up; keeps no tables.
    Logger,
}

/// Files of the certificates for links between nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerTlsFiles {
    /// Certificates of the authority.
    pub ca: PathBuf,
    /// This node's certificate.
    pub cert: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// How clients' connections are encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientTlsSettings {
    /// Certificate and key; none: those in the data folder.
    pub files: Option<(PathBuf, PathBuf)>,
    /// The authority of clients' certificates; none: they are not asked for any.
    pub ca: Option<PathBuf>,
    /// Versions that are spoken, ascending, at least one.
    pub versions: Vec<TlsVersion>,
}

/// The folder of `--secure-file-priv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecureFolder {
    /// As it was written.
    pub written: PathBuf,
    /// The same without links.
    pub path: PathBuf,
}

impl SecureFolder {
    /// Looks for the folder; none for NULL.
    fn of(written: Option<&Path>, data: &Path) -> Result<Option<SecureFolder>, String> {
        let Some(written) = written.filter(|path| !path.as_os_str().eq_ignore_ascii_case("NULL")) else {
            return Ok(None);
        };
        let refused = |why: String| format!("--secure-file-priv {}: {why}", written.display());
        if !written.is_absolute() {
            return Err(refused("name a folder by its whole path, or NULL for none".into()));
        }
        let path = written.canonicalize().map_err(|error| refused(error.to_string()))?;
        if !path.is_dir() {
            return Err(refused("it is no folder".into()));
        }
        let data = data.canonicalize().unwrap_or_else(|_| data.to_owned());
        if data.starts_with(&path) || path.starts_with(&data) {
            return Err(refused(
                "it must be apart from the data folder, which no statement may reach".into(),
            ));
        }
        Ok(Some(SecureFolder { written: written.to_owned(), path }))
    }
}

/// A node's settings, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// This node; 0 until a node that joins has been given an id.
    pub node_id: u64,
    /// Name that the cluster's id is made from.
    pub cluster_name: String,
    /// The cluster's id: made from its name and founding members, or what the data folder says.
    pub cluster_id: u128,
    /// What the log's files carry: the id that the cluster was formed with, also after a recovery gave it another one.
    pub log_cluster_id: u128,
    /// Made with the data folder; another one means that the folder was lost.
    pub incarnation: u128,
    /// Keeps the log and no tables.
    pub log_only: bool,
    /// Client addresses of the cluster to join; empty: a founding member.
    pub join: Vec<String>,
    /// It joined to get a vote, and has none yet.
    pub wants_vote: bool,
    /// Data folder.
    pub data: PathBuf,
    /// Where clients connect, `host:port`.
    pub listen: String,
    /// Where clients of this machine connect without the network: a Unix socket; none: nowhere.
    pub socket: Option<SocketPath>,
    /// Where clients are served through opensrv-mysql, `host:port`; none: nowhere.
    #[cfg(feature = "opensrv")]
    pub opensrv_listen: Option<String>,
    /// Where the other nodes connect, `host:port`.
    pub peer_listen: String,
    /// Where health checks are answered, `host:port`; none: nowhere.
    pub http_listen: Option<String>,
    /// Whose PROXY headers are believed.
    pub proxy_networks: wire::proxy::Networks,
    /// The founding voters, ascending by id; later ones are in the log.
    pub peers: Vec<Peer>,
    /// Where this node reaches others, where that is not what the members know.
    pub peer_route: Vec<PeerRoute>,
    /// Heartbeats and elections: chosen when the cluster is formed, the same on all nodes for ever.
    pub timing: Timing,
    /// What the flags say of it.
    pub timing_wanted: Option<Timing>,
    /// Certificates for links between nodes; none: they are not encrypted.
    pub peer_tls: Option<PeerTlsFiles>,
    /// How clients' connections are encrypted; none: they cannot be.
    pub client_tls: Option<ClientTlsSettings>,
    /// `require_secure_transport` when the node starts: clients that do not encrypt are refused.
    pub require_secure_transport: bool,
    /// Most connections of clients.
    pub connections_max: usize,
    /// Root's password when the cluster is formed, and that this node logs in to others with.
    pub root_password_file: Option<PathBuf>,
    /// Where statements may read and write files of this machine; none: nowhere.
    pub secure_file_priv: Option<SecureFolder>,
    /// `local_infile` when the node starts: whether clients may send files.
    pub local_infile: bool,
    /// Compress frames to other nodes from this size on.
    pub peer_compress_bytes: Option<usize>,
    /// Bytes of log kept for nodes that lag.
    pub log_keep_bytes: u64,
    /// Most bytes of log.
    pub log_max_bytes: u64,
    /// Bytes of a log segment.
    pub log_segment_bytes: u64,
    /// Bound of what a snapshot takes of a link.
    pub snapshot_bytes_per_second: u64,
    /// Keeps the tables: chosen with the data folder, the same for ever.
    pub engine: EngineName,
    /// What the flags say of it.
    pub engine_wanted: Option<EngineName>,
    /// Bytes of the engine's cache; by the machine's memory if not said.
    pub engine_cache_bytes: Option<u64>,
    /// Bound of the versions in memory, bytes; by the machine's memory if not said.
    pub store_memory_bytes: Option<u64>,
    /// A write set of so many bytes is written to the log in parts.
    pub stream_transaction_bytes: usize,
    /// Session threads; 0: one a core, at least 2.
    pub worker_threads: usize,
    /// Logs as JSON.
    pub log_json: bool,
}

/// Reads `ID=PEER_ADDRESS/CLIENT_ADDRESS[;log-only][;strong-sync][;weight=N]`.
fn parse_peer(text: &str) -> Result<Peer, String> {
    let form = || {
        format!(
            "'{text}' is not of the form ID=PEER_HOST:PORT/CLIENT_HOST:PORT[;log-only][;strong-sync][;weight=0 to 9]"
        )
    };
    let mut parts = text.split(';');
    let (id, addresses) = parts.next().and_then(|first| first.split_once('=')).ok_or_else(form)?;
    let (peer_address, sql_address) = addresses.split_once('/').ok_or_else(form)?;
    let id = id.trim().parse().map_err(|_| form())?;
    let mut peer = Peer::new(id, peer_address.trim().into(), sql_address.trim().into());
    for part in parts {
        match part.trim().split_once('=') {
            None if part.trim() == "log-only" => peer.log_only = true,
            None if part.trim() == "strong-sync" => peer.strong_sync = true,
            Some(("weight", weight)) => peer.weight = Some(weight.parse().map_err(|_| form())?),
            _ => return Err(form()),
        }
    }
    Ok(peer)
}

/// Reads `ID=ADDRESS`.
fn parse_route(text: &str) -> Result<PeerRoute, String> {
    let (id, address) =
        text.split_once('=').ok_or_else(|| format!("'{text}' is not of the form ID=HOST:PORT"))?;
    let id = id.trim().parse().map_err(|_| format!("'{id}' is not a node id"))?;
    check_address("--peer-route", address.trim())?;
    Ok(PeerRoute { id, address: address.trim().into() })
}

impl Settings {
    /// Reads the TOML file.
    ///
    /// # Errors
    /// A message that names the file and what is wrong in it.
    pub fn from_file(path: &Path) -> Result<Settings, String> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// These settings, and `other`'s where these say nothing.
    #[must_use]
    pub fn or(self, other: Settings) -> Settings {
        Settings {
            node_id: self.node_id.or(other.node_id),
            cluster_name: self.cluster_name.or(other.cluster_name),
            data: self.data.or(other.data),
            join: if self.join.is_empty() { other.join } else { self.join },
            join_as: self.join_as.or(other.join_as),
            listen: self.listen.or(other.listen),
            socket: self.socket.or(other.socket),
            #[cfg(feature = "opensrv")]
            opensrv_listen: self.opensrv_listen.or(other.opensrv_listen),
            peer_listen: self.peer_listen.or(other.peer_listen),
            http_listen: self.http_listen.or(other.http_listen),
            proxy_protocol_networks: if self.proxy_protocol_networks.is_empty() {
                other.proxy_protocol_networks
            } else {
                self.proxy_protocol_networks
            },
            peers: if self.peers.is_empty() { other.peers } else { self.peers },
            peer_route: if self.peer_route.is_empty() { other.peer_route } else { self.peer_route },
            timing: self.timing.or(other.timing),
            peer_ca: self.peer_ca.or(other.peer_ca),
            peer_cert: self.peer_cert.or(other.peer_cert),
            peer_key: self.peer_key.or(other.peer_key),
            ssl: self.ssl.or(other.ssl),
            ssl_cert: self.ssl_cert.or(other.ssl_cert),
            ssl_key: self.ssl_key.or(other.ssl_key),
            ssl_ca: self.ssl_ca.or(other.ssl_ca),
            tls_version: if self.tls_version.is_empty() { other.tls_version } else { self.tls_version },
            require_secure_transport: self.require_secure_transport.or(other.require_secure_transport),
            max_connections: self.max_connections.or(other.max_connections),
            root_password_file: self.root_password_file.or(other.root_password_file),
            secure_file_priv: self.secure_file_priv.or(other.secure_file_priv),
            local_infile: self.local_infile.or(other.local_infile),
            peer_compress_bytes: self.peer_compress_bytes.or(other.peer_compress_bytes),
            log_keep_mib: self.log_keep_mib.or(other.log_keep_mib),
            log_max_mib: self.log_max_mib.or(other.log_max_mib),
            log_segment_mib: self.log_segment_mib.or(other.log_segment_mib),
            snapshot_mib_per_second: self.snapshot_mib_per_second.or(other.snapshot_mib_per_second),
            engine: self.engine.or(other.engine),
            engine_cache_mib: self.engine_cache_mib.or(other.engine_cache_mib),
            store_memory_mib: self.store_memory_mib.or(other.store_memory_mib),
            stream_transaction_mib: self.stream_transaction_mib.or(other.stream_transaction_mib),
            worker_threads: self.worker_threads.or(other.worker_threads),
            log_json: self.log_json.or(other.log_json),
        }
    }

    /// Checks everything and fills in the defaults.
    ///
    /// # Errors
    /// A message that names the option and says what would make sense.
    pub fn check(mut self) -> Result<Config, String> {
        self.peers.sort_by_key(|peer| peer.id);
        let (node_id, own) = self.own()?;
        let data = self.data.take().ok_or("--data is missing: name a folder for this node's data")?;
        let listen = self.listen.take().or_else(|| own.as_ref().map(|peer| peer.sql_address.clone()));
        let listen = listen.ok_or("--listen is missing: where clients reach this node, HOST:PORT")?;
        let peer_listen =
            self.peer_listen.take().or_else(|| own.as_ref().map(|peer| peer.peer_address.clone()));
        let peer_listen =
            peer_listen.ok_or("--peer-listen is missing: where other nodes reach this one, HOST:PORT")?;
        check_address("--listen", &listen)?;
        check_address("--peer-listen", &peer_listen)?;
        if let Some(path) = &self.root_password_file {
            crate::password_file::read(path).map_err(|error| format!("--root-password-file: {error}"))?;
        }
        let has_passwords = self.root_password_file.is_some() || !self.join.is_empty() || has_accounts(&data);
        if !has_passwords {
            check_loopback("--listen", &listen)?;
        }
        #[cfg(feature = "opensrv")]
        if let Some(address) = &self.opensrv_listen {
            check_address("--opensrv-listen", address)?;
            check_loopback("--opensrv-listen", address)?;
        }
        if listen == peer_listen {
            return Err(format!(
                "--listen and --peer-listen are both {listen}; clients and peers need a port each"
            ));
        }
        if let Some(address) = &self.http_listen {
            check_address("--http-listen", address)?;
            if *address == listen || *address == peer_listen {
                return Err(format!(
                    "--http-listen is {address}, which is taken already; it needs a port of its own"
                ));
            }
        }
        let networks = self.proxy_protocol_networks.iter().map(String::as_str);
        let proxy_networks = wire::proxy::Networks::parse(networks)
            .map_err(|error| format!("--proxy-protocol-networks: {error}"))?;
        let socket = SocketPath::of(self.socket.take(), &data)?;
        let cluster_name = self.cluster_name.take().unwrap_or_else(|| "quorate".into());
        if cluster_name.is_empty() || cluster_name.len() > 64 {
            return Err("--cluster-name must have 1 to 64 bytes".into());
        }
        let log_keep_bytes = mib("--log-keep-mib", self.log_keep_mib.unwrap_or(256), 1, 1 << 30)?;
        let log_max_bytes = mib("--log-max-mib", self.log_max_mib.unwrap_or(8192), 2, 1 << 30)?;
        if log_max_bytes < log_keep_bytes {
            return Err("--log-max-mib must not be less than --log-keep-mib".into());
        }
        let secure_file_priv = SecureFolder::of(self.secure_file_priv.as_deref(), &data)?;
        let cluster_id = founding_id(&cluster_name, &self.peers, self.timing.unwrap_or_default());
        Ok(Config {
            node_id,
            cluster_name,
            cluster_id,
            log_cluster_id: cluster_id,
            incarnation: 0,
            log_only: own.as_ref().is_some_and(|peer| peer.log_only)
                || (!self.join.is_empty() && self.join_as == Some(JoinAs::Logger)),
            wants_vote: !self.join.is_empty() && self.join_as != Some(JoinAs::Learner),
            data,
            listen,
            socket,
            peer_listen,
            http_listen: self.http_listen.take(),
            proxy_networks,
            peer_tls: self.peer_tls()?,
            client_tls: self.client_tls()?,
            require_secure_transport: self.require_secure_transport.unwrap_or(false),
            connections_max: match self.max_connections {
                None => CONNECTIONS_MAX,
                Some(most) if (1..=CONNECTIONS_MAX as u64).contains(&most) => most as usize,
                Some(most) => {
                    return Err(format!(
                        "--max-connections is {most}; it must be from 1 to {CONNECTIONS_MAX}"
                    ));
                }
            },
            root_password_file: self.root_password_file.take(),
            secure_file_priv,
            local_infile: self.local_infile.unwrap_or(false),
            peer_compress_bytes: self.peer_compress_bytes,
            log_keep_bytes,
            log_max_bytes,
            log_segment_bytes: mib("--log-segment-mib", self.log_segment_mib.unwrap_or(64), 1, 1024)?,
            snapshot_bytes_per_second: mib(
                "--snapshot-mib-per-second",
                self.snapshot_mib_per_second.unwrap_or(64),
                1,
                1 << 20,
            )?,
            timing: self.timing.unwrap_or_default(),
            timing_wanted: self.timing,
            engine: self.engine.unwrap_or(EngineName::DEFAULT),
            engine_wanted: self.engine,
            engine_cache_bytes: (self.engine_cache_mib)
                .map(|cache| mib("--engine-cache-mib", cache, 8, 1 << 20))
                .transpose()?,
            store_memory_bytes: (self.store_memory_mib)
                .map(|memory| mib("--store-memory-mib", memory, 16, 1 << 20))
                .transpose()?,
            stream_transaction_bytes: mib(
                "--stream-transaction-mib",
                self.stream_transaction_mib.unwrap_or(STREAM_TRANSACTION_MIB_DEFAULT),
                1,
                STREAM_TRANSACTION_MIB_MAX,
            )? as usize,
            worker_threads: self.worker_threads.unwrap_or(0),
            log_json: self.log_json.unwrap_or(false),
            #[cfg(feature = "opensrv")]
            opensrv_listen: self.opensrv_listen,
            join: self.join,
            peers: self.peers,
            peer_route: self.peer_route,
        })
    }

    /// Which node this is, and its line among the founding members unless it joins.
    fn own(&self) -> Result<(u64, Option<Peer>), String> {
        if !self.join.is_empty() {
            if !self.peers.is_empty() {
                return Err(
                    "--join and --peers exclude each other: a node that joins learns the members".into()
                );
            }
            for address in &self.join {
                check_address("--join", address)?;
            }
            return Ok((self.node_id.unwrap_or(0), None));
        }
        check_peers(&self.peers)?;
        let node_id = match self.node_id {
            Some(id) => id,
            None => own_peer(&self.peers)?,
        };
        let own = self
            .peers
            .iter()
            .find(|peer| peer.id == node_id)
            .ok_or_else(|| format!("--node-id {node_id} is none of the peers ({})", ids(&self.peers)))?;
        Ok((node_id, Some(own.clone())))
    }

    fn peer_tls(&self) -> Result<Option<PeerTlsFiles>, String> {
        match (&self.peer_ca, &self.peer_cert, &self.peer_key) {
            (None, None, None) => Ok(None),
            (Some(ca), Some(cert), Some(key)) => {
                Ok(Some(PeerTlsFiles { ca: ca.clone(), cert: cert.clone(), key: key.clone() }))
            }
            _ => Err("--peer-ca, --peer-cert and --peer-key belong together".into()),
        }
    }

    fn client_tls(&self) -> Result<Option<ClientTlsSettings>, String> {
        if self.ssl == Some(false) {
            let is_said = self.ssl_cert.is_some() || self.ssl_key.is_some() || self.ssl_ca.is_some();
            if is_said || !self.tls_version.is_empty() {
                return Err("--ssl=off excludes --ssl-cert, --ssl-key, --ssl-ca and --tls-version: leave them out, or --ssl=off".into());
            }
            if self.require_secure_transport == Some(true) {
                return Err(
                    "--ssl=off and --require-secure-transport would let no client in: leave one of them out"
                        .into(),
                );
            }
            return Ok(None);
        }
        let files = match (&self.ssl_cert, &self.ssl_key) {
            (None, None) => None,
            (Some(cert), Some(key)) => Some((cert.clone(), key.clone())),
            _ => return Err("--ssl-cert and --ssl-key belong together".into()),
        };
        let mut versions = self.tls_version.clone();
        versions.sort_unstable();
        versions.dedup();
        if versions.is_empty() {
            versions = TlsVersion::ALL.to_vec();
        }
        Ok(Some(ClientTlsSettings { files, ca: self.ssl_ca.clone(), versions }))
    }
}

/// `value` MiB in bytes, if it is within bounds.
fn mib(option: &str, value: u64, least: u64, most: u64) -> Result<u64, String> {
    if (least..=most).contains(&value) {
        Ok(value << 20)
    } else {
        Err(format!("{option} is {value}; it must be from {least} to {most} (MiB)"))
    }
}

/// A cluster's id: a digest of its name and its founding members, so that nodes formed from one file agree on it without having met.
fn founding_id(cluster_name: &str, peers: &[Peer], timing: Timing) -> u128 {
    let mut hasher = Sha256::new();
    hasher.update(cluster_name.as_bytes());
    for peer in peers {
        hasher.update([0]);
        hasher.update(peer.id.to_le_bytes());
        hasher.update(peer.peer_address.as_bytes());
    }
    // A lease that is longer than another node's patience would let a leader that was cut off answer reads: nodes of different timing
    // are different clusters.
    if timing != Timing::Lan {
        hasher.update([1, timing as u8]);
    }
    let digest: [u8; 32] = hasher.finalize().into();
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    u128::from_be_bytes(id)
}

fn ids(peers: &[Peer]) -> String {
    peers.iter().map(|peer| peer.id.to_string()).collect::<Vec<_>>().join(", ")
}

fn check_peers(peers: &[Peer]) -> Result<(), String> {
    if peers.is_empty() {
        return Err("--peers is missing: list all voters, as 1=HOST:PORT/HOST:PORT,2=…".into());
    }
    if peers.len() > consensus::limits::VOTERS_MAX {
        let most = consensus::limits::VOTERS_MAX;
        return Err(format!("--peers lists {} voters; {most} is the most", peers.len()));
    }
    let may_lead = |peer: &Peer| !peer.log_only && peer.weight != Some(0);
    if !peers.iter().any(may_lead) {
        return Err("--peers: at least one voter must keep tables and have a weight above 0".into());
    }
    let mut addresses = BTreeSet::new();
    for (position, peer) in peers.iter().enumerate() {
        if peer.id == 0 || peer.id > NODE_ID_MAX {
            return Err(format!("--peers: node id {} is not from 1 to {NODE_ID_MAX}", peer.id));
        }
        if position > 0 && peers[position - 1].id == peer.id {
            return Err(format!("--peers lists node {} twice", peer.id));
        }
        if peer.weight.is_some_and(|weight| weight > consensus::membership::WEIGHT_MAX) {
            return Err(format!("--peers: the weight of node {} is not from 0 to 9", peer.id));
        }
        for address in [&peer.peer_address, &peer.sql_address] {
            check_address("--peers", address)?;
            if !addresses.insert(address.clone()) {
                return Err(format!("--peers lists the address {address} twice"));
            }
        }
    }
    Ok(())
}

fn check_address(option: &str, address: &str) -> Result<(), String> {
    let port = address
        .rsplit_once(':')
        .filter(|(host, _)| !host.is_empty())
        .and_then(|(_, port)| port.parse::<u16>().ok());
    match port {
        Some(port) if port > 0 => Ok(()),
        _ => Err(format!("{option}: '{address}' is not of the form HOST:PORT")),
    }
}

/// Whether the cluster that this folder is of was known to have accounts. A file that cannot be read is for the start to complain of.
fn has_accounts(data: &Path) -> bool {
    crate::accounts_file::AccountsFile::new(data)
        .read()
        .is_ok_and(|kept| kept.is_some_and(|kept| kept.accounts.is_stored()))
}

/// A cluster that is formed without a password serves this machine's loopback only.
fn check_loopback(option: &str, listen: &str) -> Result<(), String> {
    let resolved = listen.to_socket_addrs().map_err(|error| format!("{option} {listen}: {error}"))?;
    for address in resolved {
        if !address.ip().is_loopback() {
            return Err(format!(
                "{option} {listen} is not a loopback address: a cluster that is formed without a password has only root without one, \
                 who is served on loopback alone; give all its nodes --root-password-file"
            ));
        }
    }
    Ok(())
}

/// The one peer whose peer address can be bound here.
fn own_peer(peers: &[Peer]) -> Result<u64, String> {
    let local = |peer: &&Peer| {
        let host = peer.peer_address.rsplit_once(':').map_or("", |(host, _)| host);
        TcpListener::bind((host, 0)).is_ok()
    };
    let found: Vec<u64> = peers.iter().filter(local).map(|peer| peer.id).collect();
    match found[..] {
        [id] => Ok(id),
        [] => Err("--node-id is missing, and none of the peers' addresses is this machine's".into()),
        _ => Err("--node-id is missing, and several of the peers' addresses are this machine's".into()),
    }
}

impl Config {
    /// The founding members, as the core knows them.
    #[must_use]
    pub fn founding_membership(&self) -> consensus::Membership {
        let members = self.peers.iter().map(|peer| consensus::Member {
            is_log_only: peer.log_only,
            weight: peer.weight.unwrap_or(consensus::membership::WEIGHT_DEFAULT),
            is_strong_sync: peer.strong_sync,
            ..consensus::Member::voter(
                consensus::NodeId::new(peer.id),
                peer.peer_address.clone(),
                peer.sql_address.clone(),
            )
        });
        consensus::Membership { members: members.collect(), removed: Vec::new() }
    }

    /// Where this node reaches another one that the members know at `known`.
    #[must_use]
    pub fn route(&self, id: u64, known: &str) -> String {
        let route = self.peer_route.iter().find(|route| route.id == id);
        route.map_or_else(|| known.to_owned(), |route| route.address.clone())
    }

    /// Three voters on loopback, for tests.
    #[cfg(test)]
    pub fn for_test(data: &Path, node_id: u64, cluster_name: &str) -> Config {
        let peers = (1..=3)
            .map(|id| Peer::new(id, format!("127.0.0.1:{}", 100 + id), format!("127.0.0.1:{}", 200 + id)))
            .collect();
        let settings = Settings {
            node_id: Some(node_id),
            cluster_name: Some(cluster_name.into()),
            data: Some(data.into()),
            peers,
            ..Settings::default()
        };
        settings.check().unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(toml: &str) -> Settings {
        toml::from_str(toml).unwrap()
    }

    const FILE: &str = r#"
        node_id = 2
        data = "/tmp/d"
        [[peers]]
        id = 1
        peer_address = "127.0.0.1:4101"
        sql_address = "127.0.0.1:4001"
        [[peers]]
        id = 2
        peer_address = "127.0.0.1:4102"
        sql_address = "127.0.0.1:4002"
    "#;

    #[test]
    fn a_file_fills_in_the_rest() {
        let config = settings(FILE).check().unwrap();
        assert_eq!((config.node_id, config.listen.as_str()), (2, "127.0.0.1:4002"));
        assert_eq!(config.peer_listen, "127.0.0.1:4102");
    }

    #[test]
    fn flags_win_over_the_file() {
        let flags = Settings { node_id: Some(1), ..Settings::default() };
        assert_eq!(flags.or(settings(FILE)).check().unwrap().node_id, 1);
    }

    #[test]
    fn nonsense_is_refused_with_the_reason() {
        let refused = |change: &dyn Fn(&mut Settings)| {
            let mut settings = settings(FILE);
            change(&mut settings);
            settings.check().unwrap_err()
        };
        assert!(refused(&|s| s.node_id = Some(9)).contains("none of the peers"));
        assert!(refused(&|s| s.peers.clear()).contains("--peers is missing"));
        assert!(refused(&|s| s.data = None).contains("--data is missing"));
        assert!(refused(&|s| s.peers[1].id = 1).contains("twice"));
        assert!(refused(&|s| s.peers[1].peer_address = "127.0.0.1:4101".into()).contains("twice"));
        assert!(refused(&|s| s.listen = Some("nowhere".into())).contains("HOST:PORT"));
        assert!(refused(&|s| s.listen = Some("0.0.0.0:4002".into())).contains("loopback"));
        assert!(refused(&|s| s.http_listen = Some("4002".into())).contains("--http-listen"));
        assert!(refused(&|s| s.http_listen = Some("127.0.0.1:4102".into())).contains("port of its own"));
        let network = |text: &str| vec!["10.0.0.0/8".to_owned(), text.to_owned()];
        assert!(refused(&|s| s.proxy_protocol_networks = network("localhost")).contains("'localhost'"));
        assert!(
            refused(&|s| s.proxy_protocol_networks = network("::1/129"))
                .contains("--proxy-protocol-networks")
        );
        assert!(refused(&|s| s.engine_cache_mib = Some(1)).contains("--engine-cache-mib"));
        assert!(refused(&|s| s.stream_transaction_mib = Some(64)).contains("--stream-transaction-mib"));
        assert!(toml::from_str::<Settings>("nod_id = 2").unwrap_err().to_string().contains("unknown field"));
    }

    #[test]
    fn clients_may_encrypt_unless_it_is_switched_off() {
        let tls =
            |change: &str| settings(&format!("{change}\n{FILE}")).check().map(|config| config.client_tls);
        let default = ClientTlsSettings { files: None, ca: None, versions: TlsVersion::ALL.to_vec() };
        assert_eq!(tls(""), Ok(Some(default.clone())));
        assert_eq!(tls("ssl = false"), Ok(None));
        let newest = ClientTlsSettings { versions: vec![TlsVersion::Tls13], ..default };
        assert_eq!(tls("tls_version = ['TLSv1.3', 'TLSv1.3']"), Ok(Some(newest)));
        assert!(tls("ssl_cert = 'c.pem'").unwrap_err().contains("belong together"));
        assert!(tls("ssl_key = 'k.pem'").unwrap_err().contains("belong together"));
        assert!(tls("ssl = false\nssl_ca = 'ca.pem'").unwrap_err().contains("excludes"));
        assert!(tls("ssl = false\nrequire_secure_transport = true").unwrap_err().contains("no client"));
        assert!(toml::from_str::<Settings>("tls_version = ['TLSv1.1']").is_err());
        let flags = |flags: &[&str]| {
            let command = <Settings as clap::Args>::augment_args(clap::Command::new("quorate"));
            let matches = command.try_get_matches_from([&["quorate"], flags].concat())?;
            <Settings as clap::FromArgMatches>::from_arg_matches(&matches)
        };
        assert_eq!(flags(&["--ssl=off"]).unwrap().ssl, Some(false));
        assert_eq!(flags(&["--ssl"]).unwrap().ssl, Some(true));
        assert_eq!(flags(&["--tls-version=tlsv1.2,TLSv1.3"]).unwrap().tls_version, TlsVersion::ALL);
        assert!(flags(&["--tls-version=TLSv1.1"]).is_err());
        assert!(flags(&["--ssl=perhaps"]).is_err());
    }

    #[test]
    fn files_are_in_a_folder_apart_from_the_data() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let (data, files) = (root.join("data"), root.join("files"));
        std::fs::create_dir(&data).unwrap();
        std::fs::create_dir(&files).unwrap();
        std::fs::write(root.join("file"), "").unwrap();
        std::os::unix::fs::symlink(&files, root.join("link")).unwrap();
        let of = |path: &Path| SecureFolder::of(Some(path), &data);
        assert_eq!(SecureFolder::of(None, &data), Ok(None));
        assert_eq!(of(Path::new("null")), Ok(None));
        let written = root.join("link");
        assert_eq!(of(&written), Ok(Some(SecureFolder { written: written.clone(), path: files })));
        assert!(of(Path::new("files")).unwrap_err().contains("whole path"));
        assert!(of(Path::new("")).unwrap_err().contains("whole path"));
        assert!(of(&root.join("missing")).unwrap_err().contains("No such file"));
        assert!(of(&root.join("file")).unwrap_err().contains("no folder"));
        assert!(of(&root).unwrap_err().contains("apart from the data"));
        assert!(of(&data).unwrap_err().contains("apart from the data"));
    }

    #[test]
    fn the_cluster_id_depends_on_name_and_members() {
        let config = settings(FILE).check().unwrap();
        assert_ne!(config.cluster_id, founding_id("other", &config.peers, Timing::Lan));
        assert_ne!(config.cluster_id, founding_id("quorate", &config.peers[..1], Timing::Lan));
        assert_ne!(config.cluster_id, founding_id("quorate", &config.peers, Timing::Wan));
        assert_eq!(config.cluster_id, founding_id("quorate", &config.peers, Timing::Lan));
    }

    #[test]
    fn a_peer_may_have_a_role() {
        let peer = parse_peer("3=h:1/h:2;log-only;weight=1;strong-sync").unwrap();
        assert_eq!((peer.log_only, peer.weight, peer.strong_sync), (true, Some(1), true));
        assert!(parse_peer("3=h:1/h:2;logonly").is_err());
        let mut settings = settings(FILE);
        settings.peers[0].log_only = true;
        settings.peers[1].weight = Some(0);
        assert!(settings.check().unwrap_err().contains("at least one voter"));
    }

    #[test]
    fn a_node_that_joins_lists_no_peers() {
        let joining = Settings {
            join: vec!["127.0.0.1:4001".into()],
            data: Some("/tmp/d".into()),
            listen: Some("127.0.0.1:4009".into()),
            peer_listen: Some("127.0.0.1:4109".into()),
            ..Settings::default()
        };
        assert_eq!(joining.clone().check().unwrap().node_id, 0);
        assert!(joining.clone().or(settings(FILE)).check().unwrap_err().contains("exclude"));
        assert!(Settings { listen: None, ..joining }.check().unwrap_err().contains("--listen is missing"));
    }
}
