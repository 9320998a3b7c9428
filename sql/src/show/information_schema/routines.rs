//! ROUTINES and PARAMETERS, and SHOW PROCEDURE STATUS: the procedures that CALL can call. The stored ones come after those of the cluster ([`routine`](crate::show::routine)).

use crate::ast::RoutineKind;
use crate::execute::procedure::{Parameter, ParameterKind, SCHEMA, Signature, signatures};
use crate::execute::{Context, Run};
use crate::limits::CALL_ADDRESS_BYTES_MAX;
use crate::show::information_schema::CATALOG;
use crate::show::server::{ACCOUNT_HOST, ACCOUNT_USER};
use crate::show::spec::{
    ColumnSpec, Row, exact, exact_long, fixed, integer, null, of, string, text, unsigned,
};
use crate::types::{DateTime, TypeKind, Value};

pub(super) const PARAMETERS: &[ColumnSpec] = &[
    exact("SPECIFIC_CATALOG", 64),
    exact("SPECIFIC_SCHEMA", 64),
    text("SPECIFIC_NAME", 64),
    unsigned("ORDINAL_POSITION", TypeKind::BigInt),
    exact("PARAMETER_MODE", 5).or_null(),
    text("PARAMETER_NAME", 64).or_null(),
    exact_long("DATA_TYPE", TypeKind::LongText).or_null(),
    integer("CHARACTER_MAXIMUM_LENGTH", TypeKind::BigInt).or_null(),
    integer("CHARACTER_OCTET_LENGTH", TypeKind::BigInt).or_null(),
    unsigned("NUMERIC_PRECISION", TypeKind::Int).or_null(),
    integer("NUMERIC_SCALE", TypeKind::BigInt).or_null(),
    unsigned("DATETIME_PRECISION", TypeKind::Int).or_null(),
    text("CHARACTER_SET_NAME", 64).or_null(),
    text("COLLATION_NAME", 64).or_null(),
    exact_long("DTD_IDENTIFIER", TypeKind::MediumText),
    exact("ROUTINE_TYPE", 9),
];

pub(super) const ROUTINES: &[ColumnSpec] = &[
    text("SPECIFIC_NAME", 64),
    exact("ROUTINE_CATALOG", 64),
    exact("ROUTINE_SCHEMA", 64),
    text("ROUTINE_NAME", 64),
    exact("ROUTINE_TYPE", 9),
    exact_long("DATA_TYPE", TypeKind::LongText).or_null(),
    integer("CHARACTER_MAXIMUM_LENGTH", TypeKind::BigInt).or_null(),
    integer("CHARACTER_OCTET_LENGTH", TypeKind::BigInt).or_null(),
    unsigned("NUMERIC_PRECISION", TypeKind::Int).or_null(),
    unsigned("NUMERIC_SCALE", TypeKind::Int).or_null(),
    unsigned("DATETIME_PRECISION", TypeKind::Int).or_null(),
    text("CHARACTER_SET_NAME", 64).or_null(),
    text("COLLATION_NAME", 64).or_null(),
    exact_long("DTD_IDENTIFIER", TypeKind::LongText).or_null(),
    text("ROUTINE_BODY", 8),
    exact_long("ROUTINE_DEFINITION", TypeKind::LongText).or_null(),
    null("EXTERNAL_NAME"),
    exact("EXTERNAL_LANGUAGE", 64),
    text("PARAMETER_STYLE", 3),
    text("IS_DETERMINISTIC", 3),
    exact("SQL_DATA_ACCESS", 17),
    null("SQL_PATH"),
    exact("SECURITY_TYPE", 7),
    of("CREATED", TypeKind::Timestamp(0)),
    of("LAST_ALTERED", TypeKind::Timestamp(0)),
    exact("SQL_MODE", 546),
    exact_long("ROUTINE_COMMENT", TypeKind::Text),
    exact("DEFINER", 288),
    text("CHARACTER_SET_CLIENT", 64),
    text("COLLATION_CONNECTION", 64),
    text("DATABASE_COLLATION", 64),
];

fn definer() -> Value {
    string(&format!("{ACCOUNT_USER}@{ACCOUNT_HOST}"))
}

