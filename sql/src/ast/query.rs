//! Queries as written.

use crate::ast::Expr;

/// A SELECT, or a UNION of several.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// SELECT or set operation.
    pub body: QueryBody,
    /// ORDER BY of the whole.
    pub order_by: Vec<OrderItem>,
    /// LIMIT: row count (literal or parameter).
    pub limit: Option<Expr>,
    /// OFFSET.
    pub offset: Option<Expr>,
    /// FOR UPDATE / FOR SHARE.
    pub locking: Option<Locking>,
}

/// What a query is made of.
#[derive(Clone, Debug, PartialEq)]
pub enum QueryBody {
    /// SELECT.
    Select(Box<Select>),
    /// UNION (ALL or DISTINCT) of two.
    Union {
        /// Left.
        left: Box<Query>,
        /// Right.
        right: Box<Query>,
        /// ALL: duplicates are kept.
        all: bool,
    },
}

/// One SELECT.
#[derive(Clone, Debug, PartialEq)]
pub struct Select {
    /// DISTINCT.
    pub distinct: bool,
    /// SQL_CALC_FOUND_ROWS.
    pub calc_found_rows: bool,
    /// Select list.
    pub items: Vec<SelectItem>,
    /// FROM; None without FROM (or FROM DUAL).
    pub from: Option<TableExpr>,
    /// WHERE.
    pub filter: Option<Expr>,
    /// GROUP BY (positions and aliases unresolved).
    pub group_by: Vec<Expr>,
    /// HAVING.
    pub having: Option<Expr>,
}

/// One item of a select list.
#[derive(Clone, Debug, PartialEq)]
pub enum SelectItem {
    /// `*`.
    Wildcard,
    /// `t.*`, `db.t.*`.
    TableWildcard {
        /// Database, if written.
        database: Option<String>,
        /// Table or alias.
        table: String,
    },
    /// An expression.
    Expression {
        /// The expression.
        expr: Expr,
        /// AS.
        alias: Option<String>,
        /// The item's text as the client wrote it: MySQL's column name when there is no alias (for a plain column the
        /// name is the column's).
        text: String,
    },
}

/// FROM: a tree of joins (a comma is an inner join without condition).
#[derive(Clone, Debug, PartialEq)]
pub enum TableExpr {
    /// A table.
    Table {
        /// Database, if written.
        database: Option<String>,
        /// Table.
        table: String,
        /// AS.
        alias: Option<String>,
        /// USE/FORCE/IGNORE INDEX.
        hints: Vec<IndexHint>,
    },
    /// A derived table.
    Derived {
        /// The subquery.
        query: Box<Query>,
        /// AS (MySQL demands one: error 1248).
        alias: Option<String>,
    },
    /// A join.
    Join {
        /// Left side.
        left: Box<TableExpr>,
        /// Right side.
        right: Box<TableExpr>,
        /// Kind; RIGHT is lowered to LEFT with the sides swapped only by the binder (it changes `*`).
        kind: JoinKind,
        /// ON, USING, NATURAL.
        condition: JoinCondition,
    },
}

/// Kinds of join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinKind {
    /// INNER, CROSS, comma, STRAIGHT_JOIN.
    Inner,
    /// LEFT.
    Left,
    /// RIGHT.
    Right,
}

/// How a join's rows are matched.
#[derive(Clone, Debug, PartialEq)]
pub enum JoinCondition {
    /// None.
    None,
    /// ON.
    On(Expr),
    /// USING (columns).
    Using(Vec<String>),
    /// NATURAL.
    Natural,
}

/// An index hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexHint {
    /// USE, FORCE or IGNORE.
    pub kind: IndexHintKind,
    /// Index names; PRIMARY for the primary key.
    pub indexes: Vec<String>,
}

/// Kinds of index hint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the SQL words")]
pub enum IndexHintKind {
    Use,
    Force,
    Ignore,
}

/// ORDER BY item.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderItem {
    /// Expression, alias or position.
    pub expr: Expr,
    /// DESC.
    pub descending: bool,
}

/// FOR UPDATE, FOR SHARE, LOCK IN SHARE MODE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locking {
    /// FOR UPDATE rather than FOR SHARE.
    pub exclusive: bool,
    /// NOWAIT.
    pub nowait: bool,
    /// SKIP LOCKED.
    pub skip_locked: bool,
    /// OF t, …
    pub of: Vec<String>,
    /// The clauses after this one, which have none after them.
    pub more: Vec<Locking>,
}

impl Locking {
    /// This clause and those after it.
    pub fn clauses(&self) -> impl Iterator<Item = &Locking> {
        std::iter::once(self).chain(&self.more)
    }

    /// Whether it is about a table, by its alias.
    #[must_use]
    pub fn is_of(&self, alias: &str) -> bool {
        self.of.is_empty() || self.of.iter().any(|of| of == alias)
    }
}
