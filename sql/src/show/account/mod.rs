//! What accounts there are and what was granted to them: SHOW GRANTS, SHOW CREATE USER, SHOW PRIVILEGES, the grant tables of
//! `mysql`, and the tables of information_schema about privileges and roles.
//!
//! The tables of `mysql` are views of the catalog: they cannot be written to, but a dump of `mysql` that is restored makes stored tables of
//! their names, which FLUSH PRIVILEGES reads ([`crate::ddl::account::reload`]). Whoever may read them at all (SELECT on them) sees all;
//! those of information_schema show who has not SELECT on `mysql` his own account only ([`Reader`]).

mod create_user;
pub(super) mod definitions;
pub(super) mod grants;
pub(super) mod information;
pub(super) mod mysql;
mod mysql_columns;
pub(super) mod roles;

use std::sync::Arc;

use crate::account::{Account, AccountId, Accounts, Privilege};
use crate::ast::UserName;
use crate::ddl::account::authorize::Actor;
use crate::execute::Context;
use crate::session::SessionState;
use crate::types::{DateTime, Value};

pub(super) use create_user::{CREATE_USER, create_user};
pub(super) use grants::show_grants;

/// Who reads, and what of the accounts is for his eyes.
pub(super) struct Reader {
    accounts: Arc<Accounts>,
    actor: Actor,
    sees_all: bool,
}

impl Reader {
    pub(super) fn of(ctx: &Context<'_>) -> Reader {
        let accounts = Arc::clone(&ctx.catalog.accounts);
        let actor = Actor::of(ctx.session, &accounts);
        let sees_all = actor.privileges.has_table(Privilege::Select, "mysql", "user");
        Reader { accounts, actor, sees_all }
    }

    /// The accounts to be shown, by name.
    fn shown(&self) -> impl Iterator<Item = &Arc<Account>> {
        self.accounts.iter().filter(|account| self.sees_all || account.id == self.actor.id)
    }
}

/// The account that a statement names.
pub(super) fn id_of(user: Option<&UserName>, session: &SessionState) -> AccountId {
    match user {
        Some(UserName::Named(id)) => id.clone(),
        Some(UserName::Current) | None => session.account.clone(),
    }
}

/// A text as a string literal of MySQL.
fn quoted(text: &[u8]) -> Vec<u8> {
    literal(text, false)
}

/// An authentication string as a literal: MySQL escapes double quotes in that, and in no other.
fn quoted_secret(text: &[u8]) -> Vec<u8> {
    literal(text, true)
}

fn literal(text: &[u8], escapes_double: bool) -> Vec<u8> {
    let mut out = vec![b'\''];
    for byte in text {
        match byte {
            b'"' if escapes_double => out.extend_from_slice(b"\\\""),
            0 => out.extend_from_slice(b"\\0"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            0x1A => out.extend_from_slice(b"\\Z"),
            b'\'' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
            other => out.push(*other),
        }
    }
    out.push(b'\'');
    out
}

/// A time in the session's zone.
fn timestamp(us: u64, ctx: &Context<'_>) -> Value {
    let offset = ctx.session.variables.time_zone;
    i64::try_from(us)
        .ok()
        .and_then(|us| DateTime::from_epoch(us, offset))
        .map_or(Value::Null, Value::DateTime)
}
