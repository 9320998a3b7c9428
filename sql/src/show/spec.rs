//! Columns and values of results that are made here, not read from the store.
//!
//! SHOW results and system tables declare their columns as constants. The types, lengths and NULLability are those that
//! MySQL 9.7 sends (recorded with `golden/record_columns.py`). Names of databases and tables are compared by
//! bytes, as on Linux ([`exact`]); other text without case ([`text`]).
//!
//! Deviations: ENUM and SET columns are text of their length, JSON is LONGTEXT. The collations are MySQL's, `utf8mb3`, so that text of applications can
//! be compared with them; values may have characters that `utf8mb3` has not.

use bytes::Bytes;

use crate::execute::ResultColumn;
use crate::types::{Collation, DataType, TypeKind, Value};

/// One row.
pub(crate) type Row = Vec<Value>;

/// A column as a constant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ColumnSpec {
    /// Name.
    pub(crate) name: &'static str,
    /// Type.
    pub(crate) data_type: DataType,
    /// May be NULL.
    pub(crate) nullable: bool,
}

/// Text compared without case, of so many characters.
pub(crate) const fn text(name: &'static str, characters: u32) -> ColumnSpec {
    of(name, TypeKind::VarChar(characters)).collate(Collation::Utf8mb3GeneralCi)
}

/// Text compared by bytes, of so many characters.
pub(crate) const fn exact(name: &'static str, characters: u32) -> ColumnSpec {
    of(name, TypeKind::VarChar(characters)).collate(Collation::Utf8mb3Bin)
}

/// Text of one of the TEXT types, compared without case.
pub(crate) const fn long(name: &'static str, kind: TypeKind) -> ColumnSpec {
    of(name, kind).collate(Collation::Utf8mb3GeneralCi)
}

/// Text of one of the TEXT types, compared by bytes.
pub(crate) const fn exact_long(name: &'static str, kind: TypeKind) -> ColumnSpec {
    of(name, kind).collate(Collation::Utf8mb3Bin)
}

/// A signed integer.
pub(crate) const fn integer(name: &'static str, kind: TypeKind) -> ColumnSpec {
    of(name, kind)
}

/// An unsigned integer.
pub(crate) const fn unsigned(name: &'static str, kind: TypeKind) -> ColumnSpec {
    let column = of(name, kind);
    ColumnSpec { data_type: column.data_type.with_unsigned(true), ..column }
}

/// A column that is always NULL.
pub(crate) const fn null(name: &'static str) -> ColumnSpec {
    of(name, TypeKind::Null).or_null()
}

/// A column of any other type.
pub(crate) const fn of(name: &'static str, kind: TypeKind) -> ColumnSpec {
    ColumnSpec { name, data_type: DataType::of(kind), nullable: false }
}

impl ColumnSpec {
    /// The same, with NULLs.
    pub(crate) const fn or_null(self) -> ColumnSpec {
        ColumnSpec { nullable: true, ..self }
    }

    /// The same, with a collation.
    pub(crate) const fn collate(self, collation: Collation) -> ColumnSpec {
        ColumnSpec { data_type: self.data_type.with_collation(collation), ..self }
    }

    /// The column as a result shows it.
    pub(crate) fn to_result_column(self) -> ResultColumn {
        ResultColumn::computed(self.name, self.data_type, self.nullable)
    }
}

/// The columns as a result shows them.
pub(crate) fn result_columns(specs: &[ColumnSpec]) -> Vec<ResultColumn> {
    specs.iter().map(|spec| spec.to_result_column()).collect()
}

/// A text known when this was compiled.
pub(crate) fn fixed(text: &'static str) -> Value {
    Value::Text(Bytes::from_static(text.as_bytes()))
}

/// A text.
pub(crate) fn string(text: &str) -> Value {
    Value::Text(Bytes::copy_from_slice(text.as_bytes()))
}

/// A text or NULL.
pub(crate) fn optional(text: Option<&str>) -> Value {
    text.map_or(Value::Null, string)
}

/// YES or the word for no.
pub(crate) fn yes_or(no: &'static str, yes: bool) -> Value {
    fixed(if yes { "YES" } else { no })
}
