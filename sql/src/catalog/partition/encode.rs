//! The bytes of [`Partitioning`] in a table's definition.

use super::{By, Leaf, Limit, Method, Partition, Partitioning, Values};
use crate::Result;
use crate::ast::PartitionOptions;
use crate::catalog::IndexId;
use crate::catalog::encode::{read_list, read_string, read_u32, read_value, write_string, write_value};
use crate::codec::{Input, damaged, write_varint};

const LINEAR: u8 = 1;
const OLD: u8 = 2;

/// Appends a definition.
pub fn write(partitioning: &Partitioning, out: &mut Vec<u8>) {
    write_by(&partitioning.by, out);
    out.push(
        u8::from(partitioning.is_listed)
            | u8::from(partitioning.is_sub_listed) << 1
            | u8::from(partitioning.shows_count) << 2
            | u8::from(partitioning.shows_sub_count) << 3,
    );
    write_all(partitioning.sub.as_slice(), out, write_by);
    write_all(&partitioning.partitions, out, |partition, out| {
        write_string(&partition.name, out);
        write_values(&partition.values, out);
        write_options(&partition.options, out);
        write_all(&partition.leaves, out, |leaf, out| {
            write_string(&leaf.name, out);
            write_options(&leaf.options, out);
            write_all(&leaf.indexes, out, |id, out| write_varint(u64::from(id.0), out));
        });
    });
}

fn write_all<T>(items: &[T], out: &mut Vec<u8>, write: impl Fn(&T, &mut Vec<u8>)) {
    write_varint(items.len() as u64, out);
    items.iter().for_each(|item| write(item, out));
}

fn write_by(by: &By, out: &mut Vec<u8>) {
    let flag = |linear: bool, is_old: bool| if linear { LINEAR } else { 0 } | if is_old { OLD } else { 0 };
    let (method, flags) = match by.method {
        Method::Range => (0, 0),
        Method::List => (1, 0),
        Method::RangeColumns => (2, 0),
        Method::ListColumns => (3, 0),
        Method::Hash { linear } => (4, flag(linear, false)),
        Method::Key { linear, is_old } => (5, flag(linear, is_old)),
    };
    out.extend_from_slice(&[method, flags]);
    let expression: Option<String> = by.expression.as_ref().map(|text| text.as_ref().to_owned());
    write_all(expression.as_slice(), out, |text, out| write_string(text, out));
    write_all(&by.columns, out, |name, out| write_string(name, out));
}

fn write_options(options: &PartitionOptions, out: &mut Vec<u8>) {
    write_string(&options.comment, out);
    write_varint(options.max_rows, out);
    write_varint(options.min_rows, out);
}

fn write_values(values: &Values, out: &mut Vec<u8>) {
    match values {
        Values::None => out.push(0),
        Values::LessThan(limits) => {
            out.push(1);
            write_all(limits, out, write_limit);
        }
        Values::In(tuples) => {
            out.push(2);
            write_all(tuples, out, |tuple, out| write_all(tuple, out, write_limit));
        }
    }
}

fn write_limit(limit: &Limit, out: &mut Vec<u8>) {
    match limit {
        Limit::Max => out.push(0),
        Limit::Value(value, text) => {
            out.push(1);
            write_value(value, out);
            write_string(text, out);
        }
    }
}

/// A definition from its bytes.
///
/// # Errors
/// 1105 when they are no such bytes.
pub(crate) fn read(input: &mut Input<'_>) -> Result<Partitioning> {
    let by = read_by(input)?;
    let flags = input.byte()?;
    let sub = read_list(input, read_by)?.pop();
    let partitions = read_list(input, |input| {
        Ok(Partition {
            name: read_string(input)?,
            values: read_values(input)?,
            options: read_options(input)?,
            leaves: read_list(input, |input| {
                Ok(Leaf {
                    name: read_string(input)?,
                    options: read_options(input)?,
                    indexes: read_list(input, |input| read_u32(input).map(IndexId))?,
                })
            })?,
        })
    })?;
    if partitions.iter().any(|partition| partition.leaves.is_empty()) || partitions.is_empty() {
        return Err(damaged("a partitioned table has no partitions"));
    }
    Ok(Partitioning {
        by,
        sub,
        is_listed: flags & 1 != 0,
        is_sub_listed: flags & 2 != 0,
        shows_count: flags & 4 != 0,
        shows_sub_count: flags & 8 != 0,
        partitions,
    })
}

fn read_by(input: &mut Input<'_>) -> Result<By> {
    let (method, flags) = (input.byte()?, input.byte()?);
    let (linear, is_old) = (flags & LINEAR != 0, flags & OLD != 0);
    let method = match method {
        0 => Method::Range,
        1 => Method::List,
        2 => Method::RangeColumns,
        3 => Method::ListColumns,
        4 => Method::Hash { linear },
        5 => Method::Key { linear, is_old },
        _ => return Err(damaged("a table has an unknown way of partitioning")),
    };
    let expression = read_list(input, read_string)?.pop().map(Into::into);
    Ok(By { method, expression, columns: read_list(input, read_string)? })
}

fn read_options(input: &mut Input<'_>) -> Result<PartitionOptions> {
    Ok(PartitionOptions {
        comment: read_string(input)?,
        max_rows: input.varint()?,
        min_rows: input.varint()?,
    })
}

fn read_values(input: &mut Input<'_>) -> Result<Values> {
    Ok(match input.byte()? {
        0 => Values::None,
        1 => Values::LessThan(read_list(input, read_limit)?),
        2 => Values::In(read_list(input, |input| read_list(input, read_limit))?),
        _ => return Err(damaged("a partition has unknown values")),
    })
}

fn read_limit(input: &mut Input<'_>) -> Result<Limit> {
    Ok(match input.byte()? {
        0 => Limit::Max,
        1 => Limit::Value(read_value(input)?, read_string(input)?),
        _ => return Err(damaged("a partition has an unknown value")),
    })
}
