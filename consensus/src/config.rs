//! What a replica is told when it starts: how long to wait, how much to send ahead. Who the members are is in the log.
//!
//! Invariant: in a [`Config`] that passed [`Config::check`] a lease is over, by any clock that drifts no more than
//! [`limits::CLOCK_DRIFT_PERCENT`], before anybody who answered its round may vote again.
//!
//! Left out: everything about other nodes; see [`crate::Membership`].

use crate::error::Error;
#[cfg(feature = "faults")]
use crate::fault::Fault;
use crate::limits;
use crate::types::NodeId;

/// How one replica behaves. All nodes of a cluster must agree on `election_ticks` and `lease_ticks`, and should agree on the rest of
/// the timing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// This node.
    pub id: NodeId,
    /// Ticks between two heartbeats of a leader.
    pub heartbeat_ticks: u32,
    /// Common stage of the election timeout: nobody stands, and nobody votes, within this time of hearing a leader. A
    /// leader that a majority has not answered for this long steps down.
    pub election_ticks: u32,
    /// Each node waits up to this many more ticks, drawn anew each time, so that two seldom stand at once.
    pub election_spread_ticks: u32,
    /// Each step of weight below the heaviest voter waits this many ticks more.
    pub weight_step_ticks: u32,
    /// How long the driver lets a [`crate::Lease`] last. The core only checks it against `election_ticks`.
    pub lease_ticks: u32,
    /// A transfer holds proposals for at most this long.
    pub transfer_ticks: u32,
    /// Commits wait for a strong-sync voter for at most this long.
    pub strong_sync_degrade_ticks: u32,
    /// A learner may be promoted when it lacks at most this many committed entries.
    pub learner_lag_entries_max: u64,
    /// Seed of the draws; the node id is mixed in, so that all nodes may have the same seed.
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
    /// A mistake to make, for the tests of the simulator.
    #[cfg(feature = "faults")]
    pub fault: Option<Fault>,
}

impl Config {
    /// Nodes in one city: heartbeat 100 ms, election timeout 600 ms and up to 400 ms more, lease 500 ms, with a tick of
    /// [`limits::TICK_MS`].
    #[must_use]
    pub fn lan(id: NodeId, seed: u64) -> Config {
        Config {
            id,
            heartbeat_ticks: limits::LAN_HEARTBEAT_TICKS,
            election_ticks: limits::LAN_ELECTION_TICKS,
            election_spread_ticks: limits::LAN_ELECTION_SPREAD_TICKS,
            weight_step_ticks: limits::LAN_WEIGHT_STEP_TICKS,
            lease_ticks: limits::LAN_LEASE_TICKS,
            transfer_ticks: limits::LAN_TRANSFER_TICKS,
            strong_sync_degrade_ticks: limits::LAN_STRONG_SYNC_DEGRADE_TICKS,
            learner_lag_entries_max: limits::LEARNER_LAG_ENTRIES_MAX,
            seed,
            batch_entries_max: limits::LAN_BATCH_ENTRIES_MAX,
            batch_bytes_max: limits::LAN_BATCH_BYTES_MAX,
            inflight_batches_max: limits::LAN_INFLIGHT_BATCHES_MAX,
            inflight_entries_max: limits::LAN_INFLIGHT_ENTRIES_MAX,
            #[cfg(feature = "faults")]
            fault: None,
        }
    }

    /// Nodes in several regions: heartbeat 500 ms, election timeout 3 s and up to 1.5 s more, lease 2.5 s, larger windows.
    #[must_use]
    pub fn wan(id: NodeId, seed: u64) -> Config {
        Config {
            heartbeat_ticks: limits::WAN_HEARTBEAT_TICKS,
            election_ticks: limits::WAN_ELECTION_TICKS,
            election_spread_ticks: limits::WAN_ELECTION_SPREAD_TICKS,
            weight_step_ticks: limits::WAN_WEIGHT_STEP_TICKS,
            lease_ticks: limits::WAN_LEASE_TICKS,
            transfer_ticks: limits::WAN_TRANSFER_TICKS,
            strong_sync_degrade_ticks: limits::WAN_STRONG_SYNC_DEGRADE_TICKS,
            inflight_batches_max: limits::WAN_INFLIGHT_BATCHES_MAX,
            inflight_entries_max: limits::WAN_INFLIGHT_ENTRIES_MAX,
            ..Config::lan(id, seed)
        }
    }

