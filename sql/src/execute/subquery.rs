//! Subqueries as values.
//!
//! A subquery that reads no enclosing row is run once a statement; its value, or the set of its rows for IN, is kept in the
//! [`SubqueryCache`]. A correlated one is run for each row, with that row on top of [`Context::outer_rows`], unless its rows can be looked
//! up ([`decorrelated`]) or it was asked for the same values before ([`answers`]). One that may differ from run to run
//! (RAND(), user variables) is run whenever it is asked for, as in MySQL.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use crate::catalog::TableId;
use crate::error::Error;
use crate::execute::answers::{self, Answers};
use crate::execute::decorrelated::{self, Groups};
use crate::execute::group_key::class_key;
use crate::execute::memory::Bounded;
use crate::execute::rows::{Collected, Rows, collect, outer_row};
use crate::execute::spill::lookup::{KeySet, Keys};
use crate::execute::{Context, Run, query};
use crate::expression::{CompareOp, Subquery, SubqueryKind};
use crate::plan::QueryPlan;
use crate::plan::node::KeyClass;
use crate::plan::predicate::type_class;
use crate::session::SessionState;
use crate::types::compare::compare_sql;
use crate::types::{Collation, DataType, Value};

/// Results of the uncorrelated subqueries of one statement, by the subquery's address (its plan outlives the statement).
#[derive(Debug, Default)]
pub struct SubqueryCache {
    results: HashMap<usize, Cached>,
    /// Rows of derived tables and common table expressions that read no enclosing row, by their plan's address.
    derived: HashMap<usize, Rows>,
    /// Rows of subqueries under ANY and ALL, by their address.
    compared: HashMap<usize, Arc<[Vec<Value>]>>,
    /// Rows of the step before, by the number of the recursive common table expression.
    steps: HashMap<usize, Rows>,
    /// How far RAND() with a seed is, by the address of its argument.
    random: HashMap<usize, (u64, u64)>,
    /// What correlated subqueries answered, by their address.
    answers: HashMap<usize, Answers>,
    /// What all this takes.
    memory: Vec<Bounded>,
    /// Of a statement within another one: the tables that it has changed beside its own, for the one around it.
    changed: Option<Vec<TableId>>,
}

impl SubqueryCache {
    /// Of a statement of a trigger.
    #[must_use]
    pub fn within() -> SubqueryCache {
        SubqueryCache { changed: Some(Vec::new()), ..SubqueryCache::default() }
    }

    /// A statement begins.
    pub fn begin(&mut self) {
        *self = SubqueryCache { changed: self.changed.take(), ..SubqueryCache::default() };
    }

    /// The tables that a statement of a trigger has changed beside its own.
    pub fn take_changed(&mut self) -> Vec<TableId> {
        self.changed.take().unwrap_or_default()
    }

    /// Counts what was made until the statement ends.
    pub fn keep_memory(&mut self, memory: Bounded) {
        self.memory.push(memory);
    }

    /// How far a sequence of random numbers is.
    pub(crate) fn random(&self, address: usize) -> Option<(u64, u64)> {
        self.random.get(&address).copied()
    }

    /// Keeps that.
    pub(crate) fn keep_random(&mut self, address: usize, state: (u64, u64)) {
        self.random.insert(address, state);
    }

    /// What is kept of a subquery.
    pub(super) fn cached(&self, address: usize) -> Option<&Cached> {
        self.results.get(&address)
    }

    /// Keeps something of a subquery whose plan outlives the statement.
    pub(super) fn keep(&mut self, address: usize, cached: Cached) {
        self.results.insert(address, cached);
    }

    /// What a correlated subquery answered.
    pub(super) fn answers(&mut self, subquery: &Subquery) -> &mut Answers {
        let address = std::ptr::from_ref(subquery).addr();
        self.answers.entry(address).or_insert_with(|| Answers::new(&subquery.dependence.tables))
    }

    /// Forgets what correlated subqueries found that read this table: the statement has changed it.
    pub fn forget_readers(&mut self, table: TableId) {
        if let Some(changed) = &mut self.changed
            && !changed.contains(&table)
        {
            changed.push(table);
        }
        if self.answers.is_empty() && self.results.is_empty() {
            return;
        }
        self.answers.retain(|_, answers| !answers.tables.contains(&table));
        self.results.retain(|_, kept| match kept {
            Cached::Groups(Some(groups)) => !groups.tables.contains(&table),
            _ => true,
        });
    }

