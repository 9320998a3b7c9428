//! The systems that are measured: this server and its peers, started on the test hosts and stopped again.
//!
//! Node 1 of each is the one that is written to. Peers are started by the peers' own script, with full durability; ours are `quorate
//! start` with the defaults of the server.

use std::fs::File;
use std::process::{Child, Stdio};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::hosts::{Hosts, Link};
use crate::limits::{LEADER_TIMEOUT, NODES_MAX, PEER_PORT, SQL_PORT, STOP_TIMEOUT};
use crate::sysbench::Address;
use crate::usage::wait_until;

/// A system that can be measured.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum System {
    /// This server.
    Quorate,
    /// One MariaDB.
    MariaDb,
    /// One MySQL.
    MySql,
    /// MariaDB with Galera, three nodes.
    Galera,
    /// MySQL Group Replication, three nodes.
    GroupReplication,
}

impl System {
    /// All of them, in the order of the table.
    pub const ALL: [System; 5] =
        [System::Quorate, System::MariaDb, System::MySql, System::Galera, System::GroupReplication];

    /// As people know it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            System::Quorate => "Quorate ×3",
            System::MariaDb => "MariaDB",
            System::MySql => "MySQL",
            System::Galera => "Galera ×3",
            System::GroupReplication => "Group Replication ×3",
        }
    }

    /// As the peers' script knows it; none for ours.
    #[must_use]
    pub fn script_name(self) -> Option<&'static str> {
        match self {
            System::Quorate => None,
            System::MariaDb => Some("mariadb"),
            System::MySql => Some("mysql"),
            System::Galera => Some("galera"),
            System::GroupReplication => Some("mysql-gr"),
        }
    }

    fn port(self) -> u16 {
        match self {
            System::Quorate => SQL_PORT + 1,
            System::MariaDb => 14_200,
            System::MySql => 14_000,
            System::Galera => 14_301,
            System::GroupReplication => 14_101,
        }
    }

    fn peer_nodes(self) -> usize {
        match self {
            System::MariaDb | System::MySql => 1,
            System::Quorate | System::Galera | System::GroupReplication => 3,
        }
    }
}

/// How our nodes are started.
#[derive(Clone, Debug)]
pub struct NodePlan {
    /// How many.
    pub count: usize,
    /// Further flags of each.
    pub flags: Vec<String>,
}

/// A system that runs.
pub struct Running {
    /// Which.
    pub system: System,
    /// Where it is written to, on host 1.
    pub address: Address,
    /// Process ids of its nodes; the first is the one that is written to.
    pub pids: Vec<u32>,
    /// Processes that are ours to wait for.
    children: Vec<Child>,
}

impl Running {
    /// Starts a system and waits until it can be written to.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(hosts: &Hosts, system: System, link: Link, nodes: &NodePlan) -> Result<Running, String> {
        match system.script_name() {
            None => start_ours(hosts, link, nodes),
            Some(name) => start_peer(hosts, system, name),
        }
    }

    /// Runs statements on the node that is written to; the text of what they answer.
    ///
    /// # Errors
    /// What the client program says.
    pub fn sql(&self, hosts: &Hosts, statements: &str) -> Result<String, String> {
        query(hosts, 1, &self.address, statements)
    }

    /// Waits until the first node of ours leads; the others do so from their start to their end.
    ///
    /// # Errors
    /// When it does not within the bound.
    pub fn wait_until_led(&self, hosts: &Hosts) -> Result<(), String> {
        if self.system != System::Quorate {
            return Ok(());
        }
        wait_until("node 1 leads", LEADER_TIMEOUT, || {
            self.sql(hosts, "SELECT @@quorate_serving").is_ok_and(|answer| answer.trim() == "1")
        })
    }

    /// Stops it.
    ///
    /// # Errors
    /// When it does not end.
    pub fn stop(mut self, hosts: &Hosts) -> Result<(), String> {
        if let Some(name) = self.system.script_name() {
            return hosts.run("peer.sh", &["stop", name]);
        }
        // The leader last, so that it has nobody to hand over to for long.
        for child in self.children.iter_mut().rev() {
            let pid = child.id().to_string();
            let _ = std::process::Command::new("kill").arg(pid).status();
            let ended = wait_until("a node ends", STOP_TIMEOUT, || !matches!(child.try_wait(), Ok(None)));
            if ended.is_err() {
                child.kill().map_err(|error| format!("cannot end a node: {error}"))?;
            }
            let _ = child.wait();
        }
        Ok(())
    }
}

