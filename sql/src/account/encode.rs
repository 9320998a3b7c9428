//! The bytes of an account as the catalog's keys hold it.
//!
//! As in [`crate::catalog::encode`]: numbers are LEB128, strings a length and bytes, the first byte is the version, and
//! another version is refused. An optional value is a byte 0, or 1 and the value.
//!
//! ```text
//! account   version, user, host, plugin (1 byte), authentication string, retained (optional),
//!           requirement (0 none, 1 ssl, 2 x509, 3 and three optional strings), four limits,
//!           flags (1: locked, 2: expired), lifetime (optional), changed, failed attempts, lock (0 off, 1 days, 2 unbounded),
//!           history (optional), reuse (optional), require current (0 default, 1 required, 2 optional),
//!           former secrets, default roles, attribute (optional), grants
//! grants    global, dynamic (name, with grant), databases (pattern, set), tables, roles (user, host, with admin), and if there are any:
//!           routines (kind, database, name, set, grantor, time)
//! table     database, table, set, columns (name, set), grantor, time
//! ```
//!
//! A set is its bits ([`PrivilegeSet::bits`]).

use std::collections::BTreeMap;

use bytes::Bytes;

use super::{
    Account, AccountId, AuthPlugin, Authentication, FormerSecret, Grants, PasswordLock, PrivilegeSet,
    RequireCurrent, ResourceLimits, RoutineGrant, TableGrant, TlsRequirement,
};
use crate::Result;
use crate::ast::RoutineKind;
use crate::catalog::encode::{
    read_bytes, read_end, read_list, read_string, read_u32, write_bytes, write_string,
};
use crate::codec::{Input, damaged, write_varint};
use crate::program::encode::{kind_byte, kind_of};

/// The version that accounts are written in.
pub const ACCOUNT_VERSION: u8 = 1;

const LOCKED: u8 = 1;
const EXPIRED: u8 = 2;

/// The bytes of an account.
#[must_use]
pub fn write_account(account: &Account) -> Bytes {
    let mut out = Vec::with_capacity(128);
    out.push(ACCOUNT_VERSION);
    write_id(&account.id, &mut out);
    out.push(match account.authentication.plugin {
        AuthPlugin::CachingSha2Password => 1,
        AuthPlugin::MysqlNativePassword => 2,
    });
    write_bytes(&account.authentication.authentication_string, &mut out);
    write_optional(account.retained.as_deref(), &mut out, write_bytes);
    write_requirement(&account.require, &mut out);
    let limits = &account.limits;
    for limit in [
        limits.max_queries_per_hour,
        limits.max_updates_per_hour,
        limits.max_connections_per_hour,
        limits.max_user_connections,
    ] {
        write_varint(u64::from(limit), &mut out);
    }
    let locked = if account.is_locked { LOCKED } else { 0 };
    out.push(locked | if account.password_expired { EXPIRED } else { 0 });
    write_optional(account.password_lifetime_days, &mut out, write_u16);
    write_varint(account.password_changed_unix_seconds, &mut out);
    write_u16(account.failed_login_attempts, &mut out);
    match account.password_lock {
        PasswordLock::Off => out.push(0),
        PasswordLock::Days(days) => {
            out.push(1);
            write_u16(days, &mut out);
        }
        PasswordLock::Unbounded => out.push(2),
    }
    write_optional(account.password_history, &mut out, write_u16);
    write_optional(account.password_reuse_days, &mut out, write_u16);
    out.push(match account.require_current {
        RequireCurrent::Default => 0,
        RequireCurrent::Required => 1,
        RequireCurrent::Optional => 2,
    });
    write_varint(account.former_secrets.len() as u64, &mut out);
    for former in &account.former_secrets {
        write_varint(former.set_us, &mut out);
        write_bytes(&former.authentication_string, &mut out);
    }
    write_varint(account.default_roles.len() as u64, &mut out);
    for role in &account.default_roles {
        write_id(role, &mut out);
    }
    write_optional(account.attribute.as_deref(), &mut out, write_string);
    write_grants(&account.grants, &mut out);
    Bytes::from(out)
}

