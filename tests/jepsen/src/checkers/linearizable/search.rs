//! The search for an order, by `porcupine-rs`, in bounds.
//!
//! The crate bounds time only, and by a flag of its parallel driver, which with its partial linearizations says *illegal* of what it gave up. So each key is searched by
//! its plain driver on this thread, and the bounds are the model's: beyond them no step is accepted any more, the search ends at once, and its answer is not used.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use porcupine_rs::{Model, Operation};

use super::{Action, Call};

/// How often the clock is looked at.
const STEPS_A_LOOK: u64 = 4096;
/// What the crate's cache keeps for a state beside a bit for each operation.
const CACHE_ENTRY_BYTES: u64 = 128;

/// What a search may cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// States that are tried.
    pub(super) steps_max: u64,
    /// Of states that are remembered.
    pub(super) memory_max_bytes: u64,
    /// When it gives up.
    pub(super) deadline: Instant,
}

/// What it found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Answer {
    /// There is an order.
    Linearizable,
    /// There is none.
    Not,
    /// It reached a bound.
    Unknown,
}

/// What is left of the bounds, shared by all operations of a search.
#[derive(Debug)]
struct Budget {
    bounds: Bounds,
    bytes_a_state: u64,
    steps: AtomicU64,
    bytes: AtomicU64,
    is_spent: AtomicBool,
}

impl Budget {
    /// Counts a step; false once a bound is reached.
    fn spend(&self) -> bool {
        let steps = self.steps.fetch_add(1, Ordering::Relaxed);
        let is_late = steps.is_multiple_of(STEPS_A_LOOK) && Instant::now() > self.bounds.deadline;
        let is_full = self.bytes.load(Ordering::Relaxed) > self.bounds.memory_max_bytes;
        if is_late || is_full || steps >= self.bounds.steps_max {
            self.is_spent.store(true, Ordering::Relaxed);
        }
        !self.is_spent.load(Ordering::Relaxed)
    }
}

/// A register.
#[derive(Clone, Debug)]
struct Register;

/// What it holds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum State {
    /// Nobody knows: the search begins in the middle of a history.
    Any,
    Is(Option<i64>),
}

#[derive(Clone, Debug)]
struct Step {
    action: Action,
    budget: Arc<Budget>,
}

impl Model for Register {
    type State = State;
    type Op = Step;
    type Metadata = ();

    fn init() -> State {
        State::Any
    }

    fn step(state: &State, step: &Step) -> (bool, State) {
        if !step.budget.spend() {
            return (false, *state);
        }
        let could_be = |value: Option<i64>| *state == State::Any || *state == State::Is(value);
        let (is_accepted, next) = match step.action {
            Action::Read(seen) => (could_be(seen), State::Is(seen)),
            Action::Write(new) => (true, State::Is(new)),
            Action::Cas(from, to) => (could_be(from), State::Is(to)),
            Action::MaybeCas(from, to) => {
                (true, if *state == State::Is(from) { State::Is(to) } else { *state })
            }
            Action::NotCas(from) => (*state != State::Is(from), *state),
        };
        if is_accepted {
            step.budget.bytes.fetch_add(step.budget.bytes_a_state, Ordering::Relaxed);
        }
        (is_accepted, next)
    }
}

/// Whether an order explains these calls, of a register that begins as `nil`, or as nobody knows what.
pub(super) fn search(calls: &[Call], begins_as_nil: bool, bounds: Bounds) -> Answer {
    let bytes_a_state = calls.len() as u64 / 8 + CACHE_ENTRY_BYTES;
    let budget = Arc::new(Budget {
        bounds,
        bytes_a_state,
        steps: AtomicU64::new(0),
        bytes: AtomicU64::new(0),
        is_spent: AtomicBool::new(false),
    });
    let operation = |action, call_time, return_time| Operation::<Register> {
        client_id: None,
        call_time,
        return_time,
        op: Step { action, budget: Arc::clone(&budget) },
        metadata: None,
    };
    let time = |index: u64| i64::try_from(index).unwrap_or(i64::MAX);
    let mut operations: Vec<Operation<Register>> =
        calls.iter().map(|call| operation(call.action, time(call.invoked), time(call.ended))).collect();
    if begins_as_nil {
        operations.push(operation(Action::Write(None), -2, -1));
    }
    let is_linearizable = porcupine_rs::check_operations(&operations);
    if budget.is_spent.load(Ordering::Relaxed) {
        return Answer::Unknown;
    }
    if is_linearizable { Answer::Linearizable } else { Answer::Not }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn bounds(steps_max: u64, memory_max_bytes: u64) -> Bounds {
        Bounds { steps_max, memory_max_bytes, deadline: Instant::now() + Duration::from_secs(60) }
    }

    /// Writes of unknown outcome, then reads that none of them explains: every subset of them is tried.
    fn hard(count: u64) -> Vec<Call> {
        let write = |number: u64| Call {
            action: Action::Write(Some(number.cast_signed())),
            invoked: number,
            ended: u64::MAX,
            process: number,
        };
        let read =
            |at: u64, seen| Call { action: Action::Read(Some(seen)), invoked: at, ended: at + 1, process: 0 };
        let reads = (0..count).map(|number| read(1000 + 2 * number, number.cast_signed()));
        (0..count).map(write).chain(reads).chain([read(9000, -1)]).collect()
    }

    #[test]
    fn what_reaches_a_bound_is_unknown() {
        let calls = hard(14);
        assert_eq!(search(&calls, true, bounds(u64::MAX, u64::MAX)), Answer::Not);
        assert_eq!(search(&calls, true, bounds(1000, u64::MAX)), Answer::Unknown);
        assert_eq!(search(&calls, true, bounds(u64::MAX, 100_000)), Answer::Unknown);
        let late =
            Bounds { deadline: Instant::now() - Duration::from_millis(1), ..bounds(u64::MAX, u64::MAX) };
        assert_eq!(search(&calls, true, late), Answer::Unknown);
        let possible = &calls[..calls.len() - 1];
        assert_eq!(search(possible, true, bounds(u64::MAX, u64::MAX)), Answer::Linearizable);
    }

    #[test]
    fn a_register_begins_as_nil_or_as_anything() {
        let read = [Call { action: Action::Read(Some(4)), invoked: 0, ended: 1, process: 0 }];
        let bounds = bounds(100, u64::MAX);
        assert_eq!(search(&read, true, bounds), Answer::Not);
        assert_eq!(search(&read, false, bounds), Answer::Linearizable);
    }
}
