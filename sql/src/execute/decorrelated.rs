//! What a correlated subquery finds, looked up by the values of the enclosing row: see [`crate::plan::decorrelate`].
//!
//! The table is made when a third row asks. Where that takes too much memory, or where an error or a warning comes of rows that nobody may
//! ask for, the block is run for each row instead.

use std::collections::HashMap;
use std::sync::Arc;

use crate::catalog::TableId;
use crate::error::Error;
use crate::execute::buffered::Kept;
use crate::execute::group_key::{class_key, value_bytes};
use crate::execute::memory::Bounded;
use crate::execute::operator::all_true;
use crate::execute::spill::lookup::{KeySet, Keys};
use crate::execute::subquery::{Building, Cached, Members, equal_rows, in_result};
use crate::execute::{Context, Interrupt, Run, query};
use crate::expression::{Subquery, SubqueryKind};
use crate::limits::ROWS_BETWEEN_CHECKS;
use crate::plan::Body;
use crate::plan::decorrelate::Decorrelated;
use crate::types::Value;

/// What an entry of the table takes beside its bytes and values, about.
const ENTRY_BYTES: usize = 128;
/// What a group of members takes, about, and each member: it is there as values and as a key.
const GROUP_BYTES: usize = 512;
const MEMBER_BYTES: usize = 80;
/// How many enclosing rows are answered row by row before the table is made.
const ASKED_ROW_BY_ROW: u32 = 2;
/// Errors that stop the statement, whatever it was about to do.
const OF_THE_STATEMENT: [u16; 2] = [1317, 3024];

/// The rows of a block by the values that an enclosing row finds them with.
pub struct Groups {
    found: Found,
    /// What the block gives where a key finds nothing.
    nothing: Vec<Vec<Value>>,
    /// The tables that it reads.
    pub(super) tables: Vec<TableId>,
    _memory: Bounded,
}

enum Found {
    /// EXISTS: the keys that find something.
    Keys(Keys),
    /// IN: the members of each key.
    Members(HashMap<Box<[u8]>, Members, rustc_hash::FxBuildHasher>),
    /// The rows of each key, with what conditions are checked by.
    Rows(Kept),
}

impl std::fmt::Debug for Groups {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.found {
            Found::Keys(_) => "Groups(keys)",
            Found::Members(_) => "Groups(members)",
            Found::Rows(_) => "Groups(rows)",
        })
    }
}

/// The value of a subquery, with `operand` of IN, for the row that is on top of [`Context::outer_rows`]; none where the block is to be
/// run.
///
/// # Errors
/// Those of running it; 1242.
pub fn evaluate(subquery: &Subquery, operand: Option<&[Value]>, ctx: &mut Context) -> Run<Option<Value>> {
    let Some(decorrelated) = of_subquery(subquery) else { return Ok(None) };
    let Some(groups) = groups(subquery, decorrelated, ctx)? else { return Ok(None) };
    let mut key = Vec::new();
    for part in &decorrelated.keys {
        let value = part.outer.eval(&[], ctx)?;
        if !class_key(&value, part.class, part.null_safe, &mut key) {
            return Look::of(subquery, operand).nothing(&groups.nothing).map(Some);
        }
    }
    match &groups.found {
        Found::Keys(keys) => Ok(Some(Value::Int(i64::from(keys.contains(&key, ctx)?)))),
        Found::Members(members) => match (members.get(key.as_slice()), operand) {
            (Some(members), Some(operand)) => members.contains(operand, &subquery.columns, ctx).map(Some),
            _ => Ok(Some(Value::Int(0))),
        },
        Found::Rows(kept) => {
            let mut look = Look::of(subquery, operand);
            if kept.first(&key) == 0 {
                return look.nothing(&groups.nothing).map(Some);
            }
            look.candidates(decorrelated, kept, &key, ctx)?;
            look.value().map(Some)
        }
    }
}

/// How a subquery is looked up, if it is.
#[must_use]
pub fn of_subquery(subquery: &Subquery) -> Option<&Decorrelated> {
    let Body::Select(select) = &subquery.plan.body else { return None };
    let decorrelated = select.decorrelated.as_deref()?;
    let suits = match subquery.kind {
        // Of a block that aggregates there is always a row.
        SubqueryKind::Exists => decorrelated.nothing.is_none(),
        SubqueryKind::In => true,
        SubqueryKind::Scalar => !decorrelated.distinct,
        SubqueryKind::Row | SubqueryKind::Quantified(_) => false,
    };
    suits.then_some(decorrelated)
}

