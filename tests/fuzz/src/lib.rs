//! Seeded, structure-aware fuzzing of what a client can send.
//!
//! The [`corpus`] holds sessions of real connectors, as their packets. [`mutate`] changes packets with knowledge of what they are: lengths,
//! ids, types, null bitmaps, SQL's tokens. An *input* is one packet, changed or not.
//!
//! * [`drive`] sends inputs to a real server process and reads everything that comes back. Every answer must be well formed: whole packets
//!   numbered in order, errors with a number, an SQLSTATE and text.
//! * [`parsers`] gives inputs to the parsers of `wire` and `sql` in this process, where a million take seconds.
//! * [`campaign`] is a run of that, from several threads.
//! * [`way`]: in the clear, in compressed frames, with a password.
//! * [`watch`] looks at the server: it must run, have panicked nowhere, and hold no more memory than before.
//! * [`record`] makes the corpus: a relay that writes down what a client sends.
//!
//! All of it follows from one seed, but for the order in which the threads' inputs reach the server.
//!
//! Left out: what TLS does with bytes is rustls' own; the links between nodes have a fuzzer of their own (`server/src/runtime/peer/fuzz_tests.rs`).

#![expect(clippy::unwrap_used, reason = "a test harness: what fails here fails the test")]

pub mod answer;
pub mod campaign;
pub mod corpus;
pub mod drive;
pub mod mutate;
pub mod parsers;
pub mod record;
pub mod watch;
pub mod way;
