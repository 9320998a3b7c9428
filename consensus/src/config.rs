//! What a replica is told when it starts: who votes, how long to wait, how much to send ahead.
//!
//! Invariant: a [`Config`] that passed [`Config::check`] has its voters sorted, without doubles, with this node among them.
//!
//! Left out: weights, sync strength and learners. They will be fields of a voter here, next to its id, and come from the
//! log (membership) and not from a file.

use alloc::vec::Vec;

use crate::error::Error;
use crate::limits;
use crate::types::NodeId;

/// How one replica behaves. All nodes of a cluster should agree on the timing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// This node.
    pub id: NodeId,
    /// All voters, this node among them.
    pub voters: Vec<NodeId>,
    /// Ticks between two heartbeats of a leader.
    pub heartbeat_ticks: u32,
    /// Common stage of the election timeout: nobody stands, and nobody votes, within this time of hearing a leader. A
    /// leader that a majority has not answered for this long steps down.
    pub election_ticks: u32,
    /// Each node waits up to this many more ticks, drawn anew each time, so that two seldom stand at once.
    pub election_spread_ticks: u32,
    /// Seed of those draws; the node id is mixed in, so that all nodes may have the same seed.
    pub seed: u64,
    /// Most entries in one [`crate::Effect::SendEntries`].
    pub batch_entries_max: u32,
    /// Most payload bytes in one append frame (one entry is always allowed). The core holds no payloads: it is the driver
    /// that cuts a [`crate::Effect::SendEntries`] into frames by this, see [`crate::Replica::batch_bytes_max`].
    pub batch_bytes_max: usize,
    /// Most [`crate::Effect::SendEntries`] on the way to one peer. When the window is full, entries gather and leave
    /// in a larger batch with the next ack.
    pub inflight_batches_max: u32,
    /// Most entries on the way to one peer.
    pub inflight_entries_max: u64,
}

impl Config {
    /// Nodes in one city: heartbeat 100 ms, election timeout 600 ms and up to 400 ms more, with a tick of
    /// [`limits::TICK_MS`].
    #[must_use]
    pub fn lan(id: NodeId, voters: Vec<NodeId>, seed: u64) -> Config {
        Config {
            id,
            voters,
            heartbeat_ticks: limits::LAN_HEARTBEAT_TICKS,
            election_ticks: limits::LAN_ELECTION_TICKS,
            election_spread_ticks: limits::LAN_ELECTION_SPREAD_TICKS,
            seed,
            batch_entries_max: limits::LAN_BATCH_ENTRIES_MAX,
            batch_bytes_max: limits::LAN_BATCH_BYTES_MAX,
            inflight_batches_max: limits::LAN_INFLIGHT_BATCHES_MAX,
            inflight_entries_max: limits::LAN_INFLIGHT_ENTRIES_MAX,
        }
    }

    /// Checks every field and sorts the voters.
    ///
    /// # Errors
    /// The first field that makes no sense; all of class [`crate::ErrorClass::Refused`].
    pub fn check(mut self) -> Result<Config, Error> {
        if self.voters.is_empty() || self.voters.len() > limits::VOTERS_MAX {
            return Err(Error::VoterCount(self.voters.len()));
        }
        self.voters.sort_unstable();
        if let Some(pair) = self.voters.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Error::VoterTwice(pair[0]));
        }
        if !self.voters.contains(&self.id) {
            return Err(Error::NotAVoter(self.id));
        }
        self.check_timing()?;
        self.check_window()?;
        Ok(self)
    }

    fn check_timing(&self) -> Result<(), Error> {
        let sound = self.heartbeat_ticks >= 1
            && self.election_ticks <= limits::ELECTION_TICKS_MAX
            && self.election_ticks / limits::HEARTBEATS_PER_ELECTION_MIN >= self.heartbeat_ticks
            && (1..=limits::ELECTION_TICKS_MAX).contains(&self.election_spread_ticks);
        if sound {
            return Ok(());
        }
        Err(Error::Timing {
            heartbeat_ticks: self.heartbeat_ticks,
            election_ticks: self.election_ticks,
            spread_ticks: self.election_spread_ticks,
        })
    }

    fn check_window(&self) -> Result<(), Error> {
        let entries = u64::from(self.batch_entries_max);
        if !(1..=limits::BATCH_ENTRIES_MAX).contains(&self.batch_entries_max) {
            return Err(Error::Window { name: "batch_entries_max", value: entries });
        }
        if self.batch_bytes_max == 0 {
            return Err(Error::Window { name: "batch_bytes_max", value: 0 });
        }
        if !(1..=limits::INFLIGHT_BATCHES_MAX).contains(&self.inflight_batches_max) {
            return Err(Error::Window {
                name: "inflight_batches_max",
                value: u64::from(self.inflight_batches_max),
            });
        }
        if self.inflight_entries_max < entries || self.inflight_entries_max > limits::INFLIGHT_ENTRIES_MAX {
            return Err(Error::Window { name: "inflight_entries_max", value: self.inflight_entries_max });
        }
        Ok(())
    }

    /// The place of a voter among the sorted voters, which is its bit in a `Ballot`.
    pub(crate) fn position(&self, node: NodeId) -> Option<usize> {
        self.voters.binary_search(&node).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(numbers: &[u64]) -> Vec<NodeId> {
        numbers.iter().copied().map(NodeId::new).collect()
    }

    #[test]
    fn a_sound_configuration_is_accepted_and_sorted() {
        let config = Config::lan(NodeId::new(2), ids(&[3, 1, 2]), 7).check().unwrap();
        assert_eq!(config.voters, ids(&[1, 2, 3]));
        assert_eq!(config.position(NodeId::new(3)), Some(2));
        assert_eq!(config.position(NodeId::new(4)), None);
    }

    #[test]
    fn each_senseless_field_is_refused_by_name() {
        let good = Config::lan(NodeId::new(1), ids(&[1, 2, 3]), 7);
        assert_eq!(Config { voters: Vec::new(), ..good.clone() }.check(), Err(Error::VoterCount(0)));
        let many: Vec<u64> = (1..=100).collect();
        assert_eq!(Config { voters: ids(&many), ..good.clone() }.check(), Err(Error::VoterCount(100)));
        let twice = Config { voters: ids(&[1, 2, 2]), ..good.clone() };
        assert_eq!(twice.check(), Err(Error::VoterTwice(NodeId::new(2))));
        let absent = Config { id: NodeId::new(4), ..good.clone() };
        assert_eq!(absent.check(), Err(Error::NotAVoter(NodeId::new(4))));
        for (heartbeat_ticks, election_ticks, election_spread_ticks) in
            [(0, 60, 40), (31, 60, 40), (10, 60, 0), (10, u32::MAX, 40), (10, 60, u32::MAX)]
        {
            let config = Config { heartbeat_ticks, election_ticks, election_spread_ticks, ..good.clone() };
            assert!(
                matches!(config.check(), Err(Error::Timing { .. })),
                "{heartbeat_ticks} {election_ticks}"
            );
        }
        let refused = |config: Config| match config.check() {
            Err(Error::Window { name, .. }) => name,
            other => panic!("accepted: {other:?}"),
        };
        assert_eq!(refused(Config { batch_entries_max: 0, ..good.clone() }), "batch_entries_max");
        assert_eq!(refused(Config { batch_bytes_max: 0, ..good.clone() }), "batch_bytes_max");
        assert_eq!(refused(Config { inflight_batches_max: 0, ..good.clone() }), "inflight_batches_max");
        assert_eq!(refused(Config { inflight_entries_max: 1, ..good }), "inflight_entries_max");
    }
}
