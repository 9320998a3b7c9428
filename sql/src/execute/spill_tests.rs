//! The same queries with memory for what they keep and with next to none: the answers must be the same rows.

use super::test_support::{Harness, TextSink};
use crate::limits::OPERATION_BYTES_DEFAULT;

const ROWS: usize = 1_500;

fn harness() -> Harness {
    let mut harness = Harness::new();
    for table in ["t", "u"] {
        let sql = format!(
            "CREATE TABLE {table} (id INT PRIMARY KEY, g INT, h BIGINT UNSIGNED, d DECIMAL(20,3), f DOUBLE, s VARCHAR(40), at DATETIME(3), j JSON)"
        );
        assert_eq!(harness.run(&sql), "affected 0\n");
        let mut state = if table == "t" { 7_u64 } else { 11 };
        let mut next = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let mut rows = Vec::new();
        for id in 0..ROWS {
            let g = if next(20) == 0 { "NULL".to_owned() } else { next(700).to_string() };
            let text = ["'", &"aBc é"[..next(5) as usize], &next(300).to_string(), "'"].concat();
            rows.push(format!(
                "({id}, {g}, {}, {}.{}, {}.5, {text}, '2024-01-{:02} 10:00:0{}.25', '[{}, \"x\"]')",
                next(1_000) + 18_446_744_073_709_550_000,
                next(50),
                next(999),
                next(90),
                next(27) + 1,
                next(9),
                next(40),
            ));
        }
        for chunk in rows.chunks(100) {
            let sql = format!("INSERT INTO {table} VALUES {}", chunk.join(", "));
            assert!(harness.run(&sql).starts_with("affected 100 "), "{table}");
        }
    }
    harness
}

