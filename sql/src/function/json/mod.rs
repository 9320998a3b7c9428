//! The JSON functions. (MySQL 8.4 Reference Manual, "JSON Functions".)
//!
//! A document among the arguments is a value of type JSON, or text that is parsed; anything else is refused (3146). A value that goes
//! *into* a document is the scalar that it is: text becomes a string and is not parsed, what is true or false becomes a boolean.

mod change;
mod make;
mod read;
mod schema;
mod table;
mod value;

use std::borrow::Cow;

use bytes::Bytes;

use crate::error::Error;
use crate::execute::Run;
use crate::expression::Expression;
use crate::function::{Call, Function};
use crate::json::tree::{Tree, binary_text, field_type};
use crate::json::{Path, View, encode, parse};
use crate::types::text::{as_str, to_text};
use crate::types::{Collation, DataType, TypeKind, Value};

pub use table::json_table_rows;

/// All JSON functions.
pub(super) fn functions() -> impl Iterator<Item = &'static Function> {
    [make::FUNCTIONS, read::FUNCTIONS, change::FUNCTIONS, schema::FUNCTIONS, value::FUNCTIONS]
        .into_iter()
        .flatten()
}

/// A call's name in messages.
fn name_of(call: &Call<'_>) -> String {
    call.name.to_lowercase().replace("cast as json", "cast_as_json")
}

/// Result types.
mod gives {
    use super::{Collation, DataType, Expression};

    pub(super) fn json(_: &[Expression], _: Collation) -> DataType {
        DataType::JSON
    }

    /// Text of any length.
    pub(super) fn text(_: &[Expression], _: Collation) -> DataType {
        DataType::varchar(u32::MAX / 4, Collation::Utf8mb4Bin)
    }

    /// Each character may become six, and two quotes.
    pub(super) fn quoted(arguments: &[Expression], _: Collation) -> DataType {
        let characters = arguments.first().map_or(0, |argument| argument.data_type().characters());
        DataType::varchar(characters.saturating_mul(6).saturating_add(2), Collation::Utf8mb4Bin)
    }

    /// As long as the argument.
    pub(super) fn unquoted(arguments: &[Expression], _: Collation) -> DataType {
        let characters = arguments.first().map_or(0, |argument| argument.data_type().characters());
        DataType::varchar(characters, Collation::Utf8mb4Bin)
    }

    /// A name of JSON_TYPE.
    pub(super) fn type_name(_: &[Expression], _: Collation) -> DataType {
        DataType::varchar(17, Collation::Utf8mb4Bin)
    }
}

/// Error 3146.
fn not_json(position: usize, name: &str) -> Error {
    Error {
        code: 3146,
        state: *b"22032",
        message: format!(
            "Invalid data type for JSON data in argument {position} to function {name}; a JSON string or JSON type is required."
        ),
    }
}

/// The argument at `position` (from 0) as a document; None for NULL.
fn document(call: &Call<'_>, values: &[Value], position: usize) -> Run<Option<Bytes>> {
    Ok(match &values[position] {
        Value::Null => None,
        Value::Json(document) => Some(document.clone()),
        Value::Text(text) => {
            let tree = parse(text).map_err(|invalid| invalid.in_argument(position + 1, &name_of(call)))?;
            Some(encode::encode(&tree)?)
        }
        Value::Blob(_) => return Err(binary_text().into()),
        Value::Int(_)
        | Value::UInt(_)
        | Value::Double(_)
        | Value::Decimal(_)
        | Value::Date(_)
        | Value::Time(_)
        | Value::DateTime(_) => return Err(not_json(position + 1, &name_of(call)).into()),
    })
}

/// As [`document`], to be changed.
fn tree(call: &Call<'_>, values: &[Value], position: usize) -> Run<Option<Tree>> {
    match &values[position] {
        Value::Text(text) => {
            let tree = parse(text).map_err(|invalid| invalid.in_argument(position + 1, &name_of(call)))?;
            Ok(Some(tree))
        }
        _ => Ok(document(call, values, position)?.map(|document| View::of_document(&document).to_tree())),
    }
}

/// Whether an expression is true or false rather than a number: a comparison, a logical operator, TRUE.
fn is_boolean(expression: &Expression) -> bool {
    match expression {
        Expression::Not(_)
        | Expression::And(_)
        | Expression::Or(_)
        | Expression::Xor(..)
        | Expression::Compare { .. }
        | Expression::IsNull { .. }
        | Expression::IsTruth { .. }
        | Expression::Between { .. }
        | Expression::InList { .. }
        | Expression::InSubquery { .. }
        | Expression::Exists { .. }
        | Expression::Like { .. }
        | Expression::Regexp { .. } => true,
        Expression::Constant { value: Value::Int(0 | 1), data_type } => data_type.display_width == 1,
        Expression::Call { function, .. } => matches!(
            function.name,
            "JSON_CONTAINS"
                | "JSON_CONTAINS_PATH"
                | "JSON_OVERLAPS"
                | "JSON_SCHEMA_VALID"
                | "JSON_VALID"
                | "MEMBER OF"
        ),
        _ => false,
    }
}

