//! The tables of performance_schema about what is measured, which is nothing: `performance_schema` is OFF here, and so they are empty, as they
//! are in a MySQL that was started that way. A few are about what is known without measuring, and have rows: who waits for which lock, and the connections.
//!
//! The list was recorded from MySQL 9.7: those of 8.4's tables that have no rows there with `performance_schema` OFF. Left out: those that have
//! some (`variables_info`, `log_status` and others), which stay refused unless [`performance_schema`](super::performance_schema) has them.

use crate::bind::virtual_table::{RowSource, VirtualTable};
use crate::execute::{Context, ResultColumn, Run};
use crate::show::spec::Row;
use crate::show::system_table::PERFORMANCE_SCHEMA;
use crate::show::{locks, processes};
use crate::types::{Collation, DataType, TypeKind};

/// A table a line, behind it its columns: a tab, the name, a tab, the type, and `NULL` behind another tab where that is allowed.
const TABLES: &str = include_str!("instruments.txt");

/// The tables.
pub(super) fn tables() -> Vec<VirtualTable> {
    let mut tables: Vec<VirtualTable> = Vec::new();
    for line in TABLES.lines() {
        match (line.strip_prefix('\t'), tables.last_mut()) {
            (Some(column), Some(table)) => table.columns.push(self::column(&table.name, column)),
            _ => tables.push(VirtualTable {
                database: PERFORMANCE_SCHEMA.to_owned(),
                name: line.to_owned(),
                columns: Vec::new(),
                rows: rows_of(line),
            }),
        }
    }
    tables
}

/// What makes the rows of those that are not about measuring.
fn rows_of(table: &str) -> RowSource {
    match table {
        "data_lock_waits" => locks::data_lock_waits,
        "data_locks" => locks::data_locks,
        "metadata_locks" => locks::metadata_locks,
        "threads" => processes::threads,
        _ => empty,
    }
}

fn empty(_: &mut Context<'_>) -> Run<Vec<Row>> {
    Ok(Vec::new())
}

fn column(table: &str, line: &str) -> ResultColumn {
    let mut fields = line.split('\t');
    let name = fields.next().unwrap_or_default();
    let data_type = data_type(fields.next().unwrap_or_default());
    ResultColumn {
        original_name: name.to_owned(),
        table: table.to_owned(),
        original_table: table.to_owned(),
        database: PERFORMANCE_SCHEMA.to_owned(),
        ..ResultColumn::computed(name, data_type, fields.next().is_some())
    }
}

/// The type of a `COLUMN_TYPE`; ENUM and SET are text of their members' length, as in all system tables.
fn data_type(text: &str) -> DataType {
    let (kind, rest) = text.split_once(['(', ' ']).unwrap_or((text, ""));
    let length: u32 = rest.split(')').next().and_then(|digits| digits.parse().ok()).unwrap_or(0);
    let of_text = |kind: TypeKind| DataType::of(kind).with_collation(Collation::default());
    match kind {
        "bigint" => DataType::BIGINT.with_unsigned(rest == "unsigned"),
        "int" => DataType::INT.with_unsigned(rest == "unsigned"),
        "double" => DataType::DOUBLE,
        "timestamp" => DataType::of(TypeKind::Timestamp(length.min(6) as u8)),
        "json" => DataType::JSON,
        "longblob" => DataType::LONGBLOB,
        "longtext" => of_text(TypeKind::LongText),
        "text" => of_text(TypeKind::Text),
        "char" => of_text(TypeKind::Char(length)),
        "enum" => {
            let longest =
                rest.split(',').map(|member| member.trim_matches(['\'', ')']).chars().count()).max();
            of_text(TypeKind::VarChar(longest.unwrap_or(0) as u32))
        }
        "set" => {
            let all = rest.chars().filter(|character| !matches!(character, '\'' | ')')).count();
            of_text(TypeKind::VarChar(all as u32))
        }
        _ => of_text(TypeKind::VarChar(length)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bind::not_built::is_of_mysql;
    use crate::show::{definition, performance_schema};

    #[test]
    fn every_table_is_one_of_mysql_and_has_columns_of_known_types() {
        let tables = tables();
        assert_eq!(tables.len(), 98);
        for table in &tables {
            assert!(is_of_mysql(PERFORMANCE_SCHEMA, &table.name), "{}", table.name);
            assert!(!table.columns.is_empty(), "{}", table.name);
            assert!(
                performance_schema::TABLES.iter().all(|other| other.name != table.name),
                "{}",
                table.name
            );
        }
        for line in TABLES.lines().filter_map(|line| line.strip_prefix('\t')) {
            let text = line.split('\t').nth(1).unwrap_or_default();
            let known = ["double(10,3)", "double(7,6)"].contains(&text)
                || text.starts_with("enum(")
                || text.starts_with("set(");
            assert!(known || definition::type_text(&data_type(text)) == text, "{text}");
        }
    }
}
