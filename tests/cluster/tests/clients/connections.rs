//! Thousands of clients with open transactions: they cost memory, and no threads, whether they are idle, wait for a lock or for the quorum.

#![expect(clippy::unwrap_used, reason = "a test: what fails here fails the test")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use client::blocking::Connection;
use cluster_tests::process::{ThreadWatch, allow_files, memory_bytes, threads};
use cluster_tests::{Layout, TestCluster, connect};

/// Clients at once.
const CLIENTS: usize = 5_000;
/// The row that all change; each has one of its own as well, from 1.
const HOT: usize = 0;
/// Files that the clients need, with what the test has besides.
const FILES: u64 = CLIENTS as u64 + 200;
/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// Threads more than before that are not the clients': those of long reads, which the runtime keeps for a while.
const THREADS_MORE_MAX: usize = 2;
/// Memory that a client with an open transaction may cost.
const CLIENT_BYTES_MAX: u64 = 40 << 10;
/// One way between two nodes, on the slow links.
const ONE_WAY: Duration = Duration::from_millis(15);
/// How long the commits of all may take over these links; one after the other they would take 150 s.
const COMMITS_MAX: Duration = Duration::from_secs(6);

/// How many threads there are of each name.
type Threads = BTreeMap<String, usize>;

/// The clients, all on this one thread.
struct Crowd(Vec<Connection>);

impl Crowd {
    fn connect(address: &str) -> Crowd {
        allow_files(FILES);
        Crowd((0..CLIENTS).map(|_| connect(address, PATIENCE).unwrap()).collect())
    }

    /// Sends each its statement, by the number of its own row.
    fn send(&mut self, sql: impl Fn(usize) -> String) {
        for (place, connection) in self.0.iter_mut().enumerate() {
            connection.send_query(&sql(place + 1)).unwrap();
        }
    }

    /// Reads all answers, which are to be OK; their first values.
    fn answers(&mut self) -> Vec<Option<String>> {
        let answer = |(place, connection): (usize, &mut Connection)| match connection.read_answer() {
            Ok(result) => result.scalar(),
            Err(error) => panic!("client {}: {error}", place + 1),
        };
        self.0.iter_mut().enumerate().map(answer).collect()
    }

    fn all(&mut self, sql: impl Fn(usize) -> String) -> Vec<Option<String>> {
        self.send(sql);
        self.answers()
    }

    /// Opens a transaction for each, which reads and changes its row.
    fn begin_and_change(&mut self) {
        self.all(|_| "BEGIN".to_owned());
        let read = self.all(|id| format!("SELECT v FROM d.t WHERE id = {id} FOR UPDATE"));
        let changed = self.all(|id| format!("UPDATE d.t SET v = v + {id} WHERE id = {id}"));
        assert_eq!((read.len(), changed.len()), (CLIENTS, CLIENTS));
    }
}

/// `d.t` with a row for each client and a hot one.
fn prepare(cluster: &TestCluster) {
    let mut connection = cluster.connect_leader();
    connection.query("CREATE DATABASE d").unwrap();
    connection.query("CREATE TABLE d.t (id INT PRIMARY KEY, v BIGINT NOT NULL)").unwrap();
    let ids: Vec<usize> = (HOT..=CLIENTS).collect();
    for part in ids.chunks(1_000) {
        let rows: Vec<String> = part.iter().map(|id| format!("({id}, 0)")).collect();
        connection.query(&format!("INSERT INTO d.t VALUES {}", rows.join(", "))).unwrap();
    }
}

/// Each row was changed by its client, this many times.
fn assert_changed(cluster: &TestCluster, times: usize) {
    let wrong = format!("SELECT COUNT(*) FROM d.t WHERE id > {HOT} AND v <> id * {times}");
    for id in cluster.others(&[]) {
        assert_eq!(cluster.number(id, &wrong), Some(0), "node {id}");
        assert_eq!(cluster.number(id, "SELECT COUNT(*) FROM d.t"), Some(CLIENTS as u64 + 1), "node {id}");
    }
}

