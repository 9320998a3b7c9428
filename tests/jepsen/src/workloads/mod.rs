//! What clients do: one file a workload.
//!
//! A [`Workload`] makes its tables, gives each worker a [`Client`] that says what to do next and does it, and has the history judged
//! by the checkers whose claim it is ([`levels`]). The forms of operations are those of [`checkers`](crate::checkers).
//!
//! A seed decides which operations a client does; in which order those of different clients come is up to the machine.
//!
//! Left out: sending anything twice. What failed is recorded, and something else is done.

pub mod append;
pub mod bank;
pub mod counter;
pub mod ddl;
pub mod keys;
pub mod levels;
pub mod locks;
pub mod long_fork;
pub mod outcomes;
pub mod predicate;
pub mod register;
pub mod sessions;
pub mod set;
pub mod txn;
pub mod unique_ids;
pub mod wr;
pub mod xa;

use crate::edn::Value;
use crate::history::{History, Kind};
use crate::run::connections::{Place, Seat};
use crate::run::session::{Answer, Ended, Failure, Parameter, Session};
use crate::run::target::Server;
use crate::verdict::Verdict;
use levels::{Consistency, Isolation, Levels};

/// The database of a workload that is run alone; public suites call it so.
pub const DATABASE: &str = "jepsen";

/// What a workload is made for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Setting {
    /// Isolation and consistency of the clients' sessions.
    pub levels: Levels,
    /// Whose servers they speak to.
    pub server: Server,
}

/// What a client means to do.
#[derive(Clone, PartialEq, Debug)]
pub struct Request {
    /// `:f`.
    pub function: &'static str,
    /// Its arguments.
    pub value: Value,
    /// Where it is done.
    pub place: Place,
}

/// Where an operation is done, and what is told beside its answer.
pub struct Turn<'t> {
    /// The session.
    pub seat: Seat<'t>,
    /// What else stands in the completion.
    pub extra: Vec<(String, Value)>,
}

/// One worker's part of a workload.
pub trait Client: Send {
    /// What to do next.
    fn next(&mut self) -> Request;

    /// Does it.
    ///
    /// # Errors
    /// How it ended that was not `:ok`. A transaction may be left open then; whoever calls rolls it back or gives the session up.
    fn perform(&mut self, request: &Request, turn: &mut Turn<'_>) -> Result<Value, Ended>;

    /// Operations say which session they used, because that is whom a promise was made to.
    fn tells_session(&self) -> bool {
        false
    }

    /// Hears how what it did ended.
    fn heard(&mut self, _request: &Request, _kind: Kind) {}

    /// What to do once everything is healed and nobody hurts the cluster any more; each is tried until it is `:ok`. `first` is one of the
    /// workers only.
    fn last(&mut self, first: bool) -> Vec<Request>;
}

/// What clients do, and what is claimed of it.
pub trait Workload: Send + Sync {
    /// Makes the tables, in a database that is in use and empty.
    ///
    /// # Errors
    /// Those of the server.
    fn prepare(&self, session: &mut dyn Session) -> Result<(), Failure>;

    /// The client of a worker.
    fn client(&self, worker: usize, seed: u64) -> Box<dyn Client>;

    /// It is also about reads on learners, so there is to be one.
    fn reads_learners(&self) -> bool {
        false
    }

    /// Its clients wait long for answers, for servers that say only late that they do not know.
    fn waits_long(&self) -> bool {
        false
    }

    /// What is claimed, in a word: the model or the guarantees.
    fn claim(&self) -> String;

    /// The judges' verdicts.
    fn judge(&self, history: &History) -> Vec<Verdict>;

    /// Functions of which the floor counts those that were `:ok`.
    fn counted(&self) -> &'static [&'static str];
}

/// Why there is no such workload.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Nobody knows it.
    #[error("no workload is called {0}; `jepsen list` has the names")]
    Unknown(String),
    /// It claims nothing under these levels.
    #[error("{workload} is not run under {levels}: {reason}")]
    NoClaim {
        /// Its name.
        workload: &'static str,
        /// The levels asked for.
        levels: Levels,
        /// Why not.
        reason: &'static str,
    },
}

