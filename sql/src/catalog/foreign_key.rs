//! Foreign keys: what tables say of them, and, for all tables of a catalog, who refers to whom ([`Links`]).
//!
//! A [`ForeignKey`] is kept with the table that has it (the child), by names, since its parent may come and go
//! (`foreign_key_checks = 0`). [`Links`] resolves the names once for each version of the catalog. The parent's columns are those of
//! a unique key, in its order, so that a parent row is found by one key; a child's rows are found by an index that begins with its columns.
//!
//! Left out: keys that refer to columns without a unique key (`restrict_fk_on_non_standard_key = OFF`).

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{Catalog, Index, IndexId, Table, TableId};

/// What happens to child rows whose parent row goes or changes its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferenceAction {
    /// Nothing is said: the parent's change is refused.
    NoAction,
    /// RESTRICT: refused too.
    Restrict,
    /// CASCADE: they go or change as well.
    Cascade,
    /// SET NULL: their columns become NULL.
    SetNull,
    /// SET DEFAULT: kept as written, and acts as RESTRICT.
    SetDefault,
}

impl ReferenceAction {
    /// As SQL writes it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            ReferenceAction::NoAction => "NO ACTION",
            ReferenceAction::Restrict => "RESTRICT",
            ReferenceAction::Cascade => "CASCADE",
            ReferenceAction::SetNull => "SET NULL",
            ReferenceAction::SetDefault => "SET DEFAULT",
        }
    }

    /// Whether the children are changed rather than the parent refused.
    #[must_use]
    pub fn cascades(self) -> bool {
        matches!(self, ReferenceAction::Cascade | ReferenceAction::SetNull)
    }
}

/// A foreign key of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignKey {
    /// Name, unique in the database in any case of letters.
    pub name: String,
    /// Names of the table's columns.
    pub columns: Vec<String>,
    /// Database of the parent.
    pub parent_database: String,
    /// The parent, which need not be there.
    pub parent_table: String,
    /// The parent's columns, one for each of `columns`.
    pub parent_columns: Vec<String>,
    /// ON DELETE.
    pub on_delete: ReferenceAction,
    /// ON UPDATE.
    pub on_update: ReferenceAction,
}

impl ForeignKey {
    /// Whether this is the parent.
    #[must_use]
    pub fn refers_to(&self, database: &str, table: &str) -> bool {
        self.parent_database == database && self.parent_table == table
    }

    /// `FOREIGN KEY (…) REFERENCES …`, as of a table in `database`. `told`: as errors have it, which leave SET DEFAULT out.
    #[must_use]
    pub fn clause(&self, database: &str, quote: char, told: bool) -> String {
        let name = |name: &str| {
            let doubled = name.replace(quote, &format!("{quote}{quote}"));
            format!("{quote}{doubled}{quote}")
        };
        let names = |names: &[String]| names.iter().map(|of| name(of)).collect::<Vec<_>>().join(", ");
        let mut out = format!("FOREIGN KEY ({}) REFERENCES ", names(&self.columns));
        if self.parent_database != database {
            out.push_str(&name(&self.parent_database));
            out.push('.');
        }
        out.push_str(&format!("{} ({})", name(&self.parent_table), names(&self.parent_columns)));
        for (event, action) in [("DELETE", self.on_delete), ("UPDATE", self.on_update)] {
            let is_shown = match action {
                ReferenceAction::NoAction => false,
                ReferenceAction::SetDefault => !told,
                ReferenceAction::Restrict | ReferenceAction::Cascade | ReferenceAction::SetNull => true,
            };
            if is_shown {
                out.push_str(&format!(" ON {event} {}", action.words()));
            }
        }
        out
    }
}

/// Who refers to whom in a catalog; tables without foreign keys and without children are not in it.
#[derive(Clone, Debug, Default)]
pub struct Links(FxHashMap<TableId, Arc<TableLinks>>);

/// The foreign keys that a table has, and those that refer to it.
#[derive(Clone, Debug, Default)]
pub struct TableLinks {
    /// Its own, by name.
    pub parents: Vec<Arc<Link>>,
    /// Those of its children, the child that was made first before the others.
    pub children: Vec<Arc<Link>>,
}

/// A foreign key with its tables.
#[derive(Clone, Debug)]
pub struct Link {
    /// The table that has it.
    pub child: Arc<Table>,
    /// Its position in [`Table::foreign_keys`].
    pub number: usize,
    /// Its columns, by position in the child.
    pub columns: Vec<usize>,
    /// Position of the child's index that begins with them.
    pub child_index: usize,
    /// What it refers to; none while there is no such table.
    pub parent: Option<Referenced>,
}

/// The parent's side of a foreign key.
#[derive(Clone, Debug)]
pub struct Referenced {
    /// The parent.
    pub table: Arc<Table>,
    /// Position of its unique index of just these columns.
    pub index: usize,
    /// The columns by position, in the order of the foreign key, which is the index's.
    pub columns: Vec<usize>,
}

