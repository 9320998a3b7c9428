//! What MySQL keeps beside the other tables: the `…_EXTENSIONS`, whose attributes no engine here has, the words of the grammar, and
//! the columns of geometry, of which there are none.

use std::collections::BTreeSet;

use crate::execute::{Context, Run};
use crate::show::definition;
use crate::show::information_schema::{CATALOG, columns, empty, tables};
use crate::show::spec::{ColumnSpec, Row, exact, exact_long, fixed, integer, of, string, text, unsigned};
use crate::show::system_table::SystemTable;
use crate::types::{DataType, TypeKind, Value};

/// A document, or NULL.
const fn json(name: &'static str) -> ColumnSpec {
    ColumnSpec { data_type: DataType::JSON, ..of(name, TypeKind::Json) }.or_null()
}

const KEYWORDS: &[ColumnSpec] = &[text("WORD", 128).or_null(), integer("RESERVED", TypeKind::Int).or_null()];

const SCHEMATA: &[ColumnSpec] =
    &[exact("CATALOG_NAME", 64), exact("SCHEMA_NAME", 64), text("OPTIONS", 256).or_null()];

const TABLES_EXTENSIONS: &[ColumnSpec] = &[
    exact("TABLE_CATALOG", 64),
    exact("TABLE_SCHEMA", 64),
    exact("TABLE_NAME", 64),
    json("ENGINE_ATTRIBUTE"),
    json("SECONDARY_ENGINE_ATTRIBUTE"),
];

const COLUMNS: &[ColumnSpec] = &[
    exact("TABLE_CATALOG", 64),
    exact("TABLE_SCHEMA", 64),
    exact("TABLE_NAME", 64),
    text("COLUMN_NAME", 64).or_null(),
    json("ENGINE_ATTRIBUTE"),
    json("SECONDARY_ENGINE_ATTRIBUTE"),
];

const CONSTRAINTS: &[ColumnSpec] = &[
    exact("CONSTRAINT_CATALOG", 64),
    exact("CONSTRAINT_SCHEMA", 64),
    text("CONSTRAINT_NAME", 64),
    exact("TABLE_NAME", 64),
    json("ENGINE_ATTRIBUTE"),
    json("SECONDARY_ENGINE_ATTRIBUTE"),
];

const GEOMETRY_COLUMNS: &[ColumnSpec] = &[
    exact("TABLE_CATALOG", 64),
    exact("TABLE_SCHEMA", 64),
    exact("TABLE_NAME", 64),
    text("COLUMN_NAME", 64).or_null(),
    text("SRS_NAME", 80).or_null(),
    unsigned("SRS_ID", TypeKind::Int).or_null(),
    exact_long("GEOMETRY_TYPE_NAME", TypeKind::LongText).or_null(),
];

const LIBRARIES: &[ColumnSpec] = &[
    exact("LIBRARY_CATALOG", 64),
    exact("LIBRARY_SCHEMA", 64),
    text("LIBRARY_NAME", 64),
    exact_long("LIBRARY_DEFINITION", TypeKind::LongText).or_null(),
    exact("LANGUAGE", 64),
    of("CREATED", TypeKind::Timestamp(0)),
    of("LAST_ALTERED", TypeKind::Timestamp(0)),
    exact("SQL_MODE", 520),
    exact_long("LIBRARY_COMMENT", TypeKind::Text),
    exact("CREATOR", 288),
];

const ROUTINE_LIBRARIES: &[ColumnSpec] = &[
    exact("ROUTINE_CATALOG", 64),
    exact("ROUTINE_SCHEMA", 64),
    text("ROUTINE_NAME", 64),
    exact("ROUTINE_TYPE", 9),
    text("LIBRARY_CATALOG", 64).or_null(),
    text("LIBRARY_SCHEMA", 100).or_null(),
    text("LIBRARY_NAME", 100).or_null(),
    text("LIBRARY_VERSION", 100).or_null(),
];

const VIEW_TABLE_USAGE: &[ColumnSpec] = &[
    exact("VIEW_CATALOG", 64),
    exact("VIEW_SCHEMA", 64),
    exact("VIEW_NAME", 64),
    exact("TABLE_CATALOG", 64),
    exact("TABLE_SCHEMA", 64),
    exact("TABLE_NAME", 64),
];

