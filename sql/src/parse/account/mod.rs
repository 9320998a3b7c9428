//! Account statements: users and roles ([`user`]), GRANT and REVOKE ([`grant`]).

mod grant;
mod user;

use sqlparser::tokenizer::Token;

use crate::account::AccountId;
use crate::ast::{AccountStatement, ActiveRoles, DefaultRoles, Statement, UserName};
use crate::error::Error;
use crate::limits::{HOST_CHARACTERS_MAX, USER_CHARACTERS_MAX};
use crate::parse::cursor::Cursor;
use crate::parse::tokens::user_variable;

pub(crate) use grant::unknown_privilege;

/// Parses an account statement, if one begins here.
pub(crate) fn statement(cursor: &mut Cursor<'_, '_>) -> crate::Result<Option<Statement>> {
    let account = |statement| Ok(Some(Statement::Account(Box::new(statement))));
    if cursor.words(&["CREATE", "USER"]) {
        return account(user::create(cursor)?);
    }
    if cursor.words(&["ALTER", "USER"]) {
        return account(user::alter(cursor)?);
    }
    if cursor.words(&["DROP", "USER"]) {
        let if_exists = cursor.words(&["IF", "EXISTS"]);
        return account(AccountStatement::DropUser { if_exists, users: cursor.list(user_name)? });
    }
    if cursor.words(&["RENAME", "USER"]) {
        let pairs = cursor.list(|cursor| {
            let from = user_name(cursor)?;
            cursor.expect_word("TO")?;
            Ok((from, user_name(cursor)?))
        })?;
        return account(AccountStatement::RenameUser(pairs));
    }
    if cursor.words(&["CREATE", "ROLE"]) {
        let if_not_exists = cursor.words(&["IF", "NOT", "EXISTS"]);
        return account(AccountStatement::CreateRole { if_not_exists, roles: cursor.list(role)? });
    }
    if cursor.words(&["DROP", "ROLE"]) {
        let if_exists = cursor.words(&["IF", "EXISTS"]);
        return account(AccountStatement::DropRole { if_exists, roles: cursor.list(role)? });
    }
    if cursor.word("GRANT") {
        return account(grant::grant(cursor)?);
    }
    if cursor.word("REVOKE") {
        return account(grant::revoke(cursor)?);
    }
    if cursor.peek_word(0, "SET") {
        return set(cursor);
    }
    Ok(None)
}

/// SET PASSWORD, SET DEFAULT ROLE, SET ROLE.
fn set(cursor: &mut Cursor<'_, '_>) -> crate::Result<Option<Statement>> {
    // `SET role = …` and `SET default = …` would name a variable; `SET PASSWORD = …` never does.
    let is_assigned = matches!(cursor.peek_at(2), Token::Eq | Token::Assignment);
    if cursor.words(&["SET", "PASSWORD"]) {
        return Ok(Some(Statement::Account(Box::new(user::set_password(cursor)?))));
    }
    if cursor.words(&["SET", "DEFAULT", "ROLE"]) {
        let roles = default_roles(cursor)?;
        cursor.expect_word("TO")?;
        let users = cursor.list(user_name)?;
        return Ok(Some(Statement::Account(Box::new(AccountStatement::SetDefaultRole { roles, users }))));
    }
    if !is_assigned && cursor.words(&["SET", "ROLE"]) {
        let roles = if cursor.word("NONE") {
            ActiveRoles::None
        } else if cursor.word("DEFAULT") {
            ActiveRoles::Default
        } else if cursor.word("ALL") {
            let except = if cursor.word("EXCEPT") { cursor.list(role)? } else { Vec::new() };
            ActiveRoles::AllExcept(except)
        } else {
            ActiveRoles::These(cursor.list(role)?)
        };
        return Ok(Some(Statement::SetRole(roles)));
    }
    Ok(None)
}

/// `NONE | ALL | role, …`
fn default_roles(cursor: &mut Cursor<'_, '_>) -> crate::Result<DefaultRoles> {
    Ok(if cursor.word("NONE") {
        DefaultRoles::None
    } else if cursor.word("ALL") {
        DefaultRoles::All
    } else {
        DefaultRoles::These(cursor.list(role)?)
    })
}

/// A user, or CURRENT_USER with or without its parentheses.
pub(crate) fn user_name(cursor: &mut Cursor<'_, '_>) -> crate::Result<UserName> {
    if cursor.word("CURRENT_USER") {
        if cursor.eat(&Token::LParen) {
            cursor.expect(&Token::RParen)?;
        }
        return Ok(UserName::Current);
    }
    Ok(UserName::Named(role(cursor)?))
}

/// `name[@host]`: a role, or a user that is named.
pub(crate) fn role(cursor: &mut Cursor<'_, '_>) -> crate::Result<AccountId> {
    let user = match cursor.peek() {
        Token::SingleQuotedString(_) => cursor.string()?,
        _ => cursor.name()?,
    };
    let host = user_variable(cursor.peek()).map(str::to_owned);
    if host.is_some() {
        cursor.skip();
    }
    let host = host.unwrap_or_else(|| "%".to_owned());
    check_length(&user, "user name", USER_CHARACTERS_MAX)?;
    check_length(&host, "host name", HOST_CHARACTERS_MAX)?;
    Ok(AccountId::new(user, &host))
}

fn check_length(text: &str, what: &str, characters_max: usize) -> crate::Result<()> {
    if text.chars().count() <= characters_max {
        return Ok(());
    }
    // As much of the text as MySQL shows.
    let shown: String = text.chars().take(70).collect();
    let message =
        format!("String '{shown}' is too long for {what} (should be no longer than {characters_max})");
    Err(Error { code: 1470, state: *b"HY000", message })
}
