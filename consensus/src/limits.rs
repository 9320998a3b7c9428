//! Every bound of the core, in one place, with the relations between them checked by the compiler.
//!
//! Left out: bounds of the driver (queues, frame sizes) and of the log files; they live in their own crates.

/// Most voters a cluster may have. A `Ballot` is one `u128`, so this stays below 128.
pub const VOTERS_MAX: usize = 99;

/// Most members a cluster may have, voters and learners together.
pub const MEMBERS_MAX: usize = 256;

/// Most removed ids that are remembered; then nobody can be removed any more.
pub const REMOVED_MAX: usize = 4_096;

/// Most nodes in a learner's source group.
pub const SOURCE_GROUP_MAX: usize = 8;

/// Most bytes of an address of a member.
pub const MEMBER_ADDRESS_BYTES_MAX: usize = 255;

/// Most bytes of an encoded membership: what all the bounds above come to.
pub const MEMBERSHIP_BYTES_MAX: usize =
    16 + MEMBERS_MAX * (32 + 8 * SOURCE_GROUP_MAX + 2 * MEMBER_ADDRESS_BYTES_MAX) + 8 * REMOVED_MAX;

/// Most heartbeat rounds that a [`crate::Lease`] remembers before they are answered.
pub const LEASE_ROUNDS_MAX: usize = 1_024;

/// Most reads that wait in one replica for a round of heartbeats or for the leader's answer; more are refused.
pub const READS_PENDING_MAX: usize = 65_536;

/// A strong-sync voter is armed by a change only when it lacks at most this many committed entries, because commits wait
/// for it from then on.
pub const STRONG_SYNC_LAG_ENTRIES_MAX: u64 = 100;

/// A degraded strong-sync voter is armed again only when it was heard within this many heartbeats.
pub const STRONG_SYNC_REARM_HEARTBEATS: u32 = 2;

/// How often a new leader looks for a voter that is to be preferred, one election timeout apart.
pub const HAND_OVER_TRIES_MAX: u32 = 5;

/// Before a transfer holds anything, its target may catch up for this many times the transfer's own bound.
pub const TRANSFER_CATCH_UP_FACTOR: u32 = 5;

/// An order to take over is repeated this many times in an election timeout.
pub const TRANSFER_ORDERS_PER_ELECTION: u32 = 5;

/// A source forgets a subscriber that has not subscribed for this many election timeouts.
pub const FEED_ELECTIONS_MAX: u32 = 2;

/// A learner that is fed by another node asks its configured source again after this many election timeouts.
pub const SOURCE_RETRY_ELECTIONS: u32 = 10;

/// Most members that are ever counted: the voters. (One of the deliberate mistakes counts learners too.)
pub(crate) const COUNTED_MAX: usize = if cfg!(feature = "faults") { MEMBERS_MAX } else { VOTERS_MAX };

/// Highest term: far above what any cluster reaches, far below where arithmetic could overflow. A message above it is
/// damaged or hostile and is ignored.
pub const TERM_MAX: u64 = 1 << 62;

/// Highest term that is believed when a peer says it: far enough below [`TERM_MAX`] that a node that believed it can never run out of
/// terms of its own.
pub const TERM_HEARD_MAX: u64 = TERM_MAX - (1 << 40);

/// Highest index that a snapshot may end at, for the same reason.
pub const SNAPSHOT_INDEX_MAX: u64 = INDEX_MAX - (1 << 56);

/// Highest log index, for the same reason as [`TERM_MAX`].
pub const INDEX_MAX: u64 = 1 << 62;

/// Most entries one append message or one [`crate::Effect::SendEntries`] may carry.
pub const BATCH_ENTRIES_MAX: u32 = 65_536;

/// Most bytes of payload the core's encoding allows in one entry.
pub const PAYLOAD_BYTES_MAX: usize = 1 << 30;

/// Most append batches that may be on the way to one peer.
pub const INFLIGHT_BATCHES_MAX: u32 = 4_096;

/// Most entries that may be on the way to one peer.
pub const INFLIGHT_ENTRIES_MAX: u64 = 1 << 24;

/// Longest election timeout, common stage and random part each.
pub const ELECTION_TICKS_MAX: u32 = 1 << 20;

/// The common stage of the election timeout must hold at least this many heartbeats, so that one lost heartbeat does not
/// cost a leader its followers.
pub const HEARTBEATS_PER_ELECTION_MIN: u32 = 2;

/// Length of a tick in the presets, in milliseconds. The core only counts ticks; the driver keeps this promise.
pub const TICK_MS: u32 = 10;

/// LAN preset: a heartbeat every 100 ms.
pub const LAN_HEARTBEAT_TICKS: u32 = 100 / TICK_MS;
/// LAN preset: nobody stands within 600 ms of hearing a leader.
pub const LAN_ELECTION_TICKS: u32 = 600 / TICK_MS;
/// LAN preset: up to 400 ms more, drawn by each node for itself.
pub const LAN_ELECTION_SPREAD_TICKS: u32 = 400 / TICK_MS;
/// LAN preset: each step of weight below the heaviest waits 100 ms longer.
pub const LAN_WEIGHT_STEP_TICKS: u32 = 100 / TICK_MS;
/// LAN preset: a lease lasts 500 ms from the beginning of its round.
pub const LAN_LEASE_TICKS: u32 = 500 / TICK_MS;
/// LAN preset: a transfer holds proposals for at most 1 s.
pub const LAN_TRANSFER_TICKS: u32 = 1_000 / TICK_MS;
/// LAN preset: commits wait for a strong-sync voter for at most 3 s.
pub const LAN_STRONG_SYNC_DEGRADE_TICKS: u32 = 3_000 / TICK_MS;
/// LAN preset: entries in one batch.
pub const LAN_BATCH_ENTRIES_MAX: u32 = 1_024;
/// LAN preset: payload bytes at which the driver cuts a batch into frames.
pub const LAN_BATCH_BYTES_MAX: usize = 1 << 20;
/// LAN preset: batches on the way to one peer.
pub const LAN_INFLIGHT_BATCHES_MAX: u32 = 256;
/// LAN preset: entries on the way to one peer.
pub const LAN_INFLIGHT_ENTRIES_MAX: u64 = 32_768;

