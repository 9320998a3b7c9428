//! The first frames of a connection: hello, and welcome or refusal.
//!
//! Both sides must name the same cluster, and the one that is called must be the one that was meant, before anything else is
//! looked at. The caller learns from a refusal why; what it may do about it is its [`Admission`](super::Admission)'s business.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};

use consensus::NodeId;
use wire::peer::{
    Frame, FrameKind, FrameReader, Hello, Lane, PROTOCOL_VERSION, Refusal, RefusalReason, Welcome,
    begin_frame, end_frame,
};

use super::counters::RefusedKind;
use super::links::LinkControl;
use super::stream::{PeerStream, Socket};
use super::{LinkContext, LinkError, tls};
use crate::limits::{PEER_CONNECT_TIMEOUT, PEER_HELLO_TIMEOUT};

/// Bytes read at once while only small frames are expected.
const HELLO_READ_BYTES: usize = 4 << 10;

/// Calls a node and says hello for `lane`: the stream, and the reader for what the other one sends on it.
///
/// # Errors
/// It cannot be reached, or one of the two does not want the other.
pub fn call(
    context: &LinkContext,
    peer: NodeId,
    address: &str,
    lane: Lane,
    control: &LinkControl,
) -> Result<(PeerStream, FrameReader), LinkError> {
    let socket = connect(address)?;
    super::super::socket::tune_peer(&socket)?;
    control.hold(&socket)?;
    // TLS begins to talk before there is a stream, so the deadline is set twice.
    let mut socket = Socket::new(socket);
    socket.set_deadline(PEER_HELLO_TIMEOUT);
    let mut stream = tls::call(context.tls.as_ref(), socket)?;
    stream.set_deadline(PEER_HELLO_TIMEOUT);
    let hello = Hello {
        version: PROTOCOL_VERSION,
        cluster_id: context.cluster_id,
        node_id: context.node_id.get(),
        incarnation: context.incarnation,
        target_id: peer.get(),
        lane,
        peer_address: context.peer_address.clone(),
        sql_address: context.sql_address.clone(),
    };
    send_frame(&mut stream, context, FrameKind::Hello, |out| hello.encode(out))?;
    let mut reader = FrameReader::new(None);
    let answer = read_frame(&mut stream, &mut reader)?;
    match answer.kind {
        FrameKind::Welcome => {
            let welcome = Welcome::parse(&answer.payload)?;
            if welcome.node_id != peer.get() {
                let message =
                    format!("node {} answers at {address}, not node {}", welcome.node_id, peer.get());
                return Err(LinkError::Refused(RefusedKind::WrongTarget, message));
            }
            reader.expect_cluster(context.cluster_id.tag());
            context.admission.welcomed(&welcome);
            Ok((stream, reader))
        }
        FrameKind::Refusal => {
            let refusal = Refusal::parse(&answer.payload)?;
            context.admission.refused(peer, &refusal);
            Err(LinkError::ByPeer(refusal))
        }
        FrameKind::Hello
        | FrameKind::Consensus
        | FrameKind::CompressedConsensus
        | FrameKind::SnapshotRequest
        | FrameKind::SnapshotHead
        | FrameKind::SnapshotChunk
        | FrameKind::SnapshotEnd
        | FrameKind::Session => {
            let message = "it answered the hello with something else".to_owned();
            Err(LinkError::Refused(RefusedKind::UnknownKind, message))
        }
    }
}

