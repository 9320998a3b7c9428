//! ANALYZE TABLE: counts rows for the planner, on this node, and answers MySQL's result set.
//!
//! It changes nothing that is stored, so it is no [`Job`](super::Job) and takes no exclusive lock: it runs like a query
//! that reads for long. At most [`ANALYZE_ROWS_MAX`] rows of a table are counted, and as many entries of each of its indexes looked at
//! for [`statistics`]; past that the rest is estimated.

use std::sync::atomic::Ordering;

use storage::txn::View;

use crate::Error;
use crate::ast::TableName;
use crate::catalog::{estimate, statistics};
use crate::execute::{Context, Outcome, ResultColumn, Run, Sink};
use crate::limits::ANALYZE_ROWS_MAX;
use crate::types::{DataType, Value};

/// The columns of the result.
#[must_use]
pub fn columns() -> Vec<ResultColumn> {
    ["Table", "Op", "Msg_type", "Msg_text"]
        .map(|name| {
            let length = if name == "Msg_text" { 393_216 / 4 } else { 128 };
            ResultColumn::computed(name, DataType::varchar(length, crate::types::Collation::default()), true)
        })
        .to_vec()
}

/// Runs ANALYZE TABLE.
///
/// # Errors
/// 1046, 1317, and those of the sink.
pub fn run(names: &[TableName], ctx: &mut Context<'_>, sink: &mut dyn Sink) -> Run<Outcome> {
    sink.columns(&columns())?;
    for name in names {
        let database = match (&name.database, &ctx.session.database) {
            (Some(database), _) | (None, Some(database)) => database.clone(),
            (None, None) => return Err(Error::no_database().into()),
        };
        let full_name = format!("{database}.{}", name.table);
        let mut row = |kind: &str, text: &str| {
            sink.row(&[
                Value::text(full_name.as_str()),
                Value::text("analyze"),
                Value::text(kind),
                Value::text(text),
            ])
        };
        match crate::maintenance::usable(ctx.session, ctx.catalog, &database, &name.table, false) {
            Ok(table) => {
                ctx.check()?;
                let (rows, _) = estimate::estimate(&table, ctx.txn, ANALYZE_ROWS_MAX)?;
                table.row_estimate.store(rows, Ordering::Relaxed);
                let killed = ctx.killed;
                let check = &mut || match killed.load(Ordering::Relaxed) {
                    true => Err(Error::query_interrupted()),
                    false => Ok(()),
                };
                let found = statistics::collect(&table, ctx.txn, View::Snapshot, ANALYZE_ROWS_MAX, check)?;
                table.statistics.set(found);
                row("status", "OK")?;
            }
            Err(error) => {
                row("Error", &error.message)?;
                let (kind, text) = crate::maintenance::failure(&error);
                row(kind, text)?;
            }
        }
    }
    Ok(Outcome { rows: true, ..Outcome::default() })
}
