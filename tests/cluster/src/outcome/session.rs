//! One client: how it speaks to the cluster, and in which of the ways that clients have.

use std::collections::HashMap;
use std::time::Duration;

use client::blocking::{Cluster, Connection, Options, QueryResult, Statement};
use rand::SeedableRng;
use rand::rngs::StdRng;
use wire::mysql::value::Param;

/// How long a client waits for an answer. The server always has one before.
pub const PATIENCE: Duration = Duration::from_secs(40);
/// How long one waits that gives up soon, leaving its session to the server.
pub const IMPATIENCE: Duration = Duration::from_millis(1_500);

/// The ways a client has.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// It gives up after [`IMPATIENCE`].
    pub is_impatient: bool,
    /// It prepares its statements.
    pub prepares: bool,
    /// It has autocommit off, and sends no BEGIN.
    pub is_without_autocommit: bool,
    /// It works under READ COMMITTED.
    pub reads_committed: bool,
    /// It sends no ROLLBACK after an error that has ended its transaction.
    pub trusts_errors: bool,
}

impl Manner {
    /// The manner of the client with this number: all combinations come with enough of them.
    #[must_use]
    pub fn of(client: u64) -> Manner {
        Manner {
            is_impatient: client % 4 == 3,
            prepares: client.is_multiple_of(3),
            is_without_autocommit: client % 5 == 1,
            reads_committed: client % 2 == 1,
            trusts_errors: client % 7 < 3,
        }
    }
}

/// See the module.
pub struct Session {
    /// Its number, from 0.
    pub client: u64,
    /// Its manner.
    pub manner: Manner,
    /// What it decides by.
    pub random: StdRng,
    cluster: Cluster,
    /// The connection has its settings.
    is_ready: bool,
    statements: HashMap<&'static str, Statement>,
}

impl Session {
    /// A client of the nodes at these addresses.
    #[must_use]
    pub fn new(client: u64, addresses: &[String], seed: u64) -> Session {
        let manner = Manner::of(client);
        let timeout = if manner.is_impatient { IMPATIENCE } else { PATIENCE };
        Session {
            client,
            manner,
            random: StdRng::seed_from_u64(seed.wrapping_add(client)),
            cluster: Cluster::with_options(addresses.to_vec(), Options { timeout, ..Options::unencrypted() }),
            is_ready: false,
            statements: HashMap::new(),
        }
    }

    /// Finds the leader, if it has none, and makes the session's settings.
    ///
    /// # Errors
    /// When there is no leader, or it goes away.
    pub fn get_ready(&mut self) -> client::blocking::Result<()> {
        if self.is_ready {
            return Ok(());
        }
        self.statements.clear();
        let manner = self.manner;
        let connection = self.connection()?;
        if manner.reads_committed {
            connection.query("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")?;
        }
        if manner.is_without_autocommit {
            connection.query("SET autocommit = 0")?;
        }
        self.is_ready = true;
        Ok(())
    }

    fn connection(&mut self) -> client::blocking::Result<&mut Connection> {
        self.cluster.leader()
    }

    /// Looks for the leader anew next time.
    pub fn forget_leader(&mut self) {
        self.cluster.forget_leader();
        self.is_ready = false;
    }

    /// Runs a statement with `?` in place of its values, in the way of this client.
    ///
    /// # Errors
    /// Those of the server and the connection; after a lost connection [`Session::forget_leader`] is to be called.
    pub fn run(&mut self, sql: &'static str, values: &[i64]) -> client::blocking::Result<QueryResult> {
        if !self.manner.prepares {
            return self.text(&with_values(sql, values));
        }
        let statement = match self.statements.get(sql) {
            Some(statement) => statement.clone(),
            None => {
                let statement = self.connection()?.prepare(sql)?;
                self.statements.insert(sql, statement.clone());
                statement
            }
        };
        let parameters: Vec<Param<'_>> = values.iter().map(|value| Param::Int(*value)).collect();
        self.connection()?.execute(&statement, &parameters)
    }

    /// Runs a statement as text.
    ///
    /// # Errors
    /// As [`Session::run`].
    pub fn text(&mut self, sql: &str) -> client::blocking::Result<QueryResult> {
        self.connection()?.query(sql)
    }
}

/// The statement with its values written out.
fn with_values(sql: &str, values: &[i64]) -> String {
    let mut parts = sql.split('?');
    let mut text = parts.next().unwrap_or_default().to_owned();
    let mut values = values.iter();
    for part in parts {
        let value = values.next().expect("a value for each question mark");
        text += &format!("{value}{part}");
    }
    assert!(values.next().is_none(), "more values than question marks in {sql}");
    text
}
