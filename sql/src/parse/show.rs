//! SHOW in all its forms.

use sqlparser::tokenizer::{Token, Word};

use crate::ast::{Expr, Show, ShowKind, Statement, TableName};
use crate::error::Error;
use crate::parse::account::{role, user_name};
use crate::parse::cursor::Cursor;

/// Parses a SHOW statement.
pub(crate) fn show(cursor: &mut Cursor<'_, '_>) -> crate::Result<Statement> {
    cursor.expect_word("SHOW")?;
    if cursor.peek_word(0, "EXTENDED") {
        return Err(Error::not_supported("SHOW EXTENDED"));
    }
    let full = cursor.word("FULL");
    let kind = if full { full_kind(cursor)? } else { kind(cursor)? };
    let takes_filter = match &kind {
        ShowKind::Databases
        | ShowKind::Tables { .. }
        | ShowKind::Columns { .. }
        | ShowKind::TableStatus { .. }
        | ShowKind::Variables { .. }
        | ShowKind::Status { .. }
        | ShowKind::CharacterSet
        | ShowKind::Collation
        | ShowKind::Triggers { .. }
        | ShowKind::Events { .. }
        | ShowKind::ProcedureStatus
        | ShowKind::FunctionStatus
        | ShowKind::OpenTables { .. } => Filter::LikeOrWhere,
        ShowKind::Index { .. } => Filter::Where,
        ShowKind::CreateTable(_)
        | ShowKind::CreateView(_)
        | ShowKind::CreateProcedure(_)
        | ShowKind::CreateFunction(_)
        | ShowKind::CreateTrigger(_)
        | ShowKind::CreateEvent(_)
        | ShowKind::CreateDatabase { .. }
        | ShowKind::CreateUser(_)
        | ShowKind::ProcessList { .. }
        | ShowKind::Warnings { .. }
        | ShowKind::Errors { .. }
        | ShowKind::CountWarnings
        | ShowKind::CountErrors
        | ShowKind::Engines
        | ShowKind::Plugins
        | ShowKind::Privileges
        | ShowKind::Grants { .. }
        | ShowKind::BinaryLogStatus
        | ShowKind::BinaryLogs
        | ShowKind::ReplicaStatus
        | ShowKind::EngineStatus(_) => Filter::None,
    };
    let (like, filter) = filter(cursor, takes_filter)?;
    Ok(Statement::Show(Box::new(Show { kind, like, filter })))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Filter {
    None,
    Where,
    LikeOrWhere,
}

fn filter(cursor: &mut Cursor<'_, '_>, takes: Filter) -> crate::Result<(Option<String>, Option<Expr>)> {
    if takes == Filter::LikeOrWhere && cursor.word("LIKE") {
        return Ok((Some(cursor.string()?), None));
    }
    if takes != Filter::None && cursor.word("WHERE") {
        return Ok((None, Some(cursor.expr()?)));
    }
    Ok((None, None))
}

/// The kinds that FULL may stand before.
fn full_kind(cursor: &mut Cursor<'_, '_>) -> crate::Result<ShowKind> {
    if cursor.word("TABLES") {
        return Ok(ShowKind::Tables { database: database(cursor)?, full: true });
    }
    if cursor.one_of(&["COLUMNS", "FIELDS"]).is_some() {
        return Ok(ShowKind::Columns { table: table_from(cursor)?, full: true });
    }
    cursor.expect_word("PROCESSLIST")?;
    Ok(ShowKind::ProcessList { full: true })
}

fn kind(cursor: &mut Cursor<'_, '_>) -> crate::Result<ShowKind> {
    let Token::Word(Word { value, quote_style: None, .. }) = cursor.peek() else {
        return Err(cursor.unexpected());
    };
    let first = value.to_ascii_uppercase();
    let start = cursor.unexpected();
    cursor.skip();
    Ok(match first.as_str() {
        "DATABASES" | "SCHEMAS" => ShowKind::Databases,
        "TABLES" => ShowKind::Tables { database: database(cursor)?, full: false },
        "COLUMNS" | "FIELDS" => ShowKind::Columns { table: table_from(cursor)?, full: false },
        "INDEX" | "INDEXES" | "KEYS" => ShowKind::Index { table: table_from(cursor)? },
        "CREATE" => create(cursor)?,
        "TABLE" => {
            cursor.expect_word("STATUS")?;
            ShowKind::TableStatus { database: database(cursor)? }
        }
        "GLOBAL" => variables_or_status(cursor, true)?,
        "SESSION" | "LOCAL" => variables_or_status(cursor, false)?,
        "VARIABLES" => ShowKind::Variables { global: false },
        "STATUS" => ShowKind::Status { global: false },
        "PROCESSLIST" => ShowKind::ProcessList { full: false },
        "WARNINGS" => {
            let (limit, offset) = limit(cursor)?;
            ShowKind::Warnings { limit, offset }
        }
        "ERRORS" => {
            let (limit, offset) = limit(cursor)?;
            ShowKind::Errors { limit, offset }
        }
        "COUNT" => {
            cursor.expect(&Token::LParen)?;
            cursor.expect(&Token::Mul)?;
            cursor.expect(&Token::RParen)?;
            match cursor.one_of(&["WARNINGS", "ERRORS"]) {
                Some("WARNINGS") => ShowKind::CountWarnings,
                Some(_) => ShowKind::CountErrors,
                None => return Err(cursor.unexpected()),
            }
        }
        "STORAGE" => {
            cursor.expect_word("ENGINES")?;
            ShowKind::Engines
        }
        "ENGINES" => ShowKind::Engines,
        "CHARSET" => ShowKind::CharacterSet,
        "CHARACTER" => {
            cursor.expect_word("SET")?;
            ShowKind::CharacterSet
        }
        "COLLATION" => ShowKind::Collation,
        "PLUGINS" => ShowKind::Plugins,
        "PRIVILEGES" => ShowKind::Privileges,
        _ => return server_kind(cursor, &first, start),
    })
}

/// The kinds about the server and replication, after their first word.
fn server_kind(cursor: &mut Cursor<'_, '_>, first: &str, start: Error) -> crate::Result<ShowKind> {
    Ok(match first {
        "GRANTS" => grants(cursor)?,
        "TRIGGERS" => ShowKind::Triggers { database: database(cursor)? },
        "EVENTS" => ShowKind::Events { database: database(cursor)? },
        "PROCEDURE" => routine(cursor, ShowKind::ProcedureStatus)?,
        "FUNCTION" => routine(cursor, ShowKind::FunctionStatus)?,
        "OPEN" => {
            cursor.expect_word("TABLES")?;
            ShowKind::OpenTables { database: database(cursor)? }
        }
        "MASTER" => match cursor.one_of(&["STATUS", "LOGS"]) {
            Some("STATUS") => ShowKind::BinaryLogStatus,
            Some(_) => ShowKind::BinaryLogs,
            None => return Err(cursor.unexpected()),
        },
        "BINARY" => {
            if cursor.words(&["LOG", "STATUS"]) {
                ShowKind::BinaryLogStatus
            } else {
                cursor.expect_word("LOGS")?;
                ShowKind::BinaryLogs
            }
        }
        "REPLICA" | "SLAVE" => {
            if cursor.peek_word(0, "HOSTS") {
                return Err(Error::not_supported("SHOW REPLICAS"));
            }
            cursor.expect_word("STATUS")?;
            if cursor.peek_word(0, "FOR") {
                return Err(Error::not_supported("replication channels"));
            }
            ShowKind::ReplicaStatus
        }
        "ENGINE" => {
            let engine = cursor.any_word()?;
            match cursor.one_of(&["STATUS", "MUTEX", "LOGS"]) {
                Some("STATUS") => ShowKind::EngineStatus(engine),
                Some(word) => return Err(Error::not_supported(format_args!("SHOW ENGINE {engine} {word}"))),
                None => return Err(cursor.unexpected()),
            }
        }
        "BINLOG" => return Err(Error::not_supported("SHOW BINLOG EVENTS")),
        "RELAYLOG" => return Err(Error::not_supported("SHOW RELAYLOG EVENTS")),
        "PROFILE" | "PROFILES" => return Err(Error::not_supported("SHOW PROFILE")),
        "REPLICAS" => return Err(Error::not_supported("SHOW REPLICAS")),
        _ => return Err(start),
    })
}

fn variables_or_status(cursor: &mut Cursor<'_, '_>, global: bool) -> crate::Result<ShowKind> {
    match cursor.one_of(&["VARIABLES", "STATUS"]) {
        Some("VARIABLES") => Ok(ShowKind::Variables { global }),
        Some(_) => Ok(ShowKind::Status { global }),
        None => Err(cursor.unexpected()),
    }
}

fn create(cursor: &mut Cursor<'_, '_>) -> crate::Result<ShowKind> {
    if cursor.word("TABLE") {
        return Ok(ShowKind::CreateTable(cursor.table_name()?));
    }
    if cursor.word("VIEW") {
        return Ok(ShowKind::CreateView(cursor.table_name()?));
    }
    if cursor.word("PROCEDURE") {
        return Ok(ShowKind::CreateProcedure(cursor.table_name()?));
    }
    if cursor.word("FUNCTION") {
        return Ok(ShowKind::CreateFunction(cursor.table_name()?));
    }
    if cursor.one_of(&["DATABASE", "SCHEMA"]).is_some() {
        let if_not_exists = cursor.words(&["IF", "NOT", "EXISTS"]);
        return Ok(ShowKind::CreateDatabase { name: cursor.name()?, if_not_exists });
    }
    if cursor.word("USER") {
        return Ok(ShowKind::CreateUser(user_name(cursor)?));
    }
    if cursor.word("TRIGGER") {
        return Ok(ShowKind::CreateTrigger(cursor.table_name()?));
    }
    if cursor.word("EVENT") {
        return Ok(ShowKind::CreateEvent(cursor.table_name()?));
    }
    Err(cursor.unexpected())
}

fn routine(cursor: &mut Cursor<'_, '_>, status: ShowKind) -> crate::Result<ShowKind> {
    if cursor.peek_word(0, "CODE") {
        return Err(Error::not_supported("SHOW PROCEDURE CODE and SHOW FUNCTION CODE"));
    }
    cursor.expect_word("STATUS")?;
    Ok(status)
}

/// `[FROM | IN database]`.
fn database(cursor: &mut Cursor<'_, '_>) -> crate::Result<Option<String>> {
    match cursor.one_of(&["FROM", "IN"]) {
        Some(_) => cursor.name().map(Some),
        None => Ok(None),
    }
}

/// `FROM | IN table [FROM | IN database]`; the database after FROM wins over one before the point.
fn table_from(cursor: &mut Cursor<'_, '_>) -> crate::Result<TableName> {
    if cursor.one_of(&["FROM", "IN"]).is_none() {
        return Err(cursor.unexpected());
    }
    let mut table = cursor.table_name()?;
    if let Some(database) = database(cursor)? {
        table.database = Some(database);
    }
    Ok(table)
}

/// `[LIMIT [offset,] n]`, `[LIMIT n OFFSET offset]`.
fn limit(cursor: &mut Cursor<'_, '_>) -> crate::Result<(Option<u64>, u64)> {
    if !cursor.word("LIMIT") {
        return Ok((None, 0));
    }
    let first = cursor.unsigned()?;
    if cursor.eat(&Token::Comma) {
        return Ok((Some(cursor.unsigned()?), first));
    }
    if cursor.word("OFFSET") {
        return Ok((Some(first), cursor.unsigned()?));
    }
    Ok((Some(first), 0))
}

/// `[FOR user [USING role, …]]`
fn grants(cursor: &mut Cursor<'_, '_>) -> crate::Result<ShowKind> {
    if !cursor.word("FOR") {
        return Ok(ShowKind::Grants { user: None, using: Vec::new() });
    }
    let user = Some(user_name(cursor)?);
    let using = if cursor.word("USING") { cursor.list(role)? } else { Vec::new() };
    Ok(ShowKind::Grants { user, using })
}
