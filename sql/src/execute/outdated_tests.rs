//! A plan of a join knows when it was made from old statistics.

use super::test_support::Harness;

fn refresh(harness: &Harness, table: &str) {
    let table = harness.node.catalog.table("d", table).expect("the table is there");
    table.statistics.set(crate::catalog::Statistics::default());
}

#[test]
fn joins_are_outdated_by_new_statistics_and_nothing_else_is() {
    let mut harness = Harness::new();
    for name in ["t", "u", "v"] {
        let sql = format!("CREATE TABLE {name} (id INT PRIMARY KEY, a INT, KEY a (a))");
        assert_eq!(harness.run(&sql), "affected 0\n");
    }
    let cases = [
        ("SELECT * FROM t JOIN u ON t.a = u.id", true),
        ("SELECT * FROM t JOIN t AS s ON t.a = s.id", true),
        ("UPDATE t SET a = 1 WHERE id IN (SELECT u.a FROM u JOIN v ON u.id = v.id)", true),
        ("DELETE FROM t WHERE id IN (SELECT a FROM u)", true),
        ("SELECT * FROM t WHERE id = 1", false),
        ("UPDATE t SET a = 2 WHERE id = 1", false),
    ];
    for (sql, joins) in cases {
        let plan = harness.plan(0, sql).expect("it can be planned");
        assert!(!plan.is_outdated(), "{sql}");
        refresh(&harness, "t");
        assert_eq!(plan.is_outdated(), joins, "{sql}");
        // What knows nothing of an index is no better than nothing.
        assert_eq!(plan.wants_statistics(), joins, "{sql}");
        let again = harness.plan(0, sql).expect("it can be planned");
        assert!(!again.is_outdated(), "{sql}");
    }
}
