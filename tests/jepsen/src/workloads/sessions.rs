//! What sessions are promised of their reads on the leader, followers and learners: counters that only go up, one a key.
//!
//! A worker has one session at each node. Where the consistency promises something only to a session, operations say which it was, and
//! a read is held against what that session saw before; under `strong` consistency all sessions of a worker are as one.

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::levels::{Consistency, Isolation};
use super::{Client, Request, Setting, Turn, Workload, number_at, pair, run_all};
use crate::checkers::{self, Guarantee};
use crate::edn::Value;
use crate::history::History;
use crate::run::session::{Ended, Failure, Session};
use crate::verdict::Verdict;

/// Counters.
const KEYS: i64 = 4;

const ADD: &str = "UPDATE counts SET n = n + 1 WHERE id = ?";
const READ: &str = "SELECT n FROM counts WHERE id = ?";
const READ_TWO: &str = "SELECT id, n FROM counts WHERE id IN (?, ?)";

/// See the module.
pub struct Sessions {
    setting: Setting,
    by_guarantees: bool,
}

struct Visitor {
    setting: Setting,
    random: StdRng,
}

impl Sessions {
    /// Judged by whether reads go back.
    ///
    /// # Errors
    /// Why nothing is claimed.
    pub fn monotonic(setting: Setting) -> Result<Box<dyn Workload>, &'static str> {
        match setting.levels.consistency {
            Consistency::Strong | Consistency::Session => {
                Ok(Box::new(Sessions { setting, by_guarantees: false }))
            }
            Consistency::Auto | Consistency::Eventual => {
                Err("this consistency does not say that reads never go back")
            }
        }
    }

    /// Judged by the guarantees of the consistency.
    ///
    /// # Errors
    /// None.
    pub fn guarantees(setting: Setting) -> Result<Box<dyn Workload>, &'static str> {
        Ok(Box::new(Sessions { setting, by_guarantees: true }))
    }

    fn promised(&self) -> &'static [Guarantee] {
        match self.setting.levels.consistency {
            Consistency::Strong => &[
                Guarantee::MonotonicReads,
                Guarantee::ReadYourWrites,
                Guarantee::MonotonicWrites,
                Guarantee::WritesFollowReads,
                Guarantee::ConsistentPrefix,
                Guarantee::RealTime,
            ],
            Consistency::Session => &[
                Guarantee::MonotonicReads,
                Guarantee::ReadYourWrites,
                Guarantee::MonotonicWrites,
                Guarantee::WritesFollowReads,
                Guarantee::ConsistentPrefix,
            ],
            // One log, of which every node shows a prefix: whatever else, these follow.
            Consistency::Auto | Consistency::Eventual => {
                &[Guarantee::MonotonicWrites, Guarantee::WritesFollowReads, Guarantee::ConsistentPrefix]
            }
        }
    }
}

impl Workload for Sessions {
    fn prepare(&self, session: &mut dyn Session) -> Result<(), Failure> {
        run_all(session, &["CREATE TABLE counts (id INT NOT NULL PRIMARY KEY, n BIGINT NOT NULL)"])?;
        for id in 0..KEYS {
            session.query(&format!("INSERT INTO counts (id, n) VALUES ({id}, 0)"))?;
        }
        Ok(())
    }

    fn client(&self, _worker: usize, seed: u64) -> Box<dyn Client> {
        Box::new(Visitor { setting: self.setting, random: StdRng::seed_from_u64(seed) })
    }

    fn reads_learners(&self) -> bool {
        true
    }

    fn claim(&self) -> String {
        if !self.by_guarantees {
            return "monotonic reads".to_owned();
        }
        let names: Vec<String> = self.promised().iter().map(|guarantee| format!("{guarantee:?}")).collect();
        names.join(", ")
    }

    fn judge(&self, history: &History) -> Vec<Verdict> {
        let verdict = if self.by_guarantees {
            checkers::sessions(history, self.promised())
        } else {
            checkers::monotonic(history)
        };
        vec![verdict]
    }

    fn counted(&self) -> &'static [&'static str] {
        &["read", "snapshot"]
    }
}

impl Visitor {
    fn add(&mut self, key: i64, turn: &mut Turn<'_>) -> Result<Value, Ended> {
        turn.say("BEGIN")?;
        turn.ask(ADD, &[key.into()])?;
        let count = turn.ask(READ, &[key.into()])?.number().unwrap_or(0);
        turn.end()?;
        Ok(pair(key, count))
    }

    fn snapshot(&mut self, first: i64, second: i64, turn: &mut Turn<'_>) -> Result<Value, Ended> {
        let has_snapshot = match self.setting.levels.isolation {
            Isolation::ReadUncommitted | Isolation::ReadCommitted => false,
            Isolation::RepeatableRead | Isolation::Serializable => true,
        };
        let mut found = Vec::new();
        if has_snapshot && self.random.random_bool(0.5) {
            turn.say("START TRANSACTION READ ONLY")?;
            for key in [first, second] {
                found.push((key, turn.ask(READ, &[key.into()])?.number().unwrap_or(0)));
            }
            turn.say("COMMIT")?;
        } else {
            found = turn.ask(READ_TWO, &[first.into(), second.into()])?.pairs();
        }
        Ok(Value::Vector(found.into_iter().map(|(key, count)| pair(key, count)).collect()))
    }
}

impl Client for Visitor {
    fn next(&mut self) -> Request {
        let key = self.random.random_range(0..KEYS);
        match self.random.random_range(0..6) {
            0 | 1 => Request::at_leader("add", pair(key, Value::Nil)),
            2 => {
                let other = (key + self.random.random_range(1..KEYS)) % KEYS;
                Request::anywhere("snapshot", pair(pair(key, Value::Nil), pair(other, Value::Nil)))
            }
            _ => Request::anywhere("read", pair(key, Value::Nil)),
        }
    }

    fn perform(&mut self, request: &Request, turn: &mut Turn<'_>) -> Result<Value, Ended> {
        match request.function {
            "add" => self.add(number_at(&request.value, 0), turn),
            "snapshot" => {
                let key = |place: usize| {
                    let tuple = request.value.elements().and_then(|elements| elements.get(place)).cloned();
                    number_at(&tuple.unwrap_or(Value::Nil), 0)
                };
                self.snapshot(key(0), key(1), turn)
            }
            _ => {
                let key = number_at(&request.value, 0);
                let count = turn.ask(READ, &[key.into()])?.number().unwrap_or(0);
                Ok(pair(key, count))
            }
        }
    }

    fn tells_session(&self) -> bool {
        !self.setting.levels.consistency.is_strong()
    }

    fn last(&mut self, _first: bool) -> Vec<Request> {
        (0..KEYS).map(|key| Request::anywhere("read", pair(key, Value::Nil))).collect()
    }
}
