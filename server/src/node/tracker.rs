//! What a client is told of its session's state with each OK packet (`session_track_…`, and the topology for drivers that ask).
//!
//! Changes that happen are noted in [`sql::session::Tracked`]; what is a state (the transaction, the last GTID, the topology) is
//! compared with what was sent last. What cannot be sent, because the answer is an error or its packet cannot carry it, waits for the next
//! OK. Nothing of this exists for clients that cannot read it.
//!
//! Left out: `s` of the transaction's state (statements that a statement-based log would not repeat): there is no such log.

use std::collections::HashSet;

use sql::ast::{InsertSource, Query, QueryBody, Statement, TableExpr, Xa, Xid};
use sql::gtid::Gtid;
use sql::variables::Isolation;
use wire::mysql::session_state::Change;

use super::Node;
use super::session::{NextTransaction, Session};

/// Which system variables are told.
#[derive(Debug)]
enum Names {
    All,
    These(HashSet<String>),
}

impl Names {
    fn parse(list: &str) -> Names {
        let names = || list.split(',').map(|name| name.trim().to_ascii_lowercase());
        match names().any(|name| name == "*") {
            true => Names::All,
            false => Names::These(names().collect()),
        }
    }

    fn contain(&self, name: &str) -> bool {
        match self {
            Names::All => true,
            Names::These(names) => names.contains(name),
        }
    }
}

/// `session_track_transaction_info`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Detail {
    Off,
    State,
    Characteristics,
}

/// The session's variables that say what is told.
#[derive(Debug)]
struct Settings {
    names: Names,
    schema: bool,
    state: bool,
    gtids: bool,
    transaction: Detail,
    topology: bool,
}

impl Settings {
    fn of(session: &Session) -> Settings {
        let shown = |name| sql::variables::shown_in_session(&session.state, name).unwrap_or_default();
        let is_on = |name| shown(name) == "ON";
        Settings {
            names: Names::parse(&shown("session_track_system_variables")),
            schema: is_on("session_track_schema"),
            state: is_on("session_track_state_change"),
            gtids: shown("session_track_gtids") != "OFF",
            transaction: match shown("session_track_transaction_info").as_str() {
                "STATE" => Detail::State,
                "CHARACTERISTICS" => Detail::Characteristics,
                _ => Detail::Off,
            },
            topology: is_on("quorate_track_topology"),
        }
    }
}

/// How the open transaction was begun.
#[derive(Clone, Debug)]
enum Begun {
    Begin { consistent_snapshot: bool, read_only: Option<bool> },
    Xa(String),
}

/// What is known of the topology that was sent.
#[derive(Debug, PartialEq, Eq)]
struct SentTopology {
    /// Index of the members, term, leader: while they are the same, so is the text.
    key: (u64, u64, Option<u64>),
    text: String,
}

/// One client's tracker.
#[derive(Debug)]
pub struct Tracker {
    settings: Settings,
    had_database: bool,
    begun: Option<Begun>,
    /// What the open transaction has done.
    reads: bool,
    writes: bool,
    has_sent_rows: bool,
    /// What SET TRANSACTION said of the transaction that is open, or of the next one.
    chosen: NextTransaction,
    sent_state: [u8; 8],
    sent_characteristics: Option<String>,
    sent_gtid: Option<Gtid>,
    sent_topology: Option<SentTopology>,
}

/// No transaction.
const NO_TRANSACTION: [u8; 8] = *b"________";

impl Tracker {
    /// A new session's.
    #[must_use]
    pub fn new(session: &Session) -> Tracker {
        Tracker {
            settings: Settings::of(session),
            had_database: false,
            begun: None,
            reads: false,
            writes: false,
            has_sent_rows: false,
            chosen: session.next,
            sent_state: NO_TRANSACTION,
            sent_characteristics: Some(String::new()),
            sent_gtid: session.state.last_gtid,
            sent_topology: None,
        }
    }

