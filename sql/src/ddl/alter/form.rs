//! Whether a column of one type is stored as one of another type is: then its values need not be written again.

use crate::catalog::Column;
use crate::types::{DataType, MemberSet, TypeKind};

/// Whether every value that a column of type `old` holds is stored in a row as a column of type `new` stores it.
pub(super) fn same_row_form(old: &DataType, new: &DataType) -> bool {
    if old.unsigned != new.unsigned {
        return false;
    }
    if old.has_members() || new.has_members() {
        return extends_members(old, new);
    }
    match (integer_bytes(old.kind), integer_bytes(new.kind)) {
        (Some(old), Some(new)) => return new >= old,
        (None, None) => {}
        _ => return false,
    }
    if old.is_text() && new.is_text() {
        return old.collation.character_set() == new.collation.character_set() && holds_text(old, new);
    }
    match (binary_capacity(old.kind), binary_capacity(new.kind)) {
        (Some(old), Some(new)) => new >= old,
        (None, None) => old.kind == new.kind,
        _ => false,
    }
}

/// Whether the column's part of a key has the same bytes as before.
pub(super) fn same_key_form(old: &Column, new: &Column) -> bool {
    let (of_old, of_new) = (&old.data_type, &new.data_type);
    let same_integer = integer_bytes(of_old.kind) == integer_bytes(of_new.kind);
    old.nullable == new.nullable
        && same_row_form(of_old, of_new)
        && same_integer
        && member_bytes(of_old.kind) == member_bytes(of_new.kind)
        && of_old.collation == of_new.collation
}

/// Whether `new` is the same kind of type as `old`, ENUM or SET, and has all its members at their places.
pub(super) fn extends_members(old: &DataType, new: &DataType) -> bool {
    let is_kind = matches!(
        (old.kind, new.kind),
        (TypeKind::Enum(_), TypeKind::Enum(_)) | (TypeKind::Set(_), TypeKind::Set(_))
    );
    match (MemberSet::of_kind(old.kind), MemberSet::of_kind(new.kind)) {
        (Some(was), Some(is)) => {
            is_kind && old.collation == new.collation && is.members().starts_with(was.members())
        }
        _ => false,
    }
}

/// Bytes of a member's number in a key.
pub(super) fn member_bytes(kind: TypeKind) -> Option<usize> {
    MemberSet::of_kind(kind).map(|members| members.number_bytes(kind))
}

fn integer_bytes(kind: TypeKind) -> Option<u8> {
    match kind {
        TypeKind::TinyInt => Some(1),
        TypeKind::SmallInt => Some(2),
        TypeKind::MediumInt => Some(3),
        TypeKind::Int => Some(4),
        TypeKind::BigInt => Some(8),
        _ => None,
    }
}

/// Whether `new` holds every text that `old` does, and keeps it as it is. (CHAR would lose a VARCHAR's spaces.)
fn holds_text(old: &DataType, new: &DataType) -> bool {
    // Bytes of a character at most, of a type that counts characters.
    const CHARACTER_BYTES_MAX: u64 = 4;
    let characters = |kind| match kind {
        TypeKind::Char(length) | TypeKind::VarChar(length) => Some(u64::from(length)),
        _ => None,
    };
    if matches!(new.kind, TypeKind::Char(_)) && !matches!(old.kind, TypeKind::Char(_)) {
        return false;
    }
    match (characters(old.kind), characters(new.kind)) {
        (Some(old), Some(new)) => new >= old,
        (Some(old), None) => text_capacity(new.kind) >= old * CHARACTER_BYTES_MAX,
        (None, Some(new)) => new >= text_capacity(old.kind),
        (None, None) => text_capacity(new.kind) >= text_capacity(old.kind),
    }
}

fn text_capacity(kind: TypeKind) -> u64 {
    match kind {
        TypeKind::TinyText => 255,
        TypeKind::Text => 65_535,
        TypeKind::MediumText => 16_777_215,
        _ => u64::from(u32::MAX),
    }
}

/// BINARY, which is filled up to its length, is of no such size.
fn binary_capacity(kind: TypeKind) -> Option<u64> {
    match kind {
        TypeKind::VarBinary(length) => Some(u64::from(length)),
        TypeKind::TinyBlob => Some(255),
        TypeKind::Blob => Some(65_535),
        TypeKind::MediumBlob => Some(16_777_215),
        TypeKind::LongBlob => Some(u64::from(u32::MAX)),
        _ => None,
    }
}