impl Link {
    /// Its definition.
    #[must_use]
    pub fn foreign_key(&self) -> &ForeignKey {
        // `number` is of this very version of the table.
        &self.child.foreign_keys[self.number]
    }

    fn resolve(catalog: &Catalog, child: &Arc<Table>, number: usize) -> Option<Link> {
        let key = child.foreign_keys.get(number)?;
        let columns = positions(child, &key.columns)?;
        let child_index = child.indexes.iter().position(|index| begins_with(index, &columns))?;
        let parent = catalog
            .databases
            .get(&key.parent_database)
            .and_then(|database| database.tables.get(&key.parent_table))
            .and_then(|table| {
                let columns = positions(table, &key.parent_columns)?;
                let index = unique_index(table, &columns)?;
                Some(Referenced { table: Arc::clone(table), index, columns })
            });
        Some(Link { child: Arc::clone(child), number, columns, child_index, parent })
    }
}

impl Links {
    /// Those of all tables of a catalog.
    #[must_use]
    pub fn of(catalog: &Catalog) -> Links {
        let mut links: FxHashMap<TableId, TableLinks> = FxHashMap::default();
        for child in catalog.tables().filter(|table| !table.foreign_keys.is_empty()) {
            for number in 0..child.foreign_keys.len() {
                let Some(link) = Link::resolve(catalog, child, number) else { continue };
                let link = Arc::new(link);
                if let Some(parent) = &link.parent {
                    links.entry(parent.table.id).or_default().children.push(Arc::clone(&link));
                }
                links.entry(child.id).or_default().parents.push(link);
            }
        }
        for of_table in links.values_mut() {
            of_table.children.sort_by_key(|link| (link.child.id, link.number));
        }
        Links(links.into_iter().map(|(id, of_table)| (id, Arc::new(of_table))).collect())
    }

    /// Those of a table; none when it has no foreign key and no child.
    #[inline]
    #[must_use]
    pub fn of_table(&self, table: TableId) -> Option<&Arc<TableLinks>> {
        if self.0.is_empty() { None } else { self.0.get(&table) }
    }

    /// Those of the table whose rows are under an index, if it has foreign keys.
    #[must_use]
    pub fn of_rows(&self, primary: IndexId) -> Option<&Arc<TableLinks>> {
        self.0.values().find(|links| links.parents.iter().any(|link| link.child.primary().id == primary))
    }

    /// The tables that a change of `table`'s rows may look at or, where true, change; `table` is not among them. `inserts`: nothing but new
    /// rows comes to the table.
    #[must_use]
    pub fn closure(&self, table: TableId, inserts: bool) -> Vec<(Arc<Table>, bool)> {
        let mut found: Vec<(Arc<Table>, bool)> = Vec::new();
        if self.0.is_empty() {
            return found;
        }
        let mut walked = Vec::new();
        let mut left = vec![(table, inserts)];
        while let Some((id, inserts)) = left.pop() {
            if walked.contains(&id) {
                continue;
            }
            walked.push(id);
            let Some(links) = self.0.get(&id) else { continue };
            for parent in links.parents.iter().filter_map(|link| link.parent.as_ref()) {
                note(&mut found, &parent.table, false);
            }
            for link in links.children.iter().filter(|_| !inserts) {
                let key = link.foreign_key();
                let changes = key.on_delete.cascades() || key.on_update.cascades();
                note(&mut found, &link.child, changes);
                if changes {
                    left.push((link.child.id, false));
                }
            }
        }
        found.retain(|(other, _)| other.id != table);
        found
    }
}

fn note(found: &mut Vec<(Arc<Table>, bool)>, table: &Arc<Table>, changes: bool) {
    match found.iter_mut().find(|(other, _)| other.id == table.id) {
        Some((_, known)) => *known |= changes,
        None => found.push((Arc::clone(table), changes)),
    }
}

/// The positions of columns; none when one is not there.
#[must_use]
pub fn positions(table: &Table, names: &[String]) -> Option<Vec<usize>> {
    names.iter().map(|name| table.column_position(name)).collect()
}

/// Whether an index begins with whole columns in this order.
#[must_use]
pub fn begins_with(index: &Index, columns: &[usize]) -> bool {
    index.columns.len() >= columns.len()
        && index
            .columns
            .iter()
            .zip(columns)
            .all(|(part, column)| part.column == *column && part.prefix.is_none() && !part.descending)
}

/// The unique index of just these columns in this order.
#[must_use]
pub fn unique_index(table: &Table, columns: &[usize]) -> Option<usize> {
    table.indexes.iter().position(|index| {
        index.unique
            && index.columns.len() == columns.len()
            && !columns.is_empty()
            && index
                .columns
                .iter()
                .zip(columns)
                .all(|(part, column)| part.column == *column && part.prefix.is_none())
    })
}
