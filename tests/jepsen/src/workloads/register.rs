//! Registers: single rows that are read, written and, in `cas-register`, compared and set, each key judged for itself.
//!
//! Written values are unique in `register`, so that every stale read is seen; in `cas-register` they are few, so that a comparison has
//! a chance. Reads go to any node, which `strong` consistency promises to be no different.

use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::keys::Keys;
use super::levels::Isolation;
use super::{Client, Request, Setting, Turn, Workload, number_at, optional, pair, run_all};
use crate::checkers;
use crate::edn::Value;
use crate::history::History;
use crate::run::session::{Ended, Failure, Session};
use crate::verdict::Verdict;

/// Keys in use at a time.
const KEYS: i64 = 5;
/// Operations on a key.
const KEY_USES_MAX: i64 = 120;
/// Values of `cas-register` are below this.
const CAS_VALUES: i64 = 5;

const READ: &str = "SELECT val FROM registers WHERE id = ?";
const READ_LOCKED: &str = "SELECT val FROM registers WHERE id = ? FOR UPDATE";
const WRITE: &str = "INSERT INTO registers (id, val) VALUES (?, ?) ON DUPLICATE KEY UPDATE val = ?";
const CAS: &str = "UPDATE registers SET val = ? WHERE id = ? AND val = ?";
const SET: &str = "UPDATE registers SET val = ? WHERE id = ?";

/// See the module.
pub struct Registers {
    setting: Setting,
    has_cas: bool,
    keys: Arc<Keys>,
}

struct Register {
    isolation: Isolation,
    has_cas: bool,
    keys: Arc<Keys>,
    random: StdRng,
}

impl Registers {
    /// Reads and writes.
    ///
    /// # Errors
    /// Why nothing is claimed.
    pub fn without_cas(setting: Setting) -> Result<Box<dyn Workload>, &'static str> {
        Self::make(setting, false)
    }

    /// Reads, writes and compare-and-set.
    ///
    /// # Errors
    /// Why nothing is claimed.
    pub fn with_cas(setting: Setting) -> Result<Box<dyn Workload>, &'static str> {
        Self::make(setting, true)
    }

    fn make(setting: Setting, has_cas: bool) -> Result<Box<dyn Workload>, &'static str> {
        if !setting.levels.consistency.is_strong() {
            return Err("reads that may be old are not linearizable");
        }
        Ok(Box::new(Registers { setting, has_cas, keys: Arc::new(Keys::new(KEYS, KEY_USES_MAX)) }))
    }
}

impl Workload for Registers {
    fn prepare(&self, session: &mut dyn Session) -> Result<(), Failure> {
        run_all(session, &["CREATE TABLE registers (id INT NOT NULL PRIMARY KEY, val INT NOT NULL)"])
    }

    fn client(&self, _worker: usize, seed: u64) -> Box<dyn Client> {
        Box::new(Register {
            isolation: self.setting.levels.isolation,
            has_cas: self.has_cas,
            keys: Arc::clone(&self.keys),
            random: StdRng::seed_from_u64(seed),
        })
    }

    fn claim(&self) -> String {
        "linearizable".to_owned()
    }

    fn judge(&self, history: &History) -> Vec<Verdict> {
        vec![checkers::linearizable_registers(history)]
    }

    fn counted(&self) -> &'static [&'static str] {
        &["read", "write", "cas"]
    }
}

impl Register {
    fn value(&mut self) -> i64 {
        if self.has_cas { self.random.random_range(0..CAS_VALUES) } else { self.keys.value() }
    }

    fn read(&mut self, key: i64, turn: &mut Turn<'_>) -> Result<Value, Ended> {
        let read_only = self.random.random_ratio(1, 4);
        if read_only {
            turn.say("START TRANSACTION READ ONLY")?;
        }
        let value = turn.ask(READ, &[key.into()])?.number();
        if read_only {
            turn.say("COMMIT")?;
        }
        Ok(pair(key, optional(value)))
    }

    fn write(&mut self, key: i64, value: i64, turn: &mut Turn<'_>) -> Result<(), Ended> {
        let parameters = [key.into(), value.into(), value.into()];
        if self.random.random_ratio(3, 4) {
            return turn.commit(WRITE, &parameters).map(drop);
        }
        turn.say("BEGIN")?;
        turn.ask(WRITE, &parameters)?;
        turn.end()
    }

    fn cas(&mut self, key: i64, from: i64, to: i64, turn: &mut Turn<'_>) -> Result<(), Ended> {
        if self.random.random_bool(0.5) {
            let answer = turn.commit(CAS, &[to.into(), key.into(), from.into()])?;
            return if answer.affected == 0 { Err(Ended::refused("precondition")) } else { Ok(()) };
        }
        turn.say("BEGIN")?;
        // Where a snapshot may be old by the time of the write, the level itself must refuse the write; where it does not, the row is locked.
        let read = match self.isolation {
            Isolation::ReadUncommitted | Isolation::ReadCommitted => READ_LOCKED,
            Isolation::RepeatableRead | Isolation::Serializable => READ,
        };
        if turn.ask(read, &[key.into()])?.number() != Some(from) {
            // It was seen by a transaction that is told to have committed: only then was it there.
            turn.say("COMMIT")?;
            return Err(Ended::refused("precondition"));
        }
        turn.ask(SET, &[to.into(), key.into()])?;
        turn.end()
    }
}

impl Client for Register {
    fn next(&mut self) -> Request {
        let key = self.keys.next(&mut self.random);
        match (self.random.random_range(0..4), self.has_cas) {
            (0 | 1, _) => Request::anywhere("read", pair(key, Value::Nil)),
            (3, true) => {
                let from = self.value();
                let to = (from + self.random.random_range(1..CAS_VALUES)) % CAS_VALUES;
                Request::at_leader("cas", pair(key, pair(from, to)))
            }
            _ => {
                let value = self.value();
                Request::at_leader("write", pair(key, value))
            }
        }
    }

    fn perform(&mut self, request: &Request, turn: &mut Turn<'_>) -> Result<Value, Ended> {
        let key = number_at(&request.value, 0);
        match request.function {
            "read" => return self.read(key, turn),
            "write" => self.write(key, number_at(&request.value, 1), turn)?,
            _ => {
                let change = request.value.elements().and_then(|elements| elements.get(1)).cloned();
                let change = change.unwrap_or(Value::Nil);
                self.cas(key, number_at(&change, 0), number_at(&change, 1), turn)?;
            }
        }
        Ok(request.value.clone())
    }

    fn last(&mut self, _first: bool) -> Vec<Request> {
        self.keys.last().map(|key| Request::anywhere("read", pair(key, Value::Nil))).collect()
    }
}
