//! Tables that are cut into partitions.
//!
//! A partition (with SUBPARTITION BY, a subpartition) is a *leaf*: it holds its rows under index ids of its own, as a table does, so that it
//! goes away by a change of the catalog, and a scan reads only those that can hold what it looks for. [`Table::indexes`] of such a
//! table describe the indexes and have ids that no key is under. The leaves are tables themselves ([`Partitioned::leaves`]): the
//! same definition under their own ids. Whoever holds a row's key knows its leaf by the index id that the key begins with.
//!
//! [`place`] finds a row's leaf, [`hash`] is MySQL's hash of KEY, [`encode`] the bytes in the catalog.

pub mod encode;
mod hash;
pub mod place;

use std::sync::{Arc, OnceLock};

use super::{Index, IndexId, Table, same_name};
use crate::ast::PartitionOptions;
use crate::error::{Error, Result};
use crate::types::Value;
use place::Rule;

/// How a table is cut: what the catalog keeps.
#[derive(Clone, Debug, PartialEq)]
pub struct Partitioning {
    /// PARTITION BY.
    pub by: By,
    /// SUBPARTITION BY.
    pub sub: Option<By>,
    /// Whether the partitions were listed, rather than counted.
    pub is_listed: bool,
    /// Whether the subpartitions were listed.
    pub is_sub_listed: bool,
    /// Whether the number of partitions was said.
    pub shows_count: bool,
    /// Whether the number of subpartitions was said.
    pub shows_sub_count: bool,
    /// The partitions in order; none is without leaf.
    pub partitions: Vec<Partition>,
}

/// PARTITION BY or SUBPARTITION BY.
#[derive(Clone, Debug, PartialEq)]
pub struct By {
    /// The method.
    pub method: Method,
    /// The expression as SHOW CREATE TABLE prints it; of KEY and COLUMNS none.
    pub expression: Option<Arc<str>>,
    /// The columns of KEY and COLUMNS, as written; none with KEY () for those of the primary key.
    pub columns: Vec<String>,
}

/// A method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// RANGE.
    Range,
    /// LIST.
    List,
    /// RANGE COLUMNS.
    RangeColumns,
    /// LIST COLUMNS.
    ListColumns,
    /// HASH.
    Hash {
        /// LINEAR.
        linear: bool,
    },
    /// KEY.
    Key {
        /// LINEAR.
        linear: bool,
        /// ALGORITHM = 1, MySQL 5.1's.
        is_old: bool,
    },
}

/// A partition.
#[derive(Clone, Debug, PartialEq)]
pub struct Partition {
    /// Name.
    pub name: String,
    /// VALUES.
    pub values: Values,
    /// COMMENT and its like.
    pub options: PartitionOptions,
    /// Its subpartitions, or itself.
    pub leaves: Vec<Leaf>,
}

/// What a row is stored in.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaf {
    /// Name, of a subpartition or the partition.
    pub name: String,
    /// COMMENT and its like, of a subpartition.
    pub options: PartitionOptions,
    /// Ids in the order of the table's indexes.
    pub indexes: Vec<IndexId>,
}

/// VALUES of a partition.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// None: HASH, KEY.
    None,
    /// LESS THAN.
    LessThan(Vec<Limit>),
    /// IN.
    In(Vec<Vec<Limit>>),
}

/// One value of VALUES.
#[derive(Clone, Debug, PartialEq)]
pub enum Limit {
    /// MAXVALUE.
    Max,
    /// A value of the expression or the column, and how it is printed.
    Value(Value, String),
}

/// The partitions of a [`Table`]. A copy starts anew what is worked out from the table, since it is made to be changed.
#[derive(Debug)]
pub struct Partitioned {
    /// What the catalog keeps.
    pub definition: Arc<Partitioning>,
    /// `PARTITION (…)` of a statement: which leaves it may use.
    pub selection: Option<Box<[bool]>>,
    worked_out: OnceLock<Box<WorkedOut>>,
}

#[derive(Debug)]
struct WorkedOut {
    leaves: Vec<Arc<Table>>,
    /// Positions of `leaves` by the id of their primary index.
    by_id: Vec<(IndexId, usize)>,
    rule: Rule,
    sub: Option<Rule>,
}

impl Clone for Partitioned {
    fn clone(&self) -> Partitioned {
        Partitioned { selection: self.selection.clone(), ..Partitioned::new(Arc::clone(&self.definition)) }
    }
}

impl Partitioned {
    /// Of a definition.
    #[must_use]
    pub fn new(definition: Arc<Partitioning>) -> Partitioned {
        Partitioned { definition, selection: None, worked_out: OnceLock::new() }
    }

    fn worked_out(&self, table: &Table) -> Result<&WorkedOut> {
        if let Some(found) = self.worked_out.get() {
            return Ok(found);
        }
        let made = Box::new(WorkedOut::new(&self.definition, table)?);
        Ok(self.worked_out.get_or_init(|| made))
    }

    /// The leaves, partition by partition.
    ///
    /// # Errors
    /// Those of binding the expressions.
    pub fn leaves(&self, table: &Table) -> Result<&[Arc<Table>]> {
        Ok(&self.worked_out(table)?.leaves)
    }

