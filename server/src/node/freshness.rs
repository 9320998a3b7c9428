//! How old the data of a node that follows may be: an upper bound, that holds also when the node is cut off.
//!
//! Now and then the node asks for the index of a strong read ([`super::reads`]). The answer to a question that was asked at a time holds
//! everything that was acknowledged before that time; so once the watermark is there, what is read here is at most as old as
//! the question. The lag is the age of the newest question whose answer is applied. Nobody answers who does not lead by its lease or by a majority: a
//! node that hears from nobody, or from a leader that was cut off, sees its lag grow with the clock. So it does when the links or the
//! apply are slow, whichever it is.
//!
//! Invariant: questions are in the order in which they were asked, and none is older than the newest applied one. Their number is bounded: when there
//! are too many every second one is forgotten, which makes the lag look longer, never shorter.
//!
//! Left out: the asking ([`crate::runtime::health`]). A lag shorter than the pause between two questions and their way cannot be told.

use std::collections::VecDeque;
use std::time::Duration;

use parking_lot::Mutex;

use super::reads::now_ns;
use crate::limits::FRESHNESS_ANSWERS_MAX;

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Answer {
    /// When the question was asked, by [`now_ns`].
    asked_ns: u64,
    /// What had been acknowledged before lies at or below.
    index: u64,
}

#[derive(Debug, Default)]
struct State {
    /// When the newest question was asked whose answer is applied.
    fresh_ns: Option<u64>,
    /// Those whose answer is not.
    waiting: VecDeque<Answer>,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Freshness(Mutex<State>);

impl Freshness {
    /// What was asked at `asked_ns` was answered with `index`.
    pub fn answered(&self, asked_ns: u64, index: u64) {
        let mut state = self.0.lock();
        if state.waiting.len() >= FRESHNESS_ANSWERS_MAX {
            let mut is_kept = false;
            state.waiting.retain(|_| {
                is_kept = !is_kept;
                is_kept
            });
        }
        state.waiting.push_back(Answer { asked_ns, index });
    }

    /// How old what is read at `watermark` may be, at most; none: nothing is known.
    pub fn lag(&self, watermark: u64) -> Option<Duration> {
        self.lag_at(watermark, now_ns())
    }

    fn lag_at(&self, watermark: u64, now_ns: u64) -> Option<Duration> {
        let mut state = self.0.lock();
        while let Some(answer) = state.waiting.front()
            && answer.index <= watermark
        {
            state.fresh_ns = Some(answer.asked_ns);
            state.waiting.pop_front();
        }
        state.fresh_ns.map(|fresh_ns| Duration::from_nanos(now_ns.saturating_sub(fresh_ns)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn seconds(freshness: &Freshness, watermark: u64, now: u64) -> Option<u64> {
        freshness.lag_at(watermark, now * SECOND).map(|lag| lag.as_secs())
    }

    #[test]
    fn the_lag_is_the_age_of_the_newest_question_whose_answer_is_applied() {
        let freshness = Freshness::default();
        assert_eq!(seconds(&freshness, 9, 1), None, "nobody has answered");
        freshness.answered(SECOND, 10);
        assert_eq!(seconds(&freshness, 9, 2), None, "answered, but not applied");
        assert_eq!(seconds(&freshness, 10, 2), Some(1));
        freshness.answered(2 * SECOND, 20);
        freshness.answered(3 * SECOND, 30);
        assert_eq!(seconds(&freshness, 19, 4), Some(3), "the apply stands");
        assert_eq!(seconds(&freshness, 29, 4), Some(2));
        assert_eq!(seconds(&freshness, 30, 4), Some(1));
        assert_eq!(seconds(&freshness, 30, 100), Some(97), "nobody answers any more");
    }

    #[test]
    fn too_many_answers_make_the_lag_longer_and_never_shorter() {
        let freshness = Freshness::default();
        let count = 10 * FRESHNESS_ANSWERS_MAX as u64;
        for number in 1..=count {
            freshness.answered(number * SECOND, number);
            assert!(freshness.0.lock().waiting.len() <= FRESHNESS_ANSWERS_MAX);
        }
        let mut told = 0;
        for watermark in 1..=count {
            let lag = seconds(&freshness, watermark, count);
            assert!(lag.is_none_or(|lag| lag >= count - watermark), "{watermark}: {lag:?}");
            told += usize::from(lag == Some(count - watermark));
        }
        assert!(told >= FRESHNESS_ANSWERS_MAX / 2, "{told} are exact");
    }
}
