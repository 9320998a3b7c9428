//! Until when a leader may answer reads by itself.
//!
//! A voter that hears a leader votes for nobody else for an election timeout. So once a majority has answered a round of
//! heartbeats, nobody else can have been elected until an election timeout after the round *began*; the lease is shorter than that by
//! the bound on how much two clocks may drift apart in it. Times come from the caller: nanoseconds of a clock that never
//! goes back and that goes on while the process is paused or the machine sleeps (`CLOCK_BOOTTIME`).
//!
//! Invariants: the lease never ends later than its length after the beginning of the newest round that a majority has answered; it is
//! over once revoked, and only a later round brings it back.
//!
//! Left out: who decides that a round was answered ([`crate::Effect::LeaseRound`]), and the clock.

use alloc::collections::VecDeque;

use crate::limits::LEASE_ROUNDS_MAX;

/// One leader's lease.
#[derive(Debug)]
pub struct Lease {
    length_ns: u64,
    /// Rounds that began and are not answered by a majority: number and time, ascending. Bounded by [`LEASE_ROUNDS_MAX`]; the oldest go.
    rounds: VecDeque<(u64, u64)>,
    /// End of the lease; zero: none.
    until_ns: u64,
}

impl Lease {
    /// No lease yet; each will last `length_ns` from the beginning of its round.
    #[must_use]
    pub fn new(length_ns: u64) -> Lease {
        Lease { length_ns, rounds: VecDeque::new(), until_ns: 0 }
    }

    /// A round begins at `now_ns`: [`crate::Effect::HeartbeatRound`].
    pub fn round_began(&mut self, seq: u64, now_ns: u64) {
        if self.rounds.back().is_some_and(|round| round.0 >= seq) {
            // A new leadership counts anew.
            self.rounds.clear();
        }
        if self.rounds.len() >= LEASE_ROUNDS_MAX {
            self.rounds.pop_front();
        }
        self.rounds.push_back((seq, now_ns));
    }

    /// A majority has answered: [`crate::Effect::LeaseRound`].
    pub fn round_answered(&mut self, seq: u64) {
        while let Some(&(round, began_ns)) = self.rounds.front() {
            if round > seq {
                break;
            }
            self.rounds.pop_front();
            if round == seq {
                self.until_ns = self.until_ns.max(began_ns.saturating_add(self.length_ns));
            }
        }
    }

    /// The lease is over: [`crate::Effect::LeaseRevoked`], or this node does not lead any more. Rounds that began before may still be
    /// answered; they bring nothing.
    pub fn revoke(&mut self) {
        self.rounds.clear();
        self.until_ns = 0;
    }

    /// The end of the lease, in the caller's nanoseconds; zero: there is none. A read may be answered when the clock is read *after* the
    /// read began and shows less than this.
    #[must_use]
    pub fn until_ns(&self) -> u64 {
        self.until_ns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lease_runs_from_when_its_round_began() {
        let mut lease = Lease::new(500);
        lease.round_began(1, 1_000);
        lease.round_began(2, 1_100);
        assert_eq!(lease.until_ns(), 0, "nobody has answered");
        lease.round_answered(1);
        assert_eq!(lease.until_ns(), 1_500);
        lease.round_answered(2);
        assert_eq!(lease.until_ns(), 1_600);
        lease.round_answered(1);
        assert_eq!(lease.until_ns(), 1_600, "an answer that comes late shortens nothing");
    }

    #[test]
    fn an_answered_round_says_nothing_of_one_whose_beginning_is_forgotten() {
        let mut lease = Lease::new(500);
        lease.round_began(7, 1_000);
        lease.round_answered(6);
        assert_eq!(lease.until_ns(), 0);
        lease.round_answered(8);
        assert_eq!(lease.until_ns(), 0, "round 8 never began");
    }

    #[test]
    fn a_revoked_lease_needs_a_new_round() {
        let mut lease = Lease::new(500);
        lease.round_began(1, 1_000);
        lease.round_began(2, 1_100);
        lease.round_answered(1);
        lease.revoke();
        assert_eq!(lease.until_ns(), 0);
        lease.round_answered(2);
        assert_eq!(lease.until_ns(), 0, "round 2 began before it was revoked");
        lease.round_began(3, 1_200);
        lease.round_answered(3);
        assert_eq!(lease.until_ns(), 1_700);
    }

    #[test]
    fn a_new_leadership_counts_its_rounds_anew() {
        let mut lease = Lease::new(500);
        lease.round_began(90, 1_000);
        lease.round_began(1, 5_000);
        lease.round_answered(1);
        assert_eq!(lease.until_ns(), 5_500);
    }
}
