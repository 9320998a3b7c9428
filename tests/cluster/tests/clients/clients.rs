//! The clients that people have, against a cluster: PyMySQL, mysqlclient, the MariaDB client library, the mariadb command line.
//!
//! What the scripts expect was checked against MySQL 9.7: they run against it as they are (see the head of each).

#![expect(clippy::unwrap_used, reason = "a test: what fails here fails the test")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use cluster_tests::{TestCluster, program};

const DRIVERS: [&str; 2] = ["pymysql", "MySQLdb"];

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts").join(name)
}

/// Runs the checks of `drivers.py`.
fn drivers(driver: &str, address: &str, rest: &[&str]) {
    let mut command = Command::new("python3");
    command.arg(script("drivers.py")).args([driver, address, "root"]).args(rest);
    let output = program::run(&mut command);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
}

/// Standard output, standard error and exit code of the mariadb command line, given `input`.
fn mariadb(address: &str, arguments: &[&str], input: &str) -> (String, String, Option<i32>) {
    let mut command = program::mariadb(address);
    let mut child = command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("mariadb is installed");
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (text(output.stdout), text(output.stderr), output.status.code())
}

#[test]
fn python_drivers_see_what_mysql_shows_them() {
    let cluster = TestCluster::start(3);
    let address = &cluster.node(cluster.wait_for_leader(Duration::from_secs(5))).sql_address;
    for driver in DRIVERS {
        drivers(driver, address, &[]);
    }
    cluster.assert_equal_nodes(Duration::from_secs(20));
}

#[test]
fn prepared_statements_of_the_client_library() {
    let cluster = TestCluster::start(1);
    let binary = cluster.folder().join("prepared");
    let flags = program::succeed(Command::new("mariadb_config").args(["--cflags", "--libs"]));
    program::succeed(
        Command::new("gcc").arg("-o").arg(&binary).arg(script("prepared.c")).args(flags.split_whitespace()),
    );
    let (host, port) = program::split(&cluster.node(1).sql_address);
    program::succeed(Command::new(binary).args([host, port, "root"]));
}

