//! LOCK TABLES and FLUSH TABLES WITH READ LOCK between sessions, and through a change of leader.

#![expect(clippy::unwrap_used, reason = "tests: what fails here fails the test")]

use std::time::Duration;

use client::blocking::Connection;
use cluster_tests::TestCluster;
use cluster_tests::question::code;

/// How long a failover may take until the new leader serves.
const FAILOVER_MAX: Duration = Duration::from_secs(10);
/// How long something may take that waits for nothing.
const SOON: Duration = Duration::from_secs(10);

fn tables(cluster: &TestCluster) -> Connection {
    let mut connection = cluster.connect_leader();
    connection.query("CREATE DATABASE d").unwrap();
    connection.query("CREATE TABLE d.t (id INT PRIMARY KEY, v INT)").unwrap();
    connection.query("CREATE TABLE d.u (id INT PRIMARY KEY)").unwrap();
    connection.query("INSERT INTO d.t VALUES (1, 1)").unwrap();
    connection
}

fn session(cluster: &TestCluster, id: u64) -> Connection {
    let mut connection = cluster.connect(id);
    connection.query("SET SESSION lock_wait_timeout = 1, innodb_lock_wait_timeout = 1").unwrap();
    connection
}

/// Whether a session of the node has a statement waiting in this state.
fn waits(cluster: &TestCluster, id: u64, state: &str) -> bool {
    let query = format!("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE = '{state}'");
    cluster.connect(id).query(&query).unwrap().scalar().as_deref() != Some("0")
}

#[test]
fn table_locks_keep_others_out_until_they_are_released() {
    let cluster = TestCluster::start(1);
    let mut holder = tables(&cluster);
    let mut other = session(&cluster, 1);
    holder.query("LOCK TABLES d.t READ").unwrap();
    other.query("SELECT * FROM d.t").unwrap();
    other.query("SELECT * FROM d.t FOR SHARE").unwrap();
    assert_eq!(code(&mut other, "UPDATE d.t SET v = 2"), Some(1205));
    assert_eq!(code(&mut other, "SELECT * FROM d.t FOR UPDATE"), Some(1205));
    assert_eq!(code(&mut other, "LOCK TABLES d.t WRITE"), Some(1205));
    assert_eq!(code(&mut other, "TRUNCATE TABLE d.t"), Some(1205));
    other.query("LOCK TABLES d.t READ").unwrap();
    other.query("UNLOCK TABLES").unwrap();
    other.query("INSERT INTO d.u VALUES (1)").unwrap();

    holder.query("LOCK TABLES d.t WRITE").unwrap();
    holder.query("UPDATE d.t SET v = 3").unwrap();
    assert_eq!(code(&mut other, "SELECT * FROM d.t"), Some(1205), "also a read that takes no locks of rows");
    assert_eq!(code(&mut other, "UPDATE d.t SET v = 2"), Some(1205));
    assert_eq!(code(&mut other, "LOCK TABLES d.u WRITE, d.t READ"), Some(1205));
    // All or nothing.
    holder.query("LOCK TABLES d.u WRITE, d.t WRITE").unwrap();
    holder.query("ALTER TABLE d.t ADD KEY (v)").unwrap();
    holder.query("INSERT INTO d.t VALUES (2, 2)").unwrap();
    // The end of the session is the end of its locks.
    drop(holder);
    cluster.wait_until("the locks are gone", SOON, || {
        code(&mut session(&cluster, 1), "SELECT * FROM d.t").is_none()
    });
    other.query("UPDATE d.t SET v = 2").unwrap();

    // START TRANSACTION and RESET CONNECTION release, COMMIT does not.
    let mut holder = session(&cluster, 1);
    holder.query("LOCK TABLES d.t WRITE").unwrap();
    holder.query("COMMIT").unwrap();
    assert_eq!(code(&mut other, "SELECT * FROM d.t"), Some(1205));
    holder.query("START TRANSACTION").unwrap();
    other.query("UPDATE d.t SET v = 4").unwrap();
    holder.query("LOCK TABLES d.t WRITE").unwrap();
    holder.reset().unwrap();
    other.query("UPDATE d.t SET v = 5").unwrap();
    holder.query("INSERT INTO d.u VALUES (5)").unwrap();
}

