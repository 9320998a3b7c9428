//! One node: its host, its data folder and its process.
//!
//! Invariants: at most one process at a time; [`Node::kill`] and the like return once the process is gone and, on a layer that
//! forgets, once that has forgotten what was not synced. Where a process ended by itself is remembered ([`Node::ends`]).

use std::fs::OpenOptions;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{fs, thread};

use client::blocking::{Connection, Options};
use rustix::process::{Pid, Signal, kill_process};

use super::clock::Clock;
use super::door::Door;
use super::namespace::Namespace;
use super::network::{CLIENT_PORT, End, Network, PEER_PORT, listen_address};
use super::{Error, Plan};
use crate::disk::DiskLayer;

/// How long a process may take to end after SIGTERM; then it is killed.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);
/// How often it is looked whether it has ended.
const STOP_POLL: Duration = Duration::from_millis(10);

/// What a server writes into its data folder once it belongs to a cluster.
const IDENTITY_FILE: &str = "identity.json";

/// How a node comes to the cluster.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Arrival {
    /// It is one of those that form it; the value of `--peers`.
    Founder(String),
    /// It joins by way of these client addresses, as this.
    Joiner(String, &'static str),
}

/// See the module.
pub(super) struct Node {
    id: u64,
    region: u8,
    data: PathBuf,
    log: PathBuf,
    /// The command's program and arguments.
    binary: PathBuf,
    arguments: Vec<String>,
    process: Mutex<Process>,
    /// The members know where clients reach it.
    is_published: AtomicBool,
    /// Before the namespaces, so that they go while those are still there.
    door: Arc<Door>,
    disk: Option<DiskLayer>,
    clock: Option<Clock>,
    host: Namespace,
}

#[derive(Default)]
struct Process {
    child: Option<Child>,
    is_paused: bool,
    /// The disk has failed under this process, so that it may end.
    may_end: bool,
    /// The disk fails now: under the next process too.
    disk_fails: bool,
    /// How processes ended that nobody asked to.
    ends: Vec<String>,
}

/// Where a node's peers reach it.
pub(super) fn peer_address(id: u64) -> String {
    format!("{}:{PEER_PORT}", End::Node(id).address())
}

/// Where the members and the client host reach it as clients.
pub(super) fn member_address(id: u64) -> String {
    format!("{}:{CLIENT_PORT}", End::Node(id).address())
}

impl Node {
    /// Its host, with an empty data folder and no process yet.
    pub(super) fn create(
        network: &Network,
        plan: &Plan,
        id: u64,
        region: u8,
        arrival: &Arrival,
        name: &str,
    ) -> Result<Node, Error> {
        let host = network.add_host(id, region)?;
        let data = plan.folder.join(format!("n{id}"));
        let log = plan.folder.join(format!("n{id}.log"));
        let failed = || format!("making the data folder of n{id}");
        fs::create_dir_all(&data).map_err(Error::system(failed()))?;
        let disk = if let Some(program) = &plan.disk {
            let backing = plan.folder.join(format!("n{id}.backing"));
            fs::create_dir_all(&backing).map_err(Error::system(failed()))?;
            let mounted = DiskLayer::mount(program, &backing, &data);
            Some(mounted.map_err(|error| Error::Disk { id, said: error.to_string() })?)
        } else {
            None
        };
        // Below the mount point, so that the server makes it itself, and may lose it if it does not see to it.
        let data = data.join("data");
        let door = Arc::new(Door::open(network.clients(), (End::Node(id).address(), CLIENT_PORT).into())?);
        let mut arguments = vec!["start".to_owned(), "--data".to_owned(), data.display().to_string()];
        let mut add = |flag: &str, value: &str| arguments.extend([flag.to_owned(), value.to_owned()]);
        add("--node-id", &id.to_string());
        add("--listen", &listen_address(id).to_string());
        match arrival {
            Arrival::Founder(peers) => {
                add("--cluster-name", name);
                add("--peers", peers);
                if plan.regions > 1 {
                    add("--timing", "wan");
                }
            }
            Arrival::Joiner(through, joins_as) => {
                add("--join", through);
                add("--as", joins_as);
                add("--peer-listen", &peer_address(id));
            }
        }
        arguments.extend(plan.flags.iter().cloned());
        let binary = plan.binary.clone();
        let clock = if plan.clock { Some(Clock::create(&plan.folder, id)?) } else { None };
        let process = Mutex::default();
        let is_published = AtomicBool::new(matches!(arrival, Arrival::Founder(_)));
        Ok(Node { id, region, data, log, binary, arguments, process, is_published, door, disk, clock, host })
    }

