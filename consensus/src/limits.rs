//! Every bound of the core, in one place, with the relations between them checked by the compiler.
//!
//! Left out: bounds of the driver (queues, frame sizes) and of the log files; they live in their own crates.

/// Most voters a cluster may have. A `Ballot` is one `u128`, so this stays below 128.
pub const VOTERS_MAX: usize = 99;

/// Highest term: far above what any cluster reaches, far below where arithmetic could overflow. A message above it is
/// damaged or hostile and is ignored.
pub const TERM_MAX: u64 = 1 << 62;

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
/// LAN preset: entries in one batch.
pub const LAN_BATCH_ENTRIES_MAX: u32 = 1_024;
/// LAN preset: payload bytes at which the driver cuts a batch into frames.
pub const LAN_BATCH_BYTES_MAX: usize = 1 << 20;
/// LAN preset: batches on the way to one peer.
pub const LAN_INFLIGHT_BATCHES_MAX: u32 = 256;
/// LAN preset: entries on the way to one peer.
pub const LAN_INFLIGHT_ENTRIES_MAX: u64 = 32_768;

const _: () = assert!(VOTERS_MAX < 128);
const _: () = assert!(TERM_MAX <= u64::MAX / 2 && INDEX_MAX <= u64::MAX / 2);
const _: () = assert!(PAYLOAD_BYTES_MAX <= u32::MAX as usize);
const _: () = assert!(LAN_ELECTION_TICKS >= HEARTBEATS_PER_ELECTION_MIN * LAN_HEARTBEAT_TICKS);
const _: () =
    assert!(LAN_ELECTION_TICKS <= ELECTION_TICKS_MAX && LAN_ELECTION_SPREAD_TICKS <= ELECTION_TICKS_MAX);
const _: () = assert!(LAN_BATCH_ENTRIES_MAX <= BATCH_ENTRIES_MAX);
const _: () = assert!(LAN_INFLIGHT_BATCHES_MAX <= INFLIGHT_BATCHES_MAX);
const _: () = assert!(LAN_BATCH_ENTRIES_MAX as u64 <= LAN_INFLIGHT_ENTRIES_MAX);
const _: () = assert!(LAN_INFLIGHT_ENTRIES_MAX <= INFLIGHT_ENTRIES_MAX);
