//! What a statement that is planned needs of the tables it names, known from its text: that is looked at before anything is said of them.
//!
//! For SELECT, INSERT and UPDATE a grant on some column will do here; which columns are used is known when they are resolved. A name
//! without a database where none is current says nothing: binding refuses the statement (1046).

use super::requirement::{Requirement, Requirements};
use super::visible::is_world_readable;
use crate::account::{Privilege, PrivilegeSet};
use crate::ast::{
    Delete, Expr, Insert, InsertSource, JoinCondition, Load, LoadDuplicates, OrderItem, Query, QueryBody,
    SelectItem, Statement, TableExpr, TableName, Update, With,
};
use crate::bind::virtual_table::SYSTEM_DATABASES;
use crate::bind::walk::{operands, window_operands};
use crate::catalog::TemporaryTables;
use crate::session::SessionState;
use crate::show::system_table::INFORMATION_SCHEMA;

/// What the tables of a statement that is planned are needed for. Nothing for other statements, and for the session's temporary tables.
#[must_use]
pub fn of_planned(statement: &Statement, session: &SessionState) -> Requirements {
    let mut tables = Tables::of(session);
    tables.statement(statement);
    tables.end()
}

/// Whether a statement that is planned names a temporary table of the session.
#[must_use]
pub fn uses_temporary(statement: &Statement, session: &SessionState) -> bool {
    if session.temporary.is_none() {
        return false;
    }
    let mut tables = Tables::of(session);
    tables.statement(statement);
    tables.met_temporary
}

/// What the subqueries of expressions outside of planned statements need.
#[must_use]
pub fn of_expressions<'e>(
    expressions: impl IntoIterator<Item = &'e Expr>,
    session: &SessionState,
) -> Requirements {
    let mut tables = Tables::of(session);
    expressions.into_iter().for_each(|expr| tables.expr(expr));
    tables.end()
}

/// A name with its database, which is the current one unless it is written; system databases in lower case. None when there is neither.
#[must_use]
pub fn qualified(database: Option<&str>, table: &str, current: Option<&str>) -> Option<TableName> {
    let database = canonical(database.or(current)?);
    Some(TableName { database: Some(database), table: table.to_owned() })
}

/// A database's name as grants know it: system databases are found in any case of letters.
#[must_use]
pub fn canonical(database: &str) -> String {
    let system = SYSTEM_DATABASES.into_iter().find(|name| name.eq_ignore_ascii_case(database));
    system.unwrap_or(database).to_owned()
}

/// Whether it is one of information_schema's tables about the inside of the cluster. Who its members are, is told to everybody: clients follow
/// the leader by it.
fn is_cluster_view(table: &TableName) -> bool {
    let name = table.table.to_ascii_uppercase();
    table.database.as_deref() == Some(INFORMATION_SCHEMA)
        && (name.starts_with("ALISQL_CLUSTER_") || name == "QUORATE_CLUSTER_EVENTS")
}

/// The walk over a statement.
struct Tables<'a> {
    database: Option<&'a str>,
    found: Requirements,
    /// Of FOR UPDATE: looked at after all else.
    locked: Vec<TableName>,
    /// Names of the common table expressions in sight: they are no tables.
    common: Vec<String>,
    temporary: Option<&'a TemporaryTables>,
    met_temporary: bool,
}

impl<'a> Tables<'a> {
    fn of(session: &'a SessionState) -> Tables<'a> {
        Tables {
            database: session.database.as_deref(),
            found: Requirements::none(),
            locked: Vec::new(),
            common: Vec::new(),
            temporary: session.temporary.as_deref(),
            met_temporary: false,
        }
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Query(query) => self.query(query),
            Statement::Insert(insert) => self.insert(insert),
            Statement::Update(update) => self.update(update),
            Statement::Delete(delete) => self.delete(delete),
            Statement::Load(load) => self.load(load),
            Statement::SelectInto(into) => self.statement(&into.query),
            Statement::Explain(explained) => self.statement(&explained.statement),
            Statement::Do(expressions) => expressions.iter().for_each(|expr| self.expr(expr)),
            _ => {}
        }
    }

    fn is_temporary(&self, database: Option<&str>, table: &str) -> bool {
        self.temporary.is_some_and(|temporary| {
            database.or(self.database).is_some_and(|database| temporary.find(database, table).is_some())
        })
    }

