//! Nodes that are behind the beginning of everybody's log: they get a snapshot by themselves, whatever dies in between.

#![expect(clippy::unwrap_used, reason = "tests: what fails here fails the test")]

use std::path::Path;
use std::time::{Duration, Instant};

use client::blocking::Connection;
use cluster_tests::question::read_strongly;
use cluster_tests::{Layout, TestCluster};

/// A log that is let go of soon.
const SMALL_LOG: [&str; 6] = ["--log-keep-mib", "1", "--log-max-mib", "2", "--log-segment-mib", "1"];
/// How long it may take until a log is purged: the upkeep looks every 2 s.
const PURGED_MAX: Duration = Duration::from_secs(30);
/// How long a node may take to get and load a snapshot of some MiB.
const SEEDED_MAX: Duration = Duration::from_secs(60);
/// Bytes of one row.
const ROW_BYTES: usize = 60_000;

/// The consensus thread hears of a purge after the files are gone; until then it goes on sending what is in memory.
const PURGE_TOLD_MAX: Duration = Duration::from_secs(1);

fn prepare(cluster: &TestCluster) {
    let mut connection = cluster.connect_leader();
    connection.query("CREATE DATABASE d").unwrap();
    connection.query("CREATE TABLE d.t (id INT PRIMARY KEY, v MEDIUMTEXT, n INT, KEY (n))").unwrap();
}

/// Writes rows of together `mib` MiB, numbered from `from` on.
fn write(connection: &mut Connection, from: usize, mib: usize) {
    for id in from..from + (mib << 20).div_ceil(ROW_BYTES) {
        let sql = format!("INSERT INTO d.t VALUES ({id}, REPEAT('{}', {ROW_BYTES}), {})", id % 10, id % 7);
        connection.query(&sql).unwrap();
    }
}

/// First index that a node's log holds.
fn first_index(cluster: &TestCluster, id: u64) -> Option<u64> {
    cluster.connect(id).query("CALL dbms_consensus.show_logs()").ok()?.text(0, 2)?.parse().ok()
}

/// Waits until the logs of all nodes that run begin behind an index.
fn purged_past(cluster: &TestCluster, index: u64) {
    cluster.wait_until("the log is purged", PURGED_MAX, || {
        cluster.others(&[]).iter().all(|id| first_index(cluster, *id).is_some_and(|first| first > index + 1))
    });
}

/// Bytes under a folder.
fn bytes_in(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let size = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => bytes_in(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    };
    entries.flatten().map(size).sum()
}

/// Three nodes, one of them down and behind the others' logs: the leader, the one that is down, the other.
fn one_is_behind(flags: &[&str], mib: usize) -> (TestCluster, u64, u64, u64) {
    let mut cluster = Layout::of(3).flags(&SMALL_LOG).flags(flags).start();
    prepare(&cluster);
    cluster.assert_equal_nodes(SEEDED_MAX);
    let leader = cluster.wait_for_leader(SEEDED_MAX);
    let (behind, other) = (cluster.others(&[leader])[0], cluster.others(&[leader])[1]);
    let index = cluster.commit_index(behind).unwrap();
    cluster.kill(behind);
    write(&mut cluster.connect_leader(), 0, mib);
    purged_past(&cluster, index);
    std::thread::sleep(PURGE_TOLD_MAX);
    (cluster, leader, behind, other)
}

/// Polls a condition much faster than [`TestCluster::wait_until`], to hit a short moment.
fn catch(cluster: &TestCluster, what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < SEEDED_MAX, "not seen: {what}\n{}", cluster.logs());
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Which node a snapshot is fetched from, as the last line about it says.
fn source_of(cluster: &TestCluster, behind: u64) -> u64 {
    let log = cluster.log(behind);
    let rest = log.rsplit("fetching a snapshot from node ").next().unwrap();
    rest.split(|character: char| !character.is_ascii_digit()).next().unwrap().parse().unwrap()
}

#[test]
fn a_node_behind_the_log_is_seeded_by_itself_and_nobody_is_disturbed() {
    let (mut cluster, leader, behind, _) = one_is_behind(&[], 24);
    let term = cluster.term(leader).unwrap();
    cluster.start_node(behind);
    let started = Instant::now();
    // Writes go on meanwhile.
    let mut connection = cluster.connect_leader();
    let mut id = 1_000_000;
    while !cluster.events(behind).contains("continuing from a snapshot") {
        id += 1;
        connection.query(&format!("INSERT INTO d.t VALUES ({id}, 'meanwhile', 0)")).unwrap();
        assert!(started.elapsed() < SEEDED_MAX, "not seeded\n{}", cluster.logs());
    }
    cluster.assert_equal_nodes(SEEDED_MAX);
    println!("seeded in {:?}, {} writes meanwhile", started.elapsed(), id - 1_000_000);
    assert_eq!(cluster.term(leader), Some(term), "there was an election during the snapshot");
    // It goes on as any other: with it and the leader alone there is a majority.
    let other = cluster.others(&[leader, behind])[0];
    cluster.kill(other);
    connection.query("INSERT INTO d.t VALUES (2000000, 'with it', 0)").unwrap();
    assert_eq!(cluster.term(leader), Some(term));
    // And it starts again from what it got.
    cluster.start_node(other);
    cluster.terminate(behind);
    cluster.start_node(behind);
    cluster.assert_equal_nodes(SEEDED_MAX);
}

