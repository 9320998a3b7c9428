//! FROM: its tables and the names that they bring.

use super::{Named, Qualifier, Scope, Visible};
use crate::ast::{BinaryOp, Expr, JoinCondition, JoinKind, TableExpr};
use crate::bind::virtual_table;
use crate::catalog::same_name;
use crate::{Error, Result};

/// What a part of FROM brings.
#[derive(Clone)]
pub(super) struct Part {
    pub(super) visible: Vec<Visible>,
}

impl Qualifier<'_> {
    pub(super) fn from(
        &mut self,
        from: &mut TableExpr,
        scope: &mut Scope<'_>,
        parent: Option<&Scope<'_>>,
    ) -> Result<Part> {
        let named = match from {
            TableExpr::Table { database, table, alias, hints, partitions } => {
                if !partitions.is_empty() {
                    return Err(Error::not_supported("PARTITION selection in a view"));
                }
                if !hints.is_empty() {
                    return Err(Error::not_supported("index hints in a view"));
                }
                self.table(database, table, alias)?
            }
            TableExpr::Derived { json_table: Some(_), .. } => {
                return Err(Error::not_supported("JSON_TABLE in a view"));
            }
            TableExpr::Derived { query, alias, columns, lateral, json_table: None } => {
                let around = if *lateral { Some(&*scope) } else { parent };
                let mut names = match (lateral, around) {
                    (true, Some(around)) => {
                        let visible = self.all_visible(around);
                        let seen =
                            Scope { tables: around.tables.clone(), visible, parent, aliases: Vec::new() };
                        self.table_query(query, Some(&seen))?
                    }
                    _ => self.table_query(query, parent)?,
                };
                if !columns.is_empty() {
                    names.clone_from(columns);
                }
                let name = alias.clone().unwrap_or_default();
                let columns = names.into_iter().map(|name| (name, true)).collect();
                Named { database: None, found_in: None, name, columns }
            }
            TableExpr::Join { left, right, kind, condition } => {
                let left = self.from(left, scope, parent)?;
                let right = self.from(right, scope, parent)?;
                return self.join((left, right), *kind, condition, scope, parent);
            }
        };
        let table = scope.tables.len();
        let columns = named.columns.iter();
        let visible =
            columns.map(|(name, shown)| Visible { name: name.clone(), shown: *shown, table }).collect();
        scope.tables.push(named);
        Ok(Part { visible })
    }

    /// All columns of the tables so far: what LATERAL sees.
    fn all_visible(&self, scope: &Scope<'_>) -> Vec<Visible> {
        let tables = scope.tables.iter().enumerate();
        let columns = tables.flat_map(|(table, named)| {
            named.columns.iter().map(move |(name, shown)| Visible {
                name: name.clone(),
                shown: *shown,
                table,
            })
        });
        columns.collect()
    }

    fn table(
        &mut self,
        database: &mut Option<String>,
        table: &str,
        alias: &mut Option<String>,
    ) -> Result<Named> {
        if alias.as_deref() == Some(table) {
            *alias = None;
        }
        let name = alias.clone().unwrap_or_else(|| table.to_owned());
        let shown = |names: &[String]| names.iter().map(|name| (name.clone(), true)).collect();
        if database.is_none()
            && let Some((_, columns)) = self.common.iter().rev().find(|(common, _)| common == table)
        {
            return Ok(Named { database: None, found_in: None, name, columns: shown(columns) });
        }
        let found_in = match &*database {
            Some(database) => database.clone(),
            None => self.session.database.clone().ok_or_else(Error::no_database)?,
        };
        let columns = if let Some(system) = virtual_table::lookup(self.catalog, &found_in, table)? {
            system.columns.iter().map(|column| (column.name.clone(), true)).collect()
        } else {
            let found = match self.catalog.view(&found_in, table) {
                Some(view) => &view.table,
                None => self.catalog.table(&found_in, table)?,
            };
            let columns = found.columns.iter().filter(|column| !column.hidden);
            columns.map(|column| (column.name.clone(), !column.invisible)).collect()
        };
        *database = Some(found_in.clone());
        let written = alias.is_none().then(|| found_in.clone());
        Ok(Named { database: written, found_in: Some(found_in), name, columns })
    }

    fn join(
        &mut self,
        (left, right): (Part, Part),
        kind: JoinKind,
        condition: &mut JoinCondition,
        scope: &Scope<'_>,
        parent: Option<&Scope<'_>>,
    ) -> Result<Part> {
        let names = match condition {
            JoinCondition::None => return Ok(both(left, right)),
            JoinCondition::On(on) => {
                let part = both(left, right);
                let seen = Scope {
                    tables: scope.tables.clone(),
                    visible: part.visible.clone(),
                    parent,
                    aliases: Vec::new(),
                };
                self.expr(on, &seen)?;
                return Ok(part);
            }
            JoinCondition::Using(names) => std::mem::take(names),
            JoinCondition::Natural => {
                let in_right = |name: &str| {
                    right.visible.iter().any(|other| other.shown && same_name(&other.name, name))
                };
                let common = left.visible.iter().filter(|visible| visible.shown && in_right(&visible.name));
                common.map(|visible| visible.name.clone()).collect()
            }
        };
        let (part, equalities) = coalesce(scope, left, right, &names, kind)?;
        let all = equalities
            .into_iter()
            .reduce(|all, next| Expr::Binary(BinaryOp::And, Box::new(all), Box::new(next)));
        *condition = all.map_or(JoinCondition::None, JoinCondition::On);
        Ok(part)
    }
}

fn both(mut left: Part, right: Part) -> Part {
    left.visible.extend(right.visible);
    left
}

/// USING: the common columns once, as those of the side that is preserved, then the others; and their equalities.
fn coalesce(
    scope: &Scope<'_>,
    left: Part,
    right: Part,
    names: &[String],
    kind: JoinKind,
) -> Result<(Part, Vec<Expr>)> {
    let (mut first, mut second) = if kind == JoinKind::Right { (right, left) } else { (left, right) };
    let take = |part: &mut Part, name: &str| {
        let position = part.visible.iter().position(|visible| same_name(&visible.name, name));
        position.map(|position| (position, part.visible.remove(position)))
    };
    let mut common = Vec::with_capacity(names.len());
    // As it stood before any column was taken away.
    let order: Vec<String> = first.visible.iter().map(|visible| visible.name.to_lowercase()).collect();
    for name in names {
        let (Some((_, one)), Some((_, other))) = (take(&mut first, name), take(&mut second, name)) else {
            return Err(Error::unknown_column(name, "from clause"));
        };
        common.push((one, other));
    }
    common.sort_by_key(|(one, _)| order.iter().position(|name| *name == one.name.to_lowercase()));
    let equalities = common.iter().map(|(one, other)| {
        let operand = |visible: &Visible| Box::new(scope.complete(visible.table, &visible.name));
        Expr::Binary(BinaryOp::Eq, operand(one), operand(other))
    });
    let equalities = equalities.collect();
    let mut visible: Vec<Visible> =
        common.into_iter().map(|(one, _)| Visible { shown: true, ..one }).collect();
    visible.extend(first.visible);
    visible.extend(second.visible);
    Ok((Part { visible }, equalities))
}