    fn end(mut self) -> Requirements {
        for table in self.locked {
            self.found.add(Requirement::LockingRead(table));
        }
        self.found
    }

    fn need(&mut self, privileges: PrivilegeSet, database: Option<&str>, table: &str) {
        if self.is_temporary(database, table) {
            self.met_temporary = true;
            return;
        }
        let Some(table) = qualified(database, table, self.database) else { return };
        let is_read = privileges == PrivilegeSet::from(Privilege::Select);
        if is_read && is_cluster_view(&table) {
            self.found.append(super::statement::cluster_view());
            return;
        }
        if is_read && is_world_readable(table.database.as_deref().unwrap_or_default(), &table.table) {
            return;
        }
        self.found.add(Requirement::Table { privileges, table });
    }

    /// Looks at the definitions of a WITH, and has their names in sight from then on; gives how many were before.
    fn with(&mut self, with: Option<&With>) -> usize {
        let before = self.common.len();
        for table in with.iter().flat_map(|with| &with.tables) {
            let outside = self.common.len();
            if with.is_some_and(|with| with.recursive) {
                self.common.push(table.name.clone());
            }
            self.query(&table.query);
            self.common.truncate(outside);
            self.common.push(table.name.clone());
        }
        before
    }

    fn query(&mut self, query: &Query) {
        let before = self.with(query.with.as_deref());
        self.body(query);
        self.order(&query.order_by);
        query.limit.iter().chain(&query.offset).for_each(|expr| self.expr(expr));
        self.common.truncate(before);
    }

    fn body(&mut self, query: &Query) {
        match &query.body {
            QueryBody::SetOperation { left, right, .. } => {
                self.query(left);
                self.query(right);
            }
            QueryBody::Values(rows) => rows.iter().flatten().for_each(|expr| self.expr(expr)),
            QueryBody::Nested(inner) => self.query(inner),
            QueryBody::Select(select) => {
                if let Some(from) = &select.from {
                    self.from(from, Privilege::Select);
                }
                for item in &select.items {
                    match item {
                        SelectItem::Expression { expr, .. } => self.expr(expr),
                        SelectItem::Wildcard | SelectItem::TableWildcard { .. } => {}
                    }
                }
                select
                    .filter
                    .iter()
                    .chain(&select.group_by)
                    .chain(&select.having)
                    .for_each(|expr| self.expr(expr));
                for window in &select.windows {
                    window_operands(&window.spec, &mut |expr| self.expr(expr));
                }
                if let (Some(locking), Some(from)) = (&query.locking, &select.from) {
                    for clause in locking.clauses().filter(|clause| clause.exclusive) {
                        self.lock(from, &|alias| clause.is_of(alias));
                    }
                }
            }
        }
    }

    /// The tables of FROM; `privilege` is what those that stand there themselves are needed for.
    fn from(&mut self, from: &TableExpr, privilege: Privilege) {
        match from {
            TableExpr::Table { database: None, table, .. } if self.common.contains(table) => {}
            TableExpr::Table { database, table, .. } => {
                self.need(privilege.into(), database.as_deref(), table);
            }
            TableExpr::Derived { query, .. } => self.query(query),
            TableExpr::Join { left, right, condition, .. } => {
                self.from(left, privilege);
                self.from(right, privilege);
                match condition {
                    JoinCondition::On(expr) => self.expr(expr),
                    JoinCondition::None | JoinCondition::Using(_) | JoinCondition::Natural => {}
                }
            }
        }
    }

    /// Notes the tables that FOR UPDATE locks.
    fn lock(&mut self, from: &TableExpr, is_locked: &dyn Fn(&str) -> bool) {
        match from {
            TableExpr::Table { database: None, table, .. } if self.common.contains(table) => {}
            TableExpr::Table { database, table, alias, .. } => {
                let locked = qualified(database.as_deref(), table, self.database)
                    .filter(|name| !is_world_readable(name.database.as_deref().unwrap_or_default(), table));
                if is_locked(alias.as_ref().unwrap_or(table))
                    && !self.is_temporary(database.as_deref(), table)
                    && let Some(name) = locked
                {
                    self.locked.push(name);
                }
            }
            TableExpr::Derived { .. } => {}
            TableExpr::Join { left, right, .. } => {
                self.lock(left, is_locked);
                self.lock(right, is_locked);
            }
        }
    }

