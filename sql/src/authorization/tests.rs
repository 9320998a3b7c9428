//! What statements need, against accounts made by hand. The messages are MySQL's, as recorded in `tests/sql/expected/privileges.txt`; here is what
//! can be asked without a server: rules, their order, and that every statement has one.

use std::sync::Arc;

use super::statement::of_statement;
use super::*;
use crate::account::{Account, Accounts, Grants, TableGrant};
use crate::ast::Statement;
use crate::catalog::test_support::{TestNode, session};
use crate::error::Result;
use crate::parse::parse_statement;
use crate::plan::{is_planned, plan_statement};
use crate::session::SessionState;
use crate::variables::SqlMode;

fn account(user: &str, grants: Grants) -> Account {
    Account { grants, ..Account::new(AccountId::new(user, "%")) }
}

fn on_table(privileges: &[Privilege], columns: &[(&str, &[Privilege])]) -> Grants {
    let columns = columns.iter().map(|(name, set)| ((*name).to_owned(), PrivilegeSet::of(set))).collect();
    let grant = TableGrant { privileges: PrivilegeSet::of(privileges), columns, ..TableGrant::default() };
    Grants { tables: [(("d".to_owned(), "t".to_owned()), grant)].into(), ..Grants::default() }
}

fn on_database(privileges: &[Privilege]) -> Grants {
    Grants { databases: [("d".to_owned(), PrivilegeSet::of(privileges))].into(), ..Grants::default() }
}

fn dynamic(names: &[&str]) -> Grants {
    Grants { dynamic: names.iter().map(|name| ((*name).to_owned(), false)).collect(), ..Grants::default() }
}

/// The database `d` with the tables `t (a, b, c)` and `u (a, b)`, and some accounts.
struct World {
    catalog: Arc<Catalog>,
}

impl World {
    fn new() -> World {
        use Privilege::*;
        let mut node = TestNode::new();
        for sql in ["CREATE TABLE d.t (a INT PRIMARY KEY, b INT, c INT)", "CREATE TABLE d.u (a INT, b INT)"] {
            node.job(&parsed(sql), &mut session()).unwrap();
        }
        let mut of_role = Grants::default();
        of_role.roles.insert(AccountId::new("reader", "%"), false);
        let accounts = [
            Account::built_in_root(),
            account("none", Grants::default()),
            account("table", on_table(&[Select, Insert], &[])),
            account("column", on_table(&[], &[("a", &[Select, Insert]), ("B", &[Update])])),
            account("writer", on_database(&[Insert, Update, Delete])),
            account("all", on_database(&PrivilegeSet::DATABASE.iter().collect::<Vec<_>>())),
            account(
                "admin",
                dynamic(&["SYSTEM_VARIABLES_ADMIN", "CONNECTION_ADMIN", "GROUP_REPLICATION_ADMIN"]),
            ),
            account("reader", on_table(&[Select], &[])),
            account("member", of_role),
        ];
        let accounts = Arc::new(Accounts::of(accounts, true));
        World { catalog: Arc::new(Catalog { accounts, ..(*node.catalog).clone() }) }
    }

    fn session(&self, user: &str, roles: &[&str]) -> SessionState {
        let id = if user == "root" { AccountId::root() } else { AccountId::new(user, "%") };
        let roles: Vec<AccountId> = roles.iter().map(|role| AccountId::new(*role, "%")).collect();
        let authorization = Arc::new(Authorization::of(&self.catalog, &id, &roles));
        SessionState {
            user: user.into(),
            host: "localhost".into(),
            account: id,
            active_roles: roles,
            authorization,
            ..session()
        }
    }

    fn try_as(&self, session: &SessionState, sql: &str) -> Result<()> {
        let statement = parsed(sql);
        if is_planned(&statement) {
            return plan_statement(&statement, &self.catalog, session)?.requirements.check(session);
        }
        of_statement(&statement, session, &self.catalog).check(session)
    }

