//! The order of joins, and where conditions are checked.
//!
//! A FROM is flattened to a [`Group`]: inner joins are members of one group whose conditions are simply conditions of the
//! group (WHERE's among them); the right side of a LEFT JOIN is one [`Unit`] with conditions of its own, which comes
//! after the tables of its left side. An outer join whose NULL-extended rows no condition of the group lets through is an
//! inner join and is treated as one.
//!
//! Inner units are ordered by cost (all orders are compared for a few tables); outer units follow in the order written:
//! they never take rows away. A condition is checked as soon as its tables are there: in the scan of the last of them,
//! or above the join where that scan's rows may be NULL-extended. A unit that has an index for its join condition is read
//! by that index for each outer row; else it is read once and kept, by hash where the condition is an equality.

use std::sync::Arc;

use crate::bind::{BoundFrom, FromScope, TableSource};
use crate::codec::{ColumnSet, RowReader};
use crate::error::Result;
use crate::expression::Expression;
use crate::plan::access::{Candidate, Chooser, OrderWish, ROWS_MIN, Usable};
use crate::plan::join_order::{Estimate, Search};
use crate::plan::node::{
    Access, FilterPlan, HashKey, JoinMethod, JoinPlan, Node, RowLock, RowsPlan, RowsSource, ScanPlan,
};
use crate::plan::{predicate, slots};

/// Rows that a derived table is taken to have.
const DERIVED_ROWS: f64 = 100.0;

/// Rows of the first table that a row of the result is taken to need, where a LIMIT ends the join.
const EARLY_ROWS: f64 = 4.0;

/// A set of tables, by position in FROM.
pub type TableSet = u64;

/// A condition and what it reads.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The condition.
    pub expression: Expression,
    /// Slots it reads.
    pub slots: Vec<usize>,
    /// Tables it reads.
    pub tables: TableSet,
}

/// Tables joined by inner joins, with outer-joined ones hanging on them.
#[derive(Clone, Debug, Default)]
pub struct Group {
    units: Vec<Unit>,
    conditions: Vec<Condition>,
}

/// A member of a group.
#[derive(Clone, Debug)]
struct Unit {
    body: UnitBody,
    /// Tables of the body.
    tables: TableSet,
    /// For the right side of a LEFT JOIN: its ON. None: an inner member.
    outer: Option<Vec<Condition>>,
}

#[derive(Clone, Debug)]
enum UnitBody {
    Table(usize),
    Group(Group),
}

/// Plans the joins of one block.
pub struct JoinPlanner<'j> {
    /// Tables.
    pub scope: &'j FromScope,
    /// By slot: read after the joins.
    pub needed: &'j [bool],
    /// The order wished for: slots, and DESC; empty for none.
    pub order: &'j [(usize, bool)],
    /// LIMIT that may end the scan early.
    pub limit: Option<f64>,
    /// Row locks, by table.
    pub locks: Vec<Option<RowLock>>,
    /// Tables whose rows are locked may be read once and kept, with all their rows locked, rather than once for each outer row.
    pub keeps_locked: bool,
}

/// What the planner made of FROM.
pub struct PlannedJoins {
    /// The tree.
    pub node: Node,
    /// Whether the rows come in the order wished for.
    pub ordered: bool,
}

/// The chosen access of a unit.
pub(super) struct Choice {
    candidate: Candidate,
    possible: Vec<String>,
    /// Reads outer columns in its index conditions.
    pub(super) dependent: bool,
    /// Rows that pass all conditions.
    pub(super) rows: f64,
    pub(super) cost: f64,
}

