//! The links between nodes: one TCP connection a direction, peer and lane.
//!
//! A sender thread connects, says hello, waits for the other's hello, and then writes frames; what a receiver reads goes to
//! the consensus thread. Heartbeats have a lane of their own, so that a large transfer cannot hold them up. Frames carry the
//! cluster's id (in the hello) and a checksum. A queue that is full drops frames: the core notices by the missing acks.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use consensus::{LogIndex, Message, NodeId, Term};
use crossbeam_channel::{Receiver, Sender, TrySendError};
use wire::peer::{
    ClusterId, FrameKind, FrameReader, Hello, Lane, PROTOCOL_VERSION, Refusal, RefusalReason, Welcome,
    begin_frame, end_frame,
};

use super::driver::Event;
use crate::limits::{
    APPEND_FRAME_BYTES_MAX, PEER_CONNECT_TIMEOUT, PEER_HELLO_TIMEOUT, PEER_QUEUE_FRAMES_MAX, PEER_READ_BYTES,
    PEER_RECONNECT_PAUSE,
};
use crate::node::entry_cache::EntryCache;

/// Something for a peer.
#[derive(Debug)]
pub enum Outbound {
    /// A message as it is.
    Message(Message),
    /// Entries to be read from the cache or the log and sent as one or more appends.
    Entries {
        /// [`EntryCache::epoch`] when it was ordered; entries are not sent in another one.
        epoch: u64,
        /// See [`consensus::Effect::SendEntries`], as for all of these.
        term: Term,
        /// Entry before the first.
        prev_index: LogIndex,
        /// Its term.
        prev_term: Term,
        /// First entry.
        first: LogIndex,
        /// Last entry.
        last: LogIndex,
        /// Commit index.
        commit: LogIndex,
    },
}

/// The queues to all peers.
pub struct PeerSenders {
    lanes: HashMap<NodeId, (Sender<Outbound>, Sender<Outbound>)>,
}

impl PeerSenders {
    /// Queues something; dropped when the queue is full or the peer unknown.
    pub fn send(&self, to: NodeId, outbound: Outbound) {
        let Some((data, heartbeat)) = self.lanes.get(&to) else { return };
        let lane = match &outbound {
            Outbound::Message(Message::Heartbeat { .. } | Message::HeartbeatAck { .. }) => heartbeat,
            Outbound::Message(_) | Outbound::Entries { .. } => data,
        };
        if let Err(TrySendError::Full(_)) = lane.try_send(outbound) {
            tracing::debug!(to = to.get(), "peer queue full, frame dropped");
        }
    }
}

/// What every link needs to know.
#[derive(Clone)]
pub struct LinkContext {
    /// The cluster's id.
    pub cluster_id: ClusterId,
    /// This node's address for peers.
    pub peer_address: String,
    /// This node's address for clients.
    pub sql_address: String,
    /// This node.
    pub node_id: NodeId,
    /// Where entries are read.
    pub cache: Arc<EntryCache>,
    /// To the consensus thread.
    pub events: Sender<Event>,
    /// Set when the node stops.
    pub stop: Arc<AtomicBool>,
}

/// Starts the senders to `peers` (id and address).
///
/// # Errors
/// When no thread can be made.
pub fn spawn_senders(context: &LinkContext, peers: &[(NodeId, String)]) -> std::io::Result<PeerSenders> {
    let mut lanes = HashMap::new();
    for (peer, address) in peers {
        let start = |lane: Lane| -> std::io::Result<Sender<Outbound>> {
            let (sender, receiver) = crossbeam_channel::bounded(PEER_QUEUE_FRAMES_MAX);
            let link = SenderLink {
                context: context.clone(),
                peer: *peer,
                address: address.clone(),
                lane,
                queue: receiver,
                frame: Vec::new(),
                refused: false,
            };
            let name =
                format!("send-{}-{}", peer.get(), if lane == Lane::Heartbeat { "beat" } else { "data" });
            std::thread::Builder::new().name(name).spawn(move || {
                let _vital = super::Vital::thread("send");
                link.run();
            })?;
            Ok(sender)
        };
        lanes.insert(*peer, (start(Lane::Data)?, start(Lane::Heartbeat)?));
    }
    Ok(PeerSenders { lanes })
}

