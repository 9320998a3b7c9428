//! The writing side of a connection as opensrv-mysql sees it: gives up on a client that takes nothing.
//!
//! The crate waits for ever for a client that does not read, and the session may hold locks meanwhile. Here such a client
//! has [`CLIENT_WRITE_TIMEOUT`], as on our own front end.

use std::future::Future;
use std::io::{ErrorKind, Result};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::AsyncWrite;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::time::{Sleep, sleep};

use crate::limits::CLIENT_WRITE_TIMEOUT;

/// A socket's writing side.
pub struct Outlet {
    write: OwnedWriteHalf,
    /// Runs while the client takes nothing.
    patience: Option<Pin<Box<Sleep>>>,
}

impl Outlet {
    /// The writing side of a socket.
    pub fn new(write: OwnedWriteHalf) -> Outlet {
        Outlet { write, patience: None }
    }

    /// What a write gave, or an error when nothing was taken for too long.
    fn within_patience<T>(&mut self, written: Poll<Result<T>>, context: &mut Context<'_>) -> Poll<Result<T>> {
        if written.is_ready() {
            self.patience = None;
            return written;
        }
        let patience = self.patience.get_or_insert_with(|| Box::pin(sleep(CLIENT_WRITE_TIMEOUT)));
        patience.as_mut().poll(context).map(|()| Err(ErrorKind::TimedOut.into()))
    }
}

impl AsyncWrite for Outlet {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let written = Pin::new(&mut self.write).poll_write(context, bytes);
        self.within_patience(written, context)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.write).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.write).poll_shutdown(context)
    }
}
