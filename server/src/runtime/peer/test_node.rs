//! Nodes with links and nothing else, on loopback, for the tests of this folder.

use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::runtime::queue::{Receiver, bounded};
use bytes::Bytes;
use consensus::{Entry, EntryKind, LogIndex, NodeId, Term};
use parking_lot::Mutex;
use storage::disk::SimDisk;
use storage::log::{Log, Options};
use wire::peer::{ClusterId, Hello, Refusal, RefusalReason, Welcome};

use super::*;
use crate::runtime::driver::Event;

/// The cluster of all test nodes.
pub const CLUSTER: ClusterId = ClusterId::new(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff);

/// How long a test waits for anything before it fails.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Lets everybody in but those it is told not to, and remembers what it heard.
#[derive(Default)]
pub struct TestAdmission {
    pub removed: Mutex<Vec<u64>>,
    pub welcomes: Mutex<Vec<Welcome>>,
    pub refusals: Mutex<Vec<(NodeId, Refusal)>>,
}

impl Admission for TestAdmission {
    fn judge(&self, hello: &Hello) -> Result<(), Refusal> {
        if self.removed.lock().contains(&hello.node_id) {
            let message = format!("node {} was removed from the cluster", hello.node_id);
            return Err(Refusal { reason: RefusalReason::Removed, message });
        }
        Ok(())
    }

    fn welcomed(&self, welcome: &Welcome) {
        self.welcomes.lock().push(welcome.clone());
    }

    fn refused(&self, peer: NodeId, refusal: &Refusal) {
        self.refusals.lock().push((peer, refusal.clone()));
    }
}

/// Gives the same chunks again and again, under a new id and with one more log entry each time.
#[derive(Default)]
pub struct TestSource {
    pub chunks: Vec<Bytes>,
    /// Of the first snapshot.
    pub index: u64,
    pub opened: AtomicUsize,
    /// What it says instead of giving anything.
    pub refusal: Option<&'static str>,
}

impl SnapshotSource for TestSource {
    fn open(&self, _at_least: u64, is_log_only: bool) -> Result<SnapshotReader, String> {
        if let Some(refusal) = self.refusal {
            return Err(refusal.to_owned());
        }
        let opened = self.opened.fetch_add(1, Ordering::SeqCst) + 1;
        let chunks = if is_log_only { Vec::new() } else { self.chunks.clone() };
        let mut chunks = chunks.into_iter();
        Ok(SnapshotReader {
            snapshot_id: opened as u128,
            index: self.index + opened as u64 - 1,
            term: 3,
            membership_index: 2,
            membership: Bytes::from_static(b"members"),
            next: Box::new(move || Ok(chunks.next())),
        })
    }
}

pub struct TestNode {
    pub context: LinkContext,
    pub events: Receiver<Event>,
    pub admission: Arc<TestAdmission>,
    pub source: Arc<TestSource>,
    pub folder: tempfile::TempDir,
    _log: Log,
}

impl Drop for TestNode {
    fn drop(&mut self) {
        self.context.stop.store(true, Ordering::SeqCst);
    }
}

/// Turns away sessions.
struct NoSessions;

impl super::SessionDoor for NoSessions {
    fn admit(&self, _: &wire::peer::Hello, _: super::stream::PeerStream, _: wire::peer::FrameReader) {}
}

impl TestNode {
    /// A node that listens to nobody yet.
    pub fn new(id: u64) -> TestNode {
        TestNode::with_source(id, TestSource::default())
    }

    pub fn with_source(id: u64, source: TestSource) -> TestNode {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::open(Arc::new(SimDisk::new(id)), Path::new("/log"), Options::new(1)).unwrap().log;
        let cache = Arc::new(EntryCache::new(log.reader(), 0));
        let (sender, events) = bounded(1_000);
        let admission = Arc::new(TestAdmission::default());
        let source = Arc::new(source);
        let context = LinkContext {
            cluster_id: CLUSTER,
            node_id: NodeId::new(id),
            incarnation: u128::from(id) << 64,
            peer_address: String::new(),
            sql_address: format!("sql-of-{id}"),
            cache,
            events: sender,
            stop: Arc::new(AtomicBool::new(false)),
            admission: Arc::clone(&admission) as Arc<dyn Admission>,
            tls: None,
            compression: Compression::None,
            snapshots: Arc::clone(&source) as Arc<dyn SnapshotSource>,
            snapshot_folder: folder.path().join("spools"),
            snapshot_bytes_per_second: 0,
            sessions: Arc::new(NoSessions),
            counters: Arc::new(PeerCounters::default()),
        };
        TestNode { context, events, admission, source, folder, _log: log }
    }

    pub fn id(&self) -> NodeId {
        self.context.node_id
    }

    /// Starts to listen; the address.
    pub fn listen(&mut self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        self.context.peer_address = listener.local_addr().unwrap().to_string();
        spawn_acceptor(listener, self.context.clone()).unwrap();
        self.context.peer_address.clone()
    }

    /// Waits for the first event that `take` takes.
    pub fn wait_event<T>(&self, what: &str, mut take: impl FnMut(Event) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let event = self.events.recv_deadline(deadline);
            let event = event.unwrap_or_else(|error| panic!("{what}: {error}"));
            if let Some(taken) = take(event) {
                return taken;
            }
        }
    }

    /// Waits until this node's sender has a connection to `peer`, or `peer` has one to it.
    pub fn wait_connected(&self, peer: NodeId) {
        self.wait_event("connected", |event| match event {
            Event::Connected(from) if from == peer => Some(()),
            _ => None,
        });
    }

    /// Waits until this node's sender has a connection to `peer` on both lanes, each of which is told.
    pub fn wait_linked(&self, peer: NodeId) {
        self.wait_connected(peer);
        self.wait_connected(peer);
    }

    /// Waits for the next message.
    pub fn wait_message(&self) -> (NodeId, Message) {
        self.wait_event("a message", |event| match event {
            Event::Message(from, message) => Some((from, message)),
            _ => None,
        })
    }

    pub fn refused(&self, kind: counters::RefusedKind) -> u64 {
        self.context.counters.refused_count(kind)
    }

    /// Puts entries of these sizes into the cache, from index 1 on.
    pub fn push_entries(&self, sizes: &[usize]) -> Vec<Entry> {
        let entries: Vec<Entry> = (1..)
            .zip(sizes)
            .map(|(index, size)| Entry {
                index: LogIndex::new(index),
                term: Term::new(1),
                kind: EntryKind::Data,
                payload: (0..*size).map(|at| (at / 100) as u8 ^ index as u8).collect::<Vec<_>>().into(),
            })
            .collect();
        self.context.cache.push(&entries);
        entries
    }

    /// The order to send entries `1..=last`.
    pub fn order(&self, last: u64, is_feed: bool) -> Outbound {
        Outbound::Entries {
            epoch: self.context.cache.epoch(),
            term: Term::new(1),
            prev_index: LogIndex::ZERO,
            prev_term: Term::ZERO,
            first: LogIndex::new(1),
            last: LogIndex::new(last),
            commit: LogIndex::new(last),
            is_feed,
        }
    }
}

/// Waits until `is_so`, with a bound.
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
