//! Tests of the driver against servers made of the same protocol code, and against a real one on request.
#![expect(clippy::unwrap_used, reason = "functions of tests outside #[test]")]

mod cluster;
mod connection;
mod fake;
mod following;
mod real;
