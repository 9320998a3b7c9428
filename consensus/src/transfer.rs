//! Handing the leadership over (Ongaro's dissertation, section 3.10).
//!
//! First the target catches up, while everything goes on. When little is missing, new proposals are held; when nothing is, the target is
//! ordered to stand at once. Its requests for votes say so, and stickiness does not apply to them. When it does not take over in
//! time, this leader goes on.
//!
//! Invariants: proposals are held for at most `transfer_ticks`. The lease is given up before the order leaves and does not come back
//! while the order may still be obeyed: until the target has answered a heartbeat later than the order (it obeys none that is older than
//! the last heartbeat it heard), or its loss of the vote is committed (its log then lacks what a majority has).
//!
//! Left out: who would be a better leader (`hand_over`).

use crate::effect::{Effect, Effects, TransferEnd};
use crate::limits::{TRANSFER_CATCH_UP_FACTOR, TRANSFER_ORDERS_PER_ELECTION};
use crate::message::Message;
use crate::progress::Progress;
use crate::replica::Replica;
use crate::types::{NodeId, Role, Term};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    CatchUp,
    /// Proposals are held.
    Hold,
    /// The order is out.
    Ordered {
        elapsed_ticks: u32,
    },
}

/// A transfer that is going on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Transfer {
    pub(crate) to: NodeId,
    phase: Phase,
    ticks_left: u32,
}

impl Replica {
    /// The driver wants another leader.
    pub(crate) fn on_transfer(&mut self, to: Option<NodeId>, effects: &mut Effects) {
        match self.choose_target(to) {
            Ok(to) => self.begin_transfer(to, effects),
            Err(reason) => effects.push(Effect::TransferEnded { reason }),
        }
    }

    fn choose_target(&self, to: Option<NodeId>) -> Result<NodeId, TransferEnd> {
        if self.role != Role::Leader || !self.is_ready {
            return Err(TransferEnd::NotLeading);
        }
        if self.transfer.is_some() {
            return Err(TransferEnd::Busy);
        }
        match to {
            Some(to) if self.peers.iter().any(|peer| peer.id == to && peer.is_electable()) => Ok(to),
            Some(_) => Err(TransferEnd::NotEligible),
            None => {
                let heard = self.peers.iter().filter(|peer| peer.is_electable() && self.is_heard(peer));
                // Of equals the first, so that the choice does not depend on the order of anything else.
                let best =
                    heard.max_by_key(|peer| (peer.weight, peer.match_index, core::cmp::Reverse(peer.id)));
                best.map(|peer| peer.id).ok_or(TransferEnd::NoTarget)
            }
        }
    }

    /// Whether a peer answered within an election timeout.
    pub(crate) fn is_heard(&self, peer: &Progress) -> bool {
        peer.contact_ticks < self.config.election_ticks
    }

    /// Whether a peer lacks no more than one batch.
    pub(crate) fn is_caught_up(&self, peer: &Progress) -> bool {
        self.log.last_index().since(peer.match_index) <= u64::from(self.config.batch_entries_max)
    }

    pub(crate) fn begin_transfer(&mut self, to: NodeId, effects: &mut Effects) {
        assert!(self.role == Role::Leader && self.transfer.is_none(), "one transfer at a time");
        let ticks_left = self.config.transfer_ticks.saturating_mul(TRANSFER_CATCH_UP_FACTOR);
        self.transfer = Some(Transfer { to, phase: Phase::CatchUp, ticks_left });
        self.advance_transfer(effects);
    }

    /// Goes on with the transfer as far as the target's progress allows. Runs in every step of a leader.
    pub(crate) fn advance_transfer(&mut self, effects: &mut Effects) {
        let Some(mut transfer) = self.transfer else { return };
        let Some(target) = self.peers.iter().find(|peer| peer.id == transfer.to) else { return };
        let has_all = target.match_index == self.log.last_index() && self.commit == self.log.last_index();
        if transfer.phase == Phase::CatchUp && self.is_caught_up(target) {
            transfer.phase = Phase::Hold;
            transfer.ticks_left = self.config.transfer_ticks;
            effects.push(Effect::HoldProposals { to: transfer.to });
        }
        if transfer.phase == Phase::Hold && has_all {
            transfer.phase = Phase::Ordered { elapsed_ticks: 0 };
            effects.push(Effect::LeaseRevoked);
            self.order(transfer.to, effects);
        }
        self.transfer = Some(transfer);
    }

    fn order(&mut self, to: NodeId, effects: &mut Effects) {
        if self.peers.iter().any(|peer| peer.id == to && peer.acked_seq <= self.first_seq) {
            // It obeys only a leader whose heartbeat it has heard.
            self.begin_round(effects);
        }
        self.orders_given.retain(|order| order.0 != to);
        self.orders_given.push((to, self.heartbeat_seq));
        effects.send(to, Message::TimeoutNow { term: self.term, seq: self.heartbeat_seq }, None);
    }

    /// One tick passes on a leader.
    pub(crate) fn tick_transfer(&mut self, effects: &mut Effects) {
        let Some(mut transfer) = self.transfer else { return };
        transfer.ticks_left = transfer.ticks_left.saturating_sub(1);
        if transfer.ticks_left == 0 {
            self.end_transfer(TransferEnd::TimedOut, effects);
            return;
        }
        if let Phase::Ordered { elapsed_ticks } = &mut transfer.phase {
            *elapsed_ticks += 1;
            if *elapsed_ticks >= (self.config.election_ticks / TRANSFER_ORDERS_PER_ELECTION).max(1) {
                *elapsed_ticks = 0;
                self.order(transfer.to, effects);
            }
        }
        self.transfer = Some(transfer);
    }

    fn end_transfer(&mut self, reason: TransferEnd, effects: &mut Effects) {
        self.transfer = None;
        effects.push(Effect::TransferEnded { reason });
    }

    /// The driver has thought better of it.
    pub(crate) fn on_cancel_transfer(&mut self, effects: &mut Effects) {
        if self.transfer.is_some() {
            self.end_transfer(TransferEnd::Cancelled, effects);
        }
    }

    /// The members changed under a leader.
    pub(crate) fn check_transfer(&mut self, effects: &mut Effects) {
        let Some(transfer) = self.transfer else { return };
        if !self.peers.iter().any(|peer| peer.id == transfer.to && peer.is_electable()) {
            self.end_transfer(TransferEnd::NotEligible, effects);
        }
    }

    /// Forgets the orders that cannot be obeyed any more: when none is left, leases are granted again. Returns whether that is news.
    pub(crate) fn forget_orders(&mut self) -> bool {
        // While the transfer goes on its order will be repeated.
        if self.orders_given.is_empty() || self.transfer.is_some() {
            return false;
        }
        let (peers, members) = (&self.peers, self.members.committed());
        self.orders_given.retain(|&(to, seq)| {
            let is_past = peers.iter().any(|peer| peer.id == to && peer.acked_seq > seq);
            !is_past && members.is_voter(to)
        });
        self.orders_given.is_empty()
    }

    /// The leader wants this node to take its place.
    pub(crate) fn on_timeout_now(&mut self, from: NodeId, term: Term, seq: u64, effects: &mut Effects) {
        let is_own_leader = term == self.term && self.leader == Some(from) && self.role == Role::Follower;
        // Whoever has heard nothing, or something later than the order, cannot know whether it still stands.
        let is_fresh = self.heard_seq.is_some_and(|heard| heard <= seq);
        if is_own_leader && is_fresh && self.part.may_stand() && !self.part.is_log_only {
            self.stand_for_election(true, effects);
        } else {
            self.ignored.stale += 1;
        }
    }
}