/// What is known of a workload before it is made.
pub struct Kindred {
    /// Its name.
    pub name: &'static str,
    /// What it does and what is judged, in a line.
    pub about: &'static str,
    /// Operations a second, over the whole run, below which a verdict is *unknown*: hurt clusters stand still for a while, so this is a small part of
    /// what a sound one does.
    pub floor_per_s: f64,
    /// Makes it, or says why it claims nothing there.
    make: fn(Setting) -> Result<Box<dyn Workload>, &'static str>,
}

/// All workloads.
pub const ALL: &[Kindred] = &[
    Kindred {
        name: "register",
        about: "reads and writes of single rows, reads on any node: linearizable, key by key",
        floor_per_s: 4.0,
        make: register::Registers::without_cas,
    },
    Kindred {
        name: "cas-register",
        about: "the same with compare-and-set, by one statement and by transactions",
        floor_per_s: 4.0,
        make: register::Registers::with_cas,
    },
    Kindred {
        name: "counter",
        about: "additions in several manners, reads on any node: within the bounds of what was asked and told",
        floor_per_s: 2.0,
        make: counter::Counter::spread,
    },
    Kindred {
        name: "hot-row",
        about: "every client adds to one row, with hints and without",
        floor_per_s: 2.0,
        make: counter::Counter::hot,
    },
    Kindred {
        name: "set",
        about: "rows are inserted and all read: none told is lost, none comes back",
        floor_per_s: 4.0,
        make: set::Set::make,
    },
    Kindred {
        name: "unique-ids",
        about: "AUTO_INCREMENT, of rows that stay and that go: none twice",
        floor_per_s: 4.0,
        make: unique_ids::UniqueIds::make,
    },
    Kindred {
        name: "bank",
        about: "transfers between accounts, reads of all on any node: the total stays, none is negative",
        floor_per_s: 2.0,
        make: bank::Bank::make,
    },
    Kindred {
        name: "append",
        about: "Elle's list-append transactions, with the SQL of the public MySQL suite",
        floor_per_s: 4.0,
        make: append::Append::make,
    },
    Kindred {
        name: "wr",
        about: "Elle's read-write-register transactions",
        floor_per_s: 4.0,
        make: wr::ReadWrite::make,
    },
    Kindred {
        name: "long-fork",
        about: "single writes, and reads that must not see two of them in two orders",
        floor_per_s: 4.0,
        make: long_fork::LongFork::make,
    },
    Kindred {
        name: "predicate",
        about: "insertions that exclude each other by what they read, repeated reads of a predicate: no phantoms",
        floor_per_s: 2.0,
        make: predicate::Predicate::make,
    },
    Kindred {
        name: "monotonic",
        about: "a counter a key, read on any node, also learners: what a session sees never goes back",
        floor_per_s: 4.0,
        make: sessions::Sessions::monotonic,
    },
    Kindred {
        name: "sessions",
        about: "the same, judged by the session guarantees of the consistency",
        floor_per_s: 4.0,
        make: sessions::Sessions::guarantees,
    },
    Kindred {
        name: "xa",
        about: "transfers by XA in two phases, finished by other sessions and after failures",
        floor_per_s: 2.0,
        make: xa::Xa::make,
    },
    Kindred {
        name: "ddl",
        about: "a set beside CREATE and DROP INDEX, RENAME, CREATE and DROP TABLE",
        floor_per_s: 2.0,
        make: ddl::Ddl::make,
    },
    Kindred {
        name: "locks",
        about: "GET_LOCK: what was held until it was released was held by nobody else",
        floor_per_s: 1.0,
        make: locks::Locks::make,
    },
    Kindred {
        name: "outcomes",
        about: "quorate_transaction_outcome on any node: agrees with what is there",
        floor_per_s: 4.0,
        make: outcomes::Outcomes::make,
    },
];

/// The workload of this name.
///
/// # Errors
/// When there is none.
pub fn by_name(name: &str) -> Result<&'static Kindred, Refusal> {
    ALL.iter().find(|kindred| kindred.name == name).ok_or_else(|| Refusal::Unknown(name.to_owned()))
}

