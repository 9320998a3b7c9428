//! Socket options: how soon a peer or client that vanished without a word is noticed.
//!
//! After a silent partition TCP alone would keep a connection for many minutes: a peer's link would go on buffering into it, and
//! a client's session would keep its locks.

use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::time::Duration;

use rustix::net::sockopt;

use crate::limits::{
    CLIENT_KEEPALIVE_COUNT, CLIENT_KEEPALIVE_IDLE, CLIENT_KEEPALIVE_INTERVAL, PEER_KEEPALIVE_COUNT,
    PEER_KEEPALIVE_IDLE, PEER_KEEPALIVE_INTERVAL, PEER_SEND_TIMEOUT,
};

/// For a link between nodes: no delay, and an error soon after the other end stopped answering, be it that we send or not.
///
/// # Errors
/// When the socket is closed already.
pub fn tune_peer(stream: &TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let timeout_ms = u32::try_from(PEER_SEND_TIMEOUT.as_millis()).unwrap_or(u32::MAX);
    sockopt::set_tcp_user_timeout(stream, timeout_ms)?;
    keep_alive(stream, PEER_KEEPALIVE_IDLE, PEER_KEEPALIVE_INTERVAL, PEER_KEEPALIVE_COUNT)
}

/// Makes an accept that nobody calls end after `patience` with [`std::io::ErrorKind::WouldBlock`], so that its thread can look whether it
/// is to stop.
///
/// # Errors
/// When the socket is closed already.
pub fn bound_accept(listener: &TcpListener, patience: Duration) -> std::io::Result<()> {
    sockopt::set_socket_timeout(listener, sockopt::Timeout::Recv, Some(patience))?;
    Ok(())
}

/// For a client: no delay, and an idle client that vanished is found out. Best effort.
pub fn tune_client(stream: &tokio::net::TcpStream) {
    let _ = stream.set_nodelay(true);
    let _ = keep_alive(stream, CLIENT_KEEPALIVE_IDLE, CLIENT_KEEPALIVE_INTERVAL, CLIENT_KEEPALIVE_COUNT);
}

fn keep_alive(socket: impl AsFd, idle: Duration, interval: Duration, count: u32) -> std::io::Result<()> {
    sockopt::set_socket_keepalive(&socket, true)?;
    sockopt::set_tcp_keepidle(&socket, idle)?;
    sockopt::set_tcp_keepintvl(&socket, interval)?;
    sockopt::set_tcp_keepcnt(&socket, count)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_accept_ends_in_time() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        bound_accept(&listener, Duration::from_millis(5)).unwrap();
        assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
        let _stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        assert!(listener.accept().is_ok());
    }

    #[test]
    fn a_peer_socket_notices_silence_within_seconds() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        tune_peer(&stream).unwrap();
        assert!(sockopt::socket_keepalive(&stream).unwrap());
        assert_eq!(sockopt::tcp_user_timeout(&stream).unwrap(), 5_000);
        assert_eq!(sockopt::tcp_keepidle(&stream).unwrap(), PEER_KEEPALIVE_IDLE);
    }
}
