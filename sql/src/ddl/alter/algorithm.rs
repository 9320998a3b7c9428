//! What MySQL calls the change, and whether it can be made as ALGORITHM and LOCK ask.
//!
//! MySQL makes a change *instantly*, *in place*, or by *copying* the table, and so tells how many rows it copied; ours are made otherwise
//! (see [`super`]), but are accepted, refused and counted as MySQL's are.

use crate::ast::{Algorithm, AlterAction, AlterLock, AlterTable};
use crate::catalog::{Index, Table};
use crate::types::{DataType, TypeKind};
use crate::{Error, Result};

use super::columns::Planned;
use super::form;
use super::keys::PlannedKey;

/// Why MySQL has to copy for another type.
const TYPE: Reason = Reason {
    text: "Cannot change column type INPLACE",
    instant: "Need to rebuild the table to change column type",
};
/// … for a primary key that goes and has no successor.
const PRIMARY: Reason = Reason {
    text: "Dropping a primary key is not allowed without also adding a new primary key",
    instant: "Dropping a primary key is not allowed without also adding a new primary key",
};
/// … for NULLs that become zeros.
const NULLS: Reason = Reason {
    text: "cannot silently convert NULL values, as required in this SQL_MODE",
    instant: "cannot silently convert NULL values, as required in this SQL_MODE",
};
/// … for a virtual column that changes together with other things.
const VIRTUAL: Reason = Reason {
    text: "INPLACE ADD or DROP of virtual columns cannot be combined with other ALTER TABLE actions",
    instant: "INPLACE ADD or DROP of virtual columns cannot be combined with other ALTER TABLE actions",
};
/// … for a foreign key whose rows are to be looked at.
const FOREIGN: Reason = Reason {
    text: "Adding foreign keys needs foreign_key_checks=OFF",
    instant: "Adding foreign keys needs foreign_key_checks=OFF",
};
const COUNTER: &str = "Adding an auto-increment column requires a lock";

/// Why a change cannot be made in place, and, in other words, instantly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reason {
    text: &'static str,
    instant: &'static str,
}

/// How MySQL makes a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Nothing but names changes, of the table or of nothing.
    Nothing,
    Instant,
    Inplace,
    /// By copying the table; why, if MySQL says so.
    Copy(Option<Reason>),
}

impl Way {
    /// By copying, since virtual columns change together with other things.
    pub(super) fn mixes_virtual() -> Way {
        Way::Copy(Some(VIRTUAL))
    }

    /// The same with new foreign keys whose rows are to be looked at, if it `adds` any.
    pub(super) fn with_foreign_keys(self, adds: bool) -> Way {
        match self {
            Way::Copy(_) => self,
            Way::Nothing | Way::Instant | Way::Inplace if adds => Way::Copy(Some(FOREIGN)),
            Way::Nothing | Way::Instant | Way::Inplace => self,
        }
    }
}

/// How MySQL makes the change, without regard to ALGORITHM.
pub(super) fn way(
    old: &Table,
    columns: &[Planned],
    keys: &[PlannedKey],
    alter: &AlterTable,
    is_strict: bool,
) -> Way {
    let is_nothing =
        |action: &AlterAction| matches!(action, AlterAction::Rename(_) | AlterAction::SwitchKeys);
    if alter.actions.iter().all(is_nothing) {
        return Way::Nothing;
    }
    // Where there is no primary key, a unique one without NULL is as good to MySQL.
    let is_candidate = |index: &Index, is_nullable: &dyn Fn(usize) -> bool| {
        index.unique
            && !index.columns.is_empty()
            && index.columns.iter().all(|part| part.prefix.is_none() && !is_nullable(part.column))
    };
    let had = old.indexes.iter().any(|index| is_candidate(index, &|at| old.columns[at].nullable));
    let has = keys.iter().any(|key| is_candidate(&key.index, &|at| columns[at].column.nullable));
    let has_primary = keys.first().is_some_and(|key| key.index.name == crate::ddl::key::PRIMARY);
    let lost = if old.hidden_row_id { had && !has } else { !has_primary };
    if lost {
        return Way::Copy(Some(PRIMARY));
    }
    let mut is_inplace = changes_keys(old, keys) || moves_columns(columns);
    for planned in columns {
        let Some(source) = planned.source else { continue };
        let (was, is) = (&old.columns[source], &planned.column);
        match type_change(old, source, &was.data_type, &is.data_type) {
            TypeChange::None if was.auto_increment == is.auto_increment => {}
            TypeChange::Extends => is_inplace = true,
            TypeChange::None | TypeChange::Other => return Way::Copy(Some(TYPE)),
        }
        if was.nullable && !is.nullable && !is_strict {
            return Way::Copy(Some(NULLS));
        }
        is_inplace |= was.nullable != is.nullable;
    }
    if alter.actions.iter().any(|action| matches!(action, AlterAction::OrderBy(_))) {
        return Way::Copy(None);
    }
    is_inplace |= alter.actions.iter().any(|action| {
        matches!(
            action,
            AlterAction::Convert(_)
                | AlterAction::DefaultCollation(_)
                | AlterAction::Comment(_)
                | AlterAction::AutoIncrement(_)
                | AlterAction::Rebuild
                | AlterAction::Option(_)
                | AlterAction::AddForeignKey(_)
                | AlterAction::DropForeignKey(_)
        )
    });
    if is_inplace { Way::Inplace } else { Way::Instant }
}

