//! Running plans.
//!
//! [`run`] runs a [`Plan`] in a [`Context`] and sends rows to a [`Sink`]. Nothing here blocks: what must wait for a lock ends
//! with [`Interrupt::Suspend`], and the session runs the statement again from its start when the lock is there.
//!
//! * [`query`] runs query blocks, `set` what is made of several; [`operator`] is the tree that fills a block's row: [`scan`], [`rows`],
//!   [`join`]; then [`aggregate`], [`rollup`], [`window`], [`sort`];
//! * [`ranges`] and [`key_value`] turn conditions into keys;
//! * [`subquery`] evaluates subqueries; [`change`] runs UPDATE and DELETE;
//! * [`procedure`] knows what CALL can call, [`cluster`] what the node around it says of its cluster.
//!
//! What keeps rows goes on in a temporary file ([`spill`]) where they take too much memory; what cannot has a bound in [`crate::limits`] and
//! ends with error 1038 past it. Left out: parallel scans.

pub mod aggregate;
pub mod answers;
pub mod buffered;
pub mod change;
pub mod cluster;
pub mod context;
pub mod decorrelated;
mod distinct;
pub mod group_key;
pub mod join;
pub mod joined;
pub mod key_value;
pub mod limit;
pub mod measure;
pub mod memory;
pub mod operator;
pub mod partition;
pub mod procedure;
pub mod query;
pub mod ranges;
pub mod rollup;
mod rollup_spilled;
pub mod rows;
pub mod scan;
mod set;
pub mod sort;
pub mod spill;
pub mod subquery;
pub mod window;

#[cfg(test)]
mod differential_tests;
#[cfg(test)]
mod outdated_tests;
#[cfg(test)]
mod partition_tests;
#[cfg(test)]
mod rewrite_tests;
#[cfg(test)]
mod spill_tests;
#[cfg(test)]
mod test_support;
#[cfg(test)]
mod tests;

use crate::error::Error;
use crate::expression::{Expression, misfit};
use crate::plan::explain::{self, Explanation};
use crate::plan::{Plan, Planned};
use crate::session::{Warning, WarningLevel};
use crate::variables::SqlMode;

pub use crate::function::UserLockCalls;
pub use cluster::ClusterView;
pub use context::{
    AwaitedLock, ConnectAttribute, Context, Freshness, Host, Interrupt, Locking, Outcome, Process,
    ResultColumn, Run, Sink, Suspend, TransactionOutcome, TransactionView,
};
pub use procedure::Procedure;
pub use subquery::SubqueryCache;

