//! Clients that wait: for the quorum, for room, for a lock. None is told anything wrong, and none keeps what it has when it goes.

#![expect(clippy::unwrap_used, reason = "a test: what fails here fails the test")]

use std::time::{Duration, Instant};

use client::blocking::{Connection, Error};
use cluster_tests::process::allow_files;
use cluster_tests::{TestCluster, connect};

/// Clients that insert at once.
const CLIENTS: usize = 300;
/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long things that happen at once may take on a busy machine.
const SOON: Duration = Duration::from_secs(15);
/// How long there is no quorum: longer than a leader without one goes on, shorter than it lets clients wait for an outcome.
const NO_QUORUM: Duration = Duration::from_secs(3);
/// Of nothing being acknowledged without a quorum.
const WATCHED: Duration = Duration::from_millis(700);

/// Clients that each insert rows, one after the other, all on this one thread.
struct Inserters {
    clients: Vec<Connection>,
    /// Rows that were acknowledged, by client: all numbers below.
    next: Vec<u64>,
    acknowledged: u64,
    /// Inserts that were certainly rolled back, and are tried again.
    refused: u64,
}

impl Inserters {
    fn connect(address: &str) -> Inserters {
        allow_files(CLIENTS as u64 + 200);
        let clients = (0..CLIENTS).map(|_| connect(address, PATIENCE).unwrap()).collect();
        Inserters { clients, next: vec![0; CLIENTS], acknowledged: 0, refused: 0 }
    }

    fn send(&mut self, client: usize) {
        let insert = format!("INSERT INTO d.t VALUES ({client}, {})", self.next[client]);
        self.clients[client].send_query(&insert).unwrap();
    }

    fn send_all(&mut self) {
        (0..CLIENTS).for_each(|client| self.send(client));
    }

    /// Takes the answers to what was sent.
    fn answers(&mut self) {
        for client in 0..CLIENTS {
            match self.clients[client].read_answer() {
                Ok(_) => {
                    self.next[client] += 1;
                    self.acknowledged += 1;
                }
                // The leadership was lost, and the insert with it.
                Err(Error::Server(error)) if matches!(error.code, 1053 | 1290) => self.refused += 1,
                Err(error) => panic!("client {client}: {error}"),
            }
        }
    }

    /// What is there is what was acknowledged, on all nodes.
    fn assert_true(&self, cluster: &TestCluster) {
        let sums = "SELECT COUNT(*) FROM d.t WHERE client < 1000";
        let gaps = "SELECT COUNT(*) FROM (SELECT client, COUNT(*) AS n, MAX(number) AS last FROM d.t
                    GROUP BY client) AS per_client WHERE n <> last + 1";
        for id in cluster.others(&[]) {
            assert_eq!(cluster.number(id, sums), Some(self.acknowledged), "node {id}");
            assert_eq!(cluster.number(id, gaps), Some(0), "node {id}");
        }
        cluster.assert_equal_nodes(PATIENCE);
    }
}

fn start() -> TestCluster {
    let cluster = TestCluster::start(3);
    let mut connection = cluster.connect_leader();
    connection.query("CREATE DATABASE d").unwrap();
    connection.query("CREATE TABLE d.t (client INT, number INT, PRIMARY KEY (client, number))").unwrap();
    connection.query("CREATE TABLE d.u (id INT PRIMARY KEY, v LONGTEXT)").unwrap();
    connection.query("INSERT INTO d.u VALUES (1, 'one'), (2, 'two')").unwrap();
    cluster
}

/// Waits until a session, found by its id, is in this state on a node.
fn wait_for_state(cluster: &TestCluster, node: u64, session: u32, state: &str) {
    let sql = format!("SELECT STATE FROM information_schema.PROCESSLIST WHERE ID = {session}");
    cluster.wait_until(state, SOON, || cluster.value(node, &sql).is_some_and(|shown| shown.contains(state)));
}

fn wait_until_gone(cluster: &TestCluster, node: u64, session: u32) {
    let sql = format!("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = {session}");
    cluster.wait_until("the session has ended", SOON, || cluster.number(node, &sql) == Some(0));
}

