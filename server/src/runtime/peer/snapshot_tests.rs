//! Snapshots over real sockets: whole, broken, resumed, refused, throttled.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use consensus::{LogIndex, Message, NodeId, Term};

use super::test_node::{PATIENCE, TestNode, TestSource, wait_until};
use super::*;
use crate::limits::SNAPSHOTS_SERVED_MAX;
use crate::runtime::driver::Event;

fn chunks(count: u8, bytes: usize) -> Vec<Bytes> {
    (0..count).map(|number| Bytes::from(vec![number; bytes])).collect()
}

fn source(chunks: Vec<Bytes>) -> TestSource {
    TestSource { chunks, index: 70, ..TestSource::default() }
}

/// Fetches into `folder` and waits for how it went.
fn fetch(
    node: &TestNode,
    folder: &Path,
    peers: &[(NodeId, String)],
    at_least: u64,
    is_log_only: bool,
) -> Result<StagedSnapshot, String> {
    let (sender, receiver) = crossbeam_channel::bounded(1);
    let done = Box::new(move |result| sender.send(result).unwrap());
    spawn_fetch(&node.context, peers.to_vec(), folder.to_owned(), at_least, is_log_only, done).unwrap();
    receiver.recv_timeout(PATIENCE).expect("the fetch ends")
}

fn all(staged: &StagedSnapshot) -> Vec<Bytes> {
    staged.chunks().collect::<Result<_, _>>().unwrap()
}

/// Stands between two nodes and cuts the connection once so many bytes have come from `to`; the next ones are left alone. Gives its
/// address, and counts what came in all.
fn cutting_relay(to: &str, cut_after_bytes: u64) -> (String, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (to, total) = (to.to_owned(), Arc::new(AtomicU64::new(0)));
    let counted = Arc::clone(&total);
    std::thread::spawn(move || {
        for caller in listener.incoming() {
            let caller = caller.unwrap();
            let called = TcpStream::connect(&to).unwrap();
            let (mut from_caller, mut to_called) = (caller.try_clone().unwrap(), called.try_clone().unwrap());
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut from_caller, &mut to_called);
                let _ = to_called.shutdown(Shutdown::Write);
            });
            relay(called, caller, &counted, cut_after_bytes);
        }
    });
    (address, total)
}

