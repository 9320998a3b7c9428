//! The same queries with their rewritings and without: the answers must be the same rows.
//!
//! Random correlated EXISTS, IN and NOT IN, with other conditions beside equalities, and scalar subqueries, over tables without indexes and
//! with them, NULLs and duplicates on both sides, and disjunctions with something in common; from a fixed seed.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::test_support::Harness;
use crate::plan::decorrelate::IS_OFF;

const QUERIES: usize = 900;
const ROWS: usize = 25;

fn pick<'a>(random: &mut StdRng, from: &[&'a str]) -> &'a str {
    from[random.random_range(0..from.len())]
}

fn harness() -> Harness {
    let mut random = StdRng::seed_from_u64(23);
    let mut harness = Harness::new();
    for (name, keys) in [("o", ""), ("p", ""), ("q", ", KEY a (a), KEY bs (b, s)")] {
        let sql = format!(
            "CREATE TABLE {name} (id INT PRIMARY KEY, a INT, b BIGINT UNSIGNED, d DECIMAL(6,2), f DOUBLE, s VARCHAR(5){keys})"
        );
        assert_eq!(harness.run(&sql), "affected 0\n");
        for id in 0..ROWS {
            let mut cell = |from: &[&str]| pick(&mut random, from).to_owned();
            let row = [
                id.to_string(),
                cell(&["NULL", "0", "1", "2", "3"]),
                cell(&["NULL", "0", "1", "2", "3"]),
                cell(&["NULL", "0", "1", "1.5", "2", "3"]),
                cell(&["NULL", "0", "1", "1.5", "2"]),
                cell(&["NULL", "''", "'a'", "'A'", "'b'", "'1'"]),
            ];
            let sql = format!("INSERT INTO {name} VALUES ({})", row.join(", "));
            assert_eq!(harness.run(&sql), "affected 1\n");
        }
    }
    harness
}

fn condition(random: &mut StdRng, inner: &str, outer: &str) -> String {
    let columns = ["a", "b", "d", "f"];
    match random.random_range(0..11) {
        8 => format!("{inner}.id <> {outer}.id"),
        9 => format!(
            "{inner}.{} {} {outer}.{}",
            pick(random, &columns),
            pick(random, &["<", ">=", "<>"]),
            pick(random, &columns)
        ),
        10 => format!("({inner}.s < {outer}.s OR {outer}.a IS NULL)"),
        0 => format!("{inner}.s = {outer}.s"),
        1 => format!("{inner}.a <=> {outer}.a"),
        2 => format!("{outer}.a + 1 = {inner}.{}", pick(random, &columns)),
        3 => format!("{inner}.a > {}", pick(random, &["0", "1", "2"])),
        4 => format!("{inner}.s IS NOT NULL"),
        _ => format!("{inner}.{} = {outer}.{}", pick(random, &columns), pick(random, &columns)),
    }
}

fn conditions(random: &mut StdRng, inner: &str, outer: &str) -> String {
    let count = random.random_range(1..4);
    (0..count).map(|_| condition(random, inner, outer)).collect::<Vec<_>>().join(" AND ")
}

fn query(random: &mut StdRng) -> String {
    let inner = pick(random, &["p", "q"]);
    let not = pick(random, &["", "NOT "]);
    let on = conditions(random, "x", "o");
    let column = pick(random, &["a", "b", "d", "s"]);
    match random.random_range(0..9) {
        6 | 7 => scalar(random, inner, &on),
        0 => format!("SELECT id FROM o WHERE {not}EXISTS (SELECT * FROM {inner} AS x WHERE {on})"),
        1 => {
            format!("SELECT id, {column} {not}IN (SELECT x.{column} FROM {inner} AS x WHERE {on}) FROM o")
        }
        2 => {
            let second = condition(random, "y", "x");
            format!(
                "SELECT id FROM o WHERE {not}EXISTS (SELECT 1 FROM {inner} AS x LEFT JOIN p AS y ON {second} WHERE {on} AND y.id IS NULL)"
            )
        }
        3 => format!(
            "SELECT id, (a, s) {not}IN (SELECT x.a, x.s FROM {inner} AS x WHERE {on}) FROM o WHERE id > 3"
        ),
        4 => {
            let (first, second) = (condition(random, "x", "o"), condition(random, "x", "o"));
            format!(
                "SELECT o.id, x.id FROM o, {inner} AS x WHERE ({on} AND {first}) OR ({on} AND {second}) OR ({on} AND o.a = 2)"
            )
        }
        _ => {
            let around = pick(random, &["x", "o"]);
            let nested = conditions(random, "y", around);
            format!(
                "SELECT id FROM o WHERE EXISTS (SELECT 1 FROM {inner} AS x WHERE {on} AND {not}EXISTS (SELECT 1 FROM p AS y WHERE {nested}))"
            )
        }
    }
}

fn scalar(random: &mut StdRng, inner: &str, on: &str) -> String {
    let value = pick(
        random,
        &[
            "COUNT(*)",
            "MAX(x.d)",
            "SUM(x.b) + 1",
            "COALESCE(MIN(x.s), 'none')",
            "COUNT(DISTINCT x.a) * 2",
            "MAX(x.a + o.a)",
            "GROUP_CONCAT(x.id ORDER BY x.id)",
            "x.id",
        ],
    );
    let having = if value != "x.id" && random.random_range(0..4) == 0 { "HAVING COUNT(*) > 1" } else { "" };
    match random.random_range(0..3) {
        0 => format!("SELECT id FROM o WHERE a >= (SELECT {value} FROM {inner} AS x WHERE {on} {having})"),
        1 => format!("SELECT id, a IN (SELECT {value} FROM {inner} AS x WHERE {on} {having}) FROM o"),
        _ => format!("SELECT id, (SELECT {value} FROM {inner} AS x WHERE {on} {having}) FROM o"),
    }
}

fn answer(harness: &mut Harness, sql: &str, is_off: bool) -> Vec<String> {
    IS_OFF.with(|off| off.set(is_off));
    let text = harness.run(sql);
    IS_OFF.with(|off| off.set(false));
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
fn rewritings_do_not_change_the_answer() {
    let mut harness = harness();
    let mut random = StdRng::seed_from_u64(29);
    let mut found = 0;
    for _ in 0..QUERIES {
        let sql = query(&mut random);
        let expected = answer(&mut harness, &sql, true);
        assert_eq!(answer(&mut harness, &sql, false), expected, "{sql}");
        found += expected.len();
    }
    assert!(found > QUERIES, "most queries find something: {found}");
}
