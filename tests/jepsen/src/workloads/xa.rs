//! XA in two phases: each transfer is a branch that is prepared, and then committed by the same session or, after a failure, by whoever finds it.
//!
//! The worker is its own transaction manager. It decides once `XA PREPARE` was told to be done: before that, a branch is one that will be rolled
//! back, so a transfer that fails by then is `:fail`. What could not be finished is left to `:recover`, which asks `XA RECOVER` and finishes each
//! branch by its decision.
//!
//! Each branch moves money and writes a row of a journal. The money is judged as in [`super::bank`], the journal as a set.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::bank::{self, ACCOUNTS, Transfer};
use super::{Client, Request, Setting, Turn, Workload, run_all};
use crate::checkers::{self, Staleness};
use crate::edn::Value;
use crate::history::History;
use crate::run::session::{Ended, Failure, Session};
use crate::verdict::Verdict;

/// The error of a branch that is not there: finished already.
const NOT_THERE: u16 = 1397;
/// The error of a branch that another session is just finishing.
const BEING_FINISHED: u16 = 1399;
/// Where a branch's name stands in a row of `XA RECOVER`.
const NAME_COLUMN: usize = 3;

/// What each account has in each table at the beginning: enough that most transfers go on to be prepared.
const BALANCE: i64 = 50;
/// Money moves between two tables, in either direction.
const TABLES: [&str; 2] = ["xa_a", "xa_b"];
const JOURNAL: &str = "INSERT INTO xa_journal (id) VALUES (?)";
const READ: &str = "SELECT a.id, a.balance + b.balance FROM xa_a a JOIN xa_b b ON a.id = b.id";

/// What is decided of a branch that is not known to be finished.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Decision {
    /// Its worker is at it.
    Open,
    Commit,
    Rollback,
}

type Decisions = Mutex<BTreeMap<String, Decision>>;

/// See the module.
pub struct Xa {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    numbers: AtomicI64,
    /// By branch; one that is finished is not here.
    decisions: Decisions,
}

struct Manager {
    shared: Arc<Shared>,
    random: StdRng,
}

impl Xa {
    /// Under all levels.
    ///
    /// # Errors
    /// None.
    pub fn make(_setting: Setting) -> Result<Box<dyn Workload>, &'static str> {
        Ok(Box::new(Xa { shared: Arc::default() }))
    }
}

impl Workload for Xa {
    fn prepare(&self, session: &mut dyn Session) -> Result<(), Failure> {
        run_all(
            session,
            &[
                "CREATE TABLE xa_a (id INT NOT NULL PRIMARY KEY, balance BIGINT NOT NULL)",
                "CREATE TABLE xa_b (id INT NOT NULL PRIMARY KEY, balance BIGINT NOT NULL)",
                "CREATE TABLE xa_journal (id BIGINT NOT NULL PRIMARY KEY)",
            ],
        )?;
        for id in 0..ACCOUNTS {
            for table in TABLES {
                session.query(&format!("INSERT INTO {table} (id, balance) VALUES ({id}, {BALANCE})"))?;
            }
        }
        Ok(())
    }

    fn client(&self, _worker: usize, seed: u64) -> Box<dyn Client> {
        Box::new(Manager { shared: Arc::clone(&self.shared), random: StdRng::seed_from_u64(seed) })
    }

    fn claim(&self) -> String {
        "bank, set".to_owned()
    }

    fn judge(&self, history: &History) -> Vec<Verdict> {
        vec![bank::judge(history, 2 * BALANCE), checkers::set(&journal(history), Staleness::Allowed)]
    }

    fn counted(&self) -> &'static [&'static str] {
        &["transfer"]
    }
}

/// The history as that of a set: transfers add their number, the journal is read.
fn journal(history: &History) -> History {
    let mut journal = history.clone();
    for operation in &mut journal.operations {
        operation.function = match operation.function.as_str() {
            "transfer" => "add",
            "journal" => "read",
            "read" => "balances",
            other => other,
        }
        .to_owned();
        if operation.function == "add"
            && let Some(number) = operation.value.get("id").cloned()
        {
            operation.value = number;
        }
    }
    journal
}

impl Shared {
    fn decisions(&self) -> MutexGuard<'_, BTreeMap<String, Decision>> {
        self.decisions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn decide(&self, name: &str, decision: Decision) {
        self.decisions().insert(name.to_owned(), decision);
    }
}

/// Finishes a prepared branch.
fn finish(name: &str, decision: Decision, session: &mut dyn Session) -> Result<(), Failure> {
    let verb = match decision {
        Decision::Commit => "COMMIT",
        Decision::Rollback => "ROLLBACK",
        Decision::Open => return Ok(()),
    };
    match session.query(&format!("XA {verb} '{name}'")) {
        Ok(_) => Ok(()),
        Err(failure) if failure.code == Some(NOT_THERE) => Ok(()),
        Err(failure) => Err(failure),
    }
}

