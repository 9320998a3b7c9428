//! Snapshots of the whole store: exported on one node, put in the place of everything on another.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod cases;
mod crash;
mod export;
mod readers;
mod replace;
mod stress;
mod watched;
