//! Transactions in parts in the versioned store: staged rows, their outcome, and the merge.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod history;
mod recording_engine;

mod crash;
mod export;
mod stress;
mod txn;
