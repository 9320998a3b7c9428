//! Elle's list-append: lists are text, elements are joined by commas.
//!
//! The SQL is that of the public suite for MySQL: several tables, a row by its primary key or by a secondary one, `UPDATE … SET val = CONCAT(val, ',', ?)`
//! with a savepoint before the insertion of a row that is not there yet, or `INSERT … ON DUPLICATE KEY UPDATE`.

use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::keys::Keys;
use super::txn::{self, Rows};
use super::{Client, Request, Setting, Turn, Workload};
use crate::checkers::{self, Model};
use crate::edn::Value;
use crate::history::History;
use crate::run::session::{Ended, Failure, Session};
use crate::verdict::Verdict;

/// Tables, over which keys are spread.
const TABLES: i64 = 3;
/// Keys in use at a time.
const KEYS: i64 = 6;
/// Micro-operations on a key, about.
const KEY_USES_MAX: i64 = 60;
/// The error of a row that is there.
const DUPLICATE: u16 = 1062;

/// See the module.
pub struct Append {
    model: Model,
    keys: Arc<Keys>,
}

struct Appender {
    keys: Arc<Keys>,
    random: StdRng,
}

impl Append {
    /// Under all levels.
    ///
    /// # Errors
    /// Why nothing is claimed.
    pub fn make(setting: Setting) -> Result<Box<dyn Workload>, &'static str> {
        let model = txn::model(setting.levels)?;
        Ok(Box::new(Append { model, keys: Arc::new(Keys::new(KEYS, KEY_USES_MAX)) }))
    }
}

impl Workload for Append {
    fn prepare(&self, session: &mut dyn Session) -> Result<(), Failure> {
        for table in 0..TABLES {
            session.query(&format!(
                "CREATE TABLE txn{table} (id INT NOT NULL PRIMARY KEY, sk INT NOT NULL, val TEXT, KEY (sk))"
            ))?;
        }
        Ok(())
    }

    fn client(&self, _worker: usize, seed: u64) -> Box<dyn Client> {
        Box::new(Appender { keys: Arc::clone(&self.keys), random: StdRng::seed_from_u64(seed) })
    }

    fn claim(&self) -> String {
        self.model.name().to_owned()
    }

    fn judge(&self, history: &History) -> Vec<Verdict> {
        vec![checkers::list_append(history, self.model)]
    }

    fn counted(&self) -> &'static [&'static str] {
        &["txn"]
    }
}

fn list(text: &str) -> Value {
    Value::Vector(text.split(',').filter_map(|element| element.parse().ok()).map(Value::Integer).collect())
}

impl Rows for Appender {
    fn read(&mut self, key: i64, turn: &mut Turn<'_>) -> Result<Value, Ended> {
        let table = key % TABLES;
        let column = if self.random.random_ratio(1, 3) { "sk" } else { "id" };
        let answer = turn.ask(&format!("SELECT val FROM txn{table} WHERE {column} = ?"), &[key.into()])?;
        Ok(answer.text().map_or(Value::Nil, list))
    }

    fn write(&mut self, key: i64, value: i64, commits: bool, turn: &mut Turn<'_>) -> Result<(), Ended> {
        let table = key % TABLES;
        let text = value.to_string();
        let text = text.as_str();
        if commits || self.random.random_bool(0.5) {
            let sql = format!(
                "INSERT INTO txn{table} (id, sk, val) VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE val = CONCAT(val, ',', ?)"
            );
            let parameters = [key.into(), key.into(), text.into(), text.into()];
            return if commits { turn.commit(&sql, &parameters) } else { turn.ask(&sql, &parameters) }
                .map(drop);
        }
        let update = format!("UPDATE txn{table} SET val = CONCAT(val, ',', ?) WHERE id = ?");
        if turn.ask(&update, &[text.into(), key.into()])?.affected > 0 {
            return Ok(());
        }
        turn.say("SAVEPOINT upsert")?;
        let insert = format!("INSERT INTO txn{table} (id, sk, val) VALUES (?, ?, ?)");
        match turn.seat.session.execute(&insert, &[key.into(), key.into(), text.into()]) {
            Ok(_) => {
                turn.say("RELEASE SAVEPOINT upsert")?;
                Ok(())
            }
            Err(failure) if failure.code == Some(DUPLICATE) => {
                turn.say("ROLLBACK TO SAVEPOINT upsert")?;
                if turn.ask(&update, &[text.into(), key.into()])?.affected > 0 {
                    return Ok(());
                }
                // There, and not to be seen from this transaction's snapshot.
                turn.take_back("duplicate-unseen").map(drop)
            }
            Err(failure) => Err(failure.before_commit()),
        }
    }
}

impl Client for Appender {
    fn next(&mut self) -> Request {
        txn::random("append", &self.keys, &mut self.random)
    }

    fn perform(&mut self, request: &Request, turn: &mut Turn<'_>) -> Result<Value, Ended> {
        txn::perform(self, request, turn)
    }

    fn last(&mut self, _first: bool) -> Vec<Request> {
        txn::reads(self.keys.last())
    }
}
