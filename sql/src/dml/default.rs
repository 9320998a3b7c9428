//! Values of columns that a statement gave none.

use bytes::Bytes;

use crate::Error;
use crate::catalog::{Column, ColumnDefault};
use crate::execute::Context;
use crate::types::datetime::Time;
use crate::types::{DataType, Date, DateTime, Decimal, TimeZone, TypeKind, Value};

/// The value that MySQL puts where a NOT NULL column gets NULL or nothing and the mode is not strict: 0, '', a zero
/// date.
#[must_use]
pub fn implicit(data_type: &DataType) -> Value {
    match data_type.kind {
        TypeKind::Null => Value::Null,
        TypeKind::Bit(_) => Value::UInt(0),
        TypeKind::TinyInt
        | TypeKind::SmallInt
        | TypeKind::MediumInt
        | TypeKind::Int
        | TypeKind::BigInt
        | TypeKind::Year => {
            if data_type.unsigned {
                Value::UInt(0)
            } else {
                Value::Int(0)
            }
        }
        TypeKind::Float | TypeKind::Double => Value::Double(0.0),
        TypeKind::Decimal { scale, .. } => Value::Decimal(Decimal::new(0, scale)),
        TypeKind::Char(_)
        | TypeKind::VarChar(_)
        | TypeKind::TinyText
        | TypeKind::Text
        | TypeKind::MediumText
        | TypeKind::LongText
        | TypeKind::Enum(_)
        | TypeKind::Set(_) => Value::Text(Bytes::new()),
        TypeKind::Binary(length) => Value::Blob(Bytes::from(vec![0; length as usize])),
        TypeKind::VarBinary(_)
        | TypeKind::TinyBlob
        | TypeKind::Blob
        | TypeKind::MediumBlob
        | TypeKind::LongBlob => Value::Blob(Bytes::new()),
        TypeKind::Date => Value::Date(Date::ZERO),
        TypeKind::Time(_) => Value::Time(Time::ZERO),
        TypeKind::DateTime(_) | TypeKind::Timestamp(_) => Value::DateTime(DateTime::ZERO),
        TypeKind::Json => Value::Json(Bytes::from_static(&crate::json::encode::NULL_DOCUMENT)),
    }
}

/// The declared default of a column; None when it has none and may not be NULL. (An AUTO_INCREMENT column gives
/// NULL, which asks for the next value.)
#[must_use]
pub fn declared(column: &Column, ctx: &Context<'_>) -> Option<Value> {
    match &column.default {
        ColumnDefault::Constant(value) => Some(in_session_zone(value, &column.data_type, ctx)),
        ColumnDefault::Now => Some(now(&column.data_type, ctx)),
        // For the table's rules to say, over a row.
        ColumnDefault::Expression(_) => None,
        ColumnDefault::None if column.nullable || column.auto_increment => Some(Value::Null),
        // An ENUM that may not be NULL has its first member as default without saying so.
        ColumnDefault::None if matches!(column.data_type.kind, TypeKind::Enum(_)) => {
            column.members.as_ref().and_then(|members| members.enum_text(1)).map(Value::Text)
        }
        ColumnDefault::None => None,
    }
}

/// A TIMESTAMP default is kept in UTC.
fn in_session_zone(value: &Value, data_type: &DataType, ctx: &Context<'_>) -> Value {
    let offset = ctx.session.variables.time_zone;
    match (data_type.kind, value) {
        (TypeKind::Timestamp(_), Value::DateTime(time))
            if offset != TimeZone::UTC && *time != DateTime::ZERO =>
        {
            Value::DateTime(DateTime::from_epoch(time.to_epoch(0), offset).unwrap_or(*time))
        }
        _ => value.clone(),
    }
}

/// CURRENT_TIMESTAMP with the column's fraction, as DEFAULT and ON UPDATE put it.
#[must_use]
pub fn now(data_type: &DataType, ctx: &Context<'_>) -> Value {
    let offset = ctx.session.variables.time_zone;
    let fraction = match data_type.kind {
        TypeKind::DateTime(fraction) | TypeKind::Timestamp(fraction) => fraction,
        _ => 0,
    };
    let time = DateTime::from_epoch(ctx.now_us, offset).and_then(|time| time.round(fraction, true));
    Value::DateTime(time.unwrap_or(DateTime::ZERO))
}

/// Error 1364 in strict mode; else its warning and the implicit default.
///
/// # Errors
/// 1364.
pub fn missing(column: &Column, ctx: &mut Context<'_>) -> Result<Value, Error> {
    let error = Error::no_default(&column.name);
    if ctx.strict {
        return Err(error);
    }
    ctx.session.warn(crate::session::WarningLevel::Warning, error.code, error.message);
    Ok(implicit(&column.data_type))
}
