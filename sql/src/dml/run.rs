//! Running INSERT and REPLACE: rows are made, converted, numbered, written.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::default;
use super::duplicate;
use super::foreign_key;
use super::insert::{Cell, InsertPlan, OnDuplicate, Rows};
use super::sequence::{Filled, Sequence};
use super::through_view;
use super::write;
use crate::Error;
use crate::catalog::partition::place::is_without_place;
use crate::catalog::{Column, TableLinks};
use crate::constraint::Rules;
use crate::constraint::rules::CHECK_VIOLATED;
use crate::execute::memory::Bounded;
use crate::execute::{Context, Interrupt, Outcome, ResultColumn, Run, Sink};
use crate::limits::{INSERT_QUERY_BYTES_MAX, KILL_CHECK_ROWS};
use crate::plan::QueryPlan;
use crate::session::WarningLevel;
use crate::types::store::{copied, of_table};
use crate::types::{DataType, Value, convert};
use crate::variables::{Isolation, SqlMode};

/// Runs an INSERT or REPLACE.
///
/// # Errors
/// Those of expressions and conversions, 1048, 1062, 1364, 1467, 1213; suspends for locks.
pub fn run(plan: &InsertPlan, ctx: &mut Context<'_>) -> Run<Outcome> {
    let strict = ctx.strict;
    ctx.strict = ctx.session.variables.sql_mode.has(SqlMode::STRICT) && !plan.ignore;
    let mut insertion = Insertion::new(plan, ctx)?;
    let result = insertion.run(ctx);
    ctx.strict = strict;
    result?;
    Ok(insertion.finish(ctx))
}

/// One run of an INSERT.
pub(super) struct Insertion<'p> {
    pub plan: &'p InsertPlan,
    pub sequence: Sequence,
    pub tally: Tally,
    /// The table's expressions, if it has any.
    pub rules: Option<&'p Rules>,
    /// The table's foreign keys and children, if it has any that are to be looked at.
    pub links: Option<Arc<TableLinks>>,
    /// Columns whose NULLs, left by triggers, were warned of.
    pub warned_nulls: Vec<usize>,
}

/// What the client is told at the end. The names are those of MySQL's `COPY_INFO`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    /// Rows that came.
    pub records: u64,
    /// Rows that a CHECK constraint has refused, with IGNORE: MySQL does not count them among those that came.
    pub refused: u64,
    /// Rows inserted, or changed by ON DUPLICATE KEY UPDATE.
    pub copied: u64,
    /// Rows that REPLACE took away.
    pub deleted: u64,
    /// Rows that ON DUPLICATE KEY UPDATE changed.
    pub updated: u64,
    /// Rows that ON DUPLICATE KEY UPDATE found, changed or not.
    pub touched: u64,
    /// Rows more than before, for the estimate.
    pub inserted: u64,
    /// The first value generated for a row that was inserted.
    pub first_generated: Option<u64>,
    /// The AUTO_INCREMENT value of the last row, generated or not.
    pub last_value: u64,
}

