//! A blocking MySQL driver that follows the leader of a Quorate cluster.
//!
//! * [`Connection`] is one connection to one server: text and prepared statements, timeouts, errors with their
//!   number, SQLSTATE and message. It also talks to MySQL and MariaDB, which is how it is tested.
//! * [`Cluster`] knows several addresses, finds the one that leads, and sends statements again only where that
//!   cannot run them twice.
//!
//! Used by the command line (`quorate sql`, `status`, `leader`) and by the tests, which need to know exactly what
//! was acknowledged: an [`Error`] says whether the statement [may have run](Error::may_have_run).
//!
//! Left out: TLS, compression, LOAD DATA LOCAL, cursors, pools and async.

mod cluster;
mod connection;
mod error;
pub mod limits;
mod login;
mod options;
mod result;

pub use cluster::{Cluster, NodeState, Role};
pub use connection::{Connection, Statement};
pub use error::{Error, Result, ServerError};
pub use options::Options;
pub use result::QueryResult;
pub use wire::mysql::column::Column;
pub use wire::mysql::value::{DateTime, Param, Time};
