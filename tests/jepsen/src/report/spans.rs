//! Operations from beginning to end: an invocation and what became of it, put together.
//!
//! Invariants: spans stand in the order of their invocations, and every invocation of a client has one. Of the nemesis, two lines that follow each
//! other are one span, as Jepsen records them.

use std::collections::{BTreeMap, HashMap};

use crate::history::{History, Kind, Operation, Process};

/// An operation from beginning to end.
#[derive(Clone, Copy, Debug)]
pub struct Span<'a> {
    /// How it began.
    pub invocation: &'a Operation,
    /// How it ended, if it did within the history.
    pub completion: Option<&'a Operation>,
}

impl Span<'_> {
    /// What became of it. One that never ended is of unknown outcome.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.completion.map_or(Kind::Info, |completion| completion.kind)
    }

    /// How long it took, of one that ended.
    #[must_use]
    pub fn latency_ns(&self) -> Option<u64> {
        self.completion.map(|completion| completion.time_ns.saturating_sub(self.invocation.time_ns))
    }
}

/// The operations of the clients.
#[must_use]
pub fn of_clients(history: &History) -> Vec<Span<'_>> {
    collect(history, |process| matches!(process, Process::Client(_)))
}

/// The steps of the nemesis.
#[must_use]
pub fn of_nemesis(history: &History) -> Vec<Span<'_>> {
    collect(history, |process| process == Process::Nemesis)
}

fn collect(history: &History, is_wanted: impl Fn(Process) -> bool) -> Vec<Span<'_>> {
    let mut spans: Vec<Span<'_>> = Vec::new();
    let mut open: HashMap<Process, usize> = HashMap::new();
    for operation in history.operations.iter().filter(|operation| is_wanted(operation.process)) {
        let begins = match operation.process {
            Process::Client(_) => operation.kind == Kind::Invoke,
            Process::Nemesis => operation.kind == Kind::Invoke || !open.contains_key(&Process::Nemesis),
        };
        if begins {
            open.insert(operation.process, spans.len());
            spans.push(Span { invocation: operation, completion: None });
        } else if let Some(place) = open.remove(&operation.process) {
            spans[place].completion = Some(operation);
        }
    }
    spans
}

/// How many operations of one function ended how.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Count {
    /// With `:ok`.
    pub ok: u64,
    /// With `:fail`.
    pub fail: u64,
    /// With `:info`, or not at all.
    pub info: u64,
}

impl Count {
    /// All of them.
    #[must_use]
    pub fn all(&self) -> u64 {
        self.ok + self.fail + self.info
    }

    /// One more of a kind. [`Kind::Invoke`] is no end and is not counted.
    pub fn add(&mut self, kind: Kind) {
        match kind {
            Kind::Ok => self.ok += 1,
            Kind::Fail => self.fail += 1,
            Kind::Info => self.info += 1,
            Kind::Invoke => {}
        }
    }
}

/// By function: how many operations ended how.
#[must_use]
pub fn counts<'a>(spans: &[Span<'a>]) -> BTreeMap<&'a str, Count> {
    let mut counts: BTreeMap<&str, Count> = BTreeMap::new();
    for span in spans {
        counts.entry(&span.invocation.function).or_default().add(span.kind());
    }
    counts
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::edn::Value;

    /// An operation at a time in milliseconds.
    pub fn operation(process: Process, kind: Kind, function: &str, ms: u64) -> Operation {
        Operation {
            index: 0,
            time_ns: ms * 1_000_000,
            process,
            kind,
            function: function.to_owned(),
            value: Value::Nil,
            error: None,
            extra: Vec::new(),
        }
    }

    /// A history of operations, numbered.
    pub fn history(operations: Vec<Operation>) -> History {
        let mut history = History { operations };
        for (index, operation) in history.operations.iter_mut().enumerate() {
            operation.index = index as u64;
        }
        history
    }

    #[test]
    fn completions_find_their_invocations() {
        let (a, b, nemesis) = (Process::Client(0), Process::Client(1), Process::Nemesis);
        let history = history(vec![
            operation(a, Kind::Invoke, "read", 1),
            operation(nemesis, Kind::Info, "kill", 2),
            operation(b, Kind::Invoke, "write", 3),
            operation(a, Kind::Ok, "read", 4),
            operation(nemesis, Kind::Info, "kill", 5),
            operation(b, Kind::Info, "write", 6),
            operation(nemesis, Kind::Info, "start", 7),
            operation(a, Kind::Invoke, "read", 8),
        ]);
        let ends = |spans: &[Span<'_>]| -> Vec<(u64, Option<u64>)> {
            spans.iter().map(|span| (span.invocation.index, span.completion.map(|end| end.index))).collect()
        };
        let clients = of_clients(&history);
        assert_eq!(ends(&clients), [(0, Some(3)), (2, Some(5)), (7, None)]);
        assert_eq!(ends(&of_nemesis(&history)), [(1, Some(4)), (6, None)]);
        assert_eq!(clients[0].latency_ns(), Some(3_000_000));
        let counts = counts(&clients);
        assert_eq!(counts["read"], Count { ok: 1, fail: 0, info: 1 });
        assert_eq!(counts["write"], Count { ok: 0, fail: 0, info: 1 });
    }
}
