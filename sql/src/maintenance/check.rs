//! CHECK TABLE: reads every row, and compares every index with the rows.
//!
//! Rows and entries are counted, and hashes of the entries that the rows should have are added up beside those of the entries that are
//! there: sums that differ tell of an entry that is missing, left over or changed, without looking each of them up. All of it is
//! one snapshot of this node. Left out: a look at the disk's pages, whose own checksums are looked at whenever they are read.

use storage::engine::Direction;
use storage::txn::View;

use crate::Error;
use crate::ast::TableName;
use crate::catalog::Table;
use crate::codec::{ColumnSet, RowReader, Zone, key};
use crate::execute::{Context, Run, Sink};
use crate::limits::ROWS_BETWEEN_CHECKS;
use crate::maintenance::misplaced;
use crate::types::Value;

/// How many rows or entries there are, and what their hashes add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    count: u64,
    sum: u64,
}

impl Tally {
    fn add(&mut self, entry: &[u8]) {
        self.count += 1;
        self.sum = self.sum.wrapping_add(u64::from(crc32fast::hash(entry)));
    }
}

/// Checks the tables, and sends a row for each thing to be said.
///
/// # Errors
/// 1046, 1317, and those of the sink.
pub fn run(names: &[TableName], ctx: &mut Context<'_>, sink: &mut dyn Sink) -> Run<()> {
    ctx.txn.take_snapshot();
    for name in names {
        let database = name.database.as_ref().or(ctx.session.database.as_ref());
        let database = database.ok_or_else(Error::no_database)?.clone();
        let full_name = format!("{database}.{}", name.table);
        let mut say = |kind: &str, text: &str| {
            let row = [full_name.as_str(), "check", kind, text];
            sink.row(&row.map(Value::text))
        };
        if ctx.catalog.is_system_table(&database, &name.table)
            && crate::show::is_system_table(&database, &name.table)
        {
            // It is made up as it is read.
            say("status", "OK")?;
            continue;
        }
        let table = match super::usable(ctx.session, ctx.catalog, &database, &name.table, false) {
            Ok(table) => table,
            Err(error) => {
                say("Error", &error.message)?;
                let (kind, text) = super::failure(&error);
                say(kind, text)?;
                continue;
            }
        };
        let misplaced = misplaced::find(&table, ctx)?;
        for text in &misplaced {
            say("error", text)?;
        }
        if !misplaced.is_empty() {
            continue;
        }
        let problems = check(&table, ctx)?;
        for problem in &problems {
            say("Warning", problem)?;
        }
        if problems.is_empty() { say("status", "OK")? } else { say("error", "Corrupt")? }
    }
    Ok(())
}

/// What is wrong with a table.
fn check(table: &Table, ctx: &mut Context<'_>) -> Run<Vec<String>> {
    if table.partitioned.is_some() {
        let mut problems = Vec::new();
        for leaf in table.stored()? {
            problems.extend(check(leaf, ctx)?);
        }
        return Ok(problems);
    }
    let (rows, expected) = match read_rows(table, ctx)? {
        Ok(read) => read,
        Err(damage) => return Ok(vec![damage.message]),
    };
    let mut problems = Vec::new();
    for (index, expected) in table.indexes.iter().skip(1).zip(expected) {
        let found = read_entries(index, ctx)?;
        if found.count != rows {
            let counts = format!("contains {} entries, should be {rows}", found.count);
            problems.push(format!("InnoDB: Index '{}' {counts}.", index.name));
        } else if found != expected {
            problems.push(format!("InnoDB: Index '{}' has other entries than its rows.", index.name));
        }
    }
    Ok(problems)
}

/// The number of rows, and for each index but the first the entries that it should have; or the damage that a row has.
fn read_rows(table: &Table, ctx: &mut Context<'_>) -> Run<Result<(u64, Vec<Tally>), Error>> {
    let reader = RowReader::new(table, &ColumnSet::all(table.columns.len()));
    let mut expected = vec![Tally::default(); table.indexes.len().saturating_sub(1)];
    let mut rows = 0_u64;
    let Some(primary) = table.indexes.first() else { return Ok(Ok((0, expected))) };
    let mut cursor = ctx.txn.scan(key::index_range(primary.id), Direction::Forward, View::Snapshot);
    while let Some((row_key, stored)) = cursor.next(ctx.txn)? {
        rows += 1;
        if rows.is_multiple_of(u64::from(ROWS_BETWEEN_CHECKS)) {
            ctx.check()?;
        }
        let mut row = vec![Value::Null; table.columns.len()];
        let read = reader.read(table, &row_key, &stored, Zone::UTC, |column, cell| {
            row[column] = cell.into_value(&stored);
        });
        if let Err(damage) = read {
            return Ok(Err(damage));
        }
        for (index, tally) in table.indexes.iter().skip(1).zip(&mut expected) {
            match key::index_entry(table, index, &row, &row_key, Zone::UTC) {
                Ok(entry) => tally.add(&entry.key),
                Err(damage) => return Ok(Err(damage)),
            }
        }
    }
    Ok(Ok((rows, expected)))
}

fn read_entries(index: &crate::catalog::Index, ctx: &mut Context<'_>) -> Run<Tally> {
    let mut found = Tally::default();
    let mut cursor = ctx.txn.scan(key::index_range(index.id), Direction::Forward, View::Snapshot);
    while let Some((entry, _)) = cursor.next(ctx.txn)? {
        found.add(&entry);
        if found.count.is_multiple_of(u64::from(ROWS_BETWEEN_CHECKS)) {
            ctx.check()?;
        }
    }
    Ok(found)
}
