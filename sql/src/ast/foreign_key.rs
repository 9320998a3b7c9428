//! Foreign keys as written.

use crate::ast::{KeyDefinition, KeyKind, KeyPart, TableName};
use crate::catalog::ReferenceAction;

/// `[CONSTRAINT name] FOREIGN KEY [index] (columns) REFERENCES parent [(columns)] …`, also as an attribute of a column.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignKeyDefinition {
    /// CONSTRAINT.
    pub name: Option<String>,
    /// The name after FOREIGN KEY, which the index gets if there is no CONSTRAINT.
    pub index_name: Option<String>,
    /// Columns.
    pub columns: Vec<String>,
    /// The parent; its database is the table's, if none is written.
    pub parent: TableName,
    /// The parent's columns; its primary key's if there are none.
    pub parent_columns: Vec<String>,
    /// ON DELETE.
    pub on_delete: ReferenceAction,
    /// ON UPDATE.
    pub on_update: ReferenceAction,
}

impl ForeignKeyDefinition {
    /// The index that it asks for, which is left out where another one begins with its columns.
    #[must_use]
    pub fn index(&self) -> KeyDefinition {
        let part = |name: &String| KeyPart {
            column: name.clone(),
            expression: None,
            prefix: None,
            descending: false,
        };
        KeyDefinition {
            kind: KeyKind::Index,
            name: self.name.clone().or_else(|| self.index_name.clone()),
            columns: self.columns.iter().map(part).collect(),
            invisible: false,
            generated: true,
            options: super::KeyOptions::default(),
        }
    }
}
