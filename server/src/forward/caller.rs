//! The client's node: sends a statement to the leader and hands its answer to the client.
//!
//! What a client hears when the leader is lost before it has answered:
//!
//! | statement | error |
//! |---|---|
//! | one that commits nothing by itself | 1053: its transaction is rolled back, for its session on the leader is gone |
//! | COMMIT, or a change under autocommit, whose place in the log is known | as on the leader: OK, 1053, or 1105 with the transaction's name |
//! | the same, its place not known | 1105: it may be committed |
//! | a schema change | 1105: look at the schema |
//!
//! Nothing is sent a second time once the leader can have all of it, unless it says that it did not run it.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sql::Error;
use sql::ast::Statement;
use sql::execute::Outcome;
use sql::session::WarningLevel;
use sql::types::Value;
use tokio::time::Instant;

use super::carried::{Carried, Cell};
use super::message::{Done, Event, Execution, Placed, Request, Run};
use super::pool::{self, Held};
use super::route::{Effect, Route, route};
use crate::limits::{
    FORWARDING_DEPOSED_WAIT, FORWARDING_KILL_WAIT, FORWARDING_POLL, FORWARDING_WAIT, RESULT_FLUSH_BYTES,
};
use crate::node::Node;
use crate::node::process::count;
use crate::node::session::lost_leadership;
use crate::runtime::command::Client;
use crate::runtime::connection::{End, Socket};

/// Pause before a leader is looked for again.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// A statement that may have to go to the leader.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// What it is.
    pub statement: &'a Statement,
    /// Its text.
    pub text: &'a [u8],
    /// Its parameters, if it was prepared.
    pub execution: Option<AskedExecution<'a>>,
    /// Another result follows its own.
    pub has_more: bool,
}

/// An execution of a prepared statement.
#[derive(Clone, Copy)]
pub struct AskedExecution<'a> {
    /// Its parameters.
    pub values: &'a [Value],
    /// The current database when it was prepared.
    pub database: Option<&'a str>,
    /// Rows in the binary protocol.
    pub is_binary: bool,
}

/// What EXECUTE runs.
struct Named {
    statement: Arc<Statement>,
    text: Bytes,
    values: Vec<Value>,
    database: Option<String>,
}

/// What came of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forwarded {
    /// It is this node's to run.
    Here,
    /// It is answered; whether it ended well.
    Answered(bool),
}

/// What came of sending a statement.
enum Sent {
    /// This node leads now: it is this node's to run.
    Here,
    /// What it came to. Its rows are with the client, or on their way; the packet that ends them is still to be made.
    Through(Result<Outcome, Error>),
}

/// How the wait for the leader's answer ended.
enum Ended {
    Done(Box<Done>),
    NotLeading,
    /// The connection to the leader is lost, or the leader is one no longer and says nothing.
    Lost(Option<Placed>),
}

impl Client {
    /// Whether statements of this session may have to go to the leader.
    pub fn forwards(&self) -> bool {
        let session = &self.session;
        self.elsewhere.is_some()
            || session.state.variables.write_forwarding
                && !session.state.is_forwarded
                && session.node.sequencer.term().is_none()
                && !session.node.config.log_only
    }

    /// Gives up what the session has on the leader: its transaction is rolled back there.
    pub fn abandon_elsewhere(&mut self) {
        self.elsewhere = None;
        self.session.transaction_elsewhere = false;
    }

    /// Has a statement run on the leader if that is where it belongs.
    ///
    /// # Errors
    /// When the client is gone, or has half an answer.
    pub async fn forward(&mut self, asked: Asked<'_>, socket: &mut Socket) -> Result<Forwarded, End> {
        let said = asked.statement;
        if let Statement::ExecutePrepared { name, using } = said
            && let Some(named) = self.named(name, using)
        {
            let execution = AskedExecution {
                values: &named.values,
                database: named.database.as_deref(),
                is_binary: false,
            };
            let asked = Asked {
                statement: &named.statement,
                text: &named.text,
                execution: Some(execution),
                has_more: asked.has_more,
            };
            return self.forward_as(asked, said, socket).await;
        }
        self.forward_as(asked, said, socket).await
    }

