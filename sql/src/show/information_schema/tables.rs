//! TABLES, and PARTITIONS, which has a row for each partition, and one for each table without partitions.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::bind::virtual_table::VirtualTable;
use crate::catalog::Table;
use crate::catalog::partition::{By, Partitioning};
use crate::execute::{Context, Run};
use crate::show::information_schema::CATALOG;
use crate::show::partition;
use crate::show::size;
use crate::show::spec::{ColumnSpec, Row, exact, exact_long, fixed, integer, of, string, text, unsigned};
use crate::show::system_table::{self, MYSQL, PERFORMANCE_SCHEMA};
use crate::types::{DateTime, TypeKind, Value};

pub(super) const TABLES: &[ColumnSpec] = &[
    exact("TABLE_CATALOG", 64),
    exact("TABLE_SCHEMA", 64),
    exact("TABLE_NAME", 64),
    exact("TABLE_TYPE", 11),
    text("ENGINE", 64).or_null(),
    integer("VERSION", TypeKind::BigInt).or_null(),
    exact("ROW_FORMAT", 10).or_null(),
    unsigned("TABLE_ROWS", TypeKind::BigInt).or_null(),
    unsigned("AVG_ROW_LENGTH", TypeKind::BigInt).or_null(),
    unsigned("DATA_LENGTH", TypeKind::BigInt).or_null(),
    unsigned("MAX_DATA_LENGTH", TypeKind::BigInt).or_null(),
    unsigned("INDEX_LENGTH", TypeKind::BigInt).or_null(),
    unsigned("DATA_FREE", TypeKind::BigInt).or_null(),
    unsigned("AUTO_INCREMENT", TypeKind::BigInt).or_null(),
    of("CREATE_TIME", TypeKind::Timestamp(0)),
    of("UPDATE_TIME", TypeKind::DateTime(0)).or_null(),
    of("CHECK_TIME", TypeKind::DateTime(0)).or_null(),
    text("TABLE_COLLATION", 64).or_null(),
    integer("CHECKSUM", TypeKind::BigInt).or_null(),
    text("CREATE_OPTIONS", 256).or_null(),
    text("TABLE_COMMENT", 2048).or_null(),
];

pub(super) const PARTITIONS: &[ColumnSpec] = &[
    exact("TABLE_CATALOG", 64),
    exact("TABLE_SCHEMA", 64),
    exact("TABLE_NAME", 64),
    text("PARTITION_NAME", 64).or_null(),
    text("SUBPARTITION_NAME", 64).or_null(),
    unsigned("PARTITION_ORDINAL_POSITION", TypeKind::BigInt).or_null(),
    unsigned("SUBPARTITION_ORDINAL_POSITION", TypeKind::BigInt).or_null(),
    exact("SECONDARY_LOAD", 1).or_null(),
    text("PARTITION_METHOD", 13).or_null(),
    text("SUBPARTITION_METHOD", 13).or_null(),
    exact("PARTITION_EXPRESSION", 2048).or_null(),
    exact("SUBPARTITION_EXPRESSION", 2048).or_null(),
    exact_long("PARTITION_DESCRIPTION", TypeKind::Text).or_null(),
    unsigned("TABLE_ROWS", TypeKind::BigInt).or_null(),
    unsigned("AVG_ROW_LENGTH", TypeKind::BigInt).or_null(),
    unsigned("DATA_LENGTH", TypeKind::BigInt).or_null(),
    unsigned("MAX_DATA_LENGTH", TypeKind::BigInt).or_null(),
    unsigned("INDEX_LENGTH", TypeKind::BigInt).or_null(),
    unsigned("DATA_FREE", TypeKind::BigInt).or_null(),
    of("CREATE_TIME", TypeKind::Timestamp(0)),
    of("UPDATE_TIME", TypeKind::DateTime(0)).or_null(),
    of("CHECK_TIME", TypeKind::DateTime(0)).or_null(),
    integer("CHECKSUM", TypeKind::BigInt).or_null(),
    exact("PARTITION_COMMENT", 2048),
    text("NODEGROUP", 256).or_null(),
    exact("TABLESPACE_NAME", 268).or_null(),
];

