//! A history: what clients asked for and were told, and what was done to the cluster, in the order in which it happened.
//!
//! The form is Jepsen's. An invocation stands before its completion. A process has one operation at a time; after an [`Kind::Info`], of which
//! nobody knows whether it happened, its client goes on as another process, as the operation may still take place at any later time.
//!
//! [`Recorder`] makes one while clients work; [`History::read_edn`] and its like are in [`text`].

mod pairs;
mod recorder;
mod text;

pub use pairs::{Pair, ShapeError};
pub use recorder::{Completion, Invocation, Recorder};
pub use text::{Error, to_json};

use crate::edn::Value;

/// Who does an operation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Process {
    /// A client: worker number modulo the number of workers, and a new number after each `:info`.
    Client(u64),
    /// What hurts the cluster.
    Nemesis,
}

/// What an operation of the history is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// It begins.
    Invoke,
    /// It took place.
    Ok,
    /// It did not and will not take place.
    Fail,
    /// It took place, or will, or never does.
    Info,
}

/// One line of a history.
#[derive(Clone, PartialEq, Debug)]
pub struct Operation {
    /// Its place in the history, from 0, without gaps where we recorded it; ascending in what others did.
    pub index: u64,
    /// Nanoseconds since the run began, by a monotonic clock.
    pub time_ns: u64,
    /// Who does it.
    pub process: Process,
    /// Begin or kind of end.
    pub kind: Kind,
    /// What is done: `read`, `cas`, `txn`.
    pub function: String,
    /// Argument of the invocation, result of the completion; by key as `[key value]` where the workload has keys that are judged each for itself.
    pub value: Value,
    /// Why it failed or is unknown: `[errno "message"]`.
    pub error: Option<Value>,
    /// Which node was asked (`:node "n1"`), which client library (`:client :mysql`), the GTID: whatever helps to find out why. No checker
    /// needs it unless it says so.
    pub extra: Vec<(String, Value)>,
}

/// A history, ascending by [`Operation::index`].
#[derive(Clone, PartialEq, Debug, Default)]
pub struct History {
    /// Its operations.
    pub operations: Vec<Operation>,
}
