//! `quorate play`: a cluster of node processes on loopback, started, watched and stopped together.
//!
//! Each node is a real `quorate start` process with a data folder of its own under the play folder. Ports and the cluster's
//! name are kept in `play.json` there, so a second start in the same folder resumes the same data at the same addresses.

use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use client::{Cluster, Options};
use serde::{Deserialize, Serialize};

use crate::config::Peer;

/// Most nodes that may be started on one machine.
const NODES_MAX: u16 = 9;
/// How long a cluster may take to get a leader.
const LEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// One round of asking the nodes who leads.
const SEARCH_ROUND: Duration = Duration::from_millis(500);
/// How long nodes may take to stop before they are killed.
const STOP_TIMEOUT: Duration = Duration::from_secs(15);
/// First client port tried.
const FIRST_PORT: u16 = 4001;

/// Start a cluster on this machine
#[derive(Debug, clap::Args)]
pub struct Play {
    /// How many nodes (1 to 9); taken from the folder when it holds a cluster already [default: 3]
    #[arg(long)]
    nodes: Option<u16>,
    /// Folder for the data of all nodes
    #[arg(long, default_value = ".quorate/play")]
    data: PathBuf,
    /// First client port; the nodes take this and the following ones, and the same plus 100 for each other
    #[arg(long, default_value_t = FIRST_PORT)]
    port: u16,
}

/// `play.json`.
#[derive(Debug, Serialize, Deserialize)]
struct Layout {
    cluster_name: String,
    peers: Vec<Peer>,
}

impl Play {
    /// Starts, waits for Ctrl-C, stops.
    ///
    /// # Errors
    /// What the user has to know when it does not start.
    pub fn run(self) -> Result<ExitCode, String> {
        let started = Instant::now();
        std::fs::create_dir_all(&self.data)
            .map_err(|error| format!("cannot make the folder {}: {error}", self.data.display()))?;
        let folder = self.data.canonicalize().map_err(|error| error.to_string())?;
        let layout = self.layout(&folder)?;
        let stop = stop_flag()?;
        let mut nodes = Nodes { children: Vec::new() };
        for peer in &layout.peers {
            nodes.start(peer, &layout, &folder)?;
        }
        let leader = nodes.wait_for_leader(&layout, &folder, &stop)?;
        print_ready(&layout, &leader, &folder, started.elapsed()).map_err(|error| error.to_string())?;
        nodes.watch(&folder, &stop);
        println!("stopping");
        nodes.stop();
        println!("stopped; the data is kept in {}", folder.display());
        Ok(ExitCode::SUCCESS)
    }

    /// The cluster that the folder holds, or a new one on free ports.
    fn layout(&self, folder: &Path) -> Result<Layout, String> {
        let path = folder.join("play.json");
        match std::fs::read(&path) {
            Ok(bytes) => {
                let layout: Layout = serde_json::from_slice(&bytes)
                    .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
                let count = layout.peers.len();
                if self.nodes.is_some_and(|nodes| usize::from(nodes) != count) {
                    return Err(format!(
                        "{} holds a cluster of {count} nodes; leave --nodes out, or name another folder with --data",
                        folder.display()
                    ));
                }
                for peer in &layout.peers {
                    check_free(peer, folder)?;
                }
                Ok(layout)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => self.new_layout(&path),
            Err(error) => Err(format!("cannot read {}: {error}", path.display())),
        }
    }

    fn new_layout(&self, path: &Path) -> Result<Layout, String> {
        let nodes = self.nodes.unwrap_or(3);
        if nodes == 0 || nodes > NODES_MAX {
            return Err(format!("--nodes is {nodes}; it must be from 1 to {NODES_MAX}"));
        }
        let first = (0..50)
            .filter_map(|attempt| self.port.checked_add(attempt * 200))
            .find(|first| (0..nodes).all(|node| is_free(first + node) && is_free(first + node + 100)))
            .ok_or_else(|| format!("no {nodes} free ports from {} on; name others with --port", self.port))?;
        let peers = (0..nodes)
            .map(|node| Peer {
                id: u64::from(node) + 1,
                peer_address: format!("127.0.0.1:{}", first + node + 100),
                sql_address: format!("127.0.0.1:{}", first + node),
            })
            .collect();
        let layout = Layout { cluster_name: format!("play-{:016x}", rand::random::<u64>()), peers };
        let text = serde_json::to_vec_pretty(&layout).map_err(|error| error.to_string())?;
        std::fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        Ok(layout)
    }
}

fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}

fn check_free(peer: &Peer, folder: &Path) -> Result<(), String> {
    for address in [&peer.sql_address, &peer.peer_address] {
        if let Err(error) = TcpListener::bind(address) {
            return Err(format!(
                "cannot use {address} ({error}): is this cluster running already? Stop it, or start another one with \
                 --data (this one is in {})",
                folder.display()
            ));
        }
    }
    Ok(())
}

/// A flag that SIGINT and SIGTERM set.
fn stop_flag() -> Result<Arc<AtomicBool>, String> {
    let flag = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&flag);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let (ready, is_ready) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        runtime.block_on(async {
            use tokio::signal::unix::{SignalKind, signal};
            let (Ok(mut interrupt), Ok(mut terminate)) =
                (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
            else {
                return;
            };
            let _ = ready.send(());
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            set.store(true, Ordering::Release);
        });
    });
    is_ready.recv().map_err(|_| "cannot listen for Ctrl-C".to_owned())?;
    Ok(flag)
}

struct Node {
    id: u64,
    process: Child,
    /// Whether its end was reported already.
    ended: bool,
}

/// The node processes. They are stopped when this goes, whatever the reason.
struct Nodes {
    children: Vec<Node>,
}

