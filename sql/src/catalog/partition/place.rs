//! Which partition a row is of.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use super::{By, Limit, Method, Partitioned, Partitioning, Values, hash};
use crate::catalog::Table;
use crate::codec::Zone;
use crate::constraint::scope::bind_text;
use crate::error::{Error, Result};
use crate::execute::{Context, Run};
use crate::expression::Expression;
use crate::types::Value;

/// How a method finds the partition, worked out for a table.
#[derive(Debug)]
pub struct Rule {
    /// The method.
    pub method: Method,
    /// The columns that it reads, in their order.
    pub columns: Vec<usize>,
    /// The expression over a row.
    pub function: Option<Expression>,
    /// VALUES of each partition; none of HASH and KEY.
    pub values: Vec<Values>,
    /// How many partitions there are.
    pub count: usize,
    /// How the expression follows the order of its column.
    pub order: Order,
}

/// How an expression of one column follows the column's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// It does not, as far as is known.
    Unknown,
    /// It is the column.
    Same,
    /// YEAR().
    Year,
    /// TO_DAYS(), TO_SECONDS(): NULL for dates that are none.
    Days,
    /// UNIX_TIMESTAMP().
    Timestamp,
}

impl Order {
    fn of(text: &str, columns: &[usize], table: &Table) -> Order {
        let [column] = columns else { return Order::Unknown };
        let mut name = String::new();
        crate::ast::print::write_name(&table.columns[*column].name, &mut name);
        if text == name {
            return Order::Same;
        }
        match text.strip_suffix(')').and_then(|text| text.strip_suffix(name.as_str())) {
            Some("year(") => Order::Year,
            Some("to_days(" | "to_seconds(") => Order::Days,
            Some("unix_timestamp(") => Order::Timestamp,
            _ => Order::Unknown,
        }
    }
}

impl Rule {
    pub(super) fn new(by: &By, definition: &Partitioning, table: &Table) -> Result<Rule> {
        let function = by.expression.as_ref().map(|text| bind_text(text, &table.columns)).transpose()?;
        let columns = match &function {
            Some(function) => crate::plan::slots::slots_of(function).into_iter().collect(),
            None => key_columns(&by.columns, table)?,
        };
        let order = match &by.expression {
            Some(text) => Order::of(text, &columns, table),
            None => Order::Unknown,
        };
        let is_sub = definition.sub.as_ref().is_some_and(|sub| std::ptr::eq(sub, by));
        let values = match is_sub {
            true => Vec::new(),
            false => definition.partitions.iter().map(|partition| partition.values.clone()).collect(),
        };
        let count = if is_sub { definition.leaves_each() } else { definition.partitions.len() };
        Ok(Rule { method: by.method, columns, function, values, count, order })
    }

    /// The partition of a row; `None` when there is none for it.
    ///
    /// # Errors
    /// Those of evaluating the expression.
    pub fn place(&self, table: &Table, row: &[Value], ctx: &mut Context<'_>) -> Run<Option<usize>> {
        Ok(match self.method {
            Method::RangeColumns | Method::ListColumns => {
                let values: Vec<&Value> = self.columns.iter().map(|column| &row[*column]).collect();
                self.place_columns(table, &values)
            }
            Method::Key { is_old, linear } => {
                let columns: Vec<_> = self.columns.iter().map(|column| &table.columns[*column]).collect();
                let values: Vec<&Value> = self.columns.iter().map(|column| &row[*column]).collect();
                let hash = hash::key_hash(&columns, &values, is_old, Zone::of(ctx.session))?;
                Some(self.hashed(i128::from(hash), linear))
            }
            Method::Range | Method::List | Method::Hash { .. } => {
                let number = self.number(row, ctx)?;
                self.place_number(number)
            }
        })
    }

    /// What the expression is of a row.
    ///
    /// # Errors
    /// Those of evaluating it.
    pub fn number(&self, row: &[Value], ctx: &mut Context<'_>) -> Run<Option<i128>> {
        let Some(function) = &self.function else {
            return Err(Error::internal("a partition's function is missing").into());
        };
        // That TO_DAYS() of a date that is none is NULL is between the table and its partitions: the statement is not told.
        let (strict, mark) = (std::mem::take(&mut ctx.strict), ctx.session.warnings_mark());
        let value = function.eval(row, ctx);
        ctx.strict = strict;
        ctx.session.forget_warnings(mark);
        Ok(number_of(&value?))
    }

    /// The partition for a number that the expression came to.
    #[must_use]
    pub fn place_number(&self, number: Option<i128>) -> Option<usize> {
        match self.method {
            // NULL counts as the least number, as in MySQL.
            Method::Hash { linear } => Some(self.hashed(number.unwrap_or(i64::MIN.into()), linear)),
            // NULL is below all numbers.
            Method::Range => {
                let below = |values: &Values| match (number, limit_number(values)) {
                    (None, _) | (_, None) => true,
                    (Some(number), Some(limit)) => number < limit,
                };
                let place = self.values.partition_point(|values| !below(values));
                (place < self.values.len()).then_some(place)
            }
            _ => self.values.iter().position(|values| match values {
                Values::In(tuples) => tuples.iter().any(|tuple| match tuple.as_slice() {
                    [Limit::Value(value, _)] => number_of(value) == number,
                    _ => false,
                }),
                Values::None | Values::LessThan(_) => false,
            }),
        }
    }

