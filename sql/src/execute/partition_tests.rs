//! The same changes and queries on a partitioned table and on one without partitions: the rows must be the same.
//!
//! Changes move rows between partitions, and conditions are made at random from a fixed seed.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::differential_tests::{COLUMNS, answer, condition, pick, row};
use super::test_support::Harness;

const ROWS: usize = 40;
const ROUNDS: usize = 120;

/// Ways to cut the table; each has a place for every row.
const CUTS: [&str; 14] = [
    "RANGE (i) (PARTITION a VALUES LESS THAN (0), PARTITION b VALUES LESS THAN (2), PARTITION c VALUES LESS THAN (3), \
     PARTITION z VALUES LESS THAN MAXVALUE)",
    "RANGE (u) (PARTITION a VALUES LESS THAN (2), PARTITION b VALUES LESS THAN (6), PARTITION z VALUES LESS THAN MAXVALUE)",
    "LIST (id MOD 5) (PARTITION a VALUES IN (0), PARTITION b VALUES IN (1, 3), PARTITION c VALUES IN (2, 4, NULL))",
    "HASH (i) PARTITIONS 4",
    "LINEAR HASH (id + 1) PARTITIONS 3",
    "HASH (i * 2 - id) PARTITIONS 5",
    "KEY (s) PARTITIONS 4",
    "KEY (d, f) PARTITIONS 3",
    "LINEAR KEY (b, t) PARTITIONS 5",
    "RANGE COLUMNS (s, i) (PARTITION a VALUES LESS THAN ('abc', 2), PARTITION b VALUES LESS THAN ('abc', MAXVALUE), \
     PARTITION c VALUES LESS THAN ('b', 0), PARTITION z VALUES LESS THAN (MAXVALUE, MAXVALUE))",
    "RANGE COLUMNS (y) (PARTITION a VALUES LESS THAN ('2000-01-01'), PARTITION b VALUES LESS THAN ('2024-01-02'), \
     PARTITION z VALUES LESS THAN (MAXVALUE))",
    "RANGE (YEAR(y)) (PARTITION a VALUES LESS THAN (2000), PARTITION b VALUES LESS THAN (2024), PARTITION z VALUES LESS THAN MAXVALUE)",
    "RANGE (TO_DAYS(t)) SUBPARTITION BY HASH (id) SUBPARTITIONS 3 (PARTITION a VALUES LESS THAN (730485), \
     PARTITION b VALUES LESS THAN (739252), PARTITION z VALUES LESS THAN MAXVALUE)",
    "RANGE (i) SUBPARTITION BY KEY (s) SUBPARTITIONS 2 (PARTITION a VALUES LESS THAN (2), PARTITION z VALUES LESS THAN MAXVALUE)",
];

/// A condition that no conversion of a change under a strict mode fails on.
fn plain_condition(random: &mut StdRng) -> String {
    let number = random.random_range(-1..45);
    match random.random_range(0..8) {
        0 => format!("id = {number}"),
        1 => format!("id BETWEEN {number} AND {}", number + 5),
        2 => format!("i = {}", pick(random, &["0", "1", "2", "3", "-1", "5"])),
        3 => "i IS NULL".to_owned(),
        4 => format!("s = {}", pick(random, &["'abc'", "'b'", "''", "'A'"])),
        5 => format!("y < {}", pick(random, &["'2000-01-01'", "'2024-01-02'"])),
        6 => format!("u IN (1, {})", pick(random, &["0", "2", "5"])),
        _ => format!("i > {} AND id < {number}", pick(random, &["0", "1", "-1"])),
    }
}

