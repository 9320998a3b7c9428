//! FROM: tables, derived tables and joins become a tree over the tables of a [`FromScope`].
//!
//! RIGHT JOIN becomes LEFT JOIN with its sides swapped in the tree, while the slots, and so `*`, keep the order written. USING
//! and NATURAL become equalities, and their columns are visible once, as the preserved side's.

use std::sync::Arc;

use crate::ast::{BinaryOp, Expr, JoinCondition, JoinKind, JsonTable, Query, QueryBody, TableExpr};
use crate::bind::block::{BlockScope, Clause};
use crate::bind::merge::{self, Merged};
use crate::bind::scope::{
    BoundTable, Dependent, FromScope, Names, TableSource, View, VisibleColumn, table_columns,
};
use crate::bind::select::{BoundSelect, OrderKey, Tail, bind_select};
use crate::bind::{Binder, common_table, json_table, virtual_table};
use crate::error::{Error, Result};
use crate::execute::ResultColumn;
use crate::expression::Expression;
use crate::plan::QueryPlan;
use crate::plan::query::{plan_bound, plan_query};

/// A tree of joins over the tables of a scope.
#[derive(Clone, Debug)]
pub enum BoundFrom {
    /// Position of a table in [`FromScope::tables`].
    Table(usize),
    /// A join.
    Join(Box<BoundJoin>),
}

impl BoundFrom {
    /// Calls `visit` with every condition of its joins.
    pub fn each_condition<'f>(&'f self, visit: &mut dyn FnMut(&'f Expression)) {
        if let BoundFrom::Join(join) = self {
            join.left.each_condition(visit);
            join.right.each_condition(visit);
            join.on.iter().for_each(visit);
        }
    }
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
    /// Whether a derived table reads rows of a block around this one.
    pub correlated: bool,
}

enum DraftNode<'q> {
    Table(usize),
    /// A merged table: its joins, and the conditions of its WHERE.
    Merged(BoundFrom, Vec<Expression>),
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

/// What a FROM may do with its tables.
#[derive(Clone, Copy, Debug)]
pub struct Space {
    /// Its first slot.
    pub start: usize,
    /// What can be [merged](crate::bind::merge).
    pub merges: Merges,
}

/// What can be merged into a FROM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merges {
    /// Nothing.
    Nothing,
    /// Derived tables and views, where the session lets them be.
    All,
    /// Views alone, through which rows are changed, whatever the session says.
    Targets,
}

/// Finds the tables of FROM; `parent` is the block around. The conditions are bound later by [`Draft::bind_conditions`], when the scope is
/// complete.
///
/// # Errors
/// 1146, 1046, 1066, 1248 and those of derived tables.
pub fn draft<'q>(
    binder: &Binder,
    from: &'q TableExpr,
    parent: Option<&Names>,
    space: Space,
) -> Result<(Draft<'q>, FromScope)> {
    let scope = FromScope { width: space.start, ..starting_scope(binder) };
    let leaves = merge::leaves(from);
    let mut drafter = Drafter { binder, parent, scope, correlated: false, merges: space.merges, leaves };
    let (node, view) = drafter.node(from, None, false)?;
    let Drafter { mut scope, correlated, .. } = drafter;
    scope.visible = view.visible;
    Ok((Draft { node, correlated }, scope))
}

fn starting_scope(binder: &Binder) -> FromScope {
    FromScope { use_invisible_indexes: uses_invisible_indexes(binder), ..FromScope::default() }
}

fn uses_invisible_indexes(binder: &Binder) -> bool {
    let switch = binder.session.variables.others.get("optimizer_switch");
    let is_on =
        |text: &[u8]| String::from_utf8_lossy(text).to_ascii_lowercase().contains("use_invisible_indexes=on");
    matches!(switch, Some(crate::types::Value::Text(text)) if is_on(text))
}

/// What a LATERAL derived table sees: the tables before it in the joins around it.
#[derive(Clone, Copy)]
struct Before<'v> {
    outer: Option<&'v Before<'v>>,
    view: &'v View,
}

/// Goes over FROM.
struct Drafter<'d> {
    binder: &'d Binder<'d>,
    parent: Option<&'d Names<'d>>,
    scope: FromScope,
    correlated: bool,
    merges: Merges,
    /// Tables of FROM that are still to come.
    leaves: usize,
}

