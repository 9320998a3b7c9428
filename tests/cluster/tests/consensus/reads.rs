//! No read is older than what was acknowledged before it: on a leader that was paused or cut off, on followers and on learners.

#![expect(clippy::unwrap_used, reason = "tests: what fails here fails the test")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use client::blocking::Connection;
use cluster_tests::question::read_strongly;
use cluster_tests::{Layout, TestCluster, connect, network};

/// How long a change of leaders may take.
const FAILOVER_MAX: Duration = Duration::from_secs(15);

fn prepare(cluster: &TestCluster) {
    let mut connection = cluster.connect_leader();
    connection.query("CREATE DATABASE d").unwrap();
    connection.query("CREATE TABLE d.t (id INT PRIMARY KEY, v INT)").unwrap();
    connection.query("INSERT INTO d.t VALUES (1, 0)").unwrap();
}

const READ: &str = "SELECT v FROM d.t WHERE id = 1";

fn write(connection: &mut Connection, value: u64) {
    connection.query(&format!("UPDATE d.t SET v = {value} WHERE id = 1")).unwrap();
}

fn read(connection: &mut Connection) -> client::blocking::Result<u64> {
    connection.query(READ).map(|rows| rows.scalar().unwrap().parse().unwrap())
}

/// A node that leads and is not `old`.
fn another_leader(cluster: &TestCluster, old: u64) -> u64 {
    let started = Instant::now();
    loop {
        let others = cluster.others(&[old]);
        let serves = |id: &&u64| cluster.value(**id, "SELECT @@quorate_serving").as_deref() == Some("1");
        if let Some(id) = others.iter().find(serves) {
            return *id;
        }
        assert!(started.elapsed() < FAILOVER_MAX, "no other leader\n{}", cluster.logs());
    }
}

#[test]
fn a_leader_that_was_paused_past_its_lease_reads_nothing_old() {
    let cluster = TestCluster::start(3);
    prepare(&cluster);
    let (mut fresh, mut refused) = (0, 0);
    for round in 1..=10 {
        let old = cluster.wait_for_leader(FAILOVER_MAX);
        let mut default = cluster.connect(old);
        let mut strong = cluster.connect(old);
        read_strongly(&mut strong, 2).unwrap();
        default.query("SET quorate_read_timeout = 2").unwrap();
        // It holds its lease: this is answered at once.
        assert_eq!(read(&mut strong).unwrap(), round - 1);
        assert_eq!(read(&mut default).unwrap(), round - 1);
        cluster.pause(old);
        let new = another_leader(&cluster, old);
        write(&mut cluster.connect(new), round);
        // The questions are there before it wakes: it may take them up before it hears anything from others.
        let answers = std::thread::scope(|scope| {
            let asked = [&mut default, &mut strong].map(|connection| scope.spawn(|| read(connection)));
            std::thread::sleep(Duration::from_millis(5));
            cluster.resume(old);
            asked.map(|asked| asked.join().unwrap())
        });
        let [default, strong] = answers;
        match strong {
            Ok(value) => {
                assert_eq!(value, round, "node {old} answered a strong read with an old value");
                fresh += 1;
            }
            Err(error) => {
                assert!(matches!(error.code(), Some(1105 | 1290 | 1053)), "{error}");
                refused += 1;
            }
        }
        // By default a read on a leader is a strong one; on a node that knows that it follows it is not.
        if let Ok(value) = default
            && value != round
        {
            let follows = cluster.value(old, "SELECT @@quorate_role").as_deref() == Some("follower");
            assert!(follows, "node {old} answered as the leader with an old value");
        }
        cluster.wait_until("it follows", FAILOVER_MAX, || cluster.known_leader(old) == Some(new));
    }
    println!("{fresh} fresh answers, {refused} refused");
}

/// Microseconds since the epoch.
fn now_us() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap()
}

/// When a node last became leader, as it noted itself: microseconds since the epoch.
fn elected_us(cluster: &TestCluster, id: u64) -> u64 {
    let sql = "SELECT UNIX_TIMESTAMP(TIME) FROM information_schema.QUORATE_CLUSTER_EVENTS WHERE EVENT LIKE 'role leader%' ORDER BY TIME DESC";
    let seconds: f64 = cluster.value(id, sql).unwrap().parse().unwrap();
    (seconds * 1_000_000.0) as u64
}

#[test]
fn a_leader_that_is_cut_off_stops_strong_reads_before_another_is_elected() {
    if network::is_left_out() {
        return;
    }
    let cluster = Layout::of(3).networked().start();
    prepare(&cluster);
    let mut value = 0;
    for round in 0..5 {
        let old = cluster.wait_for_leader(FAILOVER_MAX);
        let address = cluster.node(old).client_address.clone();
        let mut reader = connect(&address, Duration::from_secs(20)).unwrap();
        read_strongly(&mut reader, 1).unwrap();
        assert_eq!(read(&mut reader).unwrap(), value);
        cluster.network().isolate(&[old]);
        // Reads, one after the other, until they are refused and another leads.
        let (new, last_us, count) = std::thread::scope(|scope| {
            let reads = scope.spawn(|| {
                let (started, mut last_us, mut count) = (Instant::now(), 0, 0);
                loop {
                    assert!(started.elapsed() < FAILOVER_MAX, "node {old} goes on answering strong reads");
                    let began = now_us();
                    match read(&mut reader) {
                        Ok(found) => {
                            assert_eq!(found, value);
                            (last_us, count) = (began, count + 1);
                        }
                        Err(error) => {
                            assert_eq!(error.code(), Some(1105), "{error}");
                            return (last_us, count);
                        }
                    }
                }
            });
            let new = another_leader(&cluster, old);
            let (last_us, count) = reads.join().unwrap();
            (new, last_us, count)
        });
        let elected = elected_us(&cluster, new);
        println!(
            "round {round}: {count} strong reads, the last one began {} µs before node {new} was elected",
            elected.saturating_sub(last_us)
        );
        assert!(last_us < elected, "node {old} answered a strong read after node {new} was elected");
        value += 1;
        write(&mut cluster.connect(new), value);
        // What it has may still be read by those who ask for that.
        let mut eventual = connect(&address, Duration::from_secs(10)).unwrap();
        eventual.query("SET quorate_read_consistency = EVENTUAL").unwrap();
        assert_eq!(read(&mut eventual).unwrap(), value - 1);
        assert!(read(&mut reader).is_err(), "a strong read without a majority");
        cluster.network().heal();
        cluster.wait_until("strong reads work again, and see what was written", FAILOVER_MAX, || {
            read(&mut reader).is_ok_and(|found| found == value)
        });
    }
    cluster.assert_equal_nodes(FAILOVER_MAX);
}

