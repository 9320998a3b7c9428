//! A case file: statements with what is said about each on the lines above it.
//!
//! A statement ends with a line that ends in `;`; that of a stored program with the last such line before an empty one. Lines that begin with `--` between statements are comments, except
//! * `-- deviation: name: why`: our answer differs on purpose;
//! * `-- mask: column, …`: values of these columns depend on the machine or the moment;
//! * `-- session: name`: another connection than the file's first;
//! * `-- as: user, …`: sent by each of these accounts in turn, without a password and without a current database;
//! * `-- full-metadata:`: everything about the columns is compared;
//! * `-- with: literal, …`: prepared and executed with these parameters, over the binary protocol.

use crate::answer::Detail;

/// One case file.
#[derive(Debug)]
pub struct Case {
    /// Its topic.
    pub topic: String,
    /// Its statements, in order.
    pub statements: Vec<Statement>,
}

/// One statement of a case file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statement {
    /// Text without the closing `;`.
    pub sql: String,
    /// Line of the file it begins at.
    pub line: usize,
    /// Name and reason of a deviation.
    pub deviation: Option<(String, String)>,
    /// Columns whose values are not compared.
    pub masked: Vec<String>,
    /// Everything about the columns is compared.
    pub full_metadata: bool,
    /// The connection it is sent on.
    pub session: String,
    /// The account that sends it, if it is not the one that runs the file.
    pub user: Option<String>,
    /// Parameters, when it goes over the binary protocol.
    pub parameters: Option<Vec<Parameter>>,
}

/// A parameter of a prepared statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Parameter {
    /// NULL.
    Null,
    /// A signed integer.
    Int(i64),
    /// A number with a point or an exponent.
    Double(f64),
    /// A string.
    Text(String),
}

impl Eq for Parameter {}

impl Statement {
    /// Whether the order of the rows is part of the answer.
    #[must_use]
    pub fn is_ordered(&self) -> bool {
        self.sql.to_ascii_uppercase().contains("ORDER BY") || self.shows()
    }

    /// SHOW and its like.
    fn shows(&self) -> bool {
        let upper = self.sql.to_ascii_uppercase();
        ["SHOW", "EXPLAIN", "DESC", "ANALYZE"].iter().any(|verb| upper.starts_with(verb))
    }

    /// How much of its columns is compared.
    #[must_use]
    pub fn detail(&self) -> Detail {
        let reads_schema = self.sql.to_ascii_lowercase().contains("information_schema");
        match (self.full_metadata, self.shows() || reads_schema) {
            (true, _) => Detail::Full,
            (false, true) => Detail::Names,
            (false, false) => Detail::Usual,
        }
    }
}

impl Case {
    /// Reads a case file's text.
    ///
    /// # Errors
    /// A directive that cannot be read, a statement without its end.
    pub fn parse(topic: &str, text: &str) -> Result<Case, String> {
        let mut statements = Vec::new();
        let mut next = Statement::default();
        let mut users: Vec<String> = Vec::new();
        let lines: Vec<&str> = text.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let line = *line;
            let ends_paragraph = lines.get(index + 1).is_none_or(|next| next.trim().is_empty());
            let trimmed = line.trim();
            if next.sql.is_empty() {
                if trimmed.is_empty() {
                    continue;
                }
                if let Some(names) = trimmed.strip_prefix("-- as:") {
                    users = names.split(',').map(|name| name.trim().to_owned()).collect();
                    continue;
                }
                if let Some(comment) = trimmed.strip_prefix("--") {
                    next.directive(comment.trim())
                        .map_err(|error| format!("{topic}.sql:{}: {error}", index + 1))?;
                    continue;
                }
                next.line = index + 1;
            } else {
                next.sql.push('\n');
            }
            let starts = if next.sql.trim().is_empty() { trimmed } else { next.sql.as_str() };
            match trimmed.strip_suffix(';') {
                Some(_) if ends_paragraph || !is_program(starts) => {
                    next.sql.push_str(line.trim_end().strip_suffix(';').unwrap_or(line));
                    let statement = std::mem::take(&mut next);
                    let by = |user| Statement { user: Some(user), ..statement.clone() };
                    if users.is_empty() {
                        statements.push(statement);
                    } else {
                        statements.extend(users.drain(..).map(by));
                    }
                }
                Some(_) | None => next.sql.push_str(line),
            }
        }
        if next.sql.is_empty() {
            Ok(Case { topic: topic.to_owned(), statements })
        } else {
            Err(format!("{topic}.sql:{}: the statement does not end with ;", next.line))
        }
    }
}

