//! ALTER TABLE as written.

use crate::ast::{
    CheckDefinition, ColumnDefinition, Expr, ForeignKeyDefinition, KeyDefinition, PartitionAction, TableName,
};
use crate::types::Collation;

/// ALTER TABLE.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterTable {
    /// The table.
    pub table: TableName,
    /// What is to be done, as written.
    pub actions: Vec<AlterAction>,
    /// ALGORITHM = x, the last one written.
    pub algorithm: Algorithm,
    /// LOCK = x, the last one written.
    pub lock: AlterLock,
}

/// One action of ALTER TABLE.
#[derive(Clone, Debug, PartialEq)]
pub enum AlterAction {
    /// ADD COLUMN.
    AddColumn {
        /// The column.
        definition: ColumnDefinition,
        /// Where.
        place: ColumnPlace,
    },
    /// CHANGE COLUMN, MODIFY COLUMN.
    ChangeColumn {
        /// The column as it is.
        from: String,
        /// The column as it is to be.
        definition: ColumnDefinition,
        /// Where.
        place: ColumnPlace,
    },
    /// RENAME COLUMN.
    RenameColumn {
        /// Its name.
        from: String,
        /// Its new name.
        to: String,
    },
    /// DROP COLUMN.
    DropColumn(String),
    /// ALTER COLUMN SET DEFAULT, or DROP DEFAULT when there is none.
    SetDefault {
        /// The column.
        column: String,
        /// DEFAULT.
        default: Option<Expr>,
    },
    /// ADD KEY and its like, and the keys that stand with a column.
    AddKey(KeyDefinition),
    /// ADD CHECK.
    AddCheck(CheckDefinition),
    /// DROP CHECK.
    DropCheck(String),
    /// ALTER CHECK.
    EnforceCheck {
        /// Its name.
        name: String,
        /// ENFORCED or NOT ENFORCED.
        enforced: bool,
    },
    /// ADD FOREIGN KEY, and REFERENCES of a new column. The index comes as a key of its own before it.
    AddForeignKey(ForeignKeyDefinition),
    /// DROP FOREIGN KEY.
    DropForeignKey(String),
    /// DROP CONSTRAINT.
    DropConstraint(String),
    /// DROP KEY, DROP PRIMARY KEY.
    DropKey(String),
    /// RENAME KEY.
    RenameKey {
        /// Its name.
        from: String,
        /// Its new name.
        to: String,
    },
    /// RENAME TO.
    Rename(TableName),
    /// CONVERT TO CHARACTER SET; None for DEFAULT, the database's.
    Convert(Option<Collation>),
    /// `[DEFAULT] CHARACTER SET`, `COLLATE`.
    DefaultCollation(Collation),
    /// COMMENT.
    Comment(String),
    /// AUTO_INCREMENT.
    AutoIncrement(u64),
    /// ORDER BY: the names of columns, which are not looked at where there is a clustered index.
    OrderBy(Vec<String>),
    /// FORCE, ENGINE.
    Rebuild,
    /// An option of the table that is kept to be shown (ROW_FORMAT, STATS_…).
    Option(crate::catalog::TableOption),
    /// ENABLE KEYS, DISABLE KEYS.
    SwitchKeys,
    /// What is done with partitions.
    Partition(PartitionAction),
}

/// Where a column is put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnPlace {
    /// Where it is; a new one at the end.
    Unsaid,
    /// FIRST.
    First,
    /// AFTER.
    After(String),
}

/// ALGORITHM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the SQL words")]
pub enum Algorithm {
    Default,
    Instant,
    Inplace,
    Copy,
}

/// LOCK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the SQL words")]
pub enum AlterLock {
    Default,
    None,
    Shared,
    Exclusive,
}
