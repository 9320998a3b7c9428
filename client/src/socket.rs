//! The bytes of one TCP connection, read and written before a deadline: by an async socket or by a blocking one.
//!
//! The protocol ([`crate::link`]) is written once, as async functions over this trait. Over a [`BlockingSocket`] nothing is ever
//! pending: its futures do the work when they are first polled, and [`now`] runs them without a runtime. So the blocking facade
//! costs what plain blocking code does, and can be used on any thread.

use std::future::Future;
use std::io;
use std::net::ToSocketAddrs;
use std::os::fd::AsFd;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use rustix::net::RecvFlags;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt};

use crate::limits;

/// See the module. Every method gives up with [`io::ErrorKind::TimedOut`] at its deadline.
pub trait Socket: AsFd + Sized + Send {
    /// Connects to the first address of a name that answers.
    fn open(address: &str, deadline: Instant) -> impl Future<Output = io::Result<Self>> + Send;

    /// Appends what has arrived to `buffer`: how many bytes, 0 at the end.
    fn read(
        &mut self,
        buffer: &mut BytesMut,
        deadline: Instant,
    ) -> impl Future<Output = io::Result<usize>> + Send;

    /// Writes some of `bytes`: how many.
    fn write(&mut self, bytes: &[u8], deadline: Instant) -> impl Future<Output = io::Result<usize>> + Send;

    /// What has arrived, without waiting; it stays there when `is_peek`.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] when nothing has.
    fn receive_now(&self, buffer: &mut [u8], is_peek: bool) -> io::Result<usize> {
        let flags = if is_peek { RecvFlags::DONTWAIT | RecvFlags::PEEK } else { RecvFlags::DONTWAIT };
        Ok(rustix::net::recv(self, buffer, flags)?.0)
    }
}

/// Runs a future over a [`BlockingSocket`].
pub fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("a blocking socket is never pending"),
    }
}

/// Waits for `future` until the deadline.
async fn before<T>(deadline: Instant, future: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    match tokio::time::timeout_at(deadline.into(), future).await {
        Ok(result) => result,
        Err(_elapsed) => Err(io::ErrorKind::TimedOut.into()),
    }
}

/// A socket of tokio.
pub type AsyncSocket = tokio::net::TcpStream;

impl Socket for AsyncSocket {
    async fn open(address: &str, deadline: Instant) -> io::Result<AsyncSocket> {
        before(deadline, async {
            let stream = tokio::net::TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            Ok(stream)
        })
        .await
    }

    async fn read(&mut self, buffer: &mut BytesMut, deadline: Instant) -> io::Result<usize> {
        before(deadline, self.read_buf(buffer)).await
    }

    async fn write(&mut self, bytes: &[u8], deadline: Instant) -> io::Result<usize> {
        before(deadline, AsyncWriteExt::write(self, bytes)).await
    }
}

/// A socket that blocks the thread.
pub type BlockingSocket = std::net::TcpStream;

impl Socket for BlockingSocket {
    async fn open(address: &str, deadline: Instant) -> io::Result<BlockingSocket> {
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        for candidate in address.to_socket_addrs()? {
            match std::net::TcpStream::connect_timeout(&candidate, remaining(deadline)?) {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    return Ok(stream);
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn read(&mut self, buffer: &mut BytesMut, deadline: Instant) -> io::Result<usize> {
        let mut space = [0; limits::READ_BYTES];
        loop {
            self.set_read_timeout(Some(remaining(deadline)?))?;
            match std::io::Read::read(self, &mut space) {
                Ok(count) => {
                    buffer.extend_from_slice(&space[..count]);
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(timed_out(error)),
            }
        }
    }

    async fn write(&mut self, bytes: &[u8], deadline: Instant) -> io::Result<usize> {
        loop {
            self.set_write_timeout(Some(remaining(deadline)?))?;
            match std::io::Write::write(self, bytes) {
                Ok(count) => return Ok(count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(timed_out(error)),
            }
        }
    }
}

/// A call that times out is WouldBlock on Unix.
fn timed_out(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::WouldBlock => io::ErrorKind::TimedOut.into(),
        _ => error,
    }
}

/// Time left, never zero: a zero timeout means none to the socket.
fn remaining(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}
