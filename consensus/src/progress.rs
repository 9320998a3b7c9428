//! What a leader knows of one other member, and how fast it sends to it, if it is a voter.
//!
//! Two paces. *Probe*: the place where the logs agree is not known; one append at a time, and its answer is waited for.
//! *Pipeline*: it is known; batches are sent ahead, up to the window, without waiting. A refusal or a lost
//! connection leads to probe, an ack to pipeline.
//!
//! Invariants (while leading): `match_index < next`; everything up to `match_index` agrees with the leader's log and is on
//! the peer's disk, and it never goes down in a term; `inflight` holds the last index of each batch sent and not acked,
//! ascending, all at or past `match_index` and below `next`, and is empty in probe.
//!
//! A peer that needs entries that were purged is marked `behind_log`: it is told to get a snapshot (`snapshot`), and asked again
//! now and then.
//!
//! Left out: how learners are fed (`feed`); what is known of one is what it says of itself in its answers to heartbeats.

use alloc::collections::VecDeque;

use crate::config::Config;
use crate::membership::Member;
use crate::strong_sync::StrongSync;
use crate::types::{LogIndex, NodeId};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// `asked`: an append is on the way, nothing more is sent before its answer.
    Probe {
        asked: bool,
    },
    Pipeline,
}

#[derive(Debug)]
pub(crate) struct Progress {
    pub(crate) id: NodeId,
    /// Moved by the driver's reports and by hearing the peer. Entries are not sent while it is false; heartbeats are.
    pub(crate) connected: bool,
    pub(crate) match_index: LogIndex,
    pub(crate) next: LogIndex,
    pub(crate) pace: Pace,
    /// Last entry sent with the probe that is out; zero when it has none.
    pub(crate) probe_last: LogIndex,
    /// An answer is overdue: ask again without entries, in case the peer is only slow.
    pub(crate) probe_empty: bool,
    /// The peer refused even the entry just before the first one held here: what it needs is purged.
    pub(crate) behind_log: bool,
    pub(crate) inflight: VecDeque<LogIndex>,
    /// Ticks since the peer last answered an append, counted while an answer is owed.
    pub(crate) owed_ticks: u32,
    /// Ticks since the peer last answered anything in this term.
    pub(crate) contact_ticks: u32,
    /// Highest commit index sent to the peer, as far as the peer can have used it.
    pub(crate) commit_sent: LogIndex,
    /// What it is in the membership in force, but for its addresses; set by [`Progress::set_member`] alone.
    pub(crate) is_voter: bool,
    pub(crate) is_log_only: bool,
    pub(crate) weight: u8,
    pub(crate) is_strong_sync: bool,
    /// Whether commits wait for it, if it is a strong-sync voter.
    pub(crate) sync: StrongSync,
    /// The last round of heartbeats it answered in this leadership.
    pub(crate) acked_seq: u64,
    /// What it said it has committed and on disk. Never goes down: what was committed stays held.
    pub(crate) commit_heard: LogIndex,
    /// What its state machine was last said to have applied.
    pub(crate) applied: LogIndex,
    /// Ticks since it was last told to get a snapshot, while it is behind the log.
    pub(crate) snapshot_elapsed_ticks: u32,
    /// Ticks for which a learner has been heard, lagging, without getting on.
    pub(crate) stalled_ticks: u32,
}

impl Progress {
    pub(crate) fn new(id: NodeId) -> Progress {
        Progress {
            id,
            connected: true,
            match_index: LogIndex::ZERO,
            next: LogIndex::new(1),
            pace: Pace::Probe { asked: false },
            probe_last: LogIndex::ZERO,
            probe_empty: false,
            behind_log: false,
            inflight: VecDeque::new(),
            owed_ticks: 0,
            contact_ticks: 0,
            commit_sent: LogIndex::ZERO,
            is_voter: false,
            is_log_only: false,
            weight: 0,
            is_strong_sync: false,
            sync: StrongSync::default(),
            acked_seq: 0,
            commit_heard: LogIndex::ZERO,
            applied: LogIndex::ZERO,
            snapshot_elapsed_ticks: 0,
            stalled_ticks: 0,
        }
    }

    /// Takes over what the membership says of it. A new voter is asked where it stands; `next` is the end of the log.
    pub(crate) fn set_member(&mut self, member: &Member, next: LogIndex) {
        assert!(member.id == self.id, "a progress is of one member");
        if member.is_voter && !self.is_voter {
            self.match_index = LogIndex::ZERO;
            self.behind_log = false;
            self.contact_ticks = 0;
            self.probe(next);
        }
        if member.is_strong_sync != self.is_strong_sync {
            self.sync = StrongSync::default();
        }
        self.is_voter = member.is_voter;
        self.is_log_only = member.is_log_only;
        self.weight = member.weight;
        self.is_strong_sync = member.is_strong_sync;
    }

    /// May be elected to serve.
    pub(crate) fn is_electable(&self) -> bool {
        self.is_voter && !self.is_log_only && self.weight > 0
    }

    /// What it is known to hold on disk.
    pub(crate) fn known_index(&self) -> LogIndex {
        if self.is_voter { self.match_index } else { self.commit_heard }
    }