    /// Checks every field.
    ///
    /// # Errors
    /// The first field that makes no sense; all of class [`crate::ErrorClass::Refused`].
    pub fn check(&self) -> Result<(), Error> {
        self.check_timing()?;
        self.check_window()
    }

    fn check_timing(&self) -> Result<(), Error> {
        let max = limits::ELECTION_TICKS_MAX;
        let sound = self.heartbeat_ticks >= 1
            && self.election_ticks <= max
            && self.election_ticks / limits::HEARTBEATS_PER_ELECTION_MIN >= self.heartbeat_ticks
            && (1..=max).contains(&self.election_spread_ticks);
        if !sound {
            return Err(Error::Timing {
                heartbeat_ticks: self.heartbeat_ticks,
                election_ticks: self.election_ticks,
                spread_ticks: self.election_spread_ticks,
            });
        }
        if !limits::lease_is_safe(self.lease_ticks, self.election_ticks) {
            let (lease_ticks, election_ticks) = (self.lease_ticks, self.election_ticks);
            return Err(Error::Lease { lease_ticks, election_ticks });
        }
        let others = [
            ("weight_step_ticks", self.weight_step_ticks),
            ("transfer_ticks", self.transfer_ticks),
            ("strong_sync_degrade_ticks", self.strong_sync_degrade_ticks),
        ];
        match others.into_iter().find(|(_, ticks)| !(1..=max).contains(ticks)) {
            Some((name, ticks)) => Err(Error::Ticks { name, ticks }),
            None => Ok(()),
        }
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_presets_are_sound() {
        assert_eq!(Config::lan(NodeId::new(2), 7).check(), Ok(()));
        assert_eq!(Config::wan(NodeId::new(2), 7).check(), Ok(()));
    }

    #[test]
    fn each_senseless_field_is_refused_by_name() {
        let good = Config::lan(NodeId::new(1), 7);
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
            Err(Error::Window { name, .. } | Error::Ticks { name, .. }) => name,
            other => panic!("accepted: {other:?}"),
        };
        assert_eq!(refused(Config { batch_entries_max: 0, ..good.clone() }), "batch_entries_max");
        assert_eq!(refused(Config { batch_bytes_max: 0, ..good.clone() }), "batch_bytes_max");
        assert_eq!(refused(Config { inflight_batches_max: 0, ..good.clone() }), "inflight_batches_max");
        assert_eq!(refused(Config { inflight_entries_max: 1, ..good.clone() }), "inflight_entries_max");
        assert_eq!(refused(Config { weight_step_ticks: 0, ..good.clone() }), "weight_step_ticks");
        assert_eq!(refused(Config { transfer_ticks: u32::MAX, ..good.clone() }), "transfer_ticks");
        assert_eq!(refused(Config { strong_sync_degrade_ticks: 0, ..good }), "strong_sync_degrade_ticks");
    }

    #[test]
    fn a_lease_that_a_drifting_clock_could_outlast_is_refused() {
        let good = Config::lan(NodeId::new(1), 7);
        // 52 * 1.1 + 2 = 59.2, 53 * 1.1 + 2 = 60.3, and nobody votes for 60.
        assert_eq!(Config { lease_ticks: 52, ..good.clone() }.check(), Ok(()));
        let long = Config { lease_ticks: 53, ..good }.check();
        assert_eq!(long, Err(Error::Lease { lease_ticks: 53, election_ticks: 60 }));
    }
}
