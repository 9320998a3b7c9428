//! VALUES of partitions.

use std::cmp::Ordering;

use super::mysql;
use crate::ast::print::write_string;
use crate::ast::{Expr, PartitionDefinition, PartitionValues};
use crate::catalog::partition::place::{key_columns, number_of};
use crate::catalog::partition::{By, Limit, Method, Partitioning, Values};
use crate::catalog::{Column, Table};
use crate::constraint::scope::{bind, bind_text};
use crate::error::{Error, Result};
use crate::execute::{Context, Interrupt, Run};
use crate::types::{Collation, Value, convert};

/// What the VALUES of a partition come to.
///
/// # Errors
/// 1064, 1480, 1563, 1566, 1653, 1654, 1657, 1697.
pub(super) fn of(
    definition: &PartitionDefinition,
    by: &By,
    table: &Table,
    ctx: &mut Context<'_>,
) -> Run<Values> {
    let is_range = matches!(by.method, Method::Range | Method::RangeColumns);
    let is_list = matches!(by.method, Method::List | Method::ListColumns);
    let other = |kind: &str, clause: &str| {
        mysql(1480, format!("Only {kind} PARTITIONING can use VALUES {clause} in partition definition"))
    };
    let maker = Maker { name: &definition.name, by, table };
    match &definition.values {
        PartitionValues::None if is_range || is_list => {
            let (kind, clause) = if is_range { ("RANGE", "LESS THAN") } else { ("LIST", "IN") };
            let message = format!(
                "Syntax error: {kind} PARTITIONING requires definition of VALUES {clause} for each partition"
            );
            Err(mysql(1479, message).into())
        }
        PartitionValues::None => Ok(Values::None),
        PartitionValues::LessThan(_) if !is_range => Err(other("RANGE", "LESS THAN").into()),
        PartitionValues::In(_) if !is_list => Err(other("LIST", "IN").into()),
        PartitionValues::LessThan(values) => {
            let limits = maker.tuple(values, ctx)?;
            let is_null = |limit: &Limit| matches!(limit, Limit::Value(Value::Null, _));
            if limits.iter().any(is_null) {
                return Err(mysql(1566, "Not allowed to use NULL value in VALUES LESS THAN").into());
            }
            Ok(Values::LessThan(limits))
        }
        PartitionValues::In(tuples) => {
            let mut found = Vec::with_capacity(tuples.len());
            for tuple in tuples {
                found.push(maker.tuple(&tuple.values, ctx)?);
            }
            if by.method == Method::List {
                // MySQL keeps it apart.
                found.sort_by_key(|tuple| !matches!(tuple.as_slice(), [Limit::Value(Value::Null, _)]));
            }
            Ok(Values::In(found))
        }
    }
}

struct Maker<'m> {
    name: &'m str,
    by: &'m By,
    table: &'m Table,
}

impl Maker<'_> {
    fn tuple(&self, values: &[Option<Expr>], ctx: &mut Context<'_>) -> Run<Vec<Limit>> {
        if let Some(text) = &self.by.expression {
            let [value] = values else {
                return Err(inconsistent().into());
            };
            let Some(expr) = value else { return Ok(vec![Limit::Max]) };
            let function = bind_text(text, &self.table.columns)?;
            let is_unsigned = function.data_type().unsigned;
            return Ok(vec![self.number(expr, is_unsigned, ctx)?]);
        }
        let columns = key_columns(&self.by.columns, self.table)?;
        if columns.len() != values.len() {
            return Err(inconsistent().into());
        }
        let mut limits = Vec::with_capacity(values.len());
        for (column, value) in columns.iter().zip(values) {
            limits.push(match value {
                None => Limit::Max,
                Some(expr) => self.column_value(expr, &self.table.columns[*column], ctx)?,
            });
        }
        Ok(limits)
    }

    /// A value of the expression: an integer.
    fn number(&self, expr: &Expr, is_unsigned: bool, ctx: &mut Context<'_>) -> Run<Limit> {
        super::function::check_constant(expr)?;
        let value = bind(expr, &[])?.eval(&[], ctx)?;
        match &value {
            Value::Null => Ok(Limit::Value(value, "NULL".to_owned())),
            Value::Int(number) if is_unsigned && *number < 0 => {
                Err(mysql(1563, "Partition constant is out of partition function domain").into())
            }
            Value::Int(number) => {
                let text = number.to_string();
                Ok(Limit::Value(value, text))
            }
            Value::UInt(number) => {
                let text = number.to_string();
                Ok(Limit::Value(value, text))
            }
            _ => {
                let message = format!("VALUES value for partition '{}' must have type INT", self.name);
                Err(mysql(1697, message).into())
            }
        }
    }

    /// A value of a column: written as one of its kind, and kept as the column keeps it.
    fn column_value(&self, expr: &Expr, column: &Column, ctx: &mut Context<'_>) -> Run<Limit> {
        super::function::check_constant(expr)?;
        let bound = bind(expr, &[])?;
        let value = bound.eval(&[], ctx)?;
        let text = match (&value, column.data_type.is_integer()) {
            (Value::Null, _) => return Ok(Limit::Value(Value::Null, "NULL".to_owned())),
            (Value::Int(number), true) => number.to_string(),
            (Value::UInt(number), true) => number.to_string(),
            (Value::Text(bytes) | Value::Blob(bytes), false) if column.data_type.is_binary() => {
                let digits: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
                format!("_binary 0x{digits}")
            }
            (Value::Text(bytes) | Value::Blob(bytes), false) => quoted(&String::from_utf8_lossy(bytes)),
            (Value::Date(_) | Value::DateTime(_) | Value::Time(_), false) => {
                let bytes = crate::types::text::to_text(&value, &bound.data_type()).unwrap_or_default();
                quoted(&String::from_utf8_lossy(&bytes))
            }
            _ => return Err(wrong_type().into()),
        };
        let was_strict = std::mem::replace(&mut ctx.strict, true);
        let mark = ctx.session.warnings_mark();
        let stored =
            convert::store_from(value, || bound.data_type(), &column.data_type, &column.name, 1, ctx);
        ctx.session.forget_warnings(mark);
        ctx.strict = was_strict;
        match stored {
            Ok(value) => Ok(Limit::Value(value, text)),
            Err(_) => Err(Interrupt::from(wrong_type())),
        }
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::new();
    write_string(text, &mut out);
    // Quotes are doubled here.
    let inner = out.strip_prefix('\'').and_then(|out| out.strip_suffix('\'')).unwrap_or_default();
    format!("'{}'", inner.replace("\\'", "''"))
}

