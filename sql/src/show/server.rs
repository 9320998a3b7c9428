//! SHOW of what the server is and does: VARIABLES, STATUS, PROCESSLIST, ENGINES, CHARACTER SET, COLLATION, PLUGINS,
//! PRIVILEGES, GRANTS, ENGINE … STATUS.

use crate::account::DYNAMIC_PRIVILEGES;
use crate::error::Error;
use crate::execute::{Context, Process, Run};
use crate::limits::PROCESS_INFO_CHARACTERS_MAX;
use crate::show::spec::{
    ColumnSpec, Row, exact, fixed, integer, long, optional, string, text, unsigned, yes_or,
};
use crate::types::text::character_offset;
use crate::types::{CharacterSet, Collation, TypeKind, Value};

pub(super) const VARIABLES: &[ColumnSpec] = &[text("Variable_name", 64), text("Value", 1024).or_null()];
pub(super) const PROCESS_LIST: &[ColumnSpec] = &[
    integer("Id", TypeKind::BigInt),
    text("User", 32),
    text("Host", 255),
    text("db", 64).or_null(),
    text("Command", 16),
    integer("Time", TypeKind::Int),
    text("State", 30).or_null(),
    text("Info", 100).or_null(),
];
pub(super) const FULL_PROCESS_LIST: &[ColumnSpec] = &[
    integer("Id", TypeKind::BigInt),
    text("User", 32),
    text("Host", 255),
    text("db", 64).or_null(),
    text("Command", 16),
    integer("Time", TypeKind::Int),
    text("State", 30).or_null(),
    long("Info", TypeKind::LongText).or_null(),
];
pub(super) const ENGINES: &[ColumnSpec] = &[
    text("Engine", 64),
    text("Support", 8),
    text("Comment", 80),
    text("Transactions", 3).or_null(),
    text("XA", 3).or_null(),
    text("Savepoints", 3).or_null(),
];
pub(super) const CHARACTER_SET: &[ColumnSpec] = &[
    text("Charset", 64),
    text("Description", 2048),
    text("Default collation", 64),
    unsigned("Maxlen", TypeKind::Int),
];
pub(super) const COLLATION: &[ColumnSpec] = &[
    text("Collation", 64),
    text("Charset", 64),
    unsigned("Id", TypeKind::BigInt),
    text("Default", 3),
    text("Compiled", 3),
    unsigned("Sortlen", TypeKind::Int),
    exact("Pad_attribute", 9),
];
pub(super) const PLUGINS: &[ColumnSpec] = &[
    text("Name", 64),
    text("Status", 10),
    text("Type", 80),
    text("Library", 64).or_null(),
    text("License", 80).or_null(),
];
pub(super) const PRIVILEGES: &[ColumnSpec] =
    &[text("Privilege", 10), text("Context", 15), text("Comment", 64)];
pub(super) const ENGINE_STATUS: &[ColumnSpec] = &[text("Type", 10), text("Name", 512), text("Status", 10)];

/// The definer of what is built in.
pub(super) const ACCOUNT_USER: &str = "root";
/// The account's host.
pub(super) const ACCOUNT_HOST: &str = "localhost";

/// SHOW VARIABLES.
pub(super) fn variables(global: bool, ctx: &Context) -> Vec<Row> {
    let all = crate::variables::iter_all(ctx.session, ctx.host, global);
    all.into_iter().map(|(name, value)| vec![Value::text(name), Value::text(value)]).collect()
}

/// SHOW STATUS.
pub(super) fn status(global: bool, ctx: &Context) -> Vec<Row> {
    let all = ctx.host.status(!global, ctx.session.connection_id);
    all.into_iter().map(|(name, value)| vec![Value::text(name), Value::text(value)]).collect()
}