impl Manager {
    fn transfer(&mut self, request: &Request, turn: &mut Turn<'_>) -> Result<Value, Ended> {
        let (Some(transfer), Some(number)) = (Transfer::of(&request.value), request.value.get("id")) else {
            return Err(Ended::refused("malformed"));
        };
        let number = number.as_integer().unwrap_or(0);
        let name = format!("jepsen{number}");
        self.shared.decide(&name, Decision::Open);
        let outcome = self.branch(&name, transfer, number, turn);
        if outcome.is_ok() {
            self.shared.decisions().remove(&name);
        } else {
            // What was decided stays; what was not is to be rolled back.
            let mut decisions = self.shared.decisions();
            if decisions.get(&name) == Some(&Decision::Open) {
                decisions.insert(name, Decision::Rollback);
            }
        }
        outcome.map(|()| request.value.clone())
    }

    fn branch(
        &mut self,
        name: &str,
        transfer: Transfer,
        number: i64,
        turn: &mut Turn<'_>,
    ) -> Result<(), Ended> {
        let Transfer { from, to, amount } = transfer;
        turn.say(&format!("XA START '{name}'"))?;
        let [giver, taker] = if number % 2 == 0 { TABLES } else { [TABLES[1], TABLES[0]] };
        let take = format!("UPDATE {giver} SET balance = balance - ? WHERE id = ? AND balance >= ?");
        let taken = turn.ask(&take, &[amount.into(), from.into(), amount.into()])?.affected;
        if taken > 0 {
            let give = format!("UPDATE {taker} SET balance = balance + ? WHERE id = ?");
            turn.ask(&give, &[amount.into(), to.into()])?;
        }
        turn.ask(JOURNAL, &[number.into()])?;
        turn.say(&format!("XA END '{name}'"))?;
        if taken == 0 {
            turn.say(&format!("XA ROLLBACK '{name}'"))?;
            return Err(Ended::refused("too-little"));
        }
        if self.random.random_ratio(1, 5) {
            return turn.commit(&format!("XA COMMIT '{name}' ONE PHASE"), &[]).map(drop);
        }
        turn.say(&format!("XA PREPARE '{name}'"))?;
        if self.random.random_ratio(1, 8) {
            // A manager that changes its mind, as one does when another branch could not be prepared.
            turn.say(&format!("XA ROLLBACK '{name}'"))?;
            return Err(Ended::refused("given-up"));
        }
        self.shared.decide(name, Decision::Commit);
        if self.random.random_ratio(1, 6) {
            // Left to somebody else, as by a manager that dies here.
            return Err(Ended::refused("left-prepared").unknown());
        }
        finish(name, Decision::Commit, turn.seat.session).map_err(|failure| failure.before_commit().unknown())
    }

    /// Finishes what is prepared and decided.
    fn recover(&mut self, turn: &mut Turn<'_>) -> Result<Value, Ended> {
        let found = turn.say("XA RECOVER")?;
        let names: Vec<String> = found.rows.iter().filter_map(|row| row.get(NAME_COLUMN)?.clone()).collect();
        let mut finished = Vec::new();
        for name in names {
            let decision = self.shared.decisions().get(&name).copied();
            // One that nobody remembers was told to be finished, and is there: it is left, for the journal's judge to find it missing.
            let Some(decision @ (Decision::Commit | Decision::Rollback)) = decision else { continue };
            match finish(&name, decision, turn.seat.session) {
                Ok(()) => {}
                Err(failure) if failure.code == Some(BEING_FINISHED) => continue,
                Err(failure) => return Err(failure.before_commit().unknown()),
            }
            finished.push(Value::String(name));
        }
        Ok(Value::Vector(finished))
    }
}

impl Client for Manager {
    fn next(&mut self) -> Request {
        let has_decided = self.shared.decisions().values().any(|decision| *decision != Decision::Open);
        match self.random.random_range(0..12) {
            0 | 1 if has_decided => Request::at_leader("recover", Value::Nil),
            0..4 => Request::anywhere("read", Value::Nil),
            _ => {
                let Value::Map(mut pairs) = Transfer::random(&mut self.random).to_value() else {
                    return Request::at_leader("recover", Value::Nil);
                };
                let number = self.shared.numbers.fetch_add(1, Ordering::Relaxed);
                pairs.push((Value::keyword("id"), Value::Integer(number)));
                Request::at_leader("transfer", Value::Map(pairs))
            }
        }
    }

    fn perform(&mut self, request: &Request, turn: &mut Turn<'_>) -> Result<Value, Ended> {
        match request.function {
            "transfer" => self.transfer(request, turn),
            "recover" => self.recover(turn),
            "journal" => super::set::elements_of(turn, "SELECT id FROM xa_journal"),
            _ => turn.ask(READ, &[]).map(|answer| bank::balances(answer.pairs())),
        }
    }

    fn last(&mut self, first: bool) -> Vec<Request> {
        let mut requests =
            vec![Request::anywhere("read", Value::Nil), Request::anywhere("journal", Value::Nil)];
        if first {
            requests.insert(0, Request::at_leader("recover", Value::Nil));
        }
        requests
    }
}
