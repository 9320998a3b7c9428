//! What became of a transaction: `quorate_transaction_outcome()` on any node, held against what is there in the end.
//!
//! It is asked of what was told, by the name that the session then says it had, and above all of what was not: a transaction in doubt is
//! named by its error. Inserted rows are never taken away, so the last read says what happened.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::{Client, Request, Setting, Turn, Workload, number_at, pair, run_all};
use crate::checkers;
use crate::edn::Value;
use crate::history::History;
use crate::run::session::{Ended, Failure, Session};
use crate::run::target::Server;
use crate::verdict::Verdict;

/// Names that wait to be asked for, at most.
const NAMES_MAX: usize = 200;
/// The words around the name in the error of a transaction in doubt.
const BEFORE_NAME: &str = "while the transaction ";
const AFTER_NAME: &str = " waited for the quorum";

const INSERT: &str = "INSERT INTO outcomes (id) VALUES (?)";
const OUTCOME: &str = "SELECT quorate_transaction_outcome(?)";
const READ: &str = "SELECT id FROM outcomes";

/// See the module.
pub struct Outcomes {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    ids: AtomicI64,
    /// What may be asked for: id and name; those in doubt first.
    names: Mutex<VecDeque<(i64, String)>>,
    /// What is being asked for.
    asked: Mutex<BTreeMap<i64, String>>,
}

struct Asker {
    shared: Arc<Shared>,
    random: StdRng,
}

impl Outcomes {
    /// Under all levels.
    ///
    /// # Errors
    /// Why nothing is claimed.
    pub fn make(setting: Setting) -> Result<Box<dyn Workload>, &'static str> {
        match setting.server {
            Server::Quorate => Ok(Box::new(Outcomes { shared: Arc::default() })),
            Server::Other => Err("other servers have no quorate_transaction_outcome()"),
        }
    }
}

impl Workload for Outcomes {
    fn prepare(&self, session: &mut dyn Session) -> Result<(), Failure> {
        run_all(session, &["CREATE TABLE outcomes (id BIGINT NOT NULL PRIMARY KEY)"])
    }

    fn client(&self, _worker: usize, seed: u64) -> Box<dyn Client> {
        Box::new(Asker { shared: Arc::clone(&self.shared), random: StdRng::seed_from_u64(seed) })
    }

    fn waits_long(&self) -> bool {
        true
    }

    fn claim(&self) -> String {
        "outcomes agree".to_owned()
    }

    fn judge(&self, history: &History) -> Vec<Verdict> {
        vec![checkers::outcomes(history)]
    }

    fn counted(&self) -> &'static [&'static str] {
        &["insert"]
    }
}

impl Shared {
    fn remember(&self, id: i64, name: String, in_doubt: bool) {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if in_doubt {
            names.push_front((id, name));
        } else if names.len() < NAMES_MAX {
            names.push_back((id, name));
        }
    }

    /// The request to ask for one of them.
    fn ask(&self) -> Option<Request> {
        let (id, name) = self.names.lock().unwrap_or_else(PoisonError::into_inner).pop_front()?;
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).insert(id, name);
        Some(Request::anywhere("outcome", pair(id, Value::Nil)))
    }

    fn name(&self, id: i64) -> String {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned().unwrap_or_default()
    }
}

/// The name of the transaction whose outcome the server did not know.
fn name_in_doubt(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once(BEFORE_NAME)?;
    rest.split_once(AFTER_NAME).map(|(name, _)| name)
}

impl Asker {
    fn insert(&mut self, id: i64, turn: &mut Turn<'_>) -> Result<(), Ended> {
        let outcome = if self.random.random_bool(0.5) {
            turn.commit(INSERT, &[id.into()]).map(drop)
        } else {
            turn.say("BEGIN")?;
            turn.ask(INSERT, &[id.into()])?;
            turn.end()
        };
        if let Err(ended) = &outcome
            && let Some(name) = ended.failure.as_ref().and_then(|failure| name_in_doubt(&failure.message))
        {
            turn.tell("gtid", Value::from(name));
            self.shared.remember(id, name.to_owned(), true);
        }
        outcome
    }

    fn outcome(&mut self, id: i64, turn: &mut Turn<'_>) -> Result<Value, Ended> {
        let name = self.shared.name(id);
        turn.tell("gtid", Value::from(name.as_str()));
        let answer = match turn.ask(OUTCOME, &[name.as_str().into()]) {
            Ok(answer) => answer,
            Err(ended) => {
                self.shared.remember(id, name, true);
                return Err(ended);
            }
        };
        let word = match answer.text() {
            Some("COMMITTED") => "committed",
            Some("NOT COMMITTED") => "not-committed",
            Some("UNKNOWN") => "unknown",
            other => {
                let message = format!("quorate_transaction_outcome() answered {other:?}");
                return Err(Failure::of_answer(message).before_commit());
            }
        };
        if word == "unknown" {
            self.shared.remember(id, name, false);
        }
        Ok(pair(id, Value::keyword(word)))
    }
}

impl Client for Asker {
    fn next(&mut self) -> Request {
        if self.random.random_ratio(1, 5)
            && let Some(request) = self.shared.ask()
        {
            return request;
        }
        Request::at_leader("insert", Value::Integer(self.shared.ids.fetch_add(1, Ordering::Relaxed)))
    }

    fn perform(&mut self, request: &Request, turn: &mut Turn<'_>) -> Result<Value, Ended> {
        match request.function {
            "insert" => {
                let Value::Integer(id) = request.value else { return Err(Ended::refused("malformed")) };
                self.insert(id, turn)?;
                // What it was called is not part of the operation: it is done, whether or not this is answered.
                if self.random.random_ratio(1, 4)
                    && let Ok(answer) = turn.ask("SELECT @@quorate_last_gtid", &[])
                    && let Some(name) = answer.text()
                {
                    turn.tell("gtid", Value::from(name));
                    self.shared.remember(id, name.to_owned(), false);
                }
                Ok(request.value.clone())
            }
            "outcome" => self.outcome(number_at(&request.value, 0), turn),
            _ => super::set::elements_of(turn, READ),
        }
    }

    fn last(&mut self, first: bool) -> Vec<Request> {
        let mut requests = Vec::new();
        while first && let Some(request) = self.shared.ask() {
            requests.push(request);
        }
        requests.push(Request::anywhere("read", Value::Nil));
        requests
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_stands_in_the_error() {
        let message = "Internal error: leadership moved while the transaction 3f0c:t7:12 waited for the quorum, and whether";
        assert_eq!(name_in_doubt(message), Some("3f0c:t7:12"));
        assert_eq!(name_in_doubt("Deadlock found"), None);
    }
}