fn assert_no_more(now: &Threads, before: &Threads, while_they: &str) {
    // The engine's threads for the disk come when it first writes, and at first have the name of the one that writes.
    let is_counted = |name: &String| !name.starts_with("sled-io") && name != "flush";
    let count = |threads: &Threads| {
        threads.iter().filter(|(name, _)| is_counted(name)).map(|(_, count)| count).sum::<usize>()
    };
    println!("{} threads while they {while_they}, {} before", count(now), count(before));
    assert!(
        count(now) <= count(before) + THREADS_MORE_MAX,
        "while they {while_they} there are {now:?}; before there were {before:?}"
    );
}

#[test]
fn five_thousand_open_transactions_hold_no_threads() {
    let cluster = TestCluster::start(3);
    prepare(&cluster);
    let leader = cluster.wait_for_leader(Duration::from_secs(10));
    let process = cluster.process_id(leader);
    let (before, memory) = (threads(process), memory_bytes(process));

    let watch = ThreadWatch::start(process);
    let mut crowd = Crowd::connect(&cluster.node(leader).client_address);
    let connected = memory_bytes(process);
    crowd.begin_and_change();
    let open = memory_bytes(process);
    assert_no_more(&watch.most(), &before, "open their transactions");
    assert_no_more(&threads(process), &before, "are idle in their transactions");
    let each = |now: u64| now.saturating_sub(memory) / CLIENTS as u64;
    println!("{} bytes a connection, {} with an open transaction", each(connected), each(open));
    assert!(each(open) < CLIENT_BYTES_MAX, "{} bytes a client", each(open));

    let watch = ThreadWatch::start(process);
    let started = Instant::now();
    crowd.all(|_| "COMMIT".to_owned());
    println!("{CLIENTS} commits at once took {:?}", started.elapsed());
    assert_no_more(&watch.most(), &before, "commit");
    assert_changed(&cluster, 1);

    // They all wait for one lock, each in a transaction, and one after the other has it.
    let mut holder = cluster.connect(leader);
    holder.query("BEGIN").unwrap();
    let watch = ThreadWatch::start(process);
    holder.query(&format!("UPDATE d.t SET v = 0 WHERE id = {HOT}")).unwrap();
    crowd.send(|_| format!("UPDATE d.t SET v = v + 1 WHERE id = {HOT}"));
    cluster.wait_until("all wait for the lock", PATIENCE, || {
        cluster.number(
            leader,
            "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE = 'waiting for lock'",
        ) == Some(CLIENTS as u64)
    });
    holder.query("COMMIT").unwrap();
    crowd.answers();
    assert_no_more(&watch.most(), &before, "wait for one lock");
    assert_eq!(cluster.number(leader, &format!("SELECT v FROM d.t WHERE id = {HOT}")), Some(CLIENTS as u64));
    cluster.assert_equal_nodes(PATIENCE);
}

#[test]
fn five_thousand_commits_over_a_slow_link_take_a_few_round_trips() {
    let cluster = Layout::of(3).start_slow(ONE_WAY);
    prepare(&cluster);
    let leader = cluster.wait_for_leader(Duration::from_secs(10));
    let process = cluster.process_id(leader);
    let before = threads(process);
    let mut alone = cluster.connect(leader);
    let started = Instant::now();
    alone.query(&format!("UPDATE d.t SET v = 1 WHERE id = {HOT}")).unwrap();
    let one = started.elapsed();
    assert!(one >= 2 * ONE_WAY, "the link is not slow: {one:?}");

    let mut crowd = Crowd::connect(&cluster.node(leader).client_address);
    crowd.begin_and_change();
    let watch = ThreadWatch::start(process);
    let started = Instant::now();
    crowd.all(|_| "COMMIT".to_owned());
    let took = started.elapsed();
    println!("a commit takes {one:?}, {CLIENTS} at once {took:?}");
    assert_no_more(&watch.most(), &before, "commit over a slow link");
    assert!(took < COMMITS_MAX, "{took:?}");
    assert_changed(&cluster, 1);
    cluster.assert_equal_nodes(PATIENCE);
}