impl<'p> Insertion<'p> {
    fn new(plan: &'p InsertPlan, ctx: &Context<'_>) -> crate::Result<Insertion<'p>> {
        let rows = match &plan.rows {
            Rows::Values(rows) => Some(rows.len() as u64),
            Rows::Query(_) | Rows::File => None,
        };
        let rules = plan.table.rules()?;
        let links = foreign_key::links_of(ctx, &plan.table);
        let (tally, warned_nulls) = (Tally::default(), Vec::new());
        Ok(Insertion { plan, sequence: Sequence::new(ctx, rows), tally, rules, links, warned_nulls })
    }

    fn run(&mut self, ctx: &mut Context<'_>) -> Run<()> {
        let plan = self.plan;
        let base = self.base_row(ctx)?;
        match &plan.rows {
            Rows::Values(rows) => {
                for (number, cells) in rows.iter().enumerate() {
                    if number % KILL_CHECK_ROWS == KILL_CHECK_ROWS - 1 {
                        ctx.check()?;
                    }
                    let values = self.row_of_cells(ctx, &base, cells, number as u64 + 1)?;
                    self.insert(ctx, values)?;
                }
            }
            Rows::Query(query) => {
                let (rows, _memory) = collect(query, ctx)?;
                let (items, reads_itself) = (query.items(), query.reads(&plan.table.name));
                for (number, row) in rows.into_iter().enumerate() {
                    if number % KILL_CHECK_ROWS == KILL_CHECK_ROWS - 1 {
                        ctx.check()?;
                    }
                    let mut values = base.clone();
                    for (position, (target, value)) in plan.targets.iter().zip(row).enumerate() {
                        let column = query.columns.get(position);
                        let from = column.map(|column| column.data_type);
                        let is_column = column.is_some_and(|column| !column.original_name.is_empty());
                        let to = &plan.table.columns[*target].data_type;
                        let value = match items.get(position) {
                            // Rows of the table itself are kept aside first, and have the digits of their columns then.
                            Some(item) if !reads_itself || item.is_fixed() => item.as_stored(value, to),
                            _ => value,
                        };
                        let value = copied(value, is_column, to);
                        values[*target] = self.convert(ctx, *target, value, from, number as u64 + 1)?;
                    }
                    self.fill_defaults(ctx, &mut values, &[], number as u64 + 1)?;
                    self.insert(ctx, values)?;
                }
            }
            Rows::File => return Err(Error::internal("LOAD DATA runs in batches").into()),
        }
        Ok(())
    }

    /// A row of defaults: final for the columns that get no value, and what the others are until they get one.
    fn base_row(&self, ctx: &mut Context<'_>) -> Run<Vec<Value>> {
        let table = &self.plan.table;
        let mut base = Vec::with_capacity(table.columns.len());
        for (position, column) in table.columns.iter().enumerate() {
            let value = match default::declared(column, ctx) {
                Some(value) => value,
                // Computed for each row.
                None if column.is_computed() => Value::Null,
                // A trigger may give it one.
                None if self.plan.fires_before() => Value::Null,
                None if self.plan.absent.contains(&position) => match &self.plan.through {
                    Some(through) => through_view::missing(through, column, ctx)?,
                    None => default::missing(column, ctx)?,
                },
                None => default::implicit(&column.data_type),
            };
            base.push(value);
        }
        Ok(base)
    }

    fn row_of_cells(
        &self,
        ctx: &mut Context<'_>,
        base: &[Value],
        cells: &[Cell],
        row: u64,
    ) -> Run<Vec<Value>> {
        let mut values = base.to_vec();
        let mut computed = Vec::new();
        for (target, cell) in self.plan.targets.iter().zip(cells) {
            if self.rules.is_some()
                && let Cell::Default(of) = cell
                && (of == target || self.plan.table.columns[*target].generated.is_some())
                && self.plan.table.columns[*target].is_computed()
            {
                computed.push(*target);
                continue;
            }
            let value = evaluate(ctx, self.plan, cell, *target, &values)?;
            let (value, from) = match cell {
                Cell::Expression(expression) => {
                    let to = &self.plan.table.columns[*target].data_type;
                    (expression.as_stored(value, to), Some(expression.data_type()))
                }
                Cell::Constant(_) | Cell::Parameter(_) | Cell::Default(_) => (value, None),
            };
            values[*target] = self.convert(ctx, *target, value, from, row)?;
        }
        self.fill_defaults(ctx, &mut values, &computed, row)?;
        Ok(values)
    }

    /// Gives the columns their defaults that are expressions: those without a value, and those that say DEFAULT.
    pub(super) fn fill_defaults(
        &self,
        ctx: &mut Context<'_>,
        values: &mut [Value],
        computed: &[usize],
        row: u64,
    ) -> Run<()> {
        let Some(rules) = self.rules else { return Ok(()) };
        for (column, _) in &rules.defaults {
            if computed.contains(column) || self.plan.absent.contains(column) {
                values[*column] = rules.default_value(&self.plan.table, *column, values, row, ctx)?;
            }
        }
        Ok(())
    }

    /// The value as its column holds it. NULL stays NULL in an AUTO_INCREMENT column: it asks for the next value.
    /// `from` is the type of the expression that it is of, if it is one.
    fn convert(
        &self,
        ctx: &mut Context<'_>,
        target: usize,
        value: Value,
        from: Option<DataType>,
        row: u64,
    ) -> Run<Value> {
        let column = &self.plan.table.columns[target];
        if value == Value::Null {
            if column.nullable || column.auto_increment || self.plan.fires_before() {
                return Ok(value);
            }
            // A single row without IGNORE is refused in every mode.
            return null_refused(ctx, column, self.plan.is_single_row());
        }
        let from = || from.unwrap_or(DataType::NULL);
        Ok(convert::store_from(value, from, &column.data_type, &column.name, row, ctx)
            .map_err(|error| of_table(error, &self.plan.table.name))?)
    }

    /// Numbers and writes one row.
    pub(super) fn insert(&mut self, ctx: &mut Context<'_>, mut values: Vec<Value>) -> Run<()> {
        let plan = self.plan;
        let table = &plan.table;
        self.tally.records += 1;
        if plan.programs.is_some() {
            self.before_insert(ctx, &mut values)?;
        }
        if let Some(rules) = self.rules {
            // None of them can be of the AUTO_INCREMENT column (3109, 3818): a row that is refused takes no number.
            rules.compute(table, &mut values, self.tally.records, plan.is_single_row(), ctx)?;
        }
        if let Some(through) = &plan.through {
            // A number that is still to come is 0 there, as in MySQL.
            let number = table.auto_increment_column.filter(|column| values[*column] == Value::Null);
            if let Some(column) = number {
                values[column] = default::implicit(&table.columns[column].data_type);
            }
            let is_admitted = through.admits(&values, plan.ignore, ctx)?;
            if let Some(column) = number {
                values[column] = Value::Null;
            }
            if !is_admitted {
                self.tally.refused += 1;
                return Ok(());
            }
        }
        if let Some(rules) = self.rules {
            match rules.check(table, &values, ctx) {
                Ok(()) => {}
                Err(Interrupt::Error(error)) if plan.ignore && error.code == CHECK_VIOLATED => {
                    self.tally.refused += 1;
                    ctx.session.warn(WarningLevel::Warning, error.code, error.message);
                    return Ok(());
                }
                Err(interrupt) => return Err(interrupt),
            }
        }
        // A row that is refused takes no number, unless the number is what has no parent.
        let links = self.links.clone();
        let is_numbered = |links: &Arc<TableLinks>| {
            table
                .auto_increment_column
                .is_some_and(|column| links.parents.iter().any(|link| link.columns.contains(&column)))
        };
        let (late, early) = match links {
            Some(links) if is_numbered(&links) => (Some(links), None),
            links => (None, links),
        };
        if let Some(links) = early
            && !self.has_parents(ctx, &links, &values)?
        {
            return Ok(());
        }
        let filled = match table.auto_increment_column {
            Some(column) => Some(self.sequence.fill(ctx, table, column, &mut values)?),
            None => None,
        };
        if let Some(links) = late
            && !self.has_parents(ctx, &links, &values)?
        {
            return Ok(());
        }
        loop {
            let written = match write::insert_row(ctx, table, &values) {
                // A row that no partition takes.
                Err(Interrupt::Error(error)) if is_without_place(&error) => {
                    self.sequence.put_back(filled);
                    if !plan.ignore {
                        return Err(error.into());
                    }
                    ctx.session.warn(WarningLevel::Warning, error.code, error.message);
                    return Ok(());
                }
                written => written?,
            };
            let Some(found) = written else {
                ctx.subqueries.forget_readers(table.id);
                self.inserted(filled);
                return self.after_insert(ctx, &values);
            };
            match &plan.on_duplicate {
                OnDuplicate::Refuse => {
                    let error = write::duplicate_entry(table, found.index, &values);
                    self.sequence.put_back(filled);
                    if !plan.ignore {
                        return Err(error.into());
                    }
                    ctx.session.warn(WarningLevel::Warning, error.code, error.message);
                    return Ok(());
                }
                OnDuplicate::Replace => {
                    let links = self.links.as_deref();
                    if !duplicate::replace(ctx, (plan, links), &found, &values, &mut self.tally)? {
                        self.inserted(filled);
                        self.tally.inserted -= 1;
                        return self.after_insert(ctx, &values);
                    }
                }
                OnDuplicate::Update(assignments) => {
                    self.sequence.put_back(filled);
                    let links = self.links.as_deref();
                    let sequence = &mut self.sequence;
                    let mut update = duplicate::Update { plan, assignments, sequence, links };
                    return update.run(ctx, &found, values, &mut self.tally);
                }
            }
        }
    }

    /// Whether the row has the parents that its foreign keys ask for; with IGNORE it is left out if not.
    fn has_parents(&mut self, ctx: &mut Context<'_>, links: &TableLinks, values: &[Value]) -> Run<bool> {
        match foreign_key::check_parents(ctx, links, values, None, None) {
            Ok(()) => Ok(true),
            Err(Interrupt::Error(error)) if self.plan.ignore && foreign_key::is_violation(&error) => {
                self.tally.refused += 1;
                ctx.session.warn(WarningLevel::Warning, error.code, error.message);
                Ok(false)
            }
            Err(interrupt) => Err(interrupt),
        }
    }

    fn inserted(&mut self, filled: Option<Filled>) {
        self.tally.copied += 1;
        self.tally.inserted += 1;
        if let Some(filled) = filled {
            self.tally.last_value = filled.value;
            if filled.generated {
                self.tally.first_generated.get_or_insert(filled.value);
            }
        }
    }

    /// Counters of the session and what the client is told.
    fn finish(&mut self, ctx: &mut Context<'_>) -> Outcome {
        let tally = self.tally;
        let plan = self.plan;
        plan.table.row_estimate.fetch_add(tally.inserted, Ordering::Relaxed);
        ctx.session.variables.insert_id = 0;
        let last_insert_id = match tally.first_generated {
            Some(first) => {
                ctx.session.last_insert_id = first;
                first
            }
            None if ctx.gave_last_insert_id => ctx.session.last_insert_id,
            None if tally.copied > 0 => tally.last_value,
            None => 0,
        };
        let changed = if ctx.session.client_found_rows { tally.touched } else { tally.updated };
        let records = tally.records - tally.refused;
        let duplicates = match (&plan.on_duplicate, plan.ignore) {
            (OnDuplicate::Refuse, true) => records - tally.copied,
            _ => tally.deleted + tally.updated,
        };
        let many = match &plan.rows {
            Rows::Values(rows) => rows.len() > 1,
            Rows::Query(_) | Rows::File => true,
        };
        let info = if many {
            let warnings = ctx.session.warning_count;
            format!("Records: {records}  Duplicates: {duplicates}  Warnings: {warnings}")
        } else {
            String::new()
        };
        Outcome { rows: false, affected: tally.copied + tally.deleted + changed, last_insert_id, info }
    }
}

