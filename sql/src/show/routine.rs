//! Stored routines as they are shown: SHOW CREATE PROCEDURE and FUNCTION, their STATUS, information_schema.ROUTINES and PARAMETERS.

use std::sync::Arc;

use crate::account::Privilege;
use crate::ast::print::write_name;
use crate::ast::{DataAccess, RoutineKind, TableName};
use crate::authorization::Grant;
use crate::error::Error;
use crate::execute::{Context, Run};
use crate::program::{Routine, missing};
use crate::show::information_schema::CATALOG;
use crate::show::information_schema::columns;
use crate::show::spec::{ColumnSpec, Row, exact, exact_long, fixed, string, text};
use crate::types::{DateTime, TypeKind, Value};

pub(super) const CREATE_PROCEDURE: &[ColumnSpec] = &[
    text("Procedure", 64),
    exact("sql_mode", 546),
    exact_long("Create Procedure", TypeKind::LongText).or_null(),
    text("character_set_client", 64),
    text("collation_connection", 64),
    text("Database Collation", 64),
];

pub(super) const CREATE_FUNCTION: &[ColumnSpec] = &[
    text("Function", 64),
    exact("sql_mode", 546),
    exact_long("Create Function", TypeKind::LongText).or_null(),
    text("character_set_client", 64),
    text("collation_connection", 64),
    text("Database Collation", 64),
];

/// Whether the account may see that a routine is there.
fn is_seen(routine: &Routine, ctx: &Context) -> bool {
    let authorization = &ctx.session.authorization;
    let privileges = [Privilege::Execute, Privilege::AlterRoutine, Privilege::CreateRoutine];
    shows_body(routine, ctx)
        || privileges.iter().any(|privilege| {
            authorization.has_routine(*privilege, routine.kind, &routine.database, &routine.name)
        })
}

/// Whether the account may see a routine's body.
fn shows_body(routine: &Routine, ctx: &Context) -> bool {
    let authorization = &ctx.session.authorization;
    routine.definer == ctx.session.account
        || authorization.has_global(Grant::Static(Privilege::Select))
        || authorization.has_global(Grant::Dynamic("SHOW_ROUTINE"))
}

/// The stored procedures that the account sees.
fn seen(ctx: &Context) -> Vec<Arc<Routine>> {
    let all = ctx.catalog.databases.values().flat_map(|database| database.routines.values());
    all.filter(|routine| is_seen(routine, ctx)).cloned().collect()
}

/// SHOW CREATE PROCEDURE.
///
/// # Errors
/// 1046, 1305.
pub(super) fn create(kind: RoutineKind, name: &TableName, ctx: &Context) -> Run<Vec<Row>> {
    let current = ctx.session.database.as_deref();
    let database = name.database.as_deref().or(current).ok_or_else(Error::no_database)?;
    let found = ctx.catalog.databases.get(database).and_then(|found| found.routine(kind, &name.table));
    let Some(routine) = found.filter(|routine| is_seen(routine, ctx)) else {
        return Err(missing(kind, "", &name.table).into());
    };
    let text = match shows_body(routine, ctx) {
        true => Value::Text(create_text(routine).into()),
        false => Value::Null,
    };
    let mut row = vec![string(&routine.name), string(&routine.sql_mode.to_string()), text];
    row.extend(character_sets(routine));
    Ok(vec![row])
}

fn create_text(routine: &Routine) -> String {
    let mut out = "CREATE DEFINER=".to_owned();
    write_name(&routine.definer.user, &mut out);
    out.push('@');
    write_name(&routine.definer.host, &mut out);
    out.push(' ');
    out.push_str(routine.kind.word());
    out.push(' ');
    write_name(&routine.name, &mut out);
    out.push('(');
    out.push_str(&routine.parameters);
    out.push(')');
    if routine.kind == RoutineKind::Function {
        out.push_str(" RETURNS ");
        out.push_str(&routine.returns);
    }
    out.push('\n');
    if routine.access != DataAccess::ContainsSql {
        out.push_str(&format!("    {}\n", routine.access.words()));
    }
    if routine.deterministic {
        out.push_str("    DETERMINISTIC\n");
    }
    if routine.invoker {
        out.push_str("    SQL SECURITY INVOKER\n");
    }
    if !routine.comment.is_empty() {
        out.push_str(&format!("    COMMENT {}\n", super::definition::quoted(&routine.comment)));
    }
    out.push_str(&routine.body);
    out
}

