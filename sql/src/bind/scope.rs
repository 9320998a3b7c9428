//! Names of one query block: which tables its FROM has, which columns they bring, and what a name refers to.
//!
//! The executing row of a block is flat: each table of FROM has a contiguous run of slots, in the order of appearance,
//! whatever the order in which the tables are joined later. A column reference is bound to its slot once and never
//! moves. Names of enclosing blocks are reached through [`Names::parent`]; every such reference is written down, since the
//! enclosing block must then have that column at hand.
//!
//! Column names are compared without case, table names and aliases with case (MySQL on Linux).

use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::sync::Arc;

use crate::ast::{IndexHint, JsonTable};
use crate::authorization::{Source, visible};
use crate::bind::dependence::Dependence;
use crate::bind::merge::Merged;
use crate::bind::virtual_table::VirtualTable;
use crate::catalog::{ColumnDefault, Table};
use crate::error::{Error, Result};
use crate::execute::ResultColumn;
use crate::expression::announce::Announced;
use crate::plan::QueryPlan;

/// Where the rows of a table of FROM come from.
#[derive(Clone, Debug)]
pub enum TableSource {
    /// A table of the catalog.
    Base(Arc<Table>),
    /// A derived table.
    Derived(Arc<QueryPlan>),
    /// A table made on the spot.
    Virtual(Arc<VirtualTable>),
    /// Rows that depend on more than their own plan.
    Dependent(Arc<Dependent>),
    /// None of its own: the face of a table that is [merged](crate::bind::merge), with the columns of the view that it is of.
    Merged(Option<Arc<Table>>),
}

/// Rows of a FROM that depend on where they stand.
#[derive(Debug)]
pub enum Dependent {
    /// A LATERAL derived table that reads tables before it: made anew for each of their rows.
    Lateral {
        /// Its plan.
        plan: Arc<QueryPlan>,
        /// The slots of this block that it reads.
        slots: Vec<usize>,
        /// Its one row is the document of this JSON_TABLE.
        table: Option<Arc<JsonTable>>,
    },
    /// A common table expression whose WITH stands in a block further out, and which reads rows around that.
    Common {
        /// Its plan.
        plan: Arc<QueryPlan>,
        /// How many blocks out its WITH stands.
        outward: usize,
    },
    /// The rows of the step before, in a recursive common table expression.
    Working {
        /// Which of the statement's it is.
        number: usize,
    },
}

impl Dependent {
    /// The slots of this block's row that it reads.
    #[must_use]
    pub fn slots(&self) -> &[usize] {
        match self {
            Dependent::Lateral { slots, .. } => slots,
            Dependent::Common { .. } | Dependent::Working { .. } => &[],
        }
    }

    /// Its plan, but for the rows of a step.
    #[must_use]
    pub fn plan(&self) -> Option<&QueryPlan> {
        match self {
            Dependent::Lateral { plan, .. } | Dependent::Common { plan, .. } => Some(plan),
            Dependent::Working { .. } => None,
        }
    }
}

/// One table of FROM.
#[derive(Clone, Debug)]
pub struct BoundTable {
    /// Its rows.
    pub source: TableSource,
    /// Database; empty for a derived table.
    pub database: String,
    /// Alias, or the table's name.
    pub alias: String,
    /// First slot.
    pub base: usize,
    /// Columns, by slot from `base`.
    pub columns: Vec<ResultColumn>,
    /// Index hints.
    pub hints: Vec<IndexHint>,
    /// On the inner side of an outer join: its columns may all be NULL.
    pub outer_joined: bool,
}

impl BoundTable {
    /// Its slots.
    #[must_use]
    pub fn slots(&self) -> Range<usize> {
        self.base..self.base + self.columns.len()
    }

    /// The slots of its block that a LATERAL derived table reads; none of any other table.
    #[must_use]
    pub fn lateral_slots(&self) -> &[usize] {
        match &self.source {
            TableSource::Dependent(dependent) => dependent.slots(),
            TableSource::Base(_)
            | TableSource::Derived(_)
            | TableSource::Virtual(_)
            | TableSource::Merged(_) => &[],
        }
    }

    /// What a name may mean of a column; none for the hidden column of a key's expression.
    #[must_use]
    pub fn visible(&self, position: usize, column: &ResultColumn, slot: usize) -> Option<VisibleColumn> {
        let own = self.stored_column(position);
        let name = || column.name.clone();
        match own {
            Some(own) if own.hidden => None,
            Some(own) => Some(VisibleColumn { name: name(), slot, invisible: own.invisible }),
            None => Some(VisibleColumn { name: name(), slot, invisible: false }),
        }
    }

    /// The definition of a column of a stored table.
    #[must_use]
    pub fn stored_column(&self, position: usize) -> Option<&crate::catalog::Column> {
        match &self.source {
            TableSource::Base(table) => table.columns.get(position),
            TableSource::Derived(_)
            | TableSource::Virtual(_)
            | TableSource::Dependent(_)
            | TableSource::Merged(_) => None,
        }
    }