impl Kindred {
    /// Makes it.
    ///
    /// # Errors
    /// When it claims nothing under these levels.
    pub fn make(&self, setting: Setting) -> Result<Box<dyn Workload>, Refusal> {
        (self.make)(setting).map_err(|reason| Refusal::NoClaim {
            workload: self.name,
            levels: setting.levels,
            reason,
        })
    }

    /// The levels under which it claims something of our server.
    #[must_use]
    pub fn levels(&self) -> Vec<Levels> {
        let all = Isolation::ALL.iter().flat_map(|isolation| {
            Consistency::ALL.map(|consistency| Levels { isolation: *isolation, consistency })
        });
        all.filter(|levels| (self.make)(Setting { levels: *levels, server: Server::Quorate }).is_ok())
            .collect()
    }
}

impl Request {
    /// One for the leader.
    #[must_use]
    pub fn at_leader(function: &'static str, value: Value) -> Request {
        Request { function, value, place: Place::Leader }
    }

    /// One for any node.
    #[must_use]
    pub fn anywhere(function: &'static str, value: Value) -> Request {
        Request { function, value, place: Place::Any }
    }
}

impl Turn<'_> {
    /// Runs a statement that commits nothing.
    ///
    /// # Errors
    /// The operation was not done.
    pub fn ask(&mut self, sql: &str, parameters: &[Parameter]) -> Result<Answer, Ended> {
        self.seat.session.execute(sql, parameters).map_err(Failure::before_commit)
    }

    /// Runs a statement that commits what it, and what came before it in its transaction, has changed.
    ///
    /// # Errors
    /// The operation was not done, or nobody knows.
    pub fn commit(&mut self, sql: &str, parameters: &[Parameter]) -> Result<Answer, Ended> {
        self.seat.session.execute(sql, parameters).map_err(Failure::at_commit)
    }

    /// As [`Turn::ask`], as text: for what is not to be prepared, such as BEGIN.
    ///
    /// # Errors
    /// As [`Turn::ask`].
    pub fn say(&mut self, sql: &str) -> Result<Answer, Ended> {
        self.seat.session.query(sql).map_err(Failure::before_commit)
    }

    /// Ends a transaction that has changed something.
    ///
    /// # Errors
    /// As [`Turn::commit`].
    pub fn end(&mut self) -> Result<(), Ended> {
        self.seat.session.query("COMMIT").map(drop).map_err(Failure::at_commit)
    }

    /// Takes a transaction back because the client wants it so, and says why.
    ///
    /// # Errors
    /// When that failed, which takes it back as well.
    pub fn take_back(&mut self, why: &str) -> Result<Value, Ended> {
        self.say("ROLLBACK")?;
        Err(Ended::refused(why))
    }

    /// Tells something beside the answer.
    pub fn tell(&mut self, name: &str, value: Value) {
        self.extra.push((name.to_owned(), value));
    }
}

/// `[a b]`.
#[must_use]
pub fn pair(first: impl Into<Value>, second: impl Into<Value>) -> Value {
    Value::Vector(vec![first.into(), second.into()])
}

/// A number, or `nil`.
#[must_use]
pub fn optional(number: Option<i64>) -> Value {
    number.map_or(Value::Nil, Value::Integer)
}

/// The number at this place of a vector.
///
/// # Panics
/// When there is none: the value is one that the same client made.
#[must_use]
pub fn number_at(value: &Value, place: usize) -> i64 {
    value
        .elements()
        .and_then(|elements| elements.get(place)?.as_integer())
        .expect("the request is one of this client's own")
}

/// Runs statements, each by itself.
///
/// # Errors
/// Those of the first that fails.
pub fn run_all(session: &mut dyn Session, statements: &[&str]) -> Result<(), Failure> {
    for sql in statements {
        session.query(sql)?;
    }
    Ok(())
}

/// How many operations of these functions were `:ok`.
#[must_use]
pub fn committed(history: &History, functions: &[&str]) -> u64 {
    let counts = |operation: &&crate::history::Operation| {
        operation.kind == Kind::Ok && functions.contains(&operation.function.as_str())
    };
    history.operations.iter().filter(counts).count() as u64
}
