//! Followers keep up: while a leader takes all the inserts it can on the same machine, every follower has applied what was committed
//! within a second.

#![expect(clippy::unwrap_used, reason = "a test: what fails here fails the test")]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cluster_tests::{TestCluster, connect};

/// Sessions that insert.
const SESSIONS: u64 = 32;
/// Rows of one statement.
const ROWS: u64 = 4;
/// How long they do.
const LOAD: Duration = Duration::from_secs(20);
/// How far a follower may be behind.
const LAG_MAX: Duration = Duration::from_secs(1);
/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(100);

#[test]
fn followers_keep_up_with_a_full_insert_load() {
    let cluster = TestCluster::start(3);
    let leader = cluster.wait_for_leader(Duration::from_secs(20));
    let mut connection = cluster.connect(leader);
    connection.query("CREATE DATABASE d").unwrap();
    for table in 0..4 {
        let columns = "id BIGINT AUTO_INCREMENT PRIMARY KEY, k INT NOT NULL, pad VARCHAR(120), KEY (k)";
        connection.query(&format!("CREATE TABLE d.t{table} ({columns})")).unwrap();
    }
    for id in cluster.others(&[leader]) {
        // The default, one thread, and the default again, as they go on.
        assert_eq!(cluster.value(id, "SELECT @@replica_parallel_workers").as_deref(), Some("4"));
    }
    let (stop, inserted) = (AtomicBool::new(false), AtomicU64::new(0));
    let address = &cluster.node(leader).client_address;
    let insert = |session: u64| {
        let mut connection = connect(address, Duration::from_secs(20)).unwrap();
        let row =
            |number: u64| format!("({}, REPEAT('p', 100))", (session * 7_919 + number * 104_729) % 100_000);
        let mut number = 0;
        while !stop.load(Ordering::Relaxed) {
            let rows: Vec<String> = (0..ROWS)
                .map(|_| {
                    number += 1;
                    row(number)
                })
                .collect();
            let sql = format!("INSERT INTO d.t{} (k, pad) VALUES {}", session % 4, rows.join(","));
            connection.query(&sql).unwrap();
            inserted.fetch_add(ROWS, Ordering::Relaxed);
        }
    };
    let most = std::thread::scope(|scope| {
        for session in 0..SESSIONS {
            scope.spawn(move || insert(session));
        }
        let most = watch(&cluster, leader);
        stop.store(true, Ordering::Relaxed);
        most
    });
    let rows = inserted.load(Ordering::Relaxed);
    println!("{} rows/s; followers were at most {most:?} behind", rows / LOAD.as_secs());
    assert!(most < LAG_MAX, "a follower was {most:?} behind");
    assert!(rows > 10_000, "that is no load: {rows} rows");
    cluster.assert_equal_nodes(Duration::from_secs(30));
}

/// Looks for the time of the load how long each follower takes to have what the leader had committed; the longest.
fn watch(cluster: &TestCluster, leader: u64) -> Duration {
    let followers = cluster.others(&[leader]);
    let mut connections: Vec<_> = followers.iter().map(|id| cluster.connect(*id)).collect();
    let mut asked = cluster.connect(leader);
    let index_sql = "SELECT @@quorate_commit_index";
    let (started, mut most) = (Instant::now(), Duration::ZERO);
    let mut round = 0;
    while started.elapsed() < LOAD {
        let committed: u64 = asked.query(index_sql).unwrap().scalar().unwrap().parse().unwrap();
        let since = Instant::now();
        for (connection, id) in connections.iter_mut().zip(&followers) {
            loop {
                let answer = connection.query(index_sql).unwrap().scalar().unwrap();
                if answer.parse::<u64>().unwrap() >= committed {
                    break;
                }
                assert!(since.elapsed() < 10 * LAG_MAX, "node {id} does not follow\n{}", cluster.logs());
            }
            let lag = connection.query("SHOW GLOBAL STATUS LIKE 'Quorate_apply_lag_ms'").unwrap();
            let lag: u64 = lag.text(0, 1).unwrap().parse().unwrap();
            most = most.max(since.elapsed()).max(Duration::from_millis(lag));
        }
        round += 1;
        if round % 40 == 0 {
            // As many threads as it likes, one, and so on: followers keep up with each.
            let workers = if round % 80 == 0 { 4 } else { 1 };
            for connection in &mut connections {
                connection.query(&format!("SET GLOBAL replica_parallel_workers = {workers}")).unwrap();
            }
        }
        std::thread::sleep(LOOK);
    }
    most
}