    /// The partition of a row of values of the columns, of RANGE COLUMNS and LIST COLUMNS.
    #[must_use]
    pub fn place_columns(&self, table: &Table, row: &[&Value]) -> Option<usize> {
        let collation = |at: usize| table.columns[self.columns[at]].data_type.collation;
        if self.method == Method::RangeColumns {
            let is_below = |values: &Values| match values {
                Values::LessThan(limits) => {
                    for (at, (limit, value)) in limits.iter().zip(row).enumerate() {
                        let Limit::Value(limit, _) = limit else { return true };
                        match value.compare(limit, collation(at)) {
                            Ordering::Less => return true,
                            Ordering::Equal => {}
                            Ordering::Greater => return false,
                        }
                    }
                    false
                }
                Values::None | Values::In(_) => false,
            };
            let place = self.values.partition_point(|values| !is_below(values));
            return (place < self.values.len()).then_some(place);
        }
        let is_equal = |tuple: &Vec<Limit>| {
            tuple.iter().zip(row).enumerate().all(|(at, (limit, value))| match limit {
                Limit::Max => false,
                Limit::Value(limit, _) => value.compare(limit, collation(at)).is_eq(),
            })
        };
        self.values.iter().position(|values| match values {
            Values::In(tuples) => tuples.iter().any(is_equal),
            Values::None | Values::LessThan(_) => false,
        })
    }

    /// The partition of a hash.
    fn hashed(&self, hash: i128, linear: bool) -> usize {
        let count = self.count.max(1) as i128;
        // MySQL counts with 64 bits.
        let hash = i128::from(hash as i64);
        if !linear {
            return (hash % count).unsigned_abs() as usize;
        }
        let mask = (self.count.max(1).next_power_of_two() - 1) as i128;
        let place = hash & mask;
        if place < count { place as usize } else { (hash & (mask >> 1)) as usize }
    }
}

/// An integer as the expressions of partitions give it.
#[must_use]
pub fn number_of(value: &Value) -> Option<i128> {
    match value {
        Value::Int(number) => Some(i128::from(*number)),
        Value::UInt(number) => Some(i128::from(*number)),
        _ => None,
    }
}

/// The limit of a partition by RANGE; None is MAXVALUE.
#[must_use]
pub fn limit_number(values: &Values) -> Option<i128> {
    match values {
        Values::LessThan(limits) => match limits.as_slice() {
            [Limit::Value(value, _)] => number_of(value),
            _ => None,
        },
        Values::None | Values::In(_) => None,
    }
}

/// The positions of named columns; of none, those of the primary key, or else the first unique key without NULLs.
///
/// # Errors
/// 1488.
pub fn key_columns(names: &[String], table: &Table) -> Result<Vec<usize>> {
    if names.is_empty() {
        let is_whole = |index: &&crate::catalog::Index| {
            index.unique
                && !index.columns.is_empty()
                && index.columns.iter().all(|part| !table.columns[part.column].nullable)
        };
        let Some(index) = table.indexes.iter().find(is_whole) else { return Err(unknown_field()) };
        return Ok(index.columns.iter().map(|part| part.column).collect());
    }
    names.iter().map(|name| table.column_position(name).ok_or_else(unknown_field)).collect()
}

/// Error 1488.
fn unknown_field() -> Error {
    let message = "Field in list of fields for partition function not found in table".to_owned();
    Error { code: 1488, state: *b"HY000", message }
}

impl Partitioned {
    /// The position of the leaf of a row.
    ///
    /// # Errors
    /// 1526 when there is none, 1748 when the statement may not use it, and those of evaluating the expressions.
    pub fn leaf_of_row(&self, table: &Table, row: &[Value], ctx: &mut Context<'_>) -> Run<usize> {
        let rule = self.rule(table)?;
        let Some(place) = rule.place(table, row, ctx)? else {
            let value = match rule.method {
                Method::RangeColumns | Method::ListColumns => Cow::Borrowed("from column_list"),
                _ => match rule.number(row, ctx)? {
                    Some(number) => Cow::Owned(number.to_string()),
                    None => Cow::Borrowed("NULL"),
                },
            };
            return Err(no_partition(&value).into());
        };
        let leaf = match self.sub_rule(table)? {
            None => place,
            Some(sub) => place * sub.count + sub.place(table, row, ctx)?.unwrap_or(0),
        };
        if self.is_selected(leaf) { Ok(leaf) } else { Err(not_selected().into()) }
    }

    /// The leaf of a row as a table.
    ///
    /// # Errors
    /// As [`Partitioned::leaf_of_row`].
    pub fn table_of_row(&self, table: &Table, row: &[Value], ctx: &mut Context<'_>) -> Run<&Arc<Table>> {
        let position = self.leaf_of_row(table, row, ctx)?;
        Ok(self.leaf_at(table, position)?)
    }

    /// The leaf that a key of a row is in, as a table.
    ///
    /// # Errors
    /// 1105 when it is of no leaf.
    pub fn table_of_key(&self, table: &Table, row_key: &[u8]) -> Result<&Arc<Table>> {
        self.leaf_at(table, self.leaf_of_key(table, row_key)?)
    }

    fn leaf_at(&self, table: &Table, position: usize) -> Result<&Arc<Table>> {
        let missing = || Error::internal("a table has fewer partitions than its definition");
        self.leaves(table)?.get(position).ok_or_else(missing)
    }
}

/// Error 1526.
#[must_use]
pub fn no_partition(value: &str) -> Error {
    Error { code: 1526, state: *b"HY000", message: format!("Table has no partition for value {value}") }
}

/// Error 1748.
fn not_selected() -> Error {
    let message = "Found a row not matching the given partition set".to_owned();
    Error { code: 1748, state: *b"HY000", message }
}

/// Whether an error is of a row that has no partition, or not one that the statement may use: IGNORE makes it a warning.
#[must_use]
pub fn is_without_place(error: &Error) -> bool {
    matches!(error.code, 1526 | 1748)
}
