//! Everything, mixed: in rounds, in each of which some of the others are at work at the same time.
//!
//! Their steps are merged by a time that is counted here, so that the order is the seed's. A round ends with all mended, and a quiet time in
//! which the cluster can be what it is.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

use super::script::{between, quiet};
use super::{Action, Nemesis, Step, View, by_name};

/// How long a round is.
const ROUND_MS: (u64, u64) = (8_000, 40_000);
/// How many are at work in a round, at least and at most.
const TOGETHER: (usize, usize) = (1, 3);
/// Nobody begins before that.
const DELAY_MAX_MS: u64 = 3_000;

/// See the module.
pub(super) struct All {
    random: StdRng,
    /// Those at work and when their next step is due, in a time that begins with the round.
    at_work: Vec<(Duration, Box<dyn Nemesis>)>,
    now: Duration,
    end: Duration,
}

impl All {
    /// By this seed.
    pub(super) fn new(seed: u64) -> All {
        All {
            random: StdRng::seed_from_u64(seed),
            at_work: Vec::new(),
            now: Duration::ZERO,
            end: Duration::ZERO,
        }
    }

    fn begin_round(&mut self, view: &View) {
        let mut names = vec!["partition", "kill", "pause", "membership"];
        if view.has_clock {
            names.push("clock");
        }
        if view.has_disk {
            names.push("disk");
        }
        names.shuffle(&mut self.random);
        names.truncate(self.random.random_range(TOGETHER.0..=TOGETHER.1));
        self.now = Duration::ZERO;
        self.end = between(&mut self.random, ROUND_MS.0, ROUND_MS.1);
        let random = &mut self.random;
        let begin = |name: &str| {
            let nemesis = by_name(name, random.random()).expect("the names above are those of nemeses");
            (Duration::from_millis(random.random_range(0..=DELAY_MAX_MS)), nemesis)
        };
        self.at_work = names.into_iter().map(begin).collect();
    }

    /// Whose step is next.
    fn next_at(&self) -> Option<usize> {
        (0..self.at_work.len()).min_by_key(|at| self.at_work[*at].0)
    }
}

impl Nemesis for All {
    fn next(&mut self, view: &View) -> Step {
        if self.at_work.is_empty() {
            self.begin_round(view);
        }
        let due = self.next_at().map(|at| (at, self.at_work[at].0));
        let Some((at, due)) = due.filter(|(_, due)| *due < self.end) else {
            self.at_work.clear();
            return Action::Heal.then(quiet(&mut self.random));
        };
        self.now = due;
        let step = self.at_work[at].1.next(view);
        self.at_work[at].0 = due + step.pause;
        let next = self.next_at().map_or(self.end, |at| self.at_work[at].0).min(self.end);
        step.action.then(next.saturating_sub(self.now))
    }
}
