//! Links between nodes over real sockets.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use consensus::{Entry, LogIndex, Message, NodeId, Term};
use wire::peer::{
    ClusterId, FrameKind, FrameReader, Hello, Lane, PROTOCOL_VERSION, Refusal, RefusalReason, Welcome,
    begin_frame, end_frame,
};

use super::counters::RefusedKind;
use super::test_node::{CLUSTER, PATIENCE, TestNode, wait_until};
use super::*;

fn heartbeat_ack(seq: u64) -> Message {
    Message::HeartbeatAck { term: Term::new(1), seq, commit: LogIndex::ZERO, applied: LogIndex::ZERO }
}

fn frame(cluster: ClusterId, kind: FrameKind, body: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    let start = begin_frame(&mut out);
    body(&mut out);
    end_frame(&mut out, start, kind, cluster.tag()).unwrap();
    out
}

fn hello(target_id: u64, lane: Lane) -> Hello {
    Hello {
        version: PROTOCOL_VERSION,
        cluster_id: CLUSTER,
        node_id: 9,
        incarnation: 1,
        target_id,
        lane,
        peer_address: "somewhere:1".to_owned(),
        sql_address: String::new(),
    }
}

/// Sends bytes to a node and reads what it answers until it closes the connection.
fn knock(address: &str, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // It may close before it has taken everything.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    answer
}

fn refusal(answer: &[u8]) -> Refusal {
    let mut reader = FrameReader::new(None);
    reader.buffer_mut().extend_from_slice(answer);
    let frame = reader.next().unwrap().unwrap();
    assert_eq!(frame.kind, FrameKind::Refusal);
    Refusal::parse(&frame.payload).unwrap()
}

/// The entries of appends or feeds that arrive, until `last`.
fn collect_entries(node: &TestNode, from: NodeId, last: u64, is_feed: bool) -> Vec<Entry> {
    let mut collected: Vec<Entry> = Vec::new();
    while collected.last().is_none_or(|entry| entry.index.get() < last) {
        let (sender, message) = node.wait_message();
        assert_eq!(sender, from);
        match message {
            Message::Append { prev_index, entries, commit, .. } if !is_feed => {
                assert_eq!((prev_index.get(), commit.get()), (collected.len() as u64, last));
                collected.extend(entries);
            }
            Message::Feed { prev_index, entries, commit, .. } if is_feed => {
                assert_eq!((prev_index.get(), commit.get()), (collected.len() as u64, last));
                collected.extend(entries);
            }
            other => panic!("not asked for: {other:?}"),
        }
    }
    collected
}

#[test]
fn messages_and_entries_of_all_sizes_arrive_as_they_were() {
    let mut receiver = TestNode::new(2);
    let address = receiver.listen();
    for compression in [Compression::None, Compression::Lz4 { threshold_bytes: 1_000 }] {
        let mut sender = TestNode::new(1);
        sender.context.compression = compression;
        let mut links = PeerLinks::new(sender.context.clone());
        links.reconcile(&[(receiver.id(), address.clone())]).unwrap();
        sender.wait_linked(receiver.id());
        links.send(
            receiver.id(),
            Outbound::Message(Message::Commit { term: Term::new(1), commit: LogIndex::new(4) }),
        );
        let (from, message) = receiver.wait_message();
        assert_eq!(
            (from, message),
            (sender.id(), Message::Commit { term: Term::new(1), commit: LogIndex::new(4) })
        );

        let sizes = [10, 5_000, 0, 4_096, 4_097, 3_000_000, 7, 700_000, 700_000, 12];
        let entries = sender.push_entries(&sizes);
        for is_feed in [false, true] {
            links.send(receiver.id(), sender.order(sizes.len() as u64, is_feed));
            let collected = collect_entries(&receiver, sender.id(), sizes.len() as u64, is_feed);
            assert_eq!(collected, entries);
        }
        let compressed = sender.context.counters.snapshot();
        let compressed =
            compressed.iter().find(|(name, _)| *name == "Quorate_peer_frames_compressed").unwrap().1;
        assert_eq!(compressed > 0, compression != Compression::None);
    }
    assert_eq!(receiver.refused(RefusedKind::Checksum), 0);
}

#[test]
fn a_heartbeat_does_not_wait_behind_entries() {
    // Somebody who takes hellos on both lanes and then reads the heartbeat lane only.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let sender = TestNode::new(1);
    let mut links = PeerLinks::new(sender.context.clone());
    let peer = NodeId::new(2);
    links.reconcile(&[(peer, address)]).unwrap();
    let lanes = [welcome(&listener, 2), welcome(&listener, 2)];
    sender.wait_connected(peer);
    sender.push_entries(&[4_000_000; 4]);
    links.send(peer, sender.order(4, false));
    wait_until("the heartbeat lane is there", || {
        links.send(peer, Outbound::Message(heartbeat_ack(7)));
        lanes.iter().any(|(lane, stream, _)| {
            let mut first = [0];
            stream.set_nonblocking(true).unwrap();
            *lane == Lane::Heartbeat && stream.peek(&mut first).is_ok()
        })
    });
}

