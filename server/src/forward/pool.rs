//! Connections to the leader that no client uses at the moment.
//!
//! A client takes one for a statement under autocommit, or for a transaction. Which is no matter: each statement carries its session. Those to
//! a node that does not lead any more are closed when another leader is asked for; of the others a bounded number is kept.

use std::io;
use std::time::Instant;

use consensus::NodeId;
use parking_lot::Mutex;
use tokio::sync::OwnedSemaphorePermit;
use wire::peer::Lane;

use super::link::Link;
use crate::limits::{FORWARDING_IDLE_LINKS_MAX, FORWARDING_IDLE_MAX};
use crate::node::Node;
use crate::runtime::peer::handshake;
use crate::runtime::peer::links::LinkControl;

/// A connection to the leader.
pub struct Held {
    /// The connection.
    pub link: Link,
    /// The node at its other end.
    pub leader: u64,
    /// Its room among all of this node's.
    _place: OwnedSemaphorePermit,
}

/// See the module.
#[derive(Default)]
pub struct Pool(Mutex<Vec<(Held, Instant)>>);

impl Pool {
    /// One to `leader` that is as good as new.
    pub fn take(&self, leader: u64) -> Option<Held> {
        let mut idle = self.0.lock();
        idle.retain(|(held, since)| held.leader == leader && since.elapsed() < FORWARDING_IDLE_MAX);
        while let Some((held, _)) = idle.pop() {
            if held.link.is_quiet() {
                return Some(held);
            }
        }
        None
    }

    /// Nobody's session is on it now.
    pub fn give_back(&self, held: Held) {
        let mut idle = self.0.lock();
        if idle.len() < FORWARDING_IDLE_LINKS_MAX {
            idle.push((held, Instant::now()));
        }
    }
}

/// Calls `leader`.
///
/// # Errors
/// It cannot be reached, or refuses.
pub async fn call(node: &Node, leader: u64, place: OwnedSemaphorePermit) -> io::Result<Held> {
    let not_started = || io::Error::other("this node is starting");
    let context = node.forwarding.context.get().ok_or_else(not_started)?.clone();
    let member = node.members.member(leader).ok_or_else(|| io::Error::other("the leader is no member"))?;
    let cluster = context.cluster_id.tag();
    let _call = node.forwarding.calls.acquire().await.map_err(io::Error::other)?;
    let called = tokio::task::spawn_blocking(move || {
        let control = LinkControl::default();
        let called =
            handshake::call(&context, NodeId::new(leader), &member.peer_address, Lane::Session, &control);
        control.release();
        called
    });
    let (stream, reader) = called.await.map_err(io::Error::other)?.map_err(io::Error::other)?;
    Ok(Held { link: Link::new(stream, reader, cluster)?, leader, _place: place })
}
