//! The consensus protocol of Quorate as a function: [`Replica::step`] takes one [`Input`] and tells what is to be done as
//! [`Effects`]. No clock, disk, socket, thread or randomness is in here (`no_std` sees to that): time is ticks given from
//! outside, randomness a seed. The same seed and the same inputs give the same effects, byte for byte.
//!
//! The protocol is Raft (Ongaro and Ousterhout 2014; Ongaro's dissertation for pre-vote, leader checks, transfer, ReadIndex and leases;
//! his correction of 2015 for membership), with appends sent before the leader's own disk has them, and with what X-Paxos adds: weights,
//! strong-sync voters, log-only voters, learners with sources of their own.
//!
//! Names in parentheses are the scripts (`tests/scripts/*.gs`) that hold a rule, unless something else is said.
//!
//! # Why nothing committed is ever lost
//!
//! What the driver promises is written down in [`effect`]. From it, in five steps:
//!
//! 1. **One leader a term.** A node gives one vote a term, and the vote is on its disk before anybody hears of it: answers
//!    and requests for votes wait for the write ([`Effect::Send`], `after`), and the candidate's own vote is not counted
//!    before. So a node that crashes and returns still knows its term and its vote, and never stands twice in one term.
//!    Two majorities have a node in common (`quorum`), which voted once. (`election_vote_waits_for_disk`, `election_vote_survives_crash`,
//!    `election_candidate_crash_forgets_nothing_it_said`.)
//! 2. **An entry is known by index and term.** Only the leader of a term makes entries in it, in order, and it never drops or
//!    replaces any of its own. It never leads that term again after a crash, by step 1; so what it made and lost with its
//!    memory is never made differently under the same index and term. (`restart_leader_follows`.)
//! 3. **Logs that agree at an entry agree before it.** A follower takes entries only behind an entry that agrees with the
//!    leader's in index and term, and drops its own from the first that does not (`follower`). (`conflict_truncates_only_what_differs`,
//!    `conflict_old_append_drops_nothing`, `follower_has_unmatched_log`.)
//! 4. **A commit is on the disks of a majority.** A follower's ack waits for the write that covers the last entry it speaks
//!    for; the leader's own share is what its own disk has (`writes`), although the entries have left for the others long
//!    before. Only entries of the leader's own term are counted (Raft, section 5.4.2, figure 8: an entry of an earlier term on a
//!    majority may still be replaced); a new leader's empty entry commits what earlier terms left. (`replication_ack_waits_for_disk`,
//!    `replication_own_vote_needs_own_disk`, `commit_figure_8`, `leader_should_not_commit_last_term_entry_directly`.)
//! 5. **A new leader holds everything committed.** It was voted for by a majority, each of whose logs its own covers; one of
//!    them is among those that had the committed entry on disk, with term and vote remembered. So the entry is in the new
//!    leader's log, and by step 3 nobody drops it. A node asserts that it never drops at or below its commit index.
//!    (`election_log_behind_refused`, `conflict_with_committed_is_refused`.)
//!
//! A follower believes a commit index only as far as its log is known to agree with the leader's: an append carries it with
//! entries that agree, heartbeats and notices carry no more than what the follower acked. So those may overtake appends.
//! (`commit_is_bounded_by_what_agrees`, `heartbeat_commit_is_bounded`.)
//!
//! A crashed node loses what was not yet on disk: entries it never acked, as in step 4, and terms and votes it never spoke
//! of, as in step 1. That is all it loses, so to the others it is a node that was slow. (`follower_lose_log`.)
//!
//! A strong-sync voter only ever holds a commit *back* (`strong_sync`): whether it is armed or degraded changes when something is
//! committed, never what. (`strong_sync_holds_a_commit`, `strong_sync_degrade_and_rearm`, `strong_sync_new_leader_arms`.)
//!
//! # Why the members may change
//!
//! Steps 1 and 5 need majorities that meet, also when one is counted by members of before and the other by members of after.
//!
//! * A change gives or takes one vote, so the majorities before and after it meet (`membership_change`; checked again when it is
//!   proposed, `members_in_force`).
//! * It is in force on each node as soon as it is in that node's log, and out of force when it is truncated: a leader counts by the
//!   newest members that its log holds, committed or not. (`leader_truncates_configure_change`, `change_survives_its_leader`.)
//! * The next change waits until the last is committed, and the first of a leader until an entry of its own term is
//!   ([`Replica::prepare_change`]). So members that are two changes apart never count at the same time: whoever counts by the older ones
//!   lacks an entry that a majority has, and is not elected. (`second_change_is_refused`.)
//! * Who is no voter by its own membership never stands; who asks for a vote counts only its own voters; who is asked answers whoever
//!   asks, because it may be the one that does not know yet. (`learner_can_vote_before_it_knows_its_promotion`,
//!   `downgraded_follower_vote_before_downgrade`, `elect_with_learner`, `joiner_takes_a_leader_it_does_not_know`.)
//! * A removed id never comes back, and is heard no more once its removal is committed; before, it may be the leader that takes the
//!   removal back. Until the others know, stickiness and pre-vote keep it from disturbing them. (`removed_node_cannot_disturb`,
//!   `removal_that_is_not_committed_shuns_nobody`, `remove_node`.)
//!
//! # Why no read is stale
//!
//! A leader that has committed an entry of its own term knows every commit of before, so its commit index covers all that was ever
//! acknowledged, unless somebody else leads by now.
//!
//! * **ReadIndex** (`reads`): a round of heartbeats that began after the question and is answered, in the leader's term, by a majority of
//!   the voters proves that nobody else had been elected when the question came: one of those who answered would have had to vote for
//!   the other before, and would have been in its term. The answer is as good on its way to a follower, whatever becomes of the leader
//!   meanwhile. (`read_index_on_the_leader`, `read_index_batched`, `read_index_on_a_follower`, `read_index_on_a_learner`,
//!   `read_index_cut_off_leader`, `read_index_of_a_deposed_leader_counts`.)
//! * **The lease** ([`Lease`], `rounds`): whoever answered a round votes for nobody until an election timeout after that, by its own clock.
//!   So for that long after the round *began* nobody else is elected; the lease is shorter, by the drift that two clocks may have
//!   ([`limits::lease_is_safe`], a unit test of [`Config`]). Stickiness holds for learners that may become voters, in a term that was
//!   learned meanwhile, and after a restart, because a node cannot remember whom it answered just before. (`lease_from_rounds`,
//!   `stickiness_protects_leader`, `stickiness_in_a_term_learned_meanwhile`, `restart_is_sticky`.)
//! * **Transfer** passes over stickiness, because the leader that was heard wants it. So the lease is given up before the order leaves, and
//!   none is granted while any order may still be obeyed: until its target has answered a later heartbeat (it obeys no order older than
//!   the last heartbeat it heard in the term) or has verifiably lost its vote. A delayed request for votes of such an election is harmless
//!   later: it is of a term that is over for everybody whose answer a later lease rests on, and in a term that has a leader it
//!   cannot win any more. (`leader_transfer_hangs`, `leader_transfer_two_orders`, `leader_transfer_old_order_ignored`,
//!   `leader_transfer_order_is_old_after_losing_the_leader`, `transfer_vote_passes_over_stickiness`.)
//!
//! # Learners and snapshots
//!
//! What is fed is committed, so it may come from anybody: entries that differ from it were never committed, and a node that drops them
//! takes back nothing that counts: the leader they were acknowledged to, if any, cannot commit them any more, by step 5. A learner's
//! acks count for nothing but the floor. (`learner_is_fed_by_its_source`, `learner_drops_what_is_not_committed`,
//! `learner_never_slows_the_voters`, `demoted_voter_subscribes`, `floor_is_what_every_member_holds`.)
//!
//! A snapshot takes the place of a log only where that log ends before it or differs from it, by the same argument; a log that holds
//! the snapshot's last entry stays, because what lies behind it may have been acked. Nothing is acked from behind a snapshot before
//! it is in place. (`snapshot_brings_a_voter_up_to_date`, `snapshot_keeps_a_log_that_holds_it`,
//! `snapshot_replaces_what_was_never_committed`, `snapshot_stale_is_ignored`.)
//!
//! # Why it goes on
//!
//! A leader that a majority has not answered for an election timeout steps down (CheckQuorum). A node that has heard a leader
//! within that time votes for nobody, without moving its term (stickiness), so one that cannot hear the leader does not
//! depose it, and asks before it stands (pre-vote). Weights and random waits separate those that stand. A node that is ahead in terms
//! says so in its answers, so the others catch up. A peer is never sent more than a window ahead, and one that lost
//! messages is asked again where it stands. (`checkquorum_*`, `prevote_*`, `vote_in_brain_split`, `weight_election_*`.)
//!
//! A log-only voter that alone has the newest log leads until a voter with tables has it too, and hands over (`hand_over`).
//! (`logger_leads_then_hands_over`.) A learner whose source is silent turns to another, and one whose source is alive but cut off is fed by
//! the leader. (`learner_source_group_failover`, `learner_whose_source_is_cut_off_is_fed_by_the_leader`.) A node that needs what is
//! purged is told to get a snapshot, again and again. (`learner_after_purge_gets_snapshot`.)
//!
//! A voter of weight 0 that alone has the newest log stands once one that could lead has asked for its vote in vain, and leads until that
//! one, or another, has it too. (`weight_zero_with_the_newest_log`.) If nobody that could lead is there it stays quiet: weight 0 asks for that.
//!
//! All of it together, in a storm: `tests/chaos.rs`, and the simulator. With the feature `faults` a replica can be told to break one of the
//! rules, to see that the simulator notices.

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
