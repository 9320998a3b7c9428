//! Random transactions on a cluster, from a seed, and the history of what they did and saw.
//!
//! The sessions run at the same time, so a seed gives the same transactions but not the same history. Rows are read by the
//! primary key, by a secondary and by a unique index, one by one and in ranges, forwards and backwards, with LIMIT, by
//! COUNT and MAX, by entries of an index alone and through a subquery.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use client::blocking::{Connection, Error, QueryResult};
use cluster_tests::connect;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{Rng as _, SeedableRng as _};

use crate::history::{Element, History, Id, Op, Outcome, Txn};

/// Ids are below this.
const IDS: Id = 48;
/// Rows of one value in the secondary index are this far apart.
const GROUPS: Id = 5;
/// How long a statement may take.
const TIMEOUT: Duration = Duration::from_secs(20);

/// What is run.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Decides what the transactions do.
    pub seed: u64,
    /// `transaction_isolation` of the sessions.
    pub isolation: &'static str,
    /// Sessions that run at the same time.
    pub sessions: usize,
    /// Transactions of each session.
    pub txns: usize,
    /// Client addresses of the nodes; the sessions look for the leader among them.
    pub addresses: Vec<String>,
    /// READ ONLY transactions are on any node, not only on the leader.
    pub reads_on_followers: bool,
}

/// What the sessions share.
struct Shared<'w> {
    workload: &'w Workload,
    clock: AtomicU64,
    elements: AtomicU64,
    /// Ids to be inserted, each once.
    unused: Mutex<Vec<Id>>,
    /// Ids that a transaction has said it would delete.
    deleted: Mutex<BTreeSet<Id>>,
    txns: Mutex<Vec<Txn>>,
}