impl Drafter<'_> {
    fn node<'q>(
        &mut self,
        from: &'q TableExpr,
        before: Option<&Before>,
        outer_joined: bool,
    ) -> Result<(DraftNode<'q>, View)> {
        if !matches!(from, TableExpr::Join { .. }) {
            self.leaves = self.leaves.saturating_sub(1);
        }
        let table = match from {
            TableExpr::Table { database, table, alias, hints, partitions } => {
                let common = match database {
                    Some(_) => None,
                    None => common_table::reference(self.binder, table, self.parent)?,
                };
                match common {
                    Some(common) => {
                        self.correlated |= common.correlated;
                        let alias = alias.as_ref().unwrap_or(table).clone();
                        derived(common.source, common.columns, alias, outer_joined)?
                    }
                    None if let Some(view) = view_of(self.binder, database.as_deref(), table) => {
                        if !hints.is_empty() {
                            return Err(Error::not_supported("index hints of a view"));
                        }
                        let alias = alias.as_ref().unwrap_or(table).clone();
                        let (inside, columns) = self.view(view, &alias)?;
                        let database = view.table.database.clone();
                        match self.merged(inside, outer_joined)? {
                            Ok(inner) => {
                                let source = TableSource::Merged(Some(Arc::clone(&view.table)));
                                let face = derived(source, columns, alias, outer_joined)?;
                                return self.add_merged(BoundTable { database, ..face }, *inner, Some(view));
                            }
                            Err(plan) => {
                                crate::view::bind::use_all(self.binder, view);
                                let source = TableSource::Derived(Arc::new(plan));
                                BoundTable { database, ..derived(source, columns, alias, outer_joined)? }
                            }
                        }
                    }
                    None => {
                        let (database, alias) = (database.as_deref(), alias.as_deref());
                        let mut bound = bind_table(self.binder, database, table, alias, outer_joined)?;
                        bound.hints.clone_from(hints);
                        if let TableSource::Base(base) = &bound.source {
                            self.binder.note_read(base.id, table, alias);
                        }
                        if !partitions.is_empty() {
                            select_partitions(&mut bound, partitions)?;
                        }
                        bound
                    }
                }
            }
            TableExpr::Derived { query, alias, json_table: Some(table), .. } => {
                let alias = alias.clone().ok_or_else(json_table::without_alias)?;
                let (source, found) = self.json_table(query, table, before)?;
                derived(source, found, alias, outer_joined)?
            }
            TableExpr::Derived { query, alias, columns, lateral, json_table: None } => {
                let alias = alias.clone().ok_or_else(|| Error {
                    code: 1248,
                    state: *b"42000",
                    message: "Every derived table must have its own alias".to_owned(),
                })?;
                let (source, mut found) = match (lateral, before) {
                    (true, Some(before)) => self.lateral(query, before)?,
                    _ => match self.derived(query, outer_joined)? {
                        Ok(inner) => {
                            let mut found: Vec<ResultColumn> =
                                inner.items.iter().map(|item| item.column.clone()).collect();
                            common_table::rename(&mut found, columns)?;
                            let face = derived(TableSource::Merged(None), found, alias, outer_joined)?;
                            return self.add_merged(face, *inner, None);
                        }
                        Err(plan) => {
                            self.correlated |= plan.correlated;
                            let columns = plan.columns.clone();
                            (TableSource::Derived(Arc::new(plan)), columns)
                        }
                    },
                };
                common_table::rename(&mut found, columns)?;
                derived(source, found, alias, outer_joined)?
            }
            TableExpr::Join { left, right, kind, condition } => {
                return self.join((left, right), *kind, condition, before, outer_joined);
            }
        };
        let view = self.add(table)?;
        Ok((DraftNode::Table(view.tables.start), view))
    }

    /// Adds a table to the scope.
    fn add(&mut self, table: BoundTable) -> Result<View> {
        let dependence = self.binder.take_dependence();
        let position = self.scope.add(table)?;
        if let Some(dependence) = dependence {
            self.scope.dependences.push((self.scope.tables[position].base, dependence));
        }
        let added = &self.scope.tables[position];
        let visible = added
            .columns
            .iter()
            .zip(added.slots())
            .enumerate()
            .filter_map(|(position, (column, slot))| added.visible(position, column, slot))
            .collect();
        Ok(View { tables: position..position + 1, visible })
    }

    /// Adds a merged table, whose slots come behind those of what is in it.
    fn add_merged<'q>(
        &mut self,
        face: BoundTable,
        inner: BoundSelect,
        view: Option<&Arc<crate::view::View>>,
    ) -> Result<(DraftNode<'q>, View)> {
        let BoundSelect { from: Some(from), filter, merged_conditions, items, order, mut scope, .. } = inner
        else {
            return Err(Error::internal("a merged table without FROM"));
        };
        if face.outer_joined {
            for table in &mut scope.tables {
                table.outer_joined = true;
                table.columns.iter_mut().for_each(|column| column.nullable = true);
            }
        }
        self.scope.width = scope.width;
        let shown = self.add(face)?;
        let position = shown.tables.start;
        let mut conditions = merge::join_conditions(&from);
        conditions.extend(filter.iter().skip(merged_conditions).cloned());
        let face = &self.scope.tables[position];
        self.scope.merged.push(Merged {
            position,
            tables: position + 1..position + 1 + scope.tables.len(),
            slots: face.slots(),
            items: items.into_iter().map(|item| item.expression).collect(),
            conditions,
            order: order.into_iter().map(|key| OrderKey { item: None, ..key }).collect(),
            view: view.cloned(),
        });
        self.scope.take_in(position, scope);
        Ok((DraftNode::Merged(merge::moved(from, position + 1), filter), shown))
    }

    /// The query of a view, bound where its tables would stand if it were merged, or planned.
    fn view(
        &mut self,
        view: &Arc<crate::view::View>,
        alias: &str,
    ) -> Result<(crate::view::bind::Inside, Vec<ResultColumn>)> {
        if let Some(locked) = &self.binder.session.locked_tables {
            locked.check_use(&view.table.database, &view.table.name, alias, false)?;
        }
        let merges = match self.merges {
            Merges::Nothing => false,
            Merges::All => merge::is_wanted(self.binder, Some(view.algorithm)),
            Merges::Targets => view.algorithm != crate::ast::ViewAlgorithm::TempTable,
        };
        let space = Space { start: self.scope.width, merges: self.merges };
        crate::view::bind::bind(self.binder, view, merges.then_some(space))
    }

    /// What is bound of a view: the block, if it can be merged, else its plan.
    fn merged(
        &mut self,
        inside: crate::view::bind::Inside,
        outer_joined: bool,
    ) -> Result<std::result::Result<Box<BoundSelect>, QueryPlan>> {
        Ok(match inside {
            crate::view::bind::Inside::Plan(plan) => Err(plan),
            crate::view::bind::Inside::Bound(inner) if self.can_take(&inner, outer_joined) => Ok(inner),
            crate::view::bind::Inside::Bound(inner) => Err(plan_bound(self.binder, *inner)?),
        })
    }

    /// Whether a bound block can be merged here.
    fn can_take(&self, inner: &BoundSelect, outer_joined: bool) -> bool {
        let taken = self.scope.tables.len() + self.leaves + 1;
        let room = crate::limits::JOIN_TABLES_MAX.saturating_sub(taken);
        merge::is_plain(inner, outer_joined, self.merges == Merges::Targets, room)
    }

    /// A derived table, which sees no names of the block it stands in, but those of the blocks around that.
    fn derived(
        &mut self,
        query: &Query,
        outer_joined: bool,
    ) -> Result<std::result::Result<Box<BoundSelect>, QueryPlan>> {
        if matches!(query.body, QueryBody::Select(_)) {
            self.binder.bind_derived();
        }
        let merges = self.merges == Merges::All
            && self.binder.merges_derived()
            && merge::may_merge(query, false)
            && merge::is_wanted(self.binder, None);
        let QueryBody::Select(select) = &query.body else {
            return self.binder.in_derived(|| plan_query(self.binder, query, self.parent)).map(Err);
        };
        if !merges {
            return self.binder.in_derived(|| plan_query(self.binder, query, self.parent)).map(Err);
        }
        let space = Space { start: self.scope.width, merges: Merges::All };
        let tail = Tail { order_by: &query.order_by, space, ..Tail::default() };
        let inner = self.binder.in_derived(|| bind_select(self.binder, select, tail, self.parent))?;
        match self.can_take(&inner, outer_joined) {
            true => Ok(Ok(Box::new(inner))),
            false => plan_bound(self.binder, inner).map(Err),
        }
    }

    /// JSON_TABLE: LATERAL whether it reads the tables before it or not.
    fn json_table(
        &mut self,
        query: &Query,
        table: &JsonTable,
        before: Option<&Before>,
    ) -> Result<(TableSource, Vec<ResultColumn>)> {
        let seen = self.seen(before);
        let names = Names::new(&seen, self.parent);
        let plan = plan_query(self.binder, query, Some(&names));
        let plan = plan.map_err(|error| json_table::unknown_name(error, &seen))?;
        self.correlated |= names.correlated.get();
        let mut slots = names.read_from_inside.take();
        slots.sort_unstable();
        slots.dedup();
        let table = json_table::collated(table, self.binder.session.variables.collation_connection);
        let columns = json_table::columns(&table)?;
        let (plan, table) = (Arc::new(plan), Some(Arc::new(table)));
        Ok((TableSource::Dependent(Arc::new(Dependent::Lateral { plan, slots, table })), columns))
    }

    /// What the tables before show.
    fn seen(&self, before: Option<&Before>) -> FromScope {
        let merged = self.scope.merged.clone();
        let mut seen = FromScope { width: self.scope.width, merged, ..FromScope::default() };
        let mut views = Vec::new();
        let mut next = before;
        while let Some(before) = next {
            views.push(before.view);
            next = before.outer;
        }
        for view in views.into_iter().rev() {
            seen.tables.extend_from_slice(&self.scope.tables[view.tables.clone()]);
            seen.visible.extend_from_slice(&view.visible);
        }
        seen
    }

    /// A LATERAL derived table.
    fn lateral(&mut self, query: &Query, before: &Before) -> Result<(TableSource, Vec<ResultColumn>)> {
        let seen = self.seen(Some(before));
        let names = Names::new(&seen, self.parent);
        let plan = plan_query(self.binder, query, Some(&names))?;
        self.correlated |= names.correlated.get();
        let mut slots = names.read_from_inside.take();
        slots.sort_unstable();
        slots.dedup();
        let columns = plan.columns.clone();
        let plan = Arc::new(plan);
        let source = match plan.correlated {
            true => TableSource::Dependent(Arc::new(Dependent::Lateral { plan, slots, table: None })),
            false => TableSource::Derived(plan),
        };
        Ok((source, columns))
    }

    fn join<'q>(
        &mut self,
        (left, right): (&'q TableExpr, &'q TableExpr),
        kind: JoinKind,
        condition: &'q JoinCondition,
        before: Option<&Before>,
        outer_joined: bool,
    ) -> Result<(DraftNode<'q>, View)> {
        let (left_outer, right_outer) =
            (outer_joined || kind == JoinKind::Right, outer_joined || kind == JoinKind::Left);
        let (left_node, left_view) = self.node(left, before, left_outer)?;
        let inner = Before { outer: before, view: &left_view };
        // The right side of a RIGHT JOIN is read first.
        let inner = if kind == JoinKind::Right { before } else { Some(&inner) };
        let (right_node, right_view) = self.node(right, inner, right_outer)?;
        draft_join(&self.scope, (left_node, left_view), (right_node, right_view), kind, condition)
    }
}

