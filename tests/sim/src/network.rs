//! A network that loses, doubles, delays and reorders messages, and that can be cut, in one direction or both.
//!
//! Messages travel as bytes, so that every one that is sent in a simulation goes through the encoding.

use std::collections::BTreeSet;

use bytes::Bytes;
use consensus::{Message, NodeId};

use crate::random::Random;

/// How badly the network behaves; all "one in" values are off when zero.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    /// One message in so many is lost.
    pub lose_one_in: u64,
    /// One in so many arrives twice.
    pub double_one_in: u64,
    /// Usual longest delay in rounds; messages overtake each other within it.
    pub delay_rounds_max: u64,
    /// One in so many is delayed ten times longer.
    pub straggle_one_in: u64,
}

struct Packet {
    due: u64,
    from: NodeId,
    to: NodeId,
    bytes: Bytes,
}

/// Everything that is on the way.
pub struct Network {
    /// How it behaves now.
    pub weather: Weather,
    packets: Vec<Packet>,
    cut: BTreeSet<(NodeId, NodeId)>,
}

impl Network {
    /// A network with nothing on the way.
    #[must_use]
    pub fn new(weather: Weather) -> Network {
        Network { weather, packets: Vec::new(), cut: BTreeSet::new() }
    }

    /// Sends a message, or loses it.
    pub fn send(&mut self, now: u64, from: NodeId, to: NodeId, message: &Message, random: &mut Random) {
        if self.cut.contains(&(from, to)) || random.once_in(self.weather.lose_one_in) {
            return;
        }
        let mut bytes = Vec::new();
        consensus::encode(message, &mut bytes);
        let bytes = Bytes::from(bytes);
        let copies = if random.once_in(self.weather.double_one_in) { 2 } else { 1 };
        for _ in 0..copies {
            let mut delay = random.between(1, self.weather.delay_rounds_max);
            if random.once_in(self.weather.straggle_one_in) {
                delay *= 10;
            }
            self.packets.push(Packet { due: now + delay, from, to, bytes: bytes.clone() });
        }
    }

    /// Takes out the messages that arrive now, in random order.
    pub fn arrivals(&mut self, now: u64, random: &mut Random) -> Vec<(NodeId, NodeId, Message)> {
        let mut arrived = Vec::new();
        let mut place = 0;
        while place < self.packets.len() {
            if self.packets[place].due > now {
                place += 1;
                continue;
            }
            let packet = self.packets.swap_remove(place);
            if !self.cut.contains(&(packet.from, packet.to)) {
                let message = consensus::decode(packet.bytes).expect("what was encoded can be decoded");
                let at = random.below(arrived.len() as u64 + 1) as usize;
                arrived.insert(at, (packet.from, packet.to, message));
            }
        }
        arrived
    }

    /// Cuts one direction.
    pub fn cut(&mut self, from: NodeId, to: NodeId) {
        self.cut.insert((from, to));
    }

    /// Restores every link.
    pub fn heal(&mut self) {
        self.cut.clear();
    }

    /// Whether this direction is cut.
    #[must_use]
    pub fn is_cut(&self, from: NodeId, to: NodeId) -> bool {
        self.cut.contains(&(from, to))
    }

    /// What is on the way between the two in this direction is gone.
    pub fn forget(&mut self, from: NodeId, to: NodeId) {
        self.packets.retain(|packet| packet.from != from || packet.to != to);
    }
}
