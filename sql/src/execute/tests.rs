//! Golden scripts: SQL text and what it answers.
//!
//! A script is a file of `execute/scripts`; its name says what it is about. Each line `> statement` is run in session 0, or in the
//! session that a prefix such as `s1:` names; what follows `---` is the answer. `UPDATE_GOLDENFILES=1 cargo test` writes the
//! answers anew; the scripts named `mysql_*` hold what MySQL 9.7 answers too (`scripts/compare.py` checks that).

use std::error::Error;
use std::path::Path;

use goldenscript::{Command, Runner};

use super::test_support::{Harness, TextSink};
use crate::types::Value;

/// Runs the commands of a script.
struct ScriptRunner {
    harness: Harness,
}

impl Runner for ScriptRunner {
    fn run(&mut self, command: &Command) -> Result<String, Box<dyn Error>> {
        let number = match &command.prefix {
            Some(prefix) => prefix.trim_start_matches('s').parse()?,
            None => 0,
        };
        while self.harness.sessions.len() <= number {
            self.harness.connect();
        }
        Ok(self.harness.run_in(number, &command.name, &[]))
    }
}

fn script(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/execute/scripts").join(name);
    goldenscript::run(&mut ScriptRunner { harness: Harness::new() }, path).unwrap();
}

macro_rules! scripts {
    ($($name:ident),* $(,)?) => {
        $(#[test] fn $name() { script(stringify!($name)); })*
    };
}

scripts! {
    explain,
    joined_locks,
    mysql_change,
    mysql_group,
    mysql_join,
    mysql_more,
    mysql_select,
    mysql_subquery,
    transactions,
}

#[test]
fn a_prepared_point_select_reads_one_key_and_decodes_one_column() {
    let mut harness = Harness::new();
    harness.run("CREATE TABLE t (id INT PRIMARY KEY, k INT, c CHAR(20), KEY k (k))");
    harness.run("INSERT INTO t VALUES (1, 10, 'one'), (2, 20, 'two')");
    let plan = harness.plan(0, "SELECT c FROM t WHERE id = ?").unwrap();
    for (parameter, expected) in [
        (Value::Int(2), "two\n"),
        (Value::text("2"), "two\n"),
        (Value::Double(1.5), ""),
        (Value::Null, ""),
        (Value::Int(3), ""),
    ] {
        let mut sink = TextSink::default();
        harness.run_plan(0, &plan, &[parameter], &mut sink).unwrap();
        assert_eq!(sink.text, expected);
    }
}

#[test]
fn a_parameter_that_the_index_cannot_answer_is_answered_by_a_scan_in_the_order_asked_for() {
    let mut harness = Harness::new();
    harness.run("CREATE TABLE t (id INT PRIMARY KEY, c VARCHAR(10) NOT NULL, KEY c (c))");
    harness.run("INSERT INTO t VALUES (4, '5'), (1, '5a'), (3, ' 5'), (2, '6')");
    let plan = harness.plan(0, "SELECT id FROM t WHERE c = ? ORDER BY id").unwrap();
    for (parameter, expected) in [
        (Value::text("5"), "4\n"),
        (Value::Int(5), "1\n3\n4\n"),
        (Value::Null, ""),
        (Value::text("6"), "2\n"),
    ] {
        let mut sink = TextSink::default();
        harness.run_plan(0, &plan, &[parameter], &mut sink).unwrap();
        assert_eq!(sink.text, expected);
    }
}

#[test]
fn a_result_column_says_where_it_comes_from() {
    let mut harness = Harness::new();
    harness.run("CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, k INT, u INT NOT NULL, KEY k (k), UNIQUE KEY u (u))");
    let plan = harness.plan(0, "SELECT x.id, k AS kk, u, id + 1, COUNT(*) FROM t x GROUP BY id").unwrap();
    let columns = plan.result_columns();
    let names: Vec<_> = columns
        .iter()
        .map(|c| (c.name.as_str(), c.original_name.as_str(), c.table.as_str(), c.original_table.as_str()))
        .collect();
    assert_eq!(
        names,
        [
            ("id", "id", "x", "t"),
            ("kk", "k", "x", "t"),
            ("u", "u", "x", "t"),
            ("id + 1", "", "", ""),
            ("COUNT(*)", "", "", "")
        ]
    );
    let flags: Vec<_> = columns
        .iter()
        .map(|c| (c.nullable, c.primary_key, c.unique_key, c.multiple_key, c.auto_increment))
        .collect();
    assert_eq!(
        flags,
        [
            (false, true, false, false, true),
            (true, false, false, true, false),
            (false, false, true, false, false),
            (false, false, false, false, false),
            (false, false, false, false, false)
        ]
    );
}

#[test]
fn a_plan_says_what_it_needs() {
    let mut harness = Harness::new();
    harness.run("CREATE TABLE t (id INT PRIMARY KEY, k INT, KEY k (k))");
    for (sql, long, snapshot, one_row, write) in [
        ("SELECT * FROM t WHERE id = ?", false, true, true, false),
        ("SELECT * FROM t WHERE id = ? FOR UPDATE", false, false, true, true),
        ("SELECT * FROM t WHERE k = 1", false, true, false, false),
        ("SELECT * FROM t", true, true, false, false),
        ("SELECT MAX(k) FROM t", false, true, false, false),
        ("SELECT 1", false, false, false, false),
        ("UPDATE t SET k = 1 WHERE id = 5", false, false, false, true),
        ("UPDATE t SET k = 1", true, false, false, true),
        ("DELETE FROM t WHERE k IN (SELECT 1)", true, true, false, true),
        ("INSERT INTO t VALUES (1, 2)", false, false, false, true),
    ] {
        let plan = harness.plan(0, sql).unwrap();
        let seen = (plan.reads_long, plan.reads_snapshot, plan.reads_one_row, plan.is_write());
        assert_eq!(seen, (long, snapshot, one_row, write), "{sql}");
        assert_eq!(plan.tables().len(), usize::from(sql != "SELECT 1"), "{sql}");
    }
}