    /// The message that an account hears; empty when it may.
    fn hears(&self, user: &str, sql: &str) -> String {
        let session = self.session(user, &[]);
        self.try_as(&session, sql).err().map(|error| error.message).unwrap_or_default()
    }

    fn may(&self, user: &str, sql: &str) {
        assert_eq!(self.hears(user, sql), "", "{user}: {sql}");
    }
}

fn parsed(sql: &str) -> Statement {
    parse_statement(sql.as_bytes(), SqlMode::default()).expect(sql).statement
}

fn denied_table(command: &str, user: &str, table: &str) -> String {
    format!("{command} command denied to user '{user}'@'localhost' for table '{table}'")
}

fn denied_column(command: &str, user: &str, column: &str) -> String {
    format!("{command} command denied to user '{user}'@'localhost' for column '{column}' in table 't'")
}

#[test]
fn who_may_not_use_a_table_does_not_hear_whether_it_is_there() {
    let world = World::new();
    for sql in ["SELECT nosuch FROM t", "SELECT 1 FROM nosuch.t", "SELECT * FROM (SELECT a FROM t) x, nosuch"]
    {
        assert_eq!(world.hears("none", sql), denied_table("SELECT", "none", "t"), "{sql}");
    }
    for (sql, command) in [
        ("SELECT a FROM nosuch", "SELECT"),
        ("INSERT INTO nosuch VALUES (1)", "INSERT"),
        ("REPLACE INTO nosuch VALUES (1)", "INSERT, DELETE"),
        ("UPDATE nosuch SET a = 1", "UPDATE"),
        ("DELETE FROM nosuch", "DELETE"),
        ("TRUNCATE nosuch", "DROP"),
        ("DROP TABLE nosuch", "DROP"),
        ("CREATE INDEX i ON nosuch (a)", "INDEX"),
        ("ALTER TABLE nosuch ADD INDEX (a)", "ALTER"),
        ("RENAME TABLE nosuch TO x", "DROP, ALTER"),
        ("ANALYZE TABLE nosuch", "SELECT, INSERT"),
        ("SHOW CREATE TABLE nosuch", "SHOW"),
    ] {
        assert_eq!(world.hears("table", sql), denied_table(command, "table", "nosuch"), "{sql}");
    }
    assert_eq!(world.hears("table", "SELECT nosuch FROM t"), "Unknown column 'nosuch' in 'field list'");
    assert_eq!(world.hears("column", "SELECT nosuch FROM t"), denied_column("SELECT", "column", "nosuch"));
}

