//! What EXPLAIN ANALYZE measures: how often each part of a plan ran, what it gave, and how long that took.
//!
//! A statement runs on one thread from its start to its end, so the figures are that thread's ([`ACTIVE`]), by the address of the part
//! of the plan, which outlives the run. While nothing is measured, an operator costs nothing more: whether it is measured is
//! decided when it is made.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::execute::operator::Operator;
use crate::execute::{Context, Run};
use crate::plan::{Node, SelectPlan};
use crate::types::Value;

thread_local! {
    static ACTIVE: RefCell<Option<Measures>> = const { RefCell::new(None) };
}

/// The figures of a run, by the address of the part of the plan.
pub type Measures = HashMap<usize, Measure>;

/// The figures of one part of a plan.
#[derive(Clone, Copy, Debug, Default)]
pub struct Measure {
    /// How often it was started.
    pub loops: u64,
    /// Rows in all loops.
    pub rows: u64,
    /// Time until the first row, in all loops.
    pub first: Duration,
    /// Time in all loops.
    pub total: Duration,
}

/// The address of a node of a plan.
#[must_use]
pub fn node_address(node: &Node) -> usize {
    std::ptr::from_ref(node).addr()
}

/// That of a block: its first field may be a node, at the same place, so that this is one more.
#[must_use]
pub fn block_address(block: &SelectPlan) -> usize {
    std::ptr::from_ref(block).addr() + 1
}

/// Whether this thread measures.
#[must_use]
pub fn is_active() -> bool {
    ACTIVE.with(|active| active.borrow().is_some())
}

/// Measures while `run` runs.
pub fn measured<T>(run: impl FnOnce() -> T) -> (T, Measures) {
    ACTIVE.with(|active| *active.borrow_mut() = Some(Measures::new()));
    let result = run();
    let measures = ACTIVE.with(|active| active.borrow_mut().take()).unwrap_or_default();
    (result, measures)
}

/// Adds figures of a part.
pub fn add(address: usize, more: Measure) {
    ACTIVE.with(|active| {
        if let Some(measures) = active.borrow_mut().as_mut() {
            let known = measures.entry(address).or_default();
            known.loops += more.loops;
            known.rows += more.rows;
            known.first += more.first;
            known.total += more.total;
        }
    });
}

/// An operator that is measured.
pub struct MeasuredOperator<'p> {
    /// The operator.
    pub inner: Operator<'p>,
    address: usize,
    /// Of the loop that runs.
    spent: Duration,
    has_given: bool,
}

impl<'p> MeasuredOperator<'p> {
    /// Measures `inner`, which the part of the plan at `address` describes.
    #[must_use]
    pub fn new(inner: Operator<'p>, address: usize) -> MeasuredOperator<'p> {
        MeasuredOperator { inner, address, spent: Duration::ZERO, has_given: false }
    }

    /// Starts over.
    ///
    /// # Errors
    /// Those of the operator.
    pub fn open(&mut self, ctx: &mut Context, row: &mut [Value]) -> Run<()> {
        let start = Instant::now();
        let result = self.inner.open(ctx, row);
        self.spent = start.elapsed();
        self.has_given = false;
        add(self.address, Measure { loops: 1, total: self.spent, ..Measure::default() });
        result
    }

    /// The next row.
    ///
    /// # Errors
    /// Those of the operator.
    pub fn next(&mut self, ctx: &mut Context, row: &mut [Value]) -> Run<bool> {
        let start = Instant::now();
        let found = self.inner.next(ctx, row)?;
        let total = start.elapsed();
        self.spent += total;
        let first = if self.has_given { Duration::ZERO } else { self.spent };
        self.has_given = true;
        add(self.address, Measure { loops: 0, rows: u64::from(found), first, total });
        Ok(found)
    }
}
