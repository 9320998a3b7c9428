//! PARTITION BY, the actions of ALTER TABLE on partitions, and `PARTITION (p0, …)` behind a table's name.

use sqlparser::tokenizer::{Span, Token};

use crate::ast::{
    Expr, PartitionAction, PartitionBy, PartitionDefinition, PartitionMethod, PartitionNames,
    PartitionOptions, PartitionTuple, PartitionValues,
};
use crate::error::Error;
use crate::parse::create_table::engine;
use crate::parse::cursor::Cursor;

/// `PARTITION BY …` if it is next.
///
/// # Errors
/// 1064, 1235.
pub(crate) fn partition_by(cursor: &mut Cursor<'_, '_>) -> crate::Result<Option<Box<PartitionBy>>> {
    if !cursor.words(&["PARTITION", "BY"]) {
        return Ok(None);
    }
    let method = method(cursor, false)?;
    let count = if cursor.word("PARTITIONS") { Some(count(cursor, "partitions")?) } else { None };
    let (mut sub, mut sub_count) = (None, None);
    if cursor.words(&["SUBPARTITION", "BY"]) {
        sub = Some(self::method(cursor, true)?);
        if cursor.word("SUBPARTITIONS") {
            sub_count = Some(self::count(cursor, "subpartitions")?);
        }
    }
    let mut definitions = Vec::new();
    let list = cursor.span();
    if *cursor.peek() == Token::LParen && cursor.peek_word(1, "PARTITION") {
        let (mut subs, mut is_listed) = (sub_count, false);
        let shape = Shape::of(&method);
        definitions =
            cursor.parenthesized(|cursor| definition(cursor, &shape, (&mut subs, &mut is_listed)))?;
        if count.is_some_and(|count| count != definitions.len() as u64) {
            let text = "Wrong number of partitions defined, mismatch with previous setting";
            return Err(refused(cursor, list, text));
        }
        if let Some(text) = shape.missing()
            && definitions.iter().any(|definition| definition.values == PartitionValues::None)
        {
            return Err(refused(cursor, list, text));
        }
    }
    Ok(Some(Box::new(PartitionBy { method, count, sub, sub_count, definitions })))
}

/// `PARTITION (p0, …)` behind a table's name, if it is next.
///
/// # Errors
/// 1064.
pub(crate) fn selection(cursor: &mut Cursor<'_, '_>) -> crate::Result<Vec<String>> {
    if cursor.word("PARTITION") { cursor.parenthesized(Cursor::name) } else { Ok(Vec::new()) }
}

/// What VALUES are to look like.
#[derive(Clone, Copy, Default)]
struct Shape {
    /// VALUES of this kind must be there, if the method is known.
    kind: Option<&'static str>,
    /// Columns of COLUMNS; None for an expression.
    columns: Option<usize>,
}

impl Shape {
    fn of(method: &PartitionMethod) -> Shape {
        match method {
            PartitionMethod::Range(_) => Shape { kind: Some("RANGE"), columns: None },
            PartitionMethod::List(_) => Shape { kind: Some("LIST"), columns: None },
            PartitionMethod::RangeColumns(names) => Shape { kind: Some("RANGE"), columns: Some(names.len()) },
            PartitionMethod::ListColumns(names) => Shape { kind: Some("LIST"), columns: Some(names.len()) },
            PartitionMethod::Hash { .. } | PartitionMethod::Key { .. } => Shape::default(),
        }
    }

    fn missing(self) -> Option<&'static str> {
        match self.kind {
            Some("RANGE") => Some(
                "Syntax error: RANGE PARTITIONING requires definition of VALUES LESS THAN for each partition",
            ),
            Some(_) => {
                Some("Syntax error: LIST PARTITIONING requires definition of VALUES IN for each partition")
            }
            None => None,
        }
    }
}

/// Error 1064 with a text of its own.
fn refused(cursor: &Cursor<'_, '_>, at: Span, text: &str) -> Error {
    let error = cursor.source().syntax_span(at);
    let near = error.message.find(" near '").map_or("", |near| &error.message[near..]);
    Error { message: format!("{text}{near}"), ..error }
}

/// Error 1064 for what is not the same each time.
fn unsteady(cursor: &Cursor<'_, '_>, at: Span) -> Error {
    refused(
        cursor,
        at,
        "Constant, random or timezone-dependent expressions in (sub)partitioning function are not allowed",
    )
}