fn relay(mut from: TcpStream, mut to: TcpStream, counted: &AtomicU64, cut_after_bytes: u64) {
    let is_first = counted.load(Ordering::SeqCst) < cut_after_bytes;
    let mut buffer = [0; 10_000];
    while let Ok(count) = from.read(&mut buffer) {
        let total = counted.fetch_add(count as u64, Ordering::SeqCst) + count as u64;
        if count == 0 || to.write_all(&buffer[..count]).is_err() || (is_first && total >= cut_after_bytes) {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

#[test]
fn a_snapshot_arrives_whole() {
    // Larger than what is copied, and smaller, and none.
    let sent: Vec<Bytes> = [chunks(3, 2_000_000), chunks(5, 100), vec![Bytes::new()]].concat();
    let mut giver = TestNode::with_source(1, source(sent.clone()));
    let peers = [(giver.id(), giver.listen())];
    let taker = TestNode::new(2);
    let folder = taker.folder.path().join("staged");
    let staged = fetch(&taker, &folder, &peers, 70, false).unwrap();
    assert_eq!((staged.index, staged.term, staged.membership_index), (70, 3, 2));
    assert_eq!(staged.membership, b"members"[..]);
    assert_eq!((staged.chunk_count, all(&staged)), (sent.len() as u64, sent));
    assert_eq!(StagedSnapshot::open(&folder), Some(staged.clone()));
    // Somebody who comes soon after is given the same one.
    let other = TestNode::new(3);
    let second = fetch(&other, &other.folder.path().join("staged"), &peers, 70, false).unwrap();
    assert_eq!(all(&second), all(&staged));
    assert_eq!(giver.source.opened.load(Ordering::SeqCst), 1);
    // A fetch that finds a whole one asks nobody.
    assert_eq!(fetch(&taker, &folder, &[], 60, false), Ok(staged));
}

#[test]
fn a_node_without_tables_gets_the_head_alone() {
    let mut giver = TestNode::with_source(1, source(chunks(3, 100)));
    let peers = [(giver.id(), giver.listen())];
    let taker = TestNode::new(2);
    let staged = fetch(&taker, &taker.folder.path().join("staged"), &peers, 70, true).unwrap();
    assert_eq!((staged.index, staged.chunk_count, all(&staged).len()), (70, 0, 0));
}

#[test]
fn a_broken_transfer_goes_on_where_it_stopped() {
    let sent = chunks(40, 100_000);
    let mut giver = TestNode::with_source(1, source(sent.clone()));
    let (relay, total) = cutting_relay(&giver.listen(), 2_000_000);
    let taker = TestNode::new(2);
    let folder = taker.folder.path().join("staged");
    let staged = fetch(&taker, &folder, &[(giver.id(), relay)], 70, false).unwrap();
    assert_eq!(all(&staged), sent);
    assert_eq!(giver.source.opened.load(Ordering::SeqCst), 1, "the same snapshot");
    let total = total.load(Ordering::SeqCst);
    assert!((4_000_000..4_300_000).contains(&total), "nothing much came twice: {total}");
}

#[test]
fn a_fetch_of_another_process_goes_on_where_the_first_stopped() {
    let sent = chunks(40, 100_000);
    let mut giver = TestNode::with_source(1, source(sent.clone()));
    let address = giver.listen();
    let first = TestNode::new(2);
    let folder = first.folder.path().join("staged");
    // The relay is gone after the first connection, so the fetch is given up.
    let (relay, total) = cutting_relay(&address, 2_000_000);
    let (context, staged_folder) = (first.context.clone(), folder.clone());
    let stop = Arc::clone(&context.stop);
    let (sender, receiver) = crossbeam_channel::bounded(1);
    let done = Box::new(move |result| sender.send(result).unwrap());
    spawn_fetch(&context, vec![(giver.id(), relay)], staged_folder, 70, false, done).unwrap();
    wait_until("half of it came", || total.load(Ordering::SeqCst) >= 2_000_000);
    stop.store(true, Ordering::SeqCst);
    assert!(receiver.recv_timeout(PATIENCE).unwrap().is_err());

    let second = TestNode::new(2);
    let (relay, total) = cutting_relay(&address, 0);
    let staged = fetch(&second, &folder, &[(giver.id(), relay)], 70, false).unwrap();
    assert_eq!(all(&staged), sent);
    let total = total.load(Ordering::SeqCst);
    assert!(total < 2_500_000, "only the rest came: {total}");
}

#[test]
fn who_has_none_is_passed_over_and_its_reason_told() {
    let refusal = Some("this node keeps no tables");
    let mut without = TestNode::with_source(1, TestSource { refusal, ..TestSource::default() });
    let mut too_old = TestNode::with_source(3, TestSource { index: 10, ..source(chunks(1, 10)) });
    let mut giver = TestNode::with_source(4, source(chunks(2, 10)));
    let peers = [&mut without, &mut too_old, &mut giver].map(|node| (node.id(), node.listen()));
    let taker = TestNode::new(2);
    let folder = taker.folder.path().join("staged");
    let error = fetch(&taker, &folder, &peers[..1], 70, false).unwrap_err();
    assert!(error.contains("keeps no tables"), "{error}");
    let staged = fetch(&taker, &folder, &peers, 70, false).unwrap();
    assert_eq!((staged.index, staged.chunk_count), (70, 2));
}

#[test]
fn a_snapshot_takes_no_more_than_its_share_and_holds_up_no_heartbeat() {
    let mut giver = TestNode::with_source(1, source(chunks(5, 100_000)));
    giver.context.snapshot_bytes_per_second = 1_000_000;
    let peers = [(giver.id(), giver.listen())];
    let taker = TestNode::new(2);
    let mut links = PeerLinks::new(taker.context.clone());
    links.reconcile(&peers).unwrap();
    let beat = |seq| Message::HeartbeatAck {
        term: Term::new(1),
        seq,
        commit: LogIndex::ZERO,
        applied: LogIndex::ZERO,
    };
    wait_until("the heartbeat lane is there", || {
        links.send(giver.id(), Outbound::Message(beat(0)));
        giver.events.try_iter().any(|event| matches!(event, Event::Message(..)))
    });
    let started = Instant::now();
    let mut beats = 0;
    std::thread::scope(|scope| {
        let fetched = scope.spawn(|| fetch(&taker, &taker.folder.path().join("staged"), &peers, 70, false));
        while !fetched.is_finished() {
            beats += 1;
            links.send(giver.id(), Outbound::Message(beat(beats)));
            while giver.wait_message().1 != beat(beats) {}
        }
        fetched.join().unwrap().unwrap();
    });
    assert!(beats > 10, "they wait for the snapshot: {beats}");
    assert!(started.elapsed() > Duration::from_millis(350), "{:?}", started.elapsed());
    // The snapshot is there now: sending it has its bound too.
    let again = Instant::now();
    fetch(&taker, &taker.folder.path().join("again"), &peers, 70, false).unwrap();
    assert!(again.elapsed() > Duration::from_millis(350), "{:?}", again.elapsed());
}

#[test]
fn one_snapshot_more_than_there_may_be_at_once_is_refused() {
    let mut giver = TestNode::with_source(1, source(chunks(20, 100_000)));
    // So slow that each is still going on when the next is asked for.
    giver.context.snapshot_bytes_per_second = 100_000;
    let peers = [(giver.id(), giver.listen())];
    let nodes: Vec<TestNode> = (2..).take(SNAPSHOTS_SERVED_MAX).map(TestNode::new).collect();
    for (at_least, node) in (70..).zip(&nodes) {
        // Each needs more than the one before has.
        let folder = node.folder.path().join("staged");
        let done = Box::new(|_| ());
        spawn_fetch(&node.context, peers.to_vec(), folder, at_least, false, done).unwrap();
        let opened = at_least as usize - 69;
        wait_until("it is given", || giver.source.opened.load(Ordering::SeqCst) == opened);
    }
    let last = TestNode::new(9);
    let folder = last.folder.path().join("staged");
    let error = fetch(&last, &folder, &peers, 70 + SNAPSHOTS_SERVED_MAX as u64, false).unwrap_err();
    assert!(error.contains("other snapshots are being given"), "{error}");
    // One that is going on will do for this one.
    let done = Box::new(|_| ());
    spawn_fetch(&last.context, peers.to_vec(), folder.clone(), 70, false, done).unwrap();
    wait_until("a part of it came", || staged::Staging::resume(&folder).is_some());
    assert_eq!(giver.source.opened.load(Ordering::SeqCst), SNAPSHOTS_SERVED_MAX);
}
