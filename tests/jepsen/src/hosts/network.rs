//! The network between the hosts: bridges in a namespace of their own, and a filter on them that cuts links and loses packets.
//!
//! The filter (nftables) drops what one end sends to the other before it is delivered, in one direction, without an error for the sender, as
//! on a broken line. All that is cut at one time is cut by one transaction. Frames other than IPv4's, which are ARP's, always pass.
//!
//! With several regions there is a bridge in each; a pair of tunnels joins each two of them ([`super::wire`]). The tunnels' ports are isolated from each
//! other, so that no frame goes round in the triangle.
//!
//! Servers without passwords listen on loopback only. So each node's host translates addresses: what comes to its client port from
//! the network looks to the server as if it came from loopback.
//!
//! Invariant: the filter in the kernel is what [`State`] says, whenever its lock is free.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display, Formatter, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::cleanup::namespace_name;
use super::namespace::Namespace;
use super::wire::{Wire, vni};
use super::{Error, Plan};

/// How long a packet takes from one region to another: half of a round trip of 30 ms.
pub const REGION_DELAY: Duration = Duration::from_millis(15);
/// Every node's port for clients.
pub(super) const CLIENT_PORT: u16 = 3306;
/// Every node's port for its peers.
pub(super) const PEER_PORT: u16 = 7000;
/// The port that the kernel's tunnels use.
const TUNNEL_PORT: u16 = 4789;
/// Where the bridges' namespace and that of the wire reach each other.
const HUB_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 78, 0, 1);
const WIRE_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 78, 0, 2);
/// Hosts of a network: more nodes than that are not joined in any run.
const HOSTS_MAX: u64 = 60_000;
/// Hosts in one of the blocks of 256 addresses.
const BLOCK: u64 = 250;
/// Loss is counted in parts of this.
const LOSS_BASE: u32 = 1_000;

/// One end of a link.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum End {
    /// The host of all clients.
    Clients,
    /// That of a node.
    Node(u64),
}

impl Display for End {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            End::Clients => f.write_str("clients"),
            End::Node(id) => write!(f, "n{id}"),
        }
    }
}

impl End {
    /// Its address in the network.
    pub(super) fn address(self) -> Ipv4Addr {
        match self {
            End::Clients => Ipv4Addr::new(10, 77, 255, 1),
            End::Node(id) => {
                let [third, fourth] = last_bytes(id);
                Ipv4Addr::new(10, 77, third, fourth)
            }
        }
    }

    /// The name of its link on the bridge.
    fn port(self) -> String {
        match self {
            End::Clients => "pclients".to_owned(),
            End::Node(id) => format!("p{id}"),
        }
    }
}

/// The last two bytes of a node's addresses.
fn last_bytes(id: u64) -> [u8; 2] {
    assert!(id < HOSTS_MAX, "no run has that many nodes");
    let byte = |number: u64| u8::try_from(number).expect("it is below 256, as ids are below HOSTS_MAX");
    [byte(id / BLOCK), byte(id % BLOCK + 1)]
}

/// Where a node's server listens for clients: on the loopback of its host. One address for each node, as members' addresses differ.
pub(super) fn listen_address(id: u64) -> SocketAddr {
    let [third, fourth] = last_bytes(id);
    SocketAddrV4::new(Ipv4Addr::new(127, 77, third, fourth), CLIENT_PORT).into()
}

/// What is wrong with the links now.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct State {
    /// Nothing gets from the first end to the second.
    cut: BTreeSet<(End, End)>,
    /// Packets lost, in thousandths, from the first end to the second.
    loss: BTreeMap<(End, End), u32>,
}

/// See the module.
pub(super) struct Network {
    run: u64,
    regions: u8,
    state: Mutex<State>,
    /// Before the namespaces, so that it ends before they go.
    wire: Option<Wire>,
    clients: Namespace,
    hub: Namespace,
    _wan: Option<Namespace>,
}