#[test]
fn columns_are_asked_for_wherever_they_are_read() {
    let world = World::new();
    for sql in [
        "SELECT b FROM t",
        "SELECT a FROM t WHERE b = 1",
        "SELECT a FROM t ORDER BY b",
        "SELECT COUNT(*) FROM t GROUP BY b",
        "SELECT SUM(a + b) FROM t",
        "SELECT a FROM t x JOIN t y USING (a) WHERE y.b = 1",
        "SELECT 1 FROM t x JOIN t y USING (b)",
        "SELECT 1 FROM t x NATURAL JOIN t y",
        "SELECT 1 FROM t x JOIN t y ON x.b = y.b",
        "SELECT * FROM (SELECT b FROM t) x",
        "SELECT (SELECT MAX(b) FROM t)",
        "SELECT a FROM t x WHERE EXISTS (SELECT 1 FROM t y WHERE y.a = x.b)",
        "SELECT a FROM t WHERE a IN (SELECT b FROM t)",
        "SELECT a FROM t UNION SELECT b FROM t",
        "SELECT a FROM t GROUP BY a HAVING MAX(b) > 1",
        "UPDATE t SET b = b + 1",
        "UPDATE t SET b = 1 WHERE b = 2",
        "UPDATE t SET b = 1 ORDER BY b LIMIT 1",
        "INSERT INTO t (a) VALUES (1) ON DUPLICATE KEY UPDATE b = b + 1",
        "INSERT INTO t (a) VALUES (1) ON DUPLICATE KEY UPDATE b = VALUES(b)",
        "INSERT INTO t (a) VALUES (1) AS n ON DUPLICATE KEY UPDATE b = n.b",
        "INSERT INTO t (a) VALUES (DEFAULT(b))",
        "INSERT INTO t (a) SELECT b FROM t",
        "DO (SELECT b FROM t)",
        "EXPLAIN SELECT b FROM t",
        "EXPLAIN UPDATE t SET b = b + 1",
    ] {
        // NATURAL JOIN joins by all three columns: the first that is not granted is told.
        assert_eq!(world.hears("column", sql), denied_column("SELECT", "column", "b"), "{sql}");
        world.may("all", sql);
        world.may("root", sql);
    }
    for sql in [
        "SELECT a FROM t",
        "SELECT COUNT(*) FROM t",
        "SELECT 1 FROM t WHERE EXISTS (SELECT * FROM t)",
        "SELECT x.a FROM (SELECT a FROM t) x",
        "UPDATE t SET b = a",
        "INSERT INTO t (a) VALUES (1) ON DUPLICATE KEY UPDATE b = 2",
        "SELECT a FROM t FOR UPDATE",
    ] {
        world.may("column", sql);
    }
}

#[test]
fn columns_are_asked_for_wherever_they_are_written() {
    let world = World::new();
    for (sql, heard) in [
        ("UPDATE t SET c = 1", denied_column("UPDATE", "column", "c")),
        ("UPDATE t SET b = 1, c = 1", denied_column("UPDATE", "column", "c")),
        ("INSERT INTO t (a, b) VALUES (1, 1)", denied_column("INSERT", "column", "b")),
        (
            "INSERT INTO t (a) VALUES (1) ON DUPLICATE KEY UPDATE c = 1",
            denied_column("UPDATE", "column", "c"),
        ),
        ("INSERT INTO t VALUES (1, 1, 1)", denied_table("INSERT", "column", "t")),
        ("SELECT * FROM t", denied_table("SELECT", "column", "t")),
        (
            "SELECT 1 FROM t WHERE EXISTS (SELECT * FROM t HAVING b = 1)",
            denied_table("SELECT", "column", "t"),
        ),
        (
            "SELECT 1 FROM t WHERE EXISTS (SELECT DISTINCT * FROM t LIMIT 1 OFFSET 1)",
            denied_table("SELECT", "column", "t"),
        ),
        (
            "SELECT 1 FROM t WHERE EXISTS (SELECT * FROM t UNION SELECT 1, 2, 3 LIMIT 1 OFFSET 1)",
            denied_table("SELECT", "column", "t"),
        ),
        ("SELECT t.* FROM t", denied_table("SELECT", "column", "t")),
        ("REPLACE INTO t (a) VALUES (1)", denied_table("DELETE", "column", "t")),
        ("DELETE FROM t", denied_table("DELETE", "column", "t")),
    ] {
        assert_eq!(world.hears("column", sql), heard, "{sql}");
    }
    world.may("writer", "DELETE FROM t");
    world.may("writer", "UPDATE t SET a = 1");
    assert_eq!(world.hears("writer", "DELETE FROM t WHERE a = 1"), denied_column("SELECT", "writer", "a"));
}

