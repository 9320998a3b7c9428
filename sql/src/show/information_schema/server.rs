//! Tables about the server: ENGINES, CHARACTER_SETS, COLLATIONS, PLUGINS, PROCESSLIST, USER_PRIVILEGES.

use crate::execute::{Context, Run};
use crate::show::server;
use crate::show::spec::{ColumnSpec, Row, exact, fixed, integer, long, optional, string, text, unsigned};
use crate::types::{Collation, TypeKind, Value};

pub(super) const CHARACTER_SETS: &[ColumnSpec] = &[
    text("CHARACTER_SET_NAME", 64),
    text("DEFAULT_COLLATE_NAME", 64),
    text("DESCRIPTION", 2048),
    unsigned("MAXLEN", TypeKind::Int),
];

pub(super) const COLLATIONS: &[ColumnSpec] = &[
    text("COLLATION_NAME", 64),
    text("CHARACTER_SET_NAME", 64),
    unsigned("ID", TypeKind::BigInt),
    text("IS_DEFAULT", 3),
    text("IS_COMPILED", 3),
    unsigned("SORTLEN", TypeKind::Int),
    exact("PAD_ATTRIBUTE", 9),
];

pub(super) const COLLATION_CHARACTER_SET_APPLICABILITY: &[ColumnSpec] =
    &[text("COLLATION_NAME", 64), text("CHARACTER_SET_NAME", 64)];

pub(super) const ENGINES: &[ColumnSpec] = &[
    text("ENGINE", 64),
    text("SUPPORT", 8),
    text("COMMENT", 80),
    text("TRANSACTIONS", 3).or_null(),
    text("XA", 3).or_null(),
    text("SAVEPOINTS", 3).or_null(),
];

pub(super) const PLUGINS: &[ColumnSpec] = &[
    text("PLUGIN_NAME", 64),
    text("PLUGIN_VERSION", 20),
    text("PLUGIN_STATUS", 10),
    text("PLUGIN_TYPE", 80),
    text("PLUGIN_TYPE_VERSION", 20),
    text("PLUGIN_LIBRARY", 64).or_null(),
    text("PLUGIN_LIBRARY_VERSION", 20).or_null(),
    text("PLUGIN_AUTHOR", 64).or_null(),
    long("PLUGIN_DESCRIPTION", TypeKind::MediumText).or_null(),
    text("PLUGIN_LICENSE", 80).or_null(),
    text("LOAD_OPTION", 64),
];

pub(super) const PROCESSLIST: &[ColumnSpec] = &[
    unsigned("ID", TypeKind::BigInt),
    text("USER", 32),
    text("HOST", 261),
    text("DB", 64).or_null(),
    text("COMMAND", 16),
    integer("TIME", TypeKind::Int),
    text("STATE", 64).or_null(),
    long("INFO", TypeKind::MediumText).or_null(),
];

pub(super) const USER_PRIVILEGES: &[ColumnSpec] =
    &[text("GRANTEE", 292), text("TABLE_CATALOG", 512), text("PRIVILEGE_TYPE", 64), text("IS_GRANTABLE", 3)];

/// ENGINES.
pub(super) fn engines(_: &mut Context) -> Run<Vec<Row>> {
    Ok(server::engines())
}

/// CHARACTER_SETS.
pub(super) fn character_sets(_: &mut Context) -> Run<Vec<Row>> {
    Ok(crate::show::project(server::character_sets(), &[0, 2, 1, 3]))
}

/// COLLATIONS.
pub(super) fn collations(_: &mut Context) -> Run<Vec<Row>> {
    Ok(server::collations())
}

/// COLLATION_CHARACTER_SET_APPLICABILITY.
pub(super) fn applicability(_: &mut Context) -> Run<Vec<Row>> {
    let row = |collation: Collation| vec![fixed(collation.name()), fixed(collation.character_set())];
    Ok(Collation::all().map(row).collect())
}

/// PLUGINS.
pub(super) fn plugins(_: &mut Context) -> Run<Vec<Row>> {
    let row = |plugin: &server::Plugin| {
        vec![
            fixed(plugin.name),
            fixed("1.0"),
            fixed("ACTIVE"),
            fixed(plugin.kind),
            fixed("1.0"),
            Value::Null,
            Value::Null,
            fixed("Quorate"),
            fixed(plugin.description),
            fixed(server::LICENSE),
            fixed("FORCE"),
        ]
    };
    Ok(server::PLUGIN_LIST.iter().map(row).collect())
}

/// PROCESSLIST.
pub(super) fn process_list(ctx: &mut Context) -> Run<Vec<Row>> {
    let row = |process: crate::execute::Process| {
        vec![
            Value::UInt(process.id),
            string(&process.user),
            string(&process.host),
            optional(process.database.as_deref()),
            string(&process.command),
            Value::Int(i64::try_from(process.seconds).unwrap_or(i64::MAX)),
            string(&process.state),
            optional(process.info.as_deref()),
        ]
    };
    Ok(server::processes(ctx).into_iter().map(row).collect())
}
