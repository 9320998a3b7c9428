//! Transactions larger than one log entry: how their parts get into the log, and what becomes of those that do not commit.
//!
//! [`storage::txn`] stages a write set that is past its bound, and gives its parts to the session's [`Stream`]. That sends each to
//! the sequencer like a transaction of its own, and blocks the session's thread so that
//!
//! * at most [`PARTS_IN_FLIGHT_MAX`] parts wait for the quorum: small transactions, which share the log with them, wait behind little;
//! * none is sent while write-behind is urgent, which is at half of the bound at which the store turns small transactions away.
//!
//! A transaction that ends without commit leaves its staged rows to the [`LargeBoard`], which writes down that it is rolled back; each
//! node removes them then. Those that a leader lost are written down by the next one, which finds them when it begins to serve: a
//! transaction goes on in no other term than its own.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use storage::format::{EntryHeader, EntryKind};
use storage::staging::{Outcome, StagedId};
use storage::txn::{PartSink, Sealed, Transaction};
use storage::version::{FlushUrgency, WatermarkWait};

use super::Node;
use super::process::Connection;
use super::sequencer::Refused;
use super::session::{Open, now_us};
use crate::limits::{IN_DOUBT_POLL, PART_ROOM_PAUSE, PARTS_IN_FLIGHT_MAX};

/// From now on the transaction may be larger than one log entry. For one that has its term.
pub(super) fn stream(open: &mut Open, node: &Arc<Node>, connection: &Arc<Connection>) {
    let Some(term) = open.term.filter(|_| !open.txn.is_streaming()) else { return };
    let stream = Stream {
        node: Arc::clone(node),
        connection: Arc::clone(connection),
        id: StagedId { term, number: open.txn.id() },
        in_flight: VecDeque::new(),
    };
    open.txn.stream_to(Box::new(stream), node.config.stream_transaction_bytes);
}

/// The parts of one transaction on their way into the log.
struct Stream {
    node: Arc<Node>,
    connection: Arc<Connection>,
    /// Its term, and its number on this node, which alone leads in that term.
    id: StagedId,
    in_flight: VecDeque<WatermarkWait>,
}

impl PartSink for Stream {
    fn id(&self) -> StagedId {
        self.id
    }

    fn header(&self) -> EntryHeader {
        header(&self.node, self.id.number)
    }

    fn send(&mut self, part: Sealed) -> storage::Result<()> {
        let runtime = tokio::runtime::Handle::try_current()
            .map_err(|_| storage::Error::Closed("the runtime of sessions"))?;
        tokio::task::block_in_place(|| runtime.block_on(self.send_in_turn(part)))
    }

    fn abandon(&mut self, id: StagedId) {
        self.node.large.abandoned.lock().push(id);
    }
}

fn header(node: &Node, txn_id: u64) -> EntryHeader {
    EntryHeader {
        kind: EntryKind::Transaction,
        txn_id,
        commit_time_us: now_us().cast_unsigned(),
        schema_version: node.catalog().version,
        flags: 0,
    }
}

impl Stream {
    async fn send_in_turn(&mut self, mut part: Sealed) -> storage::Result<()> {
        self.until_in_turn().await?;
        let node = Arc::clone(&self.node);
        loop {
            match node.sequencer.sequence(&node.store, self.id.term, part) {
                Ok((_, wait)) => {
                    self.in_flight.push_back(wait);
                    return Ok(());
                }
                Err(Refused::NotLeading | Refused::ReadTruncated) => return Err(storage::Error::PartRefused),
                Err(Refused::Full(turned_away, wait)) => {
                    part = *turned_away;
                    self.or_killed(node.sequencer.until_room(wait, self.id.term)).await?;
                }
                Err(Refused::Held(turned_away)) => {
                    part = *turned_away;
                    self.or_killed(node.sequencer.until_released()).await?;
                }
            }
        }
    }

    /// Waits until few enough parts wait for the quorum, and the store has room.
    async fn until_in_turn(&mut self) -> storage::Result<()> {
        while self.in_flight.len() >= PARTS_IN_FLIGHT_MAX
            && let Some(mut wait) = self.in_flight.pop_front()
        {
            self.connection.state("waiting for quorum");
            loop {
                match self.or_killed(tokio::time::timeout(IN_DOUBT_POLL, &mut wait)).await? {
                    Ok(Ok(())) => break,
                    Ok(Err(_truncated)) => return Err(storage::Error::PartRefused),
                    Err(_elapsed) => self.check_leading()?,
                }
            }
        }
        while self.node.store.flush_urgency() == FlushUrgency::Urgent {
            self.connection.state("waiting for write-behind");
            self.or_killed(tokio::time::sleep(PART_ROOM_PAUSE)).await?;
            self.check_leading()?;
        }
        self.connection.state("executing");
        Ok(())
    }

    fn check_leading(&self) -> storage::Result<()> {
        if self.node.sequencer.term() == Some(self.id.term) {
            Ok(())
        } else {
            Err(storage::Error::PartRefused)
        }
    }

    async fn or_killed<T>(&self, wait: impl Future<Output = T>) -> storage::Result<T> {
        tokio::select! {
            outcome = wait => Ok(outcome),
            () = self.connection.until_killed() => Err(storage::Error::PartInterrupted),
        }
    }
}

/// The transactions in parts that ended without commit.
#[derive(Debug, Default)]
pub struct LargeBoard {
    abandoned: Mutex<Vec<StagedId>>,
    /// The last term of this node's leadership in which it was looked for what earlier leaders left.
    looked_in_term: Mutex<u64>,
}

impl LargeBoard {
    /// Writes down the end of those that ended without commit; on the leader. Called again and again.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn clean(&self, node: &Node) -> storage::Result<()> {
        let Some(term) = node.sequencer.term() else {
            // The next leader finds them.
            self.abandoned.lock().clear();
            return Ok(());
        };
        let mut looked_in_term = self.looked_in_term.lock();
        if *looked_in_term != term {
            let left = node.store.open_staged()?;
            self.abandoned.lock().extend(left.into_iter().filter(|id| id.term != term));
            *looked_in_term = term;
        }
        let abandoned = std::mem::take(&mut *self.abandoned.lock());
        for id in abandoned {
            if !roll_back(node, term, id)? {
                self.abandoned.lock().push(id);
            }
        }
        Ok(())
    }
}

/// Writes down that a transaction is rolled back; false if that has to wait.
fn roll_back(node: &Node, term: u64, id: StagedId) -> storage::Result<bool> {
    let mut txn = Transaction::begin(&node.store, &node.locks, node.take_txn_id());
    txn.put(id.outcome_key(), Outcome::RolledBack.encode());
    let sealed = txn.seal(header(node, txn.id()))?;
    Ok(match node.sequencer.sequence(&node.store, term, sealed) {
        Ok(_) | Err(Refused::NotLeading | Refused::ReadTruncated) => true,
        Err(Refused::Held(_) | Refused::Full(..)) => false,
    })
}
