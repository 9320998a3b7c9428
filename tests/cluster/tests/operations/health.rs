//! The health checks of load balancers: there is one primary at most, a leader without its majority is none, and a replica's lag is true.

#![expect(clippy::unwrap_used, reason = "tests: what fails here fails the test")]

use std::io::Write;
use std::net::TcpStream;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use cluster_tests::http::{self, Answer, get};
use cluster_tests::{Layout, TestCluster, free_address};

/// How long it may take until there is another primary.
const FAILOVER_MAX: Duration = Duration::from_secs(10);
/// A lease (LAN) is over after this; with room for a machine that is busy.
const LEASE_MAX: Duration = Duration::from_secs(2);
/// How long a node may take to come to what it should be.
const SETTLE_MAX: Duration = Duration::from_secs(30);

/// A cluster and where its nodes answer health checks.
struct Checked {
    cluster: TestCluster,
    http: Vec<String>,
}

impl Checked {
    fn start(count: u64) -> Checked {
        Self::start_as(Layout::of(count), count, Layout::start)
    }

    fn start_as(mut layout: Layout, count: u64, start: impl FnOnce(Layout) -> TestCluster) -> Checked {
        let http: Vec<String> = (0..count).map(|_| free_address()).collect();
        for (id, address) in (1..).zip(&http) {
            layout = layout.node_flags(id, &["--http-listen", address]);
        }
        Checked { cluster: start(layout), http }
    }

    fn address(&self, id: u64) -> &str {
        &self.http[id as usize - 1]
    }

    fn get(&self, id: u64, path: &str) -> Answer {
        get(self.address(id), path)
    }

    fn status(&self, id: u64, path: &str) -> u16 {
        self.get(id, path).status
    }

    /// The nodes that say that they are the primary.
    fn primaries(&self) -> Vec<u64> {
        let ids = 1..=self.http.len() as u64;
        ids.filter(|id| self.status(*id, "/primary") == 200).collect()
    }

    /// Waits until a path of a node has a status.
    fn wait(&self, id: u64, path: &str, status: u16, timeout: Duration) {
        let mut last = self.get(id, path);
        let started = Instant::now();
        while last.status != status {
            assert!(
                started.elapsed() < timeout,
                "{path} of n{id} is not {status} within {timeout:?}: {last:?}\n{}",
                self.cluster.logs()
            );
            std::thread::sleep(Duration::from_millis(10));
            last = self.get(id, path);
        }
    }
}

fn json(answer: &Answer) -> serde_json::Value {
    serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{error}: {answer:?}"))
}

/// Why a node is not what it was asked for.
fn reason(answer: &Answer) -> String {
    json(answer)["reason"].as_str().unwrap().to_owned()
}

#[test]
fn each_node_says_what_it_is() {
    let checked = Checked::start(3);
    let leader = checked.cluster.wait_for_leader(FAILOVER_MAX);
    checked.wait(leader, "/primary", 200, FAILOVER_MAX);
    for path in ["/leader", "/master", "/read", "/read?lag=1s", "/health", "/ready"] {
        assert_eq!(checked.status(leader, path), 200, "{path}");
    }
    let no_replica = checked.get(leader, "/replica");
    assert_eq!((no_replica.status, reason(&no_replica).as_str()), (503, "this node leads"));
    let report = json(&checked.get(leader, "/primary"));
    assert!(report["ok"] == true && report["role"] == "leader", "{report}");
    assert_eq!((report["node_id"].as_u64(), report["leader"].as_u64()), (Some(leader), Some(leader)));
    assert_eq!(report["leader_address"], *checked.cluster.node(leader).sql_address);
    assert_eq!(report["lag_ms"], 0);
    for id in checked.cluster.others(&[leader]) {
        checked.wait(id, "/replica?lag=2s", 200, FAILOVER_MAX);
        for path in ["/replica", "/read", "/read?lag=2s", "/health", "/ready"] {
            assert_eq!(checked.status(id, path), 200, "n{id} {path}");
        }
        let no_primary = checked.get(id, "/primary");
        let report = json(&no_primary);
        assert_eq!((no_primary.status, reason(&no_primary).as_str()), (503, "this node does not lead"));
        assert!(report["leader"] == leader && report["role"] == "follower", "{report}");
        assert!(report["lag_ms"].as_u64().is_some_and(|lag| lag < 2_000), "{report}");
    }
}

