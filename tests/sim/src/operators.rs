//! What operators do: they change the members and hand the leadership over, wisely or not, but never so that nobody could lead.

use consensus::{Change, Input, Membership, NodeId};

use crate::kinds::Kind;
use crate::node::Node;
use crate::queue::Event;
use crate::world::{NODES_MAX, World, address, place};

/// Whether every outcome leaves somebody who can lead: those that may stand must be a majority on their own, for the newest log may
/// be with any of them but not only with those that never stand.
#[must_use]
pub fn is_wise(membership: &Membership) -> bool {
    let voters = || membership.members.iter().filter(|member| member.is_voter);
    let standing = voters().filter(|member| member.weight > 0).count();
    2 * standing > voters().count()
}

impl World {
    pub(crate) fn operators(&mut self) {
        if self.env.is_calm {
            return;
        }
        let next_us = self.random.between(1, self.tuning.operators_us_max);
        self.env.queue.push(self.env.now_us + next_us, Event::Operators);
        if self.random.once_in(3) {
            self.order_transfer();
        } else {
            // Now and then two at once, which the leader must refuse.
            let count = if self.random.once_in(4) { 2 } else { 1 };
            for _ in 0..count {
                self.change_members();
            }
        }
    }

    fn leader(&mut self) -> Option<usize> {
        self.pick(|node| {
            node.process.as_ref().is_some_and(|process| process.paused.is_none() && process.is_serving())
        })
    }

    fn order_transfer(&mut self) {
        let Some(place) = self.leader() else { return };
        let target = self.random.below(self.nodes.len() as u64) + 1;
        let to = (!self.random.once_in(3)).then(|| NodeId::new(target));
        let is_cancelled = self.random.once_in(8);
        if !self.env.kinds.has(Kind::Transfers) {
            return;
        }
        self.env.tally.transfers += 1;
        self.nodes[place].step(&mut self.env, Input::Transfer { to });
        if is_cancelled {
            self.nodes[place].step(&mut self.env, Input::CancelTransfer);
        }
    }

    fn change_members(&mut self) {
        let Some(leader) = self.leader() else { return };
        let membership = match &self.nodes[leader].process {
            Some(process) => process.membership().1.clone(),
            None => return,
        };
        let Some(change) = self.draw_change(&membership) else { return };
        if !self.env.kinds.has(Kind::Membership) {
            return;
        }
        let outcome = self.nodes[leader].change(&mut self.env, &change, is_wise);
        self.env.note(self.nodes[leader].id, "outcome", &outcome);
        if let Change::AddLearner { id: Some(id), .. } = &change {
            if membership.removed.contains(id) {
                assert!(outcome.is_err(), "{id} was removed and comes back: {outcome:?}");
            } else {
                self.start_joiner(*id, &change);
            }
        }
    }

    /// A node that is to join starts whether its change goes through or not.
    fn start_joiner(&mut self, id: NodeId, change: &Change) {
        if place(id) == self.nodes.len() {
            let is_log_only = matches!(change, Change::AddLearner { is_log_only: true, .. });
            self.add_node(id, is_log_only);
            self.start(id);
        }
    }

    fn draw_change(&mut self, membership: &Membership) -> Option<Change> {
        let member = |random: &mut crate::random::Random, wanted: fn(&consensus::Member) -> bool| {
            let ids: Vec<NodeId> =
                membership.members.iter().filter(|member| wanted(member)).map(|member| member.id).collect();
            let chosen = random.below(ids.len().max(1) as u64) as usize;
            ids.get(chosen).copied()
        };
        let voters = membership.members.iter().filter(|member| member.is_voter).count();
        let random = &mut self.random;
        // Clusters of one or two voters have few secrets: they are not to be the end of every run.
        let may_shrink = voters > 3 || random.once_in(5);
        match random.below(12) {
            6 | 7 if !may_shrink => None,
            0..3 => self.draw_addition(membership),
            3..6 => Some(Change::Promote { id: member(random, |member| !member.is_voter)? }),
            6 => Some(Change::Demote { id: member(random, |member| member.is_voter)? }),
            7 => Some(Change::Remove { id: member(random, |_| true)? }),
            8 | 9 => {
                let id = member(random, |member| member.is_voter)?;
                let weight = random.once_in(2).then(|| random.below(10) as u8);
                let is_strong_sync = random.once_in(2).then(|| random.once_in(2));
                Some(Change::Configure { id, weight, is_strong_sync })
            }
            _ => {
                let id = member(random, |member| !member.is_voter)?;
                let source = member(random, |_| true).filter(|source| *source != id);
                let source_group = member(random, |member| member.is_voter).into_iter().collect();
                Some(Change::SetSource { id, source, source_group })
            }
        }
    }

    fn draw_addition(&mut self, membership: &Membership) -> Option<Change> {
        let is_outside = |node: &Node| membership.members.iter().all(|member| member.id != node.id);
        let outside: Vec<(NodeId, bool)> = self
            .nodes
            .iter()
            .filter(|node| is_outside(node))
            .map(|node| (node.id, node.is_log_only))
            .collect();
        let is_new = outside.is_empty() || self.random.once_in(2);
        let (id, is_log_only) = if is_new {
            if self.nodes.len() >= NODES_MAX {
                return None;
            }
            (NodeId::new(self.nodes.len() as u64 + 1), self.random.once_in(5))
        } else {
            outside[self.random.below(outside.len() as u64) as usize]
        };
        let members = &membership.members;
        let source =
            self.random.once_in(2).then(|| members[self.random.below(members.len() as u64) as usize].id);
        let peer_address = address(id);
        Some(Change::AddLearner {
            id: Some(id),
            is_log_only,
            source,
            peer_address,
            sql_address: String::new(),
        })
    }
}
