//! A peer's connection as bytes: in the clear or encrypted, with a deadline for what must not take long.
//!
//! Invariant: while a deadline is set, no read outlasts it, however slowly the bytes trickle in.

use std::io::{ErrorKind, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use rustls::{ClientConnection, Connection, ServerConnection, StreamOwned};

/// A socket whose reads end in time.
#[derive(Debug)]
pub struct Socket {
    stream: TcpStream,
    deadline: Option<Instant>,
}

impl Socket {
    /// Around a connected socket, without a deadline.
    #[must_use]
    pub fn new(stream: TcpStream) -> Socket {
        Socket { stream, deadline: None }
    }

    /// All reads together end within `limit` from now.
    pub fn set_deadline(&mut self, limit: Duration) {
        self.deadline = Some(Instant::now() + limit);
    }

    /// The first byte that comes, which is not taken.
    ///
    /// # Errors
    /// The socket, or the deadline.
    pub fn peek(&mut self) -> std::io::Result<u8> {
        self.keep_deadline()?;
        let mut first = [0];
        match self.stream.peek(&mut first).map_err(timed_out)? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            _ => Ok(first[0]),
        }
    }

    /// Whether the other end is gone, as far as this end's kernel knows. What it sent is left where it is.
    fn is_closed(&self) -> bool {
        use rustix::net::{RecvFlags, recv};
        let mut first = [0];
        match recv(&self.stream, &mut first[..], RecvFlags::PEEK | RecvFlags::DONTWAIT) {
            Ok((count, _)) => count == 0,
            Err(error) => error != rustix::io::Errno::AGAIN && error != rustix::io::Errno::INTR,
        }
    }

    fn keep_deadline(&self) -> std::io::Result<()> {
        let Some(deadline) = self.deadline else { return Ok(()) };
        let remaining = deadline.saturating_duration_since(Instant::now());
        if remaining.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(Some(remaining))
    }
}

/// A read that ran out of time says "would block" on Linux.
fn timed_out(error: std::io::Error) -> std::io::Error {
    if error.kind() == ErrorKind::WouldBlock { ErrorKind::TimedOut.into() } else { error }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.keep_deadline()?;
        self.stream.read(buffer).map_err(timed_out)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.stream.write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> std::io::Result<usize> {
        self.stream.write_vectored(slices)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A peer's connection.
#[derive(Debug)]
pub enum PeerStream {
    /// In the clear.
    Plain(Socket),
    /// Encrypted; this node called.
    Client(Box<StreamOwned<ClientConnection, Socket>>),
    /// Encrypted; this node was called.
    Server(Box<StreamOwned<ServerConnection, Socket>>),
}

impl PeerStream {
    fn socket(&mut self) -> &mut Socket {
        match self {
            PeerStream::Plain(socket) => socket,
            PeerStream::Client(stream) => &mut stream.sock,
            PeerStream::Server(stream) => &mut stream.sock,
        }
    }

    /// The socket, without a bound on its reads, and what encrypts it: for who reads it in another way.
    ///
    /// # Errors
    /// The socket.
    pub fn into_parts(self) -> std::io::Result<(TcpStream, Option<Connection>)> {
        let (socket, tls) = match self {
            PeerStream::Plain(socket) => (socket, None),
            PeerStream::Client(stream) => {
                let (connection, socket) = stream.into_parts();
                (socket, Some(Connection::Client(connection)))
            }
            PeerStream::Server(stream) => {
                let (connection, socket) = stream.into_parts();
                (socket, Some(Connection::Server(connection)))
            }
        };
        socket.stream.set_read_timeout(None)?;
        Ok((socket.stream, tls))
    }

    /// Whether the other end is gone. For a connection on which nothing is read any more: a write finds out one message too late.
    pub fn is_closed(&mut self) -> bool {
        self.socket().is_closed()
    }

    /// All reads together end within `limit` from now.
    pub fn set_deadline(&mut self, limit: Duration) {
        self.socket().set_deadline(limit);
    }

    /// Each read ends after `patience` with [`ErrorKind::TimedOut`], after which it can be read on. Ends the deadline.
    ///
    /// # Errors
    /// The socket.
    pub fn set_patience(&mut self, patience: Duration) -> std::io::Result<()> {
        let socket = self.socket();
        socket.deadline = None;
        socket.stream.set_read_timeout(Some(patience))
    }

    /// Writes all of `slices`, in one call to the system where it takes them.
    ///
    /// # Errors
    /// The socket.
    pub fn write_all_vectored(&mut self, mut slices: &mut [IoSlice<'_>]) -> std::io::Result<()> {
        // Empty ones at the front would make a write of nothing look like the end.
        IoSlice::advance_slices(&mut slices, 0);
        while !slices.is_empty() {
            match self.write_vectored(slices) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => IoSlice::advance_slices(&mut slices, count),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.flush()
    }

    /// Says that nothing more comes, so that the other end can tell the end from a broken connection. Best effort.
    pub fn finish(&mut self) {
        match self {
            PeerStream::Plain(_) => {}
            PeerStream::Client(stream) => {
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
            PeerStream::Server(stream) => {
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
        let _ = self.socket().stream.shutdown(Shutdown::Write);
    }
}

impl Read for PeerStream {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            PeerStream::Plain(socket) => socket.read(buffer),
            PeerStream::Client(stream) => stream.read(buffer),
            PeerStream::Server(stream) => stream.read(buffer),
        }
    }
}

impl Write for PeerStream {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            PeerStream::Plain(socket) => socket.write(bytes),
            PeerStream::Client(stream) => stream.write(bytes),
            PeerStream::Server(stream) => stream.write(bytes),
        }
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> std::io::Result<usize> {
        match self {
            PeerStream::Plain(socket) => socket.write_vectored(slices),
            PeerStream::Client(stream) => stream.write_vectored(slices),
            PeerStream::Server(stream) => stream.write_vectored(slices),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            PeerStream::Plain(socket) => socket.flush(),
            PeerStream::Client(stream) => stream.flush(),
            PeerStream::Server(stream) => stream.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_connection_that_the_other_end_left_is_known_without_writing() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let called = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (answered, _) = listener.accept().unwrap();
        let mut stream = PeerStream::Plain(Socket::new(called));
        assert!(!stream.is_closed(), "it is there and says nothing");
        drop(answered);
        let started = Instant::now();
        while !stream.is_closed() {
            assert!(started.elapsed() < Duration::from_secs(10), "the end is not noticed");
            std::thread::yield_now();
        }
    }
}