    /// `said` is what the client said: EXECUTE, of what `asked` is.
    async fn forward_as(
        &mut self,
        asked: Asked<'_>,
        said: &Statement,
        socket: &mut Socket,
    ) -> Result<Forwarded, End> {
        match route(&self.session, asked.statement) {
            Route::Leader(effect) => match self.send(asked, Some(said), effect, socket).await? {
                Sent::Here => Ok(Forwarded::Here),
                Sent::Through(result) => {
                    self.session.standing.refresh(&self.session.node);
                    self.observe(asked.statement, &result);
                    Ok(self.end_elsewhere(result, asked.has_more, socket))
                }
            },
            Route::Refused => {
                let message =
                    "it is not forwarded in a transaction that runs on the leader; connect to the leader";
                let refused = self.fail_elsewhere(Error::read_only(message));
                Ok(self.end_elsewhere(Err(refused), asked.has_more, socket))
            }
            Route::HereAfterCommit => match self.commit_elsewhere(socket).await? {
                true => Ok(Forwarded::Here),
                false => Ok(Forwarded::Answered(false)),
            },
            Route::Here if self.turns_autocommit_on(asked.statement) => {
                match self.commit_elsewhere(socket).await? {
                    true => Ok(Forwarded::Here),
                    false => Ok(Forwarded::Answered(false)),
                }
            }
            Route::Here => Ok(Forwarded::Here),
        }
    }

    /// Whether a statement may end a transaction on the leader by turning autocommit on.
    fn turns_autocommit_on(&self, statement: &Statement) -> bool {
        use sql::ast::AssignmentTarget::System;
        let Statement::Set(assignments) = statement else { return false };
        let is_on = |value: &sql::ast::Expr| match value {
            sql::ast::Expr::Truth(value) => *value,
            sql::ast::Expr::Literal(Value::Int(number)) => *number != 0,
            sql::ast::Expr::Literal(Value::UInt(number)) => *number != 0,
            sql::ast::Expr::Literal(Value::Text(word)) => !word.eq_ignore_ascii_case(b"off"),
            _ => true,
        };
        self.session.transaction_elsewhere
            && !self.session.state.variables.autocommit
            && assignments.iter().any(|assignment| {
                let is_it = matches!(&assignment.target, System(_, name) if name == "autocommit");
                is_it && is_on(&assignment.value)
            })
    }

    /// What EXECUTE runs; none when there is something wrong with it, which is said here.
    fn named(&self, name: &str, using: &[String]) -> Option<Named> {
        let prepared = self.session.named.get(&name.to_lowercase())?;
        let is_nested =
            matches!(*prepared.statement, Statement::ExecutePrepared { .. } | Statement::PrepareText { .. });
        if prepared.parameter_count != using.len() || is_nested {
            return None;
        }
        let variables = &self.session.state.user_variables;
        let value = |name: &String| variables.get(&name.to_lowercase()).cloned().unwrap_or(Value::Null);
        Some(Named {
            statement: Arc::clone(&prepared.statement),
            text: prepared.text.clone(),
            values: using.iter().map(value).collect(),
            database: prepared.database(&self.session),
        })
    }

    /// Commits the session's transaction on the leader; false when that failed, and the client has been told.
    async fn commit_elsewhere(&mut self, socket: &mut Socket) -> Result<bool, End> {
        let asked =
            Asked { statement: &Statement::Commit, text: b"COMMIT", execution: None, has_more: false };
        let result = match self.send(asked, None, Effect::One, socket).await? {
            Sent::Here => return Ok(true),
            Sent::Through(result) => result,
        };
        self.observe(&Statement::Commit, &result);
        let is_committed = result.is_ok();
        if !is_committed {
            self.end_elsewhere(result, false, socket);
        }
        Ok(is_committed)
    }

