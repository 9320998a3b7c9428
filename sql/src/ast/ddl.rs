//! Schema statements as written.

use crate::ast::Expr;
use crate::types::{Collation, DataType};

/// A table's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableName {
    /// Database, if written.
    pub database: Option<String>,
    /// Table.
    pub table: String,
}

/// CREATE TABLE.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateTable {
    /// Name.
    pub name: TableName,
    /// IF NOT EXISTS.
    pub if_not_exists: bool,
    /// Columns.
    pub columns: Vec<ColumnDefinition>,
    /// Table-level keys, and column-level PRIMARY KEY / UNIQUE in order.
    pub keys: Vec<KeyDefinition>,
    /// Default collation, if given.
    pub collation: Option<Collation>,
    /// AUTO_INCREMENT = n.
    pub auto_increment: Option<u64>,
    /// COMMENT.
    pub comment: String,
    /// LIKE other (columns and keys empty then).
    pub like: Option<TableName>,
}

/// A column of CREATE TABLE.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnDefinition {
    /// Name.
    pub name: String,
    /// Type; text without COLLATE/CHARSET has `collation_given == false` and takes the table's.
    pub data_type: DataType,
    /// Whether the column said its collation.
    pub collation_given: bool,
    /// NULL / NOT NULL as written.
    pub nullable: Option<bool>,
    /// DEFAULT: a literal, NULL, or CURRENT_TIMESTAMP (as function NOW).
    pub default: Option<Expr>,
    /// ON UPDATE CURRENT_TIMESTAMP.
    pub on_update_now: bool,
    /// AUTO_INCREMENT.
    pub auto_increment: bool,
    /// COMMENT.
    pub comment: String,
}

/// A key of CREATE TABLE, CREATE INDEX, ALTER TABLE ADD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyDefinition {
    /// Kind.
    pub kind: KeyKind,
    /// Name, if given.
    pub name: Option<String>,
    /// Columns.
    pub columns: Vec<KeyPart>,
}

/// Kinds of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the SQL words")]
pub enum KeyKind {
    Primary,
    Unique,
    Index,
}

/// One column of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPart {
    /// Column.
    pub column: String,
    /// Prefix length.
    pub prefix: Option<u32>,
    /// DESC.
    pub descending: bool,
}