/// A join whose sides are drafted.
fn draft_join<'q>(
    scope: &FromScope,
    (left_node, left_view): (DraftNode<'q>, View),
    (right_node, right_view): (DraftNode<'q>, View),
    kind: JoinKind,
    condition: &'q JoinCondition,
) -> Result<(DraftNode<'q>, View)> {
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
            let shown = |view: &View| view.visible.clone().into_iter().filter(|column| !column.invisible);
            let in_right = |name: &str| shown(&right_view).any(|c| c.name.eq_ignore_ascii_case(name));
            let names: Vec<String> =
                shown(&left_view).filter(|c| in_right(&c.name)).map(|c| c.name).collect();
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
    let mut visible: Vec<VisibleColumn> = common
        .iter()
        .map(|(position, _)| VisibleColumn { invisible: false, ..first.visible[*position].clone() })
        .collect();
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
    if binder.session.temporary_table(database, name).is_none()
        && let Some(table) = virtual_table::lookup(binder.catalog, database, name)?
    {
        let mut columns = table.columns.clone();
        for column in &mut columns {
            column.table.clone_from(&alias);
            column.nullable |= outer_joined;
        }
        let database = table.database.clone();
        let source = TableSource::Virtual(table);
        return Ok(BoundTable { source, database, alias, base: 0, columns, hints: Vec::new(), outer_joined });
    }
    if let Some(locked) = &binder.session.locked_tables
        && binder.session.temporary_table(database, name).is_none()
    {
        locked.check_use(database, name, &alias, false)?;
    }
    let table = binder.table(Some(database), name, &alias)?;
    let columns = table_columns(&table, &alias, outer_joined);
    let database = table.database.clone();
    let source = TableSource::Base(table);
    Ok(BoundTable { source, database, alias, base: 0, columns, hints: Vec::new(), outer_joined })
}

/// `PARTITION (…)` behind a table's name.
fn select_partitions(bound: &mut BoundTable, names: &[String]) -> Result<()> {
    match &mut bound.source {
        TableSource::Base(table) => *table = Arc::new(table.select_partitions(names)?),
        // What is no stored table has no partitions.
        TableSource::Derived(_)
        | TableSource::Virtual(_)
        | TableSource::Dependent(_)
        | TableSource::Merged(_) => {
            let message = "PARTITION () clause on non partitioned table".to_owned();
            return Err(Error { code: 1747, state: *b"HY000", message });
        }
    }
    Ok(())
}

/// The view that a name means.
fn view_of<'b>(binder: &'b Binder, database: Option<&str>, name: &str) -> Option<&'b Arc<crate::view::View>> {
    let database = binder.database(database).ok()?;
    match binder.session.temporary_table(database, name) {
        Some(_) => None,
        None => binder.catalog.view(database, name),
    }
}