/// Takes one connection and its hello as node `id`.
fn welcome(listener: &TcpListener, id: u64) -> (Lane, TcpStream, FrameReader) {
    let (mut stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut reader = FrameReader::new(None);
    let frame = loop {
        if let Some(frame) = reader.next().unwrap() {
            break frame;
        }
        let mut chunk = [0; 1_000];
        let count = stream.read(&mut chunk).unwrap();
        assert!(count > 0, "a hello");
        reader.buffer_mut().extend_from_slice(&chunk[..count]);
    };
    let hello = Hello::parse(&frame.payload).unwrap();
    let answer =
        Welcome { node_id: id, incarnation: 1, peer_address: String::new(), sql_address: String::new() };
    stream.write_all(&frame_of(FrameKind::Welcome, |out| answer.encode(out))).unwrap();
    (hello.lane, stream, reader)
}

fn frame_of(kind: FrameKind, body: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    frame(CLUSTER, kind, body)
}

/// Threads of this process whose name begins so.
fn threads(name: &str) -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")).ok());
    names.filter(|found| found.starts_with(name)).count()
}

#[test]
fn links_follow_the_members() {
    let mut first = TestNode::new(2);
    let first_address = first.listen();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent_address = silent.local_addr().unwrap().to_string();
    let sender = TestNode::new(1);
    let mut links = PeerLinks::new(sender.context.clone());
    let own = (sender.id(), "nobody:1".to_owned());

    links.reconcile(&[own.clone(), (first.id(), first_address.clone())]).unwrap();
    sender.wait_linked(first.id());
    links.send(NodeId::new(3), Outbound::Message(heartbeat_ack(1)));

    let third = (NodeId::new(3), silent_address);
    links.reconcile(&[own.clone(), (first.id(), first_address.clone()), third]).unwrap();
    let lanes = [welcome(&silent, 3), welcome(&silent, 3)];
    sender.wait_linked(NodeId::new(3));
    wait_until("both lanes of both peers", || sender.admission.welcomes.lock().len() == 4);

    // A peer that never reads: the thread of its data lane is stuck in a write that no socket buffer can take.
    sender.push_entries(&[4_000_000; 8]);
    links.send(NodeId::new(3), sender.order(8, false));
    let data = lanes.iter().find(|(lane, ..)| *lane == Lane::Data).unwrap();
    assert!(data.1.peek(&mut [0]).unwrap() > 0);
    assert_eq!(threads("send-3-"), 2);
    let ended = Instant::now();
    links.reconcile(&[own.clone(), (first.id(), first_address)]).unwrap();
    wait_until("its threads end", || threads("send-3-") == 0);
    // A second is what is promised; the socket alone would take PEER_SEND_TIMEOUT, which is 5 s.
    assert!(ended.elapsed() < Duration::from_secs(3), "{:?}", ended.elapsed());
    drop(lanes);

    let mut moved = TestNode::new(2);
    let moved_address = moved.listen();
    links.reconcile(&[own, (moved.id(), moved_address)]).unwrap();
    sender.wait_linked(moved.id());
    links.send(
        moved.id(),
        Outbound::Message(Message::Commit { term: Term::new(1), commit: LogIndex::new(4) }),
    );
    assert!(matches!(moved.wait_message().1, Message::Commit { .. }));
}

#[test]
fn a_removed_node_is_cut_off_and_told_so() {
    let mut receiver = TestNode::new(2);
    let address = receiver.listen();
    let sender = TestNode::new(1);
    let mut links = PeerLinks::new(sender.context.clone());
    links.reconcile(&[(receiver.id(), address)]).unwrap();
    receiver.wait_connected(sender.id());
    receiver.admission.removed.lock().push(1);
    wait_until("the removed node hears of it", || {
        // It finds out when it sends.
        links.send(
            receiver.id(),
            Outbound::Message(Message::Commit { term: Term::new(1), commit: LogIndex::new(4) }),
        );
        let refusals = sender.admission.refusals.lock();
        refusals.iter().any(|(by, refusal)| *by == receiver.id() && refusal.reason == RefusalReason::Removed)
    });
    assert!(receiver.refused(RefusedKind::NotMember) > 0);
    assert!(sender.refused(RefusedKind::ByPeer) > 0);
}

