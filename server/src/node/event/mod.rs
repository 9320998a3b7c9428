//! The event scheduler: runs events when their time has come, on the node that leads and on no other.
//!
//! One task sleeps until the next event is due, or something it looks at has changed: the schema, the leadership, `event_scheduler` ([`EventBoard::wake`]). There is no
//! thread, and no timer while no event is enabled. An event that is due gets a session of its own ([`run`]), as in MySQL also while it runs already; at most
//! [`EVENTS_RUNNING_MAX`] at a time.
//!
//! Invariants: a run begins only once the quorum has the entry that says so, which is of the term in which the event was found due. So a leader that is no leader any more
//! begins none, and no two leaders begin the same one: at most once for each time. What runs is killed when the leadership ends. A new leader makes up for nothing but
//! events that are to run once and have not.
//!
//! Left out: `event_scheduler = DISABLED`, which MySQL has as an option of the server.

mod define;
mod run;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use sql::ast::EventStatus;
use sql::catalog::Catalog;
use sql::execute::Host as _;
use sql::program::event::{Event, Schedule};
use sql::program::event_schedule::Next;
use sql::types::Value;
use storage::txn::{Transaction, View};
use tokio::sync::Notify;

use super::Node;
use super::process::Connection;
use super::session::now_us;
use crate::limits::{EVENT_CLOCK_LOOK, EVENTS_RUNNING_MAX};

/// The user that the scheduler has.
pub const SCHEDULER: &str = "event_scheduler";
/// Where the scheduler and its events are.
const HOST: &str = "localhost";
/// Microseconds of a second.
const SECOND_US: i64 = 1_000_000;

/// What a node knows of its events.
#[derive(Default)]
pub struct EventBoard {
    wake: Notify,
    /// Sessions of events, by their number.
    running: Mutex<BTreeMap<u64, Arc<Connection>>>,
}

impl EventBoard {
    /// Something has changed that the scheduler looks at.
    pub fn wake(&self) {
        self.wake.notify_one();
    }
}

/// Runs the scheduler for as long as the node runs.
pub async fn watch(node: Arc<Node>) {
    let mut scheduler =
        Scheduler { node, term: None, is_on: false, version: None, queue: BTreeMap::new(), line: None };
    loop {
        let pause = scheduler.turn();
        let node = Arc::clone(&scheduler.node);
        let line = scheduler.line.as_ref().map(|line| Arc::clone(&line.connection));
        tokio::select! {
            () = node.events.wake.notified() => {}
            () = sleep(pause) => {}
            () = killed(line.as_deref()) => {
                if line.is_some_and(|line| line.server_stops()) {
                    return;
                }
                tracing::info!("the event scheduler was killed: event_scheduler is OFF on this node");
                node.set_global(SCHEDULER, Value::Text("OFF".into()));
            }
        }
    }
}

async fn sleep(pause: Option<Duration>) {
    match pause {
        Some(pause) => tokio::time::sleep(pause).await,
        None => std::future::pending().await,
    }
}

async fn killed(line: Option<&Connection>) {
    match line {
        Some(line) => line.until_connection_killed().await,
        None => std::future::pending().await,
    }
}

/// A line of the process list, for as long as it is kept.
struct Line {
    node: Arc<Node>,
    connection: Arc<Connection>,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.node.processes.remove(self.connection.id);
    }
}

/// An event that is waited for.
struct Queued {
    event: Arc<Event>,
    next: Next,
}

struct Scheduler {
    node: Arc<Node>,
    /// The term in which this node leads.
    term: Option<u64>,
    is_on: bool,
    /// The schema that the queue is of.
    version: Option<u64>,
    /// By database and name.
    queue: BTreeMap<(String, String), Queued>,
    line: Option<Line>,
}

impl Scheduler {
    /// Does what is to be done now; how long there is nothing to do.
    fn turn(&mut self) -> Option<Duration> {
        let term = self.node.sequencer.term();
        let is_on = self.is_enabled();
        if term != self.term {
            self.node.events.running.lock().values().for_each(|connection| connection.kill(false));
        }
        if term != self.term || is_on != self.is_on {
            (self.term, self.is_on, self.version) = (term, is_on, None);
            self.queue.clear();
        }
        let Some(term) = term.filter(|_| is_on) else {
            self.line = None;
            return None;
        };
        let catalog = self.node.catalog();
        if self.version != Some(catalog.version) {
            let begins = self.version.replace(catalog.version).is_none();
            self.load(&catalog, begins);
        }
        self.begin_due(term);
        self.show();
        self.pause()
    }