/// Who gets a table's lock reads all that was committed under it before, although locks are released before the quorum has it.
#[test]
fn lock_tables_waits_for_open_transactions_and_sees_what_they_wrote() {
    let cluster = TestCluster::start(3);
    let mut writer = tables(&cluster);
    let leader = cluster.wait_for_leader(FAILOVER_MAX);
    for round in 2..20 {
        writer.query("BEGIN").unwrap();
        writer.query(&format!("UPDATE d.t SET v = {round}")).unwrap();
        let mut locker = cluster.connect(leader);
        let thread = std::thread::spawn(move || {
            locker.query("LOCK TABLES d.t READ").unwrap();
            let seen = locker.query("SELECT v FROM d.t").unwrap().scalar();
            locker.query("UNLOCK TABLES").unwrap();
            seen
        });
        cluster.wait_until("LOCK TABLES waits", SOON, || {
            waits(&cluster, leader, "Waiting for table metadata lock")
                || waits(&cluster, leader, "waiting for lock")
        });
        writer.query("COMMIT").unwrap();
        assert_eq!(thread.join().unwrap(), Some(round.to_string()));
    }
}

#[test]
fn sessions_that_lock_the_same_tables_in_any_order_do_not_deadlock() {
    let cluster = TestCluster::start(1);
    drop(tables(&cluster));
    let lockers: Vec<_> = (0..6)
        .map(|number| {
            let mut connection = cluster.connect(1);
            std::thread::spawn(move || {
                for _ in 0..40 {
                    let sql = match number % 3 {
                        0 => "LOCK TABLES d.t WRITE, d.u WRITE",
                        1 => "LOCK TABLES d.u WRITE, d.t READ",
                        _ => "LOCK TABLES d.u READ, d.t WRITE",
                    };
                    connection.query(sql).unwrap();
                    connection.query("UNLOCK TABLES").unwrap();
                }
            })
        })
        .collect();
    for locker in lockers {
        locker.join().unwrap();
    }
}

#[test]
fn a_global_read_lock_stops_every_commit_and_lets_go() {
    let cluster = TestCluster::start(3);
    let mut open = tables(&cluster);
    let leader = cluster.wait_for_leader(FAILOVER_MAX);
    open.query("BEGIN").unwrap();
    open.query("INSERT INTO d.u VALUES (1)").unwrap();
    let mut holder = session(&cluster, leader);
    holder.query("FLUSH TABLES WITH READ LOCK").unwrap();
    let mut other = session(&cluster, leader);
    assert_eq!(code(&mut other, "INSERT INTO d.u VALUES (2)"), Some(1205));
    assert_eq!(code(&mut other, "CREATE TABLE d.new (id INT)"), Some(1205));
    assert_eq!(code(&mut holder, "INSERT INTO d.u VALUES (2)"), Some(1223));
    other.query("SELECT * FROM d.t").unwrap();
    let committer = std::thread::spawn(move || open.query("COMMIT").map(|_| open));
    cluster.wait_until("COMMIT waits", SOON, || waits(&cluster, leader, "Waiting for global read lock"));
    assert_eq!(holder.query("SELECT COUNT(*) FROM d.u").unwrap().scalar().as_deref(), Some("0"));
    // Another one at the same time: both have to let go.
    let mut second = session(&cluster, leader);
    second.query("FLUSH TABLES WITH READ LOCK").unwrap();
    holder.query("UNLOCK TABLES").unwrap();
    assert_eq!(code(&mut other, "INSERT INTO d.u VALUES (2)"), Some(1205));
    drop(second);
    drop(committer.join().unwrap().unwrap());
    other.query("INSERT INTO d.u VALUES (2)").unwrap();
    assert_eq!(holder.query("SELECT COUNT(*) FROM d.u").unwrap().scalar().as_deref(), Some("2"));
}