impl Network {
    /// The bridges and the client host.
    pub(super) fn create(run: u64, plan: &Plan) -> Result<Network, Error> {
        let regions = u8::try_from(plan.regions).map_err(|_| Error::Plan("too many regions".to_owned()))?;
        let hub = Namespace::create(namespace_name(run, "hub"))?;
        for region in 0..regions {
            hub.ip(&format!(
                "link add r{region} type bridge stp_state 0 mcast_snooping 0\nlink set r{region} up\n"
            ))?;
        }
        let (wan, wire) = if regions > 1 {
            let (wan, wire) = lay_wires(run, &hub, regions)?;
            (Some(wan), Some(wire))
        } else {
            (None, None)
        };
        let clients = attach(run, &hub, End::Clients, 0)?;
        let network = Network { run, regions, state: Mutex::default(), wire, clients, hub, _wan: wan };
        network.heal()?;
        Ok(network)
    }

    /// A host for a node, in a region.
    pub(super) fn add_host(&self, id: u64, region: u8) -> Result<Namespace, Error> {
        let host = attach(self.run, &self.hub, End::Node(id), region)?;
        // Loopback can be reached through the translation below.
        host.set("net/ipv4/conf/eth0/route_localnet", "1")?;
        // A packet that looks out of place after a loss is no reason to answer for a connection that is none of the kernel's.
        host.nft(&translation(id))?;
        host.set("net/netfilter/nf_conntrack_tcp_be_liberal", "1")?;
        Ok(host)
    }

    /// The namespace of the client host.
    pub(super) fn clients(&self) -> &Namespace {
        &self.clients
    }

    /// Number of regions.
    pub(super) fn regions(&self) -> u8 {
        self.regions
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) -> Result<(), Error> {
        let mut state = self.lock();
        change(&mut state);
        self.hub.nft(&filter(&state))
    }

    /// Nothing gets from the first end of each pair to the second any more. Other cuts stay.
    pub(super) fn cut(&self, pairs: &[(End, End)]) -> Result<(), Error> {
        self.change(|state| state.cut.extend(pairs))
    }

    /// So many thousandths of the packets from the first end of each pair to the second are lost. Loss elsewhere stays.
    pub(super) fn lose(&self, pairs: &[(End, End)], per_mille: u32) -> Result<(), Error> {
        self.change(|state| state.loss.extend(pairs.iter().map(|pair| (*pair, per_mille.min(LOSS_BASE)))))
    }

    /// No cut any more.
    pub(super) fn mend_cuts(&self) -> Result<(), Error> {
        self.change(|state| state.cut.clear())
    }

    /// No loss any more, and delays as they were at first.
    pub(super) fn mend_lines(&self) -> Result<(), Error> {
        self.set_delay(REGION_DELAY);
        self.change(|state| state.loss.clear())
    }

    /// All delays between regions. Without regions there are none.
    pub(super) fn set_delay(&self, delay: Duration) {
        let Some(wire) = &self.wire else { return };
        for from in 0..self.regions {
            for to in (0..self.regions).filter(|to| *to != from) {
                wire.set_delay(from, to, delay);
            }
        }
    }

    /// All is as it was at first.
    pub(super) fn heal(&self) -> Result<(), Error> {
        self.set_delay(REGION_DELAY);
        self.change(|state| *state = State::default())
    }
}

/// A namespace with a link to the bridge of a region.
fn attach(run: u64, hub: &Namespace, end: End, region: u8) -> Result<Namespace, Error> {
    let host = Namespace::create(namespace_name(run, &end.to_string()))?;
    let (name, port) = (host.name(), end.port());
    hub.ip(&format!(
        "link add {port} type veth peer name eth0 netns {name}\nlink set {port} master r{region} up\n"
    ))?;
    host.ip(&format!("address add {}/16 dev eth0\nlink set eth0 up\n", end.address()))?;
    Ok(host)
}