/// The rows come before the schema is read: who waited for the rows must not read them by the schema of before.
#[test]
fn what_waits_for_a_snapshot_reads_it_by_the_schema_that_came_with_it() {
    let (mut cluster, _, behind, _) = one_is_behind(&[], 12);
    let mut connection = cluster.connect_leader();
    connection.query("TRUNCATE TABLE d.t").unwrap();
    connection.query("INSERT INTO d.t VALUES (1, 'a', 1), (2, 'b', 2)").unwrap();
    connection.query("CREATE TABLE d.made_meanwhile (id INT PRIMARY KEY)").unwrap();
    cluster.start_node(behind);
    cluster.wait_until("the node answers", SEEDED_MAX, || cluster.value(behind, "SELECT 1").is_some());
    let statements = [
        "SELECT COUNT(*) FROM d.t",
        "SELECT v FROM d.t WHERE id = 2",
        "SELECT COUNT(*) FROM d.made_meanwhile",
    ];
    let expected = ["2", "b", "0"];
    std::thread::scope(|scope| {
        for (sql, answer) in statements.iter().zip(expected) {
            let (cluster, started) = (&cluster, Instant::now());
            scope.spawn(move || {
                let mut connection = cluster.connect(behind);
                read_strongly(&mut connection, 30).unwrap();
                loop {
                    match connection.query(sql) {
                        Ok(result) => break assert_eq!(result.scalar().as_deref(), Some(answer), "{sql}"),
                        Err(error) => assert_eq!(error.code(), Some(1105), "{sql}: {error}"),
                    }
                    assert!(started.elapsed() < SEEDED_MAX, "{sql}: no answer");
                }
            });
        }
    });
    cluster.assert_equal_nodes(SEEDED_MAX);
}

#[test]
fn a_snapshot_survives_the_death_of_who_fetches_it_and_of_who_gives_it() {
    let (mut cluster, _, behind, _) = one_is_behind(&["--snapshot-mib-per-second", "2"], 12);
    let staged = cluster.node(behind).data.join("snapshot-in");
    // Killed in the middle of fetching.
    cluster.start_node(behind);
    catch(&cluster, "some MiB of the snapshot have come", || bytes_in(&staged) > 3 << 20);
    cluster.kill(behind);
    assert!(!cluster.log(behind).contains("continuing from a snapshot"), "that was the whole of it");
    // Who gives it dies.
    cluster.start_node(behind);
    let fetches = cluster.log(behind).matches("fetching a snapshot from node").count();
    catch(&cluster, "it fetches again", || {
        cluster.log(behind).matches("fetching a snapshot from node").count() > fetches.min(1)
    });
    let source = source_of(&cluster, behind);
    let had = bytes_in(&staged);
    catch(&cluster, "some more has come", || bytes_in(&staged) > had.max(1 << 20) + (1 << 20));
    cluster.kill(source);
    catch(&cluster, "it continues from a snapshot", || {
        cluster.log(behind).contains("continuing from a snapshot")
    });
    // Killed in the middle of loading.
    cluster.kill(behind);
    cluster.start_node(behind);
    cluster.start_node(source);
    cluster.wait_for_leader(SEEDED_MAX);
    cluster.assert_equal_nodes(SEEDED_MAX);
    cluster.connect_leader().query("INSERT INTO d.t VALUES (2000000, 'after', 0)").unwrap();
    cluster.assert_equal_nodes(SEEDED_MAX);
    let left = bytes_in(&staged);
    assert!(left < 1 << 20, "{left} bytes of the snapshot are still there");
}

#[test]
fn new_nodes_join_a_cluster_whose_log_does_not_reach_back() {
    let mut cluster = Layout::of(1).flags(&SMALL_LOG).start();
    prepare(&cluster);
    let index = cluster.commit_index(1).unwrap();
    write(&mut cluster.connect_leader(), 0, 6);
    purged_past(&cluster, index);
    let learner = cluster.join_node(1, "learner");
    let logger = cluster.join_node(1, "logger");
    cluster.assert_equal(&[1, learner], SEEDED_MAX);
    cluster.wait_until("the logger has its vote", SEEDED_MAX, || {
        cluster.role(1, logger).as_deref() == Some("Logger")
            && cluster.value(1, &format!("SELECT COUNT(*) FROM information_schema.ALISQL_CLUSTER_GLOBAL WHERE SERVER_ID = {logger} AND ROLE = 'Follower'"))
                .as_deref() == Some("1")
    });
    cluster.connect_leader().query("INSERT INTO d.t VALUES (2000000, 'after', 0)").unwrap();
    cluster.assert_equal(&[1, learner], SEEDED_MAX);
}

