//! Links between regions that take their time: frames are held back by threads of this process.
//!
//! The kernel that this has to run on has no netem. But it can put Ethernet frames into UDP datagrams (VXLAN): each region's bridge has a
//! tunnel for each other region, all of which lead to one socket here, and the tunnel's number (VNI) says from which region to which a
//! frame goes. After its time it is sent back with the number of the other end's tunnel, and comes out on that bridge.
//!
//! Frames of one direction of a pair stay in order unless its delay is made shorter under way, and are dropped past a bound, as on a real line.
//!
//! Left out: limits of bandwidth. Loss and cuts are the filter's ([`super::network`]).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use std::{io, thread};

/// Frames under way at once; further ones are dropped.
const FRAMES_MAX: usize = 100_000;
/// Largest datagram.
const DATAGRAM_BYTES_MAX: usize = 1 << 16;
/// What the kernel keeps of datagrams that were not read yet.
const RECEIVE_BUFFER_BYTES: usize = 32 << 20;
/// How often the threads look whether they are to end.
const STOP_POLL: Duration = Duration::from_millis(200);
/// Where a VXLAN header has the last byte of the tunnel's number; the others of the three are 0 here.
const VNI_AT: usize = 6;
/// Regions are numbered below this.
const REGIONS_MAX: u8 = 16;

/// The number of the tunnel of region `own` for frames to region `other`.
pub(super) fn vni(own: u8, other: u8) -> u8 {
    own * REGIONS_MAX + other
}

/// A frame under way: when it is due, its place among those of the same time, and the datagram.
type Frame = Reverse<(Instant, u64, Vec<u8>)>;

#[derive(Default)]
struct UnderWay {
    frames: BinaryHeap<Frame>,
    received: u64,
    /// By sending and receiving region.
    delays: BTreeMap<(u8, u8), Duration>,
}

struct Shared {
    socket: UdpSocket,
    bridges: SocketAddr,
    under_way: Mutex<UnderWay>,
    arrived: Condvar,
    is_stopped: AtomicBool,
}

/// The links between all regions.
pub(super) struct Wire {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Wire {
    /// Begins to pass frames on that come to `socket` from tunnels whose other end is `bridges`.
    pub(super) fn start(socket: UdpSocket, bridges: SocketAddr) -> io::Result<Wire> {
        socket.set_read_timeout(Some(STOP_POLL))?;
        rustix::net::sockopt::set_socket_recv_buffer_size_force(&socket, RECEIVE_BUFFER_BYTES)?;
        let shared = Arc::new(Shared {
            socket,
            bridges,
            under_way: Mutex::default(),
            arrived: Condvar::new(),
            is_stopped: AtomicBool::new(false),
        });
        let spawn = |name: &str, work: fn(&Shared)| {
            let shared = Arc::clone(&shared);
            thread::Builder::new().name(name.to_owned()).spawn(move || work(&shared))
        };
        let threads = vec![spawn("wire-in", Shared::receive)?, spawn("wire-out", Shared::send)?];
        Ok(Wire { shared, threads })
    }

    /// How long frames from one region to another take, from now on.
    pub(super) fn set_delay(&self, from: u8, to: u8, delay: Duration) {
        self.shared.lock().delays.insert((from, to), delay);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.shared.is_stopped.store(true, Ordering::Relaxed);
        self.shared.arrived.notify_all();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, UnderWay> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_running(&self) -> bool {
        !self.is_stopped.load(Ordering::Relaxed)
    }

    fn receive(&self) {
        let mut buffer = vec![0; DATAGRAM_BYTES_MAX];
        while self.is_running() {
            // Nothing came for a while, or the other end is not there yet.
            let Ok(length) = self.socket.recv(&mut buffer) else { continue };
            let Some((from, to)) = turn(&mut buffer[..length]) else { continue };
            let mut under_way = self.lock();
            if under_way.frames.len() >= FRAMES_MAX {
                continue;
            }
            let delay = under_way.delays.get(&(from, to)).copied().unwrap_or_default();
            let number = under_way.received;
            under_way.received += 1;
            under_way.frames.push(Reverse((Instant::now() + delay, number, buffer[..length].to_vec())));
            drop(under_way);
            self.arrived.notify_one();
        }
    }

    fn send(&self) {
        let mut under_way = self.lock();
        while self.is_running() {
            let now = Instant::now();
            let wait = match under_way.frames.peek() {
                None => STOP_POLL,
                Some(Reverse((due, ..))) => due.saturating_duration_since(now),
            };
            if !wait.is_zero() {
                let waited = self.arrived.wait_timeout(under_way, wait);
                under_way = waited.unwrap_or_else(PoisonError::into_inner).0;
                continue;
            }
            if let Some(Reverse((_, _, datagram))) = under_way.frames.pop() {
                drop(under_way);
                // A frame that cannot be sent is a frame lost.
                let _ = self.socket.send_to(&datagram, self.bridges);
                under_way = self.lock();
            }
        }
    }
}

/// Addresses a datagram to the tunnel at the other end; from which region to which it goes.
fn turn(datagram: &mut [u8]) -> Option<(u8, u8)> {
    let number = datagram.get_mut(VNI_AT)?;
    let (from, to) = (*number / REGIONS_MAX, *number % REGIONS_MAX);
    *number = vni(to, from);
    Some((from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn datagram(from: u8, to: u8, content: u8) -> Vec<u8> {
        vec![8, 0, 0, 0, 0, 0, vni(from, to), 0, content]
    }

    #[test]
    fn a_frame_comes_out_of_the_other_end_after_its_time_and_in_order() {
        let bridges = UdpSocket::bind("127.0.0.1:0").unwrap();
        bridges.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let wire = Wire::start(socket, bridges.local_addr().unwrap()).unwrap();
        let delay = Duration::from_millis(60);
        wire.set_delay(0, 1, delay);
        let started = Instant::now();
        for content in 0..10 {
            bridges.send_to(&datagram(0, 1, content), address).unwrap();
        }
        // The way back has no delay, so this one overtakes.
        bridges.send_to(&datagram(1, 0, 99), address).unwrap();
        let mut buffer = [0; 64];
        let mut next = || {
            let length = bridges.recv(&mut buffer).unwrap();
            buffer[..length].to_vec()
        };
        assert_eq!(next(), datagram(0, 1, 99));
        assert!(started.elapsed() < delay);
        for content in 0..10 {
            assert_eq!(next(), datagram(1, 0, content));
        }
        assert!(started.elapsed() >= delay);
    }

    #[test]
    fn what_is_no_frame_is_dropped() {
        assert_eq!(turn(&mut [0; 3]), None);
    }
}
