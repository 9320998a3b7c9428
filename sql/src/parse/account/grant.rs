//! GRANT and REVOKE.
//!
//! Whether a list is one of privileges or of roles is known at the word after it: ON, or TO and FROM.

use sqlparser::tokenizer::{Token, Word};

use super::{role, user_name};
use crate::account::{AccountId, DYNAMIC_PRIVILEGES, Privilege, PrivilegeSet};
use crate::ast::{AccountStatement, GrantLevel, Leniency, PrivilegeChange, RoutineKind, UserName};
use crate::error::Error;
use crate::parse::cursor::Cursor;
use crate::parse::tokens::user_variable;

/// One item of the list.
enum Item {
    /// `ALL [PRIVILEGES]`.
    All,
    /// A static privilege, with columns if they were written; USAGE is the empty set.
    Static { privileges: PrivilegeSet, columns: Vec<String>, error_as_role: Error },
    /// A word that is no static privilege: a dynamic one, or a role.
    Word { name: String, quoted: bool },
    /// What can only be a role.
    Role(AccountId),
}

pub(super) fn grant(cursor: &mut Cursor<'_, '_>) -> crate::Result<AccountStatement> {
    refuse_proxy(cursor)?;
    let items = items(cursor)?;
    if !cursor.word("ON") {
        if !cursor.peek_word(0, "TO") || items.iter().any(|item| matches!(item, Item::All)) {
            return Err(cursor.unexpected());
        }
        let roles = roles(items)?;
        cursor.expect_word("TO")?;
        let users = cursor.list(user_name)?;
        let with_admin = cursor.words(&["WITH", "ADMIN", "OPTION"]);
        return Ok(AccountStatement::GrantRoles { roles, users, with_admin });
    }
    let level = level(cursor)?;
    cursor.expect_word("TO")?;
    let users = cursor.list(user_name)?;
    let with_grant_option = cursor.words(&["WITH", "GRANT", "OPTION"]);
    if cursor.peek_word(0, "AS") {
        return Err(Error::not_supported("GRANT … AS"));
    }
    let change = change(items, level, users, with_grant_option, Leniency::default())?;
    Ok(AccountStatement::Grant(Box::new(change)))
}

pub(super) fn revoke(cursor: &mut Cursor<'_, '_>) -> crate::Result<AccountStatement> {
    let if_exists = cursor.words(&["IF", "EXISTS"]);
    refuse_proxy(cursor)?;
    if let Some(users) = revoke_all(cursor)? {
        let leniency = leniency(cursor, if_exists);
        return Ok(AccountStatement::RevokeAll { users, leniency });
    }
    let items = items(cursor)?;
    if !cursor.word("ON") {
        if !cursor.peek_word(0, "FROM") || items.iter().any(|item| matches!(item, Item::All)) {
            return Err(cursor.unexpected());
        }
        let roles = roles(items)?;
        cursor.expect_word("FROM")?;
        let users = cursor.list(user_name)?;
        let leniency = leniency(cursor, if_exists);
        return Ok(AccountStatement::RevokeRoles { roles, users, leniency });
    }
    let level = level(cursor)?;
    cursor.expect_word("FROM")?;
    let users = cursor.list(user_name)?;
    let leniency = leniency(cursor, if_exists);
    let change = change(items, level, users, false, leniency)?;
    Ok(AccountStatement::Revoke(Box::new(change)))
}

/// `ALL [PRIVILEGES], GRANT OPTION FROM users`, if that is next.
fn revoke_all(cursor: &mut Cursor<'_, '_>) -> crate::Result<Option<Vec<UserName>>> {
    if !cursor.peek_word(0, "ALL") {
        return Ok(None);
    }
    let after = if cursor.peek_word(1, "PRIVILEGES") { 2 } else { 1 };
    if *cursor.peek_at(after) != Token::Comma {
        return Ok(None);
    }
    for _ in 0..=after {
        cursor.skip();
    }
    cursor.expect_word("GRANT")?;
    cursor.expect_word("OPTION")?;
    cursor.expect_word("FROM")?;
    cursor.list(user_name).map(Some)
}

fn leniency(cursor: &mut Cursor<'_, '_>, if_exists: bool) -> Leniency {
    Leniency { if_exists, ignore_unknown_user: cursor.words(&["IGNORE", "UNKNOWN", "USER"]) }
}

fn refuse_proxy(cursor: &Cursor<'_, '_>) -> crate::Result<()> {
    if cursor.peek_word(0, "PROXY") && cursor.peek_word(1, "ON") {
        return Err(Error::not_supported("proxy users"));
    }
    Ok(())
}

fn items(cursor: &mut Cursor<'_, '_>) -> crate::Result<Vec<Item>> {
    if cursor.word("ALL") {
        cursor.word("PRIVILEGES");
        return Ok(vec![Item::All]);
    }
    cursor.list(item)
}