/// What was seen of the rows that a key finds.
struct Look<'l> {
    subquery: &'l Subquery,
    operand: Option<&'l [Value]>,
    /// EXISTS and IN: there is such a row. A scalar subquery: there are several.
    is_decided: bool,
    /// IN: of some rows it is not known.
    is_unknown: bool,
    /// The value of a scalar subquery.
    value: Option<Value>,
}

impl<'l> Look<'l> {
    fn of(subquery: &'l Subquery, operand: Option<&'l [Value]>) -> Look<'l> {
        Look { subquery, operand, is_decided: false, is_unknown: false, value: None }
    }

    /// The value where a key finds nothing.
    fn nothing(mut self, rows: &[Vec<Value>]) -> Run<Value> {
        for row in rows {
            self.take(row);
        }
        self.value()
    }

    /// Looks at the rows that a key finds, until it is decided.
    fn candidates(
        &mut self,
        decorrelated: &Decorrelated,
        kept: &Kept,
        key: &[u8],
        ctx: &mut Context,
    ) -> Run<()> {
        let width = decorrelated.visible + decorrelated.residual_slots.len();
        let mut row = match decorrelated.residual.is_empty() {
            true => Vec::new(),
            false => vec![Value::Null; decorrelated.width],
        };
        let mut until_check = ROWS_BETWEEN_CHECKS;
        let mut next = kept.first(key).checked_sub(1);
        while let Some(position) = next.filter(|_| !self.is_decided) {
            next = kept.next(position);
            until_check -= 1;
            if until_check == 0 {
                until_check = ROWS_BETWEEN_CHECKS;
                ctx.check()?;
            }
            let (own, read) = kept.row(position, width).split_at(decorrelated.visible);
            if !self.may_matter(own) {
                continue;
            }
            for (slot, value) in decorrelated.residual_slots.iter().zip(read) {
                row[*slot].clone_from(value);
            }
            if all_true(&decorrelated.residual, &row, ctx)? {
                self.take(own);
            }
        }
        Ok(())
    }

    /// Whether a row would change the answer if its conditions are true.
    fn may_matter(&self, own: &[Value]) -> bool {
        match (self.subquery.kind, self.operand) {
            (SubqueryKind::In, Some(operand)) => {
                equal_rows(operand, own, &self.subquery.columns) != Some(false)
            }
            _ => true,
        }
    }

    /// Takes a row of the block.
    fn take(&mut self, own: &[Value]) {
        match self.subquery.kind {
            SubqueryKind::Exists => self.is_decided = true,
            SubqueryKind::In => {
                match equal_rows(self.operand.unwrap_or_default(), own, &self.subquery.columns) {
                    Some(is_equal) => self.is_decided |= is_equal,
                    None => self.is_unknown = true,
                }
            }
            SubqueryKind::Scalar | SubqueryKind::Row | SubqueryKind::Quantified(_) => {
                self.is_decided = self.value.is_some();
                self.value = own.first().cloned();
            }
        }
    }

    fn value(self) -> Run<Value> {
        match self.subquery.kind {
            SubqueryKind::Exists => Ok(Value::Int(i64::from(self.is_decided))),
            SubqueryKind::In => Ok(in_result(self.is_decided, self.is_unknown)),
            SubqueryKind::Scalar | SubqueryKind::Row | SubqueryKind::Quantified(_) => match self.is_decided {
                true => Err(Error::subquery_rows().into()),
                false => Ok(self.value.unwrap_or(Value::Null)),
            },
        }
    }
}

/// The groups, made once; none where they take too much memory.
fn groups(subquery: &Subquery, decorrelated: &Decorrelated, ctx: &mut Context) -> Run<Option<Arc<Groups>>> {
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
    let before = ctx.session.warning_count;
    let made = match make(subquery, decorrelated, ctx) {
        Ok(groups) if ctx.session.warning_count == before => groups.map(Arc::new),
        Err(Interrupt::Error(error)) if OF_THE_STATEMENT.contains(&error.code) => {
            return Err(Interrupt::Error(error));
        }
        // Too much to keep, or what only those rows may say that ask for it.
        Ok(_) | Err(Interrupt::Error(_)) => {
            ctx.session.forget_warnings(mark);
            None
        }
        Err(other) => return Err(other),
    };
    ctx.subqueries.keep(address, Cached::Groups(made.clone()));
    Ok(made)
}

