//! Starting a node and stopping it: opens its folder, starts its threads, joins them again.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Instant;

use consensus::{LogIndex, LogState, Membership, NodeId, Replica, Term};
use sql::account::{Account, AccountId, Accounts, secret};
use sql::execute::Host as _;
use sql::types::Value;
use storage::disk::{Disk, RealDisk, lock_folder};
use storage::engine::MemoryEngine;
use storage::log::{Log, Opened};
use storage::version::{Store, StoreOptions};

use super::admission::Doorkeeper;
use super::apply_pool::ApplyPool;
use super::client_tls::ClientTls;
use super::driver::{Driver, Event, Links};
use super::login::key::PasswordKey;
use super::peer::{Compression, LinkContext, PeerLinks, PeerTls, spawn_acceptor};
use super::purge::Upkeep;
use super::queue::{Receiver, Sender, bounded, unbounded};
use super::snapshot::{OUT_FOLDER, Snapshots, Source};
use super::{apply_thread, flusher, health, log_thread, machine, promotion};
use crate::accounts_file::AccountsFile;
use crate::config::{Config, PeerTlsFiles};
use crate::limits::{DRIVER_QUEUE_EVENTS_MAX, SHUTDOWN_WAIT, TICK};
use crate::members_file::MembersFile;
use crate::node::Node;
use crate::node::apply::{Applier, ApplyOrder};
use crate::node::decided::Run;
use crate::node::entry_cache::EntryCache;
use crate::node::host::REQUIRE_SECURE_TRANSPORT;
use crate::node::login::Known;
use crate::node::members::MemberBoard;
use crate::node::sequencer::Sequencer;
use crate::node::steering::{Request, Steering};
use crate::terms_file::TermsFile;
use crate::{identity, join};

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
    #[cfg(feature = "seeded-bugs")]
    confess()?;
    // Durably: a folder that a loss of power takes away takes the node's vote and its log with it.
    RealDisk.create_folder(&config.data)?;
    let _folder_lock = lock_folder(&config.data)?;
    // Before anything is written, or a cluster is told of this node.
    load_tls(&config)?;
    config.client_tls.as_ref().map_or(Ok(()), ClientTls::check).map_err(Error::Refused)?;
    if !identity::check_or_create(&mut config).map_err(Error::Refused)? {
        join::join(&mut config).map_err(Error::Refused)?;
    }
    let client_tls = (config.client_tls.as_ref())
        .map(|settings| ClientTls::open(settings, &config.data))
        .transpose()
        .map_err(Error::Refused)?;
    let opened = open_log(&config)?;
    let base = opened.first.saturating_sub(1);
    let mut members_file = MembersFile::open(&config.data).map_err(Error::Refused)?;
    let memberships = memberships(&config, &opened, &mut members_file)?;
    let snapshots = Arc::new(Snapshots::new(&config.data));
    let staged = snapshots.found(base);
    let (store, is_lost) = open_store(&config, &opened)?;
    if is_lost {
        tracing::warn!("the tables are not here, or older than the log: they are taken from a snapshot");
    }
    let replica = make_replica(&config, &opened, store.watermark(), memberships.clone())?;
    let took_part = opened.last > 0 || opened.hard_state.term > 0;

    let (events, event_queue) = bounded(DRIVER_QUEUE_EVENTS_MAX);
    let cache = Arc::new(EntryCache::new(opened.log.reader(), opened.last));
    let node = make_node(&config, store, memberships, &events);
    node.store_is_lost.store(is_lost, Ordering::Release);
    if let Some(client_tls) = client_tls {
        let _ = node.client_tls.set(client_tls);
    }
    let password_key = PasswordKey::open(&config.data).map_err(Error::Refused)?;
    let _ = node.password_key.set(password_key);
    begin_logins(&node)?;
    if config.require_secure_transport {
        node.set_global(REQUIRE_SECURE_TRANSPORT, Value::Int(1));
    }
    if config.local_infile {
        node.set_global("local_infile", Value::Int(1));
    }
    let terms_file = seed_terms(&node, &opened);
    // The process ended between replacing the log and loading the rows: the apply loads what is here. Kept before anybody could fetch
    // another one over it.
    let reload = staged.filter(|_| is_lost).map(|staged| {
        let order = ApplyOrder::Replace { index: staged.index, term: staged.term };
        snapshots.keep_found(staged);
        order
    });
    let health_listener = listen_for_checks(&config)?;
    let _ = node.entry_cache.set(Arc::clone(&cache));
    let last_run = opened.term_runs.last().map_or(opened.base_term, |run| run.1);
    node.cluster.last_log_term.store(last_run, Ordering::Relaxed);
    node.cluster.voted_for.store(opened.hard_state.vote, Ordering::Relaxed);
    let threads = Threads::start(
        &node,
        opened,
        (members_file, terms_file),
        replica,
        &cache,
        &snapshots,
        (events, event_queue),
        took_part,
    )?;
    if let Some(order) = reload {
        let _ = threads.apply_orders.send(order);
    }
    let health = health_listener
        .map(|listener| health::Server::start(Arc::clone(&node), listener))
        .transpose()
        .map_err(|error| Error::Io("cannot start a thread".into(), error))?;
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
    threads.stop();
    if let Some(health) = health {
        health.stop();
    }
    tracing::info!("node stopped");
    Ok(())
}