/// Tunnels between all bridges, by way of a wire in a namespace of its own.
fn lay_wires(run: u64, hub: &Namespace, regions: u8) -> Result<(Namespace, Wire), Error> {
    let wan = Namespace::create(namespace_name(run, "wan"))?;
    hub.ip(&format!(
        "link add wan type veth peer name eth0 netns {}\naddress add {HUB_ADDRESS}/24 dev wan\nlink set wan mtu 1600 up\n",
        wan.name()
    ))?;
    wan.ip(&format!("address add {WIRE_ADDRESS}/24 dev eth0\nlink set eth0 mtu 1600 up\n"))?;
    // The wire is no network card: it must be given packets of their real size, with checksums.
    hub.run(|| {
        let off = ["tx", "tso", "gso", "tx-udp_tnl-segmentation", "tx-udp_tnl-csum-segmentation"];
        let mut ethtool = Command::new("ethtool");
        ethtool.args(["-K", "wan"]).args(off.iter().flat_map(|feature| [*feature, "off"]));
        let output = ethtool.stdin(Stdio::null()).output().map_err(Error::system("running ethtool"))?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(Error::Command { command: format!("{ethtool:?}"), said })
    })??;
    for own in 0..regions {
        for other in (0..regions).filter(|other| *other != own) {
            let (name, number) = (format!("w{own}{other}"), vni(own, other));
            hub.ip(&format!(
                "link add {name} type vxlan id {number} local {HUB_ADDRESS} remote {WIRE_ADDRESS} dstport {TUNNEL_PORT} dev wan\n\
                 link set {name} mtu 1500 master r{own} up\n\
                 link set {name} type bridge_slave isolated on\n"
            ))?;
        }
    }
    let socket = wan.run(|| UdpSocket::bind((WIRE_ADDRESS, TUNNEL_PORT)))?;
    let bridges = SocketAddrV4::new(HUB_ADDRESS, TUNNEL_PORT).into();
    let wire = socket.and_then(|socket| Wire::start(socket, bridges));
    Ok((wan, wire.map_err(Error::system("laying the wire between regions"))?))
}

/// The rules of a node's host.
fn translation(id: u64) -> String {
    let (own, listen) = (End::Node(id).address(), listen_address(id));
    let inside = listen.ip();
    format!(
        "table ip clients {{\n\
         chain prerouting {{\n\
         type nat hook prerouting priority -100\n\
         ip daddr {own} tcp dport {CLIENT_PORT} dnat to {listen}\n\
         }}\n\
         chain input {{\n\
         type nat hook input priority 100\n\
         iifname \"eth0\" ip daddr {inside} tcp dport {CLIENT_PORT} snat to 127.0.0.1\n\
         }}\n\
         }}\n"
    )
}

/// The rules of the bridges.
fn filter(state: &State) -> String {
    // Only where a packet is delivered, or it would be judged on the bridges of both regions.
    let mut script = "table bridge links\ndelete table bridge links\ntable bridge links {\nchain forward {\n\
                      type filter hook forward priority 0\noifname != \"p*\" accept\n"
        .to_owned();
    for (from, to) in &state.cut {
        let _ = writeln!(script, "ip saddr {} ip daddr {} drop", from.address(), to.address());
    }
    for ((from, to), per_mille) in &state.loss {
        let (from, to) = (from.address(), to.address());
        let _ = writeln!(
            script,
            "ip saddr {from} ip daddr {to} numgen random mod {LOSS_BASE} < {per_mille} drop"
        );
    }
    script.push_str("}\n}\n");
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_differ_from_node_to_node() {
        let all: BTreeSet<Ipv4Addr> = (1..1_000).map(|id| End::Node(id).address()).collect();
        assert_eq!(all.len(), 999);
        assert!(!all.contains(&End::Clients.address()));
        assert_eq!(End::Node(1).address(), Ipv4Addr::new(10, 77, 0, 2));
        assert_eq!(listen_address(250), "127.77.1.1:3306".parse().unwrap());
    }

    #[test]
    fn the_filter_cuts_in_one_direction() {
        let mut state = State::default();
        assert!(!filter(&state).contains("drop"));
        state.cut.insert((End::Node(1), End::Clients));
        state.loss.insert((End::Node(2), End::Node(1)), 20);
        let script = filter(&state);
        assert!(script.contains("ip saddr 10.77.0.2 ip daddr 10.77.255.1 drop\n"), "{script}");
        assert!(!script.contains("ip saddr 10.77.255.1"), "{script}");
        assert!(
            script.contains("ip saddr 10.77.0.3 ip daddr 10.77.0.2 numgen random mod 1000 < 20 drop\n"),
            "{script}"
        );
    }
}