/// WAN preset: a heartbeat every 500 ms.
pub const WAN_HEARTBEAT_TICKS: u32 = 500 / TICK_MS;
/// WAN preset: nobody stands within 3 s of hearing a leader.
pub const WAN_ELECTION_TICKS: u32 = 3_000 / TICK_MS;
/// WAN preset: up to 1.5 s more, drawn by each node for itself.
pub const WAN_ELECTION_SPREAD_TICKS: u32 = 1_500 / TICK_MS;
/// WAN preset: each step of weight below the heaviest waits 300 ms longer.
pub const WAN_WEIGHT_STEP_TICKS: u32 = 300 / TICK_MS;
/// WAN preset: a lease lasts 2.5 s from the beginning of its round.
pub const WAN_LEASE_TICKS: u32 = 2_500 / TICK_MS;
/// WAN preset: a transfer holds proposals for at most 5 s.
pub const WAN_TRANSFER_TICKS: u32 = 5_000 / TICK_MS;
/// WAN preset: commits wait for a strong-sync voter for at most 10 s.
pub const WAN_STRONG_SYNC_DEGRADE_TICKS: u32 = 10_000 / TICK_MS;
/// WAN preset: batches on the way to one peer.
pub const WAN_INFLIGHT_BATCHES_MAX: u32 = 1_024;
/// WAN preset: entries on the way to one peer.
pub const WAN_INFLIGHT_ENTRIES_MAX: u64 = 131_072;

/// Both presets: a learner may be promoted when it lacks at most this many committed entries.
pub const LEARNER_LAG_ENTRIES_MAX: u64 = 10_000;

/// Most that two clocks are assumed to drift apart, in percent of the time that passes.
pub const CLOCK_DRIFT_PERCENT: u32 = 10;

/// What the rounding of times to ticks may cost a lease, in ticks.
pub const LEASE_MARGIN_TICKS: u32 = 2;

/// Whether a lease of `lease_ticks` is over, by any clock, before anybody who answered its round may vote again.
#[must_use]
pub const fn lease_is_safe(lease_ticks: u32, election_ticks: u32) -> bool {
    let drifted = lease_ticks as u64 * (100 + CLOCK_DRIFT_PERCENT as u64);
    drifted + LEASE_MARGIN_TICKS as u64 * 100 <= election_ticks as u64 * 100
}

const _: () = assert!(VOTERS_MAX < 128);
const _: () = assert!(VOTERS_MAX <= MEMBERS_MAX && MEMBERS_MAX <= u16::MAX as usize);
const _: () = assert!(REMOVED_MAX <= u16::MAX as usize);
const _: () = assert!(MEMBER_ADDRESS_BYTES_MAX <= u8::MAX as usize);
const _: () = assert!(SOURCE_GROUP_MAX <= u8::MAX as usize);
const _: () = assert!(MEMBERSHIP_BYTES_MAX <= PAYLOAD_BYTES_MAX);
const _: () = assert!(lease_is_safe(LAN_LEASE_TICKS, LAN_ELECTION_TICKS));
const _: () = assert!(lease_is_safe(WAN_LEASE_TICKS, WAN_ELECTION_TICKS));
const _: () = assert!(WAN_ELECTION_TICKS >= HEARTBEATS_PER_ELECTION_MIN * WAN_HEARTBEAT_TICKS);
const _: () = assert!(WAN_INFLIGHT_BATCHES_MAX <= INFLIGHT_BATCHES_MAX);
const _: () = assert!(WAN_INFLIGHT_ENTRIES_MAX <= INFLIGHT_ENTRIES_MAX);
const _: () = assert!(TERM_MAX <= u64::MAX / 2 && INDEX_MAX <= u64::MAX / 2);
const _: () = assert!(PAYLOAD_BYTES_MAX <= u32::MAX as usize);
const _: () = assert!(LAN_ELECTION_TICKS >= HEARTBEATS_PER_ELECTION_MIN * LAN_HEARTBEAT_TICKS);
const _: () =
    assert!(LAN_ELECTION_TICKS <= ELECTION_TICKS_MAX && LAN_ELECTION_SPREAD_TICKS <= ELECTION_TICKS_MAX);
const _: () = assert!(LAN_BATCH_ENTRIES_MAX <= BATCH_ENTRIES_MAX);
const _: () = assert!(LAN_INFLIGHT_BATCHES_MAX <= INFLIGHT_BATCHES_MAX);
const _: () = assert!(LAN_BATCH_ENTRIES_MAX as u64 <= LAN_INFLIGHT_ENTRIES_MAX);
const _: () = assert!(LAN_INFLIGHT_ENTRIES_MAX <= INFLIGHT_ENTRIES_MAX);
