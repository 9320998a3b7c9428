//! What the catalog says of databases, tables, columns and indexes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::{ForeignKey, Layout, Links, OnlineJob};
use crate::account::Accounts;
use crate::ast::RoutineKind;
use crate::constraint::RulesCell;
use crate::program::Routine;
use crate::program::event::Event;
use crate::types::{Collation, DataType, MemberSet, Value};

/// Identity of a table for as long as the cluster lives; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableId(pub u32);

/// Identity of one index's key range: the first four bytes (big endian) of each of its keys. The primary index of a
/// table holds the rows. Never used twice; TRUNCATE takes new ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IndexId(pub u32);

/// All databases at one schema version.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// Moves by one with every schema change; a plan made at another version is made anew.
    pub version: u64,
    /// Databases by name.
    pub databases: BTreeMap<String, Database>,
    /// The next free table and index id.
    pub next_id: u32,
    /// The same tables by id, for applied counters.
    pub by_id: rustc_hash::FxHashMap<TableId, Arc<Table>>,
    /// Accounts, roles and what was granted to them.
    pub accounts: Arc<Accounts>,
    /// `gtid_purged`: transactions of other servers whose effects were loaded.
    pub gtid_purged: Arc<crate::gtid_set::GtidSet>,
    /// Who refers to whom; made anew with every version.
    pub links: Links,
}

/// One database (schema).
#[derive(Clone, Debug, Default)]
pub struct Database {
    /// Its name as created.
    pub name: String,
    /// Default collation of new tables.
    pub collation: Collation,
    /// Tables by name (names are case-sensitive, as MySQL on Linux).
    pub tables: BTreeMap<String, Arc<Table>>,
    /// Views by name; none has the name of a table.
    pub views: BTreeMap<String, Arc<crate::view::View>>,
    /// Routines by kind, and name in lower case.
    pub routines: BTreeMap<(RoutineKind, String), Arc<Routine>>,
    /// Events by name in lower case.
    pub events: BTreeMap<String, Arc<Event>>,
}

impl Database {
    /// An event, its name in any case of letters.
    #[must_use]
    pub fn event(&self, name: &str) -> Option<&Arc<Event>> {
        if self.events.is_empty() {
            return None;
        }
        self.events.get(&name.to_lowercase())
    }

    /// A routine, its name in any case of letters.
    #[must_use]
    pub fn routine(&self, kind: RoutineKind, name: &str) -> Option<&Arc<Routine>> {
        if self.routines.is_empty() {
            return None;
        }
        self.routines.get(&(kind, name.to_lowercase()))
    }
}

/// One table.
#[derive(Clone, Debug)]
pub struct Table {
    /// Identity.
    pub id: TableId,
    /// Database it belongs to.
    pub database: String,
    /// Name.
    pub name: String,
    /// Columns in order.
    pub columns: Vec<Column>,
    /// Indexes; the first is always the primary (rows live under it). A table without PRIMARY KEY has a hidden primary
    /// index over a hidden 8-byte row id (`hidden_row_id`).
    pub indexes: Vec<Index>,
    /// True when no PRIMARY KEY was declared: the primary key is a hidden row id, taken from `auto_increment`'s twin `row_id`.
    pub hidden_row_id: bool,
    /// Default collation of new text columns.
    pub collation: Collation,
    /// COMMENT.
    pub comment: String,
    /// Options that are kept to be shown.
    pub options: super::TableOptions,
    /// Position of the AUTO_INCREMENT column, if any.
    pub auto_increment_column: Option<usize>,
    /// The next AUTO_INCREMENT value. Shared by every version of this table's definition; moved by INSERT on the leader and
    /// by applied entries; its high-water mark is written to the log with each transaction that takes values.
    pub auto_increment: Arc<AtomicU64>,
    /// The next hidden row id, likewise.
    pub row_id: Arc<AtomicU64>,
    /// A changing estimate of the number of rows, for the planner and SHOW TABLE STATUS; not exact, not replicated.
    pub row_estimate: Arc<AtomicU64>,
    /// What is known of the values in its indexes; not replicated either.
    pub statistics: super::StatisticsCell,
    /// CHECK constraints, in the order in which they were declared.
    pub checks: Vec<Check>,
    /// Foreign keys by name, in any case of letters.
    pub foreign_keys: Vec<ForeignKey>,
    /// The expressions of generated columns, defaults and checks, bound when they are first needed.
    pub rules: RulesCell,
    /// When it was created, microseconds since the epoch (from the entry's commit time).
    pub created_us: u64,
    /// Where the columns stand in stored rows.
    pub layout: Layout,
    /// Indexes that are being built while the table is written; who writes the table keeps them too.
    pub job: Option<Arc<OnlineJob>>,
    /// Its partitions.
    pub partitioned: Option<Box<super::partition::Partitioned>>,
    /// Its triggers: those of one time and event in the order in which they run.
    pub triggers: Vec<Arc<crate::program::trigger::Trigger>>,
}

/// One column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Name as declared; compared without case.
    pub name: String,
    /// Type.
    pub data_type: DataType,
    /// The members of an ENUM or SET, which the type names by their id; None for every other type.
    pub members: Option<Arc<MemberSet>>,
    /// Whether NULL may stand in it.
    pub nullable: bool,
    /// DEFAULT.
    pub default: ColumnDefault,
    /// ON UPDATE CURRENT_TIMESTAMP.
    pub on_update_now: bool,
    /// AUTO_INCREMENT.
    pub auto_increment: bool,
    /// COMMENT.
    pub comment: String,
    /// GENERATED ALWAYS AS: the value is computed whenever the row is written.
    pub generated: Option<Generated>,
    /// INVISIBLE: not among `*`, nor the columns of an INSERT that names none.
    pub invisible: bool,
    /// It is an expression of a key, and no statement can name it. Such columns are behind all others.
    pub hidden: bool,
}

/// What a generated column is computed from.
#[derive(Clone, Debug, PartialEq)]
pub struct Generated {
    /// The expression as SHOW CREATE TABLE prints it.
    pub expression: Arc<str>,
    /// STORED rather than VIRTUAL. Rows hold the value of both.
    pub stored: bool,
}

/// A CHECK constraint.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// Name, unique in its database.
    pub name: String,
    /// The condition as SHOW CREATE TABLE prints it.
    pub expression: String,
    /// False for NOT ENFORCED.
    pub enforced: bool,
}

/// The default of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum ColumnDefault {
    /// None declared: NULL when nullable, else the column must be given.
    None,
    /// A constant, already converted to the column's type.
    Constant(Value),
    /// CURRENT_TIMESTAMP with the column's fraction.
    Now,
    /// An expression in parentheses, as SHOW CREATE TABLE prints it.
    Expression(Arc<str>),
}

/// One index.
#[derive(Clone, Debug, PartialEq)]
pub struct Index {
    /// Identity: prefix of its keys.
    pub id: IndexId,
    /// Name; `PRIMARY` for the primary key.
    pub name: String,
    /// PRIMARY or UNIQUE.
    pub unique: bool,
    /// Key columns in order.
    pub columns: Vec<IndexColumn>,
    /// INVISIBLE: maintained, and not used by the planner.
    pub invisible: bool,
    /// It was made for a foreign key: it goes when another index begins with its columns.
    pub generated: bool,
    /// What is kept to be shown.
    pub options: crate::ast::KeyOptions,
}

/// One column of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexColumn {
    /// Position in [`Table::columns`].
    pub column: usize,
    /// Prefix length in characters (text) or bytes (binary), if given.
    pub prefix: Option<u32>,
    /// DESC.
    pub descending: bool,
}
