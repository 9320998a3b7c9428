//! What sessions and other threads ask of the consensus thread, as values, and the way to it.

use std::sync::Arc;

use consensus::{Change, ChangeRefused, NodeId, Status, TransferEnd};
use crossbeam_channel::Sender;
use storage::version::WatermarkWait;
use tokio::sync::oneshot;

use super::reads::Ask;
use crate::limits::STATUS_ANSWER_TIMEOUT;

/// A change of the members that has its place in the log.
pub struct Placed {
    /// The term it was made in.
    pub term: u64,
    /// Its index.
    pub index: u64,
    /// Ends when it is committed.
    pub wait: WatermarkWait,
}

/// A question for the consensus thread.
pub enum Request {
    /// A session wants to read what is acknowledged now: the answer comes through the read gate.
    Read(u64),
    /// The core's state.
    Status(Sender<Status>),
    /// Change the members; none: it is so already.
    Change(Change, oneshot::Sender<Result<Option<Placed>, ChangeRefused>>),
    /// Hand the leadership over. The answer comes only if that does not happen; if it does, the channel closes.
    Transfer(Option<NodeId>, oneshot::Sender<TransferEnd>),
    /// Give the handover up that is going on.
    CancelTransfer,
    /// Another node has called that there is no link to yet.
    ReconcileLinks,
    /// The locks of prepared transactions are held: the leadership may open.
    PreparedReady,
}

/// The way to the consensus thread. While the node stops, questions are dropped.
#[derive(Clone)]
pub struct Steering(Arc<dyn Fn(Request) + Send + Sync>);

impl Steering {
    /// A way that is this function.
    #[must_use]
    pub fn new(ask: Arc<dyn Fn(Request) + Send + Sync>) -> Steering {
        Steering(ask)
    }

    /// For the read gate.
    #[must_use]
    pub fn ask_to_read(&self) -> Ask {
        let this = self.clone();
        Box::new(move |ticket| (this.0)(Request::Read(ticket)))
    }

    /// The core's state; none while the node stops or is very busy. Blocks for a moment.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        let (answer, answered) = crossbeam_channel::bounded(1);
        (self.0)(Request::Status(answer));
        answered.recv_timeout(STATUS_ANSWER_TIMEOUT).ok()
    }

    /// Asks for a change of the members.
    ///
    /// # Errors
    /// Why the core refuses it.
    pub async fn change(&self, change: Change) -> Result<Option<Placed>, ChangeRefused> {
        let (answer, answered) = oneshot::channel();
        (self.0)(Request::Change(change, answer));
        answered.await.unwrap_or(Err(ChangeRefused::NotLeading))
    }

    /// Asks for a transfer; none when the leadership has moved.
    pub async fn transfer(&self, to: Option<NodeId>) -> Option<TransferEnd> {
        self.begin_transfer(to).await.ok()
    }

    /// As [`Steering::transfer`], without waiting: what comes is the answer.
    #[must_use]
    pub fn begin_transfer(&self, to: Option<NodeId>) -> oneshot::Receiver<TransferEnd> {
        let (answer, answered) = oneshot::channel();
        (self.0)(Request::Transfer(to, answer));
        answered
    }

    /// Has a link made to a node that called.
    pub fn reconcile_links(&self) {
        (self.0)(Request::ReconcileLinks);
    }

    /// Says that the locks of prepared transactions are held.
    pub fn prepared_ready(&self) {
        (self.0)(Request::PreparedReady);
    }

    /// Gives the transfer up.
    pub fn cancel_transfer(&self) {
        (self.0)(Request::CancelTransfer);
    }
}
