//! How a node is started: flags over a TOML file over defaults, checked before anything is touched.
//!
//! The same file serves every node: it lists all voters, and a node knows which one it is by `--node-id` (or
//! `QUORATE_NODE_ID`), else by the one address of the list that is this machine's.

use std::collections::BTreeSet;
use std::net::{TcpListener, ToSocketAddrs};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Highest node id of a voter.
pub const NODE_ID_MAX: u64 = 99;

/// One voter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Peer {
    /// Node id, 1 to 99.
    pub id: u64,
    /// `host:port` for other nodes.
    pub peer_address: String,
    /// `host:port` for clients.
    pub sql_address: String,
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
    /// host:port to serve MySQL clients on [default: this node's client address among the peers]
    #[arg(long)]
    pub listen: Option<String>,
    /// host:port to serve MySQL clients on through opensrv-mysql as well, for trials [default: none]
    #[cfg(feature = "opensrv")]
    #[arg(long)]
    pub opensrv_listen: Option<String>,
    /// host:port to listen on for the other nodes [default: this node's peer address]
    #[arg(long)]
    pub peer_listen: Option<String>,
    /// All voters, as ID=PEER_HOST:PORT/CLIENT_HOST:PORT, separated by commas; used when the cluster is formed
    #[arg(long, value_delimiter = ',', value_parser = parse_peer)]
    pub peers: Vec<Peer>,
    /// Memory for the storage engine's cache, in MiB [default: 64]
    #[arg(long)]
    pub engine_cache_mib: Option<u64>,
    /// Memory for row versions that are not in the engine yet, in MiB [default: 192]
    #[arg(long)]
    pub store_memory_mib: Option<u64>,
    /// Threads that run sessions [default: one a core, at least 2]
    #[arg(long)]
    pub worker_threads: Option<usize>,
    /// Log as JSON lines
    #[arg(long, num_args = 0..=1, default_missing_value = "true")]
    pub log_json: Option<bool>,
}

/// A node's settings, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// This node.
    pub node_id: u64,
    /// Name that the cluster's id is made from.
    pub cluster_name: String,
    /// Data folder.
    pub data: PathBuf,
    /// Where clients connect, `host:port`.
    pub listen: String,
    /// Where clients are served through opensrv-mysql, `host:port`; none: nowhere.
    #[cfg(feature = "opensrv")]
    pub opensrv_listen: Option<String>,
    /// Where the other nodes connect, `host:port`.
    pub peer_listen: String,
    /// All voters, this node too, ascending by id.
    pub peers: Vec<Peer>,
    /// Bytes of the engine's cache.
    pub engine_cache_bytes: u64,
    /// Bound of the versions in memory, bytes.
    pub store_memory_bytes: usize,
    /// Session threads; 0: one a core, at least 2.
    pub worker_threads: usize,
    /// Logs as JSON.
    pub log_json: bool,
}

/// Reads `ID=PEER_ADDRESS/CLIENT_ADDRESS`.
fn parse_peer(text: &str) -> Result<Peer, String> {
    let form = || format!("'{text}' is not of the form ID=PEER_HOST:PORT/CLIENT_HOST:PORT");
    let (id, addresses) = text.split_once('=').ok_or_else(form)?;
    let (peer_address, sql_address) = addresses.split_once('/').ok_or_else(form)?;
    let id = id.trim().parse().map_err(|_| form())?;
    Ok(Peer { id, peer_address: peer_address.trim().into(), sql_address: sql_address.trim().into() })
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
            listen: self.listen.or(other.listen),
            #[cfg(feature = "opensrv")]
            opensrv_listen: self.opensrv_listen.or(other.opensrv_listen),
            peer_listen: self.peer_listen.or(other.peer_listen),
            peers: if self.peers.is_empty() { other.peers } else { self.peers },
            engine_cache_mib: self.engine_cache_mib.or(other.engine_cache_mib),
            store_memory_mib: self.store_memory_mib.or(other.store_memory_mib),
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
        let data = self.data.ok_or("--data is missing: name a folder for this node's data")?;
        let listen = self.listen.unwrap_or_else(|| own.sql_address.clone());
        let peer_listen = self.peer_listen.unwrap_or_else(|| own.peer_address.clone());
        check_address("--listen", &listen)?;
        check_address("--peer-listen", &peer_listen)?;
        check_loopback("--listen", &listen)?;
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
        let mib = |option: &str, value: u64, least: u64, most: u64| {
            if (least..=most).contains(&value) {
                Ok(value << 20)
            } else {
                Err(format!("{option} is {value}; it must be from {least} to {most} (MiB)"))
            }
        };
        let cluster_name = self.cluster_name.unwrap_or_else(|| "quorate".into());
        if cluster_name.is_empty() || cluster_name.len() > 64 {
            return Err("--cluster-name must have 1 to 64 bytes".into());
        }
        Ok(Config {
            node_id,
            cluster_name,
            data,
            listen,
            #[cfg(feature = "opensrv")]
            opensrv_listen: self.opensrv_listen,
            peer_listen,
            engine_cache_bytes: mib("--engine-cache-mib", self.engine_cache_mib.unwrap_or(64), 8, 1 << 20)?,
            store_memory_bytes: mib("--store-memory-mib", self.store_memory_mib.unwrap_or(192), 16, 1 << 20)?
                as usize,
            worker_threads: self.worker_threads.unwrap_or(0),
            log_json: self.log_json.unwrap_or(false),
            peers: self.peers,
        })
    }
}

