//! Key parts that are expressions: each is a hidden generated column behind the table's others.

use crate::ast::{Expr, KeyDefinition, KeyKind, KeyPart};
use crate::catalog::{Column, ColumnDefault, Generated, same_name};
use crate::ddl::definition::check_identifier_length;
use crate::error::{Error, Result};
use crate::types::{DataType, TypeKind};

use super::definition::index_part;

/// Longer text is a TEXT to MySQL, which cannot be indexed whole.
const INDEXED_CHARACTERS_MAX: u32 = 512;

fn mysql(code: u16, message: String) -> Error {
    Error { code, state: *b"HY000", message }
}

/// Turns the expressions among a key's parts into hidden columns, which are added to `columns`. Gives the key over those; none when
/// it has no expressions. `taken` are the names of the other keys.
///
/// # Errors
/// 1054, 3754, 3756 to 3758, 3761, 3762, 3800, and those of binding.
pub fn hide_expressions(
    definition: &KeyDefinition,
    columns: &mut Vec<Column>,
    taken: &[String],
) -> Result<Option<KeyDefinition>> {
    if definition.columns.iter().all(|part| part.expression.is_none()) {
        return Ok(None);
    }
    if definition.kind == KeyKind::Primary {
        return Err(mysql(3756, "The primary key cannot be a functional index".to_owned()));
    }
    let name = match &definition.name {
        Some(name) => {
            check_identifier_length(name)?;
            name.clone()
        }
        None => free_name(taken),
    };
    let mut parts = Vec::with_capacity(definition.columns.len());
    for (number, part) in definition.columns.iter().enumerate() {
        let Some(expression) = &part.expression else {
            parts.push(part.clone());
            continue;
        };
        let column = hidden_column(expression, &name, number, columns)?;
        parts.push(KeyPart { column: column.name.clone(), expression: None, ..part.clone() });
        columns.push(column);
    }
    Ok(Some(KeyDefinition { name: Some(name), columns: parts, ..definition.clone() }))
}

/// `functional_index`, with a number if that is taken.
fn free_name(taken: &[String]) -> String {
    let is_taken = |name: &str| taken.iter().any(|other| same_name(other, name));
    let base = "functional_index";
    if !is_taken(base) {
        return base.to_owned();
    }
    (2..).map(|number: u32| format!("{base}_{number}")).find(|name| !is_taken(name)).unwrap_or_default()
}

fn hidden_column(expr: &Expr, index: &str, part: usize, columns: &[Column]) -> Result<Column> {
    let (text, bound) = index_part(expr, index, columns)?;
    let data_type = bound.data_type();
    check_type(&data_type, &text)?;
    let taken = |name: &str| columns.iter().any(|column| same_name(&column.name, name));
    let mut names = (0..).map(|number: u32| format!("!hidden!{index}!{part}!{number}"));
    let name = names.find(|name| !taken(name)).unwrap_or_default();
    Ok(Column {
        name,
        members: None,
        data_type,
        nullable: true,
        default: ColumnDefault::None,
        on_update_now: false,
        auto_increment: false,
        comment: String::new(),
        generated: Some(Generated { expression: text.into(), stored: false }),
        invisible: false,
        hidden: true,
    })
}

fn check_type(data_type: &DataType, text: &str) -> Result<()> {
    let is_long = data_type.bytes_max().is_some()
        || (data_type.is_string() && data_type.characters() > INDEXED_CHARACTERS_MAX);
    if is_long {
        let message = "Cannot create a functional index on an expression that returns a BLOB or TEXT. Please \
                       consider using CAST.";
        return Err(mysql(3757, message.to_owned()));
    }
    if data_type.kind == TypeKind::Null || (data_type.is_string() && data_type.characters() == 0) {
        return Err(mysql(3761, format!("The used storage engine cannot index the expression '{text}'.")));
    }
    Ok(())
}
