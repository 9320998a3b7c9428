//! Statements on real processes: between sessions, through restarts and a change of leader.
//!
//! The tests of an area are one program, since linking one takes a second or more; nextest still runs each in a process of its own.

mod accounts;
mod auto_increment;
mod cursors;
mod events;
mod foreign_keys;
mod functions;
mod hints;
mod large_transactions;
mod load_data;
mod lock_waits;
mod online_alter;
mod partitions;
mod privileges;
mod procedures;
mod spill;
mod table_locks;
mod temporary;
mod triggers;
mod user_locks;
mod xa;