fn connect(address: &str) -> std::io::Result<TcpStream> {
    let mut last = std::io::Error::new(ErrorKind::NotFound, "the address resolves to nothing");
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PEER_CONNECT_TIMEOUT) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Takes another node's hello and answers it.
///
/// # Errors
/// There is none, or it is refused; the caller has been told then.
pub fn answer(
    context: &LinkContext,
    stream: &mut PeerStream,
    reader: &mut FrameReader,
) -> Result<Hello, LinkError> {
    let frame = read_frame(stream, reader)?;
    if frame.kind != FrameKind::Hello {
        let message = "it did not begin with a hello".to_owned();
        return Err(LinkError::Refused(RefusedKind::UnknownKind, message));
    }
    let hello = match Hello::parse(&frame.payload) {
        Ok(hello) => hello,
        Err(error @ wire::Error::UnknownVersion { version }) => {
            let message =
                format!("protocol version {version} is not spoken here (version {PROTOCOL_VERSION} is)");
            refuse(context, stream, &Refusal { reason: RefusalReason::OtherVersion, message });
            return Err(error.into());
        }
        Err(error) => return Err(error.into()),
    };
    if let Err((kind, refusal)) = judge(context, &hello) {
        refuse(context, stream, &refusal);
        return Err(LinkError::Refused(kind, describe(&hello, &refusal)));
    }
    let welcome = Welcome {
        node_id: context.node_id.get(),
        incarnation: context.incarnation,
        peer_address: context.peer_address.clone(),
        sql_address: context.sql_address.clone(),
    };
    send_frame(stream, context, FrameKind::Welcome, |out| welcome.encode(out))?;
    reader.expect_cluster(context.cluster_id.tag());
    Ok(hello)
}

/// A refusal as the log of the one that refuses says it.
pub fn describe(hello: &Hello, refusal: &Refusal) -> String {
    format!("node {} at {}: {}", hello.node_id, hello.peer_address, refusal.message)
}

fn judge(context: &LinkContext, hello: &Hello) -> Result<(), (RefusedKind, Refusal)> {
    if hello.cluster_id != context.cluster_id {
        let (theirs, ours) = (hello.cluster_id.get(), context.cluster_id.get());
        let message = format!(
            "it belongs to another cluster ({theirs:032x}; this node is of {ours:032x}): \
             the name, the founding members or --timing differ"
        );
        return Err((RefusedKind::OtherCluster, Refusal { reason: RefusalReason::OtherCluster, message }));
    }
    if hello.target_id != context.node_id.get() {
        let message = format!("this is node {}, not node {}", context.node_id.get(), hello.target_id);
        return Err((RefusedKind::WrongTarget, Refusal { reason: RefusalReason::WrongTarget, message }));
    }
    context.admission.judge(hello).map_err(|refusal| (RefusedKind::NotMember, refusal))
}

/// Tells a caller why it is refused. Best effort: it may be gone.
pub fn refuse(context: &LinkContext, stream: &mut PeerStream, refusal: &Refusal) {
    let _ = send_frame(stream, context, FrameKind::Refusal, |out| refusal.encode(out));
    stream.finish();
}

/// Sends one small frame.
///
/// # Errors
/// The socket; a payload that is too large for a frame.
pub fn send_frame(
    stream: &mut PeerStream,
    context: &LinkContext,
    kind: FrameKind,
    body: impl FnOnce(&mut Vec<u8>),
) -> Result<(), LinkError> {
    let mut out = Vec::new();
    let start = begin_frame(&mut out);
    body(&mut out);
    end_frame(&mut out, start, kind, context.cluster_id.tag())?;
    context.counters.sent(1, out.len() as u64);
    stream.write_all(&out)?;
    stream.flush()?;
    Ok(())
}

/// Reads until a whole frame is there.
///
/// # Errors
/// The socket, the deadline, or bytes that are not a frame of ours.
pub fn read_frame(stream: &mut PeerStream, reader: &mut FrameReader) -> Result<Frame, LinkError> {
    let mut chunk = [0; HELLO_READ_BYTES];
    loop {
        if let Some(frame) = reader.next()? {
            return Ok(frame);
        }
        match stream.read(&mut chunk) {
            Ok(0) if reader.pending_bytes() > 0 => {
                let message = "the connection ended within a frame".to_owned();
                return Err(LinkError::Refused(RefusedKind::Cut, message));
            }
            Ok(0) => return Err(LinkError::Io(ErrorKind::UnexpectedEof.into())),
            Ok(count) => reader.buffer_mut().extend_from_slice(&chunk[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::TimedOut => {
                let message = "no hello, or no answer to one, in time".to_owned();
                return Err(LinkError::Refused(RefusedKind::Silent, message));
            }
            // How TLS says that the other side did not like this one's certificate.
            Err(error) if error.kind() == ErrorKind::InvalidData => {
                return Err(LinkError::Refused(RefusedKind::Encryption, error.to_string()));
            }
            Err(error) => return Err(error.into()),
        }
    }
}
