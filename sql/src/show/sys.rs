//! The tables of `sys` that are about what is known here; those about what is measured are refused. In MySQL they are views, each with a twin
//! whose name begins with `x$` and whose numbers are not made readable: here both are the same.

use crate::execute::{Context, Run};
use crate::show::locks::waits;
use crate::show::spec::{ColumnSpec, Row, fixed, text};
use crate::show::system_table::SystemTable;
use crate::show::{keys, processes};
use crate::variables::VERSION;

const VERSIONS: &[ColumnSpec] = &[text("sys_version", 5), text("mysql_version", 32)];

/// The version of MySQL's schema `sys` whose columns these tables have.
const SYS_VERSION: &str = "2.1.3";

fn versions(_: &mut Context) -> Run<Vec<Row>> {
    Ok(vec![vec![fixed(SYS_VERSION), fixed(VERSION)]])
}

/// The tables.
pub(super) const TABLES: &[SystemTable] = &[
    SystemTable {
        name: "innodb_lock_waits",
        columns: waits::INNODB_LOCK_WAITS,
        rows: waits::innodb_lock_waits,
    },
    SystemTable { name: "processlist", columns: processes::PROCESS_LIST, rows: processes::process_list },
    SystemTable {
        name: "schema_auto_increment_columns",
        columns: keys::AUTO_INCREMENT_COLUMNS,
        rows: keys::auto_increment_columns,
    },
    SystemTable {
        name: "schema_redundant_indexes",
        columns: keys::REDUNDANT_INDEXES,
        rows: keys::redundant_indexes,
    },
    SystemTable {
        name: "schema_table_lock_waits",
        columns: waits::TABLE_LOCK_WAITS,
        rows: waits::table_lock_waits,
    },
    SystemTable { name: "session", columns: processes::PROCESS_LIST, rows: processes::sessions },
    SystemTable { name: "version", columns: VERSIONS, rows: versions },
    SystemTable {
        name: "x$innodb_lock_waits",
        columns: waits::INNODB_LOCK_WAITS,
        rows: waits::innodb_lock_waits,
    },
    SystemTable { name: "x$processlist", columns: processes::PROCESS_LIST, rows: processes::process_list },
    SystemTable {
        name: "x$schema_table_lock_waits",
        columns: waits::TABLE_LOCK_WAITS,
        rows: waits::table_lock_waits,
    },
    SystemTable { name: "x$session", columns: processes::PROCESS_LIST, rows: processes::sessions },
];