    /// A statement has been run; `sent_rows` if it has a result.
    pub fn observe(&mut self, session: &mut Session, statement: &Statement, sent_rows: bool) {
        match statement {
            Statement::ExecutePrepared { name, .. } => {
                let prepared = session.named.get(&name.to_lowercase());
                if let Some(inner) = prepared.map(|prepared| std::sync::Arc::clone(&prepared.statement))
                    && !matches!(*inner, Statement::ExecutePrepared { .. })
                {
                    self.observe(session, &inner, sent_rows);
                }
                return;
            }
            Statement::PrepareText { .. } | Statement::Deallocate(_) => session.state.note_state(),
            Statement::Begin { consistent_snapshot, read_only } => {
                (self.reads, self.writes, self.has_sent_rows) = (*consistent_snapshot, false, false);
                let (consistent_snapshot, read_only) = (*consistent_snapshot, *read_only);
                self.begun = Some(Begun::Begin { consistent_snapshot, read_only });
            }
            Statement::Xa(Xa::Start { xid, .. }) => {
                (self.reads, self.writes, self.has_sent_rows) = (false, false, false);
                self.begun = Some(Begun::Xa(shown(xid)));
            }
            Statement::Query(query) => self.note_query(query),
            Statement::Insert(insert) => {
                self.writes = true;
                if let InsertSource::Query(query) = &insert.source {
                    self.note_query(query);
                }
            }
            Statement::Update(_) | Statement::Delete(_) => self.writes = true,
            _ => {}
        }
        self.has_sent_rows |= sent_rows;
        let is_open_here = session.open.as_ref().is_some_and(|open| open.explicit);
        if !is_open_here && !session.transaction_elsewhere && session.branch.is_none() {
            self.begun = None;
            (self.reads, self.writes, self.has_sent_rows) = (false, false, false);
            self.chosen = session.next;
        }
    }

    fn note_query(&mut self, query: &Query) {
        let locks = |locking: &sql::ast::Locking| locking.clauses().any(|clause| clause.exclusive);
        if query.locking.as_ref().is_some_and(locks) {
            self.writes = true;
        } else {
            self.reads |= has_tables(query);
        }
    }

    /// The changes since the last time, encoded; empty for none.
    pub fn take(&mut self, session: &mut Session) -> Vec<u8> {
        let mut out = Vec::new();
        let Some(tracked) = session.state.tracked.as_deref_mut().map(std::mem::take) else { return out };
        let told_state = self.settings.state;
        if !tracked.variables.is_empty() {
            self.renew_settings(session);
        }
        for name in tracked.variables.iter().filter(|name| self.settings.names.contain(name)) {
            if let Some(value) = sql::variables::shown_in_session(&session.state, name) {
                Change::Variable { name: name.as_bytes(), value: value.as_bytes() }.encode(&mut out);
            }
        }
        self.put_topology(&session.node, &mut out);
        let database = session.state.database.as_deref();
        let is_chosen = tracked.schema || (self.had_database && database.is_none());
        self.had_database = database.is_some();
        if is_chosen && self.settings.schema {
            Change::Schema(database.unwrap_or_default().as_bytes()).encode(&mut out);
        }
        // Not of the statement that turns it on.
        if tracked.state && told_state && self.settings.state {
            Change::State.encode(&mut out);
        }
        if self.sent_gtid != session.state.last_gtid {
            self.sent_gtid = session.state.last_gtid;
            if let Some(gtid) = self.sent_gtid.filter(|_| self.settings.gtids) {
                Change::Gtids(gtid.to_string().as_bytes()).encode(&mut out);
            }
        }
        if self.settings.transaction != Detail::Off {
            self.put_transaction(session, &mut out);
        }
        out
    }

    /// The session is as new.
    pub fn reset(&mut self, session: &mut Session) {
        if let Some(tracked) = session.state.tracked.as_deref_mut() {
            tracked.variables.clear();
        }
        let sent_topology = self.sent_topology.take();
        *self = Tracker { sent_topology, had_database: self.had_database, ..Tracker::new(session) };
    }

    fn renew_settings(&mut self, session: &Session) {
        let before = self.settings.transaction;
        self.settings = Settings::of(session);
        if self.settings.transaction != before {
            self.sent_state = NO_TRANSACTION;
            // As in MySQL: who begins to ask for the characteristics is told them.
            self.sent_characteristics =
                (self.settings.transaction != Detail::Characteristics).then(String::new);
        }
    }

    fn put_transaction(&mut self, session: &Session, out: &mut Vec<u8>) {
        let state = self.state(session);
        if state != self.sent_state {
            self.sent_state = state;
            Change::TransactionState(&state).encode(out);
        }
        if self.settings.transaction == Detail::Characteristics {
            let characteristics = self.characteristics();
            if self.sent_characteristics.as_ref() != Some(&characteristics) {
                Change::TransactionCharacteristics(characteristics.as_bytes()).encode(out);
                self.sent_characteristics = Some(characteristics);
            }
        }
    }

    fn state(&self, session: &Session) -> [u8; 8] {
        let mut state = NO_TRANSACTION;
        let mut set = |place: usize, letter: u8, on: bool| {
            if on {
                state[place] = letter;
            }
        };
        let is_open = self.begun.is_some() || self.reads || self.writes;
        set(0, if self.begun.is_some() { b'T' } else { b'I' }, is_open);
        set(2, b'R', self.reads);
        set(4, b'W', self.writes);
        set(6, b'S', is_open && self.has_sent_rows);
        set(7, b'L', session.tables.is_some());
        state
    }

