//! What the client of the public suite `jepsen-io/mysql` sends is taken and answered as that client expects.
//!
//! The statements are those of its `append`, `closed_predicate`, `mav` and `nonrepeatable_read` workloads, in the order in which they go over the
//! wire by way of next.jdbc and MariaDB Connector/J 3.5.6: recorded between that client and a node of ours. What the driver sends of its own accord
//! (`sql_mode` at the beginning, `autocommit`, isolation levels) is among them. Each is sent by both client libraries, as text with the
//! parameters written into it, which is what the driver does by default, and prepared, as with `useServerPrepStmts`.
//!
//! Left out: the suite's own account. There is only root here.

#![expect(clippy::unwrap_used, reason = "a test: what fails here fails the test")]

use std::time::Duration;

use client::blocking::{Connection, Options};
use cluster_tests::TestCluster;
use mysql::consts::CapabilityFlags;
use mysql::prelude::Queryable;
use wire::mysql::constant::column_type;
use wire::mysql::value::Param;

const CREATE: &str = "create table if not exists txn0 (id int not null primary key,
                            sk int not null,
                            val text)";
const UPDATE: &str = "update txn0 set val = CONCAT(val, ',', ?) where id = ?";
const INSERT: &str = "insert into txn0 (id, sk, val) values (?, ?, ?)";
const SELECT: &str = "select (val) from txn0 where id = ? ";
const LEVELS: [(&str, &str); 4] = [
    ("SERIALIZABLE", "SERIALIZABLE"),
    ("REPEATABLE READ", "REPEATABLE-READ"),
    ("READ COMMITTED", "READ-COMMITTED"),
    ("READ UNCOMMITTED", "READ-UNCOMMITTED"),
];

/// A parameter: Connector/J binds integers as BIGINT and strings as VARCHAR.
#[derive(Clone, Copy)]
enum Bound<'a> {
    Integer(i64),
    Text(&'a str),
}
use Bound::{Integer, Text};

#[derive(Debug, PartialEq)]
enum Answer {
    Changed(u64),
    Rows(Vec<Vec<Option<String>>>),
    /// Error number, SQLSTATE and message.
    Refused(u16, String, String),
}

/// One connection of either library, and the way it sends what has parameters.
enum Session {
    Ours { connection: Box<Connection>, prepares: bool },
    Theirs { connection: Box<mysql::Conn>, prepares: bool },
}

