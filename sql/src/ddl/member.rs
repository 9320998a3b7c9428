//! The members of a new ENUM or SET column: trailing spaces go, none may stand twice.

use std::sync::Arc;

use bytes::Bytes;
use rustc_hash::FxHashSet;

use crate::ast::ColumnDefinition;
use crate::collation;
use crate::limits::{ENUM_MEMBERS_MAX, SET_MEMBERS_MAX};
use crate::session::{SessionState, WarningLevel};
use crate::types::text::{character_count, printable};
use crate::types::{Collation, DataType, MemberSet, TypeKind};
use crate::{Error, Result};

/// Characters and bytes of a member, MySQL's bounds.
const MEMBER_CHARACTERS_MAX: u32 = 255;
const MEMBER_BYTES_MAX: usize = 1_020;

/// Makes the members of an ENUM or SET and puts their id into the type; None for another type.
///
/// # Errors
/// 1097, 1291 (a note without a strict mode), 1367, 3505, 1300 for members that are no text.
pub(super) fn build(
    definition: &ColumnDefinition,
    data_type: &mut DataType,
    session: &mut SessionState,
) -> Result<Option<Arc<MemberSet>>> {
    let name = &definition.name;
    let is_set = match data_type.kind {
        TypeKind::Enum(_) => false,
        TypeKind::Set(_) => true,
        _ => return Ok(None),
    };
    if data_type.collation == Collation::Binary {
        return Err(Error::not_supported("ENUM and SET of the character set binary"));
    }
    let most = if is_set { SET_MEMBERS_MAX } else { ENUM_MEMBERS_MAX };
    if definition.members.len() > most {
        let message = if is_set {
            format!("Too many strings for column {name} and SET")
        } else {
            format!("Too many enumeration values for column {name}.")
        };
        return Err(Error { code: if is_set { 1097 } else { 3504 }, state: *b"HY000", message });
    }
    let mut members = Vec::with_capacity(definition.members.len());
    let mut seen = FxHashSet::default();
    for member in &definition.members {
        let member = check(member, name, is_set)?;
        let mut key = Vec::new();
        collation::sort_key(data_type.collation, &member, &mut key);
        if !seen.insert(key) {
            let first = members
                .iter()
                .find(|other: &&Bytes| collation::compare(data_type.collation, other, &member).is_eq());
            duplicate(name, first.unwrap_or(&member), is_set, session)?;
        }
        members.push(member);
    }
    let members = MemberSet::intern(members);
    data_type.kind = if is_set { TypeKind::Set(members.id()) } else { TypeKind::Enum(members.id()) };
    Ok(Some(members))
}

/// A member without its trailing spaces.
fn check(member: &Bytes, column: &str, is_set: bool) -> Result<Bytes> {
    if std::str::from_utf8(member).is_err() {
        let digits = crate::types::convert::hex_upper(member, 6);
        let message = format!("Invalid utf8mb4 character string: '{digits}'");
        return Err(Error { code: 1300, state: *b"HY000", message });
    }
    let end = member.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
    let member = member.slice(..end);
    if is_set && member.contains(&b',') {
        let message = format!("Illegal set '{}' value found during parsing", printable(&member));
        return Err(Error { code: 1367, state: *b"22007", message });
    }
    if character_count(&member) > MEMBER_CHARACTERS_MAX || member.len() > MEMBER_BYTES_MAX {
        return Err(Error {
            code: 3505,
            state: *b"HY000",
            message: format!("Too long enumeration/set value for column {column}."),
        });
    }
    Ok(member)
}

/// Two members that are equal: an error in a strict mode, else a note.
fn duplicate(column: &str, member: &Bytes, is_set: bool, session: &mut SessionState) -> Result<()> {
    let of = if is_set { "SET" } else { "ENUM" };
    let message = format!("Column '{column}' has duplicated value '{}' in {of}", printable(member));
    if session.variables.sql_mode.is_strict() {
        return Err(Error { code: 1291, state: *b"HY000", message });
    }
    session.warn(WarningLevel::Note, 1291, message);
    Ok(())
}
