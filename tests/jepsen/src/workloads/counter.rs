//! Counters: additions in the several manners that applications have, and reads on any node.
//!
//! `counter` spreads its additions over the rows of one counter, `hot-row` has all of them in one row and uses the hints for such rows.
//! The value is the sum of the rows, read by one statement.

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::levels::Isolation;
use super::{Client, Request, Setting, Turn, Workload, run_all};
use crate::checkers;
use crate::edn::Value;
use crate::history::History;
use crate::run::session::{Ended, Failure, Parameter, Session};
use crate::run::target::Server;
use crate::verdict::Verdict;

/// Rows of `counter`.
const SPREAD_ROWS: i64 = 4;
/// What is added is up to this much, of either sign.
const AMOUNT_MAX: i64 = 5;

const TABLE: &str = "CREATE TABLE counters (id INT NOT NULL PRIMARY KEY, val BIGINT NOT NULL)";
const ADD: &str = "UPDATE counters SET val = val + ? WHERE id = ?";
const ADD_HINTED: &str = "UPDATE /*+ COMMIT_ON_SUCCESS ROLLBACK_ON_FAIL TARGET_AFFECT_ROW(1) */ counters SET val = val + ? WHERE id = ?";
const READ_ROW: &str = "SELECT val FROM counters WHERE id = ?";
const READ_ROW_LOCKED: &str = "SELECT val FROM counters WHERE id = ? FOR UPDATE";
const SET: &str = "UPDATE counters SET val = ? WHERE id = ?";
const READ: &str = "SELECT SUM(val) FROM counters";

/// See the module.
pub struct Counter {
    setting: Setting,
    rows: i64,
}

struct Adder {
    setting: Setting,
    rows: i64,
    random: StdRng,
}

impl Counter {
    /// Of several rows.
    ///
    /// # Errors
    /// Why nothing is claimed.
    pub fn spread(setting: Setting) -> Result<Box<dyn Workload>, &'static str> {
        Self::make(setting, SPREAD_ROWS)
    }

    /// Of one row.
    ///
    /// # Errors
    /// Why nothing is claimed.
    pub fn hot(setting: Setting) -> Result<Box<dyn Workload>, &'static str> {
        Self::make(setting, 1)
    }

    fn make(setting: Setting, rows: i64) -> Result<Box<dyn Workload>, &'static str> {
        if !setting.levels.consistency.is_strong() {
            return Err("the bounds of a counter are those of reads that see what was acknowledged");
        }
        Ok(Box::new(Counter { setting, rows }))
    }
}

impl Workload for Counter {
    fn prepare(&self, session: &mut dyn Session) -> Result<(), Failure> {
        run_all(session, &[TABLE])?;
        for id in 1..=self.rows {
            session.query(&format!("INSERT INTO counters (id, val) VALUES ({id}, 0)"))?;
        }
        Ok(())
    }

    fn client(&self, _worker: usize, seed: u64) -> Box<dyn Client> {
        Box::new(Adder { setting: self.setting, rows: self.rows, random: StdRng::seed_from_u64(seed) })
    }

    fn claim(&self) -> String {
        "counter".to_owned()
    }

    fn judge(&self, history: &History) -> Vec<Verdict> {
        vec![checkers::counter(history)]
    }

    fn counted(&self) -> &'static [&'static str] {
        &["add"]
    }
}

impl Adder {
    fn add(&mut self, amount: i64, turn: &mut Turn<'_>) -> Result<(), Ended> {
        let id = self.random.random_range(1..=self.rows);
        let parameters = [Parameter::from(amount), id.into()];
        match self.random.random_range(0..4) {
            0 => turn.commit(ADD, &parameters).map(drop),
            1 if self.setting.server == Server::Quorate && self.rows == 1 => {
                if self.random.random_bool(0.5) {
                    return turn.commit(ADD_HINTED, &parameters).map(drop);
                }
                turn.say("BEGIN")?;
                turn.commit(ADD_HINTED, &parameters).map(drop)
            }
            1 => {
                turn.say("BEGIN")?;
                turn.ask(ADD, &parameters)?;
                turn.end()
            }
            2 => {
                turn.say("BEGIN")?;
                turn.ask(ADD, &parameters)?;
                turn.ask(READ_ROW, &[id.into()])?;
                turn.end()
            }
            _ => self.read_and_set(id, amount, turn),
        }
    }

    /// The way that loses updates, where it is promised that it does not; elsewhere the row is locked.
    fn read_and_set(&mut self, id: i64, amount: i64, turn: &mut Turn<'_>) -> Result<(), Ended> {
        let read = match self.setting.levels.isolation {
            Isolation::ReadUncommitted | Isolation::ReadCommitted => READ_ROW_LOCKED,
            Isolation::RepeatableRead | Isolation::Serializable => READ_ROW,
        };
        turn.say("BEGIN")?;
        let found = turn.ask(read, &[id.into()])?.number();
        let Some(found) = found else {
            return turn.take_back("no-row").map(drop);
        };
        turn.ask(SET, &[(found + amount).into(), id.into()])?;
        turn.end()
    }
}

impl Client for Adder {
    fn next(&mut self) -> Request {
        if self.random.random_ratio(1, 3) {
            return Request::anywhere("read", Value::Nil);
        }
        let amount =
            self.random.random_range(1..=AMOUNT_MAX) * if self.random.random_ratio(1, 4) { -1 } else { 1 };
        Request::at_leader("add", Value::Integer(amount))
    }

    fn perform(&mut self, request: &Request, turn: &mut Turn<'_>) -> Result<Value, Ended> {
        match request.value {
            Value::Integer(amount) => self.add(amount, turn).map(|()| request.value.clone()),
            _ => match turn.ask(READ, &[])?.number() {
                Some(sum) => Ok(Value::Integer(sum)),
                None => Err(Ended::refused("no-rows")),
            },
        }
    }

    fn last(&mut self, _first: bool) -> Vec<Request> {
        vec![Request::anywhere("read", Value::Nil)]
    }
}