/// An account from its bytes.
///
/// # Errors
/// 1105 when they are no such bytes.
pub fn read_account(bytes: &[u8]) -> Result<Account> {
    let mut input = Input::new(bytes);
    let input = &mut input;
    match input.byte()? {
        ACCOUNT_VERSION => {}
        version => {
            return Err(damaged(&format!(
                "an account has version {version}, this program reads {ACCOUNT_VERSION}"
            )));
        }
    }
    let id = read_id(input)?;
    let plugin = match input.byte()? {
        1 => AuthPlugin::CachingSha2Password,
        2 => AuthPlugin::MysqlNativePassword,
        _ => return Err(damaged("an account has an unknown plugin")),
    };
    let authentication_string = read_bytes(input)?.to_vec();
    let retained = read_optional(input, |input| Ok(read_bytes(input)?.to_vec()))?;
    let require = read_requirement(input)?;
    let limits = ResourceLimits {
        max_queries_per_hour: read_u32(input)?,
        max_updates_per_hour: read_u32(input)?,
        max_connections_per_hour: read_u32(input)?,
        max_user_connections: read_u32(input)?,
    };
    let flags = input.byte()?;
    let account = Account {
        id,
        authentication: Authentication { plugin, authentication_string },
        retained,
        require,
        limits,
        is_locked: flags & LOCKED != 0,
        password_expired: flags & EXPIRED != 0,
        password_lifetime_days: read_optional(input, read_u16)?,
        password_changed_unix_seconds: input.varint()?,
        failed_login_attempts: read_u16(input)?,
        password_lock: match input.byte()? {
            0 => PasswordLock::Off,
            1 => PasswordLock::Days(read_u16(input)?),
            2 => PasswordLock::Unbounded,
            _ => return Err(damaged("an account has a bad lock time")),
        },
        password_history: read_optional(input, read_u16)?,
        password_reuse_days: read_optional(input, read_u16)?,
        require_current: match input.byte()? {
            0 => RequireCurrent::Default,
            1 => RequireCurrent::Required,
            2 => RequireCurrent::Optional,
            _ => return Err(damaged("an account has a bad password option")),
        },
        former_secrets: read_list(input, |input| {
            Ok(FormerSecret { set_us: input.varint()?, authentication_string: read_bytes(input)?.to_vec() })
        })?,
        default_roles: read_list(input, read_id)?,
        attribute: read_optional(input, read_string)?,
        grants: read_grants(input)?,
    };
    read_end(input)?;
    Ok(account)
}

fn write_grants(grants: &Grants, out: &mut Vec<u8>) {
    write_varint(grants.global.bits(), out);
    write_varint(grants.dynamic.len() as u64, out);
    for (name, with_grant) in &grants.dynamic {
        write_string(name, out);
        out.push(u8::from(*with_grant));
    }
    write_sets(grants.databases.iter(), out);
    write_varint(grants.tables.len() as u64, out);
    for ((database, table), grant) in &grants.tables {
        write_string(database, out);
        write_string(table, out);
        write_varint(grant.privileges.bits(), out);
        write_sets(grant.columns.iter(), out);
        write_string(&grant.grantor, out);
        write_varint(grant.granted_unix_seconds, out);
    }
    write_varint(grants.roles.len() as u64, out);
    for (role, with_admin) in &grants.roles {
        write_id(role, out);
        out.push(u8::from(*with_admin));
    }
    if grants.routines.is_empty() {
        return;
    }
    write_varint(grants.routines.len() as u64, out);
    for ((kind, database, name), grant) in &grants.routines {
        out.push(kind_byte(*kind));
        write_string(database, out);
        write_string(name, out);
        write_varint(grant.privileges.bits(), out);
        write_string(&grant.grantor, out);
        write_varint(grant.granted_unix_seconds, out);
    }
}

fn read_routines(input: &mut Input<'_>) -> Result<BTreeMap<(RoutineKind, String, String), RoutineGrant>> {
    if input.bytes.is_empty() {
        return Ok(BTreeMap::new());
    }
    let list = read_list(input, |input| {
        let kind = kind_of(input.byte()?).ok_or_else(|| damaged("a grant on an unknown kind of routine"))?;
        let key = (kind, read_string(input)?, read_string(input)?);
        let (privileges, grantor) = (read_set(input)?, read_string(input)?);
        Ok((key, RoutineGrant { privileges, grantor, granted_unix_seconds: input.varint()? }))
    })?;
    if list.is_empty() {
        return Err(damaged("an account has an empty list of grants on routines"));
    }
    Ok(list.into_iter().collect())
}

