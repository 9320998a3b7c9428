//! Feeding learners: what a source does for those that subscribe to it.
//!
//! Any member may be a source, whatever its role. It sends committed entries only, which never change, so a feed needs neither a term
//! nor a leader to be right. Batches are sent ahead as to a voter; the subscriber's own word ([`Message::Subscribe`],
//! [`Message::FeedAck`]) says where to go on.
//!
//! Invariants: nothing past the commit index is fed; feeds never hold up the voters (nothing waits for them); a subscriber that is silent
//! is forgotten; their number is bounded.
//!
//! Left out: what the learner does with it (`learner`).

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::config::Config;
use crate::effect::{Effect, Effects};
use crate::limits::{FEED_ELECTIONS_MAX, MEMBERS_MAX};
use crate::message::Message;
use crate::replica::Replica;
use crate::status::FeedStatus;
use crate::types::{LogIndex, NodeId, Role, Term};

/// One subscriber.
#[derive(Debug)]
pub(crate) struct Feed {
    pub(crate) subscriber: NodeId,
    /// What it has committed and on disk, as it said.
    match_index: LogIndex,
    next: LogIndex,
    /// What its state machine has applied.
    applied: LogIndex,
    /// Last index of each batch that is out, ascending, above `match_index` and below `next`.
    inflight: VecDeque<LogIndex>,
    /// Ticks since anything that is out was acknowledged.
    owed_ticks: u32,
    /// Ticks since it subscribed.
    silent_ticks: u32,
    /// It wants to hear something in this step, be it only that this node is alive.
    is_waiting: bool,
}

impl Feed {
    fn new(subscriber: NodeId, match_index: LogIndex) -> Feed {
        Feed {
            subscriber,
            match_index,
            next: match_index.next(),
            applied: LogIndex::ZERO,
            inflight: VecDeque::new(),
            owed_ticks: 0,
            silent_ticks: 0,
            is_waiting: true,
        }
    }

    /// Whatever is out is lost: goes on behind `match_index`.
    fn restart(&mut self, match_index: LogIndex) {
        self.match_index = match_index;
        self.next = match_index.next();
        self.inflight.clear();
        self.owed_ticks = 0;
    }

    fn ack(&mut self, match_index: LogIndex) {
        if match_index <= self.match_index {
            return;
        }
        self.match_index = match_index;
        self.owed_ticks = 0;
        while self.inflight.front().is_some_and(|last| *last <= match_index) {
            self.inflight.pop_front();
        }
        self.next = self.next.max(match_index.next());
    }

    /// The last entry that may be sent now.
    fn sendable(&self, commit: LogIndex, config: &Config) -> Option<LogIndex> {
        if self.next > commit || self.inflight.len() >= config.inflight_batches_max as usize {
            return None;
        }
        let on_the_way = self.next.prev().since(self.match_index);
        let room = config.inflight_entries_max.saturating_sub(on_the_way);
        let count = room.min(u64::from(config.batch_entries_max)).min(commit.since(self.next.prev()));
        (count > 0).then(|| self.next.prev().plus(count))
    }
}

impl Replica {
    pub(crate) fn on_subscribe(
        &mut self,
        from: NodeId,
        term: Term,
        held: (LogIndex, LogIndex),
        effects: &mut Effects,
    ) {
        if term > self.term {
            self.become_follower(term, None, effects);
        }
        if self.role == Role::Leader && self.members.in_force().is_voter(from) {
            // Its promotion has not reached it. It is sent everything as a voter.
            self.ignored.stale += 1;
            return;
        }
        let (commit, applied) = held;
        let patience_ticks = self.config.election_ticks;
        let Some(feed) = self.feed_of(from, commit) else { return };
        feed.silent_ticks = 0;
        feed.is_waiting = true;
        feed.applied = applied;
        feed.ack(commit);
        if feed.owed_ticks >= patience_ticks && !feed.inflight.is_empty() {
            feed.restart(commit);
        }
    }

    /// The feed of a subscriber, made if there is none; nothing when there are as many as there may be.
    fn feed_of(&mut self, subscriber: NodeId, match_index: LogIndex) -> Option<&mut Feed> {
        let known = self.feeds.iter().position(|feed| feed.subscriber == subscriber);
        if known.is_none() {
            if self.feeds.len() >= MEMBERS_MAX {
                self.ignored.unknown_sender += 1;
                return None;
            }
            self.feeds.push(Feed::new(subscriber, match_index));
        }
        let place = known.unwrap_or(self.feeds.len() - 1);
        self.feeds.get_mut(place)
    }

    pub(crate) fn on_feed_ack(
        &mut self,
        from: NodeId,
        term: Term,
        match_index: LogIndex,
        has_gap: bool,
        effects: &mut Effects,
    ) {
        if term > self.term {
            self.become_follower(term, None, effects);
        }
        let Some(feed) = self.feeds.iter_mut().find(|feed| feed.subscriber == from) else {
            self.ignored.stale += 1;
            return;
        };
        if has_gap {
            feed.restart(match_index);
        } else {
            feed.ack(match_index);
        }
        if let Some(peer) = self.peers.iter_mut().find(|peer| peer.id == from)
            && !peer.is_voter
            && match_index > peer.commit_heard
            && match_index <= self.commit
        {
            peer.commit_heard = match_index;
            peer.stalled_ticks = 0;
        }
    }