fn character_sets(routine: &Routine) -> [Value; 3] {
    [
        string(&routine.character_set),
        string(routine.collation.name()),
        string(routine.database_collation.name()),
    ]
}

fn security(routine: &Routine) -> Value {
    fixed(if routine.invoker { "INVOKER" } else { "DEFINER" })
}

fn definer(routine: &Routine) -> Value {
    string(&format!("{}@{}", routine.definer.user, routine.definer.host))
}

fn time(microseconds: u64, ctx: &Context) -> Value {
    let offset = ctx.session.variables.time_zone;
    let whole = i64::try_from(microseconds - microseconds % 1_000_000).unwrap_or(0);
    DateTime::from_epoch(whole, offset).map_or(Value::Null, Value::DateTime)
}

/// The rows of SHOW PROCEDURE STATUS.
pub(super) fn status(kind: RoutineKind, ctx: &Context) -> Vec<Row> {
    let row = |routine: &Arc<Routine>| {
        let mut row = vec![
            string(&routine.database),
            string(&routine.name),
            fixed(routine.kind.word()),
            fixed("SQL"),
            definer(routine),
            time(routine.altered_us, ctx),
            time(routine.created_us, ctx),
            security(routine),
            string(&routine.comment),
        ];
        row.extend(character_sets(routine));
        row
    };
    seen(ctx).iter().filter(|routine| routine.kind == kind).map(row).collect()
}

/// The rows of ROUTINES.
///
/// # Errors
/// 1105 for a routine that cannot be read.
pub(super) fn routines(ctx: &mut Context) -> Run<Vec<Row>> {
    let mut rows = Vec::new();
    for routine in seen(ctx) {
        let mut row = vec![
            string(&routine.name),
            fixed(CATALOG),
            string(&routine.database),
            string(&routine.name),
            fixed(routine.kind.word()),
        ];
        match routine.kind {
            RoutineKind::Procedure => row.push(fixed("")),
            RoutineKind::Function => {
                let compiled = routine.compiled(ctx)?;
                let types = compiled.returns.as_ref().map(|column| columns::type_values(&column.data_type));
                row.extend(types.into_iter().flatten());
            }
        }
        row.resize(14, Value::Null);
        let (routine, ctx) = (&routine, &*ctx);
        let body = if shows_body(routine, ctx) { string(&routine.body) } else { Value::Null };
        row.extend([
            fixed("SQL"),
            body,
            Value::Null,
            fixed("SQL"),
            fixed("SQL"),
            fixed(if routine.deterministic { "YES" } else { "NO" }),
            fixed(routine.access.words()),
            Value::Null,
            security(routine),
            time(routine.created_us, ctx),
            time(routine.altered_us, ctx),
            string(&routine.sql_mode.to_string()),
            string(&routine.comment),
            definer(routine),
        ]);
        row.extend(character_sets(routine));
        rows.push(row);
    }
    Ok(rows)
}

/// The rows of PARAMETERS.
///
/// # Errors
/// 1105 for a routine that cannot be read.
pub(super) fn parameters(ctx: &mut Context) -> Run<Vec<Row>> {
    let mut rows = Vec::new();
    for routine in seen(ctx) {
        let compiled = routine.compiled(ctx)?;
        if let Some(returns) = &compiled.returns {
            let mut row = vec![
                fixed(CATALOG),
                string(&routine.database),
                string(&routine.name),
                Value::UInt(0),
                Value::Null,
                Value::Null,
            ];
            row.extend(columns::type_values(&returns.data_type));
            row.push(fixed(routine.kind.word()));
            rows.push(row);
        }
        let modes = compiled.program.parameters.iter();
        for (position, (mode, variable)) in (1_u64..).zip(modes.zip(&compiled.variables)) {
            let Some(variable) = variable else { continue };
            let mut row = vec![
                fixed(CATALOG),
                string(&routine.database),
                string(&routine.name),
                Value::UInt(position),
                fixed(mode.word()),
                string(&variable.name),
            ];
            row.extend(columns::type_values(&variable.data_type));
            row.push(fixed(routine.kind.word()));
            rows.push(row);
        }
    }
    Ok(rows)
}
