//! Frames that move, held to the same sums and extremes taken anew for each row by a subquery.

use proptest::prelude::*;

use crate::execute::test_support::Harness;

/// A table `t` whose ids have no gaps: `(id, v)`; NULL for none.
fn table(values: &[Option<i32>]) -> Harness {
    let mut harness = Harness::new();
    harness.run("CREATE TABLE t (id INT PRIMARY KEY, v INT)");
    for (id, value) in values.iter().enumerate() {
        let value = value.map_or("NULL".to_owned(), |value| value.to_string());
        harness.run(&format!("INSERT INTO t VALUES ({id}, {value})"));
    }
    harness
}

/// `n PRECEDING` for numbers below zero, `n FOLLOWING` above.
fn bound(number: i32) -> String {
    match number {
        0 => "CURRENT ROW".to_owned(),
        number if number < 0 => format!("{} PRECEDING", -number),
        number => format!("{number} FOLLOWING"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
    #[test]
    fn frames_of_rows_and_ranges_have_the_rows_between_their_bounds(
        values in proptest::collection::vec(proptest::option::weighted(0.8, -3..4_i32), 1..14),
        start in -4..4_i32,
        length in 0..5_i32,
    ) {
        let end = start + length;
        // CURRENT ROW may not stand before PRECEDING, nor FOLLOWING before it.
        let mut harness = table(&values);
        for unit in ["ROWS", "RANGE"] {
            let frame = format!("{unit} BETWEEN {} AND {}", bound(start), bound(end));
            let over = |call: &str| format!("{call} OVER (ORDER BY id {frame})");
            let anew = |call: &str| {
                format!("(SELECT {call} FROM t f WHERE f.id BETWEEN t.id + {start} AND t.id + {end})")
            };
            for call in ["SUM(v)", "COUNT(v)", "COUNT(*)", "AVG(v)", "MIN(v)", "MAX(v)", "BIT_XOR(v)", "SUM(v * 1e0)"] {
                let found = harness.run(&format!("SELECT id, {} FROM t ORDER BY id", over(call)));
                let expected = harness.run(&format!("SELECT id, {} FROM t ORDER BY id", anew(&call.replace('v', "f.v"))));
                prop_assert_eq!(found, expected, "{} {}", call, frame);
            }
        }
    }
}

#[test]
fn rows_of_a_rollup_stand_behind_those_that_they_sum_up() {
    let mut harness = Harness::new();
    harness.run("CREATE TABLE t (g VARCHAR(3), h INT, n INT)");
    harness.run("INSERT INTO t VALUES ('b', 1, 10), ('a', NULL, 20), ('a', 2, 30), ('b', 1, 40)");
    let found = harness.run("SELECT g, h, SUM(n), GROUPING(g, h) FROM t GROUP BY g, h WITH ROLLUP");
    let rows: Vec<&str> = found.lines().collect();
    assert_eq!(
        rows,
        [
            "a\tNULL\t20\t0",
            "a\t2\t30\t0",
            "a\tNULL\t50\t1",
            "b\t1\t50\t0",
            "b\tNULL\t50\t1",
            "NULL\tNULL\t100\t3"
        ]
    );
}
