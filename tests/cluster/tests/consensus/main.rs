//! Nodes: which of them leads, who belongs to the cluster, and that nothing acknowledged is lost whatever dies or is cut off.
//!
//! The tests of an area are one program, since linking one takes a second or more; nextest still runs each in a process of its own.

mod faults;
mod kills;
mod lag;
mod learners;
mod logger;
mod members;
mod network;
mod outcome;
mod outcomes;
mod overload;
mod reads;
mod recover;
mod removed;
mod snapshot;
mod strong_sync;
mod tls;
mod transfer;
mod weights;