    fn is_enabled(&self) -> bool {
        match self.node.global_override(SCHEDULER) {
            Some(Value::Text(word)) => word.eq_ignore_ascii_case(b"ON"),
            Some(Value::Int(number)) => number == 1,
            Some(Value::UInt(number)) => number == 1,
            _ => true,
        }
    }

    /// Takes in the events of a schema; `begins`: this node has had no eye on them so far.
    fn load(&mut self, catalog: &Catalog, begins: bool) {
        let mut before = std::mem::take(&mut self.queue);
        let events = catalog.databases.values().flat_map(|database| database.events.values());
        for event in events {
            let key = (event.database.clone(), event.name.clone());
            let known = before.remove(&key).filter(|known| known.event.revision == event.revision);
            let next = match known {
                Some(known) => known.next,
                None => self.first(event, begins),
            };
            self.queue.insert(key, Queued { event: Arc::clone(event), next });
        }
    }

    /// When an event runs that was not in the queue before.
    fn first(&self, event: &Event, begins: bool) -> Next {
        if event.status == EventStatus::ReplicaSide {
            return Next::Never;
        }
        let node = &self.node;
        let last = tokio::task::block_in_place(|| {
            let mut txn = Transaction::begin(&node.store, &node.locks, node.take_txn_id());
            event.last_run(&mut txn, View::Snapshot)
        });
        let last = match last {
            Ok(last) => last.filter(|(_, revision)| *revision == event.revision),
            Err(error) => {
                tracing::error!("event {}.{} is not run: {error}", event.database, event.name);
                return Next::Never;
            }
        };
        if event.status == EventStatus::Disabled {
            // An earlier leader has begun its last run, and had no time to drop it.
            return if begins && last.is_some() && !event.preserve { Next::Over } else { Next::Never };
        }
        // As of the statement that made it: its first time may be past already.
        let made = i64::try_from(event.altered_us).unwrap_or(0).div_euclid(SECOND_US);
        let now = if begins { now_us().div_euclid(SECOND_US) } else { made };
        event.next(now, last.map(|(at, _)| at))
    }

    /// Begins what is due, and ends what is over.
    fn begin_due(&mut self, term: u64) {
        let now = now_us().div_euclid(SECOND_US);
        for queued in self.queue.values_mut() {
            let event = &queued.event;
            match queued.next {
                Next::Over => {
                    queued.next = Next::Never;
                    tokio::spawn(run::end(Arc::clone(&self.node), Arc::clone(event)));
                }
                Next::At(at) if at <= now && self.node.events.running.lock().len() < EVENTS_RUNNING_MAX => {
                    let after = match event.schedule {
                        Schedule::At(_) => Next::Over,
                        Schedule::Every { .. } => event.next(now, Some(now)),
                    };
                    let is_last = after == Next::Over;
                    queued.next = if is_last { Next::Never } else { after };
                    let due = run::Due { event: Arc::clone(event), term, at: now, is_last };
                    run::spawn(&self.node, due);
                }
                Next::At(_) | Next::Never => {}
            }
        }
    }

    /// Shows the scheduler while there are events.
    fn show(&mut self) {
        if self.queue.is_empty() {
            self.line = None;
            return;
        }
        let node = &self.node;
        let line = self.line.get_or_insert_with(|| {
            let connection = node.processes.add_task(SCHEDULER, HOST, None);
            connection.begin("Daemon", None);
            Line { node: Arc::clone(node), connection }
        });
        let waits = self.queue.values().any(|queued| matches!(queued.next, Next::At(_)));
        line.connection.state(if waits { "Waiting for next activation" } else { "Waiting on empty queue" });
    }

    /// How long nothing is due. A clock that is set is noticed after a while.
    fn pause(&self) -> Option<Duration> {
        let times = self.queue.values().filter_map(|queued| match queued.next {
            Next::At(at) => Some(at),
            Next::Over | Next::Never => None,
        });
        let left_us = times.min()?.saturating_mul(SECOND_US).saturating_sub(now_us());
        // What is due and has not begun waits for a place, and is woken.
        let left = u64::try_from(left_us).ok().filter(|left| *left > 0).map(Duration::from_micros);
        Some(left.map_or(EVENT_CLOCK_LOOK, |left| left.min(EVENT_CLOCK_LOOK)))
    }
}