/// The accounts that this node knew last; where it knew none, those of a cluster that has none, unless it may be of one that has.
fn begin_logins(node: &Arc<Node>) -> Result<(), Error> {
    let config = &node.config;
    let file = AccountsFile::new(&config.data);
    let at_first = |accounts| Known { accounts: Arc::new(accounts), index: 0 };
    let known = match file.read().map_err(Error::Refused)? {
        _ if config.log_only => Some(at_first(loggers_accounts(config)?)),
        None if config.peers.iter().any(|peer| peer.id == config.node_id) => {
            Some(at_first(Accounts::default()))
        }
        known => known,
    };
    if let Some(known) = &known {
        let accounts = Arc::clone(&known.accounts);
        *node.catalog.write() = Arc::new(sql::catalog::Catalog { accounts, ..Default::default() });
    }
    node.logins.begin(
        known,
        Box::new(move |known| {
            if let Err(error) = file.write(known) {
                tracing::error!("the accounts could not be kept for the next start: {error}");
            }
        }),
    );
    Ok(())
}

/// A logger has no tables, and so no accounts of the cluster: its root has the password of `--root-password-file`, if there is one.
fn loggers_accounts(config: &Config) -> Result<Accounts, Error> {
    let Some(path) = &config.root_password_file else { return Ok(Accounts::default()) };
    let password = crate::password_file::read(path).map_err(Error::Refused)?;
    let root = |host: &str| {
        let mut root = Account { id: AccountId::new("root", host), ..Account::built_in_root() };
        root.authentication.authentication_string =
            secret::make(root.authentication.plugin, password.as_bytes());
        root
    };
    Ok(Accounts::of([root("localhost"), root("%")], true))
}

/// The address of the health checks, if there is one.
fn listen_for_checks(config: &Config) -> Result<Option<TcpListener>, Error> {
    let listen = |address: &String| {
        health::Server::bind(address)
            .map_err(|error| Error::Io(format!("cannot listen for health checks on {address}"), error))
    };
    config.http_listen.as_ref().map(listen).transpose()
}

/// Says what this build does wrong on purpose.
#[cfg(feature = "seeded-bugs")]
fn confess() -> Result<(), Error> {
    let chosen = storage::seeded_bugs::chosen()
        .map_err(|name| Error::Refused(format!("QUORATE_SEEDED_BUG={name}: there is no such bug to seed")))?;
    let bug = chosen.map_or("none is chosen", storage::seeded_bugs::SeededBug::name);
    tracing::error!("THIS BUILD HAS SEEDED BUGS and is for testing the tests only: {bug}. It loses data.");
    Ok(())
}

