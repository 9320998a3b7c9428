//! What this node offers to clients that connect, and what of it a client may choose from.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use sql::execute::Host as _;
use sql::types::Value;
use wire::mysql::compression::Compression;
use wire::mysql::constant::Capabilities;
use wire::mysql::error::ErrorPacket;
use wire::mysql::handshake::HandshakeResponse;

use super::Node;
use crate::limits::CLIENT_HANDSHAKE_TIMEOUT;

/// The variable that says how connections may be compressed.
pub const COMPRESSION_ALGORITHMS: &str = "protocol_compression_algorithms";
/// Its value until it is set.
const COMPRESSION_ALGORITHMS_DEFAULT: &str = "zlib,zstd,uncompressed";

/// The variable that bounds the prepared statements of all sessions together.
const PREPARED_STATEMENTS: &str = "max_prepared_stmt_count";
/// Its value until it is set, as in MySQL 8.4.
const PREPARED_STATEMENTS_DEFAULT: u64 = 16_382;

/// What `protocol_compression_algorithms` allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Algorithms {
    zlib: bool,
    zstd: bool,
    uncompressed: bool,
}

impl Algorithms {
    /// The algorithms of a list of names; none when one of the names is none, or the list is empty.
    #[must_use]
    pub fn parse(list: &str) -> Option<Algorithms> {
        let mut algorithms = Algorithms { zlib: false, zstd: false, uncompressed: false };
        for name in list.split(',') {
            let place = match name.to_ascii_lowercase().as_str() {
                "zlib" => &mut algorithms.zlib,
                "zstd" => &mut algorithms.zstd,
                "uncompressed" => &mut algorithms.uncompressed,
                _ => return None,
            };
            *place = true;
        }
        Some(algorithms)
    }

    /// How a client's connection is compressed after its login.
    ///
    /// # Errors
    /// 3922 for an algorithm that is not allowed, 3923 for a level that is none.
    pub fn choose(self, response: &HandshakeResponse<'_>) -> Result<Option<Compression>, ErrorPacket> {
        let has = |flag| response.capabilities.contains(flag);
        if has(Capabilities::COMPRESS) {
            return Ok(Some(Compression::Zlib));
        }
        if has(Capabilities::ZSTD_COMPRESSION) {
            return match response.zstd_level {
                Some(level) if Compression::ZSTD_LEVELS.contains(&level) => {
                    Ok(Some(Compression::Zstd { level }))
                }
                _ => Err(ErrorPacket::new(3923, "Invalid zstd compression level for algorithm 'zstd'.")),
            };
        }
        match self.uncompressed {
            true => Ok(None),
            false => Err(ErrorPacket::new(3922, "Invalid compression algorithm 'uncompressed'.")),
        }
    }
}

/// A place among the prepared statements of all sessions (`max_prepared_stmt_count`), free again when it is dropped.
pub struct PreparedPlace(Arc<Node>);

impl PreparedPlace {
    /// Takes a place.
    ///
    /// # Errors
    /// 1461 when there is none.
    pub fn take(node: &Arc<Node>) -> Result<PreparedPlace, sql::Error> {
        let places = node.global_number(PREPARED_STATEMENTS, PREPARED_STATEMENTS_DEFAULT);
        let taken = &node.processes.counters.prepared_statements;
        let one_more = |count: u64| (count < places).then_some(count + 1);
        taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more).map_err(|_| sql::Error {
            code: 1461,
            state: *b"42000",
            message: format!(
                "Can't create more than max_prepared_stmt_count statements (current value: {places})"
            ),
        })?;
        Ok(PreparedPlace(Arc::clone(node)))
    }
}

impl std::fmt::Debug for PreparedPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PreparedPlace")
    }
}

impl Drop for PreparedPlace {
    fn drop(&mut self) {
        self.0.processes.counters.prepared_statements.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Node {
    /// A global variable that is a number, in its own unit; `default` until it is set.
    fn global_number(&self, name: &str, default: u64) -> u64 {
        match self.global_override(name) {
            Some(Value::UInt(number)) => number,
            _ => default,
        }
    }

    /// `connect_timeout`: how long a client may take to log in, however it spends the time.
    #[must_use]
    pub fn connect_timeout(&self) -> Duration {
        let default = CLIENT_HANDSHAKE_TIMEOUT.as_secs();
        Duration::from_secs(self.global_number("connect_timeout", default))
    }

    /// `interactive_timeout`.
    #[must_use]
    pub fn interactive_timeout_seconds(&self) -> u64 {
        self.global_number("interactive_timeout", 28_800)
    }

    /// `protocol_compression_algorithms`.
    #[must_use]
    pub fn compression_algorithms(&self) -> Algorithms {
        let set = self.global_override(COMPRESSION_ALGORITHMS);
        let set = match &set {
            Some(Value::Text(list)) => std::str::from_utf8(list).ok().and_then(Algorithms::parse),
            _ => Algorithms::parse(COMPRESSION_ALGORITHMS_DEFAULT),
        };
        // What can be set was parsed when it was.
        set.unwrap_or(Algorithms { zlib: false, zstd: false, uncompressed: true })
    }

    /// What the greeting offers.
    #[must_use]
    pub fn advertised(&self) -> Capabilities {
        let algorithms = self.compression_algorithms();
        let mut advertised = Capabilities::SERVER;
        advertised.set(Capabilities::SSL, self.client_tls.get().is_some());
        advertised.set(Capabilities::COMPRESS, algorithms.zlib);
        advertised.set(Capabilities::ZSTD_COMPRESSION, algorithms.zstd);
        advertised
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_of_known_names_and_not_empty() {
        let all = Algorithms { zlib: true, zstd: true, uncompressed: true };
        assert_eq!(Algorithms::parse(COMPRESSION_ALGORITHMS_DEFAULT), Some(all));
        assert_eq!(
            Algorithms::parse("ZLIB,zlib"),
            Some(Algorithms { zstd: false, uncompressed: false, ..all })
        );
        for list in ["", "lz4", "zlib,", "zlib, zstd"] {
            assert_eq!(Algorithms::parse(list), None, "{list}");
        }
    }
}
