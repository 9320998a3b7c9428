//! The node processes of `quorate play`.
//!
//! Invariant: the processes are stopped when [`Nodes`] goes, whatever the reason.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use client::blocking::{Cluster, Options};

use super::layout::{Layout, PlayNode};
use crate::engine_name::EngineName;

/// How long a cluster may take to get a leader.
const LEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// How long the leader that the weights ask for may take, once there is one, before another is named as it is.
const HAND_OVER_TIMEOUT: Duration = Duration::from_secs(5);
/// One round of asking the nodes who leads.
const SEARCH_ROUND: Duration = Duration::from_millis(500);
/// Pause between two rounds.
const SEARCH_PAUSE: Duration = Duration::from_millis(20);
/// Pause between two looks whether a node has ended.
const WATCH_PAUSE: Duration = Duration::from_millis(100);
/// How long nodes may take to stop before they are killed.
const STOP_TIMEOUT: Duration = Duration::from_secs(15);

struct Node {
    id: u64,
    process: Child,
    /// Whether its end was reported already.
    ended: bool,
}

/// The node processes.
pub(super) struct Nodes {
    children: Vec<Node>,
}

impl Nodes {
    /// Starts them all. `entrances` are the relays: from which node, to which, and where that way is entered.
    pub(super) fn start(
        layout: &Layout,
        entrances: &[((u64, u64), SocketAddr)],
        folder: &Path,
        engine: Option<EngineName>,
    ) -> Result<Nodes, String> {
        let mut nodes = Nodes { children: Vec::new() };
        for node in &layout.nodes {
            let process = spawn(node, layout, entrances, folder, engine)?;
            nodes.children.push(Node { id: node.id, process, ended: false });
        }
        Ok(nodes)
    }

    /// The leader's client address, once it serves.
    pub(super) fn wait_for_leader(
        &mut self,
        layout: &Layout,
        folder: &Path,
        stop: &AtomicBool,
    ) -> Result<String, String> {
        // Short rounds, so that a node that ended and Ctrl-C are noticed in between.
        let options = Options { timeout: SEARCH_ROUND, ..Options::default() };
        let addresses = layout.nodes.iter().map(|node| node.sql_address.clone());
        let mut cluster = Cluster::with_options(addresses, options);
        let preferred = layout.preferred_leader().map(|node| node.sql_address.as_str());
        let deadline = Instant::now() + LEADER_TIMEOUT;
        let mut hand_over_deadline = None;
        loop {
            if let Ok(address) = cluster.leader_address() {
                let until = *hand_over_deadline.get_or_insert_with(|| Instant::now() + HAND_OVER_TIMEOUT);
                if preferred.is_none_or(|preferred| preferred == address) || Instant::now() > until {
                    return Ok(address);
                }
                // Whoever stood first leads; it hands over to the heaviest as soon as that one is there.
                cluster.forget_leader();
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
            std::thread::sleep(SEARCH_PAUSE);
        }
    }

    /// Until the user stops it; says when a node ends by itself.
    pub(super) fn watch(&mut self, folder: &Path, stop: &AtomicBool) {
        while !stop.load(Ordering::Acquire) {
            for node in &mut self.children {
                if !node.ended
                    && let Ok(Some(status)) = node.process.try_wait()
                {
                    node.ended = true;
                    let log = log_path(folder, node.id);
                    println!("node {} ended ({status}); its log: {}", node.id, log.display());
                }
            }
            if self.children.iter().all(|node| node.ended) {
                println!("all nodes have ended");
                return;
            }
            std::thread::sleep(WATCH_PAUSE);
        }
    }

    /// Stops those that run; kills what does not stop.
    pub(super) fn stop(&mut self) {
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

/// Starts one node.
fn spawn(
    node: &PlayNode,
    layout: &Layout,
    entrances: &[((u64, u64), SocketAddr)],
    folder: &Path,
    engine: Option<EngineName>,
) -> Result<Child, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let log_path = log_path(folder, node.id);
    let log = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(&log_path)
        .map_err(|error| format!("cannot write {}: {error}", log_path.display()))?;
    let mut command = Command::new(program);
    command
        .args(arguments(node, layout, entrances))
        .arg("--data")
        .arg(folder.join(format!("n{}", node.id)))
        .args(engine.iter().flat_map(|engine| ["--engine", engine.name()]))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log);
    // A group of its own: Ctrl-C reaches the nodes through us, so that they stop in order.
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn().map_err(|error| format!("cannot start node {}: {error}", node.id))
}

/// A node's command line, but for its data folder.
fn arguments(node: &PlayNode, layout: &Layout, entrances: &[((u64, u64), SocketAddr)]) -> Vec<String> {
    let peers: Vec<String> = layout.nodes.iter().map(PlayNode::as_flag).collect();
    let mut arguments: Vec<String> = vec!["start".into(), "--node-id".into(), node.id.to_string()];
    arguments.extend(["--cluster-name".into(), layout.cluster_name.clone()]);
    arguments.extend(["--peers".into(), peers.join(",")]);
    let routes: Vec<String> = entrances
        .iter()
        .filter(|((from, _), _)| *from == node.id)
        .map(|((_, to), entrance)| format!("{to}={entrance}"))
        .collect();
    if !routes.is_empty() {
        arguments.extend(["--peer-route".into(), routes.join(",")]);
    }
    arguments
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_told_only_of_the_relays_that_start_at_it() {
        let node = |id: u64, region: &str| PlayNode {
            id,
            peer_address: format!("127.0.0.1:{}", 4100 + id),
            sql_address: format!("127.0.0.1:{}", 4000 + id),
            region: Some(region.into()),
            weight: None,
            is_log_only: false,
        };
        let layout = Layout {
            cluster_name: "c".into(),
            layout: None,
            delay_ms: Some(1),
            nodes: vec![node(1, "A"), node(2, "B")],
        };
        let entrance = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let entrances = [((1, 2), entrance(7001)), ((2, 1), entrance(7002))];
        let arguments = arguments(&layout.nodes[0], &layout, &entrances);
        assert_eq!(
            arguments.join(" "),
            "start --node-id 1 --cluster-name c --peers \
             1=127.0.0.1:4101/127.0.0.1:4001,2=127.0.0.1:4102/127.0.0.1:4002 --peer-route 2=127.0.0.1:7001"
        );
    }
}