/// An expression that must always come to the same.
fn steady(cursor: &mut Cursor<'_, '_>) -> crate::Result<Expr> {
    let start = cursor.span();
    let expression = cursor.expr()?;
    if is_unsteady(&expression) {
        return Err(unsteady(cursor, start));
    }
    Ok(expression)
}

/// The expression of PARTITION BY, in parentheses.
fn function(cursor: &mut Cursor<'_, '_>) -> crate::Result<Expr> {
    cursor.expect(&Token::LParen)?;
    let start = cursor.span();
    let expression = steady(cursor)?;
    if has_subquery(&expression) {
        return Err(cursor.source().syntax_span(start));
    }
    cursor.expect(&Token::RParen)?;
    Ok(expression)
}

fn has_subquery(expr: &Expr) -> bool {
    let mut found = expr.subquery().is_some();
    crate::bind::walk::operands(expr, &mut |operand| found |= has_subquery(operand));
    found
}

fn is_unsteady(expr: &Expr) -> bool {
    const FUNCTIONS: &[&str] = &[
        "CONNECTION_ID",
        "CURDATE",
        "CURRENT_USER",
        "CURTIME",
        "DATABASE",
        "LAST_INSERT_ID",
        "NOW",
        "RAND",
        "SYSDATE",
        "USER",
        "UTC_DATE",
        "UTC_TIME",
        "UTC_TIMESTAMP",
        "UUID",
        "UUID_SHORT",
    ];
    let mut found = match expr {
        Expr::UserVariable(_) | Expr::AssignVariable(..) | Expr::SystemVariable { .. } => true,
        Expr::Function { name, .. } => FUNCTIONS.contains(&name.as_str()),
        _ => false,
    };
    crate::bind::walk::operands(expr, &mut |operand| found |= is_unsteady(operand));
    found
}

fn count(cursor: &mut Cursor<'_, '_>, what: &str) -> crate::Result<u64> {
    let count = cursor.unsigned()?;
    if count == 0 {
        let message = format!("Number of {what} = 0 is not an allowed value");
        return Err(Error { code: 1504, state: *b"HY000", message });
    }
    Ok(count)
}

fn method(cursor: &mut Cursor<'_, '_>, sub: bool) -> crate::Result<PartitionMethod> {
    let linear = cursor.word("LINEAR");
    if cursor.word("HASH") {
        let expression = function(cursor)?;
        return Ok(PartitionMethod::Hash { linear, expression });
    }
    if cursor.word("KEY") {
        let mut algorithm = None;
        if cursor.word("ALGORITHM") {
            cursor.expect(&Token::Eq)?;
            let number = cursor.span();
            algorithm = Some(cursor.unsigned()?);
            if !matches!(algorithm, Some(1 | 2)) {
                return Err(cursor.source().syntax_span(number));
            }
        }
        return Ok(PartitionMethod::Key { linear, algorithm, columns: columns(cursor)? });
    }
    if linear || sub {
        return Err(cursor.unexpected());
    }
    let Some(word) = cursor.one_of(&["RANGE", "LIST"]) else { return Err(cursor.unexpected()) };
    if cursor.word("COLUMNS") {
        let columns = cursor.parenthesized(Cursor::name)?;
        return Ok(match word {
            "RANGE" => PartitionMethod::RangeColumns(columns),
            _ => PartitionMethod::ListColumns(columns),
        });
    }
    let expression = function(cursor)?;
    Ok(match word {
        "RANGE" => PartitionMethod::Range(expression),
        _ => PartitionMethod::List(expression),
    })
}

/// A list of columns that may be empty.
fn columns(cursor: &mut Cursor<'_, '_>) -> crate::Result<Vec<String>> {
    if *cursor.peek() == Token::LParen && *cursor.peek_at(1) == Token::RParen {
        cursor.skip();
        cursor.skip();
        return Ok(Vec::new());
    }
    cursor.parenthesized(Cursor::name)
}

const WRONG_SUBPARTITIONS: &str = "Wrong number of subpartitions defined, mismatch with previous setting";