impl JoinPlanner<'_> {
    /// Wraps a condition with what it reads.
    #[must_use]
    pub fn condition(&self, expression: Expression) -> Condition {
        let slots = slots::slots_of(&expression);
        let tables = slots
            .iter()
            .filter_map(|slot| self.scope.table_of(*slot))
            .fold(0, |set, (table, _)| set | 1 << table);
        Condition { expression, slots, tables }
    }

    /// Flattens FROM, with WHERE's conditions.
    #[must_use]
    pub fn group(&self, from: &BoundFrom, filter: Vec<Condition>) -> Group {
        let mut group = Group::default();
        self.flatten(from, &mut group);
        group.conditions.extend(filter);
        group.simplify_outer(self.scope);
        group
    }

    fn flatten(&self, from: &BoundFrom, group: &mut Group) -> TableSet {
        match from {
            BoundFrom::Table(position) => {
                let tables = 1 << position;
                group.units.push(Unit { body: UnitBody::Table(*position), tables, outer: None });
                tables
            }
            BoundFrom::Join(join) => {
                let on = || join.on.iter().map(|expr| self.condition(expr.clone()));
                let left = self.flatten(&join.left, group);
                if !join.outer {
                    let right = self.flatten(&join.right, group);
                    group.conditions.extend(on());
                    return left | right;
                }
                let (body, tables) = if let BoundFrom::Table(position) = &join.right {
                    (UnitBody::Table(*position), 1 << position)
                } else {
                    let mut inner = Group::default();
                    let tables = self.flatten(&join.right, &mut inner);
                    (UnitBody::Group(inner), tables)
                };
                group.units.push(Unit { body, tables, outer: Some(on().collect()) });
                left | tables
            }
        }
    }

    /// Plans a whole FROM.
    ///
    /// # Errors
    /// 1176 for an unknown index in a hint.
    pub fn plan(&self, group: &Group) -> Result<PlannedJoins> {
        let (node, ordered) = self.plan_group(group, 0, true)?;
        let mut needed = self.needed.to_vec();
        collect_needed(&node, &mut needed);
        let mut node = node;
        self.fill_wanted(&mut node, &needed);
        Ok(PlannedJoins { node, ordered })
    }

    /// Plans a group whose surroundings have placed `available`.
    fn plan_group(&self, group: &Group, available: TableSet, outermost: bool) -> Result<(Node, bool)> {
        let inner: Vec<usize> =
            (0..group.units.len()).filter(|unit| group.units[*unit].outer.is_none()).collect();
        let outer = (0..group.units.len()).filter(|unit| group.units[*unit].outer.is_some());
        // What is LATERAL comes after what it reads, as it is written.
        let is_lateral = |unit: &Unit| match &unit.body {
            UnitBody::Table(table) => !self.scope.tables[*table].lateral_slots().is_empty(),
            UnitBody::Group(_) => false,
        };
        let order: Vec<usize> = if group.units.iter().any(is_lateral) {
            (0..group.units.len()).collect()
        } else {
            self.inner_order(group, &inner, available)?.into_iter().chain(outer).collect()
        };
        let mut applied = vec![false; group.conditions.len()];
        let mut placed = available;
        let mut planned: Option<Node> = None;
        let mut rows = 1.0;
        let mut ordered = false;
        for (rank, position) in order.into_iter().enumerate() {
            let unit = &group.units[position];
            let node = match planned.take() {
                None => {
                    let wish = outermost && rank == 0;
                    let (node, in_order, found) = self.first(group, unit, placed, wish, &mut applied)?;
                    (ordered, rows) = (in_order, found);
                    if let Some(limit) = self.limit
                        && outermost
                        && (ordered || self.order.is_empty())
                    {
                        // It ends early: what is kept for it would be kept in vain.
                        rows = rows.min((limit * EARLY_ROWS).max(1.0));
                    }
                    node
                }
                Some(outer) => self.joined(group, unit, placed, (outer, &mut rows), &mut applied)?,
            };
            placed |= unit.tables;
            planned = Some(apply_ready(group, node, placed, &mut applied));
        }
        let node = planned.ok_or_else(|| crate::Error::internal("a join without tables"))?;
        Ok((node, ordered))
    }

    /// The first unit of a group.
    fn first(
        &self,
        group: &Group,
        unit: &Unit,
        placed: TableSet,
        wish: bool,
        applied: &mut [bool],
    ) -> Result<(Node, bool, f64)> {
        let UnitBody::Table(table) = &unit.body else {
            return Err(crate::Error::internal("a group begins with an outer join"));
        };
        let ready = ready_conditions(group, unit, placed, applied);
        let conditions: Vec<&Condition> = ready.iter().map(|position| &group.conditions[*position]).collect();
        ready.iter().for_each(|position| applied[*position] = true);
        let keys = if wish { self.order_keys(*table) } else { None };
        let wish = keys.as_deref().map(|keys| OrderWish { keys, limit: self.limit });
        let choice = self.choose(*table, &conditions, placed, wish)?;
        let (ordered, rows) = (choice.candidate.ordered, choice.rows.max(1.0));
        Ok((self.leaf(*table, choice, &conditions), ordered, rows))
    }

    /// A further unit, joined to what is planned already.
    fn joined(
        &self,
        group: &Group,
        unit: &Unit,
        placed: TableSet,
        (outer, rows): (Node, &mut f64),
        applied: &mut [bool],
    ) -> Result<Node> {
        let left = unit.outer.is_some();
        let inner_slots: Vec<usize> = self.slots_of_tables(unit.tables);
        let table = match (&unit.body, &unit.outer) {
            (UnitBody::Group(inner), on) => {
                let mut inner = inner.clone();
                inner.conditions.extend(on.iter().flatten().cloned());
                let on = inner.take_foreign(unit.tables);
                let (node, _) = self.plan_group(&inner, placed, false)?;
                let join = JoinPlan {
                    outer,
                    inner: node,
                    left,
                    on,
                    method: JoinMethod::Loop,
                    inner_slots,
                    rows: *rows,
                };
                return Ok(Node::Join(Box::new(join)));
            }
            (UnitBody::Table(table), _) => *table,
        };
        let conditions: Vec<&Condition> = match &unit.outer {
            Some(on) => on.iter().collect(),
            None => {
                let ready = ready_conditions(group, unit, placed, applied);
                ready.iter().for_each(|position| applied[*position] = true);
                ready.into_iter().map(|position| &group.conditions[position]).collect()
            }
        };
        let estimate = self.estimate(table, &conditions, placed)?;
        let (is_looked_up, _) = estimate.method(*rows);
        *rows *= if left { estimate.rows.max(1.0) } else { estimate.rows };
        *rows = rows.max(1.0);
        let own = |condition: &Condition| condition.tables & !unit.tables == 0;
        if is_looked_up {
            let choice = self.choose(table, &conditions, placed, None)?;
            // Conditions on the outer side alone decide about the partner, not about the inner row.
            let (inside, on): (Vec<&Condition>, Vec<&Condition>) =
                conditions.into_iter().partition(|condition| condition.tables & unit.tables != 0);
            let inner = self.leaf(table, choice, &inside);
            let on = on.into_iter().map(|condition| condition.expression.clone()).collect();
            let join =
                JoinPlan { outer, inner, left, on, method: JoinMethod::Loop, inner_slots, rows: *rows };
            return Ok(Node::Join(Box::new(join)));
        }
        let (inside, across): (Vec<&Condition>, Vec<&Condition>) =
            conditions.into_iter().partition(|condition| own(condition) && condition.tables != 0);
        let choice = self.choose(table, &inside, placed, None)?;
        let inner = self.leaf(table, choice, &inside);
        let mut keys = Vec::new();
        let mut on = Vec::new();
        for condition in across {
            match self.hash_key(condition, unit.tables) {
                Some(key) => keys.push(key),
                None => on.push(condition.expression.clone()),
            }
        }
        let method = JoinMethod::Buffered { keys, keep: Vec::new() };
        Ok(Node::Join(Box::new(JoinPlan { outer, inner, left, on, method, inner_slots, rows: *rows })))
    }

    /// Whether a condition can be a key of a hash join with the unit.
    pub(super) fn has_hash_key(&self, condition: &Condition, unit: TableSet) -> bool {
        condition.tables & !unit != 0 && self.hash_key(condition, unit).is_some()
    }

    /// An equality between the unit and what is placed, as a key of a hash join.
    fn hash_key(&self, condition: &Condition, unit: TableSet) -> Option<HashKey> {
        let (left, right, null_safe) = predicate::equality(&condition.expression)?;
        let class = predicate::key_class(&condition.expression, &left, &right)?;
        let (of_left, of_right) = (self.condition(left), self.condition(right));
        let inside = |side: &Condition| side.tables != 0 && side.tables & !unit == 0;
        let outside = |side: &Condition| side.tables != 0 && side.tables & unit == 0;
        let (outer, inner) = if inside(&of_right) && outside(&of_left) {
            (of_left, of_right)
        } else if inside(&of_left) && outside(&of_right) {
            (of_right, of_left)
        } else {
            return None;
        };
        Some(HashKey { outer: outer.expression, inner: inner.expression, class, null_safe })
    }

    /// Chooses how a table is read, given what is placed.
    pub(super) fn choose(
        &self,
        table: usize,
        conditions: &[&Condition],
        placed: TableSet,
        order: Option<OrderWish>,
    ) -> Result<Choice> {
        let bound = &self.scope.tables[table];
        let TableSource::Base(base_table) = &bound.source else {
            let (cost, single) = (DERIVED_ROWS, 1 << table);
            let passing = conditions.iter().filter(|condition| condition.tables & !(placed | single) == 0);
            let rows = DERIVED_ROWS * passing.map(|condition| self.selectivity(condition)).product::<f64>();
            let access = Access::full();
            let candidate =
                Candidate { access, implied: Vec::new(), used: Vec::new(), rows: cost, cost, ordered: false };
            let dependent = !bound.lateral_slots().is_empty();
            return Ok(Choice { candidate, possible: Vec::new(), dependent, rows, cost });
        };
        let mut usable = Vec::new();
        for (conjunct, condition) in conditions.iter().enumerate() {
            for found in predicate::predicates(&condition.expression, bound.slots(), base_table) {
                let values = self.tables_of(&found.value_slots);
                if values & !placed == 0 {
                    usable.push(Usable { conjunct, predicate: found });
                }
            }
        }
        let range = bound.slots();
        let columns_of = |slots: &[usize]| -> ColumnSet {
            slots.iter().filter(|slot| range.contains(slot)).map(|slot| slot - range.start).collect()
        };
        let mut needed: Vec<usize> = range.clone().filter(|slot| self.needed[*slot]).collect();
        let single = 1 << table;
        for condition in conditions.iter().filter(|condition| condition.tables & !single != 0) {
            needed.extend(&condition.slots);
        }
        let conjuncts: Vec<usize> = (0..conditions.len()).collect();
        let shares: Vec<f64> = conditions.iter().map(|condition| self.selectivity(condition)).collect();
        let chooser = Chooser {
            table: base_table,
            hints: &bound.hints,
            usable: &usable,
            needed: &columns_of(&needed),
            conjunct_columns: &|conjunct| columns_of(&conditions[conjunct].slots),
            conjuncts: &conjuncts,
            shares: &shares,
            rows_min: self.rows_min(base_table),
            order,
            use_invisible: self.scope.use_invisible_indexes,
        };
        let (candidate, possible, rows) = chooser.choose()?;
        let dependent = candidate.access.terms.iter().any(|term| {
            let mut read = Vec::new();
            term.kind.each_value(&mut |value| read.extend(slots::slots_of(value)));
            !read.is_empty()
        });
        let cost = candidate.cost;
        Ok(Choice { candidate, possible, dependent, rows, cost })
    }

    /// The cheapest order of the inner units.
    fn inner_order(&self, group: &Group, inner: &[usize], available: TableSet) -> Result<Vec<usize>> {
        if inner.len() <= 1 {
            return Ok(inner.to_vec());
        }
        Search::new(self, group, inner).run(available)
    }

    /// What a unit costs behind placed tables.
    pub(super) fn estimate_unit(&self, group: &Group, unit: usize, placed: TableSet) -> Result<Estimate> {
        let unit = &group.units[unit];
        match &unit.body {
            UnitBody::Table(table) => self.estimate(*table, &conditions_on(group, unit, placed), placed),
            UnitBody::Group(_) => Ok(Estimate { lookup: Some(ROWS_MIN), kept: None, rows: 1.0 }),
        }
    }

    /// A table with its conditions.
    fn leaf(&self, table: usize, choice: Choice, conditions: &[&Condition]) -> Node {
        let bound = &self.scope.tables[table];
        let all = || conditions.iter().map(|condition| condition.expression.clone());
        let rows_node = |source: RowsSource| {
            Node::Rows(Box::new(RowsPlan {
                source,
                base: bound.base,
                width: bound.columns.len(),
                alias: bound.alias.clone(),
                filter: all().collect(),
            }))
        };
        let base_table = match &bound.source {
            TableSource::Derived(plan) => return rows_node(RowsSource::Derived(plan.clone())),
            TableSource::Virtual(table) => return rows_node(RowsSource::Virtual(table.clone())),
            TableSource::Dependent(rows) => return rows_node(RowsSource::Dependent(rows.clone())),
            // A face is in no tree of joins.
            TableSource::Merged(_) => {
                return rows_node(RowsSource::Derived(Arc::new(super::set::empty_query())));
            }
            TableSource::Base(table) => table,
        };
        let candidate = choice.candidate;
        let (mut filter, mut implied) = (Vec::new(), Vec::new());
        for (position, condition) in conditions.iter().enumerate() {
            if candidate.implied.contains(&position) {
                implied.push(condition.expression.clone());
            } else {
                filter.push(condition.expression.clone());
            }
        }
        Node::Scan(Box::new(ScanPlan {
            table: base_table.clone(),
            alias: bound.alias.clone(),
            base: bound.base,
            wanted: ColumnSet::empty(),
            wanted_checked: ColumnSet::empty(),
            reader: RowReader::default(),
            reader_checked: RowReader::default(),
            access: candidate.access,
            filter,
            implied,
            lock: self.locks[table],
            key_slot: None,
            rows: candidate.rows.round().max(1.0) as u64,
            possible: choice.possible,
        }))
    }

    fn slots_of_tables(&self, tables: TableSet) -> Vec<usize> {
        let members =
            self.scope.tables.iter().enumerate().filter(|(position, _)| tables & (1 << position) != 0);
        members.flat_map(|(_, table)| table.slots()).collect()
    }

    fn tables_of(&self, slots: &[usize]) -> TableSet {
        slots.iter().filter_map(|slot| self.scope.table_of(*slot)).fold(0, |set, (table, _)| set | 1 << table)
    }

    /// The order wished for, as columns of one table; none when it needs others or nothing is wished.
    fn order_keys(&self, table: usize) -> Option<Vec<(usize, bool)>> {
        let slots = self.scope.tables[table].slots();
        if self.order.is_empty() || self.order.iter().any(|(slot, _)| !slots.contains(slot)) {
            return None;
        }
        Some(self.order.iter().map(|(slot, descending)| (slot - slots.start, *descending)).collect())
    }

    /// Tells each scan and each kept join side which columns are read.
    fn fill_wanted(&self, node: &mut Node, needed: &[bool]) {
        node.each_scan(&mut |scan| fill_scan(scan, needed));
        fill_keep(node, needed);
    }
}