/// The tables that the account sees, by database and name.
pub(super) fn rows(ctx: &mut Context) -> Run<Vec<Row>> {
    let catalog = Arc::clone(ctx.catalog);
    let mut rows = Vec::new();
    let authorization = Arc::clone(&ctx.session.authorization);
    for table in catalog.tables().filter(|table| authorization.sees_table(&table.database, &table.name)) {
        rows.push(of_table(table, ctx)?);
    }
    let views = catalog.databases.values().flat_map(|database| database.views.values());
    let views = views.filter(|view| authorization.sees_table(&view.table.database, &view.table.name));
    rows.extend(views.map(|view| of_view(view, ctx)));
    let system = system_table::all().iter();
    let system = system.filter(|table| authorization.sees_table(&table.database, &table.name));
    let system = system.filter(|table| catalog.is_system_table(&table.database, &table.name));
    rows.extend(system.map(|table| of_system_table(table)));
    Ok(rows)
}

/// The row of a stored table.
///
/// # Errors
/// 1105 when the store cannot be read.
pub(in crate::show) fn of_table(table: &Table, ctx: &mut Context) -> Run<Row> {
    let size = size::of_table(table, ctx)?;
    Ok(of_size(table, size, ctx))
}

fn of_size(table: &Table, size: size::Size, ctx: &Context) -> Row {
    let auto_increment = match table.auto_increment_column {
        Some(_) => Value::UInt(table.auto_increment.load(Ordering::Relaxed)),
        None => Value::Null,
    };
    vec![
        fixed(CATALOG),
        string(&table.database),
        string(&table.name),
        fixed("BASE TABLE"),
        // See the remark in `definition`: the engine presents itself as InnoDB.
        fixed("InnoDB"),
        Value::Int(10),
        fixed(table.options.shown_row_format()),
        Value::UInt(size.rows),
        Value::UInt(size.row_bytes),
        Value::UInt(size.data_bytes),
        Value::UInt(0),
        Value::UInt(size.index_bytes),
        Value::UInt(0),
        auto_increment,
        time(table.created_us, ctx),
        Value::Null,
        Value::Null,
        fixed(table.collation.name()),
        Value::Null,
        string(&create_options(table)),
        string(&table.comment),
    ]
}

/// The row of a view.
pub(in crate::show) fn of_view(view: &crate::view::View, ctx: &Context) -> Row {
    let mut row = vec![Value::Null; TABLES.len()];
    row[0] = fixed(CATALOG);
    row[1] = string(&view.table.database);
    row[2] = string(&view.table.name);
    row[3] = fixed("VIEW");
    row[14] = time(view.table.created_us, ctx);
    row[20] = fixed("VIEW");
    row
}

/// Microseconds since the epoch as a time in the session's time zone, whole seconds.
fn time(microseconds: u64, ctx: &Context) -> Value {
    let offset = ctx.session.variables.time_zone;
    let whole = i64::try_from(microseconds - microseconds % 1_000_000).unwrap_or(0);
    DateTime::from_epoch(whole, offset).map_or(Value::Null, Value::DateTime)
}

/// `TABLE_TYPE` of a system table.
pub(in crate::show) fn system_type(table: &VirtualTable) -> &'static str {
    if matches!(&*table.database, PERFORMANCE_SCHEMA | MYSQL) { "BASE TABLE" } else { "SYSTEM VIEW" }
}

/// The row of a system table. It has no time of creation: the start of the epoch stands for it.
pub(in crate::show) fn of_system_table(table: &VirtualTable) -> Row {
    let (engine, row_format, collation) = match (&*table.database, &*table.name) {
        (PERFORMANCE_SCHEMA, _) => ("PERFORMANCE_SCHEMA", "Dynamic", "utf8mb4_0900_ai_ci"),
        (MYSQL, "general_log" | "slow_log") => ("CSV", "Dynamic", "utf8mb3_general_ci"),
        (MYSQL, _) => ("InnoDB", "Dynamic", "utf8mb3_bin"),
        _ => ("", "", ""),
    };
    let or_null = |text: &'static str| if text.is_empty() { Value::Null } else { fixed(text) };
    let created = DateTime::from_epoch(0, 0).map_or(Value::Null, Value::DateTime);
    vec![
        fixed(CATALOG),
        string(&table.database),
        string(&table.name),
        fixed(system_type(table)),
        or_null(engine),
        Value::Int(10),
        or_null(row_format),
        Value::UInt(0),
        Value::UInt(0),
        Value::UInt(0),
        Value::UInt(0),
        Value::UInt(0),
        Value::UInt(0),
        Value::Null,
        created,
        Value::Null,
        Value::Null,
        or_null(collation),
        Value::Null,
        fixed(""),
        fixed(""),
    ]
}

