//! The real world around a node: threads, sockets, files, clocks.
//!
//! | thread | does |
//! |---|---|
//! | `consensus` | [`driver`]: runs the core, hands out its effects |
//! | `log` | [`log_thread`]: writes and syncs the log, batch by batch |
//! | `apply` | [`apply_thread`]: moves committed entries, and snapshots, into the store |
//! | `apply-helper` | [`apply_pool`]: help it with large batches |
//! | `flush` | [`flusher`]: write-behind into the engine |
//! | `upkeep` | [`purge`]: lets go of log that nobody needs |
//! | `promotion` | [`promotion`]: asks for the vote of a node that joined |
//! | `send-*`, `receive`, `snapshot-*` | [`peer`]: one sender a peer and lane, one receiver a connection |
//! | `health` | [`health`]: answers load balancers, when there is an address for it |
//! | tokio workers | [`listener`]: client connections and their sessions |

pub mod admission;
pub mod apply_pool;
pub mod apply_thread;
pub mod channel;
pub mod client_tls;
pub mod command;
pub mod connection;
pub mod cursor;
pub mod driver;
pub mod flusher;
pub mod formation;
pub mod health;
pub mod listener;
mod local_file;
mod local_socket;
pub mod log_thread;
pub mod login;
pub mod machine;
#[cfg(feature = "opensrv")]
pub mod opensrv;
pub mod peer;
pub mod promotion;
pub mod proxy;
pub mod purge;
pub mod queue;
pub mod reclaim;
pub mod requested;
pub mod snapshot;
pub mod socket;
pub mod start;
pub mod vanished;

/// Held by a thread without which the node must not go on: ends the process when the thread panics. A node that goes on
/// without its apply or its log would look alive and answer nobody.
pub struct Vital(&'static str);

impl Vital {
    /// To be held for as long as the thread runs.
    #[must_use]
    pub fn thread(name: &'static str) -> Vital {
        Vital(name)
    }
}

impl Drop for Vital {
    fn drop(&mut self) {
        if std::thread::panicking() {
            fatal("a thread panicked", &self.0);
        }
    }
}

/// Ends the process after a failure that must not be survived, with the reason as the last line of the log.
pub fn fatal(what: &str, error: &dyn std::fmt::Display) -> ! {
    tracing::error!(
        "{what}: {error}; this node stops here so that nothing is acknowledged that could be lost"
    );
    std::process::exit(70)
}
