//! What a session waits for, and who is in its way, as the system tables show it.

#![expect(clippy::unwrap_used, reason = "tests: what fails here fails the test")]

use std::thread::{self, JoinHandle};
use std::time::Duration;

use client::blocking::{Connection, Options, QueryResult};
use cluster_tests::TestCluster;
use cluster_tests::question::lines;

/// How long something may take that waits for nothing.
const SOON: Duration = Duration::from_secs(10);

fn tables(cluster: &TestCluster) -> Connection {
    let mut connection = cluster.connect_leader();
    for sql in [
        "CREATE DATABASE d",
        "CREATE TABLE d.t (id INT PRIMARY KEY, k INT, v VARCHAR(20), KEY (k))",
        "INSERT INTO d.t VALUES (1, 10, 'a'), (5, 50, 'b'), (9, 90, 'c')",
    ] {
        connection.query(sql).unwrap();
    }
    connection
}

/// Runs a statement in a session of its own, which is given back when it is done.
fn run(mut connection: Connection, sql: &'static str) -> JoinHandle<(Connection, Option<u16>)> {
    thread::spawn(move || {
        let code = connection.query(sql).err().and_then(|error| error.code());
        (connection, code)
    })
}

/// The one row of a table, as name and value.
fn one_row(result: &QueryResult) -> Vec<(String, Option<String>)> {
    assert_eq!(result.rows.len(), 1, "{}", lines(result));
    let columns = result.columns.iter().enumerate();
    columns.map(|(place, column)| (column.name.clone(), result.text(0, place))).collect()
}

fn value(row: &[(String, Option<String>)], name: &str) -> Option<String> {
    row.iter().find(|(column, _)| column == name).unwrap_or_else(|| panic!("no column {name}")).1.clone()
}

#[test]
fn a_wait_for_a_row_names_both_sides_the_row_and_what_would_end_it() {
    let cluster = TestCluster::start(1);
    let mut watcher = tables(&cluster);
    let mut holder = cluster.connect_leader();
    holder.query("SET TRANSACTION ISOLATION LEVEL READ COMMITTED").unwrap();
    holder.query("BEGIN").unwrap();
    holder.query("UPDATE d.t SET v = 'x' WHERE id = 5").unwrap();
    let mut waiter = cluster.connect_leader();
    waiter.query("BEGIN").unwrap();
    let (waiting_id, blocking_id) = (waiter.connection_id(), holder.connection_id());
    let waiting = run(waiter, "DELETE FROM d.t WHERE k = 50");
    let count = "SELECT COUNT(*) FROM sys.innodb_lock_waits";
    cluster.wait_until("the wait is shown", SOON, || {
        watcher.query(count).unwrap().scalar().as_deref() == Some("1")
    });

    let row = one_row(&watcher.query("SELECT * FROM sys.innodb_lock_waits").unwrap());
    let text = |name: &str| value(&row, name).unwrap_or_default();
    assert_eq!(text("locked_table"), "`d`.`t`");
    assert_eq!(text("locked_index"), "PRIMARY");
    assert_eq!(text("waiting_pid"), waiting_id.to_string());
    assert_eq!(text("waiting_query"), "DELETE FROM d.t WHERE k = 50");
    assert_eq!(text("blocking_pid"), blocking_id.to_string());
    // It sits idle: the commonest case.
    assert_eq!(value(&row, "blocking_query"), None);
    assert_eq!(text("blocking_lock_mode"), "X,REC_NOT_GAP");
    assert_eq!(text("blocking_trx_rows_modified"), "1");
    assert_eq!(text("sql_kill_blocking_connection"), format!("KILL {blocking_id}"));

    let locks = "SELECT LOCK_STATUS, THREAD_ID, OBJECT_SCHEMA, OBJECT_NAME, INDEX_NAME, LOCK_DATA \
                 FROM performance_schema.data_locks ORDER BY LOCK_STATUS";
    let locks = watcher.query(locks).unwrap();
    assert_eq!(
        lines(&locks),
        format!("GRANTED\t{blocking_id}\td\tt\tPRIMARY\t5\nWAITING\t{waiting_id}\td\tt\tPRIMARY\t5\n")
    );
    // The tables can be joined by the names of the locks, as tools do.
    let joined = "SELECT r.trx_mysql_thread_id, r.trx_state, b.trx_mysql_thread_id, b.trx_state, b.trx_isolation_level \
                  FROM performance_schema.data_lock_waits w \
                  JOIN information_schema.INNODB_TRX b ON b.trx_id = w.BLOCKING_ENGINE_TRANSACTION_ID \
                  JOIN information_schema.INNODB_TRX r ON r.trx_id = w.REQUESTING_ENGINE_TRANSACTION_ID \
                  JOIN performance_schema.data_locks l ON l.ENGINE_LOCK_ID = w.BLOCKING_ENGINE_LOCK_ID \
                  WHERE r.trx_requested_lock_id = w.REQUESTING_ENGINE_LOCK_ID";
    assert_eq!(
        lines(&watcher.query(joined).unwrap()),
        format!("{waiting_id}\tLOCK WAIT\t{blocking_id}\tRUNNING\tREAD COMMITTED\n")
    );

    // Who may not see other users' statements does not see them here.
    watcher.query("CREATE USER eve").unwrap();
    watcher.query("GRANT SELECT ON performance_schema.* TO eve").unwrap();
    watcher.query("GRANT SELECT ON sys.* TO eve").unwrap();
    let options = Options { user: "eve".into(), ..Options::unencrypted() };
    let mut eve = Connection::connect_with(&cluster.addresses()[0], &options).unwrap();
    let denied = eve.query("SELECT waiting_query, blocking_query FROM sys.innodb_lock_waits").unwrap_err();
    assert_eq!(denied.code(), Some(1356), "{denied}");
    let denied = eve.query("SELECT * FROM information_schema.INNODB_TRX").unwrap_err();
    assert_eq!(denied.code(), Some(1227), "{denied}");

    let kill = format!("KILL {blocking_id}");
    watcher.query(&kill).unwrap();
    let (waiter, code) = waiting.join().unwrap();
    assert_eq!(code, None);
    assert_eq!(watcher.query(count).unwrap().scalar().as_deref(), Some("0"));
    let open = "SELECT trx_mysql_thread_id, trx_rows_modified > 0 FROM information_schema.INNODB_TRX";
    // An idle transaction is shown; one that is over is not, once its connection is gone.
    cluster.wait_until("one transaction is open", SOON, || {
        lines(&watcher.query(open).unwrap()) == format!("{waiting_id}\t1\n")
    });
    drop(waiter);
    cluster.wait_until("nothing is open", SOON, || {
        watcher.query("SELECT COUNT(*) FROM information_schema.INNODB_TRX").unwrap().scalar().as_deref()
            == Some("0")
    });
}

