//! A relay that makes a connection on this machine as slow as one between regions.
//!
//! `quorate play --layout three-region` has one for each ordered pair of nodes in different regions. A [`Relays`] listens on loopback, a
//! port for each [`Route`]; whatever connects there is connected to the route's target, and the bytes of both directions
//! arrive one delay later, in their order. Bandwidth is not limited: many chunks are on the way at once, as on a long link.
//!
//! Invariants: a chunk is never written before its time; bytes are neither lost nor reordered while both ends live; when one end goes, the
//! other is told after what was on the way has arrived. What is on the way is bounded ([`CHUNK_BYTES_MAX`] times
//! [`CHUNKS_ON_THE_WAY_MAX`] for a direction); past it the sender is held back, as by a full TCP window.
//!
//! Left out: loss, jitter, limits of bandwidth. The connect itself is not delayed.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Most bytes that are read at once, and so delayed as one.
pub const CHUNK_BYTES_MAX: usize = 64 << 10;
/// Chunks on the way in one direction of one connection.
pub const CHUNKS_ON_THE_WAY_MAX: usize = 512;
/// A read buffer with less room than this is replaced.
const CHUNK_BYTES_MIN: usize = 4 << 10;
/// Pause after a connection that could not be accepted, as when the process has too many.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// One way through a relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Where the bytes go, `host:port`.
    pub target: String,
    /// How long they take, in each direction.
    pub delay: Duration,
}

/// Running relays. They end when this goes.
pub struct Relays {
    runtime: Option<Runtime>,
    addresses: Vec<SocketAddr>,
}

impl Relays {
    /// Starts a relay for each route.
    ///
    /// # Errors
    /// When there is no port or no thread for it.
    pub fn start(routes: &[Route]) -> std::io::Result<Relays> {
        if routes.is_empty() {
            return Ok(Relays { runtime: None, addresses: Vec::new() });
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("relay")
            .enable_all()
            .build()?;
        let mut addresses = Vec::with_capacity(routes.len());
        for route in routes {
            let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0)))?;
            addresses.push(listener.local_addr()?);
            runtime.spawn(serve(listener, route.clone()));
        }
        Ok(Relays { runtime: Some(runtime), addresses })
    }

    /// Where each route is entered, in the order of the routes.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }
}

impl Drop for Relays {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn serve(listener: TcpListener, route: Route) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(relay(stream, route.clone()));
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

/// Carries one connection until one of its ends fails or both are done.
async fn relay(near: TcpStream, route: Route) {
    // A target that is down is told by closing: the node tries again, as it does with a peer that is down.
    let Ok(far) = TcpStream::connect(&route.target).await else { return };
    // Without this the relay would add delays of its own.
    if near.set_nodelay(true).is_err() || far.set_nodelay(true).is_err() {
        return;
    }
    let (near_reader, near_writer) = near.into_split();
    let (far_reader, far_writer) = far.into_split();
    // An error in one direction drops the other too, and both sockets with it.
    let _ = tokio::try_join!(
        carry(near_reader, far_writer, route.delay),
        carry(far_reader, near_writer, route.delay)
    );
}

/// Carries one direction until its reader ends.
async fn carry(
    reader: impl AsyncRead + Unpin,
    writer: impl AsyncWrite + Unpin,
    delay: Duration,
) -> std::io::Result<()> {
    let (sender, receiver) = mpsc::channel(CHUNKS_ON_THE_WAY_MAX);
    let (took, put) = tokio::join!(take(reader, sender, delay), put(writer, receiver));
    took.and(put)
}

/// Reads chunks and stamps them with when they arrive.
async fn take(
    mut reader: impl AsyncRead + Unpin,
    sender: mpsc::Sender<(Instant, Bytes)>,
    delay: Duration,
) -> std::io::Result<()> {
    let mut buffer = BytesMut::with_capacity(CHUNK_BYTES_MAX);
    loop {
        if buffer.capacity() < CHUNK_BYTES_MIN {
            buffer = BytesMut::with_capacity(CHUNK_BYTES_MAX);
        }
        if reader.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        }
        let chunk = buffer.split().freeze();
        if sender.send((Instant::now() + delay, chunk)).await.is_err() {
            // The writer failed and says why.
            return Ok(());
        }
    }
}

/// Writes each chunk when it is due.
async fn put(
    mut writer: impl AsyncWrite + Unpin,
    mut receiver: mpsc::Receiver<(Instant, Bytes)>,
) -> std::io::Result<()> {
    while let Some((due, chunk)) = receiver.recv().await {
        tokio::time::sleep_until(due).await;
        writer.write_all(&chunk).await?;
    }
    writer.shutdown().await
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    use super::*;

    /// A server that sends back what it gets, for one connection.
    fn echo() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut copy = stream.try_clone().unwrap();
            let _ = std::io::copy(&mut stream, &mut copy);
        });
        address
    }

    fn connect(target: String, delay_ms: u64) -> (Relays, TcpStream) {
        let route = Route { target, delay: Duration::from_millis(delay_ms) };
        let relays = Relays::start(&[route]).unwrap();
        let stream = TcpStream::connect(relays.addresses()[0]).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        (relays, stream)
    }

    #[test]
    fn bytes_take_the_delay_in_each_direction_and_many_are_on_the_way() {
        let (_relays, mut stream) = connect(echo(), 20);
        let started = std::time::Instant::now();
        for number in 0..20_u8 {
            stream.write_all(&[number; 100]).unwrap();
        }
        let mut answer = [0; 2_000];
        stream.read_exact(&mut answer).unwrap();
        let took = started.elapsed();
        assert!(took >= Duration::from_millis(40), "back after {took:?}");
        // One after the other they would take 800 ms.
        assert!(took < Duration::from_millis(600), "back after {took:?}");
        assert!(answer.chunks(100).enumerate().all(|(at, chunk)| chunk == [at as u8; 100]), "out of order");
    }

    #[test]
    fn the_end_of_a_connection_comes_through_after_its_bytes() {
        let (_relays, mut stream) = connect(echo(), 5);
        let sent: Vec<u8> = (0..3 << 20).map(|at| (at % 251) as u8).collect();
        let copy = sent.clone();
        let mut writer = stream.try_clone().unwrap();
        let thread = std::thread::spawn(move || {
            writer.write_all(&copy).unwrap();
            writer.shutdown(std::net::Shutdown::Write).unwrap();
        });
        let mut back = Vec::new();
        stream.read_to_end(&mut back).unwrap();
        thread.join().unwrap();
        assert!(back == sent, "{} of {} bytes came back", back.len(), sent.len());
    }

    #[test]
    fn a_target_that_is_down_closes_the_connection() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let (_relays, mut stream) = connect(free.to_string(), 1);
        let mut buffer = [0; 1];
        // End of file or a reset, but no byte and no wait.
        assert!(!matches!(stream.read(&mut buffer), Ok(count) if count > 0));
    }

    #[test]
    fn without_routes_nothing_is_started() {
        let relays = Relays::start(&[]).unwrap();
        assert!(relays.runtime.is_none() && relays.addresses().is_empty());
    }
}
