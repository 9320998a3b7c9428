//! MySQL's errors about the definitions of foreign keys.

use crate::Error;
use crate::catalog::{ForeignKey, ReferenceAction};

fn general(code: u16, message: String) -> Error {
    Error { code, state: *b"HY000", message }
}

/// Error 1215, of which MySQL says no more.
#[must_use]
pub fn cannot_add() -> Error {
    general(1215, "Cannot add foreign key constraint".to_owned())
}

/// Error 1239.
pub(super) fn columns_do_not_match(name: &str) -> Error {
    let message = format!(
        "Incorrect foreign key definition for '{name}': Key reference and table reference don't match"
    );
    Error { code: 1239, state: *b"42000", message }
}

/// Error 1553.
#[must_use]
pub fn index_needed(index: &str) -> Error {
    general(1553, format!("Cannot drop index '{index}': needed in a foreign key constraint"))
}

/// Error 1701.
#[must_use]
pub fn truncates_parent(child: (&str, &str), key: &str) -> Error {
    let (database, table) = child;
    let message = format!(
        "Cannot truncate a table referenced in a foreign key constraint (`{database}`.`{table}`, CONSTRAINT `{key}`)"
    );
    Error { code: 1701, state: *b"42000", message }
}

/// Error 1824.
pub(super) fn no_parent(key: &ForeignKey) -> Error {
    general(1824, format!("Failed to open the referenced table '{}'", key.parent_table))
}

/// Error 1826.
#[must_use]
pub fn duplicate_name(name: &str) -> Error {
    general(1826, format!("Duplicate foreign key constraint name '{name}'"))
}

/// Error 1828.
#[must_use]
pub fn drops_column(column: &str, key: &str) -> Error {
    general(1828, format!("Cannot drop column '{column}': needed in a foreign key constraint '{key}'"))
}

/// Error 1832.
#[must_use]
pub fn changes_column(column: &str, key: &str) -> Error {
    general(1832, format!("Cannot change column '{column}': used in a foreign key constraint '{key}'"))
}

/// Error 1833.
#[must_use]
pub fn changes_parent_column(column: &str, key: &str, (database, child): (&str, &str)) -> Error {
    let message = format!(
        "Cannot change column '{column}': used in a foreign key constraint '{key}' of table '{database}.{child}'"
    );
    general(1833, message)
}

/// Error 1829.
#[must_use]
pub fn drops_parent_column(column: &str, key: &str, child: &str) -> Error {
    let message = format!(
        "Cannot drop column '{column}': needed in a foreign key constraint '{key}' of table '{child}'"
    );
    general(1829, message)
}

/// Error 1830.
pub(super) fn not_null(column: &str, key: &str) -> Error {
    let message =
        format!("Column '{column}' cannot be NOT NULL: needed in a foreign key constraint '{key}' SET NULL");
    general(1830, message)
}

/// Error 3104.
pub(super) fn generated_column(event: &str, action: ReferenceAction) -> Error {
    let words = action.words();
    general(3104, format!("Cannot define foreign key with ON {event} {words} clause on a generated column."))
}

/// Error 3730.
#[must_use]
pub fn drops_parent(parent: &str, key: &str, child: &str) -> Error {
    let message = format!(
        "Cannot drop table '{parent}' referenced by a foreign key constraint '{key}' on table '{child}'."
    );
    general(3730, message)
}

/// Error 3733.
pub(super) fn virtual_column(key: &str, column: &str) -> Error {
    general(3733, format!("Foreign key '{key}' uses virtual column '{column}' which is not supported."))
}

/// Error 3734.
pub(super) fn no_parent_column(column: &str, key: &ForeignKey) -> Error {
    let message = format!(
        "Failed to add the foreign key constraint. Missing column '{column}' for constraint '{}' in the referenced table \
         '{}'",
        key.name, key.parent_table
    );
    general(3734, message)
}

/// Error 3780.
pub(super) fn incompatible(column: &str, parent_column: &str, key: &str) -> Error {
    let message = format!(
        "Referencing column '{column}' and referenced column '{parent_column}' in foreign key constraint '{key}' are \
         incompatible."
    );
    general(3780, message)
}

/// Error 3823.
pub(super) fn in_check(column: &str, check: &str, key: &str) -> Error {
    let message = format!(
        "Column '{column}' cannot be used in a check constraint '{check}': needed in a foreign key constraint '{key}' \
         referential action."
    );
    general(3823, message)
}

/// Error 3940.
#[must_use]
pub fn no_constraint(name: &str) -> Error {
    general(3940, format!("Constraint '{name}' does not exist."))
}

/// Error 3978.
#[must_use]
pub fn with_select() -> Error {
    let message = "Foreign key creation is not allowed with CREATE TABLE as SELECT and CREATE TABLE with START \
                   TRANSACTION statement.";
    general(3978, message.to_owned())
}

/// Error 6125.
pub(super) fn no_unique_key(key: &ForeignKey) -> Error {
    let message = format!(
        "Failed to add the foreign key constraint. Missing unique key for constraint '{}' in the referenced table '{}'",
        key.name, key.parent_table
    );
    general(6125, message)
}