fn read_grants(input: &mut Input<'_>) -> Result<Grants> {
    Ok(Grants {
        global: read_set(input)?,
        dynamic: read_list(input, |input| Ok((read_string(input)?, read_bool(input)?)))?
            .into_iter()
            .collect(),
        databases: read_list(input, read_named_set)?.into_iter().collect(),
        tables: read_list(input, |input| {
            let name = (read_string(input)?, read_string(input)?);
            let grant = TableGrant {
                privileges: read_set(input)?,
                columns: read_list(input, read_named_set)?.into_iter().collect(),
                grantor: read_string(input)?,
                granted_unix_seconds: input.varint()?,
            };
            Ok((name, grant))
        })?
        .into_iter()
        .collect(),
        roles: read_list(input, |input| Ok((read_id(input)?, read_bool(input)?)))?.into_iter().collect(),
        routines: read_routines(input)?,
    })
}

fn write_sets<'a>(sets: impl ExactSizeIterator<Item = (&'a String, &'a PrivilegeSet)>, out: &mut Vec<u8>) {
    write_varint(sets.len() as u64, out);
    for (name, set) in sets {
        write_string(name, out);
        write_varint(set.bits(), out);
    }
}

fn read_named_set(input: &mut Input<'_>) -> Result<(String, PrivilegeSet)> {
    Ok((read_string(input)?, read_set(input)?))
}

fn read_set(input: &mut Input<'_>) -> Result<PrivilegeSet> {
    PrivilegeSet::from_bits(input.varint()?)
        .ok_or_else(|| damaged("an account has a privilege unknown to this program"))
}

fn write_requirement(require: &TlsRequirement, out: &mut Vec<u8>) {
    match require {
        TlsRequirement::None => out.push(0),
        TlsRequirement::Ssl => out.push(1),
        TlsRequirement::X509 => out.push(2),
        TlsRequirement::Specified { cipher, issuer, subject } => {
            out.push(3);
            for part in [cipher, issuer, subject] {
                write_optional(part.as_deref(), out, write_string);
            }
        }
    }
}

fn read_requirement(input: &mut Input<'_>) -> Result<TlsRequirement> {
    Ok(match input.byte()? {
        0 => TlsRequirement::None,
        1 => TlsRequirement::Ssl,
        2 => TlsRequirement::X509,
        3 => TlsRequirement::Specified {
            cipher: read_optional(input, read_string)?,
            issuer: read_optional(input, read_string)?,
            subject: read_optional(input, read_string)?,
        },
        _ => return Err(damaged("an account has a bad requirement")),
    })
}

fn write_id(id: &AccountId, out: &mut Vec<u8>) {
    write_string(&id.user, out);
    write_string(&id.host, out);
}

fn read_id(input: &mut Input<'_>) -> Result<AccountId> {
    Ok(AccountId { user: read_string(input)?, host: read_string(input)? })
}

fn write_u16(number: u16, out: &mut Vec<u8>) {
    write_varint(u64::from(number), out);
}

fn read_u16(input: &mut Input<'_>) -> Result<u16> {
    u16::try_from(input.varint()?).map_err(|_| damaged("a number of an account is too large"))
}

fn read_bool(input: &mut Input<'_>) -> Result<bool> {
    match input.byte()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(damaged("an account has a flag that is neither 0 nor 1")),
    }
}

fn write_optional<T>(value: Option<T>, out: &mut Vec<u8>, write: impl FnOnce(T, &mut Vec<u8>)) {
    out.push(u8::from(value.is_some()));
    if let Some(value) = value {
        write(value, out);
    }
}

fn read_optional<T>(
    input: &mut Input<'_>,
    read: impl FnOnce(&mut Input<'_>) -> Result<T>,
) -> Result<Option<T>> {
    if read_bool(input)? { read(input).map(Some) } else { Ok(None) }
}