#[test]
fn strong_reads_elsewhere_see_the_last_acknowledged_write_a_thousand_times() {
    let mut cluster = TestCluster::start(3);
    prepare(&cluster);
    let leader = cluster.wait_for_leader(FAILOVER_MAX);
    let follower = cluster.others(&[leader])[0];
    let learner = cluster.join_node(follower, "learner");
    let mut writer = cluster.connect(leader);
    let mut readers = [follower, learner].map(|id| cluster.connect(id));
    for reader in &mut readers {
        read_strongly(reader, 10).unwrap();
    }
    let started = Instant::now();
    for value in 1..=1_000_u64 {
        write(&mut writer, value);
        let id = value as usize % 2;
        assert_eq!(
            read(&mut readers[id]).unwrap(),
            value,
            "an old value on {}",
            ["a follower", "a learner"][id]
        );
    }
    println!("1,000 writes and strong reads in {:?}", started.elapsed());
}

/// The snapshot of a transaction is taken before it reads any table; what it reads later is as old as that.
#[test]
fn a_transaction_takes_no_snapshot_that_may_be_old() {
    let cluster = TestCluster::start(3);
    prepare(&cluster);
    let leader = cluster.wait_for_leader(FAILOVER_MAX);
    let others = cluster.others(&[leader]);
    let mut reader = cluster.connect(others[0]);
    read_strongly(&mut reader, 1).unwrap();
    assert_eq!(read(&mut reader).unwrap(), 0);
    cluster.pause(others[1]);
    cluster.pause(leader);
    let error = reader.query("START TRANSACTION WITH CONSISTENT SNAPSHOT").unwrap_err();
    assert_eq!(error.code(), Some(1105), "{error}");
    // One without tables in it takes a snapshot too, and the next statement reads from that.
    reader.query("START TRANSACTION").unwrap();
    let outcome = reader.query("DO (SELECT 1)").and_then(|_| read(&mut reader));
    assert_eq!(outcome.unwrap_err().code(), Some(1105));
    reader.query("ROLLBACK").unwrap();
    cluster.resume(leader);
    cluster.resume(others[1]);
    cluster.wait_until("a snapshot can be taken again", FAILOVER_MAX, || {
        reader.query("START TRANSACTION WITH CONSISTENT SNAPSHOT").is_ok()
    });
    assert_eq!(read(&mut reader).unwrap(), 0);
}

/// A strong read sees every table whose creation was acknowledged, and by its newest definition; so does a statement that is prepared.
#[test]
fn a_strong_read_on_a_follower_knows_every_table_that_was_made_before() {
    let cluster = TestCluster::start(3);
    let leader = cluster.wait_for_leader(FAILOVER_MAX);
    let follower = cluster.others(&[leader])[0];
    let mut writer = cluster.connect_leader();
    let mut reader = cluster.connect(follower);
    read_strongly(&mut reader, 20).unwrap();
    writer.query("CREATE DATABASE d").unwrap();
    for number in 0..50 {
        writer.query(&format!("CREATE TABLE d.t{number} (id INT PRIMARY KEY)")).unwrap();
        let count = if number % 2 == 0 {
            reader.query(&format!("SELECT COUNT(*) FROM d.t{number}")).unwrap()
        } else {
            reader.query(&format!("PREPARE s FROM 'SELECT COUNT(*) FROM d.t{number}'")).unwrap();
            reader.query("EXECUTE s").unwrap()
        };
        assert_eq!(count.scalar().as_deref(), Some("0"));
    }
    let unknown = reader.query("SELECT * FROM d.nothing").unwrap_err();
    assert_eq!(unknown.code(), Some(1146), "{unknown}");
}

/// How long each link takes in the next test, in one direction: for so long a follower does not know what was acknowledged.
const ONE_WAY: Duration = Duration::from_millis(150);

/// A database that a client names at its login, or with USE, is there when its creation was acknowledged on another node.
#[test]
fn a_database_is_there_on_a_follower_that_has_not_heard_of_it_yet() {
    let cluster = Layout::of(3).flags(&["--timing", "wan"]).start_slow(ONE_WAY);
    let leader = cluster.wait_for_leader(FAILOVER_MAX);
    let follower = cluster.others(&[leader])[0];
    let mut writer = cluster.connect(leader);
    let mut reader = cluster.connect(follower);
    writer.query("CREATE DATABASE a").unwrap();
    reader.query("USE a").unwrap();
    writer.query("CREATE DATABASE b").unwrap();
    reader.use_database("b").unwrap();
    writer.query("CREATE DATABASE c").unwrap();
    let options = client::Options { database: Some("c".to_owned()), ..client::Options::default() };
    Connection::connect_with(&cluster.node(follower).client_address, &options).unwrap();
    assert_eq!(reader.query("USE nothing").unwrap_err().code(), Some(1049));
}
