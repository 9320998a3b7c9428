//! Transactions in parts in the versioned store: staged rows, their outcome, and the merge.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod history;

mod crash;
mod export;
mod stress;
mod txn;
