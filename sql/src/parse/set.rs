//! SET: variables, NAMES, CHARACTER SET, TRANSACTION.

use bytes::Bytes;
use sqlparser::tokenizer::{Token, Word};

use crate::ast::{Assignment, AssignmentTarget, Expr, Statement, VariableScope};
use crate::error::Error;
use crate::parse::cursor::Cursor;
use crate::parse::tokens::{system_variable, user_variable};
use crate::types::Value;

/// Parses a SET statement.
pub(crate) fn set(cursor: &mut Cursor<'_, '_>) -> crate::Result<Statement> {
    cursor.expect_word("SET")?;
    if let Some(scope) = transaction_scope(cursor) {
        return transaction(cursor, scope);
    }
    let mut assignments = Vec::new();
    let mut scope = None;
    loop {
        let is_first = assignments.is_empty();
        if let Some(names) = names(cursor)? {
            if is_first && cursor.at_end() {
                return Ok(names);
            }
            assignments.extend(names_assignments(names)?);
        } else {
            assignments.push(assignment(cursor, &mut scope)?);
        }
        if !cursor.eat(&Token::Comma) {
            return Ok(Statement::Set(assignments));
        }
    }
}

/// `[GLOBAL | SESSION | LOCAL] TRANSACTION`, taken if it is next; the inner option is the scope as written.
fn transaction_scope(cursor: &mut Cursor<'_, '_>) -> Option<Option<VariableScope>> {
    for (word, scope) in [
        ("GLOBAL", VariableScope::Global),
        ("SESSION", VariableScope::Session),
        ("LOCAL", VariableScope::Session),
    ] {
        if cursor.words(&[word, "TRANSACTION"]) {
            return Some(Some(scope));
        }
    }
    // `SET transaction = …` would name a variable.
    let is_assigned = matches!(cursor.peek_at(1), Token::Eq | Token::Assignment);
    (!is_assigned && cursor.word("TRANSACTION")).then_some(None)
}

fn transaction(cursor: &mut Cursor<'_, '_>, scope: Option<VariableScope>) -> crate::Result<Statement> {
    let (mut read_only, mut isolation) = (None, None);
    loop {
        if read_only.is_none() && cursor.words(&["READ", "ONLY"]) {
            read_only = Some(true);
        } else if read_only.is_none() && cursor.words(&["READ", "WRITE"]) {
            read_only = Some(false);
        } else if isolation.is_none() && cursor.words(&["ISOLATION", "LEVEL"]) {
            let level = if cursor.words(&["READ", "UNCOMMITTED"]) {
                "READ-UNCOMMITTED"
            } else if cursor.words(&["READ", "COMMITTED"]) {
                "READ-COMMITTED"
            } else if cursor.words(&["REPEATABLE", "READ"]) {
                "REPEATABLE-READ"
            } else if cursor.word("SERIALIZABLE") {
                "SERIALIZABLE"
            } else {
                return Err(cursor.unexpected());
            };
            isolation = Some(level.to_owned());
        } else {
            return Err(cursor.unexpected());
        }
        if !cursor.eat(&Token::Comma) {
            return Ok(Statement::SetTransaction { scope, read_only, isolation });
        }
    }
}

/// `NAMES …` or `CHARACTER SET …`, if that is next.
fn names(cursor: &mut Cursor<'_, '_>) -> crate::Result<Option<Statement>> {
    let is_assigned = matches!(cursor.peek_at(1), Token::Eq | Token::Assignment);
    let is_names = !is_assigned && cursor.word("NAMES");
    if !is_names && (is_assigned || !(cursor.words(&["CHARACTER", "SET"]) || cursor.word("CHARSET"))) {
        return Ok(None);
    }
    let character_set = cursor.name_or_string()?.to_ascii_lowercase();
    let collation = match is_names && cursor.word("COLLATE") {
        true => Some(cursor.name_or_string()?.to_ascii_lowercase()),
        false => None,
    };
    Ok(Some(Statement::SetNames { character_set, collation, is_names }))
}

