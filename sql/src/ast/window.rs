//! Window functions as written.

use crate::ast::{AggregateFunction, Expr, OrderItem};

/// `f(…) OVER …`.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowCall {
    /// Which.
    pub function: WindowFunction,
    /// Arguments; empty for COUNT(*) too.
    pub arguments: Vec<Expr>,
    /// The window.
    pub over: Over,
}

/// The functions that can stand before OVER.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each variant is the SQL function of its name")]
pub enum WindowFunction {
    RowNumber,
    Rank,
    DenseRank,
    PercentRank,
    CumeDist,
    Ntile,
    Lag,
    Lead,
    FirstValue,
    LastValue,
    NthValue,
    /// An aggregate over the rows of the frame.
    Aggregate(AggregateFunction),
}

/// What stands after OVER.
#[derive(Clone, Debug, PartialEq)]
pub enum Over {
    /// A window of the WINDOW clause.
    Named(String),
    /// `( … )`.
    Spec(Box<WindowSpec>),
}

/// A window: `([name] [PARTITION BY …] [ORDER BY …] [frame])`.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowSpec {
    /// The window that this one is made from.
    pub base: Option<String>,
    /// PARTITION BY.
    pub partition_by: Vec<Expr>,
    /// ORDER BY.
    pub order_by: Vec<OrderItem>,
    /// ROWS or RANGE.
    pub frame: Option<Frame>,
}

/// A window of the WINDOW clause.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedWindow {
    /// Its name.
    pub name: String,
    /// What it is.
    pub spec: WindowSpec,
}

/// A frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// What the bounds count.
    pub unit: FrameUnit,
    /// Where it begins.
    pub start: FrameBound,
    /// Where it ends.
    pub end: FrameBound,
}

/// What the bounds of a frame count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FrameUnit {
    /// Rows.
    Rows,
    /// Differences of the ORDER BY value.
    Range,
}

/// A bound of a frame.
#[derive(Clone, Debug, PartialEq)]
pub enum FrameBound {
    /// UNBOUNDED PRECEDING.
    UnboundedPreceding,
    /// n PRECEDING.
    Preceding(FrameOffset),
    /// CURRENT ROW.
    CurrentRow,
    /// n FOLLOWING.
    Following(FrameOffset),
    /// UNBOUNDED FOLLOWING.
    UnboundedFollowing,
}

/// How far a bound is from the current row.
#[derive(Clone, Debug, PartialEq)]
pub struct FrameOffset {
    /// The number; a literal or a parameter, with a unit any expression.
    pub value: Expr,
    /// The unit of INTERVAL, in upper case.
    pub unit: Option<String>,
}
