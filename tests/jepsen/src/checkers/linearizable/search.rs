//! The search for an order, from event to event.
//!
//! After Lowe's just-in-time linearization: kept are all *configurations* that explain what has ended so far, each the register's value and which of the operations that go on have
//! taken place in it. An operation must have taken place by the time it ends; only then is it looked for, by way of others that go on, where it has not. When no configuration is left, there is no order, and
//! the event that shows it is the end of the smallest beginning that has none.
//!
//! What never ends, after a fault, would multiply the configurations. Three things keep them few, and change no answer:
//!
//! * A read that goes on and would be right now takes place now: it changes nothing.
//! * A configuration that has used up less of what never ends, and is else the same, is as good: what never ends may always take place last. So a change that never ended is
//!   of use only if something sees it before the next write, and of several with the same value the first is used first.
//! * Writes that never end and whose value nobody ever sees are all the same: they can only hide what was there from a failed comparison. They are counted.
//!
//! So give every write a value of its own: where values come back, what never ended explains nearly everything.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use super::{Action, Call};

/// How often the clock is looked at.
const STEPS_A_LOOK: u64 = 4096;

/// What a search may cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Configurations that are looked at.
    pub(super) steps_max: u64,
    /// Configurations that are kept at a time.
    pub(super) kept_max: usize,
    /// When it gives up.
    pub(super) deadline: Instant,
}

/// What it found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Answer {
    /// There is an order.
    Linearizable,
    /// There is none of what had happened by this place in the history.
    Not(u64),
    /// It reached a bound.
    Unknown,
}

/// What a register holds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum State {
    /// Nobody knows: the search begins in the middle of a history.
    Any,
    /// What nobody ever sees.
    Hidden,
    Is(Option<i64>),
}

/// One way to explain what has ended.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Configuration {
    state: State,
    /// Of those that go on and will end: which have taken place, ascending.
    done: Vec<usize>,
    /// Of those that never end and are seen: which have taken place, ascending.
    used: Vec<usize>,
    /// Of those that never end and that nobody sees: how many have taken place.
    hidden_count: usize,
}

/// A search that goes on.
struct Search<'c> {
    calls: &'c [Call],
    bounds: Bounds,
    step_count: u64,
    /// What goes on and will end.
    going_on: Vec<usize>,
    /// What never ends and is seen.
    endless: Vec<usize>,
    /// How many there are that never end and that nobody sees.
    hidden_count: usize,
}

/// Whether an order explains these calls, of a register that begins as `nil`, or as nobody knows what.
pub(super) fn search(calls: &[Call], begins_as_nil: bool, bounds: Bounds) -> Answer {
    let mut events: Vec<(u64, usize)> = Vec::new();
    for (at, call) in calls.iter().enumerate() {
        events.push((call.invoked, at));
        if call.ended < u64::MAX {
            events.push((call.ended, at));
        }
    }
    events.sort_unstable();
    let seen = seen(calls);
    let mut search =
        Search { calls, bounds, step_count: 0, going_on: Vec::new(), endless: Vec::new(), hidden_count: 0 };
    let state = if begins_as_nil { State::Is(None) } else { State::Any };
    let mut kept = vec![Configuration { state, done: Vec::new(), used: Vec::new(), hidden_count: 0 }];
    for (place, at) in events {
        let call = &calls[at];
        if place == call.invoked {
            match call.action {
                Action::Write(new) if call.ended == u64::MAX && !seen.contains(&new) => {
                    search.hidden_count += 1;
                }
                _ if call.ended == u64::MAX => search.endless.push(at),
                Action::Read(_)
                | Action::Write(_)
                | Action::Cas(..)
                | Action::MaybeCas(..)
                | Action::NotCas(_) => {
                    search.going_on.push(at);
                }
            }
            continue;
        }
        let Some(next) = search.end(kept, at) else { return Answer::Unknown };
        if next.is_empty() {
            return Answer::Not(place);
        }
        kept = next;
        search.going_on.retain(|other| *other != at);
    }
    Answer::Linearizable
}

/// The values that something compares with or reads.
fn seen(calls: &[Call]) -> HashSet<Option<i64>> {
    calls
        .iter()
        .filter_map(|call| match call.action {
            Action::Read(value)
            | Action::Cas(value, _)
            | Action::MaybeCas(value, _)
            | Action::NotCas(value) => Some(value),
            Action::Write(_) => None,
        })
        .collect()
}

