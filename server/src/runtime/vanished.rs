//! Clients that vanish while their statements run, or wait for a lock or the quorum.
//!
//! Nobody reads from a client's socket while its statement runs, so its end is asked for here, some times a second and only for
//! connections that have been busy for a while: short statements pay nothing. What the client sent before it went stays unread. A connection
//! whose client is gone is ended as by KILL: its statement stops, its transaction is rolled back, its locks are released. What waits for the
//! quorum keeps its place in the log, and only the waiting ends.
//!
//! A client that has closed its sending side only is gone too: nothing tells the two apart. What vanishes without a word, as behind a broken
//! network, is the business of [`super::socket::tune_client`].

use std::sync::Arc;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::net::TcpStream;
use tokio::time::MissedTickBehavior;

use crate::limits::{CLIENT_BUSY_MIN, CLIENT_VANISHED_POLL};
use crate::node::Node;
use crate::node::process::count;

/// Ends the connections of clients that are gone, for as long as the node runs.
pub async fn watch(node: Arc<Node>) {
    let mut every = tokio::time::interval(CLIENT_VANISHED_POLL);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        for connection in node.processes.busy_for(CLIENT_BUSY_MIN) {
            if connection.is_client_gone() {
                tracing::debug!(connection = connection.id, "the client is gone while its statement runs");
                count(&node.processes.counters.aborted_clients);
                connection.abandon();
            }
        }
    }
}

/// A question after a client's end that takes nothing from its socket, and does not keep that open.
pub fn probe(stream: &Arc<TcpStream>) -> impl Fn() -> bool + Send + Sync + 'static {
    let stream = Arc::downgrade(stream);
    move || stream.upgrade().is_none_or(|stream| has_ended(&stream))
}

fn has_ended(stream: &TcpStream) -> bool {
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    let mut asked = [PollFd::new(stream, PollFlags::RDHUP)];
    // A failed question says nothing of the client.
    poll(&mut asked, Some(&at_once)).is_ok()
        && asked[0].revents().intersects(PollFlags::RDHUP | PollFlags::HUP | PollFlags::ERR)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt as _;

    #[tokio::test]
    async fn an_end_is_seen_behind_bytes_that_were_not_read() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        for resets in [false, true] {
            let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (server, _) = listener.accept().await.unwrap();
            let server = Arc::new(server);
            let is_gone = probe(&server);
            client.write_all(b"a command that nobody reads yet").await.unwrap();
            assert!(!is_gone());
            if resets {
                rustix::net::sockopt::set_socket_linger(&client, Some(std::time::Duration::ZERO)).unwrap();
            }
            drop(client);
            while !is_gone() {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
            drop(server);
            assert!(is_gone());
        }
    }
}
