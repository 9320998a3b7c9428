//! The leader's side: sessions that run what other nodes' clients ask for.
//!
//! A connection has two tasks. One has the socket: it takes requests, sends what answers there are, and finds out that the other end is gone.
//! The other one has the session, which runs statements as any client's does; its answers are packets for the client as they are. When
//! either ends so does the other, and the session's transaction is rolled back.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use sql::execute::Outcome;
use tokio::sync::mpsc;
use wire::mysql::constant::Capabilities;
use wire::mysql::handshake::Salt;
use wire::peer::{FrameReader, Hello};

use super::carried::{Carried, values};
use super::link::Link;
use super::message::{Done, Event, Execution, Placed, Request, Run};
use crate::limits::{CONNECTIONS_MAX, FORWARDED_EVENTS_MAX, FORWARDED_PREPARED_MAX};
use crate::node::Node;
use crate::node::plan_cache::Prepared;
use crate::node::process::Connection as Process;
use crate::node::session::{Session, new_state};
use crate::runtime::channel::Channel;
use crate::runtime::command::Client;
use crate::runtime::connection::{End, Listed, Socket};
use crate::runtime::peer::SessionDoor;
use crate::runtime::peer::stream::PeerStream;

/// Takes connections of the lane for sessions.
pub struct Door(pub Arc<Node>);

impl SessionDoor for Door {
    fn admit(&self, hello: &Hello, stream: PeerStream, reader: FrameReader) {
        let node = Arc::clone(&self.0);
        let (from, cluster) = (hello.node_id, hello.cluster_id.tag());
        let Some(runtime) = node.forwarding.runtime.get().cloned() else { return };
        let Ok(place) = Arc::clone(&node.forwarding.incoming).try_acquire_owned() else {
            tracing::debug!(from, "too many sessions of other nodes' clients");
            return;
        };
        runtime.spawn(async move {
            let _place = place;
            match Link::new(stream, reader, cluster) {
                Ok(link) => serve(&node, link, from).await,
                Err(error) => tracing::debug!(from, "a connection for sessions: {error}"),
            }
        });
    }
}

/// Serves a connection to its end.
async fn serve(node: &Arc<Node>, mut link: Link, from: u64) {
    let Some(process) = node.processes.add(format!("node {from}"), CONNECTIONS_MAX) else { return };
    let _listed = Listed(node, process.id);
    let (events, mut outgoing) = mpsc::channel(FORWARDED_EVENTS_MAX);
    let (placed, mut places) = mpsc::unbounded_channel();
    let (runs, incoming) = mpsc::channel(1);
    let guest = Guest::new(node, &process, events, placed);
    let session = tokio::spawn(guest.serve(incoming));
    loop {
        let event = tokio::select! {
            request = link.receive::<Request>() => match request {
                Ok(Request::Run(run)) => match runs.try_send(run) {
                    Ok(()) => continue,
                    // A second statement before the first was answered.
                    Err(_) => break,
                },
                Ok(Request::Kill) => {
                    process.kill(true);
                    continue;
                }
                Err(_) => break,
            },
            Some(place) = places.recv() => Event::Placed(place),
            event = outgoing.recv() => match event {
                Some(event) => event,
                None => break,
            },
        };
        if link.send(&event).await.is_err() {
            break;
        }
    }
    // Its statement is of no use to anybody now. What waits for the quorum keeps its place in the log; only the waiting ends.
    process.abandon();
    drop((outgoing, runs, link));
    if let Err(error) = session.await {
        tracing::error!("a session of a client of node {from} panicked: {error}");
    }
}

/// What an execution's plan is found by: the database it was prepared in, the bits of the mode, the text.
type PreparedKey = (Option<String>, u64, Vec<u8>);

/// A session for clients of another node.
struct Guest {
    client: Client,
    socket: Socket,
    events: mpsc::Sender<Event>,
    prepared: HashMap<PreparedKey, Prepared>,
}

impl Guest {
    fn new(
        node: &Arc<Node>,
        process: &Arc<Process>,
        events: mpsc::Sender<Event>,
        placed: mpsc::UnboundedSender<Placed>,
    ) -> Guest {
        let mut state = new_state(node, "", "", process.id);
        state.is_forwarded = true;
        let mut session = Session::new(Arc::clone(node), Arc::clone(process), state);
        session.placed = Some(placed);
        let nowhere = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
        let salt = Salt::from_random([0; wire::limits::SALT_BYTES]);
        // What is told of the session with an answer is for the client's node to say, which knows what it has said before.
        let capabilities = Capabilities::SERVER.without(Capabilities::SESSION_TRACK);
        let client = Client::new(session, capabilities, salt, nowhere);
        let socket = Socket::new(Channel::Forwarded(events.clone()));
        Guest { client, socket, events, prepared: HashMap::new() }
    }