/// The connections that the session's account sees, by id.
pub(super) fn processes(ctx: &Context) -> Vec<Process> {
    let mut processes = ctx.host.processes();
    let authorization = &ctx.session.authorization;
    let own_id = ctx.session.connection_id;
    let sees = |user: &str| authorization.sees_process(&ctx.session.account.user, user);
    processes.retain(|process| process.id == own_id || sees(&process.user));
    processes.sort_by_key(|process| process.id);
    processes
}

/// `SHOW [FULL] PROCESSLIST`.
pub(super) fn process_list(full: bool, ctx: &Context) -> Vec<Row> {
    let row = |process: Process| {
        let info = process.info.as_deref().map(|info| {
            let end = if full {
                info.len()
            } else {
                character_offset(info.as_bytes(), PROCESS_INFO_CHARACTERS_MAX)
            };
            &info[..end]
        });
        vec![
            Value::Int(i64::try_from(process.id).unwrap_or(i64::MAX)),
            string(&process.user),
            string(&process.host),
            optional(process.database.as_deref()),
            string(&process.command),
            Value::Int(i64::try_from(process.seconds).unwrap_or(i64::MAX)),
            string(&process.state),
            optional(info),
        ]
    };
    processes(ctx).into_iter().map(row).collect()
}

/// SHOW ENGINES. The versioned store presents itself as InnoDB, since tools and frameworks ask for that name before they use
/// transactions; the comment and the features are its own.
pub(super) fn engines() -> Vec<Row> {
    vec![vec![
        fixed("InnoDB"),
        fixed("DEFAULT"),
        fixed("Quorate's replicated store: transactions, row-level locking, snapshots"),
        yes_or("NO", true),
        yes_or("NO", false),
        yes_or("NO", true),
    ]]
}

/// SHOW CHARACTER SET: those that text can be stored in.
pub(super) fn character_sets() -> Vec<Row> {
    let mut all: Vec<CharacterSet> = CharacterSet::all().collect();
    all.sort_by_key(|set| set.name());
    let row = |set: CharacterSet| {
        vec![
            fixed(set.name()),
            fixed(set.description()),
            fixed(set.default_collation().name()),
            Value::UInt(set.bytes_max().into()),
        ]
    };
    all.into_iter().map(row).collect()
}

/// SHOW COLLATION, by name.
pub(super) fn collations() -> Vec<Row> {
    let mut all: Vec<Collation> = Collation::all().collect();
    all.sort_by_key(|collation| collation.name());
    let row = |collation: Collation| {
        vec![
            fixed(collation.name()),
            fixed(collation.character_set()),
            Value::UInt(collation.id().into()),
            fixed(if collation.is_default() { "Yes" } else { "" }),
            fixed("Yes"),
            Value::UInt(collation.sort_length().into()),
            fixed(if collation.pads_space() { "PAD SPACE" } else { "NO PAD" }),
        ]
    };
    all.into_iter().map(row).collect()
}

/// A part of the server that MySQL has as a plugin.
pub(super) struct Plugin {
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    pub(super) description: &'static str,
}

/// The licence of everything here.
pub(super) const LICENSE: &str = "Apache-2.0";

/// What clients may look for among the plugins.
pub(super) const PLUGIN_LIST: &[Plugin] = &[
    Plugin {
        name: "mysql_native_password",
        kind: "AUTHENTICATION",
        description: "Native MySQL authentication",
    },
    Plugin {
        name: "caching_sha2_password",
        kind: "AUTHENTICATION",
        description: "Caching sha2 authentication",
    },
    Plugin { name: "InnoDB", kind: "STORAGE ENGINE", description: "Quorate's replicated store" },
];

/// SHOW PLUGINS.
pub(super) fn plugins() -> Vec<Row> {
    let row = |plugin: &Plugin| {
        vec![fixed(plugin.name), fixed("ACTIVE"), fixed(plugin.kind), Value::Null, fixed(LICENSE)]
    };
    PLUGIN_LIST.iter().map(row).collect()
}

