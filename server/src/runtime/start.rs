//! Starting a node and stopping it: opens its folder, starts its threads, joins them again.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use consensus::{LogIndex, LogState, NodeId, Replica, Term};
use storage::disk::{RealDisk, lock_folder};
use storage::engine::{SledEngine, SledOptions};
use storage::log::{Log, Opened};
use storage::version::{Store, StoreOptions};

use super::driver::{Driver, Event, Links};
use super::peer_link::{LinkContext, spawn_acceptor, spawn_senders};
use super::{fatal, flusher, log_thread};
use crate::config::Config;
use crate::identity;
use crate::limits::{DRIVER_QUEUE_EVENTS_MAX, SHUTDOWN_WAIT};
use crate::node::Node;
use crate::node::apply::Applier;
use crate::node::entry_cache::EntryCache;
use crate::node::sequencer::Sequencer;

/// Why a node did not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Log, engine or folder.
    #[error("{0}")]
    Storage(#[from] storage::Error),
    /// An address or a thread.
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
    /// Anything else that makes no sense.
    #[error("{0}")]
    Refused(String),
}

/// Runs a node until SIGTERM or SIGINT.
///
/// # Errors
/// When it cannot start; failures later end the process with a message.
pub fn run(mut config: Config) -> Result<(), Error> {
    let started = Instant::now();
    std::fs::create_dir_all(&config.data).map_err(|error| {
        Error::Io(format!("cannot make the data folder {}", config.data.display()), error)
    })?;
    let _folder_lock = lock_folder(&config.data)?;
    identity::check_or_create(&mut config).map_err(Error::Refused)?;
    let opened = open_log(&config)?;
    let store = open_store(&config, &opened)?;

    let (events, event_queue) = crossbeam_channel::bounded(DRIVER_QUEUE_EVENTS_MAX);
    let wake_events = events.clone();
    let sequencer = Sequencer::new(
        store.watermark(),
        Box::new(move || {
            // The consensus thread is gone only while the node stops.
            let _ = wake_events.send(Event::Proposals);
        }),
    );
    let cache = Arc::new(EntryCache::new(opened.log.reader(), opened.last));
    let durable = Arc::new(AtomicU64::new(opened.last));
    let stop = Arc::new(AtomicBool::new(false));
    let replica = make_replica(&config, &opened, store.watermark())?;
    let node = Arc::new(Node::new(config.clone(), store, sequencer));

    let peer_listener = TcpListener::bind(&config.peer_listen)
        .map_err(|error| Error::Io(format!("cannot listen for peers on {}", config.peer_listen), error))?;
    let io = |error| Error::Io("cannot start a thread".into(), error);
    let context = LinkContext {
        cluster_id: wire::peer::ClusterId::new(config.cluster_id()),
        peer_address: config.peer_listen.clone(),
        sql_address: config.listen.clone(),
        node_id: NodeId::new(config.node_id),
        cache: Arc::clone(&cache),
        events: events.clone(),
        stop: Arc::clone(&stop),
    };
    let others: Vec<(NodeId, String)> = config
        .peers
        .iter()
        .filter(|peer| peer.id != config.node_id)
        .map(|peer| (NodeId::new(peer.id), peer.peer_address.clone()))
        .collect();
    let senders = spawn_senders(&context, &others).map_err(io)?;
    spawn_acceptor(peer_listener, context, others.iter().map(|(id, _)| *id).collect()).map_err(io)?;

    let (log_writes, log_queue) = crossbeam_channel::unbounded();
    let (commits, commit_queue) = crossbeam_channel::unbounded();
    let log_thread = log_thread::spawn(opened.log, log_queue, events.clone()).map_err(io)?;
    let apply_thread =
        spawn_apply(Arc::clone(&node), Arc::clone(&cache), commit_queue, events.clone()).map_err(io)?;
    let flush_thread =
        flusher::spawn(Arc::clone(&node), Arc::clone(&durable), Arc::clone(&stop)).map_err(io)?;
    let links = Links { log: log_writes, peers: senders, commits, durable, cache };
    let driver = Driver::new(replica, Arc::clone(&node), links);
    let driver_thread = std::thread::Builder::new()
        .name("consensus".into())
        .spawn(move || {
            let _vital = super::Vital::thread("consensus");
            driver.run(&event_queue);
        })
        .map_err(io)?;

    tracing::info!(
        node = config.node_id,
        listen = config.listen,
        peer_listen = config.peer_listen,
        data = %config.data.display(),
        started_in_ms = started.elapsed().as_millis() as u64,
        "node started"
    );
    super::listener::serve_until_stopped(&node)
        .map_err(|error| Error::Io("cannot serve clients".into(), error))?;

    let stopping = Instant::now();
    let _ = events.send(Event::Shutdown);
    join("consensus", driver_thread);
    join("log", log_thread);
    join("apply", apply_thread);
    stop.store(true, Ordering::Release);
    join("flush", flush_thread);
    if stopping.elapsed() > SHUTDOWN_WAIT {
        tracing::warn!("stopping took {:?}", stopping.elapsed());
    }
    tracing::info!("node stopped");
    Ok(())
}