    /// The rule of PARTITION BY.
    ///
    /// # Errors
    /// Those of binding the expressions.
    pub fn rule(&self, table: &Table) -> Result<&Rule> {
        Ok(&self.worked_out(table)?.rule)
    }

    /// The rule of SUBPARTITION BY.
    ///
    /// # Errors
    /// Those of binding the expressions.
    pub fn sub_rule(&self, table: &Table) -> Result<Option<&Rule>> {
        Ok(self.worked_out(table)?.sub.as_ref())
    }

    /// The position of the leaf that a key of a row begins with.
    ///
    /// # Errors
    /// 1105 when it is of no leaf.
    pub fn leaf_of_key(&self, table: &Table, row_key: &[u8]) -> Result<usize> {
        let id = row_key.first_chunk::<4>().map(|id| IndexId(u32::from_be_bytes(*id)));
        let by_id = &self.worked_out(table)?.by_id;
        let found = id.and_then(|id| by_id.binary_search_by_key(&id, |(id, _)| *id).ok());
        match found.and_then(|found| by_id.get(found)) {
            Some((_, position)) => Ok(*position),
            None => Err(Error::internal("a row's key is of no partition of its table")),
        }
    }

    /// Whether a statement may use the leaf.
    #[must_use]
    pub fn is_selected(&self, leaf: usize) -> bool {
        self.selection.as_ref().is_none_or(|selected| selected.get(leaf).copied().unwrap_or(false))
    }
}

impl WorkedOut {
    fn new(definition: &Partitioning, table: &Table) -> Result<WorkedOut> {
        let mut leaves = Vec::new();
        for leaf in definition.leaves() {
            if leaf.indexes.len() != table.indexes.len() {
                return Err(Error::internal("a partition has other indexes than its table"));
            }
            let ids = table.indexes.iter().zip(&leaf.indexes);
            let indexes = ids.map(|(index, id)| Index { id: *id, ..index.clone() }).collect();
            leaves.push(Arc::new(Table { indexes, partitioned: None, ..table.clone() }));
        }
        let mut by_id: Vec<_> = leaves.iter().enumerate().map(|(at, leaf)| (leaf.primary().id, at)).collect();
        by_id.sort_unstable();
        let rule = Rule::new(&definition.by, definition, table)?;
        let sub = definition.sub.as_ref().map(|sub| Rule::new(sub, definition, table)).transpose()?;
        Ok(WorkedOut { leaves, by_id, rule, sub })
    }
}

impl Partitioning {
    /// The leaves, partition by partition.
    pub fn leaves(&self) -> impl Iterator<Item = &Leaf> {
        self.partitions.iter().flat_map(|partition| &partition.leaves)
    }

    /// The leaves, to give them ids.
    pub fn leaves_mut(&mut self) -> impl Iterator<Item = &mut Leaf> {
        self.partitions.iter_mut().flat_map(|partition| &mut partition.leaves)
    }

    /// Leaves of each partition.
    #[must_use]
    pub fn leaves_each(&self) -> usize {
        self.partitions.first().map_or(1, |partition| partition.leaves.len().max(1))
    }

    /// The position of a partition by its name.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.partitions.iter().position(|partition| same_name(&partition.name, name))
    }
}

impl Table {
    /// The tables that its rows are stored as: itself, or the leaves of its partitions.
    ///
    /// # Errors
    /// Those of binding the partitions' expressions.
    pub fn stored(&self) -> Result<Vec<&Table>> {
        Ok(match &self.partitioned {
            None => vec![self],
            Some(partitioned) => partitioned.leaves(self)?.iter().map(|leaf| &**leaf).collect(),
        })
    }

    /// The ids of all its indexes and of those of its partitions.
    pub fn index_ids(&self) -> impl Iterator<Item = IndexId> {
        let of_leaves = self.partitioned.iter().flat_map(|partitioned| partitioned.definition.leaves());
        let of_leaves = of_leaves.flat_map(|leaf| leaf.indexes.iter().copied());
        self.indexes.iter().map(|index| index.id).chain(of_leaves)
    }

    /// The table as a statement uses it that names partitions.
    ///
    /// # Errors
    /// 1735, 1747.
    pub fn select_partitions(&self, names: &[String]) -> Result<Table> {
        let Some(partitioned) = &self.partitioned else {
            let message = "PARTITION () clause on non partitioned table".to_owned();
            return Err(Error { code: 1747, state: *b"HY000", message });
        };
        let definition = &partitioned.definition;
        let mut selection = vec![false; definition.leaves().count()];
        for name in names {
            let whole = definition.position(name);
            let mut is_found = false;
            let mut at = 0;
            for (position, partition) in definition.partitions.iter().enumerate() {
                for leaf in &partition.leaves {
                    if whole == Some(position) || definition.sub.is_some() && same_name(&leaf.name, name) {
                        selection[at] = true;
                        is_found = true;
                    }
                    at += 1;
                }
            }
            if !is_found {
                let message = format!("Unknown partition '{name}' in table '{}'", self.name);
                return Err(Error { code: 1735, state: *b"HY000", message });
            }
        }
        let mut table = self.clone();
        let selected = Partitioned { selection: Some(selection.into()), ..Partitioned::clone(partitioned) };
        table.partitioned = Some(Box::new(selected));
        Ok(table)
    }
}
