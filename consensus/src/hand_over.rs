//! The weight check: a leader that sees a better one hands over by itself.
//!
//! For a while after it became ready, a leader looks for a voter with tables and a higher weight that is heard and caught up. A
//! log-only leader has nothing to serve with, and one of weight 0 is not wanted: they hand over to any such voter, the heaviest first, and
//! never stop trying.
//!
//! A leader that the one before has handed over to stays, whatever the weights: a person wanted it so, or it is the heaviest already.
//!
//! Invariant: weights only rise along the hand-overs of data leaders, so they end.
//!
//! Left out: how (`transfer`).

use crate::effect::{Effect, Effects, Notice};
use crate::limits::HAND_OVER_TRIES_MAX;
use crate::replica::Replica;
use crate::types::{NodeId, Role};

/// The tries of one leadership.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct HandOver {
    tries: u32,
    elapsed_ticks: u32,
}

impl HandOver {
    /// Of a leadership that begins; `was_chosen`: by the leader before.
    pub(crate) fn new(was_chosen: bool) -> HandOver {
        HandOver { tries: if was_chosen { HAND_OVER_TRIES_MAX } else { 0 }, elapsed_ticks: 0 }
    }
}

impl Replica {
    /// One tick passes on a leader.
    pub(crate) fn tick_hand_over(&mut self, effects: &mut Effects) {
        assert!(self.role == Role::Leader, "only a leader hands over");
        let is_for_others = self.part.leads_for_others();
        if !self.is_ready || self.transfer.is_some() {
            return;
        }
        if self.hand_over.tries >= HAND_OVER_TRIES_MAX && !is_for_others {
            return;
        }
        self.hand_over.elapsed_ticks += 1;
        let wait_ticks = if is_for_others { self.config.heartbeat_ticks } else { self.config.election_ticks };
        if self.hand_over.elapsed_ticks < wait_ticks {
            return;
        }
        self.hand_over.elapsed_ticks = 0;
        self.hand_over.tries = self.hand_over.tries.saturating_add(1);
        let Some(to) = self.better_leader() else { return };
        effects.push(Effect::Notice(Notice::HandingOver { to }));
        self.begin_transfer(to, effects);
    }

    fn better_leader(&self) -> Option<NodeId> {
        let is_better = |weight: u8| self.part.leads_for_others() || weight > self.part.weight;
        let able = self.peers.iter().filter(|peer| peer.is_electable() && is_better(peer.weight));
        let ready = able.filter(|peer| self.is_heard(peer) && self.is_caught_up(peer));
        let best = ready.max_by_key(|peer| (peer.weight, peer.match_index, core::cmp::Reverse(peer.id)));
        best.map(|peer| peer.id)
    }
}