/// Decides which columns a scan reads and whether its index alone has them.
pub fn fill_scan(scan: &mut ScanPlan, needed: &[bool]) {
    let range = scan.base..scan.base + scan.table.columns.len();
    scan.wanted = range.clone().filter(|slot| needed[*slot]).map(|slot| slot - scan.base).collect();
    scan.wanted_checked = scan.wanted.clone();
    for slot in scan.implied.iter().flat_map(slots::slots_of).filter(|slot| range.contains(slot)) {
        scan.wanted_checked.insert(slot - scan.base);
    }
    scan.reader = RowReader::new(&scan.table, &scan.wanted);
    scan.reader_checked = RowReader::new(&scan.table, &scan.wanted_checked);
    let index = &scan.table.indexes[scan.access.index];
    let covers = |wanted: &ColumnSet| {
        scan.access.index > 0 && scan.lock.is_none() && crate::codec::key::covers(&scan.table, index, wanted)
    };
    (scan.access.covering, scan.access.covering_checked) =
        (covers(&scan.wanted), covers(&scan.wanted_checked));
}

fn fill_keep(node: &mut Node, needed: &[bool]) {
    match node {
        Node::Scan(_) | Node::Rows(_) => {}
        Node::Filter(filter) => fill_keep(&mut filter.input, needed),
        Node::Join(join) => {
            fill_keep(&mut join.outer, needed);
            fill_keep(&mut join.inner, needed);
            if let JoinMethod::Buffered { keep, .. } = &mut join.method {
                *keep = join.inner_slots.iter().copied().filter(|slot| needed[*slot]).collect();
            }
        }
    }
}

