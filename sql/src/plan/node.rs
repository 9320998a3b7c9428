//! The parts of a plan.

use std::sync::Arc;

use storage::engine::Direction;
use storage::txn::{LockMode, WaitPolicy};

use crate::bind::Aggregate;
use crate::bind::rollup::Rollup;
use crate::bind::scope::Dependent;
use crate::bind::virtual_table::VirtualTable;
use crate::catalog::Table;
use crate::codec::{ColumnSet, RowReader};
use crate::execute::ResultColumn;
use crate::expression::Expression;
use crate::plan::predicate::Term;
use crate::plan::set::{RecursivePlan, SetPlan, ValuesPlan};
use crate::plan::window::WindowPlan;
use crate::types::Collation;

/// The plan of a query.
#[derive(Debug)]
pub struct QueryPlan {
    /// What to run.
    pub body: Body,
    /// Its columns.
    pub columns: Vec<ResultColumn>,
    /// Whether it reads rows of an enclosing query.
    pub correlated: bool,
}

impl QueryPlan {
    /// What its columns are computed by, if it is one SELECT.
    #[must_use]
    pub fn items(&self) -> &[Expression] {
        match &self.body {
            Body::Select(select) => &select.project,
            Body::Set(_) | Body::Values(_) | Body::Recursive(_) => &[],
        }
    }

    /// Whether it is one SELECT that groups its rows, or counts them.
    #[must_use]
    pub fn is_grouped(&self) -> bool {
        matches!(&self.body, Body::Select(select) if select.aggregate.is_some())
    }

    /// Whether it is one SELECT without FROM.
    #[must_use]
    pub fn reads_nothing(&self) -> bool {
        matches!(&self.body, Body::Select(select) if select.source.is_none())
    }

    /// Whether it is one SELECT from a table that it calls so.
    #[must_use]
    pub fn reads(&self, name: &str) -> bool {
        match &self.body {
            Body::Select(select) => select.tables.iter().any(|table| table.eq_ignore_ascii_case(name)),
            Body::Set(_) | Body::Values(_) | Body::Recursive(_) => false,
        }
    }
}

/// What a query is made of.
#[derive(Debug)]
pub enum Body {
    /// SELECT.
    Select(Box<SelectPlan>),
    /// A set operation, or a query in parentheses that is sorted or cut once more.
    Set(Box<SetPlan>),
    /// VALUES.
    Values(Box<ValuesPlan>),
    /// WITH RECURSIVE.
    Recursive(Box<RecursivePlan>),
}

/// The plan of a query block.
#[derive(Debug)]
pub struct SelectPlan {
    /// Slots of the executing row.
    pub width: usize,
    /// The joined tables; none without FROM.
    pub source: Option<Node>,
    /// Conditions that read no table: checked once.
    pub constant_conditions: Vec<Expression>,
    /// What is evaluated before the first row, for its errors, though no row may ever ask for it.
    pub checks: Vec<Expression>,
    /// Grouping.
    pub aggregate: Option<AggregatePlan>,
    /// HAVING.
    pub having: Vec<Expression>,
    /// Window functions.
    pub window: Option<WindowPlan>,
    /// The select list, then the keys of ORDER BY that are not in it.
    pub project: Vec<Expression>,
    /// Length of the select list.
    pub visible: usize,
    /// DISTINCT.
    pub distinct: bool,
    /// ORDER BY.
    pub sort: Vec<SortKey>,
    /// Whether the source gives its rows in the order of `sort`, as long as its index conditions hold as planned.
    pub source_ordered: bool,
    /// LIMIT.
    pub limit: Option<Expression>,
    /// OFFSET.
    pub offset: Option<Expression>,
    /// SQL_CALC_FOUND_ROWS.
    pub calc_found_rows: bool,
    /// How many tables FROM has, and their names by position, for EXPLAIN.
    pub tables: Vec<String>,
    /// Subqueries in its expressions and derived tables, for EXPLAIN and for what the statement needs.
    pub has_subquery: bool,
    /// Its rows go from where they are stored to the client, without values between: where each column of the table stands in the
    /// result.
    pub direct: Option<Vec<Option<usize>>>,
    /// As a correlated EXISTS or IN: how it is looked up instead of run.
    pub decorrelated: Option<Box<crate::plan::decorrelate::Decorrelated>>,
}

/// One key of a sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SortKey {
    /// Position in the projected row.
    pub position: usize,
    /// DESC.
    pub descending: bool,
    /// Collation of the comparison.
    pub collation: Collation,
}