#[test]
fn followers_answer_reads_and_name_the_leader() {
    let mut cluster = TestCluster::start(3);
    let leader = cluster.wait_for_leader(Duration::from_secs(5));
    let mut connection = cluster.connect(leader);
    connection.query("CREATE DATABASE shared").unwrap();
    connection.query("CREATE TABLE shared.t (id INT PRIMARY KEY, v VARCHAR(20))").unwrap();
    connection.query("INSERT INTO shared.t VALUES (1, 'one'), (2, 'two')").unwrap();
    cluster.assert_equal_nodes(Duration::from_secs(20));
    for id in (1..=3).filter(|id| *id != leader) {
        for driver in DRIVERS {
            drivers(driver, &cluster.node(id).sql_address, &["follower", &cluster.node(leader).sql_address]);
        }
    }
    // The next leader is no worse.
    cluster.kill(leader);
    let next = cluster.wait_for_leader(Duration::from_secs(5));
    drivers("pymysql", &cluster.node(next).sql_address, &[]);
    cluster.start_node(leader);
    cluster.assert_equal_nodes(Duration::from_secs(20));
    let started = Instant::now();
    let follower = &cluster.node(leader).sql_address;
    let next_address = &cluster.node(next).sql_address;
    loop {
        let mut connection = cluster.connect(leader);
        let known = connection.query("SELECT @@quorate_leader").unwrap().scalar();
        if known.as_deref() == Some(next_address) {
            break;
        }
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "the old leader knows {known:?}, not {next_address}"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    drivers("pymysql", follower, &["follower", next_address]);
}

const TOUR: &str = "\
CREATE DATABASE shop;
USE shop;
CREATE TABLE account (id INT AUTO_INCREMENT PRIMARY KEY, owner VARCHAR(40) NOT NULL, balance DECIMAL(12,2) NOT NULL DEFAULT 0,
                      opened DATE, UNIQUE KEY (owner));
INSERT INTO account (owner, balance, opened) VALUES ('Ada', 100, '2026-01-31'), ('Grace', 50.5, '2026-02-01');
BEGIN;
UPDATE account SET balance = balance - 25 WHERE owner = 'ada';
UPDATE account SET balance = balance + 25 WHERE owner = 'Grace';
COMMIT;
SELECT owner, balance FROM account ORDER BY balance DESC;
INSERT INTO account (owner) VALUES ('ADA');        -- ERROR 1062: 'ADA' is 'Ada' in this collation
EXPLAIN SELECT * FROM account WHERE owner = 'Ada'; -- const on the unique key
SELECT @@quorate_role, @@gtid_executed <> '';
";

#[test]
fn the_mariadb_command_line() {
    let cluster = TestCluster::start(1);
    let address = &cluster.node(1).sql_address;
    // The tour of the README; --force goes on after the error that it shows.
    let (out, err, code) = mariadb(address, &["--force", "--batch"], TOUR);
    assert!(out.starts_with("owner\tbalance\nGrace\t75.50\nAda\t75.00\n"), "{out}\n{err}");
    assert!(out.contains("\tconst\t") && out.contains("\towner\t"), "{out}");
    assert!(out.ends_with("leader\t1\n"), "{out}");
    assert!(
        err.ends_with("ERROR 1062 (23000) at line 11: Duplicate entry 'ADA' for key 'account.owner'\n"),
        "{err}"
    );
    assert_eq!(code, Some(0));
    // Without --force it ends at the error, and says so with its code.
    let (out, err, code) = mariadb(address, &["shop"], "SELECT 1;\nSELECT * FROM missing;\nSELECT 2;\n");
    assert_eq!((out.as_str(), code), ("1\n1\n", Some(1)));
    assert!(err.ends_with("ERROR 1146 (42S02) at line 2: Table 'shop.missing' doesn't exist\n"), "{err}");
    // A table, and how long strings, NULL and text that is not ASCII are drawn.
    let (out, err, _) = mariadb(
        address,
        &["--table", "--default-character-set=utf8mb4"],
        "SELECT 'naïve' AS a, NULL AS b, 1.50 AS c;",
    );
    assert_eq!(
        out,
        "+--------+------+------+\n| a      | b    | c    |\n+--------+------+------+\n| naïve  | NULL | 1.50 |\n+--------+------+------+\n",
        "{err}"
    );
    // Warnings as they come, counts, and the summary of an INSERT.
    let statements = "INSERT IGNORE INTO account (id, owner) VALUES (1, 'x'), (9, 'Linus');\nUPDATE account SET balance = 1 WHERE id = 9;\n";
    let (out, err, code) = mariadb(address, &["shop", "-vvv", "--show-warnings"], statements);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("Query OK, 1 row affected, 1 warning"), "{out}");
    assert!(out.contains("Records: 2  Duplicates: 1  Warnings: 1"), "{out}");
    assert!(out.contains("Warning (Code 1062): Duplicate entry '1' for key 'account.PRIMARY'"), "{out}");
    assert!(out.contains("Rows matched: 1  Changed: 1  Warnings: 0"), "{out}");
    // DELIMITER, a statement over several lines, comments.
    let statements = "DELIMITER //\nSET @a = 'x;y' -- ;\n//\nSELECT /* ; */\n @a//\nDELIMITER ;\nSELECT 2;\n";
    let (out, err, _) = mariadb(address, &["-N"], statements);
    assert_eq!(out, "x;y\n2\n", "{err}");
}

#[test]
fn the_mariadb_command_line_looks_around() {
    let cluster = TestCluster::start(1);
    let address = &cluster.node(1).sql_address;
    mariadb(address, &[], TOUR.split("SELECT").next().unwrap());
    // It completes names from the list of a table's columns when it is interactive: COM_FIELD_LIST.
    let (out, err, code) = mariadb(address, &["shop", "--auto-rehash", "-N"], "SHOW TABLES;\nstatus\n");
    assert_eq!(code, Some(0), "{err}");
    assert!(out.starts_with("account\n"), "{out}");
    for line in
        ["Current database:\tshop", "Current user:\t\troot@localhost", "Protocol version:\t10", "Uptime:"]
    {
        assert!(out.contains(line), "no '{line}' in {out}");
    }
    let (out, err, _) = mariadb(address, &["shop"], "SHOW CREATE TABLE account\\G");
    assert!(
        out.contains("Create Table: CREATE TABLE `account` (\n  `id` int NOT NULL AUTO_INCREMENT,\n"),
        "{out}{err}"
    );
    assert!(
        out.contains(") ENGINE=InnoDB AUTO_INCREMENT=3 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci"),
        "{out}"
    );
    let (_, err, code) = mariadb(address, &["-uNobody", "-psecret"], "SELECT 1");
    assert_eq!(code, Some(1));
    assert!(
        err.contains("ERROR 1045 (28000): Access denied for user 'Nobody'@")
            && err.contains("(using password: YES)"),
        "{err}"
    );
    let (_, err, _) = mariadb(address, &["nowhere"], "SELECT 1");
    assert!(err.contains("ERROR 1049 (42000): Unknown database 'nowhere'"), "{err}");
}
