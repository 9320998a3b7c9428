//! Every bound of the driver, by name.

use std::time::Duration;

/// Bytes of one packet from a server.
pub const PACKET_BYTES_MAX: usize = wire::limits::MAX_ALLOWED_PACKET_BYTES_MAX;
/// Bytes of the stack buffer a read goes through.
pub const READ_BYTES: usize = 16 << 10;
/// Packets of one login before it is given up.
pub const LOGIN_PACKETS_MAX: usize = 8;
/// Time a login, a statement or a ping may take, unless another is given.
pub const TIMEOUT_DEFAULT: Duration = Duration::from_secs(30);
/// Time one node may take to be connected to and asked for its role while the leader is looked for: a node that
/// hangs must not use up the time of the others.
pub const ROLE_TIMEOUT: Duration = Duration::from_secs(2);
/// Pause between rounds of looking for the leader.
pub const LEADER_SEARCH_PAUSE: Duration = Duration::from_millis(50);

const _: () = assert!(ROLE_TIMEOUT.as_millis() < TIMEOUT_DEFAULT.as_millis());