/// Grouping.
#[derive(Clone, Debug)]
pub struct AggregatePlan {
    /// GROUP BY; empty for one group over all rows.
    pub keys: Vec<Expression>,
    /// The calls; call `i` goes to slot `base + i`.
    pub aggregates: Vec<Aggregate>,
    /// The first slot of the aggregates.
    pub base: usize,
    /// Slots of a group's first row that are read later.
    pub keep: Vec<usize>,
    /// WITH ROLLUP and GROUPING().
    pub rollup: Option<Rollup>,
    /// MIN and MAX read off the ends of indexes: one scan for each aggregate, instead of the source.
    pub index_ends: Vec<IndexEnds>,
}

/// A MIN or MAX that is the first row of an index scan.
#[derive(Clone, Debug)]
pub struct IndexEnds {
    /// The scan, in the right direction.
    pub scan: ScanPlan,
    /// The slot of the column.
    pub slot: usize,
}

/// A source of rows: fills slots of the executing row.
#[derive(Debug)]
pub enum Node {
    /// A table by one of its indexes.
    Scan(Box<ScanPlan>),
    /// A derived or virtual table.
    Rows(Box<RowsPlan>),
    /// A join.
    Join(Box<JoinPlan>),
    /// Conditions over its input.
    Filter(Box<FilterPlan>),
}

/// Conditions over a source.
#[derive(Debug)]
pub struct FilterPlan {
    /// The source.
    pub input: Node,
    /// All must be true.
    pub conditions: Vec<Expression>,
}

/// A join. The outer side is read once; the inner side for each of its rows.
#[derive(Debug)]
pub struct JoinPlan {
    /// Outer side.
    pub outer: Node,
    /// Inner side.
    pub inner: Node,
    /// LEFT: an outer row without partner appears once, with NULLs in `inner_slots`.
    pub left: bool,
    /// Conditions that decide what a partner is, besides those pushed into `inner`.
    pub on: Vec<Expression>,
    /// How partners are found.
    pub method: JoinMethod,
    /// All slots of the inner side.
    pub inner_slots: Vec<usize>,
    /// Pairs expected, for EXPLAIN.
    pub rows: f64,
}

/// How partners are found.
#[derive(Debug)]
pub enum JoinMethod {
    /// The inner side is opened anew for each outer row.
    Loop,
    /// The inner side is read once and kept; with keys in a hash table, without in a list.
    Buffered {
        /// Expression of the outer side, expression of the inner side, and how they are compared.
        keys: Vec<HashKey>,
        /// Slots of the inner side that are kept.
        keep: Vec<usize>,
    },
}

/// One equality of a hash join.
#[derive(Debug)]
pub struct HashKey {
    /// Over the outer row.
    pub outer: Expression,
    /// Over the inner row.
    pub inner: Expression,
    /// How values are made comparable.
    pub class: KeyClass,
    /// `<=>`: NULL is a value.
    pub null_safe: bool,
}

/// How two values must be brought to bytes so that equal bytes are SQL's equality.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyClass {
    /// Integers and decimals, compared exactly.
    Exact,
    /// Numbers of which one is approximate.
    Double,
    /// Text of one collation.
    Text(Collation),
    /// Binary strings.
    Binary,
    /// DATE with DATE, DATETIME with DATETIME or DATE.
    DateTime,
    /// TIME with TIME.
    Time,
}

/// A derived or virtual table.
#[derive(Debug)]
pub struct RowsPlan {
    /// Where its rows come from.
    pub source: RowsSource,
    /// First slot.
    pub base: usize,
    /// Number of columns.
    pub width: usize,
    /// Name, for EXPLAIN.
    pub alias: String,
    /// Conditions on its rows.
    pub filter: Vec<Expression>,
}

/// Where the rows of a [`RowsPlan`] come from.
#[derive(Debug)]
pub enum RowsSource {
    /// A derived table, run once for each run of its block.
    Derived(Arc<QueryPlan>),
    /// A virtual table.
    Virtual(Arc<VirtualTable>),
    /// Rows that depend on where they stand.
    Dependent(Arc<Dependent>),
}

impl RowsSource {
    /// Whether its rows are made anew for each row of the tables before it.
    #[must_use]
    pub fn depends_on_row(&self) -> bool {
        match self {
            RowsSource::Derived(_) | RowsSource::Virtual(_) => false,
            RowsSource::Dependent(dependent) => matches!(**dependent, Dependent::Lateral { .. }),
        }
    }

    /// The plan that makes the rows, if there is one.
    #[must_use]
    pub fn plan(&self) -> Option<&QueryPlan> {
        match self {
            RowsSource::Derived(plan) => Some(plan),
            RowsSource::Virtual(_) => None,
            RowsSource::Dependent(dependent) => dependent.plan(),
        }
    }
}

