//! A cluster on test hosts: started, hurt, healed.
//!
//! All methods take `&self`: clients and what hurts them share it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use super::cleanup::{remove_stale, watch_signals};
use super::clock::Skew;
use super::door::Door;
use super::network::{End, Network};
use super::node::{Arrival, Node, member_address, peer_address};
use super::{Error, Plan, requirements};
use crate::disk::Fault;

/// How long a cluster may take to have a leader, in whatever state it is.
const LEADER_TIMEOUT: Duration = Duration::from_secs(60);
/// How long nodes may take to have what the leader has, after everything was healed: a snapshot may be needed.
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(120);
/// How often it is looked.
const POLL: Duration = Duration::from_millis(50);
/// How often it is looked while nodes that ended are started again.
const REVIVE_POLL: Duration = Duration::from_millis(250);
/// How long a statement of the harness may take.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a node may take to say whether it leads.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(1);

/// See the module. Everything of it is removed when it goes, but the data folders and logs.
pub struct Cluster {
    pub(super) plan: Plan,
    /// What the cluster calls itself.
    name: String,
    /// Members, and those that are on their way; before the network, which they use.
    nodes: RwLock<BTreeMap<u64, Arc<Node>>>,
    /// Where clients found nodes that are no members any more; kept so that no other node is found there.
    former: RwLock<BTreeMap<u64, Arc<Door>>>,
    /// How processes of such nodes ended that nobody ended.
    former_ends: Mutex<Vec<String>>,
    /// Highest id given so far.
    pub(super) last_id: AtomicU64,
    network: Network,
}

impl Cluster {
    /// Makes the hosts, starts the nodes, and waits for a leader.
    ///
    /// # Errors
    /// What the machine lacks, and how to get it; or what went wrong. Nothing is left then.
    pub fn start(plan: &Plan) -> Result<Cluster, Error> {
        static RUNS: AtomicU64 = AtomicU64::new(0);
        requirements::check(plan)?;
        watch_signals()?;
        remove_stale()?;
        std::fs::create_dir_all(&plan.folder).map_err(Error::system(plan.folder.display().to_string()))?;
        // Servers run elsewhere than in this process' folder, as far as they know.
        let folder = plan.folder.canonicalize().map_err(Error::system(plan.folder.display().to_string()))?;
        let plan = Plan { folder, ..plan.clone() };
        let run = RUNS.fetch_add(1, Ordering::Relaxed);
        let count = plan.nodes as u64;
        let cluster = Cluster {
            name: format!("jepsen-{}-{run}", std::process::id()),
            nodes: RwLock::default(),
            former: RwLock::default(),
            former_ends: Mutex::default(),
            last_id: AtomicU64::new(count),
            network: Network::create(run, &plan)?,
            plan,
        };
        let peers = (1..=count).map(|id| format!("{id}={}/{}", peer_address(id), member_address(id)));
        let arrival = Arrival::Founder(peers.collect::<Vec<_>>().join(","));
        for id in 1..=count {
            // The first regions have one more when they cannot be equal.
            let region = u8::try_from((id - 1) * u64::from(cluster.network.regions()) / count);
            cluster.add_host(id, region.expect("below the number of regions"), &arrival)?;
        }
        for node in cluster.all() {
            node.start()?;
        }
        cluster.wait_for_leader()?;
        Ok(cluster)
    }

    /// A host for a node that does not run yet.
    pub(super) fn add_host(&self, id: u64, region: u8, arrival: &Arrival) -> Result<Arc<Node>, Error> {
        let node = Arc::new(Node::create(&self.network, &self.plan, id, region, arrival, &self.name)?);
        self.nodes.write().unwrap_or_else(PoisonError::into_inner).insert(id, Arc::clone(&node));
        Ok(node)
    }

    /// Ends the process of a node and removes its host.
    pub(super) fn remove_host(&self, id: u64) {
        let gone = self.nodes.write().unwrap_or_else(PoisonError::into_inner).remove(&id);
        if let Some(node) = gone {
            self.former_ends.lock().unwrap_or_else(PoisonError::into_inner).extend(node.ends());
            let mut former = self.former.write().unwrap_or_else(PoisonError::into_inner);
            former.insert(id, Arc::clone(node.door()));
        }
    }

