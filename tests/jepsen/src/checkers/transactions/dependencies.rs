//! The graph of dependencies between transactions, as the crate `adya` derives it, with real time where the model has it.

use std::collections::HashMap;

use adya::check::Analysis;
use adya::graph::{Graph, PROCESS, REALTIME, rel_name};
use adya::history::OpType;
use adya::{History, Opts, Workload};

use super::Model;
use super::cycle::{Cycle, Step};

/// Who depends on whom.
pub(super) struct Dependencies<'h> {
    analysis: Analysis<'h>,
    pub(super) graph: Graph,
    /// By vertex: the completion's place in [`History::ops`].
    pub(super) completions: HashMap<u32, usize>,
}

impl<'h> Dependencies<'h> {
    /// None where the history is such that nothing can be derived.
    pub(super) fn of(
        history: &'h History,
        workload: Workload,
        model: Model,
        options: &Opts,
    ) -> Option<Dependencies<'h>> {
        let mut analysis = match workload {
            Workload::ListAppend => adya::list_append::analyze(history),
            Workload::RwRegister => adya::rw_register::analyze_with(
                history,
                adya::rw_register::Options {
                    wfr_keys: options.wfr_keys,
                    linearizable_keys: options.linearizable_keys,
                    ..adya::rw_register::Options::default()
                },
            ),
        };
        let mut builder = analysis.data.take()?;
        if model.is_real_time() {
            for (before, after) in real_time_order(history) {
                builder.link(analysis.vertex(before), analysis.vertex(after), REALTIME);
            }
        }
        let completions: HashMap<u32, usize> = (0..history.ops.len())
            .filter(|at| matches!(history.ops[*at].kind, OpType::Ok | OpType::Info))
            .map(|at| (analysis.vertex(at), at))
            .collect();
        let graph = builder.finish(completions.len());
        Some(Dependencies { analysis, graph, completions })
    }

    /// These transactions, each with its relation to the next one, in words.
    pub(super) fn cycle(&self, found: &[(u32, u8)]) -> Option<Cycle> {
        let at: Vec<usize> =
            found.iter().map(|(vertex, _)| self.completions.get(vertex).copied()).collect::<Option<_>>()?;
        let step = |number: usize| {
            let (from, to, relation) = (at[number], at[(number + 1) % at.len()], found[number].1);
            let why = match (relation, &self.analysis.explainer) {
                (PROCESS | REALTIME, _) | (_, None) => self.analysis.explain_order(from, to, relation),
                (_, Some(explainer)) => explainer.explain(&self.analysis, from, to, relation),
            };
            let history = self.analysis.history();
            Step {
                index: history.ops[from].index,
                operation: operation(history, from),
                relation: rel_name(relation).to_owned(),
                why,
            }
        };
        Some(Cycle { steps: (0..at.len()).map(step).collect() })
    }
}

/// A transaction as JSON has it.
pub(super) fn operation(history: &History, at: usize) -> String {
    use adya::history::{Mop, ReadValue};
    let op = &history.ops[at];
    let value = |id| history.show(id).to_string();
    let step = |mop: &Mop| match mop {
        Mop::Append { key, value: new } => format!("[append {} {}]", value(*key), value(*new)),
        Mop::Write { key, value: new } => format!("[w {} {}]", value(*key), value(*new)),
        Mop::Read { key, value: ReadValue::Nil } => format!("[r {} nil]", value(*key)),
        Mop::Read { key, value: ReadValue::Scalar(seen) } => format!("[r {} {}]", value(*key), value(*seen)),
        Mop::Read { key, value: ReadValue::List(seen) } => {
            let seen: Vec<String> = seen.iter().map(|id| value(*id)).collect();
            format!("[r {} [{}]]", value(*key), seen.join(" "))
        }
    };
    let steps: Vec<String> = op.value.iter().map(step).collect();
    let kind = if op.kind == OpType::Info { "info" } else { "ok" };
    format!("{kind}, process {}: [{}]", op.process.unwrap_or_default(), steps.join(" "))
}

/// Who had ended before another began, reduced: who is before another by way of a third has no edge.
fn real_time_order(history: &History) -> Vec<(usize, usize)> {
    let mut order = Vec::new();
    let mut ended: Vec<usize> = Vec::new();
    let mut before: HashMap<usize, Vec<usize>> = HashMap::new();
    for (at, op) in history.ops.iter().enumerate() {
        match op.kind {
            OpType::Invoke => {
                let Some(completion) = history.pair[at] else { continue };
                if matches!(history.ops[completion].kind, OpType::Ok | OpType::Info) {
                    order.extend(ended.iter().map(|earlier| (*earlier, completion)));
                    before.insert(completion, ended.clone());
                }
            }
            OpType::Ok => {
                let implied = before.remove(&at).unwrap_or_default();
                ended.retain(|earlier| !implied.contains(earlier));
                ended.push(at);
            }
            OpType::Fail | OpType::Info => {}
        }
    }
    order
}
