//! A MySQL driver that follows the leader of a Quorate cluster.

pub mod blocking;
mod channel;
pub mod cluster;
mod connection;
mod error;
pub mod limits;
mod link;
mod login;
mod options;
mod public_key;
mod result;
mod role;
mod rows;
mod session_state;
mod socket;
mod tls;

pub use cluster::{Cluster, ClusterOptions, Consistency, PooledConnection, Topology, Transaction};
pub use connection::{Connection, OpenTransaction};
pub use error::{Error, Result, ServerError};
pub use link::Statement;
pub use options::{Options, SslMode};
pub use result::QueryResult;
pub use role::Role;
pub use rows::{Row, Rows};
pub use wire::mysql::column::Column;
pub use wire::mysql::value::{DateTime, Param, Time};
