//! Every bound of the driver, by name.

use std::time::Duration;

/// Bytes of one packet from a server.
pub const PACKET_BYTES_MAX: usize = wire::limits::MAX_ALLOWED_PACKET_BYTES_MAX;
/// Bytes of the stack buffer a read goes through.
pub const READ_BYTES: usize = 16 << 10;
/// Bytes of the stack buffer through which an idle encrypted connection is looked at.
pub const TLS_IDLE_BYTES: usize = 4 << 10;
/// Capacity that an emptied buffer of encrypted output keeps.
pub const TLS_KEEP_BYTES: usize = 64 << 10;
/// Bytes of the smallest RSA key that a password is encrypted with (1,024 bits; MySQL makes keys of 2,048).
pub const RSA_KEY_BYTES_MIN: usize = 128;
/// Bytes of the largest one.
pub const RSA_KEY_BYTES_MAX: usize = 1024;
/// Packets of one login before it is given up.
pub const LOGIN_PACKETS_MAX: usize = 8;
/// Time a login, a statement or a ping may take, unless another is given.
pub const TIMEOUT_DEFAULT: Duration = Duration::from_secs(30);
/// Time one node may take to be connected to and asked for its role while the leader is looked for: a node that
/// hangs must not use up the time of the others.
pub const ROLE_TIMEOUT: Duration = Duration::from_secs(2);
/// Pause between rounds of looking for the leader.
pub const LEADER_SEARCH_PAUSE: Duration = Duration::from_millis(50);

/// Time a pool's new connection may take, login included.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// A pool's connection that was unused for so long is asked whether it is there before it is used.
pub const CHECK_IDLE_AFTER: Duration = Duration::from_secs(5);
/// Prepared statements that a pool's connection keeps.
pub const STATEMENTS_KEPT_MAX: usize = 64;
/// Time for which an answer is waited for before the node is asked whether it lives, and between two such questions.
pub const PROBE_AFTER: Duration = Duration::from_secs(1);
/// Time the answer to that may take.
pub const PROBE_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a node must have been silent before a commit's answer is given up: what is given up may be committed.
pub const COMMIT_SILENCE: Duration = Duration::from_secs(10);
/// Time for which the outcome of a commit is asked, at most.
pub const OUTCOME_TIMEOUT: Duration = Duration::from_secs(30);
/// Before the second try, at most.
pub const RETRY_PAUSE_MIN: Duration = Duration::from_millis(10);
/// Between later tries, at most.
pub const RETRY_PAUSE_MAX: Duration = Duration::from_millis(500);
/// A node that failed a read rests for so long, if there are others.
pub const FAILED_NODE_REST: Duration = Duration::from_secs(1);
/// What a read is taken to cost on a node that has not been read from.
pub const LATENCY_GUESS: Duration = Duration::from_micros(200);
/// A node gets so many times fewer reads than the fastest, at most, for being slow.
pub const READ_SLOWNESS_MAX: f64 = 8.0;
/// Nodes that are asked in one search for the leader: those given, the members, and whom they name.
pub const SEARCHED_NODES_MAX: usize = 200;
/// Connections to one node, unless another number is given.
pub const CONNECTIONS_MAX_DEFAULT: usize = 16;
/// A connection that was unused for so long is closed, unless another time is given.
pub const IDLE_TIMEOUT_DEFAULT: Duration = Duration::from_secs(300);
/// How often the members are asked for when nothing happens, unless another time is given.
pub const REFRESH_DEFAULT: Duration = Duration::from_secs(1);

const _: () = assert!(ROLE_TIMEOUT.as_millis() < TIMEOUT_DEFAULT.as_millis());