#[test]
fn tables_are_asked_for_in_every_form_of_a_query() {
    let world = World::new();
    let denied = denied_table("SELECT", "table", "u");
    for sql in [
        "WITH q AS (SELECT a FROM d.u) SELECT * FROM q",
        "WITH q AS (SELECT 1 AS a), r AS (SELECT a FROM d.u) SELECT * FROM q, r",
        "WITH RECURSIVE q AS (SELECT a FROM d.u UNION ALL SELECT a + 1 FROM q WHERE a < 9) SELECT * FROM q",
        "WITH RECURSIVE q AS (SELECT 1 AS a UNION ALL SELECT u.a FROM q JOIN d.u ON u.a = q.a) SELECT * FROM q",
        "SELECT (WITH q AS (SELECT a FROM d.u) SELECT MAX(a) FROM q)",
        "TABLE d.u",
        "SELECT 1 UNION SELECT a FROM d.u",
        "SELECT 1 EXCEPT TABLE d.u",
        "(SELECT a FROM d.t LIMIT 1) INTERSECT (SELECT a FROM d.u LIMIT 1)",
        "((SELECT a FROM d.u LIMIT 2) ORDER BY a LIMIT 1) LIMIT 1",
        "VALUES ROW((SELECT MAX(a) FROM d.u))",
        "SELECT * FROM d.t, LATERAL (SELECT a FROM d.u WHERE u.a = t.a) AS l",
        "SELECT 1 > ALL (SELECT a FROM d.u)",
        "SELECT (1, 2) = (SELECT a, b FROM d.u)",
        "SELECT a FROM d.t WHERE a <> ANY (SELECT a FROM d.u)",
        "INSERT INTO d.t (a) WITH q AS (SELECT a FROM d.u) SELECT a FROM q",
        "EXPLAIN WITH q AS (SELECT a FROM d.u) SELECT * FROM q",
    ] {
        assert_eq!(world.hears("table", sql), denied, "{sql}");
    }
    // The name of a common table expression is no table's; a qualified one is.
    world.may("table", "WITH u AS (SELECT a FROM d.t) SELECT * FROM u");
    assert_eq!(world.hears("table", "WITH u AS (SELECT a FROM d.t) SELECT * FROM d.u, u AS v"), denied);
    // Columns inside of them are asked for, too.
    let column = denied_column("SELECT", "column", "c");
    assert_eq!(world.hears("column", "WITH q AS (SELECT c FROM d.t) SELECT * FROM q"), column);
    assert_eq!(world.hears("column", "SELECT 1 > ALL (SELECT c FROM d.t)"), column);
    world.may("column", "WITH q AS (SELECT a FROM d.t) SELECT * FROM q");
}

#[test]
fn roles_count_while_they_are_active() {
    let world = World::new();
    let without = world.session("member", &[]);
    assert_eq!(world.try_as(&without, "SELECT a FROM t").unwrap_err().code, 1142);
    let with = world.session("member", &["reader"]);
    world.try_as(&with, "SELECT * FROM t").unwrap();
    assert_eq!(world.try_as(&with, "SELECT * FROM u").unwrap_err().code, 1142);
    // A role that was not granted adds nothing.
    let stranger = world.session("none", &["reader"]);
    assert_eq!(world.try_as(&stranger, "SELECT * FROM t").unwrap_err().code, 1142);
}

#[test]
fn an_account_that_is_gone_may_nothing() {
    let world = World::new();
    assert_eq!(world.hears("dropped", "SELECT a FROM t"), denied_table("SELECT", "dropped", "t"));
    assert!(!Authorization::unknown().is_unlimited());
    assert!(!Authorization::unknown().has_global(Grant::Static(Privilege::Process)));
}

