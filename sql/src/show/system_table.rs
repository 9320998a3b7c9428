//! Which system tables there are, and how SELECT finds them.
//!
//! The databases information_schema and performance_schema have the tables listed in [`information_schema::TABLES`],
//! [`information_schema::extensions::TABLES`], [`cluster::TABLES`] and [`performance_schema::TABLES`] and [`instruments`], `mysql` those of [`account::mysql::TABLES`], `sys` those of
//! [`group_replication::SYS_TABLES`] and [`sys`]. Names are found in any case of letters.

use std::sync::{Arc, OnceLock};

use crate::bind::virtual_table::{RowSource, VirtualTable};
use crate::execute::ResultColumn;
use crate::show::spec::{ColumnSpec, result_columns};
use crate::show::{
    account, cluster, group_replication, information_schema, instruments, locks, performance_schema, sys,
};

/// A system table as a constant.
pub(crate) struct SystemTable {
    /// Name as MySQL spells it.
    pub(crate) name: &'static str,
    /// Columns.
    pub(crate) columns: &'static [ColumnSpec],
    /// Makes the rows.
    pub(crate) rows: RowSource,
}

/// All system tables, ordered by database and name.
pub(crate) fn all() -> &'static [Arc<VirtualTable>] {
    static ALL: OnceLock<Vec<Arc<VirtualTable>>> = OnceLock::new();
    ALL.get_or_init(|| {
        let of = |database: &'static str, tables: &'static [SystemTable]| {
            tables.iter().map(move |table| Arc::new(virtual_table(database, table)))
        };
        let mut all: Vec<_> = of(INFORMATION_SCHEMA, information_schema::TABLES)
            .chain(instruments::tables().into_iter().map(Arc::new))
            .chain(of(INFORMATION_SCHEMA, information_schema::extensions::TABLES))
            .chain(of(INFORMATION_SCHEMA, cluster::TABLES))
            .chain(of(PERFORMANCE_SCHEMA, performance_schema::TABLES))
            .chain(of(MYSQL, account::mysql::TABLES))
            .chain(of(INFORMATION_SCHEMA, locks::TABLES))
            .chain(of(SYS, group_replication::SYS_TABLES))
            .chain(of(SYS, sys::TABLES))
            .collect();
        all.sort_by(|one, other| (&one.database, &one.name).cmp(&(&other.database, &other.name)));
        all
    })
}

/// information_schema's name.
pub(crate) const INFORMATION_SCHEMA: &str = "information_schema";
/// The name of the database of grant tables.
pub(crate) const MYSQL: &str = "mysql";
/// sys's name.
pub(crate) const SYS: &str = "sys";
/// performance_schema's name.
pub(crate) const PERFORMANCE_SCHEMA: &str = "performance_schema";

/// The tables of one system database.
pub(crate) fn tables_of(database: &str) -> impl Iterator<Item = &'static Arc<VirtualTable>> {
    all().iter().filter(move |table| table.database.eq_ignore_ascii_case(database))
}

/// The look-up for [`crate::bind::virtual_table`].
pub(crate) fn provide(database: &str, table: &str) -> Option<Arc<VirtualTable>> {
    // Of tables that can be made, names are told apart by case; `mysql` is one of them only if it is written so.
    let is_it = |name: &str| match database {
        MYSQL => name == table,
        _ => name.eq_ignore_ascii_case(table),
    };
    tables_of(database).find(|candidate| is_it(&candidate.name)).cloned()
}

/// What SHOW CREATE TABLE says of a table of `mysql`, as MySQL 9.7 does: a dump of it restores there.
pub(crate) fn definition(table: &VirtualTable) -> Option<&'static str> {
    account::definitions::of(&table.name).filter(|_| table.database == MYSQL)
}

fn virtual_table(database: &str, table: &SystemTable) -> VirtualTable {
    let columns = result_columns(table.columns).into_iter().map(|column| ResultColumn {
        original_name: column.name.clone(),
        table: table.name.to_owned(),
        original_table: table.name.to_owned(),
        database: database.to_owned(),
        ..column
    });
    VirtualTable {
        database: database.to_owned(),
        name: table.name.to_owned(),
        columns: columns.collect(),
        rows: table.rows,
    }
}
