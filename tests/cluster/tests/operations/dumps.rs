//! A server dumped by mariadb-dump and restored elsewhere: all databases, tables and accounts come out the same, by checksum and by definition.

#![expect(clippy::unwrap_used, reason = "a test: what fails here fails the test")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

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
