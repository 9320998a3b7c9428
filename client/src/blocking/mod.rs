//! The driver without async: the same protocol, on the caller's thread.
//!
//! [`Connection`] is [`crate::Connection`] over a blocking socket. It needs no runtime, so it can be used anywhere, also on a worker of one,
//! which it blocks like any other blocking call. [`Cluster`] is for programs that decide for themselves: it knows the addresses that it was
//! given and one connection, finds the leader, and sends a statement again only where it cannot have run. It learns no members, keeps no pool
//! and repeats no transactions; [`crate::Cluster`] does.
//!
//! The module has everything that is needed with it, so that a program of this kind imports from here alone.

mod cluster;
mod connection;

pub use self::cluster::{Cluster, NodeState};
pub use self::connection::Connection;
pub use crate::{
    Column, DateTime, Error, Options, Param, QueryResult, Result, Role, ServerError, SslMode, Statement, Time,
};
