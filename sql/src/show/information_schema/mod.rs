//! information_schema: the catalog as tables.
//!
//! Rows are made from the catalog when a statement asks for them, all rows of a table at a time; the statement's WHERE sees
//! them afterwards. The tables themselves are among the rows, as SYSTEM VIEW. Tables about what the server does not have
//! are empty. An account sees the rows about what something was granted to it on ([`crate::authorization::visible`]).
//! Those of privileges and roles are in [`crate::show::account`].

mod absent;
pub(super) mod columns;
mod constraints;
mod described;
pub(super) mod extensions;
mod referential;
pub(super) mod routines;
mod schemata;
mod server;
pub(super) mod statistics;
pub(super) mod tables;

use crate::execute::{Context, Run};
use crate::show::account::{information, roles};
use crate::show::spec::Row;
use crate::show::system_table::SystemTable;

/// `TABLE_CATALOG` and its like: MySQL's only catalog.
pub(in crate::show) const CATALOG: &str = "def";

/// A table without rows.
fn empty(_: &mut Context) -> Run<Vec<Row>> {
    Ok(Vec::new())
}

/// The tables.
pub(super) const TABLES: &[SystemTable] = &[
    SystemTable {
        name: "ADMINISTRABLE_ROLE_AUTHORIZATIONS",
        columns: roles::APPLICABLE_ROLES,
        rows: roles::administrable,
    },
    SystemTable { name: "APPLICABLE_ROLES", columns: roles::APPLICABLE_ROLES, rows: roles::applicable_roles },
    SystemTable { name: "ENABLED_ROLES", columns: roles::ENABLED_ROLES, rows: roles::enabled_roles },
    SystemTable {
        name: "ROLE_COLUMN_GRANTS",
        columns: roles::ROLE_COLUMN_GRANTS,
        rows: roles::role_column_grants,
    },
    SystemTable { name: "ROLE_ROUTINE_GRANTS", columns: roles::ROLE_ROUTINE_GRANTS, rows: empty },
    SystemTable {
        name: "ROLE_TABLE_GRANTS",
        columns: roles::ROLE_TABLE_GRANTS,
        rows: roles::role_table_grants,
    },
    SystemTable {
        name: "USER_ATTRIBUTES",
        columns: information::USER_ATTRIBUTES,
        rows: information::user_attributes,
    },
    SystemTable { name: "CHARACTER_SETS", columns: server::CHARACTER_SETS, rows: server::character_sets },
    SystemTable {
        name: "CHECK_CONSTRAINTS",
        columns: absent::CHECK_CONSTRAINTS,
        rows: constraints::check_constraints,
    },
    SystemTable { name: "COLLATIONS", columns: server::COLLATIONS, rows: server::collations },
    SystemTable {
        name: "COLLATION_CHARACTER_SET_APPLICABILITY",
        columns: server::COLLATION_CHARACTER_SET_APPLICABILITY,
        rows: server::applicability,
    },
    SystemTable { name: "COLUMNS", columns: columns::COLUMNS, rows: columns::rows },
    SystemTable {
        name: "COLUMN_PRIVILEGES",
        columns: absent::COLUMN_PRIVILEGES,
        rows: information::column_privileges,
    },
    SystemTable { name: "COLUMN_STATISTICS", columns: absent::COLUMN_STATISTICS, rows: empty },
    SystemTable { name: "ENGINES", columns: server::ENGINES, rows: server::engines },
    SystemTable { name: "EVENTS", columns: absent::EVENTS, rows: crate::show::events::rows },
    SystemTable { name: "FILES", columns: absent::FILES, rows: empty },
    SystemTable {
        name: "KEY_COLUMN_USAGE",
        columns: constraints::KEY_COLUMN_USAGE,
        rows: constraints::key_column_usage,
    },
    SystemTable { name: "PARAMETERS", columns: routines::PARAMETERS, rows: routines::parameters },
    SystemTable { name: "PARTITIONS", columns: tables::PARTITIONS, rows: tables::partitions },
    SystemTable { name: "PLUGINS", columns: server::PLUGINS, rows: server::plugins },
    SystemTable { name: "PROCESSLIST", columns: server::PROCESSLIST, rows: server::process_list },
    SystemTable {
        name: "REFERENTIAL_CONSTRAINTS",
        columns: absent::REFERENTIAL_CONSTRAINTS,
        rows: referential::rows,
    },
    SystemTable { name: "ROUTINES", columns: routines::ROUTINES, rows: routines::routines },
    SystemTable { name: "SCHEMATA", columns: schemata::SCHEMATA, rows: schemata::rows },
    SystemTable {
        name: "SCHEMA_PRIVILEGES",
        columns: absent::SCHEMA_PRIVILEGES,
        rows: information::schema_privileges,
    },
    SystemTable { name: "STATISTICS", columns: statistics::STATISTICS, rows: statistics::rows },
    SystemTable { name: "TABLES", columns: tables::TABLES, rows: tables::rows },
    SystemTable {
        name: "TABLE_CONSTRAINTS",
        columns: constraints::TABLE_CONSTRAINTS,
        rows: constraints::table_constraints,
    },
    SystemTable {
        name: "TABLE_PRIVILEGES",
        columns: absent::TABLE_PRIVILEGES,
        rows: information::table_privileges,
    },
    SystemTable { name: "TRIGGERS", columns: absent::TRIGGERS, rows: crate::show::trigger::rows },
    SystemTable {
        name: "USER_PRIVILEGES",
        columns: server::USER_PRIVILEGES,
        rows: information::user_privileges,
    },
    SystemTable { name: "VIEWS", columns: absent::VIEWS, rows: crate::show::view::rows },
];
