//! Money that moves between accounts: transactions of several statements that read under locks or from their snapshot, set savepoints, go
//! on after a statement that failed, or are rolled back. Each leaves its tag and what it moved.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use client::blocking::{Connection, Error};
use rand::Rng;

use super::ledger::Ledger;
use super::session::Session;
use super::{Choice, Ending, Workload, number};

const CLIENTS: u64 = 16;
const ACCOUNTS: i64 = 20;
const BALANCE: i64 = 1_000;
const AMOUNT_MAX: i64 = 50;
/// Added to a tag, it is one that must never be there: of a row that was taken back.
const TAKEN_BACK: i64 = 1 << 40;
/// The error of a key that is there.
const DUPLICATE: u16 = 1062;

const INSERT: &str = "INSERT INTO soak.done (tag, source, target, amount) VALUES (?, ?, ?, ?)";
const ADD: &str = "UPDATE soak.account SET balance = balance + ? WHERE id = ?";
const SET: &str = "UPDATE soak.account SET balance = ? WHERE id = ?";
const READ: &str = "SELECT balance FROM soak.account WHERE id = ?";
const READ_EXCLUSIVE: &str = "SELECT balance FROM soak.account WHERE id = ? FOR UPDATE";
const READ_SHARED: &str = "SELECT balance FROM soak.account WHERE id = ? FOR SHARE";
const BOTH: &str = "UPDATE soak.account SET balance = balance + IF(id = ?, -1, 1) * ? WHERE id IN (?, ?)";

/// The kinds of transaction, as [`Choice::kind`] numbers them.
const KINDS: [Kind; 7] = [
    Kind::Exclusive,
    Kind::Shared,
    Kind::FromSnapshot,
    Kind::Savepoint,
    Kind::FailedStatement,
    Kind::OneUpdate,
    Kind::RolledBack,
];

#[derive(Clone, Copy)]
enum Kind {
    /// Reads both balances under exclusive locks and writes them anew.
    Exclusive,
    /// Reads them under shared locks and changes them by the amount.
    Shared,
    /// Reads them from the snapshot and writes them anew, which must fail when they changed since. Only where that is so.
    FromSnapshot,
    /// Does something else first, and takes it back to a savepoint.
    Savepoint,
    /// One of its statements fails, and leaves nothing behind.
    FailedStatement,
    /// Moves the money with one statement.
    OneUpdate,
    /// Does it all and then ROLLBACK.
    RolledBack,
}

/// What one transfer moves.
struct Transfer {
    tag: i64,
    source: i64,
    target: i64,
    amount: i64,
}

/// See the module.
pub struct Bank {
    /// The balances that the judged transfers make, by account from 1.
    balances: Mutex<Vec<i64>>,
}

impl Default for Bank {
    fn default() -> Bank {
        Bank { balances: Mutex::new(vec![BALANCE; ACCOUNTS as usize]) }
    }
}

impl Transfer {
    fn row(&self) -> [i64; 4] {
        [self.tag, self.source, self.target, self.amount]
    }

    fn add_to_both(&self, session: &mut Session) -> client::blocking::Result<()> {
        session.run(ADD, &[-self.amount, self.source])?;
        session.run(ADD, &[self.amount, self.target])?;
        Ok(())
    }

    fn read_and_set(&self, session: &mut Session, read: &'static str) -> client::blocking::Result<()> {
        let source = number(&session.run(read, &[self.source])?, 0, 0);
        let target = number(&session.run(read, &[self.target])?, 0, 0);
        session.run(SET, &[source - self.amount, self.source])?;
        session.run(SET, &[target + self.amount, self.target])?;
        Ok(())
    }

    /// Changes more than the transfer does, all of which is taken back.
    fn with_savepoint(&self, session: &mut Session) -> client::blocking::Result<()> {
        session.text("SAVEPOINT earlier")?;
        session.run(ADD, &[-2 * self.amount, self.source])?;
        session.run(INSERT, &[self.tag + TAKEN_BACK, self.source, self.target, self.amount])?;
        session.run(ADD, &[7, self.target % ACCOUNTS + 1])?;
        session.text("ROLLBACK TO SAVEPOINT earlier")?;
        self.add_to_both(session)?;
        session.text("RELEASE SAVEPOINT earlier")?;
        Ok(())
    }

    /// The second row of a statement is refused, and the first goes with it.
    fn with_failed_statement(&self, session: &mut Session) -> client::blocking::Result<()> {
        const TWO: &str =
            "INSERT INTO soak.done (tag, source, target, amount) VALUES (?, 1, 1, 1), (?, 1, 1, 1)";
        match session.run(TWO, &[self.tag + TAKEN_BACK, self.tag]) {
            Ok(_) => return Err(Error::NotSupported { what: "a key was taken twice" }),
            Err(error) if error.code() == Some(DUPLICATE) => {}
            Err(error) => return Err(error),
        }
        self.add_to_both(session)
    }
}

