//! Events on real processes: they run on the leader and nowhere else, each time once at most, whatever happens to the leader.

#![expect(clippy::unwrap_used, reason = "tests: what fails here fails the test")]

use std::thread;
use std::time::{Duration, Instant};

use client::blocking::Connection;
use cluster_tests::question::scalar;
use cluster_tests::{LEADER_TIMEOUT, TestCluster};

/// How long something that must happen may take.
const HAPPENS_WITHIN: Duration = Duration::from_secs(40);

/// Waits until a query gives what is wanted.
fn wait_for(connection: &mut Connection, sql: &str, is_it: impl Fn(&str) -> bool) -> String {
    let until = Instant::now() + HAPPENS_WITHIN;
    loop {
        let found = scalar(connection, sql);
        if is_it(&found) {
            return found;
        }
        assert!(Instant::now() < until, "{sql} is {found}");
        thread::sleep(Duration::from_millis(50));
    }
}

fn number(text: &str) -> u64 {
    text.parse().unwrap_or(0)
}

/// A table that has the time and the node of every run.
fn prepare(connection: &mut Connection) {
    for sql in [
        "CREATE DATABASE d",
        "CREATE TABLE d.runs (id INT AUTO_INCREMENT PRIMARY KEY, event VARCHAR(20), at DATETIME, node INT)",
    ] {
        connection.query(sql).unwrap();
    }
}

fn body(event: &str) -> String {
    format!("INSERT INTO d.runs (event, at, node) VALUES ('{event}', NOW(), @@server_id)")
}

#[test]
fn a_recurring_event_runs_on_the_leader_and_goes_on_with_the_next_one() {
    let mut cluster = TestCluster::start(3);
    let first = cluster.wait_for_leader(LEADER_TIMEOUT);
    let mut connection = cluster.connect(first);
    prepare(&mut connection);
    connection.query(&format!("CREATE EVENT d.tick ON SCHEDULE EVERY 1 SECOND DO {}", body("tick"))).unwrap();
    let made = "SELECT CREATED FROM information_schema.EVENTS WHERE EVENT_NAME = 'tick'";
    let made = scalar(&mut connection, made);
    let once = format!("CREATE EVENT d.once ON SCHEDULE AT NOW() DO {}", body("once"));
    connection.query(&once).unwrap();
    wait_for(&mut connection, "SELECT COUNT(*) FROM d.runs WHERE event = 'tick'", |count| number(count) >= 3);
    wait_for(
        &mut connection,
        "SELECT COUNT(*) FROM information_schema.EVENTS WHERE EVENT_NAME = 'once'",
        |count| count == "0",
    );
    assert_eq!(scalar(&mut connection, "SELECT COUNT(*) FROM d.runs WHERE event = 'once'"), "1");
    let shown = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = 'event_scheduler' AND COMMAND = 'Daemon'";
    assert_eq!(scalar(&mut connection, shown), "1");
    drop(connection);
    cluster.kill(first);
    let second = {
        let until = Instant::now() + LEADER_TIMEOUT;
        loop {
            match cluster.leader().filter(|leader| *leader != first) {
                Some(leader) => break leader,
                None => assert!(Instant::now() < until, "no new leader\n{}", cluster.logs()),
            }
            thread::sleep(Duration::from_millis(50));
        }
    };
    let mut connection = cluster.connect(second);
    let after = format!("SELECT COUNT(*) FROM d.runs WHERE event = 'tick' AND node = {second}");
    wait_for(&mut connection, &after, |count| number(count) >= 3);
    // No other node runs it, none runs a time twice.
    let others = cluster.others(&[first, second]);
    for other in &others {
        let mut reader = cluster.connect(*other);
        assert_eq!(scalar(&mut reader, shown), "0");
        let of_other = format!("SELECT COUNT(*) FROM d.runs WHERE node = {other}");
        assert_eq!(scalar(&mut reader, &of_other), "0");
    }
    // Who was the leader comes back, and runs nothing.
    cluster.start_node(first);
    let now = number(&scalar(&mut connection, "SELECT MAX(id) FROM d.runs"));
    wait_for(&mut connection, "SELECT MAX(id) FROM d.runs", |id| number(id) >= now + 2);
    let late = format!("SELECT COUNT(*) FROM d.runs WHERE id > {now} AND node <> {second}");
    if cluster.leader() == Some(second) {
        assert_eq!(scalar(&mut connection, &late), "0");
    }
    connection.query("ALTER EVENT d.tick DISABLE").unwrap();
    // What has begun may end.
    wait_for(
        &mut connection,
        "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE COMMAND = 'Connect' AND DB = 'd'",
        |count| count == "0",
    );
    let count = scalar(&mut connection, "SELECT COUNT(*) FROM d.runs");
    thread::sleep(Duration::from_millis(2500));
    assert_eq!(scalar(&mut connection, "SELECT COUNT(*) FROM d.runs"), count, "it is disabled");
    // Each second at most one has begun; when it wrote may be later.
    let seconds =
        format!("SELECT TIMESTAMPDIFF(SECOND, '{made}', MAX(at)) + 1 FROM d.runs WHERE event = 'tick'");
    let seconds = number(&scalar(&mut connection, &seconds));
    let ticks = number(&scalar(&mut connection, "SELECT COUNT(*) FROM d.runs WHERE event = 'tick'"));
    assert!(ticks <= seconds, "{ticks} runs in {seconds} seconds");
    assert_eq!(scalar(&mut connection, "SELECT COUNT(*) FROM d.runs WHERE event = 'once'"), "1");
    cluster.assert_equal(&[second, others[0]], HAPPENS_WITHIN);
}

