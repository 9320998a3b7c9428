//! The way of clients of this process into the network of the hosts: a listening socket on loopback, whose connections a thread in the
//! client host's namespace passes on to a node.
//!
//! So any client library can be used, and what the filter does to the link between the client host and the node is done to
//! its packets. When the node cannot be reached the connection is closed.
//!
//! Invariant: closing either end closes the other.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::Error;
use super::namespace::Namespace;

/// Bytes passed on at once.
const CHUNK_BYTES: usize = 16 << 10;
/// How long a connection to a node may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A thread that passes bytes on needs little more than its chunk.
const STACK_BYTES: usize = 128 << 10;

/// A listening socket, which goes with this value; its connections stay as long as their ends do.
pub(super) struct Door {
    address: SocketAddr,
    is_closed: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Door {
    /// Opens one to `target`, as it is reached from inside a namespace.
    pub(super) fn open(namespace: &Namespace, target: SocketAddr) -> Result<Door, Error> {
        let failed = || format!("a way to {target}");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(Error::system(failed()))?;
        let address = listener.local_addr().map_err(Error::system(failed()))?;
        let is_closed = Arc::new(AtomicBool::new(false));
        let is_over = Arc::clone(&is_closed);
        // Begins inside, so its connections are made there, and so are the threads that it starts.
        let thread = namespace.run(|| {
            let builder = thread::Builder::new().name("door".to_owned()).stack_size(STACK_BYTES);
            builder.spawn(move || serve(&listener, target, &is_over))
        })?;
        let thread = thread.map_err(Error::system(failed()))?;
        Ok(Door { address, is_closed, thread: Some(thread) })
    }

    /// Where clients connect.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.is_closed.store(true, Ordering::Relaxed);
        // Wakes it; if it cannot be woken it is not waited for either.
        let is_woken = TcpStream::connect(self.address).is_ok();
        if let Some(thread) = self.thread.take().filter(|_| is_woken) {
            let _ = thread.join();
        }
    }
}

fn serve(listener: &TcpListener, target: SocketAddr, is_closed: &AtomicBool) {
    while let Ok((client, _)) = listener.accept() {
        if is_closed.load(Ordering::Relaxed) {
            return;
        }
        // Without a thread for it, the client finds its connection closed.
        let _ = spawn(move || {
            if let Ok(node) = TcpStream::connect_timeout(&target, CONNECT_TIMEOUT) {
                let _ = join(client, node);
            }
        });
    }
}

fn spawn(work: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name("relay".to_owned()).stack_size(STACK_BYTES).spawn(work)
}

/// Two connections as one, until either ends.
fn join(left: TcpStream, right: TcpStream) -> io::Result<()> {
    left.set_nodelay(true)?;
    right.set_nodelay(true)?;
    let (left_too, right_too) = (left.try_clone()?, right.try_clone()?);
    spawn(move || pass(left_too, right_too))?;
    pass(right, left);
    Ok(())
}

fn pass(mut from: TcpStream, mut to: TcpStream) {
    let mut chunk = vec![0; CHUNK_BYTES];
    while let Ok(length) = from.read(&mut chunk) {
        if length == 0 || to.write_all(&chunk[..length]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
