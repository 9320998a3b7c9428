//! A MySQL driver that follows the leader of a Quorate cluster.
//!
//! [`Cluster`] is for programs: some addresses are enough, it finds the leader and the members, keeps connections, and repeats what is safe
//! to repeat. [`Connection`] is one connection to one server, which may also be a MySQL or a MariaDB. Both are async, on tokio;
//! [`blocking`] has the same connection for threads.
//!
//! # Connecting
//!
//! ```no_run
//! use client::{Cluster, ClusterOptions, Consistency, Options, Param, SslMode};
//!
//! # async fn f() -> client::Result<()> {
//! let connection = Options {
//!     user: "shop".into(),
//!     password: "secret".into(),
//!     database: Some("shop".into()),
//!     ssl_mode: SslMode::VerifyCa,
//!     ssl_ca: Some("/etc/shop/ca.pem".into()),
//!     ..Options::default()
//! };
//! let options = ClusterOptions { connection, ..ClusterOptions::default() };
//! let cluster = Cluster::connect(["10.0.0.1:4001", "10.0.0.2:4001"], options).await?;
//!
//! // A statement that commits by itself.
//! cluster.execute("INSERT INTO item (name) VALUES (?)", &[Param::text("pen")]).await?;
//!
//! // A transaction. It may run more than once, and is committed once.
//! let id = 7;
//! let left = cluster
//!     .transaction(|txn| async move {
//!         txn.query(&format!("UPDATE item SET left_count = left_count - 1 WHERE id = {id}")).await?;
//!         let left = txn.query(&format!("SELECT left_count FROM item WHERE id = {id}")).await?;
//!         client::Result::Ok(left.scalar())
//!     })
//!     .await?;
//!
//! // Reads, on any node.
//! let own = cluster.read(Consistency::Session).query("SELECT COUNT(*) FROM item").await?;
//! let all = cluster.read(Consistency::Strong).query("SELECT COUNT(*) FROM item").await?;
//! # Ok(())
//! # }
//! ```
//!
//! As with MySQL's own clients, a connection is encrypted if the server offers it ([`SslMode::Preferred`]), which keeps out who listens;
//! only the verifying modes keep out who is in between. A password is never sent in the clear: `caching_sha2_password` sends it inside of
//! TLS, or encrypted with a key that the server gives.
//!
//! # What is repeated
//!
//! | what failed | is |
//! |---|---|
//! | nothing was sent: no connection, no leader, a connection that was closed while idle | repeated |
//! | a node refused it because it does not lead (1290) | repeated on the leader; if it does lead, the refusal has another reason and is the caller's |
//! | a deadlock or conflict (1213), a leadership that was lost (1053 of Quorate, which says that it was rolled back) | the statement, or the whole transaction, is repeated |
//! | a lock that was waited for too long (1205) | the caller's, unless [`ClusterOptions::retry_lock_waits`] |
//! | the connection was lost in a transaction before its COMMIT was sent | the whole transaction is repeated |
//! | the answer to COMMIT, or to a statement that commits by itself and does not only read, was lost | [`Error::Unknown`]: it may be committed, and is not repeated |
//! | the server says that a commit is in doubt (1105), with its name | any node is asked by that name until it is decided: done, repeated, or [`Error::Unknown`] after 30 s |
//! | the same, of a statement by itself that turns out to be committed | [`Error::AnswerLost`]: done, but its counts are lost |
//! | a read, on any node | repeated on another node |
//! | anything else | the caller's |
//!
//! [`Error::may_have_run`] says of every error whether there may be something to be seen. Repetitions are apart by random pauses that
//! grow from 10 ms to 500 ms, until [`ClusterOptions::deadline`]. Nothing is sent to two nodes at the same time but questions who leads.
//!
//! A node that stops answering in the middle of a statement is noticed: after a second, and then each second, it is asked on a connection of its
//! own whether it lives, and a statement is given up if it does not. The answer to a COMMIT is waited for 10 s longer, because the node
//! may come back and say what became of it.
//!
//! # Dropped calls
//!
//! A future that is dropped takes its connection with it: a connection that was left in the middle of an answer is never used again, and
//! closing it ends the statement and rolls the transaction back. Whether a write that was dropped had happened is not known.
//!
//! # Left out
//!
//! Compression, LOAD DATA LOCAL, cursors, certificates of clients, and streams of rows through a [`Cluster`] (take a connection of
//! [`Cluster::leader`] and [`Connection::query_rows`]).
//!
//! `examples/failover.rs` writes while nodes are killed and shows that nothing is missing.

pub mod blocking;
mod channel;
pub mod cluster;
mod connection;
mod error;
pub mod limits;
mod link;
mod login;
mod options;
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
