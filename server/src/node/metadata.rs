//! A result column as the protocol describes it: type code, length, flags, decimals.
//!
//! Lengths and flags follow MySQL 8.4 (`COM_QUERY` response, column definition): the length of text is in bytes of the
//! result's character set, four a character for utf8mb4, and the number is that of `character_set_results`.

use sql::execute::ResultColumn;
use sql::expression::announce::Form;
use sql::types::{Attributes, Collation, DataType, TypeKind};
use wire::mysql::column::Column;
use wire::mysql::constant::{DECIMALS_NOT_FIXED, charset, column_flag, column_type};

/// The definition of `column`, in results of a collation's character set (none: its own).
#[must_use]
pub fn definition(column: &ResultColumn, results: Option<Collation>) -> Column {
    let data_type = &column.data_type;
    // Bytes stay bytes, and `binary` results are as they are.
    let results = results.filter(|results| *results != Collation::Binary).unwrap_or(data_type.collation);
    let is_column = !column.table.is_empty();
    let (code, length, decimals) = form(data_type, results.set().bytes_max());
    let code = match data_type.kind {
        TypeKind::Enum(_) if !is_column => column_type::ENUM,
        TypeKind::Set(_) if !is_column => column_type::SET,
        // A CAST to BINARY(n).
        TypeKind::Binary(_) if column.announced.form == Form::Expression => column_type::VAR_STRING,
        TypeKind::MediumText | TypeKind::MediumBlob if column.announced.form == Form::Expression => {
            column_type::MEDIUM_BLOB
        }
        TypeKind::LongText | TypeKind::LongBlob if column.announced.form == Form::Expression => {
            column_type::LONG_BLOB
        }
        TypeKind::Text | TypeKind::Blob if column.announced.form == Form::Longest => column_type::LONG_BLOB,
        // What a temporary table makes of a NULL.
        TypeKind::Null if column.announced.form == Form::Temporary => column_type::VAR_STRING,
        _ => code,
    };
    let length = match column.announced.width {
        width @ 1.. if matches!(data_type.kind, TypeKind::BigInt | TypeKind::Int) => width,
        _ => length,
    };
    let name = |name: &str| match results.set() {
        set if set.is_held_as_is() || name.is_ascii() => name.to_owned(),
        set => String::from_utf8_lossy(&set.replace_lost(name.as_bytes())).into_owned(),
    };
    let mut flags = 0;
    let mut flag = |on: bool, bit: u16| {
        if on {
            flags |= bit;
        }
    };
    let kind = data_type.kind;
    let number = is_number(kind);
    let text = data_type.is_text();
    flag(!column.nullable, column_flag::NOT_NULL);
    flag(column.primary_key, column_flag::PRI_KEY | column_flag::PART_KEY);
    flag(column.unique_key, column_flag::UNIQUE_KEY | column_flag::PART_KEY);
    flag(column.multiple_key, column_flag::MULTIPLE_KEY | column_flag::PART_KEY);
    flag(column.auto_increment, column_flag::AUTO_INCREMENT);
    flag(data_type.unsigned || kind == TypeKind::Year, column_flag::UNSIGNED);
    flag(kind == TypeKind::Year || data_type.attributes.zerofill(), column_flag::ZEROFILL);
    flag(matches!(kind, TypeKind::Enum(_)) && is_column, column_flag::ENUM);
    flag(matches!(kind, TypeKind::Set(_)) && is_column, column_flag::SET);
    flag(column.sets_now, column_flag::TIMESTAMP);
    flag(column.on_update_now, column_flag::ON_UPDATE_NOW);
    flag(column.no_default, column_flag::NO_DEFAULT_VALUE);
    let is_long = matches!(
        code,
        column_type::BLOB | column_type::MEDIUM_BLOB | column_type::LONG_BLOB | column_type::JSON
    );
    flag(is_long, column_flag::BLOB);
    flag(!text && (!number || column.table.is_empty()), column_flag::BINARY);
    Column {
        schema: column.database.clone(),
        table: column.table.clone(),
        org_table: column.original_table.clone(),
        name: name(&column.name),
        org_name: column.original_name.clone(),
        charset: if text || data_type.is_json() && column.announced.form == Form::Expression {
            results.id()
        } else {
            charset::BINARY
        },
        length,
        column_type: code,
        flags,
        decimals,
    }
}

fn is_number(kind: TypeKind) -> bool {
    matches!(
        kind,
        TypeKind::Null
            | TypeKind::TinyInt
            | TypeKind::SmallInt
            | TypeKind::MediumInt
            | TypeKind::Int
            | TypeKind::BigInt
            | TypeKind::Float
            | TypeKind::Double
            | TypeKind::Decimal { .. }
            | TypeKind::Year
            | TypeKind::Bit(_)
    )
}

