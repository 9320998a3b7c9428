//! LOAD DATA: the rows of a file's records, batch by batch.
//!
//! A file can be longer than memory, and one that a client sends cannot be read twice. So the statement is run in batches:
//! [`run_batch`] writes the rows of some records, and says with [`Progress`] where the next batch goes on. A batch that meets a lock is
//! rolled back by the session to the savepoint before it, and runs again from its start, with the progress as it was; what earlier
//! batches wrote stays. All of them are in one transaction, and the session takes all back when one fails.
//!
//! LOCAL is as IGNORE, unless REPLACE is said: the client cannot be stopped, so what is wrong with a row becomes a warning.
//!
//! Left out: character sets that need a conversion (1235).

use std::sync::Arc;

use bytes::Bytes;

use super::default;
use super::insert::{Cell, InsertPlan, OnDuplicate, Rows, plan_cell, use_of};
use super::run::{Insertion, Tally, evaluate, null_refused};
use super::scope::{InsertScope, from_scope};
use super::sequence::Sequence;
use super::through_view;
use crate::account::Privilege;
use crate::ast::{self, LoadDuplicates, LoadInput};
use crate::authorization::Needs;
use crate::bind::{Binder, Names};
use crate::catalog::{Catalog, Column, Table};
use crate::data_file::batch::{Batch, Record};
use crate::data_file::read::{Fields, Reader};
use crate::data_file::write::is_long;
use crate::data_file::{Format, fixed_width};
use crate::execute::{Context, Outcome, Run, strictly};
use crate::limits::KILL_CHECK_ROWS;
use crate::session::{SessionState, WarningLevel};
use crate::types::store::of_table;
use crate::types::{CharacterSet, TypeKind, Value, convert};
use crate::variables::{SqlMode, character_set};
use crate::{Error, Result};

/// The plan of a LOAD DATA.
#[derive(Debug)]
pub struct LoadPlan {
    /// LOCAL: the file is the client's.
    pub local: bool,
    /// The file's name.
    pub file: String,
    /// How the rows are written.
    pub insert: InsertPlan,
    format: Format,
    fields: Fields,
    skipped_lines: u64,
    inputs: Vec<Input>,
    /// SET, left to right.
    assignments: Vec<(usize, Cell)>,
    /// CHARACTER SET binary: bytes need not be text.
    is_binary: bool,
}

/// What a field goes to.
#[derive(Debug)]
enum Input {
    Column(usize),
    Variable(String),
}

/// How far a LOAD DATA has come.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    sequence: Option<Sequence>,
    tally: Tally,
}

/// Plans a LOAD DATA.
///
/// # Errors
/// 1046, 1049, 1146; 1054; 1083, 1084 and 1409 for the format; 1115 and 1235 for the character set; and those of binding SET.
pub fn plan(
    load: &ast::Load,
    catalog: &Arc<Catalog>,
    session: &SessionState,
    needs: &Needs,
) -> Result<LoadPlan> {
    let is_binary = match &load.character_set {
        Some(name) => is_binary(Some(name))?,
        None => session.variables.character_set_database() == Some(b"binary"),
    };
    let mut typed = session.clone();
    for input in &load.inputs {
        if let LoadInput::Variable(name) = input {
            // What the expressions of SET read is text, whatever the variable holds now.
            let text = if is_binary { Value::Blob(Bytes::new()) } else { Value::Text(Bytes::new()) };
            typed.user_variables.insert(name.clone(), text);
        }
    }
    let binder = Binder::new(catalog, &typed, needs);
    let database = binder.database(load.table.database.as_deref())?;
    if super::insert::is_made_up(catalog, database, &load.table.table)
        && session.temporary_table(database, &load.table.table).is_none()
    {
        return Err(Error::not_supported(format_args!("writing to the system database '{database}'")));
    }
    let name = &load.table.table;
    if let Some(locked) = &session.locked_tables
        && session.temporary_table(database, name).is_none()
    {
        locked.check_use(database, name, name, true)?;
    }
    let replaces = load.duplicates == LoadDuplicates::Replace;
    let names = written_names(load);
    let view = through_view::target((catalog, session, needs), (database, name), &names, replaces)?;
    let table = match &view {
        Some(view) => Arc::clone(&view.table),
        None => Arc::clone(session.table(catalog, database, name)?),
    };
    if table.is_temporary() {
        binder.use_temporary(&table, name)?;
    }
    let named = view.as_ref().map_or(&table, |view| &view.named);
    let inputs = plan_inputs(load, named, view.as_ref().map(|view| view.order.as_slice()), needs)?;
    let assignments = plan_assignments(load, &binder, named, needs)?;
    let format = Format::new(&load.format)?;
    let fields = plan_fields(&format, &inputs, &table)?;
    let mut tables = Vec::new();
    if !table.is_temporary() {
        tables.push(Arc::clone(&table));
    }
    let uses_temporary = binder.uses_temporary();
    for read in binder.into_tables() {
        if read.id == table.id {
            let message =
                format!("You can't specify target table '{}' for update in FROM clause", table.name);
            return Err(Error { code: 1093, state: *b"HY000", message });
        }
        tables.push(read);
    }
    let reads_view = view.as_ref().is_some_and(through_view::Target::reads_snapshot);
    for read in view.iter().flat_map(|view| &view.tables) {
        if tables.iter().all(|other| other.id != read.id) {
            tables.push(Arc::clone(read));
        }
    }
    let table = match load.partitions.is_empty() {
        true => table,
        false => Arc::new(table.select_partitions(&load.partitions)?),
    };
    let (on_duplicate, ignore) = match load.duplicates {
        LoadDuplicates::Refuse => (OnDuplicate::Refuse, load.local),
        LoadDuplicates::Ignore => (OnDuplicate::Refuse, true),
        LoadDuplicates::Replace => (OnDuplicate::Replace, false),
    };
    let is_given = |position: usize| {
        inputs.iter().any(|input| matches!(input, Input::Column(column) if *column == position))
            || assignments.iter().any(|(column, _)| *column == position)
    };
    let absent = (0..table.columns.len()).filter(|position| !is_given(*position)).collect();
    let insert = InsertPlan {
        reads_long: true,
        reads_snapshot: reads_view || tables.len() > usize::from(!table.is_temporary()),
        uses_temporary,
        table,
        tables,
        targets: Vec::new(),
        absent,
        rows: Rows::File,
        on_duplicate,
        ignore,
        programs: None,
        through: view.map(|view| view.through),
    };
    Ok(LoadPlan {
        local: load.local,
        file: load.file.clone(),
        insert,
        format,
        fields,
        skipped_lines: load.skipped_lines,
        inputs,
        assignments,
        is_binary,
    })
}

