//! Stale reads under models that let each statement see another state.
//!
//! Elle's strong READ COMMITTED forbids cycles of writes and reads through real time (G1c-realtime), and nothing about a read that misses what was acknowledged long before: that takes
//! an anti-dependency. Ours promises that every statement sees what was acknowledged before it began. So this is wrong here:
//!
//! R read a state that W changed (rw); W is before X by writes and reads, or is X; and X was acknowledged before R began.
//!
//! Cycles that come back to R in another way say nothing: R may have read something else by a later statement.

use std::collections::HashMap;

use adya::History;
use adya::graph::{REALTIME, RW, WR, WW};
use adya::history::OpType;

use super::cycle::Cycle;
use super::dependencies::Dependencies;

/// That something was in effect: the acknowledgement that shows it, and the way there.
#[derive(Clone, Copy)]
struct Shown {
    /// Place of the acknowledgement in [`History::ops`].
    at: usize,
    /// The next transaction on the way to the one that was acknowledged, and the relation to it.
    next: Option<(u32, u8)>,
}

/// The stale reads: each as a cycle of as few transactions as show it, smallest first.
pub(super) fn stale_reads(history: &History, dependencies: &Dependencies<'_>) -> Vec<Cycle> {
    let shown = shown(history, dependencies);
    let mut found: Vec<Vec<(u32, u8)>> = Vec::new();
    for (vertex, completion) in &dependencies.completions {
        let Some(invocation) =
            history.pair[*completion].filter(|_| history.ops[*completion].kind == OpType::Ok)
        else {
            continue;
        };
        for (writer, relations) in &dependencies.graph.adj[*vertex as usize] {
            let late = shown.get(writer).filter(|shown| relations & RW != 0 && shown.at < invocation);
            if late.is_some() {
                found.push(way(*vertex, *writer, &shown));
            }
        }
    }
    found.sort_by_key(|cycle| (cycle.len(), cycle.first().copied()));
    found.iter().filter_map(|cycle| dependencies.cycle(cycle)).collect()
}

/// The first acknowledgement that shows each transaction to be in effect: by its own, or that of one that is after it.
fn shown(history: &History, dependencies: &Dependencies<'_>) -> HashMap<u32, Shown> {
    let mut before: HashMap<u32, Vec<(u32, u8)>> = HashMap::new();
    for (from, edges) in dependencies.graph.adj.iter().enumerate() {
        for (to, relations) in edges.iter().filter(|(_, relations)| relations & (WW | WR) != 0) {
            let relation = if relations & WW != 0 { WW } else { WR };
            let from = u32::try_from(from).unwrap_or(u32::MAX);
            before.entry(*to).or_default().push((from, relation));
        }
    }
    let mut acknowledged: Vec<(usize, u32)> = dependencies
        .completions
        .iter()
        .filter(|(_, at)| history.ops[**at].kind == OpType::Ok)
        .map(|(vertex, at)| (*at, *vertex))
        .collect();
    acknowledged.sort_unstable();
    let mut shown: HashMap<u32, Shown> = HashMap::new();
    for (at, vertex) in acknowledged {
        let mut queue = std::collections::VecDeque::from([(vertex, None)]);
        while let Some((vertex, next)) = queue.pop_front() {
            if shown.contains_key(&vertex) {
                continue;
            }
            shown.insert(vertex, Shown { at, next });
            for (earlier, relation) in before.get(&vertex).into_iter().flatten() {
                queue.push_back((*earlier, Some((vertex, *relation))));
            }
        }
    }
    shown
}

fn way(reader: u32, writer: u32, shown: &HashMap<u32, Shown>) -> Vec<(u32, u8)> {
    let mut steps = vec![(reader, RW)];
    let mut at = writer;
    while let Some((next, relation)) = shown.get(&at).and_then(|shown| shown.next) {
        steps.push((at, relation));
        at = next;
    }
    steps.push((at, REALTIME));
    steps
}