/// Type code, display length in bytes, decimals.
fn form(data_type: &DataType, character_bytes: u32) -> (u8, u32, u8) {
    let unsigned = u32::from(data_type.unsigned);
    let characters = |count: u32| count.saturating_mul(character_bytes);
    // As many characters as the shortest ones leave room for.
    let shortest = data_type.collation.set().bytes_min();
    let fraction = |fsp: u8| if fsp == 0 { 0 } else { u32::from(fsp) + 1 };
    match data_type.kind {
        TypeKind::Null => (column_type::NULL, 0, 0),
        TypeKind::TinyInt
        | TypeKind::SmallInt
        | TypeKind::MediumInt
        | TypeKind::Int
        | TypeKind::BigInt
        | TypeKind::Float
        | TypeKind::Double
            if data_type.attributes != Attributes::NONE =>
        {
            let plain = DataType { attributes: Attributes::NONE, display_width: 0, ..*data_type };
            let (code, length, decimals) = form(&plain, character_bytes);
            let width = match data_type.display_width {
                0 => length,
                width => u32::from(width),
            };
            (code, width, data_type.attributes.decimals().unwrap_or(decimals))
        }
        TypeKind::TinyInt if data_type.display_width == 1 => (column_type::TINY, 1, 0),
        TypeKind::TinyInt => (column_type::TINY, 4 - unsigned, 0),
        TypeKind::SmallInt => (column_type::SHORT, 6 - unsigned, 0),
        TypeKind::MediumInt => (column_type::INT24, 9 - unsigned, 0),
        TypeKind::Int => (column_type::LONG, 11 - unsigned, 0),
        TypeKind::BigInt => (column_type::LONGLONG, 20, 0),
        TypeKind::Float => (column_type::FLOAT, 12, DECIMALS_NOT_FIXED),
        TypeKind::Double => (column_type::DOUBLE, 22, DECIMALS_NOT_FIXED),
        TypeKind::Decimal { precision, scale } => {
            let sign_and_point = u32::from(!data_type.unsigned) + u32::from(scale > 0);
            (column_type::NEWDECIMAL, u32::from(precision) + sign_and_point, scale)
        }
        TypeKind::Char(count) => (column_type::STRING, characters(count), 0),
        TypeKind::VarChar(count) => (column_type::VAR_STRING, characters(count), 0),
        TypeKind::TinyText => (column_type::BLOB, characters(255 / shortest), 0),
        TypeKind::Text => (column_type::BLOB, characters(65_535 / shortest), 0),
        TypeKind::MediumText => (column_type::BLOB, characters(16_777_215 / shortest), 0),
        TypeKind::LongText => (column_type::BLOB, u32::MAX, 0),
        TypeKind::Binary(count) => (column_type::STRING, count, 0),
        TypeKind::VarBinary(count) => (column_type::VAR_STRING, count, 0),
        TypeKind::TinyBlob => (column_type::BLOB, 255, 0),
        TypeKind::Blob => (column_type::BLOB, 65_535, 0),
        TypeKind::MediumBlob => (column_type::BLOB, 16_777_215, 0),
        TypeKind::LongBlob => (column_type::BLOB, u32::MAX, 0),
        TypeKind::Date => (column_type::DATE, 10, 0),
        TypeKind::Time(fsp) => (column_type::TIME, 10 + fraction(fsp), fsp),
        TypeKind::DateTime(fsp) => (column_type::DATETIME, 19 + fraction(fsp), fsp),
        TypeKind::Timestamp(fsp) => (column_type::TIMESTAMP, 19 + fraction(fsp), fsp),
        TypeKind::Year => (column_type::YEAR, 4, 0),
        TypeKind::Bit(bits) => (column_type::BIT, u32::from(bits), 0),
        TypeKind::Enum(_) | TypeKind::Set(_) => (column_type::STRING, characters(data_type.characters()), 0),
        TypeKind::Json => (column_type::JSON, u32::MAX, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_mysqls() {
        let kind = |kind| form(&DataType::of(kind), 4);
        assert_eq!(kind(TypeKind::Int), (column_type::LONG, 11, 0));
        assert_eq!(kind(TypeKind::VarChar(10)), (column_type::VAR_STRING, 40, 0));
        assert_eq!(kind(TypeKind::Decimal { precision: 10, scale: 2 }), (column_type::NEWDECIMAL, 12, 2));
        assert_eq!(kind(TypeKind::DateTime(6)), (column_type::DATETIME, 26, 6));
    }
}
