//! Being fed: a node without a vote takes decided entries from a source.
//!
//! It subscribes to its configured source, again and again. When that is silent for an election timeout it turns to the nodes of
//! its source group, one after the other, and then to the leader, who is always the last resort; and round again. While on another it keeps
//! asking the configured one, and goes back when that answers and is not behind.
//!
//! Invariants: what is fed is decided, so it is committed as far as the logs are known to agree; nothing at or below the commit index is
//! ever dropped for it; an ack speaks only of what is committed and on disk. A node that is told by the leader that it has no vote
//! subscribes even if its own membership says otherwise: the entry that says so may be what it lacks.
//!
//! Left out: the source's side (`feed`), and snapshots (`snapshot`).

use alloc::vec::Vec;

use crate::effect::{Effect, Effects, Notice};
use crate::fault::Fault;
use crate::limits::{FEED_ELECTIONS_MAX, SOURCE_RETRY_ELECTIONS};
use crate::members_in_force::memberships_are_sound;
use crate::message::Message;
use crate::replica::Replica;
use crate::types::{Entry, LogIndex, NodeId, Role, Term};

/// Whom a learner is fed by.
#[derive(Debug, Default)]
pub(crate) struct Subscription {
    source: Option<NodeId>,
    /// The first of those that could be asked: when it is another than before, that is the source at once.
    first: Option<NodeId>,
    /// Ticks since the source was heard.
    silent_ticks: u32,
    /// Ticks since it was asked; none: never.
    asked_ticks: Option<u32>,
    /// Ticks since the configured source was last asked, while on another.
    retry_ticks: u32,
    /// Ticks since the source is this one.
    kept_ticks: u32,
    /// A source was told that its feed does not continue this log; once is enough until something changes.
    is_gap_told: bool,
    /// There was a source before: another is news.
    was_fed: bool,
}

impl Replica {
    /// Whether this node is to be fed: the leader's word, else its own membership.
    pub(crate) fn is_fed(&self) -> bool {
        match self.role {
            Role::Follower | Role::Learner => self.told_learner.unwrap_or(self.role == Role::Learner),
            Role::PreCandidate | Role::Candidate | Role::Leader => false,
        }
    }

    /// Who feeds this node.
    pub(crate) fn source(&self) -> Option<NodeId> {
        self.subscription.source.filter(|_| self.is_fed())
    }

    /// Whom to ask, in this order.
    fn sources(&self) -> Vec<NodeId> {
        let own = self.members.in_force().get(self.config.id);
        let configured = own.and_then(|own| own.source);
        let group = own.map_or(&[][..], |own| own.source_group.as_slice());
        let mut sources: Vec<NodeId> = Vec::new();
        for id in configured.into_iter().chain(group.iter().copied()).chain(self.leader) {
            if id != self.config.id && !sources.contains(&id) {
                sources.push(id);
            }
        }
        sources
    }

    /// One tick passes.
    pub(crate) fn tick_subscription(&mut self, effects: &mut Effects) {
        if !self.is_fed() {
            if self.subscription.source.is_some() {
                self.subscription = Subscription::default();
            }
            return;
        }
        let subscription = &mut self.subscription;
        subscription.silent_ticks = subscription.silent_ticks.saturating_add(1);
        subscription.retry_ticks = subscription.retry_ticks.saturating_add(1);
        subscription.kept_ticks = subscription.kept_ticks.saturating_add(1);
        let is_due = subscription.asked_ticks.is_none_or(|ticks| ticks + 1 >= self.config.heartbeat_ticks);
        subscription.asked_ticks = Some(subscription.asked_ticks.map_or(0, |ticks| ticks + 1));
        if !is_due {
            return;
        }
        subscription.asked_ticks = Some(0);
        subscription.is_gap_told = false;
        let sources = self.sources();
        let first = sources.first().copied();
        let is_other = core::mem::replace(&mut self.subscription.first, first) != first;
        let next = if is_other { first } else { self.next_source(&sources) };
        self.turn_to(next, effects);
        if let Some(source) = next {
            self.subscribe(source, effects);
        }
        let retry_ticks = self.config.election_ticks.saturating_mul(SOURCE_RETRY_ELECTIONS);
        if next != first && self.subscription.retry_ticks >= retry_ticks {
            self.subscription.retry_ticks = 0;
            self.subscribe(sources[0], effects);
        }
    }

