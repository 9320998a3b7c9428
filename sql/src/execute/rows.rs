//! Derived and virtual tables: their rows are made once and kept for as long as the operator lives.

use crate::error::Error;
use crate::execute::group_key::value_bytes;
use crate::execute::operator::all_true;
use crate::execute::{Context, Run, query};
use crate::limits::DERIVED_BYTES_MAX;
use crate::plan::RowsPlan;
use crate::plan::node::RowsSource;
use crate::types::Value;

/// The rows of a derived or virtual table.
pub struct RowsOperator<'p> {
    plan: &'p RowsPlan,
    rows: Option<Vec<Vec<Value>>>,
    position: usize,
}

impl<'p> RowsOperator<'p> {
    /// Not open yet.
    #[must_use]
    pub fn new(plan: &'p RowsPlan) -> RowsOperator<'p> {
        RowsOperator { plan, rows: None, position: 0 }
    }

    /// Starts over.
    ///
    /// # Errors
    /// Those of making the rows.
    pub fn open(&mut self, ctx: &mut Context) -> Run<()> {
        self.position = 0;
        if self.rows.is_none() {
            self.rows = Some(match &self.plan.source {
                RowsSource::Derived(plan) => {
                    // A derived table sees no rows of the queries around it, but its own subqueries count from it.
                    collect(plan, ctx)?
                }
                RowsSource::Virtual(table) => (table.rows)(ctx)?,
            });
        }
        Ok(())
    }

    /// The next row.
    ///
    /// # Errors
    /// Those of conditions.
    pub fn next(&mut self, ctx: &mut Context, row: &mut [Value]) -> Run<bool> {
        let (base, width) = (self.plan.base, self.plan.width);
        while let Some(values) = self.rows.as_ref().and_then(|rows| rows.get(self.position)) {
            self.position += 1;
            row[base..base + width].clone_from_slice(values);
            if all_true(&self.plan.filter, row, ctx)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// All rows of a query, within a bound.
///
/// # Errors
/// Those of the query; 1038 when they are too large.
pub fn collect(plan: &crate::plan::QueryPlan, ctx: &mut Context) -> Run<Vec<Vec<Value>>> {
    let mut rows = Vec::new();
    let mut bytes = 0;
    query::run_query(plan, ctx, &mut |row, _| {
        bytes += row.iter().map(value_bytes).sum::<usize>();
        if bytes > DERIVED_BYTES_MAX {
            return Err(Error::too_large("rows of a derived table or subquery").into());
        }
        rows.push(row.to_vec());
        Ok(true)
    })?;
    Ok(rows)
}