/// Error 1654.
fn wrong_type() -> Error {
    mysql(1654, "Partition column values of incorrect type")
}

/// Error 1653.
fn inconsistent() -> Error {
    mysql(1653, "Inconsistency in usage of column lists for partitioning")
}

/// VALUES of all partitions together: they rise, or nothing is in two lists.
///
/// # Errors
/// 1481, 1493, 1495.
pub(super) fn check(definition: &Partitioning, table: &Table) -> Result<()> {
    let collations: Vec<Collation> = match definition.by.expression {
        Some(_) => vec![Collation::default()],
        None => key_columns(&definition.by.columns, table)?
            .iter()
            .map(|column| table.columns[*column].data_type.collation)
            .collect(),
    };
    match definition.by.method {
        Method::Range | Method::RangeColumns => check_rising(definition, &collations),
        Method::List | Method::ListColumns => check_distinct(definition, &collations),
        Method::Hash { .. } | Method::Key { .. } => Ok(()),
    }
}

fn check_rising(definition: &Partitioning, collations: &[Collation]) -> Result<()> {
    let mut before: Option<&Vec<Limit>> = None;
    let last = definition.partitions.len().saturating_sub(1);
    for (position, partition) in definition.partitions.iter().enumerate() {
        let Values::LessThan(limits) = &partition.values else { continue };
        if definition.by.method == Method::Range && limits.as_slice() == [Limit::Max] && position < last {
            return Err(mysql(1481, "MAXVALUE can only be used in last partition definition"));
        }
        if let Some(before) = before
            && compare(before, limits, collations) != Ordering::Less
        {
            let message = "VALUES LESS THAN value must be strictly increasing for each partition";
            return Err(mysql(1493, message));
        }
        before = Some(limits);
    }
    Ok(())
}

/// The order of two rows of limits.
#[must_use]
pub(super) fn compare(one: &[Limit], other: &[Limit], collations: &[Collation]) -> Ordering {
    for (at, (one, other)) in one.iter().zip(other).enumerate() {
        let collation = collations.get(at).copied().unwrap_or_default();
        let order = match (one, other) {
            (Limit::Max, Limit::Max) => Ordering::Equal,
            (Limit::Max, Limit::Value(..)) => Ordering::Greater,
            (Limit::Value(..), Limit::Max) => Ordering::Less,
            (Limit::Value(one, _), Limit::Value(other, _)) => match (number_of(one), number_of(other)) {
                (Some(one), Some(other)) => one.cmp(&other),
                _ => one.compare(other, collation),
            },
        };
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

fn check_distinct(definition: &Partitioning, collations: &[Collation]) -> Result<()> {
    let lists = definition.partitions.iter().filter_map(|partition| match &partition.values {
        Values::In(tuples) => Some(tuples),
        Values::None | Values::LessThan(_) => None,
    });
    let mut all: Vec<&Vec<Limit>> = lists.flatten().collect();
    all.sort_by(|one, other| compare(one, other, collations));
    if all.windows(2).any(|pair| compare(pair[0], pair[1], collations).is_eq()) {
        return Err(mysql(1495, "Multiple definition of same constant in list partitioning"));
    }
    Ok(())
}