fn changes_keys(old: &Table, keys: &[PlannedKey]) -> bool {
    let named = old.indexes.len() - usize::from(old.hidden_row_id);
    keys.len() != named
        || keys.iter().any(|key| match key.source {
            None => true,
            Some(source) => {
                let was = &old.indexes[source];
                was.name != key.index.name || was.columns.len() != key.index.columns.len()
            }
        })
}

/// Whether columns that stay come in another order.
fn moves_columns(columns: &[Planned]) -> bool {
    let sources: Vec<usize> = columns.iter().filter_map(|planned| planned.source).collect();
    sources.windows(2).any(|pair| pair[0] > pair[1])
}

enum TypeChange {
    None,
    /// VARCHAR that gets longer, its length still in as many bytes, or another collation in no key.
    Extends,
    Other,
}

fn type_change(table: &Table, column: usize, was: &DataType, is: &DataType) -> TypeChange {
    if was.has_members() || is.has_members() {
        let is_longer =
            form::extends_members(was, is) && form::member_bytes(was.kind) == form::member_bytes(is.kind);
        return if is_longer { TypeChange::None } else { TypeChange::Other };
    }
    let bytes =
        |length: u32, of: &DataType| if of.is_text() { u64::from(length) * 4 } else { u64::from(length) };
    let same_size = match (was.kind, is.kind) {
        (TypeKind::VarChar(old), TypeKind::VarChar(new))
        | (TypeKind::VarBinary(old), TypeKind::VarBinary(new)) => {
            let (old_bytes, new_bytes) = (bytes(old, was), bytes(new, is));
            if old == new {
                Some(true)
            } else if new > old && (old_bytes > 255) == (new_bytes > 255) {
                Some(false)
            } else {
                None
            }
        }
        (old, new) => (old == new).then_some(true),
    };
    let Some(same_size) = same_size else { return TypeChange::Other };
    if was.unsigned != is.unsigned || was.collation.character_set() != is.collation.character_set() {
        return TypeChange::Other;
    }
    if was.collation != is.collation {
        let is_key = table.indexes.iter().flat_map(|index| &index.columns).any(|part| part.column == column);
        return if is_key { TypeChange::Other } else { TypeChange::Extends };
    }
    if same_size { TypeChange::None } else { TypeChange::Extends }
}

/// Error 1221 for what can be said of ALGORITHM and LOCK before the table is looked at.
///
/// # Errors
/// 1221.
pub(super) fn check_words(alter: &AlterTable) -> Result<()> {
    if alter.algorithm == Algorithm::Instant && alter.lock != AlterLock::Default {
        let message = "Incorrect usage of ALGORITHM=INSTANT and LOCK=NONE/SHARED/EXCLUSIVE".to_owned();
        return Err(Error { code: 1221, state: *b"HY000", message });
    }
    Ok(())
}

/// Whether the change can be made as asked.
///
/// # Errors
/// 1845, 1846.
pub(super) fn check(way: Way, adds_counter: bool, alter: &AlterTable) -> Result<()> {
    let refuse = |what: &str, reason: Option<&str>, try_this: &str| {
        Err(match reason {
            Some(reason) => Error {
                code: 1846,
                state: *b"0A000",
                message: format!("{what} is not supported. Reason: {reason}. Try {try_this}."),
            },
            None => Error {
                code: 1845,
                state: *b"0A000",
                message: format!("{what} is not supported for this operation. Try {try_this}."),
            },
        })
    };
    if alter.algorithm == Algorithm::Copy {
        if alter.lock == AlterLock::None {
            return refuse("LOCK=NONE", Some("COPY algorithm requires a lock"), "LOCK=SHARED");
        }
        return Ok(());
    }
    if way == Way::Nothing {
        if matches!(alter.lock, AlterLock::None | AlterLock::Shared) {
            return refuse("LOCK=NONE/SHARED", None, "LOCK=EXCLUSIVE");
        }
        return Ok(());
    }
    match (alter.algorithm, way) {
        (Algorithm::Instant, _) if adds_counter => {
            refuse("ALGORITHM=INSTANT", Some(COUNTER), "ALGORITHM=COPY/INPLACE")
        }
        (Algorithm::Instant, Way::Copy(Some(reason))) => {
            refuse("ALGORITHM=INSTANT", Some(reason.instant), "ALGORITHM=COPY/INPLACE")
        }
        (Algorithm::Instant, Way::Inplace) => refuse("ALGORITHM=INSTANT", None, "ALGORITHM=COPY/INPLACE"),
        (Algorithm::Instant | Algorithm::Inplace, Way::Copy(None)) => {
            let what = if alter.algorithm == Algorithm::Instant { "INSTANT" } else { "INPLACE" };
            refuse(&format!("ALGORITHM={what}"), None, "ALGORITHM=COPY")
        }
        (Algorithm::Inplace, Way::Copy(Some(reason))) => {
            refuse("ALGORITHM=INPLACE", Some(reason.text), "ALGORITHM=COPY")
        }
        (_, Way::Copy(reason)) if alter.lock == AlterLock::None => {
            let text = reason.map_or("COPY algorithm requires a lock", |reason| reason.text);
            refuse("LOCK=NONE", Some(text), "LOCK=SHARED")
        }
        _ if adds_counter && alter.lock == AlterLock::None => {
            refuse("LOCK=NONE", Some(COUNTER), "LOCK=SHARED")
        }
        _ => Ok(()),
    }
}
