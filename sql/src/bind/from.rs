//! FROM: tables, derived tables and joins become a tree over the tables of a [`FromScope`].
//!
//! RIGHT JOIN becomes LEFT JOIN with its sides swapped in the tree, while the slots, and so `*`, keep the order written. USING
//! and NATURAL become equalities, and their columns are visible once, as the preserved side's.

use std::sync::Arc;

use crate::ast::{BinaryOp, Expr, JoinCondition, JoinKind, TableExpr};
use crate::bind::block::{BlockScope, Clause};
use crate::bind::scope::{BoundTable, FromScope, Names, TableSource, View, VisibleColumn, table_columns};
use crate::bind::{Binder, virtual_table};
use crate::error::{Error, Result};
use crate::expression::Expression;

/// A tree of joins over the tables of a scope.
#[derive(Clone, Debug)]
pub enum BoundFrom {
    /// Position of a table in [`FromScope::tables`].
    Table(usize),
    /// A join.
    Join(Box<BoundJoin>),
}

/// A join.
#[derive(Clone, Debug)]
pub struct BoundJoin {
    /// The left, in an outer join preserved, side.
    pub left: BoundFrom,
    /// The right side.
    pub right: BoundFrom,
    /// LEFT OUTER rather than inner.
    pub outer: bool,
    /// The condition as conjuncts.
    pub on: Vec<Expression>,
}

/// A FROM whose tables are known and whose conditions are not bound yet.
pub struct Draft<'q> {
    node: DraftNode<'q>,
}

enum DraftNode<'q> {
    Table(usize),
    Join {
        left: Box<DraftNode<'q>>,
        right: Box<DraftNode<'q>>,
        outer: bool,
        on: DraftCondition<'q>,
        view: View,
    },
}

enum DraftCondition<'q> {
    None,
    Written(&'q Expr),
    Equal(Vec<Expr>),
}

/// Finds the tables of FROM. The conditions are bound later by [`Draft::bind_conditions`], when the scope is complete.
///
/// # Errors
/// 1146, 1046, 1066, 1248 and those of derived tables.
pub fn draft<'q>(binder: &Binder, from: &'q TableExpr) -> Result<(Draft<'q>, FromScope)> {
    let mut scope = FromScope::default();
    let (node, view) = draft_node(binder, &mut scope, from, false)?;
    scope.visible = view.visible;
    Ok((Draft { node }, scope))
}

fn draft_node<'q>(
    binder: &Binder,
    scope: &mut FromScope,
    from: &'q TableExpr,
    outer_joined: bool,
) -> Result<(DraftNode<'q>, View)> {
    let table = match from {
        TableExpr::Table { database, table, alias, hints } => {
            let mut bound = bind_table(binder, database.as_deref(), table, alias.as_deref(), outer_joined)?;
            bound.hints.clone_from(hints);
            bound
        }
        TableExpr::Derived { query, alias } => {
            let alias = alias.clone().ok_or_else(|| Error {
                code: 1248,
                state: *b"42000",
                message: "Every derived table must have its own alias".to_owned(),
            })?;
            bind_derived(binder, query, alias, outer_joined)?
        }
        TableExpr::Join { left, right, kind, condition } => {
            return draft_join(binder, scope, (left, right), *kind, condition, outer_joined);
        }
    };
    let position = scope.add(table)?;
    let added = &scope.tables[position];
    let visible = added
        .columns
        .iter()
        .zip(added.slots())
        .map(|(column, slot)| VisibleColumn { name: column.name.clone(), slot })
        .collect();
    Ok((DraftNode::Table(position), View { tables: position..position + 1, visible }))
}

fn draft_join<'q>(
    binder: &Binder,
    scope: &mut FromScope,
    (left, right): (&'q TableExpr, &'q TableExpr),
    kind: JoinKind,
    condition: &'q JoinCondition,
    outer_joined: bool,
) -> Result<(DraftNode<'q>, View)> {
    let (left_outer, right_outer) =
        (outer_joined || kind == JoinKind::Right, outer_joined || kind == JoinKind::Left);
    let (left_node, left_view) = draft_node(binder, scope, left, left_outer)?;
    let (right_node, right_view) = draft_node(binder, scope, right, right_outer)?;
    let tables = left_view.tables.start..right_view.tables.end;
    let (on, visible) = match condition {
        JoinCondition::None | JoinCondition::On(_) => {
            let on = match condition {
                JoinCondition::On(expr) => DraftCondition::Written(expr),
                JoinCondition::None | JoinCondition::Using(_) | JoinCondition::Natural => {
                    DraftCondition::None
                }
            };
            let visible = left_view.visible.into_iter().chain(right_view.visible).collect();
            (on, visible)
        }
        JoinCondition::Using(names) => coalesce(scope, &left_view, &right_view, names, kind)?,
        JoinCondition::Natural => {
            let in_right = |name: &str| right_view.visible.iter().any(|c| c.name.eq_ignore_ascii_case(name));
            let names: Vec<String> =
                left_view.visible.iter().filter(|c| in_right(&c.name)).map(|c| c.name.clone()).collect();
            coalesce(scope, &left_view, &right_view, &names, kind)?
        }
    };
    let view = View { tables, visible };
    let (left, right, outer) = match kind {
        JoinKind::Inner => (left_node, right_node, false),
        JoinKind::Left => (left_node, right_node, true),
        JoinKind::Right => (right_node, left_node, true),
    };
    let node =
        DraftNode::Join { left: Box::new(left), right: Box::new(right), outer, on, view: view.clone() };
    Ok((node, view))
}

