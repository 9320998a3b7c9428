//! When the cluster was hurt, read from what the nemesis recorded.
//!
//! A fault lasts from the step that begins it to the step that ends it: `kill` and `start`, `pause` and `resume`, `start-X` and `stop-X`, which
//! are the names of Jepsen's own nemeses. `heal` ends all. Other steps are moments.

use crate::history::History;
use crate::report::spans;

/// No fault is described at greater length.
const WHAT_TEXT_MAX: usize = 300;

/// A time in which a fault was there, or a moment at which something was done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// `partition`, `kill`, `transfer`.
    pub name: String,
    /// What was done, as it stands in the history.
    pub what: String,
    /// When it began to be made.
    pub begin_ns: u64,
    /// When it was undone; nothing, when the history ends before.
    pub end_ns: Option<u64>,
    /// Whether it lasts; else the time is that of the step itself.
    pub lasts: bool,
}

enum Step<'a> {
    Begins(&'a str),
    Ends(&'a str),
    EndsAll,
    Moment,
}

fn step(function: &str) -> Step<'_> {
    match function {
        "kill" | "pause" => Step::Begins(function),
        "start" => Step::Ends("kill"),
        "resume" => Step::Ends("pause"),
        "heal" => Step::EndsAll,
        other => match (other.strip_prefix("start-"), other.strip_prefix("stop-")) {
            (Some(name), _) => Step::Begins(name),
            (None, Some(name)) => Step::Ends(name),
            (None, None) => Step::Moment,
        },
    }
}

/// All of a history, in the order in which they began. A fault that is made again while it is there is one.
#[must_use]
pub fn of(history: &History) -> Vec<Fault> {
    let mut faults: Vec<Fault> = Vec::new();
    for span in spans::of_nemesis(history) {
        let begin_ns = span.invocation.time_ns;
        let end_ns = span.completion.map(|completion| completion.time_ns);
        let what: String = span.invocation.value.to_string().chars().take(WHAT_TEXT_MAX).collect();
        match step(&span.invocation.function) {
            Step::Begins(name) => {
                let is_there =
                    faults.iter().any(|fault| fault.lasts && fault.end_ns.is_none() && fault.name == name);
                if !is_there {
                    faults.push(Fault { name: name.to_owned(), what, begin_ns, end_ns: None, lasts: true });
                }
            }
            Step::Ends(name) => end(&mut faults, |fault| fault.name == name, end_ns),
            Step::EndsAll => end(&mut faults, |_| true, end_ns),
            Step::Moment => {
                faults.push(Fault {
                    name: span.invocation.function.clone(),
                    what,
                    begin_ns,
                    end_ns,
                    lasts: false,
                });
            }
        }
    }
    faults
}

fn end(faults: &mut [Fault], which: impl Fn(&Fault) -> bool, end_ns: Option<u64>) {
    for fault in faults.iter_mut().filter(|fault| fault.lasts && fault.end_ns.is_none() && which(fault)) {
        fault.end_ns = end_ns;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Kind, Process};
    use crate::report::spans::tests::{history, operation};

    #[test]
    fn faults_last_until_they_are_undone() {
        let steps = [
            ("kill", 10),
            ("start-partition", 20),
            ("kill", 30),
            ("transfer", 40),
            ("start", 50),
            ("pause", 60),
            ("heal", 70),
        ];
        let twice = steps.iter().flat_map(|(function, ms)| {
            [
                operation(Process::Nemesis, Kind::Info, function, *ms),
                operation(Process::Nemesis, Kind::Info, function, ms + 2),
            ]
        });
        let faults = of(&history(twice.collect()));
        let times: Vec<_> = faults
            .iter()
            .map(|fault| {
                (
                    fault.name.as_str(),
                    fault.begin_ns / 1_000_000,
                    fault.end_ns.map(|end| end / 1_000_000),
                    fault.lasts,
                )
            })
            .collect();
        assert_eq!(
            times,
            [
                ("kill", 10, Some(52), true),
                ("partition", 20, Some(72), true),
                ("transfer", 40, Some(42), false),
                ("pause", 60, Some(72), true),
            ]
        );
    }
}
