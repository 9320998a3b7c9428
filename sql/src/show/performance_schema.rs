//! performance_schema: variables, status and connections. Nothing is instrumented here; these tables have what SHOW has,
//! those about what is measured are empty ([`instruments`](super::instruments)).

use crate::execute::{Context, Run};
use crate::show::spec::{ColumnSpec, Row, fixed, integer, long, optional, string, text, unsigned};
use crate::show::system_table::SystemTable;
use crate::show::{group_replication, server};
use crate::types::{TypeKind, Value};

const VARIABLES: &[ColumnSpec] = &[text("VARIABLE_NAME", 64), text("VARIABLE_VALUE", 1024).or_null()];

const PROCESSLIST: &[ColumnSpec] = &[
    unsigned("ID", TypeKind::BigInt),
    text("USER", 32).or_null(),
    text("HOST", 261).or_null(),
    text("DB", 64).or_null(),
    text("COMMAND", 16).or_null(),
    integer("TIME", TypeKind::BigInt).or_null(),
    text("STATE", 64).or_null(),
    long("INFO", TypeKind::LongText).or_null(),
    text("EXECUTION_ENGINE", 9).or_null(),
];

const CONNECT_ATTRIBUTES: &[ColumnSpec] = &[
    unsigned("PROCESSLIST_ID", TypeKind::BigInt),
    text("ATTR_NAME", 32),
    text("ATTR_VALUE", 1024).or_null(),
    integer("ORDINAL_POSITION", TypeKind::Int).or_null(),
];

/// The tables.
pub(super) const TABLES: &[SystemTable] = &[
    SystemTable { name: "global_status", columns: VARIABLES, rows: |ctx| Ok(server::status(true, ctx)) },
    SystemTable {
        name: "global_variables",
        columns: VARIABLES,
        rows: |ctx| Ok(server::variables(true, ctx)),
    },
    SystemTable { name: "processlist", columns: PROCESSLIST, rows: process_list },
    SystemTable {
        name: "replication_group_member_stats",
        columns: group_replication::MEMBER_STATS,
        rows: |ctx| Ok(group_replication::member_stats(&ctx.host.cluster())),
    },
    SystemTable {
        name: "replication_group_members",
        columns: group_replication::MEMBERS,
        rows: |ctx| Ok(group_replication::members(&ctx.host.cluster())),
    },
    SystemTable { name: "session_status", columns: VARIABLES, rows: |ctx| Ok(server::status(false, ctx)) },
    SystemTable {
        name: "session_account_connect_attrs",
        columns: CONNECT_ATTRIBUTES,
        rows: |ctx| Ok(connect_attributes(ctx, true)),
    },
    SystemTable {
        name: "session_connect_attrs",
        columns: CONNECT_ATTRIBUTES,
        rows: |ctx| Ok(connect_attributes(ctx, false)),
    },
    SystemTable {
        name: "session_variables",
        columns: VARIABLES,
        rows: |ctx| Ok(server::variables(false, ctx)),
    },
];

/// What clients said of themselves; with `own` those of the session's own account.
fn connect_attributes(ctx: &mut Context, own: bool) -> Vec<Row> {
    let all = ctx.host.connect_attributes();
    let (mut rows, mut connection_id, mut position) = (Vec::new(), 0, 0);
    for attribute in all.iter().filter(|attribute| !own || attribute.user == ctx.session.user) {
        position = if attribute.connection_id == connection_id { position + 1 } else { 0 };
        connection_id = attribute.connection_id;
        rows.push(vec![
            Value::UInt(connection_id),
            string(&attribute.name),
            // As MySQL, which keeps no empty value.
            optional(Some(attribute.value.as_str()).filter(|value| !value.is_empty())),
            Value::Int(position),
        ]);
    }
    rows
}

fn process_list(ctx: &mut Context) -> Run<Vec<Row>> {
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
            fixed("PRIMARY"),
        ]
    };
    Ok(server::processes(ctx).into_iter().map(row).collect())
}