fn change(random: &mut StdRng, id: usize) -> String {
    let condition = plain_condition(random);
    match random.random_range(0..9) {
        0..=2 => format!("INSERT INTO TABLE VALUES {}", row(random, id)),
        3 => format!(
            "UPDATE TABLE SET i = {} WHERE {condition}",
            pick(random, &["0", "1", "2", "7", "NULL", "id"])
        ),
        4 => format!(
            "UPDATE TABLE SET s = {} WHERE {condition}",
            pick(random, &["'abc'", "'zz'", "NULL", "'B'"])
        ),
        5 => format!(
            "UPDATE TABLE SET y = {0}, t = {0} WHERE {condition}",
            pick(random, &["'1990-05-05'", "'2024-01-01'", "'2030-01-01'", "NULL"])
        ),
        6 => format!("UPDATE TABLE SET u = u + 1, d = 1.25, f = 2, b = 'x' WHERE u < 100 AND {condition}"),
        7 => format!("UPDATE TABLE SET i = i + 1, id = id + 1 WHERE i < 100 AND {condition}"),
        _ => format!("DELETE FROM TABLE WHERE {condition} AND id > 3"),
    }
}

fn compare_all(cut: &str, seed: u64) {
    let mut harness = Harness::new();
    let mut random = StdRng::seed_from_u64(seed);
    let keys = "KEY i (i), KEY s (s), KEY y (y, i), KEY id (id)";
    assert_eq!(harness.run(&format!("CREATE TABLE plain ({COLUMNS})")), "affected 0\n");
    let created = harness.run(&format!("CREATE TABLE cut ({COLUMNS}, {keys}) PARTITION BY {cut}"));
    assert_eq!(created, "affected 0\n", "{cut}");
    let both = |harness: &mut Harness, sql: &str| {
        // An UPDATE that has no partition to look at says nothing of rows, as in MySQL.
        let idle = "affected 0 (Rows matched: 0  Changed: 0  Warnings: 0)";
        let rows = |lines: Vec<String>| -> Vec<String> {
            lines.into_iter().map(|line| if line == idle { "affected 0".to_owned() } else { line }).collect()
        };
        let expected = rows(answer(harness, sql, "plain", true));
        assert_eq!(rows(answer(harness, sql, "cut", true)), expected, "{cut}: {sql}");
    };
    for id in 0..ROWS {
        both(&mut harness, &format!("INSERT INTO TABLE VALUES {}", row(&mut random, id)));
    }
    for round in 0..ROUNDS {
        let in_txn = random.random_range(0..4) == 0;
        if in_txn {
            harness.run("BEGIN");
        }
        for _ in 0..random.random_range(1..4) {
            let sql = change(&mut random, ROWS + round);
            both(&mut harness, &sql);
        }
        if in_txn {
            harness.run(pick(&mut random, &["COMMIT", "ROLLBACK"]));
        }
        let condition = condition(&mut random, "");
        let sql = match random.random_range(0..5) {
            0 => format!(
                "SELECT id, i, s FROM TABLE WHERE {condition} ORDER BY id, i, s, HEX(s), u, d, f, b, t, y LIMIT 9"
            ),
            1 => format!("SELECT MIN(i), MAX(d), COUNT(*), MAX(t), MIN(y) FROM TABLE WHERE {condition}"),
            2 => format!("SELECT i, COUNT(*), MAX(id) FROM TABLE WHERE {condition} GROUP BY i ORDER BY i"),
            3 => "SELECT x.id FROM TABLE x JOIN TABLE y ON x.i = y.id WHERE x.u > 0 ORDER BY x.id, y.id"
                .to_owned(),
            _ => format!("SELECT * FROM TABLE WHERE {condition} ORDER BY id, i, s, HEX(s), u, d, f, b, t, y"),
        };
        both(&mut harness, &sql);
    }
    both(&mut harness, "SELECT * FROM TABLE ORDER BY id, i, s, HEX(s), u, d, f, b, t, y");
    harness.run("ALTER TABLE cut REMOVE PARTITIONING");
    both(&mut harness, "SELECT * FROM TABLE ORDER BY id, i, s, HEX(s), u, d, f, b, t, y");
}

#[test]
fn partitions_do_not_change_the_answer() {
    for (number, cut) in CUTS.iter().enumerate() {
        compare_all(cut, 100 + number as u64);
    }
}
