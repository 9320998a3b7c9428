//! One run of an event: a session of its own, which calls the event's procedure by its definer's rights.

use std::sync::Arc;

use bytes::Bytes;
use sql::Error;
use sql::account::{AccountId, Privilege};
use sql::ast::{
    AssignmentTarget, Call, EventStatement, ProgramStatement, Statement, TableName, VariableScope,
};
use sql::authorization::Authorization;
use sql::execute::{Outcome, ResultColumn, Sink};
use sql::program::event::Event;
use sql::types::Value;
use wire::mysql::constant::StatusFlags;

use super::{HOST, SCHEDULER};
use crate::node::Node;
use crate::node::process::Connection;
use crate::node::result::Answer;
use crate::node::session::{Session, new_state};

/// An event whose time has come.
pub(super) struct Due {
    pub event: Arc<Event>,
    /// The term in which it was found to be due.
    pub term: u64,
    /// When it begins, seconds since the epoch.
    pub at: i64,
    /// It will not run again.
    pub is_last: bool,
}

/// Takes a run off the lists at its end, also when its task panics.
struct Running {
    node: Arc<Node>,
    connection: Arc<Connection>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.node.events.running.lock().remove(&self.connection.id);
        self.node.processes.remove(self.connection.id);
        self.node.events.wake();
    }
}

/// Nobody reads what an event selects.
struct Nobody;

impl Sink for Nobody {
    fn columns(&mut self, _: &[ResultColumn]) -> sql::Result<()> {
        Ok(())
    }

    fn row(&mut self, _: &[Value]) -> sql::Result<()> {
        Ok(())
    }
}

impl Answer for Nobody {
    fn rewind(&mut self) -> bool {
        true
    }

    fn end_result(&mut self, _: StatusFlags, _: u16) -> sql::Result<()> {
        Ok(())
    }
}

/// Begins a run in a task of its own.
pub(super) fn spawn(node: &Arc<Node>, due: Due) {
    let event = &due.event;
    let definer = &event.definer;
    let connection = node.processes.add_task(&definer.user, &definer.host, Some(&event.database));
    connection.begin("Connect", Some(Bytes::from(event.body.clone())));
    // At once, so that the next look at how many there are counts it.
    node.events.running.lock().insert(connection.id, Arc::clone(&connection));
    let running = Running { node: Arc::clone(node), connection };
    tokio::spawn(run(running, due));
}

async fn run(running: Running, due: Due) {
    let Running { node, connection } = &running;
    let Due { event, term, at, is_last } = due;
    let name = TableName { database: Some(event.database.clone()), table: event.name.clone() };
    let begin = EventStatement::Begin { name, revision: event.revision, at, is_last };
    match write(node, connection, begin).await {
        Ok(outcome) if outcome.affected == 1 => {}
        // It was changed or dropped meanwhile.
        Ok(_) => return,
        Err(error) => {
            tracing::warn!("{}: [{}] is not begun: {}", SCHEDULER, title(&event), error.message);
            return;
        }
    }
    if node.sequencer.term() == Some(term) {
        connection.state("executing");
        let mut session = session(node, connection);
        if let Err(error) = call(&mut session, &event).await {
            tracing::warn!("{}: [{}] {}", SCHEDULER, title(&event), error.message);
        }
        // What it has left open is rolled back, but by an event that is dropped now.
        if is_last && !event.preserve {
            let _ = session.commit().await;
        }
    }
    if is_last && !event.preserve {
        connection.withstand();
        finish(node, connection, &event).await;
    }
}

/// How an event is called in the log.
fn title(event: &Event) -> String {
    format!("{}@{}][{}.{}", event.definer.user, event.definer.host, event.database, event.name)
}

/// Drops or disables an event whose last time is past.
pub(super) async fn end(node: Arc<Node>, event: Arc<Event>) {
    let connection = node.processes.add_task(SCHEDULER, HOST, Some(&event.database));
    connection.begin("Daemon", None);
    let running = Running { node, connection };
    finish(&running.node, &running.connection, &event).await;
}

async fn finish(node: &Arc<Node>, connection: &Arc<Connection>, event: &Event) {
    let name = TableName { database: Some(event.database.clone()), table: event.name.clone() };
    let end = EventStatement::End { name, revision: event.revision };
    if let Err(error) = write(node, connection, end).await {
        tracing::warn!("{}: [{}] is not ended: {}", SCHEDULER, title(event), error.message);
    }
}

fn session(node: &Arc<Node>, connection: &Arc<Connection>) -> Session {
    let state = new_state(node, SCHEDULER, HOST, connection.id);
    Session::new(Arc::clone(node), Arc::clone(connection), state)
}

/// A statement of the scheduler itself.
async fn write(
    node: &Arc<Node>,
    connection: &Arc<Connection>,
    statement: EventStatement,
) -> Result<Outcome, Error> {
    let mut session = session(node, connection);
    session.state.account = AccountId::root();
    let statement = Statement::Program(Box::new(ProgramStatement::Event(Box::new(statement))));
    session.run_ddl(&Arc::new(statement)).await
}

/// Runs the body as the definer.
///
/// # Errors
/// 1044, 1449, and what no handler of the body takes.
async fn call(session: &mut Session, event: &Event) -> Result<(), Error> {
    let catalog = session.node.catalog();
    let definer = &event.definer;
    if catalog.accounts.get(definer).is_none() {
        return Err(Error::no_such_definer(definer));
    }
    let roles = catalog.accounts.roles_at_login(definer, false);
    if !Authorization::of(&catalog, definer, &roles).has_database(Privilege::Event, &event.database) {
        let message = format!(
            "Access denied for user '{}'@'{}' to database '{}'",
            definer.user, definer.host, event.database
        );
        return Err(Error::mysql(1044, *b"42000", message));
    }
    session.state.account = definer.clone();
    session.state.active_roles = roles;
    session.state.database = Some(event.database.clone());
    let settings = [("time_zone", &event.time_zone), ("character_set_client", &event.character_set)];
    let node = Arc::clone(&session.node);
    for (name, value) in settings {
        let target = AssignmentTarget::System(Some(VariableScope::Session), name.to_owned());
        let value = Value::Text(value.clone().into());
        sql::variables::assign(&target, Some(value), &mut session.state, &*node)?;
    }
    let procedure = Call { schema: event.database.clone(), name: event.name.clone(), arguments: Vec::new() };
    session.call_stored(&procedure, event.routine(), &[], &mut Nobody).await.map(drop)
}
