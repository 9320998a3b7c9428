//! Scripts of several sessions: what each statement answers, that it blocks, and when it goes on.
//!
//! ```text
//! # The claim.
//! setup: CREATE TABLE test (id INT PRIMARY KEY, value INT)
//! T1: BEGIN
//! T2: UPDATE test SET value = 12 WHERE id = 1
//! ```
//!
//! The transcript repeats each line with what came of it:
//!
//! ```text
//! T2: UPDATE test SET value = 12 WHERE id = 1
//!     blocks
//! T1: COMMIT
//!     ok
//!     T2 goes on: ok, 1 row
//! ```
//!
//! Whether a statement blocks is asked of the server ([`Dialect`]), not guessed from the time it takes. A line for a session that
//! blocks `waits its turn`, and is run when the session goes on.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use client::blocking::{Connection, Error, QueryResult};

/// How long a statement that does not block may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// Which server it is: how it says that a session waits for a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Ours.
    Quorate,
    /// The original.
    MySql,
}

impl Dialect {
    /// A statement blocks when the server says so this often, and the time between two such questions. MySQL answers from
    /// what it noted up to 0.1 s ago.
    fn polls(self) -> (u32, Duration) {
        match self {
            Dialect::Quorate => (8, Duration::from_millis(10)),
            Dialect::MySql => (3, Duration::from_millis(130)),
        }
    }

    /// Whether the session of this connection waits for a lock.
    fn is_blocked(self, watcher: &mut Connection, connection_id: u32) -> bool {
        let question = match self {
            Dialect::Quorate => format!(
                "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = {connection_id} AND STATE = 'waiting for lock'"
            ),
            Dialect::MySql => format!(
                "SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE trx_mysql_thread_id = {connection_id} \
                 AND trx_state = 'LOCK WAIT'"
            ),
        };
        let answer = watcher.query(&question).expect("the server says who waits");
        answer.scalar().as_deref() != Some("0")
    }
}

/// A line of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The session; empty for the setup.
    pub session: String,
    /// Its statement.
    pub sql: String,
}

/// A script.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// What it is about: the lines with `#`.
    pub claim: String,
    /// Statements before the sessions begin.
    pub setup: Vec<String>,
    /// The statements of the sessions.
    pub lines: Vec<Line>,
}

impl Script {
    /// Reads a script.
    ///
    /// # Panics
    /// On a line that is none.
    #[must_use]
    pub fn parse(text: &str) -> Script {
        let mut script = Script::default();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if let Some(claim) = line.strip_prefix('#') {
                script.claim.push_str(claim.trim());
                script.claim.push('\n');
                continue;
            }
            let (session, sql) =
                line.split_once(": ").unwrap_or_else(|| panic!("not a line of a script: {line}"));
            match session {
                "setup" => script.setup.push(sql.to_owned()),
                _ => script.lines.push(Line { session: session.to_owned(), sql: sql.to_owned() }),
            }
        }
        script
    }
}

/// A session: a thread that runs one statement after the other.
struct Session {
    connection_id: u32,
    statements: Sender<String>,
    answers: Receiver<String>,
    is_blocked: bool,
    /// Statements that wait their turn.
    queue: VecDeque<String>,
    thread: Option<JoinHandle<()>>,
}

impl Session {
    fn new(mut connection: Connection) -> Session {
        let (statements, to_run) = channel::<String>();
        let (answered, answers) = channel();
        let connection_id = connection.connection_id();
        let thread = std::thread::spawn(move || {
            for sql in to_run {
                if answered.send(answer(connection.query(&sql))).is_err() {
                    return;
                }
            }
        });
        let queue = VecDeque::new();
        Session { connection_id, statements, answers, is_blocked: false, queue, thread: Some(thread) }
    }