fn item(cursor: &mut Cursor<'_, '_>) -> crate::Result<Item> {
    let unexpected = cursor.unexpected();
    let is_named = user_variable(cursor.peek_at(1)).is_some();
    if is_named || matches!(cursor.peek(), Token::SingleQuotedString(_)) {
        return Ok(Item::Role(role(cursor)?));
    }
    if cursor.word("USAGE") {
        let privileges = PrivilegeSet::NONE;
        return Ok(Item::Static { privileges, columns: Vec::new(), error_as_role: illegal(unexpected) });
    }
    // The longest words first: CREATE begins CREATE USER.
    let mut all: Vec<Privilege> = Privilege::ALL.to_vec();
    all.sort_by_key(|privilege| std::cmp::Reverse(privilege.name().split(' ').count()));
    for privilege in all {
        let words: Vec<&str> = privilege.name().split(' ').collect();
        if cursor.words(&words) {
            let takes_columns = PrivilegeSet::COLUMN.has(privilege);
            let columns = match takes_columns && *cursor.peek() == Token::LParen {
                true => cursor.parenthesized(Cursor::name)?,
                false => Vec::new(),
            };
            let privileges = PrivilegeSet::from(privilege);
            return Ok(Item::Static { privileges, columns, error_as_role: illegal(unexpected) });
        }
    }
    let quoted = matches!(cursor.peek(), Token::Word(Word { quote_style: Some(_), .. }));
    Ok(Item::Word { name: cursor.name()?, quoted })
}

/// The error of a privilege's name where a role is to stand, which has the place of a syntax error.
fn illegal(syntax: Error) -> Error {
    let place = syntax.message.split_once("near '").map_or("", |(_, place)| place);
    Error { message: format!("Illegal authorization identifier near '{place}"), ..syntax }
}

fn roles(items: Vec<Item>) -> crate::Result<Vec<AccountId>> {
    let role = |item| match item {
        Item::Role(role) => Ok(role),
        Item::Word { name, .. } => Ok(AccountId::new(name, "%")),
        Item::Static { error_as_role, .. } => Err(error_as_role),
        Item::All => Err(Error::syntax("ALL", 1)),
    };
    items.into_iter().map(role).collect()
}

/// `[TABLE] {*.* | * | db.* | [db.]t}`
fn level(cursor: &mut Cursor<'_, '_>) -> crate::Result<GrantLevel> {
    let names_kind = !matches!(cursor.peek_at(1), Token::Period)
        && !cursor.peek_word(1, "TO")
        && !cursor.peek_word(1, "FROM");
    if names_kind {
        match cursor.one_of(&["TABLE", "FUNCTION", "PROCEDURE", "LIBRARY"]) {
            Some("TABLE") | None => {}
            Some("FUNCTION") => return routine(cursor, RoutineKind::Function),
            Some("PROCEDURE") => return routine(cursor, RoutineKind::Procedure),
            Some(_) => return Err(Error::not_supported("privileges on libraries")),
        }
    }
    if cursor.eat(&Token::Mul) {
        if !cursor.eat(&Token::Period) {
            return Ok(GrantLevel::Database(None));
        }
        cursor.expect(&Token::Mul)?;
        return Ok(GrantLevel::Global);
    }
    let first = cursor.name()?;
    if !cursor.eat(&Token::Period) {
        return Ok(GrantLevel::Table { database: None, table: first });
    }
    if cursor.eat(&Token::Mul) {
        return Ok(GrantLevel::Database(Some(first)));
    }
    Ok(GrantLevel::Table { database: Some(first), table: cursor.name()? })
}

/// A routine's name, behind its kind.
fn routine(cursor: &mut Cursor<'_, '_>, kind: RoutineKind) -> crate::Result<GrantLevel> {
    let illegal = || Error {
        code: 1144,
        state: *b"42000",
        message:
            "Illegal GRANT/REVOKE command; please consult the manual to see which privileges can be used"
                .into(),
    };
    if *cursor.peek() == Token::Mul {
        return Err(illegal());
    }
    let first = cursor.name()?;
    if !cursor.eat(&Token::Period) {
        return Ok(GrantLevel::Routine { kind, database: None, name: first });
    }
    if *cursor.peek() == Token::Mul {
        return Err(illegal());
    }
    Ok(GrantLevel::Routine { kind, database: Some(first), name: cursor.name()? })
}

fn change(
    items: Vec<Item>,
    level: GrantLevel,
    users: Vec<UserName>,
    with_grant_option: bool,
    leniency: Leniency,
) -> crate::Result<PrivilegeChange> {
    let mut change = PrivilegeChange {
        all: false,
        privileges: PrivilegeSet::NONE,
        columns: Vec::new(),
        dynamic: Vec::new(),
        level,
        users,
        with_grant_option,
        leniency,
    };
    for item in items {
        match item {
            Item::All => change.all = true,
            Item::Static { privileges, columns, .. } if columns.is_empty() => {
                change.privileges = change.privileges.with(privileges);
            }
            Item::Static { privileges, columns, .. } => {
                change.columns.extend(columns.into_iter().map(|column| (privileges, column)));
            }
            Item::Word { name, quoted } => {
                let upper = name.to_ascii_uppercase();
                if quoted && !DYNAMIC_PRIVILEGES.contains(&upper.as_str()) {
                    return Err(unknown_privilege());
                }
                change.dynamic.push(upper);
            }
            Item::Role(_) => return Err(unknown_privilege()),
        }
    }
    Ok(change)
}

/// The error of a name that is no privilege.
pub(crate) fn unknown_privilege() -> Error {
    Error {
        code: 1149,
        state: *b"42000",
        message: "You have an error in your SQL syntax; check the manual that corresponds to your MySQL server version \
                  for the right syntax to use"
            .into(),
    }
}
