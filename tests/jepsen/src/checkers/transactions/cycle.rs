//! The smallest cycle of a kind.
//!
//! `adya` names the kinds of cycles that a history has and shows one of each: a shortest one from the first transaction that has any. In a component of thousands that is seldom
//! the smallest, and real-time edges are a reduction of the order, so that one hop may be shown as several. Here every transaction is tried as the beginning, by breadth, and a chain of
//! real-time edges is one hop.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use adya::graph::{Graph, PROCESS, REALTIME, RW, WR, WW, edge_type};
use adya::history::OpType;
use adya::{Anomaly, History, Opts, Workload};

use super::Model;
use super::dependencies::{Dependencies, operation};

/// How long a smaller cycle is looked for.
const SEARCH_TIME_MAX: Duration = Duration::from_secs(5);

/// A cycle of transactions.
#[derive(Clone, Debug)]
pub(super) struct Cycle {
    pub(super) steps: Vec<Step>,
}

/// One transaction, and why it is before the next one.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// Index of its completion in the history.
    pub(super) index: u64,
    /// As the history has it.
    pub(super) operation: String,
    /// `ww`, `wr`, `rw`, `realtime`, `process`.
    pub(super) relation: String,
    pub(super) why: String,
}

impl Cycle {
    /// What the transactions are, then why each is before the next one.
    pub(super) fn text(&self) -> String {
        let mut text = format!("a cycle of {} transactions. Let\n", self.steps.len());
        for step in &self.steps {
            text.push_str(&format!("  T{} = {}\n", step.index, step.operation));
        }
        text.push_str("Then\n");
        for (at, step) in self.steps.iter().enumerate() {
            let next = self.steps[(at + 1) % self.steps.len()].index;
            let last =
                if at + 1 == self.steps.len() { ("However, ", ": a contradiction!") } else { ("", ".") };
            let (relation, why) = (&step.relation, &step.why);
            text.push_str(&format!(
                "  - {}T{} < T{next} ({relation}), because {why}{}\n",
                last.0, step.index, last.1
            ));
        }
        text
    }
}

/// How many anti-dependencies a kind of cycle has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum AntiDependencies {
    None,
    One,
    /// No two one after the other.
    Nonadjacent,
    Any,
}

/// What a kind of cycle is made of.
#[derive(Clone, Copy, Debug)]
struct Kind {
    allowed: u8,
    anti: AntiDependencies,
}

impl Kind {
    /// Of the crate's name; none for what is no cycle.
    fn of(name: &str) -> Option<Kind> {
        let (base, order) = match (name.strip_suffix("-realtime"), name.strip_suffix("-process")) {
            (Some(base), _) => (base, REALTIME),
            (None, Some(base)) => (base, PROCESS),
            (None, None) => (name, 0),
        };
        let (allowed, anti) = match base {
            "G0" => (WW, AntiDependencies::None),
            "G1c" => (WW | WR, AntiDependencies::None),
            "G-single-item" => (WW | WR | RW, AntiDependencies::One),
            "G-nonadjacent-item" => (WW | WR | RW, AntiDependencies::Nonadjacent),
            "G2-item" => (WW | WR | RW, AntiDependencies::Any),
            _ => return None,
        };
        Some(Kind { allowed: allowed | order, anti })
    }
}

/// The smallest cycle of the anomaly's kind; none if it is not a cycle.
pub(super) fn smallest(
    history: &History,
    workload: Workload,
    model: Model,
    options: &Opts,
    name: &str,
    anomaly: &Anomaly,
) -> Option<Cycle> {
    let kind = Kind::of(name)?;
    let shown = shown(history, anomaly)?;
    if shown.steps.len() == 2 {
        return Some(shown);
    }
    let dependencies = Dependencies::of(history, workload, model, options)?;
    let found = Search::new(&dependencies.graph, kind, shown.steps.len()).run()?;
    dependencies.cycle(&found)
}

/// The cycle that the crate shows.
fn shown(history: &History, anomaly: &Anomaly) -> Option<Cycle> {
    let by_index: HashMap<u64, usize> = history
        .ops
        .iter()
        .enumerate()
        .filter(|(_, op)| op.kind != OpType::Invoke)
        .map(|(at, op)| (op.index, at))
        .collect();
    let step = |step: &serde_json::Value| {
        let index = step.get("from")?.as_u64()?;
        Some(Step {
            index,
            operation: operation(history, *by_index.get(&index)?),
            relation: step.get("rel")?.as_str()?.to_owned(),
            why: step.get("why")?.as_str()?.to_owned(),
        })
    };
    let steps: Vec<Step> =
        anomaly.detail.get("steps")?.as_array()?.iter().map(step).collect::<Option<_>>()?;
    if steps.is_empty() { None } else { Some(Cycle { steps }) }
}