#[test]
fn the_server_is_for_its_administrators() {
    let world = World::new();
    for (sql, listed) in [
        ("SET GLOBAL max_error_count = 1", "SUPER or SYSTEM_VARIABLES_ADMIN"),
        ("SET @a = 1, GLOBAL autocommit = 1", "SUPER or SYSTEM_VARIABLES_ADMIN"),
        ("SET GLOBAL TRANSACTION READ ONLY", "SUPER or SYSTEM_VARIABLES_ADMIN"),
        (
            "SET quorate_operation_memory = 1000000",
            "SUPER, SYSTEM_VARIABLES_ADMIN or SESSION_VARIABLES_ADMIN",
        ),
        ("SET sql_log_bin = 0", "SUPER, SYSTEM_VARIABLES_ADMIN or SESSION_VARIABLES_ADMIN"),
        ("ALTER INSTANCE RELOAD TLS", "CONNECTION_ADMIN"),
        ("CALL dbms_consensus.change_leader(2)", "SUPER or GROUP_REPLICATION_ADMIN"),
        ("CALL change_leader(2)", "SUPER or GROUP_REPLICATION_ADMIN"),
        ("CALL DBMS_CONSENSUS.nosuch()", "SUPER or GROUP_REPLICATION_ADMIN"),
        ("CALL dbms_consensus.show_logs()", "PROCESS or REPLICATION CLIENT"),
    ] {
        let heard =
            format!("Access denied; you need (at least one of) the {listed} privilege(s) for this operation");
        assert_eq!(world.hears("all", sql), heard, "{sql}");
        world.may("admin", sql);
        world.may("root", sql);
    }
    world.may("none", "CALL dbms_consensus.wait_apply_index(5, 1)");
    let views = "PROCESS or REPLICATION CLIENT";
    for table in ["ALISQL_CLUSTER_LOCAL", "alisql_cluster_global", "QUORATE_CLUSTER_EVENTS"] {
        let sql = format!("SELECT COUNT(*) FROM information_schema.{table}");
        assert!(world.hears("all", &sql).contains(views), "{sql}");
        world.may("admin", &sql);
    }
    world.may("none", "SELECT COUNT(*) FROM information_schema.quorate_cluster_members");
    // What reads a table inside of a statement that is not planned.
    for sql in ["SET @a = (SELECT b FROM t)", "CALL dbms_consensus.change_leader((SELECT b FROM t))"] {
        let session = world.session("admin", &[]);
        assert_eq!(
            world.try_as(&session, sql).unwrap_err().message,
            denied_table("SELECT", "admin", "t"),
            "{sql}"
        );
    }
}

#[test]
fn names_of_system_databases_are_the_same_in_any_case() {
    let world = World::new();
    for sql in ["UPDATE MySQL.user SET a = 1", "INSERT INTO MYSQL.user VALUES (1)"] {
        assert!(world.hears("none", sql).ends_with("for table 'user'"), "{sql}");
    }
    assert!(world.hears("none", "USE MYSQL").ends_with("to database 'mysql'"));
    world.may("none", "USE Information_Schema");
    world.may("none", "SELECT COUNT(*) FROM Information_Schema.Tables");
    world.may("none", "SELECT COUNT(*) FROM Performance_Schema.Global_Status");
}

#[test]
fn what_may_not_be_seen_is_left_out() {
    let world = World::new();
    let of = |user: &str| world.session(user, &[]).authorization;
    assert!(!of("none").sees_database("d") && !of("none").sees_table("d", "t"));
    assert!(of("none").sees_database("information_schema") && !of("none").sees_database("mysql"));
    assert!(
        of("table").sees_database("d")
            && of("table").sees_table("d", "t")
            && !of("table").sees_table("d", "u")
    );
    assert!(of("column").sees_column("d", "t", "a") && of("column").sees_column("d", "t", "b"));
    assert!(!of("column").sees_column("d", "t", "c"));
    assert_eq!(of("column").column_privileges("d", "t", "a"), "select,insert");
    assert_eq!(of("root").column_privileges("d", "t", "a"), "select,insert,update,references");
    assert!(of("none").sees_process("none", "none") && !of("none").sees_process("none", "root"));
    assert!(of("root").sees_process("root", "none"));
    assert!(
        visible::shows_columns(&of("column"), "d", "t")
            && !visible::shows_definition(&of("column"), "d", "t")
    );
    assert!(
        !visible::shows_columns(&of("writer"), "d", "t")
            && visible::shows_definition(&of("writer"), "d", "t")
    );
}

