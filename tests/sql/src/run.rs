//! Runs a case file against a server, and the recorded form of what came.
//!
//! Each file has a database of its own, `sqltest_TOPIC`, dropped before and after. A recorded file is, for each statement, `> ` before
//! each line of its text and then the lines of the [`Answer`].

use std::collections::BTreeMap;
use std::time::Duration;

use client::blocking::{Connection, Error, Options, Param, QueryResult};
use wire::mysql::constant::column_type;

use crate::answer::Answer;
use crate::case::{Case, Parameter, Statement};

/// Time one statement may take.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(30);

/// What the clock says to the statements, unless they set it: 2026-11-22 12:34:56.75 in UTC.
const CLOCK: &str = "1795350896.75";

/// A server to run against.
#[derive(Clone, Debug)]
pub struct Target {
    /// Host and port.
    pub address: String,
    /// User without a password.
    pub user: String,
}

impl Target {
    fn connect(&self) -> Result<Connection, String> {
        self.connect_as(&self.user)
    }

    fn connect_as(&self, user: &str) -> Result<Connection, String> {
        let options = Options { user: user.to_owned(), timeout: STATEMENT_TIMEOUT, ..Options::unencrypted() };
        let mut connection =
            Connection::connect_with(&self.address, &options).map_err(|error| format!("{user}: {error}"))?;
        // What current client libraries do at connect; it makes the connection's collation MySQL's own default.
        connection.query("SET NAMES utf8mb4").map_err(|error| error.to_string())?;
        // What is recorded one day is compared on another.
        let clock = format!("SET timestamp = {CLOCK}");
        connection.query(&clock).map_err(|error| error.to_string())?;
        Ok(connection)
    }
}

/// A statement and its answer, as recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The statement's text.
    pub sql: String,
    /// Lines of the answer.
    pub lines: Vec<String>,
}

/// Runs a case; an answer for each statement.
///
/// # Errors
/// When the connection fails: a server's error is an answer.
pub fn run_case(target: &Target, case: &Case) -> Result<Vec<Answer>, String> {
    run_case_by(target, case, &mut |connection, statement| ask(connection, statement))
}

/// Runs a case by asking each statement with `ask`; an answer for each.
///
/// # Errors
/// When the connection fails: a server's error is an answer.
pub fn run_case_by(
    target: &Target,
    case: &Case,
    ask: &mut dyn FnMut(&mut Connection, &Statement) -> Result<Answer, Error>,
) -> Result<Vec<Answer>, String> {
    let database = format!("sqltest_{}", case.topic.replace('/', "_"));
    let mut sessions = BTreeMap::new();
    let mut first = target.connect()?;
    let set_up = [format!("DROP DATABASE IF EXISTS {database}"), format!("CREATE DATABASE {database}")];
    for sql in set_up {
        first.query(&sql).map_err(|error| format!("{}: {sql}: {error}", case.topic))?;
    }
    first.query(&format!("USE {database}")).map_err(|error| error.to_string())?;
    sessions.insert((None, String::new()), first);
    let mut answers = Vec::with_capacity(case.statements.len());
    for statement in &case.statements {
        let key = (statement.user.clone(), statement.session.clone());
        if !sessions.contains_key(&key) {
            let connection = match &statement.user {
                Some(user) => target.connect_as(user)?,
                None => {
                    let mut connection = target.connect()?;
                    connection.query(&format!("USE {database}")).map_err(|error| error.to_string())?;
                    connection
                }
            };
            sessions.insert(key.clone(), connection);
        }
        let Some(connection) = sessions.get_mut(&key) else { continue };
        let answer = ask(connection, statement);
        answers.push(answer.map_err(|error| format!("{}.sql:{}: {error}", case.topic, statement.line))?);
    }
    // Closed before the drop, which would wait for their transactions.
    sessions.clear();
    let drop = format!("DROP DATABASE IF EXISTS {database}");
    target.connect()?.query(&drop).map_err(|error| format!("{}: {drop}: {error}", case.topic))?;
    Ok(answers)
}