/// Conditions of the group that need `unit` and otherwise only what is placed.
fn conditions_on<'g>(group: &'g Group, unit: &Unit, placed: TableSet) -> Vec<&'g Condition> {
    let ready = |condition: &&Condition| {
        condition.tables & unit.tables != 0 && condition.tables & !(placed | unit.tables) == 0
    };
    group.conditions.iter().filter(ready).collect()
}

/// The same by position, without those already checked. Conditions without tables are checked by the first unit.
fn ready_conditions(group: &Group, unit: &Unit, placed: TableSet, applied: &[bool]) -> Vec<usize> {
    let ready = |position: &usize| {
        let condition = &group.conditions[*position];
        !applied[*position] && condition.tables & !(placed | unit.tables) == 0
    };
    (0..group.conditions.len()).filter(ready).collect()
}

/// Puts the conditions above `node` that became ready with it.
fn apply_ready(group: &Group, node: Node, placed: TableSet, applied: &mut [bool]) -> Node {
    let mut conditions = Vec::new();
    for (position, condition) in group.conditions.iter().enumerate() {
        if !applied[position] && condition.tables & !placed == 0 {
            applied[position] = true;
            conditions.push(condition.expression.clone());
        }
    }
    if conditions.is_empty() { node } else { Node::Filter(Box::new(FilterPlan { input: node, conditions })) }
}

