//! Talking to a cluster from the command line: which nodes, which of them leads, and administration by any of them.
//!
//! Invariant: a procedure is called again, on the next node, only when the node that was asked cannot have carried it out.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use client::blocking::{Connection, Error, Options, QueryResult};

use super::login::Login;

/// How long a node may take to be connected to and to say what it is.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);
/// How long the search for a leader, or for a node that takes a call, may take: longer than an election.
const SEARCH_TIMEOUT: Duration = Duration::from_secs(10);
/// Pause between two rounds of asking all nodes.
const SEARCH_PAUSE: Duration = Duration::from_millis(30);
/// How long a procedure may take: a change of the members is given 60 s by the leader.
const CALL_TIMEOUT: Duration = Duration::from_secs(75);
/// Most addresses that are asked: those given, and leaders that they name.
const ADDRESSES_MAX: usize = 200;

/// Which nodes to ask.
#[derive(Clone, Debug, clap::Args)]
pub struct Nodes {
    /// Client addresses of the nodes, separated by commas
    #[arg(
        long,
        value_delimiter = ',',
        env = "QUORATE_NODES",
        default_value = "127.0.0.1:4001,127.0.0.1:4002,127.0.0.1:4003"
    )]
    pub nodes: Vec<String>,
    /// As whom.
    #[command(flatten)]
    pub login: Login,
}

/// A node as it is named on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeName {
    /// By its id.
    Id(u64),
    /// By its peer or client address.
    Address(String),
}

impl NodeName {
    /// Reads an id, as `4` or `n4`, or `HOST:PORT`.
    ///
    /// # Errors
    /// What it should look like.
    pub fn parse(text: &str) -> Result<NodeName, String> {
        let digits = text.strip_prefix('n').unwrap_or(text);
        match digits.parse() {
            Ok(id) if id > 0 => Ok(NodeName::Id(id)),
            _ => match parse_address(text) {
                Ok(address) => Ok(NodeName::Address(address)),
                Err(_) => Err("a node is named by its id, as 4, or by an address of it, as HOST:PORT".into()),
            },
        }
    }

    /// As a literal of SQL.
    #[must_use]
    pub fn literal(&self) -> String {
        match self {
            NodeName::Id(id) => id.to_string(),
            NodeName::Address(address) => quoted(address),
        }
    }
}

impl std::fmt::Display for NodeName {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            NodeName::Id(id) => write!(out, "n{id}"),
            NodeName::Address(address) => out.write_str(address),
        }
    }
}

/// Reads `HOST:PORT`.
///
/// # Errors
/// What it should look like.
pub fn parse_address(text: &str) -> Result<String, String> {
    let is_plain = |host: &str| {
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_graphic() && !b"'\"\\,;/".contains(&byte))
    };
    match text.rsplit_once(':') {
        Some((host, port)) if is_plain(host) && port.parse::<u16>().is_ok_and(|port| port > 0) => {
            Ok(text.to_owned())
        }
        _ => Err(format!("'{text}' is not of the form HOST:PORT")),
    }
}

/// Where a node is: for other nodes, and for clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// For other nodes.
    pub peer: String,
    /// For clients.
    pub client: String,
}

impl Addresses {
    /// Reads `PEER_HOST:PORT/CLIENT_HOST:PORT`.
    ///
    /// # Errors
    /// What it should look like.
    pub fn parse(text: &str) -> Result<Addresses, String> {
        let form = || format!("'{text}' is not of the form PEER_HOST:PORT/CLIENT_HOST:PORT");
        let (peer, client) = text.split_once('/').ok_or_else(form)?;
        let address = |text: &str| parse_address(text).map_err(|_| form());
        Ok(Addresses { peer: address(peer)?, client: address(client)? })
    }
}

/// A literal of SQL. What addresses may be made of needs no escape, but this does not rely on it.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// The node that leads and serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leader {
    /// Its id.
    pub id: u64,
    /// Its client address.
    pub address: String,
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallFailed {
    /// For the user.
    pub message: String,
    /// It may have been carried out all the same.
    pub may_have_run: bool,
}

impl Nodes {
    /// Calls a procedure on the first node that answers; the node hands it to the leader.
    ///
    /// # Errors
    /// The server's reason for refusing, or that no node answers.
    pub fn call(&self, sql: &str) -> Result<QueryResult, CallFailed> {
        let deadline = Instant::now() + SEARCH_TIMEOUT;
        let not_asked = |message| CallFailed { message, may_have_run: false };
        let options = self.login.options(ANSWER_TIMEOUT).map_err(not_asked)?;
        loop {
            let mut said = Vec::new();
            for address in &self.nodes {
                let asked = Connection::connect_with(address, &options).and_then(|mut connection| {
                    connection.set_timeout(CALL_TIMEOUT);
                    connection.query(sql)
                });
                match asked {
                    Ok(result) => return Ok(result),
                    Err(error) if is_passing(&error) => said.push(format!("{address} ({error})")),
                    Err(error) => return Err(failed(address, &error)),
                }
            }
            if Instant::now() + SEARCH_PAUSE >= deadline {
                let message = format!("no node took the call: {}", said.join(", "));
                return Err(CallFailed { message, may_have_run: false });
            }
            std::thread::sleep(SEARCH_PAUSE);
        }
    }

