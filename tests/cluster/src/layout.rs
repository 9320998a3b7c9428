//! What a test cluster is made of, before it is started.

use std::collections::BTreeMap;

use crate::network::Network;
use crate::{Arrival, LEADER_TIMEOUT, TestCluster, TestNode, free_port};

/// The founding nodes of a cluster and their flags.
#[derive(Clone, Debug)]
pub struct Layout {
    count: u64,
    /// What follows a node's addresses in `--peers`, by id.
    peers: BTreeMap<u64, String>,
    flags: Vec<String>,
    node_flags: BTreeMap<u64, Vec<String>>,
    is_networked: bool,
}

impl Layout {
    /// This many voters with tables, on loopback.
    #[must_use]
    pub fn of(count: u64) -> Layout {
        Layout {
            count,
            peers: BTreeMap::new(),
            flags: Vec::new(),
            node_flags: BTreeMap::new(),
            is_networked: false,
        }
    }

    /// What kind of voter a node is: `log-only`, `strong-sync`, `weight=9`, joined by semicolons.
    #[must_use]
    pub fn peer(mut self, id: u64, kind: &str) -> Layout {
        self.peers.insert(id, format!(";{kind}"));
        self
    }

    /// Further flags for every node, also for those that join.
    #[must_use]
    pub fn flags(mut self, flags: &[&str]) -> Layout {
        self.flags.extend(flags.iter().map(|flag| (*flag).to_owned()));
        self
    }

    /// Further flags for one node.
    #[must_use]
    pub fn node_flags(mut self, id: u64, flags: &[&str]) -> Layout {
        self.node_flags.entry(id).or_default().extend(flags.iter().map(|flag| (*flag).to_owned()));
        self
    }

    /// Each node in a network namespace of its own, so that they can be cut off from each other.
    #[must_use]
    pub fn networked(mut self) -> Layout {
        self.is_networked = true;
        self
    }

    /// Starts all nodes and waits for a leader.
    #[must_use]
    pub fn start(self) -> TestCluster {
        let count = self.count;
        let mut cluster = self.prepare();
        for id in 1..=count {
            cluster.start_node(id);
        }
        cluster.wait_for_leader(LEADER_TIMEOUT);
        cluster
    }

    /// The cluster, with no node started yet.
    ///
    /// # Panics
    /// When there can be no temporary folder or no network namespace.
    #[must_use]
    pub fn prepare(mut self) -> TestCluster {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut network = self.is_networked.then(|| Network::new(self.count));
        let nodes = (1..=self.count)
            .map(|id| {
                let sql_address = format!("127.0.0.1:{}", free_port());
                let (peer_address, client_address) = match &mut network {
                    None => (format!("127.0.0.1:{}", free_port()), sql_address.clone()),
                    Some(network) => (network.peer_address(id), network.relay(id, &sql_address)),
                };
                TestNode {
                    id,
                    sql_address,
                    client_address,
                    peer_address,
                    data: folder.path().join(format!("n{id}")),
                    arrival: Arrival::Founder(self.peers.remove(&id).unwrap_or_default()),
                    flags: self.node_flags.remove(&id).unwrap_or_default(),
                    process: None,
                }
            })
            .collect();
        let name = format!("test-{:x}", rand::random::<u64>());
        TestCluster { nodes, folder, name, extra: self.flags, network }
    }
}