    /// Statements that begin a transaction like the one that is open, or that is to come.
    fn characteristics(&self) -> String {
        let level =
            self.chosen.isolation.map(|level| format!("SET TRANSACTION ISOLATION LEVEL {};", words(level)));
        let mut parts: Vec<String> = level.into_iter().collect();
        let access = |read_only: bool| if read_only { "READ ONLY" } else { "READ WRITE" };
        match &self.begun {
            None => {
                let chosen =
                    self.chosen.read_only.map(|read_only| format!("SET TRANSACTION {};", access(read_only)));
                parts.extend(chosen);
            }
            Some(Begun::Begin { consistent_snapshot, read_only }) => {
                let snapshot = consistent_snapshot.then(|| "WITH CONSISTENT SNAPSHOT".to_owned());
                let access = read_only.or(self.chosen.read_only).map(|only| access(only).to_owned());
                let clauses: Vec<String> = snapshot.into_iter().chain(access).collect();
                let space = if clauses.is_empty() { "" } else { " " };
                parts.push(format!("START TRANSACTION{space}{};", clauses.join(", ")));
            }
            Some(Begun::Xa(id)) => parts.push(format!("XA START {id};")),
        }
        parts.join(" ")
    }

    fn put_topology(&mut self, node: &Node, out: &mut Vec<u8>) {
        if !self.settings.topology {
            self.sent_topology = None;
            return;
        }
        let role = node.role.get();
        let key = (node.members.index(), role.term, role.leader);
        // An address that was not known yet may be by now.
        if self.sent_topology.as_ref().is_some_and(|sent| sent.key == key && !sent.text.contains("=,")) {
            return;
        }
        let text = node.topology_text();
        if self.sent_topology.as_ref().is_none_or(|sent| sent.text != text) {
            Change::Variable { name: b"quorate_topology", value: text.as_bytes() }.encode(out);
        }
        self.sent_topology = Some(SentTopology { key, text });
    }
}

impl Node {
    /// `quorate_topology`: who leads (0: nobody that is known), in which term, and where clients reach each member:
    /// `leader=1;term=7;1=host:port,2=host:port,`. An address that is not known here is empty.
    #[must_use]
    pub fn topology_text(&self) -> String {
        let role = self.role.get();
        let members = self.members.in_force();
        let address = |id: u64| self.members.sql_address(id).unwrap_or_default();
        let addresses: String = members
            .members
            .iter()
            .map(|member| member.id.get())
            .map(|id| format!("{id}={},", address(id)))
            .collect();
        format!("leader={};term={};{addresses}", role.leader.unwrap_or(0), role.term)
    }
}

fn has_tables(query: &Query) -> bool {
    match &query.body {
        QueryBody::Select(select) => select.from.as_ref().is_some_and(is_of_tables),
        QueryBody::SetOperation { left, right, .. } => has_tables(left) || has_tables(right),
        QueryBody::Values(_) => false,
        QueryBody::Nested(inner) => has_tables(inner),
    }
}

fn is_of_tables(from: &TableExpr) -> bool {
    match from {
        TableExpr::Table { .. } => true,
        TableExpr::Derived { query, .. } => has_tables(query),
        TableExpr::Join { left, right, .. } => is_of_tables(left) || is_of_tables(right),
    }
}

/// A branch's identifier as XA START takes it.
fn shown(xid: &Xid) -> String {
    let quoted =
        |bytes: &[u8]| match bytes.iter().all(|byte| byte.is_ascii_graphic() && !b"'\\".contains(byte)) {
            true => format!("'{}'", String::from_utf8_lossy(bytes)),
            false => format!("X'{}'", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
        };
    let mut parts = vec![quoted(&xid.gtrid)];
    if !xid.bqual.is_empty() || xid.format_id != 1 {
        parts.push(quoted(&xid.bqual));
    }
    if xid.format_id != 1 {
        parts.push(xid.format_id.to_string());
    }
    parts.join(",")
}

fn words(level: Isolation) -> &'static str {
    match level {
        Isolation::ReadCommitted => "READ COMMITTED",
        Isolation::RepeatableRead => "REPEATABLE READ",
        Isolation::Serializable => "SERIALIZABLE",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_variables() {
        let names = Names::parse("time_zone, Autocommit ,sql_mode");
        assert!(["time_zone", "autocommit", "sql_mode"].iter().all(|name| names.contain(name)));
        assert!(!names.contain("wait_timeout"));
        assert!(Names::parse("a,*").contain("wait_timeout"));
        assert!(!Names::parse("").contain("wait_timeout"));
    }
}
