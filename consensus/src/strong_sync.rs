//! Strong-sync voters: commits wait for each of them on top of the majority, unless it is degraded.
//!
//! A voter that holds up an index that a majority has for a configured time is degraded. When it keeps up again, commits wait for it
//! silently (*rearming*) until it holds everything committed; then it is armed, and that is told.
//!
//! Invariants: the commit index never lies past what an armed strong-sync voter is known to hold, from the first commit after it was
//! armed on; a degraded one holds up nothing. A new leader starts with all of them armed.
//!
//! Left out: learners, for whom nothing waits, and remembering who is degraded across leaders.

use crate::effect::{Effect, Effects, Notice};
use crate::fault::Fault;
use crate::limits::STRONG_SYNC_REARM_HEARTBEATS;
use crate::replica::Replica;
use crate::types::{LogIndex, NodeId, Role};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Commits wait for it.
    #[default]
    Armed,
    /// They do not.
    Degraded,
    /// They do, but that is not told before it has caught up.
    Rearming,
}

/// Whether commits wait for one voter.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct StrongSync {
    state: State,
    /// The index it was found to lack; zero: none.
    goal: LogIndex,
    /// For how long it has lacked it.
    waited_ticks: u32,
}

/// What became of a voter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Degraded,
    Armed,
}

/// How a voter is doing.
struct Pulse {
    match_index: LogIndex,
    /// The last index that could be committed without it.
    wanted: LogIndex,
    commit: LogIndex,
    is_heard: bool,
}

impl StrongSync {
    /// Whether a commit must wait for the voter.
    pub(crate) fn holds_up(self) -> bool {
        self.state != State::Degraded
    }

    /// Whether it is shown as degraded.
    pub(crate) fn is_degraded(self) -> bool {
        self.state != State::Armed
    }

    fn turn(&mut self, state: State) {
        *self = StrongSync { state, ..StrongSync::default() };
    }

    /// One tick passes. `patience_ticks`: how long it may hold up commits; `keep_up_ticks`: how late it may be to be waited for
    /// again.
    fn tick(&mut self, pulse: &Pulse, patience_ticks: u32, keep_up_ticks: u32) -> Option<Turn> {
        if self.is_degraded() && pulse.is_heard && pulse.match_index >= pulse.commit {
            self.turn(State::Armed);
            return Some(Turn::Armed);
        }
        if pulse.match_index >= self.goal {
            let reached = self.goal > LogIndex::ZERO && self.waited_ticks <= keep_up_ticks;
            if self.state == State::Degraded && reached && pulse.is_heard {
                self.turn(State::Rearming);
            }
            // It got what it lacked; what it lacks now it has lacked for no time.
            self.goal = if pulse.wanted > pulse.match_index { pulse.wanted } else { LogIndex::ZERO };
            self.waited_ticks = 0;
            return None;
        }
        self.waited_ticks = self.waited_ticks.saturating_add(1);
        if self.waited_ticks < patience_ticks || self.state == State::Degraded {
            return None;
        }
        let was_armed = self.state == State::Armed;
        self.turn(State::Degraded);
        was_armed.then_some(Turn::Degraded)
    }
}

impl Replica {
    /// How far the armed strong-sync voters let a commit go; nothing when there are none.
    pub(crate) fn strong_sync_bound(&self) -> Option<LogIndex> {
        if self.config.has(Fault::StrongSyncIgnored) {
            return None;
        }
        let own = (self.part.is_strong_sync && self.own_sync.holds_up()).then(|| self.writes.durable_index());
        let others = self.peers.iter().filter(|peer| peer.is_strong_sync && peer.sync.holds_up());
        others.map(|peer| peer.match_index).chain(own).min()
    }

