//! One lane to one peer: connects, and writes what is queued, until it is told to end.
//!
//! What queues up while the peer cannot be reached is thrown away: it is stale when the peer returns, and the core begins anew
//! with it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use consensus::NodeId;
use crossbeam_channel::RecvTimeoutError;
use wire::peer::Lane;

use super::counters::RefusedKind;
use super::links::LinkControl;
use super::outgoing::{EntriesHead, FrameBatch};
use super::stream::PeerStream;
use super::{LinkContext, LinkError, Outbound, handshake};
use crate::limits::{APPEND_FRAME_BYTES_MAX, PEER_IDLE_POLL, PEER_RECONNECT_PAUSE, PEER_REFUSED_PAUSE};
use crate::runtime::driver::Event;
use crate::runtime::queue::Receiver;

/// See the module.
pub struct SenderLink {
    context: LinkContext,
    peer: NodeId,
    address: String,
    lane: Lane,
    queue: Receiver<Outbound>,
    control: Arc<LinkControl>,
    batch: FrameBatch,
}

impl SenderLink {
    /// A link that has not started.
    #[must_use]
    pub fn new(
        context: LinkContext,
        peer: NodeId,
        address: String,
        lane: Lane,
        queue: Receiver<Outbound>,
        control: Arc<LinkControl>,
    ) -> SenderLink {
        let batch = FrameBatch::new(context.cluster_id.tag(), context.compression);
        SenderLink { context, peer, address, lane, queue, control, batch }
    }

    /// Starts its thread.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn spawn(self) -> std::io::Result<()> {
        let lane = match self.lane {
            Lane::Heartbeat => "beat",
            Lane::Data => "data",
            Lane::Snapshot => "snapshot",
            Lane::Session => "session",
        };
        let name = format!("send-{}-{lane}", self.peer.get());
        std::thread::Builder::new().name(name).spawn(move || {
            let _vital = crate::runtime::Vital::thread("send");
            self.run();
        })?;
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.control.is_over() || self.context.stop.load(Ordering::Relaxed)
    }

    fn run(mut self) {
        while !self.is_over() {
            let mut pause = PEER_RECONNECT_PAUSE;
            let called = handshake::call(&self.context, self.peer, &self.address, self.lane, &self.control);
            match called {
                Ok((stream, _)) => self.connected(stream),
                Err(LinkError::Refused(kind, what)) => self.count(kind, &what),
                Err(LinkError::ByPeer(refusal)) => {
                    // It takes a person to change that.
                    pause = PEER_REFUSED_PAUSE;
                    self.count(RefusedKind::ByPeer, &refusal.message);
                }
                // A peer that is not there is nothing to speak of: the core knows.
                Err(LinkError::Io(error)) => {
                    tracing::debug!(peer = self.peer.get(), address = self.address, "no connection: {error}");
                }
                Err(LinkError::Stopping) => {}
            }
            self.control.release();
            while self.queue.try_recv().is_ok() {}
            let until = Instant::now() + pause;
            while !self.is_over() && Instant::now() < until {
                std::thread::sleep(PEER_RECONNECT_PAUSE);
            }
        }
    }

    fn count(&self, kind: RefusedKind, what: &str) {
        let what = format!("calling node {} at {}: {what}", self.peer.get(), self.address);
        self.context.counters.refuse(kind, &what);
    }

    fn connected(&mut self, mut stream: PeerStream) {
        // What queued up while the peer was away is stale.
        while self.queue.try_recv().is_ok() {}
        // On either lane: a question that the peer could not hear is asked again.
        self.tell(Event::Connected(self.peer));
        let started = Instant::now();
        self.context.counters.link_up(self.peer.get());
        let Err(error) = self.pump(&mut stream);
        self.context.counters.link_down(self.peer.get());
        self.batch.clear();
        stream.finish();
        if self.lane == Lane::Data && !self.is_over() {
            let lasted_s = started.elapsed().as_secs();
            tracing::info!(peer = self.peer.get(), lasted_s, "connection to peer lost: {error}");
        }
        // A link that was ended on purpose may end after the next one to the same peer was made.
        if self.lane == Lane::Data && !self.is_over() {
            self.tell(Event::Disconnected(self.peer));
        }
    }

    fn tell(&self, event: Event) {
        // The consensus thread is gone only while the node stops.
        let _ = self.context.events.send(event);
    }

    /// Writes frames until something fails.
    fn pump(&mut self, stream: &mut PeerStream) -> Result<std::convert::Infallible, LinkError> {
        loop {
            let first = match self.queue.recv_timeout(PEER_IDLE_POLL) {
                Ok(first) => first,
                // Nobody may write for long, and then a vote is asked for: it must not be lost on a connection that ended long ago.
                Err(RecvTimeoutError::Timeout) if stream.is_closed() => {
                    return Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset).into());
                }
                Err(RecvTimeoutError::Timeout) if !self.is_over() => continue,
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    return Err(LinkError::Stopping);
                }
            };
            self.encode(stream, first)?;
            while self.batch.len_bytes() < APPEND_FRAME_BYTES_MAX {
                let Ok(next) = self.queue.try_recv() else { break };
                self.encode(stream, next)?;
            }
            self.batch.write(stream, &self.context.counters)?;
        }
    }

    /// Adds the frames of `outbound` to the batch; large ones are written out in between.
    fn encode(&mut self, stream: &mut PeerStream, outbound: Outbound) -> Result<(), LinkError> {
        let (epoch, first, last, mut head) = match outbound {
            Outbound::Message(message) => return self.batch.message(&message),
            Outbound::Entries { epoch, term, prev_index, prev_term, first, last, commit, is_feed } => {
                (epoch, first, last, EntriesHead { term, prev_index, prev_term, commit, is_feed })
            }
        };
        let mut next = first;
        while next <= last {
            let read = self.context.cache.read_in(epoch, next.get(), last.get(), APPEND_FRAME_BYTES_MAX);
            let entries = match read {
                Ok(Some(entries)) => entries,
                // The log was truncated since (this node does not lead that term any more), or purged.
                Ok(None) | Err(storage::Error::NotInLog { .. }) => {
                    self.context.counters.dropped();
                    tracing::debug!(peer = self.peer.get(), "not sent: the entries are gone");
                    return Ok(());
                }
                Err(error) => return Err(std::io::Error::other(error).into()),
            };
            let Some(end) = entries.last() else {
                return Err(std::io::Error::other("the log holds no such entries").into());
            };
            self.batch.entries(&head, &entries)?;
            head.prev_index = end.index;
            head.prev_term = end.term;
            next = end.index.next();
            if self.batch.len_bytes() >= APPEND_FRAME_BYTES_MAX {
                self.batch.write(stream, &self.context.counters)?;
            }
        }
        Ok(())
    }
}