fn kill(cluster: &TestCluster, node: u64, what: &str, session: u32) {
    cluster.connect(node).query(&format!("KILL {what} {session}")).unwrap();
}

fn code(result: client::blocking::Result<client::blocking::QueryResult>) -> Option<u16> {
    match result {
        Ok(_) => None,
        Err(error) => Some(error.code().unwrap_or_else(|| panic!("{error}"))),
    }
}

/// Pauses the followers, and resumes them when it goes.
struct NoQuorum<'a>(&'a TestCluster, Vec<u64>);

impl NoQuorum<'_> {
    fn begin(cluster: &TestCluster, leader: u64) -> NoQuorum<'_> {
        let followers = cluster.others(&[leader]);
        followers.iter().for_each(|id| cluster.pause(*id));
        NoQuorum(cluster, followers)
    }
}

impl Drop for NoQuorum<'_> {
    fn drop(&mut self) {
        self.1.iter().for_each(|id| self.0.resume(*id));
    }
}

#[test]
fn three_hundred_clients_wait_for_the_quorum_and_learn_what_became_of_each() {
    let cluster = start();
    let leader = cluster.wait_for_leader(SOON);
    let mut inserters = Inserters::connect(&cluster.node(leader).client_address);
    inserters.send_all();
    inserters.answers();
    assert_eq!((inserters.acknowledged, inserters.refused), (CLIENTS as u64, 0));

    // One follower less is no concern of theirs.
    let slow = cluster.others(&[leader])[0];
    cluster.pause(slow);
    for _ in 0..10 {
        inserters.send_all();
        inserters.answers();
    }
    cluster.resume(slow);
    assert_eq!((inserters.acknowledged, inserters.refused), (11 * CLIENTS as u64, 0));

    for round in 0..2 {
        let leader = cluster.wait_for_leader(SOON);
        if cluster.node(leader).client_address != inserters.clients[0].address() {
            // Theirs leads no more, and has told each of them.
            let moved = Inserters::connect(&cluster.node(leader).client_address);
            inserters.clients = moved.clients;
        }
        let no_quorum = NoQuorum::begin(&cluster, leader);
        let started = Instant::now();
        inserters.send_all();
        // Reads of what was committed before are not held up by what waits.
        let mut reader = cluster.connect(leader);
        reader.query("SET quorate_read_consistency = EVENTUAL").unwrap();
        let count = "SELECT COUNT(*) FROM d.t";
        let before = inserters.acknowledged.to_string();
        cluster.always("nothing is committed", WATCHED, || {
            reader.query(count).unwrap().scalar().as_deref() == Some(&before)
        });
        std::thread::sleep(NO_QUORUM.saturating_sub(started.elapsed()));
        drop(no_quorum);
        inserters.answers();
        println!(
            "round {round}: {:?}; {} acknowledged, {} refused",
            started.elapsed(),
            inserters.acknowledged,
            inserters.refused
        );
        cluster.wait_for_leader(SOON);
        inserters.assert_true(&cluster);
    }
}

#[test]
fn a_client_that_goes_while_it_waits_for_the_quorum_leaves_nothing_behind() {
    let cluster = start();
    let leader = cluster.wait_for_leader(SOON);
    let mut client = cluster.connect(leader);
    let session = client.connection_id();
    client.query("BEGIN").unwrap();
    client.query("UPDATE d.u SET v = 'changed' WHERE id = 1").unwrap();
    client.query("INSERT INTO d.t VALUES (1, 1)").unwrap();
    let no_quorum = NoQuorum::begin(&cluster, leader);
    client.send_query("COMMIT").unwrap();
    wait_for_state(&cluster, leader, session, "quorum");
    drop(client);
    drop(no_quorum);
    wait_until_gone(&cluster, leader, session);
    let next = cluster.wait_for_leader(SOON);
    let both = "SELECT (SELECT COUNT(*) FROM d.t) = (SELECT COUNT(*) FROM d.u WHERE v = 'changed')";
    assert_eq!(cluster.number(next, both), Some(1), "half of it happened");
    // Its locks are gone.
    cluster.connect(next).query("UPDATE d.u SET v = 'again' WHERE id = 1").unwrap();
    cluster.assert_equal_nodes(PATIENCE);
}