impl Search<'_> {
    /// What explains that this call ended, of what explained all before; none beyond the bounds.
    fn end(&mut self, kept: Vec<Configuration>, ended: usize) -> Option<Vec<Configuration>> {
        let mut found: HashSet<Configuration> = HashSet::new();
        let mut visited: HashSet<(Configuration, bool)> = HashSet::new();
        let mut stack: Vec<(Configuration, bool)> = Vec::new();
        for mut configuration in kept {
            self.settle(&mut configuration);
            stack.push((configuration, false));
        }
        while let Some((mut configuration, is_unseen)) = stack.pop() {
            self.step_count += 1;
            let is_late =
                self.step_count.is_multiple_of(STEPS_A_LOOK) && Instant::now() > self.bounds.deadline;
            if is_late
                || self.step_count > self.bounds.steps_max
                || found.len() + visited.len() > self.bounds.kept_max
            {
                return None;
            }
            if let Ok(place) = configuration.done.binary_search(&ended) {
                configuration.done.remove(place);
                found.insert(configuration);
                continue;
            }
            if visited.insert((configuration.clone(), is_unseen)) {
                self.expand(&configuration, is_unseen, &mut stack);
            }
        }
        Some(minimal(found))
    }

    /// Reads and failed comparisons that are right now take place.
    fn settle(&self, configuration: &mut Configuration) {
        for at in &self.going_on {
            let is_right = match (self.calls[*at].action, configuration.state) {
                (Action::Read(seen), state) => state == State::Is(seen),
                (Action::NotCas(from), state) => state != State::Is(from),
                (Action::Write(_) | Action::Cas(..) | Action::MaybeCas(..), _) => false,
            };
            if is_right && let Err(place) = configuration.done.binary_search(at) {
                configuration.done.insert(place, *at);
            }
        }
    }

    /// What may take place next. After a change that never ended and that nobody has seen yet that is only what sees it.
    fn expand(&self, from: &Configuration, is_unseen: bool, stack: &mut Vec<(Configuration, bool)>) {
        let mut push = |state: State, done: Option<usize>, used: Option<usize>, hidden_count: usize| {
            let mut next = Configuration { state, hidden_count, ..from.clone() };
            for (list, at) in [(&mut next.done, done), (&mut next.used, used)] {
                if let Some(at) = at
                    && let Err(place) = list.binary_search(&at)
                {
                    list.insert(place, at);
                }
            }
            let done_count = next.done.len();
            self.settle(&mut next);
            let is_seen = done.is_some() || next.done.len() > done_count;
            stack.push((next, !is_seen));
        };
        let could_be = |value| from.state == State::Any || from.state == State::Is(value);
        for at in self.going_on.iter().filter(|at| from.done.binary_search(at).is_err()) {
            match self.calls[*at].action {
                Action::Write(new) if !is_unseen => push(State::Is(new), Some(*at), None, from.hidden_count),
                Action::Cas(old, new) if could_be(old) => {
                    push(State::Is(new), Some(*at), None, from.hidden_count)
                }
                Action::Read(seen) if from.state == State::Any => {
                    push(State::Is(seen), Some(*at), None, from.hidden_count);
                }
                Action::Read(_)
                | Action::Write(_)
                | Action::Cas(..)
                | Action::MaybeCas(..)
                | Action::NotCas(_) => {}
            }
        }
        let mut tried: HashSet<Action> = HashSet::new();
        for at in self.endless.iter().filter(|at| from.used.binary_search(at).is_err()) {
            let action = self.calls[*at].action;
            let new = match action {
                Action::Write(new) if !is_unseen && from.state != State::Is(new) => new,
                Action::MaybeCas(old, new) if from.state == State::Is(old) && old != new => new,
                Action::Read(_)
                | Action::Write(_)
                | Action::Cas(..)
                | Action::MaybeCas(..)
                | Action::NotCas(_) => continue,
            };
            if tried.insert(action) {
                push(State::Is(new), None, Some(*at), from.hidden_count);
            }
        }
        if !is_unseen && from.hidden_count < self.hidden_count && from.state != State::Hidden {
            push(State::Hidden, None, None, from.hidden_count + 1);
        }
    }
}