    /// The rows of a plan, if they were made already.
    #[must_use]
    pub fn rows_of(&self, plan: &Arc<QueryPlan>) -> Option<Rows> {
        self.derived.get(&Arc::as_ptr(plan).addr()).cloned()
    }

    /// Keeps the rows of a plan, which outlives the statement.
    pub fn keep_rows_of(&mut self, plan: &Arc<QueryPlan>, rows: Rows) {
        self.derived.insert(Arc::as_ptr(plan).addr(), rows);
    }

    /// What the recursive blocks of a common table expression read now.
    #[must_use]
    pub fn step(&self, number: usize) -> Rows {
        self.steps.get(&number).cloned().unwrap_or_default()
    }

    /// The next step begins with these rows.
    pub fn begin_step(&mut self, number: usize, rows: Rows) {
        self.steps.insert(number, rows);
    }

    /// The recursion is over.
    pub fn end_recursion(&mut self, number: usize) {
        self.steps.remove(&number);
    }
}

/// The result of an uncorrelated subquery.
#[derive(Clone, Debug)]
pub(super) enum Cached {
    /// One value: of a scalar subquery or of EXISTS.
    Value(Value),
    /// The one row of a row subquery; empty when there is none.
    Row(Arc<[Value]>),
    /// Rows, for IN.
    Set(Arc<Members>),
    /// What a correlated one finds, by key; none where that is too much to keep.
    Groups(Option<Arc<Groups>>),
    /// How often one was asked for that may yet get groups.
    Asked(u32),
}

/// The rows of an IN subquery.
#[derive(Debug)]
pub(super) struct Members {
    rows: Rows,
    is_empty: bool,
    /// Keys of the rows without NULL, by the kinds of the operand they were asked for with.
    keys: Option<(KeyClass, Keys)>,
    has_null: bool,
}

/// Evaluates a subquery: the value of a scalar one, 1 or 0 for EXISTS, and 1, 0 or NULL for `operand` IN.
///
/// # Errors
/// 1242 for several rows of a scalar subquery, and those of running it.
pub fn evaluate(
    subquery: &Subquery,
    operand: Option<&[Value]>,
    row: &[Value],
    ctx: &mut Context,
) -> Run<Value> {
    if !subquery.correlated {
        return match subquery.dependence.is_volatile {
            true => run(subquery, operand, ctx),
            false => uncorrelated(subquery, operand, ctx),
        };
    }
    // Only the slots that it reads are copied.
    ctx.outer_rows.push(outer_row(&subquery.outer_columns, row));
    let result = match decorrelated::evaluate(subquery, operand, ctx) {
        Ok(Some(value)) => Ok(value),
        Ok(None) => answers::evaluate(subquery, operand, ctx, |ctx| run(subquery, operand, ctx)),
        Err(error) => Err(error),
    };
    ctx.outer_rows.pop();
    result
}

/// The first column of an uncorrelated IN subquery: the values that an index is asked for. None where they are too many.
///
/// # Errors
/// Those of running it.
pub fn first_column(subquery: &Subquery, ctx: &mut Context) -> Run<Option<Vec<Value>>> {
    let members = members(subquery, ctx)?;
    Ok(match &members.rows {
        Rows::Memory(rows) => Some(rows.iter().filter_map(|row| row.first().cloned()).collect()),
        Rows::File(_) => None,
    })
}

fn run(subquery: &Subquery, operand: Option<&[Value]>, ctx: &mut Context) -> Run<Value> {
    match subquery.kind {
        SubqueryKind::Scalar => Ok(single_row(subquery, ctx)?.into_iter().next().unwrap_or(Value::Null)),
        SubqueryKind::Row => Err(Error::internal("a row as a value").into()),
        SubqueryKind::Quantified(_) => Err(Error::internal("ANY without an operator").into()),
        SubqueryKind::Exists => {
            let mut found = false;
            query::run_query(&subquery.plan, ctx, &mut |_, _| {
                found = true;
                Ok(false)
            })?;
            Ok(Value::Int(i64::from(found)))
        }
        SubqueryKind::In => {
            let operand = operand.ok_or_else(|| Error::internal("IN without operand"))?.to_vec();
            let mut unknown = false;
            let mut found = false;
            query::run_query(&subquery.plan, ctx, &mut |row, _| {
                match equal_rows(&operand, row, &subquery.columns) {
                    Some(true) => found = true,
                    Some(false) => {}
                    None => unknown = true,
                }
                Ok(!found)
            })?;
            Ok(in_result(found, unknown))
        }
    }
}

