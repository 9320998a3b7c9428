//! One session of a client at one node, whichever library it speaks through, and what an error says of the operation that got it.
//!
//! What matters most here is to never call a thing undone that may have been done. So a [`Failure`] says how far the statement
//! came, and whoever sent it says what it meant: [`Failure::before_commit`] of one that commits nothing, [`Failure::at_commit`] of one that does.
//!
//! Left out: cursors, several results of one statement, values other than numbers and text.

use std::fmt::{self, Display, Formatter};

use crate::edn::Value;

/// Errors of a COMMIT (or of a statement that is one) after which nobody knows: the server's commit failed half way (1180), or a hook in it (3100,
/// 3101), or the session was killed in it (3169).
const IN_DOUBT_CODES: [u16; 4] = [1180, 3100, 3101, 3169];
/// What Quorate says of a transaction whose outcome it does not know in time, and of whatever broke inside of it.
const INTERNAL: u16 = 1105;
/// The server stops: of Quorate a promise that the transaction was rolled back, of others none.
const SHUTDOWN: u16 = 1053;
/// Of Quorate a promise as well.
const INTERRUPTED: u16 = 1317;

/// Errors after which the leader is to be looked for anew: lost leadership, not the leader, no majority, and Galera's "not prepared".
const NOT_HERE: [u16; 5] = [SHUTDOWN, 1290, INTERNAL, 1047, 1836];

/// A value for a `?`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Parameter {
    /// A number.
    Integer(i64),
    /// Text.
    Text(String),
}

/// What a statement gave.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Answer {
    /// Its rows, as text; `None` is NULL.
    pub rows: Vec<Vec<Option<String>>>,
    /// How many rows it changed.
    pub affected: u64,
    /// The first AUTO_INCREMENT value that it made, or 0.
    pub last_insert_id: u64,
}

/// How far a statement came that failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// Nothing was sent.
    NotSent,
    /// The server answered with an error.
    Answered,
    /// It was sent, at least in part, and no answer came.
    Lost,
}

/// Why a statement failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// How far it came.
    pub reach: Reach,
    /// MySQL's number, when the server gave one.
    pub code: Option<u16>,
    /// What the server, or the library, says.
    pub message: String,
}

/// How an operation ended that was not `:ok`.
#[derive(Clone, PartialEq, Debug)]
pub struct Ended {
    /// It may have been done: `:info`, and not `:fail`.
    pub is_unknown: bool,
    /// Why, as it stands in the history.
    pub error: Value,
    /// The statement that failed; none when the client itself gave up, its session being as sound as before.
    pub failure: Option<Failure>,
}

/// A session of a client at a node.
pub trait Session: Send {
    /// Sends a statement as text.
    ///
    /// # Errors
    /// Those of the server and of the connection.
    fn query(&mut self, sql: &str) -> Result<Answer, Failure>;

    /// Sends a statement with `?` in place of its values: prepared, or with the values written out, as is this session's manner.
    ///
    /// # Errors
    /// Those of the server and of the connection.
    fn execute(&mut self, sql: &str, parameters: &[Parameter]) -> Result<Answer, Failure>;

    /// Nothing can be asked here any more.
    fn is_broken(&self) -> bool;
}

impl Answer {
    /// The number in the first column of the first row; none when there is no row, or NULL in it.
    #[must_use]
    pub fn number(&self) -> Option<i64> {
        self.numbers().first().copied().flatten()
    }

    /// The numbers in the first column.
    #[must_use]
    pub fn numbers(&self) -> Vec<Option<i64>> {
        self.rows.iter().map(|row| row.first()?.as_ref()?.parse().ok()).collect()
    }

    /// The text in the first column of the first row.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.rows.first()?.first()?.as_deref()
    }

    /// Two columns of numbers; rows that hold something else are left out.
    #[must_use]
    pub fn pairs(&self) -> Vec<(i64, i64)> {
        let pair = |row: &Vec<Option<String>>| {
            let number = |column: usize| row.get(column)?.as_ref()?.parse::<i64>().ok();
            Some((number(0)?, number(1)?))
        };
        self.rows.iter().filter_map(pair).collect()
    }
}

impl Failure {
    /// One of a workload itself: an answer that is not what the statement gives.
    #[must_use]
    pub fn of_answer(message: impl Into<String>) -> Failure {
        Failure { reach: Reach::Answered, code: None, message: message.into() }
    }

    /// What became of an operation when a statement failed that commits nothing: it was not done, as a transaction that was never asked to
    /// commit never does.
    #[must_use]
    pub fn before_commit(self) -> Ended {
        Ended { is_unknown: false, error: self.to_value(), failure: Some(self) }
    }

    /// What became of an operation when the statement failed that commits it.
    #[must_use]
    pub fn at_commit(self) -> Ended {
        Ended { is_unknown: self.leaves_unknown(), error: self.to_value(), failure: Some(self) }
    }