/// Warning 1638.
pub fn warn_foreign_separator(session: &mut SessionState) {
    let message = "Non-ASCII separator arguments are not fully supported";
    session.warn(WarningLevel::Warning, 1638, message);
}

/// Whether a file of this character set is bytes; text is UTF-8.
///
/// # Errors
/// 1115 for an unknown one, 1235 for one that needs a conversion.
pub fn is_binary(name: Option<&str>) -> Result<bool> {
    let Some(name) = name else { return Ok(false) };
    let set = character_set::character_set(name)?;
    if !set.is_held_as_is() {
        return Err(Error::not_supported(format_args!("files in the character set {}", set.name())));
    }
    Ok(set == CharacterSet::Binary)
}

/// The columns that a LOAD DATA names.
fn written_names(load: &ast::Load) -> Vec<&str> {
    let inputs = load.inputs.iter().filter_map(|input| match input {
        LoadInput::Column(name) => Some(name.as_str()),
        LoadInput::Variable(_) => None,
    });
    inputs.chain(load.assignments.iter().map(|(name, _)| name.as_str())).collect()
}

fn plan_inputs(
    load: &ast::Load,
    table: &Arc<Table>,
    order: Option<&[usize]>,
    needs: &Needs,
) -> Result<Vec<Input>> {
    let column = |position| {
        needs.add(use_of(Privilege::Insert, table, position));
        Input::Column(position)
    };
    if let (true, Some(order)) = (load.inputs.is_empty(), order) {
        return Ok(order.iter().map(|position| column(*position)).collect());
    }
    if load.inputs.is_empty() {
        return Ok(table.visible_columns().map(|(position, _)| column(position)).collect());
    }
    let input = |written: &LoadInput| match written {
        LoadInput::Variable(name) => Ok(Input::Variable(name.clone())),
        LoadInput::Column(name) => match table.column_position(name) {
            Some(position) => Ok(column(position)),
            None => Err(Error::unknown_column(name, "field list")),
        },
    };
    load.inputs.iter().map(input).collect()
}

fn plan_assignments(
    load: &ast::Load,
    binder: &Binder<'_>,
    table: &Arc<Table>,
    needs: &Needs,
) -> Result<Vec<(usize, Cell)>> {
    let from = from_scope(table, None)?;
    let names = Names::new(&from, None);
    let mut scope = InsertScope::new(binder, &names, table, false);
    let mut assignments = Vec::with_capacity(load.assignments.len());
    for (name, value) in &load.assignments {
        let Some(target) = table.column_position(name) else {
            return Err(Error::unknown_column(name, "field list"));
        };
        needs.add(use_of(Privilege::Insert, table, target));
        // Passed over, as the fields for it are.
        if table.columns[target].generated.is_some() {
            continue;
        }
        assignments.push((target, plan_cell(&mut scope, value, table, target)?));
    }
    Ok(assignments)
}

