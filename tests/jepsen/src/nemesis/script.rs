//! Faults as short scripts, and what is common to their making: whom they hit, and how long they last.

use std::collections::VecDeque;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};

use super::{Action, Nemesis, Step, View};

/// Between two faults: time to work in, now too short for that and now long enough.
const QUIET_MS: (u64, u64) = (500, 8_000);

/// Makes faults.
pub(super) trait Script: Send {
    /// A fault from its beginning to its end. The pause of the last step is the quiet time after it.
    fn script(&mut self, random: &mut StdRng, view: &View) -> Vec<Step>;
}

/// A nemesis that plays one script after another.
pub(super) struct Scripted<S> {
    script: S,
    random: StdRng,
    pending: VecDeque<Step>,
}

impl<S: Script> Scripted<S> {
    /// Plays scripts by this seed.
    pub(super) fn new(script: S, seed: u64) -> Scripted<S> {
        Scripted { script, random: StdRng::seed_from_u64(seed), pending: VecDeque::new() }
    }
}

impl<S: Script> Nemesis for Scripted<S> {
    fn next(&mut self, view: &View) -> Step {
        if self.pending.is_empty() {
            self.pending = self.script.script(&mut self.random, view).into();
        }
        let nothing = || Step { action: Action::Nothing, pause: quiet(&mut self.random) };
        self.pending.pop_front().unwrap_or_else(nothing)
    }
}

impl Action {
    /// This, and then a pause.
    pub(super) fn then(self, pause: Duration) -> Step {
        Step { action: self, pause }
    }
}

/// A time between faults.
pub(super) fn quiet(random: &mut StdRng) -> Duration {
    between(random, QUIET_MS.0, QUIET_MS.1)
}

/// A time between two bounds, all orders of magnitude equally likely: what breaks often does so at the length of some timeout.
pub(super) fn between(random: &mut StdRng, least_ms: u64, most_ms: u64) -> Duration {
    let (least, most) = ((least_ms.max(1) as f64).ln(), (most_ms.max(1) as f64).ln());
    Duration::from_millis(random.random_range(least..=most).exp().round() as u64)
}

/// One of these.
pub(super) fn one<T: Copy>(random: &mut StdRng, among: &[T]) -> Option<T> {
    among.choose(random).copied()
}

/// Whom a fault hits: the leader, any one, a minority, a majority, or all.
pub(super) fn victims(random: &mut StdRng, view: &View) -> Vec<u64> {
    let mut shuffled = view.nodes.clone();
    shuffled.shuffle(random);
    let majority = view.nodes.len() / 2 + 1;
    let count = match random.random_range(0..10) {
        0..4 => return view.leader.into_iter().chain(shuffled).take(1).collect(),
        4..6 => 1,
        6..8 => view.nodes.len() - majority,
        8 => majority,
        _ => view.nodes.len(),
    };
    shuffled.truncate(count.max(1));
    shuffled.sort_unstable();
    shuffled
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeSet;

    use super::super::by_name;
    use super::*;
    use crate::hosts::Member;

    /// A cluster of nodes that are all there.
    pub(in super::super) fn view(count: u64, leader: Option<u64>) -> View {
        View {
            nodes: (1..=count).collect(),
            leader,
            members: (1..=count).map(|id| Member { id, is_voter: true, is_logger: false }).collect(),
            regions: (1..=count).map(|id| (id, 0)).collect(),
            has_disk: true,
            has_clock: true,
        }
    }

    fn steps(name: &str, seed: u64, count: usize) -> Vec<Step> {
        let mut nemesis = by_name(name, seed).unwrap();
        (0..count).map(|_| nemesis.next(&view(5, Some(2)))).collect()
    }

    #[test]
    fn a_seed_says_all_and_another_one_something_else() {
        for name in super::super::NAMES.into_iter().filter(|name| *name != "none") {
            assert_eq!(steps(name, 7, 60), steps(name, 7, 60), "{name}");
            assert_ne!(steps(name, 7, 60), steps(name, 8, 60), "{name}");
        }
        assert!(by_name("nobody", 1).is_err());
    }

    #[test]
    fn what_is_broken_is_mended_again_before_the_next() {
        for (name, begin, end) in [
            ("partition", vec!["start-partition", "start-link"], vec!["stop-partition", "stop-link"]),
            ("kill", vec!["kill"], vec!["start"]),
            ("pause", vec!["pause"], vec!["resume"]),
            ("clock", vec!["start-clock"], vec!["stop-clock"]),
            ("disk", vec!["start-disk"], vec!["stop-disk"]),
        ] {
            let functions: Vec<&str> = steps(name, 3, 200).iter().map(Step::function).collect();
            let matters = functions.into_iter().filter(|f| begin.contains(f) || end.contains(f));
            let mut is_broken = false;
            for function in matters {
                assert_eq!(begin.contains(&function), !is_broken, "{name}: {function}");
                is_broken = !is_broken;
            }
        }
    }

    #[test]
    fn every_kind_of_fault_comes() {
        let shapes: BTreeSet<String> = steps("partition", 1, 600)
            .iter()
            .filter_map(|step| Some(step.value().get("shape")?.to_string()))
            .collect();
        let all = [
            ":bridge",
            ":clients",
            ":deaf",
            ":flapping",
            ":halves",
            ":leader",
            ":loss",
            ":mute",
            ":one",
            ":ring",
        ];
        assert_eq!(shapes.iter().map(String::as_str).collect::<Vec<_>>(), all);
        let functions: BTreeSet<&str> = steps("all", 1, 1_000).iter().map(Step::function).collect();
        for function in ["start-partition", "kill", "pause", "start-clock", "start-disk", "transfer", "heal"]
        {
            assert!(functions.contains(function), "{functions:?}");
        }
        let changes: BTreeSet<&str> = steps("membership", 1, 600).iter().map(Step::function).collect();
        let all = ["add-member", "configure-member", "demote-member", "remove-member", "restart", "transfer"];
        assert_eq!(changes.into_iter().filter(|f| *f != "none").collect::<Vec<_>>(), all);
    }

    #[test]
    fn times_keep_to_their_bounds_and_reach_all_magnitudes() {
        let mut random = StdRng::seed_from_u64(1);
        let times: Vec<Duration> = (0..1_000).map(|_| between(&mut random, 100, 60_000)).collect();
        assert!(times.iter().all(|time| (100..=60_000).contains(&time.as_millis())));
        for range in [100..1_000, 1_000..10_000, 10_000..60_001] {
            assert!(times.iter().filter(|time| range.contains(&time.as_millis())).count() > 150);
        }
    }
}