/// A table read by an index.
#[derive(Clone, Debug)]
pub struct ScanPlan {
    /// The table.
    pub table: Arc<Table>,
    /// Alias, for EXPLAIN.
    pub alias: String,
    /// First slot.
    pub base: usize,
    /// Columns that are read later, when the index conditions hold as planned.
    pub wanted: ColumnSet,
    /// Columns that are read later, or by `implied`.
    pub wanted_checked: ColumnSet,
    /// Reads `wanted` from rows.
    pub reader: RowReader,
    /// Reads `wanted_checked` from rows.
    pub reader_checked: RowReader,
    /// How it is read.
    pub access: Access,
    /// Conditions that the index does not imply.
    pub filter: Vec<Expression>,
    /// Conditions that the index implies when the values could be converted exactly to its columns' types; checked otherwise,
    /// and in locking reads after the lock.
    pub implied: Vec<Expression>,
    /// Row locks.
    pub lock: Option<RowLock>,
    /// Where the primary key of a locked row goes, as a binary string: see [`joined`](crate::plan::joined).
    pub key_slot: Option<usize>,
    /// Rows expected, for EXPLAIN.
    pub rows: u64,
    /// Names of the indexes that could have served, for EXPLAIN.
    pub possible: Vec<String>,
}

impl ScanPlan {
    /// Whether its rows can be taken as they are stored: it takes no locks, checks nothing more, and reads them from the primary index.
    #[must_use]
    pub fn gives_stored_rows(&self) -> bool {
        self.lock.is_none() && self.filter.is_empty() && !self.access.covering
    }
}

/// Locks on the rows of a scan.
#[derive(Clone, Copy, Debug)]
pub struct RowLock {
    /// Mode.
    pub mode: LockMode,
    /// What happens when another transaction holds the lock.
    pub policy: WaitPolicy,
    /// Rows are to be changed: first-updater-wins applies (1213 for a row changed since the snapshot).
    pub for_change: bool,
}

/// How a table is read.
#[derive(Clone, Debug)]
pub struct Access {
    /// Position in [`Table::indexes`].
    pub index: usize,
    /// Conditions on the index's first columns, in order; empty for all of it.
    pub terms: Vec<Term>,
    /// Direction.
    pub direction: Direction,
    /// All columns of a unique index are given, one value each: at most one row.
    pub point: bool,
    /// The rows are wanted in the order of the index.
    pub ordered: bool,
    /// `wanted` can be read from the index alone.
    pub covering: bool,
    /// `wanted_checked` can be read from the index alone.
    pub covering_checked: bool,
    /// Conditions on the columns of the table's partitions: they say which are read.
    pub pruning: Vec<Term>,
}

impl Access {
    /// The whole primary index.
    #[must_use]
    pub fn full() -> Access {
        Access {
            index: 0,
            terms: Vec::new(),
            direction: Direction::Forward,
            point: false,
            ordered: false,
            covering: false,
            covering_checked: false,
            pruning: Vec::new(),
        }
    }
}

impl QueryPlan {
    /// Has these evaluated before the first row.
    fn check_first(&mut self, checks: Vec<Expression>) {
        match &mut self.body {
            Body::Select(select) => select.checks = checks,
            Body::Set(set) => set.first.check_first(checks),
            Body::Values(_) | Body::Recursive(_) => {}
        }
    }

    /// Makes it the query of a statement: what has to be checked before its first row, and the decimals as a client sees them.
    pub(crate) fn settle(&mut self, checks: Vec<Expression>) {
        let select = match &mut self.body {
            Body::Select(select) => select,
            Body::Set(set) => return set.first.check_first(checks),
            Body::Values(_) | Body::Recursive(_) => return,
        };
        select.checks = checks;
        let is_kept = select.distinct || select.aggregate.as_ref().is_some_and(|own| !own.keys.is_empty());
        if is_kept {
            return;
        }
        for (column, expression) in self.columns.iter_mut().zip(&mut select.project) {
            if matches!(expression, Expression::Case { data_type, .. } if data_type.is_decimal()) {
                *expression = std::mem::replace(expression, Expression::integer(0)).with_own_scale();
                column.data_type = expression.data_type();
            }
        }
    }

    /// The queries that a set operation or a recursion is made of; none for a block.
    pub fn operands(&self) -> impl Iterator<Item = &QueryPlan> {
        let (first, second, anchors, members) = match &self.body {
            Body::Set(set) => {
                (Some(&set.first), set.second.as_ref().map(|(_, _, second)| second), &[][..], &[][..])
            }
            Body::Recursive(recursive) => (None, None, &recursive.anchors[..], &recursive.members[..]),
            Body::Select(_) | Body::Values(_) => (None, None, &[][..], &[][..]),
        };
        first.into_iter().chain(second).chain(anchors).chain(members)
    }

    /// Whether a locking read is in it.
    #[must_use]
    pub fn locks_rows(&self) -> bool {
        self.any_scan(&mut |scan| scan.lock.is_some())
    }

    /// Whether it locks any rows FOR UPDATE.
    #[must_use]
    pub fn locks_rows_exclusively(&self) -> bool {
        self.any_scan(&mut |scan| scan.lock.is_some_and(|lock| lock.mode == LockMode::Exclusive))
    }

