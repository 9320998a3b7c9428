//! A network that loses, doubles, delays and reorders messages, and that can be cut, in one direction or both.
//!
//! In some runs messages travel as bytes, so that every one that is sent in them goes through the encoding.

use std::collections::BTreeSet;

use consensus::NodeId;

use crate::clock::RealUs;
use crate::kinds::{Kind, Kinds};
use crate::random::Random;

/// How badly the network behaves; all "one in" values are off when zero.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    /// One message in so many is lost.
    pub lose_one_in: u64,
    /// One in so many arrives twice.
    pub double_one_in: u64,
    /// Shortest delay in microseconds.
    pub delay_us_min: u64,
    /// Usual longest delay; messages overtake each other within it.
    pub delay_us_max: u64,
    /// One in so many takes much longer.
    pub straggle_one_in: u64,
    /// How much longer, at most.
    pub straggle_us_max: u64,
}

impl Weather {
    /// The network on a good day.
    pub const FAIR: Weather = Weather {
        lose_one_in: 0,
        double_one_in: 0,
        delay_us_min: 100,
        delay_us_max: 400,
        straggle_one_in: 0,
        straggle_us_max: 1,
    };

    /// Some weather.
    #[must_use]
    pub fn draw(random: &mut Random, kinds: Kinds) -> Weather {
        let mut weather = Weather {
            lose_one_in: [0, 500, 50, 8][random.below(4) as usize],
            double_one_in: [0, 50, 10][random.below(3) as usize],
            delay_us_min: 100,
            delay_us_max: [300, 2_000, 9_000, 40_000][random.below(4) as usize],
            straggle_one_in: [0, 200, 20][random.below(3) as usize],
            straggle_us_max: [100_000, 1_500_000][random.below(2) as usize],
        };
        if !kinds.has(Kind::Loss) {
            weather.lose_one_in = 0;
        }
        if !kinds.has(Kind::Doubling) {
            weather.double_one_in = 0;
        }
        if !kinds.has(Kind::Straggling) {
            weather.straggle_one_in = 0;
        }
        weather
    }
}

/// The links between all nodes.
#[derive(Debug)]
pub struct Network {
    /// How it behaves now.
    pub weather: Weather,
    /// Messages travel as bytes.
    pub encodes: bool,
    random: Random,
    cut: BTreeSet<(NodeId, NodeId)>,
}

impl Network {
    /// A network with every link up.
    #[must_use]
    pub fn new(random: Random, weather: Weather, encodes: bool) -> Network {
        Network { weather, encodes, random, cut: BTreeSet::new() }
    }

    /// When a message sent now arrives, once or twice; nothing when it is lost.
    pub fn deliver(&mut self, now_us: RealUs, from: NodeId, to: NodeId) -> [Option<RealUs>; 2] {
        if self.is_cut(from, to) || self.random.once_in(self.weather.lose_one_in) {
            return [None, None];
        }
        let is_doubled = self.random.once_in(self.weather.double_one_in);
        let first = now_us + self.delay_us();
        let second = is_doubled.then(|| now_us + self.delay_us());
        [Some(first), second]
    }

    fn delay_us(&mut self) -> u64 {
        let weather = self.weather;
        let mut delay_us = self.random.between(weather.delay_us_min, weather.delay_us_max);
        if self.random.once_in(weather.straggle_one_in) {
            delay_us += self.random.between(1, weather.straggle_us_max);
        }
        delay_us
    }

    /// Cuts one direction.
    pub fn cut(&mut self, from: NodeId, to: NodeId) {
        self.cut.insert((from, to));
    }

    /// Restores every link.
    pub fn heal(&mut self) {
        self.cut.clear();
    }

    /// Whether this direction is cut. What was on its way when it was cut still arrives, as from a buffer.
    #[must_use]
    pub fn is_cut(&self, from: NodeId, to: NodeId) -> bool {
        !self.cut.is_empty() && self.cut.contains(&(from, to))
    }
}