    fn lock(&self) -> MutexGuard<'_, Process> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn region(&self) -> u8 {
        self.region
    }

    pub(super) fn data_folder(&self) -> &Path {
        &self.data
    }

    /// Where clients of this process reach it.
    pub(super) fn door(&self) -> &Arc<Door> {
        &self.door
    }

    pub(super) fn disk(&self) -> Option<&DiskLayer> {
        self.disk.as_ref()
    }

    pub(super) fn clock(&self) -> Option<&Clock> {
        self.clock.as_ref()
    }

    /// Its disk fails from now on: until it is well, and started after that, its process may end by itself.
    pub(super) fn disk_fails(&self) {
        let mut process = self.lock();
        (process.disk_fails, process.may_end) = (true, true);
    }

    /// Its disk is well again.
    pub(super) fn disk_is_well(&self) {
        self.lock().disk_fails = false;
    }

    /// How its processes ended that nobody ended, and whose disk was well.
    pub(super) fn ends(&self) -> Vec<String> {
        let mut process = self.lock();
        process.notice_end(self.id);
        process.ends.clone()
    }

    pub(super) fn is_running(&self) -> bool {
        let mut process = self.lock();
        process.notice_end(self.id);
        process.child.is_some()
    }

    pub(super) fn is_published(&self) -> bool {
        self.is_published.load(Ordering::Relaxed)
    }

    pub(super) fn set_published(&self) {
        self.is_published.store(true, Ordering::Relaxed);
    }

    /// Whether it belongs to the cluster as far as it knows, or did once.
    pub(super) fn has_joined(&self) -> bool {
        self.data.join(IDENTITY_FILE).exists()
    }

    pub(super) fn is_paused(&self) -> bool {
        self.lock().is_paused
    }

    /// Starts its process, if none runs.
    pub(super) fn start(&self) -> Result<(), Error> {
        let mut process = self.lock();
        process.notice_end(self.id);
        if process.child.is_some() {
            return Ok(());
        }
        let opened = OpenOptions::new().create(true).append(true).open(&self.log);
        let log = opened.map_err(Error::system(format!("opening {}", self.log.display())))?;
        let mut command = Command::new(&self.binary);
        // A group of its own, or Ctrl-C would reach it too.
        command.args(&self.arguments).process_group(0);
        command.envs(self.clock.iter().flat_map(Clock::environment));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let child = self.host.run(|| command.spawn())?;
        let child = child.map_err(Error::system(format!("starting {}", self.binary.display())))?;
        process.child = Some(child);
        process.is_paused = false;
        // One that has not joined yet gives up when the cluster does not answer.
        process.may_end = !self.has_joined() || process.disk_fails;
        Ok(())
    }

    /// Sends a signal to its process.
    fn signal(&self, signal: Signal) -> Result<MutexGuard<'_, Process>, Error> {
        let mut process = self.lock();
        process.notice_end(self.id);
        let pid = process.child.as_ref().and_then(|child| Pid::from_raw(child.id().cast_signed()));
        let pid = pid.ok_or_else(|| Error::node(self.id, "does not run"))?;
        kill_process(pid, signal).map_err(|error| Error::System {
            what: format!("sending {signal:?} to n{}", self.id),
            source: error.into(),
        })?;
        Ok(process)
    }

    /// SIGSTOP.
    pub(super) fn pause(&self) -> Result<(), Error> {
        self.signal(Signal::STOP)?.is_paused = true;
        Ok(())
    }

    /// SIGCONT.
    pub(super) fn resume(&self) -> Result<(), Error> {
        self.signal(Signal::CONT)?.is_paused = false;
        Ok(())
    }

    /// SIGKILL without waiting: [`Node::kill`] is still to be called.
    pub(super) fn send_kill(&self) {
        // One that does not run needs none.
        drop(self.signal(Signal::KILL));
    }

    /// SIGKILL. What was not synced is lost where the data folder is on a layer that forgets: all of it, or what the seed `torn` says.
    pub(super) fn kill(&self, torn: Option<u64>) -> Result<(), Error> {
        let mut process = self.lock();
        if let Some(mut child) = process.child.take() {
            let _ = child.kill();
            child.wait().map_err(Error::system(format!("waiting for the end of n{}", self.id)))?;
        }
        process.is_paused = false;
        if let Some(disk) = &self.disk {
            let lost = torn.map_or_else(|| disk.lose_unsynced(), |seed| disk.lose_some_unsynced(seed));
            lost.map_err(|error| Error::Disk { id: self.id, said: error.to_string() })?;
        }
        Ok(())
    }

    /// SIGTERM, and SIGKILL when that is not enough; how it ended.
    pub(super) fn stop(&self) -> Result<String, Error> {
        let taken = self.signal(Signal::TERM)?.child.take();
        let mut child = taken.ok_or_else(|| Error::node(self.id, "does not run"))?;
        let started = Instant::now();
        while started.elapsed() < STOP_TIMEOUT {
            let ended = child.try_wait().map_err(Error::system(format!("the end of n{}", self.id)))?;
            if let Some(status) = ended {
                return Ok(said(status));
            }
            thread::sleep(STOP_POLL);
        }
        self.lock().child = Some(child);
        self.kill(None)?;
        Ok(format!("killed, as it did not end within {STOP_TIMEOUT:?}"))
    }

    /// A statement on a connection of its own from inside its host, which no partition cuts.
    pub(super) fn execute(&self, sql: &str, timeout: Duration) -> Result<Vec<Vec<Option<String>>>, Error> {
        let address = listen_address(self.id).to_string();
        let result = self.host.run(|| {
            let options = Options { timeout, ..Options::unencrypted() };
            Connection::connect_with(&address, &options).and_then(|mut connection| connection.query(sql))
        })?;
        let result = result.map_err(|source| Error::Statement { id: self.id, source })?;
        let text = |value: Option<Vec<u8>>| value.map(|value| String::from_utf8_lossy(&value).into_owned());
        Ok(result.rows.into_iter().map(|row| row.into_iter().map(text).collect()).collect())
    }
}

impl Process {
    /// Takes notice when the process has ended by itself.
    fn notice_end(&mut self, id: u64) {
        let Some(child) = self.child.as_mut() else { return };
        let Ok(Some(status)) = child.try_wait() else { return };
        self.child = None;
        self.is_paused = false;
        if !self.may_end {
            self.ends.push(format!("n{id} ended by itself: {}", said(status)));
        }
    }
}

fn said(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => status.to_string(),
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(mut child) = self.lock().child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