/// One statement of each kind, with what an account without any grant hears: the rule of each. That a new kind has a rule at all, the compiler
/// sees to: the match in [`of_statement`] has no default, and the lint is told to keep it so.
#[test]
fn every_statement_has_its_rule() {
    let world = World::new();
    let refused = [
        ("SELECT a FROM t", 1142),
        ("INSERT INTO t (a) VALUES (1)", 1142),
        ("REPLACE INTO t (a) VALUES (1)", 1142),
        ("UPDATE t SET a = 1", 1142),
        ("DELETE FROM t", 1142),
        ("EXPLAIN DELETE FROM t", 1142),
        ("DO (SELECT a FROM t)", 1142),
        ("CREATE DATABASE e", 1044),
        ("DROP DATABASE d", 1044),
        ("CREATE TABLE n (a INT)", 1142),
        ("DROP TABLE t", 1142),
        ("TRUNCATE t", 1142),
        ("CREATE INDEX i ON t (b)", 1142),
        ("DROP INDEX i ON t", 1142),
        ("RENAME TABLE t TO n", 1142),
        ("ANALYZE TABLE t", 1142),
        ("USE d", 1044),
        ("SHOW TABLES", 1044),
        ("SHOW TABLE STATUS", 1044),
        ("SHOW TRIGGERS", 1044),
        ("SHOW EVENTS", 1044),
        ("SHOW COLUMNS FROM t", 1142),
        ("SHOW INDEX FROM t", 1142),
        ("SHOW CREATE TABLE t", 1142),
        ("SHOW CREATE DATABASE d", 1044),
        ("SHOW BINARY LOG STATUS", 1227),
        ("SHOW BINARY LOGS", 1227),
        ("SHOW REPLICA STATUS", 1227),
        ("SHOW ENGINE INNODB STATUS", 1227),
        ("SET GLOBAL autocommit = 1", 1227),
        ("SET GLOBAL TRANSACTION READ WRITE", 1227),
        ("CALL dbms_consensus.cancel_transfer()", 1227),
        ("CALL d.p()", 1370),
        ("LOCK TABLES t READ", 1044),
        ("FLUSH TABLES", 1227),
        ("FLUSH TABLES WITH READ LOCK", 1227),
        ("XA RECOVER", 1401),
        ("ALTER INSTANCE RELOAD TLS", 1227),
    ];
    let none = world.session("none", &[]);
    for (sql, code) in refused {
        assert_eq!(world.try_as(&none, sql).map_err(|error| error.code), Err(code), "{sql}");
        world.may("root", sql);
    }
    for sql in [
        "SELECT 1",
        "DO 1",
        "SHOW DATABASES",
        "SHOW PROCESSLIST",
        "SHOW VARIABLES",
        "SHOW STATUS",
        "SHOW WARNINGS",
        "SHOW ERRORS",
        "SHOW COUNT(*) WARNINGS",
        "SHOW ENGINES",
        "SHOW CHARACTER SET",
        "SHOW COLLATION",
        "SHOW PLUGINS",
        "SHOW PRIVILEGES",
        "SHOW OPEN TABLES",
        "SHOW PROCEDURE STATUS",
        "SET @a = 1, sql_mode = ''",
        "SET NAMES utf8mb4",
        "SET TRANSACTION READ ONLY",
        "SET SESSION TRANSACTION READ ONLY",
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        "SAVEPOINT s",
        "ROLLBACK TO s",
        "RELEASE SAVEPOINT s",
        "KILL 5",
        "PREPARE s FROM 'SELECT 1'",
        "EXECUTE s",
        "DEALLOCATE PREPARE s",
        "UNLOCK TABLES",
        "XA START 'x'",
        "XA END 'x'",
        "XA PREPARE 'x'",
        "XA COMMIT 'x'",
        "XA ROLLBACK 'x'",
    ] {
        world.may("none", sql);
    }
}