struct SenderLink {
    context: LinkContext,
    peer: NodeId,
    address: String,
    lane: Lane,
    queue: Receiver<Outbound>,
    frame: Vec<u8>,
    /// Whether the last refusal was logged already.
    refused: bool,
}

impl SenderLink {
    fn run(mut self) {
        while !self.context.stop.load(Ordering::Relaxed) {
            match self.connect() {
                Ok(mut stream) => {
                    self.refused = false;
                    // What queued up while the peer was away is stale.
                    while self.queue.try_recv().is_ok() {}
                    if self.lane == Lane::Data {
                        let _ = self.context.events.send(Event::Connected(self.peer));
                    }
                    let error = self.pump(&mut stream);
                    if self.lane == Lane::Data {
                        tracing::info!(peer = self.peer.get(), "connection to peer lost: {error}");
                        let _ = self.context.events.send(Event::Disconnected(self.peer));
                    }
                }
                Err(error) => {
                    if !self.refused && error.kind() == std::io::ErrorKind::InvalidData {
                        self.refused = true;
                        tracing::error!(
                            peer = self.peer.get(),
                            address = self.address,
                            "peer refused: {error}"
                        );
                    }
                }
            }
            while self.queue.try_recv().is_ok() {}
            std::thread::sleep(PEER_RECONNECT_PAUSE);
        }
    }

    fn connect(&self) -> std::io::Result<TcpStream> {
        let address = self.address.to_socket_addrs()?.next().ok_or_else(|| {
            std::io::Error::new(std::io::ErrorKind::NotFound, "address resolves to nothing")
        })?;
        let mut stream = TcpStream::connect_timeout(&address, PEER_CONNECT_TIMEOUT)?;
        super::socket::tune_peer(&stream)?;
        stream.set_read_timeout(Some(PEER_HELLO_TIMEOUT))?;
        let hello = Hello {
            version: PROTOCOL_VERSION,
            cluster_id: self.context.cluster_id,
            node_id: self.context.node_id.get(),
            target_id: self.peer.get(),
            lane: self.lane,
            peer_address: self.context.peer_address.clone(),
            sql_address: self.context.sql_address.clone(),
        };
        let mut out = Vec::new();
        put_frame(&mut out, &self.context, FrameKind::Hello, |out| hello.encode(out))?;
        stream.write_all(&out)?;
        let mut reader = FrameReader::new(None);
        let answer = read_frame(&mut stream, &mut reader)?;
        match answer.kind {
            FrameKind::Welcome => Welcome::parse(&answer.payload).map(|_| stream).map_err(invalid),
            FrameKind::Refusal => Err(invalid(Refusal::parse(&answer.payload).map_err(invalid)?.message)),
            FrameKind::Hello | FrameKind::Consensus => {
                Err(invalid("it answered the hello with something else"))
            }
        }
    }

    /// Writes frames until something fails.
    fn pump(&mut self, stream: &mut TcpStream) -> std::io::Error {
        loop {
            let first = match self.queue.recv_timeout(Duration::from_millis(500)) {
                Ok(first) => first,
                Err(crossbeam_channel::RecvTimeoutError::Timeout) => {
                    if self.context.stop.load(Ordering::Relaxed) {
                        return std::io::Error::other("stopping");
                    }
                    continue;
                }
                Err(crossbeam_channel::RecvTimeoutError::Disconnected) => {
                    return std::io::Error::other("stopping");
                }
            };
            self.frame.clear();
            if let Err(error) = self.encode(stream, first) {
                return error;
            }
            while self.frame.len() < APPEND_FRAME_BYTES_MAX {
                let Ok(next) = self.queue.try_recv() else { break };
                if let Err(error) = self.encode(stream, next) {
                    return error;
                }
            }
            if let Err(error) = stream.write_all(&self.frame) {
                return error;
            }
            if self.frame.capacity() > 4 * APPEND_FRAME_BYTES_MAX {
                self.frame = Vec::new();
            }
        }
    }

