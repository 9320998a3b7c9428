//! Schema statements as written.

use crate::catalog::TableOptions;
use bytes::Bytes;

use crate::ast::{Expr, ForeignKeyDefinition, PartitionBy, Query};
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
    /// TEMPORARY.
    pub temporary: bool,
    /// IF NOT EXISTS.
    pub if_not_exists: bool,
    /// Columns.
    pub columns: Vec<ColumnDefinition>,
    /// Table-level keys, and column-level PRIMARY KEY / UNIQUE in order.
    pub keys: Vec<KeyDefinition>,
    /// CHECK constraints of columns and of the table, in order.
    pub checks: Vec<CheckDefinition>,
    /// Foreign keys of columns and of the table, in order; `keys` has their indexes.
    pub foreign_keys: Vec<ForeignKeyDefinition>,
    /// Default collation, if given.
    pub collation: Option<Collation>,
    /// AUTO_INCREMENT = n.
    pub auto_increment: Option<u64>,
    /// ENGINE that is not there, in whose place the one there is stands because `sql_mode` has no NO_ENGINE_SUBSTITUTION.
    pub substituted_engine: Option<String>,
    /// COMMENT.
    pub comment: String,
    /// Options that are kept to be shown.
    pub options: TableOptions,
    /// LIKE other (columns and keys empty then).
    pub like: Option<TableName>,
    /// `[AS] SELECT …`, which gives more columns, and the rows.
    pub select: Option<Box<CreateSelect>>,
    /// PARTITION BY.
    pub partition_by: Option<Box<PartitionBy>>,
}

/// The query of CREATE TABLE … SELECT.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateSelect {
    /// The query.
    pub query: Query,
    /// IGNORE: a row whose key is taken is left out.
    pub ignore: bool,
    /// REPLACE: it takes the other's place.
    pub replace: bool,
}

/// A column of CREATE TABLE.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnDefinition {
    /// Name.
    pub name: String,
    /// Type; text without COLLATE/CHARSET has `collation_given == false` and takes the table's.
    pub data_type: DataType,
    /// The members of an ENUM or SET as written, whose type has none yet.
    pub members: Vec<Bytes>,
    /// What MySQL warns of in how the type is written, in order.
    pub warnings: Vec<TypeWarning>,
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
    /// Whether the default is an expression in parentheses.
    pub default_is_expression: bool,
    /// GENERATED ALWAYS AS.
    pub generated: Option<GeneratedDefinition>,
    /// INVISIBLE.
    pub invisible: bool,
    /// CHECK constraints written with the column.
    pub checks: Vec<CheckDefinition>,
}

/// `GENERATED ALWAYS AS (expression) [VIRTUAL | STORED]`.
#[derive(Clone, Debug, PartialEq)]
pub struct GeneratedDefinition {
    /// The expression.
    pub expression: Expr,
    /// STORED.
    pub stored: bool,
}

/// `[CONSTRAINT name] CHECK (expression) [[NOT] ENFORCED]`.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckDefinition {
    /// Name, if given.
    pub name: Option<String>,
    /// The condition.
    pub expression: Expr,
    /// False for NOT ENFORCED.
    pub enforced: bool,
    /// The column that it was written with, to which alone it may refer.
    pub column: Option<String>,
}

/// Deprecated words of a column's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypeWarning {
    /// ZEROFILL.
    Zerofill,
    /// The width of an integer.
    DisplayWidth,
    /// FLOAT(M,D), DOUBLE(M,D).
    FloatDigits,
    /// UNSIGNED of DECIMAL, FLOAT, DOUBLE.
    UnsignedFraction,
    /// YEAR(4).
    YearWidth,
    /// BINARY after a text type.
    BinaryAttribute,
    /// NATIONAL, NCHAR, NVARCHAR.
    National,
}

impl TypeWarning {
    /// MySQL's error number and words.
    #[must_use]
    pub fn message(self) -> (u16, &'static str) {
        match self {
            TypeWarning::Zerofill => (
                1681,
                "The ZEROFILL attribute is deprecated and will be removed in a future release. Use the LPAD function to \
                 zero-pad numbers, or store the formatted numbers in a CHAR column.",
            ),
            TypeWarning::DisplayWidth => {
                (1681, "Integer display width is deprecated and will be removed in a future release.")
            }
            TypeWarning::FloatDigits => (
                1681,
                "Specifying number of digits for floating point data types is deprecated and will be removed in a \
                 future release.",
            ),
            TypeWarning::UnsignedFraction => (
                1681,
                "UNSIGNED for decimal and floating point data types is deprecated and support for it will be removed \
                 in a future release.",
            ),
            TypeWarning::YearWidth => (
                1287,
                "'YEAR(4)' is deprecated and will be removed in a future release. Please use YEAR instead",
            ),
            TypeWarning::BinaryAttribute => (
                1287,
                "'BINARY as attribute of a type' is deprecated and will be removed in a future release. Please use a \
                 CHARACTER SET clause with _bin collation instead",
            ),
            TypeWarning::National => (
                3720,
                "NATIONAL/NCHAR/NVARCHAR implies the character set UTF8MB3, which will be replaced by UTF8MB4 in a \
                 future release. Please consider using CHAR(x) CHARACTER SET UTF8MB4 in order to be unambiguous.",
            ),
        }
    }
}

/// A key of CREATE TABLE, CREATE INDEX, ALTER TABLE ADD.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyDefinition {
    /// Kind.
    pub kind: KeyKind,
    /// Name, if given.
    pub name: Option<String>,
    /// Columns.
    pub columns: Vec<KeyPart>,
    /// INVISIBLE.
    pub invisible: bool,
    /// It stands for a foreign key, and is left out where another key begins with its columns.
    pub generated: bool,
    /// What is kept to be shown.
    pub options: KeyOptions,
}

/// Options of a key that SHOW CREATE TABLE prints, and nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyOptions {
    /// COMMENT.
    pub comment: String,
    /// USING BTREE was said.
    pub using_btree: bool,
    /// KEY_BLOCK_SIZE, KiB; 0: not given.
    pub block_size: u32,
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
#[derive(Clone, Debug, PartialEq)]
pub struct KeyPart {
    /// Column; empty for an expression.
    pub column: String,
    /// The expression of a functional key part.
    pub expression: Option<Expr>,
    /// Prefix length.
    pub prefix: Option<u32>,
    /// DESC.
    pub descending: bool,
}