#[test]
fn the_primary_moves_with_the_leadership_and_is_never_two() {
    let mut checked = Checked::start(3);
    for _ in 0..3 {
        let leader = checked.cluster.wait_for_leader(FAILOVER_MAX);
        checked.wait(leader, "/primary", 200, FAILOVER_MAX);
        checked.cluster.kill(leader);
        let killed = Instant::now();
        let new = loop {
            match checked.primaries()[..] {
                [] => assert!(killed.elapsed() < FAILOVER_MAX, "no primary\n{}", checked.cluster.logs()),
                [id] => break id,
                ref several => panic!("primaries {several:?}\n{}", checked.cluster.logs()),
            }
        };
        println!("n{leader} killed, n{new} is the primary after {:?}", killed.elapsed());
        assert_ne!(new, leader);
        checked.cluster.start_node(leader);
        checked.wait(leader, "/replica?lag=2s", 200, SETTLE_MAX);
        assert_eq!(checked.primaries(), [new]);
    }
}

#[test]
fn a_leader_that_was_paused_is_no_primary_when_it_goes_on() {
    let checked = Checked::start(3);
    for _ in 0..3 {
        let old = checked.cluster.wait_for_leader(FAILOVER_MAX);
        checked.wait(old, "/primary", 200, FAILOVER_MAX);
        checked.cluster.pause(old);
        let others = checked.cluster.others(&[old]);
        let new = || others.iter().copied().find(|id| checked.status(*id, "/primary") == 200);
        checked.cluster.wait_until("another leads", FAILOVER_MAX, || new().is_some());
        // Questions that wait for it are the first thing that it sees, with all that it believed before the pause.
        let waiting: Vec<TcpStream> = (0..20)
            .map(|_| {
                let mut stream = http::connect(checked.address(old)).unwrap();
                stream.write_all(b"OPTIONS /primary HTTP/1.0\r\n\r\n").unwrap();
                stream
            })
            .collect();
        checked.cluster.resume(old);
        for mut stream in waiting {
            assert_eq!(http::take(&mut stream).unwrap().status, 503);
        }
        checked.wait(old, "/replica?lag=2s", 200, SETTLE_MAX);
    }
}

#[test]
fn without_a_majority_there_is_no_primary_and_no_fresh_replica() {
    let mut checked = Checked::start(3);
    let leader = checked.cluster.wait_for_leader(FAILOVER_MAX);
    checked.wait(leader, "/primary", 200, FAILOVER_MAX);
    let others = checked.cluster.others(&[leader]);
    for id in &others {
        checked.cluster.kill(*id);
    }
    checked.wait(leader, "/primary", 503, LEASE_MAX);
    checked.wait(leader, "/read", 503, LEASE_MAX);
    println!("without a majority: {}", reason(&checked.get(leader, "/primary")));
    assert_eq!(checked.status(leader, "/health"), 200, "the process works all the same");
    checked.cluster.always("it stays so", Duration::from_secs(3), || checked.primaries().is_empty());
    checked.cluster.start_node(others[0]);
    checked.cluster.wait_until("a primary again", SETTLE_MAX, || checked.primaries().len() == 1);
}

#[test]
fn a_learner_that_hears_from_nobody_grows_old() {
    let mut checked = Checked::start(1);
    let address = free_address();
    let id = checked.cluster.expect_node(1, "learner");
    checked.cluster.add_flags(id, &["--http-listen", &address]);
    checked.http.push(address);
    checked.cluster.start_node(id);
    checked.wait(id, "/replica?lag=1s", 200, SETTLE_MAX);
    let report = json(&checked.get(id, "/replica?lag=1s"));
    assert!(report["role"] == "learner" && report["leader"] == 1, "{report}");
    assert_eq!(checked.status(id, "/primary"), 503);
    checked.cluster.kill(1);
    checked.wait(id, "/replica?lag=1s", 503, Duration::from_secs(3));
    checked.wait(id, "/replica", 503, Duration::from_secs(3));
    checked.cluster.wait_until("its data grow old", Duration::from_secs(5), || {
        json(&checked.get(id, "/read"))["lag_ms"].as_u64().unwrap() > 2_000
    });
    assert_eq!(checked.status(id, "/ready"), 200, "it serves those who want what it has");
    checked.cluster.start_node(1);
    checked.wait(id, "/replica?lag=1s", 200, SETTLE_MAX);
}

/// Length of a link in the next test: a question of a follower takes twice that.
const ONE_WAY: Duration = Duration::from_millis(150);