#[test]
fn locks_are_the_leaders_and_their_loss_is_told() {
    let cluster = TestCluster::start(3);
    drop(tables(&cluster));
    let leader = cluster.wait_for_leader(FAILOVER_MAX);
    let next = cluster.others(&[leader])[0];
    let mut follower = session(&cluster, next);
    let locks = [
        "LOCK TABLES d.t READ",
        "LOCK TABLES d.t WRITE",
        "FLUSH TABLES WITH READ LOCK",
        "LOCK INSTANCE FOR BACKUP",
    ];
    for sql in locks {
        assert_eq!(code(&mut follower, sql), Some(1290), "{sql}");
    }
    let mut locker = session(&cluster, leader);
    locker.query("LOCK TABLES d.t WRITE").unwrap();
    let mut flusher = session(&cluster, leader);
    flusher.query("FLUSH TABLES WITH READ LOCK").unwrap();
    let mut reader = session(&cluster, leader);
    reader.query("LOCK TABLES d.u READ").unwrap();
    let mut backup = session(&cluster, leader);
    backup.query("LOCK INSTANCE FOR BACKUP").unwrap();
    cluster.must_call(leader, &format!("change_leader({next})"));
    cluster.wait_for_leader_to_be(next, FAILOVER_MAX);
    let mut there = session(&cluster, next);
    there.query("UPDATE d.t SET v = 9").unwrap();
    assert_eq!(code(&mut locker, "SELECT * FROM d.t"), Some(1053), "it is told");
    assert_eq!(code(&mut flusher, "UNLOCK TABLES"), Some(1053));
    there.query("ALTER TABLE d.u ADD w INT NOT NULL DEFAULT 0").unwrap();
    assert_eq!(code(&mut backup, "SELECT * FROM d.t"), Some(1053));
    // Back on the first node: what it held there before is nothing.
    cluster.must_call(next, &format!("change_leader({leader})"));
    cluster.wait_for_leader_to_be(leader, FAILOVER_MAX);
    session(&cluster, leader).query("INSERT INTO d.u VALUES (9, 0)").unwrap();
    assert_eq!(code(&mut reader, "SELECT * FROM d.u"), Some(1053));
    locker.query("LOCK TABLES d.t WRITE").unwrap();
    locker.query("UPDATE d.t SET v = 10").unwrap();
}

#[test]
fn a_backup_lock_holds_up_definitions_and_not_rows() {
    let cluster = TestCluster::start(1);
    let mut holder = tables(&cluster);
    holder.query("CREATE USER nobody").unwrap();
    holder.query("LOCK INSTANCE FOR BACKUP").unwrap();
    let mut other = session(&cluster, 1);
    let changes = [
        "CREATE TABLE d.new (id INT)",
        "ALTER TABLE d.t ADD w INT",
        "CREATE INDEX v ON d.t (v)",
        "TRUNCATE TABLE d.u",
        "RENAME TABLE d.u TO d.w",
        "DROP TABLE d.u",
        "CREATE VIEW d.w AS SELECT 1",
        "DROP DATABASE d",
        "CREATE USER somebody",
        "GRANT SELECT ON d.* TO nobody",
    ];
    for sql in changes {
        assert_eq!(code(&mut other, sql), Some(1205), "{sql}");
    }
    let mut second = session(&cluster, 1);
    second.query("LOCK INSTANCE FOR BACKUP").unwrap();
    // What waits for it keeps nobody from the table.
    let mut waiting = cluster.connect(1);
    let thread = std::thread::spawn(move || waiting.query("ALTER TABLE d.t ADD w INT").map(|_| ()));
    let shown =
        "SELECT GROUP_CONCAT(DISTINCT LOCK_TYPE, ' ', LOCK_STATUS ORDER BY 1) FROM performance_schema.metadata_locks
                 WHERE OBJECT_TYPE = 'BACKUP LOCK'";
    cluster.wait_until("ALTER TABLE waits", SOON, || {
        let seen = cluster.connect(1).query(shown).unwrap().scalar();
        seen.as_deref() == Some("INTENTION_EXCLUSIVE PENDING,SHARED GRANTED")
    });
    other.query("INSERT INTO d.t VALUES (2, 2)").unwrap();
    other.query("CREATE TEMPORARY TABLE d.mine (id INT)").unwrap();
    holder.query("CREATE TABLE d.made_by_holder (id INT)").unwrap();
    holder.query("UNLOCK INSTANCE").unwrap();
    assert_eq!(code(&mut other, "CREATE USER somebody"), Some(1205), "another one holds it");
    drop(second);
    thread.join().unwrap().unwrap();

    // It waits for what is under way, and a reset lets go.
    let rows: Vec<String> = (100..3000).map(|id| format!("({id}, {id}, NULL)")).collect();
    other.query(&format!("INSERT INTO d.t VALUES {}", rows.join(","))).unwrap();
    other.query("SET GLOBAL quorate_alter_throttle_percent = 100").unwrap();
    let mut altering = cluster.connect(1);
    let thread = std::thread::spawn(move || altering.query("ALTER TABLE d.t ADD KEY (v)").map(|_| ()));
    cluster.wait_until("the job pauses", SOON, || waits(&cluster, 1, "altering table: paused"));
    assert_eq!(code(&mut other, "LOCK INSTANCE FOR BACKUP"), Some(1205));
    other.query("SET GLOBAL quorate_alter_throttle_percent = 0").unwrap();
    thread.join().unwrap().unwrap();
    other.query("LOCK INSTANCE FOR BACKUP").unwrap();
    other.reset().unwrap();
    holder.query("DROP TABLE d.u").unwrap();
}