    fn insert(&mut self, insert: &Insert) {
        let also = match (insert.replace, insert.on_duplicate.is_empty()) {
            (true, _) => PrivilegeSet::from(Privilege::Delete),
            (false, true) => PrivilegeSet::NONE,
            (false, false) => PrivilegeSet::from(Privilege::Update),
        };
        let privileges = PrivilegeSet::from(Privilege::Insert).with(also);
        self.need(privileges, insert.table.database.as_deref(), &insert.table.table);
        match &insert.source {
            InsertSource::Values(rows) => rows.iter().flatten().for_each(|expr| self.expr(expr)),
            InsertSource::Query(query) => self.query(query),
        }
        insert.on_duplicate.iter().for_each(|(_, expr)| self.expr(expr));
    }

    fn load(&mut self, load: &Load) {
        if !load.local {
            self.found.add(Requirement::LoadFile);
        }
        let also = match load.duplicates {
            LoadDuplicates::Replace => PrivilegeSet::from(Privilege::Delete),
            LoadDuplicates::Refuse | LoadDuplicates::Ignore => PrivilegeSet::NONE,
        };
        let privileges = PrivilegeSet::from(Privilege::Insert).with(also);
        self.need(privileges, load.table.database.as_deref(), &load.table.table);
        load.assignments.iter().for_each(|(_, expr)| self.expr(expr));
    }

    fn update(&mut self, update: &Update) {
        self.with(update.with.as_deref());
        match &update.from {
            TableExpr::Table { .. } => self.from(&update.from, Privilege::Update),
            joined @ (TableExpr::Derived { .. } | TableExpr::Join { .. }) => self.joined(joined),
        }
        update.assignments.iter().for_each(|(_, value)| self.expr(value));
        update.filter.iter().chain(&update.limit).for_each(|expr| self.expr(expr));
        self.order(&update.order_by);
    }

    fn delete(&mut self, delete: &Delete) {
        self.with(delete.with.as_deref());
        if self.database.is_none() && delete.targets.iter().any(|target| target.database.is_none()) {
            // Error 1046 comes first.
            return;
        }
        if delete.targets.is_empty() {
            self.from(&delete.from, Privilege::Delete);
        } else {
            self.from(&delete.from, Privilege::Select);
            for target in &delete.targets {
                self.delete_from(&delete.from, target);
            }
        }
        delete.filter.iter().chain(&delete.limit).for_each(|expr| self.expr(expr));
        self.order(&delete.order_by);
    }

    /// The tables of an UPDATE of several: which of them are changed is known when the columns of SET are resolved.
    fn joined(&mut self, from: &TableExpr) {
        match from {
            TableExpr::Table { database: None, table, .. } if self.common.contains(table) => {}
            TableExpr::Table { database, table, .. } => {
                if self.is_temporary(database.as_deref(), table) {
                    self.met_temporary = true;
                    return;
                }
                let Some(table) = qualified(database.as_deref(), table, self.database) else { return };
                if !is_world_readable(table.database.as_deref().unwrap_or_default(), &table.table) {
                    self.found.add(Requirement::ReadOrUpdate(table));
                }
            }
            TableExpr::Derived { query, .. } => self.query(query),
            TableExpr::Join { left, right, condition, .. } => {
                self.joined(left);
                self.joined(right);
                if let JoinCondition::On(expr) = condition {
                    self.expr(expr);
                }
            }
        }
    }

    /// A table of FROM that DELETE names.
    fn delete_from(&mut self, from: &TableExpr, target: &TableName) {
        match from {
            TableExpr::Table { database: None, table, .. } if self.common.contains(table) => {}
            TableExpr::Table { database, table, alias, .. } => {
                if *alias.as_ref().unwrap_or(table) == target.table {
                    self.need(Privilege::Delete.into(), database.as_deref(), table);
                }
            }
            TableExpr::Derived { .. } => {}
            TableExpr::Join { left, right, .. } => {
                self.delete_from(left, target);
                self.delete_from(right, target);
            }
        }
    }

    fn order(&mut self, order_by: &[OrderItem]) {
        order_by.iter().for_each(|item| self.expr(&item.expr));
    }

    fn expr(&mut self, expr: &Expr) {
        // `operands` does not enter subqueries.
        if let Some(query) = expr.subquery() {
            self.query(query);
        }
        operands(expr, &mut |operand| self.expr(operand));
    }
}
