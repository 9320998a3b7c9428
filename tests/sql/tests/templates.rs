//! A statement that runs by the plan of another text's template answers what it would have answered planned as it is written.
//!
//! Each case file runs on two servers. On the one, statements go as they are, and those that only read go twice, so that the second time
//! there is a plan for their template. On the other, each begins with a comment, which no template has, so each is parsed and planned
//! for itself. All that can be seen of the answers has to be the same.

use cluster_tests::TestCluster;
use sql_tests::{Answer, Case, Detail, Statement, Target, ask, case_files, read, run_case_by, topic};

/// Words of statements whose answer depends on how often, or when, they are asked.
const NOT_ASKED_TWICE: &[&str] = &[
    "@", "LAST_INSERT_ID", "FOUND_ROWS", "ROW_COUNT", "SLEEP", "RAND", "UUID", "NOW", "CURRENT_", "CURTIME", "SYSDATE", "UTC_",
    "UNIX_TIMESTAMP", "FOR UPDATE", "CALC_FOUND_ROWS",
];

fn only_reads(statement: &Statement) -> bool {
    let upper = statement.sql.to_ascii_uppercase();
    upper.starts_with("SELECT") && !NOT_ASKED_TWICE.iter().any(|word| upper.contains(word))
}

/// The answer without what depends on the machine or the moment: the values of masked columns.
fn whole(statement: &Statement, answer: Answer) -> String {
    let upper = statement.sql.to_ascii_uppercase();
    let is_of_the_moment = ["CONNECTION_ID", "UUID", "RAND", "SHOW", "NOW", "CUR", "SYSDATE", "UTC_", "UNIX_TIMESTAMP", "@@"]
        .iter()
        .any(|word| upper.contains(word));
    if is_of_the_moment { String::new() } else { format!("{answer:?}") }
}

fn run(target: &Target, case: &Case, has_templates: bool) -> Vec<String> {
    let mut whole_answers = Vec::new();
    run_case_by(target, case, &mut |connection, statement| {
        let mut asked = statement.clone();
        asked.full_metadata = true;
        assert_eq!(asked.detail(), Detail::Full);
        if !has_templates {
            asked.sql = format!("/**/{}", asked.sql);
        } else if only_reads(statement) {
            ask(connection, &asked)?;
        }
        let answer = ask(connection, &asked)?;
        whole_answers.push(whole(statement, answer));
        Ok(Answer::default())
    })
    .unwrap();
    whole_answers
}

#[test]
fn a_plan_of_a_template_answers_what_the_text_itself_would() {
    let (with, without) = (TestCluster::start(1), TestCluster::start(1));
    let target = |cluster: &TestCluster| Target {
        address: cluster.node(1).sql_address.clone(),
        user: "root".to_owned(),
    };
    let mut differences = Vec::new();
    for path in case_files("").unwrap() {
        let mut case = Case::parse(&topic(&path), &read(&path).unwrap()).unwrap();
        // What is prepared has parameters anyway.
        case.statements.retain(|statement| statement.parameters.is_none());
        let found = run(&target(&with), &case, true);
        let expected = run(&target(&without), &case, false);
        for ((statement, found), expected) in case.statements.iter().zip(found).zip(expected) {
            if found != expected {
                differences.push(format!(
                    "{}.sql:{}: {}\n- {expected}\n+ {found}",
                    case.topic, statement.line, statement.sql
                ));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    let mut connection = with.connect(1);
    let hits = connection.query("SHOW GLOBAL STATUS LIKE 'Quorate_text_plan_hits'").unwrap();
    let hits = format!("{:?}", hits.rows);
    assert!(!hits.contains("\"0\""), "no statement ran by the plan of a template: {hits}");
}
