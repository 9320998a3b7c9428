//! Clients: how they connect and log in, by which protocol, what bounds them, and what they are told when they go through a follower.
//!
//! The tests of an area are one program, since linking one takes a second or more; nextest still runs each in a process of its own.

mod bad_input;
mod client_tls;
mod clients;
mod compression;
mod connections;
mod driver;
mod forwarded_accounts;
mod haproxy;
mod limits;
mod local_socket;
mod login;
mod memory_limits;
mod proxy_protocol;
mod session_track;
mod texts;
mod timeouts;
mod vanish;
mod write_forwarding;
