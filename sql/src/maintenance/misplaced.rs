//! CHECK TABLE of partitions: rows that lie in another one than theirs, as `EXCHANGE PARTITION … WITHOUT VALIDATION` can bring them.
//!
//! MySQL ends with the first of them, and so does this.

use storage::engine::Direction;
use storage::txn::View;

use crate::catalog::Table;
use crate::catalog::partition::Partitioned;
use crate::catalog::partition::place::is_without_place;
use crate::codec::{ColumnSet, RowReader, Zone, key};
use crate::execute::{Context, Interrupt, Run};
use crate::limits::ROWS_BETWEEN_CHECKS;
use crate::types::{Value, text};

/// What is to be said of the first misplaced row of a table; nothing where each row is where it belongs.
///
/// # Errors
/// Those of reading and of the expressions of the partitions; 1317.
pub(super) fn find(table: &Table, ctx: &mut Context<'_>) -> Run<Vec<String>> {
    let Some(partitioned) = &table.partitioned else { return Ok(Vec::new()) };
    let leaves = partitioned.leaves(table)?;
    for (position, leaf) in leaves.iter().enumerate() {
        let Some(found) = in_leaf(table, partitioned, (position, leaf), ctx)? else { continue };
        let name = partitioned.definition.leaves().nth(position).map_or("", |leaf| leaf.name.as_str());
        let kind = if partitioned.definition.sub.is_some() { "Subpartition" } else { "Partition" };
        let returned = format!("{kind} {name} returned error");
        return Ok(match found {
            Misplaced::Nowhere => vec![returned, "Unknown - internal error 160 during operation".to_owned()],
            Misplaced::Elsewhere(text) => {
                let advice = format!(
                    "Table upgrade required. Please do \"REPAIR TABLE `{}`\" or dump/reload to fix it!",
                    table.name
                );
                vec![text, returned, advice]
            }
        });
    }
    Ok(Vec::new())
}

enum Misplaced {
    /// It belongs to no partition.
    Nowhere,
    /// It belongs to another one: the row about it.
    Elsewhere(String),
}

fn in_leaf(
    table: &Table,
    partitioned: &Partitioned,
    (position, leaf): (usize, &Table),
    ctx: &mut Context<'_>,
) -> Run<Option<Misplaced>> {
    let mut columns: Vec<usize> = partitioned.rule(table)?.columns.clone();
    columns.extend(partitioned.sub_rule(table)?.into_iter().flat_map(|rule| &rule.columns));
    columns.sort_unstable();
    columns.dedup();
    let wanted: ColumnSet = columns.iter().copied().collect();
    let reader = RowReader::new(leaf, &wanted);
    let Some(primary) = leaf.indexes.first() else { return Ok(None) };
    let mut cursor = ctx.txn.scan(key::index_range(primary.id), Direction::Forward, View::Snapshot);
    let (mut rows, mut row) = (0_u64, vec![Value::Null; table.columns.len()]);
    while let Some((row_key, stored)) = cursor.next(ctx.txn)? {
        rows += 1;
        if rows.is_multiple_of(u64::from(ROWS_BETWEEN_CHECKS)) {
            ctx.check()?;
        }
        let zone = Zone::of(ctx.session);
        let read = reader.read(leaf, &row_key, &stored, zone, |column, cell| {
            row[column] = cell.into_value(&stored);
        });
        if read.is_err() {
            // That is told of by itself.
            return Ok(None);
        }
        match partitioned.leaf_of_row(table, &row, ctx) {
            Ok(place) if place == position => {}
            Ok(place) => {
                let mut text =
                    format!("Found a misplaced row in part {position} should be in part {place}:\n");
                for column in &columns {
                    let definition = &table.columns[*column];
                    let value = text::to_text(&row[*column], &definition.data_type);
                    let value =
                        value.map_or("NULL".into(), |value| String::from_utf8_lossy(&value).into_owned());
                    text.push_str(&format!(" {}:{value}", definition.name));
                }
                return Ok(Some(Misplaced::Elsewhere(text)));
            }
            Err(Interrupt::Error(error)) if is_without_place(&error) => return Ok(Some(Misplaced::Nowhere)),
            Err(other) => return Err(other),
        }
    }
    Ok(None)
}
