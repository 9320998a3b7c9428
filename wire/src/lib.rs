//! Protocols as values and bytes: the MySQL client/server protocol and the frames between nodes.
//!
//! Everything here turns bytes into values and values into bytes. There is no socket, thread, timer, randomness
//! or async code, so each part can be tested with bytes alone and run under any runtime.
//!
//! * [`mysql`]: both sides of the MySQL protocol (the server's connection loop and our driver use the same code).
//! * [`peer`]: frames between the nodes of a cluster. Payloads are opaque here; `consensus::encode` makes them.
//! * [`proxy`]: the header by which a proxy says whose connection it passes on.
//! * [`limits`]: every bound, by name.
//! * [`Error`]: what can be wrong with received bytes, with the class that says whether the connection survives.
//!
//! Invariants of the whole crate: no input, however malformed, panics or makes a buffer grow past its named
//! bound; nothing is accepted and ignored: what is not spoken is an error with a number.
//!
//! Left out: TLS, which is the server's, and the binlog stream, which is not advertised.

pub mod error;
pub mod limits;
pub mod mysql;
pub mod peer;
pub mod proxy;

pub use error::{Class, Error, Result};
