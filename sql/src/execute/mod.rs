//! Running plans.
//!
//! [`run`] runs a [`Plan`] in a [`Context`] and sends rows to a [`Sink`]. Nothing here blocks: what must wait for a lock ends
//! with [`Interrupt::Suspend`], and the session runs the statement again from its start when the lock is there.
//!
//! * [`query`] runs query blocks and UNION; [`operator`] is the tree that fills a block's row: [`scan`], [`rows`],
//!   [`join`]; then [`aggregate`], [`sort`];
//! * [`ranges`] and [`key_value`] turn conditions into keys;
//! * [`subquery`] evaluates subqueries; [`change`] runs UPDATE and DELETE.
//!
//! Everything that keeps rows in memory has a bound in [`crate::limits`] and ends with error 1038 past it. Left out:
//! spilling to disk, parallel scans.

pub mod aggregate;
pub mod change;
pub mod context;
pub mod group_key;
pub mod join;
pub mod key_value;
pub mod limit;
pub mod operator;
pub mod query;
pub mod ranges;
pub mod rows;
pub mod scan;
pub mod sort;
pub mod subquery;

#[cfg(test)]
mod differential_tests;
#[cfg(test)]
mod test_support;
#[cfg(test)]
mod tests;

use crate::plan::{Plan, Planned};

pub use context::{Context, Host, Interrupt, Outcome, Process, ResultColumn, Run, Sink, Suspend};
pub use subquery::SubqueryCache;

/// Runs a plan.
///
/// # Errors
/// The statement's error; suspends for locks and SLEEP.
pub fn run(plan: &Plan, ctx: &mut Context, sink: &mut dyn Sink) -> Run<Outcome> {
    ctx.subqueries = SubqueryCache::default();
    ctx.outer_rows.clear();
    match &plan.statement {
        Planned::Query(query) => {
            let most = ctx.session.variables.sql_select_limit;
            let found = if most == u64::MAX || query.has_limit() {
                query::run(query, ctx, sink)?
            } else {
                run_within(query, most, ctx, sink)?
            };
            ctx.session.found_rows = found;
            Ok(Outcome { rows: true, ..Outcome::default() })
        }
        Planned::Update(change) => change::update(change, ctx),
        Planned::Delete(change) => change::delete(change, ctx),
        Planned::Insert(insert) => crate::dml::insert::run(insert, ctx),
        Planned::Explain(rows) => {
            sink.columns(plan.result_columns())?;
            rows.iter().try_for_each(|row| sink.row(row))?;
            Ok(Outcome { rows: true, ..Outcome::default() })
        }
        Planned::Do(expressions) => {
            for expression in expressions {
                expression.eval(&[], ctx)?;
            }
            Ok(Outcome::default())
        }
    }
}

/// Runs a query without LIMIT under `sql_select_limit`.
fn run_within(query: &crate::plan::QueryPlan, most: u64, ctx: &mut Context, sink: &mut dyn Sink) -> Run<u64> {
    sink.columns(&query.columns)?;
    let mut given = 0;
    if most == 0 {
        return Ok(0);
    }
    query::run_query(query, ctx, &mut |row, _| {
        sink.row(row)?;
        given += 1;
        Ok(given < most)
    })?;
    Ok(given)
}