/// MySQL's code of the column type that bytes come from.
fn field_type_of(data_type: &DataType) -> u8 {
    match data_type.kind {
        TypeKind::Binary(_) => field_type::STRING,
        TypeKind::TinyBlob => field_type::TINY_BLOB,
        TypeKind::Blob => field_type::BLOB,
        TypeKind::MediumBlob => field_type::MEDIUM_BLOB,
        TypeKind::LongBlob => field_type::LONG_BLOB,
        _ => field_type::VARCHAR,
    }
}

/// The type by which an expression's values go into documents: of what is true or false a BIGINT of width 1; bytes that come from no
/// column are VARBINARY.
#[must_use]
pub fn document_type(expression: &Expression) -> DataType {
    let data_type = expression.data_type();
    let from_column = matches!(expression, Expression::Column { .. } | Expression::Outer { .. });
    match data_type.kind {
        TypeKind::BigInt if from_column => DataType { display_width: 0, ..data_type },
        TypeKind::BigInt if is_boolean(expression) => DataType { display_width: 1, ..DataType::BIGINT },
        TypeKind::BigInt => DataType { display_width: 0, ..data_type },
        _ if data_type.is_binary() && !from_column => DataType::varbinary(data_type.characters().min(65_535)),
        _ => data_type,
    }
}

/// A value of a [`document_type`] as it goes into a document.
#[must_use]
pub fn scalar_of_type(value: &Value, data_type: &DataType) -> Tree {
    match (value, data_type.kind) {
        (Value::Int(number @ (0 | 1)), TypeKind::BigInt) if data_type.display_width == 1 => {
            Tree::Bool(*number == 1)
        }
        (Value::Int(number), TypeKind::Year) => Tree::UInt(number.unsigned_abs()),
        (Value::UInt(number), TypeKind::Bit(bits)) => {
            let unused = 8 - usize::from(bits).div_ceil(8);
            Tree::Opaque(field_type::BIT, Bytes::copy_from_slice(&number.to_be_bytes()[unused..]))
        }
        (Value::Blob(bytes), _) => Tree::Opaque(field_type_of(data_type), bytes.clone()),
        (Value::Decimal(number), TypeKind::Decimal { scale, .. }) => Tree::Decimal(number.rescale(scale)),
        (Value::DateTime(datetime), TypeKind::Date) => Tree::Date(datetime.date()),
        _ => Tree::of_value(value),
    }
}

/// The argument at a position as it goes into a document.
fn argument_scalar(call: &Call<'_>, values: &[Value], position: usize) -> Tree {
    scalar_of_type(&values[position], &document_type(&call.arguments[position]))
}

/// The path at a position; None for NULL.
fn path(call: &Call<'_>, values: &[Value], position: usize) -> Run<Option<Path>> {
    match &values[position] {
        Value::Null => Ok(None),
        Value::Blob(_) => Err(binary_text().into()),
        value => {
            let text = to_text(value, &call.arguments[position].data_type()).unwrap_or_default();
            Ok(Some(Path::parse(as_str(&text))?))
        }
    }
}

/// The text of a string argument; of any other value as it prints.
fn text_of<'v>(value: &'v Value, expression: &Expression) -> Cow<'v, [u8]> {
    match value {
        Value::Text(text) | Value::Blob(text) => Cow::Borrowed(text),
        other => Cow::Owned(to_text(other, &expression.data_type()).unwrap_or_default().to_vec()),
    }
}

/// Whether 'one' or 'all' was said; None for NULL.
fn one_or_all(call: &Call<'_>, values: &[Value], position: usize) -> Run<Option<bool>> {
    if values[position].is_null() {
        return Ok(None);
    }
    let text = text_of(&values[position], &call.arguments[position]);
    if text.eq_ignore_ascii_case(b"one") {
        return Ok(Some(true));
    }
    if text.eq_ignore_ascii_case(b"all") {
        return Ok(Some(false));
    }
    let message =
        format!("The oneOrAll argument to {} may take these values: 'one' or 'all'.", name_of(call));
    Err(Error { code: 3154, state: *b"42000", message }.into())
}

/// A node as a value of type JSON.
fn json(view: View<'_>) -> Value {
    Value::Json(view.to_document())
}

/// The name of a member: text, or what is converted to it.
///
/// # Errors
/// 3158 for NULL, 3144 for bytes.
pub fn member_name(value: &Value, data_type: &DataType) -> crate::Result<String> {
    match value {
        Value::Null => Err(Error {
            code: 3158,
            state: *b"22032",
            message: "JSON documents may not contain NULL member names.".to_owned(),
        }),
        Value::Blob(_) => Err(binary_text()),
        value => Ok(as_str(&to_text(value, data_type).unwrap_or_default()).to_owned()),
    }
}
