//! Clocks that jump, go wrong and flicker.

use std::time::Duration;

use rand::Rng;
use rand::rngs::StdRng;

use super::script::{Script, between, one, quiet, victims};
use super::{Action, Step, View};
use crate::hosts::Skew;

/// How long clocks are wrong.
const WRONG_MS: (u64, u64) = (2_000, 20_000);
/// How far they are set wrong: from what nobody notices to what nobody overlooks.
const OFFSET_MS: (u64, u64) = (20, 400_000_000);
/// How fast or slow they go, in thousandths.
const RATES_PER_MILLE: [u32; 5] = [100, 900, 1_000, 1_100, 5_000];
/// How often one that flickers is set.
const FLICKERS: (usize, usize) = (3, 8);
/// Between two settings: a process follows within a second.
const FLICKER_PAUSE: Duration = Duration::from_millis(1_100);

/// Wall clocks of some nodes.
pub(super) struct Clock;

impl Script for Clock {
    fn script(&mut self, random: &mut StdRng, view: &View) -> Vec<Step> {
        let ids = victims(random, view);
        let skews = |random: &mut StdRng| ids.iter().map(|id| (*id, skew(random))).collect::<Vec<_>>();
        let mut steps = vec![Action::StartClock(skews(random)).then(between(random, WRONG_MS.0, WRONG_MS.1))];
        if random.random_bool(0.3) {
            for _ in 0..random.random_range(FLICKERS.0..=FLICKERS.1) {
                steps.push(Action::BumpClock(skews(random)).then(FLICKER_PAUSE));
            }
        }
        steps.push(Action::StopClock.then(quiet(random)));
        steps
    }
}

fn skew(random: &mut StdRng) -> Skew {
    let offset = i64::try_from(between(random, OFFSET_MS.0, OFFSET_MS.1).as_millis()).unwrap_or(0);
    let offset_ms = if random.random_bool(0.5) { offset } else { -offset };
    Skew { offset_ms, rate_per_mille: one(random, &RATES_PER_MILLE).unwrap_or(Skew::NONE.rate_per_mille) }
}
