//! Every case file against one node of ours: the answers are MySQL's, or a deviation that the compatibility page lists.

use std::fmt::Write as _;

use cluster_tests::TestCluster;
use sql_tests::{Case, Target, case_files, compare_file, compatibility_page, read, topic};

#[test]
fn golden_answers_are_those_of_mysql() {
    let cluster = TestCluster::start(1);
    let target = Target { address: cluster.node(1).sql_address.clone(), user: "root".to_owned() };
    let bless = std::env::var_os("UPDATE_GOLDENFILES").is_some();
    let filter = std::env::var("SQL_TOPIC").unwrap_or_default();
    let mut message = String::new();
    let mut statement_count = 0;
    for path in case_files(&filter).unwrap() {
        match compare_file(&target, &path, bless) {
            Ok(report) => {
                statement_count += report.statement_count;
                for difference in &report.differences {
                    writeln!(message, "{difference}").unwrap();
                }
            }
            Err(error) => writeln!(message, "{}: {error}", topic(&path)).unwrap(),
        }
    }
    assert!(statement_count > 0, "no case file matches SQL_TOPIC={filter}");
    assert!(message.is_empty(), "not as MySQL answers (- expected, + found):\n{message}");
}

#[test]
fn every_deviation_is_on_the_compatibility_page() {
    let page = read(&compatibility_page()).unwrap();
    let mut missing = Vec::new();
    for path in case_files("").unwrap() {
        let case = Case::parse(&topic(&path), &read(&path).unwrap()).unwrap();
        for statement in case.statements {
            if let Some((name, _)) = statement.deviation
                && !page.contains(&format!("`{name}`"))
            {
                missing.push(format!("{}.sql:{} `{name}`", case.topic, statement.line));
            }
        }
    }
    assert!(missing.is_empty(), "deviations that docs/compatibility.md does not list: {missing:#?}");
}

#[test]
fn every_topic_has_statements_and_a_recording() {
    for path in case_files("").unwrap() {
        let topic = topic(&path);
        let case = Case::parse(&topic, &read(&path).unwrap()).unwrap();
        assert!(!case.statements.is_empty(), "{topic}.sql has no statement");
        assert!(sql_tests::expected_path(&topic).exists(), "{topic}.sql was not recorded");
    }
}