#[test]
fn a_leader_that_was_stopped_runs_nothing_when_it_goes_on() {
    let cluster = TestCluster::start(3);
    let first = cluster.wait_for_leader(LEADER_TIMEOUT);
    let mut connection = cluster.connect(first);
    prepare(&mut connection);
    connection.query(&format!("CREATE EVENT d.tick ON SCHEDULE EVERY 1 SECOND DO {}", body("tick"))).unwrap();
    wait_for(&mut connection, "SELECT COUNT(*) FROM d.runs", |count| number(count) >= 1);
    cluster.pause(first);
    let until = Instant::now() + LEADER_TIMEOUT;
    let second = loop {
        let found = cluster.others(&[first]).into_iter().find(|id| {
            let mut asked = cluster.connect(*id);
            scalar(&mut asked, "SELECT @@quorate_serving") == "1"
        });
        match found {
            Some(found) => break found,
            None => assert!(Instant::now() < until, "no new leader"),
        }
        thread::sleep(Duration::from_millis(50));
    };
    let mut connection = cluster.connect(second);
    let of_second = format!("SELECT COUNT(*) FROM d.runs WHERE node = {second}");
    wait_for(&mut connection, &of_second, |count| number(count) >= 2);
    let last = number(&scalar(&mut connection, "SELECT MAX(id) FROM d.runs"));
    cluster.resume(first);
    wait_for(&mut connection, "SELECT MAX(id) FROM d.runs", |id| number(id) >= last + 3);
    let of_first = format!("SELECT COUNT(*) FROM d.runs WHERE node = {first} AND id > {last}");
    assert_eq!(scalar(&mut connection, &of_first), "0");
}

#[test]
fn an_event_is_killed_stopped_and_told_of() {
    let mut cluster = TestCluster::start(1);
    let leader = cluster.wait_for_leader(LEADER_TIMEOUT);
    let mut connection = cluster.connect(leader);
    prepare(&mut connection);
    for sql in [
        "CREATE EVENT d.fails ON SCHEDULE AT NOW() ON COMPLETION PRESERVE DO INSERT INTO d.nosuch VALUES (1)",
        "CREATE DEFINER = nobody@nowhere EVENT d.nobody ON SCHEDULE AT NOW() ON COMPLETION PRESERVE DO INSERT INTO d.runs (event) VALUES ('nobody')",
        "CREATE EVENT d.as_definer ON SCHEDULE AT NOW() ON COMPLETION PRESERVE DO INSERT INTO runs (event) VALUES (CONCAT(SUBSTRING_INDEX(CURRENT_USER(), '@', 1), DATABASE()))",
        "CREATE EVENT d.long_one ON SCHEDULE AT NOW() ON COMPLETION PRESERVE DO BEGIN DO SLEEP(1000); INSERT INTO d.runs (event) VALUES ('slept'); END",
    ] {
        connection.query(sql).unwrap();
    }
    wait_for(&mut connection, "SELECT GROUP_CONCAT(event) FROM d.runs", |found| found == "rootd");
    let long = "SELECT ID FROM information_schema.PROCESSLIST WHERE COMMAND = 'Connect' AND INFO LIKE '%SLEEP(1000)%' LIMIT 1";
    let id = wait_for(&mut connection, long, |id| !id.is_empty());
    let status = "SELECT STATUS FROM information_schema.EVENTS WHERE EVENT_NAME = 'long_one'";
    wait_for(&mut connection, status, |status| status == "DISABLED");
    connection.query(&format!("KILL QUERY {id}")).unwrap();
    wait_for(
        &mut connection,
        "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE COMMAND = 'Connect'",
        |count| count == "0",
    );
    assert_eq!(scalar(&mut connection, "SELECT COUNT(*) FROM d.runs"), "1");
    let until = Instant::now() + HAPPENS_WITHIN;
    for told in ["][d.fails] Table 'd.nosuch'", "[nobody@nowhere][d.nobody] The user specified as a definer"]
    {
        while !cluster.log(leader).contains(told) {
            assert!(Instant::now() < until, "{told} is not in\n{}", cluster.log(leader));
            thread::sleep(Duration::from_millis(50));
        }
    }
    // Nothing is due while it is off; afterwards what is to run once does.
    connection.query("SET GLOBAL event_scheduler = OFF").unwrap();
    connection.query(&format!("CREATE EVENT d.off ON SCHEDULE AT NOW() DO {}", body("off"))).unwrap();
    thread::sleep(Duration::from_millis(1500));
    assert_eq!(scalar(&mut connection, "SELECT COUNT(*) FROM d.runs WHERE event = 'off'"), "0");
    connection.query("SET GLOBAL event_scheduler = ON").unwrap();
    wait_for(&mut connection, "SELECT COUNT(*) FROM d.runs WHERE event = 'off'", |count| count == "1");
    // A restart keeps what there is, and a long event keeps no node from stopping.
    connection.query("ALTER EVENT d.long_one ENABLE").unwrap();
    wait_for(&mut connection, long, |id| !id.is_empty());
    drop(connection);
    let began = Instant::now();
    assert_eq!(cluster.terminate(leader), Some(0));
    assert!(began.elapsed() < Duration::from_secs(20), "it stops soon");
    cluster.start_node(leader);
    cluster.wait_for_leader(LEADER_TIMEOUT);
    let mut connection = cluster.connect(leader);
    let names = "SELECT GROUP_CONCAT(EVENT_NAME ORDER BY EVENT_NAME) FROM information_schema.EVENTS WHERE STATUS = 'DISABLED' AND LAST_EXECUTED IS NOT NULL";
    wait_for(&mut connection, names, |found| found == "as_definer,fails,long_one,nobody");
}
