//! The MySQL client/server protocol, version 10, as spoken by 4.1 and later clients.
//!
//! How a connection uses these modules:
//!
//! 1. [`handshake`] makes the greeting and reads the response; [`auth`] decides, in as many rounds as it takes.
//! 2. [`packet::PacketReader`] turns received bytes into whole packets; [`command`] and [`execute`] say what each one asks.
//! 3. [`ok`], [`error`], [`mod@column`] and [`resultset`] write answers straight into a [`packet::PacketWriter`],
//!    whose one buffer goes to the socket.
//!
//! Source: "Client/Server Protocol" in MySQL's source documentation (dev.mysql.com/doc/dev/mysql-server), and the
//! behaviour of MySQL 8 and MariaDB 10.11 where that text is silent.

pub mod auth;
pub mod column;
pub mod command;
pub mod constant;
pub mod error;
pub mod execute;
pub mod handshake;
pub mod number;
pub mod ok;
pub mod packet;
pub mod primitive;
pub mod resultset;
pub mod value;
