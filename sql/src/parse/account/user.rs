//! CREATE USER, ALTER USER, SET PASSWORD.

use sqlparser::tokenizer::Token;

use super::{default_roles, role, user_name};
use crate::account::{PasswordLock, RequireCurrent, TlsRequirement};
use crate::ast::{
    AccountStatement, DefaultRoles, Expire, NewSecret, Secret, UserAttribute, UserName, UserOptions, UserSpec,
};
use crate::error::Error;
use crate::parse::cursor::Cursor;

pub(super) fn create(cursor: &mut Cursor<'_, '_>) -> crate::Result<AccountStatement> {
    let if_not_exists = cursor.words(&["IF", "NOT", "EXISTS"]);
    let users = cursor.list(|cursor| spec(cursor, false))?;
    let default_roles = if cursor.words(&["DEFAULT", "ROLE"]) { cursor.list(role)? } else { Vec::new() };
    let options = options(cursor)?;
    Ok(AccountStatement::CreateUser { if_not_exists, users, default_roles, options })
}

pub(super) fn alter(cursor: &mut Cursor<'_, '_>) -> crate::Result<AccountStatement> {
    let if_exists = cursor.words(&["IF", "EXISTS"]);
    if cursor.peek_word(0, "USER") && *cursor.peek_at(1) == Token::LParen {
        cursor.skip();
        cursor.skip();
        cursor.expect(&Token::RParen)?;
        let user = secret(cursor, UserName::Current, true)?;
        return Ok(AccountStatement::AlterUser {
            if_exists,
            users: vec![user],
            options: UserOptions::default(),
        });
    }
    let first = user_name(cursor)?;
    if cursor.words(&["DEFAULT", "ROLE"]) {
        let roles: DefaultRoles = default_roles(cursor)?;
        return Ok(AccountStatement::SetDefaultRole { roles, users: vec![first] });
    }
    let mut users = vec![secret(cursor, first, true)?];
    while cursor.eat(&Token::Comma) {
        users.push(spec(cursor, true)?);
    }
    let options = options(cursor)?;
    Ok(AccountStatement::AlterUser { if_exists, users, options })
}

/// `[FOR user] {= 'password' | TO RANDOM} [REPLACE 'password'] [RETAIN CURRENT PASSWORD]`
pub(super) fn set_password(cursor: &mut Cursor<'_, '_>) -> crate::Result<AccountStatement> {
    let user = if cursor.word("FOR") { user_name(cursor)? } else { UserName::Current };
    let secret = if cursor.words(&["TO", "RANDOM"]) {
        NewSecret::Random
    } else {
        if !cursor.eat(&Token::Eq) {
            cursor.expect(&Token::Assignment)?;
        }
        NewSecret::Password(password(cursor)?)
    };
    let mut spec = UserSpec { user, plugin: None, secret, replace: None, retain: false, discard: false };
    replace_and_retain(cursor, &mut spec)?;
    Ok(AccountStatement::SetPassword(spec))
}

fn spec(cursor: &mut Cursor<'_, '_>, alters: bool) -> crate::Result<UserSpec> {
    let user = user_name(cursor)?;
    secret(cursor, user, alters)
}

/// What follows the name of an account.
fn secret(cursor: &mut Cursor<'_, '_>, user: UserName, alters: bool) -> crate::Result<UserSpec> {
    let mut spec = UserSpec {
        user,
        plugin: None,
        secret: NewSecret::None,
        replace: None,
        retain: false,
        discard: false,
    };
    if alters && cursor.words(&["DISCARD", "OLD", "PASSWORD"]) {
        spec.discard = true;
        return Ok(spec);
    }
    if !cursor.word("IDENTIFIED") {
        refuse_factors(cursor)?;
        return Ok(spec);
    }
    if cursor.word("WITH") {
        spec.plugin = Some(cursor.name_or_string()?);
        if cursor.word("AS") {
            spec.secret = NewSecret::Hash(hash(cursor)?);
        }
    }
    if matches!(spec.secret, NewSecret::None) && (spec.plugin.is_none() || cursor.peek_word(0, "BY")) {
        cursor.expect_word("BY")?;
        spec.secret = if cursor.words(&["RANDOM", "PASSWORD"]) {
            NewSecret::Random
        } else {
            NewSecret::Password(password(cursor)?)
        };
    }
    refuse_factors(cursor)?;
    if alters {
        replace_and_retain(cursor, &mut spec)?;
    }
    Ok(spec)
}