/// Marks every slot that the tree itself reads.
fn collect_needed(node: &Node, needed: &mut [bool]) {
    let mut mark = |expression: &Expression| {
        for slot in slots::slots_of(expression) {
            if let Some(slot) = needed.get_mut(slot) {
                *slot = true;
            }
        }
    };
    match node {
        Node::Scan(scan) => {
            scan.filter.iter().for_each(&mut mark);
            scan.access.terms.iter().for_each(|term| term.kind.each_value(&mut mark));
        }
        Node::Rows(rows) => {
            rows.filter.iter().for_each(&mut mark);
            if let RowsSource::Dependent(dependent) = &rows.source {
                for slot in dependent.slots() {
                    if let Some(slot) = needed.get_mut(*slot) {
                        *slot = true;
                    }
                }
            }
        }
        Node::Filter(filter) => {
            filter.conditions.iter().for_each(&mut mark);
            collect_needed(&filter.input, needed);
        }
        Node::Join(join) => {
            join.on.iter().for_each(&mut mark);
            if let JoinMethod::Buffered { keys, .. } = &join.method {
                for key in keys {
                    mark(&key.outer);
                    mark(&key.inner);
                }
            }
            collect_needed(&join.outer, needed);
            collect_needed(&join.inner, needed);
        }
    }
}