/// A partition. `subs`: how many subpartitions each has, once it is known, and whether those before listed theirs.
fn definition(
    cursor: &mut Cursor<'_, '_>,
    shape: &Shape,
    (subs, is_listed): (&mut Option<u64>, &mut bool),
) -> crate::Result<PartitionDefinition> {
    cursor.expect_word("PARTITION")?;
    let name = cursor.name()?;
    let mut values = PartitionValues::None;
    if cursor.word("VALUES") {
        values = if cursor.word("IN") {
            lists(cursor, shape)?
        } else {
            cursor.expect_word("LESS")?;
            cursor.expect_word("THAN")?;
            less_than(cursor, shape)?
        };
    }
    let options = options(cursor)?;
    let mut subpartitions = Vec::new();
    let list = cursor.span();
    if *cursor.peek() == Token::LParen {
        subpartitions = cursor.parenthesized(|cursor| {
            cursor.expect_word("SUBPARTITION")?;
            let name = cursor.name_or_string()?;
            Ok((name, self::options(cursor)?))
        })?;
        let count = subpartitions.len() as u64;
        if *subs.get_or_insert(count) != count {
            return Err(refused(cursor, list, WRONG_SUBPARTITIONS));
        }
        *is_listed = true;
    } else if *is_listed {
        return Err(refused(cursor, list, WRONG_SUBPARTITIONS));
    }
    Ok(PartitionDefinition { name, values, options, subpartitions })
}

/// What follows LESS THAN.
fn less_than(cursor: &mut Cursor<'_, '_>, shape: &Shape) -> crate::Result<PartitionValues> {
    if cursor.word("MAXVALUE") {
        return Ok(PartitionValues::LessThan(vec![None]));
    }
    cursor.expect(&Token::LParen)?;
    let values = cursor.list(value)?;
    if shape.columns.is_some_and(|columns| values.len() < columns) {
        let text = "Inconsistency in usage of column lists for partitioning";
        return Err(refused(cursor, cursor.span(), text));
    }
    cursor.expect(&Token::RParen)?;
    Ok(PartitionValues::LessThan(values))
}

/// What follows IN.
fn lists(cursor: &mut Cursor<'_, '_>, shape: &Shape) -> crate::Result<PartitionValues> {
    let start = cursor.span();
    cursor.expect(&Token::LParen)?;
    let tuples = cursor.list(tuple)?;
    let is_single = shape.columns.is_none_or(|columns| columns == 1);
    if shape.kind == Some("LIST") && tuples.iter().any(|tuple| tuple.in_parentheses == is_single) {
        return Err(match is_single {
            true => refused(
                cursor,
                cursor.span(),
                "Row expressions in VALUES IN only allowed for multi-field column partitioning",
            ),
            false => refused(cursor, start, "Inconsistency in usage of column lists for partitioning"),
        });
    }
    cursor.expect(&Token::RParen)?;
    Ok(PartitionValues::In(tuples))
}

fn tuple(cursor: &mut Cursor<'_, '_>) -> crate::Result<PartitionTuple> {
    if *cursor.peek() == Token::LParen {
        let values = cursor.parenthesized(value)?;
        return Ok(PartitionTuple { values, in_parentheses: true });
    }
    if cursor.peek_word(0, "MAXVALUE") {
        return Err(refused(cursor, cursor.span(), "Cannot use MAXVALUE as value in VALUES IN"));
    }
    Ok(PartitionTuple { values: vec![value(cursor)?], in_parentheses: false })
}

fn value(cursor: &mut Cursor<'_, '_>) -> crate::Result<Option<Expr>> {
    if cursor.word("MAXVALUE") { Ok(None) } else { steady(cursor).map(Some) }
}

fn options(cursor: &mut Cursor<'_, '_>) -> crate::Result<PartitionOptions> {
    let mut options = PartitionOptions::default();
    loop {
        if cursor.word("COMMENT") {
            cursor.eat(&Token::Eq);
            options.comment = cursor.string()?;
        } else if let Some(word) = cursor.one_of(&["MAX_ROWS", "MIN_ROWS", "NODEGROUP"]) {
            cursor.eat(&Token::Eq);
            let number = cursor.unsigned()?;
            match word {
                "MAX_ROWS" => options.max_rows = number,
                "MIN_ROWS" => options.min_rows = number,
                _ => {}
            }
        } else if cursor.words(&["STORAGE", "ENGINE"]) || cursor.word("ENGINE") {
            cursor.eat(&Token::Eq);
            engine(&cursor.name_or_string()?)?;
        } else if let Some(word) = cursor.one_of(&["DATA", "INDEX", "TABLESPACE"]) {
            return Err(Error::not_supported(format_args!("the partition option {word}")));
        } else {
            return Ok(options);
        }
    }
}

