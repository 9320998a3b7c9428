//! Which peers there are links to, and the queues to them.
//!
//! Owned by the consensus thread, which says who is to be reached ([`PeerLinks::reconcile`]) and queues what is to be sent. Each
//! link has two lanes, each with a thread and a connection of its own.

use std::collections::HashMap;
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use consensus::{Message, NodeId};
use crossbeam_channel::TrySendError;
use parking_lot::Mutex;
use wire::peer::Lane;

use super::sender::SenderLink;
use super::{LinkContext, Outbound};
use crate::limits::PEER_QUEUE_FRAMES_MAX;
use crate::runtime::queue::{Sender, bounded};

/// Ends a link from outside, whatever it waits for.
#[derive(Debug, Default)]
pub struct LinkControl {
    is_over: AtomicBool,
    /// The connection, while there is one.
    socket: Mutex<Option<TcpStream>>,
}

impl LinkControl {
    /// Whether the link is to end.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }

    /// The connection that is to be cut when the link is to end.
    ///
    /// # Errors
    /// When the socket cannot be shared, or the link is over already.
    pub fn hold(&self, stream: &TcpStream) -> std::io::Result<()> {
        *self.socket.lock() = Some(stream.try_clone()?);
        // Looked at after the connection was left for `end`: one of the two sees the other.
        if self.is_over() { Err(std::io::Error::other("the link is over")) } else { Ok(()) }
    }

    /// The connection is gone.
    pub fn release(&self) {
        *self.socket.lock() = None;
    }

    /// Ends the link: what its thread waits for on the socket fails at once.
    pub fn end(&self) {
        self.is_over.store(true, Ordering::Release);
        if let Some(socket) = self.socket.lock().take() {
            // Fails when the connection is gone already.
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}

/// One lane to one peer.
struct LaneLink {
    queue: Sender<Outbound>,
    control: Arc<LinkControl>,
}

impl Drop for LaneLink {
    fn drop(&mut self) {
        self.control.end();
    }
}

/// Both lanes to one peer.
struct Link {
    address: String,
    data: LaneLink,
    heartbeat: LaneLink,
}

/// The links to all peers. Dropping it ends them.
pub struct PeerLinks {
    context: LinkContext,
    links: HashMap<NodeId, Link>,
}

impl PeerLinks {
    /// No links yet.
    #[must_use]
    pub fn new(context: LinkContext) -> PeerLinks {
        PeerLinks { context, links: HashMap::new() }
    }

    /// Makes the links to be those to `peers` (id and address): starts links to new ones, ends those to gone ones, within a second,
    /// and connects anew where the address changed. This node itself is left out.
    ///
    /// # Errors
    /// When no thread can be made; the others are linked nevertheless, and calling it again tries again.
    pub fn reconcile(&mut self, peers: &[(NodeId, String)]) -> std::io::Result<()> {
        let own = self.context.node_id;
        self.links.retain(|id, link| {
            peers.iter().any(|(peer, address)| peer == id && *peer != own && *address == link.address)
        });
        let mut result = Ok(());
        for (peer, address) in peers {
            if *peer == own || self.links.contains_key(peer) {
                continue;
            }
            match self.start(*peer, address) {
                Ok(link) => {
                    self.links.insert(*peer, link);
                }
                Err(error) => result = Err(error),
            }
        }
        result
    }

    fn start(&self, peer: NodeId, address: &str) -> std::io::Result<Link> {
        let lane = |lane: Lane| -> std::io::Result<LaneLink> {
            let (queue, receiver) = bounded(PEER_QUEUE_FRAMES_MAX);
            let control = Arc::new(LinkControl::default());
            let context = self.context.clone();
            let link =
                SenderLink::new(context, peer, address.to_owned(), lane, receiver, Arc::clone(&control));
            link.spawn()?;
            Ok(LaneLink { queue, control })
        };
        Ok(Link { address: address.to_owned(), data: lane(Lane::Data)?, heartbeat: lane(Lane::Heartbeat)? })
    }

    /// Queues something; dropped when the queue is full or the peer unknown.
    pub fn send(&self, to: NodeId, outbound: Outbound) {
        let Some(link) = self.links.get(&to) else { return };
        let lane = match &outbound {
            Outbound::Message(message) if is_urgent(message) => &link.heartbeat,
            Outbound::Message(_) | Outbound::Entries { .. } => &link.data,
        };
        if let Err(TrySendError::Full(_)) = lane.queue.try_send(outbound) {
            self.context.counters.dropped();
            tracing::debug!(to = to.get(), "peer queue full, frame dropped");
        }
    }
}

/// Whether a message goes on the lane that never waits behind entries: those are small, and may overtake what was sent before.
fn is_urgent(message: &Message) -> bool {
    match message {
        Message::PreVote { .. }
        | Message::PreVoteReply { .. }
        | Message::Vote { .. }
        | Message::VoteReply { .. }
        | Message::Heartbeat { .. }
        | Message::HeartbeatAck { .. }
        | Message::TimeoutNow { .. }
        | Message::Subscribe { .. }
        | Message::ReadIndex { .. }
        | Message::ReadIndexReply { .. } => true,
        Message::Append { .. }
        | Message::AppendAck { .. }
        | Message::AppendReject { .. }
        | Message::Commit { .. }
        | Message::Feed { .. }
        | Message::FeedAck { .. }
        | Message::SnapshotNeeded { .. } => false,
    }
}