/// None where a key would be in two groups.
fn make(subquery: &Subquery, decorrelated: &Decorrelated, ctx: &mut Context) -> Run<Option<Groups>> {
    let bytes_max = ctx.session.variables.operation_memory_bytes;
    let mut memory = Bounded::new(ctx.session, bytes_max, "rows of a subquery");
    let is_plain = decorrelated.residual.is_empty() && decorrelated.nothing.is_none();
    let found = match subquery.kind {
        SubqueryKind::Exists if is_plain => Found::Keys(keys(decorrelated, ctx)?),
        SubqueryKind::In if is_plain => Found::Members(members(subquery, decorrelated, &mut memory, ctx)?),
        _ => match rows(decorrelated, ctx)? {
            Some(kept) => Found::Rows(kept),
            None => return Ok(None),
        },
    };
    let mut nothing = Vec::new();
    if let Some(plan) = &decorrelated.nothing {
        query::run_query(plan, ctx, &mut |row, _| {
            nothing.push(row.to_vec());
            Ok(true)
        })?;
    }
    let tables = subquery.dependence.tables.clone();
    Ok(Some(Groups { found, nothing, tables, _memory: memory }))
}

/// Takes a key and a row that it finds; false ends it.
type TakeRow<'t> = &'t mut dyn FnMut(&[u8], &[Value], &mut Context) -> Run<bool>;

/// Gives each row of the block that can be found, with its key.
fn each_row(decorrelated: &Decorrelated, ctx: &mut Context, take: TakeRow) -> Run<()> {
    let keys = &decorrelated.keys;
    let mut bytes = Vec::new();
    query::run_query(&decorrelated.plan, ctx, &mut |row, ctx| {
        bytes.clear();
        for (key, value) in keys.iter().zip(row) {
            if !class_key(value, key.class, key.null_safe, &mut bytes) {
                return Ok(true);
            }
        }
        take(&bytes, row.get(keys.len()..).unwrap_or(&[]), ctx)
    })?;
    Ok(())
}

fn keys(decorrelated: &Decorrelated, ctx: &mut Context) -> Run<Keys> {
    let mut keys = KeySet::new(ctx.session);
    each_row(decorrelated, ctx, &mut |key, _, ctx| {
        keys.insert(key, ctx)?;
        Ok(true)
    })?;
    keys.finish(ctx)
}

fn members(
    subquery: &Subquery,
    decorrelated: &Decorrelated,
    memory: &mut Bounded,
    ctx: &mut Context,
) -> Run<HashMap<Box<[u8]>, Members, rustc_hash::FxBuildHasher>> {
    let mut building: HashMap<Box<[u8]>, Building, rustc_hash::FxBuildHasher> = HashMap::default();
    each_row(decorrelated, ctx, &mut |key, own, ctx| {
        memory.add(MEMBER_BYTES + 2 * own.iter().map(value_bytes).sum::<usize>())?;
        match building.get_mut(key) {
            Some(known) => known.push(own, ctx)?,
            None => {
                memory.add(key.len() + GROUP_BYTES + ENTRY_BYTES)?;
                let mut members = Building::new(&subquery.columns, ctx.session);
                members.push(own, ctx)?;
                building.insert(key.into(), members);
            }
        }
        Ok(true)
    })?;
    let mut members = HashMap::default();
    for (key, building) in building {
        members.insert(key, building.finish(ctx)?.0);
    }
    Ok(members)
}

fn rows(decorrelated: &Decorrelated, ctx: &mut Context) -> Run<Option<Kept>> {
    let mut kept = Kept::new(ctx.session);
    let bytes_max = ctx.session.variables.operation_memory_bytes;
    let mut values = Vec::new();
    let mut fits = true;
    each_row(decorrelated, ctx, &mut |key, own, _| {
        let is_group = decorrelated.nothing.is_some();
        fits = kept.bytes() <= bytes_max && (!is_group || kept.first(key) == 0);
        values.extend_from_slice(own);
        kept.push(key, &mut values, true)?;
        Ok(fits)
    })?;
    Ok(fits.then_some(kept))
}