    /// Appends the frames of `outbound` to the buffer; large ones are written out in between.
    fn encode(&mut self, stream: &mut TcpStream, outbound: Outbound) -> std::io::Result<()> {
        match outbound {
            Outbound::Message(message) => {
                put_frame(&mut self.frame, &self.context, FrameKind::Consensus, |out| {
                    consensus::encode::encode(&message, out);
                })?;
            }
            Outbound::Entries { epoch, term, mut prev_index, mut prev_term, first, last, commit } => {
                let mut next = first;
                while next <= last {
                    let cache = &self.context.cache;
                    let read = cache.read_in(epoch, next.get(), last.get(), APPEND_FRAME_BYTES_MAX);
                    let Some(entries) = read.map_err(std::io::Error::other)? else {
                        // This node does not lead that term any more.
                        tracing::debug!(peer = self.peer.get(), "not sent: the log was truncated since");
                        return Ok(());
                    };
                    let Some(end) = entries.last() else {
                        return Err(std::io::Error::other("the log holds no such entries"));
                    };
                    let (end_index, end_term) = (end.index, end.term);
                    let message = Message::Append { term, prev_index, prev_term, entries, commit };
                    put_frame(&mut self.frame, &self.context, FrameKind::Consensus, |out| {
                        consensus::encode::encode(&message, out);
                    })?;
                    prev_index = end_index;
                    prev_term = end_term;
                    next = end_index.next();
                    if self.frame.len() >= APPEND_FRAME_BYTES_MAX {
                        stream.write_all(&self.frame)?;
                        self.frame.clear();
                    }
                }
            }
        }
        Ok(())
    }
}

fn put_frame(
    out: &mut Vec<u8>,
    context: &LinkContext,
    kind: FrameKind,
    body: impl FnOnce(&mut Vec<u8>),
) -> std::io::Result<()> {
    let start = begin_frame(out);
    body(out);
    end_frame(out, start, kind, context.cluster_id.tag()).map_err(invalid)
}

fn invalid(what: impl ToString) -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::InvalidData, what.to_string())
}

/// Reads until a whole frame is there.
fn read_frame(stream: &mut TcpStream, reader: &mut FrameReader) -> std::io::Result<wire::peer::Frame> {
    let mut chunk = [0; 4096];
    loop {
        if let Some(frame) = reader.next().map_err(invalid)? {
            return Ok(frame);
        }
        let count = stream.read(&mut chunk)?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        reader.buffer_mut().extend_from_slice(&chunk[..count]);
    }
}

/// Accepts peers' connections until the node stops.
///
/// # Errors
/// When no thread can be made.
pub fn spawn_acceptor(
    listener: TcpListener,
    context: LinkContext,
    peers: Vec<NodeId>,
) -> std::io::Result<()> {
    std::thread::Builder::new().name("peers".into()).spawn(move || {
        let _vital = super::Vital::thread("peers");
        for stream in listener.incoming() {
            if context.stop.load(Ordering::Relaxed) {
                return;
            }
            let Ok(stream) = stream else {
                std::thread::sleep(PEER_RECONNECT_PAUSE);
                continue;
            };
            let context = context.clone();
            let peers = peers.clone();
            let spawned = std::thread::Builder::new().name("receive".into()).spawn(move || {
                if let Err(error) = receive(stream, &context, &peers)
                    && error.kind() == std::io::ErrorKind::InvalidData
                {
                    tracing::warn!("a peer's connection was closed: {error}");
                }
            });
            if spawned.is_err() {
                std::thread::sleep(PEER_RECONNECT_PAUSE);
            }
        }
    })?;
    Ok(())
}