    /// One tick passes on a leader.
    pub(crate) fn tick_strong_sync(&mut self, effects: &mut Effects) {
        assert!(self.role == Role::Leader, "only a leader waits for anybody");
        let has_any = self.part.is_strong_sync || self.peers.iter().any(|peer| peer.is_strong_sync);
        if !has_any {
            return;
        }
        let majority = self.majority_held();
        // An index of an earlier term is not held up by anybody: it cannot be committed by counting at all.
        let wanted = if self.log.term_at(majority) == Some(self.term) { majority } else { self.commit };
        let patience_ticks = self.config.strong_sync_degrade_ticks;
        let keep_up_ticks = STRONG_SYNC_REARM_HEARTBEATS * self.config.heartbeat_ticks;
        let commit = self.commit;
        for peer in self.peers.iter_mut().filter(|peer| peer.is_strong_sync) {
            let is_heard = peer.contact_ticks <= keep_up_ticks;
            let pulse = Pulse { match_index: peer.match_index, wanted, commit, is_heard };
            let turn = peer.sync.tick(&pulse, patience_ticks, keep_up_ticks);
            tell(turn, peer.id, peer.match_index, effects);
        }
        if self.part.is_strong_sync {
            let match_index = self.writes.durable_index();
            let pulse = Pulse { match_index, wanted, commit, is_heard: true };
            let turn = self.own_sync.tick(&pulse, patience_ticks, keep_up_ticks);
            tell(turn, self.config.id, match_index, effects);
        }
    }
}

fn tell(turn: Option<Turn>, voter: NodeId, match_index: LogIndex, effects: &mut Effects) {
    match turn {
        Some(Turn::Degraded) => {
            effects.push(Effect::Notice(Notice::StrongSyncDegraded { voter, match_index }));
        }
        Some(Turn::Armed) => effects.push(Effect::Notice(Notice::StrongSyncRearmed { voter })),
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE_TICKS: u32 = 30;
    const KEEP_UP_TICKS: u32 = 20;

    fn tick(
        sync: &mut StrongSync,
        match_index: u64,
        wanted: u64,
        commit: u64,
        is_heard: bool,
    ) -> Option<Turn> {
        let (match_index, wanted) = (LogIndex::new(match_index), LogIndex::new(wanted));
        let pulse = Pulse { match_index, wanted, commit: LogIndex::new(commit), is_heard };
        sync.tick(&pulse, PATIENCE_TICKS, KEEP_UP_TICKS)
    }

    fn degraded() -> StrongSync {
        StrongSync { state: State::Degraded, ..StrongSync::default() }
    }

    #[test]
    fn a_voter_that_is_always_a_little_late_is_not_degraded() {
        let mut sync = StrongSync::default();
        for round in 0..500 {
            assert_eq!(tick(&mut sync, round, round + 10, round, true), None);
        }
        assert!(sync.holds_up());
    }

    #[test]
    fn a_voter_that_stands_still_is_degraded_after_its_time_and_not_before() {
        let mut sync = StrongSync::default();
        for waited in 0..PATIENCE_TICKS {
            assert_eq!(tick(&mut sync, 5, 9, 5, true), None, "after {waited}");
        }
        assert_eq!(tick(&mut sync, 5, 9, 5, true), Some(Turn::Degraded));
        assert!(!sync.holds_up() && sync.is_degraded());
    }

    #[test]
    fn it_is_armed_when_it_has_everything_and_is_heard() {
        let mut sync = degraded();
        assert_eq!(tick(&mut sync, 9, 9, 9, false), None, "what it held once says nothing of now");
        assert_eq!(tick(&mut sync, 9, 9, 9, true), Some(Turn::Armed));
        assert!(sync.holds_up() && !sync.is_degraded());
    }

    #[test]
    fn under_load_commits_wait_for_it_until_it_has_caught_up() {
        let mut sync = degraded();
        // Always ten behind, but never late.
        let mut at = 0;
        while !sync.holds_up() {
            assert_eq!(tick(&mut sync, at, at + 10, at + 10, true), None);
            at += 1;
            assert!(at < 50, "it keeps up and is never waited for");
        }
        assert!(sync.is_degraded(), "not before it has everything");
        assert_eq!(tick(&mut sync, 60, 60, 60, true), Some(Turn::Armed));
    }

    #[test]
    fn a_voter_that_gets_on_too_slowly_stays_degraded() {
        let mut sync = degraded();
        for at in 0..1_000 {
            assert_eq!(tick(&mut sync, at / 25, at + 100, at + 100, true), None);
            assert!(!sync.holds_up());
        }
    }
}