    /// The answer, or None if the statement blocks.
    fn outcome(&mut self, dialect: Dialect, watcher: &mut Connection) -> Option<String> {
        let started = Instant::now();
        let (polls, pause) = dialect.polls();
        let mut blocked_polls = 0;
        loop {
            if let Ok(answer) = self.answers.recv_timeout(pause) {
                self.is_blocked = false;
                return Some(answer);
            }
            assert!(started.elapsed() < ANSWER_TIMEOUT, "a statement neither ends nor blocks");
            blocked_polls =
                if dialect.is_blocked(watcher, self.connection_id) { blocked_polls + 1 } else { 0 };
            if blocked_polls == polls {
                self.is_blocked = true;
                return None;
            }
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.statements = channel().0;
        // Its thread ends when it has nothing more to run.
        // A session that blocks ends with its connection's timeout; it is not waited for.
        if let Some(thread) = self.thread.take().filter(|_| !self.is_blocked) {
            let _ = thread.join();
        }
    }
}

/// Runs a script. `connect` makes a connection in the database of the script, `prelude` is run on each session's first.
///
/// # Panics
/// When the setup fails, or a statement neither ends nor blocks.
pub fn run(script: &Script, dialect: Dialect, prelude: &[&str], connect: &dyn Fn() -> Connection) -> String {
    let mut watcher = connect();
    for sql in &script.setup {
        watcher.query(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    let mut sessions: BTreeMap<String, Session> = BTreeMap::new();
    let mut transcript = String::new();
    for line in &script.lines {
        let session = sessions.entry(line.session.clone()).or_insert_with(|| {
            let mut connection = connect();
            for sql in prelude {
                connection.query(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
            }
            Session::new(connection)
        });
        writeln!(transcript, "{}: {}", line.session, line.sql).expect("text grows");
        if session.is_blocked {
            session.queue.push_back(line.sql.clone());
            writeln!(transcript, "    waits its turn").expect("text grows");
            continue;
        }
        session.statements.send(line.sql.clone()).expect("the session runs");
        let outcome = session.outcome(dialect, &mut watcher).unwrap_or_else(|| "blocks".to_owned());
        writeln!(transcript, "    {outcome}").expect("text grows");
        go_on(&mut sessions, dialect, &mut watcher, &mut transcript);
    }
    let open = sessions.iter().filter(|(_, session)| session.is_blocked).map(|(name, _)| name.as_str());
    let open: Vec<&str> = open.collect();
    if !open.is_empty() {
        writeln!(transcript, "at the end {} blocks", open.join(", ")).expect("text grows");
    }
    transcript
}

/// What comes of the sessions that block, after a statement of another one.
fn go_on(
    sessions: &mut BTreeMap<String, Session>,
    dialect: Dialect,
    watcher: &mut Connection,
    transcript: &mut String,
) {
    loop {
        let mut has_changed = false;
        for (name, session) in sessions.iter_mut().filter(|(_, session)| session.is_blocked) {
            let Some(outcome) = session.outcome(dialect, watcher) else { continue };
            has_changed = true;
            writeln!(transcript, "    {name} goes on: {outcome}").expect("text grows");
            while !session.is_blocked
                && let Some(sql) = session.queue.pop_front()
            {
                session.statements.send(sql.clone()).expect("the session runs");
                let outcome = session.outcome(dialect, watcher).unwrap_or_else(|| "blocks".to_owned());
                writeln!(transcript, "    {name}: {sql}: {outcome}").expect("text grows");
            }
        }
        // What one of them did may let another go on.
        if !has_changed {
            return;
        }
    }
}

/// An answer on one line.
fn answer(result: client::blocking::Result<QueryResult>) -> String {
    match result {
        Ok(result) if result.columns.is_empty() => match result.affected {
            0 => "ok".to_owned(),
            1 => "ok, 1 row".to_owned(),
            count => format!("ok, {count} rows"),
        },
        Ok(result) if result.rows.is_empty() => "no rows".to_owned(),
        Ok(result) => {
            let row = |row: &Vec<Option<Vec<u8>>>| {
                let value = |value: &Option<Vec<u8>>| match value {
                    Some(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                    None => "NULL".to_owned(),
                };
                format!("({})", row.iter().map(value).collect::<Vec<_>>().join(", "))
            };
            result.rows.iter().map(row).collect::<Vec<_>>().join(" ")
        }
        Err(Error::Server(error)) => format!("error {}", error.code),
        Err(error) => format!("error: {error}"),
    }
}