/// Equalities and visible columns of USING and NATURAL: the common columns first, in the order of the left side, then the
/// others of the left side, then those of the right side; RIGHT JOIN exchanges the sides.
fn coalesce(
    scope: &FromScope,
    left: &View,
    right: &View,
    names: &[String],
    kind: JoinKind,
) -> Result<(DraftCondition<'static>, Vec<VisibleColumn>)> {
    let (first, second) = if kind == JoinKind::Right { (right, left) } else { (left, right) };
    let mut common = Vec::with_capacity(names.len());
    for name in names {
        let found = (find_common(first, name)?, find_common(second, name)?);
        common.push(found);
    }
    common.sort_by_key(|(first_position, _)| *first_position);
    let mut visible: Vec<VisibleColumn> =
        common.iter().map(|(position, _)| first.visible[*position].clone()).collect();
    let rest_of = |view: &View, taken: Vec<usize>| -> Vec<VisibleColumn> {
        let columns = view.visible.iter().enumerate();
        columns.filter(|(position, _)| !taken.contains(position)).map(|(_, column)| column.clone()).collect()
    };
    visible.extend(rest_of(first, common.iter().map(|(position, _)| *position).collect()));
    visible.extend(rest_of(second, common.iter().map(|(_, position)| *position).collect()));
    let equalities = common
        .iter()
        .map(|(in_first, in_second)| {
            let operand = |slot: usize| Box::new(qualified(scope, slot));
            Expr::Binary(
                BinaryOp::Eq,
                operand(first.visible[*in_first].slot),
                operand(second.visible[*in_second].slot),
            )
        })
        .collect();
    Ok((DraftCondition::Equal(equalities), visible))
}

fn find_common(view: &View, name: &str) -> Result<usize> {
    let mut matches =
        view.visible.iter().enumerate().filter(|(_, column)| column.name.eq_ignore_ascii_case(name));
    match (matches.next(), matches.next()) {
        (Some((position, _)), None) => Ok(position),
        (None, _) => Err(Error::unknown_column(name, "from clause")),
        (Some(_), Some(_)) => Err(Error::ambiguous_column(name, "from clause")),
    }
}

/// The full name of a slot's column, as an expression.
fn qualified(scope: &FromScope, slot: usize) -> Expr {
    let (table, position) = scope.table_of(slot).expect("a visible column's slot belongs to a table");
    let table = &scope.tables[table];
    Expr::Column {
        database: Some(table.database.clone()),
        table: Some(table.alias.clone()),
        column: table.columns[position].name.clone(),
    }
}

/// A base or virtual table as a member of FROM.
fn bind_table(
    binder: &Binder,
    database: Option<&str>,
    name: &str,
    alias: Option<&str>,
    outer_joined: bool,
) -> Result<BoundTable> {
    let database = binder.database(database)?;
    let alias = alias.unwrap_or(name).to_owned();
    if let Some(table) = virtual_table::lookup(database, name)? {
        let mut columns = table.columns.clone();
        for column in &mut columns {
            column.table.clone_from(&alias);
            column.nullable |= outer_joined;
        }
        let database = table.database.clone();
        let source = TableSource::Virtual(table);
        return Ok(BoundTable { source, database, alias, base: 0, columns, hints: Vec::new(), outer_joined });
    }
    if let Some(locked) = &binder.session.locked_tables {
        locked.check_use(database, name, &alias, false)?;
    }
    let table = binder.table(Some(database), name)?;
    let columns = table_columns(&table, &alias, outer_joined);
    let database = table.database.clone();
    let source = TableSource::Base(table);
    Ok(BoundTable { source, database, alias, base: 0, columns, hints: Vec::new(), outer_joined })
}

/// A derived table as a member of FROM. It sees no names of the block it stands in.
fn bind_derived(
    binder: &Binder,
    query: &crate::ast::Query,
    alias: String,
    outer_joined: bool,
) -> Result<BoundTable> {
    let plan = crate::plan::query::plan_query(binder, query, None)?;
    let mut columns: Vec<_> = plan.columns.clone();
    for position in 0..columns.len() {
        let (before, rest) = columns.split_at_mut(position);
        let column = &mut rest[0];
        if before.iter().any(|other| other.name.eq_ignore_ascii_case(&column.name)) {
            return Err(Error::duplicate_column(&column.name));
        }
        column.table.clone_from(&alias);
        column.original_name.clone_from(&column.name);
        column.nullable |= outer_joined;
        (column.primary_key, column.unique_key, column.multiple_key, column.auto_increment) =
            (false, false, false, false);
    }
    let source = TableSource::Derived(Arc::new(plan));
    let database = String::new();
    Ok(BoundTable { source, database, alias, base: 0, columns, hints: Vec::new(), outer_joined })
}

impl Draft<'_> {
    /// Binds the conditions.
    ///
    /// # Errors
    /// Those of binding expressions.
    pub fn bind_conditions(self, binder: &Binder, names: &Names) -> Result<BoundFrom> {
        bind_node(self.node, binder, names)
    }
}

fn bind_node(node: DraftNode, binder: &Binder, names: &Names) -> Result<BoundFrom> {
    match node {
        DraftNode::Table(position) => Ok(BoundFrom::Table(position)),
        DraftNode::Join { left, right, outer, on, view } => {
            let left = bind_node(*left, binder, names)?;
            let right = bind_node(*right, binder, names)?;
            let mut scope = BlockScope::new(binder, names, Clause::On);
            scope.view = Some(&view);
            let on = match on {
                DraftCondition::None => Vec::new(),
                DraftCondition::Written(expr) => scope.bind(expr)?.into_conjuncts(),
                DraftCondition::Equal(equalities) => {
                    equalities.iter().map(|expr| scope.bind(expr)).collect::<Result<_>>()?
                }
            };
            Ok(BoundFrom::Join(Box::new(BoundJoin { left, right, outer, on })))
        }
    }
}