fn names(cursor: &mut Cursor<'_, '_>) -> crate::Result<PartitionNames> {
    if cursor.word("ALL") {
        return Ok(PartitionNames::All);
    }
    cursor.list(Cursor::name).map(PartitionNames::Named)
}

/// `DROP PARTITION …`, from PARTITION on; None when another word is next.
///
/// # Errors
/// 1064.
pub(crate) fn drop(cursor: &mut Cursor<'_, '_>) -> crate::Result<Option<PartitionAction>> {
    if !cursor.word("PARTITION") {
        return Ok(None);
    }
    cursor.list(Cursor::name).map(|names| Some(PartitionAction::Drop(names)))
}

/// `ADD PARTITION …`, from PARTITION on; None when another word is next.
///
/// # Errors
/// 1064.
pub(crate) fn add(cursor: &mut Cursor<'_, '_>) -> crate::Result<Option<PartitionAction>> {
    if !cursor.word("PARTITION") {
        return Ok(None);
    }
    binlog(cursor);
    if cursor.word("PARTITIONS") {
        return Ok(Some(PartitionAction::AddCount(cursor.unsigned()?)));
    }
    definitions(cursor).map(|definitions| Some(PartitionAction::Add(definitions)))
}

/// Definitions of partitions of a table whose method is not known here.
fn definitions(cursor: &mut Cursor<'_, '_>) -> crate::Result<Vec<PartitionDefinition>> {
    let (mut subs, mut is_listed) = (None, false);
    cursor.parenthesized(|cursor| definition(cursor, &Shape::default(), (&mut subs, &mut is_listed)))
}

/// NO_WRITE_TO_BINLOG and LOCAL, which mean nothing here.
fn binlog(cursor: &mut Cursor<'_, '_>) {
    cursor.one_of(&["NO_WRITE_TO_BINLOG", "LOCAL"]);
}

/// The other actions; None when something else is next.
///
/// # Errors
/// 1064, 1235.
pub(crate) fn action(cursor: &mut Cursor<'_, '_>) -> crate::Result<Option<PartitionAction>> {
    if let Some(by) = partition_by(cursor)? {
        return Ok(Some(PartitionAction::By(by)));
    }
    if cursor.word("REMOVE") {
        cursor.expect_word("PARTITIONING")?;
        return Ok(Some(PartitionAction::Remove));
    }
    for word in ["ANALYZE", "CHECK", "OPTIMIZE", "REPAIR"] {
        if cursor.peek_word(0, word) && cursor.peek_word(1, "PARTITION") {
            return Err(Error::not_supported(format_args!("ALTER TABLE … {word} PARTITION")));
        }
    }
    let Some(word) = cursor.one_of(&["COALESCE", "EXCHANGE", "REBUILD", "REORGANIZE", "TRUNCATE"]) else {
        return Ok(None);
    };
    cursor.expect_word("PARTITION")?;
    Ok(Some(match word {
        "COALESCE" => {
            binlog(cursor);
            PartitionAction::Coalesce(cursor.unsigned()?)
        }
        "TRUNCATE" => PartitionAction::Truncate(names(cursor)?),
        "REBUILD" => {
            binlog(cursor);
            PartitionAction::Rebuild(names(cursor)?)
        }
        "EXCHANGE" => {
            let partition = cursor.name()?;
            cursor.expect_word("WITH")?;
            cursor.expect_word("TABLE")?;
            let table = cursor.table_name()?;
            let without = cursor.words(&["WITHOUT", "VALIDATION"]);
            cursor.words(&["WITH", "VALIDATION"]);
            PartitionAction::Exchange { partition, table, validates: !without }
        }
        _ => {
            binlog(cursor);
            if cursor.at_end() {
                return Err(Error::not_supported("REORGANIZE PARTITION without partitions"));
            }
            let from = cursor.list(Cursor::name)?;
            cursor.expect_word("INTO")?;
            PartitionAction::Reorganize { from, into: definitions(cursor)? }
        }
    }))
}