#[test]
fn the_lag_of_a_follower_behind_a_slow_link_is_no_less_than_the_link() {
    let layout = Layout::of(3).flags(&["--timing", "wan"]);
    let checked = Checked::start_as(layout, 3, |layout| layout.start_slow(ONE_WAY));
    let leader = checked.cluster.wait_for_leader(SETTLE_MAX);
    let follower = checked.cluster.others(&[leader])[0];
    checked.wait(follower, "/replica?lag=5s", 200, SETTLE_MAX);
    checked.cluster.always("its lag is that of the link at least", Duration::from_secs(3), || {
        let report = json(&checked.get(follower, "/replica?lag=250ms"));
        assert_eq!(report["ok"], false, "{report}");
        report["lag_ms"].as_u64().unwrap() >= 2 * ONE_WAY.as_millis() as u64
    });
}

/// Transactions of the next test, and rows of each: so many that a follower takes its time to apply them.
const TRANSACTIONS: u64 = 12;
const ROWS: u64 = 30_000;

#[test]
fn what_was_acknowledged_before_the_lag_is_there() {
    let checked = Checked::start(3);
    let leader = checked.cluster.wait_for_leader(FAILOVER_MAX);
    let follower = checked.cluster.others(&[leader])[0];
    let mut writer = checked.cluster.connect(leader);
    writer.query("CREATE DATABASE d").unwrap();
    writer.query("CREATE TABLE d.digits (n INT PRIMARY KEY)").unwrap();
    writer.query("INSERT INTO d.digits VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)").unwrap();
    writer.query("CREATE TABLE d.rows (id INT PRIMARY KEY, k INT, pad VARCHAR(50), KEY (k))").unwrap();
    writer.query("CREATE TABLE d.done (number INT PRIMARY KEY)").unwrap();
    checked.wait(follower, "/replica?lag=2s", 200, SETTLE_MAX);
    let acknowledged = Mutex::new(Vec::new());
    let numbers = "a.n + 10 * b.n + 100 * c.n + 1000 * e.n + 10000 * f.n";
    let tables = "d.digits a, d.digits b, d.digits c, d.digits e, d.digits f";
    let write = |writer: &mut client::blocking::Connection| {
        for number in 0..TRANSACTIONS {
            let from = number * ROWS;
            let rows =
                format!("SELECT {from} + {numbers}, {numbers}, REPEAT('p', 50) FROM {tables} WHERE f.n < 3");
            writer.query("BEGIN").unwrap();
            writer.query(&format!("INSERT INTO d.rows {rows}")).unwrap();
            writer.query(&format!("INSERT INTO d.done VALUES ({number})")).unwrap();
            writer.query("COMMIT").unwrap();
            acknowledged.lock().unwrap().push(Instant::now());
        }
    };
    let mut reader = checked.cluster.connect(follower);
    reader.query("SET SESSION quorate_read_consistency = 'EVENTUAL'").unwrap();
    // A lag of two seconds may be one without the table yet.
    checked.cluster.wait_until("the follower has the table", SETTLE_MAX, || {
        reader.query("SELECT COUNT(*) FROM d.done").is_ok()
    });
    let looks = std::thread::scope(|scope| {
        let writing = scope.spawn(|| write(&mut writer));
        let mut looks = 0;
        while !writing.is_finished() {
            let asked = Instant::now();
            let report = json(&checked.get(follower, "/replica"));
            let lag_ms = report["lag_ms"].as_u64().expect("it was known before");
            // What is read after the report may only hold more.
            let found: usize =
                reader.query("SELECT COUNT(*) FROM d.done").unwrap().scalar().unwrap().parse().unwrap();
            let old = asked.checked_sub(Duration::from_millis(lag_ms + 1)).unwrap();
            let due = acknowledged.lock().unwrap().iter().filter(|at| **at < old).count();
            assert!(found >= due, "{found} are there; {due} were acknowledged more than {lag_ms} ms ago");
            looks += 1;
        }
        writing.join().unwrap();
        looks
    });
    assert!(looks > 10 * TRANSACTIONS, "{looks} looks");
}

#[test]
fn a_node_that_answers_checks_stops_cleanly() {
    let mut checked = Checked::start(1);
    for _ in 0..2 {
        checked.wait(1, "/primary", 200, SETTLE_MAX);
        // One that goes on asking does not hold it up.
        let _open = http::connect(checked.address(1)).unwrap();
        assert_eq!(checked.cluster.terminate(1), Some(0));
        assert_eq!(checked.status(1, "/health"), 0);
        checked.cluster.start_node(1);
    }
    checked.wait(1, "/ready", 200, SETTLE_MAX);
}