    fn leaves_unknown(&self) -> bool {
        match (self.reach, self.code) {
            (Reach::NotSent, _) => false,
            (Reach::Lost, _) | (Reach::Answered, None) => true,
            // Quorate says in the text that it rolled back; anybody else's shutdown says nothing of the kind.
            (Reach::Answered, Some(SHUTDOWN | INTERRUPTED)) => {
                !(self.message.contains("rolled back") || self.message.contains("interrupted"))
            }
            (Reach::Answered, Some(code)) => code == INTERNAL || IN_DOUBT_CODES.contains(&code),
        }
    }

    /// The session cannot be used any more.
    #[must_use]
    pub fn is_disconnect(&self) -> bool {
        self.reach != Reach::Answered
    }

    /// Another node may be the one to ask.
    #[must_use]
    pub fn is_elsewhere(&self) -> bool {
        self.is_disconnect() || self.code.is_some_and(|code| NOT_HERE.contains(&code))
    }

    /// As it stands in a history: `[1213 "Deadlock found …"]`, `[:lost "…"]`.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let kind = match (self.code, self.reach) {
            (Some(code), _) => Value::Integer(i64::from(code)),
            (None, Reach::NotSent) => Value::keyword("no-connection"),
            (None, Reach::Lost) => Value::keyword("lost"),
            (None, Reach::Answered) => Value::keyword("answer"),
        };
        Value::Vector(vec![kind, Value::String(self.message.clone())])
    }
}

impl Ended {
    /// The client found that it is not to be: `:error :name`. Its transaction, if it has one, is rolled back already.
    #[must_use]
    pub fn refused(name: &str) -> Ended {
        Ended { is_unknown: false, error: Value::keyword(name), failure: None }
    }

    /// The same operation, of which nobody knows whether it was done.
    #[must_use]
    pub fn unknown(mut self) -> Ended {
        self.is_unknown = true;
        self
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => write!(f, "{code}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for Failure {}

impl From<i64> for Parameter {
    fn from(number: i64) -> Parameter {
        Parameter::Integer(number)
    }
}

impl From<&str> for Parameter {
    fn from(text: &str) -> Parameter {
        Parameter::Text(text.to_owned())
    }
}

/// The statement with its values written out.
///
/// # Errors
/// When it has another number of `?` than there are values.
pub fn with_values(sql: &str, parameters: &[Parameter]) -> Result<String, Failure> {
    let mut parts = sql.split('?');
    let mut text = parts.next().unwrap_or_default().to_owned();
    let mut left = parameters.iter();
    for part in parts {
        match left.next() {
            Some(Parameter::Integer(number)) => text += &number.to_string(),
            Some(Parameter::Text(value)) => {
                text += &format!("'{}'", value.replace('\\', "\\\\").replace('\'', "''"));
            }
            None => return Err(wrong_count(sql)),
        }
        text += part;
    }
    if left.next().is_some() { Err(wrong_count(sql)) } else { Ok(text) }
}

fn wrong_count(sql: &str) -> Failure {
    Failure {
        reach: Reach::NotSent,
        code: None,
        message: format!("not as many values as there are `?` in {sql}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(code: u16, message: &str) -> Failure {
        Failure { reach: Reach::Answered, code: Some(code), message: message.to_owned() }
    }

    #[test]
    fn what_a_failed_commit_means() {
        let lost = Failure { reach: Reach::Lost, code: None, message: "timed out".to_owned() };
        assert!(lost.clone().at_commit().is_unknown, "nobody knows");
        assert!(!lost.before_commit().is_unknown, "a transaction that was not asked to commit does not");
        for (code, message) in [
            (1105, "the outcome of … is not known here yet"),
            (1053, "Server shutdown in progress"),
            (1180, "Got error 149 during COMMIT"),
            (3101, "Plugin instructed the server to rollback"),
        ] {
            assert!(answered(code, message).at_commit().is_unknown, "{code}");
        }
        for (code, message) in [
            (
                1053,
                "Server shutdown in progress (leadership was lost; the transaction was rolled back, retry it)",
            ),
            (1213, "Deadlock found when trying to get lock; try restarting transaction"),
            (1290, "The MySQL server is running with the --read-only option"),
            (1062, "Duplicate entry"),
        ] {
            assert!(!answered(code, message).at_commit().is_unknown, "{code}");
        }
    }

    #[test]
    fn values_are_written_out() {
        let parameters = [Parameter::from("it's \\"), Parameter::from(-3)];
        assert_eq!(with_values("SELECT ?, ?", &parameters).as_deref(), Ok("SELECT 'it''s \\\\', -3"));
        assert!(with_values("SELECT ?", &parameters).is_err(), "one value too many");
        assert!(with_values("SELECT ?, ?, ?", &parameters).is_err(), "one too few");
    }
}
