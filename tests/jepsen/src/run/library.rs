//! The two client libraries: `mysql`, which others wrote, and our own `client`. Half of the workers have each, and of each half one half
//! prepares its statements, so that both protocols and both readings of them stand in one history.
//!
//! Neither connects again by itself here, and neither sends a statement twice: a history would be wrong without anybody noticing.

use std::time::Duration;

use client::blocking::{Connection, Options, Param, QueryResult, Statement};
use mysql::prelude::Queryable as _;

use super::session::{Answer, Failure, Parameter, Reach, Session, with_values};

/// MySQL's type of a text parameter.
const VAR_STRING: u8 = 253;
/// Prepared statements that a session keeps.
const STATEMENTS_MAX: usize = 64;

/// Which client library.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Library {
    /// The crate `mysql`.
    Mysql,
    /// Our own.
    Quorate,
}

/// Which library workers have.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Libraries {
    /// Only `mysql`.
    Mysql,
    /// Only our own.
    Quorate,
    /// In turn.
    Both,
}

/// How a worker speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Manner {
    /// Through which library.
    pub library: Library,
    /// [`Session::execute`] prepares, and uses the binary protocol.
    pub prepares: bool,
}

/// Whom to log in as, and for how long to wait.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// The user.
    pub user: String,
    /// The password, empty for none.
    pub password: String,
    /// What a connection, and each statement, may take.
    pub timeout: Duration,
}

impl Manner {
    /// That of the worker with this number.
    #[must_use]
    pub fn of(libraries: Libraries, worker: usize) -> Manner {
        let library = match libraries {
            Libraries::Mysql => Library::Mysql,
            Libraries::Quorate => Library::Quorate,
            Libraries::Both if worker.is_multiple_of(2) => Library::Mysql,
            Libraries::Both => Library::Quorate,
        };
        Manner { library, prepares: (worker / 2).is_multiple_of(2) }
    }
}

impl Library {
    /// As it stands in a history.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Library::Mysql => "mysql",
            Library::Quorate => "quorate",
        }
    }
}

/// A session at `address`, without a database.
///
/// # Errors
/// When it cannot be had.
pub fn open(address: &str, account: &Account, manner: Manner) -> Result<Box<dyn Session>, Failure> {
    match manner.library {
        Library::Mysql => {
            MysqlSession::open(address, account, manner.prepares).map(|session| Box::new(session) as _)
        }
        Library::Quorate => {
            QuorateSession::open(address, account, manner.prepares).map(|session| Box::new(session) as _)
        }
    }
}

/// A session through the crate `mysql`.
struct MysqlSession {
    connection: mysql::Conn,
    prepares: bool,
    is_broken: bool,
}

impl MysqlSession {
    fn open(address: &str, account: &Account, prepares: bool) -> Result<MysqlSession, Failure> {
        let refused = |message: String| Failure { reach: Reach::NotSent, code: None, message };
        let (host, port) =
            address.rsplit_once(':').ok_or_else(|| refused(format!("{address} is not HOST:PORT")))?;
        let port = port.parse().map_err(|_| refused(format!("{port} is no port")))?;
        let options = mysql::OptsBuilder::new()
            .ip_or_hostname(Some(host))
            .tcp_port(port)
            .user(Some(&account.user))
            .pass((!account.password.is_empty()).then_some(&account.password))
            .prefer_socket(false)
            .tcp_connect_timeout(Some(account.timeout))
            .read_timeout(Some(account.timeout))
            .write_timeout(Some(account.timeout))
            .stmt_cache_size(STATEMENTS_MAX);
        match mysql::Conn::new(options) {
            Ok(connection) => Ok(MysqlSession { connection, prepares, is_broken: false }),
            Err(error) => Err(Failure { reach: Reach::NotSent, ..of_mysql(&error) }),
        }
    }

    fn ended<T>(&mut self, result: Result<T, mysql::Error>) -> Result<T, Failure> {
        result.map_err(|error| {
            let failure = of_mysql(&error);
            self.is_broken |= failure.is_disconnect();
            failure
        })
    }
}

impl Session for MysqlSession {
    fn query(&mut self, sql: &str) -> Result<Answer, Failure> {
        let result = self.connection.query_iter(sql).and_then(of_result);
        self.ended(result)
    }

    fn execute(&mut self, sql: &str, parameters: &[Parameter]) -> Result<Answer, Failure> {
        if !self.prepares {
            return self.query(&with_values(sql, parameters)?);
        }
        let values: Vec<mysql::Value> = parameters.iter().map(to_mysql).collect();
        let result = self.connection.exec_iter(sql, values).and_then(of_result);
        self.ended(result)
    }

    fn is_broken(&self) -> bool {
        self.is_broken
    }
}

fn to_mysql(parameter: &Parameter) -> mysql::Value {
    match parameter {
        Parameter::Integer(number) => mysql::Value::Int(*number),
        Parameter::Text(text) => mysql::Value::Bytes(text.clone().into_bytes()),
    }
}

fn of_result<P: mysql::prelude::Protocol>(
    mut result: mysql::QueryResult<'_, '_, '_, P>,
) -> Result<Answer, mysql::Error> {
    let mut answer = Answer {
        rows: Vec::new(),
        affected: result.affected_rows(),
        last_insert_id: result.last_insert_id().unwrap_or(0),
    };
    for row in result.by_ref() {
        answer.rows.push(row?.unwrap().iter().map(to_text).collect());
    }
    Ok(answer)
}