    /// The present source, or the one after it when it is silent or not one any more.
    fn next_source(&self, sources: &[NodeId]) -> Option<NodeId> {
        let place = sources.iter().position(|id| Some(*id) == self.subscription.source);
        match place {
            Some(place) if self.subscription.silent_ticks >= self.config.election_ticks => {
                sources.get(place + 1).or(sources.first()).copied()
            }
            Some(place) => Some(sources[place]),
            None => sources.first().copied(),
        }
    }

    fn turn_to(&mut self, source: Option<NodeId>, effects: &mut Effects) {
        let subscription = &mut self.subscription;
        if subscription.silent_ticks >= self.config.election_ticks {
            // Another chance, be it for the same one.
            subscription.silent_ticks = 0;
        }
        if subscription.source == source {
            return;
        }
        subscription.source = source;
        subscription.silent_ticks = 0;
        subscription.retry_ticks = 0;
        subscription.kept_ticks = 0;
        if subscription.was_fed {
            effects.push(Effect::Notice(Notice::SourceChanged { source }));
        }
        subscription.was_fed |= source.is_some();
    }

    fn subscribe(&self, to: NodeId, effects: &mut Effects) {
        let commit = self.commit.min(self.writes.durable_index());
        let subscribe = Message::Subscribe { term: self.term, commit, applied: self.applied() };
        effects.send(to, subscribe, self.writes.after_hard_state());
    }

    /// A source was heard; `commit` is how far it is.
    pub(crate) fn hear_source(&mut self, from: NodeId, commit: LogIndex, effects: &mut Effects) {
        if !self.is_fed() {
            return;
        }
        if self.subscription.source == Some(from) {
            self.subscription.silent_ticks = 0;
        } else if commit >= self.commit && self.sources().first() == Some(&from) {
            self.turn_to(Some(from), effects);
        }
    }

    pub(crate) fn on_feed(
        &mut self,
        from: NodeId,
        term: Term,
        prev: (LogIndex, Term),
        entries: Vec<Entry>,
        commit: LogIndex,
        effects: &mut Effects,
    ) {
        if term > self.term {
            self.become_follower(term, None, effects);
        }
        if !self.is_fed() || !memberships_are_sound(&entries) {
            self.ignored.stale += 1;
            return;
        }
        self.hear_source(from, commit, effects);
        // What lies at or below the commit index is the same everywhere.
        let agrees = prev.0 <= self.commit || self.log.term_at(prev.0) == Some(prev.1);
        if !agrees {
            self.tell_gap(from, effects);
            return;
        }
        let matched = prev.0.plus(entries.len() as u64);
        let has_news = entries.last().is_some_and(|last| last.index > self.log.last_index());
        // Longer than a leader goes on feeding somebody who has turned away from it.
        let was_asked = self.subscription.kept_ticks <= (FEED_ELECTIONS_MAX + 1) * self.config.election_ticks;
        if has_news && !was_asked && self.leader == Some(from) && self.subscription.source != Some(from) {
            // The leader feeds unasked whom its source leaves behind.
            self.turn_to(Some(from), effects);
        }
        if !self.take_entries(entries, effects) {
            return;
        }
        self.subscription.is_gap_told = false;
        let decided = commit.min(matched);
        if decided > self.commit {
            self.commit_to(decided, effects);
        }
        let match_index = self.commit;
        let after = match self.config.has(Fault::AckBeforeSync) {
            true => None,
            false => self.writes.after_entries(match_index),
        };
        effects.send(from, Message::FeedAck { term: self.term, match_index, has_gap: false }, after);
    }

    /// The feed leaves something out: says where to go on, once.
    fn tell_gap(&mut self, to: NodeId, effects: &mut Effects) {
        if self.subscription.is_gap_told {
            return;
        }
        self.subscription.is_gap_told = true;
        let match_index = self.commit.min(self.writes.durable_index());
        let gap = Message::FeedAck { term: self.term, match_index, has_gap: true };
        effects.send(to, gap, self.writes.after_hard_state());
    }
}
