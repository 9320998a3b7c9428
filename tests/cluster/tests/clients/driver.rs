//! The driver on real clusters: what it acknowledged is there once through every kind of failover, reads see what they must, it learns who
//! is in the cluster, and its connections are encrypted, bounded and clean.

#![expect(clippy::unwrap_used, reason = "a test: what fails here fails the test")]

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use client::{Cluster, ClusterOptions, Connection, Consistency, Error, Options, Param, SslMode};
use cluster_tests::{Layout, TestCluster, program, server_binary};

/// How long clients may take to go on after a failover.
const PROGRESS_MAX: Duration = Duration::from_secs(40);
/// Writers of the failover test.
const WRITERS: u64 = 4;
/// Transactions of each writer that a round waits for.
const ROUND: u64 = 20;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn options() -> ClusterOptions {
    ClusterOptions {
        connection: Options { timeout: Duration::from_secs(20), ..Options::default() },
        deadline: Duration::from_secs(60),
        ..ClusterOptions::default()
    }
}

fn number(result: &client::QueryResult) -> u64 {
    result.scalar().and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// What the writers know.
#[derive(Default)]
struct Ledger {
    acknowledged: [AtomicU64; WRITERS as usize],
    unknown: [AtomicU64; WRITERS as usize],
    tries: AtomicU64,
    reads: AtomicU64,
    stop: AtomicBool,
}

impl Ledger {
    fn total(&self) -> u64 {
        self.acknowledged.iter().map(|count| count.load(Ordering::SeqCst)).sum()
    }

    fn unknown(&self) -> u64 {
        self.unknown.iter().map(|count| count.load(Ordering::SeqCst)).sum()
    }
}

/// Writes one row and counts it in another, in one transaction, over and over; a transaction whose outcome is not known is
/// counted as that and never repeated.
async fn write(cluster: Cluster, ledger: Arc<Ledger>, writer: u64) -> client::Result<()> {
    let mut n = 0;
    while !ledger.stop.load(Ordering::SeqCst) {
        n += 1;
        let ledger = &ledger;
        let done = cluster.transaction(|txn| async move {
            ledger.tries.fetch_add(1, Ordering::Relaxed);
            txn.execute("INSERT INTO d.line VALUES (?, ?)", &[Param::UInt(writer), Param::UInt(n)]).await?;
            txn.query(&format!("UPDATE d.total SET counted = counted + 1 WHERE id = {}", n % 2)).await?;
            client::Result::Ok(())
        });
        match done.await {
            Ok(()) => ledger.acknowledged[writer as usize].fetch_add(1, Ordering::SeqCst),
            Err(Error::Unknown { .. }) => ledger.unknown[writer as usize].fetch_add(1, Ordering::SeqCst),
            Err(error) => return Err(error),
        };
        let count = "SELECT COUNT(*) FROM d.line WHERE writer = ?";
        let own_reads = cluster.read(Consistency::Session);
        let seen = number(&own_reads.execute(count, &[Param::UInt(writer)]).await?);
        let own = ledger.acknowledged[writer as usize].load(Ordering::SeqCst);
        let unknown = ledger.unknown[writer as usize].load(Ordering::SeqCst);
        assert!(own <= seen && seen <= own + unknown, "writer {writer}: {seen} of {own} and {unknown}");
    }
    Ok(())
}

/// Reads of the other kinds, by somebody who writes nothing.
async fn read(cluster: Cluster, ledger: Arc<Ledger>) -> client::Result<()> {
    while !ledger.stop.load(Ordering::SeqCst) {
        let before = ledger.total();
        let strong =
            number(&cluster.read(Consistency::Strong).query("SELECT SUM(counted) FROM d.total").await?);
        assert!(strong >= before, "a strong read saw {strong} of {before}");
        // One statement is one snapshot, so both sides are from the same moment, however old.
        let both = cluster
            .read(Consistency::Eventual)
            .query("SELECT (SELECT COUNT(*) FROM d.line) - (SELECT SUM(counted) FROM d.total)")
            .await?;
        assert_eq!(both.scalar().as_deref(), Some("0"), "half a transaction was seen");
        ledger.reads.fetch_add(2, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    Ok(())
}

/// Waits until every writer has done so many more.
fn progress(ledger: &Ledger, cluster: &TestCluster) {
    let before: Vec<u64> = ledger.acknowledged.iter().map(|count| count.load(Ordering::SeqCst)).collect();
    cluster.wait_until("all writers go on", PROGRESS_MAX, || {
        let now = ledger.acknowledged.iter().map(|count| count.load(Ordering::SeqCst));
        now.zip(&before).all(|(now, before)| now >= before + ROUND) || ledger.stop.load(Ordering::SeqCst)
    });
}

#[test]
fn nothing_is_lost_or_done_twice_through_failovers() {
    let mut nodes = TestCluster::start(3);
    let runtime = runtime();
    let cluster = runtime.block_on(async {
        // One address is enough.
        let cluster = Cluster::connect([nodes.node(2).sql_address.clone()], options()).await.unwrap();
        cluster.query("CREATE DATABASE d").await.unwrap();
        cluster.query("CREATE TABLE d.line (writer INT, n INT, PRIMARY KEY (writer, n))").await.unwrap();
        cluster.query("CREATE TABLE d.total (id INT PRIMARY KEY, counted BIGINT NOT NULL)").await.unwrap();
        let inserted = cluster.query("INSERT INTO d.total VALUES (0, 0), (1, 0)").await.unwrap();
        assert_eq!(inserted.affected, 2);
        cluster
    });
    let ledger = Arc::new(Ledger::default());
    let mut tasks = Vec::new();
    for writer in 0..WRITERS {
        tasks.push(runtime.spawn(write(cluster.clone(), Arc::clone(&ledger), writer)));
    }
    tasks.push(runtime.spawn(read(cluster.clone(), Arc::clone(&ledger))));
    for fault in ["kill", "transfer", "pause", "transfer", "kill"] {
        progress(&ledger, &nodes);
        let leader = nodes.wait_for_leader(PROGRESS_MAX);
        let (unknown, began) = (ledger.unknown(), Instant::now());
        match fault {
            "kill" => {
                nodes.kill(leader);
                progress(&ledger, &nodes);
                nodes.start_node(leader);
            }
            "pause" => {
                nodes.pause(leader);
                progress(&ledger, &nodes);
                nodes.resume(leader);
            }
            _ => {
                nodes.must_call(leader, "change_leader()");
                progress(&ledger, &nodes);
                assert_ne!(nodes.wait_for_leader(PROGRESS_MAX), leader);
                assert_eq!(ledger.unknown(), unknown, "a handover leaves nothing in doubt");
            }
        }
        println!(
            "{fault} of n{leader}: on within {:?}, {} in doubt",
            began.elapsed(),
            ledger.unknown() - unknown
        );
    }
    progress(&ledger, &nodes);
    ledger.stop.store(true, Ordering::SeqCst);
    runtime.block_on(async {
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        let counted = cluster.query("SELECT writer, COUNT(*) FROM d.line GROUP BY writer").await.unwrap();
        let counted: HashMap<u64, u64> = (0..counted.rows.len())
            .map(|row| {
                (
                    counted.text(row, 0).unwrap().parse().unwrap(),
                    counted.text(row, 1).unwrap().parse().unwrap(),
                )
            })
            .collect();
        for writer in 0..WRITERS {
            let acknowledged = ledger.acknowledged[writer as usize].load(Ordering::SeqCst);
            let unknown = ledger.unknown[writer as usize].load(Ordering::SeqCst);
            let there = counted[&writer];
            assert!(
                acknowledged <= there && there <= acknowledged + unknown,
                "{writer}: {there} of {acknowledged}+{unknown}"
            );
        }
        let lines: u64 = counted.values().sum();
        assert_eq!(number(&cluster.query("SELECT SUM(counted) FROM d.total").await.unwrap()), lines);
        println!(
            "{} transactions acknowledged in {} tries, {} in doubt, {lines} there; {} reads",
            ledger.total(),
            ledger.tries.load(Ordering::Relaxed),
            ledger.unknown(),
            ledger.reads.load(Ordering::Relaxed)
        );
    });
    nodes.assert_equal_nodes(PROGRESS_MAX);
}

#[test]
fn transactions_are_run_again_after_a_conflict_and_refused_what_could_end_them() {
    let nodes = TestCluster::start(1);
    runtime().block_on(async {
        let cluster = Cluster::connect(nodes.addresses(), options()).await.unwrap();
        cluster.query("CREATE DATABASE d").await.unwrap();
        cluster.query("CREATE TABLE d.hot (id INT PRIMARY KEY, n INT NOT NULL)").await.unwrap();
        cluster.query("INSERT INTO d.hot VALUES (1, 0), (2, 0)").await.unwrap();
        // Half of them lock the rows in one order, half in the other: deadlocks.
        let mut tasks = Vec::new();
        for task in 0..8 {
            let cluster = cluster.clone();
            tasks.push(tokio::spawn(async move {
                let (first, second) = if task % 2 == 0 { (1, 2) } else { (2, 1) };
                for _ in 0..25 {
                    cluster
                        .transaction(|txn| async move {
                            for id in [first, second] {
                                let read = format!("SELECT n FROM d.hot WHERE id = {id} FOR UPDATE");
                                let n = number(&txn.query(&read).await?);
                                txn.query(&format!("UPDATE d.hot SET n = {} WHERE id = {id}", n + 1)).await?;
                            }
                            client::Result::Ok(())
                        })
                        .await?;
                }
                client::Result::Ok(())
            }));
        }
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        let result = cluster.query("SELECT MIN(n), MAX(n) FROM d.hot").await.unwrap();
        assert_eq!((result.text(0, 0).unwrap(), result.text(0, 1).unwrap()), ("200".into(), "200".into()));
        for sql in ["COMMIT", "DROP TABLE d.hot", "/*! COMMIT */", "CALL d.p()", "SET autocommit = 1"] {
            let refused: client::Result<()> =
                cluster.transaction(|txn| async move { txn.query(sql).await.map(drop) }).await;
            assert!(matches!(refused, Err(Error::NotSupported { .. })), "{sql}: {refused:?}");
        }
        assert!(matches!(cluster.query("BEGIN").await, Err(Error::NotSupported { .. })));
        // The body's error rolls back, and so does a future that is dropped.
        let failed: Result<(), String> = rolled_back(&cluster).await;
        assert_eq!(failed, Err("the caller's".to_owned()));
        let stuck = cluster.transaction(|txn| async move {
            txn.query("UPDATE d.hot SET n = -2").await?;
            std::future::pending::<client::Result<()>>().await
        });
        assert!(tokio::time::timeout(Duration::from_millis(300), stuck).await.is_err());
        let after = cluster.query("UPDATE d.hot SET n = n + 1 WHERE n = 200").await.unwrap();
        assert_eq!(after.affected, 2, "both rows are free and as they were");
        let kept = cluster.transaction(|txn| async move { client::Result::Ok(txn) }).await.unwrap();
        assert!(kept.query("SELECT 1").await.is_err(), "a transaction that is over takes no statements");
        let written = cluster.read(Consistency::Eventual).query("UPDATE d.hot SET n = 0").await;
        assert_eq!(written.unwrap_err().code(), Some(1792));
    });
}

/// An error type of the caller's own.
async fn rolled_back(cluster: &Cluster) -> Result<(), String> {
    #[derive(Debug)]
    enum Mine {
        Driver(Error),
        Own,
    }
    impl From<Error> for Mine {
        fn from(error: Error) -> Mine {
            Mine::Driver(error)
        }
    }
    let ended: Result<(), Mine> = cluster
        .transaction(|txn| async move {
            txn.query("UPDATE d.hot SET n = -1").await?;
            Err(Mine::Own)
        })
        .await;
    match ended {
        Err(Mine::Own) => Err("the caller's".to_owned()),
        Err(Mine::Driver(error)) => Err(error.to_string()),
        Ok(()) => Ok(()),
    }
}

#[test]
fn members_are_learned_and_forgotten() {
    let mut nodes = TestCluster::start(3);
    let runtime = runtime();
    let cluster = runtime.block_on(Cluster::connect([nodes.node(1).sql_address.clone()], options())).unwrap();
    let ids = |cluster: &Cluster| {
        let mut ids: Vec<u64> = cluster.topology().members.iter().map(|member| member.id).collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(ids(&cluster), [1, 2, 3]);
    let fourth = nodes.join_node(1, "learner");
    nodes.wait_until("the fourth is known", PROGRESS_MAX, || ids(&cluster).contains(&fourth));
    // The only address that was given goes for good.
    if nodes.wait_for_leader(PROGRESS_MAX) == 1 {
        nodes.must_call(1, "change_leader(2)");
    }
    nodes.kill(1);
    runtime.block_on(async {
        cluster.query("CREATE DATABASE d").await.unwrap();
        for consistency in [Consistency::Strong, Consistency::Session, Consistency::Eventual] {
            for _ in 0..20 {
                cluster.read(consistency).query("SELECT 1").await.unwrap();
            }
        }
    });
    nodes.must_call(fourth, "drop_learner(4)");
    nodes.wait_until("the fourth is forgotten", PROGRESS_MAX, || !ids(&cluster).contains(&fourth));
    let nowhere = runtime.block_on(Cluster::connect(
        [cluster_tests::free_address()],
        ClusterOptions { deadline: Duration::from_millis(300), ..options() },
    ));
    assert!(matches!(nowhere, Err(Error::NoLeader { .. })), "{nowhere:?}");
}

#[test]
fn reads_go_where_the_weights_say() {
    let nodes = TestCluster::start(3);
    let leader = nodes.wait_for_leader(PROGRESS_MAX);
    let followers = nodes.others(&[leader]);
    let wanted = followers[0];
    let mut options = options();
    options.leader_read_weight = 0;
    options.read_weights.insert(nodes.node(followers[1]).sql_address.clone(), 0);
    runtime().block_on(async {
        let cluster = Cluster::connect(nodes.addresses(), options).await.unwrap();
        for _ in 0..30 {
            let answer = cluster.read(Consistency::Session).query("SELECT @@server_id").await.unwrap();
            assert_eq!(number(&answer), wanted);
        }
        assert_eq!(number(&cluster.query("SELECT @@server_id").await.unwrap()), leader);
    });
}

#[test]
fn connections_are_encrypted_as_far_as_is_asked() {
    let nodes = TestCluster::start(1);
    let plain = Layout::of(1).flags(&["--ssl=off"]).start();
    let own = nodes.node(1).data.join("server-cert.pem");
    let other = TestCluster::start(1);
    let foreign = other.node(1).data.join("server-cert.pem");
    // A certificate for another name.
    let folder = tempfile::tempdir().unwrap();
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let made = rcgen::generate_simple_self_signed(vec!["elsewhere.example".to_owned()]).unwrap();
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let flags = ["--ssl-cert", cert.to_str().unwrap(), "--ssl-key", key.to_str().unwrap()];
    let elsewhere = Layout::of(1).flags(&flags).start();
    let misnamed = elsewhere.node(1).sql_address.replace("127.0.0.1", "localhost");
    let named = nodes.node(1).sql_address.replace("127.0.0.1", "localhost");
    let by_number = nodes.node(1).sql_address.clone();
    runtime().block_on(async {
        let connect = |address: String, ssl_mode, ssl_ca: Option<&std::path::PathBuf>| {
            let options = Options { ssl_mode, ssl_ca: ssl_ca.cloned(), ..Options::default() };
            async move { Connection::connect(&address, &options).await }
        };
        for (ssl_mode, ssl_ca) in [
            (SslMode::Preferred, None),
            (SslMode::Required, None),
            (SslMode::VerifyCa, Some(&own)),
            (SslMode::VerifyIdentity, Some(&own)),
        ] {
            let mut connection = connect(named.clone(), ssl_mode, ssl_ca).await.unwrap();
            assert!(connection.encryption().unwrap().contains("TLSv1_3"), "{ssl_mode:?}");
            let cipher = connection.query("SHOW SESSION STATUS LIKE 'Ssl_cipher'").await.unwrap();
            assert_eq!(cipher.text(0, 1).unwrap(), "TLS_AES_256_GCM_SHA384");
            // Packets of more than one record, both ways.
            let long = "x".repeat(300_000);
            let echoed = connection.query(&format!("SELECT '{long}'")).await.unwrap();
            assert_eq!(echoed.scalar().unwrap(), long);
            tokio::time::sleep(Duration::from_millis(20)).await;
            connection.ping().await.unwrap();
        }
        assert!(connect(misnamed.clone(), SslMode::VerifyCa, Some(&cert)).await.is_ok(), "any name will do");
        assert!(connect(by_number.clone(), SslMode::VerifyIdentity, Some(&own)).await.is_ok());
        let cases = [
            (misnamed, SslMode::VerifyIdentity, Some(&cert)),
            (named.clone(), SslMode::VerifyCa, Some(&foreign)),
            (named.clone(), SslMode::VerifyIdentity, Some(&foreign)),
            (named.clone(), SslMode::VerifyIdentity, None),
            (plain.node(1).sql_address.clone(), SslMode::Required, None),
        ];
        for (address, ssl_mode, ssl_ca) in cases {
            let refused = connect(address, ssl_mode, ssl_ca).await;
            assert!(matches!(refused, Err(Error::Tls { .. })), "{ssl_mode:?} {ssl_ca:?}: {refused:?}");
        }
        for (address, ssl_mode) in
            [(plain.node(1).sql_address.clone(), SslMode::Preferred), (by_number, SslMode::Disabled)]
        {
            let mut connection = connect(address, ssl_mode, None).await.unwrap();
            assert_eq!(connection.encryption(), None);
            connection.ping().await.unwrap();
        }
    });
}

#[test]
fn rows_as_they_come_and_calls_that_are_dropped() {
    let nodes = TestCluster::start(1);
    runtime().block_on(async {
        let mut connection =
            Connection::connect(&nodes.node(1).sql_address, &Options::default()).await.unwrap();
        connection.query("CREATE DATABASE d").await.unwrap();
        connection.use_database("d").await.unwrap();
        connection.query("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20), d DOUBLE)").await.unwrap();
        let values: Vec<String> = (0..3000).map(|id| format!("({id}, 'v{id}', {id} / 4)")).collect();
        connection
            .query(&format!("INSERT INTO t VALUES {}, (-1, NULL, NULL)", values.join(",")))
            .await
            .unwrap();
        let sql = "SELECT id, v, d FROM t ORDER BY id";
        let all = connection.query(sql).await.unwrap().rows;
        assert_eq!(all.len(), 3001);
        let statement = connection.prepare(sql).await.unwrap();
        for is_prepared in [false, true] {
            let mut rows = match is_prepared {
                false => connection.query_rows(sql).await.unwrap(),
                true => connection.execute_rows(&statement, &[]).await.unwrap(),
            };
            assert_eq!(rows.columns().len(), 3);
            let mut count = 0;
            while let Some(row) = rows.next().await.unwrap() {
                let row: Vec<Option<Vec<u8>>> =
                    (0..row.len()).map(|at| row.get(at).map(<[u8]>::to_vec)).collect();
                assert_eq!(row, all[count], "prepared: {is_prepared}");
                count += 1;
            }
            assert_eq!(count, all.len());
        }
        let by_name = connection.prepare("SELECT id FROM t WHERE v = ? AND v = ?").await.unwrap();
        let found =
            connection.execute(&by_name, &[Param::text("v2999"), Param::blob(b"v2999")]).await.unwrap();
        assert_eq!(number(&found), 2999);
        let mut rows = connection.query_rows(sql).await.unwrap();
        rows.next().await.unwrap();
        rows.finish().await.unwrap();
        let rows = connection.query_rows("UPDATE t SET v = 'x' WHERE id < 2").await.unwrap();
        assert_eq!(rows.result().unwrap().affected, 3);
        rows.finish().await.unwrap();
        let mut transaction = connection.begin().await.unwrap();
        transaction.connection().query("DELETE FROM t").await.unwrap();
        transaction.rollback().await.unwrap();
        assert_eq!(number(&connection.query("SELECT COUNT(*) FROM t").await.unwrap()), 3001);
        // What is left in the middle of an answer takes no more calls.
        drop(connection.query_rows(sql).await.unwrap());
        assert!(connection.is_broken());
        assert!(matches!(connection.query("SELECT 1").await, Err(Error::Stale)));
        let mut connection =
            Connection::connect(&nodes.node(1).sql_address, &Options::default()).await.unwrap();
        let slow = tokio::time::timeout(Duration::from_millis(100), connection.query("SELECT SLEEP(30)"));
        assert!(slow.await.is_err());
        assert!(connection.is_broken());
        connection.close().await;
    });
}

#[test]
fn a_pool_is_bounded_fair_and_clean() {
    let nodes = TestCluster::start(1);
    runtime().block_on(async {
        let bounded = ClusterOptions { connections_max: 2, deadline: Duration::from_secs(5), ..options() };
        let cluster = Cluster::connect(nodes.addresses(), bounded).await.unwrap();
        let mut first = cluster.leader().await.unwrap();
        let second = cluster.leader().await.unwrap();
        let id = first.connection().connection_id();
        first.connection().query("SET @a = 1, autocommit = 1").await.unwrap();
        let waiting = {
            let cluster = cluster.clone();
            tokio::spawn(async move { cluster.leader().await })
        };
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(!waiting.is_finished(), "there are two at most");
        drop(first);
        let mut third = waiting.await.unwrap().unwrap();
        assert_eq!(third.connection().connection_id(), id, "it is used again");
        assert_eq!(third.connection().query("SELECT @a").await.unwrap().scalar(), None, "and clean");
        third.connection().query("CREATE DATABASE d").await.unwrap();
        third.connection().use_database("d").await.unwrap();
        drop(third);
        let mut third = cluster.leader().await.unwrap();
        let used = third.connection().query("SELECT DATABASE()").await.unwrap();
        assert_eq!(used.scalar(), None, "also of a schema");
        let start = Instant::now();
        assert!(matches!(cluster.leader().await, Err(Error::Busy { .. })));
        assert!(start.elapsed() >= Duration::from_secs(5));
        drop((second, third));
        // A server's default of no autocommit does not make writes that are not committed.
        cluster.query("CREATE TABLE d.t (id INT PRIMARY KEY)").await.unwrap();
        let mut administrator = nodes.connect(1);
        administrator.query("SET GLOBAL autocommit = 0").unwrap();
        let fresh = Cluster::connect(nodes.addresses(), options()).await.unwrap();
        fresh.query("INSERT INTO d.t VALUES (1)").await.unwrap();
        assert_eq!(
            number(&fresh.read(Consistency::Strong).query("SELECT COUNT(*) FROM d.t").await.unwrap()),
            1
        );
        administrator.query("SET GLOBAL autocommit = 1").unwrap();
        drop((fresh, administrator));
        // Reads have connections of their own, within the same bound; and those of a server that went are replaced.
        let mut connections = Vec::new();
        for _ in 0..4 {
            let sql = "SELECT CONNECTION_ID()";
            connections.push(number(&cluster.read(Consistency::Strong).query(sql).await.unwrap()));
            connections.push(number(&cluster.read(Consistency::Eventual).query(sql).await.unwrap()));
            connections.push(number(&cluster.query(sql).await.unwrap()));
        }
        // One of them is the background's. What was closed to make room is gone when the server has seen that.
        let start = Instant::now();
        let open = loop {
            let sql = "SELECT COUNT(*) FROM information_schema.PROCESSLIST";
            let open = number(&cluster.query(sql).await.unwrap());
            if open <= 3 || start.elapsed() > Duration::from_secs(5) {
                break open;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        assert!(open <= 3, "{open} connections are open");
        let killed = connections[connections.len() - 1];
        let _ = cluster.query(&format!("KILL {}", killed + 1000)).await.unwrap_err();
        let mut killer = nodes.connect(1);
        killer.query(&format!("KILL {killed}")).unwrap();
        for _ in 0..5 {
            cluster.query("SELECT 1").await.unwrap();
        }
    });
}

#[test]
fn the_command_line_and_joining_nodes_encrypt() {
    let mut nodes = TestCluster::start(1);
    let address = nodes.node(1).sql_address.clone();
    let mut client = nodes.connect(1);
    client.query("SET GLOBAL require_secure_transport = ON").unwrap();
    assert!(cluster_tests::connect(&address, PROGRESS_MAX).is_err(), "in the clear nobody is let in");
    let run =
        |arguments: &[&str]| program::succeed(std::process::Command::new(server_binary()).args(arguments));
    assert!(run(&["sql", "--nodes", &address, "SELECT 6 * 7"]).contains("42"));
    assert!(run(&["status", "--nodes", &address]).contains(&address));
    assert!(run(&["member", "list", "--nodes", &address]).contains(&address));
    let second = nodes.start_joining(1, "learner");
    nodes.wait_until("the second node is a member", PROGRESS_MAX, || {
        let members =
            client.query("SELECT COUNT(*) FROM information_schema.QUORATE_CLUSTER_MEMBERS").unwrap();
        number(&members) == 2
            && cluster_tests::connect(&nodes.node(second).sql_address, Duration::from_secs(1)).is_ok()
    });
    // A statement of administration that a node passes on to the leader.
    nodes.must_call(second, "drop_learner(2)");
    let members = client.query("SELECT COUNT(*) FROM information_schema.QUORATE_CLUSTER_MEMBERS").unwrap();
    assert_eq!(number(&members), 1);
}
