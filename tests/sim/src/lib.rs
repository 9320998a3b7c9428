//! The simulator: whole clusters in one thread, with a network and disks that misbehave, driven by one seed.
//!
//! It runs the shipped `consensus` crate. Time is counted in *rounds*; in each, some messages arrive, some disks finish some
//! writes, some clocks tick, and now and then something breaks ([`world`]). Every effect is checked as it happens against what
//! must always hold ([`checker`]), and at the end everything is healed and the cluster must make progress.
//!
//! Invariant: a run depends on nothing but its seed, so that a failing seed is a complete bug report. Such seeds are kept in
//! `seeds.txt` and run first.
//!
//! Left out: the rest of a node (`server/src/node`), which will be driven by the same world in place of the bare replica.

pub mod checker;
pub mod disk;
pub mod network;
pub mod random;
pub mod world;