/// The tables.
pub(in crate::show) const TABLES: &[SystemTable] = &[
    SystemTable { name: "COLUMNS_EXTENSIONS", columns: COLUMNS, rows: of_columns },
    SystemTable { name: "KEYWORDS", columns: KEYWORDS, rows: keywords },
    // There are no libraries; mysqldump 9 asks.
    SystemTable { name: "LIBRARIES", columns: LIBRARIES, rows: empty },
    SystemTable { name: "ROUTINE_LIBRARIES", columns: ROUTINE_LIBRARIES, rows: empty },
    SystemTable { name: "SCHEMATA_EXTENSIONS", columns: SCHEMATA, rows: of_schemata },
    SystemTable { name: "ST_GEOMETRY_COLUMNS", columns: GEOMETRY_COLUMNS, rows: empty },
    SystemTable { name: "TABLES_EXTENSIONS", columns: TABLES_EXTENSIONS, rows: of_tables },
    SystemTable { name: "TABLE_CONSTRAINTS_EXTENSIONS", columns: CONSTRAINTS, rows: of_constraints },
    SystemTable { name: "VIEW_TABLE_USAGE", columns: VIEW_TABLE_USAGE, rows: view_tables },
];

/// The words of MySQL 9.7's grammar, in its order; ` R` behind the reserved ones.
const WORDS: &str = include_str!("keywords.txt");

fn keywords(_: &mut Context) -> Run<Vec<Row>> {
    let row = |line: &'static str| match line.strip_suffix(" R") {
        Some(word) => vec![fixed(word), Value::Int(1)],
        None => vec![fixed(line), Value::Int(0)],
    };
    Ok(WORDS.lines().map(row).collect())
}

fn of_schemata(ctx: &mut Context) -> Run<Vec<Row>> {
    let mut names = ctx.catalog.database_names();
    names.retain(|name| ctx.session.authorization.sees_database(name));
    Ok(names.into_iter().map(|name| vec![fixed(CATALOG), string(name), fixed("")]).collect())
}

/// The tables and views that each view names, of those that the account sees both.
fn view_tables(ctx: &mut Context) -> Run<Vec<Row>> {
    let authorization = &ctx.session.authorization;
    let mut rows = Vec::new();
    for view in ctx.catalog.databases.values().flat_map(|database| database.views.values()) {
        let own = &view.table;
        let mut named = BTreeSet::new();
        crate::view::statement::tables_of(&view.query, &mut |database, table, _| {
            named.insert((database.unwrap_or(&own.database).to_owned(), table.to_owned()));
        });
        // A name that is no table is one of WITH, or gone.
        named.retain(|(database, table)| {
            ctx.catalog.databases.get(database).is_some_and(|database| {
                database.tables.contains_key(table) || database.views.contains_key(table)
            })
        });
        named.retain(|(database, table)| authorization.sees_table(database, table));
        if authorization.sees_table(&own.database, &own.name) {
            rows.extend(named.iter().map(|(database, table)| {
                let catalog = || fixed(CATALOG);
                vec![
                    catalog(),
                    string(&own.database),
                    string(&own.name),
                    catalog(),
                    string(database),
                    string(table),
                ]
            }));
        }
    }
    Ok(rows)
}

/// The first `count` columns of rows, and two attributes that are NULL.
fn with_attributes(rows: Vec<Row>, count: usize) -> Vec<Row> {
    let row = |mut row: Row| {
        row.truncate(count);
        row.extend([Value::Null, Value::Null]);
        row
    };
    rows.into_iter().map(row).collect()
}

fn of_tables(ctx: &mut Context) -> Run<Vec<Row>> {
    let rows = tables::rows(ctx)?;
    Ok(with_attributes(rows, 3))
}

fn of_columns(ctx: &mut Context) -> Run<Vec<Row>> {
    let rows = columns::rows(ctx)?;
    Ok(with_attributes(rows, 4))
}

/// Keys of all kinds; MySQL has no row for a check.
fn of_constraints(ctx: &mut Context) -> Run<Vec<Row>> {
    let authorization = &ctx.session.authorization;
    let mut rows = Vec::new();
    for table in ctx.catalog.tables().filter(|table| authorization.sees_table(&table.database, &table.name)) {
        for index in definition::keys(table) {
            let names = [table.database.as_str(), &index.name, &table.name].map(string);
            rows.push([fixed(CATALOG)].into_iter().chain(names).chain([Value::Null, Value::Null]).collect());
        }
    }
    Ok(rows)
}