pub(super) fn in_result(found: bool, unknown: bool) -> Value {
    if found {
        Value::Int(1)
    } else if unknown {
        Value::Null
    } else {
        Value::Int(0)
    }
}

/// The one row of a subquery; empty when there is none.
fn single_row(subquery: &Subquery, ctx: &mut Context) -> Run<Vec<Value>> {
    let mut result = None;
    let mut several = false;
    query::run_query(&subquery.plan, ctx, &mut |row, _| {
        several = result.is_some();
        result = Some(row.to_vec());
        Ok(!several)
    })?;
    if several { Err(Error::subquery_rows().into()) } else { Ok(result.unwrap_or_default()) }
}

/// One column of the one row of a subquery; NULL when there is no row.
///
/// # Errors
/// 1242 for several rows, and those of running it.
pub fn column(subquery: &Subquery, position: usize, row: &[Value], ctx: &mut Context) -> Run<Value> {
    let value = |row: &[Value]| row.get(position).cloned().unwrap_or(Value::Null);
    if subquery.correlated {
        ctx.outer_rows.push(outer_row(&subquery.outer_columns, row));
        let result = single_row(subquery, ctx);
        ctx.outer_rows.pop();
        return Ok(value(&result?));
    }
    if subquery.dependence.is_volatile {
        return Ok(value(&single_row(subquery, ctx)?));
    }
    let address = std::ptr::from_ref(subquery).addr();
    if let Some(Cached::Row(row)) = ctx.subqueries.results.get(&address) {
        return Ok(value(row));
    }
    let result = single_row(subquery, ctx)?;
    let found = value(&result);
    ctx.subqueries.results.insert(address, Cached::Row(result.into()));
    Ok(found)
}

/// `operand op ANY (subquery)`, or ALL: none when it is unknown.
///
/// # Errors
/// Those of running the subquery.
pub fn quantified(
    subquery: &Subquery,
    (op, all): (CompareOp, bool),
    operand: &Value,
    collation: Collation,
    row: &[Value],
    ctx: &mut Context,
) -> Run<Option<bool>> {
    let (mut unknown, mut decided) = (false, false);
    let mut look = |member: &Value| {
        match compare_sql(operand, member, collation).map(|order| op.holds(order)) {
            Some(holds) => decided |= holds != all,
            None => unknown = true,
        }
        !decided
    };
    if subquery.correlated || subquery.dependence.is_volatile {
        ctx.outer_rows.push(outer_row(&subquery.outer_columns, row));
        let result =
            query::run_query(&subquery.plan, ctx, &mut |row, _| Ok(row.first().is_none_or(&mut look)));
        ctx.outer_rows.pop();
        result?;
    } else {
        let address = std::ptr::from_ref(subquery).addr();
        let rows = match ctx.subqueries.compared.get(&address) {
            Some(rows) => Arc::clone(rows),
            None => {
                let (rows, memory) = collect(&subquery.plan, ctx)?;
                ctx.subqueries.keep_memory(memory);
                let rows: Arc<[Vec<Value>]> = rows.into();
                ctx.subqueries.compared.insert(address, Arc::clone(&rows));
                rows
            }
        };
        for member in rows.iter().filter_map(|row| row.first()) {
            if !look(member) {
                break;
            }
        }
    }
    Ok(if decided {
        Some(!all)
    } else if unknown {
        None
    } else {
        Some(all)
    })
}

fn uncorrelated(subquery: &Subquery, operand: Option<&[Value]>, ctx: &mut Context) -> Run<Value> {
    if subquery.kind == SubqueryKind::In {
        let members = members(subquery, ctx)?;
        let operand = operand.ok_or_else(|| Error::internal("IN without operand"))?;
        return members.contains(operand, &subquery.columns, ctx);
    }
    let address = std::ptr::from_ref(subquery).addr();
    if let Some(Cached::Value(value)) = ctx.subqueries.results.get(&address) {
        return Ok(value.clone());
    }
    let value = run(subquery, None, ctx)?;
    ctx.subqueries.results.insert(address, Cached::Value(value.clone()));
    Ok(value)
}

