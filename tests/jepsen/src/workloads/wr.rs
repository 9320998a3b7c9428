//! Elle's rw-register: what is written to a key is unique, so a read tells which write it saw.
//!
//! A weaker test than [`super::append`], as registers hide their history; it is there because it writes without reading, which lists do not.

use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::keys::Keys;
use super::txn::{self, Rows};
use super::{Client, Request, Setting, Turn, Workload, optional, run_all};
use crate::checkers::{self, Model};
use crate::edn::Value;
use crate::history::History;
use crate::run::session::{Ended, Failure, Session};
use crate::verdict::Verdict;

/// Keys in use at a time.
const KEYS: i64 = 6;
/// Micro-operations on a key, about.
const KEY_USES_MAX: i64 = 100;

const READ: &str = "SELECT val FROM wr WHERE id = ?";
const UPSERT: &str = "INSERT INTO wr (id, sk, val) VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE val = ?";
const REPLACE: &str = "REPLACE INTO wr (id, sk, val) VALUES (?, ?, ?)";

/// See the module.
pub struct ReadWrite {
    model: Model,
    keys: Arc<Keys>,
}

struct Writer {
    keys: Arc<Keys>,
    random: StdRng,
}

impl ReadWrite {
    /// Under all levels.
    ///
    /// # Errors
    /// Why nothing is claimed.
    pub fn make(setting: Setting) -> Result<Box<dyn Workload>, &'static str> {
        let model = txn::model(setting.levels)?;
        Ok(Box::new(ReadWrite { model, keys: Arc::new(Keys::new(KEYS, KEY_USES_MAX)) }))
    }
}

impl Workload for ReadWrite {
    fn prepare(&self, session: &mut dyn Session) -> Result<(), Failure> {
        run_all(
            session,
            &["CREATE TABLE wr (id INT NOT NULL PRIMARY KEY, sk INT NOT NULL, val INT, KEY (sk))"],
        )
    }

    fn client(&self, _worker: usize, seed: u64) -> Box<dyn Client> {
        Box::new(Writer { keys: Arc::clone(&self.keys), random: StdRng::seed_from_u64(seed) })
    }

    fn claim(&self) -> String {
        self.model.name().to_owned()
    }

    fn judge(&self, history: &History) -> Vec<Verdict> {
        vec![checkers::rw_register(history, self.model)]
    }

    fn counted(&self) -> &'static [&'static str] {
        &["txn"]
    }
}

impl Rows for Writer {
    fn read(&mut self, key: i64, turn: &mut Turn<'_>) -> Result<Value, Ended> {
        turn.ask(READ, &[key.into()]).map(|answer| optional(answer.number()))
    }

    fn write(&mut self, key: i64, value: i64, commits: bool, turn: &mut Turn<'_>) -> Result<(), Ended> {
        let mut parameters = vec![key.into(), key.into(), value.into()];
        let sql = if self.random.random_ratio(1, 3) {
            REPLACE
        } else {
            parameters.push(value.into());
            UPSERT
        };
        if commits { turn.commit(sql, &parameters) } else { turn.ask(sql, &parameters) }.map(drop)
    }
}

impl Client for Writer {
    fn next(&mut self) -> Request {
        txn::random("w", &self.keys, &mut self.random)
    }

    fn perform(&mut self, request: &Request, turn: &mut Turn<'_>) -> Result<Value, Ended> {
        txn::perform(self, request, turn)
    }

    fn last(&mut self, _first: bool) -> Vec<Request> {
        txn::reads(self.keys.last())
    }
}
