//! Which columns may refer to which.

use crate::catalog::Column;
use crate::types::{DataType, MemberSet, TypeKind};
use crate::{Error, Result};

/// What InnoDB makes of a type, which is all that it compares.
#[derive(PartialEq, Eq)]
enum Class {
    /// Whole numbers of as many bytes.
    Integer(usize, bool),
    Text,
    /// Bytes, among them what is stored as such: decimals, times, bits.
    Bytes,
    Float,
    Double,
    Other,
}

fn class(data_type: &DataType) -> Class {
    match data_type.kind {
        TypeKind::TinyInt => Class::Integer(1, data_type.unsigned),
        TypeKind::SmallInt => Class::Integer(2, data_type.unsigned),
        TypeKind::MediumInt => Class::Integer(3, data_type.unsigned),
        TypeKind::Int => Class::Integer(4, data_type.unsigned),
        TypeKind::BigInt => Class::Integer(8, data_type.unsigned),
        TypeKind::Year => Class::Integer(1, true),
        TypeKind::Date => Class::Integer(3, true),
        TypeKind::Enum(_) | TypeKind::Set(_) => {
            let bytes =
                MemberSet::of_kind(data_type.kind).map_or(1, |members| members.number_bytes(data_type.kind));
            Class::Integer(bytes, true)
        }
        TypeKind::Char(_)
        | TypeKind::VarChar(_)
        | TypeKind::TinyText
        | TypeKind::Text
        | TypeKind::MediumText
        | TypeKind::LongText => Class::Text,
        TypeKind::Binary(_)
        | TypeKind::VarBinary(_)
        | TypeKind::TinyBlob
        | TypeKind::Blob
        | TypeKind::MediumBlob
        | TypeKind::LongBlob
        | TypeKind::Decimal { .. }
        | TypeKind::Time(_)
        | TypeKind::DateTime(_)
        | TypeKind::Timestamp(_)
        | TypeKind::Bit(_) => Class::Bytes,
        TypeKind::Float => Class::Float,
        TypeKind::Double => Class::Double,
        TypeKind::Null | TypeKind::Json => Class::Other,
    }
}

/// Whether MySQL lets a column refer to another one.
pub(super) fn are_compatible(own: &DataType, of_parent: &DataType) -> bool {
    class(own) == class(of_parent)
        && (class(own) != Class::Text || own.collation == of_parent.collation)
        && class(own) != Class::Other
}

/// Refuses two types that MySQL lets refer to each other and whose values are not the same to us.
pub(super) fn check_built(own: &Column, of_parent: &Column) -> Result<()> {
    let (one, other) = (&own.data_type, &of_parent.data_type);
    let is_built = match (one.kind, other.kind) {
        (TypeKind::VarBinary(_), TypeKind::VarBinary(_)) => true,
        (TypeKind::Enum(_), TypeKind::Enum(_)) | (TypeKind::Set(_), TypeKind::Set(_)) => {
            own.members == of_parent.members
        }
        // Strings by their collation, numbers as they are.
        (of_own, of_other) if of_own == of_other => true,
        _ => class(one) == Class::Text,
    };
    if is_built {
        return Ok(());
    }
    Err(Error::not_supported(format_args!(
        "a foreign key from the column '{}' to the column '{}' of another type",
        own.name, of_parent.name
    )))
}
