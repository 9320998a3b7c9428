//! Every bound and fixed setting of the benchmarks.

use std::time::Duration;

/// A load that has not ended this long after it should have is killed: each client finishes what it has begun, and thousands that wait for
/// one row of a slow system take their time.
pub const LOAD_OVERTIME: Duration = Duration::from_secs(240);
/// Longest that tables may take to be made.
pub const PREPARE_TIMEOUT: Duration = Duration::from_secs(3600);
/// Longest wait for the systems to be idle before a run: what the run before left to flush is not to count for this one.
pub const SETTLE_MAX: Duration = Duration::from_secs(15);
/// Over how long idleness is looked at.
pub const SETTLE_WINDOW: Duration = Duration::from_millis(300);
/// Less than this share of the machine's processors in use by them counts as idle.
pub const SETTLE_BUSY_SHARE: f64 = 0.15;
/// Longest wait for our cluster to be led by its first node.
pub const LEADER_TIMEOUT: Duration = Duration::from_secs(60);
/// Pause between two looks at whether something is ready.
pub const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// Longest wait for a process to end after SIGTERM.
pub const STOP_TIMEOUT: Duration = Duration::from_secs(20);
/// A ratio that is lower than the stored one by more than this share is a regression.
pub const REGRESSION_SHARE: f64 = 0.10;
/// A processor this much in use is full.
pub const FULL_SHARE: f64 = 0.95;
/// A run during which other programs had more than this share of the processors is marked as disturbed.
pub const DISTURBED_SHARE: f64 = 0.10;
/// Round-trip time between nodes of the slow link, milliseconds.
pub const SLOW_RTT_MS: f64 = 30.0;
/// Threads that make tables.
pub const PREPARE_THREADS: u32 = 2;
/// Our nodes' first port for clients.
pub const SQL_PORT: u16 = 5300;
/// Our nodes' port for each other.
pub const PEER_PORT: u16 = 5390;
/// Most nodes of ours; the ports are made from this.
pub const NODES_MAX: usize = 9;

const _: () = assert!((NODES_MAX as u16) < PEER_PORT - SQL_PORT);
