//! When a node may stand, and when it may vote: the election timer.
//!
//! Two clocks run in ticks. `elapsed` is the time since the timer was last reset (by the leader, by granting a vote, by
//! standing); past `timeout` the node stands. `contact` is the time since a leader was last heard; until it
//! reaches the common stage of the election timeout the node grants nobody anything (stickiness), so that a node
//! that cannot hear the leader cannot depose it.
//!
//! Invariants: `timeout` lies between the common stage and that plus the spread for a follower; for a node that already
//! stands it is half the common stage plus the spread, because the others' patience has then run out as well.
//! The draws depend on nothing but the seed, the node and how many were made before.
//!
//! Left out: the second stage by weight (the spread will be cut into slots, weight 9 first, and weight 0 will never stand), and
//! the rule that a node that just started must not vote for one election timeout, which leases will need.

use crate::config::Config;

/// The election timer of one node.
#[derive(Debug)]
pub(crate) struct ElectionTimer {
    common_ticks: u32,
    spread_ticks: u32,
    elapsed_ticks: u32,
    timeout_ticks: u32,
    contact_ticks: u32,
    draw_state: u64,
}

impl ElectionTimer {
    pub(crate) fn new(config: &Config) -> ElectionTimer {
        let mut timer = ElectionTimer {
            common_ticks: config.election_ticks,
            spread_ticks: config.election_spread_ticks,
            elapsed_ticks: 0,
            timeout_ticks: 0,
            // No leader was heard yet.
            contact_ticks: config.election_ticks,
            draw_state: config.seed ^ config.id.get().wrapping_mul(0xA076_1D64_78BD_642F),
        };
        // A node that is alone has nobody to wait for.
        if config.voters.len() > 1 {
            timer.reset();
        }
        timer
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
        self.timeout_ticks = self.common_ticks + self.draw();
    }

    /// The node stands; if that leads to nothing it tries again soon.
    pub(crate) fn stand(&mut self) {
        self.elapsed_ticks = 0;
        self.timeout_ticks = self.common_ticks / 2 + self.draw();
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

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use super::*;
    use crate::types::NodeId;

    fn timer(id: u64) -> ElectionTimer {
        let voters = vec![NodeId::new(1), NodeId::new(2), NodeId::new(3)];
        ElectionTimer::new(&Config::lan(NodeId::new(id), voters, 42))
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
    fn a_lone_voter_stands_at_once() {
        let mut timer = ElectionTimer::new(&Config::lan(NodeId::new(1), vec![NodeId::new(1)], 1));
        assert!(timer.tick());
    }
}