impl Nodes {
    fn start(&mut self, peer: &Peer, layout: &Layout, folder: &Path) -> Result<(), String> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let peers: Vec<String> = layout
            .peers
            .iter()
            .map(|peer| format!("{}={}/{}", peer.id, peer.peer_address, peer.sql_address))
            .collect();
        let log_path = log_path(folder, peer.id);
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log_path)
            .map_err(|error| format!("cannot write {}: {error}", log_path.display()))?;
        let mut command = Command::new(program);
        command
            .args(["start", "--node-id", &peer.id.to_string(), "--cluster-name", &layout.cluster_name])
            .arg("--data")
            .arg(folder.join(format!("n{}", peer.id)))
            .args(["--peers", &peers.join(",")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        // A group of its own: Ctrl-C reaches the nodes through us, so that they stop in order.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let process = command.spawn().map_err(|error| format!("cannot start node {}: {error}", peer.id))?;
        self.children.push(Node { id: peer.id, process, ended: false });
        Ok(())
    }

    /// The leader's address, once it serves.
    fn wait_for_leader(
        &mut self,
        layout: &Layout,
        folder: &Path,
        stop: &AtomicBool,
    ) -> Result<String, String> {
        // Short rounds, so that a node that ended and Ctrl-C are noticed in between.
        let options = Options { timeout: SEARCH_ROUND, ..Options::default() };
        let addresses = layout.peers.iter().map(|peer| peer.sql_address.clone());
        let mut cluster = Cluster::with_options(addresses, options);
        let deadline = Instant::now() + LEADER_TIMEOUT;
        loop {
            if let Ok(address) = cluster.leader_address() {
                return Ok(address);
            }
            for node in &mut self.children {
                if let Ok(Some(status)) = node.process.try_wait() {
                    let log = log_path(folder, node.id);
                    return Err(format!("node {} did not start ({status}): {}", node.id, last_line(&log)));
                }
            }
            if stop.load(Ordering::Acquire) {
                return Err("interrupted".into());
            }
            if Instant::now() > deadline {
                return Err(format!(
                    "no leader within {LEADER_TIMEOUT:?}; see the logs in {}",
                    folder.display()
                ));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Until the user stops it; says when a node ends by itself.
    fn watch(&mut self, folder: &Path, stop: &AtomicBool) {
        while !stop.load(Ordering::Acquire) {
            for node in &mut self.children {
                if !node.ended
                    && let Ok(Some(status)) = node.process.try_wait()
                {
                    node.ended = true;
                    println!(
                        "node {} ended ({status}); its log: {}",
                        node.id,
                        log_path(folder, node.id).display()
                    );
                }
            }
            if self.children.iter().all(|node| node.ended) {
                println!("all nodes have ended");
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn stop(&mut self) {
        for node in &self.children {
            if !node.ended {
                terminate(node.process.id());
            }
        }
        let deadline = Instant::now() + STOP_TIMEOUT;
        for node in &mut self.children {
            while Instant::now() < deadline && matches!(node.process.try_wait(), Ok(None)) {
                std::thread::sleep(Duration::from_millis(10));
            }
            if matches!(node.process.try_wait(), Ok(None)) {
                println!("node {} did not stop in time and is killed; it loses nothing", node.id);
                let _ = node.process.kill();
            }
            let _ = node.process.wait();
            node.ended = true;
        }
    }
}

impl Drop for Nodes {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Sends SIGTERM to a child of ours.
fn terminate(pid: u32) {
    let Ok(pid) = i32::try_from(pid) else { return };
    if let Some(pid) = rustix::process::Pid::from_raw(pid) {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
}

fn log_path(folder: &Path, id: u64) -> PathBuf {
    folder.join(format!("n{id}.log"))
}

fn last_line(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().last().unwrap_or("its log is empty").to_owned()
}

fn print_ready(layout: &Layout, leader: &str, folder: &Path, took: Duration) -> std::io::Result<()> {
    let port = leader.rsplit(':').next().unwrap_or_default();
    let leader_id = layout.peers.iter().find(|peer| peer.sql_address == leader).map_or(0, |peer| peer.id);
    let count = layout.peers.len();
    let survives = (count - 1) / 2;
    let failures = if survives == 1 { "failure" } else { "failures" };
    let nodes: Vec<String> =
        layout.peers.iter().map(|peer| format!("n{} {}", peer.id, peer.sql_address)).collect();
    let shown = folder.display();
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "quorate play is ready: {count} voters, leader n{leader_id}, survives {survives} {failures} ({:.1} s)",
        took.as_secs_f64()
    )?;
    writeln!(out)?;
    writeln!(out, "  Connect   mysql -h127.0.0.1 -P{port} -uroot")?;
    writeln!(
        out,
        "  Load      mysql -h127.0.0.1 -P{port} -uroot -e 'CREATE DATABASE IF NOT EXISTS sbtest' && \\\n            \
         for do in prepare run; do sysbench oltp_read_write --mysql-host=127.0.0.1 --mysql-port={port} \
         --mysql-user=root --tables=4 --table-size=10000 --threads=16 --time=10 $do; done"
    )?;
    writeln!(out, "  Status    quorate status --nodes {}", addresses(layout))?;
    writeln!(out, "  Nodes     {} (logs beside the data: n1.log …)", nodes.join(", "))?;
    writeln!(out, "  Data      {shown} (kept; the same command resumes it)")?;
    writeln!(out, "  Stop      Ctrl-C")?;
    writeln!(out, "  Remove    rm -r {shown}")?;
    out.flush()
}

fn addresses(layout: &Layout) -> String {
    layout.peers.iter().map(|peer| peer.sql_address.clone()).collect::<Vec<_>>().join(",")
}