/// Whether a statement is one whose text has statements in it.
fn is_program(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    let mut words = upper.split_whitespace();
    let kinds = ["PROCEDURE", "FUNCTION", "TRIGGER", "EVENT"];
    words.next() == Some("CREATE") && words.take(4).any(|word| kinds.contains(&word))
}

impl Statement {
    fn directive(&mut self, comment: &str) -> Result<(), String> {
        let Some((word, rest)) = comment.split_once(':') else { return Ok(()) };
        let rest = rest.trim();
        match word {
            "deviation" => {
                let (name, reason) = rest.split_once(':').ok_or("a deviation is `name: why`")?;
                self.deviation = Some((name.trim().to_owned(), reason.trim().to_owned()));
            }
            "mask" => self.masked = rest.split(',').map(|name| name.trim().to_owned()).collect(),
            "full-metadata" => self.full_metadata = true,
            "session" => rest.clone_into(&mut self.session),
            "with" => self.parameters = Some(parameters(rest)?),
            _ => {}
        }
        Ok(())
    }
}

/// Parameters as literals with commas between; no comma inside of a string.
fn parameters(text: &str) -> Result<Vec<Parameter>, String> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    text.split(',').map(|literal| parameter(literal.trim())).collect()
}

fn parameter(literal: &str) -> Result<Parameter, String> {
    if literal.eq_ignore_ascii_case("null") {
        return Ok(Parameter::Null);
    }
    if let Some(text) = literal.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        return Ok(Parameter::Text(text.to_owned()));
    }
    if let Ok(number) = literal.parse() {
        return Ok(Parameter::Int(number));
    }
    literal.parse().map(Parameter::Double).map_err(|_| format!("not a parameter: {literal}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_have_what_is_said_above_them() {
        let text = "-- About nothing.\nSELECT 1;\n\n-- deviation: name: because, of: it\n-- mask: a, b\n\
                    -- session: two\n-- with: 1, 'x', NULL, 1.5\nSELECT\n  ?;\n";
        let case = Case::parse("topic", text).unwrap();
        assert_eq!(case.statements.len(), 2);
        assert_eq!(case.statements[0], Statement { sql: "SELECT 1".into(), line: 2, ..Statement::default() });
        let second = &case.statements[1];
        assert_eq!(second.sql, "SELECT\n  ?");
        assert_eq!(second.line, 8);
        assert_eq!(second.deviation, Some(("name".into(), "because, of: it".into())));
        assert_eq!(second.masked, ["a", "b"]);
        assert_eq!(second.session, "two");
        let text = Parameter::Text("x".into());
        assert_eq!(
            second.parameters,
            Some(vec![Parameter::Int(1), text, Parameter::Null, Parameter::Double(1.5)])
        );
    }

    #[test]
    fn a_statement_of_several_accounts_is_several() {
        let case = Case::parse("t", "-- as: a, b\nSELECT 1;\nSELECT 2;\n").unwrap();
        let users: Vec<_> = case.statements.iter().map(|statement| statement.user.as_deref()).collect();
        assert_eq!(users, [Some("a"), Some("b"), None]);
        assert_eq!(case.statements[1].sql, "SELECT 1");
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_its_line() {
        assert_eq!(
            Case::parse("t", "SELECT 1;\n\nSELECT 2\n").unwrap_err(),
            "t.sql:3: the statement does not end with ;"
        );
        assert!(
            Case::parse("t", "-- with: x\nSELECT ?;").unwrap_err().starts_with("t.sql:1: not a parameter")
        );
        assert!(Case::parse("t", "-- deviation: only\nSELECT 1;").is_err());
    }

    #[test]
    fn rows_have_an_order_where_the_statement_asks_for_one() {
        let is_ordered = |sql: &str| Statement { sql: sql.into(), ..Statement::default() }.is_ordered();
        assert!(is_ordered("select a from t\norder by a"));
        assert!(is_ordered("SHOW TABLES"));
        assert!(!is_ordered("SELECT a FROM t"));
    }
}