#[test]
fn the_log_is_purged_when_asked_as_far_as_nobody_needs_it() {
    let mut cluster = Layout::of(3).flags(&["--log-segment-mib", "1"]).start();
    prepare(&cluster);
    write(&mut cluster.connect_leader(), 0, 8);
    cluster.assert_equal_nodes(SEEDED_MAX);
    let leader = cluster.wait_for_leader(SEEDED_MAX);
    let (a, b) = (cluster.others(&[leader])[0], cluster.others(&[leader])[1]);
    let last = cluster.commit_index(leader).unwrap();
    assert!([1, 2, 3].iter().all(|id| first_index(&cluster, *id) == Some(1)), "nothing is purged unasked");

    // On one node, then on all.
    cluster.wait_until("the floor is known, and the log purged", PURGED_MAX, || {
        cluster.must_call(a, &format!("local_purge_log({})", last / 2));
        first_index(&cluster, a).is_some_and(|first| first > 1)
    });
    let first = first_index(&cluster, a).unwrap();
    assert!(first <= last / 2, "more than asked for: {first}");
    assert_eq!(first_index(&cluster, b), Some(1), "another node's log");
    cluster.must_call(b, &format!("purge_log({})", last / 2));
    cluster.wait_until("all are purged", PURGED_MAX, || {
        [leader, a, b].iter().all(|id| first_index(&cluster, *id).is_some_and(|first| first > 1))
    });

    // What a member lacks stays, unless forced.
    cluster.kill(b);
    let lacks = cluster.commit_index(leader).unwrap();
    write(&mut cluster.connect_leader(), 1_000, 4);
    let last = cluster.commit_index(leader).unwrap();
    cluster.must_call(leader, &format!("local_purge_log({last})"));
    cluster.always("what node is lacking stays", Duration::from_secs(1), || {
        first_index(&cluster, leader).is_some_and(|first| first <= lacks + 1)
    });
    for id in [leader, a] {
        cluster.must_call(id, &format!("force_purge_log({last})"));
    }
    purged_past(&cluster, lacks);
    cluster.start_node(b);
    cluster.assert_equal_nodes(SEEDED_MAX);
}

/// Also what is little: an idle node reads nothing again after a crash.
#[test]
fn what_is_committed_comes_to_the_engine_by_itself() {
    let cluster = Layout::of(3).start();
    prepare(&cluster);
    cluster.assert_equal_nodes(SEEDED_MAX);
    cluster.wait_until("every engine has everything", Duration::from_secs(20), || {
        [1, 2, 3].iter().all(|id| {
            let index = |name| cluster.status(*id, name).and_then(|text| text.parse::<u64>().ok());
            let watermark = index("Quorate_watermark");
            watermark.is_some_and(|index| index > 1) && index("Quorate_engine_index") == watermark
        })
    });
}

/// The heaviest node has lost its tables, and the log does not reach back: it is elected, since its log is as good as any, but it can
/// serve nobody for as long as it fetches them.
#[test]
fn a_leader_without_its_tables_lets_another_serve_meanwhile() {
    let mut cluster = Layout::of(3).flags(&SMALL_LOG).flags(&["--snapshot-mib-per-second", "1"]).start();
    prepare(&cluster);
    let index = cluster.commit_index(1).unwrap();
    write(&mut cluster.connect_leader(), 0, 12);
    purged_past(&cluster, index);
    let leader = cluster.wait_for_leader(SEEDED_MAX);
    let lost = cluster.others(&[leader])[0];
    cluster.must_call(leader, &format!("configure_follower({lost}, 9)"));
    cluster.assert_equal_nodes(SEEDED_MAX);
    let elected = |cluster: &TestCluster| cluster.log(lost).matches("INFO role leader").count();
    let before = elected(&cluster);
    for id in [1, 2, 3] {
        cluster.terminate(id);
    }
    std::fs::remove_dir_all(cluster.node(lost).data.join("store")).unwrap();
    for id in [1, 2, 3] {
        cluster.start_node(id);
    }
    let serving = cluster.wait_for_leader(SEEDED_MAX);
    cluster.connect(serving).query("INSERT INTO d.t VALUES (2000000, 'meanwhile', 0)").unwrap();
    let log = cluster.log(lost);
    assert!(!log.contains("snapshot loaded"), "nobody served before node {lost} had its tables again\n{log}");
    println!("node {lost} was elected {} times, node {serving} serves", elected(&cluster) - before);
    cluster.assert_equal_nodes(SEEDED_MAX);
    assert!(cluster.log(lost).contains("snapshot loaded"));
}
