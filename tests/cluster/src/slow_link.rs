//! Links between nodes that take their time: relays on loopback that hold back what they pass on, in each direction, by a fixed delay.
//!
//! They need no root and no module of the kernel. Left out: loss, reordering and a bound on how much a link carries.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::{Layout, TestCluster};

/// Bytes passed on at once.
const CHUNK_BYTES: usize = 64 << 10;
/// Chunks under way on a link.
const CHUNKS_MAX: usize = 4_096;

impl Layout {
    /// Starts all nodes, with every link between two of them `one_way` long, and waits for a leader.
    ///
    /// # Panics
    /// When there is no port for a relay.
    #[must_use]
    pub fn start_slow(self, one_way: Duration) -> TestCluster {
        let mut cluster = self.prepare();
        let peers: Vec<(u64, String)> =
            cluster.nodes.iter().map(|node| (node.id, node.peer_address.clone())).collect();
        for node in &mut cluster.nodes {
            for (id, address) in peers.iter().filter(|(id, _)| *id != node.id) {
                let relay = delaying_relay(address.clone(), one_way);
                node.flags.extend(["--peer-route".to_owned(), format!("{id}={relay}")]);
            }
        }
        for (id, _) in peers {
            cluster.start_node(id);
        }
        cluster.wait_for_leader(crate::LEADER_TIMEOUT);
        cluster
    }
}

/// A relay to `target`; its address. It goes with the process.
fn delaying_relay(target: String, one_way: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port for a relay");
    let address = listener.local_addr().expect("its address").to_string();
    std::thread::spawn(move || {
        for left in listener.incoming().flatten() {
            // A node that is not there: the other finds its connection closed.
            let Ok(right) = TcpStream::connect(&target) else { continue };
            for stream in [&left, &right] {
                let _ = stream.set_nodelay(true);
            }
            let halves = left.try_clone().and_then(|to_left| Ok((to_left, right.try_clone()?)));
            let Ok((to_left, to_right)) = halves else { continue };
            pass(left, to_right, one_way);
            pass(right, to_left, one_way);
        }
    });
    address
}

/// Passes on what comes, late, on threads of its own.
fn pass(mut from: TcpStream, mut to: TcpStream, one_way: Duration) {
    let (sender, under_way) = mpsc::sync_channel::<(Instant, Vec<u8>)>(CHUNKS_MAX);
    std::thread::spawn(move || {
        let mut chunk = vec![0; CHUNK_BYTES];
        while let Ok(length) = from.read(&mut chunk) {
            if length == 0 || sender.send((Instant::now() + one_way, chunk[..length].to_vec())).is_err() {
                break;
            }
        }
        let _ = from.shutdown(Shutdown::Both);
    });
    std::thread::spawn(move || {
        for (due, chunk) in under_way {
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&chunk).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    });
}