/// As the driver writes parameters into a statement.
fn written(sql: &str, bound: &[Bound<'_>]) -> String {
    let mut parts = sql.split('?');
    let mut written = parts.next().unwrap().to_owned();
    for (part, bound) in parts.zip(bound) {
        match bound {
            Integer(number) => written.push_str(&number.to_string()),
            Text(text) => written.push_str(&format!("'{}'", text.replace('\'', "''"))),
        }
        written.push_str(part);
    }
    written
}

impl Session {
    /// As the driver connects: update counts are of rows found, and `sql_mode` is made strict.
    fn open(address: &str, database: Option<&str>, ours: bool, prepares: bool) -> Session {
        let mut session = if ours {
            let database = database.map(str::to_owned);
            let options = Options { database, found_rows: true, ..Options::unencrypted() };
            Session::Ours {
                connection: Box::new(Connection::connect_with(address, &options).unwrap()),
                prepares,
            }
        } else {
            let (host, port) = address.rsplit_once(':').unwrap();
            let options = mysql::OptsBuilder::new()
                .ip_or_hostname(Some(host))
                .tcp_port(port.parse().unwrap())
                .user(Some("root"))
                .db_name(database)
                .prefer_socket(false)
                .read_timeout(Some(Duration::from_secs(30)))
                .additional_capabilities(CapabilityFlags::CLIENT_FOUND_ROWS);
            Session::Theirs { connection: Box::new(mysql::Conn::new(options).unwrap()), prepares }
        };
        let hello = "set sql_mode=CONCAT(@@sql_mode,',STRICT_TRANS_TABLES'),NAMES utf8mb4";
        assert_eq!(session.control(hello), Answer::Changed(0));
        session
    }

    /// What the driver sends for itself is never prepared.
    fn control(&mut self, sql: &str) -> Answer {
        match self {
            Session::Ours { connection, .. } => of_ours(connection.query(sql)),
            Session::Theirs { connection, .. } => of_theirs(connection.query_iter(sql)),
        }
    }

    /// What the suite executes goes by `PreparedStatement`, with parameters or without.
    fn run(&mut self, sql: &str, bound: &[Bound<'_>]) -> Answer {
        match self {
            Session::Ours { connection, prepares: true } => {
                let statement = match connection.prepare(sql) {
                    Ok(statement) => statement,
                    Err(error) => return of_ours(Err(error)),
                };
                let parameters: Vec<Param<'_>> = bound
                    .iter()
                    .map(|bound| match *bound {
                        Integer(number) => Param::Int(number),
                        Text(text) => {
                            Param::Bytes { value: text.as_bytes(), column_type: column_type::VAR_STRING }
                        }
                    })
                    .collect();
                let answer = of_ours(connection.execute(&statement, &parameters));
                connection.close_statement(&statement).unwrap();
                answer
            }
            Session::Theirs { connection, prepares: true } => {
                let parameters: Vec<mysql::Value> = bound
                    .iter()
                    .map(|bound| match *bound {
                        Integer(number) => mysql::Value::Int(number),
                        Text(text) => mysql::Value::from(text),
                    })
                    .collect();
                let parameters = if parameters.is_empty() {
                    mysql::Params::Empty
                } else {
                    mysql::Params::Positional(parameters)
                };
                of_theirs(connection.exec_iter(sql, parameters))
            }
            Session::Ours { prepares: false, .. } | Session::Theirs { prepares: false, .. } => {
                self.control(&written(sql, bound))
            }
        }
    }

    #[track_caller]
    fn changes(&mut self, count: u64, sql: &str, bound: &[Bound<'_>]) {
        assert_eq!(self.run(sql, bound), Answer::Changed(count), "{sql}");
    }

    #[track_caller]
    fn reads(&mut self, expected: &[&[Option<&str>]], sql: &str, bound: &[Bound<'_>]) {
        let owned = |row: &&[Option<&str>]| row.iter().map(|value| value.map(str::to_owned)).collect();
        let expected = expected.iter().map(owned).collect();
        assert_eq!(self.run(sql, bound), Answer::Rows(expected), "{sql}");
    }

    /// Refused with what the suite looks at: the SQLSTATE, by which the driver chooses the exception, and a part of the message.
    #[track_caller]
    fn is_refused(&mut self, (code, state, part): (u16, &str, &str), sql: &str, bound: &[Bound<'_>]) {
        let answer = self.run(sql, bound);
        let Answer::Refused(found, found_state, message) = &answer else { panic!("{sql}: {answer:?}") };
        assert_eq!((*found, found_state.as_str()), (code, state), "{sql}: {message}");
        assert!(message.contains(part), "{sql}: {message}");
    }

    #[track_caller]
    fn sets(&mut self, sql: &str) {
        assert_eq!(self.control(sql), Answer::Changed(0), "{sql}");
    }

    /// As next.jdbc begins a transaction of this level.
    #[track_caller]
    fn begin(&mut self, (level, value): (&str, &str)) {
        let now = self.control("SELECT @@session.transaction_isolation");
        assert_eq!(now, Answer::Rows(vec![vec![Some(value.to_owned())]]));
        self.sets(&format!("SET SESSION TRANSACTION ISOLATION LEVEL {level}"));
        self.sets("set autocommit=0");
    }

    /// As next.jdbc ends one; `how` is `COMMIT` or `ROLLBACK`.
    #[track_caller]
    fn end(&mut self, how: &str, (level, _): (&str, &str)) {
        self.sets(how);
        self.sets("set autocommit=1");
        self.sets(&format!("SET SESSION TRANSACTION ISOLATION LEVEL {level}"));
    }
}

fn of_ours(result: client::blocking::Result<client::blocking::QueryResult>) -> Answer {
    match result {
        Err(error) => {
            let error = error.server().unwrap_or_else(|| panic!("{error}"));
            Answer::Refused(error.code, error.sqlstate.clone(), error.message.clone())
        }
        Ok(result) if result.columns.is_empty() => Answer::Changed(result.affected),
        Ok(result) => {
            let text = |value: Option<Vec<u8>>| value.map(|bytes| String::from_utf8(bytes).unwrap());
            Answer::Rows(result.rows.into_iter().map(|row| row.into_iter().map(text).collect()).collect())
        }
    }
}

fn of_theirs<P: mysql::prelude::Protocol>(
    result: mysql::Result<mysql::QueryResult<'_, '_, '_, P>>,
) -> Answer {
    match result {
        Err(mysql::Error::MySqlError(error)) => Answer::Refused(error.code, error.state, error.message),
        Err(other) => panic!("{other}"),
        Ok(result) if result.columns().as_ref().is_empty() => Answer::Changed(result.affected_rows()),
        Ok(result) => {
            let text = |value: mysql::Value| match value {
                mysql::Value::NULL => None,
                mysql::Value::Bytes(bytes) => Some(String::from_utf8(bytes).unwrap()),
                other => Some(other.as_sql(true).trim_matches('\'').to_owned()),
            };
            Answer::Rows(result.map(|row| row.unwrap().unwrap().into_iter().map(text).collect()).collect())
        }
    }
}

/// Both libraries, each with text and prepared statements.
fn all_ways(body: impl Fn(&mut dyn FnMut() -> Session)) {
    let cluster = TestCluster::start(1);
    let address = &cluster.node(1).client_address;
    let mut setup = Session::open(address, None, true, false);
    setup.changes(1, "create database jepsen", &[]);
    for (ours, prepares) in [(true, false), (true, true), (false, false), (false, true)] {
        for table in ["jepsen_await", "txn0", "mav", "people"] {
            setup.changes(0, &format!("drop table if exists jepsen.{table}"), &[]);
        }
        body(&mut || Session::open(address, Some("jepsen"), ours, prepares));
    }
}

/// `append` without a transaction: update, or insert, and then update again.
#[test]
fn an_append_is_an_update_or_an_insertion() {
    all_ways(|open| {
        let mut session = open();
        session.changes(0, "create table if not exists jepsen_await (id int)", &[]);
        for _ in 0..2 {
            session.changes(0, CREATE, &[]);
            session.changes(0, "delete from txn0", &[]);
        }
        session.sets("SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE");
        session.reads(&[], SELECT, &[Integer(1)]);
        session.changes(0, UPDATE, &[Text("5"), Integer(1)]);
        session.changes(1, INSERT, &[Integer(1), Integer(1), Text("5")]);
        session.is_refused((1062, "23000", "Duplicate entry"), INSERT, &[Integer(1), Integer(1), Text("6")]);
        session.changes(1, UPDATE, &[Text("6"), Integer(1)]);
        session.reads(&[&[Some("5,6")]], SELECT, &[Integer(1)]);
        // A form of PostgreSQL's, behind an option that the suite's command line does not have. MySQL refuses it too.
        let upsert = "insert into txn0 as t (id, sk, val) values (?, ?, ?) on duplicate key update \
                      val = CONCAT(t.val, ',', ?)";
        let bound = [Integer(1), Integer(1), Text("7"), Text("7")];
        session.is_refused((1064, "42000", "near 'as t"), upsert, &bound);
        session.changes(1, "delete from txn0", &[]);
    });
}

/// `append` in a transaction, at every level: an insertion that finds the key is rolled back to the savepoint and leaves the rest as it was.
#[test]
fn a_transaction_of_appends_survives_a_duplicate() {
    all_ways(|open| {
        let mut session = open();
        session.changes(0, CREATE, &[]);
        for (number, level) in (0_i64..).zip(LEVELS) {
            // The level is set when the connection is first used, and again by each transaction.
            session.sets(&format!("SET SESSION TRANSACTION ISOLATION LEVEL {}", level.0));
            let (key, taken) = (number * 10, number * 10 + 1);
            session.changes(1, INSERT, &[Integer(taken), Integer(taken), Text("1")]);
            session.begin(level);
            session.changes(0, UPDATE, &[Text("6"), Integer(key)]);
            session.changes(0, "savepoint upsert", &[]);
            session.changes(1, INSERT, &[Integer(key), Integer(key), Text("6")]);
            session.changes(0, "release savepoint upsert", &[]);
            session.changes(0, "savepoint upsert", &[]);
            let again = [Integer(taken), Integer(taken), Text("7")];
            session.is_refused((1062, "23000", "Duplicate entry"), INSERT, &again);
            session.changes(0, "rollback to savepoint upsert", &[]);
            session.changes(1, UPDATE, &[Text("7"), Integer(taken)]);
            session.reads(&[&[Some("6")]], SELECT, &[Integer(key)]);
            session.end("COMMIT", level);
            session.reads(&[&[Some("1,7")]], SELECT, &[Integer(taken)]);
            session.begin(level);
            session.changes(1, UPDATE, &[Text("8"), Integer(key)]);
            session.end("ROLLBACK", level);
            session.reads(&[&[Some("6")]], SELECT, &[Integer(key)]);
        }
    });
}

/// What the suite takes for "did not happen": SQLSTATE 40001, and the words for a lock that was not got.
#[test]
fn conflicts_are_what_the_suite_takes_for_failures() {
    all_ways(|open| {
        let level = LEVELS[1];
        let (mut one, mut other) = (open(), open());
        one.changes(0, CREATE, &[]);
        one.changes(1, INSERT, &[Integer(1), Integer(1), Text("1")]);
        one.begin(level);
        one.reads(&[&[Some("1")]], SELECT, &[Integer(1)]);
        other.changes(1, UPDATE, &[Text("2"), Integer(1)]);
        one.is_refused((1213, "40001", ""), UPDATE, &[Text("3"), Integer(1)]);
        one.end("ROLLBACK", level);
        other.sets("set innodb_lock_wait_timeout = 1");
        one.begin(level);
        one.changes(1, UPDATE, &[Text("3"), Integer(1)]);
        let words = "Lock wait timeout exceeded";
        other.is_refused((1205, "HY000", words), UPDATE, &[Text("4"), Integer(1)]);
        one.end("COMMIT", level);
        other.reads(&[&[Some("1,2,3")]], SELECT, &[Integer(1)]);
    });
}

/// `closed_predicate`: single rows, predicates, insertions and deletions.
#[test]
fn predicates_are_read() {
    all_ways(|open| {
        let level = LEVELS[0];
        let mut session = open();
        let create = "create table if not exists txn0 (`system` int not null,
                              id int not null,
                              `value` int not null,
                              index (`system`),
                              primary key (`system`, id))";
        session.changes(0, create, &[]);
        session.changes(0, "delete from txn0", &[]);
        session.sets("SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE");
        let insert = "insert into txn0 (`system`, id, `value`) values (?, ?, ?)";
        session.begin(level);
        for id in 0..3 {
            session.changes(1, insert, &[Integer(7), Integer(id), Integer(id * 2)]);
        }
        session.end("COMMIT", level);
        session.begin(level);
        let one = "select value from txn0 where `system` = ? and id = ?";
        session.reads(&[&[Some("2")]], one, &[Integer(7), Integer(1)]);
        let update = "update txn0 set `value` = ? where `system` = ? and id = ?";
        session.changes(1, update, &[Integer(9), Integer(7), Integer(1)]);
        let row = |id, value| [Some("7"), Some(id), Some(value)];
        let (zero, one, two) = (row("0", "0"), row("1", "9"), row("2", "4"));
        let all = "select * from txn0 where `system` = ? and TRUE";
        session.reads(&[&zero, &one, &two], all, &[Integer(7)]);
        let modulo = "select * from txn0 where `system` = ? and MOD(value, ?) = ?";
        session.reads(&[&one], modulo, &[Integer(7), Integer(2), Integer(1)]);
        let equal = "select * from txn0 where `system` = ? and value = ?";
        session.reads(&[&one], equal, &[Integer(7), Integer(9)]);
        session.changes(1, "delete from txn0 where `system` = ? and id = ?", &[Integer(7), Integer(0)]);
        session.reads(&[&one, &two], all, &[Integer(7)]);
        session.end("COMMIT", level);
    });
}

/// `mav` and `nonrepeatable_read`. An update that changes nothing counts the row it found.
#[test]
fn rows_are_incremented_and_renamed() {
    all_ways(|open| {
        let level = LEVELS[1];
        let mut session = open();
        let create = "create table if not exists mav (`id`    int not null,
                               `value` int not null,
                               noop    int not null,
                               primary key (id))";
        session.changes(0, create, &[]);
        session.changes(0, "delete from mav", &[]);
        for id in [0, 1] {
            let insert = "insert into mav (id, `value`, noop) values (?, ?, ?)";
            session.changes(1, insert, &[Integer(id), Integer(0), Integer(0)]);
        }
        session.sets("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
        session.begin(level);
        for id in [1, 0] {
            session.changes(1, "update mav set value = value + 1 where id = ?", &[Integer(id)]);
        }
        session.end("COMMIT", level);
        session.begin(level);
        session.reads(&[&[Some("1")]], "select value from mav where id = ?", &[Integer(0)]);
        session.changes(1, "update mav set noop = ? where id = ?", &[Integer(0), Integer(1)]);
        session.reads(&[&[Some("1")]], "select value from mav where id = ?", &[Integer(1)]);
        session.end("COMMIT", level);
        let create = "create table if not exists people (`id` int not null,
                            name   text not null,
                            gender text not null,
                            primary key (id))";
        session.changes(0, create, &[]);
        session.changes(0, "delete from people", &[]);
        let insert = "insert into people (id, name, gender) values (?, ?, ?)";
        session.changes(1, insert, &[Integer(0), Text("moss"), Text("a")]);
        session.changes(1, "update people set name = ? where id = ?", &[Text("s'more"), Integer(0)]);
        session.begin(level);
        let name = "select name from people where id = ?";
        session.reads(&[&[Some("s'more")]], name, &[Integer(0)]);
        session.changes(1, "update people set gender = ? where id = ?", &[Text("b"), Integer(0)]);
        session.reads(&[&[Some("s'more")]], name, &[Integer(0)]);
        session.end("COMMIT", level);
        session.changes(1, "delete from people where id = ?", &[Integer(0)]);
    });
}
