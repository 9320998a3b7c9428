//! Foreign keys of rows that are written: that a child's parent is there, and what becomes of the children of a parent that goes or
//! changes its key.
//!
//! # Locks, and why no orphan is left
//!
//! Whoever writes a child row locks the parent's key, shared, and reads its newest version under that lock ([`parent`]). The key is
//! the parent row's primary key, or that of its entry in the unique index that the foreign key refers to. Whoever takes that key away (DELETE, an
//! UPDATE of its columns) holds it exclusively before it looks for children ([`children`]). So of the two one waits for the other's end, and
//! then sees what it did: the child its parent gone (1452), or the parent its child there (1451). A child that is found is locked and read
//! again, as it may be about to go. No range is locked: a child that comes meanwhile needs the shared lock.
//!
//! # Order
//!
//! As MySQL, which checks row by row: a row's own foreign keys before anything else of it, by their names; then those that refuse the
//! change of a parent; then the row is written; then its children are ([`cascade`]), and theirs, up to [`CASCADE_DEPTH_MAX`].
//!
//! A table without foreign keys and children has no [`TableLinks`]: its statements find that out once, and pay a branch a row.

pub mod cascade;
mod children;
mod parent;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::Error;
use crate::catalog::foreign_key::Link;
use crate::catalog::{ForeignKey, Table, TableLinks};
use crate::execute::Context;

pub use cascade::{delete_row, replace_row, update_row};
pub use parent::{check_parents, parent_keys};

/// Levels of children that a cascade may come to: MySQL's FK_MAX_CASCADE_DEL.
pub const CASCADE_DEPTH_MAX: u32 = 15;

/// What a statement has to look at for the rows of a table; none when it has neither parents nor children, or `foreign_key_checks` is off.
#[must_use]
pub fn links_of(ctx: &Context<'_>, table: &Table) -> Option<Arc<TableLinks>> {
    let links = ctx.catalog.links.of_table(table.id)?;
    ctx.session.variables.foreign_key_checks.then(|| Arc::clone(links))
}

/// Whether rows of the table may change while a statement changes another of its rows.
#[must_use]
pub fn may_cascade(links: Option<&TableLinks>) -> bool {
    links.is_some_and(|links| {
        links.children.iter().any(|link| {
            let key = link.foreign_key();
            key.on_delete.cascades() || key.on_update.cascades()
        })
    })
}

/// What IGNORE makes a warning of: 1451 and 1452.
#[must_use]
pub fn is_violation(error: &Error) -> bool {
    matches!(error.code, 1451 | 1452)
}

/// Error 1451 or 1452.
#[must_use]
pub fn violation(code: u16, database: &str, table: &str, key: &ForeignKey) -> Error {
    let what = if code == 1451 { "delete or update a parent" } else { "add or update a child" };
    let quoted = |name: &str| format!("`{}`", name.replace('`', "``"));
    let message = format!(
        "Cannot {what} row: a foreign key constraint fails ({}.{}, CONSTRAINT {} {})",
        quoted(database),
        quoted(table),
        quoted(&key.name),
        key.clause(database, '`', true)
    );
    Error { code, state: *b"23000", message }
}

fn violated(code: u16, link: &Link) -> Error {
    violation(code, &link.child.database, &link.child.name, link.foreign_key())
}
