//! Invocations and their completions.

use std::collections::{HashMap, HashSet};

use super::{History, Kind, Operation, Process};

/// What one client asked for once, and what it was told.
#[derive(Clone, Copy, Debug)]
pub struct Pair<'h> {
    /// The invocation.
    pub invoke: &'h Operation,
    /// The completion; none where the history ends before it, which is as good as an [`Kind::Info`].
    pub completion: Option<&'h Operation>,
}

/// A history that is none: a completion of nothing, two operations of a process at once, a process that goes on after an `:info`, indexes that do not ascend.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("operation {index}: {what}")]
pub struct ShapeError {
    /// [`Operation::index`].
    pub index: u64,
    /// What is wrong with it.
    pub what: &'static str,
}

impl<'h> Pair<'h> {
    /// How it ended: [`Kind::Info`] if it did not.
    #[must_use]
    pub fn outcome(&self) -> Kind {
        self.completion.map_or(Kind::Info, |completion| completion.kind)
    }

    /// The completion, if it took place for certain.
    #[must_use]
    pub fn ok(&self) -> Option<&'h Operation> {
        self.completion.filter(|completion| completion.kind == Kind::Ok)
    }

    /// Where in the history it was over: never, for what may still take place.
    #[must_use]
    pub fn end(&self) -> u64 {
        match self.outcome() {
            Kind::Ok | Kind::Fail => self.completion.map_or(u64::MAX, |completion| completion.index),
            Kind::Info | Kind::Invoke => u64::MAX,
        }
    }
}

impl History {
    /// The operations of clients, by invocation. Those of the nemesis are left out.
    ///
    /// # Errors
    ///
    /// It is not well formed.
    pub fn pairs(&self) -> Result<Vec<Pair<'_>>, ShapeError> {
        let mut pairs: Vec<Pair<'_>> = Vec::new();
        let mut open: HashMap<u64, usize> = HashMap::new();
        let mut over: HashSet<u64> = HashSet::new();
        let mut last_index = None;
        for operation in &self.operations {
            let wrong = |what| ShapeError { index: operation.index, what };
            if last_index.is_some_and(|last| operation.index <= last) {
                return Err(wrong("its index is not above the one before"));
            }
            last_index = Some(operation.index);
            let Process::Client(process) = operation.process else { continue };
            match operation.kind {
                Kind::Invoke => {
                    if over.contains(&process) {
                        return Err(wrong("its process had an :info before"));
                    }
                    if open.insert(process, pairs.len()).is_some() {
                        return Err(wrong("its process has another operation going on"));
                    }
                    pairs.push(Pair { invoke: operation, completion: None });
                }
                Kind::Ok | Kind::Fail | Kind::Info => {
                    let at = open.remove(&process).ok_or_else(|| wrong("it completes nothing"))?;
                    if pairs[at].invoke.function != operation.function {
                        return Err(wrong("it completes an invocation of another :f"));
                    }
                    pairs[at].completion = Some(operation);
                    if operation.kind == Kind::Info {
                        over.insert(process);
                    }
                }
            }
        }
        Ok(pairs)
    }

    /// How many operations of clients ended so, of one function or of all: what a floor is compared with.
    #[must_use]
    pub fn count(&self, kind: Kind, function: Option<&str>) -> u64 {
        let counted = self.operations.iter().filter(|operation| {
            operation.kind == kind
                && operation.process != Process::Nemesis
                && function.is_none_or(|function| operation.function == function)
        });
        counted.count() as u64
    }
}
