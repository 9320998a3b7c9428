//! Makes a history while clients work.
//!
//! Index and time are given under one lock, so they ascend together. An invocation is recorded before its request is sent and a completion after its answer
//! has come, if callers do it in that order: then what the history says to have been one after the other was so.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::{History, Kind, Operation, Process};
use crate::edn::Value;

/// A history that is being made. Shared by all workers and the nemesis.
#[derive(Debug)]
pub struct Recorder {
    began: Instant,
    recorded: Mutex<Recorded>,
}

#[derive(Debug)]
struct Recorded {
    operations: Vec<Operation>,
    /// By worker: its process, and whether an operation of it is going on.
    workers: Vec<(u64, bool)>,
}

/// An operation that is going on; it ends by [`Recorder::complete`].
#[derive(Debug)]
#[must_use = "an invocation without completion is one of unknown outcome"]
pub struct Invocation {
    worker: usize,
    process: u64,
    function: String,
    value: Value,
}

/// How an operation ended.
#[derive(Clone, PartialEq, Debug)]
pub struct Completion {
    /// Not [`Kind::Invoke`].
    pub kind: Kind,
    /// The answer; none repeats the invocation's value.
    pub value: Option<Value>,
    /// [`Operation::error`].
    pub error: Option<Value>,
    /// [`Operation::extra`].
    pub extra: Vec<(String, Value)>,
}

impl Completion {
    /// It took place, with this answer.
    #[must_use]
    pub fn ok(value: Value) -> Completion {
        Completion { kind: Kind::Ok, value: Some(value), error: None, extra: Vec::new() }
    }

    /// It did not take place and will not.
    #[must_use]
    pub fn fail(error: Value) -> Completion {
        Completion { kind: Kind::Fail, value: None, error: Some(error), extra: Vec::new() }
    }

    /// Nobody knows.
    #[must_use]
    pub fn info(error: Value) -> Completion {
        Completion { kind: Kind::Info, value: None, error: Some(error), extra: Vec::new() }
    }

    /// With one more of [`Operation::extra`].
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Completion {
        self.extra.push((name.to_owned(), value.into()));
        self
    }
}

impl Invocation {
    /// As which process it stands in the history.
    #[must_use]
    pub fn process(&self) -> u64 {
        self.process
    }
}

impl Recorder {
    /// An empty history of so many workers, which begins now.
    #[must_use]
    pub fn new(workers: usize) -> Recorder {
        let workers = (0..workers as u64).map(|process| (process, false)).collect();
        let recorded = Recorded { operations: Vec::new(), workers };
        Recorder { began: Instant::now(), recorded: Mutex::new(recorded) }
    }

    /// When time 0 of the history was.
    #[must_use]
    pub fn began(&self) -> Instant {
        self.began
    }

    /// Whatever a worker did that panicked, what it had recorded stands.
    fn recorded(&self) -> MutexGuard<'_, Recorded> {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, recorded: &mut Recorded, mut operation: Operation) {
        operation.index = recorded.operations.len() as u64;
        operation.time_ns = u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        recorded.operations.push(operation);
    }

    /// Worker `worker` (from 0) begins an operation. If it left one unfinished, that one has become one of unknown outcome.
    ///
    /// # Panics
    ///
    /// There is no such worker.
    pub fn invoke(
        &self,
        worker: usize,
        function: &str,
        value: Value,
        extra: Vec<(String, Value)>,
    ) -> Invocation {
        let mut recorded = self.recorded();
        let worker_count = recorded.workers.len() as u64;
        let (process, is_open) = &mut recorded.workers[worker];
        if *is_open {
            *process += worker_count;
        }
        *is_open = true;
        let process = *process;
        let invocation = Invocation { worker, process, function: function.to_owned(), value: value.clone() };
        let operation = Operation {
            index: 0,
            time_ns: 0,
            process: Process::Client(process),
            kind: Kind::Invoke,
            function: function.to_owned(),
            value,
            error: None,
            extra,
        };
        self.push(&mut recorded, operation);
        invocation
    }

    /// It ended. After [`Kind::Info`] the worker goes on as another process.
    ///
    /// # Panics
    ///
    /// [`Completion::kind`] is [`Kind::Invoke`], or the worker has begun another operation since.
    pub fn complete(&self, invocation: Invocation, completion: Completion) {
        assert_ne!(completion.kind, Kind::Invoke, "an operation does not end by an invocation");
        let mut recorded = self.recorded();
        let worker_count = recorded.workers.len() as u64;
        let (process, is_open) = &mut recorded.workers[invocation.worker];
        assert!(*is_open && *process == invocation.process, "the operation was given up before");
        *is_open = false;
        if completion.kind == Kind::Info {
            *process += worker_count;
        }
        let operation = Operation {
            index: 0,
            time_ns: 0,
            process: Process::Client(invocation.process),
            kind: completion.kind,
            function: invocation.function,
            value: completion.value.unwrap_or(invocation.value),
            error: completion.error,
            extra: completion.extra,
        };
        self.push(&mut recorded, operation);
    }

    /// The nemesis does something, or has done it: Jepsen records both as `:info`.
    pub fn nemesis(&self, function: &str, value: Value) {
        let mut recorded = self.recorded();
        let operation = Operation {
            index: 0,
            time_ns: 0,
            process: Process::Nemesis,
            kind: Kind::Info,
            function: function.to_owned(),
            value,
            error: None,
            extra: Vec::new(),
        };
        self.push(&mut recorded, operation);
    }

    /// How many operations of clients have ended as [`Kind::Ok`] so far.
    #[must_use]
    pub fn ok_count(&self) -> u64 {
        self.recorded().operations.iter().filter(|operation| operation.kind == Kind::Ok).count() as u64
    }

    /// What has been recorded so far.
    #[must_use]
    pub fn history(&self) -> History {
        History { operations: self.recorded().operations.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_workers_make_a_well_formed_history() {
        let recorder = Recorder::new(4);
        std::thread::scope(|scope| {
            for worker in 0..4 {
                let recorder = &recorder;
                scope.spawn(move || {
                    for number in 0..200 {
                        let invocation = recorder.invoke(worker, "add", Value::Integer(number), Vec::new());
                        match number % 4 {
                            0 => recorder.complete(invocation, Completion::ok(Value::Integer(number))),
                            1 => recorder.complete(invocation, Completion::fail("no".into())),
                            2 => recorder.complete(invocation, Completion::info("who knows".into())),
                            _ => drop(invocation),
                        }
                    }
                });
            }
            recorder.nemesis("kill", "n1".into());
        });
        let history = recorder.history();
        let pairs = history.pairs().unwrap();
        assert_eq!(pairs.len(), 800);
        assert_eq!((history.count(Kind::Ok, None), recorder.ok_count()), (200, 200));
        assert_eq!(pairs.iter().filter(|pair| pair.completion.is_none()).count(), 200);
        assert!(history.operations.is_sorted_by_key(|operation| operation.time_ns));
        assert!(history.operations.iter().enumerate().all(|(at, operation)| operation.index == at as u64));
    }
}