fn join(name: &str, thread: std::thread::JoinHandle<()>) {
    if thread.join().is_err() {
        tracing::error!("the thread {name} panicked");
    }
}

fn open_log(config: &Config) -> Result<Opened, Error> {
    let options = storage::log::Options::new(config.cluster_id());
    let opened = Log::open(Arc::new(RealDisk), &config.data.join("log"), options)?;
    if opened.cut_bytes > 0 {
        tracing::warn!(
            bytes = opened.cut_bytes,
            "cut a torn tail off the log: a write that was never acknowledged"
        );
    }
    tracing::info!(first = opened.first, last = opened.last, term = opened.hard_state.term, "log opened");
    Ok(opened)
}

/// Opens the engine; one that is damaged is thrown away and built again from the log, which holds everything.
fn open_store(config: &Config, opened: &Opened) -> Result<Store, Error> {
    let path = config.data.join("store");
    let options = SledOptions { cache_bytes: config.engine_cache_bytes };
    let engine = match SledEngine::open(&path, options) {
        Ok(engine) => engine,
        // Only what the engine itself calls damaged: a full disk or missing permission is no reason to delete anything.
        Err(error @ storage::Error::Engine(_))
            if opened.first <= 1 && error.to_string().contains("can be removed") =>
        {
            tracing::error!("the store is damaged ({error}); building it again from the log");
            std::fs::remove_dir_all(&path)
                .map_err(|error| Error::Io(format!("cannot remove {}", path.display()), error))?;
            SledEngine::open(&path, options)?
        }
        Err(error) => return Err(error.into()),
    };
    let store_options = StoreOptions { memory_bytes_max: config.store_memory_bytes };
    let store = Store::open(Box::new(engine), store_options)?;
    if store.watermark() > opened.last {
        return Err(Error::Refused(format!(
            "the store in {} is at index {}, past the end of the log at {}: the log folder was replaced or cut; \
             restore it, or remove the whole data folder and let this node be seeded again",
            config.data.display(),
            store.watermark(),
            opened.last
        )));
    }
    Ok(store)
}

fn make_replica(config: &Config, opened: &Opened, applied: u64) -> Result<Replica, Error> {
    let voters = config.peers.iter().map(|peer| NodeId::new(peer.id)).collect();
    let seed =
        u64::from(std::process::id()) ^ config.node_id << 32 ^ crate::node::session::now_us().cast_unsigned();
    let consensus_config = consensus::Config::lan(NodeId::new(config.node_id), voters, seed);
    let log = LogState {
        first: LogIndex::new(opened.first),
        last: LogIndex::new(opened.last),
        term_runs: opened
            .term_runs
            .iter()
            .map(|(first, term)| (LogIndex::new(*first), Term::new(*term)))
            .collect(),
        base: (LogIndex::new(opened.first.saturating_sub(1)), Term::new(opened.base_term)),
    };
    let hard_state = consensus::HardState {
        term: Term::new(opened.hard_state.term),
        vote: NodeId::try_new(opened.hard_state.vote),
    };
    Replica::new(consensus_config, hard_state, log, LogIndex::new(applied))
        .map_err(|error| Error::Refused(error.to_string()))
}

fn spawn_apply(
    node: Arc<Node>,
    cache: Arc<EntryCache>,
    commits: crossbeam_channel::Receiver<u64>,
    events: crossbeam_channel::Sender<Event>,
) -> std::io::Result<std::thread::JoinHandle<()>> {
    let mut applier = Applier::new(node, cache);
    applier.load_catalog().map_err(std::io::Error::other)?;
    std::thread::Builder::new().name("apply".into()).spawn(move || {
        let _vital = super::Vital::thread("apply");
        while let Ok(mut commit) = commits.recv() {
            loop {
                commit = commits.try_iter().last().unwrap_or(commit);
                match applier.apply_batch(commit) {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) => fatal("a committed entry could not be applied", &error),
                }
            }
            if events.send(Event::Applied(applier.applied())).is_err() {
                return;
            }
        }
    })
}