/// They are part of the server: the start of the epoch stands for the time of their creation.
fn created() -> Value {
    DateTime::from_epoch(0, 0).map_or(Value::Null, Value::DateTime)
}

/// Character sets and collations that MySQL keeps with a routine.
fn character_sets() -> [Value; 3] {
    [fixed("utf8mb4"), fixed("utf8mb4_0900_ai_ci"), fixed("utf8mb4_0900_ai_ci")]
}

/// ROUTINES.
pub(super) fn routines(ctx: &mut Context) -> Run<Vec<Row>> {
    let mut rows: Vec<Row> = signatures().iter().map(routine).collect();
    rows.extend(crate::show::routine::routines(ctx)?);
    Ok(rows)
}

fn routine(signature: &Signature) -> Row {
    let mut row = vec![
        fixed(signature.name),
        fixed(CATALOG),
        fixed(SCHEMA),
        fixed(signature.name),
        fixed("PROCEDURE"),
        // A procedure has no type: MySQL's DATA_TYPE is an empty text then, the rest of it NULL.
        fixed(""),
    ];
    row.resize(14, Value::Null);
    row.extend([
        fixed("SQL"),
        Value::Null,
        Value::Null,
        fixed("SQL"),
        fixed("SQL"),
        fixed("NO"),
        fixed("CONTAINS SQL"),
        Value::Null,
        fixed("INVOKER"),
        created(),
        created(),
        fixed(""),
        fixed(signature.purpose),
        definer(),
    ]);
    row.extend(character_sets());
    row
}

/// PARAMETERS.
pub(super) fn parameters(ctx: &mut Context) -> Run<Vec<Row>> {
    let of_signature = |signature: &'static Signature| {
        (1..)
            .zip(signature.parameters)
            .map(move |(position, parameter)| row_of(signature, position, parameter))
    };
    let mut rows: Vec<Row> = signatures().iter().flat_map(of_signature).collect();
    rows.extend(crate::show::routine::parameters(ctx)?);
    Ok(rows)
}

fn row_of(signature: &Signature, position: u64, parameter: &Parameter) -> Row {
    let length = CALL_ADDRESS_BYTES_MAX as i64;
    let mut row = vec![
        fixed(CATALOG),
        fixed(SCHEMA),
        fixed(signature.name),
        Value::UInt(position),
        fixed("IN"),
        fixed(parameter.name),
    ];
    row.extend(match parameter.kind {
        ParameterKind::Node | ParameterKind::Nodes | ParameterKind::Address => [
            fixed("varchar"),
            Value::Int(length),
            Value::Int(length * 4),
            Value::Null,
            Value::Null,
            Value::Null,
            fixed("utf8mb4"),
            fixed("utf8mb4_0900_ai_ci"),
            string(&format!("varchar({length})")),
        ],
        ParameterKind::Number => number("bigint", 20, "bigint unsigned"),
        ParameterKind::Truth => number("tinyint", 3, "tinyint(1)"),
    });
    row.push(fixed("PROCEDURE"));
    row
}

/// DATA_TYPE to DTD_IDENTIFIER of an integer.
fn number(kind: &'static str, digits: u64, written: &'static str) -> [Value; 9] {
    let (null, digits) = (Value::Null, Value::UInt(digits));
    [
        fixed(kind),
        null.clone(),
        null.clone(),
        digits,
        Value::Int(0),
        null.clone(),
        null.clone(),
        null,
        fixed(written),
    ]
}

/// SHOW PROCEDURE STATUS.
pub(in crate::show) fn procedure_status(ctx: &Context) -> Vec<Row> {
    let row = |signature: &Signature| {
        let mut row = vec![
            fixed(SCHEMA),
            fixed(signature.name),
            fixed("PROCEDURE"),
            fixed("SQL"),
            definer(),
            created(),
            created(),
            fixed("INVOKER"),
            fixed(signature.purpose),
        ];
        row.extend(character_sets());
        row
    };
    let mut rows: Vec<Row> = signatures().iter().map(row).collect();
    rows.extend(crate::show::routine::status(RoutineKind::Procedure, ctx));
    rows
}
