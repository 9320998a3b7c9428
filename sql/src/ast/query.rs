//! Queries as written.

use std::sync::Arc;

use crate::ast::{Expr, JsonTable, NamedWindow};

/// A SELECT, VALUES, or a set operation over several.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// WITH.
    pub with: Option<Box<With>>,
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
    /// UNION, INTERSECT or EXCEPT (ALL or DISTINCT) of two.
    SetOperation {
        /// Which.
        operator: SetOperator,
        /// Left.
        left: Box<Query>,
        /// Right.
        right: Box<Query>,
        /// ALL: duplicates are kept.
        all: bool,
    },
    /// `VALUES ROW(…), …`.
    Values(Vec<Vec<Expr>>),
    /// A query in parentheses that has ORDER BY, LIMIT or a locking clause of its own, and others after the parenthesis.
    Nested(Box<Query>),
}

/// The set operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the SQL words")]
pub enum SetOperator {
    Union,
    Intersect,
    Except,
}

/// WITH: common table expressions, each of which sees those before it.
#[derive(Clone, Debug, PartialEq)]
pub struct With {
    /// RECURSIVE: each sees itself, too.
    pub recursive: bool,
    /// The common table expressions.
    pub tables: Vec<Arc<CommonTable>>,
}

/// One common table expression.
#[derive(Clone, Debug, PartialEq)]
pub struct CommonTable {
    /// Name.
    pub name: String,
    /// Names of its columns; empty: those of the query.
    pub columns: Vec<String>,
    /// The query.
    pub query: Query,
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
    /// WITH ROLLUP.
    pub rollup: bool,
    /// HAVING.
    pub having: Option<Expr>,
    /// WINDOW.
    pub windows: Vec<NamedWindow>,
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
        /// PARTITION (…).
        partitions: Vec<String>,
    },
    /// A derived table.
    Derived {
        /// The subquery.
        query: Box<Query>,
        /// AS (MySQL demands one: error 1248).
        alias: Option<String>,
        /// Names of its columns; empty: those of the query.
        columns: Vec<String>,
        /// LATERAL: it sees the tables before it.
        lateral: bool,
        /// JSON_TABLE: the query gives its document.
        json_table: Option<Arc<JsonTable>>,
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

impl Query {
    /// A query without anything around its body.
    #[must_use]
    pub fn of(body: QueryBody) -> Query {
        Query { with: None, body, order_by: Vec::new(), limit: None, offset: None, locking: None }
    }

    /// Whether it is nothing but its body.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.with.is_none() && self.order_by.is_empty() && self.limit.is_none() && self.locking.is_none()
    }

    /// Puts WITH in front. A query in parentheses that has one of its own keeps it inside.
    pub fn add_with(&mut self, with: Option<Box<With>>) {
        if with.is_none() {
            return;
        }
        if self.with.is_some() {
            let inner = std::mem::replace(self, Query::of(QueryBody::Values(Vec::new())));
            self.body = QueryBody::Nested(Box::new(inner));
        }
        self.with = with;
    }

    /// The common table expressions that it defines.
    pub fn common_tables(&self) -> impl Iterator<Item = &Arc<CommonTable>> {
        self.with.iter().flat_map(|with| &with.tables)
    }
}