    /// A new leadership begins: nothing is known, so try the end of the log. The connection is what it was.
    pub(crate) fn reset(&mut self, next: LogIndex) {
        self.match_index = LogIndex::ZERO;
        self.contact_ticks = 0;
        self.commit_sent = LogIndex::ZERO;
        self.behind_log = false;
        self.sync = StrongSync::default();
        self.acked_seq = 0;
        self.stalled_ticks = 0;
        self.probe(next);
    }

    /// Goes to probe, to ask about the entry before `next`.
    pub(crate) fn probe(&mut self, next: LogIndex) {
        assert!(next > self.match_index, "what agrees is not asked again");
        self.next = next;
        self.pace = Pace::Probe { asked: false };
        self.probe_empty = false;
        self.probe_last = LogIndex::ZERO;
        self.inflight.clear();
        self.owed_ticks = 0;
        // Whatever carried the commit index may be lost with the rest.
        self.commit_sent = LogIndex::ZERO;
    }

    /// The connection is lost: whatever was on the way may never arrive.
    pub(crate) fn disconnect(&mut self) {
        self.connected = false;
        self.probe(self.safe_next());
    }

    /// There is a connection again: ask where the peer stands.
    pub(crate) fn connect(&mut self) {
        self.connected = true;
        self.probe(self.safe_next());
        self.behind_log = false;
    }

    /// The peer said something in this term.
    pub(crate) fn hear(&mut self) {
        self.contact_ticks = 0;
        self.connected = true;
    }

    /// The peer holds everything up to `match_index`.
    pub(crate) fn ack(&mut self, match_index: LogIndex) {
        if match_index > self.match_index {
            self.match_index = match_index;
            self.owed_ticks = 0;
        }
        self.behind_log = false;
        match self.pace {
            // The peer answers, slowly. What lies between this ack and the question was sent before: sending it again would
            // not help a slow disk. If it is lost, the question will be refused.
            Pace::Probe { .. } if self.probe_empty && self.match_index < self.next.prev() => {}
            Pace::Probe { .. } => {
                self.pace = Pace::Pipeline;
                self.probe_empty = false;
                self.owed_ticks = 0;
                // The rest of the probe's entries may still be on the way, cut into further messages.
                if self.probe_last > self.match_index {
                    self.inflight.push_back(self.probe_last);
                }
                self.next = self.probe_last.max(self.match_index).next();
                self.probe_last = LogIndex::ZERO;
            }
            Pace::Pipeline => {
                while self.inflight.front().is_some_and(|last| *last <= self.match_index) {
                    self.inflight.pop_front();
                }
                self.next = self.next.max(self.match_index.next());
            }
        }
        assert!(self.match_index < self.next, "what agrees is not sent again");
    }

    /// Whether a refusal of an append after `prev_index` says anything new.
    pub(crate) fn is_current_refusal(&self, prev_index: LogIndex) -> bool {
        match self.pace {
            // The answer to the probe that is out, and to no other.
            Pace::Probe { asked } => asked && prev_index == self.next.prev(),
            Pace::Pipeline => prev_index > self.match_index && prev_index < self.next,
        }
    }

    /// One tick passes. Returns whether an answer is owed for so long that it must be taken as lost.
    pub(crate) fn tick(&mut self, patience_ticks: u32) -> bool {
        self.contact_ticks = self.contact_ticks.saturating_add(1);
        let owed = !self.inflight.is_empty() || self.pace == Pace::Probe { asked: true };
        if !owed {
            return false;
        }
        self.owed_ticks = self.owed_ticks.saturating_add(1);
        // A peer that says nothing at all is not helped by saying more; it is asked again when it is heard.
        self.owed_ticks >= patience_ticks && self.contact_ticks < patience_ticks
    }

    /// An answer is overdue: ask about the end of what was sent, without entries. A peer that has it all, and only waits for
    /// its disk, is not sent it again; one that lacks some refuses at once and says where it stands.
    pub(crate) fn ask_again(&mut self) {
        self.probe(self.next);
        self.probe_empty = true;
    }

    /// Where to begin when what is on the way is lost: right behind what agrees, or, if no agreement was found yet, where the
    /// search for it stands.
    fn safe_next(&self) -> LogIndex {
        match self.pace {
            Pace::Probe { .. } => self.next,
            Pace::Pipeline => self.match_index.next(),
        }
    }

    /// The last entry that may be sent now; nothing when the window is full or there is nothing to send.
    pub(crate) fn sendable(&self, last_index: LogIndex, config: &Config) -> Option<LogIndex> {
        if self.next > last_index || self.inflight.len() >= config.inflight_batches_max as usize {
            return None;
        }
        let on_the_way = self.next.prev().since(self.match_index);
        let room = match self.pace {
            // In probe `match_index` says nothing about what is on the way: nothing is.
            Pace::Probe { .. } => u64::from(config.batch_entries_max),
            Pace::Pipeline => config.inflight_entries_max.saturating_sub(on_the_way),
        };
        let count = room.min(u64::from(config.batch_entries_max)).min(last_index.since(self.next.prev()));
        (count > 0).then(|| self.next.prev().plus(count))
    }
}
