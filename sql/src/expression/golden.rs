//! Expressions against what MySQL 9.7 said to them: `sql/tests/expressions/*.txt`, recorded by `record.py` there.
//!
//! Compared are the type (without lengths), the value's text and the codes of the warnings. [`DIFFERENCES`] is the list of
//! the known deviations; one that no longer deviates fails the test.

use std::sync::Arc;

use super::{Expression, Scope, Subquery, SubqueryKind, bind};
use crate::ast;
use crate::catalog::test_support::{TestNode, session};
use crate::error::{Error, Result};
use crate::execute::Interrupt;
use crate::session::SessionState;
use crate::types::text::{as_str, write_text};
use crate::types::{DataType, TypeKind, Value};

/// Expressions whose answer differs from MySQL's, and why.
const DIFFERENCES: &[(&str, &str)] = &[
    ("b'101'+0", "a bit literal is read as a hexadecimal one, so its number is unsigned"),
    ("CASE WHEN 1<2 THEN 1 ELSE 2.5 END", "a result of another scale is shown with the type's scale"),
    ("IF(1,1,2.50)", "a result of another scale is shown with the type's scale"),
    ("LPAD('a',3,'')", "MySQL 8.4 gives an empty text; 9.7 the text itself"),
    ("MD5('abc')", "a component in 9.7, built in in 8.4"),
    ("SHA1('abc')", "a component in 9.7, built in in 8.4"),
    ("PI()", "MySQL shows PI() with six digits; here it is a DOUBLE like any other"),
    ("FROM_DAYS(0)", "0000-00-00 as in 8.4; NULL in 9.7"),
];

struct NoTables<'a>(&'a SessionState);

impl Scope for NoTables<'_> {
    fn column(&mut self, _: Option<&str>, _: Option<&str>, column: &str) -> Result<Expression> {
        Err(Error::unknown_column(column, "field list"))
    }
    fn subquery(&mut self, _: &ast::Query, _: SubqueryKind) -> Result<Arc<Subquery>> {
        Err(Error::not_supported("subqueries in this test"))
    }
    fn aggregate(&mut self, _: &ast::AggregateCall) -> Result<Expression> {
        Err(Error::invalid_group_function())
    }
    fn inserted_value(&mut self, column: &str) -> Result<Expression> {
        Err(Error::unknown_column(column, "field list"))
    }
    fn session(&self) -> &SessionState {
        self.0
    }
}

fn parse(text: &str, session: &SessionState) -> Result<ast::Expr> {
    let statement = format!("SELECT {text}");
    let parsed = crate::parse::parse_statement(statement.as_bytes(), session.variables.sql_mode)?;
    let ast::Statement::Query(query) = parsed.statement else { return Err(Error::internal("no query")) };
    let ast::QueryBody::Select(select) = query.body else { return Err(Error::internal("no select")) };
    match select.items.into_iter().next() {
        Some(ast::SelectItem::Expression { expr, .. }) => Ok(expr),
        _ => Err(Error::internal("no expression")),
    }
}

fn type_name(data_type: &DataType) -> String {
    let unsigned = if data_type.unsigned { " UNSIGNED" } else { "" };
    match data_type.kind {
        TypeKind::Null => "NULL".into(),
        TypeKind::TinyInt => format!("TINYINT{unsigned}"),
        TypeKind::SmallInt => format!("SMALLINT{unsigned}"),
        TypeKind::MediumInt => format!("MEDIUMINT{unsigned}"),
        TypeKind::Int => format!("INT{unsigned}"),
        TypeKind::BigInt => format!("BIGINT{unsigned}"),
        TypeKind::Float => "FLOAT".into(),
        TypeKind::Double => "DOUBLE".into(),
        TypeKind::Decimal { scale, .. } => format!("DECIMAL({scale})"),
        TypeKind::Date => "DATE".into(),
        TypeKind::Time(fsp) => format!("TIME({fsp})"),
        TypeKind::DateTime(fsp) => format!("DATETIME({fsp})"),
        TypeKind::Timestamp(fsp) => format!("TIMESTAMP({fsp})"),
        TypeKind::Year => "YEAR".into(),
        TypeKind::Bit(bits) => format!("BIT({bits})"),
        _ if data_type.is_binary() => "BINARY".into(),
        _ => "TEXT".into(),
    }
}

