//! Disks that are full, fail, tear and are slow, and power that goes.

use rand::Rng;
use rand::rngs::StdRng;

use super::script::{Script, between, quiet, victims};
use super::{Action, Step, View};
use crate::disk::{Aim, Fault};

/// How long a disk fails.
const FAULTY_MS: (u64, u64) = (500, 15_000);
/// How much slower a sync is.
const SLOW_MS: (u64, u64) = (20, 3_000);
/// What is left on a disk that is soon full.
const FREE_BYTES_MAX: u64 = 4 << 20;
/// How many requests of a million fail: some, or every one.
const PER_MILLION: [u32; 3] = [10_000, 200_000, 1_000_000];
/// How often the power goes while a disk fails.
const POWER_LOSS: f64 = 0.4;

/// Faults of disks, and losses of power.
pub(super) struct Disk;

impl Script for Disk {
    fn script(&mut self, random: &mut StdRng, view: &View) -> Vec<Step> {
        let ids = victims(random, view);
        let faults = ids.iter().map(|id| (*id, fault(random))).collect();
        let mut steps = vec![Action::StartDisk(faults).then(between(random, FAULTY_MS.0, FAULTY_MS.1))];
        if random.random_bool(POWER_LOSS) {
            let torn = random.random_bool(0.5).then(|| random.random_range(0..1 << 32));
            steps.push(Action::Kill { ids, torn }.then(between(random, 10, 2_000)));
        }
        // Nodes whose disk failed have ended, as they must.
        steps.push(Action::StopDisk.then(quiet(random)));
        steps
    }
}

fn fault(random: &mut StdRng) -> Fault {
    let per_million = PER_MILLION[random.random_range(0..PER_MILLION.len())];
    let aim = Aim::all(per_million);
    match random.random_range(0..8) {
        0 => Fault::FullDisk { free_bytes: random.random_range(0..=FREE_BYTES_MAX) },
        1 => Fault::EioOnRead(aim),
        2 => Fault::EioOnWrite(aim),
        3 => Fault::EioOnSync(aim),
        4 => Fault::ShortWrite(aim),
        _ => Fault::SlowSync(between(random, SLOW_MS.0, SLOW_MS.1)),
    }
}
