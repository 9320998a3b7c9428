//! Links that are cut and lines that are bad.

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use super::script::{Script, between, one, quiet};
use super::{Action, Step, View};
use crate::hosts::End;

/// How long a partition lasts.
const CUT_MS: (u64, u64) = (500, 20_000);
/// How long one that comes and goes is there or not.
const FLAP_MS: (u64, u64) = (50, 1_500);
/// How often it comes.
const FLAPS: (usize, usize) = (3, 8);
/// How much is lost on bad lines, in thousandths.
const LOSS_PER_MILLE: (u32, u32) = (10, 300);
/// How long packets take between regions that are far from each other for a while.
const DELAY_MS: (u64, u64) = (50, 1_000);

/// Cuts between nodes, and between clients and nodes.
pub(super) struct Partition;

type Cut = Vec<(End, End)>;

impl Script for Partition {
    fn script(&mut self, random: &mut StdRng, view: &View) -> Vec<Step> {
        let last = between(random, CUT_MS.0, CUT_MS.1);
        match random.random_range(0..12) {
            0 => return bad_lines(random, view),
            1 => return flapping(random, view),
            _ => {}
        }
        let (shape, cut) = shape(random, view);
        vec![Action::StartPartition { shape, cut }.then(last), Action::StopPartition.then(quiet(random))]
    }
}

/// One of the partitions that last.
fn shape(random: &mut StdRng, view: &View) -> (&'static str, Cut) {
    let mut shuffled = view.nodes.clone();
    shuffled.shuffle(random);
    let leader = view.leader.or_else(|| one(random, &view.nodes)).unwrap_or(1);
    let any = one(random, &view.nodes).unwrap_or(1);
    let has_regions = view.regions.values().any(|region| *region > 0);
    match random.random_range(0..if has_regions { 10 } else { 9 }) {
        0 => ("halves", apart(&shuffled[..shuffled.len() / 2], &shuffled[shuffled.len() / 2..])),
        1 => ("ring", ring(&shuffled)),
        2 => ("one", apart(&[any], &others(view, any))),
        3 | 4 => ("leader", apart(&[leader], &others(view, leader))),
        5 => ("bridge", bridge(&shuffled)),
        // Heartbeats go out and answers do not come in, or the other way round.
        6 => ("mute", one_way(&[leader], &others(view, leader))),
        7 => ("deaf", one_way(&others(view, leader), &[leader])),
        8 => ("clients", clients(random, leader)),
        _ => ("region", region(random, view)),
    }
}

fn others(view: &View, than: u64) -> Vec<u64> {
    view.nodes.iter().copied().filter(|id| *id != than).collect()
}

/// Nothing gets from any of these to any of those.
fn one_way(from: &[u64], to: &[u64]) -> Cut {
    from.iter().flat_map(|from| to.iter().map(|to| (End::Node(*from), End::Node(*to)))).collect()
}

/// Nothing gets from either side to the other.
fn apart(left: &[u64], right: &[u64]) -> Cut {
    [one_way(left, right), one_way(right, left)].concat()
}

/// Each node hears a majority, and no two the same one.
fn ring(nodes: &[u64]) -> Cut {
    let count = nodes.len();
    let majority = count / 2 + 1;
    let mut cut = Vec::new();
    for at in 0..count {
        let unheard: Vec<u64> = (majority..count).map(|step| nodes[(at + step) % count]).collect();
        cut.extend(one_way(&unheard, &[nodes[at]]));
    }
    cut
}

/// Two halves that do not reach each other, and one node that both reach.
fn bridge(nodes: &[u64]) -> Cut {
    let Some((_, rest)) = nodes.split_first() else { return Vec::new() };
    apart(&rest[..rest.len() / 2], &rest[rest.len() / 2..])
}

/// The clients' host and a node do not reach each other, or one does not reach the other.
fn clients(random: &mut StdRng, leader: u64) -> Cut {
    let (there, back) = ((End::Clients, End::Node(leader)), (End::Node(leader), End::Clients));
    match random.random_range(0..4) {
        0 => vec![there],
        1 => vec![back],
        _ => vec![there, back],
    }
}

/// One region and the others.
fn region(random: &mut StdRng, view: &View) -> Cut {
    let regions: Vec<u8> = view.regions.values().copied().collect();
    let Some(cut_off) = one(random, &regions) else { return Vec::new() };
    let (inside, outside): (Vec<u64>, Vec<u64>) =
        view.nodes.iter().partition(|id| view.regions.get(id) == Some(&cut_off));
    apart(&inside, &outside)
}

/// A partition that comes and goes.
fn flapping(random: &mut StdRng, view: &View) -> Vec<Step> {
    let (_, cut) = shape(random, view);
    let mut steps = Vec::new();
    for _ in 0..random.random_range(FLAPS.0..=FLAPS.1) {
        let start = Action::StartPartition { shape: "flapping", cut: cut.clone() };
        steps.push(start.then(between(random, FLAP_MS.0, FLAP_MS.1)));
        steps.push(Action::StopPartition.then(between(random, FLAP_MS.0, FLAP_MS.1)));
    }
    if let Some(last) = steps.last_mut() {
        last.pause = quiet(random);
    }
    steps
}

/// Packets are lost between all, or between one and the others; between regions they take long, too.
fn bad_lines(random: &mut StdRng, view: &View) -> Vec<Step> {
    let some = match one(random, &view.nodes) {
        Some(id) if random.random_bool(0.5) => vec![id],
        _ => view.nodes.clone(),
    };
    let pairs = apart(&some, &view.nodes).into_iter().filter(|(from, to)| from != to).collect();
    let has_regions = view.regions.values().any(|region| *region > 0);
    let link = Action::StartLink {
        shape: "loss",
        pairs,
        loss_per_mille: random.random_range(LOSS_PER_MILLE.0..=LOSS_PER_MILLE.1),
        delay: has_regions.then(|| between(random, DELAY_MS.0, DELAY_MS.1)),
    };
    let last = between(random, CUT_MS.0, CUT_MS.1);
    vec![link.then(last), Action::StopLink.then(quiet(random))]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Whom each node hears, itself included.
    fn heard(nodes: &[u64], cut: &Cut) -> Vec<BTreeSet<u64>> {
        let hears = |to: u64| {
            nodes.iter().copied().filter(|from| !cut.contains(&(End::Node(*from), End::Node(to)))).collect()
        };
        nodes.iter().map(|id| hears(*id)).collect()
    }

    #[test]
    fn in_a_ring_each_hears_a_majority_and_no_two_the_same() {
        for count in [3, 5, 7] {
            let nodes: Vec<u64> = (1..=count).collect();
            let heard = heard(&nodes, &ring(&nodes));
            assert!(heard.iter().all(|heard| heard.len() as u64 == count / 2 + 1));
            assert_eq!(heard.iter().collect::<BTreeSet<_>>().len() as u64, count);
        }
    }

    #[test]
    fn a_bridge_is_heard_by_all() {
        let nodes = [1, 2, 3, 4, 5];
        let heard = heard(&nodes, &bridge(&nodes));
        assert_eq!(heard[0].len(), 5);
        assert!(heard[1..].iter().all(|heard| heard.len() == 3 && heard.contains(&1)));
    }

    #[test]
    fn halves_hear_themselves() {
        let heard = heard(&[1, 2, 3], &apart(&[1], &[2, 3]));
        assert_eq!(heard, [[1].into(), [2, 3].into(), BTreeSet::from([2, 3])]);
    }
}
