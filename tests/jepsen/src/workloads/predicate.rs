//! Predicates under SERIALIZABLE: phantoms, and the write skew that goes by way of them (Adya's G2).
//!
//! Of each key at most one of two transactions may insert a row, as each looks first whether either table has one. Readers read a
//! predicate twice in a transaction.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::levels::Isolation;
use super::{Client, Request, Setting, Turn, Workload, number_at, optional, pair};
use crate::checkers;
use crate::edn::Value;
use crate::history::History;
use crate::run::session::{Ended, Failure, Session};
use crate::verdict::Verdict;

/// Insertions that are tried for each key, about.
const TRIES_PER_KEY: i64 = 4;
/// Readers look at the newest keys.
const KEYS_READ: i64 = 3;

/// See the module.
pub struct Predicate {
    ids: Arc<AtomicI64>,
}

struct Inserter {
    ids: Arc<AtomicI64>,
    random: StdRng,
}

impl Predicate {
    /// Under SERIALIZABLE.
    ///
    /// # Errors
    /// Why nothing is claimed.
    pub fn make(setting: Setting) -> Result<Box<dyn Workload>, &'static str> {
        match setting.levels.isolation {
            Isolation::Serializable => Ok(Box::new(Predicate { ids: Arc::new(AtomicI64::new(0)) })),
            Isolation::ReadUncommitted | Isolation::ReadCommitted | Isolation::RepeatableRead => {
                Err("only SERIALIZABLE keeps two transactions apart that read what the other inserts")
            }
        }
    }
}

impl Workload for Predicate {
    fn prepare(&self, session: &mut dyn Session) -> Result<(), Failure> {
        for table in ["predicate_a", "predicate_b"] {
            session.query(&format!(
                "CREATE TABLE {table} (id INT NOT NULL PRIMARY KEY, k INT NOT NULL, val INT NOT NULL, KEY (k))"
            ))?;
        }
        Ok(())
    }

    fn client(&self, _worker: usize, seed: u64) -> Box<dyn Client> {
        Box::new(Inserter { ids: Arc::clone(&self.ids), random: StdRng::seed_from_u64(seed) })
    }

    fn claim(&self) -> String {
        "no phantoms".to_owned()
    }

    fn judge(&self, history: &History) -> Vec<Verdict> {
        vec![checkers::predicate(history)]
    }

    fn counted(&self) -> &'static [&'static str] {
        &["insert", "read"]
    }
}

impl Inserter {
    /// The ids of `key` in both tables, read one after the other.
    fn look(&mut self, key: i64, turn: &mut Turn<'_>) -> Result<Vec<i64>, Ended> {
        let condition =
            ["k = ?", "k BETWEEN ? AND ?", "val % 2 = 0 AND k = ?"][self.random.random_range(0..3)];
        let parameters = vec![key.into(); condition.matches('?').count()];
        let mut found = Vec::new();
        for table in ["predicate_a", "predicate_b"] {
            let answer =
                turn.ask(&format!("SELECT id FROM {table} WHERE {condition} ORDER BY id"), &parameters)?;
            found.extend(answer.numbers().into_iter().flatten());
        }
        Ok(found)
    }

    fn insert(&mut self, request: &Request, turn: &mut Turn<'_>) -> Result<Value, Ended> {
        let key = number_at(&request.value, 0);
        let ids =
            request.value.elements().and_then(|elements| elements.get(1)?.elements()).unwrap_or_default();
        let (table, id) = match ids {
            [Value::Integer(id), _] => ("predicate_a", *id),
            [_, Value::Integer(id)] => ("predicate_b", *id),
            _ => return Err(Ended::refused("malformed")),
        };
        turn.say("BEGIN")?;
        if !self.look(key, turn)?.is_empty() {
            return turn.take_back("too-late");
        }
        let sql = format!("INSERT INTO {table} (id, k, val) VALUES (?, ?, 30)");
        turn.ask(&sql, &[id.into(), key.into()])?;
        turn.end()?;
        Ok(request.value.clone())
    }

    fn read(&mut self, request: &Request, turn: &mut Turn<'_>) -> Result<Value, Ended> {
        let key = number_at(&request.value, 0);
        let is_read_only = request.place != crate::run::connections::Place::Leader;
        turn.say(if is_read_only { "START TRANSACTION READ ONLY" } else { "BEGIN" })?;
        let mut reads = Vec::new();
        for _ in 0..2 {
            let ids = self.look(key, turn)?;
            reads.push(Value::Vector(ids.into_iter().map(Value::Integer).collect()));
        }
        turn.say("COMMIT")?;
        Ok(pair(key, Value::Vector(reads)))
    }
}

impl Client for Inserter {
    fn next(&mut self) -> Request {
        if self.random.random_ratio(1, 3) {
            let newest = self.ids.load(Ordering::Relaxed) / TRIES_PER_KEY;
            let key = (newest - self.random.random_range(0..KEYS_READ)).max(0);
            let value = pair(key, Value::Nil);
            let anywhere = self.random.random_bool(0.5);
            return if anywhere {
                Request::anywhere("read", value)
            } else {
                Request::at_leader("read", value)
            };
        }
        let id = self.ids.fetch_add(1, Ordering::Relaxed);
        let in_first = self.random.random_bool(0.5);
        let ids = pair(optional(in_first.then_some(id)), optional((!in_first).then_some(id)));
        Request::at_leader("insert", pair(id / TRIES_PER_KEY, ids))
    }

    fn perform(&mut self, request: &Request, turn: &mut Turn<'_>) -> Result<Value, Ended> {
        if request.function == "insert" { self.insert(request, turn) } else { self.read(request, turn) }
    }

    fn last(&mut self, _first: bool) -> Vec<Request> {
        Vec::new()
    }
}
