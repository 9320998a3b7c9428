//! Connections from other nodes: each is a thread that hands what comes to the consensus thread, or gives a snapshot.

use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use consensus::NodeId;
use wire::peer::{FrameKind, FrameReader, Hello, Lane, Refusal, RefusalReason};

use super::counters::RefusedKind;
use super::incoming::{Arrival, Incoming, message};
use super::snapshot_source::SnapshotServer;
use super::stream::{PeerStream, Socket};
use super::tls::{self, Answered};
use super::{LinkContext, LinkError, handshake};
use crate::limits::{
    PEER_CONNECTIONS_MAX, PEER_HEARTBEAT_READ_BYTES, PEER_HELLO_TIMEOUT, PEER_JUDGE_INTERVAL,
    PEER_READ_BYTES, PEER_RECONNECT_PAUSE, PEER_STOP_POLL,
};
use crate::runtime::driver::Event;
use crate::runtime::{Vital, socket};

/// Accepts peers' connections until the node stops.
///
/// # Errors
/// When no thread can be made, or the folder for snapshots cannot be used.
pub fn spawn_acceptor(listener: TcpListener, context: LinkContext) -> std::io::Result<()> {
    socket::bound_accept(&listener, PEER_STOP_POLL)?;
    let snapshots = Arc::new(SnapshotServer::new(&context)?);
    std::thread::Builder::new().name("peers".into()).spawn(move || {
        let _vital = Vital::thread("peers");
        accept(&listener, &context, &snapshots);
    })?;
    Ok(())
}

fn accept(listener: &TcpListener, context: &LinkContext, snapshots: &Arc<SnapshotServer>) {
    let open = Arc::new(AtomicUsize::new(0));
    while !context.stop.load(Ordering::Relaxed) {
        snapshots.reap(Instant::now());
        let stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => continue,
            Err(_) => {
                // Out of file handles, for example.
                std::thread::sleep(PEER_RECONNECT_PAUSE);
                continue;
            }
        };
        let Some(place) = Place::take(&open) else {
            let what = format!("{PEER_CONNECTIONS_MAX} connections are open");
            context.counters.refuse(RefusedKind::TooMany, &what);
            continue;
        };
        let (context, snapshots) = (context.clone(), Arc::clone(snapshots));
        let spawned = std::thread::Builder::new().name("receive".into()).spawn(move || {
            let _place = place;
            let from = stream.peer_addr().map_or_else(|_| "?".to_owned(), |address| address.to_string());
            match receive(stream, &context, &snapshots) {
                Ok(()) | Err(LinkError::Stopping) => {}
                Err(LinkError::Refused(kind, what)) => {
                    context.counters.refuse(kind, &format_args!("from {from}: {what}"));
                }
                Err(error @ (LinkError::Io(_) | LinkError::ByPeer(_))) => {
                    tracing::debug!("connection from {from}: {error}");
                }
            }
        });
        if spawned.is_err() {
            std::thread::sleep(PEER_RECONNECT_PAUSE);
        }
    }
}

/// One of the connections that there may be.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(open: &Arc<AtomicUsize>) -> Option<Place> {
        if open.fetch_add(1, Ordering::AcqRel) < PEER_CONNECTIONS_MAX {
            return Some(Place(Arc::clone(open)));
        }
        open.fetch_sub(1, Ordering::AcqRel);
        None
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

fn receive(stream: TcpStream, context: &LinkContext, snapshots: &SnapshotServer) -> Result<(), LinkError> {
    socket::tune_peer(&stream)?;
    let mut socket = Socket::new(stream);
    socket.set_deadline(PEER_HELLO_TIMEOUT);
    let answered = tls::answer(context.tls.as_ref(), socket);
    let mut stream = match answered {
        Ok(Answered::Stream(stream)) => stream,
        Ok(Answered::InTheClear(mut stream)) => {
            let message = "it does not encrypt its links (TLS), as this node does".to_owned();
            // Only a node is told, and only once it has said everything: closing before that could cost it the answer.
            stream.set_deadline(PEER_HELLO_TIMEOUT);
            let first = handshake::read_frame(&mut stream, &mut FrameReader::new(None))?;
            if first.kind == FrameKind::Hello {
                let refusal = Refusal { reason: RefusalReason::Encryption, message: message.clone() };
                handshake::refuse(context, &mut stream, &refusal);
            }
            return Err(LinkError::Refused(RefusedKind::Encryption, message));
        }
        Err(LinkError::Io(error)) if error.kind() == ErrorKind::TimedOut => {
            let message = "not a byte of a hello in time".to_owned();
            return Err(LinkError::Refused(RefusedKind::Silent, message));
        }
        Err(error) => return Err(error),
    };
    let mut reader = FrameReader::new(None);
    let hello = handshake::answer(context, &mut stream, &mut reader)?;
    context.counters.connected();
    match hello.lane {
        Lane::Snapshot => snapshots.serve(context, &hello, Incoming::new(stream, reader)),
        Lane::Session => {
            context.sessions.admit(&hello, stream, reader);
            Ok(())
        }
        Lane::Data => {
            // Answers may have been lost with the connection before this one. Its end says nothing of the way to the peer, which is
            // the sender's: it may come long after the next connection was made.
            let _ = context.events.send(Event::Connected(NodeId::new(hello.node_id)));
            pump(context, &hello, stream, reader)
        }
        Lane::Heartbeat => pump(context, &hello, stream, reader),
    }
}

/// Hands what a peer sends to the consensus thread until the connection ends, or the peer may not send any more.
fn pump(
    context: &LinkContext,
    hello: &Hello,
    mut stream: PeerStream,
    reader: FrameReader,
) -> Result<(), LinkError> {
    let from = NodeId::new(hello.node_id);
    stream.set_patience(PEER_STOP_POLL)?;
    let read_bytes = match hello.lane {
        Lane::Heartbeat => PEER_HEARTBEAT_READ_BYTES,
        Lane::Data | Lane::Snapshot | Lane::Session => PEER_READ_BYTES,
    };
    let mut incoming = Incoming::with_read_bytes(stream, reader, read_bytes);
    let mut judged = Instant::now();
    loop {
        match incoming.next(&context.counters)? {
            Arrival::Frame(frame) => {
                if context.events.send(Event::Message(from, message(frame)?)).is_err() {
                    return Ok(());
                }
            }
            Arrival::Quiet => {}
            Arrival::End => return Ok(()),
        }
        if judged.elapsed() >= PEER_JUDGE_INTERVAL {
            judged = Instant::now();
            check(context, hello)?;
        }
    }
}

/// Whether a connection is to go on.
///
/// # Errors
/// The node stops, or the peer was removed.
pub fn check(context: &LinkContext, hello: &Hello) -> Result<(), LinkError> {
    if context.stop.load(Ordering::Relaxed) {
        return Err(LinkError::Stopping);
    }
    // It hears why when it calls again.
    context
        .admission
        .judge(hello)
        .map_err(|refusal| LinkError::Refused(RefusedKind::NotMember, handshake::describe(hello, &refusal)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_so_many_places_and_one_that_is_left_is_free_again() {
        let open = Arc::new(AtomicUsize::new(0));
        let mut places: Vec<Place> = (0..PEER_CONNECTIONS_MAX).filter_map(|_| Place::take(&open)).collect();
        assert_eq!(places.len(), PEER_CONNECTIONS_MAX);
        assert!(Place::take(&open).is_none() && Place::take(&open).is_none());
        places.pop();
        assert!(Place::take(&open).is_some());
    }
}
