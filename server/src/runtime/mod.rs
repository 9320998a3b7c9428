//! The real world around a node: threads, sockets, files, clocks.
//!
//! | thread | does |
//! |---|---|
//! | `consensus` | [`driver`]: runs the core, hands out its effects |
//! | `log` | [`log_thread`]: writes and syncs the log, batch by batch |
//! | `apply` | moves committed entries into the store |
//! | `flush` | [`flusher`]: write-behind into the engine |
//! | `send-*`, `receive-*` | [`peer_link`]: one sender a peer and lane, one receiver a connection |
//! | tokio workers | [`listener`]: client connections and their sessions |

pub mod command;
pub mod connection;
pub mod cursor;
pub mod driver;
pub mod flusher;
pub mod listener;
pub mod log_thread;
pub mod peer_link;
pub mod reclaim;
pub mod start;

/// Ends the process after a failure that must not be survived, with the reason as the last line of the log.
pub fn fatal(what: &str, error: &dyn std::fmt::Display) -> ! {
    tracing::error!(
        "{what}: {error}; this node stops here so that nothing is acknowledged that could be lost"
    );
    std::process::exit(70)
}