    /// One tick passes.
    pub(crate) fn tick_feeds(&mut self) {
        let silent_ticks_max = self.config.election_ticks.saturating_mul(FEED_ELECTIONS_MAX);
        self.feeds.retain_mut(|feed| {
            feed.silent_ticks += 1;
            feed.owed_ticks = if feed.inflight.is_empty() { 0 } else { feed.owed_ticks.saturating_add(1) };
            feed.silent_ticks < silent_ticks_max
        });
    }

    /// One tick passes on a leader: a learner that is alive and does not get on has a source that is cut off itself, or is fed in
    /// a circle. The leader feeds it unasked; the learner turns to it (`learner`).
    pub(crate) fn tick_stalled_learners(&mut self) {
        assert!(self.role == Role::Leader, "only a leader knows who lags");
        let patience_ticks = self.config.election_ticks;
        let mut stalled: Vec<(NodeId, LogIndex)> = Vec::new();
        for peer in self.peers.iter_mut().filter(|peer| !peer.is_voter) {
            let is_stalled = peer.commit_heard < self.commit && peer.contact_ticks < patience_ticks;
            peer.stalled_ticks = if is_stalled { peer.stalled_ticks + 1 } else { 0 };
            if peer.stalled_ticks >= patience_ticks.saturating_mul(FEED_ELECTIONS_MAX) {
                peer.stalled_ticks = 0;
                stalled.push((peer.id, peer.commit_heard));
            }
        }
        for (learner, held) in stalled {
            if let Some(feed) = self.feed_of(learner, held) {
                feed.is_waiting = true;
            }
        }
    }

    /// A leader does not feed voters.
    pub(crate) fn drop_feeds_of_voters(&mut self) {
        let membership = self.members.in_force();
        self.feeds.retain(|feed| !membership.is_voter(feed.subscriber));
    }

    /// The connection to a subscriber is lost. It will subscribe again.
    pub(crate) fn drop_feed(&mut self, subscriber: NodeId) {
        self.feeds.retain(|feed| feed.subscriber != subscriber);
    }

    /// The connection to a subscriber is new: what was out may be gone.
    pub(crate) fn restart_feed(&mut self, subscriber: NodeId) {
        if let Some(feed) = self.feeds.iter_mut().find(|feed| feed.subscriber == subscriber) {
            feed.restart(feed.match_index);
        }
    }

    /// Sends every subscriber what it can be sent now. Runs last in every step.
    pub(crate) fn serve_feeds(&mut self, effects: &mut Effects) {
        if self.term == Term::ZERO {
            // Nothing was ever committed, and there is no term to speak in.
            return;
        }
        // A feed changes while the rest of the replica is only read.
        let mut feeds = core::mem::take(&mut self.feeds);
        for feed in &mut feeds {
            self.serve(feed, effects);
            feed.is_waiting = false;
        }
        self.feeds = feeds;
    }

    fn serve(&self, feed: &mut Feed, effects: &mut Effects) {
        let base = self.log.base_index();
        if feed.next <= base {
            // Purged here. Told as often as it asks, which also tells it that this node is alive.
            if feed.is_waiting
                && let Some(from) = self.snapshot_holder_for_subscriber(feed.subscriber)
            {
                let needed = Message::SnapshotNeeded { term: self.term, from, at_least: base };
                effects.send(feed.subscriber, needed, self.writes.after_hard_state());
            }
            return;
        }
        while let Some(last) = feed.sendable(self.commit, &self.config) {
            self.send_feed(feed, last, effects);
            feed.is_waiting = false;
        }
        if feed.is_waiting {
            // What it has said it holds, unless that is purged or not known here.
            let known = feed.match_index.min(self.commit);
            let prev_index = if known >= base { known } else { feed.next.prev().min(self.commit) };
            let prev_term = self.log.term_at(prev_index).expect("between the base and the commit index");
            let (term, commit, entries) = (self.term, self.commit, Vec::new());
            let alive = Message::Feed { term, prev_index, prev_term, entries, commit };
            effects.send(feed.subscriber, alive, self.writes.after_hard_state());
        }
    }

    fn send_feed(&self, feed: &mut Feed, last: LogIndex, effects: &mut Effects) {
        let (first, prev_index) = (feed.next, feed.next.prev());
        assert!(first <= last && last <= self.commit, "only what is decided is fed");
        let prev_term = self.log.term_at(prev_index).expect("the caller looked at the base");
        effects.push(Effect::SendEntries {
            to: feed.subscriber,
            term: self.term,
            prev_index,
            prev_term,
            first,
            last,
            commit: self.commit,
            is_feed: true,
        });
        feed.inflight.push_back(last);
        feed.next = last.next();
    }

    /// The feeds, for `status`.
    pub(crate) fn feed_statuses(&self) -> Vec<FeedStatus> {
        let status = |feed: &Feed| FeedStatus {
            subscriber: feed.subscriber,
            match_index: feed.match_index,
            next: feed.next,
            applied: feed.applied,
        };
        self.feeds.iter().map(status).collect()
    }
}
