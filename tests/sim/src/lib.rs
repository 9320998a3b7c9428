//! The simulator: whole clusters in one thread, with networks, disks, clocks and processes that misbehave, driven by one seed.
//!
//! It runs the shipped `consensus` crate and the shipped log of the `storage` crate on a simulated disk, joined by a copy of the
//! server's driver rules ([`node`]). Time is simulated: every clock tick, message, sync, read and write is an event in a queue
//! ([`queue`]), and now and then something breaks ([`misfortune`]), operators change the members or hand the leadership over
//! ([`operators`]). Everything is checked as it happens against what must always hold ([`checker`]), and at the end all is healed
//! and the cluster must make progress ([`calm`]).
//!
//! A step is one input to one node. A run that fails is made smaller ([`failure`]).
//!
//! Invariant: a run depends on nothing but its options, so that a failing seed is a complete bug report. Such seeds are kept in
//! `seeds.txt` and run first.
//!
//! Left out: SQL, sessions, sockets and threads, which the tests of real clusters have.

pub mod calm;
pub mod checker;
pub mod clock;
pub mod env;
pub mod failure;
pub mod kinds;
pub mod many;
pub mod misfortune;
pub mod network;
pub mod node;
pub mod operators;
pub mod queue;
pub mod random;
pub mod shadow;
pub mod snapshot;
pub mod world;
