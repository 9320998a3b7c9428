//! The smallest part of a history that still has no order.
//!
//! Whatever is left out is left out so that a history that has an order keeps it; so what still fails is wrong by itself:
//!
//! * *The end*: of what had not ended there, reads are forgotten and changes may take place at any time or never.
//! * *The beginning*: the register may hold anything; of what had begun but not ended there the same is true as at the end.
//! * *In between*: a read says something of the register only; a change whose value nobody in the window sees can be forgotten, unless a failed comparison is left, which it may explain.
//!
//! A search that reaches its bounds counts as if there were an order: then the window is larger, never wrong.

use super::search::{Answer, Bounds, search};
use super::{Action, Call};

/// Windows of more operations are not searched for single operations that can be left out.
const THINNED_CALLS_MAX: usize = 400;

/// What has no order.
#[derive(Clone, Debug)]
pub(super) struct Window {
    /// Whether it begins with the history, and the register as `nil`.
    pub(super) begins_as_nil: bool,
    /// By invocation.
    pub(super) calls: Vec<Call>,
}

impl Window {
    fn fails(&self, bounds: Bounds) -> bool {
        matches!(search(&self.calls, self.begins_as_nil, bounds), Answer::Not(_))
    }

    /// One operation a line.
    pub(super) fn text(&self) -> String {
        let begin = if self.begins_as_nil { "it begins as nil" } else { "it begins as anything" };
        let line = |call: &Call| {
            let end =
                if call.ended == u64::MAX { "later, or never".to_owned() } else { call.ended.to_string() };
            format!("  {} … {end}: process {}: {}", call.invoked, call.process, call.action.text())
        };
        let lines = self.calls.iter().map(line);
        std::iter::once(format!("  {begin}")).chain(lines).collect::<Vec<_>>().join("\n")
    }
}

/// The call as it is when its end is not in the window: none of a read.
fn without_end(call: &Call) -> Option<Call> {
    let action = match call.action {
        Action::Read(_) | Action::NotCas(_) => return None,
        Action::Write(new) => Action::Write(new),
        Action::Cas(from, to) | Action::MaybeCas(from, to) => Action::MaybeCas(from, to),
    };
    Some(Call { action, ended: u64::MAX, ..call.clone() })
}

/// What of the calls there is up to the place `end`.
fn up_to(calls: &[Call], end: u64) -> Vec<Call> {
    let begun = calls.iter().filter(|call| call.invoked < end);
    begun.filter_map(|call| if call.ended <= end { Some(call.clone()) } else { without_end(call) }).collect()
}

/// What of the calls there is from the place `begin` on. What was over before is forgotten, and so is what never ended and began before: it is part of what the register may hold,
/// and still may take place.
fn from(calls: &[Call], begin: u64) -> Vec<Call> {
    let lasting = calls.iter().filter(|call| call.ended >= begin);
    lasting
        .filter_map(|call| if call.invoked >= begin { Some(call.clone()) } else { without_end(call) })
        .collect()
}

/// The smallest window that fails, of calls that do.
pub(super) fn smallest(calls: &[Call], bounds: Bounds) -> Window {
    let mut calls = calls.to_vec();
    calls.sort_by_key(|call| call.invoked);
    let mut window = Window { begins_as_nil: true, calls };
    if let Answer::Not(end) = search(&window.calls, true, bounds) {
        window.calls = up_to(&window.calls, end);
    }
    let begins: Vec<u64> = window.calls.iter().map(|call| call.invoked).collect();
    let later = |begin: u64| Window { begins_as_nil: false, calls: from(&window.calls, begin) };
    let failing = begins.partition_point(|begin| later(*begin).fails(bounds));
    if let Some(begin) = failing.checked_sub(1) {
        window = later(begins[begin]);
    }
    thin(&mut window, bounds);
    window
}

/// Leaves out one operation after the other, as long as it fails without.
fn thin(window: &mut Window, bounds: Bounds) {
    if window.calls.len() > THINNED_CALLS_MAX {
        return;
    }
    loop {
        let before = window.calls.len();
        let mut at = 0;
        while at < window.calls.len() {
            let call = window.calls.remove(at);
            let can_go = is_unseen(&call, &window.calls) && window.fails(bounds);
            if !can_go {
                window.calls.insert(at, call);
                at += 1;
            }
        }
        if window.calls.len() == before {
            return;
        }
    }
}

/// Whether the other calls would have an order without this one if they have one with it.
fn is_unseen(call: &Call, others: &[Call]) -> bool {
    let new = match call.action {
        Action::Read(_) | Action::NotCas(_) => return true,
        Action::Write(new) | Action::Cas(_, new) | Action::MaybeCas(_, new) => new,
    };
    others.iter().all(|other| match other.action {
        Action::Read(seen) => seen != new,
        Action::Cas(from, _) | Action::MaybeCas(from, _) => from != new,
        Action::NotCas(_) => false,
        Action::Write(_) => true,
    })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn bounds() -> Bounds {
        Bounds {
            steps_max: 1_000_000,
            kept_max: 1_000_000,
            deadline: Instant::now() + Duration::from_secs(60),
        }
    }

    fn call(invoked: u64, ended: u64, action: Action) -> Call {
        Call { action, invoked, ended, process: invoked % 3 }
    }

    #[test]
    fn a_stale_read_in_a_long_history_is_a_window_of_three() {
        let mut calls = Vec::new();
        for number in 0..60 {
            let at = number * 10;
            calls.push(call(at, at + 3, Action::Write(Some(number.cast_signed()))));
            calls.push(call(at + 4, at + 7, Action::Read(Some(number.cast_signed()))));
        }
        // After the read of 30 one of 29.
        calls.push(call(308, 309, Action::Read(Some(29))));
        assert_eq!(search(&calls, true, bounds()), Answer::Not(309));
        let window = smallest(&calls, bounds());
        assert!(window.fails(bounds()));
        assert!(!window.begins_as_nil);
        let actions: Vec<Action> = window.calls.iter().map(|call| call.action).collect();
        // That a register held 29 and then 30 is not wrong without it: the value cannot come back by itself.
        assert_eq!(actions, [Action::Read(Some(30)), Action::Read(Some(29))]);
    }

    #[test]
    fn what_never_ended_may_explain_a_later_read() {
        let calls = [
            call(0, u64::MAX, Action::Write(Some(1))),
            call(1, 2, Action::Write(Some(2))),
            call(3, 4, Action::Read(Some(2))),
            call(5, 6, Action::Read(Some(1))),
            call(7, 8, Action::Read(Some(3))),
        ];
        assert_eq!(search(&calls[..4], true, bounds()), Answer::Linearizable);
        let window = smallest(&calls, bounds());
        assert!(window.fails(bounds()));
        assert_eq!(window.calls.last().map(|call| call.action), Some(Action::Read(Some(3))));
        // The write of 1 stays: nothing less than it explains the read of 1 for certain.
        assert_eq!(window.calls.len(), 3, "{}", window.text());
    }
}
