//! Tests of the log as a whole: what a crash leaves, what damage is found, what readers see.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod cases;
mod failure;
mod fixture;
mod model;
mod reader;
mod recovery;
mod reset;
