//! A bank: money moves between accounts, all accounts are read on any node. The total stays, and no account falls below zero.
//!
//! Reads that may be old still see one place in the log, so the claim is the same for every consistency. What is read before a transfer
//! is locked where the level would lose updates.

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::levels::Isolation;
use super::{Client, Request, Setting, Turn, Workload, run_all};
use crate::checkers;
use crate::edn::Value;
use crate::history::History;
use crate::run::session::{Ended, Failure, Session};
use crate::verdict::Verdict;

/// Accounts, numbered from 0.
pub(super) const ACCOUNTS: i64 = 8;
/// What each has at the beginning.
const BALANCE: i64 = 10;
/// What moves at once, at most.
const AMOUNT_MAX: i64 = 5;

const TABLE: &str =
    "CREATE TABLE accounts (id INT NOT NULL PRIMARY KEY, balance BIGINT NOT NULL, KEY (balance))";
const READ_ALL: &str = "SELECT id, balance FROM accounts";
const READ: &str = "SELECT balance FROM accounts WHERE id = ?";
const READ_LOCKED: &str = "SELECT balance FROM accounts WHERE id = ? FOR UPDATE";
const SET: &str = "UPDATE accounts SET balance = ? WHERE id = ?";
const TAKE: &str = "UPDATE accounts SET balance = balance - ? WHERE id = ? AND balance >= ?";
const GIVE: &str = "UPDATE accounts SET balance = balance + ? WHERE id = ?";

/// See the module.
pub struct Bank {
    setting: Setting,
}

struct Teller {
    isolation: Isolation,
    random: StdRng,
}

/// What a transfer moves.
#[derive(Clone, Copy)]
pub(super) struct Transfer {
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) amount: i64,
}

impl Transfer {
    /// A random one.
    pub(super) fn random(random: &mut StdRng) -> Transfer {
        let from = random.random_range(0..ACCOUNTS);
        let to = (from + random.random_range(1..ACCOUNTS)) % ACCOUNTS;
        Transfer { from, to, amount: random.random_range(1..=AMOUNT_MAX) }
    }

    /// As it stands in a history.
    pub(super) fn to_value(self) -> Value {
        let pairs = [("from", self.from), ("to", self.to), ("amount", self.amount)];
        Value::Map(pairs.map(|(name, number)| (Value::keyword(name), Value::Integer(number))).to_vec())
    }

    /// Back from there.
    pub(super) fn of(value: &Value) -> Option<Transfer> {
        let number = |name| value.get(name)?.as_integer();
        Some(Transfer { from: number("from")?, to: number("to")?, amount: number("amount")? })
    }
}

/// `{0 10, 1 25}`.
pub(super) fn balances(pairs: Vec<(i64, i64)>) -> Value {
    Value::Map(pairs.into_iter().map(|(id, balance)| (id.into(), balance.into())).collect())
}

/// The verdict on accounts that each had `balance` at the beginning.
pub(super) fn judge(history: &History, balance: i64) -> Verdict {
    let accounts: Vec<i64> = (0..ACCOUNTS).collect();
    checkers::bank(history, &accounts, ACCOUNTS * balance)
}

impl Bank {
    /// Under all levels.
    ///
    /// # Errors
    /// None.
    pub fn make(setting: Setting) -> Result<Box<dyn Workload>, &'static str> {
        Ok(Box::new(Bank { setting }))
    }
}

impl Workload for Bank {
    fn prepare(&self, session: &mut dyn Session) -> Result<(), Failure> {
        run_all(session, &[TABLE])?;
        for id in 0..ACCOUNTS {
            session.query(&format!("INSERT INTO accounts (id, balance) VALUES ({id}, {BALANCE})"))?;
        }
        Ok(())
    }

    fn client(&self, _worker: usize, seed: u64) -> Box<dyn Client> {
        Box::new(Teller { isolation: self.setting.levels.isolation, random: StdRng::seed_from_u64(seed) })
    }

    fn claim(&self) -> String {
        "bank".to_owned()
    }

    fn judge(&self, history: &History) -> Vec<Verdict> {
        vec![judge(history, BALANCE)]
    }

    fn counted(&self) -> &'static [&'static str] {
        &["transfer"]
    }
}

impl Teller {
    /// All accounts at one moment: by one statement, or by several where a transaction sees one moment.
    fn read(&mut self, turn: &mut Turn<'_>) -> Result<Value, Ended> {
        let has_snapshot = match self.isolation {
            Isolation::ReadUncommitted | Isolation::ReadCommitted => false,
            Isolation::RepeatableRead | Isolation::Serializable => true,
        };
        if !has_snapshot || self.random.random_bool(0.5) {
            return turn.ask(READ_ALL, &[]).map(|answer| balances(answer.pairs()));
        }
        turn.say("START TRANSACTION READ ONLY")?;
        let mut found = Vec::new();
        for id in 0..ACCOUNTS {
            found.extend(turn.ask(READ, &[id.into()])?.number().map(|balance| (id, balance)));
        }
        turn.say("COMMIT")?;
        Ok(balances(found))
    }

    fn transfer(&mut self, transfer: Transfer, turn: &mut Turn<'_>) -> Result<Value, Ended> {
        let Transfer { from, to, amount } = transfer;
        turn.say("BEGIN")?;
        if self.random.random_bool(0.5) {
            if turn.ask(TAKE, &[amount.into(), from.into(), amount.into()])?.affected == 0 {
                return turn.take_back("too-little");
            }
            turn.ask(GIVE, &[amount.into(), to.into()])?;
        } else {
            let read = match self.isolation {
                Isolation::ReadUncommitted | Isolation::ReadCommitted => READ_LOCKED,
                Isolation::RepeatableRead | Isolation::Serializable => READ,
            };
            let taken_from = turn.ask(read, &[from.into()])?.number();
            let given_to = turn.ask(read, &[to.into()])?.number();
            let (Some(taken_from), Some(given_to)) = (taken_from, given_to) else {
                return turn.take_back("no-account");
            };
            if taken_from < amount {
                return turn.take_back("too-little");
            }
            turn.ask(SET, &[(taken_from - amount).into(), from.into()])?;
            turn.ask(SET, &[(given_to + amount).into(), to.into()])?;
        }
        turn.end()?;
        Ok(transfer.to_value())
    }
}

impl Client for Teller {
    fn next(&mut self) -> Request {
        if self.random.random_bool(0.5) {
            return Request::anywhere("read", Value::Nil);
        }
        Request::at_leader("transfer", Transfer::random(&mut self.random).to_value())
    }

    fn perform(&mut self, request: &Request, turn: &mut Turn<'_>) -> Result<Value, Ended> {
        match Transfer::of(&request.value) {
            Some(transfer) => self.transfer(transfer, turn),
            None => self.read(turn),
        }
    }

    fn last(&mut self, _first: bool) -> Vec<Request> {
        vec![Request::anywhere("read", Value::Nil)]
    }
}