/// Whether the value is of a kind that its type may hold: encoders rely on it.
fn kind_fits(value: &Value, data_type: &DataType) -> bool {
    match value {
        Value::Null => true,
        Value::Int(_) => data_type.is_integer() && (!data_type.unsigned || data_type.kind == TypeKind::Year),
        Value::UInt(_) => data_type.is_integer() && data_type.unsigned,
        Value::Double(_) => data_type.is_float(),
        Value::Decimal(_) => data_type.is_decimal(),
        Value::Text(_) => data_type.is_text(),
        Value::Blob(_) => data_type.is_binary(),
        Value::Date(_) => data_type.kind == TypeKind::Date,
        Value::Time(_) => matches!(data_type.kind, TypeKind::Time(_)),
        Value::Json(_) => data_type.is_json(),
        Value::DateTime(_) => matches!(data_type.kind, TypeKind::DateTime(_) | TypeKind::Timestamp(_)),
    }
}

/// Type, value, warnings, as `record.py` writes them.
fn evaluate(text: &str, node: &mut TestNode, session: &mut SessionState) -> Result<String> {
    let expr = parse(text, session)?;
    let bound = bind(&expr, &mut NoTables(session))?;
    let mut txn = node.begin();
    let result = node.with_context(&mut txn, session, &[], |ctx| {
        ctx.strict = false;
        bound.eval(&[], ctx)
    });
    let value = match result {
        Ok(value) => value,
        Err(Interrupt::Error(error)) => return Err(error),
        Err(Interrupt::Suspend(_)) => return Err(Error::internal("suspended")),
    };
    let data_type = bound.data_type();
    if !kind_fits(&value, &data_type) {
        return Ok(format!("{value:?} does not fit {data_type:?}"));
    }
    if value.is_null() && !bound.nullable() {
        return Ok("NULL, though it was declared not to be".to_string());
    }
    let mut out = Vec::new();
    write_text(&value, &data_type, &mut out);
    let shown = match &value {
        Value::Null => "NULL".to_string(),
        Value::Blob(bytes) => format!("x{}", crate::types::convert::hex_upper(bytes, usize::MAX)),
        _ => as_str(&out).replace('\\', "\\\\").replace('\n', "\\n").replace('\t', "\\t"),
    };
    let codes: Vec<String> = session.warnings.iter().map(|warning| warning.code.to_string()).collect();
    Ok(format!("{}\t{shown}\t{}", type_name(&data_type), codes.join(",")))
}

/// The value of an expression without columns.
pub(crate) fn value_of(text: &str, node: &mut TestNode, session: &mut SessionState) -> Result<Value> {
    let expr = parse(text, session)?;
    let bound = bind(&expr, &mut NoTables(session))?;
    let mut txn = node.begin();
    match node.with_context(&mut txn, session, &[], |ctx| bound.eval(&[], ctx)) {
        Ok(value) => Ok(value),
        Err(Interrupt::Error(error)) => Err(error),
        Err(Interrupt::Suspend(_)) => Err(Error::internal("suspended")),
    }
}

#[test]
fn expressions_answer_as_mysql() {
    let mut node = TestNode::new();
    let (mut checked, mut wrong) = (0, Vec::new());
    let files = [
        include_str!("../../tests/expressions/operators.txt"),
        include_str!("../../tests/expressions/functions.txt"),
        include_str!("../../tests/expressions/temporal.txt"),
    ];
    for line in files.iter().flat_map(|file| file.lines()).filter(|line| !line.starts_with('#')) {
        let (text, expected) = line.split_once('\t').unwrap();
        let mut session = session();
        let answer = evaluate(text, &mut node, &mut session)
            .unwrap_or_else(|error| format!("ERROR {}\t\t", error.code));
        let known = DIFFERENCES.iter().any(|(known, _)| *known == text);
        checked += 1;
        if (answer == expected) == known {
            wrong.push(format!("{text}\n    MySQL: {expected}\n    here:  {answer}"));
        }
    }
    assert!(checked > 700, "only {checked} expressions");
    assert!(wrong.is_empty(), "{} of {checked} differ (or no longer do):\n{}", wrong.len(), wrong.join("\n"));
}
