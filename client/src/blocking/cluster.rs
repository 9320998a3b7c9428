//! Statements to whichever node leads.
//!
//! A statement is sent again, to the new leader, only when it cannot have run: nothing of it was sent, or a node
//! refused it because it does not lead. Anything else (the connection was lost while waiting for the answer) is the
//! caller's to decide; [`Error::may_have_run`] says so. Inside a transaction nothing is repeated at all, because what
//! came before is lost with the connection.
//!
//! A new connection starts with the options given here: variables set on an earlier one are gone.

use std::time::{Duration, Instant};

use super::Connection;
use crate::{Error, Options, QueryResult, Result, Role, limits};

/// What a node is asked.
const ROLE_QUERY: &str = "SELECT @@global.quorate_role";

/// What one address answered.
#[derive(Debug)]
pub struct NodeState {
    /// The address as given.
    pub address: String,
    /// Its role, or why there is none.
    pub role: Result<Role>,
}

/// A cluster by the addresses of its nodes.
#[derive(Debug)]
pub struct Cluster {
    addresses: Vec<String>,
    options: Options,
    leader: Option<Connection>,
    /// Where to look first: the last leader.
    preferred: usize,
}

impl Cluster {
    /// A cluster with these SQL addresses, as root without a password. Connects at the first statement.
    pub fn new<A: Into<String>>(addresses: impl IntoIterator<Item = A>) -> Self {
        Cluster::with_options(addresses, Options::default())
    }

    /// A cluster with these SQL addresses. `options.timeout` bounds each call, the search for a leader included.
    pub fn with_options<A: Into<String>>(addresses: impl IntoIterator<Item = A>, options: Options) -> Self {
        let addresses = addresses.into_iter().map(Into::into).collect();
        Cluster { addresses, options, leader: None, preferred: 0 }
    }

    /// The addresses, in the order given.
    pub fn addresses(&self) -> &[String] {
        &self.addresses
    }

    /// Asks every node for its role, on connections of their own.
    pub fn states(&self) -> Vec<NodeState> {
        let timeout = self.options.timeout.min(limits::ROLE_TIMEOUT);
        let ask = |address: &String| NodeState {
            address: address.clone(),
            role: self.connect(address, timeout).map(|(role, _)| role),
        };
        self.addresses.iter().map(ask).collect()
    }

    /// The leader's address; waits for one.
    pub fn leader_address(&mut self) -> Result<String> {
        self.leader().map(|connection| connection.address().to_owned())
    }

    /// A connection to the leader, kept between calls. Whoever uses it directly does its own retries.
    pub fn leader(&mut self) -> Result<&mut Connection> {
        let deadline = Instant::now() + self.options.timeout;
        self.leader_before(deadline)
    }

    /// Runs a statement on the leader, again where that is safe, until the time is up.
    pub fn query(&mut self, sql: &str) -> Result<QueryResult> {
        let deadline = Instant::now() + self.options.timeout;
        loop {
            let connection = self.leader_before(deadline)?;
            let was_in_transaction = connection.is_in_transaction();
            let left = deadline.saturating_duration_since(Instant::now());
            connection.set_timeout(left.max(Duration::from_millis(1)));
            let error = match connection.query(sql) {
                Ok(result) => return Ok(result),
                Err(error) => error,
            };
            let is_refused = error.is_not_leader();
            let can_repeat = !was_in_transaction && (is_refused || matches!(error, Error::Stale));
            if is_refused && can_repeat && self.still_leads() {
                // A leader that refuses has another reason than its role: read_only, or an option.
                return Err(error);
            }
            if is_refused || error.is_disconnect() {
                self.leader = None;
            }
            if !can_repeat || Instant::now() >= deadline {
                return Err(error);
            }
        }
    }

    fn still_leads(&mut self) -> bool {
        let Some(connection) = &mut self.leader else { return false };
        connection.query(ROLE_QUERY).is_ok_and(|result| Role::from_answer(&result) == Role::Leader)
    }

    /// Drops the connection to the leader: the next statement looks for it anew.
    pub fn forget_leader(&mut self) {
        self.leader = None;
    }

    fn leader_before(&mut self, deadline: Instant) -> Result<&mut Connection> {
        let connection = match self.leader.take().filter(|connection| !connection.is_broken()) {
            Some(connection) => connection,
            None => self.search(deadline)?,
        };
        Ok(self.leader.insert(connection))
    }

    /// Asks all addresses in turn, beginning with the last leader's, until one leads.
    fn search(&mut self, deadline: Instant) -> Result<Connection> {
        let start = Instant::now();
        let mut answers = vec![String::new(); self.addresses.len()];
        loop {
            for offset in 0..self.addresses.len() {
                let position = (self.preferred + offset) % self.addresses.len();
                let left = deadline.saturating_duration_since(Instant::now()).min(limits::ROLE_TIMEOUT);
                if left.is_zero() {
                    break;
                }
                match self.connect(&self.addresses[position], left) {
                    Ok((Role::Leader, connection)) => {
                        self.preferred = position;
                        return Ok(connection);
                    }
                    Ok((role, _)) => answers[position] = format!("{role:?}"),
                    // A wrong password does not become right by waiting.
                    Err(error) if error.code() == Some(ACCESS_DENIED) => return Err(error),
                    Err(error) => answers[position] = error.to_string(),
                }
            }
            if self.addresses.is_empty() || Instant::now() + limits::LEADER_SEARCH_PAUSE >= deadline {
                let said =
                    self.addresses.iter().zip(&answers).map(|(address, said)| format!("{address} ({said})"));
                return Err(Error::NoLeader {
                    waited_ms: start.elapsed().as_millis(),
                    addresses: said.collect::<Vec<_>>().join(", "),
                });
            }
            std::thread::sleep(limits::LEADER_SEARCH_PAUSE);
        }
    }

    /// Connects to a node and asks for its role.
    fn connect(&self, address: &str, timeout: Duration) -> Result<(Role, Connection)> {
        let options = Options { timeout, ..self.options.clone() };
        let mut connection = Connection::connect_with(address, &options)?;
        let role = Role::from_answer(&connection.query(ROLE_QUERY)?);
        connection.set_timeout(self.options.timeout);
        Ok((role, connection))
    }
}

/// The number of the error that refuses a user or a password.
const ACCESS_DENIED: u16 = wire::mysql::error::code::ER_ACCESS_DENIED_ERROR;