    /// Whose columns need a privilege to be used: not those of a derived table, where the columns inside do, and of what everybody may read.
    #[must_use]
    pub fn guarded(&self) -> Option<Source> {
        match &self.source {
            TableSource::Base(table) => Some(Source::Stored(Arc::clone(table))),
            TableSource::Virtual(table) if !visible::is_world_readable(&table.database, &table.name) => {
                Some(Source::System(Arc::clone(table)))
            }
            TableSource::Merged(Some(view)) => Some(Source::Stored(Arc::clone(view))),
            TableSource::Virtual(_)
            | TableSource::Derived(_)
            | TableSource::Dependent(_)
            | TableSource::Merged(None) => None,
        }
    }
}

/// A column that an unqualified name can mean, and that `*` shows.
#[derive(Clone, Debug)]
pub struct VisibleColumn {
    /// Name.
    pub name: String,
    /// Slot.
    pub slot: usize,
    /// An INVISIBLE column: has a name, and is not among `*`.
    pub invisible: bool,
}

/// The names that a FROM clause, or a part of it, brings.
#[derive(Clone, Debug, Default)]
pub struct FromScope {
    /// Tables in order of appearance.
    pub tables: Vec<BoundTable>,
    /// Unqualified names and `*`: columns joined by USING appear once.
    pub visible: Vec<VisibleColumn>,
    /// Slots in all.
    pub width: usize,
    /// What the columns of derived tables say of each other, by the first slot.
    pub dependences: Vec<(usize, Arc<Dependence>)>,
    /// The merged tables.
    pub merged: Vec<Merged>,
    /// `use_invisible_indexes` of `optimizer_switch`.
    pub use_invisible_indexes: bool,
}

/// What a part of FROM sees: an ON clause sees the tables of its two operands only.
#[derive(Clone, Debug)]
pub struct View {
    /// Positions of the tables.
    pub tables: Range<usize>,
    /// Unqualified names.
    pub visible: Vec<VisibleColumn>,
}

/// Outcome of a look-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// One column.
    Found(usize),
    /// Several.
    Ambiguous,
    /// None.
    Missing,
}

impl FromScope {
    /// Looks a name up, within `view` if given.
    #[must_use]
    pub fn lookup(
        &self,
        view: Option<&View>,
        database: Option<&str>,
        table: Option<&str>,
        column: &str,
    ) -> Lookup {
        let Some(table) = table else {
            return self.lookup_unqualified(view, column);
        };
        let range = view.map_or(0..self.tables.len(), |view| view.tables.clone());
        let mut found = Lookup::Missing;
        for place in range {
            let bound = &self.tables[place];
            if bound.alias != table
                || database.is_some_and(|database| database != bound.database)
                || self.is_inside(place)
            {
                continue;
            }
            for (position, candidate) in bound.columns.iter().enumerate() {
                let is_hidden = || bound.stored_column(position).is_some_and(|column| column.hidden);
                if candidate.name.eq_ignore_ascii_case(column) && !is_hidden() {
                    found = match found {
                        Lookup::Missing => Lookup::Found(bound.base + position),
                        Lookup::Found(_) | Lookup::Ambiguous => Lookup::Ambiguous,
                    };
                }
            }
        }
        found
    }

    fn lookup_unqualified(&self, view: Option<&View>, column: &str) -> Lookup {
        let visible = view.map_or(&self.visible, |view| &view.visible);
        let mut matches = visible.iter().filter(|candidate| candidate.name.eq_ignore_ascii_case(column));
        match (matches.next(), matches.next()) {
            (None, _) => Lookup::Missing,
            (Some(only), None) => Lookup::Found(only.slot),
            (Some(_), Some(_)) => Lookup::Ambiguous,
        }
    }

    /// A reference to the column that has `slot`.
    #[must_use]
    pub fn column_at(&self, slot: usize) -> Option<crate::expression::Expression> {
        let (table, position) = self.table_of(slot)?;
        let column = self.tables[table].columns.get(position)?;
        Some(crate::bind::block::column_expression(slot, column))
    }

    /// The table that has `slot`, and the column's position in it.
    #[must_use]
    pub fn table_of(&self, slot: usize) -> Option<(usize, usize)> {
        self.tables
            .iter()
            .position(|table| table.slots().contains(&slot))
            .map(|table| (table, slot - self.tables[table].base))
    }

    /// Metadata of the column in `slot`.
    #[must_use]
    pub fn column(&self, slot: usize) -> Option<&ResultColumn> {
        let (table, position) = self.table_of(slot)?;
        self.tables[table].columns.get(position)
    }