/// Rows of a query as a member of FROM.
fn derived(
    source: TableSource,
    mut columns: Vec<ResultColumn>,
    alias: String,
    outer_joined: bool,
) -> Result<BoundTable> {
    if !matches!(source, TableSource::Merged(_)) {
        columns = columns.into_iter().map(ResultColumn::stored).collect();
    }
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
    let database = String::new();
    Ok(BoundTable { source, database, alias, base: 0, columns, hints: Vec::new(), outer_joined })
}

impl Draft<'_> {
    /// Binds the conditions; gives those of merged tables too that belong to the block's WHERE.
    ///
    /// # Errors
    /// Those of binding expressions.
    pub fn bind_conditions(self, binder: &Binder, names: &Names) -> Result<(BoundFrom, Vec<Expression>)> {
        bind_node(self.node, binder, names)
    }
}

/// A node, and the conditions of merged tables in it that are still to be placed.
fn bind_node(node: DraftNode, binder: &Binder, names: &Names) -> Result<(BoundFrom, Vec<Expression>)> {
    match node {
        DraftNode::Table(position) => Ok((BoundFrom::Table(position), Vec::new())),
        DraftNode::Merged(from, filter) => Ok((from, filter)),
        DraftNode::Join { left, right, outer, on, view } => {
            let (left, mut pending) = bind_node(*left, binder, names)?;
            let (right, of_right) = bind_node(*right, binder, names)?;
            let mut scope = BlockScope::new(binder, names, Clause::On);
            scope.view = Some(&view);
            let own: Vec<Expression> = match on {
                DraftCondition::None => Vec::new(),
                DraftCondition::Written(expr) => {
                    let condition = scope.bind(expr)?;
                    binder.check_condition(&condition)?;
                    condition.with_literals_read(&mut |warning| binder.needs().warn(warning)).into_conjuncts()
                }
                DraftCondition::Equal(equalities) => {
                    equalities.iter().map(|expr| scope.bind(expr)).collect::<Result<_>>()?
                }
            };
            // Whose rows are no partners, an outer join finds none for.
            let mut on = Vec::new();
            match outer {
                true => on.extend(of_right),
                false => pending.extend(of_right),
            }
            on.extend(own);
            Ok((BoundFrom::Join(Box::new(BoundJoin { left, right, outer, on })), pending))
        }
    }
}
