//! When a node may stand, and when it may vote: the election timer.
//!
//! Two clocks run in ticks. `elapsed` is the time since the timer was last reset (by the leader, by granting a vote, by
//! standing); past `timeout` the node stands. `contact` is the time since a leader was last heard; until it
//! reaches the common stage of the election timeout the node grants nobody anything (stickiness), so that a node
//! that cannot hear the leader cannot depose it.
//!
//! The second stage follows the common one: the weight's part, which the replica sets ([`Replica::second_stage_ticks`]): each step below
//! the heaviest other voter waits longer, and a log-only voter longer still; and a random part, so that equals seldom stand at once.
//!
//! Invariants: `timeout` lies between both stages and that plus the spread for a follower; for a node that already
//! stands half the common stage takes the place of the whole, because the others' patience has then run out as well.
//! The draws depend on nothing but the seed, the node and how many were made before. A node that just started may have answered a
//! heartbeat a moment before, on which a lease rests: it is as sticky as if it had heard a leader at its start.
//!
//! Left out: who may stand at all (`candidate`).

use crate::config::Config;
use crate::replica::Replica;
use crate::types::NodeId;

/// The election timer of one node.
#[derive(Debug)]
pub(crate) struct ElectionTimer {
    common_ticks: u32,
    spread_ticks: u32,
    /// What the weight adds.
    weight_ticks: u32,
    elapsed_ticks: u32,
    timeout_ticks: u32,
    contact_ticks: u32,
    draw_state: u64,
}

impl ElectionTimer {
    /// `is_first_start`: the node was never in any term, so it has never answered anybody.
    pub(crate) fn new(config: &Config, is_first_start: bool) -> ElectionTimer {
        let mut timer = ElectionTimer {
            common_ticks: config.election_ticks,
            spread_ticks: config.election_spread_ticks,
            weight_ticks: 0,
            elapsed_ticks: 0,
            timeout_ticks: 0,
            contact_ticks: if is_first_start { config.election_ticks } else { 0 },
            draw_state: config.seed ^ config.id.get().wrapping_mul(0xA076_1D64_78BD_642F),
        };
        timer.reset();
        timer
    }

    /// A node that is alone has nobody to wait for.
    pub(crate) fn expire(&mut self) {
        self.timeout_ticks = 0;
    }

    /// Sets the weight's part of the second stage.
    pub(crate) fn set_weight_ticks(&mut self, weight_ticks: u32) {
        // A wait that is going on gets longer or shorter by the difference.
        self.timeout_ticks =
            self.timeout_ticks.saturating_sub(self.weight_ticks).saturating_add(weight_ticks);
        self.weight_ticks = weight_ticks;
    }

    /// One tick passes. Returns whether it is time to stand.
    pub(crate) fn tick(&mut self) -> bool {
        self.elapsed_ticks = self.elapsed_ticks.saturating_add(1);
        self.contact_ticks = self.contact_ticks.saturating_add(1);
        self.elapsed_ticks >= self.timeout_ticks
    }

    /// The leader was heard.
    pub(crate) fn hear_leader(&mut self) {
        self.contact_ticks = 0;
        self.reset();
    }

    /// Another node has the right to try first: wait for the whole timeout again.
    pub(crate) fn reset(&mut self) {
        self.elapsed_ticks = 0;
        self.timeout_ticks = self.common_ticks + self.weight_ticks + self.draw();
    }

    /// The node stands; if that leads to nothing it tries again soon.
    pub(crate) fn stand(&mut self) {
        self.elapsed_ticks = 0;
        self.timeout_ticks = self.common_ticks / 2 + self.weight_ticks + self.draw();
    }

    /// Whether a leader was heard so recently that nobody else gets a vote.
    pub(crate) fn is_sticky(&self) -> bool {
        self.contact_ticks < self.common_ticks
    }

    /// Ticks since a leader was heard.
    pub(crate) fn contact_ticks(&self) -> u32 {
        self.contact_ticks
    }

    /// 1 to the spread: SplitMix64 (Steele, Lea, Flood 2014), reduced by multiplication.
    fn draw(&mut self) -> u32 {
        self.draw_state = self.draw_state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.draw_state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^= bits >> 31;
        let scaled = ((bits >> 32) * u64::from(self.spread_ticks)) >> 32;
        1 + u32::try_from(scaled).expect("a product of two u32, halved in width, is a u32")
    }
}

impl Replica {
    /// What this node waits because of its weight: a step for each weight that the heaviest voter has more, not counting the
    /// leader that is lost; and, without tables, long enough for any voter that has them.
    pub(crate) fn second_stage_ticks(&self, lost: Option<NodeId>) -> u32 {
        let membership = self.members.in_force();
        let Some(own) = membership.get(self.config.id) else { return 0 };
        let others = membership.voters().filter(|member| member.is_electable() && Some(member.id) != lost);
        let heaviest = others.map(|member| member.weight).max().unwrap_or(0);
        let steps = u32::from(heaviest.saturating_sub(own.weight));
        let log_only_ticks = if own.is_log_only { self.config.election_ticks } else { 0 };
        steps.saturating_mul(self.config.weight_step_ticks).saturating_add(log_only_ticks)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    fn timer(id: u64) -> ElectionTimer {
        ElectionTimer::new(&Config::lan(NodeId::new(id), 42), true)
    }

    #[test]
    fn draws_fill_the_spread_and_differ_between_nodes() {
        let mut one = timer(1);
        let drawn: Vec<u32> = (0..2_000).map(|_| one.draw()).collect();
        assert_eq!((drawn.iter().min(), drawn.iter().max()), (Some(&1), Some(&40)));
        let mut two = timer(2);
        let other: Vec<u32> = (0..2_000).map(|_| two.draw()).collect();
        let equal = drawn.iter().zip(&other).filter(|(left, right)| left == right).count();
        assert!(equal < 100, "two nodes draw the same {equal} times of 2000");
        let mut again = timer(1);
        assert_eq!(drawn, (0..2_000).map(|_| again.draw()).collect::<Vec<u32>>());
    }

    #[test]
    fn stickiness_ends_before_anybody_stands() {
        let mut timer = timer(1);
        assert!(!timer.is_sticky(), "a node that has heard nobody may vote");
        timer.hear_leader();
        let mut ticks = 0;
        while !timer.tick() {
            ticks += 1;
            assert_eq!(timer.is_sticky(), ticks < 60);
        }
        assert!((60..100).contains(&ticks));
    }

    #[test]
    fn a_node_that_started_again_is_sticky_for_the_common_stage() {
        let mut timer = ElectionTimer::new(&Config::lan(NodeId::new(1), 42), false);
        for _ in 0..60 {
            assert!(timer.is_sticky());
            timer.tick();
        }
        assert!(!timer.is_sticky());
    }

    #[test]
    fn the_weight_makes_the_wait_longer() {
        let mut light = timer(1);
        light.set_weight_ticks(30);
        let mut ticks = 1;
        while !light.tick() {
            ticks += 1;
        }
        assert!((91..=130).contains(&ticks), "{ticks}");
        light.expire();
        assert!(light.tick(), "a lone voter stands at once");
    }
}