fn plan_fields(format: &Format, inputs: &[Input], table: &Table) -> Result<Fields> {
    if !format.is_fixed() {
        return Ok(Fields::Separated(inputs.len()));
    }
    let mut widths = Vec::with_capacity(inputs.len());
    for input in inputs {
        let Input::Column(column) = input else {
            let message = "Can't load value from file with fixed size rows to variable".to_owned();
            return Err(Error { code: 1409, state: *b"HY000", message });
        };
        let data_type = &table.columns[*column].data_type;
        if is_long(data_type.kind) && format.line_end.is_empty() {
            let message =
                "You can't use fixed rowlength with BLOBs; please use 'fields terminated by'".to_owned();
            return Err(Error { code: 1084, state: *b"42000", message });
        }
        widths.push(fixed_width(data_type));
    }
    Ok(Fields::Fixed(widths))
}

impl LoadPlan {
    /// A reader of the file, before its first byte.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader::new(&self.format, self.fields.clone(), !self.is_binary, self.skipped_lines)
    }

    /// Before the first batch: warns of the format.
    #[must_use]
    pub fn begin(&self, session: &mut SessionState) -> Progress {
        if self.format.has_foreign_separator() {
            warn_foreign_separator(session);
        }
        Progress::default()
    }

    fn is_fixed(&self) -> bool {
        matches!(self.fields, Fields::Fixed(_))
    }
}

/// Writes the rows of a batch, which is frozen.
///
/// # Errors
/// 1261, 1262, 1263 and 1300 for records; those of conversions and expressions; 1062, 1467, 1213; suspends for locks. `progress` is
/// unchanged then.
pub fn run_batch(plan: &LoadPlan, progress: &mut Progress, batch: &Batch, ctx: &mut Context<'_>) -> Run<()> {
    let before = ctx.strict;
    ctx.strict = ctx.session.variables.sql_mode.has(SqlMode::STRICT) && !plan.insert.ignore;
    let sequence = progress.sequence.clone().unwrap_or_else(|| Sequence::new(ctx, None));
    let rules = plan.insert.table.rules()?;
    let links = super::foreign_key::links_of(ctx, &plan.insert.table);
    let warned_nulls = Vec::new();
    let mut insertion =
        Insertion { plan: &plan.insert, sequence, tally: progress.tally, rules, links, warned_nulls };
    let result = strictly(ctx, plan.insert.ignore, |ctx| {
        let base: Vec<Value> = (plan.insert.table.columns.iter())
            .map(|column| {
                default::declared(column, ctx).unwrap_or_else(|| default::implicit(&column.data_type))
            })
            .collect();
        for (number, record) in batch.records().enumerate() {
            if number % KILL_CHECK_ROWS == KILL_CHECK_ROWS - 1 {
                ctx.check()?;
            }
            let row = insertion.tally.records + 1;
            let mut values = base.clone();
            Filling { plan, row, ctx: &mut *ctx }.fill(record, &mut values)?;
            insertion.fill_defaults(ctx, &mut values, &[], row)?;
            insertion.insert(ctx, values)?;
            if record.is_cut() {
                let message =
                    format!("Row {row} was truncated; it contained more data than there were input columns");
                refuse(ctx, Error { code: 1262, state: *b"01000", message })?;
            }
        }
        Ok(())
    });
    ctx.strict = before;
    result?;
    progress.tally = insertion.tally;
    progress.sequence = Some(insertion.sequence);
    Ok(())
}

/// What the client is told when all batches are written.
#[must_use]
pub fn finish(plan: &LoadPlan, progress: &Progress, session: &mut SessionState) -> Outcome {
    let tally = progress.tally;
    plan.insert.table.row_estimate.fetch_add(tally.inserted, std::sync::atomic::Ordering::Relaxed);
    session.variables.insert_id = 0;
    if let Some(first) = tally.first_generated {
        session.last_insert_id = first;
    }
    let info = format!(
        "Records: {}  Deleted: {}  Skipped: {}  Warnings: {}",
        tally.records,
        tally.deleted,
        tally.records - tally.copied,
        session.warning_count
    );
    Outcome { rows: false, affected: tally.copied + tally.deleted, last_insert_id: 0, info }
}

/// An error in strict mode, else a warning.
fn refuse(ctx: &mut Context<'_>, error: Error) -> Run<()> {
    if ctx.strict {
        return Err(error.into());
    }
    ctx.session.warn(WarningLevel::Warning, error.code, error.message);
    Ok(())
}

/// A row in the making.
struct Filling<'p, 'c, 'x> {
    plan: &'p LoadPlan,
    /// Its number, from 1.
    row: u64,
    ctx: &'c mut Context<'x>,
}