/// The value of a cell, not converted.
pub(super) fn evaluate(
    ctx: &mut Context<'_>,
    plan: &InsertPlan,
    cell: &Cell,
    target: usize,
    row: &[Value],
) -> Run<Value> {
    match cell {
        Cell::Constant(value) => Ok(value.clone()),
        Cell::Parameter(number) => match ctx.parameters.get(*number) {
            Some(value) => Ok(value.clone()),
            None => Err(Error::wrong_arguments("EXECUTE").into()),
        },
        Cell::Default(column) => {
            if let crate::catalog::ColumnDefault::Expression(_) = plan.table.columns[*column].default
                && let Some(rules) = plan.table.rules()?
            {
                return rules.default_value(&plan.table, *column, row, 1, ctx);
            }
            let column = &plan.table.columns[*column];
            match default::declared(column, ctx) {
                Some(value) => Ok(value),
                None => Ok(default::missing(column, ctx)?),
            }
        }
        Cell::Expression(expression) => {
            // A column that asks for its own value before it has one sees its default.
            debug_assert!(target < row.len());
            expression.eval(row, ctx)
        }
    }
}

/// Error 1048, or its warning and the implicit default.
pub(crate) fn null_refused(ctx: &mut Context<'_>, column: &Column, always: bool) -> Run<Value> {
    let error = Error::column_cannot_be_null(&column.name);
    if ctx.strict || always {
        return Err(error.into());
    }
    ctx.session.warn(WarningLevel::Warning, error.code, error.message);
    Ok(default::implicit(&column.data_type))
}

