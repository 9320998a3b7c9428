//! A node that joined to get a vote asks for it, until it has it.
//!
//! The leader refuses while the node is too far behind. Once the node is a voter, that is written down, so that it does not ask again
//! should its vote be taken away.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sql::execute::procedure::{NodeReference, Procedure};

use crate::identity;
use crate::limits::PROMOTION_INTERVAL;
use crate::node::Node;
use crate::node::administration;

/// Starts the thread; it ends with its work done, or when the node stops.
///
/// # Errors
/// When no thread can be made.
pub fn spawn(node: Arc<Node>, stop: Arc<AtomicBool>) -> std::io::Result<()> {
    std::thread::Builder::new().name("promotion".into()).spawn(move || {
        while !stop.load(Ordering::Acquire) {
            std::thread::sleep(PROMOTION_INTERVAL);
            let id = node.config.node_id;
            match node.members.member(id) {
                // Only once that is committed: until then it may come to nothing.
                Some(member) if member.is_voter && node.members.is_settled() => {
                    if let Err(error) = identity::got_vote(&node.config.data) {
                        tracing::warn!("{error}");
                    }
                    node.cluster.event("this node has a vote now".into());
                    return;
                }
                Some(_) => {}
                None => continue,
            }
            let procedure = Procedure::UpgradeLearner { node: NodeReference::Id(id) };
            if let Err(error) = administration::forward(&node, &procedure) {
                tracing::debug!("no vote yet: {error}");
            }
        }
    })?;
    Ok(())
}