/// Without those that have used up more than another one that is else the same.
fn minimal(found: HashSet<Configuration>) -> Vec<Configuration> {
    let mut alike: HashMap<(State, Vec<usize>), Vec<Configuration>> = HashMap::new();
    let mut sorted: Vec<Configuration> = found.into_iter().collect();
    sorted.sort_by_key(|one| (one.used.len() + one.hidden_count, one.hidden_count));
    for one in sorted {
        let kept = alike.entry((one.state, one.done.clone())).or_default();
        let is_as_good = |other: &Configuration| {
            other.hidden_count <= one.hidden_count
                && other.used.iter().all(|at| one.used.binary_search(at).is_ok())
        };
        if !kept.iter().any(is_as_good) {
            kept.push(one);
        }
    }
    alike.into_values().flatten().collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn bounds(steps_max: u64, kept_max: usize) -> Bounds {
        Bounds { steps_max, kept_max, deadline: Instant::now() + Duration::from_secs(60) }
    }

    fn call(invoked: u64, ended: u64, action: Action) -> Call {
        Call { action, invoked, ended, process: invoked }
    }

    /// Writes that go on at the same time, and a read that none of them explains: every order of them is tried.
    fn hard(count: u64) -> Vec<Call> {
        let write =
            |number: u64| call(number, 1000 + number, Action::Write(Some(i64::try_from(number).unwrap())));
        (0..count).map(write).chain([call(500, 600, Action::Read(Some(-1)))]).collect()
    }

    #[test]
    fn what_reaches_a_bound_is_unknown() {
        let calls = hard(9);
        assert_eq!(search(&calls, true, bounds(u64::MAX, usize::MAX)), Answer::Not(600));
        assert_eq!(search(&calls, true, bounds(100, usize::MAX)), Answer::Unknown);
        assert_eq!(search(&calls, true, bounds(u64::MAX, 100)), Answer::Unknown);
        let late =
            Bounds { deadline: Instant::now() - Duration::from_millis(1), ..bounds(u64::MAX, usize::MAX) };
        assert_eq!(search(&hard(14), true, late), Answer::Unknown);
        let possible = &calls[..calls.len() - 1];
        assert_eq!(search(possible, true, bounds(u64::MAX, usize::MAX)), Answer::Linearizable);
    }

    #[test]
    fn a_register_begins_as_nil_or_as_anything() {
        let read = [call(0, 1, Action::Read(Some(4)))];
        let bounds = bounds(100, 100);
        assert_eq!(search(&read, true, bounds), Answer::Not(1));
        assert_eq!(search(&read, false, bounds), Answer::Linearizable);
    }

    #[test]
    fn what_never_ended_takes_place_once() {
        let endless = call(0, u64::MAX, Action::Write(Some(1)));
        let mut calls = vec![
            endless,
            call(1, 2, Action::Read(Some(1))),
            call(3, 4, Action::Write(Some(2))),
            call(5, 6, Action::Read(Some(2))),
        ];
        let bounds = bounds(10_000, 10_000);
        assert_eq!(search(&calls, true, bounds), Answer::Linearizable);
        calls.push(call(7, 8, Action::Read(Some(1))));
        assert_eq!(search(&calls, true, bounds), Answer::Not(8));
        calls.push(call(6, u64::MAX, Action::Write(Some(1))));
        assert_eq!(search(&calls, true, bounds), Answer::Linearizable);
    }

    #[test]
    fn which_of_those_that_never_ended_was_used_stays_open() {
        let mut calls = vec![
            call(0, u64::MAX, Action::Write(Some(1))),
            call(1, u64::MAX, Action::Write(Some(2))),
            call(2, 3, Action::NotCas(None)),
            call(4, 5, Action::Write(Some(5))),
            call(6, 7, Action::Read(Some(5))),
        ];
        let bounds = bounds(10_000, 10_000);
        for (unused, used) in [(1, 2), (2, 1)] {
            calls.truncate(5);
            calls.push(call(8, 9, Action::Read(Some(unused))));
            assert_eq!(search(&calls, true, bounds), Answer::Linearizable, "{unused}");
            calls.push(call(10, 11, Action::Read(Some(used))));
            assert_eq!(search(&calls, true, bounds), Answer::Not(11), "the comparison met one of them");
        }
    }

    #[test]
    fn what_nobody_sees_hides_from_comparisons() {
        let mut calls = vec![
            call(0, 1, Action::Write(Some(1))),
            call(2, u64::MAX, Action::Write(Some(9))),
            call(3, 4, Action::NotCas(Some(1))),
        ];
        let bounds = bounds(10_000, 10_000);
        assert_eq!(search(&calls, true, bounds), Answer::Linearizable);
        calls.push(call(5, 6, Action::Read(Some(1))));
        assert_eq!(search(&calls, true, bounds), Answer::Not(6));
        assert_eq!(search(&calls[..1], true, bounds), Answer::Linearizable);
        assert_eq!(search(&[calls[0].clone(), calls[2].clone()], true, bounds), Answer::Not(4));
    }
}
