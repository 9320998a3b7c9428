//! Definitions are stored and read back, and rows obey what was read.

use crate::authorization::Needs;
use crate::catalog::encode::{read_table, write_table};
use crate::catalog::test_support::{TestNode, ended, session};
use crate::catalog::{Catalog, ColumnDefault, Table};
use crate::dml::insert;
use crate::parse::parse_statement;
use crate::variables::SqlMode;

fn create(node: &mut TestNode, sql: &str) {
    let statement = parse_statement(sql.as_bytes(), SqlMode::default()).unwrap().statement;
    node.job(&statement, &mut session()).unwrap();
}

fn refusal(node: &mut TestNode, sql: &str) -> (u16, String) {
    let statement = parse_statement(sql.as_bytes(), SqlMode::default()).unwrap().statement;
    let error = node.job(&statement, &mut session()).unwrap_err();
    (error.code, error.message)
}

fn insert(node: &mut TestNode, sql: &str) -> u16 {
    let mut session = session();
    let statement = parse_statement(sql.as_bytes(), SqlMode::default()).unwrap().statement;
    let crate::ast::Statement::Insert(written) = &statement else { panic!("{sql}") };
    let plan = match insert::plan(written, &node.catalog, &session, &Needs::default()) {
        Ok(plan) => plan,
        Err(error) => return error.code,
    };
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

const TABLE: &str = "CREATE TABLE t (a INT, b INT AS (a + 1) STORED, c VARCHAR(20) DEFAULT (CONCAT('it''s ', a)) INVISIBLE, \
    KEY f ((a * 2) DESC, b) INVISIBLE, UNIQUE ((ABS(a))), CONSTRAINT Z CHECK (a <> 5), CHECK (b < 100) NOT ENFORCED)";

fn table(node: &TestNode) -> Table {
    Table::clone(node.catalog.table("d", "t").unwrap())
}

#[test]
fn what_is_stored_is_read_back() {
    let mut node = TestNode::new();
    create(&mut node, TABLE);
    let before = table(&node);
    let after = read_table(before.id, &write_table(&before)).unwrap();
    assert_eq!(after.columns, before.columns);
    assert_eq!(after.indexes, before.indexes);
    assert_eq!(after.checks, before.checks);
    assert_eq!(&*before.columns[1].generated.as_ref().unwrap().expression, "(`a` + 1)");
    assert!(before.columns[1].generated.as_ref().unwrap().stored);
    assert_eq!(before.columns[2].default, ColumnDefault::Expression("concat(_utf8mb4'it\\'s ',`a`)".into()));
    assert!(before.columns[2].invisible);
    assert_eq!(before.columns.len(), 5);
    assert!(before.columns[3].hidden && before.columns[4].hidden);
    assert!(before.indexes.iter().any(|index| index.name == "f" && index.invisible));
    assert_eq!(before.checks[0].name, "Z");
    assert_eq!((before.checks[1].name.as_str(), before.checks[1].enforced), ("t_chk_1", false));
    // A definition without any of it is as long as it ever was.
    create(&mut node, "CREATE TABLE plain (a INT)");
    let plain = Table::clone(node.catalog.table("d", "plain").unwrap());
    assert!(plain.rules().unwrap().is_none());
}

#[test]
fn every_cut_of_a_definition_is_refused() {
    let mut node = TestNode::new();
    create(&mut node, TABLE);
    let table = table(&node);
    let bytes = write_table(&table);
    // Only where a part begins that not every table has, one before it is whole: the checksums of what is stored are for that.
    let taken: Vec<Table> =
        (0..bytes.len()).filter_map(|end| read_table(table.id, &bytes[..end]).ok()).collect();
    assert!(taken.len() == 1 && taken[0].checks.is_empty(), "{} are taken", taken.len());
}

#[test]
fn rows_obey_a_definition_that_was_loaded_from_the_store() {
    let mut node = TestNode::new();
    create(&mut node, TABLE);
    // What a node has after a restart.
    node.catalog = std::sync::Arc::new(Catalog::load(&node.store).unwrap());
    assert_eq!(insert(&mut node, "INSERT INTO t (a) VALUES (1)"), 0);
    assert_eq!(insert(&mut node, "INSERT INTO t VALUES (2, DEFAULT)"), 0);
    assert_eq!(insert(&mut node, "INSERT INTO t (a) VALUES (-2)"), 1062);
    assert_eq!(insert(&mut node, "INSERT INTO t (a) VALUES (5)"), 3819);
    assert_eq!(insert(&mut node, "INSERT INTO t (a) VALUES (200)"), 0);
    assert_eq!(insert(&mut node, "INSERT INTO t VALUES (3, 4)"), 3105);
    assert_eq!(insert(&mut node, "INSERT INTO t (`!hidden!f!0!0`) VALUES (3)"), 1054);
}

#[test]
fn names_of_checks_are_of_their_database() {
    let mut node = TestNode::new();
    create(&mut node, TABLE);
    let (code, message) = refusal(&mut node, "CREATE TABLE u (a INT, CONSTRAINT z CHECK (a > 1))");
    assert_eq!((code, message.as_str()), (3822, "Duplicate check constraint name 'z'."));
    create(&mut node, "CREATE TABLE v LIKE t");
    create(&mut node, "RENAME TABLE v TO w");
    let names: Vec<String> =
        node.catalog.table("d", "w").unwrap().checks.iter().map(|check| check.name.clone()).collect();
    assert_eq!(names, ["w_chk_1", "w_chk_2"]);
}