#[test]
fn a_wait_for_a_table_names_the_statement_in_the_way() {
    let cluster = TestCluster::start(1);
    let mut watcher = tables(&cluster);
    let mut holder = cluster.connect_leader();
    holder.query("BEGIN").unwrap();
    holder.query("SELECT * FROM d.t FOR SHARE").unwrap();
    let alter = cluster.connect_leader();
    let (waiting_id, blocking_id) = (alter.connection_id(), holder.connection_id());
    let altering = run(alter, "ALTER TABLE d.t ADD COLUMN w INT");
    let waits = "SELECT waiting_pid, waiting_query, waiting_lock_type, blocking_pid, blocking_lock_type, \
                 sql_kill_blocking_query FROM sys.schema_table_lock_waits \
                 WHERE object_schema = 'd' AND object_name = 't'";
    let mut shown = String::new();
    cluster.wait_until("the wait is shown", SOON, || {
        shown = lines(&watcher.query(waits).unwrap());
        !shown.is_empty()
    });
    assert_eq!(
        shown,
        format!(
            "{waiting_id}\tALTER TABLE d.t ADD COLUMN w INT\tEXCLUSIVE\t{blocking_id}\tSHARED_READ\tKILL QUERY {blocking_id}\n"
        )
    );
    let pending =
        "SELECT OWNER_THREAD_ID FROM performance_schema.metadata_locks WHERE LOCK_STATUS = 'PENDING'";
    assert_eq!(watcher.query(pending).unwrap().scalar(), Some(waiting_id.to_string()));
    holder.query("COMMIT").unwrap();
    assert_eq!(altering.join().unwrap().1, None);

    // LOCK TABLES holds its locks in a name of its own.
    holder.query("LOCK TABLES d.t WRITE").unwrap();
    let reading = run(cluster.connect_leader(), "UPDATE d.t SET v = 'y'");
    let blocking = "SELECT blocking_pid FROM sys.schema_table_lock_waits";
    cluster.wait_until("the wait is shown", SOON, || {
        watcher.query(blocking).unwrap().scalar() == Some(blocking_id.to_string())
    });
    holder.query("UNLOCK TABLES").unwrap();
    assert_eq!(reading.join().unwrap().1, None);
}
