//! The consensus protocol of Quorate as a function: [`Replica::step`] takes one [`Input`] and tells what is to be done as
//! [`Effects`]. No clock, disk, socket, thread or randomness is in here (`no_std` sees to that): time is ticks given from
//! outside, randomness a seed. The same seed and the same inputs give the same effects, byte for byte.
//!
//! The protocol is Raft (Ongaro and Ousterhout 2014; Ongaro's dissertation for pre-vote and leader checks), with appends
//! sent before the leader's own disk has them.
//!
//! # Why nothing committed is ever lost
//!
//! What the driver promises is written down in [`effect`]. From it, in five steps:
//!
//! 1. **One leader a term.** A node gives one vote a term, and the vote is on its disk before anybody hears of it: answers
//!    and requests for votes wait for the write ([`Effect::Send`], `after`), and the candidate's own vote is not counted
//!    before. So a node that crashes and returns still knows its term and its vote, and never stands twice in one term.
//!    Two majorities have a node in common (`quorum`), which voted once.
//! 2. **An entry is known by index and term.** Only the leader of a term makes entries in it, in order, and it never drops or
//!    replaces any of its own. It never leads that term again after a crash, by step 1; so what it made and lost with its
//!    memory is never made differently under the same index and term.
//! 3. **Logs that agree at an entry agree before it.** A follower takes entries only behind an entry that agrees with the
//!    leader's in index and term, and drops its own from the first that does not (`follower`).
//! 4. **A commit is on the disks of a majority.** A follower's ack waits for the write that covers the last entry it speaks
//!    for; the leader's own share is what its own disk has (`writes`), although the entries have left for the others long
//!    before. Only entries of the leader's own term are counted (Raft, section 5.4.2, figure 8: an entry of an earlier term on a
//!    majority may still be replaced); a new leader's empty entry commits what earlier terms left.
//! 5. **A new leader holds everything committed.** It was voted for by a majority, each of whose logs its own covers; one of
//!    them is among those that had the committed entry on disk, with term and vote remembered. So the entry is in the new
//!    leader's log, and by step 3 nobody drops it. A node asserts that it never drops at or below its commit index.
//!
//! A follower believes a commit index only as far as its log is known to agree with the leader's: an append carries it with
//! entries that agree, heartbeats and notices carry no more than what the follower acked. So those may overtake appends.
//!
//! A crashed node loses what was not yet on disk: entries it never acked, as in step 4, and terms and votes it never spoke
//! of, as in step 1. That is all it loses, so to the others it is a node that was slow.
//!
//! # Why it goes on
//!
//! A leader that a majority has not answered for an election timeout steps down (CheckQuorum). A node that has heard a leader
//! within that time votes for nobody, without moving its term (stickiness), so one that cannot hear the leader does not
//! depose it, and asks before it stands (pre-vote). Random waits separate those that stand. A node that is ahead in terms
//! says so in its answers, so the others catch up. A peer is never sent more than a window ahead, and one that lost
//! messages is asked again where it stands.
//!
//! # What is not here yet, and where it goes
//!
//! Weights and the second stage of the timeout: `election`. Strong sync: `quorum`, with its state in `progress`. Learners
//! and log-only nodes: a flag of a voter in [`Config`], read by `candidate` and `quorum`. Membership: an [`EntryKind`], with a
//! module beside the roles. Leases and ReadIndex: [`Message::Heartbeat`] already counts its rounds; a module `reads`.
//! Transfer and snapshots: modules of their own; until then a peer that needs what was purged is shown as `behind_log`
//! in [`Status`], and the driver must not purge what a voter still needs.

#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod candidate;
pub mod config;
pub mod decode;
pub mod effect;
mod election;
pub mod encode;
pub mod error;
mod fault;
mod feed;
mod follower;
mod hand_over;
mod leader;
mod learner;
pub mod lease;
pub mod limits;
mod log;
mod members_in_force;
pub mod membership;
mod membership_change;
pub mod membership_codec;
pub mod message;
mod progress;
mod quorum;
mod reads;
pub mod replica;
mod rounds;
mod snapshot;
pub mod status;
mod strong_sync;
mod transfer;
pub mod types;
mod writes;

pub use config::Config;
pub use decode::{DecodeError, decode};
pub use effect::{Effect, Effects, Input, Notice, TransferEnd};
pub use encode::{encode, encode_append_header, encode_entry_header, encode_feed_header};
pub use error::{Error, ErrorClass};
#[cfg(feature = "faults")]
pub use fault::Fault;
pub use lease::Lease;
pub use log::LogState;
pub use membership::{Change, ChangeRefused, InvalidMembership, Member, Membership};
pub use membership_codec::{decode_membership, encode_membership};
pub use message::Message;
pub use replica::Replica;
pub use status::{FeedStatus, IgnoredCount, PeerPace, PeerStatus, Status};
pub use types::{Entry, EntryKind, HardState, LogIndex, NodeId, Proposal, Role, Term, WriteSeq};