/// Runs a plan.
///
/// # Errors
/// The statement's error; suspends for locks and SLEEP.
pub fn run(plan: &Plan, ctx: &mut Context, sink: &mut dyn Sink) -> Run<Outcome> {
    ctx.subqueries.begin();
    ctx.outer_rows.clear();
    match &plan.statement {
        Planned::Query(query) => {
            check_size(ctx, || explain::cost_of_query(query))?;
            warn(plan, ctx);
            let most = ctx.session.variables.sql_select_limit;
            let found = if most == u64::MAX || query.has_limit() {
                query::run(query, ctx, sink)?
            } else {
                run_within(query, most, ctx, sink)?
            };
            ctx.session.found_rows = found;
            Ok(Outcome { rows: true, ..Outcome::default() })
        }
        Planned::Update(change) => {
            strictly(ctx, change.ignore, |ctx| warned(plan, ctx, |ctx| change::update(change, ctx)))
        }
        Planned::Delete(change) => {
            strictly(ctx, change.ignore, |ctx| warned(plan, ctx, |ctx| change::delete(change, ctx)))
        }
        Planned::Joined(change) => {
            check_size(ctx, || explain::cost_of_source(&change.source))?;
            strictly(ctx, change.ignore, |ctx| warned(plan, ctx, |ctx| joined::run(change, ctx)))
        }
        Planned::Insert(insert) => {
            check_size(ctx, || insert.query().map_or(0.0, explain::cost_of_query))?;
            strictly(ctx, insert.ignore, |ctx| warned(plan, ctx, |ctx| crate::dml::insert::run(insert, ctx)))
        }
        // The session runs it in batches: see `crate::dml::load`.
        Planned::Load(_) => Err(Error::internal("LOAD DATA runs in batches").into()),
        Planned::Explain(Explanation::Rows(rows, pruned)) => {
            let rows = partition::explained(rows, pruned, ctx)?;
            sink.columns(plan.result_columns())?;
            rows.iter().try_for_each(|row| sink.row(row))?;
            Ok(Outcome { rows: true, ..Outcome::default() })
        }
        Planned::Explain(Explanation::Analyze(query)) => {
            let (result, measures) = measure::measured(|| query::run_query(query, ctx, &mut |_, _| Ok(true)));
            result?;
            sink.columns(plan.result_columns())?;
            let text = explain::as_measured_tree(query, &measures);
            sink.row(&[crate::types::Value::Text(text.into())])?;
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

/// Warns of what was found when the statement was planned.
fn warn(plan: &Plan, ctx: &mut Context) {
    for warning in &plan.findings.warnings {
        ctx.session.warn(warning.level, warning.code, warning.message.clone());
    }
    for (beside, constant) in &plan.findings.constants {
        let mark = ctx.session.warnings_mark();
        // What it warns of itself comes when its row does; an error too.
        let value = constant.eval(&[], ctx);
        ctx.session.forget_warnings(mark);
        let Ok(value) = value else { continue };
        let constant = Expression::Constant { value, data_type: constant.data_type() };
        if let Some(warning) = misfit(beside, &constant, ctx.session.variables.time_zone) {
            ctx.session.warn(warning.level, warning.code, warning.message);
        }
    }
}

fn warned<T>(plan: &Plan, ctx: &mut Context, run: impl FnOnce(&mut Context) -> Run<T>) -> Run<T> {
    warn(plan, ctx);
    run(ctx)
}

/// Runs a statement that changes rows. In strict mode a value that was cut or wrong anywhere in it, also in a condition, is its error
/// (MySQL's `Strict_error_handler`).
pub(crate) fn strictly<T>(
    ctx: &mut Context,
    ignore: bool,
    run: impl FnOnce(&mut Context) -> Run<T>,
) -> Run<T> {
    ctx.session.unkept = None;
    let mark = ctx.session.warnings_mark();
    let before = ctx.session.warnings.len();
    let outcome = run(ctx);
    // What a refusal came after would have ended the statement before it. What may be otherwise the next time stays.
    let may_come_second = match &outcome {
        Ok(_) => true,
        Err(Interrupt::Error(error)) => !OF_THE_MOMENT.contains(&error.code),
        Err(Interrupt::Suspend(_)) => false,
    };
    if ignore || !may_come_second || !ctx.session.variables.sql_mode.has(SqlMode::STRICT) {
        return outcome;
    }
    // What comes with a state is a condition of a program, which has its own mode.
    let is_error = |warning: &Warning| {
        warning.level == WarningLevel::Warning
            && warning.state.is_none()
            && strict_state(warning.code).is_some()
    };
    let kept = ctx.session.warnings.iter().skip(before).position(is_error);
    let first = match kept {
        Some(position) => Some(ctx.session.warnings.swap_remove(before + position)),
        None => ctx.session.unkept.take(),
    };
    let Some(Warning { code, message, .. }) = first else {
        return outcome;
    };
    ctx.session.forget_warnings(mark);
    let state = strict_state(code).unwrap_or(*b"HY000");
    Err(Interrupt::Error(Error { code, state, message }))
}

/// Errors that are not the statement's own: of the memory, the store, locks, time, a kill, a leader that is lost.
const OF_THE_MOMENT: [u16; 12] = [1038, 1041, 1053, 1105, 1180, 1205, 1206, 1213, 1290, 1317, 3024, 3058];

/// SQLSTATE of the warnings that strict mode makes errors.
pub(crate) fn strict_state(code: u16) -> Option<[u8; 5]> {
    Some(match code {
        1264 => *b"22003",
        1265 => *b"01000",
        1292 => *b"22007",
        1365 => *b"22012",
        1366 | 1411 | 3020 => *b"HY000",
        1406 => *b"22001",
        1441 => *b"22008",
        _ => return None,
    })
}

/// That a query costs no more than `max_join_size`, in MySQL's scale of costs, where `sql_big_selects` is off.
fn check_size(ctx: &Context, cost: impl FnOnce() -> f64) -> Run<()> {
    let variables = &ctx.session.variables;
    if variables.sql_big_selects || cost() <= variables.max_join_size as f64 {
        return Ok(());
    }
    let message = "The SELECT would examine more than MAX_JOIN_SIZE rows; check your WHERE and use SET SQL_BIG_SELECTS=1 or SET \
                   MAX_JOIN_SIZE=# if the SELECT is okay";
    Err(Error { code: 1104, state: *b"42000", message: message.into() }.into())
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
