//! Derived and virtual tables: their rows are made once and kept, for the statement where they depend on nothing else, else for as long as the
//! operator lives. Those of a LATERAL table are made for each row before it. More than `quorate_operation_memory` are kept in a temporary file.

use std::sync::Arc;

use crate::ast::JsonTable;
use crate::bind::scope::Dependent;
use crate::execute::group_key::value_bytes;
use crate::execute::memory::Bounded;
use crate::execute::operator::all_true;
use crate::execute::spill::{Reader, Scratch, Spilled, Stream};
use crate::execute::{Context, Run, query};
use crate::function::json_table_rows;
use crate::limits::DERIVED_BYTES_MAX;
use crate::plan::node::RowsSource;
use crate::plan::{QueryPlan, RowsPlan};
use crate::session::SessionState;
use crate::types::Value;

/// The rows of a derived or virtual table.
pub struct RowsOperator<'p> {
    plan: &'p RowsPlan,
    rows: Option<Rows>,
    /// What they take, where they are this operator's own.
    memory: Option<Bounded>,
    position: usize,
    /// Where reading goes on in a file, and what was read last.
    reader: Option<Reader>,
    read: Vec<Value>,
}

/// Rows that can be read again and again.
#[derive(Clone, Debug)]
pub enum Rows {
    /// In memory.
    Memory(Arc<[Vec<Value>]>),
    /// In a temporary file.
    File(Spilled),
}

/// Rows, and what they take where nobody else keeps them.
type Made = (Rows, Option<Bounded>);

impl<'p> RowsOperator<'p> {
    /// Not open yet.
    #[must_use]
    pub fn new(plan: &'p RowsPlan) -> RowsOperator<'p> {
        RowsOperator { plan, rows: None, memory: None, position: 0, reader: None, read: Vec::new() }
    }

    /// Starts over; `row` is what a LATERAL one reads.
    ///
    /// # Errors
    /// Those of making the rows.
    pub fn open(&mut self, ctx: &mut Context, row: &[Value]) -> Run<()> {
        self.position = 0;
        if self.rows.is_none() || self.plan.source.depends_on_row() {
            // What it made before goes first.
            (self.rows, self.memory) = (None, None);
            let (rows, memory) = self.make(ctx, row)?;
            (self.rows, self.memory) = (Some(rows), memory);
        }
        self.reader = match &self.rows {
            Some(Rows::File(rows)) => Some(rows.reader()),
            Some(Rows::Memory(_)) | None => None,
        };
        Ok(())
    }

    fn make(&self, ctx: &mut Context, row: &[Value]) -> Run<Made> {
        match &self.plan.source {
            RowsSource::Derived(plan) => derived(plan, ctx),
            RowsSource::Virtual(table) => Ok((Rows::Memory((table.rows)(ctx)?.into()), None)),
            RowsSource::Dependent(dependent) => match dependent.as_ref() {
                Dependent::Lateral { plan, slots, table } => {
                    ctx.outer_rows.push(outer_row(slots, row));
                    let rows = collect(plan, ctx);
                    ctx.outer_rows.pop();
                    match table {
                        Some(table) => json_table(table, &rows?.0, ctx).map(own),
                        None => rows.map(own),
                    }
                }
                Dependent::Common { plan, outward } => {
                    // It sees what its WITH saw.
                    let seen = ctx.outer_rows.len().saturating_sub(*outward);
                    let mut inner = ctx.outer_rows.split_off(seen);
                    let rows = collect_rows(plan, ctx);
                    ctx.outer_rows.append(&mut inner);
                    rows.map(|(rows, memory)| (rows, Some(memory)))
                }
                Dependent::Working { number } => Ok((ctx.subqueries.step(*number), None)),
            },
        }
    }

    /// The next row.
    ///
    /// # Errors
    /// Those of conditions.
    pub fn next(&mut self, ctx: &mut Context, row: &mut [Value]) -> Run<bool> {
        let slots = self.plan.base..self.plan.base + self.plan.width;
        loop {
            match (&mut self.reader, &self.rows) {
                (Some(reader), _) => {
                    if !reader.next(&mut self.read, ctx)? {
                        return Ok(false);
                    }
                    row[slots.clone()].clone_from_slice(&self.read);
                }
                (None, Some(Rows::Memory(rows))) => {
                    let Some(values) = rows.get(self.position) else { return Ok(false) };
                    self.position += 1;
                    row[slots.clone()].clone_from_slice(values);
                }
                (None, Some(Rows::File(_)) | None) => return Ok(false),
            }
            if all_true(&self.plan.filter, row, ctx)? {
                return Ok(true);
            }
        }
    }
}

/// Rows that were made here.
fn own((rows, memory): (Vec<Vec<Value>>, Bounded)) -> Made {
    (Rows::Memory(rows.into()), Some(memory))
}

/// The rows of a derived table or common table expression: one that reads no enclosing row is made once a statement.
fn derived(plan: &Arc<QueryPlan>, ctx: &mut Context) -> Run<Made> {
    if plan.correlated {
        return collect_rows(plan, ctx).map(|(rows, memory)| (rows, Some(memory)));
    }
    if let Some(rows) = ctx.subqueries.rows_of(plan) {
        return Ok((rows, None));
    }
    let (rows, memory) = collect_rows(plan, ctx)?;
    ctx.subqueries.keep_memory(memory);
    ctx.subqueries.keep_rows_of(plan, rows.clone());
    Ok((rows, None))
}

/// The rows of JSON_TABLE, within the bound of derived tables; `documents` is the one row of its query.
fn json_table(
    table: &JsonTable,
    documents: &[Vec<Value>],
    ctx: &mut Context,
) -> Run<(Vec<Vec<Value>>, Bounded)> {
    let mut rows = Vec::new();
    let mut memory = Bounded::new(ctx.session, DERIVED_BYTES_MAX, "rows of JSON_TABLE");
    for document in documents.iter().flatten() {
        json_table_rows(table, document, ctx, &mut |row| {
            memory.add(row.iter().map(value_bytes).sum())?;
            rows.push(row);
            Ok(())
        })?;
    }
    Ok((rows, memory))
}

/// A row with nothing in it but these slots.
#[must_use]
pub fn outer_row(slots: &[usize], row: &[Value]) -> Vec<Value> {
    let mut outer = vec![Value::Null; row.len()];
    for slot in slots {
        if let (Some(copy), Some(value)) = (outer.get_mut(*slot), row.get(*slot)) {
            copy.clone_from(value);
        }
    }
    outer
}

/// Rows on their way into [`Rows`].
pub(super) struct Collected {
    rows: Vec<Vec<Value>>,
    count: u64,
    bytes_max: usize,
    memory: Bounded,
    file: Option<Stream>,
}

impl Collected {
    /// None yet; `what` they are.
    pub(super) fn new(session: &SessionState, what: &'static str) -> Collected {
        let bytes_max = session.variables.operation_memory_bytes;
        let memory = Bounded::new(session, usize::MAX, what);
        Collected { rows: Vec::new(), count: 0, bytes_max, memory, file: None }
    }

