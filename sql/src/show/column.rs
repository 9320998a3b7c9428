//! SHOW COLUMNS, DESCRIBE and SHOW INDEX.

use crate::ast::TableName;
use crate::execute::{Context, Run};
use crate::show::information_schema::{columns as all_columns, statistics};
use crate::show::spec::{ColumnSpec, Row, exact, exact_long, integer, null, text, unsigned};
use crate::show::{Found, project, table_of};
use crate::types::{TypeKind, Value};

pub(super) const COLUMNS: &[ColumnSpec] = &[
    text("Field", 64).or_null(),
    exact_long("Type", TypeKind::MediumText),
    text("Null", 3),
    exact("Key", 3),
    exact_long("Default", TypeKind::Text).or_null(),
    text("Extra", 256).or_null(),
];
pub(super) const FULL_COLUMNS: &[ColumnSpec] = &[
    text("Field", 64).or_null(),
    exact_long("Type", TypeKind::MediumText),
    text("Collation", 64).or_null(),
    text("Null", 3),
    exact("Key", 3),
    exact_long("Default", TypeKind::Text).or_null(),
    text("Extra", 256).or_null(),
    text("Privileges", 154).or_null(),
    exact_long("Comment", TypeKind::Text),
];
pub(super) const INDEX: &[ColumnSpec] = &[
    exact("Table", 64),
    integer("Non_unique", TypeKind::Int),
    text("Key_name", 64).or_null(),
    unsigned("Seq_in_index", TypeKind::Int),
    text("Column_name", 64).or_null(),
    text("Collation", 1).or_null(),
    integer("Cardinality", TypeKind::BigInt).or_null(),
    integer("Sub_part", TypeKind::BigInt).or_null(),
    null("Packed"),
    text("Null", 3),
    exact("Index_type", 11),
    text("Comment", 8),
    exact("Index_comment", 2048),
    text("Visible", 3),
    exact_long("Expression", TypeKind::LongText).or_null(),
];

/// Position of EXTRA in information_schema.COLUMNS.
const EXTRA: usize = 17;

/// `SHOW [FULL] COLUMNS`.
///
/// # Errors
/// 1046, 1049, 1146.
pub(super) fn columns(name: &TableName, full: bool, ctx: &mut Context) -> Run<Vec<Row>> {
    let found = table_of(name, ctx)?;
    check_view(name, ctx)?;
    let rows = match found {
        Found::Base(table) => {
            let mut rows = all_columns::of_table(&table, ctx);
            if table.is_temporary() {
                rows.iter_mut().for_each(empty_extra_is_a_word);
            }
            rows
        }
        Found::System(table) => all_columns::of_system_table(&table),
    };
    // Positions in information_schema.COLUMNS.
    Ok(project(rows, if full { &[3, 15, 14, 6, 16, 5, 17, 18, 19] } else { &[3, 15, 6, 16, 5, 17] }))
}

/// The columns of a view are shown while its query can be bound.
fn check_view(name: &TableName, ctx: &Context) -> Run<()> {
    let database = name.database.as_deref().or(ctx.session.database.as_deref()).unwrap_or_default();
    let found = ctx.catalog.databases.get(database).and_then(|found| found.views.get(&name.table));
    if let Some(view) = found {
        let needs = crate::authorization::Needs::default();
        crate::view::bind::bind(&crate::bind::Binder::new(ctx.catalog, ctx.session, &needs), view, None)?;
    }
    Ok(())
}

/// MySQL fills these rows in another way for temporary tables, with the word where others have nothing.
fn empty_extra_is_a_word(row: &mut Row) {
    let extra = row.get_mut(EXTRA).filter(|extra| matches!(extra, Value::Text(text) if text.is_empty()));
    if let Some(extra) = extra {
        *extra = Value::text("NULL");
    }
}

/// SHOW INDEX.
///
/// # Errors
/// 1046, 1049, 1146.
pub(super) fn indexes(name: &TableName, ctx: &mut Context) -> Run<Vec<Row>> {
    let rows = match table_of(name, ctx)? {
        Found::Base(table) => statistics::of_table(&table),
        Found::System(_) => Vec::new(),
    };
    // Positions in information_schema.STATISTICS.
    Ok(project(rows, &[2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]))
}
