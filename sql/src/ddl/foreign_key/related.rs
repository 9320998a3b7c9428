//! The tables that foreign keys tie to those of a schema change.

use std::sync::Arc;

use bytes::Bytes;
use storage::txn::LockMode;

use super::errors;
use crate::Result;
use crate::ast::{AlterAction, ForeignKeyDefinition, Statement};
use crate::catalog::{Catalog, Table};
use crate::ddl::{alter_lock_key, database_lock_key, metadata_lock_key, qualified};

/// The metadata locks that a schema change needs beside those of the tables it names:
///
/// * the parents of new foreign keys, exclusively: who writes to a parent must know all its children;
/// * children whose definition changes along with their parent's name or columns, exclusively;
/// * others that are looked at, so that they stay as they are.
#[must_use]
pub fn locks(statement: &Statement, catalog: &Catalog) -> Vec<(Bytes, LockMode)> {
    let mut locks = Locks { catalog, found: Vec::new() };
    match statement {
        Statement::CreateTable(create) => {
            let (database, name) = qualified(&create.name);
            locks.parents(database, &create.foreign_keys);
            locks.children(database, name, LockMode::IntentShared);
        }
        Statement::AlterTable(alter) => {
            let (database, name) = qualified(&alter.table);
            let mut rewrites = false;
            for action in &alter.actions {
                match action {
                    AlterAction::AddForeignKey(key) => locks.parents(database, std::slice::from_ref(key)),
                    AlterAction::Rename(to) => {
                        rewrites = true;
                        let (database, name) = qualified(to);
                        locks.children(database, name, LockMode::IntentShared);
                    }
                    AlterAction::RenameColumn { .. } | AlterAction::ChangeColumn { .. } => rewrites = true,
                    _ => {}
                }
            }
            let mode = if rewrites { LockMode::Exclusive } else { LockMode::IntentShared };
            locks.children(database, name, mode);
            if let Some(table) = catalog.databases.get(database).and_then(|found| found.tables.get(name)) {
                for key in &table.foreign_keys {
                    locks.push(&key.parent_database, &key.parent_table, LockMode::IntentShared);
                }
            }
        }
        Statement::RenameTable(pairs) => {
            for (from, to) in pairs {
                let ((database, name), (to_database, to_name)) = (qualified(from), qualified(to));
                locks.children(database, name, LockMode::Exclusive);
                locks.children(to_database, to_name, LockMode::IntentShared);
            }
        }
        _ => {}
    }
    locks.found
}

struct Locks<'c> {
    catalog: &'c Catalog,
    found: Vec<(Bytes, LockMode)>,
}

impl Locks<'_> {
    fn push(&mut self, database: &str, table: &str, mode: LockMode) {
        self.found.push((database_lock_key(database), LockMode::Shared));
        self.found.push((metadata_lock_key(database, table), mode));
    }

    fn parents(&mut self, database: &str, keys: &[ForeignKeyDefinition]) {
        for key in keys {
            let of_parent = key.parent.database.as_deref().unwrap_or(database);
            self.push(of_parent, &key.parent.table, LockMode::Exclusive);
            // What an ALTER TABLE writes anew meanwhile may not be what the key needs.
            self.found.push((alter_lock_key(of_parent, &key.parent.table), LockMode::Exclusive));
        }
    }

    fn children(&mut self, database: &str, name: &str, mode: LockMode) {
        let catalog = self.catalog;
        for child in catalog.tables() {
            if child.foreign_keys.iter().any(|key| key.refers_to(database, name)) {
                self.push(&child.database, &child.name, mode);
            }
        }
    }
}

/// Refuses to drop tables that others refer to.
///
/// # Errors
/// 3730.
pub fn check_drop(catalog: &Catalog, dropped: &[Arc<Table>]) -> Result<()> {
    for table in dropped {
        for link in catalog.links.of_table(table.id).iter().flat_map(|links| &links.children) {
            if !dropped.iter().any(|other| other.id == link.child.id) {
                return Err(errors::drops_parent(&table.name, &link.foreign_key().name, &link.child.name));
            }
        }
    }
    Ok(())
}

/// Refuses to truncate a table that others refer to.
///
/// # Errors
/// 1701.
pub fn check_truncate(catalog: &Catalog, table: &Table) -> Result<()> {
    for link in catalog.links.of_table(table.id).iter().flat_map(|links| &links.children) {
        if link.child.id != table.id {
            let child = (link.child.database.as_str(), link.child.name.as_str());
            return Err(errors::truncates_parent(child, &link.foreign_key().name));
        }
    }
    Ok(())
}