    pub(super) fn all(&self) -> Vec<Arc<Node>> {
        self.nodes.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    pub(super) fn node(&self, id: u64) -> Result<Arc<Node>, Error> {
        let nodes = self.nodes.read().unwrap_or_else(PoisonError::into_inner);
        nodes.get(&id).cloned().ok_or_else(|| Error::node(id, "is no member"))
    }

    /// Ids of the members now, ascending, and of those that are about to join.
    #[must_use]
    pub fn nodes(&self) -> Vec<u64> {
        self.nodes.read().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    /// How processes ended that nobody ended and whose disks were well, of all nodes there have been.
    pub(super) fn ends(&self) -> Vec<String> {
        let former = self.former_ends.lock().unwrap_or_else(PoisonError::into_inner).clone();
        former.into_iter().chain(self.all().iter().flat_map(|node| node.ends())).collect()
    }

    /// Number of regions.
    #[must_use]
    pub fn regions(&self) -> u8 {
        self.network.regions()
    }

    /// The region of a node, from 0.
    #[must_use]
    pub fn region(&self, id: u64) -> Option<u8> {
        self.node(id).ok().map(|node| node.region())
    }

    /// What it was made of.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Where a client of this process reaches a node, as `host:port`. It stays the same, whatever becomes of the node; while it cannot
    /// be reached, or after it was removed, connections there close.
    #[must_use]
    pub fn client_address(&self, id: u64) -> String {
        let door = self.node(id).map(|node| Arc::clone(node.door())).ok();
        let former = || self.former.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned();
        let address = door.or_else(former).map(|door| door.address().to_string());
        // Nobody listens on port 1 (tcpmux), so one who asks for a node that never was is refused too.
        address.unwrap_or_else(|| "127.0.0.1:1".to_owned())
    }

    /// Where the log of a node's processes is, also of one that was removed.
    #[must_use]
    pub fn log_path(&self, id: u64) -> PathBuf {
        self.plan.folder.join(format!("n{id}.log"))
    }

    /// The logs of all nodes there have been: name of the node and path.
    #[must_use]
    pub fn logs(&self) -> Vec<(String, PathBuf)> {
        let ids = 1..=self.last_id.load(Ordering::Relaxed);
        let logs = ids.map(|id| (format!("n{id}"), self.log_path(id)));
        logs.filter(|(_, path)| path.exists()).collect()
    }

    /// The data folder of a node.
    #[must_use]
    pub fn data_folder(&self, id: u64) -> PathBuf {
        self.node(id)
            .map_or_else(|_| self.plan.folder.join(format!("n{id}")), |node| node.data_folder().to_owned())
    }

    /// SIGKILL to a node. With a disk layer that is a loss of power: what was not synced is gone.
    ///
    /// # Errors
    /// When there is no such member.
    pub fn kill(&self, id: u64) -> Result<(), Error> {
        self.node(id)?.kill(None)
    }

    /// SIGKILL to several nodes at once. With a disk layer that is a loss of power: of what was not synced nothing survives, or, by the seed
    /// `torn`, some.
    ///
    /// # Errors
    /// When one is no member.
    pub fn kill_together(&self, ids: &[u64], torn: Option<u64>) -> Result<(), Error> {
        let nodes: Vec<Arc<Node>> = ids.iter().map(|id| self.node(*id)).collect::<Result<_, _>>()?;
        for node in &nodes {
            node.send_kill();
        }
        nodes.iter().try_for_each(|node| node.kill(torn))
    }

    /// Starts a node's process, if it does not run.
    ///
    /// # Errors
    /// When there is no such member, or the process cannot be started.
    pub fn start_node(&self, id: u64) -> Result<(), Error> {
        self.node(id)?.start()
    }

    /// SIGTERM to a node, and its end; how it ended.
    ///
    /// # Errors
    /// When it does not run.
    pub fn stop(&self, id: u64) -> Result<String, Error> {
        self.node(id)?.stop()
    }

    /// Whether a node's process runs (it may be paused).
    #[must_use]
    pub fn is_running(&self, id: u64) -> bool {
        self.node(id).is_ok_and(|node| node.is_running())
    }

    /// SIGSTOP.
    ///
    /// # Errors
    /// When it does not run.
    pub fn pause(&self, id: u64) -> Result<(), Error> {
        self.node(id)?.pause()
    }

    /// SIGCONT.
    ///
    /// # Errors
    /// When it does not run.
    pub fn resume(&self, id: u64) -> Result<(), Error> {
        self.node(id)?.resume()
    }

    /// Nothing gets from the first end of each pair to the second any more.
    ///
    /// # Errors
    /// When the filter cannot be set.
    pub fn cut(&self, pairs: &[(End, End)]) -> Result<(), Error> {
        self.network.cut(pairs)
    }

    /// All links pass packets again; loss and delays stay.
    ///
    /// # Errors
    /// When the filter cannot be set.
    pub fn mend_cuts(&self) -> Result<(), Error> {
        self.network.mend_cuts()
    }

    /// So many thousandths of the packets from the first end of each pair to the second are lost.
    ///
    /// # Errors
    /// When the filter cannot be set.
    pub fn lose(&self, pairs: &[(End, End)], per_mille: u32) -> Result<(), Error> {
        self.network.lose(pairs, per_mille)
    }

    /// How long a packet takes between any two regions.
    pub fn set_delay(&self, delay: Duration) {
        self.network.set_delay(delay);
    }

    /// No loss any more, and delays as they were at first; cuts stay.
    ///
    /// # Errors
    /// When the filter cannot be set.
    pub fn mend_lines(&self) -> Result<(), Error> {
        self.network.mend_lines()
    }

    /// A fault of a node's disk, besides those that it has already.
    ///
    /// # Errors
    /// When the plan has no disk layer, or that does not answer.
    pub fn set_fault(&self, id: u64, fault: &Fault) -> Result<(), Error> {
        let node = self.node(id)?;
        let disk = node.disk().ok_or_else(|| Error::node(id, "has no disk layer"))?;
        node.disk_fails();
        disk.set_fault(fault).map_err(|error| Error::Disk { id, said: error.to_string() })
    }

    /// A node's disk is well again.
    ///
    /// # Errors
    /// When it does not answer. A node without a layer has nothing to clear.
    pub fn clear_disk(&self, id: u64) -> Result<(), Error> {
        let node = self.node(id)?;
        let Some(disk) = node.disk() else { return Ok(()) };
        disk.clear().map_err(|error| Error::Disk { id, said: error.to_string() })?;
        node.disk_is_well();
        Ok(())
    }

    /// Sets the clock of a node's process, which follows within about a second.
    ///
    /// # Errors
    /// When the plan gives nodes no clocks of their own.
    pub fn set_clock(&self, id: u64, skew: Skew) -> Result<(), Error> {
        let node = self.node(id)?;
        node.clock().ok_or_else(|| Error::node(id, "has no clock of its own"))?.set(skew)
    }

    /// A statement on a connection of its own, which no partition cuts, as it comes from the node's own host. Rows as text.
    ///
    /// # Errors
    /// What the node said, or that it did not answer within ten seconds.
    pub fn execute(&self, id: u64, sql: &str) -> Result<Vec<Vec<Option<String>>>, Error> {
        self.node(id)?.execute(sql, STATEMENT_TIMEOUT)
    }

    /// The first value of a statement's first row, if all that is there.
    pub(super) fn value(&self, id: u64, sql: &str, timeout: Duration) -> Option<String> {
        let rows = self.node(id).ok()?.execute(sql, timeout).ok()?;
        rows.into_iter().next()?.into_iter().next()?
    }

    /// The leader that serves, if one does now: that of the highest term, as an old one may not have heard.
    #[must_use]
    pub fn leader(&self) -> Option<u64> {
        let asked = self.all().into_iter().filter(|node| !node.is_paused() && node.is_running());
        let question = "SELECT @@server_id, @@quorate_serving, @@quorate_term";
        let threads: Vec<_> =
            asked.map(|node| thread::spawn(move || node.execute(question, QUESTION_TIMEOUT))).collect();
        let answers = threads.into_iter().filter_map(|thread| thread.join().ok()?.ok());
        let numbers = answers.filter_map(|rows| {
            let row = rows.into_iter().next()?;
            row.into_iter().map(|value| value?.parse().ok()).collect::<Option<Vec<u64>>>()
        });
        let leaders = numbers.filter(|row| row.get(1) == Some(&1));
        leaders.max_by_key(|row| row.get(2).copied()).and_then(|row| row.first().copied())
    }

    /// Waits for a leader that serves.
    ///
    /// # Errors
    /// When there is none within a minute.
    pub fn wait_for_leader(&self) -> Result<u64, Error> {
        let started = Instant::now();
        loop {
            if let Some(leader) = self.leader() {
                return Ok(leader);
            }
            if started.elapsed() > LEADER_TIMEOUT {
                return Err(self.without_leader());
            }
            thread::sleep(POLL);
        }
    }

    fn without_leader(&self) -> Error {
        let details = format!("{}; the logs are in {}", self.states(), self.plan.folder.display());
        Error::Late { what: "a leader".to_owned(), bound: LEADER_TIMEOUT, details }
    }

    /// How each process is, for a message.
    fn states(&self) -> String {
        let state = |node: &Arc<Node>| match (node.is_running(), node.is_paused()) {
            (true, true) => "is paused",
            (true, false) => "runs",
            (false, _) => "does not run",
        };
        self.nodes()
            .into_iter()
            .zip(self.all())
            .map(|(id, node)| format!("; n{id} {}", state(&node)))
            .collect()
    }

    /// Brings everything back: all links up, all disks and clocks well, all paused processes resumed, all killed ones started. Does not wait.
    ///
    /// # Errors
    /// What could not be healed; whatever can be is.
    pub fn mend(&self) -> Result<(), Error> {
        let mut failed = self.network.heal().err();
        for (id, node) in self.node_arcs() {
            let mut note = |result: Result<(), Error>| failed = failed.take().or(result.err());
            note(self.clear_disk(id));
            if let Some(clock) = node.clock() {
                note(clock.set(Skew::NONE));
            }
            if node.is_paused() {
                note(node.resume());
            }
            note(node.start());
        }
        failed.map_or(Ok(()), Err)
    }

    /// Starts what has ended although nobody ended it: a node whose disk failed may do so a moment after that was mended.
    fn revive(&self) {
        for node in self.all() {
            // What cannot be started now is late in the end.
            let _ = node.start();
        }
    }

    /// [`Cluster::mend`], and then waits until there is a leader and every node has what it has.
    ///
    /// # Errors
    /// What could not be healed, or did not come about in time.
    pub fn heal(&self) -> Result<(), Error> {
        self.mend()?;
        self.wait_until_equal()
    }

    /// Waits until every node has applied what the leader had when this began.
    fn wait_until_equal(&self) -> Result<(), Error> {
        let started = Instant::now();
        let index = |id: u64| -> Option<u64> {
            self.value(id, "SELECT @@quorate_commit_index", QUESTION_TIMEOUT)?.parse().ok()
        };
        let wanted = loop {
            if let Some(index) = self.leader().and_then(index) {
                break index;
            }
            if started.elapsed() > LEADER_TIMEOUT {
                return Err(self.without_leader());
            }
            self.revive();
            thread::sleep(REVIVE_POLL);
        };
        self.settle_members()?;
        loop {
            let behind: Vec<String> = self
                .nodes()
                .into_iter()
                .filter_map(|id| match index(id) {
                    Some(index) if index >= wanted => None,
                    Some(index) => Some(format!("; n{id} is at {index}")),
                    None => Some(format!("; n{id} does not answer")),
                })
                .collect();
            if behind.is_empty() {
                return Ok(());
            }
            if started.elapsed() > CATCH_UP_TIMEOUT {
                let what = format!("that all nodes have applied index {wanted}");
                return Err(Error::Late { what, bound: CATCH_UP_TIMEOUT, details: behind.concat() });
            }
            self.revive();
            thread::sleep(REVIVE_POLL);
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // All at once, so that none has time to notice that the others are gone.
        for node in self.all() {
            node.send_kill();
        }
    }
}
