//! What a correlated EXISTS or IN finds, looked up by the values of the enclosing row: see [`crate::plan::decorrelate`].

use std::collections::HashMap;
use std::sync::Arc;

use crate::execute::group_key::{class_key, value_bytes};
use crate::execute::memory::Bounded;
use crate::execute::subquery::{Cached, Members};
use crate::execute::{Context, Interrupt, Run, query};
use crate::expression::{Subquery, SubqueryKind};
use crate::limits::DERIVED_BYTES_MAX;
use crate::plan::Body;
use crate::plan::decorrelate::Decorrelated;
use crate::types::Value;

/// What an entry of the table takes beside its bytes and values, about.
const ENTRY_BYTES: usize = 128;
/// What a group of members takes, about, and each member: it is there as values and as a key.
const GROUP_BYTES: usize = 256;
const MEMBER_BYTES: usize = 80;
/// How many enclosing rows are answered row by row before the table is made.
const ASKED_ROW_BY_ROW: u32 = 2;

/// The rows of a block by the values that an enclosing row finds them with.
#[derive(Debug)]
pub struct Groups {
    /// The members of each key; EXISTS keeps none.
    members: HashMap<Box<[u8]>, Option<Members>, rustc_hash::FxBuildHasher>,
    _memory: Bounded,
}

/// The value of EXISTS, or of `operand` IN, for the row that is on top of [`Context::outer_rows`]; none where the block is to be run.
///
/// # Errors
/// Those of running it.
pub fn evaluate(subquery: &Subquery, operand: Option<&[Value]>, ctx: &mut Context) -> Run<Option<Value>> {
    let Body::Select(select) = &subquery.plan.body else { return Ok(None) };
    let Some(decorrelated) = &select.decorrelated else { return Ok(None) };
    let is_in = match subquery.kind {
        SubqueryKind::Exists => false,
        SubqueryKind::In => true,
        SubqueryKind::Scalar | SubqueryKind::Row | SubqueryKind::Quantified(_) => return Ok(None),
    };
    let Some(groups) = groups(subquery, decorrelated, is_in, ctx)? else { return Ok(None) };
    let mut bytes = Vec::new();
    for key in &decorrelated.keys {
        let value = key.outer.eval(&[], ctx)?;
        if !class_key(&value, key.class, key.null_safe, &mut bytes) {
            return Ok(Some(Value::Int(0)));
        }
    }
    let found = groups.members.get(bytes.as_slice());
    Ok(Some(match (found, operand) {
        (None, _) => Value::Int(0),
        (Some(Some(members)), Some(operand)) => members.contains(operand, &subquery.columns),
        (Some(_), _) => Value::Int(1),
    }))
}

/// The groups, made once; none where they take too much memory.
fn groups(
    subquery: &Subquery,
    decorrelated: &Decorrelated,
    is_in: bool,
    ctx: &mut Context,
) -> Run<Option<Arc<Groups>>> {
    let address = std::ptr::from_ref(decorrelated).addr();
    match ctx.subqueries.cached(address) {
        Some(Cached::Groups(groups)) => return Ok(groups.clone()),
        Some(Cached::Asked(times)) if *times >= ASKED_ROW_BY_ROW => {}
        found => {
            // Few rows are not worth a table: their first partner ends the search.
            let times = if let Some(Cached::Asked(times)) = found { *times } else { 0 };
            ctx.subqueries.keep(address, Cached::Asked(times + 1));
            return Ok(None);
        }
    }
    let mark = ctx.session.warnings_mark();
    let made = match make(subquery, decorrelated, is_in, ctx) {
        Ok(groups) => Some(Arc::new(groups)),
        // Too much to keep, for this statement or for what its connection may take.
        Err(Interrupt::Error(error)) if matches!(error.code, 1038 | 4081 | 4082) => {
            ctx.session.forget_warnings(mark);
            None
        }
        Err(other) => return Err(other),
    };
    ctx.subqueries.keep(address, Cached::Groups(made.clone()));
    Ok(made)
}

fn make(subquery: &Subquery, decorrelated: &Decorrelated, is_in: bool, ctx: &mut Context) -> Run<Groups> {
    let mut memory = Bounded::new(ctx.session, DERIVED_BYTES_MAX, "rows of a subquery");
    let mut rows: HashMap<Box<[u8]>, Vec<Vec<Value>>, rustc_hash::FxBuildHasher> = HashMap::default();
    let keys = &decorrelated.keys;
    let mut bytes = Vec::new();
    query::run_query(&decorrelated.plan, ctx, &mut |row, _| {
        bytes.clear();
        for (key, value) in keys.iter().zip(row) {
            if !class_key(value, key.class, key.null_safe, &mut bytes) {
                return Ok(true);
            }
        }
        let own = row.get(keys.len()..).unwrap_or(&[]);
        match rows.get_mut(bytes.as_slice()) {
            Some(known) if is_in => {
                memory.add(MEMBER_BYTES + 2 * own.iter().map(value_bytes).sum::<usize>())?;
                known.push(own.to_vec());
            }
            Some(_) => {}
            None => {
                let kept = if is_in { vec![own.to_vec()] } else { Vec::new() };
                let members = match is_in {
                    true => GROUP_BYTES + MEMBER_BYTES + 2 * own.iter().map(value_bytes).sum::<usize>(),
                    false => 0,
                };
                memory.add(bytes.len() + members + ENTRY_BYTES)?;
                rows.insert(bytes.as_slice().into(), kept);
            }
        }
        Ok(true)
    })?;
    let members_of = |rows| is_in.then(|| Members::new(rows, &subquery.columns));
    let members = rows.into_iter().map(|(key, rows)| (key, members_of(rows))).collect();
    Ok(Groups { members, _memory: memory })
}