#[test]
fn a_logger_is_nobody_to_read_from() {
    let layout = Layout::of(3).peer(3, "log-only");
    let checked = Checked::start_as(layout, 3, Layout::start);
    for path in ["/ready", "/replica", "/read", "/primary"] {
        assert_eq!(checked.status(3, path), 503, "{path}");
    }
    assert_eq!(reason(&checked.get(3, "/ready")), "this node keeps the log and no tables");
    assert_eq!(checked.status(3, "/health"), 200);
}

#[test]
fn what_is_no_request_is_refused_and_harms_nobody() {
    let checked = Checked::start(1);
    let address = checked.address(1);
    checked.wait(1, "/primary", 200, FAILOVER_MAX);
    let ask = |request: &[u8]| http::exchange(address, request).unwrap();
    for request in
        [&b"nonsense\r\n\r\n"[..], b"GET /primary HTTP/1.1\r\n\r\n", b"GET /replica?lag=x HTTP/1.0\r\n\r\n"]
    {
        assert_eq!(ask(request).status, 400, "{request:?}");
    }
    assert_eq!(ask(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n\n").status, 400, "TLS, say");
    assert_eq!(ask(b"GET / HTTP/1.0\r\n\r\n").status, 404);
    let other = ask(b"POST /primary HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    assert!(other.status == 405 && other.head.contains("\r\nAllow: GET, HEAD, OPTIONS"), "{other:?}");
    let large = [b"GET /primary HTTP/1.0\r\n".to_vec(), b"X: ".to_vec(), vec![b'x'; 9_000]].concat();
    assert_eq!(ask(&large).status, 431);
    let options = ask(b"OPTIONS /primary HTTP/1.0\r\n\r\n");
    assert!(options.status == 200 && options.body.is_empty(), "{options:?}");
    let head = ask(b"HEAD /replica HTTP/1.0\r\n\r\n");
    assert!(head.status == 503 && head.body.is_empty() && !head.head.contains("Length: 0"), "{head:?}");
    // Two on one connection, sent at once, in pieces.
    let mut stream = http::connect(address).unwrap();
    for piece in b"GET /health HTTP/1.1\r\nHost: a\r\n\r\nGET /primary HTTP/1.0\r\n\r\n".chunks(7) {
        stream.write_all(piece).unwrap();
    }
    let both = http::take(&mut stream).unwrap();
    assert!(both.head.contains("keep-alive") && both.body.contains("HTTP/1.1 200 OK"), "{both:?}");
    assert_eq!(checked.status(1, "/primary"), 200);
    assert!(!checked.cluster.log(1).contains("panicked"), "{}", checked.cluster.log(1));
}

/// Connections that a node has for checks.
const PLACES: usize = 128;

#[test]
fn clients_that_dawdle_lose_their_place_and_too_many_are_told_so() {
    let checked = Checked::start(1);
    let address = checked.address(1);
    checked.wait(1, "/primary", 200, FAILOVER_MAX);
    let mut slow = http::connect(address).unwrap();
    slow.write_all(b"GET /primary HTTP/1.0\r\n").unwrap();
    let mut idle = http::connect(address).unwrap();
    let started = Instant::now();
    assert_eq!(http::take(&mut slow).unwrap().status, 408);
    assert!(started.elapsed() > Duration::from_secs(4) && started.elapsed() < Duration::from_secs(10));
    assert_eq!(http::take(&mut idle).unwrap().status, 0, "closed without a word");
    drop((slow, idle));
    // All places, and some more, are taken by clients that say nothing.
    let silent: Vec<TcpStream> = (0..PLACES + 12).map(|_| http::connect(address).unwrap()).collect();
    let mut refused = http::connect(address).unwrap();
    let full = http::take(&mut refused).unwrap();
    assert!(full.status == 503 && full.body.contains("too many connections"), "{full:?}");
    // The database does not feel it, and the places are free again by themselves.
    let count = checked.cluster.value(1, "SELECT 1 + 1");
    assert_eq!(count.as_deref(), Some("2"));
    checked.wait(1, "/primary", 200, Duration::from_secs(10));
    let left = silent.into_iter().filter_map(|mut stream| http::take(&mut stream).ok());
    let refused = left.filter(|answer| answer.status == 503).count();
    assert!((1..=12).contains(&refused), "{refused} of {} were refused", PLACES + 12);
}