/// `CREATE_OPTIONS`.
fn create_options(table: &Table) -> String {
    let mut options = table.options.create_options();
    if is_shown(table) {
        options.push("partitioned".to_owned());
    }
    options.join(" ")
}

/// Whether `CREATE_OPTIONS` says that the table has partitions: MySQL's does not where they are by KEY ().
fn is_shown(table: &Table) -> bool {
    let definition = table.partitioned.as_ref().map(|partitioned| &partitioned.definition);
    definition.is_some_and(|definition| partition::expression(&definition.by).is_some())
}

/// The row of a partition or subpartition. `row` is its row of TABLES.
fn of_leaf(row: &Row, definition: &Partitioning, position: usize) -> Row {
    let each = definition.leaves_each();
    let (place, within) = (position / each, position % each);
    let Some(part) = definition.partitions.get(place) else { return Row::new() };
    let leaf = part.leaves.get(within).filter(|_| definition.sub.is_some());
    let text = |text: Option<String>| text.map_or(Value::Null, |text| string(&text));
    let number = |number: usize| Value::UInt(number as u64 + 1);
    let description = partition::description(&part.values);
    let method = |by: &By| fixed(partition::method(by.method));
    let mut parts = row[..3].to_vec();
    parts.extend([
        string(&part.name),
        leaf.map_or(Value::Null, |leaf| string(&leaf.name)),
        number(place),
        leaf.map_or(Value::Null, |_| number(within)),
        fixed("0"),
        method(&definition.by),
        definition.sub.as_ref().map_or(Value::Null, method),
        text(partition::expression(&definition.by)),
        text(definition.sub.as_ref().and_then(partition::expression)),
        text((!description.is_empty()).then_some(description)),
    ]);
    parts.extend_from_slice(&row[7..13]);
    parts.extend_from_slice(&row[14..17]);
    parts.push(row[18].clone());
    let comment = leaf.map_or(&part.options.comment, |leaf| &leaf.options.comment);
    parts.extend([string(comment), fixed("default"), Value::Null]);
    parts
}

/// PARTITIONS: of tables without partitions the sizes of TABLES again, everything about partitions NULL.
pub(super) fn partitions(ctx: &mut Context) -> Run<Vec<Row>> {
    let mut out = Vec::new();
    let catalog = Arc::clone(ctx.catalog);
    let authorization = Arc::clone(&ctx.session.authorization);
    let seen = |table: &&Arc<Table>| authorization.sees_table(&table.database, &table.name);
    for table in catalog.tables().filter(seen) {
        if let Some(partitioned) = &table.partitioned {
            for (position, leaf) in partitioned.leaves(table)?.iter().enumerate() {
                let size = size::of_leaf(leaf, ctx)?;
                let row = of_size(leaf, size, ctx);
                out.push(of_leaf(&row, &partitioned.definition, position));
            }
        }
    }
    let partitioned: Vec<&Arc<Table>> =
        catalog.tables().filter(|table| table.partitioned.is_some()).collect();
    for row in rows(ctx)? {
        let is_partitioned = |table: &&Arc<Table>| {
            table.partitioned.is_some()
                && row.get(1) == Some(&string(&table.database))
                && row.get(2) == Some(&string(&table.name))
        };
        if partitioned.iter().any(is_partitioned) {
            continue;
        }
        let mut parts = row[..3].to_vec();
        parts.resize(13, Value::Null);
        // TABLE_ROWS to DATA_FREE, CREATE_TIME to CHECK_TIME, CHECKSUM.
        parts.extend_from_slice(&row[7..13]);
        parts.extend_from_slice(&row[14..17]);
        parts.push(row[18].clone());
        parts.extend([fixed(""), fixed(""), Value::Null]);
        out.push(parts);
    }
    Ok(out)
}