/// Where a path is: the vertex, how many anti-dependencies it has (1 stands for more), whether its last edge is one, and whether its last edge is of time.
type State = (u32, bool, bool, bool);

/// A search for a cycle of fewer steps than one that is known.
struct Search<'g> {
    graph: &'g Graph,
    kind: Kind,
    /// Steps of the smallest known.
    best_len: usize,
    deadline: Instant,
}

impl<'g> Search<'g> {
    fn new(graph: &'g Graph, kind: Kind, known_len: usize) -> Search<'g> {
        Search { graph, kind, best_len: known_len + 1, deadline: Instant::now() + SEARCH_TIME_MAX }
    }

    /// The smallest cycle found in time: vertices, each with the relation to the next one.
    fn run(mut self) -> Option<Vec<(u32, u8)>> {
        let mut best = None;
        for start in 0..u32::try_from(self.graph.len()).unwrap_or(u32::MAX) {
            if self.best_len <= 2 || Instant::now() > self.deadline {
                break;
            }
            // A cycle with an anti-dependency is looked for from there; others begin with something else than time.
            let first = match self.kind.anti {
                AntiDependencies::None => self.kind.allowed & (WW | WR),
                AntiDependencies::One | AntiDependencies::Nonadjacent => RW,
                AntiDependencies::Any => self.kind.allowed & (WW | WR | RW),
            };
            if let Some(cycle) = self.from(start, first) {
                self.best_len = cycle.len();
                best = Some(cycle);
            }
        }
        best
    }

    /// The relation of an edge by which the cycle may go on, and whether it costs a step.
    fn step(&self, relations: u8, (_, has_anti, last_anti, last_time): State) -> Option<(u8, usize)> {
        let relation = edge_type(relations & self.kind.allowed);
        let is_time = relation & (REALTIME | PROCESS) != 0;
        let is_allowed = match (relation, self.kind.anti) {
            (0, _) => false,
            (RW, AntiDependencies::None) => false,
            (RW, AntiDependencies::One) => !has_anti,
            (RW, AntiDependencies::Nonadjacent) => !last_anti,
            (_, _) => true,
        };
        is_allowed.then_some((relation, usize::from(!(is_time && last_time))))
    }

    /// A cycle through `start` of fewer steps than the best, which begins with one of the relations `first`. Edges of time that go on one another cost nothing.
    fn from(&self, start: u32, first: u8) -> Option<Vec<(u32, u8)>> {
        let mut costs: HashMap<State, usize> = HashMap::new();
        let mut came: HashMap<State, (Option<State>, u8)> = HashMap::new();
        let mut queue: VecDeque<(State, usize)> = VecDeque::new();
        for (to, relations) in &self.graph.adj[start as usize] {
            let relation = edge_type(relations & self.kind.allowed);
            if relation & first != 0 {
                let state = (*to, relation == RW, relation == RW, false);
                if costs.insert(state, 1).is_none() {
                    came.insert(state, (None, relation));
                    queue.push_back((state, 1));
                }
            }
        }
        while let Some((state, cost)) = queue.pop_front() {
            if costs.get(&state) != Some(&cost) {
                continue;
            }
            if state.0 == start {
                return Some(unwind(start, state, &came));
            }
            for (to, relations) in &self.graph.adj[state.0 as usize] {
                let Some((relation, step_cost)) = self.step(*relations, state) else { continue };
                let cost = cost + step_cost;
                let is_end = *to == start;
                // The first edge is an anti-dependency there, so the last one may be none.
                if cost >= self.best_len
                    || (is_end && relation == RW && self.kind.anti == AntiDependencies::Nonadjacent)
                {
                    continue;
                }
                let next =
                    (*to, state.1 || relation == RW, relation == RW, relation & (REALTIME | PROCESS) != 0);
                if costs.get(&next).is_none_or(|known| cost < *known) {
                    costs.insert(next, cost);
                    came.insert(next, (Some(state), relation));
                    if step_cost == 0 {
                        queue.push_front((next, cost))
                    } else {
                        queue.push_back((next, cost))
                    }
                }
            }
        }
        None
    }
}

/// The path back, with chains of time as one step.
fn unwind(start: u32, end: State, came: &HashMap<State, (Option<State>, u8)>) -> Vec<(u32, u8)> {
    let mut steps: Vec<(u32, u8)> = Vec::new();
    let mut at = Some(end);
    while let Some(state) = at {
        let (before, relation) = came[&state];
        steps.push((before.map_or(start, |before| before.0), relation));
        at = before;
    }
    steps.reverse();
    steps.dedup_by(|later, earlier| later.1 == earlier.1 && later.1 & (REALTIME | PROCESS) != 0);
    steps
}