impl Filling<'_, '_, '_> {
    /// Puts the record's fields, then SET's values in their places.
    fn fill(&mut self, record: Record<'_>, values: &mut [Value]) -> Run<()> {
        let mut fields = record.fields();
        for input in &self.plan.inputs {
            match (input, fields.next()) {
                // Computed, whatever the file says.
                (Input::Column(column), _) if self.column(*column).generated.is_some() => {}
                (Input::Column(column), Some(field)) => values[*column] = self.value(*column, field)?,
                (Input::Column(column), None) => {
                    values[*column] = self.missing(*column, &values[*column])?;
                }
                (Input::Variable(name), field) => {
                    let value = match field.flatten() {
                        // Copied: it outlives the batch.
                        Some(text) => self.text(Bytes::copy_from_slice(&text))?,
                        None => Value::Null,
                    };
                    self.ctx.session.user_variables.insert(name.clone(), value);
                }
            }
        }
        for (target, cell) in &self.plan.assignments {
            let column = &self.plan.insert.table.columns[*target];
            let value = match evaluate(self.ctx, &self.plan.insert, cell, *target, values)? {
                Value::Null if column.nullable || column.auto_increment => Value::Null,
                Value::Null => null_refused(self.ctx, column, false)?,
                value => convert::store(value, &column.data_type, &column.name, self.row, self.ctx)
                    .map_err(|error| of_table(error, &self.plan.insert.table.name))?,
            };
            values[*target] = value;
        }
        self.replace_nulls(values)
    }

    /// What was NULL in the file, and is so still behind SET, is 0 or what is like it where there may be no NULL.
    fn replace_nulls(&mut self, values: &mut [Value]) -> Run<()> {
        let plan = self.plan;
        for (column, value) in plan.insert.table.columns.iter().zip(values) {
            if *value == Value::Null && !column.nullable && !column.auto_increment {
                let message = format!(
                    "Column set to default value; NULL supplied to NOT NULL column '{}' at row {}",
                    column.name, self.row
                );
                refuse(self.ctx, Error { code: 1263, state: *b"22004", message })?;
                *value = default::implicit(&column.data_type);
            }
        }
        Ok(())
    }

    fn column(&self, column: usize) -> &Column {
        &self.plan.insert.table.columns[column]
    }

    /// A field as its column holds it.
    fn value(&mut self, target: usize, field: Option<Bytes>) -> Run<Value> {
        let plan = self.plan;
        let column = &plan.insert.table.columns[target];
        let Some(text) = field else {
            let is_now = !column.nullable && matches!(column.data_type.kind, TypeKind::Timestamp(_));
            return Ok(if is_now { default::now(&column.data_type, self.ctx) } else { Value::Null });
        };
        let value = match self.text(text)? {
            // What is no text is no number either; the message shows it as it is.
            Value::Blob(bytes) if !column.data_type.is_string() => Value::Text(bytes),
            value => value,
        };
        Ok(convert::store(value, &column.data_type, &column.name, self.row, self.ctx)
            .map_err(|error| of_table(error, &self.plan.insert.table.name))?)
    }

    /// A field's bytes as a value.
    fn text(&self, bytes: Bytes) -> Result<Value> {
        match std::str::from_utf8(&bytes) {
            Ok(_) => Ok(Value::Text(bytes)),
            // Widths are of bytes, and may cut a character.
            Err(_) if self.plan.is_binary || self.plan.is_fixed() => Ok(Value::Blob(bytes)),
            Err(error) => {
                let (valid, rest) = bytes.split_at(error.valid_up_to());
                let valid = String::from_utf8_lossy(valid);
                // MySQL shows what begins as a character does, and is none, too.
                let broken = if matches!(rest.first(), Some(0xc2..=0xf4)) { "?" } else { "" };
                let message = format!("Invalid utf8mb4 character string: '{valid}{broken}'");
                Err(Error { code: 1300, state: *b"HY000", message })
            }
        }
    }

    /// The value of a column for which the record has no field: 0, or what is like it, unless its default is NULL.
    fn missing(&mut self, target: usize, declared: &Value) -> Run<Value> {
        let message = format!("Row {} doesn't contain data for all columns", self.row);
        refuse(self.ctx, Error { code: 1261, state: *b"01000", message })?;
        let column = self.column(target);
        if matches!(column.data_type.kind, TypeKind::Timestamp(_)) && !column.nullable {
            return Ok(default::now(&column.data_type, self.ctx));
        }
        let is_null = *declared == Value::Null && column.nullable && !self.plan.is_fixed();
        Ok(if is_null { Value::Null } else { default::implicit(&column.data_type) })
    }
}