/// SHOW PRIVILEGES: static ones, then dynamic ones.
pub(super) fn privileges() -> Vec<Row> {
    PRIVILEGE_LIST
        .iter()
        .map(|(name, place, comment)| vec![fixed(name), fixed(place), fixed(comment)])
        .chain(DYNAMIC_PRIVILEGES.iter().map(|name| vec![fixed(name), fixed("Server Admin"), fixed("")]))
        .collect()
}

/// SHOW ENGINE InnoDB STATUS: what the host counts, one line each.
///
/// # Errors
/// 1286 for any other engine.
pub(super) fn engine_status(engine: &str, ctx: &Context) -> Run<Vec<Row>> {
    if !engine.eq_ignore_ascii_case("InnoDB") {
        let message = format!("Unknown storage engine '{engine}'");
        return Err(Error { code: 1286, state: *b"42000", message }.into());
    }
    let mut text = String::from("\nQuorate's replicated store\n");
    for (name, value) in ctx.host.status(false, ctx.session.connection_id) {
        if name.starts_with("Quorate_") || name.starts_with("Innodb_") {
            text.push_str(&format!("{name} {value}\n"));
        }
    }
    Ok(vec![vec![fixed("InnoDB"), fixed(""), Value::text(text)]])
}

/// MySQL's static privileges: name, where it applies, what it is for.
pub(super) const PRIVILEGE_LIST: &[(&str, &str, &str)] = &[
    ("Alter", "Tables", "To alter the table"),
    ("Alter routine", "Functions,Procedures", "To alter or drop stored functions/procedures"),
    ("Create", "Databases,Tables,Indexes", "To create new databases and tables"),
    ("Create routine", "Databases", "To use CREATE FUNCTION/PROCEDURE"),
    ("Create role", "Server Admin", "To create new roles"),
    ("Create temporary tables", "Databases", "To use CREATE TEMPORARY TABLE"),
    ("Create view", "Tables", "To create new views"),
    ("Create user", "Server Admin", "To create new users"),
    ("Delete", "Tables", "To delete existing rows"),
    ("Drop", "Databases,Tables", "To drop databases, tables, and views"),
    ("Drop role", "Server Admin", "To drop roles"),
    ("Event", "Server Admin", "To create, alter, drop and execute events"),
    ("Execute", "Functions,Procedures", "To execute stored routines"),
    ("File", "File access on server", "To read and write files on the server"),
    (
        "Grant option",
        "Databases,Tables,Functions,Procedures",
        "To give to other users those privileges you possess",
    ),
    ("Index", "Tables", "To create or drop indexes"),
    ("Insert", "Tables", "To insert data into tables"),
    ("Lock tables", "Databases", "To use LOCK TABLES (together with SELECT privilege)"),
    ("Process", "Server Admin", "To view the plain text of currently executing queries"),
    ("Proxy", "Server Admin", "To make proxy user possible"),
    ("References", "Databases,Tables", "To have references on tables"),
    ("Reload", "Server Admin", "To reload or refresh tables, logs and privileges"),
    ("Replication client", "Server Admin", "To ask where the slave or master servers are"),
    ("Replication slave", "Server Admin", "To read binary log events from the master"),
    ("Select", "Tables", "To retrieve rows from table"),
    ("Show databases", "Server Admin", "To see all databases with SHOW DATABASES"),
    ("Show view", "Tables", "To see views with SHOW CREATE VIEW"),
    ("Shutdown", "Server Admin", "To shut down the server"),
    ("Super", "Server Admin", "To use KILL thread, SET GLOBAL, CHANGE REPLICATION SOURCE, etc."),
    ("Trigger", "Tables", "To use triggers"),
    ("Create tablespace", "Server Admin", "To create/alter/drop tablespaces"),
    ("Update", "Tables", "To update existing rows"),
    ("Usage", "Server Admin", "No privileges - allow connect only"),
];
