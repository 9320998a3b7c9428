//! The storage of a node: the disk, the replicated log, the versioned store over an embedded engine, and the
//! locks of transactions. Keys and bytes only: no SQL, no protocol, no threads and no clock of its own.
//!
//! From the bottom up:
//!
//! * [`disk`] is the only place that makes anything durable, for real or in a simulation that crashes at will;
//! * [`log`] keeps the log entries of the consensus protocol, and its term and vote, in segment files;
//! * [`staging`] is how a transaction larger than one entry waits in the store for its commit;
//! * [`format`](mod@format) is what an entry of a transaction looks like inside the log;
//! * [`engine`] holds the newest version of every key, behind a small trait;
//! * [`version`] holds what is newer or older than that in memory, stamped with the log index;
//! * [`snapshot`] is how all of a store travels to another node;
//! * [`txn`] has write sets, row locks, and deadlock detection.
//!
//! [`seeded_bugs`] is what a build for testing the tests does wrong. Errors are in [`error`], every bound in [`limits`].

pub mod disk;
pub mod engine;
pub mod error;
pub mod format;
mod key_map;
pub mod limits;
pub mod log;
pub mod seeded_bugs;
pub mod snapshot;
pub mod staging;
pub mod txn;
pub mod version;

pub use error::{Class, Error, Result};
