//! Partitions as written.

use crate::ast::{Expr, TableName};

/// PARTITION BY.
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionBy {
    /// How rows find their partition.
    pub method: PartitionMethod,
    /// PARTITIONS n.
    pub count: Option<u64>,
    /// SUBPARTITION BY: HASH or KEY.
    pub sub: Option<PartitionMethod>,
    /// SUBPARTITIONS n.
    pub sub_count: Option<u64>,
    /// The list of partitions; empty when there is none.
    pub definitions: Vec<PartitionDefinition>,
}

/// How rows find their partition.
#[derive(Clone, Debug, PartialEq)]
pub enum PartitionMethod {
    /// RANGE (expression).
    Range(Expr),
    /// LIST (expression).
    List(Expr),
    /// RANGE COLUMNS (…).
    RangeColumns(Vec<String>),
    /// LIST COLUMNS (…).
    ListColumns(Vec<String>),
    /// `[LINEAR] HASH (expression)`.
    Hash {
        /// LINEAR.
        linear: bool,
        /// The expression.
        expression: Expr,
    },
    /// `[LINEAR] KEY [ALGORITHM = n] (…)`.
    Key {
        /// LINEAR.
        linear: bool,
        /// ALGORITHM.
        algorithm: Option<u64>,
        /// Columns; none for those of the primary key.
        columns: Vec<String>,
    },
}

/// One partition.
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionDefinition {
    /// Name.
    pub name: String,
    /// VALUES.
    pub values: PartitionValues,
    /// COMMENT and its like.
    pub options: PartitionOptions,
    /// Subpartitions.
    pub subpartitions: Vec<(String, PartitionOptions)>,
}

/// Options of a partition or subpartition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartitionOptions {
    /// COMMENT.
    pub comment: String,
    /// MAX_ROWS.
    pub max_rows: u64,
    /// MIN_ROWS.
    pub min_rows: u64,
}

/// VALUES of a partition.
#[derive(Clone, Debug, PartialEq)]
pub enum PartitionValues {
    /// None.
    None,
    /// LESS THAN (…); None is MAXVALUE.
    LessThan(Vec<Option<Expr>>),
    /// IN (…): tuples, of one value each where they are written without parentheses.
    In(Vec<PartitionTuple>),
}

/// An element of VALUES IN.
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionTuple {
    /// Its values; None is MAXVALUE, which has no place there.
    pub values: Vec<Option<Expr>>,
    /// Whether it stands in parentheses.
    pub in_parentheses: bool,
}

/// Partitions by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartitionNames {
    /// ALL.
    All,
    /// These.
    Named(Vec<String>),
}

/// What ALTER TABLE does with partitions.
#[derive(Clone, Debug, PartialEq)]
pub enum PartitionAction {
    /// PARTITION BY.
    By(Box<PartitionBy>),
    /// REMOVE PARTITIONING.
    Remove,
    /// ADD PARTITION (…).
    Add(Vec<PartitionDefinition>),
    /// ADD PARTITION PARTITIONS n.
    AddCount(u64),
    /// DROP PARTITION.
    Drop(Vec<String>),
    /// TRUNCATE PARTITION.
    Truncate(PartitionNames),
    /// COALESCE PARTITION n.
    Coalesce(u64),
    /// REORGANIZE PARTITION … INTO (…).
    Reorganize {
        /// The partitions to be replaced.
        from: Vec<String>,
        /// What takes their place.
        into: Vec<PartitionDefinition>,
    },
    /// EXCHANGE PARTITION.
    Exchange {
        /// The partition.
        partition: String,
        /// The table.
        table: TableName,
        /// WITH VALIDATION.
        validates: bool,
    },
    /// REBUILD PARTITION.
    Rebuild(PartitionNames),
}