    /// Sends a statement until a leader takes it. What the client `said` counts against what its account may use, here and not there.
    async fn send(
        &mut self,
        asked: Asked<'_>,
        mut said: Option<&Statement>,
        effect: Effect,
        socket: &mut Socket,
    ) -> Result<Sent, End> {
        if self.session.open.is_some()
            && let Err(error) = self.session.commit().await
        {
            return Ok(Sent::Through(Err(self.fail_elsewhere(error))));
        }
        if let Statement::Account(account) = asked.statement
            && let Some(shown) = account.shown_as()
        {
            self.session.connection.show_instead(shown);
        }
        let request = self.request(&asked);
        let deadline = Instant::now() + FORWARDING_WAIT;
        loop {
            let is_begun = self.elsewhere.is_some();
            let mut held = match self.elsewhere.take() {
                Some(held) => held,
                None => match self.reach_leader(deadline).await {
                    Ok(Some(held)) => held,
                    Ok(None) => return Ok(Sent::Here),
                    Err(error) => return Ok(Sent::Through(Err(self.fail_elsewhere(error)))),
                },
            };
            if let Some(said) = said.take() {
                count(&self.session.node.processes.counters.questions);
                if let Err(refused) = self.session.standing.admit(said) {
                    self.keep(held, is_begun);
                    return Ok(Sent::Through(Err(self.fail_elsewhere(refused))));
                }
            }
            socket.flush().await?;
            let sent = self.hand_over(&mut held, &request).await?;
            let ended = match sent {
                Ok(()) => self.follow(&mut held, socket).await?,
                Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                    self.keep(held, is_begun);
                    let message = "statement that is to be forwarded, with its user variables";
                    return Ok(Sent::Through(Err(self.fail_elsewhere(Error::too_large(message)))));
                }
                // The leader cannot have had all of it.
                Err(_) => Ended::NotLeading,
            };
            match ended {
                Ended::Done(done) => {
                    return self.finish_elsewhere(*done, held, effect).await.map(Sent::Through);
                }
                Ended::NotLeading if is_begun => {
                    self.abandon_elsewhere();
                    return Ok(Sent::Through(Err(self.fail_elsewhere(lost_leadership()))));
                }
                Ended::NotLeading if Instant::now() >= deadline => {
                    let refused = self.session.refuse_write();
                    return Ok(Sent::Through(Err(self.fail_elsewhere(refused))));
                }
                Ended::NotLeading => tokio::time::sleep(LOOK_AGAIN).await,
                Ended::Lost(placed) => {
                    drop(held);
                    return Ok(Sent::Through(self.settle_elsewhere(effect, placed).await));
                }
            }
        }
    }

    fn request(&self, asked: &Asked<'_>) -> Request {
        let execution = |asked: AskedExecution<'_>| Execution {
            database: asked.database.map(str::to_owned),
            values: asked.values.iter().map(Cell::from).collect(),
            is_binary: asked.is_binary,
        };
        Request::Run(Box::new(Run {
            state: Carried::of(&self.session),
            text: asked.text.to_vec(),
            prepared: asked.execution.map(execution),
            capabilities: self.capabilities.bits(),
        }))
    }

    /// A connection to the leader; none when that is this node.
    async fn reach_leader(&self, deadline: Instant) -> Result<Option<Held>, Error> {
        let node = &self.session.node;
        self.session.connection.state("looking for the leader");
        loop {
            if node.sequencer.term().is_some() {
                return Ok(None);
            }
            let leader = node.role.get().leader.filter(|id| *id != node.config.node_id);
            if let Some(leader) = leader {
                if let Some(held) = node.forwarding.pool.take(leader) {
                    return Ok(Some(held));
                }
                let place = Arc::clone(&node.forwarding.outgoing).acquire_owned();
                let Ok(Ok(place)) = tokio::time::timeout_at(deadline, place).await else {
                    return Err(Error::read_only("all connections to the leader are in use; try again"));
                };
                match tokio::time::timeout_at(deadline, pool::call(node, leader, place)).await {
                    Ok(Ok(held)) => return Ok(Some(held)),
                    Ok(Err(error)) => {
                        tracing::debug!(leader, "no connection for a client's session: {error}")
                    }
                    Err(_elapsed) => tracing::debug!(leader, "no connection for a client's session in time"),
                }
            }
            if Instant::now() >= deadline || node.part() == "removed node" {
                return Err(node.refuse_write());
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_AGAIN) => {}
                () = self.session.connection.until_killed() => return Err(Error::query_interrupted()),
            }
        }
    }

    /// Sends the request.
    ///
    /// # Errors
    /// Of the outer kind when the client's connection is to end; of the inner one when the leader cannot have all of it.
    async fn hand_over(&self, held: &mut Held, request: &Request) -> Result<io::Result<()>, End> {
        let deposed = until_replaced(&self.session.node, held.leader);
        tokio::select! {
            sent = held.link.send(request) => Ok(sent),
            () = deposed => Ok(Err(io::ErrorKind::TimedOut.into())),
            () = self.session.connection.until_connection_killed() => Err(End::Closed),
        }
    }

    /// Hands the answer to the client, until the leader says that this was all.
    async fn follow(&mut self, held: &mut Held, socket: &mut Socket) -> Result<Ended, End> {
        let connection = Arc::clone(&self.session.connection);
        connection.state("waiting for the leader");
        let node = Arc::clone(&self.session.node);
        let mut replaced = pin!(until_replaced(&node, held.leader));
        let before = (socket.writer.len(), socket.writer.sequence());
        let mut has_left = false;
        let mut placed = None;
        let mut killed: Option<Instant> = None;
        let lost = loop {
            tokio::select! {
                event = held.link.receive::<Event>() => match event {
                    Ok(Event::Answer(packets)) => {
                        socket.writer.put_copied_packets(&packets);
                        if socket.writer.len() >= RESULT_FLUSH_BYTES {
                            has_left = true;
                            tokio::select! {
                                flushed = socket.flush() => flushed?,
                                () = connection.until_connection_killed() => return Err(End::Closed),
                            }
                        }
                    }
                    Ok(Event::Placed(place)) => placed = Some(place),
                    Ok(Event::Done(done)) => return Ok(Ended::Done(done)),
                    Ok(Event::NotLeading) => return Ok(Ended::NotLeading),
                    Err(_) => break placed,
                },
                // The client is gone (`runtime::vanished`), which ends the statement, with the connection to the leader.
                () = connection.until_abandoned() => return Err(End::Closed),
                () = connection.until_killed(), if killed.is_none() => {
                    killed = Some(Instant::now());
                    if held.link.send(&Request::Kill).await.is_err() {
                        break placed;
                    }
                }
                () = tokio::time::sleep(FORWARDING_POLL), if killed.is_some() => {
                    let is_late = killed.is_some_and(|since| since.elapsed() >= FORWARDING_KILL_WAIT);
                    if is_late && connection.must_end() {
                        return Err(End::Closed);
                    }
                }
                () = replaced.as_mut() => break placed,
            }
        };
        if has_left {
            return Err(End::Closed);
        }
        socket.writer.rewind(before.0, before.1);
        Ok(Ended::Lost(lost))
    }

    fn keep(&mut self, held: Held, is_begun: bool) {
        if is_begun {
            self.elsewhere = Some(held);
        } else {
            self.session.node.forwarding.pool.give_back(held);
        }
    }

    /// The statement is through: the session is as it left it.
    async fn finish_elsewhere(
        &mut self,
        done: Done,
        held: Held,
        effect: Effect,
    ) -> Result<Result<Outcome, Error>, End> {
        let Done { state, ending, has_changed_session, in_transaction, seen } = done;
        if !state.restore(&mut self.session) {
            return Err(End::Closed);
        }
        if has_changed_session {
            self.session.state.note_state();
        }
        self.session.seen_elsewhere = self.session.seen_elsewhere.max(seen);
        self.session.transaction_elsewhere = in_transaction;
        self.session.state.in_transaction = in_transaction;
        self.keep(held, in_transaction);
        if effect == Effect::More {
            // The schema that it made is the one that this session's next statement is planned with.
            let patience = Duration::from_secs(self.session.state.variables.read_timeout_seconds);
            let _ = tokio::time::timeout(patience, self.session.node.store.wait_for(seen)).await;
        }
        Ok(ending.into_result())
    }

    /// What the client hears of a statement whose answer is lost.
    async fn settle_elsewhere(&mut self, effect: Effect, placed: Option<Placed>) -> Result<Outcome, Error> {
        self.abandon_elsewhere();
        let error = match (effect, placed) {
            (Effect::Nothing, _) => lost_leadership(),
            (Effect::One, Some(placed)) => {
                self.session.connection.state("waiting for quorum");
                match self.session.decide(placed.term, placed.index).await {
                    Ok(()) => return Ok(self.answer_placed(placed)),
                    Err(error) => error,
                }
            }
            (Effect::One, None) => Error::internal(
                "the connection to the leader was lost while it ran this statement, and whether it is committed is not known: look \
                 before trying it again",
            ),
            (Effect::More, _) => Error::internal(
                "the connection to the leader was lost while it ran this statement, and how much of it is committed is not known: \
                 look before trying it again",
            ),
        };
        Err(self.fail_elsewhere(error))
    }

    /// The answer of a statement that the quorum has, and whose leader is gone.
    fn answer_placed(&mut self, placed: Placed) -> Outcome {
        let session = &mut self.session;
        session.seen_elsewhere = session.seen_elsewhere.max(placed.index);
        session.state.last_gtid = Some(session.node.gtid(placed.term, placed.index));
        session.state.row_count = i64::try_from(placed.affected).unwrap_or(i64::MAX);
        if placed.last_insert_id != 0 {
            session.state.last_insert_id = placed.last_insert_id;
        }
        Outcome {
            affected: placed.affected,
            last_insert_id: placed.last_insert_id,
            info: placed.info,
            ..Outcome::default()
        }
    }

    /// Notes an error of this node's own as the statement's.
    fn fail_elsewhere(&mut self, error: Error) -> Error {
        let state = &mut self.session.state;
        state.warnings.clear();
        state.warning_count = 0;
        state.row_count = -1;
        state.warn(WarningLevel::Error, error.code, error.message.clone());
        error
    }

    /// The packet that ends a statement's answer, and what is told of the session with it.
    fn end_elsewhere(
        &mut self,
        result: Result<Outcome, Error>,
        more: bool,
        socket: &mut Socket,
    ) -> Forwarded {
        self.session.shows_diagnostics = false;
        Forwarded::Answered(self.finish(result, more, &mut socket.writer))
    }
}

/// Returns once another node has led for so long that `leader` should have said what became of its sessions' statements.
async fn until_replaced(node: &Node, leader: u64) {
    let mut since: Option<Instant> = None;
    loop {
        tokio::time::sleep(FORWARDING_POLL).await;
        match node.role.get().leader {
            Some(now) if now != leader => {
                if since.get_or_insert_with(Instant::now).elapsed() >= FORWARDING_DEPOSED_WAIT {
                    return;
                }
            }
            Some(_) | None => since = None,
        }
    }
}
