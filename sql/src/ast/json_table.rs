//! JSON_TABLE as written: its path and columns. (MySQL 8.4 Reference Manual, "JSON Table Functions".)

use crate::json::Path;
use crate::types::DataType;

/// The rows that a path gives, and the columns of each; also NESTED PATH.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonTable {
    /// Where the rows are.
    pub path: Path,
    /// The columns, at least one.
    pub columns: Vec<JsonColumn>,
}

/// A column, or the columns of NESTED PATH.
#[derive(Clone, Debug, PartialEq)]
pub enum JsonColumn {
    /// FOR ORDINALITY: the row's number.
    Ordinality(String),
    /// A value.
    Value {
        /// Name.
        name: String,
        /// Type.
        data_type: DataType,
        /// Where it is in the row.
        path: Path,
        /// What there is where the path finds nothing.
        on_empty: JsonOtherwise,
        /// What there is where what it finds is no value of the type.
        on_error: JsonOtherwise,
    },
    /// EXISTS PATH: whether the path finds anything.
    Exists {
        /// Name.
        name: String,
        /// Type.
        data_type: DataType,
        /// Where it is looked for.
        path: Path,
    },
    /// NESTED PATH.
    Nested(JsonTable),
}

/// ON EMPTY, ON ERROR.
#[derive(Clone, Debug, PartialEq)]
pub enum JsonOtherwise {
    /// NULL.
    Null,
    /// ERROR.
    Error,
    /// DEFAULT, a document as text.
    Default(String),
}

/// A column of the table.
#[derive(Clone, Copy, Debug)]
pub struct JsonTableColumn<'a> {
    /// Name.
    pub name: &'a str,
    /// Type.
    pub data_type: DataType,
}

impl JsonTable {
    /// All columns in their order, those of nested paths among them.
    #[must_use]
    pub fn flat(&self) -> Vec<JsonTableColumn<'_>> {
        let mut out = Vec::new();
        for column in &self.columns {
            match column {
                JsonColumn::Ordinality(name) => {
                    out.push(JsonTableColumn { name, data_type: DataType::BIGINT });
                }
                JsonColumn::Value { name, data_type, .. } | JsonColumn::Exists { name, data_type, .. } => {
                    out.push(JsonTableColumn { name, data_type: *data_type });
                }
                JsonColumn::Nested(nested) => out.extend(nested.flat()),
            }
        }
        out
    }

    /// Calls `change` with every type.
    pub fn each_type(&mut self, change: &mut dyn FnMut(&mut DataType)) {
        for column in &mut self.columns {
            match column {
                JsonColumn::Ordinality(_) => {}
                JsonColumn::Value { data_type, .. } | JsonColumn::Exists { data_type, .. } => {
                    change(data_type)
                }
                JsonColumn::Nested(nested) => nested.each_type(change),
            }
        }
    }
}