    /// Adds a table after the others.
    ///
    /// # Errors
    /// 1066 when its name is taken, 1116 when there are too many tables.
    pub fn add(&mut self, mut table: BoundTable) -> Result<usize> {
        let taken = |(place, other): (usize, &BoundTable)| {
            other.alias == table.alias && other.database == table.database && !self.is_inside(place)
        };
        if self.tables.iter().enumerate().any(taken) {
            return Err(Error::nonunique_table(&table.alias));
        }
        if self.tables.len() >= crate::limits::JOIN_TABLES_MAX {
            return Err(Error {
                code: 1116,
                state: *b"HY000",
                message: format!(
                    "Too many tables; MySQL can only use {} tables in a join",
                    crate::limits::JOIN_TABLES_MAX
                ),
            });
        }
        table.base = self.width;
        self.width += table.columns.len();
        self.tables.push(table);
        Ok(self.tables.len() - 1)
    }
}

/// The names of a query block and, through its parent, of the blocks around it.
pub struct Names<'a> {
    /// FROM of this block.
    pub from: &'a FromScope,
    /// The block around it.
    pub parent: Option<&'a Names<'a>>,
    /// Slots of this block's row that blocks inside it refer to, in order of binding.
    pub read_from_inside: RefCell<Vec<usize>>,
    /// The slots that they named: of a column of a merged table its own, which is filled from those above.
    pub named_from_inside: RefCell<Vec<usize>>,
    /// Whether this block refers to a block around it.
    pub correlated: Cell<bool>,
    /// How many blocks stand around this one.
    pub depth: usize,
    /// Whether the subquery that is being bound stands where this block may aggregate.
    pub takes_aggregates: Cell<bool>,
}

impl<'a> Names<'a> {
    /// The names of a block.
    #[must_use]
    pub fn new(from: &'a FromScope, parent: Option<&'a Names<'a>>) -> Names<'a> {
        let depth = parent.map_or(0, |parent| parent.depth + 1);
        Names {
            from,
            parent,
            read_from_inside: RefCell::default(),
            named_from_inside: RefCell::default(),
            correlated: Cell::new(false),
            depth,
            takes_aggregates: Cell::new(false),
        }
    }

    /// Looks a name up in the blocks around this one: how many blocks out (1 is the nearest) and which slot. Notes the
    /// reference in every block it crosses.
    ///
    /// # Errors
    /// 1052 when it is ambiguous there.
    pub fn lookup_outside(
        &self,
        database: Option<&str>,
        table: Option<&str>,
        column: &str,
        clause: &str,
    ) -> Result<Option<(usize, usize, ResultColumn)>> {
        let mut depth = 1;
        let mut block = self.parent;
        while let Some(names) = block {
            match names.from.lookup(None, database, table, column) {
                Lookup::Found(slot) => {
                    self.note_crossing(depth);
                    names.read_from_inside.borrow_mut().extend(names.from.filled_for(slot));
                    names.named_from_inside.borrow_mut().push(slot);
                    let found = names.from.column(slot).cloned();
                    return Ok(found.map(|found| (depth, slot, found)));
                }
                Lookup::Ambiguous => return Err(Error::ambiguous_column(column, clause)),
                Lookup::Missing => {}
            }
            depth += 1;
            block = names.parent;
        }
        Ok(None)
    }

    /// The block that is so many out; 0 is this one.
    #[must_use]
    pub fn outward(&self, depth: usize) -> Option<&Names<'a>> {
        let mut block = Some(self);
        for _ in 0..depth {
            block = block.and_then(|names| names.parent);
        }
        block
    }

    /// This block and those up to, but without, the one `depth` out read an enclosing row.
    fn note_crossing(&self, depth: usize) {
        self.correlated.set(true);
        let mut block = self.parent;
        for _ in 1..depth {
            let Some(names) = block else { break };
            names.correlated.set(true);
            block = names.parent;
        }
    }
}

/// Metadata of a base table's columns, as a result set shows them.
#[must_use]
pub fn table_columns(table: &Table, alias: &str, outer_joined: bool) -> Vec<ResultColumn> {
    let part_of = |position: usize, wanted: &dyn Fn(&crate::catalog::Index) -> bool| {
        table
            .indexes
            .iter()
            .any(|index| wanted(index) && index.columns.first().is_some_and(|part| part.column == position))
    };
    table
        .columns
        .iter()
        .enumerate()
        .map(|(position, column)| ResultColumn {
            name: column.name.clone(),
            original_name: column.name.clone(),
            table: alias.to_owned(),
            original_table: table.name.clone(),
            database: table.database.clone(),
            data_type: column.data_type,
            announced: Announced::default(),
            nullable: column.nullable || outer_joined,
            primary_key: !table.hidden_row_id
                && table.indexes[0].columns.iter().any(|part| part.column == position),
            unique_key: part_of(position, &|index| {
                index.unique && index.name != "PRIMARY" && index.columns.len() == 1
            }),
            multiple_key: part_of(position, &|index| {
                index.name != "PRIMARY" && !(index.unique && index.columns.len() == 1)
            }),
            auto_increment: column.auto_increment,
            no_default: column.default == ColumnDefault::None
                && !column.nullable
                && !column.auto_increment
                && column.generated.is_none(),
            sets_now: column.default == ColumnDefault::Now || column.on_update_now,
            on_update_now: column.on_update_now,
        })
        .collect()
}
