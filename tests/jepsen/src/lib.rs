//! A harness in the manner of Jepsen: real servers on test hosts of their own are hurt while clients work, and a verdict is made from the
//! recorded history alone.
//!
//! A run: [`hosts`] makes the machines and starts the nodes on them, [`disk`] lies below their data folders, [`workloads`] says what
//! clients do and [`run`] has them do it and records a [`history`], [`nemesis`] hurts the machines meanwhile, [`checkers`] judge, and [`report`]
//! writes what an engineer needs who has to find out why.
//!
//! Left out: hosts other than network namespaces of this machine; for those there is the Clojure project beside this crate.

pub mod checkers;
pub mod disk;
pub mod edn;
pub mod history;
pub mod hosts;
pub mod nemesis;
pub mod report;
pub mod run;
pub mod verdict;
pub mod workloads;
