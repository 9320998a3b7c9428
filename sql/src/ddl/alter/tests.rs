//! ALTER TABLE against a store: rows of every age are read by the newest definition, what a failed build wrote is left to be deleted, and a
//! follower knows the same.

use storage::engine::Direction;
use storage::txn::View;

use crate::ast::Statement;
use crate::catalog::test_support::{TestNode, ended, session};
use crate::catalog::{Catalog, Table};
use crate::codec::{ColumnSet, Zone, key, row};
use crate::dml::write;
use crate::parse::parse_statement;
use crate::session::SessionState;
use crate::types::Value;
use crate::variables::SqlMode;

fn run(node: &mut TestNode, text: &str) -> Result<String, u16> {
    run_as(node, text, &mut session())
}

fn run_as(node: &mut TestNode, text: &str, session: &mut SessionState) -> Result<String, u16> {
    let statement: Statement = parse_statement(text.as_bytes(), SqlMode::default()).unwrap().statement;
    node.job(&statement, session).map(|outcome| outcome.info).map_err(|error| error.code)
}

fn insert(node: &mut TestNode, values: &[Value]) {
    let table = node.catalog.table("d", "t").unwrap().clone();
    let mut txn = node.begin();
    let inserted =
        node.with_context(&mut txn, &mut session(), &[], |ctx| write::insert_row(ctx, &table, values));
    assert_eq!(ended(inserted).unwrap(), None);
    node.commit(txn, false);
}

/// The rows of t, by the newest definition and by that which a follower has.
fn rows(node: &mut TestNode) -> Vec<Vec<Value>> {
    let mut follower = Catalog { next_id: crate::limits::FIRST_FREE_ID, ..Catalog::default() };
    for entry in &node.entries {
        if let Some(next) = follower.apply(entry).unwrap() {
            follower = next;
        }
    }
    let of_leader = node.catalog.table("d", "t").unwrap().clone();
    let of_follower = follower.table("d", "t").unwrap().clone();
    let found = rows_by(node, &of_leader);
    assert_eq!(found, rows_by(node, &of_follower));
    found
}

fn rows_by(node: &mut TestNode, table: &Table) -> Vec<Vec<Value>> {
    let mut txn = node.begin();
    let mut cursor = txn.scan(key::index_range(table.primary().id), Direction::Forward, View::Latest);
    let mut rows = Vec::new();
    while let Some((key, value)) = cursor.next(&mut txn).unwrap() {
        let mut row = Vec::new();
        let all = ColumnSet::all(table.columns.len());
        row::decode(table, &key, &value, &all, Zone::UTC, &mut row).unwrap();
        rows.push(row);
    }
    rows
}

#[test]
fn rows_of_every_age_are_read_by_the_newest_definition() {
    let mut node = TestNode::new();
    run(&mut node, "CREATE TABLE t (id INT PRIMARY KEY, a INT, b VARCHAR(5))").unwrap();
    insert(&mut node, &[Value::Int(1), Value::Int(10), Value::text("x")]);
    let entries = node.entries.len();
    let none = "Records: 0  Duplicates: 0  Warnings: 0";
    assert_eq!(run(&mut node, "ALTER TABLE t ADD n INT DEFAULT 7 FIRST, ADD m INT AFTER id").unwrap(), none);
    insert(&mut node, &[Value::Int(8), Value::Int(2), Value::Int(9), Value::Null, Value::text("y")]);
    assert_eq!(run(&mut node, "ALTER TABLE t DROP a, MODIFY b VARCHAR(9) FIRST").unwrap(), none);
    // What a column was added with stays, whatever becomes of its default.
    run(&mut node, "ALTER TABLE t ALTER n SET DEFAULT 99, ALTER m SET DEFAULT 98").unwrap();
    insert(&mut node, &[Value::text("longer"), Value::Int(3), Value::Int(4), Value::Int(5)]);
    assert_eq!(
        rows(&mut node),
        [
            vec![Value::text("x"), Value::Int(7), Value::Int(1), Value::Null],
            vec![Value::text("y"), Value::Int(8), Value::Int(2), Value::Int(9)],
            vec![Value::text("longer"), Value::Int(3), Value::Int(4), Value::Int(5)],
        ]
    );
    // Three statements, three entries, besides the two rows: nothing was rewritten.
    assert_eq!(node.entries.len() - entries, 5);
    // Rebuilt, it is plain again and holds the same.
    let before = rows(&mut node);
    run(&mut node, "ALTER TABLE t FORCE").unwrap();
    assert_eq!(node.catalog.table("d", "t").unwrap().layout.slots(), None);
    assert_eq!(rows(&mut node), before);
}

#[test]
fn a_build_that_fails_leaves_the_table_and_marks_what_it_wrote() {
    let mut node = TestNode::new();
    run(&mut node, "CREATE TABLE t (id INT PRIMARY KEY, a INT, b VARCHAR(5))").unwrap();
    for id in 1..=3 {
        insert(&mut node, &[Value::Int(id), Value::Int(7), Value::text("x")]);
    }
    let before = node.catalog.table("d", "t").unwrap().clone();
    for (text, code) in [
        ("ALTER TABLE t ADD UNIQUE (a)", 1062),
        ("ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (a)", 1062),
        ("ALTER TABLE t MODIFY b INT", 1366),
        ("ALTER TABLE t ADD COLUMN c INT, MODIFY b VARCHAR(0)", 1265),
    ] {
        let dropped = crate::catalog::store::dropped_indexes(&node.store).unwrap().len();
        assert_eq!(run(&mut node, text).unwrap_err(), code, "{text}");
        let after = node.catalog.table("d", "t").unwrap().clone();
        assert_eq!((&after.columns, &after.indexes), (&before.columns, &before.indexes), "{text}");
        assert!(crate::catalog::store::dropped_indexes(&node.store).unwrap().len() > dropped, "{text}");
    }
    assert_eq!(rows(&mut node).len(), 3);
}

#[test]
fn a_table_of_many_rows_is_written_anew_in_pieces() {
    let mut node = TestNode::new();
    run(&mut node, "CREATE TABLE t (id INT PRIMARY KEY, a INT, KEY (a))").unwrap();
    let count = crate::limits::INDEX_BUILD_CHUNK_ROWS_MAX as i64 + 5;
    let table = node.catalog.table("d", "t").unwrap().clone();
    let mut txn = node.begin();
    node.with_context(&mut txn, &mut session(), &[], |ctx| {
        for id in 1..=count {
            let inserted = write::insert_row(ctx, &table, &[Value::Int(id), Value::Int(-id)]);
            assert_eq!(ended(inserted).unwrap(), None);
        }
    });
    node.commit(txn, false);
    let entries = node.entries.len();
    let info =
        run(&mut node, "ALTER TABLE t MODIFY a BIGINT, DROP PRIMARY KEY, ADD PRIMARY KEY (a)").unwrap();
    assert_eq!(info, format!("Records: {count}  Duplicates: 0  Warnings: 0"));
    // Begin, two pieces, publish.
    assert_eq!(node.entries.len() - entries, 4);
    let found = rows(&mut node);
    assert_eq!((found.len() as i64, &found[0]), (count, &vec![Value::Int(count), Value::Int(-count)]));
}