/// Runs the workload in a database of its own.
///
/// # Panics
/// When no leader is found, or a statement fails in a way that no isolation level gives.
#[must_use]
pub fn run(workload: &Workload) -> History {
    let mut random = StdRng::seed_from_u64(workload.seed);
    let mut ids: Vec<Id> = (0..IDS).collect();
    ids.shuffle(&mut random);
    let initial: Vec<(Id, Element)> =
        ids.split_off(IDS as usize / 3).into_iter().take(16).map(|id| (id, 1_000_000 + id)).collect();
    let mut connection = leader(&workload.addresses);
    for sql in [
        "DROP DATABASE IF EXISTS random_history",
        "CREATE DATABASE random_history",
        "CREATE TABLE random_history.kv (id INT PRIMARY KEY, g INT, u INT, list TEXT, KEY (g), UNIQUE (u))",
    ] {
        connection.query(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    for (id, element) in &initial {
        let sql = format!("INSERT INTO random_history.kv VALUES {}", row(*id, *element));
        connection.query(&sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    let shared = Shared {
        workload,
        clock: AtomicU64::new(1),
        elements: AtomicU64::new(1),
        unused: Mutex::new(ids),
        deleted: Mutex::default(),
        txns: Mutex::default(),
    };
    std::thread::scope(|scope| {
        for number in 0..workload.sessions {
            let seed = random.random();
            let shared = &shared;
            scope.spawn(move || Session::new(shared, number, seed).run());
        }
    });
    let mut txns = shared.txns.into_inner().expect("no session panicked");
    let begun = shared.clock.fetch_add(1, Ordering::SeqCst);
    let result = loop {
        if let Ok(result) = leader(&workload.addresses).query("SELECT id, list FROM random_history.kv") {
            break result;
        }
    };
    let ops = seen(&result, |_| true);
    txns.push(Txn { ops, outcome: Outcome::Committed, begun, ended: begun + 1, note: "at the end".into() });
    History { initial, txns }
}

fn row(id: Id, element: Element) -> String {
    format!("({id}, {}, {}, '{element}')", id % GROUPS, id * 10)
}

/// A connection to the leader.
fn leader(addresses: &[String]) -> Connection {
    let deadline = Instant::now() + Duration::from_secs(40);
    loop {
        for address in addresses {
            let Ok(mut connection) = connect(address, TIMEOUT) else { continue };
            let serving =
                connection.query("SELECT @@quorate_serving").ok().and_then(|result| result.scalar());
            if serving.as_deref() == Some("1") {
                return connection;
            }
        }
        assert!(Instant::now() < deadline, "no leader among {addresses:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The rows of `SELECT id, list`, and that the other ids of the condition are not there.
fn seen(result: &QueryResult, condition: impl Fn(Id) -> bool) -> Vec<Op> {
    let mut ops = Vec::new();
    let mut found = BTreeSet::new();
    for row in 0..result.rows.len() {
        let id: Id = number(result.text(row, 0));
        found.insert(id);
        let list = result.text(row, 1).unwrap_or_default();
        ops.push(Op::Read(id, list.split(',').map(|element| number(Some(element.to_owned()))).collect()));
    }
    ops.extend((0..IDS).filter(|id| condition(*id) && !found.contains(id)).map(Op::Absent));
    ops
}

fn number(text: Option<String>) -> u64 {
    text.and_then(|text| text.parse().ok()).expect("a number in the answer")
}

struct Session<'s> {
    shared: &'s Shared<'s>,
    random: StdRng,
    number: usize,
    connection: Option<Connection>,
}

/// What a transaction is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// BEGIN and COMMIT.
    Explicit,
    /// One statement.
    Single,
    /// START TRANSACTION READ ONLY.
    ReadOnly,
}

impl<'s> Session<'s> {
    fn new(shared: &'s Shared<'s>, number: usize, seed: u64) -> Session<'s> {
        Session { shared, random: StdRng::seed_from_u64(seed), number, connection: None }
    }

    fn tick(&self) -> u64 {
        self.shared.clock.fetch_add(1, Ordering::SeqCst)
    }

    fn run(mut self) {
        for _ in 0..self.shared.workload.txns {
            let form = match self.random.random_range(0..10) {
                0..=5 => Form::Explicit,
                6..=7 => Form::Single,
                _ => Form::ReadOnly,
            };
            self.transaction(form);
        }
    }

    fn connect(&mut self, form: Form) -> Connection {
        let workload = self.shared.workload;
        let chooses = form == Form::ReadOnly && workload.reads_on_followers;
        if !chooses && let Some(connection) = self.connection.take() {
            return connection;
        }
        loop {
            let chosen = match chooses {
                true => {
                    let address = &workload.addresses[self.random.random_range(0..workload.addresses.len())];
                    connect(address, TIMEOUT).ok()
                }
                false => None,
            };
            let mut connection = chosen.unwrap_or_else(|| leader(&workload.addresses));
            let isolation = format!("SET SESSION TRANSACTION ISOLATION LEVEL {}", workload.isolation);
            let prelude = [isolation.as_str(), "SET innodb_lock_wait_timeout = 5", "USE random_history"];
            // A node that was just started may not know the database yet.
            if prelude.iter().all(|sql| connection.query(sql).is_ok()) {
                return connection;
            }
        }
    }

    fn transaction(&mut self, form: Form) {
        let mut connection = self.connect(form);
        let begun = self.tick();
        let mut txn = Txn {
            ops: Vec::new(),
            outcome: Outcome::Aborted,
            begun,
            ended: u64::MAX,
            note: format!("session {}", self.number),
        };
        let result = self.statements(form, &mut connection, &mut txn);
        match &result {
            Ok(()) => txn.outcome = Outcome::Committed,
            Err(Failure::Aborted) => {}
            Err(Failure::AtCommit) => txn.outcome = Outcome::Unknown,
        }
        if txn.outcome != Outcome::Unknown {
            txn.ended = self.tick();
        }
        let is_sound = result.is_ok() || (!connection.is_broken() && connection.query("ROLLBACK").is_ok());
        let keeps = form != Form::ReadOnly || !self.shared.workload.reads_on_followers;
        // After a failure the leader may be another one.
        self.connection =
            (is_sound && result.is_ok() && keeps).then_some(connection).or(self.connection.take());
        self.shared.txns.lock().expect("no session panicked").push(txn);
    }

    fn statements(&mut self, form: Form, connection: &mut Connection, txn: &mut Txn) -> Result<(), Failure> {
        match form {
            Form::Single => return self.statement(true, true, connection, txn),
            Form::Explicit => ask(connection, "BEGIN", txn)?,
            Form::ReadOnly => ask(connection, "START TRANSACTION READ ONLY", txn)?,
        };
        for _ in 0..self.random.random_range(1..6) {
            self.statement(form == Form::Explicit, false, connection, txn)?;
        }
        if form == Form::Explicit && self.random.random_bool(0.08) {
            let _ = connection.query("ROLLBACK");
            return Err(Failure::Aborted);
        }
        match connection.query("COMMIT") {
            Ok(_) => Ok(()),
            Err(error) if may_have_committed(&error) => Err(Failure::AtCommit),
            Err(error) => Err(aborted(&error, "COMMIT", txn)),
        }
    }

    fn statement(
        &mut self,
        may_write: bool,
        commits: bool,
        connection: &mut Connection,
        txn: &mut Txn,
    ) -> Result<(), Failure> {
        let ends = |result: Result<(), Failure>| match result {
            // A single statement is its own commit.
            Err(Failure::AtCommit) if !commits => Err(Failure::Aborted),
            other => other,
        };
        if may_write && self.random.random_bool(0.45) {
            ends(self.write(connection, txn))
        } else {
            ends(self.read(connection, txn))
        }
    }

    fn read(&mut self, connection: &mut Connection, txn: &mut Txn) -> Result<(), Failure> {
        let id = self.random.random_range(0..IDS);
        let to = (id + self.random.random_range(0..12)).min(IDS);
        let group = id % GROUPS;
        let all = "SELECT id, list FROM kv";
        match self.random.random_range(0..11) {
            0 | 1 => {
                let rows = ask(connection, &format!("{all} WHERE id = {id}"), txn)?;
                txn.ops.extend(seen(&rows, |other| other == id));
            }
            2 => {
                let rows = ask(connection, &format!("{all} WHERE id BETWEEN {id} AND {to}"), txn)?;
                txn.ops.extend(seen(&rows, |other| (id..=to).contains(&other)));
            }
            3 => {
                let rows = ask(connection, &format!("{all} WHERE g = {group}"), txn)?;
                txn.ops.extend(seen(&rows, |other| other % GROUPS == group));
            }
            4 => {
                let rows = ask(connection, &format!("{all} WHERE u = {}", id * 10), txn)?;
                txn.ops.extend(seen(&rows, |other| other == id));
            }
            5 => {
                let rows = ask(connection, all, txn)?;
                txn.ops.extend(seen(&rows, |_| true));
            }
            6 => {
                let backward = self.random.random_bool(0.5);
                let (order, sign) = if backward { ("DESC", "<=") } else { ("ASC", ">=") };
                let rows =
                    ask(connection, &format!("{all} WHERE id {sign} {id} ORDER BY id {order} LIMIT 2"), txn)?;
                let last = (rows.rows.len() == 2).then(|| number(rows.text(1, 0)));
                let looked_at = |other: Id| match (backward, last) {
                    (false, last) => other >= id && last.is_none_or(|last| other <= last),
                    (true, last) => other <= id && last.is_none_or(|last| other >= last),
                };
                txn.ops.extend(seen(&rows, looked_at));
            }
            7 => {
                // By the entries of the index alone.
                let rows = ask(connection, &format!("SELECT id FROM kv WHERE g = {group}"), txn)?;
                let found: BTreeSet<Id> = (0..rows.rows.len()).map(|row| number(rows.text(row, 0))).collect();
                let of_group = (0..IDS).filter(|other| other % GROUPS == group);
                txn.ops.extend(of_group.map(|other| match found.contains(&other) {
                    true => Op::Exists(other),
                    false => Op::Absent(other),
                }));
            }
            8 => {
                let rows = ask(connection, "SELECT MAX(id) FROM kv", txn)?;
                let max = rows.scalar().map(|max| number(Some(max)));
                txn.ops.extend(max.map(Op::Exists));
                txn.ops.extend((0..IDS).filter(|other| max.is_none_or(|max| *other > max)).map(Op::Absent));
            }
            9 => {
                let sql = format!("SELECT COUNT(*) FROM kv WHERE id BETWEEN {id} AND {to}");
                let rows = ask(connection, &sql, txn)?;
                let range = id..=to;
                match number(rows.scalar()) {
                    0 => txn.ops.extend(range.map(Op::Absent)),
                    count if count == to - id + 1 => txn.ops.extend(range.map(Op::Exists)),
                    _ => {}
                }
            }
            _ => {
                let sql = format!("{all} WHERE id IN (SELECT id FROM kv WHERE g = {group})");
                let rows = ask(connection, &sql, txn)?;
                txn.ops.extend(seen(&rows, |other| other % GROUPS == group));
            }
        }
        Ok(())
    }

    fn write(&mut self, connection: &mut Connection, txn: &mut Txn) -> Result<(), Failure> {
        let id = self.random.random_range(0..IDS);
        let to = id + self.random.random_range(0..6);
        let element = self.shared.elements.fetch_add(1, Ordering::SeqCst);
        let append = format!("UPDATE kv SET list = CONCAT(list, ',{element}')");
        match self.random.random_range(0..10) {
            0..=4 => {
                txn.ops.push(Op::Append(element));
                if change(connection, &format!("{append} WHERE id = {id}"), txn)?.affected == 0 {
                    txn.ops.push(Op::Absent(id));
                }
            }
            5 => {
                txn.ops.push(Op::Append(element));
                change(connection, &format!("{append} WHERE id BETWEEN {id} AND {to}"), txn)?;
            }
            6 => {
                txn.ops.push(Op::Append(element));
                change(connection, &format!("{append} WHERE g = {}", id % GROUPS), txn)?;
            }
            7 | 8 => {
                let Some(id) = self.shared.unused.lock().expect("no session panicked").pop() else {
                    return Ok(());
                };
                txn.ops.push(Op::Insert(id, element));
                change(connection, &format!("INSERT INTO kv VALUES {}", row(id, element)), txn)?;
            }
            _ => {
                if !self.shared.deleted.lock().expect("no session panicked").insert(id) {
                    return Ok(());
                }
                let place = txn.ops.len();
                txn.ops.push(Op::Delete(id));
                if change(connection, &format!("DELETE FROM kv WHERE id = {id}"), txn)?.affected == 0 {
                    txn.ops[place] = Op::Absent(id);
                    self.shared.deleted.lock().expect("no session panicked").remove(&id);
                }
            }
        }
        Ok(())
    }
}

/// Why a transaction did not commit.
enum Failure {
    Aborted,
    /// It is not known whether it did.
    AtCommit,
}

fn ask(connection: &mut Connection, sql: &str, txn: &mut Txn) -> Result<QueryResult, Failure> {
    connection.query(sql).map_err(|error| aborted(&error, sql, txn))
}

/// Runs a change, which under autocommit commits.
fn change(connection: &mut Connection, sql: &str, txn: &mut Txn) -> Result<QueryResult, Failure> {
    connection.query(sql).map_err(|error| match may_have_committed(&error) {
        true => Failure::AtCommit,
        false => aborted(&error, sql, txn),
    })
}

fn may_have_committed(error: &Error) -> bool {
    error.may_have_run() || error.code() == Some(1105)
}

/// What a transaction may fail with: deadlocks, timeouts, a change of leader.
fn aborted(error: &Error, sql: &str, txn: &Txn) -> Failure {
    let is_expected = match error.code() {
        Some(code) => matches!(code, 1053 | 1105 | 1205 | 1213 | 1290),
        None => true,
    };
    assert!(is_expected, "{sql}: {error} in {txn:?}");
    Failure::Aborted
}
