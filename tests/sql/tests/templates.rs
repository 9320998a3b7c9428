//! A statement that runs by the plan of another text's template answers what it would have answered planned as it is written.
//!
//! Each case file runs on two servers. On the one, statements go as they are, and those that only read go twice, so that the second time
//! there is a plan for their template. On the other, each begins with a comment, which no template has, so each is parsed and planned
//! for itself. All that can be seen of the answers has to be the same.

use cluster_tests::TestCluster;
use sql_tests::{Answer, Case, Detail, Statement, Target, ask, case_files, read, run_case_by, topic};

/// Words of statements whose answer depends on how often, or when, they are asked.
const NOT_ASKED_TWICE: &[&str] = &[
    "@",
    "LAST_INSERT_ID",
    "FOUND_ROWS",
    "ROW_COUNT",
    "SLEEP",
    "_LOCK",
    "_LOCKS",
    "RAND",
    "UUID",
    "NOW",
    "CURRENT_",
    "CURTIME",
    "SYSDATE",
    "UTC_",
    "UNIX_TIMESTAMP",
    "FOR UPDATE",
    "CALC_FOUND_ROWS",
];

/// Statements that look alike and do not mean the same: what a value meets decides, not its text.
const LOOK_ALIKE: &str = "
CREATE TABLE t (id INT PRIMARY KEY, n BIGINT, u TINYINT UNSIGNED, y YEAR, d DATE, s VARCHAR(20), m DECIMAL(8,2), f DOUBLE, b VARBINARY(9), KEY (s), KEY (d));
INSERT INTO t VALUES (1, 10, 200, 1999, '2020-01-01', 'one', 1.50, 0.5, 'x');
INSERT INTO t VALUES (2, -20, 0, 2099, '2020-01-02', 'Two', -2.25, 1e3, 0x41), (3, NULL, 7, 70, NULL, NULL, NULL, NULL, NULL);
INSERT INTO t VALUES (4, 9223372036854775807, 255, 0, '2020-02-30', 'x', 1, 1, 'x');
INSERT INTO t VALUES (4, 9223372036854775808, 255, 0, '2020-02-03', 'x', 1, 1, 'x');
INSERT INTO t VALUES (4, 1, 256, 0, '2020-02-03', 'x', 1, 1, 'x');
INSERT INTO t VALUES (4, 1, -1, 0, '2020-02-03', 'x', 1, 1, 'x');
INSERT INTO t VALUES (4, 1, 1, 0, '2020-02-03', 'a text that is longer than that', 1, 1, 'x');
INSERT INTO t VALUES (4, 1, 1, 0, '2020-02-03', 'x', 1.005, 1, 'x');
INSERT INTO t VALUES (1, 10, 200, 1999, '2020-01-01', 'one', 1.50, 0.5, 'x');
INSERT INTO t VALUES (5, 1);
SELECT id, s FROM t WHERE id = 1;
SELECT id, s FROM t WHERE id = 2;
SELECT id, s FROM t WHERE id = '2';
SELECT id, s FROM t WHERE id = 'two';
SELECT id, s FROM t WHERE id = 2.0;
SELECT id, s FROM t WHERE id = 99999999999999999999;
SELECT id, s FROM t WHERE s = 'one';
SELECT id, s FROM t WHERE s = 'ONE';
SELECT id, s FROM t WHERE s = 1;
SELECT id, s FROM t WHERE s = 0;
SELECT id, s FROM t WHERE s LIKE 'o%';
SELECT id, s FROM t WHERE s LIKE 't%';
SELECT id, s FROM t WHERE s IN ('one', 'two') ORDER BY id;
SELECT id, s FROM t WHERE s IN ('one', 2) ORDER BY id;
SELECT id, s FROM t WHERE id IN (1, 2, 2, 300) ORDER BY id DESC;
SELECT id, s FROM t WHERE d = '2020-01-01';
SELECT id, s FROM t WHERE d = '2020-01-02';
SELECT id, s FROM t WHERE d = 'nothing';
SELECT id, s FROM t WHERE d > DATE '2020-01-01';
SELECT id, s FROM t WHERE d > '2020-01-02' - INTERVAL 1 DAY;
SELECT id, s FROM t WHERE d > '2020-01-02' - INTERVAL 2 DAY;
SELECT id, s FROM t WHERE y = 1999;
SELECT id, s FROM t WHERE y = 99;
SELECT id, s FROM t WHERE m = 1.5;
SELECT id, s FROM t WHERE m = 1;
SELECT id, s FROM t WHERE f = 1000;
SELECT id, s FROM t WHERE b = 'x';
SELECT id, s FROM t WHERE u = -1;
SELECT id, s FROM t WHERE n = 10 OR u > 6 AND NOT id = 3 ORDER BY id;
SELECT id, s FROM t WHERE id = 1 AND 5;
SELECT id, s FROM t WHERE id = 1 AND 0;
SELECT id, s FROM t WHERE id = 1 = 1 ORDER BY id;
SELECT id, s FROM t WHERE s = _utf8mb4'one';
SELECT id, s FROM t WHERE s = 'one' COLLATE utf8mb4_bin;
SELECT id, s FROM t WHERE s = 'o' 'ne';
SELECT id, s FROM t WHERE s = 'it''s\\n';
SELECT id, s FROM t WHERE id BETWEEN 1 AND 2 ORDER BY s DESC;
SELECT id, s FROM t WHERE id NOT BETWEEN 1 AND 2 ORDER BY 1;
SELECT id, s FROM t WHERE id BETWEEN '1' AND 2 ORDER BY 2;
SELECT id, 5, 'five' FROM t WHERE id = 1;
SELECT id, 6, 'sixth' FROM t WHERE id = 1;
SELECT id + 1, id  +  1 FROM t WHERE id = 1;
SELECT COUNT(*), SUM(n), MAX(s) FROM t WHERE id < 3;
SELECT u, COUNT(*) FROM t WHERE id < 4 GROUP BY 1 HAVING COUNT(*) > 0 ORDER BY 1 LIMIT 2;
SELECT DISTINCT s FROM t WHERE id > 0 ORDER BY s;
SELECT DISTINCT s FROM t WHERE id > 0 ORDER BY s DESC LIMIT 2;
SELECT id FROM t WHERE id > 0 ORDER BY id LIMIT 2;
SELECT id FROM t WHERE id > 0 ORDER BY id LIMIT 1, 1;
SELECT nothing FROM t WHERE id = 1;
SELECT id FROM nothing WHERE id = 1;
SELECT id FROM t WHERE id = 1 FOR UPDATE;
UPDATE t SET n = n + 1, s = 'uno' WHERE id = 1;
UPDATE t SET n = n + 9223372036854775807 WHERE id = 1;
UPDATE t SET n = n + 9223372036854775806 WHERE id = 1;
UPDATE t SET u = 300 WHERE id = 1;
UPDATE t SET u = 'three' WHERE id = 1;
UPDATE t SET d = '2020-13-01' WHERE id = 1;
UPDATE t SET d = 20200305 WHERE id = 1;
UPDATE t SET s = 12 WHERE id = 1;
UPDATE t SET s = CONCAT('a', s) WHERE id = 1;
UPDATE t SET s = NULL, n = DEFAULT WHERE id = 1 LIMIT 1;
UPDATE t SET id = 2 WHERE id = 1;
SELECT * FROM t WHERE id = 1;
SET sql_mode = 'ANSI_QUOTES';
SELECT id, s FROM t WHERE id = 1;
UPDATE t SET u = 300 WHERE id = 1;
UPDATE t SET u = 301 WHERE id = 1;
SELECT \"id\" FROM t WHERE \"id\" = 1;
SET sql_mode = DEFAULT;
SELECT \"id\" FROM t WHERE id = 1;
SET sql_safe_updates = 1;
UPDATE t SET n = 1 WHERE u = 7;
SET sql_safe_updates = 0;
UPDATE t SET n = 1 WHERE u = 7;
ALTER TABLE t ADD COLUMN z INT DEFAULT 4;
SELECT * FROM t WHERE id = 1;
DROP TABLE t;
SELECT id, s FROM t WHERE id = 1;
CREATE TABLE t (id VARCHAR(9) PRIMARY KEY, s DATE);
INSERT INTO t VALUES ('1', '2020-01-01'), ('1x', '2020-01-02');
SELECT id, s FROM t WHERE id = 1 ORDER BY id;
SELECT id, s FROM t WHERE s = '2020-01-01';
SELECT id, s FROM t WHERE s = 'one';
DELETE FROM t WHERE id = 1;
DELETE FROM t WHERE id = '1x';
DELETE FROM t WHERE s = 'never';
SELECT id, s FROM t ORDER BY id;
";

