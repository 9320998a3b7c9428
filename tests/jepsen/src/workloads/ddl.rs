//! DDL beside DML: a set that grows while its table gets and loses indexes and is renamed, and other tables come and go.
//!
//! A statement that finds the table away fails, and says so. What is judged is the set; the DDL stands in the history as `:ddl`.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::set::{Elements, INSERT, claim, elements_of, staleness};
use super::{Client, Request, Setting, Turn, Workload, run_all};
use crate::checkers;
use crate::edn::Value;
use crate::history::History;
use crate::run::session::{Ended, Failure, Session};
use crate::verdict::Verdict;

/// Errors of DDL that finds things to be as it would make them, or already away: table exists, unknown table, no such table, duplicate key
/// name, nothing to drop.
const ALREADY: [u16; 5] = [1050, 1051, 1146, 1061, 1091];
/// Workers that do DDL, each now and then.
const DDL_WORKERS: usize = 2;

const TABLE: &str = "CREATE TABLE elements (id INT NOT NULL PRIMARY KEY AUTO_INCREMENT, val INT NOT NULL, tag INT NOT NULL DEFAULT 7)";

/// See the module.
pub struct Ddl {
    setting: Setting,
    elements: Arc<Elements>,
    scratches: Arc<AtomicI64>,
}

struct Changer {
    elements: Arc<Elements>,
    scratches: Arc<AtomicI64>,
    changes: bool,
    random: StdRng,
}

/// Changes of the schema, by the name that they have in a history.
const CHANGES: &[(&str, &[&str])] = &[
    ("create-index", &["CREATE INDEX by_tag ON elements (tag)"]),
    ("drop-index", &["DROP INDEX by_tag ON elements"]),
    ("add-key", &["ALTER TABLE elements ADD KEY by_value (val)"]),
    ("drop-key", &["ALTER TABLE elements DROP KEY by_value"]),
    ("rename", &["RENAME TABLE elements TO elements_away", "RENAME TABLE elements_away TO elements"]),
    ("rename-back", &["RENAME TABLE elements_away TO elements"]),
    (
        "scratch",
        &[
            "CREATE TABLE scratchN (id INT PRIMARY KEY)",
            "INSERT INTO scratchN VALUES (1)",
            "DROP TABLE scratchN",
        ],
    ),
];

impl Ddl {
    /// Under all levels.
    ///
    /// # Errors
    /// None.
    pub fn make(setting: Setting) -> Result<Box<dyn Workload>, &'static str> {
        Ok(Box::new(Ddl { setting, elements: Arc::new(Elements::new()), scratches: Arc::default() }))
    }
}

impl Workload for Ddl {
    fn prepare(&self, session: &mut dyn Session) -> Result<(), Failure> {
        run_all(session, &[TABLE])
    }

    fn client(&self, worker: usize, seed: u64) -> Box<dyn Client> {
        Box::new(Changer {
            elements: Arc::clone(&self.elements),
            scratches: Arc::clone(&self.scratches),
            changes: worker < DDL_WORKERS,
            random: StdRng::seed_from_u64(seed),
        })
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

impl Changer {
    fn change(&mut self, name: &str, turn: &mut Turn<'_>) -> Result<(), Ended> {
        let statements = CHANGES.iter().find(|(change, _)| *change == name).map_or(&[][..], |(_, all)| all);
        let number = self.scratches.fetch_add(1, Ordering::Relaxed).to_string();
        for sql in statements {
            match turn.seat.session.query(&sql.replace("scratchN", &format!("scratch{number}"))) {
                Ok(_) => {}
                Err(failure) if failure.code.is_some_and(|code| ALREADY.contains(&code)) => {
                    turn.tell("already", failure.to_value());
                    return Ok(());
                }
                Err(failure) => return Err(failure.at_commit()),
            }
        }
        Ok(())
    }
}

impl Client for Changer {
    fn next(&mut self) -> Request {
        if self.changes && self.random.random_ratio(1, 8) {
            let (name, _) = CHANGES[self.random.random_range(0..CHANGES.len())];
            return Request::at_leader("ddl", Value::keyword(name));
        }
        self.elements.next()
    }

    fn perform(&mut self, request: &Request, turn: &mut Turn<'_>) -> Result<Value, Ended> {
        match &request.value {
            Value::Keyword(name) => self.change(name, turn)?,
            Value::Integer(element) if self.random.random_bool(0.5) => {
                turn.say("BEGIN")?;
                turn.ask(INSERT, &[(*element).into()])?;
                turn.end()?;
            }
            Value::Integer(element) => drop(turn.commit(INSERT, &[(*element).into()])?),
            _ => return elements_of(turn, "SELECT val FROM elements WHERE tag = 7"),
        }
        Ok(request.value.clone())
    }

    fn last(&mut self, first: bool) -> Vec<Request> {
        let mut requests = vec![Request::anywhere("read", Value::Nil)];
        if first {
            requests.insert(0, Request::at_leader("ddl", Value::keyword("rename-back")));
        }
        requests
    }
}