    /// The leader, and a connection to it; waits for one.
    ///
    /// # Errors
    /// What each node said instead.
    pub fn leader(&self) -> Result<(Leader, Connection), String> {
        self.leader_where(SEARCH_TIMEOUT, |_| true)
    }

    /// A leader that `is_wanted`, among the nodes given and those that they name as leader.
    ///
    /// # Errors
    /// What each node said last, when there is none in time.
    pub fn leader_where(
        &self,
        timeout: Duration,
        is_wanted: impl Fn(&Leader) -> bool,
    ) -> Result<(Leader, Connection), String> {
        let deadline = Instant::now() + timeout;
        let options = self.login.options(ANSWER_TIMEOUT)?;
        loop {
            let mut addresses: VecDeque<String> = self.nodes.iter().cloned().collect();
            let mut asked: Vec<(String, String)> = Vec::new();
            while let Some(address) = addresses.pop_front() {
                if asked.len() >= ADDRESSES_MAX || asked.iter().any(|(known, _)| *known == address) {
                    continue;
                }
                let said = match ask(&address, &options) {
                    Ok((leader, _, connection))
                        if leader.is_some_and(|id| is_wanted(&Leader { id, address: address.clone() })) =>
                    {
                        let id = leader.unwrap_or(0);
                        return Ok((Leader { id, address }, connection));
                    }
                    Ok((Some(id), ..)) => format!("n{id} leads"),
                    Ok((None, named, _)) if named.is_empty() => "knows no leader".to_owned(),
                    Ok((None, named, _)) => {
                        addresses.push_back(named.clone());
                        format!("names {named}")
                    }
                    Err(error) => error.to_string(),
                };
                asked.push((address, said));
            }
            if Instant::now() + SEARCH_PAUSE >= deadline {
                let said: Vec<String> =
                    asked.into_iter().map(|(address, said)| format!("{address} ({said})")).collect();
                return Err(format!("no leader serves: {}; see `quorate status`", said.join(", ")));
            }
            std::thread::sleep(SEARCH_PAUSE);
        }
    }
}

/// A node's id if it leads and serves, else the client address of the leader that it knows.
fn ask(address: &str, options: &Options) -> client::blocking::Result<(Option<u64>, String, Connection)> {
    let mut connection = Connection::connect_with(address, options)?;
    let result = connection.query("SELECT @@server_id, @@quorate_serving, @@quorate_leader")?;
    let number = |column| result.text(0, column).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    let leader = (number(1) == 1).then(|| number(0));
    Ok((leader, result.text(0, 2).unwrap_or_default(), connection))
}

/// The node cannot have carried out the call, and another one, or the same a little later, may.
fn is_passing(error: &Error) -> bool {
    match error {
        Error::Connect { .. } | Error::Stale | Error::NoLeader { .. } => true,
        Error::Server(_) => error.is_not_leader(),
        Error::LoginRefused { .. }
        | Error::Tls { .. }
        | Error::Lost { .. }
        | Error::Protocol(_)
        | Error::NotSupported { .. }
        | Error::Busy { .. }
        | Error::Unknown { .. }
        | Error::AnswerLost { .. } => false,
    }
}

fn failed(address: &str, error: &Error) -> CallFailed {
    let may_have_run = error.may_have_run();
    let message = match error.server() {
        Some(refused) if !may_have_run => format!("{} (error {})", refused.message, refused.code),
        _ if may_have_run => {
            format!("{address}: {error}; it may have been done all the same: see `quorate member list`")
        }
        _ => format!("{address}: {error}"),
    };
    CallFailed { message, may_have_run }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_nodes() {
        assert_eq!(NodeName::parse("4"), Ok(NodeName::Id(4)));
        assert_eq!(NodeName::parse("n12").unwrap().literal(), "12");
        assert_eq!(NodeName::parse("db-1.example:4101").unwrap().literal(), "'db-1.example:4101'");
        assert_eq!(NodeName::parse("[::1]:4101").unwrap().to_string(), "[::1]:4101");
        for wrong in
            ["", "0", "n", "-1", "host", "host:", "host:0", "host:70000", ":1", "a'b:1", "a b:1", "1.5"]
        {
            assert!(NodeName::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn pairs_of_addresses() {
        let addresses = Addresses::parse("a:1/b:2").unwrap();
        assert_eq!((addresses.peer.as_str(), addresses.client.as_str()), ("a:1", "b:2"));
        for wrong in ["a:1", "a:1/", "/b:2", "a/b:2", "a:1/b:2/c:3"] {
            assert!(
                Addresses::parse(wrong).unwrap_err().contains("PEER_HOST:PORT/CLIENT_HOST:PORT"),
                "{wrong}"
            );
        }
    }

    #[test]
    fn text_in_statements_cannot_end_its_literal() {
        assert_eq!(quoted(r"a'b\"), r"'a''b\\'");
    }

    #[test]
    fn only_what_cannot_have_run_is_asked_of_another_node() {
        let server = |code| {
            Error::Server(client::blocking::ServerError {
                code,
                sqlstate: "HY000".into(),
                message: "no".into(),
            })
        };
        assert!(is_passing(&server(1290)) && !is_passing(&server(1105)));
        let lost = Error::Lost { source: std::io::ErrorKind::TimedOut.into() };
        assert!(!is_passing(&lost));
        assert!(failed("a:1", &lost).may_have_run);
        assert_eq!(failed("a:1", &server(1105)).message, "no (error 1105)");
    }
}