    /// Whether it says LIMIT itself, at its end.
    #[must_use]
    pub fn has_limit(&self) -> bool {
        match &self.body {
            Body::Select(select) => select.limit.is_some(),
            Body::Set(set) => set.limit.is_some(),
            Body::Values(_) | Body::Recursive(_) => false,
        }
    }

    /// Whether it may read for long.
    #[must_use]
    pub fn reads_long(&self) -> bool {
        match &self.body {
            Body::Select(select) => {
                select.has_subquery
                    || select.source.as_ref().is_some_and(Node::reads_long)
                        && select.aggregate.as_ref().is_none_or(|aggregate| aggregate.index_ends.is_empty())
            }
            Body::Values(_) => false,
            Body::Recursive(_) => true,
            Body::Set(_) => self.operands().any(QueryPlan::reads_long),
        }
    }

    /// Whether it reads any row as of the snapshot.
    #[must_use]
    pub fn reads_snapshot(&self) -> bool {
        match &self.body {
            Body::Select(select) => select.has_subquery || self.any_scan(&mut |scan| scan.lock.is_none()),
            // Its values may be subqueries.
            Body::Values(_) => true,
            Body::Set(_) | Body::Recursive(_) => self.operands().any(QueryPlan::reads_snapshot),
        }
    }

    /// Whether it reads at most one row of one table, by its primary key.
    #[must_use]
    pub fn reads_one_row(&self) -> bool {
        match &self.body {
            Body::Select(select) => {
                !select.has_subquery
                    && matches!(&select.source, Some(Node::Scan(scan)) if scan.access.point && scan.access.index == 0)
            }
            Body::Set(_) | Body::Values(_) | Body::Recursive(_) => false,
        }
    }

    /// Whether `wanted` holds for one of its scans, derived tables included.
    fn any_scan(&self, wanted: &mut dyn FnMut(&ScanPlan) -> bool) -> bool {
        match &self.body {
            Body::Select(select) => select.source.as_ref().is_some_and(|node| node.any_scan(wanted)),
            Body::Set(_) | Body::Values(_) | Body::Recursive(_) => {
                self.operands().any(|operand| operand.any_scan(wanted))
            }
        }
    }
}

impl Node {
    /// Whether it reads a whole table or index, or keeps one side of a join.
    #[must_use]
    pub fn reads_long(&self) -> bool {
        match self {
            Node::Scan(scan) => scan.access.terms.is_empty(),
            // What JSON_TABLE makes of a document may be much.
            Node::Rows(rows) if matches!(rows.source, RowsSource::Dependent(_)) => true,
            Node::Rows(rows) => rows.source.plan().is_some_and(QueryPlan::reads_long),
            Node::Join(join) => {
                matches!(join.method, JoinMethod::Buffered { .. })
                    || join.outer.reads_long()
                    || join.inner.reads_long()
            }
            Node::Filter(filter) => filter.input.reads_long(),
        }
    }

    /// Calls `visit` with every scan of the tree, but for those of derived tables.
    pub fn visit_scans(&self, visit: &mut dyn FnMut(&ScanPlan)) {
        match self {
            Node::Scan(scan) => visit(scan),
            Node::Rows(_) => {}
            Node::Join(join) => {
                join.outer.visit_scans(visit);
                join.inner.visit_scans(visit);
            }
            Node::Filter(filter) => filter.input.visit_scans(visit),
        }
    }

    fn any_scan(&self, wanted: &mut dyn FnMut(&ScanPlan) -> bool) -> bool {
        match self {
            Node::Scan(scan) => wanted(scan),
            Node::Rows(rows) => rows.source.plan().is_some_and(|plan| plan.any_scan(wanted)),
            Node::Join(join) => join.outer.any_scan(wanted) || join.inner.any_scan(wanted),
            Node::Filter(filter) => filter.input.any_scan(wanted),
        }
    }

    /// Calls `visit` with every scan of the tree.
    pub fn each_scan(&mut self, visit: &mut dyn FnMut(&mut ScanPlan)) {
        match self {
            Node::Scan(scan) => visit(scan),
            Node::Rows(_) => {}
            Node::Join(join) => {
                join.outer.each_scan(visit);
                join.inner.each_scan(visit);
            }
            Node::Filter(filter) => filter.input.each_scan(visit),
        }
    }

    /// The scan whose rows come first: in a join the outermost one, whose order is the order of the result.
    #[must_use]
    pub fn leading_scan(&self) -> Option<&ScanPlan> {
        match self {
            Node::Scan(scan) => Some(scan),
            Node::Rows(_) => None,
            Node::Join(join) => join.outer.leading_scan(),
            Node::Filter(filter) => filter.input.leading_scan(),
        }
    }
}
