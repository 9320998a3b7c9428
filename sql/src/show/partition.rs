//! Partitions as SHOW CREATE TABLE and information_schema.PARTITIONS print them.

use crate::ast::PartitionOptions;
use crate::catalog::partition::{By, Limit, Method, Partitioning, Values};
use crate::show::definition::write_name;

/// All words of the grammar, one a line, as information_schema.KEYWORDS has them.
const KEYWORDS: &str = include_str!("information_schema/keywords.txt");

/// The clause of SHOW CREATE TABLE.
pub(super) fn clause(definition: &Partitioning, quote: char, out: &mut Vec<u8>) {
    // What came with MySQL 5.5 is a comment for older servers.
    let is_of_5_5 = |by: &By| by.expression.as_ref().is_some_and(|text| text.contains("to_seconds("));
    let is_columns = matches!(definition.by.method, Method::RangeColumns | Method::ListColumns)
        || is_of_5_5(&definition.by)
        || definition.sub.as_ref().is_some_and(is_of_5_5);
    out.extend_from_slice(if is_columns { b"\n/*!50500 PARTITION BY " } else { b"\n/*!50100 PARTITION BY " });
    write_by(&definition.by, quote, out);
    if let Some(sub) = &definition.sub {
        out.extend_from_slice(b"\nSUBPARTITION BY ");
        write_by(sub, quote, out);
        if !definition.is_sub_listed && definition.shows_sub_count {
            out.extend_from_slice(format!("\nSUBPARTITIONS {}", definition.leaves_each()).as_bytes());
        }
    }
    if definition.is_listed {
        write_partitions(definition, quote, out);
    } else if definition.shows_count {
        out.extend_from_slice(format!("\nPARTITIONS {}", definition.partitions.len()).as_bytes());
    }
    out.extend_from_slice(b" */");
}

fn write_partitions(definition: &Partitioning, quote: char, out: &mut Vec<u8>) {
    for (position, partition) in definition.partitions.iter().enumerate() {
        out.extend_from_slice(if position == 0 { b"\n(PARTITION " } else { b",\n PARTITION " });
        name(&partition.name, quote, out);
        match &partition.values {
            Values::None => {}
            Values::LessThan(limits) => {
                out.extend_from_slice(b" VALUES LESS THAN ");
                let is_columns = definition.by.method == Method::RangeColumns;
                match limits.as_slice() {
                    [Limit::Max] if !is_columns => out.extend_from_slice(b"MAXVALUE"),
                    limits => out.extend_from_slice(format!("({})", tuple(limits)).as_bytes()),
                }
            }
            Values::In(_) => {
                out.extend_from_slice(format!(" VALUES IN ({})", description(&partition.values)).as_bytes());
            }
        }
        if definition.sub.is_none() || !definition.is_sub_listed {
            write_options(&partition.options, out);
            continue;
        }
        for (position, leaf) in partition.leaves.iter().enumerate() {
            out.extend_from_slice(if position == 0 { b"\n (SUBPARTITION " } else { b",\n  SUBPARTITION " });
            name(&leaf.name, quote, out);
            write_options(&leaf.options, out);
        }
        out.push(b')');
    }
    out.push(b')');
}

fn write_options(options: &PartitionOptions, out: &mut Vec<u8>) {
    for (word, number) in [("MAX_ROWS", options.max_rows), ("MIN_ROWS", options.min_rows)] {
        if number > 0 {
            out.extend_from_slice(format!(" {word} = {number}").as_bytes());
        }
    }
    if !options.comment.is_empty() {
        out.extend_from_slice(b" COMMENT = ");
        let mut quoted = String::new();
        crate::ast::print::write_string(&options.comment, &mut quoted);
        out.extend_from_slice(quoted.as_bytes());
    }
    out.extend_from_slice(b" ENGINE = InnoDB");
}

fn write_by(by: &By, quote: char, out: &mut Vec<u8>) {
    if let Method::Key { linear, is_old: true } = by.method {
        out.extend_from_slice(if linear { b"LINEAR KEY" } else { b"KEY" });
        out.extend_from_slice(b" */ /*!50611 ALGORITHM = 1 */ /*!50100 (");
    } else {
        // MySQL has two blanks here.
        let method = method(by.method).replace(" COLUMNS", "  COLUMNS");
        let is_columns = method.ends_with("COLUMNS");
        out.extend_from_slice(method.as_bytes());
        out.extend_from_slice(if is_columns { b"(" } else { b" (" });
    }
    if let Some(text) = &by.expression {
        out.extend_from_slice(text.as_bytes());
    }
    for (position, column) in by.columns.iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        name(column, quote, out);
    }
    out.push(b')');
}

/// A name, in quotes where it needs them.
fn name(name: &str, quote: char, out: &mut Vec<u8>) {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80;
    let is_number = name.bytes().all(|byte| byte.is_ascii_digit());
    let is_keyword = || {
        KEYWORDS
            .lines()
            .any(|line| line.split_whitespace().next().is_some_and(|word| word.eq_ignore_ascii_case(name)))
    };
    if name.bytes().all(is_plain) && !is_number && !is_keyword() {
        out.extend_from_slice(name.as_bytes());
    } else {
        write_name(name, quote, out);
    }
}

/// `PARTITION_METHOD`.
pub(super) fn method(method: Method) -> &'static str {
    match method {
        Method::Range => "RANGE",
        Method::List => "LIST",
        Method::RangeColumns => "RANGE COLUMNS",
        Method::ListColumns => "LIST COLUMNS",
        Method::Hash { linear: false } => "HASH",
        Method::Hash { linear: true } => "LINEAR HASH",
        Method::Key { linear: false, .. } => "KEY",
        Method::Key { linear: true, .. } => "LINEAR KEY",
    }
}

/// `PARTITION_EXPRESSION`.
pub(super) fn expression(by: &By) -> Option<String> {
    if let Some(text) = &by.expression {
        return Some(text.as_ref().to_owned());
    }
    let mut out = Vec::new();
    for (position, column) in by.columns.iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        write_name(column, '`', &mut out);
    }
    (!out.is_empty()).then(|| String::from_utf8_lossy(&out).into_owned())
}

/// `PARTITION_DESCRIPTION`.
pub(super) fn description(values: &Values) -> String {
    match values {
        Values::None => String::new(),
        Values::LessThan(limits) => tuple(limits),
        Values::In(tuples) => {
            let one = |limits: &Vec<Limit>| match limits.len() {
                1 => tuple(limits),
                _ => format!("({})", tuple(limits)),
            };
            tuples.iter().map(one).collect::<Vec<_>>().join(",")
        }
    }
}

fn tuple(limits: &[Limit]) -> String {
    let one = |limit: &Limit| match limit {
        Limit::Max => "MAXVALUE".to_owned(),
        Limit::Value(_, text) => text.clone(),
    };
    limits.iter().map(one).collect::<Vec<_>>().join(",")
}
