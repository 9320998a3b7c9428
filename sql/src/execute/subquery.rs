//! Subqueries as values.

use std::collections::HashMap;

use crate::execute::{Context, Run};
use crate::expression::Subquery;
use crate::types::Value;

/// Results of the uncorrelated subqueries of one statement.
#[derive(Debug, Default)]
pub struct SubqueryCache {
    results: HashMap<usize, Value>,
}

/// Evaluates a subquery.
///
/// # Errors
/// Whatever running it raises.
pub fn evaluate(
    subquery: &Subquery,
    operand: Option<&[Value]>,
    row: &[Value],
    ctx: &mut Context,
) -> Run<Value> {
    let _ = (operand, row, &ctx.subqueries.results, subquery);
    Err(crate::Error::internal("subquery").into())
}
