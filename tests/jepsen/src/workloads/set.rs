//! A set: elements are inserted, each once, and all are read.
//!
//! The set only grows, so it is read as often as it has grown by a part: the history stays in proportion to the work.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::levels::Consistency;
use super::{Client, Request, Setting, Turn, Workload, run_all};
use crate::checkers::{self, Staleness};
use crate::edn::Value;
use crate::history::History;
use crate::run::session::{Ended, Failure, Session};
use crate::verdict::Verdict;

/// The set is read again when it has grown by one part in this many.
const READ_EACH_PART: i64 = 8;
/// It is read after at most this many insertions while it is small.
const READ_EACH_MIN: i64 = 25;

pub(super) const INSERT: &str = "INSERT INTO elements (val) VALUES (?)";
const INSERT_SELECTED: &str = "INSERT INTO elements (val) SELECT ?";

/// See the module.
pub struct Set {
    setting: Setting,
    elements: Arc<Elements>,
}

/// What all clients of a set share.
pub(super) struct Elements {
    given: AtomicI64,
    read_at: AtomicI64,
}

struct Member {
    elements: Arc<Elements>,
    random: StdRng,
}

impl Elements {
    pub(super) fn new() -> Elements {
        Elements { given: AtomicI64::new(0), read_at: AtomicI64::new(READ_EACH_MIN) }
    }

    /// What to do next: an insertion, or a read when it is time.
    pub(super) fn next(&self) -> Request {
        let given = self.given.load(Ordering::Relaxed);
        let due = self.read_at.load(Ordering::Relaxed);
        let later = given + (given / READ_EACH_PART).max(READ_EACH_MIN);
        if given >= due
            && self.read_at.compare_exchange(due, later, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        {
            return Request::anywhere("read", Value::Nil);
        }
        Request::at_leader("add", Value::Integer(self.given.fetch_add(1, Ordering::Relaxed)))
    }
}

/// The elements that a query gave.
pub(super) fn elements_of(turn: &mut Turn<'_>, query: &str) -> Result<Value, Ended> {
    let found = turn.ask(query, &[])?.numbers();
    Ok(Value::Vector(found.into_iter().flatten().map(Value::Integer).collect()))
}

/// Whether a read may miss what was told.
pub(super) fn staleness(consistency: Consistency) -> Staleness {
    match consistency {
        Consistency::Strong => Staleness::Forbidden,
        Consistency::Auto | Consistency::Session | Consistency::Eventual => Staleness::Allowed,
    }
}

impl Set {
    /// Under all levels.
    ///
    /// # Errors
    /// None.
    pub fn make(setting: Setting) -> Result<Box<dyn Workload>, &'static str> {
        Ok(Box::new(Set { setting, elements: Arc::new(Elements::new()) }))
    }
}

impl Workload for Set {
    fn prepare(&self, session: &mut dyn Session) -> Result<(), Failure> {
        run_all(
            session,
            &[
                "CREATE TABLE elements (id INT NOT NULL PRIMARY KEY AUTO_INCREMENT, val INT NOT NULL, KEY by_value (val))",
            ],
        )
    }

    fn client(&self, _worker: usize, seed: u64) -> Box<dyn Client> {
        Box::new(Member { elements: Arc::clone(&self.elements), random: StdRng::seed_from_u64(seed) })
    }

    fn claim(&self) -> String {
        claim(staleness(self.setting.levels.consistency))
    }

    fn judge(&self, history: &History) -> Vec<Verdict> {
        vec![checkers::set(history, staleness(self.setting.levels.consistency))]
    }

    fn counted(&self) -> &'static [&'static str] {
        &["add"]
    }
}

impl Client for Member {
    fn next(&mut self) -> Request {
        self.elements.next()
    }

    fn perform(&mut self, request: &Request, turn: &mut Turn<'_>) -> Result<Value, Ended> {
        let Value::Integer(element) = request.value else {
            let by_index = self.random.random_bool(0.5);
            let query = if by_index {
                "SELECT val FROM elements FORCE INDEX (by_value) WHERE val >= 0"
            } else {
                "SELECT val FROM elements"
            };
            return elements_of(turn, query);
        };
        match self.random.random_range(0..4) {
            0 => {
                turn.say("BEGIN")?;
                turn.ask(INSERT, &[element.into()])?;
                turn.end()?;
            }
            1 => drop(turn.commit(INSERT_SELECTED, &[element.into()])?),
            _ => drop(turn.commit(INSERT, &[element.into()])?),
        }
        Ok(request.value.clone())
    }

    fn last(&mut self, _first: bool) -> Vec<Request> {
        vec![Request::anywhere("read", Value::Nil)]
    }
}

/// What is claimed of a set whose reads may or may not be late.
pub(super) fn claim(staleness: Staleness) -> String {
    match staleness {
        Staleness::Forbidden => "set, linearizable".to_owned(),
        Staleness::Allowed => "set".to_owned(),
    }
}
