//! Processes that are killed and processes that stand still.

use rand::Rng;
use rand::rngs::StdRng;

use super::script::{Script, between, quiet, victims};
use super::{Action, Step, View};

/// How long a killed node is away: from less than an election takes to long enough for the others to go on.
const AWAY_MS: (u64, u64) = (50, 12_000);
/// How long a process stands still.
const STILL_MS: (u64, u64) = (100, 60_000);
/// Nobody, or too few, to work with: not for as long as that.
const MAJORITY_STILL_MS: u64 = 15_000;
/// How often the same node is killed again while it starts.
const AGAIN: f64 = 0.2;
/// While it starts.
const STARTING_MS: (u64, u64) = (10, 1_000);

/// SIGKILL of the leader, one, some, all at once.
pub(super) struct Kill;

impl Script for Kill {
    fn script(&mut self, random: &mut StdRng, view: &View) -> Vec<Step> {
        let ids = victims(random, view);
        let mut steps = Vec::new();
        loop {
            // A disk that was writing when the power went has written something.
            let torn = (view.has_disk && random.random_bool(0.5)).then(|| random.random_range(0..1 << 32));
            let kill = Action::Kill { ids: ids.clone(), torn };
            steps.push(kill.then(between(random, AWAY_MS.0, AWAY_MS.1)));
            if !random.random_bool(AGAIN) {
                break;
            }
            steps.push(Action::Start(ids.clone()).then(between(random, STARTING_MS.0, STARTING_MS.1)));
        }
        steps.push(Action::Start(ids).then(quiet(random)));
        steps
    }
}

/// SIGSTOP.
pub(super) struct Pause;

impl Script for Pause {
    fn script(&mut self, random: &mut StdRng, view: &View) -> Vec<Step> {
        let ids = victims(random, view);
        let is_majority = ids.len() > view.nodes.len() / 2;
        let most_ms = if is_majority { MAJORITY_STILL_MS } else { STILL_MS.1 };
        let last = between(random, STILL_MS.0, most_ms);
        vec![Action::Pause(ids.clone()).then(last), Action::Resume(ids).then(quiet(random))]
    }
}
