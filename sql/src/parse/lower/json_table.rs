//! JSON_TABLE: sqlparser's tree of its columns → [`JsonTable`].

use std::sync::Arc;

use sqlparser::ast::{
    Expr as Parsed, JsonTableColumn, JsonTableColumnErrorHandling, TableAlias, Value as ParsedValue,
    ValueWithSpan,
};

use crate::ast::{JsonColumn, JsonOtherwise, JsonTable, Query, QueryBody, Select, SelectItem, TableExpr};
use crate::error::Error;
use crate::json::Path;
use crate::parse::column::bare_type;
use crate::parse::cursor::Cursor;
use crate::parse::lower::Lower;
use crate::parse::source::Source;
use crate::parse::tokens;
use crate::types::{DataType, TypeKind};

impl Lower<'_, '_> {
    /// The table as a derived one, whose query gives the document.
    pub(super) fn json_table(
        &self,
        document: Parsed,
        path: &ValueWithSpan,
        columns: Vec<JsonTableColumn>,
        alias: Option<TableAlias>,
    ) -> crate::Result<TableExpr> {
        let table = JsonTable { path: self.json_path(path)?, columns: self.json_columns(columns)? };
        let item = SelectItem::Expression {
            expr: self.expr(document)?,
            alias: Some("document".to_owned()),
            text: String::new(),
        };
        let select = Select {
            distinct: false,
            calc_found_rows: false,
            items: vec![item],
            from: None,
            filter: None,
            group_by: Vec::new(),
            rollup: false,
            having: None,
            windows: Vec::new(),
        };
        Ok(TableExpr::Derived {
            query: Box::new(Query::of(QueryBody::Select(Box::new(select)))),
            alias: self.table_alias(alias)?,
            columns: Vec::new(),
            lateral: true,
            json_table: Some(Arc::new(table)),
        })
    }

    fn json_columns(&self, columns: Vec<JsonTableColumn>) -> crate::Result<Vec<JsonColumn>> {
        columns.into_iter().map(|column| self.json_column(column)).collect()
    }

    fn json_column(&self, column: JsonTableColumn) -> crate::Result<JsonColumn> {
        let column = match column {
            JsonTableColumn::ForOrdinality(name) => return Ok(JsonColumn::Ordinality(self.name(name)?)),
            JsonTableColumn::Nested(nested) => {
                let columns = self.json_columns(nested.columns)?;
                return Ok(JsonColumn::Nested(JsonTable { path: self.json_path(&nested.path)?, columns }));
            }
            JsonTableColumn::Named(column) => column,
        };
        let name = self.name(column.name)?;
        let text = column.r#type.to_string();
        if text.starts_with("ENUM") || text.starts_with("SET") {
            return Err(Error::not_supported("ENUM, SET and BIT columns of JSON_TABLE"));
        }
        let data_type = self.json_type(&text, &name)?;
        if column.exists && data_type.is_json() {
            return Err(Error::not_supported("EXISTS PATH columns of the type JSON"));
        }
        let path = self.json_path(&column.path)?;
        let on_empty = self.json_otherwise(column.on_empty)?;
        let on_error = self.json_otherwise(column.on_error)?;
        Ok(match column.exists {
            true => JsonColumn::Exists { name, data_type, path },
            false => JsonColumn::Value { name, data_type, path, on_empty, on_error },
        })
    }

    /// A type as CREATE TABLE has it, without what may be behind it.
    fn json_type(&self, text: &str, name: &str) -> crate::Result<DataType> {
        let mut source =
            Source { text: text.as_bytes(), mode: self.source.mode, selects: Vec::new(), locals: None };
        let tokens = tokens::tokenize(&mut source)?;
        let data_type = bare_type(&mut Cursor::new(&source, tokens), name)?;
        if data_type.has_members() || matches!(data_type.kind, TypeKind::Bit(_)) {
            return Err(Error::not_supported("ENUM, SET and BIT columns of JSON_TABLE"));
        }
        Ok(data_type)
    }

    fn json_path(&self, value: &ValueWithSpan) -> crate::Result<Path> {
        match &value.value {
            ParsedValue::SingleQuotedString(text) => Path::parse(text),
            _ => Err(self.source.syntax_span(value.span)),
        }
    }

    fn json_otherwise(&self, given: Option<JsonTableColumnErrorHandling>) -> crate::Result<JsonOtherwise> {
        Ok(match given {
            None | Some(JsonTableColumnErrorHandling::Null) => JsonOtherwise::Null,
            Some(JsonTableColumnErrorHandling::Error) => JsonOtherwise::Error,
            Some(JsonTableColumnErrorHandling::Default(value)) => match value.value {
                ParsedValue::SingleQuotedString(text) => {
                    crate::json::parse(text.as_bytes())
                        .map_err(|invalid| invalid.in_argument(1, "JSON_TABLE"))?;
                    JsonOtherwise::Default(text)
                }
                _ => {
                    return Err(Error::not_supported_by_mysql(
                        "non-string DEFAULT value for a column in a JSON_TABLE expression",
                    ));
                }
            },
        })
    }
}