fn to_text(value: &mysql::Value) -> Option<String> {
    match value {
        mysql::Value::NULL => None,
        mysql::Value::Bytes(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        mysql::Value::Int(number) => Some(number.to_string()),
        mysql::Value::UInt(number) => Some(number.to_string()),
        mysql::Value::Float(number) => Some(number.to_string()),
        mysql::Value::Double(number) => Some(number.to_string()),
        mysql::Value::Date(..) | mysql::Value::Time(..) => {
            Some(value.as_sql(true).trim_matches('\'').to_owned())
        }
    }
}

fn of_mysql(error: &mysql::Error) -> Failure {
    match error {
        mysql::Error::MySqlError(error) => {
            Failure { reach: Reach::Answered, code: Some(error.code), message: error.message.clone() }
        }
        // The answer came and is not what it should be: whether the statement ran cannot be told from that, nor can the session be used on.
        mysql::Error::IoError(_)
        | mysql::Error::CodecError(_)
        | mysql::Error::DriverError(_)
        | mysql::Error::UrlError(_)
        | mysql::Error::FromValueError(_)
        | mysql::Error::FromRowError(_) => {
            Failure { reach: Reach::Lost, code: None, message: error.to_string() }
        }
    }
}

/// A session through our own library.
struct QuorateSession {
    connection: Connection,
    prepares: bool,
    statements: Vec<(String, Statement)>,
}

impl QuorateSession {
    fn open(address: &str, account: &Account, prepares: bool) -> Result<QuorateSession, Failure> {
        let options = Options {
            user: account.user.clone(),
            password: account.password.clone(),
            timeout: account.timeout,
            ..Options::unencrypted()
        };
        match Connection::connect_with(address, &options) {
            Ok(connection) => Ok(QuorateSession { connection, prepares, statements: Vec::new() }),
            Err(error) => Err(Failure { reach: Reach::NotSent, ..of_client(&error) }),
        }
    }

    fn prepared(&mut self, sql: &str) -> Result<Statement, Failure> {
        if let Some((_, statement)) = self.statements.iter().find(|(text, _)| text == sql) {
            return Ok(statement.clone());
        }
        // PREPARE runs nothing, so a connection that is lost in it has not run the statement.
        let statement = self
            .connection
            .prepare(sql)
            .map_err(|error| Failure { reach: reach_of_prepare(&error), ..of_client(&error) })?;
        if self.statements.len() == STATEMENTS_MAX {
            let (_, oldest) = self.statements.remove(0);
            let _ = self.connection.close_statement(&oldest);
        }
        self.statements.push((sql.to_owned(), statement.clone()));
        Ok(statement)
    }
}

impl Session for QuorateSession {
    fn query(&mut self, sql: &str) -> Result<Answer, Failure> {
        self.connection.query(sql).map(of_client_result).map_err(|error| of_client(&error))
    }

    fn execute(&mut self, sql: &str, parameters: &[Parameter]) -> Result<Answer, Failure> {
        if !self.prepares {
            return self.query(&with_values(sql, parameters)?);
        }
        let statement = self.prepared(sql)?;
        let values: Vec<Param<'_>> = parameters.iter().map(to_param).collect();
        self.connection.execute(&statement, &values).map(of_client_result).map_err(|error| of_client(&error))
    }

    fn is_broken(&self) -> bool {
        self.connection.is_broken()
    }
}

fn to_param(parameter: &Parameter) -> Param<'_> {
    match parameter {
        Parameter::Integer(number) => Param::Int(*number),
        Parameter::Text(text) => Param::Bytes { value: text.as_bytes(), column_type: VAR_STRING },
    }
}

fn of_client_result(result: QueryResult) -> Answer {
    let text = |value: Option<Vec<u8>>| value.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Answer {
        affected: result.affected,
        last_insert_id: result.last_insert_id,
        rows: result.rows.into_iter().map(|row| row.into_iter().map(text).collect()).collect(),
    }
}

fn reach_of_prepare(error: &client::blocking::Error) -> Reach {
    match of_client(error).reach {
        Reach::Lost | Reach::NotSent => Reach::NotSent,
        Reach::Answered => Reach::Answered,
    }
}

fn of_client(error: &client::blocking::Error) -> Failure {
    let (reach, code, message) = match error {
        client::blocking::Error::Server(error) => (Reach::Answered, Some(error.code), error.message.clone()),
        client::blocking::Error::LoginRefused { error, .. } => {
            (Reach::NotSent, Some(error.code), error.message.clone())
        }
        client::blocking::Error::Connect { .. }
        | client::blocking::Error::Stale
        | client::blocking::Error::NotSupported { .. }
        | client::blocking::Error::Tls { .. }
        | client::blocking::Error::Busy { .. }
        | client::blocking::Error::NoLeader { .. } => (Reach::NotSent, None, error.to_string()),
        client::blocking::Error::Lost { .. }
        | client::blocking::Error::Protocol(_)
        | client::blocking::Error::Unknown { .. }
        | client::blocking::Error::AnswerLost { .. } => (Reach::Lost, None, error.to_string()),
    };
    Failure { reach, code, message }
}