/// A query, and whether it says the order of all its rows.
const QUERIES: &[(&str, bool)] = &[
    ("SELECT * FROM t ORDER BY s, id", true),
    ("SELECT * FROM t ORDER BY d DESC, at, f, id DESC", true),
    ("SELECT j, id FROM t ORDER BY j DESC, id LIMIT 900 OFFSET 17", true),
    ("SELECT SQL_CALC_FOUND_ROWS id FROM t ORDER BY h, id LIMIT 5 OFFSET 1200", true),
    ("SELECT DISTINCT s, g FROM t ORDER BY s COLLATE utf8mb4_bin, g", true),
    ("SELECT DISTINCT g, s, f FROM t", false),
    ("SELECT DISTINCT h FROM t ORDER BY h DESC LIMIT 700", true),
    ("SELECT g, COUNT(*), SUM(d), AVG(f), MIN(s), MAX(at) FROM t GROUP BY g", false),
    ("SELECT g, h, COUNT(*) FROM t GROUP BY g, h HAVING COUNT(*) > 0 ORDER BY g, h", true),
    (
        "SELECT s, GROUP_CONCAT(id ORDER BY id DESC), COUNT(DISTINCT f) FROM t GROUP BY s ORDER BY MIN(id)",
        true,
    ),
    ("SELECT h DIV 3, JSON_ARRAYAGG(id) FROM t WHERE id < 300 GROUP BY h DIV 3", false),
    ("SELECT COUNT(*), SUM(n) FROM (SELECT s, COUNT(*) AS n FROM t GROUP BY s, g) AS x", true),
    ("SELECT g, s FROM t UNION SELECT g, s FROM u", false),
    ("SELECT g FROM t UNION SELECT h FROM u ORDER BY 1 LIMIT 800 OFFSET 100", true),
    ("SELECT g FROM t EXCEPT SELECT id FROM u", false),
    ("SELECT g FROM t INTERSECT SELECT id FROM u", false),
    ("SELECT s FROM t UNION ALL SELECT s FROM u ORDER BY s COLLATE utf8mb4_bin DESC", true),
    ("SELECT COUNT(*), SUM(x.id * y.id) FROM t AS x JOIN u AS y ON x.g = y.g", true),
    ("SELECT x.id, y.id FROM t AS x LEFT JOIN u AS y ON x.s = y.s AND y.f > 20 AND x.id <> y.g", false),
    ("SELECT x.id, y.s FROM t AS x JOIN u AS y ON x.h = y.h ORDER BY x.id, y.id", true),
    ("SELECT x.id, y.id FROM t AS x LEFT JOIN u AS y ON x.h = y.h ORDER BY x.id LIMIT 40", false),
    ("SELECT COUNT(*) FROM t AS x JOIN u AS y ON x.id < y.g WHERE x.id < 20", true),
    (
        "SELECT COUNT(*), SUM(y.n) FROM t AS x JOIN (SELECT g, COUNT(*) AS n FROM u GROUP BY g) AS y ON x.g = y.g",
        true,
    ),
    ("SELECT COUNT(*) FROM t WHERE g IN (SELECT g FROM u WHERE f > 3)", true),
    ("SELECT COUNT(*) FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.g = t.g AND u.f > t.f)", true),
    (
        "SELECT id, ROW_NUMBER() OVER (PARTITION BY g ORDER BY id), SUM(d) OVER (PARTITION BY s ORDER BY h, id) FROM t ORDER BY id",
        true,
    ),
    (
        "SELECT id, RANK() OVER (ORDER BY s), LAG(s, 2, 'none') OVER (ORDER BY h, id), COUNT(*) OVER () FROM t",
        false,
    ),
    (
        "SELECT id, ROW_NUMBER() OVER () > 0, NTILE(7) OVER (ORDER BY f, id), MAX(at) OVER (PARTITION BY g) FROM t",
        false,
    ),
    (
        "SELECT s, SUM(n) OVER (ORDER BY s ROWS 3 PRECEDING) FROM (SELECT s, COUNT(*) AS n FROM t GROUP BY s) AS x ORDER BY s",
        true,
    ),
    ("SELECT g, s, COUNT(*), SUM(d), GROUPING(g, s) FROM t GROUP BY g, s WITH ROLLUP", true),
    (
        "SELECT f, g, s, GROUP_CONCAT(id ORDER BY id), MIN(at) FROM t GROUP BY f, g, s WITH ROLLUP HAVING COUNT(*) > 1",
        true,
    ),
    ("SELECT h DIV 100, g, AVG(f) FROM t WHERE id < 600 GROUP BY h DIV 100, g WITH ROLLUP LIMIT 300", true),
    (
        "WITH RECURSIVE r AS (SELECT id, g FROM t WHERE id < 200 UNION ALL SELECT id + 1000, g FROM r WHERE id < 4000) SELECT * FROM r",
        false,
    ),
    (
        "WITH RECURSIVE r AS (SELECT id, g FROM t UNION ALL SELECT id + 2000, g FROM r WHERE id < 5000 LIMIT 2000 OFFSET 100) SELECT COUNT(*), SUM(id) FROM r",
        true,
    ),
    (
        "SELECT id, g IN (SELECT g FROM u WHERE f > 3), g NOT IN (SELECT id FROM u), s IN (SELECT s FROM u) FROM t",
        false,
    ),
    ("SELECT id, (g, s) IN (SELECT g, s FROM u) FROM t WHERE id < 150", false),
    ("SELECT COUNT(*) FROM t WHERE id IN (SELECT g FROM u)", true),
    ("SELECT COUNT(*) FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.g = t.g)", true),
    ("SELECT id, (SELECT SUM(u.f) FROM u WHERE u.g = t.g) FROM t WHERE id < 150", false),
    ("SELECT id FROM t WHERE s NOT IN (SELECT u.s FROM u WHERE u.g = t.g) AND id < 150", false),
    (
        "WITH w AS (SELECT * FROM t WHERE f > 10) SELECT COUNT(*) FROM w AS a JOIN w AS b ON a.id = b.id + 1",
        true,
    ),
];

fn rows(harness: &mut Harness, sql: &str, is_ordered: bool) -> Result<Vec<String>, String> {
    let mut sink = TextSink::default();
    let plan = harness.plan(0, sql).map_err(|error| format!("{sql}: {error}"))?;
    harness.run_plan(0, &plan, &[], &mut sink).map_err(|error| format!("{sql}: {error}"))?;
    let mut rows: Vec<String> = sink.text.lines().map(str::to_owned).collect();
    if !is_ordered {
        rows.sort();
    }
    Ok(rows)
}

#[test]
fn queries_answer_the_same_with_next_to_no_memory() {
    let mut harness = harness();
    let mut failures = Vec::new();
    for (sql, is_ordered) in QUERIES {
        // Where LIMIT leaves rows out, those that are equal in the order may be others.
        let is_ordered = *is_ordered && !sql.contains("ANY_VALUE");
        harness.sessions[0].state.variables.operation_memory_bytes = OPERATION_BYTES_DEFAULT;
        let expected = rows(&mut harness, sql, is_ordered).unwrap();
        assert!(!expected.is_empty(), "{sql}");
        for bytes in [32_768, 1_000, 0] {
            harness.sessions[0].state.variables.operation_memory_bytes = bytes;
            match rows(&mut harness, sql, is_ordered) {
                Ok(found) if found == expected => {}
                Ok(found) => {
                    failures.push(format!("{sql} with {bytes}: {} rows, not {}", found.len(), expected.len()))
                }
                Err(error) => failures.push(error),
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
