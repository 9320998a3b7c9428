//! What ALTER TABLE does not do yet to expressions of tables: refused by name.

use crate::ast::{AlterAction, AlterTable};
use crate::catalog::Table;
use crate::error::{Error, Result};

/// Refuses changes of the columns of a table that has expressions, which name them, and what would add expressions.
///
/// # Errors
/// 1235.
pub(super) fn check(old: &Table, alter: &AlterTable) -> Result<()> {
    let has_hidden = old.columns.iter().any(|column| column.hidden);
    let has_expressions =
        has_hidden || !old.checks.is_empty() || old.columns.iter().any(crate::catalog::Column::is_computed);
    for action in &alter.actions {
        match action {
            AlterAction::AddColumn { definition, .. } | AlterAction::ChangeColumn { definition, .. } => {
                if definition.generated.is_some() || definition.default_is_expression {
                    return Err(Error::not_supported("ALTER TABLE that adds a computed column"));
                }
                if !definition.checks.is_empty() {
                    return Err(Error::not_supported("ALTER TABLE that adds a CHECK"));
                }
                if has_expressions {
                    return Err(refused());
                }
            }
            AlterAction::AddKey(key) if key.columns.iter().any(|part| part.expression.is_some()) => {
                return Err(Error::not_supported("ALTER TABLE that adds a functional key"));
            }
            AlterAction::AddKey(_)
            | AlterAction::RenameKey { .. }
            | AlterAction::AddForeignKey(_)
            | AlterAction::DropForeignKey(_)
            | AlterAction::DropConstraint(_)
            | AlterAction::Rename(_)
            | AlterAction::DefaultCollation(_)
            | AlterAction::Comment(_)
            | AlterAction::AutoIncrement(_)
            | AlterAction::Option
            | AlterAction::SwitchKeys => {}
            AlterAction::DropKey(_) if !has_hidden => {}
            AlterAction::DropKey(_)
            | AlterAction::RenameColumn { .. }
            | AlterAction::DropColumn(_)
            | AlterAction::SetDefault { .. }
            | AlterAction::Convert(_)
            | AlterAction::OrderBy(_)
            | AlterAction::Rebuild => {
                if has_expressions {
                    return Err(refused());
                }
            }
        }
    }
    Ok(())
}

fn refused() -> Error {
    Error::not_supported("ALTER TABLE of the columns of a table with CHECK or computed columns")
}
