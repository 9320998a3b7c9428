//! Golden scripts: SQL text and what it answers.
//!
//! A script is a file of `execute/scripts`; its name says what it is about. Each line `> statement` is run in session 0, or in the
//! session that a prefix such as `s1:` names; what follows `---` is the answer. `UPDATE_GOLDENFILES=1 cargo test` writes the
//! answers anew; the scripts named `mysql_*` hold what MySQL 9.7 answers too (`scripts/compare.sh` checks that).

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
    mysql_change,
    mysql_group,
    mysql_join,
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
