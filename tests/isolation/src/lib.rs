//! What the isolation levels promise, proved on real servers.
//!
//! * [`script`] and [`golden`]: scripts of several sessions, Hermitage's among them, with what each statement answers under
//!   each level, recorded of ours and of MySQL. `docs/isolation.md` names every difference.
//! * [`workload`] runs seeded random transactions and notes what they did and saw; [`checker`] looks for what the level
//!   forbids in that [`history`].

#![expect(clippy::expect_used, clippy::panic, reason = "a test harness: what fails here fails the test")]

pub mod checker;
pub mod golden;
pub mod history;
pub mod script;
pub mod workload;