fn replace_and_retain(cursor: &mut Cursor<'_, '_>, spec: &mut UserSpec) -> crate::Result<()> {
    if cursor.word("REPLACE") {
        spec.replace = Some(password(cursor)?);
    }
    spec.retain = cursor.words(&["RETAIN", "CURRENT", "PASSWORD"]);
    Ok(())
}

fn refuse_factors(cursor: &Cursor<'_, '_>) -> crate::Result<()> {
    let adds =
        ["ADD", "MODIFY", "DROP", "INITIATE", "UNREGISTER"].iter().any(|word| cursor.peek_word(0, word));
    if cursor.peek_word(0, "AND") || adds {
        return Err(Error::not_supported("authentication with more than one factor"));
    }
    Ok(())
}

/// A password: a text literal, which may be one that is no UTF-8.
fn password(cursor: &mut Cursor<'_, '_>) -> crate::Result<Secret> {
    match cursor.peek() {
        Token::SingleQuotedString(_) => Ok(Secret(cursor.string()?.into_bytes())),
        Token::SingleQuotedByteStringLiteral(_) => bytes(cursor),
        _ => Err(cursor.unexpected()),
    }
}

/// An authentication string: a text literal or a hexadecimal one.
fn hash(cursor: &mut Cursor<'_, '_>) -> crate::Result<Secret> {
    match cursor.peek() {
        Token::HexStringLiteral(_) => bytes(cursor),
        _ => password(cursor),
    }
}

fn bytes(cursor: &mut Cursor<'_, '_>) -> crate::Result<Secret> {
    let unexpected = cursor.unexpected();
    let (Token::SingleQuotedByteStringLiteral(digits) | Token::HexStringLiteral(digits)) = cursor.take()
    else {
        return Err(unexpected);
    };
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = digits.as_bytes().chunks(2).map(byte).collect();
    bytes.map(Secret).ok_or(unexpected)
}

fn options(cursor: &mut Cursor<'_, '_>) -> crate::Result<UserOptions> {
    let mut options = UserOptions::default();
    if cursor.word("REQUIRE") {
        options.require = Some(requirement(cursor)?);
    }
    if cursor.word("WITH") {
        limits(cursor, &mut options)?;
    }
    while password_or_lock(cursor, &mut options)? {}
    if cursor.word("COMMENT") {
        options.attribute = Some(UserAttribute::Comment(cursor.string()?));
    } else if cursor.word("ATTRIBUTE") {
        options.attribute = Some(UserAttribute::Json(cursor.string()?));
    }
    Ok(options)
}

fn requirement(cursor: &mut Cursor<'_, '_>) -> crate::Result<TlsRequirement> {
    match cursor.one_of(&["NONE", "SSL", "X509"]) {
        Some("NONE") => return Ok(TlsRequirement::None),
        Some("SSL") => return Ok(TlsRequirement::Ssl),
        Some(_) => return Ok(TlsRequirement::X509),
        None => {}
    }
    let (mut cipher, mut issuer, mut subject) = (None, None, None);
    loop {
        let unexpected = cursor.unexpected();
        let (name, part) = match cursor.one_of(&["CIPHER", "ISSUER", "SUBJECT"]) {
            Some(name @ "CIPHER") => (name, &mut cipher),
            Some(name @ "ISSUER") => (name, &mut issuer),
            Some(name) => (name, &mut subject),
            None => return Err(unexpected),
        };
        if part.is_some() {
            let message = format!("Duplicate {name} found in CREATE USER");
            return Err(Error { code: 1308, state: *b"HY000", message });
        }
        *part = Some(cursor.string()?);
        let goes_on = cursor.word("AND")
            || ["CIPHER", "ISSUER", "SUBJECT"].iter().any(|word| cursor.peek_word(0, word));
        if !goes_on {
            return Ok(TlsRequirement::Specified { cipher, issuer, subject });
        }
    }
}

