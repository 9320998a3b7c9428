//! What is run beside the server or on it: the command line, health checks, dumps, frameworks, benchmarks.
//!
//! The tests of an area are one program, since linking one takes a second or more; nextest still runs each in a process of its own.

mod cli;
mod dumps;
mod group_replication;
mod health;
mod orm;
mod play;
mod status;
mod sysbench;
