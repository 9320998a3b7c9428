//! Common table expressions: what WITH defines, and what a name of FROM means by it.
//!
//! WITH opens a scope over its query; a name without database means the innermost definition before any table of the catalog. A
//! definition is bound where it is first used, with the names that stood around its WITH, and each further use shares the plan; one that is
//! not used is not looked at, as in MySQL. A definition that reads no row of an enclosing query is run once a statement
//! ([`crate::execute::rows`]); one that does is run again for each use, seeing the rows that its WITH saw.
//!
//! Left out: merging a definition into the query that uses it.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use crate::ast::{self, With};
use crate::bind::scope::{Dependent, Names, TableSource};
use crate::bind::{Binder, recursion};
use crate::error::{Error, Result};
use crate::execute::ResultColumn;
use crate::plan::QueryPlan;

/// The definitions in sight, innermost last.
#[derive(Default)]
pub struct CommonTables {
    entries: RefCell<Vec<Entry>>,
    /// Recursive ones met so far: each has a number in the statement.
    recursive_count: Cell<usize>,
}

struct Entry {
    table: Arc<ast::CommonTable>,
    /// WITH RECURSIVE: it sees itself.
    recursive: bool,
    /// How many blocks stand around the WITH.
    depth: usize,
    state: State,
}

enum State {
    Unused,
    Planned(Arc<QueryPlan>),
    /// Its recursive blocks are being bound: its name stands for the rows of the step before.
    Working {
        number: usize,
        columns: Arc<[ResultColumn]>,
    },
}

/// What a name of FROM means by WITH.
pub struct Reference {
    /// Its rows.
    pub source: TableSource,
    /// Its columns.
    pub columns: Vec<ResultColumn>,
    /// Whether it reads rows of a block around the one that it stands in.
    pub correlated: bool,
}

impl CommonTables {
    /// Opens the scope of a WITH that stands in a block with `parent` around it; gives what [`CommonTables::leave`] takes.
    ///
    /// # Errors
    /// 1066 for two of one name.
    pub fn enter(&self, with: Option<&With>, parent: Option<&Names>) -> Result<usize> {
        let mut entries = self.entries.borrow_mut();
        let before = entries.len();
        let Some(with) = with else { return Ok(before) };
        for table in &with.tables {
            if entries[before..].iter().any(|other| other.table.name == table.name) {
                let error = Error::nonunique_table(&table.name);
                entries.truncate(before);
                return Err(error);
            }
            let (table, recursive, depth) = (Arc::clone(table), with.recursive, depth_of(parent));
            entries.push(Entry { table, recursive, depth, state: State::Unused });
        }
        Ok(before)
    }

    /// Closes the scopes that were opened since.
    pub fn leave(&self, before: usize) {
        self.entries.borrow_mut().truncate(before);
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.entries.borrow().iter().rposition(|entry| entry.table.name == name)
    }
}

/// How many blocks a block with this parent stands in.
fn depth_of(parent: Option<&Names>) -> usize {
    parent.map_or(0, |names| names.depth + 1)
}

/// The definition that a name means in a block with `parent` around it; none when it is no common table expression.
///
/// # Errors
/// Those of binding the definition, and 1353.
pub fn reference(binder: &Binder, name: &str, parent: Option<&Names>) -> Result<Option<Reference>> {
    let Some(position) = binder.common.find(name) else { return Ok(None) };
    let planned = match &binder.common.entries.borrow()[position].state {
        State::Working { number, columns } => {
            let source = TableSource::Dependent(Arc::new(Dependent::Working { number: *number }));
            return Ok(Some(Reference { source, columns: columns.to_vec(), correlated: false }));
        }
        State::Planned(plan) => Some(Arc::clone(plan)),
        State::Unused => None,
    };
    let depth = binder.common.entries.borrow()[position].depth;
    let plan = match planned {
        Some(plan) => plan,
        None => {
            let plan = Arc::new(plan_definition(binder, position, around(parent, depth))?);
            if let Some(entry) = binder.common.entries.borrow_mut().get_mut(position) {
                entry.state = State::Planned(Arc::clone(&plan));
            }
            plan
        }
    };
    let columns = plan.columns.clone();
    if !plan.correlated {
        return Ok(Some(Reference { source: TableSource::Derived(plan), columns, correlated: false }));
    }
    // The blocks between the use and the WITH hand the rows on that the definition reads.
    let mut block = parent;
    while let Some(names) = block.filter(|names| names.depth >= depth) {
        names.correlated.set(true);
        block = names.parent;
    }
    let outward = depth_of(parent) - depth;
    let source = match outward {
        0 => TableSource::Derived(plan),
        _ => TableSource::Dependent(Arc::new(Dependent::Common { plan, outward })),
    };
    Ok(Some(Reference { source, columns, correlated: true }))
}

/// The block that stood around a WITH, seen from a block inside of it.
fn around<'n, 'a>(parent: Option<&'n Names<'a>>, depth: usize) -> Option<&'n Names<'a>> {
    let mut block = parent;
    while let Some(names) = block.filter(|names| names.depth >= depth) {
        block = names.parent;
    }
    block
}

/// Plans a definition; it sees those before it, and none of the scopes inside of its WITH's query.
fn plan_definition(binder: &Binder, position: usize, parent: Option<&Names>) -> Result<QueryPlan> {
    let (table, is_recursive) = {
        let entries = binder.common.entries.borrow();
        let entry = &entries[position];
        (
            Arc::clone(&entry.table),
            entry.recursive && recursion::mentions(&entry.table.query, &entry.table.name),
        )
    };
    let mut hidden = binder.common.entries.borrow_mut().split_off(position);
    let planned = if is_recursive {
        // It sees itself, and after its first blocks are bound its name has columns.
        let inner = hidden.split_off(1);
        let planned = recursion::plan(binder, &table, parent, &mut |columns| {
            let number = binder.common.recursive_count.get();
            binder.common.recursive_count.set(number + 1);
            if let Some(mut entry) = hidden.pop() {
                entry.state = State::Working { number, columns };
                binder.common.entries.borrow_mut().push(entry);
            }
            number
        });
        let mut entries = binder.common.entries.borrow_mut();
        let from = position.min(entries.len());
        hidden.extend(entries.drain(from..));
        hidden.extend(inner);
        planned
    } else {
        binder.in_derived(|| crate::plan::query::plan_query(binder, &table.query, parent))
    };
    if let Some(entry) = hidden.first_mut() {
        entry.state = State::Unused;
    }
    binder.common.entries.borrow_mut().append(&mut hidden);
    let mut plan = planned?;
    if !is_recursive {
        rename(&mut plan.columns, &table.columns)?;
    }
    Ok(plan)
}

/// Gives columns the names written after a name.
///
/// # Errors
/// 1353 when there are more or fewer.
pub fn rename(columns: &mut [ResultColumn], names: &[String]) -> Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    if names.len() != columns.len() {
        let message = "In definition of view, derived table or common table expression, SELECT list and column names list have different column counts";
        return Err(Error { code: 1353, state: *b"HY000", message: message.to_owned() });
    }
    for (column, name) in columns.iter_mut().zip(names) {
        column.name.clone_from(name);
    }
    Ok(())
}