/// Asks a statement as it is written; its answer, with its warnings.
///
/// # Errors
/// When the connection fails.
pub fn ask(connection: &mut Connection, statement: &Statement) -> Result<Answer, Error> {
    let result = match &statement.parameters {
        None => connection.query_all(&statement.sql),
        Some(parameters) => execute(connection, &statement.sql, parameters).map(|result| vec![result]),
    };
    match result {
        Ok(mut results) => {
            let result = results.pop().unwrap_or_default();
            let mut answer = Answer::from_result(&result, &statement.masked, statement.detail());
            // Of a CALL: what came before its end.
            let of_result = |result| Answer::from_result(result, &statement.masked, statement.detail());
            answer.earlier = results.iter().map(of_result).collect();
            if result.warnings > 0 && !statement.sql.to_ascii_uppercase().starts_with("SHOW") {
                answer.add_warnings(&connection.query("SHOW WARNINGS")?);
            }
            Ok(answer)
        }
        Err(Error::Server(error)) => Ok(Answer::from_error(&error, statement.user.is_some())),
        Err(error) => Err(error),
    }
}

fn execute(connection: &mut Connection, sql: &str, parameters: &[Parameter]) -> Result<QueryResult, Error> {
    let prepared = connection.prepare(sql)?;
    let values: Vec<Param<'_>> = parameters
        .iter()
        .map(|parameter| match parameter {
            Parameter::Null => Param::Null,
            Parameter::Int(value) => Param::Int(*value),
            Parameter::Double(value) => Param::Double(*value),
            Parameter::Text(text) => {
                Param::Bytes { value: text.as_bytes(), column_type: column_type::VAR_STRING }
            }
        })
        .collect();
    // Not closed: the warnings asked for next are to be those of the execution.
    connection.execute(&prepared, &values)
}

/// The recorded form of statements and their answers.
#[must_use]
pub fn render_recorded(recorded: &[Recorded]) -> String {
    let mut out = String::new();
    for Recorded { sql, lines } in recorded {
        for line in sql.lines() {
            out.push_str("> ");
            out.push_str(line);
            out.push('\n');
        }
        for line in lines {
            out.push_str(line);
            out.push('\n');
        }
        out.push('\n');
    }
    out
}

/// Reads what [`render_recorded`] wrote.
#[must_use]
pub fn parse_recorded(text: &str) -> Vec<Recorded> {
    let mut recorded: Vec<Recorded> = Vec::new();
    let mut in_sql = false;
    for line in text.lines() {
        if let Some(sql) = line.strip_prefix("> ").or_else(|| (line == ">").then_some("")) {
            match recorded.last_mut() {
                Some(last) if in_sql => {
                    last.sql.push('\n');
                    last.sql.push_str(sql);
                }
                _ => recorded.push(Recorded { sql: sql.to_owned(), lines: Vec::new() }),
            }
            in_sql = true;
        } else {
            in_sql = false;
            if let Some(last) = recorded.last_mut() {
                last.lines.push(line.to_owned());
            }
        }
    }
    // The empty line between statements is no answer's; a row of one empty string is.
    for record in &mut recorded {
        if record.lines.last().is_some_and(String::is_empty) {
            record.lines.pop();
        }
    }
    recorded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_recorded_is_read_again() {
        let record = |sql: &str, lines: &[&str]| Recorded {
            sql: sql.to_owned(),
            lines: lines.iter().map(|line| (*line).to_owned()).collect(),
        };
        let recorded = [
            record("SELECT\n\n ''", &["# x VAR_STRING(0)", ""]),
            record("DO 1", &["ok affected=0"]),
            record("SELECT 1", &["# 1 LONG(1)", "1"]),
        ];
        assert_eq!(parse_recorded(&render_recorded(&recorded)), recorded);
    }
}