/// NAMES among other assignments, as the assignments it stands for.
fn names_assignments(names: Statement) -> crate::Result<Vec<Assignment>> {
    let Statement::SetNames { character_set, collation, is_names } = names else {
        return Err(Error::internal("SET NAMES lowered to another statement"));
    };
    let value = |text: &str| match text {
        "default" => Expr::Default(None),
        text => word_value(text),
    };
    let assignment = |name: &str, value| Assignment {
        target: AssignmentTarget::System(Some(VariableScope::Session), name.to_owned()),
        value,
    };
    let mut assignments = vec![
        assignment("character_set_client", value(&character_set)),
        assignment("character_set_results", value(&character_set)),
    ];
    if is_names {
        assignments.push(assignment("character_set_connection", value(&character_set)));
    } else {
        let name = "collation_database".to_owned();
        let database = Expr::SystemVariable { scope: None, name };
        assignments.push(assignment("collation_connection", database));
    }
    assignments.extend(collation.map(|collation| assignment("collation_connection", value(&collation))));
    Ok(assignments)
}

fn word_value(text: &str) -> Expr {
    Expr::Literal(Value::Text(Bytes::copy_from_slice(text.as_bytes())))
}

/// `[scope] name = value`. A scope word holds for the assignments after it too, as in MySQL; a scope in `@@scope.` does not.
pub(crate) fn assignment(
    cursor: &mut Cursor<'_, '_>,
    scope: &mut Option<VariableScope>,
) -> crate::Result<Assignment> {
    let target = match cursor.peek() {
        token if user_variable(token).is_some() => {
            let name = user_variable(token).unwrap_or_default().to_lowercase();
            cursor.skip();
            AssignmentTarget::User(name)
        }
        token if system_variable(token).is_some() => {
            let (scope, name) =
                crate::parse::lower::system_variable(system_variable(token).unwrap_or_default());
            refuse_persist(&name)?;
            cursor.skip();
            match (scope, name.as_str()) {
                (None, "transaction_isolation" | "transaction_read_only") => {
                    AssignmentTarget::NextTransaction(name)
                }
                (scope, _) => AssignmentTarget::System(scope, name),
            }
        }
        Token::Word(_) => {
            let is_scope = !matches!(cursor.peek_at(1), Token::Eq | Token::Assignment | Token::Period);
            let words = ["GLOBAL", "SESSION", "LOCAL", "PERSIST", "PERSIST_ONLY"];
            if is_scope && let Some(word) = cursor.one_of(&words) {
                *scope = match word {
                    "GLOBAL" => Some(VariableScope::Global),
                    "SESSION" | "LOCAL" => Some(VariableScope::Session),
                    _ => return Err(Error::not_supported("SET PERSIST")),
                };
            }
            let mut name = cursor.any_word()?;
            if cursor.eat(&Token::Period) {
                name = format!("{name}.{}", cursor.any_word()?);
            }
            AssignmentTarget::System(*scope, name)
        }
        _ => return Err(cursor.unexpected()),
    };
    if !cursor.eat(&Token::Eq) {
        cursor.expect(&Token::Assignment)?;
    }
    let value = match target {
        AssignmentTarget::User(_) => cursor.expr()?,
        AssignmentTarget::System(..) | AssignmentTarget::NextTransaction(_) => system_value(cursor)?,
    };
    Ok(Assignment { target, value })
}

fn refuse_persist(name: &str) -> crate::Result<()> {
    match name.split_once('.') {
        Some(("persist" | "persist_only", _)) => Err(Error::not_supported("SET PERSIST")),
        _ => Ok(()),
    }
}

/// A bare word is its own text, DEFAULT the default; anything else is an expression.
fn system_value(cursor: &mut Cursor<'_, '_>) -> crate::Result<Expr> {
    let ends = matches!(cursor.peek_at(1), Token::Comma | Token::EOF | Token::SemiColon);
    if let (true, Token::Word(Word { value, quote_style: None, .. })) = (ends, cursor.peek()) {
        let is_constant = ["NULL", "TRUE", "FALSE", "CURRENT_TIMESTAMP"]
            .iter()
            .any(|word| value.eq_ignore_ascii_case(word));
        let is_variable = cursor.source().local_slot(value).is_some();
        if !is_constant && !is_variable {
            let value = match value.eq_ignore_ascii_case("DEFAULT") {
                true => Expr::Default(None),
                false => word_value(value),
            };
            cursor.skip();
            return Ok(value);
        }
    }
    cursor.expr()
}