    /// Takes a row.
    pub(super) fn push(&mut self, row: &[Value], ctx: &Context) -> Run<()> {
        self.count += 1;
        if let Some(file) = &mut self.file {
            return file.push(row, ctx);
        }
        self.memory.add(row.iter().map(value_bytes).sum())?;
        self.rows.push(row.to_vec());
        if self.memory.bytes() > self.bytes_max {
            let mut file = Scratch::new(ctx)?.stream();
            for row in self.rows.drain(..) {
                file.push(&row, ctx)?;
            }
            self.rows = Vec::new();
            self.memory.set(0)?;
            self.file = Some(file);
        }
        Ok(())
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The rows, and what is to be kept as long as they are.
    pub(super) fn finish(self) -> Run<(Rows, Bounded)> {
        let rows = match self.file {
            Some(file) => Rows::File(file.finish()?),
            None => Rows::Memory(self.rows.into()),
        };
        Ok((rows, self.memory))
    }
}

impl Default for Rows {
    fn default() -> Rows {
        Rows::Memory(Arc::default())
    }
}

impl Rows {
    /// Gives each row, until `take` says false.
    ///
    /// # Errors
    /// Those of the file and of `take`.
    pub fn each(
        &self,
        ctx: &mut Context,
        take: &mut dyn FnMut(&[Value], &mut Context) -> Run<bool>,
    ) -> Run<()> {
        match self {
            Rows::Memory(rows) => {
                for row in rows.iter() {
                    if !take(row, ctx)? {
                        break;
                    }
                }
            }
            Rows::File(rows) => {
                let (mut reader, mut row) = (rows.reader(), Vec::new());
                while reader.next(&mut row, ctx)? && take(&row, ctx)? {}
            }
        }
        Ok(())
    }
}

/// All rows of a query, in memory or in a file.
fn collect_rows(plan: &QueryPlan, ctx: &mut Context) -> Run<(Rows, Bounded)> {
    let mut rows = Collected::new(ctx.session, "rows of a derived table");
    query::run_query(plan, ctx, &mut |row, ctx| {
        rows.push(row, ctx)?;
        Ok(true)
    })?;
    rows.finish()
}

/// All rows of a query, within a bound, which is to be kept as long as they are.
///
/// # Errors
/// Those of the query; 1038 when they are too large.
pub fn collect(plan: &crate::plan::QueryPlan, ctx: &mut Context) -> Run<(Vec<Vec<Value>>, Bounded)> {
    let mut rows = Vec::new();
    let mut memory = Bounded::new(ctx.session, DERIVED_BYTES_MAX, "rows of a derived table or subquery");
    query::run_query(plan, ctx, &mut |row, _| {
        memory.add(row.iter().map(value_bytes).sum())?;
        rows.push(row.to_vec());
        Ok(true)
    })?;
    Ok((rows, memory))
}