fn limits(cursor: &mut Cursor<'_, '_>, options: &mut UserOptions) -> crate::Result<()> {
    const NAMES: [&str; 4] =
        ["MAX_QUERIES_PER_HOUR", "MAX_UPDATES_PER_HOUR", "MAX_CONNECTIONS_PER_HOUR", "MAX_USER_CONNECTIONS"];
    let mut any = false;
    while let Some(name) = cursor.one_of(&NAMES) {
        any = true;
        let limit = Some(u32::try_from(cursor.unsigned()?).unwrap_or(u32::MAX));
        match name {
            "MAX_QUERIES_PER_HOUR" => options.max_queries_per_hour = limit,
            "MAX_UPDATES_PER_HOUR" => options.max_updates_per_hour = limit,
            "MAX_CONNECTIONS_PER_HOUR" => options.max_connections_per_hour = limit,
            _ => options.max_user_connections = limit,
        }
    }
    if any { Ok(()) } else { Err(cursor.unexpected()) }
}

/// Reads one option of passwords and locks; false when none is next.
fn password_or_lock(cursor: &mut Cursor<'_, '_>, options: &mut UserOptions) -> crate::Result<bool> {
    if cursor.word("ACCOUNT") {
        options.lock = match cursor.one_of(&["LOCK", "UNLOCK"]) {
            Some(word) => Some(word == "LOCK"),
            None => return Err(cursor.unexpected()),
        };
    } else if cursor.words(&["PASSWORD", "EXPIRE"]) {
        options.expire = Some(if cursor.word("NEVER") {
            Expire::Never
        } else if cursor.word("DEFAULT") {
            Expire::Default
        } else if cursor.word("INTERVAL") {
            let days = bounded(cursor, "DAY", 1, u16::MAX)?;
            cursor.expect_word("DAY")?;
            Expire::Days(days)
        } else {
            Expire::Now
        });
    } else if cursor.words(&["PASSWORD", "HISTORY"]) {
        let is_default = cursor.word("DEFAULT");
        options.history =
            Some(if is_default { None } else { Some(bounded(cursor, "HISTORY", 0, u16::MAX)?) });
    } else if cursor.words(&["PASSWORD", "REUSE", "INTERVAL"]) {
        options.reuse_days = Some(if cursor.word("DEFAULT") {
            None
        } else {
            let days = bounded(cursor, "DAY", 0, u16::MAX)?;
            cursor.expect_word("DAY")?;
            Some(days)
        });
    } else if cursor.words(&["PASSWORD", "REQUIRE", "CURRENT"]) {
        options.require_current = Some(match cursor.one_of(&["DEFAULT", "OPTIONAL"]) {
            Some("DEFAULT") => RequireCurrent::Default,
            Some(_) => RequireCurrent::Optional,
            None => RequireCurrent::Required,
        });
    } else if cursor.word("FAILED_LOGIN_ATTEMPTS") {
        options.failed_login_attempts = Some(bounded(cursor, "FAILED_LOGIN_ATTEMPTS", 0, 32_767)?);
    } else if cursor.word("PASSWORD_LOCK_TIME") {
        options.lock_time = Some(if cursor.word("UNBOUNDED") {
            PasswordLock::Unbounded
        } else {
            match bounded(cursor, "PASSWORD_LOCK_TIME", 0, 32_767)? {
                0 => PasswordLock::Off,
                days => PasswordLock::Days(days),
            }
        });
    } else {
        return Ok(false);
    }
    Ok(true)
}

/// A number from..=to.
fn bounded(cursor: &mut Cursor<'_, '_>, what: &str, from: u16, to: u16) -> crate::Result<u16> {
    let number = cursor.unsigned()?;
    match u16::try_from(number) {
        Ok(fits) if (from..=to).contains(&fits) => Ok(fits),
        _ => Err(Error {
            code: 1525,
            state: *b"HY000",
            message: format!("Incorrect {what} value: '{number}'"),
        }),
    }
}
