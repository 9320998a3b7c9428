//! Foreign keys are stored and read back, and rows obey what was read. The rest is held to MySQL in tests/sql.

use std::sync::Arc;

use crate::ast::Statement;
use crate::authorization::Needs;
use crate::catalog::encode::{read_table, write_table};
use crate::catalog::test_support::{TestNode, ended, session};
use crate::catalog::{Catalog, Table};
use crate::dml::insert;
use crate::parse::parse_statement;
use crate::variables::SqlMode;

fn parsed(sql: &str) -> Statement {
    parse_statement(sql.as_bytes(), SqlMode::default()).unwrap().statement
}

fn job(node: &mut TestNode, sql: &str) -> u16 {
    node.job(&parsed(sql), &mut session()).map_or_else(|error| error.code, |_| 0)
}

fn insert(node: &mut TestNode, sql: &str) -> u16 {
    let mut session = session();
    let Statement::Insert(written) = parsed(sql) else { panic!("{sql}") };
    let plan = insert::plan(&written, &node.catalog, &session, &Needs::default()).unwrap();
    let mut txn = node.begin();
    let outcome = node.with_context(&mut txn, &mut session, &[], |ctx| insert::run(&plan, ctx));
    match ended(outcome) {
        Ok(_) => {
            node.commit(txn, false);
            0
        }
        Err(error) => error.code,
    }
}

fn family() -> TestNode {
    let mut node = TestNode::new();
    assert_eq!(job(&mut node, "CREATE TABLE p (id INT PRIMARY KEY, u INT UNIQUE)"), 0);
    let child = "CREATE TABLE c (a INT, b INT, FOREIGN KEY (b) REFERENCES p (u) ON DELETE SET NULL ON UPDATE CASCADE, \
                 CONSTRAINT Aa FOREIGN KEY (a) REFERENCES p)";
    assert_eq!(job(&mut node, child), 0);
    node
}

#[test]
fn what_is_stored_is_read_back() {
    let node = family();
    let before = Table::clone(node.catalog.table("d", "c").unwrap());
    let bytes = write_table(&before);
    let after = read_table(before.id, &bytes).unwrap();
    assert_eq!(after.foreign_keys, before.foreign_keys);
    assert_eq!(after.indexes, before.indexes);
    assert!(before.indexes.iter().skip(1).all(|index| index.generated));
    let names: Vec<&str> = after.foreign_keys.iter().map(|key| key.name.as_str()).collect();
    assert_eq!(names, ["Aa", "c_ibfk_1"]);
    assert_eq!(after.foreign_keys[0].parent_columns, ["id"]);
    // Only where the part begins is one before it whole.
    let taken = (0..bytes.len()).filter(|end| read_table(before.id, &bytes[..*end]).is_ok()).count();
    assert_eq!(taken, 1);
}

#[test]
fn rows_obey_a_definition_that_was_loaded_from_the_store() {
    let mut node = family();
    node.catalog = Arc::new(Catalog::load(&node.store).unwrap());
    let parent = node.catalog.table("d", "p").unwrap().id;
    assert_eq!(node.catalog.links.of_table(parent).unwrap().children.len(), 2);
    assert_eq!(insert(&mut node, "INSERT INTO c VALUES (1, NULL)"), 1452);
    assert_eq!(insert(&mut node, "INSERT INTO p VALUES (1, 2)"), 0);
    assert_eq!(insert(&mut node, "INSERT INTO c VALUES (1, 2)"), 0);
    assert_eq!(insert(&mut node, "INSERT INTO c VALUES (2, 2)"), 1452);
    assert_eq!(insert(&mut node, "REPLACE INTO p VALUES (1, 3)"), 0);
    assert_eq!(insert(&mut node, "REPLACE INTO p VALUES (2, 3)"), 1451);
    assert_eq!(job(&mut node, "DROP TABLE p"), 3730);
    assert_eq!(job(&mut node, "DROP TABLE c"), 0);
    assert_eq!(job(&mut node, "DROP TABLE p"), 0);
}

#[test]
fn a_statement_locks_what_it_may_look_at_and_change() {
    let mut node = family();
    assert_eq!(job(&mut node, "CREATE TABLE g (x INT, FOREIGN KEY (x) REFERENCES q (id))"), 1824);
    let id = |name: &str| node.catalog.table("d", name).unwrap().id;
    let names = |table, inserts| -> Vec<(String, bool)> {
        let found = node.catalog.links.closure(table, inserts);
        found.into_iter().map(|(table, changes)| (table.name.clone(), changes)).collect()
    };
    assert!(names(id("p"), true).is_empty());
    assert_eq!(names(id("p"), false), [("c".to_owned(), true)]);
    assert_eq!(names(id("c"), false), [("p".to_owned(), false)]);
}