/// Runs statements on a node.
fn query(hosts: &Hosts, host: usize, address: &Address, statements: &str) -> Result<String, String> {
    let mut command = hosts.command(host, "mariadb");
    command.args(["--no-defaults", "--protocol=tcp", "-h127.0.0.1", "-N", "-B", "--connect-timeout=5"]);
    command.arg(format!("-P{}", address.port)).arg(format!("-u{}", address.user)).args(["-e", statements]);
    let output = command.output().map_err(|error| format!("cannot run mariadb: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("{statements}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

fn start_peer(hosts: &Hosts, system: System, name: &str) -> Result<Running, String> {
    hosts.run("peer.sh", &["start", name])?;
    let folder = hosts.peers_folder().join(name);
    let pid = |node: usize| -> Result<u32, String> {
        let path = folder.join(node.to_string()).join("pid");
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{name} node {node}: {error}"))?;
        text.trim().parse().map_err(|_| format!("{name} node {node}: '{text}' is no process id"))
    };
    let pids = (1..=system.peer_nodes()).map(pid).collect::<Result<_, _>>()?;
    let address = Address { port: system.port(), user: "bench".into() };
    Ok(Running { system, address, pids, children: Vec::new() })
}

fn start_ours(hosts: &Hosts, link: Link, nodes: &NodePlan) -> Result<Running, String> {
    assert!((1..=NODES_MAX).contains(&nodes.count), "1 to {NODES_MAX} nodes");
    let peers: Vec<String> = (1..=nodes.count)
        .map(|id| {
            // The first has the greatest weight: it is elected, and takes the leadership back when it was away.
            let weight = if id == 1 { ";weight=9" } else { "" };
            let sql_port = usize::from(SQL_PORT) + id;
            format!("{id}=10.77.0.{id}:{PEER_PORT}/127.0.0.1:{sql_port}{weight}")
        })
        .collect();
    let program = cluster_tests::server_binary();
    let mut children = Vec::new();
    for id in 1..=nodes.count {
        let folder = hosts.folder().join("quorate");
        let log = folder.join(format!("n{id}.log"));
        let open = || -> std::io::Result<File> {
            std::fs::create_dir_all(&folder)?;
            File::create(&log)
        };
        let log = open().map_err(|error| format!("{}: {error}", log.display()))?;
        let mut command = hosts.command(id, &program);
        command.arg("start").arg("--data").arg(folder.join(format!("n{id}")));
        command.args(["--node-id", &id.to_string(), "--cluster-name", "bench", "--peers", &peers.join(",")]);
        command.args(["--timing", if link == Link::Wan { "wan" } else { "lan" }]).args(&nodes.flags);
        let child = command.stdout(Stdio::null()).stderr(log).spawn();
        children.push(child.map_err(|error| format!("cannot start node {id}: {error}"))?);
    }
    let running = Running {
        system: System::Quorate,
        address: Address { port: System::Quorate.port(), user: "root".into() },
        pids: children.iter().map(Child::id).collect(),
        children,
    };
    running.wait_until_led(hosts).map_err(|error| {
        let log = std::fs::read_to_string(hosts.folder().join("quorate/n1.log")).unwrap_or_default();
        format!("{error}; node 1 said last: {}", log.lines().last().unwrap_or_default())
    })?;
    Ok(running)
}

/// Removes what our nodes have written, so that the next ones start empty.
///
/// # Errors
/// When it cannot be removed.
pub fn wipe_ours(hosts: &Hosts) -> Result<(), String> {
    let folder = hosts.folder().join("quorate");
    if !folder.exists() {
        return Ok(());
    }
    // Files of a process that was just killed may still come and go.
    let mut last = String::new();
    wait_until("the data goes", Duration::from_secs(5), || match std::fs::remove_dir_all(&folder) {
        Ok(()) => true,
        Err(error) => {
            last = error.to_string();
            false
        }
    })
    .map_err(|error| format!("{error}: {last}"))
}