/// The rows of INSERT … SELECT. They are all read before the first is written: the query may read the table that is
/// written. Bounded by [`INSERT_QUERY_BYTES_MAX`].
struct Collector {
    rows: Vec<Vec<Value>>,
    memory: Bounded,
}

impl Sink for Collector {
    fn columns(&mut self, _columns: &[ResultColumn]) -> crate::Result<()> {
        Ok(())
    }

    fn row(&mut self, row: &[Value]) -> crate::Result<()> {
        self.memory.add(row.iter().map(value_bytes).sum())?;
        self.rows.push(row.to_vec());
        Ok(())
    }
}

fn value_bytes(value: &Value) -> usize {
    let text = match value {
        Value::Text(bytes) | Value::Blob(bytes) => bytes.len(),
        _ => 0,
    };
    std::mem::size_of::<Value>() + text
}

fn collect(query: &QueryPlan, ctx: &mut Context<'_>) -> Run<(Vec<Vec<Value>>, Bounded)> {
    let memory = Bounded::new(ctx.session, INSERT_QUERY_BYTES_MAX, "rows of INSERT … SELECT");
    let mut collector = Collector { rows: Vec::new(), memory };
    let before = ctx.locking;
    // As MySQL does, unless the transaction is to see one snapshot only.
    let takes_newest = match before.isolation {
        Isolation::ReadCommitted => false,
        Isolation::RepeatableRead => !ctx.session.variables.snapshot_conflict,
        Isolation::Serializable => true,
    };
    ctx.locking.reads |= takes_newest;
    let result = crate::execute::query::run(query, ctx, &mut collector);
    ctx.locking = before;
    result?;
    Ok((collector.rows, collector.memory))
}