/// The rows of an uncorrelated IN subquery, made once.
fn members(subquery: &Subquery, ctx: &mut Context) -> Run<Arc<Members>> {
    let address = std::ptr::from_ref(subquery).addr();
    if let Some(Cached::Set(members)) = ctx.subqueries.results.get(&address) {
        return Ok(Arc::clone(members));
    }
    let mut building = Building::new(&subquery.columns, ctx.session);
    query::run_query(&subquery.plan, ctx, &mut |row, ctx| {
        building.push(row, ctx)?;
        Ok(true)
    })?;
    let (members, memory) = building.finish(ctx)?;
    ctx.subqueries.keep_memory(memory);
    let members = Arc::new(members);
    ctx.subqueries.results.insert(address, Cached::Set(Arc::clone(&members)));
    Ok(members)
}

/// Rows on their way into [`Members`].
pub(super) struct Building {
    rows: Collected,
    keys: Option<(KeyClass, KeySet)>,
    key: Vec<u8>,
    has_null: bool,
}

impl Building {
    pub(super) fn new(columns: &[DataType], session: &SessionState) -> Building {
        let class = match columns {
            [column] => type_class(column, column, column.collation),
            _ => None,
        };
        let keys = class.map(|class| (class, KeySet::new(session)));
        Building {
            rows: Collected::new(session, "rows of a subquery"),
            keys,
            key: Vec::new(),
            has_null: false,
        }
    }

    pub(super) fn push(&mut self, row: &[Value], ctx: &Context) -> Run<()> {
        self.has_null |= row.contains(&Value::Null);
        if let (Some((class, keys)), Some(value)) = (&mut self.keys, row.first()) {
            self.key.clear();
            if class_key(value, *class, false, &mut self.key) {
                keys.insert(&self.key, ctx)?;
            }
        }
        self.rows.push(row, ctx)
    }

    /// The members, and what is to be kept as long as they are.
    pub(super) fn finish(self, ctx: &mut Context) -> Run<(Members, Bounded)> {
        let is_empty = self.rows.count() == 0;
        let (rows, memory) = self.rows.finish()?;
        let keys = match self.keys {
            Some((class, keys)) => Some((class, keys.finish(ctx)?)),
            None => None,
        };
        Ok((Members { rows, is_empty, keys, has_null: self.has_null }, memory))
    }
}

impl Members {
    /// 1, 0 or NULL.
    pub(super) fn contains(&self, operand: &[Value], columns: &[DataType], ctx: &mut Context) -> Run<Value> {
        if self.is_empty {
            return Ok(Value::Int(0));
        }
        if let ([value], Some((class, keys))) = (operand, &self.keys) {
            if *value == Value::Null {
                return Ok(Value::Null);
            }
            if value_suits(value, *class) {
                let mut key = Vec::new();
                let found = class_key(value, *class, false, &mut key) && keys.contains(&key, ctx)?;
                return Ok(in_result(found, self.has_null));
            }
        }
        let (mut found, mut unknown) = (false, false);
        self.rows.each(ctx, &mut |row, _| {
            match equal_rows(operand, row, columns) {
                Some(is_equal) => found |= is_equal,
                None => unknown = true,
            }
            Ok(!found)
        })?;
        Ok(in_result(found, unknown))
    }
}

/// Whether a value compares with members of a class as their keys do.
fn value_suits(value: &Value, class: KeyClass) -> bool {
    match class {
        KeyClass::Exact => matches!(value, Value::Int(_) | Value::UInt(_) | Value::Decimal(_)),
        KeyClass::Double => {
            matches!(value, Value::Int(_) | Value::UInt(_) | Value::Decimal(_) | Value::Double(_))
        }
        KeyClass::Text(_) => matches!(value, Value::Text(_)),
        KeyClass::Binary => matches!(value, Value::Text(_) | Value::Blob(_)),
        KeyClass::DateTime => matches!(value, Value::Date(_) | Value::DateTime(_)),
        KeyClass::Time => matches!(value, Value::Time(_)),
    }
}

/// Whether two rows are equal: None when that is unknown because of a NULL.
pub(super) fn equal_rows(operand: &[Value], row: &[Value], columns: &[DataType]) -> Option<bool> {
    let mut unknown = false;
    for (position, (left, right)) in operand.iter().zip(row).enumerate() {
        let collation = columns.get(position).map_or(Collation::default(), |column| column.collation);
        match compare_sql(left, right, collation) {
            Some(Ordering::Equal) => {}
            Some(_) => return Some(false),
            None => unknown = true,
        }
    }
    if unknown { None } else { Some(true) }
}