#[test]
fn a_hello_that_is_not_right_is_refused_with_its_reason() {
    let mut node = TestNode::new(2);
    let address = node.listen();
    let say =
        |hello: &Hello| knock(&address, &frame(hello.cluster_id, FrameKind::Hello, |out| hello.encode(out)));

    let other_cluster = Hello { cluster_id: ClusterId::new(5), ..hello(2, Lane::Data) };
    assert_eq!(refusal(&say(&other_cluster)).reason, RefusalReason::OtherCluster);
    assert_eq!(refusal(&say(&hello(3, Lane::Data))).reason, RefusalReason::WrongTarget);
    let newer = Hello { version: PROTOCOL_VERSION + 1, ..hello(2, Lane::Data) };
    assert_eq!(refusal(&say(&newer)).reason, RefusalReason::OtherVersion);
    node.admission.removed.lock().push(9);
    assert_eq!(refusal(&say(&hello(2, Lane::Snapshot))).reason, RefusalReason::Removed);
    node.admission.removed.lock().clear();
    assert_eq!(knock(&address, b"GET / HTTP/1.1\r\nHost: nobody\r\n\r\n"), b"");
    assert_eq!(knock(&address, &frame_of(FrameKind::Consensus, |_| ())), b"");
    assert_eq!(knock(&address, &frame_of(FrameKind::Hello, |_| ())[..7]), b"");
    assert_eq!(knock(&address, b""), b"", "a health check: not worth a word");

    for kind in [
        RefusedKind::OtherCluster,
        RefusedKind::WrongTarget,
        RefusedKind::Version,
        RefusedKind::NotMember,
        RefusedKind::Malformed,
        RefusedKind::UnknownKind,
        RefusedKind::Cut,
    ] {
        wait_until("it is counted", || node.refused(kind) == 1);
    }
    assert_eq!(node.refused(RefusedKind::Silent), 0);
    assert!(node.events.is_empty(), "nothing came through");
}

/// Says hello as node 9 and sends `bytes`, all of which must be well before what is wrong with them.
fn flood(address: &str, bytes: &[u8]) {
    let mut all = frame_of(FrameKind::Hello, |out| hello(2, Lane::Heartbeat).encode(out));
    all.extend_from_slice(bytes);
    knock(address, &all);
}

#[test]
fn a_flood_of_frames_is_taken_and_ends_with_the_first_that_is_wrong() {
    let mut node = TestNode::new(2);
    let address = node.listen();
    let good: Vec<u8> = (0..20_000_u64)
        .flat_map(|seq| frame_of(FrameKind::Consensus, |out| consensus::encode(&heartbeat_ack(seq), out)))
        .collect();
    let one = frame_of(FrameKind::Consensus, |out| consensus::encode(&heartbeat_ack(1), out));
    let mut wrong_checksum = one.clone();
    *wrong_checksum.last_mut().unwrap() ^= 1;
    let mut absurd_length = one.clone();
    absurd_length[12..16].copy_from_slice(&u32::MAX.to_le_bytes());
    let mut newer_frame = one.clone();
    newer_frame[4] += 1;
    let other_cluster = frame(ClusterId::new(5), FrameKind::Consensus, |out| out.extend_from_slice(b"x"));
    let newer_message = frame_of(FrameKind::Consensus, |out| out.extend_from_slice(&[0xff, 1]));
    let no_message = frame_of(FrameKind::Consensus, |_| ());
    let bomb = frame_of(FrameKind::CompressedConsensus, |out| out.extend_from_slice(&[0, 0, 0, 4, 0x1f, 0]));
    let replayed_hello = frame_of(FrameKind::Hello, |out| hello(2, Lane::Heartbeat).encode(out));
    let cases = [
        (RefusedKind::Checksum, 1, wrong_checksum),
        (RefusedKind::Length, 1, absurd_length),
        (RefusedKind::Version, 1, newer_frame),
        (RefusedKind::OtherCluster, 1, other_cluster),
        (RefusedKind::Version, 2, newer_message),
        (RefusedKind::Malformed, 1, no_message),
        (RefusedKind::Malformed, 2, bomb),
        (RefusedKind::UnknownKind, 1, replayed_hello),
        (RefusedKind::Cut, 1, one[..one.len() - 1].to_vec()),
    ];
    std::thread::scope(|scope| {
        scope.spawn(|| flood(&address, &good));
        for seq in 0..20_000 {
            assert_eq!(node.wait_message(), (NodeId::new(9), heartbeat_ack(seq)));
        }
    });
    for (kind, times, wrong) in cases {
        // What comes after it is not taken any more, unless the stream ends with it.
        let end = if kind == RefusedKind::Cut { &[][..] } else { &one[..] };
        flood(&address, &[&one[..], &wrong[..], end].concat());
        assert_eq!(node.wait_message().1, heartbeat_ack(1), "what came before it");
        wait_until("it is counted", || node.refused(kind) == times);
        assert!(node.events.is_empty(), "{kind:?}");
    }
}