impl Workload for Bank {
    fn clients(&self) -> u64 {
        CLIENTS
    }

    fn prepare(&self, connection: &mut Connection) -> client::blocking::Result<()> {
        connection
            .query("CREATE TABLE soak.account (id INT PRIMARY KEY, balance INT NOT NULL, KEY (balance))")?;
        connection.query(
            "CREATE TABLE soak.done (tag BIGINT PRIMARY KEY, source INT, target INT, amount INT, KEY (source))",
        )?;
        let rows: Vec<String> = (1..=ACCOUNTS).map(|id| format!("({id}, {BALANCE})")).collect();
        connection.query(&format!("INSERT INTO soak.account VALUES {}", rows.join(", ")))?;
        Ok(())
    }

    fn choose(&self, session: &mut Session) -> Choice {
        let kind = session.random.random_range(0..KINDS.len() as u32);
        Choice { kind, key: session.client, is_single: false }
    }

    fn body(&self, session: &mut Session, choice: &Choice, tag: u64) -> client::blocking::Result<Ending> {
        let source = session.random.random_range(1..=ACCOUNTS);
        let target = (source + session.random.random_range(1..ACCOUNTS) - 1) % ACCOUNTS + 1;
        let amount = session.random.random_range(1..=AMOUNT_MAX);
        let transfer = Transfer { tag: tag.cast_signed(), source, target, amount };
        let is_tagged_first = session.random.random::<bool>();
        let kind = KINDS[choice.kind as usize];
        // What fails in the middle needs a key that is there.
        if is_tagged_first || matches!(kind, Kind::FailedStatement) {
            session.run(INSERT, &transfer.row())?;
        }
        match kind {
            Kind::Exclusive => transfer.read_and_set(session, READ_EXCLUSIVE)?,
            Kind::Shared => {
                session.run(READ_SHARED, &[source])?;
                session.run(READ_SHARED, &[target])?;
                transfer.add_to_both(session)?;
            }
            Kind::FromSnapshot if !session.manner.reads_committed => {
                transfer.read_and_set(session, READ)?;
            }
            Kind::Savepoint => transfer.with_savepoint(session)?,
            Kind::FailedStatement => transfer.with_failed_statement(session)?,
            Kind::OneUpdate | Kind::FromSnapshot | Kind::RolledBack => {
                session.run(BOTH, &[source, amount, source, target])?;
            }
        }
        if !is_tagged_first && !matches!(kind, Kind::FailedStatement) {
            session.run(INSERT, &transfer.row())?;
        }
        Ok(if matches!(kind, Kind::RolledBack) { Ending::Rollback } else { Ending::Commit })
    }

    fn presence(&self, tag: u64) -> Option<String> {
        Some(format!("SELECT COUNT(*) FROM soak.done WHERE tag = {tag}"))
    }

    fn observation(&self) -> &'static str {
        "SELECT (SELECT SUM(balance) FROM soak.account) - 20000,
                (SELECT n FROM soak.base WHERE id = 1) + (SELECT COUNT(*) FROM soak.done)"
    }

    fn check(&self, connection: &mut Connection, ledger: &Ledger) -> client::blocking::Result<u64> {
        connection.query("START TRANSACTION WITH CONSISTENT SNAPSHOT")?;
        let done = connection.query("SELECT tag, source, target, amount FROM soak.done")?;
        let accounts = connection.query("SELECT balance FROM soak.account ORDER BY id")?;
        let base = connection.query("SELECT n FROM soak.base WHERE id = 1")?;
        let by_index =
            connection.query("SELECT COUNT(*) FROM soak.done FORCE INDEX (source) WHERE source >= 0")?;
        connection.query("COMMIT")?;
        let count = done.rows.len();
        let tags: BTreeSet<u64> = (0..count).map(|row| number(&done, row, 0).cast_unsigned()).collect();
        assert_eq!(tags.len(), count, "a tag is there twice");
        let committed = ledger.judge_tags(&tags);
        assert_eq!(number(&base, 0, 0) as u64 + count as u64, committed, "transfers in all");
        assert_eq!(number(&by_index, 0, 0) as usize, count, "the index has other rows than the table");
        let mut balances = self.balances.lock().unwrap_or_else(PoisonError::into_inner);
        for row in 0..count {
            let amount = number(&done, row, 3);
            balances[number(&done, row, 1) as usize - 1] -= amount;
            balances[number(&done, row, 2) as usize - 1] += amount;
        }
        let found: Vec<i64> = (0..accounts.rows.len()).map(|row| number(&accounts, row, 0)).collect();
        assert_eq!(found, *balances, "the balances are not what the transfers make");
        Ok(committed)
    }

    fn compact(&self, connection: &mut Connection) -> client::blocking::Result<()> {
        super::compact_done(connection)
    }
}