fn only_reads(statement: &Statement) -> bool {
    let upper = statement.sql.to_ascii_uppercase();
    upper.starts_with("SELECT") && !NOT_ASKED_TWICE.iter().any(|word| upper.contains(word))
}

/// The answer without what depends on the machine or the moment: the values of masked columns.
fn whole(statement: &Statement, answer: Answer) -> String {
    let upper = statement.sql.to_ascii_uppercase();
    let is_of_the_moment =
        ["CONNECTION_ID", "UUID", "RAND", "SHOW", "NOW", "CUR", "SYSDATE", "UTC_", "UNIX_TIMESTAMP", "@@"]
            .iter()
            .any(|word| upper.contains(word));
    if is_of_the_moment { String::new() } else { format!("{answer:?}") }
}

fn run(target: &Target, case: &Case, has_templates: bool) -> Vec<String> {
    let mut whole_answers = Vec::new();
    // A SELECT may call a function there that counts its calls.
    let has_programs = case.topic.starts_with("programs/");
    run_case_by(target, case, &mut |connection, statement| {
        let mut asked = statement.clone();
        asked.full_metadata = true;
        assert_eq!(asked.detail(), Detail::Full);
        if !has_templates {
            asked.sql = format!("/**/{}", asked.sql);
        } else if only_reads(statement) && !has_programs {
            ask(connection, &asked)?;
        }
        let answer = ask(connection, &asked)?;
        whole_answers.push(whole(statement, answer));
        Ok(Answer::default())
    })
    .expect("the server answers");
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
    let files = case_files("").unwrap();
    let mut cases: Vec<Case> =
        files.iter().map(|path| Case::parse(&topic(path), &read(path).unwrap()).unwrap()).collect();
    cases.push(Case::parse("look_alike", LOOK_ALIKE).unwrap());
    for mut case in cases {
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
