//! Unique numbers from AUTO_INCREMENT: no number is given twice, also when the row that had it is gone and the leader is another.
//!
//! A number is told when the transaction that made its row was. Rows are inserted one by one and several at once; their numbers are read back by a
//! tag in the same transaction, or are those that the server says. Half of the rows are deleted again, as the public suites of other
//! databases have found numbers given again whose rows were gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::{Client, Request, Setting, Turn, Workload, run_all};
use crate::checkers;
use crate::edn::Value;
use crate::history::History;
use crate::run::session::{Ended, Failure, Session};
use crate::verdict::Verdict;

const TABLE: &str =
    "CREATE TABLE numbers (id BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT, tag BIGINT NOT NULL, KEY (tag))";
const ONE: &str = "INSERT INTO numbers (tag) VALUES (?)";
const THREE: &str = "INSERT INTO numbers (tag) VALUES (?), (?), (?)";
const BY_TAG: &str = "SELECT id FROM numbers WHERE tag = ? ORDER BY id";
const DELETE: &str = "DELETE FROM numbers WHERE tag = ?";

/// See the module.
pub struct UniqueIds {
    tags: Arc<AtomicI64>,
}

struct Generator {
    tags: Arc<AtomicI64>,
    random: StdRng,
}

impl UniqueIds {
    /// Under all levels.
    ///
    /// # Errors
    /// None.
    pub fn make(_setting: Setting) -> Result<Box<dyn Workload>, &'static str> {
        Ok(Box::new(UniqueIds { tags: Arc::new(AtomicI64::new(1)) }))
    }
}

impl Workload for UniqueIds {
    fn prepare(&self, session: &mut dyn Session) -> Result<(), Failure> {
        run_all(session, &[TABLE])
    }

    fn client(&self, _worker: usize, seed: u64) -> Box<dyn Client> {
        Box::new(Generator { tags: Arc::clone(&self.tags), random: StdRng::seed_from_u64(seed) })
    }

    fn claim(&self) -> String {
        "unique".to_owned()
    }

    fn judge(&self, history: &History) -> Vec<Verdict> {
        vec![checkers::unique_ids(history)]
    }

    fn counted(&self) -> &'static [&'static str] {
        &["generate"]
    }
}

impl Client for Generator {
    fn next(&mut self) -> Request {
        Request::at_leader("generate", Value::Nil)
    }

    fn perform(&mut self, _request: &Request, turn: &mut Turn<'_>) -> Result<Value, Ended> {
        let tag = self.tags.fetch_add(1, Ordering::Relaxed);
        let deletes = self.random.random_bool(0.5);
        if self.random.random_bool(0.5) {
            let id = turn.commit(ONE, &[tag.into()])?.last_insert_id;
            if deletes {
                // The number was told by the insertion: what becomes of the row does not matter to the operation.
                if let Err(ended) = turn.commit(DELETE, &[tag.into()]) {
                    turn.tell("delete", ended.error);
                }
            }
            return Ok(Value::Integer(id.cast_signed()));
        }
        turn.say("BEGIN")?;
        turn.ask(THREE, &[tag.into(), tag.into(), tag.into()])?;
        let ids = turn.ask(BY_TAG, &[tag.into()])?.numbers();
        let goes_with_it = deletes && self.random.random_bool(0.5);
        if goes_with_it {
            turn.ask(DELETE, &[tag.into()])?;
        }
        turn.end()?;
        if deletes
            && !goes_with_it
            && let Err(ended) = turn.commit(DELETE, &[tag.into()])
        {
            turn.tell("delete", ended.error);
        }
        Ok(Value::Vector(ids.into_iter().flatten().map(Value::Integer).collect()))
    }

    fn last(&mut self, _first: bool) -> Vec<Request> {
        vec![self.next()]
    }
}