fn ids(peers: &[Peer]) -> String {
    peers.iter().map(|peer| peer.id.to_string()).collect::<Vec<_>>().join(", ")
}

fn check_peers(peers: &[Peer]) -> Result<(), String> {
    if peers.is_empty() {
        return Err("--peers is missing: list all voters, as 1=HOST:PORT/HOST:PORT,2=…".into());
    }
    if peers.len() as u64 > NODE_ID_MAX {
        return Err(format!("--peers lists {} voters; {NODE_ID_MAX} is the most", peers.len()));
    }
    let mut addresses = BTreeSet::new();
    for (position, peer) in peers.iter().enumerate() {
        if peer.id == 0 || peer.id > NODE_ID_MAX {
            return Err(format!("--peers: node id {} is not from 1 to {NODE_ID_MAX}", peer.id));
        }
        if position > 0 && peers[position - 1].id == peer.id {
            return Err(format!("--peers lists node {} twice", peer.id));
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

/// Accounts with passwords are not built yet, so clients are served on this machine's loopback only.
fn check_loopback(option: &str, listen: &str) -> Result<(), String> {
    let resolved = listen.to_socket_addrs().map_err(|error| format!("{option} {listen}: {error}"))?;
    for address in resolved {
        if !address.ip().is_loopback() {
            return Err(format!(
                "{option} {listen} is not a loopback address: this version has only the account root without a password, \
                 which is served on loopback alone"
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
    /// The voter with this id.
    #[must_use]
    pub fn peer(&self, id: u64) -> Option<&Peer> {
        self.peers.iter().find(|peer| peer.id == id)
    }

    /// The cluster's id: a digest of its name and its first members, so that nodes formed from one file agree on it without
    /// having met.
    #[must_use]
    pub fn cluster_id(&self) -> u128 {
        let mut hasher = Sha256::new();
        hasher.update(self.cluster_name.as_bytes());
        for peer in &self.peers {
            hasher.update([0]);
            hasher.update(peer.id.to_le_bytes());
            hasher.update(peer.peer_address.as_bytes());
        }
        let digest: [u8; 32] = hasher.finalize().into();
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        u128::from_be_bytes(id)
    }

    /// Three voters on loopback, for tests.
    #[cfg(test)]
    pub fn for_test(data: &Path, node_id: u64, cluster_name: &str) -> Config {
        let peers = (1..=3)
            .map(|id| Peer {
                id,
                peer_address: format!("127.0.0.1:{}", 100 + id),
                sql_address: format!("127.0.0.1:{}", 200 + id),
            })
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
        assert!(refused(&|s| s.engine_cache_mib = Some(1)).contains("--engine-cache-mib"));
        assert!(toml::from_str::<Settings>("nod_id = 2").unwrap_err().to_string().contains("unknown field"));
    }

    #[test]
    fn the_cluster_id_depends_on_name_and_members() {
        let config = settings(FILE).check().unwrap();
        let other = Config { cluster_name: "other".into(), ..config.clone() };
        assert_ne!(config.cluster_id(), other.cluster_id());
    }
}
