//! Long fork: two writes that one reader sees in one order and another in the other.
//!
//! Each key is written once. Readers read all keys of a group, which READ COMMITTED promises to be of one moment only for one
//! statement: there the read is one statement.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::{Mutex, PoisonError};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::levels::Isolation;
use super::txn::{self, Micro};
use super::{Client, Request, Setting, Turn, Workload, run_all};
use crate::checkers;
use crate::edn::Value;
use crate::history::History;
use crate::run::session::{Ended, Failure, Session};
use crate::verdict::Verdict;

/// Keys of a group.
const GROUP: i64 = 3;
/// Groups whose keys are being written at a time.
const GROUPS_OPEN: usize = 3;

const INSERT: &str = "INSERT INTO forks (id, val) VALUES (?, ?)";
const READ: &str = "SELECT id, val FROM forks WHERE id = ?";
const READ_GROUP: &str = "SELECT id, val FROM forks WHERE id BETWEEN ? AND ?";

/// See the module.
pub struct LongFork {
    setting: Setting,
    groups: Arc<Mutex<Groups>>,
}

/// Keys that are not written yet, and the groups that are of interest to readers.
#[derive(Default)]
struct Groups {
    made: i64,
    unwritten: Vec<i64>,
    recent: VecDeque<i64>,
}

struct Reader {
    isolation: Isolation,
    groups: Arc<Mutex<Groups>>,
    random: StdRng,
}

impl LongFork {
    /// Under all levels.
    ///
    /// # Errors
    /// None.
    pub fn make(setting: Setting) -> Result<Box<dyn Workload>, &'static str> {
        Ok(Box::new(LongFork { setting, groups: Arc::default() }))
    }
}

impl Workload for LongFork {
    fn prepare(&self, session: &mut dyn Session) -> Result<(), Failure> {
        run_all(session, &["CREATE TABLE forks (id INT NOT NULL PRIMARY KEY, val INT NOT NULL)"])
    }

    fn client(&self, _worker: usize, seed: u64) -> Box<dyn Client> {
        Box::new(Reader {
            isolation: self.setting.levels.isolation,
            groups: Arc::clone(&self.groups),
            random: StdRng::seed_from_u64(seed),
        })
    }

    fn claim(&self) -> String {
        "no long fork".to_owned()
    }

    fn judge(&self, history: &History) -> Vec<Verdict> {
        vec![checkers::long_fork(history, GROUP)]
    }

    fn counted(&self) -> &'static [&'static str] {
        &["write", "read"]
    }
}

impl Groups {
    fn open(&mut self) {
        let group = self.made;
        self.made += 1;
        self.unwritten.extend(group * GROUP..(group + 1) * GROUP);
        self.recent.push_back(group);
        if self.recent.len() > GROUPS_OPEN {
            self.recent.pop_front();
        }
    }

    fn key(&mut self, random: &mut StdRng) -> i64 {
        while self.unwritten.len() < GROUPS_OPEN {
            self.open();
        }
        let place = random.random_range(0..self.unwritten.len());
        self.unwritten.swap_remove(place)
    }

    fn group(&mut self, random: &mut StdRng) -> i64 {
        if self.recent.is_empty() {
            self.open();
        }
        self.recent[random.random_range(0..self.recent.len())]
    }
}

impl Reader {
    fn read(&mut self, micros: &mut [Micro], turn: &mut Turn<'_>) -> Result<(), Ended> {
        let by_statement = match self.isolation {
            Isolation::ReadUncommitted | Isolation::ReadCommitted => true,
            Isolation::RepeatableRead | Isolation::Serializable => self.random.random_bool(0.3),
        };
        let mut found = Vec::new();
        if by_statement {
            let first = micros.iter().map(|micro| micro.key).min().unwrap_or(0);
            found = turn.ask(READ_GROUP, &[first.into(), (first + GROUP - 1).into()])?.pairs();
        } else {
            turn.say("START TRANSACTION READ ONLY")?;
            for micro in micros.iter() {
                found.extend(turn.ask(READ, &[micro.key.into()])?.pairs());
            }
            turn.say("COMMIT")?;
        }
        for micro in micros {
            let row = found.iter().find(|(id, _)| *id == micro.key);
            micro.value = row.map_or(Value::Nil, |(_, value)| Value::Integer(*value));
        }
        Ok(())
    }
}

impl Client for Reader {
    fn next(&mut self) -> Request {
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        if self.random.random_ratio(1, 3) {
            let key = groups.key(&mut self.random);
            let micro = Micro { function: "w".to_owned(), key, value: Value::Integer(1) };
            return Request::at_leader("write", txn::to_value(&[micro]));
        }
        let group = groups.group(&mut self.random);
        let mut keys: Vec<i64> = (group * GROUP..(group + 1) * GROUP).collect();
        let turned = self.random.random_range(0..keys.len());
        keys.rotate_left(turned);
        let read = |key| Micro { function: "r".to_owned(), key, value: Value::Nil };
        let micros: Vec<Micro> = keys.into_iter().map(read).collect();
        Request::anywhere("read", txn::to_value(&micros))
    }

    fn perform(&mut self, request: &Request, turn: &mut Turn<'_>) -> Result<Value, Ended> {
        let mut micros = txn::of_value(&request.value);
        if request.function == "read" {
            self.read(&mut micros, turn)?;
            return Ok(txn::to_value(&micros));
        }
        let key = micros.first().map_or(0, |micro| micro.key);
        turn.commit(INSERT, &[key.into(), 1.into()])?;
        Ok(request.value.clone())
    }

    fn last(&mut self, _first: bool) -> Vec<Request> {
        Vec::new()
    }
}
