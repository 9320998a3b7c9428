//! Write forwarding (`quorate_write_forwarding`): what only the leader can run is run there, for a client that is connected to another node.
//!
//! The session's statement runs *on the leader*, in a session of its own there: nothing is decided on this node that the leader would
//! decide differently. The decision, with every way it can fail, is `docs/decisions/2026-11-22-write-forwarding.md`.
//!
//! | file | has |
//! |---|---|
//! | [`route`] | which statements go to the leader |
//! | [`caller`] | this node: sends a statement, hands its answer to the client, says what became of it when the leader is lost |
//! | [`pool`] | this node: connections to the leader, of which a client has one for a statement or a transaction |
//! | [`door`] | the leader: takes such connections, and runs what comes |
//! | [`link`] | such a connection: messages on a lane of its own between nodes, with their trust and encryption |
//! | [`message`], [`carried`] | what is said, and what of a session goes with it |
//!
//! Invariants: a statement is sent once, and sent again only when the leader has said that it did not run it, or cannot have had all of
//! it. A connection that fails ends its session on the leader, with its transaction and locks. Every statement carries the state that it needs,
//! so a connection belongs to no client between transactions.

pub mod caller;
pub mod carried;
pub mod door;
pub mod link;
pub mod message;
pub mod pool;
pub mod route;

use std::sync::{Arc, OnceLock};

use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::limits::{FORWARDED_SESSIONS_MAX, FORWARDING_CALLS_MAX, FORWARDING_LINKS_MAX};
use crate::runtime::peer::LinkContext;

/// What a node has for forwarding, in both directions.
pub struct Forwarding {
    /// How peers are called, once the node has started.
    pub context: OnceLock<LinkContext>,
    /// Where sessions run, once clients are served.
    pub runtime: OnceLock<Handle>,
    /// Connections to the leader that nobody uses.
    pub pool: pool::Pool,
    /// Room for connections to the leader.
    pub outgoing: Arc<Semaphore>,
    /// Room for calls to the leader, each of which holds a thread.
    pub calls: Semaphore,
    /// Room for sessions of other nodes' clients.
    pub incoming: Arc<Semaphore>,
}

impl Default for Forwarding {
    fn default() -> Forwarding {
        Forwarding {
            context: OnceLock::new(),
            runtime: OnceLock::new(),
            pool: pool::Pool::default(),
            outgoing: Arc::new(Semaphore::new(FORWARDING_LINKS_MAX)),
            calls: Semaphore::new(FORWARDING_CALLS_MAX),
            incoming: Arc::new(Semaphore::new(FORWARDED_SESSIONS_MAX)),
        }
    }
}