fn make_node(
    config: &Config,
    store: Store,
    memberships: Vec<(LogIndex, Membership)>,
    events: &Sender<Event>,
) -> Arc<Node> {
    let wake_events = events.clone();
    let sequencer = Sequencer::new(
        store.watermark(),
        Box::new(move || {
            // The consensus thread is gone only while the node stops.
            let _ = wake_events.send(Event::Proposals);
        }),
    );
    let ask_events = events.clone();
    let steering = Steering::new(Arc::new(move |request: Request| {
        let _ = ask_events.send(Event::Request(request));
    }));
    Arc::new(Node::new(config.clone(), store, sequencer, MemberBoard::new(memberships), steering))
}

/// The threads of a node, but for those that run sessions.
struct Threads {
    events: Sender<Event>,
    apply_orders: Sender<ApplyOrder>,
    stop: Arc<AtomicBool>,
    /// By name, in the order in which they end.
    handles: Vec<(&'static str, JoinHandle<()>)>,
    /// These end when `stop` is set.
    late: Vec<(&'static str, JoinHandle<()>)>,
}

impl Threads {
    #[expect(clippy::too_many_arguments, reason = "everything that a node is made of comes together here")]
    fn start(
        node: &Arc<Node>,
        opened: Opened,
        (members_file, terms_file): (MembersFile, TermsFile),
        replica: Replica,
        cache: &Arc<EntryCache>,
        snapshots: &Arc<Snapshots>,
        (events, event_queue): (Sender<Event>, Receiver<Event>),
        took_part: bool,
    ) -> Result<Threads, Error> {
        let io = |error| Error::Io("cannot start a thread".into(), error);
        let stop = Arc::new(AtomicBool::new(false));
        let durable = Arc::new(AtomicU64::new(opened.last));
        let reader = opened.log.reader();
        let (log_writes, log_queue) = unbounded();
        let (apply_orders, apply_queue) = unbounded();
        let config = &node.config;
        let lease_ns = u64::from(node.timing().lease_ticks) * TICK.as_nanos() as u64;

        let peer_listener = TcpListener::bind(&config.peer_listen).map_err(|error| {
            Error::Io(format!("cannot listen for peers on {}", config.peer_listen), error)
        })?;
        let context = link_context(node, cache, &events, &stop, &reader, took_part)?;
        snapshots.connect(context.clone());
        let _ = node.forwarding.context.set(context.clone());
        let log_thread =
            log_thread::spawn(opened.log, members_file, log_queue, events.clone(), Arc::clone(&node.stages))
                .map_err(io)?;
        let applied = Arc::new(AtomicU64::new(node.store.watermark()));
        let mut pool = ApplyPool::new(node.store.clone());
        let installing = Arc::clone(node);
        let install = Box::new(move |batch| pool.install(batch, installing.apply_workers()));
        let applier = Applier::new(Arc::clone(node), Arc::clone(cache), install);
        let applier = Arc::new(parking_lot::Mutex::new(applier));
        let apply_thread = apply_thread::spawn(
            Arc::clone(&applier),
            Arc::clone(snapshots),
            apply_queue,
            Arc::clone(&applied),
        )
        .map_err(io)?;
        let flush_thread =
            flusher::spawn(Arc::clone(node), Arc::clone(&durable), Arc::clone(&stop)).map_err(io)?;
        let upkeep = Upkeep {
            node: Arc::clone(node),
            log: reader,
            writes: log_writes.clone(),
            snapshots: Arc::clone(snapshots),
            stop: Arc::clone(&stop),
            last_told: None,
            terms: terms_file,
        };
        let upkeep_thread = upkeep.spawn().map_err(io)?;
        let links = Links {
            log: log_writes,
            peers: PeerLinks::new(context.clone()),
            apply: apply_orders.clone(),
            durable,
            cache: Arc::clone(cache),
            snapshots: Arc::clone(snapshots),
            applied,
            applier,
        };
        let driver = Driver::new(replica, Arc::clone(node), links, lease_ns);
        let driver_thread = std::thread::Builder::new()
            .name("consensus".into())
            .spawn(move || {
                let _vital = super::Vital::thread("consensus");
                driver.run(&event_queue);
            })
            .map_err(io)?;
        spawn_acceptor(peer_listener, context).map_err(io)?;
        if config.wants_vote {
            promotion::spawn(Arc::clone(node), Arc::clone(&stop)).map_err(io)?;
        }
        Ok(Threads {
            events,
            apply_orders,
            stop,
            handles: vec![("consensus", driver_thread), ("upkeep", upkeep_thread)],
            late: vec![("log", log_thread), ("apply", apply_thread), ("flush", flush_thread)],
        })
    }

    /// Ends them in order: first who asks for writes, then who writes.
    fn stop(self) {
        let stopping = Instant::now();
        let Threads { events, apply_orders, stop, handles, late } = self;
        let _ = events.send(Event::Shutdown);
        stop.store(true, Ordering::Release);
        for (name, thread) in handles {
            join(name, thread);
        }
        drop(apply_orders);
        for (name, thread) in late {
            join(name, thread);
        }
        if stopping.elapsed() > SHUTDOWN_WAIT {
            tracing::warn!("stopping took {:?}", stopping.elapsed());
        }
    }
}

fn load_tls(config: &Config) -> Result<Option<PeerTls>, Error> {
    let load = |files: &PeerTlsFiles| PeerTls::load(&files.ca, &files.cert, &files.key);
    config.peer_tls.as_ref().map(load).transpose().map_err(Error::Refused)
}

fn link_context(
    node: &Arc<Node>,
    cache: &Arc<EntryCache>,
    events: &Sender<Event>,
    stop: &Arc<AtomicBool>,
    log: &storage::log::LogReader,
    took_part: bool,
) -> Result<LinkContext, Error> {
    let config = &node.config;
    let tls = load_tls(config)?;
    let doorkeeper = Doorkeeper::open(Arc::clone(node), &config.data, took_part).map_err(Error::Refused)?;
    Ok(LinkContext {
        cluster_id: wire::peer::ClusterId::new(config.cluster_id),
        node_id: NodeId::new(config.node_id),
        incarnation: config.incarnation,
        // What the members know, which may differ from what is listened on.
        peer_address: node
            .members
            .member(config.node_id)
            .map_or_else(|| config.peer_listen.clone(), |member| member.peer_address),
        sql_address: config.listen.clone(),
        cache: Arc::clone(cache),
        events: events.clone(),
        stop: Arc::clone(stop),
        admission: Arc::new(doorkeeper),
        tls,
        compression: match config.peer_compress_bytes {
            Some(threshold_bytes) => Compression::Lz4 { threshold_bytes },
            None => Compression::None,
        },
        snapshots: Arc::new(Source::new(Arc::clone(node), log.clone())),
        snapshot_folder: config.data.join(OUT_FOLDER),
        snapshot_bytes_per_second: config.snapshot_bytes_per_second,
        sessions: Arc::new(crate::forward::door::Door(Arc::clone(node))),
        counters: Arc::clone(&node.peer_counters),
    })
}

fn join(name: &str, thread: std::thread::JoinHandle<()>) {
    if thread.join().is_err() {
        tracing::error!("the thread {name} panicked");
    }
}

fn open_log(config: &Config) -> Result<Opened, Error> {
    let options = storage::log::Options {
        segment_bytes: config.log_segment_bytes,
        marked_kind: Some(consensus::EntryKind::Membership.code()),
        ..storage::log::Options::new(config.log_cluster_id)
    };
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

/// Tells the node which terms its committed entries are of, as far as file and log know.
fn seed_terms(node: &Node, opened: &Opened) -> TermsFile {
    let file = TermsFile::new(&node.config.data);
    let base = opened.first.saturating_sub(1);
    let mut log = Vec::with_capacity(opened.term_runs.len() + 1);
    if base > 0 {
        log.push(Run { first: base, last: base, term: opened.base_term });
    }
    for (place, (first, term)) in opened.term_runs.iter().enumerate() {
        let last = opened.term_runs.get(place + 1).map_or(opened.last, |next| next.0 - 1);
        log.push(Run { first: *first, last, term: *term });
    }
    let watermark = node.store.watermark();
    let seeded = file.read().and_then(|written| node.decided.seed(&written, &log, watermark));
    if let Err(error) = seeded {
        tracing::warn!("what became of old transactions is not known on this node: {error}");
        if let Err(error) = node.decided.seed(&[], &log, watermark) {
            super::fatal("the log contradicts itself", &error);
        }
    }
    file
}

/// The members at the log's base, and every later membership in the log, ascending.
fn memberships(
    config: &Config,
    opened: &Opened,
    file: &mut MembersFile,
) -> Result<Vec<(LogIndex, Membership)>, Error> {
    let base = opened.first.saturating_sub(1);
    let at_base = match file.at(base) {
        Some(found) => found,
        None if base == 0 => {
            // Written down before anything can be purged: it is no entry of the log.
            let founding = config.founding_membership();
            file.record(0, &founding).map_err(|error| {
                Error::Io(format!("cannot write {}", crate::members_file::FILE_NAME), error)
            })?;
            (LogIndex::ZERO, founding)
        }
        None => {
            return Err(Error::Refused(format!(
                "{} has no members for the log's beginning at index {base}: restore that file, or remove the whole data folder and \
                 let this node join again",
                config.data.join(crate::members_file::FILE_NAME).display()
            )));
        }
    };
    let mut found = vec![at_base];
    for record in &opened.marked {
        let membership = consensus::decode_membership(&record.payload)
            .map_err(|error| Error::Refused(format!("the members in log entry {}: {error}", record.index)))?;
        found.push((LogIndex::new(record.index), membership));
    }
    Ok(found)
}

/// Opens the engine. One that is damaged is thrown away and built again: from the log, if that holds everything, else from a snapshot of
/// another node. Also says whether it has to be the latter.
fn open_store(config: &Config, opened: &Opened) -> Result<(Store, bool), Error> {
    let store_bytes = config.store_memory_bytes.unwrap_or_else(machine::store_memory_bytes);
    let store_options = StoreOptions { memory_bytes_max: store_bytes as usize };
    if config.log_only {
        return Ok((Store::open(Box::new(MemoryEngine::new()), store_options)?, false));
    }
    let path = config.data.join("store");
    let cache_bytes = config.engine_cache_bytes.unwrap_or_else(machine::engine_cache_bytes);
    let engine = match config.engine.kind().open(&path, cache_bytes) {
        Ok(engine) => engine,
        // Only what the engine itself calls damaged: a full disk or missing permission is no reason to delete anything.
        Err(error @ storage::Error::Engine(_)) if error.to_string().contains("can be removed") => {
            tracing::error!("the store is damaged ({error}); building it again");
            std::fs::remove_dir_all(&path)
                .map_err(|error| Error::Io(format!("cannot remove {}", path.display()), error))?;
            config.engine.kind().open(&path, cache_bytes)?
        }
        Err(error) => return Err(error.into()),
    };
    let store = Store::open(engine, store_options)?;
    if store.watermark() > opened.last {
        return Err(Error::Refused(format!(
            "the store in {} is at index {}, past the end of the log at {}: the log folder was replaced or cut; \
             restore it, or remove the whole data folder and let this node be seeded again",
            config.data.display(),
            store.watermark(),
            opened.last
        )));
    }
    let is_lost = store.needs_replace() || store.watermark() + 1 < opened.first;
    Ok((store, is_lost))
}

fn consensus_config(config: &Config) -> consensus::Config {
    let seed =
        u64::from(std::process::id()) ^ config.node_id << 32 ^ crate::node::session::now_us().cast_unsigned();
    config.timing.consensus(NodeId::new(config.node_id), seed)
}

fn make_replica(
    config: &Config,
    opened: &Opened,
    applied: u64,
    memberships: Vec<(LogIndex, Membership)>,
) -> Result<Replica, Error> {
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
    Replica::new(consensus_config(config), hard_state, log, LogIndex::new(applied), memberships)
        .map_err(|error| Error::Refused(error.to_string()))
}
