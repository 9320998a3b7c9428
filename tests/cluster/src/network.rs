//! A network that can be cut: every node of a cluster in a network namespace of its own.
//!
//! The namespaces hang on a bridge in one more namespace, so nothing is seen of them outside. A cut is a wrong hardware address for
//! the other end: packets leave and reach nobody, in one direction only, without an error for the sender, as on a broken line. It needs
//! `ip` (iproute2) and root, and no packet filter in the kernel.
//!
//! Clients listen on loopback only, which is another one in each namespace: a process in the namespace (`netns_relay`) passes
//! connections on that it takes on a socket from outside.
//!
//! Invariant: everything is removed at the end, and what a test left behind that was killed goes at the start of the next: the names
//! carry the process id of the test.

use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::process::{Pid, Signal, kill_process};

/// Names of namespaces begin so, then comes the process id of the test.
const PREFIX: &str = "quorate-test-";
/// Every node's port for its peers.
const PEER_PORT: u16 = 7000;
/// A hardware address that no node has.
const NOBODY: &str = "02:77:00:00:ff:ff";

/// Whether tests that need namespaces are to be left out, as the environment says.
#[must_use]
pub fn is_left_out() -> bool {
    let is_set = std::env::var_os("QUORATE_NO_NETNS").is_some();
    if is_set {
        eprintln!("left out: QUORATE_NO_NETNS is set, so no network namespaces are made");
    }
    is_set
}

/// See the module.
pub struct Network {
    /// First part of the names of its namespaces.
    name: String,
    count: u64,
    relays: Vec<Child>,
}

fn address(id: u64) -> Ipv4Addr {
    Ipv4Addr::new(10, 77, 0, u8::try_from(id).expect("few nodes"))
}

fn hardware_address(id: u64) -> String {
    format!("02:77:00:00:00:{id:02x}")
}

/// Runs `ip`; what it says when it fails.
fn ip(arguments: &str) -> Result<String, String> {
    let output = Command::new("ip")
        .args(arguments.split(' '))
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot run ip (iproute2): {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("ip {arguments}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

fn must(arguments: &str) {
    if let Err(error) = ip(arguments) {
        panic!("{error}\nnetwork namespaces need root; QUORATE_NO_NETNS=1 leaves these tests out");
    }
}

impl Network {
    /// Namespaces for the nodes 1 to `count`, all of which reach each other.
    ///
    /// # Panics
    /// When namespaces cannot be made.
    #[must_use]
    pub fn new(count: u64) -> Network {
        static MADE: AtomicU64 = AtomicU64::new(0);
        remove_stale();
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("{PREFIX}{}-{number}", std::process::id());
        let network = Network { name, count, relays: Vec::new() };
        let hub = network.namespace(0);
        must(&format!("netns add {hub}"));
        must(&format!("-n {hub} link add bridge type bridge"));
        must(&format!("-n {hub} link set bridge up"));
        for id in 1..=count {
            let own = network.namespace(id);
            must(&format!("netns add {own}"));
            must(&format!("-n {hub} link add n{id} type veth peer name eth0 netns {own}"));
            must(&format!("-n {hub} link set n{id} master bridge up"));
            must(&format!("-n {own} link set eth0 address {}", hardware_address(id)));
            must(&format!("-n {own} address add {}/24 dev eth0", address(id)));
            must(&format!("-n {own} link set eth0 up"));
            must(&format!("-n {own} link set lo up"));
        }
        network.heal();
        network
    }

    fn namespace(&self, id: u64) -> String {
        format!("{}-{id}", self.name)
    }

    /// Where the other nodes reach this one.
    #[must_use]
    pub fn peer_address(&self, id: u64) -> String {
        format!("{}:{PEER_PORT}", address(id))
    }

    /// A command that runs in the namespace of a node. The process has the same id as the one that is started.
    #[must_use]
    pub fn command(&self, id: u64, program: &Path) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.namespace(id)]).arg(program);
        command
    }

    /// Passes connections on, from an address outside, which is returned, to one in the namespace of a node.
    ///
    /// # Panics
    /// When there is no port or no process for it.
    pub fn relay(&mut self, id: u64, inside: &str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let outside = listener.local_addr().expect("its address").to_string();
        let mut command = self.command(id, &relay_binary());
        // The socket stays where it was made; the process finds it as its standard input.
        command.arg(inside).stdin(Stdio::from(OwnedFd::from(listener))).stdout(Stdio::null());
        self.relays.push(command.spawn().expect("a process for the relay"));
        outside
    }

    fn set(&self, from: u64, to: u64, hardware_address: &str) {
        let own = self.namespace(from);
        must(&format!(
            "-n {own} neigh replace {} lladdr {hardware_address} dev eth0 nud permanent",
            address(to)
        ));
    }

    /// Nothing from one node reaches the other any more.
    pub fn cut_one_way(&self, from: u64, to: u64) {
        self.set(from, to, NOBODY);
    }

    /// Nothing passes between two nodes any more.
    pub fn cut(&self, a: u64, b: u64) {
        self.cut_one_way(a, b);
        self.cut_one_way(b, a);
    }

    /// Nothing passes between these nodes and the others any more.
    pub fn isolate(&self, ids: &[u64]) {
        for id in ids {
            for other in (1..=self.count).filter(|other| !ids.contains(other)) {
                self.cut(*id, other);
            }
        }
    }

    /// Everything passes again.
    pub fn heal(&self) {
        for from in 1..=self.count {
            for to in (1..=self.count).filter(|to| *to != from) {
                self.set(from, to, &hardware_address(to));
            }
        }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for relay in &mut self.relays {
            let _ = relay.kill();
            let _ = relay.wait();
        }
        // The links go with the namespaces.
        for id in 0..=self.count {
            if let Err(error) = ip(&format!("netns delete {}", self.namespace(id))) {
                eprintln!("{error}");
            }
        }
    }
}

/// Removes the namespaces of tests that are no more, and the processes that were left in them.
fn remove_stale() {
    let Ok(list) = ip("netns list") else { return };
    for name in list.lines().filter_map(|line| line.split_whitespace().next()) {
        let owner = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next());
        let Some(owner) = owner.and_then(|text| text.parse::<u32>().ok()) else { continue };
        if Path::new(&format!("/proc/{owner}")).exists() {
            continue;
        }
        let left = ip(&format!("netns pids {name}")).unwrap_or_default();
        for pid in left.lines().filter_map(|line| line.trim().parse().ok()).filter_map(Pid::from_raw) {
            let _ = kill_process(pid, Signal::KILL);
        }
        // Another test may have been faster.
        let _ = ip(&format!("netns delete {name}"));
    }
}

/// Where the program of the relay is: beside the test's own profile folder, as it is a binary of this crate.
fn relay_binary() -> PathBuf {
    let test = std::env::current_exe().expect("the test's own path");
    let folder = test.parent().and_then(Path::parent).expect("the test is in a folder of the profile");
    let path = folder.join("netns_relay");
    assert!(path.exists(), "{} is missing: it is built with the tests of cluster-tests", path.display());
    path
}