fn receive(mut stream: TcpStream, context: &LinkContext, peers: &[NodeId]) -> std::io::Result<()> {
    super::socket::tune_peer(&stream)?;
    stream.set_read_timeout(Some(PEER_HELLO_TIMEOUT))?;
    let mut reader = FrameReader::new(None);
    let frame = read_frame(&mut stream, &mut reader)?;
    if frame.kind != FrameKind::Hello {
        return Err(invalid("it did not begin with a hello"));
    }
    let hello = Hello::parse(&frame.payload).map_err(invalid)?;
    let mut out = Vec::new();
    if let Err(refusal) = judge(&hello, context, peers) {
        put_frame(&mut out, context, FrameKind::Refusal, |out| refusal.encode(out))?;
        stream.write_all(&out)?;
        return Err(invalid(format!(
            "node {} at {}: {}",
            hello.node_id, hello.peer_address, refusal.message
        )));
    }
    let welcome = Welcome { node_id: context.node_id.get(), sql_address: context.sql_address.clone() };
    put_frame(&mut out, context, FrameKind::Welcome, |out| welcome.encode(out))?;
    stream.write_all(&out)?;
    stream.set_read_timeout(None)?;
    reader.allow_large_frames();
    let from = NodeId::new(hello.node_id);
    if hello.lane == Lane::Heartbeat {
        return pump_in(&mut stream, &mut reader, from, context);
    }
    // Answers may have been lost with the connection before this one. Its end says nothing of the way to the peer, which is the
    // sender's: it may come long after the next connection was made.
    let _ = context.events.send(Event::Connected(from));
    pump_in(&mut stream, &mut reader, from, context)
}

/// Hands what a peer sends to the consensus thread until the connection ends.
fn pump_in(
    stream: &mut TcpStream,
    reader: &mut FrameReader,
    from: NodeId,
    context: &LinkContext,
) -> std::io::Result<()> {
    let mut chunk = vec![0; PEER_READ_BYTES];
    loop {
        while let Some(frame) = reader.next().map_err(invalid)? {
            if frame.kind != FrameKind::Consensus {
                return Err(invalid("a frame that does not belong here"));
            }
            let message = consensus::encode::decode(frame.payload).map_err(invalid)?;
            if context.events.send(Event::Message(from, message)).is_err() {
                return Ok(());
            }
        }
        let count = stream.read(&mut chunk)?;
        if count == 0 {
            return Ok(());
        }
        reader.buffer_mut().extend_from_slice(&chunk[..count]);
    }
}

/// Whether who says hello may send here.
fn judge(hello: &Hello, context: &LinkContext, peers: &[NodeId]) -> Result<(), Refusal> {
    let refuse = |reason, message: String| Err(Refusal { reason, message });
    if hello.version != PROTOCOL_VERSION {
        let message =
            format!("protocol version {} is not spoken here ({PROTOCOL_VERSION} is)", hello.version);
        return refuse(RefusalReason::OtherVersion, message);
    }
    if hello.cluster_id != context.cluster_id {
        let (theirs, ours) = (hello.cluster_id.get(), context.cluster_id.get());
        let message = format!("it belongs to another cluster ({theirs:032x}; this node is of {ours:032x})");
        return refuse(RefusalReason::OtherCluster, message);
    }
    if hello.target_id != context.node_id.get() {
        let message = format!("this is node {}, not node {}", context.node_id.get(), hello.target_id);
        return refuse(RefusalReason::WrongTarget, message);
    }
    if !peers.iter().any(|peer| peer.get() == hello.node_id) {
        let message = format!("node {} is no member of this cluster", hello.node_id);
        return refuse(RefusalReason::NotMember, message);
    }
    Ok(())
}