/// A client that goes while it waits for a lock is found out when it has the lock: then its transaction is rolled back.
#[test]
fn a_client_that_goes_while_it_waits_for_a_lock_is_rolled_back() {
    let cluster = start();
    let leader = cluster.wait_for_leader(SOON);
    let (mut holder, mut client) = (cluster.connect(leader), cluster.connect(leader));
    let session = client.connection_id();
    holder.query("BEGIN").unwrap();
    holder.query("UPDATE d.u SET v = 'held' WHERE id = 1").unwrap();
    client.query("BEGIN").unwrap();
    client.query("UPDATE d.u SET v = 'never' WHERE id = 2").unwrap();
    client.send_query("UPDATE d.u SET v = 'never' WHERE id = 1").unwrap();
    wait_for_state(&cluster, leader, session, "lock");
    drop(client);
    holder.query("COMMIT").unwrap();
    wait_until_gone(&cluster, leader, session);
    holder.query("UPDATE d.u SET v = 'free' WHERE id = 2").unwrap();
    let values = "SELECT GROUP_CONCAT(v ORDER BY id) FROM d.u";
    assert_eq!(cluster.value(leader, values).as_deref(), Some("held,free"));
}

#[test]
fn a_killed_session_ends_where_it_waits_but_never_with_a_wrong_answer() {
    let cluster = start();
    let leader = cluster.wait_for_leader(SOON);

    // For a lock: the statement ends, its transaction goes on; or the session ends, and its transaction with it.
    let mut holder = cluster.connect(leader);
    holder.query("BEGIN").unwrap();
    holder.query("UPDATE d.u SET v = 'held' WHERE id = 1").unwrap();
    for what in ["QUERY", "CONNECTION"] {
        let mut client = cluster.connect(leader);
        client.query("BEGIN").unwrap();
        client.query(&format!("UPDATE d.u SET v = '{what}' WHERE id = 2")).unwrap();
        client.send_query("UPDATE d.u SET v = 'never' WHERE id = 1").unwrap();
        wait_for_state(&cluster, leader, client.connection_id(), "lock");
        kill(&cluster, leader, what, client.connection_id());
        assert_eq!(code(client.read_answer()), Some(1317), "KILL {what}");
        if what == "QUERY" {
            client.query("COMMIT").unwrap();
        } else {
            wait_until_gone(&cluster, leader, client.connection_id());
        }
    }
    holder.query("ROLLBACK").unwrap();
    let values = "SELECT GROUP_CONCAT(v ORDER BY id) FROM d.u";
    assert_eq!(cluster.value(leader, values).as_deref(), Some("one,QUERY"));

    // For the quorum: the answer is what becomes of it.
    for (number, what) in ["QUERY", "CONNECTION"].iter().enumerate() {
        let leader = cluster.wait_for_leader(SOON);
        let mut client = cluster.connect(leader);
        let no_quorum = NoQuorum::begin(&cluster, leader);
        client.send_query(&format!("INSERT INTO d.t VALUES (1, {number})")).unwrap();
        wait_for_state(&cluster, leader, client.connection_id(), "quorum");
        kill(&cluster, leader, what, client.connection_id());
        drop(no_quorum);
        let told = code(client.read_answer());
        let next = cluster.wait_for_leader(SOON);
        let there = cluster.number(next, &format!("SELECT COUNT(*) FROM d.t WHERE number = {number}"));
        match told {
            None => assert_eq!(there, Some(1), "KILL {what}: acknowledged"),
            Some(1053) => assert_eq!(there, Some(0), "KILL {what}: rolled back"),
            other => panic!("KILL {what}: {other:?}, and it is there {there:?} times"),
        }
    }
    cluster.assert_equal_nodes(PATIENCE);
}
