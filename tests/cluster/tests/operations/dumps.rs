//! A server dumped by mariadb-dump and restored elsewhere: all databases, tables and accounts come out the same, by checksum and by definition.

#![expect(clippy::unwrap_used, reason = "a test: what fails here fails the test")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use cluster_tests::question::{code, scalar};
use cluster_tests::{TestCluster, program};

const FAILOVER_MAX: Duration = Duration::from_secs(15);
const DATABASES: [&str; 2] = ["kinds", "odd `name"];

/// Something of every kind.
fn contents() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts/dumped.sql");
    std::fs::read_to_string(path).unwrap()
}

/// What the mariadb command line answers to statements, as text without names of columns.
fn answer(address: &str, statements: &str) -> String {
    let mut command = program::mariadb(address);
    command.args(["-N", "--raw", "--default-character-set=utf8mb4"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), statements.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

/// A dump of the databases, without what names the server or the time.
fn dump(address: &str, options: &[&str]) -> String {
    let (host, port) = program::split(address);
    let mut command = Command::new("mariadb-dump");
    command.args(["--no-defaults", "-uroot", "-h", host, "-P", port, "--protocol=tcp"]);
    command.args([
        "--default-character-set=utf8mb4",
        "--skip-comments",
        "--routines",
        "--events",
        "--triggers",
    ]);
    program::succeed(command.args(options).arg("--databases").args(DATABASES))
}

/// The names of all tables of the databases, quoted.
fn tables(address: &str) -> Vec<String> {
    let quoted = DATABASES.map(|name| format!("'{name}'")).join(", ");
    let statement = format!(
        "SELECT CONCAT('`', REPLACE(table_schema, '`', '``'), '`.`', REPLACE(table_name, '`', '``'), '`') FROM information_schema.tables \
         WHERE table_schema IN ({quoted}) ORDER BY 1"
    );
    answer(address, &statement).lines().map(str::to_owned).collect()
}

/// Definitions and checksums of everything.
fn state(address: &str) -> String {
    let tables = tables(address);
    assert!(tables.len() > 9, "{tables:?}");
    let mut statements = format!("CHECKSUM TABLE {};", tables.join(", "));
    statements.push_str(&format!("CHECK TABLE {};", tables.join(", ")));
    for table in &tables {
        statements.push_str(&format!("SHOW CREATE TABLE {table}; SELECT COUNT(*) FROM {table};"));
    }
    for database in DATABASES {
        statements.push_str(&format!("SHOW CREATE DATABASE `{}`;", database.replace('`', "``")));
    }
    answer(address, &statements)
}

#[test]
fn what_is_dumped_and_restored_is_the_same() {
    let from = TestCluster::start(3);
    let leader = from.wait_for_leader(FAILOVER_MAX);
    let address = &from.node(leader).sql_address;
    answer(address, &contents());
    let expected = state(address);
    let onto = TestCluster::start(1);
    onto.wait_for_leader(FAILOVER_MAX);
    let target = &onto.node(1).sql_address;
    let dumped = dump(address, &["--single-transaction", "--hex-blob", "--quick"]);
    answer(target, &dumped);
    assert_eq!(state(target), expected);
    assert_eq!(dump(target, &["--single-transaction", "--hex-blob", "--quick"]), dumped);
    // Under LOCK TABLES, with one statement a row and the columns' names; and over what is there already.
    let locked = dump(
        address,
        &[
            "--lock-tables",
            "--hex-blob",
            "--complete-insert",
            "--skip-extended-insert",
            "--add-drop-database",
        ],
    );
    answer(target, &locked);
    assert_eq!(state(target), expected);
    // A follower is read in one snapshot, without locks.
    let follower = &from.node(from.others(&[leader])[0]).sql_address;
    from.assert_equal_nodes(Duration::from_secs(20));
    assert_eq!(dump(follower, &["--single-transaction", "--hex-blob", "--quick"]), dumped);
}

#[test]
fn accounts_come_out_of_show_create_user_and_show_grants() {
    let from = TestCluster::start(1);
    let onto = TestCluster::start(1);
    for cluster in [&from, &onto] {
        cluster.wait_for_leader(FAILOVER_MAX);
    }
    let (address, target) = (&from.node(1).sql_address, &onto.node(1).sql_address);
    answer(
        address,
        "CREATE DATABASE shop; CREATE TABLE shop.t (a INT, b INT); CREATE ROLE reader, `odd role`@`10.%`;
         CREATE USER ada IDENTIFIED BY 'secret' COMMENT 'it''s Ada'; CREATE USER grace@localhost IDENTIFIED WITH mysql_native_password BY 'x' PASSWORD EXPIRE NEVER ACCOUNT LOCK;
         GRANT SELECT ON shop.* TO reader; GRANT SELECT (a), UPDATE (a, b) ON shop.t TO ada; GRANT reader, `odd role`@`10.%` TO ada WITH ADMIN OPTION;
         GRANT ALL ON *.* TO grace@localhost WITH GRANT OPTION; SET DEFAULT ROLE reader TO ada;",
    );
    answer(target, "CREATE DATABASE shop; CREATE TABLE shop.t (a INT, b INT);");
    let accounts = "SELECT CONCAT(QUOTE(user), '@', QUOTE(host)) FROM mysql.user WHERE user <> 'root' ORDER BY account_locked DESC, user, host";
    let statements = |address: &str| {
        let names = answer(address, accounts);
        let shown = |what: &str| -> String {
            let ask: String = names.lines().map(|name| format!("{what} {name};\n")).collect();
            // Hashes of passwords have bytes that only a literal of hexadecimal digits can name.
            answer(address, &format!("SET print_identified_with_as_hex = 1;\n{ask}"))
        };
        shown("SHOW CREATE USER") + &shown("SHOW GRANTS FOR")
    };
    let expected = statements(address);
    let ended: String = expected.lines().map(|line| format!("{line};\n")).collect();
    answer(target, &ended);
    assert_eq!(statements(target), expected);
}

/// mysqldump of a server with GTIDs sets two variables before anything else.
#[test]
fn a_dump_that_says_which_gtids_it_has_is_restored() {
    const FIRST: &str = "SET @MYSQLDUMP_TEMP_LOG_BIN = @@SESSION.SQL_LOG_BIN;\nSET @@SESSION.SQL_LOG_BIN= 0;\n\
        SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-7';\n";
    const SHOWN: &str =
        "SELECT @@GLOBAL.gtid_purged, GTID_SUBSET(@@GLOBAL.gtid_purged, @@GLOBAL.gtid_executed)";
    const EXPECTED: &str = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-7\t1\n";
    let mut cluster = TestCluster::start(3);
    let leader = cluster.wait_for_leader(FAILOVER_MAX);
    answer(
        &cluster.node(leader).sql_address,
        &format!(
            "{FIRST}CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY);\n\
             SET @@SESSION.SQL_LOG_BIN = @MYSQLDUMP_TEMP_LOG_BIN;"
        ),
    );
    for _ in 0..2 {
        cluster.assert_equal_nodes(FAILOVER_MAX);
        for id in 1..=3 {
            assert_eq!(answer(&cluster.node(id).sql_address, SHOWN), EXPECTED, "n{id}");
        }
        cluster.kill_all();
        (1..=3).for_each(|id| cluster.start_node(id));
        cluster.wait_for_leader(FAILOVER_MAX);
    }
}

/// Accounts of every kind, as SHOW CREATE USER and SHOW GRANTS have them, in the order of their names.
fn accounts(address: &str) -> String {
    let names = "SELECT CONCAT(QUOTE(user), '@', QUOTE(host)) FROM mysql.user ORDER BY user, host";
    let ask = |name: &str| format!("SHOW CREATE USER {name};\nSHOW GRANTS FOR {name};\n");
    let statements: String = answer(address, names).lines().map(ask).collect();
    answer(address, &format!("SET print_identified_with_as_hex = 1;\n{statements}"))
}

/// All databases but `sys`, with FLUSH PRIVILEGES behind `mysql`.
fn dump_all(address: &str, options: &[&str]) -> String {
    let (host, port) = program::split(address);
    let mut command = Command::new("mariadb-dump");
    command.args(["--no-defaults", "-uroot", "-h", host, "-P", port, "--protocol=tcp"]);
    command.args(["--all-databases", "--ignore-database=sys", "--flush-privileges", "--skip-comments"]);
    program::succeed(command.args(options))
}

#[test]
fn a_dump_of_all_databases_brings_the_accounts() {
    let from = TestCluster::start(1);
    let mut onto = TestCluster::start(3);
    from.wait_for_leader(FAILOVER_MAX);
    let leader = onto.wait_for_leader(FAILOVER_MAX);
    let (address, target) = (&from.node(1).sql_address, onto.node(leader).sql_address.clone());
    answer(
        address,
        "CREATE DATABASE shop; CREATE TABLE shop.t (a INT, b INT); INSERT INTO shop.t VALUES (1, 2); CREATE ROLE reader, `odd role`@`10.%`;
         CREATE PROCEDURE shop.p() SELECT 1;
         CREATE USER root@'%', eve IDENTIFIED BY 'eve'; CREATE USER ada IDENTIFIED BY 'secret' REQUIRE SUBJECT '/CN=ada' WITH MAX_QUERIES_PER_HOUR 7 PASSWORD HISTORY 3 FAILED_LOGIN_ATTEMPTS 2 PASSWORD_LOCK_TIME UNBOUNDED
           COMMENT 'it''s Ada';
         CREATE USER grace@localhost IDENTIFIED WITH mysql_native_password BY 'x' PASSWORD EXPIRE NEVER ACCOUNT LOCK PASSWORD REUSE INTERVAL 5 DAY PASSWORD REQUIRE CURRENT;
         GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION; ALTER USER ada IDENTIFIED BY 'other' RETAIN CURRENT PASSWORD;
         GRANT SELECT, TRIGGER, SHOW VIEW ON shop.* TO reader; GRANT SELECT (a), UPDATE (a, b), DELETE ON shop.t TO ada WITH GRANT OPTION;
         GRANT EXECUTE, ALTER ROUTINE ON PROCEDURE shop.p TO ada; GRANT BACKUP_ADMIN ON *.* TO ada; GRANT XA_RECOVER_ADMIN ON *.* TO ada WITH GRANT OPTION;
         GRANT reader, `odd role`@`10.%` TO ada WITH ADMIN OPTION; GRANT CREATE ROLE ON *.* TO eve; SET DEFAULT ROLE reader TO ada;",
    );
    answer(
        &target,
        "CREATE USER gone IDENTIFIED BY 'gone'; CREATE USER root@'%'; GRANT ALL ON *.* TO root@'%';",
    );
    let expected = accounts(address);
    let dumped = dump_all(address, &[]);
    assert!(dump_all(address, &["--single-transaction"]) == dumped, "another in a snapshot than under locks");

    // Without its last step nobody's rights are others, and nobody changes what it would undo.
    let (rows, _) = dumped.split_once("FLUSH PRIVILEGES").unwrap();
    let rows = rows.strip_suffix("/*! ").unwrap_or(rows);
    answer(&target, rows);
    assert!(answer(&target, "SHOW CREATE USER gone").contains("gone"));
    let mut connection = onto.connect_leader();
    let refused = connection.query("CREATE USER late").unwrap_err().to_string();
    assert!(refused.contains("FLUSH PRIVILEGES"), "{refused}");
    connection.query("UPDATE mysql.user SET plugin = 'unheard_of' WHERE user = 'eve'").unwrap();
    let refused = connection.query("FLUSH PRIVILEGES").unwrap_err().to_string();
    assert!(refused.contains("eve") && refused.contains("unheard_of"), "{refused}");
    connection.query("UPDATE mysql.user SET plugin = 'caching_sha2_password' WHERE user = 'eve'").unwrap();
    connection.query("DELETE FROM mysql.user WHERE create_user_priv = 'Y'").unwrap();
    let refused = connection.query("FLUSH PRIVILEGES").unwrap_err().to_string();
    assert!(refused.contains("no account that may create accounts"), "{refused}");
    drop(connection);

    answer(&target, &dumped);
    for _ in 0..2 {
        onto.assert_equal_nodes(FAILOVER_MAX);
        for id in 1..=3 {
            assert_eq!(accounts(&onto.node(id).sql_address), expected, "n{id}");
        }
        onto.kill_all();
        (1..=3).for_each(|id| onto.start_node(id));
        onto.wait_for_leader(FAILOVER_MAX);
    }
    // They came with the first table.
    let statistics = ["--ignore-table=mysql.innodb_index_stats", "--ignore-table=mysql.innodb_table_stats"];
    let again = dump_all(&onto.node(onto.leader().unwrap()).sql_address, &statistics);
    assert!(again == dumped, "dumped again it is another");
}

/// Tables that were made in `mysql` are tables like others; those of grants wait for FLUSH PRIVILEGES wherever it is said.
#[test]
fn tables_in_mysql_are_tables_on_every_node() {
    const GRANTS: &str = "CREATE TABLE mysql.default_roles (host CHAR(255), user CHAR(32), default_role_host CHAR(255), default_role_user CHAR(32))";
    let cluster = TestCluster::start(3);
    let leader = cluster.wait_for_leader(FAILOVER_MAX);
    let mut one = cluster.connect_leader();
    let mut other = cluster.connect_leader();
    one.query("CREATE TABLE mysql.mine (a INT PRIMARY KEY, b INT)").unwrap();
    one.query("INSERT INTO mysql.mine VALUES (1, 1)").unwrap();
    one.query("START TRANSACTION WITH CONSISTENT SNAPSHOT").unwrap();
    other.query("CREATE INDEX k ON mysql.mine (b)").unwrap();
    assert_eq!(code(&mut one, "SELECT * FROM mysql.mine"), Some(1412));
    one.query("ROLLBACK").unwrap();

    let mut follower = cluster.connect(cluster.others(&[leader])[0]);
    one.query(GRANTS).unwrap();
    assert_eq!(
        code(&mut follower, "FLUSH PRIVILEGES"),
        Some(1290),
        "it knows of them as soon as they are there"
    );
    follower.query("SET quorate_write_forwarding = ON").unwrap();
    follower.query("BEGIN").unwrap();
    follower.query("INSERT INTO mysql.mine VALUES (2, 2)").unwrap();
    assert_eq!(scalar(&mut follower, "SELECT COUNT(*) FROM mysql.mine"), "2", "its own row");
    follower.query("COMMIT").unwrap();
    assert_eq!(code(&mut follower, "CREATE USER late"), Some(1105));
    follower.query("FLUSH PRIVILEGES").unwrap();
    follower.query("CREATE USER late IDENTIFIED BY 'x'").unwrap();
    follower.query("SET GLOBAL gtid_purged = '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-7'").unwrap();

    // Whoever may make tables may not take grants away with one.
    one.query("GRANT CREATE ON *.* TO late").unwrap();
    let (host, port) = program::split(&cluster.node(leader).sql_address);
    let mut command = Command::new("mariadb");
    command.args(["--no-defaults", "-ulate", "-px", "-h", host, "-P", port, "--protocol=tcp", "-e", GRANTS]);
    let refused = String::from_utf8_lossy(&program::run(&mut command).stderr).into_owned();
    assert!(refused.contains("DROP command denied"), "{refused}");
}