impl Group {
    /// Its conditions.
    pub(super) fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// The tables of a unit.
    pub(super) fn unit_tables(&self, unit: usize) -> TableSet {
        self.units[unit].tables
    }

    /// Turns outer joins into inner ones where a condition of the group refuses their NULL-extended rows.
    fn simplify_outer(&mut self, scope: &FromScope) {
        loop {
            let refused = |unit: &Unit| {
                unit.outer.is_some()
                    && self.conditions.iter().any(|condition| {
                        predicate::refuses_null(&condition.expression, &|slot| {
                            scope.table_of(slot).is_some_and(|(table, _)| unit.tables & (1 << table) != 0)
                        })
                    })
            };
            let Some(position) = self.units.iter().position(refused) else {
                break;
            };
            let unit = &mut self.units[position];
            let on = unit.outer.take().unwrap_or_default();
            self.conditions.extend(on);
            if let UnitBody::Group(_) = &unit.body {
                let UnitBody::Group(inner) = self.units.remove(position).body else { break };
                // Where it stood: outer joins behind it may read its tables.
                self.units.splice(position..position, inner.units);
                self.conditions.extend(inner.conditions);
            }
        }
        for unit in &mut self.units {
            if let UnitBody::Group(inner) = &mut unit.body {
                inner.simplify_outer(scope);
            }
        }
    }

    /// Takes the conditions out that read nothing of `tables`.
    fn take_foreign(&mut self, tables: TableSet) -> Vec<Expression> {
        let (own, foreign): (Vec<Condition>, Vec<Condition>) = std::mem::take(&mut self.conditions)
            .into_iter()
            .partition(|condition| condition.tables & tables != 0);
        self.conditions = own;
        foreign.into_iter().map(|condition| condition.expression).collect()
    }
}