    /// Runs what comes until nothing comes any more, or the client's node is gone.
    async fn serve(mut self, mut incoming: mpsc::Receiver<Box<Run>>) {
        let process = Arc::clone(&self.client.session.connection);
        loop {
            self.client.session.rest();
            let run = tokio::select! {
                run = incoming.recv() => run,
                () = process.until_connection_killed() => None,
            };
            let Some(run) = run else { return };
            let session = &self.client.session;
            let event = if session.node.sequencer.term().is_none() && session.open.is_none() {
                Event::NotLeading
            } else {
                match self.run(*run).await {
                    Ok(done) => Event::Done(Box::new(done)),
                    Err(_gone) => return,
                }
            };
            if self.events.send(event).await.is_err() || process.must_end() {
                return;
            }
        }
    }

    async fn run(&mut self, run: Run) -> Result<Done, End> {
        let Run { state, text, prepared, capabilities } = run;
        let session = &mut self.client.session;
        let (user, database) = state.client();
        session.connection.identify(user, database);
        if !state.restore(session) {
            return Err(End::Closed);
        }
        session.next_answer = Placed::default();
        session.state.tracked = Some(Box::default());
        session.time_hint_ms = sql::parse::max_execution_time(&text);
        // Statements come one by one.
        let capabilities = Capabilities::from_bits(capabilities);
        self.client.capabilities = capabilities.without(Capabilities::MULTI_STATEMENTS);
        let result = match prepared {
            Some(execution) => self.execute(text, execution).await?,
            None => self.query(text.into()).await?,
        };
        self.socket.flush().await?;
        let session = &mut self.client.session;
        let result = result.map_err(|error| session.connection.heard(error));
        let tracked = session.state.tracked.take();
        let open = session.open.as_ref().filter(|open| open.explicit);
        Ok(Done {
            state: Carried::of(session),
            ending: result.into(),
            has_changed_session: tracked.is_some_and(|tracked| tracked.state),
            in_transaction: open.is_some(),
            seen: session.node.store.watermark(),
        })
    }

    /// A statement as text.
    async fn query(&mut self, text: Bytes) -> Result<Result<Outcome, sql::Error>, End> {
        let Guest { client, socket, .. } = self;
        client.session.connection.begin("Query", Some(text.clone()));
        let parsed = sql::parse::parse_statement(&text, client.session.state.variables.sql_mode);
        match parsed {
            Ok(parsed) => client.run_for_rows(&Arc::new(parsed.statement), &[], None, false, socket).await,
            Err(error) => Ok(Err(error)),
        }
    }

    /// An execution of a prepared statement.
    async fn execute(
        &mut self,
        text: Vec<u8>,
        execution: Execution,
    ) -> Result<Result<Outcome, sql::Error>, End> {
        let Execution { database, values: cells, is_binary } = execution;
        let Some(values) = values(cells) else { return Err(End::Closed) };
        let Guest { client, socket, prepared: kept, .. } = self;
        let key = (database, client.session.state.variables.sql_mode.0, text);
        let found = match kept.remove(&key) {
            Some(found) => Ok(found),
            None => prepare(&mut client.session, &key).await,
        };
        let mut prepared = match found {
            Ok(prepared) if prepared.parameter_count == values.len() => prepared,
            Ok(_) => return Err(End::Closed),
            Err(error) => return Ok(Err(error)),
        };
        client.session.connection.begin("Execute", Some(prepared.text.clone()));
        let statement = Arc::clone(&prepared.statement);
        let plan = Some(&mut prepared.plan);
        let result = client.run_for_rows(&statement, &values, plan, is_binary, socket).await?;
        if kept.len() >= FORWARDED_PREPARED_MAX {
            kept.clear();
        }
        kept.insert(key, prepared);
        Ok(result)
    }
}

/// Prepares a statement in the database in which its client prepared it.
async fn prepare(session: &mut Session, (database, _, text): &PreparedKey) -> Result<Prepared, sql::Error> {
    let current = std::mem::replace(&mut session.state.database, database.clone());
    let prepared = session.prepare(text).await;
    session.state.database = current;
    prepared
}
